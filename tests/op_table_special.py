"""Records of the rarer pointwise operations: parts of numbers, gamma and error functions, pairs."""

import math
from statistics import NormalDist

import numpy as np
from op_record import ALL, FLOATS, HALVES, INTS, Error, Op, Sample, binary_samples, uniform
from op_table_pointwise import binary, step_samples, unary


def _each(function):
    """A function of one number as a function of an array."""
    return np.vectorize(function, otypes=[float])


def _polygamma(n, x):
    """Sums of the series up to 2,000 terms, the rest by Euler and Maclaurin."""
    k = np.arange(2000).reshape(-1, *[1] * np.ndim(x))
    far = np.asarray(x) + 2000.0
    if n == 0:
        return np.log(far) - 0.5 / far - 1 / (12 * far**2) - (1 / (x + k)).sum(0)
    s = n + 1
    rest = far ** (1 - s) / n + far**-s / 2 + s * far ** (-s - 1) / 12
    return (-1) ** s * math.factorial(n) * (((x + k) ** -float(s)).sum(0) + rest)


def _mvlgamma(x, p):
    lgamma = _each(math.lgamma)
    return p * (p - 1) / 4 * math.log(math.pi) + sum(lgamma(x - j / 2) for j in range(p))


def _logit(x, eps=None):
    x = x if eps is None else np.clip(x, eps, 1 - eps)
    return np.log(x / (1 - x))


def _with_infinities(rng):
    return [Sample(np.array([[np.nan, np.inf], [-np.inf, 1.5]])),
            Sample(np.array([np.inf, -np.inf, np.nan, 0.25]), 1.0, 2.0, -3.0),
            Sample(uniform(rng, 0, 2))]


def _infinities(rng):
    return [Sample(np.array([np.inf, -np.inf, np.nan, 2.0, -0.0])), Sample(uniform(rng, 2, 3))]


def no_ints(name, kernel):
    """Integers have no such operation."""
    return Error(lambda mt: getattr(mt, name)(mt.tensor([1]), mt.tensor([2])),
                 RuntimeError, f'"{kernel}" not implemented for \'Long\'')


PARTS = [
    unary("frac", lambda x: x - np.trunc(x), result="same", samples=step_samples, out="same"),
    unary("sgn", np.sign, dtypes=ALL, result="same", out="same"),
    unary("deg2rad", np.deg2rad, -180, 180, dtypes=FLOATS + INTS),
    unary("rad2deg", np.rad2deg, dtypes=FLOATS + INTS),
    unary("signbit", np.signbit, dtypes=ALL, result="bool", grad=False, inplace=None, out="same"),
    unary("isposinf", np.isposinf, result="bool", grad=False, inplace=None, out="same",
          samples=_infinities),
    unary("isneginf", np.isneginf, result="bool", grad=False, inplace=None, out="same",
          samples=_infinities),
    unary("isreal", np.isreal, result="bool", grad=False, inplace=None),
    Op("nan_to_num", lambda x, *values: np.nan_to_num(x, True, *values), _with_infinities,
       method="nan_to_num", inplace="nan_to_num_", dtypes=("float64",), grad=False, out="same"),
    Op("frexp", np.frexp, lambda rng: [Sample(uniform(rng, 3, 4)), Sample(uniform(rng))],
       method="frexp", out="same"),
    Op("round_decimals", lambda x, decimals: np.round(x, decimals),
       lambda rng: [Sample(uniform(rng, 3, 4, low=-90, high=90), decimals=d) for d in (1, -1)],
       call=lambda mt, *args, **kwargs: mt.round(*args, **kwargs), method="round",
       inplace="round_", dtypes=("float64",), grad=False, out="same"),
]

SPECIAL = [
    unary("lgamma", _each(math.lgamma), 0.3, 9.0, slack=10),
    unary("digamma", lambda x: _polygamma(0, x), 0.3, 9.0, slack=100),
    unary("erfinv", _each(lambda y: NormalDist().inv_cdf((y + 1) / 2) / math.sqrt(2)), -0.9, 0.9,
          slack=10),
    unary("i0", np.i0, -9.0, 9.0, slack=4),
    unary("sinc", np.sinc),
    Op("logit", _logit,
       lambda rng: [Sample(uniform(rng, 3, 4, low=0.1, high=0.9)),
                    Sample(uniform(rng, 5, low=-0.4, high=1.4), eps=0.21),
                    Sample(uniform(rng, 0, 3))],
       method="logit", inplace="logit_"),
    Op("polygamma", _polygamma,
       lambda rng: [Sample(n, uniform(rng, 3, low=0.3, high=9.0)) for n in (0, 1, 2, 4)],
       slack=1000,
       errors=(Error(lambda mt: mt.polygamma(-1, mt.ones(2)), RuntimeError,
                     r"polygamma\(n, x\) does not support negative n"),)),
    Op("mvlgamma", _mvlgamma,
       lambda rng: [Sample(uniform(rng, 3, low=2.1, high=9.0), p) for p in (1, 3)],
       method="mvlgamma", inplace="mvlgamma_", slack=10),
]


def _whole(rng):
    return [Sample(rng.integers(-30, 30, (3, 4)), rng.integers(-30, 30, 4)),
            Sample(rng.integers(0, 30, (2, 1)), rng.integers(0, 3, (1, 3)))]


def pair(name, reference, low=-2.0, high=2.0, numbers=(), **options):
    """Record of a function of two tensors, which takes no numbers unless they are given."""
    samples = options.pop("samples", None) or binary_samples(low, high, scalars=numbers)
    return binary(name, reference, samples=samples, **options)


PAIRS = [
    pair("copysign", np.copysign, numbers=(2.5, -3), dtypes=FLOATS + HALVES + INTS,
         result="float"),
    pair("hypot", np.hypot, dtypes=FLOATS + HALVES, errors=(no_ints("hypot", "hypot_cpu"),)),
    pair("nextafter", np.nextafter, dtypes=("float64",), grad=False),
    pair("heaviside", np.heaviside, dtypes=FLOATS + HALVES + INTS, grad=False, out="same"),
    pair("fmin", np.fmin, inplace=None),
    pair("fmax", np.fmax, inplace=None),
    pair("ldexp", lambda a, b: a * 2.0**b, dtypes=FLOATS + HALVES, slack=4),
    pair("logaddexp", np.logaddexp, inplace=None, dtypes=FLOATS + HALVES, slack=4,
         errors=(no_ints("logaddexp", "logaddexp_cpu"),)),
    pair("logaddexp2", np.logaddexp2, inplace=None, dtypes=FLOATS + HALVES, slack=4),
    pair("xlogy", lambda a, b: a * np.log(b), 0.2, 3.0, numbers=(2.5, 3),
         dtypes=FLOATS + HALVES, result="float", slack=4),
    pair("float_power", lambda a, b: np.asarray(a, float) ** b, 0.2, 2.0, numbers=(2, -1.5),
         result="float64", slack=4, out="same"),
    Op("gcd", np.gcd, _whole, method="gcd", inplace="gcd_", grad=False,
       errors=(Error(lambda mt: mt.gcd(mt.ones(2), mt.ones(2)), RuntimeError,
                     "\"gcd_cpu\" not implemented for 'Float'"),)),
    Op("lcm", np.lcm, _whole, method="lcm", inplace="lcm_", grad=False),
]
