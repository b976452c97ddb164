"""Reading and writing at index arrays; see `places.pyx`."""

from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase

cdef bint is_mask(TensorBase index) noexcept
cdef object nonzero_array(TensorBase t)
cdef tuple index_arrays(TensorBase t, list indices)
cdef tuple frozen(tuple arrays)
cdef tuple picked_shape(TensorBase t, tuple arrays)
cdef TensorBase gather_raw(TensorBase t, tuple arrays)
cdef int put_raw(TensorBase t, tuple arrays, TensorBase values, bint accumulate) except -1

cdef bint records_change(TensorBase t, TensorBase other) noexcept
cdef object deliver_apart(TensorBase result, object out, list inputs, bint exact=*)
cdef TensorBase target(TensorBase t, TensorBase other, bint inplace)
cdef TensorBase finish(TensorBase out, Node node, bint inplace)
