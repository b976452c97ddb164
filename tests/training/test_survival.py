"""A run that is killed between any two steps of its writing ends with the bytes of one that is not.

The kill is played in this process: at the n-th call that touches the disk everything stops, and
nothing touches the disk any more.  ``test_selftest_resume`` has the real thing.
"""

import contextlib
import os
import shutil

import pytest
from thoroughness import sample
from training_images import make_folder

import minitorch as torch
from minitorch import nn
from minitorch.serialization import atomic
from minitorch.training import CheckpointMismatch, FinetuneRun, FinetuneSettings, load_data
from minitorch.training.run import finetune as finetune_module
from minitorch.training.run import saving as run_saving
from minitorch.training.run.folder import RunFolder


class Tiny(nn.Module):
    """As small as a network with BatchNorm, Dropout and a head can be."""

    def __init__(self, classes):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4)
        self.drop, self.fc = nn.Dropout(0.2), nn.Linear(4, classes)

    def forward(self, x):
        x = torch.relu(self.bn(self.conv(x)))
        return self.fc(self.drop(x.mean((2, 3))))


class Killed(BaseException):
    pass


class Killer:
    """Counts what touches the disk, and dies at the given count."""

    def __init__(self, monkeypatch):
        self.count, self.at = 0, None
        for name in ("replace", "link", "unlink", "fsync", "remove"):
            monkeypatch.setattr(os, name, self.counting(getattr(os, name)))
        killer, named = self, atomic._Named

        class Named(named):
            writes = -1

            def write(self, data):
                # A checkpoint has hundreds of writes; a few of them stand for all.
                self.writes += 1
                if self.writes % 60 == 0 and killer.dies():
                    self._file.write(memoryview(data)[: len(data) // 2])
                    self._file.flush()
                    raise Killed
                return self._file.write(data)

        monkeypatch.setattr(atomic, "_Named", Named)

    def dies(self):
        self.count += 1
        return self.at is not None and self.count >= self.at

    def counting(self, function):
        def call(*args, **options):
            if self.dies():
                raise Killed
            return function(*args, **options)
        return call

    def arm(self, at):
        self.count, self.at = 0, at


@pytest.fixture
def killer(monkeypatch):
    monkeypatch.setattr(finetune_module, "build_model", lambda arch, classes: Tiny(classes))
    monkeypatch.setattr(finetune_module, "trained_parts", lambda model, text: {
        "all": [""], "head": ["fc"]}[text])
    monkeypatch.setattr(run_saving, "draw_curves", lambda rows, title, path: None)
    monkeypatch.setattr(run_saving, "_SAVE_INTERVAL", 0)
    monkeypatch.setattr(run_saving, "_SAVE_SHARE", 0)
    return Killer(monkeypatch)


@pytest.fixture
def root(tmp_path):
    return make_folder(tmp_path / "images", per_class=5)


def settings_for(root, **changes):
    values = {"weights": "none", "train": "all", "epochs": 2, "batch_size": 4, "image_size": 9,
              "workers": 0, "lr": 0.05, "checkpoint_every": 0.0} | changes
    return FinetuneSettings(data=str(root), **values)


def go_on(settings, output, **options):
    """What a new process does with --resume; returns the run."""
    torch.manual_seed(12345)        # whatever a new process has
    folder = RunFolder(output)
    checkpoint = folder.load()
    run = FinetuneRun(settings, load_data(settings, checkpoint), None, folder, checkpoint)
    run.open_folder(checkpoint)
    assert run.train(**options)
    return run


def outcome(output):
    names = sorted(path.name for path in output.iterdir())
    assert names == ["best.safetensors", "config.json", "last.ckpt", "metrics.csv"]
    rows = [line.split(",")[:5] for line in (output / "metrics.csv").read_text().splitlines()]
    return [(output / name).read_bytes() for name in ("best.safetensors", "last.ckpt")], rows


@pytest.mark.parametrize("changes", [
    {}, {"train": "head"}, {"accum": 2, "ema": 0.9, "sched": "cosine", "warmup": 0.5},
    {"train": "head", "unfreeze_at": 2, "sched": "plateau", "clip_grad": 1.0, "epochs": 3}],
    ids=["all", "head", "accum ema cosine", "unfreeze plateau"])
def test_killed_at_any_touch_of_the_disk(killer, root, tmp_path, changes):
    settings = settings_for(root, **changes)
    whole = go_on(settings, tmp_path / "whole")
    touches, wanted = killer.count, outcome(whole.output)
    assert touches > 30
    for at in sample(range(1, touches + 1), every=13 if changes else 7):
        output = tmp_path / f"killed at {at}"
        killer.arm(at)
        with contextlib.suppress(Killed):   # known features make fewer touches
            go_on(settings, output)
        killer.arm(None)
        go_on(settings, output)
        assert outcome(output) == wanted, at
        shutil.rmtree(output)


def test_killed_again_and_again(killer, root, tmp_path):
    settings = settings_for(root, epochs=3)
    wanted = outcome(go_on(settings, tmp_path / "whole").output)
    at, kills = 1, 0
    while True:
        killer.arm(at)
        try:
            go_on(settings, tmp_path / "killed")
            break
        except Killed:
            at, kills = at + 3, kills + 1
    assert kills > 4 and outcome(tmp_path / "killed") == wanted


def test_checkpoint_of_a_long_run_does_not_depend_on_its_times(killer, root, tmp_path):
    settings = settings_for(root)
    run = go_on(settings, tmp_path / "run")
    text = (tmp_path / "run" / "metrics.csv").read_text()
    assert all(row["seconds"] > 0 for row in run.state.history)
    killer.arm(90)
    with pytest.raises(Killed):
        go_on(settings, tmp_path / "killed")
    killer.arm(None)
    shutil.copy(tmp_path / "run" / "metrics.csv", tmp_path / "killed")
    resumed = go_on(settings, tmp_path / "killed")
    assert resumed.state.history[0]["seconds"] == float(text.splitlines()[1].split(",")[6])


# -- damage ---------------------------------------------------------------------------------------
def stopped(killer, settings, output, at=60):
    killer.arm(at)
    with pytest.raises(Killed):
        go_on(settings, output)
    killer.arm(None)
    return output


@pytest.mark.parametrize("keep", [0, 10, 500, -1])
def test_damaged_checkpoint_falls_back_to_the_one_before(killer, root, tmp_path, keep):
    settings = settings_for(root)
    wanted = outcome(go_on(settings, tmp_path / "whole").output)
    output = stopped(killer, settings, tmp_path / "run")
    damaged = (output / "last.ckpt").read_bytes()[:keep]
    (output / "last.ckpt").write_bytes(damaged)
    folder = RunFolder(output)
    assert folder.load() is not None
    assert "last.ckpt is damaged" in folder.notes[0] and "previous.ckpt" in folder.notes[0]
    go_on(settings, output)
    assert outcome(output) == wanted


def test_flipped_bit_is_found(killer, root, tmp_path):
    output = stopped(killer, settings_for(root), tmp_path / "run")
    whole = (output / "last.ckpt").read_bytes()
    weights = RunFolder(output).load()["model"]["conv.weight"].numpy().tobytes()
    for place in (whole.index(weights) + 7, whole.index(b"best_sha256") + 2):
        data = bytearray(whole)
        data[place] ^= 4
        (output / "last.ckpt").write_bytes(data)
        folder = RunFolder(output)
        folder.load()
        assert "last.ckpt is damaged" in folder.notes[0]


def test_damaged_checkpoint_of_a_complete_run_is_an_error(killer, root, tmp_path):
    settings = settings_for(root)
    run = go_on(settings, tmp_path / "run")
    (run.output / "last.ckpt").write_bytes(b"PK")
    with pytest.raises(CheckpointMismatch, match="its model is .*best.safetensors"):
        RunFolder(run.output).load()


def test_missing_best_model_is_said_and_chosen_anew(killer, root, tmp_path):
    settings = settings_for(root, epochs=4)
    output = stopped(killer, settings, tmp_path / "run", at=90)
    (output / "best.safetensors").unlink()
    run = go_on(settings, output)
    assert any("best.safetensors is missing" in note for note in run.folder.notes)
    assert (output / "best.safetensors").exists()


def test_state_that_is_not_finite_is_never_saved(killer, root, tmp_path, monkeypatch):
    """A spoilt image at the start of an epoch reaches the statistics before the loss is known."""
    monkeypatch.setattr(run_saving, "_SAVE_INTERVAL", 1e9)
    settings = settings_for(root, checkpoint_every=1e9, epochs=3)
    folder = RunFolder(tmp_path / "run")
    run = FinetuneRun(settings, load_data(settings), None, folder)
    run.open_folder()

    class Spoiling:
        batch_sampler = run.train_loader.batch_sampler

        def __iter__(self):
            for inputs, targets in run.train_loader:
                yield inputs + (float("inf") if run.state.epoch == 2 else 0.0), targets

    monkeypatch.setattr(run, "networks_and_loaders", lambda: (
        run.model, run.model, Spoiling(), run.val_loader))
    with pytest.raises(FloatingPointError, match="epoch 3, batch 1 .*: the loss became nan: the "
                                                 "images 1 .*png"):
        run.train()
    assert not torch.isfinite(run.model.bn.running_mean).all()
    assert not (tmp_path / "run" / "last.ckpt").exists()
    assert len((tmp_path / "run" / "metrics.csv").read_text().splitlines()) == 5


# -- the data -------------------------------------------------------------------------------------
def test_rewritten_and_added_images_are_named(killer, root, tmp_path):
    settings = settings_for(root)
    output = stopped(killer, settings, tmp_path / "run")
    shutil.copy(root / "red" / "00.png", root / "red" / "zz.png")
    with pytest.raises(CheckpointMismatch, match="red/zz.png was added"):
        go_on(settings, output)
    (root / "red" / "zz.png").unlink()
    with open(root / "red" / "00.png", "ab") as file:
        file.write(b"more")
    with pytest.raises(CheckpointMismatch, match="red/00.png was rewritten"):
        go_on(settings, output)


def test_touched_images_are_no_change(killer, root, tmp_path):
    settings = settings_for(root)
    output = stopped(killer, settings, tmp_path / "run")
    for path in root.rglob("*.png"):
        os.utime(path, (1, 1))
    go_on(settings, output)


@pytest.mark.parametrize("changes", [{}, {"max_train_samples": 8}], ids=["all", "part"])
def test_vanished_image_is_named_and_left_out(killer, root, tmp_path, changes):
    settings = settings_for(root, **changes)
    output = stopped(killer, settings, tmp_path / "run")
    gone = load_data(settings).train[0][0]
    os.unlink(gone)
    run = go_on(settings, output)
    assert list(run.problems.reasons) == [gone]
    assert any("gone since the run was saved" in note for note in run.notes)


def test_class_that_vanished_is_survived_and_all_of_them_are_not(killer, root, tmp_path):
    settings = settings_for(root)
    output = stopped(killer, settings, tmp_path / "run", at=60)
    shutil.rmtree(root / "red")
    run = go_on(settings, output)
    assert len(run.problems) == 5 and len(run.data.classes) == 3
    output = stopped(killer, settings_for(root), tmp_path / "other")
    shutil.rmtree(root)
    with pytest.raises(CheckpointMismatch, match="none of the run's .* images is left"):
        go_on(settings, output)


@pytest.mark.parametrize("links", [True, False])
def test_keep_aside(tmp_path, monkeypatch, links):
    def refuse(*_):
        raise OSError(95, "Operation not supported")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    for text in (b"one", b"two", b"three"):
        with atomic.atomic_write(tmp_path / "file", tmp_path / "kept") as file:
            file.write(text)
    assert (tmp_path / "file").read_bytes() == b"three"
    assert (tmp_path / "kept").read_bytes() == b"two"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "kept"]
