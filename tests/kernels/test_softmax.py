"""Softmax, log-softmax and the negative log-likelihood against numpy in float64."""

import numpy as np
import pytest

from minitorch._kernels import _testing_nn as kernels

RTOL = {np.float32: 2e-6, np.float64: 1e-14}
DTYPES = [np.float32, np.float64]
SIZES = [(1, 5, 1), (33, 10, 1), (3, 1000, 1), (2, 7, 40), (2, 3, 65), (4, 1, 3), (0, 4, 1),
         (2, 4, 0), (2, 0, 4)]


def problem(sizes, dtype):
    rng = np.random.default_rng(0)
    return [(rng.standard_normal(sizes) * 3).astype(dtype) for _ in range(2)]


def reference(x):
    shifted = x.astype(np.float64) - x.max(axis=1, keepdims=True, initial=-np.inf)
    log_total = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.exp(shifted - log_total), shifted - log_total


@pytest.mark.parametrize("logarithm", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", SIZES)
def test_softmax_and_backward(sizes, dtype, logarithm):
    x, dy = problem(sizes, dtype)
    y = np.full_like(x, np.nan)
    kernels.softmax(y, x, logarithm)
    if x.size == 0:
        return
    wanted = reference(x)[logarithm]
    np.testing.assert_allclose(y, wanted, rtol=RTOL[dtype], atol=RTOL[dtype])
    dx = np.full_like(x, np.nan)
    kernels.softmax_backward(dx, dy, y, logarithm)
    total = (dy if logarithm else dy * wanted).sum(axis=1, keepdims=True, dtype=np.float64)
    wanted_dx = dy - np.exp(wanted) * total if logarithm else wanted * (dy - total)
    np.testing.assert_allclose(dx, wanted_dx, rtol=10 * RTOL[dtype], atol=10 * RTOL[dtype])
    kernels.softmax(x, x, logarithm)
    np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("logarithm", [False, True])
def test_softmax_of_large_infinite_and_nan_values(logarithm):
    x = np.array([[1e4, 0, 0], [-np.inf, 0, 0], [np.nan, 1, 2], [1, np.nan, 2], [1, np.inf, 2],
                  [-np.inf] * 3], np.float32)[..., None]
    y = np.empty_like(x)
    kernels.softmax(y, x, logarithm)
    probability = np.exp(y) if logarithm else y
    np.testing.assert_array_equal(probability[0, :, 0], [1, 0, 0])
    np.testing.assert_allclose(probability[1, :, 0], [0, 0.5, 0.5])
    assert np.isnan(probability[2]).all() and np.isnan(probability[3]).all()
    assert np.isnan(probability[4, 1]) and np.isnan(probability[5]).all()


def nll_problem(dtype, batch, classes, pixels):
    rng = np.random.default_rng(2)
    logp = -rng.random((batch, classes, pixels)).astype(dtype)
    target = rng.integers(0, classes, (batch, pixels))
    target[0, 0] = -100
    return logp, target, rng.random(classes).astype(dtype) + dtype(0.5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", [0, 1, 2], ids=["none", "mean", "sum"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [(9, 5, 1), (3, 4, 7)])
def test_nll_loss_and_backward(sizes, dtype, reduction, weighted):
    logp, target, weight = nll_problem(dtype, *sizes)
    batch, _, pixels = sizes
    used = target != -100
    safe = np.where(used, target, 0)
    w = np.where(used, weight[safe] if weighted else 1.0, 0.0)
    each = -w * np.take_along_axis(logp, safe[:, None], 1)[:, 0]
    loss = np.full(batch * pixels if reduction == 0 else 1, np.nan, dtype)
    total = np.empty(1, dtype)
    kernels.nll_loss(loss, total, logp, target, weight if weighted else None, -100, reduction)
    wanted = [each.ravel(), each.sum() / w.sum(), each.sum()][reduction]
    np.testing.assert_allclose(loss, wanted, rtol=RTOL[dtype])
    np.testing.assert_allclose(total, w.sum(), rtol=RTOL[dtype])

    dloss = np.random.default_rng(3).standard_normal(loss.shape).astype(dtype)
    dlogp = np.full_like(logp, np.nan)
    kernels.nll_loss_backward(dlogp, dloss, target, weight if weighted else None, total, -100,
                              reduction)
    scale = dloss.reshape(batch, pixels) if reduction == 0 else dloss[0]
    share = -w * scale / (w.sum() if reduction == 1 else 1)
    wanted_gradient = np.zeros(logp.shape)
    np.put_along_axis(wanted_gradient, safe[:, None], share[:, None], 1)
    np.testing.assert_allclose(dlogp, wanted_gradient, rtol=RTOL[dtype], atol=1e-30)


def test_nll_loss_of_ignored_targets_alone():
    loss, total = np.empty(1), np.empty(1)
    target = np.full((2, 1), 7)
    kernels.nll_loss(loss, total, np.zeros((2, 3, 1)), target, None, 7, 1)
    assert np.isnan(loss[0]) and total[0] == 0
    kernels.nll_loss(loss, total, np.zeros((2, 3, 1)), target, None, 7, 2)
    assert loss[0] == 0


def test_first_bad_target():
    target = np.array([0, 4, -100, 5, -1])
    assert kernels.first_bad_target(target, 5, -100) == 3
    assert kernels.first_bad_target(target[:3], 5, -100) == -1
    assert kernels.first_bad_target(target[:3], 5, 0) == 2
    assert kernels.first_bad_target(target[:0], 5, 0) == -1
