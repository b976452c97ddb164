"""Records of the operations that move values: views, copies, joins, splits."""

import numpy as np
from op_record import (
    FLOATS,
    Error,
    Op,
    Sample,
    uniform,
)


def shape_op(name, reference, *samples, call=None, method=True, inplace=None, errors=(), **options):
    """Record of an operation that moves values: each sample is a shape and further arguments."""

    def make(rng):
        return [Sample(uniform(rng, *shape), *args) for shape, *args in samples]

    return Op(
        name,
        reference,
        make,
        call=call or (lambda mt, x, *args: getattr(x, name)(*args)),
        method=name if method else None,
        inplace=inplace,
        dtypes=options.pop("dtypes", ("float32", "float64", "bfloat16", "int64", "bool")),
        errors=errors,
        **options,
    )


def _expand(x, *sizes):
    sizes = sizes[0] if isinstance(sizes[0], tuple) else sizes
    lead = len(sizes) - x.ndim
    full = [x.shape[i - lead] if size == -1 else size for i, size in enumerate(sizes)]
    return np.broadcast_to(x, full)


def _flatten(x, start=0, end=-1):
    if x.ndim == 0:
        return x.reshape(1)
    start, end = start % x.ndim, end % x.ndim
    return x.reshape(*x.shape[:start], int(np.prod(x.shape[start : end + 1])), *x.shape[end + 1 :])


def _squeeze(x, dim=None):
    if dim is None:
        return np.squeeze(x)
    dims = dim if isinstance(dim, tuple) else (dim,)
    return np.squeeze(x, tuple(d for d in dims if x.shape[d] == 1))


SHAPES = [
    shape_op(
        "view",
        lambda x, *s: x.reshape(s[0] if isinstance(s[0], tuple) else s),
        ((2, 6), 3, 4),
        ((2, 6), (4, -1)),
        ((2, 6), -1),
        ((), 1, 1),
        ((0, 3), 3, 0),
        layouts=("contiguous",),
        errors=(
            Error(
                lambda mt: mt.ones(6).view(5),
                RuntimeError,
                r"shape '\[5\]' is invalid for input of size 6",
            ),
            Error(
                lambda mt: mt.ones(6).view(-1, -1), RuntimeError, "only one dimension can be infer"
            ),
            Error(
                lambda mt: mt.ones(2, 3).t().view(6),
                RuntimeError,
                r"view size is not compatible with input tensor's size and stride \(at least one "
                r"dimension spans across two contiguous subspaces\). Use .reshape\(...\) instead.",
            ),
        ),
    ),
    shape_op(
        "reshape",
        lambda x, *s: x.reshape(s[0] if isinstance(s[0], tuple) else s),
        ((2, 6), 3, 4),
        ((2, 6), (4, -1)),
        ((2, 3, 2), 6, 2),
        ((), (1,)),
        ((0, 3), (0, 5)),
    ),
    shape_op("flatten", _flatten, ((2, 3, 4),), ((2, 3, 4), 1), ((2, 3, 4), 0, 1), ((),)),
    shape_op(
        "squeeze",
        _squeeze,
        ((1, 3, 1),),
        ((1, 3, 1), 0),
        ((1, 3, 1), 1),
        ((1, 3, 1), -1),
        ((1, 3, 1), (0, 2)),
        inplace="squeeze_",
    ),
    shape_op(
        "unsqueeze",
        lambda x, dim: np.expand_dims(x, dim),
        ((3, 4), 0),
        ((3, 4), 1),
        ((3, 4), -1),
        ((), 0),
        inplace="unsqueeze_",
        errors=(
            Error(
                lambda mt: mt.ones(2).unsqueeze(3),
                IndexError,
                r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 3\)",
            ),
        ),
    ),
    shape_op("transpose", np.swapaxes, ((2, 3, 4), 0, 1), ((2, 3, 4), -1, 0), ((2, 0), 0, 1)),
    shape_op(
        "t",
        np.transpose,
        ((3, 4),),
        ((3,),),
        ((),),
        errors=(
            Error(
                lambda mt: mt.ones(2, 2, 2).t(),
                RuntimeError,
                r"t\(\) expects a tensor with <= 2 dimensions, but self is 3D",
            ),
        ),
    ),
    shape_op(
        "permute",
        lambda x, *d: x.transpose(d[0] if isinstance(d[0], tuple) else d),
        ((2, 3, 4), 2, 0, 1),
        ((2, 3, 4), (0, -1, 1)),
        errors=(
            Error(
                lambda mt: mt.ones(2, 3).permute(0, 0),
                RuntimeError,
                "duplicate dims are not allowed",
            ),
        ),
    ),
    shape_op(
        "expand",
        _expand,
        ((3, 1), 3, 4),
        ((3, 1), 2, -1, 4),
        ((1,), (3, 1)),
        ((), 2, 2),
        errors=(
            Error(
                lambda mt: mt.ones(3).expand(4),
                RuntimeError,
                r"The expanded size of the tensor \(4\) must match the existing size \(3\) "
                r"at non-singleton dimension 0",
            ),
        ),
    ),
    shape_op(
        "repeat",
        lambda x, *n: np.tile(x, n[0] if isinstance(n[0], tuple) else n),
        ((2, 3), 2, 1),
        ((3,), 2, 2),
        ((2, 3), (1, 2)),
    ),
    shape_op("narrow", lambda x, d, s, n: x.take(range(s, s + n), axis=d),
             ((4, 5), 0, 1, 2), ((4, 5), 1, 3, 2), ((4, 5), -1, 0, 5)),
    shape_op("select", lambda x, d, i: x.take(i, axis=d),
             ((3, 4), 0, 1), ((3, 4), 1, -1)),
    shape_op("movedim", np.moveaxis, ((2, 3, 4), 0, 2), ((2, 3, 4), (0, 1), (1, 0))),
    shape_op("flip", lambda x, d: np.flip(x, d), ((3, 4), (0,)), ((3, 4), (0, 1)), ((3, 4), (-1,))),
    shape_op("roll", lambda x, s, d: np.roll(x, s, d), ((3, 4), 1, 0), ((3, 4), (1, -2), (0, 1))),
    shape_op("tril", lambda x, k=0: np.tril(x, k), ((3, 4),), ((4, 3), 1), ((2, 3, 3), -1),
             dtypes=FLOATS),
    shape_op("triu", lambda x, k=0: np.triu(x, k), ((3, 4),), ((4, 3), 1), ((2, 3, 3), -1),
             dtypes=FLOATS),
    shape_op("diagonal", lambda x, *a: np.diagonal(x, *a), ((3, 4),), ((3, 4), 1),
             ((2, 3, 4), 0, 1, 2)),
    shape_op("swapaxes", np.swapaxes, ((2, 3, 4), 0, 2)),
    shape_op("tile", lambda x, n: np.tile(x, n), ((2, 3), (2,)), ((2, 3), (2, 1, 2))),
    shape_op("expand_as", lambda x, y: np.broadcast_to(x, y.shape), ((3, 1), np.zeros((2, 3, 4)))),
    shape_op("contiguous", lambda x: x, ((3, 4),), ((),), ((0, 2),)),
    shape_op("clone", lambda x: x, ((3, 4),), ((),), ((0, 2),)),
    shape_op("unbind", lambda x, d=0: tuple(np.moveaxis(x, d, 0)), ((3, 4),), ((3, 4), 1)),
    shape_op(
        "split",
        lambda x, n, d=0: tuple(np.split(x, _split_points(x.shape[d], n), d)),
        ((5, 3), 2),
        ((5, 3), [1, 4]),
        ((3, 4), 2, 1),
        errors=(
            Error(
                lambda mt: mt.ones(4).split([1, 2]),
                RuntimeError,
                r"split_with_sizes expects split_sizes to sum exactly to 4 "
                r"\(input tensor's size at dimension 0\), but got split_sizes=\[1, 2\]",
            ),
        ),
    ),
    shape_op(
        "chunk",
        lambda x, n, d=0: tuple(np.split(x, _split_points(x.shape[d], -(-x.shape[d] // n)), d)),
        ((5, 3), 2),
        ((6, 3), 3),
        ((3, 4), 2, 1),
    ),
]


def _split_points(size, parts):
    if isinstance(parts, int):
        return list(range(parts, size, parts))
    return list(np.cumsum(parts)[:-1])


def _join_samples(rng):
    return [
        Sample([uniform(rng, 2, 3), uniform(rng, 4, 3)], 0),
        Sample([uniform(rng, 2, 3), uniform(rng, 2, 1), uniform(rng, 2, 2)], 1),
        Sample([uniform(rng, 2, 3)], -1),
        Sample([uniform(rng, 0, 3), uniform(rng, 2, 3)], dim=0),
    ]


def _stack_samples(rng):
    def pair():
        return [uniform(rng, 2, 3), uniform(rng, 2, 3)]

    return [Sample(pair()), Sample(pair(), 1), Sample(pair(), -1), Sample([uniform(rng)] * 2)]


JOINS = [
    Op(
        "cat",
        lambda xs, dim=0: np.concatenate(xs, dim),
        _join_samples,
        dtypes=("float32", "float64", "bfloat16", "int64", "bool"),
        errors=(
            Error(
                lambda mt: mt.cat([mt.ones(2, 3), mt.ones(2, 4)]),
                RuntimeError,
                r"Sizes of tensors must match except in dimension 0. Expected (size )?3 but got "
                r"size 4 for tensor number 1 in the list.",
            ),
            Error(lambda mt: mt.cat([]), (RuntimeError, ValueError), "non-empty list of Tensors"),
        ),
    ),
    Op(
        "stack",
        lambda xs, dim=0: np.stack(xs, dim),
        _stack_samples,
        dtypes=("float32", "float64", "int64"),
        errors=(
            Error(
                lambda mt: mt.stack([mt.ones(2), mt.ones(3)]),
                RuntimeError,
                r"stack expects each tensor to be equal size, but got \[2\] at entry 0 and "
                r"\[3\] at entry 1",
            ),
        ),
    ),
]


