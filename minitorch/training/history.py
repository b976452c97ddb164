"""The numbers of a run, epoch by epoch, as rows and as ``metrics.csv``."""

import csv
import math

__all__ = ["COLUMNS", "history_row", "history_csv", "with_times", "without_times"]

COLUMNS = ("epoch", "split", "loss", "accuracy", "lr", "images_per_second", "seconds")
# Other on each machine and at each try: they stand in metrics.csv, and not in the checkpoint.
TIMES = ("images_per_second", "seconds")


def history_row(epoch, split, result, lr):
    """One row: `epoch` counts from 1, `split` is "train" or "val", accuracy is a fraction."""
    return {"epoch": epoch, "split": split, "loss": result.loss, "accuracy": result.accuracy,
            "lr": lr, "images_per_second": result.images_per_second, "seconds": result.seconds}


def history_csv(rows):
    """The rows as the text of a CSV file with a header line; an unknown time stays empty."""
    lines = [",".join(COLUMNS)]
    for row in rows:
        lines.append(f"{row['epoch']},{row['split']},{row['loss']:.6g},{row['accuracy']:.6f},"
                     f"{row['lr']:g},{_known(row['images_per_second'], 1)},"
                     f"{_known(row['seconds'], 2)}")
    return "\n".join(lines) + "\n"


def _known(value, digits):
    return f"{value:.{digits}f}" if math.isfinite(value) else ""


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
