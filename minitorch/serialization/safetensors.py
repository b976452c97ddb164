"""The safetensors format: a JSON header, then the tensors' bytes.

Reading checks everything that the format's own reader checks, and maps the file instead of
copying it.  bfloat16 needs no support from numpy here.
Format: https://github.com/huggingface/safetensors (README, "Format").
"""

import json
import os
import re

from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._records import (
    BY_SAFETENSORS,
    MAX_DIMS,
    MAX_SIZE,
    TensorRecord,
    product,
)
from minitorch.serialization._source import Source, open_regular
from minitorch.serialization.atomic import atomic_write

MAX_HEADER = 100_000_000
_MAX_BRACKETS = 1000
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_FIELDS = {"dtype", "shape", "data_offsets"}
# The order of the format's own writer: wide types first keeps every tensor aligned.
_ORDER = ("U64", "I64", "F64", "C64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16",
          "F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL")  # fmt: skip


def load_file(filename):
    """Read the tensors of a safetensors file.

    Parameters
    ----------
    filename : str or os.PathLike
        The file.

    Returns
    -------
    dict of str to Tensor
        In the order of the file's bytes.

    Raises
    ------
    CheckpointError
        If the file is not valid safetensors.
    """
    from minitorch.serialization._bridge import TensorFactory

    source = Source(filename)
    try:
        records, _ = read_records(source.view)
    except CheckpointError as error:
        error.file = source.name
        raise
    factory = TensorFactory()
    return {name: factory.tensor(record) for name, record in records.items()}


def load_metadata(filename):
    """Return the ``__metadata__`` of a safetensors file, a dict of str to str.

    Raises
    ------
    CheckpointError
        If the file is not valid safetensors.
    """
    with open_regular(filename) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            head = file.read(8)
            head += file.read(_header_length(head, size))
            return _check_header(memoryview(head), size)[1]
        except CheckpointError as error:
            error.file = quote(os.fsdecode(filename), 1000)
            raise


def save_file(tensors, filename, metadata=None):
    """Write tensors to a safetensors file, whole or not at all.

    Parameters
    ----------
    tensors : dict of str to Tensor
        What to write.  Tensors are written contiguous; two that share memory are written twice.
    filename : str or os.PathLike
        Where.
    metadata : dict of str to str, optional
        Free text to go with them.

    Raises
    ------
    TypeError
        If a key or a metadata entry is not a str, or a value is not a tensor.
    OSError
        If the file cannot be written.
    """
    from minitorch.serialization._bridge import Recorder

    recorder = Recorder()
    records = {}
    for name, tensor in tensors.items():
        record = recorder.tensor(tensor)
        if record is None:
            raise TypeError(f"expected a tensor under {name!r}, got {type(tensor).__name__}")
        records[name] = record
    with atomic_write(os.fspath(filename)) as file:
        write_records(file, records, metadata)


# -- reading ------------------------------------------------------------------------------
def read_records(view):
    """Parse a whole safetensors file.

    Parameters
    ----------
    view : memoryview
        All bytes of the file.

    Returns
    -------
    records : dict of str to TensorRecord
        Views of ``view``, in the order of their bytes.
    metadata : dict of str to str
        The ``__metadata__`` entry.
    """
    entries, metadata, start = _check_header(view, len(view))
    records = {}
    for name, dtype, shape, begin, end in entries:
        records[name] = TensorRecord.whole(dtype, view[start + begin : start + end], shape, name)
    return records, metadata


def _check_header(view, size):
    """Return (entries in the order of their bytes, metadata, where the tensors' bytes begin).

    Parameters
    ----------
    view : memoryview
        The file's beginning, at least the header.
    size : int
        Bytes of the whole file.
    """
    header, start = _read_header(view, size)
    try:
        metadata = header.pop("__metadata__", {})
        if not _is_text_map(metadata):
            raise CheckpointError("__metadata__ is not a map of text to text")
        entries = [_check_entry(name, entry) for name, entry in header.items()]
        entries.sort(key=lambda entry: entry[3:5])
        position = 0
        for name, *_, begin, end in entries:
            if begin != position:
                raise CheckpointError(f"tensor {quote(name)} leaves a gap or overlaps another one")
            if end > size - start:
                raise CheckpointError(f"tensor {quote(name)} lies outside the file; is it "
                                      "truncated?")  # fmt: skip
            position = end
    except CheckpointError as error:
        error.offset = 8  # it is the header that is wrong
        raise
    if start + position != size:
        raise CheckpointError(f"{size - start - position} bytes belong to no tensor",
                              offset=start + position)  # fmt: skip
    return entries, metadata, start


def _header_length(head, size):
    """Return the length that a file's first eight bytes give, if the file is that long."""
    if len(head) < 8:
        raise CheckpointError("the safetensors header is truncated", offset=len(head))
    length = int.from_bytes(head[:8], "little")
    if length > MAX_HEADER:
        raise CheckpointError(f"the safetensors header of {length} bytes is over the limit",
                              offset=0)  # fmt: skip
    if 8 + length > size:
        raise CheckpointError("the safetensors header is truncated", offset=size)
    return length


def _read_header(view, size):
    """Return the parsed JSON and the place where the tensors' bytes begin."""
    length = _header_length(view, size)
    raw = bytes(view[8 : 8 + length])
    limit = _MAX_BRACKETS + length // 8
    if _brackets(raw) > limit and _brackets(_STRING.sub(b"", raw)) > limit:
        # A tensor's entry has three of them in 50 bytes.  Nothing but brackets would fill 20
        # times the file's size with empty lists before any of them could be refused.
        raise CheckpointError("the safetensors header holds too many brackets", offset=8)
    try:
        header = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_integer,
            parse_float=_refuse_fraction,
            parse_constant=_refuse_constant,
        )
    except CheckpointError as error:
        error.offset = 8
        raise
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"the safetensors header is not valid JSON: {quote(error)}",
                              offset=8) from None  # fmt: skip
    if not isinstance(header, dict):
        raise CheckpointError("the safetensors header is not a JSON object", offset=8)
    return header, 8 + length


def _brackets(raw):
    return raw.count(b"[") + raw.count(b"{")


def _unique(pairs):
    found = dict(pairs)
    try:
        "".join(found).encode()
    except UnicodeEncodeError:
        raise CheckpointError("a name in the header is not valid text") from None
    if len(found) != len(pairs):
        seen = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise CheckpointError(f"the name {quote(twice)} stands twice in the header")
    return found


def _integer(text):
    # Python parses long digit strings in quadratic time.
    if len(text) > 20:
        raise CheckpointError("a number in the header is too large")
    return int(text)


def _refuse_constant(text):
    raise CheckpointError(f"{text} is not valid JSON")


def _refuse_fraction(text):
    raise CheckpointError(f"{quote(text)} in the header is not an integer")


def _is_text_map(value):
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        return False
    try:
        "".join(value.values()).encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_entry(name, entry):
    """Return (name, DType, shape, begin, end) of one header entry."""
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        raise CheckpointError(f"tensor {quote(name)} has not exactly dtype, shape, data_offsets")
    dtype = BY_SAFETENSORS.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if dtype is None:
        given = entry["dtype"]
        given = quote(given) if isinstance(given, str) else f"({type(given).__name__})"
        raise CheckpointError(f"tensor {quote(name)} has the unknown dtype {given}")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not _are_sizes(shape) or len(shape) > MAX_DIMS:
        raise CheckpointError(f"tensor {quote(name)} has a damaged shape")
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise CheckpointError(f"tensor {quote(name)} has damaged data_offsets")
    begin, end = offsets
    size = product(n for n in shape if n) * dtype.itemsize
    if size > MAX_SIZE:
        raise CheckpointError(f"tensor {quote(name)} is too large")
    if end - begin != (0 if 0 in shape else size):
        raise CheckpointError(f"tensor {quote(name)} of shape {shape} and dtype "
                              f"{entry['dtype']} does not fit in {end - begin} bytes")  # fmt: skip
    return name, dtype, shape, begin, end


def _are_sizes(values):
    return isinstance(values, list) and all(
        type(n) is int and 0 <= n <= MAX_SIZE for n in values
    )


# -- writing ------------------------------------------------------------------------------
def write_records(file, records, metadata=None):
    """Write records to an open file, byte for byte as the format's own writer does.

    Raises
    ------
    TypeError
        If a name or metadata entry is not text.
    ValueError
        If a dtype has no name in the format, or a text holds half a character.
    """
    metadata = {} if metadata is None else dict(metadata)
    for text in (*records, *metadata, *metadata.values()):
        if not isinstance(text, str):
            raise TypeError(f"safetensors names and metadata must be str, got {text!r}")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{quote(text)} is not valid text, so it cannot be written to a "
                             "safetensors file") from None  # fmt: skip
    if "__metadata__" in records:
        raise ValueError("'__metadata__' cannot be the name of a tensor")
    for name, record in records.items():
        if record.dtype.safetensors is None:
            raise ValueError(f"safetensors has no dtype {record.dtype.name} (tensor {name!r})")
    order = sorted(records, key=lambda n: (_ORDER.index(records[n].dtype.safetensors), n))
    header = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    position = 0
    for name in order:
        record = records[name]
        header[name] = {
            "dtype": record.dtype.safetensors,
            "shape": list(record.size),
            "data_offsets": [position, position + record.nbytes],
        }
        position += record.nbytes
    encoded = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    encoded += b" " * (-len(encoded) % 8)
    file.write(len(encoded).to_bytes(8, "little"))
    file.write(encoded)
    for name in order:
        file.write(contiguous_bytes(records[name]))


def contiguous_bytes(record):
    """Return the view's bytes in logical order, without a copy where they lie so already."""
    import numpy as np

    return memoryview(np.ascontiguousarray(record.numpy()).reshape(-1).view(np.uint8))
