"""``minitorch convert --inspect``: what a file holds, without running or converting it."""

import hashlib
import itertools
from collections import Counter

from minitorch.cli._common import result
from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._names import global_path
from minitorch.serialization._open import open_checkpoint
from minitorch.serialization._records import TensorRecord
from minitorch.serialization._resolve import Unknown, refuse_unlisted

_MAX_LINES = 2000
_MAX_TEXT = 60
_MAX_DEPTH = 30
_MAX_OPS = 40


def inspect_file(path):
    """Print a file's format, hash, names, contents and a verdict; return the exit code."""
    checkpoint, source = open_checkpoint(path)
    result(f"file      {path}")
    result(f"format    {checkpoint.format}")
    result(f"bytes     {len(source.view):,}")
    result(f"sha256    {hashlib.sha256(source.view).hexdigest()}")
    _print_container(checkpoint)
    for name, text in checkpoint.metadata.items():
        result(f"metadata  {quote(name)}: {quote(text)}")
    model = checkpoint.details.get("model")
    verdict = _print_globals(checkpoint) if model is None else _print_graph(model)
    try:
        value, unknown = checkpoint.value(strict=False)
    except CheckpointError as error:
        error.file = path
        raise
    _Printer().show("", value)
    for name, count in unknown.items():
        result(f"not read  {quote(name)} ({count}x)")
    result(f"verdict   {verdict}")
    return 0


def _print_container(checkpoint):
    details = checkpoint.details
    for name, member in details.get("members", {}).items():
        if "/data/" not in name:
            result(f"member    {quote(name)} ({len(member.data):,} bytes)")
    wrong = [name for name, member in details.get("members", {}).items()
             if not member.crc_matches()]  # fmt: skip
    if wrong:
        result(f"checksum  {len(wrong)} members do not match theirs, first {quote(wrong[0])}")
    for name in ("byteorder", "storages"):
        if name in details:
            result(f"{name:<9} {details[name]}")


def _print_globals(checkpoint):
    """Print the names that the pickle wants; return the verdict."""
    refused = None
    counts = Counter()
    for pickle in checkpoint.pickles:
        counts.update(global_path(node) for node in pickle.globals)
        try:
            refuse_unlisted(pickle)
        except CheckpointError as error:
            refused = refused or error.reason.split(" is not allowed")[0]
    for name, count in sorted(counts.items()):
        result(f"global    {quote(name)} ({count}x)")
    if refused is None:
        try:
            checkpoint.value(strict=True)
        except CheckpointError as error:
            return f"minitorch.load refuses it: {error}"
        return "plain data; minitorch.load opens it"
    return (f"asks for {refused}, so minitorch.load refuses it; "
            "minitorch convert takes the tensors out")  # fmt: skip


def _print_graph(model):
    """Print what an ONNX file says of itself and of its graph; return the verdict."""
    from minitorch.models import _layouts
    from minitorch.models._onnx_import import import_graph

    sets = ", ".join(f"{quote(name) or 'ai.onnx'} {version}"
                     for name, version in model.opsets.items())  # fmt: skip
    result(f"producer  {quote(model.producer) or 'unnamed'}, ir_version {model.ir_version}, "
           f"opset {sets or 'unnamed'}")  # fmt: skip
    for what, ends in (("input", model.inputs), ("output", model.outputs)):
        for name, (dtype, shape) in ends.items():
            if name not in model.initializers:
                sides = "any shape" if shape is None else quote(list(shape))
                result(f"{what:<9} {quote(name)}: {dtype or 'another type'} {sides}")
    result(f"graph     {quote(model.name)}: {len(model.nodes)} nodes")
    for op, count in Counter(node.op for node in model.nodes).most_common(_MAX_OPS):
        result(f"op        {quote(op)} ({count}x)")
    try:
        mapped, notes = import_graph(model)
    except _layouts.LayoutError as error:
        return f"minitorch convert refuses it: {error}"
    for note in notes:
        result(f"note      {note}")
    head = "without a head" if mapped.num_classes is None else f"{mapped.num_classes} classes"
    return f"a {mapped.arch}, {head}; minitorch convert takes its weights out"


class _Printer:
    """Prints a value as one line an entry, with a limit."""

    def __init__(self):
        self.lines = 0
        self.seen = set()
        self.storages = {}

    def line(self, path, text):
        self.lines += 1
        if self.lines <= _MAX_LINES:
            result(f"  {quote(path, 200) or '(the object)'}: {text}")
        elif self.lines == _MAX_LINES + 1:
            result("  ...")

    def show(self, path, value, depth=0):
        """Print a value and what it contains."""
        if self.lines > _MAX_LINES:
            return
        if isinstance(value, TensorRecord):
            self.line(path, self.tensor(path, value))
            return
        children = _children(value)
        if children is None:
            self.line(path, f"{type(value).__name__} {quote(_brief(value), _MAX_TEXT)}")
            return
        self.line(path, _summary(value))
        if id(value) in self.seen or depth >= _MAX_DEPTH:
            return
        self.seen.add(id(value))
        for key, child in children:
            self.show(f"{path}.{quote(key)}" if path else quote(key), child, depth + 1)

    def tensor(self, path, record):
        text = f"{record.dtype.name} {list(record.size)}"
        if not record.is_contiguous:
            text += f" stride {list(record.stride)}"
        first = self.storages.setdefault(id(record.storage), path)
        if first != path:
            text += f", shares memory with {quote(first)}"
        if record.is_expanded:
            text += f", repeats {record.storage.nbytes} bytes up to {record.nbytes:,}"
        if record.is_parameter:
            text += ", a Parameter"
        return text


def _children(value):
    """Return (key, child) pairs of a container, or None."""
    if isinstance(value, dict):
        attributes = list(getattr(value, "__dict__", {}).items())
        return [*value.items(), *attributes]
    if isinstance(value, Unknown):
        return list(enumerate(value.state))
    if isinstance(value, (list, tuple)) and any(_is_rich(item) for item in value):
        return list(enumerate(value))
    return None


def _brief(value):
    """Return the repr of a value, of a long one only its beginning."""
    if isinstance(value, (str, bytes, bytearray, list, tuple)):
        value = value[:_MAX_TEXT]
    elif isinstance(value, (set, frozenset)) and len(value) > _MAX_TEXT:
        value = set(itertools.islice(value, _MAX_TEXT))
    return repr(value)


def _is_rich(item):
    return isinstance(item, (dict, list, tuple, TensorRecord, Unknown))


def _summary(value):
    if isinstance(value, Unknown):
        return repr(value)
    return f"{type(value).__name__} of {len(value)}"
