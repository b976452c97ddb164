"""PyTorch's random stream on the CPU: mt19937 and the distributions drawn from it.

Every function fills n neighbours in memory order and returns 0, or -1 for a dtype that
PyTorch refuses too. The caller serialises access to a generator.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef enum:
    RNG_STATE_BYTES = 5056      # as torch.get_rng_state().numel()

cdef struct mt_generator:
    uint64_t seed               # as given to manual_seed
    uint32_t state[624]
    int left                    # draws before the state is regenerated
    uint32_t next               # index of the next draw
    double normal               # the second half of a Box-Muller pair ...
    bint has_normal             # ... if it is still to be used
    float normal_float
    bint has_normal_float

cdef void rng_seed(mt_generator* g, uint64_t seed) noexcept nogil
# The state in the layout of torch.get_rng_state(); set returns -1 if the bytes are not one.
cdef void rng_get_state(const mt_generator* g, uint8_t* out) noexcept nogil
cdef int rng_set_state(mt_generator* g, const uint8_t* state) noexcept nogil
cdef uint32_t rng_u32(mt_generator* g) noexcept nogil
cdef uint64_t rng_u64(mt_generator* g) noexcept nogil

# Floats of any size: uniform in [low, high), normal, exponential.
cdef int rng_uniform(mt_generator* g, char* out, int code, Py_ssize_t n,
                     double low, double high) noexcept nogil
# `contiguous` is whether PyTorch would see a contiguous tensor: it fills 16 and more of
# those in blocks, and all others one by one.
cdef int rng_normal(mt_generator* g, char* out, int code, Py_ssize_t n,
                    double mean, double std, bint contiguous) noexcept nogil
cdef int rng_exponential(mt_generator* g, char* out, int code, Py_ssize_t n,
                         double rate) noexcept nogil

cdef enum:
    SHAPE_CAUCHY                # median a, scale b
    SHAPE_LOG_NORMAL            # exp of a normal number of mean a and deviation b
    SHAPE_GEOMETRIC             # trials up to the first success of probability a; any dtype
cdef int rng_shaped(mt_generator* g, int shape, char* out, int code, Py_ssize_t n, double a,
                    double b) noexcept nogil
cdef int rng_poisson(mt_generator* g, char* out, int code, const double* rates,
                     Py_ssize_t n) noexcept nogil

# Integers in [low, high) for any dtype (randint, random_(low, high)).
cdef int rng_randint(mt_generator* g, char* out, int code, Py_ssize_t n,
                     int64_t low, int64_t high) noexcept nogil
# random_() without bounds: the whole range of the dtype.
cdef int rng_random(mt_generator* g, char* out, int code, Py_ssize_t n) noexcept nogil
# A permutation of 0..n-1.
cdef void rng_permutation(mt_generator* g, int64_t* out, Py_ssize_t n) noexcept nogil

# 0 or 1 of any dtype with probability p (bernoulli_(p), the dropout mask) ...
cdef int rng_bernoulli(mt_generator* g, char* out, int code, Py_ssize_t n,
                       double p) noexcept nogil
# ... and with one probability per element, p of p_code (F32 or F64).
cdef int rng_bernoulli_each(mt_generator* g, char* out, int code, const char* p, int p_code,
                            Py_ssize_t n) noexcept nogil
