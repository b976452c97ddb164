"""Rotations, affine and perspective warps, elastic deformation, blur."""

import math
import numbers
import warnings

import numpy as np
from PIL import Image

from minitorch.tensor import Tensor
from minitorch.transforms import _tensor_warp
from minitorch.transforms._conversion import pil_to_tensor, to_pil_image
from minitorch.transforms._image import (
    PIL_RESAMPLING,
    InterpolationMode,
    check_image,
    get_dimensions,
    interpolation_mode,
    pil_fill,
)

__all__ = ["affine", "elastic_transform", "gaussian_blur", "perspective", "rotate"]


def _inverse_matrix(center, angle, translate, scale, shear):
    """Six numbers, row by row, that take a place in the new image to one in the old.

    The image is turned by ``angle``, sheared and scaled around ``center``, then moved. With R the
    rotation, Sx and Sy the shears: M = T C R Sy Sx scale C^-1, of which this is the inverse.
    """
    turn, shear_x, shear_y = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    (cx, cy), (tx, ty) = center, translate
    a = math.cos(turn - shear_y) / math.cos(shear_y)
    b = -math.cos(turn - shear_y) * math.tan(shear_x) / math.cos(shear_y) - math.sin(turn)
    c = math.sin(turn - shear_y) / math.cos(shear_y)
    d = -math.sin(turn - shear_y) * math.tan(shear_x) / math.cos(shear_y) + math.cos(turn)
    # The inverse of [[a, b], [c, d]], whose determinant is 1.
    a, b, c, d = (x / scale for x in (d, -b, -c, a))
    x, y = -cx - tx, -cy - ty
    return [a, b, a * x + b * y + cx, c, d, c * x + d * y + cy]


def _from_middle(center, img):
    """``center`` measured from the middle of the image; [0, 0] for None."""
    if center is None:
        return [0.0, 0.0]
    _, height, width = get_dimensions(img)
    return [1.0 * (c - s * 0.5) for c, s in zip(center, (width, height), strict=True)]


def _check_angle_and_center(angle, center):
    if not isinstance(angle, int | float):
        raise TypeError("Argument angle should be int or float")
    if center is not None and not isinstance(center, list | tuple):
        raise TypeError("Argument center should be a sequence")


def rotate(
    img, angle, interpolation=InterpolationMode.NEAREST, expand=False, center=None, fill=None
):
    """Turn an image counter-clockwise.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    angle : float
        Degrees.
    interpolation : InterpolationMode or int
        Tensors: nearest and bilinear.
    expand : bool
        Make the result as large as the whole turned image needs.
    center : sequence of 2 number, optional
        x and y; default: the middle.
    fill : number or sequence, optional
        Value outside the image, or one per channel; default 0.
    """
    mode = interpolation_mode(interpolation)
    _check_angle_and_center(angle, center)
    check_image(img)
    if isinstance(img, Tensor):
        matrix = _inverse_matrix(_from_middle(center, img), -angle, (0.0, 0.0), 1.0, (0.0, 0.0))
        return _tensor_warp.affine(img, matrix, mode.value, fill, expand)
    return img.rotate(
        angle, PIL_RESAMPLING[mode], expand, center, fillcolor=pil_fill(fill, img)
    )


def affine(
    img,
    angle,
    translate,
    scale,
    shear,
    interpolation=InterpolationMode.NEAREST,
    fill=None,
    center=None,
):
    """Turn, move, scale and shear an image, whose size stays.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    angle : float
        Degrees, clockwise.
    translate : sequence of 2 number
        Pixels to the right and down.
    scale : float
        Positive.
    shear : float or sequence of 1 or 2 float
        Degrees along x, and along y.
    interpolation : InterpolationMode or int
        Tensors: nearest and bilinear.
    fill : number or sequence, optional
        Value outside the image, or one per channel; default 0.
    center : sequence of 2 number, optional
        x and y; default: the middle.

    Raises
    ------
    TypeError
        An argument of a wrong kind.
    ValueError
        A wrong number of values, or a ``scale`` that is not positive.
    """
    mode = interpolation_mode(interpolation)
    if not isinstance(angle, int | float):
        raise TypeError("Argument angle should be int or float")
    if not isinstance(translate, list | tuple):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0.0:
        raise ValueError("Argument scale should be positive")
    shear = _two_shears(shear)
    _check_angle_and_center(angle, center)
    _, height, width = get_dimensions(img)
    if isinstance(img, Tensor):
        matrix = _inverse_matrix(_from_middle(center, img), angle, translate, scale, shear)
        return _tensor_warp.affine(img, matrix, mode.value, fill)
    center = [width * 0.5, height * 0.5] if center is None else center
    matrix = _inverse_matrix(center, angle, translate, scale, shear)
    return img.transform(img.size, Image.Transform.AFFINE, matrix, PIL_RESAMPLING[mode],
                         fillcolor=pil_fill(fill, img))


def _two_shears(shear):
    if not isinstance(shear, numbers.Number | list | tuple):
        raise TypeError("Shear should be either a single value or a sequence of two values")
    if isinstance(shear, numbers.Number):
        return [shear, 0.0]
    shear = [shear[0], shear[0]] if len(shear) == 1 else list(shear)
    if len(shear) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shear}")
    return shear


def _perspective_coefficients(startpoints, endpoints):
    """The a ... h of :func:`_tensor_warp.perspective` that take ``endpoints`` to ``startpoints``.

    Eight linear equations, two for each corner.
    """
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"Please provide exactly four corners, got {len(startpoints)} startpoints and "
            f"{len(endpoints)} endpoints."
        )
    rows, right = [], []
    for (x, y), (u, v) in zip(endpoints, startpoints, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    solution = np.linalg.lstsq(np.array(rows, np.float64), np.array(right, np.float64), rcond=None)
    return solution[0].astype(np.float32).tolist()


def perspective(
    img, startpoints, endpoints, interpolation=InterpolationMode.BILINEAR, fill=None
):
    """Warp an image so that four of its points come to lie at four places.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    startpoints, endpoints : list of 4 pairs of int
        (x, y) before and after: top left, top right, bottom right, bottom left.
    interpolation : InterpolationMode or int
        Tensors: nearest and bilinear.
    fill : number or sequence, optional
        Value outside the image, or one per channel; default 0.
    """
    coefficients = _perspective_coefficients(startpoints, endpoints)
    mode = interpolation_mode(interpolation)
    check_image(img)
    if isinstance(img, Tensor):
        return _tensor_warp.perspective(img, coefficients, mode.value, fill)
    return img.transform(img.size, Image.Transform.PERSPECTIVE, coefficients,
                         PIL_RESAMPLING[mode], fillcolor=pil_fill(fill, img))


def elastic_transform(
    img, displacement, interpolation=InterpolationMode.BILINEAR, fill=None
):
    """Move each pixel by its own displacement.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    displacement : Tensor
        (1, H, W, 2): x and y, where the image spans [-1, 1].
    interpolation : InterpolationMode or int
        Nearest or bilinear.
    fill : number or sequence, optional
    """
    if isinstance(interpolation, int):
        warnings.warn("Argument interpolation should be of type InterpolationMode instead of int. "
                      "Please, use InterpolationMode enum.", stacklevel=2)
    mode = interpolation_mode(interpolation)
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    check_image(img)
    pixels = img if isinstance(img, Tensor) else pil_to_tensor(img)
    shape = (1, *pixels.shape[-2:], 2)
    if tuple(displacement.shape) != shape:
        raise ValueError(f"Argument displacement shape should be {shape}, but given "
                         f"{tuple(displacement.shape)}")
    _tensor_warp.check_warp(pixels, mode.value, fill)
    moved = _tensor_warp.elastic(pixels, displacement, mode.value, fill)
    return moved if isinstance(img, Tensor) else to_pil_image(moved, mode=img.mode)


def gaussian_blur(img, kernel_size, sigma=None):
    """Smooth with a bell curve; beyond the border the image is mirrored.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor
    kernel_size : int or sequence of 2 int
        (width, height), odd.
    sigma : float or sequence of 1 or 2 float, optional
        Standard deviations along x and y, in pixels; default ``0.15 * kernel_size + 0.35``.

    Raises
    ------
    TypeError, ValueError
        Arguments of a wrong kind or number, an even size, a sigma that is not positive.
    """
    size, sigma = _blur_sizes(kernel_size, sigma)
    check_image(img)
    pixels = img if isinstance(img, Tensor) else pil_to_tensor(img)
    out = _tensor_warp.gaussian_blur(pixels, size, sigma)
    return out if isinstance(img, Tensor) else to_pil_image(out, mode=img.mode)


def _blur_sizes(kernel_size, sigma):
    if not isinstance(kernel_size, int | list | tuple):
        raise TypeError("kernel_size should be int or a sequence of integers. Got "
                        f"{type(kernel_size)}")
    size = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(size) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(size)}")
    if any(side % 2 == 0 or side < 0 for side in size):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {size}")
    if sigma is None:
        sigma = [side * 0.15 + 0.35 for side in size]
    if not isinstance(sigma, int | float | list | tuple):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    sigma = [float(sigma)] if isinstance(sigma, int | float) else list(sigma)
    sigma = sigma * 2 if len(sigma) == 1 else sigma
    if len(sigma) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(sigma)}")
    if any(one <= 0.0 for one in sigma):
        raise ValueError(f"sigma should have positive values. Got {sigma}")
    return size, sigma
