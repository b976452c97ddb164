"""Running extremes and sums, differences and integrals along an axis."""

import numpy

from minitorch._core.dtype import finfo, float64, int64
from minitorch._ops.choice import where
from minitorch._ops.compare import logical_xor
from minitorch._ops.creation import scalar_tensor, zeros, zeros_like
from minitorch._ops.forms import pair_form
from minitorch._ops.join import cat
from minitorch._ops.rule import (
    RuleNode,
    elements,
    given,
    given_cast,
    numbers,
    scalar_type,
    tensor_arg,
    tensor_of,
    wrapped,
)
from minitorch._ops.sorting import named_outputs
from minitorch._ops.strided import narrow

__all__ = ["cummax", "cummin", "cumulative_trapezoid", "diff", "logcumsumexp", "trapezoid",
           "trapz"]

CUMMAX = named_outputs("cummax", "values", "indices")
CUMMIN = named_outputs("cummin", "values", "indices")


# ---------------------------------------------------------------- running extremes

class CummaxBackward0(RuleNode):
    """Adds the gradient at the places that the values came from."""

    def slopes(self, grad, _, index):
        """`_` is for the places, which have no gradient."""
        if grad is None:
            return (None,)
        return (zeros(self.sizes, dtype=grad.dtype).scatter_add(self.dim, index, grad),)


class CumminBackward0(CummaxBackward0):
    """Adds the gradient at the places that the values came from."""


def running(input, dim, name, better, kind, node, out):
    """Values and places of the best element so far; the last one of equals, and any NaN."""
    x = tensor_arg(input, name, "input")
    axis = wrapped(dim, x.dim())
    array = numbers(x.detach()).reshape(x.shape or (1,))
    best = better.accumulate(array, axis)
    places = numpy.arange(array.shape[axis]).reshape((-1,) + (1,) * (array.ndim - 1 - axis))
    found = numpy.maximum.accumulate(
        numpy.where((array == best) | (array != array), places, 0), axis)
    values = numpy.take_along_axis(elements(x.detach()).reshape(array.shape), found, axis)
    index = tensor_of(found.reshape(x.shape), int64)
    made = tensor_of(values.reshape(x.shape), x.dtype), index
    node.record(made, (x,), (index,), dim=axis, sizes=x.shape)
    return pair_form(kind, made, out)


def cummax(input, dim, *, out=None):
    """The largest element so far along an axis, and its place.

    Returns
    -------
    (values, indices)
        A named pair of the input's shape.
    """
    return running(input, dim, "cummax", numpy.maximum, CUMMAX, CummaxBackward0, out)


def cummin(input, dim, *, out=None):
    """The smallest element so far along an axis, and its place; see `cummax`."""
    return running(input, dim, "cummin", numpy.minimum, CUMMIN, CumminBackward0, out)


# ---------------------------------------------------------------- logarithms of running sums

class LogcumsumexpBackward0(RuleNode):
    """Positive and negative gradients apart, in logarithms, so that nothing overflows."""

    def slopes(self, grad, x, result):
        lowest = scalar_tensor(finfo(grad.dtype).min, dtype=grad.dtype)

        def part(chosen):
            logs = where(chosen, grad.abs().log(), lowest)
            behind = logcumsumexp((logs - result).flip(self.dim), self.dim).flip(self.dim)
            return (behind + x).exp()

        if x.dim() == 0:
            return (grad,)
        return (part(grad > 0) - part(grad < 0),)


def logcumsumexp(input, dim, *, out=None):
    """``log(cumsum(exp(input), dim))``, without overflow."""
    x = tensor_arg(input, "logcumsumexp", "input")
    axis = wrapped(dim, x.dim())
    if not x.is_floating_point():
        raise NotImplementedError("\"logcumsumexp_out_cpu\" not implemented for "
                                  f"'{scalar_type(x.dtype)}'")
    array = numbers(x.detach()).astype(numpy.float64)
    if array.ndim:
        # NaN of inf - inf is numpy's own business
        with numpy.errstate(invalid="ignore"):
            array = numpy.logaddexp.accumulate(array, axis)
    value = tensor_of(numpy.array(array), float64).to(x.dtype)
    return given(LogcumsumexpBackward0.record(value, (x,), (x, value), dim=axis), out)


# ---------------------------------------------------------------- differences

def diff(input, n=1, dim=-1, prepend=None, append=None, *, out=None):
    """The `n`-th differences of neighbours along an axis; those of bools tell where they change.

    Parameters
    ----------
    input : Tensor
    n : int
    dim : int
    prepend, append : Tensor, optional
        Joined to the input along `dim` before.
    """
    x = tensor_arg(input, "diff", "input")
    if x.dim() < 1:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    axis = wrapped(dim, x.dim())
    if n == 0:
        return given_cast(zeros_like(x).copy_(x), out)
    parts = [x if end is x else checked_end(x, end, axis)
             for end in (prepend, x, append) if end is not None]
    x = cat(parts, axis) if len(parts) > 1 else x
    for _ in range(min(n, x.shape[axis])):
        size = max(x.shape[axis] - 1, 0)
        behind, ahead = narrow(x, axis, min(1, x.shape[axis]), size), narrow(x, axis, 0, size)
        x = logical_xor(behind, ahead) if "bool" in repr(x.dtype) else behind - ahead
    return given_cast(x, out)


def checked_end(x, end, axis):
    """Raise unless `end` may be joined to `x` along an axis."""
    if end.dim() != x.dim():
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for i in range(x.dim()):
        if i != axis and end.shape[i] != x.shape[i]:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input "
                f"except along the differencing dimension; input.size({i}) = {x.shape[i]}, but "
                f"got tensor.size({i}) = {end.shape[i]}")
    return end


# ---------------------------------------------------------------- integrals

def neighbour_sums(y, x, dx, dim, where_):
    """(sums of neighbours, times the widths if those are a tensor; what is still to multiply)."""
    if "bool" in repr(y.dtype) or x is not None and "bool" in repr(x.dtype):
        which = "`x` or `y`" if x is not None else "`y`"
        raise RuntimeError(f"{where_}: received a bool input for {which}, but bool is not "
                           "supported")
    size = y.shape[dim] - 1
    sums = narrow(y, dim, 0, size) + narrow(y, dim, 1, size)
    if x is None:
        return sums, dx / 2
    if x.dim() == 1:
        if x.shape[0] != y.shape[dim]:
            raise RuntimeError(f"{where_}: There must be one `x` value for each sample point")
        x = x.view((-1,) + (1,) * (y.dim() - 1 - dim))
        widths = narrow(x, 0, 1, size) - narrow(x, 0, 0, size)
        return sums * widths, None
    if x.dim() < y.dim():
        x = x.reshape((1,) * (y.dim() - x.dim()) + tuple(x.shape))
    widths = narrow(x, dim, 1, x.shape[dim] - 1) - narrow(x, dim, 0, x.shape[dim] - 1)
    return sums * widths, None


def integrated(y, x, dx, dim, name, sum_up):
    y = tensor_arg(y, name, "y")
    if x is not None and dx is not None:
        raise TypeError(f"{name}() received an invalid combination of arguments: give `x` or `dx`")
    dim = wrapped(dim, y.dim())
    if y.dim() == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    if y.shape[dim] == 0:
        if name == "cumulative_trapezoid":
            return y.new_zeros(y.shape)
        return y.new_zeros([size for axis, size in enumerate(y.shape) if axis != dim])
    sums, factor = neighbour_sums(y, x, 1 if dx is None else dx, dim, name)
    total = sum_up(sums, dim)
    return total / 2.0 if factor is None else total * factor


def trapezoid(y, x=None, *, dx=None, dim=-1):
    """The integral along an axis by the trapezoidal rule.

    Parameters
    ----------
    y : Tensor
    x : Tensor, optional
        The places of the samples, a vector or of a shape that broadcasts to that of `y`.
    dx : number, optional
        Their distance, if there is no `x`; default 1.
    dim : int
    """
    return integrated(y, x, dx, dim, "trapezoid", lambda sums, axis: sums.sum(axis))


def trapz(y, x=None, *, dx=None, dim=-1):
    """Another name of `trapezoid`."""
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """The integrals up to each sample but the first; arguments as of `trapezoid`."""
    return integrated(y, x, dx, dim, "cumulative_trapezoid",
                      lambda sums, axis: sums.cumsum(axis))
