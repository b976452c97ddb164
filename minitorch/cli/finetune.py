"""``minitorch finetune``: options, wiring and messages of a finetuning run."""

import contextlib
import datetime
import os
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path

from minitorch.cli._common import (
    DONE,
    FAILED,
    USAGE,
    Progress,
    UsageError,
    apply_threads,
    counted,
    describe,
    is_terminal,
    message,
    report_unreadable,
)
from minitorch.cli._finetune_options import SUMMARY, add_parser, setting_names
from minitorch.cli._reporter import JsonReporter, write_event
from minitorch.cli._reporter import Reporter as _Reporter
from minitorch.cli._settings import given_flags, settings_of

__all__ = ["SUMMARY", "add_parser", "run"]


def run(args):
    """Finetune; return the exit code."""
    try:
        return _checked(args)
    except BrokenPipeError:
        raise
    except Exception as error:
        if args.log == "json":
            write_event("error", message=describe(error),
                        code=USAGE if isinstance(error, UsageError) else FAILED)
        raise


def _checked(args):
    from minitorch.training.run.folder import RunFolder
    given = given_flags(args, setting_names())
    output = _output_folder(args)
    settings = settings_of(args, given, output)
    _check_apart(output, "--data", settings.data)
    _check_apart(output, "--val", settings.val)
    apply_threads(settings.threads)
    folder = RunFolder(output)
    folder.hold()
    try:
        return _run(settings, folder, args)
    finally:
        folder.release()


def _run(settings, folder, args):
    finetuning = _prepare(settings, folder, args)
    if finetuning is None:
        return DONE
    if args.dry_run:
        from minitorch.cli._plan import print_plan
        from minitorch.training.run.plan import measured_plan
        print_plan(measured_plan(finetuning), args.log == "json")
        return DONE
    from minitorch.training.signals import StopSignal
    with StopSignal(_announce_stop) as stop:
        reporter = (JsonReporter if args.log == "json" else _Reporter)(finetuning)
        return _train(finetuning, reporter, stop, args.report)


# -- the run's folder -------------------------------------------------------------------------
def _output_folder(args):
    """The folder of the run, checked but not made."""
    from minitorch.training.run.folder import RunFolder
    if args.resume and args.dry_run:
        raise UsageError("--dry-run plans a new run, and --resume goes on with one: choose one")
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
    from minitorch.training.naming import did_you_mean
    from minitorch.training.run.folder import RunFolder
    if (output / "config.json").is_file():
        return
    if not RunFolder(output).holds_only_leftovers():
        raise UsageError(f"there is no run to resume in {output} (no config.json)")
    runs = [path.parent.name for path in output.parent.glob("*/config.json")]
    message(f"There is nothing to resume in {output}{did_you_mean(output.name, runs)}: "
            "starting a new run.")


def _check_apart(output, flag, data):
    """A run among the class folders would be the next run's class, with its curves as image."""
    if data in (None, "digits"):
        return
    if Path(data).resolve() in [output.resolve(), *output.resolve().parents]:
        raise UsageError(f"--output {output} lies in {flag} {data}, where it would count as a "
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
    """The checkpoint holds weights, average and momentum; old and new exist side by side."""
    from minitorch.training.run.finetune import RUN_FILES
    weights = sum(p.numel() * 4 for p in finetuning.model.parameters())
    trained = sum(p.numel() * 4 for group in finetuning.optimizer.param_groups
                  for p in group["params"])
    needed = 3 * ((2 if finetuning.average is None else 3) * weights + trained)
    free = shutil.disk_usage(_existing(finetuning.output)).free
    # What an earlier run left here makes room when it is replaced.
    free += sum(path.stat().st_size for path in map(finetuning.path, RUN_FILES) if path.is_file())
    if free < needed:
        raise OSError(28, f"not enough space: {free / 1e6:.0f} MB are free, the run writes up to "
                      f"{needed / 1e6:.0f} MB", str(finetuning.output))


# -- before the first step --------------------------------------------------------------------
def _prepare(settings, folder, args):
    """Load data and weights, check everything, make the folder; None if nothing is left to do."""
    from minitorch.training.run import finetune
    from minitorch.training.weights import find_weights
    output = folder.path
    checkpoint = folder.load() if args.resume else None
    if checkpoint is not None and _is_complete(settings, checkpoint, output):
        folder.settle(checkpoint)       # it may have been killed while it tidied up
        folder.finish()
        for note in folder.notes:
            message(f"note      {note}")
        return None
    try:
        finetune.check_trained_parts(settings)
    except ValueError as error:
        flag = "--freeze" if settings.train.startswith("after:") else "--train"
        raise UsageError(f"{flag}: {error}") from error
    data = finetune.load_data(settings, checkpoint)
    _describe_data(data)
    if settings.bad_images != "skip":
        _examine_first(data, settings)
    weights = settings.weights
    if args.dry_run:
        from minitorch.training.run.plan import missing_download
        missing = missing_download(settings)
        if missing is not None:
            weights = "none"
            data.notes.append(f"{missing} would be downloaded first; measured with random weights")
    pretrained = None if checkpoint else find_weights(
        weights, settings.arch, progress=is_terminal(sys.stderr))
    finetuning = finetune.FinetuneRun(settings, data, pretrained, folder, checkpoint)
    if not args.dry_run:
        _open_output(finetuning, checkpoint, args)
    _describe_run(finetuning, checkpoint)
    if args.log != "json":
        report_unreadable(finetuning.problems)      # those that are known from before
    return finetuning


def _examine_first(data, settings):
    """Decode all images before anything else, and remember what was found."""
    from minitorch.training.doctor.bad_images import examine_first
    bar = Progress("check", len(data.train) + len(data.val))
    with bar:
        reasons = examine_first(data, settings, lambda done, _: bar.update(done))
    message(f"images    all decoded; {counted(len(reasons), 'file')} cannot be used")


def _is_complete(settings, checkpoint, output):
    """Whether the run in `output` has nothing left to do; it is said then."""
    from minitorch.training import TrainingState
    from minitorch.training.run.finetune import is_complete
    state = TrainingState()
    state.load_state_dict(checkpoint["training"])
    if not is_complete(settings, state):
        return False
    done = (f"all {settings.epochs} epochs are done" if state.epoch >= settings.epochs else
            f"--early-stop {settings.early_stop} ended it after epoch {state.epoch}")
    message(f"The run in {output} is complete: {done}.")
    return True


def _open_output(finetuning, checkpoint, args):
    _check_space(finetuning)
    finetuning.output.mkdir(parents=True, exist_ok=True)
    finetuning.folder.hold()
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
    what = settings.train.replace("after:", "all after ")
    message(f"model     {settings.arch}, training {what}: {trained:,} of {total:,} "
            f"parameters, {settings.image_size} pixels, batches of {settings.batch_size}"
            + (f", {settings.accum} to a step" if settings.accum > 1 else ""))
    if settings.unfreeze_at is not None:
        message(f"          from epoch {settings.unfreeze_at} on everything trains")
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
def _train(finetuning, reporter, stop, report):
    from minitorch.training.errors import DataError
    from minitorch.training.run.finetune import described_best
    started = time.monotonic()
    try:
        finished = finetuning.train(reporter.on_step, reporter.on_epoch, stop,
                                    reporter.on_images, reporter.warning)
    except BrokenPipeError:
        message(f"Nobody reads the output any more: stopped. {_to_go_on(finetuning)}")
        raise
    except (OSError, MemoryError, FloatingPointError, DataError) as error:
        # What is not finite would be so again.
        advice = "" if isinstance(error, FloatingPointError) else f" {_to_go_on(finetuning)}"
        message(f"Stopped by an error; {_last_good(finetuning)}.{advice}")
        if report and finetuning.state.history and isinstance(error, FloatingPointError):
            finetuning.warnings.append(str(error))
            _report(finetuning, False, reporter, stop)
        raise
    finally:
        reporter.close()
        reporter.unreadable()
    if finetuning.problems:
        message(f"{counted(len(finetuning.problems), 'file')} could not be read and "
                f"{'was' if len(finetuning.problems) == 1 else 'were'} left out")
    if report and finetuning.state.history:
        _report(finetuning, finished, reporter, stop)
    if not finished:
        message(f"Stopped; saved {finetuning.path('last.ckpt')}. {_to_go_on(finetuning)}")
        reporter.stopped()
        return 128 + stop.received
    settings, state = finetuning.settings, finetuning.state
    if state.epoch < settings.epochs:
        message(f"--early-stop: no better validation in {settings.early_stop} epochs, so it ends "
                f"after {state.epoch} of {settings.epochs}")
    elapsed = datetime.timedelta(seconds=round(time.monotonic() - started))
    reporter.end(described_best(settings.metric, state.best, 2), elapsed,
                 finetuning.path("best.safetensors"))
    return DONE


def _report(finetuning, finished, reporter, stop):
    """Write report.html; the model is there already, so a failure is said and no more."""
    from minitorch.training.report.gather import write_run_report
    images = len(finetuning.data.val) if finished else 0
    try:
        with Progress("report", images) as bar:
            write_run_report(finetuning, finished, lambda found: bar.update(found.images), stop)
    except Exception as error:
        reporter.warning(f"{finetuning.path('report.html')} was not written: {describe(error)}")
    else:
        message(f"report    {finetuning.path('report.html')}")


def _last_good(finetuning):
    """Where the last good state is, and of when."""
    from minitorch.training import load_checkpoint
    path = finetuning.path("last.ckpt")
    try:
        saved = load_checkpoint(path)["training"]
    except (OSError, ValueError, RuntimeError):
        return "nothing was saved yet"
    return (f"{path} holds the last good state (epoch {saved['epoch'] + 1}, after "
            f"{counted(saved['metrics']['batches'], 'batch', 'batches')})")


def _to_go_on(finetuning):
    return ("To go on: minitorch finetune --output "
            f"{shlex.quote(str(finetuning.output))} --resume")


def _announce_stop(number):
    """Runs in the signal handler: only an unbuffered write is safe there."""
    text = f"{signal.Signals(number).name}: stopping after this step and saving"
    if number == signal.SIGINT:
        text = ("Ctrl-C: stopping after this step and saving "
                "(Ctrl-C again: at once, without saving)")
    with contextlib.suppress(OSError):
        os.write(2, f"\r{text}\n".encode() if Progress.shown else f"{text}\n".encode())
