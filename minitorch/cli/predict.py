"""``minitorch predict``: classes of images, one line or one JSON object each."""

import json
import os

from minitorch.cli._common import (
    DONE,
    FAILED,
    add_machine_options,
    apply_threads,
    counted,
    message,
    number,
    report_unreadable,
    result,
)

SUMMARY = "classify images with a finetuned model"
DESCRIPTION = """
Classify images.  The model file holds its classes and how images are prepared.

examples:
  minitorch predict runs/cats/best.safetensors new/*.jpg
  minitorch predict best.safetensors new/ --top 3 --json > predictions.jsonl
"""
EPILOG = """
On stdout, for each image that could be read: its path, the classes and their probabilities.
With --json one object a line:
  {"path": "a.jpg", "predictions": [{"label": "cat", "probability": 0.98}, ...]}

exit codes: 0 done, 1 a named image or the model could not be read, 2 wrong usage.
"""
BATCH = 32


def add_parser(subparsers):
    """Add ``predict`` to the parser of the commands."""
    parser = subparsers.add_parser("predict", help=SUMMARY, description=DESCRIPTION,
                                   epilog=EPILOG)
    parser.add_argument("model", metavar="MODEL", help="best.safetensors of a run")
    parser.add_argument("images", metavar="IMAGE", nargs="+",
                        help="image files; of a folder all images in it, at any depth")
    parser.add_argument("--top", type=number(int, 1), default=1, metavar="K",
                        help="classes per image, likeliest first (default: 1)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_machine_options(parser.add_argument_group("machine"))


def run(args):
    """Predict; return the exit code."""
    from minitorch.training import load_model
    from minitorch.training.data import ReadProblems
    apply_threads(args.threads)
    model, info = load_model(args.model)
    paths, named = _image_paths(args.images)
    problems = ReadProblems()
    done = 0
    for path, row in _probabilities(model, info, paths, problems, args.workers):
        report_unreadable(problems)
        _print(path, _likeliest(row, info.classes, args.top), args.json)
        done += 1
    report_unreadable(problems)
    if problems:
        message(f"{counted(len(problems), 'file')} of {len(paths)} could not be read")
    failed = not done or any(path in named for path in problems.reasons)
    if not paths:
        message("no images there")
    return FAILED if failed else DONE


def _image_paths(arguments):
    """All paths in the order given, and the set of those that were named themselves."""
    from minitorch.training.data import images_below
    paths, named = [], set()
    for argument in arguments:
        if os.path.isdir(argument):
            paths += images_below(argument)
        else:
            paths.append(argument)
            named.add(argument)
    return paths, named


def _probabilities(model, info, paths, problems, workers):
    """Yield ``(path, probabilities)`` of each readable image, in order."""
    from minitorch.training import ImageList, predict
    from minitorch.utils.data import DataLoader
    images = ImageList([(path, index) for index, path in enumerate(paths)],
                       info.preprocessing.transform(), info.preprocessing.exif, problems)
    loader = DataLoader(images, batch_size=BATCH, collate_fn=_collate,
                        num_workers=2 if workers is None else workers)
    for batch in loader:
        if batch is not None:
            inputs, indices = batch
            rows = predict(model, inputs).numpy()
            yield from zip((paths[index] for index in indices.tolist()), rows, strict=True)


def _collate(samples):
    from minitorch.training.data import collate_readable
    return collate_readable(samples)


def _likeliest(row, classes, top):
    order = (-row).argsort(kind="stable")[:top]
    return [{"label": classes[index], "probability": float(row[index])} for index in order]


def _print(path, predictions, as_json):
    if as_json:
        result(json.dumps({"path": path, "predictions": predictions}))
    else:
        shown = ", ".join(f"{each['label']} {100 * each['probability']:.2f} %"
                          for each in predictions)
        result(f"{path}: {shown}")
