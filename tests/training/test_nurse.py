"""The nurse says what is wrong, once, and nothing of a loop that is right."""

import math

import pytest

import minitorch as torch
from minitorch import nn
from minitorch.training import freeze
from minitorch.training.nurse import Nurse, below_majority, require_finite, watch


def small():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def batch():
    return torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])


def train(model, optimizer, steps=15, clear=None, accumulate=1):
    clear = clear or optimizer.zero_grad
    inputs, targets = batch()
    for _ in range(steps):
        clear()
        for _ in range(accumulate):
            nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()


def watched(model, **options):
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad],
                                **{"lr": 0.1, "momentum": 0.9} | options)
    said = []
    return Nurse(model, optimizer, said.append), optimizer, said


def set_to_none(optimizer):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = None


def zero_in_place(optimizer):
    for group in optimizer.param_groups:
        for p in group["params"]:
            if p.grad is not None:
                p.grad.zero_()


@pytest.mark.parametrize("clear", [
    None, set_to_none, zero_in_place, lambda o: o.zero_grad(set_to_none=False)])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_sound_loop_hears_nothing(clear, accumulate):
    model = small()
    nurse, optimizer, said = watched(model)
    train(model, optimizer, clear=clear and (lambda: clear(optimizer)), accumulate=accumulate)
    assert said == [] and nurse.said == {}


def test_missing_zero_grad_is_said_once():
    model = small()
    _, optimizer, said = watched(model)
    train(model, optimizer, clear=lambda: None)
    assert len(said) == 1 and "zero_grad" in said[0]


def test_step_twice():
    model = small()
    nurse, optimizer, said = watched(model)
    nn.functional.cross_entropy(model(batch()[0]), batch()[1]).backward()
    optimizer.step()
    optimizer.step()
    assert list(nurse.said) == ["step twice"] and "without a backward()" in said[0]


def test_parameter_without_gradient_is_named():
    model = small()
    model.add_module("unused", nn.Identity())
    model.unused.extra = nn.Linear(2, 2)
    _, optimizer, said = watched(model)
    train(model, optimizer)
    assert len(said) == 1 and said[0].startswith("unused.extra.weight, unused.extra.bias got no")


def test_parameter_that_the_optimizer_lacks_is_named():
    model, said = small(), []
    optimizer = torch.optim.SGD(model[3].parameters(), lr=0.1)
    with watch(model, optimizer, said.append):
        train(model, optimizer)
    assert len(said) == 1 and "0.weight" in said[0] and "was not given it" in said[0]


def test_learning_rate_without_effect():
    model = small()
    _, optimizer, said = watched(model, lr=1e-20)
    train(model, optimizer)
    assert len(said) == 1 and "1e-20 is too small" in said[0]


def test_drift_under_a_frozen_trunk():
    model = small()
    for p in model[:2].parameters():
        p.requires_grad = False
    _, optimizer, said = watched(model)
    train(model, optimizer)
    assert len(said) == 1 and said[0].startswith("the weights of 1 are frozen")
    assert "freeze(module)" in said[0]


def test_frozen_by_freeze_does_not_drift():
    model = small()
    freeze(model[:2])
    _, optimizer, said = watched(model)
    train(model, optimizer)
    assert said == []


def test_warnings_by_default():
    model = small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer), pytest.warns(UserWarning, match="zero_grad"):
        train(model, optimizer, clear=lambda: None)


def test_left_it_says_nothing():
    model = small()
    nurse, optimizer, said = watched(model)
    nurse.leave()
    train(model, optimizer, clear=lambda: None)
    assert said == []


def test_watch_changes_no_bit():
    outcomes = []
    for watching in (False, True):
        model = small()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        if watching:
            watch(model, optimizer)
        torch.manual_seed(1)
        train(model, optimizer)
        outcomes.append([v.clone() for v in model.state_dict().values()])
    assert all(torch.equal(a, b) for a, b in zip(*outcomes, strict=True))


@pytest.mark.parametrize("value,heard", [(math.log(3), False), (9.0, True), (0.01, True)])
def test_first_loss(value, heard):
    nurse, _, said = watched(small())
    nurse.expect_guessing(3)
    for each in (value, 100.0):
        nurse.check_loss(each, nurse.model, batch(), nn.functional.cross_entropy)
    assert bool(said) == heard
    assert not heard or "3 classes has 1.1" in said[0]


# -- not finite ----------------------------------------------------------------------------------
def explain(model, inputs, targets):
    nurse, _, _ = watched(model)
    state = [v.clone() for v in model.state_dict().values()]
    random = torch.default_generator.get_state()
    value = nn.functional.cross_entropy(model.eval()(inputs), targets).item()
    model.train()
    with pytest.raises(FloatingPointError) as error:
        nurse.check_loss(value, model, (inputs, targets), nn.functional.cross_entropy)
    after = model.state_dict().values()
    assert all(a.numpy().tobytes() == b.numpy().tobytes()
               for a, b in zip(state, after, strict=True))
    assert torch.equal(random, torch.default_generator.get_state())
    return str(error.value)


def test_image_that_is_not_finite_is_counted():
    inputs, targets = batch()
    inputs[3, 0] = math.inf
    assert "image 4 of the batch holds values" in explain(small(), inputs, targets)


def test_weights_that_are_not_finite_are_named():
    model = small()
    with torch.no_grad():
        model[3].bias[1] = math.nan
    text = explain(model, *batch())
    assert "the weights 3.bias were not finite" in text and "learning rate 0.1" in text


def test_layer_that_overflows_is_named():
    model = small()
    with torch.no_grad():
        model[3].weight.fill_(3e38)
    text = explain(model, *batch())
    assert "comes out of 3;" in text and "3.weight reaches 3e+38" in text


class Root(nn.Module):
    """Its gradient at 0 is infinite, its value is not."""

    def forward(self, x):
        return (x * 0).sqrt() * 0 + x


def test_gradient_that_is_not_finite_stops_the_step():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), Root(), nn.Linear(8, 3))
    nurse, optimizer, _ = watched(model)
    before = [v.clone() for v in model.state_dict().values()]
    inputs, targets = batch()
    loss = nn.functional.cross_entropy(model(inputs), targets)
    nurse.check_loss(loss.item(), model, (inputs, targets), nn.functional.cross_entropy)
    loss.backward()
    with pytest.raises(FloatingPointError, match="gradient of 0.bias is not.*SqrtBackward0"):
        optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(before, model.state_dict().values(),
                                                 strict=True))


def test_validation_that_is_not_finite_names_what_is_not():
    model = small()
    nurse, _, _ = watched(model)
    nurse.check_validation(1.0)
    model[1].running_var[2] = math.inf
    with pytest.raises(FloatingPointError, match="loss became nan: 1.running_var is not finite"):
        nurse.check_validation(math.nan)
    with pytest.raises(FloatingPointError, match="1.running_var is not finite any more, and is"):
        require_finite(model)


def test_below_majority():
    assert below_majority(0.5, [0, 0, 1, 2], ["a", "b", "c"]) is None
    text = below_majority(0.4, [0, 0, 1, 2], ["a", "b", "c"])
    assert "'a' would give 50.0 %" in text
