import collections
import hashlib

from minitorch.datasets import Digits


def test_all_digits_are_there():
    digits = Digits()
    assert len(digits) == 1797
    counts = collections.Counter(digits.targets)
    assert [counts[d] for d in range(10)] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.classes == list("0123456789")
    assert digits.images.shape == (1797, 8, 8)
    assert digits.images.max() == 255
    assert len(set(digits.images.flatten().tolist())) == 17  # counts 0 ... 16


def test_values_are_the_sources():
    # First row of the source: 0,0,5,13,9,1,0,0 (of 16), label 0
    image, label = Digits()[0]
    assert (image.mode, image.size, label) == ("L", (8, 8), 0)
    assert [image.getpixel((x, 0)) for x in range(8)] == [0, 0, 80, 207, 143, 16, 0, 0]
    digest = hashlib.sha256(Digits().images.tobytes()).hexdigest()
    assert digest.startswith("b41ca9fd335466ee")


def test_transforms_apply():
    digits = Digits(transform=lambda image: image.size, target_transform=str)
    assert digits[1] == ((8, 8), "1")
