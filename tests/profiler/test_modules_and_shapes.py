"""with_modules and record_shapes: where the time goes by layer and by shape."""

import pytest

import minitorch
from minitorch import nn
from minitorch.profiler import profile, record_function


def by_module(prof):
    return {(row.key, row.module): row.count
            for row in prof.key_averages(group_by_module=True)}


def test_paths_of_forward_and_backward(net, images):
    with profile(with_modules=True) as prof:
        net(images).sum().backward()
    rows = by_module(prof)
    assert rows["nn.Module: Net", "Net"] == 1
    assert rows["nn.Module: Conv2d", "trunk.0"] == 1
    assert rows["aten::conv2d", "trunk.0"] == 1
    assert rows["aten::mean", "Net"] == 1
    assert rows["aten::sum", ""] == 1
    assert rows["ConvolutionBackward0", "trunk.0"] == 1
    assert rows["NativeBatchNormBackward0", "trunk.2"] == 1
    assert rows["AddmmBackward0", "fc"] == 1
    assert rows["MeanBackward1", "Net"] == 1
    assert rows["SumBackward0", ""] == 1
    assert rows["torch::autograd::AccumulateGrad", ""] == 6


def test_fused_or_not_the_convolutions_are_told_apart(images):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(),
                        nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    with profile(with_modules=True) as prof:
        net(images).sum().backward()
    rows = by_module(prof)
    for path in "03":
        assert rows["aten::conv2d", path] == 1
        assert rows["ConvolutionBackward0", path] == 1


def test_backward_of_a_forward_before_the_profile_has_no_module(net, images):
    loss = net(images).sum()
    with profile(with_modules=True) as prof:
        loss.backward()
    assert {module for _, module in by_module(prof)} == {""}


def test_module_called_twice_counts_twice():
    layer = nn.Linear(2, 2)
    with profile(with_modules=True) as prof:
        layer(layer(minitorch.ones(1, 2))).sum().backward()
    rows = by_module(prof)
    assert rows["aten::linear", "Linear"] == 2
    assert rows["AddmmBackward0", "Linear"] == 2


def test_part_called_alone_and_then_in_the_network(net, images):
    with profile(with_modules=True) as prof:
        net.trunk(images)
        net(images)
    rows = by_module(prof)
    assert rows["aten::conv2d", "0"] == 1
    assert rows["aten::conv2d", "trunk.0"] == 1


def test_module_that_the_network_does_not_hold():
    class Outer(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.hidden = [inner]

        def forward(self, x):
            return self.hidden[0](x)

    outer = Outer(nn.Sequential(nn.Linear(2, 2)))
    with profile(with_modules=True) as prof:
        outer(minitorch.ones(1, 2))
    rows = by_module(prof)
    assert rows["nn.Module: Outer", "Outer"] == 1
    assert rows["nn.Module: Sequential", "Sequential"] == 1
    assert rows["aten::linear", "0"] == 1


def test_exception_in_a_forward_leaves_the_module(net):
    with profile(with_modules=True) as prof:
        with pytest.raises(RuntimeError):
            net(minitorch.ones(2, 1, 8, 8))
        minitorch.zeros(1)
    assert prof.events()[-1].module == ""


def test_with_modules_is_asked_for(net, images):
    with profile() as prof:
        net(images)
    assert not [event for event in prof.events() if event.name.startswith("nn.Module")]
    with pytest.raises(ValueError, match=r"group_by_module needs profile\(with_modules=True\)"):
        prof.key_averages(group_by_module=True)


def test_table_has_the_column(net, images):
    with profile(with_modules=True) as prof:
        net(images)
    text = prof.key_averages(group_by_module=True).table(sort_by="cpu_time_total")
    assert text.splitlines()[1].split()[-1] == "Module"
    assert "trunk.0" in text
    assert "Module  " not in prof.key_averages().table().splitlines()[1]


def test_shapes():
    a = minitorch.ones(2, 3)
    with profile(record_shapes=True) as prof:
        a + 1
        minitorch.cat([a, a])
        a.sum(dim=1)
        with record_function("mine"):
            pass
    assert [event.input_shapes for event in prof.events()] == [
        [[2, 3], []], [[[2, 3], [2, 3]]], [[2, 3], []], []]


def test_grouping_by_shape():
    with profile(record_shapes=True) as prof:
        for n in (2, 2, 3):
            minitorch.ones(n).exp()
    rows = [(row.key, str(row.input_shapes), row.count)
            for row in prof.key_averages(group_by_input_shape=True) if row.key == "aten::exp"]
    assert rows == [("aten::exp", "[[2]]", 2), ("aten::exp", "[[3]]", 1)]
    header = prof.key_averages(group_by_input_shape=True).table().splitlines()[1]
    assert header.rstrip().endswith("Input Shapes")
    assert "Input Shapes" not in prof.key_averages().table()


def test_grouping_by_shape_needs_shapes():
    with profile() as prof:
        minitorch.ones(1)
    with pytest.raises(ValueError, match=r"needs profile\(record_shapes=True\)"):
        prof.key_averages(group_by_input_shape=True)
