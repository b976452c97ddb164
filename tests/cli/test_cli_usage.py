"""Wrong usage: exit code 2, one line that helps, nothing written."""

import io
import os
import subprocess
import sys

import pytest

from minitorch.cli._common import Progress, message


@pytest.mark.parametrize("arguments,text", [
    ([], "a command is missing"),
    (["finetun"], "did you mean 'finetune'?"),
    (["finetune", "--epocs", "3"], "no option --epocs (did you mean '--epochs'?)"),
    (["finetune", "--epoch", "3"], "no option --epoch (did you mean '--epochs'?)"),
    (["finetune", "--batchsize=3"], "no option --batchsize (did you mean '--batch-size'?)"),
    (["finetune", "folder"], "unexpected argument 'folder'"),
    (["finetune", "--arch", "resnet81"], "did you mean 'resnet18'?"),
    (["finetune", "--epochs", "0"], "--epochs: 0 is out of range (at least 1)"),
    (["finetune", "--epochs", "many"], "'many' is not a whole number"),
    (["finetune", "--lr", "nan"], "--lr: nan is out of range"),
    (["finetune", "--lr", "0"], "--lr: 0 is out of range (more than 0)"),
    (["finetune", "--val-fraction", "1"], "--val-fraction: 1 is out of range"),
    (["finetune", "--momentum", "-1"], "--momentum"),
    (["finetune", "--threads", "0"], "--threads"),
    (["finetune", "--resume"], "--resume needs --output"),
    (["finetune", "--resume", "--force", "--output", "x"], "choose one"),
    (["finetune", "--train", "layer5"], "no part called 'layer5' (did you mean 'layer4'?)"),
    (["finetune", "--train", "layer4,relu"], "'relu' has no weights"),
    (["finetune", "--train", ",,"], "names no part"),
    (["finetune", "--output="], "--output is empty"),
    (["finetune", "--data="], "--data is empty"),
    (["finetune", "--weights="], "--weights is empty"),
    (["predict"], "MODEL"),
    (["predict", "model"], "IMAGE"),
    (["predict", "model", "image", "--top", "0"], "--top: 0 is out of range"),
    (["evaluate", "model"], "DIR"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_wrong_usage(command, tmp_path, monkeypatch, arguments, text):
    monkeypatch.chdir(tmp_path)
    code, out, err = command(*arguments)
    assert code == 2 and out == ""
    assert text in err
    assert len(err.splitlines()) <= 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["finetune"], ["predict"], ["evaluate"], ["convert"],
                                       ["selftest-resume"], ["check"], ["summary"], ["graph"]])
def test_help_is_complete_and_goes_to_stdout(command, arguments):
    code, out, err = command(*arguments, "--help")
    assert code == 0 and err == ""
    assert "usage: minitorch" in out


def test_finetune_help_names_every_default(command):
    out = command("finetune", "--help")[1]
    for flag in ("--data", "--weights", "--arch", "--train", "--epochs", "--batch-size", "--lr",
                 "--momentum", "--weight-decay", "--image-size", "--seed", "--workers",
                 "--threads", "--output", "--resume", "--force", "--bn-train", "--no-exif",
                 "--val-fraction"):
        assert flag in out
    text = " ".join(out.split())
    for default in ("224; with the digits: 64", "imagenet; with the digits: digits",
                    "default: runs/<date-time>", "default: 0.9", "default: resnet18"):
        assert default in text


def test_version(command):
    import minitorch
    assert command("--version")[:2] == (0, f"minitorch {minitorch.__version__}\n")


def run_python(*arguments, **environment):
    """A new interpreter that finds the minitorch that is being tested."""
    import minitorch
    home = os.path.dirname(os.path.dirname(os.path.abspath(minitorch.__file__)))
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True,
                          timeout=60, check=False,
                          env=os.environ | {"PYTHONPATH": home} | environment)


def test_python_m_minitorch_runs_the_command():
    done = run_python("-m", "minitorch", "finetune", "--epocs", "1")
    assert done.returncode == 2
    assert done.stderr.startswith("minitorch finetune: error: there is no option --epocs")


def test_help_imports_nothing_heavy():
    code = ("import sys; from minitorch.cli import main\n"
            "try: main(['--help'])\n"
            "except SystemExit: pass\n"
            "print([m for m in ('PIL', 'tqdm', 'minitorch.models', 'minitorch.training')"
            " if m in sys.modules], file=sys.stderr)")
    done = run_python("-c", code)
    assert done.stderr.strip() == "[]"


def test_debug_shows_the_traceback():
    done = run_python("-m", "minitorch", "predict", "nowhere", "x.png", MINITORCH_DEBUG="1")
    assert done.returncode == 1 and "Traceback" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_output_that_cannot_be_written_is_no_traceback():
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "minitorch", "--version"], stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize("closed", ["1", "2"])
def test_closed_streams_do_not_end_up_in_each_other(closed):
    done = subprocess.run(["sh", "-c", f'"$0" -m minitorch predict nowhere x.png {closed}>&-',
                           sys.executable], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert ("" if closed == "2" else "nowhere: No such file or directory\n") == (
        done.stderr.removeprefix("minitorch predict: error: "))


def test_messages_stay_on_their_line(capsys):
    message("cannot read a\nb\x1b[31m\u202fc.png")
    assert capsys.readouterr().err == "cannot read a\\nb\\x1b[31m\u202fc.png\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_bar_shows_numbers_speed_and_time_left(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress("epoch 1/2 train", 40, done=8) as bar:
        bar.update(16, loss="1.250", acc="62.5%")
        bar.bar.refresh()
        message("a line of its own")
    shown = sys.stderr.getvalue()
    assert "epoch 1/2 train  40%" in shown and "16/40" in shown
    assert "images/s" in shown and "left" in shown and "loss=1.250, acc=62.5%" in shown
    assert "a line of its own\n" in shown


def test_no_progress_bar_without_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Progress("epoch", 4) as bar:
        bar.update(2, loss="1")
    assert sys.stderr.getvalue() == ""
