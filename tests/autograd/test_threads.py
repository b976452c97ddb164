"""Several threads in backward at once."""

import sys
import threading

import pytest

import minitorch as mt


@pytest.fixture(autouse=True)
def frequent_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def in_threads(n, work):
    errors = []

    def guarded(k):
        try:
            work(k)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(k,)) for k in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.parametrize("size", [3, 20_000])  # below and above where kernels give up the GIL
def test_gradients_of_separate_graphs_add_up_exactly(size):
    w = mt.zeros(size, requires_grad=True)

    def work(k):
        for _ in range(40):
            (w * 2.0).sum().backward()

    assert not in_threads(8, work)
    assert w.grad.min().item() == w.grad.max().item() == 8 * 40 * 2


def test_one_retained_graph_serves_all_threads():
    x = mt.ones(20_000, requires_grad=True)
    y = x * 2
    y.retain_grad()
    calls = []
    x.register_hook(lambda g: calls.append(1))

    def work(k):
        for _ in range(20):
            y.sum().backward(retain_graph=True)

    assert not in_threads(6, work)
    assert len(calls) == 120
    assert x.grad.min().item() == x.grad.max().item() == 240
    assert y.grad.min().item() == y.grad.max().item() == 120


def test_the_first_frees_a_shared_graph():
    x = mt.ones(5, requires_grad=True)
    y = x.exp().sum()
    errors = in_threads(4, lambda k: y.backward())
    assert len(errors) == 3
    assert all("second time" in str(error) for error in errors)


def test_grad_of_a_leaf_with_create_graph_in_threads():
    x = mt.ones(20_000, requires_grad=True)

    def work(k):
        first = mt.autograd.grad((x**3).sum(), x, create_graph=True)[0]
        assert mt.autograd.grad(first.sum(), x)[0].max().item() == 6

    assert not in_threads(6, work)
    assert x.grad is None


def test_hooks_may_run_a_backward_of_the_same_leaf():
    x = mt.ones(20_000, requires_grad=True)

    def again(leaf):
        if leaf.grad[0].item() < 4:
            with mt.enable_grad():
                (leaf * 1.0).sum().backward()

    x.register_post_accumulate_grad_hook(again)
    (x * 1.0).sum().backward()
    assert x.grad.max().item() == 4


def test_modes_belong_to_their_thread():
    seen = []
    with mt.no_grad(), mt.inference_mode():
        in_threads(1, lambda k: seen.append((mt.is_grad_enabled(), mt.is_inference_mode_enabled())))
    assert seen == [(True, False)]
