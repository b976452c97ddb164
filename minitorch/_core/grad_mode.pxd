"""Thread-local switches: whether operations are recorded."""

cdef bint grad_enabled() noexcept nogil
cdef bint grad_mode() noexcept nogil
cdef bint inference_mode() noexcept nogil
cdef void set_grad_enabled(bint value) noexcept nogil
cdef bint anomaly_enabled() noexcept nogil
cdef bint anomaly_check_nan() noexcept nogil
