"""The one door to threads: parallel_for over the pool of pool.c, and its size.

The pool is as large as the processors this process may use: its affinity mask, cut by the
cgroup's CPU quota.  ``MINITORCH_NUM_THREADS`` overrides both.
"""

import os
import sys

cdef extern from "pool.h" nogil:
    ctypedef void (*mt_task)(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept
    Py_ssize_t mt_chunk_length(Py_ssize_t n, Py_ssize_t grain)
    void mt_parallel_for(mt_task task, void* ctx, Py_ssize_t n, Py_ssize_t grain)
    int mt_num_threads()
    void mt_set_num_threads(int n)
    int mt_thread_index()
    void* mt_scratch(int slot, Py_ssize_t nbytes)
    void mt_release_scratch()


cdef void parallel_for(task_fn fn, void* ctx, Py_ssize_t n, Py_ssize_t grain) noexcept nogil:
    """for begin, end in chunks(n, grain): fn(ctx, begin, end)"""
    mt_parallel_for(<mt_task>fn, ctx, n, grain)


cdef Py_ssize_t chunk_length(Py_ssize_t n, Py_ssize_t grain) noexcept nogil:
    """max(grain, ceil(n / 512), 1)"""
    return mt_chunk_length(n, grain)


cdef Py_ssize_t chunk_count(Py_ssize_t n, Py_ssize_t grain) noexcept nogil:
    """ceil(n / chunk_length(n, grain))"""
    cdef Py_ssize_t length = mt_chunk_length(n, grain)
    return (n + length - 1) // length


cdef int num_threads() noexcept nogil:
    return mt_num_threads()


cdef int thread_index() noexcept nogil:
    return mt_thread_index()


cdef void* scratch(ScratchSlot slot, Py_ssize_t nbytes) noexcept nogil:
    return mt_scratch(slot, nbytes)


# ---- the Python face ----

def get_num_threads():
    """Number of threads that kernels run on, the calling one included."""
    return mt_num_threads()


def set_num_threads(n):
    """Run kernels on `n` threads (at most 256).

    Results do not depend on it, to the bit: sums are cut into pieces by their length alone, and
    the pieces are added in order.  They do depend on the instruction set (``MINITORCH_ISA``).

    Raises
    ------
    TypeError
        `n` is not an integer.
    RuntimeError
        `n` is not positive.
    """
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    mt_set_num_threads(min(n, 256))


def release_scratch():
    """Give the calling thread's kernel working memory back to the system."""
    mt_release_scratch()


# ---- how many threads by default ----

def _read(path):
    try:
        with open(path) as file:
            return file.read().split()
    except OSError:
        return []


def _cgroup_folders():
    """(version, folder) of the cgroups of this process that may hold a CPU quota."""
    for line in _read("/proc/self/cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield 2, "/sys/fs/cgroup", path
        elif "cpu" in controllers.split(","):
            yield 1, "/sys/fs/cgroup/" + controllers, path
            yield 1, "/sys/fs/cgroup/cpu", path


def _quota_in(version, folder):
    """CPUs that the quota of one cgroup folder allows, or None."""
    if version == 2:
        fields = _read(folder + "/cpu.max")
    else:
        fields = _read(folder + "/cpu.cfs_quota_us") + _read(folder + "/cpu.cfs_period_us")
    if len(fields) != 2 or fields[0] in ("max", "-1"):
        return None
    try:
        quota, period = map(int, fields)
    except ValueError:
        return None
    return quota / period if quota > 0 and period > 0 else None


def _cgroup_quota():
    """The smallest CPU quota on the way from this process's cgroup to the root, or None."""
    quotas = []
    for version, root, path in _cgroup_folders():
        parts = [part for part in path.split("/") if part and part != ".."]
        for depth in range(len(parts) + 1):
            quota = _quota_in(version, "/".join([root, *parts[:depth]]))
            if quota is not None:
                quotas.append(quota)
    return min(quotas, default=None)


def _default_num_threads():
    wanted = os.environ.get("MINITORCH_NUM_THREADS", "").strip()
    if wanted:
        if not wanted.isdecimal() or int(wanted) == 0:
            raise ValueError("MINITORCH_NUM_THREADS must be a positive integer, "
                             f"but is {wanted!r}")
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        cpus = len(os.sched_getaffinity(0))
    else:
        cpus = os.cpu_count() or 1
    quota = _cgroup_quota() if sys.platform == "linux" else None
    return cpus if quota is None else max(1, min(cpus, round(quota)))


set_num_threads(_default_num_threads())
