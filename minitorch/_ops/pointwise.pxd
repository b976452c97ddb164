"""Differentiable elementwise operations, for the formulas of other families."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

cdef TensorBase add_op(TensorBase a, TensorBase b)
cdef TensorBase sub_op(TensorBase a, TensorBase b)
cdef TensorBase mul_op(TensorBase a, TensorBase b)
cdef TensorBase div_op(TensorBase a, TensorBase b)
cdef TensorBase mul_number(TensorBase a, object number)
cdef TensorBase add_number(TensorBase a, object number)
cdef TensorBase neg_op(TensorBase a)
cdef TensorBase pow_number(TensorBase a, object exponent)
cdef TensorBase unary_op(int op, TensorBase a)
cdef TensorBase masked(TensorBase g, TensorBase mask)
cdef TensorBase to_dtype(TensorBase t, dtype d)
cdef TensorBase add_inplace(TensorBase a, TensorBase b)
