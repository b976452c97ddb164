"""Results written into a tensor that is there already: in place, or given as `out=`."""

import warnings

from minitorch._core.dtype cimport dtype, type_name
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.record cimport bump, check_writable
from minitorch._core.shape cimport Dims, broadcast, is_dense, size_text
from minitorch._core.storage cimport same_memory
from minitorch._core.tensor cimport TensorBase, new_like, same_geometry, same_shape
from minitorch._ops._base cimport copy_raw


cdef int refuse_overlap(TensorBase t, TensorBase other) except -1:
    """Raise if writing `t` changes elements of `other` that are still to be read."""
    cdef Py_ssize_t begin, end, other_begin, other_end
    if not same_memory(t.storage, other.storage) or t is other:
        return 0
    if t.offset == other.offset and same_geometry(t, other):
        return 0
    if not (is_dense(t.ndim_, t.shape_, t.strides_)
            and is_dense(other.ndim_, other.shape_, other.strides_)):
        return 0  # too hard to tell; PyTorch lets these pass as well
    begin, other_begin = t.offset * t.dtype_.itemsize, other.offset * other.dtype_.itemsize
    end = begin + t.numel_ * t.dtype_.itemsize
    other_end = other_begin + other.numel_ * other.dtype_.itemsize
    if begin < other_end and other_begin < end:
        raise RuntimeError("unsupported operation: some elements of the input tensor and the "
                           "written-to tensor refer to a single memory location. Please clone() "
                           "the tensor before performing the operation.")
    return 0


cdef int check_inplace_result(TensorBase t, TensorBase other, dtype result) except -1:
    """Check that the outcome of an operation with `other` fits into `t`."""
    cdef Dims common
    cdef int i
    refuse_overlap(t, other)
    if result.category > t.dtype_.category:
        raise RuntimeError(f"result type {type_name(result)} can't be cast to the desired output "
                           f"type {type_name(t.dtype_)}")
    if same_shape(t, other) or other.numel_ == 1 and other.ndim_ <= t.ndim_:
        return 0
    broadcast(t.ndim_, t.shape_, other.ndim_, other.shape_, &common)
    if common.n == t.ndim_:
        for i in range(common.n):
            if common.at[i] != t.shape_[i]:
                break
        else:
            return 0
    raise RuntimeError(f"output with shape {size_text(t.ndim_, t.shape_)} doesn't match the "
                       f"broadcast shape {size_text(common.n, common.at)}")


cdef object deliver(TensorBase result, object out, str where=None):
    """The result itself, or cast and copied into the tensor given as `out=`."""
    cdef TensorBase to
    if out is None:
        return result
    to = check_out(result, out, where)
    if result.dtype_.category > to.dtype_.category:
        raise RuntimeError(f"result type {type_name(result.dtype_)} can't be cast to the desired "
                           f"output type {type_name(to.dtype_)}")
    return write_out(result, to)


cdef TensorBase check_out(TensorBase result, object out, str where):
    cdef str prefix = "" if where is None else where + "(): "
    if not isinstance(out, TensorBase):
        raise TypeError(f"{prefix}argument 'out' must be Tensor, not {type(out).__name__}")
    if result.requires() or ((<TensorBase> out).requires() and grad_enabled()):
        raise RuntimeError(f"{prefix}functions with out=... arguments don't support automatic "
                           "differentiation, but one of the arguments requires grad.")
    return <TensorBase> out


cdef TensorBase write_out(TensorBase result, TensorBase to):
    if not same_shape(result, to):
        if to.numel_ != 0:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape "
                f"{size_text(to.ndim_, to.shape_)}, which does not match the required output "
                f"shape {size_text(result.ndim_, result.shape_)}. This behavior is deprecated, "
                "and in a future PyTorch release outputs will not be resized unless they have "
                "zero elements.", stacklevel=2)
        if to.base is not None and to.numel_:
            raise RuntimeError("argument 'out' is a view and has another shape than the result")
        to._set_data(new_like(result, to.dtype_))
    check_writable(to, False)
    copy_raw(to, result)
    bump(to)
    return to
