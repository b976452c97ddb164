"""What an examination found, as pictures: the confusion matrix and the worst mistakes."""

import math
import os

import numpy as np

from minitorch.training.report.drawing import GRID, INK, MUTED, PAPER, SCALE, Pen, drawable

__all__ = ["confusion_shades", "draw_confusion", "draw_mistakes", "joined_classes",
           "short_count", "thumbnail"]

_MOST = 1000            # cells along a side; more classes share a cell
_RIGHT, _WRONG = (9, 105, 218), (207, 34, 46)
_THUMB, _CELL = 160, 190       # pixels: a thumbnail's side, a column of the contact sheet


def confusion_shades(confusion, least=0.15):
    """How strongly each cell of a confusion matrix is coloured.

    Parameters
    ----------
    confusion : numpy.ndarray of shape (C, C), integer
    least : float
        Of a cell that is not empty; the smaller the cells, the more it takes to see one.

    Returns
    -------
    numpy.ndarray of shape (C, C), float64
        0 for an empty cell, up to 1 for one that holds all images of its true class; lifted
        for small shares, as a single mistake among hundreds must be seen.
    """
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    return np.where(confusion > 0, least + (1 - least) * np.sqrt(shares), 0.0)


def draw_confusion(confusion, classes, title=""):
    """Draw a confusion matrix: a row for each true class, a column for each guess.

    Parameters
    ----------
    confusion : numpy.ndarray of shape (C, C), integer
        ``confusion[truth, guess]`` counts images.
    classes : list of str
        Names of any script; those that pillow's font cannot write are given by number.
    title : str

    Returns
    -------
    PIL.Image.Image
        RGB.  Up to some thirty classes have names and counts; of more, every n-th has a name,
        and above a thousand several share a cell.
    """
    from PIL import Image, ImageDraw
    counts, joined = joined_classes(confusion)
    names = [_label(index, classes) for index in range(0, len(classes), joined)]
    cells = len(counts)
    side = min(80, max(2, 960 // cells))
    every = math.ceil(16 / side)        # lines of text are 16 pixels apart at least
    size = 13
    shown = [(index, names[index]) for index in range(0, cells, every)]
    probe = Pen(ImageDraw.Draw(Image.new("RGB", (1, 1))))
    shown = [(index, probe.clipped(name, size, 150)) for index, name in shown]
    margin = 64 + math.ceil(max(probe.width(name, size) for _, name in shown))
    extent = cells * side
    width = max(margin + extent + 40, 560)
    image = Image.new("RGB", (width * SCALE, (margin + extent + 92) * SCALE), PAPER)
    top, left = margin + 40, margin
    field = Image.fromarray(_colours(counts, 0.15 if side >= 12 else 0.5)).resize(
        (extent * SCALE, extent * SCALE), Image.Resampling.NEAREST)
    image.paste(field, (left * SCALE, top * SCALE))
    pen = Pen(ImageDraw.Draw(image))
    pen.text((24, 20), pen.clipped(title, 18, width - 48), size=18)
    _frame(pen, left, top, extent, side)
    for index, name in shown:
        middle = (index + 0.5) * side
        pen.text((left - 8, top + middle), name, size, anchor="rm")
        pen.vertical((left + middle, top - 8), name, size)
    pen.text((left, top - margin + 22), "guess", 13, MUTED)
    pen.text((24, top - 8), "truth", 13, MUTED, anchor="ld")
    if side >= 26:
        _numbers(pen, counts, left, top, side)
    pen.text((24, top + extent + 20), "blue: right, red: wrong; the stronger, the larger the share "
             "of the true class", 13, MUTED)
    return image.resize((width, margin + extent + 92), Image.Resampling.LANCZOS)


def _label(index, classes):
    return f"#{index}" if "?" in drawable(classes[index]) else classes[index]


def joined_classes(confusion):
    """A confusion matrix of at most a thousand rows, and how many classes each stands for."""
    count = math.ceil(len(confusion) / _MOST)
    if count == 1:
        return confusion, 1
    starts = np.arange(0, len(confusion), count)
    return np.add.reduceat(np.add.reduceat(confusion, starts, axis=0), starts, axis=1), count


def _colours(counts, least):
    shades = confusion_shades(counts, least)[:, :, None]
    ink = np.where(np.eye(len(counts), dtype=bool)[:, :, None], _RIGHT, _WRONG)
    return np.rint(255 + shades * (ink - 255.0)).astype(np.uint8)


def _frame(pen, left, top, extent, side):
    lines = range(0, extent + 1, side) if side >= 12 else (0, extent)
    for place in lines:
        pen.line([(left + place, top), (left + place, top + extent)], GRID, 1)
        pen.line([(left, top + place), (left + extent, top + place)], GRID, 1)


def _numbers(pen, counts, left, top, side):
    shades = confusion_shades(counts)
    for row, column in zip(*np.nonzero(counts), strict=True):
        text = short_count(int(counts[row, column]))
        size = min(16, side // 2, int(side * 1.6 / len(text)))
        colour = PAPER if shades[row, column] > 0.55 else INK
        pen.text((left + (column + 0.5) * side, top + (row + 0.5) * side), text, size, colour,
                 anchor="mm")


def short_count(count):
    """A count in at most four characters: ``"1234"``, ``"12k"``, ``"3M"``."""
    if count < 10_000:
        return str(count)
    return f"{count // 1000}k" if count < 1_000_000 else f"{count // 1_000_000}M"


# -- mistakes -----------------------------------------------------------------------------------
def thumbnail(source, exif=True, side=_THUMB):
    """An image, or the one in a file, within a square of `side` pixels; None if it is unreadable.

    Small images are enlarged by whole factors, pixel by pixel.
    """
    from PIL import Image

    from minitorch.datasets.images import ImageError, check_sides, load_image
    image = source
    if isinstance(source, (str, os.PathLike)):
        try:
            image = load_image(source, exif=exif)
            check_sides(source, image)
        except (ImageError, OSError):
            return None
    image = image.convert("RGB")
    factor = side // max(image.size)
    if factor > 1:
        return image.resize((image.width * factor, image.height * factor),
                            Image.Resampling.NEAREST)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def draw_mistakes(mistakes, title="", columns=6):
    """Draw a contact sheet of wrong guesses.

    Parameters
    ----------
    mistakes : list of Mistake
        See `minitorch.training.report.gather`; without a thumbnail a frame stands in its place.
    title : str
    columns : int

    Returns
    -------
    PIL.Image.Image
        RGB, 190 pixels for each column.
    """
    from PIL import Image, ImageDraw
    columns = max(min(columns, len(mistakes)), 3)
    rows = [mistakes[start:start + columns] for start in range(0, len(mistakes), columns)]
    width, height = columns * _CELL + 20, _THUMB + 76
    sheet = Image.new("RGB", (width, 64 + max(len(rows) * height, 40)), PAPER)
    # Piece by piece: a long sheet, drawn at twice its size, would take gigabytes.
    head = Image.new("RGB", (width * SCALE, 104 * SCALE), PAPER)
    pen = Pen(ImageDraw.Draw(head))
    pen.text((24, 20), pen.clipped(title, 18, width - 48), size=18)
    if not mistakes:
        pen.text((24, 64), "no mistakes", 14, MUTED)
    sheet.paste(head.resize((width, 104), Image.Resampling.LANCZOS))
    for place, row in enumerate(rows):
        sheet.paste(_row(row, (width, height)), (0, 64 + place * height))
    return sheet


def _row(mistakes, size):
    """A row of the contact sheet."""
    from PIL import Image, ImageDraw
    image = Image.new("RGB", (size[0] * SCALE, size[1] * SCALE), PAPER)
    pen = Pen(ImageDraw.Draw(image))
    for place, each in enumerate(mistakes):
        left, end = 20 + place * _CELL, 20 + place * _CELL + _THUMB
        _caption(pen, left, _THUMB + 8, each, _CELL - 20)
        if each.thumbnail is None:
            pen.line([(left, 1), (end, 1), (end, _THUMB), (left, _THUMB), (left, 1)], GRID, 1)
    image = image.resize(size, Image.Resampling.LANCZOS)
    for place, each in enumerate(mistakes):
        if each.thumbnail is not None:      # after the reduction, which would blur it
            image.paste(each.thumbnail, (20 + place * _CELL + (_THUMB - each.thumbnail.width) // 2,
                                         (_THUMB - each.thumbnail.height) // 2))
    return image


def _caption(pen, left, top, mistake, width):
    guess = f" {100 * mistake.probability:.1f} %"
    room = width - pen.width(guess, 13)
    pen.text((left, top), pen.clipped(f"guess {mistake.guess}", 13, room) + guess, 13, "#cf222e")
    pen.text((left, top + 18), pen.clipped(f"truth {mistake.truth}", 13, width), 13)
    pen.text((left, top + 36), pen.clipped(mistake.name, 12, width), 12, MUTED)
