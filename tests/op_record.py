"""What one record of the op table holds, and makers for the usual samples.

A record says how an operation is called, what numpy computes for it, which inputs to try, which
inputs are errors, and what holds of it (dtypes, gradients, in-place form). The suite in
``ops/test_op_table.py`` does the rest, so a new operation is a record and nothing more.
"""

from inspect import signature

import numpy as np

import minitorch as mt

# Values a result may differ by, relative to its largest element; one table for all operations.
RTOL = {"float64": 1e-12, "float32": 3e-6, "float16": 4e-3, "bfloat16": 2e-2}

FLOATS = ("float32", "float64")
HALVES = ("float16", "bfloat16")
INTS = ("uint8", "int8", "int16", "int32", "int64")
BOOL = ("bool",)
ALL = FLOATS + HALVES + INTS
ALL_BOOL = ALL + BOOL


class Sample:
    """Arguments of one call.

    Parameters
    ----------
    *args, **kwargs
        Floating numpy arrays become tensors of the dtype under test, integer and bool arrays
        tensors of their own dtype; lists are searched for arrays; the rest is passed as it is.
    """

    def __init__(self, *args, **kwargs):
        self.args = args
        self.kwargs = kwargs

    def __repr__(self):
        def show(value):
            if isinstance(value, np.ndarray):
                return f"{value.dtype}{list(value.shape)}"
            if isinstance(value, list | tuple):
                return type(value)(map(show, value)).__repr__()
            return repr(value)

        words = [show(value) for value in self.args]
        words += [f"{name}={show(value)}" for name, value in self.kwargs.items()]
        return f"({', '.join(words)})"


class Error:
    """A call that must fail: ``call(mt)`` raises `kind` with a text that `pattern` is found in."""

    def __init__(self, call, kind, pattern):
        self.call = call
        self.kind = kind
        self.pattern = pattern


class Op:
    """One operation.

    Parameters
    ----------
    name : str
        PyTorch's name; also the id of its tests.
    reference : callable
        The same call on numpy arrays: float64 for floating samples, the dtype itself for others.
    samples : callable
        ``samples(rng)`` gives a list of :class:`Sample`.
    call : callable, optional
        ``call(mt, *args, **kwargs)``; default ``mt.<name>``.
    method : str, optional
        The form ``args[0].<method>(*args[1:])``; tested to give the same.
    inplace : str, optional
        The in-place method; tested on every sample whose result fits into the first argument.
    dtypes : tuple of str
        For floating samples.
    result : {"same", "bool", "int64", "float64", "float", "sum"}
        The result's dtype: that of the inputs; always the one named; floating for integers; int64
        for integers.
    grad, gradgrad : bool
        Whether the first and second derivatives are checked.
    errors : tuple of Error
    positive_ints : bool
        Replace zeros in integer samples (divisors).
    slack : float
        Factor on RTOL where an operation loses digits by its nature.
    layouts : tuple of str
        Memory layouts of the inputs to try; ``view`` alone cannot take them all.
    out : {None, False, "cast", "same", "any"} or callable
        How `call` takes ``out=``: not at all; of every dtype that can hold the result's; of the
        result's dtype only; of any, for the result is computed in it. Or a function of the
        results that says so. Default: "cast" where `call` is ``mt.<name>`` and has such a
        parameter.
    """

    def __init__(
        self,
        name,
        reference,
        samples,
        *,
        call=None,
        method=None,
        inplace=None,
        dtypes=FLOATS,
        result="same",
        grad=True,
        gradgrad=None,
        errors=(),
        positive_ints=False,
        slack=1.0,
        layouts=("contiguous", "strided", "fortran"),
        out=None,
    ):
        self.name = name
        self.reference = reference
        self.samples = samples
        self.call = call or (lambda mt, *args, **kwargs: getattr(mt, name)(*args, **kwargs))
        self.method = method
        self.inplace = inplace
        self.dtypes = dtypes
        self.result = result
        self.grad = grad
        self.gradgrad = grad if gradgrad is None else gradgrad
        self.errors = errors
        self.positive_ints = positive_ints
        self.slack = slack
        self.layouts = layouts
        self.out = ("cast" if call is None and takes_out(name) else False) if out is None else out

    def __repr__(self):
        return self.name


def takes_out(name):
    """Whether the function of the package has a parameter ``out``."""
    function = getattr(mt, name, None)
    return callable(function) and "out" in signature(function).parameters


def functional(name):
    """A `call` for functions that live in ``nn.functional``."""
    return lambda mt, *args, **kwargs: getattr(mt.nn.functional, name)(*args, **kwargs)


def uniform(rng, *shape, low=-2.0, high=2.0):
    """Float64 values between two bounds, rounded to what every floating dtype can hold.

    Eight significant bits, so that the halves see the same input as the reference, and no two
    neighbours are closer than the steps of a finite difference.
    """
    values = rng.uniform(low, high, size=shape)
    mantissa, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.round(mantissa * 256) / 256, exponent))


def distinct(rng, *shape):
    """A shuffled grid of values without ties, for operations that pick elements."""
    count = int(np.prod(shape))
    return ((rng.permutation(count) - count / 2 + 0.25) / 8).reshape(shape)


def unary_samples(low=-2.0, high=2.0):
    """A matrix, a vector, no dimension, no element."""

    def samples(rng):
        def make(*shape):
            return uniform(rng, *shape, low=low, high=high)

        return [Sample(make(3, 4)), Sample(make(5)), Sample(make()), Sample(make(2, 0, 3)),
                Sample(make(2, 3, 2, 2))]

    return samples


def step_samples(rng):
    """As :func:`unary_samples`, never near a half or a whole number, where rounding jumps."""
    shapes = (3, 4), (5,), (), (2, 0, 3), (2, 3, 2, 2)
    return [Sample(distinct(rng, *shape)) for shape in shapes]


def binary_samples(low=-2.0, high=2.0, scalars=(2.5, -3), low2=None, high2=None):
    """Equal shapes, every kind of broadcasting, Python scalars, no dimension, no element."""
    low2, high2 = low if low2 is None else low2, high if high2 is None else high2

    def samples(rng):
        def a(*shape):
            return uniform(rng, *shape, low=low, high=high)

        def b(*shape):
            return uniform(rng, *shape, low=low2, high=high2)

        pairs = [
            Sample(a(3, 4), b(3, 4)),
            Sample(a(3, 4), b(4)),
            Sample(a(4), b(3, 4)),
            Sample(a(3, 1), b(1, 4)),
            Sample(a(2, 1, 3), b(4, 1)),
            Sample(a(2, 3), b()),
            Sample(a(), b()),
            Sample(a(2, 0), b(1)),
            Sample(a(0, 3), b(3)),
        ]
        return pairs + [Sample(a(2, 3), scalar) for scalar in scalars]

    return samples
