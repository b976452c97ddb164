"""How an optimizer's kernel gets at the memory of a parameter and of what belongs to it."""

from minitorch._core.tensor cimport TensorBase

cdef bint is_plain(TensorBase p) noexcept
cdef TensorBase like_plain(TensorBase t, TensorBase plain)
cdef int check_pair(TensorBase p, TensorBase g, str name) except -1
