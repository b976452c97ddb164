"""nn.init: distributions, fans, gains, refusals."""

import math

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.nn import init


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(1)


def test_constants_fill_and_return_the_tensor():
    x = nn.Parameter(torch.rand(2, 3))
    assert init.constant_(x, 0.5) is x and set(x.flatten().tolist()) == {0.5}
    assert set(init.ones_(x).flatten().tolist()) == {1.0}
    assert set(init.zeros_(x).flatten().tolist()) == {0.0}
    assert x.is_leaf and x.requires_grad


def test_uniform_and_normal_moments():
    x = init.uniform_(torch.empty(100, 100), 2.0, 4.0)
    assert 2.0 <= float(x.min()) and float(x.max()) < 4.0
    assert float(x.mean()) == pytest.approx(3.0, abs=0.03)
    x = init.normal_(torch.empty(100, 100), 1.0, 2.0)
    assert float(x.mean()) == pytest.approx(1.0, abs=0.1)
    assert float(((x - 1) ** 2).mean()) == pytest.approx(4.0, abs=0.2)


def test_same_seed_same_numbers_and_own_generator():
    first = init.kaiming_normal_(torch.empty(4, 5))
    torch.manual_seed(1)
    assert torch.equal(init.kaiming_normal_(torch.empty(4, 5)), first)
    generator = torch.Generator()
    generator.manual_seed(1)
    assert torch.equal(init.kaiming_normal_(torch.empty(4, 5), generator=generator), first)


@pytest.mark.parametrize("low, high", [(-2.0, 2.0), (0.5, 3.0), (2.0, 3.0)])
def test_trunc_normal_stays_inside(low, high):
    x = init.trunc_normal_(torch.empty(60, 60), a=low, b=high)
    assert low <= float(x.min()) and float(x.max()) <= high

    def density(v):
        return math.exp(-v * v / 2) / math.sqrt(2 * math.pi)

    def mass(v):
        return (1 + math.erf(v / math.sqrt(2))) / 2

    expected = (density(low) - density(high)) / (mass(high) - mass(low))
    assert float(x.mean()) == pytest.approx(expected, abs=0.06)


def test_trunc_normal_far_from_the_mean_warns():
    with pytest.warns(UserWarning, match="mean is more than 2 std"):
        init.trunc_normal_(torch.empty(2), mean=0.0, std=1.0, a=2.5, b=3.0)


def test_eye_and_dirac():
    assert init.eye_(torch.rand(2, 3)).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    weight = init.dirac_(torch.rand(4, 2, 3, 3), groups=2)
    x = torch.rand(1, 4, 5, 5)
    assert torch.equal(nn.functional.conv2d(x, weight, padding=1, groups=2), x)


@pytest.mark.parametrize(
    "name, options, bound",
    [
        ("xavier_uniform_", dict(gain=2.0), 2 * math.sqrt(6 / (18 + 36))),
        ("kaiming_uniform_", dict(a=math.sqrt(5)), math.sqrt(1 / 18)),
        ("kaiming_uniform_", dict(mode="fan_out", nonlinearity="relu"), math.sqrt(6 / 36)),
    ],
)
def test_uniform_bounds_follow_the_fans(name, options, bound):
    x = getattr(init, name)(torch.empty(4, 2, 3, 3), **options)
    for _ in range(20):
        x = torch.maximum(x.abs(), getattr(init, name)(torch.empty(4, 2, 3, 3), **options).abs())
    assert 0.95 * bound < float(x.max()) <= bound * (1 + 1e-6)


@pytest.mark.parametrize(
    "name, options, std",
    [
        ("xavier_normal_", {}, math.sqrt(2 / 300)),
        ("kaiming_normal_", dict(nonlinearity="relu"), math.sqrt(2 / 200)),
        ("kaiming_normal_", dict(mode="fan_out", nonlinearity="tanh"), 5 / 3 / math.sqrt(100)),
    ],
)
def test_normal_deviation_follows_the_fans(name, options, std):
    x = getattr(init, name)(torch.empty(100, 200), **options)
    assert float((x * x).mean().sqrt()) == pytest.approx(std, rel=0.03)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 3)])
def test_orthogonal_rows_or_columns(shape):
    x = init.orthogonal_(torch.empty(shape), gain=2.0).reshape(shape[0], -1).numpy()
    gram = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)


def test_sparse_zeroes_its_share_of_each_column():
    x = init.sparse_(torch.empty(10, 4), sparsity=0.25)
    assert (x == 0).sum(0).tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize(
    "name, param, gain",
    [
        ("linear", None, 1),
        ("conv2d", None, 1),
        ("sigmoid", None, 1),
        ("tanh", None, 5 / 3),
        ("relu", None, math.sqrt(2)),
        ("leaky_relu", None, math.sqrt(2 / (1 + 0.01**2))),
        ("leaky_relu", 0.2, math.sqrt(2 / 1.04)),
        ("selu", None, 0.75),
    ],
)
def test_gain(name, param, gain):
    assert init.calculate_gain(name, param) == gain


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: init.calculate_gain("swish"), "Unsupported nonlinearity swish"),
        (lambda: init.calculate_gain("leaky_relu", True), "negative_slope True not a valid"),
        (lambda: init.kaiming_uniform_(torch.empty(3)), "Fan in and fan out can not be computed"),
        (lambda: init.kaiming_normal_(torch.empty(3, 3), mode="fan"), "Mode fan not supported"),
        (lambda: init.eye_(torch.empty(3)), "Only tensors with 2 dimensions"),
        (lambda: init.sparse_(torch.empty(3), 0.1), "Only tensors with 2 dimensions"),
        (lambda: init.dirac_(torch.empty(3, 3)), "3, 4, or 5 dimensions"),
        (lambda: init.dirac_(torch.empty(3, 3, 1), groups=2), "dim 0 must be divisible by groups"),
        (lambda: init.orthogonal_(torch.empty(3)), "2 or more dimensions"),
    ],
)
def test_init_refuses(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_empty_tensors_warn():
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        init.kaiming_uniform_(torch.empty(0, 3))


@pytest.mark.parametrize(
    "name", ["uniform", "normal", "eye", "xavier_normal", "kaiming_uniform", "orthogonal"]
)
def test_older_names_warn_and_draw_the_same(name):
    with pytest.warns(FutureWarning, match=f"`nn.init.{name}` is now deprecated in favor of"):
        older = getattr(init, name)(torch.empty(4, 5))
    torch.manual_seed(1)
    assert torch.equal(getattr(init, name + "_")(torch.empty(4, 5)), older)
