"""Differentiable reductions, for the formulas of other families."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.types cimport MAX_DIMS

cdef TensorBase sum_op(TensorBase x, object dims, bint keepdim)
cdef TensorBase mean_op(TensorBase x, object dims, bint keepdim)
cdef TensorBase sum_to_op(TensorBase g, object shape)
cdef TensorBase expand_op(TensorBase g, object shape)

# Raw machinery of the family.
cdef struct Axes:
    int n                        # how many axes are reduced
    bint reduced[MAX_DIMS]

cdef int read_axes(object dims, TensorBase x, Axes* axes, str where) except -1
cdef TensorBase reduce_raw(int op, TensorBase x, Axes* axes, bint keepdim, dtype out,
                           double param)
cdef TensorBase restore_axes(TensorBase g, Axes* axes)
