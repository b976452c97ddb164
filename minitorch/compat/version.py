"""``torch.version``."""

from minitorch.compat._faces import TORCH_VERSION

__all__ = ["cuda", "debug", "git_version", "hip"]

cuda = None
hip = None
debug = False
git_version = "minitorch"
__version__ = TORCH_VERSION
