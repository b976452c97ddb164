"""The layers, one family a file; ``minitorch.nn`` gives them all, and so does this package."""

# Each file lists its layers in its own __all__.
# ruff: noqa: F403

from minitorch.nn.modules import (
    activation,
    attention,
    batchnorm,
    container,
    conv,
    distance,
    dropout,
    flatten,
    fold,
    fractional_pooling,
    instancenorm,
    lazy_conv,
    lazy_norm,
    linear,
    loss,
    normalization,
    padding,
    pooling,
    rnn,
    sparse,
    transformer,
    upsampling,
    utils,  # noqa: F401
)
from minitorch.nn.modules.activation import *
from minitorch.nn.modules.attention import *
from minitorch.nn.modules.batchnorm import *
from minitorch.nn.modules.container import *
from minitorch.nn.modules.conv import *
from minitorch.nn.modules.distance import *
from minitorch.nn.modules.dropout import *
from minitorch.nn.modules.flatten import *
from minitorch.nn.modules.fold import *
from minitorch.nn.modules.fractional_pooling import *
from minitorch.nn.modules.instancenorm import *
from minitorch.nn.modules.lazy_conv import *
from minitorch.nn.modules.lazy_norm import *
from minitorch.nn.modules.linear import *
from minitorch.nn.modules.loss import *
from minitorch.nn.modules.module import Module  # noqa: F401
from minitorch.nn.modules.normalization import *
from minitorch.nn.modules.padding import *
from minitorch.nn.modules.pooling import *
from minitorch.nn.modules.rnn import *
from minitorch.nn.modules.sparse import *
from minitorch.nn.modules.transformer import *
from minitorch.nn.modules.upsampling import *

__all__ = ["Module"]
__all__ += activation.__all__
__all__ += attention.__all__
__all__ += batchnorm.__all__
__all__ += container.__all__
__all__ += conv.__all__
__all__ += distance.__all__
__all__ += dropout.__all__
__all__ += flatten.__all__
__all__ += fold.__all__
__all__ += fractional_pooling.__all__
__all__ += instancenorm.__all__
__all__ += lazy_conv.__all__
__all__ += lazy_norm.__all__
__all__ += linear.__all__
__all__ += loss.__all__
__all__ += normalization.__all__
__all__ += padding.__all__
__all__ += pooling.__all__
__all__ += rnn.__all__
__all__ += sparse.__all__
__all__ += transformer.__all__
__all__ += upsampling.__all__
