"""Fixtures of the commands' tests: folders of images, and a model finetuned on them."""

import os
import signal

import pytest
from training_images import make_folder
from training_runs import FAST

from minitorch.cli import finetune, main


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    """Three classes of eight images each, in the modes that real folders hold."""
    root = tmp_path_factory.mktemp("images") / "my photos"
    return make_folder(root, per_class=8, modes=("RGB", "RGBA", "P", "L", "CMYK", "I;16"))


@pytest.fixture(scope="session")
def finished(images, tmp_path_factory):
    """The folder of a finished run on `images`."""
    output = tmp_path_factory.mktemp("runs") / "first"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINITORCH_HOME", str(tmp_path_factory.mktemp("home")))
        assert main(["finetune", "--data", str(images), "--output", str(output), *FAST]) == 0
    return output


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A cache of its own for each test."""
    monkeypatch.setenv("MINITORCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def command(capfd):
    """Run a command; returns ``(exit code, stdout, stderr)``."""
    def run(*arguments):
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        output = capfd.readouterr()
        assert "Traceback" not in output.err
        return code, output.out, output.err

    return run


@pytest.fixture
def stop_at(monkeypatch):
    """Send this process a signal after the given number of steps."""
    def arm(steps, number=signal.SIGINT):
        counted = []
        report = finetune._Reporter.on_step

        def on_step(self, split, metrics):
            report(self, split, metrics)
            counted.append(split)
            if len(counted) == steps:
                os.kill(os.getpid(), number)

        monkeypatch.setattr(finetune._Reporter, "on_step", on_step)

    return arm
