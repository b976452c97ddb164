"""Elementwise operations and their derivatives.

The backward formulas are written with the differentiable functions of this file, so that a
recorded backward (`create_graph=True`) can be differentiated again.
"""

from minitorch._core.dtype cimport BOOLEAN, FLOATING, INTEGRAL, default_float, dtype, of_code
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, connect2, records1, records2, save, save_output, set_function,
    unpack)
from minitorch._core.tensor cimport TensorBase, new_like, same_shape, scalar_of, shape_of
from minitorch._kernels.pointwise cimport *
from minitorch._kernels.types cimport BOOL, F32, I64
from minitorch._ops._base cimport (
    binary_into, binary_raw, cast_raw, check_inplace_result, check_tensor, clone_raw, common_dtype,
    copy_raw, deliver, full_raw, is_number, new_output, new_output3, number_tensor, operand, run2,
    run3, run_list, set_history, unary_raw)
from minitorch._ops.reduce cimport sum_to_op


# ---------------------------------------------------------------- broadcasting, once

cdef class BinaryNode(Node):
    """A node of two operands; remembers shapes and dtypes that differ from the output's."""

    cdef object shape_a, shape_b
    cdef dtype dtype_a, dtype_b

    cdef TensorBase back_to_a(self, TensorBase g):
        return reduced(g, self.shape_a, self.dtype_a)

    cdef TensorBase back_to_b(self, TensorBase g):
        return reduced(g, self.shape_b, self.dtype_b)


cdef TensorBase reduced(TensorBase g, object shape, dtype d):
    """Sum a gradient over the axes that were broadcast, and cast it back."""
    if g is None:
        return None
    if shape is not None:
        g = sum_to_op(g, shape)
    return g if d is None else to_dtype(g, d)


cdef int link(BinaryNode node, TensorBase a, TensorBase b, TensorBase out) except -1:
    """Connect a node to its operands and its output."""
    connect2(node, a, b)
    node.shape_a = None if same_shape(a, out) else shape_of(a)
    node.shape_b = None if same_shape(b, out) else shape_of(b)
    # With mixed dtypes both are remembered: between 0-d tensors a number's own dtype, kept in its
    # tensor, would otherwise promote the gradient of the other operand.
    cdef bint mixed = a.dtype_ is not out.dtype_ or b.dtype_ is not out.dtype_
    node.dtype_a = a.dtype_ if mixed else None
    node.dtype_b = b.dtype_ if mixed else None
    node.n_outputs = 1
    return 0


# ---------------------------------------------------------------- nodes of binary operations

cdef class AddBackward0(BinaryNode):
    """d(a + alpha b) = da + alpha db."""

    cdef tuple apply(self, tuple grads):
        g = grads[0]
        return (self.back_to_a(g) if self.needs(0) else None,
                self.back_to_b(g if self.s2 is None else mul_number(g, self.s2))
                if self.needs(1) else None)


cdef class SubBackward0(BinaryNode):
    """d(a - alpha b) = da - alpha db."""

    cdef tuple apply(self, tuple grads):
        g = grads[0]
        return (self.back_to_a(g) if self.needs(0) else None,
                self.back_to_b(neg_op(g) if self.s2 is None else mul_number(g, -self.s2))
                if self.needs(1) else None)


cdef class MulBackward0(BinaryNode):
    """d(a b) = b da + a db."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        g = grads[0]
        return (self.back_to_a(mul_op(g, unpack(self.s1, self))) if self.needs(0) else None,
                self.back_to_b(mul_op(g, unpack(self.s0, self))) if self.needs(1) else None)


cdef class DivBackward0(BinaryNode):
    """d(a / b) = da / b - a / b^2 db; zero where the quotient was rounded."""

    saved_names = ("self", "other", "rounding_mode")

    cdef tuple apply(self, tuple grads):
        g = grads[0]
        if self.s2 is not None:
            zero = mul_number(g, 0.0)
            return (self.back_to_a(zero) if self.needs(0) else None,
                    self.back_to_b(zero) if self.needs(1) else None)
        b = unpack(self.s1, self)
        da = db = None
        if self.needs(0):
            da = self.back_to_a(div_op(g, b))
        if self.needs(1):
            a = unpack(self.s0, self)
            db = self.back_to_b(mul_op(neg_op(g), div_op(div_op(a, b), b)))
        return (da, db)


cdef class PowBackward0(Node):
    """d x^e = e x^(e - 1) dx, 0 for e = 0."""

    saved_names = ("self", "exponent")

    cdef tuple apply(self, tuple grads):
        x = unpack(self.s0, self)
        exponent = self.s1
        if exponent == 0:
            return (full_raw((<TensorBase> x).dtype_, x, 0),)
        return (mul_op(grads[0], mul_number(pow_number(x, exponent - 1), exponent)),)


cdef class PowBackward1(BinaryNode):
    """d a^b = b a^(b - 1) da + a^b ln(a) db."""

    saved_names = ("self", "exponent", "result")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase a, b, g = grads[0]
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        da = db = None
        if self.needs(0):
            slope = mul_op(b, pow_tensor(a, add_number(b, -1)))
            da = self.back_to_a(mul_op(g, where_op(compare_number(BINARY_EQ, b, 0.0),
                                                   zero_of(slope), slope)))
        if self.needs(1):
            # 0^b is flat in b for b >= 0, though ln(0) is not finite
            flat = logical_and_raw(compare_number(BINARY_EQ, a, 0.0),
                                   compare_number(BINARY_GE, b, 0.0))
            slope = mul_op(pow_tensor(a, b), unary_op(UNARY_LOG, a))
            db = self.back_to_b(mul_op(g, where_op(flat, zero_of(slope), slope)))
        return (da, db)


cdef class PowBackward2(Node):
    """d b^x = b^x ln(b) dx for a number b; flat where b is 0 and x is not negative."""

    saved_names = ("exponent", "self", "result")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self)
        slope = mul_number(unpack(self.s2, self), log_of_number(self.s1))
        if self.s1 == 0:
            slope = where_op(compare_number(BINARY_GE, x, 0.0), zero_of(slope), slope)
        return (mul_op(grads[0], slope),)


cdef double log_of_number(object number) noexcept:
    from math import inf, log, nan
    return log(number) if number > 0 else (-inf if number == 0 else nan)


cdef class RsubBackward1(Node):
    """d(number - a) = -da."""

    cdef tuple apply(self, tuple grads):
        return (neg_op(grads[0]),)


cdef class MaximumBackward0(BinaryNode):
    """The gradient goes to the larger operand, half to each where they tie."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        return share_extreme(self, grads[0], BINARY_GT)


cdef class MinimumBackward0(BinaryNode):
    """The gradient goes to the smaller operand, half to each where they tie."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        return share_extreme(self, grads[0], BINARY_LT)


cdef tuple share_extreme(BinaryNode node, TensorBase g, int wins):
    cdef TensorBase a = unpack(node.s0, node)
    cdef TensorBase b = unpack(node.s1, node)
    tie = compare_op(BINARY_EQ, a, b)
    shared = where_op(tie, mul_number(g, 0.5), g)
    da = db = None
    # written with the losing side masked, so that a NaN operand gets its gradient
    if node.needs(0):
        da = node.back_to_a(where_op(compare_op(wins, b, a), zero_of(g), shared))
    if node.needs(1):
        db = node.back_to_b(where_op(compare_op(wins, a, b), zero_of(g), shared))
    return (da, db)


cdef class RemainderBackward0(BinaryNode):
    """d(a mod b) = da - floor(a / b) db."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        da = db = None
        if self.needs(0):
            da = self.back_to_a(g)
        if self.needs(1):
            a, b = unpack(self.s0, self), unpack(self.s1, self)
            db = self.back_to_b(neg_op(mul_op(g, plain(BINARY_FLOOR_DIVIDE, a, b))))
        return (da, db)


cdef class FmodBackward0(BinaryNode):
    """d fmod(a, b) = da - trunc(a / b) db."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        da = db = None
        if self.needs(0):
            da = self.back_to_a(g)
        if self.needs(1):
            a, b = unpack(self.s0, self), unpack(self.s1, self)
            db = self.back_to_b(neg_op(mul_op(g, plain(BINARY_TRUNC_DIVIDE, a, b))))
        return (da, db)


cdef class Atan2Backward0(BinaryNode):
    """d atan2(a, b) = (b da - a db) / (a^2 + b^2)."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        scaled = div_op(grads[0], add_op(mul_op(a, a), mul_op(b, b)))
        return (self.back_to_a(mul_op(scaled, b)) if self.needs(0) else None,
                self.back_to_b(neg_op(mul_op(scaled, a))) if self.needs(1) else None)


cdef BinaryNode binary_node(int op, TensorBase a, TensorBase b):
    """The node of an operation, holding what its derivative needs."""
    cdef BinaryNode node
    if op == BINARY_ADD:
        return AddBackward0.__new__(AddBackward0)
    if op == BINARY_SUB:
        return SubBackward0.__new__(SubBackward0)
    if op == BINARY_MUL:
        node = MulBackward0.__new__(MulBackward0)
        if b.requires():
            node.s0 = save(a)
        if a.requires():
            node.s1 = save(b)
        return node
    if op == BINARY_DIV:
        node = DivBackward0.__new__(DivBackward0)
        node.s1 = save(b)
        if b.requires():
            node.s0 = save(a)
        return node
    if op == BINARY_FLOOR_DIVIDE or op == BINARY_TRUNC_DIVIDE:
        node = DivBackward0.__new__(DivBackward0)
        node.s2 = "floor" if op == BINARY_FLOOR_DIVIDE else "trunc"
        return node
    if op == BINARY_POW:
        node = PowBackward1.__new__(PowBackward1)
    elif op == BINARY_MAXIMUM:
        node = MaximumBackward0.__new__(MaximumBackward0)
    elif op == BINARY_MINIMUM:
        node = MinimumBackward0.__new__(MinimumBackward0)
    elif op == BINARY_REMAINDER:
        node = RemainderBackward0.__new__(RemainderBackward0)
    elif op == BINARY_FMOD:
        node = FmodBackward0.__new__(FmodBackward0)
    elif op == BINARY_ATAN2:
        node = Atan2Backward0.__new__(Atan2Backward0)
    else:
        return None
    node.s0, node.s1 = save(a), save(b)
    return node


# ---------------------------------------------------------------- binary operations

cdef dtype binary_dtype(int op, dtype common):
    """The dtype in which an operation is computed."""
    if common.category != FLOATING and (op == BINARY_DIV or op == BINARY_ATAN2):
        return default_float()
    return common


cdef int check_binary(int op, dtype compute, TensorBase b) except -1:
    if compute.category == BOOLEAN:
        if op == BINARY_SUB:
            raise RuntimeError(
                "Subtraction, the `-` operator, with two bool tensors is not supported. If you "
                "are trying to invert a mask, use the `~` or `logical_not()` operator instead.")
    if compute.category == FLOATING and (BINARY_BITWISE_AND <= op <= BINARY_SHIFT_RIGHT):
        raise NotImplementedError("bitwise operations are not implemented for "
                                  f"'{compute!r}'")
    if compute.category == INTEGRAL and (
            op == BINARY_FLOOR_DIVIDE or op == BINARY_TRUNC_DIVIDE or op == BINARY_REMAINDER
            or op == BINARY_FMOD) and b.numel_ and has_zero(b):
        raise RuntimeError("ZeroDivisionError")
    return 0


cdef bint has_zero(TensorBase t) except -1:
    from minitorch._ops.reduce import all as all_
    return not all_(t.detach() if t.requires() else t).item()


cdef TensorBase binary(int op, TensorBase a, bint a_number, TensorBase b, bint b_number):
    """An operation with promotion and broadcasting, recorded when it has to be."""
    cdef dtype compute = binary_dtype(op, common_dtype(a, a_number, b, b_number))
    cdef TensorBase out
    cdef BinaryNode node
    check_binary(op, compute, b)
    out = binary_raw(op, a, b, compute)
    if records2(a, b) and out.dtype_.category == FLOATING:
        node = binary_node(op, a, b)
        if node is not None:
            link(node, a, b, out)
            set_function(out, node, 0)
    return out


cdef TensorBase plain(int op, TensorBase a, TensorBase b):
    """An operation without promotion of numbers, recorded."""
    return binary(op, a, False, b, False)


cdef TensorBase add_op(TensorBase a, TensorBase b):
    return binary(BINARY_ADD, a, False, b, False)


cdef TensorBase sub_op(TensorBase a, TensorBase b):
    return binary(BINARY_SUB, a, False, b, False)


cdef TensorBase mul_op(TensorBase a, TensorBase b):
    return binary(BINARY_MUL, a, False, b, False)


cdef TensorBase div_op(TensorBase a, TensorBase b):
    return binary(BINARY_DIV, a, False, b, False)


cdef TensorBase pow_tensor(TensorBase a, TensorBase b):
    return binary(BINARY_POW, a, False, b, False)


cdef TensorBase mul_number(TensorBase a, object number):
    return binary(BINARY_MUL, a, False, number_tensor(number), True)


cdef TensorBase add_number(TensorBase a, object number):
    return binary(BINARY_ADD, a, False, number_tensor(number), True)


cdef TensorBase compare_op(int op, TensorBase a, TensorBase b):
    return binary_raw(op, a, b, common_dtype(a, False, b, False))


cdef TensorBase compare_number(int op, TensorBase a, object number):
    cdef TensorBase b = number_tensor(number)
    return binary_raw(op, a, b, common_dtype(a, False, b, True))


cdef TensorBase logical_and_raw(TensorBase a, TensorBase b):
    return binary_raw(BINARY_LOGICAL_AND, a, b, of_code(BOOL))


cdef TensorBase zero_of(TensorBase like):
    return scalar_of(like.dtype_, 0)


cdef TensorBase before_change(TensorBase a):
    """A copy of the values that an in-place operation overwrites, with the history of `a`."""
    cdef TensorBase copied = clone_raw(a)
    cdef Node node = a.function()
    if node is not None:
        set_function(copied, node, a.output_nr)
    return copied


cdef bint saves_first(int op, TensorBase b):
    """Whether the node of a binary operation keeps its first operand."""
    if op == BINARY_MUL or op == BINARY_DIV:
        return b.requires()
    return not (op == BINARY_ADD or op == BINARY_SUB or op == BINARY_FLOOR_DIVIDE
                or op == BINARY_TRUNC_DIVIDE)


cdef TensorBase binary_inplace(int op, TensorBase a, TensorBase b, bint b_number, object alpha=None):
    """``a op= b``."""
    cdef dtype compute = binary_dtype(op, common_dtype(a, False, b, b_number))
    cdef bint records = records2(a, b)
    cdef BinaryNode node = None
    check_writable(a, records)
    check_inplace_result(a, b, of_code(BOOL) if op >= BINARY_LOGICAL_AND else compute)
    check_binary(op, compute, b)
    if records and a.dtype_.category == FLOATING:
        node = binary_node(op, before_change(a) if saves_first(op, b) else a, b)
        if node is not None:
            link(node, a, b, a)
            node.s2 = alpha if alpha is not None else node.s2
    if alpha is None:
        binary_into(op, a, a, b, compute)
    else:
        copy_raw(a, alpha_raw(op, a, b, alpha, compute))
    bump(a)
    if node is not None:
        set_history(a, node)
    return a


cdef TensorBase add_inplace(TensorBase a, TensorBase b):
    return binary_inplace(BINARY_ADD, a, b, False)


cdef TensorBase alpha_raw(int op, TensorBase a, TensorBase b, object alpha, dtype compute):
    """a + alpha b, or a - alpha b."""
    if op == BINARY_SUB:
        alpha = -alpha
    if compute.category == BOOLEAN:
        return binary_raw(BINARY_LOGICAL_OR, a, b, compute) if alpha else cast_raw(a, compute)
    a, b = cast_raw(a, compute), cast_raw(b, compute)
    out = new_output(compute, a, b)
    run_list(multi_loop(MULTI_ADD_ALPHA, compute.code), out, [a, b, scalar_of(scalar_dtype(compute), alpha)])
    return out


cdef dtype scalar_dtype(dtype compute):
    """Kernels take the scalars of a half-precision operation in float32."""
    return of_code(F32) if compute.itemsize == 2 and compute.category == FLOATING else compute


cdef int check_alpha(dtype compute, object alpha, str where) except -1:
    if not is_number(alpha):
        raise TypeError(f"{where}(): argument 'alpha' must be Number, not {type(alpha).__name__}")
    if compute.category != FLOATING and isinstance(alpha, float):
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating "
                           "point number.")
    if compute.category != BOOLEAN and isinstance(alpha, bool):
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    return 0


cdef TensorBase add_with_alpha(int op, object input, object other, object alpha, str where):
    cdef bint na, nb
    cdef TensorBase a = operand(input, &na, where, "input")
    cdef TensorBase b = operand(other, &nb, where, "other")
    cdef dtype compute
    cdef TensorBase out
    cdef BinaryNode node
    if alpha is None or (type(alpha) is int and alpha == 1):
        return binary(op, a, na, b, nb)
    compute = common_dtype(a, na, b, nb)
    check_alpha(compute, alpha, where)
    check_binary(op, compute, b)
    out = alpha_raw(op, a, b, alpha, compute)
    if records2(a, b):
        node = binary_node(op, a, b)
        link(node, a, b, out)
        node.s2 = alpha
        set_function(out, node, 0)
    return out


cdef TensorBase add_with_alpha_inplace(int op, object input, object other, object alpha, str where):
    cdef bint nb
    cdef TensorBase a = check_tensor(input, where, "self")
    cdef TensorBase b = operand(other, &nb, where, "other")
    if alpha is None or (type(alpha) is int and alpha == 1):
        return binary_inplace(op, a, b, nb)
    check_alpha(common_dtype(a, False, b, nb), alpha, where)
    return binary_inplace(op, a, b, nb, alpha)


cdef TensorBase two(int op, object input, object other, str where):
    """A binary operation from Python."""
    cdef bint na, nb
    cdef TensorBase a = operand(input, &na, where, "input")
    cdef TensorBase b = operand(other, &nb, where, "other")
    if na and nb:
        raise TypeError(f"{where}(): at least one argument must be Tensor")
    return binary(op, a, na, b, nb)


cdef TensorBase two_inplace(int op, object input, object other, str where):
    cdef bint nb
    cdef TensorBase a = check_tensor(input, where, "self")
    cdef TensorBase b = operand(other, &nb, where, "other")
    return binary_inplace(op, a, b, nb)


def add(input, other, *, alpha=None, out=None):
    """``input + alpha * other``, broadcast and promoted."""
    return deliver(add_with_alpha(BINARY_ADD, input, other, alpha, "add"), out)


def add_(self, other, *, alpha=None):
    """`add` in place."""
    return add_with_alpha_inplace(BINARY_ADD, self, other, alpha, "add_")


def sub(input, other, *, alpha=None, out=None):
    """``input - alpha * other``, broadcast and promoted."""
    return deliver(add_with_alpha(BINARY_SUB, input, other, alpha, "sub"), out)


def sub_(self, other, *, alpha=None):
    """`sub` in place."""
    return add_with_alpha_inplace(BINARY_SUB, self, other, alpha, "sub_")


def rsub(input, other, *, alpha=None):
    """``other - alpha * input``."""
    return add_with_alpha(BINARY_SUB, other, input, alpha, "rsub")


def mul(input, other, *, out=None):
    """``input * other``, broadcast and promoted."""
    return deliver(two(BINARY_MUL, input, other, "mul"), out)


def mul_(self, other):
    """`mul` in place."""
    return two_inplace(BINARY_MUL, self, other, "mul_")


cdef int division(object rounding_mode) except -1:
    if rounding_mode is None:
        return BINARY_DIV
    if rounding_mode == "floor":
        return BINARY_FLOOR_DIVIDE
    if rounding_mode == "trunc":
        return BINARY_TRUNC_DIVIDE
    raise RuntimeError("div expected rounding_mode to be one of None, 'trunc', or 'floor' but "
                       f"found '{rounding_mode}'")


def div(input, other, *, rounding_mode=None, out=None):
    """``input / other``; with `rounding_mode` "floor" or "trunc" rounded, in the common dtype."""
    return deliver(two(division(rounding_mode), input, other, "div"), out)


def div_(self, other, *, rounding_mode=None):
    """`div` in place."""
    return two_inplace(division(rounding_mode), self, other, "div_")


def floor_divide(input, other, *, out=None):
    """The quotient rounded towards minus infinity."""
    return deliver(two(BINARY_FLOOR_DIVIDE, input, other, "floor_divide"), out)


def floor_divide_(self, other):
    """`floor_divide` in place."""
    return two_inplace(BINARY_FLOOR_DIVIDE, self, other, "floor_divide_")


def remainder(input, other, *, out=None):
    """The remainder with the sign of the divisor, as Python's ``%``."""
    return deliver(two(BINARY_REMAINDER, input, other, "remainder"), out)


def remainder_(self, other):
    """`remainder` in place."""
    return two_inplace(BINARY_REMAINDER, self, other, "remainder_")


def fmod(input, other, *, out=None):
    """The remainder with the sign of the dividend, as C's ``fmod``."""
    return deliver(two(BINARY_FMOD, input, other, "fmod"), out)


def fmod_(self, other):
    """`fmod` in place."""
    return two_inplace(BINARY_FMOD, self, other, "fmod_")


def maximum(input, other, *, out=None):
    """The larger of two tensors elementwise; NaN where either is NaN."""
    return deliver(two(BINARY_MAXIMUM, check_tensor(input, "maximum", "input"),
                       check_tensor(other, "maximum", "other"), "maximum"), out)


def minimum(input, other, *, out=None):
    """The smaller of two tensors elementwise; NaN where either is NaN."""
    return deliver(two(BINARY_MINIMUM, check_tensor(input, "minimum", "input"),
                       check_tensor(other, "minimum", "other"), "minimum"), out)


def atan2(input, other, *, out=None):
    """The angle of the points (other, input), in radians from -pi to pi."""
    return deliver(two(BINARY_ATAN2, input, other, "atan2"), out)


# ---------------------------------------------------------------- powers

cdef TensorBase pow_raw(TensorBase a, object exponent, dtype compute):
    """a ** exponent for a Python number; small integer powers are exact products."""
    cdef TensorBase base = cast_raw(a, compute)
    cdef TensorBase out = new_like(base, compute)
    run3(binary_loop(BINARY_POW_SCALAR, compute.code), out, base,
         scalar_of(scalar_dtype(compute), exponent))
    return out


cdef dtype pow_dtype(TensorBase a, object exponent):
    cdef TensorBase e = number_tensor(exponent)
    cdef dtype compute = common_dtype(a, False, e, True)
    if compute.category != FLOATING and isinstance(exponent, int) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return compute


cdef TensorBase pow_number(TensorBase a, object exponent):
    cdef dtype compute = pow_dtype(a, exponent)
    cdef TensorBase out
    cdef Node node
    if compute.category == BOOLEAN:
        compute = of_code(I64)
    out = pow_raw(a, exponent, compute)
    if records1(a):
        node = PowBackward0.__new__(PowBackward0)
        connect1(node, a)
        node.s0, node.s1, node.n_outputs = save(a), exponent, 1
        set_function(out, node, 0)
    return out


cdef TensorBase number_first(int op, object number, TensorBase a, Node node):
    """``number op a``, with a node that knows the tensor alone."""
    cdef TensorBase b = number_tensor(number)
    cdef dtype compute = binary_dtype(op, common_dtype(b, True, a, False))
    cdef TensorBase out
    check_binary(op, compute, a)
    out = binary_raw(op, b, a, compute)
    if records1(a) and out.dtype_.category == FLOATING:
        connect1(node, a)
        node.n_outputs = 1
        set_function(out, node, 0)
    return out


cdef TensorBase number_to_power(object number, TensorBase exponent):
    cdef PowBackward2 node = PowBackward2.__new__(PowBackward2)
    cdef TensorBase out = number_first(BINARY_POW, number, exponent, node)
    if out.grad_fn_ is node:
        node.s0, node.s1, node.s2 = save(exponent), number, save_output(out)
    return out


def pow(input, exponent, *, out=None):
    """``input ** exponent``, elementwise.

    Raises
    ------
    RuntimeError
        For a negative integer power of integers.
    """
    if isinstance(input, TensorBase) and is_number(exponent):
        return deliver(pow_number(input, exponent), out)
    if is_number(input) and isinstance(exponent, TensorBase):
        return deliver(number_to_power(input, exponent), out)
    return deliver(two(BINARY_POW, input, exponent, "pow"), out)


def pow_(self, exponent):
    """`pow` in place."""
    cdef TensorBase a = check_tensor(self, "pow_", "self")
    cdef Node node
    cdef bint records
    if not is_number(exponent):
        return two_inplace(BINARY_POW, self, exponent, "pow_")
    records = records1(a)
    check_writable(a, records)
    compute = pow_dtype(a, exponent)
    check_inplace_result(a, a, compute)
    node = None
    if records:
        node = PowBackward0.__new__(PowBackward0)
        connect1(node, a)
        node.s0, node.s1, node.n_outputs = save(before_change(a)), exponent, 1
    copy_raw(a, pow_raw(a, exponent, compute))
    bump(a)
    if node is not None:
        set_history(a, node)
    return a


# ---------------------------------------------------------------- nodes of unary operations

cdef class UnaryNode(Node):
    """A node of one operand. `s0` holds the operand (`self`) or the result."""

    cdef TensorBase kept(self):
        return unpack(self.s0, self)


cdef class SelfNode(UnaryNode):
    saved_names = ("self",)


cdef class ResultNode(UnaryNode):
    saved_names = ("result",)


cdef class NegBackward0(UnaryNode):
    cdef tuple apply(self, tuple grads):
        return (neg_op(grads[0]),)


cdef class AbsBackward0(SelfNode):
    """d|x| = sign(x) dx, 0 at 0."""
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], unary_op(UNARY_SIGN, self.kept())),)


cdef class SquareBackward0(SelfNode):
    def name(self):
        return "PowBackward0"

    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], mul_number(self.kept(), 2)),)


cdef class ReluBackward0(ResultNode):
    """The gradient passes where the result is positive."""
    cdef tuple apply(self, tuple grads):
        return (slope_op(BINARY_RELU_BACKWARD, grads[0], self.kept()),)


cdef class ExpBackward0(ResultNode):
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], self.kept()),)


cdef class Exp2Backward0(ResultNode):
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], mul_number(self.kept(), 0.69314718055994530942)),)


cdef class Expm1Backward0(ResultNode):
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], add_number(self.kept(), 1)),)


cdef class LogBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (div_op(grads[0], self.kept()),)


cdef class Log2Backward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (div_op(grads[0], mul_number(self.kept(), 0.69314718055994530942)),)


cdef class Log10Backward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (div_op(grads[0], mul_number(self.kept(), 2.30258509299404568402)),)


cdef class Log1PBackward0(SelfNode):
    def name(self):
        return "Log1PBackward0"

    cdef tuple apply(self, tuple grads):
        return (div_op(grads[0], add_number(self.kept(), 1)),)


cdef class SqrtBackward0(ResultNode):
    """d sqrt(x) = dx / (2 sqrt(x)), infinite at 0."""
    cdef tuple apply(self, tuple grads):
        return (div_op(grads[0], mul_number(self.kept(), 2)),)


cdef class RsqrtBackward0(ResultNode):
    """d x^(-1/2) = -1/2 x^(-3/2) dx."""
    cdef tuple apply(self, tuple grads):
        return (mul_op(mul_number(grads[0], -0.5), pow_number(self.kept(), 3)),)


cdef class ReciprocalBackward0(ResultNode):
    cdef tuple apply(self, tuple grads):
        r = self.kept()
        return (neg_op(mul_op(grads[0], mul_op(r, r))),)


cdef class SinBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], unary_op(UNARY_COS, self.kept())),)


cdef class CosBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (neg_op(mul_op(grads[0], unary_op(UNARY_SIN, self.kept()))),)


cdef class TanBackward0(ResultNode):
    cdef tuple apply(self, tuple grads):
        r = self.kept()
        return (mul_op(grads[0], add_number(mul_op(r, r), 1)),)


cdef class AsinBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        return (mul_op(grads[0], unary_op(UNARY_RSQRT, one_minus_square(x))),)


cdef class AcosBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        return (neg_op(mul_op(grads[0], unary_op(UNARY_RSQRT, one_minus_square(x)))),)


cdef class AtanBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        return (div_op(grads[0], add_number(mul_op(x, x), 1)),)


cdef class SinhBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], unary_op(UNARY_COSH, self.kept())),)


cdef class CoshBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], unary_op(UNARY_SINH, self.kept())),)


cdef class TanhBackward0(ResultNode):
    cdef tuple apply(self, tuple grads):
        r = self.kept()
        return (mul_op(grads[0], one_minus_square(r)),)


cdef class AsinhBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        return (mul_op(grads[0], unary_op(UNARY_RSQRT, add_number(mul_op(x, x), 1))),)


cdef class AcoshBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        return (mul_op(grads[0], unary_op(UNARY_RSQRT, add_number(mul_op(x, x), -1))),)


cdef class AtanhBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (div_op(grads[0], one_minus_square(self.kept())),)


cdef class SigmoidBackward0(ResultNode):
    """d sigma(x) = sigma (1 - sigma) dx."""
    cdef tuple apply(self, tuple grads):
        r = self.kept()
        return (mul_op(grads[0], mul_op(r, add_number(neg_op(r), 1))),)


cdef class SiluBackward0(SelfNode):
    """d x sigma(x) = sigma (1 + x (1 - sigma)) dx."""
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        s = unary_op(UNARY_SIGMOID, x)
        inner = add_number(mul_op(x, add_number(neg_op(s), 1)), 1)
        return (mul_op(grads[0], mul_op(s, inner)),)


cdef class GeluBackward0(SelfNode):
    """d x Phi(x) = (Phi(x) + x phi(x)) dx, Phi the normal distribution."""
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        if self.s1 == "tanh":
            return (mul_op(grads[0], gelu_tanh_slope(x)),)
        cdf = mul_number(add_number(unary_op(UNARY_ERF, mul_number(x, 0.70710678118654752440)), 1),
                         0.5)
        pdf = mul_number(unary_op(UNARY_EXP, mul_number(mul_op(x, x), -0.5)),
                         0.39894228040143267794)
        return (mul_op(grads[0], add_op(cdf, mul_op(x, pdf))),)


cdef class ErfBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        return (mul_op(grads[0], mul_number(unary_op(UNARY_EXP, neg_op(mul_op(x, x))),
                                            1.12837916709551257390)),)


cdef class ErfcBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        return (mul_op(grads[0], mul_number(unary_op(UNARY_EXP, neg_op(mul_op(x, x))),
                                            -1.12837916709551257390)),)


cdef class FlatNode(UnaryNode):
    """Piecewise constant: the derivative is 0."""
    cdef tuple apply(self, tuple grads):
        return (full_raw((<TensorBase> grads[0]).dtype_, grads[0], 0),)


cdef class SignBackward0(FlatNode):
    pass


cdef class FloorBackward0(FlatNode):
    pass


cdef class CeilBackward0(FlatNode):
    pass


cdef class RoundBackward0(FlatNode):
    pass


cdef class TruncBackward0(FlatNode):
    pass


cdef TensorBase one_minus_square(TensorBase x):
    return add_number(neg_op(mul_op(x, x)), 1)


cdef TensorBase gelu_tanh_slope(TensorBase x):
    """The derivative of 0.5 x (1 + tanh(c (x + 0.044715 x^3)))."""
    cdef double c = 0.79788456080286535588
    xx = mul_op(x, x)
    t = unary_op(UNARY_TANH, mul_number(mul_op(x, add_number(mul_number(xx, 0.044715), 1)), c))
    inner = mul_number(add_number(mul_number(xx, 3 * 0.044715), 1), c)
    return add_op(mul_number(add_number(t, 1), 0.5),
                  mul_number(mul_op(mul_op(x, one_minus_square(t)), inner), 0.5))


cdef dict UNARY_NODES = {
    UNARY_NEG: NegBackward0, UNARY_ABS: AbsBackward0, UNARY_SIGN: SignBackward0,
    UNARY_SQUARE: SquareBackward0, UNARY_RELU: ReluBackward0, UNARY_EXP: ExpBackward0,
    UNARY_EXP2: Exp2Backward0, UNARY_EXPM1: Expm1Backward0, UNARY_LOG: LogBackward0,
    UNARY_LOG2: Log2Backward0, UNARY_LOG10: Log10Backward0, UNARY_LOG1P: Log1PBackward0,
    UNARY_SQRT: SqrtBackward0, UNARY_RSQRT: RsqrtBackward0,
    UNARY_RECIPROCAL: ReciprocalBackward0, UNARY_SIN: SinBackward0, UNARY_COS: CosBackward0,
    UNARY_TAN: TanBackward0, UNARY_ASIN: AsinBackward0, UNARY_ACOS: AcosBackward0,
    UNARY_ATAN: AtanBackward0, UNARY_SINH: SinhBackward0, UNARY_COSH: CoshBackward0,
    UNARY_TANH: TanhBackward0, UNARY_ASINH: AsinhBackward0, UNARY_ACOSH: AcoshBackward0,
    UNARY_ATANH: AtanhBackward0, UNARY_SIGMOID: SigmoidBackward0, UNARY_SILU: SiluBackward0,
    UNARY_GELU: GeluBackward0, UNARY_GELU_TANH: GeluBackward0, UNARY_ERF: ErfBackward0,
    UNARY_ERFC: ErfcBackward0, UNARY_FLOOR: FloorBackward0, UNARY_CEIL: CeilBackward0,
    UNARY_ROUND: RoundBackward0, UNARY_TRUNC: TruncBackward0,
}


cdef Node unary_node(int op):
    """A new node of an operation, or None for one without a derivative."""
    cdef object cls = UNARY_NODES.get(op)
    if cls is None:
        return None
    return <Node> (<type> cls).__new__(cls)


cdef int keep(UnaryNode node, TensorBase a, TensorBase out) except -1:
    """Save the operand or the result, whichever the formula wants."""
    if isinstance(node, SelfNode):
        node.s0 = save(a)
    elif isinstance(node, ResultNode):
        node.s0 = save_output(out)
    return 0


# ---------------------------------------------------------------- unary operations

cdef bint wants_float(int op) noexcept:
    return UNARY_EXP <= op <= UNARY_ERFC


cdef TensorBase unary_op(int op, TensorBase a):
    """A unary operation, recorded when it has to be."""
    cdef TensorBase out
    cdef UnaryNode node
    if a.dtype_.category != FLOATING:
        if wants_float(op):
            a = cast_raw(a, default_float())
        elif UNARY_FLOOR <= op <= UNARY_TRUNC and a.dtype_.category == INTEGRAL:
            return clone_raw(a)
        check_unary(op, a)
    out = unary_raw(op, a)
    if records1(a) and out.dtype_.category == FLOATING:
        node = unary_node(op)
        if node is not None:
            connect1(node, a)
            node.n_outputs = 1
            set_function(out, node, 0)
            keep(node, a, out)
    return out


cdef int check_unary(int op, TensorBase a) except -1:
    if a.dtype_.category == BOOLEAN:
        if op == UNARY_NEG:
            raise RuntimeError(
                "Negation, the `-` operator, on a bool tensor is not supported. If you are trying "
                "to invert a mask, use the `~` or `logical_not()` operator instead.")
        if op == UNARY_RELU:
            raise RuntimeError("Boolean inputs not supported for relu")
    return 0


cdef TensorBase unary_inplace(int op, TensorBase a, str where):
    """A unary operation that overwrites its operand."""
    cdef bint records = records1(a)
    cdef UnaryNode node = None
    check_writable(a, records)
    if a.dtype_.category != FLOATING:
        if wants_float(op):
            raise RuntimeError(f"result type {default_float()!r} can't be cast to the desired "
                               f"output type {a.dtype_!r} ({where})")
        check_unary(op, a)
    if records:
        node = unary_node(op)
        connect1(node, a)
        node.n_outputs = 1
        if isinstance(node, SelfNode):
            node.s0 = save(before_change(a))
    run2(unary_loop(op, a.code()), a, a)
    bump(a)
    if node is not None:
        if isinstance(node, ResultNode):
            # saved before the new history is set: the node is this result's function
            node.s0 = save_output(a)
        set_history(a, node)
    return a


cdef TensorBase neg_op(TensorBase a):
    return unary_op(UNARY_NEG, a)


cdef object one(int op, object input, object out, str where):
    return deliver(unary_op(op, check_tensor(input, where, "input")), out)


cdef object one_(int op, object self, str where):
    return unary_inplace(op, check_tensor(self, where, "self"), where)


cdef class SlopeBackward(Node):
    """The second derivative of relu: the mask again, and nothing to the result."""

    def name(self):
        return "ThresholdBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        return (slope_op(BINARY_RELU_BACKWARD, grads[0], unpack(self.s0, self))
                if self.needs(0) else None, None)


cdef TensorBase slope_op(int op, TensorBase g, TensorBase kept):
    """A fused slope of kernels: linear in `g`, piecewise constant in `kept`."""
    cdef TensorBase out = binary_raw(op, g, kept, g.dtype_)
    cdef Node node
    if records2(g, kept):
        node = SlopeBackward.__new__(SlopeBackward)
        connect2(node, g, kept)
        node.s0, node.n_outputs = save(kept), 1
        set_function(out, node, 0)
    return out


def relu(input, inplace=False):
    """max(input, 0), elementwise; in place when asked."""
    if inplace:
        return one_(UNARY_RELU, input, "relu_")
    return unary_op(UNARY_RELU, check_tensor(input, "relu", "input"))


def relu_(self):
    """`relu` in place."""
    return one_(UNARY_RELU, self, "relu_")


def silu(input, inplace=False):
    """input * sigmoid(input), elementwise."""
    if inplace:
        return one_(UNARY_SILU, input, "silu_")
    return unary_op(UNARY_SILU, check_tensor(input, "silu", "input"))


def gelu(input, *, approximate="none"):
    """input * Phi(input); `approximate` is "none" or "tanh".

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).
    """
    cdef TensorBase a = check_tensor(input, "gelu", "input")
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    out = unary_op(UNARY_GELU_TANH if approximate == "tanh" else UNARY_GELU, a)
    if (<TensorBase> out).grad_fn_ is not None:
        (<TensorBase> out).grad_fn_.s1 = approximate
    return out


def _make_unary(name, int op):
    """The Python function of a unary operation, and its in-place form."""
    def function(input, *, out=None):
        return one(op, input, out, name)

    def inplace(self):
        return one_(op, self, name + "_")

    for made, label, doc in ((function, name, f"{name} of each element."),
                             (inplace, name + "_", f"`{name}` in place.")):
        made.__name__ = made.__qualname__ = label
        made.__doc__ = doc
    return function, inplace


for name_, op_ in (
        ("neg", UNARY_NEG), ("abs", UNARY_ABS), ("sign", UNARY_SIGN), ("square", UNARY_SQUARE),
        ("exp", UNARY_EXP), ("exp2", UNARY_EXP2), ("expm1", UNARY_EXPM1), ("log", UNARY_LOG),
        ("log2", UNARY_LOG2), ("log10", UNARY_LOG10), ("log1p", UNARY_LOG1P),
        ("sqrt", UNARY_SQRT), ("rsqrt", UNARY_RSQRT), ("reciprocal", UNARY_RECIPROCAL),
        ("sin", UNARY_SIN), ("cos", UNARY_COS), ("tan", UNARY_TAN), ("asin", UNARY_ASIN),
        ("acos", UNARY_ACOS), ("atan", UNARY_ATAN), ("sinh", UNARY_SINH), ("cosh", UNARY_COSH),
        ("tanh", UNARY_TANH), ("asinh", UNARY_ASINH), ("acosh", UNARY_ACOSH),
        ("atanh", UNARY_ATANH), ("sigmoid", UNARY_SIGMOID), ("erf", UNARY_ERF),
        ("erfc", UNARY_ERFC), ("floor", UNARY_FLOOR), ("ceil", UNARY_CEIL),
        ("trunc", UNARY_TRUNC)):
    globals()[name_], globals()[name_ + "_"] = _make_unary(name_, op_)

for alias_, name_ in (("negative", "neg"), ("absolute", "abs"), ("fix", "trunc"),
                      ("arcsin", "asin"), ("arccos", "acos"), ("arctan", "atan"),
                      ("arcsinh", "asinh"), ("arccosh", "acosh"), ("arctanh", "atanh")):
    globals()[alias_] = globals()[name_]
    globals()[alias_ + "_"] = globals()[name_ + "_"]

subtract, subtract_, multiply, multiply_ = sub, sub_, mul, mul_
divide, divide_, true_divide, true_divide_ = div, div_, div, div_
arctan2 = atan2


def round(input, *, decimals=0, out=None):
    """The nearest integer, halves to even; `decimals` counts digits after the point."""
    cdef TensorBase a = check_tensor(input, "round", "input")
    if decimals == 0:
        return one(UNARY_ROUND, input, out, "round")
    if a.dtype_.category != FLOATING:
        raise RuntimeError("round(): decimals is implemented for floating dtypes only")
    scale = 10.0 ** builtins_abs(decimals)
    if decimals > 0:
        scaled = div_op(unary_op(UNARY_ROUND, mul_number(a, scale)), scalar_of(a.dtype_, scale))
    else:
        scaled = mul_number(unary_op(UNARY_ROUND, div_op(a, scalar_of(a.dtype_, scale))), scale)
    return deliver(scaled, out)


def round_(self):
    """`round` in place."""
    return one_(UNARY_ROUND, self, "round_")


cdef object builtins_abs(object x):
    return -x if x < 0 else x


def positive(input):
    """The tensor itself."""
    if check_tensor(input, "positive", "input").dtype_.category == BOOLEAN:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def isnan(input):
    """True where an element is NaN."""
    return unary_raw_any(UNARY_ISNAN, check_tensor(input, "isnan", "input"), False)


def isinf(input):
    """True where an element is infinite."""
    return unary_raw_any(UNARY_ISINF, check_tensor(input, "isinf", "input"), False)


def isfinite(input):
    """True where an element is neither infinite nor NaN."""
    return unary_raw_any(UNARY_ISFINITE, check_tensor(input, "isfinite", "input"), True)


cdef TensorBase unary_raw_any(int op, TensorBase a, bint of_integers):
    if a.dtype_.category != FLOATING:
        return full_raw(of_code(BOOL), a, of_integers)
    return unary_raw(op, a)


def logical_not(input, *, out=None):
    """True where an element is zero."""
    return deliver(unary_raw(UNARY_LOGICAL_NOT, check_tensor(input, "logical_not", "input")), out)


def bitwise_not(input, *, out=None):
    """All bits flipped; logical not of bool."""
    cdef TensorBase a = check_tensor(input, "bitwise_not", "input")
    if a.dtype_.category == FLOATING:
        raise RuntimeError("bitwise_not: floating dtypes have no bits to flip")
    return deliver(unary_raw(UNARY_BITWISE_NOT, a), out)


# ---------------------------------------------------------------- casts

cdef class ToCopyBackward0(Node):
    """A cast: the gradient is cast back."""

    cdef tuple apply(self, tuple grads):
        return (to_dtype(grads[0], <dtype> self.s3),)


cdef TensorBase to_dtype(TensorBase t, dtype d):
    """`t` in dtype `d`, recorded; `t` itself when it has that dtype."""
    cdef TensorBase out
    cdef Node node
    if t.dtype_ is d:
        return t
    out = cast_raw(t, d)
    if d.category == FLOATING and records1(t):
        node = ToCopyBackward0.__new__(ToCopyBackward0)
        connect1(node, t)
        node.s3, node.n_outputs = t.dtype_, 1
        set_function(out, node, 0)
    return out


# ---------------------------------------------------------------- choices

cdef class WhereBackward0(BinaryNode):
    """The gradient goes to the operand that was taken."""

    saved_names = ("condition",)

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase cond = unpack(self.s0, self)
        zero = zero_of(g)
        return (self.back_to_a(where_op(cond, g, zero)) if self.needs(0) else None,
                self.back_to_b(where_op(cond, zero, g)) if self.needs(1) else None)


cdef TensorBase where_op(TensorBase cond, TensorBase a, TensorBase b):
    """cond ? a : b, in the dtype of both."""
    cdef TensorBase out = new_output3(a.dtype_, cond, a, b)
    cdef BinaryNode node
    run_list(where_loop(<int> a.dtype_.itemsize), out, [cond, a, b])
    if records2(a, b):
        node = WhereBackward0.__new__(WhereBackward0)
        link(node, a, b, out)
        node.s0 = save(cond)
        set_function(out, node, 0)
    return out


cdef TensorBase masked(TensorBase g, TensorBase mask):
    """g where `mask` is true, else 0."""
    return where_op(mask, g, zero_of(g))


def where(condition, input=None, other=None, *, out=None):
    """`input` where `condition` is true, else `other`; alone, the indices of true elements."""
    cdef bint na, nb
    cdef TensorBase a, b, cond = check_tensor(condition, "where", "condition")
    if input is None and other is None:
        from minitorch._ops.index import nonzero
        return nonzero(condition, as_tuple=True)
    if cond.dtype_.category != BOOLEAN and cond.dtype_.name != "uint8":
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor "
                           f"with dtype {cond.dtype_!r}")
    a, b = operand(input, &na, "where", "input"), operand(other, &nb, "where", "other")
    common = common_dtype(a, na, b, nb)
    if na and nb and (<dtype> common).category == FLOATING:
        common = default_float()
    return deliver(where_op(cast_raw(cond, of_code(BOOL)), to_dtype(a, common),
                            to_dtype(b, common)), out)


cdef class ClampBackward(Node):
    """The gradient passes where the value lay within the bounds, the bounds included."""

    saved_names = ("self", "min", "max")

    def name(self):
        return "ClampBackward1"

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase g = grads[0]
        inside = None
        if self.s1 is not None:
            inside = compare_number(BINARY_GE, x, self.s1)
        if self.s2 is not None:
            below = compare_number(BINARY_LE, x, self.s2)
            inside = below if inside is None else logical_and_raw(inside, below)
        return (masked(g, inside),)


cdef TensorBase clamp_numbers(TensorBase a, object low, object high, TensorBase into):
    """min(max(a, low), high) for bounds that are numbers or None."""
    cdef dtype compute = a.dtype_
    cdef bint records = records1(a)
    cdef TensorBase out = into
    cdef Node node = None
    for bound in (low, high):
        if bound is not None:
            compute = common_dtype(scalar_like(a, compute), False, number_tensor(bound), True)
    if compute.category == BOOLEAN:
        raise RuntimeError("clamp is not implemented for bool tensors")
    if into is not None:
        check_writable(a, records)
        check_inplace_result(a, a, compute)
    if records:
        node = ClampBackward.__new__(ClampBackward)
        connect1(node, a)
        node.s0 = save(a if into is None else before_change(a))
        node.s1, node.s2, node.n_outputs = low, high, 1
    x = cast_raw(a, compute)
    result = x
    if low is not None:
        result = binary_raw(BINARY_MAXIMUM, result, scalar_of(compute, low), compute)
    if high is not None:
        result = binary_raw(BINARY_MINIMUM, result, scalar_of(compute, high), compute)
    if into is None:
        out = result
    else:
        copy_raw(into, result)
        bump(into)
    if node is not None:
        if into is None:
            set_function(out, node, 0)
        else:
            set_history(into, node)
    return out


cdef TensorBase scalar_like(TensorBase a, dtype d):
    return a if a.dtype_ is d else cast_raw(a, d)


def clamp(input, min=None, max=None, *, out=None):
    """Limit each element to [min, max]; the bounds are numbers or tensors.

    Raises
    ------
    RuntimeError
        If neither bound is given.
    """
    cdef TensorBase a = check_tensor(input, "clamp", "input")
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
        result = a
        for op, bound in ((BINARY_MAXIMUM, min), (BINARY_MINIMUM, max)):
            if bound is not None:
                result = two(op, result, bound, "clamp")
        return deliver(result, out)
    return deliver(clamp_numbers(a, min, max, None), out)


def clamp_(self, min=None, max=None):
    """`clamp` in place."""
    cdef TensorBase a = check_tensor(self, "clamp_", "self")
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
        for op, bound in ((BINARY_MAXIMUM, min), (BINARY_MINIMUM, max)):
            if bound is not None:
                two_inplace(op, a, bound, "clamp_")
        return self
    return clamp_numbers(a, min, max, a)


def clamp_min(input, min, *, out=None):
    """Limit each element from below."""
    return clamp(input, min=min, out=out)


def clamp_max(input, max, *, out=None):
    """Limit each element from above."""
    return clamp(input, max=max, out=out)


def clamp_min_(self, min):
    """`clamp_min` in place."""
    return clamp_(self, min=min)


def clamp_max_(self, max):
    """`clamp_max` in place."""
    return clamp_(self, max=max)


clip, clip_ = clamp, clamp_


# ---------------------------------------------------------------- fused sums

def addcmul(input, tensor1, tensor2, *, value=1, out=None):
    """``input + value * tensor1 * tensor2``."""
    product = two(BINARY_MUL, tensor1, tensor2, "addcmul")
    return deliver(add_with_alpha(BINARY_ADD, input, product, value, "addcmul"), out)


def addcmul_(self, tensor1, tensor2, *, value=1):
    """`addcmul` in place."""
    product = two(BINARY_MUL, tensor1, tensor2, "addcmul_")
    return add_with_alpha_inplace(BINARY_ADD, self, product, value, "addcmul_")


def addcdiv(input, tensor1, tensor2, *, value=1, out=None):
    """``input + value * tensor1 / tensor2``."""
    quotient = two(BINARY_DIV, tensor1, tensor2, "addcdiv")
    return deliver(add_with_alpha(BINARY_ADD, input, quotient, value, "addcdiv"), out)


def addcdiv_(self, tensor1, tensor2, *, value=1):
    """`addcdiv` in place."""
    quotient = two(BINARY_DIV, tensor1, tensor2, "addcdiv_")
    return add_with_alpha_inplace(BINARY_ADD, self, quotient, value, "addcdiv_")


def lerp(input, end, weight, *, out=None):
    """``input + weight * (end - input)``; `weight` is a number or a tensor."""
    cdef TensorBase a = check_tensor(input, "lerp", "input")
    cdef TensorBase b = check_tensor(end, "lerp", "end")
    if a.dtype_ is not b.dtype_:
        raise RuntimeError(f"expected dtype {a.dtype_!r} for `end` but got dtype {b.dtype_!r}")
    return deliver(add_op(a, two(BINARY_MUL, sub_op(b, a), weight, "lerp")), out)


def lerp_(self, end, weight):
    """`lerp` in place."""
    difference = two(BINARY_MUL, sub(end, self), weight, "lerp_")
    return add_(self, difference)


# ---------------------------------------------------------------- operators

cdef bint is_operand(object value) noexcept:
    return isinstance(value, TensorBase) or is_number(value) or isinstance(value, complex)


cdef TensorBase operate(int op, object left, object right, str where):
    return two(op, left, right, where)


def op_add(self, other):
    return two(BINARY_ADD, self, other, "add") if is_operand(other) else NotImplemented


def op_radd(self, other):
    # the tensor first, as in PyTorch: seen in next_functions
    return two(BINARY_ADD, self, other, "add") if is_operand(other) else NotImplemented


def op_sub(self, other):
    return two(BINARY_SUB, self, other, "sub") if is_operand(other) else NotImplemented


def op_rsub(self, other):
    if is_number(other):
        return number_first(BINARY_SUB, other, self, RsubBackward1.__new__(RsubBackward1))
    return two(BINARY_SUB, other, self, "rsub") if is_operand(other) else NotImplemented


def op_mul(self, other):
    return two(BINARY_MUL, self, other, "mul") if is_operand(other) else NotImplemented


def op_rmul(self, other):
    return two(BINARY_MUL, self, other, "mul") if is_operand(other) else NotImplemented


def op_truediv(self, other):
    return two(BINARY_DIV, self, other, "div") if is_operand(other) else NotImplemented


def op_rtruediv(self, other):
    return two(BINARY_DIV, other, self, "div") if is_operand(other) else NotImplemented


def op_floordiv(self, other):
    return two(BINARY_FLOOR_DIVIDE, self, other, "floor_divide") if is_operand(other) \
        else NotImplemented


def op_rfloordiv(self, other):
    return two(BINARY_FLOOR_DIVIDE, other, self, "floor_divide") if is_operand(other) \
        else NotImplemented


def op_mod(self, other):
    return two(BINARY_REMAINDER, self, other, "remainder") if is_operand(other) \
        else NotImplemented


def op_rmod(self, other):
    return two(BINARY_REMAINDER, other, self, "remainder") if is_operand(other) \
        else NotImplemented


def op_pow(self, other, modulo=None):
    if modulo is not None or not is_operand(other):
        return NotImplemented
    return pow(self, other)


def op_rpow(self, other, modulo=None):
    if modulo is not None or not is_operand(other):
        return NotImplemented
    return pow(other, self)


def op_iadd(self, other):
    return two_inplace(BINARY_ADD, self, other, "add_") if is_operand(other) else NotImplemented


def op_isub(self, other):
    return two_inplace(BINARY_SUB, self, other, "sub_") if is_operand(other) else NotImplemented


def op_imul(self, other):
    return two_inplace(BINARY_MUL, self, other, "mul_") if is_operand(other) else NotImplemented


def op_itruediv(self, other):
    return two_inplace(BINARY_DIV, self, other, "div_") if is_operand(other) else NotImplemented


def op_ifloordiv(self, other):
    return floor_divide_(self, other) if is_operand(other) else NotImplemented


def op_imod(self, other):
    return remainder_(self, other) if is_operand(other) else NotImplemented


def op_ipow(self, other):
    return pow_(self, other) if is_operand(other) else NotImplemented


def op_neg(self):
    return unary_op(UNARY_NEG, self)


def op_abs(self):
    return unary_op(UNARY_ABS, self)
