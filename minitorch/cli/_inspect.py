"""``minitorch convert --inspect``: what a file holds, without running or converting it."""

import hashlib
import itertools
from collections import Counter

from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._open import open_checkpoint
from minitorch.serialization._records import TensorRecord
from minitorch.serialization._resolve import Unknown, global_path, refuse_unlisted

_MAX_LINES = 2000
_MAX_TEXT = 60
_MAX_DEPTH = 30


def inspect_file(path):
    """Print a file's format, hash, names, contents and a verdict; return the exit code."""
    checkpoint, source = open_checkpoint(path)
    print(f"file      {path}")
    print(f"format    {checkpoint.format}")
    print(f"bytes     {len(source.view):,}")
    print(f"sha256    {hashlib.sha256(source.view).hexdigest()}")
    _print_container(checkpoint)
    for name, text in checkpoint.metadata.items():
        print(f"metadata  {quote(name)}: {quote(text)}")
    verdict = _print_globals(checkpoint)
    try:
        value, unknown = checkpoint.value(strict=False)
    except CheckpointError as error:
        error.file = path
        raise
    _Printer().show("", value)
    for name, count in unknown.items():
        print(f"not read  {quote(name)} ({count}x)")
    print(f"verdict   {verdict}")
    return 0


def _print_container(checkpoint):
    details = checkpoint.details
    for name, member in details.get("members", {}).items():
        if "/data/" not in name:
            print(f"member    {quote(name)} ({len(member.data):,} bytes)")
    wrong = [name for name, member in details.get("members", {}).items()
             if not member.crc_matches()]  # fmt: skip
    if wrong:
        print(f"checksum  {len(wrong)} members do not match theirs, first {quote(wrong[0])}")
    for name in ("byteorder", "storages"):
        if name in details:
            print(f"{name:<9} {details[name]}")


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
        print(f"global    {quote(name)} ({count}x)")
    if refused is None:
        try:
            checkpoint.value(strict=True)
        except CheckpointError as error:
            return f"minitorch.load refuses it: {error}"
        return "plain data; minitorch.load opens it"
    return (f"asks for {refused}, so minitorch.load refuses it; "
            "minitorch convert takes the tensors out")  # fmt: skip


class _Printer:
    """Prints a value as one line an entry, with a limit."""

    def __init__(self):
        self.lines = 0
        self.seen = set()
        self.storages = {}

    def line(self, path, text):
        self.lines += 1
        if self.lines <= _MAX_LINES:
            print(f"  {quote(path, 200) or '(the object)'}: {text}")
        elif self.lines == _MAX_LINES + 1:
            print("  ...")

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
