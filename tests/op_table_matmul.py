"""Records of the matrix products."""

import numpy as np
from op_record import (
    FLOATS,
    INTS,
    Error,
    Op,
    Sample,
    uniform,
)


def _matmul_samples(rng):
    shapes = [
        ((3, 4), (4, 2)),
        ((4,), (4,)),
        ((3, 4), (4,)),
        ((4,), (4, 2)),
        ((2, 3, 4), (4, 2)),
        ((2, 3, 4), (2, 4, 2)),
        ((5, 1, 3, 4), (2, 4, 2)),
        ((2, 3, 4), (4,)),
        ((0, 4), (4, 2)),
        ((3, 0), (0, 2)),
        ((1, 4), (4, 1)),
    ]
    return [Sample(uniform(rng, *a), uniform(rng, *b)) for a, b in shapes]


def _fixed(*shapes, **kwargs):
    return lambda rng: [Sample(*(uniform(rng, *shape) for shape in shapes), **kwargs)]


def product(name, samples, reference=np.matmul, errors=(), out="same", **options):
    """Record of a matrix product."""
    return Op(
        name, reference, samples, method=name, slack=10, errors=errors, gradgrad=True, out=out,
        **options
    )


MATMUL = [
    product(
        "matmul",
        _matmul_samples,
        dtypes=FLOATS + ("int64",),
        errors=(
            Error(
                lambda mt: mt.ones(2, 5) @ mt.ones(3, 2),
                RuntimeError,
                r"mat1 and mat2 shapes cannot be multiplied \(2x5 and 3x2\)",
            ),
            Error(
                lambda mt: mt.tensor(1.0) @ mt.ones(3),
                RuntimeError,
                "both arguments to matmul need to be at least 1D, but they are 0D and 1D",
            ),
            Error(
                lambda mt: mt.ones(2, 2) @ mt.ones(2, 2, dtype=mt.float64),
                RuntimeError,
                "expected m1 and m2 to have the same dtype",
            ),
        ),
    ),
    product(
        "mm",
        lambda rng: _fixed((3, 4), (4, 5))(rng) + _fixed((17, 33), (33, 9))(rng),
        errors=(
            Error(
                lambda mt: mt.mm(mt.ones(2, 500), mt.ones(512, 10)),
                RuntimeError,
                r"mat1 and mat2 shapes cannot be multiplied \(2x500 and 512x10\)",
            ),
        ),
    ),
    product("bmm", _fixed((2, 3, 4), (2, 4, 5))),
    product("mv", _fixed((3, 4), (4,))),
    product("dot", _fixed((4,), (4,))),
    product("outer", _fixed((3,), (4,)), reference=np.outer, out="cast"),
    Op(
        "addmm",
        lambda c, a, b, beta=1, alpha=1: beta * c + alpha * (a @ b),
        lambda rng: _fixed((3, 5), (3, 4), (4, 5))(rng)
        + _fixed((5,), (3, 4), (4, 5), beta=0.5, alpha=2.0)(rng),
        method="addmm",
        slack=10,
        out="same",
    ),
    Op(
        "trace",
        np.trace,
        lambda rng: [Sample(uniform(rng, 3, 3)), Sample(uniform(rng, 2, 5)),
                     Sample(uniform(rng, 0, 4))],
        method="trace",
        dtypes=FLOATS + INTS,
        result="sum",
        errors=(Error(lambda mt: mt.trace(mt.ones(3)), RuntimeError, "expected a matrix"),),
    ),
]

