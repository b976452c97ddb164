"""The reader of ONNX files: what it understands, and what it says of damaged ones."""

import os
import struct

import numpy as np
import pytest

import minitorch
from minitorch.serialization import _protobuf, onnx_writer
from minitorch.serialization._errors import CheckpointError
from minitorch.serialization._open import open_checkpoint
from minitorch.serialization._protobuf import Message, varint
from minitorch.serialization.onnx import Node, OnnxModel, Subgraph, read_model

VALUES = np.array([[0, 1], [1, 0]])
# data_type, numpy's type, the field for typed data
KINDS = [(1, "f4", 4), (2, "u1", 5), (3, "i1", 5), (4, "u2", 5), (5, "i2", 5), (6, "i4", 5),
         (7, "i8", 7), (9, "?", 5), (10, "f2", 5), (11, "f8", 10), (12, "u4", 11),
         (13, "u8", 11)]  # fmt: skip


def tensor(name="w", dims=(2,), kind=1, data=b"\0" * 8, field=9):
    message = Message().integers(1, dims).integer(2, kind).data(8, name)
    return message if data is None else message.data(field, data)


def model_bytes(*tensors, graph=None):
    graph = graph or Message()
    for item in tensors:
        graph.message(5, item)
    return b"".join(Message().integer(1, 8).data(2, "test").message(7, graph).pieces)


def read(data, folder=None):
    return read_model(memoryview(data), folder)


def refused(data, *reasons, folder=None):
    with pytest.raises(CheckpointError) as caught:
        read(data, folder)
    for reason in reasons:
        assert reason in str(caught.value)
    return caught.value


# -- what is understood --------------------------------------------------------------------
def test_a_model_comes_back_as_it_was_written(fx, small):
    model = OnnxModel()
    model.ir_version, model.producer, model.name = 8, "someone", "graph é"
    model.opsets = {"": 17, "com.example": 1}
    model.initializers = dict(small)
    model.nodes = [Node("Conv", ["x", "w", ""], ["y"],
                        {"pads": [1, -1], "eps": 0.5, "n": -3, "s": "text", "t": small["half"]},
                        "first"),
                   Node("com.example.Odd", [], ["z"])]  # fmt: skip
    model.inputs = {"x": ("float32", ("batch", 3, 8))}
    model.outputs = {"z": ("int64", ())}
    model.metadata = {"classes": '["ä"]', "empty": ""}
    found = read(fx.onnx_bytes(model))
    for name in ("ir_version", "producer", "name", "opsets", "inputs", "outputs", "metadata"):
        assert getattr(found, name) == getattr(model, name), name
    assert list(found.initializers) == list(small)
    for name, record in small.items():
        np.testing.assert_array_equal(found.initializers[name].numpy(), record.numpy())
    conv, odd = found.nodes
    assert (conv.op, conv.name, conv.inputs, conv.outputs) == ("Conv", "first", ["x", "w", ""],
                                                               ["y"])  # fmt: skip
    np.testing.assert_array_equal(conv.attributes.pop("t").numpy(), small["half"].numpy())
    assert conv.attributes == {"pads": [1, -1], "eps": 0.5, "n": -3, "s": "text"}
    assert odd.op == "com.example.Odd"


@pytest.mark.parametrize("kind, dtype, field", KINDS)
def test_raw_and_typed_data_packed_and_not(kind, dtype, field):
    expected = VALUES.astype(dtype)
    raw = tensor(dims=(2, 2), kind=kind, data=expected.tobytes())
    if field in (4, 10):
        width = "f" if field == 4 else "d"
        items = [struct.pack(f"<{width}", value) for value in expected.ravel()]
        packed, keyed = b"".join(items), varint(field << 3 | (5 if field == 4 else 1))
    else:
        bits = expected.view("u2") if dtype == "f2" else expected
        items = [varint(int(value)) for value in bits.ravel()]
        packed, keyed = b"".join(items), varint(field << 3)
    typed = tensor(dims=(2, 2), kind=kind, data=packed, field=field)
    apart = tensor(dims=(2, 2), kind=kind, data=None)
    for item in items:
        apart._add(keyed + item)
    for message in (raw, typed, apart):
        record = read(model_bytes(message)).initializers["w"]
        assert record.numpy().dtype == np.dtype(dtype)
        np.testing.assert_array_equal(record.numpy(), expected)


def test_negative_numbers_and_halves():
    numbers = [-1, 2**63 - 1, -(2**63)]
    typed = tensor(dims=(3,), kind=7, data=b"".join(map(varint, numbers)), field=7)
    record = read(model_bytes(typed)).initializers["w"]
    assert record.numpy().tolist() == numbers
    brain = tensor(dims=(2,), kind=16, data=varint(0x3FC0) + varint(0xC000), field=5)
    assert read(model_bytes(brain)).initializers["w"].values().tolist() == [1.5, -2.0]


def test_scalars_empty_tensors_and_dimensions_one_by_one():
    one = Message().integer(2, 1).data(8, "one").data(9, struct.pack("<f", 2.5))
    none = tensor("none", (0, 3), data=b"")
    apart = Message().integer(1, 2).integer(1, 1).integer(2, 1).data(8, "apart").data(9, bytes(8))
    found = read(model_bytes(one, none, apart)).initializers
    assert {name: record.size for name, record in found.items()} == {
        "one": (), "none": (0, 3), "apart": (2, 1)}
    assert found["one"].numpy() == 2.5


def test_unknown_fields_and_subgraphs_are_passed_over():
    branch = Message().message(1, Message().data(4, "Deep"))
    node = Message().data(4, "If").message(5, Message().data(1, "then").message(6, branch))
    graph = Message().message(1, node).data(77, b"later").integer(78, 5).float(79, 1.0)
    found = read(model_bytes(graph=graph))
    assert [node.op for node in found.nodes] == ["If"]
    assert isinstance(found.nodes[0].attributes["then"], Subgraph)


def test_load_names_the_command_that_reads_it(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(model_bytes(tensor()))
    assert open_checkpoint(path)[0].format == "onnx"
    with pytest.raises(CheckpointError, match=r"a\.onnx: an ONNX file.*minitorch convert"):
        minitorch.load(path)


# -- damage --------------------------------------------------------------------------------
@pytest.mark.parametrize("message, reasons", [
    (tensor(dims=(3,)), ("tensor w", "need 12 bytes, not 8")),
    (tensor(dims=(-1,)), ("tensor w", "negative dimension")),
    (tensor(dims=(2**62, 2**62)), ("tensor w", "63 bits")),
    (tensor(dims=(2**40, 0, 2**40)), ("tensor w", "63 bits")),
    (tensor(dims=(1,) * 33), ("33 numbers; the limit is 32",)),
    (tensor(kind=8), ("data type 8",)),
    (tensor(kind=0), ("data type 0",)),
    (tensor().message(3, Message()), ("segments",)),
    (tensor().data(4, b"\0" * 8), ("two fields",)),
    (tensor().data(9, b"\0" * 8), ("twice",)),
    (tensor(kind=1, data=varint(1), field=5), ("do not belong in field 5",)),
    (tensor(kind=1, data=b"\0" * 7, field=4), ("truncated",)),
    (tensor(dims=(1,), kind=3, data=varint(200), field=5), ("does not fit in int8",)),
    (tensor(dims=(1,), kind=9, data=varint(2), field=5), ("does not fit in bool",)),
    (tensor(dims=(1,), kind=7, data=b"\xff" * 10, field=7), ("truncated",)),
    (tensor(dims=(1,), kind=7, data=b"\xff" * 9 + b"\x02", field=7), ("64 bits",)),
    (tensor(dims=(1,), kind=7, data=b"\xff" * 10 + b"\x01", field=7), ("64 bits",)),
    (Message().data(8, b"\xff"), ("not UTF-8",)),
    (Message().data(2, b"x"), ("a block of bytes where a number should be",)),
    (Message().integer(9, 1), ("a number where a block of bytes should be",)),
])  # fmt: skip
def test_lies_about_a_tensor(message, reasons):
    error = refused(model_bytes(message), *reasons)
    assert error.offset is not None


@pytest.mark.parametrize("data, reason", [
    (b"\x08\x08\x12", "truncated within a number"),
    (b"\x08\x08\x12\x05abc", "5 bytes where 3 are left"),
    (b"\x08\x08\x3a" + b"\xff" * 9 + b"\x01", "bytes where 0 are left"),
    (b"\x08\x08\x12" + b"\xff" * 11, "64 bits"),
    (b"\x08\x08\x13\x14", "unknown kind 3"),
    (b"\x08\x08\x16", "unknown kind 6"),
    (b"\x08\x08\x02\x00", "impossible number 0"),
    (b"\x08\x08\x3d\0\0", "4 bytes where 2 are left"),
    (b"\x08\x08\x12\x00", "without a graph"),
    (b"\x08\x08\x3a\x00\x3a\x00", "2 graphs"),
])  # fmt: skip
def test_damaged_wire_format(data, reason):
    refused(data, reason)


def test_two_of_one_name():
    refused(model_bytes(tensor(), tensor()), "two initializers named w")
    pair = Message().data(1, "k").data(2, "v")
    data = model_bytes() + b"".join(Message().message(14, pair).message(14, pair).pieces)
    refused(data, "two entries named k")
    twice = Message().data(4, "Conv").message(5, Message().data(1, "a").integer(3, 1))
    twice.message(5, Message().data(1, "a").integer(3, 2))
    refused(model_bytes(graph=Message().message(1, twice)), "two attributes named a")


def test_sparse_initializers_are_refused():
    refused(model_bytes(graph=Message().message(15, Message())), "sparse")


def test_a_flood_of_fields_is_stopped(monkeypatch):
    monkeypatch.setattr(_protobuf, "MAX_FIELDS", 50)
    graph = Message()
    for _ in range(60):
        graph.message(1, Message())
    refused(model_bytes(graph=graph), "more than 50 fields")


def test_long_attributes_are_refused():
    long = Message().data(1, "a").data(8, bytes(100_001))
    graph = Message().message(1, Message().message(5, long))
    refused(model_bytes(graph=graph), "a list of 100001 numbers")
    floats = Message().data(1, "a").data(7, bytes(400_004))
    refused(model_bytes(graph=Message().message(1, Message().message(5, floats))), "100001 numbers")


def test_every_truncation_is_an_error_or_a_whole_model(fx, small):
    model = OnnxModel()
    model.ir_version, model.producer = 8, "x"
    model.initializers = dict(small)
    model.nodes = [Node("Conv", ["x"], ["y"], {"pads": [1]}, "n")]
    data = fx.onnx_bytes(model)
    good = 0
    for end in range(len(data)):
        try:
            read(data[:end])
            good += 1
        except CheckpointError as error:
            assert error.reason
    assert good <= 1  # between two fields behind the graph


# -- data in other files -------------------------------------------------------------------
def external(**entries):
    message = Message().integers(1, (2,)).integer(2, 1).data(8, "w").integer(14, 1)
    for key, text in entries.items():
        message.message(13, Message().data(1, key).data(2, text))
    return model_bytes(message)


def test_external_data_inside_the_folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "w.bin").write_bytes(b"\0" * 4 + struct.pack("<2f", 1.5, -2))
    data = external(location="sub/w.bin", offset="4", length="8")
    (tmp_path / "m.onnx").write_bytes(data)
    checkpoint, _ = open_checkpoint(tmp_path / "m.onnx")
    assert checkpoint.value()[0]["w"].numpy().tolist() == [1.5, -2.0]
    refused(data, "only read for a model opened by its path")
    for offset, length, reason in (("8", "8", "which has 12"), ("0", "4", "where 8 are needed"),
                                   ("-1", "8", "damaged offset"), ("9" * 19, "8", "which has 12"),
                                   ("", "9" * 30, "damaged length")):
        refused(external(location="sub/w.bin", offset=offset, length=length), reason,
                folder=str(tmp_path))


@pytest.mark.parametrize("location", [
    "../w.bin", "/etc/hostname", "sub/../../w.bin", "", "link", "linked/w.bin", "a\0b", "..\\w.bin",
    "c:\\w.bin",
])  # fmt: skip
def test_external_data_elsewhere_is_not_read(tmp_path, location):
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(bytes(8))
    os.symlink(tmp_path / "w.bin", folder / "link")
    os.symlink(tmp_path, folder / "linked")
    refused(external(location=location), "outside the model's folder", folder=str(folder))


def test_external_data_that_is_missing(tmp_path):
    refused(external(location="w.bin"), "w.bin is missing",
            folder=str(tmp_path))


def test_writing_refuses_a_dtype_without_a_number(fx):
    model = OnnxModel()
    model.outputs = {"y": ("float4", ())}
    with pytest.raises(ValueError, match="no dtype float4"):
        onnx_writer.write_model(None, model)
