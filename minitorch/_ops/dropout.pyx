# cython: auto_pickle=False
"""The dropout family, with the masks of PyTorch's stream."""

from minitorch._core.shape cimport Dims
from minitorch._core.tensor cimport TensorBase, new_like, new_tensor
from minitorch._ops._base cimport check_tensor
from minitorch._ops.arithmetic import add_, mul_
from minitorch._ops.binary cimport add_op, mul_op, zero_of
from minitorch._ops.random import bernoulli_
from minitorch._ops.scalars cimport is_number

# -scale * alpha of selu: what selu makes of minus infinity, with its sign changed.
cdef double ALPHA = 1.7580993408473766


cdef TensorBase channel_noise(TensorBase x):
    """An uninitialised (N, C, 1, ...) tensor: one number for each channel."""
    cdef Dims shape
    cdef int i
    if x.ndim_ < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    for i in range(x.ndim_):
        shape.at[i] = x.shape_[i] if i < 2 else 1
    return new_tensor(x.dtype_, x.ndim_, shape.at)


cdef object drop(object input, object p, object train, bint inplace, bint channels, bint selu_like,
                 str where):
    """Drop elements or channels: to 0, or, `selu_like`, to what keeps mean and variance.

    In the second case the rest is scaled by a = 1 / sqrt((ALPHA^2 p + 1) (1 - p)), and all moved
    by ALPHA a p. Source: Klambauer et al., "Self-Normalizing Neural Networks" (2017).
    """
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef TensorBase noise, shift = None
    if not is_number(p):
        raise TypeError(f"{where}(): argument 'p' must be float, not {type(p).__name__}")
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    if p == 0 or not train or x.numel_ == 0:
        return input
    if p == 1:
        noise = zero_of(x)
        return mul_(input, noise) if inplace else mul_op(x, noise)
    noise = channel_noise(x) if channels else new_like(x, x.dtype_)
    bernoulli_(noise, 1 - p)
    if selu_like:
        a = 1 / ((ALPHA * ALPHA * p + 1) * (1 - p)) ** 0.5
        shift = noise.add(-1).mul_(ALPHA * a).add_(ALPHA * a * p)
        noise.mul_(a)
    else:
        noise.div_(1 - p)
    if inplace:
        mul_(input, noise)
        return input if shift is None else add_(input, shift)
    return mul_op(x, noise) if shift is None else add_op(mul_op(x, noise), shift)


def _make_dropout(str name, bint channels, bint selu_like, str doc):
    def function(input, p, train):
        return drop(input, p, train, False, channels, selu_like, name)

    def inplace(input, p, train):
        return drop(input, p, train, True, channels, selu_like, name + "_")

    for made, label, text in ((function, name, doc), (inplace, name + "_", f"`{name}` in place.")):
        made.__name__ = made.__qualname__ = label
        made.__doc__ = text
    return function, inplace


for name_, channels_, selu_like_, doc_ in (
        ("dropout", False, False,
         "Elements are zeroed with probability `p`, the others scaled by 1 / (1 - p)."),
        ("feature_dropout", True, False,
         "Channels are zeroed with probability `p`, the others scaled by 1 / (1 - p)."),
        ("alpha_dropout", False, True,
         "Elements are dropped to what selu makes of minus infinity, mean and variance kept."),
        ("feature_alpha_dropout", True, True, "`alpha_dropout` of whole channels.")):
    globals()[name_], globals()[name_ + "_"] = _make_dropout(
        name_, channels_, selu_like_, doc_)
