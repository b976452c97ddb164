"""Optimizers and schedules against PyTorch's: the same numbers, state and texts at every step."""

import copy

import numpy as np
import pytest

import minitorch as mt

torch = pytest.importorskip("torch")

COMMON = [dict(), dict(lr=0.05), dict(weight_decay=0.1), dict(weight_decay=0.1, maximize=True)]
OPTIMIZERS = {
    "SGD": [*COMMON, dict(momentum=0.9), dict(momentum=0.9, nesterov=True, weight_decay=0.1)],
    "Adam": [*COMMON, dict(amsgrad=True), dict(betas=(0.3, 0.7), eps=1e-3), dict(fused=True),
             dict(weight_decay=0.1, decoupled_weight_decay=True)],
    "AdamW": [*COMMON, dict(amsgrad=True, foreach=True), dict(fused=True)],
    "RMSprop": [*COMMON, dict(momentum=0.8), dict(centered=True, momentum=0.8, alpha=0.5)],
    "Adagrad": [*COMMON, dict(lr_decay=0.5, initial_accumulator_value=0.1), dict(fused=True)],
    "Adadelta": [*COMMON, dict(rho=0.5)],
    "Adamax": [*COMMON, dict(betas=(0.5, 0.8))],
    "NAdam": [*COMMON, dict(momentum_decay=0.1, weight_decay=0.1, decoupled_weight_decay=True)],
    "RAdam": [*COMMON, dict(weight_decay=0.1, decoupled_weight_decay=True)],
    "ASGD": [*COMMON, dict(t0=5, lambd=0.1)],
    "Rprop": [dict(), dict(lr=0.05), dict(maximize=True), dict(etas=(0.3, 1.4))],
}
RUNS = [(name, options) for name, all_options in OPTIMIZERS.items() for options in all_options]
SHAPES = [(3, 5), (1037,), (2, 3, 4, 4), (1, 1)]


def train(lib, name, options, dtype, steps, saved=None, start=None):
    """Take steps with drawn gradients; return the values and the optimizer."""
    rng = np.random.default_rng(3)
    start = start or [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    params = [lib.nn.Parameter(lib.from_numpy(value.copy())) for value in start]
    optimizer = getattr(lib.optim, name)(params, **options)
    if saved is not None:
        optimizer.load_state_dict(saved)
    draws = np.random.default_rng(4)
    for step in range(max(steps) + 1):
        for i, param in enumerate(params):
            grad = draws.standard_normal(param.shape) * 10 ** draws.uniform(-2, 1)
            param.grad = lib.from_numpy(grad.astype(dtype))
            if step % 5 == 3 and i == 0:
                param.grad = None
        if step in steps:
            optimizer.step()
    return [param.detach().numpy() for param in params], optimizer


def translated(state, lib):
    """A state_dict with the tensors of another library."""
    if hasattr(state, "detach"):
        return lib.from_numpy(state.detach().numpy().copy())
    if isinstance(state, dict):
        return {key: translated(value, lib) for key, value in state.items()}
    if isinstance(state, list):
        return [translated(value, lib) for value in state]
    return copy.copy(state)


@pytest.mark.parametrize("name, options", RUNS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fifty_steps(name, options, dtype):
    expected, theirs = train(torch, name, options, dtype, range(50))
    values, ours = train(mt, name, options, dtype, range(50))
    # Rounding alone: PyTorch's vector code multiplies and adds in one instruction.
    tolerance = dict(rtol=3e-5, atol=3e-6) if dtype == "float32" else dict(rtol=1e-11, atol=1e-12)
    for got, wanted in zip(values, expected, strict=True):
        np.testing.assert_allclose(got, wanted, **tolerance)
    assert repr(ours) == repr(theirs)
    state, wanted = ours.state_dict(), theirs.state_dict()
    assert state["param_groups"] == wanted["param_groups"]
    assert list(state["param_groups"][0]) == list(wanted["param_groups"][0])
    assert list(state["state"]) == list(wanted["state"])
    for number in wanted["state"]:
        kept, like = state["state"][number], wanted["state"][number]
        assert list(kept) == list(like)
        for key in like:
            assert str(kept[key].dtype).split(".")[1] == str(like[key].dtype).split(".")[1]
            np.testing.assert_allclose(kept[key].numpy(), like[key].numpy(), **tolerance)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("first, second", [(torch, mt), (mt, torch)], ids=["to us", "from us"])
def test_training_goes_on_in_the_other_library(name, first, second):
    options = OPTIMIZERS[name][-1]
    expected, _ = train(first, name, options, "float32", range(20))
    half, optimizer = train(first, name, options, "float32", range(10))
    saved = translated(optimizer.state_dict(), second)
    values, _ = train(second, name, options, "float32", range(10, 20), saved, half)
    for got, wanted in zip(values, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=3e-5, atol=3e-6)
