"""Run an inner loop over n-dimensional strided operands."""

from minitorch._kernels.pointwise cimport mt_loop

cdef enum:
    MAX_ARGS = 8

# f over every index of `shape`. ptrs[k] points at operand k's first element and
# byte_strides[k] holds its ndim strides (0 where it is broadcast, negative allowed);
# operand 0 is the output. Returns 0, or -1 if nargs or ndim is beyond the limits.
cdef int apply_loop(mt_loop f, int nargs, char** ptrs, int ndim, const Py_ssize_t* shape,
                    const Py_ssize_t* const* byte_strides) noexcept nogil

# The same for operands that are all dense in one order (scalars have step 0): n elements.
cdef void apply_flat(mt_loop f, int nargs, char** ptrs, const Py_ssize_t* steps,
                     Py_ssize_t n) noexcept nogil

# out[...] = x[...] with a cast if the codes differ; permuted copies run in square blocks.
cdef int strided_copy(
    char* out, int out_code, const Py_ssize_t* out_strides,       # OUT, bytes
    const char* x, int x_code, const Py_ssize_t* x_strides,       # IN, bytes
    int ndim, const Py_ssize_t* shape) noexcept nogil

# out[...] = *value, one element of the same dtype.
cdef int fill(char* out, const char* value, int code, int ndim, const Py_ssize_t* shape,
              const Py_ssize_t* out_strides) noexcept nogil

# Is any element of an integer tensor zero? (Check divisors before floor_divide, remainder.)
cdef bint any_zero(const char* x, int code, int ndim, const Py_ssize_t* shape,
                   const Py_ssize_t* x_strides) noexcept nogil
