"""The queue of nodes that are ready to run."""

from cpython.object cimport PyObject

from minitorch._core.node cimport Node

cdef struct Entry:
    unsigned long long sequence_nr
    PyObject* node                # borrowed: the run holds all nodes

cdef enum:
    FEW = 16                      # most queues are short: these need no memory of their own

cdef class ReadyQueue:
    cdef Entry first[FEW]
    cdef Entry* entries
    cdef Py_ssize_t n, room

    cdef int push(self, Node node) except -1
    cdef Node pop(self)
