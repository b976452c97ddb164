# cython: auto_pickle=False
"""Operations of one operand: exponentials, logarithms, angles, rounding, tests."""

from minitorch._core.dtype cimport (
    BOOLEAN, FLOATING, INTEGRAL, default_float, of_code, type_name)
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, records1, save, save_output, set_function, unpack)
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.pointwise cimport *
from minitorch._kernels.types cimport BOOL, I64
from minitorch._ops._base cimport (
    cast_raw, check_tensor, clone_raw, copy_raw, full_raw, run2, unary_raw)
from minitorch._ops.binary cimport (
    NegBackward0, add_number, before_change, div_op, mul_number, mul_op, neg_op)
from minitorch._ops.errors cimport not_implemented
from minitorch._ops.history cimport set_history
from minitorch._ops.out cimport deliver_exactly, deliver_pointwise


# ---------------------------------------------------------------- machinery

cdef class SelfNode(Node):
    """A node whose formula wants the operand, in `s0`."""

    saved_names = ("self",)

    cdef TensorBase kept(self):
        return unpack(self.s0, self)


cdef class ResultNode(Node):
    """A node whose formula wants the result, in `s0`."""

    saved_names = ("result",)

    cdef TensorBase kept(self):
        return unpack(self.s0, self)


cdef dict NODES = {}


cdef int differentiate_unary(int op, type node_class) except -1:
    """Make a class the node of an operation."""
    NODES[op] = node_class
    return 0


cdef Node unary_node(int op):
    """A new node of an operation, or None for one without a derivative."""
    cdef object cls = NODES.get(op)
    if cls is None:
        return None
    return <Node> (<type> cls).__new__(cls)


cdef int keep(Node node, TensorBase a, TensorBase out) except -1:
    """Save the operand or the result, whichever the formula wants."""
    if isinstance(node, SelfNode):
        node.s0 = save(a)
    elif isinstance(node, ResultNode):
        node.s0 = save_output(out)
    return 0


cdef bint wants_float(int op) noexcept:
    """Whether an operation turns integers into floats."""
    return UNARY_EXP <= op <= UNARY_ERFC


cdef TensorBase unary_op(int op, TensorBase a):
    """A unary operation, recorded when it has to be."""
    cdef TensorBase out
    cdef Node node
    if a.dtype_.category != FLOATING:
        if wants_float(op):
            a = cast_raw(a, default_float())
        elif UNARY_FLOOR <= op <= UNARY_TRUNC and a.dtype_.category == INTEGRAL:
            return clone_raw(a)
        check_unary(op, a)
        if op == UNARY_SQUARE and a.dtype_.category == BOOLEAN:
            a = cast_raw(a, of_code(I64))
    out = unary_raw(op, a)
    if records1(a) and out.dtype_.category == FLOATING:
        node = unary_node(op)
        if node is not None:
            connect1(node, a)
            node.n_outputs = 1
            set_function(out, node, 0)
            keep(node, a, out)
    return out


# PyTorch's kernels of what exists for some dtypes only, by the names its errors give them.
cdef dict NOT_OF_BOOLS = {UNARY_ABS: "abs_cpu", UNARY_FLOOR: "floor_vml_cpu",
                          UNARY_CEIL: "ceil_vml_cpu", UNARY_ROUND: "round_vml_cpu",
                          UNARY_TRUNC: "trunc_vml_cpu"}


cdef int check_unary(int op, TensorBase a) except -1:
    """Refuse what bool tensors have not."""
    if a.dtype_.category == BOOLEAN:
        if op == UNARY_NEG:
            raise RuntimeError(
                "Negation, the `-` operator, on a bool tensor is not supported. If you are trying "
                "to invert a mask, use the `~` or `logical_not()` operator instead.")
        if op == UNARY_RELU:
            raise RuntimeError("Boolean inputs not supported for relu")
        if op in NOT_OF_BOOLS:
            raise not_implemented(NOT_OF_BOOLS[op], a.dtype_)
    elif op == UNARY_BITWISE_NOT and a.dtype_.category == FLOATING:
        raise not_implemented("bitwise_not_cpu", a.dtype_)
    return 0


cdef TensorBase unary_inplace(int op, TensorBase a, str where):
    """A unary operation that overwrites its operand."""
    cdef bint records = records1(a)
    cdef Node node = None
    check_writable(a, records)
    if a.dtype_.category != FLOATING:
        if wants_float(op):
            raise RuntimeError(f"result type {type_name(default_float())} can't be cast to the "
                               f"desired output type {type_name(a.dtype_)}")
        if op == UNARY_SQUARE and a.dtype_.category == BOOLEAN:
            raise RuntimeError("result type Long can't be cast to the desired output type Bool")
    check_unary(op, a)
    if UNARY_FLOOR <= op <= UNARY_TRUNC and a.dtype_.category == INTEGRAL:
        bump(a)
        return a
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


# Operations that cast nothing into their `out=`.
cdef frozenset EXACT = frozenset((
    UNARY_NEG, UNARY_ABS, UNARY_SIGN, UNARY_FLOOR, UNARY_CEIL, UNARY_ROUND, UNARY_TRUNC,
    UNARY_BITWISE_NOT))


cdef object one(int op, object input, object out, str where):
    """An operation from Python."""
    cdef TensorBase a = check_tensor(input, where, "input")
    cdef TensorBase result = unary_op(op, a)
    if out is None:
        return result
    if op in EXACT:
        return deliver_exactly(result, out, where, (a,))
    return deliver_pointwise(result, out, where, (a,))


cdef object one_(int op, object self, str where):
    return unary_inplace(op, check_tensor(self, where, "self"), where)


# ---------------------------------------------------------------- nodes

cdef class AbsBackward0(SelfNode):
    """d|x| = sign(x) dx, 0 at 0."""
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], unary_op(UNARY_SIGN, self.kept())),)


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
    cdef tuple apply(self, tuple grads):
        return (div_op(grads[0], add_number(self.kept(), 1)),)


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


cdef class FlatNode(Node):
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


NODES.update({
    UNARY_NEG: NegBackward0, UNARY_ABS: AbsBackward0, UNARY_SIGN: SignBackward0,
    UNARY_EXP: ExpBackward0, UNARY_EXP2: Exp2Backward0, UNARY_EXPM1: Expm1Backward0,
    UNARY_LOG: LogBackward0, UNARY_LOG2: Log2Backward0, UNARY_LOG10: Log10Backward0,
    UNARY_LOG1P: Log1PBackward0, UNARY_SIN: SinBackward0, UNARY_COS: CosBackward0,
    UNARY_TAN: TanBackward0, UNARY_ASIN: AsinBackward0, UNARY_ACOS: AcosBackward0,
    UNARY_ATAN: AtanBackward0, UNARY_SINH: SinhBackward0, UNARY_COSH: CoshBackward0,
    UNARY_TANH: TanhBackward0, UNARY_ASINH: AsinhBackward0, UNARY_ACOSH: AcoshBackward0,
    UNARY_ATANH: AtanhBackward0, UNARY_SIGMOID: SigmoidBackward0, UNARY_ERF: ErfBackward0,
    UNARY_ERFC: ErfcBackward0, UNARY_FLOOR: FloorBackward0, UNARY_CEIL: CeilBackward0,
    UNARY_ROUND: RoundBackward0, UNARY_TRUNC: TruncBackward0,
})


# ---------------------------------------------------------------- functions

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
        ("trunc", UNARY_TRUNC), ("bitwise_not", UNARY_BITWISE_NOT)):
    globals()[name_], globals()[name_ + "_"] = _make_unary(name_, op_)

for alias_, name_ in (("negative", "neg"), ("absolute", "abs"), ("fix", "trunc"),
                      ("arcsin", "asin"), ("arccos", "acos"), ("arctan", "atan"),
                      ("arcsinh", "asinh"), ("arccosh", "acosh"), ("arctanh", "atanh")):
    globals()[alias_] = globals()[name_]
    globals()[alias_ + "_"] = globals()[name_ + "_"]


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
    cdef TensorBase a = check_tensor(input, "logical_not", "input")
    return deliver_pointwise(unary_raw(UNARY_LOGICAL_NOT, a), out, "logical_not", (a,))


def logical_not_(self):
    """`logical_not` in place, as 0 and 1 of the tensor's dtype."""
    cdef TensorBase a = check_tensor(self, "logical_not_", "self")
    check_writable(a, False)
    copy_raw(a, unary_raw(UNARY_LOGICAL_NOT, a))
    bump(a)
    return a
