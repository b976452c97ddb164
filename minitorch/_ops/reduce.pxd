"""Differentiable reductions, for the formulas of other families, and what reductions share."""

from minitorch._core.dtype cimport dtype
from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.types cimport MAX_DIMS

cdef TensorBase sum_op(TensorBase x, object dims, bint keepdim)
cdef TensorBase mean_op(TensorBase x, object dims, bint keepdim)
cdef TensorBase sum_to_op(TensorBase g, object shape)
cdef TensorBase expand_op(TensorBase g, object shape)

cdef struct Axes:
    int n                        # how many axes are reduced
    bint reduced[MAX_DIMS]

# Arguments.
cdef object either(object value, object other, str where, str name)
cdef int flag(object keepdim, object keepdims, str where) except -1
cdef int one_axis(object dim, TensorBase x, str where) except -1
cdef object asked(object dtype, object out)
cdef int read_axes(object dims, TensorBase x, Axes* axes, str where) except -1
cdef object axes_tuple(Axes* axes, int ndim)
cdef Py_ssize_t axes_count(Axes* axes, TensorBase x) noexcept
cdef int check_not_empty(TensorBase x, Axes* axes, bint whole, str where) except -1
cdef int check_floating(dtype out) except -1
cdef dtype sum_dtype(TensorBase x, object wanted, str where)

# Raw machinery of the family.
cdef TensorBase packed(TensorBase x, Axes* axes, int* order, Py_ssize_t* blocks)
cdef TensorBase reduced_output(TensorBase x, Axes* axes, const int* order, bint keepdim, dtype d)
cdef TensorBase in_rows(TensorBase result)
cdef int check_status(int status, TensorBase x) except -1
cdef TensorBase reduce_raw(int op, TensorBase x, Axes* axes, bint keepdim, dtype out,
                           double param)
cdef TensorBase restore_axes(TensorBase g, Axes* axes)
cdef TensorBase nonzero_raw(TensorBase x)
cdef TensorBase numbers_raw(TensorBase x)
cdef bint has_zero(TensorBase x) except -1

# Nodes.
cdef class ReducingNode(Node):
    cdef Axes axes
    cdef bint kept
    cdef dtype input_dtype       # None where the result has it too

    cdef TensorBase spread(self, TensorBase t)
    cdef TensorBase cast_back(self, TensorBase g)

cdef int link_reducing(ReducingNode node, TensorBase x, Axes* axes, bint keepdim,
                       TensorBase out) except -1
