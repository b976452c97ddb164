"""Views that repeat elements; see `expand.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase expand_op(TensorBase t, int n, const Py_ssize_t* sizes)
cdef TensorBase expand_to(TensorBase t, tuple sizes)
