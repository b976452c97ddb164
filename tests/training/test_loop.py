"""train_one_epoch, evaluate and predict against sums done by hand."""

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.training import accuracy, evaluate, macro_f1, predict, train_one_epoch


def linear_problem():
    torch.manual_seed(0)
    inputs = torch.randn(10, 3)
    targets = (inputs[:, 0] > 0).long()
    loader = [(inputs[i:i + 4], targets[i:i + 4]) for i in range(0, 10, 4)]
    return nn.Linear(3, 2), inputs, targets, loader


def test_train_one_epoch_takes_plain_sgd_steps():
    model, _, _, loader = linear_problem()
    twin = nn.Linear(3, 2)
    twin.load_state_dict(model.state_dict())
    loss_fn = nn.CrossEntropyLoss()
    result = train_one_epoch(model, loader, loss_fn,
                             torch.optim.SGD(model.parameters(), lr=0.5))
    optimizer, losses = torch.optim.SGD(twin.parameters(), lr=0.5), []
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = loss_fn(twin(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item() * len(targets))
    assert torch.equal(model.weight, twin.weight) and torch.equal(model.bias, twin.bias)
    assert result.images == 10 and result.finished
    assert result.loss == pytest.approx(sum(losses) / 10, rel=1e-12)


def test_empty_batches_are_passed_over():
    model, _, _, loader = linear_problem()
    steps = []
    result = train_one_epoch(model, [None, *loader, None], nn.CrossEntropyLoss(),
                             torch.optim.SGD(model.parameters(), lr=0.1),
                             on_step=lambda metrics: steps.append(metrics.batches))
    assert result.images == 10 and steps == [1, 2, 3, 4, 5]


def test_stop_ends_between_two_steps():
    model, _, _, loader = linear_problem()
    calls = []
    result = train_one_epoch(model, loader, nn.CrossEntropyLoss(),
                             torch.optim.SGD(model.parameters(), lr=0.1),
                             stop=lambda: calls.append(1) or len(calls) == 2)
    assert not result.finished and result.images == 8


def test_not_a_number_stops_before_the_step():
    model, inputs, targets, _ = linear_problem()
    before = model.weight.detach().clone()
    with pytest.raises(FloatingPointError, match="loss became nan at batch 1"):
        train_one_epoch(model, [(inputs * float("nan"), targets)], nn.CrossEntropyLoss(),
                        torch.optim.SGD(model.parameters(), lr=0.1))
    assert torch.equal(model.weight, before)


def test_evaluate_counts_the_confusion_matrix():
    model, inputs, targets, loader = linear_problem()
    result = evaluate(model, loader, classes=2)
    outputs = model(inputs).detach().numpy()
    truth, guess = targets.numpy(), outputs.argmax(1)
    expected = np.zeros((2, 2), int)
    for t, g in zip(truth, guess, strict=True):
        expected[t, g] += 1
    assert (result.confusion == expected).all()
    assert result.accuracy == (truth == guess).mean() == accuracy(model(inputs), targets)
    assert [images for _, images in result.per_class()] == [(truth == 0).sum(), (truth == 1).sum()]
    shifted = outputs - outputs.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    assert result.loss == pytest.approx(-logs[np.arange(10), truth].mean(), rel=1e-6)


def test_evaluate_leaves_mode_statistics_and_gradients_alone():
    model = nn.Sequential(nn.BatchNorm1d(3) if hasattr(nn, "BatchNorm1d") else nn.Identity(),
                          nn.Linear(3, 2), nn.Dropout(0.5))
    _, _, _, loader = linear_problem()
    model.train()
    first, second = evaluate(model, loader), evaluate(model, loader)
    assert first.loss == second.loss
    assert model.training and all(p.grad is None for p in model.parameters())


def test_per_class_of_an_absent_class_is_none():
    model, inputs, _, _ = linear_problem()
    result = evaluate(model, [(inputs, torch.zeros(10, dtype=torch.int64))], classes=2)
    assert result.per_class()[1] == (None, 0)
    with pytest.raises(ValueError, match="classes="):
        evaluate(model, [(inputs, torch.zeros(10, dtype=torch.int64))]).per_class()


def test_predict_gives_probabilities_in_eval_mode():
    model, inputs, _, _ = linear_problem()
    net = nn.Sequential(model, nn.Dropout(0.9)).train()
    rows = predict(net, inputs)
    assert net.training and not rows.requires_grad
    np.testing.assert_allclose(rows.numpy().sum(1), 1, rtol=1e-6)
    logits = model(inputs).detach().numpy()
    np.testing.assert_array_equal(rows.numpy().argmax(1), logits.argmax(1))


def test_clipped_step_has_at_most_the_norm():
    model, _, _, loader = linear_problem()
    before = [p.detach().clone() for p in model.parameters()]
    result = train_one_epoch(model, loader[:1], nn.CrossEntropyLoss(),
                             torch.optim.SGD(model.parameters(), lr=1.0), clip_grad=0.01)
    step = [a - b for a, b in zip(before, model.parameters(), strict=True)]
    assert float(sum((s ** 2).sum() for s in step)) ** 0.5 == pytest.approx(0.01, rel=1e-3)
    assert result.grad_norm > 0.01, "as it was before clipping"


def test_stop_waits_for_the_end_of_a_step():
    model, _, _, loader = linear_problem()
    result = train_one_epoch(model, loader, nn.CrossEntropyLoss(),
                             torch.optim.SGD(model.parameters(), lr=0.1), accumulate=2,
                             stop=lambda: True)
    assert not result.finished and result.images == 8


def test_schedule_keeps_time_where_nothing_was_readable():
    model, _, _, loader = linear_problem()
    updates, before = [], model.weight.detach().clone()
    train_one_epoch(model, [None, None, None], nn.CrossEntropyLoss(),
                    torch.optim.SGD(model.parameters(), lr=0.1), accumulate=2, clip_grad=1.0,
                    after_update=lambda: updates.append(1))
    assert len(updates) == 2 and torch.equal(model.weight, before)


def test_macro_f1_is_the_mean_over_classes_that_came_or_were_guessed():
    # Of scikit-learn's documentation: f1_score([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], "macro").
    confusion = np.zeros((4, 4), int)
    np.add.at(confusion, ([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]), 1)
    assert macro_f1(confusion) == pytest.approx(0.8 / 3)
    assert np.isnan(macro_f1(np.zeros((2, 2), int)))
