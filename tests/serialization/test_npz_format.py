"""npz files: numpy's own are read, objects never."""

import io
import zipfile

import numpy as np
import pytest

from minitorch.serialization import npz
from minitorch.serialization._errors import CheckpointError


def saved(save=np.savez, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("array", [
    np.arange(6, dtype=np.float32).reshape(2, 3), np.array(5, np.int64), np.zeros((0, 2)),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(3, dtype=">f4"),
    np.array([True, False]), np.array([1.5], np.float16), np.array([7], np.uint16),
], ids=["float32", "0-d", "empty", "fortran", "big", "bool", "float16", "uint16"])  # fmt: skip
def test_numpy_files_are_read(save, array, opened):
    found = opened(saved(save, **{"layer1.0.weight": array}))["layer1.0.weight"]
    np.testing.assert_array_equal(found.numpy(), array)
    assert tuple(found.size) == array.shape


def test_numpy_reads_what_is_written(small):
    buffer = io.BytesIO()
    npz.write_records(buffer, small)
    with np.load(io.BytesIO(buffer.getvalue()), allow_pickle=False) as found:
        assert list(found) == list(small)
        for name, record in small.items():
            np.testing.assert_array_equal(found[name], record.numpy())
            assert found[name].dtype == record.numpy().dtype
            assert found[name].shape == tuple(record.size)


def test_equal_tensors_give_equal_files(small):
    first, second = io.BytesIO(), io.BytesIO()
    npz.write_records(first, small)
    npz.write_records(second, small)
    assert first.getvalue() == second.getvalue()


def test_objects_are_refused_and_not_unpickled(opened):
    with pytest.raises(CheckpointError, match="holds no numbers"):
        opened(saved(a=np.array([object()])))


@pytest.mark.parametrize("array", [np.array(["text"]), np.zeros(2, [("a", "f4")]),
                                   np.array(["2020"], "M8[Y]")])  # fmt: skip
def test_other_dtypes_are_refused(opened, array):
    with pytest.raises(CheckpointError, match="holds no numbers"):
        opened(saved(a=array))


def test_shape_that_does_not_fit_is_refused_before_memory_is_taken(opened):
    data = npy(np.zeros(4, np.float32)).replace(b"(4,), ", b"(4000000000000,),", 1)
    with pytest.raises(CheckpointError, match="does not fit"):
        opened(zipped({"a.npy": data}))


def test_bomb_is_refused(opened):
    data = saved(np.savez_compressed, a=np.zeros(80_000_000, np.uint8))
    assert len(data) < 200_000
    with pytest.raises(CheckpointError, match="would unpack to 80"):
        opened(data)


def test_member_that_is_no_array_is_refused(opened):
    with pytest.raises(CheckpointError, match="evil.txt"):
        opened(zipped({"a.npy": npy(np.ones(1)), "evil.txt": b"x"}))


@pytest.mark.parametrize("cut", [30, 100, 200, -1, -10])
def test_truncated_file_is_refused(opened, cut):
    with pytest.raises(CheckpointError):
        opened(saved(a=np.arange(50))[:cut])


def test_flipped_byte_in_the_data_is_noticed(opened):
    data = bytearray(saved(a=np.arange(50)))
    data[300] ^= 1
    with pytest.raises(CheckpointError, match="checksum of member a.npy"):
        opened(bytes(data))


def test_bfloat16_cannot_be_written():
    from minitorch.serialization._records import DTYPES, TensorRecord

    record = TensorRecord.whole(DTYPES["bfloat16"], memoryview(bytes(2)), (1,))
    with pytest.raises(ValueError, match="bfloat16"):
        npz.write_records(io.BytesIO(), {"a": record})
