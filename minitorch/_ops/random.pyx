"""Random tensors, from PyTorch's stream: the same seed gives the same numbers."""

import os
# threading's own source of both; to import threading takes a millisecond longer
from _thread import _local as thread_local, allocate_lock
import warnings
from operator import index as operator_index

from libc.stdint cimport int64_t, uint8_t, uint64_t

from minitorch._core.dtype cimport (
    FLOATING, check_dtype, cxx_name, default_float, dtype as DType, of_code, type_name)
from minitorch._core.dtype import finfo, iinfo
from minitorch._core.device import CPU, check_device
from minitorch._core.node cimport Node
from minitorch._core.record cimport bump, check_writable, connect1, records1, set_function
from minitorch._core.shape cimport is_dense
from minitorch._core.shape import broadcast_shapes
from minitorch._core.tensor cimport TensorBase, new_like, new_tensor
from minitorch._kernels.random cimport *
from minitorch._kernels.types cimport BOOL, F32, F64, I64, U8
from minitorch._ops._base cimport check_tensor, contiguous_raw, copy_raw, cast_raw
from minitorch._ops.creation cimport check_options, empty_of, finished
from minitorch._ops.binary cimport mul_number
from minitorch._ops.creation import _like_for_random, scalar_tensor
from minitorch._ops.writing cimport deliver


cdef class Generator:
    """A source of random numbers: a mt19937 stream with PyTorch's conversions."""

    cdef mt_generator state
    cdef object lock
    cdef object __weakref__

    def __init__(self, device="cpu"):
        check_device(device)
        self.lock = allocate_lock()
        rng_seed(&self.state, 67280421310721)

    @property
    def device(self):
        return CPU

    def manual_seed(self, seed):
        """Start the stream of `seed` and return the generator."""
        seed = int(seed)
        if not -0x8000_0000_0000_0000 <= seed <= 0xffff_ffff_ffff_ffff:
            raise RuntimeError(f"Overflow when unpacking long: seed {seed} is out of range")
        rng_seed(&self.state, <uint64_t> (seed & 0xffff_ffff_ffff_ffff))
        return self

    def initial_seed(self):
        """The seed the stream was started from."""
        return self.state.seed

    def seed(self):
        """Start a stream from a seed of the system, and return that."""
        cdef object fresh = int.from_bytes(os.urandom(8), "little")
        rng_seed(&self.state, fresh)
        return fresh

    def get_state(self):
        """The state of the stream, as a tensor of bytes in PyTorch's layout."""
        cdef Py_ssize_t n = RNG_STATE_BYTES
        cdef TensorBase out = new_tensor(of_code(U8), 1, &n)
        rng_get_state(&self.state, <uint8_t*> out.data())
        return out

    def set_state(self, new_state):
        """Take up the state that `get_state` returned."""
        cdef TensorBase t = check_tensor(new_state, "set_state", "new_state")
        if t.dtype_.code != U8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if t.numel_ != RNG_STATE_BYTES:
            raise RuntimeError(f"Expected a CPUGeneratorImplState of size {<int> RNG_STATE_BYTES} "
                               f"but found the input RNG state size to be {t.numel_}")
        t = contiguous_raw(t)
        if rng_set_state(&self.state, <const uint8_t*> t.data()):
            raise RuntimeError("Invalid mt19937 state")
        return self

    def clone_state(self):
        """A generator that continues from the same state."""
        return Generator().set_state(self.get_state())

    def random64(self):
        """The next 64 random bits."""
        return rng_u64(&self.state)


default_generator = Generator()
cdef Generator default_ = default_generator
# Threads that draw from a generator of their own, and which: see `drawing_from`.
cdef object of_thread = thread_local()
cdef Py_ssize_t threads_apart = 0


cdef Generator default_here():
    """The generator that stands for none: the thread's own if it has one."""
    if threads_apart:
        own = getattr(of_thread, "generator", None)
        if own is not None:
            return <Generator> own
    return default_


cdef Generator pick(object generator, str where):
    if generator is None:
        return default_here()
    if not isinstance(generator, Generator):
        raise TypeError(f"{where}(): argument 'generator' must be torch.Generator, not "
                        f"{type(generator).__name__}")
    return <Generator> generator


def manual_seed(seed):
    """Start the default generator's stream of `seed`; returns the generator."""
    return default_here().manual_seed(seed)


def seed():
    """Start the default generator from a seed of the system, and return that."""
    return default_here().seed()


def initial_seed():
    """The seed of the default generator."""
    return default_here().initial_seed()


def get_rng_state():
    """The state of the default generator, a tensor of bytes."""
    return default_here().get_state()


def set_rng_state(new_state):
    """Set the state of the default generator."""
    default_here().set_state(new_state)


class drawing_from:
    """Context manager: in this thread, what draws without a generator draws from this one.

    Random numbers of threads then depend neither on each other nor on their timing. `manual_seed`,
    `get_rng_state` and their kin mean this generator too; `default_generator` stays what it is.

    Parameters
    ----------
    generator : Generator
    """

    def __init__(self, generator):
        if not isinstance(generator, Generator):
            raise TypeError("drawing_from(): argument 'generator' must be torch.Generator, not "
                            f"{type(generator).__name__}")
        self.generator = generator

    def __enter__(self):
        global threads_apart
        self.before = getattr(of_thread, "generator", None)
        of_thread.generator = self.generator
        threads_apart += 1
        return self.generator

    def __exit__(self, *exc_info):
        global threads_apart
        threads_apart -= 1
        of_thread.generator = self.before


# ---------------------------------------------------------------- filling

cdef enum Kind:
    UNIFORM
    NORMAL
    EXPONENTIAL
    BERNOULLI
    INTEGERS
    WHOLE_RANGE
    CAUCHY
    LOG_NORMAL
    GEOMETRIC


cdef int draw(Kind kind, Generator g, TensorBase t, object a, object b, str where) except -1:
    """Fill in the order of memory, as PyTorch does; one drawing thread at a time."""
    cdef TensorBase dense = t if is_dense(t.ndim_, t.shape_, t.strides_) else new_like(t, t.dtype_)
    cdef char* p = dense.data()
    cdef Py_ssize_t n = dense.numel_
    cdef int code = dense.code(), status = 0
    with g.lock:
        if kind == UNIFORM:
            status = rng_uniform(&g.state, p, code, n, a, b)
        elif kind == NORMAL:
            status = rng_normal(&g.state, p, code, n, a, b, t.contiguous)
        elif kind == EXPONENTIAL:
            status = rng_exponential(&g.state, p, code, n, a)
        elif kind == BERNOULLI:
            status = rng_bernoulli(&g.state, p, code, n, a)
        elif kind == INTEGERS:
            status = rng_randint(&g.state, p, code, n, a, b)
        elif kind >= CAUCHY:
            status = rng_shaped(&g.state, SHAPE_CAUCHY + kind - CAUCHY, p, code, n, a, b)
        else:
            status = rng_random(&g.state, p, code, n)
    if status:
        raise NotImplementedError(f"\"{KERNELS.get(where, where)}\" not implemented for "
                                  f"'{type_name(t.dtype_)}'")
    if dense is not t:
        copy_raw(t, dense)
    return 0


CONTINUOUS = {EXPONENTIAL: "Exponential", CAUCHY: "Cauchy"}
# What PyTorch's errors call the kernels.
KERNELS = {**dict.fromkeys(("uniform_", "rand", "rand_like"), "check_uniform_bounds"),
           **dict.fromkeys(("normal_", "randn", "randn_like", "normal"), "normal_kernel_cpu"),
           "log_normal_": "log_normal_cpu", "geometric_": "geometric_cpu"}


cdef object fill_inplace(Kind kind, object self, object a, object b, object generator, str where):
    cdef TensorBase t = check_tensor(self, where, "self")
    if kind in CONTINUOUS and t.dtype_.category != FLOATING:
        name = type_name(t.dtype_) if kind == EXPONENTIAL else cxx_name(t.dtype_)
        raise RuntimeError(f"{CONTINUOUS[kind]} distribution is a continuous probability "
                           f"distribution. dtype must be a floating point but you specified {name}")
    check_writable(t, t.requires())
    draw(kind, pick(generator, where), t, a, b, where)
    bump(t)
    return self


def uniform_(self, from_=0, to=1, *, generator=None, **named):
    """Fill with numbers uniform in [from, to)."""
    from_ = named.pop("from", from_)
    if named:
        raise TypeError(f"uniform_() got an unexpected keyword argument {list(named)[0]!r}")
    if from_ > to:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found "
                           f"from={from_} > to={to}")
    return fill_inplace(UNIFORM, self, from_, to, generator, "uniform_")


def normal_(self, mean=0, std=1, *, generator=None):
    """Fill with normal numbers."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    return fill_inplace(NORMAL, self, mean, std, generator, "normal_")


def exponential_(self, lambd=1, *, generator=None):
    """Fill with exponential numbers of rate `lambd`."""
    if lambd <= 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    return fill_inplace(EXPONENTIAL, self, lambd, None, generator, "exponential_")


def bernoulli_(self, p=0.5, *, generator=None):
    """Fill with ones of probability `p` (a number or a tensor), else zeros."""
    if isinstance(p, TensorBase):
        copied = bernoulli(p.expand(self.shape), generator=generator)
        return self.copy_(copied)
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
    return fill_inplace(BERNOULLI, self, p, None, generator, "bernoulli_")


def random_(self, *bounds, generator=None, **named):
    """``random_(to)``, ``random_(from, to)``: whole numbers in [from, to).

    Without bounds they are of the whole range of the dtype (for floats, of those that it holds
    exactly); with ``to=None``, from `from` to its end.
    """
    cdef DType d = check_tensor(self, "random_", "self").dtype_
    from_, to = named.pop("from", None), named.pop("to", None)
    if named or len(bounds) > 2:
        raise TypeError(f"random_() received an invalid combination of arguments: {named}")
    if len(bounds) == 2:
        from_, to = bounds
    elif bounds:
        to = bounds[0]
    if from_ is None and to is None:
        return fill_inplace(WHOLE_RANGE, self, None, None, generator, "random_")
    from_, to = checked_start(from_, d) if to is None else checked_range(from_ or 0, to, d)
    return fill_inplace(INTEGERS, self, from_, to, generator, "random_")


# ---------------------------------------------------------------- bounds of integers

# Binary digits of the floats: whole numbers beyond 2 ** digits have gaps.
DIGITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}


cdef object wrapped(object value):
    """A whole number as 64 signed bits."""
    return (value + 2 ** 63) % 2 ** 64 - 2 ** 63


cdef object nearest(object value, DType d):
    """A whole number as the dtype holds it."""
    return int(scalar_tensor(value, dtype=d).double().item())


cdef object step_inside(object value, object rounded, int sign, int digits):
    """The next whole number inside the range that a float can hold, as PyTorch finds it."""
    return rounded + sign * (1 << abs(value).bit_length() - digits)


cdef tuple checked_range(object low, object high, DType d):
    """The bounds of [low, high) for a dtype; raises where it cannot hold them."""
    low, high = operator_index(low), operator_index(high)
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= "
                           f"to={high}")
    limit_low, limit_high = limits_of(d)
    if d.category == FLOATING:
        digits = DIGITS[d.name]
        if low + 1 >= limit_low and nearest(low + 1, d) < low:
            low = step_inside(low + 1, nearest(low + 1, d), 1, digits)
        if high - 1 <= limit_high and nearest(high - 1, d) >= high:
            high = step_inside(high - 1, nearest(high - 1, d), -1, digits)
        if low >= high:
            raise RuntimeError("random_ expects 'from' casted to dtype to be less than 'to' casted "
                               f"to dtype, but got from={low} >= to={high}")
    check_limits(low, "from", d)
    check_limits(high - 1, "to - 1", d)
    return low, wrapped(high)


cdef tuple checked_start(object low, DType d):
    """The bounds from `low` to the dtype's largest whole number."""
    low = operator_index(low)
    if d.category == FLOATING:
        last = 1 << DIGITS[d.name]
    else:
        last = limits_of(d)[1]
    if low == -2 ** 63:
        return low, low
    check_limits(low, "from", d)
    if low >= last and d.category == FLOATING:
        raise RuntimeError("random_ expects 'from' casted to dtype to be less than or equal to "
                           f"'to_inc' casted to dtype, but got from={low} > to_inc={last}")
    return low, wrapped(last + 1)


cdef tuple limits_of(DType d):
    """The smallest and largest whole number of a dtype."""
    if d.category == FLOATING:
        return int(finfo(d).min), int(finfo(d).max)
    if d.code == BOOL:
        return 0, 1
    return iinfo(d).min, iinfo(d).max


cdef int check_limits(object value, str name, DType d) except -1:
    limits = limits_of(d)
    if not limits[0] <= value <= limits[1]:
        raise RuntimeError(f"{name} is out of bounds for {cxx_name(d)}")
    if d.category == FLOATING and abs(value) > 1 << DIGITS[d.name]:
        warnings.warn(
            f"{name} is out of bounds [-(2^{DIGITS[d.name]}), 2^{DIGITS[d.name]}]. Due to "
            f"precision limitations {cxx_name(d)} can support discrete uniform distribution only "
            "within this range. This warning will become an error in version 1.7 release, please "
            "fix the code in advance", stacklevel=2)
    return 0


# ---------------------------------------------------------------- rarer distributions

def cauchy_(self, median=0, sigma=1, *, generator=None):
    """Fill with numbers of Cauchy's distribution."""
    if sigma <= 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    return fill_inplace(CAUCHY, self, median, sigma, generator, "cauchy_")


def log_normal_(self, mean=1, std=2, *, generator=None):
    """Fill with the exponentials of normal numbers."""
    if std <= 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
    return fill_inplace(LOG_NORMAL, self, mean, std, generator, "log_normal_")


def geometric_(self, p, *, generator=None):
    """Fill with numbers of trials up to the first success, of probability `p`."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    return fill_inplace(GEOMETRIC, self, p, 0, generator, "geometric_")


cdef class PoissonBackward0(Node):
    """Zeros: a number drawn has no slope."""

    cdef tuple apply(self, tuple grads):
        return (mul_number(grads[0], 0),)


def poisson(input, generator=None):
    """Numbers of events, as many on average as `input` says.

    Raises
    ------
    RuntimeError
        For a negative rate.
    """
    cdef TensorBase rate = check_tensor(input, "poisson", "input")
    cdef TensorBase out, wide
    cdef Generator g = pick(generator, "poisson")
    cdef Node node
    if rate.dtype_.category != FLOATING:
        raise NotImplementedError("\"poisson_cpu\" not implemented for "
                                  f"'{type_name(rate.dtype_)}'")
    wide = contiguous_raw(cast_raw(rate, of_code(F64)))
    if rate.numel_ and (wide.detach() < 0).any().item():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    out = new_tensor(rate.dtype_, rate.ndim_, rate.shape_)
    with g.lock:
        rng_poisson(&g.state, out.data(), out.code(), <const double*> wide.data(), out.numel_)
    if records1(rate):
        node = PoissonBackward0.__new__(PoissonBackward0)
        connect1(node, rate)
        set_function(out, node, 0)
    return out


# ---------------------------------------------------------------- making

cdef object made(Kind kind, TensorBase t, object a, object b, object generator,
                 bint requires_grad, object out, str where):
    draw(kind, pick(generator, where), t, a, b, where)
    return deliver(finished(t, requires_grad), out)


cdef tuple sized(tuple args, object size, str where):
    return args if size is None else (size,)


cdef DType wanted(object d, object out, DType otherwise, str where):
    if d is None and isinstance(out, TensorBase):
        return (<TensorBase> out).dtype_
    return otherwise if d is None else check_dtype(d, where)


def rand(*args, size=None, generator=None, out=None, dtype=None, layout=None, device=None,
         requires_grad=False, pin_memory=False):
    """Numbers uniform in [0, 1)."""
    check_options("rand", layout, device, pin_memory)
    t = empty_of(sized(args, size, "rand"), wanted(dtype, out, default_float(), "rand"), None,
                 "rand")
    return made(UNIFORM, t, 0.0, 1.0, generator, requires_grad, out, "rand")


def randn(*args, size=None, generator=None, out=None, dtype=None, layout=None, device=None,
          requires_grad=False, pin_memory=False):
    """Numbers of the standard normal distribution."""
    check_options("randn", layout, device, pin_memory)
    t = empty_of(sized(args, size, "randn"), wanted(dtype, out, default_float(), "randn"), None,
                 "randn")
    return made(NORMAL, t, 0.0, 1.0, generator, requires_grad, out, "randn")


def rand_like(input, *, generator=None, dtype=None, layout=None, device=None,
              requires_grad=False, memory_format=None):
    """Numbers uniform in [0, 1), in a tensor of the same size."""
    t = _like_for_random(input, dtype, layout, device, memory_format, "rand_like")
    return made(UNIFORM, t, 0.0, 1.0, generator, requires_grad, None, "rand_like")


def randn_like(input, *, generator=None, dtype=None, layout=None, device=None,
               requires_grad=False, memory_format=None):
    """Normal numbers, in a tensor of the same size."""
    t = _like_for_random(input, dtype, layout, device, memory_format, "randn_like")
    return made(NORMAL, t, 0.0, 1.0, generator, requires_grad, None, "randn_like")


def randint(*args, low=None, high=None, size=None, generator=None, out=None, dtype=None,
            layout=None, device=None, requires_grad=False, pin_memory=False):
    """``randint(high, size)`` or ``randint(low, high, size)``: integers in [low, high)."""
    values = list(args)
    if size is None and values and isinstance(values[-1], (tuple, list)):
        size = values.pop()
    if len(values) == 2:
        low, high = values
    elif len(values) == 1:
        high = values[0]
    if high is None or size is None:
        raise TypeError("randint() needs the arguments 'high' and 'size'")
    check_options("randint", layout, device, pin_memory)
    t = empty_of((size,), wanted(dtype, out, of_code(I64), "randint"), None, "randint")
    low, high = checked_range(0 if low is None else low, high, (<TensorBase> t).dtype_)
    return made(INTEGERS, t, low, high, generator, requires_grad, out, "randint")


def randint_like(input, *args, low=None, high=None, generator=None, dtype=None, layout=None, device=None,
                 requires_grad=False, memory_format=None):
    """Integers in [low, high), in a tensor of the same size."""
    if len(args) == 2:
        low, high = args
    elif args:
        high = args[0]
    if high is None:
        raise TypeError("randint_like() missing argument 'high'")
    t = _like_for_random(input, dtype, layout, device, memory_format, "randint_like")
    low, high = checked_range(0 if low is None else low, high, (<TensorBase> t).dtype_)
    return made(INTEGERS, t, low, high, generator, requires_grad, None, "randint_like")


def randperm(n, *, generator=None, out=None, dtype=None, layout=None, device=None,
             requires_grad=False, pin_memory=False):
    """A random permutation of the integers below `n`."""
    cdef Py_ssize_t count = n
    cdef Generator g = pick(generator, "randperm")
    cdef TensorBase t
    cdef DType d = wanted(dtype, out, of_code(I64), "randperm")
    check_options("randperm", layout, device, pin_memory)
    if count < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    if d.category != FLOATING and count - 1 > limits_of(d)[1]:
        raise RuntimeError(f"value cannot be converted to type {d.name}_t without overflow")
    t = new_tensor(of_code(I64), 1, &count)
    with g.lock:
        rng_permutation(&g.state, <int64_t*> t.data(), count)
    return deliver(finished(cast_raw(t, d), requires_grad), out)


def bernoulli(input, p=None, *, generator=None, out=None):
    """Zeros and ones: ones with the probabilities that `input` holds, or all with `p`."""
    if p is not None:
        return deliver(bernoulli_(new_like(check_tensor(input, "bernoulli", "input"),
                                           (<TensorBase> input).dtype_), p,
                                  generator=generator), out)
    return bernoulli_of(input, generator, out)


cdef object bernoulli_of(object input, object generator, object out):
    cdef TensorBase p = check_tensor(input, "bernoulli", "input")
    cdef TensorBase dense, t
    cdef Generator g = pick(generator, "bernoulli")
    cdef int status
    if p.dtype_.category != FLOATING:
        raise NotImplementedError("\"bernoulli_tensor_cpu_p_\" not implemented for "
                                  f"'{type_name(p.dtype_)}'")
    if not ((p >= 0).all().item() and (p <= 1).all().item()):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    t = new_like(p, p.dtype_)
    dense = contiguous_raw(p if p.dtype_.code == F64 else cast_raw(p, of_code(F32)))
    flat = t if t.contiguous else new_tensor(t.dtype_, t.ndim_, t.shape_)
    with g.lock:
        status = rng_bernoulli_each(&g.state, (<TensorBase> flat).data(), t.code(), dense.data(),
                                    dense.code(), t.numel_)
    if status:
        raise NotImplementedError(f"bernoulli is not implemented for {p.dtype_!r}")
    if flat is not t:
        copy_raw(t, flat)
    return deliver(t, out)


def normal(mean=0.0, std=1.0, size=None, *, generator=None, out=None, dtype=None, layout=None,
           device=None, requires_grad=False, pin_memory=False):
    """Normal numbers; `mean` and `std` are tensors, or numbers (with `size`, if both are)."""
    cdef TensorBase t
    check_options("normal", layout, device, pin_memory)
    numbers_ = not isinstance(mean, TensorBase) and not isinstance(std, TensorBase)
    if numbers_ != (size is not None):
        raise TypeError("normal() received an invalid combination of arguments: 'size' is for "
                        "numbers only, which need it")
    if not isinstance(std, TensorBase):
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    elif std.numel() and not (std.detach() >= 0).all().item():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    if size is not None:
        t = empty_of((size,), wanted(dtype, out, default_float(), "normal"), None, "normal")
        return made(NORMAL, t, mean, std, generator, requires_grad, out, "normal")
    like = mean if isinstance(mean, TensorBase) else std
    shape = broadcast_shapes(*[v.shape for v in (mean, std) if isinstance(v, TensorBase)])
    t = empty_of((shape,), like.dtype, None, "normal")
    if isinstance(std, TensorBase):
        draw(NORMAL, pick(generator, "normal"), t, 0.0, 1.0, "normal")
        t.mul_(std.detach())
    else:
        draw(NORMAL, pick(generator, "normal"), t, 0.0, std, "normal")
    return deliver(t.add_(mean.detach() if isinstance(mean, TensorBase) else mean), out)


class fork_rng:
    """Context manager: the default generator is put back afterwards.

    Parameters
    ----------
    devices : iterable, optional
        Only the CPU exists, so it must be empty.
    enabled : bool
    device_type : str
        "cpu" or PyTorch's default "cuda", which names no device here.
    """

    def __init__(self, devices=None, enabled=True, _caller="fork_rng", _devices_kw="devices",
                 device_type="cuda"):
        if devices:
            raise RuntimeError("minitorch computes on the CPU only: fork_rng(devices=...) must be "
                               "empty")
        self.enabled = enabled

    def __enter__(self):
        if self.enabled:
            self.state = default_here().get_state()
        return self

    def __exit__(self, *exc_info):
        if self.enabled:
            default_here().set_state(self.state)
