"""Tensors that a module registers when they are assigned to it: Parameter and Buffer."""

from minitorch._ops.creation import empty
from minitorch.tensor import Tensor

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]


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


class _BufferMeta(type(Tensor)):
    def __instancecheck__(cls, instance):
        if cls is Buffer and getattr(instance, "_is_buffer", False):
            return isinstance(instance, Tensor)
        return super().__instancecheck__(instance)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that becomes a buffer of the module it is assigned to: state, but not trained.

    Assigning it equals ``register_buffer(name, data, persistent)``. What the call returns is a
    plain Tensor (or what subclass `data` is) with a mark that ``isinstance(_, Buffer)`` knows.

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
        result = Tensor._make_subclass(type(data), data, data.requires_grad)
        result.persistent = persistent
        result._is_buffer = True
        return result


# ---- not yet known shapes ------------------------------------------------------------------------


class UninitializedTensorMixin:
    """What a lazy module holds until its first input says the shape.

    It knows dtype, device and ``requires_grad``; every other method of Tensor raises ValueError.
    Functions such as ``minitorch.add(p, 1)`` see an empty tensor.
    """

    def materialize(self, shape, device=None, dtype=None):
        """Become a plain tensor of a shape, without values; `dtype` stays if not given.

        Parameters
        ----------
        shape : tuple of int
            The shape.
        device, dtype : optional
            New ones.
        """
        self.data = empty(shape, device=device, dtype=self.dtype if dtype is None else dtype)
        self.__class__ = self.cls_to_become

    @property
    def shape(self):
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    def __repr__(self, **kwargs):
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol):
        return type(self), (self.requires_grad, None, self.dtype)

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, None, self.dtype)
        return memo[id(self)]


def is_lazy(param):
    """True for a parameter or buffer whose shape is not known yet."""
    return isinstance(param, UninitializedTensorMixin)


_ALLOWED = frozenset(
    """size copy_ is_complex is_floating_point half float double bfloat16 char short int long cuda
    cpu to type detach requires_grad_ as_subclass""".split()
)
_ARITHMETIC = frozenset(
    """add sub mul truediv floordiv mod pow matmul and or xor lshift rshift radd rsub rmul rtruediv
    rfloordiv rmod rpow rand ror rxor iadd isub imul itruediv ifloordiv imod ipow neg pos abs invert
    eq ne lt le gt ge getitem setitem len iter bool float int index array contains""".split()
)


def _refusal(name):
    def method(self, *args, **kwargs):
        raise ValueError(
            f"Attempted to use an uninitialized parameter in Tensor.{name}. This error happens "
            "when you are using a `LazyModule` or explicitly manipulating "
            f"`torch.nn.parameter.{type(self).__name__}` objects. When using LazyModules Call "
            "`forward` with a dummy batch to initialize the parameters before calling torch "
            "functions"
        )

    method.__name__ = name
    return method


def _refuse_methods():
    for name in dir(Tensor):
        special = name.startswith("__") and name.strip("_") in _ARITHMETIC
        if special or not (name.startswith("_") or name in _ALLOWED):
            if callable(getattr(Tensor, name)):
                setattr(UninitializedTensorMixin, name, _refusal(name))
    UninitializedTensorMixin.__hash__ = Tensor.__hash__


_refuse_methods()


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A Parameter whose shape is not known yet; see :class:`UninitializedTensorMixin`."""

    cls_to_become = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        return Tensor._make_subclass(cls, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape is not known yet; see :class:`UninitializedTensorMixin`."""

    cls_to_become = Tensor

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        data = empty(0, device=device, dtype=dtype)
        result = Tensor._make_subclass(cls, data, requires_grad)
        result.persistent = persistent
        result._is_buffer = True
        return result
