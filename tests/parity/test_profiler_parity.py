"""The profile of a small training step names what PyTorch's does."""

import warnings

import pytest

import minitorch
import minitorch.profiler

torch = pytest.importorskip("torch")



def network(lib):
    """Layers called one by one: a Sequential may fuse them, which PyTorch does not."""
    nn = lib.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm, self.fc = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2)

        def forward(self, x):
            x = nn.functional.relu(self.norm(self.conv(x)))
            x = nn.functional.adaptive_avg_pool2d(nn.functional.max_pool2d(x, 2), 1)
            return self.fc(lib.flatten(x, 1))

    return Net()


def profiled(lib):
    lib.manual_seed(0)
    net = network(lib)
    optimizer = lib.optim.SGD(net.parameters(), lr=0.1, fused=True)
    x, y = lib.rand(2, 3, 8, 8), lib.tensor([0, 1])
    with lib.profiler.profile(activities=[lib.profiler.ProfilerActivity.CPU]) as prof:
        with lib.profiler.record_function("forward"):
            loss = lib.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return prof


@pytest.fixture(scope="module")
def both():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of its own parts
        return profiled(minitorch), profiled(torch)


def test_columns(both):
    ours, theirs = (prof.key_averages().table(sort_by="cpu_time_total").splitlines()[1]
                    for prof in both)
    assert ours.split("  ") and ours.split() == theirs.split()


def test_counts_of_operations_and_nodes(both):
    ours, theirs = ({row.key: row.count for row in prof.key_averages()} for prof in both)
    for name in ("forward", "aten::conv2d", "aten::batch_norm", "aten::relu", "aten::max_pool2d",
                 "aten::adaptive_avg_pool2d", "aten::flatten", "aten::linear",
                 "aten::cross_entropy_loss", "aten::_fused_sgd_", "Optimizer.step#SGD.step",
                 "Optimizer.zero_grad#SGD.zero_grad", "torch::autograd::AccumulateGrad"):
        assert ours[name] == theirs[name], name
    nodes = [{key: count for key, count in counts.items() if "Backward" in key}
             for counts in (ours, theirs)]
    assert nodes[0] == nodes[1]


def test_operations_nest_alike(both):
    ours, theirs = ([event.name for event in next(
        event for event in prof.events() if event.name == "forward").cpu_children]
        for prof in both)
    assert ours == theirs
