# cython: auto_pickle=False
"""Functions of a number that C lacks or hides: gamma functions, error functions, Bessel's."""

from libc.math cimport (
    INFINITY, NAN, M_PI, copysign as c_copysign, erf, erfc, exp as c_exp, fabs, floor, isinf,
    isnan, lgamma as c_lgamma, log as c_log, log1p as c_log1p, pow as c_pow, sin as c_sin, sqrt,
    tan as c_tan)

from minitorch._core.dtype cimport FLOATING, default_float, of_code, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport check_writable, connect1, records1, save, set_function
from minitorch._core.tensor cimport TensorBase, scalar_of
from minitorch._kernels.pointwise cimport (
    BINARY_EQ, BINARY_GE, BINARY_LE, BINARY_MAXIMUM, BINARY_MINIMUM, UNARY_COS, UNARY_EXP,
    UNARY_SIN)
from minitorch._kernels.types cimport F64
from minitorch._ops._base cimport binary_raw, check_tensor
from minitorch._ops.binary cimport (
    add_number, add_op, compare_number, div_op, logical_and_raw, mul_number, mul_op, neg_op,
    sub_op, zero_of)
from minitorch._ops.choice cimport where_op
from minitorch._ops.each cimport first, floating, map1, map_op, mapped1, mapped2, replace
from minitorch._ops.out cimport deliver_pointwise
from minitorch._ops.unary cimport ResultNode, SelfNode, unary_op


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
    cdef int k = 0
    cdef double[8] numbers      # B(2k) / (2k)!
    if s == 1:
        return INFINITY
    if s < 1 or isnan(q):
        return NAN
    if isinf(q) and q > 0:
        return 0
    if q <= 0:
        if q == floor(q):
            return INFINITY
        if s != floor(s):
            return NAN
    numbers[0], numbers[1], numbers[2] = 1 / 12., -1 / 720., 1 / 30240.
    numbers[3], numbers[4] = -1 / 1209600., 1 / 47900160.
    numbers[5], numbers[6] = -691 / 1307674368000., 1 / 74724249600.
    numbers[7] = -3617 / 10670622842880000.
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
    cdef int _k
    if size >= 1 or isnan(y):
        return c_copysign(INFINITY, y) if size == 1 else NAN
    l = c_log1p(-y * y)
    h = 2 / (M_PI * a) + l / 2
    x = sqrt(sqrt(h * h - l / a) - h)
    for _k in range(3):
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


# ---------------------------------------------------------------- one operand

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


cdef class MvlgammaBackward0(SelfNode):
    """The sum of digamma(x - j / 2) over the dimensions j."""

    saved_names = ("self", "p")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase slope = None, x = self.kept()
        for j in range(self.s1):
            part = map_op(digamma_of, add_number(x, -j / 2.0), DigammaBackward0)
            slope = part if slope is None else add_op(slope, part)
        return (mul_op(grads[0], slope),)


cdef double mvlgamma_of(double x, double p) noexcept nogil:
    cdef double total = p * (p - 1) / 4 * c_log(M_PI)
    cdef int j
    for j in range(<int> p):
        total += c_lgamma(x - j / 2.0)
    return total


cdef TensorBase mvlgamma_op(object input, object p, str where):
    cdef TensorBase out, a = floating(check_tensor(input, where, "input"))
    cdef Node node
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    out = mapped2(<void*> mvlgamma_of, a, scalar_of(of_code(F64), p), a.dtype_, False)
    if records1(a):
        node = MvlgammaBackward0.__new__(MvlgammaBackward0)
        connect1(node, a)
        node.s0, node.s1, node.n_outputs = save(a), p, 1
        set_function(out, node, 0)
    return out


def mvlgamma(input, p, *, out=None):
    """The logarithm of the multivariate gamma function of dimension `p`."""
    return deliver_pointwise(mvlgamma_op(input, p, "mvlgamma"), out, "mvlgamma", (input,))


def mvlgamma_(self, p):
    """`mvlgamma` in place."""
    cdef TensorBase a = check_tensor(self, "mvlgamma_", "self")
    check_writable(a, records1(a))
    if a.dtype_.category != FLOATING:
        raise RuntimeError(f"mvlgamma: result type {type_name(a.dtype_)} can't be cast to the "
                           f"desired output type {type_name(default_float())}")
    return replace(a, mvlgamma_op(first(a), p, "mvlgamma_"))


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


# By the order of the names in the loop below.
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
