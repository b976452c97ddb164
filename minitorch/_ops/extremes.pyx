# cython: auto_pickle=False
"""Largest, smallest and middle elements, and where they are.  NaN wins, as in PyTorch.

`amax`, `amin` and the reductions of a whole tensor share the gradient evenly among equal
elements; along an axis the gradient goes to the one element whose index is returned.
"""

import numpy

from libc.stdint cimport int64_t

from minitorch._core.dtype cimport BOOLEAN, FLOATING, of_code, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, save, save_output, set_function, unpack
from minitorch._core.tensor cimport TensorBase, scalar_of
from minitorch._kernels.pointwise cimport BINARY_EQ, UNARY_ISNAN
from minitorch._kernels.reduce cimport (
    REDUCE_AMAX, REDUCE_AMIN, REDUCE_ARGMAX, REDUCE_ARGMIN, REDUCE_MAX, REDUCE_MIN, reduce_op)
from minitorch._kernels.types cimport I64, MAX_DIMS
from minitorch._ops._base cimport binary_raw, check_tensor, contiguous_raw, unary_raw
from minitorch._ops.arithmetic import maximum, minimum
from minitorch._ops.array cimport array_of, from_array, numbers_of
from minitorch._ops.binary cimport add_op, div_op, mul_op
from minitorch._ops.gather import scatter
from minitorch._ops.out cimport deliver_pair, deliver_same
from minitorch._ops.reduce cimport (
    Axes, ReducingNode, axes_tuple, check_not_empty, check_status, either, flag,
    in_rows, link_reducing, one_axis, packed, read_axes, reduce_raw, reduced_output,
    sum_op)
from minitorch._ops.sorting import named_outputs
from minitorch._ops.strided cimport shape_tuple, zeros_of
from minitorch._ops.view cimport reshape_to
from minitorch._ops.writing cimport deliver

MAX = named_outputs("max", "values", "indices")
MIN = named_outputs("min", "values", "indices")
MEDIAN = named_outputs("median", "values", "indices")
NANMEDIAN = named_outputs("nanmedian", "values", "indices")
AMINMAX = named_outputs("aminmax", "min", "max")

# ---------------------------------------------------------------- gradients shared by equals

cdef TensorBase equals(TensorBase x, TensorBase value):
    """Where `x` is `value`."""
    return binary_raw(BINARY_EQ, x, value, x.dtype_)


cdef class SharingNode(ReducingNode):
    """The gradient is shared evenly by the elements that equal the result."""

    saved_names = ("self", "result")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self)
        return (shared(self, x, grads[0], unpack(self.s1, self)),)


cdef TensorBase shared(ReducingNode node, TensorBase x, TensorBase g, TensorBase result):
    cdef TensorBase mask = equals(x, node.spread(result))
    count = sum_op(mask, axes_tuple(&node.axes, x.ndim_), True)
    return div_op(mul_op(node.spread(g), mask), count)


cdef class AmaxBackward0(SharingNode):
    pass


cdef class AminBackward0(SharingNode):
    pass


cdef class AminmaxBackward0(ReducingNode):
    """Both gradients, each shared by its equals."""

    saved_names = ("self", "min", "max")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self)
        low = high = None
        if grads[0] is not None:
            low = shared(self, x, grads[0], unpack(self.s1, self))
        if grads[1] is not None:
            high = shared(self, x, grads[1], unpack(self.s2, self))
        if low is None or high is None:
            return (low if high is None else high,)
        return (add_op(low, high),)


cdef class WholeNode(Node):
    """An element picked from a whole tensor; NaN shares with NaN."""

    saved_names = ("self", "result")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase result = unpack(self.s1, self)
        cdef TensorBase mask = (unary_raw(UNARY_ISNAN, x) if result.item() != result.item()
                                else equals(x, result))
        return (mul_op(mask, div_op(grads[0], sum_op(mask, None, False))),)


cdef class MaxBackward1(WholeNode):
    pass


cdef class MinBackward1(WholeNode):
    pass


cdef class MedianBackward0(WholeNode):
    pass


cdef class NanmedianBackward0(WholeNode):
    pass


cdef TensorBase link_whole(WholeNode node, TensorBase x, TensorBase result):
    if records1(x):
        connect1(node, x)
        set_function(result, node, 0)
        node.s0, node.s1 = save(x), save_output(result)
    return result


# ---------------------------------------------------------------- gradients of picked elements

cdef class PickingNode(ReducingNode):
    """The gradient goes to the elements whose indices were returned."""

    cdef tuple sizes
    cdef int dim

    saved_names = ("indices",)

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        if g is None:
            return (None,)
        if not self.sizes:
            return (reshape_to(g, ()),)
        return (scatter(zeros_of(g, self.sizes), self.dim,
                        self.spread(unpack(self.s0, self)), self.spread(g)),)


cdef class MaxBackward0(PickingNode):
    pass


cdef class MinBackward0(PickingNode):
    pass


cdef class MedianBackward1(PickingNode):
    pass


cdef class NanmedianBackward1(PickingNode):
    pass


cdef tuple link_picking(PickingNode node, TensorBase x, int dim, bint keepdim,
                        TensorBase values, TensorBase indices):
    cdef Axes axes
    if records1(x):
        read_axes(dim, x, &axes, "")
        link_reducing(node, x, &axes, keepdim, values)
        node.sizes, node.dim, node.s0 = shape_tuple(x), dim, save(indices)
        node.n_outputs = 2
    return (values, indices)


# ---------------------------------------------------------------- amax, amin, aminmax

cdef bint whole(object dim) noexcept:
    """Whether `dim=` stands for all axes."""
    return dim is None or (isinstance(dim, (tuple, list)) and len(dim) == 0)


cdef TensorBase amax_op(int op, TensorBase x, object dim, bint keepdim, str where):
    cdef Axes axes
    cdef TensorBase result
    cdef SharingNode node
    read_axes(dim, x, &axes, where)
    check_not_empty(x, &axes, whole(dim), where)
    result = reduce_raw(op, x, &axes, keepdim, x.dtype_, 0)
    if records1(x):
        node = (AmaxBackward0.__new__(AmaxBackward0) if op == REDUCE_AMAX
                else AminBackward0.__new__(AminBackward0))
        link_reducing(node, x, &axes, keepdim, result)
        node.s0, node.s1 = save(x), save_output(result)
    return result


cdef TensorBase match_dtypes(TensorBase result, object out):
    if isinstance(out, TensorBase) and (<TensorBase> out).dtype_ is not result.dtype_:
        raise RuntimeError("Expected the dtype for input and out to match, but got "
                           f"{type_name(result.dtype_)} for input's dtype and "
                           f"{type_name((<TensorBase> out).dtype_)} for out's dtype.")
    return deliver(result, out)


def amax(input, dim=(), keepdim=False, *, out=None, axis=None, keepdims=None):
    """The largest element, of all or along the axes `dim`; equal ones share the gradient.

    Parameters
    ----------
    input : Tensor
    dim : int or tuple of int
        () and None stand for all axes.
    keepdim : bool
        Keep the reduced axes with size 1.

    Raises
    ------
    RuntimeError, IndexError
        If there is no element to choose from.
    """
    cdef TensorBase x = check_tensor(input, "amax", "input")
    dim = either(None if whole(dim) else dim, axis, "amax", "axis")
    return match_dtypes(amax_op(REDUCE_AMAX, x, dim, flag(keepdim, keepdims, "amax"), "amax"), out)


def amin(input, dim=(), keepdim=False, *, out=None, axis=None, keepdims=None):
    """The smallest element; see `amax`."""
    cdef TensorBase x = check_tensor(input, "amin", "input")
    dim = either(None if whole(dim) else dim, axis, "amin", "axis")
    return match_dtypes(amax_op(REDUCE_AMIN, x, dim, flag(keepdim, keepdims, "amin"), "amin"), out)


cdef int check_aminmax(TensorBase x, object dim) except -1:
    if x.numel_ == 0:
        if dim is None:
            raise RuntimeError("aminmax(): cannot compute aminmax over an empty dimension as the "
                               "operation has no identity.")
        if x.shape_[one_axis(dim, x, "aminmax")] == 0:
            raise IndexError(f"aminmax: Expected reduction dim {one_axis(dim, x, 'aminmax')} to "
                             "have non-zero size.")
    return 0


def aminmax(input, *, dim=None, keepdim=False, out=None, axis=None, keepdims=None):
    """The smallest and the largest element, of all or along one axis.

    Returns
    -------
    (min, max)
        A named pair.
    """
    cdef TensorBase x = check_tensor(input, "aminmax", "input")
    cdef bint keep = flag(keepdim, keepdims, "aminmax")
    cdef Axes axes
    cdef TensorBase low, high
    cdef AminmaxBackward0 node
    dim = either(dim, axis, "aminmax", "axis")
    read_axes(None if dim is None else one_axis(dim, x, "aminmax"), x, &axes, "aminmax")
    check_aminmax(x, dim)
    low = reduce_raw(REDUCE_AMIN, x, &axes, keep, x.dtype_, 0)
    high = reduce_raw(REDUCE_AMAX, x, &axes, keep, x.dtype_, 0)
    if records1(x):
        node = AminmaxBackward0.__new__(AminmaxBackward0)
        link_reducing(node, x, &axes, keep, low)
        set_function(high, node, 1)
        node.s0, node.s1, node.s2 = save(x), save_output(low), save_output(high)
    return deliver_pair((low, high), out, AMINMAX)


# ---------------------------------------------------------------- max and min

cdef tuple picked_raw(int op, TensorBase x, int dim, bint keepdim):
    """(values, indices) of the extremes along an axis; values are None for the arg forms."""
    cdef Axes axes
    cdef int order[MAX_DIMS]
    cdef Py_ssize_t blocks[3]
    cdef TensorBase arranged, indices, values = None
    cdef char* to = NULL
    cdef const char* from_
    cdef int status, code = x.code()
    read_axes(dim, x, &axes, "")
    arranged = packed(x, &axes, order, blocks)
    indices = reduced_output(x, &axes, order, keepdim, of_code(I64))
    if op == REDUCE_MAX or op == REDUCE_MIN:
        values = reduced_output(x, &axes, order, keepdim, x.dtype_)
        to = values.data()
    from_ = arranged.data()
    with nogil:
        status = reduce_op(op, to, code, <int64_t*> indices.data(), from_, code, blocks[0],
                           blocks[1], blocks[2], 0)
    check_status(status, x)
    return None if values is None else in_rows(values), in_rows(indices)


cdef TensorBase extreme_of_all(int op, TensorBase x, str where):
    cdef Axes axes
    cdef WholeNode node
    read_axes(None, x, &axes, where)
    check_not_empty(x, &axes, True, where)
    node = (MaxBackward1.__new__(MaxBackward1) if op == REDUCE_MAX
            else MinBackward1.__new__(MinBackward1))
    return link_whole(node, x, reduce_raw(REDUCE_AMAX if op == REDUCE_MAX else REDUCE_AMIN, x,
                                          &axes, False, x.dtype_, 0))


cdef tuple extreme_along(int op, TensorBase x, int dim, bint keepdim, str where):
    cdef Axes axes
    cdef PickingNode node
    read_axes(dim, x, &axes, where)
    check_not_empty(x, &axes, False, where)
    values, indices = picked_raw(op, x, dim, keepdim)
    node = (MaxBackward0.__new__(MaxBackward0) if op == REDUCE_MAX
            else MinBackward0.__new__(MinBackward0))
    return link_picking(node, x, dim, keepdim, values, indices)


cdef object extreme(int op, object input, object dim, object keepdim, object other, object out,
                    object axis, object keepdims, str where):
    """The three forms of max and min, told apart by the second argument."""
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef bint keep = flag(keepdim, keepdims, where)
    dim = either(dim, axis, where, "axis")
    if isinstance(dim, TensorBase) and other is None:
        dim, other = None, dim
    if other is not None:
        if dim is not None or keep:
            raise TypeError(f"{where}() received an invalid combination of arguments: 'other' "
                            "excludes 'dim' and 'keepdim'")
        return (maximum if op == REDUCE_MAX else minimum)(x, other, out=out)
    if dim is None:
        if keep:
            raise TypeError(f"{where}() received an invalid combination of arguments: 'keepdim' "
                            "needs 'dim'")
        return deliver(extreme_of_all(op, x, where), out)
    if isinstance(dim, (tuple, list, str, float)):
        raise TypeError(f"{where}() received an invalid combination of arguments: 'dim' must be "
                        f"int, not {type(dim).__name__}")
    return deliver_pair(extreme_along(op, x, one_axis(dim, x, where), keep, where), out,
                     MAX if op == REDUCE_MAX else MIN)


def max(input, dim=None, keepdim=False, *, other=None, out=None, axis=None, keepdims=None):
    """The largest element; or along an axis with its index; or the larger of two tensors.

    ``max(input)`` reduces the whole tensor, and elements that tie share the gradient.
    ``max(input, dim, keepdim)`` gives a named pair ``(values, indices)``: the first index of
    the largest element, which gets the whole gradient. ``max(input, other)`` is `maximum`.

    Raises
    ------
    RuntimeError, IndexError
        If there is no element to choose from.
    """
    return extreme(REDUCE_MAX, input, dim, keepdim, other, out, axis, keepdims, "max")


def min(input, dim=None, keepdim=False, *, other=None, out=None, axis=None, keepdims=None):
    """The smallest element; or along an axis with its index; or the smaller of two tensors.

    See `max`.
    """
    return extreme(REDUCE_MIN, input, dim, keepdim, other, out, axis, keepdims, "min")


cdef object arg_extreme(int op, object input, object dim, object keepdim, object out,
                        object axis, object keepdims, str where):
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef TensorBase result
    cdef Axes axes
    cdef bint keep = flag(keepdim, keepdims, where)
    dim = either(dim, axis, where, "axis")
    if x.dtype_.category == BOOLEAN:
        raise RuntimeError(f"{where}(): does not support bool input")
    if dim is None:
        if x.numel_ == 0:
            raise IndexError(f"{where}(): Expected reduction dim to be specified for "
                             "input.numel() == 0.")
        # counted in rows, whatever the order in memory
        result = picked_raw(op, reshape_to(contiguous_raw(x), (-1,)), 0, False)[1]
        return deliver_same(reshape_to(result, (1,) * x.ndim_) if keep else result, out, None)
    dim = one_axis(dim, x, where)
    read_axes(dim, x, &axes, where)
    check_not_empty(x, &axes, False, where)
    return deliver_same(picked_raw(op, x, dim, keep)[1], out, None)


def argmax(input, dim=None, keepdim=False, *, out=None, axis=None, keepdims=None):
    """The index of the first largest element: of the flattened tensor, or along an axis.

    Returns
    -------
    Tensor
        int64.
    """
    return arg_extreme(REDUCE_ARGMAX, input, dim, keepdim, out, axis, keepdims, "argmax")


def argmin(input, dim=None, keepdim=False, *, out=None, axis=None, keepdims=None):
    """The index of the first smallest element; see `argmax`."""
    return arg_extreme(REDUCE_ARGMIN, input, dim, keepdim, out, axis, keepdims, "argmin")


# ---------------------------------------------------------------- median

cdef object median_places(object array, int dim, bint ignore_nan):
    """The places of the (lower) middle elements along an axis, which is kept.

    A stable sort puts NaN last: the first NaN comes right after the numbers.
    """
    order = numpy.argsort(array, axis=dim, kind="stable")
    n = array.shape[dim]
    if array.dtype.kind != "f":
        return order.take([(n - 1) // 2], dim)
    numbers = n - numpy.isnan(array).sum(dim, keepdims=True)
    if ignore_nan:
        ranks = numpy.maximum(numbers - 1, 0) // 2
    else:
        ranks = numpy.where(numbers < n, numbers, (n - 1) // 2)
    return numpy.take_along_axis(order, ranks, dim)


cdef int check_median(TensorBase x, str kernel) except -1:
    if x.dtype_.category == BOOLEAN:
        raise NotImplementedError(f'"{kernel}" not implemented for \'Bool\'')
    return 0


cdef TensorBase median_of_all(TensorBase x, bint ignore_nan, WholeNode node):
    check_median(x, "median_cpu")
    if x.numel_ == 0:
        return link_whole(node, x, scalar_of(
            x.dtype_, float("nan") if x.dtype_.category == FLOATING
            else int(numpy.iinfo(x.dtype_.numpy_dtype).min)))
    flat = numbers_of(x).reshape(-1)
    place = median_places(flat, 0, ignore_nan)
    value = from_array(array_of(x).reshape(-1)[place].reshape(()), x.dtype_)
    return link_whole(node, x, value)


cdef tuple median_along(TensorBase x, int dim, bint keepdim, bint ignore_nan, PickingNode node,
                        str where):
    cdef Axes axes
    cdef tuple sizes = shape_tuple(x)
    read_axes(dim, x, &axes, where)
    check_not_empty(x, &axes, False, where)
    check_median(x, "median_out")
    places = median_places(numbers_of(x).reshape(sizes or (1,)), dim, ignore_nan)
    found = numpy.take_along_axis(array_of(x).reshape(sizes or (1,)), places, dim)
    if sizes:
        sizes = sizes[:dim] + ((1,) if keepdim else ()) + sizes[dim + 1:]
    values = from_array(numpy.ascontiguousarray(found).reshape(sizes), x.dtype_)
    indices = from_array(numpy.array(places, numpy.int64, order="C").reshape(sizes), of_code(I64))
    return link_picking(node, x, dim, keepdim, values, indices)


cdef object any_median(object input, object dim, object keepdim, object out, object axis,
                       object keepdims, bint ignore_nan, str where):
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef bint keep = flag(keepdim, keepdims, where)
    dim = either(dim, axis, where, "axis")
    if dim is None:
        if keep or out is not None:
            raise TypeError(f'{where}() missing 1 required positional arguments: "dim"')
        return median_of_all(x, ignore_nan, NanmedianBackward0.__new__(NanmedianBackward0)
                             if ignore_nan else MedianBackward0.__new__(MedianBackward0))
    made = median_along(x, one_axis(dim, x, where), keep, ignore_nan,
                        NanmedianBackward1.__new__(NanmedianBackward1) if ignore_nan
                        else MedianBackward1.__new__(MedianBackward1), where)
    return deliver_pair(made, out, NANMEDIAN if ignore_nan else MEDIAN)


def median(input, dim=None, keepdim=False, *, out=None, axis=None, keepdims=None):
    """The middle element, the lower of two; along an axis as a pair (values, indices).

    NaN if there is any. Of equal elements any index may be meant.
    """
    return any_median(input, dim, keepdim, out, axis, keepdims, False, "median")


def nanmedian(input, dim=None, keepdim=False, *, out=None, axis=None, keepdims=None):
    """The middle of the elements that are not NaN; see `median`."""
    return any_median(input, dim, keepdim, out, axis, keepdims, True, "nanmedian")
