"""Image operations as functions, for PIL images first and for image tensors beside them.

PIL input gives, pixel for pixel, what torchvision gives: the same pillow operations are called.
An image tensor has shape (..., C, H, W).
"""

import math
import numbers
import sys
import warnings
from enum import Enum

import numpy as np
from PIL import Image, ImageOps

import minitorch
from minitorch.tensor import Tensor
from minitorch.transforms import _tensor

__all__ = [
    "InterpolationMode",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "normalize",
    "pad",
    "pil_to_tensor",
    "resize",
    "resized_crop",
    "to_pil_image",
    "to_tensor",
    "vflip",
]


class InterpolationMode(Enum):
    """How :func:`resize` finds values between pixels."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_PIL_RESAMPLING = {
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
    for mode, value in _PIL_RESAMPLING.items()
    if mode is not InterpolationMode.NEAREST_EXACT
}
# numpy types of the PIL modes that are not made of bytes
_NUMPY_TYPE = {
    "I": np.int32,
    "I;16" if sys.byteorder == "little" else "I;16B": np.int16,
    "F": np.float32,
}
_MAX_CHANNELS = 4


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


def _check_image(img):
    """Raise TypeError for what is neither a PIL image nor an image tensor."""
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError("Tensor is not a torch image.")
    elif not isinstance(img, Image.Image):
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")


def get_dimensions(img):
    """[channels, height, width] of a PIL image or an image tensor."""
    _check_image(img)
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


# -- conversion ------------------------------------------------------------------------------


def _unit_floats(array):
    """HWC bytes to a CHW tensor of the default dtype in [0, 1], in one pass."""
    dtype = minitorch.get_default_dtype()
    np_type = np.float64 if dtype == minitorch.float64 else np.float32
    chw = array.transpose(2, 0, 1)
    out = np.empty(chw.shape, np_type)
    np.divide(chw, np_type(255), out=out, dtype=np_type)
    return minitorch.from_numpy(out).to(dtype)


def to_tensor(pic):
    """PIL image or (H, W[, C]) array to a (C, H, W) tensor; bytes become floats in [0, 1].

    Parameters
    ----------
    pic : PIL.Image.Image or numpy.ndarray
        Modes I, I;16 and F and arrays that are not uint8 keep their values and type.

    Returns
    -------
    Tensor
        (C, H, W), contiguous.

    Raises
    ------
    TypeError
        Neither of the two.
    ValueError
        An array that has not 2 or 3 dimensions.
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        array = pic[:, :, None] if pic.ndim == 2 else pic
    elif isinstance(pic, Image.Image):
        array = np.array(pic, _NUMPY_TYPE.get(pic.mode, np.uint8), copy=True)
        if pic.mode == "1":
            array *= 255
        array = array.reshape(pic.size[1], pic.size[0], len(pic.getbands()))
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    if array.dtype == np.uint8:
        return _unit_floats(array)
    return minitorch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))


def pil_to_tensor(pic):
    """PIL image to a (C, H, W) tensor with the same values and type (a copy).

    Raises
    ------
    TypeError
        Not a PIL image.
    """
    if not isinstance(pic, Image.Image):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    array = np.array(pic, copy=True).reshape(pic.size[1], pic.size[0], len(pic.getbands()))
    return minitorch.from_numpy(array).permute(2, 0, 1)


def convert_image_dtype(image, dtype=None):
    """Change an image tensor's dtype and scale its values to the new type's range.

    Floats span [0, 1], integers [0, max].

    Parameters
    ----------
    image : Tensor
    dtype : minitorch.dtype, optional
        Default float32.

    Raises
    ------
    TypeError
        Not a tensor.
    RuntimeError
        float32 to int32 or int64, or float64 to int64: the float type cannot hold the range.
    """
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    return _tensor.convert_image_dtype(image, minitorch.float32 if dtype is None else dtype)


_MODES_OF_CHANNELS = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}


def _one_channel_mode(np_type):
    sixteen = "I;16" if sys.byteorder == "little" else "I;16B"
    table = {np.uint8: "L", np.int16: sixteen, np.int32: "I", np.float32: "F"}
    return table.get(np_type.type)


def to_pil_image(pic, mode=None):
    """Tensor (C, H, W) or array (H, W[, C]) to a PIL image; floats in [0, 1] become bytes.

    Parameters
    ----------
    pic : Tensor or numpy.ndarray
        At most 4 channels.
    mode : str, optional
        PIL mode; default by the number of channels and the type: L, LA, RGB, RGBA, I, F, I;16.

    Raises
    ------
    TypeError
        Neither of the two, or a type that PIL has no mode for.
    ValueError
        Wrong number of dimensions or channels, or a mode that does not fit them.
    """
    if isinstance(pic, Tensor):
        array = (pic.permute(1, 2, 0) if pic.ndim == 3 else pic).detach().numpy()
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
    channels = array.shape[-1]
    if channels > _MAX_CHANNELS:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    if np.issubdtype(array.dtype, np.floating) and mode != "F":
        array = (array * 255).astype(np.uint8)
    if channels == 1:
        array = array[:, :, 0]
        fitting = _one_channel_mode(array.dtype)
        if mode is not None and mode != fitting:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {array.dtype}. "
                f"Should be {fitting}"
            )
        mode = fitting
    else:
        permitted = _MODES_OF_CHANNELS[channels]
        if mode is not None and mode not in permitted:
            raise ValueError(f"Only modes {permitted} are supported for {channels}D inputs")
        if mode is None and array.dtype == np.uint8:
            mode = permitted[0]
    if mode is None:
        raise TypeError(f"Input type {array.dtype} is not supported")
    return _image_of_array(np.ascontiguousarray(array), mode)


def _image_of_array(array, mode):
    # Image.fromarray reads three bytes a pixel as RGB; the other modes must be named, which its
    # mode argument (deprecated) did.
    height, width = array.shape[:2]
    return Image.frombytes(mode, (width, height), array.tobytes())


def normalize(tensor, mean, std, inplace=False):
    """``(tensor - mean) / std`` per channel.

    Parameters
    ----------
    tensor : Tensor
        (..., C, H, W), floating point.
    mean, std : sequence of float
        One value per channel.
    inplace : bool
        Change ``tensor`` itself.

    Raises
    ------
    TypeError
        Not a tensor, or not of a floating point type.
    ValueError
        Fewer than 3 dimensions, or a ``std`` that is zero in the tensor's type.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    return _tensor.normalize(tensor, mean, std, inplace)


# -- geometry --------------------------------------------------------------------------------


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
    return img.resize((new[1], new[0]), _PIL_RESAMPLING[mode])


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


def _pil_fill(fill, img):
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


def pad(img, padding, fill=0, padding_mode="constant"):
    """Add a border of a constant.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    padding : int or sequence of 1, 2 or 4 int
        All sides; left/right and top/bottom; or left, top, right, bottom.
    fill : number or tuple
        The border's value; a tuple, one per channel, only for PIL images.
    padding_mode : str
        ``"constant"``.

    Raises
    ------
    NotImplementedError
        ``padding_mode`` edge, reflect or symmetric.
    """
    _check_image(img)
    sides = _four_sides(padding)
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    if padding_mode != "constant":
        raise NotImplementedError(f"pad: padding_mode={padding_mode!r} is not supported")
    if fill is not None and not isinstance(fill, numbers.Number | tuple | list):
        raise TypeError("Got inappropriate fill arg")
    if isinstance(img, Tensor):
        if isinstance(fill, tuple | list):
            raise TypeError("Got inappropriate fill arg")
        return _tensor.pad(img, sides, 0 if fill is None else fill)
    out = ImageOps.expand(img, border=sides, fill=_pil_fill(fill, img))
    if img.mode == "P":
        out.putpalette(img.getpalette())
    return out


def crop(img, top, left, height, width):
    """Cut a rectangle out of an image; what lies outside the image is 0.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    top, left : int
        Upper left corner.
    height, width : int
    """
    _check_image(img)
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
    if isinstance(output_size, numbers.Number):
        output_size = (int(output_size),)
    crop_height, crop_width = output_size if len(output_size) == 2 else tuple(output_size) * 2
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
    _check_image(img)
    if isinstance(img, Tensor):
        return img.flip(-1)
    return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def vflip(img):
    """Turn an image upside down."""
    _check_image(img)
    if isinstance(img, Tensor):
        return img.flip(-2)
    return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


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
