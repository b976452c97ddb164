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
from minitorch.models._layouts import LayoutError
from minitorch.models._onnx_import import import_graph
from minitorch.serialization import CheckpointError
from minitorch.serialization._bridge import TensorFactory
from minitorch.serialization._open import open_checkpoint
from minitorch.serialization._resolve import Resolver, refuse_unlisted
from minitorch.serialization.pickle_reader import read_pickle

SECONDS = 2
MEMORY = 1 << 30  # beyond what the process has when it begins
# What is followed: the readers, and who walks the graphs that they read.
_FOLDER = (os.path.dirname(minitorch.serialization.__file__),
           os.path.join(os.path.dirname(minitorch.__file__), "models", "_onnx"))
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
        self._ends = set()
        self._left = {}  # code object -> its lines that never ran
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
        code = frame.f_code
        left = self._left.get(code)
        if left is None:
            ours = code.co_filename.startswith(_FOLDER)
            left = {line for *_, line in code.co_lines() if line} if ours else set()
            self._left[code] = left
        return self._trace_lines if left else None

    def _trace_lines(self, frame, event, argument):
        left = self._left[frame.f_code]
        if frame.f_lineno in left:
            left.discard(frame.f_lineno)
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
            self._new = True
        return self._trace_lines if left else None

    # -- one input --------------------------------------------------------------------------
    def explore(self, reader, data, trace):
        """Read one input and say whether it is one to go on from.

        Following every line is slow before Python 3.12, so that is done only if `trace`, and
        for an input that ended in a place where none ended before.

        Returns
        -------
        fault : str or None
            As from :meth:`run`.
        new : bool
            Whether it ended in a new place or ran new lines.
        """
        fault, ended = self.run(reader, data, self._monitoring is not None)
        fresh = ended not in self._ends
        self._ends.add(ended)
        if (fresh or trace) and not self._monitoring:
            self.run(reader, data)
        return fault, fresh or self._new

    def run(self, reader, data, trace=True):
        """Read one input.

        Returns
        -------
        fault : str or None
            What was wrong, as one line that is the same for the same fault.
        ended : frozenset
            The lines through which an error came out.
        """
        self._new, fault, ended = False, None, None
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            self._set_trace(trace)
            self.watching = True
            read(reader, data)
        except CheckpointError as error:
            fault, ended = self._judge(error), _lines(error)
        except BaseException as error:  # whatever it is, it is what we look for
            fault, ended = describe(error), _lines(error)
            if isinstance(error, KeyboardInterrupt):
                raise
        finally:
            self.watching = False
            self._set_trace(False)
            signal.setitimer(signal.ITIMER_REAL, 0)
        return fault, ended

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


def _lines(error):
    at, found = error.__traceback__, set()
    while at:
        found.add((at.tb_frame.f_code.co_filename, at.tb_lineno))
        at = at.tb_next
    return frozenset(found)


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
    if checkpoint.format == "onnx":
        try:
            import_graph(checkpoint.details["model"])
        except (LayoutError, CheckpointError):
            pass
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
