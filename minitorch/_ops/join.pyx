# cython: auto_pickle=False
"""Joining tensors along an axis, and cutting them into views.

The slope of one is the other: `cat` and `split`, `stack` and `unbind`.
"""

import warnings

from minitorch._core.dtype cimport FLOATING, dtype, type_name
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, connect_all, records1, set_function
from minitorch._core.shape cimport (
    channels_last_strides, contiguous_strides, size_text, wrap_dim)
from minitorch._core.tensor cimport (
    VIEW_MULTI_OUTPUT, TensorBase, bare, channels_last, new_strided, new_tensor,
    same_shape)
from minitorch._kernels.types cimport MAX_DIMS
from minitorch._ops._base cimport check_tensor, common_dtype, copy_raw
from minitorch._ops.copy cimport ORDER_PRESERVE, to_copy_op
from minitorch._ops.places cimport deliver_apart
from minitorch._ops.strided cimport (
    make_view, select_op, shape_tuple, slice_op, slice_raw, unlinked, zeros_of)
from minitorch._ops.writing cimport deliver


# ---------------------------------------------------------------- cat

cdef class CatBackward0(Node):
    """To each input its part of the gradient."""

    cdef int dim
    cdef list sizes      # along `dim`; -1 for an empty 1-D tensor, which PyTorch skips
    cdef list dtypes

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase part
        cdef Py_ssize_t start = 0, size
        cdef list found = []
        for i in range(len(self.sizes)):
            size = self.sizes[i]
            if not self.needs(i):
                found.append(None)
            elif size < 0:
                found.append(zeros_of(g, (0,)))
            else:
                part = slice_op(g, self.dim, start, start + size, 1)
                found.append(to_copy_op(unlinked(part), self.dtypes[i], ORDER_PRESERVE, False))
            start += max(size, 0)
        return tuple(found)


cdef bint is_skipped(TensorBase t) noexcept:
    """Empty 1-D tensors join with anything, as in PyTorch."""
    return t.ndim_ == 1 and t.shape_[0] == 0


cdef dtype joint_dtype(list tensors):
    cdef TensorBase first = tensors[0]
    cdef TensorBase t
    cdef dtype found = first.dtype_
    for item in tensors:
        t = <TensorBase> item
        if t.dtype_ is not found:
            found = common_dtype(zeros_of_dtype(found), False, t, False)
    return found


cdef TensorBase zeros_of_dtype(dtype d):
    """A 1-D stand-in for `common_dtype`."""
    cdef Py_ssize_t size = 0
    return new_tensor(d, 1, &size)


cdef int check_joinable(list tensors, TensorBase model, int dim) except -1:
    cdef TensorBase t
    cdef int i
    for k, item in enumerate(tensors):
        t = <TensorBase> item
        if t.ndim_ == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {k}) cannot be concatenated")
        if is_skipped(t):
            continue
        if t.ndim_ != model.ndim_:
            raise RuntimeError("Tensors must have same number of dimensions: got "
                               f"{model.ndim_} and {t.ndim_}")
        for i in range(t.ndim_):
            if i != dim and t.shape_[i] != model.shape_[i]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size "
                    f"{model.shape_[i]} but got size {t.shape_[i]} for tensor number {k} in the "
                    "list.")
    return 0


cdef TensorBase part_of(TensorBase t, int dim, Py_ssize_t start, Py_ssize_t size):
    """Raw view of a range of one axis."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef TensorBase made = bare()
    cdef int i
    for i in range(t.ndim_):
        shape[i] = t.shape_[i]
    shape[dim] = size
    made.dtype_, made.storage = t.dtype_, t.storage
    made.offset = t.offset + start * t.strides_[dim]
    made.set_geometry(t.ndim_, shape, t.strides_)
    return made


cdef TensorBase cat_raw(list tensors, int dim, TensorBase model):
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t total = 0
    cdef TensorBase t, out
    cdef bint all_last = channels_last(model)
    cdef int i
    for item in tensors:
        t = <TensorBase> item
        if not is_skipped(t):
            total += t.shape_[dim]
            all_last = all_last and channels_last(t)
    for i in range(model.ndim_):
        shape[i] = model.shape_[i]
    shape[dim] = total
    if all_last:
        channels_last_strides(model.ndim_, shape, strides)
    else:
        contiguous_strides(model.ndim_, shape, strides)
    out = new_strided(joint_dtype(tensors), model.ndim_, shape, strides)
    total = 0
    for item in tensors:
        t = <TensorBase> item
        if not is_skipped(t):
            copy_raw(part_of(out, dim, total, t.shape_[dim]), t)
            total += t.shape_[dim]
    return out


cdef bint any_records(list tensors) noexcept:
    if not grad_enabled():
        return False
    for item in tensors:
        if (<TensorBase> item).requires():
            return True
    return False


cdef TensorBase model_of(list tensors):
    """The first tensor that counts for the shape."""
    for item in tensors:
        if not is_skipped(<TensorBase> item):
            return <TensorBase> item
    return <TensorBase> tensors[0]


cdef TensorBase cat_op(list tensors, int dim):
    """Join along an existing axis; recorded."""
    cdef TensorBase out
    cdef TensorBase model = model_of(tensors)
    cdef CatBackward0 node
    check_joinable(tensors, model, dim)
    out = cat_raw(tensors, dim, model)
    if out.dtype_.category == FLOATING and any_records(tensors):
        node = CatBackward0.__new__(CatBackward0)
        node.dim = dim
        node.sizes = [-1 if is_skipped(<TensorBase> t) else (<TensorBase> t).shape_[dim]
                      for t in tensors]
        node.dtypes = [(<TensorBase> t).dtype_ for t in tensors]
        connect_all(node, tensors)
        set_function(out, node, 0)
    return out


cdef list tensor_list(object tensors, str where):
    """A list of tensors; TypeError names the element that is none."""
    if isinstance(tensors, TensorBase) or not isinstance(tensors, (list, tuple)):
        raise TypeError(f"{where}(): argument 'tensors' (position 1) must be tuple of Tensors, "
                        f"not {type(tensors).__name__}")
    for i, t in enumerate(tensors):
        if not isinstance(t, TensorBase):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got "
                            f"{type(t).__name__}")
    return list(tensors)


def cat(tensors, dim=0, *, out=None):
    """Join tensors along an existing axis.

    Parameters
    ----------
    tensors : sequence of Tensor
        Equal in all sizes but that of `dim`; of their dtypes the common one is taken.
        The result is channels_last when all of them are.
    dim : int

    Raises
    ------
    RuntimeError
        If the sizes do not match or a tensor is 0-d.
    """
    cdef list items = tensor_list(tensors, "cat")
    if not items:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for i, t in enumerate(items):
        if (<TensorBase> t).ndim_ == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    made = cat_op(items, wrap_dim(dim, model_of(items).ndim_))
    if out is None:
        return made
    if isinstance(out, TensorBase) and (<TensorBase> out).dtype_.category < made.dtype_.category:
        raise TypeError("torch.cat(): input types can't be cast to the desired output type "
                        f"{type_name((<TensorBase> out).dtype_)}")
    return deliver_apart(made, out, items, False)


def concat(tensors, dim=0, *, out=None):
    """`cat` under another name."""
    return cat(tensors, dim, out=out)


def concatenate(tensors, axis=0, out=None, *, dim=None):
    """`cat` under numpy's name."""
    return cat(tensors, axis if dim is None else dim, out=out)


# ---------------------------------------------------------------- stack

cdef class StackBackward0(Node):
    """To each input its place along the new axis."""

    cdef int dim
    cdef list dtypes

    cdef tuple apply(self, tuple grads):
        return tuple([
            to_copy_op(unlinked(select_op(grads[0], self.dim, i)), d, ORDER_PRESERVE, False)
            if self.needs(i) else None for i, d in enumerate(self.dtypes)])


cdef TensorBase stack_op(list tensors, int dim):
    """Join along a new axis; recorded."""
    cdef TensorBase t, out, first = tensors[0]
    cdef StackBackward0 node
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef TensorBase place
    cdef int i
    for k, item in enumerate(tensors):
        t = <TensorBase> item
        if not same_shape(t, first):
            raise RuntimeError("stack expects each tensor to be equal size, but got "
                               f"{size_text(first.ndim_, first.shape_)} at entry 0 and "
                               f"{size_text(t.ndim_, t.shape_)} at entry {k}")
    for i in range(first.ndim_):
        shape[i if i < dim else i + 1] = first.shape_[i]
    shape[dim] = len(tensors)
    contiguous_strides(first.ndim_ + 1, shape, strides)
    out = new_strided(joint_dtype(tensors), first.ndim_ + 1, shape, strides)
    for i in range(first.ndim_):
        strides[i] = out.strides_[i if i < dim else i + 1]
    for k, item in enumerate(tensors):
        place = bare()
        place.dtype_, place.storage = out.dtype_, out.storage
        place.offset = out.offset + k * out.strides_[dim]
        place.set_geometry(first.ndim_, first.shape_, strides)
        copy_raw(place, <TensorBase> item)
    if out.dtype_.category == FLOATING and any_records(tensors):
        node = StackBackward0.__new__(StackBackward0)
        node.dim, node.dtypes = dim, [(<TensorBase> t).dtype_ for t in tensors]
        connect_all(node, tensors)
        set_function(out, node, 0)
    return out


def stack(tensors, dim=0, *, out=None):
    """Join tensors of one shape along a new axis at place `dim`.

    Raises
    ------
    RuntimeError
        If the list is empty or the shapes differ.
    """
    cdef list items = tensor_list(tensors, "stack")
    if not items:
        raise RuntimeError("stack expects a non-empty TensorList")
    return deliver(stack_op(items, wrap_dim(dim, (<TensorBase> items[0]).ndim_ + 1)), out)


cdef list at_least(list items, int n, str where):
    from minitorch._ops.expand import atleast_1d, atleast_2d, atleast_3d
    if not items:
        raise RuntimeError(f"{where} expects a non-empty TensorList")
    return list((atleast_1d, atleast_2d, atleast_3d)[n - 1](items))


def hstack(tensors, *, out=None):
    """Join side by side: along axis 1, or 0 for tensors of one axis."""
    items = at_least(tensor_list(tensors, "hstack"), 1, "hstack")
    return cat(items, 0 if items[0].ndim == 1 else 1, out=out)


def vstack(tensors, *, out=None):
    """Join one below the other: along axis 0, after `atleast_2d`."""
    return cat(at_least(tensor_list(tensors, "vstack"), 2, "vstack"), 0, out=out)


row_stack = vstack


def dstack(tensors, *, out=None):
    """Join in depth: along axis 2, after `atleast_3d`."""
    return cat(at_least(tensor_list(tensors, "dstack"), 3, "dstack"), 2, out=out)


def column_stack(tensors, *, out=None):
    """Join tensors of one axis as columns, others along axis 1."""
    items = tensor_list(tensors, "column_stack")
    return hstack([x if x.ndim > 1 else x.reshape(x.numel(), 1) for x in items], out=out)


# ---------------------------------------------------------------- split

cdef class SplitBackward0(Node):
    """The parts' gradients joined; zeros where a part has none."""

    cdef int dim
    cdef list shapes

    cdef tuple apply(self, tuple grads):
        cdef TensorBase model = None
        for g in grads:
            if g is not None:
                model = g
        parts = [zeros_of(model, shape) if g is None else g
                 for g, shape in zip(grads, self.shapes)]
        return (cat_op(parts, self.dim),)


cdef class SplitWithSizesBackward0(SplitBackward0):
    """The parts' gradients joined; zeros where a part has none."""


cdef int mark_multi(TensorBase v, str name) noexcept:
    """One of several outputs: autograd cannot follow a change in place."""
    if v.base is not None and grad_enabled():
        v.creation = VIEW_MULTI_OUTPUT
        v.view_name = name
    return 0


cdef tuple split_op(TensorBase t, list sizes, int dim, str name):
    """Views of consecutive ranges of the given sizes; they fill the axis."""
    cdef list parts = []
    cdef Py_ssize_t start = 0
    cdef TensorBase v
    cdef SplitBackward0 node
    for size in sizes:
        v = slice_raw(t, dim, start, start + size, 1)
        mark_multi(v, name)
        parts.append(v)
        start += size
    if records1(t):
        if name == "Split":
            node = SplitBackward0.__new__(SplitBackward0)
        else:
            node = SplitWithSizesBackward0.__new__(SplitWithSizesBackward0)
        node.dim, node.shapes = dim, [shape_tuple(<TensorBase> v) for v in parts]
        connect1(node, t)
        for i in range(len(parts)):
            set_function(<TensorBase> parts[i], node, i)
    return tuple(parts)


cdef tuple split_evenly(TensorBase t, Py_ssize_t size, int dim):
    cdef Py_ssize_t whole = t.shape_[dim]
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0:
        if whole:
            raise RuntimeError("split_size can only be 0 if dimension size is 0, but got "
                               f"dimension size of {whole}")
        return split_op(t, [0], dim, "Split")
    sizes = [min(size, whole - start) for start in range(0, whole, size)] or [0]
    return split_op(t, sizes, dim, "Split")


def split(tensor, split_size_or_sections=None, dim=0, *, split_size=None):
    """Cut into views along an axis.

    Parameters
    ----------
    tensor : Tensor
    split_size_or_sections : int or list of int
        The size of every view (the last may be smaller), or the sizes one by one; the method
        calls it `split_size`.
    dim : int

    Raises
    ------
    RuntimeError
        If the sizes do not sum to the axis.
    """
    cdef TensorBase t = check_tensor(tensor, "split", "tensor")
    if (split_size is None) == (split_size_or_sections is None):
        raise TypeError("split() missing 1 required positional argument: 'split_size_or_sections'")
    if split_size is not None:
        split_size_or_sections = split_size
    if isinstance(split_size_or_sections, (list, tuple)):
        return split_with_sizes(t, split_size_or_sections, dim)
    if t.ndim_ == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    return split_evenly(t, split_size_or_sections, wrap_dim(dim, t.ndim_))


def split_with_sizes(input, split_sizes, dim=0):
    """Cut into views of the given sizes along an axis."""
    cdef TensorBase t = check_tensor(input, "split_with_sizes", "input")
    cdef Py_ssize_t total = 0
    cdef int axis
    if t.ndim_ == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    axis = wrap_dim(dim, t.ndim_)
    for size in split_sizes:
        if size < 0:
            raise RuntimeError("split_with_sizes expects split_sizes have only non-negative "
                               f"entries, but got split_sizes={list(split_sizes)}")
        total += size
    if total != t.shape_[axis]:
        raise RuntimeError(f"split_with_sizes expects split_sizes to sum exactly to "
                           f"{t.shape_[axis]} (input tensor's size at dimension {axis}), but got "
                           f"split_sizes={list(split_sizes)}")
    return split_op(t, list(split_sizes), axis, "SplitWithSizes")


def chunk(input, chunks, dim=0):
    """Cut into at most `chunks` views of equal size along an axis; the last may be smaller."""
    cdef TensorBase t = check_tensor(input, "chunk", "input")
    cdef Py_ssize_t n = chunks, size
    cdef int axis
    if t.ndim_ == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if n <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {n}")
    axis = wrap_dim(dim, t.ndim_)
    size = (t.shape_[axis] + n - 1) // n
    if size == 0:
        return split_op(t, [0] * n, axis, "SplitWithSizes")
    return split_evenly(t, size, axis)


def tensor_split(input, indices_or_sections=None, dim=0, *, indices=None, sections=None,
                 tensor_indices_or_sections=None):
    """Cut into views along an axis, at the given places or into parts of nearly equal size.

    Parameters
    ----------
    input : Tensor
    indices_or_sections : int, tuple of int, or Tensor of one of both
        Also under the names `indices`, `sections` and `tensor_indices_or_sections`.
    dim : int
    """
    cdef TensorBase t = check_tensor(input, "tensor_split", "input")
    cdef Py_ssize_t n, whole
    cdef int axis
    named = [value for value in (indices_or_sections, indices, sections,
                                 tensor_indices_or_sections) if value is not None]
    if len(named) != 1:
        raise TypeError("tensor_split() needs one argument 'indices_or_sections'")
    indices_or_sections = named[0]
    if t.ndim_ == 0:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a "
                           "tensor with 0 dims")
    axis = wrap_dim(dim, t.ndim_)
    whole = t.shape_[axis]
    if isinstance(indices_or_sections, TensorBase):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, (list, tuple)):
        ends = [*indices_or_sections, whole]
    else:
        n = indices_or_sections
        if n <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {n}")
        ends = [(i + 1) * (whole // n) + min(i + 1, whole % n) for i in range(n)]
    starts = [0, *ends[:-1]]
    return tuple([slice_between(t, axis, start, stop) for start, stop in zip(starts, ends)])


cdef TensorBase slice_between(TensorBase t, int axis, object start, object stop):
    """The view [start:stop], bounds read as Python's."""
    first, last, _ = slice(start, stop).indices(t.shape_[axis])
    return slice_op(t, axis, first, max(first, last), 1)


# ---------------------------------------------------------------- unbind

cdef class UnbindBackward0(Node):
    """The parts' gradients stacked; zeros where a part has none."""

    cdef int dim
    cdef tuple shape

    cdef tuple apply(self, tuple grads):
        cdef TensorBase model = None
        for g in grads:
            if g is not None:
                model = g
        return (stack_op([zeros_of(model, self.shape) if g is None else g for g in grads],
                         self.dim),)


cdef tuple unbind_op(TensorBase t, int dim):
    """Views of all places along an axis."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef int i, k = 0
    cdef Py_ssize_t place
    cdef list parts = []
    cdef TensorBase v
    cdef UnbindBackward0 node
    for i in range(t.ndim_):
        if i != dim:
            shape[k], strides[k] = t.shape_[i], t.strides_[i]
            k += 1
    for place in range(t.shape_[dim]):
        v = make_view(t, k, shape, strides, t.offset + place * t.strides_[dim])
        mark_multi(v, "Unbind")
        parts.append(v)
    if parts and records1(t):
        node = UnbindBackward0.__new__(UnbindBackward0)
        node.dim, node.shape = dim, tuple([shape[i] for i in range(k)])
        connect1(node, t)
        for i in range(len(parts)):
            set_function(<TensorBase> parts[i], node, i)
    return tuple(parts)


def unbind(input, dim=0):
    """Views of all places along an axis, which goes away; a tuple."""
    cdef TensorBase t = check_tensor(input, "unbind", "input")
    if t.ndim_ == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return unbind_op(t, wrap_dim(dim, t.ndim_))


# ---------------------------------------------------------------- meshgrid

def meshgrid(*tensors, indexing=None):
    """Grids of coordinates: views of the 1-D tensors, expanded to their common grid.

    Parameters
    ----------
    *tensors : Tensor
        Of one axis or 0-d; or one sequence of them.
    indexing : {"ij", "xy"}
        "ij": axis i belongs to tensor i.  "xy": the first two are exchanged.

    Raises
    ------
    RuntimeError
        For tensors of more axes or of different dtypes, or another `indexing`.
    """
    from minitorch._ops.expand import expand
    from minitorch._ops.view import transpose, view
    cdef TensorBase t
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    items = tensor_list(tensors, "meshgrid")
    if not items:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        warnings.warn("torch.meshgrid: in an upcoming release, it will be required to pass the "
                      "indexing argument.", stacklevel=2)
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError("torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but "
                           f"received: {indexing}")
    for t in items:
        if t.ndim_ > 1:
            raise RuntimeError("torch.meshgrid: Expected 0D or 1D tensor in the tensor list but "
                               f"got: {t}")
        if t.dtype_ is not (<TensorBase> items[0]).dtype_:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(items) >= 2
    sizes = tuple([x.numel() for x in items])
    grids = [expand(view(x, (1,) * i + (sizes[i],) + (1,) * (len(items) - 1 - i)), sizes)
             for i, x in enumerate(items)]
    return tuple([transpose(g, 0, 1) for g in grids] if swap else grids)
