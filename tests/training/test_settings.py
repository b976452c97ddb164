"""Settings that cannot be, and settings that cannot be together."""

import json

import pytest

from minitorch.training import ARCHITECTURES, FinetuneSettings, build_model


def test_defaults_are_sound():
    for data in ("digits", "photos"):
        FinetuneSettings(data=data).check()


def test_settings_survive_json():
    settings = FinetuneSettings(data="photos", freeze="until:layer2", epochs=9, sched="step",
                                step_size=2, ema=0.9, early_stop=3, lr=1)
    settings.check()
    assert FinetuneSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(("freeze", "train"), [
    ("none", "all"), ("backbone", "head"), ("until:layer3", "after:layer3"), ("bn", "head"),
    (None, "head")])
def test_frozen_parts_are_trained_parts_by_another_name(freeze, train):
    settings = FinetuneSettings(data="photos", freeze=freeze)
    settings.check()
    assert settings.train == train
    # As config.json holds them, and as a user may say the same thing twice.
    FinetuneSettings(data="photos", freeze=freeze, train=train).check()


@pytest.mark.parametrize(("values", "flags"), [
    ({"freeze": "backbone", "train": "all"}, ["--freeze backbone", "--train all"]),
    ({"freeze": "until:layer3", "train": "layer3"}, ["--freeze until:layer3", "--train layer3"]),
    ({"freeze": "bn", "bn_train": True}, ["--freeze bn", "--bn-train"]),
    ({"train": "all", "unfreeze_at": 2}, ["--unfreeze-at 2", "--train all"]),
    ({"unfreeze_at": 6, "epochs": 5}, ["--unfreeze-at 6", "--epochs 5"]),
    ({"body_lr_mult": 0.1}, ["--body-lr-mult", "--train head"]),
    ({"layer_decay": 0.5}, ["--layer-decay", "--train head"]),
    ({"step_size": 2}, ["--step-size", "--sched step", "--sched const"]),
    ({"gamma": 0.5, "sched": "cosine"}, ["--gamma", "--sched step or plateau", "--sched cosine"]),
    ({"patience": 2, "sched": "step"}, ["--patience", "--sched plateau", "--sched step"]),
    ({"min_lr": 0.001}, ["--min-lr", "--sched const"]),
    ({"min_lr": 0.1, "sched": "cosine", "lr": 0.01}, ["--min-lr 0.1", "--lr 0.01"]),
    ({"warmup": 5.0, "epochs": 5}, ["--warmup 5", "--epochs 5"]),
    ({"nesterov": True, "momentum": 0.0}, ["--nesterov", "--momentum"]),
    ({"data": "digits", "val": "x"}, ["--val", "--data"]),
    ({"sampler": "balanced", "class_weights": "balanced"},
     ["--sampler balanced", "--class-weights balanced"]),
    ({"early_stop": 2, "eval_every": 9, "epochs": 5}, ["--early-stop", "--eval-every 9"]),
])
def test_contradictions_name_both_flags(values, flags):
    with pytest.raises(ValueError) as error:
        FinetuneSettings(**{"data": "photos"} | values).check()
    assert all(flag in str(error.value) for flag in flags), str(error.value)


@pytest.mark.parametrize(("values", "message"), [
    ({"sched": "cosin"}, r"sched is 'cosin' \(did you mean 'cosine'\?\); choose from const, "),
    ({"freeze": "backbon"}, r"freeze is 'backbon' \(did you mean 'backbone'\?\)"),
    ({"freeze": "until:"}, "freeze is 'until:'"),
    ({"arch": "resnet19"}, "arch is 'resnet19' .did you mean 'resnet1"),
    ({"metric": 3}, "metric is 3"),
    ({"ema": 1.0}, "ema is 1.0"),
    ({"ema": float("nan")}, "ema is nan"),
    ({"lr": float("inf")}, "lr is inf"),
    ({"accum": 0}, "accum is 0"),
    ({"accum": True}, "accum is True"),
    ({"clip_grad": 0.0}, "clip_grad is 0.0"),
    ({"smoothing": 1.0}, "smoothing is 1.0"),
    ({"val_fraction": 1.0}, "val_fraction is 1.0"),
    ({"unfreeze_at": 1}, "unfreeze_at is 1"),
])
def test_values_that_no_option_could_give(values, message):
    with pytest.raises(ValueError, match=message):
        FinetuneSettings(data="photos", **values).check()


def test_every_architecture_of_the_family_is_built():
    from minitorch import models
    family = [name for name in models.list_models() if "resn" in name]
    assert sorted(ARCHITECTURES) == sorted(family)
    assert build_model("resnet18", 7).fc.out_features == 7
