"""The recorder: what began and ended when, within what."""

import functools
import threading
from bisect import bisect_right
from time import perf_counter_ns

from minitorch._core.node import upcoming_sequence_nr

__all__ = ["Raw", "Recorder", "record_function"]

OPERATION, ANNOTATION, MODULE, NODE = "cpu_op", "user_annotation", "python_function", "autograd"


class Raw:
    """One thing that was recorded: times in nanoseconds, `parent` what it was in."""

    __slots__ = ("end", "kind", "module", "name", "parent", "sequence_nr", "sequence_stop",
                 "shapes", "start")

    def __init__(self, name, kind, parent, module, shapes, sequence_nr):
        self.name = name
        self.kind = kind
        self.parent = parent
        self.module = module
        self.shapes = shapes
        # of a node its number; of a module's call the first that its forward may give
        self.sequence_nr = sequence_nr
        self.sequence_stop = None
        self.end = None
        self.start = perf_counter_ns()


class Recorder:
    """Keeps what the thread that called :meth:`start` does; other threads are not seen.

    So it is in PyTorch: the table shows what that thread waits for.
    """

    def __init__(self, record_shapes, with_modules):
        self.record_shapes = record_shapes
        self.with_modules = with_modules
        self.thread = None      # the thread that is recorded, None while nothing is
        self.events = []
        self.open = []          # what has begun and not ended, the innermost last
        self.open_modules = []  # those of `open` that are calls of modules
        self.paths = ModulePaths()

    def start(self):
        """Record this thread from now on."""
        self.thread = threading.get_ident()

    def stop(self):
        """Record no more; what is open ends now."""
        if self.open:
            self.leave(self.open[0])
        self.thread = None

    def sees(self):
        """Whether the calling thread is recorded now."""
        return self.thread == threading.get_ident()

    def enter(self, name, kind=OPERATION, shapes=None, sequence_nr=None):
        """Begin something; returns it, for :meth:`leave`."""
        parent = self.open[-1] if self.open else None
        module = self.open_modules[-1].module if self.open_modules else ""
        event = Raw(name, kind, parent, module, shapes, sequence_nr)
        self.open.append(event)
        self.events.append(event)
        return event

    def leave(self, event):
        """End something, and whatever was left open within it."""
        now = perf_counter_ns()
        if event not in self.open:
            return  # ended already, with what it was in
        last = None
        while last is not event:
            last = self.open.pop()
            last.end = now
            if last.kind == MODULE:
                self.open_modules.pop()
                last.sequence_stop = upcoming_sequence_nr()

    def enter_module(self, module, name):
        """Begin a module's call."""
        path = self.paths.path_of(module, outermost=not self.open_modules)
        event = self.enter(name, MODULE, sequence_nr=upcoming_sequence_nr())
        event.module = path
        self.open_modules.append(event)
        return event

    def take(self):
        """Hand over what was recorded, and begin anew."""
        events, self.events = self.events, []
        _attribute_nodes(events)
        return events


def _attribute_nodes(events):
    """Give each node of the backward the module whose forward created it.

    The nodes of a forward have the numbers from the call's beginning to its end, and the calls
    nest: so the last call that begins before a number, or one around it, is the one.
    """
    calls = [event for event in events if event.kind == MODULE]
    starts = [call.sequence_nr for call in calls]
    for event in events:
        if event.kind != NODE:
            continue
        place = bisect_right(starts, event.sequence_nr) - 1
        call = calls[place] if place >= 0 else None
        while call is not None and not (
                call.kind == MODULE
                and call.sequence_nr <= event.sequence_nr < call.sequence_stop):
            call = call.parent
        event.module = call.module if call is not None else ""


class ModulePaths:
    """The names of modules within the network that was called: ``layer1.0.conv1``.

    The network itself goes by the name of its class.
    """

    def __init__(self):
        self.names = {}
        self.networks = {}  # kept alive, lest an id be given again

    def path_of(self, module, outermost):
        """A module's path; `outermost` tells that no other module is being called."""
        known = id(module) in (self.networks if outermost else self.names)
        if not known:
            self.networks[id(module)] = module
            for name, part in module.named_modules():
                if outermost or id(part) not in self.names:
                    self.names[id(part)] = name or type(module).__name__
        return self.names[id(module)]


# The recorder of the profiler that runs, if one does.
active = None


class record_function:  # noqa: N801  PyTorch's name
    """Name a piece of the program in the profile: a context manager and a decorator.

    Parameters
    ----------
    name : str
        What the tables and the trace call it.
    args : str, optional
        Shown behind the name, after a comma.

    Examples
    --------
    >>> with record_function("load"):
    ...     batch = next(batches)
    >>> @record_function("augment")
    ... def augment(image):
    ...     return image.flip(-1)
    """

    def __init__(self, name, args=None):
        for argument, value in (("name", name), ("args", args)):
            if not isinstance(value, str) and (argument == "name" or value is not None):
                raise TypeError(f"record_function(): argument '{argument}' must be str, "
                                f"not {type(value).__name__}")
        self.name = name
        self.args = args
        self._entered = []

    def __enter__(self):
        recorder = active
        if recorder is None or not recorder.sees():
            self._entered.append((None, None))
        else:
            label = self.name if self.args is None else f"{self.name}, {self.args}"
            self._entered.append((recorder, recorder.enter(label, ANNOTATION)))
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        recorder, event = self._entered.pop()
        if recorder is not None:
            recorder.leave(event)

    def __call__(self, function):
        """Decorate a function: each of its calls is recorded."""
        @functools.wraps(function)
        def recorded(*args, **kwargs):
            with record_function(self.name, self.args):
                return function(*args, **kwargs)
        return recorded
