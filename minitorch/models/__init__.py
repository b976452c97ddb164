"""Image classification networks with torchvision's names, arguments and state_dict keys."""

from minitorch.models import resnet
from minitorch.models._download import DownloadError
from minitorch.models._registry import (
    get_model,
    get_model_builder,
    get_model_weights,
    get_weight,
    list_models,
)
from minitorch.models._weights import Weights, WeightsEnum
from minitorch.models.resnet import *  # noqa: F403 - its __all__ is the list of public models

__all__ = [
    "DownloadError",
    "Weights",
    "WeightsEnum",
    "get_model",
    "get_model_builder",
    "get_model_weights",
    "get_weight",
    "list_models",
    "resnet",
]
__all__ += resnet.__all__
