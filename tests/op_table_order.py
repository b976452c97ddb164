"""Records of scans, order statistics, searches, and parts replaced in a copy."""

import numpy as np
from op_record import FLOATS, Error, Op, Sample, distinct, uniform


def _running(function):
    """Values and last places of the best so far."""

    def reference(x, dim):
        best = function.accumulate(x, dim)
        places = np.arange(x.shape[dim]).reshape((-1,) + (1,) * (x.ndim - 1 - dim))
        return best, np.maximum.accumulate(np.where(x == best, places, 0), dim)

    return reference


def _scan(*shapes_and_dims):
    return lambda rng: [Sample(distinct(rng, *shape), dim) for shape, dim in shapes_and_dims]


def _mode(x, dim):
    def one(line):
        values, counts = np.unique(line, return_counts=True)
        best = values[counts.argmax()]
        return best, np.nonzero(line == best)[0][-1]

    found = np.apply_along_axis(one, dim, x)
    return found.take(0, dim), found.take(1, dim).astype(np.int64)


def _scatter_reduce(x, dim, index, src, reduce, include_self=True):
    out = x.copy()
    ufunc = {"sum": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}[reduce]
    touched = set()
    for at in np.ndindex(*index.shape):
        to = (*at[:dim], index[at], *at[dim + 1 :])
        fresh = not include_self and to not in touched
        out[to] = src[at] if fresh else ufunc(out[to], src[at])
        touched.add(to)
    return out


def _index_reduce(x, dim, index, source, reduce):
    out = np.moveaxis(x.copy(), dim, 0)
    ufunc = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}[reduce]
    for i, row in zip(index, np.moveaxis(source, dim, 0), strict=True):
        out[i] = ufunc(out[i], row)
    return np.moveaxis(out, 0, dim)


def _put(x, index, source, accumulate=False):
    out = x.copy().reshape(-1)
    if accumulate:
        np.add.at(out, index, source)
    else:
        out[index] = source
    return out.reshape(x.shape)


def _replaced(name, key, source, *args):
    """Record of a copy with one part replaced: `key` tells numpy which."""

    def reference(x, src, *_):
        out = x.copy()
        out[key] = src
        return out

    # the others have no out= in PyTorch, either
    out = "same" if name == "slice_scatter" else None
    return Op(
        name,
        reference,
        lambda rng: [Sample(uniform(rng, 3, 4), uniform(rng, *source), *args)],
        method=name,
        dtypes=FLOATS + ("bfloat16",),
        out=out,
        errors=(Error(lambda mt: getattr(mt, name)(mt.ones(3, 4), mt.ones(9), *args),
                      RuntimeError, "expected src to have a size equal to the slice of self"),),
    )


_index = np.array([[0, 1, 0], [2, 1, 0]])

def _covariance(x, correction=1, fweights=None, aweights=None):
    return np.cov(x, ddof=correction, fweights=fweights, aweights=aweights)


def _cov_samples(rng):
    return [Sample(uniform(rng, 3, 5)), Sample(uniform(rng, 4)),
            Sample(uniform(rng, 2, 4), correction=0),
            Sample(uniform(rng, 2, 4), fweights=np.array([1, 0, 2, 1])),
            Sample(uniform(rng, 2, 3), fweights=np.array([1, 3, 2]),
                   aweights=np.array([0.5, 1.0, 0.25]))]


def _renorm(x, p, dim, maxnorm):
    norm = (np.abs(x) ** p).sum(tuple(a for a in range(x.ndim) if a != dim), keepdims=True)
    norm = norm ** (1 / p)
    return x * np.where(norm > maxnorm, maxnorm / (norm + 1e-7), 1)


def _histogram(x, bins, range=None, weight=None, density=False):
    return np.histogram(x, bins, range, density, weight)


ORDER = [
    Op("cummax", _running(np.maximum), _scan(((3, 4), 0), ((3, 4), 1), ((5,), 0)),
       method="cummax",
       out="same"),
    Op("cummin", _running(np.minimum), _scan(((3, 4), 0), ((3, 4), 1), ((5,), 0)),
       method="cummin",
       out="same"),
    Op("logcumsumexp", lambda x, dim: np.logaddexp.accumulate(x, dim),
       _scan(((3, 4), 0), ((3, 4), 1)), method="logcumsumexp", slack=10,
       out="same"),
    Op("cov", _covariance, _cov_samples, method="cov", slack=4,
       errors=(Error(lambda mt: mt.cov(mt.ones(2, 2, 2)), RuntimeError,
                     r"cov\(\): expected input to have two or fewer dimensions"),
               Error(lambda mt: mt.cov(mt.ones(2, 3), fweights=mt.ones(3)), RuntimeError,
                     r"cov\(\): expected fweights to have integral dtype"),
               Error(lambda mt: mt.cov(mt.ones(2, 3), aweights=-mt.ones(3)), RuntimeError,
                     r"cov\(\): aweights cannot be negative"))),
    Op("corrcoef", np.corrcoef, lambda rng: [Sample(uniform(rng, 3, 5)), Sample(uniform(rng, 4))],
       method="corrcoef", slack=10,
       errors=(Error(lambda mt: mt.corrcoef(mt.ones(2, 2, 2)), RuntimeError,
                     r"corrcoef\(\): expected input to have two or fewer dimensions"),)),
    Op("renorm", _renorm,
       lambda rng: [Sample(uniform(rng, 4, 3), p, 0, 1.0) for p in (1, 2, 2.5)]
       + [Sample(uniform(rng, 2, 3, 4), 2, 1, 1.5)],
       method="renorm", inplace="renorm_", slack=10, out="same",
       errors=(Error(lambda mt: mt.renorm(mt.ones(2), 2, 0, 1), RuntimeError,
                     "renorm: input needs at least 2 dimensions, got 1 dimensions"),
               Error(lambda mt: mt.renorm(mt.ones(2, 2), 0, 0, 1), RuntimeError,
                     "renorm: non-positive-norm not supported"))),
    Op("histogram", _histogram,
       lambda rng: [Sample(uniform(rng, 20), 4), Sample(uniform(rng, 4, 5), 3, density=True),
                    Sample(uniform(rng, 6), 5, range=(-1.0, 0.5)),
                    Sample(uniform(rng, 6), 2, weight=uniform(rng, 6))],
       method="histogram", grad=False, slack=4, out="same",
       errors=(Error(lambda mt: mt.histogram(mt.ones(2), 0), RuntimeError,
                     r"torch.histogram\(\): bins must be > 0, but got 0 for dimension 0"),)),
    Op("diff", lambda x, n=1, dim=-1: np.diff(x, n, dim),
       lambda rng: [Sample(uniform(rng, 3, 5)), Sample(uniform(rng, 3, 5), 2, 0),
                    Sample(uniform(rng, 4), 9)],
       method="diff",
       errors=(Error(lambda mt: mt.diff(mt.tensor(1.0)), RuntimeError,
                     "diff expects input to be at least one-dimensional"),)),
    Op("trapezoid", lambda y, x=None, dx=1.0, dim=-1: np.trapezoid(y, x, dx, dim)
       if hasattr(np, "trapezoid") else np.trapz(y, x, dx, dim),
       lambda rng: [Sample(uniform(rng, 3, 5)), Sample(uniform(rng, 3, 5), dx=0.5, dim=0),
                    Sample(uniform(rng, 3, 5), np.sort(uniform(rng, 5)))],
       slack=10),
    Op("mode", _mode,
       lambda rng: [Sample(rng.integers(0, 3, (4, 6)).astype(float), 1)], grad=False,
       method="mode",
       out="same"),
    Op("quantile", lambda x, q, dim=None: np.quantile(x, q, dim),
       lambda rng: [Sample(distinct(rng, 3, 5), 0.3), Sample(distinct(rng, 3, 5), 0.75, 1)],
       method="quantile", slack=10, dtypes=("float64",), out="same",
       errors=(Error(lambda mt: mt.quantile(mt.ones(3), 1.5), RuntimeError,
                     r"quantile\(\) q must be in the range \[0, 1\] but got 1.5"),)),
    Op("scatter_reduce", _scatter_reduce,
       lambda rng: [Sample(uniform(rng, 3, 3), 0, _index, uniform(rng, 2, 3), how, **options)
                    for how in ("sum", "prod", "amax", "amin")
                    for options in ({}, {"include_self": False})],
       method="scatter_reduce", inplace="scatter_reduce_",
       errors=(Error(lambda mt: mt.scatter_reduce(mt.ones(2), 0, mt.tensor([0]), mt.ones(1), "x"),
                     RuntimeError, "must be either sum, prod, mean, amax or amin"),),
       out="same"),
    Op("index_reduce", _index_reduce,
       lambda rng: [Sample(uniform(rng, 3, 4), 1, np.array([2, 0, 2]), uniform(rng, 3, 3), how)
                    for how in ("prod", "amax", "amin")],
       method="index_reduce", inplace="index_reduce_",
       out="same"),
    Op("put", _put,
       lambda rng: [Sample(uniform(rng, 2, 3), np.array([4, 0]), uniform(rng, 2)),
                    Sample(uniform(rng, 2, 3), np.array([4, -6, 4]), uniform(rng, 3), True)],
       method="put", inplace="put_"),
    _replaced("select_scatter", (slice(None), 1), (3,), 1, 1),
    _replaced("slice_scatter", slice(1, 3), (2, 4), 0, 1, 3),
    _replaced("diagonal_scatter", (np.arange(3), np.arange(3)), (3,)),
    Op("diagflat", np.diagflat,
       lambda rng: [Sample(uniform(rng, 3)), Sample(uniform(rng, 2, 2), 1)],
       method="diagflat"),
    Op("cartesian_prod",
       lambda a, b: np.stack([g.reshape(-1) for g in np.meshgrid(a, b, indexing="ij")], 1),
       lambda rng: [Sample(uniform(rng, 3), uniform(rng, 2))]),
    Op("vander", lambda x, n=None, increasing=False: np.vander(x, n, increasing),
       lambda rng: [Sample(uniform(rng, 3)), Sample(uniform(rng, 3), 4, True)], slack=10),
]
