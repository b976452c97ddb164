"""``torchvision.models._utils``: what files that define models import."""

import functools
import inspect

from minitorch import nn
from minitorch.models import _registry

__all__ = ["IntermediateLayerGetter", "handle_legacy_interface"]


def handle_legacy_interface(**weights):
    """Decorate a model function: accept positional arguments and ``pretrained=``.

    Parameters
    ----------
    weights : (str, WeightsEnum or callable)
        The old parameter's name, and what it meant, or a function of the keywords that says so.
    """
    if list(weights) != ["weights"] or weights["weights"][0] != "pretrained":
        raise NotImplementedError("handle_legacy_interface(): only weights=('pretrained', ...) is "
                                  f"supported, got {weights}")
    legacy = weights["weights"][1]

    def decorate(build):
        names = [name for name, parameter in inspect.signature(build).parameters.items()
                 if parameter.kind is parameter.KEYWORD_ONLY]

        @functools.wraps(build)
        def model(*args, **kwargs):
            if args:
                _registry._accept_positional(build.__name__, names, args, kwargs)
            if "pretrained" in kwargs or "weights" in kwargs:
                _registry._accept_pretrained(
                    legacy(kwargs) if callable(legacy) else legacy, kwargs)
            return build(**kwargs)

        return model

    return decorate


def _ovewrite_named_param(kwargs, param, new_value):
    """Set a keyword that the weights determine; ValueError if the caller wants another value."""
    if kwargs.setdefault(param, new_value) != new_value:
        raise ValueError(f"The parameter '{param}' expected value {new_value} but got "
                         f"{kwargs[param]} instead.")


def _ovewrite_value_param(param, actual, expected):
    """The value that the weights determine; ValueError if the caller wants another."""
    if actual is not None and actual != expected:
        raise ValueError(f"The parameter '{param}' expected value {expected} but got {actual} "
                         "instead.")
    return expected


def _make_divisible(v, divisor, min_value=None):
    """The multiple of `divisor` nearest to `v`, at least `min_value` and 0.9 `v`."""
    nearest = max(divisor if min_value is None else min_value,
                  int(v + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * v else nearest


class IntermediateLayerGetter(nn.ModuleDict):
    """A module's children up to the last that is asked for; returns their outputs by name.

    Parameters
    ----------
    model : nn.Module
        Its children are called one after the other.
    return_layers : dict of str to str
        Child's name to the name of its output.
    """

    def __init__(self, model, return_layers):
        children = dict(model.named_children())
        if not set(return_layers) <= set(children):
            raise ValueError("return_layers are not present in model")
        wanted, layers = {str(k): str(v) for k, v in return_layers.items()}, {}
        left = set(wanted)
        for name, child in children.items():
            if not left:
                break
            layers[name] = child
            left.discard(name)
        super().__init__(layers)
        self.return_layers = wanted

    def forward(self, x):
        """The outputs, in the order of the layers."""
        out = {}
        for name, module in self.items():
            x = module(x)
            if name in self.return_layers:
                out[self.return_layers[name]] = x
        return out
