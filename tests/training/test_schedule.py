"""Schedules of a run against the classes of minitorch.optim.lr_scheduler, and formulas by hand."""

import math
import warnings

import pytest

import minitorch as torch
from minitorch.optim import lr_scheduler
from minitorch.training import Schedule
from minitorch.training.schedule import rates

EPOCHS, UPDATES, LR = 6, 5, 0.1


def optimizer_of(*group_rates):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate, "name": f"g{place}"}
              for place, rate in enumerate(group_rates or (LR,))]
    return torch.optim.SGD(groups, lr=LR, momentum=0.9)


def course(schedule, optimizer, metrics=()):
    """The rates of every update of a run: a list with a tuple of one rate per group each."""
    metrics, found = list(metrics), []
    for epoch in range(EPOCHS):
        for _ in range(UPDATES):
            optimizer.step()
            found.append(tuple(group["lr"] for group in optimizer.param_groups))
            schedule.after_update()
        schedule.after_validation(metrics[epoch] if metrics else 0.0)
    return found


def made(kind, *group_rates, **options):
    optimizer = optimizer_of(*group_rates)
    return Schedule(optimizer, kind, epochs=EPOCHS, updates=UPDATES, **options), optimizer


def reference(make, each_epoch=False):
    """The same course by a scheduler used as its documentation says."""
    optimizer = optimizer_of()
    scheduler, found = make(optimizer), []
    for update in range(EPOCHS * UPDATES):
        optimizer.step()
        found.append(optimizer.param_groups[0]["lr"])
        if not each_epoch or (update + 1) % UPDATES == 0:
            scheduler.step()
    return found


def first_rates(course_):
    return [rates_[0] for rates_ in course_]


def test_constant_is_constant_to_the_bit():
    assert set(course(*made("const"))) == {(LR,)}


def test_cosine_is_cosine_annealing_by_update():
    expected = reference(lambda optimizer: lr_scheduler.CosineAnnealingLR(
        optimizer, EPOCHS * UPDATES, eta_min=0.01))
    assert first_rates(course(*made("cosine", min_lr=0.01))) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("options", "size"), [({"step_size": 1}, 1), ({"step_size": 4}, 4),
                                               ({}, 2)])
def test_step_is_step_lr_by_epoch(options, size):
    expected = reference(lambda optimizer: lr_scheduler.StepLR(optimizer, size, 0.5),
                         each_epoch=True)
    assert first_rates(course(*made("step", gamma=0.5, **options))) == pytest.approx(expected)


def test_step_stops_at_the_least_rate():
    found = first_rates(course(*made("step", step_size=1, min_lr=0.02)))
    assert found[:UPDATES] == [LR] * UPDATES
    assert found[UPDATES:] == pytest.approx([0.02] * (len(found) - UPDATES))


def test_onecycle_is_one_cycle_lr_with_the_momentum_left_alone():
    expected = reference(lambda optimizer: lr_scheduler.OneCycleLR(
        optimizer, LR, total_steps=EPOCHS * UPDATES, cycle_momentum=False))
    schedule, optimizer = made("onecycle")
    assert first_rates(course(schedule, optimizer)) == pytest.approx(expected)
    assert optimizer.param_groups[0]["momentum"] == 0.9


def test_onecycle_takes_warmup_as_its_rise_and_ends_at_the_least_rate():
    found = first_rates(course(*made("onecycle", warmup=2.0, min_lr=0.001)))
    assert found.index(max(found)) == 2 * UPDATES - 1
    assert max(found) == pytest.approx(LR) and found[-1] == pytest.approx(0.001)


@pytest.mark.parametrize("warmup", [0.2, 0.4, 5.9])
def test_onecycle_with_any_rise(warmup):
    assert max(first_rates(course(*made("onecycle", warmup=warmup)))) == pytest.approx(LR)


@pytest.mark.parametrize("kind", ["const", "step", "cosine", "plateau"])
def test_warmup_rises_along_a_line_to_exactly_the_rate(kind):
    found = first_rates(course(*made(kind, warmup=0.8)))
    assert found[:4] == pytest.approx([LR * (k + 1) / 5 for k in range(4)])
    assert found[4] == LR


def test_cosine_falls_after_the_warmup_only():
    found = first_rates(course(*made("cosine", warmup=1.0)))
    after = [LR * (1 + math.cos(math.pi * k / 25)) / 2 for k in range(25)]
    assert found[UPDATES:] == pytest.approx(after)


def test_plateau_falls_when_the_metric_stalls():
    metrics = [0.5, 0.6, 0.6, 0.55, 0.7, 0.7]
    found = first_rates(course(*made("plateau", patience=1, gamma=0.5), metrics))
    by_epoch = found[::UPDATES]
    assert by_epoch == [LR, LR, LR, LR, LR / 2, LR / 2]
    losses = first_rates(course(*made("plateau", patience=0, gamma=0.5, better="min",
                                      min_lr=0.04), [5, 4, 4, 4, 3, 3]))
    assert losses[::UPDATES] == [LR, LR, LR, LR / 2, 0.04, 0.04]


def test_plateau_does_not_count_during_the_warmup():
    found = first_rates(course(*made("plateau", warmup=3.0, patience=0, gamma=0.5), [0.5] * 6))
    # The third validation is the first that counts, the fourth the first bad one.
    assert found[3 * UPDATES] == LR and found[4 * UPDATES] == LR / 2


@pytest.mark.parametrize("kind", ["const", "step", "cosine", "onecycle"])
def test_groups_keep_their_proportions(kind):
    for head, body in course(*made(kind, LR, LR / 8, warmup=1.0, **(
            {} if kind == "const" else {"min_lr": 0.001}))):
        assert head == pytest.approx(8 * body)


@pytest.mark.parametrize("kind", ["const", "step", "cosine", "onecycle", "plateau"])
def test_saved_anywhere_and_resumed_goes_on_to_the_bit(kind, tmp_path):
    metrics, options = [0.1, 0.2, 0.2, 0.2, 0.2, 0.1], {"warmup": 0.6}
    whole = course(*made(kind, LR, LR / 3, **options), metrics)
    schedule, optimizer = made(kind, LR, LR / 3, **options)
    found = []
    for epoch in range(EPOCHS):
        for _ in range(UPDATES):
            path = tmp_path / "x.pt"
            torch.save([optimizer.state_dict(), schedule.state_dict()], path)
            schedule, optimizer = made(kind, LR, LR / 3, **options)
            saved = torch.load(path, weights_only=True)
            optimizer.load_state_dict(saved[0])
            schedule.load_state_dict(saved[1])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                optimizer.step()
                found.append(tuple(group["lr"] for group in optimizer.param_groups))
                schedule.after_update()
        schedule.after_validation(metrics[epoch])
    assert found == whole


def test_one_update_in_all():
    for kind in ("const", "step", "cosine", "onecycle", "plateau"):
        optimizer = optimizer_of()
        schedule = Schedule(optimizer, kind, epochs=1, updates=1, warmup=0.5)
        optimizer.step()
        schedule.after_update()
        schedule.after_validation(0.5)
        assert 0 <= optimizer.param_groups[0]["lr"] < math.inf, kind


def test_unknown_kind():
    with pytest.raises(ValueError, match="kind must be one of const, .*onecycle, got 'linear'"):
        made("linear")


def test_rates_are_named_by_group():
    assert rates(optimizer_of()) == {"lr": LR}
    assert rates(optimizer_of(0.1, 0.2)) == {"lr_g0": 0.1, "lr_g1": 0.2}
