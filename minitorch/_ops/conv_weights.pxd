"""The weights of a convolution as the kernels want them, and their packed form where kept."""

from minitorch._core.storage cimport Storage
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.conv cimport Algorithm
from minitorch._kernels.shapes cimport ConvShape

cdef class ConvWeights:
    cdef TensorBase w           # contiguous or channels_last
    cdef Algorithm algorithm
    cdef Storage block          # of the packed form, or None: the kernel packs for itself
    cdef unsigned long version, exposed

    cdef const void* packed(self) noexcept

# `dense` is `w` itself, or a copy in one of the two orders; sets shape.w_channels_last.
cdef ConvWeights weights_for(TensorBase w, TensorBase dense, ConvShape* shape, bint backward)
