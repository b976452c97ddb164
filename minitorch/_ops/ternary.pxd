"""Machinery of the operations of three tensors; see `ternary.pyx`."""

from minitorch._core.dtype cimport dtype
from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase

cdef dtype common_dtype3(TensorBase a, TensorBase b, TensorBase c)

cdef class TernaryNode(Node):
    cdef tuple shapes, dtypes       # None where the operand has the output's

    cdef TensorBase back(self, int i, TensorBase g)

cdef int link3(TernaryNode node, TensorBase a, TensorBase b, TensorBase c,
               TensorBase out) except -1
cdef TensorBase finish3(TensorBase out, Node node, bint inplace)
