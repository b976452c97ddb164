"""Training curves as a picture, drawn with pillow alone."""

import math

from minitorch.training.report.drawing import GRID, MUTED, PAPER, SCALE, Pen, png

__all__ = ["draw_curves", "epoch_ticks", "largest_rate", "ticks"]

WIDTH, HEIGHT = 1500, 520
COLOURS = {"train": "#7a8793", "val": "#0969da"}


def draw_curves(rows, title="", path=None):
    """Draw loss, accuracy (training and validation) and learning rate against the epoch.

    Parameters
    ----------
    rows : list of dict
        As `minitorch.training.history_row` makes them.
    title : str
    path : str or os.PathLike, optional
        Written as PNG, whole or not at all.

    Returns
    -------
    PIL.Image.Image
        1500 by 520 pixels, RGB.
    """
    from PIL import Image, ImageDraw
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), PAPER)
    pen = Pen(ImageDraw.Draw(image))
    pen.text((40, 24), pen.clipped(title, 20, WIDTH - 80), size=20)
    _panel(pen, (84, 104, 534, 460), rows, "loss", "Loss", str_of=_short)
    _panel(pen, (620, 104, 1070, 460), rows, "accuracy", "Accuracy", str_of=_percent, top=1.0)
    _panel(pen, (1160, 104, 1470, 460), [
        {"epoch": row["epoch"], "split": "val", "rate": largest_rate(row)}
        for row in rows if row["split"] == "train"], "rate", "Learning rate", str_of=_short)
    image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    if path is not None:
        from minitorch.training.files import write_bytes
        write_bytes(path, png(image))
    return image


def largest_rate(row):
    """The learning rate in a row of history; of several groups' the largest, the head's."""
    return max(value for name, value in row.items() if name == "lr" or name.startswith("lr_"))


def _panel(pen, box, rows, column, title, str_of, top=None):
    left, upper, right, lower = box
    rows = [row for row in rows if math.isfinite(row[column])]
    marks = ticks([row[column] for row in rows], top)
    epochs = sorted({row["epoch"] for row in rows}) or [1]
    first, last = (epochs[0], epochs[-1]) if len(epochs) > 1 else (epochs[0] - 1, epochs[0] + 1)

    def place(epoch, value):
        return (left + (epoch - first) / (last - first) * (right - left),
                lower - (value - marks[0]) / (marks[-1] - marks[0]) * (lower - upper))

    pen.text((left, upper - 30), title, size=16)
    for tick in marks:
        y = place(first, tick)[1]
        pen.line([(left, y), (right, y)], GRID, 1)
        pen.text((left - 10, y), str_of(tick), size=13, colour=MUTED, anchor="rm")
    for epoch in epoch_ticks(epochs):
        pen.text((place(epoch, marks[0])[0], lower + 10), str(epoch), size=13, colour=MUTED,
                 anchor="mt")
    pen.text(((left + right) / 2, lower + 32), "epoch", size=13, colour=MUTED, anchor="mt")
    if column != "rate":
        _legend(pen, right, upper - 21)
    for split, colour in COLOURS.items():
        points = [place(row["epoch"], row[column]) for row in rows if row["split"] == split]
        pen.curve(points, colour)
    if column != "rate":
        _mark_best(pen, rows, column, place, str_of)


def _mark_best(pen, rows, column, place, str_of):
    """Write the best validation value beside its point."""
    rows = [row for row in rows if row["split"] == "val"]
    if not rows:
        return
    best = (max if column == "accuracy" else min)(rows, key=lambda row: row[column])
    x, y = place(best["epoch"], best[column])
    below = column == "accuracy"
    anchor = "lm" if best is rows[0] and len(rows) > 1 else "rm"
    offset = 14 if anchor == "lm" else -2
    pen.text((x + offset, y + (20 if below else -20)), str_of(best[column], exact=True), size=14,
             colour=COLOURS["val"], anchor=anchor)


def _legend(pen, right, y):
    for name, colour in reversed(COLOURS.items()):
        label = {"train": "training", "val": "validation"}[name]
        pen.text((right, y), label, size=13, colour=MUTED, anchor="rm")
        right -= pen.width(label, 13) + 8
        pen.line([(right - 22, y), (right, y)], colour, 3)
        right -= 40


def ticks(values, top=None):
    """About five round numbers that span `values`; accuracy stops at `top`."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if top is None:
        low = min(low, 0.0)
    else:
        high = top
    if top is None and high == low:
        high = low + 1.0
    elif top is not None and high - low < 1e-9:
        low = high - 0.1
    rough = (high - low) / 5
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= rough * 0.999)
    start, end = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [index * step for index in range(start, end + 1)]


def epoch_ticks(epochs):
    """About ten of `epochs`, ascending, to be written below an axis."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10 ** 6)
                if (epochs[-1] - epochs[0]) / s <= 10)
    return [epoch for epoch in epochs if step == 1 or epoch % step == 0]


def _short(value, exact=False):
    return f"{value:.3f}" if exact else f"{value:.6g}"


def _percent(value, exact=False):
    return f"{100 * value:.1f} %" if exact else f"{100 * value:.6g} %"
