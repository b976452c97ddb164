"""Files that are damaged, lie about themselves, or are something else."""

import io
import random
import struct
import zipfile

import numpy as np
import pytest

import minitorch
from minitorch.serialization import pth_writer
from minitorch.serialization._errors import CheckpointError
from minitorch.serialization._open import open_checkpoint


@pytest.fixture
def good(small):
    buffer = io.BytesIO()
    pth_writer.write_zip(buffer, small)
    return buffer.getvalue()


def tensor(fx, *, numel=6, offset=0, size=(2, 3), stride=(3, 1), kind="FloatStorage", key="0",
           requires_grad=False):  # fmt: skip
    """Opcodes of one tensor with any numbers in it."""
    pid = ("storage", fx.name("torch", kind), key, "cpu", numel)
    return fx.call(
        fx.name("torch._utils", "_rebuild_tensor_v2"), fx.Raw(fx.opcodes(pid) + b"Q"), offset,
        size, stride, requires_grad, fx.call(fx.name("collections", "OrderedDict")),
    )  # fmt: skip


def archive(fx, value, data=bytes(24), **members):
    """Make a zip file around opcodes and one storage."""
    from minitorch.serialization._zip import ZipWriter

    buffer = io.BytesIO()
    writer = ZipWriter(buffer)
    contents = {"x/data.pkl": fx.pickled(value), "x/data/0": data, "x/version": b"3\n"}
    contents.update({f"x/{name}": body for name, body in members.items()})
    for name, body in contents.items():
        if body is not None:
            writer.add(name, body)
    writer.close()
    return buffer.getvalue()


def test_plain_file_opens(fx, opened):
    found = opened(archive(fx, [tensor(fx)], np.arange(6, dtype="<f4").tobytes()))
    np.testing.assert_array_equal(found[0].numpy(), [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize("change, reason", [
    ({"numel": 7}, "holds 24 bytes where 7"),
    ({"numel": 5}, "holds 24 bytes where 5"),
    ({"numel": -6}, "no valid number"),
    ({"numel": 2**62}, "holds 24 bytes"),
    ({"kind": "DoubleStorage"}, "holds 24 bytes"),
    ({"kind": "QInt8Storage"}, "QInt8Storage is not supported"),
    ({"kind": "load"}, "not allowed"),
    ({"key": "1"}, "storage 1 is not in the file"),
    ({"key": "../data.pkl"}, "not in the file"),
    ({"offset": 1}, "does not lie inside"),
    ({"offset": -1}, "negative or over 63 bits"),
    ({"offset": 2**63}, "negative or over 63 bits"),
    ({"offset": 1.0}, "not an integer"),
    ({"size": (3, 3)}, "does not lie inside"),
    ({"size": (-2, -3)}, "negative or over 63 bits"),
    ({"size": (2**40, 2**40), "stride": (0, 0)}, "does not fit in 63 bits"),
    ({"size": (2**62,), "stride": (2**62,)}, "over 63 bits"),
    ({"stride": (-3, 1)}, "negative or over 63 bits"),
    ({"stride": (2**60, 1)}, "does not lie inside"),
    ({"stride": (1,)}, "2 sizes and 1 strides"),
    ({"size": (1,) * 65, "stride": (1,) * 65}, "65 dimensions"),
    ({"size": [2, 3]}, "must be tuples"),
    ({"size": (True, 3)}, "not an integer"),
    ({"requires_grad": 1}, "requires_grad"),
], ids=str)  # fmt: skip
def test_tensor_that_lies_is_refused(fx, opened, change, reason):
    with pytest.raises(CheckpointError, match=reason):
        opened(archive(fx, [tensor(fx, **change)]))


def test_view_of_stride_0_is_not_made_large(fx, opened):
    found = opened(archive(fx, [tensor(fx, size=(2**20, 2**20), stride=(0, 0))]))[0]
    assert found.is_expanded
    assert found.numpy().shape == (2**20, 2**20)
    assert found.storage.nbytes == 24


def test_empty_view_at_any_place_inside(fx, opened):
    assert opened(archive(fx, [tensor(fx, size=(0, 3), offset=6)]))[0].numel == 0
    with pytest.raises(CheckpointError, match="does not lie inside"):
        opened(archive(fx, [tensor(fx, size=(0, 3), offset=7)]))


def test_persistent_id_of_another_kind_is_refused(fx, opened):
    with pytest.raises(CheckpointError, match="reference to outside data"):
        opened(archive(fx, [fx.Raw(fx.opcodes(("module", "x")) + b"Q")]))
    with pytest.raises(CheckpointError, match="storage outside a tensor"):
        pid = ("storage", fx.name("torch", "FloatStorage"), "0", "cpu", 6)
        opened(archive(fx, [fx.Raw(fx.opcodes(pid) + b"Q")]))


@pytest.mark.parametrize("members, reason", [
    ({"data.pkl": None}, "no data.pkl"),
    ({"version": b"11"}, "version 11"),
    ({"version": b"x"}, "version x"),
    ({"byteorder": b"middle"}, "byte order middle"),
    ({"constants.pkl": b""}, "TorchScript"),
    ({"y/data.pkl": b""}, "no data.pkl"),
])  # fmt: skip
def test_other_zip_contents_are_refused(fx, opened, members, reason):
    with pytest.raises(CheckpointError, match=reason):
        opened(archive(fx, [tensor(fx)], **members))


def rezipped(data, compress=zipfile.ZIP_STORED, extra=()):
    out = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(data))
    with zipfile.ZipFile(out, "w", compress) as target:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))
        for name, body in extra:
            target.writestr(name, body)
    return out.getvalue()


def test_zip_of_pythons_zipfile_opens(good, small, opened, same_records):
    same_records(opened(rezipped(good)), small)


def test_compressed_member_is_refused(good, opened):
    with pytest.raises(CheckpointError, match="is compressed"):
        opened(rezipped(good, zipfile.ZIP_DEFLATED))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_name_twice_is_refused(good, opened):
    with pytest.raises(CheckpointError, match="two members named archive/data/0"):
        opened(rezipped(good, extra=[("archive/data/0", bytes(96))]))


def test_path_tricks_touch_nothing(good, small, opened, same_records, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = opened(rezipped(good, extra=[("../../evil", b"x"), ("/etc/evil", b"x")]))
    same_records(found, small)
    assert list(tmp_path.iterdir()) == []


def directory(data):
    return struct.unpack("<I", data[-6:-2])[0]


def test_overlapping_members_are_refused(fx, opened):
    data = bytearray(archive(fx, [tensor(fx)], extra=bytes(24)))
    # Point the last entry at the header of data/0: names differ.
    entries = [i for i in range(directory(data), len(data)) if data[i : i + 4] == b"PK\x01\x02"]
    first, last = entries[1], entries[-1]
    data[last + 42 : last + 46] = data[first + 42 : first + 46]
    with pytest.raises(CheckpointError, match="another name in its header"):
        opened(bytes(data))
    # A longer payload that runs into the next member.
    data = bytearray(archive(fx, [tensor(fx)]))
    first = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    for field in (20, 24):
        data[first + field : first + field + 4] = struct.pack("<I", 300)
    with pytest.raises(CheckpointError, match="overlaps|outside"):
        opened(bytes(data))


@pytest.mark.parametrize("cut", [0.0, 0.25, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["zip", "legacy", "tar"])
def test_truncated_file_is_refused(fx, small, opened, kind, cut):
    buffer = io.BytesIO()
    if kind == "zip":
        pth_writer.write_zip(buffer, small)
    elif kind == "legacy":
        pth_writer.write_legacy(buffer, small)
    else:
        del small["scalar"]
        members = fx.tar_members(small)
        fx.write_tar(buffer, small)
        end = buffer.getvalue().rindex(members["storages"]) + len(members["storages"])
        buffer.truncate(end)
    data = buffer.getvalue()
    with pytest.raises(CheckpointError):
        opened(data[: int(len(data) * cut)])


@pytest.mark.parametrize("kind", ["zip", "legacy"])
def test_every_truncation_is_refused(small, opened, kind):
    buffer = io.BytesIO()
    writer = pth_writer.write_zip if kind == "zip" else pth_writer.write_legacy
    writer(buffer, {"half": small["half"], "mask": small["mask"]})
    data = buffer.getvalue()
    for end in range(len(data)):
        with pytest.raises(CheckpointError):
            opened(data[:end])


@pytest.mark.parametrize("kind", ["zip", "legacy", "tar"])
@pytest.mark.parametrize("strict", [True, False])
def test_damaged_bytes_raise_only_checkpoint_error(fx, small, opened, kind, strict):
    rng = random.Random(5)
    buffer = io.BytesIO()
    del small["scalar"]
    if kind == "tar":
        fx.write_tar(buffer, small)
    else:
        writer = pth_writer.write_zip if kind == "zip" else pth_writer.write_legacy
        writer(buffer, small)
    data = buffer.getvalue().rstrip(b"\0") + b"\0" * 1024 * (kind == "tar")
    refused = 0
    for _ in range(400):
        bad = bytearray(data)
        for _ in range(rng.randint(1, 8)):
            bad[rng.randrange(len(bad))] = rng.choice((0, 1, 127, 255, rng.randrange(256)))
        try:
            found = opened(bytes(bad), strict)
        except CheckpointError:
            refused += 1
        else:
            for item in found.values() if isinstance(found, dict) else ():
                if hasattr(item, "numpy"):
                    item.numpy().tobytes()
    assert refused > 20


def test_legacy_with_bytes_at_the_end_is_refused(small, opened):
    buffer = io.BytesIO()
    pth_writer.write_legacy(buffer, small)
    with pytest.raises(CheckpointError, match="5 bytes too many"):
        opened(buffer.getvalue() + b"12345")


@pytest.mark.parametrize("data, reason", [
    (b"", "is empty"),
    (b"<!DOCTYPE html><html>", "HTML"),
    (b"\xef\xbb\xbf\n <html>", "HTML"),
    (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "HTML or XML"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "Git LFS pointer"),
    (b"\x1f\x8b\x08\x00" + bytes(20), "gzip"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\x93NUMPY\x01\x00" + bytes(20), "single .npy"),
    (b"\x08\x07\x12\x07pytorch", "ONNX"),
    (b"\x80\x02}q\x00." + bytes(20), "plain pickle"),
    (b"\x80\x04K\x01." + bytes(20), "plain pickle"),
    (b"abc", "truncated or not a checkpoint"),
    (b"not a checkpoint at all, only some text\n", "not a known checkpoint"),
    (bytes(1000), "not a known checkpoint"),
    (b"PK\x03\x04", "truncated"),
    (b"PK\x05\x06" + bytes(18), "not a known checkpoint"),
])  # fmt: skip
def test_other_files_are_named(tmp_path, data, reason):
    path = tmp_path / "weights.pth"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=reason) as info:
        open_checkpoint(path)
    assert str(info.value).startswith(str(path))


def test_file_opened_as_text_and_other_objects(tmp_path):
    path = tmp_path / "x"
    path.write_text("text")
    with open(path) as file, pytest.raises(TypeError, match="binary mode"):
        open_checkpoint(file)
    with pytest.raises(AttributeError, match="path or a file object"):
        open_checkpoint(3)
    with pytest.raises(FileNotFoundError):
        open_checkpoint(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        open_checkpoint(tmp_path)


def test_error_is_of_both_of_pytorchs_types():
    import pickle

    assert issubclass(CheckpointError, pickle.UnpicklingError)
    assert issubclass(CheckpointError, RuntimeError)
    copied = pickle.loads(pickle.dumps(CheckpointError("why", "file", 3)))
    assert str(copied) == "file: why (at byte 3)"


def test_names_from_the_file_cannot_write_to_the_terminal(fx, opened):
    evil = fx.Raw(b"cos\n\x1b[31mred\n")
    with pytest.raises(CheckpointError) as info:
        opened(archive(fx, evil))
    assert "\x1b" not in str(info.value)


def test_names_that_are_refused_can_be_listed(fx):
    value = [fx.name("os", "system"), fx.name("argparse", "Namespace"), fx.name("os", "system")]
    data = archive(fx, [tensor(fx), *value])
    names = minitorch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data))
    assert names == ["os.system", "argparse.Namespace"]
    data = archive(fx, [tensor(fx)])
    assert minitorch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data)) == []


def test_no_name_can_be_declared_safe():
    assert not hasattr(minitorch.serialization, "add_safe_globals")
    with pytest.raises(AttributeError, match="never makes objects of classes"):
        minitorch.serialization.add_safe_globals([dict])


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_other_protocols_than_pytorchs_are_refused_but_converted(fx, opened, protocol):
    import pickle

    data = archive(fx, fx.Raw(pickle.dumps({"a": b"x"}, protocol)[2:-1]))
    with pytest.raises(CheckpointError, match=r"opcode 0x.. \(protocol 2\) is not allowed"):
        opened(data)
    assert opened(data, strict=False) == {"a": b"x"}


@pytest.mark.parametrize("change", [
    {"kind": "LongStorage", "numel": 3, "size": (3,), "stride": (1,), "requires_grad": True},
], ids=str)
def test_integers_that_require_a_gradient_are_refused(fx, opened, change):
    with pytest.raises(CheckpointError, match="int64 that requires a gradient"):
        opened(archive(fx, [tensor(fx, **change)]))


def test_big_endian_storage_of_odd_length_is_refused(fx, opened):
    data = archive(fx, [tensor(fx)], bytes(25), byteorder=b"big")
    with pytest.raises(CheckpointError, match="no whole number of float32"):
        opened(data)


def test_tensor_in_place_of_a_flag(fx):
    """What is asked "are you empty?" may be a tensor, which cannot answer."""
    pid = ("storage", fx.name("torch", "FloatStorage"), "0", "cpu", 6)
    evil = fx.call(
        fx.name("torch._utils", "_rebuild_tensor_v2"), fx.Raw(fx.opcodes(pid) + b"Q"), 0,
        (2, 3), (3, 1), False, fx.call(fx.name("collections", "OrderedDict")), tensor(fx),
    )  # fmt: skip
    with pytest.raises(CheckpointError, match="conjugate or negative bits"):
        minitorch.load(io.BytesIO(archive(fx, [evil])))
