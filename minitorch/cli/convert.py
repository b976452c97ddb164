"""``minitorch convert``: weights from one file format and naming to another, checked.

Nothing in the source file is executed.  The result is read back and compared before it gets its
name.
"""

import hashlib
import json
import os
import sys

from minitorch.models import _layouts
from minitorch.serialization import npz, pth_writer, safetensors
from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._open import open_checkpoint
from minitorch.serialization._records import DTYPES, StorageRecord, TensorRecord
from minitorch.serialization.atomic import atomic_write

SUFFIXES = {".safetensors": "safetensors", ".npz": "npz", ".pth": "pth", ".pt": "pth"}
_FORMATS = {
    "zip": "PyTorch zip file",
    "legacy": "PyTorch legacy file (before 1.6)",
    "tar": "PyTorch tar file (before 0.1.10)",
    "safetensors": "safetensors file",
    "npz": "npz file",
}
# Views may share memory, so a small file can describe a large result.
_GROWTH = 4
EPILOG = """\
DST's suffix decides its format: .safetensors, .npz or .pth (.pt).

exit codes: 0 converted, 1 the file is not what was asked for, 2 wrong usage

examples:
  minitorch convert resnet18-f37072fd.pth resnet18.safetensors
  minitorch convert model_best.pth.tar resnet18.pth --arch resnet18
  minitorch convert unknown.bin --inspect
"""


def add_parser(subparsers):
    """Add ``convert`` to the parser of ``minitorch``."""
    parser = subparsers.add_parser(
        "convert",
        help="convert weights between file formats",
        description="Convert model weights between file formats and naming schemes. "
        "PyTorch is not needed, and nothing in the file is executed.",
        epilog=EPILOG,
    )
    add_arguments(parser)
    parser.set_defaults(run=run)
    return parser


def add_arguments(parser):
    """Add the command's arguments to any parser."""
    parser.add_argument("src", metavar="SRC", help=".pth (zip, legacy, tar), safetensors or npz")
    parser.add_argument("dst", metavar="DST", nargs="?", help="file to write")
    parser.add_argument("--inspect", action="store_true",
                        help="show what SRC holds and write nothing")  # fmt: skip
    parser.add_argument("--arch", default="auto",
                        choices=["auto", *_layouts.ARCHITECTURES, "any"],
                        help="network whose names and shapes are required; 'any' copies every "
                        "tensor under its own name (default: auto, a ResNet)")  # fmt: skip
    parser.add_argument("--key", help="entry of the file that holds the weights, where it is not "
                        "one of the usual names")  # fmt: skip
    parser.add_argument("--dtype", choices=["float32", "float16"],
                        help="floating type to write (default: as in SRC)")  # fmt: skip
    parser.add_argument("--allow-expanded", action="store_true",
                        help="write views that take more room than SRC itself")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace DST if it exists")


def run(args):
    """Run the command; return its exit code."""
    usage = _usage_error(args)
    if usage:
        print(f"minitorch convert: error: {usage}", file=sys.stderr)
        return 2
    try:
        if args.inspect:
            from minitorch.cli._inspect import inspect_file

            return inspect_file(args.src)
        convert(args)
    except BrokenPipeError:
        raise  # the reader of the output has gone; the file is not to blame
    except (CheckpointError, _layouts.LayoutError, ConvertError, OSError,
            MemoryError) as error:  # fmt: skip
        print(f"minitorch convert: error: {_message(error, args.src)}", file=sys.stderr)
        return 1
    return 0


class ConvertError(RuntimeError):
    """The conversion cannot be done as asked."""


def _message(error, src):
    if isinstance(error, OSError) and not isinstance(error, CheckpointError):
        where = f"{error.filename}: " if error.filename else ""     # without one it is not SRC
        return f"{where}{error.strerror or error}"
    if isinstance(error, CheckpointError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{src}: not enough memory for what it describes"
    return f"{src}: {error}"


def _usage_error(args):
    if args.inspect:
        return "--inspect writes nothing, so it takes no DST" if args.dst else None
    if args.dst is None:
        return "DST is missing (or give --inspect)"
    if os.path.splitext(args.dst)[1].lower() not in SUFFIXES:
        return f"{args.dst}: DST must end in one of {', '.join(SUFFIXES)}"
    folder = os.path.dirname(os.path.realpath(args.dst))
    if not os.path.isdir(folder):
        return f"{args.dst}: the folder {folder} does not exist"
    if os.path.isdir(args.dst):
        return f"{args.dst} is a folder"
    if os.path.exists(args.dst):
        if os.path.exists(args.src) and os.path.samefile(args.src, args.dst):
            return "SRC and DST are the same file"
        if not args.force:
            return f"{args.dst} exists; give --force to replace it"
    return None


# -- the job -------------------------------------------------------------------------------
def convert(args):
    """Convert ``args.src`` to ``args.dst`` and print what happens."""
    checkpoint, source = open_checkpoint(args.src)
    digest = hashlib.sha256(source.view).hexdigest()
    _say("read", f"{args.src}: {_FORMATS[checkpoint.format]}, {len(source.view):,} bytes")
    _say("sha256", digest)
    _say_damage(checkpoint)
    try:
        value, unknown = checkpoint.value(strict=False)
    except CheckpointError as error:
        error.file = source.name
        raise
    for name, count in unknown.items():
        _say("skipped", f"{quote(name)} ({count}x): not run, not imported")
    tensors, peeled, left = _layouts.unwrap(value, _is_tensor, args.key)
    numel = sum(record.numel for record in tensors.values())
    _say("found", f"{len(tensors)} tensors, {numel:,} numbers")
    _check_growth(tensors, len(source.view), args.allow_expanded)
    tensors, metadata = _map(tensors, peeled, left, value, args)
    _layouts.check_values(tensors)
    _say("checked", "names, shapes, finite values, variances" if args.arch != "any"
         else "finite values, variances")  # fmt: skip
    if args.dtype:
        tensors = {name: _cast(name, record, args.dtype) for name, record in tensors.items()}
    metadata = {**checkpoint.metadata, **metadata, "format": "pt",
                "source": os.path.basename(args.src), "source_sha256": digest}  # fmt: skip
    write(args.dst, tensors, metadata)


def _is_tensor(value):
    return isinstance(value, TensorRecord)


def _say(what, text):
    print(f"{what:<8} {text}")


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


def _map(tensors, peeled, left, value, args):
    """Bring the names to torchvision's and say so; return (tensors, metadata)."""
    if args.arch == "any":
        _say_peeled(peeled)
        _say_left(left)
        return tensors, {}
    mapped = _layouts.map_names(tensors, args.arch)
    _say_peeled([*peeled, mapped.prefix] if mapped.prefix else peeled)
    head = "without a head" if mapped.num_classes is None else f"{mapped.num_classes} classes"
    _say("mapped", f"{len(mapped.tensors)} {mapped.layout} names to torchvision's {mapped.arch}, "
         f"{head}")  # fmt: skip
    _say_left(left)
    metadata = {"arch": mapped.arch}
    classes = _class_names(value, mapped.num_classes)
    if classes:
        metadata["classes"] = json.dumps(classes, ensure_ascii=False)
    return mapped.tensors, metadata


def _class_names(value, count):
    for key in ("classes", "class_names"):
        names = value.get(key) if isinstance(value, dict) else None
        if isinstance(names, (list, tuple)) and len(names) == count:
            if all(isinstance(name, str) for name in names):
                return list(names)
    return None


def _say_damage(checkpoint):
    """Warn of wrong checksums; no error, as PyTorch can write files without any."""
    members = checkpoint.details.get("members", {})
    wrong = [name for name, member in members.items() if not member.crc_matches()]
    if wrong:
        print(f"minitorch convert: warning: {len(wrong)} of {len(members)} members do not match "
              f"their checksum, first {quote(wrong[0])}; the file may be damaged",
              file=sys.stderr)  # fmt: skip


def _say_peeled(peeled):
    if peeled:
        _say("peeled", ", ".join(quote(name) for name in peeled))


def _say_left(left):
    shown = [f"{quote(name, 60)} ({_layouts.kind_of(item)})" for name, item in left.items()]
    if shown:
        rest = f" and {len(shown) - 12} more" if len(shown) > 12 else ""
        _say("left", ", ".join(shown[:12]) + rest)


def _cast(name, record, dtype):
    """Return the record in another floating type; other types stay as they are."""
    import numpy as np

    wanted = DTYPES[dtype]
    if not record.dtype.is_floating or record.dtype is wanted:
        return record
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(record.values().astype(wanted.numpy))
    if not np.isfinite(array).all():
        raise ConvertError(f"{quote(name)} holds values too large for {dtype}")
    data = memoryview(array.reshape(-1).view(np.uint8))
    return TensorRecord.whole(wanted, data, record.size, name)


# -- writing -------------------------------------------------------------------------------
def write(path, tensors, metadata):
    """Write tensors in the format of the path's suffix, read them back, then keep the file.

    Raises
    ------
    ConvertError
        If the format cannot hold a dtype, or what is read back differs.
    """
    kind = SUFFIXES[os.path.splitext(path)[1].lower()]
    plain = {name: _compact(name, record) for name, record in tensors.items()}
    if kind == "npz":
        plain = {name: _widen(name, record) for name, record in plain.items()}
    with atomic_write(path) as file:
        try:
            _write(file, kind, path, plain, metadata)
        except ValueError as error:
            raise ConvertError(str(error)) from None
        file.flush()
        size, digest = _read_back(file.name, plain)
    _say("wrote", f"{path}: {size:,} bytes, read back and compared")
    _say("sha256", digest)


def _write(file, kind, path, tensors, metadata):
    if kind == "safetensors":
        safetensors.write_records(file, tensors, metadata)
    elif kind == "npz":
        npz.write_records(file, tensors)
    else:
        from collections import OrderedDict

        root = os.path.splitext(os.path.basename(path))[0]
        pth_writer.write_zip(file, OrderedDict(tensors), root)


def _compact(name, record):
    """Return a contiguous record on a storage of its own, in the logical order."""
    data = safetensors.contiguous_bytes(record)
    plain = TensorRecord.whole(record.dtype, data, record.size, name)
    plain.storage = StorageRecord(name, data)
    return plain


def _widen(name, record):
    if record.dtype.name == "bfloat16":
        return _cast(name, record, "float32")
    return record


def _read_back(path, tensors):
    """Compare the written file with what was meant; return its (size, sha256)."""
    checkpoint, source = open_checkpoint(path)
    found, _ = checkpoint.value()
    if set(found) != set(tensors):
        raise ConvertError("the written file holds other names")
    for name, record in tensors.items():
        other = found[name]
        if other.dtype is not record.dtype or other.size != record.size:
            raise ConvertError(f"{quote(name)} was written with another dtype or shape")
        if safetensors.contiguous_bytes(other) != record.storage.data:
            raise ConvertError(f"{quote(name)} was written with other values")
    return len(source.view), hashlib.sha256(source.view).hexdigest()
