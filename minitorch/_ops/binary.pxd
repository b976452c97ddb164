"""Operations of two operands, differentiable, for the formulas of other families."""

from minitorch._core.dtype cimport dtype
from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase

cdef TensorBase add_op(TensorBase a, TensorBase b)
cdef TensorBase sub_op(TensorBase a, TensorBase b)
cdef TensorBase mul_op(TensorBase a, TensorBase b)
cdef TensorBase div_op(TensorBase a, TensorBase b)
cdef TensorBase add_number(TensorBase a, object number)
cdef TensorBase mul_number(TensorBase a, object number)
cdef TensorBase neg_op(TensorBase a)

# Not recorded.
cdef TensorBase compare_op(int op, TensorBase a, TensorBase b)
cdef TensorBase compare_number(int op, TensorBase a, object number)
cdef TensorBase logical_and_raw(TensorBase a, TensorBase b)
cdef TensorBase zero_of(TensorBase like)

# Machinery of the families of elementwise operations.
cdef class BinaryNode(Node):
    cdef object shape_a, shape_b      # None where the operand has the output's
    cdef dtype dtype_a, dtype_b

    cdef TensorBase back_to_a(self, TensorBase g)
    cdef TensorBase back_to_b(self, TensorBase g)

cdef class UnderivedNode(BinaryNode):
    pass

cdef TensorBase underived(TensorBase result, str name)

cdef class AddBackward0(BinaryNode):
    pass

cdef class NegBackward0(Node):
    pass

cdef int link(BinaryNode node, TensorBase a, TensorBase b, TensorBase out) except -1
cdef int differentiate_binary(int op, type node_class, type number_class=*) except -1
cdef int check_binary(int op, dtype compute, TensorBase a, TensorBase b) except -1
cdef TensorBase reduced(TensorBase g, object shape, dtype d)
cdef TensorBase binary(int op, TensorBase a, bint a_number, TensorBase b, bint b_number)
cdef TensorBase number_first(int op, object number, TensorBase a, Node node)
cdef TensorBase before_change(TensorBase a)
cdef dtype scalar_dtype(dtype compute)

# From Python values.
cdef object plain_number(object value)
cdef int check_alpha(dtype compute, object alpha, str where) except -1
cdef TensorBase alpha_raw(int op, TensorBase a, TensorBase b, object alpha, dtype compute)
cdef TensorBase two(int op, object input, object other, str where)
cdef TensorBase two_inplace(int op, object input, object other, str where)
cdef TensorBase add_with_alpha(int op, object input, object other, object alpha, str where)
cdef TensorBase add_with_alpha_inplace(int op, object input, object other, object alpha, str where)
