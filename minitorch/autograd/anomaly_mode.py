"""Anomaly mode: which forward call made the backward function that failed or gave nan.

The flags are read by the compiled core: with the mode on, every new graph node remembers the
stack it was made on, and the engine looks for nan in each gradient.
"""

import warnings

from minitorch._core.grad_mode import (
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_anomaly_enabled,
)

__all__ = ["detect_anomaly", "set_detect_anomaly"]


class set_detect_anomaly:
    """Switch anomaly detection on or off: as a plain call or as a context manager.

    Parameters
    ----------
    mode : bool
        Whether new nodes remember their forward stack.
    check_nan : bool, default True
        Whether a nan in a computed gradient raises RuntimeError.
    """

    def __init__(self, mode, check_nan=True):
        self._previous = (is_anomaly_enabled(), is_anomaly_check_nan_enabled())
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self):
        return None

    def __exit__(self, *exc_info):
        set_anomaly_enabled(*self._previous)


class detect_anomaly:
    """Context manager that finds the forward call behind a failing backward function.

    For debugging: it makes everything slower, and says so with a warning.

    Parameters
    ----------
    check_nan : bool, default True
        Raise RuntimeError ``Function 'SqrtBackward0' returned nan values in its 0th output.`` as
        soon as a gradient holds nan.
    """

    def __init__(self, check_nan=True):
        self.check_nan = check_nan
        self._previous = (is_anomaly_enabled(), is_anomaly_check_nan_enabled())
        warnings.warn(
            "Anomaly Detection has been enabled. "
            "This mode will increase the runtime "
            "and should only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self):
        set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, *exc_info):
        set_anomaly_enabled(*self._previous)
