"""The image operations on tensors (..., C, H, W); the names and checks are in ``functional``."""

import minitorch
from minitorch.nn.functional import interpolate
from minitorch.nn.functional import pad as pad_border


def working_type(img):
    """The type to compute in: the image's own, or float32 for integers."""
    return img.dtype if img.is_floating_point() else minitorch.float32


def cast_in(img, dtypes):
    """The image as a batch (N, C, H, W) of one of ``dtypes``, and what :func:`cast_out` needs."""
    batch = img.unsqueeze(0) if img.ndim < 4 else img
    if batch.ndim < 4:
        batch = batch.unsqueeze(0)
    batch = batch if img.dtype in dtypes else batch.to(dtypes[0])
    return batch, (img.ndim, img.dtype)


def cast_out(batch, put_back):
    """Undo :func:`cast_in` for a result: dimensions and type, integers rounded to nearest."""
    ndim, dtype = put_back
    while batch.ndim > ndim:
        batch = batch.squeeze(0)
    if batch.dtype == dtype:
        return batch
    return batch.to(dtype) if dtype.is_floating_point else minitorch.round(batch).to(dtype)


def check_channels(img, permitted):
    """The image's number of channels; TypeError if it is not one of ``permitted``."""
    channels = 1 if img.ndim == 2 else img.shape[-3]
    if channels not in permitted:
        raise TypeError(
            f"Input image tensor permitted channel values are {list(permitted)}, but found "
            f"{channels}"
        )
    return channels


def max_value(dtype):
    """Highest value of a pixel: 1 for floats."""
    values = {
        minitorch.uint8: 255,
        minitorch.int8: 2**7 - 1,
        minitorch.int16: 2**15 - 1,
        minitorch.int32: 2**31 - 1,
        minitorch.int64: 2**63 - 1,
    }
    return values.get(dtype, 1)


def convert_image_dtype(image, dtype):
    """See :func:`functional.convert_image_dtype`."""
    if image.dtype == dtype:
        return image
    to_float = dtype.is_floating_point
    if image.is_floating_point():
        return image.to(dtype) if to_float else _float_to_int(image, dtype)
    old_max = max_value(image.dtype)
    if to_float:
        return image.to(dtype) / float(old_max)
    new_max = max_value(dtype)
    if old_max > new_max:
        factor = (old_max + 1) // (new_max + 1)
        return minitorch.div(image, factor, rounding_mode="floor").to(dtype)
    return image.to(dtype) * ((new_max + 1) // (old_max + 1))


def _float_to_int(image, dtype):
    single_to_wide = image.dtype == minitorch.float32 and dtype in (
        minitorch.int32,
        minitorch.int64,
    )
    if single_to_wide or (image.dtype == minitorch.float64 and dtype == minitorch.int64):
        raise RuntimeError(
            f"The cast from {image.dtype} to {dtype} cannot be performed safely."
        )
    # A little less than max + 1, so that each integer gets an equal share of [0, 1].
    return image.mul(max_value(dtype) + 1.0 - 1e-3).to(dtype)


def normalize(tensor, mean, std, inplace):
    """See :func:`functional.normalize`."""
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tensor.size()}"
        )
    mean = minitorch.as_tensor(mean, dtype=tensor.dtype)
    std = minitorch.as_tensor(std, dtype=tensor.dtype)
    if (std == 0).any():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, "
            "leading to division by zero."
        )
    if mean.ndim == 1:
        mean = mean.view(-1, 1, 1)
    if std.ndim == 1:
        std = std.view(-1, 1, 1)
    return (tensor.sub_(mean) if inplace else tensor.sub(mean)).div_(std)


_BORDERS = {"edge": "replicate", "reflect": "reflect"}


def pad(img, sides, fill, mode="constant"):
    """A border; ``sides`` are left, top, right, bottom, negative ones crop."""
    left, top, right, bottom = sides
    if mode == "symmetric":
        return _pad_symmetric(img, left, top, right, bottom)
    if mode == "constant":
        return pad_border(img, [left, right, top, bottom], value=fill)
    batch, put_back = cast_in(img, (minitorch.float32, minitorch.float64))
    return cast_out(pad_border(batch, [left, right, top, bottom], mode=_BORDERS[mode]), put_back)


def _pad_symmetric(img, left, top, right, bottom):
    """Mirror with the border pixel repeated."""
    if img.ndim not in (3, 4):
        raise RuntimeError("Symmetric padding of N-D tensors are not supported yet")
    height, width = img.shape[-2:]
    img = img[..., max(-top, 0) : height - max(-bottom, 0), max(-left, 0) : width - max(-right, 0)]
    for axis, before, after in ((-2, top, bottom), (-1, left, right)):
        size = img.shape[axis]
        before, after = max(before, 0), max(after, 0)
        places = [*range(before - 1, -1, -1), *range(size), *range(size - 1, size - 1 - after, -1)]
        img = img.index_select(axis, minitorch.tensor(places, dtype=minitorch.int64))
    return img


def crop(img, top, left, height, width):
    """Rectangle of an image tensor; 0 outside the image."""
    image_height, image_width = img.shape[-2], img.shape[-1]
    bottom, right = top + height, left + width
    if left >= 0 and top >= 0 and right <= image_width and bottom <= image_height:
        return img[..., top:bottom, left:right]
    inside = img[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    sides = (
        max(-left + min(0, right), 0),
        max(-top + min(0, bottom), 0),
        max(right - max(image_width, left), 0),
        max(bottom - max(image_height, top), 0),
    )
    return pad(inside, sides, 0)


def resize(img, size, mode, antialias):
    """Separable interpolation, aligned at pixel corners; integers are rounded to nearest."""
    if mode not in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        raise NotImplementedError(
            f"resize: interpolation {mode!r} is for PIL images only; tensors have nearest, "
            "nearest-exact, bilinear and bicubic"
        )
    smooth = mode in ("bilinear", "bicubic")
    batch, put_back = cast_in(img, (minitorch.float32, minitorch.float64))
    out = interpolate(batch, size=list(size), mode=mode, align_corners=False if smooth else None,
                      antialias=antialias and smooth)
    if mode == "bicubic" and img.dtype == minitorch.uint8:
        out = out.clamp(0, 255)  # a cubic overshoots
    return cast_out(out, put_back)


def erase(img, i, j, h, w, value, inplace):
    """See :func:`functional.erase`."""
    img = img if inplace else img.clone()
    img[..., i : i + h, j : j + w] = value
    return img
