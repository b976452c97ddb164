# cython: auto_pickle=False
"""Reading and writing along one axis: gather, scatter, and the `index_` functions.

Each turns its index into one array per axis, as `index.pyx` has them, so that reading,
writing and adding are the same three raw operations for all.
"""

import warnings

import numpy

from minitorch._core.dtype cimport type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, connect2, records1, set_function
from minitorch._core.shape cimport broadcast, Dims, size_text, wrap_dim
from minitorch._core.tensor cimport TensorBase, scalar_of
from minitorch._kernels.types cimport I32, I64
from minitorch._ops._base cimport check_tensor, contiguous_raw
from minitorch._ops.array cimport array_of, from_array, numbers_of
from minitorch._ops.binary cimport mul_number
from minitorch._ops.expand cimport expand_to
from minitorch._ops.index cimport index_arrays_op, put_arrays
from minitorch._ops.out cimport deliver_same, deliver_typed
from minitorch._ops.places cimport (
    deliver_apart, finish, frozen, gather_raw, put_raw, records_change, target)
from minitorch._ops.reduce cimport sum_op
from minitorch._ops.scalars cimport is_number
from minitorch._ops.strided cimport shape_tuple, slice_op, zeros_of
from minitorch._ops.view cimport reshape_to
from minitorch._ops.writing cimport deliver


cdef class PlacesNode(Node):
    """Base of the nodes that remember which places were read or written."""

    cdef tuple arrays, sizes

    cdef TensorBase put_zeros(self, TensorBase g):
        """`g` with zeros at the places."""
        return put_arrays(g, self.arrays, zeros_of(g, ()), False, False)

    cdef TensorBase added(self, TensorBase g):
        """Zeros of the input's shape with `g` added at the places."""
        return put_arrays(zeros_of(g, self.sizes), self.arrays, g, True, True)


# ---------------------------------------------------------------- places along one axis

cdef object checked_index(TensorBase index, Py_ssize_t size, int dim, str where):
    """An index tensor as an array with entries in [0, size); a vector's errors differ."""
    if index.code() != I64 and index.code() != I32 and index.numel_:
        raise RuntimeError(f"{where}(): Expected dtype int32/int64 for index")
    array = array_of(index)
    if array.size and (array.min() < 0 or array.max() >= size):
        bad = int(array.min()) if array.min() < 0 else int(array.max())
        raise RuntimeError(f"index {bad} is out of bounds for dimension {dim} with size {size}")
    return array


cdef tuple grid(TensorBase t, int dim, TensorBase index, str where):
    """The places (i, .., index[i, .., k], .., k) of gather and scatter."""
    cdef int axis
    if max(index.ndim_, 1) != max(t.ndim_, 1) and index.numel_:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for axis in range(index.ndim_ if index.numel_ else 0):
        if axis != dim and t.ndim_ and index.shape_[axis] > t.shape_[axis]:
            raise RuntimeError(
                f"Size does not match at dimension {axis} expected index "
                f"{size_text(index.ndim_, index.shape_)} to be no larger than self "
                f"{size_text(t.ndim_, t.shape_)} apart from dimension {dim}")
    array = checked_index(index, t.shape_[dim] if t.ndim_ else 1, dim, where)
    if t.ndim_ == 0:
        return ()
    if array.size == 0:
        return tuple([numpy.zeros(array.shape, numpy.int64)] * t.ndim_)
    array = array.reshape(array.shape or (1,))
    n = array.ndim
    return tuple([array if axis == dim else
                  numpy.arange(array.shape[axis]).reshape((-1,) + (1,) * (n - 1 - axis))
                  for axis in range(n)])


cdef tuple line(TensorBase t, int dim, TensorBase index, str where):
    """The places of a vector of indices along an axis: all of the other axes."""
    if index.ndim_ > 1:
        raise IndexError(f"{where}(): Index is supposed to be a vector")
    if index.code() != I64 and index.code() != I32:
        raise RuntimeError(f"{where}(): Expected dtype int32 or int64 for index")
    array = array_of(index).reshape(-1)
    size = t.shape_[dim] if t.ndim_ else 1
    if array.size and (array.min() < 0 or array.max() >= size):
        raise IndexError("index out of range in self")
    return (slice(None),) * dim + (array,) if t.ndim_ else ()


# ---------------------------------------------------------------- gather

cdef class GatherBackward0(PlacesNode):
    """Adds the gradient at the places that were read."""

    cdef tuple apply(self, tuple grads):
        return (self.added(grads[0]) if self.sizes else sum_op(grads[0], None, False),)


cdef TensorBase gather_op(TensorBase t, int dim, TensorBase index):
    """out[i][j] = t[index[i][j]][j] for dim 0, and so on; recorded."""
    cdef tuple arrays = grid(t, dim, index, "gather")
    cdef GatherBackward0 node
    # the shape of the index, also where one of both is 0-d
    cdef TensorBase out = reshape_to(gather_raw(t, arrays), shape_tuple(index))
    if records1(t):
        node = GatherBackward0.__new__(GatherBackward0)
        node.arrays, node.sizes = frozen(arrays), shape_tuple(t)
        connect1(node, t)
        set_function(out, node, 0)
    return out


def gather(input, dim, index, *, sparse_grad=False, out=None):
    """Elements at `index` along axis `dim`: ``out[i][j] = input[index[i][j]][j]`` for dim 0.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor
        int64 or int32, of the input's number of axes and no larger than it but along `dim`.

    Raises
    ------
    RuntimeError
        For an index out of range, or of another dtype or shape.
    """
    cdef TensorBase t = check_tensor(input, "gather", "input")
    if sparse_grad:
        raise NotImplementedError("gather(): argument 'sparse_grad' is not supported")
    cdef TensorBase at = check_tensor(index, "gather", "index")
    return deliver_apart(gather_op(t, wrap_dim(dim, t.ndim_), at), out, [t, at])


def take_along_dim(input, indices, dim=None, *, out=None):
    """`gather` with the two broadcast but along `dim`; without `dim`, of the flat input."""
    cdef TensorBase t = check_tensor(input, "take_along_dim", "input")
    cdef TensorBase index = check_tensor(indices, "take_along_dim", "indices")
    cdef int axis
    if index.code() != I64 and index.code() != I32:
        raise RuntimeError("torch.take_along_dim(): dtype of indices should be Long but got "
                           f"{type_name(index.dtype_)}")
    if dim is None:
        return deliver(gather_op(reshape_to(t, (-1,)), 0, reshape_to(index, (-1,))), out)
    axis = wrap_dim(dim, t.ndim_)
    if t.ndim_ != index.ndim_:
        raise RuntimeError("torch.take_along_dim(): input and indices should have the same number "
                           f"of dimensions, but got {t.ndim_} dimensions for input, and "
                           f"{index.ndim_} dimensions for indices")
    t, index = expand_but(t, index, axis), expand_but(index, t, axis)
    array = array_of(index)
    if array.size and array.min() < 0:
        index = from_array(numpy.where(array < 0, array + t.shape_[axis], array), index.dtype_)
    return deliver(gather_op(t, axis, index), out)


cdef TensorBase expand_but(TensorBase t, TensorBase other, int axis):
    """`t` broadcast with `other`, except along one axis."""
    cdef Dims mine, theirs, common
    cdef int i
    mine.n = theirs.n = t.ndim_
    for i in range(t.ndim_):
        mine.at[i], theirs.at[i] = t.shape_[i], other.shape_[i]
    theirs.at[axis] = mine.at[axis]
    broadcast(mine.n, mine.at, theirs.n, theirs.at, &common)
    wanted = tuple([common.at[i] for i in range(common.n)])
    return t if wanted == shape_tuple(t) else expand_to(t, wanted)


# ---------------------------------------------------------------- scatter

cdef class ScatterBackward0(PlacesNode):
    """Nothing for what was overwritten; the places for the source."""

    cdef tuple apply(self, tuple grads):
        return (self.put_zeros(grads[0]) if self.needs(0) else None,
                reshape_to(index_arrays_op(grads[0], self.arrays), self.sizes)
                if self.needs(1) else None)


cdef class ScatterBackward1(PlacesNode):
    """Nothing for what was overwritten."""

    cdef tuple apply(self, tuple grads):
        return (self.put_zeros(grads[0]),)


cdef class ScatterAddBackward0(PlacesNode):
    """The whole gradient, and the places for the source."""

    cdef tuple apply(self, tuple grads):
        return (grads[0], reshape_to(index_arrays_op(grads[0], self.arrays), self.sizes)
                if self.needs(1) else None)


cdef class ScatterReduceNotImplemented(Node):
    """`scatter(reduce=)` has no derivative, as in PyTorch."""

    def name(self):
        return "NotImplemented"


cdef TensorBase part_read(TensorBase source, TensorBase index):
    """The leading part of `source` that an index covers."""
    cdef int i
    if source.ndim_ != index.ndim_:
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    for i in range(index.ndim_):
        if index.shape_[i] > source.shape_[i] and index.numel_:
            raise RuntimeError(f"Expected index {size_text(index.ndim_, index.shape_)} to be no "
                               f"larger than src {size_text(source.ndim_, source.shape_)}")
    for i in range(index.ndim_):
        if index.shape_[i] < source.shape_[i]:
            source = slice_op(source, i, 0, index.shape_[i], 1)
    return source


cdef int reduce_raw(TensorBase out, tuple arrays, TensorBase values, str reduce) except -1:
    """out[arrays] += values or *= values."""
    if reduce == "add":
        put_raw(out, arrays, values, True)
        return 0
    total = numbers_of(out)
    if total.dtype == bool:
        numpy.logical_and.at(total, arrays, numbers_of(values))
    else:
        numpy.multiply.at(total, arrays, numbers_of(values))
    if not numpy.may_share_memory(total, array_of(out)):
        array_of(out)[...] = array_of(from_array(total, out.dtype_))
    return 0


cdef TensorBase scatter_op(TensorBase t, int dim, TensorBase index, TensorBase source,
                           object value, object reduce, bint inplace, str where):
    """`scatter` of a source, or of a number when `source` is None."""
    cdef tuple arrays
    cdef TensorBase values, out
    cdef PlacesNode node = None
    cdef Node none = None
    cdef bint records = records_change(t, source)
    if reduce is not None and reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    if source is not None and source.dtype_ is not t.dtype_:
        raise RuntimeError(f"{where}(): Expected self.dtype to be equal to src.dtype")
    if source is not None and max(index.ndim_, 1) == max(t.ndim_, 1):
        source = part_read(source, index)
    arrays = grid(t, dim, index, where)
    values = scalar_of(t.dtype_, value) if source is None else source
    out = target(t, source, inplace)
    if records and reduce is not None:
        none = ScatterReduceNotImplemented.__new__(ScatterReduceNotImplemented)
        connect2(none, t, source)
    elif records and source is None:
        node = ScatterBackward1.__new__(ScatterBackward1)
        connect1(node, t)
    elif records:
        node = ScatterBackward0.__new__(ScatterBackward0)
        connect2(node, t, source)
    if node is not None:
        node.arrays, node.sizes = frozen(arrays), shape_tuple(index)
        none = node
    if index.numel_:
        if reduce is None:
            put_raw(out, arrays, values, False)
        else:
            reduce_raw(out, arrays, values, reduce)
    return finish(out, none, inplace)


cdef object scatter_args(object input, object dim, object index, object src, object value,
                         object reduce, bint inplace, str where):
    cdef TensorBase t = check_tensor(input, where, "input")
    cdef TensorBase at = check_tensor(index, where, "index")
    cdef TensorBase source = None
    if src is not None and value is not None:
        raise TypeError(f"{where}(): give either src or value")
    if isinstance(src, TensorBase):
        source = <TensorBase> src
    else:
        value = value if src is None else src
        if isinstance(value, TensorBase):
            value = value.item()
        if not is_number(value):
            raise TypeError(f"{where}(): argument 'src' must be Tensor or Number, not "
                            f"{type(value).__name__}")
    if reduce is not None and source is not None:
        warnings.warn("The reduce argument of torch.scatter with Tensor src is deprecated and "
                      "will be removed in a future PyTorch release. Use torch.scatter_reduce "
                      "instead for more reduction options.", stacklevel=3)
    return scatter_op(t, wrap_dim(dim, t.ndim_), at, source, value, reduce, inplace, where)


def scatter(input, dim, index, src=None, *, value=None, reduce=None, out=None):
    """A copy with ``out[index[i][j]][j] = src[i][j]`` for dim 0, and so on.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor
        int64 or int32, of the input's number of axes.
    src : Tensor or number
        A tensor of the input's dtype, no smaller than `index`; a number may be given as `value`.
    reduce : {"add", "multiply"}, optional
        Combine with what is there; has no derivative.

    Raises
    ------
    RuntimeError
        For an index out of range, or shapes or dtypes that do not fit.
    """
    return deliver_same(scatter_args(input, dim, index, src, value, reduce, False, "scatter"), out,
                        None)


def scatter_(input, dim, index, src=None, *, value=None, reduce=None):
    """`scatter` in place."""
    return scatter_args(input, dim, index, src, value, reduce, True, "scatter_")


cdef TensorBase scatter_add_op(object input, object dim, object index, object src, bint inplace,
                               str where):
    cdef TensorBase t = check_tensor(input, where, "input")
    cdef TensorBase at = check_tensor(index, where, "index")
    cdef TensorBase source = check_tensor(src, where, "src")
    cdef ScatterAddBackward0 node = None
    cdef tuple arrays
    cdef TensorBase out
    if source.dtype_ is not t.dtype_:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if max(at.ndim_, 1) == max(t.ndim_, 1):
        source = part_read(source, at)
    arrays = grid(t, wrap_dim(dim, t.ndim_), at, where)
    out = target(t, source, inplace)
    if records_change(t, source):
        node = ScatterAddBackward0.__new__(ScatterAddBackward0)
        node.arrays, node.sizes = frozen(arrays), shape_tuple(at)
        connect2(node, t, source)
    if at.numel_:
        put_raw(out, arrays, source, True)
    return finish(out, node, inplace)


def scatter_add(input, dim, index, src, *, out=None):
    """A copy with ``out[index[i][j]][j] += src[i][j]`` for dim 0, and so on."""
    return deliver_same(scatter_add_op(input, dim, index, src, False, "scatter_add"), out, None)


def scatter_add_(input, dim, index, src):
    """`scatter_add` in place."""
    return scatter_add_op(input, dim, index, src, True, "scatter_add_")


# ---------------------------------------------------------------- index_select

cdef class IndexSelectBackward0(PlacesNode):
    """Adds the gradient at the places that were read."""

    cdef tuple apply(self, tuple grads):
        return (self.added(grads[0]),)


cdef TensorBase index_select_op(TensorBase t, int dim, TensorBase index):
    """The places of a vector of indices along an axis; recorded."""
    cdef tuple arrays = line(t, dim, index, "index_select")
    cdef IndexSelectBackward0 node
    cdef TensorBase out = gather_raw(t, arrays)
    if records1(t):
        node = IndexSelectBackward0.__new__(IndexSelectBackward0)
        node.arrays, node.sizes = frozen(arrays), shape_tuple(t)
        connect1(node, t)
        set_function(out, node, 0)
    return out


def index_select(input, dim, index, *, out=None):
    """The places that a vector of indices names along an axis, as a new tensor.

    Raises
    ------
    IndexError
        If `index` is no vector or out of range.
    """
    cdef TensorBase t = check_tensor(input, "index_select", "input")
    cdef TensorBase at = check_tensor(index, "index_select", "index")
    cdef TensorBase made = index_select_op(t, wrap_dim(dim, t.ndim_), at)
    deliver_typed(made, out, "index_select(): self and result must have the same scalar type")
    return deliver_apart(made, out, [t, at])


# ---------------------------------------------------------------- index_add, index_copy

cdef class IndexAddBackward0(PlacesNode):
    """The whole gradient, and the places, times alpha, for the source."""

    cdef object alpha

    cdef tuple apply(self, tuple grads):
        cdef TensorBase part = None
        if self.needs(1):
            part = reshape_to(index_arrays_op(grads[0], self.arrays), self.sizes)
            if self.alpha != 1:
                part = mul_number(part, self.alpha)
        return (grads[0], part)


cdef class IndexCopyBackward0(PlacesNode):
    """Nothing for what was overwritten; the places for the source."""

    cdef tuple apply(self, tuple grads):
        return (self.put_zeros(grads[0]) if self.needs(0) else None,
                reshape_to(index_arrays_op(grads[0], self.arrays), self.sizes)
                if self.needs(1) else None)


cdef int check_source(TensorBase t, int dim, TensorBase index, TensorBase source,
                      str where) except -1:
    """Check that `source` has one place for each index and else the shape of `t`."""
    cdef Py_ssize_t along = source.shape_[dim] if source.ndim_ > dim else 1
    cdef int i
    cdef str mine = type_name(t.dtype_), other = type_name(source.dtype_)
    if source.dtype_ is not t.dtype_ and where == "index_add_":
        raise RuntimeError(f"index_add_(): self ({mine}) and source ({other}) must have the same "
                           "scalar type")
    if source.dtype_ is not t.dtype_:
        raise RuntimeError(f"{where}(): self and source expected to have the same dtype, but got "
                           f"(self) {mine} and (source) {other}")
    if index.numel_ != along:
        if where == "index_copy_":
            raise IndexError(f"index_copy_(): Number of indices ({index.numel_}) should be equal "
                             f"to source.size(dim) ({along})")
        raise RuntimeError(f"{where}(): Number of indices ({index.numel_}) should be equal to "
                           f"source.size(dim): ({along}), for dim: {dim}")
    if source.ndim_ != t.ndim_ and t.ndim_ and source.ndim_:
        if where == "index_add_":
            raise RuntimeError(
                "source tensor shape must match self tensor shape, excluding the specified "
                f"dimension. Got self.shape = {size_text(t.ndim_, t.shape_)} source.shape = "
                f"{size_text(source.ndim_, source.shape_)}")
        raise RuntimeError(f"{where}(): source and destination must have the same number of "
                           f"dimensions, got {source.ndim_} and {t.ndim_}")
    for i in range(t.ndim_ if source.ndim_ else 0):
        if i != dim and source.shape_[i] != t.shape_[i]:
            raise RuntimeError(f"source tensor shape must match self tensor shape, excluding the "
                               f"specified dimension. Got self.shape = "
                               f"{size_text(t.ndim_, t.shape_)} source.shape = "
                               f"{size_text(source.ndim_, source.shape_)}")
    return 0


cdef TensorBase index_write(object input, object dim, object index, object source_, object alpha,
                            bint add, bint inplace):
    cdef str where = "index_add_" if add else "index_copy_"
    cdef TensorBase t = check_tensor(input, where, "input")
    cdef TensorBase at = check_tensor(index, where, "index")
    cdef TensorBase source = check_tensor(source_, where, "source")
    cdef TensorBase out
    cdef int axis = wrap_dim(dim, t.ndim_)
    cdef PlacesNode node = None
    cdef tuple arrays
    check_source(t, axis, at, source, where)
    arrays = line(t, axis, at, where)
    out = target(t, source, inplace)
    if records_change(t, source):
        if add:
            node = IndexAddBackward0.__new__(IndexAddBackward0)
            (<IndexAddBackward0> node).alpha = alpha
        else:
            node = IndexCopyBackward0.__new__(IndexCopyBackward0)
        node.arrays, node.sizes = frozen(arrays), shape_tuple(source)
        connect2(node, t, source)
    if add and alpha != 1:
        source = mul_number(source, alpha)
    put_raw(out, arrays, source, add)
    return finish(out, node, inplace)


def index_add(input, dim, index, source, *, alpha=1, out=None):
    """A copy with `alpha` times the places of `source` added at a vector of indices."""
    return deliver_same(index_write(input, dim, index, source, alpha, True, False), out, None)


def index_add_(input, dim, index, source, *, alpha=1):
    """`index_add` in place."""
    return index_write(input, dim, index, source, alpha, True, True)


def index_copy(input, dim, index, source, *, out=None):
    """A copy with the places of `source` written at a vector of indices."""
    return deliver_same(index_write(input, dim, index, source, 1, False, False), out, None)


def index_copy_(input, dim, index, source):
    """`index_copy` in place."""
    return index_write(input, dim, index, source, 1, False, True)


# ---------------------------------------------------------------- index_fill

cdef class IndexFillBackward0(PlacesNode):
    """Nothing for what was overwritten."""

    cdef tuple apply(self, tuple grads):
        return (self.put_zeros(grads[0]),)


cdef class IndexFillBackward1(PlacesNode):
    """Nothing for what was overwritten; the sum of the places, each once, for the value."""

    cdef tuple apply(self, tuple grads):
        return (self.put_zeros(grads[0]) if self.needs(0) else None,
                sum_op(index_arrays_op(grads[0], self.arrays), None, False)
                if self.needs(1) else None)


cdef TensorBase index_fill_op(object input, object dim, object index, object value, bint inplace):
    cdef TensorBase t = check_tensor(input, "index_fill_", "input")
    cdef TensorBase at = check_tensor(index, "index_fill_", "index")
    cdef TensorBase given = None, values, out
    cdef PlacesNode node = None
    cdef tuple arrays
    if isinstance(value, TensorBase):
        given = <TensorBase> value
        if given.ndim_:
            raise RuntimeError("index_fill_ only supports a 0-dimensional value tensor, but got "
                               f"tensor with {given.ndim_} dimension(s).")
    elif not is_number(value):
        raise TypeError("index_fill_(): argument 'value' must be Number or Tensor, not "
                        f"{type(value).__name__}")
    arrays = line(t, wrap_dim(dim, t.ndim_), at, "index_fill_")
    values = scalar_of(t.dtype_, value if given is None else given.item())
    out = target(t, given, inplace)
    if records_change(t, given):
        if given is None:
            node = IndexFillBackward0.__new__(IndexFillBackward0)
            connect1(node, t)
        else:
            node = IndexFillBackward1.__new__(IndexFillBackward1)
            connect2(node, t, given)
        node.arrays = tuple([a if isinstance(a, slice) else numpy.unique(a) for a in arrays])
    put_raw(out, arrays, values, False)
    return finish(out, node, inplace)


def index_fill(input, dim, index, value):
    """A copy with a number, or 0-d tensor, at a vector of indices along an axis."""
    return index_fill_op(input, dim, index, value, False)


def index_fill_(input, dim, index, value):
    """`index_fill` in place."""
    return index_fill_op(input, dim, index, value, True)


# ---------------------------------------------------------------- take

cdef class TakeBackward0(PlacesNode):
    """Adds the gradient at the places that were read, in row-major order."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        count = 1
        for size in self.sizes:
            count *= size
        flat = put_arrays(zeros_of(g, (count,)), self.arrays, g, True, True)
        return (reshape_to(flat, self.sizes),)


def take(input, index, *, out=None):
    """Elements at `index`, counted in row-major order, in the shape of `index`.

    Raises
    ------
    IndexError
        For an index out of range.
    """
    cdef TensorBase t = check_tensor(input, "take", "input")
    cdef TensorBase at = check_tensor(index, "take", "index")
    cdef TensorBase flat, found
    cdef TakeBackward0 node
    if at.code() != I64:
        raise RuntimeError("take(): Expected a long tensor for index, but got "
                           f"{type_name(at.dtype_)}")
    array = array_of(at)
    if array.size:
        for place in (int(array.min()), int(array.max())):
            if place < -t.numel_ or place >= t.numel_:
                raise IndexError(f"out of range: tried to access index {place} on a tensor of "
                                 f"{t.numel_} elements.")
    flat = contiguous_raw(t)
    picked = numpy.take(array_of(flat).reshape(-1), array, mode="wrap")
    found = from_array(picked, t.dtype_)
    if records1(t):
        node = TakeBackward0.__new__(TakeBackward0)
        node.arrays, node.sizes = (array.copy(),), shape_tuple(t)
        connect1(node, t)
        set_function(found, node, 0)
    return deliver_apart(found, out, [t, at])
