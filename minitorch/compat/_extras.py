"""Names of ``torch`` itself that only programs written for PyTorch need."""

from minitorch.compat._disabled import autocast, is_autocast_available

__all__ = ["autocast", "compile", "is_autocast_available", "is_autocast_enabled"]


def compile(model=None, *, fullgraph=False, dynamic=None, backend="inductor", mode=None,
            options=None, disable=False):
    """The function or module itself, or a decorator that gives it back.

    Compiled and plain code compute the same; nothing is compiled here, so none of the arguments
    changes a result.
    """
    return model if model is not None else lambda function: function


def is_autocast_enabled(device_type=None):
    """False."""
    return False


def _assert(condition, message):
    """Assert, as a function."""
    assert condition, message
