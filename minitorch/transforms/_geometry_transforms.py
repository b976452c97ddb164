"""Transforms that move whole pixels: sizes, borders, crops and mirrors."""

import numbers
import warnings
from collections.abc import Sequence

import minitorch
from minitorch import nn
from minitorch.transforms import functional as F
from minitorch.transforms._geometry import random_crop_box
from minitorch.transforms._image import InterpolationMode, interpolation_mode, two_sizes

__all__ = [
    "CenterCrop",
    "FiveCrop",
    "Pad",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
]


def uniform(low, high):
    """A float from [low, high), drawn as torchvision draws it."""
    return minitorch.empty(1).uniform_(low, high).item()


def integer(low, high=None):
    """An int from [low, high), or from [0, low)."""
    bounds = (0, low) if high is None else (low, high)
    return minitorch.randint(*bounds, size=(1,)).item()


def check_ranges(scale, ratio):
    """Refuse what are no pairs, and warn of pairs in the wrong order."""
    if not isinstance(scale, Sequence):
        raise TypeError("Scale should be a sequence")
    if not isinstance(ratio, Sequence):
        raise TypeError("Ratio should be a sequence")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        # of the caller of the transform
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)


class Sometimes(nn.Module):
    """An operation, `_apply`, that happens with probability ``p``."""

    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, img):
        return self._apply(img) if minitorch.rand(1).item() < self.p else img

    def __repr__(self):
        return f"{self.__class__.__name__}(p={self.p})"


class Resize(nn.Module):
    """:func:`functional.resize`.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    interpolation : InterpolationMode or int
    max_size : int, optional
    antialias : bool, optional
    """

    def __init__(
        self, size, interpolation=InterpolationMode.BILINEAR, max_size=None, antialias=True
    ):
        super().__init__()
        if not isinstance(size, int | Sequence) or isinstance(size, str):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size = size
        self.max_size = max_size
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias

    def forward(self, img):
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self):
        return (
            f"{self.__class__.__name__}(size={self.size}, "
            f"interpolation={self.interpolation.value}, max_size={self.max_size}, "
            f"antialias={self.antialias})"
        )


class CenterCrop(nn.Module):
    """:func:`functional.center_crop`.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    """

    def __init__(self, size):
        super().__init__()
        self.size = two_sizes(size)

    def forward(self, img):
        return F.center_crop(img, self.size)

    def __repr__(self):
        return f"{self.__class__.__name__}(size={self.size})"


class Pad(nn.Module):
    """:func:`functional.pad`: add a border.

    Parameters
    ----------
    padding : int or sequence of 1, 2 or 4 int
        All sides; left/right and top/bottom; or left, top, right, bottom.
    fill : number or tuple
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
    """

    def __init__(self, padding, fill=0, padding_mode="constant"):
        super().__init__()
        if not isinstance(padding, numbers.Number | tuple | list):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, numbers.Number | tuple | list):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        if isinstance(padding, Sequence) and len(padding) not in (1, 2, 4):
            raise ValueError("Padding must be an int or a 1, 2, or 4 element tuple, not a "
                             f"{len(padding)} element tuple")
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img):
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self):
        return (f"{self.__class__.__name__}(padding={self.padding}, fill={self.fill}, "
                f"padding_mode={self.padding_mode})")


class RandomCrop(nn.Module):
    """Cut out a rectangle of a given size at a random place.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    padding : int or sequence of 1, 2 or 4 int, optional
        A border to add first.
    pad_if_needed : bool
        Widen an image that is smaller than ``size``.
    fill : number or tuple
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
    """

    def __init__(
        self, size, padding=None, pad_if_needed=False, fill=0, padding_mode="constant"
    ):
        super().__init__()
        self.size = tuple(two_sizes(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img, output_size):
        """(top, left, height, width) of a random rectangle; ValueError if the image is smaller."""
        _, height, width = F.get_dimensions(img)
        crop_height, crop_width = output_size
        if height < crop_height or width < crop_width:
            raise ValueError(f"Required crop size {(crop_height, crop_width)} is larger than "
                             f"input image size {(height, width)}")
        if (height, width) == (crop_height, crop_width):
            return 0, 0, height, width
        top = integer(height - crop_height + 1)
        return top, integer(width - crop_width + 1), crop_height, crop_width

    def forward(self, img):
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, height, width = F.get_dimensions(img)
            if width < self.size[1]:
                img = F.pad(img, [self.size[1] - width, 0], self.fill, self.padding_mode)
            if height < self.size[0]:
                img = F.pad(img, [0, self.size[0] - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self):
        return f"{self.__class__.__name__}(size={self.size}, padding={self.padding})"


class RandomHorizontalFlip(Sometimes):
    """Mirror left to right with probability ``p``.

    Parameters
    ----------
    p : float
    """

    _apply = staticmethod(F.hflip)


class RandomVerticalFlip(Sometimes):
    """Turn upside down with probability ``p``.

    Parameters
    ----------
    p : float
    """

    _apply = staticmethod(F.vflip)


class RandomResizedCrop(nn.Module):
    """Cut out a rectangle of random area and aspect ratio and resize it.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    scale, ratio : pair of float
        Bounds of the area, as a part of the image's, and of width / height.
    interpolation : InterpolationMode or int
    antialias : bool, optional
    """

    def __init__(
        self,
        size,
        scale=(0.08, 1.0),
        ratio=(3.0 / 4.0, 4.0 / 3.0),
        interpolation=InterpolationMode.BILINEAR,
        antialias=True,
    ):
        super().__init__()
        self.size = two_sizes(size)
        check_ranges(scale, ratio)
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img, scale, ratio):
        """(top, left, height, width) of a random rectangle."""
        return random_crop_box(img, scale, ratio, uniform, integer)

    def forward(self, img):
        top, left, height, width = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(
            img, top, left, height, width, self.size, self.interpolation, self.antialias
        )

    def __repr__(self):
        return (
            f"{self.__class__.__name__}(size={self.size}, "
            f"scale={tuple(round(s, 4) for s in self.scale)}, "
            f"ratio={tuple(round(r, 4) for r in self.ratio)}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


class FiveCrop(nn.Module):
    """:func:`functional.five_crop`: a tuple of the four corners and the centre.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    """

    def __init__(self, size):
        super().__init__()
        self.size = two_sizes(size)

    def forward(self, img):
        return F.five_crop(img, self.size)

    def __repr__(self):
        return f"{self.__class__.__name__}(size={self.size})"


class TenCrop(nn.Module):
    """:func:`functional.ten_crop`: five crops of the image and of its mirror image.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    vertical_flip : bool
    """

    def __init__(self, size, vertical_flip=False):
        super().__init__()
        self.size = two_sizes(size)
        self.vertical_flip = vertical_flip

    def forward(self, img):
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self):
        return (f"{self.__class__.__name__}(size={self.size}, "
                f"vertical_flip={self.vertical_flip})")
