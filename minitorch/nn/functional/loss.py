"""Losses of classes and of values: cross entropies, likelihoods, squared and absolute errors."""

import math
import warnings

from minitorch._ops import creation as _creation
from minitorch._ops import ctc as _ctc
from minitorch._ops import loss as _loss
from minitorch._ops import pair_loss as _pair
from minitorch._ops.choice import where
from minitorch._ops.expand import broadcast_tensors
from minitorch.autograd.grad_mode import no_grad

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
]

REDUCTIONS = ("none", "mean", "sum")


def legacy_reduction(size_average, reduce, stacklevel=3):
    """Return the reduction that the two deprecated arguments mean, with PyTorch's warning."""
    if reduce is not None and not reduce:
        reduction = "none"
    elif size_average is not None and not size_average:
        reduction = "sum"
    else:
        reduction = "mean"
    warnings.warn(
        "size_average and reduce args will be deprecated, "
        f"please use reduction='{reduction}' instead.",
        stacklevel=stacklevel,
    )
    return reduction


def resolve_reduction(reduction, size_average, reduce):
    """Return the reduction to take: that of the deprecated arguments, if one is given."""
    if size_average is not None or reduce is not None:
        return legacy_reduction(size_average, reduce, stacklevel=4)
    if reduction not in REDUCTIONS:
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
    reduction = resolve_reduction(reduction, size_average, reduce)
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
    reduction = resolve_reduction(reduction, size_average, reduce)
    return _loss.nll_loss(
        input, target, weight=weight, ignore_index=ignore_index, reduction=reduction
    )


def reduce_losses(losses, reduction):
    """Average, sum or leave elementwise losses."""
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def _weighted(losses, weight, reduction):
    """Weight and reduce elementwise losses; "mean" divides by the sum of the weights."""
    weighted = losses * weight
    if reduction == "mean":
        return weighted.sum() / weight.sum()
    return reduce_losses(weighted, reduction)


def _broadcast_pair(input, target, weight=None):
    """Return both of one shape, with PyTorch's warning if they were not."""
    if weight is not None and weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    if target.shape == input.shape:
        return input, target
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size "
        f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
        "Please ensure they have the same size.",
        stacklevel=3,
    )
    return broadcast_tensors(input, target)


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
    reduction = resolve_reduction(reduction, size_average, reduce)
    input, target = _broadcast_pair(input, target, weight)
    if weight is None:
        return _pair.mse_loss(input, target, reduction)
    return _weighted((input - target) ** 2, weight, reduction)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """``|input - target|``, averaged, summed or elementwise; arguments as :func:`mse_loss`."""
    reduction = resolve_reduction(reduction, size_average, reduce)
    input, target = _broadcast_pair(input, target, weight)
    losses = (input - target).abs()
    if weight is None:
        return reduce_losses(losses, reduction)
    return _weighted(losses, weight, reduction)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """Squares of errors below `beta`, absolute values of larger ones.

    ``d^2 / (2 * beta)`` for d = ``|input - target|`` below `beta`, else ``d - beta / 2``. The
    arguments are those of :func:`mse_loss`; a `beta` of 0 gives :func:`l1_loss`.

    Raises
    ------
    RuntimeError
        If `beta` is negative.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    return _pair.smooth_l1_loss(*_broadcast_pair(input, target), reduction, beta)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """`delta` times :func:`smooth_l1_loss` with ``beta=delta``.

    Parameters
    ----------
    input, target : Tensor
        Of one shape; others are broadcast, with a warning.
    reduction : {"mean", "sum", "none"}
        How to reduce; "mean" divides by the number of elements, whatever `weight`.
    delta : float
        Error from which on the loss is a straight line.
    weight : Tensor, optional
        A factor per element, of the shape of `input`.

    Raises
    ------
    RuntimeError
        If `delta` is not positive.
    """
    pair = _broadcast_pair(input, target, weight)
    if weight is None:
        return _pair.huber_loss(*pair, resolve_reduction(reduction, None, None), delta)
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'."
        )
    return reduce_losses(_pair.huber_loss(*pair, "none", delta) * weight, reduction)


def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """``-(target * log(input) + (1 - target) * log(1 - input))`` of probabilities.

    Parameters
    ----------
    input, target : Tensor
        Probabilities, of one shape and dtype. Logarithms are limited to -100 from below.
    weight : Tensor, optional
        A factor per element, broadcast.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    reduction : {"mean", "sum", "none"}
        How to reduce.

    Raises
    ------
    ValueError
        If the shapes differ.
    RuntimeError
        If a number lies outside [0, 1].
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        weight = weight.expand(target.shape)
    return _pair.binary_cross_entropy(input, target, weight, reduction)


def binary_cross_entropy_with_logits(
    input,
    target,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
    pos_weight=None,
):
    """:func:`binary_cross_entropy` of ``sigmoid(input)``, without overflow.

    Parameters
    ----------
    input, target : Tensor
        Scores and probabilities, of one shape.
    weight : Tensor, optional
        A factor per element, broadcast.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    reduction : {"mean", "sum", "none"}
        How to reduce.
    pos_weight : Tensor, optional
        A factor for the positive part, ``target * log(sigmoid(input))``, broadcast: usually (C).

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    return _pair.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)


def kl_div(
    input, target, size_average=None, reduce=None, reduction="mean", log_target=False
):
    """The Kullback-Leibler divergence of `target` from `input`, pointwise.

    Parameters
    ----------
    input : Tensor
        Log-probabilities.
    target : Tensor
        Probabilities, or their logarithms.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    reduction : {"mean", "batchmean", "sum", "none"}
        "batchmean" divides the sum by the size of the first dimension, as the definition has it;
        "mean" divides by the number of elements, and warns.
    log_target : bool
        Whether `target` holds logarithms.
    """
    if size_average is not None or reduce is not None:
        kind = legacy_reduction(size_average, reduce, stacklevel=3)
    else:
        if reduction == "mean":
            warnings.warn(
                "reduction: 'mean' divides the total loss by both the batch size and the support "
                "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
                "definition.'mean' will be changed to behave the same as 'batchmean' in the next "
                "major release.",
                stacklevel=2,
            )
        kind = resolve_reduction("sum" if reduction == "batchmean" else reduction, None, None)
    if not (input.is_floating_point() and target.is_floating_point()):
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        losses = target.exp() * (target - input)
    else:
        # 0 log 0 = 0; the inner choice keeps the gradient of the outer one free of NaN
        inside = where(target == 0, 1, target)
        losses = where(target == 0, 0, target * inside.log()) - target * input
    reduced = reduce_losses(losses, kind)
    if reduction == "batchmean" and input.dim() != 0:
        reduced = reduced / input.shape[0]
    return reduced


def poisson_nll_loss(
    input,
    target,
    log_input=True,
    full=False,
    size_average=None,
    eps=1e-8,
    reduce=None,
    reduction="mean",
):
    """The negative log-likelihood of counts under Poisson distributions, without ``log(target!)``.

    Parameters
    ----------
    input : Tensor
        The rates, or their logarithms.
    target : Tensor
        The counts.
    log_input : bool
        Whether `input` holds logarithms: the loss is then ``exp(input) - target * input``, else
        ``input - target * log(input + eps)``.
    full : bool
        Add Stirling's approximation of ``log(target!)`` for counts above 1.
    size_average, reduce : bool, optional
        Deprecated forms of `reduction`; they warn.
    eps : float
        Keeps the logarithm away from 0.
    reduction : {"mean", "sum", "none"}
        How to reduce.
    """
    reduction = resolve_reduction(reduction, size_average, reduce)
    if log_input:
        losses = input.exp() - target * input
    else:
        losses = input - target * (input + eps).log()
    if full:
        safe = where(target > 1, target, 1)
        stirling = target * safe.log() - target + 0.5 * (2 * math.pi * safe).log()
        losses = losses + where(target > 1, stirling, 0)
    return reduce_losses(losses, reduction)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """The negative log-likelihood of values under normal distributions, without the constant.

    Parameters
    ----------
    input, target : Tensor
        The expected values, and the values.
    var : Tensor or float
        The variances: of the shape of `input`, or with 1 or nothing in place of one dimension.
    full : bool
        Add ``log(2 pi) / 2``.
    eps : float
        The least variance; the gradient ignores that limit.
    reduction : {"mean", "sum", "none"}
        How to reduce.

    Raises
    ------
    ValueError
        If a variance is negative, or `var` does not fit.
    """
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = var * _creation.ones_like(input)
    elif (var < 0).any():
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif input.dim() != var.dim() or (
            sum(v for i, v in zip(input.shape, var.shape, strict=True) if i != v) != 1
        ):
            raise ValueError("var is of incorrect size")
    if reduction not in REDUCTIONS:
        raise ValueError(reduction + " is not valid")
    var = var.clone()
    with no_grad():
        var.clamp_(min=eps)
    losses = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduce_losses(losses, reduction)


def ctc_loss(
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    blank=0,
    reduction="mean",
    zero_infinity=False,
):
    """The negative log-likelihood of label sequences, over all their alignments with the steps.

    Parameters
    ----------
    log_probs : Tensor
        (T, N, C) or (T, C): log-probabilities of the classes, outcomes of a log_softmax.
    targets : Tensor
        (N, S), or all labels one after the other: class numbers other than `blank`.
    input_lengths, target_lengths : Tensor or tuple of int
        (N) or (): how many steps and labels count.
    blank : int
        The class that stands for no label.
    reduction : {"mean", "sum", "none"}
        "mean" divides by the numbers of labels first.
    zero_infinity : bool
        Set infinite losses (too few steps for the labels) and their gradients to 0.

    Notes
    -----
    The gradient is meant to pass through a log_softmax, as in PyTorch: it is that by the scores
    before it. It cannot be differentiated again. Source: Graves et al. (2006).
    """
    resolve_reduction(reduction, None, None)
    batched = log_probs.dim() == 3
    losses, sizes = _ctc.ctc_losses(
        log_probs if batched else log_probs.unsqueeze(1),
        targets if batched or targets.dim() == 1 else targets.reshape(-1),
        input_lengths,
        target_lengths,
        blank,
        zero_infinity,
    )
    if zero_infinity:
        losses = where(losses == math.inf, 0, losses)
    if reduction == "mean":
        return (losses / sizes.clamp_min(1)).mean()
    if reduction == "sum":
        return losses.sum()
    return losses if batched else losses.squeeze(0)
