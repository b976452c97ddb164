"""Images that are the same or look the same."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from minitorch.datasets import duplicates
from minitorch.datasets.digits import Digits
from minitorch.datasets.duplicates import DISTANCE, Groups, equal_groups, near_pairs
from minitorch.datasets.examine import THUMB, perceptual_hash


def signature(images):
    """What `near_pairs` takes, of PIL images."""
    images = [image.convert("RGB") for image in images]
    return (np.array([perceptual_hash(image) for image in images], np.uint64),
            np.stack([np.asarray(image.resize((THUMB, THUMB), Image.Resampling.BOX))
                      for image in images]),
            np.array([image.width / image.height for image in images]))


def scene(seed, size=(200, 150)):
    noise = np.random.default_rng(seed).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def recompressed(image, quality=60, size=None):
    data = io.BytesIO()
    (image if size is None else image.resize(size)).save(data, "JPEG", quality=quality)
    return Image.open(data)


def test_copies_are_found_and_other_scenes_are_not():
    images = [scene(seed) for seed in range(40)]
    images += [recompressed(images[3], 40), recompressed(images[7], 80, (100, 75)),
               images[9].resize((400, 300))]
    assert near_pairs(*signature(images)).tolist() == [[3, 40], [7, 41], [9, 42]]


def test_another_shape_or_colour_is_another_image():
    image = scene(1)
    red = Image.fromarray((np.asarray(image) * [1, 0.8, 0.8]).astype(np.uint8))
    assert near_pairs(*signature([image, image.resize((150, 150)), red])).tolist() == []


def test_flat_images_have_no_look():
    rng = np.random.default_rng(0)
    flat = [Image.fromarray((100 + rng.integers(0, 3, (40, 40, 3))).astype(np.uint8))
            for _ in range(5)]
    assert near_pairs(*signature(flat)).tolist() == []


def test_handwritten_digits_are_not_taken_for_copies():
    digits = Digits()
    images, labels = zip(*(digits[index] for index in range(0, len(digits), 3)), strict=True)
    pairs = near_pairs(*signature([image.resize((64, 64)) for image in images]))
    assert len(pairs) <= 2
    assert all(labels[a] == labels[b] for a, b in pairs)


@pytest.mark.parametrize("chunk", [1 << 21, 50])
def test_the_search_finds_what_comparing_all_pairs_finds(monkeypatch, chunk):
    monkeypatch.setattr(duplicates, "_CHUNK", chunk)
    rng = np.random.default_rng(4)
    base = rng.integers(0, 2 ** 64, 30, dtype=np.uint64)
    hashes = []
    for value in np.repeat(base, 4):
        flips = rng.choice(64, rng.integers(0, 12), replace=False)
        hashes.append(int(value) ^ sum(1 << int(bit) for bit in flips))
    hashes = np.array(hashes, np.uint64)
    thumb = np.asarray(scene(1).resize((THUMB, THUMB)))
    thumbs = np.broadcast_to(thumb, (len(hashes), *thumb.shape))
    expected = [[a, b] for a, b in itertools.combinations(range(len(hashes)), 2)
                if bin(int(hashes[a]) ^ int(hashes[b])).count("1") <= DISTANCE]
    assert len(expected) > 50
    assert near_pairs(hashes, thumbs, np.ones(len(hashes))).tolist() == expected


def test_bits_are_counted_without_numpy_2_too(monkeypatch):
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2 ** 64, (2, 500), dtype=np.uint64)
    expected = [bin(int(x) ^ int(y)).count("1") for x, y in zip(a, b, strict=True)]
    assert duplicates._distance(a, b).tolist() == expected
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert duplicates._distance(a, b).tolist() == expected
    assert duplicates._distance(np.uint16([1, 7]), np.uint16([3, 0])).tolist() == [1, 3]


def test_groups():
    groups = Groups(6)
    groups.join(4, 1)
    groups.join(1, 2)
    groups.join(0, 5)
    assert groups.sets() == [[0, 5], [1, 2, 4]]
    assert equal_groups(["a", None, "b", "a", None]) == [[0, 3]]
    none = near_pairs(np.empty(0, np.uint64), np.empty((0, THUMB, THUMB, 3), np.uint8), [])
    assert none.shape == (0, 2)
