"""A profile in the Chrome trace format, which ui.perfetto.dev and chrome://tracing show."""

import gzip
import json
import os

__all__ = ["write"]


def _entry(event, pid):
    details = {"External id": event.id}
    if event.input_shapes:
        details["Input Dims"] = event.input_shapes
    if event.module:
        details["Module"] = event.module
    if event.sequence_nr >= 0:
        details["Sequence number"] = event.sequence_nr
    return {"ph": "X", "cat": event.kind, "name": event.name, "pid": pid, "tid": event.thread,
            "ts": event.time_range.start, "dur": event.time_range.elapsed_us(), "args": details}


def write(events, path):
    """Write the events; compressed where `path` ends in ``.gz``."""
    pid = os.getpid()
    trace = {
        "schemaVersion": 1,
        "displayTimeUnit": "ms",
        "traceEvents": [
            {"ph": "M", "name": "process_name", "pid": pid, "tid": 0,
             "args": {"name": "minitorch"}},
            *(_entry(event, pid) for event in events),
        ],
    }
    opener = gzip.open if os.fspath(path).endswith(".gz") else open
    with opener(path, "wt", encoding="utf-8") as file:
        json.dump(trace, file)
