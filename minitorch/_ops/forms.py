"""The in-place and `out=` forms of operations written in Python."""

from minitorch._core.grad_mode import is_grad_enabled
from minitorch._ops.rule import given, scalar_type

__all__ = ["inplace_form", "pair_form", "write_back"]


def write_back(target, result):
    """Write the result of an operation on `target` into it, recorded as a copy.

    Raises
    ------
    RuntimeError
        If the result has another shape, or a dtype of a higher category.
    """
    if result.shape != target.shape:
        raise RuntimeError(f"output with shape {list(target.shape)} doesn't match the broadcast "
                           f"shape {list(result.shape)}")
    ranks = [(d.is_floating_point, "int" in repr(d)) for d in (result.dtype, target.dtype)]
    if ranks[0] > ranks[1]:
        raise RuntimeError(f"result type {scalar_type(result.dtype)} can't be cast to the desired "
                           f"output type {scalar_type(target.dtype)}")
    return target.copy_(result)


def before(target):
    """`target` as an operation in place reads it: a copy where autograd will need the old one."""
    return target.clone() if is_grad_enabled() and target.requires_grad else target


def inplace_form(function, check=None):
    """``function_(self, ...)``, which writes the result of ``function(self, ...)`` into `self`.

    Parameters
    ----------
    function : callable
        Without `out=`, or with it as an optional argument.
    check : callable, optional
        ``check(self, result)`` raises where PyTorch has an error of its own.
    """
    def form(self, *args, **kwargs):
        result = function(before(self), *args, **kwargs)
        if check is not None:
            check(self, result)
        return write_back(self, result)

    form.__name__ = form.__qualname__ = function.__name__ + "_"
    form.__doc__ = f"`{function.__name__}` in place."
    return form


def pair_form(kind, made, out):
    """A named tuple of results, or copied into the tensors given as ``out=(a, b)``."""
    if out is None:
        return kind(made)
    return kind(given(result, to) for result, to in zip(made, out, strict=True))
