"""How the benchmarks plan, take turns and reduce, with pretended times."""

import pytest

from bench import measure
from bench.measure import Spread, Turn, in_turn, rounds_within


def test_spread_is_median_and_quartiles():
    assert Spread.of([5, 1, 2, 4, 3]) == Spread(3, 2, 4, (5, 1, 2, 4, 3))
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0, (7.0,))


@pytest.mark.parametrize("seconds, turn", [
    (1e-7, Turn(20000, 20, 20000)),   # short calls many at once
    (0.005, Turn(1, 20, 1)),
    (0.05, Turn(1, 3, 1)),
    (2.0, Turn(1, 1, 0)),             # a long call warms up by itself
])
def test_turn_fits_the_call(seconds, turn):
    found = Turn.for_call(seconds)
    assert found.calls == pytest.approx(turn.calls, abs=1)
    assert found.samples == pytest.approx(turn.samples, abs=1)
    assert bool(found.warm) == bool(turn.warm)


def test_seconds_of_a_turn():
    assert Turn(2, 3, 2).seconds(0.5) == 4.0


@pytest.mark.parametrize("budget, rounds", [(0.1, 3), (10.0, 10), (1e6, 40)])
def test_rounds_within_a_budget(budget, rounds):
    assert rounds_within(budget, 1.0) == rounds


def test_contestants_take_turns_and_each_begins_once(monkeypatch):
    monkeypatch.setattr(measure, "REST_SECONDS", 0)
    order = []
    runners = {label: lambda label=label: order.append(label) or len(order) for label in "abc"}
    times = in_turn(runners, 3)
    assert "".join(order) == "abcbcacab"
    assert times == {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]}


class Pretender:
    """A contestant's process that says how long its calls take."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.orders = []

    def order(self, do, **fields):
        self.orders.append((do, fields["key"]))
        return [self.seconds] * fields["samples"]


def test_compete(monkeypatch):
    monkeypatch.setattr(measure, "REST_SECONDS", 0)
    ours, theirs = Pretender(0.01), Pretender(0.02)
    found = measure.compete({"ours": (ours, "k"), "theirs": (theirs, "l")}, budget=1.0)
    assert {label: spread.median for label, spread in found.items()} == \
        {"ours": 0.01, "theirs": 0.02}
    assert set(ours.orders) == {("time", "k")}
    assert len(found["ours"].values) == len(found["theirs"].values) >= measure.FEWEST_ROUNDS
