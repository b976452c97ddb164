# cython: auto_pickle=False
"""Views that repeat elements: broadcasting."""

from minitorch._core.dtype cimport type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, set_function
from minitorch._core.shape cimport Dims, dims_from, dims_from_args, size_text
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.types cimport MAX_DIMS
from minitorch._ops._base cimport check_tensor
from minitorch._ops.reduce cimport sum_to_op
from minitorch._ops.strided cimport make_view, shape_tuple
from minitorch._ops.view import reshape, unsqueeze


cdef class ExpandBackward0(Node):
    """The sum over the axes that were repeated."""

    cdef tuple sizes

    cdef tuple apply(self, tuple grads):
        return (sum_to_op(grads[0], self.sizes),)


cdef TensorBase expand_op(TensorBase t, int n, const Py_ssize_t* sizes):
    """A view broadcast to `sizes`; the caller has checked that it fits."""
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef int i, j, lead = n - t.ndim_
    cdef TensorBase v
    cdef ExpandBackward0 node
    for i in range(n):
        j = i - lead
        if j < 0:
            strides[i] = 0
        elif t.shape_[j] == sizes[i]:
            strides[i] = t.strides_[j]
        else:
            strides[i] = 0
    v = make_view(t, n, sizes, strides, t.offset)
    if records1(t):
        node = ExpandBackward0.__new__(ExpandBackward0)
        node.sizes = shape_tuple(t)
        connect1(node, t)
        set_function(v, node, 0)
    return v


cdef int check_expand(TensorBase t, Dims* wanted) except -1:
    """Fill in sizes of -1 and check that `t` broadcasts to `wanted`."""
    cdef int i, j, lead = wanted.n - t.ndim_
    cdef str asked = size_text(wanted.n, wanted.at)
    if lead < 0:
        raise RuntimeError(f"expand(torch.{type_name(t.dtype_)}Tensor"
                           f"{{{size_text(t.ndim_, t.shape_)}}}, size={asked}): the number of "
                           f"sizes provided ({wanted.n}) must be greater or equal to the number "
                           f"of dimensions in the tensor ({t.ndim_})")
    for i in range(wanted.n - 1, -1, -1):
        j = i - lead
        if j < 0:
            if wanted.at[i] < 0:
                raise RuntimeError(f"The expanded size of the tensor ({wanted.at[i]}) isn't "
                                   f"allowed in a leading, non-existing dimension {i}")
            continue
        if wanted.at[i] == -1:
            wanted.at[i] = t.shape_[j]
        if t.shape_[j] != wanted.at[i] and t.shape_[j] != 1 or wanted.at[i] < 0:
            raise RuntimeError(f"The expanded size of the tensor ({wanted.at[i]}) must match the "
                               f"existing size ({t.shape_[j]}) at non-singleton dimension {i}.  "
                               f"Target sizes: {asked}.  Tensor sizes: "
                               f"{size_text(t.ndim_, t.shape_)}")
    return 0


cdef TensorBase expand_to(TensorBase t, tuple sizes):
    """A view broadcast to a Python tuple of sizes, checked; -1 keeps a size."""
    cdef Dims wanted
    dims_from(sizes, &wanted, "expand")
    check_expand(t, &wanted)
    return expand_op(t, wanted.n, wanted.at)


def expand(input, *size, **kwargs):
    """A view in which axes of size 1, and new leading axes, repeat; -1 keeps a size.

    Raises
    ------
    RuntimeError
        If an axis of another size than 1 would have to change.
    """
    cdef TensorBase x = check_tensor(input, "expand", "input")
    cdef Dims wanted
    if kwargs:
        if size or list(kwargs) != ["size"]:
            raise TypeError(f"expand() got an unexpected keyword argument '{list(kwargs)[-1]}'")
        size = (kwargs["size"],)
    dims_from_args(size, &wanted, "expand")
    check_expand(x, &wanted)
    return expand_op(x, wanted.n, wanted.at)


def expand_as(input, other):
    """``input.expand(other.size())``."""
    return expand(input, shape_tuple(check_tensor(other, "expand_as", "other")))


def broadcast_to(input, size):
    """`expand` as a function: ``broadcast_to(x, (2, 3))``."""
    return expand(input, size)


def broadcast_tensors(*tensors):
    """Views of the tensors, broadcast to their common shape; a tuple."""
    from minitorch._core.shape import broadcast_shapes
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    common = broadcast_shapes(*[shape_tuple(check_tensor(x, "broadcast_tensors", "tensors"))
                                for x in tensors])
    return tuple([expand(x, tuple(common)) for x in tensors])


# ---------------------------------------------------------------- at least n axes

def atleast_1d(*tensors):
    """Views with at least one axis."""
    return for_each(tensors, lambda x: x if x.ndim else reshape(x, 1))


def atleast_2d(*tensors):
    """Views with at least two axes: new ones come first."""
    return for_each(tensors, lambda x: x if x.ndim > 1 else (
        unsqueeze(x, 0) if x.ndim else reshape(x, 1, 1)))


def atleast_3d(*tensors):
    """Views with at least three axes: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1)."""
    return for_each(tensors, lambda x: x if x.ndim > 2 else (
        unsqueeze(x, -1) if x.ndim == 2 else
        (unsqueeze(unsqueeze(x, 0), -1) if x.ndim else reshape(x, 1, 1, 1))))


cdef object for_each(tuple tensors, object function):
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        return tuple([function(x) for x in tensors[0]])
    made = tuple([function(check_tensor(x, "atleast", "tensors")) for x in tensors])
    return made[0] if len(made) == 1 else made
