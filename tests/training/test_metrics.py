"""Precision, recall, F1 and their averages, against values computed by hand from the definitions
(they are scikit-learn's, with zero_division=0)."""

import numpy as np
import pytest

from minitorch.training import class_scores, macro_f1
from minitorch.training.metrics import RunningMetrics


def test_by_hand():
    # Rows are the truth.
    confusion = np.array([[3, 0, 0], [1, 2, 1], [0, 1, 1]])
    scores = class_scores(confusion)
    assert scores.precision.tolist() == [3 / 4, 2 / 3, 1 / 2]
    assert scores.recall.tolist() == [1, 2 / 4, 1 / 2]
    assert scores.f1 == pytest.approx([6 / 7, 4 / 7, 2 / 4])
    assert scores.support.tolist() == [3, 4, 2] and scores.predicted.tolist() == [4, 3, 2]
    assert scores.average("macro") == pytest.approx(
        {"precision": (3 / 4 + 2 / 3 + 1 / 2) / 3, "recall": 2 / 3,
         "f1": (6 / 7 + 4 / 7 + 1 / 2) / 3})
    assert scores.average("weighted") == pytest.approx(
        {"precision": (3 * 3 / 4 + 4 * 2 / 3 + 2 * 1 / 2) / 9, "recall": 6 / 9,
         "f1": (3 * 6 / 7 + 4 * 4 / 7 + 2 * 1 / 2) / 9})
    assert scores.balanced_accuracy == pytest.approx(2 / 3)
    assert macro_f1(confusion) == scores.average("macro")["f1"]


def test_class_that_is_never_guessed():
    # sklearn: f1_score([0, 0, 1], [0, 0, 0], average="macro") == (4 / 5 + 0) / 2
    scores = class_scores(np.array([[2, 0], [1, 0]]))
    assert np.isnan(scores.precision[1]) and scores.recall[1] == 0 and scores.f1[1] == 0
    assert scores.average("macro") == pytest.approx(
        {"precision": (2 / 3) / 2, "recall": 1 / 2, "f1": (4 / 5) / 2})
    assert scores.average("weighted")["f1"] == pytest.approx(2 / 3 * 4 / 5)


def test_class_without_images_counts_if_it_is_guessed():
    # sklearn's labels are those of truth and guesses together, so class 1 counts as 0 in the
    # macro average and class 2, in neither, does not; balanced accuracy leaves out both.
    scores = class_scores(np.array([[3, 1, 0], [0, 0, 0], [0, 0, 0]]))
    assert scores.precision[:2].tolist() == [1, 0] and np.isnan(scores.recall[1:]).all()
    assert scores.f1[1] == 0 and np.isnan(scores.f1[2])
    assert scores.average("macro") == pytest.approx(
        {"precision": 1 / 2, "recall": (3 / 4) / 2, "f1": (6 / 7) / 2})
    assert scores.balanced_accuracy == 3 / 4
    assert scores.average("weighted") == pytest.approx(
        {"precision": 1, "recall": 3 / 4, "f1": 6 / 7})


def test_no_image_at_all():
    confusion = np.zeros((2, 2), np.int64)
    assert np.isnan(macro_f1(confusion)) and np.isnan(class_scores(confusion).balanced_accuracy)
    assert all(map(np.isnan, class_scores(confusion).average("weighted").values()))


def test_unknown_average():
    with pytest.raises(ValueError, match="'micro'"):
        class_scores(np.eye(2, dtype=int)).average("micro")


def test_weighted_recall_is_the_accuracy():
    rng = np.random.default_rng(0)
    confusion = rng.integers(0, 9, (7, 7))
    scores = class_scores(confusion)
    assert scores.average("weighted")["recall"] == pytest.approx(
        confusion.trace() / confusion.sum())


def test_running_metrics_count_the_same_matrix():
    import minitorch
    metrics = RunningMetrics(3)
    metrics.update(0.5, minitorch.eye(3), minitorch.tensor([0, 2, 2]))
    assert metrics.result().confusion.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]
