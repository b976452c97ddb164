"""Graphs of 100,000 nodes: backward and destruction neither overflow nor crawl."""

import time

import pytest

import minitorch as torch

DEPTH = 100_000


def chain(x, step):
    y = x
    for _ in range(DEPTH):
        y = step(y)
    return y


@pytest.mark.parametrize("step", [lambda y: y + 1, lambda y: y * 1.0, lambda y: y.view(2)],
                         ids=["saves nothing", "saves tensors", "views"])
def test_deep_chain_runs_backwards(step):
    x = torch.ones(2, requires_grad=True)
    y = chain(x, step)
    started = time.perf_counter()
    y.sum().backward()
    assert time.perf_counter() - started < 20
    assert x.grad.tolist() == [1, 1]


def test_deep_chain_is_destroyed_without_recursion():
    x = torch.ones(2, requires_grad=True)
    y = chain(x, lambda y: y * 2.0)
    del y
    y = chain(x, lambda y: y.mul(1.0).relu_())
    del y
    assert x.grad is None


def test_deep_chain_can_be_differentiated_twice():
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(2000):
        y = y * 1.0
    z = y * y
    (first,) = torch.autograd.grad(z, x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    assert (first.item(), second.item()) == (2.0, 2.0)


def test_wide_graph_sums_all_its_paths():
    x = torch.ones(1, requires_grad=True)
    total = sum(x * float(i) for i in range(1, 2001))
    total.backward()
    assert x.grad.item() == 2000 * 2001 / 2
