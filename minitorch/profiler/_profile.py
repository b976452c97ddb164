"""The profiler: a recorder, its instruments, and when they are at work."""

import os
import socket
import time
import warnings

from minitorch.profiler import _record
from minitorch.profiler._events import events_of
from minitorch.profiler._instrument import Instruments
from minitorch.profiler._record import Recorder, record_function
from minitorch.profiler._schedule import ProfilerAction, ProfilerActivity, always

__all__ = ["profile", "tensorboard_trace_handler"]

_RECORDING = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


def _refuse(**arguments):
    for name, value in arguments.items():
        if value:
            raise NotImplementedError(f"profile(): argument '{name}' is not supported")


def _check_activities(activities):
    if activities is None:
        return
    activities = list(activities)
    if not activities:
        raise AssertionError("No valid profiler activities found")
    for activity in activities:
        if not isinstance(activity, ProfilerActivity):
            raise TypeError("profile(): argument 'activities' must hold ProfilerActivity, "
                            f"not {type(activity).__name__}")
        if activity is not ProfilerActivity.CPU:
            warnings.warn(f"{activity.name} is not available, disabling {activity.name} profiling",
                          stacklevel=4)
    if ProfilerActivity.CPU not in activities:
        raise AssertionError("No valid profiler activities found")


class profile:  # noqa: N801  PyTorch's name
    """Record what the program does between entering and leaving, and how long it takes.

    Recorded are, in the thread that enters: the operations, under PyTorch's ``aten::`` names;
    the nodes of the backward (``ConvolutionBackward0``); steps of optimizers, batches of data
    loaders; what :class:`record_function` names; and with `with_modules` the calls of modules.
    Each costs a few microseconds more than without; the times are of the wall clock.

    Parameters
    ----------
    activities : iterable of ProfilerActivity, optional
        ``[ProfilerActivity.CPU]``, the default. Others warn that they are not available.
    schedule : callable, optional
        Step number -> ProfilerAction, as :func:`schedule` makes it; :meth:`step` counts.
        By default all is recorded.
    on_trace_ready : callable, optional
        Called with the profile when a cycle of the schedule has ended, or the whole.
    record_shapes : bool
        Keep the shapes of the arguments.
    with_modules : bool
        Record calls of modules, and for each event the path of its module. PyTorch's eager
        modules do not have that; it makes ``key_averages(group_by_module=True)`` possible.
    acc_events : bool
        Keep the events of all cycles, instead of the last one's.
    profile_memory, with_stack, with_flops : bool
        Not supported.
    experimental_config, execution_trace_observer, use_cuda, custom_trace_id_callback, \
post_processing_timeout_s : optional
        Not supported.

    Examples
    --------
    >>> with profile(with_modules=True) as prof:
    ...     loss = model(x).sum()
    ...     loss.backward()
    >>> print(prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=10))
    >>> prof.export_chrome_trace("trace.json")
    """

    def __init__(self, *, activities=None, schedule=None, on_trace_ready=None,
                 record_shapes=False, profile_memory=False, with_stack=False, with_flops=False,
                 with_modules=False, experimental_config=None, execution_trace_observer=None,
                 acc_events=False, use_cuda=None, custom_trace_id_callback=None,
                 post_processing_timeout_s=None):
        _refuse(profile_memory=profile_memory, with_stack=with_stack, with_flops=with_flops,
                experimental_config=experimental_config,
                execution_trace_observer=execution_trace_observer, use_cuda=use_cuda,
                custom_trace_id_callback=custom_trace_id_callback,
                post_processing_timeout_s=post_processing_timeout_s)
        _check_activities(activities)
        self.record_shapes = record_shapes
        self.with_modules = with_modules
        self.acc_events = acc_events
        self.on_trace_ready = on_trace_ready
        self.schedule = always if schedule is None else schedule
        self.record_steps = schedule is not None
        self.step_num = 0
        self.current_action = self.schedule(0)
        self._recorder = Recorder(record_shapes, with_modules)
        self._instruments = Instruments(self._recorder)
        self._running = False
        self._step_record = None
        self._thread = None  # that was recorded
        self._raw = None     # what it did, once that is complete
        self._events = None

    # ---- when to record --------------------------------------------------------------------------

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        self.stop()

    def start(self):
        """Begin, as entering the context does."""
        if _record.active is not None:
            raise RuntimeError("Profiler is already enabled on this thread"
                               if _record.active.sees() else "another profiler is running")
        _record.active = self._recorder
        self._running = True
        try:
            self._change(ProfilerAction.NONE, self.current_action)
        except BaseException:
            self._end()
            raise
        self._open_step()

    def stop(self):
        """End, as leaving the context does."""
        if not self._running:
            raise AssertionError("Profiler must be initialized before stopping trace")
        self._close_step()
        try:
            if self.current_action in _RECORDING:
                self._save()
        finally:
            self._end()
        if self.current_action in _RECORDING:
            self._trace_ready()

    def _end(self):
        self._recorder.thread = None
        self._instruments.remove()
        _record.active = None
        self._running = False

    def step(self):
        """Tell that the next step of the program begins."""
        if not self._running:
            raise AssertionError("Profiler must be initialized before it can step")
        self._close_step()
        before = self.current_action
        self.current_action = self.schedule(self.step_num + 1)
        self.step_num += 1
        if before is ProfilerAction.RECORD_AND_SAVE or (
                before is ProfilerAction.RECORD and self.current_action not in _RECORDING):
            self._save()
        self._change(before, self.current_action)
        if before is ProfilerAction.RECORD_AND_SAVE:
            self._trace_ready()
        self._open_step()

    def _change(self, before, after):
        """Put up or take away the instruments, start or stop the recorder."""
        if after is ProfilerAction.NONE:
            self._instruments.remove()
        elif not self._instruments.undo:
            self._instruments.install()
        if after in _RECORDING and not self._recorder.sees():
            self._recorder.start()

    def _save(self):
        """Take what was recorded; the recorder rests."""
        self._thread = self._recorder.thread
        self._recorder.stop()
        earlier = self._raw if self.acc_events and self._raw is not None else []
        self._raw = earlier + self._recorder.take()
        self._events = None

    def _trace_ready(self):
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def _open_step(self):
        if self.record_steps:
            self._step_record = record_function(f"ProfilerStep#{self.step_num}")
            self._step_record.__enter__()

    def _close_step(self):
        if self._step_record is not None:
            self._step_record.__exit__(None, None, None)
            self._step_record = None

    # ---- what was recorded -----------------------------------------------------------------------

    def _finished(self, what):
        """The events, if there are any; `what` is asked of them."""
        if self._raw is None:
            if self._running:
                raise RuntimeError("Profiler didn't finish running")
            raise AssertionError(f"Profiler must be initialized before {what}")
        if self._events is None:
            self._events = events_of(self._raw, self._thread, has_shapes=self.record_shapes,
                                     has_modules=self.with_modules)
        return self._events

    def events(self):
        """All events, in the order of their beginning.

        Returns
        -------
        EventList of FunctionEvent
        """
        return self._finished("accessing events")

    def key_averages(self, group_by_input_shape=False, group_by_stack_n=0,
                     group_by_overload_name=False, *, group_by_module=False):
        """The events added up by name.

        Parameters
        ----------
        group_by_input_shape : bool
            Apart for each combination of shapes; needs ``record_shapes``.
        group_by_stack_n, group_by_overload_name
            Not supported.
        group_by_module : bool
            Apart for each module, the backward's nodes included; needs ``with_modules``. The rows
            ``nn.Module: ...`` are then the layers.

        Returns
        -------
        EventList of FunctionEventAvg
        """
        for name, value in (("group_by_stack_n", group_by_stack_n),
                            ("group_by_overload_name", group_by_overload_name)):
            if value:
                raise NotImplementedError(f"key_averages(): argument '{name}' is not supported")
        if group_by_input_shape and not self.record_shapes:
            raise ValueError("key_averages(): group_by_input_shape needs "
                             "profile(record_shapes=True)")
        if group_by_module and not self.with_modules:
            raise ValueError("key_averages(): group_by_module needs profile(with_modules=True)")
        return self._finished("getting key averages").key_averages(
            group_by_input_shape, group_by_module)

    def export_chrome_trace(self, path):
        """Write the events for ui.perfetto.dev; compressed if `path` ends in ``.gz``."""
        self._finished("exporting chrome trace").export_chrome_trace(path)


def tensorboard_trace_handler(dir_name, worker_name=None, use_gzip=False):
    """For ``on_trace_ready``: write each trace into a folder.

    Parameters
    ----------
    dir_name : str
        Made if it does not exist.
    worker_name : str, optional
        First part of the file names; by default host and process.
    use_gzip : bool
        Compress.
    """
    def handle(prof):
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        ending = ".gz" if use_gzip else ""
        prof.export_chrome_trace(os.path.join(
            dir_name, f"{worker}.{time.time_ns()}.pt.trace.json{ending}"))

    return handle
