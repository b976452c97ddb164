"""Events and their averages, as a program reads them."""

from dataclasses import dataclass, field

from minitorch.profiler import _table, _trace
from minitorch.profiler._record import ANNOTATION

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "Interval", "events_of"]


@dataclass(frozen=True)
class Interval:
    """Microseconds since the profile began."""

    start: float
    end: float

    def elapsed_us(self):
        """The length."""
        return self.end - self.start


class _Times:
    """What can be said of a total time and a count. Times are microseconds."""

    @property
    def cpu_time(self):
        """The average of a call."""
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def cpu_time_str(self):
        return _table.time_text(self.cpu_time)

    @property
    def cpu_time_total_str(self):
        return _table.time_text(self.cpu_time_total)

    @property
    def self_cpu_time_total_str(self):
        return _table.time_text(self.self_cpu_time_total)


@dataclass(eq=False, repr=False)
class FunctionEvent(_Times):
    """One call of an operation, a module, a node, or of what `record_function` names.

    Attributes
    ----------
    name, key : str
    time_range : Interval
    thread : int
    cpu_parent : FunctionEvent or None
        What it was called in.
    cpu_children : list of FunctionEvent
    input_shapes : list
        With ``record_shapes``.
    module : str
        With ``with_modules``: path of the module that called it; for a node of the backward, of
        the module that its forward ran in.
    cpu_time_total, self_cpu_time_total : float
        Microseconds, with and without the children's.
    """

    id: int
    name: str
    time_range: Interval
    thread: int
    kind: str
    module: str = ""
    input_shapes: list = field(default_factory=list)
    sequence_nr: int = -1
    cpu_parent: "FunctionEvent | None" = None
    cpu_children: list = field(default_factory=list)
    count: int = 1

    @property
    def key(self):
        return self.name

    @property
    def is_user_annotation(self):
        return self.kind == ANNOTATION

    @property
    def cpu_time_total(self):
        return self.time_range.elapsed_us()

    @property
    def self_cpu_time_total(self):
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    def __repr__(self):
        return (f"<FunctionEvent id={self.id} name={self.name} cpu_time={self.cpu_time_str} "
                f"start_us={self.time_range.start} end_us={self.time_range.end} "
                f"cpu_children={[child.id for child in self.cpu_children]} thread={self.thread} "
                f"input_shapes={self.input_shapes}>")


@dataclass(eq=False, repr=False)
class FunctionEventAvg(_Times):
    """The sum of the events of one key."""

    key: str
    count: int = 0
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    input_shapes: list | str = ""
    module: str = ""
    cpu_parent: FunctionEvent | None = None

    def add(self, other):
        """Add an event, or another sum."""
        self.count += other.count
        self.cpu_time_total += other.cpu_time_total
        self.self_cpu_time_total += other.self_cpu_time_total
        return self

    def __iadd__(self, other):
        return self.add(other)

    def __repr__(self):
        return (f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} "
                f"cpu_time={self.cpu_time_str} input_shapes={self.input_shapes}>")


class EventList(list):
    """Events, or averages of them; printed it is a table."""

    def __init__(self, events=(), *, has_shapes=False, has_modules=False):
        super().__init__(events)
        self.has_shapes = has_shapes
        self.has_modules = has_modules

    def __str__(self):
        return self.table()

    @property
    def self_cpu_time_total(self):
        """Sum of the events' own times, in microseconds."""
        return sum(event.self_cpu_time_total for event in self)

    def table(self, sort_by=None, row_limit=100, max_src_column_width=75,
              max_name_column_width=55, max_shapes_column_width=80, header=None,
              top_level_events_only=False, time_unit=None):
        """The events as text, PyTorch's table.

        Parameters
        ----------
        sort_by : str, optional
            "cpu_time", "cpu_time_total", "self_cpu_time_total" or "count": the largest first.
            By default they stand as they came.
        row_limit : int
            Rows at most; -1 for all.
        max_src_column_width, max_name_column_width, max_shapes_column_width : int or None
            Widths at most of the columns Module, Name and Input Shapes; None for no limit.
        header : str, optional
            A line above.
        top_level_events_only : bool
            Leave out what was called within another event.
        time_unit : {"s", "ms", "us"}, optional
            By default each time has the unit that fits it.
        """
        return _table.build(
            self, sort_by=sort_by, row_limit=row_limit, header=header, time_unit=time_unit,
            top_level_events_only=top_level_events_only,
            widths={"Name": max_name_column_width, "Input Shapes": max_shapes_column_width,
                    "Module": max_src_column_width})

    def key_averages(self, group_by_input_shapes=False, group_by_module=False):
        """Add up the events of the same name.

        Parameters
        ----------
        group_by_input_shapes : bool
            Apart for each combination of shapes.
        group_by_module : bool
            Apart for each module.

        Returns
        -------
        EventList of FunctionEventAvg
        """
        sums = {}
        for event in self:
            shapes = event.input_shapes if group_by_input_shapes else ""
            module = event.module if group_by_module else ""
            key = (event.key, str(shapes), module)
            if key not in sums:
                sums[key] = FunctionEventAvg(event.key, input_shapes=shapes, module=module,
                                             cpu_parent=getattr(event, "cpu_parent", None))
            sums[key].add(event)
        return EventList(sums.values(), has_shapes=group_by_input_shapes,
                         has_modules=group_by_module)

    def total_average(self):
        """The sum of all events, with the key "Total"."""
        total = FunctionEventAvg("Total")
        for event in self:
            total.add(event)
        return total

    def export_chrome_trace(self, path):
        """Write the events for ``chrome://tracing`` or ui.perfetto.dev."""
        _trace.write(self, path)


def events_of(raw, thread, *, has_shapes=False, has_modules=False):
    """Events from what a recorder has taken down."""
    events = EventList(has_shapes=has_shapes, has_modules=has_modules)
    begin = raw[0].start if raw else 0
    made = {}
    for number, one in enumerate(raw):
        event = FunctionEvent(
            id=number, name=one.name, thread=thread, kind=one.kind, module=one.module,
            time_range=Interval((one.start - begin) / 1000, (one.end - begin) / 1000),
            input_shapes=one.shapes or [], cpu_parent=made.get(one.parent),
            sequence_nr=-1 if one.sequence_nr is None else one.sequence_nr)
        if event.cpu_parent is not None:
            event.cpu_parent.cpu_children.append(event)
        made[one] = event
        events.append(event)
    return events
