"""curves.png: the right size, both curves on it, sound for odd histories."""

import numpy as np
import pytest
from PIL import Image

from minitorch.training import draw_curves, history_csv

BLUE, GREY = (9, 105, 218), (122, 135, 147)


def rows(epochs, loss=1.0):
    return [{"epoch": e, "split": split, "loss": loss / e, "accuracy": 1 - 0.5 / e, "lr": 0.01,
             "images_per_second": 100.0, "seconds": 1.5}
            for e in range(1, epochs + 1) for split in ("train", "val")]


def pixels_of(image, colour):
    return int((np.abs(np.asarray(image, int) - colour).max(axis=2) < 24).sum())


@pytest.mark.parametrize("epochs", [1, 2, 7, 45])
def test_both_curves_are_drawn(epochs, tmp_path):
    image = draw_curves(rows(epochs), "title", tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as written:
        assert written.size == image.size == (1500, 520)
        assert np.array_equal(np.asarray(written), np.asarray(image))
    legend_only = draw_curves([])
    for colour in (BLUE, GREY):
        assert pixels_of(image, colour) > pixels_of(legend_only, colour) + 30


@pytest.mark.parametrize("history", [[], rows(3, loss=0.0), rows(2, loss=float("nan")),
                                     rows(2, loss=1e9)], ids=["empty", "zero", "nan", "huge"])
def test_odd_histories_are_drawn_too(history):
    assert draw_curves(history).size == (1500, 520)


def test_csv_has_the_documented_columns():
    lines = history_csv(rows(2)).splitlines()
    assert lines[0] == "epoch,split,loss,accuracy,lr,images_per_second,seconds"
    assert lines[1] == "1,train,1,0.500000,0.01,100.0,1.50"
    assert len(lines) == 5
