"""``minitorch convert``: weights from one file format and naming to another, checked.

Nothing in the source file is executed.  The result is read back and compared before it gets its
name.
"""

import hashlib
import json
import math
import os

from minitorch.cli._common import UsageError, number, result
from minitorch.cli._export import SUFFIXES, ConvertError, Network, cast, kind_of, write
from minitorch.models import _layouts
from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._open import check_members, open_checkpoint
from minitorch.serialization._records import TensorRecord
from minitorch.training.naming import did_you_mean, listed

_FORMATS = {
    "zip": "PyTorch zip file",
    "legacy": "PyTorch legacy file (before 1.6)",
    "tar": "PyTorch tar file (before 0.1.10)",
    "safetensors": "safetensors file",
    "npz": "npz file",
    "onnx": "ONNX file",
}
# Views may share memory, so a small file can describe a large result.
_GROWTH = 4
DESCRIPTION = """
Convert a file of weights between formats and naming schemes, or show what is in it.  PyTorch is
not needed, and nothing in the file is executed.

examples:
  minitorch convert resnet18-f37072fd.pth resnet18.safetensors
  minitorch convert runs/cats/best.safetensors cats.onnx
  minitorch convert resnet50.onnx resnet50.pth
  minitorch convert model_best.pth.tar resnet18.pth --arch resnet18
  minitorch convert --inspect unknown.bin
"""
EPILOG = """
DST's suffix decides its format: .safetensors, .onnx, .pth (.pt) or .npz.  Classes and
preprocessing are kept by .safetensors (`minitorch predict` reads it) and .onnx.  What was
written is read back, and computes the source's logits on a probe, before it gets its name.

exit codes: 0 converted, 1 the file is not what was asked for, or the job failed, 2 wrong usage,
130 interrupted by Ctrl-C, 143 by SIGTERM.
"""


def add_parser(subparsers):
    """Add ``convert`` to the parser of ``minitorch``."""
    parser = subparsers.add_parser(
        "convert",
        help="convert a file of weights, or show what is in it",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add_arguments(parser)
    parser.set_defaults(run=run)
    return parser


def add_arguments(parser):
    """Add the command's arguments to any parser."""
    parser.add_argument("src", metavar="SRC", help=".pth (zip, legacy, tar), safetensors, "
                        "npz, or a ResNet's .onnx")  # fmt: skip
    parser.add_argument("dst", metavar="DST", nargs="?", help="file to write")
    parser.add_argument("--inspect", action="store_true",
                        help="show what SRC holds and write nothing")  # fmt: skip
    parser.add_argument("--arch", default="auto",
                        choices=["auto", *_layouts.ARCHITECTURES, "any"], metavar="NAME",
                        help="network whose names and shapes are required, as resnet18; auto: "
                        "whichever ResNet it is; any: copy every tensor under its own name "
                        "(default: auto)")  # fmt: skip
    parser.add_argument("--key", metavar="NAME",
                        help="entry of the file that holds the weights, where it is not one of "
                        "the usual names")  # fmt: skip
    parser.add_argument("--dtype", choices=["float32", "float16"],
                        help="floating type to write (default: as in SRC; in .onnx "
                        "float32)")  # fmt: skip
    parser.add_argument("--allow-expanded", action="store_true",
                        help="write views that take more room than SRC itself")  # fmt: skip
    parser.add_argument("--image-size", type=number(int, 32, 8192), metavar="PIXELS",
                        help="height and width of the images that an .onnx takes "
                        "(default: any)")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace DST if it exists")


def run(args):
    """Run the command; return its exit code."""
    _check_usage(args)
    _check_source(args.src)
    try:
        if args.inspect:
            from minitorch.cli._inspect import inspect_file

            return inspect_file(args.src)
        convert(args)
    except (_layouts.LayoutError, ConvertError) as error:
        raise ConvertError(f"{args.src}: {error}") from error
    except MemoryError:
        raise ConvertError(f"{args.src}: not enough memory for what it describes") from None
    return 0


def _check_usage(args):
    if args.inspect:
        if args.dst:
            raise UsageError("--inspect writes nothing, so it takes no DST")
        return
    if args.dst is None:
        raise UsageError("DST is missing (or give --inspect)")
    kind = kind_of(args.dst)
    if kind is None:
        near = did_you_mean(os.path.splitext(args.dst)[1], SUFFIXES)
        raise UsageError(f"{args.dst}: DST must end in one of {', '.join(SUFFIXES)}{near}")
    if kind == "onnx" and args.arch == "any":
        raise UsageError("an .onnx file is a network, not only its weights: --arch any has none")
    if kind != "onnx" and args.image_size is not None:
        raise UsageError("--image-size is for an .onnx file; other formats hold no network")
    _check_target(args)


def _check_target(args):
    folder = os.path.dirname(os.path.realpath(args.dst))
    if not os.path.isdir(folder):
        raise UsageError(f"{args.dst}: the folder {folder} does not exist")
    if os.path.isdir(args.dst):
        raise UsageError(f"{args.dst} is a folder")
    if os.path.exists(args.dst):
        if os.path.exists(args.src) and os.path.samefile(args.src, args.dst):
            raise UsageError("SRC and DST are the same file")
        if not args.force:
            raise UsageError(f"{args.dst} exists; give --force to replace it")


def _check_source(path):
    """Raise for a file that is not there, with the nearest name in its folder."""
    if os.path.lexists(path):
        return
    folder = os.path.dirname(path) or os.curdir
    names = os.listdir(folder) if os.path.isdir(folder) else []
    near = did_you_mean(os.path.basename(path), names)
    raise FileNotFoundError(2, f"No such file or directory{near}", path)


# -- the job -------------------------------------------------------------------------------
def convert(args):
    """Convert ``args.src`` to ``args.dst`` and say what happens."""
    checkpoint, source = open_checkpoint(args.src)
    digest = hashlib.sha256(source.view).hexdigest()
    _say("read", f"{args.src}: {_FORMATS[checkpoint.format]}, {len(source.view):,} bytes")
    _say("sha256", digest)
    check_members(checkpoint, source)
    if checkpoint.format == "onnx" and args.arch != "any":
        mapped, metadata = _from_graph(checkpoint, args)
    else:
        mapped, metadata = _from_names(checkpoint, source, args)
    _layouts.check_values(mapped.tensors)
    _say("checked", "names, shapes, finite values, variances" if mapped.arch
         else "finite values, variances")  # fmt: skip
    network = Network(mapped) if mapped.arch else None
    if network is not None and checkpoint.format == "onnx":
        _check_graph(checkpoint.details["model"], mapped, network.probe)
    tensors = mapped.tensors
    # Who runs an .onnx feeds it float32, whatever type the weights were stored in.
    dtype = args.dtype or ("float32" if kind_of(args.dst) == "onnx" else None)
    if dtype:
        tensors = {name: cast(name, record, dtype) for name, record in tensors.items()}
    metadata = {**checkpoint.metadata, **metadata, "format": "pt",
                "source": os.path.basename(args.src), "source_sha256": digest}  # fmt: skip
    write(args.dst, tensors, metadata, _say, network, args.image_size)


def _from_names(checkpoint, source, args):
    """Find the weights by their names; return (Mapped, metadata)."""
    try:
        value, unknown = checkpoint.value(strict=False)
    except CheckpointError as error:
        error.file = source.name
        raise
    for name, count in unknown.items():
        _say("skipped", f"{quote(name)} ({count}x): not run, not imported")
    tensors, peeled, left = _layouts.unwrap(value, _is_tensor, args.key)
    _say_found(tensors)
    _check_growth(tensors, len(source.view), args.allow_expanded)
    if args.arch == "any":
        _say_peeled(peeled)
        _say_left(left)
        return _layouts.Mapped(None, "", tensors, "", None), {}
    mapped = _layouts.map_names(tensors, args.arch)
    _say_peeled([*peeled, mapped.prefix] if mapped.prefix else peeled)
    _say_mapped(mapped)
    _say_left(left)
    return mapped, {**_run_metadata(value), "arch": mapped.arch, **_class_names(value, mapped)}


def _from_graph(checkpoint, args):
    """Find the weights by walking an ONNX file's graph; return (Mapped, metadata)."""
    from minitorch.models._onnx_import import import_graph

    if args.key is not None:
        raise ConvertError("an ONNX file has no entries for --key to choose from")
    model = checkpoint.details["model"]
    _say_found(model.initializers)
    mapped, notes = import_graph(model, args.arch)
    _say_mapped(mapped)
    for note in notes:
        _say("note", note)
    return mapped, {"arch": mapped.arch}


def _check_graph(model, mapped, probe):
    """Compare what an ONNX file's graph computes with what the network does."""
    from minitorch.cli._probe import DEFAULT_TOLERANCE, difference, graph_logits, size_for
    from minitorch.models._onnx_run import UnknownOperation

    size = size_for(model)
    if size is None or not model.nodes:
        return
    try:
        apart = difference(probe.logits(mapped.tensors, size), graph_logits(model, size))
    except UnknownOperation as error:
        _say("note", f"the graph's own logits were not compared: {error}")
        return
    if math.isnan(apart):
        _say("note", "the logits are not finite, so the graph's were not compared")
        return
    if apart > DEFAULT_TOLERANCE:
        raise ConvertError(f"its graph computes other logits than a {mapped.arch} with these "
                           f"weights: {apart:.1g} of the largest apart")  # fmt: skip
    _say("checked", f"the graph and the {mapped.arch} compute the same logits on a probe")


def _run_metadata(value):
    """The classes, preprocessing and so on that a run's ``last.ckpt`` keeps beside the weights."""
    if not isinstance(value, dict) or value.get("format") != "minitorch.checkpoint":
        return {}
    info = value.get("info")
    if not isinstance(info, dict):
        return {}
    return {key: text for key, text in info.items()
            if isinstance(key, str) and isinstance(text, str)}  # fmt: skip


def _is_tensor(value):
    return isinstance(value, TensorRecord)


def _say(what, text):
    result(f"{what:<8} {text}")


def _say_found(tensors):
    numel = sum(record.numel for record in tensors.values())
    _say("found", f"{len(tensors)} tensors, {numel:,} numbers")


def _say_mapped(mapped):
    head = "without a head" if mapped.num_classes is None else f"{mapped.num_classes} classes"
    _say("mapped", f"{len(mapped.tensors)} {mapped.layout} names to torchvision's {mapped.arch}, "
         f"{head}")  # fmt: skip


def _check_growth(tensors, size, allowed):
    if allowed:
        return
    for name, record in tensors.items():
        if record.is_expanded and record.nbytes > size:
            raise ConvertError(f"{quote(name)} repeats a few bytes up to {record.nbytes:,}, more "
                               "than the file has; --allow-expanded writes it")  # fmt: skip
    total = sum(record.nbytes for record in tensors.values())
    if total > _GROWTH * size:
        raise ConvertError(f"the tensors share memory and would take {total:,} bytes apart; "
                           "--allow-expanded writes them")  # fmt: skip


def _class_names(value, mapped):
    """The names of the classes, where a checkpoint has as many as the head has rows."""
    for key in ("classes", "class_names"):
        names = value.get(key) if isinstance(value, dict) else None
        if isinstance(names, (list, tuple)) and len(names) == mapped.num_classes:
            if all(isinstance(name, str) for name in names):
                return {"classes": json.dumps(list(names), ensure_ascii=False)}
    return {}


def _say_peeled(peeled):
    if peeled:
        _say("peeled", ", ".join(quote(name) for name in peeled))


def _say_left(left):
    shown = [f"{quote(name, 60)} ({_layouts.kind_of(item)})" for name, item in left.items()]
    if shown:
        _say("left", listed(shown, 12))
