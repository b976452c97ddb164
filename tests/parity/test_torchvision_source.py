"""torchvision's own models/resnet.py builds and trains on minitorch.nn.

Only the text of the file is used, from an installed torchvision (which need not import).
"""

import ast
import importlib.metadata
import types

import numpy as np
import pytest

import minitorch
from minitorch import models, nn, optim


def source():
    """The text of torchvision/models/resnet.py."""
    try:
        files = importlib.metadata.files("torchvision") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("torchvision is not installed")
    for file in files:
        if str(file) == "torchvision/models/resnet.py":
            return file.locate().read_text(encoding="utf-8")
    pytest.skip("the installed torchvision holds no models/resnet.py")


@pytest.fixture(scope="module")
def resnet_file():
    """The part of the file that defines the network, run on minitorch under torch's names.

    Left out are the imports and what stands after the class ResNet: tables of URLs.
    """
    tree = ast.parse(source())
    wanted = {"conv3x3", "conv1x1", "BasicBlock", "Bottleneck", "ResNet"}
    tree.body = [node for node in tree.body if getattr(node, "name", None) in wanted]
    assert {node.name for node in tree.body} == wanted
    module = types.ModuleType("resnet_source")
    names = {"torch": minitorch, "nn": nn, "Tensor": minitorch.Tensor,
             "_log_api_usage_once": lambda model: None}
    names.update({name: getattr(__import__("typing"), name)
                  for name in ("Any", "Callable", "List", "Optional", "Type", "Union")})
    module.__dict__.update(names)
    exec(compile(tree, "torchvision/models/resnet.py", "exec"), module.__dict__)
    return module


def test_resnet18_has_our_names_values_and_outputs(resnet_file):
    minitorch.manual_seed(0)
    theirs = resnet_file.ResNet(resnet_file.BasicBlock, [2, 2, 2, 2])
    minitorch.manual_seed(0)
    ours = models.resnet18(memory_format=minitorch.contiguous_format)
    assert list(theirs.state_dict()) == list(ours.state_dict())
    for name, value in ours.state_dict().items():
        assert minitorch.equal(theirs.state_dict()[name], value), name
    assert repr(theirs) == repr(ours)
    images = minitorch.rand(2, 3, 64, 64)
    np.testing.assert_array_equal(theirs(images).detach().numpy(), ours(images).detach().numpy())


@pytest.mark.parametrize("block", ["BasicBlock", "Bottleneck"])
def test_it_trains(resnet_file, block):
    minitorch.manual_seed(0)
    model = resnet_file.ResNet(getattr(resnet_file, block), [1, 1, 1, 1], num_classes=4)
    images, labels = minitorch.rand(8, 3, 64, 64), minitorch.arange(8) % 4
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert all(p.grad is not None for p in model.parameters())
    assert losses[-1] < 0.5 * losses[0]
