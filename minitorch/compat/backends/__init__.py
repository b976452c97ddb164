"""``torch.backends``: the libraries and devices of PyTorch, none of which is here."""

from minitorch.compat.backends import cuda, cudnn, mps

__all__ = ["cuda", "cudnn", "mps"]
