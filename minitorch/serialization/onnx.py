"""ONNX files: the graph's nodes and its constants, without the onnx package.

Only the messages of a plain network are read (model, graph, node, attribute, tensor); subgraphs
are not entered, so nothing recurses.  Numbers of the fields: ``onnx/onnx.proto`` of
https://github.com/onnx/onnx.
"""

import os
import struct

from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._protobuf import Wire
from minitorch.serialization._records import (
    DTYPES,
    MAX_DIMS,
    MAX_SIZE,
    TensorRecord,
    product,
)
from minitorch.serialization._source import Source

MAX_NODES = 200_000
MAX_LISTED = 100_000  # numbers in an attribute
MAX_INTEGERS = 4_000_000  # in a tensor, as varints: weights are never stored so
# TensorProto.DataType -> (our dtype, the field of numbers that may hold it instead of raw_data)
_FLOATS, _INT32S, _INT64S, _DOUBLES, _UINT64S = 4, 5, 7, 10, 11
DATA_TYPES = {
    1: ("float32", _FLOATS),
    2: ("uint8", _INT32S),
    3: ("int8", _INT32S),
    4: ("uint16", _INT32S),
    5: ("int16", _INT32S),
    6: ("int32", _INT32S),
    7: ("int64", _INT64S),
    9: ("bool", _INT32S),
    10: ("float16", _INT32S),
    11: ("float64", _DOUBLES),
    12: ("uint32", _UINT64S),
    13: ("uint64", _UINT64S),
    14: ("complex64", _FLOATS),
    15: ("complex128", _DOUBLES),
    16: ("bfloat16", _INT32S),
    17: ("float8_e4m3fn", _INT32S),
    19: ("float8_e5m2", _INT32S),
}
_EXTERNAL = 1
_RAW = 9


class Subgraph:
    """Stands for an attribute that is a graph of its own (``If``, ``Loop``), which is not read."""


class Node:
    """One operation.

    Attributes
    ----------
    op : str
        Its kind, e.g. ``"Conv"``; one from outside ONNX's own set carries its domain in front.
    name : str
    inputs, outputs : list of str
        Names of values; an empty one is an input left out.
    attributes : dict
        From name to int, float, str, list of these, TensorRecord or :class:`Subgraph`.
    """

    __slots__ = ("op", "name", "inputs", "outputs", "attributes")

    def __init__(self, op, inputs, outputs, attributes=None, name=""):
        self.op = op
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes or {}


class OnnxModel:
    """What an ONNX file holds.

    Attributes
    ----------
    ir_version : int
    producer : str
        Name and version of the program that wrote it.
    opsets : dict of str to int
        Version of each set of operations; ONNX's own is ``""``.
    name : str
        Of the graph.
    nodes : list of Node
        In the file's order.
    initializers : dict of str to TensorRecord
    inputs, outputs : dict of str to (str or None, tuple or None)
        The graph's, with dtype and shape; a dimension is an int, a name, or None.
    metadata : dict of str to str
    """

    def __init__(self):
        self.ir_version = 0
        self.producer = ""
        self.opsets = {}
        self.name = ""
        self.nodes = []
        self.initializers = {}
        self.inputs = {}
        self.outputs = {}
        self.metadata = {}


def read_model(view, folder=None):
    """Read a model.

    Parameters
    ----------
    view : memoryview
        All bytes of the file.
    folder : str, optional
        Where the file lies; data outside the file is read from inside this folder only.

    Returns
    -------
    OnnxModel

    Raises
    ------
    CheckpointError
        If the file is damaged, describes more than it holds, or wants files from elsewhere.
    """
    wire = Wire(view)
    model, graphs, files = OnnxModel(), [], _Folder(folder)
    producer = ["", ""]
    for field in wire.fields(0, len(view)):
        if field.number == 1:
            model.ir_version = wire.integer(field)
        elif field.number in (2, 3):
            producer[field.number - 2] = wire.text(field)
        elif field.number == 7:
            graphs.append(wire.span(field))
        elif field.number == 8:
            domain, version = _read_opset(wire, field)
            model.opsets[domain] = version
        elif field.number == 14:
            _add_once(model.metadata, *_read_pair(wire, field), "entries", field)
    model.producer = " ".join(part for part in producer if part)
    if len(graphs) != 1:
        raise CheckpointError(f"an ONNX file with {len(graphs) or 'no'} graphs" if graphs
                              else "an ONNX file without a graph; is it truncated?")  # fmt: skip
    _read_graph(wire, graphs[0], model, files)
    return model


def _add_once(found, name, value, what, field):
    if name in found:
        raise CheckpointError(f"two {what} named {quote(name)}", offset=field.at)
    found[name] = value


def _read_opset(wire, field):
    domain, version = "", 0
    for part in wire.fields(*wire.span(field)):
        if part.number == 1:
            domain = wire.text(part)
        elif part.number == 2:
            version = wire.integer(part)
    return "" if domain == "ai.onnx" else domain, version


def _read_pair(wire, field):
    """Return the key and value of a StringStringEntryProto."""
    pair = {1: "", 2: ""}
    for part in wire.fields(*wire.span(field)):
        if part.number in pair:
            pair[part.number] = wire.text(part)
    return pair[1], pair[2]


# -- graphs -------------------------------------------------------------------------------
def _read_graph(wire, span, model, files):
    for field in wire.fields(*span):
        if field.number == 1:
            model.nodes.append(_read_node(wire, field))
            if len(model.nodes) > MAX_NODES:
                raise CheckpointError(f"more than {MAX_NODES:,} nodes", offset=field.at)
        elif field.number == 2:
            model.name = wire.text(field)
        elif field.number == 5:
            name, record = _read_tensor(wire, field, files)
            _add_once(model.initializers, name, record, "initializers", field)
        elif field.number in (11, 12):
            name, described = _read_value_info(wire, field)
            ends = model.inputs if field.number == 11 else model.outputs
            _add_once(ends, name, described, "inputs" if field.number == 11 else "outputs", field)
        elif field.number == 15:
            raise CheckpointError("sparse initializers are not supported", offset=field.at)


def _read_node(wire, field):
    op = domain = name = ""
    inputs, outputs, attributes = [], [], {}
    for part in wire.fields(*wire.span(field)):
        if part.number == 1:
            inputs.append(wire.text(part))
        elif part.number == 2:
            outputs.append(wire.text(part))
        elif part.number == 3:
            name = wire.text(part)
        elif part.number == 4:
            op = wire.text(part)
        elif part.number == 5:
            _add_once(attributes, *_read_attribute(wire, part), "attributes", part)
        elif part.number == 7:
            domain = wire.text(part)
    if domain not in ("", "ai.onnx"):
        op = f"{domain}.{op}"
    return Node(op, inputs, outputs, attributes, name)


def _read_attribute(wire, field):
    """Return (name, value); the value that is there says of what type it is."""
    name, value, listed = "", None, []
    for part in wire.fields(*wire.span(field)):
        if part.number == 1:
            name = wire.text(part)
        elif part.number == 2:
            value = wire.float(part)
        elif part.number == 3:
            value = wire.integer(part)
        elif part.number == 4:
            start, end = wire.span(part)
            value = bytes(wire.view[start:end]).decode("utf-8", "replace")
        elif part.number == 5:
            value = _read_tensor(wire, part, _Folder(None))[1]
        elif part.number in (6, 11):
            value = Subgraph()
        elif part.number == 7:
            data = wire.fixed(part, 4)
            if len(data) > 4 * MAX_LISTED:
                raise CheckpointError(f"a list of {len(data) // 4} numbers", offset=part.at)
            listed += struct.unpack(f"<{len(data) // 4}f", data)
        elif part.number == 8:
            listed += wire.integers(part, MAX_LISTED).tolist()
        elif part.number == 9:
            listed.append(wire.text(part))
    return name, listed if value is None else value


def _read_value_info(wire, field):
    """Return (name, (dtype, shape)) of a graph's input or output."""
    name, dtype, shape = "", None, None
    for part in wire.fields(*wire.span(field)):
        if part.number == 1:
            name = wire.text(part)
        elif part.number == 2:
            for kind in wire.fields(*wire.span(part)):
                if kind.number == 1:
                    dtype, shape = _read_tensor_type(wire, kind)
    return name, (dtype, shape)


def _read_tensor_type(wire, field):
    dtype, shape = None, None
    for part in wire.fields(*wire.span(field)):
        if part.number == 1:
            dtype = DATA_TYPES.get(wire.integer(part), (None,))[0]
        elif part.number == 2:
            shape = tuple(_read_dim(wire, dim) for dim in wire.fields(*wire.span(part))
                          if dim.number == 1)  # fmt: skip
    return dtype, shape


def _read_dim(wire, field):
    value = None
    for part in wire.fields(*wire.span(field)):
        if part.number == 1:
            value = wire.integer(part)
        elif part.number == 2:
            value = wire.text(part)
    return value


# -- tensors ------------------------------------------------------------------------------
def _read_tensor(wire, field, files):
    """Return (name, TensorRecord)."""
    name, kind, location, dims = "", 0, 0, []
    data, external = {}, {}
    for part in wire.fields(*wire.span(field)):
        if part.number == 1:
            dims += wire.integers(part, MAX_DIMS).tolist()
        elif part.number == 2:
            kind = wire.integer(part)
        elif part.number == 3:
            raise CheckpointError("tensors in segments are not supported", offset=part.at)
        elif part.number == 8:
            name = wire.text(part)
        elif part.number == 13:
            _add_once(external, *_read_pair(wire, part), "entries", part)
        elif part.number == 14:
            location = wire.integer(part)
        elif part.number == _RAW:
            data.setdefault(_RAW, []).append(memoryview(wire.view[slice(*wire.span(part))]))
        elif part.number in (_FLOATS, _DOUBLES):
            width = 4 if part.number == _FLOATS else 8
            data.setdefault(part.number, []).append(wire.fixed(part, width))
        elif part.number in (_INT32S, _INT64S, _UINT64S):
            data.setdefault(part.number, []).append(wire.integers(part, MAX_INTEGERS))
    try:
        dtype, home = _check_tensor(name, kind, dims)
        if location == _EXTERNAL:
            found = files.data(external, product(dims) * dtype.itemsize)
        else:
            found = _own_data(data, dtype, home)
        size = product(dims) * dtype.itemsize
        if len(found) != size:
            raise CheckpointError(f"its shape {dims} and dtype {dtype.name} need {size} bytes, "
                                  f"not {len(found)}")  # fmt: skip
        return name, TensorRecord.whole(dtype, found, dims, name)
    except CheckpointError as error:
        raise CheckpointError(f"tensor {quote(name)}: {error.reason}", offset=field.at) from None


def _check_tensor(name, kind, dims):
    """Return (DType, the number of the field for typed data); check the dimensions."""
    if kind not in DATA_TYPES:
        raise CheckpointError(f"its data type {kind} holds no numbers known here")
    if len(dims) > MAX_DIMS:
        raise CheckpointError(f"{len(dims)} dimensions; the limit is {MAX_DIMS}")
    if any(n < 0 for n in dims):
        raise CheckpointError(f"a negative dimension in {dims}")
    dtype, home = DATA_TYPES[kind]
    if product(n for n in dims if n) * DTYPES[dtype].itemsize > MAX_SIZE:
        raise CheckpointError(f"its shape {dims} does not fit in 63 bits")
    return DTYPES[dtype], home


def _own_data(data, dtype, home):
    """Return the bytes of a tensor that lies in the file, from raw_data or a list of numbers."""
    filled = [number for number, parts in data.items() if any(len(part) for part in parts)]
    if len(filled) > 1:
        raise CheckpointError("its numbers stand in two fields")
    if not filled:
        return memoryview(b"")
    number = filled[0]
    parts = data[number]
    if number == _RAW and len(parts) > 1:
        raise CheckpointError("its raw data stands there twice")
    if number not in (_RAW, home):
        raise CheckpointError(f"numbers of type {dtype.name} do not belong in field {number}")
    if number in (_RAW, _FLOATS, _DOUBLES):
        return parts[0] if len(parts) == 1 else memoryview(b"".join(parts))
    return _narrowed(parts, dtype)


def _narrowed(parts, dtype):
    """Return varints as the bytes of their type; float16 and bfloat16 are kept as their bits."""
    import numpy as np

    values = np.concatenate(parts)
    bits = dtype.name in ("float16", "bfloat16") or dtype.name.startswith("float8")
    target = np.dtype(f"<u{dtype.itemsize}" if bits else dtype.numpy)
    if dtype.name == "uint64":
        return memoryview(values.view(np.uint8))
    low, high = (0, 1) if dtype.name == "bool" else (np.iinfo(target).min, np.iinfo(target).max)
    if values.size and not (low <= values.min() and values.max() <= high):
        raise CheckpointError(f"a number that does not fit in {dtype.name}")
    return memoryview(values.astype(target).view(np.uint8))


# -- data in other files ------------------------------------------------------------------
class _Folder:
    """The files beside the model that hold its data; each is read once."""

    def __init__(self, path):
        self.path = path
        self._views = {}

    def data(self, entries, size):
        """Return the bytes of a tensor that lies in a file of its own inside the folder."""
        location = entries.get("location", "")
        if self.path is None:
            raise CheckpointError("its data is in another file, which is only read for a model "
                                  "opened by its path")  # fmt: skip
        path = _inside(self.path, location)
        try:
            if path not in self._views:
                self._views[path] = Source(path).view
        except OSError as error:
            raise CheckpointError(f"its data file {quote(location)} cannot be read: "
                                  f"{error.strerror}") from None  # fmt: skip
        view = self._views[path]
        offset = _number(entries, "offset", 0)
        length = _number(entries, "length", size)
        if length != size:
            raise CheckpointError(f"{length} bytes of {quote(location)} where {size} are needed")
        if offset > len(view) or length > len(view) - offset:
            raise CheckpointError(f"bytes {offset} to {offset + length} of {quote(location)}, "
                                  f"which has {len(view)}")  # fmt: skip
        return view[offset : offset + length]


def _inside(folder, location):
    """Return the path of a regular file in ``folder`` or below, symbolic links followed."""
    parts = location.replace("\\", "/").split("/")
    root = os.path.realpath(folder or os.curdir)
    refused = (not location or "\0" in location or os.path.isabs(location) or ".." in parts
               or ":" in parts[0])  # fmt: skip
    path = root if refused else os.path.realpath(os.path.join(root, location))
    if refused or os.path.commonpath([root, path]) != root:
        raise CheckpointError(f"its data file {quote(location) or '(unnamed)'} is outside the "
                              "model's folder; it is not read")  # fmt: skip
    if not os.path.isfile(path):
        raise CheckpointError(f"its data file {quote(location)} is missing")
    return path


def _number(entries, key, default):
    text = entries.get(key, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise CheckpointError(f"a damaged {key} {quote(text)}")
    return int(text)
