"""What the benchmarks print and keep."""

import json

import pytest

from bench import report
from bench.measure import Spread
from bench.results import Row, Table
from bench.targets import Target


def row(**changes):
    fields = {
        "work": "training", "size": "1x3x64x64", "ours": Spread.of([0.001, 0.002, 0.003]),
        "rivals": {"slow": Spread.of([0.008, 0.008, 0.008]),
                   "fast": Spread.of([0.004, 0.004, 0.004])},
        "target": Target(0.6, 0.4),
    }
    return Row(**fields | changes)


def test_ratio_is_that_of_the_medians_to_the_fastest():
    assert row().fastest == "fast"
    assert row().ratio == pytest.approx(0.5)
    assert row().ratio_spread.values == pytest.approx((0.25, 0.5, 0.75))


@pytest.mark.parametrize("target, verdict", [
    (Target(0.6, 0.4), "met"), (Target(0.6, 0.5), "aim met"), (Target(0.4, 0.3), "NOT met"),
    (Target(0.5), "met"), (None, "")])
def test_verdict(target, verdict):
    assert row(target=target).verdict == verdict


def test_nothing_to_compare_with():
    alone = row(rivals={})
    assert (alone.fastest, alone.ratio, alone.verdict) == (None, None, "")


@pytest.mark.parametrize("value, text", [
    (1234.5, "1234"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"), (0.1234, "0.123")])
def test_three_digits(value, text):
    assert report.number(value) == text


def test_markdown():
    table = Table("name", "Title", [row(), row(ours=None, rivals={}, problem="it failed")],
                  note="A note.")
    lines = report.markdown(table).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:6]]
    assert cells[0] == ["work", "size", "minitorch, ms", "others, ms", "ratio", "must / aim", ""]
    assert cells[2] == ["training", "1x3x64x64", "2.00 (1.50..2.50)",
                        "fast 4.00 (4.00..4.00); slow 8.00 (8.00..8.00)", "0.50 (0.38..0.62)",
                        "0.60 / 0.40", "met"]
    assert cells[3][2:6] == ["-", "it failed", "-", "0.60 / 0.40"]
    assert len({len(line) for line in lines[2:6]}) == 1
    assert (lines[0], lines[-1]) == ("### Title", "A note.")


def test_cost_of_a_unit():
    table = Table("name", "Title", [row(units=4, target=None)], per="image")
    header, _, line = report.markdown(table).splitlines()[2:5]
    assert [cell.strip() for cell in header.split("|")][4] == "ms per image"
    assert [cell.strip() for cell in line.split("|")][4] == "0.500"
    assert "must" not in header


def test_summary_counts_and_names_what_is_missed():
    table = Table("name", "Title", [row(), row(target=Target(0.1)), row(target=None)])
    assert report.summary([table]) == "1 of 2 limits met: not name: training 1x3x64x64"
    assert report.summary([Table("name", "Title", [row()])]) == "1 of 1 limits met"


def test_json_keeps_the_rounds():
    kept = json.loads(report.as_json({"cpu": "x"}, [Table("name", "Title", [row()])]))
    (found,) = kept["tables"][0]["rows"]
    assert kept["facts"] == {"cpu": "x"}
    assert found["minitorch"]["rounds"] == [0.001, 0.002, 0.003]
    assert (found["fastest"], found["ratio"], found["verdict"]) == ("fast", 0.5, "met")
    assert (found["must"], found["aim"]) == (0.6, 0.4)
