"""The node of relu, for operations that compute it together with what stands before."""

from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase
from minitorch._ops.unary cimport ResultNode

# A node that can apply the mask of a relu behind it in its own passes over memory.
cdef class MaskingNode(Node):
    cdef TensorBase masked(self, TensorBase g, TensorBase result)

cdef class ReluBackward0(ResultNode):
    cdef MaskingNode source     # the node whose outcome, plus a residual maybe, was rectified
