"""The same array and the same layer in minitorch and in PyTorch, for the tests in parity/."""

import numpy as np
import pytest

import minitorch
import minitorch.nn as nn

torch = pytest.importorskip("torch")

RNG_SEED = 7


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def both(array, requires_grad=False):
    """Return the array as a float64 tensor of each library."""
    array = np.ascontiguousarray(array)
    pair = minitorch.from_numpy(array.copy()), torch.from_numpy(array.copy())
    return [t.requires_grad_(requires_grad) for t in pair]


def assert_near(ours, theirs, tolerance=1e-9):
    theirs = theirs.detach().numpy()
    scale = max(float(np.abs(theirs).max()), 1.0) if theirs.size else 1.0
    np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=0, atol=tolerance * scale)


def make_both(name, *args, **kwargs):
    """Return the layer of both libraries, made from the same seed; the starts must be equal."""
    minitorch.manual_seed(RNG_SEED)
    ours = getattr(nn, name)(*args, **kwargs)
    torch.manual_seed(RNG_SEED)
    theirs = getattr(torch.nn, name)(*args, **kwargs)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.state_dict()._metadata == theirs.state_dict()._metadata
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        assert np.array_equal(a.numpy(), b.numpy()), name
    return ours.double(), theirs.double()
