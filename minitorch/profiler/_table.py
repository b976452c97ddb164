"""The table of a profile as text: PyTorch's columns, widths and units."""

__all__ = ["SORT_KEYS", "build", "time_text"]

SORT_KEYS = ("cpu_time", "cpu_time_total", "self_cpu_time_total", "count")
_UNITS = {"s": 1e6, "ms": 1e3, "us": 1.0}
_GAP = "  "
_WIDTH = 12
_NAME_MARGIN = 4


def time_text(microseconds, unit=None):
    """A time in `unit`, or in the largest one that does not make it less than 1."""
    if unit is None:
        unit = next((name for name, size in _UNITS.items() if microseconds >= size), "us")
    return f"{microseconds / _UNITS[unit]:.3f}{unit}"


def _share(part, whole):
    return f"{part * 100.0 / whole:.2f}%" if whole else "NaN"


def _shortened(name, width):
    return name if width is None or len(name) < width - 3 else name[:width - 3] + "..."


def build(events, *, sort_by, row_limit, header, time_unit, top_level_events_only, widths):
    """The text; `widths` are the limits of the columns Name, Input Shapes and Module."""
    if sort_by is not None and sort_by not in SORT_KEYS:
        raise ValueError(f"table(): argument 'sort_by' must be one of {', '.join(SORT_KEYS)}, "
                         f"got {sort_by!r}")
    if time_unit is not None and time_unit not in _UNITS:
        raise ValueError(f"table(): argument 'time_unit' must be one of {', '.join(_UNITS)}, "
                         f"got {time_unit!r}")
    if not events:
        return ""
    total = events.self_cpu_time_total
    ordered = events if sort_by is None else sorted(
        events, key=lambda event: getattr(event, sort_by), reverse=True)
    if top_level_events_only:
        ordered = [event for event in ordered if event.cpu_parent is None]
    shown = ordered if row_limit < 0 else ordered[:row_limit]

    columns = _columns(events, total, time_unit, widths)
    line = _GAP.join(f"{{:>{width}}}" for _, width, _ in columns) + _GAP
    rule = _GAP.join("-" * width for _, width, _ in columns) + _GAP
    above = []
    if header is not None:
        above += ["=" * len(rule.rstrip()), header]
    if top_level_events_only:
        above += ["=" * len(rule.rstrip()),
                  "This report only display top-level ops statistics"]
    rows = [line.format(*(cell(event) for _, _, cell in columns)) for event in shown]
    return "\n".join([*above, rule, line.format(*(title for title, _, _ in columns)), rule, *rows,
                      rule, f"Self CPU time total: {time_text(total, time_unit)}", ""])


def _columns(events, total, unit, widths):
    """(title, width, function of an event) for each column."""
    def fitting(title, text):
        longest = max(len(text(event)) for event in events) + _NAME_MARGIN
        limit = widths[title]
        return longest if limit is None else min(longest, limit)

    name_width = fitting("Name", lambda event: event.key)
    columns = [
        ("Name", name_width, lambda event: _shortened(event.key, widths["Name"])),
        ("Self CPU %", _WIDTH, lambda event: _share(event.self_cpu_time_total, total)),
        ("Self CPU", _WIDTH, lambda event: time_text(event.self_cpu_time_total, unit)),
        ("CPU total %", _WIDTH, lambda event: _share(event.cpu_time_total, total)),
        ("CPU total", _WIDTH, lambda event: time_text(event.cpu_time_total, unit)),
        ("CPU time avg", _WIDTH, lambda event: time_text(event.cpu_time, unit)),
        ("# of Calls", _WIDTH, lambda event: str(event.count)),
    ]
    if events.has_shapes:
        width = max(fitting("Input Shapes", lambda event: str(event.input_shapes)), _WIDTH)
        columns.append(("Input Shapes", width, lambda event: str(event.input_shapes)[:width]))
    if events.has_modules:
        module_width = max(fitting("Module", lambda event: event.module), _WIDTH)
        columns.append(("Module", module_width,
                        lambda event: _shortened(event.module, widths["Module"])))
    return columns
