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
    assert math.isinf(utils.clip_grad_norm_(param, 1.0).item()) and math.isnan(param.grad.item())


def test_total_norm_and_clipping_are_two_steps():
    params = params_with_grads()
    before = flat_grads(params)
    grads = [param.grad for param in params[:2]]
    # the order 0 counts: the tensors that are not all zero
    for norm_type, expected in ((2.0, np.linalg.norm(before)), (0.0, 2.0),
                                (-math.inf, np.abs(before).min())):
        total = utils.get_total_norm(grads, norm_type)
        assert total.shape == () and total.item() == pytest.approx(expected, rel=1e-5)
    utils.clip_grads_with_norm_(params, 1.0, torch.tensor(4.0))
    np.testing.assert_allclose(flat_grads(params), before / 4, rtol=1e-5)
    assert utils.get_total_norm([]).item() == 0.0
    assert utils.get_total_norm(torch.tensor([3.0, 4.0])).item() == 5.0
    with pytest.raises(RuntimeError, match="The total norm of order 2.0 for gradients"):
        utils.get_total_norm([torch.tensor([math.nan])], error_if_nonfinite=True)


def test_clipping_warns_of_old_names_and_of_used_up_generators():
    with pytest.warns(FutureWarning, match="in favor of `torch.nn.utils.clip_grad_norm_`"):
        utils.clip_grad_norm(params_with_grads(), 1.0)
    with pytest.warns(UserWarning, match="`parameters` is an empty generator"):
        utils.clip_grad_norm_((p for p in []), 1.0)


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


# ---- functional_call -----------------------------------------------------------------------------


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)
        self.b.weight = self.a.weight
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x, scale=1.0):
        self.calls = self.calls + 1
        return self.b(self.a(x)) * scale


def test_functional_call_is_differentiable_and_changes_nothing():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    own = [p.detach().clone() for p in net.parameters()]
    params = {name: (p.detach() * 2).requires_grad_() for name, p in net.named_parameters()}
    x = torch.rand(4, 2)
    out = torch.func.functional_call(net, params, x)
    out.sum().backward()
    expected = torch.tanh(x @ params["0.weight"].T + params["0.bias"]) @ params["2.weight"].T
    assert torch.allclose(out, expected + params["2.bias"])
    assert all(p.grad is not None for p in params.values())
    for before, param in zip(own, net.parameters(), strict=True):
        assert torch.equal(before, param) and param.grad is None
        assert isinstance(param, nn.Parameter)


def test_functional_call_ties_names_and_gives_new_buffers_back():
    net = Tied()
    eye = {"a.weight": torch.eye(2), "calls": torch.tensor(5.0)}
    zeros = {"a.bias": torch.zeros(2), "b.bias": torch.zeros(2)}
    x = torch.rand(3, 2)
    assert torch.equal(torch.func.functional_call(net, (eye, zeros), (x,), {"scale": 2.0}), 2 * x)
    assert net.calls.item() == 0.0 and net.b.weight is net.a.weight
    merged = {**eye, **zeros}
    torch.func.functional_call(net, merged, x, tie_weights=False)
    assert merged["calls"].item() == 6.0


def test_functional_call_refuses():
    net, x = Tied(), torch.rand(3, 2)
    one, two = {"a.weight": torch.eye(2)}, {"b.weight": torch.ones(2, 2)}
    for tensors, options, error, text in [
        (3, {}, ValueError, "to be a dict, or a list/tuple of dicts, but got <class 'int'>"),
        ([1], {}, ValueError, "Expected all elements of parameter_and_buffer_dicts"),
        ([one, one], {}, ValueError, r"\['a.weight'\] appeared in multiple dictionaries"),
        ([one, two], {}, ValueError, "got multiple values for keys .'a.weight', 'b.weight'., whi"),
        (one, {"strict": True}, RuntimeError, r"reparametrizing for Tied:\n\tMissing key\(s\): "),
        ({"x": x}, {"strict": True}, RuntimeError, r"Unexpected key\(s\): 'x'"),
        ({"c.weight": x}, {}, AttributeError, "Tied has no attribute `c`"),
        ({"a.weight": 3}, {}, TypeError, "3 is not an instance of torch.Tensor"),
    ]:
        with pytest.raises(error, match=text):
            torch.func.functional_call(net, tensors, x, **options)
        assert isinstance(net.a.weight, nn.Parameter)
    with pytest.warns(FutureWarning, match="Please use `torch.func.functional_call` instead"):
        utils.stateless.functional_call(net, one, x)
    torch.func.functional_call(net, {"extra": x}, x)
    assert not hasattr(net, "extra")


# ---- normed weights ------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.torch.nn.utils.weight_norm. is deprecated")
@pytest.mark.parametrize("dim", [0, 1, -1, None])
def test_weight_norm(dim):
    layer = nn.Conv2d(2, 3, 2)
    weight = layer.weight.detach().clone()
    assert utils.weight_norm(layer, dim=dim) is layer
    assert sorted(name for name, _ in layer.named_parameters()) == ["bias", "weight_g", "weight_v"]
    assert torch.allclose(layer.weight, weight, atol=1e-6)
    with torch.no_grad():
        layer.weight_v.mul_(3)
        layer.weight_g.mul_(2)
    x = torch.rand(1, 2, 4, 4)
    expected = nn.functional.conv2d(x, 2 * weight, layer.bias)
    assert torch.allclose(layer(x), expected, atol=1e-5)
    layer(x).sum().backward()
    assert layer.weight_g.grad is not None and layer.weight_v.grad is not None
    with pytest.raises(RuntimeError, match="Cannot register two weight_norm hooks on the same"):
        utils.weight_norm(layer, dim=dim)
    utils.remove_weight_norm(layer)
    assert [name for name, _ in layer.named_parameters()] == ["bias", "weight"]
    assert torch.allclose(layer(x), expected, atol=1e-5)
    with pytest.raises(ValueError, match="weight_norm of 'weight' not found"):
        utils.remove_weight_norm(layer)


def test_weight_norm_warns():
    with pytest.warns(FutureWarning, match="in favor of `torch.nn.utils.parametrizations"):
        utils.weight_norm(nn.Linear(2, 2))


def test_spectral_norm():
    layer = utils.spectral_norm(nn.Linear(4, 3), n_power_iterations=50)
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    layer(torch.rand(1, 4))
    largest = np.linalg.svd(layer.weight_orig.detach().numpy(), compute_uv=False)[0]
    expected = layer.weight_orig.detach().numpy() / largest
    np.testing.assert_allclose(layer.weight.detach().numpy(), expected, rtol=1e-4, atol=1e-6)
    (layer(torch.rand(2, 4)) - layer(torch.rand(2, 4))).pow(2).sum().backward()
    assert layer.weight_orig.grad is not None
    u = layer.weight_u.clone()
    layer.eval()(torch.rand(2, 4))
    assert torch.equal(u, layer.weight_u)
    with pytest.raises(RuntimeError, match="Cannot register two spectral_norm hooks"):
        utils.spectral_norm(layer)
    utils.remove_spectral_norm(layer)
    assert list(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(layer.weight.detach().numpy(), expected, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="spectral_norm of 'weight' not found"):
        utils.remove_spectral_norm(layer)
    with pytest.raises(ValueError, match="Expected n_power_iterations to be positive, but got n_p"):
        utils.spectral_norm(layer, n_power_iterations=0)
    with pytest.raises(ValueError, match="cannot be applied as parameter `bias` is None"):
        utils.spectral_norm(nn.Linear(2, 2, bias=False), "bias")


# ---- others --------------------------------------------------------------------------------------


@pytest.mark.parametrize("features", [3, 1])
@pytest.mark.parametrize("bias", [True, False])
def test_fused_linear(features, bias):
    linear, bn = nn.Linear(4, 3, bias=bias).eval(), nn.BatchNorm1d(features).eval()
    with torch.no_grad():
        for tensor in (bn.running_mean, bn.running_var, bn.weight, bn.bias):
            tensor.copy_(torch.rand(features) + 0.5)
    x = torch.rand(5, 4)
    fused = utils.fuse_linear_bn_eval(linear, bn)
    expected = bn(linear(x).reshape(-1, features)).reshape(5, 3)
    assert torch.allclose(fused(x), expected, atol=1e-6)
    assert fused.weight.dtype == fused.bias.dtype == torch.float32


def test_fused_linear_refuses():
    linear, bn = nn.Linear(4, 3).eval(), nn.BatchNorm1d(2).eval()
    with pytest.raises(AssertionError, match="got linear.out_features=3 and bn.num_features=2"):
        utils.fuse_linear_bn_eval(linear, bn)
    with pytest.raises(AssertionError, match="Fusion only for eval!"):
        utils.fuse_linear_bn_eval(linear.train(), bn)


def test_skip_init_leaves_the_generator_alone():
    torch.manual_seed(0)
    layer = utils.skip_init(nn.Linear, 3, out_features=2, dtype=torch.float64)
    assert layer.weight.shape == (2, 3) and layer.bias.dtype == torch.float64
    drawn = torch.rand(2)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(2), drawn)
    with pytest.raises(RuntimeError, match="Expected a Module; got <class 'int'>"):
        utils.skip_init(int)
    with pytest.raises(RuntimeError, match="Module must support a 'device' arg"):
        utils.skip_init(nn.ReLU)


def test_convolutions_to_another_memory_format():
    net = nn.Sequential(nn.Conv2d(2, 3, 2), nn.Linear(2, 1))
    before = net[0].weight.detach().clone()
    assert utils.convert_conv2d_weight_memory_format(net, torch.channels_last) is net
    assert net[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(net[0].weight, before)
    assert utils.convert_conv3d_weight_memory_format(net, torch.channels_last_3d) is net
