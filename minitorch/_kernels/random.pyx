"""PyTorch's random stream on the CPU.

mt19937 (Matsumoto and Nishimura 1998) and, on top of it, the conversions of PyTorch 2: the
same seed gives the same numbers.  Where PyTorch's compiler fuses a product and a sum, so does
`fma` here.
"""

from libc.math cimport (
    M_PI, ceil, cos, exp, fabs, floor, fma, lgamma, log, log1p, sin, sqrt, tan)
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from minitorch._kernels.convert cimport (
    cast_loop, item_size, load_double, store_double, store_int64)
from minitorch._kernels.dispatch cimport kernels, mt_kernels
from minitorch._kernels.types cimport BF16, BOOL, F16, F32, F64, I16, I32, I64, I8, U8

cdef extern from *:
    """
    #include "isa/isa.h"
    #define BOX_MULLER(table) (table)->pointwise->box_muller
    """
    # Blocks of 16 uniform floats into normal ones, element j paired with j + 8.
    ctypedef void (*box_muller_fn)(float* x, Py_ssize_t blocks, float mean,
                                   float std) noexcept nogil
    box_muller_fn BOX_MULLER(const mt_kernels* table) noexcept nogil

cdef enum:
    N = 624                     # words of state
    M = 397                     # offset of the recurrence


# The generator.

cdef void rng_seed(mt_generator* g, uint64_t seed) noexcept nogil:
    """Start the stream of a seed; its lower 32 bits count."""
    cdef uint32_t previous
    cdef int i
    memset(g, 0, sizeof(mt_generator))
    g.seed = seed
    g.state[0] = <uint32_t> seed
    for i in range(1, N):
        previous = g.state[i - 1]
        g.state[i] = 1812433253u * (previous ^ (previous >> 30)) + <uint32_t> i
    g.left = 1


cdef inline uint32_t twist(uint32_t u, uint32_t v) noexcept nogil:
    cdef uint32_t mixed = (u & 0x80000000u) | (v & 0x7fffffffu)
    return (mixed >> 1) ^ (0x9908b0dfu if v & 1 else 0u)


cdef void regenerate(mt_generator* g) noexcept nogil:
    cdef int i
    for i in range(N - M):
        g.state[i] = g.state[i + M] ^ twist(g.state[i], g.state[i + 1])
    for i in range(N - M, N - 1):
        g.state[i] = g.state[i + M - N] ^ twist(g.state[i], g.state[i + 1])
    g.state[N - 1] = g.state[M - 1] ^ twist(g.state[N - 1], g.state[0])
    g.left = N
    g.next = 0


cdef inline uint32_t draw(mt_generator* g) noexcept nogil:
    cdef uint32_t y
    g.left -= 1
    if g.left == 0:
        regenerate(g)
    y = g.state[g.next]
    g.next += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9d2c5680u
    y ^= (y << 15) & 0xefc60000u
    return y ^ (y >> 18)


cdef uint32_t rng_u32(mt_generator* g) noexcept nogil:
    """32 random bits."""
    return draw(g)


cdef uint64_t rng_u64(mt_generator* g) noexcept nogil:
    """64 random bits, the first draw above."""
    cdef uint64_t high = draw(g)
    return high << 32 | draw(g)


# The state as bytes: a record of PyTorch's C++ code, little-endian words in this order.

cdef packed struct StateRecord:
    uint64_t seed
    int32_t left
    int32_t seeded
    uint64_t next
    uint64_t[624] state
    double normal_x
    double normal_y
    double normal_rho
    int32_t normal_is_valid
    int32_t padding
    float next_float
    uint8_t has_next_float
    uint8_t[3] more_padding


cdef void rng_get_state(const mt_generator* g, uint8_t* out) noexcept nogil:
    """out[0..RNG_STATE_BYTES) = the state, as torch.get_rng_state() lays it out."""
    cdef StateRecord record
    cdef int i
    memset(&record, 0, sizeof(record))
    record.seed, record.left, record.seeded, record.next = g.seed, g.left, 1, g.next
    for i in range(N):
        record.state[i] = g.state[i]
    record.normal_y, record.normal_is_valid = g.normal if g.has_normal else 0.0, g.has_normal
    record.next_float, record.has_next_float = g.normal_float, g.has_normal_float
    memcpy(out, &record, sizeof(record))


cdef int rng_set_state(mt_generator* g, const uint8_t* state) noexcept nogil:
    """Take over RNG_STATE_BYTES of state; -1 if they cannot be one."""
    cdef StateRecord record
    cdef int i
    memcpy(&record, state, sizeof(record))
    if not (1 <= record.left <= N and record.next <= N and record.seeded):
        return -1
    # A full count with an index of its own would read past the end.
    if record.left > 1 and record.next + record.left - 1 > N:
        return -1
    memset(g, 0, sizeof(mt_generator))
    g.seed, g.left, g.next = record.seed, record.left, <uint32_t> record.next
    for i in range(N):
        g.state[i] = <uint32_t> record.state[i]
    g.normal, g.has_normal = record.normal_y, record.normal_is_valid != 0
    g.normal_float, g.has_normal_float = record.next_float, record.has_next_float != 0
    return 0


# Floats: 53 bits of a draw for float64, 24 bits for float32 and for the half types.

cdef inline double unit(mt_generator* g, int code) noexcept nogil:
    """A uniform number in [0, 1)."""
    if code == F64:
        return (rng_u64(g) & ((<uint64_t> 1 << 53) - 1)) * (1.0 / (<uint64_t> 1 << 53))
    return (draw(g) & 0xffffffu) * (1.0 / (1 << 24))


cdef inline bint is_float(int code) noexcept nogil:
    return F16 <= code <= F64


cdef int rng_uniform(mt_generator* g, char* out, int code, Py_ssize_t n, double low,
                     double high) noexcept nogil:
    """out[i] = low + u (high - low), u uniform in [0, 1); rounding up to high gives low"""
    cdef Py_ssize_t i, item = item_size(code)
    cdef float low32 = <float> low, high32 = <float> high, width32 = high32 - low32, x32
    cdef double x64
    cdef float high_half
    cdef char[8] bits
    if not is_float(code):
        return -1
    if code == F64:
        for i in range(n):
            x64 = unit(g, F64) * (high - low) + low
            (<double*> out)[i] = low if x64 == high else x64
    elif code == F32:
        for i in range(n):
            # bounds in float32, arithmetic in float64, rounded once: PyTorch's last bit
            x32 = <float> (unit(g, F32) * <double> width32 + <double> low32)
            (<float*> out)[i] = low32 if x32 == high32 else x32
    else:
        store_double(bits, high, code)
        high_half = <float> load_double(bits, code)
        for i in range(n):
            store_double(out + i * item, <float> unit(g, code) * width32 + low32, code)
            if load_double(out + i * item, code) == high_half:
                store_double(out + i * item, low, code)
    return 0


cdef double one_normal(mt_generator* g) noexcept nogil:
    """Box-Muller in double; the second number of a pair is kept for the next call."""
    cdef double u1, u2, radius, angle
    if g.has_normal:
        g.has_normal = False
        return g.normal
    u1 = unit(g, F64)
    u2 = unit(g, F64)
    radius = sqrt(-2.0 * log1p(-u2))
    angle = 2.0 * M_PI * u1
    g.normal, g.has_normal = radius * sin(angle), True
    return radius * cos(angle)


cdef void normal_block_f64(double* x, double mean, double std) noexcept nogil:
    """Turn 16 uniform numbers into normal ones; element j pairs with j + 8."""
    cdef int j
    cdef double radius, angle
    for j in range(8):
        radius = sqrt(-2.0 * log(1.0 - x[j]))
        angle = 2.0 * M_PI * x[j + 8]
        x[j] = fma(radius * cos(angle), std, mean)
        x[j + 8] = fma(radius * sin(angle), std, mean)


cdef void draw_normals_f32(mt_generator* g, float* out, Py_ssize_t n, double mean,
                           double std) noexcept nogil:
    """All uniform numbers first; the last 16 are drawn anew if they do not fill a block."""
    rng_uniform(g, <char*> out, F32, n, 0, 1)
    BOX_MULLER(kernels())(out, n // 16, <float> mean, <float> std)
    if n % 16:
        rng_uniform(g, <char*> (out + n - 16), F32, 16, 0, 1)
        BOX_MULLER(kernels())(out + n - 16, 1, <float> mean, <float> std)


cdef void draw_normals_f64(mt_generator* g, double* out, Py_ssize_t n, double mean,
                           double std) noexcept nogil:
    """As draw_normals_f32."""
    cdef Py_ssize_t i
    rng_uniform(g, <char*> out, F64, n, 0, 1)
    for i in range(n // 16):
        normal_block_f64(out + i * 16, mean, std)
    if n % 16:
        rng_uniform(g, <char*> (out + n - 16), F64, 16, 0, 1)
        normal_block_f64(out + n - 16, mean, std)


cdef void draw_normals_half(mt_generator* g, char* out, int code, Py_ssize_t n, double mean,
                            double std) noexcept nogil:
    """Sixteen floats at a time, rounded at the end; the last 16 overlap their neighbours."""
    cdef float[16] wide
    cdef Py_ssize_t i
    cdef char* ptrs[2]
    cdef Py_ssize_t[2] steps
    steps[0], steps[1] = 2, 4
    ptrs[1] = <char*> wide
    for i in range((n + 15) // 16):
        draw_normals_f32(g, wide, 16, mean, std)
        ptrs[0] = out + min(16 * i, n - 16) * 2
        cast_loop(code, F32)(ptrs, steps, 16)


cdef int rng_normal(mt_generator* g, char* out, int code, Py_ssize_t n, double mean, double std,
                    bint contiguous) noexcept nogil:
    """out[i] = mean + std z, z normal"""
    cdef Py_ssize_t i, item = item_size(code)
    if not is_float(code):
        return -1
    if n < 16 or not contiguous:
        for i in range(n):
            store_double(out + i * item, fma(one_normal(g), std, mean), code)
    elif code == F32:
        draw_normals_f32(g, <float*> out, n, mean, std)
    elif code == F64:
        draw_normals_f64(g, <double*> out, n, mean, std)
    else:
        draw_normals_half(g, out, code, n, mean, std)
    return 0


cdef int rng_exponential(mt_generator* g, char* out, int code, Py_ssize_t n,
                         double rate) noexcept nogil:
    """out[i] = -log(1 - u) / rate"""
    cdef Py_ssize_t i, item = item_size(code)
    if not is_float(code):
        return -1
    for i in range(n):
        store_double(out + i * item, -1.0 / rate * log1p(-unit(g, F64)), code)
    return 0


cdef int rng_shaped(mt_generator* g, int shape, char* out, int code, Py_ssize_t n, double a,
                    double b) noexcept nogil:
    """Numbers of the rarer distributions, each from one uniform or normal number."""
    cdef Py_ssize_t i, item = item_size(code)
    cdef double u, least = 2.220446049250313e-16
    if not is_float(code) and shape != SHAPE_GEOMETRIC:
        return -1
    for i in range(n):
        if shape == SHAPE_CAUCHY:
            u = max(min(unit(g, F64), 1.0 - least), least)
            u = fma(b, tan(M_PI * (u - 0.5)), a)
        elif shape == SHAPE_LOG_NORMAL:
            u = exp(fma(one_normal(g), b, a))
        else:
            u = ceil(log(unit(g, F64)) / log1p(-a))
        store_double(out + i * item, u, code)
    return 0


cdef double one_poisson(mt_generator* g, double rate) noexcept nogil:
    """Knuth's product of uniform numbers; from 10 on Hoermann's transformed rejection (1993)."""
    cdef double product = 1, least = exp(-rate), count = 0
    cdef double root, b, a, alpha, vr, u, v, us
    if rate == 0:
        return 0
    if rate < 10:
        while True:
            product *= unit(g, F64)
            if product <= least:
                return count
            count += 1
    root = sqrt(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    alpha = 1.1239 + 1.1328 / (b - 3.4)
    vr = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = unit(g, F64) - 0.5
        v = unit(g, F64)
        us = 0.5 - fabs(u)
        count = floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= vr:
            return count
        if count < 0 or (us < 0.013 and v > us):
            continue
        if (log(v) + log(alpha) - log(a / (us * us) + b)
                <= -rate + count * log(rate) - lgamma(count + 1)):
            return count


cdef int rng_poisson(mt_generator* g, char* out, int code, const double* rates,
                     Py_ssize_t n) noexcept nogil:
    """out[i] = a number of events, rates[i] on average"""
    cdef Py_ssize_t i, item = item_size(code)
    if not is_float(code):
        return -1
    for i in range(n):
        store_double(out + i * item, one_poisson(g, rates[i]), code)
    return 0


# Integers.

cdef int rng_randint(mt_generator* g, char* out, int code, Py_ssize_t n, int64_t low,
                     int64_t high) noexcept nogil:
    """out[i] = low + draw % (high - low); 64-bit draws where the range asks for them.

    The bounds wrap round, and equal ones mean all 64 bits.
    """
    cdef Py_ssize_t i, item = item_size(code)
    cdef uint64_t width = <uint64_t> high - <uint64_t> low, bits
    for i in range(n):
        bits = rng_u64(g) if width >= <uint64_t> 1 << 28 or width == 0 else draw(g)
        bits = bits % width if width else bits
        store_int64(out + i * item, <int64_t> (bits + <uint64_t> low), code)
    return 0


cdef inline uint64_t whole_range(int code) noexcept nogil:
    """How many values random_() draws from: the integers that the dtype holds exactly."""
    if code == BOOL:
        return 2
    if code == U8:
        return 256
    if code == I8:
        return 128
    if code == I16:
        return 1 << 15
    if code == I32:
        return <uint64_t> 1 << 31
    if code == I64:
        return <uint64_t> 1 << 63
    if code == F16:
        return (1 << 11) + 1
    if code == BF16:
        return (1 << 8) + 1
    if code == F32:
        return (1 << 24) + 1
    return (<uint64_t> 1 << 53) + 1


cdef int rng_random(mt_generator* g, char* out, int code, Py_ssize_t n) noexcept nogil:
    """out[i] = draw % (largest integer of the dtype + 1)"""
    cdef Py_ssize_t i, item = item_size(code)
    cdef uint64_t width = whole_range(code), bits
    for i in range(n):
        bits = rng_u64(g) if code == I64 or code == F64 else draw(g)
        store_int64(out + i * item, <int64_t> (bits % width), code)
    return 0


cdef void rng_permutation(mt_generator* g, int64_t* out, Py_ssize_t n) noexcept nogil:
    """Fisher and Yates's shuffle of 0..n-1, forwards."""
    cdef Py_ssize_t i, other
    cdef int64_t held
    for i in range(n):
        out[i] = i
    for i in range(n - 1):
        other = i + <Py_ssize_t> (draw(g) % <uint64_t> (n - i))
        held = out[i]
        out[i] = out[other]
        out[other] = held


# Masks.

cdef int rng_bernoulli(mt_generator* g, char* out, int code, Py_ssize_t n,
                       double p) noexcept nogil:
    """out[i] = u < p"""
    cdef Py_ssize_t i, item = item_size(code)
    for i in range(n):
        store_int64(out + i * item, unit(g, F64) < p, code)
    return 0


cdef int rng_bernoulli_each(mt_generator* g, char* out, int code, const char* p, int p_code,
                            Py_ssize_t n) noexcept nogil:
    """out[i] = u < p[i]"""
    cdef Py_ssize_t i, item = item_size(code)
    if p_code != F32 and p_code != F64:
        return -1
    for i in range(n):
        if p_code == F32:
            store_int64(out + i * item, unit(g, F32) < (<const float*> p)[i], code)
        else:
            store_int64(out + i * item, unit(g, F64) < (<const double*> p)[i], code)
    return 0
