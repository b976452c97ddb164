"""What the operations on images share."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

# An uninitialised (N, C, H, W) tensor, contiguous or (`last`) channels_last.
cdef TensorBase new_image(dtype d, Py_ssize_t n, Py_ssize_t c, Py_ssize_t h, Py_ssize_t w,
                          bint last)
