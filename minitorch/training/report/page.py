"""A `Report` as one HTML page that needs nothing else: no script, no request, no other file.

Whatever comes from a user (names of classes and files, settings, remarks) passes `shown` on its
way into the page.
"""

import base64
import io
import re
from html import escape

from minitorch.training.report.charts import confusion_chart, line_chart, sorted_columns
from minitorch.training.report.curves import largest_rate
from minitorch.training.report.gather import percent
from minitorch.training.report.pictures import confusion_shades, short_count
from minitorch.training.report.style import STYLE

__all__ = ["render", "shown"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
# Control characters, those of the direction of writing among them, and bytes that are no text.
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST = 200          # characters of a name
_TABLE = 30             # classes; the confusion matrix of more is a picture
_BARS = 40              # classes; the distribution of more is an outline
_ROWS = 1000            # of a table
_UNREADABLE = 50
_THUMB_BYTES = 1_000_000
_THUMB = 144


def render(report):
    """The page of a `minitorch.training.report.gather.Report`, as the bytes of an HTML file."""
    sections = [_curves(report), _notes(report), _confusion(report), _mistakes(report),
                _classes(report), _distribution(report), _use(report), _facts(report),
                _files(report)]
    body = (f'<header><p class="kicker">minitorch report</p><h1>{shown(report.title)}</h1>'
            f'<p class="status">{shown(report.status)}</p></header>\n<main>\n{_figures(report)}'
            + "".join(section for section in sections if section) + "</main>\n")
    page = ('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            '<meta name="referrer" content="no-referrer">\n'
            f"<title>{escape(_plain(report.title))}</title>\n<style>{STYLE}</style>\n</head>\n"
            f"<body>\n{body}</body>\n</html>\n")
    return page.encode("utf-8")


# -- text ---------------------------------------------------------------------------------------
def _plain(text):
    """`text` in one line of Unicode, not too long; bytes that are none are ``\\xff``."""
    text = str(text)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST // 2]}…{text[-_LONGEST // 2:]}"
    return _NO_TEXT.sub(_spelled, text)


def _spelled(found):
    """A control character as in source code; a byte of a file name that is no UTF-8 likewise."""
    code = ord(found.group())
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else repr(found.group())[1:-1]


def shown(text):
    """`text` as HTML; its direction of writing does not spill over to what stands beside it."""
    return f"<bdi>{escape(_plain(text))}</bdi>"


def _section(name, title, content):
    return (f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n{content}'
            "</section>\n")


def _table(caption, header, rows, kind=""):
    """A table in a box of its own, in which it scrolls; cells are HTML, the first one a header."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in header)
    body = "".join(f'<tr><th scope="row">{first}</th>'
                   + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>\n"
                   for first, *rest in rows)
    head = f"<thead><tr>{head}</tr></thead>" if header else ""
    return (f'<div class="box {kind}-box" tabindex="0" role="region" aria-label="{caption}">'
            f'<table class="{kind}">{head}<tbody>\n{body}</tbody></table></div>\n')


# -- sections -----------------------------------------------------------------------------------
def _figures(report):
    tiles = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
                    for name, value in report.figures)
    return f'<dl class="tiles">{tiles}</dl>\n' if tiles else ""


def _curves(report):
    if not report.history:
        return ""
    best = dict(report.figures).get("best epoch")
    marked = [row for row in report.history if row["split"] == "val" and str(row["epoch"]) == best]
    charts = []
    for column, title, str_of, top in (("loss", "Loss", _short, None),
                                       ("accuracy", "Accuracy", _share, 1.0)):
        series = {split: [(row["epoch"], row[column]) for row in report.history
                          if row["split"] == split] for split in ("train", "val")}
        point = (marked[0]["epoch"], marked[0][column]) if marked else None
        legend = ('<span class="key train">training</span> '
                  '<span class="key val">validation</span>')
        charts.append(_chart(title, legend, line_chart(
            series, f"{title} of training and validation, by epoch", str_of, top=top,
            marked=point)))
    rates = [(row["epoch"], largest_rate(row)) for row in report.history if row["split"] == "train"]
    charts.append(_chart("Learning rate", "", line_chart(
        {"val": rates}, "Learning rate by epoch", _short)))
    return _section("curves", "Curves", f'<div class="charts">{"".join(charts)}</div>\n')


def _chart(title, legend, svg):
    return (f'<figure class="chart"><figcaption><h3>{title}</h3>'
            f'<span class="legend">{legend}</span></figcaption>{svg}</figure>\n')


def _short(value):
    return f"{value:.4g}"


def _share(value):
    return f"{100 * value:.4g} %"


def _notes(report):
    items = "".join(f"<li>{shown(note)}</li>\n" for note in report.notes)
    text = f"<ul>{items}</ul>\n" if items else ""
    if report.unreadable:
        rows = [(shown(path), shown(reason)) for path, reason in
                list(report.unreadable.items())[:_UNREADABLE]]
        more = len(report.unreadable) - len(rows)
        text += (f"<h3>Unreadable and left out: {len(report.unreadable)}</h3>\n"
                 + _table("unreadable files", ["file", "reason"], rows, "names")
                 + (f"<p>and {more} more</p>\n" if more else ""))
    return _section("notes", "Remarks and warnings", text) if text else ""


def _confusion(report):
    found = report.examination
    if found is None or not found.images:
        return ""
    confusion, names = found.confusion, [_plain(name) for name in report.classes]
    if len(names) <= _TABLE:
        text = _confusion_table(confusion, names)
    else:
        label = (f"Confusion matrix of {len(names)} classes as a picture; the commonest mistakes "
                 "are in the table that follows")
        text = (f'<div class="box" tabindex="0" role="region" aria-label="confusion matrix">'
                f'<div class="matrix">{confusion_chart(confusion, names, label)}</div></div>\n')
    text = ('<p>A row for each true class, a column for each guess. <span class="key right">right'
            '</span> <span class="key wrong">wrong</span>, the stronger, the larger the share of '
            f"the true class.</p>\n{text}")
    pairs = found.confused(12)
    if pairs:
        rows = [(shown(report.classes[truth]), shown(report.classes[guess]), f"{count:,}",
                 percent(count / max(confusion[truth].sum(), 1)))
                for truth, guess, count in pairs]
        text += "<h3>Commonest mistakes</h3>\n" + _table(
            "commonest mistakes", ["truth", "guess", "images", "share"], rows, "pairs")
    return _section("confusion", "Confusion matrix", text)


def _confusion_table(confusion, names):
    shades = confusion_shades(confusion)
    head = "".join(f'<th scope="col"><span>{_clipped(name)}</span></th>' for name in names)
    rows = []
    for row, name in enumerate(names):
        cells = []
        for column, count in enumerate(confusion[row].tolist()):
            kind = "right" if row == column else "wrong"
            cells.append(f'<td class="{kind}" style="--s:{shades[row, column]:.2f}">'
                         f"{short_count(count)}</td>" if count else "<td></td>")
        rows.append(f'<tr><th scope="row">{_clipped(name)}</th>{"".join(cells)}</tr>\n')
    return ('<div class="box confusion-box" tabindex="0" role="region" '
            'aria-label="confusion matrix">'
            '<table class="confusion"><thead><tr>'
            '<td class="corner">truth&nbsp;↓<br>guess&nbsp;→</td>'
            f'{head}</tr></thead><tbody>\n{"".join(rows)}</tbody></table></div>\n')


def _clipped(name, limit=28):
    return shown(name if len(name) <= limit else name[:limit - 1] + "…")


def _mistakes(report):
    found = report.examination
    if found is None or not found.images:
        return ""
    wrong = int((found.ranks[found.seen] > 0).sum())
    if not wrong:
        return _section("mistakes", "Mistakes", "<p>None of the images was guessed wrong.</p>\n")
    figures, room = [], _THUMB_BYTES
    for each in report.mistakes:
        picture, used = _thumbnail(each, room)
        room -= used
        figures.append(
            f"<figure>{picture}<figcaption>"
            f'<span class="guess">{shown(each.guess)} {percent(each.probability)}</span>'
            f"<span>truth: {shown(each.truth)} {percent(each.truth_probability)}</span>"
            f'<span class="file">{shown(each.name)}</span></figcaption></figure>\n')
    text = (f"<p>Guessed wrong: {wrong:,} of {found.images:,} images. "
            f"Shown: {len(figures)}, those with the least probability for the truth first.</p>\n"
            f'<div class="sheet">{"".join(figures)}</div>\n')
    return _section("mistakes", "Worst mistakes", text)


def _thumbnail(mistake, room):
    """A mistake's picture as HTML, and the bytes it takes; an empty frame if there is no room."""
    image = mistake.thumbnail
    if image is None or room <= 0:
        return '<div class="shot">no picture</div>', 0
    image = image.copy()
    image.thumbnail((_THUMB, _THUMB))
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=82)
    data = base64.b64encode(buffer.getvalue()).decode()
    alt = escape(f"image of {_plain(mistake.truth)}, taken for {_plain(mistake.guess)}")
    return (f'<div class="shot"><img width="{image.width}" height="{image.height}" alt="{alt}" '
            f'src="data:image/jpeg;base64,{data}"></div>'), len(data)


def _classes(report):
    found = report.examination
    if found is None or not found.images:
        return ""
    scores = found.scores
    rows = [(shown(name), _cell(scores.precision[index]), _cell(scores.recall[index]),
             _bar(scores.f1[index]), f"{scores.support[index]:,}", f"{scores.predicted[index]:,}")
            for index, name in enumerate(report.classes[:_ROWS])]
    for kind in ("macro", "weighted"):
        average = scores.average(kind)
        rows.append((f"{kind} average", _cell(average["precision"]), _cell(average["recall"]),
                     _bar(average["f1"]), f"{found.images:,}", f"{found.images:,}"))
    more = len(report.classes) - _ROWS
    note = f"<p>The first {_ROWS} of {len(report.classes)} classes.</p>\n" if more > 0 else ""
    return _section("classes", "Classes", note + _table(
        "classes", ["class", "precision", "recall", "F1", "images", "guesses"], rows,
        "scores") + "<p>A dash stands for 0 / 0: a class that was never guessed has no precision, "
        "one without images no recall. Averages are over the classes that occur.</p>\n")


def _cell(value):
    return percent(value)


def _bar(value):
    width = 0 if value != value else 100 * value
    return f'{percent(value)}<span class="bar" style="--w:{width:.0f}%"></span>'


def _distribution(report):
    counts = {split: [int(count) for count in values] for split, values in report.counts.items()}
    if not counts:
        return ""
    splits = list(counts)
    total = [sum(values) for values in zip(*counts.values(), strict=True)]
    if len(report.classes) <= _BARS:
        largest = max(*total, 1)
        rows = [(shown(name), *(f"{counts[split][index]:,}" for split in splits),
                 f'<span class="bar" style="--w:{100 * total[index] / largest:.0f}%"></span>')
                for index, name in enumerate(report.classes)]
        text = _table("class distribution", ["class", *splits, "share of the largest"], rows,
                      "sizes")
    else:
        order = sorted(range(len(total)), key=lambda index: (-total[index], index))
        ends = [*order[:5], *order[-5:]]
        rows = [(shown(report.classes[index]),
                 *(f"{counts[split][index]:,}" for split in splits)) for index in ends]
        text = (f'<figure class="chart">{sorted_columns(total, "Images per class")}</figure>\n'
                f"<p>From {min(total):,} to {max(total):,} images a class, half of the classes "
                f"have {sorted(total)[len(total) // 2]:,} or more. The five largest and the five "
                "smallest:</p>\n"
                + _table("largest and smallest classes", ["class", *splits], rows, "sizes"))
    return _section("distribution", "Class distribution", text)


def _use(report):
    lines = "".join(f'<p>{escape(what)}</p>\n<pre tabindex="0">{escape(_whole(line))}</pre>\n'
                    for what, line in report.commands)
    return _section("use", "Use the model", lines) if lines else ""


def _whole(line):
    """A command line, not shortened, as it must be copied."""
    parts = (line[start:start + _LONGEST] for start in range(0, len(line), _LONGEST))
    return "".join(_plain(part) for part in parts)


def _facts(report):
    text = ""
    for title, pairs in (("Run", report.facts), ("Settings", report.settings.items()),
                         ("Environment", report.environment)):
        rows = [(shown(name), shown(_value(value))) for name, value in pairs]
        if rows:
            text += f"<div><h3>{title}</h3>\n{_table(title, [], rows, 'facts')}</div>\n"
    return _section("how", "How it was made", f'<div class="columns">{text}</div>\n')


def _value(value):
    """A setting in words."""
    if value is None or isinstance(value, bool):
        return {None: "not set", True: "yes", False: "no"}[value]
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(each)}" for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_value, value))
    return str(value)


def _files(report):
    if not report.files:
        return ""
    rows = [(shown(name), f"{size:,}", f'<code class="digest">{digest}</code>')
            for name, size, digest in report.files]
    return _section("files", "Files", _table("files", ["file", "bytes", "SHA-256"], rows, "files"))
