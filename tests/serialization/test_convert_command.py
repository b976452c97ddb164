"""`minitorch convert`: layouts, wrappers, checks, what is printed, what is written."""

import hashlib
import io
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest

from minitorch.cli import main
from minitorch.models import _layouts
from minitorch.serialization import npz, pth_writer, safetensors
from minitorch.serialization._open import open_checkpoint


@pytest.fixture(scope="module")
def records(fx):
    """A ResNet-18 with 10 classes, as plain records."""
    arrays = fx.resnet_arrays(num_classes=10, batches=True)
    return OrderedDict((name, fx.record(array)) for name, array in arrays.items())


@pytest.fixture
def command(capsys):
    """Run the command; return (exit code, stdout, stderr)."""

    def run(*arguments):
        code = main(["convert", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def write_pth(path, value):
    with open(path, "wb") as file:
        pth_writer.write_zip(file, value)
    return path


def loaded(path):
    return open_checkpoint(path)[0].value()[0]


@pytest.fixture(scope="module")
def written(fx, tmp_path_factory):
    """One ResNet-18 in every format; removed at once, for it is large."""
    folder = tmp_path_factory.mktemp("written")
    yield [pathlib.Path(path) for path in fx.write_all(str(folder), num_classes=2)]
    shutil.rmtree(folder)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz", ".pth"])
def test_every_source_format_to_every_target(
    fx, tmp_path, command, same_records, written, suffix
):
    expected = fx.resnet_records(num_classes=2)
    target = tmp_path / f"out{suffix}"
    for path in written if suffix == ".safetensors" else written[::4]:
        code, out, err = command(path, target, "--force")
        assert (code, err) == (0, ""), path
        found = loaded(target)
        same_records({name: found[name] for name in expected}, expected)
        assert len(found) == 102
        assert hashlib.sha256(path.read_bytes()).hexdigest() in out
        assert hashlib.sha256(target.read_bytes()).hexdigest() in out
    assert os.listdir(tmp_path) == [target.name]
    target.unlink()


def test_output_says_what_was_found_peeled_mapped_and_left(fx, tmp_path, command, records):
    state = OrderedDict((f"module.{name}", item) for name, item in records.items())
    source = write_pth(tmp_path / "ck.pth.tar", {"epoch": 3, "state_dict": state, "best": 0.5})
    code, out, _ = command(source, tmp_path / "out.safetensors")
    assert code == 0
    assert "found    122 tensors" in out
    assert "peeled   state_dict, module." in out
    assert "122 torchvision names to torchvision's resnet18, 10 classes" in out
    assert "left     epoch (int), best (float)" in out
    assert "read back and compared" in out


def test_metadata_of_the_result(fx, tmp_path, command, records):
    names = [f"class {i}" for i in range(10)]
    source = write_pth(tmp_path / "a.pth", {"model": records, "classes": names})
    assert command(source, tmp_path / "out.safetensors")[0] == 0
    metadata = safetensors.load_metadata(tmp_path / "out.safetensors")
    assert metadata["format"] == "pt"
    assert metadata["arch"] == "resnet18"
    assert json.loads(metadata["classes"]) == names
    assert metadata["source"] == "a.pth"
    assert metadata["source_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()


def test_metadata_of_a_safetensors_source_is_kept(fx, tmp_path, command, records):
    source = tmp_path / "a.safetensors"
    with open(source, "wb") as file:
        safetensors.write_records(file, records, {"note": "hello"})
    assert command(source, tmp_path / "b.safetensors")[0] == 0
    assert safetensors.load_metadata(tmp_path / "b.safetensors")["note"] == "hello"


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_dtype(fx, tmp_path, command, records, dtype):
    source = write_pth(tmp_path / "a.pth", records)
    assert command(source, tmp_path / "b.npz", "--dtype", dtype)[0] == 0
    found = np.load(tmp_path / "b.npz")
    assert found["fc.weight"].dtype == dtype
    assert found["bn1.num_batches_tracked"].dtype == np.int64
    np.testing.assert_array_equal(found["fc.weight"],
                                  records["fc.weight"].numpy().astype(dtype))  # fmt: skip


def test_dtype_that_overflows_is_refused(fx, tmp_path, command, records):
    changed = dict(records, **{"fc.bias": fx.record(np.full(10, 1e6, np.float32))})
    source = write_pth(tmp_path / "a.pth", changed)
    code, _, err = command(source, tmp_path / "b.npz", "--dtype", "float16")
    assert code == 1 and "fc.bias holds values too large for float16" in err
    assert os.listdir(tmp_path) == ["a.pth"]


def test_backbone_without_a_head(fx, tmp_path, command, records):
    backbone = {n: r for n, r in records.items() if not n.startswith("fc.")}
    source = write_pth(tmp_path / "a.pth", backbone)
    code, out, _ = command(source, tmp_path / "b.safetensors")
    assert code == 0 and "resnet18, without a head" in out


def test_arch_any_copies_every_tensor(tmp_path, command, small, same_records):
    source = write_pth(tmp_path / "a.pth", small)
    assert command(source, tmp_path / "b.safetensors")[0] == 1
    code, out, _ = command(source, tmp_path / "b.pth", "--arch", "any")
    assert code == 0
    same_records(loaded(tmp_path / "b.pth"), small)


def test_key_chooses_the_entry(tmp_path, command, records):
    source = write_pth(tmp_path / "a.pth", {"weights": records, "state_dict": {"x": 1}})
    code, out, _ = command(source, tmp_path / "b.pth", "--key", "weights")
    assert code == 0 and "peeled   weights" in out
    code, _, err = command(source, tmp_path / "c.pth", "--key", "none")
    assert code == 1 and "no entry 'none'" in err


# -- what is refused -----------------------------------------------------------------------
def changed(records, fx, **changes):
    out = OrderedDict(records)
    for name, array in changes.items():
        if array is None:
            del out[name]
        else:
            out[name] = fx.record(array)
    return out


@pytest.mark.parametrize("changes, reason", [
    ({"conv1.weight": None}, "missing: conv1.weight"),
    ({"extra.weight": np.ones(1, np.float32)}, "unknown: extra.weight"),
    ({"conv1.weight": np.ones((64, 1, 7, 7), np.float32)}, r"conv1.weight is [64, 1, 7, 7], not"),
    ({"fc.weight": None, "fc.1.weight": np.ones((10, 512), np.float32)},
     "fc.1.weight looks like fc.weight"),
    ({"fc.bias": np.ones(3, np.float32)}, "fc.bias is [3], not [10]"),
    ({"fc.bias": np.ones(10, np.int64)}, "fc.bias has dtype int64"),
    ({"fc.bias": np.full(10, np.nan, np.float32)}, "fc.bias holds values that are not finite"),
    ({"bn1.running_var": np.full(64, -1, np.float32)}, "bn1.running_var holds negative"),
    ({"conv1.0.weight": np.ones(1, np.float32)}, "deep stem"),
], ids=lambda v: v if isinstance(v, str) else "")  # fmt: skip
def test_other_networks_are_refused(fx, tmp_path, command, records, changes, reason):
    source = write_pth(tmp_path / "a.pth", changed(records, fx, **changes))
    code, _, err = command(source, tmp_path / "b.safetensors", "--arch", "resnet18")
    assert code == 1 and reason in err
    assert os.listdir(tmp_path) == ["a.pth"]


def test_another_architecture_is_named(fx, tmp_path, command):
    arrays = fx.resnet_arrays("resnet34", num_classes=2)
    source = write_pth(tmp_path / "a.pth", {n: fx.record(a) for n, a in arrays.items()})
    code, out, _ = command(source, tmp_path / "b.npz")
    assert code == 0 and "torchvision's resnet34, 2 classes" in out
    code, _, err = command(source, tmp_path / "c.npz", "--arch", "resnet18")
    assert code == 1 and "not the names of a resnet18" in err


def test_mixed_prefixes_are_not_peeled(fx, tmp_path, command, records):
    mixed = OrderedDict((f"module.{n}", r) for n, r in records.items())
    mixed["fc.scale"] = fx.record(np.ones(1, np.float32))
    code, _, err = command(write_pth(tmp_path / "a.pth", mixed), tmp_path / "b.npz")
    assert code == 1 and "not the names" in err


@pytest.mark.parametrize("value, reason", [
    ({}, "no tensors"), ([1], "a list"), ("text", "a str"), ({"a": 1}, "entries are a"),
])  # fmt: skip
def test_file_without_tensors_is_refused(tmp_path, command, value, reason):
    code, _, err = command(write_pth(tmp_path / "a.pth", value), tmp_path / "b.npz")
    assert code == 1 and reason in err


def expanded(fx, size, stride):
    pid = ("storage", fx.name("torch", "FloatStorage"), "0", "cpu", 1)
    tensor = fx.call(fx.name("torch._utils", "_rebuild_tensor_v2"),
                     fx.Raw(fx.opcodes(pid) + b"Q"), 0, size, stride, False,
                     fx.call(fx.name("collections", "OrderedDict")))  # fmt: skip
    return fx.pickled({"w": tensor})


def zip_with(path, stream, data):
    from minitorch.serialization._zip import ZipWriter

    with open(path, "wb") as file:
        writer = ZipWriter(file)
        writer.add("x/data.pkl", stream)
        writer.add("x/data/0", data)
        writer.close()
    return path


def test_expanded_view_needs_leave(fx, tmp_path, command):
    stream = expanded(fx, (1000, 100), (0, 0))
    source = zip_with(tmp_path / "a.pth", stream, struct.pack("<f", 2.5))
    code, _, err = command(source, tmp_path / "b.npz", "--arch", "any")
    assert code == 1 and "--allow-expanded" in err
    assert command(source, tmp_path / "b.npz", "--arch", "any", "--allow-expanded")[0] == 0
    np.testing.assert_array_equal(np.load(tmp_path / "b.npz")["w"], np.full((1000, 100), 2.5))


def test_bomb_of_a_stride_0_view_costs_nothing(fx, tmp_path, command):
    stream = expanded(fx, (2**30, 2**20), (0, 0))
    source = zip_with(tmp_path / "a.pth", stream, struct.pack("<f", 2.5))
    code, _, err = command(source, tmp_path / "b.npz", "--arch", "any")
    assert code == 1 and "--allow-expanded" in err


def test_unknown_names_are_skipped_and_listed(fx, tmp_path, command, records):
    namespace = fx.Raw(fx.call(fx.name("argparse", "Namespace"), state={"lr": 0.1}))
    pth_bytes = io.BytesIO()
    pth_writer.write_zip(pth_bytes, records)
    from minitorch.serialization._zip import ZipWriter, read_members

    members = read_members(memoryview(pth_bytes.getvalue()))
    state = bytes(members["archive/data.pkl"].data)[2:-1]
    with open(tmp_path / "a.pth", "wb") as file:
        writer = ZipWriter(file)
        for name, member in members.items():
            stream = fx.pickled({"state_dict": fx.Raw(state), "args": namespace})
            writer.add(name, stream if name.endswith("data.pkl") else member.data)
        writer.close()
    code, out, _ = command(tmp_path / "a.pth", tmp_path / "b.safetensors")
    assert code == 0
    assert "skipped  argparse.Namespace (1x): not run, not imported" in out
    code, out, _ = command(tmp_path / "a.pth", "--inspect")
    assert code == 0
    assert "global    argparse.Namespace (1x)" in out
    assert "verdict   asks for argparse.Namespace" in out


def module(fx, parameters=None, children=None):
    state = {"training": True, "_parameters": parameters or {}, "_buffers": {},
             "_modules": children or {}}  # fmt: skip
    made = fx.opcodes(fx.name("my.models", "Net")) + b")\x81"
    return fx.Raw(made + fx.opcodes(state) + b"b")


def test_whole_pickled_module_gives_its_tensors(fx, tmp_path, command):
    stream = expanded(fx, (1,), (1,))
    inner = fx.Raw(stream[stream.index(b"ctorch._utils") : stream.rindex(b"u.")])
    tree = module(fx, children={"a": module(fx, {"w": inner}), "b": module(fx, {"bias": None})})
    source = zip_with(tmp_path / "a.pth", fx.pickled(tree), struct.pack("<f", 2.5))
    code, out, _ = command(source, tmp_path / "b.npz", "--arch", "any")
    assert code == 0 and "my.models.Net" in out
    assert dict(np.load(tmp_path / "b.npz")) == {"a.w": np.float32(2.5)}


# -- wrong usage, bad files, nothing half-written ------------------------------------------
def test_wrong_usage_gives_2(tmp_path, command):
    source = tmp_path / "a.pth"
    source.write_bytes(b"x")
    for arguments, reason in [
        ((source,), "DST is missing"),
        ((source, tmp_path / "b.bin"), "must end in one of"),
        ((source, tmp_path / "b"), "must end in one of"),
        ((source, source), "the same file"),
        ((source, tmp_path / "b.npz", "--inspect"), "takes no DST"),
    ]:
        code, _, err = command(*arguments)
        assert code == 2 and reason in err


def test_target_that_exists_is_kept(tmp_path, command, records):
    source = write_pth(tmp_path / "a.pth", records)
    target = tmp_path / "b.npz"
    target.write_bytes(b"precious")
    code, _, err = command(source, target)
    assert code == 2 and "--force" in err
    assert target.read_bytes() == b"precious"
    assert command(source, target, "--force")[0] == 0
    assert target.read_bytes() != b"precious"


@pytest.mark.parametrize("data, reason", [
    (b"<html>not found</html>", "HTML"),
    (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    (b"", "empty"),
])  # fmt: skip
def test_bad_source_gives_1_and_leaves_nothing(tmp_path, command, data, reason):
    source = tmp_path / "a.pth"
    source.write_bytes(data)
    code, _, err = command(source, tmp_path / "b.npz")
    assert code == 1 and reason in err and str(source) in err
    assert os.listdir(tmp_path) == ["a.pth"]
    assert command(source, "--inspect")[0] == 1


def test_missing_source_and_missing_folder(tmp_path, command, records):
    code, _, err = command(tmp_path / "none.pth", tmp_path / "b.npz")
    assert code == 1 and "none.pth" in err
    source = write_pth(tmp_path / "a.pth", records)
    code, _, err = command(source, tmp_path / "no" / "b.npz")
    assert code == 2 and "does not exist" in err


def test_damage_while_writing_is_noticed(tmp_path, command, records, monkeypatch):
    source = write_pth(tmp_path / "a.pth", records)
    real = npz.write_records

    def damaged(file, plain):
        real(file, {**plain, "fc.bias": plain["bn1.bias"]})

    monkeypatch.setattr(npz, "write_records", damaged)
    code, _, err = command(source, tmp_path / "b.npz")
    assert code == 1 and "fc.bias was written with another dtype or shape" in err
    assert os.listdir(tmp_path) == ["a.pth"]


def test_inspect_shows_contents(tmp_path, command, small):
    source = write_pth(tmp_path / "a.pth", {"model": small, "epoch": 3, "again": small["half"]})
    code, out, _ = command(source, "--inspect")
    assert code == 0
    assert "format    zip" in out
    assert "global    torch._utils._rebuild_tensor_v2" in out
    assert "  model.conv.weight: float32 [2, 3, 2, 2], a Parameter" in out
    assert "  epoch: int 3" in out
    assert "  again: float16 [2], shares memory with model.half" in out
    assert "verdict   plain data; minitorch.load opens it" in out
    assert os.listdir(tmp_path) == ["a.pth"]


# -- names ---------------------------------------------------------------------------------
@pytest.mark.parametrize("arch, count, numbers", [
    ("resnet18", 122, 11_689_512), ("resnet34", 218, 21_797_672),
    ("resnet50", 320, 25_557_032), ("resnet101", 626, 44_549_160),
    ("resnet152", 932, 60_192_808), ("resnext50_32x4d", 320, 25_028_904),
    ("resnext101_32x8d", 626, 88_791_336), ("resnext101_64x4d", 626, 83_455_272),
    ("wide_resnet50_2", 320, 68_883_240), ("wide_resnet101_2", 626, 126_886_696),
])  # fmt: skip
def test_expected_names_have_the_published_counts(arch, count, numbers):
    shapes = _layouts.expected_shapes(arch, 1000)
    assert len(shapes) == count
    trained = [s for n, s in shapes.items() if "running" not in n and "batches" not in n]
    assert sum(int(np.prod(s)) for s in trained) == numbers


@pytest.mark.parametrize("arch", _layouts.ARCHITECTURES)
def test_hugging_face_names_map_one_to_one(fx, arch):
    class Fake:
        def __init__(self, size, dtype):
            self.size, self.dtype = size, dtype

    from minitorch.serialization._records import DTYPES

    shapes = _layouts.expected_shapes(arch, 7)
    fakes = {name: Fake(shape, DTYPES["float32"]) for name, shape in shapes.items()}
    theirs = fx.hugging_face_names(fakes)
    assert "resnet.encoder.stages.1.layers.0.shortcut.convolution.weight" in theirs
    mapped = _layouts.map_names(theirs)
    assert (mapped.arch, mapped.layout, mapped.num_classes) == (arch, "Hugging Face", 7)
    assert list(mapped.tensors) == list(shapes)
    assert all(mapped.tensors[name] is fakes[name] for name in shapes)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "backbone.",
                                    "module._orig_mod.model."])  # fmt: skip
def test_prefixes_are_peeled(records, prefix):
    mapped = _layouts.map_names({prefix + name: item for name, item in records.items()})
    assert (mapped.prefix, mapped.arch) == (prefix, "resnet18")


@pytest.mark.parametrize("keys", [("state_dict",), ("model",), ("model_state_dict",),
                                  ("net",), ("model_ema", "state_dict"), ("state_dict", "model")])
def test_wrappers_are_peeled(keys):
    value = {"w": 1}
    for key in reversed(keys):
        value = {key: value, "epoch": 1}
    tensors, peeled, left = _layouts.unwrap(value, lambda v: v == 1 and type(v) is int)
    assert tensors == {"w": 1}
    assert tuple(peeled) == keys
    assert "epoch" in left


def test_average_of_weights_comes_first():
    value = {"state_dict": {"w": 1}, "state_dict_ema": {"w": 2}}
    tensors, peeled, left = _layouts.unwrap(value, lambda v: isinstance(v, int))
    assert tensors == {"w": 2} and peeled == ["state_dict_ema"] and "state_dict" in left


def test_script_runs_from_another_folder(tmp_path, records):
    tool = pathlib.Path(__file__).resolve().parents[2] / "tools" / "convert_weights.py"
    source = write_pth(tmp_path / "a.pth", records)
    done = subprocess.run([sys.executable, str(tool), str(source), "b.npz"], cwd=tmp_path,
                          capture_output=True, text=True)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "read back and compared" in done.stdout
    again = subprocess.run([sys.executable, str(tool), str(source), "b.npz"], cwd=tmp_path,
                           capture_output=True, text=True)  # fmt: skip
    assert again.returncode == 2 and "--force" in again.stderr


@pytest.mark.parametrize("name, text", [("nowhere/a.pth", "does not exist"),
                                        ("folder.pth", "is a folder")])
def test_a_place_that_cannot_be_written_is_refused_before_work(command, tmp_path, name, text):
    (tmp_path / "folder.pth").mkdir()
    code, out, err = command(tmp_path / "src.pth", tmp_path / name, "--force")
    assert code == 2 and out == "" and text in err


def test_a_wrong_checksum_is_refused(command, records, tmp_path):
    path = write_pth(tmp_path / "a.pth", records)
    assert command(path, tmp_path / "good.npz")[0] == 0
    data = bytearray(path.read_bytes())
    record = bytes(records["layer1.0.conv1.weight"].storage.data)
    data[data.index(record) + 1] ^= 1
    path.write_bytes(data)
    code, _, err = command(path, tmp_path / "b.npz")
    assert code == 1 and str(path) in err and "its checksum does not match" in err
    assert not (tmp_path / "b.npz").exists()


def test_a_tensor_is_called_tensor(command, fx, tmp_path):
    path = write_pth(tmp_path / "a.pth", fx.record(np.ones(3, np.float32)))
    assert "but a tensor" in command(path, tmp_path / "b.npz")[2]


def test_sigterm_leaves_no_part_of_a_file(records, tmp_path):
    write_pth(tmp_path / "a.pth", records)
    code = ("import os, signal, sys; from minitorch.cli import _export, main\n"
            "def kill(*_): os.kill(os.getpid(), signal.SIGTERM)\n"
            "_export._read_back = kill\n"
            "sys.exit(main(sys.argv[1:]))")
    done = subprocess.run([sys.executable, "-c", code, "convert", tmp_path / "a.pth",
                           tmp_path / "b.npz"], capture_output=True, text=True)
    assert done.returncode == 143 and "SIGTERM" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.pth"]


def test_weights_under_an_unusual_name_are_pointed_at(command, records, tmp_path):
    path = write_pth(tmp_path / "a.pth", {"epoch": 3, "student": records})
    code, _, err = command(path, tmp_path / "b.npz")
    assert code == 1 and "`minitorch convert --key student`" in err
    assert command(path, tmp_path / "b.npz", "--key", "student")[0] == 0
