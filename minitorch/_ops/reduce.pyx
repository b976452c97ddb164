"""Reductions and their derivatives."""

from minitorch._core.dtype cimport BOOLEAN, FLOATING, check_dtype, default_float, dtype, of_code
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, save, set_function, unpack
from minitorch._core.shape cimport (
    Dims, contiguous_strides, is_dense, product, size_text, wrap_dim)
from minitorch._core.tensor cimport (
    TensorBase, alias, bare, new_strided, new_tensor, shape_of, view_of)
from minitorch._kernels.reduce cimport *
from minitorch._kernels.types cimport BF16, BOOL, F16, I64, MAX_DIMS
from minitorch._ops._base cimport (
    cast_raw, check_tensor, contiguous_raw, copy_raw, deliver, expand_raw, fill_raw)
from minitorch._ops.pointwise cimport mul_number, mul_op, to_dtype


# ---------------------------------------------------------------- raw machinery

cdef int read_axes(object dims, TensorBase x, Axes* axes, str where) except -1:
    """Read `dim=`: None or () for all axes, a number, or a tuple of them."""
    cdef int i, axis
    axes.n = 0
    for i in range(x.ndim_):
        axes.reduced[i] = False
    if dims is None or (isinstance(dims, (tuple, list)) and len(dims) == 0):
        for i in range(x.ndim_):
            axes.reduced[i] = True
        axes.n = x.ndim_
        return 0
    if not isinstance(dims, (tuple, list)):
        dims = (dims,)
    for dim in dims:
        axis = wrap_dim(dim, x.ndim_)
        if x.ndim_ == 0:
            continue
        if axes.reduced[axis]:
            raise RuntimeError(f"dim {axis} appears multiple times in the list of dims")
        axes.reduced[axis] = True
        axes.n += 1
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


cdef TensorBase reduced_output(TensorBase x, Axes* axes, const int* order, bint keepdim, dtype d):
    """An uninitialised result whose kept axes lie in memory in `order`."""
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t step = 1, all_strides[MAX_DIMS]
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
    return new_strided(d, n, shape, strides)


cdef TensorBase reduce_raw(int op, TensorBase x, Axes* axes, bint keepdim, dtype out,
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
    return result


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

cdef class ExpandingNode(Node):
    """A sum: the gradient is spread over the reduced axes (times `scale`)."""

    cdef object shape
    cdef Axes axes
    cdef bint kept
    cdef object scale

    saved_names = ("self_sym_sizes", "dim", "keepdim")

    def _saved(self, int slot):
        return (self.shape, tuple([i for i in range(len(self.shape)) if self.axes.reduced[i]]),
                bool(self.kept))[slot]

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        if not self.kept and g.ndim_ != len(self.shape):
            g = restore_axes(g, &self.axes)
        if self.scale is not None:
            g = mul_number(g, self.scale)
        if self.s3 is not None:
            g = to_dtype(g, <dtype> self.s3)
        return (expand_op(g, self.shape),)


cdef class SumBackward0(ExpandingNode):
    pass


cdef class SumBackward1(ExpandingNode):
    pass


cdef class MeanBackward0(ExpandingNode):
    pass


cdef class MeanBackward1(ExpandingNode):
    pass


cdef int link_expanding(ExpandingNode node, TensorBase x, Axes* axes, bint keepdim,
                        TensorBase out) except -1:
    connect1(node, x)
    node.shape, node.axes, node.kept = shape_of(x), axes[0], keepdim
    node.s3 = x.dtype_ if x.dtype_ is not out.dtype_ else None
    set_function(out, node, 0)
    return 0


cdef TensorBase sum_as(TensorBase x, object dims, bint keepdim, dtype out):
    cdef Axes axes
    cdef TensorBase result
    cdef ExpandingNode node
    read_axes(dims, x, &axes, "sum")
    result = reduce_raw(REDUCE_SUM, x, &axes, keepdim, out, 0)
    if records1(x):
        if dims is None:
            node = SumBackward0.__new__(SumBackward0)
        else:
            node = SumBackward1.__new__(SumBackward1)
        link_expanding(node, x, &axes, keepdim, result)
    return result


cdef TensorBase mean_as(TensorBase x, object dims, bint keepdim, dtype out):
    cdef Axes axes
    cdef TensorBase result
    cdef ExpandingNode node
    cdef Py_ssize_t count = 1
    cdef int i
    if out.category != FLOATING:
        raise RuntimeError("mean(): could not infer output dtype. Input dtype must be either a "
                           "floating point or complex dtype. Got: "
                           f"{x.dtype_.name.capitalize()}")
    read_axes(dims, x, &axes, "mean")
    x = to_dtype(x, out)
    result = reduce_raw(REDUCE_MEAN, x, &axes, keepdim, out, 0)
    if records1(x):
        if dims is None:
            node = MeanBackward0.__new__(MeanBackward0)
        else:
            node = MeanBackward1.__new__(MeanBackward1)
        link_expanding(node, x, &axes, keepdim, result)
        for i in range(x.ndim_):
            if axes.reduced[i]:
                count *= x.shape_[i]
        node.scale = 1.0 / count if count else float("inf")
    return result


cdef dtype sum_dtype(TensorBase x, object wanted, str where):
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
    """
    x = check_tensor(input, "sum", "input")
    dim = axis if dim is None else dim
    keepdim = keepdim if keepdims is None else keepdims
    return deliver(sum_as(x, dim, keepdim, sum_dtype(x, dtype, "sum")), out)


def mean(input, dim=None, keepdim=False, *, dtype=None, out=None, axis=None, keepdims=None):
    """The mean of all elements, or along the axes `dim`.

    Raises
    ------
    RuntimeError
        For a dtype that is not floating.
    """
    x = check_tensor(input, "mean", "input")
    dim = axis if dim is None else dim
    keepdim = keepdim if keepdims is None else keepdims
    result = (<TensorBase> x).dtype_ if dtype is None else check_dtype(dtype, "mean")
    return deliver(mean_as(x, dim, keepdim, result), out)


# ---------------------------------------------------------------- broadcasting, undone

cdef class ExpandBackward0(Node):
    """The gradient of a broadcast is summed back."""

    cdef tuple apply(self, tuple grads):
        return (sum_to_op(grads[0], self.s3),)


cdef TensorBase expand_op(TensorBase g, object shape):
    """`g` broadcast to `shape`, as a recorded view."""
    cdef Py_ssize_t sizes[MAX_DIMS]
    cdef TensorBase out
    cdef Node node
    cdef int i, n = len(shape)
    for i in range(n):
        sizes[i] = shape[i]
    out = expand_raw(g, n, sizes)
    if records1(g):
        node = ExpandBackward0.__new__(ExpandBackward0)
        connect1(node, g)
        node.s3, node.n_outputs = shape_of(g), 1
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


# ---------------------------------------------------------------- all and any

cdef TensorBase truth(int op, object input, object dim, bint keepdim, str where):
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef Axes axes
    read_axes(dim, x, &axes, where)
    out = of_code(BOOL)
    result = reduce_raw(op, x, &axes, keepdim, out, 0)
    return cast_raw(result, x.dtype_) if x.dtype_.name == "uint8" else result


def all(input, dim=None, keepdim=False, *, out=None):
    """True if all elements (along `dim`) are nonzero."""
    return deliver(truth(REDUCE_ALL, input, dim, keepdim, "all"), out)


def any(input, dim=None, keepdim=False, *, out=None):
    """True if any element (along `dim`) is nonzero."""
    return deliver(truth(REDUCE_ANY, input, dim, keepdim, "any"), out)
