"""`out=` of the elementwise operations; see `out.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef object deliver_same(TensorBase result, object out, str where)
cdef object deliver_pointwise(TensorBase result, object out, str where, tuple operands)
cdef object deliver_exactly(TensorBase result, object out, str where, tuple operands)
