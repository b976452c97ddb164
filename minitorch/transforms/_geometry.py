"""Sizes, borders, crops and mirrors."""

import math
import numbers
import warnings

import numpy as np
from PIL import Image, ImageOps

from minitorch.tensor import Tensor
from minitorch.transforms import _tensor
from minitorch.transforms._image import (
    PIL_RESAMPLING,
    InterpolationMode,
    check_image,
    get_dimensions,
    interpolation_mode,
    pil_fill,
    two_sizes,
)

__all__ = ["center_crop", "crop", "five_crop", "hflip", "pad", "random_crop_box", "resize",
           "resized_crop", "ten_crop", "vflip"]


def _resized_size(height, width, size, max_size):
    """(height, width) after :func:`resize`; one number is the size of the shorter edge."""
    if len(size) == 2:
        return [size[0], size[1]]
    short, long = min(height, width), max(height, width)
    new_short = size[0]
    new_long = int(new_short * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested "
                f"size for the smaller edge size = {size}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return [new_long, new_short] if width <= height else [new_short, new_long]


def resize(
    img, size, interpolation=InterpolationMode.BILINEAR, max_size=None, antialias=True
):
    """Resize an image.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
        A tensor has shape (..., H, W).
    size : int or sequence of 1 or 2 int
        (height, width), or the length of the shorter edge.
    interpolation : InterpolationMode or int
        Or Pillow's constant. Tensors: nearest, nearest-exact, bilinear and bicubic.
    max_size : int, optional
        Upper bound for the longer edge; only when ``size`` is one number.
    antialias : bool, optional
        For tensors, in the modes bilinear and bicubic: widen the filter when shrinking. PIL
        always does; False warns there.

    Raises
    ------
    TypeError
        Not an image, or a wrong ``interpolation``.
    ValueError
        ``size`` or ``max_size`` make no sense.
    NotImplementedError
        A mode that tensors do not have.
    """
    mode = interpolation_mode(interpolation)
    if isinstance(size, int):
        size = [size]
    if len(size) not in (1, 2):
        raise ValueError(
            "Size must be an int or a 1 or 2 element tuple/list, "
            f"not a {len(size)} element tuple/list"
        )
    if max_size is not None and len(size) != 1:
        raise ValueError(
            "max_size should only be passed if size specifies the length of the smaller edge, "
            "i.e. size should be an int or a sequence of length 1 in torchscript mode."
        )
    _, height, width = get_dimensions(img)
    new = _resized_size(height, width, size, max_size)
    if new[0] <= 0 or new[1] <= 0:
        raise ValueError(f"resize: the new height and width must be positive, got {tuple(new)}")
    if new == [height, width]:
        return img
    if isinstance(img, Tensor):
        return _tensor.resize(img, new, mode.value, bool(antialias))
    if antialias is False:
        warnings.warn(
            "Anti-alias option is always applied for PIL Image input. "
            "Argument antialias is ignored.",
            stacklevel=2,
        )
    return img.resize((new[1], new[0]), PIL_RESAMPLING[mode])


def _four_sides(padding):
    """(left, top, right, bottom) of a padding given as 1, 2 or 4 numbers."""
    if not isinstance(padding, numbers.Number | tuple | list):
        raise TypeError("Got inappropriate padding arg")
    values = [padding] if isinstance(padding, numbers.Number) else list(padding)
    if len(values) not in (1, 2, 4):
        raise ValueError(
            f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(values)} "
            "element tuple"
        )
    return tuple(values * (4 // len(values)))


def pad(img, padding, fill=0, padding_mode="constant"):
    """Add a border.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    padding : int or sequence of 1, 2 or 4 int
        All sides; left/right and top/bottom; or left, top, right, bottom.
    fill : number or tuple
        The border's value; a tuple, one per channel, only for PIL images.
    padding_mode : str
        ``"constant"``; ``"edge"``: repeat the last pixel; ``"reflect"`` and ``"symmetric"``:
        mirror, without and with the last pixel repeated.
    """
    check_image(img)
    sides = _four_sides(padding)
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    if fill is not None and not isinstance(fill, numbers.Number | tuple | list):
        raise TypeError("Got inappropriate fill arg")
    if isinstance(img, Tensor):
        if isinstance(fill, tuple | list):
            raise TypeError("Got inappropriate fill arg")
        return _tensor.pad(img, sides, 0 if fill is None else fill, padding_mode)
    if padding_mode == "constant":
        out = ImageOps.expand(img, border=sides, fill=pil_fill(fill, img))
    else:
        out = _mirrored_border(img, sides, padding_mode)
    if img.mode == "P":
        out.putpalette(img.getpalette())
    return out


def _mirrored_border(img, sides, mode):
    left, top, right, bottom = sides
    img_width, img_height = img.size
    inner = (max(-left, 0), max(-top, 0), img_width - max(-right, 0), img_height - max(-bottom, 0))
    if inner != (0, 0, img_width, img_height):
        img = img.crop(inner)
    pixels = np.asarray(img)
    widths = [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0)), (0, 0)]
    return Image.fromarray(np.pad(pixels, widths[: pixels.ndim], mode))


def crop(img, top, left, height, width):
    """Cut a rectangle out of an image; what lies outside the image is 0.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    top, left : int
        Upper left corner.
    height, width : int
    """
    check_image(img)
    if isinstance(img, Tensor):
        return _tensor.crop(img, top, left, height, width)
    return img.crop((left, top, left + width, top + height))


def center_crop(img, output_size):
    """Cut the middle out of an image, padded with 0 where it is too small.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    output_size : int or sequence of 1 or 2 int
        (height, width); one number is both.
    """
    crop_height, crop_width = two_sizes(output_size)
    _, height, width = get_dimensions(img)
    if crop_width > width or crop_height > height:
        missing_x, missing_y = max(crop_width - width, 0), max(crop_height - height, 0)
        sides = [missing_x // 2, missing_y // 2, (missing_x + 1) // 2, (missing_y + 1) // 2]
        img = pad(img, sides, fill=0)
        _, height, width = get_dimensions(img)
        if (crop_width, crop_height) == (width, height):
            return img
    # Python's round() of halves to even is torchvision's too.
    top = int(round((height - crop_height) / 2.0))
    left = int(round((width - crop_width) / 2.0))
    return crop(img, top, left, crop_height, crop_width)


def resized_crop(
    img,
    top,
    left,
    height,
    width,
    size,
    interpolation=InterpolationMode.BILINEAR,
    antialias=True,
):
    """:func:`crop`, then :func:`resize`."""
    img = crop(img, top, left, height, width)
    return resize(img, size, interpolation, antialias=antialias)


def hflip(img):
    """Mirror an image left to right."""
    check_image(img)
    if isinstance(img, Tensor):
        return img.flip(-1)
    return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def vflip(img):
    """Turn an image upside down."""
    check_image(img)
    if isinstance(img, Tensor):
        return img.flip(-2)
    return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def five_crop(img, size):
    """The four corners and the centre.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    size : int or sequence of 1 or 2 int
        (height, width) of each.

    Returns
    -------
    tuple
        Top left, top right, bottom left, bottom right, centre.

    Raises
    ------
    ValueError
        The image is smaller.
    """
    height, width = two_sizes(size)
    _, image_height, image_width = get_dimensions(img)
    if width > image_width or height > image_height:
        raise ValueError(
            f"Requested crop size {(height, width)} is bigger than input size "
            f"{(image_height, image_width)}"
        )
    corners = [(top, left) for top in (0, image_height - height)
               for left in (0, image_width - width)]
    return (*(crop(img, top, left, height, width) for top, left in corners),
            center_crop(img, [height, width]))


def ten_crop(img, size, vertical_flip=False):
    """:func:`five_crop` of the image and of its mirror image.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    size : int or sequence of 1 or 2 int
    vertical_flip : bool
        Upside down instead of left to right.
    """
    mirrored = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(mirrored, size)


def random_crop_box(img, scale, ratio, uniform, integer):
    """A rectangle of random area and aspect ratio (Szegedy et al., arXiv:1409.4842, section 6).

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    scale, ratio : pair of float
        Bounds of the area, as a part of the image's, and of width / height.
    uniform, integer : callable
        ``uniform(low, high)`` and ``integer(below)`` draw the numbers, in torchvision's order.

    Returns
    -------
    tuple
        (top, left, height, width); the largest centred one that fits after 10 failures.
    """
    _, height, width = get_dimensions(img)
    log_ratio = np.log(np.asarray(ratio, np.float32)).tolist()
    for _ in range(10):
        area = height * width * uniform(scale[0], scale[1])
        aspect = float(np.exp(np.float32(uniform(log_ratio[0], log_ratio[1]))))
        w = int(round(math.sqrt(area * aspect)))
        h = int(round(math.sqrt(area / aspect)))
        if 0 < w <= width and 0 < h <= height:
            top = integer(height - h + 1)
            left = integer(width - w + 1)
            return top, left, h, w
    w, h = width, height
    if width / height < min(ratio):
        h = int(round(w / min(ratio)))
    elif width / height > max(ratio):
        w = int(round(h * max(ratio)))
    return (height - h) // 2, (width - w) // 2, h, w
