"""Run-time choice of the instruction set; see isa/isa.h for the table's families."""

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

    ctypedef struct mt_kernels:
        const char* name
        Py_ssize_t vector_bytes
        const mt_gemm_kernels* gemm[2]      # float, double

# The table in use.  Fetch it at every call: tests switch it.
cdef const mt_kernels* kernels() noexcept nogil
