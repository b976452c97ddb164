"""A layer of an LSTM as one operation, against the same of single operations."""

import numpy as np
import pytest

import minitorch as mt
from minitorch._ops import lstm, recurrent
from minitorch.autograd import gradcheck, gradgradcheck


def inputs(steps, batch, size, dtype=mt.float64, seed=0):
    mt.manual_seed(seed)
    shapes = (steps, batch, 4 * size), (batch, size), (batch, size), (4 * size, size)
    return [mt.randn(*shape, dtype=dtype, requires_grad=True) for shape in shapes]


def composed(reverse):
    def run(gates, h, c, weight):
        outputs, last = recurrent._run_steps(
            recurrent._lstm_step, gates, (h, c), recurrent._Weights([None, weight], False), reverse)
        return outputs, *last

    return run


def one_operation(reverse):
    return lambda *given: lstm.lstm_layer(*given, reverse, composed(reverse))


# Batches as one row, as they lie, and turned; sizes that are cut among threads.
SIZES = [(1, 1, 1), (3, 1, 5), (4, 2, 3), (2, 20, 4), (3, 21, 2), (2, 3, 1100), (2, 64, 40)]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("dtype", "digits"), [(mt.float64, 1e-12), (mt.float32, 2e-5)])
def test_results_and_gradients(sizes, reverse, dtype, digits):
    given = inputs(*sizes, dtype)
    results = [make(reverse)(*given) for make in (one_operation, composed)]
    for got, wanted in zip(*results, strict=True):
        assert got.stride() == wanted.contiguous().stride()
        np.testing.assert_allclose(got.detach().numpy(), wanted.detach().numpy(), atol=digits)
    # gradients of the outputs alone, of each last state alone, and of all
    for chosen in ((0,), (1,), (2,), (0, 1, 2)):
        found = [mt.autograd.grad([(outs[i] * (i + 1)).sin().sum() for i in chosen], given,
                                  retain_graph=True) for outs in results]
        for got, wanted in zip(*found, strict=True):
            scale = float(wanted.abs().max()) + 1
            np.testing.assert_allclose(got.numpy(), wanted.numpy(), atol=5 * digits * scale)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("batch", [1, 2])
def test_derivatives_of_any_order(batch, reverse):
    given = inputs(3, batch, 2)
    assert gradcheck(one_operation(reverse), given)
    assert gradgradcheck(one_operation(reverse), given)
    assert gradgradcheck(lambda gates, h: one_operation(reverse)(gates, h, *given[2:])[0],
                         given[:2])


@pytest.mark.parametrize("sizes", [(3, 1, 5), (4, 2, 3), (3, 21, 2), (3, 22, 1)])
def test_states_and_gradients_that_lie_otherwise_in_memory(sizes):
    steps, batch, size = sizes
    given = inputs(*sizes)
    given = [given[0].flip(2).transpose(0, 2).contiguous().transpose(0, 2),
             given[1].repeat(1, 2)[:, ::2], given[2][:, :1].expand(batch, size), given[3]]
    weight = mt.randn(size, batch, steps, dtype=mt.float64).permute(2, 1, 0)
    last = mt.randn(batch, 2 * size, dtype=mt.float64)[:, ::2]
    results = [make(False)(*given) for make in (one_operation, composed)]
    found = [mt.autograd.grad(outs, given, (weight, last, last.flip(1)[:, :1].expand(batch, size)))
             for outs in results]
    for pair in (results, found):
        for got, wanted in zip(*pair, strict=True):
            np.testing.assert_allclose(got.detach().numpy(), wanted.detach().numpy(), atol=1e-12)


def test_what_a_caller_holds_is_left_alone():
    for batch in (2, 30):
        given = inputs(3, batch, 4)
        before = [t.detach().clone() for t in given]
        outputs, h, c = one_operation(False)(*given)
        seeds = [mt.ones_like(t) for t in (outputs, h, c)]
        first = mt.autograd.grad((outputs, h, c), given, seeds, retain_graph=True)
        again = mt.autograd.grad((outputs, h, c), given, seeds)
        assert all(mt.equal(a, b) for a, b in zip(first, again, strict=True))
        assert all(mt.equal(a, b) for a, b in zip(given, before, strict=True))
        assert all(mt.equal(seed, mt.ones_like(seed)) for seed in seeds)


def test_the_same_bits_for_any_number_of_threads():
    def run():
        given = inputs(3, 40, 128, mt.float32)
        return mt.autograd.grad(one_operation(False)(*given)[0].sum(), given)

    threads = mt.get_num_threads()
    try:
        found = []
        for number in (1, 2, 3):
            mt.set_num_threads(number)
            found.append(run())
    finally:
        mt.set_num_threads(threads)
    assert all(mt.equal(a, b) for other in found[1:] for a, b in zip(found[0], other, strict=True))


def test_which_layers_it_serves():
    def node(module, x):
        return module(x)[0].grad_fn.name()

    x = mt.randn(3, 2, 4)
    assert node(mt.nn.LSTM(4, 5), x) == "MkldnnRnnLayerBackward0"
    assert node(mt.nn.LSTM(4, 5, batch_first=True), x) == "TransposeBackward0"
    assert node(mt.nn.LSTM(4, 5, proj_size=2), x) == "StackBackward0"
    half = mt.nn.LSTM(4, 5, dtype=mt.bfloat16)
    assert node(half, x.bfloat16()) == "StackBackward0"
    empty = mt.nn.LSTM(4, 5)(mt.randn(3, 0, 4))
    assert empty[0].shape == (3, 0, 5) and empty[1][1].shape == (1, 0, 5)
