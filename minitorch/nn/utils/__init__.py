"""Helpers: flattening parameters, clipping gradients, folding BatchNorm for evaluation."""

from minitorch.nn.utils import rnn
from minitorch.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_
from minitorch.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters
from minitorch.nn.utils.fusion import fuse_conv_bn, fuse_conv_bn_eval, fuse_conv_bn_weights

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "fuse_conv_bn",
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "parameters_to_vector",
    "rnn",
    "vector_to_parameters",
]
