"""Thin `def` twins of the kernels, so that tests reach each one alone.

Arrays come in as buffers; nothing here checks shapes beyond what keeps memory safe.
"""

from libc.stdint cimport int64_t

from minitorch._kernels cimport gemm as _gemm
from minitorch._kernels cimport parallel
from minitorch._kernels.types cimport floating


# ---- parallel ----

cdef struct ChunkLog:
    int64_t* begin_at     # [n]: begin of the chunk that visited i
    int64_t* visits       # [n]
    int nested


cdef void _log_chunk(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef ChunkLog* log = <ChunkLog*>ctx
    cdef ChunkLog inner
    cdef Py_ssize_t i
    if log.nested:
        inner.begin_at, inner.visits, inner.nested = log.begin_at + begin, log.visits + begin, 0
        parallel.parallel_for(_log_chunk, &inner, end - begin, 1)
        return
    for i in range(begin, end):
        log.begin_at[i] = begin
        log.visits[i] += 1


def log_chunks(int64_t[::1] begin_at, int64_t[::1] visits, Py_ssize_t grain, bint nested=False):
    """Run parallel_for over the arrays: who visited what, how often."""
    cdef ChunkLog log
    cdef Py_ssize_t n = begin_at.shape[0]
    assert visits.shape[0] == n
    if n:
        log.begin_at, log.visits, log.nested = &begin_at[0], &visits[0], nested
    with nogil:
        parallel.parallel_for(_log_chunk, &log, n, grain)


def chunk_length(Py_ssize_t n, Py_ssize_t grain):
    return parallel.chunk_length(n, grain), parallel.chunk_count(n, grain)


def scratch_address(int slot, Py_ssize_t nbytes):
    """Address of scratch memory after filling it, to show that it can be written."""
    cdef char* block = <char*>parallel.scratch(<parallel.ScratchSlot>slot, nbytes)
    cdef Py_ssize_t i
    for i in range(nbytes):
        block[i] = 1
    return <size_t>block


# ---- gemm ----

def gemm(floating[:, :] c, floating[:, :] a, floating[:, :] b, double alpha=1, double beta=0):
    """c := alpha * a.b + beta * c; a and b of any strides, rows of c contiguous."""
    cdef Py_ssize_t item = sizeof(floating)
    cdef Py_ssize_t m = c.shape[0], n = c.shape[1], k = a.shape[1]
    assert a.shape[0] == m and b.shape[0] == k and b.shape[1] == n and c.strides[1] == item
    with nogil:
        _gemm.gemm(<floating*>c._data, c.strides[0] // item,
                   <const floating*>a._data, a.strides[0] // item, a.strides[1] // item,
                   <const floating*>b._data, b.strides[0] // item, b.strides[1] // item,
                   m, n, k, <floating>alpha, <floating>beta)
