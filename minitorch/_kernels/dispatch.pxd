"""Run-time choice of the instruction set; see isa/isa.h for the table's families."""

from libc.stdint cimport int64_t

cdef extern from "isa/isa.h" nogil:
    # relu(fma(value, scale, offset) + residual); what is NULL or 0 is left out
    ctypedef struct mt_epilogue:
        const void* scale
        const void* offset
        Py_ssize_t residual             # bytes from a value's place to its residual
        int relu

    # gemm.h says what each function computes
    ctypedef struct mt_tile:
        void** rows
        Py_ssize_t column, width
        double alpha, beta
        const mt_epilogue* after

    ctypedef struct mt_gemm_kernels:
        Py_ssize_t mr, nr
        void (*rows[13])(const void** a, Py_ssize_t taps, Py_ssize_t depth,
                         const void** b, const mt_tile* tile) noexcept nogil
        void (*columns[13])(const void* a, Py_ssize_t a_step, Py_ssize_t depth,
                            const void* b, const mt_tile* tile) noexcept nogil
        double (*dot)(const void* a, const void* b, Py_ssize_t n) noexcept nogil
        void (*axpys)(void* y, const void* x, const void* a, Py_ssize_t a_row,
                      Py_ssize_t rows, Py_ssize_t n) noexcept nogil
        void (*transpose)(void* dst, Py_ssize_t dst_row, const void* src, Py_ssize_t src_row,
                          Py_ssize_t rows, Py_ssize_t cols) noexcept nogil
        void (*finish)(void* y, Py_ssize_t channels, const mt_epilogue* after) noexcept nogil

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
                           const void* residual, int relu, int stream, Py_ssize_t rows,
                           Py_ssize_t channels) noexcept nogil
        void (*row_blend)(void* dx, const void* dy, const void* x, const mt_norm_relu* relu,
                          const void* a, const void* b, const void* d, int stream,
                          Py_ssize_t rows, Py_ssize_t channels) noexcept nogil
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

    # winograd.h says what each function computes
    ctypedef struct mt_winograd_kernels:
        Py_ssize_t tile
        void (*input)(float* v, Py_ssize_t v_pos, Py_ssize_t panel, Py_ssize_t v_panel,
                      const float** pixels, Py_ssize_t channels) noexcept nogil
        void (*output)(float** pixels, const float* v, Py_ssize_t v_pos, Py_ssize_t channels,
                       const mt_epilogue* after) noexcept nogil
        void (*gradient)(float* v, Py_ssize_t v_pos, const float** pixels,
                         Py_ssize_t channels) noexcept nogil
        void (*filter)(float* u, Py_ssize_t u_pos, Py_ssize_t u_depth, const float* w,
                       Py_ssize_t w_depth, Py_ssize_t w_column, Py_ssize_t w_tap,
                       Py_ssize_t depth, Py_ssize_t width, Py_ssize_t panel) noexcept nogil
        void (*filter_gradient)(float* dw, Py_ssize_t dw_tap, const float* s, Py_ssize_t s_pos,
                                Py_ssize_t channels) noexcept nogil

    # skinny.h says what each function computes
    enum:
        MT_SKINNY_ROWS
        MT_SKINNY_PIXELS

    ctypedef struct mt_skinny_kernels:
        Py_ssize_t lanes
        void (*dots)(float* sums, Py_ssize_t sums_step, const float** pixels,
                     Py_ssize_t n_pixels, const float* w, Py_ssize_t n_rows,
                     Py_ssize_t n) noexcept nogil
        void (*combine)(float* sums, Py_ssize_t sums_step, const float* g, Py_ssize_t g_step,
                        Py_ssize_t n_pixels, const float* w, Py_ssize_t w_row, Py_ssize_t rows,
                        Py_ssize_t n) noexcept nogil
        void (*outer)(float* dw, Py_ssize_t n_rows, const float* g, Py_ssize_t g_step,
                      const float** pixels, Py_ssize_t n_pixels, Py_ssize_t n) noexcept nogil

    ctypedef struct mt_kernels:
        const char* name
        Py_ssize_t vector_bytes
        const mt_gemm_kernels* gemm[2]      # float, double
        const mt_depthwise_kernels* depthwise[2]
        const mt_norm_kernels* norm[2]
        const mt_pooling_kernels* pooling[2]
        const mt_sgd_kernels* sgd[2]
        const mt_winograd_kernels* winograd[2]      # F(2x2), F(4x4)
        const mt_skinny_kernels* skinny

# The table in use.  Fetch it at every call: tests switch it.
cdef const mt_kernels* kernels() noexcept nogil
