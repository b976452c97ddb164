"""The two losses that ask for a margin between the scores of classes."""

from minitorch._core.dtype import TYPE_NAMES, float32, int64
from minitorch._ops.rule import RuleNode


class ClassMargin(RuleNode):
    """A loss of rows of scores, made of the amounts by which classes come too near a target.

    `wrong` (N, T, C) tells by how much class C comes too near target T of row N, 0 where it does
    not; `places` (N, T) are the targets. The loss of a row is the sum of the powers of `wrong`
    times `factor`.
    """

    @classmethod
    def loss(cls, input, wrong, places, factor, power, reduction):
        """The loss, recorded."""
        losses = (wrong**power * factor).sum((1, 2))
        if reduction == "none":
            out = losses if input.dim() == 2 else losses.reshape(())
        else:
            # an empty batch has the mean 0
            mean = reduction == "mean" and input.numel()
            out = losses.mean() if mean else losses.sum()
        return cls.record(out.to(input.dtype), (input,), (input,), wrong=wrong, places=places,
                          factor=factor, power=power, reduction=reduction)

    def slopes(self, g, input):
        g = g.reshape(-1, 1, 1)
        if self.reduction == "mean":
            g = g / max(self.wrong.shape[0], 1)
        slope = (self.wrong > 0).to(self.wrong.dtype) if self.power == 1 else self.wrong * 2
        slope = slope * self.factor * g.to(slope.dtype)
        pulled = slope.sum(1).scatter_add(1, self.places, -slope.sum(2))
        return (pulled.reshape(input.shape).to(input.dtype),)


class MultiMarginLossBackward0(ClassMargin):
    pass


class MultilabelMarginLossBackward0(ClassMargin):
    pass


def _rows(input, kernel):
    """The scores as rows, in float32 at least, unrecorded."""
    if not input.is_floating_point():
        name = TYPE_NAMES[str(input.dtype)[6:]]
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{name}'")
    if input.dim() > 2 or input.dim() and input.shape[-1] == 0:
        raise RuntimeError("Expected non-empty vector or matrix with optional 0-dim batch size, "
                           f"but got: {list(input.shape)}")
    plain = input.detach()
    if plain.element_size() < 4:
        plain = plain.to(float32)
    return plain if plain.dim() == 2 else plain.reshape(1, -1)


def _check_long(target):
    if target.dtype is not int64:
        raise RuntimeError("expected scalar type Long but found "
                           f"{TYPE_NAMES[str(target.dtype)[6:]]}")


def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, reduction="mean"):
    """``sum_c max(0, margin - input[target] + input[c])^p / C`` of each row, without the target.

    See `minitorch.nn.functional.multi_margin_loss`.
    """
    if p != 1 and p != 2:
        raise RuntimeError("only p == 1 and p == 2 supported")
    rows = _rows(input, "multi_margin_loss_cpu_kernel")
    count, classes = rows.shape
    if target.dim() > 1 or target.numel() != count:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples (batch size). Expected target size [{count}], but got {list(target.shape)}")
    if weight is not None:
        if weight.requires_grad:
            raise RuntimeError(
                "The function 'multi_margin_loss' is not differentiable with respect to argument "
                "'weight'. This input cannot have requires_grad True.")
        if weight.dim() > 1 or weight.numel() != classes:
            raise RuntimeError(f"inconsistent weight size, expected {classes} but got "
                               f"{list(weight.shape)}")
    _check_long(target)
    places = target.reshape(-1, 1)
    if target.numel() and (target.min() < 0 or target.max() >= classes):
        raise RuntimeError("target out of range")
    wrong = (rows - rows.gather(1, places) + margin).clamp(0).scatter(1, places, 0.0)
    factor = 1 / classes
    if weight is not None:
        factor = (weight.to(rows.dtype)[places] / classes).unsqueeze(2)
    return MultiMarginLossBackward0.loss(input, wrong.unsqueeze(1), places, factor, p, reduction)


def multilabel_margin_loss(input, target, reduction="mean"):
    """``sum_tc max(0, 1 - input[t] + input[c]) / C`` over the targets t and the other classes c.

    The targets of a row end before the first -1. See
    `minitorch.nn.functional.multilabel_margin_loss`.
    """
    rows = _rows(input, "multilabel_margin_loss_forward_out_frame")
    if target.shape != input.shape and (input.dim() or target.numel() != 1):
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: "
                           f"{list(input.shape)}")
    _check_long(target)
    classes = rows.shape[1]
    if target.numel() and (target.min() < -1 or target.max() >= classes):
        raise RuntimeError("argument #2 'target' is out of range")
    places = target.reshape(rows.shape)
    valid = (places >= 0).to(rows.dtype).cumprod(1)
    places = places.clamp(0)
    others = rows.new_zeros(rows.shape).scatter_add(1, places, valid) == 0
    wrong = (rows.unsqueeze(1) - rows.gather(1, places).unsqueeze(2) + 1).clamp(0)
    wrong = wrong * valid.unsqueeze(2) * others.to(rows.dtype).unsqueeze(1)
    return MultilabelMarginLossBackward0.loss(input, wrong, places, 1 / classes, 1, reduction)
