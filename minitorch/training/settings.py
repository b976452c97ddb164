"""The settings of a finetuning run, and what they are when nobody says otherwise."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

__all__ = ["ARCHITECTURES", "AUGMENTATIONS", "CHOICES", "DEFAULTS", "FinetuneSettings",
           "MAY_CHANGE"]

ARCHITECTURES = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
                 "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2")

# Per kind of data.  The digits' values are those that reach the accuracy the README states in
# the time it states; a user's own few images stand on ImageNet features, so the head alone is
# trained unless they ask for more.
DEFAULTS = {
    "digits": {"weights": "digits", "train": "all", "epochs": 3, "batch_size": 32, "lr": 0.01,
               "image_size": 64},
    "folder": {"weights": "imagenet", "train": "head", "epochs": 5, "batch_size": 32, "lr": 0.01,
               "image_size": 224},
}

# What the words of --aug stand for. The crops of "standard" are milder than the 8 % of the area
# with which networks are trained from scratch: a few epochs do not average them out.
AUGMENTATIONS = {
    "none": {"scale": 1.0, "hflip": 0.0, "jitter": 0.0, "erasing": 0.0},
    "light": {"scale": 0.7, "hflip": 0.5, "jitter": 0.0, "erasing": 0.0},
    "standard": {"scale": 0.3, "hflip": 0.5, "jitter": 0.3, "erasing": 0.25},
}

# The words that a setting may be; one that ends in a colon goes on with a name.
CHOICES = {
    "arch": ARCHITECTURES,
    "freeze": ("none", "backbone", "until:", "bn"),
    "sched": ("const", "step", "cosine", "onecycle", "plateau"),
    "metric": ("acc1", "f1", "loss"),
    "sampler": ("shuffle", "balanced"),
    "bad_images": ("skip", "list", "fail"),
    "drop_last": ("auto", "yes", "no"),
    "aug": tuple(AUGMENTATIONS),
}

_LEAST = {"epochs": 1, "batch_size": 1, "image_size": 8, "momentum": 0, "weight_decay": 0,
          "seed": 0, "workers": 0, "threads": 1, "checkpoint_every": 0,
          "warmup": 0, "min_lr": 0, "step_size": 1,
          "gamma": 0, "patience": 0, "unfreeze_at": 2, "body_lr_mult": 0, "layer_decay": 0,
          "smoothing": 0, "clip_grad": 0, "ema": 0, "accum": 1, "early_stop": 1,
          "hflip": 0, "jitter": 0, "erasing": 0, "mixup": 0, "cutmix": 0,
          "limit_batches": 1, "eval_every": 1, "max_train_samples": 2}
# They change how long a run takes and nothing that it writes; these may change on --resume.
MAY_CHANGE = ("workers", "threads", "checkpoint_every")
_SPEED_ONLY = (*MAY_CHANGE, "feature_cache", "bad_images")
_PATHS = ("data", "val", "weights", "class_weights")
_BELOW = {"val_fraction": 1, "smoothing": 1, "ema": 1, "gamma": 1}
_MOST = {"hflip": 1, "erasing": 1, "scale": 1, "image_size": 4096, "seed": 2 ** 63 - 1,
         "workers": 64, "threads": 4096}
_POSITIVE = ("lr", "scale", "val_fraction", "gamma", "body_lr_mult", "layer_decay", "clip_grad")

_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}

# Of --sched: which of its words each of these belongs to.
_OF_SCHEDULE = {"step_size": ("step",), "gamma": ("step", "plateau"), "patience": ("plateau",),
                "min_lr": ("step", "cosine", "onecycle", "plateau")}


@dataclass
class FinetuneSettings:
    """One field per option of ``minitorch finetune``; None means: the default for the data."""

    data: str = "digits"
    val: str | None = None
    val_fraction: float = 0.2
    max_train_samples: int | None = None
    sampler: str = "shuffle"
    class_weights: str = "none"
    image_size: int | None = None
    exif: bool = True
    bad_images: str = "skip"
    aug: str = "none"
    scale: float | None = None
    hflip: float | None = None
    jitter: float | None = None
    erasing: float | None = None
    mixup: float = 0.0
    cutmix: float = 0.0
    weights: str | None = None
    arch: str = "resnet18"
    train: str | None = None
    freeze: str | None = None
    bn_train: bool = False
    unfreeze_at: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    accum: int = 1
    drop_last: str = "auto"
    lr: float | None = None
    body_lr_mult: float = 1.0
    layer_decay: float = 1.0
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 1e-4
    sched: str = "const"
    warmup: float = 0.0
    min_lr: float | None = None
    step_size: int | None = None
    gamma: float | None = None
    patience: int | None = None
    smoothing: float = 0.0
    clip_grad: float | None = None
    ema: float | None = None
    metric: str = "acc1"
    eval_every: int = 1
    early_stop: int | None = None
    limit_batches: int | None = None
    seed: int = 0
    feature_cache: bool = True
    workers: int = 2
    threads: int | None = None
    checkpoint_every: float = 5.0

    def __post_init__(self):
        if self.train is None:
            self.train = self._frozen_as_trained()
        for name, value in DEFAULTS["digits" if self.data == "digits" else "folder"].items():
            if getattr(self, name) is None:
                setattr(self, name, value)

    def _frozen_as_trained(self):
        """What ``--train`` would say for ``--freeze``; None if ``--freeze`` leaves it open."""
        if not isinstance(self.freeze, str) or self.freeze == "bn":
            return None
        known = {"none": "all", "backbone": "head"}
        return known.get(self.freeze, f"after:{self.freeze.removeprefix('until:')}")

    def to_dict(self):
        """A dictionary that JSON can hold."""
        return asdict(self)

    def portable(self):
        """What decides the bits of a run, as a dictionary without the paths of this machine."""
        values = {name: value for name, value in asdict(self).items() if name not in _SPEED_ONLY}
        return {name: Path(value).name if name in _PATHS and value is not None else value
                for name, value in values.items()}

    def check(self):
        """Raise ValueError if a setting is not what an option could give, or contradicts another.

        The message names the options as a user writes them.
        """
        from typing import get_args
        for each in fields(self):
            kinds = get_args(each.type) or (each.type,)
            value = getattr(self, each.name)
            fits = type(value) in kinds or (float in kinds and type(value) is int)
            if not fits or (value is not None and not _in_bounds(each.name, value)):
                raise ValueError(f"{each.name} is {value!r}{_allowed(each.name, value, kinds)}")
        self._check_parts()
        self._check_schedule()
        self._check_rest()

    def _check_parts(self):
        wanted = self._frozen_as_trained()
        if wanted is not None and wanted != self.train:
            raise ValueError(f"--freeze {self.freeze} and --train {self.train} contradict each "
                             "other: give one of them")
        if self.freeze == "bn" and self.bn_train:
            raise ValueError("--freeze bn holds what --bn-train lets go: give one of them")
        if self.unfreeze_at is not None:
            if self.train == "all":
                raise ValueError(f"--unfreeze-at {self.unfreeze_at} has nothing to unfreeze: "
                                 "--train all trains everything from the start")
            if self.unfreeze_at > self.epochs:
                raise ValueError(f"--unfreeze-at {self.unfreeze_at} would never come with "
                                 f"--epochs {self.epochs}")
        for name in ("body_lr_mult", "layer_decay"):
            if getattr(self, name) != 1 and self.train == "head" and self.unfreeze_at is None:
                raise ValueError(f"{_flag(name)} is the rate of layers that --train head does not "
                                 "train")

    def _check_schedule(self):
        for name, kinds in _OF_SCHEDULE.items():
            if getattr(self, name) is not None and self.sched not in kinds:
                raise ValueError(f"{_flag(name)} belongs to --sched {' or '.join(kinds)}, not to "
                                 f"--sched {self.sched}")
        if self.min_lr is not None and self.min_lr > self.lr:
            raise ValueError(f"--min-lr {self.min_lr:g} is more than --lr {self.lr:g}")
        if self.warmup >= self.epochs and self.warmup:
            raise ValueError(f"--warmup {self.warmup:g} leaves nothing of --epochs {self.epochs}")
        if self.nesterov and not self.momentum:
            raise ValueError("--nesterov needs a --momentum greater than 0")

    def _check_rest(self):
        if self.val is not None and self.data == "digits":
            raise ValueError("--val needs --data DIR: the digits bring their own validation "
                             "images")
        if (self.mixup or self.cutmix) and self.batch_size == 1:
            raise ValueError(f"--{'mixup' if self.mixup else 'cutmix'} mixes the images of a "
                             "batch, and --batch-size 1 has no second one")
        if self.sampler == "balanced" and self.class_weights == "balanced":
            raise ValueError("--sampler balanced and --class-weights balanced would both make up "
                             "for rare classes, and overdo it: give one of them")
        if self.early_stop is not None and self.eval_every > self.epochs:
            raise ValueError(f"--early-stop looks at validations, and --eval-every "
                             f"{self.eval_every} makes one in --epochs {self.epochs}")

    @classmethod
    def from_dict(cls, values):
        """Read `to_dict`'s output, ignoring entries that are no settings.

        Raises
        ------
        TypeError
            `values` is no dictionary.
        """
        if not isinstance(values, dict):
            raise TypeError(f"a dictionary is expected, got {type(values).__name__}")
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


def _in_bounds(name, value):
    if name in CHOICES:
        return any(value.startswith(word) and value != word if word.endswith(":")
                   else value == word for word in CHOICES[name])
    if name in _LEAST and not value >= _LEAST[name]:
        return False
    if name in _MOST and not value <= _MOST[name]:
        return False
    return not ((name in _BELOW and value >= _BELOW[name]) or (name in _POSITIVE and value <= 0)
                or value in (float("inf"), float("-inf")))


def _allowed(name, value, kinds):
    """What a setting may be, for the message about one that is something else."""
    if name in CHOICES:
        from minitorch.training.naming import did_you_mean
        names = [word + "LAYER" if word.endswith(":") else word for word in CHOICES[name]]
        near = did_you_mean(value, names) if isinstance(value, str) else ""
        return f"{near}; choose from {', '.join(names)}"
    kind = next(_KINDS[kind] for kind in kinds if kind in _KINDS)
    bounds = ["more than 0"] if name in _POSITIVE else (
        [f"at least {_LEAST[name]}"] if name in _LEAST else [])
    bounds += [f"at most {_MOST[name]}"] if name in _MOST else []
    bounds += [f"less than {_BELOW[name]}"] if name in _BELOW else []
    return f"; expected {kind}{', ' if bounds else ''}{' and '.join(bounds)}"


def _flag(name):
    return "--" + name.replace("_", "-")
