"""Records of the activations of ``nn.functional`` and of the dropout family."""

import numpy as np
from op_record import FLOATS, HALVES, Error, Op, Sample, distinct, functional, uniform

SHAPES = (3, 4), (5,), (), (2, 0, 3), (2, 4, 2, 2)


def activation(name, reference, *arguments, **options):
    """Record of an elementwise function, tried with each of the argument tuples.

    The samples are a grid without the places where pieces meet: there a finite difference would
    see both.
    """
    options.setdefault("dtypes", FLOATS + HALVES)

    def samples(rng):
        shaped = [Sample(distinct(rng, *shape), *(arguments[0] if arguments else ()))
                  for shape in SHAPES]
        return shaped + [Sample(distinct(rng, 4, 6), *more) for more in arguments[1:]]

    return Op(name, reference, samples, call=functional(name), **options)


def _elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _selu(x):
    return 1.0507009873554805 * _elu(x, 1.6732632423543772)


def _celu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def _leaky(x, slope=0.01):
    return np.where(x > 0, x, slope * x)


def _softplus(x, beta=1, threshold=20):
    return np.where(beta * x > threshold, x, np.logaddexp(0, beta * x) / beta)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _soft_shrink(x, lambd=0.5):
    return np.sign(x) * np.maximum(np.abs(x) - lambd, 0)


def _glu(x, dim=-1):
    a, b = np.split(x, 2, dim)
    return a * _sigmoid(b)


def _glu_samples(rng):
    return [Sample(uniform(rng, 3, 4)), Sample(uniform(rng, 4, 3), 0), Sample(uniform(rng, 2, 0)),
            Sample(uniform(rng, 2, 6, 2), 1)]


def _prelu_samples(rng):
    return [
        Sample(distinct(rng, 3, 4), np.array([0.25])),
        Sample(distinct(rng, 3, 4), np.array([0.25, 0.5, -1.0, 2.0])),
        Sample(distinct(rng, 2, 3, 2), np.array([0.25, 0.5, 0.75])),
        Sample(distinct(rng, 5), np.array([0.25])),
        Sample(distinct(rng), np.array(0.5)),
    ]


def _prelu(x, weight):
    shape = [1] * x.ndim
    if x.ndim > 1:
        shape[1] = weight.size
    return np.where(x > 0, x, x * weight.reshape(shape))


def _refused(name, kernel):
    return Error(
        lambda mt: getattr(mt.nn.functional, name)(mt.ones(4, dtype=mt.int64)),
        NotImplementedError,
        f"\"{kernel}\" not implemented for 'Long'",
    )


def _relu6(x):
    return np.clip(x, 0, 6)


ACTIVATIONS = [
    activation("threshold", lambda x, t, v: np.where(x > t, x, v), (0.5, 20.0), (-1, 0)),
    activation("relu6", _relu6),
    activation(
        "hardtanh", lambda x, low=-1.0, high=1.0: np.clip(x, low, high), (), (-0.5, 0.25),
        errors=(Error(
            lambda mt: mt.nn.functional.hardtanh(mt.ones(2), 1.0, -1.0),
            ValueError, "min_val cannot be greater than max_val"),),
    ),
    activation("leaky_relu", _leaky, (), (0.25,), (-0.5,),
               errors=(_refused("leaky_relu", "leaky_relu_cpu"),)),
    activation("rrelu", lambda x, a=1 / 8, b=1 / 3: _leaky(x, (a + b) / 2), (), (0.1, 0.2)),
    activation("elu", _elu, (), (0.5,), errors=(_refused("elu", "elu_cpu"),)),
    activation("selu", _selu),
    activation("celu", _celu, (), (0.5,), (-0.5,), errors=(Error(
        lambda mt: mt.nn.functional.celu(mt.ones(2), 0), RuntimeError, "alpha cannot be 0"),)),
    activation("hardswish", lambda x: x * _relu6(x + 3) / 6, slack=4,
               errors=(_refused("hardswish", "hardswish_cpu"),)),
    activation("hardsigmoid", lambda x: _relu6(x + 3) / 6, slack=4),
    activation("hardshrink", lambda x, lambd=0.5: np.where(np.abs(x) > lambd, x, 0), (), (1.0,),
               out="same"),
    activation("softshrink", _soft_shrink, (), (1.0,), errors=(Error(
        lambda mt: mt.nn.functional.softshrink(mt.ones(2), -0.5), RuntimeError,
        r"lambda must be in range \[0, 3.40282e\+38\] for input dtype Float, but found -0.5|"
        "lambda must be greater or equal to 0, but found to be -0.5."),)),
    activation("softplus", _softplus, (), (2.0,), (1, 0.5), slack=4),
    activation("logsigmoid", lambda x: -np.logaddexp(0, -x), slack=4),
    activation("mish", lambda x: x * np.tanh(np.logaddexp(0, x)), slack=4),
    activation("softsign", lambda x: x / (1 + np.abs(x)), slack=2),
    activation("tanhshrink", lambda x: x - np.tanh(x), slack=4),
    Op("glu", _glu, _glu_samples, call=functional("glu"), slack=4, errors=(
        _refused("glu", "glu_cpu"),
        Error(lambda mt: mt.nn.functional.glu(mt.ones(2, 3)), RuntimeError,
              "Halving dimension must be even, but dimension 1 is size 3"),
        Error(lambda mt: mt.nn.functional.glu(mt.ones(())), RuntimeError,
              "glu does not support scalars because halving size must be even"))),
    Op("prelu", _prelu, _prelu_samples, call=functional("prelu"), errors=(
        Error(lambda mt: mt.nn.functional.prelu(mt.ones(2, 3), mt.ones(2)), RuntimeError,
              "Mismatch of parameter numbers and input channel size. Found parameter numbers = 2 "
              "and channel size = 3."),
        Error(lambda mt: mt.nn.functional.prelu(mt.ones(2), mt.ones(1, dtype=mt.float64)),
              RuntimeError, "Type promoting not supported"))),
]
