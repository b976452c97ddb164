"""Run-time choice of the instruction set; see isa/isa.h for the table's families."""

from libc.stdint cimport int64_t

cdef extern from "isa/isa.h" nogil:
    # gemm.h says what each function computes
    ctypedef struct mt_tile:
        void** rows
        Py_ssize_t column, width
        double alpha, beta
        const void* bias

    ctypedef struct mt_gemm_kernels:
        Py_ssize_t mr, nr
        void (*rows[13])(const void** a, Py_ssize_t taps, Py_ssize_t depth,
                         const void* b, const mt_tile* tile) noexcept nogil
        void (*columns[13])(const void* a, Py_ssize_t a_step, Py_ssize_t depth,
                            const void* b, const mt_tile* tile) noexcept nogil
        double (*dot)(const void* a, const void* b, Py_ssize_t n) noexcept nogil
        void (*axpys)(void* y, const void* x, const void* a, Py_ssize_t a_row,
                      Py_ssize_t rows, Py_ssize_t n) noexcept nogil
        void (*transpose)(void* dst, Py_ssize_t dst_row, const void* src, Py_ssize_t src_row,
                          Py_ssize_t rows, Py_ssize_t cols) noexcept nogil

    # depthwise.h says what each function computes
    ctypedef struct mt_depthwise_kernels:
        void (*gather)(void* y, const void** pixels, const void** weights, Py_ssize_t taps,
                       const void* bias, Py_ssize_t channels) noexcept nogil
        void (*accumulate)(void* sums, const void* a, const void* b,
                           Py_ssize_t channels) noexcept nogil

    # norm.h says what each function computes
    ctypedef struct mt_norm_relu:
        const void* result
        const void* scale
        const void* offset

    ctypedef struct mt_norm_kernels:
        void (*row_sums)(double* sums, double* squares, const void* x, const void* shift,
                         Py_ssize_t rows, Py_ssize_t channels) noexcept nogil
        void (*row_dots)(double* sums, double* dots, void* masked, const void* dy, const void* x,
                         const mt_norm_relu* relu, const void* shift, Py_ssize_t rows,
                         Py_ssize_t channels) noexcept nogil
        void (*row_affine)(void* y, const void* x, const void* scale, const void* offset,
                           const void* residual, int relu, Py_ssize_t rows,
                           Py_ssize_t channels) noexcept nogil
        void (*row_blend)(void* dx, const void* dy, const void* x, const mt_norm_relu* relu,
                          const void* a, const void* b, const void* d, Py_ssize_t rows,
                          Py_ssize_t channels) noexcept nogil
        void (*plane_sums)(double* sum, double* square, const void* x, const void* shift,
                           Py_ssize_t n) noexcept nogil
        void (*plane_dots)(double* sum, double* dot, void* masked, const void* dy, const void* x,
                           const mt_norm_relu* relu, const void* shift,
                           Py_ssize_t n) noexcept nogil
        void (*plane_affine)(void* y, const void* x, const void* scale, const void* offset,
                             const void* residual, int relu, Py_ssize_t n) noexcept nogil
        void (*plane_blend)(void* dx, const void* dy, const void* x, const mt_norm_relu* relu,
                            const void* a, const void* b, const void* d,
                            Py_ssize_t n) noexcept nogil

    ctypedef struct mt_pooling_kernels:
        void (*max_taps)(void* y, int64_t* indices, const void** taps, const int64_t* places,
                         Py_ssize_t n_taps, Py_ssize_t channels) noexcept nogil

    ctypedef struct mt_sgd_step:
        double minus_lr, momentum, one_minus_dampening, weight_decay
        int nesterov, maximize, first

    ctypedef struct mt_sgd_kernels:
        void (*step)(void* param, void* buffer, const void* grad, Py_ssize_t n,
                     const mt_sgd_step* how) noexcept nogil

    ctypedef struct mt_kernels:
        const char* name
        Py_ssize_t vector_bytes
        const mt_gemm_kernels* gemm[2]      # float, double
        const mt_depthwise_kernels* depthwise[2]
        const mt_norm_kernels* norm[2]
        const mt_pooling_kernels* pooling[2]
        const mt_sgd_kernels* sgd[2]

# The table in use.  Fetch it at every call: tests switch it.
cdef const mt_kernels* kernels() noexcept nogil
