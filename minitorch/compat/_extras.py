"""Names of ``torch`` itself that only programs written for PyTorch need."""

from minitorch.compat._disabled import autocast, is_autocast_available

__all__ = ["autocast", "compile", "get_deterministic_debug_mode", "get_float32_matmul_precision",
           "get_num_interop_threads", "is_autocast_available", "is_autocast_enabled",
           "set_deterministic_debug_mode", "set_float32_matmul_precision", "set_flush_denormal",
           "set_num_interop_threads"]

_precision = "highest"


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


def get_float32_matmul_precision():
    """What `set_float32_matmul_precision` was given last; "highest" at first."""
    return _precision


def set_float32_matmul_precision(precision):
    """How exact products must be at least; they are computed in float32 in any case.

    Parameters
    ----------
    precision : {"highest", "high", "medium"}
        The last two allow less, which minitorch makes no use of.
    """
    global _precision
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"precision must be 'highest', 'high' or 'medium', not {precision!r}")
    _precision = precision


def get_num_interop_threads():
    """1: operations run one after the other, each in `get_num_threads` threads."""
    return 1


def set_num_interop_threads(num):
    """How many operations may run at once, at most; here it is one, within any such limit."""
    if num < 1:
        raise RuntimeError("expected a positive number of threads")


def set_flush_denormal(mode):
    """False, as where the processor cannot do it: small numbers are kept."""
    return False


def get_deterministic_debug_mode():
    """2, "error": the same inputs give the same bits, so nothing would ever be reported."""
    return 2


def set_deterministic_debug_mode(debug_mode):
    """Nothing to choose: no operation is nondeterministic, so none warns or fails in any mode."""
    if debug_mode not in (0, 1, 2, "default", "warn", "error"):
        raise RuntimeError("invalid value of debug_mode, expected one of `default`, `warn`, "
                           f"`error`, but got {debug_mode}")


def _assert(condition, message):
    """Assert, as a function."""
    assert condition, message
