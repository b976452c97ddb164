"""The layers, one family a file, each with its list of them in ``__all__``."""

# ruff: noqa: F403

from minitorch.nn.modules import utils  # noqa: F401
from minitorch.nn.modules.activation import *
from minitorch.nn.modules.adaptive import *
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
