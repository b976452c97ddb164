"""Tensors over the memory of other objects, by the buffer protocol; nothing is copied."""

from cpython.buffer cimport (
    PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer)

from minitorch._core.dtype cimport dtype, from_buffer_format
from minitorch._core.grad_mode cimport inference_mode
from minitorch._core.shape cimport contiguous_strides, extent, product
from minitorch._core.storage cimport wrap_memory
from minitorch._core.tensor cimport TensorBase, bare
from minitorch._kernels.types cimport MAX_DIMS


cdef class BufferOwner:
    """Keeps a buffer of another object exported for as long as a storage shows it."""

    cdef Py_buffer view
    cdef bint held

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.view)


cdef TensorBase wrap_buffer(object source, dtype d, bint writable_wanted):
    """A tensor over the memory of an object with the buffer protocol.

    With `d` None the dtype is read from the buffer.  Returns None when the object's items
    are of no dtype that minitorch has, or its strides are no multiples of an item.
    """
    cdef BufferOwner owner = BufferOwner.__new__(BufferOwner)
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t low, high
    cdef TensorBase made
    cdef int i, n
    PyObject_GetBuffer(source, &owner.view,
                       PyBUF_FORMAT | PyBUF_STRIDES | (PyBUF_WRITABLE if writable_wanted else 0))
    owner.held = True
    n = owner.view.ndim
    if n > MAX_DIMS:
        raise RuntimeError(f"at most {<int> MAX_DIMS} dimensions are supported, got {n}")
    if d is None:
        d = from_buffer_format(owner.view.format, owner.view.itemsize)
        if d is None:
            return None
    for i in range(n):
        shape[i] = owner.view.shape[i]
        if owner.view.strides[i] % d.itemsize and shape[i] > 1:
            return None
        strides[i] = owner.view.strides[i] // d.itemsize
        if strides[i] < 0 and shape[i] > 1:
            raise ValueError("At least one stride in the given numpy array is negative, and "
                             "tensors with negative strides are not currently supported. (You can "
                             "probably work around this by making a copy of your array  with "
                             "array.copy().) ")
    if product(n, shape) == 0:
        contiguous_strides(n, shape, strides)
        low = high = 0
    elif not extent(n, shape, strides, &low, &high):
        raise RuntimeError("the strides of the buffer overflow")
    made = bare()
    made.dtype_ = d
    made.set_geometry(n, shape, strides)
    made.storage = wrap_memory(<char*> owner.view.buf,
                               0 if made.numel_ == 0 else (high + 1) * d.itemsize,
                               owner, owner.view.readonly)
    made.inference = inference_mode()
    return made


def from_buffer(buffer, dtype d, Py_ssize_t count=-1, Py_ssize_t offset=0,
                bint requires_grad=False):
    """A 1-D tensor over the bytes of `buffer`, which it keeps alive; nothing is copied.

    Parameters
    ----------
    buffer : object with the buffer protocol
    d : dtype
    count : int
        Number of elements, or -1 for all that fit.
    offset : int
        Bytes to skip.

    Raises
    ------
    ValueError
        If the buffer is too small, or the rest is no whole number of elements.
    """
    cdef BufferOwner owner = BufferOwner.__new__(BufferOwner)
    cdef Py_ssize_t length, step = 1, room
    cdef TensorBase made
    PyObject_GetBuffer(buffer, &owner.view, PyBUF_FORMAT | PyBUF_STRIDES)
    owner.held = True
    if not is_packed(&owner.view):
        raise ValueError("the buffer is not contiguous")
    length = owner.view.len
    if length <= 0:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if offset < 0 or offset >= length:
        raise ValueError(f"offset ({offset} bytes) must be non-negative and no greater than "
                         f"buffer length ({length} bytes) minus 1")
    room = length - offset
    if count < 0:
        if room % d.itemsize:
            raise ValueError(f"buffer length ({room} bytes) after offset ({offset} bytes) must "
                             f"be a multiple of element size ({d.itemsize})")
        count = room // d.itemsize
    elif count == 0 or count > room // d.itemsize:
        raise ValueError(f"requested buffer length ({count} * {d.itemsize} bytes) after offset "
                         f"({offset} bytes) must not be greater than actual buffer length "
                         f"({length} bytes)")
    made = bare()
    made.dtype_ = d
    made.set_geometry(1, &count, &step)
    made.storage = wrap_memory(<char*> owner.view.buf + offset, count * d.itemsize, owner,
                               owner.view.readonly)
    made.requires_grad = requires_grad
    return made


cdef bint is_packed(Py_buffer* view) noexcept:
    cdef Py_ssize_t step = view.itemsize
    cdef int i
    for i in range(view.ndim - 1, -1, -1):
        if view.shape[i] > 1 and view.strides[i] != step:
            return False
        step *= view.shape[i]
    return True
