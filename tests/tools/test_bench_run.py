"""The benchmarks' command, workers and agreement, without timing anything."""

import io
import json

import pytest

from bench import cli, facts, tables, team
from bench.contestants import Job, Prepared
from bench.inputs import images_of, labels_of
from bench.plan import Plan, torch_layouts
from bench.results import Row
from bench.statements import STATEMENTS
from bench.tables import scaling
from bench.targets import RESNET, SIZES
from bench.targets import STATEMENTS as STATEMENT_TARGETS
from bench.worker import Worker, serve


class Adder:
    """A contestant that counts its calls."""

    def __init__(self, threads, weights):
        self.count = 0

    def info(self):
        return {"threads": 2}

    def prepare(self, job):
        assert isinstance(job, Job)
        return Prepared(self.call, [1.0, 2.0])

    def call(self):
        self.count += 1


@pytest.fixture
def worker(monkeypatch):
    monkeypatch.setattr("bench.worker.load", lambda name: Adder)
    return Worker("adder", 2, "")


def answers(worker, *orders):
    written = io.StringIO()
    serve(worker, [json.dumps(order) for order in orders], written)
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_worker_carries_out_orders(worker):
    info, prepared, times, dropped = answers(
        worker, {"do": "info"}, {"do": "prepare", "key": "k", "job": ["inference", 1, 64]},
        {"do": "time", "key": "k", "calls": 3, "samples": 2, "warm": 4},
        {"do": "drop", "key": "k"})
    assert info["result"] == {"threads": 2}
    assert prepared["result"] == [1.0, 2.0]
    assert len(times["result"]) == 2 and all(seconds >= 0 for seconds in times["result"])
    assert worker.contestant.count == 10
    assert dropped == {"result": None} and worker.timers == {}


def test_worker_survives_a_failure(worker):
    failed, info = answers(worker, {"do": "time", "key": "none", "calls": 1, "samples": 1,
                                    "warm": 0}, {"do": "info"})
    assert "KeyError" in failed["error"] and "result" in info


def test_agreement():
    team.check_agreement({"a": [1.0, -100.0], "b": [1.05, -100.0]})
    with pytest.raises(team.ContestantError, match="b and a do not compute the same"):
        team.check_agreement({"a": [1.0, -100.0], "b": [1.2, -100.0]})
    with pytest.raises(team.ContestantError, match="do not compute the same"):
        team.check_agreement({"a": [1.0], "b": [float("nan")]})


class FakeTeam:
    """A team whose members answer from a table."""

    def __init__(self, numbers):
        self.numbers = numbers
        self.dropped = []

    def member(self, name):
        return FakeMember(self, name)


class FakeMember:
    def __init__(self, fake, name):
        self.fake, self.name = fake, name

    def order(self, do, key, **fields):
        if do == "prepare":
            return self.fake.numbers[self.name]
        if do == "drop":
            return self.fake.dropped.append(key)
        return [{"minitorch": 1.0, "torch": 2.0}[self.name]] * fields["samples"]


def race(numbers, names=("minitorch", "torch")):
    plan = Plan(list(names), "", quick=True)
    fake = FakeTeam(numbers)
    plan.teams[2] = fake
    job = Job("inference", 1, 64)
    row = plan.race(Row("inference", ""), job, torch_layouts("inference", 1, 64))
    return row, fake


def test_race_fills_the_row():
    row, fake = race({"minitorch": [3.0], "torch": [3.0]})
    assert row.ours.median == 1.0 and row.ratio == 0.5
    assert sorted(row.rivals) == ["torch channels_last", "torch contiguous"]
    assert sorted(fake.dropped) == ["minitorch", "torch channels_last", "torch contiguous"]


def test_race_does_not_time_what_differs():
    row, fake = race({"minitorch": [3.0], "torch": [4.0]})
    assert row.ours is None and "do not compute the same" in row.problem
    assert len(fake.dropped) == 3


def test_race_without_the_rival():
    row, _ = race({"minitorch": [3.0]}, names=["minitorch"])
    assert row.ours.median == 1.0 and row.rivals == {}


# ---- the command -----------------------------------------------------------------------------


def test_defaults():
    options = cli.parse([])
    assert options.tables == tuple(tables.TABLES)
    assert (options.threads, options.sizes, options.rows) == (2, list(SIZES), list(RESNET))


def test_choices():
    options = cli.parse(["--quick", "--rows", "folded", "--sizes", "16x224", "--threads", "1"])
    assert options.tables == cli.QUICK_TABLES
    assert (options.rows, options.sizes, options.threads) == (["folded"], [(16, 224)], 1)
    assert cli.parse(["--quick", "--tables", "memory"]).tables == ["memory"]


@pytest.mark.parametrize("arguments", [
    ["--threads", "0"], ["--sizes", "2x2"], ["--tables", "none"], ["--against", "jax"]])
def test_wrong_choices(arguments, capsys):
    with pytest.raises(SystemExit):
        cli.parse(arguments)
    assert arguments[1] in capsys.readouterr().err


def test_every_promise_is_measured():
    assert set(STATEMENTS) == set(STATEMENT_TARGETS)
    assert all(len(targets) == len(SIZES) for targets in RESNET.values())


def test_growth_of_the_cost():
    from bench.measure import Spread

    rows = [Row("", "", Spread.of([cost * units]), units=units)
            for units, cost in ((1, 4.0), (2, 1.0), (4, 2.0))]
    text = scaling.growth(rows)
    assert "0.50 times as much at the largest size as at the smallest" in text
    assert "2.00 times as much as where it costs least" in text


def test_inputs_are_the_same_every_time():
    assert (images_of(2, 8) == images_of(2, 8)).all()
    assert images_of(2, 8).shape == (2, 3, 8, 8) and images_of(2, 8).dtype == "float32"
    assert (labels_of(5) == labels_of(5)).all()


def test_facts():
    found = facts.gather(["minitorch"], 2)
    assert found["versions"]["minitorch"] and found["cores"] >= 1 and found["cpu"]
    assert facts.version_of("no-such-package") is None


def test_onnx_graph_computes_what_the_network_does(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    import minitorch
    from bench.contestants.ours import Contestant, make_weights
    from bench.inputs import read_weights
    from bench.onnx_graph import folded_resnet18

    make_weights(tmp_path / "w.npz")
    threads = minitorch.get_num_threads()
    try:
        prepared = Contestant(threads, tmp_path / "w.npz").prepare(Job("inference", 1, 32))
    finally:
        minitorch.set_num_threads(threads)
    graph = folded_resnet18(read_weights(tmp_path / "w.npz"), 1, 32)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    logits = session.run(None, {"x": images_of(1, 32)})[0]
    team.check_agreement({"minitorch": prepared.numbers, "onnx": logits.ravel().tolist()})
