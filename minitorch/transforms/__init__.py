"""Image preprocessing and augmentation with torchvision's names, for PIL images and tensors."""

from minitorch.transforms import autoaugment, functional, presets, transforms
from minitorch.transforms.autoaugment import *  # noqa: F403
from minitorch.transforms.transforms import *  # noqa: F403

__all__ = ["autoaugment", "functional", "presets", *autoaugment.__all__, *transforms.__all__]
