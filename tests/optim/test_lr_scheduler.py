"""Learning-rate schedules against their formulas and known sequences."""

import pytest

import minitorch as torch
from minitorch import nn, optim
from minitorch.optim import lr_scheduler


def make(lr=0.1, groups=1):
    params = [{"params": [nn.Parameter(torch.zeros(1))], "lr": lr * (i + 1)} for i in range(groups)]
    return optim.SGD(params, lr=lr)


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
}


@pytest.mark.parametrize("scheduler, expected", SEQUENCES.values(), ids=SEQUENCES)
def test_known_sequences(scheduler, expected):
    assert run(scheduler, len(expected) - 1) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", [n for n in SEQUENCES if n != "lambda"])
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


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda o: lr_scheduler.StepLR(3, 1), TypeError, "int is not an Optimizer"),
        (lambda o: lr_scheduler.StepLR(o, 1, last_epoch=2), KeyError, "initial_lr"),
        (lambda o: lr_scheduler.LambdaLR(o, []), ValueError, "Expected 1 lr_lambdas, but got 0"),
        (lambda o: lr_scheduler.LinearLR(o, 0.0), ValueError, "Starting multiplicative factor"),
        (lambda o: lr_scheduler.LinearLR(o, 1.0, 2.0), ValueError, "Ending multiplicative"),
    ],
)
def test_scheduler_refuses(call, error, text):
    with pytest.raises(error, match=text):
        call(make())
