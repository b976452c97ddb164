"""Look-up of the elementwise loops in the table of the instruction set in use.

The arithmetic is C, in ``isa/pointwise_float.inc.h`` and ``isa/pointwise_int.inc.h``, since
it is compiled once per instruction set; each slope stands there under its value.
"""

from minitorch._kernels.dispatch cimport kernels, mt_kernels

cdef extern from *:
    """
    #include "isa/isa.h"
    #define POINTWISE(table) (table)->pointwise
    """
    ctypedef struct mt_pointwise_table:
        mt_loop unary[N_UNARY][10]
        mt_loop binary[N_BINARY][10]
        mt_loop multi[N_MULTI][10]
        mt_loop where[4]
    const mt_pointwise_table* POINTWISE(const mt_kernels* table) noexcept nogil

cdef enum:
    N_CODES = 10


cdef mt_loop unary_loop(int op, int code) noexcept nogil:
    """The loop of one input, or NULL where the dtype has no such operation."""
    if not (0 <= op < N_UNARY and 0 <= code < N_CODES):
        return NULL
    return POINTWISE(kernels()).unary[op][code]


cdef mt_loop binary_loop(int op, int code) noexcept nogil:
    """The loop of two inputs, or NULL where the dtype has no such operation."""
    if not (0 <= op < N_BINARY and 0 <= code < N_CODES):
        return NULL
    return POINTWISE(kernels()).binary[op][code]


cdef mt_loop multi_loop(int op, int code) noexcept nogil:
    """The loop of three or four inputs, or NULL where the dtype has no such operation."""
    if not (0 <= op < N_MULTI and 0 <= code < N_CODES):
        return NULL
    return POINTWISE(kernels()).multi[op][code]


cdef mt_loop where_loop(int itemsize) noexcept nogil:
    """out = cond ? a : b, for items of 1, 2, 4 or 8 bytes."""
    cdef int log2 = 0 if itemsize == 1 else 1 if itemsize == 2 else 2 if itemsize == 4 else 3
    return POINTWISE(kernels()).where[log2] if itemsize == 1 << log2 else NULL


cdef bint unary_gives_bool(int op) noexcept nogil:
    """Is the output bool whatever the input is?"""
    return UNARY_ISNAN <= op <= UNARY_LOGICAL_NOT


cdef bint binary_gives_bool(int op) noexcept nogil:
    """Is the output bool whatever the inputs are?"""
    return BINARY_LOGICAL_AND <= op <= BINARY_GE
