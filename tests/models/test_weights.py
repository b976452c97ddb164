"""The weights enums and the old ways to ask for weights."""

import copy
import pickle

import pytest

from minitorch import models
from minitorch.models import ResNet18_Weights, ResNet50_Weights

V1 = ResNet18_Weights.IMAGENET1K_V1


def test_default_is_an_alias():
    assert ResNet18_Weights.DEFAULT is V1
    assert repr(ResNet18_Weights.DEFAULT) == "ResNet18_Weights.IMAGENET1K_V1"
    assert ResNet50_Weights.DEFAULT is ResNet50_Weights.IMAGENET1K_V2
    assert list(ResNet18_Weights) == [V1]


def test_facts_of_resnet18():
    assert V1.url == "https://download.pytorch.org/models/resnet18-f37072fd.pth"
    assert V1.value.url == V1.url
    meta = V1.meta
    assert meta["num_params"] == 11689512
    assert meta["_metrics"] == {"ImageNet-1K": {"acc@1": 69.758, "acc@5": 89.078}}
    assert (meta["min_size"], meta["_ops"], meta["_file_size"]) == ((1, 1), 1.814, 44.661)
    categories = meta["categories"]
    assert len(categories) == len(set(categories)) == 1000
    assert (categories[0], categories[207], categories[999]) == (
        "tench",
        "golden retriever",
        "toilet tissue",
    )


@pytest.mark.parametrize("enum", ["ResNet34", "ResNet50", "ResNet101", "ResNet152"])
def test_every_member_names_its_hash_and_size(enum):
    for member in getattr(models, f"{enum}_Weights"):
        assert member.url.startswith(f"https://download.pytorch.org/models/{enum.lower()}-")
        assert member.meta["num_params"] > 20_000_000
        assert callable(member.transforms)


def test_transforms_crop_224():
    preset = V1.transforms()
    assert (preset.crop_size, preset.resize_size) == ([224], [256])
    assert ResNet50_Weights.IMAGENET1K_V2.transforms().resize_size == [232]


@pytest.mark.parametrize(
    "given", [V1, "DEFAULT", "IMAGENET1K_V1", "ResNet18_Weights.IMAGENET1K_V1"]
)
def test_verify_accepts_members_and_names(given):
    assert ResNet18_Weights.verify(given) is V1


def test_verify_refuses_the_rest():
    assert ResNet18_Weights.verify(None) is None
    with pytest.raises(KeyError, match="IMAGENET1K_V9"):
        models.resnet18(weights="IMAGENET1K_V9")
    with pytest.raises(TypeError, match="expected ResNet18_Weights but received ResNet50_Weights"):
        models.resnet18(weights=ResNet50_Weights.DEFAULT)
    with pytest.raises(TypeError, match="expected ResNet18_Weights but received float"):
        models.resnet18(weights=0.5)


def test_members_can_be_copied_and_pickled():
    assert copy.deepcopy(V1) is V1
    assert pickle.loads(pickle.dumps(V1)) is V1
    assert V1.value != ResNet50_Weights.DEFAULT.value


def test_weights_fix_the_number_of_classes():
    with pytest.raises(ValueError, match="'num_classes' expected value 1000 but got 10 instead"):
        models.resnet18(weights=V1, num_classes=10)


def test_get_weight_by_full_name():
    assert models.get_weight("ResNet50_Weights.DEFAULT") is ResNet50_Weights.IMAGENET1K_V2
    assert models.get_model_weights("resnet18") is ResNet18_Weights
    assert models.get_model_weights(models.resnet18) is ResNet18_Weights
    with pytest.raises(ValueError, match="Invalid weight name provided: 'ResNet50_Weights'"):
        models.get_weight("ResNet50_Weights")
    with pytest.raises(ValueError, match="'Foo_Weights' for the specific method"):
        models.get_weight("Foo_Weights.DEFAULT")


def test_pretrained_false_warns_twice():
    with pytest.warns(UserWarning) as caught:
        models.resnet18(pretrained=False, num_classes=2)
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 2
    assert "The parameter 'pretrained' is deprecated since 0.13" in texts[0]
    assert "equivalent to passing `weights=None`" in texts[1]


def test_pretrained_true_means_the_first_weights(monkeypatch):
    asked = []
    monkeypatch.setattr(
        ResNet18_Weights, "get_state_dict", lambda self, **kwargs: asked.append(self) or {}
    )
    monkeypatch.setattr(models.ResNet, "load_state_dict", lambda self, state: None)
    with pytest.warns(UserWarning) as caught:
        models.resnet18(pretrained=True)
    assert asked == [V1]
    assert "You can also use `weights=ResNet18_Weights.DEFAULT`" in str(caught[1].message)


def test_positional_arguments_warn():
    with pytest.warns(UserWarning, match="Using 'weights' and 'progress' as positional"):
        models.resnet18(None, False, num_classes=2)
    with pytest.warns(UserWarning) as caught:
        models.resnet18(False, num_classes=2)
    assert len(caught) == 2
    with pytest.raises(TypeError, match="takes at most 2 positional arguments"):
        models.resnet18(None, True, 10)
