"""Parameter groups of discriminative rates, and the words that say what trains."""

import pytest

from minitorch import nn
from minitorch.models import resnet18
from minitorch.training import parameter_groups, stages, trained_parts


@pytest.fixture(scope="module")
def model():
    return resnet18(num_classes=3)


def ids(groups):
    return [id(p) for group in groups for p in group["params"]]


def test_equal_rates_are_one_group_in_the_models_order(model):
    group, = parameter_groups(model, model.parameters(), 0.1)
    assert group["lr"] == 0.1 and ids([group]) == [id(p) for p in model.parameters()]


def test_body_and_head(model):
    head, body = parameter_groups(model, model.parameters(), 0.1, body_lr_mult=0.5)
    assert (head["name"], head["lr"], body["name"], body["lr"]) == ("fc", 0.1, "body", 0.05)
    assert len(head["params"]) == 2
    assert sorted(ids([head, body])) == sorted(id(p) for p in model.parameters())


def test_layer_decay_goes_down_from_the_head(model):
    groups = parameter_groups(model, model.parameters(), 1.0, layer_decay=0.5, body_lr_mult=0.1)
    assert [group["name"] for group in groups] == ["fc", "layer4", "layer3", "layer2", "layer1",
                                                   "stem"]
    assert [group["lr"] for group in groups] == pytest.approx(
        [1.0, 0.05, 0.025, 0.0125, 0.00625, 0.003125])
    assert {id(p) for p in groups[-1]["params"]} == {
        id(p) for p in [model.conv1.weight, model.bn1.weight, model.bn1.bias]}
    assert sorted(ids(groups)) == sorted(id(p) for p in model.parameters())


def test_only_chosen_parameters(model):
    chosen = [*model.layer4.parameters(), *model.fc.parameters()]
    groups = parameter_groups(model, chosen, 1.0, layer_decay=0.5)
    assert [group["name"] for group in groups] == ["fc", "layer4"]
    assert sorted(ids(groups)) == sorted(map(id, chosen))


def test_stages_of_another_network():
    net = nn.Sequential()
    net.add_module("a", nn.Linear(2, 2))
    net.add_module("block", nn.Sequential(nn.Linear(2, 2)))
    net.add_module("relu", nn.ReLU())
    net.add_module("top", nn.Linear(2, 2))
    assert stages(net, "top") == [("top", ["top"]), ("block", ["block"]), ("stem", ["a"])]


# -- what trains -------------------------------------------------------------------------------
@pytest.mark.parametrize(("text", "parts"), [
    ("all", [""]),
    ("head", ["fc"]),
    ("layer4", ["layer4", "fc"]),
    ("after:layer3", ["layer4", "fc"]),
    ("after:conv1", ["bn1", "layer1", "layer2", "layer3", "layer4", "fc"]),
    ("after:layer4.0", ["layer4.1", "fc"]),
    ("after:layer4.0.conv2", ["layer4.0.bn2", "layer4.0.downsample", "layer4.1", "fc"]),
    ("after:layer4", ["fc"]),
])
def test_trained_parts(model, text, parts):
    assert trained_parts(model, text) == parts


@pytest.mark.parametrize(("text", "message"), [
    ("after:layer5", r"no part called 'layer5' \(did you mean 'layer\d'\?\)"),
    ("after:fc", "nothing comes after 'fc'"),
    ("after:avgpool", "'avgpool' has no weights"),
])
def test_words_that_mean_nothing(model, text, message):
    with pytest.raises(ValueError, match=message):
        trained_parts(model, text)
