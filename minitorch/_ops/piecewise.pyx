# cython: auto_pickle=False
"""Activations that are straight in pieces: threshold, hardtanh, leaky_relu and their like.

An activation is a class with two formulas: `value`, of values alone, and `slope`, its derivative
times the incoming gradient, of differentiable operations. `activate` does the rest: half
precision computed in float32 and rounded once, recording, and the in-place form.
"""

from libc.math cimport INFINITY

from minitorch._core.dtype cimport BOOLEAN, FLOATING, INTEGRAL, dtype, of_code, type_name
from minitorch._core.dtype import finfo
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, connect2, records1, records2, save, save_output, set_function, unpack)
from minitorch._core.tensor cimport TensorBase, alias, scalar_of
from minitorch._kernels.pointwise cimport (
    BINARY_GE, BINARY_GT, BINARY_LE, BINARY_LT, MULTI_CLAMP, MULTI_LEAKY_RELU_BACKWARD,
    MULTI_THRESHOLD, multi_loop)
from minitorch._kernels.types cimport F32, F64, U8
from minitorch._ops._base cimport cast_raw, check_tensor, copy_raw, full_raw, new_output, run_list
from minitorch._ops.binary cimport (
    BinaryNode, add_number, add_op, before_change, compare_number, link, logical_and_raw,
    mul_number, mul_op)
from minitorch._ops.choice cimport masked, where_op
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.history cimport set_history
from minitorch._ops.out cimport deliver_exactly
from minitorch._ops.random import uniform_
from minitorch._ops.view cimport reshape_to
from minitorch._ops.writing cimport deliver


# ---------------------------------------------------------------- machinery

cdef class Activation(Node):
    """A function of each element; saves the operand, or the result of its in-place form.

    PyTorch's nodes save the result in place where its sign tells that of the operand
    (`of_result`); others keep a copy of the operand.
    """

    cdef TensorBase value(self, TensorBase x):
        raise NotImplementedError

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        raise NotImplementedError

    cdef TensorBase slope_of_result(self, TensorBase g, TensorBase y):
        return self.slope(g, y)

    cdef TensorBase times(self, TensorBase g, TensorBase kept):
        """The slope times g, by what is kept."""
        cdef dtype d = g.dtype_
        if kept.dtype_.itemsize < 4:
            kept, g = to_dtype(kept, of_code(F32)), to_dtype(g, of_code(F32))
        return to_dtype(
            self.slope_of_result(g, kept) if self.of_result else self.slope(g, kept), d)

    cdef tuple apply(self, tuple grads):
        return (self.times(grads[0], unpack(self.s0, self)),)

    def name(self):
        """With a 1 where PyTorch has a formula of its own for the in-place form."""
        made = type(self).__name__
        return made[:-1] + "1" if self.of_result else made


cdef class Straight(Activation):
    """One whose slope is a step function: its formulas get tensors that do not record."""

    cdef tuple apply(self, tuple grads):
        cdef Straight twin
        cdef TensorBase kept = unpack(self.s0, self)
        if not records2(grads[0], kept):
            return (self.times(grads[0], kept),)
        # parameters that stay when this node is released
        twin = <Straight> (<type> type(self)).__new__(type(self))
        twin.s1, twin.s2, twin.s3, twin.s4 = self.s1, self.s2, self.s3, self.s4
        twin.of_result = self.of_result
        return (straight_slope(twin, grads[0], kept),)


cdef class StraightSlope(Node):
    """The slope times g is linear in g, and its derivative by the operand 0."""

    cdef Straight activation

    saved_names = ("self",)

    def name(self):
        return type(self.activation).__name__.replace("Backward0", "BackwardBackward0")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase kept = unpack(self.s0, self)
        return (straight_slope(self.activation, grads[0], kept) if self.needs(0) else None,
                full_raw(kept.dtype_, kept, 0) if self.needs(1) else None)


cdef TensorBase straight_slope(Straight activation, TensorBase g, TensorBase kept):
    cdef TensorBase out = activation.times(alias(g), alias(kept))
    cdef StraightSlope node
    if records2(g, kept):
        node = StraightSlope.__new__(StraightSlope)
        connect2(node, g, kept)
        node.activation, node.s0, node.n_outputs = activation, save(kept), 1
        set_function(out, node, 0)
    return out


cdef TensorBase only_floating(object input, str where, str kernel):
    """The operand, refused with PyTorch's words unless it is of a floating dtype."""
    cdef TensorBase x = check_tensor(input, where, "input")
    if x.dtype_.category != FLOATING:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{type_name(x.dtype_)}'")
    return x


cdef TensorBase activate(Activation node, object input, bint inplace, str where, str kernel):
    """The value of an activation, recorded when it has to be; `kernel` is what errors name."""
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef TensorBase y
    cdef bint records
    if x.dtype_.category == BOOLEAN or not node.takes_integers:
        only_floating(x, where, kernel)
    records = records1(x)
    if inplace:
        check_writable(x, records)
    if x.dtype_.category == FLOATING and x.dtype_.itemsize < 4:
        y = cast_raw(node.value(cast_raw(x, of_code(F32))), x.dtype_)
    else:
        y = node.value(alias(x))
    if records:
        connect1(node, x)
        node.n_outputs = 1
        if not inplace:
            node.s0 = save(x)
        elif not node.of_result:
            node.s0 = save(before_change(x))
    if inplace:
        copy_raw(x, y)
        bump(x)
        y = x
    if records and inplace:
        if node.of_result:
            node.s0 = save_output(x)
        set_history(x, node)
    elif records:
        set_function(y, node, 0)
    return y


cdef TensorBase with_scalars(int op, list operands, tuple numbers):
    """A kernel of tensors of one shape and dtype, followed by numbers; not recorded."""
    cdef TensorBase x = operands[0]
    cdef TensorBase out = new_output(x.dtype_, x, operands[-1])
    if x.dtype_.category != FLOATING:
        numbers = tuple([int(number) for number in numbers])
    run_list(multi_loop(op, x.code()), out,
             operands + [scalar_of(x.dtype_, number) for number in numbers])
    return out


# ---------------------------------------------------------------- threshold

cdef class ThresholdBackward0(Straight):
    """The gradient passes above the threshold."""

    saved_names = ("self", "threshold")

    cdef TensorBase value(self, TensorBase x):
        return with_scalars(MULTI_THRESHOLD, [x], (self.s1, self.s2))

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        # written so that a NaN lets the gradient pass, as it passed itself
        return where_op(compare_number(BINARY_LE, x, self.s1), full_raw(x.dtype_, x, 0), g)


cdef TensorBase threshold_of(object input, object threshold, object value, bint inplace):
    cdef ThresholdBackward0 node = ThresholdBackward0.__new__(ThresholdBackward0)
    node.s1, node.s2, node.of_result, node.takes_integers = threshold, value, inplace, True
    return activate(node, input, inplace, "threshold", "threshold_cpu")


def threshold(input, threshold, value, *, out=None):
    """`input` where it is above `threshold`, else `value`."""
    return deliver(threshold_of(input, threshold, value, False), out)


def threshold_(input, threshold, value):
    """`threshold` in place."""
    return threshold_of(input, threshold, value, True)


# ---------------------------------------------------------------- hardtanh and relu6

cdef class HardtanhBackward0(Straight):
    """The gradient passes strictly between the bounds."""

    saved_names = ("self", "min_val", "max_val")

    cdef TensorBase value(self, TensorBase x):
        return with_scalars(MULTI_CLAMP, [x], (self.s1, self.s2))

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        return masked(g, between(x, self.s1, self.s2))


cdef TensorBase between(TensorBase x, object low, object high):
    """Where low < x < high."""
    return logical_and_raw(compare_number(BINARY_GT, x, low), compare_number(BINARY_LT, x, high))


cdef TensorBase hardtanh_of(object input, object low, object high, bint inplace, str where):
    cdef HardtanhBackward0 node = HardtanhBackward0.__new__(HardtanhBackward0)
    cdef TensorBase x = check_tensor(input, where, "input")
    if x.dtype_.category == BOOLEAN:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if x.dtype_.category == INTEGRAL and x.dtype_.code == U8 and (low < 0 or high < 0):
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    node.s1, node.s2, node.takes_integers = low, high, True
    return activate(node, x, inplace, where, "hardtanh_cpu")


def hardtanh(input, min_val=-1.0, max_val=1.0):
    """Each element limited to [min_val, max_val]."""
    return hardtanh_of(input, min_val, max_val, False, "hardtanh")


def hardtanh_(input, min_val=-1.0, max_val=1.0):
    """`hardtanh` in place."""
    return hardtanh_of(input, min_val, max_val, True, "hardtanh_")


def relu6(input):
    """Each element limited to [0, 6]."""
    return hardtanh_of(input, 0, 6, False, "relu6")


def relu6_(input):
    """`relu6` in place."""
    return hardtanh_of(input, 0, 6, True, "relu6_")


# ---------------------------------------------------------------- leaky_relu, rrelu, prelu

cdef class LeakyReluBackward0(Straight):
    """The gradient passes where the operand is positive, times the slope elsewhere."""

    saved_names = ("self", "negative_slope")

    cdef TensorBase value(self, TensorBase x):
        return leak(x, x, self.s1)

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        return leak(g, x, self.s1)

    cdef TensorBase slope_of_result(self, TensorBase g, TensorBase y):
        if self.s1 < 0:
            raise RuntimeError(
                "In-place leakyReLu backward calculation is triggered with a negative slope which "
                "is not supported. This is caused by calling in-place forward function with a "
                "negative slope, please call out-of-place version instead. File an issue at "
                "https://github.com/pytorch/pytorch if you do require supporting in-place "
                "leakRelu backward calculation with negative slope")
        return leak(g, y, self.s1)


cdef TensorBase leak(TensorBase g, TensorBase x, object slope):
    """g where x > 0, else slope g."""
    return with_scalars(MULTI_LEAKY_RELU_BACKWARD, [g, x], (slope,))


cdef TensorBase leaky_relu_of(object input, object slope, bint inplace):
    cdef LeakyReluBackward0 node = LeakyReluBackward0.__new__(LeakyReluBackward0)
    node.s1, node.of_result = slope, inplace
    return activate(node, input, inplace, "leaky_relu", "leaky_relu_cpu")


def leaky_relu(input, negative_slope=0.01):
    """`input` where it is positive, else ``negative_slope * input``."""
    return leaky_relu_of(input, negative_slope, False)


def leaky_relu_(input, negative_slope=0.01):
    """`leaky_relu` in place."""
    return leaky_relu_of(input, negative_slope, True)


cdef class RreluWithNoiseBackward0(Straight):
    """A leaky_relu whose slopes, in training, were drawn for each element (`s1`)."""

    saved_names = ("self", "noise", "lower", "upper", "training")

    cdef TensorBase value(self, TensorBase x):
        if self.s1 is None:
            return leak(x, x, (self.s2 + self.s3) / 2)
        return mul_op(x, to_dtype(self.s1, x.dtype_))

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        if self.s1 is not None and self.s3 - self.s2 > 1e-6:
            return mul_op(g, to_dtype(self.s1, g.dtype_))
        return leak(g, x, (self.s2 + self.s3) / 2)


cdef TensorBase slopes_drawn(TensorBase x, object lower, object upper, object generator):
    """A uniform number for each element that is not positive, drawn in reading order; else 1."""
    cdef TensorBase negative = compare_number(BINARY_LE, x, 0)
    noise = full_raw(of_code(F64), x, 1)
    drawn = noise.new_empty(int(negative.sum()))
    uniform_(drawn, lower, upper, generator=generator)
    noise[negative] = drawn
    return cast_raw(noise, x.dtype_)


cdef TensorBase rrelu_of(object input, object lower, object upper, object training,
                         object generator, bint inplace):
    cdef RreluWithNoiseBackward0 node = RreluWithNoiseBackward0.__new__(RreluWithNoiseBackward0)
    cdef TensorBase x
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    x = only_floating(input, "rrelu", "rrelu_with_noise_out_cpu" if training else "leaky_relu_cpu")
    if training:
        node.s1 = slopes_drawn(alias(x), lower, upper, generator)
    node.s2, node.s3, node.s4, node.of_result = lower, upper, bool(training), inplace
    return activate(node, x, inplace, "rrelu", "leaky_relu_cpu")


def rrelu(input, lower=0.125, upper=1.0 / 3, training=False, generator=None):
    """A leaky_relu with slopes drawn from U(lower, upper); outside training their mean."""
    return rrelu_of(input, lower, upper, training, generator, False)


def rrelu_(input, lower=0.125, upper=1.0 / 3, training=False, generator=None):
    """`rrelu` in place."""
    return rrelu_of(input, lower, upper, training, generator, True)


cdef class PreluKernelBackward0(BinaryNode):
    """d(w x) where x is not positive, dx elsewhere."""

    saved_names = ("self", "weight")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase w = unpack(self.s1, self)
        positive = compare_number(BINARY_GT, x, 0)
        dx = dw = None
        if self.needs(0):
            dx = where_op(positive, g, mul_op(g, w))
            if records1(x) and not (<TensorBase> dx).requires():
                # a derivative of 0 by x, so that the gradient can be differentiated by it
                dx = add_op(dx, masked(x, compare_number(BINARY_GT, x, INFINITY)))
        if self.needs(1):
            dw = self.back_to_b(where_op(positive, full_raw(g.dtype_, g, 0), mul_op(x, g)))
        return (dx, dw)


def prelu(input, weight):
    """`input` where it is positive, else ``weight * input``; one weight, or one a channel."""
    cdef TensorBase x = check_tensor(input, "prelu", "input")
    cdef TensorBase w = check_tensor(weight, "prelu", "weight")
    cdef TensorBase plain, out
    cdef PreluKernelBackward0 node
    cdef Py_ssize_t channels = x.shape_[1] if x.ndim_ > 1 else 1
    if x.dtype_ is not w.dtype_:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {type_name(x.dtype_)} and "
                           f"{type_name(w.dtype_)}")
    if w.numel_ != 1:
        if x.ndim_ == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        if w.numel_ != channels:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{w.numel_} and channel size = {channels}.")
    if w.ndim_ > 1:
        raise RuntimeError("prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = "
                           f"{w.ndim_}")
    only_floating(x, "prelu", "prelu_cpu")
    if x.ndim_ != w.ndim_:
        shape = [1] * x.ndim_
        if x.ndim_ > 1:
            shape[1] = w.numel_
        w = reshape_to(w, tuple(shape))
    plain = alias(x)
    out = where_op(compare_number(BINARY_GT, plain, 0), plain, mul_op(plain, alias(w)))
    if records2(x, w):
        node = PreluKernelBackward0.__new__(PreluKernelBackward0)
        link(node, x, w, out)
        node.s0, node.s1 = save(x), save(w)
        set_function(out, node, 0)
    return out


# ---------------------------------------------------------------- hardswish and hardsigmoid

cdef class HardswishBackward0(Activation):
    """d x relu6(x + 3) / 6 = (x / 3 + 1 / 2) dx between -3 and 3, 0 below, 1 above."""

    saved_names = ("self",)

    cdef TensorBase value(self, TensorBase x):
        ramp = with_scalars(MULTI_CLAMP, [add_number(x, 3)], (0, 6))
        return mul_number(mul_op(x, ramp), 1.0 / 6)

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        inner = mul_op(g, add_number(mul_number(x, 1.0 / 3), 0.5))
        return where_op(compare_number(BINARY_LE, x, -3), full_raw(g.dtype_, g, 0),
                        where_op(compare_number(BINARY_LT, x, 3), inner, g))


cdef class HardsigmoidBackward0(Straight):
    """A sixth strictly between -3 and 3."""

    saved_names = ("self",)

    cdef TensorBase value(self, TensorBase x):
        return mul_number(with_scalars(MULTI_CLAMP, [add_number(x, 3)], (0, 6)), 1.0 / 6)

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        return masked(mul_number(g, 1.0 / 6), between(x, -3, 3))


# ---------------------------------------------------------------- hardshrink and softshrink

cdef class HardshrinkBackward0(Straight):
    """The gradient passes outside [-lambd, lambd]."""

    saved_names = ("self", "lambd")

    cdef TensorBase value(self, TensorBase x):
        return where_op(self.inside(x), full_raw(x.dtype_, x, 0), x)

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        return where_op(self.inside(x), full_raw(g.dtype_, g, 0), g)

    cdef TensorBase inside(self, TensorBase x):
        """Where -lambd <= x <= lambd; a NaN is outside."""
        return logical_and_raw(compare_number(BINARY_GE, x, -self.s1),
                               compare_number(BINARY_LE, x, self.s1))


cdef class SoftshrinkBackward0(HardshrinkBackward0):
    """The same; the value moves towards 0 by lambd."""

    cdef TensorBase value(self, TensorBase x):
        out = where_op(compare_number(BINARY_GT, x, self.s1), add_number(x, -self.s1),
                       add_number(x, self.s1))
        # times 0, so that a NaN stays one
        return where_op(self.inside(x), mul_number(x, 0), out)


cdef object checked_lambd(object lambd, dtype d):
    highest = finfo(d).max
    if not 0 <= lambd <= highest:
        raise RuntimeError(f"lambda must be in range [0, {highest:g}] for input dtype "
                           f"{type_name(d)}, but found {lambd:g}")
    return lambd


def hardshrink(input, lambd=0.5, *, out=None):
    """`input` outside [-lambd, lambd], else 0."""
    cdef HardshrinkBackward0 node = HardshrinkBackward0.__new__(HardshrinkBackward0)
    node.s1 = lambd
    return deliver_exactly(activate(node, input, False, "hardshrink", "hardshrink_cpu"), out,
                           "hardshrink", (input,))


def softshrink(input, lambd=0.5, *, out=None):
    """`input` moved towards 0 by `lambd`; 0 within it."""
    cdef SoftshrinkBackward0 node = SoftshrinkBackward0.__new__(SoftshrinkBackward0)
    cdef TensorBase x = only_floating(input, "softshrink", "softshrink_check")
    node.s1 = checked_lambd(lambd, x.dtype_)
    return deliver(activate(node, input, False, "softshrink", "softshrink_cpu"), out)


def hardswish(input, bint inplace=False):
    """``input * relu6(input + 3) / 6``."""
    return activate(HardswishBackward0.__new__(HardswishBackward0), input, inplace, "hardswish",
                    "hardswish_cpu")


def hardsigmoid(input, bint inplace=False):
    """``relu6(input + 3) / 6``."""
    return activate(HardsigmoidBackward0.__new__(HardsigmoidBackward0), input, inplace,
                    "hardsigmoid", "hardsigmoid_cpu")
