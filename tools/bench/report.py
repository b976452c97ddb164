"""Tables as Markdown for people and as JSON for keeping."""

import json

EMPTY = "-"


def number(value):
    """Three significant digits without an exponent."""
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def spread(values, scale):
    """``median (low..high)``."""
    if values is None:
        return EMPTY
    middle = number(values.median * scale)
    if len(values.values) < 2:
        return middle
    return f"{middle} ({number(values.low * scale)}..{number(values.high * scale)})"


def ratio(row):
    """The ratio with the quartiles of the rounds' ratios."""
    if row.ratio is None:
        return EMPTY
    rounds = row.ratio_spread
    if len(rounds.values) < 2:
        return f"{row.ratio:.2f}"
    return f"{row.ratio:.2f} ({rounds.low:.2f}..{rounds.high:.2f})"


def limits(target):
    """``must / aim``."""
    if target is None:
        return EMPTY
    must = f"{target.must:.2f}"
    return must if target.aim is None else f"{must} / {target.aim:.2f}"


def rivals(row, scale):
    """All rivals' spreads, the fastest first."""
    if row.problem:
        return row.problem
    ordered = sorted(row.rivals.items(), key=lambda item: item[1].median)
    return "; ".join(f"{label} {spread(values, scale)}" for label, values in ordered) or EMPTY


def columns(table):
    """Header -> function of a row, for the columns that the table needs."""
    found = {
        "work": lambda row: row.work,
        "size": lambda row: row.size,
        f"minitorch, {table.unit}": lambda row: spread(row.ours, table.scale),
    }
    if table.per:
        found[f"{table.unit} per {table.per}"] = lambda row: (
            number(row.ours.median * table.scale / row.units) if row.ours else EMPTY)
    found[f"others, {table.unit}"] = lambda row: rivals(row, table.scale)
    found["ratio"] = ratio
    if any(row.target for row in table.rows):
        found["must / aim"] = lambda row: limits(row.target)
        found[""] = lambda row: row.verdict
    return found


def markdown(table):
    """A table as aligned Markdown."""
    found = columns(table)
    lines = [list(found), *([cell(row) for cell in found.values()] for row in table.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(found))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            + " |" for line in lines]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    parts = [f"### {table.title}", "", *text]
    if table.note:
        parts += ["", table.note]
    return "\n".join(parts) + "\n"


def heading(facts):
    """The machine and the versions in a few lines."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return (f"{facts['cpu']}, {facts['cores']} cores, {facts['system']}, "
            f"Python {facts['python']}\n{versions}; {facts['threads']} threads each; "
            f"{facts['date']}\n\nMedians of alternated rounds with (quartiles); "
            "ratio: minitorch / the fastest other, with the quartiles of the rounds' ratios.\n")


def summary(tables):
    """How many limits are kept, and which are not."""
    judged = [(table, row) for table in tables for row in table.rows if row.verdict]
    missed = [f"{table.name}: {row.work} {row.size}".rstrip() for table, row in judged
              if row.verdict == "NOT met"]
    text = f"{len(judged) - len(missed)} of {len(judged)} limits met"
    return text + (": not " + "; ".join(missed) if missed else "")


def _kept(values):
    return None if values is None else {
        "median": values.median, "low": values.low, "high": values.high,
        "rounds": list(values.values)}


def as_json(facts, tables):
    """Everything measured, in seconds and bytes."""
    return json.dumps({
        "facts": facts,
        "tables": [{
            "name": table.name, "title": table.title, "unit": "byte" if table.unit == "MB" else "s",
            "rows": [{
                "work": row.work, "size": row.size, "minitorch": _kept(row.ours),
                "others": {label: _kept(values) for label, values in row.rivals.items()},
                "fastest": row.fastest, "ratio": row.ratio,
                "must": row.target and row.target.must, "aim": row.target and row.target.aim,
                "verdict": row.verdict, "problem": row.problem,
            } for row in table.rows],
        } for table in tables],
    }, indent=1) + "\n"
