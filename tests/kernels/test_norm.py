"""Batch-normalisation kernels against numpy in float64, in both layouts."""

import numpy as np
import pytest

from minitorch._kernels import _testing_nn as kernels
from minitorch._kernels import parallel

RTOL = {np.float32: 3e-6, np.float64: 1e-12}
DTYPES = [np.float32, np.float64]
SIZES = [(2, 3, 5), (4, 17, 49), (1, 64, 3000), (3, 40, 1), (2, 1, 7), (16, 70, 600)]


def problem(sizes, dtype, offset=0.0):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal(sizes) * 2 + offset).astype(dtype)
    c = sizes[1]
    return x, *(rng.standard_normal(c).astype(dtype) for _ in range(2))


def memory(x, channels_last):
    return np.ascontiguousarray(x.transpose(0, 2, 1)) if channels_last else x.copy()


def logical(x, channels_last):
    return x.transpose(0, 2, 1) if channels_last else x


def statistics(x, eps):
    wide = x.astype(np.float64)
    return wide.mean((0, 2)), 1 / np.sqrt(wide.var((0, 2)) + eps)


def near(found, wanted, dtype, scale=1.0):
    assert np.abs(found - wanted).max() <= RTOL[dtype] * (np.abs(wanted).max() + scale)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", SIZES)
def test_batch_norm_stats(isa, sizes, dtype, channels_last):
    x, running_mean, running_var = problem(sizes, dtype)
    running_var = np.abs(running_var)
    n, c = sizes[0] * sizes[2], sizes[1]
    mean, invstd = np.empty(c, dtype), np.empty(c, dtype)
    wide = x.astype(np.float64)
    wanted_mean = 0.9 * running_mean + 0.1 * wide.mean((0, 2))
    wanted_var = 0.9 * running_var + 0.1 * wide.var((0, 2)) * n / (n - 1)
    kernels.batch_norm_stats(mean, invstd, running_mean, running_var, memory(x, channels_last),
                             channels_last, 0.1, 1e-5)
    for found, wanted in zip((mean, invstd), statistics(x, 1e-5), strict=True):
        near(found, wanted, dtype)
    near(running_mean, wanted_mean, dtype)
    near(running_var, wanted_var, dtype)


@pytest.mark.parametrize("channels_last", [False, True])
def test_batch_norm_stats_far_from_zero(isa, channels_last):
    """The variance survives a mean ten million times the deviation."""
    x, _, _ = problem((4, 20, 900), np.float64, offset=2e7)
    mean, invstd = np.empty(20), np.empty(20)
    kernels.batch_norm_stats(mean, invstd, None, None, memory(x, channels_last), channels_last,
                             0.1, 1e-5)
    centred = x - 2e7
    np.testing.assert_allclose(invstd, 1 / np.sqrt(centred.var((0, 2)) + 1e-5), rtol=1e-9)


@pytest.mark.parametrize("channels_last", [False, True])
def test_batch_norm_stats_nan_and_infinity_stay_in_their_channel(isa, channels_last):
    x, _, _ = problem((2, 20, 50), np.float32)
    x[0, 3, 0], x[1, 5, 7] = np.nan, np.inf
    mean, invstd = np.empty(20, np.float32), np.empty(20, np.float32)
    kernels.batch_norm_stats(mean, invstd, None, None, memory(x, channels_last), channels_last,
                             0.1, 1e-5)
    assert np.isnan(mean[3]) and mean[5] == np.inf
    assert np.isfinite(np.delete(mean, [3, 5])).all()
    assert np.isfinite(np.delete(invstd, [3, 5])).all()


def test_inverse_std():
    found = np.empty(3)
    kernels.inverse_std(found, np.array([0.0, 1.0, 4.0]), 1e-5)
    np.testing.assert_allclose(found, 1 / np.sqrt(np.array([0, 1, 4]) + 1e-5))


@pytest.mark.parametrize("channels_last", [False, True])
def test_batch_norm_stats_where_the_first_value_is_far_off(isa, channels_last):
    """A black corner in a bright image: the shift must not follow the one value."""
    x, _, _ = problem((4, 20, 900), np.float32, offset=300)
    x[0, :, 0] = 0
    mean, invstd = np.empty(20, np.float32), np.empty(20, np.float32)
    kernels.batch_norm_stats(mean, invstd, None, None, memory(x, channels_last), channels_last,
                             0.1, 1e-5)
    for found, wanted in zip((mean, invstd), statistics(x, 1e-5), strict=True):
        near(found, wanted, np.float32)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_batch_norm_coefficients(dtype, affine):
    x, weight, bias = problem((4, 17, 49), dtype)
    mean, invstd = (v.astype(dtype) for v in statistics(x, 1e-5))
    scale, offset = np.empty(17, dtype), np.empty(17, dtype)
    if not affine:
        weight, bias = np.ones_like(mean), np.zeros_like(mean)
    kernels.batch_norm_coefficients(scale, offset, mean, invstd, weight if affine else None,
                                    bias if affine else None)
    np.testing.assert_array_equal(scale, invstd * weight)
    np.testing.assert_array_equal(offset, bias - mean * (invstd * weight))


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", SIZES)
def test_affine_act(isa, sizes, dtype, channels_last, add, relu):
    x, scale, offset = problem(sizes, dtype)
    residual = np.random.default_rng(1).standard_normal(sizes).astype(dtype) if add else None
    stored = memory(x, channels_last)
    stored_residual = memory(residual, channels_last) if add else None
    y = np.empty_like(stored)
    kernels.affine_act(y, stored, scale, offset, stored_residual, relu, channels_last)
    wanted = x.astype(np.float64) * scale[:, None] + offset[:, None] + (residual if add else 0)
    near(logical(y, channels_last), np.maximum(wanted, 0) if relu else wanted, dtype)
    # the same numbers as the separate passes, which are tested alone above
    parts = np.empty_like(stored)
    kernels.affine_act(parts, stored, scale, offset, None, False, channels_last)
    if add:
        parts += stored_residual
    np.testing.assert_array_equal(y, np.where(parts < 0, 0, parts) if relu else parts)
    kernels.affine_act(stored, stored, scale, offset, stored_residual, relu, channels_last)
    np.testing.assert_array_equal(stored, y)


@pytest.mark.parametrize("channels_last", [False, True])
def test_affine_act_keeps_nan_and_the_sign_of_zero(isa, channels_last):
    x = np.zeros((1, 3, 40), np.float32)
    x[0, 0], x[0, 1] = np.nan, -0.0
    stored = memory(x, channels_last)
    y = np.empty_like(stored)
    kernels.affine_act(y, stored, np.ones(3, np.float32), np.float32([0, -0.0, 0]), None, True,
                       channels_last)
    y = logical(y, channels_last)
    assert np.isnan(y[0, 0]).all() and np.signbit(y[0, 1]).all() and not np.signbit(y[0, 2]).any()


def backward_reference(dy, x, mean, invstd, weight, training):
    dy, x = dy.astype(np.float64), x.astype(np.float64)
    mean, invstd = mean[:, None].astype(np.float64), invstd[:, None].astype(np.float64)
    normal = (x - mean) * invstd
    dbias, dweight = dy.sum((0, 2)), (dy * normal).sum((0, 2))
    n = x.shape[0] * x.shape[2]
    dx = dy
    if training:
        dx = dy - dbias[:, None] / n - normal * dweight[:, None] / n
    return dx * invstd * (1 if weight is None else weight[:, None]), dweight, dbias


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", SIZES)
def test_batch_norm_backward(isa, sizes, dtype, channels_last, training):
    x, weight, _ = problem(sizes, dtype)
    dy = np.random.default_rng(1).standard_normal(sizes).astype(dtype)
    mean, invstd = (v.astype(dtype) for v in statistics(x, 1e-5))
    stored_x, stored_dy = memory(x, channels_last), memory(dy, channels_last)
    for w in (weight, None):
        wanted = backward_reference(dy, x, mean, invstd, w, training)
        dx = np.full_like(stored_x, np.nan)
        dweight, dbias = np.full_like(mean, np.nan), np.full_like(mean, np.nan)
        kernels.batch_norm_backward(dx, dweight, dbias, stored_dy, stored_x, mean, invstd, w,
                                    channels_last, training)
        near(logical(dx, channels_last), wanted[0], dtype)
        near(dweight, wanted[1], dtype, scale=sizes[0] * sizes[2] ** 0.5)
        near(dbias, wanted[2], dtype, scale=sizes[0] * sizes[2] ** 0.5)


def test_batch_norm_backward_of_parts(isa):
    x, weight, _ = problem((2, 17, 30), np.float32)
    dy = np.random.default_rng(1).standard_normal(x.shape).astype(np.float32)
    mean, invstd = (v.astype(np.float32) for v in statistics(x, 1e-5))
    wanted = backward_reference(dy, x, mean, invstd, weight, True)
    dweight, dbias = np.empty(17, np.float32), np.empty(17, np.float32)
    kernels.batch_norm_backward(None, dweight, None, dy, x, mean, invstd, weight, False, True)
    kernels.batch_norm_backward(None, None, dbias, dy, x, mean, invstd, weight, False, False)
    kernels.batch_norm_backward(dy, None, None, dy, x, mean, invstd, weight, False, True)
    near(dweight, wanted[1], np.float32)
    near(dbias, wanted[2], np.float32)
    near(dy, wanted[0], np.float32)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", SIZES)
def test_batch_norm_backward_behind_relu_is_that_of_the_masked_gradient(
    isa, sizes, dtype, channels_last, training
):
    x, weight, bias = problem(sizes, dtype)
    dy = np.random.default_rng(1).standard_normal(sizes).astype(dtype)
    mean, invstd = (v.astype(dtype) for v in statistics(x, 1e-5))
    scale, offset = np.empty_like(mean), np.empty_like(mean)
    kernels.batch_norm_coefficients(scale, offset, mean, invstd, weight, bias)
    stored_x, stored_dy = memory(x, channels_last), memory(dy, channels_last)
    y = np.empty_like(stored_x)
    kernels.affine_act(y, stored_x, scale, offset, None, True, channels_last)
    masked = np.where(y > 0, stored_dy, 0)
    assert 0 < (y > 0).sum() < y.size or y.size < 20
    rest = (stored_x, mean, invstd, weight, channels_last, training)

    def run(gradient, **relu):
        found = np.empty_like(stored_x), np.empty_like(mean), np.empty_like(mean)
        kernels.batch_norm_backward(*found, gradient, *rest, **relu)
        return found

    wanted = run(masked)
    g = np.empty_like(stored_x)
    sums = np.empty(2 * sizes[1])
    kernels.batch_norm_sums(sums, g, stored_dy, stored_x, mean, y, None, None, channels_last)
    np.testing.assert_array_equal(g, masked)
    for found in (run(stored_dy, result=y), run(stored_dy, scale=scale, offset=offset),
                  run(g, sums=sums)):
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def aligned(sizes, dtype):
    """An empty array at an address that is a multiple of 64."""
    nbytes = int(np.prod(sizes)) * np.dtype(dtype).itemsize
    block = np.empty(nbytes + 64, np.uint8)
    start = -block.ctypes.data % 64
    return block[start:start + nbytes].view(dtype).reshape(sizes)


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_images_are_written_like_small_ones(isa, dtype):
    """From 16 MB on the outcome goes past the caches."""
    sizes = (1, 1100000 // np.dtype(dtype).itemsize, 16)
    rng = np.random.default_rng(0)
    x, dy = (rng.standard_normal(sizes, np.float32).astype(dtype) for _ in range(2))
    scale, offset, weight = (rng.random(16).astype(dtype) for _ in range(3))
    big, small = aligned(sizes, dtype), np.empty_like(x)
    assert big.nbytes > 1 << 24
    parts = [slice(0, sizes[1] // 2), slice(sizes[1] // 2, None)]
    kernels.affine_act(big, x, scale, offset, dy, True, True)
    for part in parts:
        out = np.empty_like(x[:, part])
        kernels.affine_act(out, np.ascontiguousarray(x[:, part]), scale, offset,
                           np.ascontiguousarray(dy[:, part]), True, True)
        small[:, part] = out
    np.testing.assert_array_equal(big, small)
    result = small.copy()
    kernels.batch_norm_backward(big, None, None, dy, x, offset, scale, weight, True, False,
                                result=result)
    np.testing.assert_array_equal(big, np.where(result > 0, dy, 0) * (scale * weight))


def test_gradient_passes_a_nan_result(isa):
    """As relu's own backward: only a result of 0 stops it."""
    x = np.ones((1, 3, 40), np.float32)
    result = np.zeros_like(x)
    result[0, 1], result[0, 2] = np.nan, 1
    g, sums = np.empty_like(x), np.empty(6)
    kernels.batch_norm_sums(sums, g, x, x, np.zeros(3, np.float32), result, None, None, False)
    assert not g[0, 0].any() and (g[0, 1:] == 1).all()


def test_batch_norm_same_bits_for_any_thread_count(isa):
    x, weight, _ = problem((16, 70, 600), np.float32)
    stored = memory(x, True)
    before = parallel.get_num_threads()
    results = []
    for threads in (1, 2, 5):
        parallel.set_num_threads(threads)
        mean, invstd = np.empty(70, np.float32), np.empty(70, np.float32)
        kernels.batch_norm_stats(mean, invstd, None, None, stored, True, 0.1, 1e-5)
        dx, dweight, dbias = np.empty_like(stored), np.empty_like(mean), np.empty_like(mean)
        kernels.batch_norm_backward(dx, dweight, dbias, stored, stored, mean, invstd, weight,
                                    True, True, result=stored)
        results.append((mean, invstd, dx, dweight, dbias))
    parallel.set_num_threads(before)
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, two)
