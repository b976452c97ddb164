"""The layers as functions: the public face, with its words, over ``minitorch._ops``.

One file a family; ``from minitorch.nn import functional as F`` gives all of them.
"""

from minitorch._ops.borders import channel_shuffle, pixel_shuffle, pixel_unshuffle
from minitorch.nn.functional.activation import (
    dropout,
    gelu,
    log_softmax,
    relu,
    relu_,
    sigmoid,
    silu,
    softmax,
    tanh,
)
from minitorch.nn.functional.interpolation import (
    interpolate,
    upsample,
    upsample_bilinear,
    upsample_nearest,
)
from minitorch.nn.functional.layers import conv2d, flatten, linear
from minitorch.nn.functional.loss import cross_entropy, l1_loss, mse_loss, nll_loss
from minitorch.nn.functional.normalization import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    rms_norm,
)
from minitorch.nn.functional.padding import pad
from minitorch.nn.functional.pooling import (
    adaptive_avg_pool2d,
    avg_pool2d,
    max_pool2d,
    max_pool2d_with_indices,
)
from minitorch.nn.functional.vision import affine_grid, grid_sample

__all__ = [
    "adaptive_avg_pool2d",
    "affine_grid",
    "avg_pool2d",
    "batch_norm",
    "channel_shuffle",
    "conv2d",
    "cross_entropy",
    "dropout",
    "flatten",
    "gelu",
    "grid_sample",
    "group_norm",
    "instance_norm",
    "interpolate",
    "l1_loss",
    "layer_norm",
    "linear",
    "local_response_norm",
    "log_softmax",
    "max_pool2d",
    "max_pool2d_with_indices",
    "mse_loss",
    "nll_loss",
    "pad",
    "pixel_shuffle",
    "pixel_unshuffle",
    "relu",
    "relu_",
    "rms_norm",
    "sigmoid",
    "silu",
    "softmax",
    "tanh",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]
