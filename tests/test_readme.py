"""What the README says: its examples print what they show, its commands run in the clone."""

import doctest
import pathlib
import subprocess
import sys

import pytest

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
    for name in ("__init__.py", "_locate.py"):
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
