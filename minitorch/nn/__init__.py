"""Neural networks: Module, the layers, and ``nn.functional``, ``nn.init``, ``nn.utils``."""

from minitorch.nn import common_types, functional, init, modules, parameter, utils
from minitorch.nn.modules import *  # noqa: F403 - its __all__ is the list of the layers
from minitorch.nn.parameter import (
    Buffer,
    Parameter,
    UninitializedBuffer,
    UninitializedParameter,
)

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "common_types",
    "functional",
    "init",
    "modules",
    "parameter",
    "utils",
]
__all__ += modules.__all__
