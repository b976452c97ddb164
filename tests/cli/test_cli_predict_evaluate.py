"""minitorch predict and minitorch evaluate."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from training_images import COLOURS, make_folder, picture, truncate

from minitorch.cli import evaluate
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
    assert classes["red"]["accuracy"] == classes["red"]["recall"]
    absent = {name: value for name, value in classes["grün"].items()
              if name not in ("precision", "f1", "guesses")}
    assert absent == {"accuracy": None, "recall": None, "images": 0}


def test_evaluate_prints_a_table(command, model, images):
    code, out, err = command("evaluate", model, images)
    lines = out.splitlines()
    assert code == 0 and err == ""
    assert [line.split()[0] for line in lines[:4]] == ["images", "loss", "accuracy", "balanced"]
    assert lines[5].split() == ["class", "precision", "recall", "F1", "images"]
    assert [line[:16].strip() for line in lines[6:]] == [
        *sorted(COLOURS), "macro average", "weighted average"]
    assert len({len(line) for line in lines[5:]}) == 1


def test_evaluate_shortens_long_names_in_the_table(capfd):
    from minitorch.training.report.examination import Examination
    found = Examination.empty(["x" * 200, "a\nb"], [0, 1], 5)
    found.add(np.arange(2), np.eye(2, dtype=np.float32))
    evaluate._print(found)
    lines = capfd.readouterr().out.splitlines()
    assert max(map(len, lines)) < 100 and "a\\nb" in "".join(lines)


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


def test_evaluate_counts_the_top_k(command, model, images):
    measured = [json.loads(command("evaluate", model, images, "--json", "--top", k)[1])["top"]
                for k in ("1", "2", "9")]
    assert [each["k"] for each in measured] == [1, 2, 3]
    accuracies = [each["accuracy"] for each in measured]
    assert accuracies == sorted(accuracies) and accuracies[-1] == 1
    assert "top-2 " in command("evaluate", model, images, "--top", "2")[1]


def test_evaluate_writes_nothing_without_output(command, model, images, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert command("evaluate", model, images)[0] == 0
    assert list((tmp_path / "empty").iterdir()) == []


def test_evaluate_output_holds_the_documented_files(command, model, tmp_path):
    root = make_folder(tmp_path / "photos", per_class=3)
    truncate(root / "red" / "02.png")
    (root / "red" / "01.png").rename(root / "red" / 'a "b",<i>\n.png')
    output = tmp_path / "a" / "b"
    code, out, err = command("evaluate", model, root, "--json", "--output", output)
    assert code == 0 and "report.html" in err
    assert sorted(path.name for path in output.iterdir()) == sorted(evaluate.FILES)
    measured = json.loads(out)
    assert json.loads((output / "evaluation.json").read_text()) == measured
    assert measured["unreadable_files"].keys() == {str(root / "red" / "02.png")}
    with open(output / "predictions.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9 and {row["path"] for row in rows} == set(map(str, root.glob("*/*.png")))
    bad, = (row for row in rows if row["error"])
    assert bad["path"].endswith("02.png") and bad["guess"] == ""
    read = [row for row in rows if not row["error"]]
    assert sum(row["correct"] == "yes" for row in read) / 8 == measured["accuracy"]
    assert sum(float(row["loss"]) for row in read) / 8 == pytest.approx(measured["loss"], 1e-4)
    with open(output / "confusion.csv", newline="", encoding="utf-8") as file:
        header, *table = csv.reader(file)
    assert header[1:] == sorted(COLOURS) == [row[0] for row in table]
    for place, name in enumerate(header[1:]):
        counts = [int(count) for count in table[place][1:]]
        assert sum(counts) == measured["classes"][name]["images"]
        assert counts == [sum(row["truth"] == name and row["guess"] == guess for row in read)
                          for guess in header[1:]]
    for name in ("confusion.png", "mistakes.png"):
        with Image.open(output / name) as picture_:
            picture_.load()


@pytest.mark.parametrize("place", ["inside", "run", "file"])
def test_evaluate_output_that_would_do_harm(command, model, finished, tmp_path, place):
    root = make_folder(tmp_path / "photos", per_class=1)
    output = {"inside": root / "out", "run": finished, "file": root / "red" / "00.png"}[place]
    before = sorted(finished.iterdir())
    code, out, err = command("evaluate", model, root, "--output", output)
    assert code == 2 and out == "" and "--output" in err
    assert not (root / "out").exists() and sorted(finished.iterdir()) == before


# -- predict: standard input, CSV, threshold -----------------------------------------------------
@pytest.fixture
def stdin(monkeypatch):
    """Give the command bytes to read."""
    def give(data):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def labels(out):
    return [(each["path"], each["predictions"][0]["label"]) for each in map(json.loads,
                                                                            out.splitlines())]


def test_an_image_on_standard_input(command, model, images, stdin, tmp_path):
    named = json.loads(command("predict", model, images / "red" / "00.png", "--json")[1])
    for suffix in ("png", "gif", "bmp", "ppm", "tiff", "webp"):
        path = tmp_path / f"a.{suffix}"
        with Image.open(images / "red" / "00.png") as image:
            image.convert("RGB").save(path, **({"lossless": True} if suffix == "webp" else {}))
        stdin(path.read_bytes())
        code, out, err = command("predict", model, "-", "--json")
        assert (code, err) == (0, ""), suffix
        answer = json.loads(out)
        assert answer["path"] == "-"
        if suffix != "gif":
            assert answer["predictions"] == named["predictions"]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\0"])
def test_a_list_on_standard_input(command, model, images, stdin, separator):
    paths = [str(images / "red" / "00.png"), str(images / "grün" / "01.png")] * 40
    if separator == "\n":
        paths.append(str(images / "blue sky"))      # a folder stands for its images
    stdin(separator.join(paths).encode())
    code, out, err = command("predict", model, "-", "--json", "--batch-size", "7")
    assert (code, err) == (0, "")
    answers = [path for path, _ in labels(out)]
    assert answers[:80] == paths[:80] and len(answers) == (88 if separator == "\n" else 80)


def test_what_is_neither_image_nor_list(command, model, images, stdin):
    for data in (b"\x89PNG\r\n\x1a\nnothing", b"\xff\xd8\xff\xe0 broken", b"P6\n1"):
        stdin(data)
        code, out, err = command("predict", model, "-", images / "red" / "00.png")
        assert code == 1 and len(out.splitlines()) == 1 and "cannot read -: " in err
    stdin(b"")
    code, out, err = command("predict", model, "-")
    assert code == 1 and out == "" and "no images" in err
    code, _, err = command("predict", model, "-", "-")
    assert code == 2 and "stands twice" in err


def test_a_missing_path_in_a_list_is_named(command, model, images, stdin):
    stdin(f"nowhere.png\n{images / 'red' / '00.png'}\n".encode())
    code, out, err = command("predict", model, "-")
    assert code == 1 and len(out.splitlines()) == 1
    assert "cannot read nowhere.png: No such file" in err and "1 file of 2" in err


def test_csv_reads_back(command, model, images, tmp_path):
    odd = tmp_path / 'a,"b"\n=1.png'
    odd.write_bytes((images / "red" / "00.png").read_bytes())
    code, out, _ = command("predict", model, odd, images / "red" / "00.png", "--csv", "--top", "2")
    rows = list(csv.reader(io.StringIO(out)))
    assert code == 0
    assert rows[0] == ["path", "label", "probability", "label_2", "probability_2"]
    assert [row[0] for row in rows[1:]] == [str(odd), str(images / "red" / "00.png")]
    assert rows[1][1:] == rows[2][1:]
    answer = json.loads(command("predict", model, odd, "--json", "--top", "2")[1])["predictions"]
    assert [(rows[1][1], float(rows[1][2])), (rows[1][3], float(rows[1][4]))] == [
        (each["label"], pytest.approx(each["probability"], abs=1e-6)) for each in answer]
    assert command("predict", model, odd, "--csv", "--json")[0] == 2


def test_threshold_says_unknown(command, model, images):
    path = images / "red" / "00.png"
    plain = json.loads(command("predict", model, path, "--json")[1])["predictions"][0]
    code, out, _ = command("predict", model, path, "--json", "--threshold", "1", "--top", "3")
    assert code == 0 and json.loads(out)["predictions"] == [
        {"label": "unknown", "probability": plain["probability"]}]
    out = command("predict", model, path, "--csv", "--threshold", "1", "--top", "2")[1]
    assert out.splitlines()[1].split(",")[1::2] == ["unknown", ""]
    just = str(plain["probability"] * 0.999)
    assert labels(command("predict", model, path, "--json", "--threshold", just)[1])[0][1] \
        == plain["label"]


def test_the_same_path_twice_is_answered_twice(command, model, images, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    path = images / "red" / "00.png"
    code, out, err = command("predict", model, path, bad, path, bad, "--batch-size", "1")
    assert code == 1 and len(out.splitlines()) == 2 and err.count("cannot read") == 1


def test_answers_come_while_the_list_goes_on(model, images):
    path = str(images / "red" / "00.png")
    with subprocess.Popen([sys.executable, "-m", "minitorch", "predict", str(model), "-",
                           "--batch-size", "1", "--workers", "0"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as program:
        for _ in range(2):
            program.stdin.write(path.encode() + b"\n")
            program.stdin.flush()
            assert program.stdout.readline().startswith(path.encode())
        program.stdin.close()
        assert program.stdout.read() == b"" and program.wait() == 0
