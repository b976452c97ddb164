"""The updates of Adam, RMSprop and Adagrad, fused: each byte is read and written once."""

from minitorch._core.dtype cimport of_code
from minitorch._core.record cimport bump, check_writable
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.adaptive cimport BLOCK, AdaptiveOptions, AdaptiveState, adaptive_block
from minitorch._kernels.parallel cimport parallel_for
from minitorch._kernels.types cimport F32, F64, floating
from minitorch._ops._base cimport cast_raw, check_tensor, contiguous_raw, copy_raw
from minitorch._ops.sgd cimport check_pair, is_plain, like_plain

cdef enum:
    CHUNK = 32768        # elements of one task

cdef struct Update:
    AdaptiveState at
    AdaptiveOptions how
    bint wide


cdef inline floating* place(char* base, Py_ssize_t i, floating* like) noexcept nogil:
    return NULL if base == NULL else <floating*>base + i


cdef void blocks(const Update* u, floating* like, Py_ssize_t begin,
                 Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t i = begin, n
    while i < end:
        n = min(end - i, <Py_ssize_t>BLOCK)
        adaptive_block(place(u.at.param, i, like), place(<char*>u.at.grad, i, like),
                       place(u.at.mean, i, like), place(u.at.square, i, like),
                       place(u.at.top, i, like), place(u.at.velocity, i, like), n, &u.how)
        i += n


cdef void update_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Update* u = <const Update*>ctx
    if u.wide:
        blocks(u, <double*>NULL, begin, end)
    else:
        blocks(u, <float*>NULL, begin, end)


cdef char* buffer(list plains, Py_ssize_t i) except? NULL:
    cdef TensorBase t = plains[i]
    return NULL if t is None else t.data()


cdef int step_one(TensorBase p, TensorBase g, tuple state, Update* u) except -1:
    """Update one parameter and its (mean, square, top, velocity); None where there is none."""
    cdef TensorBase plain = p, grad, kept
    cdef list plains = []
    if not is_plain(p):
        plain = contiguous_raw(cast_raw(p, of_code(F32) if p.dtype_.itemsize < 4 else p.dtype_))
    grad = like_plain(g, plain)
    for kept in state:
        if kept is not None:
            check_writable(kept, False)
        plains.append(None if kept is None else like_plain(kept, plain))
    u.at.param, u.at.grad, u.wide = plain.data(), grad.data(), plain.code() == F64
    u.at.mean, u.at.square = buffer(plains, 0), buffer(plains, 1)
    u.at.top, u.at.velocity = buffer(plains, 2), buffer(plains, 3)
    with nogil:
        parallel_for(update_task, u, plain.numel_, CHUNK)
    for kept, made in zip((p, *state), (plain, *plains), strict=True):
        if kept is not None:
            if made is not kept:
                copy_raw(kept, made)
            bump(kept)
    return 0


def adaptive_step_(list params, list grads, list states, list options, *, maximize=False,
                   centered=False):
    """Update `params` and `states` in place.

    Parameters
    ----------
    params, grads : list of Tensor
        Floating; each gradient has its parameter's shape.
    states : list of (Tensor or None)
        For each parameter ``(mean, square, top, velocity)``, in its shape; see
        ``_kernels/adaptive.pxd`` for what leaving one out means. ``square`` is always there.
    options : list of tuple of float
        For each parameter ``(shrink, weight_decay, mean_take, square_keep, square_take,
        root_divisor, eps, minus_lr, momentum)``.
    maximize, centered : bool
    """
    cdef Update u
    cdef TensorBase p, g
    u.how.maximize, u.how.centered = maximize, centered
    for param, grad, state, how in zip(params, grads, states, options, strict=True):
        p = check_tensor(param, "adaptive_step_", "params")
        g = check_tensor(grad, "adaptive_step_", "grads")
        check_pair(p, g, "adaptive_step_")
        for kept in state:
            if kept is not None:
                check_pair(p, check_tensor(kept, "adaptive_step_", "states"), "adaptive_step_")
        (u.how.shrink, u.how.weight_decay, u.how.mean_take, u.how.square_keep, u.how.square_take,
         u.how.root_divisor, u.how.eps, u.how.minus_lr, u.how.momentum) = how
        step_one(p, g, state, &u)


def advance_(list steps):
    """Add 1 to each counter, a tensor of one element; return the new counts as floats."""
    cdef TensorBase t
    cdef list counts = []
    cdef double count
    for step in steps:
        t = check_tensor(step, "advance_", "steps")
        check_writable(t, False)
        if t.code() == F32 and t.numel_ == 1:
            (<float*>t.data())[0] += 1
            count = (<float*>t.data())[0]
            bump(t)
        else:
            step += 1
            count = step.item()
        counts.append(count)
    return counts
