"""Records of the reductions and scans."""

import numpy as np
from op_record import (
    ALL,
    BOOL,
    FLOATS,
    HALVES,
    Error,
    Op,
    Sample,
    distinct,
    uniform,
)


def reduce_samples(maker=uniform, multi=True, empty=True):
    """Whole tensor, one dimension, negative, kept, several, size one, no dimension, no element."""

    def samples(rng):
        x = maker(rng, 3, 4, 2)
        found = [
            Sample(x),
            Sample(x, 0),
            Sample(x, 1),
            Sample(x, -1),
            Sample(x, 1, keepdim=True),
            Sample(maker(rng, 5)),
            Sample(maker(rng)),
            Sample(maker(rng, 1, 3), 0),
            Sample(maker(rng, 17, 40), 1),
            Sample(maker(rng, 40, 17), 0),
        ]
        if multi:
            found += [Sample(x, (0, 2)), Sample(x, [0, 1, 2]), Sample(x, dim=(-1, 0), keepdim=True)]
        if empty:
            found += [Sample(maker(rng, 0, 3), 1), Sample(maker(rng, 2, 0), 1)]
        return found

    return samples


def _np_reduce(function):
    def reference(x, dim=None, keepdim=False):
        axis = tuple(dim) if isinstance(dim, list | tuple) else dim
        return function(x, axis=axis, keepdims=keepdim)

    return reference


def dim_error(name):
    """A dimension that the tensor does not have."""
    return Error(
        lambda mt: getattr(mt, name)(mt.ones(2, 3), 2),
        IndexError,
        r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)",
    )


def _cast_one_of_all(results):
    """How max and min take `out=`: cast for all elements; a pair along an axis as it is."""
    return "cast" if len(results) == 1 else "same"


def reduction(name, function, **options):
    """Record of a reduction over all, one, or several dimensions."""
    samples = options.pop("samples", None) or reduce_samples()
    return Op(
        name,
        options.pop("reference", None) or _np_reduce(function),
        samples,
        method=name,
        errors=(dim_error(name), *options.pop("errors", ())),
        slack=options.pop("slack", 4),
        **options,
    )


def _var_samples(rng):
    x = uniform(rng, 3, 4, 2)
    return [
        Sample(x),
        Sample(x, 1),
        Sample(x, dim=(0, 2), correction=0),
        Sample(x, dim=-1, keepdim=True),
        Sample(x, 0, unbiased=False),
        Sample(uniform(rng, 6), correction=2),
    ]


def _variance(x, dim=None, unbiased=True, correction=None, keepdim=False):
    ddof = correction if correction is not None else int(unbiased)
    axis = tuple(dim) if isinstance(dim, list | tuple) else dim
    return x.var(axis=axis, ddof=ddof, keepdims=keepdim)


def _pick(function, arg):
    """PyTorch's max and min: values alone, or (values, indices) along a dimension."""

    def reference(x, dim=None, keepdim=False):
        if dim is None:
            return function(x)
        index = np.expand_dims(arg(x, axis=dim), dim)
        values = np.take_along_axis(x, index, dim)
        return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim))

    return reference


def _arg(function):
    def reference(x, dim=None, keepdim=False):
        if dim is None:
            return np.asarray(function(x))
        index = function(x, axis=dim)
        return np.expand_dims(index, dim) if keepdim else np.asarray(index)

    return reference


def _scan_samples(rng):
    return [
        Sample(uniform(rng, 3, 4), 0),
        Sample(uniform(rng, 3, 4), -1),
        Sample(uniform(rng, 5), 0),
        Sample(uniform(rng, 2, 0), 1),
    ]


def _norm(x, p=2, dim=None, keepdim=False):
    axis = tuple(dim) if isinstance(dim, list | tuple) else dim
    size = np.abs(x)
    if p == "fro":
        p = 2
    if p == np.inf:
        return size.max(axis=axis, keepdims=keepdim)
    return (size**p).sum(axis=axis, keepdims=keepdim) ** (1 / p)


def _norm_samples(rng):
    x = uniform(rng, 3, 4)
    return [Sample(x), Sample(x, 2, 1), Sample(x, p=1), Sample(x, p=3.0, dim=0, keepdim=True),
            Sample(x, 2, dim=(0, 1)), Sample(distinct(rng, 3, 4), float("inf"))]


def _logsumexp(x, dim, keepdim=False):
    return np.log(np.exp(x).sum(axis=dim, keepdims=keepdim))


picking = reduce_samples(distinct, multi=False, empty=False)
empty_max_error = Error(
    lambda mt: mt.ones(0).max(), RuntimeError, r"Expected reduction dim to be specified"
)

REDUCTIONS = [
    reduction("sum", np.sum, dtypes=ALL, result="sum", out="any"),
    reduction("mean", np.mean, dtypes=FLOATS + HALVES, samples=reduce_samples(empty=False)),
    reduction(
        "prod",
        np.prod,
        samples=reduce_samples(multi=False),
        dtypes=FLOATS,
        slack=100,
        out="any",
    ),
    reduction("amax", np.max, samples=reduce_samples(distinct, empty=False), out="same"),
    reduction("amin", np.min, samples=reduce_samples(distinct, empty=False), out="same"),
    reduction("max", None, reference=_pick(np.max, np.argmax), samples=picking,
              errors=(empty_max_error,), out=_cast_one_of_all),
    reduction("min", None, reference=_pick(np.min, np.argmin), samples=picking,
              out=_cast_one_of_all),
    reduction(
        "argmax", None, reference=_arg(np.argmax), samples=picking, result="int64", grad=False
    ),
    reduction(
        "argmin", None, reference=_arg(np.argmin), samples=picking, result="int64", grad=False
    ),
    reduction("all", np.all, dtypes=FLOATS + BOOL, result="bool", grad=False,
              samples=reduce_samples(multi=False)),
    reduction("any", np.any, dtypes=FLOATS + BOOL, result="bool", grad=False,
              samples=reduce_samples(multi=False)),
    Op("var", _variance, _var_samples, method="var", slack=10, errors=(dim_error("var"),)),
    Op(
        "std",
        lambda *args, **kwargs: np.sqrt(_variance(*args, **kwargs)),
        _var_samples,
        method="std",
        slack=10,
    ),
    Op("norm", _norm, _norm_samples, method="norm", slack=10, out="same"),
    Op(
        "logsumexp",
        _logsumexp,
        lambda rng: [Sample(uniform(rng, 3, 4), 1), Sample(uniform(rng, 3, 4), 0, keepdim=True)],
        method="logsumexp",
        slack=4,
    ),
    Op("cumsum", lambda x, dim: np.cumsum(x, axis=dim), _scan_samples, method="cumsum", slack=4,
       out="any"),
    Op("cumprod", lambda x, dim: np.cumprod(x, axis=dim), _scan_samples, method="cumprod", slack=9,
       out="any"),
]


