"""Storage: a block of bytes with one version counter, shared by all views of it.

Blocks are recycled by a small caching allocator: fresh pages cost more to touch than
most kernels take to fill them.  Sizes are rounded up to a class (four to each doubling,
at most 25 % waste), and freed blocks wait in a list of their class until the cache
reaches its bound.  All of it runs under the GIL.
"""

from libc.stdlib cimport free
from libc.string cimport memcpy, memset

cimport cython

cdef extern from "memory.h" nogil:
    void* mt_allocate(size_t nbytes)

cdef enum:
    N_CLASSES = 4 * 48
    SMALLEST = 64

# A free block's first bytes link to the next free block of its class.
cdef char* free_blocks[N_CLASSES]
cdef Py_ssize_t cached_bytes = 0
cdef Py_ssize_t cache_bound = 1 << 30
cdef int i_
for i_ in range(N_CLASSES):
    free_blocks[i_] = NULL


cdef inline int size_class(Py_ssize_t nbytes, Py_ssize_t* rounded) noexcept nogil:
    """The class of a size, and the size of its blocks: (4 + k) * 16 * 2**e."""
    cdef Py_ssize_t unit = SMALLEST // 4
    cdef int doubling = 0
    while nbytes > 8 * unit:
        unit <<= 1
        doubling += 1
    cdef Py_ssize_t quarters = (nbytes + unit - 1) // unit
    if quarters < 4:
        quarters = 4
    if quarters == 8:
        quarters, unit, doubling = 4, unit << 1, doubling + 1
    rounded[0] = quarters * unit
    return 4 * doubling + <int> (quarters - 4)


cdef char* allocate(Py_ssize_t nbytes, Py_ssize_t* capacity) except NULL:
    global cached_bytes
    if nbytes > <Py_ssize_t> 1 << 46:
        raise RuntimeError(f"[enforce fail] DefaultCPUAllocator: can't allocate memory: "
                           f"you tried to allocate {nbytes} bytes.")
    cdef int kind = size_class(nbytes, capacity)
    cdef char* block = free_blocks[kind]
    if block != NULL:
        memcpy(&free_blocks[kind], block, sizeof(char*))
        cached_bytes -= capacity[0]
        return block
    block = <char*> mt_allocate(capacity[0])
    if block == NULL:
        empty_cache()
        block = <char*> mt_allocate(capacity[0])
    if block == NULL:
        raise RuntimeError(f"[enforce fail] DefaultCPUAllocator: can't allocate memory: "
                           f"you tried to allocate {nbytes} bytes.")
    return block


cdef void recycle(char* block, Py_ssize_t capacity) noexcept:
    global cached_bytes
    cdef Py_ssize_t rounded
    if cached_bytes + capacity > cache_bound:
        free(block)
        return
    cdef int kind = size_class(capacity, &rounded)
    memcpy(block, &free_blocks[kind], sizeof(char*))
    free_blocks[kind] = block
    cached_bytes += capacity


def empty_cache():
    """Give all recycled blocks back to the system."""
    global cached_bytes
    cdef char* block
    cdef int kind
    for kind in range(N_CLASSES):
        while free_blocks[kind] != NULL:
            block = free_blocks[kind]
            memcpy(&free_blocks[kind], block, sizeof(char*))
            free(block)
    cached_bytes = 0


def set_cache_limit(Py_ssize_t nbytes):
    """Bound the bytes that wait for reuse (0 switches recycling off)."""
    global cache_bound
    if nbytes < 0:
        raise ValueError(f"nbytes must not be negative, got {nbytes}")
    cache_bound = nbytes
    if cached_bytes > nbytes:
        empty_cache()


def cached_nbytes():
    """Bytes that wait for reuse."""
    return cached_bytes


@cython.freelist(256)
cdef class Storage:
    """The bytes under a tensor and all its views.

    PyTorch's name for it is `torch.UntypedStorage`.
    """

    def __dealloc__(self):
        if self.capacity:
            recycle(self.data, self.capacity)

    def __len__(self):
        return self.nbytes_

    def nbytes(self):
        """Size in bytes."""
        return self.nbytes_

    def size(self):
        """Size in bytes."""
        return self.nbytes_

    def data_ptr(self):
        """Address of the first byte.  What is written there later is not noticed."""
        cdef Storage told = source_of(self)
        told.exposed += 1
        return <size_t> self.data

    def resize_(self, nbytes):
        """Make it larger or smaller; bytes that are new are undefined."""
        resize_storage(self, nbytes)
        return self

    def resizable(self):
        """Whether the memory is the storage's own."""
        return self.owner is None and not self.exports

    def element_size(self):
        """Bytes of one element: a byte."""
        return 1

    def tolist(self):
        """The bytes as numbers."""
        return list(self)

    def clone(self):
        """A copy."""
        cdef Storage made = new_storage(self.nbytes_)
        memcpy(made.data, self.data, self.nbytes_)
        return made

    def copy_(self, source, non_blocking=None):
        """Take over the bytes of another storage of the same size."""
        cdef Storage other = source
        if other.nbytes_ != self.nbytes_:
            raise RuntimeError("size does not match")
        memcpy(self.data, other.data, self.nbytes_)
        self.version += 1
        return self

    def fill_(self, value):
        """Set all bytes."""
        memset(self.data, <unsigned char> value, self.nbytes_)
        self.version += 1
        return self

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [(<unsigned char*> self.data)[i]
                    for i in range(*index.indices(self.nbytes_))]
        return (<unsigned char*> self.data)[self._place(index)]

    def __setitem__(self, index, value):
        (<unsigned char*> self.data)[self._place(index)] = value
        self.version += 1

    def _place(self, index):
        at = index + self.nbytes_ if index < 0 else index
        if not 0 <= at < self.nbytes_:
            raise IndexError(f"index {index} out of range for storage of size {self.nbytes_}")
        return at

    @property
    def is_cuda(self):
        return False

    @property
    def device(self):
        from minitorch._core.device import device
        return device("cpu")

    def __eq__(self, other):
        return isinstance(other, Storage) and self.data == (<Storage> other).data \
            and self.nbytes_ == (<Storage> other).nbytes_

    def __hash__(self):
        return hash(<size_t> self.data)

    def __repr__(self):
        return f"<torch.UntypedStorage of {self.nbytes_} bytes>"


cdef Storage new_storage(Py_ssize_t nbytes):
    """Uninitialised bytes, aligned to 64."""
    cdef Storage made = Storage.__new__(Storage)
    made.data = allocate(nbytes if nbytes > 0 else 1, &made.capacity)
    made.nbytes_ = nbytes
    return made


cdef int resize_storage(Storage storage, Py_ssize_t nbytes) except -1:
    """Make a storage larger or smaller; the bytes that it keeps stay, new ones are undefined."""
    cdef Py_ssize_t capacity = 0
    cdef char* block
    if nbytes < 0:
        raise RuntimeError(f"Storage size must not be negative, got {nbytes}")
    if storage.owner is not None or storage.exports:
        raise RuntimeError("Trying to resize storage that is not resizable")
    if nbytes > storage.capacity:
        block = allocate(nbytes, &capacity)
        memcpy(block, storage.data, min(nbytes, storage.nbytes_))
        if storage.capacity:
            recycle(storage.data, storage.capacity)
        storage.data, storage.capacity = block, capacity
    storage.nbytes_ = nbytes
    return 0


cdef Storage wrap_memory(char* data, Py_ssize_t nbytes, object owner, bint readonly):
    """Bytes that `owner` keeps alive."""
    cdef Storage made = Storage.__new__(Storage)
    made.data, made.nbytes_, made.owner, made.readonly = data, nbytes, owner, readonly
    made.lent = not readonly
    return made


cdef Storage apart(Storage of, unsigned long version):
    """The same bytes with a version counter of their own, which stands at `version`."""
    cdef Storage made = Storage.__new__(Storage)
    made.owner, made.is_apart = source_of(of), True
    made.data, made.nbytes_, made.readonly = of.data, of.nbytes_, of.readonly
    made.version = version
    return made


# ---------------------------------------------------------------- writes that no counter sees

cdef void note_loan(Storage s) noexcept:
    """Remember what is in a source's bytes that are lent for writing."""
    if s.kept and s.nbytes_ <= SUMMED_BYTES and s.loan_changes != changes(s) + 1:
        s.sum_at_loan, s.loan_changes = check_sum(s), changes(s) + 1
    s.lent = True
    s.exposed += 1


cdef unsigned long long check_sum(Storage s) noexcept nogil:
    """A sum of the bytes that a change of any of them changes, and a pair of changes mostly."""
    cdef unsigned long long lanes[4]
    cdef unsigned long long word = 0
    cdef Py_ssize_t i = 0, k, whole = s.nbytes_ // 32 * 32
    for k in range(4):
        lanes[k] = 0x9E3779B97F4A7C15ULL + k
    while i < whole:
        for k in range(4):
            memcpy(&word, s.data + i + 8 * k, 8)
            lanes[k] = (lanes[k] ^ word) * 0x100000001B3ULL
        i += 32
    while i < s.nbytes_:
        lanes[0] = (lanes[0] ^ <unsigned char> s.data[i]) * 0x100000001B3ULL
        i += 1
    for k in range(1, 4):
        lanes[0] = (lanes[0] ^ lanes[k] ^ (lanes[k] >> 29)) * 0x100000001B3ULL
    return lanes[0]
