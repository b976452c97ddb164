"""`minitorch convert` from and to ONNX, and the proof that every export goes through."""

import json
import os

import numpy as np
import pytest
from PIL import Image

import minitorch
from minitorch.cli import _export, main
from minitorch.models import _onnx_export, _onnx_import
from minitorch.serialization import pth_writer, safetensors
from minitorch.serialization._open import open_checkpoint
from minitorch.training import ModelInfo, load_model
from minitorch.training.preprocessing import Preprocessing

CLASSES = ["cat", "dög", "emu"]
INFO = ModelInfo("resnet18", CLASSES, Preprocessing(32, 36), {"accuracy": 0.5}, {"data": "x"})


@pytest.fixture(scope="module")
def records(fx):
    return fx.resnet_records(num_classes=3)


@pytest.fixture(scope="module")
def best(records, tmp_path_factory):
    """A model file as a run writes it."""
    path = tmp_path_factory.mktemp("run") / "best.safetensors"
    with open(path, "wb") as file:
        safetensors.write_records(file, records, INFO.to_metadata())
    yield path
    path.unlink()


@pytest.fixture
def command(capsys):
    """Run the command; return (exit code, stdout, stderr)."""

    def run(*arguments):
        code = main(["convert", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def opened(path):
    return open_checkpoint(path)[0]


def test_there_and_back(best, tmp_path, command, records):
    there, back = tmp_path / "m.onnx", tmp_path / "back.safetensors"
    code, out, err = command(best, there)
    assert (code, err) == (0, "")
    assert "logits on a probe of 2 images are the source's, bit for bit" in out
    model = opened(there).details["model"]
    assert model.inputs == {"input": ("float32", ("batch", 3, "height", "width"))}
    assert model.outputs == {"logits": ("float32", ("batch", 3))}
    assert json.loads(model.metadata["classes"]) == CLASSES
    code, out, err = command(there, back)
    assert (code, err) == (0, "")
    assert "the graph and the resnet18 compute the same logits" in out
    found = opened(back).value()[0]
    assert set(found) == set(records)
    for name, record in records.items():
        np.testing.assert_array_equal(found[name].numpy(), record.numpy())
    _, info = load_model(back)
    assert (info.classes, info.preprocessing, info.metrics) == (
        CLASSES, INFO.preprocessing, INFO.metrics)


def test_predict_accepts_the_converted_file(best, tmp_path, command, capsys):
    Image.new("RGB", (40, 40), "red").save(tmp_path / "a.png")
    for name in ("m.onnx", "m.pth", "m.safetensors"):
        assert command(best, tmp_path / name)[0] == 0
    assert main(["predict", str(best), str(tmp_path / "a.png")]) == 0
    expected = capsys.readouterr().out
    assert main(["predict", str(tmp_path / "m.safetensors"), str(tmp_path / "a.png")]) == 0
    assert capsys.readouterr().out == expected
    for name, reason in (("m.onnx", "`minitorch convert"), ("m.pth", "no names of classes")):
        assert main(["predict", str(tmp_path / name), str(tmp_path / "a.png")]) == 1
        assert reason in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".pth", ".npz"])
def test_what_a_format_cannot_hold_is_said(best, tmp_path, command, suffix):
    code, out, _ = command(best, tmp_path / f"m{suffix}")
    assert code == 0 and f"classes and preprocessing: {suffix} holds tensors only" in out
    assert "classes and preprocessing:" not in command(best, tmp_path / "m.safetensors")[1]


def test_a_checkpoint_of_a_run_keeps_its_classes(records, tmp_path, command):
    with open(tmp_path / "last.ckpt", "wb") as file:
        pth_writer.write_zip(file, {"format": "minitorch.checkpoint", "model": records,
                                    "info": INFO.to_metadata(), "config": "{}"})  # fmt: skip
    assert command(tmp_path / "last.ckpt", tmp_path / "m.safetensors")[0] == 0
    _, info = load_model(tmp_path / "m.safetensors")
    assert (info.classes, info.preprocessing) == (CLASSES, INFO.preprocessing)


def test_image_size_and_float16(best, tmp_path, command):
    code, out, _ = command(best, tmp_path / "m.onnx", "--image-size", 64, "--dtype", "float16")
    assert code == 0 and "differ from the source's by" in out
    model = opened(tmp_path / "m.onnx").details["model"]
    assert model.inputs == {"input": ("float16", ("batch", 3, 64, 64))}
    assert {item.dtype.name for item in model.initializers.values()} == {"float16"}
    # back in float32, as whoever feeds a graph does
    assert command(tmp_path / "m.onnx", tmp_path / "n.onnx")[0] == 0
    model = opened(tmp_path / "n.onnx").details["model"]
    assert model.inputs == {"input": ("float32", ("batch", 3, "height", "width"))}


def test_a_backbone_gives_features(fx, tmp_path, command, records):
    backbone = {name: item for name, item in records.items() if not name.startswith("fc.")}
    with open(tmp_path / "a.pth", "wb") as file:
        pth_writer.write_zip(file, backbone)
    assert command(tmp_path / "a.pth", tmp_path / "m.onnx")[0] == 0
    model = opened(tmp_path / "m.onnx").details["model"]
    assert model.outputs == {"features": ("float32", ("batch", 512))}
    code, out, _ = command(tmp_path / "m.onnx", tmp_path / "b.safetensors")
    assert code == 0 and "resnet18, without a head" in out


def test_a_network_with_folded_batch_norms(fx, tmp_path, command):
    path = tmp_path / "folded.onnx"
    path.write_bytes(fx.onnx_bytes(fx.folded_onnx(fx.resnet_arrays(num_classes=3))))
    code, out, _ = command(path, tmp_path / "m.safetensors")
    assert code == 0
    assert "note     BatchNorm statistics are gone" in out
    assert "102 ONNX names to torchvision's resnet18, 3 classes" in out
    code, out, _ = command(path, tmp_path / "m.npz", "--arch", "any")
    assert code == 0 and "onnx::Conv_194" in np.load(tmp_path / "m.npz")
    code, _, err = command(path, tmp_path / "n.npz", "--arch", "resnet34")
    assert code == 1 and "not the names of a resnet34" in err
    code, _, err = command(path, tmp_path / "n.npz", "--key", "model")
    assert code == 1 and "no entries for --key" in err


def test_inspect(fx, best, tmp_path, command):
    assert command(best, tmp_path / "m.onnx")[0] == 0
    code, out, _ = command(tmp_path / "m.onnx", "--inspect")
    assert code == 0
    for line in ("format    onnx", "producer  minitorch, ir_version 7, opset ai.onnx 13",
                 "input     input: float32 ['batch', 3, 'height', 'width']",
                 "op        BatchNormalization (20x)", "  conv1.weight: float32 [64, 3, 7, 7]",
                 "verdict   a resnet18, 3 classes; minitorch convert takes its weights out"):
        assert line in out, line
    model = opened(tmp_path / "m.onnx").details["model"]
    next(node for node in model.nodes if node.op == "MaxPool").op = "Mish"
    (tmp_path / "odd.onnx").write_bytes(fx.onnx_bytes(model))
    code, out, _ = command(tmp_path / "odd.onnx", "--inspect")
    assert code == 0 and "verdict   minitorch convert refuses it: its graph is not a ResNet" in out
    code, _, err = command(tmp_path / "odd.onnx", tmp_path / "b.npz")
    assert code == 1 and "MaxPool was expected" in err


def test_weights_for_finetune_come_with_advice(best, tmp_path, command, capsys):
    assert command(best, tmp_path / "m.onnx")[0] == 0
    assert main(["finetune", "--weights", str(tmp_path / "m.onnx"), "--epochs", "1",
                 "--output", str(tmp_path / "run")]) == 1  # fmt: skip
    assert "`minitorch convert FILE.onnx FILE.safetensors`" in capsys.readouterr().err


# -- the proof -----------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["stride", "order"])
def test_a_wrong_graph_is_not_kept(best, tmp_path, command, monkeypatch, kind):
    """All initializers are right, so only the probe can tell."""
    real = _onnx_export.resnet_graph

    def wrong(*arguments):
        model = real(*arguments)
        nodes = {node.name: node for node in model.nodes}
        if kind == "stride":
            nodes["layer2.0.conv1"].attributes["strides"] = [1, 1]
            nodes["layer2.0.conv2"].attributes["strides"] = [2, 2]
        else:
            nodes["layer1.0.bn1"].inputs[1:3] = nodes["layer1.0.bn2"].inputs[1:3]
        return model

    monkeypatch.setattr(_onnx_export, "resnet_graph", wrong)
    code, _, err = command(best, tmp_path / "m.onnx")
    assert code == 1 and "the written file computes other logits than the source" in err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".npz"])
def test_tensors_are_proved_too(best, records, tmp_path, command, monkeypatch, suffix):
    """A fault before the writing: what is read back is what was meant, and yet not the source."""
    real = _export._compact

    def wrong(name, record):
        return real(name, records["bn1.weight"] if name == "bn1.bias" else record)

    monkeypatch.setattr(_export, "_compact", wrong)
    code, _, err = command(best, tmp_path / f"m{suffix}")
    assert code == 1 and "computes other logits" in err
    assert os.listdir(tmp_path) == []


def test_the_weights_of_a_graph_are_proved_against_it(fx, tmp_path, command, records,
                                                      monkeypatch):
    real = _onnx_import.import_graph

    def wrong(model, arch):
        mapped, notes = real(model, arch)
        mapped.tensors["bn1.bias"] = mapped.tensors["bn1.weight"]
        return mapped, notes

    monkeypatch.setattr(_onnx_import, "import_graph", wrong)
    data = fx.onnx_bytes(_onnx_export.resnet_graph("resnet18", records))
    (tmp_path / "a.onnx").write_bytes(data)
    code, _, err = command(tmp_path / "a.onnx", tmp_path / "a.npz")
    assert code == 1 and "its graph computes other logits than a resnet18" in err
    assert os.listdir(tmp_path) == ["a.onnx"]


def test_logits_that_overflow_are_said_and_values_compared(fx, tmp_path, command, records):
    huge = {name: fx.record(np.full(item.size, 1e38, np.float32)) if "weight" in name else item
            for name, item in records.items()}  # fmt: skip
    with open(tmp_path / "a.pth", "wb") as file:
        pth_writer.write_zip(file, huge)
    code, out, err = command(tmp_path / "a.pth", tmp_path / "m.onnx")
    assert code == 0 and "proved" not in out
    assert "not finite, so only values were compared" in err


# -- wrong usage ---------------------------------------------------------------------------
def test_wrong_usage(best, tmp_path, command):
    for arguments, reason in [
        ((best, tmp_path / "m.onnx", "--arch", "any"), "--arch any has none"),
        ((best, tmp_path / "m.pth", "--image-size", 64), "--image-size is for an .onnx"),
        ((best, tmp_path / "m.onxx"), "did you mean '.onnx'?"),
    ]:
        code, out, err = command(*arguments)
        assert (code, out) == (2, "") and reason in err
    code, _, err = command(best.parent / "best.safetensor", tmp_path / "m.pth")
    assert code == 1 and "did you mean 'best.safetensors'?" in err


def test_a_network_in_bfloat16(fx, tmp_path, command, records):
    from minitorch.serialization._records import DTYPES, TensorRecord

    def halved(record):
        bits = (record.numpy().view("u4") >> 16).astype("u2")
        return TensorRecord.whole(DTYPES["bfloat16"], memoryview(bits.reshape(-1).view("u1")),
                                  record.size)  # fmt: skip

    with open(tmp_path / "a.safetensors", "wb") as file:
        safetensors.write_records(file, {name: halved(item) for name, item in records.items()})
    for name in ("m.onnx", "m.npz", "m.pth"):
        code, out, err = command(tmp_path / "a.safetensors", tmp_path / name)
        assert (code, err) == (0, "") and "bit for bit" in out
    assert minitorch.load(tmp_path / "m.pth")["bn1.bias"].dtype == minitorch.bfloat16
