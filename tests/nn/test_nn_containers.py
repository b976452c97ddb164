"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from collections import OrderedDict

import pytest

import minitorch as torch
from minitorch import nn


def names(module):
    return [name for name, _ in module.named_children()]


def test_sequential_calls_in_order():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x = torch.rand(4, 2)
    assert torch.equal(net(x), net[2](net[1](net[0](x))))
    assert len(net) == 3 and list(net)[1] is net[-2]


def test_sequential_named_and_sliced():
    net = nn.Sequential(OrderedDict(a=nn.Identity(), b=nn.ReLU(), c=nn.Tanh()))
    assert names(net) == ["a", "b", "c"] and net.b is net[1]
    part = net[1:]
    assert isinstance(part, nn.Sequential) and names(part) == ["b", "c"]


def test_sequential_changes():
    a, b, c, d = (nn.Linear(1, 1) for _ in range(4))
    net = nn.Sequential(a, b)
    net[1] = c
    assert list(net) == [a, c]
    assert net.append(d) is net and list(net) == [a, c, d]
    net.insert(1, b)
    assert list(net) == [a, b, c, d] and names(net) == ["0", "1", "2", "3"]
    net.insert(-1, nn.Identity())
    assert isinstance(net[3], nn.Identity)
    assert isinstance(net.pop(3), nn.Identity)
    del net[0]
    assert list(net) == [b, c, d] and names(net) == ["0", "1", "2"]
    del net[:2]
    assert list(net) == [d]
    net.extend([a, b])
    assert list(net) == [d, a, b]


def test_sequential_arithmetic():
    a, b = nn.Identity(), nn.ReLU()
    assert list(nn.Sequential(a) + nn.Sequential(b)) == [a, b]
    net = nn.Sequential(a)
    net += nn.Sequential(b)
    assert list(net) == [a, b]
    assert list(net * 2) == [a, b, a, b] == list(2 * net)
    net *= 2
    assert len(net) == 4


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda s: s[5], IndexError),
        (lambda s: s.insert(5, nn.ReLU()), IndexError),
        (lambda s: s.insert(0, 3), AssertionError),
        (lambda s: s.append(3), TypeError),
        (lambda s: s + 3, ValueError),
        (lambda s: s * 0, ValueError),
        (lambda s: s * 1.5, TypeError),
        (lambda s: s.extend(3), TypeError),
    ],
)
def test_sequential_refusals(call, error):
    with pytest.raises(error):
        call(nn.Sequential(nn.Identity()))


def test_module_list():
    a, b, c = (nn.Linear(1, 1) for _ in range(3))
    layers = nn.ModuleList([a, b])
    assert len(layers) == 2 and layers[-1] is b and list(layers + [c]) == [a, b, c]
    layers += [c]
    layers.insert(0, c)
    assert list(layers) == [c, a, b, c]
    assert isinstance(layers[1:3], nn.ModuleList) and list(layers[1:3]) == [a, b]
    del layers[1:3]
    assert list(layers) == [c, c] and names(layers) == ["0"]
    assert layers.pop(0) is c and len(layers) == 1
    assert len(list(nn.ModuleList([a, b]).parameters())) == 4
    with pytest.raises(IndexError, match="index 4 is out of range"):
        layers[4]
    with pytest.raises(TypeError, match="ModuleList.extend should be called with an iterable"):
        layers.extend(3)
    with pytest.raises(NotImplementedError):
        layers(1)


def test_module_list_repr_folds_equal_members():
    layers = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh()])
    assert repr(layers) == "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n)"
    assert repr(nn.ModuleList()) == "ModuleList()"


def test_module_dict():
    a, b = nn.Linear(1, 1), nn.ReLU()
    table = nn.ModuleDict({"a": a})
    table["b"] = b
    assert list(table) == ["a", "b"] == list(table.keys()) and "a" in table
    assert list(table.values()) == [a, b] and dict(table.items()) == {"a": a, "b": b}
    table.update([("c", b)])
    assert table.pop("c") is b and len(table) == 2
    del table["a"]
    table.clear()
    assert len(table) == 0
    with pytest.raises(TypeError, match="iterable of key/value pairs"):
        table.update(3)
    with pytest.raises(ValueError, match="has length 3; 2 is required"):
        table.update([("a", b, 1)])
    with pytest.raises(TypeError, match="not a Module subclass"):
        table["x"] = 3


def test_parameter_list():
    params = nn.ParameterList([torch.ones(2), nn.Parameter(torch.ones(3))])
    assert isinstance(params[0], nn.Parameter) and len(list(params.parameters())) == 2
    params.append(torch.zeros(1))
    params += [torch.zeros(4)]
    params[0] = torch.zeros(5)
    assert [p.numel() for p in params] == [5, 3, 1, 4]
    assert isinstance(params[1:3], nn.ParameterList) and len(params[1:3]) == 2
    assert list(params.state_dict()) == ["0", "1", "2", "3"]
    with pytest.raises(RuntimeError, match="ParameterList should not be called"):
        params()
    with pytest.raises(TypeError, match="should be called with an iterable"):
        params.extend(torch.ones(2))
    assert "(0): Parameter containing: [torch.float32 of size 2x3]" in repr(
        nn.ParameterList([torch.ones(2, 3)])
    )


def test_parameter_dict():
    params = nn.ParameterDict({"b": torch.ones(2), "a": torch.ones(1)})
    assert list(params) == ["a", "b"] and list(reversed(params)) == ["b", "a"]
    params["c"] = torch.zeros(3)
    assert isinstance(params["c"], nn.Parameter) and "c" in params
    assert params.get("x", 5) == 5 and params.setdefault("c") is params["c"]
    assert params.popitem()[0] == "c" and params.pop("b").numel() == 2
    merged = params | nn.ParameterDict({"z": torch.ones(1)})
    assert list(merged) == ["a", "z"] and list(params) == ["a"]
    params |= {"y": torch.ones(1)}
    assert list(params.keys()) == ["a", "y"] and len(list(params.parameters())) == 2
    assert params.copy()["a"] is params["a"]
    assert list(params.fromkeys(["q"], 1).items()) == [("q", 1)]
    del params["a"]
    params.clear()
    assert len(params) == 0
    with pytest.raises(AttributeError, match="has no attribute 'missing'"):
        params["missing"]
    with pytest.raises(TypeError, match="it is not a string"):
        params[3] = torch.ones(1)
    with pytest.raises(RuntimeError, match="ParameterDict should not be called"):
        params(1)
