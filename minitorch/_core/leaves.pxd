"""Gradients that arrive at leaves are added into `.grad`."""

from minitorch._core.record cimport AccumulateGrad
from minitorch._core.tensor cimport TensorBase

# Filled in by the floor above: sum of two gradients (recorded when grad mode is on), a sum in
# place, and a copy in the memory order of a leaf.
ctypedef TensorBase (*add_gradients)(TensorBase a, TensorBase b)
ctypedef int (*add_gradient_into)(TensorBase total, TensorBase g) except -1
ctypedef TensorBase (*copy_gradient)(TensorBase g, TensorBase leaf)

cdef void set_leaf_ops(add_gradients add, add_gradient_into add_into, copy_gradient copy) noexcept
cdef int accumulate(AccumulateGrad node, tuple grads, bint create_graph) except -1
