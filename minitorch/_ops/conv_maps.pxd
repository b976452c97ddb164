"""The maps of convolution as values; see `conv_maps.pyx`.

`options` is (stride, padding, dilation, groups), the first three a number a dimension.
"""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

# Signals (N, C, L), images (N, C, H, W) and volumes (N, C, D, H, W), float32 or float64.
cdef TensorBase forward_raw(TensorBase x, TensorBase w, TensorBase b, tuple options)
cdef TensorBase input_grad_raw(TensorBase g, TensorBase w, tuple sizes, tuple options)
cdef TensorBase weight_grad_raw(TensorBase g, TensorBase x, tuple sizes, bint last, tuple options)
cdef TensorBase bias_grad_raw(TensorBase g)

# Images: y = relu(fma(x * w, scale, offset) + residual); None leaves a step out.
cdef TensorBase run_forward(TensorBase x, TensorBase w, tuple options, TensorBase scale,
                            TensorBase offset, TensorBase residual, bint relu)
cdef int check_residual(TensorBase residual, TensorBase y) except -1
cdef bint prefers_channels_last(TensorBase x, TensorBase w) noexcept

# What the operations on images share: an uninitialised (N, C, H, W) tensor, contiguous or
# (`last`) channels_last.
cdef TensorBase new_image(dtype d, Py_ssize_t n, Py_ssize_t c, Py_ssize_t h, Py_ssize_t w,
                          bint last)

cdef tuple sizes_of(TensorBase t)
