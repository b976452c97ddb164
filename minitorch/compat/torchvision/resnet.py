"""``torchvision.models.resnet``: minitorch's networks in PyTorch's memory format."""

import functools

import minitorch
from minitorch.models import _registry, resnet
from minitorch.models.resnet import *  # noqa: F403
from minitorch.models.resnet import conv1x1, conv3x3  # noqa: F401

__all__ = resnet.__all__


def _contiguous(build):
    """The function with PyTorch's strides of the weights, on which a program may rely."""
    @functools.wraps(build)
    def model(*args, **kwargs):
        kwargs.setdefault("memory_format", minitorch.contiguous_format)
        return build(*args, **kwargs)

    return model


for _name in _registry.list_models():
    globals()[_name] = _contiguous(getattr(resnet, _name))
