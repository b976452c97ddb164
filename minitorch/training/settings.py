"""The settings of a finetuning run, and what they are when nobody says otherwise."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

__all__ = ["FinetuneSettings", "DEFAULTS", "SPEED_ONLY"]

# Per kind of data.  The digits' values are those that reach the accuracy the README states in
# the time it states; a user's own few images stand on ImageNet features, so the head alone is
# trained unless they ask for more.
DEFAULTS = {
    "digits": {"weights": "digits", "train": "all", "epochs": 3, "batch_size": 32, "lr": 0.01,
               "image_size": 64},
    "folder": {"weights": "imagenet", "train": "head", "epochs": 5, "batch_size": 32, "lr": 0.01,
               "image_size": 224},
}

_LEAST = {"epochs": 1, "batch_size": 1, "image_size": 1, "lr": 0, "momentum": 0, "weight_decay": 0,
          "seed": 0, "workers": 0, "threads": 1, "checkpoint_every": 0}

# They change how long a run takes and nothing that it writes.
SPEED_ONLY = ("workers", "threads", "checkpoint_every", "feature_cache")
PATHS = ("data", "weights")


@dataclass
class FinetuneSettings:
    """One field per option of ``minitorch finetune``; None means: the default for the data."""

    data: str = "digits"
    weights: str | None = None
    arch: str = "resnet18"
    train: str | None = None
    bn_train: bool = False
    epochs: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    momentum: float = 0.9
    weight_decay: float = 1e-4
    image_size: int | None = None
    val_fraction: float = 0.2
    exif: bool = True
    seed: int = 0
    feature_cache: bool = True
    workers: int = 2
    threads: int | None = None
    checkpoint_every: float = 5.0

    def __post_init__(self):
        for name, value in DEFAULTS["digits" if self.data == "digits" else "folder"].items():
            if getattr(self, name) is None:
                setattr(self, name, value)

    def to_dict(self):
        """A dictionary that JSON can hold."""
        return asdict(self)

    def portable(self):
        """What decides the bits of a run, as a dictionary without the paths of this machine."""
        values = {name: value for name, value in asdict(self).items() if name not in SPEED_ONLY}
        return {name: Path(value).name if name in PATHS else value
                for name, value in values.items()}

    def check(self):
        """Raise ValueError if a setting, read from a file, is not what an option could give."""
        from typing import get_args
        for each in fields(self):
            kinds = get_args(each.type) or (each.type,)
            value = getattr(self, each.name)
            fits = type(value) in kinds or (float in kinds and type(value) is int)
            least = _LEAST.get(each.name)
            if not fits or (least is not None and value is not None and not value >= least):
                raise ValueError(f"{each.name} is {value!r}")
        if not 0 < self.val_fraction < 1:
            raise ValueError(f"val_fraction is {self.val_fraction!r}")

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
