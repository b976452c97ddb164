"""The in-place forms of the activations, and what their modules show and keep."""

import pytest

import minitorch
from minitorch import nn
from minitorch.nn import functional as F

VALUES = [-4.0, -1.5, -0.3, 0.2, 0.7, 1.8, 4.0, 7.0]

# Name, arguments, node of the in-place form.
INPLACE = [
    ("relu", (), "ReluBackward0"),
    ("relu6", (), "HardtanhBackward0"),
    ("hardtanh", (-0.5, 2.0), "HardtanhBackward0"),
    ("threshold", (0.5, -3.0), "ThresholdBackward1"),
    ("leaky_relu", (0.2,), "LeakyReluBackward1"),
    ("rrelu", (0.1, 0.3), "RreluWithNoiseBackward1"),
    ("elu", (0.5,), "EluBackward1"),
    ("selu", (), "EluBackward1"),
    ("celu", (0.7,), "CeluBackward1"),
    ("silu", (), "SiluBackward0"),
    ("mish", (), "MishBackward0"),
    ("hardswish", (), "HardswishBackward0"),
    ("hardsigmoid", (), "HardsigmoidBackward0"),
]


@pytest.mark.parametrize("name, args, node", INPLACE, ids=[row[0] for row in INPLACE])
def test_inplace_form(name, args, node):
    function = getattr(F, name)
    leaf = minitorch.tensor(VALUES, dtype=minitorch.float64, requires_grad=True)
    wanted = function(leaf, *args)
    gradient = minitorch.autograd.grad(wanted.sum(), leaf)[0]
    changed = leaf.clone()
    version = changed._version
    assert function(changed, *args, inplace=True) is changed
    assert changed._version == version + 1
    assert changed.grad_fn.name() == node
    assert minitorch.equal(changed, wanted)
    got = minitorch.autograd.grad(changed.sum(), leaf)[0]
    assert minitorch.allclose(got, gradient, rtol=1e-13, atol=0)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used"):
        function(leaf, *args, inplace=True)


@pytest.mark.parametrize(
    "name, args",
    [("elu_", (0.5,)), ("selu_", ()), ("celu_", (0.5,)), ("leaky_relu_", (0.2,)),
     ("hardtanh_", (-2.0, 0.5)), ("threshold_", (0.1, 2.0)), ("rrelu_", ()), ("relu_", ())],
)
def test_functions_with_an_underscore(name, args):
    x = minitorch.tensor(VALUES)
    wanted = getattr(F, name[:-1])(x, *args)
    assert getattr(F, name)(x, *args) is x
    assert minitorch.equal(x, wanted)


@pytest.mark.parametrize("function", [F.elu, F.leaky_relu], ids=["elu", "leaky_relu"])
def test_inplace_form_with_a_negative_slope_has_no_backward(function):
    changed = function(minitorch.ones(2, requires_grad=True).clone(), -0.5, inplace=True)
    with pytest.raises(RuntimeError, match="is triggered with a negative slope"):
        changed.sum().backward()


def test_step_functions_have_a_second_derivative_of_zero():
    x = minitorch.tensor(VALUES, requires_grad=True)
    for function in (F.relu, F.relu6, F.leaky_relu, F.hardtanh, F.hardshrink, F.hardsigmoid):
        (slope,) = minitorch.autograd.grad(function(x).sum(), x, create_graph=True)
        (second,) = minitorch.autograd.grad(slope.sum(), x)
        assert not second.any()


def test_nan_passes():
    nan = minitorch.tensor([float("nan")], requires_grad=True)
    for name, args, _ in INPLACE:
        assert getattr(F, name)(nan, *args).isnan().all(), name


def test_rrelu_draws_slopes_within_its_bounds():
    minitorch.manual_seed(0)
    x = -minitorch.ones(1000)
    slopes = -F.rrelu(x, 0.25, 0.5, training=True)
    assert (slopes >= 0.25).all() and (slopes < 0.5).all() and slopes.std() > 0.05
    leaf = x.requires_grad_()
    out = F.rrelu(leaf, 0.25, 0.5, training=True)
    out.sum().backward()
    assert minitorch.equal(leaf.grad, -out)
    assert (F.rrelu(leaf, 0.25, 0.5) == -0.375).all()


def test_gumbel_softmax():
    minitorch.manual_seed(0)
    logits = minitorch.randn(5, 4, requires_grad=True)
    soft = F.gumbel_softmax(logits, tau=0.5)
    assert minitorch.allclose(soft.sum(-1), minitorch.ones(5))
    hard = F.gumbel_softmax(logits, hard=True)
    assert minitorch.equal(hard.detach().round(), hard.detach().round().clamp(0, 1))
    assert minitorch.allclose(hard.sum(-1), minitorch.ones(5))
    hard[:, 0].sum().backward()
    assert logits.grad.any()
    with pytest.warns(UserWarning, match="`eps` parameter is deprecated"):
        F.gumbel_softmax(logits, eps=1e-5)


REPRS = [
    (nn.Threshold(0.1, 20), "Threshold(threshold=0.1, value=20)"),
    (nn.Threshold(1, 2, inplace=True), "Threshold(threshold=1, value=2, inplace=True)"),
    (nn.Hardtanh(-2, 2), "Hardtanh(min_val=-2, max_val=2)"),
    (nn.ReLU6(inplace=True), "ReLU6(inplace=True)"),
    (nn.LeakyReLU(0.2, True), "LeakyReLU(negative_slope=0.2, inplace=True)"),
    (nn.RReLU(), "RReLU(lower=0.125, upper=0.3333333333333333)"),
    (nn.PReLU(3), "PReLU(num_parameters=3)"),
    (nn.ELU(0.5), "ELU(alpha=0.5)"),
    (nn.CELU(), "CELU(alpha=1.0)"),
    (nn.SELU(), "SELU()"),
    (nn.Hardswish(inplace=True), "Hardswish()"),
    (nn.Softplus(), "Softplus(beta=1.0, threshold=20.0)"),
    (nn.Softshrink(0.25), "Softshrink(0.25)"),
    (nn.GLU(0), "GLU(dim=0)"),
    (nn.Softmin(1), "Softmin(dim=1)"),
    (nn.Softmax2d(), "Softmax2d()"),
    (nn.FeatureAlphaDropout(0.2), "FeatureAlphaDropout(p=0.2, inplace=False)"),
]


@pytest.mark.parametrize("module, text", REPRS, ids=[text for _, text in REPRS])
def test_repr(module, text):
    assert repr(module) == text


def test_prelu_learns_its_slopes():
    module = nn.PReLU(2, init=0.5)
    assert list(module.state_dict()) == ["weight"]
    x = minitorch.tensor([[-1.0, -2.0], [3.0, -4.0]])
    assert module(x).tolist() == [[-0.5, -1.0], [3.0, -2.0]]
    module(x).sum().backward()
    assert module.weight.grad.tolist() == [-1.0, -6.0]


def test_hardtanh_arguments():
    with pytest.warns(FutureWarning, match="`min_value` is deprecated and renamed to `min_val`"):
        assert nn.Hardtanh(min_value=-3).min_val == -3
    with pytest.raises(AssertionError, match="must be greater than min_val"):
        nn.Hardtanh(1, 1)


def test_softmax2d_wants_images():
    with pytest.raises(ValueError, match="expected input to be 3D or 4D, got 2D instead"):
        nn.Softmax2d()(minitorch.ones(2, 3))


def test_implicit_dimension_of_softmin_warns():
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmin"):
        nn.Softmin()(minitorch.ones(2, 3))
