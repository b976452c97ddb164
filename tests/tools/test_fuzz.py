"""The fuzzer of the readers: repeatable, and it finds what is there to be found."""

import pathlib
import re
import subprocess
import sys

import pytest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "fuzz"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="uses fork and /proc")


def run(*arguments, before=""):
    script = (f"import sys; sys.argv[1:] = {list(map(str, arguments))!r}\n"
              f"sys.path.insert(0, {str(TOOL)!r})\n{before}\n"
              f"import runpy; runpy.run_path({str(TOOL)!r}, run_name='__main__')")  # fmt: skip
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def test_readers_stand_a_few_hundred_inputs_and_a_seed_repeats_them(tmp_path):
    options = ("--runs", 60, "--seed", 11, "--save", tmp_path)
    first = run(*options)
    assert (first.returncode, first.stderr) == (0, "")
    assert len(re.findall(r"^\w+ +60 inputs.* 0 faults$", first.stdout, re.M)) == 7
    again = run(*options)
    without_rates = [re.sub(r" +\d+/s", "", out) for out in (first.stdout, again.stdout)]
    assert without_rates[0] == without_rates[1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault, said", [
    ("raise KeyError(1)", "KeyError in safetensors.py"),
    ("import wave", "Forbidden in safetensors.py"),
    ("[0] * 10**10", "MemoryError in safetensors.py"),
    ("\n                while True: pass", "TooSlow in safetensors.py"),
    ("__import__('signal').raise_signal(11)", "killed by signal 11"),
], ids=["error", "import", "memory", "time", "crash"])  # fmt: skip
def test_planted_fault_is_found_and_made_small(tmp_path, fault, said):
    plant = f"""
import sys, harness, minitorch.serialization.safetensors as module
harness.SECONDS = 0.05
source = open(module.__file__).read().replace(
    "def _are_sizes(values):", '''def _are_sizes(values):
    if isinstance(values, list) and any(type(n) is int and n < 0 for n in values):
            if True:
                {fault}
''')
exec(compile(source, module.__file__, "exec"), module.__dict__)
"""
    done = run("--runs", 1500, "--seed", 4, "--reader", "safetensors", "--save", tmp_path,
               before=plant)  # fmt: skip
    assert said in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
    saved = list(tmp_path.iterdir())
    assert len(saved) == 1 and saved[0].name.startswith("safetensors-")
    assert b"-" in saved[0].read_bytes()
