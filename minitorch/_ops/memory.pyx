# cython: auto_pickle=False
"""Changes of the memory under a tensor: `resize_`, `set_`; and Python functions per element."""

from minitorch._core.layout import preserve_format
from minitorch._core.record cimport bump, check_writable
from minitorch._core.shape cimport (
    Dims, checked_numel, contiguous_strides, dims_from, dims_from_args, extent)
from minitorch._core.storage cimport Storage, new_storage, resize_storage
from minitorch._core.tensor cimport TensorBase, same_shape
from minitorch._ops._base cimport check_tensor
from minitorch._ops.creation import tensor as tensor_from


cdef int fit_storage(TensorBase t, int n, const Py_ssize_t* sizes,
                     const Py_ssize_t* strides) except -1:
    """Give a tensor a geometry, and its storage the room for it."""
    cdef Py_ssize_t low, high, needed = 0
    if checked_numel(n, sizes):
        if not extent(n, sizes, strides, &low, &high) or low < 0:
            raise RuntimeError("as_strided: Negative strides are not supported at the moment")
        needed = (t.offset + high + 1) * t.dtype_.itemsize
    if needed > t.storage.nbytes_:
        resize_storage(t.storage, needed)
    t.set_geometry(n, sizes, strides)
    return 0


def resize_(self, *sizes, size=None, memory_format=None):
    """Give the tensor another size in place; elements that are new are undefined.

    The elements keep their places in row-major order of the memory.
    """
    cdef TensorBase t = check_tensor(self, "resize_", "self")
    cdef Dims wanted
    cdef Py_ssize_t strides[64]
    dims_from_args(sizes if size is None else (size,), &wanted, "resize_")
    if t.requires():
        raise RuntimeError("cannot resize variables that require grad")
    if memory_format is preserve_format:
        raise RuntimeError("Unsupported memory format " + repr(memory_format))
    for i in range(wanted.n):
        if wanted.at[i] < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {wanted.at[i]}: "
                               f"{[wanted.at[k] for k in range(wanted.n)]}")
    contiguous_strides(wanted.n, wanted.at, strides)
    fit_storage(t, wanted.n, wanted.at, strides)
    if memory_format is not None:
        like = t.clone(memory_format=memory_format)
        t.set_geometry(wanted.n, wanted.at, (<TensorBase> like).strides_)
    return self


def resize_as_(self, the_template, *, memory_format=None):
    """`resize_` to the size of another tensor."""
    cdef TensorBase like = check_tensor(the_template, "resize_as_", "the_template")
    if memory_format is preserve_format:
        memory_format = None
    return resize_(self, like.shape, memory_format=memory_format)


def set_(self, source=None, storage_offset=None, size=None, stride=None):
    """Make the tensor show other memory.

    ``set_()`` none, ``set_(tensor)`` that of a tensor of the same dtype, ``set_(storage)`` a
    whole storage; ``set_(source, storage_offset, size, stride)`` a part of either.
    """
    cdef TensorBase t = check_tensor(self, "set_", "self")
    cdef TensorBase other
    cdef Dims wanted, steps
    cdef Py_ssize_t count = 0, one = 1
    cdef Py_ssize_t strides[64]
    if t.requires():
        check_writable(t, True)
    if source is None:
        t.storage, t.offset = new_storage(0), 0
        t.set_geometry(1, &count, &one)
    elif isinstance(source, TensorBase):
        other = <TensorBase> source
        if other.dtype_ is not t.dtype_:
            raise RuntimeError(f"Could not set tensor of type {other.dtype_.name} to a tensor of "
                               f"type {t.dtype_.name}")
        t.storage, t.offset = other.storage, other.offset
        if size is None:
            t.set_geometry(other.ndim_, other.shape_, other.strides_)
    else:
        source = getattr(source, "_untyped_storage", source)
        if not isinstance(source, Storage):
            raise TypeError(f"set_(): argument 'source' must be Tensor or Storage, not "
                            f"{type(source).__name__}")
        t.storage, t.offset = source, 0
        if size is None:
            count = (<Storage> source).nbytes_ // t.dtype_.itemsize
            t.set_geometry(1, &count, &one)
    if size is not None:
        t.offset = 0 if storage_offset is None else storage_offset
        if t.offset < 0:
            raise RuntimeError(f"Tensor: invalid storage offset {t.offset}")
        dims_from(size, &wanted, "set_")
        contiguous_strides(wanted.n, wanted.at, strides)
        if stride is not None:
            dims_from(stride, &steps, "set_", "stride")
            if steps.n != wanted.n:
                raise RuntimeError("unequal size length and stride length")
            for i in range(steps.n):
                strides[i] = steps.at[i]
        fit_storage(t, wanted.n, wanted.at, strides)
    bump(t)
    return self


def is_set_to(self, tensor):
    """Whether both show the same elements of the same memory in the same order."""
    cdef TensorBase a = check_tensor(self, "is_set_to", "self")
    cdef TensorBase b = check_tensor(tensor, "is_set_to", "tensor")
    return (a.storage is b.storage and a.offset == b.offset and bool(same_shape(a, b))
            and a.stride() == b.stride())


# ---------------------------------------------------------------- Python functions

cdef object per_element(TensorBase t, tuple others, object function, str where):
    if t.requires():
        raise RuntimeError(f"Can't call {where}() on Variable that requires grad. Use "
                           f"var.detach().{where}() instead.")
    for other in others:
        check_tensor(other, where, "tensor")
    columns = [t.flatten().tolist()]
    for other in others:
        columns.append(other.detach().expand(t.shape).flatten().tolist())
    values = [function(*row) for row in zip(*columns)]
    t.copy_(tensor_from(values, dtype=t.dtype_).view(t.shape))
    return t


def apply_(self, callable):
    """Replace each element with ``callable(element)``; slow."""
    return per_element(check_tensor(self, "apply_", "self"), (), callable, "apply_")


def map_(self, tensor, callable):
    """Replace each element with ``callable(element, the one of tensor)``; slow."""
    return per_element(check_tensor(self, "map_", "self"), (tensor,), callable, "map_")


def map2_(self, x, y, callable):
    """Replace each element with ``callable(element, the one of x, that of y)``; slow."""
    return per_element(check_tensor(self, "map2_", "self"), (x, y), callable, "map2_")
