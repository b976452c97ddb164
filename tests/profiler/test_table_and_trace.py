"""The table's text and the trace file."""

import gzip
import json

import pytest

import minitorch
from minitorch.profiler import EventList, FunctionEventAvg, profile, record_function
from minitorch.profiler._table import time_text

ROWS = EventList([
    FunctionEventAvg("aten::add", 4, 2000.0, 1000.0),
    FunctionEventAvg("aten::mul", 1, 3000.0, 3000.0),
])

TEXT = """\
-------------  ------------  ------------  ------------  ------------  ------------  ------------  
         Name    Self CPU %      Self CPU   CPU total %     CPU total  CPU time avg    # of Calls  
-------------  ------------  ------------  ------------  ------------  ------------  ------------  
    aten::mul        75.00%       3.000ms        75.00%       3.000ms       3.000ms             1  
    aten::add        25.00%       1.000ms        50.00%       2.000ms     500.000us             4  
-------------  ------------  ------------  ------------  ------------  ------------  ------------  
Self CPU time total: 4.000ms
"""  # noqa: W291  PyTorch's lines end so


def test_text():
    assert ROWS.table(sort_by="cpu_time_total") == TEXT
    assert str(ROWS).splitlines()[3].split()[0] == "aten::add"


@pytest.mark.parametrize("key, first", [
    ("count", "aten::add"), ("cpu_time", "aten::mul"), ("self_cpu_time_total", "aten::mul")])
def test_sorting(key, first):
    assert ROWS.table(sort_by=key).splitlines()[3].split()[0] == first


def test_options():
    assert "aten::add" not in ROWS.table(sort_by="cpu_time_total", row_limit=1)
    assert "3000.000us" in ROWS.table(time_unit="us")
    assert ROWS.table(header="My header").splitlines()[1] == "My header"
    long = EventList([FunctionEventAvg("x" * 60, 1, 1.0, 1.0)])
    assert long.table().splitlines()[3].split()[0] == "x" * 52 + "..."
    assert long.table(max_name_column_width=None).splitlines()[3].split()[0] == "x" * 60
    assert EventList().table() == ""


def test_top_level_only():
    with profile() as prof:
        with record_function("outer"):
            minitorch.ones(1)
    text = prof.events().table(top_level_events_only=True)
    assert "outer" in text and "aten::ones" not in text
    assert "This report only display top-level ops statistics" in text


@pytest.mark.parametrize("options", [{"sort_by": "cuda_time"}, {"time_unit": "h"}])
def test_unknown_options_are_named(options):
    (name,) = options
    with pytest.raises(ValueError, match=rf"table\(\): argument '{name}' must be one of"):
        ROWS.table(**options)


@pytest.mark.parametrize("microseconds, text", [
    (0.5, "0.500us"), (999.0, "999.000us"), (1000.0, "1.000ms"), (2.5e6, "2.500s")])
def test_units(microseconds, text):
    assert time_text(microseconds) == text


def test_trace(net, images, tmp_path):
    with profile(with_modules=True, record_shapes=True) as prof:
        with record_function('with "quotes"'):
            net(images).sum().backward()
    path = tmp_path / "trace.json"
    prof.export_chrome_trace(path)
    trace = json.loads(path.read_text(encoding="utf-8"))
    entries = [entry for entry in trace["traceEvents"] if entry["ph"] == "X"]
    assert len(entries) == len(prof.events())
    assert {"ts", "dur", "pid", "tid", "name", "cat", "args"} <= set(entries[0])
    by_name = {entry["name"]: entry for entry in entries}
    assert by_name['with "quotes"']["cat"] == "user_annotation"
    assert by_name["aten::conv2d"]["args"]["Input Dims"][0] == [2, 3, 8, 8]
    assert by_name["ConvolutionBackward0"]["args"]["Module"] == "trunk.0"

    prof.export_chrome_trace(f"{path}.gz")
    with gzip.open(f"{path}.gz", "rt", encoding="utf-8") as file:
        assert json.load(file) == trace
