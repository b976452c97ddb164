"""Copies: clone, memory order, dtype, and writing into a tensor; see `copy.pyx`."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

cdef enum Order:
    ORDER_PRESERVE
    ORDER_CONTIGUOUS
    ORDER_CHANNELS_LAST
    ORDER_CHANNELS_LAST_3D

cdef Order order_of(object memory_format, str where) except *
cdef bint in_order(TensorBase t, Order order) noexcept
cdef TensorBase clone_op(TensorBase t, Order order)
cdef TensorBase contiguous_op(TensorBase t)
cdef TensorBase to_copy_op(TensorBase t, dtype d, Order order, bint copy)
cdef TensorBase to_dtype(TensorBase t, dtype d)
cdef TensorBase copy_op(TensorBase t, TensorBase source)
cdef TensorBase fill_op(TensorBase t, object value)
