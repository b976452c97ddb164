"""The image operations on tensors (..., C, H, W); the names and checks are in ``functional``."""

import math

import numpy as np

import minitorch


def _max_value(dtype):
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
    old_max = _max_value(image.dtype)
    if to_float:
        return image.to(dtype) / float(old_max)
    new_max = _max_value(dtype)
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
    return image.mul(_max_value(dtype) + 1.0 - 1e-3).to(dtype)


def normalize(tensor, mean, std, inplace):
    """See :func:`functional.normalize`."""
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tensor.size()}"
        )
    if not inplace:
        tensor = tensor.clone()
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
    return tensor.sub_(mean).div_(std)


def pad(img, sides, fill):
    """Constant border; ``sides`` are left, top, right, bottom, negative ones crop."""
    left, top, right, bottom = sides
    height, width = img.shape[-2], img.shape[-1]
    img = img[..., max(-top, 0) : height - max(-bottom, 0), max(-left, 0) : width - max(-right, 0)]
    shape = list(img.shape)
    shape[-2] += max(top, 0) + max(bottom, 0)
    shape[-1] += max(left, 0) + max(right, 0)
    out = minitorch.full(shape, fill, dtype=img.dtype)
    y, x = max(top, 0), max(left, 0)
    out[..., y : y + img.shape[-2], x : x + img.shape[-1]] = img
    return out


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


def _triangle(x):
    return np.maximum(1.0 - np.abs(x), 0.0)


def _cubic(a):
    """Keys' cubic kernel (doi:10.1109/TASSP.1981.1163711) with the parameter ``a``."""

    def kernel(x):
        x = np.abs(x)
        near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
        far = a * (((x - 5.0) * x + 8.0) * x - 4.0)
        return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))

    return kernel


def _taps(new, old, mode, antialias):
    """(new, old) matrix of the weights of each old pixel in each new one."""
    scale = old / new
    centers = (np.arange(new) + 0.5) * scale - 0.5
    # PyTorch's antialiased cubic is pillow's (a = -0.5), its plain one OpenCV's (a = -0.75).
    kernel = _triangle if mode == "bilinear" else _cubic(-0.5 if antialias else -0.75)
    radius = 1.0 if mode == "bilinear" else 2.0
    stretch = max(scale, 1.0) if antialias else 1.0
    if mode == "bilinear" and not antialias:
        centers = np.maximum(centers, 0.0)
    matrix = np.zeros((new, old))
    for row, center in enumerate(centers):
        first = math.floor(center - radius * stretch) + 1
        positions = np.arange(first, math.ceil(center + radius * stretch) + 1)
        weights = kernel((positions - center) / stretch)
        if antialias:  # the filter ends at the image's edge
            inside = (positions >= 0) & (positions < old)
            weights = np.where(inside, weights, 0.0)
            weights = weights / weights.sum()
        np.add.at(matrix[row], np.clip(positions, 0, old - 1), weights)
    return matrix


def _nearest(array, new, exact):
    """Pick the pixel under each new pixel's corner, or under its centre (``exact``)."""
    shift = 0.5 if exact else 0.0
    for axis, size in zip((-2, -1), new, strict=True):
        old = array.shape[axis]
        source = np.floor((np.arange(size) + shift) * (old / size)).astype(np.int64)
        array = np.take(array, np.minimum(source, old - 1), axis=axis)
    return array


def resize(img, size, mode, antialias):
    """Separable interpolation, aligned at pixel corners; integers are rounded to nearest."""
    if mode not in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        raise NotImplementedError(
            f"resize: interpolation {mode!r} is for PIL images only; tensors have nearest, "
            "nearest-exact, bilinear and bicubic"
        )
    array = img.numpy()
    if mode.startswith("nearest"):
        out = _nearest(array, size, mode == "nearest-exact")
        return minitorch.from_numpy(np.ascontiguousarray(out))
    floating = np.issubdtype(array.dtype, np.floating)
    working = array.dtype if array.dtype == np.float64 else np.float32
    rows = _taps(size[0], array.shape[-2], mode, antialias).astype(working)
    columns = _taps(size[1], array.shape[-1], mode, antialias).astype(working)
    out = rows @ (array.astype(working, copy=False) @ columns.T)
    if not floating:
        out = np.rint(out)
        if array.dtype == np.uint8:
            out = np.clip(out, 0, 255)
    return minitorch.from_numpy(np.ascontiguousarray(out.astype(array.dtype, copy=False)))
