"""Thin Python twins of the elementwise kernels, for the tests: buffers in, buffers out."""

from cpython.buffer cimport (
    PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer)
from libc.stdint cimport int64_t, uint8_t

from minitorch._kernels.convert cimport load_double, store_double
from minitorch._kernels.pointwise cimport (
    N_BINARY, N_MULTI, N_UNARY, binary_gives_bool, binary_loop, mt_loop, multi_loop,
    unary_gives_bool, unary_loop, where_loop)
from minitorch._kernels.random cimport (
    RNG_STATE_BYTES, mt_generator, rng_bernoulli, rng_bernoulli_each, rng_exponential,
    rng_get_state, rng_normal, rng_permutation, rng_randint, rng_random, rng_seed, rng_set_state,
    rng_u32, rng_u64, rng_uniform)
from minitorch._kernels.reduce cimport N_REDUCE, reduce_op, scan_op
from minitorch._kernels.strided cimport MAX_ARGS, any_zero, apply_loop, fill, strided_copy

CODES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32",
         "float64"]
UNARY = """neg abs sign square relu exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal
    sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh
    sigmoid silu gelu gelu_tanh softplus logsigmoid erf erfc floor ceil round trunc
    bitwise_not isnan isinf isfinite logical_not""".split()
BINARY = """add sub mul div floor_divide trunc_divide remainder fmod pow pow_scalar
    maximum minimum atan2 bitwise_and bitwise_or bitwise_xor shift_left shift_right
    logical_and logical_or logical_xor eq ne lt le gt ge
    relu_backward sigmoid_backward tanh_backward sqrt_backward abs_backward silu_backward
    gelu_backward gelu_tanh_backward softplus_backward logsigmoid_backward leaky_relu""".split()
MULTI = """add_alpha clamp clamp_backward lerp addcmul addcdiv threshold threshold_backward
    leaky_relu_backward""".split()
REDUCE = """sum mean prod amax amin argmax argmin max min any all var std norm2
    sum_squares""".split()
SCAN = ["sum", "prod"]
assert (len(UNARY), len(BINARY), len(MULTI), len(REDUCE)) == (
    N_UNARY, N_BINARY, N_MULTI, N_REDUCE)


cdef class Operand:
    """A buffer held open: its address, and its strides in bytes."""
    cdef Py_buffer view

    def __cinit__(self, array, bint writable=False):
        PyObject_GetBuffer(array, &self.view,
                           PyBUF_STRIDES | PyBUF_FORMAT | (PyBUF_WRITABLE if writable else 0))

    def __dealloc__(self):
        PyBuffer_Release(&self.view)

    cdef char* address(self):
        return <char*> self.view.buf


cdef mt_loop find_loop(str name, int code, int itemsize):
    if name == "where":
        return where_loop(itemsize)
    if name in UNARY:
        return unary_loop(UNARY.index(name), code)
    if name in BINARY:
        return binary_loop(BINARY.index(name), code)
    return multi_loop(MULTI.index(name), code)


def has_loop(str name, str dtype):
    """Does the operation exist for the dtype?"""
    return find_loop(name, CODES.index(dtype), 4) != NULL


def gives_bool(str name):
    """Is the operation's output bool for every input?"""
    return (unary_gives_bool(UNARY.index(name)) if name in UNARY
            else name in BINARY and binary_gives_bool(BINARY.index(name)))


def run(str name, str dtype, out, *inputs):
    """out[...] = operation(*inputs); all of one shape."""
    cdef list operands = [Operand(out, True)] + [Operand(x) for x in inputs]
    cdef char* ptrs[MAX_ARGS]
    cdef const Py_ssize_t* strides[MAX_ARGS]
    cdef Operand operand
    cdef int k
    for k, operand in enumerate(operands):
        ptrs[k] = operand.address()
        strides[k] = operand.view.strides
    operand = operands[0]
    cdef mt_loop loop = find_loop(name, CODES.index(dtype), operand.view.itemsize)
    if loop == NULL:
        raise TypeError(f"{name} has no loop for {dtype}")
    return apply_loop(loop, len(operands), ptrs, operand.view.ndim, operand.view.shape, strides)


def copy(out, str out_dtype, x, str x_dtype):
    """out[...] = x[...], cast."""
    cdef Operand to = Operand(out, True), source = Operand(x)
    return strided_copy(to.address(), CODES.index(out_dtype), to.view.strides,
                        source.address(), CODES.index(x_dtype), source.view.strides,
                        to.view.ndim, to.view.shape)


def fill_with(out, str dtype, double value):
    """out[...] = value"""
    cdef Operand to = Operand(out, True)
    cdef char[8] item
    store_double(item, value, CODES.index(dtype))
    if load_double(item, CODES.index(dtype)) != value:
        raise ValueError(f"{dtype} does not hold {value}")
    return fill(to.address(), item, CODES.index(dtype), to.view.ndim, to.view.shape,
                to.view.strides)


def has_zero(x, str dtype):
    """Is any element of x zero?"""
    cdef Operand source = Operand(x)
    return any_zero(source.address(), CODES.index(dtype), source.view.ndim, source.view.shape,
                    source.view.strides)


def reduce(str name, out, str out_dtype, indices, x, str x_dtype, shape, double param=0):
    """out, indices = reduction of x, contiguous of shape (outer, n, inner)."""
    cdef Operand to = None if out is None else Operand(out, True)
    cdef Operand where = None if indices is None else Operand(indices, True)
    cdef Operand source = Operand(x)
    outer, n, inner = shape
    return reduce_op(REDUCE.index(name), NULL if to is None else to.address(),
                     CODES.index(out_dtype),
                     NULL if where is None else <int64_t*> where.address(),
                     source.address(), CODES.index(x_dtype), outer, n, inner, param)


def scan(str name, out, str out_dtype, x, str x_dtype, shape):
    """out = running sum or product of x, contiguous of shape (outer, n, inner), over n."""
    cdef Operand to = Operand(out, True), source = Operand(x)
    outer, n, inner = shape
    return scan_op(SCAN.index(name), to.address(), CODES.index(out_dtype),
                   source.address(), CODES.index(x_dtype), outer, n, inner)


cdef class Generator:
    """The random stream of a seed."""
    cdef mt_generator generator

    def __cinit__(self, seed):
        rng_seed(&self.generator, seed)

    def get_state(self):
        out = bytearray(RNG_STATE_BYTES)
        cdef uint8_t* bytes_out = out
        rng_get_state(&self.generator, bytes_out)
        return bytes(out)

    def set_state(self, bytes state):
        return rng_set_state(&self.generator, state)

    def u32(self):
        return rng_u32(&self.generator)

    def u64(self):
        return rng_u64(&self.generator)

    def uniform(self, out, str dtype, double low=0, double high=1):
        cdef Operand to = Operand(out, True)
        return rng_uniform(&self.generator, to.address(), CODES.index(dtype), len(out), low, high)

    def normal(self, out, str dtype, double mean=0, double std=1, bint contiguous=True):
        cdef Operand to = Operand(out, True)
        return rng_normal(&self.generator, to.address(), CODES.index(dtype), len(out), mean, std,
                          contiguous)

    def exponential(self, out, str dtype, double rate=1):
        cdef Operand to = Operand(out, True)
        return rng_exponential(&self.generator, to.address(), CODES.index(dtype), len(out), rate)

    def randint(self, out, str dtype, low, high):
        cdef Operand to = Operand(out, True)
        return rng_randint(&self.generator, to.address(), CODES.index(dtype), len(out), low, high)

    def random(self, out, str dtype):
        cdef Operand to = Operand(out, True)
        return rng_random(&self.generator, to.address(), CODES.index(dtype), len(out))

    def permutation(self, out):
        cdef Operand to = Operand(out, True)
        rng_permutation(&self.generator, <int64_t*> to.address(), len(out))

    def bernoulli(self, out, str dtype, double p):
        cdef Operand to = Operand(out, True)
        return rng_bernoulli(&self.generator, to.address(), CODES.index(dtype), len(out), p)

    def bernoulli_each(self, out, str dtype, p, str p_dtype):
        cdef Operand to = Operand(out, True), source = Operand(p)
        return rng_bernoulli_each(&self.generator, to.address(), CODES.index(dtype),
                                  source.address(), CODES.index(p_dtype), len(out))
