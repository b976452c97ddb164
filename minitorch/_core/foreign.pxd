"""Tensors over the memory of other objects."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

cdef TensorBase wrap_buffer(object source, dtype d, bint writable_wanted)
