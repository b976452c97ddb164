"""What the README says: its examples print what they show, its commands run in the clone."""

import doctest
import pathlib
import re
import subprocess
import sys

import pytest
from op_table import OPS

import minitorch

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(*args, **kwargs):
    return subprocess.run([sys.executable, *args], cwd=ROOT, capture_output=True, text=True,
                          timeout=300, **kwargs)


def test_examples_print_what_they_show():
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    examples = README.replace("```", "")
    result = runner.run(parser.get_doctest(examples, {}, "README.md", "README.md", 0))
    assert result.attempted > 10
    assert result.failed == 0


def test_first_screen_has_the_two_commands():
    first_screen = README[:1500]
    assert "pip install . && minitorch finetune" in first_screen
    assert 'pip install ".[test]" && python -m pytest' in first_screen


@pytest.mark.parametrize("args", [("-m", "minitorch", "--help"),
                                  ("-c", "import minitorch; print(minitorch.rand(1))")],
                         ids=["command", "import"])
def test_the_folder_of_sources_does_not_shadow_the_installed_package(args):
    found = run(*args)
    assert found.returncode == 0, found.stderr
    assert found.stdout


def test_sources_without_an_installed_package_say_what_to_do(tmp_path):
    (tmp_path / "minitorch").mkdir()
    for name in ("__init__.py", "_command.py", "_locate.py"):
        (tmp_path / "minitorch" / name).write_bytes((ROOT / "minitorch" / name).read_bytes())
    # -S: without site-packages, so that no installed copy is found
    found = subprocess.run([sys.executable, "-S", "-c", "import minitorch"], cwd=tmp_path,
                           capture_output=True, text=True, timeout=60)
    assert found.returncode == 1
    assert "pip install ." in found.stderr.splitlines()[-1]


def test_main_job_runs_on_the_embedded_default(tmp_path):
    found = run("-m", "minitorch", "finetune", "--epochs", "1", "--output", str(tmp_path / "run"))
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "run" / "best.safetensors").exists()
    assert (tmp_path / "run" / "curves.png").exists()


def test_the_new_operation_that_it_shows_is_the_one_that_is_there():
    section = README[README.index("An operation is one function"):]
    source, record = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[:2]
    files = [name for name in re.findall(r"`([\w/]+\.py)`", section)]
    assert source in (ROOT / files[0]).read_text()
    assert record in (ROOT / files[3]).read_text()
    for table in files[1:3]:
        assert re.search(r"\btrace\b", (ROOT / table).read_text()), table
    assert callable(minitorch.trace) and callable(minitorch.Tensor.trace)
    assert "trace" in [op.name for op in OPS]
