"""Where the time goes: :class:`profile` and what it is told, with PyTorch's names.

>>> from minitorch.profiler import profile, record_function
>>> with profile(with_modules=True) as prof:
...     with record_function("forward"):
...         y = model(x)
>>> print(prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=10))
>>> print(prof.key_averages(group_by_module=True).table(sort_by="cpu_time_total"))

Nothing of it costs anything while no profiler runs: it works by putting timing functions in the
place of the operations (``_instrument.py``) and takes them away again.
"""

from minitorch.profiler._events import EventList, FunctionEvent, FunctionEventAvg
from minitorch.profiler._profile import profile, tensorboard_trace_handler
from minitorch.profiler._record import record_function
from minitorch.profiler._schedule import ProfilerAction, ProfilerActivity, schedule

__all__ = [
    "EventList",
    "FunctionEvent",
    "FunctionEventAvg",
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "tensorboard_trace_handler",
]
