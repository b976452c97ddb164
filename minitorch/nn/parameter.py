"""Tensors that a module registers when they are assigned to it: Parameter and Buffer."""

from minitorch._ops.creation import empty
from minitorch.tensor import Tensor

__all__ = ["Buffer", "Parameter"]


class _ParameterMeta(type(Tensor)):
    def __instancecheck__(cls, instance):
        if cls is Parameter and getattr(instance, "_is_param", False):
            return isinstance(instance, Tensor)
        return super().__instancecheck__(instance)


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that becomes a parameter of the module it is assigned to.

    Parameters
    ----------
    data : Tensor, optional
        The values; their storage is shared. An empty tensor if left out.
    requires_grad : bool
        Record gradients (default True, also inside ``no_grad``).

    Raises
    ------
    RuntimeError
        If `requires_grad` is asked of a dtype that is not floating point.

    Examples
    --------
    >>> nn.Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data=None, requires_grad=True):
        if data is None:
            data = empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(
                f"Parameter() argument 'data' must be a Tensor, not {type(data).__name__}"
            )
        if requires_grad and not data.is_floating_point():
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        if type(data) is Tensor or type(data) is Parameter:
            return Tensor._make_subclass(cls, data, requires_grad)
        # Another subclass stays what it is and carries a mark that isinstance() knows.
        result = Tensor._make_subclass(type(data), data, requires_grad)
        result._is_param = True
        return result

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            # Values and layout are copied; .grad, hooks and attributes are not, as in PyTorch.
            memo[id(self)] = type(self)(self.detach().clone(), self.requires_grad)
        return memo[id(self)]

    def __repr__(self, **kwargs):
        return "Parameter containing:\n" + super().__repr__(**kwargs)


class Buffer(Tensor):
    """A tensor that becomes a buffer of the module it is assigned to: state, but not trained.

    Assigning it equals ``register_buffer(name, data, persistent)``.

    Parameters
    ----------
    data : Tensor, optional
        The values; their storage is shared. An empty tensor if left out.
    persistent : bool
        Keep the buffer in the state_dict (default True).
    """

    def __new__(cls, data=None, *, persistent=True):
        if data is None:
            data = empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(f"Buffer() argument 'data' must be a Tensor, not {type(data).__name__}")
        result = Tensor._make_subclass(cls, data, data.requires_grad)
        result.persistent = persistent
        return result

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.detach().clone(), persistent=self.persistent)
        return memo[id(self)]
