"""The autograd tutorial, block by block: it runs, and prints what the tutorial prints.

The blocks and their licence stand in ``tools/tutorial.py``.
"""

import importlib.util
import os
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import minitorch as torch
from minitorch.models import ResNet18_Weights, resnet18

TOOL = Path(__file__).parents[1] / "tools" / "tutorial.py"


def load_tool():
    spec = importlib.util.spec_from_file_location("tutorial_tool", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tutorial = load_tool()


@pytest.fixture(scope="module")
def blocks():
    """Runs the blocks one after another, as far as asked, with random weights."""
    torch.manual_seed(0)
    names, printed = {}, []

    def run_to(number):
        while len(printed) <= number:
            printed.append(tutorial.run_block(len(printed), names, "none")[1])
        return names, printed[number]

    return run_to


@pytest.mark.parametrize("number", range(len(tutorial.BLOCKS)))
def test_block_prints_what_the_tutorial_prints(blocks, number):
    _, printed = blocks(number)
    assert printed == tutorial.PRINTED.get(number, "")


def test_training_step_does_what_the_text_says():
    torch.manual_seed(0)
    names = {}
    tutorial.run_block(0, names, "none")
    model, labels = names["model"], names["labels"]
    assert model.training
    assert len(list(model.parameters())) == 62
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for number in (1, 2):
        tutorial.run_block(number, names)
    assert names["prediction"].grad_fn.name() == "AddmmBackward0"
    assert all(p.grad is not None and p.grad.shape == p.shape for p in model.parameters())
    assert labels.grad is None
    assert (model.fc.bias.grad == 1).all()
    assert model.bn1.num_batches_tracked.item() == 1
    for number in (3, 4):
        tutorial.run_block(number, names)
    moved = before["fc.bias"] - model.fc.bias.detach()
    torch.testing.assert_close(moved, torch.full_like(moved, 0.01))
    assert len(names["optim"].state) == 62
    assert all(set(state) == {"momentum_buffer"} for state in names["optim"].state.values())


def test_gradients_of_q_are_those_of_the_text(blocks):
    names, _ = blocks(7)
    # later blocks rebind a and b: look at fresh ones
    own = {}
    for number in (5, 6, 7):
        tutorial.run_block(number, own)
    assert own["Q"].tolist() == [-12.0, 65.0]
    assert own["a"].grad.tolist() == [36.0, 81.0]
    assert own["b"].grad.tolist() == [-12.0, -8.0]
    assert own["external_grad"].grad is None
    assert "model" in names


def test_frozen_network_trains_its_new_head_only():
    torch.manual_seed(0)
    names = {"torch": torch, "resnet18": resnet18, "ResNet18_Weights": ResNet18_Weights}
    for number in (10, 11, 12):
        tutorial.run_block(number, names, "none")
    model, optimizer = names["model"], names["optimizer"]
    assert [name for name, p in model.named_parameters() if p.requires_grad] == [
        "fc.weight",
        "fc.bias",
    ]
    assert list(model._modules)[-1] == "fc"
    drifting = model.layer4[1].bn2.running_mean.clone()
    frozen = model.conv1.weight.detach().clone()
    model(torch.rand(2, 3, 64, 64)).sum().backward()
    optimizer.step()
    assert sum(p.grad is not None for p in model.parameters()) == 2
    assert len(optimizer.state) == 2
    assert (model.conv1.weight == frozen).all()
    # BatchNorm's running statistics are buffers: freezing parameters does not stop them
    assert not (model.layer4[1].bn2.running_mean == drifting).all()


def test_small_images_are_refused_in_training_as_in_pytorch():
    model = resnet18(weights=None)
    text = (
        "Expected more than 1 value per channel when training, got input size "
        r"torch.Size\(\[1, 512, 1, 1\]\)"
    )
    with pytest.raises(ValueError, match=text):
        model(torch.rand(1, 3, 32, 32))


def test_default_weights_are_the_imagenet_ones():
    assert ResNet18_Weights.DEFAULT is ResNet18_Weights.IMAGENET1K_V1
    assert repr(ResNet18_Weights.DEFAULT) == "ResNet18_Weights.IMAGENET1K_V1"
    assert ResNet18_Weights.DEFAULT.url.endswith("/resnet18-f37072fd.pth")


def test_weights_of_another_size_are_refused_before_any_work():
    text = "The parameter 'num_classes' expected value 1000 but got 10 instead."
    with pytest.raises(ValueError, match=text):
        resnet18(weights=ResNet18_Weights.DEFAULT, num_classes=10)


def test_cpu_is_accepted_and_cuda_refused():
    x = torch.rand(2)
    assert x.to("cpu").device == torch.device("cpu")
    assert x.cpu().tolist() == x.tolist()
    with pytest.raises(RuntimeError):
        x.to("cuda")


def test_picture_of_q_has_two_blue_leaves():
    svg = ET.fromstring(tutorial.graph_picture())
    groups = [g for g in svg.iter("{http://www.w3.org/2000/svg}g") if g.get("class") == "leaf"]
    names = sorted(next(g.iter("{http://www.w3.org/2000/svg}text")).text for g in groups)
    assert names == ["a", "b"]


def test_adapted_block_changes_the_weights_only():
    first = tutorial.BLOCKS[0]
    assert tutorial.adapted(first, None) == first
    assert tutorial.adapted(first, "none") == first.replace(
        "ResNet18_Weights.DEFAULT", "None"
    )
    with_file = tutorial.adapted(first, "some.pth").splitlines()
    assert with_file[3] == "model.load_state_dict(torch.load('some.pth'))"


def run_tool(*arguments, **environment):
    # the package under test, also where it is not installed
    path = str(Path(torch.__file__).parents[1])
    return subprocess.run(
        [sys.executable, str(TOOL), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": path, **environment},
    )


def test_tool_runs_with_a_weights_file(tmp_path):
    torch.manual_seed(0)
    model = resnet18(weights=None)
    torch.save(model.state_dict(), tmp_path / "resnet18.pth")
    done = run_tool(
        "--weights", str(tmp_path / "resnet18.pth"), "--picture", str(tmp_path / "Q.svg")
    )
    assert done.returncode == 0, done.stderr
    assert "tensor([True, True])\ntensor([True, True])" in done.stdout
    assert "Does 'b' require gradients?: True" in done.stdout
    assert ET.parse(tmp_path / "Q.svg").getroot().tag.endswith("svg")


def test_tool_says_what_to_do_offline(tmp_path):
    # a proxy that nobody listens to stands for a missing network
    nowhere = "http://127.0.0.1:9"
    done = run_tool(
        HTTPS_PROXY=nowhere,
        https_proxy=nowhere,
        NO_PROXY="",
        no_proxy="",
        MINITORCH_HOME=str(tmp_path / "home"),
        TORCH_HOME=str(tmp_path / "torch"),
    )
    assert done.returncode == 1
    assert "--weights none" in done.stderr and "--weights FILE" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.pth*"))


def test_tool_refuses_a_file_that_is_not_there():
    done = run_tool("--weights", "nowhere.pth")
    assert done.returncode == 2
    assert "no such file: nowhere.pth" in done.stderr


def test_pretrained_argument_warns_as_torchvision_does():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        resnet18(pretrained=False)
    assert len(caught) >= 1
