"""The parts of tools/pretrain_digits.py that need neither its data nor an hour."""

import gzip
import importlib.util
import pathlib

import numpy as np
import pytest
from PIL import Image

TOOL = pathlib.Path(__file__).parents[2] / "tools" / "pretrain_digits.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("pretrain_digits", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def stroke():
    """A 28x28 image with a slanted bar, 14 pixels high."""
    pixels = np.zeros((28, 28), np.uint8)
    for row in range(7, 21):
        pixels[row, 17 - row // 3 : 21 - row // 3] = 255
    return Image.fromarray(pixels)


def test_coarse_counts_black_pixels_in_blocks(tool, stroke):
    image = tool.coarse(tool.canvas_of(stroke), bold=1)
    pixels = np.asarray(image)
    assert (image.mode, image.size) == ("L", (8, 8))
    counts = pixels * (16 / 255)
    assert np.abs(counts - np.rint(counts)).max() < 0.04  # whole counts of 16
    assert pixels[0].any() and pixels[7].any()  # the digit fills the height
    assert not pixels[:, 0].any()  # and stands in the middle
    assert pixels.sum() < np.asarray(tool.coarse(tool.canvas_of(stroke), bold=9)).sum()


def test_augmentation_depends_on_its_generator_alone(tool, stroke):
    def drawn(seed):
        return tool.augmented(stroke, np.random.default_rng((0, 0, seed)))

    assert drawn(1).tobytes() == drawn(1).tobytes()
    forms = [drawn(seed) for seed in range(40)]
    assert {form.size for form in forms} == {(8, 8), (28, 28)}
    assert len({form.tobytes() for form in forms}) == 40


def test_rate_rises_then_falls_to_zero(tool):
    rates = [tool.cosine(step, 100, 0.5) for step in range(101)]
    assert rates[9] == max(rates) == 0.5
    assert rates[0] == 0.05
    assert rates[100] < 1e-12
    assert all(a >= b for a, b in zip(rates[10:], rates[11:], strict=False))


def test_reads_the_layout_of_mlxtends_file(tool, tmp_path):
    path = tmp_path / "mnist.csv.gz"
    rows = np.arange(2 * 785).reshape(2, 785) % 251
    rows[:, -1] = [3, 8]
    with gzip.open(path, "wt") as file:
        np.savetxt(file, rows, fmt="%d", delimiter=",")
    images, labels = tool.read_mnist(path)
    assert images.shape == (2, 28, 28)
    assert images[1, 27, 27] == rows[1, 783]
    assert labels == [3, 8]
