"""``minitorch finetune --dry-run``: the measured plan of a run, as text or JSON."""

import datetime
import json

from minitorch.cli._common import counted, message, result
from minitorch.training.naming import listed

__all__ = ["print_plan"]


def print_plan(plan, as_json):
    """Print what `minitorch.training.run.plan.measured_plan` returned on stdout."""
    if as_json:
        result(json.dumps({"event": "plan"} | plan))
        return
    for line in _lines(plan):
        result(line)
    message("Nothing was written; without --dry-run the run begins.")


def _lines(plan):
    data, model, schedule = plan["data"], plan["model"], plan["schedule"]
    yield f"classes   {listed(data['classes'])}"
    yield (f"epochs    {schedule['epochs']}, learning rate {schedule['lr']:g} "
           f"({schedule['sched']}"
           + (f", {schedule['warmup']:g} epochs of warm-up" if schedule["warmup"] else "") + ")")
    if plan["features"]["images"]:
        yield (f"features  of {counted(plan['features']['images'], 'image')}, once: "
               f"{_duration(plan['features']['seconds'])}")
    first = 1
    for phase in plan["phases"]:
        yield from _phase(phase, first, model, len(plan["phases"]) > 1)
        first += phase["epochs"]
    yield f"in all    {_duration(plan['seconds'])}"
    if plan["memory"]["peak"] is not None:
        yield f"memory    {_size(plan['memory']['peak'])} at most"
    yield f"output    {plan['output']}"
    for name, size in plan["files"].items():
        yield f"          {name}" + ("" if size is None else f"  {_size(size)}")
    disk = plan["disk"]
    short = "" if disk["free"] >= disk["needed"] else ": NOT ENOUGH"
    yield f"disk      {_size(disk['needed'])} needed, {_size(disk['free'])} free{short}"
    yield f"measured  in {plan['measured_in']:.1f} s, on this machine as busy as it is now"


def _phase(phase, first, model, several):
    epoch = phase["training"] + phase["validation"]
    which = f"epochs {first} to {first + phase['epochs'] - 1}: " if several else ""
    yield (f"an epoch  {which}{counted(phase['steps'], 'batch', 'batches')} of "
           f"{model['batch_size']} in {_duration(phase['training'])} "
           f"({1000 * phase['step']:.0f} ms each), validation {_duration(phase['validation'])}, "
           f"together {_duration(epoch)}; {phase['trained']:,} parameters train")
    if phase["read_batch"] > phase["step"] / 2:
        yield (f"          reading a batch takes one worker {1000 * phase['read_batch']:.0f} ms: "
               "the images are what takes the time")


def _duration(seconds):
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return str(datetime.timedelta(seconds=round(seconds)))


def _size(count):
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} bytes"
