"""A network layer by layer."""

import subprocess
import sys

import pytest

import minitorch
from minitorch import models, nn
from minitorch.utils.summary import summary

# torchvision's own numbers for its weights (meta["num_params"], meta["_ops"], in G).
KNOWN = {"resnet18": (11_689_512, 1.814), "resnet50": (25_557_032, 4.089),
         "resnext50_32x4d": (25_028_904, 4.23)}


@pytest.mark.parametrize("arch", KNOWN)
def test_parameters_and_multiply_adds_are_torchvision_s(arch):
    found = summary(models.get_model(arch), (1, 3, 224, 224))
    assert found.total.parameters == found.total.trainable == KNOWN[arch][0]
    assert round(found.total.macs / 1e9, 3) == KNOWN[arch][1]
    assert found.total.output == [1, 1000]
    top = [row for row in found.rows if row.depth == 1]
    for what in ("parameters", "macs", "activations"):
        assert sum(getattr(row, what) for row in top) == getattr(found.total, what)


def test_torch_agrees_on_parameters_and_shapes():
    torch = pytest.importorskip("torch")
    made = lambda nn: nn.Sequential(  # noqa: E731
        nn.Conv2d(3, 8, 3, stride=2, groups=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
        nn.Conv2d(8, 4, (1, 3), padding=(0, 1), groups=2), nn.MaxPool2d(2),
        nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), nn.Flatten(), nn.Linear(1350, 5))
    theirs, shapes = made(torch.nn), []
    for module in theirs:
        module.register_forward_hook(lambda *args: shapes.append(list(args[2].shape)))
    theirs(torch.zeros(2, 3, 32, 32))
    found = summary(made(nn), (2, 3, 32, 32))
    assert [row.output for row in found.rows[1:]] == shapes
    assert [row.parameters for row in found.rows[1:]] == [
        sum(p.numel() for p in module.parameters()) for module in theirs]


def test_multiply_adds_by_hand():
    def of(layer, *size):
        return summary(layer, size).total.macs

    assert of(nn.Linear(5, 7), 3, 5) == 3 * 5 * 7
    assert of(nn.Linear(5, 7), 2, 3, 5) == 2 * 3 * 5 * 7
    assert of(nn.Conv2d(4, 6, 3, padding=1), 2, 4, 5, 5) == 2 * 6 * 25 * 4 * 9
    assert of(nn.Conv2d(4, 6, 3, padding=1, groups=2), 2, 4, 5, 5) == 2 * 6 * 25 * 2 * 9
    assert of(nn.Conv1d(4, 6, 5), 1, 4, 9) == 6 * 5 * 4 * 5
    assert of(nn.ConvTranspose2d(4, 6, 3, stride=2), 1, 4, 5, 5) == 4 * 25 * 6 * 9
    assert of(nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)), 1, 4, 6, 6) == 0


def test_outputs_in_the_memory_of_the_input_take_none():
    model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(inplace=True), nn.ReLU(), nn.Flatten())
    found = summary(model, (4, 10))
    assert [row.activations for row in found.rows] == [640, 320, 0, 320, 0]
    assert found.parameter_bytes == 220 * 4 and found.gradient_bytes == 220 * 4
    assert found.training_bytes == 2 * 220 * 4 + 640


def test_frozen_shared_and_uncalled_modules():
    shared = nn.Linear(3, 3)
    model = nn.Sequential(shared, nn.ReLU(), shared)
    model.never = nn.Linear(3, 2)
    model.forward = lambda x: shared(shared(x))
    shared.weight.requires_grad_(False)
    found = summary(model, (1, 3))
    rows = {row.name: row for row in found.rows}
    assert rows["0"].macs == found.total.macs == 18
    assert (rows["0"].parameters, rows["0"].trainable) == (12, 3)
    assert rows["never"].output is None and rows["never"].activations == 0
    assert found.parameter_bytes == 4 * (12 + 8)
    lines = {line.split()[0]: line.split() for line in str(found).splitlines()}
    assert lines["0"][-3] == "part" and lines["never"][2] == "-"


def test_the_network_is_left_as_it_was():
    model = models.resnet18(num_classes=2)
    model.layer1.eval()
    model.train()
    model.layer2.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    summary(model, (2, 3, 32, 32))
    assert model.training and not model.layer2.training and model.layer1.training
    assert all(minitorch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_any_inputs_and_outputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(10, 4)

        def forward(self, index, rest):
            return {"sum": [self.embedding(index).sum(1) + rest]}

    found = summary(Two(), inputs=(minitorch.tensor([[1, 2]]), minitorch.ones(1, 4)))
    assert found.total.output == [1, 4] and found.input == [[1, 2], [1, 4]]
    for wrong in ({}, {"input_size": (1,), "inputs": ()}):
        with pytest.raises(TypeError, match="give one of both"):
            summary(Two(), **wrong)


def test_a_table_of_any_depth():
    found = summary(models.resnet18(num_classes=3), (1, 3, 32, 32))
    lengths = [len(found.table(depth).splitlines()) for depth in (0, 1, 2, 3, 4)]
    assert lengths[0] == 3 and lengths == sorted(set(lengths))
    assert [line.split()[:2] for line in found.table(2).splitlines()[6:9]] == [
        ["layer1", "Sequential"], ["0", "BasicBlock"], ["1", "BasicBlock"]]


def test_peak_memory_sees_what_is_freed_again():
    # In a process of its own: memory that other tests freed would be taken again unseen.
    code = ("import minitorch; from minitorch.utils.summary import peak_memory\n"
            "print(peak_memory(lambda: minitorch.ones(20_000_000).sum()))")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                           check=True, timeout=60).stdout.strip()
    assert shown == "None" or 70e6 < int(shown) < 200e6
