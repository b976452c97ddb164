"""``torch.jit``: code that scripting would compile runs as it is written.

Scripted and plain code give the same results, so the decorators hand their function back.
Tracing, saving and loading of TorchScript are not here.
"""

from typing import Final

__all__ = ["Final", "annotate", "export", "ignore", "interface", "is_scripting", "is_tracing",
           "isinstance", "script", "script_if_tracing", "unused"]

_isinstance = isinstance


def is_scripting():
    """False."""
    return False


def is_tracing():
    """False."""
    return False


def script(obj, optimize=None, _frames_up=0, _rcb=None, example_inputs=None):
    """The function or module itself."""
    return obj


def ignore(drop=False, **kwargs):
    """The function itself, or a decorator that gives it back."""
    return drop if callable(drop) else lambda function: function


def export(fn):
    """The function itself."""
    return fn


unused = interface = script_if_tracing = _overload = _overload_method = export


def annotate(the_type, the_value):
    """The value."""
    return the_value


def isinstance(obj, target_type):  # noqa: A001 - torch's name
    """The builtin, on the origin of generic types."""
    return _isinstance(obj, getattr(target_type, "__origin__", target_type))
