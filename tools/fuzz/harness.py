"""Run a reader on one input, and decide whether it behaved.

It may return or raise ``CheckpointError``.  It may not raise anything else, take more than two
seconds or much memory, import, open, compile or start anything.
"""

import io
import os
import resource
import signal
import sys

import numpy as np

import minitorch
from minitorch.serialization import CheckpointError
from minitorch.serialization._bridge import TensorFactory
from minitorch.serialization._open import open_checkpoint
from minitorch.serialization._resolve import Resolver, refuse_unlisted
from minitorch.serialization.pickle_reader import read_pickle

SECONDS = 2
MEMORY = 1 << 30  # beyond what the process has when it begins
_FOLDER = os.path.dirname(minitorch.serialization.__file__)
_FORBIDDEN = ("import", "exec", "compile", "open", "os.", "subprocess.", "socket.", "shutil.",
              "pickle.", "marshal.", "ctypes.dlopen")  # fmt: skip


class TooSlow(BaseException):
    """Two seconds are over."""


class Forbidden(BaseException):
    """The reader did something that only code from a file would want."""


class Harness:
    """Bounds of this process, and what has been covered so far."""

    def __init__(self):
        self.watching = False
        self.lines = set()
        self._new = False
        self._monitoring = getattr(sys, "monitoring", None)

    def start(self):
        """Set the limits; for a process that does nothing else."""
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, self._alarm)
        sys.addaudithook(self._audit)
        if self._monitoring:
            self._monitoring.use_tool_id(self._monitoring.COVERAGE_ID, "fuzz")
            self._monitoring.register_callback(
                self._monitoring.COVERAGE_ID, self._monitoring.events.LINE, self._line)

    @staticmethod
    def _alarm(signum, frame):
        raise TooSlow(f"more than {SECONDS} s")

    def _audit(self, event, arguments):
        if self.watching and event.startswith(_FORBIDDEN):
            self.watching = False
            raise Forbidden(f"{event} {str(arguments)[:200]}")

    # -- coverage ---------------------------------------------------------------------------
    def _line(self, code, line):
        if code.co_filename.startswith(_FOLDER):
            self.lines.add((code.co_filename, line))
            self._new = True
        return self._monitoring.DISABLE

    def _trace(self, frame, event, argument):
        if not frame.f_code.co_filename.startswith(_FOLDER):
            return None
        return self._trace_lines

    def _trace_lines(self, frame, event, argument):
        where = (frame.f_code.co_filename, frame.f_lineno)
        if where not in self.lines:
            self.lines.add(where)
            self._new = True
        return self._trace_lines

    # -- one input --------------------------------------------------------------------------
    def run(self, reader, data, trace=True):
        """Read one input.

        Returns
        -------
        fault : str or None
            What was wrong, as one line that is the same for the same fault.
        new : bool
            Whether lines ran that never ran before.
        """
        self._new, fault = False, None
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            self._set_trace(trace)
            self.watching = True
            read(reader, data)
        except CheckpointError as error:
            fault = self._judge(error)
        except BaseException as error:  # whatever it is, it is what we look for
            fault = describe(error)
            if isinstance(error, KeyboardInterrupt):
                raise
        finally:
            self.watching = False
            self._set_trace(False)
            signal.setitimer(signal.ITIMER_REAL, 0)
        return fault, self._new

    def _set_trace(self, on):
        if self._monitoring:
            events = self._monitoring.events.LINE if on else 0
            self._monitoring.set_events(self._monitoring.COVERAGE_ID, events)
        else:
            sys.settrace(self._trace if on else None)

    @staticmethod
    def _judge(error):
        text = str(error)
        if not error.reason or not text.isprintable():
            return f"an unprintable message: {text[:80]!r}"
        if len(text) > 2000:
            return f"a message of {len(text)} characters"
        return None


def describe(error):
    """Return the kind of an error and where it came from."""
    at, place = error.__traceback__, ""
    while at:
        if at.tb_frame.f_code.co_filename.startswith(_FOLDER):
            place = f"{os.path.basename(at.tb_frame.f_code.co_filename)}:{at.tb_lineno}"
        at = at.tb_next
    return f"{type(error).__name__} in {place}"


def read(reader, data):
    """Do what users do with a file: load it, and convert it."""
    if reader == "pickle":
        parsed = read_pickle(data)
        try:
            refuse_unlisted(parsed)
        except CheckpointError:
            pass
        Resolver(_nothing, strict=False).value(parsed.root)
        Resolver(_nothing, strict=True).value(parsed.root)
        return
    checkpoint, _ = open_checkpoint(io.BytesIO(data))
    refused = None
    try:
        _touch(checkpoint.value(TensorFactory())[0], lambda tensor: tensor.numpy())
    except CheckpointError as error:
        refused = error
    value, _ = checkpoint.value(strict=False)
    _touch(value, lambda record: record.numpy())
    if refused:
        raise refused


def _nothing(pid):
    return None


def _touch(value, array_of, limit=50):
    """Read the numbers of the tensors in a value, but not of views larger than their storage."""
    for item in list(value.values())[:limit] if isinstance(value, dict) else [value]:
        if isinstance(item, minitorch.Tensor):
            item = item.detach()
            small = item.numel() <= 100_000 and item.dtype != minitorch.bfloat16
        else:
            small = hasattr(item, "storage") and item.numel <= 100_000
        if small:
            np.asarray(array_of(item)).tobytes()
