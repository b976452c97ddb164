"""Shape arithmetic: sizes and strides, no tensor in sight.  Strides count elements."""

from minitorch._kernels.types cimport MAX_DIMS

# The sizes of one tensor, on the stack.
cdef struct Dims:
    int n
    Py_ssize_t at[MAX_DIMS]

cdef Py_ssize_t product(int n, const Py_ssize_t* sizes) noexcept nogil
cdef Py_ssize_t checked_numel(int n, const Py_ssize_t* sizes) except -1
cdef void contiguous_strides(int n, const Py_ssize_t* sizes, Py_ssize_t* strides) noexcept nogil
cdef void channels_last_strides(int n, const Py_ssize_t* sizes, Py_ssize_t* strides) noexcept nogil
cdef bint is_contiguous(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides) noexcept nogil
cdef bint is_channels_last(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides) noexcept nogil
cdef bint is_dense(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides) noexcept nogil
cdef void dense_strides_like(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides,
                             Py_ssize_t* out) noexcept nogil
cdef int wrap_dim(object dim, int ndim) except -1
cdef int wrap_index_dim(Py_ssize_t dim, int ndim) except -1
cdef int dims_from(object sizes, Dims* out, str where, str argument=*) except -1
cdef int dims_from_args(tuple args, Dims* out, str where, str argument=*) except -1
cdef int infer_size(Dims* wanted, Py_ssize_t numel) except -1
cdef int broadcast(int na, const Py_ssize_t* a, int nb, const Py_ssize_t* b, Dims* out) except -1
cdef int view_strides(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides,
                      int m, const Py_ssize_t* new_sizes, Py_ssize_t* out) noexcept nogil
cdef object size_tuple(int n, const Py_ssize_t* sizes)
cdef str size_text(int n, const Py_ssize_t* sizes)
cdef bint extent(int n, const Py_ssize_t* shape, const Py_ssize_t* strides,
                 Py_ssize_t* low, Py_ssize_t* high) noexcept
