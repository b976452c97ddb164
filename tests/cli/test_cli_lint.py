"""``minitorch lint``."""

import json

import pytest

from minitorch.cli import main


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("import torch\ntorch.nosuch\ntorch.nn.Lineer\n")
    return str(path)


def test_lines_name_file_line_and_the_nearest_name(script, capsys):
    assert main(["lint", script]) == 1
    captured = capsys.readouterr()
    first, second = captured.out.splitlines()
    assert first.startswith(f"{script}:2: minitorch has no torch.nosuch")
    assert second == (f"{script}:3: minitorch has no torch.nn.Lineer; the nearest is "
                      "torch.nn.Linear")
    assert captured.err == "2 missing names in 1 file\n"


def test_json(script, capsys):
    assert main(["lint", script, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(item["line"], item["name"]) for item in found] == [
        (2, "torch.nosuch"), (3, "torch.nn.Lineer")]


def test_nothing_missing_is_exit_code_0(tmp_path, capsys):
    path = tmp_path / "fine.py"
    path.write_text("import torch\nprint(torch.ones(2).sum())\n")
    assert main(["lint", str(path)]) == 0
    assert capsys.readouterr().out == ""


def test_a_file_that_is_no_python_is_wrong_usage(tmp_path, capsys):
    path = tmp_path / "broken.py"
    path.write_text("x = (\n")
    assert main(["lint", str(path)]) == 2
    assert "broken.py:1: '(' was never closed" in capsys.readouterr().err
