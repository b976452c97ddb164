"""Names that every compiled floor shares; declarations only."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

# More dimensions than PyTorch's printed models ever use, and numpy's own limit.
cdef enum:
    MAX_DIMS = 64

# The dtype codes of the kernels, in promotion-free order; `_core.dtype` wraps them.
cdef enum Code:
    BOOL = 0
    U8 = 1
    I8 = 2
    I16 = 3
    I32 = 4
    I64 = 5
    F16 = 6
    BF16 = 7
    F32 = 8
    F64 = 9
    N_CODES = 10

ctypedef fused floating:
    float
    double
