"""`utils.checkpoint`: what is computed again in the backward."""

import pytest

import minitorch as mt
from minitorch.utils.checkpoint import (
    CheckpointError,
    checkpoint,
    checkpoint_sequential,
    set_checkpoint_early_stop,
)

BOTH = pytest.mark.parametrize("use_reentrant", [True, False])


class Counted:
    def __init__(self):
        self.calls = self.ends = 0

    def __call__(self, x, k=2.0):
        self.calls += 1
        y = (x * k).exp().sin()
        self.ends += 1
        return y


@BOTH
def test_the_function_runs_again_in_the_backward(use_reentrant):
    x = mt.tensor([0.1, 0.2], requires_grad=True)
    function = Counted()
    y = checkpoint(function, x, use_reentrant=use_reentrant)
    assert function.calls == 1
    y.sum().backward()
    assert function.calls == 2
    expected = mt.autograd.grad(Counted()(x).sum(), x)[0]
    assert mt.equal(x.grad, expected)


def test_the_recomputation_stops_early_unless_told_otherwise():
    x = mt.tensor([0.1, 0.2], requires_grad=True)
    function = Counted()
    checkpoint(function, x, k=3.0, use_reentrant=False).sum().backward()
    assert function.ends == 1
    with set_checkpoint_early_stop(False):
        checkpoint(function, x, use_reentrant=False).sum().backward()
    assert function.ends == 3


def test_higher_derivatives_and_retained_graphs():
    x = mt.tensor([0.1, 0.2], requires_grad=True)
    y = checkpoint(lambda t: t.exp() ** 3, x, use_reentrant=False)
    first = mt.autograd.grad(y.sum(), x, create_graph=True)[0]
    second = mt.autograd.grad(first.sum(), x, retain_graph=True)[0]
    assert mt.allclose(second, 9 * (3 * x).exp())
    assert mt.equal(mt.autograd.grad(y.sum(), x, create_graph=True)[0], first)


@BOTH
def test_pieces_of_a_model_with_dropout_see_the_same_random_numbers(use_reentrant):
    layers = [mt.nn.Linear(4, 8), mt.nn.Dropout(0.5), mt.nn.Linear(8, 8), mt.nn.Dropout(0.5)]
    model = mt.nn.Sequential(*layers, mt.nn.Linear(8, 2))
    x = mt.ones(3, 4, requires_grad=True)
    mt.manual_seed(3)
    expected = model(x)
    wanted = mt.autograd.grad(expected.sum(), list(model.parameters()))
    mt.manual_seed(3)
    found = checkpoint_sequential(model, 2, x, use_reentrant=use_reentrant)
    found.sum().backward()
    assert mt.equal(found, expected)
    for p, gradient in zip(model.parameters(), wanted, strict=True):
        assert mt.equal(p.grad, gradient)


def test_a_function_that_does_something_else_the_second_time_is_an_error():
    x = mt.tensor([0.1, 0.2], requires_grad=True)
    turns = []

    def unsteady(t):
        turns.append(1)
        return t.exp() if len(turns) % 2 else t.relu() + 1

    def reshaped(t):
        turns.append(1)
        return (t if len(turns) % 2 else t[:1]).exp().sum()

    def longer(t):
        turns.append(1)
        return t.exp().sin() if len(turns) % 2 else t.exp()

    checkpoint(unsteady, x, use_reentrant=False).sum().backward()  # one saved tensor both times
    with pytest.raises(CheckpointError, match="different metadata"):
        checkpoint(reshaped, x, use_reentrant=False).backward()
    with pytest.raises(CheckpointError, match="A different number of tensors was saved"):
        checkpoint(longer, x, use_reentrant=False).sum().backward()


def test_arguments_are_checked():
    x = mt.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="should be passed explicitly"):
        checkpoint(mt.exp, x)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: k"):
        checkpoint(Counted(), x, k=3, use_reentrant=True)
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        assert not checkpoint(mt.exp, x.detach(), use_reentrant=True).requires_grad
    y = checkpoint(mt.exp, x, use_reentrant=True)
    with pytest.raises(RuntimeError, match="incompatible with .grad()"):
        mt.autograd.grad(y.sum(), x)
