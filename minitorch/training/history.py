"""The numbers of a run, epoch by epoch, as rows and as ``metrics.csv``."""

import csv
import math

__all__ = ["COLUMNS", "history_row", "history_csv", "with_times", "without_times"]

COLUMNS = ("epoch", "split", "loss", "accuracy", "lr", "images_per_second", "seconds")
# Other on each machine and at each try: they stand in metrics.csv, and not in the checkpoint.
TIMES = ("images_per_second", "seconds")
_FORMATS = {"loss": ".6g", "accuracy": ".6f", "images_per_second": ".1f", "seconds": ".2f",
            "f1": ".6f"}


def history_row(epoch, split, result, lr, rates=None):
    """One row: `epoch` counts from 1, `split` is "train" or "val", accuracy is a fraction.

    `lr` is the first group's rate in the last update of the epoch; `rates` names those of the
    groups where there are several.  ``f1`` and ``grad_norm`` are there where they are known.
    """
    row = {"epoch": epoch, "split": split, "loss": result.loss, "accuracy": result.accuracy,
           "lr": lr, "images_per_second": result.images_per_second, "seconds": result.seconds}
    more = {"f1": result.f1, "grad_norm": result.grad_norm}
    return row | {name: value for name, value in more.items() if value is not None} | (rates or {})


def history_csv(rows):
    """The rows as the text of a CSV file with a header line; a number that is not known is empty.

    The columns are `COLUMNS` and after them, in the order of their first appearance, what else
    the rows have.
    """
    columns = dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)])
    lines = [",".join(columns)]
    for row in rows:
        lines.append(",".join(_cell(name, row.get(name)) for name in columns))
    return "\n".join(lines) + "\n"


def _cell(name, value):
    if value is None or isinstance(value, str):
        return value or ""
    if name in TIMES and math.isnan(value):
        return ""
    if isinstance(value, int):
        return str(value)
    return format(value, _FORMATS.get(name, "g"))


def without_times(rows):
    """Copies of the rows without what a clock said."""
    return [{name: value for name, value in row.items() if name not in TIMES} for row in rows]


def with_times(rows, text=""):
    """Copies of the rows with the times that `history_csv` wrote into `text`; NaN where none is.

    Parameters
    ----------
    rows : list of dict
        From `without_times`.
    text : str
        May be damaged, or hold other rows.
    """
    known = {}
    for line in csv.DictReader(text.splitlines()):
        try:
            known[int(line["epoch"]), line["split"]] = {name: float(line[name]) for name in TIMES}
        except (KeyError, TypeError, ValueError):
            continue
    nothing = dict.fromkeys(TIMES, math.nan)
    return [row | known.get((row["epoch"], row["split"]), nothing) for row in rows]
