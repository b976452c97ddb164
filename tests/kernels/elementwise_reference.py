"""What the tests of elementwise kernels share: dtypes, sample numbers, bfloat16 by hand."""

import numpy as np

NUMPY = {"bool": np.bool_, "uint8": np.uint8, "int8": np.int8, "int16": np.int16,
         "int32": np.int32, "int64": np.int64, "float16": np.float16, "bfloat16": np.uint16,
         "float32": np.float32, "float64": np.float64}
INTEGERS = ["uint8", "int8", "int16", "int32", "int64"]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
DTYPES = ["bool", *INTEGERS, *FLOATS]
# Relative and absolute: a rounding of the result, and a few of the C library's.
TOLERANCE = {"float16": 1e-3, "bfloat16": 8e-3, "float32": 1e-6, "float64": 1e-14}
SIZES = [0, 1, 2, 7, 16, 33, 257, 300]
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, 1e-3]


def from_float(x, dtype):
    """float64 numbers as an array that holds `dtype` (uint16 words for bfloat16)."""
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype != "bfloat16":
            return np.asarray(x).astype(NUMPY[dtype])
        bits = np.atleast_1d(np.asarray(x, np.float32)).view(np.uint32).astype(np.uint64)
        rounded = (bits + 0x7FFF + (bits >> np.uint64(16) & np.uint64(1))) >> np.uint64(16)
        nan = np.isnan(np.atleast_1d(np.asarray(x, np.float32)))
        return np.where(nan, 0x7FC0, rounded).astype(np.uint16).reshape(np.shape(x))


def to_float(x, dtype):
    """The numbers of an array that holds `dtype`, in float64 (integers stay integers)."""
    if dtype in FLOATS:
        if dtype == "bfloat16":
            return (x.astype(np.uint32) << np.uint32(16)).view(np.float32).astype(np.float64)
        return x.astype(np.float64)
    return x.astype(np.int64)


def sample(rng, dtype, n):
    """n numbers of `dtype`: small ones, and among them the dtype's odd ones."""
    if dtype == "bool":
        return rng.integers(0, 2, n).astype(np.bool_)
    if dtype in INTEGERS:
        info = np.iinfo(NUMPY[dtype])
        x = rng.integers(max(info.min, -9), 10, n)
        if n > 4:
            x[:4] = info.min, info.max, 0, 1
        return rng.permutation(x).astype(NUMPY[dtype])
    x = rng.standard_normal(n) * 3
    if n > len(SPECIAL):
        x[:len(SPECIAL)] = SPECIAL
    return from_float(rng.permutation(x), dtype)


def assert_numbers(got, want, dtype, tolerance=None):
    """got (of `dtype`) is want (float64 numbers rounded to `dtype`, or exact integers)."""
    got = to_float(got, dtype)
    if dtype in FLOATS:
        want = to_float(from_float(want, dtype), dtype)
        tolerance = TOLERANCE[dtype] if tolerance is None else tolerance
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(got, want)
