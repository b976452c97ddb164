"""Losses: cross_entropy, nll_loss, mse_loss, l1_loss."""

import warnings

from minitorch._ops import loss as _loss

__all__ = ["cross_entropy", "l1_loss", "mse_loss", "nll_loss"]

_REDUCTIONS = ("none", "mean", "sum")


def legacy_reduction(size_average, reduce, stacklevel=3):
    """Return the reduction that the two deprecated arguments mean, with PyTorch's warning."""
    if reduce is False:
        reduction = "none"
    elif size_average is False:
        reduction = "sum"
    else:
        reduction = "mean"
    warnings.warn(
        "size_average and reduce args will be deprecated, "
        f"please use reduction='{reduction}' instead.",
        stacklevel=stacklevel,
    )
    return reduction


def _resolve_reduction(reduction, size_average, reduce):
    if size_average is not None or reduce is not None:
        return legacy_reduction(size_average, reduce, stacklevel=4)
    if reduction not in _REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """Negative log of the softmax of `input` at `target`.

    Parameters
    ----------
    input : Tensor
        (N, C), (C) or (N, C, *): scores before softmax.
    target : Tensor
        int64 class numbers, (N), () or (N, *); or probabilities of the shape and dtype of `input`.
    weight : Tensor, optional
        (C): a factor per class.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    ignore_index : int
        Class number that does not count (class numbers only).
    reduction : {"mean", "sum", "none"}
        "mean" divides by the sum of the weights of the rows that count (class numbers), or by the
        number of rows (probabilities).
    label_smoothing : float
        In [0, 1]: the share of the target that is spread evenly over the classes.

    Returns
    -------
    Tensor
        A scalar, or one value per row for "none".

    Raises
    ------
    IndexError
        If a class number is out of bounds.
    RuntimeError, ValueError
        If shapes, dtypes or options do not fit.
    """
    reduction = _resolve_reduction(reduction, size_average, reduce)
    return _loss.cross_entropy(
        input,
        target,
        weight=weight,
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def nll_loss(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
):
    """``-input`` at `target`: :func:`cross_entropy` of log-probabilities.

    The arguments and errors are those of :func:`cross_entropy`; `target` holds class numbers.
    """
    reduction = _resolve_reduction(reduction, size_average, reduce)
    return _loss.nll_loss(
        input, target, weight=weight, ignore_index=ignore_index, reduction=reduction
    )


def _reduce(losses, reduction, weight):
    """Weight and reduce elementwise losses; "mean" divides by the sum of the weights."""
    if weight is not None:
        losses = losses * weight
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean() if weight is None else losses.sum() / weight.sum()


def _check_pair(input, target, weight):
    if target.shape != input.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )
    if weight is not None and weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """``(input - target)^2``, averaged, summed or elementwise.

    Parameters
    ----------
    input, target : Tensor
        Of one shape; others are broadcast, with a warning.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    reduction : {"mean", "sum", "none"}
        With `weight`, "mean" divides by the sum of the weights.
    weight : Tensor, optional
        A factor per element, of the shape of `input`.

    Raises
    ------
    ValueError
        For another `reduction`, or a `weight` of another shape.
    """
    reduction = _resolve_reduction(reduction, size_average, reduce)
    _check_pair(input, target, weight)
    if weight is None:
        return _loss.mse_loss(input, target, reduction=reduction)
    difference = input - target
    return _reduce(difference * difference, reduction, weight)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """``|input - target|``, averaged, summed or elementwise; arguments as :func:`mse_loss`."""
    reduction = _resolve_reduction(reduction, size_average, reduce)
    _check_pair(input, target, weight)
    return _reduce((input - target).abs(), reduction, weight)
