"""Small files that would take much time or memory: each ends soon, in little of both."""

import io
import json
import os
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

import minitorch
from minitorch.serialization import CheckpointError
from minitorch.serialization._resolve import Resolver
from minitorch.serialization._zip import ZipWriter
from minitorch.serialization.pickle_reader import MAX_OBJECTS, read_pickle

# 2 by themselves; but tests run on busy machines, tracemalloc makes it a few times slower, and a
# sanitizer again.
SECONDS = 60 if "LD_PRELOAD" in os.environ else 15


def quickly(action, megabytes=200):
    """Run an action that must raise or return soon and in bounded memory; return its error."""
    tracemalloc.start()
    begun = time.process_time()
    error = None
    try:
        action()
    except CheckpointError as found:
        error = found
    took, peak = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < SECONDS
    assert peak < megabytes << 20
    return error


def resolved(stream):
    return Resolver(lambda pid: None).value(read_pickle(b"\x80\x02" + stream + b".").root)


def pairs_of(count):
    """Opcodes of a pair of twice the same pair of twice the same pair and so on."""
    return b")q\x00" + b"".join(b"h%c\x86q%c" % (i, i + 1) for i in range(count))


@pytest.mark.parametrize("use", [
    b"}%sNs", b"\x8f(%s\x90", b"c__builtin__\nset\n](%se\x85R",
    b"ccollections\nOrderedDict\n](%sN\x86e\x85R",
], ids=["dict", "set", "set of list", "OrderedDict"])  # fmt: skip
def test_tuple_of_tuples_is_no_key(use):
    # 2**100 leaves, if one were to hash it.
    error = quickly(lambda: resolved(use.replace(b"%s", pairs_of(100))))
    assert "a key of more than 32 parts" in error.reason


def test_tuple_of_tuples_is_shared_not_printed():
    quickly(lambda: resolved(pairs_of(100)))
    stream = b"ctorch\nSize\n" + pairs_of(100) + b"\x85R"
    assert "torch.Size made from" in quickly(lambda: resolved(stream)).reason


def test_tensor_of_nested_size_is_refused_without_printing_it(fx):
    size = fx.Raw(pairs_of(100))
    pid = ("storage", fx.name("torch", "FloatStorage"), "0", "cpu", 6)
    tensor = fx.call(fx.name("torch._utils", "_rebuild_tensor_v2"),
                     fx.Raw(fx.opcodes(pid) + b"Q"), 0, size, size, False, ())  # fmt: skip
    buffer = io.BytesIO()
    writer = ZipWriter(buffer)
    for name, body in {"x/data.pkl": fx.pickled(tensor), "x/data/0": bytes(24),
                       "x/version": b"3\n"}.items():  # fmt: skip
        writer.add(name, body)
    writer.close()
    error = quickly(lambda: minitorch.load(io.BytesIO(buffer.getvalue())))
    assert "not an integer" in error.reason


def test_keys_of_one_hash():
    # Tuples of integers are easily chosen to collide; a dict of them takes time by the square.
    keys = b"".join(b"J" + struct.pack("<i", i) + b"K\x01\x86N" for i in range(10_000))
    assert "keys that are tuples" in quickly(lambda: resolved(b"}(" + keys + b"u")).reason


@pytest.mark.parametrize("callee, argument", [
    (b"c__builtin__\nset\n", b"](" + b"".join(
        b"J" + struct.pack("<i", i) for i in range(10_000)) + b"e"),
    (b"ccollections\nOrderedDict\n", b"](" + b"".join(
        b"J" + struct.pack("<i", i) + b"N\x86" for i in range(10_000)) + b"e"),
    (b"ctorch\nSize\n", b"(" + b"K\x01" * 50_000 + b"t"),
    (b"c_codecs\nencode\n", b"X" + struct.pack("<I", 200_000) + b"a" * 200_000
     + b"X\x06\x00\x00\x00latin1"),
], ids=["set", "OrderedDict", "Size", "encode"])  # fmt: skip
def test_one_argument_copied_by_many_calls(callee, argument):
    arguments = argument + (b"\x86" if b"latin1" in argument else b"\x85")
    stream = callee + b"q\x000" + arguments + b"q\x010](" + b"h\x00h\x01R" * 20_000 + b"e"
    error = quickly(lambda: resolved(stream), megabytes=300)
    assert "copy more than" in error.reason


@pytest.mark.parametrize("stream", [
    b"](" + b"]" * 1001, b"(" + b"}" * 1001, b")" + b"\x85" * 1001, b"N" + b"Q" * 1001,
    b"N" + b"".join(b"r" + struct.pack("<I", i) for i in range(1001)), b"N" + b"\x94" * 1001,
    b"c\n\n0" * 1001,
], ids=["lists", "dicts", "tuples", "references", "memo", "memoize", "globals"])  # fmt: skip
def test_objects_are_counted(stream, monkeypatch):
    assert MAX_OBJECTS == 1_000_000
    monkeypatch.setattr("minitorch.serialization.pickle_reader.MAX_OBJECTS", 1000)
    with pytest.raises(CheckpointError, match="more than 1000 objects|larger than 1000"):
        resolved(stream)


def test_recursion_limit_of_the_caller_is_no_crash(fx):
    from minitorch.serialization._open import open_checkpoint

    nested = b""
    for _ in range(120):
        nested += b"ccollections\nOrderedDict\n)R" + b"X\x01\x00\x00\x00a"
    value = fx.Raw(nested + b"N" + b"s" * 120)
    buffer = io.BytesIO()
    writer = ZipWriter(buffer)
    writer.add("x/data.pkl", fx.pickled(value))
    writer.close()
    checkpoint = open_checkpoint(io.BytesIO(buffer.getvalue()))[0]

    def deep(left):
        return checkpoint.value() if left == 0 else deep(left - 1)

    assert set(deep(10)[0]) == {"a"}
    with pytest.raises(CheckpointError, match="nested too deeply"):
        deep(500)


# -- npz ----------------------------------------------------------------------------------
def npz_of(header, data=b"", version=b"\1\0"):
    buffer = io.BytesIO()
    length = struct.pack("<H" if version == b"\1\0" else "<I", len(header))
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY" + version + length + header + data)
    return buffer.getvalue()


def fields(descr="'<f4'", fortran="False", shape="(2,)"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()


@pytest.mark.parametrize("header, reason", [
    (b"(" * 60_000, "damaged"), (b"-" * 9_000 + b"1", "damaged"),
    (b"{'descr': " + b"[" * 3000, "named fields"), (b"", "damaged"),
    (fields(shape="(" + "1," * 40 + ")"), "too large"), (fields(shape="(-1,)"), "damaged"),
    (fields(shape=f"({2**62},)"), "63 bits"), (fields(shape=f"({10**30},)"), "too large"),
    (fields(shape="(0, " + f"{2**62}, " * 4 + ")"), "63 bits"),
    (fields(shape="(2.0,)"), "damaged"), (fields(shape="[2]"), "damaged"),
    (fields(descr="'|O'"), "holds no numbers"), (fields(descr="'|S8'"), "holds no numbers"),
    (fields(descr="'|V8'"), "holds no numbers"), (fields(descr="'<f16'"), "holds no numbers"),
    (fields(descr="[('a', '<f4')]"), "named fields"), (fields(fortran="1"), "damaged"),
    (fields() + b"x", "damaged"), (fields().replace(b"shape", b"descr"), "damaged"),
    (fields(shape="(" + "1" * 3000 + ",)"), "too large"),
    (fields(shape="(" + " " * 3000 + "x)"), "damaged"), (fields(shape="(3,)"), "does not fit"),
    (fields(descr="''"), "damaged"), (fields(descr="'\xb2'"), "holds no numbers"),
], ids=lambda v: v[:40].decode("latin-1") if isinstance(v, bytes) else None)  # fmt: skip
@pytest.mark.parametrize("version", [b"\1\0", b"\2\0"])
def test_npy_header_is_never_evaluated(header, reason, version):
    data = npz_of(header, bytes(8), version)
    error = quickly(lambda: minitorch.load(io.BytesIO(data)))
    assert reason in error.reason and "a.npy" in error.reason


@pytest.mark.parametrize("header", [
    fields(), fields(descr="'>f4'"), fields(descr="'=f4'"), fields(fortran="True"),
    b"{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}", fields(shape="(2L,)"),
    b"{ 'descr' : '<f4','fortran_order':False,'shape':( 2 , ),}   \n",
])  # fmt: skip
def test_npy_headers_of_other_writers(header):
    found = minitorch.load(io.BytesIO(npz_of(header, bytes(8))))["a"]
    assert found.shape == (2,) and found.dtype == minitorch.float32


def test_member_that_unpacks_to_more_than_it_says():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(300 << 20))
    data = bytearray(buffer.getvalue())
    assert len(data) < 400_000
    at = data.index(b"PK\x01\x02")
    for start in (22, at + 24):  # the size in both headers
        data[start : start + 4] = struct.pack("<I", 1000)
    error = quickly(lambda: minitorch.load(io.BytesIO(bytes(data))), megabytes=20)
    assert "does not unpack to its 1000 bytes" in error.reason


def test_many_members_on_one_block_of_bytes():
    """The overlapping kind of bomb: each directory entry points at the same packed data."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(1 << 20))
    data = buffer.getvalue()
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries = data[at:end] * 1000
    tail = bytearray(data[end:])
    struct.pack_into("<2H2I", tail, 8, 1000, 1000, len(entries), at)
    error = quickly(lambda: minitorch.load(io.BytesIO(data[:at] + entries + tail)))
    assert "two members named a.npy" in error.reason


# -- safetensors --------------------------------------------------------------------------
@pytest.mark.parametrize("header, reason", [
    (b'{"a":' + b"[" * 1_000_000, "too many brackets"), (b'{"a":' * 200_000, "too many brackets"),
    (b'{"a":[' + b"1," * 500_000 + b"1]}", "has not exactly"),
    (b'{"a":' + b"9" * 1_000_000 + b"}", "too large"),
    (b'{"a":0.' + b"9" * 1_000_000 + b"}", "not an integer"),
    (b'{"a":' + b" " * 1_000_000 + b"}", "not valid JSON"),
    (b'{"' + b"\\ud83d" * 100_000 + b'":1}', "not valid text"),
    (b'{"a":{"dtype":' + b"[" * 900 + b"]" * 900 + b',"shape":[],"data_offsets":[0,4]}}', ""),
    (b'{"__metadata__":{"a":"\\ud800"}}', "__metadata__"),
    (b"{" + b",".join(b'"%d":{}' % i for i in range(100_000)) + b"}", ""),
], ids=["nested lists", "nested dicts", "numbers", "digits", "fraction", "spaces", "surrogates",
        "dtype", "metadata", "entries"])  # fmt: skip
def test_header_of_a_megabyte(header, reason):
    data = struct.pack("<Q", len(header)) + header
    error = quickly(lambda: minitorch.load(io.BytesIO(data)))
    assert reason in error.reason and error.offset == 8


def test_brackets_in_names_and_text_are_no_brackets():
    from minitorch.serialization import safetensors

    text = json.dumps([[i] for i in range(2000)])
    buffer = io.BytesIO()
    safetensors.write_records(buffer, {}, {"lists": text})
    records, metadata = safetensors.read_records(memoryview(buffer.getvalue()))
    assert (records, metadata) == ({}, {"lists": text})


# -- tensors ------------------------------------------------------------------------------
def test_view_of_stride_0_takes_no_memory(fx):
    pid = ("storage", fx.name("torch", "FloatStorage"), "0", "cpu", 1)
    tensor = fx.call(fx.name("torch._utils", "_rebuild_tensor_v2"),
                     fx.Raw(fx.opcodes(pid) + b"Q"), 0, (2**30, 2**20), (0, 0), False,
                     fx.call(fx.name("collections", "OrderedDict")))  # fmt: skip
    buffer = io.BytesIO()
    writer = ZipWriter(buffer)
    for name, body in {"x/data.pkl": fx.pickled([tensor]), "x/data/0": bytes(4)}.items():
        writer.add(name, body)
    writer.close()
    made = []
    assert quickly(lambda: made.extend(minitorch.load(io.BytesIO(buffer.getvalue()))), 1) is None
    assert made[0].shape == (2**30, 2**20) and made[0].stride() == (0, 0)
    assert np.asarray(made[0][0, 0]) == 0


# -- ONNX ---------------------------------------------------------------------------------
def walked(nodes, initializers):
    """Take the weights out of a graph that has nothing but such nodes."""
    from minitorch.models._layouts import LayoutError
    from minitorch.models._onnx_import import import_graph
    from minitorch.serialization.onnx import OnnxModel

    model = OnnxModel()
    model.nodes, model.initializers = nodes, initializers
    model.inputs, model.outputs = {"x": ("float32", (1, 3, 8, 8))}, {"y": ("float32", (1, 2))}

    def walk():
        with pytest.raises(LayoutError):
            import_graph(model)

    return walk


def test_constants_of_a_graph_that_grow(fx):
    from minitorch.serialization.onnx import Node

    row = fx.record(np.zeros((1, 1000), np.float32))
    many = fx.record(np.zeros(1_000_000, np.int64))
    gather = [Node("Gather", ["row", "many"], ["g"], {"axis": 0})]  # 4 GB
    doubling = [Node("Concat", [f"c{i}"] * 2, [f"c{i + 1}"], {"axis": 0}) for i in range(60)]
    wide = [Node("Expand", ["one", "size"], [f"e{i}"]) for i in range(3000)]  # 1 MB each
    records = {"row": row, "many": many, "c0": fx.record(np.zeros(2, np.float32)),
               "one": fx.record(np.zeros(1, np.float32)),
               "size": fx.record(np.array([1 << 18]))}  # fmt: skip
    for nodes in (gather, doubling, wide):
        assert quickly(walked(nodes, records)) is None


def test_constant_of_other_things_than_numbers():
    from minitorch.models._onnx_constants import constant_value
    from minitorch.serialization.onnx import Node, Subgraph

    for given in (["x"], Subgraph(), "x", [1, "x"], [float("nan")], float("inf")):
        for name in ("value_int", "value_ints"):
            assert constant_value(Node("Constant", [], ["c"], {name: given})) is None


def test_list_of_varints_has_a_limit():
    from minitorch.serialization._protobuf import Message
    from minitorch.serialization.onnx import read_model

    tensor = Message().integer(1, 5_000_000).integer(2, 7).data(7, bytes(5_000_000))
    model = Message().integer(1, 8).message(7, Message().message(5, tensor))
    data = b"".join(map(bytes, model.pieces))
    error = quickly(lambda: read_model(memoryview(data)))
    assert "5000000 numbers" in error.reason
