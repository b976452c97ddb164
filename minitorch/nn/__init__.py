"""Neural networks: Module, the layers, and ``nn.functional``, ``nn.init``, ``nn.utils``."""

from minitorch.nn import init  # noqa: F401
from minitorch.nn.modules.container import (
    ModuleDict,
    ModuleList,
    ParameterDict,
    ParameterList,
    Sequential,
)
from minitorch.nn.modules.flatten import Flatten, Unflatten
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Buffer, Parameter
