"""``torch.backends.openmp``: not used."""

from minitorch.backends.mkldnn import is_available

__all__ = ["is_available"]
