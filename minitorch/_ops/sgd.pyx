"""The update of stochastic gradient descent, fused: each byte is read and written once."""

from minitorch._core.dtype cimport FLOATING, dtype, of_code
from minitorch._core.record cimport bump, check_writable
from minitorch._core.shape cimport is_dense
from minitorch._core.tensor cimport TensorBase, new_like, same_geometry, same_shape, shape_of
from minitorch._kernels.sgd cimport SgdOptions, sgd_step
from minitorch._kernels.types cimport F32, F64
from minitorch._ops._base cimport cast_raw, check_tensor, contiguous_raw, copy_raw


cdef int update(TensorBase p, TensorBase buffer, TensorBase g, SgdOptions* options,
                bint first) except -1:
    """One step of one parameter; all three dense, of one dtype and order of memory."""
    cdef Py_ssize_t n = p.numel_
    cdef char* b = NULL if buffer is None else buffer.data()
    if p.code() == F32:
        with nogil:
            sgd_step(<float*> p.data(), <float*> b, <const float*> g.data(), n, options, first)
    else:
        with nogil:
            sgd_step(<double*> p.data(), <double*> b, <const double*> g.data(), n, options, first)
    return 0


cdef bint is_plain(TensorBase p) noexcept:
    """Whether the kernel can work on a parameter's own memory."""
    return (p.code() == F32 or p.code() == F64) and is_dense(p.ndim_, p.shape_, p.strides_)


cdef TensorBase like_plain(TensorBase t, TensorBase plain):
    """`t` in the dtype and order of memory of `plain`; `t` itself where it has them."""
    cdef TensorBase out
    if t.dtype_ is plain.dtype_ and same_geometry(t, plain):
        return t
    out = new_like(plain, plain.dtype_)
    copy_raw(out, t)
    return out


cdef object step_one(TensorBase p, TensorBase g, TensorBase buffer, SgdOptions* options):
    """Update one parameter; returns its momentum buffer."""
    cdef TensorBase plain, moving
    cdef bint first = buffer is None
    cdef dtype d = of_code(F32) if p.dtype_.itemsize < 4 else p.dtype_
    plain = p if is_plain(p) else contiguous_raw(cast_raw(p, d))
    if options.momentum == 0:
        moving = None
    elif first:
        buffer = new_like(p, p.dtype_)
        moving = buffer if buffer.dtype_ is plain.dtype_ and same_geometry(buffer, plain) \
            else new_like(plain, plain.dtype_)
    else:
        moving = like_plain(buffer, plain)
    update(plain, moving, like_plain(g, plain), options, first)
    if plain is not p:
        copy_raw(p, plain)
    if moving is not None:
        if moving is not buffer:
            copy_raw(buffer, moving)
        bump(buffer)
    bump(p)
    return buffer if options.momentum != 0 else None


cdef int check_pair(TensorBase p, TensorBase g, str name) except -1:
    """A floating parameter that may be written, and a gradient of its shape."""
    if p.dtype_.category != FLOATING:
        raise TypeError(f"{name}(): parameters must be floating, got {p.dtype_!r}")
    if not same_shape(p, g):
        raise RuntimeError(f"{name}(): gradient of shape {shape_of(g)} for a parameter of "
                           f"shape {shape_of(p)}")
    return check_writable(p, False)


def sgd_step_(list params, list grads, list buffers, lr, momentum, dampening, weight_decay,
              nesterov, maximize):
    """Update `params` in place and return the momentum buffers.

    Parameters
    ----------
    params, grads : list of Tensor
        Floating; each gradient has its parameter's shape.
    buffers : list of Tensor or None
        None before the first step with momentum.
    lr, momentum, dampening, weight_decay : float
    nesterov, maximize : bool

    Returns
    -------
    list of Tensor or None
        The buffers, those given where they were given.
    """
    cdef SgdOptions options
    cdef TensorBase p, g
    cdef list moved = []
    options.lr, options.momentum, options.dampening = lr, momentum, dampening
    options.weight_decay, options.nesterov, options.maximize = weight_decay, nesterov, maximize
    for param, grad, buffer in zip(params, grads, buffers, strict=True):
        p, g = check_tensor(param, "sgd_step_", "params"), check_tensor(grad, "sgd_step_", "grads")
        check_pair(p, g, "sgd_step_")
        moved.append(step_one(p, g, buffer, &options))
    return moved
