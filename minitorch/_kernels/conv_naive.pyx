"""Convolution by its definition, in double sums: the oracle that tests hold the kernels to."""

from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating


cdef inline Py_ssize_t at(
    bint channels_last, Py_ssize_t n, Py_ssize_t c, Py_ssize_t h, Py_ssize_t w,
    Py_ssize_t channels, Py_ssize_t height, Py_ssize_t width,
) noexcept nogil:
    """Place of element (n, c, h, w) in a dense array of either layout."""
    if channels_last:
        return ((n * height + h) * width + w) * channels + c
    return ((n * channels + c) * height + h) * width + w


cdef void visit(
    double* y, double* dx, double* dw, const floating* x, const floating* w, const floating* dy,
    const ConvShape* s, Py_ssize_t n, Py_ssize_t o, Py_ssize_t oh, Py_ssize_t ow,
) noexcept nogil:
    """All products that output element (n, o, oh, ow) takes part in."""
    cdef Py_ssize_t per_group = s.in_channels // s.groups
    cdef Py_ssize_t group = o // (s.out_channels // s.groups)
    cdef Py_ssize_t i, kh, kw, ih, iw, at_x, at_w
    cdef Py_ssize_t at_y = at(s.y_channels_last, n, o, oh, ow,
                              s.out_channels, s.out_height, s.out_width)
    for i in range(per_group):
        for kh in range(s.kernel_height):
            for kw in range(s.kernel_width):
                ih = oh * s.stride_h - s.padding_h + kh * s.dilation_h
                iw = ow * s.stride_w - s.padding_w + kw * s.dilation_w
                if ih < 0 or ih >= s.in_height or iw < 0 or iw >= s.in_width:
                    continue
                at_x = at(s.x_channels_last, n, group * per_group + i, ih, iw,
                          s.in_channels, s.in_height, s.in_width)
                at_w = at(s.w_channels_last, o, i, kh, kw,
                          per_group, s.kernel_height, s.kernel_width)
                y[at_y] += <double>x[at_x] * w[at_w]
                dx[at_x] += <double>dy[at_y] * w[at_w]
                dw[at_w] += <double>dy[at_y] * x[at_x]


cdef void conv2d_naive(
    double* y, double* dx, double* dw, const floating* x, const floating* w, const floating* dy,
    const ConvShape* s,
) noexcept nogil:
    """y = x * w, dx and dw its gradients for dy; all three come in as zeros."""
    cdef Py_ssize_t n, o, oh, ow
    for n in range(s.batch):
        for o in range(s.out_channels):
            for oh in range(s.out_height):
                for ow in range(s.out_width):
                    visit(y, dx, dw, x, w, dy, s, n, o, oh, ow)
