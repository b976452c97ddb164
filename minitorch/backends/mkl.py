"""``torch.backends.mkl``: not used."""

from minitorch.backends.mkldnn import is_available

__all__ = ["is_available"]
