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

def adaptive_avg_pool1d(input: Tensor, output_size: _Dims) -> Tensor:
    """Take means over windows that divide a signal into `output_size` parts."""
def adaptive_avg_pool2d(input: Tensor, output_size: _Dims) -> Tensor:
    """Take means over windows that divide the image into `output_size` parts."""
def adaptive_avg_pool3d(input: Tensor, output_size: _Dims) -> Tensor:
    """Take means over windows that divide a volume; see :func:`adaptive_avg_pool2d`."""
def adaptive_max_pool1d(input: Tensor, output_size: _Dims, return_indices: _b.bool = ...) -> Tensor:
    """Take maxima over windows that divide a signal; see :func:`adaptive_max_pool2d`."""
def adaptive_max_pool1d_with_indices(input: Tensor, output_size: _Dims, return_indices: _b.bool = ...) -> Tensor:
    """Return (values, indices) of :func:`adaptive_max_pool1d`, whatever `return_indices` says."""
def adaptive_max_pool2d(input: Tensor, output_size: _Dims, return_indices: _b.bool = ...) -> Tensor:
    """Take maxima over windows that divide the image into `output_size` parts."""
def adaptive_max_pool2d_with_indices(input: Tensor, output_size: _Dims, return_indices: _b.bool = ...) -> Tensor:
    """Return (values, indices) of :func:`adaptive_max_pool2d`, whatever `return_indices` says."""
def adaptive_max_pool3d(input: Tensor, output_size: _Dims, return_indices: _b.bool = ...) -> Tensor:
    """Take maxima over windows that divide a volume; see :func:`adaptive_max_pool2d`."""
def adaptive_max_pool3d_with_indices(input: Tensor, output_size: _Dims, return_indices: _b.bool = ...) -> Tensor:
    """Return (values, indices) of :func:`adaptive_max_pool3d`, whatever `return_indices` says."""
def affine_grid(theta: _Any, size: _Any, align_corners: _b.bool | None = ...) -> Tensor:
    """Make the grid for :func:`grid_sample` that shows an image through an affine map."""
def alpha_dropout(input: Tensor, p: _Number = ..., training: _b.bool = ..., inplace: _b.bool = ...) -> Tensor:
    """:func:`dropout` for selu networks: mean and variance stay what they were."""
def avg_pool1d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., ceil_mode: _b.bool = ..., count_include_pad: _b.bool = ...) -> Tensor:
    """Take the mean of each window of a signal; :func:`avg_pool2d` has the words."""
def avg_pool2d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., ceil_mode: _b.bool = ..., count_include_pad: _b.bool = ..., divisor_override: _Any = ...) -> Tensor:
    """Take the mean of each window."""
def avg_pool3d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., ceil_mode: _b.bool = ..., count_include_pad: _b.bool = ..., divisor_override: _Any = ...) -> Tensor:
    """Take the mean of each window of a volume; :func:`avg_pool2d` has the words."""
def batch_norm(input: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor | None = ..., bias: Tensor | None = ..., training: _b.bool = ..., momentum: _Number = ..., eps: _Number = ...) -> Tensor:
    """``(input - mean) / sqrt(var + eps) * weight + bias`` per channel; arXiv:1502.03167."""
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = ...) -> Tensor:
    """``input1 @ weight[k] @ input2 + bias[k]`` for each k."""
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """``-(target * log(input) + (1 - target) * log(1 - input))`` of probabilities."""
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ..., pos_weight: _Any = ...) -> Tensor:
    """:func:`binary_cross_entropy` of ``sigmoid(input)``, without overflow."""
def celu(input: Tensor, alpha: _Number = ..., inplace: _b.bool = ...) -> Tensor:
    """`input` where it is positive, else ``alpha * (exp(input / alpha) - 1)``; arXiv:1704.07483."""
def celu_(input: Tensor, alpha: _Number = ...) -> Tensor:
    """`celu` in place."""
def channel_shuffle(input: Tensor, groups: _b.int) -> Tensor:
    """(N, C, *) with the channels dealt out: one of each of `groups` groups in turn."""
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., dilation: _Dims = ..., groups: _b.int = ...) -> Tensor:
    """Slide a kernel over signals; :func:`conv2d` has the words."""
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., dilation: _Dims = ..., groups: _b.int = ...) -> Tensor:
    """Slide a kernel over images: cross-correlation, as deep learning calls convolution."""
def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., dilation: _Dims = ..., groups: _b.int = ...) -> Tensor:
    """Slide a kernel over volumes; :func:`conv2d` has the words."""
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: _Any = ...) -> Tensor:
    """Convolve signals (time, batch, channels) with kernels (time, in, out)."""
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., output_padding: _Dims = ..., groups: _b.int = ..., dilation: _Dims = ...) -> Tensor:
    """Spread each place of signals over a kernel; :func:`conv_transpose2d` has the words."""
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., output_padding: _Dims = ..., groups: _b.int = ..., dilation: _Dims = ...) -> Tensor:
    """Spread each pixel over a kernel: the transpose of :func:`conv2d`, not its inverse."""
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., output_padding: _Dims = ..., groups: _b.int = ..., dilation: _Dims = ...) -> Tensor:
    """Spread each voxel over a kernel; :func:`conv_transpose2d` has the words."""
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: _Number = ..., size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """``1 - cos`` where `target` is 1, ``max(0, cos - margin)`` where it is -1."""
def cosine_similarity(x1: Tensor, x2: Tensor, dim: _Dims = ..., eps: _Number = ...) -> Tensor:
    """``x1 . x2 / (max(|x1|, eps) max(|x2|, eps))`` along a dimension."""
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: _Any = ..., ignore_index: _Any = ..., reduce: _Any = ..., reduction: _b.str = ..., label_smoothing: _Any = ...) -> Tensor:
    """Negative log of the softmax of `input` at `target`."""
def ctc_loss(log_probs: _Any, targets: _Any, input_lengths: _Any, target_lengths: _Any, blank: _Any = ..., reduction: _b.str = ..., zero_infinity: _Any = ...) -> Tensor:
    """The negative log-likelihood of label sequences, over all their alignments with the steps."""
def dropout(input: Tensor, p: _Number = ..., training: _b.bool = ..., inplace: _b.bool = ...) -> Tensor:
    """Set each entry to 0 with probability `p` and scale the others by ``1 / (1 - p)``."""
def dropout1d(input: Tensor, p: _Number = ..., training: _b.bool = ..., inplace: _b.bool = ...) -> Tensor:
    """Zero whole channels of an (N, C, L) or (C, L) `input`; arguments as :func:`dropout`."""
def dropout2d(input: Tensor, p: _Number = ..., training: _b.bool = ..., inplace: _b.bool = ...) -> Tensor:
    """Zero whole channels of an (N, C, H, W) `input`; arguments as :func:`dropout`."""
def dropout3d(input: Tensor, p: _Number = ..., training: _b.bool = ..., inplace: _b.bool = ...) -> Tensor:
    """Zero whole channels of an (N, C, D, H, W) or (C, D, H, W) `input`."""
def elu(input: Tensor, alpha: _Number = ..., inplace: _b.bool = ...) -> Tensor:
    """`input` where it is positive, else ``alpha * (exp(input) - 1)``; arXiv:1511.07289."""
def elu_(input: Tensor, alpha: _Number = ...) -> Tensor:
    """In-place :func:`elu`."""
def embedding(input: Tensor, weight: Tensor, padding_idx: _Any = ..., max_norm: _Any = ..., norm_type: _Any = ..., scale_grad_by_freq: _Any = ..., sparse: _Any = ...) -> Tensor:
    """The rows of a table that `input` names."""
def embedding_bag(input: Tensor, weight: Tensor, offsets: _Any = ..., max_norm: _Any = ..., norm_type: _Any = ..., scale_grad_by_freq: _Any = ..., mode: _b.str = ..., sparse: _Any = ..., per_sample_weights: _Any = ..., include_last_offset: _Any = ..., padding_idx: _Any = ...) -> Tensor:
    """Sums, means or maxima of the rows that bags of numbers name."""
def feature_alpha_dropout(input: Tensor, p: _Number = ..., training: _b.bool = ..., inplace: _b.bool = ...) -> Tensor:
    """:func:`alpha_dropout` of whole channels of an (N, C, ...) `input`."""
def flatten(input: Tensor, start_dim: _b.int = ..., end_dim: _b.int = ...) -> Tensor:
    """Join the dimensions `start_dim` to `end_dim` into one."""
def fold(input: Tensor, output_size: _Dims, kernel_size: _Dims, dilation: _Dims = ..., padding: _Dims = ..., stride: _Dims = ...) -> Tensor:
    """Add blocks up to images, where they overlap as well: the transpose of :func:`unfold`."""
def fractional_max_pool2d(input: Tensor, kernel_size: _Dims, output_size: _Dims | None = ..., output_ratio: _Any = ..., return_indices: _b.bool = ..., _random_samples: _Any = ...) -> Tensor:
    """Take the largest value of windows whose places are drawn at random for each plane."""
def fractional_max_pool2d_with_indices(input: Tensor, kernel_size: _Dims, output_size: _Dims | None = ..., output_ratio: _Any = ..., return_indices: _b.bool = ..., _random_samples: _Any = ...) -> Tensor:
    """(values, indices) of :func:`fractional_max_pool2d`, whatever `return_indices` says."""
def fractional_max_pool3d(input: Tensor, kernel_size: _Dims, output_size: _Dims | None = ..., output_ratio: _Any = ..., return_indices: _b.bool = ..., _random_samples: _Any = ...) -> Tensor:
    """Take maxima of windows at random places of volumes; see :func:`fractional_max_pool2d`."""
def fractional_max_pool3d_with_indices(input: Tensor, kernel_size: _Dims, output_size: _Dims | None = ..., output_ratio: _Any = ..., return_indices: _b.bool = ..., _random_samples: _Any = ...) -> Tensor:
    """(values, indices) of :func:`fractional_max_pool3d`, whatever `return_indices` says."""
def gaussian_nll_loss(input: Tensor, target: Tensor, var: _Any, full: _b.bool = ..., eps: _Number = ..., reduction: _b.str = ...) -> Tensor:
    """The negative log-likelihood of values under normal distributions, without the constant."""
def gelu(input: Tensor, *, approximate: _b.str = ..., out: Tensor | None = ...) -> Tensor:
    """``input * Phi(input)`` with the normal distribution function Phi; arXiv:1606.08415."""
def glu(input: Tensor, dim: _Dims = ..., *, out: Tensor | None = ...) -> Tensor:
    """The first half of `input` along `dim`, times the sigmoid of the second; arXiv:1612.08083."""
def grid_sample(input: Tensor, grid: _Any, mode: _b.str = ..., padding_mode: _b.str = ..., align_corners: _b.bool | None = ...) -> Tensor:
    """Take the values of images at places that a grid names; arXiv:1506.02025."""
def group_norm(input: Tensor, num_groups: _Any, weight: Tensor | None = ..., bias: Tensor | None = ..., eps: _Number = ...) -> Tensor:
    """Normalise each group of channels of each example by itself; arXiv:1803.08494."""
def gumbel_softmax(logits: _Any, tau: _Any = ..., hard: _Any = ..., eps: _Number = ..., dim: _Dims = ...) -> Tensor:
    """Draw from the Gumbel-softmax distribution; arXiv:1611.00712, arXiv:1611.01144."""
def hardshrink(input: Tensor, lambd: _Number = ..., *, out: Tensor | None = ...) -> Tensor:
    """`input` outside [-`lambd`, `lambd`], 0 within."""
def hardsigmoid(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """``relu6(input + 3) / 6``, elementwise."""
def hardswish(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """``input * relu6(input + 3) / 6``, elementwise; arXiv:1905.02244."""
def hardtanh(input: Tensor, min_val: _Any = ..., max_val: _Any = ..., inplace: _b.bool = ...) -> Tensor:
    """Limit each entry to [`min_val`, `max_val`]; the gradient at the bounds is 0."""
def hardtanh_(input: Tensor, min_val: _Any = ..., max_val: _Any = ...) -> Tensor:
    """`hardtanh` in place."""
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: _Number = ..., size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """`input` where `target` is 1, ``max(0, margin - input)`` where it is -1."""
def huber_loss(input: Tensor, target: Tensor, reduction: _b.str = ..., delta: _Number = ..., weight: Tensor | None = ...) -> Tensor:
    """`delta` times :func:`smooth_l1_loss` with ``beta=delta``."""
def instance_norm(input: Tensor, running_mean: Tensor | None = ..., running_var: Tensor | None = ..., weight: Tensor | None = ..., bias: Tensor | None = ..., use_input_stats: _Any = ..., momentum: _Number = ..., eps: _Number = ...) -> Tensor:
    """Normalise each channel of each example by itself; arXiv:1607.08022."""
def interpolate(input: Tensor, size: _Any = ..., scale_factor: _Any = ..., mode: _b.str = ..., align_corners: _b.bool | None = ..., recompute_scale_factor: _Any = ..., antialias: _Any = ...) -> Tensor:
    """Give images (or signals, or volumes) another size."""
def kl_div(input: Tensor, target: Tensor, size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ..., log_target: _b.bool = ...) -> Tensor:
    """The Kullback-Leibler divergence of `target` from `input`, pointwise."""
def l1_loss(input: Tensor, target: Tensor, size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ..., weight: Tensor | None = ...) -> Tensor:
    """``|input - target|``, averaged, summed or elementwise; arguments as :func:`mse_loss`."""
def layer_norm(input: Tensor, normalized_shape: _Any, weight: Tensor | None = ..., bias: Tensor | None = ..., eps: _Number = ...) -> Tensor:
    """Normalise over the last axes of each example by itself; arXiv:1607.06450."""
def leaky_relu(input: Tensor, negative_slope: _Number = ..., inplace: _b.bool = ...) -> Tensor:
    """`input` where it is positive, else ``negative_slope * input``."""
def leaky_relu_(input: Tensor, negative_slope: _Number = ...) -> Tensor:
    """`leaky_relu` in place."""
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = ...) -> Tensor:
    """``input @ weight.T + bias``."""
def local_response_norm(input: Tensor, size: _Any, alpha: _Number = ..., beta: _Number = ..., k: _b.int = ...) -> Tensor:
    """``input / (k + alpha * mean of squares over nearby channels) ** beta``."""
def log_softmax(input: Tensor, dim: _Dims | None = ..., _stacklevel: _Any = ..., dtype: _DType | None = ...) -> Tensor:
    """``log(softmax(input))`` along `dim`, without overflow; arguments as :func:`softmax`."""
def logsigmoid(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """``log(sigmoid(input))``, without overflow."""
def lp_pool1d(input: Tensor, norm_type: _Any, kernel_size: _Dims, stride: _Dims | None = ..., ceil_mode: _b.bool = ...) -> Tensor:
    """Take ``(sum x ** norm_type) ** (1 / norm_type)`` of each window of a signal."""
def lp_pool2d(input: Tensor, norm_type: _Any, kernel_size: _Dims, stride: _Dims | None = ..., ceil_mode: _b.bool = ...) -> Tensor:
    """Take power averages of the windows of images; :func:`lp_pool1d` has the words."""
def lp_pool3d(input: Tensor, norm_type: _Any, kernel_size: _Dims, stride: _Dims | None = ..., ceil_mode: _b.bool = ...) -> Tensor:
    """Take power averages of the windows of volumes; :func:`lp_pool1d` has the words."""
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: _Number = ..., size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """``max(0, -target * (input1 - input2) + margin)``."""
def max_pool1d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """Take the largest value of each window of a signal; :func:`max_pool2d` has the words."""
def max_pool1d_with_indices(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """Return (values, indices) of :func:`max_pool1d`, whatever `return_indices` says."""
def max_pool2d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """Take the largest value of each window."""
def max_pool2d_with_indices(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """Return (values, indices) of :func:`max_pool2d`, whatever `return_indices` says."""
def max_pool3d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """Take the largest value of each window of a volume; :func:`max_pool2d` has the words."""
def max_pool3d_with_indices(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """Return (values, indices) of :func:`max_pool3d`, whatever `return_indices` says."""
def max_unpool1d(input: Tensor, indices: _Any, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., output_size: _Dims | None = ...) -> Tensor:
    """Put the maxima of a signal back where they stood; :func:`max_unpool2d` has the words."""
def max_unpool2d(input: Tensor, indices: _Any, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., output_size: _Dims | None = ...) -> Tensor:
    """Put maxima back where they stood, zeros elsewhere."""
def max_unpool3d(input: Tensor, indices: _Any, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., output_size: _Dims | None = ...) -> Tensor:
    """Put the maxima of a volume back where they stood; :func:`max_unpool2d` has the words."""
def mish(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """``input * tanh(softplus(input))``, elementwise; arXiv:1908.08681."""
def mse_loss(input: Tensor, target: Tensor, size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ..., weight: Tensor | None = ...) -> Tensor:
    """``(input - target)^2``, averaged, summed or elementwise."""
def multi_head_attention_forward(query: Tensor, key: Tensor, value: Tensor | _Number, embed_dim_to_check: _Any, num_heads: _Any, in_proj_weight: _Any, in_proj_bias: _Any, bias_k: _Any, bias_v: _Any, add_zero_attn: _Any, dropout_p: _Any, out_proj_weight: _Any, out_proj_bias: _Any, training: _b.bool = ..., key_padding_mask: _Any = ..., need_weights: _Any = ..., attn_mask: Tensor | None = ..., use_separate_proj_weight: _Any = ..., q_proj_weight: _Any = ..., k_proj_weight: _Any = ..., v_proj_weight: _Any = ..., static_k: _Any = ..., static_v: _Any = ..., average_attn_weights: _Any = ..., is_causal: _Any = ...) -> _Any:
    """Project, attend with several heads, project back: what ``nn.MultiheadAttention`` calls."""
def multi_margin_loss(input: Tensor, target: Tensor, p: _Number = ..., margin: _Number = ..., weight: Tensor | None = ..., size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """``sum_c max(0, margin - input[target] + input[c])^p / C``, over the classes but the target."""
def multilabel_margin_loss(input: Tensor, target: Tensor, size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """``sum max(0, 1 - input[t] + input[c]) / C``, over targets t and classes c that are none."""
def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """The mean over the classes of the binary cross entropies of ``sigmoid(input)``."""
def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = ..., size_average: _Any = ..., ignore_index: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """``-input`` at `target`: :func:`cross_entropy` of log-probabilities."""
def normalize(input: Tensor, p: _Number = ..., dim: _Dims = ..., eps: _Number = ..., out: Tensor | None = ...) -> Tensor:
    """Divide vectors by their lengths: ``input / max(|input|_p, eps)``."""
def one_hot(tensor: Tensor, num_classes: _b.int = ...) -> Tensor:
    """Vectors of zeros with a one at the place that `tensor` names."""
def pad(input: Tensor, pad: _Any, mode: _b.str = ..., value: Tensor | _Number | None = ...) -> Tensor:
    """Put borders around the last dimensions."""
def pairwise_distance(x1: Tensor, x2: Tensor, p: _Number = ..., eps: _Number = ..., keepdim: _b.bool = ...) -> Tensor:
    """``|x1 - x2 + eps|_p`` along the last dimension."""
def pdist(input: Tensor, p: _Number = ...) -> Tensor:
    """The distances of all pairs of rows: the upper triangle of ``cdist(input, input, p)``."""
def pixel_shuffle(input: Tensor, upscale_factor: _Any) -> Tensor:
    """(*, C r^2, H, W) as (*, C, H r, W r), r the factor; arXiv:1609.05158."""
def pixel_unshuffle(input: Tensor, downscale_factor: _Any) -> Tensor:
    """(*, C, H r, W r) as (*, C r^2, H, W), r the factor: the inverse of `pixel_shuffle`."""
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: _Any = ..., full: _b.bool = ..., size_average: _Any = ..., eps: _Number = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """The negative log-likelihood of counts under Poisson distributions, without ``log(target!)``."""
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`input` where it is positive, else ``weight * input``; arXiv:1502.01852."""
def relu(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """``max(input, 0)``; the gradient at 0 is 0."""
def relu6(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """``min(max(input, 0), 6)``, elementwise; in place when asked."""
def relu_(input: Tensor) -> Tensor:
    """In-place :func:`relu`."""
def rms_norm(input: Tensor, normalized_shape: _Any, weight: Tensor | None = ..., eps: _Number | None = ...) -> Tensor:
    """``input / sqrt(mean(input^2) + eps) * weight`` over the last axes; arXiv:1910.07467."""
def rrelu(input: Tensor, lower: _Any = ..., upper: _Any = ..., training: _b.bool = ..., inplace: _b.bool = ...) -> Tensor:
    """:func:`leaky_relu` with a slope drawn from U(`lower`, `upper`) for each negative entry."""
def rrelu_(input: Tensor, lower: _Any = ..., upper: _Any = ..., training: _b.bool = ..., generator: _Any = ...) -> Tensor:
    """`rrelu` in place."""
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor | _Number, attn_mask: Tensor | None = ..., dropout_p: _Any = ..., is_causal: _Any = ..., *, scale: _Any = ..., enable_gqa: _Any = ...) -> Tensor:
    """``softmax(query @ key.T * scale + mask) @ value``; arXiv:1706.03762."""
def selu(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """:func:`elu` with the two constants of self-normalising networks; arXiv:1706.02515."""
def selu_(input: Tensor) -> Tensor:
    """`selu` in place."""
def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-input))``, elementwise."""
def silu(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """``input * sigmoid(input)``, elementwise; arXiv:1702.03118."""
def smooth_l1_loss(input: Tensor, target: Tensor, size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ..., beta: _Number = ...) -> Tensor:
    """Squares of errors below `beta`, absolute values of larger ones."""
def soft_margin_loss(input: Tensor, target: Tensor, size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """``log(1 + exp(-target * input))`` for targets of 1 and -1."""
def softmax(input: Tensor, dim: _Dims | None = ..., _stacklevel: _Any = ..., dtype: _DType | None = ...) -> Tensor:
    """``exp(input) / sum(exp(input))`` along `dim`."""
def softmin(input: Tensor, dim: _Dims | None = ..., _stacklevel: _Any = ..., dtype: _DType | None = ...) -> Tensor:
    """:func:`softmax` of ``-input``; arguments as there."""
def softplus(input: Tensor, beta: _Number = ..., threshold: _Number = ..., *, out: Tensor | None = ...) -> Tensor:
    """``log(1 + exp(beta * input)) / beta``; `input` where ``beta * input > threshold``."""
def softshrink(input: Tensor, lambd: _Number = ..., *, out: Tensor | None = ...) -> Tensor:
    """`input` moved towards 0 by `lambd`, 0 within [-`lambd`, `lambd`]."""
def softsign(input: Tensor) -> Tensor:
    """``input / (1 + |input|)``, elementwise."""
def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent, elementwise."""
def tanhshrink(input: Tensor) -> Tensor:
    """``input - tanh(input)``, elementwise."""
def threshold(input: Tensor, threshold: _Number, value: Tensor | _Number, inplace: _b.bool = ...) -> Tensor:
    """`input` where it is above `threshold`, else `value`."""
def threshold_(input: Tensor, threshold: _Number, value: Tensor | _Number) -> Tensor:
    """`threshold` in place."""
def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: _Number = ..., p: _Number = ..., eps: _Number = ..., swap: _Any = ..., size_average: _Any = ..., reduce: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """``max(0, |anchor - positive| - |anchor - negative| + margin)``."""
def triplet_margin_with_distance_loss(anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: _Any = ..., margin: _Number = ..., swap: _Any = ..., reduction: _b.str = ...) -> Tensor:
    """:func:`triplet_margin_loss` with a distance of one's own."""
def unfold(input: Tensor, kernel_size: _Dims, dilation: _Dims = ..., padding: _Dims = ..., stride: _Dims = ...) -> Tensor:
    """Lay the blocks that a kernel would see side by side as columns."""
def upsample(input: Tensor, size: _Any = ..., scale_factor: _Any = ..., mode: _b.str = ..., align_corners: _b.bool | None = ...) -> Tensor:
    """The older name of :func:`interpolate`; warns."""
def upsample_bilinear(input: Tensor, size: _Any = ..., scale_factor: _Any = ...) -> Tensor:
    """:func:`interpolate` with mode "bilinear" and aligned corners; warns."""
def upsample_nearest(input: Tensor, size: _Any = ..., scale_factor: _Any = ...) -> Tensor:
    """:func:`interpolate` with mode "nearest"; warns."""
