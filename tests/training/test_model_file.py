"""A model file is enough: weights, classes, preprocessing, metrics, provenance."""

import json

import pytest

import minitorch as torch
from minitorch.training import (
    ModelInfo,
    Preprocessing,
    Pretrained,
    WeightsError,
    adopt_weights,
    build_model,
    find_weights,
    load_model,
    load_weights,
    save_model,
)

CLASSES = ["cat", "dög", "a/b"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model with three classes and its file."""
    torch.manual_seed(1)
    model = build_model("resnet18", 3)
    info = ModelInfo("resnet18", CLASSES, Preprocessing.for_size(64, exif=False),
                     {"val_accuracy": 0.5}, {"weights": {"name": "none"}})
    path = tmp_path_factory.mktemp("model") / "best.safetensors"
    save_model(path, model, info)
    return model, info, path


def same_values(left, right):
    return list(left) == list(right) and all(torch.equal(left[name], right[name])
                                             for name in left)


def test_what_is_saved_is_loaded(saved):
    model, info, path = saved
    loaded, described = load_model(path)
    assert described == info
    assert not loaded.training
    assert same_values(loaded.state_dict(), model.state_dict())


def test_the_file_is_plain_safetensors(saved):
    from safetensors import safe_open
    with safe_open(saved[2], "numpy") as file:
        metadata = file.metadata()
        assert set(file.keys()) == set(saved[0].state_dict())
    assert metadata["arch"] == "resnet18" and metadata["format"] == "pt"
    assert json.loads(metadata["classes"]) == CLASSES
    assert json.loads(metadata["preprocessing"])["crop_size"] == 64


def test_saving_twice_gives_the_same_bytes(saved, tmp_path):
    save_model(tmp_path / "again.safetensors", *saved[:2])
    assert (tmp_path / "again.safetensors").read_bytes() == saved[2].read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again.safetensors"]


def test_file_without_classes_is_refused(saved, tmp_path):
    path = tmp_path / "plain.pth"
    torch.save(saved[0].state_dict(), path)
    with pytest.raises(WeightsError, match="no names of classes"):
        load_model(path)


@pytest.mark.parametrize("change,reason", [
    ({"arch": "vgg16"}, "'arch' is 'vgg16'"),
    ({"classes": "3"}, "not a list of names"),
    ({"classes": "{"}, "best"),
    ({"classes": '["a", "a", "b"]'}, "a name twice"),
    ({"classes": "[" * 100000}, "cannot be used"),
    ({"preprocessing": "[1]"}, "a list"),
    ({"preprocessing": '{"interpolation": "foo"}'}, "not a usable preprocessing"),
    ({"preprocessing": '{"mean": [NaN, 0, 0]}'}, "not a usable preprocessing"),
    ({"preprocessing": '{"crop_size": 60000, "resize_size": 60000}'}, "not a usable"),
    ({"preprocessing": '{"crop_size": 1e999}'}, "not a description"),
    ({"metrics": "3"}, "cannot be used"),
    ({"preprocessing": "{}", "metrics": None}, "metrics"),
    ({"preprocessing": '{"crop_size": -1}'}, "preprocessing"),
    ({"classes": '["one", "two"]'}, "2 classes, but its tensors are not"),
    ({"arch": "resnet34"}, "its tensors are not"),
], ids=lambda value: "" if isinstance(value, str) else "+".join(value))
def test_false_metadata_is_refused(saved, tmp_path, change, reason):
    from minitorch.serialization.safetensors import save_file
    metadata = saved[1].to_metadata() | change
    path = tmp_path / "best.safetensors"
    save_file(saved[0].state_dict(), path,
              metadata={name: text for name, text in metadata.items() if text is not None})
    with pytest.raises(WeightsError, match=reason):
        load_model(path)


def test_model_that_is_not_finite_is_refused(saved, tmp_path):
    model = build_model("resnet18", 3)
    with torch.no_grad():
        model.fc.weight[1, 2] = float("nan")
    save_model(tmp_path / "a.safetensors", model, saved[1])
    with pytest.raises(WeightsError, match="fc.weight holds values that are not finite"):
        load_model(tmp_path / "a.safetensors")


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.safetensors")
    with pytest.raises(IsADirectoryError):
        load_model(tmp_path)


# -- as the start of another run ---------------------------------------------------------------
def test_same_classes_keep_the_head(saved):
    found = load_weights(saved[2], "resnet18")
    assert found.classes == CLASSES and found.preprocessing == saved[1].preprocessing
    assert len(found.sha256) == 64
    target = build_model("resnet18", 3)
    notes = adopt_weights(target, found, CLASSES)
    assert same_values(target.state_dict(), saved[0].state_dict())
    assert "kept" in notes[0]


@pytest.mark.parametrize("classes", [["cat", "dög"], ["dög", "cat", "a/b"]])
def test_other_classes_replace_the_head_only(saved, classes):
    target = build_model("resnet18", len(classes))
    head = target.fc.weight.detach().clone()
    notes = adopt_weights(target, load_weights(saved[2], "resnet18"), classes)
    assert "replaced" in notes[0]
    assert torch.equal(target.fc.weight, head)
    assert torch.equal(target.layer4[1].conv2.weight, saved[0].layer4[1].conv2.weight)


def test_wrapped_and_prefixed_names_are_found(saved, tmp_path):
    state = {"module." + name: value for name, value in saved[0].state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "wrapped.pth")
    found = load_weights(tmp_path / "wrapped.pth", "resnet18")
    assert same_values(found.state, saved[0].state_dict())
    assert any("state_dict" in note for note in found.notes)
    assert any("module." in note for note in found.notes)


def test_another_network_is_named(saved, tmp_path):
    with pytest.raises(WeightsError, match="holds a resnet18, not a resnet34.*--arch resnet18"):
        load_weights(saved[2], "resnet34")
    torch.save({"features.0.weight": torch.zeros(3, 3)}, tmp_path / "vgg.pth")
    with pytest.raises(WeightsError, match="does not hold the weights of a resnet18"):
        load_weights(tmp_path / "vgg.pth", "resnet18")


def test_values_that_are_not_finite_are_refused(saved, tmp_path):
    state = dict(saved[0].state_dict())
    state["bn1.weight"] = torch.full((64,), float("inf"))
    torch.save(state, tmp_path / "inf.pth")
    with pytest.raises(WeightsError, match="bn1.weight.*not finite"):
        load_weights(tmp_path / "inf.pth", "resnet18")


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><html></html>",
                                     b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
                                     b"PK\x03\x04truncated"],
                         ids=["empty", "html", "lfs", "zip"])
def test_files_that_are_no_checkpoint_name_themselves(tmp_path, content):
    from minitorch.serialization import CheckpointError
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match="w.pth"):
        load_weights(tmp_path / "w.pth", "resnet18")


def test_digits_weights_are_looked_for_and_missed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINITORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch, "__file__", str(tmp_path / "site" / "minitorch" / "__init__.py"))
    with pytest.raises(WeightsError, match="not found in .*--weights FILE.*--weights none"):
        find_weights("digits", "resnet18")
    with pytest.raises(WeightsError, match="a resnet18, not a resnet50"):
        find_weights("digits", "resnet50")
    assert find_weights("none", "resnet18") is None


def test_digits_weights_are_found_in_each_place(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINITORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch, "__file__", str(tmp_path / "clone" / "minitorch" / "__init__.py"))
    for folder in ("home/checkpoints", "clone/weights", "weights"):
        place = tmp_path / folder
        place.mkdir(parents=True)
        (place / "resnet18-digits.safetensors").write_bytes(saved[2].read_bytes())
        found = find_weights("digits", "resnet18")
        assert (tmp_path / found.source).resolve().parent == place.resolve()


def test_imagenet_without_network_says_what_to_do(tmp_path, monkeypatch):
    from minitorch.models import ResNet18_Weights

    def refuse(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(ResNet18_Weights, "get_state_dict", refuse)
    with pytest.raises(WeightsError, match="no route to host.*resnet18-f37072fd.pth.*--weights"):
        find_weights("imagenet", "resnet18")


def test_pretrained_without_a_head_gets_a_new_one(saved):
    state = {name: value for name, value in saved[0].state_dict().items()
             if not name.startswith("fc.")}
    target = build_model("resnet18", 5)
    assert "no head" in adopt_weights(target, Pretrained(state, "x", ""), list("abcde"))[0]
