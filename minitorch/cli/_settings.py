"""The settings of a run, from flags, from ``--config`` and from the run that is resumed."""

import json
import os

from minitorch.cli._common import UsageError
from minitorch.training.naming import did_you_mean
from minitorch.training.settings import MAY_CHANGE, FinetuneSettings

__all__ = ["given_flags", "settings_of"]

_PATHS = {"data": ("digits",), "val": (), "weights": ("imagenet", "digits", "none"),
          "class_weights": ("none", "balanced")}
_NEGATED = ("exif", "feature_cache")


def given_flags(args, names):
    """The settings that the command line names, paths made absolute.

    Parameters
    ----------
    args : argparse.Namespace
    names : list of str
        Of the settings.
    """
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    for name, value in [*given.items(), ("output", args.output), ("config", args.config)]:
        if value == "":
            raise UsageError(f"{_flag(name)} is empty")
    if "val" in given and "val_fraction" in given:
        raise UsageError("--val gives the images that validate, and --val-fraction says how many "
                         "to set aside: give one of them")
    return _absolute(given)


def settings_of(args, given, output):
    """The checked settings of the run that the command line asks for."""
    if args.resume and (output / "config.json").is_file():
        if args.config is not None:
            raise UsageError("--resume keeps the settings of the run, and --config brings others: "
                             "give one of them")
        return _of_the_run(output, given)
    values = given
    if args.config is not None:
        values = _without_contradicted(_read_config(args.config), given) | given
    settings = FinetuneSettings(**values)
    try:
        settings.check()
    except ValueError as error:
        raise UsageError(str(error)) from error
    path = settings.class_weights
    if path not in _PATHS["class_weights"] and not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        name = os.path.basename(path)
        raise UsageError(f"--class-weights: the file {path} {what}"
                         f"{did_you_mean(name, _PATHS['class_weights'])}")
    return settings


def _absolute(values):
    """Paths are kept absolute, so that a run can be continued from another folder."""
    changed = {}
    for name, words in _PATHS.items():
        value = values.get(name)
        if isinstance(value, str) and value not in words:
            changed[name] = os.path.abspath(os.path.expanduser(value))
    return values | changed


def _read_config(path):
    if os.path.isdir(path):     # of a run
        path = os.path.join(path, "config.json")
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--config {path} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise UsageError(f"--config {path} holds no object with settings")
    values.pop("run", None)     # what a run found out, and not what it was asked
    known = list(FinetuneSettings.__dataclass_fields__)
    for name in values:
        if name not in known:
            raise UsageError(f"--config {path}: there is no setting {name!r}"
                             f"{did_you_mean(name, known)}")
    try:
        FinetuneSettings(**values).check()
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"--config {path}: {error}") from error
    return _absolute(values)


def _without_contradicted(values, given):
    """What a config says of frozen layers gives way as a whole to what a flag says of them."""
    values = dict(values)
    if "train" in given and values.get("freeze") != "bn":
        values.pop("freeze", None)
    if given.get("freeze", "bn") != "bn":
        values.pop("train", None)
    if "val_fraction" in given:
        values.pop("val", None)
    return values


def _of_the_run(output, given):
    """The settings in config.json; a flag that says something else is an error."""
    path = output / "config.json"
    try:
        settings = FinetuneSettings.from_dict(json.loads(path.read_text()))
        settings.check()
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} cannot be read as the settings of a run: {error}") from error
    for name, value in given.items():
        kept = getattr(settings, name)
        if name in MAY_CHANGE:
            setattr(settings, name, value)
        elif value != kept:
            asked = "" if isinstance(value, bool) else f" {value}"
            raise UsageError(f"{_flag(name)}{asked} contradicts the run in {output}, which has "
                             f"{name} {kept}; leave the flag out, or start a new run")
    return settings


def _flag(name):
    return f"--{'no-' if name in _NEGATED else ''}{name}".replace("_", "-")
