"""nn.utils and utils.checkpoint against PyTorch's."""

import math
import warnings

import numpy as np
import pytest

import minitorch as mt

torch = pytest.importorskip("torch")


def grads_of(lib, dtype, scale):
    rng = np.random.default_rng(0)
    params = []
    for shape in [(3, 4), (7,), (2, 2, 2), ()]:
        param = lib.nn.Parameter(lib.zeros(shape, dtype=getattr(lib, dtype)))
        param.grad = lib.from_numpy(np.asarray(scale * rng.standard_normal(shape), dtype=dtype))
        params.append(param)
    return [*params, lib.nn.Parameter(lib.zeros(2))]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [10.0, 1e-3, 0.0, math.nan])
@pytest.mark.parametrize("norm_type", [2, 1, 0.5, 3.0, 0, math.inf, -math.inf, "inf"])
def test_clip_grad_norm(dtype, scale, norm_type):
    results = []
    for lib in (torch, mt):
        params = grads_of(lib, dtype, scale)
        total = lib.nn.utils.clip_grad_norm_(params, 1.0, norm_type)
        results.append([total.numpy(), *(p.grad.numpy() for p in params[:-1])])
    for got, wanted in zip(results[1], results[0], strict=True):
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=1e-6 if dtype == "float32" else 1e-14)


@pytest.mark.parametrize("name, options", [
    ("weight_norm", dict()), ("weight_norm", dict(dim=1)), ("weight_norm", dict(dim=None)),
    ("spectral_norm", dict()), ("spectral_norm", dict(n_power_iterations=3, dim=1)),
])
@pytest.mark.parametrize("layer", [("Linear", 4, 3), ("Conv2d", 2, 3, 3)])
def test_normed_weights(name, options, layer):
    results = []
    for lib in (torch, mt):
        lib.manual_seed(0)
        kind, *sizes = layer
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            module = getattr(lib.nn.utils, name)(getattr(lib.nn, kind)(*sizes), **options)
        x = lib.rand((5, 4) if kind == "Linear" else (1, 2, 5, 5))
        optimizer = lib.optim.SGD(module.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            module(x).pow(2).mean().backward()
            optimizer.step()
        state = {key: value.numpy() for key, value in module.state_dict().items()}
        getattr(lib.nn.utils, "remove_" + name)(module)
        removed = {key: value.numpy() for key, value in module.state_dict().items()}
        results.append([state, removed])
    for got, wanted in zip(results[1], results[0], strict=True):
        assert list(got) == list(wanted)
        for key in wanted:
            np.testing.assert_allclose(got[key], wanted[key], rtol=1e-5, atol=1e-6, err_msg=key)


# With re-entry the outer part runs without gradients first.
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("early_stop", [False, True])
def test_checkpoint_runs_the_part_as_often(reentrant, early_stop):
    def trace(lib):
        lib.manual_seed(0)
        x = lib.rand(3, requires_grad=True)
        seen = []

        def inner(x):
            seen.append("inner")
            return (x * lib.rand(3)).exp()

        def part(x):
            seen.append("part")
            x = lib.utils.checkpoint.checkpoint(inner, x.sin(), use_reentrant=reentrant)
            seen.append("middle")
            out = x * x
            seen.append("end")
            return out

        out = lib.utils.checkpoint.checkpoint(
            part, x, use_reentrant=reentrant, early_stop=early_stop)
        out.sum().backward()
        return seen, x.grad.numpy(), lib.rand(2).numpy()

    ours, theirs = trace(mt), trace(torch)
    assert ours[0] == theirs[0]
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-6)
    assert ours[2].tolist() == theirs[2].tolist()
