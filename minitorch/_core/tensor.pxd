"""TensorBase: storage, geometry and the autograd fields.  It has no operators."""

from cpython.object cimport PyObject

from minitorch._core.dtype cimport dtype
from minitorch._core.node cimport Node
from minitorch._core.storage cimport Storage
from minitorch._kernels.types cimport MAX_DIMS, Code

cdef enum:
    INLINE_DIMS = 6

# How a view was made decides whether autograd can follow a change through it.
cdef enum CreationMeta:
    VIEW_DEFAULT = 0
    VIEW_NO_GRAD = 1       # made inside no_grad
    VIEW_MULTI_OUTPUT = 2  # one of several outputs of split, chunk, unbind
    VIEW_INFERENCE = 3
    VIEW_CUSTOM = 4        # inside a user-defined Function

cdef class TensorBase:
    cdef Storage storage
    cdef dtype dtype_
    cdef Py_ssize_t offset, numel_
    cdef int ndim_
    cdef bint contiguous
    cdef Py_ssize_t* shape_
    cdef Py_ssize_t* strides_
    cdef Py_ssize_t inline_dims[12]
    # autograd
    cdef bint leaf_requires_grad      # of a leaf; a tensor with grad_fn requires grad anyway
    cdef bint inference
    cdef bint is_number               # a Python number among tensors
    cdef int output_nr
    cdef Node grad_fn_
    cdef object grad_
    cdef PyObject* accumulator        # the leaf's AccumulateGrad, borrowed: it clears this
    cdef object hooks                 # HookTable of a leaf, or None
    cdef object post_accumulate_hooks
    cdef TensorBase base              # of a view
    cdef CreationMeta creation
    cdef str view_name                # operation that made a multi-output view
    cdef unsigned long view_version   # storage version for which grad_fn_ of a view holds
    cdef object grad_dtype_           # of a leaf: a dtype; None is its own, False is any

    cdef inline char* data(self) noexcept nogil:
        return self.storage.data + self.offset * self.dtype_.itemsize

    cdef inline Code code(self) noexcept nogil:
        return self.dtype_.code

    cdef int set_geometry(self, int n, const Py_ssize_t* shape,
                          const Py_ssize_t* strides) except -1
    cdef bint requires(self) noexcept
    cdef Node function(self)

cdef TensorBase bare()
cdef TensorBase new_tensor(dtype d, int n, const Py_ssize_t* shape)
cdef TensorBase new_strided(dtype d, int n, const Py_ssize_t* shape, const Py_ssize_t* strides)
cdef TensorBase new_like(TensorBase like, dtype d)
cdef TensorBase scalar_of(dtype d, object value)
cdef TensorBase alias(TensorBase source)
cdef TensorBase view_of(TensorBase source, int n, const Py_ssize_t* shape,
                        const Py_ssize_t* strides, Py_ssize_t offset)
cdef bint channels_last(TensorBase t) noexcept
cdef bint same_shape(TensorBase a, TensorBase b) noexcept
cdef bint same_geometry(TensorBase a, TensorBase b) noexcept
cdef object shape_of(TensorBase t)

# Filled in by the floor above: regenerates the grad_fn of a view whose base was changed.
ctypedef Node (*view_function_maker)(TensorBase view)
cdef void set_view_function_maker(view_function_maker maker) noexcept
