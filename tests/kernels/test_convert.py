"""Casts between all pairs of dtypes, bit by bit."""

import numpy as np
import pytest
from kernels.elementwise_reference import DTYPES, FLOATS, INTEGERS, NUMPY, SIZES, from_float, sample

from minitorch._kernels import _testing_elementwise as twin
from minitorch._kernels import dispatch


@pytest.fixture(params=dispatch.available_isas(), autouse=True)
def isa(request):
    before = dispatch.isa()
    dispatch._select(request.param)
    yield request.param
    dispatch._select(before)


def bits(x):
    """The words of an array, with every NaN made the same."""
    if x.dtype.kind == "f":
        x = np.where(np.isnan(x), np.array(np.nan, x.dtype), x)
    return x.view(f"u{x.dtype.itemsize}")


def cast_reference(x, source, target):
    """C's rules in numpy: half types are reached through float32."""
    if source == "bfloat16":
        x = (x.astype(np.uint32) << np.uint32(16)).view(np.float32)
    if target == "bool":
        return x != 0
    if target in ("float16", "bfloat16"):
        return from_float(x.astype(np.float32), target)
    if target in INTEGERS and source in FLOATS:
        return np.trunc(x).astype(np.int64).astype(NUMPY[target])
    return x.astype(NUMPY[target])


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", DTYPES)
def test_cast_every_pair_every_size_and_step_follows_c(source, target):
    rng = np.random.default_rng(0)
    for n in SIZES:
        x = sample(rng, source, 2 * n)
        if source in FLOATS and target in INTEGERS:
            limit = 100 if target == "uint8" else 120
            x = from_float(np.linspace(0 if target == "uint8" else -limit, limit, 2 * n), source)
        for view in (x[:n], x[::2], x[:n][::-1]):
            out = np.empty(2 * n, NUMPY[target])
            for to in (out[:n], out[::2]):
                assert twin.copy(to, target, view, source) == 0
                want = cast_reference(view, source, target)
                np.testing.assert_array_equal(bits(to.copy()), bits(want))


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_cast_of_all_65536_halves_is_exact(half):
    words = np.arange(65536).astype(np.uint16)
    x = words.view(np.float16) if half == "float16" else words
    out = np.empty(65536, np.float32)
    twin.copy(out, "float32", x, half)
    np.testing.assert_array_equal(bits(out), bits(cast_reference(x, half, "float32")))


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
@pytest.mark.parametrize("step", [1, -1])
def test_cast_to_half_rounds_to_nearest_even_over_the_whole_range(half, step):
    rng = np.random.default_rng(1)
    words = rng.integers(0, 2**32, 200_000, dtype=np.uint64).astype(np.uint32)
    words[:100_000] = (words[:100_000] & 0x0FFFFFFF) | 0x30000000      # around half's range
    ties = from_float(np.arange(-2000.5, 2000.5, 1), "float32")
    edges = np.array([65504, 65519.99, 65520, -65520, 2**-24, 2**-25, 1.5 * 2**-25, 3e38, np.inf],
                     np.float32)
    x = np.concatenate([words.view(np.float32), ties, edges])[::step]
    out = np.empty(len(x), NUMPY[half])
    twin.copy(out, half, x, "float32")
    np.testing.assert_array_equal(bits(out) if half == "float16" else out,
                                  bits(cast_reference(x, "float32", half)))


def test_cast_float_to_bool_takes_nan_and_subnormals_for_true():
    x = np.array([np.nan, 0.0, -0.0, 1e-45, -2.0], np.float32)
    out = np.empty(5, np.bool_)
    twin.copy(out, "bool", x, "float32")
    assert out.tolist() == [True, False, False, True, True]


def test_cast_float_to_byte_wraps_as_in_c():
    x = np.array([300.7, -1.5, -300.2, 255.9], np.float32)
    out = np.empty(4, np.uint8)
    twin.copy(out, "uint8", x, "float32")
    assert out.tolist() == [44, 255, 212, 255]
