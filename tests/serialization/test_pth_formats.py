"""Zip, legacy and tar files made without PyTorch."""

import io
import struct
from collections import OrderedDict

import numpy as np
import pytest

from minitorch.serialization import pth_writer
from minitorch.serialization._errors import CheckpointError
from minitorch.serialization._open import open_checkpoint
from minitorch.serialization._records import DTYPES, StorageRecord, TensorRecord


def zip_bytes(value, **options):
    buffer = io.BytesIO()
    pth_writer.write_zip(buffer, value, **options)
    return buffer.getvalue()


def legacy_bytes(value):
    buffer = io.BytesIO()
    pth_writer.write_legacy(buffer, value)
    return buffer.getvalue()


WRITERS = {"zip": zip_bytes, "legacy": legacy_bytes}


@pytest.mark.parametrize("kind", WRITERS)
def test_round_trip_keeps_dtypes_shapes_values_and_parameters(
    kind, small, opened, same_records
):
    found = opened(WRITERS[kind](OrderedDict(small)))
    same_records(found, small)
    assert found["conv.weight"].is_parameter and found["conv.weight"].requires_grad
    assert not found["half"].is_parameter


@pytest.mark.parametrize("kind", WRITERS)
def test_shared_storage_stays_shared(kind, opened):
    storage = StorageRecord("", memoryview(np.arange(12, dtype="<f4").tobytes()))
    base = TensorRecord(DTYPES["float32"], storage, 0, (3, 4), (4, 1))
    column = TensorRecord(DTYPES["float32"], storage, 1, (3,), (4,))
    data = WRITERS[kind]({"base": base, "column": column})
    found = opened(data)
    assert found["base"].storage is found["column"].storage
    np.testing.assert_array_equal(found["column"].numpy(), [1, 5, 9])
    assert data.count(storage.data.tobytes()) == 1


def test_same_tensor_twice_is_one_object(small, opened):
    tied = small["conv.weight"]
    found = opened(zip_bytes([tied, tied]))
    assert found[0] is found[1]


def test_twin_of_the_published_resnet18_has_its_size(fx, tmp_path, same_records):
    path = tmp_path / "resnet18.pth"
    records = fx.resnet_records()
    with open(path, "wb") as file:
        fx.write_zip_2020(file, records)
    assert path.stat().st_size == fx.RESNET18_BYTES == 46_830_571
    checkpoint, source = open_checkpoint(path)
    found, _ = checkpoint.value()
    assert (checkpoint.format, len(found)) == ("zip", 102)
    assert sum(item.is_parameter for item in found.values()) == 62
    assert all(len(m.name) == len("archive/data/") + 15
               for m in checkpoint.details["members"].values() if "/data/" in m.name)  # fmt: skip
    same_records(found, records)
    path.unlink()


@pytest.mark.parametrize("options", [
    {}, {"form": "B"}, {"oldest": True}, {"old_strings": True, "list_built": True},
    {"form": "B", "old_strings": True, "list_built": True, "oldest": True},
], ids=["A", "B", "oldest", "python 2", "all"])  # fmt: skip
def test_tar_variants(fx, small, opened, same_records, options):
    del small["scalar"]  # tensors without dimensions came later
    buffer = io.BytesIO()
    fx.write_tar(buffer, small, **options)
    assert buffer.tell() % 10240 == 0
    found = opened(buffer.getvalue())
    same_records(found, small)
    assert found["conv.weight"].is_parameter


def test_tar_views_of_storages(fx, opened):
    members = fx.tar_members({"a": fx.record(np.arange(6, dtype=np.float32))})
    views = fx.pickled([(6000, 5000, 2, 3)])
    members["storages"] = members["storages"][: -len(fx.pickled(fx.Raw(b"]")))] + views
    members["tensors"] = members["tensors"].replace(
        fx.opcodes((1000, 5000, fx.name("torch", "FloatTensor"))),
        fx.opcodes((1000, 6000, fx.name("torch", "FloatTensor"))),
    )
    members["tensors"] = members["tensors"].replace(struct.pack("<q", 6), struct.pack("<q", 3))
    found = opened(tar_bytes(members))
    np.testing.assert_array_equal(found["a"].numpy(), [2, 3, 4])


def tar_bytes(members, kinds=None):
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.type = (kinds or {}).get(name, tarfile.REGTYPE)
            if info.type != tarfile.REGTYPE:
                info.size, info.linkname = 0, "/etc/passwd"
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"6"],
                         ids=["hardlink", "symlink", "char", "block", "fifo"])  # fmt: skip
def test_tar_member_that_is_no_file_is_refused(fx, small, opened, kind):
    del small["scalar"]
    data = tar_bytes(fx.tar_members(small), {"storages": kind})
    with pytest.raises(CheckpointError, match="not a regular file"):
        opened(data)


@pytest.mark.parametrize("change, reason", [
    (lambda m: m.pop("tensors"), "no tensors"),
    (lambda m: m.update({"../evil": b""}), "unexpected member"),
    (lambda m: m.update(storages=m["storages"][:100]), "truncated"),
    (lambda m: m.update(tensors=m["tensors"][:-8]), "truncated"),
    (lambda m: m.update(storages=b"\x80\x02J\xff\xff\xff\x7f."), "damaged count"),
])  # fmt: skip
def test_damaged_tar_is_refused(fx, small, opened, change, reason):
    del small["scalar"]
    members = fx.tar_members(small)
    change(members)
    with pytest.raises(CheckpointError, match=reason):
        opened(tar_bytes(members))


@pytest.mark.parametrize("numbers", [(-1, 1, 0), (6, -1, 0), (6, 1, -1), (7, 1, 0),
                                     (2**62, 2**62, 0), (6, 1, 1)])  # fmt: skip
def test_tar_tensor_outside_its_storage_is_refused(fx, opened, numbers):
    members = fx.tar_members({"a": fx.record(np.arange(6, dtype=np.float32))})
    members["tensors"] = members["tensors"][:-24] + struct.pack("<3q", *numbers)
    with pytest.raises(CheckpointError, match="63 bits|does not lie inside"):
        opened(tar_bytes(members))


def test_tar_number_of_a_tensor_that_is_not_there(fx, small, opened):
    del small["scalar"]
    members = fx.tar_members(small)
    members["pickle"] = fx.pickled([fx.Raw(fx.opcodes("77") + b"Q")])
    with pytest.raises(CheckpointError, match="tensor 77 is not in the file"):
        opened(tar_bytes(members))


def test_legacy_views_share_their_root(fx, opened):
    reference = ("storage", fx.name("torch", "FloatStorage"), "9", "cpu", 6)
    hooks = fx.call(fx.name("collections", "OrderedDict"))

    def tensor(part, size):
        storage = fx.Raw(fx.opcodes((*reference, part)) + b"Q")
        return fx.call(fx.name("torch._utils", "_rebuild_tensor_v2"), storage, 0, (size,), (1,),
                       False, hooks)  # fmt: skip

    good = legacy_bytes({})
    head = good[: good.index(b"}q\x00.", 30)]
    body = fx.pickled([tensor(None, 6), tensor(("10", 2, 3), 3)]) + fx.pickled(["9"])
    data = np.arange(6, dtype="<f4").tobytes()
    found = opened(head[:-2] + body + struct.pack("<q", 6) + data)
    np.testing.assert_array_equal(found[1].numpy(), [2, 3, 4])
    assert found[0].storage is found[1].storage
    bad = fx.pickled([tensor(("10", 4, 3), 3)]) + fx.pickled(["9"])
    with pytest.raises(CheckpointError, match="view outside storage"):
        opened(head[:-2] + bad + struct.pack("<q", 6) + data)


def test_big_endian_file(fx, opened, monkeypatch):
    values = np.array([1.5, -2.25], ">f4")
    item = fx.record(np.frombuffer(values.tobytes(), "<f4"))
    real = pth_writer.ZipWriter.add

    def big(self, name, data):
        real(self, name, b"big" if name.endswith("byteorder") else data)

    monkeypatch.setattr(pth_writer.ZipWriter, "add", big)
    np.testing.assert_array_equal(opened(zip_bytes([item]))[0].numpy(), values)


def test_bfloat16_values(opened):
    storage = StorageRecord("", memoryview(np.array([0x3F80, 0xC020], "<u2").tobytes()))
    item = TensorRecord(DTYPES["bfloat16"], storage, 0, (2,), (1,))
    found = opened(zip_bytes([item]))[0]
    np.testing.assert_array_equal(found.values(), np.array([1.0, -2.5], np.float32))


def test_payloads_are_aligned(small):
    checkpoint, _ = open_checkpoint(io.BytesIO(zip_bytes(small)))
    assert all(m.start % 64 == 0 for m in checkpoint.details["members"].values())
    assert all(m.crc_matches() for m in checkpoint.details["members"].values())


def test_python_zipfile_opens_what_is_written(small):
    import zipfile

    with zipfile.ZipFile(io.BytesIO(zip_bytes(small, root="model"))) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "model/data.pkl"


def test_different_dtypes_on_one_storage_are_refused():
    storage = StorageRecord("", memoryview(bytes(8)))
    values = [TensorRecord(DTYPES[d], storage, 0, (2,), (1,)) for d in ("float32", "int32")]
    with pytest.raises(RuntimeError, match="view the same data as different types"):
        zip_bytes(values)


@pytest.mark.parametrize("value, reason", [
    ({"a": [object()]}, r"cannot save the object\['a'\]\[0\]: builtins.object"),
    (np.float64(1), "numpy.float64"),
    (frozenset({1}), "frozenset"),
    (print, "builtin_function_or_method"),
    (range(3), "range"),
])  # fmt: skip
def test_saving_anything_else_is_refused_by_name(value, reason):
    with pytest.raises(TypeError, match=reason):
        zip_bytes(value)


def test_saving_a_cycle_or_a_deep_nest_is_refused():
    ring = []
    ring.append([ring])
    with pytest.raises(ValueError, match="contains itself"):
        zip_bytes(ring)
    deep = []
    for _ in range(400):
        deep = [deep]
    with pytest.raises(ValueError, match="nested deeper"):
        zip_bytes(deep)
