"""What `examine` keeps of each image, its tables and its pictures; and `predict_images`."""

import csv
import io
import itertools

import numpy as np
import pytest
from PIL import Image

import minitorch
from minitorch.training import ModelInfo, Preprocessing, ReadProblems
from minitorch.training.prediction import predict_images
from minitorch.training.report.drawing import drawable
from minitorch.training.report.examination import (
    Examination,
    confusion_csv,
    examine,
    predictions_csv,
)
from minitorch.training.report.gather import list_mistakes
from minitorch.training.report.pictures import (
    confusion_shades,
    draw_confusion,
    draw_mistakes,
    short_count,
    thumbnail,
)

SCORES = np.array([[4, 1, 0, 0], [0, 1, 2, 3], [1, 1, 1, 1], [0, 9, 8, 0], [0, 0, 0, 5]],
                  np.float32)
TRUTH = [0, 0, 1, 1, 2]


def found_of(scores=SCORES, truth=TRUTH, classes="abcd", top=3):
    found = Examination.empty(list(classes), truth, top)
    found.add(np.arange(len(scores)), scores)
    return found


def test_rows_by_hand():
    found = found_of()
    assert found.guesses[:, 0].tolist() == [0, 3, 0, 1, 3]      # of equals the first
    assert found.ranks.tolist() == [0, 3, 1, 0, 3]
    assert found.accuracy == 2 / 5 and found.top_accuracy(2) == 3 / 5
    assert found.top_accuracy(4) == found.top_accuracy(9) == 1
    exact = np.exp(SCORES.astype(float))
    exact /= exact.sum(axis=1, keepdims=True)
    assert found.probabilities[:, 0] == pytest.approx(exact.max(axis=1))
    assert found.truth_probabilities == pytest.approx(exact[range(5), TRUTH])
    assert found.loss == pytest.approx(-np.log(exact[range(5), TRUTH]).mean())
    assert found.confusion.tolist() == [[1, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 1], [0] * 4]
    assert found.mistakes(9) == [4, 1, 2] and found.mistakes(1) == [4]
    assert found.confused(2) == [(0, 3, 1), (1, 0, 1)] and len(found.confused(99)) == 3


def test_huge_scores_do_not_overflow():
    found = found_of(np.array([[1e30, 0, 0, -1e30]], np.float32), [3])
    assert np.isfinite(found.losses).all() and found.probabilities[0, 0] == 1


def test_examine_leaves_out_what_was_not_read_and_can_stop():
    network = minitorch.nn.Flatten()
    batches = [(minitorch.tensor(SCORES[:2]), minitorch.tensor([0, 1])), None,
               (minitorch.tensor(SCORES[3:]), minitorch.tensor([3, 4]))]
    found = examine(network, batches, list("abcd"), TRUTH)
    assert found.seen.tolist() == [True, True, False, True, True] and found.finished
    assert found.images == 4 and found.confusion.sum() == 4 and network.training
    found = examine(network, batches, list("abcd"), TRUTH, stop=lambda: True)
    assert found.images == 2 and not found.finished
    nothing = examine(network, [], list("abcd"), TRUTH)
    assert np.isnan([nothing.loss, nothing.accuracy]).all() and nothing.mistakes(5) == []


def test_tables_read_back():
    found = found_of(classes=['a,"b"', "c\nd", "=1+1", "日本"])
    found.seen[2] = False
    rows = list(csv.DictReader(io.StringIO(predictions_csv(
        found, [f"{index}\n.jpg" for index in range(5)], {"2\n.jpg": "truncated"}))))
    assert [row["path"] for row in rows] == [f"{index}\n.jpg" for index in range(5)]
    assert rows[2]["error"] == "truncated" and rows[2]["guess"] == rows[2]["loss"] == ""
    assert [row["truth"] for row in rows] == [found.classes[index] for index in TRUTH]
    assert rows[1]["guess"] == "日本" and rows[1]["guess_2"] == "=1+1"
    assert [row["correct"] for row in rows] == ["yes", "no", "", "yes", "no"]
    header, *table = csv.reader(io.StringIO(confusion_csv(found.confusion, found.classes)))
    assert header[1:] == [row[0] for row in table] == found.classes
    assert [[int(each) for each in row[1:]] for row in table] == found.confusion.tolist()


# -- pictures ------------------------------------------------------------------------------------
@pytest.mark.parametrize("classes", [2, 10, 100, 1000, 2300])
def test_confusion_is_drawn_for_any_number_of_classes(classes):
    counts = np.eye(classes, dtype=np.int64) * 9
    counts[0, 1] = 3
    image = draw_confusion(counts, [f"日本 {index}" * 9 for index in range(classes)], "t" * 999)
    assert 300 < image.width < 2500 and 300 < image.height < 2500
    pixels = np.asarray(image, int)
    blue = (pixels[:, :, 2] > pixels[:, :, 0] + 100).sum()
    red = (pixels[:, :, 0] > pixels[:, :, 2] + 30).sum()
    assert blue >= classes // 3 and red >= (1 if classes < 2000 else 0)


def test_shades_show_a_single_mistake():
    shades = confusion_shades(np.array([[9999, 1, 0], [0, 0, 0], [0, 0, 5]]))
    assert shades[2, 2] == 1 and shades[0, 1] > 0.15
    assert (shades[1] == 0).all() and shades[0, 2] == 0


def test_counts_are_short():
    assert [short_count(n) for n in (0, 9999, 10_000, 999_999, 5_000_000)] == [
        "0", "9999", "10k", "999k", "5M"]


def test_letters_that_pillow_has():
    assert drawable("crème brûlée…") == "creme brulee…" and drawable("猫 a\n") == "? a?"


def test_thumbnails(tmp_path):
    assert thumbnail(Image.new("L", (8, 4))).size == (160, 80)
    assert thumbnail(Image.new("RGB", (1000, 10))).size == (160, 2)
    assert thumbnail(tmp_path / "nowhere.png") is None
    (tmp_path / "bad.png").write_bytes(b"no")
    assert thumbnail(str(tmp_path / "bad.png")) is None


def test_mistakes_are_named_and_drawn(tmp_path):
    paths = [str(tmp_path / "a" / f"{index}.png") for index in range(5)]
    (tmp_path / "a").mkdir()
    Image.new("RGB", (30, 30), (250, 0, 250)).save(paths[4])
    mistakes = list_mistakes(found_of(), paths, 24, root=tmp_path)
    assert [each.name for each in mistakes] == ["a/4.png", "a/1.png", "a/2.png"]
    assert (mistakes[0].truth, mistakes[0].guess) == ("c", "d")
    assert [each.thumbnail is None for each in mistakes] == [False, True, True]
    sheet = np.asarray(draw_mistakes(mistakes, "title"))
    assert (sheet == (250, 0, 250)).all(axis=2).sum() == 150 * 150
    assert draw_mistakes([]).size[1] < 200
    assert draw_mistakes(mistakes * 30).size[0] == 6 * 190 + 20


# -- any number of images ------------------------------------------------------------------------
class Mean(minitorch.nn.Module):
    """Scores of two classes: how red, how blue."""

    def forward(self, images):
        return images.mean(dim=(2, 3))[:, ::2]


INFO = ModelInfo("resnet18", ["red", "blue"], Preprocessing(8, 8))


@pytest.mark.parametrize("workers", [0, 2])
def test_predictions_keep_the_order_and_pass_over_the_unreadable(workers, tmp_path):
    paths = []
    for index in range(23):
        paths.append(str(tmp_path / f"{index}.png"))
        if index % 5 != 3:
            Image.new("RGB", (9, 9), (250, 0, 0) if index % 2 else (0, 0, 250)).save(paths[-1])
    problems = ReadProblems()
    answers = list(predict_images(Mean(), INFO, iter(paths), batch_size=4, workers=workers,
                                  problems=problems))
    readable = [path for index, path in enumerate(paths) if index % 5 != 3]
    assert [path for path, _ in answers] == readable
    assert [bool(row[0] > row[1]) for _, row in answers] == [
        index % 2 == 1 for index in range(23) if index % 5 != 3]
    assert len(problems) == 23 - len(readable)


def test_predictions_of_an_endless_list():
    drawn = itertools.count()
    images = (Image.new("RGB", (9, 9), (index % 250, 0, 0)) for index in drawn)
    answers = predict_images(Mean(), INFO, images, batch_size=2, workers=1)
    assert len(list(itertools.islice(answers, 50))) == 50
    assert next(drawn) < 70
    answers.close()
