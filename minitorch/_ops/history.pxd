"""The backward graph after a change in place."""

from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase

cdef int set_history(TensorBase t, Node node) except -1
