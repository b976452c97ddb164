# cython: auto_pickle=False
"""Running sums and products, and the product.

The slopes of products divide by the elements where none is zero, and else multiply what is
left of each element with what is right of it.
"""

from minitorch._core.dtype cimport check_dtype, dtype as DType, of_code, cxx_name
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, records1, save, save_output, set_function, unpack)
from minitorch._core.shape cimport product
from minitorch._core.tensor cimport TensorBase, new_tensor, scalar_of
from minitorch._kernels.pointwise cimport BINARY_EQ, BINARY_LOGICAL_AND, UNARY_LOGICAL_NOT
from minitorch._kernels.reduce cimport REDUCE_PROD, SCAN_PROD, SCAN_SUM, scan_op
from minitorch._kernels.types cimport BOOL, I64
from minitorch._ops._base cimport (
    binary_raw, cast_raw, check_tensor, clone_raw, contiguous_raw, copy_raw, unary_raw)
from minitorch._ops.binary cimport add_op, div_op, mul_op
from minitorch._ops.choice cimport masked
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.creation import eye, ones
from minitorch._ops.history cimport set_history
from minitorch._ops.join cimport cat_op
from minitorch._ops.rearrange cimport flip_op, triangle_op
from minitorch._ops.reduce cimport (
    Axes, ReducingNode, asked, check_floating, either, expand_op, flag, has_zero,
    link_reducing, one_axis, read_axes, reduce_raw, sum_dtype, sum_op)
from minitorch._ops.strided cimport shape_tuple, slice_op
from minitorch._ops.view cimport reshape_to, transpose_op, unsqueeze_op
from minitorch._ops.writing cimport deliver


cdef TensorBase scan_raw(int op, TensorBase x, int dim, DType out):
    """Running sums or products along an axis, in dtype `out`."""
    cdef TensorBase rows = contiguous_raw(x)
    cdef TensorBase result = new_tensor(out, x.ndim_, x.shape_)
    cdef Py_ssize_t outer = 1, n = 1, inner = 1
    cdef char* to = result.data()
    cdef const char* from_ = rows.data()
    cdef int status, c_out = out.code, c_in = x.code()
    if x.ndim_:
        outer, n = product(dim, x.shape_), x.shape_[dim]
        inner = product(x.ndim_ - dim - 1, x.shape_ + dim + 1)
    with nogil:
        status = scan_op(op, to, c_out, from_, c_in, outer, n, inner)
    if status:
        raise NotImplementedError(f"this scan is not implemented for {x.dtype_!r}")
    return result


# ---------------------------------------------------------------- running sums

cdef class ScanNode(Node):
    """Base of the nodes of scans."""

    cdef int dim
    cdef DType input_dtype       # None where the result has it too

    cdef TensorBase cast_back(self, TensorBase g):
        return g if self.input_dtype is None else to_dtype(g, self.input_dtype)


cdef class CumsumBackward0(ScanNode):
    """An element counts in all sums from its own place on."""

    cdef tuple apply(self, tuple grads):
        return (self.cast_back(sums_from_behind(grads[0], self.dim)),)


cdef TensorBase sums_from_behind(TensorBase g, int dim):
    """out[i] = g[i] + g[i + 1] + ..."""
    cdef tuple dims = (dim,)
    if g.ndim_ == 0 or g.shape_[dim] <= 1:
        return g
    return flip_op(cumsum_op(flip_op(g, dims), dim, g.dtype_), dims)


cdef int link_scan(ScanNode node, TensorBase x, int dim, TensorBase out) except -1:
    connect1(node, x)
    node.dim = dim
    node.input_dtype = x.dtype_ if x.dtype_ is not out.dtype_ else None
    set_function(out, node, 0)
    return 0


cdef TensorBase cumsum_op(TensorBase x, int dim, DType out):
    """Running sums along an axis; recorded."""
    cdef TensorBase result
    cdef CumsumBackward0 node
    if records1(x):
        check_floating(out)
    result = scan_raw(SCAN_SUM, x, dim, out)
    if records1(x):
        node = CumsumBackward0.__new__(CumsumBackward0)
        link_scan(node, x, dim, result)
    return result


# ---------------------------------------------------------------- running products

cdef class CumprodBackward0(ScanNode):
    """An element is a factor of all products from its own place on."""

    saved_names = ("self", "result")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase x = to_dtype(unpack(self.s0, self), g.dtype_)
        cdef TensorBase result = unpack(self.s1, self)
        if x.ndim_ == 0 or x.numel_ <= 1 or x.shape_[self.dim] == 1:
            return (self.cast_back(g),)
        if not has_zero(x):
            g = div_op(sums_from_behind(mul_op(result, g), self.dim), x)
        elif grad_enabled():
            g = products_without_each(g, x, self.dim)
        else:
            g = around_first_zero(g, x, result, self.dim)
        return (self.cast_back(g),)


cdef TensorBase products_without_each(TensorBase g, TensorBase x, int dim):
    """grad[k] = sum over i >= k of g[i] times the product of x[j], j <= i, j != k.

    Quadratic in the length, but differentiable also at zeros.
    """
    cdef int last = x.ndim_ - 1
    cdef Py_ssize_t n = x.shape_[dim]
    cdef tuple square
    cdef TensorBase factors, diagonal = eye(n, dtype=x.dtype_)
    x, g = transpose_op(x, dim, last), transpose_op(g, dim, last)
    square = shape_tuple(x)[:last] + (n, n)
    # row k holds the factors with a 1 in place of x[k]
    factors = expand_op(unsqueeze_op(x, last), square)
    factors = add_op(masked(factors, unary_raw(UNARY_LOGICAL_NOT, diagonal)), diagonal)
    factors = triangle_op(cumprod_op(factors, last + 1, x.dtype_), 0, True, False)
    out = sum_op(mul_op(factors, unsqueeze_op(g, last)), last + 1, False)
    return transpose_op(out, dim, last)


cdef TensorBase around_first_zero(TensorBase g, TensorBase x, TensorBase result, int dim):
    """The same in linear time, for values only.

    Before the first zero of a line the products do not vanish; from there on only the zero
    itself has a slope: that of the products with a 1 in its place.
    """
    cdef DType flag_ = of_code(BOOL), count = of_code(I64)
    cdef TensorBase zero = unary_raw(UNARY_LOGICAL_NOT, x)
    cdef TensorBase seen = scan_raw(SCAN_SUM, zero, dim, count)
    cdef TensorBase before = unary_raw(UNARY_LOGICAL_NOT, seen)
    cdef TensorBase first = binary_raw(
        BINARY_LOGICAL_AND, zero, binary_raw(BINARY_EQ, seen, scalar_of(count, 1), count), flag_)
    cdef TensorBase filled = add_op(masked(x, unary_raw(UNARY_LOGICAL_NOT, first)),
                                    cast_raw(first, x.dtype_))
    products = scan_raw(SCAN_PROD, filled, dim, x.dtype_)
    left = div_op(sums_from_behind(masked(mul_op(result, g), before), dim), x)
    here = sums_from_behind(mul_op(products, g), dim)
    return add_op(masked(left, before), masked(here, first))


cdef TensorBase cumprod_op(TensorBase x, int dim, DType out):
    """Running products along an axis; recorded."""
    cdef TensorBase result
    cdef CumprodBackward0 node
    if records1(x):
        check_floating(out)
    result = scan_raw(SCAN_PROD, x, dim, out)
    if records1(x):
        node = CumprodBackward0.__new__(CumprodBackward0)
        link_scan(node, x, dim, result)
        node.s0, node.s1 = save(x), save_output(result)
    return result


# ---------------------------------------------------------------- the functions

cdef TensorBase scanned(int op, TensorBase x, object dim, object wanted, str where):
    cdef DType out = sum_dtype(x, wanted, where)
    cdef int axis
    if out.code == BOOL:
        raise NotImplementedError(f'"{where.rstrip("_")}_out_cpu" not implemented for \'Bool\'')
    if dim is None:
        raise TypeError(f'{where}() missing 1 required positional arguments: "dim"')
    axis = one_axis(dim, x, where)
    return cumsum_op(x, axis, out) if op == SCAN_SUM else cumprod_op(x, axis, out)


cdef TensorBase scanned_inplace(int op, TensorBase x, object dim, object wanted, str where):
    """Overwrite `x`; what the slope needs is taken from a copy."""
    cdef DType out = x.dtype_ if wanted is None else check_dtype(wanted, where)
    cdef TensorBase before, result
    cdef bint records = records1(x)
    if out is not x.dtype_:
        raise RuntimeError(f"Bad in-place call: input tensor dtype {cxx_name(x.dtype_)} and "
                           f"output tensor dtype {cxx_name(out)} should match")
    check_writable(x, records)
    before = clone_raw(x)
    if records:
        set_function(before, x.function(), x.output_nr)
    result = scanned(op, before, dim, out, where)
    copy_raw(x, result)
    bump(x)
    if records:
        set_history(x, result.grad_fn_)
    return x


def cumsum(input, dim=None, *, dtype=None, out=None, axis=None):
    """Running sums along an axis.

    Parameters
    ----------
    input : Tensor
    dim : int
    dtype : dtype, optional
        Of the result; default int64 for integers and bool.

    Returns
    -------
    Tensor
        Of the input's shape.
    """
    cdef TensorBase x = check_tensor(input, "cumsum", "input")
    return deliver(scanned(SCAN_SUM, x, either(dim, axis, "cumsum", "axis"),
                           asked(dtype, out), "cumsum"), out)


def cumsum_(self, dim=None, *, dtype=None, axis=None):
    """`cumsum` in place."""
    return scanned_inplace(SCAN_SUM, check_tensor(self, "cumsum_", "self"),
                           either(dim, axis, "cumsum_", "axis"), dtype, "cumsum_")


def cumprod(input, dim=None, *, dtype=None, out=None, axis=None):
    """Running products along an axis; arguments as in `cumsum`."""
    cdef TensorBase x = check_tensor(input, "cumprod", "input")
    return deliver(scanned(SCAN_PROD, x, either(dim, axis, "cumprod", "axis"),
                           asked(dtype, out), "cumprod"), out)


def cumprod_(self, dim=None, *, dtype=None, axis=None):
    """`cumprod` in place."""
    return scanned_inplace(SCAN_PROD, check_tensor(self, "cumprod_", "self"),
                           either(dim, axis, "cumprod_", "axis"), dtype, "cumprod_")


# ---------------------------------------------------------------- the product

cdef TensorBase product_slope(TensorBase g, TensorBase x, TensorBase result, int dim):
    """d(x[0] x[1] ...)/dx[k]: the product of the others."""
    if not has_zero(x):
        return div_op(mul_op(g, result), x)
    if x.ndim_ == 0:
        return g
    return mul_op(g, product_of_others(x, dim))


cdef TensorBase product_of_others(TensorBase x, int dim):
    """Running products from both ends, each moved by one place."""
    cdef Py_ssize_t n = x.shape_[dim]
    cdef tuple dims = (dim,)
    cdef tuple sizes = shape_tuple(x)
    cdef TensorBase one = ones(sizes[:dim] + (1,) + sizes[dim + 1:], dtype=x.dtype_)
    ahead = cat_op([one, slice_op(x, dim, 0, n - 1, 1)], dim)
    behind = cat_op([one, flip_op(slice_op(x, dim, 1, n, 1), dims)], dim)
    return mul_op(cumprod_op(ahead, dim, x.dtype_),
                  flip_op(cumprod_op(behind, dim, x.dtype_), dims))


cdef class ProdBackward0(ReducingNode):
    """The gradient times the product of the other elements."""

    saved_names = ("self", "result")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase flat = to_dtype(reshape_to(x, (-1,)), g.dtype_) if x.numel_ else x
        out = product_slope(g, flat, unpack(self.s1, self), 0)
        return (self.cast_back(reshape_to(out, shape_tuple(x))),)


cdef class ProdBackward1(ReducingNode):
    """The same along an axis."""

    cdef int dim

    saved_names = ("self", "result", "dim", "keepdim")

    def _saved(self, int slot):
        if slot < 2:
            return ReducingNode._saved(self, slot)
        return self.dim if slot == 2 else bool(self.kept)

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = self.spread(grads[0])
        cdef TensorBase x = to_dtype(unpack(self.s0, self), g.dtype_)
        out = product_slope(g, x, self.spread(unpack(self.s1, self)), self.dim)
        return (self.cast_back(out),)


cdef TensorBase prod_as(TensorBase x, object dim, bint keepdim, DType out):
    cdef Axes axes
    cdef TensorBase result
    cdef ReducingNode node
    cdef int axis = 0 if dim is None else one_axis(dim, x, "prod")
    read_axes(None if dim is None else axis, x, &axes, "prod")
    if records1(x):
        check_floating(out)
    result = reduce_raw(REDUCE_PROD, x, &axes, keepdim, out, 0)
    if records1(x):
        if dim is None:
            node = ProdBackward0.__new__(ProdBackward0)
        else:
            node = ProdBackward1.__new__(ProdBackward1)
            (<ProdBackward1> node).dim = axis
        link_reducing(node, x, &axes, keepdim, result)
        node.s0, node.s1 = save(x), save_output(result)
    return result


def prod(input, dim=None, keepdim=False, *, dtype=None, out=None, axis=None, keepdims=None):
    """The product of all elements, or along the axis `dim`.

    Integers and bools are multiplied as int64 unless `dtype` says otherwise.

    Raises
    ------
    TypeError
        For `keepdim` without `dim`, or more than one axis.
    """
    cdef TensorBase x = check_tensor(input, "prod", "input")
    cdef bint keep = flag(keepdim, keepdims, "prod")
    dim = either(dim, axis, "prod", "axis")
    if dim is None and keep or isinstance(dim, (tuple, list)):
        raise TypeError("prod() received an invalid combination of arguments: 'dim' must be one "
                        "int, and 'keepdim' needs it")
    return deliver(prod_as(x, dim, keep, sum_dtype(x, asked(dtype, out), "prod")), out)
