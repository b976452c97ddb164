# cython: auto_pickle=False
"""Functions that are computed element by element in float64: gamma functions, error functions,
Bessel functions, and what the C library has for pairs of numbers.

They are too rare for kernels of their own: one loop calls a function of C's double for each
element, whatever the dtype, and the result is rounded to it.
"""

from libc.math cimport (
    INFINITY, NAN, M_PI, copysign as c_copysign, cos as c_cos, erf, erfc, exp as c_exp, fabs,
    floor, fmax as c_fmax, fmin as c_fmin, hypot as c_hypot, isinf, isnan, lgamma as c_lgamma,
    log as c_log, log1p as c_log1p, nextafter as c_nextafter, pow as c_pow, sin as c_sin, sqrt,
    tan as c_tan)
from libc.stdint cimport int64_t

from minitorch._core.dtype cimport (
    BOOLEAN, FLOATING, default_float, dtype, of_code, type_name)
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, records1, records2, save, save_output, set_function, unpack)
from minitorch._core.tensor cimport TensorBase, alias, new_like, scalar_of
from minitorch._kernels.pointwise cimport (
    BINARY_EQ, BINARY_GE, BINARY_LE, BINARY_LOGICAL_OR, BINARY_MAXIMUM, BINARY_MINIMUM, UNARY_COS,
    UNARY_EXP, UNARY_EXP2, UNARY_ISNAN, UNARY_LOG, UNARY_SIGN, UNARY_SIN, mt_loop)
from minitorch._kernels.types cimport BF16, BOOL, F16, F32, F64, I16, I64
from minitorch._ops._base cimport (
    binary_raw, cast_raw, check_inplace_result, check_tensor, common_dtype, copy_raw,
    deliver_exactly, deliver_pointwise, full_raw, new_output, no_overload, not_implemented,
    operand, run_item, run_list, set_history, unary_raw)
from minitorch._ops.binary cimport (
    BinaryNode, add_number, add_op, before_change, compare_number, compare_op, div_op, link,
    logical_and_raw, mul_number, mul_op, neg_op, sub_op, zero_of)
from minitorch._ops.choice cimport masked, where_op
from minitorch._ops.scalars cimport is_number, number_tensor
from minitorch._ops.unary cimport ResultNode, SelfNode, unary_op

cdef extern from "math.h" nogil:
    float nextafterf(float, float)

ctypedef double (*map1)(double) noexcept nogil
ctypedef double (*map2)(double, double) noexcept nogil
ctypedef int64_t (*imap2)(int64_t, int64_t) noexcept nogil


# ---------------------------------------------------------------- loops

# Each takes the function as its last operand, with step 0.

cdef void loop1(char** p, const Py_ssize_t* s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef map1 f = (<map1*> p[2])[0]
    for i in range(n):
        (<double*> (p[0] + i * s[0]))[0] = f((<double*> (p[1] + i * s[1]))[0])


cdef void loop2(char** p, const Py_ssize_t* s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef map2 f = (<map2*> p[3])[0]
    for i in range(n):
        (<double*> (p[0] + i * s[0]))[0] = f((<double*> (p[1] + i * s[1]))[0],
                                             (<double*> (p[2] + i * s[2]))[0])


cdef void iloop2(char** p, const Py_ssize_t* s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef imap2 f = (<imap2*> p[3])[0]
    for i in range(n):
        (<int64_t*> (p[0] + i * s[0]))[0] = f((<int64_t*> (p[1] + i * s[1]))[0],
                                              (<int64_t*> (p[2] + i * s[2]))[0])


cdef TensorBase mapped1(map1 f, TensorBase a):
    """f of each element of a floating tensor."""
    cdef TensorBase wide = cast_raw(a, of_code(F64))
    cdef TensorBase out = new_like(wide, of_code(F64))
    run_item(<mt_loop> loop1, out, wide, <char*> &f)
    return cast_raw(out, a.dtype_)


cdef TensorBase mapped2(void* f, TensorBase a, TensorBase b, dtype compute, bint integral):
    """f of each pair of elements, in float64 or int64 and then rounded to `compute`."""
    cdef dtype wide = of_code(I64 if integral else F64)
    cdef TensorBase out
    a, b = cast_raw(a, wide), cast_raw(b, wide)
    out = new_output(wide, a, b)
    run_list(<mt_loop> iloop2 if integral else <mt_loop> loop2, out,
             [a, b, scalar_of(of_code(I64), <int64_t> <size_t> f)])
    return cast_raw(out, compute)


# ---------------------------------------------------------------- functions of a number

cdef double digamma_of(double x) noexcept nogil:
    """psi(x), by reflection, recurrence to x >= 10 and the asymptotic series.

    Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 6.3.
    """
    cdef double shift = 0, y, part
    if x == 0:
        return c_copysign(INFINITY, -x)
    if x < 0:
        if x == floor(x):
            return NAN
        # the remainder first: the tangent of a large multiple of pi is lost
        part = x - floor(x)
        return digamma_of(1 - x) - M_PI / c_tan(M_PI * part)
    while x < 10:
        shift -= 1 / x
        x += 1
    if x >= 1e17:
        return c_log(x) + shift
    y = 1 / (x * x)
    return shift + c_log(x) - 0.5 / x - y * (
        1 / 12. - y * (1 / 120. - y * (1 / 252. - y * (1 / 240. - y * (
            1 / 132. - y * (691 / 32760. - y / 12))))))


cdef double zeta_of(double s, double q) noexcept nogil:
    """Hurwitz' zeta, sum over k of (q + k)^-s, by Euler and Maclaurin after 12 terms."""
    cdef double total = 0, term, power
    cdef int k
    cdef double[8] numbers      # B(2k) / (2k)!
    if s == 1:
        return INFINITY
    if s < 1 or isnan(q):
        return NAN
    if q <= 0:
        if q == floor(q):
            return INFINITY
        if s != floor(s):
            return NAN
    numbers[0], numbers[1], numbers[2] = 1 / 12., -1 / 720., 1 / 30240.
    numbers[3], numbers[4] = -1 / 1209600., 1 / 47900160.
    numbers[5], numbers[6] = -691 / 1307674368000., 1 / 74724249600.
    numbers[7] = -3617 / 10670622842880000.
    k = 0
    while k < 12 or q <= 12:
        total += c_pow(q, -s)
        q += 1
        k += 1
    power = c_pow(q, -s)
    total += power * q / (s - 1) + 0.5 * power
    term = s * power / q
    for k in range(8):
        total += numbers[k] * term
        term *= (s + 2 * k + 1) * (s + 2 * k + 2) / (q * q)
    return total


cdef double polygamma_of(double n, double x) noexcept nogil:
    """The n-th derivative of psi."""
    cdef double value
    if n == 0:
        return digamma_of(x)
    if n == 1 and x < 0.5 and x != floor(x):
        value = M_PI / c_sin(M_PI * (x - floor(x)))
        return value * value - zeta_of(2, 1 - x)
    value = c_exp(c_lgamma(n + 1)) * zeta_of(n + 1, x)
    return value if n % 2 else -value


cdef double erfinv_of(double y) noexcept nogil:
    """The inverse of erf: Winitzki's approximation, improved by Halley's steps.

    Source of the first guess: S. Winitzki, "A handy approximation for the error function and its
    inverse" (2008).
    """
    cdef double a = 0.147, l, h, x, size = fabs(y), error
    cdef int k
    if size >= 1 or isnan(y):
        return c_copysign(INFINITY, y) if size == 1 else NAN
    l = c_log1p(-y * y)
    h = 2 / (M_PI * a) + l / 2
    x = sqrt(sqrt(h * h - l / a) - h)
    for k in range(3):
        # near 1 the complement has the digits
        error = (1 - size) - erfc(x) if size > 0.5 else erf(x) - size
        if error == 0:
            break
        error *= 0.88622692545275801365 * c_exp(x * x)
        x -= error / (1 + x * error)
    return c_copysign(x, y)


cdef double bessel_i(int order, double x) noexcept nogil:
    """I0 or I1 by the power series, whose terms have one sign."""
    cdef double quarter = x * x / 4, term = 1, total = 1
    cdef int k = 1
    if isnan(x) or isinf(x):
        return fabs(x) if order == 0 else x
    while term > total * 1e-17 and k < 3000:
        term *= quarter / (<double> k * (k + order))
        total += term
        k += 1
    return total if order == 0 else total * x / 2


cdef double i0_of(double x) noexcept nogil:
    return bessel_i(0, x)


cdef double i1_of(double x) noexcept nogil:
    return bessel_i(1, x)


cdef double sinc_of(double x) noexcept nogil:
    return 1 if x == 0 else c_sin(M_PI * x) / (M_PI * x)


cdef double logit_of(double x) noexcept nogil:
    return c_log(x / (1 - x))


cdef double lgamma_of(double x) noexcept nogil:
    return c_lgamma(x)


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


# ---------------------------------------------------------------- one operand

cdef TensorBase floating(TensorBase a):
    return a if a.dtype_.category == FLOATING else cast_raw(a, default_float())


cdef TensorBase map_op(map1 f, TensorBase a, type node_class):
    """f of each element, recorded."""
    cdef TensorBase out
    cdef Node node
    a = floating(a)
    out = mapped1(f, a)
    if records1(a):
        node = <Node> node_class.__new__(node_class)
        connect1(node, a)
        node.n_outputs = 1
        set_function(out, node, 0)
        node.s0 = save_output(out) if isinstance(node, ResultNode) else save(a)
    return out


cdef TensorBase replace(TensorBase a, TensorBase result):
    """Make `a` hold the outcome of an operation on `a`; a node of `result` becomes its history.

    The operation was applied to `before_change(a)`, so that its node keeps the old values.
    """
    cdef Node node = result.grad_fn_
    check_writable(a, node is not None)
    if result.dtype_.category > a.dtype_.category:
        raise RuntimeError(f"result type {type_name(result.dtype_)} can't be cast to the desired "
                           f"output type {type_name(a.dtype_)}")
    copy_raw(a, result)
    bump(a)
    if node is not None:
        if isinstance(node, ResultNode):
            node.s0 = save_output(a)
        set_history(a, node)
    return a


cdef TensorBase first(TensorBase a):
    """The operand of an operation in place: a copy, if a node may keep it."""
    return before_change(a) if records1(a) else a


cdef class LgammaBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], map_op(digamma_of, self.kept(), DigammaBackward0)),)


cdef class DigammaBackward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], polygamma_op(1, self.kept())),)


cdef class PolygammaBackward0(SelfNode):
    """The next polygamma function."""

    saved_names = ("self", "n")

    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], polygamma_op(self.s1 + 1, self.kept())),)


cdef TensorBase polygamma_op(object n, TensorBase a):
    cdef TensorBase out
    cdef Node node
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    a = floating(a)
    out = mapped2(<void*> polygamma_of, scalar_of(of_code(F64), n), a, a.dtype_, False)
    if records1(a):
        node = PolygammaBackward0.__new__(PolygammaBackward0)
        connect1(node, a)
        node.s0, node.s1, node.n_outputs = save(a), n, 1
        set_function(out, node, 0)
    return out


cdef class ErfinvBackward0(ResultNode):
    """d erfinv(x) = sqrt(pi) / 2 exp(erfinv(x)^2) dx."""
    cdef tuple apply(self, tuple grads):
        r = self.kept()
        return (mul_op(grads[0], mul_number(unary_op(UNARY_EXP, mul_op(r, r)),
                                            0.88622692545275801365)),)


cdef class I0Backward0(SelfNode):
    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], map_op(i1_of, self.kept(), SpecialI1Backward0)),)


cdef class SpecialI1Backward0(SelfNode):
    """d I1(x) = (I0(x) - I1(x) / x) dx, 1/2 at 0."""
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        flat = compare_number(BINARY_EQ, x, 0)
        safe = where_op(flat, scalar_of(x.dtype_, 1), x)
        slope = sub_op(map_op(i0_of, safe, I0Backward0),
                       div_op(map_op(i1_of, safe, SpecialI1Backward0), safe))
        return (mul_op(grads[0], where_op(flat, scalar_of(x.dtype_, 0.5), slope)),)


cdef class SincBackward0(SelfNode):
    """d sinc(x) = (cos(pi x) pi x - sin(pi x)) / (pi x^2) dx, 0 at 0."""
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        angle = mul_number(x, M_PI)
        flat = compare_number(BINARY_EQ, mul_op(angle, x), 0)
        safe = where_op(flat, scalar_of(x.dtype_, 1), x)
        slope = div_op(sub_op(mul_op(unary_op(UNARY_COS, angle), angle),
                              unary_op(UNARY_SIN, angle)), mul_number(mul_op(safe, safe), M_PI))
        return (mul_op(grads[0], where_op(flat, zero_of(slope), slope)),)


cdef dict ONE = {}      # Python name -> index into FUNCTIONS
cdef map1[6] FUNCTIONS
FUNCTIONS[0], FUNCTIONS[1], FUNCTIONS[2] = lgamma_of, digamma_of, erfinv_of
FUNCTIONS[3], FUNCTIONS[4], FUNCTIONS[5] = i0_of, sinc_of, i1_of


def _make_one(name, int index, node_class):
    """The Python function of a function of one number, and its in-place form."""
    def function(input, *, out=None):
        cdef TensorBase a = check_tensor(input, name, "input")
        return deliver_pointwise(map_op(FUNCTIONS[index], a, node_class), out, name, (a,))

    def inplace(self):
        cdef TensorBase a = check_tensor(self, name + "_", "self")
        check_writable(a, records1(a))
        return replace(a, map_op(FUNCTIONS[index], first(a), node_class))

    for made, label, doc in ((function, name, f"{name} of each element."),
                             (inplace, name + "_", f"`{name}` in place.")):
        made.__name__ = made.__qualname__ = label
        made.__doc__ = doc
        globals()[label] = made


for name_, index_, class_ in (
        ("lgamma", 0, LgammaBackward0), ("digamma", 1, DigammaBackward0),
        ("erfinv", 2, ErfinvBackward0), ("i0", 3, I0Backward0), ("sinc", 4, SincBackward0),
        ("i1", 5, SpecialI1Backward0)):
    _make_one(name_, index_, class_)


def polygamma(n, input, *, out=None):
    """The n-th derivative of `digamma`."""
    cdef TensorBase a = check_tensor(input, "polygamma", "input")
    return deliver_pointwise(polygamma_op(n, a), out, "polygamma", (a,))


def tensor_polygamma(self, n):
    """The n-th derivative of `digamma`."""
    return polygamma_op(n, check_tensor(self, "polygamma", "self"))


def polygamma_(self, n):
    """`polygamma` in place."""
    cdef TensorBase a = check_tensor(self, "polygamma_", "self")
    check_writable(a, records1(a))
    return replace(a, polygamma_op(n, first(a)))


# ---------------------------------------------------------------- logit

cdef class LogitBackward0(SelfNode):
    """d log(x / (1 - x)) = dx / (x (1 - x)); outside [eps, 1 - eps] 0, or NaN without eps."""

    saved_names = ("self", "eps")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = self.kept(), g = grads[0]
        low = 0.0 if self.s1 is None else self.s1
        slope = div_op(g, mul_op(x, add_number(neg_op(x), 1)))
        inside = logical_and_raw(compare_number(BINARY_GE, x, low),
                                 compare_number(BINARY_LE, x, 1.0 - low))
        rest = scalar_of(g.dtype_, NAN if self.s1 is None else 0.0)
        return (where_op(inside, slope, rest),)


cdef TensorBase logit_op(TensorBase a, object eps):
    cdef TensorBase x, out
    cdef Node node
    a = x = floating(a)
    if eps is not None:
        x = binary_raw(BINARY_MINIMUM, binary_raw(
            BINARY_MAXIMUM, x, scalar_of(x.dtype_, eps), x.dtype_),
            scalar_of(x.dtype_, 1 - eps), x.dtype_)
    out = mapped1(logit_of, x)
    if records1(a):
        node = LogitBackward0.__new__(LogitBackward0)
        connect1(node, a)
        node.s0, node.s1, node.n_outputs = save(a), eps, 1
        set_function(out, node, 0)
    return out


def logit(input, eps=None, *, out=None):
    """log(x / (1 - x)), of the elements limited to [eps, 1 - eps] if `eps` is given."""
    cdef TensorBase a = check_tensor(input, "logit", "input")
    return deliver_pointwise(logit_op(a, eps), out, "logit", (a,))


def logit_(self, eps=None):
    """`logit` in place."""
    cdef TensorBase a = check_tensor(self, "logit_", "self")
    check_writable(a, records1(a))
    return replace(a, logit_op(first(a), eps))


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


cdef class UnderivedNode(BinaryNode):
    """Of an operation that PyTorch gives no derivative."""

    def name(self):
        return "NotImplemented"

    cdef tuple apply(self, tuple grads):
        raise RuntimeError(f"derivative for aten::{self.s2} is not implemented")


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


cdef TensorBase pair_op(Pair p, TensorBase a, bint a_number, TensorBase b, bint b_number):
    cdef dtype compute
    cdef TensorBase out
    cdef BinaryNode node
    if p.name == "heaviside" and a.dtype_ is not b.dtype_:
        raise RuntimeError(
            "heaviside is not yet implemented for tensors with different dtypes.")
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
        return deliver_pointwise(pair_of(p, input, other, p.name), out, p.name, (input, other))

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
        pair("nextafter", <void*> nextafter_f64, FLOATS_ONLY, (UnderivedNode,)),
        pair("heaviside", <void*> heaviside_of, ANY, (UnderivedNode,)),
        pair("fmin", <void*> fmin_of, ANY, (FminBackward0,)),
        pair("fmax", <void*> fmax_of, ANY, (FmaxBackward0,)),
        pair("logaddexp", <void*> logaddexp_of, FLOATS_ONLY, (LogaddexpBackward0,)),
        pair("logaddexp2", <void*> logaddexp2_of, FLOATS_ONLY, (Logaddexp2Backward0,)),
        pair("xlogy", <void*> xlogy_of, TO_FLOAT,
             (XlogyBackward0, XlogyBackward1, XlogyBackward2), True, True),
        pair("gcd", <void*> gcd_of, INTEGERS_ONLY, (UnderivedNode,)),
        pair("lcm", <void*> lcm_of, INTEGERS_ONLY, (UnderivedNode,))):
    _make_pair(pair_)
