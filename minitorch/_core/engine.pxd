"""The backward engine."""

from minitorch._core.dtype cimport dtype
from minitorch._core.leaves cimport add_gradients
from minitorch._core.tensor cimport TensorBase

# Filled in by the floor above.
ctypedef bint (*find_nan)(TensorBase g)
ctypedef TensorBase (*cast_gradient)(TensorBase g, dtype d)

cdef void set_gradient_ops(add_gradients add, find_nan has_nan, cast_gradient cast) noexcept
