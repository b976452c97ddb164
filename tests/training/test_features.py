"""A frozen trunk's features: the same bits for an image whatever stands beside it, and the same
outcome as with the trunk in every epoch."""

import numpy as np
import pytest
from thoroughness import sample
from training_images import make_folder, truncate
from training_runs import outcome, run_of

import minitorch as torch
from minitorch import nn
from minitorch.models import resnet18
from minitorch.training import (
    EpochBatches,
    FeatureBatches,
    FeatureTable,
    FinetuneSettings,
    FrozenTrunk,
    ImageList,
    Preprocessing,
    ReadProblems,
    evaluate,
    freeze,
    load_data,
    make_loader,
    train_one_epoch,
    trunk_features,
    unfreeze,
    without_head,
)

BATCH = 8


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = resnet18(num_classes=3)
    with torch.no_grad():       # statistics that are not those of a fresh network
        model(torch.randn(16, 3, 48, 48))
    freeze(model)
    unfreeze(model.fc)
    return model


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """21 images, of which two cannot be read."""
    root = make_folder(tmp_path_factory.mktemp("data") / "images", per_class=7)
    truncate(root / "red" / "03.png")
    truncate(root / "grün" / "05.png")
    return root


def test_features_are_what_the_network_gives_its_head(model):
    images = torch.randn(5, 3, 48, 48)
    seen = []
    handle = model.fc.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model.eval()(images)
    handle.remove()
    trunk = without_head(model, "fc")
    features = trunk_features(trunk, images, 5)
    assert torch.equal(features, seen[0]) and features.std() > 0.1
    torch.testing.assert_close(trunk_features(trunk, images, BATCH), seen[0])
    assert not features.requires_grad


def test_trunk_shares_all_but_the_head(model):
    trunk = without_head(model, "fc")
    assert trunk.conv1 is model.conv1 and isinstance(model.fc, nn.Linear)
    assert set(model.state_dict()) - set(trunk.state_dict()) == {"fc.weight", "fc.bias"}
    assert not any(layer.training for layer in trunk.modules())
    with pytest.raises(AttributeError, match="no child 'head'; it has conv1, bn1"):
        without_head(model, "head")


@pytest.mark.parametrize("size", [33, 64])
def test_features_of_an_image_are_the_same_bits_whatever_its_neighbours(model, size):
    trunk, images = without_head(model, "fc"), torch.randn(21, 3, size, size)
    features = trunk_features(trunk, images, BATCH)
    order = torch.randperm(21)
    assert torch.equal(trunk_features(trunk, images[order], BATCH), features[order])
    for row in range(21):       # alone, and at another place of its batch
        assert torch.equal(trunk_features(trunk, images[row:row + 1], BATCH)[0], features[row])
    wild = images.clone()
    wild[1:] *= 1e4
    assert torch.equal(trunk_features(trunk, wild, BATCH)[0], features[0])


def test_frozen_trunk_trains_its_head_only_and_stays_in_evaluation_mode(model):
    network = FrozenTrunk(model, "fc", BATCH).train()
    assert network.head.training and not any(part.training for part in network.trunk.modules())
    network(torch.randn(3, 3, 33, 33)).sum().backward()
    trained = [name for name, p in model.named_parameters() if p.grad is not None]
    assert trained == ["fc.weight", "fc.bias"]
    model.zero_grad()


def image_loaders(data, transform, shuffle, minimum):
    images = ImageList(data.train, transform, True, ReadProblems())
    batches = EpochBatches(len(images), 4, seed=3, shuffle=shuffle)
    return images, batches, make_loader(images, batches, minimum=minimum)


def filled_table(images, trunk):
    places = ImageList([(source, place) for place, (source, _) in enumerate(images.samples)],
                       images.transform, True, ReadProblems())
    table = FeatureTable(len(images), 512)
    order = EpochBatches(len(places), BATCH, shuffle=False, lone="keep")
    assert table.fill(trunk, make_loader(places, order), BATCH)
    return table


@pytest.mark.parametrize("shuffle", [True, False])
def test_batches_are_those_of_the_images(model, root, shuffle):
    data = load_data(FinetuneSettings(data=str(root), val_fraction=0.15))
    trunk = without_head(model, "fc")
    images, batches, loader = image_loaders(data, Preprocessing.for_size(33).transform(),
                                            shuffle, minimum=4)
    table = filled_table(images, trunk)
    assert 0 < (~table.known).sum() <= 2
    short = FeatureBatches(table, [target for _, target in data.train], batches, minimum=4)
    for epoch, cursor in [(0, 0), (1, 0), (2, 3)]:
        batches.set_position(epoch, cursor)
        expected, found = list(loader), list(short)
        assert len(expected) == len(found) == len(short)
        assert None in found
        for left, right in zip(expected, found, strict=True):
            assert (left is None) == (right is None)
            if left is not None:
                assert torch.equal(trunk_features(trunk, left[0], BATCH), right[0])
                assert torch.equal(left[1], right[1])


def test_head_trains_to_the_same_bits_on_features(model, root):
    data = load_data(FinetuneSettings(data=str(root)))
    images, batches, loader = image_loaders(data, Preprocessing.for_size(33).transform(), True, 1)
    table = filled_table(images, without_head(model, "fc"))
    features = FeatureBatches(table, [target for _, target in data.train], batches)
    start = {name: value.clone() for name, value in model.fc.state_dict().items()}
    outcomes = []
    for network, batched in [(FrozenTrunk(model, "fc", BATCH), loader), (model.fc, features)]:
        model.fc.load_state_dict(start)
        optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.05, momentum=0.9)
        losses = []
        for epoch in range(3):
            batches.set_position(epoch)
            losses.append(train_one_epoch(network, batched, nn.CrossEntropyLoss(), optimizer).loss)
        batches.set_position(0)
        losses.append(evaluate(network, batched).loss)
        outcomes.append((losses, model.fc.weight.detach().numpy().copy()))
    assert outcomes[0][0] == outcomes[1][0]
    assert (outcomes[0][1] == outcomes[1][1]).all()
    assert not np.array_equal(outcomes[0][1], start["weight"].numpy())


def test_stopped_table_is_continued(model):
    images, places = torch.randn(10, 3, 33, 33), torch.arange(10)
    trunk, table, calls = without_head(model, "fc"), FeatureTable(10, 512), []
    loader = [(images[:4], places[:4]), None, (images[4:], places[4:])]
    assert not table.fill(trunk, loader, BATCH, lambda: calls.append(1), lambda: len(calls) == 2)
    assert table.known.tolist() == [True] * 4 + [False] * 6
    assert table.fill(trunk, loader[2:], BATCH) and table.known.all()
    assert torch.equal(table.rows, trunk_features(trunk, images, BATCH))
    part = table.part(4, 10)
    assert len(part) == 6 and torch.equal(part.rows, table.rows[4:])


# -- a whole run ---------------------------------------------------------------------------------
# Batches of 4 that end with 1 to 3 images, one merged batch of 5, and more than the trunk sees.
@pytest.mark.parametrize("batch_size", sample([4, 3, 40, 5], every=2))
def test_run_is_the_same_with_and_without_the_table(root, tmp_path, batch_size):
    short = run_of(root, tmp_path / "short", batch_size=batch_size)
    long = run_of(root, tmp_path / "long", batch_size=batch_size, feature_cache=False)
    for run in (short, long):
        run.open_folder()
        assert run.train()
    assert short.features is not None and long.features is None
    assert outcome(short) == outcome(long)
    assert short.features.rows.std() > 0.1
    assert len(short.problems) == 2


@pytest.mark.parametrize("settings", [{"train": "layer4"}, {"train": "all"}, {"bn_train": True}],
                         ids=str)
def test_trunk_that_moves_has_no_table(root, tmp_path, settings):
    run = run_of(root, tmp_path / "run", **settings)
    assert run.features is None and not run.trunk_is_frozen


def test_trunk_runs_once_for_each_readable_image(root, tmp_path, monkeypatch):
    from minitorch.training import features
    seen, real = [], features.trunk_features
    monkeypatch.setattr(features, "trunk_features",
                        lambda trunk, images, size: seen.append(len(images)) or
                        real(trunk, images, size))
    run = run_of(root, tmp_path / "run")
    run.open_folder()
    counts = []
    assert run.train(on_images=counts.append)
    assert sum(seen) == 19 and len(seen) == 6
    assert counts == [4, 8, 12, 16, 20, 21]
