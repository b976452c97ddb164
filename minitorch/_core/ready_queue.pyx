"""The queue of nodes that are ready to run."""

cimport cython
from cpython.object cimport PyObject
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

from minitorch._core.node cimport Node


@cython.freelist(8)
cdef class ReadyQueue:
    """A binary heap: the node created last comes out first."""

    def __cinit__(self):
        self.entries, self.room = self.first, FEW

    def __dealloc__(self):
        if self.entries != self.first:
            free(self.entries)

    cdef int push(self, Node node) except -1:
        cdef Entry* grown
        cdef Py_ssize_t i, parent
        if self.n == self.room:
            grown = <Entry*> realloc(NULL if self.entries == self.first else self.entries,
                                     2 * self.room * sizeof(Entry))
            if grown == NULL:
                raise MemoryError()
            if self.entries == self.first:
                memcpy(grown, self.first, sizeof(self.first))
            self.entries, self.room = grown, 2 * self.room
        i = self.n
        self.n += 1
        while i > 0:
            parent = (i - 1) >> 1
            if self.entries[parent].sequence_nr >= node.sequence_nr:
                break
            self.entries[i] = self.entries[parent]
            i = parent
        self.entries[i].sequence_nr = node.sequence_nr
        self.entries[i].node = <PyObject*> node
        return 0

    cdef Node pop(self):
        cdef PyObject* top = self.entries[0].node
        cdef Entry last
        cdef Py_ssize_t i = 0, child
        self.n -= 1
        last = self.entries[self.n]
        while 2 * i + 1 < self.n:
            child = 2 * i + 1
            if (child + 1 < self.n
                    and self.entries[child + 1].sequence_nr > self.entries[child].sequence_nr):
                child += 1
            if last.sequence_nr >= self.entries[child].sequence_nr:
                break
            self.entries[i] = self.entries[child]
            i = child
        self.entries[i] = last
        return <Node> <object> top
