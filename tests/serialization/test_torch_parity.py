"""Files crossing to PyTorch and back, always under ``weights_only=True``."""

import io
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest

import minitorch
from minitorch.serialization import pth_writer
from minitorch.serialization._errors import CheckpointError
from minitorch.serialization._records import DTYPES, StorageRecord, TensorRecord
from minitorch.serialization._resolve import DeviceValue, DTypeValue, SizeValue

torch = pytest.importorskip("torch")


class TorchRecorder:
    """Describes PyTorch's tensors as records, so that both can write the same object."""

    def __init__(self):
        self.storages = {}

    def __call__(self, value):
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, torch.Size):
            return SizeValue(value)
        if isinstance(value, torch.dtype):
            return DTypeValue(str(value).removeprefix("torch."))
        if isinstance(value, torch.device):
            return DeviceValue(str(value))
        return None

    def tensor(self, value):
        storage = value.untyped_storage()
        key = (storage.data_ptr(), storage.nbytes(), id(value) if not storage.nbytes() else 0)
        if key not in self.storages:
            self.storages[key] = StorageRecord("", memoryview(bytes(storage)))
        return TensorRecord(
            DTYPES[str(value.dtype).removeprefix("torch.")], self.storages[key],
            value.storage_offset(), tuple(value.shape), value.stride(), value.requires_grad,
            isinstance(value, torch.nn.Parameter),
        )  # fmt: skip


def model():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(4, 2)
    )


def training_checkpoint():
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    net(torch.randn(2, 3, 3, 3)).sum().backward()
    optimizer.step()
    scheduler.step()
    return {
        "model": net.state_dict(), "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(), "rng": torch.get_rng_state(), "epoch": 3,
        "classes": ["cat", "dog"], "note": b"\x00\xff",
    }  # fmt: skip


BASE = torch.arange(24, dtype=torch.float32)
OBJECTS = {
    "state_dict": model().state_dict(),
    "parameters": list(model().parameters()),
    "checkpoint": training_checkpoint(),
    "views": [BASE, BASE[4:10], BASE.view(4, 6).t(), BASE.view(2, 3, 4)[:, ::2]],
    "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "expanded": torch.ones(1).expand(1000),
    "scalar": torch.tensor(3.5),
    "empty": [torch.empty(0), torch.empty(0, 3), torch.empty(2, 0, dtype=torch.int64)],
    "plain": {"i": [0, 255, 256, 65535, 65536, -1, 2**31, -(2**31) - 1, 2**100],
              "f": 0.1, "b": True, "n": None, "t": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
              "s": {1, 2}, "c": 1 + 2j, "u": "naïve", "bytes": b"\x80x", "ba": bytearray(b"yz"),
              "counter": Counter("aab"), "od": OrderedDict(a=1)},
    "torch": [torch.Size([1, 2]), torch.float32, torch.bfloat16, torch.device("cpu"),
              torch.device("cpu", 0)],
    "requires_grad": torch.ones(2, requires_grad=True),
    "long": [list(range(2500)), {str(i): i for i in range(2500)}],
}  # fmt: skip
for _name in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8",
              "uint8", "bool", "uint16", "uint32", "uint64", "complex64", "complex128",
              "float8_e4m3fn"):  # fmt: skip
    OBJECTS[_name] = torch.tensor([0, 1, 3]).to(getattr(torch, _name))

UNTYPED = ("uint16", "uint32", "uint64", "float8_e4m3fn")


def torch_bytes(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def check_equal(found, expected):
    """Compare what was read here with PyTorch's object."""
    if isinstance(expected, torch.Tensor):
        check_tensor(found, expected)
    elif isinstance(expected, (torch.dtype, torch.device)):
        assert found == str(expected).removeprefix("torch.")
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        assert type(found) is type(expected)
        for key in expected:
            check_equal(found[key], expected[key])
        assert getattr(found, "_metadata", None) == getattr(expected, "_metadata", None)
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        assert isinstance(found, type(expected)) or isinstance(expected, torch.Size)
        for one, other in zip(found, expected, strict=True):
            check_equal(one, other)
    else:
        assert found == expected and type(found) is type(expected)


def check_tensor(found, expected):
    assert found.dtype.name == str(expected.dtype).removeprefix("torch.")
    assert (found.size, found.stride) == (tuple(expected.shape), expected.stride())
    assert found.offset == expected.storage_offset()
    assert found.requires_grad == expected.requires_grad
    assert found.is_parameter == isinstance(expected, torch.nn.Parameter)
    plain = expected.detach()
    if not found.dtype.exact:
        plain = plain.view(torch.uint8 if found.dtype.itemsize == 1 else torch.int16)
        np.testing.assert_array_equal(found.numpy(), plain.numpy().view(found.numpy().dtype))
    else:
        np.testing.assert_array_equal(found.numpy(), plain.numpy())


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", OBJECTS)
def test_what_torch_writes_is_read(name, legacy, opened):
    data = torch_bytes(OBJECTS[name], _use_new_zipfile_serialization=not legacy)
    check_equal(opened(data), OBJECTS[name])


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", OBJECTS)
def test_what_is_written_torch_reads(name, legacy):
    buffer = io.BytesIO()
    if legacy and name in UNTYPED:  # PyTorch writes these too, but cannot read them
        with pytest.raises(ValueError, match=f"no dtype {name}"):
            pth_writer.write_legacy(buffer, OBJECTS[name], recorder=TorchRecorder())
        return
    writer = pth_writer.write_legacy if legacy else pth_writer.write_zip
    writer(buffer, OBJECTS[name], recorder=TorchRecorder())
    buffer.seek(0)
    found = torch.load(buffer, weights_only=True)
    compare_in_torch(found, OBJECTS[name])


def test_sharing_survives_the_way_to_torch():
    buffer = io.BytesIO()
    pth_writer.write_zip(buffer, OBJECTS["views"], recorder=TorchRecorder())
    buffer.seek(0)
    base, *views = torch.load(buffer, weights_only=True)
    for view in views:
        assert view.untyped_storage().data_ptr() == base.untyped_storage().data_ptr()


def compare_in_torch(found, expected):
    if isinstance(expected, torch.Tensor):
        assert found.dtype == expected.dtype and found.stride() == expected.stride()
        assert type(found) is type(expected)
        assert found.requires_grad == expected.requires_grad
        torch.testing.assert_close(found.detach(), expected.detach(), rtol=0, atol=0)
    elif isinstance(expected, dict):
        for key in expected:
            compare_in_torch(found[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        for one, other in zip(found, expected, strict=True):
            compare_in_torch(one, other)
    else:
        assert found == expected


def pickle_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(next(n for n in archive.namelist() if n.endswith("/data.pkl")))


@pytest.mark.parametrize("name", OBJECTS)
def test_pickle_is_torchs_byte_for_byte(name):
    buffer = io.BytesIO()
    pth_writer.write_zip(buffer, OBJECTS[name], recorder=TorchRecorder())
    assert pickle_of(buffer.getvalue()) == pickle_of(torch_bytes(OBJECTS[name]))


def test_torch_maps_the_written_file(tmp_path):
    path = tmp_path / "t.pth"
    with open(path, "wb") as file:
        pth_writer.write_zip(file, {"a": BASE}, "t", TorchRecorder())
    found = torch.load(path, weights_only=True, mmap=True)["a"]
    assert torch.equal(found, BASE)
    assert found.data_ptr() % 64 == 0


def test_twin_of_the_published_file_loads_in_torch(fx, tmp_path):
    path = tmp_path / "twin.pth"
    records = fx.resnet_records(num_classes=3)
    with open(path, "wb") as file:
        fx.write_zip_2020(file, records)
    found = torch.load(path, weights_only=True, mmap=False)
    path.unlink()
    assert list(found) == list(records)
    for name, record in records.items():
        np.testing.assert_array_equal(found[name].detach().numpy(), record.numpy())
        assert isinstance(found[name], torch.nn.Parameter) == record.is_parameter


@pytest.mark.parametrize("form", ["A", "B"])
def test_tar_twin_is_what_torch_reads(fx, tmp_path, form):
    # PyTorch reads this format only with weights_only=False; the file is our own.
    path = tmp_path / "t.pth"
    records = {"w": fx.record(np.arange(6, dtype=np.float32).reshape(2, 3)),
               "i": fx.record(np.arange(3))}  # fmt: skip
    with open(path, "wb") as file:
        fx.write_tar(file, records)
    found = torch.load(path, weights_only=False)
    for name, record in records.items():
        np.testing.assert_array_equal(found[name].detach().numpy(), record.numpy())


class Custom:
    """Something that is not on PyTorch's list."""


@pytest.mark.parametrize("value", [
    Custom(), np.float64(1.0), np.ones(3), frozenset({1}), range(3), slice(1), print, Custom,
    {"model": model()},
], ids=lambda v: type(v).__name__)  # fmt: skip
def test_what_torch_refuses_is_refused(value, opened):
    import pickle

    data = torch_bytes(value)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(io.BytesIO(data), weights_only=True)
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        opened(data)


def test_whole_module_gives_its_tensors():
    from minitorch.models import _layouts
    from minitorch.serialization._open import open_checkpoint

    net = model()
    checkpoint, _ = open_checkpoint(io.BytesIO(torch_bytes(net)))
    value, unknown = checkpoint.value(strict=False)
    assert "torch.nn.modules.conv.Conv2d" in unknown
    tensors, _, _ = _layouts.unwrap(value, lambda v: isinstance(v, TensorRecord))
    expected = net.state_dict()
    assert sorted(tensors) == sorted(expected)
    for name, record in tensors.items():
        np.testing.assert_array_equal(record.numpy(), expected[name].numpy())


def test_sparse_tensor_is_named(opened):
    with pytest.raises(CheckpointError, match="sparse tensors are not supported"):
        opened(torch_bytes(torch.ones(2, 2).to_sparse()))


def test_negative_bit_is_refused(opened):
    value = torch.tensor([1 + 2j]).conj().imag
    assert value.is_neg()
    with pytest.raises(CheckpointError, match="negative bits"):
        opened(torch_bytes(value))


def test_pytorchs_list_of_safe_names_is_ours():
    from torch._weights_only_unpickler import _get_allowed_globals

    from minitorch.serialization._resolve import refuse_unlisted
    from minitorch.serialization.pickle_reader import read_pickle

    names = sorted(_get_allowed_globals())
    assert len(names) > 50
    for path in names:
        module, _, name = path.rpartition(".")
        refuse_unlisted(read_pickle(f"c{module}\n{name}\n.".encode()))


def test_pytorchs_opcodes_are_ours():
    from torch._weights_only_unpickler import Unpickler

    from minitorch.serialization.pickle_reader import _TORCHS

    for code in range(256):
        try:
            Unpickler(io.BytesIO(bytes([code]))).load()
            known = True
        except Exception as error:  # anything else than this means that it began to read
            known = not str(error).startswith("Unsupported operand")
        assert known == (code in _TORCHS), f"0x{code:02x}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make, reason", [
    (lambda: torch.ones(2).to_sparse(), "sparse tensors are not supported"),
    (lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "quantized tensors"),
    (lambda: torch.ones(2, dtype=torch.complex32), "dtype torch.complex32 is not supported"),
    (lambda: torch.ones(2, device="meta"), "meta tensors are not supported"),
    (lambda: torch.strided, "tensor layouts are not supported"),
    (lambda: torch.ones(1, dtype=torch.float8_e8m0fnu), "float8_e8m0fnu is not supported"),
    (lambda: torch.ones(1, dtype=torch.uint16), "no tensors of dtype uint16"),
])  # fmt: skip
def test_what_pytorch_loads_and_minitorch_does_not_is_named(make, reason):
    buffer = io.BytesIO()
    torch.save([make()], buffer)
    buffer.seek(0)
    torch.load(buffer, weights_only=True)
    buffer.seek(0)
    with pytest.raises(minitorch.serialization.CheckpointError, match=reason):
        minitorch.load(buffer)


def test_file_without_checksums_is_read():
    torch.serialization.set_crc32_options(False)
    try:
        buffer = io.BytesIO()
        torch.save({"w": torch.arange(3.0)}, buffer)
    finally:
        torch.serialization.set_crc32_options(True)
    buffer.seek(0)
    assert minitorch.load(buffer)["w"].tolist() == [0, 1, 2]
