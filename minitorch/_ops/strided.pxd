"""Views at strides, and their slopes; see `strided.pyx`."""

from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase

cdef TensorBase make_view(TensorBase t, int n, const Py_ssize_t* shape,
                          const Py_ssize_t* strides, Py_ssize_t offset)
cdef TensorBase unlinked(TensorBase v)
cdef tuple shape_tuple(TensorBase t)
cdef tuple strides_tuple(TensorBase t)
cdef TensorBase zeros_of(TensorBase like, tuple sizes)

cdef TensorBase alias_op(TensorBase t)
cdef TensorBase select_op(TensorBase t, int dim, Py_ssize_t index)
cdef TensorBase slice_op(TensorBase t, int dim, Py_ssize_t start, Py_ssize_t stop,
                         Py_ssize_t step)
cdef TensorBase slice_raw(TensorBase t, int dim, Py_ssize_t start, Py_ssize_t stop,
                          Py_ssize_t step)
cdef TensorBase diagonal_op(TensorBase t, Py_ssize_t shift, int dim1, int dim2)
cdef TensorBase as_strided_op(TensorBase t, tuple shape, tuple strides, Py_ssize_t offset)
cdef TensorBase embed_op(TensorBase g, tuple sizes, tuple shape, tuple strides, Py_ssize_t offset)
cdef TensorBase extract_op(TensorBase x, tuple shape, tuple strides, Py_ssize_t offset)
