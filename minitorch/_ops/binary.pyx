# cython: auto_pickle=False
"""What operations of two operands share: promotion, broadcasting, recording, the change in place.

Sums, differences, products and quotients have their nodes here, for the derivatives of all
others are made of them.  Backward formulas are written with differentiable functions, so that a
recorded backward (`create_graph=True`) can be differentiated again.
"""

from minitorch._core.dtype cimport BOOLEAN, FLOATING, INTEGRAL, default_float, dtype, of_code
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, connect2, records1, records2, save, set_function, unpack)
from minitorch._core.tensor cimport TensorBase, same_shape, scalar_of, shape_of
from minitorch._kernels.pointwise cimport *
from minitorch._kernels.types cimport BOOL, F32
from minitorch._ops._base cimport (
    binary_into, binary_number_raw, binary_raw, cast_raw, check_tensor, clone_raw, common_dtype,
    copy_raw, new_output, operand, run_list, unary_raw)
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.errors cimport no_overload
from minitorch._ops.history cimport set_history
from minitorch._ops.reduce cimport has_zero, sum_to_op
from minitorch._ops.scalars cimport dtype_with_number, is_number, number_tensor
from minitorch._ops.writing cimport check_inplace_result


# ---------------------------------------------------------------- broadcasting, once

cdef class BinaryNode(Node):
    """A node of two operands; remembers shapes and dtypes that differ from the output's.

    A shape is remembered only for an operand that needs a gradient.
    """

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
    node.shape_a = shape_of(a) if node.needs(0) and not same_shape(a, out) else None
    node.shape_b = shape_of(b) if node.needs(1) and not same_shape(b, out) else None
    # With mixed dtypes both are remembered: between 0-d tensors a number's own dtype, kept in its
    # tensor, would otherwise promote the gradient of the other operand.
    cdef bint mixed = a.dtype_ is not out.dtype_ or b.dtype_ is not out.dtype_
    node.dtype_a = a.dtype_ if mixed else None
    node.dtype_b = b.dtype_ if mixed else None
    node.n_outputs = 1
    return 0


# ---------------------------------------------------------------- nodes

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
    """d(a / b) = da / b - a / b^2 db."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        g = grads[0]
        b = unpack(self.s1, self)
        da = db = None
        if self.needs(0):
            da = self.back_to_a(div_op(g, b))
        if self.needs(1):
            a = unpack(self.s0, self)
            db = self.back_to_b(mul_op(neg_op(g), div_op(div_op(a, b), b)))
        return (da, db)


cdef class DivBackward2(BinaryNode):
    """A rounded quotient is piecewise constant."""

    saved_names = ("self", "other", "rounding_mode")

    cdef tuple apply(self, tuple grads):
        zero = mul_number(grads[0], 0.0)
        return (self.back_to_a(zero) if self.needs(0) else None,
                self.back_to_b(zero) if self.needs(1) else None)


cdef class NegBackward0(Node):
    """d(-a) = -da."""

    cdef tuple apply(self, tuple grads):
        return (neg_op(grads[0]),)


cdef class UnderivedNode(BinaryNode):
    """Of an operation, named in s2, that PyTorch gives no derivative."""

    def name(self):
        return "NotImplemented"

    cdef tuple apply(self, tuple grads):
        raise RuntimeError(f"derivative for aten::{self.s2} is not implemented")


cdef TensorBase underived(TensorBase result, str name):
    """Take the derivative from a result that was made with another operation's node."""
    cdef Node made = result.grad_fn_
    cdef UnderivedNode node
    if made is not None and result.base is None:
        node = UnderivedNode.__new__(UnderivedNode)
        node.next_, node.next_nr, node.s2, node.n_outputs = made.next_, made.next_nr, name, 1
        set_function(result, node, 0)
    return result


# Nodes of the other operations, by operation: (with a tensor, with a number as second operand).
# Each saves both of its operands.
cdef dict NODES = {}


cdef int differentiate_binary(int op, type node_class, type number_class=None) except -1:
    """Make a subclass of BinaryNode the node of an operation."""
    NODES[op] = (node_class, node_class if number_class is None else number_class)
    return 0


cdef BinaryNode binary_node(int op, TensorBase a, TensorBase b, bint b_number):
    """The node of an operation, holding what its derivative needs."""
    cdef BinaryNode node
    cdef object cls
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
        node = DivBackward2.__new__(DivBackward2)
        node.s2 = "floor" if op == BINARY_FLOOR_DIVIDE else "trunc"
        return node
    cls = (<tuple> NODES[op])[1 if b_number else 0]
    node = <BinaryNode?> (<type> cls).__new__(cls)
    node.s0, node.s1 = save(a), save(b)
    return node


# ---------------------------------------------------------------- operations

cdef dtype binary_dtype(int op, dtype common):
    """The dtype in which an operation is computed."""
    if common.category != FLOATING and (op == BINARY_DIV or op == BINARY_ATAN2):
        return default_float()
    return common


cdef int check_binary(int op, dtype compute, TensorBase a, TensorBase b) except -1:
    """Refuse what has no result: a difference with a bool, a division of integers by zero."""
    if op == BINARY_SUB:
        if compute.category == BOOLEAN:
            raise RuntimeError("Subtraction, the `-` operator, with two bool tensors is not "
                               "supported. Use the `^` or `logical_xor()` operator instead.")
        if a.dtype_.category == BOOLEAN or b.dtype_.category == BOOLEAN:
            raise RuntimeError(
                "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
                "trying to invert a mask, use the `~` or `logical_not()` operator instead.")
    elif compute.category == INTEGRAL and (
            op == BINARY_FLOOR_DIVIDE or op == BINARY_TRUNC_DIVIDE or op == BINARY_REMAINDER
            or op == BINARY_FMOD) and a.numel_ and b.numel_ and has_zero(cast_raw(b, compute)):
        raise RuntimeError("ZeroDivisionError")
    return 0


cdef TensorBase binary(int op, TensorBase a, bint a_number, TensorBase b, bint b_number):
    """An operation with promotion and broadcasting, recorded when it has to be."""
    cdef dtype compute = binary_dtype(op, common_dtype(a, a_number, b, b_number))
    cdef TensorBase out
    cdef BinaryNode node
    check_binary(op, compute, a, b)
    out = binary_raw(op, a, b, compute)
    if records2(a, b) and out.dtype_.category == FLOATING:
        node = binary_node(op, a, b, b_number)
        link(node, a, b, out)
        set_function(out, node, 0)
    return out


cdef TensorBase binary_number(int op, TensorBase a, object number):
    """The same with a number, which becomes a tensor only where a node may remember it."""
    cdef dtype compute = dtype_with_number(a.dtype_, number)
    if compute.category != FLOATING or records1(a) or op == BINARY_SUB and (
            type(number) is bool or a.dtype_.category == BOOLEAN):
        return binary(op, a, False, number_tensor(number), True)
    return binary_number_raw(op, a, number, compute)


cdef TensorBase add_op(TensorBase a, TensorBase b):
    return binary(BINARY_ADD, a, False, b, False)


cdef TensorBase sub_op(TensorBase a, TensorBase b):
    return binary(BINARY_SUB, a, False, b, False)


cdef TensorBase mul_op(TensorBase a, TensorBase b):
    return binary(BINARY_MUL, a, False, b, False)


cdef TensorBase div_op(TensorBase a, TensorBase b):
    return binary(BINARY_DIV, a, False, b, False)


cdef TensorBase add_number(TensorBase a, object number):
    return binary_number(BINARY_ADD, a, number)


cdef TensorBase mul_number(TensorBase a, object number):
    return binary_number(BINARY_MUL, a, number)


cdef TensorBase neg_op(TensorBase a):
    """-a of a floating tensor."""
    cdef TensorBase out = unary_raw(UNARY_NEG, a)
    cdef Node node
    if records1(a):
        node = NegBackward0.__new__(NegBackward0)
        connect1(node, a)
        set_function(out, node, 0)
    return out


cdef TensorBase compare_op(int op, TensorBase a, TensorBase b):
    return binary_raw(op, a, b, common_dtype(a, False, b, False))


cdef TensorBase compare_number(int op, TensorBase a, object number):
    return binary_number_raw(op, a, number, dtype_with_number(a.dtype_, number))


cdef TensorBase logical_and_raw(TensorBase a, TensorBase b):
    return binary_raw(BINARY_LOGICAL_AND, a, b, of_code(BOOL))


cdef TensorBase zero_of(TensorBase like):
    return scalar_of(like.dtype_, 0)


cdef TensorBase number_first(int op, object number, TensorBase a, Node node):
    """``number op a``, with a node that knows the tensor alone."""
    cdef TensorBase b = number_tensor(number)
    cdef dtype compute = binary_dtype(op, common_dtype(b, True, a, False))
    cdef TensorBase out
    check_binary(op, compute, b, a)
    out = binary_raw(op, b, a, compute)
    if records1(a) and out.dtype_.category == FLOATING:
        connect1(node, a)
        node.n_outputs = 1
        set_function(out, node, 0)
    return out


# What PyTorch computes of two Python numbers too, as a tensor.
cdef tuple OF_NUMBERS = (BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_DIV, BINARY_FLOOR_DIVIDE,
                         BINARY_TRUNC_DIVIDE)


cdef TensorBase two(int op, object input, object other, str where):
    """A binary operation from Python."""
    cdef bint na, nb
    cdef TensorBase a, b
    if isinstance(input, TensorBase) and is_number(other):
        return binary_number(op, <TensorBase> input, other)
    a, b = operand(input, &na, where, "input"), operand(other, &nb, where, "other")
    if na and nb and op not in OF_NUMBERS:
        raise no_overload(where, (input, other), "Tensor input, Tensor other; "
                          "Tensor input, Number other; Number self, Tensor other")
    return binary(op, a, na, b, nb)


# ---------------------------------------------------------------- in place

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


cdef TensorBase binary_inplace(int op, TensorBase a, TensorBase b, bint b_number,
                               object alpha=None):
    """``a op= b``, or ``a op= alpha b``."""
    cdef dtype compute = binary_dtype(op, common_dtype(a, False, b, b_number))
    cdef bint records = records2(a, b)
    cdef BinaryNode node = None
    check_writable(a, records)
    check_inplace_result(a, b, compute)
    check_binary(op, compute, a, b)
    if records and a.dtype_.category == FLOATING:
        node = binary_node(op, before_change(a) if saves_first(op, b) else a, b, b_number)
        link(node, a, b, a)
        if alpha is not None:
            node.s2 = alpha
    if alpha is None:
        binary_into(op, a, a, b, compute)
    else:
        copy_raw(a, alpha_raw(op, a, b, alpha, compute))
    bump(a)
    if node is not None:
        set_history(a, node)
    return a


cdef TensorBase two_inplace(int op, object input, object other, str where):
    cdef bint nb
    cdef TensorBase a = check_tensor(input, where, "self")
    cdef TensorBase b = operand(other, &nb, where, "other")
    return binary_inplace(op, a, b, nb)


# ---------------------------------------------------------------- a + alpha b

cdef TensorBase alpha_raw(int op, TensorBase a, TensorBase b, object alpha, dtype compute):
    """a + alpha b, or a - alpha b, in one pass."""
    if op == BINARY_SUB:
        alpha = -alpha
    if compute.category == BOOLEAN:
        return binary_raw(BINARY_LOGICAL_OR, a, b, compute) if alpha else cast_raw(a, compute)
    a, b = cast_raw(a, compute), cast_raw(b, compute)
    out = new_output(compute, a, b)
    run_list(multi_loop(MULTI_ADD_ALPHA, compute.code), out,
             [a, b, scalar_of(scalar_dtype(compute), alpha)])
    return out


cdef dtype scalar_dtype(dtype compute):
    """Kernels take the scalars of a half-precision operation in float32."""
    return of_code(F32) if compute.itemsize == 2 and compute.category == FLOATING else compute


cdef object plain_number(object value):
    """The number in a 0-d tensor, which may stand for it; else the value itself."""
    if isinstance(value, TensorBase) and (<TensorBase> value).ndim_ == 0 \
            and not (<TensorBase> value).requires():
        return value.item()
    return value


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
    if type(alpha) is int and alpha == 1:
        return binary(op, a, na, b, nb)
    alpha = plain_number(alpha)
    compute = common_dtype(a, na, b, nb)
    check_alpha(compute, alpha, where)
    check_binary(op, compute, a, b)
    out = alpha_raw(op, a, b, alpha, compute)
    if records2(a, b):
        node = binary_node(op, a, b, nb)
        link(node, a, b, out)
        node.s2 = alpha
        set_function(out, node, 0)
    return out


cdef TensorBase add_with_alpha_inplace(int op, object input, object other, object alpha, str where):
    cdef bint nb
    cdef TensorBase a = check_tensor(input, where, "self")
    cdef TensorBase b = operand(other, &nb, where, "other")
    if type(alpha) is int and alpha == 1:
        return binary_inplace(op, a, b, nb)
    alpha = plain_number(alpha)
    check_alpha(common_dtype(a, False, b, nb), alpha, where)
    return binary_inplace(op, a, b, nb, alpha)
