"""safetensors: the same bytes and the same refusals as the format's own package."""

import io
import json

import numpy as np
import pytest

from minitorch.serialization import safetensors as ours
from minitorch.serialization._errors import CheckpointError
from minitorch.serialization._records import DTYPES, TensorRecord


def build(header, body=b""):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + body


def read(data):
    return ours.read_records(memoryview(data))


def entry(dtype="I32", shape=(2, 2), offsets=(0, 16)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def written(records, metadata=None):
    buffer = io.BytesIO()
    ours.write_records(buffer, records, metadata)
    return buffer.getvalue()


def test_written_bytes_are_those_of_the_package(fx):
    package = pytest.importorskip("safetensors.numpy")
    arrays = {
        "b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.array(3, np.int64),
        "naïve": np.array([1, 2], np.float16), "bool": np.array([True]),
        "u8": np.arange(3, dtype=np.uint8), "i16": np.arange(2, dtype=np.int16),
        "empty": np.zeros((0, 4), np.float64), "i8": np.array([-1], np.int8),
        "u16": np.array([9], np.uint16), "i32": np.arange(3, dtype=np.int32),
    }  # fmt: skip
    records = {name: fx.record(array) for name, array in arrays.items()}
    assert written(records) == package.save(arrays)
    assert written(records, {"format": "pt"}) == package.save(arrays, {"format": "pt"})


def test_package_reads_metadata_and_values(fx, tmp_path):
    package = pytest.importorskip("safetensors")
    path = tmp_path / "x.safetensors"
    path.write_bytes(written({"w": fx.record(np.ones((2, 2), np.float32))}, {"b": "1", "a": "ü"}))
    with package.safe_open(path, "numpy") as file:
        assert file.metadata() == {"b": "1", "a": "ü"}
        np.testing.assert_array_equal(file.get_tensor("w"), np.ones((2, 2)))


def test_bfloat16_needs_no_numpy_type():
    raw = np.array([0x3F80, 0x4000], "<u2").tobytes()
    record = TensorRecord.whole(DTYPES["bfloat16"], memoryview(raw), (2,))
    found, _ = read(written({"w": record}))
    assert found["w"].dtype.name == "bfloat16"
    np.testing.assert_array_equal(found["w"].values(), [1.0, 2.0])


def test_non_contiguous_record_is_written_in_logical_order(fx):
    record = fx.record(np.arange(6, dtype=np.float32).reshape(2, 3))
    turned = TensorRecord(record.dtype, record.storage, 0, (3, 2), (1, 3))
    found, _ = read(written({"t": turned}))
    np.testing.assert_array_equal(found["t"].numpy(), np.arange(6.0).reshape(2, 3).T)


GOOD = {
    "plain": build({"t": entry()}, bytes(16)),
    "rank 0": build({"t": entry("F32", (), (0, 4))}, bytes(4)),
    "zero size": build({"t": entry("F32", (2, 0), (0, 0))}),
    "no tensors": build({}),
    "padded": build(json.dumps({"t": entry()}).encode() + b"   ", bytes(16)),
    "leading space": build(b" \n" + json.dumps({"t": entry()}).encode(), bytes(16)),
    "metadata": build({"__metadata__": {"a": "b"}, "t": entry()}, bytes(16)),
}
BAD = {
    "empty": (b"", "truncated"),
    "seven bytes": (b"\x00" * 7, "truncated"),
    "huge header": ((2**62).to_bytes(8, "little") + b"{}", "over the limit"),
    "header longer than the file": ((50).to_bytes(8, "little") + b"{}", "truncated"),
    "not UTF-8": (build(b"\xff"), "not valid JSON"),
    "not JSON": (build(b"{"), "not valid JSON"),
    "a list": (build(b"[]"), "not a JSON object"),
    "nested": (build(b"[" * 100_000), "too many brackets"),
    "nested a little": (build(b"[" * 1000), "not valid JSON"),
    "long number": (build(b'{"t":' + b"1" * 100 + b"}"), "too large"),
    "NaN": (build(b'{"t": NaN}'), "not valid JSON"),
    "same offsets": (build({f"t{i}": entry() for i in range(10)}, bytes(16)), "gap or overlaps"),
    "hole": (build({"a": entry(), "b": entry(offsets=(20, 36))}, bytes(36)), "gap or overlaps"),
    "does not start at 0": (build({"a": entry(offsets=(4, 20))}, bytes(20)), "gap or overlaps"),
    "trailing bytes": (build({"t": entry()}, bytes(20)), "belong to no tensor"),
    "two bytes missing": (build({"t": entry()}, bytes(14)), "outside the file"),
    "name twice": (build(b'{"t":{},"t":{}}'), "twice"),
    "wrong size": (build({"t": entry(shape=(2, 3))}, bytes(16)), "does not fit"),
    "shape overflow": (build({"t": entry(shape=(2**40, 2**40))}, bytes(16)), "too large"),
    "number over 64 bits": (build({"t": entry(shape=(2**70,))}, bytes(16)), "too large|shape"),
    "negative shape": (build({"t": entry(shape=(-2, -2))}, bytes(16)), "damaged shape"),
    "float shape": (build({"t": entry(shape=(2.0, 2))}, bytes(16)), "not an integer"),
    "end before begin": (build({"t": entry(offsets=(16, 0))}, bytes(16)), "does not fit"),
    "one offset": (build({"t": entry(offsets=(0,))}, bytes(16)), "damaged data_offsets"),
    "unknown dtype": (build({"t": entry("F33")}, bytes(16)), "unknown dtype F33"),
    "dtype no text": (build({"t": entry(["F32"])}, bytes(16)), "unknown dtype"),
    "missing field": (build({"t": {"dtype": "F32"}}), "has not exactly"),
    "extra field": (build({"t": {**entry(), "x": 1}}, bytes(16)), "has not exactly"),
    "metadata no map": (build({"__metadata__": []}), "__metadata__"),
    "metadata no text": (build({"__metadata__": {"a": 1}}), "__metadata__"),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_valid_file(data):
    package = pytest.importorskip("safetensors")
    found, _ = read(data)
    names = {name for name, _ in package.deserialize(bytes(data))}
    assert set(found) == names


@pytest.mark.parametrize("data, reason", BAD.values(), ids=BAD)
def test_invalid_file_is_refused(data, reason):
    with pytest.raises(CheckpointError, match=reason):
        read(data)


LAXER = ("name twice", "metadata no text", "extra field")


@pytest.mark.parametrize("name", [name for name in BAD if name not in LAXER])
def test_package_refuses_the_same(name):
    package = pytest.importorskip("safetensors")
    with pytest.raises(package.SafetensorError):
        package.deserialize(BAD[name][0])


def test_every_truncation_is_refused():
    data = GOOD["metadata"]
    for end in range(len(data)):
        with pytest.raises(CheckpointError):
            read(data[:end])


def test_names_and_metadata_must_be_text(fx):
    record = fx.record(np.ones(1, np.float32))
    with pytest.raises(TypeError, match="must be str"):
        written({1: record})
    with pytest.raises(TypeError, match="must be str"):
        written({"a": record}, {"epoch": 3})
    with pytest.raises(ValueError, match="__metadata__"):
        written({"__metadata__": record})
