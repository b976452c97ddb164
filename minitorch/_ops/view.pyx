# cython: auto_pickle=False
"""Views that keep all elements: other shapes, permutations, axes of size 1.

Each function checks, makes the view and, where autograd follows, gives it a node whose
backward is again made of these functions.
"""

import warnings

from minitorch._core.dtype cimport dtype
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, set_function
from minitorch._core.shape cimport (
    Dims, contiguous_strides, dims_from, dims_from_args, infer_size, product, size_text,
    view_strides, wrap_dim, wrap_index_dim)
from minitorch._core.tensor cimport TensorBase, view_of
from minitorch._kernels.types cimport MAX_DIMS
from minitorch._ops._base cimport check_tensor
from minitorch._ops.copy cimport ORDER_CONTIGUOUS, clone_op, contiguous_op
from minitorch._ops.strided cimport make_view, shape_tuple, unlinked


# ---------------------------------------------------------------- view and reshape

cdef class ViewBackward0(Node):
    """The gradient in the shape of the input."""

    cdef tuple sizes

    cdef tuple apply(self, tuple grads):
        return (unlinked(reshape_to(grads[0], self.sizes)),)


cdef class ReshapeAliasBackward0(ViewBackward0):
    """The same where `reshape` found a view of a tensor that is not contiguous."""


cdef class UnsafeViewBackward0(ViewBackward0):
    """The same for a view of a fresh copy."""


cdef TensorBase view_op(TensorBase t, int n, const Py_ssize_t* sizes):
    """A view in another shape of as many elements; RuntimeError where the strides forbid it."""
    return viewed(t, n, sizes, ViewBackward0.__new__(ViewBackward0) if records1(t) else None)


cdef TensorBase viewed(TensorBase t, int n, const Py_ssize_t* sizes, ViewBackward0 node):
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef TensorBase v
    if view_strides(t.ndim_, t.shape_, t.strides_, n, sizes, strides):
        raise RuntimeError("view size is not compatible with input tensor's size and stride (at "
                           "least one dimension spans across two contiguous subspaces). Use "
                           ".reshape(...) instead.")
    v = make_view(t, n, sizes, strides, t.offset)
    if node is not None:
        node.sizes = shape_tuple(t)
        connect1(node, t)
        set_function(v, node, 0)
    return v


cdef TensorBase reshape_op(TensorBase t, int n, const Py_ssize_t* sizes):
    """A view where the strides allow it, else a view of a copy."""
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef TensorBase copied, out
    cdef UnsafeViewBackward0 node
    if t.contiguous:
        return view_op(t, n, sizes)
    if view_strides(t.ndim_, t.shape_, t.strides_, n, sizes, strides) == 0:
        return viewed(t, n, sizes, ReshapeAliasBackward0.__new__(ReshapeAliasBackward0)
                      if records1(t) else None)
    copied = clone_op(t, ORDER_CONTIGUOUS)
    contiguous_strides(n, sizes, strides)
    out = view_of(copied, n, sizes, strides, copied.offset)
    out.base = None
    if records1(copied):
        node = UnsafeViewBackward0.__new__(UnsafeViewBackward0)
        node.sizes = shape_tuple(copied)
        connect1(node, copied)
        set_function(out, node, 0)
    return out


cdef TensorBase reshape_to(TensorBase t, tuple sizes):
    """The same for a Python tuple of sizes, one of which may be -1."""
    cdef Dims wanted
    if t is None:
        return None
    dims_from(sizes, &wanted, "reshape", "shape")
    infer_size(&wanted, t.numel_)
    return reshape_op(t, wanted.n, wanted.at)


cdef TensorBase unsafe_view_op(TensorBase t, tuple sizes):
    """A fresh result in another shape, which is no view to the outside."""
    cdef Dims wanted
    cdef TensorBase out
    dims_from(sizes, &wanted, "view", "size")
    out = viewed(t, wanted.n, wanted.at,
                 UnsafeViewBackward0.__new__(UnsafeViewBackward0) if records1(t) else None)
    out.base = None
    return out


cdef TensorBase view_bits(TensorBase t, dtype d):
    """The bytes read as another dtype; the last axis grows or shrinks with the item."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t ratio
    cdef TensorBase v
    cdef int i, n = t.ndim_, old = <int> t.dtype_.itemsize, new = <int> d.itemsize
    for i in range(n):
        shape[i], strides[i] = t.shape_[i], t.strides_[i]
    if old != new and n == 0:
        raise RuntimeError(f"self.dim() cannot be 0 to view {t.dtype_!r} as {d!r} (different "
                           "element sizes)")
    if old != new and strides[n - 1] != 1:
        raise RuntimeError(f"self.stride(-1) must be 1 to view {t.dtype_!r} as {d!r} (different "
                           f"element sizes), but got {strides[n - 1]}")
    if old > new:
        ratio = old // new
        for i in range(n - 1):
            strides[i] *= ratio
        shape[n - 1] *= ratio
        v = make_view(t, n, shape, strides, t.offset * ratio)
    elif old < new:
        ratio = new // old
        if shape[n - 1] % ratio:
            raise RuntimeError(f"self.size(-1) must be divisible by {ratio} to view {t.dtype_!r} "
                               f"as {d!r} (different element sizes), but got {shape[n - 1]}")
        if t.offset % ratio:
            raise RuntimeError(f"self.storage_offset() must be divisible by {ratio} to view "
                               f"{t.dtype_!r} as {d!r} (different element sizes), but got "
                               f"{t.offset}")
        for i in range(n - 1):
            if strides[i] % ratio:
                raise RuntimeError(f"self.stride({i}) must be divisible by {ratio} to view "
                                   f"{t.dtype_!r} as {d!r} (different element sizes), but got "
                                   f"{strides[i]}")
            strides[i] //= ratio
        shape[n - 1] //= ratio
        v = make_view(t, n, shape, strides, t.offset // ratio)
    else:
        v = make_view(t, n, shape, strides, t.offset)
    v.dtype_ = d
    return v


def view(input, *shape, size=None, dtype=None):  # no-cython-lint
    """A view of the same memory in another shape, or its bytes as another dtype.

    ``view(2, -1)``, ``view((2, -1))`` or ``view(dtype)``.  One size may be -1: it is inferred.

    Raises
    ------
    RuntimeError
        If the shape does not fit, or would need a copy (see `reshape`).
    """
    cdef TensorBase t = check_tensor(input, "view", "input")
    cdef Dims wanted
    kind = dtype if dtype is not None else (shape[0] if len(shape) == 1 else None)
    if isinstance(kind, TYPE_OF_DTYPE):
        return t if t.dtype_ is kind else view_bits(t, kind)
    if size is not None:
        shape = (size,)
    if not shape:
        raise TypeError("view() received an invalid combination of arguments - got (), but "
                        "expected one of:\n * (torch.dtype dtype)\n * (tuple of ints size)")
    dims_from_args(shape, &wanted, "view")
    infer_size(&wanted, t.numel_)
    return view_op(t, wanted.n, wanted.at)


TYPE_OF_DTYPE = dtype


def reshape(input, *shape, **kwargs):
    """The elements in another shape: a view where the strides allow it, else a copy.

    One size may be -1: it is inferred.

    Raises
    ------
    RuntimeError
        If the shape does not fit the number of elements.
    """
    cdef TensorBase t = check_tensor(input, "reshape", "input")
    cdef Dims wanted
    if kwargs:
        if shape or list(kwargs) != ["shape"]:
            raise TypeError(f"reshape() got an unexpected keyword argument '{list(kwargs)[-1]}'")
        shape = (kwargs["shape"],)
    dims_from_args(shape, &wanted, "reshape", "shape")
    infer_size(&wanted, t.numel_)
    return reshape_op(t, wanted.n, wanted.at)


def view_as(input, other):
    """``input.view(other.size())``."""
    return view(input, shape_tuple(check_tensor(other, "view_as", "other")))


def reshape_as(input, other):
    """``input.reshape(other.size())``."""
    return reshape(input, shape_tuple(check_tensor(other, "reshape_as", "other")))


def flatten(input, start_dim=0, end_dim=-1):
    """Make one axis of the axes from `start_dim` to `end_dim`, both included.

    Raises
    ------
    RuntimeError
        If `start_dim` comes after `end_dim`.
    """
    cdef TensorBase t = check_tensor(input, "flatten", "input")
    cdef Dims wanted
    cdef int i, first = wrap_dim(start_dim, t.ndim_), last = wrap_dim(end_dim, t.ndim_)
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if t.ndim_ == 0:
        return reshape(t, 1)
    if first == last:
        return t
    wanted.n = t.ndim_ - (last - first)
    for i in range(first):
        wanted.at[i] = t.shape_[i]
    wanted.at[first] = product(last - first + 1, t.shape_ + first)
    for i in range(last + 1, t.ndim_):
        wanted.at[i - (last - first)] = t.shape_[i]
    return reshape_op(t, wanted.n, wanted.at)


def unflatten(input, dim, sizes):
    """Cut one axis into several; one of `sizes` may be -1.

    Raises
    ------
    RuntimeError
        If the sizes do not multiply up to the axis.
    """
    cdef TensorBase t = check_tensor(input, "unflatten", "input")
    cdef Dims parts
    cdef tuple whole = shape_tuple(t)
    cdef int axis = wrap_dim(dim, t.ndim_)
    cdef Py_ssize_t known = 1, holes = 0, size = t.shape_[axis] if t.ndim_ else 1
    dims_from(sizes, &parts, "unflatten", "sizes")
    if parts.n == 0:
        raise RuntimeError("unflatten: sizes must be non-empty")
    for i in range(parts.n):
        if parts.at[i] == -1:
            holes += 1
        else:
            known *= parts.at[i]
    if holes > 1:
        raise RuntimeError("only one dimension can be inferred")
    if (holes == 0 and known != size) or (holes and (known == 0 or size % known)):
        raise RuntimeError(f"unflatten: Provided sizes {size_text(parts.n, parts.at)} don't "
                           f"multiply up to the size of dim {axis} ({size}) in the input tensor")
    middle = tuple([size // known if parts.at[i] == -1 else parts.at[i] for i in range(parts.n)])
    return view(t, whole[:axis] + middle + whole[axis + 1:])


def ravel(input):
    """The elements in row-major order as one axis; a copy unless they lie so in memory."""
    cdef TensorBase t = check_tensor(input, "ravel", "input")
    return reshape(contiguous_op(t), -1)


# ---------------------------------------------------------------- permutations

cdef class PermuteBackward0(Node):
    """The inverse permutation."""

    cdef tuple dims

    cdef tuple apply(self, tuple grads):
        cdef int inverse[MAX_DIMS]
        cdef int i
        for i in range(len(self.dims)):
            inverse[<int> self.dims[i]] = i
        return (unlinked(permute_op(grads[0], inverse)),)


cdef class TransposeBackward0(Node):
    """The same exchange."""

    cdef int dim0, dim1

    cdef tuple apply(self, tuple grads):
        return (unlinked(transpose_op(grads[0], self.dim0, self.dim1)),)


cdef class TBackward0(Node):
    """The same exchange."""

    cdef tuple apply(self, tuple grads):
        return (unlinked(t_op(grads[0])),)


cdef TensorBase permuted(TensorBase t, const int* order):
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef int i
    for i in range(t.ndim_):
        shape[i], strides[i] = t.shape_[order[i]], t.strides_[order[i]]
    return make_view(t, t.ndim_, shape, strides, t.offset)


cdef TensorBase permute_op(TensorBase t, const int* order):
    """Axis i of the view is axis order[i] of `t`."""
    cdef TensorBase v = permuted(t, order)
    cdef PermuteBackward0 node
    if records1(t):
        node = PermuteBackward0.__new__(PermuteBackward0)
        node.dims = tuple([order[i] for i in range(t.ndim_)])
        connect1(node, t)
        set_function(v, node, 0)
    return v


cdef TensorBase exchanged(TensorBase t, int dim0, int dim1):
    cdef int order[MAX_DIMS]
    cdef int i
    for i in range(t.ndim_):
        order[i] = i
    if t.ndim_:
        order[dim0], order[dim1] = dim1, dim0
    return permuted(t, order)


cdef TensorBase transpose_op(TensorBase t, int dim0, int dim1):
    """Two axes exchanged."""
    cdef TensorBase v = exchanged(t, dim0, dim1)
    cdef TransposeBackward0 node
    if records1(t):
        node = TransposeBackward0.__new__(TransposeBackward0)
        node.dim0, node.dim1 = dim0, dim1
        connect1(node, t)
        set_function(v, node, 0)
    return v


cdef TensorBase t_op(TensorBase t):
    """The transpose of a matrix; a view of fewer axes as they are."""
    cdef TensorBase v = exchanged(t, 0, 1) if t.ndim_ == 2 else exchanged(t, 0, 0)
    cdef TBackward0 node
    if records1(t):
        node = TBackward0.__new__(TBackward0)
        connect1(node, t)
        set_function(v, node, 0)
    return v


def permute(input, *dims, **kwargs):
    """A view with the axes in another order: axis i is axis ``dims[i]`` of the input.

    Raises
    ------
    RuntimeError
        If `dims` does not name each axis once.
    """
    cdef TensorBase t = check_tensor(input, "permute", "input")
    cdef Dims wanted
    cdef int order[MAX_DIMS]
    cdef bint seen[MAX_DIMS]
    cdef int i
    if kwargs:
        if dims or list(kwargs) != ["dims"]:
            raise TypeError(f"permute() got an unexpected keyword argument '{list(kwargs)[-1]}'")
        dims = (kwargs["dims"],)
    dims_from_args(dims, &wanted, "permute", "dims")
    if wanted.n != t.ndim_:
        raise RuntimeError("permute(sparse_coo): number of dimensions in the tensor input does not "
                           "match the length of the desired ordering of dimensions i.e. "
                           f"input.dim() = {t.ndim_} is not equal to len(dims) = {wanted.n}")
    for i in range(wanted.n):
        seen[i] = False
    for i in range(wanted.n):
        order[i] = wrap_index_dim(wanted.at[i], t.ndim_)
        if seen[order[i]]:
            raise RuntimeError("permute(): duplicate dims are not allowed.")
        seen[order[i]] = True
    return permute_op(t, order)


def transpose(input, dim0, dim1):
    """A view with two axes exchanged."""
    cdef TensorBase t = check_tensor(input, "transpose", "input")
    return transpose_op(t, wrap_dim(dim0, t.ndim_), wrap_dim(dim1, t.ndim_))


def swapaxes(input, axis0, axis1):
    """`transpose` under numpy's name."""
    return transpose(input, axis0, axis1)


def swapdims(input, dim0, dim1):
    """`transpose` under another name."""
    return transpose(input, dim0, dim1)


def t(input):
    """The transpose of a matrix; tensors of fewer axes as they are.

    Raises
    ------
    RuntimeError
        For more than two axes.
    """
    cdef TensorBase x = check_tensor(input, "t", "input")
    if x.ndim_ > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {x.ndim_}D")
    return t_op(x)


def get_T(input):
    """``x.T``: the axes in reverse order."""
    cdef TensorBase x = check_tensor(input, "T", "input")
    cdef int order[MAX_DIMS]
    cdef int i
    if x.ndim_ != 2 and x.ndim_ != 0:
        warnings.warn("The use of `x.T` on tensors of dimension other than 2 to reverse their "
                      "shape is deprecated and it will throw an error in a future release. "
                      "Consider `x.mT` to transpose batches of matrices or "
                      "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of "
                      "a tensor.", stacklevel=2)
    for i in range(x.ndim_):
        order[i] = x.ndim_ - 1 - i
    return permute_op(x, order)


def get_mT(input):
    """``x.mT``: the last two axes exchanged."""
    cdef TensorBase x = check_tensor(input, "mT", "input")
    if x.ndim_ < 2:
        raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. Got "
                           f"{x.ndim_}-D tensor.")
    return transpose_op(x, x.ndim_ - 2, x.ndim_ - 1)


def get_H(input):
    """``x.H``: the (conjugate) transpose of a matrix."""
    cdef TensorBase x = check_tensor(input, "H", "input")
    if x.ndim_ != 2 and x.ndim_ != 0:
        raise RuntimeError("tensor.H is only supported on matrices (2-D tensors). Got "
                           f"{x.ndim_}-D tensor."
                           + (" For batches of matrices, consider using tensor.mH"
                              if x.ndim_ > 2 else ""))
    return transpose_op(x, 0, 1) if x.ndim_ else permute_op(x, NULL)


# ---------------------------------------------------------------- axes of size 1

cdef class SqueezeBackward0(ViewBackward0):
    """The gradient in the shape of the input."""


cdef class SqueezeBackward1(ViewBackward0):
    """The gradient in the shape of the input."""


cdef class SqueezeBackward2(ViewBackward0):
    """The gradient in the shape of the input."""


cdef class SqueezeBackward4(ViewBackward0):
    """The same where the axis of a fresh result was dropped in place."""


cdef class UnsqueezeBackward0(Node):
    """The gradient without the new axis."""

    cdef int dim

    cdef tuple apply(self, tuple grads):
        return (unlinked(squeeze_op(grads[0], self.dim)),)


cdef TensorBase without(TensorBase t, const bint* dropped, ViewBackward0 node):
    """The view without some axes of size 1, recorded by `node`."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef int i, k = 0
    cdef TensorBase v
    for i in range(t.ndim_):
        if not (dropped[i] and t.shape_[i] == 1):
            shape[k], strides[k] = t.shape_[i], t.strides_[i]
            k += 1
    v = make_view(t, k, shape, strides, t.offset)
    if records1(t):
        node.sizes = shape_tuple(t)
        connect1(node, t)
        set_function(v, node, 0)
    return v


cdef TensorBase squeeze_op(TensorBase t, int dim):
    """The view without axis `dim` if its size is 1."""
    cdef bint dropped[MAX_DIMS]
    cdef int i
    for i in range(t.ndim_):
        dropped[i] = i == dim
    return without(t, dropped, SqueezeBackward1.__new__(SqueezeBackward1))


cdef TensorBase dropped_axis_op(TensorBase t, int dim):
    """A fresh result without axis `dim`, whose size is 1."""
    cdef bint dropped[MAX_DIMS]
    cdef int i
    for i in range(t.ndim_):
        dropped[i] = i == dim
    out = without(t, dropped, SqueezeBackward4.__new__(SqueezeBackward4))
    out.base = None
    return out


cdef TensorBase unsqueeze_op(TensorBase t, int dim):
    """The view with a new axis of size 1 at place `dim` (counted from 0)."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef int i
    cdef TensorBase v
    cdef UnsqueezeBackward0 node
    if t.ndim_ == MAX_DIMS:
        raise RuntimeError(f"at most {<int> MAX_DIMS} dimensions are supported")
    for i in range(dim):
        shape[i], strides[i] = t.shape_[i], t.strides_[i]
    shape[dim] = 1
    strides[dim] = t.shape_[dim] * t.strides_[dim] if dim < t.ndim_ else 1
    for i in range(dim, t.ndim_):
        shape[i + 1], strides[i + 1] = t.shape_[i], t.strides_[i]
    v = make_view(t, t.ndim_ + 1, shape, strides, t.offset)
    if records1(t):
        node = UnsqueezeBackward0.__new__(UnsqueezeBackward0)
        node.dim = dim
        connect1(node, t)
        set_function(v, node, 0)
    return v


cdef int mark_dims(object dims, int ndim, bint* marked, str where) except -1:
    """Mark the axes that an integer or a tuple names; RuntimeError for one named twice."""
    cdef Dims wanted
    cdef int i, axis
    dims_from(dims, &wanted, where, "dim")
    for i in range(ndim if ndim else 1):
        marked[i] = False
    for i in range(wanted.n):
        axis = wrap_index_dim(wanted.at[i], ndim)
        if marked[axis]:
            raise RuntimeError(f"dim {axis} appears multiple times in the list of dims")
        marked[axis] = True
    return 0


def squeeze(input, dim=None):
    """A view without the axes of size 1: all of them, or those that `dim` names.

    Parameters
    ----------
    input : Tensor
    dim : int or tuple of int, optional
    """
    cdef TensorBase x = check_tensor(input, "squeeze", "input")
    cdef bint dropped[MAX_DIMS]
    cdef int i
    if dim is None:
        for i in range(x.ndim_):
            dropped[i] = True
        return without(x, dropped, SqueezeBackward0.__new__(SqueezeBackward0))
    mark_dims(dim, x.ndim_, dropped, "squeeze")
    if isinstance(dim, (tuple, list)):
        return without(x, dropped, SqueezeBackward2.__new__(SqueezeBackward2))
    return without(x, dropped, SqueezeBackward1.__new__(SqueezeBackward1))


def unsqueeze(input, dim):
    """A view with a new axis of size 1 at place `dim`."""
    cdef TensorBase x = check_tensor(input, "unsqueeze", "input")
    return unsqueeze_op(x, wrap_dim(dim, x.ndim_ + 1))
