"""Reductions into places that an index names: scatter_reduce, index_reduce, put."""

import numpy

from minitorch._core.dtype import int64
from minitorch._ops.choice import where
from minitorch._ops.creation import ones_like, zeros_like
from minitorch._ops.forms import inplace_form
from minitorch._ops.gather import scatter
from minitorch._ops.masked import masked_fill
from minitorch._ops.rule import (
    RuleNode,
    given,
    numbers,
    scalar_type,
    tensor_arg,
    tensor_of,
    wrapped,
)

__all__ = ["index_reduce", "index_reduce_", "put", "put_", "scatter_reduce", "scatter_reduce_"]

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
UFUNCS = {"sum": numpy.add, "mean": numpy.add, "prod": numpy.multiply, "amax": numpy.maximum,
          "amin": numpy.minimum}


def start_of(array, reduce):
    """The number that a reduction begins with where the tensor's own does not count."""
    if reduce in ("amax", "amin"):
        sign = -1 if reduce == "amax" else 1
        if array.dtype.kind == "f":
            return sign * numpy.inf
        if array.dtype == bool:
            return reduce == "amin"
        limits = numpy.iinfo(array.dtype)
        return limits.min if sign < 0 else limits.max
    return 1 if reduce == "prod" else 0


def reduced(x, places, values, reduce, include_self):
    """A copy of `x` with `values` reduced into places."""
    array = numpy.array(numbers(x.detach()))
    shape, array = array.shape, array.reshape(array.shape or (1,))
    touched = numpy.zeros(array.shape, bool)
    touched[places] = True
    if not include_self:
        array[touched] = start_of(array, reduce)
    UFUNCS[reduce].at(array, places, values)
    if reduce == "mean":
        counts = numpy.full(array.shape, int(include_self))
        numpy.add.at(counts, places, 1)
        counts[counts == 0] = 1
        array = array / counts if array.dtype.kind == "f" else array // counts
    return tensor_of(numpy.ascontiguousarray(array.astype(numbers(x.detach()).dtype))
                     .reshape(shape), x.dtype)


# The two families differ in how an index reads a tensor and adds into one.

class Reducing(RuleNode):
    """Base of the slopes of reductions into places; `read` and `add` know the index."""

    def slopes(self, grad, x, values, result):
        mine, theirs = getattr(self, "slopes_" + self.reduce)(grad, x, values, result)
        if mine is not None and not self.include_self:
            mine = masked_fill(mine, self.touched(), 0)
        return mine, theirs

    def touched(self):
        return self.add(self.zeros, self.ones) > 0

    def slopes_sum(self, grad, x, values, result):
        return grad, self.read(grad)

    def slopes_mean(self, grad, x, values, result):
        count = ones_like(self.zeros) if self.include_self else self.zeros
        count = self.add(count, self.ones)
        count = masked_fill(count, count == 0, 1)
        return grad / count, self.read(grad) / self.read(count)

    def slopes_prod(self, grad, x, values, result):
        mine = theirs = None
        if self.asked(0):
            filled = masked_fill(x, x == 0, 1)
            mine = grad * self.again(filled, values) / filled
        if self.asked(1):
            zero = values == 0
            count = self.read(self.add(self.zeros, zero.to(x.dtype)))
            single = zero & (count == 1)
            others = self.again(x, masked_fill(values, single, 1))
            theirs = where(single, self.read(grad * others),
                           self.read(grad * result) / masked_fill(values, zero, 1))
        return mine, theirs

    def slopes_amax(self, grad, x, values, result):
        from_x = (x == result).to(x.dtype)
        from_values = (values == self.read(result)).to(x.dtype)
        count = self.add(from_x, from_values)
        share = grad / masked_fill(count, count == 0, 1)
        return from_x * share, from_values * self.read(share)

    slopes_amin = slopes_amax


# ---------------------------------------------------------------- scatter_reduce

class ScatterReduceBackward0(Reducing):
    """The slopes of `scatter_reduce`."""

    def read(self, tensor):
        return tensor.gather(self.dim, self.index)

    def add(self, tensor, values):
        return tensor.scatter_add(self.dim, self.index, values)

    def again(self, x, values):
        return scatter_reduce(x, self.dim, self.index, values, self.reduce,
                              include_self=self.include_self)

    def slopes(self, grad, x, values, result):
        mine, theirs = Reducing.slopes(self, grad, x, part(values, self.index), result)
        if theirs is not None and theirs.shape != values.shape:
            whole = zeros_like(values)
            whole[tuple(slice(size) for size in theirs.shape)] = theirs
            theirs = whole
        return mine, theirs


def part(values, index):
    """The leading part of the source that an index covers."""
    if values.shape == index.shape:
        return values
    return values[tuple(slice(size) for size in index.shape)]


def scatter_reduce(input, dim, index, src, reduce, *, include_self=True, out=None):
    """A copy with ``src[i][j]`` reduced into ``out[index[i][j]][j]`` for dim 0, and so on.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor
        int64, of the input's number of axes.
    src : Tensor
        Of the input's dtype, no smaller than `index`.
    reduce : {"sum", "prod", "mean", "amax", "amin"}
    include_self : bool
        Whether the elements of `input` take part.
    """
    x = tensor_arg(input, "scatter_reduce", "input")
    index = tensor_arg(index, "scatter_reduce", "index")
    src = tensor_arg(src, "scatter_reduce", "src")
    if reduce not in REDUCTIONS:
        raise RuntimeError("reduce argument must be either sum, prod, mean, amax or amin, got "
                           f"{reduce}")
    axis = wrapped(dim, x.dim())
    # the checks are those of scatter
    scatter(x.detach(), axis, index, src.detach())
    if index.numel() == 0:
        return given(x.clone(), out)
    places = numbers(index).reshape(index.shape or (1,))
    grid = tuple(places if i == axis else
                 numpy.arange(size).reshape((-1,) + (1,) * (places.ndim - 1 - i))
                 for i, size in enumerate(places.shape))
    values = numbers(part(src.detach(), index)).reshape(places.shape)
    value = reduced(x, grid, values, reduce, include_self)
    return given(ScatterReduceBackward0.record(
        value, (x, src), (x, src, value), dim=axis, index=index.clone(), reduce=reduce,
        include_self=include_self, zeros=zeros_like(value),
        ones=ones_like(part(src.detach(), index))), out)


# ---------------------------------------------------------------- index_reduce

class IndexReduceBackward0(Reducing):
    """The slopes of `index_reduce`."""

    def read(self, tensor):
        return tensor.index_select(self.dim, self.index)

    def add(self, tensor, values):
        return tensor.index_add(self.dim, self.index, values)

    def again(self, x, values):
        return index_reduce(x, self.dim, self.index, values, self.reduce,
                            include_self=self.include_self)


def index_reduce(input, dim, index, source, reduce, *, include_self=True, out=None):
    """A copy with the places of `source` along an axis reduced into those that `index` names.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor
        A vector of int64 or int32.
    source : Tensor
        Of the input's dtype and sizes, but along `dim` as long as `index`.
    reduce : {"prod", "mean", "amax", "amin"}
    include_self : bool
        Whether the elements of `input` take part.
    """
    x = tensor_arg(input, "index_reduce", "input")
    index = tensor_arg(index, "index_reduce", "index")
    source = tensor_arg(source, "index_reduce", "source")
    if reduce not in REDUCTIONS[1:]:
        raise RuntimeError("index_reduce(): Expected reduce to be one of prod, mean, amax or amin "
                           f"but got {reduce}.")
    axis = wrapped(dim, x.dim())
    # the checks are those of index_add
    x.detach().index_add(axis, index, source.detach())
    places = (slice(None),) * axis + (numbers(index).reshape(-1),)
    values = numbers(source.detach()).reshape(source.shape or (1,))
    value = reduced(x, places, values, reduce, include_self)
    return given(IndexReduceBackward0.record(
        value, (x, source), (x, source, value), dim=axis, index=index.clone(), reduce=reduce,
        include_self=include_self, zeros=zeros_like(value), ones=ones_like(source.detach())), out)


# ---------------------------------------------------------------- put

class PutBackward0(RuleNode):
    """Nothing for what was overwritten; the places for the source."""

    def slopes(self, grad, index):
        mine = grad
        if self.asked(0) and not self.accumulate:
            mine = put(grad, index, zeros_like(index, dtype=grad.dtype))
        return mine, grad.take(index).reshape(self.sizes) if self.asked(1) else None


def put(input, index, source, accumulate=False):
    """A copy with the elements of `source` at places counted in the flat input.

    Parameters
    ----------
    input : Tensor
    index : Tensor
        int64; negative ones count from the end.
    source : Tensor
        Of the input's dtype, as many elements as `index`.
    accumulate : bool
        Add instead.
    """
    x = tensor_arg(input, "put", "input")
    index, source = tensor_arg(index, "put", "index"), tensor_arg(source, "put", "source")
    if index.dtype is not int64:
        raise RuntimeError("put_(): Expected a long tensor for index, but got "
                           f"{scalar_type(index.dtype)}")
    if source.dtype is not x.dtype:
        raise RuntimeError("put_(): self and source expected to have the same dtype, but got "
                           f"self.dtype = {scalar_type(x.dtype)} and source.dtype = "
                           f"{scalar_type(source.dtype)}")
    if index.numel() != source.numel():
        raise RuntimeError("put_(): Expected source and index to have the same number of elements, "
                           f"but got source.numel() = {source.numel()}, index.numel() = "
                           f"{index.numel()}")
    if x.numel() == 0 and index.numel():
        raise IndexError("put_(): Tried to put elements into an empty tensor")
    if index.numel():
        for place in (int(index.min()), int(index.max())):
            if not -x.numel() <= place < x.numel():
                raise IndexError(f"out of range: tried to access index {place} on a tensor of "
                                 f"{x.numel()} elements.")
    flat = x.detach().reshape(-1).clone()
    flat.index_put_((index.reshape(-1),), source.detach().reshape(-1), accumulate)
    return PutBackward0.record(flat.reshape(x.shape), (x, source), (index,),
                               accumulate=accumulate, sizes=source.shape)


scatter_reduce_ = inplace_form(scatter_reduce)
index_reduce_ = inplace_form(index_reduce)
put_ = inplace_form(put)
