"""Differences with the operands changed, for the operator; see `arithmetic.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase rsub_op(TensorBase a, object other, object alpha)
