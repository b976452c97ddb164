"""Elementwise loops against float64 and integer arithmetic in numpy, dtype by dtype."""

import math

import numpy as np
import pytest
from kernels.elementwise_reference import (
    DTYPES,
    FLOATS,
    INTEGERS,
    NUMPY,
    SIZES,
    TOLERANCE,
    assert_numbers,
    from_float,
    sample,
    to_float,
)

from minitorch._kernels import _testing_elementwise as twin
from minitorch._kernels import dispatch

erf = np.vectorize(math.erf, otypes=[np.float64])
erfc = np.vectorize(math.erfc, otypes=[np.float64])


@pytest.fixture(params=dispatch.available_isas(), autouse=True)
def isa(request):
    before = dispatch.isa()
    dispatch._select(request.param)
    with np.errstate(all="ignore"):
        yield request.param
    dispatch._select(before)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def softplus(x):
    return np.where(x > 20, x, np.log1p(np.exp(x)))


UNARY = {
    "neg": np.negative, "abs": np.abs, "square": np.square,
    "sign": lambda x: np.where(np.isnan(x), 0, np.sign(x)),
    "relu": lambda x: np.where(x < 0, 0, x),
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1,
    "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p,
    "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x), "reciprocal": lambda x: 1 / x,
    "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "sigmoid": sigmoid, "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: x * 0.5 * (1 + erf(x / np.sqrt(2))), "gelu_tanh": gelu_tanh,
    "softplus": softplus, "logsigmoid": lambda x: -np.logaddexp(0, -x),
    "erf": erf, "erfc": erfc,
    "floor": np.floor, "ceil": np.ceil, "round": np.rint, "trunc": np.trunc,
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite,
    "logical_not": lambda x: x == 0, "bitwise_not": np.invert,
}
FLOAT_ONLY = {name for name in UNARY
              if name not in ("neg", "abs", "square", "sign", "relu", "logical_not",
                              "bitwise_not")}


def python_pow(a, b):
    """Integers: exact, negative powers truncated."""
    exact = [x**y if y >= 0 else (x if y % 2 else 1) if abs(x) == 1 else 0
             for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    return np.array([(x + 2**63) % 2**64 - 2**63 for x in exact], np.int64)


BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
    "remainder": np.remainder, "fmod": np.fmod, "floor_divide": np.floor_divide,
    "pow": np.power, "maximum": np.maximum, "minimum": np.minimum, "atan2": np.arctan2,
    "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor,
    "logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor,
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal,
    "gt": np.greater, "ge": np.greater_equal,
}
BOOL_BINARY = {"add": np.logical_or, "mul": np.logical_and,
               "maximum": np.logical_or, "minimum": np.logical_and}
DIVISIONS = ("remainder", "fmod", "floor_divide", "trunc_divide")


def wrapped(x, dtype):
    """Integers as they are stored in `dtype`."""
    return x.astype(np.int64).astype(NUMPY[dtype]).astype(np.int64)


def output(name, dtype, n):
    target = "bool" if twin.gives_bool(name) else dtype
    return np.empty(n, NUMPY[target]), target


def test_unary_table_holds_exactly_the_operations_of_each_dtype():
    for name in UNARY:
        have = {dtype for dtype in DTYPES if twin.has_loop(name, dtype)}
        want = set(FLOATS) if name in FLOAT_ONLY else {*INTEGERS, *FLOATS}
        if name in ("sign", "logical_not"):
            want.add("bool")
        if name == "bitwise_not":
            want = {"bool", *INTEGERS}
        assert have == want, name


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [name for name in UNARY if name != "bitwise_not"])
def test_unary_float_matches_float64(name, dtype):
    rng = np.random.default_rng(0)
    # A rounding of the argument of these moves the result by more than a rounding.
    tolerance = {"tan": 40, "sinh": 4, "cosh": 4, "exp": 4, "exp2": 4, "expm1": 4}.get(name, 1)
    for n in SIZES:
        x = sample(rng, dtype, n)
        out, target = output(name, dtype, n)
        assert twin.run(name, dtype, out, x) == 0
        want = UNARY[name](to_float(x, dtype))
        assert_numbers(out, want, target, tolerance * TOLERANCE.get(target, 0))


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", ["neg", "abs", "square", "sign", "relu", "bitwise_not",
                                  "logical_not"])
def test_unary_integer_is_exact_and_wraps(name, dtype):
    rng = np.random.default_rng(0)
    for n in SIZES:
        x = sample(rng, dtype, n)
        out, target = output(name, dtype, n)
        twin.run(name, dtype, out, x)
        assert_numbers(out, wrapped(UNARY[name](x.astype(np.int64)), target), target)


def layouts(a, b):
    """Pairs of operands as a loop may meet them: dense, one scalar, steps, backwards."""
    n = len(a)
    yield a, b
    if n:
        yield a, np.broadcast_to(b[-1:], n)
        yield np.broadcast_to(a[-1:], n), b
        yield np.broadcast_to(a[:1], n), np.broadcast_to(b[:1], n)
    yield np.repeat(a, 3)[::3], b
    yield a[::-1], np.repeat(b, 2)[::2]


def binary_samples(rng, name, dtype, n):
    a, b = sample(rng, dtype, n), sample(rng, dtype, n)
    if name in DIVISIONS and dtype in INTEGERS:
        b[b == 0] = 3
    if name == "pow" and dtype in INTEGERS:
        b = (b.astype(np.int64) % 9 - (2 if dtype != "uint8" else 0)).astype(NUMPY[dtype])
        b = b if dtype != "uint8" else b % 9
    return a, b


def binary_reference(name, dtype, a, b):
    if dtype == "bool" and name in BOOL_BINARY:
        return BOOL_BINARY[name](a, b)
    if dtype == "bool":
        return BINARY[name](a, b)
    a, b = to_float(a, dtype), to_float(b, dtype)
    if dtype in FLOATS:
        return BINARY[name](a, b)
    if name == "pow":
        return python_pow(a, b)
    return BINARY[name](a, b).astype(np.int64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [name for name in BINARY if name != "floor_divide"])
def test_binary_matches_numpy_in_every_layout(name, dtype):
    if not twin.has_loop(name, dtype):
        assert dtype == "bool" or name in ("div", "atan2") or name.startswith("bitwise")
        return
    rng = np.random.default_rng(0)
    for n in SIZES:
        for a, b in layouts(*binary_samples(rng, name, dtype, n)):
            out, target = output(name, dtype, n)
            assert twin.run(name, dtype, out, a, b) == 0
            want = binary_reference(name, dtype, a, b)
            if target not in FLOATS:
                want = wrapped(np.asarray(want), target)
            assert_numbers(out, want, target)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_divisions_follow_python_and_c(dtype):
    values = [-7, -3, -1, 0, 1, 2, 7] if dtype != "uint8" else [0, 1, 2, 7, 255]
    a, b = (x.ravel().astype(NUMPY[dtype]) for x in np.meshgrid(values, values))
    a, b = a[b != 0], b[b != 0]
    want = {"floor_divide": [x // y for x, y in zip(a.tolist(), b.tolist(), strict=True)],
            "remainder": [x % y for x, y in zip(a.tolist(), b.tolist(), strict=True)],
            "trunc_divide": [int(x / y) for x, y in zip(a.tolist(), b.tolist(), strict=True)],
            "fmod": [int(math.fmod(x, y)) for x, y in zip(a.tolist(), b.tolist(), strict=True)]}
    for name, expected in want.items():
        out = np.empty_like(a)
        twin.run(name, dtype, out, a, b)
        assert out.tolist() == expected, name


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
def test_integer_division_never_traps(dtype):
    lowest = np.iinfo(NUMPY[dtype]).min
    a = np.full(5, lowest, NUMPY[dtype])
    b = np.array([-1, 0, -1, 0, 1], NUMPY[dtype])
    out = np.empty_like(a)
    twin.run("floor_divide", dtype, out, a, b)
    assert out.tolist() == [lowest, 0, lowest, 0, lowest]
    twin.run("remainder", dtype, out, a, b)
    assert out.tolist() == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_float_floor_divide_matches_python_and_pytorch_at_the_edges(dtype):
    a = np.array([7.5, -7.5, 7.5, -7.5, 1, -1, 0, np.inf, -0.0, 5, 0.3], NUMPY[dtype])
    b = np.array([2, 2, -2, -2, 0, 0, 0, 2, 3, -np.inf, 0.1], NUMPY[dtype])
    out = np.empty_like(a)
    twin.run("floor_divide", dtype, out, a, b)
    want = [3, -4, -4, 3, np.inf, -np.inf, np.nan, np.nan, -0.0, -1]
    np.testing.assert_array_equal(out[:-1], np.array(want, NUMPY[dtype]))
    assert np.signbit(out[8])
    assert out[-1] == math.floor(float(a[-1]) / float(b[-1]))
    twin.run("trunc_divide", dtype, out, a, b)
    np.testing.assert_array_equal(out[:4], [3, -3, -3, 3])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_shifts_by_too_much_leave_zero_or_the_sign(dtype):
    bits = np.iinfo(NUMPY[dtype]).bits
    signed = dtype != "uint8"
    a = np.array([1, 100, -100 if signed else 200, 7], NUMPY[dtype])
    b = np.array([bits, 1, 1, -1 if signed else bits + 1], NUMPY[dtype])
    out = np.empty_like(a)
    twin.run("shift_left", dtype, out, a, b)
    third = (-200 if signed else 400)
    assert out.tolist() == [0, *wrapped(np.array([200, third]), dtype).tolist(), 0]
    twin.run("shift_right", dtype, out, a, b)
    assert out.tolist() == [0, 50, -50 if signed else 100, 0]


@pytest.mark.parametrize("exponent, exact", [
    (0, np.ones_like), (1, lambda x: x), (2, lambda x: x * x), (3, lambda x: x * x * x),
    (0.5, np.sqrt), (-1, lambda x: 1 / x), (-2, lambda x: 1 / (x * x)),
    (-0.5, lambda x: 1 / np.sqrt(x))], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pow_scalar_of_common_exponents_is_exact(dtype, exponent, exact):
    x = np.random.default_rng(0).uniform(0.1, 9, 301).astype(NUMPY[dtype])
    out = np.empty_like(x)
    scalar = np.broadcast_to(np.array([exponent], NUMPY[dtype]), 301)
    twin.run("pow_scalar", dtype, out, x, scalar)
    np.testing.assert_array_equal(out, exact(x))


def test_pow_scalar_of_other_exponents_is_pow():
    x = np.linspace(0.1, 4, 50)
    out = np.empty_like(x)
    for exponent in (2.5, -3, 7, 1 / 3):
        scalar = np.broadcast_to(np.array([exponent], np.float64), 50)
        twin.run("pow_scalar", "float64", out, x, scalar)
        np.testing.assert_allclose(out, x**exponent, rtol=1e-14)


def test_pow_of_large_integers_wraps():
    base, exponent = np.array([3, -3, 10, 2]), np.array([50, 41, 20, 64])
    out = np.empty(4, np.int64)
    twin.run("pow", "int64", out, base, exponent)
    assert out.tolist() == python_pow(base, exponent).tolist()


# Slopes: against differences of the value, in float64.

SLOPES_OF_INPUT = ["silu", "gelu", "gelu_tanh", "softplus", "logsigmoid", "abs"]
SLOPES_OF_RESULT = ["relu", "sigmoid", "tanh", "sqrt"]


def value(name, x):
    out = np.empty_like(x)
    twin.run(name, "float64", out, x)
    return out


@pytest.mark.parametrize("name", SLOPES_OF_INPUT + SLOPES_OF_RESULT)
def test_slope_matches_central_differences(name):
    rng = np.random.default_rng(0)
    x = rng.uniform(0.2, 4, 101) * (1 if name == "sqrt" else rng.choice([-1, 1], 101))
    x[0] = 3.0 if name == "sqrt" else 30.0
    g, h = rng.standard_normal(101), 1e-5
    saved = value(name, x) if name in SLOPES_OF_RESULT else x
    out = np.empty_like(x)
    twin.run(f"{name}_backward", "float64", out, g, saved)
    want = g * (value(name, x + h) - value(name, x - h)) / (2 * h)
    np.testing.assert_allclose(out, want, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", SLOPES_OF_INPUT + SLOPES_OF_RESULT)
def test_slope_in_every_float_dtype_is_the_float64_slope(name, dtype):
    rng = np.random.default_rng(0)
    for n in SIZES:
        g = from_float(rng.standard_normal(n), dtype)
        x = from_float(rng.uniform(0.1, 1, n), dtype)
        want, out = np.empty(n), np.empty(n, NUMPY[dtype])
        twin.run(f"{name}_backward", "float64", want, to_float(g, dtype), to_float(x, dtype))
        twin.run(f"{name}_backward", dtype, out, g, x)
        assert_numbers(out, want, dtype)


def test_relu_and_its_slope_at_zero_and_nan():
    x = np.array([np.nan, 0.0, -0.0, -1.0, 2.0], np.float32)
    out = np.empty_like(x)
    twin.run("relu", "float32", out, x)
    np.testing.assert_array_equal(out, [np.nan, 0, 0, 0, 2])
    twin.run("relu_backward", "float32", out, np.ones_like(x), x)
    np.testing.assert_array_equal(out, [1, 0, 0, 0, 1])


# Operations with scalars.

MULTI = {
    "add_alpha": (2, [0.3], lambda a, b, k: a + k * b),
    "clamp": (1, [-1, 2], lambda x, low, high: np.where(np.isnan(x), x,
                                                        np.clip(x, low, high))),
    "clamp_backward": (2, [-1, 1], lambda g, x, low, high: np.where((x >= low) & (x <= high),
                                                                    g, 0)),
    "lerp": (2, [0.25], lambda a, b, w: a + w * (b - a)),
    "addcmul": (3, [0.5], lambda a, b, c, k: a + k * b * c),
    "addcdiv": (3, [0.5], lambda a, b, c, k: a + k * b / c),
    "threshold": (1, [0.5, -3], lambda x, t, v: np.where(x <= t, v, x)),
    "threshold_backward": (2, [0.5], lambda g, x, t: np.where(x <= t, 0, g)),
    "leaky_relu": (1, [0.01], lambda x, s: np.where(x > 0, x, x * s)),
    "leaky_relu_backward": (2, [0.01], lambda g, x, s: np.where(x > 0, g, g * s)),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", MULTI)
def test_operation_with_scalars_matches_float64(name, dtype):
    tensors, scalars, formula = MULTI[name]
    rng = np.random.default_rng(0)
    scalar_type = np.float32 if dtype in ("float16", "bfloat16") else NUMPY[dtype]
    scalars = [np.array([s]).astype(scalar_type) for s in scalars]
    for n in SIZES:
        inputs = [from_float(rng.uniform(-3, 3, 2 * n), dtype) for _ in range(tensors)]
        for step in (1, 2, -1):
            views = [x[::step][:n] for x in inputs]
            out = np.empty(n, NUMPY[dtype])
            twin.run(name, dtype, out, *views, *(np.broadcast_to(s, n) for s in scalars))
            want = formula(*(to_float(x, dtype) for x in views), *scalars)
            tolerance = {"float32": 3e-6, "float64": 1e-14}.get(dtype)
            assert_numbers(out, want, dtype, tolerance)


def test_add_alpha_of_bytes_wraps():
    a, b = np.array([250, 3], np.uint8), np.array([4, 200], np.uint8)
    out = np.empty(2, np.uint8)
    twin.run("add_alpha", "uint8", out, a, b, np.broadcast_to(np.array([255], np.uint8), 2))
    assert out.tolist() == [246, 59]       # a - b modulo 256


def test_lerp_meets_both_ends():
    a, b = np.array([1e8, -3, 0.1], np.float32), np.array([1, 7, 0.7], np.float32)
    out = np.empty(3, np.float32)
    for weight, end in ((0, a), (1, b)):
        twin.run("lerp", "float32", out, a, b,
                 np.broadcast_to(np.array([weight], np.float32), 3))
        np.testing.assert_array_equal(out, end)


def test_clamp_lets_nan_pass_and_high_wins():
    x = np.array([np.nan, 5.0, -5.0], np.float32)
    scalars = [np.broadcast_to(np.array([s], np.float32), 3) for s in (4, 2)]
    out = np.empty(3, np.float32)
    twin.run("clamp", "float32", out, x, *scalars)
    np.testing.assert_array_equal(out, [np.nan, 2, 2])


@pytest.mark.parametrize("dtype", DTYPES)
def test_where_picks_bits(dtype):
    rng = np.random.default_rng(0)
    for n in SIZES:
        condition = rng.integers(0, 2, n).astype(np.bool_)
        for a, b in layouts(sample(rng, dtype, n), sample(rng, dtype, n)):
            out = np.empty(n, NUMPY[dtype])
            assert twin.run("where", dtype, out, condition, a, b) == 0
            np.testing.assert_array_equal(out, np.where(condition, a, b))


def test_in_place_output_is_an_input():
    x = np.arange(1000, dtype=np.float32)
    twin.run("add", "float32", x, x, x)
    np.testing.assert_array_equal(x, 2 * np.arange(1000))
