"""nn.utils: clipping gradients, parameters as a vector."""

import math

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.nn import utils


def params_with_grads():
    params = [nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(4))]
    for i, param in enumerate(params):
        values = np.random.default_rng(i).standard_normal(tuple(param.shape))
        param.grad = torch.tensor(values.tolist())
    return [*params, nn.Parameter(torch.zeros(1))]


def flat_grads(params):
    return np.concatenate([p.grad.numpy().ravel() for p in params if p.grad is not None])


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, math.inf])
def test_clip_grad_norm(norm_type):
    params = params_with_grads()
    before = flat_grads(params)
    total = np.linalg.norm(before, norm_type)
    result = utils.clip_grad_norm_(params, 0.5, norm_type)
    assert result.item() == pytest.approx(total, rel=1e-5)
    np.testing.assert_allclose(flat_grads(params), before * 0.5 / (total + 1e-6), rtol=1e-5)
    assert params[2].grad is None


def test_clip_grad_norm_leaves_small_gradients():
    params = params_with_grads()
    before = flat_grads(params)
    utils.clip_grad_norm_(iter(params), 1e3)
    assert flat_grads(params).tolist() == before.tolist()
    assert utils.clip_grad_norm_([params[2]], 1.0).item() == 0.0


def test_clip_grad_norm_non_finite():
    param = nn.Parameter(torch.zeros(1))
    param.grad = torch.tensor([math.inf])
    with pytest.raises(RuntimeError, match="non-finite, so it cannot be clipped"):
        utils.clip_grad_norm_(param, 1.0, error_if_nonfinite=True)
    assert param.grad.item() == math.inf
    with pytest.raises(ValueError, match="norm_type must be positive"):
        utils.clip_grad_norm_(param, 1.0, norm_type=0)


def test_clip_grad_value():
    params = params_with_grads()
    before = flat_grads(params)
    utils.clip_grad_value_(params, 0.3)
    np.testing.assert_allclose(flat_grads(params), before.clip(-0.3, 0.3), rtol=1e-6)


def test_vector_round_trip_in_logical_order():
    net = nn.Sequential(nn.Conv2d(2, 3, 2), nn.Linear(2, 1))
    net.to(memory_format=torch.channels_last)
    vector = utils.parameters_to_vector(net.parameters())
    expected = np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
    assert vector.tolist() == expected.tolist() and vector.requires_grad
    utils.vector_to_parameters(torch.arange(30.0), net.parameters())
    assert net[0].weight[0, 0].tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert net[1].bias.item() == 29.0
    with pytest.raises(TypeError, match="expected torch.Tensor, but got"):
        utils.vector_to_parameters([1.0], net.parameters())
