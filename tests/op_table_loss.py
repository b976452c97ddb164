"""Records of the losses that compare two tensors, and of those with margins."""

import numpy as np
import reference as ref
from op_record import Error, Op, Sample, distinct, functional, uniform

REDUCTIONS = ("mean", "sum", "none")


def loss(name, values, samples, **options):
    """Record of a loss: `values` gives that of each item, before the reduction."""

    def reference(*args, reduction="mean", **kwargs):
        return ref.reduce_loss(np.asarray(values(*args, **kwargs)), reduction)

    return Op(name, reference, samples, call=functional(name), slack=options.pop("slack", 10),
              **options)


def pairs(second, *options, first=None):
    """Samples of two matrices under all reductions, and of the options under one."""
    first = first or (lambda rng: distinct(rng, 3, 4))

    def samples(rng):
        a, b = first(rng), second(rng)
        found = [Sample(a, b, reduction=reduction) for reduction in REDUCTIONS]
        found += [Sample(a, b, **more) for more in options]
        return [*found, Sample(a[0], b[0]), Sample(np.array(a[0, 0]), np.array(b[0, 0]))]

    return samples


def _signs(rng):
    return np.where(rng.integers(0, 2, (3, 4)) == 1, 1, -1)


def _probabilities(rng):
    return uniform(rng, 3, 4, low=0.125, high=0.875)


def _huber(x, y, delta=1.0):
    size = np.abs(x - y)
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))


def _bce(x, t, weight=1.0):
    return -weight * (t * np.log(x) + (1 - t) * np.log1p(-x))


def _bce_logits(x, t, weight=1.0, pos_weight=1.0):
    return weight * (pos_weight * t * np.logaddexp(0, -x) + (1 - t) * np.logaddexp(0, x))


def _kl(x, t, log_target=False):
    return np.exp(t) * (t - x) if log_target else t * (np.log(t) - x)


def _poisson(x, t, log_input=True, full=False, eps=1e-8):
    values = np.exp(x) - t * x if log_input else x - t * np.log(x + eps)
    if full:
        safe = np.maximum(t, 1)
        stirling = t * np.log(safe) - t + 0.5 * np.log(2 * np.pi * safe)
        values = values + np.where(t > 1, stirling, 0)
    return values


def _gaussian_samples(rng):
    x, y = uniform(rng, 3, 4), uniform(rng, 3, 4)
    var = uniform(rng, 3, 4, low=0.5, high=2)
    return [*(Sample(x, y, var, reduction=reduction) for reduction in REDUCTIONS),
            Sample(x, y, var, full=True), Sample(x, y, var[:, :1]), Sample(x, y, var[:, 0])]


def _gaussian(x, y, var, full=False):
    var = var[:, None] if var.ndim < x.ndim else var
    return (np.log(var) + (x - y) ** 2 / var + (np.log(2 * np.pi) if full else 0)) / 2


def _multi_margin_samples(rng):
    x, target = uniform(rng, 3, 4), np.array([0, 3, 1])
    found = [Sample(x, target, reduction=reduction) for reduction in REDUCTIONS]
    return [*found, Sample(x, target, p=2), Sample(x, target, margin=0.5),
            Sample(x, target, weight=np.array([0.5, 1.0, 2.0, 0.25])), Sample(x[0], np.array(2))]


def _multi_margin(x, target, p=1, margin=1.0, weight=None):
    if x.ndim == 1:
        return _multi_margin(x[None], target[None], p, margin, weight)[0]
    wrong = np.maximum(margin - np.take_along_axis(x, target[:, None], 1) + x, 0) ** p
    np.put_along_axis(wrong, target[:, None], 0, 1)
    return wrong.sum(1) / x.shape[1] * (1 if weight is None else weight[target])


def _multilabel_samples(rng):
    x = uniform(rng, 3, 4)
    target = np.array([[0, 2, -1, 1], [3, -1, -1, -1], [-1, 0, 1, 2]])
    found = [Sample(x, target, reduction=reduction) for reduction in REDUCTIONS]
    return [*found, Sample(x[0], target[0])]


def _multilabel(x, target):
    if x.ndim == 1:
        return _multilabel(x[None], target[None])[0]
    totals = []
    for row, labels in zip(x, target, strict=True):
        labels = list(labels)
        right = labels[: labels.index(-1)] if -1 in labels else labels
        others = [c for c in range(len(row)) if c not in right]
        totals.append(sum(max(0, 1 - row[t] + row[c]) for t in right for c in others) / len(row))
    return np.array(totals)


def _soft_multilabel(x, t, weight=1.0):
    return (_bce_logits(x, t) * weight).mean(-1)


def _soft_multilabel_samples(rng):
    x, t = uniform(rng, 3, 4), rng.integers(0, 2, (3, 4)).astype(float)
    found = [Sample(x, t, reduction=reduction) for reduction in REDUCTIONS]
    return [*found, Sample(x, t, weight=np.array([0.5, 1.0, 2.0, 0.25]))]


def _ranking_samples(rng):
    a, b = distinct(rng, 6), distinct(rng, 6) / 2
    signs = np.array([1, -1, 1, 1, -1, -1])
    return [*(Sample(a, b, signs, reduction=reduction) for reduction in REDUCTIONS),
            Sample(a, b, signs, margin=0.7)]


def _cosine_samples(rng):
    a, b, signs = uniform(rng, 4, 3), uniform(rng, 4, 3), np.array([1, -1, 1, -1])
    return [*(Sample(a, b, signs, reduction=reduction) for reduction in REDUCTIONS),
            Sample(a, b, signs, margin=0.3), Sample(a[0], b[0], np.array(1))]


def _cosine_loss(a, b, target, margin=0.0):
    cosine = ref.cosine_similarity(a, b, -1)
    return np.where(target == 1, 1 - cosine, np.maximum(0, cosine - margin))


def _triplet_samples(rng):
    rows = [uniform(rng, 4, 3) for _ in range(3)]
    return [*(Sample(*rows, reduction=reduction) for reduction in REDUCTIONS),
            Sample(*rows, margin=0.5, p=1), Sample(*rows, swap=True)]


def _bad_shapes(name, pattern):
    return Error(lambda mt: getattr(mt.nn.functional, name)(mt.ones(2, 3), mt.ones(3)),
                 ValueError, pattern)


def _triplet(a, positive, negative, margin=1.0, swap=False, p=2):
    def distance(x, y):
        return (np.abs(x - y + 1e-6) ** p).sum(-1) ** (1 / p)

    far = distance(a, negative)
    if swap:
        far = np.minimum(far, distance(positive, negative))
    return np.maximum(0, margin + distance(a, positive) - far)


LOSSES = [
    loss("smooth_l1_loss", lambda x, y, beta=1.0: _huber(x, y, beta) / beta,
         pairs(lambda rng: uniform(rng, 3, 4), {"beta": 0.3}),
         errors=(Error(lambda mt: mt.nn.functional.smooth_l1_loss(mt.ones(2), mt.ones(2), beta=-1),
                       RuntimeError, "smooth_l1_loss does not support negative values for beta"),)),
    loss("huber_loss", _huber, pairs(lambda rng: uniform(rng, 3, 4), {"delta": 0.3}),
         errors=(Error(lambda mt: mt.nn.functional.huber_loss(mt.ones(2), mt.ones(2), delta=0),
                       RuntimeError, "huber_loss does not support non-positive values"),)),
    loss("binary_cross_entropy", _bce, pairs(
        _probabilities, {"weight": np.array([0.5, 1.0, 2.0, 0.25])}, first=_probabilities),
        errors=(
            _bad_shapes("binary_cross_entropy", "Using a target size .* is deprecated"),
            Error(lambda mt: mt.nn.functional.binary_cross_entropy(mt.ones(2) * 2, mt.ones(2)),
                  RuntimeError, "all elements of input should be between 0 and 1"),
            Error(lambda mt: mt.nn.functional.binary_cross_entropy(
                mt.ones(2), mt.ones(2, dtype=mt.int64)),
                RuntimeError, "Found dtype Long but expected Float"))),
    loss("binary_cross_entropy_with_logits", _bce_logits, pairs(
        _probabilities, {"weight": np.array([0.5, 1.0, 2.0, 0.25])},
        {"pos_weight": np.array([0.5, 1.0, 2.0, 0.25])}),
        errors=(_bad_shapes("binary_cross_entropy_with_logits",
                            "Target size .* must be the same as input size"),)),
    loss("soft_margin_loss", lambda x, t: np.logaddexp(0, -t * x), pairs(_signs)),
    loss("hinge_embedding_loss", lambda x, t, margin=1.0: np.where(
        t == 1, x, np.maximum(0, margin - x)), pairs(_signs, {"margin": 0.3})),
    loss("poisson_nll_loss", _poisson, pairs(
        lambda rng: uniform(rng, 3, 4, low=1.25, high=4), {"log_input": False}, {"full": True},
        first=lambda rng: uniform(rng, 3, 4, low=0.25, high=2))),
    loss("gaussian_nll_loss", _gaussian, _gaussian_samples, errors=(
        Error(lambda mt: mt.nn.functional.gaussian_nll_loss(mt.ones(2), mt.ones(2), -mt.ones(2)),
              ValueError, "var has negative entry/entries"),)),
    Op("kl_div", lambda x, t, reduction="sum", **kwargs: ref.reduce_loss(
        _kl(x, t, **kwargs), "sum" if reduction == "batchmean" else reduction)
        / (x.shape[0] if reduction == "batchmean" else 1),
       lambda rng: [Sample(uniform(rng, 3, 4), _probabilities(rng), reduction=reduction, **more)
                    for reduction in ("sum", "none", "batchmean")
                    for more in ({}, {"log_target": True})],
       call=functional("kl_div"), slack=10),
    loss("multi_margin_loss", _multi_margin, _multi_margin_samples, gradgrad=False, errors=(
        Error(lambda mt: mt.nn.functional.multi_margin_loss(mt.ones(2, 3), mt.tensor([0, 3])),
              RuntimeError, "target out of range"),
        Error(lambda mt: mt.nn.functional.multi_margin_loss(
            mt.ones(2, 3), mt.tensor([0, 1]), p=3), ValueError, "only p == 1 and p == 2"))),
    loss("multilabel_margin_loss", _multilabel, _multilabel_samples, gradgrad=False),
    loss("multilabel_soft_margin_loss", _soft_multilabel, _soft_multilabel_samples),
    loss("margin_ranking_loss", lambda a, b, t, margin=0.0: np.maximum(0, -t * (a - b) + margin),
         _ranking_samples),
    loss("cosine_embedding_loss", _cosine_loss, _cosine_samples, errors=(
        Error(lambda mt: mt.nn.functional.cosine_embedding_loss(
            mt.ones(2, 3), mt.ones(3), mt.ones(2)), RuntimeError,
            r"1D target tensor expects 2D input tensors, but found inputs with sizes "
            r"\[2, 3\] and \[3\]"),)),
    loss("triplet_margin_loss", _triplet, _triplet_samples, errors=(
        Error(lambda mt: mt.nn.functional.triplet_margin_loss(
            mt.ones(2, 3), mt.ones(2, 3), mt.ones(2, 3), margin=-1.0), ValueError,
            "margin must be greater than 0, got -1.0"),)),
]
