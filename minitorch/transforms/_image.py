"""What every image operation needs: kinds of images, their sizes, interpolation, fill values."""

import numbers
from enum import Enum

from PIL import Image

from minitorch.tensor import Tensor

__all__ = ["InterpolationMode", "PIL_RESAMPLING", "check_image", "get_dimensions",
           "get_image_num_channels", "get_image_size", "interpolation_mode", "pil_fill",
           "two_sizes"]


class InterpolationMode(Enum):
    """How :func:`resize` finds values between pixels."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


PIL_RESAMPLING = {
    InterpolationMode.NEAREST: Image.Resampling.NEAREST,
    InterpolationMode.NEAREST_EXACT: Image.Resampling.NEAREST,
    InterpolationMode.BILINEAR: Image.Resampling.BILINEAR,
    InterpolationMode.BICUBIC: Image.Resampling.BICUBIC,
    InterpolationMode.BOX: Image.Resampling.BOX,
    InterpolationMode.HAMMING: Image.Resampling.HAMMING,
    InterpolationMode.LANCZOS: Image.Resampling.LANCZOS,
}
# Pillow's integer constants; 0 means NEAREST, not NEAREST_EXACT
_MODE_OF_INT = {
    int(value): mode
    for mode, value in PIL_RESAMPLING.items()
    if mode is not InterpolationMode.NEAREST_EXACT
}


def interpolation_mode(value):
    """The :class:`InterpolationMode` for itself or for a Pillow integer constant."""
    if isinstance(value, InterpolationMode):
        return value
    if isinstance(value, int) and int(value) in _MODE_OF_INT:
        return _MODE_OF_INT[int(value)]
    raise TypeError(
        "Argument interpolation should be a InterpolationMode or a corresponding Pillow "
        f"integer constant, got {value!r}"
    )


def check_image(img):
    """Raise TypeError for what is neither a PIL image nor an image tensor."""
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError("Tensor is not a torch image.")
    elif not isinstance(img, Image.Image):
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")


def get_dimensions(img):
    """[channels, height, width] of a PIL image or an image tensor."""
    check_image(img)
    if isinstance(img, Tensor):
        channels = 1 if img.ndim == 2 else img.shape[-3]
        return [channels, img.shape[-2], img.shape[-1]]
    width, height = img.size
    return [len(img.getbands()), height, width]


def get_image_size(img):
    """[width, height] of a PIL image or an image tensor."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img):
    """Number of channels of a PIL image or an image tensor."""
    return get_dimensions(img)[0]


def pil_fill(fill, img):
    """``fill`` as pillow wants it: one number, or one per channel."""
    channels = len(img.getbands())
    fill = 0 if fill is None else fill
    if isinstance(fill, numbers.Number) and channels > 1:
        fill = (fill,) * channels
    if isinstance(fill, tuple | list):
        fill = tuple(fill) * channels if len(fill) == 1 else tuple(fill)
        if len(fill) != channels:
            raise ValueError(
                "The number of elements in 'fill' does not match the number of channels of the "
                f"image ({len(fill)} != {channels})"
            )
    if img.mode == "F":
        return fill
    return tuple(int(x) for x in fill) if isinstance(fill, tuple) else int(fill)


def two_sizes(size, message="Please provide only two dimensions (h, w) for size."):
    """``size`` as (height, width)."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)
    if len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(message)
    return size
