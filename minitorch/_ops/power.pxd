"""Powers, differentiable, for the formulas of other families."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase pow_number(TensorBase a, object exponent)
cdef TensorBase power(object input, object exponent)
