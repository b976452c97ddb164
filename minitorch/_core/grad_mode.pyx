"""Thread-local switches: whether operations are recorded.

A new thread starts with gradients enabled, as in PyTorch.
"""

cdef extern from *:
    """
    static __thread char mt_no_grad = 0;
    static __thread char mt_inference = 0;
    """
    char mt_no_grad
    char mt_inference

cdef bint anomaly_ = False
cdef bint check_nan_ = True


cdef bint grad_enabled() noexcept nogil:
    """Whether operations are recorded: in inference mode never, whatever the grad mode is."""
    return not (mt_no_grad | mt_inference)


cdef bint grad_mode() noexcept nogil:
    """The switch alone."""
    return not mt_no_grad


cdef bint inference_mode() noexcept nogil:
    return mt_inference


cdef void set_grad_enabled(bint value) noexcept nogil:
    global mt_no_grad
    mt_no_grad = not value


cdef bint anomaly_enabled() noexcept nogil:
    return anomaly_


cdef bint anomaly_check_nan() noexcept nogil:
    return check_nan_


def is_grad_enabled():
    """True when operations on tensors that require gradients are recorded."""
    return grad_mode()


def set_grad_enabled_(bint mode):
    """Switch recording for this thread."""
    set_grad_enabled(mode)


def is_inference_mode():
    """True inside `inference_mode`."""
    return inference_mode()


def set_inference_mode_(bint mode):
    """Switch inference mode for this thread."""
    global mt_inference
    mt_inference = mode


def is_anomaly_enabled():
    """True when the engine keeps forward tracebacks."""
    return anomaly_


def is_anomaly_check_nan_enabled():
    """True when anomaly mode looks for NaN in each gradient."""
    return check_nan_


def set_anomaly_enabled(bint mode, bint check_nan=True):
    """Switch anomaly mode, for all threads."""
    global anomaly_, check_nan_
    anomaly_ = mode
    check_nan_ = check_nan
