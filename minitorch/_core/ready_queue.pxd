"""The queue of nodes that are ready to run."""

from cpython.object cimport PyObject

from minitorch._core.node cimport Node

cdef struct Entry:
    unsigned long long sequence_nr
    PyObject* node                # borrowed: the run holds all nodes

cdef class ReadyQueue:
    cdef Entry* entries
    cdef Py_ssize_t n, room

    cdef int push(self, Node node) except -1
    cdef Node pop(self)
