"""``minitorch evaluate``: how well a model does on labelled images."""

import json
from pathlib import Path

from minitorch.cli._common import (
    DONE,
    Progress,
    add_machine_options,
    apply_threads,
    counted,
    message,
    number,
    report_unreadable,
    result,
)

SUMMARY = "measure a finetuned model on a folder of labelled images"
DESCRIPTION = """
Measure loss and accuracy of a model on DIR/class/*.  Folders are matched to the model's classes
by their names; a folder of another name is an error.

examples:
  minitorch evaluate runs/cats/best.safetensors photos/test
  minitorch evaluate best.safetensors photos/test --json
"""
EPILOG = """
If DIR holds 'train' and 'val', DIR/val is measured.

exit codes: 0 done, 1 the job failed, 2 wrong usage.
"""


def add_parser(subparsers):
    """Add ``evaluate`` to the parser of the commands."""
    parser = subparsers.add_parser("evaluate", help=SUMMARY, description=DESCRIPTION,
                                   epilog=EPILOG)
    parser.add_argument("model", metavar="MODEL", help="best.safetensors of a run")
    parser.add_argument("data", metavar="DIR", help="folder with one folder of images per class")
    parser.add_argument("--batch-size", type=number(int, 1), default=32, metavar="N",
                        help="images at a time; changes speed and memory only (default: 32)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    add_machine_options(parser.add_argument_group("machine"))


def run(args):
    """Evaluate; return the exit code."""
    from minitorch.training import DataError, labelled_images, load_model
    from minitorch.training.data import ReadProblems
    apply_threads(args.threads)
    model, info = load_model(args.model)
    folder = _labelled_folder(Path(args.data))
    samples, ignored = labelled_images(folder, info.classes)
    if ignored:
        message(f"{counted(ignored, 'file')} without an image extension ignored")
    problems = ReadProblems()
    measured = _measure(model, info, samples, problems, args)
    if problems:
        message(f"{counted(len(problems), 'file')} could not be read and left out")
    if not measured.images:
        raise DataError(f"{folder}: none of the images could be read")
    _print(measured, info.classes, len(problems), args.json)
    return DONE


def _labelled_folder(root):
    if (root / "train").is_dir() and (root / "val").is_dir():
        message(f"measuring {root / 'val'}")
        return root / "val"
    return root


def _measure(model, info, samples, problems, args):
    from minitorch.training import EpochBatches, ImageList, evaluate, make_loader
    images = ImageList(samples, info.preprocessing.transform(), info.preprocessing.exif, problems)
    order = EpochBatches(len(images), args.batch_size, shuffle=False, lone="keep")
    loader = make_loader(images, order, 2 if args.workers is None else args.workers)
    with Progress("evaluate", len(images)) as bar:
        def on_step(metrics):
            report_unreadable(problems)
            seen = metrics.result()
            bar.update(seen.images, acc=f"{100 * seen.accuracy:.1f}%")

        measured = evaluate(model, loader, classes=len(info.classes), on_step=on_step)
    report_unreadable(problems)
    return measured


def _print(measured, classes, unreadable, as_json):
    per_class = list(zip(classes, measured.per_class(), strict=True))
    if as_json:
        result(json.dumps({
            "images": measured.images, "unreadable": unreadable, "loss": measured.loss,
            "accuracy": measured.accuracy,
            "classes": {name: {"accuracy": accuracy, "images": images}
                        for name, (accuracy, images) in per_class}}))
        return
    result(f"images    {measured.images}")
    result(f"loss      {measured.loss:.4f}")
    result(f"accuracy  {100 * measured.accuracy:.2f} %")
    result()
    width = max(5, *(len(name) for name in classes))
    result(f"{'class':{width}}  accuracy  images")
    for name, (accuracy, images) in per_class:
        shown = "-" if accuracy is None else f"{100 * accuracy:.2f} %"
        result(f"{name:{width}}  {shown:>8}  {images:>6}")
