"""The three maps of convolution as values, unrecorded: forward, input gradient, weight gradient.

The kernels know images.  Signals (N, C, L) are images of one row.  Volumes (N, C, D, H, W) are
images once the taps along the depth are unfolded into channels, (N OD, C KD, H, W): a copy of
KD times the volume, and every algorithm of the images serves.
"""

from minitorch._core.dtype cimport dtype
from minitorch._core.shape cimport (
    channels_last_strides, contiguous_strides, is_channels_last, size_text)
from minitorch._core.tensor cimport (
    TensorBase, bare, channels_last, new_like, new_strided, new_tensor, same_geometry,
    same_shape)
from minitorch._kernels.conv cimport (
    Algorithm, conv2d_backward_bias, conv2d_backward_input, conv2d_backward_weight,
    conv2d_forward, conv_out_size, route_backward_weight)
from minitorch._kernels.dispatch cimport mt_epilogue
from minitorch._kernels.pointwise cimport BINARY_ADD
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport F32, MAX_DIMS
from minitorch._ops._base cimport binary_into, contiguous_raw, copy_raw, fill_raw
from minitorch._ops.conv_weights cimport ConvWeights, weights_for


cdef int fill_shape(ConvShape* s, const Py_ssize_t* x, const Py_ssize_t* w, tuple options,
                    const Py_ssize_t* y) except -1:
    """Describe a convolution of images; `y` is NULL where its size follows from the rest.

    Size and stride of the input of a convolution do not tell those of its output apart from
    some that are larger by less than a stride: a transposed convolution names both.
    """
    stride, padding, dilation, groups = options
    s.batch, s.in_channels, s.in_height, s.in_width = x[0], x[1], x[2], x[3]
    s.out_channels, s.kernel_height, s.kernel_width = w[0], w[2], w[3]
    s.stride_h, s.stride_w = stride
    s.padding_h, s.padding_w = padding
    s.dilation_h, s.dilation_w = dilation
    s.groups = groups
    if y != NULL:
        s.out_height, s.out_width = y[2], y[3]
        return 0
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


# ---------------------------------------------------------------- images

cdef TensorBase run_forward(TensorBase x, TensorBase w, tuple options, TensorBase scale,
                            TensorBase offset, TensorBase residual, bint relu):
    """y = relu(fma(x * w, scale, offset) + residual); None leaves a step out."""
    cdef ConvShape s
    cdef TensorBase y
    cdef mt_epilogue after
    cdef ConvWeights weights
    cdef const void* packed
    fill_shape(&s, x.shape_, w.shape_, options, NULL)
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


cdef TensorBase image_input_grad(TensorBase g, TensorBase w, tuple sizes, tuple options):
    """The gradient with respect to images of `sizes`."""
    cdef ConvShape s
    cdef TensorBase dx
    cdef ConvWeights weights
    cdef const void* packed
    cdef Py_ssize_t x_sizes[4]
    x_sizes[0], x_sizes[1], x_sizes[2], x_sizes[3] = sizes
    fill_shape(&s, x_sizes, w.shape_, options, g.shape_)
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


cdef TensorBase image_weight_grad(TensorBase g, TensorBase x, tuple sizes, bint last,
                                  tuple options):
    """The gradient with respect to a weight of `sizes`, in the weight's order of memory."""
    cdef ConvShape s
    cdef TensorBase dw
    cdef Algorithm way
    cdef Py_ssize_t w_sizes[4]
    w_sizes[0], w_sizes[1], w_sizes[2], w_sizes[3] = sizes
    fill_shape(&s, x.shape_, w_sizes, options, g.shape_)
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


cdef TensorBase bias_grad_raw(TensorBase g):
    """The gradient with respect to the bias: the sum over examples and places."""
    cdef ConvShape s
    cdef TensorBase db
    g = as_images(g) if g.ndim_ != 4 else ordered(g)
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


# ---------------------------------------------------------------- other views of the same memory

cdef TensorBase viewed(TensorBase t, int n, const Py_ssize_t* sizes, const Py_ssize_t* strides,
                       Py_ssize_t offset):
    """The memory of `t` in another geometry, unrecorded."""
    cdef TensorBase made = bare()
    made.dtype_, made.storage, made.offset = t.dtype_, t.storage, offset
    made.set_geometry(n, sizes, strides)
    return made


cdef TensorBase reshaped(TensorBase t, tuple sizes):
    """A contiguous tensor in another shape."""
    cdef Py_ssize_t to[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef int i, n = len(sizes)
    for i in range(n):
        to[i] = sizes[i]
    contiguous_strides(n, to, strides)
    return viewed(t, n, to, strides, t.offset)


cdef TensorBase as_images(TensorBase t):
    """(N, C, *) as contiguous images of one row."""
    t = contiguous_raw(t)
    return reshaped(t, (t.shape_[0], t.shape_[1], 1,
                        t.numel_ // max(1, t.shape_[0] * t.shape_[1])))


cdef TensorBase lifted(TensorBase t):
    """(N, C, L) as (N, C, 1, L)."""
    t = contiguous_raw(t)
    return reshaped(t, (t.shape_[0], t.shape_[1], 1, t.shape_[2]))


cdef TensorBase lowered(TensorBase t):
    """(N, C, 1, L), contiguous, as (N, C, L)."""
    return reshaped(t, (t.shape_[0], t.shape_[1], t.shape_[3]))


cdef tuple row_options(tuple options):
    """The options of a signal for images of one row."""
    stride, padding, dilation, groups = options
    return (1, *stride), (0, *padding), (1, *dilation), groups


cdef tuple plane_options(tuple options):
    """The options of a volume for its planes."""
    stride, padding, dilation, groups = options
    return stride[1:], padding[1:], dilation[1:], groups


# ---------------------------------------------------------------- volumes

cdef tuple tap_of_depth(TensorBase columns, TensorBase x, Py_ssize_t tap, tuple options):
    """Where one tap reads: views (N, OD, C, H, W) of the columns and of the volume, or None.

    `columns` is (N, OD, C, KD, H, W), contiguous; planes of the border are left out.
    """
    cdef Py_ssize_t stride = options[0][0], start = tap * options[2][0] - options[1][0]
    cdef Py_ssize_t first = 0 if start >= 0 else (-start + stride - 1) // stride
    cdef Py_ssize_t last = min(columns.shape_[1] - 1, (x.shape_[2] - 1 - start) // stride)
    cdef Py_ssize_t sizes[5]
    cdef Py_ssize_t steps[5]
    cdef Py_ssize_t* at = columns.strides_
    if x.shape_[2] - 1 < start or last < first:
        return None
    sizes[0], sizes[1], sizes[2] = x.shape_[0], last - first + 1, x.shape_[1]
    sizes[3], sizes[4] = x.shape_[3], x.shape_[4]
    steps[0], steps[1], steps[2], steps[3], steps[4] = at[0], at[1], at[2], at[4], at[5]
    of_columns = viewed(columns, 5, sizes, steps, columns.offset + first * at[1] + tap * at[3])
    at = x.strides_
    steps[0], steps[1], steps[2], steps[3], steps[4] = at[0], at[2] * stride, at[1], at[3], at[4]
    return of_columns, viewed(x, 5, sizes, steps, x.offset + (first * stride + start) * at[2])


cdef TensorBase new_columns(dtype d, tuple x, Py_ssize_t kernel, Py_ssize_t depth):
    cdef Py_ssize_t sizes[6]
    sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5] = \
        x[0], depth, x[1], kernel, x[3], x[4]
    return new_tensor(d, 6, sizes)


cdef TensorBase unfolded(TensorBase x, Py_ssize_t kernel, Py_ssize_t depth, tuple options):
    """(N, C, D, H, W) as images (N OD, C KD, H, W), the taps along the depth in channels."""
    cdef TensorBase columns = new_columns(x.dtype_, sizes_of(x), kernel, depth)
    cdef Py_ssize_t tap
    fill_raw(columns, 0)
    for tap in range(kernel):
        views = tap_of_depth(columns, x, tap, options)
        if views is not None:
            copy_raw(views[0], views[1])
    return reshaped(columns, (x.shape_[0] * depth, x.shape_[1] * kernel, x.shape_[3],
                              x.shape_[4]))


cdef TensorBase folded(TensorBase images, tuple sizes, Py_ssize_t kernel, Py_ssize_t depth,
                       tuple options):
    """The transpose of `unfolded`: each tap is added where it was read."""
    cdef TensorBase columns = reshaped(contiguous_raw(images), (
        sizes[0], depth, sizes[1], kernel, sizes[3], sizes[4]))
    cdef Py_ssize_t at[5]
    cdef Py_ssize_t tap
    cdef TensorBase x
    at[0], at[1], at[2], at[3], at[4] = sizes
    x = new_tensor(images.dtype_, 5, at)
    fill_raw(x, 0)
    for tap in range(kernel):
        views = tap_of_depth(columns, x, tap, options)
        if views is not None:
            binary_into(BINARY_ADD, views[1], views[1], views[0], x.dtype_)
    return x


cdef TensorBase stacked(TensorBase images, Py_ssize_t batch, bint last):
    """Images (N OD, C, H, W) as volumes (N, C, OD, H, W), channels last if `last`."""
    cdef Py_ssize_t sizes[5]
    cdef Py_ssize_t steps[5]
    cdef Py_ssize_t* at = images.strides_
    cdef Py_ssize_t depth = images.shape_[0] // max(1, batch)
    cdef TensorBase y
    sizes[0], sizes[1], sizes[2], sizes[3], sizes[4] = (
        batch, images.shape_[1], depth, images.shape_[2], images.shape_[3])
    steps[0], steps[1], steps[2], steps[3], steps[4] = depth * at[0], at[1], at[0], at[2], at[3]
    given = viewed(images, 5, sizes, steps, images.offset)
    if last:
        channels_last_strides(5, sizes, steps)
    else:
        contiguous_strides(5, sizes, steps)
    y = new_strided(images.dtype_, 5, sizes, steps)
    copy_raw(y, given)
    return y


cdef TensorBase sliced(TensorBase volumes):
    """The transpose of `stacked`: contiguous images (N OD, C, H, W)."""
    cdef Py_ssize_t sizes[5]
    cdef Py_ssize_t steps[5]
    cdef Py_ssize_t* shape = volumes.shape_
    cdef Py_ssize_t* at = volumes.strides_
    sizes[0], sizes[1], sizes[2], sizes[3], sizes[4] = (
        shape[0], shape[2], shape[1], shape[3], shape[4])
    steps[0], steps[1], steps[2], steps[3], steps[4] = at[0], at[2], at[1], at[3], at[4]
    turned = contiguous_raw(viewed(volumes, 5, sizes, steps, volumes.offset))
    return reshaped(turned, (shape[0] * shape[2], shape[1], shape[3], shape[4]))


cdef TensorBase plane_weight(TensorBase w):
    """(O, I, KD, KH, KW) as (O, I KD, KH, KW)."""
    cdef Py_ssize_t* shape = w.shape_
    return reshaped(contiguous_raw(w), (shape[0], shape[1] * shape[2], shape[3], shape[4]))


cdef bint volumes_last(TensorBase x, TensorBase w) noexcept:
    return (not x.contiguous and is_channels_last(x.ndim_, x.shape_, x.strides_)
            or not w.contiguous and is_channels_last(w.ndim_, w.shape_, w.strides_))


# ---------------------------------------------------------------- any number of dimensions

cdef tuple sizes_of(TensorBase t):
    return tuple([t.shape_[i] for i in range(t.ndim_)])


cdef TensorBase forward_raw(TensorBase x, TensorBase w, TensorBase b, tuple options):
    """y = x * w + b."""
    cdef Py_ssize_t depth
    if x.ndim_ == 4:
        return run_forward(x, w, options, None, b, None, False)
    if x.ndim_ == 3:
        return lowered(run_forward(lifted(x), lifted(w), row_options(options), None, b, None,
                                   False))
    depth = conv_out_size(x.shape_[2], w.shape_[2], options[0][0], options[1][0], options[2][0])
    images = unfolded(x, w.shape_[2], depth, options)
    images = run_forward(images, plane_weight(w), plane_options(options), None, b, None, False)
    return stacked(images, x.shape_[0], volumes_last(x, w))


cdef TensorBase input_grad_raw(TensorBase g, TensorBase w, tuple sizes, tuple options):
    """The gradient with respect to an input of `sizes`."""
    if g.ndim_ == 4:
        return image_input_grad(g, w, sizes, options)
    if g.ndim_ == 3:
        return lowered(image_input_grad(lifted(g), lifted(w), (*sizes[:2], 1, sizes[2]),
                                        row_options(options)))
    images = image_input_grad(
        sliced(g), plane_weight(w),
        (g.shape_[0] * g.shape_[2], sizes[1] * w.shape_[2], sizes[3], sizes[4]),
        plane_options(options))
    return folded(images, sizes, w.shape_[2], g.shape_[2], options)


cdef TensorBase weight_grad_raw(TensorBase g, TensorBase x, tuple sizes, bint last,
                                tuple options):
    """The gradient with respect to a weight of `sizes`; of images in its order of memory."""
    if g.ndim_ == 4:
        return image_weight_grad(g, x, sizes, last, options)
    if g.ndim_ == 3:
        return lowered(image_weight_grad(lifted(g), lifted(x), (*sizes[:2], 1, sizes[2]), False,
                                         row_options(options)))
    images = image_weight_grad(
        sliced(g), unfolded(x, sizes[2], g.shape_[2], options),
        (sizes[0], sizes[1] * sizes[2], sizes[3], sizes[4]), False, plane_options(options))
    return reshaped(images, sizes)
