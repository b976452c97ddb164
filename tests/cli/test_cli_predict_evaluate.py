"""minitorch predict and minitorch evaluate."""

import json

import pytest
from PIL import Image
from training_images import COLOURS, make_folder, picture, truncate

from minitorch.datasets import load_image
from minitorch.training import ImageList, load_model, predict


@pytest.fixture(scope="session")
def model(finished):
    return finished / "best.safetensors"


def test_json_has_one_object_per_image(command, model, images):
    paths = [images / "red" / "00.png", images / "grün" / "01.png"]
    code, out, _ = command("predict", model, *paths, "--json", "--top", "2")
    assert code == 0
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["path"] for answer in answers] == [str(path) for path in paths]
    for answer in answers:
        assert set(answer) == {"path", "predictions"} and len(answer["predictions"]) == 2
        first, second = answer["predictions"]
        assert set(first) == {"label", "probability"} and first["label"] in COLOURS
        assert 1 >= first["probability"] >= second["probability"] >= 0


def test_probabilities_are_the_models(command, model, images):
    path = images / "red" / "00.png"
    out = command("predict", model, path, "--json", "--top", "9")[1]
    answer = {each["label"]: each["probability"] for each in json.loads(out)["predictions"]}
    network, info = load_model(model)
    inputs = ImageList([(str(path), 0)], info.preprocessing.transform())[0][0]
    row = predict(network, inputs[None]).numpy()[0]
    assert answer == {name: float(row[index]) for index, name in enumerate(info.classes)}
    assert sum(answer.values()) == pytest.approx(1, abs=1e-5)


def test_text_names_path_and_class(command, model, images):
    path = images / "red" / "00.png"
    code, out, _ = command("predict", model, path)
    assert code == 0 and out.startswith(f"{path}: ") and out.endswith(" %\n")


def test_folder_stands_for_its_images(command, model, tmp_path):
    root = make_folder(tmp_path / "new", per_class=2)
    (root / "red" / "readme.txt").write_text("")
    (root / ".hidden").mkdir()
    picture((0, 0, 0), 1).save(root / ".hidden" / "x.png")
    code, out, _ = command("predict", model, root, "--json")
    assert code == 0
    assert [json.loads(line)["path"] for line in out.splitlines()] == sorted(
        str(path) for path in root.glob("[!.]*/*.png"))


def test_unreadable_image_is_named_and_the_rest_predicted(command, model, tmp_path):
    root = make_folder(tmp_path / "new", per_class=2)
    truncate(root / "red" / "01.png")
    code, out, err = command("predict", model, root, "--json")
    assert code == 0 and len(out.splitlines()) == 5
    assert f"cannot read {root / 'red' / '01.png'}: " in err
    assert "1 file of 6 could not be read" in err
    code, out, err = command("predict", model, root / "red" / "01.png", root / "red" / "00.png",
                             tmp_path / "typo.png")
    assert code == 1 and len(out.splitlines()) == 1
    assert f"cannot read {tmp_path / 'typo.png'}: No such file or directory" in err


def test_folder_without_images_fails(command, model, tmp_path):
    code, out, err = command("predict", model, tmp_path)
    assert code == 1 and out == "" and "no images" in err


@pytest.mark.parametrize("name", ["predict", "evaluate"])
def test_model_that_is_none(command, tmp_path, images, name):
    (tmp_path / "model.safetensors").write_bytes(b"<html>")
    for path in (tmp_path / "nowhere.safetensors", tmp_path / "model.safetensors", tmp_path):
        code, out, err = command(name, path, images)
        assert code == 1 and out == "" and str(path) in err
        assert len(err.splitlines()) == 1


def test_checkpoint_of_a_run_predicts_too(command, finished, images):
    code, out, _ = command("predict", finished / "last.ckpt", images / "red" / "00.png")
    assert code == 0 and ": " in out


def test_orientation_is_applied_as_the_model_file_says(command, model, images, finished,
                                                       tmp_path):
    from PIL import Image
    upright = Image.open(images / "red" / "00.png").convert("RGB")
    upright.paste((0, 0, 255), (0, 0, 24, 40))
    exif = Image.Exif()
    exif[0x0112] = 6        # to be turned by 90 degrees
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    upright.save(tmp_path / "upright.png")
    out = command("predict", model, tmp_path / "upright.png", tmp_path / "turned.png", "--json",
                  "--top", "3")[1]
    first, second = (json.loads(line)["predictions"] for line in out.splitlines())
    assert first == second


# -- evaluate -----------------------------------------------------------------------------------
def test_evaluate_agrees_with_the_predictions(command, model, images):
    out = command("evaluate", model, images, "--json")[1]
    measured = json.loads(out)
    lines = command("predict", model, images, "--json")[1].splitlines()
    right = [json.loads(line) for line in lines]
    right = [each["path"].split("/")[-2] == each["predictions"][0]["label"] for each in right]
    assert measured["images"] == len(right) == 24
    assert measured["accuracy"] == pytest.approx(sum(right) / 24)
    assert {name: each["images"] for name, each in measured["classes"].items()} == dict.fromkeys(
        COLOURS, 8)


def test_evaluate_maps_classes_by_name(command, model, tmp_path):
    root = make_folder(tmp_path / "data", per_class=3, colours={"red": COLOURS["red"]})
    code, out, _ = command("evaluate", model, root, "--json")
    classes = json.loads(out)["classes"]
    assert code == 0 and classes["red"]["images"] == 3
    assert classes["grün"] == {"accuracy": None, "images": 0}


def test_evaluate_prints_a_table(command, model, images):
    code, out, err = command("evaluate", model, images)
    lines = out.splitlines()
    assert code == 0 and err == ""
    assert [line.split()[0] for line in lines[:3]] == ["images", "loss", "accuracy"]
    assert {line.rsplit(maxsplit=3)[0] for line in lines[5:]} == set(COLOURS)


def test_evaluate_refuses_an_unknown_class(command, model, tmp_path):
    root = make_folder(tmp_path / "data", per_class=1, colours={"redd": (9, 9, 9)})
    code, out, err = command("evaluate", model, root)
    assert code == 1 and out == "" and "did you mean 'red'" in err


def test_evaluate_takes_val_of_a_split_folder(command, model, tmp_path):
    make_folder(tmp_path / "data" / "train", per_class=3)
    make_folder(tmp_path / "data" / "val", per_class=2)
    code, out, err = command("evaluate", model, tmp_path / "data", "--json")
    assert code == 0 and json.loads(out)["images"] == 6 and "val" in err


def test_evaluate_leaves_out_and_counts_unreadable_files(command, model, tmp_path):
    root = make_folder(tmp_path / "data", per_class=2)
    truncate(root / "red" / "00.png")
    code, out, err = command("evaluate", model, root, "--json")
    measured = json.loads(out)
    assert code == 0 and (measured["images"], measured["unreadable"]) == (5, 1)
    assert f"cannot read {root / 'red' / '00.png'}" in err


def test_an_empty_path_is_not_this_folder(command, model, images, monkeypatch):
    monkeypatch.chdir(images / "red")
    code, out, err = command("predict", model, "")
    assert code == 1 and out == "" and "No such file" in err


def test_remarks_of_pillow_are_not_shown(command, model, tmp_path):
    exif = Image.Exif()
    exif[0x10E] = "x" * 40
    Image.new("RGB", (20, 20)).save(tmp_path / "a.jpg", exif=exif)
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    place = data.index(b"Exif\0\0") + 6 + 8
    data[place: place + 2] = b"\x7f\x00"        # claims more tags than there are
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.warns(UserWarning, match="Corrupt EXIF"):
        load_image(tmp_path / "a.jpg")
    code, _, err = command("predict", model, tmp_path / "a.jpg")
    assert code == 0 and err == ""
