"""Written by tools/make_stubs.py."""

import builtins as _b
from collections.abc import Callable as _Callable
from collections.abc import Iterator as _Iterator
from collections.abc import Sequence as _Sequence
from typing import Any as _Any

import numpy as _np

from minitorch import Size as Size
from minitorch import dtype as _DType
from minitorch.tensor import Tensor as Tensor

_Number = _b.int | _b.float | _b.bool
_Dims = _b.int | _Sequence[_b.int]

def adaptive_avg_pool2d(input: Tensor, output_size: _Dims) -> Tensor:
    """Take means over windows that divide the image into `output_size` parts."""
def avg_pool2d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., ceil_mode: _b.bool = ..., count_include_pad: _b.bool = ..., divisor_override: _Any = ...) -> Tensor:
    """Take the mean of each window."""
def batch_norm(input: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor | None = ..., bias: Tensor | None = ..., training: _b.bool = ..., momentum: _Number = ..., eps: _Number = ...) -> Tensor:
    """``(input - mean) / sqrt(var + eps) * weight + bias`` per channel; arXiv:1502.03167."""
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., dilation: _Dims = ..., groups: _b.int = ...) -> Tensor:
    """Slide a kernel over images: cross-correlation, as deep learning calls convolution."""
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: _Any = ..., ignore_index: _Any = ..., reduce: _Any = ..., reduction: _b.str = ..., label_smoothing: _Any = ...) -> Tensor:
    """Negative log of the softmax of `input` at `target`."""
def dropout(input: Tensor, p: _Number = ..., training: _b.bool = ..., inplace: _b.bool = ...) -> Tensor:
    """Set each entry to 0 with probability `p` and scale the others by ``1 / (1 - p)``."""
def flatten(input: Tensor, start_dim: _b.int = ..., end_dim: _b.int = ...) -> Tensor:
    """Join the dimensions `start_dim` to `end_dim` into one."""
def gelu(input: Tensor, approximate: _b.str = ...) -> Tensor:
    """``input * Phi(input)`` with the normal distribution function Phi; arXiv:1606.08415."""
def group_norm(input: Tensor, num_groups: _Any, weight: Tensor | None = ..., bias: Tensor | None = ..., eps: _Number = ...) -> Tensor:
    """Normalise each group of channels of each example by itself; arXiv:1803.08494."""
def l1_loss(input: Tensor, target: Tensor, size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ..., weight: Tensor | None = ...) -> Tensor:
    """``|input - target|``, averaged, summed or elementwise; arguments as :func:`mse_loss`."""
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = ...) -> Tensor:
    """``input @ weight.T + bias``."""
def log_softmax(input: Tensor, dim: _Dims | None = ..., _stacklevel: _Any = ..., dtype: _DType | None = ...) -> Tensor:
    """``log(softmax(input))`` along `dim`, without overflow; arguments as :func:`softmax`."""
def max_pool2d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """Take the largest value of each window."""
def max_pool2d_with_indices(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """Return (values, indices) of :func:`max_pool2d`, whatever `return_indices` says."""
def mse_loss(input: Tensor, target: Tensor, size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ..., weight: Tensor | None = ...) -> Tensor:
    """``(input - target)^2``, averaged, summed or elementwise."""
def multi_head_attention_forward(query: Tensor, key: Tensor, value: Tensor | _Number, embed_dim_to_check: _Any, num_heads: _Any, in_proj_weight: _Any, in_proj_bias: _Any, bias_k: _Any, bias_v: _Any, add_zero_attn: _Any, dropout_p: _Any, out_proj_weight: _Any, out_proj_bias: _Any, training: _b.bool = ..., key_padding_mask: _Any = ..., need_weights: _Any = ..., attn_mask: Tensor | None = ..., use_separate_proj_weight: _Any = ..., q_proj_weight: _Any = ..., k_proj_weight: _Any = ..., v_proj_weight: _Any = ..., static_k: _Any = ..., static_v: _Any = ..., average_attn_weights: _Any = ..., is_causal: _Any = ...) -> _Any:
    """Project, attend with several heads, project back: what ``nn.MultiheadAttention`` calls."""
def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: _Any = ..., ignore_index: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """``-input`` at `target`: :func:`cross_entropy` of log-probabilities."""
def pad(input: Tensor, pad: _Any, mode: _b.str = ..., value: Tensor | _Number | None = ...) -> Tensor:
    """Put borders around the last dimensions."""
def relu(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """``max(input, 0)``; the gradient at 0 is 0."""
def relu_(input: Tensor) -> Tensor:
    """In-place :func:`relu`."""
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor | _Number, attn_mask: Tensor | None = ..., dropout_p: _Any = ..., is_causal: _Any = ..., *, scale: _Any = ..., enable_gqa: _Any = ...) -> Tensor:
    """``softmax(query @ key.T * scale + mask) @ value``; arXiv:1706.03762."""
def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-input))``, elementwise."""
def silu(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """``input * sigmoid(input)``, elementwise; arXiv:1702.03118."""
def softmax(input: Tensor, dim: _Dims | None = ..., _stacklevel: _Any = ..., dtype: _DType | None = ...) -> Tensor:
    """``exp(input) / sum(exp(input))`` along `dim`."""
def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent, elementwise."""
