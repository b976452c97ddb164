"""Lends the backward engine, which stands below the operations, the few that it needs."""

from minitorch._core.engine cimport set_gradient_ops
from minitorch._core.record cimport bump
from minitorch._core.tensor cimport TensorBase, new_strided
from minitorch._core.shape cimport is_dense
from minitorch._kernels.pointwise cimport BINARY_ADD
from minitorch._ops._base cimport binary_into, clone_raw, copy_raw
from minitorch._ops.binary cimport add_op
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.unary import isnan


cdef int add_into(TensorBase total, TensorBase g) except -1:
    """total += g, unrecorded."""
    binary_into(BINARY_ADD, total, total, g, total.dtype_)
    bump(total)
    return 0


cdef TensorBase copy_for(TensorBase g, TensorBase leaf):
    """A copy of a gradient in the memory order of its leaf, if that is dense."""
    cdef TensorBase out
    if not is_dense(leaf.ndim_, leaf.shape_, leaf.strides_):
        return clone_raw(g)
    out = new_strided(g.dtype_, leaf.ndim_, leaf.shape_, leaf.strides_)
    copy_raw(out, g)
    return out


cdef bint has_nan(TensorBase g):
    from minitorch._ops.reduce import any as any_
    return any_(isnan(g)).item()


set_gradient_ops(add_op, add_into, copy_for, has_nan, to_dtype)
