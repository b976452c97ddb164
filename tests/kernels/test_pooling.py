"""Pooling kernels against slow window-by-window numpy, in both layouts."""

import itertools

import numpy as np
import pytest

from minitorch._kernels import _testing_nn as kernels
from minitorch._kernels import parallel

DTYPES = [np.float32, np.float64]
RTOL = {np.float32: 1e-6, np.float64: 1e-14}


def pair(value):
    return (value, value) if isinstance(value, int) else value


def shape_of(batch, channels, size, out, kernel=1, stride=1, padding=0, dilation=1):
    return {"batch": batch, "channels": channels, "in": pair(size), "out": pair(out),
            "kernel": pair(kernel), "stride": pair(stride), "padding": pair(padding),
            "dilation": pair(dilation)}


SHAPES = {
    "3x3 stride 2": shape_of(2, 70, 9, 5, 3, 2, 1),
    "2x2": shape_of(3, 5, (6, 8), (3, 4), 2, 2),
    "overlap": shape_of(1, 17, 7, 5, 3),
    "ceil": shape_of(1, 16, 5, 3, 2, 2),
    "oblong": shape_of(2, 3, (7, 11), (4, 4), (3, 2), (2, 3), (1, 1)),
    "all": shape_of(2, 33, 4, 1, 4),
    "empty batch": shape_of(0, 4, 4, 2, 2, 2),
}
DILATED = {"dilated": shape_of(2, 20, 9, 5, 3, 1, 0, 2),
           "dilated padded": shape_of(1, 4, (8, 9), (3, 5), 3, (3, 2), (1, 1), (2, 2))}
ADAPTIVE = {"global": shape_of(2, 70, (5, 7), 1), "even": shape_of(1, 4, 8, 4),
            "uneven": shape_of(2, 17, (7, 10), (3, 4)), "enlarging": shape_of(1, 3, 3, 5)}


def memory(array, channels_last):
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1) if channels_last else array).ravel()


def logical(flat, n, c, size, channels_last):
    if channels_last:
        return flat.reshape(n, *size, c).transpose(0, 3, 1, 2)
    return flat.reshape(n, c, *size)


def problem(shape, dtype):
    rng = np.random.default_rng(3)
    outer = (shape["batch"], shape["channels"])
    return (rng.standard_normal(outer + shape["in"]).astype(dtype),
            rng.standard_normal(outer + shape["out"]).astype(dtype))


def positions(shape, axis, index):
    """Rows (or columns) of window `index`, those in the padding left out."""
    start = index * shape["stride"][axis] - shape["padding"][axis]
    rows = start + np.arange(shape["kernel"][axis]) * shape["dilation"][axis]
    return rows[(rows >= 0) & (rows < shape["in"][axis])]


def max_reference(x, shape):
    y = np.full(x.shape[:2] + shape["out"], -np.inf)
    places = np.zeros(y.shape, np.int64)
    for n, c, i, j in np.ndindex(*y.shape):
        best = -np.inf
        for h, w in itertools.product(positions(shape, 0, i), positions(shape, 1, j)):
            if places[n, c, i, j] == 0 and best == -np.inf:
                places[n, c, i, j] = h * shape["in"][1] + w
            if x[n, c, h, w] > best or np.isnan(x[n, c, h, w]):
                best = x[n, c, h, w]
                places[n, c, i, j] = h * shape["in"][1] + w
        y[n, c, i, j] = best
    return y, places


def average_matrix(shape, count_include_pad=True, divisor_override=0, adaptive=False):
    """The pooling of one plane as a matrix (out pixels, in pixels)."""
    (height, width), out = shape["in"], shape["out"]
    matrix = np.zeros((*out, height, width))
    for i, j in np.ndindex(*out):
        if adaptive:
            rows = slice(i * height // out[0], -(-(i + 1) * height // out[0]))
            cols = slice(j * width // out[1], -(-(j + 1) * width // out[1]))
            divisor = (rows.stop - rows.start) * (cols.stop - cols.start)
        else:
            begin = [index * s - p for index, s, p in
                     zip((i, j), shape["stride"], shape["padding"], strict=True)]
            end = [min(b + k, size + p) for b, k, size, p in
                   zip(begin, shape["kernel"], shape["in"], shape["padding"], strict=True)]
            rows, cols = slice(max(begin[0], 0), min(end[0], height)), slice(
                max(begin[1], 0), min(end[1], width))
            divisor = (end[0] - begin[0]) * (end[1] - begin[1])
            if not count_include_pad:
                divisor = (rows.stop - rows.start) * (cols.stop - cols.start)
            divisor = divisor_override or divisor
        matrix[i, j, rows, cols] = 1 / divisor
    return matrix.reshape(out[0] * out[1], height * width)


def check_linear(forward, backward, matrix, shape, dtype, channels_last):
    """forward is the matrix on each plane, backward its transpose."""
    x, dy = problem(shape, dtype)
    n, c = x.shape[:2]
    y, dx = np.full(dy.size, np.nan, dtype), np.full(x.size, np.nan, dtype)
    forward(y, memory(x, channels_last))
    backward(dx, memory(dy, channels_last))
    planes, gradients = (a.reshape(n, c, a.shape[2] * a.shape[3]).astype(np.float64)
                         for a in (x, dy))
    wanted_y = (planes @ matrix.T).reshape(dy.shape)
    wanted_dx = (gradients @ matrix).reshape(x.shape)
    np.testing.assert_allclose(logical(y, n, c, shape["out"], channels_last), wanted_y,
                               rtol=RTOL[dtype], atol=RTOL[dtype])
    np.testing.assert_allclose(logical(dx, n, c, shape["in"], channels_last), wanted_dx,
                               rtol=RTOL[dtype], atol=RTOL[dtype])


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*SHAPES, *DILATED])
def test_max_pool2d_and_backward(isa, name, dtype, channels_last):
    shape = {**SHAPES, **DILATED}[name]
    x, dy = problem(shape, dtype)
    x = np.round(x, 1)                      # ties
    n, c = x.shape[:2]
    y, places = np.full(dy.size, np.nan, dtype), np.full(dy.size, -1)
    kernels.max_pool2d(y, places, memory(x, channels_last), shape, channels_last)
    wanted, wanted_places = max_reference(x, shape)
    np.testing.assert_array_equal(logical(y, n, c, shape["out"], channels_last), wanted)
    np.testing.assert_array_equal(logical(places, n, c, shape["out"], channels_last),
                                  wanted_places)
    dx = np.full(x.size, np.nan, dtype)
    kernels.max_pool2d_backward(dx, memory(dy, channels_last), places, shape, channels_last)
    wanted_dx = np.zeros((n, c, shape["in"][0] * shape["in"][1]))
    for a, b in np.ndindex(n, c):
        np.add.at(wanted_dx[a, b], wanted_places[a, b].ravel(), dy[a, b].ravel())
    np.testing.assert_allclose(logical(dx, n, c, shape["in"], channels_last),
                               wanted_dx.reshape(x.shape), rtol=RTOL[dtype], atol=RTOL[dtype])


@pytest.mark.parametrize("channels_last", [False, True])
def test_max_pool2d_nan_wins_the_last_of_them(isa, channels_last):
    shape = shape_of(1, 40, 4, 2, 2, 2)
    x = np.zeros((1, 40, 4, 4), np.float32)
    x[0, :, 0, 0] = x[0, :, 1, 0] = np.nan
    x[0, :, 1, 1] = np.inf
    x[0, :, 2:, 2:] = -np.inf
    y, places = np.empty(160, np.float32), np.empty(160, np.int64)
    kernels.max_pool2d(y, places, memory(x, channels_last), shape, channels_last)
    y = logical(y, 1, 40, (2, 2), channels_last)
    places = logical(places, 1, 40, (2, 2), channels_last)
    assert np.isnan(y[0, :, 0, 0]).all() and (places[0, :, 0, 0] == 4).all()
    assert (y[0, :, 1, 1] == -np.inf).all() and (places[0, :, 1, 1] == 10).all()


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("name", [*SHAPES, *DILATED])
def test_max_pool2d_of_scattered_nans_ties_and_infinities(isa, name, channels_last):
    shape = {**SHAPES, **DILATED}[name]
    x, dy = problem(shape, np.float32)
    x = np.round(x)
    kinds = np.random.default_rng(4).random(x.shape)
    x[kinds < 0.2], x[kinds > 0.9] = np.nan, -np.inf
    y, places = np.empty(dy.size, np.float32), np.empty(dy.size, np.int64)
    kernels.max_pool2d(y, places, memory(x, channels_last), shape, channels_last)
    for found, wanted in zip((y, places), max_reference(x, shape), strict=True):
        found = logical(found, *x.shape[:2], shape["out"], channels_last)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("channels_last", [False, True])
def test_max_pool2d_without_indices(isa, channels_last):
    shape = SHAPES["3x3 stride 2"]
    x, dy = problem(shape, np.float32)
    y = np.empty(dy.size, np.float32)
    kernels.max_pool2d(y, None, memory(x, channels_last), shape, channels_last)
    np.testing.assert_array_equal(logical(y, 2, 70, (5, 5), channels_last),
                                  max_reference(x, shape)[0])


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("include, override", [(True, 0), (False, 0), (True, 5), (False, 5)])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SHAPES)
def test_avg_pool2d_and_backward(name, dtype, include, override, channels_last):
    shape = SHAPES[name]
    options = (shape, channels_last, include, override)
    check_linear(lambda y, x: kernels.avg_pool2d(y, x, *options),
                 lambda dx, dy: kernels.avg_pool2d_backward(dx, dy, *options),
                 average_matrix(shape, include, override), shape, dtype, channels_last)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ADAPTIVE)
def test_adaptive_avg_pool2d_and_backward(name, dtype, channels_last):
    shape = ADAPTIVE[name]
    check_linear(lambda y, x: kernels.adaptive_avg_pool2d(y, x, shape, channels_last),
                 lambda dx, dy: kernels.adaptive_avg_pool2d_backward(dx, dy, shape,
                                                                     channels_last),
                 average_matrix(shape, adaptive=True), shape, dtype, channels_last)


@pytest.mark.parametrize("channels_last", [False, True])
def test_max_pool2d_backward_same_bits_for_any_thread_count(channels_last):
    shape = shape_of(2, 130, 30, 28, 3)
    x, dy = problem(shape, np.float32)
    y, places = np.empty(dy.size, np.float32), np.empty(dy.size, np.int64)
    kernels.max_pool2d(y, places, memory(x, channels_last), shape, channels_last)
    before = parallel.get_num_threads()
    results = []
    for threads in (1, 4):
        parallel.set_num_threads(threads)
        dx = np.empty(x.size, np.float32)
        kernels.max_pool2d_backward(dx, memory(dy, channels_last), places, shape, channels_last)
        results.append(dx)
    parallel.set_num_threads(before)
    np.testing.assert_array_equal(*results)
