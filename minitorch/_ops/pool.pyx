"""Max, average and adaptive average pooling in 2-D, with their derivatives."""

from libc.stdint cimport int64_t

from minitorch._core.dtype cimport FLOATING, dtype, of_code
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, set_function, unpack
from minitorch._core.shape cimport size_text
from minitorch._core.tensor cimport TensorBase, channels_last, shape_of
from minitorch._kernels cimport pooling as kernels
from minitorch._kernels.pooling cimport PoolShape
from minitorch._kernels.types cimport F32, F64, I64
from minitorch._ops._base cimport check_tensor, contiguous_raw, copy_raw
from minitorch._ops.conv_maps cimport new_image
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.view cimport squeeze_op, unsqueeze_op


# ---------------------------------------------------------------- arguments

cdef tuple pair(object value, str name, str where):
    """An option given as one number or two."""
    if isinstance(value, (tuple, list)):
        if len(value) not in (1, 2):
            raise RuntimeError(f"{where}: {name} must either be a single int, or a tuple of two "
                               f"ints, got {tuple(value)}")
        numbers = tuple(value) * 2 if len(value) == 1 else tuple(value)
    else:
        numbers = (value, value)
    for number in numbers:
        if isinstance(number, bool) or not hasattr(number, "__index__"):
            raise TypeError(f"{where}(): argument '{name}' must be tuple of ints, but found "
                            f"element of type {type(number).__name__}")
    return numbers


cdef Py_ssize_t out_size(Py_ssize_t size, Py_ssize_t kernel, Py_ssize_t stride,
                         Py_ssize_t padding, Py_ssize_t dilation, bint ceil_mode) noexcept:
    """Windows along an axis; in ceil mode the last one must start inside the left padding."""
    cdef Py_ssize_t free = size + 2 * padding - dilation * (kernel - 1) - 1
    cdef Py_ssize_t count
    if free < 0:
        return 1 if ceil_mode and free > -stride else 0
    count = (free + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    return count


cdef TensorBase batched(TensorBase x, str where, bint adaptive):
    """The input as (N, C, H, W); checks its rank and sizes."""
    cdef int i
    cdef bint fits = x.ndim_ == 3 or x.ndim_ == 4
    for i in range(1 if x.ndim_ == 4 else 0, x.ndim_):
        fits = fits and x.shape_[i] > 0
    if not fits:
        text = size_text(x.ndim_, x.shape_)
        if adaptive:
            raise RuntimeError(f"{where}(): Expected 3D or 4D tensor, but got {text}")
        if where == "max_pool2d" and x.ndim_ not in (3, 4):
            raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
        raise RuntimeError("Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size "
                           f"for input, but got:{text}")
    return unsqueeze_op(x, 0) if x.ndim_ == 3 else x


cdef int fill_shape(PoolShape* s, TensorBase x, tuple kernel, tuple stride, tuple padding,
                    tuple dilation, bint ceil_mode) except -1:
    if min(kernel) <= 0:
        raise RuntimeError("kernel size should be greater than zero, but got kH: "
                           f"{kernel[0]} kW: {kernel[1]}")
    if min(stride) <= 0:
        raise RuntimeError("stride should not be zero" if min(stride) == 0 else
                           f"stride should be greater than zero, but got dH: {stride[0]} "
                           f"dW: {stride[1]}")
    if min(dilation) <= 0:
        raise RuntimeError(f"dilation should be greater than zero, but got dilationH: "
                           f"{dilation[0]} dilationW: {dilation[1]}")
    for p, k, d in zip(padding, kernel, dilation):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > (d * (k - 1) + 1) // 2:
            raise RuntimeError(f"pad should be at most half of effective kernel size, but got "
                               f"pad={p}, kernel_size={k} and dilation={d}")
    s.batch, s.channels, s.in_height, s.in_width = (
        x.shape_[0], x.shape_[1], x.shape_[2], x.shape_[3])
    s.kernel_height, s.kernel_width = kernel
    s.stride_h, s.stride_w = stride
    s.padding_h, s.padding_w = padding
    s.dilation_h, s.dilation_w = dilation
    s.out_height = out_size(s.in_height, kernel[0], stride[0], padding[0], dilation[0], ceil_mode)
    s.out_width = out_size(s.in_width, kernel[1], stride[1], padding[1], dilation[1], ceil_mode)
    if s.out_height < 1 or s.out_width < 1:
        raise RuntimeError(
            f"Given input size: ({s.channels}x{s.in_height}x{s.in_width}). Calculated output "
            f"size: ({s.channels}x{s.out_height}x{s.out_width}). Output size is too small")
    return 0


cdef TensorBase ordered(TensorBase x, PoolShape* s):
    """`x` contiguous or channels_last; the shape learns which."""
    s.channels_last = channels_last(x)
    return x if s.channels_last or x.contiguous else contiguous_raw(x)


cdef TensorBase in_order(TensorBase g, const PoolShape* s):
    """A gradient in the order of memory of the forward."""
    cdef TensorBase out
    if channels_last(g) == s.channels_last and (g.contiguous or channels_last(g)):
        return g
    if not s.channels_last:
        return contiguous_raw(g)
    out = new_image(g.dtype_, g.shape_[0], g.shape_[1], g.shape_[2], g.shape_[3], True)
    copy_raw(out, g)
    return out


cdef TensorBase new_output(dtype d, const PoolShape* s):
    return new_image(d, s.batch, s.channels, s.out_height, s.out_width, s.channels_last)


cdef TensorBase new_input(dtype d, const PoolShape* s):
    return new_image(d, s.batch, s.channels, s.in_height, s.in_width, s.channels_last)


cdef dtype compute_dtype(TensorBase x, str where):
    """The dtype of the kernels: half precision and integers go by way of another."""
    if x.code() == F32 or x.code() == F64:
        return x.dtype_
    if x.dtype_.category == FLOATING:
        return of_code(F32)
    if x.dtype_.name == "bool":
        raise NotImplementedError(f"\"{where}\" not implemented for 'Bool'")
    return of_code(F64)


# ---------------------------------------------------------------- max

cdef class MaxPool2DWithIndicesBackward0(Node):
    """The gradient of a window goes to its maximum."""

    cdef PoolShape shape

    saved_names = ("self", "result1")

    cdef tuple apply(self, tuple grads):
        return (max_backward_op(grads[0], <TensorBase> self.s1, &self.shape),)

    def _saved(self, int slot):
        return unpack(self.s0, self) if slot == 0 else self.s1


cdef class MaxPoolBackwardBackward(Node):
    """The scatter of max pooling, differentiated: a gather at the same places."""

    cdef PoolShape shape

    def name(self):
        return "MaxPool2DWithIndicesBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        from minitorch._ops.gather import gather
        cdef TensorBase g = grads[0]
        cdef TensorBase at = <TensorBase> self.s1
        planes = g.reshape(self.shape.batch, self.shape.channels, -1)
        picked = gather(planes, 2, at.reshape(self.shape.batch, self.shape.channels, -1))
        return (picked.reshape(shape_of(at)),)


cdef TensorBase max_backward_op(TensorBase g, TensorBase indices, const PoolShape* s):
    cdef TensorBase dy = in_order(g, s)
    cdef TensorBase dx = new_input(g.dtype_, s)
    cdef MaxPoolBackwardBackward node
    cdef const int64_t* at = <const int64_t*> indices.data()
    if g.code() == F32:
        with nogil:
            kernels.max_pool2d_backward(<float*> dx.data(), <const float*> dy.data(), at, s)
    else:
        with nogil:
            kernels.max_pool2d_backward(<double*> dx.data(), <const double*> dy.data(), at, s)
    if records1(g):
        node = MaxPoolBackwardBackward.__new__(MaxPoolBackwardBackward)
        connect1(node, g)
        node.s1, node.shape = indices, s[0]
        set_function(dx, node, 0)
    return dx


cdef tuple max_pool_op(TensorBase x, PoolShape* s, bint with_indices):
    """(values, indices) of a float or double input; None for indices that nobody wants."""
    cdef TensorBase dense = ordered(x, s)
    cdef TensorBase y = new_output(x.dtype_, s)
    cdef TensorBase indices = None
    cdef MaxPool2DWithIndicesBackward0 node
    cdef int64_t* at = NULL
    if with_indices or records1(x):
        indices = new_output(of_code(I64), s)
        at = <int64_t*> indices.data()
    if x.code() == F32:
        with nogil:
            kernels.max_pool2d(<float*> y.data(), at, <const float*> dense.data(), s)
    else:
        with nogil:
            kernels.max_pool2d(<double*> y.data(), at, <const double*> dense.data(), s)
    if records1(x):
        node = MaxPool2DWithIndicesBackward0.__new__(MaxPool2DWithIndicesBackward0)
        connect1(node, x)
        # the values of the input are not needed: the indices say it all
        node.s1, node.shape = indices, s[0]
        set_function(y, node, 0)
    return y, indices


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
               return_indices=False):
    """The maximum of each window; see `minitorch.nn.functional.max_pool2d`."""
    cdef TensorBase given = check_tensor(input, "max_pool2d", "input")
    cdef TensorBase x = batched(given, "max_pool2d", False)
    cdef dtype compute = compute_dtype(given, "max_pool2d")
    cdef PoolShape s
    kernel = pair(kernel_size, "kernel_size", "max_pool2d")
    stride = kernel if stride is None or stride == () or stride == [] \
        else pair(stride, "stride", "max_pool2d")
    fill_shape(&s, x, kernel, stride, pair(padding, "padding", "max_pool2d"),
               pair(dilation, "dilation", "max_pool2d"), ceil_mode)
    values, indices = max_pool_op(to_dtype(x, compute), &s, return_indices)
    values = to_dtype(values, given.dtype_)
    if given.ndim_ == 3:
        values = squeeze_op(values, 0)
        indices = squeeze_op(indices, 0) if return_indices else None
    return (values, indices) if return_indices else values


# ---------------------------------------------------------------- average

cdef enum Kind:
    AVERAGE
    ADAPTIVE


cdef class AveragePoolNode(Node):
    """A pooling that is linear: `forward` tells the pooling from its transpose."""

    cdef PoolShape shape
    cdef Kind kind
    cdef bint include_pad, forward
    cdef Py_ssize_t divisor

    cdef tuple apply(self, tuple grads):
        return (average_op(grads[0], &self.shape, self.kind, self.include_pad, self.divisor,
                           not self.forward),)


cdef class AvgPool2DBackward0(AveragePoolNode):
    pass


cdef class AdaptiveAvgPool2DBackward0(AveragePoolNode):
    pass


cdef int average_raw(TensorBase out, TensorBase x, const PoolShape* s, Kind kind,
                     bint include_pad, Py_ssize_t divisor, bint forward) except -1:
    cdef float* of = <float*> out.data()
    cdef double* od = <double*> out.data()
    cdef const float* xf = <const float*> x.data()
    cdef const double* xd = <const double*> x.data()
    cdef bint single = x.code() == F32
    with nogil:
        if kind == AVERAGE and forward:
            if single:
                kernels.avg_pool2d(of, xf, s, include_pad, divisor)
            else:
                kernels.avg_pool2d(od, xd, s, include_pad, divisor)
        elif kind == AVERAGE:
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


cdef TensorBase average_op(TensorBase x, PoolShape* s, Kind kind, bint include_pad,
                           Py_ssize_t divisor, bint forward):
    """Average pooling (`forward`) or its transpose, recorded."""
    cdef TensorBase dense = ordered(x, s) if forward else in_order(x, s)
    cdef TensorBase out = new_output(x.dtype_, s) if forward else new_input(x.dtype_, s)
    cdef AveragePoolNode node
    average_raw(out, dense, s, kind, include_pad, divisor, forward)
    if records1(x):
        if kind == AVERAGE:
            node = AvgPool2DBackward0.__new__(AvgPool2DBackward0)
        else:
            node = AdaptiveAvgPool2DBackward0.__new__(AdaptiveAvgPool2DBackward0)
        connect1(node, x)
        node.shape, node.kind, node.forward = s[0], kind, forward
        node.include_pad, node.divisor = include_pad, divisor
        set_function(out, node, 0)
    return out


def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False,
               count_include_pad=True, divisor_override=None):
    """The mean of each window; see `minitorch.nn.functional.avg_pool2d`."""
    cdef TensorBase given = check_tensor(input, "avg_pool2d", "input")
    cdef TensorBase x = batched(given, "avg_pool2d", False)
    cdef dtype compute = compute_dtype(given, "avg_pool2d")
    cdef PoolShape s
    kernel = pair(kernel_size, "kernel_size", "avg_pool2d")
    stride = kernel if stride is None or stride == () or stride == [] \
        else pair(stride, "stride", "avg_pool2d")
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    fill_shape(&s, x, kernel, stride, pair(padding, "padding", "avg_pool2d"), (1, 1), ceil_mode)
    out = to_dtype(average_op(to_dtype(x, compute), &s, AVERAGE, count_include_pad,
                              divisor_override or 0, True), given.dtype_)
    return squeeze_op(out, 0) if given.ndim_ == 3 else out


def adaptive_avg_pool2d(input, output_size):
    """Means over windows that divide the image into `output_size` parts.

    See `minitorch.nn.functional.adaptive_avg_pool2d`.
    """
    cdef TensorBase given = check_tensor(input, "adaptive_avg_pool2d", "input")
    cdef TensorBase x = batched(given, "adaptive_avg_pool2d", True)
    cdef PoolShape s
    if given.dtype_.category != FLOATING:
        raise NotImplementedError("\"adaptive_avg_pool2d\" is implemented for floating dtypes only")
    sizes = pair(output_size, "output_size", "adaptive_avg_pool2d")
    if min(sizes) < 0:
        raise RuntimeError("adaptive_avg_pool2d: elements of output_size must be greater than or "
                           f"equal to 0 but received {{{sizes[0]}, {sizes[1]}}}")
    fill_shape(&s, x, (1, 1), (1, 1), (0, 0), (1, 1), False)
    s.out_height, s.out_width = sizes
    if sizes == (1, 1):
        # PyTorch's path for a single window; its node is a mean
        from minitorch._ops.reduce import mean
        out = mean(x, (-1, -2), True)
    else:
        compute = compute_dtype(given, "adaptive_avg_pool2d")
        out = to_dtype(average_op(to_dtype(x, compute), &s, ADAPTIVE, False, 0, True),
                       given.dtype_)
    return squeeze_op(out, 0) if given.ndim_ == 3 else out
