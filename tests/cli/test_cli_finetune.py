"""minitorch finetune, from the command line to the files it leaves."""

import csv
import hashlib
import json
import os
import shlex
import shutil
import signal
import sys

import pytest
from training_images import COLOURS, make_folder, truncate
from training_runs import FAST

import minitorch as torch
from minitorch.cli import finetune

FILES = ["best.safetensors", "config.json", "curves.png", "last.ckpt", "metrics.csv",
         "report.html"]


def test_run_leaves_the_documented_files(finished):
    assert sorted(path.name for path in finished.iterdir()) == FILES
    config = json.loads((finished / "config.json").read_text())
    assert config["epochs"] == 1 and config["image_size"] == 33 and config["weights"] == "none"
    assert config["run"]["classes"] == sorted(COLOURS)
    with open(finished / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "split", "loss", "accuracy", "lr", "images_per_second",
                             "seconds", "f1"]
    assert [(row["epoch"], row["split"]) for row in rows] == [("1", "train"), ("1", "val")]
    assert all(0 <= float(row["accuracy"]) <= 1 for row in rows)
    from PIL import Image
    with Image.open(finished / "curves.png") as image:
        image.load()


def test_model_file_holds_what_prediction_needs(finished, images):
    from minitorch.training import load_model
    _, info = load_model(finished / "best.safetensors")
    assert info.arch == "resnet18" and info.classes == sorted(COLOURS)
    assert info.preprocessing.crop_size == 33 and info.preprocessing.exif
    assert info.metrics["val_epoch"] == 1
    assert info.provenance["data"]["name"] == images.name


def test_epoch_lines_go_to_stdout_and_messages_to_stderr(command, images, tmp_path):
    code, out, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST)
    assert code == 0
    assert out.startswith("epoch 1/1  train loss ") and "val loss" in out
    assert str(tmp_path / "run" / "best.safetensors") in out
    assert "3 classes" in err and "epoch 1/1" not in err
    assert "\r" not in err, "no progress bar where there is no terminal"


def test_unreadable_and_ignored_files_are_named(command, tmp_path):
    root = make_folder(tmp_path / "data", per_class=8)
    truncate(root / "red" / "01.png")
    (root / "grün" / "02.png").write_bytes(b"")
    (root / "grün" / "readme.txt").write_text("hello")
    (root / "grün" / ".DS_Store").write_text("")
    code, _, err = command("finetune", "--data", root, "--output", tmp_path / "run", *FAST,
                           "--epochs", "2")
    assert code == 0
    lines = [line for line in err.splitlines() if line.startswith("cannot read ")]
    assert len(lines) == 2, "each once, although there are two epochs"
    assert any(line.startswith(f"cannot read {root / 'red' / '01.png'}: ") for line in lines)
    assert any(line == f"cannot read {root / 'grün' / '02.png'}: the file is empty"
               for line in lines)
    assert "2 files could not be read and were left out" in err
    assert "1 file without an image extension ignored" in err


def test_lone_last_image_is_merged_and_said(command, images, tmp_path):
    # 18 training images: batches of 17 would leave one alone.
    code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST,
                           "--batch-size", "17")
    assert code == 0 and "merged into the batch before it" in err


# -- the features of a frozen trunk ----------------------------------------------------------------
def test_features_are_computed_once_and_the_result_is_the_same(command, images, tmp_path, home):
    written = []
    for name, flags in [("once", []), ("again", []), ("always", ["--no-feature-cache"])]:
        output = tmp_path / name
        code, _, err = command("finetune", "--data", images, "--output", output, *FAST,
                               "--epochs", "3", *flags)
        assert code == 0
        assert ("features of 24 images are computed once" in err) == (name != "always")
        assert ("24 are known from before" in err) == (name == "again")
        config = json.loads((output / "config.json").read_text())
        assert config["feature_cache"] == (name != "always")
        written.append((output / "best.safetensors").read_bytes())
        assert sorted(path.name for path in output.iterdir()) == FILES
    assert written[0] == written[1] == written[2]
    assert len(list((home / "features").iterdir())) == 1


def test_unusable_features_are_noted(command, images, tmp_path, home):
    for name in ("first", "second"):
        code, _, err = command("finetune", "--data", images, "--output", tmp_path / name, *FAST)
        assert code == 0
        if name == "first":
            file, = (home / "features").iterdir()
            file.write_bytes(b"not what was written")
    assert f"note      {file} cannot be used (" in err


def test_interrupt_while_features_are_computed(command, images, tmp_path, monkeypatch):
    report = finetune._Reporter.on_images

    def on_images(self, count):
        report(self, count)
        if count == 16:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(finetune._Reporter, "on_images", on_images)
    output = tmp_path / "run"
    code, out, err = command("finetune", "--data", images, "--output", output, *FAST)
    assert code == 130 and out == "" and f"--output {output} --resume" in err
    assert sorted(path.name for path in output.iterdir()) == ["config.json", "last.ckpt"]
    monkeypatch.setattr(finetune._Reporter, "on_images", report)
    code, _, err = command("finetune", "--output", output, "--resume")
    assert code == 0 and "16 are known from before" in err
    assert sorted(path.name for path in output.iterdir()) == FILES
    whole = tmp_path / "whole"
    command("finetune", "--data", images, "--output", whole, *FAST, "--no-feature-cache")
    assert (whole / "best.safetensors").read_bytes() == (output / "best.safetensors").read_bytes()


def test_error_in_a_quick_run_keeps_the_completed_epochs(command, images, tmp_path, monkeypatch):
    report = finetune._Reporter.on_step

    def on_step(self, split, metrics):
        report(self, split, metrics)
        if self.run.state.epoch == 2:
            raise FloatingPointError("the loss became nan")

    monkeypatch.setattr(finetune._Reporter, "on_step", on_step)
    output = tmp_path / "run"
    code, out, err = command("finetune", "--data", images, "--output", output, *FAST,
                             "--epochs", "5")
    assert code == 1 and "the loss became nan" in err and "epoch 2/5" in out
    assert (output / "best.safetensors").exists()
    assert len((output / "metrics.csv").read_text().splitlines()) == 5
    text = (output / "report.html").read_text(encoding="utf-8")
    assert "the loss became nan" in text and "stopped in epoch 3 of 5" in text


# -- the output folder ---------------------------------------------------------------------------
def test_output_that_is_not_empty_is_refused_then_forced(command, images, tmp_path):
    output = tmp_path / "run"
    output.mkdir()
    (output / "mine.txt").write_text("precious")
    (output / "metrics.csv").write_text("old")
    code, out, err = command("finetune", "--data", images, "--output", output, *FAST)
    assert code == 2 and out == "" and "is not empty" in err and "--force" in err
    assert (output / "metrics.csv").read_text() == "old"
    assert command("finetune", "--data", images, "--output", output, *FAST, "--force")[0] == 0
    assert (output / "mine.txt").read_text() == "precious"
    assert sorted(path.name for path in output.iterdir()) == sorted([*FILES, "mine.txt"])


def test_output_that_is_a_file_is_refused(command, images, tmp_path):
    (tmp_path / "run").write_text("")
    code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST)
    assert code == 2 and "is a file" in err
    code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run" / "x", *FAST)
    assert code == 1 and "Not a directory" in err


def test_output_without_permission_fails_before_work(command, images, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    code, out, err = command("finetune", "--data", images, "--output", tmp_path / "a" / "b", *FAST)
    assert code == 1 and "No permission" in err and out == ""
    assert not (tmp_path / "a").exists()


def test_disk_without_space_fails_before_work(command, images, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 10 ** 6))
    code, out, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST)
    assert code == 1 and "not enough space: 1 MB are free" in err and "epoch" not in out
    assert not (tmp_path / "run").exists()


def test_disk_without_space_spares_the_run_to_be_replaced(command, images, finished, monkeypatch):
    before = {path.name: path.stat().st_mtime_ns for path in finished.iterdir()}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 0))
    code, _, err = command("finetune", "--data", images, "--output", finished, *FAST, "--force",
                           "--arch", "resnet34")
    assert code == 1 and "not enough space" in err
    assert before == {path.name: path.stat().st_mtime_ns for path in finished.iterdir()}


def test_disk_that_fills_up_keeps_the_last_good_state(command, images, tmp_path, monkeypatch):
    from minitorch.training.run import saving as module
    calls = []
    save = module.save_checkpoint

    def fill_up(path, **parts):
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", str(path))
        save(path, **parts)

    monkeypatch.setattr(module, "save_checkpoint", fill_up)
    monkeypatch.setattr(module, "_SAVE_INTERVAL", 0)
    output = tmp_path / "run"
    code, out, err = command("finetune", "--data", images, "--output", output, *FAST,
                             "--epochs", "3")
    assert code == 1
    assert f"{output / 'last.ckpt'}: No space left on device" in err
    from minitorch.training import load_checkpoint
    assert load_checkpoint(output / "last.ckpt")["training"]["epoch"] == 1


# -- bad data and weights ------------------------------------------------------------------------
def bad_folder(kind, root):
    if kind == "missing":
        return "does not exist"
    root.mkdir()
    if kind == "empty":
        return "no class folder"
    if kind == "one class":
        make_folder(root, colours={"red": (200, 0, 0)})
        return "one class"
    if kind == "lone image":
        make_folder(root)
        make_folder(root, per_class=1, colours={"zebra": (0, 0, 0)})
        return "zebra"
    make_folder(root)
    (root / "void").mkdir()
    return "void"


@pytest.mark.parametrize("kind", ["missing", "empty", "one class", "lone image", "empty class"])
def test_folders_that_cannot_be_trained_on(command, tmp_path, kind):
    reason = bad_folder(kind, tmp_path / "data")
    code, out, err = command("finetune", "--data", tmp_path / "data", "--output",
                             tmp_path / "run", *FAST)
    assert code == 1 and out == "" and reason in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_all_images_unreadable(command, tmp_path):
    root = make_folder(tmp_path / "data", per_class=3)
    for path in root.rglob("*.png"):
        path.write_bytes(b"no image")
    code, _, err = command("finetune", "--data", root, "--output", tmp_path / "run", *FAST)
    assert code == 1 and "none of the training images could be read" in err


@pytest.mark.parametrize("content,reason", [
    (None, "does not exist"),
    (b"<html>404</html>", "w.pth"),
    (b"version https://git-lfs.github.com/spec/v1\n", "w.pth"),
], ids=["missing", "html", "lfs"])
def test_weights_that_are_none(command, images, tmp_path, content, reason):
    if content is not None:
        (tmp_path / "w.pth").write_bytes(content)
    code, out, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST,
                             "--weights", tmp_path / "w.pth")
    assert code == 1 and out == "" and reason in err.splitlines()[-1]
    assert not (tmp_path / "run").exists()


def test_weights_with_another_class_count_get_a_new_head(command, finished, tmp_path):
    two = dict(list(COLOURS.items())[:2])
    root = make_folder(tmp_path / "two", colours=two)
    code, _, err = command("finetune", "--data", root, "--output", tmp_path / "run", *FAST,
                           "--weights", finished / "best.safetensors")
    assert code == 0 and "the head for 3 classes was replaced by a new one for 2" in err


# -- stopping and going on -----------------------------------------------------------------------
def state_of(output):
    from minitorch.training import load_checkpoint
    values = load_checkpoint(output / "last.ckpt")
    history = [(row["epoch"], row["split"], row["loss"]) for row in values["training"]["history"]]
    tensors = [*values["model"].values(), values["rng"]]
    tensors += [state["momentum_buffer"] for state in values["optimizer"]["state"].values()]
    return tensors, history, values["training"]["best"]


def test_interrupted_and_resumed_ends_as_the_untouched_run(command, images, tmp_path, stop_at,
                                                           monkeypatch):
    options = ["--data", images, *FAST, "--epochs", "2", "--train", "layer4.1"]
    whole, part = tmp_path / "whole", tmp_path / "part"
    assert command("finetune", *options, "--output", whole)[0] == 0
    stop_at(5)          # three batches, one validation, one batch of the second epoch
    code, _, err = command("finetune", *options, "--output", part)
    assert code == 130 and "Ctrl-C" in err and "--resume" in err
    assert len(state_of(part)[1]) == 2
    monkeypatch.undo()
    code, out, err = command("finetune", "--output", part, "--resume")
    assert code == 0 and out.startswith("epoch 2/2") and "in epoch 2 of 2, at batch 2" in err
    (tensors, *rest), (expected, *wanted) = state_of(part), state_of(whole)
    assert rest == wanted
    assert all(torch.equal(a, b) for a, b in zip(tensors, expected, strict=True))
    assert ((part / "best.safetensors").read_bytes() == (whole / "best.safetensors").read_bytes())
    code, _, err = command("finetune", "--output", part, "--resume")
    assert code == 0 and "is complete" in err


def test_sigterm_saves_and_ends_with_143(command, images, tmp_path, stop_at):
    stop_at(1, signal.SIGTERM)
    code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST)
    assert code == 143 and "SIGTERM" in err
    assert (tmp_path / "run" / "last.ckpt").exists()


def test_resume_before_the_first_checkpoint_starts_over(command, images, tmp_path):
    output = tmp_path / "run"
    assert command("finetune", "--data", images, "--output", output, *FAST)[0] == 0
    for name in ("last.ckpt", "best.safetensors"):
        (output / name).unlink()
    assert command("finetune", "--output", output, "--resume")[0] == 0
    assert (output / "best.safetensors").exists()


@pytest.mark.parametrize("flags,name", [
    (["--lr", "0.5"], "--lr 0.5"), (["--epochs", "7"], "--epochs 7"),
    (["--data", "digits"], "--data digits"), (["--no-exif"], "--no-exif"),
    (["--bn-train"], "--bn-train"), (["--train", "all"], "--train all"),
    (["--no-feature-cache"], "--no-feature-cache")])
def test_flag_that_contradicts_the_run_is_refused(command, finished, flags, name):
    before = {path.name: path.stat().st_mtime_ns for path in finished.iterdir()}
    code, out, err = command("finetune", "--output", finished, "--resume", *flags)
    assert code == 2 and f"{name} contradicts the run" in err and out == ""
    assert before == {path.name: path.stat().st_mtime_ns for path in finished.iterdir()}


def test_flag_that_agrees_with_the_run_is_accepted(command, finished, images):
    code, _, err = command("finetune", "--output", finished, "--resume", "--data", images,
                           "--epochs", "1")
    assert code == 0 and "is complete" in err


def test_resume_notices_changed_images(command, tmp_path, stop_at):
    root = make_folder(tmp_path / "data")
    stop_at(1)
    assert command("finetune", "--data", root, "--output", tmp_path / "run", *FAST)[0] == 130
    (root / "red" / "00.png").rename(root / "red" / "new.png")
    code, _, err = command("finetune", "--output", tmp_path / "run", "--resume")
    assert code == 1 and "images have changed" in err


@pytest.mark.parametrize("text", [
    "{", "[]", '{"epochs": "3"}', '{"epochs": -3}', '{"data": 3}', '{"arch": "resnet81"}',
    '{"bn_train": 1}', '{"val_fraction": 2.0}'])
def test_broken_config_is_named(command, tmp_path, text):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(text)
    code, _, err = command("finetune", "--output", tmp_path / "run", "--resume")
    assert code == 2 and "config.json cannot be read" in err


def test_not_a_number_ends_the_run(command, images, tmp_path):
    code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST,
                           "--lr", "1e30", "--epochs", "4")
    assert code == 1 and "learning rate" in err


def test_output_that_nobody_reads_stops_the_run_and_says_so(command, images, tmp_path,
                                                            monkeypatch):
    from minitorch.cli import _reporter as module

    def broken(text):
        raise BrokenPipeError

    monkeypatch.setattr(module, "result", broken)
    monkeypatch.setattr(sys, "stdout", sys.stdout)     # the command lets go of it
    output = tmp_path / "run"
    code, _, err = command("finetune", "--data", images, "--output", output, *FAST)
    assert code == 1 and f"--output {output} --resume" in err
    assert (output / "last.ckpt").exists()


@pytest.mark.parametrize("output", [["--output", "run"], []], ids=["named", "default"])
def test_output_among_the_classes_is_refused(command, tmp_path, monkeypatch, output):
    make_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    code, _, err = command("finetune", "--data", ".", *output, *FAST)
    assert code == 2 and "would count as a class" in err
    assert sorted(tmp_path.iterdir()) == before


# -- the report ----------------------------------------------------------------------------------
def test_report_tells_of_the_run(finished):
    text = (finished / "report.html").read_text(encoding="utf-8")
    best = hashlib.sha256((finished / "best.safetensors").read_bytes()).hexdigest()
    assert best in text and "complete, 1 of 1 epochs" in text and "blue sky" in text
    assert "Confusion matrix" in text and len(text) < 2_000_000
    with open(finished / "metrics.csv", newline="") as file:
        val = list(csv.DictReader(file))[-1]
    assert f"{100 * float(val['accuracy']):.2f} %" in text
    assert f"{100 * float(val['f1']):.2f} %" in text
    assert shlex.quote(str(finished / "best.safetensors")).replace("'", "&#x27;") in text


def test_report_can_be_left_out_and_changes_nothing(command, images, tmp_path, finished):
    output = tmp_path / "run"
    code, _, err = command("finetune", "--data", images, "--output", output, *FAST, "--no-report")
    assert code == 0 and "report.html" not in err
    assert not (output / "report.html").exists()
    for name in ("best.safetensors", "last.ckpt"):
        assert (output / name).read_bytes() == (finished / name).read_bytes()


def test_a_report_that_cannot_be_written_does_not_fail_the_run(command, images, tmp_path,
                                                               monkeypatch):
    from minitorch.training.report import page as report_html

    def full(report):
        raise OSError(28, "No space left on device", "report.html")

    monkeypatch.setattr(report_html, "render", full)
    code, out, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST)
    assert code == 0 and "best.safetensors" in out
    assert "report.html was not written: " in err and "No space left" in err


def test_report_of_a_stopped_run_holds_what_is_known(command, images, tmp_path, monkeypatch):
    report = finetune._Reporter.on_epoch

    def on_epoch(self, state, improved):
        report(self, state, improved)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(finetune._Reporter, "on_epoch", on_epoch)
    output = tmp_path / "run"
    code, _, _ = command("finetune", "--data", images, "--output", output, *FAST, "--epochs", "3")
    text = (output / "report.html").read_text(encoding="utf-8")
    assert code == 130 and "stopped in epoch 2 of 3" in text and "--resume" in text
    assert "Curves" in text and "Confusion" not in text
