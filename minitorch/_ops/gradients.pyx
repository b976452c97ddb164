"""What the backward engine needs and cannot make: it stands below the operations.

It is lent the sum of gradients and their copies; the gradients that a backward starts with are
checked and made here.
"""

import math

from minitorch._core.engine cimport set_gradient_ops
from minitorch._core.leaves cimport set_leaf_ops
from minitorch._core.node cimport Node
from minitorch._core.record cimport bump
from minitorch._core.tensor cimport TensorBase, new_strided, same_shape, shape_of
from minitorch._core.shape cimport is_dense
from minitorch._kernels.pointwise cimport BINARY_ADD
from minitorch._ops._base cimport binary_into, clone_raw, copy_raw, full_raw
from minitorch._ops.binary cimport add_op
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.unary import isnan


cdef int add_into(TensorBase total, TensorBase g) except -1:
    """total += g, unrecorded."""
    binary_into(BINARY_ADD, total, total, g, total.dtype_)
    bump(total)
    return 0


cdef TensorBase copy_for(TensorBase g, TensorBase leaf):
    """A copy of a gradient in the memory order of its leaf, if that is dense."""
    cdef TensorBase out
    if not is_dense(leaf.ndim_, leaf.shape_, leaf.strides_):
        return clone_raw(g)
    out = new_strided(g.dtype_, leaf.ndim_, leaf.shape_, leaf.strides_)
    copy_raw(out, g)
    return out


cdef bint has_nan(TensorBase g):
    from minitorch._ops.reduce import any as any_
    return any_(isnan(g)).item()


set_gradient_ops(add_op, has_nan, to_dtype)
set_leaf_ops(add_op, add_into, copy_for)


# ---------------------------------------------------------------- where a backward starts

def root_gradients(tuple roots, object grads):
    """One checked gradient for each root, as a tuple.

    Parameters
    ----------
    roots : tuple of Tensor or GradientEdge
    grads : Tensor or sequence of (Tensor or None), optional
        Where there is none, it is 1, and the root must have one element.

    Raises
    ------
    RuntimeError
        If a gradient is missing or of another shape, or a root needs none.
    TypeError
        If a root or a gradient is something else.
    """
    cdef Py_ssize_t i, n = len(roots)
    cdef tuple given
    if grads is None:
        given = (None,) * n
    else:
        given = (grads,) if isinstance(grads, TensorBase) else tuple(grads)
    if len(given) != n:
        raise RuntimeError(f"got {n} tensors and {len(given)} gradients")
    return tuple([root_gradient(i, roots[i], given[i]) for i in range(n)])


cdef TensorBase root_gradient(Py_ssize_t i, object root, object grad):
    if not isinstance(root, TensorBase):
        return edge_gradient(i, root, grad)
    cdef TensorBase of = <TensorBase> root
    if not of.requires():
        raise RuntimeError(f"element {i} of tensors does not require grad and does not have a "
                           "grad_fn")
    if grad is None:
        if of.numel_ != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        return full_raw(of.dtype_, of, 1)
    check_gradient(grad)
    if not same_shape(of, <TensorBase> grad):
        raise RuntimeError(f"Mismatch in shape: grad_output[{i}] has a shape of "
                           f"{shape_of(<TensorBase> grad)} and output[{i}] has a shape of "
                           f"{shape_of(of)}.")
    return <TensorBase> grad


cdef TensorBase edge_gradient(Py_ssize_t i, object edge, object grad):
    """That of a GradientEdge."""
    if not isinstance(getattr(edge, "node", None), Node):
        raise TypeError(f"element {i} of tensors must be a Tensor, but got {type(edge).__name__}")
    about = edge.node._input_metadata[edge.output_nr]
    shape = tuple(about.shape)
    if grad is None:
        if math.prod(shape) != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        from minitorch._ops.creation import ones
        return ones(shape, dtype=about.dtype)
    check_gradient(grad)
    if shape_of(<TensorBase> grad) != shape:
        raise RuntimeError(f"Mismatch in shape: grad_output[{i}] has a shape of "
                           f"{shape_of(<TensorBase> grad)} and output[{i}] has a shape of "
                           f"torch.Size({list(shape)}).")
    return <TensorBase> grad


cdef int check_gradient(object grad) except -1:
    if not isinstance(grad, TensorBase):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(grad).__name__}")
    return 0
