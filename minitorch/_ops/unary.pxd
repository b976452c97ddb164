"""Operations of one operand, differentiable, for the formulas of other families."""

from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase

cdef TensorBase unary_op(int op, TensorBase a)
cdef TensorBase one_minus_square(TensorBase x)

# Machinery: a node keeps its operand (SelfNode), its result (ResultNode) or nothing.
cdef class SelfNode(Node):
    cdef TensorBase kept(self)

cdef class ResultNode(Node):
    cdef TensorBase kept(self)

# Piecewise constant: the derivative is 0.
cdef class FlatNode(Node):
    pass

cdef int differentiate_unary(int op, type node_class) except -1

# From Python values.
cdef object one(int op, object input, object out, str where)
cdef object one_(int op, object self, str where)
