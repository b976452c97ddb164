"""The bundled data: 1,797 images of handwritten digits, real ones, 8x8 pixels.

Source and licence stand in ``_data/README.md`` beside the file.
"""

import importlib.resources

import numpy as np
from PIL import Image

from minitorch.utils.data import Dataset

__all__ = ["Digits"]

_LEVELS = 16  # pixels are counts 0 ... 16


class Digits(Dataset):
    """UCI optical recognition of handwritten digits, as PIL images with labels 0 to 9.

    Parameters
    ----------
    transform, target_transform : callable, optional
        Applied to each image, and to each label.

    Attributes
    ----------
    images : numpy.ndarray
        (1797, 8, 8) uint8, the source's values 0 ... 16 scaled to 0 ... 255.
    targets : list of int
    classes : list of str
        ``["0", ..., "9"]``.
    class_to_idx : dict
    """

    classes = [str(digit) for digit in range(10)]
    class_to_idx = {name: index for index, name in enumerate(classes)}

    def __init__(self, transform=None, target_transform=None):
        self.transform = transform
        self.target_transform = target_transform
        source = importlib.resources.files("minitorch.datasets") / "_data" / "digits.npz"
        with source.open("rb") as file, np.load(file, allow_pickle=False) as data:
            counts, labels = data["images"], data["labels"]
        self.images = np.rint(counts.astype(np.float64) * (255 / _LEVELS)).astype(np.uint8)
        self.targets = labels.tolist()

    def __getitem__(self, index):
        image = Image.fromarray(self.images[index])
        target = self.targets[index]
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __len__(self):
        return len(self.targets)

    def __repr__(self):
        return f"Dataset Digits\n    Number of datapoints: {len(self)}"
