"""`out=` of the elementwise operations, which may be an operand but not a part of one."""

from minitorch._core.dtype cimport type_name
from minitorch._core.tensor cimport TensorBase
from minitorch._ops._base cimport check_out, deliver, refuse_overlap, write_out


cdef object deliver_pointwise(TensorBase result, object out, str where, tuple operands):
    """`deliver` of an elementwise operation: `out` may be an operand, but not a part of one."""
    if out is None:
        return result
    refuse_overlaps(check_out(result, out, where), operands)
    return deliver(result, out, where)


cdef object deliver_exactly(TensorBase result, object out, str where, tuple operands):
    """`deliver_pointwise` of an operation whose output must have the dtype of the result."""
    cdef TensorBase to
    if out is None:
        return result
    to = check_out(result, out, where)
    if result.dtype_ is not to.dtype_:
        raise RuntimeError(f"Found dtype {type_name(to.dtype_)} but expected "
                           f"{type_name(result.dtype_)}")
    refuse_overlaps(to, operands)
    return write_out(result, to)


cdef int refuse_overlaps(TensorBase to, tuple operands) except -1:
    for value in operands:
        if isinstance(value, TensorBase):
            refuse_overlap(to, <TensorBase> value)
    return 0
