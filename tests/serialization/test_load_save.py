"""minitorch.load and minitorch.save on tensors."""

import io
import os
import pathlib
import pickle
from collections import Counter, OrderedDict

import numpy as np
import pytest

import minitorch
from minitorch import nn
from minitorch.serialization import CheckpointError, safetensors

DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8",
          "bool")  # fmt: skip


def through(value, **options):
    buffer = io.BytesIO()
    minitorch.save(value, buffer, **options)
    buffer.seek(0)
    return minitorch.load(buffer)


def same(a, b):
    """Whether two tensors agree in everything that is saved."""
    assert type(a) is type(b)
    assert a.dtype is b.dtype
    assert tuple(a.shape) == tuple(b.shape)
    assert a.stride() == b.stride()
    assert a.storage_offset() == b.storage_offset()
    assert a.requires_grad == b.requires_grad
    assert a.detach().float().tolist() == b.detach().float().tolist()


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype, legacy):
    value = minitorch.tensor([[0, 1], [2, 3]]).to(getattr(minitorch, dtype))
    same(through(value, _use_new_zipfile_serialization=not legacy), value)


TENSORS = {
    "0-d": lambda: minitorch.tensor(3.5),
    "empty": lambda: minitorch.empty(0),
    "empty 2-d": lambda: minitorch.empty(2, 0, 3),
    "transposed": lambda: minitorch.arange(6.0).view(2, 3).t(),
    "sliced": lambda: minitorch.arange(24.0).view(2, 3, 4)[:, 1:, ::2],
    "expanded": lambda: minitorch.ones(1).expand(3, 4),
    "channels_last": lambda: minitorch.arange(24.0).view(1, 2, 3, 4).contiguous(
        memory_format=minitorch.channels_last),
    "requires_grad": lambda: minitorch.ones(2, requires_grad=True),
    "parameter": lambda: nn.Parameter(minitorch.ones(2)),
    "frozen parameter": lambda: nn.Parameter(minitorch.ones(2), requires_grad=False),
}  # fmt: skip


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", TENSORS)
def test_every_kind_of_tensor(name, legacy):
    value = TENSORS[name]()
    same(through(value, _use_new_zipfile_serialization=not legacy), value)


def test_loaded_tensor_is_a_leaf_of_its_own():
    loaded = through({"a": minitorch.ones(2, requires_grad=True), "b": minitorch.ones(2)})
    assert loaded["a"].is_leaf and loaded["a"].grad_fn is None
    assert loaded["b"]._base is None
    (loaded["a"] * 2).sum().backward()
    assert loaded["a"].grad.tolist() == [2.0, 2.0]
    loaded["b"].add_(1)
    assert loaded["b"].tolist() == [2.0, 2.0]


def test_result_of_a_computation_is_loaded_as_a_leaf():
    value = minitorch.ones(2, requires_grad=True) * 2
    loaded = through(value)
    assert loaded.requires_grad and loaded.is_leaf and loaded.tolist() == [2.0, 2.0]


def test_shared_memory_is_shared_again():
    base = minitorch.zeros(4)
    loaded = through({"base": base, "view": base[1:3], "same": base})
    assert loaded["same"] is loaded["base"]
    loaded["view"].fill_(5)
    assert loaded["base"].tolist() == [0, 5, 5, 0]


def test_view_brings_its_whole_storage_as_in_pytorch():
    buffer = io.BytesIO()
    minitorch.save(minitorch.zeros(10_000)[:1], buffer)
    assert buffer.tell() > 40_000


PLAIN = [
    None, True, 3, -(2**40), 1.5, "text", b"\x00\xff", bytearray(b"x"), 1 + 2j, [1, [2]],
    (1, (2,)), {"a": {1: None}}, {1, 2}, OrderedDict(a=1), Counter("aab"),
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values(value):
    found = through(value)
    assert found == value and type(found) is type(value)


def test_size_dtype_and_device():
    value = {"size": minitorch.Size([1, 2]), "dtype": minitorch.float16,
             "device": minitorch.device("cpu")}  # fmt: skip
    found = through(value)
    assert found == value
    assert type(found["size"]) is minitorch.Size
    assert found["dtype"] is minitorch.float16


def test_state_dict_keeps_its_metadata(tmp_path):
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm2d(3))
    path = tmp_path / "net.pth"
    minitorch.save(net.state_dict(), path)
    state = minitorch.load(path)
    assert state._metadata == net.state_dict()._metadata
    other = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm2d(3))
    assert str(other.load_state_dict(state)) == "<All keys matched successfully>"
    assert other[0].weight.tolist() == net[0].weight.tolist()


def test_optimizer_state_goes_round():
    weight = nn.Parameter(minitorch.ones(3))
    optimizer = minitorch.optim.SGD([weight], lr=0.1, momentum=0.9)
    weight.sum().backward()
    optimizer.step()
    found = through(optimizer.state_dict())
    expected = optimizer.state_dict()
    assert found["param_groups"] == expected["param_groups"]
    assert found["state"][0]["momentum_buffer"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("make", [str, pathlib.Path, "file", "bytesio"])
def test_targets_and_sources(tmp_path, make):
    value, path = {"w": minitorch.arange(3)}, tmp_path / "a.pth"
    if make == "file":
        with open(path, "wb") as file:
            minitorch.save(value, file)
        with open(path, "rb") as file:
            found = minitorch.load(file)
    elif make == "bytesio":
        found = through(value)
    else:
        minitorch.save(value, make(path))
        found = minitorch.load(make(path))
    assert found["w"].tolist() == [0, 1, 2]


def test_failed_save_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.pth"
    minitorch.save(1, path)
    before = path.read_bytes()
    with pytest.raises(TypeError, match=r"cannot save the object\['net'\].*Linear"):
        minitorch.save({"net": nn.Linear(1, 1)}, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.pth"]


def test_mmap_is_copy_on_write(tmp_path):
    path = tmp_path / "a.pth"
    minitorch.save({"w": minitorch.arange(1000.0)}, path)
    before = path.read_bytes()
    loaded = minitorch.load(path, mmap=True)["w"]
    assert loaded.data_ptr() % 64 == 0
    loaded.fill_(7)
    assert loaded.sum().item() == 7000
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="file path in order to use the mmap"):
        minitorch.load(io.BytesIO(before), mmap=True)


def test_mmap_of_a_legacy_file_is_refused(tmp_path):
    path = tmp_path / "a.pth"
    minitorch.save(minitorch.ones(2), path, _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match="mmap can only be used with files saved with"):
        minitorch.load(path, mmap=True)


def test_mmap_copies_what_is_not_aligned_or_not_mapped(tmp_path):
    import zipfile

    path = tmp_path / "a.pth"
    minitorch.save({"w": minitorch.arange(5.0), "v": minitorch.arange(3)}, path)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "b.pth", "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    np.savez(tmp_path / "c.npz", w=np.arange(5.0), v=np.arange(3))
    for name in ("b.pth", "c.npz"):
        found = minitorch.load(tmp_path / name, mmap=True)
        for tensor in found.values():
            assert tensor.data_ptr() % 8 == 0
            tensor.mul_(2)
        assert found["w"].tolist() == [0, 2, 4, 6, 8] and found["v"].tolist() == [0, 2, 4]


def test_file_may_go_away_after_loading(tmp_path):
    path = tmp_path / "a.pth"
    minitorch.save(minitorch.arange(5), path)
    loaded = minitorch.load(path)
    path.write_bytes(b"")
    assert loaded.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("place", [None, "cpu", {"cuda:0": "cpu"}, lambda s, place: s,
                                   lambda s, place: None])  # fmt: skip
def test_map_location_that_ends_on_the_cpu(place):
    buffer = io.BytesIO()
    minitorch.save(minitorch.ones(2), buffer)
    assert minitorch.load(io.BytesIO(buffer.getvalue()), place).tolist() == [1, 1]
    assert minitorch.load(io.BytesIO(buffer.getvalue()), minitorch.device("cpu")).shape == (2,)


def test_map_location_is_told_the_location():
    buffer, seen = io.BytesIO(), []
    minitorch.save([minitorch.ones(2), minitorch.ones(3)], buffer)
    minitorch.load(io.BytesIO(buffer.getvalue()),
                   map_location=lambda s, place: seen.append((s.nbytes(), place)))  # fmt: skip
    assert seen == [(8, "cpu"), (12, "cpu")]


@pytest.mark.parametrize("options, error, reason", [
    ({"map_location": "cuda"}, RuntimeError, "cuda"),
    ({"map_location": {"cpu": "cuda:1"}}, RuntimeError, "cuda"),
    ({"map_location": 3}, TypeError, "map_location"),
    ({"weights_only": False}, ValueError, "never executes"),
    ({"pickle_module": pickle}, RuntimeError, "pickle_module"),
    ({"encoding": "latin1"}, TypeError, "unexpected keyword argument 'encoding'"),
])  # fmt: skip
def test_arguments_that_are_refused(options, error, reason):
    buffer = io.BytesIO()
    minitorch.save(minitorch.ones(2), buffer)
    buffer.seek(0)
    with pytest.raises(error, match=reason):
        minitorch.load(buffer, **options)


def test_save_refuses_other_arguments(tmp_path):
    with pytest.raises(ValueError, match="pickle_module"):
        minitorch.save(1, tmp_path / "a", pickle_module=pickle)
    with pytest.raises(ValueError, match="pickle_protocol=2"):
        minitorch.save(1, tmp_path / "a", pickle_protocol=4)
    with pytest.raises(RuntimeError, match="Parent directory .* does not exist"):
        minitorch.save(1, tmp_path / "no" / "a")
    with pytest.raises(TypeError, match="binary mode"):
        minitorch.save(1, io.StringIO())
    with pytest.raises(AttributeError, match="path or a file object"):
        minitorch.save(1, 3)
    assert os.listdir(tmp_path) == []


def test_other_device_in_the_file(fx):
    stream = fx.pickled([fx.call(fx.name("torch", "device"), "cuda", 0)])
    from minitorch.serialization._zip import ZipWriter

    buffer = io.BytesIO()
    writer = ZipWriter(buffer)
    writer.add("x/data.pkl", stream)
    writer.close()
    with pytest.raises(CheckpointError, match="map_location='cpu' maps it"):
        minitorch.load(io.BytesIO(buffer.getvalue()))
    found = minitorch.load(io.BytesIO(buffer.getvalue()), map_location="cpu")
    assert found == [minitorch.device("cpu")]


def test_dtype_that_minitorch_lacks_is_named(fx):
    buffer = io.BytesIO()
    with_uint16 = {"a": fx.record(np.ones(2, np.uint16))}
    safetensors.write_records(buffer, with_uint16)
    buffer.seek(0)
    with pytest.raises(CheckpointError, match="no tensors of dtype uint16"):
        minitorch.load(buffer)


def test_twin_of_the_published_resnet18_loads(fx, tmp_path):
    path = tmp_path / "twin.pth"
    records = fx.resnet_records(num_classes=2)
    with open(path, "wb") as file:
        fx.write_zip_2020(file, records)
    found = minitorch.load(path)
    path.unlink()
    assert sum(isinstance(v, nn.Parameter) for v in found.values()) == 62
    for name, record in records.items():
        np.testing.assert_array_equal(found[name].detach().numpy(), record.numpy())


@pytest.mark.parametrize("dtype", DTYPES)
def test_safetensors_of_every_dtype(tmp_path, dtype):
    path = tmp_path / "a.safetensors"
    value = {"w": minitorch.tensor([[0, 1, 3]]).to(getattr(minitorch, dtype)),
             "s": minitorch.tensor(1).to(getattr(minitorch, dtype))}  # fmt: skip
    safetensors.save_file(value, path, {"note": "x"})
    assert safetensors.load_metadata(path) == {"note": "x"}
    for found in (safetensors.load_file(path), minitorch.load(path)):
        same(found["w"], value["w"])
        same(found["s"], value["s"])


def test_safetensors_of_views_and_parameters(tmp_path):
    path = tmp_path / "a.safetensors"
    base = minitorch.arange(6.0).view(2, 3)
    safetensors.save_file({"t": base.t(), "p": nn.Parameter(base)}, path)
    found = safetensors.load_file(path)
    assert found["t"].is_contiguous() and found["t"].tolist() == base.t().tolist()
    assert found["p"].tolist() == base.tolist() and not found["p"].requires_grad


@pytest.mark.parametrize("tensors, metadata, reason", [
    ({"a": 1}, None, "expected a tensor under 'a', got int"),
    ({1: None}, None, "expected a tensor under 1"),
    ({}, {"a": 1}, "must be str"),
])  # fmt: skip
def test_safetensors_refuses_other_values(tmp_path, tensors, metadata, reason):
    with pytest.raises(TypeError, match=reason):
        safetensors.save_file(tensors, tmp_path / "a.safetensors", metadata)
    assert os.listdir(tmp_path) == []


def test_npz(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, w=np.arange(4.0), i=np.array(3))
    found = minitorch.load(path)
    assert found["w"].tolist() == [0, 1, 2, 3] and found["w"].dtype is minitorch.float64
    assert found["i"].item() == 3


def test_missing_file_and_other_content(tmp_path):
    with pytest.raises(FileNotFoundError):
        minitorch.load(tmp_path / "none.pth")
    path = tmp_path / "page.pth"
    path.write_bytes(b"<html>Not found</html>")
    with pytest.raises(CheckpointError, match="page.pth: this is an HTML"):
        minitorch.load(path)


def test_torch_opens_what_is_saved_and_back():
    torch = pytest.importorskip("torch")
    base = minitorch.arange(12.0).view(3, 4)
    value = {"base": base, "view": base[:, 1], "p": nn.Parameter(minitorch.ones(2)),
             "half": minitorch.tensor([1.5]).to(minitorch.bfloat16)}  # fmt: skip
    buffer = io.BytesIO()
    minitorch.save(value, buffer)
    buffer.seek(0)
    theirs = torch.load(buffer, weights_only=True)
    assert theirs["view"].tolist() == [1, 5, 9]
    assert theirs["view"].untyped_storage().data_ptr() == \
        theirs["base"].untyped_storage().data_ptr()
    assert isinstance(theirs["p"], torch.nn.Parameter)
    back = io.BytesIO()
    torch.save(theirs, back)
    back.seek(0)
    ours = minitorch.load(back)
    for name, tensor in value.items():
        same(ours[name], tensor)
