"""`Variable`, the class that tensors with gradients had before they were tensors."""

import warnings

from minitorch._core.tensor import TensorBase
from minitorch.tensor import Tensor

__all__ = ["Variable"]


class _VariableMeta(type):
    def __instancecheck__(cls, other):
        return isinstance(other, Tensor)


class Variable(metaclass=_VariableMeta):
    """``Variable(tensor, requires_grad)`` is a tensor over the same elements.

    Every tensor is an instance of it.

    Parameters
    ----------
    data : Tensor, optional
    requires_grad : bool, default False
    volatile : optional
        Has no effect, and warns of that.
    """

    def __new__(cls, data=None, requires_grad=False, volatile=None):
        from minitorch import empty

        if volatile:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                stacklevel=2,
            )
        if data is None:
            return empty(0, requires_grad=requires_grad)
        if not isinstance(data, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)
