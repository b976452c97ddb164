"""Thin `def` twins of the kernels, so that tests reach each one alone.

Arrays come in as buffers; nothing here checks shapes beyond what keeps memory safe.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

from minitorch._kernels cimport conv as _conv
from minitorch._kernels cimport conv_naive as _naive
from minitorch._kernels cimport gemm as _gemm
from minitorch._kernels cimport im2col as _im2col
from minitorch._kernels cimport norm as _norm
from minitorch._kernels cimport parallel
from minitorch._kernels cimport pooling as _pooling
from minitorch._kernels cimport sgd as _sgd
from minitorch._kernels cimport softmax as _softmax
from minitorch._kernels.dispatch cimport mt_epilogue
from minitorch._kernels.norm cimport NormRelu, NormShape
from minitorch._kernels.pooling cimport PoolShape
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating


cdef floating* pointer_or_null(floating[::1] array):
    return NULL if array is None else <floating*>array._data


# ---- parallel ----

cdef struct ChunkLog:
    int64_t* begin_at     # [n]: begin of the chunk that visited i
    int64_t* visits       # [n]
    int nested


cdef void _log_chunk(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef ChunkLog* log = <ChunkLog*>ctx
    cdef ChunkLog inner
    cdef Py_ssize_t i
    if log.nested:
        inner.begin_at, inner.visits, inner.nested = log.begin_at + begin, log.visits + begin, 0
        parallel.parallel_for(_log_chunk, &inner, end - begin, 1)
        return
    for i in range(begin, end):
        log.begin_at[i] = begin
        log.visits[i] += 1


def log_chunks(int64_t[::1] begin_at, int64_t[::1] visits, Py_ssize_t grain, bint nested=False):
    """Run parallel_for over the arrays: who visited what, how often."""
    cdef ChunkLog log
    cdef Py_ssize_t n = begin_at.shape[0]
    assert visits.shape[0] == n
    if n:
        log.begin_at, log.visits, log.nested = &begin_at[0], &visits[0], nested
    with nogil:
        parallel.parallel_for(_log_chunk, &log, n, grain)


def chunk_length(Py_ssize_t n, Py_ssize_t grain):
    return parallel.chunk_length(n, grain), parallel.chunk_count(n, grain)


def scratch_address(int slot, Py_ssize_t nbytes):
    """Address of scratch memory after filling it, to show that it can be written."""
    cdef char* block = <char*>parallel.scratch(<parallel.ScratchSlot>slot, nbytes)
    cdef Py_ssize_t i
    for i in range(nbytes):
        block[i] = 1
    return <size_t>block


# ---- gemm ----

def gemm(floating[:, :] c, floating[:, :] a, floating[:, :] b, double alpha=1, double beta=0):
    """c := alpha * a.b + beta * c; a and b of any strides, rows of c contiguous."""
    cdef Py_ssize_t item = sizeof(floating)
    cdef Py_ssize_t m = c.shape[0], n = c.shape[1], k = a.shape[1]
    assert a.shape[0] == m and b.shape[0] == k and b.shape[1] == n and c.strides[1] == item
    with nogil:
        _gemm.gemm(<floating*>c._data, c.strides[0] // item,
                   <const floating*>a._data, a.strides[0] // item, a.strides[1] // item,
                   <const floating*>b._data, b.strides[0] // item, b.strides[1] // item,
                   m, n, k, <floating>alpha, <floating>beta)


# ---- convolution ----

cdef ConvShape conv_shape(dict shape, str layout):
    """`shape` has the fields of ConvShape without layouts; layout is 'xyw' letters, upper case
    for channels last."""
    cdef ConvShape s
    s.batch = shape["batch"]
    s.in_channels, s.in_height, s.in_width = shape["in"]
    s.out_channels, s.out_height, s.out_width = shape["out"]
    s.kernel_height, s.kernel_width = shape["kernel"]
    s.stride_h, s.stride_w = shape["stride"]
    s.padding_h, s.padding_w = shape["padding"]
    s.dilation_h, s.dilation_w = shape["dilation"]
    s.groups = shape["groups"]
    s.x_channels_last, s.y_channels_last, s.w_channels_last = [c.isupper() for c in layout]
    return s


def conv_out_size(Py_ssize_t size, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t padding,
                  Py_ssize_t dilation):
    return _conv.conv_out_size(size, kernel, stride, padding, dilation)


# The arrays below are flat views of memory in the layout that `layout` says.  `algorithm` is a
# name of ALGORITHMS, or None: as the routing says.

ALGORITHMS = {"depthwise": _conv.DEPTHWISE, "few": _conv.FEW_CHANNELS, "skinny": _conv.SKINNY,
              "winograd2": _conv.WINOGRAD_2, "winograd4": _conv.WINOGRAD_4,
              "direct": _conv.DIRECT}


def conv2d_route(dict shape, str direction, bint wide=False):
    """The name of the algorithm that is chosen."""
    cdef ConvShape s = conv_shape(shape, "XYW")
    if direction == "forward":
        chosen = _conv.route_forward(&s, wide)
    elif direction == "input":
        chosen = _conv.route_backward_input(&s, wide)
    else:
        chosen = _conv.route_backward_weight(&s, wide)
    return {value: name for name, value in ALGORITHMS.items()}[chosen]


def conv2d_forward(floating[::1] y, floating[::1] x, floating[::1] w, floating[::1] bias,
                   dict shape, str layout, algorithm=None, floating[::1] scale=None,
                   floating[::1] residual=None, bint relu=False, bint pack=False):
    """With `pack` the packed weights are made before, as if they had been kept."""
    cdef ConvShape s = conv_shape(shape, layout)
    cdef void* packed = NULL
    cdef mt_epilogue after
    cdef _conv.Algorithm way
    after.scale, after.offset, after.relu = pointer_or_null(scale), pointer_or_null(bias), relu
    after.residual = 0 if residual is None else residual._data - y._data
    way = _conv.route_forward(&s, floating is double) if algorithm is None \
        else ALGORITHMS[algorithm]
    if pack:
        packed = malloc(_conv.packed_bytes(&s, way, floating is double, False))
        _conv.pack_weights(<floating*>packed, <const floating*>w._data, &s, way, False)
    with nogil:
        _conv.conv2d_forward(<floating*>y._data, <floating*>x._data, <floating*>w._data, packed,
                             &after, &s, way)
    free(packed)


def conv2d_backward_input(floating[::1] dx, floating[::1] dy, floating[::1] w,
                          dict shape, str layout, algorithm=None):
    cdef ConvShape s = conv_shape(shape, layout)
    cdef _conv.Algorithm way = ALGORITHMS[algorithm] if algorithm is not None \
        else _conv.route_backward_input(&s, floating is double)
    with nogil:
        _conv.conv2d_backward_input(<floating*>dx._data, <floating*>dy._data,
                                    <floating*>w._data, NULL, &s, way)


def conv2d_backward_weight(floating[::1] dw, floating[::1] dy, floating[::1] x,
                           dict shape, str layout, algorithm=None):
    cdef ConvShape s = conv_shape(shape, layout)
    cdef _conv.Algorithm way = ALGORITHMS[algorithm] if algorithm is not None \
        else _conv.route_backward_weight(&s, floating is double)
    with nogil:
        _conv.conv2d_backward_weight(<floating*>dw._data, <floating*>dy._data,
                                     <floating*>x._data, &s, way)


def conv2d_backward_bias(floating[::1] db, floating[::1] dy, dict shape, str layout):
    cdef ConvShape s = conv_shape(shape, layout)
    with nogil:
        _conv.conv2d_backward_bias(<floating*>db._data, <floating*>dy._data, &s)


def conv2d_naive(double[::1] y, double[::1] dx, double[::1] dw, floating[::1] x, floating[::1] w,
                 floating[::1] dy, dict shape, str layout):
    cdef ConvShape s = conv_shape(shape, layout)
    with nogil:
        _naive.conv2d_naive(<double*>y._data, <double*>dx._data, <double*>dw._data,
                            <floating*>x._data, <floating*>w._data, <floating*>dy._data, &s)


# ---- im2col and layouts ----

def im2col_nhwc(floating[:, ::1] rows, floating[::1] x, dict shape, Py_ssize_t group,
                Py_ssize_t first_column, Py_ssize_t last_column, Py_ssize_t first,
                Py_ssize_t last):
    cdef ConvShape s = conv_shape(shape, "XYW")
    _im2col.im2col_nhwc(<floating*>rows._data, rows.shape[1], <floating*>x._data, &s, group,
                        first_column, last_column, first, last)


def col2im_nhwc(floating[::1] dx, floating[:, ::1] rows, dict shape, Py_ssize_t group):
    cdef ConvShape s = conv_shape(shape, "XYW")
    _im2col.col2im_nhwc(<floating*>dx._data, <floating*>rows._data, rows.shape[1], &s, group)


def im2col_nchw(floating[::1] columns, floating[::1] x, dict shape, Py_ssize_t group):
    cdef ConvShape s = conv_shape(shape, "xyw")
    _im2col.im2col_nchw(<floating*>columns._data, <floating*>x._data, &s, group)


def col2im_nchw(floating[::1] dx, floating[::1] columns, dict shape, Py_ssize_t group):
    cdef ConvShape s = conv_shape(shape, "xyw")
    _im2col.col2im_nchw(<floating*>dx._data, <floating*>columns._data, &s, group)


def transpose_batch(floating[:, :, ::1] dst, floating[:, :, ::1] src):
    with nogil:
        _im2col.transpose_batch(<floating*>dst._data, <floating*>src._data,
                                src.shape[0], src.shape[1], src.shape[2])


# ---- pooling; arrays are flat memory in the layout that channels_last says ----

cdef PoolShape pool_shape(dict shape, bint channels_last):
    cdef PoolShape s
    s.batch, s.channels = shape["batch"], shape["channels"]
    s.in_height, s.in_width = shape["in"]
    s.out_height, s.out_width = shape["out"]
    s.kernel_height, s.kernel_width = shape["kernel"]
    s.stride_h, s.stride_w = shape["stride"]
    s.padding_h, s.padding_w = shape["padding"]
    s.dilation_h, s.dilation_w = shape["dilation"]
    s.adaptive, s.channels_last = False, channels_last
    return s


def max_pool2d(floating[::1] y, int64_t[::1] indices, floating[::1] x, dict shape,
               bint channels_last):
    cdef PoolShape s = pool_shape(shape, channels_last)
    cdef int64_t* places = NULL if indices is None else <int64_t*>indices._data
    with nogil:
        _pooling.max_pool2d(<floating*>y._data, places, <floating*>x._data, &s)


def max_pool2d_backward(floating[::1] dx, floating[::1] dy, int64_t[::1] indices, dict shape,
                        bint channels_last):
    cdef PoolShape s = pool_shape(shape, channels_last)
    with nogil:
        _pooling.max_pool2d_backward(<floating*>dx._data, <floating*>dy._data,
                                     <int64_t*>indices._data, &s)


def avg_pool2d(floating[::1] y, floating[::1] x, dict shape, bint channels_last,
               bint count_include_pad, Py_ssize_t divisor_override):
    cdef PoolShape s = pool_shape(shape, channels_last)
    with nogil:
        _pooling.avg_pool2d(<floating*>y._data, <floating*>x._data, &s, count_include_pad,
                            divisor_override)


def avg_pool2d_backward(floating[::1] dx, floating[::1] dy, dict shape, bint channels_last,
                        bint count_include_pad, Py_ssize_t divisor_override):
    cdef PoolShape s = pool_shape(shape, channels_last)
    with nogil:
        _pooling.avg_pool2d_backward(<floating*>dx._data, <floating*>dy._data, &s,
                                     count_include_pad, divisor_override)


def adaptive_avg_pool2d(floating[::1] y, floating[::1] x, dict shape, bint channels_last):
    cdef PoolShape s = pool_shape(shape, channels_last)
    with nogil:
        _pooling.adaptive_avg_pool2d(<floating*>y._data, <floating*>x._data, &s)


def adaptive_avg_pool2d_backward(floating[::1] dx, floating[::1] dy, dict shape,
                                 bint channels_last):
    cdef PoolShape s = pool_shape(shape, channels_last)
    with nogil:
        _pooling.adaptive_avg_pool2d_backward(<floating*>dx._data, <floating*>dy._data, &s)


# ---- normalisation; x is (batch, channels, pixels) or (batch, pixels, channels) ----

cdef NormShape norm_shape(tuple sizes, bint channels_last):
    cdef NormShape s
    s.batch = sizes[0]
    s.channels, s.pixels = (sizes[2], sizes[1]) if channels_last else (sizes[1], sizes[2])
    s.channels_last = channels_last
    return s


def batch_norm_stats(floating[::1] mean, floating[::1] invstd, floating[::1] running_mean,
                     floating[::1] running_var, floating[:, :, ::1] x, bint channels_last,
                     double momentum, double eps):
    cdef NormShape s = norm_shape((x.shape[0], x.shape[1], x.shape[2]), channels_last)
    cdef floating* rm = pointer_or_null(running_mean)
    cdef floating* rv = pointer_or_null(running_var)
    with nogil:
        _norm.batch_norm_stats(<floating*>mean._data, <floating*>invstd._data, rm, rv,
                               <floating*>x._data, &s, momentum, eps)


def inverse_std(floating[::1] invstd, floating[::1] var, double eps):
    _norm.inverse_std(<floating*>invstd._data, <floating*>var._data, var.shape[0], eps)


def batch_norm_coefficients(floating[::1] scale, floating[::1] offset, floating[::1] mean,
                            floating[::1] invstd, floating[::1] weight, floating[::1] bias):
    cdef floating* w = pointer_or_null(weight)
    cdef floating* b = pointer_or_null(bias)
    _norm.batch_norm_coefficients(<floating*>scale._data, <floating*>offset._data,
                                  <floating*>mean._data, <floating*>invstd._data, w, b,
                                  mean.shape[0])


cdef floating* image_or_null(floating[:, :, ::1] image):
    return NULL if image is None else <floating*>image._data


def affine_act(floating[:, :, ::1] y, floating[:, :, ::1] x, floating[::1] scale,
               floating[::1] offset, floating[:, :, ::1] residual, bint relu,
               bint channels_last):
    cdef NormShape s = norm_shape((x.shape[0], x.shape[1], x.shape[2]), channels_last)
    cdef floating* r = image_or_null(residual)
    with nogil:
        _norm.affine_act(<floating*>y._data, <floating*>x._data, <floating*>scale._data,
                         <floating*>offset._data, r, relu, &s)


cdef NormRelu norm_relu(floating[:, :, ::1] result, floating[::1] scale, floating[::1] offset):
    cdef NormRelu relu
    relu.result, relu.scale, relu.offset = (image_or_null(result), pointer_or_null(scale),
                                            pointer_or_null(offset))
    return relu


def batch_norm_sums(double[::1] sums, floating[:, :, ::1] masked, floating[:, :, ::1] dy,
                    floating[:, :, ::1] x, floating[::1] mean, floating[:, :, ::1] result,
                    floating[::1] scale, floating[::1] offset, bint channels_last):
    cdef NormShape s = norm_shape((x.shape[0], x.shape[1], x.shape[2]), channels_last)
    cdef NormRelu relu = norm_relu(result, scale, offset)
    cdef NormRelu* given = NULL if result is None and scale is None else &relu
    cdef floating* m = image_or_null(masked)
    with nogil:
        _norm.batch_norm_sums(<double*>sums._data, m, <floating*>dy._data, <floating*>x._data,
                              <floating*>mean._data, given, &s)


def batch_norm_backward(floating[:, :, ::1] dx, floating[::1] dweight, floating[::1] dbias,
                        floating[:, :, ::1] dy, floating[:, :, ::1] x, floating[::1] mean,
                        floating[::1] invstd, floating[::1] weight, bint channels_last,
                        bint training, floating[:, :, ::1] result=None,
                        floating[::1] scale=None, floating[::1] offset=None,
                        double[::1] sums=None):
    cdef NormShape s = norm_shape((x.shape[0], x.shape[1], x.shape[2]), channels_last)
    cdef floating* gradient = image_or_null(dx)
    cdef floating* dw = pointer_or_null(dweight)
    cdef floating* db = pointer_or_null(dbias)
    cdef floating* w = pointer_or_null(weight)
    cdef double* known = NULL if sums is None else <double*>sums._data
    cdef NormRelu relu = norm_relu(result, scale, offset)
    cdef NormRelu* given = NULL if result is None and scale is None else &relu
    with nogil:
        _norm.batch_norm_backward(gradient, dw, db, <floating*>dy._data, <floating*>x._data,
                                  <floating*>mean._data, <floating*>invstd._data, w, given,
                                  known, &s, training)


# ---- softmax and loss ----

def softmax(floating[:, :, ::1] y, floating[:, :, ::1] x, bint logarithm):
    with nogil:
        if logarithm:
            _softmax.log_softmax(<floating*>y._data, <floating*>x._data,
                                 x.shape[0], x.shape[1], x.shape[2])
        else:
            _softmax.softmax(<floating*>y._data, <floating*>x._data,
                             x.shape[0], x.shape[1], x.shape[2])


def softmax_backward(floating[:, :, ::1] dx, floating[:, :, ::1] dy, floating[:, :, ::1] y,
                     bint logarithm):
    with nogil:
        if logarithm:
            _softmax.log_softmax_backward(<floating*>dx._data, <floating*>dy._data,
                                          <floating*>y._data,
                                          y.shape[0], y.shape[1], y.shape[2])
        else:
            _softmax.softmax_backward(<floating*>dx._data, <floating*>dy._data,
                                      <floating*>y._data, y.shape[0], y.shape[1], y.shape[2])


def first_bad_target(int64_t[::1] target, Py_ssize_t classes, int64_t ignore_index):
    return _softmax.first_bad_target(<int64_t*>target._data, target.shape[0], classes,
                                     ignore_index)


def nll_loss(floating[::1] loss, floating[::1] total_weight, floating[:, :, ::1] logp,
             int64_t[:, ::1] target, floating[::1] weight, int64_t ignore_index, int reduction):
    _softmax.nll_loss(<floating*>loss._data, <floating*>total_weight._data,
                      <floating*>logp._data, <int64_t*>target._data, pointer_or_null(weight),
                      logp.shape[0], logp.shape[1], logp.shape[2], ignore_index,
                      <_softmax.Reduction>reduction)


def nll_loss_backward(floating[:, :, ::1] dlogp, floating[::1] dloss, int64_t[:, ::1] target,
                      floating[::1] weight, floating[::1] total_weight, int64_t ignore_index,
                      int reduction):
    _softmax.nll_loss_backward(<floating*>dlogp._data, <floating*>dloss._data,
                               <int64_t*>target._data, pointer_or_null(weight),
                               <floating*>total_weight._data, dlogp.shape[0], dlogp.shape[1],
                               dlogp.shape[2], ignore_index, <_softmax.Reduction>reduction)


# ---- sgd ----

def sgd_step(floating[::1] param, floating[::1] buffer, floating[::1] grad, dict options,
             bint first):
    cdef _sgd.SgdOptions o = options
    cdef floating* b = pointer_or_null(buffer)
    with nogil:
        _sgd.sgd_step(<floating*>param._data, b, <floating*>grad._data, param.shape[0], &o,
                      first)
