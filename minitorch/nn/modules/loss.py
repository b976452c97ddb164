"""Losses as modules."""

from minitorch.nn import functional as F
from minitorch.nn.functional.loss import legacy_reduction
from minitorch.nn.modules.module import Module

__all__ = ["CrossEntropyLoss", "L1Loss", "MSELoss", "NLLLoss"]


class _Loss(Module):
    __constants__ = ["reduction"]

    def __init__(self, size_average=None, reduce=None, reduction="mean"):
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = legacy_reduction(size_average, reduce, stacklevel=4)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    """A loss with a factor per class, kept as a buffer so that it is converted along."""

    def __init__(self, weight=None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class CrossEntropyLoss(_WeightedLoss):
    """Negative log of the softmax of scores at the target.

    Parameters
    ----------
    weight : Tensor, optional
        (C): a factor per class.
    size_average : bool, optional
        Deprecated; see `reduction`.
    ignore_index : int
        Class number that does not count (default -100).
    reduce : bool, optional
        Deprecated; see `reduction`.
    reduction : {"mean", "sum", "none"}
        "mean" divides by the sum of the weights of the rows that count.
    label_smoothing : float
        Share of the target spread evenly over the classes (default 0).

    Notes
    -----
    Shape: input (N, C), (C) or (N, C, *); target class numbers (N), () or (N, *), or probabilities
    of the input's shape. :func:`minitorch.nn.functional.cross_entropy` has the details.
    """

    __constants__ = ["ignore_index", "reduction", "label_smoothing"]

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
        label_smoothing=0.0,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input, target):
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """``-input`` at the target class; the arguments are those of :class:`CrossEntropyLoss`."""

    __constants__ = ["ignore_index", "reduction"]

    def __init__(
        self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input, target):
        return F.nll_loss(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class MSELoss(_Loss):
    """``(input - target)^2``: its mean, its sum, or elementwise.

    Parameters
    ----------
    size_average, reduce : bool, optional
        Deprecated; see `reduction`.
    reduction : {"mean", "sum", "none"}
        How to reduce.

    Notes
    -----
    Shape: input and target of one shape (*); the result is a scalar, or (*) for "none".
    """

    def forward(self, input, target):
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """``|input - target|``: its mean, its sum, or elementwise; see :class:`MSELoss`."""

    def forward(self, input, target):
        return F.l1_loss(input, target, reduction=self.reduction)
