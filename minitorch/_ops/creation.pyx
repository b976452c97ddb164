"""Functions that make tensors from data, numbers or nothing."""

import math

import numpy
from libc.math cimport fma

from minitorch._core.dtype cimport (
    FLOATING, check_dtype, default_float, dtype as DType, of_code, promote)
from minitorch._core.device import check_device
from minitorch._core.layout import (
    channels_last as CHANNELS_LAST, check_layout, check_memory_format,
    contiguous_format as CONTIGUOUS, preserve_format as PRESERVE)
from minitorch._core.dtype import from_numpy_dtype
from minitorch._core.elements cimport write_item
from minitorch._core.foreign import from_buffer
from minitorch._core.foreign cimport wrap_buffer
from minitorch._core.shape cimport (
    Dims, channels_last_strides, checked_numel, contiguous_strides, dims_from, dims_from_args,
    is_dense)
from minitorch._core.tensor cimport TensorBase, alias, new_like, new_strided, new_tensor, scalar_of
from minitorch._kernels.types cimport BOOL, F32, F64, I64, MAX_DIMS
from minitorch._ops._base cimport cast_raw, check_tensor, clone_raw, fill_raw
from minitorch._ops.scalars cimport is_number
from minitorch._ops.writing cimport deliver


# ---------------------------------------------------------------- common arguments

cdef int check_options(str where, object layout, object device, object pin_memory) except -1:
    """Check the options that PyTorch's factories share."""
    check_layout(layout, where)
    check_device(device)
    if pin_memory:
        raise RuntimeError(f"{where}(): argument 'pin_memory': there is no device to pin memory "
                           "for")
    return 0


cdef TensorBase finished(TensorBase made, bint requires_grad):
    if requires_grad:
        if made.dtype_.category != FLOATING:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require "
                               "gradients")
        made.leaf_requires_grad = True
    return made


cdef int strides_for(object memory_format, int n, const Py_ssize_t* shape, Py_ssize_t* strides,
                     str where) except -1:
    if memory_format is None or memory_format is CONTIGUOUS:
        contiguous_strides(n, shape, strides)
        return 0
    check_memory_format(memory_format, where)
    if memory_format is PRESERVE:
        raise RuntimeError(f"{where}(): argument 'memory_format' must not be "
                           "torch.preserve_format")
    wanted = 4 if memory_format is CHANNELS_LAST else 5
    if n != wanted:
        raise RuntimeError(f"required rank {wanted} tensor to use {memory_format.name} format")
    channels_last_strides(n, shape, strides)
    return 0


cdef TensorBase empty_of(tuple size, object dtype_, object memory_format, str where):
    cdef Dims dims
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef DType d = default_float() if dtype_ is None else check_dtype(dtype_, where)
    dims_from_args(size, &dims, where)
    checked_numel(dims.n, dims.at)
    strides_for(memory_format, dims.n, dims.at, strides, where)
    return new_strided(d, dims.n, dims.at, strides)


cdef tuple size_of(tuple size, object keyword, str where):
    """`size` may come as positions or, as in PyTorch, by its name."""
    if keyword is None:
        return size
    if size:
        raise TypeError(f"{where}() got multiple values for argument 'size'")
    return (keyword,)


cdef TensorBase filled(tuple args, object value, object size, object dtype_, object layout,
                       object device, object pin_memory, bint requires_grad, object out,
                       str where):
    cdef TensorBase made
    check_options(where, layout, device, pin_memory)
    if out is not None and dtype_ is None:
        dtype_ = check_tensor(out, where, "out").dtype_
    made = empty_of(size_of(args, size, where), dtype_, None, where)
    fill_raw(made, value)
    return deliver(finished(made, requires_grad), out)


# ---------------------------------------------------------------- sizes to tensors

def empty(*args, size=None, out=None, dtype=None, layout=None, device=None, requires_grad=False,
          pin_memory=False, memory_format=None):
    """An uninitialised tensor of the given size."""
    check_options("empty", layout, device, pin_memory)
    made = empty_of(size_of(args, size, "empty"), dtype, memory_format, "empty")
    return deliver(finished(made, requires_grad), out)


def empty_strided(size, stride, *, dtype=None, layout=None, device=None, requires_grad=False,
                  pin_memory=False):
    """An uninitialised tensor of the given size and strides (in elements)."""
    cdef Dims dims, steps
    cdef Py_ssize_t needed = 1
    cdef int i
    check_options("empty_strided", layout, device, pin_memory)
    dims_from(size, &dims, "empty_strided")
    dims_from(stride, &steps, "empty_strided", "stride")
    if dims.n != steps.n:
        raise RuntimeError(f"mismatch in length of strides and shape: {steps.n} and {dims.n}")
    checked_numel(dims.n, dims.at)
    for i in range(dims.n):
        if steps.at[i] < 0:
            raise RuntimeError("empty_strided: negative strides are not supported")
        if dims.at[i] > 1:
            needed += (dims.at[i] - 1) * steps.at[i]
    d = default_float() if dtype is None else check_dtype(dtype, "empty_strided")
    if is_dense(dims.n, dims.at, steps.at):
        made = new_strided(d, dims.n, dims.at, steps.at)
    else:
        made = new_tensor(d, 1, &needed)
        (<TensorBase> made).set_geometry(dims.n, dims.at, steps.at)
    return finished(made, requires_grad)


def zeros(*args, size=None, out=None, dtype=None, layout=None, device=None, requires_grad=False,
          pin_memory=False):
    """A tensor of zeros."""
    return filled(args, 0, size, dtype, layout, device, pin_memory, requires_grad, out, "zeros")


def ones(*args, size=None, out=None, dtype=None, layout=None, device=None, requires_grad=False,
         pin_memory=False):
    """A tensor of ones."""
    return filled(args, 1, size, dtype, layout, device, pin_memory, requires_grad, out, "ones")


cdef object dtype_of_number(object value):
    if isinstance(value, bool):
        return of_code(BOOL)
    return of_code(I64) if isinstance(value, int) else default_float()


cdef object scalar_value(object value, str where, str argument):
    """A number, or the one element of a tensor."""
    if is_number(value):
        return value
    if isinstance(value, TensorBase) and (<TensorBase> value).numel_ == 1:
        return value.item()
    raise TypeError(f"{where}(): argument '{argument}' must be Number, not "
                    f"{type(value).__name__}")


def full(size, fill_value, *, out=None, dtype=None, layout=None, device=None,
         requires_grad=False, pin_memory=False):
    """A tensor filled with one number, whose kind gives the dtype."""
    fill_value = scalar_value(fill_value, "full", "fill_value")
    if dtype is None:
        dtype = dtype_of_number(fill_value)
    return filled((size,), fill_value, None, dtype, layout, device, pin_memory, requires_grad,
                  out, "full")


cdef TensorBase like_of(object input, object dtype_, object layout, object device,
                        object memory_format, str where, object pin_memory=None):
    cdef TensorBase t = check_tensor(input, where, "input")
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef DType d = t.dtype_ if dtype_ is None else check_dtype(dtype_, where)
    check_options(where, layout, device, pin_memory)
    if memory_format is None or memory_format is PRESERVE:
        return new_like(t, d)
    strides_for(memory_format, t.ndim_, t.shape_, strides, where)
    return new_strided(d, t.ndim_, t.shape_, strides)


def empty_like(input, *, dtype=None, layout=None, device=None, requires_grad=False,
               memory_format=None, pin_memory=False):
    """An uninitialised tensor of the same size."""
    return finished(like_of(input, dtype, layout, device, memory_format, "empty_like", pin_memory),
                    requires_grad)


cdef TensorBase filled_like(object input, object value, object dtype_, object layout,
                            object device, bint requires_grad, object memory_format,
                            object pin_memory, str where):
    made = like_of(input, dtype_, layout, device, memory_format, where, pin_memory)
    fill_raw(made, value)
    return finished(made, requires_grad)


def zeros_like(input, *, dtype=None, layout=None, device=None, requires_grad=False,
               memory_format=None, pin_memory=False):
    """Zeros of the same size."""
    return filled_like(input, 0, dtype, layout, device, requires_grad, memory_format, pin_memory,
                       "zeros_like")


def ones_like(input, *, dtype=None, layout=None, device=None, requires_grad=False,
              memory_format=None, pin_memory=False):
    """Ones of the same size."""
    return filled_like(input, 1, dtype, layout, device, requires_grad, memory_format, pin_memory,
                       "ones_like")


def full_like(input, fill_value, *, dtype=None, layout=None, device=None, requires_grad=False,
              memory_format=None, pin_memory=False):
    """One number in a tensor of the same size and dtype."""
    return filled_like(input, scalar_value(fill_value, "full_like", "fill_value"), dtype, layout,
                       device, requires_grad, memory_format, pin_memory, "full_like")


def new_empty(self, *args, size=None, dtype=None, device=None, requires_grad=False, layout=None,
              pin_memory=False):
    """An uninitialised tensor of another size and the same dtype."""
    check_options("new_empty", layout, device, pin_memory)
    made = empty_of(size_of(args, size, "new_empty"), dtype or self.dtype, None, "new_empty")
    return finished(made, requires_grad)


def new_empty_strided(self, size, stride, dtype=None, layout=None, device=None,
                      pin_memory=False, requires_grad=False):
    """An uninitialised tensor of the given size and strides, of the same dtype."""
    return empty_strided(size, stride, dtype=dtype or self.dtype, layout=layout, device=device,
                         requires_grad=requires_grad, pin_memory=pin_memory)


def new_zeros(self, *args, size=None, dtype=None, device=None, requires_grad=False, layout=None,
              pin_memory=False):
    """Zeros of another size and the same dtype."""
    return filled(args, 0, size, dtype or self.dtype, layout, device, pin_memory, requires_grad,
                  None, "new_zeros")


def new_ones(self, *args, size=None, dtype=None, device=None, requires_grad=False, layout=None,
             pin_memory=False):
    """Ones of another size and the same dtype."""
    return filled(args, 1, size, dtype or self.dtype, layout, device, pin_memory, requires_grad,
                  None, "new_ones")


def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False, layout=None,
             pin_memory=False):
    """One number in a tensor of another size and the same dtype."""
    return filled((size,), scalar_value(fill_value, "new_full", "fill_value"), None,
                  dtype or self.dtype, layout, device, pin_memory, requires_grad, None,
                  "new_full")


def new_tensor_(self, data, *, dtype=None, device=None, requires_grad=False, layout=None,
                pin_memory=False):
    """A tensor of `data` with the same dtype."""
    return tensor(data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad,
                  pin_memory=pin_memory)


def eye(n, m=None, *, out=None, dtype=None, layout=None, device=None, requires_grad=False):
    """The identity matrix, of `n` rows and `m` columns (`n` if not given)."""
    cdef Py_ssize_t i, rows, columns
    cdef TensorBase made
    m = n if m is None else m
    if n < 0 or m < 0:
        raise RuntimeError(f"{'n' if n < 0 else 'm'} must be greater or equal to 0, got {n if n < 0 else m}")
    made = filled((n, m), 0, None, dtype, layout, device, None, requires_grad, None, "eye")
    rows, columns = n, m
    for i in range(min(rows, columns)):
        write_item(made.code(), made.data() + (i * columns + i) * made.dtype_.itemsize, 1)
    return deliver(made, out)


# ---------------------------------------------------------------- ranges

def arange(*args, start=None, end=None, step=None, out=None, dtype=None, layout=None, device=None,
           requires_grad=False):
    """``arange(end)``, ``arange(start, end)`` or ``arange(start, end, step)``.

    The numbers from `start` up to but without `end`; int64 if all three are integers.

    Raises
    ------
    RuntimeError
        If `step` is 0 or leads away from `end`.
    """
    cdef TensorBase made
    cdef Py_ssize_t count
    cdef DType d
    if len(args) > 3:
        raise TypeError(f"arange() takes from 1 to 3 positional arguments but {len(args)} were "
                        "given")
    if len(args) == 1 and end is None:
        end = args[0]
    elif len(args) == 1:
        start = args[0]
    elif args:
        start, end = args[:2]
        step = args[2] if len(args) == 3 else step
    start, step = 0 if start is None else start, 1 if step is None else step
    if end is None:
        raise TypeError("arange() missing argument 'end'")
    start, end, step = [scalar_value(value, "arange", name)
                        for value, name in ((start, "start"), (end, "end"), (step, "step"))]
    check_options("arange", layout, device, None)
    if dtype is None and out is not None:
        dtype = out.dtype
    if dtype is None:
        integers = all([isinstance(value, int) or hasattr(value, "__index__")
                        for value in (start, end, step)])
        d = of_code(I64) if integers else default_float()
    else:
        d = check_dtype(dtype, "arange")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (step > 0 and end < start) or (step < 0 and end > start):
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if d.code == I64:
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise ValueError("step must be nonzero")
        count = -(-(end - start) // step)
    else:
        count = math.ceil((end - start) / step)
    if d.category != FLOATING:
        start, step = int(start), int(step)
    places = numpy.arange(count, dtype=numpy.float64 if d.category == FLOATING else numpy.int64)
    made = cast_raw(wrap_buffer(places * step + start, None, True), d)
    return deliver(finished(made, requires_grad), out)


def linspace(start, end, steps, *, out=None, dtype=None, layout=None, device=None,
             requires_grad=False):
    """`steps` numbers at equal distances from `start` to `end`, both included."""
    cdef TensorBase made
    cdef Py_ssize_t count = steps
    cdef DType d = default_float() if dtype is None else check_dtype(dtype, "linspace")
    check_options("linspace", layout, device, None)
    start, end = ends_of(start, end, "linspace")
    if count < 0:
        raise RuntimeError("number of steps must be non-negative")
    if d.category != FLOATING:
        start, end = int(start), int(end)
    made = new_tensor(of_code(F32 if d.code == F32 else F64), 1, &count)
    fill_linspace(made, start, end)
    return deliver(finished(cast_raw(made, d), requires_grad), out)


cdef void fill_linspace(TensorBase out, double start, double end) noexcept:
    """From both ends, so that the last number is `end` itself; fused as PyTorch's compiler does."""
    cdef Py_ssize_t n = out.numel_, i
    cdef double step, value
    if out.code() == F32:
        start, end = <float> start, <float> end
        step = (<float> end - <float> start) / <float> (n - 1) if n > 1 else 0
    else:
        step = (end - start) / (n - 1) if n > 1 else 0
    for i in range(n):
        if i < n // 2 or n == 1:
            value = fma(step, i, start)
        else:
            value = fma(-step, n - 1 - i, end)
        if out.code() == F32:
            (<float*> out.data())[i] = <float> value
        else:
            (<double*> out.data())[i] = value


cdef tuple ends_of(object start, object end, str where):
    """Two numbers, or the elements of two 0-d tensors."""
    axes = [value.ndim if isinstance(value, TensorBase) else 0 for value in (start, end)]
    if any(axes):
        raise RuntimeError(f"{where} only supports 0-dimensional start and end tensors, but got "
                           f"start with {axes[0]} dimension(s) and end with {axes[1]} "
                           "dimension(s).")
    return scalar_value(start, where, "start"), scalar_value(end, where, "end")


def logspace(start, end, steps, base=10.0, *, out=None, dtype=None, layout=None, device=None,
             requires_grad=False):
    """`steps` powers of `base` at equal distances of the exponent."""
    start, end = ends_of(start, end, "logspace")
    exponents = linspace(start, end, steps, dtype=of_code(F64), layout=layout, device=device)
    d = default_float() if dtype is None else check_dtype(dtype, "logspace")
    values = [base ** e for e in exponents.tolist()]
    return deliver(finished(tensor(values, dtype=d), requires_grad), out)


# ---------------------------------------------------------------- data to tensors

cdef DType kind_of(object data, DType found):
    """The dtype that nested numbers ask for, joined with what was found before."""
    cdef DType own
    if isinstance(data, bool):
        own = of_code(BOOL)
    elif isinstance(data, int):
        own = of_code(I64)
    elif isinstance(data, float):
        own = default_float()
    elif isinstance(data, (list, tuple, range)):
        for item in data:
            found = kind_of(item, found)
        return found
    elif isinstance(data, TensorBase):
        own = (<TensorBase> data).dtype_
    elif hasattr(data, "dtype") and hasattr(data, "shape"):
        own = from_numpy_dtype(data.dtype)
    elif isinstance(data, complex):
        raise TypeError("tensor(): complex numbers are not supported")
    elif hasattr(data, "__index__"):
        own = of_code(I64)
    elif hasattr(data, "__float__"):
        own = default_float()
    elif isinstance(data, str):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    elif hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        for i in range(len(data)):
            found = kind_of(data[i], found)
        return found
    else:
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    return own if found is None else promote(found, own)


cdef bint is_sequence(object data) except -1:
    if isinstance(data, (list, tuple, range)):
        return True
    if isinstance(data, TensorBase):
        return (<TensorBase> data).ndim_ > 0
    if hasattr(data, "shape") and hasattr(data, "dtype"):
        return len(data.shape) > 0
    return hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, str)


cdef int measure(object data, Dims* dims) except -1:
    """The shape of nested sequences, by their first items."""
    dims.n = 0
    while is_sequence(data):
        if dims.n == MAX_DIMS:
            raise ValueError("too many dimensions")
        dims.at[dims.n] = len(data)
        dims.n += 1
        if len(data) == 0:
            break
        data = data[0]
    return 0


cdef char* pour(object data, Dims* dims, int level, DType d, char* p) except NULL:
    """Write nested numbers in order; ValueError where the nesting is ragged."""
    if level == dims.n:
        if is_sequence(data):
            raise ValueError(f"expected a number at dim {level}, got "
                             f"{type(data).__name__}")
        if isinstance(data, TensorBase):
            data = data.item()
        try:
            write_item(d.code, p, data)
        except (TypeError, OverflowError) as error:
            if isinstance(error, OverflowError):
                raise RuntimeError(f"value cannot be converted to type {d.name} without overflow") \
                    from None
            raise TypeError(f"new(): invalid data type '{type(data).__name__}'") from None
        return p + d.itemsize
    if not is_sequence(data):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if len(data) != dims.at[level]:
        raise ValueError(f"expected sequence of length {dims.at[level]} at dim {level} "
                         f"(got {len(data)})")
    for item in data:
        p = pour(item, dims, level + 1, d, p)
    return p


cdef TensorBase from_data(object data, DType d):
    """A new tensor of nested numbers, a numpy array or another tensor."""
    cdef Dims dims
    cdef TensorBase made
    if isinstance(data, TensorBase):
        made = alias(<TensorBase> data)
        return clone_raw(made) if d is None or d is made.dtype_ else cast_raw(made, d)
    if hasattr(data, "__array_interface__"):
        made = from_array(data, False)
        if made is not None:
            return clone_raw(made) if d is None or d is made.dtype_ else cast_raw(made, d)
    if d is None:
        d = kind_of(data, None) or default_float()
    measure(data, &dims)
    made = new_tensor(d, dims.n, dims.at)
    if made.numel_ or dims.n == 0:
        pour(data, &dims, 0, d, made.data())
    return made


cdef TensorBase from_array(object array, bint exact):
    """A tensor over the memory of a numpy array; None if it must be copied first."""
    cdef DType d
    if not isinstance(array, numpy.ndarray):
        array = numpy.asarray(array)
    d = from_numpy_dtype(array.dtype)
    if not exact and any([step < 0 for step in array.strides]):
        array = array.copy()
    return wrap_buffer(array, d, False)


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor with a copy of `data`.

    Parameters
    ----------
    data : nested sequences of numbers, number, numpy array or Tensor
    dtype : dtype, optional
        By default bool, int64 or the default float, as the numbers ask for; the dtype of
        an array.
    device, pin_memory
        As in PyTorch; "cpu" and False only.
    requires_grad : bool

    Raises
    ------
    ValueError
        If the nesting is ragged.
    TypeError, RuntimeError
        If the data are no numbers.
    """
    check_options("tensor", None, device, pin_memory)
    if isinstance(data, TensorBase):
        import warnings
        warnings.warn("To copy construct from a tensor, it is recommended to use "
                      "sourceTensor.detach().clone() or "
                      "sourceTensor.detach().clone().requires_grad_(True), rather than "
                      "torch.tensor(sourceTensor).", stacklevel=2)
    return finished(from_data(data, None if dtype is None else check_dtype(dtype, "tensor")),
                    requires_grad)


def as_tensor(data, dtype=None, device=None):
    """`data` as a tensor, without a copy where its memory and dtype allow it."""
    cdef DType d = None if dtype is None else check_dtype(dtype, "as_tensor")
    cdef TensorBase made
    check_device(device)
    if isinstance(data, TensorBase):
        return data if d is None or data.dtype is d else data.to(d)
    if hasattr(data, "__array_interface__"):
        made = from_array(data, False)
        if made is not None:
            return made if d is None else cast_raw(made, d)
    return from_data(data, d)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """`obj` as a tensor; `copy` True always copies, False never."""
    made = as_tensor(obj, dtype, device)
    shares = isinstance(obj, TensorBase) and made is obj or (
        hasattr(obj, "__array_interface__") and (dtype is None or made._shares_owner()))
    if copy is False and not shares:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    if copy and shares:
        made = made.clone()
    return made.requires_grad_() if requires_grad else made


def from_numpy(ndarray):
    """A tensor over the memory of a numpy array: each sees the other's changes.

    A read-only array gives a tensor that refuses in-place operations.

    Raises
    ------
    TypeError
        If it is no array, or of a dtype that minitorch lacks.
    ValueError
        For negative strides.
    """
    if not isinstance(ndarray, numpy.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    made = from_array(ndarray, True)
    if made is None:
        raise ValueError("given numpy array strides not a multiple of the element byte size. "
                         "Copy the numpy array to reallocate the memory.")
    return made


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A 1-D tensor over the memory of an object with the buffer protocol."""
    return from_buffer(buffer, check_dtype(dtype, "frombuffer"), count, offset, requires_grad)


def scalar_tensor(s, *, dtype=None, layout=None, device=None, requires_grad=False):
    """A 0-d tensor of a number."""
    check_options("scalar_tensor", layout, device, None)
    return finished(scalar_of(default_float() if dtype is None
                              else check_dtype(dtype, "scalar_tensor"), s), requires_grad)


def _like_for_random(input, dtype_, layout, device, memory_format, where):
    return like_of(input, dtype_, layout, device, memory_format, where)
