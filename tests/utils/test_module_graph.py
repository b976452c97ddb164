"""Networks as pictures of their modules."""

import xml.etree.ElementTree as ET

import pytest

import minitorch
from minitorch import models, nn
from minitorch.utils import module_graph

SVG = "{http://www.w3.org/2000/svg}"


def walk(model, *size, depth=None):
    boxes, edges = module_graph.walk(model, (minitorch.zeros(*size),), depth)
    return [box.lines[0] for box in boxes], edges, boxes


def named(names, edges):
    return {(names[a], names[b]) for a, b in edges}


def test_a_residual_block_shows_its_shortcut():
    block = models.resnet.BasicBlock(4, 4)
    names, edges, boxes = walk(block, 1, 4, 8, 8)
    assert names == ["input", "conv1", "bn1", "relu", "conv2", "bn2", "Add", "relu", "output"]
    assert edges == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (0, 6), (6, 7), (7, 8)]
    assert boxes[1].lines == ["conv1", "Conv2d 3x3", "1 x 4 x 8 x 8"]
    assert "kernel_size=(3, 3)" in boxes[1].title


def test_depth_opens_modules():
    model = models.resnet18(num_classes=5)
    stages, edges, _ = walk(model, 1, 3, 32, 32, depth=1)
    assert stages == ["input", "conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3",
                      "layer4", "avgpool", "View", "fc", "output"]
    assert edges == [(i, i + 1) for i in range(12)]
    blocks, _, _ = walk(model, 1, 3, 32, 32, depth=2)
    assert "layer3.1" in blocks and len(blocks) == 17
    layers, edges, _ = walk(model, 1, 3, 32, 32)
    assert "layer2.0.downsample.0" in layers and layers.count("Add") == 8
    assert ("layer1.1.relu", "layer2.0.downsample.0") in named(layers, edges)
    assert walk(models.resnet50(num_classes=2), 1, 3, 32, 32)[0][5] == "layer1.0"


def test_the_network_is_left_as_it_was():
    model = models.resnet18(num_classes=2)
    model.layer2.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    walk(model, 1, 3, 32, 32)
    assert model.training and not model.layer2.training and model.layer1.training
    assert all(minitorch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_frozen_networks_several_inputs_and_outputs_and_repeated_calls():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.same = nn.Linear(3, 3)
            self.act = nn.ReLU(inplace=True)

        def forward(self, a, b, flag):
            a = self.same(self.act(a))
            return {"first": a, "both": (self.same(a) * b, flag)}

    net = Net().requires_grad_(False)
    boxes, edges = module_graph.walk(net, (minitorch.ones(2, 3), minitorch.ones(2, 3), True))
    names = [box.lines[0] for box in boxes]
    assert sorted(names) == sorted(["input", "input", "act", "same", "same", "Mul", "output",
                                    "output"])
    assert len(edges) == 7
    with pytest.raises(RuntimeError, match="has no graph"):
        module_graph.walk(nn.Flatten(), (minitorch.ones(2, 3, dtype=minitorch.int64),))


def test_the_picture_is_valid_escaped_and_fit_for_dark_screens():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.add_module('a<b>&"c"', nn.Linear(2, 2))

        def forward(self, x):
            return next(self.children())(x)

    inputs = (minitorch.zeros(1, 2),)
    text = module_graph.to_svg(Odd(), inputs, title="<&>")
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg" and root.find(f"{SVG}title").text == "<&>"
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert 'a<b>&"c"' in texts and "Linear" in texts
    style = root.find(f"{SVG}style").text
    dark = style.partition("@media (prefers-color-scheme:dark)")[2]
    kinds = {group.get("class") for group in root.iter(f"{SVG}g")}
    assert kinds == {"leaf", "weights", "root"}
    assert all(f".{kind} rect{{fill:" in dark and f".{kind} text{{fill:" in dark for kind in kinds)
    dot = module_graph.to_dot(Odd(), inputs)
    assert 'a<b>&\\"c\\"' in dot and dot.count("->") == 2
    ET.fromstring(module_graph.to_svg(Odd(), inputs))


def test_no_two_boxes_overlap():
    boxes = []
    svg = module_graph.to_svg(models.resnet18(num_classes=2), (minitorch.zeros(1, 3, 32, 32),))
    root = ET.fromstring(svg)
    for group in root.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        assert 0 <= x and x + w <= float(root.get("width"))
        assert all(x >= x2 + w2 or x + w <= x2 or y >= y2 + h2 or y + h <= y2
                   for x2, y2, w2, h2 in boxes)
        boxes.append((x, y, w, h))
    assert len(boxes) == 71
