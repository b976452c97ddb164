# cython: auto_pickle=False
"""Sums, means, counts, all and any; and the machinery of the other reductions."""

from minitorch._core.dtype cimport (
    FLOATING, check_dtype, dtype as DType, of_code, type_name)
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, save, set_function, unpack
from minitorch._core.shape cimport (
    Dims, contiguous_strides, dims_from_args, product, size_text, wrap_dim)
from minitorch._core.tensor cimport TensorBase, alias, bare, new_strided, shape_of
from minitorch._kernels.pointwise cimport UNARY_ISNAN, UNARY_LOGICAL_NOT
from minitorch._kernels.reduce cimport *
from minitorch._kernels.types cimport BOOL, I64, MAX_DIMS
from minitorch._ops._base cimport cast_raw, check_tensor, contiguous_raw, expand_raw, unary_raw
from minitorch._ops.binary cimport div_op, mul_number, mul_op
from minitorch._ops.choice cimport masked
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.writing cimport deliver


# ---------------------------------------------------------------- arguments

cdef object either(object value, object other, str where, str name):
    """An argument given by PyTorch's name or by numpy's (`axis`, `keepdims`)."""
    if other is None:
        return value
    if value is not None and value is not False:
        raise TypeError(f"{where}() got an unexpected keyword argument '{name}'")
    return other


cdef int flag(object keepdim, object keepdims, str where) except -1:
    """`keepdim=` as a truth value."""
    keepdim = either(keepdim, keepdims, where, "keepdims")
    if not isinstance(keepdim, bool):
        raise TypeError(f"{where}(): argument 'keepdim' must be bool, not "
                        f"{type(keepdim).__name__}")
    return 1 if keepdim else 0


cdef int one_axis(object dim, TensorBase x, str where) except -1:
    """`dim=` of an operation along a single axis, wrapped."""
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise TypeError(f"{where}(): argument 'dim' must be int, not {type(dim).__name__}")
    return wrap_dim(dim, x.ndim_)


cdef object asked(object dtype, object out):
    """The dtype to compute in: as given, or that of `out=`."""
    return (<TensorBase> out).dtype_ if dtype is None and isinstance(out, TensorBase) else dtype


cdef object axes_tuple(Axes* axes, int ndim):
    """The reduced axes for `dim=`; None for a tensor that has no axis."""
    cdef int i
    return tuple([i for i in range(ndim) if axes.reduced[i]]) if ndim else None


cdef Py_ssize_t axes_count(Axes* axes, TensorBase x) noexcept:
    """How many elements become one."""
    cdef Py_ssize_t count = 1
    cdef int i
    for i in range(x.ndim_):
        if axes.reduced[i]:
            count *= x.shape_[i]
    return count


cdef int check_not_empty(TensorBase x, Axes* axes, bint whole, str where) except -1:
    """Raise where an operation without an identity would reduce no elements."""
    cdef int i
    if x.numel_:
        return 0
    if whole:
        raise RuntimeError(f"{where}(): Expected reduction dim to be specified for input.numel() "
                           "== 0. Specify the reduction dim with the 'dim' argument.")
    for i in range(x.ndim_):
        if axes.reduced[i] and x.shape_[i] == 0:
            raise IndexError(f"{where}(): Expected reduction dim {i} to have non-zero size.")
    return 0


# ---------------------------------------------------------------- raw machinery

cdef int read_axes(object dims, TensorBase x, Axes* axes, str where) except -1:
    """Read `dim=`: None or () for all axes, a number, or a tuple of them."""
    cdef int i, axis
    axes.n = 0
    for i in range(max(x.ndim_, 1)):
        axes.reduced[i] = False
    if dims is None or (isinstance(dims, (tuple, list)) and len(dims) == 0):
        for i in range(x.ndim_):
            axes.reduced[i] = True
        axes.n = x.ndim_
        return 0
    if not isinstance(dims, (tuple, list)):
        dims = (dims,)
    for dim in dims:
        axis = one_axis(dim, x, where)
        if axes.reduced[axis]:
            raise RuntimeError(f"dim {axis} appears multiple times in the list of dims")
        axes.reduced[axis] = True
        axes.n += 1
    if x.ndim_ == 0:
        axes.n = 0
    return 0


cdef void memory_order(TensorBase x, int* order) noexcept:
    """Axes from the outermost in memory to the innermost."""
    cdef int i, j
    for i in range(x.ndim_):
        j = i
        while j > 0 and x.strides_[order[j - 1]] < x.strides_[i] and x.shape_[i] != 1 \
                and x.shape_[order[j - 1]] != 1:
            order[j] = order[j - 1]
            j -= 1
        order[j] = i


cdef TensorBase in_order(TensorBase x, const int* order):
    """An unrecorded view of `x` with its axes in `order`."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef TensorBase made = bare()
    cdef int i
    for i in range(x.ndim_):
        shape[i] = x.shape_[order[i]]
        strides[i] = x.strides_[order[i]]
    made.dtype_, made.storage, made.offset = x.dtype_, x.storage, x.offset
    made.set_geometry(x.ndim_, shape, strides)
    return made


cdef TensorBase packed(TensorBase x, Axes* axes, int* order, Py_ssize_t* blocks):
    """`x` with its elements in a row-major block (outer, n, inner) along `order`.

    Nothing is copied when the reduced axes are neighbours in memory; else they are moved
    innermost.
    """
    cdef int i, first = -1, last = -1, at
    cdef bint neighbours = True
    memory_order(x, order)
    for i in range(x.ndim_):
        if axes.reduced[order[i]]:
            if first < 0:
                first = i
            elif i != last + 1:
                neighbours = False
            last = i
    cdef TensorBase arranged = in_order(x, order)
    if not neighbours:
        at = 0
        for i in range(x.ndim_):
            if not axes.reduced[i]:
                order[at] = i
                at += 1
        first = at
        for i in range(x.ndim_):
            if axes.reduced[i]:
                order[at] = i
                at += 1
        last = x.ndim_ - 1
        arranged = in_order(x, order)
    arranged = contiguous_raw(arranged)
    if first < 0:
        first, last = x.ndim_, x.ndim_ - 1
    blocks[0] = product(first, arranged.shape_)
    blocks[1] = product(last + 1 - first, arranged.shape_ + first)
    blocks[2] = product(x.ndim_ - last - 1, arranged.shape_ + last + 1)
    return arranged


cdef TensorBase reduced_output(TensorBase x, Axes* axes, const int* order, bint keepdim, DType d):
    """An uninitialised result whose kept axes lie in memory in `order`; see `in_rows`."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t rows[MAX_DIMS]
    cdef Py_ssize_t step = 1
    cdef Py_ssize_t all_strides[MAX_DIMS]
    cdef int i, axis, n = 0
    for i in range(x.ndim_ - 1, -1, -1):
        axis = order[i]
        all_strides[axis] = step
        if not axes.reduced[axis] and x.shape_[axis] > 1:
            step *= x.shape_[axis]
    for i in range(x.ndim_):
        if axes.reduced[i] and not keepdim:
            continue
        shape[n] = 1 if axes.reduced[i] else x.shape_[i]
        strides[n] = all_strides[i]
        n += 1
    if n:
        contiguous_strides(n, shape, rows)
    for i in range(n):
        if shape[i] == 1:
            strides[i] = rows[i]
    return new_strided(d, n, shape, strides)


cdef TensorBase in_rows(TensorBase result):
    """A filled `reduced_output` as PyTorch returns it: row-major, whatever the input was."""
    return contiguous_raw(result)


cdef TensorBase reduce_raw(int op, TensorBase x, Axes* axes, bint keepdim, DType out,
                           double param):
    """Reduce along axes; the result has dtype `out`."""
    cdef int order[MAX_DIMS]
    cdef Py_ssize_t blocks[3]
    cdef TensorBase arranged = packed(x, axes, order, blocks)
    cdef TensorBase result = reduced_output(x, axes, order, keepdim, out)
    cdef char* to = result.data()
    cdef const char* from_ = arranged.data()
    cdef int status, c_out = out.code, c_in = x.code()
    with nogil:
        status = reduce_op(op, to, c_out, NULL, from_, c_in, blocks[0], blocks[1], blocks[2],
                           param)
    check_status(status, x)
    return in_rows(result)


cdef int check_status(int status, TensorBase x) except -1:
    if status == -1:
        raise MemoryError()
    if status == -2:
        raise IndexError("cannot perform reduction function on a tensor with no elements because "
                         "the operation does not have an identity")
    if status:
        raise NotImplementedError(f"this reduction is not implemented for {x.dtype_!r}")
    return 0


cdef TensorBase restore_axes(TensorBase g, Axes* axes):
    """`g` with axes of size 1 where `axes` were reduced away (recorded)."""
    from minitorch._ops.view import unsqueeze
    cdef int i
    cdef object out = g
    for i in range(MAX_DIMS):
        if i >= (<TensorBase> out).ndim_ + 1:
            break
        if axes.reduced[i] and i < g.ndim_ + axes.n:
            out = unsqueeze(out, i)
    return out


# ---------------------------------------------------------------- sum and mean

cdef class ReducingNode(Node):
    """Base of the nodes of reductions: remembers the axes, to put them back."""

    cdef TensorBase spread(self, TensorBase t):
        """`t` with axes of size 1 where axes were reduced."""
        return t if self.kept or t is None else restore_axes(t, &self.axes)

    cdef TensorBase cast_back(self, TensorBase g):
        """The gradient in the dtype of the input."""
        return g if self.input_dtype is None else to_dtype(g, self.input_dtype)


cdef int link_reducing(ReducingNode node, TensorBase x, Axes* axes, bint keepdim,
                       TensorBase out) except -1:
    """Connect a node to its input and make it the function of its (first) output."""
    connect1(node, x)
    node.axes, node.kept = axes[0], keepdim
    node.input_dtype = x.dtype_ if x.dtype_ is not out.dtype_ else None
    set_function(out, node, 0)
    return 0


cdef class ExpandingNode(ReducingNode):
    """A sum: the gradient is spread over the reduced axes (times `scale`)."""

    # not in the slots: the node keeps no tensor, so it may run again after its graph was freed
    cdef object shape
    cdef object scale

    saved_names = ("self_sym_sizes", "dim", "keepdim")

    def _saved(self, int slot):
        return (self.shape, axes_tuple(&self.axes, len(self.shape)) or (), bool(self.kept))[slot]

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = self.spread(grads[0])
        if self.scale is not None:
            g = mul_number(g, self.scale)
        return (expand_op(self.cast_back(g), self.shape),)


cdef class SumBackward0(ExpandingNode):
    pass


cdef class SumBackward1(ExpandingNode):
    pass


cdef class MeanBackward0(ExpandingNode):
    pass


cdef class MeanBackward1(ExpandingNode):
    pass


cdef TensorBase sum_as(TensorBase x, object dims, bint keepdim, DType out):
    cdef Axes axes
    cdef TensorBase result
    cdef ExpandingNode node
    read_axes(dims, x, &axes, "sum")
    if records1(x):
        check_floating(out)
    result = reduce_raw(REDUCE_SUM, x, &axes, keepdim, out, 0)
    if records1(x):
        if dims is None and not keepdim:
            node = SumBackward0.__new__(SumBackward0)
        else:
            node = SumBackward1.__new__(SumBackward1)
        link_reducing(node, x, &axes, keepdim, result)
        node.shape = shape_of(x)
    return result


cdef int check_floating(DType out) except -1:
    """Raise where a recorded operation is asked for a dtype without derivatives."""
    if out.category != FLOATING:
        raise RuntimeError(f"Autograd not support dtype: {type_name(out)}")
    return 0


cdef int check_mean_dtype(DType d, str whose) except -1:
    if d.category != FLOATING:
        raise RuntimeError(f"mean(): could not infer output dtype. {whose} dtype must be either a "
                           f"floating point or complex dtype. Got: {type_name(d)}")
    return 0


cdef TensorBase mean_as(TensorBase x, object dims, bint keepdim, DType out):
    cdef Axes axes
    cdef TensorBase result
    cdef ExpandingNode node
    cdef Py_ssize_t count
    read_axes(dims, x, &axes, "mean")
    result = reduce_raw(REDUCE_MEAN, cast_raw(x, out), &axes, keepdim, out, 0)
    if records1(x):
        if dims is None and not keepdim:
            node = MeanBackward0.__new__(MeanBackward0)
        else:
            node = MeanBackward1.__new__(MeanBackward1)
        link_reducing(node, x, &axes, keepdim, result)
        node.shape = shape_of(x)
        count = axes_count(&axes, x)
        node.scale = 1.0 / count if count else float("inf")
    return result


cdef DType sum_dtype(TensorBase x, object wanted, str where):
    """The dtype of a sum or product: as asked for, else int64 for whole numbers."""
    if wanted is not None:
        return check_dtype(wanted, where)
    return x.dtype_ if x.dtype_.category == FLOATING else of_code(I64)


cdef TensorBase sum_op(TensorBase x, object dims, bint keepdim):
    return sum_as(x, dims, keepdim, sum_dtype(x, None, "sum"))


cdef TensorBase mean_op(TensorBase x, object dims, bint keepdim):
    return mean_as(x, dims, keepdim, x.dtype_)


def sum(input, dim=None, keepdim=False, *, dtype=None, out=None, axis=None, keepdims=None):
    """The sum of all elements, or along the axes `dim`.

    Integers and bools are summed as int64 unless `dtype` says otherwise.

    Parameters
    ----------
    input : Tensor
    dim : int or tuple of int, optional
        None and () stand for all axes.
    keepdim : bool
        Keep the reduced axes with size 1.
    dtype : dtype, optional
        Of the result and of the arithmetic.
    axis, keepdims
        numpy's names of `dim` and `keepdim`.
    """
    cdef TensorBase x = check_tensor(input, "sum", "input")
    dim = either(dim, axis, "sum", "axis")
    wanted = sum_dtype(x, asked(dtype, out), "sum")
    return deliver(sum_as(x, dim, flag(keepdim, keepdims, "sum"), wanted), out)


def mean(input, dim=None, keepdim=False, *, dtype=None, out=None, axis=None, keepdims=None):
    """The mean of all elements, or along the axes `dim`; arguments as in `sum`.

    Raises
    ------
    RuntimeError
        For a dtype that is not floating.
    """
    cdef TensorBase x = check_tensor(input, "mean", "input")
    dim = either(dim, axis, "mean", "axis")
    wanted = x.dtype_ if dtype is None else check_dtype(dtype, "mean")
    check_mean_dtype(wanted, "Input" if dtype is None else "Optional")
    return deliver(mean_as(x, dim, flag(keepdim, keepdims, "mean"), wanted), out)


# ---------------------------------------------------------------- without NaN, and counts

cdef class NansumBackward0(ReducingNode):
    """The gradient goes to the elements that are numbers."""

    saved_names = ("self",)

    cdef tuple apply(self, tuple grads):
        cdef TensorBase numbers = numbers_raw(unpack(self.s0, self))
        return (self.cast_back(mul_op(self.spread(grads[0]), numbers)),)


cdef TensorBase numbers_raw(TensorBase x):
    """Where `x` is not NaN."""
    return unary_raw(UNARY_LOGICAL_NOT, unary_raw(UNARY_ISNAN, x))


cdef TensorBase nansum_as(TensorBase x, object dims, bint keepdim, DType out):
    cdef Axes axes
    cdef TensorBase result
    cdef NansumBackward0 node
    if x.dtype_.category != FLOATING:
        return sum_as(x, dims, keepdim, out)
    read_axes(dims, x, &axes, "nansum")
    if records1(x):
        check_floating(out)
    result = reduce_raw(REDUCE_SUM, masked(alias(x), numbers_raw(x)), &axes, keepdim, out, 0)
    if records1(x):
        node = NansumBackward0.__new__(NansumBackward0)
        link_reducing(node, x, &axes, keepdim, result)
        node.s0 = save(x)
    return result


def nansum(input, dim=None, keepdim=False, *, dtype=None, out=None, axis=None, keepdims=None):
    """`sum` with NaN counted as zero."""
    cdef TensorBase x = check_tensor(input, "nansum", "input")
    dim = either(dim, axis, "nansum", "axis")
    return deliver(nansum_as(x, dim, flag(keepdim, keepdims, "nansum"),
                             sum_dtype(x, asked(dtype, out), "nansum")), out)


def nanmean(input, dim=None, keepdim=False, *, dtype=None, out=None, axis=None, keepdims=None):
    """The mean of the elements that are not NaN; NaN where there are none.

    Raises
    ------
    RuntimeError
        For a tensor that is not floating.
    """
    cdef TensorBase x = check_tensor(input, "nanmean", "input")
    cdef bint keep = flag(keepdim, keepdims, "nanmean")
    dim = either(dim, axis, "nanmean", "axis")
    if x.dtype_.category != FLOATING:
        raise RuntimeError("nanmean(): expected input to have floating point or complex dtype but "
                           f"got {type_name(x.dtype_)}")
    total = nansum_as(x, dim, keep, sum_dtype(x, dtype, "nanmean"))
    return deliver(div_op(total, sum_op(numbers_raw(x), dim, keep)), out)


cdef TensorBase nonzero_raw(TensorBase x):
    """Where `x` is not 0, as bool."""
    return cast_raw(alias(x), of_code(BOOL))


def count_nonzero(input, dim=None, *, axis=None):
    """How many elements are not zero, in all or along the axes `dim`, as int64."""
    cdef TensorBase x = check_tensor(input, "count_nonzero", "input")
    return sum_op(nonzero_raw(x), either(dim, axis, "count_nonzero", "axis"), False)


# ---------------------------------------------------------------- broadcasting, undone

cdef class ExpandBackward0(Node):
    """The gradient of a broadcast is summed back."""

    cdef object shape

    cdef tuple apply(self, tuple grads):
        return (sum_to_op(grads[0], self.shape),)


cdef TensorBase expand_op(TensorBase g, object shape):
    """`g` broadcast to `shape`, as a recorded view."""
    cdef Py_ssize_t sizes[MAX_DIMS]
    cdef TensorBase out
    cdef ExpandBackward0 node
    cdef int i, n = len(shape)
    for i in range(n):
        sizes[i] = shape[i]
    out = expand_raw(g, n, sizes)
    if records1(g):
        node = ExpandBackward0.__new__(ExpandBackward0)
        connect1(node, g)
        node.shape, node.n_outputs = shape_of(g), 1
        set_function(out, node, 0)
    return out


cdef TensorBase sum_to_op(TensorBase g, object shape):
    """Sum `g` over the axes along which `shape` was broadcast to it."""
    cdef int extra = g.ndim_ - len(shape)
    cdef int i
    cdef list dims
    dims = [i for i in range(g.ndim_)
            if i < extra or (shape[i - extra] == 1 and g.shape_[i] != 1)]
    if dims:
        g = sum_op(g, tuple(dims), True)
    if extra:
        from minitorch._ops.view import reshape
        return reshape(g, shape)
    return g


def sum_to_size(input, *size):
    """Sum over the axes along which a tensor of `size` would be broadcast to this one.

    Raises
    ------
    RuntimeError
        If `size` does not broadcast to the tensor's shape.
    """
    cdef TensorBase x = check_tensor(input, "sum_to_size", "input")
    cdef Dims wanted
    cdef int i, extra
    dims_from_args(size, &wanted, "sum_to_size")
    extra = x.ndim_ - wanted.n
    for i in range(wanted.n):
        if extra < 0 or (wanted.at[i] != 1 and wanted.at[i] != x.shape_[i + extra]):
            raise RuntimeError(f"size {{{size_text(wanted.n, wanted.at)}}} is not expandable to "
                               f"size {{{size_text(x.ndim_, x.shape_)}}}.")
    if wanted.n == 0:
        return sum(x)
    return sum_to_op(x, tuple([wanted.at[i] for i in range(wanted.n)]))


# ---------------------------------------------------------------- all and any

cdef TensorBase truth(int op, TensorBase x, object dim, bint keepdim, str where):
    cdef Axes axes
    cdef TensorBase result
    if isinstance(dim, (tuple, list)) and len(dim) == 0:
        # unlike all other reductions, PyTorch takes () for no axis here
        result = nonzero_raw(x)
    else:
        read_axes(dim, x, &axes, where)
        result = reduce_raw(op, x, &axes, keepdim, of_code(BOOL), 0)
    return cast_raw(result, x.dtype_) if x.dtype_.name == "uint8" else result


cdef object truth_into(TensorBase result, object out, str where):
    cdef DType d
    if isinstance(out, TensorBase):
        d = (<TensorBase> out).dtype_
        if d.code != BOOL and d.name != "uint8":
            raise RuntimeError(f"{where} only supports bool tensor for result, got: {type_name(d)}")
    return deliver(result, out)


def all(input, dim=None, keepdim=False, *, out=None, axis=None, keepdims=None):
    """True if all elements (along the axes `dim`) are nonzero; uint8 for uint8."""
    cdef TensorBase x = check_tensor(input, "all", "input")
    return truth_into(truth(REDUCE_ALL, x, either(dim, axis, "all", "axis"),
                            flag(keepdim, keepdims, "all"), "all"), out, "all")


def any(input, dim=None, keepdim=False, *, out=None, axis=None, keepdims=None):
    """True if any element (along the axes `dim`) is nonzero; uint8 for uint8."""
    cdef TensorBase x = check_tensor(input, "any", "input")
    return truth_into(truth(REDUCE_ANY, x, either(dim, axis, "any", "axis"),
                            flag(keepdim, keepdims, "any"), "any"), out, "any")


cdef bint has_zero(TensorBase x) except -1:
    """Whether any element is 0."""
    cdef Axes axes
    read_axes(None, x, &axes, "all")
    return not reduce_raw(REDUCE_ALL, x, &axes, False, of_code(BOOL), 0).data()[0]
