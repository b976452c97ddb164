"""Peak memory of the training step."""

from bench.measure import Spread
from bench.plan import size_text
from bench.results import Row, Table
from bench.targets import PEAK_MEMORY
from bench.team import ContestantError, run_module

IMAGES, PIXELS = 16, 224
MB = 1e-6


def training_step(plan):
    """Each contestant in fresh processes; what its import takes is subtracted."""
    row = Row("training step, peak", size_text(IMAGES, PIXELS), target=PEAK_MEMORY)
    entries = {"minitorch": ("minitorch", "channels_last")}
    if "torch" in plan.names:
        entries |= {f"torch {layout}": ("torch", layout)
                    for layout in ("contiguous", "channels_last")}
    imported, added = {}, {}
    try:
        for label, (name, layout) in entries.items():
            plan.say(f"{row.work} {row.size} {label}")
            found = [run_module("peak", name, plan.threads, plan.weights, IMAGES, PIXELS, layout,
                                threads=plan.threads) for _ in range(1 if plan.quick else 3)]
            imported[label] = max(one["imported"] for one in found)
            added[label] = Spread.of([one["peak"] - one["imported"] for one in found])
        row.ours = added.pop("minitorch")
        row.rivals = added
    except ContestantError as error:
        plan.say(str(error))
        row.problem = str(error).strip().splitlines()[-1]
    note = "Beyond what the process held after the import: " + ", ".join(
        f"{label} {size * MB:.0f} MB" for label, size in imported.items()) + "."
    return Table("memory", "Peak memory", [row], scale=MB, unit="MB", note=note)
