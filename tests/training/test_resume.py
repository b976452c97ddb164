"""A run that was stopped and resumed ends as one that never stopped, bit for bit."""

import pytest
from training_images import make_folder, truncate

import minitorch as torch
from minitorch import nn
from minitorch.training import (
    CheckpointMismatch,
    EpochBatches,
    FinetuneRun,
    FinetuneSettings,
    ImageList,
    Preprocessing,
    ReadProblems,
    TrainingState,
    fit,
    folder_data,
    load_checkpoint,
    load_data,
    make_loader,
    restore_checkpoint,
    save_checkpoint,
)

EPOCHS = 3


class SmallRun:
    """A tiny network with BatchNorm, Dropout and momentum: all that has state."""

    def __init__(self, root, workers=0):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(),
                                   nn.Flatten(), nn.Dropout(0.3), nn.Linear(4 * 49, 3))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.05, momentum=0.9)
        data = folder_data(root)
        transform = Preprocessing.for_size(16).transform()
        self.problems = ReadProblems()
        self.batches = EpochBatches(len(data.train), 4, seed=7)
        self.loaders = (
            make_loader(ImageList(data.train, transform, True, self.problems), self.batches,
                        workers, minimum=2),
            make_loader(ImageList(data.val, transform, True, self.problems),
                        EpochBatches(len(data.val), 4, shuffle=False), workers))
        self.state = TrainingState()

    def parts(self):
        return {"model": self.model, "optimizer": self.optimizer, "state": self.state,
                "batches": self.batches}

    def train(self, stop=None):
        return fit(self.model, self.optimizer, nn.CrossEntropyLoss(), *self.loaders,
                   epochs=EPOCHS, state=self.state, stop=stop)

    def outcome(self):
        momentum = [state["momentum_buffer"] for state in self.optimizer.state.values()]
        history = [(row["epoch"], row["split"], row["loss"], row["accuracy"])
                   for row in self.state.history]
        return [*self.model.state_dict().values(), *momentum,
                torch.default_generator.get_state()], history, self.state.best, self.state.step


def assert_same(left, right):
    assert len(left[0]) == len(right[0])
    assert all(torch.equal(a, b) for a, b in zip(left[0], right[0], strict=True))
    assert left[1:] == right[1:]


class StopAfter:
    """Asks to stop at the `count`-th question."""

    def __init__(self, count):
        self.left = count

    def __call__(self):
        self.left -= 1
        return self.left < 0


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = make_folder(tmp_path_factory.mktemp("data") / "images", per_class=7)
    truncate(root / "red" / "03.png")
    return root


@pytest.fixture(scope="module")
def untouched(root):
    run = SmallRun(root)
    assert run.train()
    return run.outcome()


@pytest.mark.parametrize("stops", [[0], [1], [3], [4], [5], [6], [7], [2, 1, 1, 3], [1] * 30])
def test_interrupted_run_ends_as_the_untouched_one(root, untouched, tmp_path, stops):
    path = tmp_path / "last.ckpt"
    finished = False
    for count in [*stops, 10 ** 6]:
        run = SmallRun(root)
        if path.exists():
            restore_checkpoint(load_checkpoint(path), **run.parts())
        finished = run.train(StopAfter(count))
        if finished:
            break
        save_checkpoint(path, **run.parts())
        torch.manual_seed(99)       # what a new process would have in its stream
    assert finished
    assert_same(run.outcome(), untouched)


def test_number_of_workers_does_not_change_the_run(root, untouched):
    run = SmallRun(root, workers=3)
    assert run.train()
    assert_same(run.outcome(), untouched)


def test_checkpoint_of_another_order_is_refused(root, tmp_path):
    run = SmallRun(root)
    save_checkpoint(tmp_path / "last.ckpt", **run.parts(), data_digest="abc")
    values = load_checkpoint(tmp_path / "last.ckpt")
    before = [value.clone() for value in run.model.state_dict().values()]
    with pytest.raises(CheckpointMismatch, match="images have changed"):
        restore_checkpoint(values, **run.parts(), data_digest="abd")
    run.batches.seed = 8
    with pytest.raises(CheckpointMismatch, match="seed 7, not 8"):
        restore_checkpoint(values, **run.parts())
    after = run.model.state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_other_files_are_no_checkpoint(tmp_path):
    torch.save({"model": {}}, tmp_path / "x.ckpt")
    with pytest.raises(CheckpointMismatch, match="not a checkpoint of a minitorch run"):
        load_checkpoint(tmp_path / "x.ckpt")
    torch.save({"format": "minitorch.checkpoint", "version": 99}, tmp_path / "y.ckpt")
    with pytest.raises(CheckpointMismatch, match="version 99"):
        load_checkpoint(tmp_path / "y.ckpt")


def test_finetune_run_resumed_writes_the_same_model(root, tmp_path):
    """The same through FinetuneRun and ResNet-18, down to the bytes of best.safetensors."""
    def make(folder, checkpoint=None):
        settings = FinetuneSettings(data=str(root), weights="none", train="layer4", epochs=2,
                                    batch_size=8, image_size=33, workers=1)
        return FinetuneRun(settings, load_data(settings), None, tmp_path / folder, checkpoint)

    whole = make("whole")
    whole.open_folder()
    assert whole.train()
    part = make("part")
    part.open_folder()
    assert not part.train(stop=StopAfter(1))
    assert not (tmp_path / "part" / "best.safetensors").exists()
    rest = make("part", load_checkpoint(tmp_path / "part" / "last.ckpt"))
    assert rest.state.metrics.batches == 1
    assert rest.train()
    for name in ("whole", "part"):
        assert sorted(p.name for p in (tmp_path / name).iterdir()) == [
            "best.safetensors", "config.json", "curves.png", "last.ckpt", "metrics.csv"]
    assert ((tmp_path / "whole" / "best.safetensors").read_bytes()
            == (tmp_path / "part" / "best.safetensors").read_bytes())
    assert whole.state.best == rest.state.best


def test_frozen_trunk_is_untouched_by_training(root, tmp_path):
    settings = FinetuneSettings(data=str(root), weights="none", train="head", epochs=1,
                                batch_size=8, image_size=33, workers=0)
    run = FinetuneRun(settings, load_data(settings), None, tmp_path / "run")
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.open_folder()
    assert run.train()
    changed = [name for name, value in run.model.state_dict().items()
               if not torch.equal(value, before[name])]
    assert changed == ["fc.weight", "fc.bias"]
