"""The layers as functions: the public face, with its words, over ``minitorch._ops``.

One file a family; ``from minitorch.nn import functional as F`` gives all of them.
"""

# Each file of functions has its list of them in __all__.
# ruff: noqa: F401, F403

from minitorch._ops.borders import channel_shuffle, pixel_shuffle, pixel_unshuffle
from minitorch.nn.functional.activation import *
from minitorch.nn.functional.attention import *
from minitorch.nn.functional.attention import (  # model files written for PyTorch take these two
    _canonical_mask,
    _none_or_dtype,
)
from minitorch.nn.functional.convolution import *
from minitorch.nn.functional.distance import *
from minitorch.nn.functional.dropout import *
from minitorch.nn.functional.folding import *
from minitorch.nn.functional.fractional_pooling import *
from minitorch.nn.functional.interpolation import *
from minitorch.nn.functional.layers import *
from minitorch.nn.functional.loss import *
from minitorch.nn.functional.margin import *
from minitorch.nn.functional.normalization import *
from minitorch.nn.functional.padding import *
from minitorch.nn.functional.pooling import *
from minitorch.nn.functional.sparse import *
from minitorch.nn.functional.vision import *
