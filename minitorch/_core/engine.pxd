"""The backward engine."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

# Filled in by the floor above: sum of two gradients (recorded when grad mode is on), and a
# copy in the memory order of a leaf.
ctypedef TensorBase (*add_gradients)(TensorBase a, TensorBase b)
ctypedef int (*add_gradient_into)(TensorBase total, TensorBase g) except -1
ctypedef TensorBase (*copy_gradient)(TensorBase g, TensorBase leaf)
ctypedef bint (*find_nan)(TensorBase g)
ctypedef TensorBase (*cast_gradient)(TensorBase g, dtype d)

cdef void set_gradient_ops(add_gradients add, add_gradient_into add_into, copy_gradient copy,
                           find_nan has_nan, cast_gradient cast) noexcept
