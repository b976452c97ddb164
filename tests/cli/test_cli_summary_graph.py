"""``minitorch summary`` and ``minitorch graph`` as a user meets them."""

import json
import xml.etree.ElementTree as ET

import pytest

from minitorch import models, save


def test_summary_of_an_architecture(command):
    code, out, err = command("summary", "resnet18", "--depth", 1, "--measure")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["layer", "kind", "output", "parameters", "trained", "mult-adds",
                                "output", "MB"]
    assert "11,689,512" in lines[13] and lines[13].startswith("total")
    assert "multiply-adds  1.814 G" in lines
    assert sum(line.startswith("measured") for line in lines) == 2


def test_summary_of_a_run_says_what_it_trained(command, finished):
    code, out, _ = command("summary", finished / "best.safetensors", "--json")
    found = json.loads(out)
    assert code == 0 and found["model"] == "resnet18"
    assert found["input"] == [[1, 3, 33, 33]]
    assert (found["parameters"], found["trainable"]) == (11_178_051, 512 * 3 + 3)
    trained = [row["name"] for row in found["layers"] if row["trainable"]]
    assert trained == ["fc"]
    help_text = command("summary", "--help")[1]
    assert all(key in help_text for key in [*found, *found["layers"][0]])


def test_summary_of_foreign_weights(command, tmp_path):
    state = models.resnet18(num_classes=7).state_dict()
    save({"state_dict": {f"module.{name}": value for name, value in state.items()}},
         tmp_path / "r.pth")
    code, out, _ = command("summary", tmp_path / "r.pth", "--image-size", 64, "--batch-size", 2)
    assert code == 0 and "2 x 7" in out and "2 x 3 x 64 x 64" in out
    headless = {name: value for name, value in state.items() if not name.startswith("fc.")}
    save(headless, tmp_path / "trunk.pth")
    out = command("summary", tmp_path / "trunk.pth", "--image-size", 32, "--depth", 0)[1]
    assert "the file has no head; shown with one for 1000 classes" in out


@pytest.mark.parametrize("name", ["summary", "graph"])
@pytest.mark.parametrize("arguments,code,words", [
    ([], 2, "MODEL"),
    (["resnet81"], 2, "did you mean 'resnet18'?"),
    (["nowhere.pth"], 2, "neither a file nor an architecture"),
    (["readme.txt"], 1, "not a known checkpoint format"),
    (["folder"], 1, "Is a directory"),
    (["resnet18", "--image-size", "0"], 2, "out of range"),
    (["resnet18", "--dept", "1"], 2, "did you mean '--depth'?"),
])
def test_wrong_usage(command, tmp_path, monkeypatch, name, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "readme.txt").write_text("hello " * 100)
    (tmp_path / "folder").mkdir()
    found, out, err = command(name, *arguments)
    assert (found, out) == (code, "") and words in err
    assert len(list(tmp_path.iterdir())) == 2


def test_graph_writes_a_picture_beside(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("graph", "resnet18", "--image-size", 32)
    assert (code, out) == (0, "resnet18.svg\n") and "71 boxes" in err
    root = ET.fromstring((tmp_path / "resnet18.svg").read_bytes())
    assert root.find("{http://www.w3.org/2000/svg}title").text == "resnet18, 32 pixels"
    assert "13 boxes" in command("graph", "resnet18", "--depth", 1, "--image-size", 32)[2]


def test_graph_of_a_run_and_of_the_backward_pass(command, finished, tmp_path):
    model = finished / "best.safetensors"
    code, out, _ = command("graph", model, "--output", tmp_path / "my run.svg")
    assert code == 0 and out == f"{tmp_path / 'my run.svg'}\n"
    assert command("graph", "resnet18", "--autograd", "--image-size", 32, "--output",
                   tmp_path / "a.DOT")[0] == 0
    dot = (tmp_path / "a.DOT").read_text()
    assert "ConvolutionBackward0" in dot and "layer4.1.bn2.weight" in dot
    # Of a run that trained its head, the backward pass ends at the head.
    assert command("graph", model, "--autograd", "--output", tmp_path / "b.dot")[0] == 0
    dot = (tmp_path / "b.dot").read_text()
    assert "fc.weight" in dot and "Convolution" not in dot


@pytest.mark.parametrize("arguments,words", [
    (["--output", "x.png"], ".svg and .dot are known"),
    (["--output", "x"], "'no suffix'"),
    (["--output="], "--output is empty"),
    (["--autograd", "--depth", "2"], "choose one"),
])
def test_graph_usage(command, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("graph", "resnet18", *arguments)
    assert (code, out) == (2, "") and words in err
    assert list(tmp_path.iterdir()) == []


def test_graph_into_a_folder_that_is_not_there(command, tmp_path):
    code, _, err = command("graph", "resnet18", "--image-size", 32, "--output",
                           tmp_path / "no" / "x.svg")
    assert code == 1 and "does not exist" in err
