"""L-BFGS: minima of known functions, its limits, and its state."""

import copy

import pytest

import minitorch as torch
from minitorch import nn, optim


def problem(**options):
    """An ellipse around (1, -2) and a parameter that the loss does not use."""
    x, unused = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.ones(3))
    optimizer = optim.LBFGS([x, unused], **options)
    calls = []

    def closure():
        calls.append(1)
        optimizer.zero_grad()
        loss = ((x - torch.tensor([1.0, -2.0])) ** 2 * torch.tensor([1.0, 20.0])).sum()
        loss.backward()
        return loss

    return x, unused, optimizer, closure, calls


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_minimum_of_an_ellipse(search):
    x, unused, optimizer, closure, calls = problem(line_search_fn=search)
    first = optimizer.step(closure)
    assert first.item() == 81.0
    assert torch.allclose(x, torch.tensor([1.0, -2.0]), atol=1e-4)
    assert unused.tolist() == [1.0] * 3
    assert optimizer.state[x]["func_evals"] == len(calls) <= 26
    optimizer.step(closure)
    before = len(calls)
    optimizer.step(closure)
    assert len(calls) - before <= 2  # nothing is left to do


def test_valley_of_rosenbrock():
    x = nn.Parameter(torch.tensor([-1.2, 1.0], dtype=torch.float64))
    optimizer = optim.LBFGS([x], max_iter=100, line_search_fn="strong_wolfe", history_size=10)

    def closure():
        optimizer.zero_grad()
        loss = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
        loss.backward()
        return loss

    optimizer.step(closure)
    assert torch.allclose(x, torch.ones(2, dtype=torch.float64), atol=1e-6)


@pytest.mark.parametrize("options, most", [(dict(max_iter=3), 4), (dict(max_eval=2), 2)])
def test_limits(options, most):
    *_, optimizer, closure, calls = problem(**options)
    optimizer.step(closure)
    assert len(calls) <= most


def test_state_goes_on_where_it_was():
    x, _, optimizer, closure, _ = problem(max_iter=2, max_eval=9, lr=0.1)
    y, _, other, other_closure, _ = problem(max_iter=2)
    optimizer.step(closure)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    with torch.no_grad():
        y.copy_(x)
    optimizer.step(closure)
    other.step(other_closure)
    assert y.tolist() == x.tolist() and other.state[y]["n_iter"] == 4
    assert len(other.state[y]["old_dirs"]) == 3


def test_refusals():
    params = [nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))]
    with pytest.raises(ValueError, match="doesn't support per-parameter options"):
        optim.LBFGS([{"params": [param]} for param in params])
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        optim.LBFGS(params, lr=-1)
    *_, optimizer, closure, _ = problem(line_search_fn="x")
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        optimizer.step(closure)
