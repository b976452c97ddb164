"""Learning-rate schedules against their formulas and known sequences."""

import pytest

import minitorch as torch
from minitorch import nn, optim
from minitorch.optim import lr_scheduler


def make(lr=0.1, groups=1):
    params = [{"params": [nn.Parameter(torch.zeros(1))], "lr": lr * (i + 1)} for i in range(groups)]
    return optim.SGD(params, lr=lr, momentum=0.9)


def run(make_scheduler, steps, optimizer=None):
    """Return the rates before the first and after each of `steps` steps."""
    optimizer = optimizer or make()
    scheduler = make_scheduler(optimizer)
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


SEQUENCES = {
    "cosine": (
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=4),
        [0.1, 0.085355, 0.05, 0.014645, 0.0, 0.014645, 0.05],
    ),
    "step": (lambda o: lr_scheduler.StepLR(o, 3), [0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001]),
    "multi_step": (
        lambda o: lr_scheduler.MultiStepLR(o, [2, 4, 4]),
        [0.1, 0.1, 0.01, 0.01, 0.0001, 0.0001],
    ),
    "linear": (
        lambda o: lr_scheduler.LinearLR(o, 0.1, total_iters=3),
        [0.01, 0.04, 0.07, 0.1, 0.1],
    ),
    "exponential": (lambda o: lr_scheduler.ExponentialLR(o, 0.5), [0.1, 0.05, 0.025]),
    "lambda": (lambda o: lr_scheduler.LambdaLR(o, lambda e: 1 / (1 + e)), [0.1, 0.05, 0.1 / 3]),
    "multiplicative": (
        lambda o: lr_scheduler.MultiplicativeLR(o, lambda e: 1 / e), [0.1, 0.1, 0.05, 0.05 / 3]
    ),
    "constant": (lambda o: lr_scheduler.ConstantLR(o, 0.5, 2), [0.05, 0.05, 0.1, 0.1]),
    "polynomial": (
        lambda o: lr_scheduler.PolynomialLR(o, 4, power=2.0), [0.1, 0.05625, 0.025, 0.00625, 0, 0]
    ),
    "restarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2, T_mult=2),
        [0.1, 0.05, 0.1, 0.085355, 0.05, 0.014645, 0.1],
    ),
    "one_cycle": (
        lambda o: lr_scheduler.OneCycleLR(o, 0.1, 8),
        [0.004, 0.081928, 0.097194, 0.081175, 0.055598, 0.028306, 0.007664, 0.0],
    ),
    "cyclic": (
        lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.5, 2, mode="triangular2"),
        [0.1, 0.3, 0.5, 0.3, 0.1, 0.2, 0.3, 0.2, 0.1],
    ),
    "sequential": (
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.ConstantLR(o, 0.5, 9), lr_scheduler.ExponentialLR(o, 0.5)], [2]
        ),
        [0.05, 0.05, 0.1, 0.05, 0.025],
    ),
    "chained": (
        lambda o: lr_scheduler.ChainedScheduler(
            [lr_scheduler.ConstantLR(o, 0.5, 2), lr_scheduler.ExponentialLR(o, 0.5)]
        ),
        [0.05, 0.025, 0.025, 0.0125],
    ),
}


@pytest.mark.parametrize("scheduler, expected", SEQUENCES.values(), ids=SEQUENCES)
def test_known_sequences(scheduler, expected):
    assert run(scheduler, len(expected) - 1) == pytest.approx(expected, abs=1e-6)


CLOSED = "cosine step multi_step linear exponential constant polynomial".split()


@pytest.mark.parametrize("name", CLOSED)
def test_closed_form_agrees(name):
    make_scheduler, expected = SEQUENCES[name]
    scheduler = make_scheduler(make())
    for epoch, rate in enumerate(expected):
        scheduler.last_epoch = epoch
        assert scheduler._get_closed_form_lr()[0] == pytest.approx(rate, abs=1e-6)


@pytest.mark.parametrize("name", SEQUENCES)
def test_resumed_scheduler_continues_alike(name):
    make_scheduler, expected = SEQUENCES[name]
    optimizer = make()
    scheduler = make_scheduler(optimizer)
    optimizer.step()
    scheduler.step()
    other = make()
    resumed = make_scheduler(other)
    resumed.load_state_dict(scheduler.state_dict())
    other.load_state_dict(optimizer.state_dict())
    other.step()
    resumed.step()
    assert resumed.get_last_lr()[0] == pytest.approx(expected[2], abs=1e-6)
    assert resumed.optimizer is other


def test_groups_keep_their_own_rates():
    optimizer = make(groups=2)
    scheduler = lr_scheduler.LambdaLR(optimizer, [lambda e: 1.0, lambda e: 0.5**e])
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == pytest.approx([0.1, 0.1])
    assert optimizer.param_groups[1]["initial_lr"] == 0.2


def test_tensor_rate_is_changed_in_place():
    rate = torch.tensor(0.5)
    optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert rate.item() == 0.25 and scheduler.base_lrs[0].item() == 0.5


def test_wrong_order_and_epoch_argument_warn():
    scheduler = lr_scheduler.StepLR(make(), 1)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(3)
    assert scheduler.get_last_lr()[0] == pytest.approx(1e-4)


def test_a_step_before_the_schedule_does_not_count():
    optimizer = make()
    optimizer.step()
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()


def test_a_step_replaced_later_warns():
    optimizer = make()
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    before = optimizer.step
    optimizer.step = lambda: before()
    optimizer.step()
    with pytest.warns(UserWarning, match="has been overridden after learning rate scheduler"):
        scheduler.step()
    lr_scheduler.StepLR(optimizer, 1).step()  # this one knows the new step


def test_get_lr_warns_outside_a_step():
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        assert lr_scheduler.StepLR(make(), 1).get_lr() == [0.1]


def test_momentum_goes_the_other_way():
    for optimizer, read in (
        (make(), lambda group: group["momentum"]),
        (optim.Adam([nn.Parameter(torch.zeros(1))]), lambda group: group["betas"][0]),
    ):
        scheduler = lr_scheduler.OneCycleLR(optimizer, 0.1, 5, pct_start=0.6)
        momenta = []
        for _ in range(5):
            momenta.append(read(optimizer.param_groups[0]))
            optimizer.step()
            scheduler.step()
        assert momenta == pytest.approx([0.95, 0.9, 0.85, 0.9, 0.95])
    assert optimizer.param_groups[0]["betas"][1] == 0.999


def test_plateau_waits_and_reduces():
    optimizer = make()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, cooldown=1, min_lr=0.005)
    rates = []
    for loss in (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 1.0, 1.0):
        scheduler.step(torch.tensor(loss))
        rates.append(scheduler.get_last_lr()[0])
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.005])
    other = lr_scheduler.ReduceLROnPlateau(make(), mode="max")
    other.load_state_dict(scheduler.state_dict())
    assert other.state_dict() == scheduler.state_dict() and other.mode == "min"


def test_plateau_takes_up_new_groups():
    optimizer = make()
    schedules = [lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=low)
                 for low in (0.05, [0.05])]
    optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "lr": 1.0})
    for schedule in schedules:
        schedule.step(1.0)
    schedules[0].step(1.0)
    assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.1]
    with pytest.raises(RuntimeError, match=r"param groups in the `optimizer` \(2\) differs"):
        schedules[1].step(1.0)


def test_restarts_between_epochs():
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(make(), 2, T_mult=3)
    rates = []
    for epoch in (0.5, 1.5, 2, 5.0, 8, 17):
        scheduler.step(epoch)
        rates.append(scheduler.get_last_lr()[0])
    assert rates == pytest.approx([0.085355, 0.014645, 0.1, 0.05, 0.1, 0.05], abs=1e-6)
    with pytest.raises(ValueError, match="Expected non-negative epoch, but got -1"):
        scheduler.step(-1)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda o: lr_scheduler.StepLR(3, 1), TypeError, "int is not an Optimizer"),
        (lambda o: lr_scheduler.StepLR(o, 1, last_epoch=2), KeyError, "initial_lr"),
        (lambda o: lr_scheduler.LambdaLR(o, []), ValueError, "Expected 1 lr_lambdas, but got 0"),
        (lambda o: lr_scheduler.LinearLR(o, 0.0), ValueError, "Starting multiplicative factor"),
        (lambda o: lr_scheduler.LinearLR(o, 1.0, 2.0), ValueError, "Ending multiplicative"),
        (lambda o: lr_scheduler.ConstantLR(o, 1.1), ValueError, "Constant multiplicative factor"),
        (lambda o: lr_scheduler.MultiplicativeLR(o, 0.5), TypeError, "function, but got float"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError, "Factor should be"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, "up"), ValueError, "mode up is unknown"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "mode x is"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, min_lr=[1, 2]), ValueError, "expected 1 min_"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ValueError, "integer T_0, but"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1, 0.5), ValueError, "T_mult >= 1"),
        (lambda o: lr_scheduler.CyclicLR(o, 1, 2, mode="x"), ValueError, "mode is invalid"),
        (lambda o: lr_scheduler.CyclicLR(o, [1, 2], 2), ValueError, "base_lr must have the same"),
        (
            lambda o: lr_scheduler.CyclicLR(optim.Rprop([torch.ones(1)]), 1, 2),
            ValueError,
            "optimizer must support momentum or beta1",
        ),
        (lambda o: lr_scheduler.OneCycleLR(o, 1), ValueError, "either total_steps OR"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1, 0), ValueError, "positive integer total_steps"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1, 5, pct_start=2), ValueError, "pct_start, but got"),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 1, 5, anneal_strategy="x"),
            ValueError,
            "must be one of 'cos' or 'linear', instead got x",
        ),
        (lambda o: run(lambda o: lr_scheduler.OneCycleLR(o, 1, 2), 3), ValueError, "step 3 times"),
        (lambda o: lr_scheduler.SequentialLR(o, [], []), ValueError, "expects at least one"),
        (lambda o: lr_scheduler.ChainedScheduler([]), ValueError, "expects at least one"),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)], [3]),
            ValueError,
            "number of schedulers 1 and the number of milestones to be equal to 1",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(make(), 1)], []),
            ValueError,
            "expects all schedulers to belong to the same optimizer",
        ),
        (
            lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(o)]),
            ValueError,
            "does not support `ReduceLROnPlateau` scheduler",
        ),
        (lambda o: lr_scheduler.SequentialLR(o, [3], []), TypeError, "should have `optimizer`"),
    ],
)
def test_scheduler_refuses(call, error, text):
    with pytest.raises(error, match=text):
        call(make())
