"""Records of indexing and assignment, gathering and scattering, sorting."""

import numpy as np
import reference as ref
from op_record import (
    FLOATS,
    Error,
    Op,
    Sample,
    distinct,
    uniform,
)


def index_op(name, key, *shapes, torch_key=None):
    """Record of ``x[key]``; numpy indexes alike unless `torch_key` is given."""
    return Op(
        f"getitem_{name}",
        lambda x: x[key],
        lambda rng: [Sample(uniform(rng, *shape)) for shape in shapes or ((4, 5, 3),)],
        call=lambda mt, x: x[_tensor_key(mt, key)],
        dtypes=("float32", "float64", "bfloat16", "int64"),
    )


def _tensor_key(mt, key):
    if isinstance(key, tuple):
        return tuple(_tensor_key(mt, part) for part in key)
    return mt.from_numpy(key) if isinstance(key, np.ndarray) else key


def assign_op(name, key, value_shape):
    """Record of ``y[key] = value`` on a copy: a tensor of some shape, or a number."""

    def reference(x, value):
        y = x.copy()
        y[key] = value
        return y

    def call(mt, x, value):
        y = x.clone()
        y[_tensor_key(mt, key)] = value
        return y

    def samples(rng):
        value = 2.5 if value_shape is None else uniform(rng, *value_shape)
        return [Sample(uniform(rng, 4, 5, 3), value)]

    return Op(f"setitem_{name}", reference, samples, call=call, dtypes=FLOATS + ("bfloat16",))


_rows, _columns = np.array([2, 0, 2]), np.array([[1], [4]])
_mask = np.array([True, False, True, True])

INDEXING = [
    index_op("int", 1),
    index_op("negative", -1),
    index_op("slice", slice(1, 3)),
    index_op("step", (slice(None, None, 2), slice(1, None, 3))),
    index_op("ellipsis", (..., 0)),
    index_op("newaxis", (slice(None), None, 1)),
    index_op("mixed", (1, slice(1, 4), None, 2)),
    index_op("empty_slice", slice(3, 3)),
    index_op("ints", _rows),
    index_op("ints_matrix", np.array([[1, 3], [0, 0]])),
    index_op("ints_two", (_rows, np.array([0, 4, 1]))),
    index_op("ints_broadcast", (_rows, _columns)),
    index_op("ints_after_slice", (slice(None), _rows)),
    index_op("ints_apart", (_rows, slice(None), np.array([0, 1, 2]))),
    index_op("ints_and_slice", (slice(1, 3), _rows, 0)),
    index_op("mask", _mask),
    index_op("mask_full", np.arange(60).reshape(4, 5, 3) % 3 == 0),
    index_op("mask_none", np.zeros(4, dtype=bool)),
    assign_op("int", 1, (5, 3)),
    assign_op("int_broadcast", 1, (3,)),
    assign_op("number", (slice(1, 3), 0), None),
    assign_op("slice", (slice(None, None, 2), slice(1, 4)), (2, 3, 3)),
    assign_op("ellipsis", (..., -1), (4, 5)),
    assign_op("all", slice(None), (1, 1, 3)),
    assign_op("ints", np.array([2, 0]), (2, 5, 3)),
    assign_op("ints_two", (np.array([2, 0, 1]), np.array([0, 4, 1])), (3, 3)),
    assign_op("ints_after_slice", (slice(None), np.array([3, 1])), (4, 2, 3)),
    assign_op("mask", _mask, (3, 5, 3)),
    assign_op("mask_number", np.arange(60).reshape(4, 5, 3) % 3 == 0, None),
    assign_op("mask_full", np.arange(60).reshape(4, 5, 3) % 3 == 0, (20,)),
    Op(
        "getitem_errors",
        lambda x: x[0],
        lambda rng: [Sample(uniform(rng, 2))],
        call=lambda mt, x: x[0],
        errors=(
            Error(
                lambda mt: mt.ones(3)[3],
                IndexError,
                r"index 3 is out of bounds for dimension 0 with size 3",
            ),
            Error(
                lambda mt: mt.ones(3)[0, 0],
                IndexError,
                r"too many indices for tensor of dimension 1",
            ),
            Error(
                lambda mt: mt.ones(3)[mt.tensor([True, False])],
                IndexError,
                r"The shape of the mask \[2\] at index 0 does not match the shape of the indexed "
                r"tensor \[3\] at index 0",
            ),
            Error(
                lambda mt: mt.ones(3)[mt.tensor([0, 3])],
                IndexError,
                r"index 3 is out of bounds for dimension 0 with size 3",
            ),
            Error(lambda mt: mt.tensor(1.0)[0], IndexError, "invalid index of a 0-dim tensor"),
            Error(lambda mt: mt.ones(3)[::-1], ValueError, "step must be greater than zero"),
            Error(
                lambda mt: mt.ones(3).__setitem__(slice(0, 2), mt.ones(3)),
                RuntimeError,
                r"The expanded size of the tensor \(2\) must match the existing size \(3\) at "
                r"non-singleton dimension 0.  Target sizes: \[2\].  Tensor sizes: \[3\]",
            ),
            Error(
                lambda mt: mt.ones(3, requires_grad=True).__setitem__(0, 1.0),
                RuntimeError,
                "a view of a leaf Variable that requires grad is being used in an in-place",
            ),
        ),
    ),
    Op(
        "index_select",
        lambda x, dim, index: x.take(index, axis=dim),
        lambda rng: [
            Sample(uniform(rng, 4, 3), 0, np.array([2, 0, 2])),
            Sample(uniform(rng, 4, 3), 1, np.array([1])),
            Sample(uniform(rng, 5), -1, np.array([4, 0])),
        ],
        method="index_select",
        out="same",
    ),
    Op(
        "gather",
        ref.gather,
        lambda rng: [
            Sample(uniform(rng, 4, 3), 0, rng.integers(0, 4, (2, 3))),
            Sample(uniform(rng, 4, 3), 1, rng.integers(0, 3, (4, 5))),
        ],
        method="gather",
        out="same",
    ),
    Op(
        "scatter",
        ref.scatter,
        lambda rng: [
            Sample(uniform(rng, 4, 3), 0, np.array([[0, 1, 2], [3, 0, 1]]), uniform(rng, 2, 3)),
            Sample(uniform(rng, 4, 3), 1, np.array([[0], [1], [2], [0]]), 1.5),
        ],
        method="scatter",
        inplace="scatter_",
        out="same",
    ),
    Op(
        "scatter_add",
        lambda *args: ref.scatter(*args, add=True),
        lambda rng: [
            Sample(uniform(rng, 4, 3), 0, rng.integers(0, 4, (2, 3)), uniform(rng, 2, 3)),
            Sample(uniform(rng, 4, 3), 1, rng.integers(0, 3, (4, 3)), uniform(rng, 4, 3)),
        ],
        method="scatter_add",
        inplace="scatter_add_",
        out="same",
    ),
    Op(
        "masked_fill",
        lambda x, mask, value: np.where(mask, value, x),
        lambda rng: [
            Sample(uniform(rng, 3, 4), rng.random((3, 4)) < 0.5, 2.5),
            Sample(uniform(rng, 3, 4), rng.random(4) < 0.5, 0),
        ],
        method="masked_fill",
        inplace="masked_fill_",
    ),
    Op(
        "masked_select",
        lambda x, mask: x[np.broadcast_to(mask, x.shape)],
        lambda rng: [Sample(uniform(rng, 3, 4), rng.random((3, 4)) < 0.5),
                     Sample(uniform(rng, 3, 4), rng.random(4) < 0.5)],
        method="masked_select",
        out="same",
    ),
    Op(
        "nonzero",
        lambda x: np.argwhere(x),
        lambda rng: [Sample(rng.random((3, 4)) < 0.5), Sample(uniform(rng, 5)),
                     Sample(np.zeros((2, 2)))],
        method="nonzero",
        result="int64",
        grad=False,
        out="same",
    ),
    Op(
        "index_add",
        lambda *args: _index_add(*args),
        lambda rng: [
            Sample(uniform(rng, 4, 3), 0, np.array([2, 0, 2]), uniform(rng, 3, 3)),
            Sample(uniform(rng, 4, 3), 1, np.array([1]), uniform(rng, 4, 1)),
        ],
        method="index_add",
        inplace="index_add_",
        out="same",
    ),
    Op(
        "argsort",
        lambda x, dim=-1, descending=False: _sort(x, dim, descending)[1],
        lambda rng: [Sample(distinct(rng, 3, 5)), Sample(distinct(rng, 4, 3), 0),
                     Sample(distinct(rng, 6), descending=True)],
        method="argsort",
        result="int64",
        grad=False,
    ),
    Op(
        "topk",
        lambda x, k, dim=-1: _topk(x, k, dim),
        lambda rng: [Sample(distinct(rng, 3, 5), 2), Sample(distinct(rng, 4, 3), 3, dim=0),
                     Sample(distinct(rng, 2, 80), 3), Sample(distinct(rng, 80, 2), 5, dim=0)],
        method="topk",
        out="same",
    ),
    Op(
        "sort",
        lambda x, dim=-1, descending=False: _sort(x, dim, descending),
        lambda rng: [Sample(distinct(rng, 3, 5)), Sample(distinct(rng, 4, 3), 0),
                     Sample(distinct(rng, 6), dim=0, descending=True)],
        method="sort",
        out="same",
    ),
]


def _index_add(x, dim, index, source):
    out = np.moveaxis(x.copy(), dim, 0)
    np.add.at(out, index, np.moveaxis(source, dim, 0))
    return np.moveaxis(out, 0, dim)


def _sort(x, dim, descending):
    order = np.argsort(-x if descending else x, axis=dim, kind="stable")
    return np.take_along_axis(x, order, dim), order


def _topk(x, k, dim):
    values, order = _sort(x, dim, True)
    return values.take(range(k), axis=dim), order.take(range(k), axis=dim)


