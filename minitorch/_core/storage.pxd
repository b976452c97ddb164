"""Storage: a block of bytes with one version counter."""

cdef enum:
    # Where others may write, a graph compares what it saved with what it finds up to this size:
    # a few microseconds.  In anomaly mode it compares everything.
    SUMMED_BYTES = 65536

cdef class Storage:
    cdef char* data
    cdef Py_ssize_t nbytes_
    cdef Py_ssize_t capacity        # of an own block; 0 when `owner` holds the bytes
    # What keeps foreign memory alive (numpy array, mmap, ...).  `tensor.data` counts its changes
    # apart: in a storage over the bytes of another, which is then its owner.
    cdef object owner
    cdef char readonly
    cdef char is_apart
    # Others may write into the bytes without any counter seeing it, so what is derived from them
    # and kept (`derived`, by the floor above) is to be doubted.  Told to the source of the bytes.
    cdef char lent                  # whether writable buffers ever were, or are, in other hands
    cdef char kept                  # whether a graph ever saved a tensor of these bytes
    cdef unsigned int hidden        # changes that storages apart have counted
    cdef unsigned long version      # bumped by each in-place operation on any view
    cdef int exports                # writable buffers in other hands
    cdef unsigned int exposed       # how often the bytes were handed out
    cdef unsigned int loan_changes  # `changes` when `sum_at_loan` was made, plus one
    cdef unsigned int last_use[2]   # version at the last use forward and backward, plus one
    cdef unsigned long long sum_at_loan
    cdef dict derived

cdef Storage new_storage(Py_ssize_t nbytes)
cdef int resize_storage(Storage storage, Py_ssize_t nbytes) except -1
cdef Storage wrap_memory(char* data, Py_ssize_t nbytes, object owner, bint readonly)
cdef Storage apart(Storage of, unsigned long version)
cdef void note_loan(Storage s) noexcept
cdef unsigned long long check_sum(Storage s) noexcept nogil

cdef inline bint same_memory(Storage a, Storage b) noexcept:
    return a.data == b.data

cdef inline Storage source_of(Storage s):
    """The storage that counts for all that show its bytes."""
    return <Storage> s.owner if s.is_apart else s

cdef inline unsigned int unseen(Storage s) noexcept:
    """How many changes of the bytes `version` does not count."""
    return changes(<Storage> s.owner) - <unsigned int> s.version if s.is_apart else s.hidden

cdef inline unsigned int changes(Storage s) noexcept:
    """How many changes of a source's bytes were counted anywhere."""
    return <unsigned int> s.version + s.hidden

cdef inline void count_change(Storage s) noexcept:
    s.version += 1
    if s.is_apart:
        (<Storage> s.owner).hidden += 1
