"""What one writes for an activation: its value and its slope; see `piecewise.pyx`."""

from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase

cdef class Activation(Node):
    cdef bint of_result       # s0 holds the result that was written in place
    cdef bint takes_integers

    cdef TensorBase times(self, TensorBase g, TensorBase kept)
    cdef TensorBase value(self, TensorBase x)
    cdef TensorBase slope(self, TensorBase g, TensorBase x)
    cdef TensorBase slope_of_result(self, TensorBase g, TensorBase y)

cdef TensorBase activate(Activation node, object input, bint inplace, str where, str kernel)
cdef TensorBase only_floating(object input, str where, str kernel)
cdef TensorBase with_scalars(int op, list operands, tuple numbers)
