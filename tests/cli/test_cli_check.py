"""``minitorch check`` as a user meets it."""

import json
import os
import shutil
import stat

import pytest
from training_images import make_folder, picture, truncate

COLOURS = {"blue sky": (40, 80, 220), "grün": (60, 190, 70)}


@pytest.fixture
def folder(tmp_path):
    """Two classes of fifteen images."""
    return make_folder(tmp_path / "my photos", per_class=15, colours=COLOURS)


def test_a_sound_folder(command, folder):
    code, out, err = command("check", folder, "--image-size", 32)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"folder    {folder}: 2 classes, 30 images, 30 of them readable"
    assert "24 to train on, 6 to validate, as finetune --seed 0 --val-fraction 0.2" in lines[1]
    assert lines[2].endswith("right for 50.0 % of the validation images")
    assert lines[-1] == "verdict   nothing that would spoil a training run"
    assert [line.split()[-1] for line in lines if line.startswith(("blue", "grün"))] == [
        "1.000", "1.000"]


def test_problems_are_told_with_files_and_advice(command, folder):
    truncate(folder / "grün" / "03.png")
    shutil.copy(folder / "grün" / "04.png", folder / "blue sky" / "04 grün.png")
    code, out, err = command("check", folder, "--image-size", 32)
    assert (code, err) == (1, "")
    assert "PROBLEM   1 file cannot be used (1 truncated)" in out
    assert f"            {folder}/grün/03.png: image file is truncated" in out
    assert "--bad-images skip" in out
    assert f"(bytes) {folder}/blue sky/04 grün.png [train]  =  {folder}/grün/04.png [val]" in out
    assert "PROBLEM   2 images have the same pixels as one in another class" in out
    assert "PROBLEM   1 of 6 validation images has the same pixels as one that is trained" in out
    assert out.splitlines()[-1].startswith("verdict   3 problems")


def test_json_is_one_object_with_the_documented_keys(command, folder):
    truncate(folder / "grün" / "03.png")
    odd = os.fsencode(folder / "grün") + b"/\xff\n.png"
    shutil.copy(folder / "grün" / "00.png", odd)
    truncate(folder / "grün" / "04.png")
    code, out, err = command("check", folder, "--json")
    assert (code, err) == (1, "")
    found = json.loads(out)
    assert list(found) == ["folder", "val_folder", "images", "readable", "train", "val", "classes",
                           "majority", "verdict", "counts", "findings"]
    assert (found["images"], found["readable"], found["val_folder"]) == (31, 29, None)
    assert found["verdict"] == "problem" and sum(found["counts"].values()) == len(
        found["findings"])
    bad = next(each for each in found["findings"] if each["kind"] == "unreadable")
    assert sorted(item["path"] for item in bad["items"]) == [
        f"{folder}/grün/03.png", f"{folder}/grün/04.png"]
    copies = [file["path"] for each in found["findings"] if each["kind"] in ("copies", "leak")
              for item in each["items"] for file in item["files"]]
    assert os.fsencode(max(copies, key=len)) in (odd, os.fsencode(folder / "grün" / "00.png"))
    help_text = command("check", "--help")[1]
    assert all(key in help_text for key in found)


def test_strict_counts_warnings_and_show_limits_the_list(command, folder):
    for index in range(4):
        shutil.copy(folder / "grün" / f"{index:02d}.png", folder / "grün" / f"{index:02d} (2).png")
    (folder / "readme.txt").write_text("x")
    names = ["check", folder, "--image-size", 32, "--val-fraction", 0.05, "--show", 1]
    code, out, _ = command(*names)
    assert code == ("PROBLEM" in out)
    shutil.rmtree(folder / "grün")
    make_folder(folder / "x", per_class=15, colours={"grün": COLOURS["grün"]})
    os.rename(folder / "x" / "grün", folder / "grün")
    (folder / "x").rmdir()
    assert command(*names)[0] == 0
    assert command(*names, "--strict")[0] == 1
    for number in range(3):
        picture((9, 9, 9), number, size=(8, 8)).save(folder / "grün" / f"small {number}.png")
    out = command(*names)[1]
    assert "8 by 8 pixels" in out and "... and 2 more" in out


def test_a_second_check_is_quick_and_says_so(command, folder, home):
    before = sorted(folder.rglob("*"))
    first = command("check", folder)
    code, out, err = command("check", folder)
    assert (code, out) == first[:2]
    assert "30 of 30 images had not changed" in err
    assert command("check", folder, "--fresh")[2] == ""
    assert sorted(folder.rglob("*")) == before
    assert len(list((home / "manifests").iterdir())) == 1


def test_a_home_that_cannot_be_written_to(command, folder, home):
    home.mkdir()
    home.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert command("check", folder)[0] == 0
    home.chmod(0o700)


@pytest.mark.parametrize("arguments,code,words", [
    (["check"], 2, "DIR"),
    (["check", "nowhere"], 1, "nowhere does not exist"),
    (["check", ".", "--val", "nowhere"], 1, "nowhere does not exist"),
    (["check", ".", "--val-fraction", "1"], 2, "out of range"),
    (["check", ".", "--jsn"], 2, "did you mean '--json'?"),
    (["chek", "."], 2, "did you mean 'check'?"),
])
def test_wrong_usage(command, tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    found, out, err = command(*arguments)
    assert found == code and out == "" and words in err


def test_an_empty_folder_is_a_problem_and_no_crash(command, tmp_path):
    code, out, _ = command("check", tmp_path)
    assert code == 1
    assert "0 classes, 0 images" in out and "has no class folder" in out


RUN = ["--weights", "none", "--image-size", 33, "--batch-size", 8, "--epochs", 1, "--workers", 1,
       "--train", "head"]


def test_finetune_knows_what_check_found_and_makes_the_same_model(command, folder, tmp_path):
    truncate(folder / "grün" / "03.png")
    shutil.copy(folder / "grün" / "04.png", folder / "blue sky" / "04 grün.png")

    def run(name, *more):
        found = command("finetune", "--data", folder, "--output", tmp_path / name, *RUN, *more)
        path = tmp_path / name / "best.safetensors"
        return *found[::2], path.read_bytes() if path.exists() else None

    code, before, model = run("before")
    assert code == 0 and "note      1 file is known" not in before
    assert command("check", folder)[0] == 1
    code, after, same = run("after")
    assert code == 0 and same == model
    assert "note      1 file is known to be unreadable, and left out" in after
    assert after.count(f"cannot read {folder}/grün/03.png: image file is truncated") == 1
    assert "1 of 6 validation images has the pixels of one that is trained on" in after
    code, listed, same = run("list", "--bad-images", "list")
    assert code == 0 and same == model
    assert "images    all decoded; 1 file cannot be used" in listed
    code, failed, model = run("fail", "--bad-images", "fail")
    assert code == 1 and model is None and not (tmp_path / "fail").exists()
    assert f"--bad-images fail: {folder}/grün/03.png (image file is truncated" in failed
    (folder / "grün" / "03.png").unlink()
    assert run("mended", "--bad-images", "fail")[0] == 0
