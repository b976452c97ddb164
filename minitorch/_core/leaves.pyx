"""Gradients that arrive at leaves are added into `.grad`, by one thread at a time."""

import os

from cpython.object cimport PyObject

from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.hooks cimport run_post_hooks
from minitorch._core.record cimport AccumulateGrad
from minitorch._core.tensor cimport TensorBase, alias, same_geometry

cdef extern from "pythread.h" nogil:
    ctypedef void* PyThread_type_lock
    PyThread_type_lock PyThread_allocate_lock()
    int PyThread_acquire_lock(PyThread_type_lock lock, int wait)
    void PyThread_release_lock(PyThread_type_lock lock)
    unsigned long PyThread_get_thread_ident()
    int WAIT_LOCK, NOWAIT_LOCK

cdef extern from *:
    """
    static Py_ssize_t mt_refcount(PyObject *object) { return (Py_ssize_t)Py_REFCNT(object); }
    """
    Py_ssize_t mt_refcount(PyObject* o)

cdef add_gradients add_ = NULL
cdef add_gradient_into add_into_ = NULL
cdef copy_gradient copy_ = NULL


cdef void set_leaf_ops(add_gradients add, add_gradient_into add_into, copy_gradient copy) noexcept:
    global add_, add_into_, copy_
    add_, add_into_, copy_ = add, add_into, copy


# Threads that reach one leaf take turns, also where the addition itself gives up the GIL.  Leaves
# share a few locks by address; the holder may come again, through a finalizer.
cdef enum:
    N_LOCKS = 64
cdef PyThread_type_lock leaf_locks[N_LOCKS]
cdef unsigned long lock_holders[N_LOCKS]
cdef int lock_depths[N_LOCKS]


def renew_locks():
    """Make all locks anew and free: at import, and in a forked child, whose parent's other
    threads may have held some."""
    cdef int k
    for k in range(N_LOCKS):
        leaf_locks[k] = PyThread_allocate_lock()
        lock_depths[k] = 0


renew_locks()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=renew_locks)


cdef int take_turn(TensorBase leaf) noexcept:
    """Wait until this thread alone writes the gradient of `leaf`; returns the lock's number."""
    cdef int k = <int> ((<size_t> <void*> leaf >> 6) % N_LOCKS)
    cdef unsigned long me = PyThread_get_thread_ident()
    if not (lock_depths[k] and lock_holders[k] == me):
        if not PyThread_acquire_lock(leaf_locks[k], NOWAIT_LOCK):
            with nogil:
                PyThread_acquire_lock(leaf_locks[k], WAIT_LOCK)
        lock_holders[k] = me
    lock_depths[k] += 1
    return k


cdef void end_turn(int k) noexcept:
    lock_depths[k] -= 1
    if lock_depths[k] == 0:
        PyThread_release_lock(leaf_locks[k])


cdef int accumulate(AccumulateGrad node, tuple grads, bint create_graph) except -1:
    """Add a gradient into `.grad` of the leaf, then call its hooks."""
    cdef TensorBase leaf = node.leaf
    cdef TensorBase g = grads[0]
    cdef int turn
    if g is not None:
        turn = take_turn(leaf)
        try:
            add_to_leaf(leaf, g, create_graph)
        finally:
            end_turn(turn)
    if leaf.post_accumulate_hooks:
        for hook in list(leaf.post_accumulate_hooks.values()):
            result = hook(leaf)
            if result is not None:
                raise TypeError("expected Variable, but hook returned "
                                f"'{type(result).__name__}'")
    if node.post_hooks is not None:
        run_post_hooks(node, (), grads)
    return 0


cdef int add_to_leaf(TensorBase leaf, TensorBase g, bint create_graph) except -1:
    cdef TensorBase before = leaf.grad_
    if before is None:
        if create_graph:
            leaf.grad_ = g
        elif is_ours(g) and same_geometry(g, leaf):
            leaf.grad_ = g if g.grad_fn_ is None else alias(g)
        else:
            leaf.grad_ = copy_(g, leaf)
    elif create_graph:
        leaf.grad_ = add_(before, g)
    else:
        add_into_(before, g)
    return 0


def fill_grad(TensorBase t, TensorBase g):
    """Add into `.grad` of a non-leaf."""
    cdef int turn = take_turn(t)
    try:
        if t.grad_ is None:
            t.grad_ = g if grad_enabled() else copy_(g, t)
        else:
            t.grad_ = add_(t.grad_, g)
    finally:
        end_turn(turn)


cdef bint is_ours(TensorBase g) noexcept:
    """Whether nothing but this run refers to `g` and its memory, so that it may be kept.

    The tensor is referred to by the tuple of gradients and by the variable of `accumulate`.
    """
    return (mt_refcount(<PyObject*> g) <= 2 and g.base is None and g.storage.owner is None
            and mt_refcount(<PyObject*> g.storage) == 1
            and not g.leaf_requires_grad and g.grad_fn_ is None and not g.storage.readonly)
