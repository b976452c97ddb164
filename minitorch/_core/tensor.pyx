"""TensorBase: storage, geometry and the autograd fields.  It has no operators.

The operations cimport this module; `minitorch.tensor.Tensor` binds them as methods.  New
tensors are made as instances of that Python class, which registers itself here.
"""

cimport cython
from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.ref cimport Py_DECREF, Py_INCREF

from minitorch._core.dtype cimport FLOATING, dtype, type_name
from minitorch._core.elements cimport read_item, write_item
from minitorch._core.grad_mode cimport inference_mode
from minitorch._core.node cimport Node
from minitorch._core.shape cimport (
    contiguous_strides, dense_strides_like, is_channels_last, is_contiguous, is_dense, product)
from minitorch._core.storage cimport (
    Storage, apart, count_change, new_storage, note_loan, same_memory, source_of)
from minitorch._kernels.types cimport MAX_DIMS
from minitorch._core.shape import Size

cdef extern from *:
    """
    static PyObject *mt_new(PyObject *base, PyObject *type, PyObject *args) {
        return ((PyTypeObject *)base)->tp_new((PyTypeObject *)type, args, NULL);
    }
    """
    object mt_new(object base, object type, object args)

cdef object tensor_type = None
cdef tuple NO_ARGS = ()
cdef type SizeType = Size
cdef view_function_maker make_view_function = NULL


def register_tensor_type(type cls):
    """Tell this floor which class new tensors are instances of."""
    global tensor_type
    tensor_type = cls


def registered_tensor_type():
    return tensor_type


cdef void set_view_function_maker(view_function_maker maker) noexcept:
    global make_view_function
    make_view_function = maker


# ---------------------------------------------------------------- construction

cdef TensorBase bare():
    """A tensor without storage or geometry, of the registered class."""
    return <TensorBase> mt_new(TensorBase, tensor_type, NO_ARGS)


cdef TensorBase new_strided(dtype d, int n, const Py_ssize_t* shape, const Py_ssize_t* strides):
    """An uninitialised tensor with the given dense strides."""
    cdef TensorBase made = bare()
    made.dtype_ = d
    made.set_geometry(n, shape, strides)
    made.storage = new_storage(made.numel_ * d.itemsize)
    made.inference = inference_mode()
    return made


cdef TensorBase new_tensor(dtype d, int n, const Py_ssize_t* shape):
    """An uninitialised contiguous tensor."""
    cdef Py_ssize_t strides[MAX_DIMS]
    contiguous_strides(n, shape, strides)
    return new_strided(d, n, shape, strides)


cdef TensorBase new_like(TensorBase like, dtype d):
    """An uninitialised tensor of the same shape and order in memory."""
    cdef Py_ssize_t strides[MAX_DIMS]
    if like.contiguous:
        return new_tensor(d, like.ndim_, like.shape_)
    dense_strides_like(like.ndim_, like.shape_, like.strides_, strides)
    return new_strided(d, like.ndim_, like.shape_, strides)


cdef TensorBase scalar_of(dtype d, object value):
    """A 0-d tensor."""
    cdef TensorBase made = new_tensor(d, 0, NULL)
    write_item(d.code, made.storage.data, value)
    return made


cdef TensorBase alias(TensorBase source):
    """The same elements in a new tensor that autograd does not connect (detach)."""
    cdef TensorBase made = bare()
    made.dtype_, made.storage, made.offset = source.dtype_, source.storage, source.offset
    made.set_geometry(source.ndim_, source.shape_, source.strides_)
    made.inference = source.inference
    return made


cdef TensorBase view_of(TensorBase source, int n, const Py_ssize_t* shape,
                        const Py_ssize_t* strides, Py_ssize_t offset):
    """A view of the same storage; knows its base unless made in inference mode."""
    cdef TensorBase made = bare()
    made.dtype_, made.storage, made.offset = source.dtype_, source.storage, offset
    made.set_geometry(n, shape, strides)
    made.inference = source.inference
    if not inference_mode():
        made.base = source if source.base is None else source.base
        made.view_version = source.storage.version
    return made


@cython.freelist(64)
cdef class TensorBase:
    """Storage, geometry and autograd fields of a tensor."""

    def __cinit__(self):
        self.shape_ = &self.inline_dims[0]
        self.strides_ = &self.inline_dims[INLINE_DIMS]

    def __dealloc__(self):
        if self.shape_ != &self.inline_dims[0]:
            PyMem_Free(self.shape_)

    cdef int set_geometry(self, int n, const Py_ssize_t* shape,
                          const Py_ssize_t* strides) except -1:
        cdef int i
        if n > INLINE_DIMS and n > self.ndim_:
            if n > MAX_DIMS:
                raise RuntimeError(f"at most {<int> MAX_DIMS} dimensions are supported, got {n}")
            if self.shape_ != &self.inline_dims[0]:
                PyMem_Free(self.shape_)
                self.shape_ = &self.inline_dims[0]
            self.shape_ = <Py_ssize_t*> PyMem_Malloc(2 * n * sizeof(Py_ssize_t))
            if self.shape_ == NULL:
                self.shape_ = &self.inline_dims[0]
                raise MemoryError()
            self.strides_ = self.shape_ + n
        self.ndim_ = n
        for i in range(n):
            self.shape_[i] = shape[i]
            self.strides_[i] = strides[i]
        self.numel_ = product(n, shape)
        self.contiguous = is_contiguous(n, shape, strides)
        return 0

    cdef bint requires(self) noexcept:
        """True when operations on this tensor are to be recorded."""
        return (self.leaf_requires_grad or self.grad_fn_ is not None
                or (self.base is not None and self.base.requires()))

    cdef Node function(self):
        """grad_fn, made anew for a view whose base was changed in place."""
        if (self.base is not None and self.creation != VIEW_INFERENCE
                and self.view_version != self.storage.version
                and make_view_function != NULL and self.base.requires()):
            return make_view_function(self)
        return self.grad_fn_

    # ------------------------------------------------------------ geometry

    @property
    def shape(self):
        """Sizes of the dimensions."""
        return shape_of(self)

    def size(self, dim=None):
        """Sizes of the dimensions, or the size of one."""
        if dim is None:
            return shape_of(self)
        return self.shape_[self._axis(dim)]

    def stride(self, dim=None):
        """Steps between neighbours along each dimension, in elements."""
        if dim is None:
            return tuple([self.strides_[i] for i in range(self.ndim_)])
        return self.strides_[self._axis(dim)]

    def _axis(self, dim):
        cdef Py_ssize_t at
        if isinstance(dim, bool) or not hasattr(dim, "__index__"):
            raise TypeError(f"argument 'dim' must be int, not {type(dim).__name__}")
        at = dim
        if self.ndim_ == 0:
            raise IndexError(f"Dimension specified as {at} but tensor has no dimensions")
        if at < -self.ndim_ or at >= self.ndim_:
            raise IndexError(f"Dimension out of range (expected to be in range of "
                             f"[{-self.ndim_}, {self.ndim_ - 1}], but got {at})")
        return at + self.ndim_ if at < 0 else at

    def dim(self):
        """Number of dimensions."""
        return self.ndim_

    ndimension = dim

    @property
    def ndim(self):
        """Number of dimensions."""
        return self.ndim_

    def numel(self):
        """Number of elements."""
        return self.numel_

    nelement = numel

    def storage_offset(self):
        """Place of the first element in the storage, in elements."""
        return self.offset

    def untyped_storage(self):
        """The bytes under this tensor and its views."""
        return self.storage

    def data_ptr(self):
        """Address of the first element.  What is written there later is not noticed."""
        cdef Storage told = source_of(self.storage)
        told.exposed += 1
        return 0 if self.numel_ == 0 else <size_t> self.data()

    def element_size(self):
        """Bytes of one element."""
        return self.dtype_.itemsize

    @property
    def itemsize(self):
        """Bytes of one element."""
        return self.dtype_.itemsize

    @property
    def nbytes(self):
        """Bytes of all elements."""
        return self.numel_ * self.dtype_.itemsize

    @property
    def dtype(self):
        """The type of the elements."""
        return self.dtype_

    @property
    def device(self):
        """Always ``device("cpu")``."""
        from minitorch._core.device import CPU
        return CPU

    @property
    def layout(self):
        from minitorch._core.layout import strided
        return strided

    def is_contiguous(self, *, memory_format=None):
        """True when the elements lie in memory in the given order (row-major by default)."""
        if memory_format is None:
            return bool(self.contiguous)
        from minitorch._core.layout import (
            channels_last, channels_last_3d, check_memory_format, contiguous_format)
        check_memory_format(memory_format, "is_contiguous")
        if memory_format is contiguous_format:
            return bool(self.contiguous)
        if memory_format is channels_last or memory_format is channels_last_3d:
            return self.ndim_ == (4 if memory_format is channels_last else 5) and bool(
                is_channels_last(self.ndim_, self.shape_, self.strides_))
        raise RuntimeError("is_contiguous(): argument 'memory_format' must not be "
                           "torch.preserve_format")

    def is_non_overlapping_and_dense(self):
        """True when the elements fill a block of memory without holes or overlaps."""
        return bool(is_dense(self.ndim_, self.shape_, self.strides_))

    def is_floating_point(self):
        """True for floating dtypes."""
        return self.dtype_.category == FLOATING

    def is_complex(self):
        """Always False: minitorch has no complex dtypes."""
        return False

    def is_signed(self):
        """True for dtypes with negative values."""
        return self.dtype_.is_signed

    @property
    def is_cpu(self):
        return True

    @property
    def is_cuda(self):
        return False

    @property
    def is_sparse(self):
        return False

    @property
    def is_quantized(self):
        return False

    @property
    def is_meta(self):
        return False

    def is_inference(self):
        """True for a tensor made in inference mode."""
        return bool(self.inference)

    def is_pinned(self):
        return False

    def is_shared(self):
        return False

    # ------------------------------------------------------------ autograd

    @property
    def _version(self):
        if self.inference:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self.storage.version

    @property
    def is_leaf(self):
        """True for a tensor that no recorded operation made."""
        return self.function() is None

    @property
    def requires_grad(self):
        """True when operations on this tensor are recorded."""
        return bool(self.requires())

    @requires_grad.setter
    def requires_grad(self, value):
        if not isinstance(value, bool):
            raise RuntimeError("requires_grad must be a bool")
        if self.function() is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables." + (
                    "" if value else " If you want to use a computed variable in a subgraph that "
                    "doesn't require differentiation use var_no_grad = var.detach()."))
        if value and self.dtype_.category != FLOATING:
            raise RuntimeError("only Tensors of floating point and complex dtype can require "
                               "gradients")
        if value and self.inference and not inference_mode():
            raise RuntimeError("Setting requires_grad=True on inference tensor outside "
                               "InferenceMode is not allowed.")
        self.leaf_requires_grad = value

    @requires_grad.deleter
    def requires_grad(self):
        raise RuntimeError("requires_grad must be a bool")

    @property
    def grad_fn(self):
        """The function of the backward graph that made this tensor, or None."""
        return self.function()

    @property
    def output_nr(self):
        """Which of the outputs of `grad_fn` this is."""
        self.function()
        return self.output_nr

    @property
    def _grad(self):
        return self.grad_

    @_grad.setter
    def _grad(self, value):
        self.grad_ = value

    @property
    def grad_dtype(self):
        """The dtype in which gradients of this leaf are accumulated; None for any."""
        if self.function() is not None:
            raise RuntimeError("grad_dtype can only be accessed on leaf tensors.")
        return self.dtype_ if self.grad_dtype_ is None else self.grad_dtype_ or None

    @grad_dtype.setter
    def grad_dtype(self, value):
        if self.function() is not None:
            raise RuntimeError("grad_dtype can only be set on leaf tensors.")
        if value is not None and not isinstance(value, dtype):
            raise RuntimeError("grad_dtype must be a torch.dtype or None, but got "
                               f"{type(value).__name__}")
        if (value is not None and self.grad_ is not None
                and (<TensorBase> self.grad_).dtype_ is not value):
            raise RuntimeError(
                f"Cannot set grad_dtype to '{type_name(value)}' because there is already a "
                f"gradient with dtype '{type_name((<TensorBase> self.grad_).dtype_)}'. Please "
                "clear the gradient (.grad = None) before changing grad_dtype, or ensure the new "
                "grad_dtype matches the existing gradient's dtype.")
        self.grad_dtype_ = False if value is None else value
        if self.accumulator != NULL:
            (<Node> <object> self.accumulator).out_dtype = value

    @property
    def _base(self):
        return self.base

    def _is_view(self):
        return self.base is not None

    @property
    def _leaf_hooks(self):
        return self.hooks

    @_leaf_hooks.setter
    def _leaf_hooks(self, value):
        self.hooks = value

    @property
    def _post_accumulate_hooks(self):
        return self.post_accumulate_hooks

    @_post_accumulate_hooks.setter
    def _post_accumulate_hooks(self, value):
        self.post_accumulate_hooks = value

    def _bump_version(self):
        count_change(self.storage)

    def _data(self):
        """The same elements in a tensor that counts its changes apart (``tensor.data``)."""
        cdef TensorBase made = alias(self)
        made.storage = apart(self.storage, 0)
        return made

    def _replace_data(self, TensorBase other):
        """Make this tensor show the elements of `other` (``tensor.data = other``).

        It keeps its own version.
        """
        cdef unsigned long version = self.storage.version
        cdef Storage before = self.storage
        self._set_data(other)
        if same_memory(before, other.storage):
            self.storage = before
        else:
            self.storage = apart(other.storage, version)

    def _set_data(self, TensorBase other):
        """Make this tensor show the elements of `other`, and share its version."""
        self.storage, self.offset, self.dtype_ = other.storage, other.offset, other.dtype_
        self.set_geometry(other.ndim_, other.shape_, other.strides_)
        self.inference = other.inference

    # ------------------------------------------------------------ elements

    def item(self):
        """The one element as a Python number."""
        if self.numel_ != 1:
            raise RuntimeError(f"a Tensor with {self.numel_} elements cannot be converted "
                               "to Scalar")
        return read_item(self.code(), self.data())

    def tolist(self):
        """The elements as nested lists of Python numbers; a number if 0-d."""
        if self.ndim_ == 0:
            return read_item(self.code(), self.data())
        return nested(self, 0, self.data())

    def __len__(self):
        if self.ndim_ == 0:
            raise TypeError("len() of a 0-d tensor")
        return self.shape_[0]

    def __hash__(self):
        return <Py_ssize_t> (<size_t> <void*> self >> 4)

    # ------------------------------------------------------------ buffer protocol

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        """Zero-copy access for numpy, memoryview and others."""
        cdef Py_ssize_t* dims
        cdef Storage lent
        cdef int i
        if self.requires():
            raise BufferError("Can't export a Tensor that requires grad. "
                              "Use tensor.detach() instead.")
        if self.dtype_.format is None:
            raise BufferError(f"the buffer protocol has no code for {self.dtype_!r}")
        if (flags & PyBUF_WRITABLE) == PyBUF_WRITABLE and self.storage.readonly:
            raise BufferError("the memory of this tensor is read-only")
        if (flags & PyBUF_STRIDES) != PyBUF_STRIDES and not self.contiguous:
            raise BufferError("this tensor is not contiguous")
        dims = <Py_ssize_t*> PyMem_Malloc((2 * self.ndim_ + 1) * sizeof(Py_ssize_t))
        if dims == NULL:
            raise MemoryError()
        for i in range(self.ndim_):
            dims[i] = self.shape_[i]
            dims[self.ndim_ + i] = self.strides_[i] * self.dtype_.itemsize
        buffer.buf = self.data()
        buffer.obj = self
        buffer.len = self.numel_ * self.dtype_.itemsize
        buffer.readonly = self.storage.readonly
        buffer.itemsize = self.dtype_.itemsize
        buffer.format = <char*> self.dtype_.format if flags & PyBUF_FORMAT else NULL
        buffer.ndim = self.ndim_
        buffer.shape = dims
        buffer.strides = dims + self.ndim_
        buffer.suboffsets = NULL
        buffer.internal = dims
        # what was lent: `set_data` may give the tensor another storage before the release
        lent = source_of(self.storage)
        Py_INCREF(lent)
        dims[2 * self.ndim_] = <Py_ssize_t> <void*> lent
        if not buffer.readonly:
            lent.exports += 1
            note_loan(lent)

    def __releasebuffer__(self, Py_buffer* buffer):
        cdef Py_ssize_t* dims = <Py_ssize_t*> buffer.internal
        cdef Storage lent = <Storage> <void*> dims[2 * buffer.ndim]
        if not buffer.readonly:
            lent.exports -= 1
        Py_DECREF(lent)
        PyMem_Free(dims)


cdef object shape_of(TensorBase t):
    # past Size.__new__, which checks what a user gives
    return mt_new(tuple, SizeType, ([t.shape_[i] for i in range(t.ndim_)],))


cdef bint channels_last(TensorBase t) noexcept:
    """True for a 4-D tensor with innermost channels that is not contiguous as well."""
    return (t.ndim_ == 4 and not t.contiguous
            and is_channels_last(t.ndim_, t.shape_, t.strides_))


cdef bint same_shape(TensorBase a, TensorBase b) noexcept:
    cdef int i
    if a.ndim_ != b.ndim_:
        return False
    for i in range(a.ndim_):
        if a.shape_[i] != b.shape_[i]:
            return False
    return True


cdef bint same_geometry(TensorBase a, TensorBase b) noexcept:
    cdef int i
    if not same_shape(a, b):
        return False
    for i in range(a.ndim_):
        if a.strides_[i] != b.strides_[i] and a.shape_[i] != 1:
            return False
    return True


cdef list nested(TensorBase t, int axis, const char* p):
    cdef Py_ssize_t i, step = t.strides_[axis] * t.dtype_.itemsize
    if axis == t.ndim_ - 1:
        return [read_item(t.dtype_.code, p + i * step) for i in range(t.shape_[axis])]
    return [nested(t, axis + 1, p + i * step) for i in range(t.shape_[axis])]


