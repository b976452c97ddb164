"""Images to tensors and back, and the range and distribution of their values."""

import sys

import numpy as np
from PIL import Image

import minitorch
from minitorch.tensor import Tensor
from minitorch.transforms import _tensor

__all__ = ["convert_image_dtype", "normalize", "pil_to_tensor", "to_pil_image", "to_tensor"]

# numpy types of the PIL modes that are not made of bytes
_NUMPY_TYPE = {
    "I": np.int32,
    "I;16" if sys.byteorder == "little" else "I;16B": np.int16,
    "F": np.float32,
}
_MAX_CHANNELS = 4


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
    return image_of_array(np.ascontiguousarray(array), mode)


def image_of_array(array, mode):
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
