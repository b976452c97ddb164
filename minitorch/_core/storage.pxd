"""Storage: a block of bytes with one version counter."""

cdef class Storage:
    cdef char* data
    cdef Py_ssize_t nbytes_
    cdef Py_ssize_t capacity        # of an own block; 0 when `owner` holds the bytes
    cdef object owner               # what keeps foreign memory alive (numpy array, mmap, ...)
    cdef bint readonly
    cdef unsigned long version      # bumped by each in-place operation on any view
    # Writes through an exported buffer are not counted; what is derived from the bytes and kept
    # (`derived`, by the floor above) must know that there may have been some.
    cdef Py_ssize_t exports         # writable buffers in other hands
    cdef unsigned long exposed      # how often the bytes were handed out
    cdef dict derived
    cdef unsigned long last_use[2]  # version at the last use forward and backward, plus one

cdef Storage new_storage(Py_ssize_t nbytes)
cdef int resize_storage(Storage storage, Py_ssize_t nbytes) except -1
cdef Storage wrap_memory(char* data, Py_ssize_t nbytes, object owner, bint readonly)
