"""Programs written for PyTorch, run on minitorch as they are.

    import minitorch.compat
    minitorch.compat.install()

    import torch                              # minitorch
    from torchvision.models import resnet18   # minitorch.models

After `install()` the names ``torch`` and ``torchvision`` and the modules below them stand for
minitorch. What minitorch has not fails where it is used, with its full name and the nearest name
there is. ``minitorch run script.py`` does this from the command line, and ``minitorch lint
script.py`` tells beforehand what would be missing.
"""

from minitorch.compat._faces import TORCH_VERSION, MissingNameError, install, uninstall
from minitorch.compat._lint import Finding, lint

__all__ = ["TORCH_VERSION", "Finding", "MissingNameError", "install", "lint", "uninstall"]
