"""Functions of C's double applied to each element; see `each.pyx`."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

ctypedef double (*map1)(double) noexcept nogil

cdef TensorBase mapped1(map1 f, TensorBase a)
# `f` takes two doubles, or two int64_t.
cdef TensorBase mapped2(void* f, TensorBase a, TensorBase b, dtype compute, bint integral)

cdef TensorBase floating(TensorBase a)
cdef TensorBase map_op(map1 f, TensorBase a, type node_class)

cdef TensorBase first(TensorBase a)
cdef TensorBase replace(TensorBase a, TensorBase result)
