"""The residual networks; expected names, sizes and values are torchvision's."""

import hashlib

import numpy as np
import pytest

import minitorch
from minitorch import models, nn


def listing(model):
    """sha256 of names and shapes of the state dict, in order."""
    lines = [f"{name} {tuple(value.shape)}" for name, value in model.state_dict().items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@pytest.mark.parametrize(
    ("name", "entries", "parameters", "digest"),
    [
        (
            "resnet18",
            122,
            11689512,
            "84fb10d9c6905a1cbb020b284537dc97c4f4ec55fb2a780a41152a23a2dd0e9d",
        ),
        (
            "resnet50",
            320,
            25557032,
            "d7e4f8bb0a5363446a59c81c3887ccf66900a11651a0ae2dec96d1bb1eb6ea81",
        ),
    ],
)
def test_state_dict_is_torchvisions(name, entries, parameters, digest):
    model = models.get_model(name)
    assert len(model.state_dict()) == entries
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert listing(model) == digest


def test_the_same_seed_gives_torchvisions_initial_values():
    minitorch.manual_seed(0)
    state = models.resnet18().state_dict()
    expected = {
        "conv1.weight": [0.024109674617648125, 0.007528774905949831, 0.04665837436914444],
        "layer2.0.downsample.0.weight": [
            -0.10871897637844086,
            0.07623140513896942,
            -0.17475658655166626,
        ],
        "layer4.1.conv2.weight": [
            0.02886549010872841,
            0.011732267215847969,
            -0.014587409794330597,
        ],
        "fc.weight": [-0.020315496250987053, 0.018677866086363792, 0.03755621984601021],
        "fc.bias": [-0.017327722162008286, -0.04316460341215134, 0.008684394881129265],
    }
    for name, values in expected.items():
        got = state[name].contiguous().flatten()[:3].tolist()
        assert got == pytest.approx(values, rel=1e-5), name
    assert state["bn1.weight"].tolist() == [1.0] * 64
    assert state["bn1.bias"].tolist() == [0.0] * 64


def test_census_of_resnet18():
    model = models.resnet18()
    assert len(list(model.parameters())) == 62
    assert len(list(model.buffers())) == 60
    assert len(list(model.modules())) == 68
    assert list(dict(model.named_children())) == [
        "conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc",
    ]  # fmt: skip


def test_convolution_weights_are_channels_last_unless_asked_otherwise():
    weight = models.resnet18().layer1[0].conv1.weight
    assert weight.is_contiguous(memory_format=minitorch.channels_last)
    assert not weight.is_contiguous()
    assert isinstance(weight, nn.Parameter)
    plain = models.resnet18(memory_format=minitorch.contiguous_format).layer1[0].conv1.weight
    assert plain.is_contiguous()
    with pytest.raises(ValueError, match="memory_format should be channels_last or contiguous"):
        models.resnet18(memory_format=minitorch.preserve_format)


def test_layout_does_not_change_values():
    minitorch.manual_seed(1)
    fast = models.resnet18(num_classes=3)
    minitorch.manual_seed(1)
    plain = models.resnet18(num_classes=3, memory_format=minitorch.contiguous_format)
    for (name, a), b in zip(fast.state_dict().items(), plain.state_dict().values(), strict=True):
        assert minitorch.equal(a, b), name
    x = minitorch.rand(1, 3, 40, 40)
    with minitorch.no_grad():
        a, b = fast.eval()(x).numpy(), plain.eval()(x).numpy()
    assert np.abs(a - b).max() <= 1e-5 * np.abs(b).max()


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_forward_gives_scores_and_every_parameter_a_gradient(name):
    model = models.get_model(name, num_classes=4)
    scores = model(minitorch.rand(2, 3, 33, 33))
    assert tuple(scores.shape) == (2, 4)
    scores.sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in model.parameters())
    assert model.fc.bias.grad.tolist() == [2.0] * 4


def test_one_small_image_cannot_train():
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        models.resnet18(num_classes=2)(minitorch.rand(1, 3, 32, 32))


def test_zero_init_residual_makes_blocks_start_as_the_identity():
    model = models.resnet18(zero_init_residual=True, num_classes=2)
    assert model.layer1[0].bn2.weight.abs().sum().item() == 0
    assert model.layer1[0].bn1.weight.sum().item() == 64


def test_dilation_replaces_stride():
    model = models.resnet50(replace_stride_with_dilation=[False, True, True], num_classes=2).eval()
    assert model.layer4[1].conv2.dilation == (4, 4)
    assert model.layer3[0].conv2.stride == (1, 1)
    assert tuple(model(minitorch.rand(1, 3, 40, 40)).shape) == (1, 2)


def test_groups_and_width():
    model = models.resnext50_32x4d(num_classes=2)
    assert tuple(model.layer1[0].conv2.weight.shape) == (128, 4, 3, 3)
    assert tuple(models.wide_resnet50_2(num_classes=2).layer1[0].conv2.weight.shape)[0] == 128


def test_norm_layer_is_used_everywhere():
    class Norm(nn.BatchNorm2d):
        pass

    model = models.resnet18(norm_layer=Norm, num_classes=2)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 20
    assert {type(m) for m in norms} == {Norm}


@pytest.mark.parametrize(
    ("kwargs", "error", "text"),
    [
        ({"replace_stride_with_dilation": [True]}, ValueError, "should be None or a 3-element"),
        ({"groups": 2}, ValueError, "BasicBlock only supports groups=1 and base_width=64"),
        (
            {"replace_stride_with_dilation": [True] * 3},
            NotImplementedError,
            "Dilation > 1 not supported in BasicBlock",
        ),
        ({"num_clases": 3}, TypeError, "num_clases"),
    ],
)
def test_wrong_arguments_are_refused(kwargs, error, text):
    with pytest.raises(error, match=text):
        models.resnet18(**kwargs)


def test_models_by_name():
    names = models.list_models()
    assert {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"} <= set(names)
    assert models.list_models(include="*18") == ["resnet18"]
    assert "resnet18" not in models.list_models(module=models, exclude=["*18"])
    assert models.get_model_builder("ResNet34") is models.resnet34
    with pytest.raises(ValueError, match="Unknown model resnet19"):
        models.get_model("resnet19")
