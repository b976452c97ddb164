"""The matrix product against numpy in float64, on every instruction set of this machine."""

import itertools

import numpy as np
import pytest

from minitorch._kernels import _testing_nn as kernels
from minitorch._kernels import parallel

# Of the largest value; sums of k products lose about sqrt(k) roundings.
RTOL = {np.float32: 2e-6, np.float64: 4e-15}
SIZES = [(2, 2, 2), (1, 300, 700), (300, 1, 700), (1, 1, 3000), (13, 33, 5), (12, 32, 600),
         (25, 65, 513), (97, 31, 1100), (5, 4200, 33), (120, 70, 1), (100, 1, 1), (64, 96, 64)]


def operand(rng, rows, cols, dtype, layout):
    """A (rows, cols) array whose memory is row-major, column-major, or strided both ways."""
    if layout == "rows":
        return rng.standard_normal((rows, cols)).astype(dtype)
    if layout == "columns":
        return rng.standard_normal((cols, rows)).astype(dtype).T
    return rng.standard_normal((2 * rows, 3 * cols)).astype(dtype)[::2, ::3]


def check(dtype, m, n, k, a_layout, b_layout, alpha=1.0, beta=0.0):
    rng = np.random.default_rng(m * 10007 + n * 101 + k)
    a, b = operand(rng, m, k, dtype, a_layout), operand(rng, k, n, dtype, b_layout)
    c = rng.standard_normal((m, n + 3)).astype(dtype)
    wanted = alpha * (a.astype(np.float64) @ b.astype(np.float64)) + beta * c[:, :n]
    margin = c[:, n:].copy()
    kernels.gemm(c[:, :n], a, b, alpha, beta)
    scale = np.abs(a).astype(np.float64) @ np.abs(b) + abs(beta) + 1
    assert (np.abs(c[:, :n] - wanted) <= RTOL[dtype] * scale).all()
    np.testing.assert_array_equal(c[:, n:], margin)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", SIZES, ids=lambda s: "x".join(map(str, s)))
def test_gemm_sizes_and_layouts(isa, dtype, size):
    for layouts in itertools.product(["rows", "columns", "strided"], repeat=2):
        check(dtype, *size, *layouts)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("alpha, beta", [(1, 1), (2, 0), (-1, 0.5), (0, 1)])
@pytest.mark.parametrize("size", [(3, 3, 3), (40, 1, 900), (1, 40, 900), (20, 50, 600)])
def test_gemm_alpha_and_beta(isa, dtype, size, alpha, beta):
    check(dtype, *size, "rows", "columns", alpha, beta)
    check(dtype, *size, "columns", "rows", alpha, beta)


def test_gemm_zero_depth_scales_c(isa):
    c = np.full((3, 4), 2.0)
    kernels.gemm(c, np.empty((3, 0)), np.empty((0, 4)), 1, 0.5)
    np.testing.assert_array_equal(c, 1.0)
    kernels.gemm(c, np.empty((3, 0)), np.empty((0, 4)), 1, 0)
    np.testing.assert_array_equal(c, 0.0)


@pytest.mark.parametrize("m, n", [(0, 5), (5, 0), (0, 0)])
def test_gemm_of_nothing(isa, m, n):
    kernels.gemm(np.empty((m, n)), np.empty((m, 7)), np.empty((7, n)))


@pytest.mark.parametrize("size", [(2, 2, 2), (30, 40, 50), (1, 40, 50), (40, 1, 50)])
def test_gemm_beta_zero_does_not_read_c_and_nan_spreads(isa, size):
    m, n, k = size
    a, b = np.ones((m, k), np.float32), np.ones((k, n), np.float32)
    c = np.full((m, n), np.nan, np.float32)
    kernels.gemm(c, a, b)
    np.testing.assert_array_equal(c, k)
    a[0, 1] = np.nan
    kernels.gemm(c, a, b)
    assert np.isnan(c[0]).all() and not np.isnan(c[1:]).any()


@pytest.mark.parametrize("size", [(200, 150, 700), (1, 900, 600), (900, 1, 600)])
def test_gemm_same_bits_for_any_thread_count(isa, size):
    m, n, k = size
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)
    before = parallel.get_num_threads()
    results = []
    for threads in (1, 2, 5):
        parallel.set_num_threads(threads)
        c = np.empty((m, n), np.float32)
        kernels.gemm(c, a, b)
        results.append(c)
    parallel.set_num_threads(before)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
