"""Charts of a report as inline SVG, coloured by the page's style so that they suit dark and light.

The classes ``train``, ``val``, ``grid``, ``axis`` and ``label`` are in the style of
`minitorch.training.report.page`.
"""

import base64
import math
from html import escape

import numpy as np

from minitorch.training.report.curves import epoch_ticks, ticks
from minitorch.training.report.drawing import png
from minitorch.training.report.pictures import confusion_shades, joined_classes

__all__ = ["confusion_chart", "line_chart", "sorted_columns"]

WIDTH, HEIGHT = 400, 250
_BOX = (52, 14, 388, 212)       # left, upper, right, lower
_MOST_POINTS = 400


def line_chart(series, label, str_of, *, top=None, marked=None):
    """A chart of values against the epoch.

    Parameters
    ----------
    series : dict of str to list of (int, float)
        Points by the CSS class of their line; values that are not finite are left out.
    label : str
        For those who do not see it.
    str_of : callable
        A value as text.
    top : float, optional
        The axis ends there.
    marked : (int, float), optional
        A point with its value beside it, as the best.

    Returns
    -------
    str
    """
    left, upper, right, lower = _BOX
    series = {name: [point for point in points if math.isfinite(point[1])]
              for name, points in series.items()}
    values = [value for points in series.values() for _, value in points]
    epochs = sorted({epoch for points in series.values() for epoch, _ in points}) or [1]
    first, last = (epochs[0], epochs[-1]) if len(epochs) > 1 else (epochs[0] - 1, epochs[0] + 1)
    marks = ticks(values, top)

    def place(epoch, value):
        return (left + (epoch - first) / (last - first) * (right - left),
                lower - (value - marks[0]) / (marks[-1] - marks[0]) * (lower - upper))

    parts = []
    for value in marks:
        y = place(first, value)[1]
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(left - 7, y + 4, str_of(value), "axis", "end"))
    for epoch in epoch_ticks(epochs):
        parts.append(_text(place(epoch, marks[0])[0], lower + 18, str(epoch), "axis", "middle"))
    parts.append(_text((left + right) / 2, lower + 35, "epoch", "axis", "middle"))
    for name, points in series.items():
        parts += _line(name, [place(*point) for point in _thinned(points)])
    if marked is not None and math.isfinite(marked[1]):
        parts.append(_mark(*place(*marked), str_of(marked[1]), top is None))
    return _svg(WIDTH, HEIGHT, label, parts)


def _thinned(points):
    """At most some hundred points, as many as have room; the last one stays."""
    step = max(1, math.ceil(len(points) / _MOST_POINTS))
    return points[::step] if step == 1 else [*points[:-1:step], points[-1]]


def _line(name, points):
    parts = []
    if len(points) > 1:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="line {name}" points="{path}"/>')
    if len(points) <= 30:
        parts += [f'<circle class="dot {name}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
                  for x, y in points]
    return parts


def _mark(x, y, text, above):
    above = above and y > _BOX[1] + 24 or y > _BOX[3] - 24
    anchor = "end" if x > WIDTH / 2 else "start"
    return (f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="5.5"/>'
            + _text(x + (-6 if anchor == "end" else 6), y - 11 if above else y + 20, text,
                    "label", anchor))


def _text(x, y, text, kind, anchor):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}' \
           "</text>"


def _svg(width, height, label, parts):
    return (f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
            + "".join(parts) + "</svg>")


def sorted_columns(counts, label):
    """The sizes of many classes, largest first, as a filled outline."""
    sizes = sorted((int(count) for count in counts), reverse=True)
    left, upper, right, lower = _BOX
    marks = ticks([0, sizes[0]])
    wide = (right - left) / len(sizes)
    step = max(1, len(sizes) // 300)
    outline = []
    for index in range(0, len(sizes), step):
        y = lower - sizes[index] / marks[-1] * (lower - upper)
        outline.append(f"{left + index * wide:.1f},{y:.1f} "
                       f"{left + min(index + step, len(sizes)) * wide:.1f},{y:.1f}")
    parts = [f'<polygon class="area" points="{left},{lower} {" ".join(outline)} '
             f'{right},{lower}"/>']
    for value in marks:
        y = lower - value / marks[-1] * (lower - upper)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(left - 7, y + 4, f"{value:,g}", "axis", "end"))
    parts.append(_text((left + right) / 2, lower + 18, f"{len(sizes)} classes, largest first",
                       "axis", "middle"))
    return _svg(WIDTH, HEIGHT, label, parts)


def confusion_chart(confusion, names, label):
    """A confusion matrix too large for a table, at its natural size.

    Parameters
    ----------
    confusion : numpy.ndarray of shape (C, C), integer
    names : list of str
        Of the classes, ready to be shown; every n-th has room.
    label : str

    Returns
    -------
    str
        An SVG with a small transparent picture in it, a pixel per cell.
    """
    counts, joined = joined_classes(confusion)
    cells = len(counts)
    side = max(1, 800 // cells)
    extent, margin = cells * side, 150
    every = math.ceil(17 / side)
    parts = [f'<image x="{margin}" y="{margin}" width="{extent}" height="{extent}" '
             f'href="data:image/png;base64,{_cells(counts)}" style="image-rendering:pixelated"/>',
             f'<rect class="frame" x="{margin}" y="{margin}" width="{extent}" '
             f'height="{extent}"/>']
    for cell in range(0, cells, every):
        name, middle = names[cell * joined], margin + (cell + 0.5) * side
        name = name if len(name) <= 20 else name[:19] + "…"
        parts.append(_text(margin - 6, middle + 4, name, "axis", "end"))
        parts.append(f'<text class="axis" transform="translate({middle + 4:.1f} {margin - 6}) '
                     f'rotate(-90)">{escape(name)}</text>')
    size = margin + extent + 4
    parts.append(_text(4, 16, "rows: truth", "label", "start"))
    parts.append(_text(4, 34, "columns: guess", "label", "start"))
    return _svg(size, size, label, parts).replace("<svg ", f'<svg width="{size}" ', 1)


def _cells(counts):
    """The matrix as a transparent PNG in base64: eight shades of right and eight of wrong."""
    from PIL import Image
    levels = np.ceil(confusion_shades(counts, 0.4) * 8).astype(np.uint8)
    wrong = ~np.eye(len(counts), dtype=bool)
    image = Image.fromarray(np.where((levels > 0) & wrong, levels + 8, levels))
    image = image.convert("P")
    image.putpalette([0, 0, 0] + [47, 129, 247] * 8 + [229, 83, 75] * 8)
    image.info["transparency"] = bytes([0] + [level * 255 // 8 for level in range(1, 9)] * 2)
    return base64.b64encode(png(image)).decode()
