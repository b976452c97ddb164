"""``minitorch check``: what would break or spoil the training on a folder of images."""

import json

from minitorch.cli._common import (
    DONE,
    FAILED,
    Progress,
    counted,
    message,
    number,
    printable,
    result,
)

SUMMARY = "look through a folder of images for what would spoil the training"
DESCRIPTION = """
Decode every image of a folder fully, and tell what would break or spoil a training run:
unreadable files, copies that lie in two classes or on both sides of the split, empty and tiny
classes, images unlike what they seem, and how uneven the classes are.

examples:
  minitorch check photos
      photos/cats/*.jpg, photos/dogs/*.jpg, ...; the split is the one that finetune would draw
  minitorch check photos --val more-photos
  minitorch check photos --json | jq '.findings[] | select(.kind == "unreadable").items[].path'
"""
EPILOG = """
problems spoil a run (exit code 1): files that cannot be used, the same pixels in two classes or
in both training and validation, and whatever finetune would refuse. Warnings are worth a look:
images that look the same across classes or across the split, small, uneven or unvalidated
classes. Remarks say what the tool does with unusual images.

What was found is kept in minitorch's cache (~/.cache/minitorch/manifests, or below
MINITORCH_HOME), so a second check looks at new and changed files only, and finetune knows the
unreadable ones from the start. Nothing is written into DIR.

--json prints one object: folder, val_folder (null if the split was drawn), images, readable,
train, val, classes [{name, train, val, unreadable, weight}], majority {class, accuracy},
verdict (problem, warning or clean), counts {problem, warning, remark}, and
findings [{kind, level, text, advice, items}]. An item is a file {path, class, split, ...}, a
class {class, images}, or a group of copies {same: bytes|pixels|look, files [{path, class, split}]}.

exit codes: 0 nothing that spoils a run, 1 problems (with --strict: or warnings), or the check
failed, 2 wrong usage, 130 interrupted by Ctrl-C, 143 by SIGTERM.
"""
_TITLES = {"problem": "PROBLEM", "warning": "WARNING", "remark": "remark"}


def add_parser(subparsers):
    """Add ``check`` to the parser of the commands."""
    parser = subparsers.add_parser("check", help=SUMMARY, description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("data", metavar="DIR",
                        help="folder with one folder of images per class, or with 'train' and "
                             "'val' of such folders")
    group = parser.add_argument_group("as for finetune")
    group.add_argument("--val", metavar="DIR", help="folder of class folders to validate with")
    group.add_argument("--val-fraction", type=number(float, 0, 1, True, True), default=0.2,
                       metavar="X", help="share of each class that would validate, where there is "
                                         "no 'val' folder (default: 0.2)")
    group.add_argument("--seed", type=number(int, 0, 2 ** 63 - 1), default=0, metavar="N",
                       help="of the split (default: 0)")
    group.add_argument("--image-size", type=number(int, 8, 4096), default=224, metavar="PIXELS",
                       help="what smaller images are measured by (default: 224)")
    group = parser.add_argument_group("check")
    group.add_argument("--fresh", action="store_true",
                       help="decode all images again, unchanged ones too")
    group.add_argument("--workers", type=number(int, 0, 64), default=2, metavar="N",
                       help="threads that decode; 0: none beside the main one (default: 2)")
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="one JSON object instead of text")
    group.add_argument("--show", type=number(int, 0), default=5, metavar="N",
                       help="files named for each finding in the text (default: 5; --json names "
                            "all)")
    group.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")


def run(args):
    """Check; return the exit code."""
    from minitorch.training.doctor.doctor import check_folder
    bar = None

    def on_image(done, total, _):
        nonlocal bar
        bar = bar or Progress("check", total)
        bar.update(done)

    try:
        checkup = check_folder(args.data, val=args.val, val_fraction=args.val_fraction,
                               seed=args.seed, image_size=args.image_size, workers=args.workers,
                               fresh=args.fresh, on_image=on_image)
    finally:
        if bar is not None:
            bar.close()
    if checkup.known:
        message(f"{checkup.known} of {counted(checkup.images, 'image')} had not changed since the "
                "last check and were not decoded again (--fresh does)")
    if args.json:
        result(json.dumps(checkup.to_dict()))
    else:
        _print(checkup, args)
    spoiled = ("problem", "warning") if args.strict else ("problem",)
    return FAILED if checkup.verdict in spoiled else DONE


def _print(checkup, args):
    _print_classes(checkup, args)
    for finding in checkup.findings:
        result()
        result(f"{_TITLES[finding.level]:9} {finding.text}")
        for line in _listed(finding.items, args.show):
            result(f"            {line}")
        if finding.advice:
            result(f"          -> {finding.advice}")
    result()
    result(f"verdict   {_verdict(checkup)}")


def _print_classes(checkup, args):
    train = sum(each.train for each in checkup.classes)
    split = ("as in the folders" if checkup.val_root is not None else
             f"as finetune --seed {args.seed} --val-fraction {args.val_fraction:g} draws")
    result(f"folder    {args.data}: {counted(len(checkup.classes), 'class', 'classes')}, "
           f"{counted(checkup.images, 'image')}, {checkup.readable} of them readable")
    result(f"split     {train} to train on, {checkup.images - train} to validate, {split}")
    if checkup.majority is not None:
        name, share = checkup.majority
        result(f"baseline  always saying {name!r}, the largest class, would be right for "
               f"{100 * share:.1f} % of the validation images")
    if not checkup.classes:
        return
    result()
    width = max(5, *(len(printable(each.name)) for each in checkup.classes))
    result(f"{'class':{width}}  train    val  share  unreadable  balanced weight")
    for each in checkup.classes:
        share = (each.train + each.val) / max(checkup.images, 1)
        result(f"{printable(each.name):{width}}  {each.train:5}  {each.val:5}  {100 * share:4.1f}%"
               f"  {each.unreadable or '-':>10}  {each.weight:15.3f}")


def _listed(items, limit):
    for item in items[:limit]:
        yield _described(item)
    if len(items) > limit:
        yield f"... and {len(items) - limit} more (--show N, or --json)"


def _described(item):
    if "files" in item:
        return f"({item['same']}) " + "  =  ".join(
            f"{file['path']} [{file['split']}]" for file in item["files"][:6]) + (
            f"  ... and {len(item['files']) - 6} more" if len(item["files"]) > 6 else "")
    if "path" not in item:
        return f"{item['class']!r}" + (f": {item['images']}" if "images" in item else "")
    details = item.get("reason") or " ".join(
        str(item[key]) for key in ("format", "mode") if item.get(key))
    if "width" in item:
        details = f"{item['width']} by {item['height']} pixels"
    return f"{item['path']}: {details}" if details else item["path"]


def _verdict(checkup):
    if checkup.verdict == "clean":
        remarks = checkup.count("remark")
        return "nothing that would spoil a training run" + (
            f"; {counted(remarks, 'remark')}" if remarks else "")
    parts = [counted(checkup.count(level), level)
             for level in ("problem", "warning") if checkup.count(level)]
    ending = ("fix them before training" if checkup.verdict == "problem"
              else "worth a look before training")
    return f"{', '.join(parts)}: {ending}"
