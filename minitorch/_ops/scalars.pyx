"""Python numbers as operands: what counts as one, its dtype, and its value as an element."""

import numbers

import numpy

from minitorch._core.dtype cimport FLOATING, INTEGRAL, default_float, dtype, of_code
from minitorch._core.tensor cimport TensorBase, scalar_of
from minitorch._kernels.convert cimport store_double, store_int64
from minitorch._kernels.types cimport BOOL, F64, I64

cdef tuple REALS = (numbers.Real, numpy.bool_)
cdef object Integral = numbers.Integral


# Exact types come first in what follows: abstract classes answer slowly.

cdef bint is_number(object value) noexcept:
    """Whether a value is a Python (or numpy) number, other than a tensor."""
    if type(value) is float or type(value) is int or type(value) is bool:
        return True
    return not isinstance(value, TensorBase) and isinstance(value, REALS)


cdef dtype number_dtype(object value):
    """What a number is by itself: bool, int64 or float64, so that no digit is lost."""
    if type(value) is float:
        return of_code(F64)
    if type(value) is int:
        return of_code(I64)
    if type(value) is bool:
        return of_code(BOOL)
    # numpy's bool takes part as a float, as in PyTorch, which asks for its __float__
    return of_code(I64) if isinstance(value, Integral) else of_code(F64)


cdef TensorBase number_tensor(object value):
    """A 0-d tensor of a number."""
    cdef TensorBase made = scalar_of(number_dtype(value), value)
    made.is_number = True
    return made


cdef int write_number(object value, dtype d, char* item) except -1:
    """Write a number as one element of dtype `d`, as a cast from its own dtype would."""
    if number_dtype(value).category == FLOATING:
        store_double(item, value, d.code)
    else:
        store_int64(item, value, d.code)
    return 0


cdef dict C_NAMES = {"uint8": "uint8_t", "int8": "int8_t", "int16": "int16_t", "int32": "int",
                     "int64": "int64_t"}


cdef int check_fits(object value, dtype d) except -1:
    """Refuse a number that an integer dtype cannot hold; negative ones wrap where unsigned."""
    cdef long long high, low
    cdef bint fits
    if d.category != INTEGRAL or type(value) is bool:
        return 0
    high = <long long> ((<unsigned long long> 1 << (8 * d.itemsize - d.is_signed)) - 1)
    low = -high - 1 if d.is_signed else 0
    if isinstance(value, Integral):
        fits = (low if d.is_signed else -high) <= value <= high
    else:
        # as floats, for which the largest int64 is 2^63
        fits = <double> low <= <double> value <= <double> high
    if not fits:
        raise RuntimeError(f"value cannot be converted to type {C_NAMES[d.name]} without overflow")
    return 0


cdef dtype dtype_with_number(dtype d, object number):
    """PyTorch's result_type of a tensor and a number, of which only the category matters."""
    cdef dtype kind = number_dtype(number)
    if kind.category <= d.category:
        return d
    return default_float() if kind.category == FLOATING else kind
