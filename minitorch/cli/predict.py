"""``minitorch predict``: classes of images, one line or one JSON object each."""

import io
import json
import os
import re
import sys

from minitorch.cli._common import (
    DONE,
    FAILED,
    UsageError,
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
  find new -newer last -print0 | minitorch predict best.safetensors - --csv > predictions.csv
  curl -s https://example.org/cat.jpg | minitorch predict best.safetensors -
"""
EPILOG = """
On stdout, for each image that could be read, in the order given and as soon as it is known: its
path, the classes and their probabilities.  With --json one object a line:
  {"path": "a.jpg", "predictions": [{"label": "cat", "probability": 0.98}, ...]}
With --csv a header and one line an image: path,label,probability,label_2,probability_2,...

'-' is standard input: the bytes of one image, or a list of paths, one a line or separated by
NULs.  Paths are answered in batches; --batch-size 1 --workers 0 answers each at once.

exit codes: 0 done, 1 the model, an image that was named itself, or every image could not be read
(one within a folder is left out, and named on stderr), 2 wrong usage, 130 interrupted by Ctrl-C,
143 by SIGTERM.
"""
UNKNOWN = "unknown"


def add_parser(subparsers):
    """Add ``predict`` to the parser of the commands."""
    parser = subparsers.add_parser("predict", help=SUMMARY, description=DESCRIPTION,
                                   epilog=EPILOG)
    parser.add_argument("model", metavar="MODEL", help="best.safetensors of a run")
    parser.add_argument("images", metavar="IMAGE", nargs="+",
                        help="image files; of a folder all images in it, at any depth; '-': "
                             "standard input, an image or a list of paths")
    group = parser.add_argument_group("output")
    group.add_argument("--top", type=number(int, 1), default=1, metavar="K",
                       help="classes per image, likeliest first (default: 1)")
    group.add_argument("--threshold", type=number(float, 0, 1), default=0.0, metavar="P",
                       help=f"say '{UNKNOWN}', with the likeliest class's probability, where "
                            "that is less than P (default: 0)")
    formats = group.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="one JSON object a line")
    formats.add_argument("--csv", action="store_true", help="a table, one line an image")
    machine = parser.add_argument_group("machine")
    machine.add_argument("--batch-size", type=number(int, 1), default=32, metavar="N",
                         help="images at a time; changes speed and memory only (default: 32)")
    add_machine_options(machine)


def run(args):
    """Predict; return the exit code."""
    from minitorch.training import load_model
    from minitorch.training.data import ReadProblems
    from minitorch.training.prediction import predict_images
    from minitorch.training.settings import ARCHITECTURES
    if args.images.count("-") > 1:
        raise UsageError("'-' stands twice, but standard input can be read once")
    apply_threads(args.threads)
    if args.model in ARCHITECTURES and not os.path.exists(args.model):
        raise UsageError(f"{args.model!r} is a network without classes of yours; MODEL is the "
                         "best.safetensors of a run of 'minitorch finetune'")
    model, info = load_model(args.model)
    problems = ReadProblems()
    sources = _Sources(args.images, info.preprocessing.exif, problems)
    show = (_Table(min(args.top, len(info.classes))) if args.csv
            else _show_json if args.json else _show_text)
    done = 0
    for source, row in predict_images(model, info, sources, batch_size=args.batch_size,
                                      workers=2 if args.workers is None else args.workers,
                                      problems=problems):
        report_unreadable(problems)
        # An image instead of a path is the one that came from standard input.
        path = source if isinstance(source, str) else "-"
        show(path, _likeliest(row, info.classes, args.top, args.threshold))
        done += 1
    report_unreadable(problems)
    if problems:
        message(f"{counted(len(problems), 'file')} of {sources.count} could not be read")
    elif not done:
        message("no images there")
    return DONE if done and sources.named.isdisjoint(problems.reasons) else FAILED


class _Sources:
    """The images that the arguments mean, found as they are asked for.

    Attributes
    ----------
    count : int
        Of the images so far, the unreadable ones among them.
    named : set of str
        Those that were not found in a folder, but named by an argument or on standard input.
    """

    def __init__(self, arguments, exif, problems):
        self.arguments, self.exif, self.problems = arguments, exif, problems
        self.count, self.named = 0, set()

    def __iter__(self):
        for argument in self.arguments:
            for source in self._stdin() if argument == "-" else self._found(argument):
                self.count += 1
                yield source

    def _found(self, path):
        from minitorch.training.data import images_below, reason_of
        if not os.path.isdir(path):
            self.named.add(path)
            yield path
            return
        try:
            yield from images_below(path)
        except OSError as error:
            self.count += 1
            self.named.add(str(error.filename or path))
            self.problems.add(str(error.filename or path), reason_of(error, path))

    def _stdin(self):
        if sys.stdin is None:
            raise UsageError("'-' asks for standard input, which is closed")
        stream = sys.stdin.buffer
        head = _beginning(stream)
        if _holds_paths(head):
            for name in _split(head, stream):
                yield from self._found(os.fsdecode(name))
            return
        from minitorch.datasets.images import ImageError, check_sides, load_image
        try:
            image = load_image(io.BytesIO(head + stream.read()), exif=self.exif)
            check_sides("-", image)
            yield image
        except ImageError as error:
            self.count += 1
            self.named.add("-")
            self.problems.add("-", error.reason)


# -- a list of paths on standard input --------------------------------------------------------
_PIECE = 1 << 16
# Images that may begin like text; all others have control characters or are no UTF-8.
_SIGNATURES = re.compile(rb"P[1-7fF]\s|GIF8[79]a|RIFF.{4}WEBP|II\*\0|MM\0\*|#define|/\* XPM|%!PS",
                         re.DOTALL)
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _beginning(stream):
    """The first bytes: a line, or enough to tell an image by."""
    head = b""
    # read1 gives what is there, so that the paths of a slow list are answered as they come.
    while len(head) < 64 and b"\n" not in head and (piece := stream.read1(_PIECE)):
        head += piece
    return head


def _holds_paths(head):
    """Whether a stream that begins so is a list of paths, and no image."""
    first = re.split(rb"[\0\n]", head, maxsplit=1)[0].removesuffix(b"\r")
    if first and os.path.lexists(first):
        return True
    if _SIGNATURES.match(head) or _CONTROL.search(head):
        return False
    try:
        first.decode()
    except UnicodeDecodeError:
        return False
    return True


def _split(head, stream):
    """The paths in a list: separated by NULs if there is one in `head`, else lines."""
    separator = b"\0" if b"\0" in head else b"\n"
    rest, piece = b"", head
    while piece:
        *names, rest = (rest + piece).split(separator)
        yield from filter(None, (_without_return(name, separator) for name in names))
        piece = stream.read1(_PIECE)
    if rest:
        yield _without_return(rest, separator)


def _without_return(name, separator):
    return name.removesuffix(b"\r") if separator == b"\n" else name


def _likeliest(row, classes, top, threshold):
    order = (-row).argsort(kind="stable")[:top]
    if row[order[0]] < threshold:
        return [{"label": UNKNOWN, "probability": float(row[order[0]])}]
    return [{"label": classes[index], "probability": float(row[index])} for index in order]


def _show_json(path, predictions):
    result(json.dumps({"path": path, "predictions": predictions}))


def _show_text(path, predictions):
    shown = ", ".join(f"{each['label']} {100 * each['probability']:.2f} %"
                      for each in predictions)
    result(f"{path}: {shown}")


class _Table:
    """Lines of CSV on stdout, the header before the first."""

    def __init__(self, top):
        import csv
        self.top = top
        # Not through `result`, which writes a line break in a name as two letters.
        self.writer = None if sys.stdout is None else csv.writer(sys.stdout, lineterminator="\n")
        self._write(["path", "label", "probability"] + [
            f"{name}_{place}" for place in range(2, top + 1) for name in ("label", "probability")])

    def __call__(self, path, predictions):
        fields = [field for each in predictions for field in (each["label"], each["probability"])]
        self._write([path, *fields] + [""] * (2 * (self.top - len(predictions))))

    def _write(self, fields):
        if self.writer is not None:
            self.writer.writerow(fields)
            sys.stdout.flush()
