"""Saved tensors that are changed where the version counter does not see it."""

import warnings

import numpy as np
import pytest

import minitorch as mt


def leaf(*values):
    return mt.tensor(list(values), requires_grad=True)


def through_data(x):
    x.data.add_(1)


def through_a_view_of_data(x):
    x.data[:1].view(-1).mul_(3)


def through_numpy(x):
    x.detach().numpy()[0] = 5


def through_numpy_of_data(x):
    x.data.numpy()[0] = 5


def through_a_buffer(x):
    memoryview(x.detach())[0] = 5.0


def through_other_data(x):
    x.data = mt.tensor([5.0, 6.0])


CHANGES = [through_data, through_a_view_of_data, through_numpy, through_numpy_of_data,
           through_a_buffer, through_other_data]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_after_the_forward_warns_with_the_name_of_the_op(change):
    x = leaf(1.0, 2.0)
    y = (x**3).sum()
    change(x)
    with pytest.warns(UserWarning, match="PowBackward0: a saved tensor .* was changed after"):
        y.backward()
    # what PyTorch computes: the derivative at the new values
    assert x.grad.tolist() == (3 * x.detach() ** 2).tolist()


@pytest.mark.parametrize("change", CHANGES)
def test_in_anomaly_mode_it_is_an_error(change):
    with warnings.catch_warnings(), mt.autograd.set_detect_anomaly(True):
        warnings.simplefilter("ignore")  # of the traceback
        x = leaf(1.0, 2.0)
        y = (x**3).sum()
        change(x)
        with pytest.raises(RuntimeError, match="PowBackward0: a saved tensor"):
            y.backward()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_before_the_forward_is_none(change):
    x = leaf(1.0, 2.0)
    (x**3).sum().backward()
    change(x)
    x.grad = None
    (x**3).sum().backward()
    assert x.grad.tolist() == (3 * x.detach() ** 2).tolist()


def test_a_saved_result_is_watched_too():
    x = leaf(1.0, 2.0)
    y = x.exp()
    y.data.zero_()
    with pytest.warns(UserWarning, match="ExpBackward0"):
        y.sum().backward()


def test_memory_of_an_array_is_watched():
    array = np.ones(2, np.float32)
    x = leaf(1.0, 2.0)
    y = x * mt.from_numpy(array)
    array[0] = 7
    with pytest.warns(UserWarning, match="MulBackward0.*shares with numpy"):
        y.sum().backward()


def test_a_change_of_the_tensor_is_seen_by_what_saved_its_data():
    x = leaf(1.0, 2.0)
    y = x * x.data
    with mt.no_grad():
        x.add_(1)
    with pytest.warns(UserWarning, match="MulBackward0"):
        y.sum().backward()


def test_reading_lent_memory_is_no_change():
    x = leaf(1.0, 2.0)
    y = x * x
    assert x.detach().numpy().sum() == 3 and memoryview(x.detach())[0] == 1
    y.sum().backward()


def test_large_lent_memory_is_compared_in_anomaly_mode_only():
    x = mt.ones(100_000, requires_grad=True)
    y = (x * x).sum()
    x.detach().numpy()[7] = 5
    y.backward()
    with warnings.catch_warnings(), mt.autograd.set_detect_anomaly(True):
        warnings.simplefilter("ignore")
        y = (x * x).sum()
        x.detach().numpy()[7] = 6
        with pytest.raises(RuntimeError, match="MulBackward0"):
            y.backward()


def test_the_usual_ways_of_an_optimizer_do_not_warn():
    model = mt.nn.Linear(3, 3)
    optimizer = mt.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(3):
        optimizer.zero_grad()
        model(mt.ones(2, 3)).sum().backward()
        optimizer.step()
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-0.1)
            p.data.clamp_(-1, 1)
            with mt.no_grad():
                p.mul_(0.9)


def test_packed_convolution_weights_follow_data():
    conv = mt.nn.Conv2d(8, 8, 3)
    x = mt.ones(1, 8, 6, 6)
    with mt.no_grad():
        for _ in range(3):  # from the second on the weights are packed
            first = conv(x)
        conv.weight.data.mul_(2)
        conv.bias.zero_()
        doubled = conv(x)
        plain = mt.nn.functional.conv2d(x, conv.weight.clone())
        conv.weight.data = mt.zeros_like(conv.weight)
        nothing = [conv(x) for _ in range(3)][-1]
    assert mt.allclose(doubled, plain, atol=1e-5) and not mt.allclose(doubled, first)
    assert nothing.abs().max().item() == 0
