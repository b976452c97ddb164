"""Random tensors, from PyTorch's stream: the same seed gives the same numbers."""

import os
import threading

from libc.stdint cimport int64_t, uint8_t, uint64_t

from minitorch._core.dtype cimport FLOATING, check_dtype, default_float, dtype as DType, of_code
from minitorch._core.device import CPU, check_device
from minitorch._core.record cimport bump, check_writable
from minitorch._core.shape cimport is_dense
from minitorch._core.tensor cimport TensorBase, new_like, new_tensor
from minitorch._kernels.random cimport *
from minitorch._kernels.types cimport F32, F64, I64, U8
from minitorch._ops._base cimport check_tensor, contiguous_raw, copy_raw, deliver, cast_raw
from minitorch._ops.creation cimport check_options, empty_of, finished
from minitorch._ops.creation import _like_for_random


cdef class Generator:
    """A source of random numbers: a mt19937 stream with PyTorch's conversions."""

    cdef mt_generator state
    cdef object lock
    cdef object __weakref__

    def __init__(self, device="cpu"):
        check_device(device)
        self.lock = threading.Lock()
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
            raise RuntimeError("RNG state is wrong size")
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


cdef Generator pick(object generator, str where):
    if generator is None:
        return default_
    if not isinstance(generator, Generator):
        raise TypeError(f"{where}(): argument 'generator' must be torch.Generator, not "
                        f"{type(generator).__name__}")
    return <Generator> generator


def manual_seed(seed):
    """Start the default generator's stream of `seed`; returns the generator."""
    return default_.manual_seed(seed)


def seed():
    """Start the default generator from a seed of the system, and return that."""
    return default_.seed()


def initial_seed():
    """The seed of the default generator."""
    return default_.initial_seed()


def get_rng_state():
    """The state of the default generator, a tensor of bytes."""
    return default_.get_state()


def set_rng_state(new_state):
    """Set the state of the default generator."""
    default_.set_state(new_state)


# ---------------------------------------------------------------- filling

cdef enum Kind:
    UNIFORM
    NORMAL
    EXPONENTIAL
    BERNOULLI
    INTEGERS
    WHOLE_RANGE


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
        else:
            status = rng_random(&g.state, p, code, n)
    if status:
        raise NotImplementedError(f"\"{where}\" not implemented for '{t.dtype_!r}'")
    if dense is not t:
        copy_raw(t, dense)
    return 0


cdef object fill_inplace(Kind kind, object self, object a, object b, object generator, str where):
    cdef TensorBase t = check_tensor(self, where, "self")
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


def random_(self, from_=0, to=None, *, generator=None, **named):
    """Fill with integers in [from, to), or over the whole range of the dtype."""
    from_ = named.pop("from", from_)
    if named:
        raise TypeError(f"random_() got an unexpected keyword argument {list(named)[0]!r}")
    if to is None and from_ == 0:
        return fill_inplace(WHOLE_RANGE, self, None, None, generator, "random_")
    if to is None:
        from_, to = 0, from_
    if from_ >= to:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={from_} >= "
                           f"to={to}")
    return fill_inplace(INTEGERS, self, from_, to, generator, "random_")


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
            layout=None, device=None, requires_grad=False):
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
    low = 0 if low is None else low
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= "
                           f"to={high}")
    check_options("randint", layout, device, None)
    t = empty_of((size,), wanted(dtype, out, of_code(I64), "randint"), None, "randint")
    return made(INTEGERS, t, low, high, generator, requires_grad, out, "randint")


def randint_like(input, *args, low=None, high=None, dtype=None, layout=None, device=None,
                 requires_grad=False, memory_format=None):
    """Integers in [low, high), in a tensor of the same size."""
    if len(args) == 2:
        low, high = args
    elif args:
        high = args[0]
    low = 0 if low is None else low
    t = _like_for_random(input, dtype, layout, device, memory_format, "randint_like")
    if high is None or low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= "
                           f"to={high}")
    return made(INTEGERS, t, low, high, None, requires_grad, None, "randint_like")


def randperm(n, *, generator=None, out=None, dtype=None, layout=None, device=None,
             requires_grad=False, pin_memory=False):
    """A random permutation of the integers below `n`."""
    cdef Py_ssize_t count = n
    cdef Generator g = pick(generator, "randperm")
    cdef TensorBase t
    check_options("randperm", layout, device, pin_memory)
    if count < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    t = new_tensor(of_code(I64), 1, &count)
    with g.lock:
        rng_permutation(&g.state, <int64_t*> t.data(), count)
    return deliver(finished(cast_raw(t, wanted(dtype, out, of_code(I64), "randperm")),
                            requires_grad), out)


def bernoulli(input, *, generator=None, out=None):
    """Zeros and ones: ones with the probabilities that `input` holds."""
    cdef TensorBase p = check_tensor(input, "bernoulli", "input")
    cdef TensorBase dense, t
    cdef Generator g = pick(generator, "bernoulli")
    cdef int status
    if p.dtype_.category != FLOATING:
        raise NotImplementedError(f"\"bernoulli_tensor_cpu_p_\" not implemented for '{p.dtype_!r}'")
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


def normal(mean, std=1.0, size=None, *, generator=None, out=None, dtype=None, layout=None,
           device=None, requires_grad=False, pin_memory=False):
    """Normal numbers; `mean` and `std` are numbers (with `size`) or tensors."""
    from minitorch._ops.arithmetic import add, mul
    check_options("normal", layout, device, pin_memory)
    if size is not None:
        t = empty_of((size,), wanted(dtype, out, default_float(), "normal"), None, "normal")
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        return made(NORMAL, t, mean, std, generator, requires_grad, out, "normal")
    if not isinstance(mean, TensorBase) and not isinstance(std, TensorBase):
        raise TypeError("normal() needs the argument 'size' when mean and std are numbers")
    like = add(mul(mean, 0.0), mul(std, 0.0))
    draws = randn_like(like, generator=generator)
    return deliver(add(mul(draws, std), mean), out)


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
            self.state = default_.get_state()
        return self

    def __exit__(self, *exc_info):
        if self.enabled:
            default_.set_state(self.state)
