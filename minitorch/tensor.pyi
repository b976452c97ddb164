"""Written by tools/make_stubs.py."""

import builtins as _b
from collections.abc import Callable as _Callable
from collections.abc import Iterator as _Iterator
from collections.abc import Sequence as _Sequence
from typing import Any as _Any

import numpy as _np

from minitorch import Size as Size
from minitorch import dtype as _DType
from minitorch._core.device import check_device as check_device
from minitorch._hooks import HookTable as HookTable
from minitorch.utils.hooks import RemovableHandle as RemovableHandle

_Number = _b.int | _b.float | _b.bool
_Dims = _b.int | _Sequence[_b.int]

class Tensor:
    """A multi-dimensional array of numbers of one dtype, which autograd can follow."""
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...
    @property
    def H(self) -> Tensor: ...
    @property
    def T(self) -> Tensor: ...
    def __abs__(self) -> Tensor: ...
    def __add__(self, other: _Any) -> Tensor: ...
    def __and__(self, other: _Any) -> Tensor: ...
    def __array__(self, dtype: _Any = ..., copy: _Any = ...) -> _np.ndarray: ...
    def __bool__(self) -> _b.bool: ...
    def __contains__(self, element: _Any) -> _b.bool: ...
    def __delitem__(self, index: _Any) -> None: ...
    def __eq__(self, other: _Any) -> Tensor: ...  # type: ignore[override]
    def __float__(self) -> _b.float: ...
    def __floordiv__(self, other: _Any) -> Tensor: ...
    def __format__(self, spec: _b.str) -> _b.str: ...
    def __ge__(self, other: _Any) -> Tensor: ...
    def __getitem__(self, index: _Any) -> Tensor: ...
    def __gt__(self, other: _Any) -> Tensor: ...
    def __iadd__(self, other: _Any) -> Tensor: ...
    def __iand__(self, other: _Any) -> Tensor: ...
    def __ifloordiv__(self, other: _Any) -> Tensor: ...
    def __ilshift__(self, other: _Any) -> Tensor: ...
    def __imod__(self, other: _Any) -> Tensor: ...
    def __imul__(self, other: _Any) -> Tensor: ...
    def __index__(self) -> _b.int: ...
    def __int__(self) -> _b.int: ...
    def __invert__(self) -> Tensor: ...
    def __ior__(self, other: _Any) -> Tensor: ...
    def __ipow__(self, other: _Any) -> Tensor: ...
    def __irshift__(self, other: _Any) -> Tensor: ...
    def __isub__(self, other: _Any) -> Tensor: ...
    def __iter__(self) -> _Iterator[Tensor]: ...
    def __itruediv__(self, other: _Any) -> Tensor: ...
    def __ixor__(self, other: _Any) -> Tensor: ...
    def __le__(self, other: _Any) -> Tensor: ...
    def __len__(self) -> _b.int: ...
    def __lshift__(self, other: _Any) -> Tensor: ...
    def __lt__(self, other: _Any) -> Tensor: ...
    def __matmul__(self, other: _Any) -> Tensor: ...
    def __mod__(self, other: _Any) -> Tensor: ...
    def __mul__(self, other: _Any) -> Tensor: ...
    def __ne__(self, other: _Any) -> Tensor: ...  # type: ignore[override]
    def __neg__(self) -> Tensor: ...
    def __or__(self, other: _Any) -> Tensor: ...
    def __pos__(self) -> Tensor: ...
    def __pow__(self, other: _Any) -> Tensor: ...
    def __radd__(self, other: _Any) -> Tensor: ...
    def __rand__(self, other: _Any) -> Tensor: ...
    def __repr__(self) -> _b.str: ...
    def __reversed__(self) -> _Iterator[Tensor]: ...
    def __rfloordiv__(self, other: _Any) -> Tensor: ...
    def __rlshift__(self, other: _Any) -> Tensor: ...
    def __rmatmul__(self, other: _Any) -> Tensor: ...
    def __rmod__(self, other: _Any) -> Tensor: ...
    def __rmul__(self, other: _Any) -> Tensor: ...
    def __ror__(self, other: _Any) -> Tensor: ...
    def __rpow__(self, other: _Any) -> Tensor: ...
    def __rrshift__(self, other: _Any) -> Tensor: ...
    def __rshift__(self, other: _Any) -> Tensor: ...
    def __rsub__(self, other: _Any) -> Tensor: ...
    def __rtruediv__(self, other: _Any) -> Tensor: ...
    def __rxor__(self, other: _Any) -> Tensor: ...
    def __setitem__(self, index: _Any, value: _Any) -> None: ...
    def __sub__(self, other: _Any) -> Tensor: ...
    def __truediv__(self, other: _Any) -> Tensor: ...
    def __xor__(self, other: _Any) -> Tensor: ...
    def abs(self, *, out: Tensor | None = ...) -> Tensor:
        """abs of each element."""
    def abs_(self) -> Tensor:
        """`abs` in place."""
    def absolute(self, *, out: Tensor | None = ...) -> Tensor:
        """abs of each element."""
    def absolute_(self) -> Tensor:
        """`abs` in place."""
    def acos(self, *, out: Tensor | None = ...) -> Tensor:
        """acos of each element."""
    def acos_(self) -> Tensor:
        """`acos` in place."""
    def acosh(self, *, out: Tensor | None = ...) -> Tensor:
        """acosh of each element."""
    def acosh_(self) -> Tensor:
        """`acosh` in place."""
    def add(self, other: Tensor | _Number, *, alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
        """``input + alpha * other``, broadcast and promoted."""
    def add_(self, other: Tensor | _Number, *, alpha: _Number = ...) -> Tensor:
        """`add` in place."""
    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
        """``beta * input + alpha * (batch1 @ batch2).sum(0)``, `input` broadcast."""
    def addbmm_(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """`addbmm` in place."""
    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: Tensor | _Number = ..., out: Tensor | None = ...) -> Tensor:
        """``input + value * tensor1 / tensor2``."""
    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: Tensor | _Number = ...) -> Tensor:
        """`addcdiv` in place."""
    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: Tensor | _Number = ..., out: Tensor | None = ...) -> Tensor:
        """``input + value * tensor1 * tensor2``."""
    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: Tensor | _Number = ...) -> Tensor:
        """`addcmul` in place."""
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
        """``beta * input + alpha * mat1 @ mat2``, `input` broadcast."""
    def addmm_(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """`addmm` in place."""
    def addmv(self, mat: Tensor, vec: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
        """``beta * input + alpha * mat @ vec``."""
    def addmv_(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """`addmv` in place."""
    def addr(self, vec1: _Any, vec2: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
        """``beta * input + alpha * outer(vec1, vec2)``, `input` broadcast."""
    def addr_(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """`addr` in place."""
    def adjoint(self) -> Tensor:
        """The matrices transposed; without complex numbers the same as `mT`."""
    def all(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """True if all elements (along the axes `dim`) are nonzero; uint8 for uint8."""
    def allclose(self, other: Tensor | _Number, rtol: _Number = ..., atol: _Number = ..., equal_nan: _b.bool = ...) -> _b.bool:
        """True if all elements are close; see `isclose`."""
    def amax(self, dim: _Dims = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The largest element, of all or along the axes `dim`; equal ones share the gradient."""
    def amin(self, dim: _Dims = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The smallest element; see `amax`."""
    def aminmax(self, *, dim: _Dims | None = ..., keepdim: _b.bool = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> tuple[Tensor, ...]:
        """The smallest and the largest element, of all or along one axis."""
    def any(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """True if any element (along the axes `dim`) is nonzero; uint8 for uint8."""
    def apply_(self, callable: _Any) -> _Any:
        """Replace each element with ``callable(element)``; slow."""
    def arccos(self, *, out: Tensor | None = ...) -> Tensor:
        """acos of each element."""
    def arccos_(self) -> Tensor:
        """`acos` in place."""
    def arccosh(self, *, out: Tensor | None = ...) -> Tensor:
        """acosh of each element."""
    def arccosh_(self) -> Tensor:
        """`acosh` in place."""
    def arcsin(self, *, out: Tensor | None = ...) -> Tensor:
        """asin of each element."""
    def arcsin_(self) -> Tensor:
        """`asin` in place."""
    def arcsinh(self, *, out: Tensor | None = ...) -> Tensor:
        """asinh of each element."""
    def arcsinh_(self) -> Tensor:
        """`asinh` in place."""
    def arctan(self, *, out: Tensor | None = ...) -> Tensor:
        """atan of each element."""
    def arctan2(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """The angle of the points (other, input), in radians from -pi to pi."""
    def arctan2_(self, other: Tensor | _Number) -> Tensor:
        """`atan2` in place."""
    def arctan_(self) -> Tensor:
        """`atan` in place."""
    def arctanh(self, *, out: Tensor | None = ...) -> Tensor:
        """atanh of each element."""
    def arctanh_(self) -> Tensor:
        """`atanh` in place."""
    def argmax(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The index of the first largest element: of the flattened tensor, or along an axis."""
    def argmin(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The index of the first smallest element; see `argmax`."""
    def argsort(self, dim: _Dims = ..., descending: _b.bool = ..., *, stable: _b.bool = ...) -> Tensor:
        """The places of the elements in order along an axis; see `sort`."""
    def argwhere(self) -> Tensor:
        """The places of the elements that are not 0, as rows."""
    def as_strided(self, size: _Any, stride: _Dims, storage_offset: _Any = ...) -> Tensor:
        """A view of any elements of the storage."""
    def as_strided_(self, size: _Any, stride: _Dims, storage_offset: _Any = ...) -> Tensor:
        """`as_strided` in place: the tensor shows other elements of its storage."""
    def as_strided_scatter(self, src: Tensor, size: _Any, stride: _Dims, storage_offset: _Any = ...) -> Tensor:
        """A copy with `src` in place of ``input.as_strided(size, stride, storage_offset)``."""
    def as_subclass(self, cls: _Any) -> Tensor:
        """The same elements as an instance of a subclass of Tensor."""
    def asin(self, *, out: Tensor | None = ...) -> Tensor:
        """asin of each element."""
    def asin_(self) -> Tensor:
        """`asin` in place."""
    def asinh(self, *, out: Tensor | None = ...) -> Tensor:
        """asinh of each element."""
    def asinh_(self) -> Tensor:
        """`asinh` in place."""
    def atan(self, *, out: Tensor | None = ...) -> Tensor:
        """atan of each element."""
    def atan2(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """The angle of the points (other, input), in radians from -pi to pi."""
    def atan2_(self, other: Tensor | _Number) -> Tensor:
        """`atan2` in place."""
    def atan_(self) -> Tensor:
        """`atan` in place."""
    def atanh(self, *, out: Tensor | None = ...) -> Tensor:
        """atanh of each element."""
    def atanh_(self) -> Tensor:
        """`atanh` in place."""
    def backward(self, gradient: _Any = ..., retain_graph: _Any = ..., create_graph: _Any = ..., inputs: _Any = ...) -> None:
        """Compute the gradients of the leaves below this tensor."""
    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: _Number = ..., alpha: _Number = ..., out: Tensor | None = ..., out_dtype: _Any = ...) -> Tensor:
        """``beta * input + alpha * batch1 @ batch2``, `input` broadcast."""
    def baddbmm_(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """`baddbmm` in place."""
    def bernoulli(self, p: _Number | None = ..., *, generator: _Any = ..., out: Tensor | None = ...) -> Tensor:
        """Zeros and ones: ones with the probabilities that `input` holds, or all with `p`."""
    def bernoulli_(self, p: _Number = ..., *, generator: _Any = ...) -> Tensor:
        """Fill with ones of probability `p` (a number or a tensor), else zeros."""
    def bfloat16(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype bfloat16; itself when it has it."""
    def bincount(self, weights: _Any = ..., minlength: _Any = ...) -> Tensor:
        """How often each number from 0 occurs in a vector of integers."""
    def bitwise_and(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """bitwise_and of two tensors, or a tensor and a number, elementwise."""
    def bitwise_and_(self, other: Tensor | _Number) -> Tensor:
        """`bitwise_and` in place."""
    def bitwise_left_shift(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """bitwise_left_shift of two tensors, or a tensor and a number, elementwise."""
    def bitwise_left_shift_(self, other: Tensor | _Number) -> Tensor:
        """`bitwise_left_shift` in place."""
    def bitwise_not(self, *, out: Tensor | None = ...) -> Tensor:
        """bitwise_not of each element."""
    def bitwise_not_(self) -> Tensor:
        """`bitwise_not` in place."""
    def bitwise_or(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """bitwise_or of two tensors, or a tensor and a number, elementwise."""
    def bitwise_or_(self, other: Tensor | _Number) -> Tensor:
        """`bitwise_or` in place."""
    def bitwise_right_shift(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """bitwise_right_shift of two tensors, or a tensor and a number, elementwise."""
    def bitwise_right_shift_(self, other: Tensor | _Number) -> Tensor:
        """`bitwise_right_shift` in place."""
    def bitwise_xor(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """bitwise_xor of two tensors, or a tensor and a number, elementwise."""
    def bitwise_xor_(self, other: Tensor | _Number) -> Tensor:
        """`bitwise_xor` in place."""
    def bmm(self, mat2: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """The products of two batches of matrices: (b, m, k) . (b, k, n) -> (b, m, n)."""
    def bool(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype bool; itself when it has it."""
    def broadcast_to(self, size: _Any) -> Tensor:
        """`expand` as a function: ``broadcast_to(x, (2, 3))``."""
    def byte(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype uint8; itself when it has it."""
    def cauchy_(self, median: _Any = ..., sigma: _Any = ..., *, generator: _Any = ...) -> Tensor:
        """Fill with numbers of Cauchy's distribution."""
    def ceil(self, *, out: Tensor | None = ...) -> Tensor:
        """ceil of each element."""
    def ceil_(self) -> Tensor:
        """`ceil` in place."""
    def char(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype int8; itself when it has it."""
    def cholesky(self, upper: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
        """The triangular root of each positive-definite matrix; see `linalg.cholesky`."""
    def chunk(self, chunks: _b.int, dim: _Dims = ...) -> tuple[Tensor, ...]:
        """Cut into at most `chunks` views of equal size along an axis; the last may be smaller."""
    def clamp(self, min: Tensor | _Number | None = ..., max: Tensor | _Number | None = ..., *, out: Tensor | None = ...) -> Tensor:
        """Limit each element to [min, max]; the bounds are numbers or tensors."""
    def clamp_(self, min: Tensor | _Number | None = ..., max: Tensor | _Number | None = ...) -> Tensor:
        """`clamp` in place."""
    def clamp_max(self, max: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """Limit each element from above."""
    def clamp_max_(self, max: Tensor | _Number) -> Tensor:
        """`clamp_max` in place."""
    def clamp_min(self, min: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """Limit each element from below."""
    def clamp_min_(self, min: Tensor | _Number) -> Tensor:
        """`clamp_min` in place."""
    def clip(self, min: Tensor | _Number | None = ..., max: Tensor | _Number | None = ..., *, out: Tensor | None = ...) -> Tensor:
        """Limit each element to [min, max]; the bounds are numbers or tensors."""
    def clip_(self, min: Tensor | _Number | None = ..., max: Tensor | _Number | None = ...) -> Tensor:
        """`clamp` in place."""
    def clone(self, *, memory_format: _Any = ...) -> Tensor:
        """A copy; gradients pass through it."""
    def conj(self) -> Tensor:
        """The tensor itself: its numbers are real."""
    def conj_physical(self, *, out: Tensor | None = ...) -> Tensor:
        """The numbers themselves, or a copy in `out`: they are real."""
    def contiguous(self, memory_format: _Any = ...) -> Tensor:
        """The tensor itself if its elements lie in memory in that order, else a copy."""
    def copy_(self, src: Tensor, non_blocking: _b.bool = ...) -> Tensor:
        """Copy the elements of `src` into this tensor, cast and broadcast; returns the tensor."""
    def copysign(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """copysign of two tensors, elementwise."""
    def copysign_(self, other: Tensor | _Number) -> Tensor:
        """`copysign` in place."""
    def corrcoef(self) -> Tensor:
        """Pearson's correlation coefficients of variables; see `cov`."""
    def cos(self, *, out: Tensor | None = ...) -> Tensor:
        """cos of each element."""
    def cos_(self) -> Tensor:
        """`cos` in place."""
    def cosh(self, *, out: Tensor | None = ...) -> Tensor:
        """cosh of each element."""
    def cosh_(self) -> Tensor:
        """`cosh` in place."""
    def count_nonzero(self, dim: _Dims | None = ..., *, axis: _Any = ...) -> Tensor:
        """How many elements are not zero, in all or along the axes `dim`, as int64."""
    def cov(self, *, correction: _Any = ..., fweights: _Any = ..., aweights: _Any = ...) -> Tensor:
        """The covariances of variables, of which each column is one observation."""
    def cpu(self, memory_format: _Any = ...) -> Tensor:
        """The tensor itself: it is on the CPU."""
    def cross(self, other: Tensor | _Number, dim: _Dims | None = ..., *, out: Tensor | None = ...) -> Tensor:
        """The vector product along an axis of size 3; without `dim`, the first one of that size."""
    def cuda(self, *args: _Any, **kwargs: _Any) -> Tensor: ...
    def cummax(self, dim: _Dims, *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
        """The largest element so far along an axis, and its place."""
    def cummin(self, dim: _Dims, *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
        """The smallest element so far along an axis, and its place; see `cummax`."""
    def cumprod(self, dim: _Dims | None = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ...) -> Tensor:
        """Running products along an axis; arguments as in `cumsum`."""
    def cumprod_(self, dim: _Dims | None = ..., *, dtype: _DType | None = ..., axis: _Any = ...) -> Tensor:
        """`cumprod` in place."""
    def cumsum(self, dim: _Dims | None = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ...) -> Tensor:
        """Running sums along an axis."""
    def cumsum_(self, dim: _Dims | None = ..., *, dtype: _DType | None = ..., axis: _Any = ...) -> Tensor:
        """`cumsum` in place."""
    @property
    def data(self) -> Tensor: ...
    @data.setter
    def data(self, value: Tensor) -> None: ...
    def data_ptr(self) -> _b.int:
        """Address of the first element.  What is written there later is not noticed."""
    def deg2rad(self, *, out: Tensor | None = ...) -> Tensor:
        """Degrees to radians."""
    def deg2rad_(self) -> Tensor:
        """`deg2rad` in place."""
    def det(self, *, out: Tensor | None = ...) -> Tensor:
        """The determinant of each matrix of a batch; differentiable where that is not 0."""
    def detach(self) -> Tensor:
        """The same elements, which gradients do not pass; changes in place are seen by both."""
    def detach_(self) -> Tensor:
        """Cut the tensor itself off the graph that made it."""
    @property
    def device(self) -> _Any: ...
    def diag(self, diagonal: _b.int = ..., *, out: Tensor | None = ...) -> Tensor:
        """A matrix with the input on a diagonal, or a copy of a matrix's diagonal."""
    def diag_embed(self, offset: _b.int = ..., dim1: _b.int = ..., dim2: _b.int = ...) -> Tensor:
        """Zeros with the last axis of the input on a diagonal of the axes `dim1` and `dim2`."""
    def diagflat(self, offset: _b.int = ...) -> Tensor:
        """A matrix with the elements of the flat input on a diagonal."""
    def diagonal(self, offset: _b.int = ..., dim1: _b.int = ..., dim2: _b.int = ...) -> Tensor:
        """The view of a diagonal of the axes `dim1` and `dim2`, as the last axis."""
    def diagonal_scatter(self, src: Tensor, offset: _b.int = ..., dim1: _b.int = ..., dim2: _b.int = ...) -> Tensor:
        """A copy with `src` in place of ``input.diagonal(offset, dim1, dim2)``."""
    def diff(self, n: _b.int = ..., dim: _Dims = ..., prepend: _Any = ..., append: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
        """The `n`-th differences of neighbours along an axis; those of bools tell where they change."""
    def digamma(self, *, out: Tensor | None = ...) -> Tensor:
        """digamma of each element."""
    def digamma_(self) -> Tensor:
        """`digamma` in place."""
    def dim(self) -> _b.int:
        """Number of dimensions."""
    def dim_order(self, *, ambiguity_check: _Any = ...) -> _Any:
        """The axes from the outermost in memory to the innermost."""
    def dist(self, other: Tensor | _Number, p: _Number = ...) -> Tensor:
        """The p-norm of the difference of two tensors, which are broadcast."""
    def div(self, other: Tensor | _Number, *, rounding_mode: _b.str | None = ..., out: Tensor | None = ...) -> Tensor:
        """``input / other``; with `rounding_mode` "floor" or "trunc" rounded, in the common dtype."""
    def div_(self, other: Tensor | _Number, *, rounding_mode: _b.str | None = ...) -> Tensor:
        """`div` in place."""
    def divide(self, other: Tensor | _Number, *, rounding_mode: _b.str | None = ..., out: Tensor | None = ...) -> Tensor:
        """``input / other``; with `rounding_mode` "floor" or "trunc" rounded, in the common dtype."""
    def divide_(self, other: Tensor | _Number, *, rounding_mode: _b.str | None = ...) -> Tensor:
        """`div` in place."""
    def dot(self, tensor: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """The inner product of two vectors."""
    def double(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype float64; itself when it has it."""
    def dsplit(self, *args: _Any, indices_or_sections: _Any = ..., indices: _Any = ..., sections: _Any = ...) -> tuple[Tensor, ...]:
        """`tensor_split` into equal parts, or at indices, along the axis of `dsplit`."""
    @property
    def dtype(self) -> _DType: ...
    def element_size(self) -> _b.int:
        """Bytes of one element."""
    def eq(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """eq of two tensors, or a tensor and a number, elementwise."""
    def eq_(self, other: Tensor | _Number) -> Tensor:
        """`eq` in place."""
    def equal(self, other: Tensor | _Number) -> _b.bool:
        """True if both tensors have the same shape and the same elements; dtypes are promoted."""
    def erf(self, *, out: Tensor | None = ...) -> Tensor:
        """erf of each element."""
    def erf_(self) -> Tensor:
        """`erf` in place."""
    def erfc(self, *, out: Tensor | None = ...) -> Tensor:
        """erfc of each element."""
    def erfc_(self) -> Tensor:
        """`erfc` in place."""
    def erfinv(self, *, out: Tensor | None = ...) -> Tensor:
        """erfinv of each element."""
    def erfinv_(self) -> Tensor:
        """`erfinv` in place."""
    def exp(self, *, out: Tensor | None = ...) -> Tensor:
        """exp of each element."""
    def exp2(self, *, out: Tensor | None = ...) -> Tensor:
        """exp2 of each element."""
    def exp2_(self) -> Tensor:
        """`exp2` in place."""
    def exp_(self) -> Tensor:
        """`exp` in place."""
    def expand(self, *size: _Any, **kwargs: _Any) -> Tensor:
        """A view in which axes of size 1, and new leading axes, repeat; -1 keeps a size."""
    def expand_as(self, other: Tensor | _Number) -> Tensor:
        """``input.expand(other.size())``."""
    def expm1(self, *, out: Tensor | None = ...) -> Tensor:
        """expm1 of each element."""
    def expm1_(self) -> Tensor:
        """`expm1` in place."""
    def exponential_(self, lambd: _Number = ..., *, generator: _Any = ...) -> Tensor:
        """Fill with exponential numbers of rate `lambd`."""
    def fill_(self, value: Tensor | _Number) -> Tensor:
        """Set every element to a number or the element of a 0-d tensor; returns the tensor."""
    def fill_diagonal_(self, fill_value: Tensor | _Number, wrap: _Any = ...) -> Tensor:
        """Fill the main diagonal in place."""
    def fix(self, *, out: Tensor | None = ...) -> Tensor:
        """trunc of each element."""
    def fix_(self) -> Tensor:
        """`trunc` in place."""
    def flatten(self, start_dim: _b.int = ..., end_dim: _b.int = ...) -> Tensor:
        """Make one axis of the axes from `start_dim` to `end_dim`, both included."""
    def flip(self, *args: _Any, dims: _Dims | None = ...) -> Tensor:
        """A copy with the order of elements reversed along axes: ``flip(x, 0, 1)`` or ``(0, 1)``."""
    def fliplr(self) -> Tensor:
        """`flip` along axis 1."""
    def flipud(self) -> Tensor:
        """`flip` along axis 0."""
    def float(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype float32; itself when it has it."""
    def float_power(self, exponent: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """`pow` in float64, whatever the dtypes."""
    def float_power_(self, exponent: Tensor | _Number) -> Tensor:
        """`float_power` in place, of a float64 tensor."""
    def floor(self, *, out: Tensor | None = ...) -> Tensor:
        """floor of each element."""
    def floor_(self) -> Tensor:
        """`floor` in place."""
    def floor_divide(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """The quotient rounded towards minus infinity."""
    def floor_divide_(self, other: Tensor | _Number) -> Tensor:
        """`floor_divide` in place."""
    def fmax(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """fmax of two tensors, elementwise."""
    def fmin(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """fmin of two tensors, elementwise."""
    def fmod(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """The remainder with the sign of the dividend, as C's ``fmod``."""
    def fmod_(self, other: Tensor | _Number) -> Tensor:
        """`fmod` in place."""
    def frac(self, *, out: Tensor | None = ...) -> Tensor:
        """What `trunc` takes away."""
    def frac_(self) -> Tensor:
        """`frac` in place."""
    def frexp(self, *, out: Tensor | None = ...) -> Tensor:
        """(mantissa, exponent) with input = mantissa 2^exponent and 0.5 <= abs(mantissa) < 1."""
    def gather(self, dim: _Dims, index: Tensor, *, sparse_grad: _b.bool = ..., out: Tensor | None = ...) -> Tensor:
        """Elements at `index` along axis `dim`: ``out[i][j] = input[index[i][j]][j]`` for dim 0."""
    def gcd(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """gcd of two tensors, elementwise."""
    def gcd_(self, other: Tensor | _Number) -> Tensor:
        """`gcd` in place."""
    def ge(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """ge of two tensors, or a tensor and a number, elementwise."""
    def ge_(self, other: Tensor | _Number) -> Tensor:
        """`ge` in place."""
    def geometric_(self, p: _Number, *, generator: _Any = ...) -> Tensor:
        """Fill with numbers of trials up to the first success, of probability `p`."""
    def ger(self, vec2: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """Another name of `outer`."""
    def get_device(self) -> _b.int:
        """The number of the tensor's device: -1, the CPU."""
    @property
    def grad(self) -> Tensor | None: ...
    @grad.setter
    def grad(self, value: Tensor | None) -> None: ...
    @property
    def grad_dtype(self) -> _Any: ...
    @property
    def grad_fn(self) -> _Any: ...
    def greater(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """gt of two tensors, or a tensor and a number, elementwise."""
    def greater_(self, other: Tensor | _Number) -> Tensor:
        """`gt` in place."""
    def greater_equal(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """ge of two tensors, or a tensor and a number, elementwise."""
    def greater_equal_(self, other: Tensor | _Number) -> Tensor:
        """`ge` in place."""
    def gt(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """gt of two tensors, or a tensor and a number, elementwise."""
    def gt_(self, other: Tensor | _Number) -> Tensor:
        """`gt` in place."""
    def half(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype float16; itself when it has it."""
    def hardshrink(self, lambd: _Number = ..., *, out: Tensor | None = ...) -> Tensor:
        """`input` outside [-lambd, lambd], else 0."""
    def heaviside(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """heaviside of two tensors, elementwise."""
    def heaviside_(self, other: Tensor | _Number) -> Tensor:
        """`heaviside` in place."""
    def histc(self, bins: _Any = ..., min: Tensor | _Number = ..., max: Tensor | _Number = ..., *, out: Tensor | None = ...) -> Tensor:
        """How many elements lie in each of `bins` equal intervals from `min` to `max`."""
    def histogram(self, bins: _Any, *, range: _Any = ..., weight: Tensor | None = ..., density: _Any = ..., out: Tensor | None = ...) -> Tensor:
        """How many elements lie in each interval, of which the last has its upper end too."""
    def hsplit(self, *args: _Any, indices_or_sections: _Any = ..., indices: _Any = ..., sections: _Any = ...) -> tuple[Tensor, ...]:
        """`tensor_split` into equal parts, or at indices, along the axis of `hsplit`."""
    def hypot(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """hypot of two tensors, elementwise."""
    def hypot_(self, other: Tensor | _Number) -> Tensor:
        """`hypot` in place."""
    def i0(self, *, out: Tensor | None = ...) -> Tensor:
        """i0 of each element."""
    def i0_(self) -> Tensor:
        """`i0` in place."""
    @property
    def imag(self) -> _Any: ...
    def index_add(self, dim: _Dims, index: Tensor, source: Tensor, *, alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
        """A copy with `alpha` times the places of `source` added at a vector of indices."""
    def index_add_(self, dim: _Dims, index: Tensor, source: Tensor, *, alpha: _Number = ...) -> Tensor:
        """`index_add` in place."""
    def index_copy(self, dim: _Dims, index: Tensor, source: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """A copy with the places of `source` written at a vector of indices."""
    def index_copy_(self, dim: _Dims, index: Tensor, source: Tensor) -> Tensor:
        """`index_copy` in place."""
    def index_fill(self, dim: _Dims, index: Tensor, value: Tensor | _Number) -> Tensor:
        """A copy with a number, or 0-d tensor, at a vector of indices along an axis."""
    def index_fill_(self, dim: _Dims, index: Tensor, value: Tensor | _Number) -> Tensor:
        """`index_fill` in place."""
    def index_put(self, indices: _Any, values: _Any, accumulate: _b.bool = ...) -> Tensor:
        """`index_put_` on a copy."""
    def index_put_(self, indices: _Any, values: _Any, accumulate: _b.bool = ...) -> Tensor:
        """Write `values` at the places that a tuple of index tensors names; returns the tensor."""
    def index_reduce(self, dim: _Dims, index: Tensor, source: Tensor, reduce: _Any, *, include_self: _Any = ..., out: Tensor | None = ...) -> Tensor:
        """A copy with the places of `source` along an axis reduced into those that `index` names."""
    def index_reduce_(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """`index_reduce` in place."""
    def index_select(self, dim: _Dims, index: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """The places that a vector of indices names along an axis, as a new tensor."""
    def inner(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """Sums of products along the last axis: (*, k), (*', k) -> (*, *')."""
    def int(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype int32; itself when it has it."""
    def inverse(self, *, out: Tensor | None = ...) -> Tensor:
        """The inverse of each matrix of a batch; see `linalg.inv`."""
    def is_complex(self) -> _b.bool:
        """Always False: minitorch has no complex dtypes."""
    def is_conj(self) -> _b.bool:
        """Always False: there are no complex numbers."""
    def is_contiguous(self, *, memory_format: _Any = ...) -> _b.bool:
        """True when the elements lie in memory in the given order (row-major by default)."""
    @property
    def is_cpu(self) -> _Any: ...
    @property
    def is_cuda(self) -> _Any: ...
    def is_distributed(self) -> Tensor:
        """Always False: there is one process."""
    def is_floating_point(self) -> _b.bool:
        """True for floating dtypes."""
    def is_inference(self) -> _b.bool:
        """True for a tensor made in inference mode."""
    @property
    def is_leaf(self) -> _b.bool: ...
    @property
    def is_meta(self) -> _Any: ...
    def is_neg(self) -> _b.bool:
        """Always False: no view is negated lazily."""
    def is_non_overlapping_and_dense(self) -> Tensor:
        """True when the elements fill a block of memory without holes or overlaps."""
    def is_nonzero(self) -> _b.bool:
        """Whether the one element is not 0."""
    def is_pinned(self) -> _b.bool: ...
    @property
    def is_quantized(self) -> _Any: ...
    def is_same_size(self, other: Tensor | _Number) -> _b.bool:
        """True if both tensors have the same shape."""
    def is_set_to(self, tensor: Tensor) -> _b.bool:
        """Whether both show the same elements of the same memory in the same order."""
    def is_shared(self) -> _b.bool: ...
    def is_signed(self) -> _b.bool:
        """True for dtypes with negative values."""
    @property
    def is_sparse(self) -> _Any: ...
    def isclose(self, other: Tensor | _Number, rtol: _Number = ..., atol: _Number = ..., equal_nan: _b.bool = ...) -> Tensor:
        """True where ``|input - other| <= atol + rtol * |other|``."""
    def isfinite(self) -> Tensor:
        """True where an element is neither infinite nor NaN."""
    def isinf(self) -> Tensor:
        """True where an element is infinite."""
    def isnan(self) -> Tensor:
        """True where an element is NaN."""
    def isneginf(self, *, out: Tensor | None = ...) -> Tensor:
        """True where an element is minus infinity."""
    def isposinf(self, *, out: Tensor | None = ...) -> Tensor:
        """True where an element is plus infinity."""
    def isreal(self) -> Tensor:
        """True everywhere: minitorch has no complex dtypes."""
    def item(self) -> _Number:
        """The one element as a Python number."""
    @property
    def itemsize(self) -> _b.int: ...
    def kron(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """Kronecker's product: each element of `input` times the whole of `other`."""
    def kthvalue(self, k: _b.int, dim: _Dims = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
        """The `k`-th smallest element (from 1) along an axis, and where it was."""
    @property
    def layout(self) -> _Any: ...
    def lcm(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """lcm of two tensors, elementwise."""
    def lcm_(self, other: Tensor | _Number) -> Tensor:
        """`lcm` in place."""
    def ldexp(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """ldexp of two tensors, elementwise."""
    def ldexp_(self, other: Tensor | _Number) -> Tensor:
        """`ldexp` in place."""
    def le(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """le of two tensors, or a tensor and a number, elementwise."""
    def le_(self, other: Tensor | _Number) -> Tensor:
        """`le` in place."""
    def lerp(self, end: Tensor | _Number, weight: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """``input + weight * (end - input)``; `weight` is a number or a tensor."""
    def lerp_(self, end: Tensor | _Number, weight: Tensor) -> Tensor:
        """`lerp` in place."""
    def less(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """lt of two tensors, or a tensor and a number, elementwise."""
    def less_(self, other: Tensor | _Number) -> Tensor:
        """`lt` in place."""
    def less_equal(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """le of two tensors, or a tensor and a number, elementwise."""
    def less_equal_(self, other: Tensor | _Number) -> Tensor:
        """`le` in place."""
    def lgamma(self, *, out: Tensor | None = ...) -> Tensor:
        """lgamma of each element."""
    def lgamma_(self) -> Tensor:
        """`lgamma` in place."""
    def log(self, *, out: Tensor | None = ...) -> Tensor:
        """log of each element."""
    def log10(self, *, out: Tensor | None = ...) -> Tensor:
        """log10 of each element."""
    def log10_(self) -> Tensor:
        """`log10` in place."""
    def log1p(self, *, out: Tensor | None = ...) -> Tensor:
        """log1p of each element."""
    def log1p_(self) -> Tensor:
        """`log1p` in place."""
    def log2(self, *, out: Tensor | None = ...) -> Tensor:
        """log2 of each element."""
    def log2_(self) -> Tensor:
        """`log2` in place."""
    def log_(self) -> Tensor:
        """`log` in place."""
    def log_normal_(self, mean: _Any = ..., std: _Any = ..., *, generator: _Any = ...) -> Tensor:
        """Fill with the exponentials of normal numbers."""
    def log_softmax(self, dim: _Dims | None = ..., dtype: _DType | None = ..., *, out: Tensor | None = ...) -> Tensor:
        """The logarithm of `softmax`, computed without overflow."""
    def logaddexp(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """logaddexp of two tensors, elementwise."""
    def logaddexp2(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """logaddexp2 of two tensors, elementwise."""
    def logcumsumexp(self, dim: _Dims, *, out: Tensor | None = ...) -> Tensor:
        """``log(cumsum(exp(input), dim))``, without overflow."""
    def logdet(self) -> Tensor:
        """The logarithm of the determinant of each matrix; NaN where that is negative."""
    def logical_and(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """logical_and of two tensors, or a tensor and a number, elementwise."""
    def logical_and_(self, other: Tensor | _Number) -> Tensor:
        """`logical_and` in place."""
    def logical_not(self, *, out: Tensor | None = ...) -> Tensor:
        """True where an element is zero."""
    def logical_not_(self) -> Tensor:
        """`logical_not` in place, as 0 and 1 of the tensor's dtype."""
    def logical_or(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """logical_or of two tensors, or a tensor and a number, elementwise."""
    def logical_or_(self, other: Tensor | _Number) -> Tensor:
        """`logical_or` in place."""
    def logical_xor(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """logical_xor of two tensors, or a tensor and a number, elementwise."""
    def logical_xor_(self, other: Tensor | _Number) -> Tensor:
        """`logical_xor` in place."""
    def logit(self, eps: _Number | None = ..., *, out: Tensor | None = ...) -> Tensor:
        """log(x / (1 - x)), of the elements limited to [eps, 1 - eps] if `eps` is given."""
    def logit_(self, eps: _Number | None = ...) -> Tensor:
        """`logit` in place."""
    def logsumexp(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """log(sum(exp(input))) along the axes `dim`, without overflow."""
    def long(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype int64; itself when it has it."""
    def lt(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """lt of two tensors, or a tensor and a number, elementwise."""
    def lt_(self, other: Tensor | _Number) -> Tensor:
        """`lt` in place."""
    @property
    def mH(self) -> Tensor: ...
    @property
    def mT(self) -> Tensor: ...
    def map2_(self, x: _Any, y: _Any, callable: _Any) -> Tensor:
        """Replace each element with ``callable(element, the one of x, that of y)``; slow."""
    def map_(self, tensor: Tensor, callable: _Any) -> _Any:
        """Replace each element with ``callable(element, the one of tensor)``; slow."""
    def masked_fill(self, mask: Tensor, value: Tensor | _Number) -> Tensor:
        """A copy with a number, or 0-d tensor, where a boolean mask is true; both are broadcast."""
    def masked_fill_(self, mask: Tensor, value: Tensor | _Number) -> Tensor:
        """`masked_fill` in place; the mask is broadcast."""
    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """A copy with the first elements of `source`, in order, where a boolean mask is true."""
    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """`masked_scatter` in place; the mask is broadcast."""
    def masked_select(self, mask: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """The elements where a boolean mask is true, as one axis; both are broadcast."""
    def matmul(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """The matrix product; vectors and batches as in numpy."""
    def matrix_power(self, n: _b.int, *, out: Tensor | None = ...) -> Tensor:
        """Each matrix of a batch multiplied `n` times by itself; its inverse for negative `n`."""
    def max(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, other: Tensor | _Number | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> _Any:
        """The largest element; or along an axis with its index; or the larger of two tensors."""
    def maximum(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """The larger of two tensors elementwise; NaN where either is NaN."""
    def mean(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The mean of all elements, or along the axes `dim`; arguments as in `sum`."""
    def median(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> _Any:
        """The middle element, the lower of two; along an axis as a pair (values, indices)."""
    def min(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, other: Tensor | _Number | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> _Any:
        """The smallest element; or along an axis with its index; or the smaller of two tensors."""
    def minimum(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """The smaller of two tensors elementwise; NaN where either is NaN."""
    def mm(self, mat2: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """The product of two matrices: (m, k) . (k, n) -> (m, n)."""
    def mode(self, dim: _Dims = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ...) -> _Any:
        """The commonest element along an axis, the smallest of such, and the last place it has."""
    def moveaxis(self, source: Tensor, destination: _Any) -> Tensor:
        """`movedim` under numpy's name."""
    def movedim(self, source: Tensor, destination: _Any) -> Tensor:
        """A view with axes moved to other places; the others keep their order."""
    def msort(self, *, out: Tensor | None = ...) -> Tensor:
        """The elements in order along the first axis."""
    def mul(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """``input * other``, broadcast and promoted."""
    def mul_(self, other: Tensor | _Number) -> Tensor:
        """`mul` in place."""
    def multinomial(self, num_samples: _Any, replacement: _Any = ..., *, generator: _Any = ..., out: Tensor | None = ...) -> Tensor:
        """Places drawn by the weights of a vector, or of each row of a matrix."""
    def multiply(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """``input * other``, broadcast and promoted."""
    def multiply_(self, other: Tensor | _Number) -> Tensor:
        """`mul` in place."""
    def mv(self, vec: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """The product of a matrix and a vector: (m, k) . (k) -> (m)."""
    def mvlgamma(self, p: _Number, *, out: Tensor | None = ...) -> Tensor:
        """The logarithm of the multivariate gamma function of dimension `p`."""
    def mvlgamma_(self, p: _Number) -> Tensor:
        """`mvlgamma` in place."""
    def nan_to_num(self, nan: _Any = ..., posinf: _Any = ..., neginf: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
        """NaN as `nan` (default 0), infinities as `posinf` and `neginf` (default: the extremes)."""
    def nan_to_num_(self, nan: _Any = ..., posinf: _Any = ..., neginf: _Any = ...) -> Tensor:
        """`nan_to_num` in place."""
    def nanmean(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The mean of the elements that are not NaN; NaN where there are none."""
    def nanmedian(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> _Any:
        """The middle of the elements that are not NaN; see `median`."""
    def nanquantile(self, q: _Any, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, interpolation: _Any = ..., out: Tensor | None = ...) -> Tensor:
        """`quantile` of the elements that are not NaN."""
    def nansum(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """`sum` with NaN counted as zero."""
    def narrow(self, dim: _Dims, start: _Number, length: _Any) -> Tensor:
        """The view of `length` places along axis `dim` from `start` on."""
    def narrow_copy(self, dim: _Dims, start: _Number, length: _Any, *, out: Tensor | None = ...) -> Tensor:
        """A copy of `narrow`."""
    @property
    def nbytes(self) -> _b.int: ...
    @property
    def ndim(self) -> _b.int: ...
    def ndimension(self) -> _b.int:
        """Number of dimensions."""
    def ne(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """ne of two tensors, or a tensor and a number, elementwise."""
    def ne_(self, other: Tensor | _Number) -> Tensor:
        """`ne` in place."""
    def neg(self, *, out: Tensor | None = ...) -> Tensor:
        """neg of each element."""
    def neg_(self) -> Tensor:
        """`neg` in place."""
    def negative(self, *, out: Tensor | None = ...) -> Tensor:
        """neg of each element."""
    def negative_(self) -> Tensor:
        """`neg` in place."""
    def nelement(self) -> _b.int:
        """Number of elements."""
    def new(self, *args: _Any, device: _Any = ...) -> Tensor:
        """A tensor of this dtype: of the given sizes, or with the given numbers."""
    def new_empty(self, *args: _Any, size: _Any = ..., dtype: _DType | None = ..., device: _Any = ..., requires_grad: _b.bool = ..., layout: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
        """An uninitialised tensor of another size and the same dtype."""
    def new_empty_strided(self, size: _Any, stride: _Dims, dtype: _DType | None = ..., layout: _Any = ..., device: _Any = ..., pin_memory: _b.bool = ..., requires_grad: _b.bool = ...) -> Tensor:
        """An uninitialised tensor of the given size and strides, of the same dtype."""
    def new_full(self, size: _Any, fill_value: Tensor | _Number, *, dtype: _DType | None = ..., device: _Any = ..., requires_grad: _b.bool = ..., layout: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
        """One number in a tensor of another size and the same dtype."""
    def new_ones(self, *args: _Any, size: _Any = ..., dtype: _DType | None = ..., device: _Any = ..., requires_grad: _b.bool = ..., layout: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
        """Ones of another size and the same dtype."""
    def new_tensor(self, data: _Any, *, dtype: _DType | None = ..., device: _Any = ..., requires_grad: _b.bool = ..., layout: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
        """A tensor of `data`, of this tensor's dtype unless `dtype` is given."""
    def new_zeros(self, *args: _Any, size: _Any = ..., dtype: _DType | None = ..., device: _Any = ..., requires_grad: _b.bool = ..., layout: _Any = ..., pin_memory: _b.bool = ...) -> Tensor:
        """Zeros of another size and the same dtype."""
    def nextafter(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """nextafter of two tensors, elementwise."""
    def nextafter_(self, other: Tensor | _Number) -> Tensor:
        """`nextafter` in place."""
    def nonzero(self, *, out: Tensor | None = ..., as_tuple: _b.bool = ...) -> _Any:
        """The places of the elements that are not 0."""
    def nonzero_static(self, *, size: _Any, fill_value: Tensor | _Number = ..., out: Tensor | None = ...) -> Tensor:
        """The places of the first `size` elements that are not 0, as rows; `fill_value` for missing."""
    def norm(self, p: _Number = ..., dim: _Dims | None = ..., keepdim: _b.bool = ..., dtype: _DType | None = ...) -> Tensor:
        """The method form of `norm`, which has no `out`."""
    def normal_(self, mean: _Any = ..., std: _Any = ..., *, generator: _Any = ...) -> Tensor:
        """Fill with normal numbers."""
    def not_equal(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """ne of two tensors, or a tensor and a number, elementwise."""
    def not_equal_(self, other: Tensor | _Number) -> Tensor:
        """`ne` in place."""
    def numel(self) -> _b.int:
        """Number of elements."""
    def numpy(self, *, force: _Any = ...) -> _np.ndarray:
        """The elements as a numpy array over the same memory."""
    def outer(self, vec2: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """The outer product of two vectors: (m), (n) -> (m, n)."""
    @property
    def output_nr(self) -> _b.int: ...
    def permute(self, *dims: _Any, **kwargs: _Any) -> Tensor:
        """A view with the axes in another order: axis i is axis ``dims[i]`` of the input."""
    def pin_memory(self, device: _Any = ...) -> Tensor:
        """Refused: there is no device to pin memory for."""
    def pinverse(self, rcond: _Any = ...) -> Tensor:
        """The pseudo-inverse of each matrix of a batch; see `linalg.pinv`."""
    def polygamma(self, n: _b.int) -> Tensor:
        """The n-th derivative of `digamma`."""
    def polygamma_(self, n: _b.int) -> Tensor:
        """`polygamma` in place."""
    def positive(self) -> Tensor:
        """The tensor itself."""
    def pow(self, exponent: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """``input ** exponent``, elementwise."""
    def pow_(self, exponent: Tensor | _Number) -> Tensor:
        """`pow` in place."""
    def prelu(self, weight: Tensor) -> Tensor:
        """`input` where it is positive, else ``weight * input``; one weight, or one a channel."""
    def prod(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The product of all elements, or along the axis `dim`."""
    def put(self, index: Tensor, source: Tensor, accumulate: _b.bool = ...) -> Tensor:
        """A copy with the elements of `source` at places counted in the flat input."""
    def put_(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """`put` in place."""
    def qr(self, some: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
        """An orthogonal and an upper triangular factor; see `linalg.qr`."""
    def quantile(self, q: _Any, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, interpolation: _Any = ..., out: Tensor | None = ...) -> Tensor:
        """The value below which the part `q` of the elements lies."""
    def rad2deg(self, *, out: Tensor | None = ...) -> Tensor:
        """Radians to degrees."""
    def rad2deg_(self) -> Tensor:
        """`rad2deg` in place."""
    def random_(self, *bounds: _Any, generator: _Any = ..., **named: _Any) -> Tensor:
        """``random_(to)``, ``random_(from, to)``: whole numbers in [from, to)."""
    def ravel(self) -> Tensor:
        """The elements in row-major order as one axis; a copy unless they lie so in memory."""
    @property
    def real(self) -> Tensor: ...
    def reciprocal(self, *, out: Tensor | None = ...) -> Tensor:
        """reciprocal of each element."""
    def reciprocal_(self) -> Tensor:
        """`reciprocal` in place."""
    def register_hook(self, hook: _Any) -> _Any:
        """Call ``hook(grad)`` with this tensor's gradient; what it returns takes its place."""
    def register_post_accumulate_grad_hook(self, hook: _Any) -> _Any:
        """Call ``hook(tensor)`` after a gradient was added into `.grad` of this leaf."""
    def relu(self, inplace: _b.bool = ...) -> Tensor:
        """max(input, 0), elementwise; in place when asked."""
    def relu_(self) -> Tensor:
        """`relu` in place."""
    def remainder(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """The remainder with the sign of the divisor, as Python's ``%``."""
    def remainder_(self, other: Tensor | _Number) -> Tensor:
        """`remainder` in place."""
    def renorm(self, p: _Number, dim: _Dims, maxnorm: _Any, *, out: Tensor | None = ...) -> Tensor:
        """The slices along an axis, each scaled down to a p-norm of `maxnorm` if it has a larger one."""
    def renorm_(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """`renorm` in place."""
    def repeat(self, *repeats: _Any) -> Tensor:
        """A copy repeated along each axis: ``repeat(2, 1)`` or ``repeat((2, 1))``."""
    def repeat_interleave(self, repeats: _Any = ..., dim: _Dims | None = ..., *, output_size: _Dims | None = ...) -> Tensor:
        """A copy with each place along an axis repeated in turn; without `dim`, of the flat input."""
    @property
    def requires_grad(self) -> _b.bool: ...
    @requires_grad.setter
    def requires_grad(self, value: _b.bool) -> None: ...
    def requires_grad_(self, requires_grad: _b.bool = ...) -> Tensor:
        """Set `requires_grad` and return the tensor."""
    def reshape(self, *shape: _Any, **kwargs: _Any) -> Tensor:
        """The elements in another shape: a view where the strides allow it, else a copy."""
    def reshape_as(self, other: Tensor | _Number) -> Tensor:
        """``input.reshape(other.size())``."""
    def resize_(self, *sizes: _Any, size: _Any = ..., memory_format: _Any = ...) -> Tensor:
        """Give the tensor another size in place; elements that are new are undefined."""
    def resize_as_(self, the_template: _Any, *, memory_format: _Any = ...) -> Tensor:
        """`resize_` to the size of another tensor."""
    def resolve_conj(self) -> Tensor:
        """The tensor itself: its numbers are real."""
    def resolve_neg(self) -> Tensor:
        """The tensor itself: no view is negated lazily."""
    def retain_grad(self) -> None:
        """Fill `.grad` of this non-leaf tensor during backward."""
    @property
    def retains_grad(self) -> _b.bool: ...
    def roll(self, shifts: _Dims, dims: _Dims | None = ...) -> Tensor:
        """A copy whose elements are moved on by `shifts` along `dims`, those at the end to the front."""
    def rot90(self, k: _b.int = ..., dims: _Dims = ...) -> Tensor:
        """A copy turned `k` times by 90 degrees in the plane of two axes, from the first to the second."""
    def round(self, *, decimals: _b.int = ..., out: Tensor | None = ...) -> Tensor:
        """The nearest integer, halves to even; `decimals` counts digits after the point."""
    def round_(self, *, decimals: _b.int = ...) -> Tensor:
        """`round` in place."""
    def rsqrt(self, *, out: Tensor | None = ...) -> Tensor:
        """rsqrt of each element."""
    def rsqrt_(self) -> Tensor:
        """`rsqrt` in place."""
    def scatter(self, dim: _Dims, index: Tensor, src: Tensor | None = ..., *, value: Tensor | _Number | None = ..., reduce: _Any = ..., out: Tensor | None = ...) -> Tensor:
        """A copy with ``out[index[i][j]][j] = src[i][j]`` for dim 0, and so on."""
    def scatter_(self, dim: _Dims, index: Tensor, src: Tensor | None = ..., *, value: Tensor | _Number | None = ..., reduce: _Any = ...) -> Tensor:
        """`scatter` in place."""
    def scatter_add(self, dim: _Dims, index: Tensor, src: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """A copy with ``out[index[i][j]][j] += src[i][j]`` for dim 0, and so on."""
    def scatter_add_(self, dim: _Dims, index: Tensor, src: Tensor) -> Tensor:
        """`scatter_add` in place."""
    def scatter_reduce(self, dim: _Dims, index: Tensor, src: Tensor, reduce: _Any, *, include_self: _Any = ..., out: Tensor | None = ...) -> Tensor:
        """A copy with ``src[i][j]`` reduced into ``out[index[i][j]][j]`` for dim 0, and so on."""
    def scatter_reduce_(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """`scatter_reduce` in place."""
    def select(self, dim: _Dims, index: Tensor) -> Tensor:
        """The view at place `index` along axis `dim`, which goes away."""
    def select_scatter(self, src: Tensor, dim: _Dims, index: Tensor) -> Tensor:
        """A copy with `src` in place of ``input.select(dim, index)``."""
    def set_(self, source: Tensor | None = ..., storage_offset: _Any = ..., size: _Any = ..., stride: _Dims | None = ...) -> Tensor:
        """Make the tensor show other memory."""
    def sgn(self, *, out: Tensor | None = ...) -> Tensor:
        """The sign of each element; other than `sign` for complex numbers only."""
    def sgn_(self) -> Tensor:
        """`sgn` in place."""
    @property
    def shape(self) -> Size: ...
    def share_memory_(self) -> Tensor: ...
    def short(self, memory_format: _Any = ...) -> Tensor:
        """The tensor in dtype int16; itself when it has it."""
    def sigmoid(self, *, out: Tensor | None = ...) -> Tensor:
        """sigmoid of each element."""
    def sigmoid_(self) -> Tensor:
        """`sigmoid` in place."""
    def sign(self, *, out: Tensor | None = ...) -> Tensor:
        """sign of each element."""
    def sign_(self) -> Tensor:
        """`sign` in place."""
    def signbit(self, *, out: Tensor | None = ...) -> Tensor:
        """True for negative elements, -0.0 among them."""
    def sin(self, *, out: Tensor | None = ...) -> Tensor:
        """sin of each element."""
    def sin_(self) -> Tensor:
        """`sin` in place."""
    def sinc(self, *, out: Tensor | None = ...) -> Tensor:
        """sinc of each element."""
    def sinc_(self) -> Tensor:
        """`sinc` in place."""
    def sinh(self, *, out: Tensor | None = ...) -> Tensor:
        """sinh of each element."""
    def sinh_(self) -> Tensor:
        """`sinh` in place."""
    def size(self, dim: _Dims | None = ...) -> _Any:
        """Sizes of the dimensions, or the size of one."""
    def slice_scatter(self, src: Tensor, dim: _Dims = ..., start: _Number | None = ..., end: Tensor | _Number | None = ..., step: _Number = ..., *, out: Tensor | None = ...) -> Tensor:
        """A copy with `src` in place of the slice ``start:end:step`` of an axis."""
    def slogdet(self, *, out: Tensor | None = ...) -> Tensor:
        """Sign, and logarithm of the absolute value, of the determinant of each matrix."""
    def softmax(self, dim: _Dims | None = ..., dtype: _DType | None = ..., *, out: Tensor | None = ...) -> Tensor:
        """exp(x) / sum exp(x) along `dim`."""
    def sort(self, dim: _Dims = ..., descending: _b.bool = ..., stable: _b.bool = ..., *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
        """The elements in order along an axis, and where they were."""
    def split(self, split_size_or_sections: _Any = ..., dim: _Dims = ..., *, split_size: _Any = ...) -> tuple[Tensor, ...]:
        """Cut into views along an axis."""
    def split_with_sizes(self, split_sizes: _Any, dim: _Dims = ...) -> tuple[Tensor, ...]:
        """Cut into views of the given sizes along an axis."""
    def sqrt(self, *, out: Tensor | None = ...) -> Tensor:
        """sqrt of each element."""
    def sqrt_(self) -> Tensor:
        """`sqrt` in place."""
    def square(self, *, out: Tensor | None = ...) -> Tensor:
        """square of each element."""
    def square_(self) -> Tensor:
        """`square` in place."""
    def squeeze(self, dim: _Dims | None = ...) -> Tensor:
        """A view without the axes of size 1: all of them, or those that `dim` names."""
    def squeeze_(self, dim: _Dims | None = ...) -> Tensor:
        """`squeeze` in place: no value changes, but the tensor's shape."""
    def std(self, dim: _Dims | None = ..., unbiased: _b.bool | None = ..., keepdim: _b.bool = ..., *, correction: _Any = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The square root of the variance; arguments as in `var`."""
    def storage(self) -> _Any:
        """The memory under the tensor as a `TypedStorage`."""
    def storage_offset(self) -> _b.int:
        """Place of the first element in the storage, in elements."""
    def stride(self, dim: _Dims | None = ...) -> _Any:
        """Steps between neighbours along each dimension, in elements."""
    def sub(self, other: Tensor | _Number, *, alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
        """``input - alpha * other``, broadcast and promoted."""
    def sub_(self, other: Tensor | _Number, *, alpha: _Number = ...) -> Tensor:
        """`sub` in place."""
    def subtract(self, other: Tensor | _Number, *, alpha: _Number = ..., out: Tensor | None = ...) -> Tensor:
        """``input - alpha * other``, broadcast and promoted."""
    def subtract_(self, other: Tensor | _Number, *, alpha: _Number = ...) -> Tensor:
        """`sub` in place."""
    def sum(self, dim: _Dims | None = ..., keepdim: _b.bool = ..., *, dtype: _DType | None = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The sum of all elements, or along the axes `dim`."""
    def sum_to_size(self, *size: _Any) -> Tensor:
        """Sum over the axes along which a tensor of `size` would be broadcast to this one."""
    def svd(self, some: _Any = ..., compute_uv: _Any = ..., *, out: Tensor | None = ...) -> Tensor:
        """Singular values and vectors: ``input = U diag(S) V.mT``; see `linalg.svd`."""
    def swapaxes(self, axis0: _Any, axis1: _Any) -> Tensor:
        """`transpose` under numpy's name."""
    def swapaxes_(self, axis0: _Any, axis1: _Any) -> Tensor:
        """`transpose_` under numpy's name."""
    def swapdims(self, dim0: _b.int, dim1: _b.int) -> Tensor:
        """`transpose` under another name."""
    def swapdims_(self, dim0: _b.int, dim1: _b.int) -> Tensor:
        """`transpose_` under another name."""
    def t(self) -> Tensor:
        """The transpose of a matrix; tensors of fewer axes as they are."""
    def t_(self) -> Tensor:
        """`t` in place: no value changes, but the tensor's shape."""
    def take(self, index: Tensor, *, out: Tensor | None = ...) -> Tensor:
        """Elements at `index`, counted in row-major order, in the shape of `index`."""
    def take_along_dim(self, indices: _Any, dim: _Dims | None = ..., *, out: Tensor | None = ...) -> Tensor:
        """`gather` with the two broadcast but along `dim`; without `dim`, of the flat input."""
    def tan(self, *, out: Tensor | None = ...) -> Tensor:
        """tan of each element."""
    def tan_(self) -> Tensor:
        """`tan` in place."""
    def tanh(self, *, out: Tensor | None = ...) -> Tensor:
        """tanh of each element."""
    def tanh_(self) -> Tensor:
        """`tanh` in place."""
    def tensor_split(self, indices_or_sections: _Any = ..., dim: _Dims = ..., *, indices: _Any = ..., sections: _Any = ..., tensor_indices_or_sections: _Any = ...) -> tuple[Tensor, ...]:
        """Cut into views along an axis, at the given places or into parts of nearly equal size."""
    def tile(self, *dims: _Any) -> Tensor:
        """`repeat`, where missing leading numbers are 1."""
    def to(self, *args: _Any, **kwargs: _Any) -> Tensor:
        """The tensor in another dtype or memory format, or on a device (there is only the CPU)."""
    def to_dense(self, dtype: _DType | None = ..., *, masked_grad: _Any = ...) -> Tensor:
        """The tensor itself, in another dtype if one is given: all tensors are dense."""
    def tolist(self) -> _Any:
        """The elements as nested lists of Python numbers; a number if 0-d."""
    def topk(self, k: _b.int, dim: _Dims = ..., largest: _b.bool = ..., sorted: _b.bool = ..., *, out: Tensor | None = ...) -> tuple[Tensor, ...]:
        """The `k` largest (or smallest) elements along an axis, and where they were."""
    def trace(self) -> Tensor:
        """The sum of the diagonal of a matrix; integers are summed as int64."""
    def transpose(self, dim0: _b.int, dim1: _b.int) -> Tensor:
        """A view with two axes exchanged."""
    def transpose_(self, dim0: _b.int, dim1: _b.int) -> Tensor:
        """`transpose` in place: no value changes, but the tensor's shape."""
    def tril(self, diagonal: _b.int = ..., *, out: Tensor | None = ...) -> Tensor:
        """A copy of the lower triangle of the last two axes, up to a diagonal; zeros above."""
    def tril_(self, diagonal: _b.int = ...) -> Tensor:
        """`tril` in place."""
    def triu(self, diagonal: _b.int = ..., *, out: Tensor | None = ...) -> Tensor:
        """A copy of the upper triangle of the last two axes, from a diagonal on; zeros below."""
    def triu_(self, diagonal: _b.int = ...) -> Tensor:
        """`triu` in place."""
    def true_divide(self, other: Tensor | _Number, *, rounding_mode: _b.str | None = ..., out: Tensor | None = ...) -> Tensor:
        """``input / other``; with `rounding_mode` "floor" or "trunc" rounded, in the common dtype."""
    def true_divide_(self, other: Tensor | _Number, *, rounding_mode: _b.str | None = ...) -> Tensor:
        """`div` in place."""
    def trunc(self, *, out: Tensor | None = ...) -> Tensor:
        """trunc of each element."""
    def trunc_(self) -> Tensor:
        """`trunc` in place."""
    def type(self, dtype: _DType | None = ..., non_blocking: _b.bool = ..., **kwargs: _Any) -> _Any:
        """The name of the tensor's type (``'torch.FloatTensor'``), or the tensor in another dtype."""
    def type_as(self, other: Tensor | _Number) -> Tensor:
        """The tensor in the dtype of `other`."""
    def unbind(self, dim: _Dims = ...) -> tuple[Tensor, ...]:
        """Views of all places along an axis, which goes away; a tuple."""
    def unflatten(self, dim: _Dims, sizes: _Any) -> Tensor:
        """Cut one axis into several; one of `sizes` may be -1."""
    def unfold(self, dimension: _b.int, size: _Any, step: _Number) -> Tensor:
        """The view of all windows of `size` places along an axis, `step` apart, as the last axis."""
    def uniform_(self, from_: _Any = ..., to: _Any = ..., *, generator: _Any = ..., **named: _Any) -> Tensor:
        """Fill with numbers uniform in [from, to)."""
    def unique(self, sorted: _b.bool = ..., return_inverse: _b.bool = ..., return_counts: _b.bool = ..., dim: _Dims | None = ...) -> _Any:
        """The different elements in order, or the different places along an axis."""
    def unique_consecutive(self, return_inverse: _b.bool = ..., return_counts: _b.bool = ..., dim: _Dims | None = ...) -> _Any:
        """The elements without repetitions of the one before, or so the places along an axis."""
    def unsafe_chunk(self, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
        """A copy of what `unsafe_chunk` views."""
    def unsafe_split(self, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
        """A copy of what `unsafe_split` views."""
    def unsafe_split_with_sizes(self, *args: _Any, out: Tensor | None = ..., **kwargs: _Any) -> Tensor:
        """A copy of what `unsafe_split_with_sizes` views."""
    def unsqueeze(self, dim: _Dims) -> Tensor:
        """A view with a new axis of size 1 at place `dim`."""
    def unsqueeze_(self, dim: _Dims) -> Tensor:
        """`unsqueeze` in place: no value changes, but the tensor's shape."""
    def untyped_storage(self) -> _Any:
        """The bytes under this tensor and its views."""
    def var(self, dim: _Dims | None = ..., unbiased: _b.bool | None = ..., keepdim: _b.bool = ..., *, correction: _Any = ..., out: Tensor | None = ..., axis: _Any = ..., keepdims: _b.bool | None = ...) -> Tensor:
        """The variance of all elements, or along the axes `dim`."""
    def vdot(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """The inner product of two vectors; without complex numbers the same as `dot`."""
    def view(self, *shape: _Any, size: _Any = ..., dtype: _DType | None = ...) -> Tensor:
        """A view of the same memory in another shape, or its bytes as another dtype."""
    def view_as(self, other: Tensor | _Number) -> Tensor:
        """``input.view(other.size())``."""
    def vsplit(self, *args: _Any, indices_or_sections: _Any = ..., indices: _Any = ..., sections: _Any = ...) -> tuple[Tensor, ...]:
        """`tensor_split` into equal parts, or at indices, along the axis of `vsplit`."""
    def where(self, condition: Tensor, other: Tensor | _Number) -> Tensor: ...
    def xlogy(self, other: Tensor | _Number, *, out: Tensor | None = ...) -> Tensor:
        """xlogy of two tensors, elementwise."""
    def xlogy_(self, other: Tensor | _Number) -> Tensor:
        """`xlogy` in place."""
    def zero_(self) -> Tensor:
        """Set every element to 0; returns the tensor."""
def from_dlpack(ext_tensor: _Any, *, device: _Any = ..., copy: _b.bool | None = ...) -> Tensor:
    """A tensor over the memory of an object with the DLPack protocol."""
def get_default_dtype() -> _DType:
    """The dtype that Python floats become (float32 unless changed)."""
def register_tensor_type(cls: _Any) -> Tensor:
    """Tell this floor which class new tensors are instances of."""
