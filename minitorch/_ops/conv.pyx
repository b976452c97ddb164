"""2-D convolution and its derivatives.

Three linear maps make a closed family: the convolution itself, its gradient with respect to
the input and the one with respect to the weight.  Each is the derivative of the others, so
convolution can be differentiated any number of times.

The result is channels_last if the input or the weight is, as in PyTorch.
"""

from cpython.number cimport PyIndex_Check

from minitorch._core.dtype cimport FLOATING, dtype, of_code, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    connect2, connect3, records2, records3, save, set_function, unpack)
from minitorch._core.shape cimport (
    channels_last_strides, contiguous_strides, is_channels_last, size_text)
from minitorch._core.tensor cimport (
    TensorBase, channels_last, new_like, new_strided, new_tensor, same_geometry, same_shape)
from minitorch._kernels.conv cimport (
    Algorithm, conv2d_backward_bias, conv2d_backward_input, conv2d_backward_weight,
    conv2d_forward, conv_out_size, route_backward_weight)
from minitorch._kernels.dispatch cimport mt_epilogue
from minitorch._kernels.pointwise cimport BINARY_ADD, UNARY_RELU, unary_loop
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport F32
from minitorch._ops._base cimport (
    binary_into, check_tensor, contiguous_raw, copy_raw, run2)
from minitorch._ops.conv_weights cimport ConvWeights, weights_for
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.reduce cimport sum_op
from minitorch._ops.view cimport squeeze_op, unsqueeze_op


# ---------------------------------------------------------------- arguments

cdef tuple pair(object value, str name, str of="convolution"):
    """An option given as one number or two."""
    cdef tuple numbers
    if isinstance(value, (tuple, list)):
        numbers = tuple(value) * 2 if len(value) == 1 else tuple(value)
    else:
        numbers = (value, value)
    for number in numbers:
        if isinstance(number, bool) or not PyIndex_Check(number):
            raise TypeError(f"conv2d(): argument '{name}' must be tuple of ints, but found "
                            f"element of type {type(number).__name__}")
    if len(numbers) != 2:
        raise RuntimeError(f"expected {name} to be a single integer value or a list of 2 values "
                           f"to match the {of} dimensions, but got {name}={list(numbers)}")
    return numbers


cdef tuple check_options(object stride, object padding, object dilation, object groups):
    """The options of a convolution as pairs."""
    cdef tuple strides = pair(stride, "stride"), paddings = pair(padding, "padding")
    cdef tuple dilations = pair(dilation, "dilation")
    if isinstance(groups, bool) or not PyIndex_Check(groups):
        raise TypeError(f"conv2d(): argument 'groups' must be int, not {type(groups).__name__}")
    if strides[0] <= 0 or strides[1] <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if paddings[0] < 0 or paddings[1] < 0:
        raise RuntimeError("negative padding is not supported")
    if dilations[0] <= 0 or dilations[1] <= 0:
        raise RuntimeError("dilation should be greater than zero, but got "
                           f"{list(dilations)}")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    return strides, paddings, dilations, int(groups)


cdef int check_operands(TensorBase x, TensorBase w, TensorBase b, int groups) except -1:
    if x.ndim_ != 4:
        raise RuntimeError("Expected 3D (unbatched) or 4D (batched) input to conv2d, but got "
                           f"input of size: {size_text(x.ndim_, x.shape_)}")
    if w.ndim_ != 4:
        raise RuntimeError(f"expected weight of conv2d to be 4-dimensional, but got "
                           f"{w.ndim_}-dimensional weight of size {size_text(w.ndim_, w.shape_)}")
    if w.shape_[0] < groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be at least {groups} at "
                           f"dimension 0, but got weight of size {size_text(4, w.shape_)} instead")
    if w.shape_[0] % groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be divisible by {groups} "
                           f"at dimension 0, but got weight of size [{size_text(4, w.shape_)}] "
                           "instead")
    if x.shape_[1] != w.shape_[1] * groups:
        raise RuntimeError(f"Given groups={groups}, weight of size {size_text(4, w.shape_)}, "
                           f"expected input{size_text(4, x.shape_)} to have {w.shape_[1] * groups} "
                           f"channels, but got {x.shape_[1]} channels instead")
    if b is not None and (b.ndim_ != 1 or b.shape_[0] != w.shape_[0]):
        raise RuntimeError(f"Given weight of size {size_text(4, w.shape_)}, expected bias to be "
                           f"1-dimensional with {w.shape_[0]} elements, but got bias of size "
                           f"{size_text(b.ndim_, b.shape_)} instead")
    if w.shape_[2] <= 0 or w.shape_[3] <= 0:
        raise RuntimeError(f"kernel size should be greater than zero, but got kernel_height: "
                           f"{w.shape_[2]} kernel_width: {w.shape_[3]}")
    check_same_dtype(x, w)
    if b is not None:
        check_same_dtype(x, b)
    return 0


cdef int check_same_dtype(TensorBase x, TensorBase other) except -1:
    if x.dtype_ is not other.dtype_:
        raise RuntimeError(f"expected scalar type {type_name(x.dtype_)} but found "
                           f"{type_name(other.dtype_)}")
    return 0


cdef int fill_shape(ConvShape* s, const Py_ssize_t* x, const Py_ssize_t* w,
                    tuple options) except -1:
    """Describe a convolution to the kernels; RuntimeError where the kernel does not fit."""
    cdef Py_ssize_t height, width, rows, columns
    stride, padding, dilation, groups = options
    s.batch, s.in_channels, s.in_height, s.in_width = x[0], x[1], x[2], x[3]
    s.out_channels, s.kernel_height, s.kernel_width = w[0], w[2], w[3]
    s.stride_h, s.stride_w = stride
    s.padding_h, s.padding_w = padding
    s.dilation_h, s.dilation_w = dilation
    s.groups = groups
    height, width = s.in_height + 2 * s.padding_h, s.in_width + 2 * s.padding_w
    rows = s.dilation_h * (s.kernel_height - 1) + 1
    columns = s.dilation_w * (s.kernel_width - 1) + 1
    if height < rows or width < columns:
        raise RuntimeError(
            f"Calculated padded input size per channel: ({height} x {width}). Kernel size: "
            f"({rows} x {columns}). Kernel size can't be greater than actual input size")
    s.out_height = conv_out_size(s.in_height, s.kernel_height, s.stride_h, s.padding_h,
                                 s.dilation_h)
    s.out_width = conv_out_size(s.in_width, s.kernel_width, s.stride_w, s.padding_w,
                                s.dilation_w)
    return 0


# ---------------------------------------------------------------- memory order

cdef bint is_dense_order(TensorBase t) noexcept:
    return t.contiguous or is_channels_last(t.ndim_, t.shape_, t.strides_)


cdef TensorBase ordered(TensorBase t):
    """`t` contiguous or channels_last, copied if it is neither."""
    return t if is_dense_order(t) else contiguous_raw(t)


cdef bint prefers_channels_last(TensorBase x, TensorBase w) noexcept:
    return channels_last(x) or channels_last(w)


cdef TensorBase new_image(dtype d, Py_ssize_t n, Py_ssize_t c, Py_ssize_t h, Py_ssize_t w,
                          bint last):
    """An uninitialised (N, C, H, W) tensor."""
    cdef Py_ssize_t sizes[4]
    cdef Py_ssize_t strides[4]
    sizes[0], sizes[1], sizes[2], sizes[3] = n, c, h, w
    if last:
        channels_last_strides(4, sizes, strides)
    else:
        contiguous_strides(4, sizes, strides)
    return new_strided(d, 4, sizes, strides)


# ---------------------------------------------------------------- the three maps, unrecorded

cdef TensorBase forward_raw(TensorBase x, TensorBase w, TensorBase b, tuple options):
    """y = x * w + b."""
    return run_forward(x, w, options, None, b, None, False)


cdef TensorBase run_forward(TensorBase x, TensorBase w, tuple options, TensorBase scale,
                            TensorBase offset, TensorBase residual, bint relu):
    """y = relu(fma(x * w, scale, offset) + residual); None leaves a step out."""
    cdef ConvShape s
    cdef TensorBase y
    cdef mt_epilogue after
    cdef ConvWeights weights
    cdef const void* packed
    fill_shape(&s, x.shape_, w.shape_, options)
    x = ordered(x)
    scale = None if scale is None else contiguous_raw(scale)
    offset = None if offset is None else contiguous_raw(offset)
    y = new_image(x.dtype_, s.batch, s.out_channels, s.out_height, s.out_width,
                  prefers_channels_last(x, w))
    s.x_channels_last, s.y_channels_last = not x.contiguous, not y.contiguous
    weights = weights_for(w, ordered(w), &s, False)
    after.scale = NULL if scale is None else scale.data()
    after.offset = NULL if offset is None else offset.data()
    after.residual, after.relu = 0, relu
    if residual is not None:
        check_residual(residual, y)
        residual = in_order_of(residual, y)
        if residual.numel_:
            after.residual = residual.data() - y.data()
    packed = weights.packed()
    if x.code() == F32:
        with nogil:
            conv2d_forward(<float*> y.data(), <const float*> x.data(),
                           <const float*> weights.w.data(), packed, &after, &s,
                           weights.algorithm)
    else:
        with nogil:
            conv2d_forward(<double*> y.data(), <const double*> x.data(),
                           <const double*> weights.w.data(), packed, &after, &s,
                           weights.algorithm)
    return y


cdef int check_residual(TensorBase residual, TensorBase y) except -1:
    if not same_shape(residual, y):
        raise RuntimeError(f"conv2d_epilogue(): residual has size "
                           f"{size_text(residual.ndim_, residual.shape_)}, but the result "
                           f"{size_text(y.ndim_, y.shape_)}")
    return 0


cdef TensorBase in_order_of(TensorBase t, TensorBase like):
    """`t` in the order of memory of `like`, which is channels_last."""
    cdef TensorBase out
    if same_geometry(t, like):
        return t
    out = new_like(like, t.dtype_)
    copy_raw(out, t)
    return out


cdef TensorBase input_grad_raw(TensorBase g, TensorBase w, tuple sizes, tuple options):
    """The gradient with respect to an input of `sizes`."""
    cdef ConvShape s
    cdef TensorBase dx
    cdef ConvWeights weights
    cdef const void* packed
    cdef Py_ssize_t x_sizes[4]
    x_sizes[0], x_sizes[1], x_sizes[2], x_sizes[3] = sizes
    fill_shape(&s, x_sizes, w.shape_, options)
    g = ordered(g)
    dx = new_image(g.dtype_, s.batch, s.in_channels, s.in_height, s.in_width,
                   prefers_channels_last(g, w))
    s.x_channels_last, s.y_channels_last = not dx.contiguous, not g.contiguous
    weights = weights_for(w, ordered(w), &s, True)
    packed = weights.packed()
    if g.code() == F32:
        with nogil:
            conv2d_backward_input(<float*> dx.data(), <const float*> g.data(),
                                  <const float*> weights.w.data(), packed, &s,
                                  weights.algorithm)
    else:
        with nogil:
            conv2d_backward_input(<double*> dx.data(), <const double*> g.data(),
                                  <const double*> weights.w.data(), packed, &s,
                                  weights.algorithm)
    return dx


cdef TensorBase weight_grad_raw(TensorBase g, TensorBase x, tuple sizes, bint last,
                                tuple options):
    """The gradient with respect to a weight of `sizes`, in the weight's order of memory."""
    cdef ConvShape s
    cdef TensorBase dw
    cdef Algorithm way
    cdef Py_ssize_t w_sizes[4]
    w_sizes[0], w_sizes[1], w_sizes[2], w_sizes[3] = sizes
    fill_shape(&s, x.shape_, w_sizes, options)
    g, x = ordered(g), ordered(x)
    dw = new_image(g.dtype_, w_sizes[0], w_sizes[1], w_sizes[2], w_sizes[3], last)
    s.x_channels_last, s.y_channels_last = not x.contiguous, not g.contiguous
    s.w_channels_last = not dw.contiguous
    way = route_backward_weight(&s, g.code() != F32)
    if g.code() == F32:
        with nogil:
            conv2d_backward_weight(<float*> dw.data(), <const float*> g.data(),
                                   <const float*> x.data(), &s, way)
    else:
        with nogil:
            conv2d_backward_weight(<double*> dw.data(), <const double*> g.data(),
                                   <const double*> x.data(), &s, way)
    return dw


cdef TensorBase bias_grad_raw(TensorBase g, tuple options):
    """The gradient with respect to the bias: the sum over images and pixels."""
    cdef ConvShape s
    cdef TensorBase db
    g = ordered(g)
    s.batch, s.out_channels, s.out_height, s.out_width = (
        g.shape_[0], g.shape_[1], g.shape_[2], g.shape_[3])
    s.groups, s.y_channels_last = 1, not g.contiguous
    db = new_tensor(g.dtype_, 1, &s.out_channels)
    if g.code() == F32:
        with nogil:
            conv2d_backward_bias(<float*> db.data(), <const float*> g.data(), &s)
    else:
        with nogil:
            conv2d_backward_bias(<double*> db.data(), <const double*> g.data(), &s)
    return db


# ---------------------------------------------------------------- the three maps, recorded

cdef class ConvolutionBackward0(Node):
    """y = x * w + b: linear in x, in w and in b."""

    cdef tuple options, x_sizes, w_sizes
    cdef bint w_last

    saved_names = ("input", "weight")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        dx = dw = db = None
        if self.needs(0):
            dx = input_grad_op(g, unpack(self.s1, self), self.x_sizes, self.options)
        if self.needs(1):
            dw = weight_grad_op(g, unpack(self.s0, self), self.w_sizes, self.w_last, self.options)
        if self.needs(2):
            db = sum_op(g, (0, 2, 3), False) if g.requires() else bias_grad_raw(g, self.options)
        return (dx, dw, db)


cdef class ConvolutionInputGrad(Node):
    """dx as a function of (dy, w)."""

    cdef tuple options, w_sizes
    cdef bint w_last

    def name(self):
        return "ConvolutionBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (convolution_op(g, unpack(self.s1, self), None, self.options)
                if self.needs(0) else None,
                weight_grad_op(unpack(self.s0, self), g, self.w_sizes, self.w_last, self.options)
                if self.needs(1) else None)


cdef class ConvolutionWeightGrad(Node):
    """dw as a function of (dy, x)."""

    cdef tuple options, x_sizes

    def name(self):
        return "ConvolutionBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (convolution_op(unpack(self.s1, self), g, None, self.options)
                if self.needs(0) else None,
                input_grad_op(unpack(self.s0, self), g, self.x_sizes, self.options)
                if self.needs(1) else None)


cdef tuple sizes_of(TensorBase t):
    return (t.shape_[0], t.shape_[1], t.shape_[2], t.shape_[3])


cdef TensorBase convolution_op(TensorBase x, TensorBase w, TensorBase b, tuple options):
    cdef TensorBase y = forward_raw(x, w, b, options)
    cdef ConvolutionBackward0 node
    if records3(x, w, b):
        node = ConvolutionBackward0.__new__(ConvolutionBackward0)
        connect3(node, x, w, b)
        node.options, node.x_sizes, node.w_sizes = options, sizes_of(x), sizes_of(w)
        node.w_last = channels_last(w)
        if w.requires():
            node.s0 = save(x)
        if x.requires():
            node.s1 = save(w)
        set_function(y, node, 0)
    return y


cdef TensorBase input_grad_op(TensorBase g, TensorBase w, tuple sizes, tuple options):
    cdef TensorBase dx = input_grad_raw(g, w, sizes, options)
    cdef ConvolutionInputGrad node
    if records2(g, w):
        node = ConvolutionInputGrad.__new__(ConvolutionInputGrad)
        connect2(node, g, w)
        node.options, node.w_sizes, node.w_last = options, sizes_of(w), channels_last(w)
        node.s0, node.s1 = save(g), save(w)
        set_function(dx, node, 0)
    return dx


cdef TensorBase weight_grad_op(TensorBase g, TensorBase x, tuple sizes, bint last, tuple options):
    cdef TensorBase dw = weight_grad_raw(g, x, sizes, last, options)
    cdef ConvolutionWeightGrad node
    if records2(g, x):
        node = ConvolutionWeightGrad.__new__(ConvolutionWeightGrad)
        connect2(node, g, x)
        node.options, node.x_sizes = options, sizes_of(x)
        node.s0, node.s1 = save(g), save(x)
        set_function(dw, node, 0)
    return dw


# ---------------------------------------------------------------- entry

cdef TensorBase in_float(TensorBase x, TensorBase w, TensorBase b, tuple options):
    """Half precision is computed in float32; integers are not convolved."""
    cdef dtype d = x.dtype_
    if d.category != FLOATING:
        raise NotImplementedError(f"\"slow_conv2d_cpu\" not implemented for '{type_name(d)}'")
    if d.itemsize >= 4:
        return convolution_op(x, w, b, options)
    single = of_code(F32)
    return to_dtype(convolution_op(to_dtype(x, single), to_dtype(w, single),
                                   None if b is None else to_dtype(b, single), options), d)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of images with kernels; see `minitorch.nn.functional.conv2d`."""
    cdef TensorBase x = check_tensor(input, "conv2d", "input")
    cdef TensorBase w = check_tensor(weight, "conv2d", "weight")
    cdef TensorBase b = None if bias is None else check_tensor(bias, "conv2d", "bias")
    cdef tuple options = check_options(stride, padding, dilation, groups)
    if x.ndim_ != 3:
        check_operands(x, w, b, options[3])
        return in_float(x, w, b, options)
    x = unsqueeze_op(x, 0)
    check_operands(x, w, b, options[3])
    return squeeze_op(in_float(x, w, b, options), 0)


def conv2d_epilogue(input, weight, stride, padding, dilation, groups, scale, offset, residual,
                    relu):
    """relu(fma(conv2d(input, weight), scale, offset) + residual), unrecorded, in one pass.

    The values are those of `conv2d`, batch normalisation with known statistics, addition and
    relu, one after the other, to the bit.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W), float32 or float64.
    weight : Tensor
        (out_channels, C // groups, kH, kW).
    stride, padding, dilation, groups
        As for `conv2d`.
    scale, offset : Tensor or None
        (out_channels,): the affine map of each channel.
    residual : Tensor or None
        Of the output's shape and dtype; not changed.
    relu : bool
    """
    cdef TensorBase x = check_tensor(input, "conv2d_epilogue", "input")
    cdef TensorBase w = check_tensor(weight, "conv2d_epilogue", "weight")
    cdef TensorBase a = None if scale is None else check_tensor(scale, "conv2d_epilogue", "scale")
    cdef TensorBase b = None if offset is None else check_tensor(offset, "conv2d_epilogue",
                                                                 "offset")
    cdef TensorBase r = None if residual is None else check_tensor(residual, "conv2d_epilogue",
                                                                   "residual")
    cdef TensorBase y
    cdef tuple options = check_options(stride, padding, dilation, groups)
    check_operands(x, w, b, options[3])
    if x.dtype_.category != FLOATING or x.dtype_.itemsize < 4:
        raise TypeError(f"conv2d_epilogue(): input must be float32 or float64, got {x.dtype_!r}")
    if a is not None and (a.ndim_ != 1 or a.shape_[0] != w.shape_[0]):
        raise RuntimeError(f"conv2d_epilogue(): scale must have {w.shape_[0]} elements, but has "
                           f"size {size_text(a.ndim_, a.shape_)}")
    for t in (a, r):
        if t is not None:
            check_same_dtype(x, t)
    if prefers_channels_last(x, w):
        return run_forward(x, w, options, a, b, r, relu)
    # the image is turned on the way out, where a residual could not follow
    y = run_forward(x, w, options, a, b, None, relu and r is None)
    if r is not None:
        check_residual(r, y)
        binary_into(BINARY_ADD, y, y, r, y.dtype_)
        if relu:
            run2(unary_loop(UNARY_RELU, y.code()), y, y)
    return y
