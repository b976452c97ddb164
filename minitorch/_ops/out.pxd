"""`out=` by the rules of each family; see `out.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef object deliver_same(TensorBase result, object out, str where)
cdef object deliver_typed(TensorBase result, object out, str message)
cdef object deliver_pair(tuple made, object out, object kind)
cdef object deliver_pointwise(TensorBase result, object out, str where, tuple operands)
cdef object deliver_exactly(TensorBase result, object out, str where, tuple operands)
