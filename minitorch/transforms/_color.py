"""Colours and values: PIL images by pillow's own operations, tensors by ``_tensor_color``."""

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from minitorch.tensor import Tensor
from minitorch.transforms import _tensor, _tensor_color
from minitorch.transforms._conversion import image_of_array
from minitorch.transforms._image import check_image

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "autocontrast",
    "equalize",
    "erase",
    "invert",
    "posterize",
    "rgb_to_grayscale",
    "solarize",
    "to_grayscale",
]


def _enhanced(img, factor, of_tensor, of_pil):
    check_image(img)
    if isinstance(img, Tensor):
        return of_tensor(img, factor)
    return of_pil(img).enhance(factor)


def adjust_brightness(img, brightness_factor):
    """Multiply the values: 0 gives black, 1 the image itself.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    brightness_factor : float
        Not negative.
    """
    return _enhanced(img, brightness_factor, _tensor_color.adjust_brightness,
                     ImageEnhance.Brightness)


def adjust_contrast(img, contrast_factor):
    """Move the values away from their mean: 0 gives gray, 1 the image itself.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    contrast_factor : float
        Not negative.
    """
    return _enhanced(img, contrast_factor, _tensor_color.adjust_contrast, ImageEnhance.Contrast)


def adjust_saturation(img, saturation_factor):
    """Move the colours away from gray: 0 gives a gray image, 1 the image itself.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    saturation_factor : float
        Not negative.
    """
    return _enhanced(img, saturation_factor, _tensor_color.adjust_saturation, ImageEnhance.Color)


def adjust_hue(img, hue_factor):
    """Turn the colour wheel.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
        Images of one channel (modes L, 1, I, F) stay as they are.
    hue_factor : float
        Part of a whole turn, between -0.5 and 0.5.

    Raises
    ------
    ValueError
        ``hue_factor`` lies outside.
    """
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    check_image(img)
    if isinstance(img, Tensor):
        return _tensor_color.adjust_hue(img, hue_factor)
    if img.mode in ("L", "1", "I", "F"):
        return img
    hue, saturation, value = img.convert("HSV").split()
    # Bytes wrap around, as the wheel does.
    turned = np.array(hue, np.uint8) + np.int32(hue_factor * 255).astype(np.uint8)
    merged = Image.merge("HSV", (image_of_array(turned, "L"), saturation, value))
    return merged.convert(img.mode)


def adjust_gamma(img, gamma, gain=1):
    """``gain * value ** gamma``, where values span [0, 1].

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    gamma : float
        Not negative; above 1 shadows become darker.
    gain : float
    """
    check_image(img)
    if isinstance(img, Tensor):
        return _tensor_color.adjust_gamma(img, gamma, gain)
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    # As in convert_image_dtype: a little less than 256, for equal shares.
    table = [int((255 + 1 - 1e-3) * gain * pow(value / 255.0, gamma)) for value in range(256)]
    return img.convert("RGB").point(table * 3).convert(img.mode)


def rgb_to_grayscale(img, num_output_channels=1):
    """Weighted sum of red, green and blue.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    num_output_channels : int
        1, or 3 for three equal channels.

    Raises
    ------
    ValueError
        Another number of channels.
    """
    check_image(img)
    if isinstance(img, Tensor):
        return _tensor_color.grayscale(img, num_output_channels)
    return to_grayscale(img, num_output_channels)


def to_grayscale(img, num_output_channels=1):
    """:func:`rgb_to_grayscale` of a PIL image; TypeError for anything else."""
    if not isinstance(img, Image.Image):
        raise TypeError("Input should be PIL Image")
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    gray = img.convert("L")
    return gray if num_output_channels == 1 else Image.merge("RGB", (gray, gray, gray))


def invert(img):
    """The negative: highest value minus value.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    """
    check_image(img)
    return _tensor_color.invert(img) if isinstance(img, Tensor) else ImageOps.invert(img)


def posterize(img, bits):
    """Keep the upper bits of each byte.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
        A tensor of uint8.
    bits : int
        0 ... 8.
    """
    if not 0 <= bits <= 8:
        raise ValueError(f"The number if bits should be between 0 and 8. Got {bits}")
    check_image(img)
    if isinstance(img, Tensor):
        return _tensor_color.posterize(img, bits)
    return ImageOps.posterize(img, bits)


def solarize(img, threshold):
    """Invert the values from ``threshold`` on.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    threshold : float
    """
    check_image(img)
    if isinstance(img, Tensor):
        return _tensor_color.solarize(img, threshold)
    return ImageOps.solarize(img, threshold)


def adjust_sharpness(img, sharpness_factor):
    """Move the image away from a smoothed one: 0 gives that, 1 the image itself.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    sharpness_factor : float
        Not negative.
    """
    return _enhanced(img, sharpness_factor, _tensor_color.adjust_sharpness, ImageEnhance.Sharpness)


def autocontrast(img):
    """Stretch each channel's values over the whole range.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    """
    check_image(img)
    if isinstance(img, Tensor):
        return _tensor_color.autocontrast(img)
    return ImageOps.autocontrast(img)


def equalize(img):
    """Make each channel's histogram flat.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
        A tensor of uint8.
    """
    check_image(img)
    return _tensor_color.equalize(img) if isinstance(img, Tensor) else ImageOps.equalize(img)


def erase(img, i, j, h, w, v, inplace=False):
    """Fill a rectangle of an image tensor.

    Parameters
    ----------
    img : Tensor
        (..., C, H, W).
    i, j : int
        Upper left corner: row and column.
    h, w : int
        Height and width.
    v : Tensor
        The values, of a shape that spreads over (..., C, h, w).
    inplace : bool
        Change ``img`` itself.

    Raises
    ------
    TypeError
        Not a tensor.
    """
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    check_image(img)
    return _tensor.erase(img, i, j, h, w, v, inplace)
