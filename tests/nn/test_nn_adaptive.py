"""AdaptiveLogSoftmaxWithLoss, against the definition, and DataParallel."""

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn


def layer(**options):
    mt.manual_seed(0)
    return nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 12], div_value=2.0, **options)


def test_the_probabilities_of_all_classes_sum_to_one():
    one = layer()
    x = mt.randn(4, 8)
    every = one.log_prob(x)
    assert every.shape == (4, 20)
    np.testing.assert_allclose(every.exp().sum(1).detach().numpy(), 1, rtol=1e-5)
    assert one.predict(x).tolist() == every.argmax(1).tolist()
    assert list(one.state_dict()) == ["head.weight", "tail.0.0.weight", "tail.0.1.weight",
                                      "tail.1.0.weight", "tail.1.1.weight"]
    assert list(layer(head_bias=True).state_dict())[1] == "head.bias"


def test_the_loss_is_that_of_the_full_distribution():
    one = layer(head_bias=True)
    x = mt.randn(6, 8, requires_grad=True)
    target = mt.tensor([0, 6, 13, 19, 3, 11])
    output, loss = one(x, target)
    wanted = one.log_prob(x).gather(1, target.unsqueeze(1)).squeeze(1)
    np.testing.assert_allclose(output.detach().numpy(), wanted.detach().numpy(), rtol=1e-5)
    (got,) = mt.autograd.grad(loss, x)
    (full,) = mt.autograd.grad(-wanted.mean(), x)
    np.testing.assert_allclose(got.numpy(), full.numpy(), rtol=1e-4, atol=1e-6)
    alone = one(x[0], target[0])
    assert alone.output.shape == () and alone.loss.item() == -alone.output.item()


def test_drawn_anew():
    one = layer()
    before = one.tail[1][0].weight.clone()
    one.reset_parameters()
    assert not mt.equal(before, one.tail[1][0].weight)


@pytest.mark.parametrize("cutoffs", [[5, 5], [12, 5], [0, 5], [5, 20], [2.5, 6]])
def test_cutoffs_that_make_no_sense(cutoffs):
    with pytest.raises(ValueError, match="cutoffs should be a sequence of unique, positive"):
        nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs)
    with pytest.raises(ValueError, match="cutoffs should be a sequence of length larger than 0"):
        nn.AdaptiveLogSoftmaxWithLoss(8, 20, [])


@pytest.mark.parametrize(("sizes", "target", "text"), [
    ((2, 8), [0, 20], r"Target values should be in \[0, 19\], but values in range \[0, 20\]"),
    ((2, 8), [0], "Input and target should have the same size in the batch dimension"),
    ((8,), [0] * 8, "1D target tensor expects 2D input tensors"),
    ((2, 8), 0, "0D target tensor expects 1D input tensors"),
    ((1, 8), [[0]], "0D or 1D target tensor expected, multi-target not supported"),
])
def test_targets_that_do_not_fit(sizes, target, text):
    with pytest.raises(RuntimeError, match=text):
        layer()(mt.ones(*sizes), mt.tensor(target))


def test_data_parallel_is_its_module():
    one = nn.Linear(3, 2)
    wrapped = nn.DataParallel(one, device_ids=[0])
    x = mt.randn(4, 3)
    assert mt.equal(wrapped(x), one(x)) and wrapped.module is one
    assert list(wrapped.state_dict()) == ["module.weight", "module.bias"]
    assert mt.equal(nn.parallel.data_parallel(one, x), one(x))
    assert mt.equal(nn.parallel.data_parallel(one, (), module_kwargs={"input": x}), one(x))
