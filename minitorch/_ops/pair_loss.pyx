# cython: auto_pickle=False
"""Losses of a prediction and a target, element by element.

An elementwise loss is a class with two formulas: `value`, of values alone, and `slopes`, its
derivatives by both operands times the gradient, of differentiable operations. `pair_loss` does
the rest: half precision computed in float32, recording, and the reduction.
"""

from minitorch._core.dtype cimport FLOATING, dtype, of_code, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    connect2, records1, records2, save, set_function, unpack)
from minitorch._core.tensor cimport TensorBase, alias, same_shape, shape_of
from minitorch._kernels.pointwise cimport (
    BINARY_GE, BINARY_LE, UNARY_ABS, UNARY_EXP, UNARY_LOG, UNARY_LOG1P,
    UNARY_LOGSIGMOID, UNARY_SIGMOID)
from minitorch._kernels.softmax cimport REDUCE_MEAN, REDUCE_NONE, Reduction
from minitorch._kernels.types cimport F32
from minitorch._ops._base cimport cast_raw, check_tensor, common_dtype, full_raw, unary_raw
from minitorch._ops.binary cimport (
    add_number, compare_number, div_op, mul_number, mul_op, neg_op, sub_op)
from minitorch._ops.choice cimport where_op
from minitorch._ops.choice import clamp
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.expand import broadcast_tensors
from minitorch._ops.loss cimport reduction_of
from minitorch._ops.reduce cimport mean_op, sum_op, sum_to_op
from minitorch._ops.unary cimport unary_op


# ---------------------------------------------------------------- machinery

cdef class PairLoss(Node):
    """A loss of each element of two tensors of one shape, averaged, summed or neither."""

    cdef Reduction reduction
    cdef Py_ssize_t count          # losses that a mean is over
    cdef dtype operand             # of the operands, before they are widened

    saved_names = ("self", "target")

    cdef TensorBase value(self, TensorBase a, TensorBase b):
        raise NotImplementedError

    cdef tuple slopes(self, TensorBase g, TensorBase a, TensorBase b):
        """The gradients of a and b; g is that of each loss, or one number for all."""
        cdef TensorBase da = mul_op(g, self.slope(a, b))
        return (da, neg_op(da) if self.needs(1) else None)

    cdef TensorBase slope(self, TensorBase a, TensorBase b):
        """The derivative by a, where that by b is its negative."""
        raise NotImplementedError

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase a = unpack(self.s0, self)
        cdef TensorBase b = unpack(self.s1, self)
        cdef TensorBase da, db
        cdef dtype d = a.dtype_
        if d.itemsize < 4:
            single = of_code(F32)
            g, a, b = to_dtype(g, single), to_dtype(a, single), to_dtype(b, single)
        if self.reduction == REDUCE_MEAN:
            g = mul_number(g, 1.0 / self.count if self.count else 0.0)
        da, db = self.slopes(g, a, b)
        return (to_dtype(da, d) if self.needs(0) else None,
                to_dtype(db, d) if db is not None and self.needs(1) else None)


cdef TensorBase reduce_losses(TensorBase losses, Reduction reduction):
    if reduction == REDUCE_NONE:
        return losses
    if reduction == REDUCE_MEAN:
        return mean_op(losses, None, False)
    return sum_op(losses, None, False)


cdef TensorBase pair_loss(PairLoss node, TensorBase a, TensorBase b, str reduction):
    """A loss of two floating tensors of one dtype, recorded when it has to be."""
    cdef TensorBase plain_a = alias(a)
    cdef TensorBase plain_b = alias(b)
    cdef TensorBase out
    if a.dtype_.itemsize < 4:
        plain_a = cast_raw(plain_a, of_code(F32))
        plain_b = cast_raw(plain_b, of_code(F32))
    node.reduction, node.operand = reduction_of(reduction), a.dtype_
    out = node.value(plain_a, plain_b)
    node.count = out.numel_
    out = cast_raw(reduce_losses(out, node.reduction), a.dtype_)
    if records2(a, b):
        connect2(node, a, b)
        node.s0, node.s1, node.n_outputs = save(a), save(b), 1
        set_function(out, node, 0)
    return out


cdef tuple promoted(object input, object target, str where, str kernel):
    """The operands broadcast, in their common dtype, which must be floating."""
    cdef TensorBase a = check_tensor(input, where, "input")
    cdef TensorBase b = check_tensor(target, where, "target")
    cdef dtype d = common_dtype(a, False, b, False)
    if d.category != FLOATING:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{type_name(d)}'")
    if not same_shape(a, b):
        a, b = broadcast_tensors(a, b)
    return to_dtype(a, d), to_dtype(b, d)


cdef int refuse_grad(TensorBase t, str function, str argument) except -1:
    """Raise where PyTorch has no derivative by an argument."""
    if t is not None and records1(t):
        raise RuntimeError(
            f"The function '{function}' is not differentiable with respect to argument "
            f"'{argument}'. This input cannot have requires_grad True.")
    return 0


# ---------------------------------------------------------------- mse, smooth_l1, huber

cdef class MseLossBackward0(PairLoss):
    """d (a - b)^2 = 2 (a - b) (da - db)."""

    cdef TensorBase value(self, TensorBase a, TensorBase b):
        difference = sub_op(a, b)
        return mul_op(difference, difference)

    cdef TensorBase slope(self, TensorBase a, TensorBase b):
        return mul_number(sub_op(a, b), 2)


def mse_loss(input, target, reduction="mean"):
    """``(input - target)^2``."""
    a, b = promoted(input, target, "mse_loss", "mse_cpu")
    return pair_loss(MseLossBackward0.__new__(MseLossBackward0), a, b, reduction)


cdef class HuberLossBackward0(PairLoss):
    """Squares within delta, straight lines of slope delta beyond."""

    saved_names = ("self", "target", "delta")

    cdef TensorBase value(self, TensorBase a, TensorBase b):
        return parabola(sub_op(a, b), self.s2, 0.5, self.s2)

    cdef TensorBase slope(self, TensorBase a, TensorBase b):
        return steps(sub_op(a, b), self.s2, 1, self.s2)


cdef class SmoothL1LossBackward0(HuberLossBackward0):
    """The same divided by beta (`s2`)."""

    saved_names = ("self", "target", "beta")

    cdef TensorBase value(self, TensorBase a, TensorBase b):
        return parabola(sub_op(a, b), self.s2, 0.5 / self.s2, 1)

    cdef TensorBase slope(self, TensorBase a, TensorBase b):
        return steps(sub_op(a, b), self.s2, 1.0 / self.s2, 1)


cdef TensorBase parabola(TensorBase z, object bound, object curve, object slope):
    """curve z^2 where |z| <= bound, else slope (|z| - bound / 2)."""
    size = unary_raw(UNARY_ABS, z)
    return where_op(compare_number(BINARY_LE, size, bound), mul_number(mul_op(z, z), curve),
                    mul_number(add_number(size, -0.5 * bound), slope))


cdef TensorBase steps(TensorBase z, object bound, object factor, object limit):
    """factor z limited to +-limit, which it reaches at +-bound."""
    inner = mul_number(z, factor)
    upper = where_op(compare_number(BINARY_GE, z, bound), full_raw(z.dtype_, z, limit), inner)
    return where_op(compare_number(BINARY_LE, z, -bound), full_raw(z.dtype_, z, -limit), upper)


def huber_loss(input, target, reduction="mean", delta=1.0):
    """``(input - target)^2 / 2`` within `delta`, ``delta * (|input - target| - delta / 2)`` else.

    The result has the dtype of `input`. Source: Huber, "Robust Estimation of a Location
    Parameter" (1964).
    """
    cdef HuberLossBackward0 node = HuberLossBackward0.__new__(HuberLossBackward0)
    if not delta > 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    a, b = promoted(input, target, "huber_loss", "huber_cpu")
    node.s2 = delta
    result = pair_loss(node, a, b, reduction)
    return to_dtype(result, (<TensorBase> input).dtype_)


def smooth_l1_loss(input, target, reduction="mean", beta=1.0):
    """``(input - target)^2 / (2 * beta)`` within `beta`, ``|input - target| - beta / 2`` else."""
    cdef SmoothL1LossBackward0 node = SmoothL1LossBackward0.__new__(SmoothL1LossBackward0)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return reduce_losses(unary_op(UNARY_ABS, input - target), reduction_of(reduction))
    a, b = promoted(input, target, "smooth_l1_loss", "smooth_l1_cpu")
    node.s2 = beta
    return pair_loss(node, a, b, reduction)


# ---------------------------------------------------------------- soft margin

cdef class SoftMarginLossBackward0(PairLoss):
    """d log(1 + exp(-b a)) = -b sigma(-b a) da."""

    cdef TensorBase value(self, TensorBase a, TensorBase b):
        # infinite where exp is, as in PyTorch: in half precision early
        grown = cast_raw(unary_raw(UNARY_EXP, neg_op(mul_op(a, b))), self.operand)
        return unary_raw(UNARY_LOG1P, cast_raw(grown, a.dtype_))

    cdef tuple slopes(self, TensorBase g, TensorBase a, TensorBase b):
        opposite = neg_op(b)
        return (mul_op(g, mul_op(opposite, unary_op(UNARY_SIGMOID, mul_op(opposite, a)))), None)


def soft_margin_loss(input, target, reduction="mean"):
    """``log(1 + exp(-target * input))``, for targets of 1 and -1."""
    cdef TensorBase a = check_tensor(input, "soft_margin_loss", "input")
    cdef TensorBase b = check_tensor(target, "soft_margin_loss", "target")
    refuse_grad(b, "soft_margin_loss", "target")
    if a.dtype_.category != FLOATING:
        raise RuntimeError("result type Float can't be cast to the desired output type "
                           f"{type_name(a.dtype_)}")
    if not same_shape(a, b):
        a, b = broadcast_tensors(a, b)
    return pair_loss(SoftMarginLossBackward0.__new__(SoftMarginLossBackward0), a,
                     to_dtype(b, a.dtype_), reduction)


# ---------------------------------------------------------------- binary cross entropy

cdef class BinaryCrossEntropyBackward0(PairLoss):
    """d -(t log x + (1 - t) log(1 - x)) = (x - t) / (x (1 - x)) dx, weighted.

    Logarithms are limited to -100 and the divisor to 1e-12 from below, as in PyTorch.
    """

    cdef TensorBase weight

    saved_names = ("self", "target", "weight")

    cdef TensorBase value(self, TensorBase x, TensorBase t):
        yes = clamp(unary_raw(UNARY_LOG, x), -100)
        no = clamp(unary_raw(UNARY_LOG1P, neg_op(x)), -100)
        loss = sub_op(mul_op(add_number(t, -1), no), mul_op(t, yes))
        return loss if self.weight is None else mul_op(loss, to_dtype(self.weight, x.dtype_))

    cdef tuple slopes(self, TensorBase g, TensorBase x, TensorBase t):
        if self.weight is not None:
            g = mul_op(g, to_dtype(self.weight, g.dtype_))
        dx = dt = None
        if self.needs(0):
            spread = clamp(mul_op(x, add_number(neg_op(x), 1)), 1e-12)
            dx = mul_op(g, div_op(sub_op(x, t), spread))
        if self.needs(1):
            yes, no = unary_op(UNARY_LOG, x), unary_op(UNARY_LOG1P, neg_op(x))
            dt = mul_op(g, sub_op(clamp(no, -100), clamp(yes, -100)))
        return (dx, dt)


def binary_cross_entropy(input, target, weight=None, reduction="mean"):
    """``-(target * log(input) + (1 - target) * log(1 - input))``."""
    cdef TensorBase x = check_tensor(input, "binary_cross_entropy", "input")
    cdef TensorBase t = check_tensor(target, "binary_cross_entropy", "target")
    cdef BinaryCrossEntropyBackward0 node
    if x.dtype_.category != FLOATING:
        raise NotImplementedError("\"binary_cross_entropy\" not implemented for "
                                  f"'{type_name(x.dtype_)}'")
    if t.dtype_ is not x.dtype_:
        raise RuntimeError(f"Found dtype {type_name(t.dtype_)} but expected "
                           f"{type_name(x.dtype_)}")
    refuse_grad(weight, "binary_cross_entropy", "weight")
    for name, values in (("input", x), ("target", t)):
        if not bool(((values >= 0) & (values <= 1)).all()):
            raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    node = BinaryCrossEntropyBackward0.__new__(BinaryCrossEntropyBackward0)
    node.weight = weight
    return pair_loss(node, x, t, reduction)


cdef class BinaryCrossEntropyWithLogitsBackward0(PairLoss):
    """(1 - t) x - (1 + (p - 1) t) log sigma(x), weighted; p is the weight of the positives."""

    cdef TensorBase weight, pos_weight

    cdef TensorBase value(self, TensorBase x, TensorBase t):
        logs = unary_raw(UNARY_LOGSIGMOID, x)
        if self.pos_weight is not None:
            logs = mul_op(logs, self.factor(t))
        loss = sub_op(mul_op(add_number(neg_op(t), 1), x), logs)
        return loss if self.weight is None else mul_op(loss, to_dtype(self.weight, x.dtype_))

    cdef TensorBase factor(self, TensorBase t):
        more = mul_op(add_number(to_dtype(self.pos_weight, t.dtype_), -1), t)
        return add_number(more, 1)

    cdef tuple slopes(self, TensorBase g, TensorBase x, TensorBase t):
        cdef TensorBase p
        if self.weight is not None:
            g = mul_op(g, to_dtype(self.weight, g.dtype_))
        dx = dt = None
        if self.needs(0):
            s = unary_op(UNARY_SIGMOID, x)
            if self.pos_weight is None:
                dx = mul_op(g, sub_op(s, t))
            else:
                p = to_dtype(self.pos_weight, x.dtype_)
                dx = mul_op(g, sub_op(mul_op(self.factor(t), s), mul_op(p, t)))
            dx = sum_to_op(dx, shape_of(x))
        if self.needs(1):
            if self.pos_weight is None:
                dt = neg_op(mul_op(g, x))
            else:
                p = to_dtype(self.pos_weight, x.dtype_)
                # log sigma(-x) - p log sigma(x), with log sigma(-x) = log sigma(x) - x
                logs = smooth_logsigmoid(x)
                dt = mul_op(g, sub_op(mul_op(add_number(neg_op(p), 1), logs), x))
            dt = sum_to_op(dt, shape_of(t))
        return (dx, dt)


cdef TensorBase smooth_logsigmoid(TensorBase x):
    from minitorch._ops.smooth import logsigmoid
    return logsigmoid(x)


def binary_cross_entropy_with_logits(input, target, weight=None, pos_weight=None,
                                     reduction="mean"):
    """`binary_cross_entropy` of ``sigmoid(input)``, without overflow."""
    cdef str where = "binary_cross_entropy_with_logits"
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef TensorBase t = check_tensor(target, where, "target")
    cdef BinaryCrossEntropyWithLogitsBackward0 node
    cdef dtype d = common_dtype(x, False, t, False)
    if x.dtype_.category != FLOATING:
        raise NotImplementedError("\"log_sigmoid_cpu\" not implemented for "
                                  f"'{type_name(x.dtype_)}'")
    if t.dtype_.category != FLOATING:
        raise RuntimeError(f"result type {type_name(x.dtype_)} can't be cast to the desired output "
                           f"type {type_name(t.dtype_)}")
    refuse_grad(weight, where, "weight")
    refuse_grad(pos_weight, where, "pos_weight")
    if not same_shape(x, t):
        x, t = broadcast_tensors(x, t)
    node = BinaryCrossEntropyWithLogitsBackward0.__new__(BinaryCrossEntropyWithLogitsBackward0)
    node.weight, node.pos_weight = weight, pos_weight
    return pair_loss(node, to_dtype(x, d), to_dtype(t, d), reduction)
