"""Records of the pointwise operations: unary, binary, comparisons, bitwise, ternary."""

import numpy as np
import reference as ref
from op_record import (
    ALL,
    ALL_BOOL,
    FLOATS,
    HALVES,
    INTS,
    Error,
    Op,
    Sample,
    binary_samples,
    distinct,
    step_samples,
    unary_samples,
    uniform,
)

BROADCAST_TEXT = (
    r"The size of tensor a \(3\) must match the size of tensor b \(4\) "
    r"at non-singleton dimension 1"
)


def broadcast_error(name):
    """Two shapes that do not broadcast."""
    return Error(
        lambda mt: getattr(mt, name)(mt.ones(2, 3), mt.ones(2, 4)), RuntimeError, BROADCAST_TEXT
    )


def leaf_error(method, *args):
    """An in-place form on a leaf that requires grad."""
    return Error(
        lambda mt: getattr(mt.ones(3, requires_grad=True), method)(*args),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an in-place operation",
    )


def unary(name, reference, low=-2.0, high=2.0, dtypes=FLOATS + HALVES, result="float", **options):
    """Record of a function of one tensor, with a method and an in-place method of its name."""
    options.setdefault("method", name)
    options.setdefault("inplace", name + "_")
    samples = options.pop("samples", None) or unary_samples(low, high)
    return Op(name, reference, samples, dtypes=dtypes, result=result, **options)


UNARY = [
    unary("abs", np.abs, dtypes=ALL, result="same", out="same", errors=(leaf_error("abs_"),)),
    unary("neg", np.negative, dtypes=ALL, result="same", out="same"),
    unary("exp", np.exp, dtypes=ALL),
    unary("expm1", np.expm1),
    unary("log", np.log, 0.1, 3.0),
    unary("log1p", np.log1p, -0.9, 3.0),
    unary("log2", np.log2, 0.1, 3.0),
    unary("log10", np.log10, 0.1, 3.0),
    unary("sqrt", np.sqrt, 0.1, 3.0, dtypes=ALL),
    unary("rsqrt", lambda x: 1 / np.sqrt(x), 0.1, 3.0),
    unary("square", np.square, dtypes=ALL, result="same"),
    unary("reciprocal", lambda x: 1 / x, 0.2, 3.0),
    unary("sin", np.sin),
    unary("cos", np.cos),
    unary("tan", np.tan, -1.0, 1.0),
    unary("tanh", np.tanh, dtypes=ALL),
    unary("sigmoid", lambda x: 1 / (1 + np.exp(-x)), dtypes=ALL),
    unary("relu", lambda x: np.maximum(x, 0), dtypes=ALL, result="same"),
    unary("exp2", np.exp2),
    unary("asin", np.arcsin, -0.9, 0.9),
    unary("acos", np.arccos, -0.9, 0.9),
    unary("atan", np.arctan, dtypes=ALL),
    unary("sinh", np.sinh),
    unary("cosh", np.cosh),
    unary("asinh", np.arcsinh),
    unary("acosh", np.arccosh, 1.1, 4.0),
    unary("atanh", np.arctanh, -0.9, 0.9, slack=4),
    unary("erf", ref.erf),
    unary("erfc", lambda x: 1 - ref.erf(x), slack=10),
    unary("floor", np.floor, result="same", samples=step_samples, out="same"),
    unary("ceil", np.ceil, result="same", samples=step_samples, out="same"),
    unary("trunc", np.trunc, result="same", samples=step_samples, out="same"),
    unary("round", np.round, result="same", samples=step_samples, out="same"),
    unary("sign", np.sign, dtypes=ALL, result="same", out="same"),
    unary("isnan", np.isnan, result="bool", grad=False, inplace=None),
    unary("isinf", np.isinf, result="bool", grad=False, inplace=None),
    unary("isfinite", np.isfinite, result="bool", grad=False, inplace=None),
    unary("logical_not", np.logical_not, dtypes=ALL_BOOL, result="bool", grad=False, inplace=None),
    unary("bitwise_not", np.invert, result="same", grad=False, out="same", dtypes=("float32",),
          samples=lambda rng: [Sample(rng.integers(0, 100, size=(3, 4))),
                               Sample(rng.random((2, 3)) < 0.5)]),
]


def binary(name, reference, dtypes=ALL, samples=None, **options):
    """Record of a function of two tensors, with its method and in-place method."""
    options.setdefault("method", name)
    options.setdefault("inplace", name + "_")
    errors = (broadcast_error(name), *options.pop("errors", ()))
    samples = samples or binary_samples()
    return Op(name, reference, samples, dtypes=dtypes, errors=errors, **options)


def compare(name, reference):
    """Record of a comparison: any dtype in, bool out."""
    return binary(name, reference, dtypes=ALL, result="bool", grad=False, inplace=None)


def logical(name, reference):
    """Record of a logical operation of two tensors."""
    return binary(
        name,
        reference,
        samples=binary_samples(scalars=()),
        dtypes=ALL_BOOL,
        result="bool",
        grad=False,
        inplace=None,
    )


def _alpha_samples(rng):
    return [
        Sample(uniform(rng, 3, 4), uniform(rng, 4), alpha=2),
        Sample(uniform(rng, 3), 2, alpha=3),
        *binary_samples()(rng),
    ]


def _rounding_samples(rng):
    pairs = [(3, 4), (4,)], [(2, 3), ()]
    makers = [
        (uniform(rng, *a, low=-9, high=9), uniform(rng, *b, low=0.5, high=3)) for a, b in pairs
    ]
    return [Sample(*m, rounding_mode=mode) for m in makers for mode in ("floor", "trunc")]


def _divide(a, b, rounding_mode=None):
    quotient = np.true_divide(a, b)
    return {None: lambda x: x, "floor": np.floor, "trunc": np.trunc}[rounding_mode](quotient)


def _pow_samples(rng):
    base = uniform(rng, 3, 4, low=0.2, high=2.0)
    exponents = [2, 3, 0, 1, -1, 0.5, 2.5, -2]
    return [Sample(base, e) for e in exponents] + [
        Sample(base, uniform(rng, 4)),
        Sample(2.0, uniform(rng, 5)),
        Sample(uniform(rng, 2, 3), 2),
        Sample(uniform(rng, 2, 3), 3),
        Sample(uniform(rng, 0, 3, low=0.2), 2),
        Sample(uniform(rng, low=0.2), 3),
    ]


def overlap_error(method):
    """Writing into a part of what is read."""

    def call(mt):
        x = mt.arange(6.0)
        getattr(x[1:], method)(x[:-1])

    return Error(
        call, RuntimeError, "some elements of the input tensor and the written-to tensor refer to"
    )


BINARY = [
    binary(
        "add",
        lambda a, b, alpha=1: a + alpha * b,
        samples=_alpha_samples,
        errors=(leaf_error("add_", 1.0), overlap_error("add_")),
    ),
    binary("sub", lambda a, b, alpha=1: a - alpha * b, samples=_alpha_samples),
    binary("mul", np.multiply, errors=(leaf_error("mul_", 2.0),)),
    binary(
        "div",
        _divide,
        dtypes=FLOATS + HALVES + INTS,
        result="float",
        samples=binary_samples(low2=0.5, high2=2.5, scalars=(2.5, 4)),
        positive_ints=True,
    ),
    Op(
        "div_rounding",
        _divide,
        _rounding_samples,
        call=lambda mt, *args, **kwargs: mt.div(*args, **kwargs),
        out="cast",
        grad=False,
        errors=(
            Error(
                lambda mt: mt.div(mt.ones(2), 2, rounding_mode="up"),
                RuntimeError,
                "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found 'up'",
            ),
        ),
    ),
    binary(
        "floor_divide",
        lambda a, b: np.floor(np.true_divide(a, b)),
        dtypes=FLOATS + INTS,
        samples=binary_samples(low=-9, high=9, low2=0.5, high2=2.5, scalars=(2,)),
        positive_ints=True,
        grad=False,
    ),
    binary(
        "remainder",
        np.mod,
        dtypes=FLOATS + INTS,
        samples=binary_samples(low=-9, high=9, low2=0.6, high2=2.5, scalars=(2,)),
        positive_ints=True,
        grad=False,
    ),
    binary(
        "fmod",
        np.fmod,
        dtypes=FLOATS + INTS,
        samples=binary_samples(low=-9, high=9, low2=0.6, high2=2.5, scalars=(2,)),
        positive_ints=True,
        grad=False,
    ),
    Op("rsub", lambda a, b, alpha=1: b - alpha * a, _alpha_samples),
    binary("atan2", np.arctan2, dtypes=FLOATS + HALVES, samples=binary_samples(scalars=())),
    binary("pow", np.power, dtypes=FLOATS, samples=_pow_samples, inplace="pow_", slack=10),
    binary("maximum", np.maximum, samples=binary_samples(scalars=()), inplace=None),
    binary("minimum", np.minimum, samples=binary_samples(scalars=()), inplace=None),
    compare("eq", np.equal),
    compare("ne", np.not_equal),
    compare("lt", np.less),
    compare("le", np.less_equal),
    compare("gt", np.greater),
    compare("ge", np.greater_equal),
    logical("logical_and", np.logical_and),
    logical("logical_or", np.logical_or),
    logical("logical_xor", np.logical_xor),
]


def _bits(rng):
    def ints(*shape):
        return rng.integers(0, 100, size=shape)

    def bools(*shape):
        return rng.random(shape) < 0.5

    return [Sample(ints(3, 4), ints(4)), Sample(ints(2, 3), 5), Sample(bools(3, 1), bools(1, 4)),
            Sample(ints(0, 2), ints(2))]


def bitwise(name, reference):
    """Record of a bitwise operation on integers and bool."""
    return Op(
        name,
        reference,
        _bits,
        method=name,
        inplace=name + "_",
        grad=False,
        dtypes=("float32",),
        errors=(
            Error(lambda mt: getattr(mt, name)(mt.ones(2), mt.ones(2)), RuntimeError, "not impl"),
        ),
    )


def _clamp_samples(rng):
    x = distinct(rng, 3, 4)
    return [
        Sample(x, min=-0.3, max=0.4),
        Sample(x, min=0.1),
        Sample(x, max=0.1),
        Sample(x, -0.2, 0.2),
        Sample(x, 0.4, -0.4),
        Sample(distinct(rng, 0, 2), 0, 1),
        Sample(uniform(rng), -0.01, 0.01),
    ]


def _clamp(x, min=None, max=None):
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def _where_samples(rng):
    return [
        Sample(rng.random((3, 4)) < 0.5, uniform(rng, 3, 4), uniform(rng, 3, 4)),
        Sample(rng.random((3, 1)) < 0.5, uniform(rng, 4), uniform(rng, 1, 1)),
        Sample(rng.random((3, 4)) < 0.5, uniform(rng, 3, 4), uniform(rng)),
        Sample(rng.random((0, 4)) < 0.5, uniform(rng, 0, 4), uniform(rng, 4)),
    ]


def _three(rng):
    return [
        Sample(uniform(rng, 3, 4), uniform(rng, 3, 4), uniform(rng, 3, 4, low=0.5)),
        Sample(uniform(rng, 3, 4), uniform(rng, 4), uniform(rng, 3, 1, low=0.5), value=2.5),
    ]


TERNARY = [
    bitwise("bitwise_and", np.bitwise_and),
    bitwise("bitwise_or", np.bitwise_or),
    bitwise("bitwise_xor", np.bitwise_xor),
    Op(
        "clamp",
        _clamp,
        _clamp_samples,
        method="clamp",
        inplace="clamp_",
        out="same",
        dtypes=FLOATS + HALVES,
        errors=(
            Error(
                lambda mt: mt.clamp(mt.ones(2)),
                RuntimeError,
                "At least one of 'min' or 'max' must not be None",
            ),
        ),
    ),
    Op(
        "clamp_tensors",
        _clamp,
        lambda rng: [
            Sample(distinct(rng, 3, 4), distinct(rng, 4) - 0.02, distinct(rng, 3, 1) + 0.01),
            Sample(distinct(rng, 3, 4), max=distinct(rng, 4) + 0.01),
            Sample(distinct(rng, 3, 4), distinct(rng, 3, 4) + 0.01),
        ],
        call=lambda mt, *args, **kwargs: mt.clamp(*args, **kwargs),
        method="clamp",
        inplace="clamp_",
        out="cast",
    ),
    Op("where", np.where, _where_samples, dtypes=FLOATS + HALVES, out="same"),
    Op(
        "addcmul",
        lambda x, a, b, value=1: x + value * a * b,
        _three,
        method="addcmul",
        inplace="addcmul_",
    ),
    Op(
        "addcdiv",
        lambda x, a, b, value=1: x + value * a / b,
        _three,
        method="addcdiv",
        inplace="addcdiv_",
    ),
    Op(
        "lerp",
        lambda a, b, weight: a + weight * (b - a),
        lambda rng: [
            Sample(uniform(rng, 3, 4), uniform(rng, 3, 4), 0.25),
            Sample(uniform(rng, 3, 4), uniform(rng, 4), 0.75),
            Sample(uniform(rng, 3, 4), uniform(rng, 3, 4), uniform(rng, 4)),
        ],
        method="lerp",
        inplace="lerp_",
    ),
]


