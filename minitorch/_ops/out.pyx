"""Which dtypes results have and where they may be written: `result_type`, `can_cast`, `out=`."""

from minitorch._core.dtype cimport cxx_name, dtype, type_name
from minitorch._core.tensor cimport TensorBase
from minitorch._ops._base cimport common_dtype, operand
from minitorch._ops.writing cimport check_out, deliver, refuse_overlap, write_out


def result_type(tensor, other):
    """The dtype of an arithmetic operation between two tensors or numbers."""
    cdef bint n1, n2
    cdef TensorBase a = operand(tensor, &n1, "result_type", "tensor")
    cdef TensorBase b = operand(other, &n2, "result_type", "other")
    return common_dtype(a, n1, b, n2)


def can_cast(from_, to):
    """Whether a value of dtype `from_` may be written in place into one of dtype `to`."""
    return (<dtype?> from_).category <= (<dtype?> to).category


cdef object deliver_same(TensorBase result, object out, str where):
    """`deliver` of an operation whose output must have the dtype of the result."""
    cdef TensorBase to
    if out is None:
        return result
    to = check_out(result, out, where)
    if result.dtype_ is not to.dtype_:
        raise RuntimeError(f"Expected out tensor to have dtype {cxx_name(result.dtype_)}, but got "
                           f"{cxx_name(to.dtype_)} instead")
    return write_out(result, to)


cdef object deliver_typed(TensorBase result, object out, str message):
    """`deliver_same` with the operation's own words; `message` may name {got} and {wanted}."""
    if isinstance(out, TensorBase) and (<TensorBase> out).dtype_ is not result.dtype_:
        raise RuntimeError(message.format(got=type_name((<TensorBase> out).dtype_),
                                          wanted=type_name(result.dtype_)))
    return deliver(result, out)


cdef object deliver_pair(tuple made, object out, object kind):
    """The named pair of results, or copied into the pair given as `out=`, of the same dtypes."""
    if out is None:
        return kind(made)
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        raise TypeError(f"{kind.kind}(): argument 'out' must be tuple of Tensors, not "
                        f"{type(out).__name__}")
    return kind((deliver_same(made[0], out[0], None), deliver_same(made[1], out[1], None)))


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
