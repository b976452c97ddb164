"""The type stubs: what the tool writes, whole enough for an editor, and right for mypy."""

import ast
import pathlib
import subprocess
import sys

import make_stubs
import pytest
import tutorial

import minitorch as mt

ROOT = pathlib.Path(__file__).parents[1]


@pytest.mark.parametrize("module", make_stubs.STUBS)
def test_stubs_are_what_the_tool_writes(module):
    assert (ROOT / make_stubs.STUBS[module]).read_text() == make_stubs.stub(module), (
        "run python tools/make_stubs.py")


def names_of(module):
    tree = ast.parse((ROOT / make_stubs.STUBS[module]).read_text())
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif isinstance(node, ast.ImportFrom):
            names |= {item.asname or item.name for item in node.names}
    return names


def test_every_public_name_is_in_its_stub():
    assert set(mt.__all__) <= names_of("minitorch")
    functional = {name for name in dir(mt.nn.functional) if not name.startswith("_")
                  and callable(getattr(mt.nn.functional, name))}
    assert functional <= names_of("minitorch.nn.functional")


def test_every_method_of_tensor_is_in_its_stub():
    tree = ast.parse((ROOT / make_stubs.STUBS["minitorch.tensor"]).read_text())
    cls = next(node for node in tree.body if getattr(node, "name", "") == "Tensor")
    names = {node.name for node in cls.body if isinstance(node, ast.FunctionDef)}
    missing = {name for name in dir(mt.Tensor) if not name.startswith("_")
               and callable(getattr(mt.Tensor, name))} - names
    assert not missing - {"_make_subclass"}


PROGRAM = """
import minitorch
count: int = minitorch.rand(2).numel()
total: minitorch.Tensor = (2 * minitorch.ones(3) ** 2 - 1).sum()
gradient: minitorch.Tensor | None = total.grad
wrong: str = total.dim()
"""


def mypy(path):
    pytest.importorskip("mypy")
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", "--cache-dir", path.parent,
         path], capture_output=True, text=True, cwd=ROOT)


def test_mypy_passes_on_the_tutorial(tmp_path):
    # the tutorial gives the name `optim` to an optimizer first and to the module later, which no
    # type checker lets pass: each part is checked alone
    blocks = tutorial.BLOCKS
    second = next(i for i, block in enumerate(blocks) if "import nn, optim" in block)
    imports = "import minitorch as torch\nfrom minitorch.models import resnet18, ResNet18_Weights\n"
    for number, part in enumerate((blocks[:second], [imports, *blocks[second:]])):
        path = tmp_path / f"part{number}.py"
        path.write_text("\n".join(part))
        done = mypy(path)
        assert done.returncode == 0, done.stdout


def test_mypy_knows_the_types(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    done = mypy(path)
    assert done.stdout.count("error:") == 1, done.stdout
    assert "program.py:6: error: Incompatible types in assignment" in done.stdout
