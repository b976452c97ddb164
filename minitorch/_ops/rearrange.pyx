# cython: auto_pickle=False
"""Copies of the elements in other places: flip, roll, triangles, diagonals, repetitions."""

import numpy

from minitorch._core.dtype import int64
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, set_function
from minitorch._core.shape cimport (
    Dims, dims_from, dims_from_args, size_text, wrap_dim, wrap_index_dim)
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.types cimport I32, I64
from minitorch._ops._base cimport check_tensor, copy_raw
from minitorch._ops.array cimport array_of, from_array
from minitorch._ops.copy cimport ORDER_CONTIGUOUS, clone_op
from minitorch._ops.expand cimport expand_to
from minitorch._ops.gather cimport index_select_op
from minitorch._ops.places cimport finish, records_change, target
from minitorch._ops.reduce cimport sum_op
from minitorch._ops.strided cimport diagonal_op, shape_tuple, zeros_of
from minitorch._ops.view cimport reshape_to, transpose_op, unsqueeze_op
from minitorch._ops.writing cimport deliver


cdef tuple axes_from(object dims, int ndim, str where):
    """Axes as a tuple, counted from 0; RuntimeError for one named twice."""
    cdef Dims wanted
    cdef int i
    dims_from(dims, &wanted, where, "dims")
    found = tuple([wrap_index_dim(wanted.at[i], ndim) for i in range(wanted.n)])
    for axis in found:
        if found.count(axis) > 1:
            raise RuntimeError(f"dim {axis} appears multiple times in the list of dims")
    return found


cdef TensorBase moved(object array, TensorBase t):
    """A contiguous tensor of numpy's rearranged view of `t`."""
    return from_array(numpy.array(array, order="C"), t.dtype_)


# ---------------------------------------------------------------- flip

cdef class FlipBackward0(Node):
    """The same flip."""

    cdef tuple dims

    cdef tuple apply(self, tuple grads):
        return (flip_op(grads[0], self.dims),)


cdef TensorBase flip_op(TensorBase t, tuple dims):
    """A copy with axes reversed; recorded."""
    cdef TensorBase out = moved(numpy.flip(array_of(t), dims) if t.ndim_ else array_of(t), t)
    cdef FlipBackward0 node
    if records1(t):
        node = FlipBackward0.__new__(FlipBackward0)
        node.dims = dims
        connect1(node, t)
        set_function(out, node, 0)
    return out


def flip(input, *args, dims=None):
    """A copy with the order of elements reversed along axes: ``flip(x, 0, 1)`` or ``(0, 1)``."""
    cdef TensorBase t = check_tensor(input, "flip", "input")
    if (dims is None) == (not args):
        raise TypeError("flip() missing 1 required positional argument: \"dims\"" if not args else
                        "flip() got multiple values for argument 'dims'")
    dims = args if dims is None else (dims,)
    if len(dims) == 1 and isinstance(dims[0], (tuple, list)):
        dims = tuple(dims[0])
    return flip_op(t, axes_from(dims, t.ndim_, "flip"))


def fliplr(input):
    """`flip` along axis 1."""
    cdef TensorBase t = check_tensor(input, "fliplr", "input")
    if t.ndim_ < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip_op(t, (1,))


def flipud(input):
    """`flip` along axis 0."""
    cdef TensorBase t = check_tensor(input, "flipud", "input")
    if t.ndim_ < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip_op(t, (0,))


# ---------------------------------------------------------------- roll

cdef class RollBackward0(Node):
    """The roll back."""

    cdef tuple shifts, dims

    cdef tuple apply(self, tuple grads):
        return (roll_op(grads[0], tuple([-s for s in self.shifts]), self.dims),)


cdef TensorBase roll_op(TensorBase t, tuple shifts, tuple dims):
    """A copy rolled along axes, or as one axis when `dims` is empty; recorded."""
    cdef TensorBase out = moved(
        numpy.roll(array_of(t), shifts, dims) if dims else numpy.roll(array_of(t), shifts[0]), t)
    cdef RollBackward0 node
    if records1(t):
        node = RollBackward0.__new__(RollBackward0)
        node.shifts, node.dims = shifts, dims
        connect1(node, t)
        set_function(out, node, 0)
    return out


def roll(input, shifts, dims=None):
    """A copy whose elements are moved on by `shifts` along `dims`, those at the end to the front.

    Without `dims` the tensor is rolled as one axis.

    Raises
    ------
    RuntimeError
        If there are not as many shifts as axes.
    """
    cdef TensorBase t = check_tensor(input, "roll", "input")
    cdef Dims steps, axes
    dims_from(shifts, &steps, "roll", "shifts")
    dims_from(() if dims is None else dims, &axes, "roll", "dims")
    if steps.n == 0:
        raise RuntimeError("`shifts` required")
    if axes.n == 0 and steps.n != 1 or axes.n and axes.n != steps.n:
        raise RuntimeError(f"shifts and dimensions must align. shifts: {steps.n}, dims:{axes.n}")
    if axes.n and t.ndim_ == 0:
        raise IndexError(f"Dimension specified as {axes.at[0]} but tensor has no dimensions")
    return roll_op(t, tuple([steps.at[i] for i in range(steps.n)]),
                   tuple([wrap_index_dim(axes.at[i], t.ndim_) for i in range(axes.n)]))


# ---------------------------------------------------------------- rot90

cdef class Rot90Backward0(Node):
    """The turn back."""

    cdef Py_ssize_t k
    cdef tuple dims

    cdef tuple apply(self, tuple grads):
        return (rot90(grads[0], -self.k, self.dims),)


def rot90(input, k=1, dims=(0, 1)):
    """A copy turned `k` times by 90 degrees in the plane of two axes, from the first to the second.

    Raises
    ------
    RuntimeError
        If `dims` does not name two different axes.
    """
    cdef TensorBase t = check_tensor(input, "rot90", "input")
    cdef TensorBase out
    cdef Rot90Backward0 node
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if t.ndim_ < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {t.ndim_}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == t.ndim_:
        raise RuntimeError("expected rotation dims to be different, but got dim0 = "
                           f"{dims[0]} and dim1 = {dims[1]}")
    axes = (wrap_dim(dims[0], t.ndim_), wrap_dim(dims[1], t.ndim_))
    turns = k % 4
    out = flip_op(t.detach(), {0: (), 1: axes[1:], 2: axes, 3: axes[:1]}[turns])
    if turns % 2:
        out = transpose_op(out, axes[0], axes[1])
        out.base = None
    if records1(t):
        node = Rot90Backward0.__new__(Rot90Backward0)
        node.k, node.dims = k, axes
        connect1(node, t)
        set_function(out, node, 0)
    return out


# ---------------------------------------------------------------- triangles

cdef class TrilBackward0(Node):
    """The same triangle."""

    cdef Py_ssize_t diagonal

    cdef tuple apply(self, tuple grads):
        return (triangle_op(grads[0], self.diagonal, False, False),)


cdef class TriuBackward0(TrilBackward0):
    """The same triangle."""

    cdef tuple apply(self, tuple grads):
        return (triangle_op(grads[0], self.diagonal, True, False),)


cdef TensorBase triangle_op(TensorBase t, Py_ssize_t diagonal, bint upper, bint inplace):
    """Zeros below (or above) a diagonal of the last two axes; recorded."""
    cdef TensorBase out = target(t, None, inplace)
    cdef TrilBackward0 node = None
    if records_change(t, None):
        node = (TriuBackward0.__new__(TriuBackward0) if upper
                else TrilBackward0.__new__(TrilBackward0))
        node.diagonal = diagonal
        connect1(node, t)
    rows, columns = t.shape_[t.ndim_ - 2], t.shape_[t.ndim_ - 1]
    outside = numpy.tri(rows, columns, diagonal - 1 if upper else diagonal, bool)
    numpy.copyto(array_of(out), array_of(zeros_of(t, ())), where=outside if upper else ~outside)
    return finish(out, node, inplace)


cdef TensorBase matrix(object input, str where):
    cdef TensorBase t = check_tensor(input, where, "input")
    if t.ndim_ < 2:
        raise RuntimeError(f"{where}: input tensor must have at least 2 dimensions")
    return t


def tril(input, diagonal=0, *, out=None):
    """A copy of the lower triangle of the last two axes, up to a diagonal; zeros above."""
    return deliver(triangle_op(matrix(input, "tril"), diagonal, False, False), out)


def tril_(input, diagonal=0):
    """`tril` in place."""
    return triangle_op(matrix(input, "tril"), diagonal, False, True)


def triu(input, diagonal=0, *, out=None):
    """A copy of the upper triangle of the last two axes, from a diagonal on; zeros below."""
    return deliver(triangle_op(matrix(input, "triu"), diagonal, True, False), out)


def triu_(input, diagonal=0):
    """`triu` in place."""
    return triangle_op(matrix(input, "triu"), diagonal, True, True)


# ---------------------------------------------------------------- diagonals

cdef class DiagEmbedBackward0(Node):
    """The diagonal."""

    cdef Py_ssize_t shift
    cdef int dim1, dim2

    cdef tuple apply(self, tuple grads):
        return (diagonal_op(grads[0], self.shift, self.dim1, self.dim2),)


cdef TensorBase diag_embed_op(TensorBase t, Py_ssize_t shift, int dim1, int dim2):
    """Zeros with the last axis of `t` on a diagonal of two new axes; recorded."""
    cdef Py_ssize_t size = t.shape_[t.ndim_ - 1] + (shift if shift > 0 else -shift)
    cdef list sizes = [t.shape_[i] for i in range(t.ndim_ - 1)]
    cdef TensorBase out, line
    cdef DiagEmbedBackward0 node
    for axis in sorted((dim1, dim2)):
        sizes.insert(axis, size)
    out = zeros_of(t, tuple(sizes))
    line = diagonal_op(out, shift, dim1, dim2)
    copy_raw(line, t)
    if records1(t):
        node = DiagEmbedBackward0.__new__(DiagEmbedBackward0)
        node.shift, node.dim1, node.dim2 = shift, dim1, dim2
        connect1(node, t)
        set_function(out, node, 0)
    return out


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Zeros with the last axis of the input on a diagonal of the axes `dim1` and `dim2`."""
    cdef TensorBase t = check_tensor(input, "diag_embed", "input")
    cdef int a = wrap_dim(dim1, t.ndim_ + 1), b = wrap_dim(dim2, t.ndim_ + 1)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return diag_embed_op(t, offset, a, b)


def diag(input, diagonal=0, *, out=None):
    """A matrix with the input on a diagonal, or a copy of a matrix's diagonal.

    Raises
    ------
    RuntimeError
        For other than one or two axes.
    """
    cdef TensorBase t = check_tensor(input, "diag", "input")
    if t.ndim_ == 1:
        return deliver(diag_embed_op(t, diagonal, 0, 1), out)
    if t.ndim_ == 2:
        return deliver(clone_op(diagonal_op(t, diagonal, 0, 1), ORDER_CONTIGUOUS), out)
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {t.ndim_}D")


# ---------------------------------------------------------------- repetitions

cdef class RepeatBackward0(Node):
    """The sum over the repetitions."""

    cdef tuple repeats, sizes

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef Py_ssize_t lead = len(self.repeats) - len(self.sizes)
        if 0 in self.repeats:
            return (zeros_of(g, self.sizes),)
        # each axis as (repetition, place); new leading axes are repetitions only
        split = list(self.repeats[:lead])
        axes = list(range(lead))
        for i, size in enumerate(self.sizes):
            axes.append(len(split))
            split += [self.repeats[lead + i], size]
        return (sum_op(reshape_to(g, tuple(split)), tuple(axes), False) if axes else g,)


cdef TensorBase repeat_op(TensorBase t, tuple repeats):
    """A copy repeated along each axis; recorded."""
    cdef TensorBase out = moved(numpy.tile(array_of(t), repeats), t)
    cdef RepeatBackward0 node
    if records1(t):
        node = RepeatBackward0.__new__(RepeatBackward0)
        node.repeats, node.sizes = repeats, shape_tuple(t)
        connect1(node, t)
        set_function(out, node, 0)
    return out


cdef tuple counts_from(tuple args, str where, str argument):
    cdef Dims counts
    cdef int i
    dims_from_args(args, &counts, where, argument)
    for i in range(counts.n):
        if counts.at[i] < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {counts.at[i]}: "
                               f"{size_text(counts.n, counts.at)}")
    return tuple([counts.at[i] for i in range(counts.n)])


def repeat(input, *repeats):
    """A copy repeated along each axis: ``repeat(2, 1)`` or ``repeat((2, 1))``.

    Raises
    ------
    RuntimeError
        If there are fewer numbers than axes.
    """
    cdef TensorBase t = check_tensor(input, "repeat", "input")
    counts = counts_from(repeats, "repeat", "repeats")
    if len(counts) < t.ndim_:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of "
                           "dimensions of tensor")
    return repeat_op(t, counts)


def tile(input, *dims):
    """`repeat`, where missing leading numbers are 1."""
    cdef TensorBase t = check_tensor(input, "tile", "input")
    counts = counts_from(dims, "tile", "dims")
    return repeat_op(t, (1,) * (t.ndim_ - len(counts)) + counts)


def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """A copy with each place along an axis repeated in turn; without `dim`, of the flat input.

    Parameters
    ----------
    input : Tensor
        Alone: numbers of repetitions, of which the places are returned.
    repeats : int or Tensor
        One number for all places, or one for each.
    dim : int, optional
    output_size : int, optional
        The length that the axis must come to.

    Raises
    ------
    RuntimeError
        For a negative number, or a number of numbers that does not fit the axis.
    """
    cdef TensorBase t = check_tensor(input, "repeat_interleave", "input")
    cdef TensorBase made
    cdef int axis
    if repeats is None:
        return interleaved_places(t, t.numel_, output_size)
    if dim is None:
        t, axis = reshape_to(t, (-1,)), 0
    else:
        axis = wrap_dim(dim, t.ndim_)
    if isinstance(repeats, TensorBase):
        if (<TensorBase> repeats).numel_ == 1:
            repeats = repeats.item()
        else:
            return index_select_op(t, axis, interleaved_places(
                <TensorBase> repeats, t.shape_[axis] if t.ndim_ else 1, output_size))
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    sizes = shape_tuple(t) or (1,)
    if output_size is not None and output_size != sizes[axis] * repeats:
        raise RuntimeError("repeat_interleave: Invalid output_size, expected "
                           f"{sizes[axis] * repeats} but got {output_size}")
    made = unsqueeze_op(reshape_to(t, sizes), axis + 1)
    made = expand_to(made, sizes[:axis + 1] + (repeats,) + sizes[axis + 1:])
    made = clone_op(made, ORDER_CONTIGUOUS)
    return reshape_to(made, sizes[:axis] + (sizes[axis] * repeats,) + sizes[axis + 1:])


cdef TensorBase interleaved_places(TensorBase repeats, Py_ssize_t size, object output_size):
    """Place i `repeats[i]` times over, as an index."""
    if repeats.ndim_ != 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    if repeats.numel_ != size:
        raise RuntimeError("repeats must have the same size as input along dim, but got "
                           f"repeats.size(0) = {repeats.numel_} and input.size(0) = {size}")
    if repeats.code() != I64 and repeats.code() != I32:
        raise RuntimeError("repeats has to be Long or Int tensor")
    counts = array_of(repeats)
    if counts.size and counts.min() < 0:
        raise RuntimeError("repeats can not be negative")
    array = numpy.repeat(numpy.arange(size), counts)
    if output_size is not None and output_size != len(array):
        raise RuntimeError(f"allocated size does not match required size: {output_size} and "
                           f"{len(array)}")
    return from_array(array, int64)

