"""The options of minitorch finetune as a user meets them: flags, config files, JSON on stdout."""

import json

import pytest
from training_images import COLOURS, make_folder, truncate
from training_runs import SMALL


@pytest.mark.parametrize(("flags", "named"), [
    (["--freeze", "backbone", "--train", "all"], ["--freeze backbone", "--train all"]),
    (["--freeze", "backbon"], ["'backbon'", "did you mean 'backbone'?"]),
    (["--freeze", "until:layer9"], ["--freeze: ", "'layer9'", "did you mean"]),
    (["--unfreeze-at", "9", "--epochs", "3"], ["--unfreeze-at 9", "--epochs 3"]),
    (["--sched", "cosin"], ["'cosin'", "did you mean 'cosine'?"]),
    (["--step-size", "2", "--sched", "cosine"], ["--step-size", "--sched cosine"]),
    (["--nesterov", "--momentum", "0"], ["--nesterov", "--momentum"]),
    (["--val", "x", "--val-fraction", "0.3"], ["--val ", "--val-fraction"]),
    (["--class-weights", "balancd"], ["--class-weights", "did you mean 'balanced'?"]),
    (["--arch", "resnext50"], ["'resnext50'", "did you mean 'resnext50_32x4d'?"]),
    (["--ema", "1"], ["--ema", "less than 1"]),
    (["--clip-grad", "0"], ["--clip-grad", "more than 0"]),
    (["--config", "nothing.json"], ["--config", "No such file"]),
    (["--config", ""], ["--config is empty"]),
    (["--earlystop", "2"], ["did you mean '--early-stop'?"]),
])
def test_wrong_usage_is_said_before_any_work(command, images, tmp_path, flags, named):
    code, out, err = command("finetune", "--data", images, "--output", tmp_path / "run", *SMALL,
                             *flags)
    assert code == 2 and out == ""
    assert all(each in err for each in named), err
    assert not (tmp_path / "run").exists()


def test_help_names_every_setting(command):
    from minitorch.cli._finetune_options import setting_names
    code, out, _ = command("finetune", "--help")
    assert code == 0
    for name in setting_names():
        flag = name.replace("_", "-")
        assert f"--{flag} " in out or f"--no-{flag}" in out or f"--{flag}\n" in out, name


# -- a config file -------------------------------------------------------------------------------
def test_config_of_a_run_repeats_it(command, images, tmp_path):
    flags = ["--epochs", "2", "--freeze", "until:layer4", "--ema", "0.5", "--sched", "cosine",
             "--smoothing", "0.1", "--metric", "loss"]
    code, _, _ = command("finetune", "--data", images, "--output", tmp_path / "first", *SMALL,
                         *flags)
    assert code == 0
    config = tmp_path / "first" / "config.json"
    code, _, _ = command("finetune", "--config", config, "--output", tmp_path / "second")
    assert code == 0
    same, again = ((tmp_path / name / "best.safetensors").read_bytes()
                   for name in ("first", "second"))
    assert same == again
    assert config.read_text() == (tmp_path / "second" / "config.json").read_text()
    # Flags win, also over what says the same by another name.
    code, _, err = command("finetune", "--config", config, "--output", tmp_path / "third",
                           "--train", "head", "--epochs", "1")
    assert code == 0 and "training head" in err
    third = json.loads((tmp_path / "third" / "config.json").read_text())
    assert (third["train"], third["freeze"], third["epochs"]) == ("head", None, 1)
    assert (third["ema"], third["sched"], third["metric"]) == (0.5, "cosine", "loss")


@pytest.mark.parametrize(("text", "named"), [
    ('{"epoch": 3}', "there is no setting 'epoch' (did you mean 'epochs'?)"),
    ('{"epochs": "3"}', "epochs is '3'"),
    ('{"sched": "cosin"}', "did you mean 'cosine'?"),
    ('{"data": 5}', "data is 5"),
    ('[1, 2]', "holds no object"),
    ('{"epochs": 3', "is not JSON"),
    ('{"freeze": 3}', "freeze"),
])
def test_config_that_cannot_be_used(command, tmp_path, text, named):
    path = tmp_path / "config.json"
    path.write_text(text)
    code, _, err = command("finetune", "--config", path, "--output", tmp_path / "run")
    assert code == 2 and f"--config {path}" in err and named in err
    assert not (tmp_path / "run").exists()


def test_config_and_resume_are_two_sources(command, finished):
    code, _, err = command("finetune", "--output", finished, "--resume", "--config",
                           finished / "config.json")
    assert code == 2 and "--resume" in err and "--config" in err


# -- JSON on stdout ------------------------------------------------------------------------------
def test_json_log_is_an_object_per_line(command, tmp_path):
    root = make_folder(tmp_path / "data", per_class=8)
    truncate(root / "red" / "01.png")
    code, out, err = command("finetune", "--data", root, "--output", tmp_path / "run", *SMALL,
                             "--epochs", "3", "--eval-every", "2", "--log", "json")
    assert code == 0
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["warning", "epoch", "epoch", "epoch", "end"]
    warning, first, second, _, end = events
    assert warning["path"] == str(root / "red" / "01.png") and "cannot read" in warning["message"]
    assert "val" not in first and first["epoch"] == 1 and first["epochs"] == 3
    assert set(second["val"]) >= {"loss", "accuracy", "f1"} and second["train"]["lr"] == 0.01
    assert end["epochs"] == 3 and end["best"]["epoch"] in (2, 3)
    assert end["model"] == str(tmp_path / "run" / "best.safetensors")
    assert "3 classes" in err and "log" not in json.loads(
        (tmp_path / "run" / "config.json").read_text())


@pytest.mark.parametrize(("flags", "code", "named"), [
    (["--epochs", "0.5"], 2, None), (["--data", "nowhere"], 1, "nowhere"),
    (["--resume"], 2, "--resume needs --output"),
    (["--lr", "1e30", "--train", "all", "--epochs", "2"], 1, "the loss became nan")])
def test_json_log_tells_what_ended_the_run(command, images, tmp_path, monkeypatch, flags, code,
                                           named):
    monkeypatch.chdir(tmp_path)
    ended, out, err = command("finetune", "--data", images, *SMALL, "--log", "json", *flags)
    assert ended == code
    if named is None:       # wrong usage that the parser finds is only said on stderr
        assert out == ""
        return
    last = json.loads(out.splitlines()[-1])
    assert last["event"] == "error" and last["code"] == code and named in last["message"]
    assert last["message"] in err


# -- what a run does -----------------------------------------------------------------------------
def test_early_stop_is_said_and_resume_has_nothing_to_do(command, images, tmp_path):
    output = tmp_path / "run"
    code, out, err = command("finetune", "--data", images, "--output", output, *SMALL, "--epochs",
                             "40", "--early-stop", "1", "--lr", "1e-12", "--metric", "loss",
                             "--momentum", "0")
    assert code == 0
    assert "--early-stop: no better validation in 1 epochs" in err
    assert "best validation loss " in out and out.count("\n") < 40
    code, out, err = command("finetune", "--output", output, "--resume")
    assert code == 0 and out == "" and "--early-stop 1 ended it after epoch" in err


def test_validation_folder_and_class_weights_by_name(command, tmp_path):
    root = make_folder(tmp_path / "data", per_class=4)
    val = make_folder(tmp_path / "other", per_class=2)
    weights = tmp_path / "weights.txt"
    weights.write_text("red 3\nblue sky 0.5\n")
    code, out, err = command("finetune", "--data", root, "--val", val, "--class-weights", weights,
                             "--output", tmp_path / "run", *SMALL, "--epochs", "1", "--metric",
                             "f1", "--max-train-samples", "9", "--sampler", "balanced")
    assert code == 0
    assert "9 images to train on, 6 to validate" in err and "9 of 12 training images" in err
    assert "names no weight for 'grün': 1 is taken" in err and "to 3 (red)" in err
    assert " F1 " in out and "best validation F1 " in out
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["val"] == str(val) and config["class_weights"] == str(weights)
    assert config["run"]["provenance"]["class_weights"] == [0.5, 1.0, 3.0]
    weights.write_text("rad 3\n")
    code, _, err = command("finetune", "--data", root, "--class-weights", weights, "--output",
                           tmp_path / "second", *SMALL)
    assert code == 1 and "'rad' (did you mean 'red'?)" in err
    assert not (tmp_path / "second").exists()


def test_output_within_the_validation_folder_is_refused(command, images, tmp_path):
    val = make_folder(tmp_path / "val", per_class=1)
    code, _, err = command("finetune", "--data", images, "--val", val, "--output", val / "run",
                           *SMALL)
    assert code == 2 and "lies in --val" in err
    assert sorted(path.name for path in val.iterdir()) == sorted(COLOURS)


def test_unfreezing_is_announced(command, images, tmp_path):
    code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run", *SMALL,
                           "--epochs", "2", "--unfreeze-at", "2", "--body-lr-mult", "0.1")
    assert code == 0
    assert "from epoch 2 on everything trains" in err and "computed once" in err
    header = (tmp_path / "run" / "metrics.csv").read_text().splitlines()[0]
    assert "lr_fc" in header and "lr_body" in header


def test_threads_may_change_on_resume(command, images, tmp_path):
    output = tmp_path / "run"
    command("finetune", "--data", images, "--output", output, *SMALL, "--epochs", "1")
    code, _, err = command("finetune", "--output", output, "--resume", "--workers", "0")
    assert code == 0 and "is complete" in err
