"""Stopping between two steps, instead of anywhere."""

import signal
import threading

__all__ = ["StopSignal"]


class StopSignal:
    """Context manager that notes Ctrl-C (SIGINT), SIGTERM and SIGHUP instead of dying of them.

    SIGHUP comes when the terminal is closed; where it is ignored (nohup), it stays so.  Calling
    the object says whether a signal has come.  A second one raises KeyboardInterrupt, with its
    number, at once.  Outside the main thread, where Python allows no handlers, it
    does nothing.

    Attributes
    ----------
    received : int or None
        Number of the first signal.
    """

    def __init__(self, on_signal=None):
        self.received = None
        self._on_signal = on_signal
        self._before = {}

    def __call__(self):
        return self.received is not None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            for number in _numbers():
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _note(self, number, _frame):
        if self.received is not None:
            raise KeyboardInterrupt(number)
        self.received = number
        if self._on_signal is not None:
            self._on_signal(number)


def _numbers():
    hangup = getattr(signal, "SIGHUP", None)
    watched = hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([hangup] if watched else [])]
