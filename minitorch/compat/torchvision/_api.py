"""``torchvision.models._api``: what a file of torchvision that defines a model imports.

Such a file registers its functions here, apart from the models of minitorch, which keep their
names.
"""

import functools

from minitorch.compat.torchvision import resnet
from minitorch.models import _registry, get_model_weights, get_weight
from minitorch.models._weights import Weights, WeightsEnum

__all__ = ["Weights", "WeightsEnum", "get_model", "get_model_builder", "get_model_weights",
           "get_weight", "list_models", "register_model"]

_REGISTERED = {}


def register_model(name=None):
    """Decorate a function: enter it under `name`, by default its own."""
    def decorate(build):
        key = name if name is not None else build.__name__
        if key in _REGISTERED:
            raise ValueError(f"An entry is already registered under the name '{key}'.")
        _REGISTERED[key] = build
        return build

    return decorate


def get_model_builder(name):
    """The function that builds the model `name`."""
    name = name.lower()
    if name in _REGISTERED:
        return _REGISTERED[name]
    return getattr(resnet, _registry.get_model_builder(name).__name__)


def get_model(name, **config):
    """A model by its name; `config` goes to its function."""
    return get_model_builder(name)(**config)


@functools.wraps(_registry.list_models)
def list_models(module=None, include=None, exclude=None):
    return _registry.list_models(module, include, exclude)
