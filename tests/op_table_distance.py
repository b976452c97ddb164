"""Records of the distances of vectors, of embedding, and of other functions of rows."""

import numpy as np
import reference as ref
from op_record import Error, Op, Sample, functional, uniform


def _two(rng, *more):
    a, b = uniform(rng, 4, 3), uniform(rng, 4, 3)
    return [Sample(a, b), *(Sample(a, b, *arguments) for arguments in more)]


def _cosine_samples(rng):
    return [*_two(rng, (0,), (-1, 1e-3)), Sample(uniform(rng, 2, 3, 2), uniform(rng, 3, 1)),
            Sample(uniform(rng, 3), uniform(rng, 3), 0)]


def _norm(difference, p, keepdims=False):
    size = np.abs(difference)
    if p == np.inf:
        return size.max(-1, keepdims=keepdims)
    if p == 0:
        return (size != 0).sum(-1, keepdims=keepdims).astype(float)
    return (size**p).sum(-1, keepdims=keepdims) ** (1 / p)


def _pairwise(a, b, p=2.0, eps=1e-6, keepdim=False):
    return _norm(a - b + eps, p, keepdim)


def _cdist_samples(rng):
    a, b = uniform(rng, 4, 3), uniform(rng, 5, 3)
    found = [Sample(a, b, p) for p in (2.0, 1.0, 3.0, 1.5, np.inf, 0.0)]
    return [*found, Sample(uniform(rng, 2, 1, 4, 3), uniform(rng, 3, 2, 3)),
            Sample(a, b, 2.0, "use_mm_for_euclid_dist"), Sample(uniform(rng, 0, 3), b)]


def _cdist(a, b, p=2.0, mode=None):
    return _norm(a[..., :, None, :] - b[..., None, :, :], p)


def _pdist(x, p=2.0):
    first, second = np.triu_indices(len(x), 1)
    return _norm(x[first] - x[second], p)


def _normalize(x, p=2.0, dim=1, eps=1e-12):
    return x / np.maximum(_norm(np.moveaxis(x, dim, -1), p, False), eps)[
        tuple(slice(None) if i != dim % x.ndim else None for i in range(x.ndim))]


def _bilinear(a, b, weight, bias=0.0):
    return np.einsum("...i,kij,...j->...k", a, weight, b) + bias


def _bilinear_samples(rng):
    weight, bias = uniform(rng, 2, 3, 4), uniform(rng, 2)
    return [Sample(uniform(rng, 5, 3), uniform(rng, 5, 4), weight, bias),
            Sample(uniform(rng, 3), uniform(rng, 4), weight),
            Sample(uniform(rng, 2, 2, 3), uniform(rng, 2, 2, 4), weight, bias)]


def _embedding_samples(rng):
    return [Sample(np.array([[0, 2], [2, 4]]), uniform(rng, 5, 3)),
            Sample(np.array(1), uniform(rng, 5, 3)),
            Sample(np.zeros((2, 0), dtype=np.int64), uniform(rng, 5, 3))]


def _bag_samples(rng):
    table, rows = uniform(rng, 5, 3), np.array([0, 2, 2, 4, 1])
    starts = np.array([0, 3, 3])
    bags = np.array([[0, 2], [3, 1]])
    return [
        *(Sample(bags, table, mode=mode) for mode in ("mean", "sum", "max")),
        *(Sample(rows, table, starts, mode=mode) for mode in ("mean", "sum", "max")),
        Sample(rows, table, np.array([0, 2, 5]), include_last_offset=True),
    ]


def _bag(rows, table, starts=None, mode="mean", include_last_offset=False):
    if starts is None:
        bags = list(rows)
    else:
        ends = [*starts[1:], len(rows)]
        bags = [rows[start:end] for start, end in zip(starts, ends, strict=True)]
        bags = bags[:-1] if include_last_offset else bags
    made = {"mean": np.mean, "sum": np.sum, "max": np.max}[mode]
    return np.array([made(table[bag], axis=0) if len(bag) else np.zeros(table.shape[1])
                     for bag in bags])


DISTANCES = [
    Op("cosine_similarity", ref.cosine_similarity, _cosine_samples, slack=10, errors=(
        Error(lambda mt: mt.cosine_similarity(mt.tensor([1]), mt.tensor([2]), 0), RuntimeError,
              "expected common dtype to be floating point, yet common dtype is Long"),)),
    Op("pairwise_distance", _pairwise, lambda rng: _two(
        rng, (1.0,), (3.0, 0.1), (2.0, 0.0, True), (np.inf,)),
       call=functional("pairwise_distance"), slack=10),
    Op("cdist", _cdist, _cdist_samples, slack=20, errors=(
        Error(lambda mt: mt.cdist(mt.ones(2, 3), mt.ones(2, 4)), RuntimeError,
              "X1 and X2 must have the same number of columns. X1: 3 X2: 4"),
        Error(lambda mt: mt.cdist(mt.ones(3), mt.ones(2, 3)), RuntimeError,
              "cdist only supports at least 2D tensors, X1 got: 1D"),
        Error(lambda mt: mt.cdist(mt.ones(2, 3), mt.ones(2, 3), p=-1), RuntimeError,
              "cdist only supports non-negative p values"),
        Error(lambda mt: mt.cdist(mt.ones(2, 3), mt.ones(2, 3), compute_mode="fast"), ValueError,
              "fast is not a valid value for compute_mode"))),
    Op("pdist", _pdist, lambda rng: [Sample(uniform(rng, 4, 3), p)
                                     for p in (2.0, 1.0, 3.0, 1.5, np.inf)],
       slack=10, errors=(Error(lambda mt: mt.pdist(mt.ones(3)), RuntimeError,
                               "pdist only supports 2D tensors, got: 1D"),)),
    Op("normalize", _normalize, lambda rng: [
        Sample(uniform(rng, 3, 4)), Sample(uniform(rng, 3, 4), 1.0, 0),
        Sample(uniform(rng, 2, 3, 2), 3.0, -1)], call=functional("normalize"), slack=10),
    Op("bilinear", _bilinear, _bilinear_samples, call=functional("bilinear"), slack=10, errors=(
        Error(lambda mt: mt.nn.functional.bilinear(
            mt.ones(2, 3), mt.ones(2, 3), mt.ones(5, 3, 4)), RuntimeError,
            r"bilinear\(\): input2 size does not match weight size: got 3 but expected 4"),)),
    Op("embedding", ref.embedding, _embedding_samples, call=functional("embedding"), errors=(
        Error(lambda mt: mt.nn.functional.embedding(mt.tensor([5]), mt.ones(5, 2)), IndexError,
              "index out of range in self"),
        Error(lambda mt: mt.nn.functional.embedding(mt.ones(2), mt.ones(5, 2)), RuntimeError,
              "Expected tensor for argument #1 'indices' to have one of the following scalar "
              "types: Long, Int; but got torch.FloatTensor instead"))),
    Op("embedding_bag", _bag, _bag_samples, call=functional("embedding_bag"), slack=4, errors=(
        Error(lambda mt: mt.nn.functional.embedding_bag(mt.tensor([1]), mt.ones(5, 2)), ValueError,
              "offsets has to be a 1D Tensor but got None"),
        Error(lambda mt: mt.nn.functional.embedding_bag(
            mt.tensor([[1]]), mt.ones(5, 2), mode="median"), ValueError,
            "mode has to be one of sum, mean or max"))),
    Op("one_hot", lambda x, n=None: np.eye(int(x.max()) + 1 if n is None else n, dtype=int)[x],
       lambda rng: [Sample(np.array([[0, 2], [1, 1]])), Sample(np.array([1, 0]), 4)],
       call=functional("one_hot"), result="int64", grad=False, errors=(
        Error(lambda mt: mt.nn.functional.one_hot(mt.tensor([2]), 2), RuntimeError,
              "Class values must be smaller than num_classes."),
        Error(lambda mt: mt.nn.functional.one_hot(mt.tensor([-1])), RuntimeError,
              "Class values must be non-negative."))),
]
