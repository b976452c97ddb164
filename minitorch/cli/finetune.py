"""``minitorch finetune``: options, wiring and messages of a finetuning run."""

import contextlib
import datetime
import json
import os
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path

from minitorch.cli._common import (
    DONE,
    INTERRUPTED,
    TERMINATED,
    Progress,
    UsageError,
    add_machine_options,
    apply_threads,
    counted,
    is_terminal,
    message,
    number,
    report_unreadable,
    result,
)
from minitorch.training.settings import DEFAULTS, SPEED_ONLY, FinetuneSettings

SUMMARY = "train a pretrained ResNet on a folder of images"
DESCRIPTION = """
Finetune a pretrained ResNet on images in folders, one folder per class.

examples:
  minitorch finetune
      the bundled handwritten digits, from the embedded weights; needs no network
  minitorch finetune --data photos --epochs 10
      photos/cats/*.jpg, photos/dogs/*.jpg, ...; a share of each class validates
  minitorch finetune --data photos --weights resnet18.pth --train layer4 --output runs/cats
      photos/train/* and photos/val/* if both exist; train the last stage and the head
  minitorch finetune --output runs/cats --resume
      go on where the run in runs/cats stopped
"""
EPILOG = """
In --output: config.json (all settings), metrics.csv (a line per epoch and split),
best.safetensors (the model with its classes and preprocessing, for 'minitorch predict'),
last.ckpt (for --resume), curves.png.

exit codes: 0 done, 1 the job failed, 2 wrong usage, 130 interrupted by Ctrl-C (143 by SIGTERM)
after saving last.ckpt.
"""


def add_parser(subparsers):
    """Add ``finetune`` to the parser of the commands."""
    parser = subparsers.add_parser("finetune", help=SUMMARY, description=DESCRIPTION,
                                   epilog=EPILOG)
    _add_data_options(parser.add_argument_group("data"))
    _add_model_options(parser.add_argument_group("model"))
    _add_training_options(parser.add_argument_group("training"))
    add_machine_options(parser.add_argument_group("machine (what may change on --resume)"))
    _add_output_options(parser.add_argument_group("output"))
    # None means "not said": --resume must tell a flag from a default.
    parser.set_defaults(**{name: None for name in _setting_names()})


def _add_data_options(group):
    group.add_argument("--data", metavar="DIR|digits",
                       help="folder with one folder of images per class, or with 'train' and "
                            "'val' of such folders; or the bundled digits (default: digits)")
    group.add_argument("--val-fraction", type=number(float, 0, 1, True, True), metavar="X",
                       help="share of each class that validates, where there is no 'val' folder "
                            "(default: 0.2)")
    group.add_argument("--image-size", type=number(int, 8, 4096), metavar="PIXELS",
                       help=f"side of the square that the network sees ({_default('image_size')})")
    group.add_argument("--no-exif", dest="exif", action="store_false",
                       help="ignore the orientation that a camera wrote into the file")


def _add_model_options(group):
    group.add_argument("--arch", choices=_architectures(), metavar="NAME",
                       help="resnet18, resnet34, resnet50, resnet101 or resnet152 "
                            "(default: resnet18)")
    group.add_argument("--weights", metavar="FILE|imagenet|digits|none",
                       help="where to start: a .pth or .safetensors file, ImageNet weights "
                            "(downloaded once), the embedded digits weights, or random numbers "
                            f"({_default('weights')})")
    group.add_argument("--train", metavar="head|all|NAME,...",
                       help="what to train: the last layer, everything, or parts by name, as "
                            "layer4 or layer3,layer4 (the head always trains); the rest is "
                            f"frozen, its BatchNorm statistics too ({_default('train')})")
    group.add_argument("--bn-train", action="store_true",
                       help="let frozen BatchNorm layers go on adapting their statistics, as "
                            "PyTorch does")


def _add_training_options(group):
    group.add_argument("--epochs", type=number(int, 1), metavar="N",
                       help=f"passes over the training images ({_default('epochs')})")
    group.add_argument("--batch-size", type=number(int, 1), metavar="N",
                       help=f"images per step ({_default('batch_size')})")
    group.add_argument("--lr", type=number(float, 0, low_open=True), metavar="X",
                       help=f"learning rate of SGD ({_default('lr')})")
    group.add_argument("--momentum", type=number(float, 0), metavar="X", help="(default: 0.9)")
    group.add_argument("--weight-decay", type=number(float, 0), metavar="X",
                       help="(default: 0.0001)")
    group.add_argument("--seed", type=number(int, 0, 2 ** 63 - 1), metavar="N",
                       help="decides the split, the order and the first weights (default: 0)")
    group.add_argument("--no-feature-cache", dest="feature_cache", action="store_false",
                       help="where only the head trains: run the frozen trunk over the images in "
                            "every epoch, instead of once and keeping its features for later "
                            "runs; the result is the same to the bit")


def _add_output_options(group):
    group.add_argument("--output", metavar="DIR",
                       help="folder of the run (default: runs/<date-time>)")
    group.add_argument("--checkpoint-every", type=number(float, 0), metavar="MINUTES",
                       help="write last.ckpt within an epoch too, so that a run that is killed "
                            "loses no more than this (default: 5)")
    group.add_argument("--resume", action="store_true",
                       help="continue the run in --output, to the same bits as if it had never "
                            "stopped; its settings are kept, and a flag that contradicts them is "
                            "an error, but for the speed: --workers, --threads, "
                            "--checkpoint-every.  Starts a run that was killed before it wrote")
    group.add_argument("--force", action="store_true",
                       help="replace the run in --output, if there is one")


def _default(name):
    digits, folder = DEFAULTS["digits"][name], DEFAULTS["folder"][name]
    if digits == folder:
        return f"default: {digits}"
    return f"default: {folder}; with the digits: {digits}"


def _architectures():
    return ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")


def _setting_names():
    return list(FinetuneSettings.__dataclass_fields__)


def run(args):
    """Finetune; return the exit code."""
    given = {name: getattr(args, name) for name in _setting_names()
             if getattr(args, name) is not None}
    for name, value in [*given.items(), ("output", args.output)]:
        if value == "":
            raise UsageError(f"--{name} is empty")
    for name in ("data", "weights"):
        given = _absolute(given, name)
    output = _output_folder(args)
    recorded = args.resume and (output / "config.json").is_file()
    settings = _recorded_settings(output, given) if recorded else FinetuneSettings(**given)
    _check_apart(output, settings.data)
    apply_threads(settings.threads)

    finetuning = _prepare(settings, output, args)
    if finetuning is None:
        return DONE
    from minitorch.training.signals import StopSignal
    with StopSignal(_announce_stop) as stop:
        return _train(finetuning, stop)


def _absolute(given, name):
    """Paths are kept absolute, so that a run can be continued from another folder."""
    words = {"data": ("digits",), "weights": ("imagenet", "digits", "none")}[name]
    if name in given and given[name] not in words:
        return given | {name: os.path.abspath(os.path.expanduser(given[name]))}
    return given


# -- the run's folder -------------------------------------------------------------------------
def _output_folder(args):
    """The folder of the run, checked but not made."""
    from minitorch.training.run_folder import RunFolder
    if args.resume and args.force:
        raise UsageError("--resume continues a run and --force replaces it: choose one")
    if args.resume and args.output is None:
        raise UsageError("--resume needs --output DIR, the folder of the run to continue")
    output = Path(args.output or time.strftime("runs/%Y-%m-%d-%H%M%S"))
    if args.output is None:
        output = _unused(output)
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output {output} is a file, not a folder")
    if args.resume:
        _check_resumable(output)
    elif not args.force and not RunFolder(output).holds_only_leftovers():
        raise UsageError(f"--output {output} is not empty; --resume continues the run in it, "
                         "--force replaces it")
    _check_writable(output)
    return output


def _check_resumable(output):
    """A run that was killed before its first file is resumed by starting it."""
    from minitorch.training.run_folder import RunFolder
    if (output / "config.json").is_file():
        return
    if not RunFolder(output).holds_only_leftovers():
        raise UsageError(f"there is no run to resume in {output} (no config.json)")
    from minitorch.training.naming import did_you_mean
    runs = [path.parent.name for path in output.parent.glob("*/config.json")]
    message(f"There is nothing to resume in {output}{did_you_mean(output.name, runs)}: "
            "starting a new run.")


def _check_apart(output, data):
    """A run among the class folders would be the next run's class, with its curves as image."""
    if data != "digits" and Path(data).resolve() in [output.resolve(), *output.resolve().parents]:
        raise UsageError(f"--output {output} lies in --data {data}, where it would count as a "
                         "class; choose a folder outside with --output")


def _unused(output):
    """Two runs may start in the same second."""
    candidate, count = output, 1
    while candidate.exists():
        count += 1
        candidate = output.with_name(f"{output.name}-{count}")
    return candidate


def _existing(output):
    """The folder itself, or the first one above it that is there."""
    parent = output.absolute()
    while not parent.exists():
        parent = parent.parent
    return parent


def _check_writable(output):
    parent = _existing(output)
    if not parent.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(parent))
    if not os.access(parent, os.W_OK | os.X_OK):
        raise PermissionError(13, "No permission to write there (--output)", str(parent))


def _check_space(finetuning):
    """The checkpoint holds weights and momentum, and old and new exist side by side."""
    from minitorch.training.finetune import RUN_FILES
    weights = sum(p.numel() * 4 for p in finetuning.model.parameters())
    trained = sum(p.numel() * 4 for p in finetuning.model.parameters() if p.requires_grad)
    needed = 3 * (2 * weights + trained)
    free = shutil.disk_usage(_existing(finetuning.output)).free
    # What an earlier run left here makes room when it is replaced.
    free += sum(path.stat().st_size for path in map(finetuning.path, RUN_FILES) if path.is_file())
    if free < needed:
        raise OSError(28, f"not enough space: {free / 1e6:.0f} MB are free, the run writes up to "
                      f"{needed / 1e6:.0f} MB", str(finetuning.output))


def _recorded_settings(output, given):
    """The settings in config.json; a flag that says something else is an error."""
    path = output / "config.json"
    try:
        recorded = json.loads(path.read_text())
        settings = FinetuneSettings.from_dict(recorded)
        _check_recorded(settings)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path} cannot be read as the settings of a run: {error}") from error
    for name, value in given.items():
        kept = getattr(settings, name)
        if name in SPEED_ONLY and name != "feature_cache":
            setattr(settings, name, value)
        elif value != kept:
            negated = "no-" if name in ("exif", "feature_cache") else ""
            flag = f"--{negated}{name}".replace("_", "-")
            asked = "" if isinstance(value, bool) else f" {value}"
            raise UsageError(f"{flag}{asked} contradicts the run in {output}, which has "
                             f"{name} {kept}; leave the flag out, or start a new run")
    return settings


def _check_recorded(settings):
    settings.check()
    if settings.arch not in _architectures():
        raise ValueError(f"arch is {settings.arch!r}")


# -- before the first step --------------------------------------------------------------------
def _prepare(settings, output, args):
    """Load data and weights, check everything, make the folder; None if nothing is left to do."""
    from minitorch.training import finetune
    from minitorch.training.run_folder import RunFolder
    from minitorch.training.weights import find_weights
    folder = RunFolder(output)
    checkpoint = folder.load() if args.resume else None
    if checkpoint is not None and checkpoint["training"]["epoch"] >= settings.epochs:
        message(f"The run in {output} is complete: all {settings.epochs} epochs are done.")
        return None
    try:
        finetune.check_trained_parts(settings)
    except ValueError as error:
        raise UsageError(f"--train: {error}") from error
    data = finetune.load_data(settings, checkpoint)
    _describe_data(data)
    pretrained = None if checkpoint else find_weights(
        settings.weights, settings.arch, progress=is_terminal(sys.stderr))
    finetuning = finetune.FinetuneRun(settings, data, pretrained, folder, checkpoint)
    _open_output(finetuning, checkpoint, args)
    _describe_run(finetuning, checkpoint)
    return finetuning


def _open_output(finetuning, checkpoint, args):
    _check_space(finetuning)
    if args.force:
        finetuning.folder.clear()
    finetuning.open_folder(checkpoint)


def _describe_data(data):
    message(f"data      {data.name}: {len(data.classes)} classes, "
            f"{counted(len(data.train), 'image')} to train on, {len(data.val)} to validate")
    if data.ignored:
        message(f"          {counted(data.ignored, 'file')} without an image extension ignored")


def _describe_run(finetuning, checkpoint):
    settings, pretrained = finetuning.settings, finetuning.pretrained
    parameters = [p for p in finetuning.model.parameters()]
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    total = sum(p.numel() for p in parameters)
    if checkpoint is None:
        message(f"weights   {pretrained.source if pretrained else 'random'}")
    message(f"model     {settings.arch}, training {settings.train}: {trained:,} of {total:,} "
            f"parameters, {settings.image_size} pixels, batches of {settings.batch_size}")
    for note in [*finetuning.folder.notes, *finetuning.notes]:
        message(f"note      {note}")
    message(f"output    {finetuning.output}")
    if checkpoint is not None:
        state, batches = finetuning.state, finetuning.batches
        message(f"resuming  in epoch {state.epoch + 1} of {settings.epochs}, at batch "
                f"{state.metrics.batches + 1} of {batches.batches}"
                if state.metrics.batches < batches.batches else
                f"resuming  with the validation of epoch {state.epoch + 1} of {settings.epochs}")


# -- the run ----------------------------------------------------------------------------------
def _train(finetuning, stop):
    reporter = _Reporter(finetuning)
    started = time.monotonic()
    try:
        finished = finetuning.train(reporter.on_step, reporter.on_epoch, stop,
                                    reporter.on_images)
    except BrokenPipeError:
        message(f"Nobody reads the output any more: stopped. {_to_go_on(finetuning)}")
        raise
    finally:
        reporter.close()
        report_unreadable(finetuning.problems)
    if finetuning.problems:
        message(f"{counted(len(finetuning.problems), 'file')} could not be read and "
                f"{'was' if len(finetuning.problems) == 1 else 'were'} left out")
    if not finished:
        message(f"Stopped; saved {finetuning.path('last.ckpt')}. {_to_go_on(finetuning)}")
        return TERMINATED if stop.received == signal.SIGTERM else INTERRUPTED
    best = finetuning.state.best
    elapsed = datetime.timedelta(seconds=round(time.monotonic() - started))
    result(f"best validation accuracy {100 * best['accuracy']:.2f} % in epoch {best['epoch']}, "
           f"after {elapsed} in all")
    result(f"model     {finetuning.path('best.safetensors')}")
    return DONE


def _to_go_on(finetuning):
    return ("To go on: minitorch finetune --output "
            f"{shlex.quote(str(finetuning.output))} --resume")


def _announce_stop(number):
    """Runs in the signal handler: only an unbuffered write is safe there."""
    text = "SIGTERM: stopping after this step and saving"
    if number == signal.SIGINT:
        text = ("Ctrl-C: stopping after this step and saving "
                "(Ctrl-C again: at once, without saving)")
    with contextlib.suppress(OSError):
        os.write(2, f"\r{text}\n".encode() if Progress.shown else f"{text}\n".encode())


class _Reporter:
    """The bar while an epoch runs, and its line when it is over."""

    def __init__(self, finetuning):
        self.run = finetuning
        self.split = self.bar = None

    def on_step(self, split, metrics):
        report_unreadable(self.run.problems)
        seen = metrics.result()
        if split != self.split:
            self._begin(split, seen.images)
        self.bar.update(seen.images, loss=f"{seen.loss:.3f}",
                        acc=f"{100 * seen.accuracy:.1f}%")

    def on_images(self, count):
        report_unreadable(self.run.problems)
        if self.bar is None:
            self.bar = Progress("features", len(self.run.features), count)
        self.bar.update(count)

    def _begin(self, split, done):
        self.close()
        data = self.run.data.train if split == "train" else self.run.data.val
        epoch = f"epoch {self.run.state.epoch + 1}/{self.run.settings.epochs}"
        self.split, self.bar = split, Progress(f"{epoch} {split:5}", len(data), done)

    def on_epoch(self, state, improved):
        self.close()
        train, val = state.history[-2:]
        width = len(str(self.run.settings.epochs))
        result(f"epoch {state.epoch:{width}}/{self.run.settings.epochs}  "
               f"train loss {train['loss']:.4f} acc {100 * train['accuracy']:6.2f} %  "
               f"val loss {val['loss']:.4f} acc {100 * val['accuracy']:6.2f} %  "
               f"{train['images_per_second']:.0f} images/s  "
               f"{train['seconds'] + val['seconds']:.1f} s{'  (best)' if improved else ''}")

    def close(self):
        if self.bar is not None:
            self.bar.close()
        self.split = self.bar = None
