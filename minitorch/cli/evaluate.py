"""``minitorch evaluate``: how well a model does on labelled images."""

import json
import math
import os
from pathlib import Path

from minitorch.cli._common import (
    DONE,
    Progress,
    UsageError,
    add_machine_options,
    apply_threads,
    counted,
    message,
    number,
    printable,
    report_unreadable,
    result,
)

SUMMARY = "measure a finetuned model on a folder of labelled images"
DESCRIPTION = """
Measure loss and accuracy of a model on DIR/class/*.  Folders are matched to the model's classes
by their names; a folder of another name is an error, a class without a folder is not.

examples:
  minitorch evaluate runs/cats/best.safetensors photos/test
  minitorch evaluate best.safetensors photos/test --json
  minitorch evaluate best.safetensors photos/test --output cats-test
"""
EPILOG = """
If DIR holds 'train' and 'val', DIR/val is measured.  Nothing is written without --output.  In
--output: report.html (all of it, to look at), predictions.csv (a line per image), confusion.csv
and confusion.png (a row per true class, a column per guess), mistakes.png (the wrong guesses with
the highest loss), evaluation.json (what --json prints).

Precision, recall and F1 are those of scikit-learn: averages are over the classes that occur, as
images or as guesses, and 0 / 0, shown as '-', counts as 0 in them.

exit codes: 0 done, 1 the job failed, 2 wrong usage, 130 interrupted by Ctrl-C, 143 by SIGTERM.
"""
FILES = ("evaluation.json", "predictions.csv", "confusion.csv", "confusion.png", "mistakes.png",
         "report.html")


def add_parser(subparsers):
    """Add ``evaluate`` to the parser of the commands."""
    parser = subparsers.add_parser("evaluate", help=SUMMARY, description=DESCRIPTION,
                                   epilog=EPILOG)
    parser.add_argument("model", metavar="MODEL", help="best.safetensors of a run")
    parser.add_argument("data", metavar="DIR", help="folder with one folder of images per class")
    group = parser.add_argument_group("output")
    group.add_argument("--top", type=number(int, 1), default=5, metavar="K",
                       help="count also as right where the class is among the K likeliest, and "
                            "list K guesses per image (default: 5)")
    group.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    group.add_argument("--output", metavar="DIR",
                       help="write report, predictions, confusion matrix and mistakes into DIR")
    group.add_argument("--mistakes", type=number(int, 0, 1000), default=24, metavar="N",
                       help="how many of the worst mistakes --output shows (default: 24)")
    machine = parser.add_argument_group("machine")
    machine.add_argument("--batch-size", type=number(int, 1), default=32, metavar="N",
                         help="images at a time; changes speed and memory only (default: 32)")
    add_machine_options(machine)


def run(args):
    """Evaluate; return the exit code."""
    from minitorch.training import DataError, labelled_images, load_model
    from minitorch.training.data import ReadProblems
    apply_threads(args.threads)
    model, info = load_model(args.model)
    folder = _labelled_folder(Path(args.data))
    output = _output_folder(args)
    samples, ignored = labelled_images(folder, info.classes)
    if ignored:
        message(f"{counted(ignored, 'file')} without an image extension ignored")
    from minitorch.training.naming import listed
    present = {target for _, target in samples}
    absent = [repr(name) for index, name in enumerate(info.classes) if index not in present]
    if absent:
        message(f"no image of {listed(absent, 8)}: {len(absent)} of the "
                f"{counted(len(info.classes), 'class', 'classes')}")
    problems = ReadProblems()
    found = _examine(model, info, samples, problems, args)
    if problems:
        message(f"{counted(len(problems), 'file')} could not be read and left out")
    if not found.images:
        raise DataError(f"{folder}: none of the images could be read")
    measured = _as_json(found, problems)
    if output is not None:
        _write(output, folder, samples, info, found, measured, problems, args)
    if args.json:
        result(json.dumps(measured))
    else:
        _print(found)
    if output is not None:
        message(f"report    {output / 'report.html'}")
    return DONE


def _labelled_folder(root):
    if (root / "train").is_dir() and (root / "val").is_dir():
        message(f"measuring {root / 'val'}")
        return root / "val"
    return root


def _output_folder(args):
    """The folder to write to, made and checked before the work; None without ``--output``."""
    if args.output is None:
        return None
    if args.output == "":
        raise UsageError("--output is empty")
    output, data = Path(args.output), Path(args.data).resolve()
    if data in [output.resolve(), *output.resolve().parents]:
        raise UsageError(f"--output {output} lies in {args.data}, where its pictures would count "
                         "as images; choose a folder outside")
    if (output / "config.json").exists():
        raise UsageError(f"--output {output} holds a run, whose report would be replaced; choose "
                         "another folder")
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output {output} is a file, not a folder")
    output.mkdir(parents=True, exist_ok=True)
    if not os.access(output, os.W_OK | os.X_OK):
        raise PermissionError(13, "No permission to write there (--output)", str(output))
    return output


def _examine(model, info, samples, problems, args):
    from minitorch.training import EpochBatches
    from minitorch.training.report.examination import examine
    from minitorch.training.report.gather import examination_loader
    workers = 2 if args.workers is None else args.workers
    order = EpochBatches(len(samples), args.batch_size, shuffle=False, lone="keep")
    loader = examination_loader([path for path, _ in samples], info, order, workers, problems)
    with Progress("evaluate", len(samples)) as bar:
        def on_step(found):
            report_unreadable(problems)
            bar.update(found.images, acc=f"{100 * found.accuracy:.1f}%")

        found = examine(model, loader, info.classes, [target for _, target in samples],
                        top=args.top, on_step=on_step)
    report_unreadable(problems)
    return found


# -- numbers ------------------------------------------------------------------------------------
def _as_json(found, problems):
    scores, columns = found.scores, ("precision", "recall", "f1")
    classes = {}
    for index, name in enumerate(found.classes):
        values = {column: _number(getattr(scores, column)[index]) for column in columns}
        # Of a class, accuracy is another word for recall.
        classes[name] = {"accuracy": values["recall"], "images": int(scores.support[index]),
                         **values, "guesses": int(scores.predicted[index])}
    top = found.guesses.shape[1]
    return {"images": found.images, "unreadable": len(problems),
            "unreadable_files": dict(problems.reasons), "loss": _number(found.loss),
            "accuracy": found.accuracy, "top": {"k": top, "accuracy": found.top_accuracy(top)},
            "balanced_accuracy": _number(scores.balanced_accuracy),
            "macro": scores.average("macro"), "weighted": scores.average("weighted"),
            "classes": classes}


def _number(value):
    """A float as JSON knows them: None for NaN and infinity."""
    return float(value) if math.isfinite(value) else None


def _print(found):
    from minitorch.training.report.gather import percent
    scores, top = found.scores, found.guesses.shape[1]
    result(f"images    {found.images}")
    result(f"loss      {found.loss:.4f}")
    result(f"accuracy  {percent(found.accuracy)}")
    if 1 < top < len(found.classes):
        result(f"top-{top:<5} {percent(found.top_accuracy(top))}")
    result(f"balanced  {percent(scores.balanced_accuracy)}")
    result()
    names = [_shortened(printable(name)) for name in found.classes]
    width = max(16, *map(len, names))
    result(f"{'class':{width}}  precision    recall        F1  images")
    for index, name in enumerate(names):
        _line(name, width, [scores.precision[index], scores.recall[index], scores.f1[index]],
              scores.support[index])
    for kind in ("macro", "weighted"):
        _line(f"{kind} average", width, scores.average(kind).values(), found.images)


def _shortened(name, limit=48):
    return name if len(name) <= limit else f"{name[:limit // 2]}…{name[-(limit // 2 - 1):]}"


def _line(name, width, values, images):
    shown = ["-" if math.isnan(value) else f"{100 * value:.2f} %" for value in values]
    result(f"{name:{width}}  {shown[0]:>9} {shown[1]:>9} {shown[2]:>9}  {images:>6}")


# -- files --------------------------------------------------------------------------------------
def _write(output, folder, samples, info, found, measured, problems, args):
    """Write the files of ``--output``, the report last, as it names the others."""
    from minitorch.training.files import write_bytes, write_json
    from minitorch.training.report.drawing import png
    from minitorch.training.report.examination import confusion_csv, predictions_csv
    from minitorch.training.report.gather import evaluation_report, list_mistakes
    from minitorch.training.report.page import render
    from minitorch.training.report.pictures import draw_confusion, draw_mistakes
    paths = [path for path, _ in samples]
    mistakes = list_mistakes(found, paths, args.mistakes, folder, info.preprocessing.exif)
    title = f"{info.arch} on {folder.name}: accuracy {100 * found.accuracy:.1f} %"
    write_json(output / "evaluation.json", measured)
    write_bytes(output / "predictions.csv", _text(predictions_csv(found, paths,
                                                                  problems.reasons)))
    write_bytes(output / "confusion.csv", _text(confusion_csv(found.confusion, info.classes)))
    write_bytes(output / "confusion.png", png(draw_confusion(found.confusion, info.classes,
                                                             title)))
    write_bytes(output / "mistakes.png", png(draw_mistakes(mistakes, title)))
    report = evaluation_report(args.model, info, folder, found, mistakes, problems=problems,
                               files=[output / name for name in FILES[:-1]])
    write_bytes(output / "report.html", render(report))


def _text(text):
    # A file name need not be text: what is none of it is written as \udcXX.
    return text.encode("utf-8", "backslashreplace")
