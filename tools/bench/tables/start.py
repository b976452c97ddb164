"""The import, and the first call after it."""

import subprocess
import sys

from bench.measure import Spread, in_turn
from bench.plan import empty_row
from bench.results import Row, Table
from bench.targets import FIRST_CALL, IMPORT, SIZES
from bench.team import environment, run_module

_IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def import_seconds(module):
    """How long an import takes in a fresh process."""
    done = subprocess.run([sys.executable, "-c", _IMPORT.format(module)], env=environment(1),
                          check=True, capture_output=True, text=True)
    return float(done.stdout)


def imports(plan):
    """``import minitorch`` against ``import torch``."""
    plan.say("import")
    modules = [name for name in ("minitorch", "torch") if name in plan.names]
    for module in modules:
        import_seconds(module)  # from the disk, the first time
    times = in_turn({name: lambda name=name: import_seconds(name) for name in modules},
                    3 if plan.quick else 15)
    found = {name: Spread.of(values) for name, values in times.items()}
    row = Row("import", "", found.pop("minitorch"), found, IMPORT)
    return Table("import", "Import", [row])


def first_call(plan):
    """The first ``model(x)`` of a process against its tenth."""
    rows = []
    for images, pixels in SIZES:
        row = empty_row("first model(x)", images, pixels, FIRST_CALL)
        plan.say(f"{row.work} {row.size}")
        runs = [run_module("first_call", plan.threads, plan.weights, images, pixels,
                           threads=plan.threads) for _ in range(2 if plan.quick else 7)]
        row.ours = Spread.of([run[0] for run in runs])
        row.rivals = {"its tenth": Spread.of([run[-1] for run in runs])}
        rows.append(row)
    return Table("first-call", "First call", rows)
