"""Elementwise choices, differentiable, for the formulas of other families."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase where_op(TensorBase cond, TensorBase a, TensorBase b)
cdef TensorBase masked(TensorBase g, TensorBase mask)
