"""Views that keep all elements: other shapes, permutations, axes of size 1; see `view.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase view_op(TensorBase t, int n, const Py_ssize_t* sizes)
cdef TensorBase reshape_op(TensorBase t, int n, const Py_ssize_t* sizes)
cdef TensorBase reshape_to(TensorBase t, tuple sizes)
cdef TensorBase permute_op(TensorBase t, const int* order)
cdef TensorBase transpose_op(TensorBase t, int dim0, int dim1)
cdef TensorBase t_op(TensorBase t)
cdef TensorBase squeeze_op(TensorBase t, int dim)
# Of a fresh result, which nobody else sees: no views to the outside.
cdef TensorBase unsafe_view_op(TensorBase t, tuple sizes)
cdef TensorBase dropped_axis_op(TensorBase t, int dim)
cdef TensorBase unsqueeze_op(TensorBase t, int dim)
