"""minitorch finetune --dry-run: measured, told, and nothing written; and the flags of --aug."""

import json

import pytest
from training_runs import SMALL


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Measure the fewest steps."""
    from minitorch.training.run import plan
    monkeypatch.setattr(plan, "_ENOUGH", 0)


def everything_below(*folders):
    return {str(path): path.stat().st_mtime_ns if path.is_file() else None
            for folder in folders for path in folder.rglob("*")}


@pytest.mark.parametrize("flags, phases", [
    (["--train", "head", "--epochs", "3"], [(3, 1539)]),
    (["--train", "head", "--no-feature-cache", "--epochs", "2", "--ema", "0.9"], [(2, 1539)]),
    (["--train", "layer4", "--epochs", "2", "--aug", "standard", "--mixup", "0.2", "--accum", "2"],
     [(2, 8395267)]),
    (["--train", "head", "--epochs", "3", "--unfreeze-at", "2", "--workers", "0"],
     [(1, 1539), (2, 11178051)]),
])
def test_plan_as_json(command, images, tmp_path, monkeypatch, flags, phases):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = everything_below(tmp_path, images)
    code, out, _ = command("finetune", "--data", images, *SMALL, *flags, "--dry-run",
                           "--log", "json")
    assert code == 0
    assert everything_below(tmp_path, images) == before
    plan = json.loads(out)
    assert plan["event"] == "plan"
    assert (plan["data"]["train_images"], plan["data"]["val_images"]) == (18, 6)
    assert [(each["epochs"], each["trained"]) for each in plan["phases"]] == phases
    assert plan["phases"][0]["steps"] == 3 and plan["phases"][0]["validation_batches"] == 1
    total = sum(each["epochs"] * (each["training"] + each["validation"])
                for each in plan["phases"]) + plan["features"]["seconds"]
    assert plan["seconds"] == pytest.approx(total)
    assert all(each["step"] > 0 for each in plan["phases"])
    assert plan["memory"]["peak"] > 4 * plan["model"]["parameters"]
    assert plan["disk"]["free"] > plan["disk"]["needed"] > plan["files"]["last.ckpt"]


def test_predicted_files_are_those_of_the_run(command, images, tmp_path):
    flags = ["finetune", "--data", images, "--output", tmp_path / "run", *SMALL, "--train", "head",
             "--epochs", "1"]
    plan = json.loads(command(*flags, "--dry-run", "--log", "json")[1])
    assert command(*flags)[0] == 0
    # A checkpoint that was replaced is kept as long as the run goes on.
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert set(plan["files"]) - {"previous.ckpt"} == left - {"previous.ckpt"}
    for name in ("last.ckpt", "best.safetensors"):
        assert plan["files"][name] == pytest.approx((tmp_path / "run" / name).stat().st_size, 1e-3)


def test_plan_as_text(command, images, tmp_path):
    code, out, err = command("finetune", "--data", images, "--output", tmp_path / "run", *SMALL,
                             "--dry-run")
    assert code == 0
    assert "Nothing was written" in err and not (tmp_path / "run").exists()
    for text in ("classes   blue sky, grün, red", "epochs    5, learning rate 0.01 (const)",
                 "features  of 24 images, once", "3 batches of 8", "in all", "memory", "last.ckpt",
                 "disk      ", str(tmp_path / "run")):
        assert text in out


def test_weights_that_are_not_there_are_not_downloaded(command, images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    code, _, err = command("finetune", "--data", images, *SMALL[2:], "--dry-run")
    assert code == 0
    assert "resnet18-f37072fd.pth would be downloaded first" in err


def test_resume_has_no_plan(command, finished):
    code, _, err = command("finetune", "--output", finished, "--resume", "--dry-run")
    assert code == 2 and "choose one" in err


def test_augmentation_is_told_and_recorded(command, images, tmp_path):
    code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run", *SMALL,
                           "--train", "head", "--epochs", "1", "--aug", "light", "--jitter", "0.2",
                           "--cutmix", "1")
    assert code == 0
    assert "crops of 70 to 100 % of the area, mirrored with probability 0.5" in err
    assert "the class with the greater share" in err
    assert "the frozen trunk runs over the images in every epoch" in err
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["aug"], config["hflip"], config["jitter"]) == ("light", None, 0.2)
    assert config["run"]["augmentation"] == {"scale": 0.7, "hflip": 0.5, "jitter": 0.2,
                                             "erasing": 0.0, "mixup": 0.0, "cutmix": 1.0}
    code, _, err = command("finetune", "--output", tmp_path / "run", "--resume", "--aug", "none")
    assert code == 2 and "--aug none contradicts the run" in err


@pytest.mark.parametrize("flags", [["--aug", "heavy"], ["--hflip", "2"], ["--scale", "0"],
                                   ["--mixup", "1", "--batch-size", "1"]])
def test_wrong_flags_are_usage_errors(command, images, tmp_path, flags):
    code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run", *flags)
    assert code == 2 and flags[0] in err
    assert not (tmp_path / "run").exists()
