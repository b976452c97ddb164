"""Max, average and adaptive pooling of images and volumes, and unpooling, with derivatives.

The kernels know images.  A window of a volume is a box, so its maximum or mean is one along the
depth of those of its planes: two calls of the kernels, with the ties and NaNs of one.
"""

import numpy

from libc.stdint cimport int64_t

from minitorch._core.dtype cimport FLOATING, dtype, of_code, type_name
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node, number
from minitorch._core.record cimport connect1, records1, set_function, unpack
from minitorch._core.shape cimport channels_last_strides, is_channels_last
from minitorch._core.tensor cimport TensorBase, channels_last, new_strided, new_tensor
from minitorch._kernels cimport pooling as kernels
from minitorch._kernels.pooling cimport PoolShape
from minitorch._kernels.types cimport BOOL, F16, F32, F64, I64, MAX_DIMS
from minitorch._ops._base cimport check_tensor, contiguous_raw, copy_raw, fill_raw
from minitorch._ops.array cimport array_of, from_array
from minitorch._ops.binary cimport div_op
from minitorch._ops.conv_maps cimport new_image, sizes_of
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.gather cimport gather_op
from minitorch._ops.view cimport reshape_to

from minitorch._ops.pool_checks import adaptive_sizes, window, window_counts
from minitorch._ops.unpool_checks import check_unpool, place_values


# ---------------------------------------------------------------- shapes

cdef enum Kind:
    MAXIMUM
    AVERAGE
    ADAPTIVE


# One pooling, for the nodes to keep.
cdef struct Pooling:
    bint volumes
    Kind kind
    bint include_pad
    Py_ssize_t divisor
    PoolShape planes        # images, or all planes of the volumes
    PoolShape depth         # volumes: an image is the depth by the places of a pooled plane


cdef int set_axes(PoolShape* s, tuple given, tuple made, tuple options) except -1:
    kernel, stride, padding, dilation = options
    s.in_height, s.in_width = given
    s.out_height, s.out_width = made
    s.kernel_height, s.kernel_width = kernel
    s.stride_h, s.stride_w = stride
    s.padding_h, s.padding_w = padding
    s.dilation_h, s.dilation_w = dilation
    return 0


cdef int describe(Pooling* p, TensorBase x, int n, Kind kind, tuple options, tuple out) except -1:
    """Fill in the shapes; `options` are (kernel, stride, padding, dilation), adaptive: None."""
    cdef tuple sizes = sizes_of(x)
    cdef Py_ssize_t batch = sizes[0] if x.ndim_ == n + 2 else 1, places
    cdef Py_ssize_t channels = sizes[x.ndim_ - n - 1]
    cdef tuple space = sizes[x.ndim_ - n:], ones = (1,) * n
    cdef bint adaptive = options is None
    p.volumes, p.kind, p.include_pad, p.divisor = n == 3, kind, True, 0
    if adaptive:        # no window is larger than its kernel
        options = (tuple([size // max(1, windows) + 2 for size, windows in zip(space, out)]),
                   ones, (0,) * n, ones)
    p.planes.batch, p.planes.channels = batch, channels
    p.planes.adaptive = p.depth.adaptive = adaptive
    p.planes.channels_last = p.depth.channels_last = False
    if n == 2:
        p.planes.channels_last = channels_last(x)
        set_axes(&p.planes, space, out, options)
        return 0
    p.planes.channels = channels * <Py_ssize_t> space[0]
    set_axes(&p.planes, space[1:], out[1:], tuple([option[1:] for option in options]))
    places = p.planes.out_height * p.planes.out_width
    p.depth.batch, p.depth.channels = batch, channels
    set_axes(&p.depth, (space[0], places), (out[0], places),
             tuple([(option[0], other) for option, other in zip(options, (1, 1, 0, 1))]))
    return 0


cdef TensorBase ordered(TensorBase x, const Pooling* p):
    """`x` as the kernels want it: channels_last where the forward's input was, or contiguous."""
    cdef TensorBase out
    if not p.planes.channels_last:
        return contiguous_raw(x)
    if channels_last(x):
        return x
    out = new_image(x.dtype_, x.shape_[0], x.shape_[1], x.shape_[2], x.shape_[3], True)
    copy_raw(out, x)
    return out


cdef TensorBase new_result(dtype d, tuple sizes, const Pooling* p):
    """An uninitialised tensor in the order of memory of the forward's input."""
    cdef Py_ssize_t at[MAX_DIMS]
    cdef int i, n = len(sizes)
    for i in range(n):
        at[i] = sizes[i]
    if p.planes.channels_last:
        return new_image(d, at[0], at[1], at[2], at[3], True)
    return new_tensor(d, n, at)


cdef TensorBase new_between(dtype d, const Pooling* p):
    """Room for the pooled planes of volumes, whose depth is yet to be pooled."""
    cdef Py_ssize_t count = (p.planes.batch * p.planes.channels * p.planes.out_height
                             * p.planes.out_width)
    return new_tensor(d, 1, &count)


cdef TensorBase turned_like(TensorBase y, TensorBase x):
    """`y`, in channels last if `x` is."""
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef TensorBase out
    if y is None or x.contiguous or not is_channels_last(x.ndim_, x.shape_, x.strides_):
        return y
    channels_last_strides(y.ndim_, y.shape_, strides)
    out = new_strided(y.dtype_, y.ndim_, y.shape_, strides)
    copy_raw(out, y)
    return out


cdef dtype compute_dtype(TensorBase x):
    """The dtype of the kernels: half precision and integers go by way of another."""
    if x.code() == F32 or x.code() == F64:
        return x.dtype_
    return of_code(F32 if x.dtype_.category == FLOATING else F64)


cdef int refuse_dtype(str kernel, TensorBase x) except -1:
    raise NotImplementedError(f"\"{kernel}\" not implemented for '{type_name(x.dtype_)}'")


# ---------------------------------------------------------------- arguments

cdef tuple exact(object value, int n):
    """`n` whole numbers, or None for what `pool_checks` has to look at."""
    if type(value) is int:
        return (value,) * n
    if type(value) is not tuple or len(value) != n:
        return None
    for number_ in <tuple> value:
        if type(number_) is not int:
            return None
    return <tuple> value


cdef tuple read_window(str where, int n, tuple sizes, object kernel, object stride,
                       object padding, object dilation, bint ceil_mode):
    """What `window` of `pool_checks` gives, at once where there is nothing to refuse."""
    cdef tuple k = exact(kernel, n), s = k if stride is None else exact(stride, n)
    cdef tuple p = exact(padding, n), d = exact(dilation, n)
    cdef int rank = len(sizes), i
    cdef Py_ssize_t size, free, step, border, span
    cdef list out = []
    if (ceil_mode or k is None or s is None or p is None or d is None
            or rank not in (n + 1, n + 2) or sizes[rank - n - 1] == 0):
        return window(where, n, sizes, kernel, stride, padding, dilation, ceil_mode)
    for i in range(n):
        size, step, border, span = sizes[rank - n + i], s[i], p[i], d[i]
        free = size + 2 * border - span * (<Py_ssize_t> k[i] - 1) - 1
        if (step < 1 or span < 1 or border < 0 or free < 0 or size < <Py_ssize_t> k[i]
                or <Py_ssize_t> k[i] < max(1, 2 * border)):
            return window(where, n, sizes, kernel, stride, padding, dilation, ceil_mode)
        out.append(free // step + 1)
    return k, s, p, d, tuple(out)


# ---------------------------------------------------------------- second derivatives

cdef class ZeroSlope(Node):
    """A gradient as a function of the operand of the forward, on which it does not depend."""

    cdef str forward_name
    cdef tuple sizes
    cdef dtype zero_dtype

    def name(self):
        return self.forward_name.replace("Backward0", "BackwardBackward0")

    cdef tuple apply(self, tuple grads):
        cdef Py_ssize_t at[MAX_DIMS]
        cdef TensorBase zero
        cdef int i
        for i in range(len(self.sizes)):
            at[i] = self.sizes[i]
        zero = new_tensor(self.zero_dtype, len(self.sizes), at)
        fill_raw(zero, 0)
        return (zero,)


cdef TensorBase tied(TensorBase dx, TensorBase g, Node forward):
    """`dx`, which requires a gradient with the operand in PyTorch, if only one of zeros."""
    cdef ZeroSlope node
    if grad_enabled() and not g.requires():
        node = ZeroSlope.__new__(ZeroSlope)
        node.next_, node.next_nr, node.n_outputs = forward.next_, forward.next_nr, 1
        node.forward_name, node.sizes, node.zero_dtype = forward.name(), sizes_of(dx), dx.dtype_
        number(node)
        set_function(dx, node, 0)
    return dx


# ---------------------------------------------------------------- max

cdef class MaxPoolNode(Node):
    """The gradient of a window goes to its maximum."""

    cdef Pooling pooling
    cdef tuple sizes

    saved_names = ("self", "result1")

    cdef tuple apply(self, tuple grads):
        dx = max_backward_op(grads[0], <TensorBase> self.s1, &self.pooling, self.sizes)
        return (tied(dx, grads[0], self),)

    def _saved(self, int slot):
        return unpack(self.s0, self) if slot == 0 else self.s1


cdef class MaxPool2DWithIndicesBackward0(MaxPoolNode):
    pass


cdef class MaxPool3DWithIndicesBackward0(MaxPoolNode):
    pass


cdef class AdaptiveMaxPool2DBackward0(MaxPoolNode):
    pass


cdef class AdaptiveMaxPool3DBackward0(MaxPoolNode):
    pass


cdef class MaxPoolBackwardBackward(Node):
    """The scatter of max pooling, differentiated: a gather at the same places."""

    cdef Py_ssize_t rank    # of the pooled space

    def name(self):
        return f"MaxPool{self.rank}DWithIndicesBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        return (pick_op(grads[0], <TensorBase> self.s1, self.rank),)


cdef TensorBase pick_op(TensorBase x, TensorBase at, int n):
    """x at the places `at` of each plane or volume."""
    cdef tuple lead = sizes_of(x)[:x.ndim_ - n]
    picked = gather_op(reshape_to(x, (*lead, -1)), x.ndim_ - n, reshape_to(at, (*lead, -1)))
    return reshape_to(picked, sizes_of(at))


cdef TensorBase max_backward_op(TensorBase g, TensorBase indices, const Pooling* p, tuple sizes):
    cdef TensorBase dy = ordered(g, p)
    cdef TensorBase dx = new_result(g.dtype_, sizes, p)
    cdef MaxPoolBackwardBackward node
    cdef const int64_t* at = <const int64_t*> indices.data()
    cdef PoolShape s = p.planes
    if p.volumes:
        s = p.depth
        s.in_width = p.planes.in_height * p.planes.in_width
    if g.code() == F32:
        with nogil:
            kernels.max_pool2d_backward(<float*> dx.data(), <const float*> dy.data(), at, &s)
    else:
        with nogil:
            kernels.max_pool2d_backward(<double*> dx.data(), <const double*> dy.data(), at, &s)
    if records1(g):
        node = MaxPoolBackwardBackward.__new__(MaxPoolBackwardBackward)
        connect1(node, g)
        node.s1, node.rank = indices, 3 if p.volumes else 2
        set_function(dx, node, 0)
    return dx


cdef int max_raw(TensorBase y, TensorBase indices, TensorBase x, const Pooling* p) except -1:
    """The maxima of `x`; `indices` may be None."""
    cdef TensorBase between = None, between_places = None
    cdef int64_t* at = NULL if indices is None else <int64_t*> indices.data()
    cdef int64_t* middle = NULL
    cdef char* target = y.data()
    cdef bint single = x.code() == F32
    if y.numel_ == 0:
        return 0
    if p.volumes:
        between = new_between(x.dtype_, p)
        target = between.data()
        if indices is not None:
            between_places = new_between(indices.dtype_, p)
            middle = <int64_t*> between_places.data()
    with nogil:
        if single:
            kernels.max_pool2d(<float*> target, middle if p.volumes else at,
                               <const float*> x.data(), &p.planes)
            if p.volumes:
                kernels.max_pool2d(<float*> y.data(), at, <const float*> target, &p.depth)
        else:
            kernels.max_pool2d(<double*> target, middle if p.volumes else at,
                               <const double*> x.data(), &p.planes)
            if p.volumes:
                kernels.max_pool2d(<double*> y.data(), at, <const double*> target, &p.depth)
        if p.volumes and at != NULL:
            places_in_volume(at, middle, p)
    return 0


cdef void places_in_volume(int64_t* at, const int64_t* middle, const Pooling* p) noexcept nogil:
    """From places among the pooled planes, and in a plane, to places in the volume."""
    cdef Py_ssize_t pooled = p.depth.in_width, plane = p.planes.in_height * p.planes.in_width
    cdef Py_ssize_t of_volume = p.depth.out_height * p.depth.out_width, i, volume
    for volume in range(p.depth.batch * p.depth.channels):
        for i in range(volume * of_volume, (volume + 1) * of_volume):
            at[i] = (at[i] // pooled * plane
                     + middle[volume * p.depth.in_height * pooled + at[i]])


cdef tuple max_pool_op(TensorBase x, int n, tuple options, tuple out, bint with_indices):
    """(values, indices) of a float or double input; None for indices that nobody wants."""
    cdef Pooling p
    cdef TensorBase dense, y, indices = None
    cdef MaxPoolNode node
    cdef tuple sizes = sizes_of(x)
    describe(&p, x, n, MAXIMUM, options, out)
    dense = ordered(x, &p)
    y = new_result(x.dtype_, (*sizes[:x.ndim_ - n], *out), &p)
    if with_indices or records1(x):
        indices = new_result(of_code(I64), (*sizes[:x.ndim_ - n], *out), &p)
    max_raw(y, indices, dense, &p)
    saved = indices
    if p.volumes and not p.planes.adaptive:     # those are contiguous in PyTorch
        y, indices = turned_like(y, x), turned_like(indices, x)
    if records1(x):
        if options is None:
            node = AdaptiveMaxPool2DBackward0() if n == 2 else AdaptiveMaxPool3DBackward0()
        else:
            node = MaxPool2DWithIndicesBackward0() if n == 2 else MaxPool3DWithIndicesBackward0()
        connect1(node, x)
        # the values of the input are not needed: the indices say it all
        node.s1, node.pooling, node.sizes = saved, p, sizes
        set_function(y, node, 0)
    return y, indices


cdef object max_pool(object input, object kernel_size, object stride, object padding,
                     object dilation, bint ceil_mode, bint return_indices, int n, str where):
    cdef TensorBase x = check_tensor(input, where, "input")
    *options, out = read_window(where, n, sizes_of(x), kernel_size, stride, padding, dilation,
                                ceil_mode)
    if x.code() == BOOL:
        refuse_dtype(where, x)
    if x.code() == I64 and too_large(x):
        values, indices = max_pool_of_ranks(x, n, tuple(options), out)
    else:
        values, indices = max_pool_op(to_dtype(x, compute_dtype(x)), n, tuple(options), out,
                                      return_indices)
        values = to_dtype(values, x.dtype_)
    return (values, indices) if return_indices else values


cdef bint too_large(TensorBase x):
    """Whether there are integers that a double cannot tell from their neighbours."""
    array = array_of(x)
    return array.size and (array.max() > 2**53 or array.min() < -2**53)


cdef tuple max_pool_of_ranks(TensorBase x, int n, tuple options, tuple out):
    """`max_pool_op` of the order of the elements instead of themselves."""
    different, ranks = numpy.unique(array_of(x), return_inverse=True)
    ranks = ranks.reshape(sizes_of(x)).astype(numpy.float64)
    best, indices = max_pool_op(from_array(ranks, of_code(F64)), n, options, out, True)
    places = array_of(best)
    values = different[numpy.maximum(places, 0).astype(numpy.int64)]
    values[places < 0] = numpy.iinfo(numpy.int64).min       # windows of padding alone
    return from_array(values, x.dtype_), indices


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
               return_indices=False):
    """The maximum of each window; see `minitorch.nn.functional.max_pool2d`."""
    return max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 2,
                    "max_pool2d")


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
               return_indices=False):
    """The maximum of each window; see `minitorch.nn.functional.max_pool3d`."""
    return max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 3,
                    "max_pool3d")


def adaptive_max_pool(input, output_size, n, return_indices):
    """Maxima over windows that divide the last `n` (2 or 3) dimensions into `output_size`."""
    where = f"adaptive_max_pool{n}d"
    cdef TensorBase x = check_tensor(input, where, "input")
    out = adaptive_sizes(where, n, sizes_of(x), output_size)
    if x.dtype_.category != FLOATING:
        refuse_dtype(where if n == 2 else where + "_cpu", x)
    values, indices = max_pool_op(to_dtype(x, compute_dtype(x)), n, None, out, return_indices)
    values = to_dtype(values, x.dtype_)
    return (values, indices) if return_indices else values


# ---------------------------------------------------------------- average

cdef class AveragePoolNode(Node):
    """A pooling that is linear: `forward` tells the pooling from its transpose."""

    cdef Pooling pooling
    cdef tuple sizes        # of the operand, which are the gradient's
    cdef bint forward

    def name(self):
        made = type(self).__name__
        return made if self.forward else made.replace("Backward0", "BackwardBackward0")

    cdef tuple apply(self, tuple grads):
        dx = average_op(grads[0], &self.pooling, self.sizes, not self.forward)
        return (tied(dx, grads[0], self) if self.forward else dx,)


cdef class AvgPool2DBackward0(AveragePoolNode):
    pass


cdef class AvgPool3DBackward0(AveragePoolNode):
    pass


cdef class AdaptiveAvgPool2DBackward0(AveragePoolNode):
    pass


cdef class AdaptiveAvgPool3DBackward0(AveragePoolNode):
    pass


cdef int average_planes(TensorBase out, TensorBase x, const Pooling* p, const PoolShape* s,
                        Py_ssize_t divisor, bint forward) except -1:
    """The pooling of images, or (not `forward`) its transpose."""
    cdef float* of = <float*> out.data()
    cdef double* od = <double*> out.data()
    cdef const float* xf = <const float*> x.data()
    cdef const double* xd = <const double*> x.data()
    cdef bint single = x.code() == F32, include_pad = p.include_pad
    with nogil:
        if p.kind == AVERAGE and forward:
            if single:
                kernels.avg_pool2d(of, xf, s, include_pad, divisor)
            else:
                kernels.avg_pool2d(od, xd, s, include_pad, divisor)
        elif p.kind == AVERAGE:
            if single:
                kernels.avg_pool2d_backward(of, xf, s, include_pad, divisor)
            else:
                kernels.avg_pool2d_backward(od, xd, s, include_pad, divisor)
        elif forward:
            if single:
                kernels.adaptive_avg_pool2d(of, xf, s)
            else:
                kernels.adaptive_avg_pool2d(od, xd, s)
        elif single:
            kernels.adaptive_avg_pool2d_backward(of, xf, s)
        else:
            kernels.adaptive_avg_pool2d_backward(od, xd, s)
    return 0


cdef int average_raw(TensorBase out, TensorBase x, const Pooling* p, bint forward) except -1:
    cdef TensorBase between
    if not p.volumes:
        return average_planes(out, x, p, &p.planes, p.divisor, forward)
    between = new_between(x.dtype_, p)
    # a divisor given divides once
    if forward:
        average_planes(between, x, p, &p.planes, 1 if p.divisor else 0, True)
        average_planes(out, between, p, &p.depth, p.divisor, True)
    else:
        average_planes(between, x, p, &p.depth, p.divisor, False)
        average_planes(out, between, p, &p.planes, 1 if p.divisor else 0, False)
    return 0


cdef TensorBase average_op(TensorBase x, const Pooling* p, tuple sizes, bint forward):
    """Average pooling to `sizes` (`forward`) or its transpose, recorded."""
    cdef TensorBase dense = ordered(x, p)
    cdef TensorBase out = new_result(x.dtype_, sizes, p)
    cdef AveragePoolNode node
    average_raw(out, dense, p, forward)
    if records1(x):
        if p.kind == AVERAGE:
            node = AvgPool3DBackward0() if p.volumes else AvgPool2DBackward0()
        else:
            node = AdaptiveAvgPool3DBackward0() if p.volumes else AdaptiveAvgPool2DBackward0()
        connect1(node, x)
        node.pooling, node.sizes, node.forward = p[0], sizes_of(x), forward
        set_function(out, node, 0)
    return out


cdef TensorBase avg_pool(object input, object kernel_size, object stride, object padding,
                         bint ceil_mode, bint count_include_pad, object divisor_override, int n,
                         str where):
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef Pooling p
    cdef tuple sizes = sizes_of(x)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    *options, out = read_window(where, n, sizes, kernel_size, stride, padding, 1, ceil_mode)
    if x.dtype_.category != FLOATING and x.code() != I64 or n == 3 and x.code() == F16:
        refuse_dtype("avg_pool2d" if n == 2 else "avg_pool3d_out_frame", x)
    describe(&p, x, n, AVERAGE, tuple(options), out)
    p.include_pad, p.divisor = count_include_pad, divisor_override or 0
    if x.code() == I64 and n == 3 and not p.divisor:
        # exact: the mean of means could fall short of the whole number that it is
        p.divisor = 1
        sums = average_op(to_dtype(x, of_code(F64)), &p, (*sizes[:x.ndim_ - n], *out), True)
        counts = window_counts(sizes[x.ndim_ - n:], out, *options[:3], count_include_pad)
        return to_dtype(div_op(sums, from_array(counts, of_code(F64))), x.dtype_)
    return to_dtype(average_op(to_dtype(x, compute_dtype(x)), &p, (*sizes[:x.ndim_ - n], *out),
                               True), x.dtype_)


def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False,
               count_include_pad=True, divisor_override=None):
    """The mean of each window; see `minitorch.nn.functional.avg_pool2d`."""
    return avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                    divisor_override, 2, "avg_pool2d")


def avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False,
               count_include_pad=True, divisor_override=None):
    """The mean of each window; see `minitorch.nn.functional.avg_pool3d`."""
    return avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                    divisor_override, 3, "avg_pool3d")


def adaptive_avg_pool(input, output_size, n):
    """Means over windows that divide the last `n` (2 or 3) dimensions into `output_size`."""
    where = f"adaptive_avg_pool{n}d"
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef Pooling p
    out = adaptive_sizes(where, n, sizes_of(x), output_size)
    if x.dtype_.category != FLOATING:
        refuse_dtype(where if n == 2 else where + "_cpu", x)
    if max(out) == 1 and min(out) == 1:
        # PyTorch's path for a single window; its node is a mean
        from minitorch._ops.reduce import mean
        return mean(x, tuple(range(-n, 0)), True)
    describe(&p, x, n, ADAPTIVE, None, out)
    return to_dtype(average_op(to_dtype(x, compute_dtype(x)), &p,
                               (*sizes_of(x)[:x.ndim_ - n], *out), True), x.dtype_)


# ---------------------------------------------------------------- unpooling

cdef class MaxUnpoolNode(Node):
    """Each value was written to a place; its gradient is read there."""

    cdef int rank

    cdef tuple apply(self, tuple grads):
        return (pick_op(grads[0], <TensorBase> self.s1, self.rank),)


cdef class MaxUnpool2DBackward0(MaxUnpoolNode):
    pass


cdef class MaxUnpool3DBackward0(MaxUnpoolNode):
    pass


def max_unpool(input, indices, output_size, stride):
    """Zeros of the last dimensions `output_size`, with the values of `input` at `indices`.

    `indices` are places in a plane (two sizes) or volume (three), as max pooling returns them.
    """
    cdef TensorBase x = check_tensor(input, "max_unpool", "input")
    cdef TensorBase at = contiguous_raw(check_tensor(indices, "max_unpool", "indices"))
    cdef TensorBase y
    cdef MaxUnpoolNode node
    cdef int n = len(output_size)
    check_unpool(x, at, output_size, stride)
    if x.dtype_.category != FLOATING:
        refuse_dtype(f"max_unpool{n}d", x)
    y = from_array(place_values(array_of(x), array_of(at), tuple(output_size)), x.dtype_)
    if n == 2:
        y = turned_like(y, x)
    if records1(x):
        node = MaxUnpool2DBackward0() if n == 2 else MaxUnpool3DBackward0()
        connect1(node, x)
        node.s1, node.rank = at, n
        set_function(y, node, 0)
    return y
