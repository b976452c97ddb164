"""Losses with a margin: hinges, rankings, triplets, and margins between classes."""

from minitorch._ops import class_margin as _class_margin
from minitorch._ops import pair_loss as _pair
from minitorch._ops.arithmetic import minimum
from minitorch._ops.choice import where
from minitorch._ops.distance import pairwise_distance
from minitorch.nn.functional.activation import logsigmoid
from minitorch.nn.functional.loss import REDUCTIONS, reduce_losses, resolve_reduction

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def margin_ranking_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """``max(0, -target * (input1 - input2) + margin)``.

    Parameters
    ----------
    input1, input2 : Tensor
        What is ranked.
    target : Tensor
        1 where `input1` should be the larger, -1 where `input2` should.
    margin : float
        By how much.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    reduction : {"mean", "sum", "none"}
        How to reduce.

    Raises
    ------
    RuntimeError
        If the numbers of dimensions differ.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return reduce_losses((-target * (input1 - input2) + margin).clamp_min(0), reduction)


def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """`input` where `target` is 1, ``max(0, margin - input)`` where it is -1.

    The other arguments are those of :func:`margin_ranking_loss`; `input` holds distances.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    far = where(target != 1, (margin - input).clamp_min(0), 0)
    return reduce_losses(far + where(target != -1, input, 0), reduction)


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """``log(1 + exp(-target * input))`` for targets of 1 and -1.

    The other arguments are those of :func:`margin_ranking_loss`.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    return _pair.soft_margin_loss(input, target, reduction)


def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """The mean over the classes of the binary cross entropies of ``sigmoid(input)``.

    Parameters
    ----------
    input, target : Tensor
        (N, C) or (C): scores, and 0 or 1 for each class.
    weight : Tensor, optional
        (C): a factor per class.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    reduction : {"mean", "sum", "none"}
        Over the rows.
    """
    if size_average is not None or reduce is not None:
        reduction = resolve_reduction(reduction, size_average, reduce)
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    classes = input.shape[input.dim() - 1]
    losses = losses.sum(dim=input.dim() - 1) / classes
    if reduction not in REDUCTIONS:
        raise ValueError(reduction + " is not valid")
    return reduce_losses(losses, reduction)


def multi_margin_loss(
    input,
    target,
    p=1,
    margin=1.0,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """``sum_c max(0, margin - input[target] + input[c])^p / C``, over the classes but the target.

    Parameters
    ----------
    input : Tensor
        (N, C) or (C): scores.
    target : Tensor
        (N) or (): int64 class numbers.
    p : {1, 2}
        The power.
    margin : float
        By how much the target should exceed the others.
    weight : Tensor, optional
        (C): a factor for rows of each target.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    reduction : {"mean", "sum", "none"}
        Over the rows.

    Raises
    ------
    ValueError, RuntimeError
        If options, shapes or class numbers do not fit.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    if p != 1 and p != 2:
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    return _class_margin.multi_margin_loss(input, target, p, margin, weight, reduction)


def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """``sum max(0, 1 - input[t] + input[c]) / C``, over targets t and classes c that are none.

    Parameters
    ----------
    input : Tensor
        (N, C) or (C): scores.
    target : Tensor
        Of the same shape: the int64 numbers of a row's targets, then -1.
    size_average, reduce, reduction
        As in :func:`margin_ranking_loss`.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    return _class_margin.multilabel_margin_loss(input, target, reduction)


def cosine_embedding_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """``1 - cos`` where `target` is 1, ``max(0, cos - margin)`` where it is -1.

    Parameters
    ----------
    input1, input2 : Tensor
        (N, D) or (D): pairs of vectors.
    target : Tensor
        (N) or (): 1 for pairs that should be alike, -1 for others.
    margin : float
        Cosine below which unlike pairs cost nothing.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    reduction : {"mean", "sum", "none"}
        How to reduce.

    Raises
    ------
    RuntimeError
        If the numbers of dimensions do not fit.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    if target.dim() > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    wanted = target.dim() + 1
    if input1.dim() != wanted or input2.dim() != wanted:
        raise RuntimeError(
            f"{target.dim()}D target tensor expects {wanted}D input tensors, but found inputs with "
            f"sizes {list(input1.shape)} and {list(input2.shape)}."
        )
    eps = 1e-12
    dot = (input1 * input2).sum(wanted - 1)
    lengths1 = (input1 * input1).sum(wanted - 1) + eps
    lengths2 = (input2 * input2).sum(wanted - 1) + eps
    cosine = dot / (lengths1 * lengths2).sqrt()
    alike = where(target == 1, 1 - cosine, 0)
    unlike = where(target == -1, (cosine - margin).clamp_min(0), 0)
    return reduce_losses(alike + unlike, reduction)


def _check_triplet(anchor, positive, negative):
    dims = anchor.dim(), positive.dim(), negative.dim()
    if not dims[0] == dims[1] == dims[2]:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {dims[0]}D, positive {dims[1]}D, and negative "
            f"{dims[2]}D inputs"
        )


def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """``max(0, |anchor - positive| - |anchor - negative| + margin)``.

    Parameters
    ----------
    anchor, positive, negative : Tensor
        (N, D) or (D): vectors, those to be near and those to be far.
    margin : float
        By how much the far should be farther, greater than 0.
    p : float
        Of the norm.
    eps : float
        Added to the differences, see :func:`pairwise_distance`.
    swap : bool
        Take the distance of the negative to the positive if it is the smaller.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    reduction : {"mean", "sum", "none"}
        How to reduce.

    Raises
    ------
    ValueError
        If `margin` is not positive.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _check_triplet(anchor, positive, negative)
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduce_losses((margin + near - far).clamp_min(0), reduction)


def triplet_margin_with_distance_loss(
    anchor,
    positive,
    negative,
    *,
    distance_function=None,
    margin=1.0,
    swap=False,
    reduction="mean",
):
    """:func:`triplet_margin_loss` with a distance of one's own.

    Parameters
    ----------
    distance_function : callable, optional
        ``distance_function(x1, x2)`` gives a tensor; :func:`pairwise_distance` if left out.
    anchor, positive, negative, margin, swap, reduction
        As in :func:`triplet_margin_loss`.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _check_triplet(anchor, positive, negative)
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduce_losses((margin + near - far).clamp_min(0), reduction)
