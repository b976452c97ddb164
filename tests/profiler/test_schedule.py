"""When a profiler records, and what it refuses."""

import json
import threading

import pytest

import minitorch
from minitorch.profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    schedule,
    tensorboard_trace_handler,
)
from minitorch.tensor import Tensor

STEPS = {"wait": 1, "warmup": 1, "active": 2}


def run(prof, steps):
    with prof:
        for number in range(steps):
            minitorch.full((1,), number)
            prof.step()


def test_schedule_of_steps():
    action_of = schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    assert "".join(action_of(step).name[0] + action_of(step).name[-1] for step in range(11)) == \
        "NE" "NE" "WP" "RD" "RE" "NE" "WP" "RD" "RE" "NE" "NE"
    assert schedule(**STEPS, skip_first_wait=1)(0) is ProfilerAction.WARMUP


def test_schedule_refuses():
    with pytest.raises(AssertionError, match="Invalid profiler schedule arguments"):
        schedule(wait=0, warmup=1, active=0)
    with pytest.warns(UserWarning, match="won't be using warmup"):
        schedule(wait=0, warmup=0, active=1)
    with pytest.raises(AssertionError, match="Step must be non-negative"):
        schedule(**STEPS)(-1)


def test_each_cycle_is_handed_over():
    seen = []

    def ready(prof):
        seen.append([event.name for event in prof.events()])

    run(profile(schedule=schedule(**STEPS, repeat=2), on_trace_ready=ready), 9)
    cycles = [["ProfilerStep#2", "aten::full", "ProfilerStep#3", "aten::full"],
              ["ProfilerStep#6", "aten::full", "ProfilerStep#7", "aten::full"]]
    assert seen == cycles

    prof = profile(schedule=schedule(**STEPS, repeat=2), acc_events=True)
    run(prof, 9)
    assert [event.name for event in prof.events()] == cycles[0] + cycles[1]
    assert [event.cpu_parent and event.cpu_parent.name for event in prof.events()][5] == \
        "ProfilerStep#6"


def test_nothing_is_exchanged_while_waiting():
    before = dict(vars(Tensor))
    prof = profile(schedule=schedule(wait=1, warmup=1, active=1))
    with prof:
        assert dict(vars(Tensor)) == before
        prof.step()
        assert dict(vars(Tensor)) != before
    assert dict(vars(Tensor)) == before


def test_stopped_in_the_middle_of_a_cycle():
    seen = []
    prof = profile(schedule=schedule(**STEPS), on_trace_ready=seen.append)
    run(prof, 2)
    assert seen == [prof]
    assert [event.name for event in prof.events()] == ["ProfilerStep#2"]


def test_handler_without_schedule_is_called_once():
    seen = []
    with profile(on_trace_ready=seen.append) as prof:
        minitorch.ones(1)
        prof.step()
    assert seen == [prof]


def test_start_and_stop_without_context():
    prof = profile()
    prof.start()
    minitorch.ones(1)
    prof.stop()
    assert [event.name for event in prof.events()] == ["aten::ones"]


def test_tensorboard_handler(tmp_path):
    folder = tmp_path / "traces"
    with profile(on_trace_ready=tensorboard_trace_handler(str(folder), "me")):
        minitorch.ones(1)
    (path,) = folder.iterdir()
    assert path.name.startswith("me.") and path.name.endswith(".pt.trace.json")
    assert json.loads(path.read_text(encoding="utf-8"))["traceEvents"]


# ---- states and arguments ----------------------------------------------------------------------


def test_asked_too_early():
    prof = profile()
    for ask in (prof.events, prof.key_averages, lambda: prof.export_chrome_trace("x"), prof.stop,
                prof.step):
        with pytest.raises(AssertionError, match="Profiler must be initialized before"):
            ask()
    with prof:
        with pytest.raises(RuntimeError, match="Profiler didn't finish running"):
            prof.events()
    assert prof.events() == [] and prof.key_averages().table() == ""


def test_one_at_a_time():
    with profile():
        with pytest.raises(RuntimeError, match="Profiler is already enabled on this thread"):
            profile().start()
        errors = []

        def other():
            try:
                profile().start()
            except RuntimeError as error:
                errors.append(str(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert errors == ["another profiler is running"]
    with profile() as prof:
        minitorch.ones(1)
    assert len(prof.events()) == 1


@pytest.mark.parametrize("argument", [
    "profile_memory", "with_stack", "with_flops", "experimental_config",
    "execution_trace_observer", "use_cuda", "custom_trace_id_callback",
    "post_processing_timeout_s"])
def test_refused_arguments_are_named(argument):
    with pytest.raises(NotImplementedError,
                       match=rf"profile\(\): argument '{argument}' is not supported"):
        profile(**{argument: True})


@pytest.mark.parametrize("argument", ["group_by_stack_n", "group_by_overload_name"])
def test_refused_groupings_are_named(argument):
    with profile() as prof:
        pass
    with pytest.raises(NotImplementedError, match=f"argument '{argument}' is not supported"):
        prof.key_averages(**{argument: True})


def test_activities():
    profile(activities=[ProfilerActivity.CPU])
    with pytest.warns(UserWarning, match="CUDA is not available, disabling CUDA profiling"):
        profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])
    with pytest.raises(AssertionError, match="No valid profiler activities found"):
        profile(activities=[])
    with pytest.raises(TypeError, match="must hold ProfilerActivity, not str"):
        profile(activities=["cpu"])
