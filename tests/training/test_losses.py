"""Weights of classes in the loss: balanced, or from a file that a person wrote."""

import pytest

import minitorch as torch
from minitorch import nn
from minitorch.training import (
    DataError,
    TrainingLoss,
    balanced_weights,
    read_class_weights,
    train_one_epoch,
)

CLASSES = ["blue sky", "grün", "red"]


def test_balanced_weights_give_every_class_the_same_sum():
    targets = [0] * 6 + [1] * 3 + [3]
    weights = balanced_weights(targets, 4)
    assert weights == pytest.approx([10 / 18, 10 / 9, 1.0, 10 / 3])
    assert sum(weights[target] for target in targets) == pytest.approx(len(targets))


def test_loss_is_cross_entropy_with_weights_and_smoothing():
    torch.manual_seed(0)
    outputs, targets = torch.randn(5, 3), torch.tensor([0, 1, 2, 1, 1])
    loss = TrainingLoss([0.5, 1.0, 3.0], 0.2)
    expected = nn.functional.cross_entropy(outputs, targets, torch.tensor([0.5, 1.0, 3.0]),
                                           label_smoothing=0.2)
    assert torch.equal(loss(outputs, targets), expected)
    assert loss.share(targets) == 6.5
    assert TrainingLoss().share(targets) == 5
    assert loss.share(torch.rand(5, 3)) == 5


@pytest.mark.parametrize("weights", [None, [0.5, 1.0, 3.0]])
@pytest.mark.parametrize("accumulate", [2, 3, 5])
def test_accumulated_step_is_the_step_of_one_large_batch(weights, accumulate):
    """Whatever the sizes of its parts, and where the last step has fewer of them."""
    torch.manual_seed(0)
    inputs, targets = torch.randn(20, 4), torch.randint(0, 3, (20,))
    cuts = [0, 7, 8, 13, 20]
    parts = [(inputs[a:b], targets[a:b]) for a, b in zip(cuts, cuts[1:], strict=False)]
    bounds = [*cuts[:-1:accumulate], 20]
    large = [(inputs[a:b], targets[a:b]) for a, b in zip(bounds, bounds[1:], strict=False)]
    models, updates = [nn.Linear(4, 3), nn.Linear(4, 3)], []
    models[1].load_state_dict(models[0].state_dict())
    for model, loader, count in ((models[0], parts, accumulate), (models[1], large, 1)):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
        train_one_epoch(model, loader, TrainingLoss(weights), optimizer, accumulate=count,
                        after_update=lambda: updates.append(1))
    assert len(updates) == 2 * len(large)
    torch.testing.assert_close(models[0].weight, models[1].weight, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("text", [
    "# rare ones count more\nred 2\n\nblue sky\t0.5\n",
    '{"red": 2, "blue sky": 0.5}',
])
def test_file_of_weights(tmp_path, text):
    path = tmp_path / "weights.txt"
    path.write_text(text, encoding="utf-8")
    assert read_class_weights(path, CLASSES) == ([0.5, 1.0, 2.0], ["grün"])


@pytest.mark.parametrize(("text", "message"), [
    ("rad 2", r"no class is called 'rad' \(did you mean 'red'\?\)"),
    ("red 2\nred 3", "'red' comes twice"),
    ('{"red": 2, "red": 3}', "'red' comes twice"),
    ("red -1", "the weight of 'red' is -1.0"),
    ("red nan", "the weight of 'red' is nan"),
    ("red inf", "the weight of 'red' is inf"),
    ('{"red": true}', "the weight of 'red' is True"),
    ('{"red": {"x": 1}}', "the weight of 'red' is"),
    ("red", "line 1: expected 'class weight', got 'red'"),
    ("red two", "line 1: expected 'class weight'"),
    ('{"red": 2', "is not JSON"),
    ("red 0", "the weight of 'red' is 0.0"),
    (b"\xff\xfe\x00", "are not text"),
])
def test_files_of_weights_that_cannot_be_used(tmp_path, text, message):
    path = tmp_path / "weights.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=message):
        read_class_weights(path, CLASSES)


def test_missing_file_of_weights(tmp_path):
    with pytest.raises(DataError, match="nothing.txt: No such file"):
        read_class_weights(tmp_path / "nothing.txt", CLASSES)
