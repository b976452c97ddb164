"""Dropout, with the masks of PyTorch's stream."""

from minitorch._core.tensor cimport TensorBase, new_like
from minitorch._ops._base cimport check_tensor
from minitorch._ops.arithmetic import mul_
from minitorch._ops.binary cimport mul_op
from minitorch._ops.scalars cimport is_number
from minitorch._ops.random import bernoulli_


def dropout(input, p, training, inplace=False):
    """Zero elements with probability `p` and scale the rest by 1 / (1 - p).

    Raises
    ------
    ValueError
        If `p` is outside [0, 1].
    """
    cdef TensorBase x = check_tensor(input, "dropout", "input")
    cdef TensorBase mask
    if not is_number(p):
        raise TypeError(f"dropout(): argument 'p' must be float, not {type(p).__name__}")
    if p < 0 or p > 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0 or x.numel_ == 0:
        return input
    mask = new_like(x, x.dtype_)
    if p == 1:
        mask.zero_()
    else:
        bernoulli_(mask, 1 - p)
        mask.div_(1 - p)
    return mul_(input, mask) if inplace else mul_op(x, mask)
