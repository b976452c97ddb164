"""Parameters without a shape yet, and the modules that hold them."""

import copy
import pickle

import pytest

import minitorch as torch
from minitorch import nn
from minitorch.nn.modules.lazy import LazyModuleMixin
from minitorch.nn.parameter import is_lazy


def test_the_first_forward_gives_the_shapes():
    net = nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(2, bias=False))
    assert repr(net[0]) == "LazyLinear(in_features=0, out_features=3, bias=True)"
    assert net[0].has_uninitialized_params() and repr(net[0].weight) == "<UninitializedParameter>"
    weight = net[0].weight
    assert net(torch.ones(4, 7)).shape == (4, 2)
    assert type(net[0]) is nn.Linear and type(net[2]) is nn.Linear
    assert net[0].weight is weight and type(weight) is nn.Parameter and weight.shape == (3, 7)
    assert not net[0]._forward_pre_hooks and not net[0]._load_state_dict_pre_hooks


def test_a_lazy_layer_starts_as_the_layer():
    torch.manual_seed(0)
    lazy = nn.LazyLinear(3)
    lazy(torch.ones(1, 5))
    torch.manual_seed(0)
    layer = nn.Linear(5, 3)
    assert torch.equal(lazy.weight, layer.weight) and torch.equal(lazy.bias, layer.bias)


LAYERS = [
    ("Conv1d", 4, (6, 2), {"groups": 2}, (2, 4, 5)),
    ("Conv2d", 4, (3, 2), {"padding": 1, "bias": False}, (4, 5, 5)),
    ("Conv3d", 4, (3, 1), {}, (2, 4, 2, 2, 2)),
    ("ConvTranspose1d", 4, (3, 2), {}, (2, 4, 5)),
    ("ConvTranspose2d", 4, (2, 2), {"stride": 2, "groups": 2}, (2, 4, 3, 3)),
    ("ConvTranspose3d", 4, (3, 1), {}, (2, 4, 2, 2, 2)),
    ("BatchNorm1d", 4, (), {"momentum": 0.3}, (2, 4, 5)),
    ("BatchNorm2d", 4, (), {"affine": False}, (2, 4, 5, 5)),
    ("BatchNorm3d", 4, (), {}, (2, 4, 2, 3, 3)),
    ("InstanceNorm1d", 4, (), {"affine": True, "track_running_stats": True}, (2, 4, 5)),
    ("InstanceNorm2d", 4, (), {"affine": False, "track_running_stats": False}, (2, 4, 5, 5)),
    ("InstanceNorm3d", 4, (), {"affine": True, "track_running_stats": False}, (2, 4, 2, 3, 3)),
    ("BatchNorm2d", 4, (), {"bias": False, "track_running_stats": False}, (2, 4, 5, 5)),
]


@pytest.mark.parametrize("name, channels, args, options, shape", LAYERS)
def test_lazy_forms_of_layers(name, channels, args, options, shape):
    x = torch.randn(*shape)
    torch.manual_seed(0)
    layer = getattr(nn, name)(channels, *args, **options)
    torch.manual_seed(0)
    lazy = getattr(nn, "Lazy" + name)(*args, **options)
    assert list(lazy.state_dict()) == list(layer.state_dict())
    assert torch.equal(lazy(x), layer(x))
    assert type(lazy) is type(layer) and repr(lazy) == repr(layer)
    again = getattr(nn, "Lazy" + name)(*args, **options)
    again.load_state_dict(layer.state_dict())
    assert torch.equal(again(x), layer(x))


def test_lazy_convolution_errors():
    with pytest.raises(RuntimeError, match=r"Expected 3D \(unbatched\) or 4D \(batched\) input to"):
        nn.LazyConv2d(2, 1)(torch.zeros(1, 1))
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        nn.LazyConv2d(2, 1, groups=2)(torch.zeros(3, 2, 2))


def test_loading_gives_the_shapes_too():
    layer, lazy = nn.Linear(5, 3), nn.LazyLinear(3)
    lazy.load_state_dict(layer.state_dict())
    assert torch.equal(lazy.weight, layer.weight)
    x = torch.ones(2, 5)
    assert torch.equal(lazy(x), layer(x)) and type(lazy) is nn.Linear and lazy.in_features == 5
    fresh = nn.LazyLinear(3)
    fresh.load_state_dict(nn.LazyLinear(3).state_dict())
    assert fresh.has_uninitialized_params()
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter"):
        layer.load_state_dict(fresh.state_dict())


def test_copies_are_lazy_by_themselves():
    lazy = nn.LazyLinear(3)
    for other in (copy.deepcopy(lazy), pickle.loads(pickle.dumps(lazy))):
        assert other(torch.ones(1, 2)).shape == (1, 3) and type(other) is nn.Linear
        assert is_lazy(lazy.weight) and type(lazy) is nn.LazyLinear
    assert lazy.double()(torch.ones(1, 4, dtype=torch.float64)).dtype == torch.float64


@pytest.mark.parametrize(
    "use", [lambda p: p + 1, lambda p: p.sum(), lambda p: p[0], lambda p: p.view(-1)]
)
@pytest.mark.parametrize("kind", [nn.UninitializedParameter, nn.UninitializedBuffer])
def test_nothing_is_computed_without_a_shape(use, kind):
    with pytest.raises(ValueError, match="Attempted to use an uninitialized parameter"):
        use(kind())


def test_materialize():
    parameter = nn.UninitializedParameter(dtype=torch.float64)
    assert isinstance(parameter, nn.Parameter) and parameter.requires_grad
    parameter.materialize((2, 3))
    assert parameter.shape == (2, 3) and parameter.dtype == torch.float64
    buffer = nn.UninitializedBuffer(persistent=False)
    assert isinstance(buffer, nn.Buffer) and not buffer.persistent
    buffer.materialize((2,), dtype=torch.int64)
    assert type(buffer) is torch.Tensor and buffer.dtype == torch.int64


class Scale(LazyModuleMixin, nn.Module):
    """Lazy, and it stays of this class."""

    def __init__(self):
        super().__init__()
        self.weight = nn.UninitializedParameter()
        self.register_buffer("count", nn.UninitializedBuffer())

    def initialize_parameters(self, x, *, fill):
        with torch.no_grad():
            self.weight.materialize(x.shape[-1:])
            self.weight.fill_(fill)
            if fill > 0:
                self.count.materialize(())
                self.count.zero_()

    def forward(self, x, *, fill):
        return x * self.weight


def test_a_lazy_class_of_ones_own():
    module = Scale()
    assert module(torch.ones(3), fill=2.0).tolist() == [2.0] * 3
    assert type(module) is Scale and list(module.state_dict()) == ["weight", "count"]
    with pytest.raises(RuntimeError, match="module Scale has not been fully initialized"):
        Scale()(torch.ones(3), fill=0.0)

    class Forgetful(LazyModuleMixin, nn.Linear):
        pass

    with pytest.raises(NotImplementedError, match="initialize_parameters is not implemented for"):
        Forgetful(2, 3)(torch.ones(1, 2))
