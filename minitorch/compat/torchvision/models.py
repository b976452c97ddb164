"""``torchvision.models``: the residual networks of minitorch."""

from minitorch.compat.torchvision import resnet
from minitorch.compat.torchvision._api import (
    get_model,
    get_model_builder,
    get_model_weights,
    get_weight,
    list_models,
)
from minitorch.compat.torchvision.resnet import *  # noqa: F403

__all__ = ["get_model", "get_model_builder", "get_model_weights", "get_weight", "list_models",
           "resnet", *resnet.__all__]
