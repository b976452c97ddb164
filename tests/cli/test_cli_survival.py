"""How the command ends when something ends it, and how it goes on."""

import os
import signal
import subprocess
import sys

import pytest
from thoroughness import ALL
from training_images import make_folder
from training_runs import FAST

from minitorch.cli import finetune


def process(*arguments, code=None, **options):
    """Run the command in a process of its own."""
    start = ["-m", "minitorch"] if code is None else ["-c", code]
    return subprocess.run([sys.executable, *start, *map(str, arguments)], capture_output=True,
                          text=True, timeout=120, **options)


# -- before the first step ------------------------------------------------------------------------
@pytest.mark.parametrize("number,code,text", [
    (signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "SIGTERM: stopped")])
def test_signal_while_it_is_imported(tmp_path, number, code, text):
    # Found before the real numpy, in the middle of minitorch's imports.
    (tmp_path / "numpy.py").write_text(
        f"import os, time\nos.kill(os.getpid(), {int(number)})\ntime.sleep(60)\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    ended = process("finetune", env=os.environ | {"PYTHONPATH": path}, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (code, f"{text}\n")


@pytest.mark.parametrize("name,value", [
    ("MINITORCH_ISA", "foo"), ("MINITORCH_NUM_THREADS", "many"), ("MINITORCH_WINOGRAD", "perhaps")])
def test_environment_that_is_refused_is_one_line(name, value):
    ended = process("--version", env=os.environ | {name: value})
    assert ended.returncode == 1 and ended.stdout == ""
    assert ended.stderr.startswith("minitorch: error: ") and value in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_program_that_imports_minitorch_is_left_alone():
    code = ("import signal, sys, minitorch\n"
            "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
            "assert sys.excepthook is sys.__excepthook__")
    assert process(code=code).returncode == 0


@pytest.mark.parametrize(("there", "flags"), [
    ("nothing", ["--resume"]), ("empty", []), ("leftovers", []), ("leftovers", ["--resume"])])
def test_run_that_was_killed_before_its_first_file(command, images, tmp_path, there, flags):
    output = tmp_path / "run"
    if there != "nothing":
        output.mkdir()
    if there == "leftovers":
        (output / ".config.json.0123456789ab.part").write_text("{")
    code, _, err = command("finetune", "--data", images, "--output", output, *FAST, *flags)
    assert code == 0 and ("nothing to resume" in err) == bool(flags)
    names = {path.name for path in output.iterdir()}
    assert {"best.safetensors", "config.json", "last.ckpt"} <= names
    assert not [name for name in names if name.startswith(".") or name == "previous.ckpt"]


def test_resume_among_other_files_is_refused(command, images, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    code, _, err = command("finetune", "--data", images, "--output", tmp_path, *FAST, "--resume")
    assert code == 2 and "no run to resume" in err


def test_resume_suggests_the_name_that_was_meant(command, finished, images):
    other = finished.parent / "frist"
    code, _, err = command("finetune", "--data", images, "--output", other, *FAST, "--resume")
    assert code == 0 and "did you mean 'first'?" in err


def test_folder_in_which_another_process_trains_is_left_alone(command, images, tmp_path):
    pytest.importorskip("fcntl")
    from minitorch.training.run.folder import RunFolder
    output = tmp_path / "run"
    output.mkdir()
    other = RunFolder(output)
    other.hold()
    options = ["finetune", "--data", images, "--output", output, *FAST]
    for flags in ([], ["--resume"], ["--force"]):
        code, _, err = command(*options, *flags)
        assert code == 1 and "another process is training in" in err
        assert list(output.iterdir()) == []
    other.release()
    assert command(*options)[0] == 0


# -- while it runs --------------------------------------------------------------------------------
@pytest.mark.parametrize("number,code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_second_signal_ends_at_once(command, images, tmp_path, monkeypatch, number, code):
    def on_step(self, split, metrics):
        for _ in range(2):
            os.kill(os.getpid(), number)

    monkeypatch.setattr(finetune._Reporter, "on_step", on_step)
    output = tmp_path / "run"
    assert command("finetune", "--data", images, "--output", output, *FAST)[0] == code
    assert sorted(path.name for path in output.iterdir()) == ["config.json"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminals that hang up")
def test_closed_terminal_saves(command, images, tmp_path, stop_at):
    stop_at(1, signal.SIGHUP)
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)   # the tests may run under nohup
    try:
        code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert code == 129 and "SIGHUP" in err and (tmp_path / "run" / "last.ckpt").exists()


@pytest.mark.parametrize("limit", [1 << 20, 60 << 20], ids=["model", "checkpoint"])
def test_file_that_grows_too_large(images, tmp_path, limit):
    code = ("import resource, signal, sys; from minitorch.cli import main\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
            "sys.exit(main(sys.argv[1:]))")
    output = tmp_path / "run"
    options = ["finetune", "--data", images, "--output", output, *FAST, "--train", "all"]
    ended = process(*options, code=code)
    name = "best.safetensors" if limit < 10 << 20 else "last.ckpt"
    assert ended.returncode == 1
    assert f"{output / name}: File too large" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert not [path for path in output.iterdir() if path.name.endswith(".part")]


def test_loss_that_is_not_finite_is_traced_to_its_layer(command, images, tmp_path):
    code, _, err = command("finetune", "--data", images, "--output", tmp_path / "run", *FAST,
                           "--train", "all", "--lr", "1e30")
    last = err.splitlines()[-1]
    assert code == 1 and "epoch 1, batch 2 (step 2 of the run): the loss became nan" in last
    assert "comes out of" in last and "learning rate 1e+30 is too large" in last
    assert "nothing was saved yet" in err and not (tmp_path / "run" / "last.ckpt").exists()


# -- going on -------------------------------------------------------------------------------------
def test_other_numbers_of_threads_and_workers_end_with_the_same_bytes(
        command, images, tmp_path, stop_at, monkeypatch):
    import minitorch
    threads = minitorch.get_num_threads()
    options = ["--data", images, *FAST, "--train", "all"]
    whole, part = tmp_path / "whole", tmp_path / "part"
    assert command("finetune", *options, "--output", whole)[0] == 0
    stop_at(1)
    assert command("finetune", *options, "--output", part)[0] == 130
    monkeypatch.undo()
    try:
        code, _, err = command("finetune", *options, "--output", part, "--resume", "--threads",
                               3, "--workers", 0, "--checkpoint-every", 1)
    finally:
        minitorch.set_num_threads(threads)
    assert code == 0, err
    for name in ("best.safetensors", "last.ckpt"):
        assert (whole / name).read_bytes() == (part / name).read_bytes()


def test_damaged_checkpoint_is_said(command, images, tmp_path, stop_at, monkeypatch):
    output = tmp_path / "run"
    options = ["finetune", "--data", images, *FAST, "--epochs", "2", "--output", output]
    for steps in (3, 3):
        stop_at(steps)
        assert command(*options, "--resume")[0] == 130
        monkeypatch.undo()
    whole = (output / "last.ckpt").read_bytes()
    (output / "last.ckpt").write_bytes(whole[: len(whole) // 2])
    code, _, err = command("finetune", "--output", output, "--resume")
    assert code == 0 and "last.ckpt is damaged" in err and "going on from previous.ckpt" in err


def test_paths_of_this_machine_stay_out_of_the_model(command, tmp_path):
    root = make_folder(tmp_path / "secret place" / "photos", per_class=4)
    output = tmp_path / "run"
    assert command("finetune", "--data", root, "--output", output, *FAST)[0] == 0
    for name in ("best.safetensors", "last.ckpt"):
        assert b"secret place" not in (output / name).read_bytes()


def test_selftest_resume():
    ended = process("selftest-resume", "--kills", 8 if ALL else 2, "--epochs", 1)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1].startswith("PASSED: the run that was killed ")
    assert "kill 1: after " in ended.stderr
