"""Written by tools/make_stubs.py."""

import builtins as _b
from collections.abc import Callable as _Callable
from collections.abc import Iterator as _Iterator
from collections.abc import Sequence as _Sequence
from typing import Any as _Any

import numpy as _np

from minitorch import autograd as autograd
from minitorch import backends as backends
from minitorch import cli as cli
from minitorch import compat as compat
from minitorch import datasets as datasets
from minitorch import distributions as distributions
from minitorch import func as func
from minitorch import linalg as linalg
from minitorch import models as models
from minitorch import nn as nn
from minitorch import optim as optim
from minitorch import profiler as profiler
from minitorch import random as random
from minitorch import serialization as serialization
from minitorch import special as special
from minitorch import testing as testing
from minitorch import training as training
from minitorch import transforms as transforms
from minitorch import utils as utils
from minitorch._core.device import device as device
from minitorch._core.layout import layout as layout
from minitorch._core.layout import memory_format as memory_format
from minitorch._legacy import TypedStorage as TypedStorage
from minitorch.autograd.grad_mode import enable_grad as enable_grad
from minitorch.autograd.grad_mode import inference_mode as inference_mode
from minitorch.autograd.grad_mode import no_grad as no_grad
from minitorch.autograd.grad_mode import set_grad_enabled as set_grad_enabled
from minitorch.compat import accelerator as accelerator
from minitorch.compat import amp as amp
from minitorch.compat import compiler as compiler
from minitorch.compat import cuda as cuda
from minitorch.compat import distributed as distributed
from minitorch.compat import fx as fx
from minitorch.compat import hub as hub
from minitorch.compat import jit as jit
from minitorch.compat import mps as mps
from minitorch.compat import version as version
from minitorch.compat._disabled import autocast as autocast
from minitorch.tensor import Tensor as Tensor

_Number = _b.int | _b.float | _b.bool
_Dims = _b.int | _Sequence[_b.int]

BFloat16Storage: _Any
BFloat16Tensor: _Any
BoolStorage: _Any
BoolTensor: _Any
ByteStorage: _Any
ByteTensor: _Any
CharStorage: _Any
CharTensor: _Any
DoubleStorage: _Any
DoubleTensor: _Any
FloatStorage: _Any
FloatTensor: _Any
class Generator:
    """A source of random numbers: a mt19937 stream with PyTorch's conversions."""
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...
    def clone_state(self) -> Tensor:
        """A generator that continues from the same state."""
    @property
    def device(self) -> _Any: ...
    def get_state(self) -> Tensor:
        """The state of the stream, as a tensor of bytes in PyTorch's layout."""
    def initial_seed(self) -> _b.int:
        """The seed the stream was started from."""
    def manual_seed(self, seed: _b.int) -> Tensor:
        """Start the stream of `seed` and return the generator."""
    def random64(self) -> Tensor:
        """The next 64 random bits."""
    def seed(self) -> _b.int:
        """Start a stream from a seed of the system, and return that."""
    def set_state(self, new_state: _Any) -> Tensor:
        """Take up the state that `get_state` returned."""
HalfStorage: _Any
HalfTensor: _Any
IntStorage: _Any
IntTensor: _Any
LongStorage: _Any
LongTensor: _Any
ShortStorage: _Any
ShortTensor: _Any
class Size:
    """The shape of a tensor: a tuple of integers that prints as PyTorch's."""
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...
    def __add__(self, other: _Any) -> Tensor: ...
    def __contains__(self, element: _Any) -> _b.bool: ...
    def __eq__(self, other: _Any) -> Tensor: ...  # type: ignore[override]
    def __ge__(self, other: _Any) -> Tensor: ...
    def __getitem__(self, index: _Any) -> Tensor: ...
    def __gt__(self, other: _Any) -> Tensor: ...
    def __iter__(self) -> _Iterator[Tensor]: ...
    def __le__(self, other: _Any) -> Tensor: ...
    def __len__(self) -> _b.int: ...
    def __lt__(self, other: _Any) -> Tensor: ...
    def __mul__(self, other: _Any) -> Tensor: ...
    def __ne__(self, other: _Any) -> Tensor: ...  # type: ignore[override]
    def __radd__(self, other: _Any) -> Tensor: ...
    def __repr__(self) -> _b.str: ...
    def __rmul__(self, other: _Any) -> Tensor: ...
    def count(self, value: Tensor | _Number) -> Tensor:
        """Return number of occurrences of value."""
    def index(self, value: Tensor | _Number, start: _Number = ..., stop: _Any = ...) -> Tensor:
        """Return first index of value."""
    def numel(self) -> _b.int:
        """The number of elements of a tensor of this shape."""
class UntypedStorage:
    """The bytes under a tensor and all its views."""
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...
    def __delitem__(self, index: _Any) -> None: ...
    def __eq__(self, other: _Any) -> Tensor: ...  # type: ignore[override]
    def __ge__(self, other: _Any) -> Tensor: ...
    def __getitem__(self, index: _Any) -> Tensor: ...
    def __gt__(self, other: _Any) -> Tensor: ...
    def __le__(self, other: _Any) -> Tensor: ...
    def __len__(self) -> _b.int: ...
    def __lt__(self, other: _Any) -> Tensor: ...
    def __ne__(self, other: _Any) -> Tensor: ...  # type: ignore[override]
    def __repr__(self) -> _b.str: ...
    def __setitem__(self, index: _Any, value: _Any) -> None: ...
    def clone(self) -> Tensor:
        """A copy."""
    def copy_(self, source: Tensor, non_blocking: _b.bool | None = ...) -> Tensor:
        """Take over the bytes of another storage of the same size."""
    def data_ptr(self) -> _b.int:
        """Address of the first byte.  What is written there later is not noticed."""
    @property
    def device(self) -> _Any: ...
    def element_size(self) -> _b.int:
        """Bytes of one element: a byte."""
    def fill_(self, value: Tensor | _Number) -> Tensor:
        """Set all bytes."""
    @property
    def is_cuda(self) -> _Any: ...
    def nbytes(self) -> Tensor:
        """Size in bytes."""
    def resizable(self) -> Tensor:
        """Whether the memory is the storage's own."""
    def resize_(self, nbytes: _Any) -> Tensor:
        """Make it larger or smaller; bytes that are new are undefined."""
    def size(self) -> _Any:
        """Size in bytes."""
    def tolist(self) -> _Any:
        """The bytes as numbers."""
def abs(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """abs of each element."""
def abs_(self: Tensor) -> Tensor:
    """`abs` in place."""
def absolute(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """abs of each element."""
def acos(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """acos of each element."""
def acos_(self: Tensor) -> Tensor:
    """`acos` in place."""
def acosh(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """acosh of each element."""
def acosh_(self: Tensor) -> Tensor:
    """`acosh` in place."""
def adaptive_avg_pool1d(input: Tensor, output_size: _Dims) -> Tensor:
    """Means over a grid of windows; see `minitorch.nn.functional.adaptive_avg_pool1d`."""
def adaptive_max_pool1d(input: Tensor, output_size: _Dims) -> Tensor:
    """(values, indices) over a grid of windows; see the function of ``nn.functional``."""
def add(input: Tensor, other: Tensor | _Number, *, alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
    """``input + alpha * other``, broadcast and promoted."""
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
    """``beta * input + alpha * (batch1 @ batch2).sum(0)``, `input` broadcast."""
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Tensor | _Number = ..., out: Tensor | None = ...) -> Tensor:
    """``input + value * tensor1 / tensor2``."""
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Tensor | _Number = ..., out: Tensor | None = ...) -> Tensor:
    """``input + value * tensor1 * tensor2``."""
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
    """``beta * input + alpha * mat1 @ mat2``, `input` broadcast."""
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
    """``beta * input + alpha * mat @ vec``."""
def addmv_(self: Tensor, *args: _Any, **kwargs: _Any) -> Tensor:
    """`addmv` in place."""
def addr(input: Tensor, vec1: _Any, vec2: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``, `input` broadcast."""
def adjoint(input: Tensor) -> Tensor:
    """The matrices transposed; without complex numbers the same as `mT`."""
def affine_grid_generator(theta: _Any, size: _Any, align_corners: _b.bool) -> Tensor:
    """The places that affine maps lead to; see `minitorch.nn.functional.affine_grid`."""
def alias_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `alias` views."""
def all(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """True if all elements (along the axes `dim`) are nonzero; uint8 for uint8."""
def allclose(input: Tensor, other: Tensor | _Number, rtol: _Number = ..., atol: _Number = ..., equal_nan: _b.bool = ...) -> _b.bool:
    """True if all elements are close; see `isclose`."""
def alpha_dropout(input: Tensor, p: _Number, train: _Any) -> Tensor:
    """Elements are dropped to what selu makes of minus infinity, mean and variance kept."""
def alpha_dropout_(input: Tensor, p: _Number, train: _Any) -> Tensor:
    """`alpha_dropout` in place."""
def amax(input: Tensor, dim: _Dims = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The largest element, of all or along the axes `dim`; equal ones share the gradient."""
def amin(input: Tensor, dim: _Dims = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The smallest element; see `amax`."""
def aminmax(input: Tensor, *, dim: _Dims | None = ..., keepdim: _b.bool = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> tuple[Tensor, ...]:
    """The smallest and the largest element, of all or along one axis."""
def any(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """True if any element (along the axes `dim`) is nonzero; uint8 for uint8."""
def arange(*args: _Any, start: _Number | None = ..., end: Tensor | _Number | None = ..., step: _Number | None = ..., out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ...) -> Tensor:
    """``arange(end)``, ``arange(start, end)`` or ``arange(start, end, step)``."""
def arccos(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """acos of each element."""
def arccos_(self: Tensor) -> Tensor:
    """`acos` in place."""
def arccosh(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """acosh of each element."""
def arccosh_(self: Tensor) -> Tensor:
    """`acosh` in place."""
def arcsin(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """asin of each element."""
def arcsin_(self: Tensor) -> Tensor:
    """`asin` in place."""
def arcsinh(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """asinh of each element."""
def arcsinh_(self: Tensor) -> Tensor:
    """`asinh` in place."""
def arctan(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """atan of each element."""
def arctan2(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """The angle of the points (other, input), in radians from -pi to pi."""
def arctan_(self: Tensor) -> Tensor:
    """`atan` in place."""
def arctanh(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """atanh of each element."""
def arctanh_(self: Tensor) -> Tensor:
    """`atanh` in place."""
def are_deterministic_algorithms_enabled() -> Tensor:
    """Always True: the same inputs give the same bits."""
def argmax(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The index of the first largest element: of the flattened tensor, or along an axis."""
def argmin(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The index of the first smallest element; see `argmax`."""
def argsort(input: Tensor, dim: _Dims = ..., descending: _b.bool = ..., *, stable: _b.bool = ...) -> Tensor:
    """The places of the elements in order along an axis; see `sort`."""
def argwhere(input: Tensor) -> Tensor:
    """The places of the elements that are not 0, as rows."""
def as_strided(input: Tensor, size: _Any, stride: _Dims, storage_offset: _Any = ...) -> Tensor:
    """A view of any elements of the storage."""
def as_strided_(input: Tensor, size: _Any, stride: _Dims, storage_offset: _Any = ...) -> Tensor:
    """`as_strided` in place: the tensor shows other elements of its storage."""
def as_strided_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `as_strided` views."""
def as_strided_scatter(input: Tensor, src: Tensor, size: _Any, stride: _Dims, storage_offset: _Any = ...) -> Tensor:
    """A copy with `src` in place of ``input.as_strided(size, stride, storage_offset)``."""
def as_tensor(data: _Any, dtype: _DType | None = ..., device: _Any = ...) -> Tensor:
    """`data` as a tensor, without a copy where its memory and dtype allow it."""
def asarray(obj: _Any, *, dtype: _DType | None = ..., device: _Any = ..., copy: _b.bool | None = ..., requires_grad: _b.bool = ...) -> Tensor:
    """`obj` as a tensor; `copy` True always copies, False never."""
def asin(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """asin of each element."""
def asin_(self: Tensor) -> Tensor:
    """`asin` in place."""
def asinh(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """asinh of each element."""
def asinh_(self: Tensor) -> Tensor:
    """`asinh` in place."""
def atan(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """atan of each element."""
def atan2(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """The angle of the points (other, input), in radians from -pi to pi."""
def atan_(self: Tensor) -> Tensor:
    """`atan` in place."""
def atanh(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """atanh of each element."""
def atanh_(self: Tensor) -> Tensor:
    """`atanh` in place."""
def atleast_1d(*tensors: _Any) -> Tensor:
    """Views with at least one axis."""
def atleast_2d(*tensors: _Any) -> Tensor:
    """Views with at least two axes: new ones come first."""
def atleast_3d(*tensors: _Any) -> Tensor:
    """Views with at least three axes: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1)."""
def avg_pool1d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., ceil_mode: _b.bool = ..., count_include_pad: _b.bool = ...) -> Tensor:
    """The mean of each window; see `minitorch.nn.functional.avg_pool1d`."""
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ..., out_dtype: _Any = ...) -> Tensor:
    """``beta * input + alpha * batch1 @ batch2``, `input` broadcast."""
def bartlett_window(window_length: _Any, periodic: _Any = ..., *args: _Any, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ..., **facts: _Any) -> Tensor:
    """A triangle with 0 at both ends; see `hann_window`."""
def batch_norm(input: Tensor, weight: Tensor, bias: Tensor, running_mean: Tensor, running_var: Tensor, training: _b.bool, momentum: _Number, eps: _Number, cudnn_enabled: _Any) -> Tensor:
    """Normalise each channel over the batch; see `minitorch.nn.functional.batch_norm`."""
def bernoulli(input: Tensor, p: _Number | None = ..., *, generator: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """Zeros and ones: ones with the probabilities that `input` holds, or all with `p`."""
bfloat16: dtype
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = ...) -> Tensor:
    """``input1 @ weight[k] @ input2 + bias[k]`` for each k."""
def bincount(input: Tensor, weights: _Any = ..., minlength: _Any = ...) -> Tensor:
    """How often each number from 0 occurs in a vector of integers."""
def bitwise_and(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """bitwise_and of two tensors, or a tensor and a number, elementwise."""
def bitwise_left_shift(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """bitwise_left_shift of two tensors, or a tensor and a number, elementwise."""
def bitwise_not(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """bitwise_not of each element."""
def bitwise_or(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """bitwise_or of two tensors, or a tensor and a number, elementwise."""
def bitwise_right_shift(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """bitwise_right_shift of two tensors, or a tensor and a number, elementwise."""
def bitwise_xor(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """bitwise_xor of two tensors, or a tensor and a number, elementwise."""
def blackman_window(window_length: _Any, periodic: _Any = ..., *args: _Any, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ..., **facts: _Any) -> Tensor:
    """``0.42 - 0.5 cos + 0.08 cos 2``; see `hann_window`."""
def block_diag(*tensors: _Any) -> Tensor:
    """Matrices (vectors count as rows, numbers as 1 x 1) along the diagonal of a larger one."""
def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The products of two batches of matrices: (b, m, k) . (b, k, n) -> (b, m, n)."""
bool: dtype
def broadcast_shapes(*shapes: _Any) -> _Any:
    """The shape that the given shapes broadcast to."""
def broadcast_tensors(*tensors: _Any) -> tuple[Tensor, ...]:
    """Views of the tensors, broadcast to their common shape; a tuple."""
def broadcast_to(input: Tensor, size: _Any) -> Tensor:
    """`expand` as a function: ``broadcast_to(x, (2, 3))``."""
def bucketize(input: Tensor, boundaries: _Any, *, out_int32: _Any = ..., right: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """The number of the interval between sorted boundaries in which each value lies."""
def can_cast(from_: _Any, to: _Any) -> _b.bool:
    """Whether an operation may write a result of dtype `from_` into a tensor of dtype `to`."""
def cartesian_prod(*tensors: _Any) -> Tensor:
    """All ways to take one element of each vector, as rows; of one vector itself."""
def cat(tensors: _Sequence[Tensor], dim: _Dims = ..., *, out: Tensor | None = ...) -> Tensor:
    """Join tensors along an existing axis."""
def cdist(x1: Tensor, x2: Tensor, p: _Number = ..., compute_mode: _Any = ...) -> Tensor:
    """The distances ``|x1[i] - x2[j]|_p`` of all pairs."""
def ceil(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """ceil of each element."""
def ceil_(self: Tensor) -> Tensor:
    """`ceil` in place."""
def celu(input: Tensor, alpha: _Number = ..., inplace: _b.bool = ...) -> Tensor:
    """`input` where it is positive, else ``alpha * (exp(input / alpha) - 1)``."""
def celu_(input: Tensor, alpha: _Number = ...) -> Tensor:
    """`celu` in place."""
def chain_matmul(*matrices: _Any, out: Tensor | None = ...) -> Tensor:
    """The product of a chain of matrices, in the cheapest order."""
def channel_shuffle(input: Tensor, groups: _b.int) -> Tensor:
    """(N, C, *) with the channels dealt out: one of each of `groups` groups in turn."""
channels_last: _Any
channels_last_3d: _Any
def cholesky(input: Tensor, upper: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
    """The triangular root of each positive-definite matrix; see `linalg.cholesky`."""
def chunk(input: Tensor, chunks: _b.int, dim: _Dims = ...) -> tuple[Tensor, ...]:
    """Cut into at most `chunks` views of equal size along an axis; the last may be smaller."""
def clamp(input: Tensor, min: Tensor | _Number | None = ..., max: Tensor | _Number | None = ..., *, out: Tensor | None = ...) -> Tensor:
    """Limit each element to [min, max]; the bounds are numbers or tensors."""
def clamp_(self: Tensor, min: Tensor | _Number | None = ..., max: Tensor | _Number | None = ...) -> Tensor:
    """`clamp` in place."""
def clamp_max(input: Tensor, max: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """Limit each element from above."""
def clamp_max_(self: Tensor, max: Tensor | _Number) -> Tensor:
    """`clamp_max` in place."""
def clamp_min(input: Tensor, min: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """Limit each element from below."""
def clamp_min_(self: Tensor, min: Tensor | _Number) -> Tensor:
    """`clamp_min` in place."""
def clip(input: Tensor, min: Tensor | _Number | None = ..., max: Tensor | _Number | None = ..., *, out: Tensor | None = ...) -> Tensor:
    """Limit each element to [min, max]; the bounds are numbers or tensors."""
def clip_(self: Tensor, min: Tensor | _Number | None = ..., max: Tensor | _Number | None = ...) -> Tensor:
    """`clamp` in place."""
def clone(input: Tensor, *, memory_format: _Any = ...) -> Tensor:
    """A copy; gradients pass through it."""
def column_stack(tensors: _Sequence[Tensor], *, out: Tensor | None = ...) -> Tensor:
    """Join tensors of one axis as columns, others along axis 1."""
def combinations(input: Tensor, r: _Any = ..., with_replacement: _Any = ...) -> Tensor:
    """All ways to take `r` elements of a vector, in order, as rows."""
def compile(model: _Any = ..., *, fullgraph: _Any = ..., dynamic: _Any = ..., backend: _Any = ..., mode: _b.str | None = ..., options: _Any = ..., disable: _Any = ...) -> Tensor:
    """The function or module itself, or a decorator that gives it back."""
def concat(tensors: _Sequence[Tensor], dim: _Dims = ..., *, out: Tensor | None = ...) -> Tensor:
    """`cat` under another name."""
def concatenate(tensors: _Sequence[Tensor], axis: _Any = ..., out: Tensor | None = ..., *, dim: _Dims | None = ...) -> Tensor:
    """`cat` under numpy's name."""
def conj(input: Tensor) -> Tensor:
    """The tensor itself: its numbers are real."""
def conj_physical(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The numbers themselves, or a copy in `out`: they are real."""
def constant_pad_nd(input: Tensor, pad: _Any, value: Tensor | _Number = ...) -> Tensor:
    """Borders of `value`; `pad` has (before, after) of the last axis, the last but one, ..."""
contiguous_format: _Any
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., dilation: _Dims = ..., groups: _b.int = ...) -> Tensor:
    """Cross-correlation of signals with kernels; see `minitorch.nn.functional.conv1d`."""
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., dilation: _Dims = ..., groups: _b.int = ...) -> Tensor:
    """Cross-correlation of images with kernels; see `minitorch.nn.functional.conv2d`."""
def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., dilation: _Dims = ..., groups: _b.int = ...) -> Tensor:
    """Cross-correlation of volumes with kernels; see `minitorch.nn.functional.conv3d`."""
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: _Any = ...) -> Tensor:
    """Convolve signals (time, batch, channels) with kernels (time, in, out)."""
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., output_padding: _Dims = ..., groups: _b.int = ..., dilation: _Dims = ...) -> Tensor:
    """The transpose of `conv1d`; see `minitorch.nn.functional.conv_transpose1d`."""
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., output_padding: _Dims = ..., groups: _b.int = ..., dilation: _Dims = ...) -> Tensor:
    """The transpose of `conv2d`; see `minitorch.nn.functional.conv_transpose2d`."""
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: _Dims = ..., padding: _Dims = ..., output_padding: _Dims = ..., groups: _b.int = ..., dilation: _Dims = ...) -> Tensor:
    """The transpose of `conv3d`; see `minitorch.nn.functional.conv_transpose3d`."""
def convolution(input: Tensor, weight: Tensor, bias: Tensor, stride: _Dims, padding: _Dims, dilation: _Dims, transposed: _Any, output_padding: _Dims, groups: _b.int) -> Tensor:
    """Convolve in as many dimensions as `weight` has, forward or `transposed`."""
def copysign(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """copysign of two tensors, elementwise."""
def corrcoef(input: Tensor) -> Tensor:
    """Pearson's correlation coefficients of variables; see `cov`."""
def cos(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """cos of each element."""
def cos_(self: Tensor) -> Tensor:
    """`cos` in place."""
def cosh(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """cosh of each element."""
def cosh_(self: Tensor) -> Tensor:
    """`cosh` in place."""
def cosine_similarity(x1: Tensor, x2: Tensor, dim: _Dims = ..., eps: _Number = ...) -> Tensor:
    """``x1 . x2 / (max(|x1|, eps) max(|x2|, eps))`` along a dimension."""
def count_nonzero(input: Tensor, dim: _Dims | None = ..., *, axis: _Any = ...) -> Tensor:
    """How many elements are not zero, in all or along the axes `dim`, as int64."""
def cov(input: Tensor, *, correction: _Any = ..., fweights: _Any = ..., aweights: _Any = ...) -> Tensor:
    """The covariances of variables, of which each column is one observation."""
def cross(input: Tensor, other: Tensor | _Number, dim: _Dims | None = ..., *, out: Tensor | None = ...) -> Tensor:
    """The vector product along an axis of size 3; without `dim`, the first one of that size."""
def cummax(input: Tensor, dim: _Dims, *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
    """The largest element so far along an axis, and its place."""
def cummin(input: Tensor, dim: _Dims, *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
    """The smallest element so far along an axis, and its place; see `cummax`."""
def cumprod(input: Tensor, dim: _Dims | None = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ...) -> Tensor:
    """Running products along an axis; arguments as in `cumsum`."""
def cumsum(input: Tensor, dim: _Dims | None = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ...) -> Tensor:
    """Running sums along an axis."""
def cumulative_trapezoid(y: _Any, x: _Any = ..., *, dx: _Any = ..., dim: _Dims = ...) -> Tensor:
    """The integrals up to each sample but the first; arguments as of `trapezoid`."""
default_generator: _Any
def deg2rad(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """Degrees to radians."""
def deg2rad_(self: Tensor) -> Tensor:
    """`deg2rad` in place."""
def det(A: _Any, *, out: Tensor | None = ...) -> Tensor:
    """The determinant of each matrix of a batch; differentiable where that is not 0."""
def detach(input: Tensor) -> Tensor:
    """The same elements, which gradients do not pass; changes in place are seen by both."""
def detach_(input: Tensor) -> Tensor:
    """Cut the tensor itself off the graph that made it."""
def detach_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `detach` views."""
def diag(input: Tensor, diagonal: _b.int = ..., *, out: Tensor | None = ...) -> Tensor:
    """A matrix with the input on a diagonal, or a copy of a matrix's diagonal."""
def diag_embed(input: Tensor, offset: _b.int = ..., dim1: _b.int = ..., dim2: _b.int = ...) -> Tensor:
    """Zeros with the last axis of the input on a diagonal of the axes `dim1` and `dim2`."""
def diagflat(input: Tensor, offset: _b.int = ...) -> Tensor:
    """A matrix with the elements of the flat input on a diagonal."""
def diagonal(input: Tensor, offset: _b.int = ..., dim1: _b.int = ..., dim2: _b.int = ...) -> Tensor:
    """The view of a diagonal of the axes `dim1` and `dim2`, as the last axis."""
def diagonal_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `diagonal` views."""
def diagonal_scatter(input: Tensor, src: Tensor, offset: _b.int = ..., dim1: _b.int = ..., dim2: _b.int = ...) -> Tensor:
    """A copy with `src` in place of ``input.diagonal(offset, dim1, dim2)``."""
def diff(input: Tensor, n: _b.int = ..., dim: _Dims = ..., prepend: _Any = ..., append: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
    """The `n`-th differences of neighbours along an axis; those of bools tell where they change."""
def digamma(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """digamma of each element."""
def dist(input: Tensor, other: Tensor | _Number, p: _Number = ...) -> Tensor:
    """The p-norm of the difference of two tensors, which are broadcast."""
def div(input: Tensor, other: Tensor | _Number, *, rounding_mode: _b.str | None = ..., out: Tensor | None = ...) -> Tensor:
    """``input / other``; with `rounding_mode` "floor" or "trunc" rounded, in the common dtype."""
def divide(input: Tensor, other: Tensor | _Number, *, rounding_mode: _b.str | None = ..., out: Tensor | None = ...) -> Tensor:
    """``input / other``; with `rounding_mode` "floor" or "trunc" rounded, in the common dtype."""
def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The inner product of two vectors."""
double: dtype
def dropout(input: Tensor, p: _Number, train: _Any) -> Tensor:
    """Elements are zeroed with probability `p`, the others scaled by 1 / (1 - p)."""
def dropout_(input: Tensor, p: _Number, train: _Any) -> Tensor:
    """`dropout` in place."""
def dsplit(input: Tensor, *args: _Any, indices_or_sections: _Any = ..., indices: _Any = ..., sections: _Any = ...) -> tuple[Tensor, ...]:
    """`tensor_split` into equal parts, or at indices, along the axis of `dsplit`."""
def dstack(tensors: _Sequence[Tensor], *, out: Tensor | None = ...) -> Tensor:
    """Join in depth: along axis 2, after `atleast_3d`."""
class dtype:
    """The type of a tensor's elements, one object for each."""
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...
    def __repr__(self) -> _b.str: ...
    @property
    def is_complex(self) -> _b.bool: ...
    @property
    def is_floating_point(self) -> _b.bool: ...
    @property
    def is_signed(self) -> _b.bool: ...
    @property
    def itemsize(self) -> _b.int: ...
    @property
    def name(self) -> _Any: ...
    @property
    def numpy_dtype(self) -> _Any: ...
    def to_real(self) -> Tensor: ...
e: _b.float
def einsum(*args: _Any) -> Tensor:
    """Sums of products along labelled axes."""
def embedding(weight: Tensor, indices: _Any, padding_idx: _Any = ..., scale_grad_by_freq: _Any = ..., sparse: _Any = ...) -> Tensor:
    """The rows of `weight` with the numbers `indices`."""
def embedding_renorm_(self: Tensor, indices: _Any, max_norm: _Any, norm_type: _Any) -> Tensor:
    """Scale the rows that `indices` name, where longer, to the length `max_norm`, in place."""
def empty(*args: _Any, size: _Any = ..., out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ..., memory_format: _Any = ...) -> Tensor:
    """An uninitialised tensor of the given size."""
def empty_like(input: Tensor, *, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., memory_format: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
    """An uninitialised tensor of the same size."""
def empty_permuted(size: _Any, physical_layout: _Any, *, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """An uninitialised tensor whose axes lie in memory in the order of `physical_layout`."""
def empty_strided(size: _Any, stride: _Dims, *, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """An uninitialised tensor of the given size and strides (in elements)."""
def eq(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """eq of two tensors, or a tensor and a number, elementwise."""
def equal(input: Tensor, other: Tensor | _Number) -> _b.bool:
    """True if both tensors have the same shape and the same elements; dtypes are promoted."""
def erf(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """erf of each element."""
def erf_(self: Tensor) -> Tensor:
    """`erf` in place."""
def erfc(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """erfc of each element."""
def erfc_(self: Tensor) -> Tensor:
    """`erfc` in place."""
def erfinv(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """erfinv of each element."""
def exp(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """exp of each element."""
def exp2(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """exp2 of each element."""
def exp2_(self: Tensor) -> Tensor:
    """`exp2` in place."""
def exp_(self: Tensor) -> Tensor:
    """`exp` in place."""
def expand_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `expand` views."""
def expm1(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """expm1 of each element."""
def expm1_(self: Tensor) -> Tensor:
    """`expm1` in place."""
def eye(n: _b.int, m: _Any = ..., *, out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ...) -> Tensor:
    """The identity matrix, of `n` rows and `m` columns (`n` if not given)."""
def feature_alpha_dropout(input: Tensor, p: _Number, train: _Any) -> Tensor:
    """`alpha_dropout` of whole channels."""
def feature_alpha_dropout_(input: Tensor, p: _Number, train: _Any) -> Tensor:
    """`feature_alpha_dropout` in place."""
def feature_dropout(input: Tensor, p: _Number, train: _Any) -> Tensor:
    """Channels are zeroed with probability `p`, the others scaled by 1 / (1 - p)."""
def feature_dropout_(input: Tensor, p: _Number, train: _Any) -> Tensor:
    """`feature_dropout` in place."""
def fill(input: Tensor, value: Tensor | _Number) -> Tensor:
    """A tensor of the same size, filled with a number or the element of a 0-d tensor."""
def fill_(input: Tensor, value: Tensor | _Number) -> Tensor:
    """Set every element to a number or the element of a 0-d tensor; returns the tensor."""
class finfo:
    """Machine limits of a floating dtype (bits, eps, max, min, tiny, resolution)."""
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...
    def __repr__(self) -> _b.str: ...
    @property
    def bits(self) -> _b.int: ...
    @property
    def dtype(self) -> _DType: ...
    @property
    def eps(self) -> _b.float: ...
    @property
    def max(self) -> _Any: ...
    @property
    def min(self) -> _Any: ...
    @property
    def resolution(self) -> _Any: ...
    @property
    def smallest_normal(self) -> _b.float: ...
    @property
    def tiny(self) -> _b.float: ...
def fix(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """trunc of each element."""
def fix_(self: Tensor) -> Tensor:
    """`trunc` in place."""
def flatten(input: Tensor, start_dim: _b.int = ..., end_dim: _b.int = ...) -> Tensor:
    """Make one axis of the axes from `start_dim` to `end_dim`, both included."""
def flip(input: Tensor, *args: _Any, dims: _Dims | None = ...) -> Tensor:
    """A copy with the order of elements reversed along axes: ``flip(x, 0, 1)`` or ``(0, 1)``."""
def fliplr(input: Tensor) -> Tensor:
    """`flip` along axis 1."""
def flipud(input: Tensor) -> Tensor:
    """`flip` along axis 0."""
float: dtype
float16: dtype
float32: dtype
float64: dtype
def float_power(input: Tensor, exponent: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """`pow` in float64, whatever the dtypes."""
def floor(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """floor of each element."""
def floor_(self: Tensor) -> Tensor:
    """`floor` in place."""
def floor_divide(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """The quotient rounded towards minus infinity."""
def fmax(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """fmax of two tensors, elementwise."""
def fmin(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """fmin of two tensors, elementwise."""
def fmod(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """The remainder with the sign of the dividend, as C's ``fmod``."""
def frac(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """What `trunc` takes away."""
def frac_(self: Tensor) -> Tensor:
    """`frac` in place."""
def frexp(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """(mantissa, exponent) with input = mantissa 2^exponent and 0.5 <= abs(mantissa) < 1."""
def frobenius_norm(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ...) -> Tensor:
    """The root of the sum of squares."""
def from_dlpack(ext_tensor: _Any, *, device: _Any = ..., copy: _b.bool | None = ...) -> Tensor:
    """A tensor over the memory of an object with the DLPack protocol."""
def from_numpy(ndarray: _Any) -> Tensor:
    """A tensor over the memory of a numpy array: each sees the other's changes."""
def frombuffer(buffer: _Any, *, dtype: _DType, count: _Any = ..., offset: _b.int = ..., requires_grad: _b.bool = ...) -> Tensor:
    """A 1-D tensor over the memory of an object with the buffer protocol."""
def full(size: _Any, fill_value: Tensor | _Number, *, out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """A tensor filled with one number, whose kind gives the dtype."""
def full_like(input: Tensor, fill_value: Tensor | _Number, *, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., memory_format: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
    """One number in a tensor of the same size and dtype."""
def gather(input: Tensor, dim: _Dims, index: Tensor, *, sparse_grad: _b.bool = ..., out: Tensor | None = ...) -> Tensor:
    """Elements at `index` along axis `dim`: ``out[i][j] = input[index[i][j]][j]`` for dim 0."""
def gcd(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """gcd of two tensors, elementwise."""
def gcd_(self: Tensor, other: Tensor | _Number) -> Tensor:
    """`gcd` in place."""
def ge(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """ge of two tensors, or a tensor and a number, elementwise."""
def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """Another name of `outer`."""
def get_default_device() -> _Any:
    """The device that factory functions use."""
def get_default_dtype() -> _DType:
    """The dtype that Python floats become (float32 unless changed)."""
def get_deterministic_debug_mode() -> Tensor:
    """2, "error": the same inputs give the same bits, so nothing would ever be reported."""
def get_device(input: Tensor) -> _b.int:
    """The number of the tensor's device: -1, the CPU."""
def get_float32_matmul_precision() -> Tensor:
    """What `set_float32_matmul_precision` was given last; "highest" at first."""
def get_num_interop_threads() -> Tensor:
    """1: operations run one after the other, each in `get_num_threads` threads."""
def get_num_threads() -> _b.int:
    """Number of threads that kernels run on, the calling one included."""
def get_printoptions() -> Tensor:
    """Return the options in force, as a dict that ``set_printoptions(**d)`` accepts."""
def get_rng_state() -> Tensor:
    """The state of the default generator, a tensor of bytes."""
def greater(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """gt of two tensors, or a tensor and a number, elementwise."""
def greater_equal(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """ge of two tensors, or a tensor and a number, elementwise."""
def grid_sampler(input: Tensor, grid: _Any, interpolation_mode: _Any, padding_mode: _b.str, align_corners: _b.bool) -> Tensor:
    """The values of an image at places of its own; see `minitorch.nn.functional.grid_sample`."""
def grid_sampler_2d(input: Tensor, grid: _Any, interpolation_mode: _Any, padding_mode: _b.str, align_corners: _b.bool) -> Tensor:
    """:func:`grid_sampler` of (N, C, H, W) images."""
def grid_sampler_3d(input: Tensor, grid: _Any, interpolation_mode: _Any, padding_mode: _b.str, align_corners: _b.bool) -> Tensor:
    """:func:`grid_sampler` of (N, C, D, H, W) volumes."""
def group_norm(input: Tensor, num_groups: _Any, weight: Tensor | None = ..., bias: Tensor | None = ..., eps: _Number = ..., cudnn_enabled: _Any = ...) -> Tensor:
    """Normalise groups of channels; see `minitorch.nn.functional.group_norm`."""
def gru(*args: _Any, **kwargs: _Any) -> _Any:
    """Run gated recurrent units over sequences; the arguments are :func:`rnn_tanh`'s."""
def gru_cell(input: Tensor, hx: _Any, w_ih: _Any, w_hh: _Any, b_ih: _Any = ..., b_hh: _Any = ...) -> Tensor:
    """One step of a gated recurrent unit; weights (3 hidden_size, *): reset, update, new."""
def gt(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """gt of two tensors, or a tensor and a number, elementwise."""
half: dtype
def hamming_window(window_length: _Any, periodic: _Any = ..., *args: _Any, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ..., **facts: _Any) -> Tensor:
    """``alpha - beta cos`` (default 0.54, 0.46); see `hann_window`."""
def hann_window(window_length: _Any, periodic: _Any = ..., *args: _Any, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ..., **facts: _Any) -> Tensor:
    """``0.5 - 0.5 cos``, of `window_length` points."""
def hardshrink(input: Tensor, lambd: _Number = ..., *, out: Tensor | None = ...) -> Tensor:
    """`input` outside [-lambd, lambd], else 0."""
def heaviside(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """heaviside of two tensors, elementwise."""
def histc(input: Tensor, bins: _Any = ..., min: Tensor | _Number = ..., max: Tensor | _Number = ..., *, out: Tensor | None = ...) -> Tensor:
    """How many elements lie in each of `bins` equal intervals from `min` to `max`."""
def histogram(input: Tensor, bins: _Any, *, range: _Any = ..., weight: Tensor | None = ..., density: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """How many elements lie in each interval, of which the last has its upper end too."""
def hsplit(input: Tensor, *args: _Any, indices_or_sections: _Any = ..., indices: _Any = ..., sections: _Any = ...) -> tuple[Tensor, ...]:
    """`tensor_split` into equal parts, or at indices, along the axis of `hsplit`."""
def hstack(tensors: _Sequence[Tensor], *, out: Tensor | None = ...) -> Tensor:
    """Join side by side: along axis 1, or 0 for tensors of one axis."""
def hypot(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """hypot of two tensors, elementwise."""
def i0(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """i0 of each element."""
def i0_(self: Tensor) -> Tensor:
    """`i0` in place."""
class iinfo:
    """Machine limits of an integer dtype (bits, max, min)."""
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...
    def __repr__(self) -> _b.str: ...
    @property
    def bits(self) -> _b.int: ...
    @property
    def dtype(self) -> _DType: ...
    @property
    def max(self) -> _Any: ...
    @property
    def min(self) -> _Any: ...
def imag(input: Tensor) -> Tensor:
    """Refused: the numbers are real."""
def index_add(input: Tensor, dim: _Dims, index: Tensor, source: Tensor, *, alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
    """A copy with `alpha` times the places of `source` added at a vector of indices."""
def index_copy(input: Tensor, dim: _Dims, index: Tensor, source: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """A copy with the places of `source` written at a vector of indices."""
def index_fill(input: Tensor, dim: _Dims, index: Tensor, value: Tensor | _Number) -> Tensor:
    """A copy with a number, or 0-d tensor, at a vector of indices along an axis."""
def index_put(input: Tensor, indices: _Any, values: _Any, accumulate: _b.bool = ...) -> Tensor:
    """`index_put_` on a copy."""
def index_put_(input: Tensor, indices: _Any, values: _Any, accumulate: _b.bool = ...) -> Tensor:
    """Write `values` at the places that a tuple of index tensors names; returns the tensor."""
def index_reduce(input: Tensor, dim: _Dims, index: Tensor, source: Tensor, reduce: _Any, *, include_self: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """A copy with the places of `source` along an axis reduced into those that `index` names."""
def index_select(input: Tensor, dim: _Dims, index: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The places that a vector of indices names along an axis, as a new tensor."""
inf: _b.float
def initial_seed() -> _b.int:
    """The seed of the default generator."""
def inner(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """Sums of products along the last axis: (*, k), (*', k) -> (*, *')."""
def instance_norm(input: Tensor, weight: Tensor, bias: Tensor, running_mean: Tensor, running_var: Tensor, use_input_stats: _Any, momentum: _Number, eps: _Number, cudnn_enabled: _Any) -> Tensor:
    """Normalise each channel of each example; see `minitorch.nn.functional.instance_norm`."""
int: dtype
int16: dtype
int32: dtype
int64: dtype
int8: dtype
def inverse(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The inverse of each matrix of a batch; see `linalg.inv`."""
def is_anomaly_check_nan_enabled() -> _b.bool:
    """True when anomaly mode looks for NaN in each gradient."""
def is_anomaly_enabled() -> _b.bool:
    """True when the engine keeps forward tracebacks."""
def is_complex(input: Tensor) -> _b.bool:
    """Always False: minitorch has no complex dtypes."""
def is_conj(input: Tensor) -> _b.bool:
    """Always False: there are no complex numbers."""
def is_floating_point(input: Tensor) -> _b.bool:
    """True for a tensor of a floating dtype."""
def is_grad_enabled() -> _b.bool:
    """True when operations on tensors that require gradients are recorded."""
def is_inference(input: Tensor) -> _b.bool:
    """True for a tensor made in inference mode."""
def is_inference_mode_enabled() -> _b.bool:
    """True inside `inference_mode`."""
def is_neg(input: Tensor) -> _b.bool:
    """Always False: no view is negated lazily."""
def is_nonzero(input: Tensor) -> _b.bool:
    """Whether the one element is not 0."""
def is_same_size(input: Tensor, other: Tensor | _Number) -> _b.bool:
    """True if both tensors have the same shape."""
def is_signed(input: Tensor) -> _b.bool:
    """True for dtypes with negative values."""
def is_storage(obj: _Any) -> _b.bool:
    """True for the storage of a tensor."""
def is_tensor(obj: _Any) -> _b.bool:
    """True for a Tensor."""
def isclose(input: Tensor, other: Tensor | _Number, rtol: _Number = ..., atol: _Number = ..., equal_nan: _b.bool = ...) -> Tensor:
    """True where ``|input - other| <= atol + rtol * |other|``."""
def isfinite(input: Tensor) -> Tensor:
    """True where an element is neither infinite nor NaN."""
def isin(elements: _Any = ..., test_elements: _Any = ..., *, element: _Any = ..., test_element: _Any = ..., assume_unique: _Any = ..., invert: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """For each element whether it is among the test elements (with `invert`: whether not)."""
def isinf(input: Tensor) -> Tensor:
    """True where an element is infinite."""
def isnan(input: Tensor) -> Tensor:
    """True where an element is NaN."""
def isneginf(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """True where an element is minus infinity."""
def isposinf(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """True where an element is plus infinity."""
def isreal(input: Tensor) -> Tensor:
    """True everywhere: minitorch has no complex dtypes."""
def kaiser_window(window_length: _Any, periodic: _Any = ..., *args: _Any, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ..., **facts: _Any) -> Tensor:
    """Kaiser's window of shape `beta` (default 12.0); see `hann_window`."""
def kron(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """Kronecker's product: each element of `input` times the whole of `other`."""
def kthvalue(input: Tensor, k: _b.int, dim: _Dims = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
    """The `k`-th smallest element (from 1) along an axis, and where it was."""
def layer_norm(input: Tensor, normalized_shape: _Any, weight: Tensor | None = ..., bias: Tensor | None = ..., eps: _Number = ..., cudnn_enable: _Any = ...) -> Tensor:
    """Normalise over the last axes; see `minitorch.nn.functional.layer_norm`."""
def lcm(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """lcm of two tensors, elementwise."""
def lcm_(self: Tensor, other: Tensor | _Number) -> Tensor:
    """`lcm` in place."""
def ldexp(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """ldexp of two tensors, elementwise."""
def ldexp_(self: Tensor, other: Tensor | _Number) -> Tensor:
    """`ldexp` in place."""
def le(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """le of two tensors, or a tensor and a number, elementwise."""
def lerp(input: Tensor, end: Tensor | _Number, weight: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """``input + weight * (end - input)``; `weight` is a number or a tensor."""
def less(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """lt of two tensors, or a tensor and a number, elementwise."""
def less_equal(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """le of two tensors, or a tensor and a number, elementwise."""
def lgamma(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """lgamma of each element."""
def linspace(start: _Number, end: Tensor | _Number, steps: _Any, *, out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ...) -> Tensor:
    """`steps` numbers at equal distances from `start` to `end`, both included."""
def load(f: _Any, map_location: _Any = ..., pickle_module: _Any = ..., *, weights_only: _Any = ..., mmap: _Any = ..., **pickle_load_args: _Any) -> _Any:
    """Load what :func:`save` or ``torch.save`` wrote, or a safetensors or npz file."""
def log(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """log of each element."""
def log10(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """log10 of each element."""
def log10_(self: Tensor) -> Tensor:
    """`log10` in place."""
def log1p(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """log1p of each element."""
def log1p_(self: Tensor) -> Tensor:
    """`log1p` in place."""
def log2(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """log2 of each element."""
def log2_(self: Tensor) -> Tensor:
    """`log2` in place."""
def log_(self: Tensor) -> Tensor:
    """`log` in place."""
def log_softmax(input: Tensor, dim: _Dims | None = ..., dtype: _DType | None = ..., *, out: Tensor | None = ...) -> Tensor:
    """The logarithm of `softmax`, computed without overflow."""
def logaddexp(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """logaddexp of two tensors, elementwise."""
def logaddexp2(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """logaddexp2 of two tensors, elementwise."""
def logcumsumexp(input: Tensor, dim: _Dims, *, out: Tensor | None = ...) -> Tensor:
    """``log(cumsum(exp(input), dim))``, without overflow."""
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant of each matrix; NaN where that is negative."""
def logical_and(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """logical_and of two tensors, or a tensor and a number, elementwise."""
def logical_not(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """True where an element is zero."""
def logical_or(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """logical_or of two tensors, or a tensor and a number, elementwise."""
def logical_xor(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """logical_xor of two tensors, or a tensor and a number, elementwise."""
def logit(input: Tensor, eps: _Number | None = ..., *, out: Tensor | None = ...) -> Tensor:
    """log(x / (1 - x)), of the elements limited to [eps, 1 - eps] if `eps` is given."""
def logit_(self: Tensor, eps: _Number | None = ...) -> Tensor:
    """`logit` in place."""
def logspace(start: _Number, end: Tensor | _Number, steps: _Any, base: _Any = ..., *, out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ...) -> Tensor:
    """`steps` powers of `base` at equal distances of the exponent."""
def logsumexp(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """log(sum(exp(input))) along the axes `dim`, without overflow."""
long: dtype
def lstm(*args: _Any, **kwargs: _Any) -> _Any:
    """Run long short-term memory over sequences."""
def lstm_cell(input: Tensor, hx: _Any, w_ih: _Any, w_hh: _Any, b_ih: _Any = ..., b_hh: _Any = ...) -> Tensor:
    """One step of long short-term memory: ``(h, c)`` from ``hx = (h, c)``."""
def lt(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """lt of two tensors, or a tensor and a number, elementwise."""
def manual_seed(seed: _b.int) -> Tensor:
    """Start the default generator's stream of `seed`; returns the generator."""
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | _Number) -> Tensor:
    """A copy with a number, or 0-d tensor, where a boolean mask is true; both are broadcast."""
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with the first elements of `source`, in order, where a boolean mask is true."""
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The elements where a boolean mask is true, as one axis; both are broadcast."""
def matmul(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """The matrix product; vectors and batches as in numpy."""
def matrix_power(A: _Any, n: _b.int, *, out: Tensor | None = ...) -> Tensor:
    """Each matrix of a batch multiplied `n` times by itself; its inverse for negative `n`."""
def max(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, other: Tensor | _Number | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> _Any:
    """The largest element; or along an axis with its index; or the larger of two tensors."""
def max_pool1d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ...) -> Tensor:
    """The maximum of each window; see `minitorch.nn.functional.max_pool1d`."""
def max_pool1d_with_indices(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ...) -> Tensor:
    """The maxima of `max_pool1d` and their places."""
def max_pool2d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """The maximum of each window; see `minitorch.nn.functional.max_pool2d`."""
def max_pool3d(input: Tensor, kernel_size: _Dims, stride: _Dims | None = ..., padding: _Dims = ..., dilation: _Dims = ..., ceil_mode: _b.bool = ..., return_indices: _b.bool = ...) -> Tensor:
    """The maximum of each window; see `minitorch.nn.functional.max_pool3d`."""
def maximum(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """The larger of two tensors elementwise; NaN where either is NaN."""
def mean(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The mean of all elements, or along the axes `dim`; arguments as in `sum`."""
def median(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> _Any:
    """The middle element, the lower of two; along an axis as a pair (values, indices)."""
def meshgrid(*tensors: _Any, indexing: _b.str | None = ...) -> tuple[Tensor, ...]:
    """Grids of coordinates: views of the 1-D tensors, expanded to their common grid."""
def min(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, other: Tensor | _Number | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> _Any:
    """The smallest element; or along an axis with its index; or the smaller of two tensors."""
def minimum(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """The smaller of two tensors elementwise; NaN where either is NaN."""
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The product of two matrices: (m, k) . (k, n) -> (m, n)."""
def mode(input: Tensor, dim: _Dims = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ...) -> _Any:
    """The commonest element along an axis, the smallest of such, and the last place it has."""
def moveaxis(input: Tensor, source: Tensor, destination: _Any) -> Tensor:
    """`movedim` under numpy's name."""
def movedim(input: Tensor, source: Tensor, destination: _Any) -> Tensor:
    """A view with axes moved to other places; the others keep their order."""
def msort(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The elements in order along the first axis."""
def mul(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """``input * other``, broadcast and promoted."""
def multinomial(input: Tensor, num_samples: _Any, replacement: _Any = ..., *, generator: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """Places drawn by the weights of a vector, or of each row of a matrix."""
def multiply(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """``input * other``, broadcast and promoted."""
def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The product of a matrix and a vector: (m, k) . (k) -> (m)."""
def mvlgamma(input: Tensor, p: _Number, *, out: Tensor | None = ...) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`."""
nan: _b.float
def nan_to_num(input: Tensor, nan: _Any = ..., posinf: _Any = ..., neginf: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
    """NaN as `nan` (default 0), infinities as `posinf` and `neginf` (default: the extremes)."""
def nan_to_num_(self: Tensor, nan: _Any = ..., posinf: _Any = ..., neginf: _Any = ...) -> Tensor:
    """`nan_to_num` in place."""
def nanmean(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The mean of the elements that are not NaN; NaN where there are none."""
def nanmedian(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> _Any:
    """The middle of the elements that are not NaN; see `median`."""
def nanquantile(input: Tensor, q: _Any, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, interpolation: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """`quantile` of the elements that are not NaN."""
def nansum(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """`sum` with NaN counted as zero."""
def narrow(input: Tensor, dim: _Dims, start: _Number, length: _Any) -> Tensor:
    """The view of `length` places along axis `dim` from `start` on."""
def narrow_copy(input: Tensor, dim: _Dims, start: _Number, length: _Any, *, out: Tensor | None = ...) -> Tensor:
    """A copy of `narrow`."""
def native_group_norm(input: Tensor, weight: Tensor, bias: Tensor, N: _Any, C: _Any, HxW: _Any, group: _Any, eps: _Number) -> Tensor:
    """(`group_norm`, the means, 1 / sqrt(variances + eps)) of an input with N * C * HxW elements."""
def native_layer_norm(input: Tensor, normalized_shape: _Any, weight: Tensor, bias: Tensor, eps: _Number) -> Tensor:
    """(`layer_norm`, the means, 1 / sqrt(variances + eps))."""
def ne(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """ne of two tensors, or a tensor and a number, elementwise."""
def neg(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """neg of each element."""
def neg_(self: Tensor) -> Tensor:
    """`neg` in place."""
def negative(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """neg of each element."""
def negative_(self: Tensor) -> Tensor:
    """`neg` in place."""
newaxis: _Any
def nextafter(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """nextafter of two tensors, elementwise."""
def nonzero(input: Tensor, *, out: Tensor | None = ..., as_tuple: _b.bool = ...) -> _Any:
    """The places of the elements that are not 0."""
def nonzero_static(input: Tensor, *, size: _Any, fill_value: Tensor | _Number = ..., out: Tensor | None = ...) -> Tensor:
    """The places of the first `size` elements that are not 0, as rows; `fill_value` for missing."""
def norm(input: Tensor, p: _Number = ..., dim: _Dims | None = ..., keepdim: _b.bool = ..., out: Tensor | None = ..., dtype: _DType | None = ...) -> Tensor:
    """The p-norm of all elements, or along the axes `dim`; "fro" and None stand for 2."""
def normal(mean: _Any = ..., std: _Any = ..., size: _Any = ..., *, generator: _Any = ..., out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """Normal numbers; `mean` and `std` are tensors, or numbers (with `size`, if both are)."""
def not_equal(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """ne of two tensors, or a tensor and a number, elementwise."""
def nuclear_norm(input: Tensor, dim: _Dims = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ...) -> Tensor:
    """The sum of the singular values."""
def numel(input: Tensor) -> _b.int:
    """The number of elements of a tensor."""
def ones(*args: _Any, size: _Any = ..., out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """A tensor of ones."""
def ones_like(input: Tensor, *, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., memory_format: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
    """Ones of the same size."""
def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The outer product of two vectors: (m), (n) -> (m, n)."""
def pairwise_distance(x1: Tensor, x2: Tensor, p: _Number = ..., eps: _Number = ..., keepdim: _b.bool = ...) -> Tensor:
    """``|x1 - x2 + eps|_p`` along the last dimension."""
def pdist(input: Tensor, p: _Number = ...) -> Tensor:
    """The distances of all pairs of rows: the upper triangle of ``cdist(input, input, p)``."""
def permute(input: Tensor, *dims: _Any, **kwargs: _Any) -> Tensor:
    """A view with the axes in another order: axis i is axis ``dims[i]`` of the input."""
def permute_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `permute` views."""
pi: _b.float
def pinverse(input: Tensor, rcond: _Any = ...) -> Tensor:
    """The pseudo-inverse of each matrix of a batch; see `linalg.pinv`."""
def pixel_shuffle(input: Tensor, upscale_factor: _Any) -> Tensor:
    """(*, C r^2, H, W) as (*, C, H r, W r), r the factor; arXiv:1609.05158."""
def pixel_unshuffle(input: Tensor, downscale_factor: _Any) -> Tensor:
    """(*, C, H r, W r) as (*, C r^2, H, W), r the factor: the inverse of `pixel_shuffle`."""
def poisson(input: Tensor, generator: _Any = ...) -> Tensor:
    """Numbers of events, as many on average as `input` says."""
def polygamma(n: _b.int, input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The n-th derivative of `digamma`."""
def positive(input: Tensor) -> Tensor:
    """The tensor itself."""
def pow(input: Tensor, exponent: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """``input ** exponent``, elementwise."""
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`input` where it is positive, else ``weight * input``; one weight, or one a channel."""
preserve_format: _Any
def prod(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The product of all elements, or along the axis `dim`."""
def promote_types(type1: _Any, type2: _Any) -> _DType:
    """The dtype of an operation between tensors of `type1` and `type2`."""
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: _b.bool = ...) -> Tensor:
    """A copy with the elements of `source` at places counted in the flat input."""
def qr(input: Tensor, some: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
    """An orthogonal and an upper triangular factor; see `linalg.qr`."""
def quantile(input: Tensor, q: _Any, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, interpolation: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """The value below which the part `q` of the elements lies."""
def rad2deg(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """Radians to degrees."""
def rad2deg_(self: Tensor) -> Tensor:
    """`rad2deg` in place."""
def rand(*args: _Any, size: _Any = ..., generator: _Any = ..., out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """Numbers uniform in [0, 1)."""
def rand_like(input: Tensor, *, generator: _Any = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., memory_format: _Any = ...) -> Tensor:
    """Numbers uniform in [0, 1), in a tensor of the same size."""
def randint(*args: _Any, low: _Any = ..., high: _Any = ..., size: _Any = ..., generator: _Any = ..., out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """``randint(high, size)`` or ``randint(low, high, size)``: integers in [low, high)."""
def randint_like(input: Tensor, *args: _Any, low: _Any = ..., high: _Any = ..., generator: _Any = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., memory_format: _Any = ...) -> Tensor:
    """Integers in [low, high), in a tensor of the same size."""
def randn(*args: _Any, size: _Any = ..., generator: _Any = ..., out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """Numbers of the standard normal distribution."""
def randn_like(input: Tensor, *, generator: _Any = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., memory_format: _Any = ...) -> Tensor:
    """Normal numbers, in a tensor of the same size."""
def randperm(n: _b.int, *, generator: _Any = ..., out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """A random permutation of the integers below `n`."""
def range(start: _Number = ..., end: Tensor | _Number | None = ..., step: _Number = ..., *, out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ...) -> Tensor:
    """Numbers from `start` to `end`, both included; deprecated for `arange`."""
def ravel(input: Tensor) -> Tensor:
    """The elements in row-major order as one axis; a copy unless they lie so in memory."""
def real(input: Tensor) -> Tensor:
    """The tensor itself: its numbers are real."""
def reciprocal(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """reciprocal of each element."""
def reciprocal_(self: Tensor) -> Tensor:
    """`reciprocal` in place."""
def relu(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """max(input, 0), elementwise; in place when asked."""
def relu_(self: Tensor) -> Tensor:
    """`relu` in place."""
def remainder(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """The remainder with the sign of the divisor, as Python's ``%``."""
def renorm(input: Tensor, p: _Number, dim: _Dims, maxnorm: _Any, *, out: Tensor | None = ...) -> Tensor:
    """The slices along an axis, each scaled down to a p-norm of `maxnorm` if it has a larger one."""
def repeat_interleave(input: Tensor, repeats: _Any = ..., dim: _Dims | None = ..., *, output_size: _Dims | None = ...) -> Tensor:
    """A copy with each place along an axis repeated in turn; without `dim`, of the flat input."""
def reshape(input: Tensor, *shape: _Any, **kwargs: _Any) -> Tensor:
    """The elements in another shape: a view where the strides allow it, else a copy."""
def resize_as_(self: Tensor, the_template: _Any, *, memory_format: _Any = ...) -> Tensor:
    """`resize_` to the size of another tensor."""
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: its numbers are real."""
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: no view is negated lazily."""
def result_type(tensor: Tensor, other: Tensor | _Number) -> _DType:
    """The dtype of an arithmetic operation between two tensors or numbers."""
return_types: _Any
def rms_norm(input: Tensor, normalized_shape: _Any, weight: Tensor | None = ..., eps: _Number | None = ...) -> Tensor:
    """Divide by the root of the mean square; see `minitorch.nn.functional.rms_norm`."""
def rnn_relu(*args: _Any, **kwargs: _Any) -> Tensor:
    """Run an Elman network with relu over sequences; the arguments are :func:`rnn_tanh`'s."""
def rnn_relu_cell(input: Tensor, hx: _Any, w_ih: _Any, w_hh: _Any, b_ih: _Any = ..., b_hh: _Any = ...) -> Tensor:
    """As :func:`rnn_tanh_cell`, with relu."""
def rnn_tanh(*args: _Any, **kwargs: _Any) -> Tensor:
    """Run an Elman network with tanh over sequences; what ``nn.RNN`` calls."""
def rnn_tanh_cell(input: Tensor, hx: _Any, w_ih: _Any, w_hh: _Any, b_ih: _Any = ..., b_hh: _Any = ...) -> Tensor:
    """Return ``tanh(w_ih @ x + b_ih + w_hh @ h + b_hh)`` for each row of the batch."""
def roll(input: Tensor, shifts: _Dims, dims: _Dims | None = ...) -> Tensor:
    """A copy whose elements are moved on by `shifts` along `dims`, those at the end to the front."""
def rot90(input: Tensor, k: _b.int = ..., dims: _Dims = ...) -> Tensor:
    """A copy turned `k` times by 90 degrees in the plane of two axes, from the first to the second."""
def round(input: Tensor, *, decimals: _b.int = ..., out: Tensor | None = ...) -> Tensor:
    """The nearest integer, halves to even; `decimals` counts digits after the point."""
def round_(self: Tensor, *, decimals: _b.int = ...) -> Tensor:
    """`round` in place."""
def row_stack(tensors: _Sequence[Tensor], *, out: Tensor | None = ...) -> Tensor:
    """Another name of `vstack`."""
def rrelu(input: Tensor, lower: _Any = ..., upper: _Any = ..., training: _b.bool = ..., generator: _Any = ...) -> Tensor:
    """A leaky_relu with slopes drawn from U(lower, upper); outside training their mean."""
def rrelu_(input: Tensor, lower: _Any = ..., upper: _Any = ..., training: _b.bool = ..., generator: _Any = ...) -> Tensor:
    """`rrelu` in place."""
def rsqrt(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """rsqrt of each element."""
def rsqrt_(self: Tensor) -> Tensor:
    """`rsqrt` in place."""
def rsub(input: Tensor, other: Tensor | _Number, *, alpha: _Number = ...) -> Tensor:
    """``other - alpha * input``."""
def save(obj: _Any, f: _Any, pickle_module: _Any = ..., pickle_protocol: _Any = ..., _use_new_zipfile_serialization: _Any = ...) -> None:
    """Save an object to a file that ``torch.load(weights_only=True)`` opens."""
def scalar_tensor(s: _Any, *, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ...) -> Tensor:
    """A 0-d tensor of a number."""
def scatter(input: Tensor, dim: _Dims, index: Tensor, src: Tensor | None = ..., *, value: Tensor | _Number | None = ..., reduce: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """A copy with ``out[index[i][j]][j] = src[i][j]`` for dim 0, and so on."""
def scatter_add(input: Tensor, dim: _Dims, index: Tensor, src: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """A copy with ``out[index[i][j]][j] += src[i][j]`` for dim 0, and so on."""
def scatter_reduce(input: Tensor, dim: _Dims, index: Tensor, src: Tensor, reduce: _Any, *, include_self: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """A copy with ``src[i][j]`` reduced into ``out[index[i][j]][j]`` for dim 0, and so on."""
def searchsorted(sorted_sequence: _Any, input: Tensor, *, out_int32: _Any = ..., right: _Any = ..., side: _Any = ..., sorter: _Any = ..., out: Tensor | None = ...) -> Tensor:
    """Where values would have to be put into sorted ones so that these stay sorted."""
def seed() -> _b.int:
    """Start the default generator from a seed of the system, and return that."""
def select(input: Tensor, dim: _Dims, index: Tensor) -> Tensor:
    """The view at place `index` along axis `dim`, which goes away."""
def select_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `select` views."""
def select_scatter(input: Tensor, src: Tensor, dim: _Dims, index: Tensor) -> Tensor:
    """A copy with `src` in place of ``input.select(dim, index)``."""
def selu(input: Tensor, inplace: _b.bool = ...) -> Tensor:
    """elu with the two constants for which a network normalises itself."""
def selu_(input: Tensor) -> Tensor:
    """`selu` in place."""
def set_anomaly_enabled(mode: _b.str, check_nan: _Any = ...) -> None:
    """Switch anomaly mode, for all threads."""
def set_default_device(device: _Any) -> Tensor:
    """Set the device that factory functions use; there is only the CPU."""
def set_default_dtype(d: _Any) -> None:
    """Set the dtype that Python floats become."""
def set_default_tensor_type(t: _Any) -> Tensor:
    """Set the default dtype by a typed constructor, such as `DoubleTensor`, or its name."""
def set_deterministic_debug_mode(debug_mode: _Any) -> Tensor:
    """Nothing to choose: no operation is nondeterministic, so none warns or fails in any mode."""
def set_float32_matmul_precision(precision: _Any) -> Tensor:
    """How exact products must be at least; they are computed in float32 in any case."""
def set_flush_denormal(mode: _b.str) -> Tensor:
    """False, as where the processor cannot do it: small numbers are kept."""
def set_num_interop_threads(num: _Any) -> Tensor:
    """How many operations may run at once, at most; here it is one, within any such limit."""
def set_num_threads(n: _b.int) -> None:
    """Run kernels on `n` threads (at most 256)."""
def set_printoptions(precision: _Any = ..., threshold: _Number | None = ..., edgeitems: _Any = ..., linewidth: _Any = ..., profile: _Any = ..., sci_mode: _Any = ...) -> None:
    """Set how tensors are printed."""
def set_rng_state(new_state: _Any) -> None:
    """Set the state of the default generator."""
def sgn(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """The sign of each element; other than `sign` for complex numbers only."""
short: dtype
def sigmoid(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """sigmoid of each element."""
def sigmoid_(self: Tensor) -> Tensor:
    """`sigmoid` in place."""
def sign(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """sign of each element."""
def signbit(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """True for negative elements, -0.0 among them."""
def sin(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """sin of each element."""
def sin_(self: Tensor) -> Tensor:
    """`sin` in place."""
def sinc(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """sinc of each element."""
def sinc_(self: Tensor) -> Tensor:
    """`sinc` in place."""
def sinh(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """sinh of each element."""
def sinh_(self: Tensor) -> Tensor:
    """`sinh` in place."""
def slice_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `slice` views."""
def slice_scatter(input: Tensor, src: Tensor, dim: _Dims = ..., start: _Number | None = ..., end: Tensor | _Number | None = ..., step: _Number = ..., *, out: Tensor | None = ...) -> Tensor:
    """A copy with `src` in place of the slice ``start:end:step`` of an axis."""
def slogdet(A: _Any, *, out: Tensor | None = ...) -> Tensor:
    """Sign, and logarithm of the absolute value, of the determinant of each matrix."""
def softmax(input: Tensor, dim: _Dims | None = ..., dtype: _DType | None = ..., *, out: Tensor | None = ...) -> Tensor:
    """exp(x) / sum exp(x) along `dim`."""
def sort(input: Tensor, dim: _Dims = ..., descending: _b.bool = ..., stable: _b.bool = ..., *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
    """The elements in order along an axis, and where they were."""
def split(tensor: Tensor, split_size_or_sections: _Any = ..., dim: _Dims = ..., *, split_size: _Any = ...) -> tuple[Tensor, ...]:
    """Cut into views along an axis."""
def split_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `split` views."""
def split_with_sizes(input: Tensor, split_sizes: _Any, dim: _Dims = ...) -> tuple[Tensor, ...]:
    """Cut into views of the given sizes along an axis."""
def split_with_sizes_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `split_with_sizes` views."""
def sqrt(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """sqrt of each element."""
def sqrt_(self: Tensor) -> Tensor:
    """`sqrt` in place."""
def square(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """square of each element."""
def square_(self: Tensor) -> Tensor:
    """`square` in place."""
def squeeze(input: Tensor, dim: _Dims | None = ...) -> Tensor:
    """A view without the axes of size 1: all of them, or those that `dim` names."""
def squeeze_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `squeeze` views."""
def stack(tensors: _Sequence[Tensor], dim: _Dims = ..., *, out: Tensor | None = ...) -> Tensor:
    """Join tensors of one shape along a new axis at place `dim`."""
def std(input: Tensor, dim: _Dims | None = ..., unbiased: _b.bool | None = ..., keepdim: _b.bool = ..., *, correction: _Any = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The square root of the variance; arguments as in `var`."""
def std_mean(input: Tensor, dim: _Dims | None = ..., unbiased: _b.bool | None = ..., keepdim: _b.bool = ..., *, correction: _Any = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> tuple[Tensor, ...]:
    """The pair (standard deviation, mean); arguments as in `var`."""
strided: _Any
def sub(input: Tensor, other: Tensor | _Number, *, alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
    """``input - alpha * other``, broadcast and promoted."""
def subtract(input: Tensor, other: Tensor | _Number, *, alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
    """``input - alpha * other``, broadcast and promoted."""
def sum(input: Tensor, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The sum of all elements, or along the axes `dim`."""
def svd(input: Tensor, some: _Any = ..., compute_uv: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
    """Singular values and vectors: ``input = U diag(S) V.mT``; see `linalg.svd`."""
def swapaxes(input: Tensor, axis0: _Any, axis1: _Any) -> Tensor:
    """`transpose` under numpy's name."""
def swapdims(input: Tensor, dim0: _b.int, dim1: _b.int) -> Tensor:
    """`transpose` under another name."""
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; tensors of fewer axes as they are."""
def t_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `t` views."""
def take(input: Tensor, index: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """Elements at `index`, counted in row-major order, in the shape of `index`."""
def take_along_dim(input: Tensor, indices: _Any, dim: _Dims | None = ..., *, out: Tensor | None = ...) -> Tensor:
    """`gather` with the two broadcast but along `dim`; without `dim`, of the flat input."""
def tan(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """tan of each element."""
def tan_(self: Tensor) -> Tensor:
    """`tan` in place."""
def tanh(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """tanh of each element."""
def tanh_(self: Tensor) -> Tensor:
    """`tanh` in place."""
def tensor(data: _Any, *, dtype: _DType | None = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """A new tensor with a copy of `data`."""
def tensor_split(input: Tensor, indices_or_sections: _Any = ..., dim: _Dims = ..., *, indices: _Any = ..., sections: _Any = ..., tensor_indices_or_sections: _Any = ...) -> tuple[Tensor, ...]:
    """Cut into views along an axis, at the given places or into parts of nearly equal size."""
def tensordot(a: _Any, b: _Any, dims: _Dims = ..., out: Tensor | None = ...) -> Tensor:
    """Sums of products over pairs of axes."""
def threshold(input: Tensor, threshold: _Number, value: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """`input` where it is above `threshold`, else `value`."""
def threshold_(input: Tensor, threshold: _Number, value: Tensor | _Number) -> Tensor:
    """`threshold` in place."""
def tile(input: Tensor, *dims: _Any) -> Tensor:
    """`repeat`, where missing leading numbers are 1."""
def topk(input: Tensor, k: _b.int, dim: _Dims = ..., largest: _b.bool = ..., sorted: _b.bool = ..., *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
    """The `k` largest (or smallest) elements along an axis, and where they were."""
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix; integers are summed as int64."""
def transpose(input: Tensor, dim0: _b.int, dim1: _b.int) -> Tensor:
    """A view with two axes exchanged."""
def transpose_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `transpose` views."""
def trapezoid(y: _Any, x: _Any = ..., *, dx: _Any = ..., dim: _Dims = ...) -> Tensor:
    """The integral along an axis by the trapezoidal rule."""
def trapz(y: _Any, x: _Any = ..., *, dx: _Any = ..., dim: _Dims = ...) -> Tensor:
    """Another name of `trapezoid`."""
def tril(input: Tensor, diagonal: _b.int = ..., *, out: Tensor | None = ...) -> Tensor:
    """A copy of the lower triangle of the last two axes, up to a diagonal; zeros above."""
def tril_indices(row: _Any, col: _Any, offset: _b.int = ..., *, dtype: _DType = ..., device: _Any = ..., layout: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
    """The places of the lower triangle of a (row, col) matrix: (2, n), row by row."""
def triu(input: Tensor, diagonal: _b.int = ..., *, out: Tensor | None = ...) -> Tensor:
    """A copy of the upper triangle of the last two axes, from a diagonal on; zeros below."""
def triu_indices(row: _Any, col: _Any, offset: _b.int = ..., *, dtype: _DType = ..., device: _Any = ..., layout: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
    """The places of the upper triangle of a (row, col) matrix: (2, n), row by row."""
def true_divide(input: Tensor, other: Tensor | _Number, *, rounding_mode: _b.str | None = ..., out: Tensor | None = ...) -> Tensor:
    """``input / other``; with `rounding_mode` "floor" or "trunc" rounded, in the common dtype."""
def trunc(input: Tensor, *, out: Tensor | None = ...) -> Tensor:
    """trunc of each element."""
def trunc_(self: Tensor) -> Tensor:
    """`trunc` in place."""
def typename(obj: _Any) -> _b.str:
    """The name of a tensor's type (``torch.FloatTensor``), or the dotted name of any other."""
uint8: dtype
def unbind(input: Tensor, dim: _Dims = ...) -> tuple[Tensor, ...]:
    """Views of all places along an axis, which goes away; a tuple."""
def unbind_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `unbind` views."""
def unflatten(input: Tensor, dim: _Dims, sizes: _Any) -> Tensor:
    """Cut one axis into several; one of `sizes` may be -1."""
def unfold_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `unfold` views."""
def unique(input: Tensor, sorted: _b.bool = ..., return_inverse: _b.bool = ..., return_counts: _b.bool = ..., dim: _Dims | None = ...) -> _Any:
    """The different elements in order, or the different places along an axis."""
def unique_consecutive(input: Tensor, return_inverse: _b.bool = ..., return_counts: _b.bool = ..., dim: _Dims | None = ...) -> _Any:
    """The elements without repetitions of the one before, or so the places along an axis."""
def unravel_index(indices: _Any, shape: _Any) -> Tensor:
    """Places in a flat tensor as one index for each axis of `shape`."""
def unsafe_chunk(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `unsafe_chunk` views."""
def unsafe_split(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `unsafe_split` views."""
def unsafe_split_with_sizes(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `unsafe_split_with_sizes` views."""
def unsqueeze(input: Tensor, dim: _Dims) -> Tensor:
    """A view with a new axis of size 1 at place `dim`."""
def unsqueeze_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `unsqueeze` views."""
def use_deterministic_algorithms(mode: _b.str, *, warn_only: _Any = ...) -> Tensor:
    """Nothing to choose: the same inputs give the same bits in any mode."""
def vander(x: _Any, N: _Any = ..., increasing: _Any = ...) -> Tensor:
    """Powers of a vector's elements as columns, the highest first unless `increasing`."""
def var(input: Tensor, dim: _Dims | None = ..., unbiased: _b.bool | None = ..., keepdim: _b.bool = ..., *, correction: _Any = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
    """The variance of all elements, or along the axes `dim`."""
def var_mean(input: Tensor, dim: _Dims | None = ..., unbiased: _b.bool | None = ..., keepdim: _b.bool = ..., *, correction: _Any = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> tuple[Tensor, ...]:
    """The pair (variance, mean); arguments as in `var`."""
def vdot(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """The inner product of two vectors; without complex numbers the same as `dot`."""
def view_copy(input: Tensor, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
    """A copy of what `view` views."""
def vsplit(input: Tensor, *args: _Any, indices_or_sections: _Any = ..., indices: _Any = ..., sections: _Any = ...) -> tuple[Tensor, ...]:
    """`tensor_split` into equal parts, or at indices, along the axis of `vsplit`."""
def vstack(tensors: _Sequence[Tensor], *, out: Tensor | None = ...) -> Tensor:
    """Join one below the other: along axis 0, after `atleast_2d`."""
def where(condition: Tensor, input: Tensor | None = ..., other: Tensor | _Number | None = ..., *, out: Tensor | None = ...) -> Tensor:
    """`input` where `condition` is true, else `other`; alone, the indices of true elements."""
def xlogy(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
    """xlogy of two tensors, elementwise."""
def xlogy_(self: Tensor, other: Tensor | _Number) -> Tensor:
    """`xlogy` in place."""
def zero_(input: Tensor) -> Tensor:
    """Set every element to 0; returns the tensor."""
def zeros(*args: _Any, size: _Any = ..., out: Tensor | None = ..., dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., pin_memory: _b.bool = ...) -> Tensor:
    """A tensor of zeros."""
def zeros_like(input: Tensor, *, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., requires_grad: _b.bool = ..., memory_format: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
    """Zeros of the same size."""
_DType = dtype
