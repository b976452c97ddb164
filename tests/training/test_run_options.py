"""The options of a run together: interrupted anywhere and resumed, it ends with the same bytes."""

import pytest
from thoroughness import sample
from training_images import make_folder
from training_runs import run_of

import minitorch as torch
from minitorch.training import DataError, load_checkpoint

# Everything that has a state of its own, and a change in the middle.
FULL = {"epochs": 4, "unfreeze_at": 3, "body_lr_mult": 0.1, "layer_decay": 0.5, "lr": 0.02,
        "sched": "cosine", "warmup": 0.5, "ema": 0.8, "accum": 2, "clip_grad": 1.0,
        "smoothing": 0.1, "class_weights": "balanced", "nesterov": True, "metric": "f1",
        "batch_size": 3}


class StopAt:
    """Asks to stop at the given questions, counted over the parts of a run."""

    def __init__(self, *stops):
        self.stops, self.asked = stops, 0

    def __call__(self):
        self.asked += 1
        return self.asked in self.stops


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("data") / "images", per_class=5)


def run_with_stops(root, output, stops=(), **settings):
    """Train to the end in as many parts as it takes; every part is a new FinetuneRun."""
    stop, checkpoint, parts = StopAt(*stops), None, 0
    while True:
        run = run_of(root, output, checkpoint, **settings)
        run.output.mkdir(exist_ok=True)
        parts += 1
        if run.train(stop=stop):
            return run, parts
        checkpoint = load_checkpoint(output / "last.ckpt")
        torch.manual_seed(99)       # what a new process would have in its stream


def tensors(value, path=""):
    """All that a checkpoint holds, flat; times left out."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        return {path: value}
    found = {}
    for name, each in items:
        if name not in ("seconds", "images_per_second"):
            found |= tensors(each, f"{path}/{name}")
    return found


def assert_same_checkpoint(left, right):
    left, right = (tensors(load_checkpoint(run.path("last.ckpt"))) for run in (left, right))
    assert left.keys() == right.keys()
    for name, value in left.items():
        same = torch.equal(value, right[name]) if torch.is_tensor(value) else value == right[name]
        assert same, name


@pytest.fixture(scope="module")
def untouched(root, tmp_path_factory):
    return run_with_stops(root, tmp_path_factory.mktemp("run") / "whole", **FULL)[0]


@pytest.mark.parametrize("stops", sample([(2, 5, 8), (1,), (4, 6, 7, 9), (8,), (10, 13), (10, 12),
                                          (13, 14, 16, 18, 20)], every=4))
def test_interrupted_run_with_all_options_ends_as_the_untouched_one(root, untouched, tmp_path,
                                                                   stops):
    run, parts = run_with_stops(root, tmp_path / "part", stops, **FULL)
    assert parts == len(stops) + 1
    assert (run.path("best.safetensors").read_bytes()
            == untouched.path("best.safetensors").read_bytes())
    assert_same_checkpoint(run, untouched)


def test_features_before_unfreezing_change_nothing(root, untouched, tmp_path):
    run, _ = run_with_stops(root, tmp_path / "slow", **FULL, feature_cache=False)
    assert any("--no-feature-cache" in note for note in run.notes)
    assert any("computed once" in note for note in untouched.notes)
    assert (run.path("best.safetensors").read_bytes()
            == untouched.path("best.safetensors").read_bytes())


def test_unfreezing_trains_the_trunk_from_its_epoch_on(root, tmp_path):
    run = run_of(root, tmp_path / "run", epochs=2, unfreeze_at=2)
    run.output.mkdir()
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    after_first = {}

    def on_epoch(state, improved):
        if state.epoch == 1:
            after_first.update((name, value.clone())
                               for name, value in run.model.state_dict().items())

    assert run.train(on_epoch=on_epoch)
    assert {name for name in before if not torch.equal(before[name], after_first[name])} == {
        "fc.weight", "fc.bias"}
    changed = {name for name, value in run.model.state_dict().items()
               if not torch.equal(value, after_first[name])}
    assert changed == set(before), "weights and BatchNorm statistics of all layers"


def test_best_epoch_before_unfreezing_is_saved_whole(root, tmp_path):
    """Its trunk is the frozen one, although the file is written when the trunk has moved on."""
    from minitorch.training import load_model
    # A rate that ruins the network once everything trains: the first epoch stays the best.
    run = run_of(root, tmp_path / "run", epochs=3, unfreeze_at=2, metric="loss", lr=0.3)
    run.output.mkdir()
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    assert run.train()
    assert run.state.best["epoch"] == 1
    saved, _ = load_model(run.path("best.safetensors"))
    for name, value in saved.state_dict().items():
        assert torch.equal(value, before[name]) == (not name.startswith("fc.")), name


def test_frozen_batchnorm_stays_while_everything_else_trains(root, tmp_path):
    run = run_of(root, tmp_path / "run", epochs=1, train="layer4", freeze="bn")
    run.output.mkdir()
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    assert run.train()
    changed = {name for name, value in run.model.state_dict().items()
               if not torch.equal(value, before[name])}
    assert {name for name in changed if not name.startswith("fc.")} == {
        "layer4.0.conv1.weight", "layer4.0.conv2.weight", "layer4.0.downsample.0.weight",
        "layer4.1.conv1.weight", "layer4.1.conv2.weight"}


def test_early_stop_ends_and_resume_knows_it(root, tmp_path):
    from minitorch.training.run.finetune import is_complete
    run = run_of(root, tmp_path / "run", epochs=50, early_stop=2, lr=1e-9, metric="loss",
                 eval_every=2, momentum=0.0)
    run.output.mkdir()
    assert run.train()
    state = run.state
    assert state.epoch < 50 and state.epoch - state.best["epoch"] >= 2
    assert is_complete(run.settings, state)
    again = run_of(root, tmp_path / "run", load_checkpoint(run.path("last.ckpt")), epochs=50,
                   early_stop=2, lr=1e-9, metric="loss", eval_every=2, momentum=0.0)
    assert again.train() and again.state.epoch == state.epoch


def test_validation_every_other_epoch(root, tmp_path):
    run = run_of(root, tmp_path / "run", epochs=5, eval_every=2)
    run.output.mkdir()
    assert run.train()
    validated = [row["epoch"] for row in run.state.history if row["split"] == "val"]
    assert validated == [2, 4, 5]
    lines = run.path("metrics.csv").read_text().splitlines()
    assert len(lines) == 1 + 5 + 3 and all(line.count(",") == lines[0].count(",")
                                           for line in lines)


def test_limited_epochs_see_few_images_and_need_no_table(root, tmp_path):
    run = run_of(root, tmp_path / "run", epochs=1, limit_batches=2, batch_size=2)
    run.output.mkdir()
    assert run.features is None and any("--limit-batches" in note for note in run.notes)
    assert run.train()
    assert run.state.step == 2


def test_limited_validation_sees_all_classes(root, tmp_path):
    run = run_of(root, tmp_path / "run", val_fraction=0.6, limit_batches=1, batch_size=3)
    assert [target for _, target in run.data.val] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    (_, targets), = run.val_loader
    assert targets.tolist() == [0, 1, 2]


def test_average_is_what_is_validated_and_saved(root, tmp_path):
    from minitorch.training import load_model
    run = run_of(root, tmp_path / "run", epochs=1, ema=0.9, train="layer4", lr=0.05)
    run.output.mkdir()
    assert run.train()
    saved, _ = load_model(run.path("best.safetensors"))
    average, last = run.average.module.state_dict(), run.model.state_dict()
    assert all(torch.equal(value, average[name]) for name, value in saved.state_dict().items())
    for name in ("layer4.1.conv2.weight", "layer4.1.bn2.running_var"):
        assert not torch.equal(average[name], last[name]), name


def test_history_names_the_rates_of_groups_and_the_gradient(root, tmp_path):
    run = run_of(root, tmp_path / "run", epochs=2, train="all", body_lr_mult=0.1, clip_grad=0.5,
                 sched="step", step_size=1)
    run.output.mkdir()
    assert run.train()
    first, second = [row for row in run.state.history if row["split"] == "train"]
    assert (first["lr_fc"], first["lr_body"]) == pytest.approx((0.01, 0.001))
    assert (second["lr"], second["lr_body"]) == pytest.approx((0.001, 0.0001))
    assert first["grad_norm"] > 0
    header = run.path("metrics.csv").read_text().splitlines()[0]
    assert header.endswith("seconds,grad_norm,lr_fc,lr_body,f1")


def test_lone_image_is_refused_where_batchnorm_could_not_train(root, tmp_path):
    options = {"train": "all", "image_size": 32, "batch_size": 11, "drop_last": "no"}
    with pytest.raises(DataError, match="--drop-last no .* --drop-last auto"):
        run_of(root, tmp_path / "run", **options)
    run_of(root, tmp_path / "run", **options | {"freeze": "bn"})
    with pytest.raises(DataError, match="--drop-last yes: .* smaller --batch-size"):
        run_of(root, tmp_path / "run", drop_last="yes", batch_size=64)
