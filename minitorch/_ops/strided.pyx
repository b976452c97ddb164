# cython: auto_pickle=False
"""Views at strides: select, slices, diagonals, windows, `as_strided`.

Every one of them shows some elements of a tensor.  So one pair of operations serves as the
slope of all: `embed_op` adds a gradient into zeros at the elements of the view, and
`extract_op` reads those elements.  Each is the slope of the other.
"""

from minitorch._core.dtype cimport INTEGRAL
from minitorch._core.grad_mode cimport grad_enabled, inference_mode
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, set_function
from minitorch._core.shape cimport (
    Dims, checked_numel, contiguous_strides, dims_from, extent, is_dense, size_text, wrap_dim)
from minitorch._core.tensor cimport (
    VIEW_INFERENCE, VIEW_NO_GRAD, TensorBase, bare, new_tensor, view_of)
from minitorch._kernels.types cimport MAX_DIMS
from minitorch._ops._base cimport check_tensor, contiguous_raw, copy_raw, fill_raw
from minitorch._ops.array cimport from_array, numbers_of


# ---------------------------------------------------------------- common parts

cdef TensorBase make_view(TensorBase t, int n, const Py_ssize_t* shape,
                          const Py_ssize_t* strides, Py_ssize_t offset):
    """A view, marked as made in no_grad or like the view it is made of; not yet recorded."""
    cdef TensorBase v = view_of(t, n, shape, strides, offset)
    if inference_mode():
        if not t.inference:
            # of a normal tensor: to be changed in place only until the mode ends
            v.base = t if t.base is None else t.base
            v.creation = VIEW_INFERENCE
            v.view_version = t.storage.version
    elif v.base is not None:
        if not grad_enabled():
            v.creation = VIEW_NO_GRAD
        elif t.base is not None and t.creation:
            v.creation = t.creation
            v.view_name = t.view_name
    return v


cdef TensorBase unlinked(TensorBase v):
    """A view made while running a backward that is not recorded needs no base."""
    if v.grad_fn_ is None and not grad_enabled():
        v.base = None
    return v


cdef TensorBase raw_view(TensorBase t, int n, const Py_ssize_t* shape,
                         const Py_ssize_t* strides, Py_ssize_t offset):
    """The same memory in another geometry; autograd knows nothing of it."""
    cdef TensorBase made = bare()
    made.dtype_, made.storage, made.offset = t.dtype_, t.storage, offset
    made.set_geometry(n, shape, strides)
    return made


cdef tuple shape_tuple(TensorBase t):
    return tuple([t.shape_[i] for i in range(t.ndim_)])


cdef tuple strides_tuple(TensorBase t):
    return tuple([t.strides_[i] for i in range(t.ndim_)])


cdef TensorBase empty_of(TensorBase like, tuple sizes):
    cdef Dims d
    dims_from(sizes, &d, "empty")
    return new_tensor(like.dtype_, d.n, d.at)


cdef TensorBase zeros_of(TensorBase like, tuple sizes):
    """Contiguous zeros in the dtype of `like`."""
    cdef TensorBase made = empty_of(like, sizes)
    fill_raw(made, 0)
    return made


# ---------------------------------------------------------------- the pair of slopes

cdef class EmbedBackward0(Node):
    """Slope of `embed_op`: the elements at the view's places."""

    cdef tuple shape, strides
    cdef Py_ssize_t offset

    cdef tuple apply(self, tuple grads):
        return (extract_op(grads[0], self.shape, self.strides, self.offset),)


cdef class ExtractBackward0(Node):
    """Slope of `extract_op`: zeros but for the view's places."""

    cdef tuple sizes, shape, strides
    cdef Py_ssize_t offset

    cdef tuple apply(self, tuple grads):
        return (embed_op(grads[0], self.sizes, self.shape, self.strides, self.offset),)


cdef TensorBase window(TensorBase flat, tuple shape, tuple strides, Py_ssize_t offset):
    """Raw view of a contiguous tensor's elements."""
    cdef Dims sizes, steps
    dims_from(shape, &sizes, "as_strided")
    dims_from(strides, &steps, "as_strided")
    return raw_view(flat, sizes.n, sizes.at, steps.at, flat.offset + offset)


cdef int add_overlapping(TensorBase out, TensorBase g, tuple shape, tuple strides,
                         Py_ssize_t offset) except -1:
    """Add each element of `g` at its place in contiguous zeros, where places coincide."""
    import numpy
    total = numpy.zeros(out.numel_, numbers_of(out).dtype)
    places = numpy.full(shape, offset, numpy.int64)
    for axis, step in enumerate(strides):
        line = numpy.arange(shape[axis], dtype=numpy.int64) * step
        places += line.reshape((-1,) + (1,) * (len(shape) - 1 - axis))
    numpy.add.at(total, places.ravel(), numbers_of(g).ravel())
    copy_raw(out, from_array(total.reshape(shape_tuple(out)), cast_type(out)))
    return 0


cdef object cast_type(TensorBase t):
    """The dtype in which `numbers_of` shows `t`."""
    from minitorch._core.dtype import from_numpy_dtype
    return from_numpy_dtype(numbers_of(t).dtype)


cdef bint may_overlap(TensorBase v) noexcept:
    """Whether two indices may mean one place; sorted strides that jump past all inner axes do not.

    May say yes of exotic strides that do not overlap, which then take the slower way.
    """
    cdef int order[MAX_DIMS]
    cdef Py_ssize_t reach = 0
    cdef int i, j, axis, n = 0
    if v.numel_ <= 1 or is_dense(v.ndim_, v.shape_, v.strides_):
        return False
    for axis in range(v.ndim_):
        if v.shape_[axis] == 1:
            continue
        j = n
        while j > 0 and v.strides_[order[j - 1]] > v.strides_[axis]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = axis
        n += 1
    for i in range(n):
        axis = order[i]
        if v.strides_[axis] <= reach:
            return True
        reach += v.strides_[axis] * (v.shape_[axis] - 1)
    return False


cdef TensorBase embed_op(TensorBase g, tuple sizes, tuple shape, tuple strides, Py_ssize_t offset):
    """Contiguous zeros of `sizes` with `g` added at the elements (shape, strides, offset)."""
    cdef TensorBase out = zeros_of(g, sizes)
    cdef TensorBase place = window(out, shape, strides, offset)
    cdef EmbedBackward0 node
    if may_overlap(place):
        add_overlapping(out, g, shape, strides, offset)
    else:
        copy_raw(place, g)
    if records1(g):
        node = EmbedBackward0.__new__(EmbedBackward0)
        node.shape, node.strides, node.offset = shape, strides, offset
        connect1(node, g)
        set_function(out, node, 0)
    return out


cdef TensorBase extract_op(TensorBase x, tuple shape, tuple strides, Py_ssize_t offset):
    """The elements (shape, strides, offset) of `x`, counted in row-major order."""
    cdef TensorBase out = window(contiguous_raw(x), shape, strides, offset)
    cdef ExtractBackward0 node
    if records1(x):
        node = ExtractBackward0.__new__(ExtractBackward0)
        node.sizes, node.shape = shape_tuple(x), shape
        node.strides, node.offset = strides, offset
        connect1(node, x)
        set_function(out, node, 0)
    return out


# ---------------------------------------------------------------- gradients of changed views

cdef tuple common_block(tuple geometry):
    """(first place, length) of the memory that holds both a base and its view."""
    cdef Dims sizes, steps
    cdef Py_ssize_t low, high, first, last, base_offset, offset
    base_shape, base_strides, base_offset, shape, strides, offset = geometry
    dims_from(base_shape, &sizes, "as_strided")
    dims_from(base_strides, &steps, "as_strided")
    extent(sizes.n, sizes.at, steps.at, &low, &high)
    first, last = base_offset + low, base_offset + high
    dims_from(shape, &sizes, "as_strided")
    dims_from(strides, &steps, "as_strided")
    extent(sizes.n, sizes.at, steps.at, &low, &high)
    return min(first, offset + low), max(last, offset + high) - min(first, offset + low) + 1


cdef class KeepRestBackward(Node):
    """Slope of `keep_rest`, which is its own."""

    cdef tuple geometry

    cdef tuple apply(self, tuple grads):
        return (keep_rest(grads[0], self.geometry),)


cdef TensorBase keep_rest(TensorBase g, tuple geometry):
    """`g` with zeros at the elements of a view."""
    base_shape, base_strides, base_offset, shape, strides, offset = geometry
    first, length = common_block(geometry)
    cdef TensorBase block = zeros_of(g, (length,))
    cdef TensorBase out = window(block, base_shape, base_strides, base_offset - first)
    cdef KeepRestBackward node
    copy_raw(out, g)
    fill_raw(window(block, shape, strides, offset - first), 0)
    if records1(g):
        node = KeepRestBackward.__new__(KeepRestBackward)
        node.geometry = geometry
        connect1(node, g)
        set_function(out, node, 0)
    return out


def as_strided_backward(TensorBase grad, tuple base_shape, tuple base_strides,
                        Py_ssize_t base_offset, tuple shape, tuple strides, Py_ssize_t offset):
    """The gradient of a base from that of one of its views.

    Both geometries are (shape, strides, offset) in the memory they share.
    """
    if grad is None:
        return None
    first, length = common_block((base_shape, base_strides, base_offset, shape, strides, offset))
    return extract_op(embed_op(grad, (length,), shape, strides, offset - first),
                      base_shape, base_strides, base_offset - first)


def copy_slices_backward(TensorBase grad, tuple base_shape, tuple base_strides,
                         Py_ssize_t base_offset, tuple shape, tuple strides, Py_ssize_t offset):
    """Split the gradient of a base, one of whose views was changed in place.

    Returns
    -------
    rest : function
        ``rest(g)`` is the gradient of the base before the change, when `g` is that of the view
        (None for zeros).
    part : Tensor
        The gradient with respect to the view's elements after the change.
    """
    geometry = (base_shape, base_strides, base_offset, shape, strides, offset)
    first, length = common_block(geometry)
    part = extract_op(embed_op(grad, (length,), base_shape, base_strides, base_offset - first),
                      shape, strides, offset - first)

    def rest(TensorBase g):
        kept = keep_rest(grad, geometry)
        if g is None:
            return kept
        given = as_strided_backward(g, *geometry)
        from minitorch._ops.arithmetic import add
        return add(kept, given)

    return rest, part


# ---------------------------------------------------------------- nodes of the views

cdef class StridedViewNode(Node):
    """Base of the views' nodes: their elements within a contiguous tensor of `sizes`."""

    cdef tuple sizes, shape, strides
    cdef Py_ssize_t offset

    cdef tuple apply(self, tuple grads):
        return (embed_op(grads[0], self.sizes, self.shape, self.strides, self.offset),)


cdef class SelectBackward0(StridedViewNode):
    """One place along an axis."""


cdef class SliceBackward0(StridedViewNode):
    """A range along an axis."""


cdef class DiagonalBackward0(StridedViewNode):
    """A diagonal of two axes."""


cdef class UnfoldBackward0(StridedViewNode):
    """Windows along an axis, which may overlap."""


cdef class AsStridedBackward0(Node):
    """Any elements of the storage."""

    cdef tuple geometry

    cdef tuple apply(self, tuple grads):
        return (as_strided_backward(grads[0], *self.geometry),)


cdef class AliasBackward0(Node):
    """All elements."""

    cdef tuple apply(self, tuple grads):
        return grads


cdef int note_rows(TensorBase t, Py_ssize_t* rows) except -1:
    contiguous_strides(t.ndim_, t.shape_, rows)
    return 0


cdef TensorBase alias_op(TensorBase t):
    """A view of all elements."""
    cdef TensorBase v = make_view(t, t.ndim_, t.shape_, t.strides_, t.offset)
    cdef AliasBackward0 node
    if records1(t):
        node = AliasBackward0.__new__(AliasBackward0)
        connect1(node, t)
        set_function(v, node, 0)
    return v


# ---------------------------------------------------------------- select

cdef TensorBase select_op(TensorBase t, int dim, Py_ssize_t index):
    """Place `index` (counted from 0, checked by the caller) along axis `dim`."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t rows[MAX_DIMS]
    cdef int i, k = 0
    cdef TensorBase v
    cdef SelectBackward0 node
    for i in range(t.ndim_):
        if i != dim:
            shape[k], strides[k] = t.shape_[i], t.strides_[i]
            k += 1
    v = make_view(t, k, shape, strides, t.offset + index * t.strides_[dim])
    if records1(t):
        node = SelectBackward0.__new__(SelectBackward0)
        note_rows(t, rows)
        node.sizes, node.shape = shape_tuple(t), shape_tuple(v)
        node.strides = tuple([rows[i] for i in range(t.ndim_) if i != dim])
        node.offset = index * rows[dim]
        connect1(node, t)
        set_function(v, node, 0)
    return v


def select(input, dim, index):
    """The view at place `index` along axis `dim`, which goes away.

    Raises
    ------
    IndexError
        For a 0-d tensor, or an index out of range.
    """
    cdef TensorBase t = check_tensor(input, "select", "input")
    cdef Py_ssize_t at = index
    cdef int axis
    if t.ndim_ == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = wrap_dim(dim, t.ndim_)
    if at < -t.shape_[axis] or at >= t.shape_[axis]:
        raise IndexError(f"select(): index {at} out of range for tensor of size "
                         f"{size_text(t.ndim_, t.shape_)} at dimension {axis}")
    return select_op(t, axis, at + t.shape_[axis] if at < 0 else at)


# ---------------------------------------------------------------- slices

cdef TensorBase slice_raw(TensorBase t, int dim, Py_ssize_t start, Py_ssize_t stop,
                          Py_ssize_t step):
    """The unrecorded view [start:stop:step]; bounds in range, step positive."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef int i
    for i in range(t.ndim_):
        shape[i], strides[i] = t.shape_[i], t.strides_[i]
    shape[dim] = (stop - start + step - 1) // step if stop > start else 0
    strides[dim] *= step
    return make_view(t, t.ndim_, shape, strides, t.offset + start * t.strides_[dim])


cdef TensorBase slice_op(TensorBase t, int dim, Py_ssize_t start, Py_ssize_t stop,
                         Py_ssize_t step):
    """The view [start:stop:step] along axis `dim`; bounds in range, step positive."""
    cdef Py_ssize_t rows[MAX_DIMS]
    cdef TensorBase v = slice_raw(t, dim, start, stop, step)
    cdef SliceBackward0 node
    cdef int i
    if records1(t):
        node = SliceBackward0.__new__(SliceBackward0)
        note_rows(t, rows)
        node.sizes, node.shape = shape_tuple(t), shape_tuple(v)
        node.strides = tuple([rows[i] * (step if i == dim else 1) for i in range(t.ndim_)])
        node.offset = start * rows[dim]
        connect1(node, t)
        set_function(v, node, 0)
    return v


def narrow(input, dim, start, length):
    """The view of `length` places along axis `dim` from `start` on.

    Raises
    ------
    IndexError, RuntimeError
        If the range does not lie within the axis.
    """
    cdef TensorBase t = check_tensor(input, "narrow", "input")
    cdef Py_ssize_t count = length, first, size
    cdef int axis
    if t.ndim_ == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if count < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    axis = wrap_dim(dim, t.ndim_)
    size = t.shape_[axis]
    if isinstance(start, TensorBase):
        if (<TensorBase> start).ndim_ or (<TensorBase> start).dtype_.category != INTEGRAL:
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = start.item()
    first = start
    if first < -size or first > size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], "
                         f"but got {first})")
    if first < 0:
        first += size
    if first + count > size:
        raise RuntimeError(f"start ({first}) + length ({count}) exceeds dimension size ({size}).")
    return slice_op(t, axis, first, first + count, 1)


# ---------------------------------------------------------------- diagonals

cdef TensorBase diagonal_op(TensorBase t, Py_ssize_t shift, int dim1, int dim2):
    """The diagonal of two axes as the last axis."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t rows[MAX_DIMS]
    cdef Py_ssize_t down = -shift if shift < 0 else 0, right = shift if shift > 0 else 0
    cdef Py_ssize_t length = min(t.shape_[dim1] - down, t.shape_[dim2] - right)
    cdef int i, k = 0
    cdef TensorBase v
    cdef DiagonalBackward0 node
    if length <= 0:
        length = down = right = 0
    for i in range(t.ndim_):
        if i != dim1 and i != dim2:
            shape[k], strides[k] = t.shape_[i], t.strides_[i]
            k += 1
    shape[k], strides[k] = length, t.strides_[dim1] + t.strides_[dim2]
    v = make_view(t, k + 1, shape, strides,
                  t.offset + down * t.strides_[dim1] + right * t.strides_[dim2])
    if records1(t):
        node = DiagonalBackward0.__new__(DiagonalBackward0)
        note_rows(t, rows)
        node.sizes, node.shape = shape_tuple(t), shape_tuple(v)
        node.strides = tuple([rows[i] for i in range(t.ndim_) if i != dim1 and i != dim2]
                             + [rows[dim1] + rows[dim2]])
        node.offset = down * rows[dim1] + right * rows[dim2]
        connect1(node, t)
        set_function(v, node, 0)
    return v


def diagonal(input, offset=0, dim1=0, dim2=1):
    """The view of a diagonal of the axes `dim1` and `dim2`, as the last axis.

    `offset` > 0 means above the main diagonal, < 0 below.

    Raises
    ------
    RuntimeError
        If the two axes are one.
    """
    cdef TensorBase t = check_tensor(input, "diagonal", "input")
    cdef int a = wrap_dim(dim1, t.ndim_), b = wrap_dim(dim2, t.ndim_)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return diagonal_op(t, offset, a, b)


# ---------------------------------------------------------------- windows

def unfold(input, dimension, size, step):
    """The view of all windows of `size` places along an axis, `step` apart, as the last axis.

    Raises
    ------
    RuntimeError
        If a window is longer than the axis, or `step` is not positive.
    """
    cdef TensorBase t = check_tensor(input, "unfold", "input")
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t rows[MAX_DIMS]
    cdef Py_ssize_t length = size, hop = step, along
    cdef int i, axis = wrap_dim(dimension, t.ndim_), n = t.ndim_
    cdef TensorBase v
    cdef UnfoldBackward0 node
    along = t.shape_[axis] if n else 1
    if length < 0:
        raise RuntimeError(f"size is {length} but must be >= 0")
    if length > along:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {along} but size is "
                           f"{length}")
    if hop <= 0:
        raise RuntimeError(f"step is {hop} but must be > 0")
    for i in range(n):
        shape[i], strides[i] = t.shape_[i], t.strides_[i]
    shape[n], strides[n] = length, t.strides_[axis] if n else 1
    if n:
        shape[axis] = (along - length) // hop + 1
        strides[axis] *= hop
    v = make_view(t, n + 1, shape, strides, t.offset)
    if records1(t):
        node = UnfoldBackward0.__new__(UnfoldBackward0)
        note_rows(t, rows)
        node.sizes, node.shape = shape_tuple(t), shape_tuple(v)
        node.strides = tuple([rows[i] * (hop if i == axis else 1) for i in range(n)]
                             + [rows[axis] if n else 1])
        connect1(node, t)
        set_function(v, node, 0)
    return v


# ---------------------------------------------------------------- any strides

cdef int check_bounds(TensorBase t, Dims* sizes, Dims* steps, Py_ssize_t offset) except -1:
    cdef Py_ssize_t low = 0, high = 0, needed, item = t.dtype_.itemsize
    cdef int i
    if sizes.n != steps.n:
        raise RuntimeError("mismatch in length of strides and shape")
    for i in range(steps.n):
        if steps.at[i] < 0:
            raise RuntimeError("as_strided: Negative strides are not supported at the moment, "
                               f"got strides: {size_text(steps.n, steps.at)}")
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    if checked_numel(sizes.n, sizes.at) == 0:
        return 0
    if not extent(sizes.n, sizes.at, steps.at, &low, &high):
        raise RuntimeError("as_strided: the strides overflow")
    needed = (offset + high + 1) * item
    if needed > t.storage.nbytes_:
        raise RuntimeError(
            f"setStorage: sizes {size_text(sizes.n, sizes.at)}, strides "
            f"{size_text(steps.n, steps.at)}, storage offset {offset}, and itemsize {item} "
            f"requiring a storage size of {needed} are out of bounds for storage of size "
            f"{t.storage.nbytes_}")
    return 0


cdef TensorBase as_strided_op(TensorBase t, tuple shape, tuple strides, Py_ssize_t offset):
    """The view (shape, strides, offset) of the storage, checked against its bounds."""
    cdef Dims sizes, steps
    cdef TensorBase v
    cdef AsStridedBackward0 node
    dims_from(shape, &sizes, "as_strided", "size")
    dims_from(strides, &steps, "as_strided", "stride")
    check_bounds(t, &sizes, &steps, offset)
    v = make_view(t, sizes.n, sizes.at, steps.at, offset)
    if records1(t):
        node = AsStridedBackward0.__new__(AsStridedBackward0)
        node.geometry = (shape_tuple(t), strides_tuple(t), t.offset,
                         shape_tuple(v), strides_tuple(v), offset)
        connect1(node, t)
        set_function(v, node, 0)
    return v


def as_strided(input, size, stride, storage_offset=None):
    """A view of any elements of the storage.

    Parameters
    ----------
    input : Tensor
    size, stride : tuple of int
    storage_offset : int, optional
        Place of the first element; by default that of `input`.

    Raises
    ------
    RuntimeError
        If an element would lie outside the storage, or a stride is negative.
    """
    cdef TensorBase t = check_tensor(input, "as_strided", "input")
    return as_strided_op(t, tuple(size), tuple(stride),
                         t.offset if storage_offset is None else storage_offset)
