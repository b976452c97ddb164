"""The random stream: numpy's own mt19937 as the oracle of bits, PyTorch's numbers as goldens."""

import numpy as np
import pytest
from kernels.elementwise_reference import DTYPES, FLOATS, NUMPY, to_float

from minitorch._kernels import _testing_elementwise as twin

SEEDS = [0, 1, 12345, 2**32 - 1]
SIZES = [0, 1, 2, 7, 15, 16, 17, 31, 32, 33, 100, 1000]


def words(seed, n):
    """The first n draws of 32 bits, from numpy."""
    return np.random.RandomState(seed).randint(0, 2**32, n, dtype=np.uint32)


def unit64(seed, n):
    """n uniform doubles of 53 bits; the first of two draws is the upper one."""
    high, low = words(seed, 2 * n).astype(np.uint64).reshape(n, 2).T
    return (((high << np.uint64(32)) | low) & np.uint64(2**53 - 1)) / 2.0**53


def filled(method, dtype, n, *arguments, seed=0):
    out = np.empty(n, NUMPY[dtype])
    result = getattr(twin.Generator(seed), method)(out, dtype, *arguments)
    assert result == 0
    return out


@pytest.mark.parametrize("seed", SEEDS)
def test_draws_are_mt19937(seed):
    generator = twin.Generator(seed)
    assert [generator.u32() for _ in range(2000)] == words(seed, 2000).tolist()


def test_only_the_lower_half_of_a_seed_counts_and_all_of_it_is_kept():
    generator = twin.Generator(2**40 + 7)
    assert generator.u32() == words(7, 1)[0]
    assert int.from_bytes(generator.get_state()[:8], "little") == 2**40 + 7


@pytest.mark.parametrize("seed", SEEDS)
def test_uniform_of_each_float_dtype(seed):
    for n in SIZES:
        unit32 = (words(seed, n) & 0xFFFFFF) / 2.0**24
        np.testing.assert_array_equal(filled("uniform", "float32", n, seed=seed), unit32)
        np.testing.assert_array_equal(filled("uniform", "float64", n, seed=seed),
                                      unit64(seed, n))
        half = unit32.astype(np.float16)
        np.testing.assert_array_equal(filled("uniform", "float16", n, seed=seed),
                                      np.where(half == 1, 0, half))


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform_stays_below_its_upper_bound(dtype):
    low, high = (1.0, 1.0 + 4 * {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23,
                                 "float64": 2.0**-52}[dtype])
    x = to_float(filled("uniform", dtype, 4000, low, high), dtype)
    assert x.min() == low and x.max() < high and len(np.unique(x)) == 4


def box_muller_blocks(u):
    """Normal numbers from uniform ones in blocks of 16; element j pairs with j + 8."""
    first, second = u.reshape(-1, 2, 8).transpose(1, 0, 2)
    radius = np.sqrt(-2 * np.log(1 - first))
    return np.stack([radius * np.cos(2 * np.pi * second), radius * np.sin(2 * np.pi * second)],
                    axis=1).ravel()


@pytest.mark.parametrize("n", [16, 17, 31, 32, 100])
def test_normal_of_16_and_more_comes_in_blocks(n):
    for dtype, u in (("float32", (words(3, n + 16) & 0xFFFFFF) / 2.0**24),
                     ("float64", unit64(3, n + 16))):
        whole = n // 16 * 16
        want = np.empty(n)
        want[:whole] = box_muller_blocks(u[:whole])
        if n % 16:
            want[n - 16:] = box_muller_blocks(u[n:n + 16])
        got = filled("normal", dtype, n, 2.0, 0.5, seed=3)
        tolerance = 1e-6 if dtype == "float32" else 1e-14
        np.testing.assert_allclose(got, want * 0.5 + 2, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n, contiguous", [(1, True), (2, True), (15, True), (33, False)])
def test_normal_below_16_or_strided_draws_pairs_in_double(dtype, n, contiguous):
    u1, u2 = unit64(5, n + 1)[:(n + 1) // 2 * 2].reshape(-1, 2).T
    radius, angle = np.sqrt(-2 * np.log1p(-u2)), 2 * np.pi * u1
    want = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:n]
    got = filled("normal", dtype, n, 0, 1, contiguous, seed=5)
    np.testing.assert_allclose(got, want, rtol=1e-6 if dtype == "float32" else 1e-14)


def test_second_normal_of_a_pair_waits_for_the_next_call():
    whole = filled("normal", "float64", 4)
    generator, parts = twin.Generator(0), []
    for n in (1, 2, 1):
        part = np.empty(n)
        generator.normal(part, "float64")
        parts.append(part)
    np.testing.assert_array_equal(np.concatenate(parts), whole)


# What PyTorch 2.13 prints for these calls after manual_seed(0).

def test_numbers_of_pytorch_with_seed_0():
    np.testing.assert_allclose(filled("uniform", "float32", 3), [0.4963, 0.7682, 0.0885],
                               atol=5e-5)
    np.testing.assert_allclose(filled("normal", "float32", 16)[:3], [-1.1258, -1.1524, -0.2506],
                               atol=5e-5)
    np.testing.assert_allclose(filled("normal", "float32", 3), [1.541, -0.2934, -2.1788], atol=5e-5)
    out = np.empty(10, np.int64)
    twin.Generator(0).permutation(out)
    assert out.tolist() == [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]
    assert filled("randint", "int64", 8, 0, 10).tolist() == [4, 9, 3, 0, 3, 9, 7, 3]
    assert filled("randint", "int64", 3, 0, 2**40).tolist() == [
        741280623151, 506137267392, 291447657211]
    bits = filled("bernoulli", "uint8", 8, 0.5)
    assert bits.tolist() == [0, 0, 1, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("dtype", DTYPES)
def test_integers_wide_ranges_take_64_bits(dtype):
    out = filled("randint", dtype, 50, 0, 2)
    numbers = to_float(out, dtype)
    assert numbers.tolist() == (words(0, 50) % 2).tolist()


@pytest.mark.parametrize("low, high", [(0, 10), (-5, 100), (0, 2**28 - 1)])
def test_randint_narrow_range_is_a_remainder_of_32_bits(low, high):
    want = words(1, 100).astype(np.int64) % (high - low) + low
    assert filled("randint", "int64", 100, low, high, seed=1).tolist() == want.tolist()


@pytest.mark.parametrize("low, high", [(0, 2**28), (-2**31, 2**33), (-2**62, 2**62),
                                       (0, 2**63 - 1), (-2**63, 2**63 - 1)])
def test_randint_wide_range_is_a_remainder_of_64_bits(low, high):
    bits = words(1, 200).tolist()
    want = [((a << 32 | b) % (high - low)) + low
            for a, b in zip(bits[::2], bits[1::2], strict=True)]
    assert filled("randint", "int64", 100, low, high, seed=1).tolist() == want


@pytest.mark.parametrize("dtype, width", [
    ("bool", 2), ("uint8", 2**8), ("int8", 2**7), ("int16", 2**15), ("int32", 2**31),
    ("float16", 2**11 + 1), ("float32", 2**24 + 1)])
def test_random_without_bounds_covers_the_dtype(dtype, width):
    want = words(2, 300).astype(np.int64) % width
    np.testing.assert_array_equal(filled("random", dtype, 300, seed=2).astype(np.int64), want)


def test_permutation_is_a_permutation_and_moves_with_the_stream():
    generator = twin.Generator(9)
    first, second = np.empty(1000, np.int64), np.empty(1000, np.int64)
    generator.permutation(first)
    generator.permutation(second)
    assert sorted(first) == sorted(second) == list(range(1000))
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_bernoulli_compares_a_double_per_element(dtype):
    want = unit64(4, 500) < 0.3
    assert to_float(filled("bernoulli", dtype, 500, 0.3, seed=4), dtype).tolist() == want.tolist()
    assert not to_float(filled("bernoulli", dtype, 50, 0.0), dtype).any()
    assert to_float(filled("bernoulli", dtype, 50, 1.0), dtype).all()


def test_bernoulli_each_takes_the_resolution_of_the_probabilities():
    p = np.linspace(0, 1, 200)
    generator, out = twin.Generator(4), np.empty(200, np.float32)
    generator.bernoulli_each(out, "float32", p.astype(np.float32), "float32")
    unit32 = (words(4, 200) & 0xFFFFFF) / 2.0**24
    np.testing.assert_array_equal(out, unit32 < p.astype(np.float32))
    generator = twin.Generator(4)
    generator.bernoulli_each(out, "float32", p, "float64")
    np.testing.assert_array_equal(out, unit64(4, 200) < p)


def test_exponential_is_the_inverse_of_its_distribution():
    np.testing.assert_allclose(filled("exponential", "float64", 300, 1.5, seed=6),
                               -np.log1p(-unit64(6, 300)) / 1.5, rtol=1e-14)


def test_integer_tensors_refuse_real_distributions():
    generator, out = twin.Generator(0), np.empty(4, np.int64)
    before = generator.get_state()
    assert generator.uniform(out, "int64") == -1
    assert generator.normal(out, "int64") == -1
    assert generator.exponential(out, "int64") == -1
    assert generator.get_state() == before


def test_state_returns_in_the_middle_of_a_block_and_of_a_pair():
    generator = twin.Generator(11)
    for _ in range(700):
        generator.u32()
    generator.normal(np.empty(1), "float64")
    state = generator.get_state()
    assert len(state) == 5056
    want, got = np.empty(7), np.empty(7)
    generator.normal(want, "float64")
    other = twin.Generator(0)
    assert other.set_state(state) == 0
    assert other.get_state() == state
    other.normal(got, "float64")
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("offset, word", [(8, 0), (8, 10**6), (12, 0), (16, 10**6), (16, 600)])
def test_state_that_would_read_past_the_end_is_refused(offset, word):
    generator = twin.Generator(0)
    generator.u32()                      # left 624, next 1
    state = bytearray(generator.get_state())
    state[offset:offset + 4] = word.to_bytes(4, "little")
    assert generator.set_state(bytes(state)) == -1
    assert generator.u32() == words(0, 2)[1]
