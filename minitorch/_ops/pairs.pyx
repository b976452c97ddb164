# cython: auto_pickle=False
"""Operations of two operands that the C library knows, or nearly: hypot, copysign, gcd, ..."""

from libc.math cimport (
    NAN, copysign as c_copysign, exp as c_exp, fabs, fmax as c_fmax, fmin as c_fmin,
    hypot as c_hypot, isinf, isnan, log as c_log, log1p as c_log1p, nextafter as c_nextafter,
    pow as c_pow)
from libc.stdint cimport int64_t

from minitorch._core.dtype cimport BOOLEAN, FLOATING, default_float, dtype, of_code
from minitorch._core.record cimport (
    check_writable, records1, records2, save, set_function, unpack)
from minitorch._core.tensor cimport TensorBase, alias, scalar_of
from minitorch._kernels.pointwise cimport (
    BINARY_EQ, BINARY_GE, BINARY_LE, BINARY_LOGICAL_OR, BINARY_MAXIMUM, BINARY_MINIMUM, BINARY_NE,
    UNARY_EXP, UNARY_EXP2, UNARY_ISNAN, UNARY_LOG)
from minitorch._kernels.types cimport BOOL, F16, F32, I16
from minitorch._ops._base cimport (
    binary_raw, cast_raw, check_tensor, common_dtype, full_raw, operand, unary_raw)
from minitorch._ops.binary cimport (
    BinaryNode, UnderivedNode, add_number, compare_number, compare_op, div_op, link, logical_and_raw,
    mul_number, mul_op, sub_op, zero_of)
from minitorch._ops.choice cimport masked, where_op
from minitorch._ops.each cimport first, floating, mapped2, replace
from minitorch._ops.errors cimport no_overload, not_implemented
from minitorch._ops.out cimport deliver_pointwise
from minitorch._ops.scalars cimport is_number
from minitorch._ops.unary cimport unary_op
from minitorch._ops.writing cimport check_inplace_result, check_out

cdef extern from "math.h" nogil:
    float nextafterf(float, float)


# ---------------------------------------------------------------- functions of two numbers

cdef double copysign_of(double a, double b) noexcept nogil:
    return c_copysign(a, b)


cdef double hypot_of(double a, double b) noexcept nogil:
    return c_hypot(a, b)


cdef double fmin_of(double a, double b) noexcept nogil:
    return c_fmin(a, b)


cdef double fmax_of(double a, double b) noexcept nogil:
    return c_fmax(a, b)


cdef double heaviside_of(double a, double b) noexcept nogil:
    return b if a == 0 else (1 if a > 0 else 0)


cdef int64_t heaviside_int(int64_t a, int64_t b) noexcept nogil:
    return b if a == 0 else (1 if a > 0 else 0)


cdef double xlogy_of(double a, double b) noexcept nogil:
    if isnan(b):
        return b
    return 0 if a == 0 else a * c_log(b)


cdef double ldexp_of(double a, double b) noexcept nogil:
    return a * c_pow(2, b)


cdef double logaddexp_of(double a, double b) noexcept nogil:
    """log(exp(a) + exp(b)), from the larger one."""
    if isinf(a) and a == b:
        return a
    return c_fmax(a, b) + c_log1p(c_exp(-fabs(a - b))) if a == a and b == b else NAN


cdef double logaddexp2_of(double a, double b) noexcept nogil:
    cdef double ln2 = 0.69314718055994530942
    if isinf(a) and a == b:
        return a
    return c_fmax(a, b) + c_log1p(c_exp(-fabs(a - b) * ln2)) / ln2 if a == a and b == b else NAN


cdef double nextafter_f32(double a, double b) noexcept nogil:
    return nextafterf(<float> a, <float> b)


cdef double nextafter_f64(double a, double b) noexcept nogil:
    return c_nextafter(a, b)


cdef int64_t next_bits(int64_t a, int64_t b, int64_t infinity) noexcept nogil:
    """nextafter of the bit patterns of 16-bit floats, whose order is that of their sizes."""
    cdef int64_t size_a = a & 0x7fff, size_b = b & 0x7fff
    cdef int64_t key_a = -size_a if a & 0x8000 else size_a
    cdef int64_t key_b = -size_b if b & 0x8000 else size_b
    if size_a > infinity or size_b > infinity:
        return a if size_a > infinity else b
    if key_a == key_b:
        return b
    if key_a == 0:
        return (b & 0x8000) | 1
    return a + 1 if (key_a < key_b) == (key_a > 0) else a - 1


cdef int64_t nextafter_f16(int64_t a, int64_t b) noexcept nogil:
    return next_bits(a, b, 0x7c00)


cdef int64_t nextafter_bf16(int64_t a, int64_t b) noexcept nogil:
    return next_bits(a, b, 0x7f80)


cdef int64_t gcd_of(int64_t a, int64_t b) noexcept nogil:
    cdef int64_t r
    while b != 0:
        r = 0 if b == -1 else a % b
        a, b = b, r
    return -a if a < 0 else a


cdef int64_t lcm_of(int64_t a, int64_t b) noexcept nogil:
    cdef int64_t g = gcd_of(a, b)
    if g == 0:
        return 0
    a = a // g * b
    return -a if a < 0 else a


# ---------------------------------------------------------------- nodes of two operands

cdef class CopysignBackward0(BinaryNode):
    """d copysign(a, b) = da with the sign that a was given, 0 where a is 0."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase a, b, g = grads[0]
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        da = db = None
        if self.needs(0):
            flat = compare_number(BINARY_EQ, a, 0)
            safe = where_op(flat, scalar_of(a.dtype_, 1), a)
            ratio = div_op(pair_op(COPYSIGN, safe, False, b, False), safe)
            da = self.back_to_a(mul_op(g, where_op(flat, zero_of(g), ratio)))
        if self.needs(1):
            db = self.back_to_b(full_raw(g.dtype_, g, 0))
        return (da, db)


cdef class CopysignBackward1(CopysignBackward0):
    """With a number's sign."""


cdef class HypotBackward0(BinaryNode):
    """d hypot(a, b) = (a da + b db) / hypot(a, b)."""

    cdef tuple apply(self, tuple grads):
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        scaled = div_op(grads[0], pair_op(HYPOT, a, False, b, False))
        return (self.back_to_a(mul_op(scaled, a)) if self.needs(0) else None,
                self.back_to_b(mul_op(scaled, b)) if self.needs(1) else None)


cdef class FmaxBackward0(BinaryNode):
    """The gradient goes to the operand that was taken, the first one where they tie."""

    cdef tuple apply(self, tuple grads):
        return taken(self, grads[0], BINARY_GE)


cdef class FminBackward0(BinaryNode):
    """The gradient goes to the operand that was taken, the first one where they tie."""

    cdef tuple apply(self, tuple grads):
        return taken(self, grads[0], BINARY_LE)


cdef tuple taken(BinaryNode node, TensorBase g, int wins):
    a, b = unpack(node.s0, node), unpack(node.s1, node)
    mine = binary_raw(BINARY_LOGICAL_OR, compare_op(wins, a, b), unary_raw(UNARY_ISNAN, b),
                      of_code(BOOL))
    zero = zero_of(g)
    return (node.back_to_a(where_op(mine, g, zero)) if node.needs(0) else None,
            node.back_to_b(where_op(mine, zero, g)) if node.needs(1) else None)


cdef class LogaddexpBackward0(BinaryNode):
    """d log(e^a + e^b) = (e^a da + e^b db) / (e^a + e^b)."""

    cdef tuple apply(self, tuple grads):
        return shares(self, grads[0], UNARY_EXP)


cdef class Logaddexp2Backward0(BinaryNode):
    """The same with powers of 2."""

    cdef tuple apply(self, tuple grads):
        return shares(self, grads[0], UNARY_EXP2)


cdef tuple shares(BinaryNode node, TensorBase g, int power):
    a, b = unpack(node.s0, node), unpack(node.s1, node)
    da = db = None
    if node.needs(0):
        da = node.back_to_a(div_op(g, add_number(unary_op(power, sub_op(b, a)), 1)))
    if node.needs(1):
        db = node.back_to_b(div_op(g, add_number(unary_op(power, sub_op(a, b)), 1)))
    return (da, db)


cdef class XlogyBackward0(BinaryNode):
    """d(a log b) = log b da + a / b db; nothing to a where a is 0 and b not positive."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        da = db = None
        if self.needs(0):
            flat = logical_and_raw(compare_number(BINARY_EQ, a, 0.0),
                                   compare_number(BINARY_LE, b, 0.0))
            da = mul_op(g, unary_op(UNARY_LOG, floating(b)))
            da = self.back_to_a(where_op(flat, zero_of(da), da))
        if self.needs(1):
            db = self.back_to_b(mul_op(g, div_op(a, b)))
        return (da, db)


cdef class XlogyBackward1(XlogyBackward0):
    """With a number as first operand."""


cdef class XlogyBackward2(XlogyBackward0):
    """With a number as second operand."""


cdef class LdexpBackward0(BinaryNode):
    """d(a 2^b) = 2^b da + a 2^b ln(2) db."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        power = unary_op(UNARY_EXP2, b)
        da = self.back_to_a(mul_op(g, power)) if self.needs(0) else None
        db = None
        if self.needs(1):
            db = self.back_to_b(mul_op(g, mul_number(mul_op(a, power), 0.69314718055994530942)))
        return (da, db)


cdef class NextafterBackward0(BinaryNode):
    """The gradient goes to the first operand where the two differ."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase a, b, g = grads[0]
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        return (self.back_to_a(masked(g, compare_op(BINARY_NE, a, b)))
                if self.needs(0) else None,
                self.back_to_b(full_raw(g.dtype_, g, 0)) if self.needs(1) else None)


# ---------------------------------------------------------------- two operands

cdef enum:
    FLOATS_ONLY         # others are refused
    TO_FLOAT            # others become floats
    INTEGERS_ONLY
    ANY


cdef class Pair:
    """An operation of two operands: its function, dtypes and nodes."""

    cdef str name, method
    cdef void* function
    cdef int dtypes
    cdef bint numbers_first, numbers_second
    cdef tuple nodes        # of tensors, of a number first, of a number second


cdef Pair pair(str name, void* function, int dtypes, tuple nodes, bint numbers_first=False,
               bint numbers_second=False):
    cdef Pair made = Pair.__new__(Pair)
    made.name, made.function, made.dtypes, made.nodes = name, function, dtypes, nodes
    made.numbers_first, made.numbers_second = numbers_first, numbers_second
    return made


cdef Pair HYPOT = pair("hypot", <void*> hypot_of, FLOATS_ONLY, (HypotBackward0,))


cdef Pair COPYSIGN = pair(
    "copysign", <void*> copysign_of, TO_FLOAT,
    (CopysignBackward0, CopysignBackward0, CopysignBackward1), False, True)


cdef dtype pair_dtype(Pair p, dtype common):
    cdef bint is_float = common.category == FLOATING
    if p.dtypes == TO_FLOAT and not is_float:
        return default_float()
    if p.dtypes == FLOATS_ONLY and not is_float or p.dtypes == INTEGERS_ONLY and (
            is_float or common.category == BOOLEAN):
        raise not_implemented(p.name + "_cpu", common)
    return common


cdef TensorBase pair_raw(Pair p, TensorBase a, TensorBase b, dtype compute):
    cdef void* f = p.function
    if p.name == "fmin" or p.name == "fmax":
        if compute.category != FLOATING:
            return binary_raw(BINARY_MINIMUM if p.name == "fmin" else BINARY_MAXIMUM, a, b,
                              compute)
    elif p.name == "heaviside" and compute.category != FLOATING:
        return mapped2(<void*> heaviside_int, a, b, compute, True)
    elif p.name == "nextafter" and compute.itemsize == 2:
        f = <void*> nextafter_f16 if compute.code == F16 else <void*> nextafter_bf16
        out = mapped2(f, bits(cast_raw(a, compute)), bits(cast_raw(b, compute)), of_code(I16),
                      True)
        (<TensorBase> out).dtype_ = compute
        return out
    elif p.name == "nextafter" and compute.code == F32:
        f = <void*> nextafter_f32
    return mapped2(f, a, b, compute, p.dtypes == INTEGERS_ONLY)


cdef TensorBase bits(TensorBase t):
    """The patterns of 16-bit floats as integers."""
    cdef TensorBase made = alias(t)
    made.dtype_ = of_code(I16)
    return made


cdef int refuse_mixed(TensorBase a, TensorBase b) except -1:
    if a.dtype_ is not b.dtype_:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    return 0


cdef TensorBase pair_op(Pair p, TensorBase a, bint a_number, TensorBase b, bint b_number):
    cdef dtype compute
    cdef TensorBase out
    cdef BinaryNode node
    if p.name == "heaviside":
        refuse_mixed(a, b)
    compute = pair_dtype(p, common_dtype(a, a_number, b, b_number))
    out = pair_raw(p, a, b, compute)
    if records2(a, b) and compute.category == FLOATING:
        cls = p.nodes[1 if a_number else 2 if b_number else 0] if len(p.nodes) > 1 else p.nodes[0]
        node = <BinaryNode> (<type> cls).__new__(cls)
        link(node, a, b, out)
        node.s0, node.s1 = save(a), save(b)
        if isinstance(node, UnderivedNode):
            node.s2 = p.name
        set_function(out, node, 0)
    return out


cdef TensorBase pair_of(Pair p, object input, object other, str where):
    """The operation on values from Python."""
    cdef bint na = is_number(input), nb = is_number(other)
    if p.numbers_first or p.numbers_second:
        if na and (nb or not p.numbers_first) or not (na or isinstance(input, TensorBase)) \
                or not (nb or isinstance(other, TensorBase)):
            raise no_overload(where, (input, other), "Tensor input, Tensor other, *, Tensor out = "
                              "None; Tensor input, Number other, *, Tensor out = None")
    else:
        check_tensor(input, where, "input")
        check_tensor(other, where, "values" if p.name == "heaviside" else "other")
    return pair_op(p, operand(input, &na, where, "input"), na,
                   operand(other, &nb, where, "other"), nb)


def _make_pair(Pair p):
    """The Python function of an operation of two operands, and its in-place form."""
    def function(input, other, *, out=None):
        result = pair_of(p, input, other, p.name)
        if p.name == "heaviside" and out is not None:
            refuse_mixed(result, check_out(result, out, p.name))
        return deliver_pointwise(result, out, p.name, (input, other))

    def inplace(self, other):
        cdef TensorBase a = check_tensor(self, p.name + "_", "self")
        cdef TensorBase result
        check_writable(a, records1(a) or isinstance(other, TensorBase)
                       and records1(<TensorBase> other))
        result = pair_of(p, first(a), other, p.name + "_")
        if isinstance(other, TensorBase):
            check_inplace_result(a, other, result.dtype_)
        return replace(a, result)

    for made, label, doc in ((function, p.name, f"{p.name} of two tensors, elementwise."),
                             (inplace, p.name + "_", f"`{p.name}` in place.")):
        made.__name__ = made.__qualname__ = label
        made.__doc__ = doc
        globals()[label] = made


for pair_ in (
        HYPOT, COPYSIGN,
        pair("nextafter", <void*> nextafter_f64, FLOATS_ONLY, (NextafterBackward0,)),
        pair("heaviside", <void*> heaviside_of, ANY, (UnderivedNode,)),
        pair("fmin", <void*> fmin_of, ANY, (FminBackward0,)),
        pair("fmax", <void*> fmax_of, ANY, (FmaxBackward0,)),
        pair("logaddexp", <void*> logaddexp_of, FLOATS_ONLY, (LogaddexpBackward0,)),
        pair("logaddexp2", <void*> logaddexp2_of, FLOATS_ONLY, (Logaddexp2Backward0,)),
        pair("ldexp", <void*> ldexp_of, TO_FLOAT, (LdexpBackward0,)),
        pair("xlogy", <void*> xlogy_of, TO_FLOAT,
             (XlogyBackward0, XlogyBackward1, XlogyBackward2), True, True),
        pair("gcd", <void*> gcd_of, INTEGERS_ONLY, (UnderivedNode,)),
        pair("lcm", <void*> lcm_of, INTEGERS_ONLY, (UnderivedNode,))):
    _make_pair(pair_)
