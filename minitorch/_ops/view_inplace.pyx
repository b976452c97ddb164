# cython: auto_pickle=False
"""Changes of a tensor's own shape: `squeeze_` and its like.

The tensor takes the geometry and the history of a view of itself.
"""

from minitorch._core.record cimport bump, check_writable, records1
from minitorch._core.tensor cimport TensorBase
from minitorch._ops import strided, view
from minitorch._ops._base cimport check_tensor


cdef TensorBase adopt(TensorBase t, object change, tuple args):
    """Give `t` the shape and strides of ``change(t, *args)``."""
    cdef TensorBase v
    check_writable(t, records1(t))
    v = change(t, *args)
    t.set_geometry(v.ndim_, v.shape_, v.strides_)
    bump(t)
    if v.grad_fn_ is not None:
        t.grad_fn_, t.output_nr = v.grad_fn_, 0
    # a view keeps its own history: its elements and those of the base are as before
    t.view_version = t.storage.version
    return t


def squeeze_(input, dim=None):
    """`squeeze` in place: no value changes, but the tensor's shape."""
    cdef TensorBase t = check_tensor(input, "squeeze_", "input")
    return adopt(t, view.squeeze, () if dim is None else (dim,))


def unsqueeze_(input, dim):
    """`unsqueeze` in place: no value changes, but the tensor's shape."""
    return adopt(check_tensor(input, "unsqueeze_", "input"), view.unsqueeze, (dim,))


def t_(input):
    """`t` in place: no value changes, but the tensor's shape."""
    return adopt(check_tensor(input, "t_", "input"), view.t, ())


def transpose_(input, dim0, dim1):
    """`transpose` in place: no value changes, but the tensor's shape."""
    return adopt(check_tensor(input, "transpose_", "input"), view.transpose, (dim0, dim1))


def as_strided_(input, size, stride, storage_offset=None):
    """`as_strided` in place: the tensor shows other elements of its storage."""
    cdef TensorBase t = check_tensor(input, "as_strided_", "input")
    cdef Py_ssize_t offset = t.offset if storage_offset is None else storage_offset
    adopt(t, strided.as_strided, (size, stride, offset))
    t.offset = offset
    return t


def swapaxes_(input, axis0, axis1):
    """`transpose_` under numpy's name."""
    return transpose_(input, axis0, axis1)


def swapdims_(input, dim0, dim1):
    """`transpose_` under another name."""
    return transpose_(input, dim0, dim1)
