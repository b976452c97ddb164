"""Reductions and scans of (outer, n, inner) blocks against numpy in float64."""

import math

import numpy as np
import pytest
from kernels.elementwise_reference import (
    DTYPES,
    FLOATS,
    INTEGERS,
    NUMPY,
    assert_numbers,
    from_float,
    sample,
    to_float,
)

from minitorch._kernels import _testing_elementwise as twin
from minitorch._kernels import dispatch, parallel

# (outer, n, inner): rows, columns, both; shorter and longer than every block.
SHAPES = [(1, 1, 1), (1, 2, 1), (3, 16, 1), (3, 65, 1), (2, 1000, 1), (1, 9001, 1), (2, 3, 4),
          (1, 300, 3), (1, 1000, 64), (3, 5, 1030), (0, 3, 2), (2, 3, 0)]
TOLERANCE = {"float16": 1e-3, "bfloat16": 8e-3, "float32": 3e-6, "float64": 1e-13}


@pytest.fixture(params=dispatch.available_isas(), autouse=True)
def isa(request):
    before = dispatch.isa()
    dispatch._select(request.param)
    with np.errstate(all="ignore"):
        yield request.param
    dispatch._select(before)


def reduced(name, x, dtype, out_dtype=None, param=0.0, indices=False):
    """The values (and indices) of a reduction over the middle axis."""
    outer, _, inner = x.shape
    out = np.empty((outer, inner), NUMPY[out_dtype or dtype])
    where = np.empty((outer, inner), np.int64) if indices else None
    assert twin.reduce(name, out, out_dtype or dtype, where, x, dtype, x.shape, param) == 0
    return (out, where) if indices else out


def floats(shape, dtype, low=-1, high=1):
    return from_float(np.random.default_rng(0).uniform(low, high, shape), dtype)


@pytest.mark.parametrize("shape", [*SHAPES, (2, 0, 3)], ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_sums_of_floats_match_float64(dtype, shape):
    x = floats(shape, dtype, 0, 1)
    exact = to_float(x, dtype)
    count = shape[1]
    mean = exact.sum(1) / count if count else np.full((shape[0], shape[2]), np.nan)
    squares = ((exact - mean[:, None]) ** 2).sum(1)
    tolerance = TOLERANCE[dtype]
    results = {
        ("sum", 0): exact.sum(1), ("mean", 0): mean,
        ("norm2", 0): np.sqrt((exact**2).sum(1)), ("sum_squares", 0): (exact**2).sum(1),
        ("var", 0): squares / np.float64(count),
        ("var", 1): squares / np.float64(max(count - 1, 0)),
        ("std", 1): np.sqrt(squares / np.float64(max(count - 1, 0)))}
    for (name, correction), want in results.items():
        out = reduced(name, x, dtype, param=correction)
        got, want = to_float(out, dtype), to_float(from_float(want, dtype), dtype)
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("dtype", FLOATS)
def test_product_of_floats(dtype):
    for shape in ((2, 50, 1), (1, 300, 3), (2, 0, 2)):
        x = floats(shape, dtype, 0.9, 1.1)
        want = np.prod(to_float(x, dtype), axis=1)
        assert_numbers(reduced("prod", x, dtype), want, dtype, 10 * TOLERANCE[dtype])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["bool", *INTEGERS])
def test_sums_and_products_of_integers_are_exact_in_int64(dtype, shape):
    x = sample(np.random.default_rng(0), dtype, math.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(reduced("sum", x, dtype, "int64"), x.sum(1, dtype=np.int64))
    np.testing.assert_array_equal(reduced("prod", x, dtype, "int64"), x.prod(1, dtype=np.int64))
    small = x if dtype == "bool" else np.clip(x, 0, 100)
    want = small.astype(np.float64).mean(1)
    np.testing.assert_allclose(reduced("mean", small, dtype, "float64"), want, rtol=1e-14)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_extremes_are_exact_and_the_first_index_wins(dtype, shape):
    x = sample(np.random.default_rng(0), dtype, math.prod(shape)).reshape(shape)
    numbers = to_float(x, dtype)
    for name, extreme, first in (("max", np.max, np.argmax), ("min", np.min, np.argmin)):
        if x.size == 0:
            continue
        values, indices = reduced(name, x, dtype, indices=True)
        np.testing.assert_array_equal(to_float(values, dtype), extreme(numbers, 1))
        np.testing.assert_array_equal(indices, first(numbers, 1))
        np.testing.assert_array_equal(reduced(f"a{name}", x, dtype), values)
        alone = np.empty_like(indices)
        assert twin.reduce(f"arg{name}", None, dtype, alone, x, dtype, shape) == 0
        np.testing.assert_array_equal(alone, indices)


def test_extremes_of_int64_beyond_float64():
    x = np.array([2**62, 2**62 + 1, -2**62 - 1, -2**62]).reshape(1, 4, 1)
    values, indices = reduced("max", x, "int64", indices=True)
    assert (values.item(), indices.item()) == (2**62 + 1, 1)
    values, indices = reduced("min", x, "int64", indices=True)
    assert (values.item(), indices.item()) == (-2**62 - 1, 2)


def test_the_first_nan_wins_over_every_number():
    x = np.array([1, np.inf, np.nan, 5, np.nan], np.float32).reshape(1, 5, 1)
    for name in ("max", "min"):
        values, indices = reduced(name, x, "float32", indices=True)
        assert np.isnan(values.item()) and indices.item() == 2


@pytest.mark.parametrize("shape", [*SHAPES, (2, 0, 3)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_and_all(dtype, shape):
    rng = np.random.default_rng(0)
    for density in (0.0, 0.02, 0.98, 1.0):
        truth = rng.uniform(size=shape) < density
        x = from_float(truth * np.float64(1), dtype) if dtype in FLOATS else truth.astype(
            NUMPY[dtype])
        np.testing.assert_array_equal(reduced("any", x, dtype, "bool"), truth.any(1))
        np.testing.assert_array_equal(reduced("all", x, dtype, "bool"), truth.all(1))


def test_nothing_has_no_extreme():
    for name in ("amax", "amin", "max", "min"):
        out = np.empty((2, 3), np.float32)
        assert twin.reduce(name, out, "float32", None, np.empty(0, np.float32), "float32",
                           (2, 0, 3)) == -2


def test_infinities_and_nan_pass_through_sums():
    x = np.array([[np.inf, 1, 2], [np.inf, -np.inf, 0], [np.nan, 1, 1]], np.float32)
    out = reduced("sum", x[:, :, None], "float32")
    np.testing.assert_array_equal(out[:, 0], [np.inf, np.nan, np.nan])


def test_float32_sum_of_ten_million_equal_numbers_keeps_its_digits():
    x = np.full((1, 10_000_000, 1), 0.1, np.float32)
    assert abs(reduced("sum", x, "float32").item() / 1e7 / np.float64(np.float32(0.1)) - 1) < 1e-6
    columns = x.reshape(1, 2_500_000, 4)
    got = reduced("sum", columns, "float32") / 2.5e6 / np.float64(np.float32(0.1))
    np.testing.assert_allclose(got, 1, atol=1e-6)


def test_variance_far_from_zero_does_not_cancel():
    x = (np.random.default_rng(0).standard_normal((1, 4097, 1)) + 1000).astype(np.float32)
    want = x.astype(np.float64).var(1, ddof=1)
    np.testing.assert_allclose(reduced("var", x, "float32", param=1), want, rtol=1e-5)


def test_sums_have_the_same_bits_for_any_threads_and_instruction_set(isa):
    x = np.random.default_rng(0).standard_normal(400_000).astype(np.float32)
    shapes = [(1, 400_000, 1), (1, 6250, 64), (100, 1000, 4), (40, 10_000, 1)]
    before, results = parallel.get_num_threads(), []
    for threads, name in ((1, "portable"), (2, isa)):
        parallel.set_num_threads(threads)
        dispatch._select(name)
        results.append([reduced(op, x.reshape(shape), "float32")
                        for shape in shapes for op in ("sum", "var")])
    parallel.set_num_threads(before)
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


# Scans.

@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 7, 1), (2, 3000, 1), (3, 5, 4), (1, 9, 1030),
                                   (0, 2, 2), (2, 0, 2)], ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_running_sums_and_products_of_floats(dtype, shape):
    for name, low, high, running in (("sum", -1, 1, np.cumsum), ("prod", 0.99, 1.01, np.cumprod)):
        x = floats(shape, dtype, low, high)
        out = np.empty(shape, NUMPY[dtype])
        assert twin.scan(name, out, dtype, x, dtype, shape) == 0
        assert_numbers(out, running(to_float(x, dtype), axis=1), dtype, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["bool", *INTEGERS])
def test_running_sums_and_products_of_integers_wrap_in_int64(dtype):
    shape = (2, 70, 3)
    x = sample(np.random.default_rng(0), dtype, math.prod(shape)).reshape(shape)
    for name, running in (("sum", np.cumsum), ("prod", np.cumprod)):
        out = np.empty(shape, np.int64)
        twin.scan(name, out, "int64", x, dtype, shape)
        np.testing.assert_array_equal(out, running(x, axis=1, dtype=np.int64))
