"""Threads and working memory for kernels; see pool.h for the promises.

The cut of [0, n) into chunks depends on n and grain alone: a kernel that keeps one partial sum
per chunk and adds them in order gives the same bits for any number of threads.  A task must
not need the GIL.
"""

ctypedef void (*task_fn)(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil

# Slots of `scratch`: one per kernel family that may be active at once on a thread.
cdef enum ScratchSlot:
    SCRATCH_GEMM_SHARED = 0     # packed operand of a product, read by all threads
    SCRATCH_GEMM_TASK = 1       # a task's own panels
    SCRATCH_CONV_SHARED = 2     # packed weights, converted images
    SCRATCH_CONV_TASK = 3
    SCRATCH_REDUCE_SHARED = 4   # partial sums, one per chunk
    SCRATCH_REDUCE_TASK = 5
    SCRATCH_OTHER_SHARED = 6    # families outside this list: pointwise, copies, ...
    SCRATCH_OTHER_TASK = 7
    SCRATCH_CONV_SOURCE = 8     # an image turned to NHWC
    SCRATCH_CONV_TARGET = 9     # an image to be turned back
    SCRATCH_CONV_ZEROS = 10     # pixels outside an image
    SCRATCH_CONV_WEIGHTS = 11   # packed weights that are not kept

# Calls fn(ctx, begin, end) for every chunk of [0, n), the caller taking part.
cdef void parallel_for(task_fn fn, void* ctx, Py_ssize_t n, Py_ssize_t grain) noexcept nogil

# Length and number of the chunks that parallel_for makes of [0, n); chunk i begins at
# i * chunk_length(n, grain).  There are at most 512.
cdef Py_ssize_t chunk_length(Py_ssize_t n, Py_ssize_t grain) noexcept nogil
cdef Py_ssize_t chunk_count(Py_ssize_t n, Py_ssize_t grain) noexcept nogil

cdef int num_threads() noexcept nogil
cdef int thread_index() noexcept nogil

# Working memory of the calling thread: 64-byte aligned, kept between calls, undefined contents;
# a caller's block may be read and written by the tasks it starts.  NULL when memory is short.
cdef void* scratch(ScratchSlot slot, Py_ssize_t nbytes) noexcept nogil
