"""Convolution and its gradients against the definition, on every instruction set, in every
combination of memory layouts."""

import itertools

import numpy as np
import pytest

from minitorch._kernels import _testing_nn as kernels
from minitorch._kernels import parallel

# Largest error over the largest value.
RTOL = {np.float32: 4e-6, np.float64: 1e-14}


def pair(value):
    return (value, value) if isinstance(value, int) else value


def shape_of(batch, channels, size, kernel, stride=1, padding=0, dilation=1, groups=1):
    size, kernel, stride = pair(size), pair(kernel), pair(stride)
    padding, dilation = pair(padding), pair(dilation)
    out = [kernels.conv_out_size(size[d], kernel[d], stride[d], padding[d], dilation[d])
           for d in (0, 1)]
    return {"batch": batch, "in": (channels[0], *size), "out": (channels[1], *out),
            "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation,
            "groups": groups}


SHAPES = {
    "3x3": shape_of(2, (5, 7), (9, 8), 3, padding=1),
    "3x3 wide": shape_of(1, (33, 70), (6, 7), 3, padding=1),
    "3x3 stride 2": shape_of(2, (16, 40), (9, 10), 3, 2, 1),
    "1x1": shape_of(3, (40, 33), (5, 5), 1),
    "1x1 stride 2": shape_of(2, (40, 33), (7, 6), 1, 2),
    "7x7 stride 2 from 3": shape_of(1, (3, 64), (30, 31), 7, 2, 3),
    "no overlap": shape_of(1, (9, 4), (8, 9), 2, 3),
    "oblong": shape_of(2, (4, 6), (11, 9), (3, 2), (2, 3), (2, 1), (2, 1)),
    "dilated": shape_of(1, (8, 8), (12, 12), 3, 1, 2, 2),
    "dilated strided": shape_of(1, (8, 9), (13, 12), 3, 2, 2, 3),
    "padding beyond kernel": shape_of(1, (3, 4), (4, 4), 2, 1, 3),
    "groups": shape_of(2, (6, 8), (7, 7), 3, 1, 1, groups=2),
    "groups wide": shape_of(1, (72, 36), (5, 5), 3, 2, 1, groups=2),
    "depthwise": shape_of(2, (37, 37), (8, 9), 3, 1, 1, groups=37),
    "depthwise strided": shape_of(1, (16, 16), (9, 9), 3, 2, 1, groups=16),
    "depthwise times 2": shape_of(1, (5, 10), (6, 6), 3, 1, 1, groups=5),
    "one channel": shape_of(2, (1, 1), (5, 6), 3, 1, 1),
    "one pixel out": shape_of(2, (13, 21), (4, 4), 4),
    "many pixels": shape_of(3, (4, 16), (40, 41), 3, 1, 1),
    "long kernel": shape_of(1, (600, 5), (3, 3), 3, 1, 1),
    "empty batch": shape_of(0, (4, 5), (6, 6), 3),
}


def memory(array, channels_last):
    """The flat memory of a 4-D array in one of the two layouts."""
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1) if channels_last else array).ravel()


def logical(flat, sizes, channels_last):
    if not channels_last:
        return flat.reshape(sizes)
    n, c, h, w = sizes
    return flat.reshape(n, h, w, c).transpose(0, 3, 1, 2)


def sizes_of(shape):
    x = (shape["batch"], *shape["in"])
    y = (shape["batch"], *shape["out"])
    w = (shape["out"][0], shape["in"][0] // shape["groups"], *shape["kernel"])
    return x, y, w


def random_problem(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(sizes).astype(dtype) for sizes in sizes_of(shape)]


def reference(shape, x, dy, w):
    """y, dx, dw from the definition, in float64 and logical order."""
    y, dx, dw = np.zeros(dy.shape), np.zeros(x.shape), np.zeros(w.shape)
    kernels.conv2d_naive(y.ravel(), dx.ravel(), dw.ravel(), x.ravel(), w.ravel(), dy.ravel(),
                         shape, "xyw")
    return y, dx, dw


def assert_near(found, wanted, dtype):
    assert found.shape == wanted.shape
    if wanted.size:
        assert np.abs(found - wanted).max() <= RTOL[dtype] * (np.abs(wanted).max() + 1)


def run(shape, layout, x, dy, w, bias):
    """Our y, dx, dw, db in logical order; outputs start as NaN, so nothing may be left out."""
    sizes = sizes_of(shape)
    last = [letter.isupper() for letter in layout]
    flat_x, flat_dy, flat_w = (memory(a, last[i]) for i, a in enumerate((x, dy, w)))
    y, dx, dw = (np.full_like(a, np.nan) for a in (flat_dy, flat_x, flat_w))
    db = np.full(shape["out"][0], np.nan, x.dtype)
    kernels.conv2d_forward(y, flat_x, flat_w, bias, shape, layout)
    kernels.conv2d_backward_input(dx, flat_dy, flat_w, shape, layout)
    kernels.conv2d_backward_weight(dw, flat_dy, flat_x, shape, layout)
    kernels.conv2d_backward_bias(db, flat_dy, shape, layout)
    return (logical(y, sizes[1], last[1]), logical(dx, sizes[0], last[0]),
            logical(dw, sizes[2], last[2]), db)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SHAPES)
def test_conv2d_and_gradients_in_all_layouts(isa, name, dtype):
    shape = SHAPES[name]
    x, dy, w = random_problem(shape, dtype)
    bias = np.random.default_rng(1).standard_normal(shape["out"][0]).astype(dtype)
    y, dx, dw = reference(shape, x, dy, w)
    for letters in itertools.product("xX", "yY", "wW"):
        found = run(shape, "".join(letters), x, dy, w, bias)
        assert_near(found[0], y + bias[:, None, None], dtype)
        assert_near(found[1], dx, dtype)
        assert_near(found[2], dw, dtype)
        assert_near(found[3], dy.astype(np.float64).sum((0, 2, 3)), dtype)


def test_conv2d_naive_is_the_adjoint_of_itself():
    """The oracle's three parts belong together: <y, dy> = <x, dx> = <w, dw>."""
    shape = SHAPES["oblong"]
    x, dy, w = random_problem(shape, np.float64)
    y, dx, dw = reference(shape, x, dy, w)
    np.testing.assert_allclose([(x * dx).sum(), (w * dw).sum()], (y * dy).sum(), rtol=1e-12)


def test_conv2d_naive_on_a_worked_example():
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    w = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    shape = shape_of(1, (1, 1), 3, 2)
    y, _, _ = reference(shape, x, np.ones((1, 1, 2, 2)), w)
    np.testing.assert_array_equal(y[0, 0], [[27, 37], [57, 67]])


def test_conv2d_forward_without_bias(isa):
    shape = SHAPES["3x3"]
    x, dy, w = random_problem(shape, np.float32)
    found = run(shape, "XYW", x, dy, w, None)
    assert_near(found[0], reference(shape, x, dy, w)[0], np.float32)


@pytest.mark.parametrize("name", ["3x3 wide", "3x3 stride 2", "7x7 stride 2 from 3", "many pixels",
                                  "groups", "depthwise"])
def test_conv2d_same_bits_for_any_thread_count(isa, name):
    shape = SHAPES[name]
    x, dy, w = random_problem(shape, np.float32)
    before = parallel.get_num_threads()
    results = []
    for threads in (1, 2, 5):
        parallel.set_num_threads(threads)
        results.append(run(shape, "XYW", x, dy, w, None))
    parallel.set_num_threads(before)
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("layout", ["xyw", "XYW"])
def test_conv2d_nan_reaches_what_sees_it_and_nothing_else(isa, layout):
    shape = SHAPES["3x3 wide"]
    x, dy, w = random_problem(shape, np.float32)
    x[0, 3, 2, 2] = np.nan
    y, _, dw, _ = run(shape, layout, x, dy, w, None)
    expected = np.zeros(y.shape, bool)
    expected[0, :, 1:4, 1:4] = True
    np.testing.assert_array_equal(np.isnan(y), expected)
    assert np.isnan(dw[:, 3]).any() and not np.isnan(dw[:, 4:]).any()


@pytest.mark.parametrize("name", ["3x3", "oblong", "dilated strided", "groups", "one channel"])
def test_im2col_times_weights_is_convolution(name):
    shape = SHAPES[name]
    x, dy, w = random_problem(shape, np.float64)
    y, dx, _ = reference(shape, x, dy, w)
    groups, batch = shape["groups"], shape["batch"]
    per_in, per_out = w.shape[1], w.shape[0] // groups
    pixels = dy.shape[2] * dy.shape[3]
    taps = w.shape[2] * w.shape[3]
    for group in range(groups):
        part = slice(group * per_out, (group + 1) * per_out)
        w_nhwc = w[part].transpose(0, 2, 3, 1).reshape(per_out, -1)
        rows = np.full((batch * pixels, per_in * taps), np.nan)
        kernels.im2col_nhwc(rows, memory(x, True), shape, group, 0, rows.shape[1], 0, len(rows))
        found = (rows @ w_nhwc.T).reshape(batch, *dy.shape[2:], per_out).transpose(0, 3, 1, 2)
        np.testing.assert_allclose(found, y[:, part], rtol=1e-12, atol=1e-12)
        part_rows = np.full((5, 4), np.nan)
        kernels.im2col_nhwc(part_rows, memory(x, True), shape, group, 3, 7, 2, 7)
        np.testing.assert_array_equal(part_rows, rows[2:7, 3:7])
        columns = np.full((per_in * taps, pixels), np.nan)
        kernels.im2col_nchw(columns.ravel(), x[0].ravel(), shape, group)
        np.testing.assert_allclose((w[part].reshape(per_out, -1) @ columns).ravel(),
                                   y[0, part].ravel(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["3x3", "oblong", "dilated strided", "groups"])
def test_col2im_of_weighted_gradient_is_input_gradient(name):
    shape = SHAPES[name]
    x, dy, w = random_problem(shape, np.float64)
    _, dx, _ = reference(shape, x, dy, w)
    per_out = w.shape[0] // shape["groups"]
    nhwc, nchw = np.zeros(x[0].size), np.zeros(x[0].size)
    for group in range(shape["groups"]):
        part = slice(group * per_out, (group + 1) * per_out)
        gradient = dy[0, part].reshape(per_out, -1)
        w_nhwc = w[part].transpose(0, 2, 3, 1).reshape(per_out, -1)
        kernels.col2im_nhwc(nhwc, np.ascontiguousarray(gradient.T @ w_nhwc), shape, group)
        columns = np.ascontiguousarray(w[part].reshape(per_out, -1).T @ gradient)
        kernels.col2im_nchw(nchw, columns.ravel(), shape, group)
    np.testing.assert_allclose(nhwc, memory(dx[:1], True), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(nchw, dx[0].ravel(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sizes", [(1, 3, 50), (2, 64, 64), (3, 17, 130), (1, 1, 9), (2, 5, 0)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transpose_batch(isa, sizes, dtype):
    src = np.random.default_rng(0).standard_normal(sizes).astype(dtype)
    dst = np.full((sizes[0], sizes[2], sizes[1]), np.nan, dtype)
    kernels.transpose_batch(dst, src)
    np.testing.assert_array_equal(dst, src.transpose(0, 2, 1))


def test_conv_out_size_rounds_down_and_is_never_negative():
    assert kernels.conv_out_size(224, 7, 2, 3, 1) == 112
    assert kernels.conv_out_size(5, 2, 2, 0, 1) == 2
    assert kernels.conv_out_size(2, 3, 1, 0, 1) == 0
    assert kernels.conv_out_size(8, 3, 1, 0, 3) == 2
