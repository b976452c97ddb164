"""Differentiable matrix products, for the formulas of other families."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase mm_op(TensorBase a, TensorBase b)
cdef TensorBase bmm_op(TensorBase a, TensorBase b)
cdef TensorBase matmul_op(TensorBase a, TensorBase b)
cdef TensorBase addmm_op(TensorBase c, TensorBase a, TensorBase b, object beta, object alpha)
