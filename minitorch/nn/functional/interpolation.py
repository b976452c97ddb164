"""interpolate and its older names."""

import warnings

from minitorch._ops import resample as _resample
from minitorch.nn.functional.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
)

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

# For each mode: the dimensions of the inputs it takes.
_DIMENSIONS = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "area": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "trilinear": (5,),
    "bicubic": (4,),
    "lanczos": (4,),
}
# "area" is the mean over the parts that each axis is divided into.
_POOLS = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}
_WITHOUT_CORNERS = ("nearest", "nearest-exact", "area")


def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """Give images (or signals, or volumes) another size.

    Parameters
    ----------
    input : Tensor
        (N, C, W), (N, C, H, W) or (N, C, D, H, W), floating; uint8 in the modes for images.
    size : int or tuple of int, optional
        Of the result.
    scale_factor : float or tuple of float, optional
        In place of `size`: what the sizes are multiplied with, and rounded down.
    mode : str
        "nearest" (the pixel at floor(i * scale)), "nearest-exact" (the pixel nearest to the
        centre), "linear", "bilinear" and "trilinear" (for 3-D, 4-D and 5-D inputs), "bicubic"
        (4-D; Keys 1981 with a = -0.75), "lanczos" (4-D, with `antialias`), "area" (means).
    align_corners : bool, optional
        For the linear and cubic modes: the centres of the corner pixels coincide, not the corners
        of the image.
    recompute_scale_factor : bool, optional
        Compute with the ratio of the sizes, not with `scale_factor` itself.
    antialias : bool
        For "bilinear", "bicubic" and "lanczos": a smaller result averages all pixels that it
        covers, as Pillow does.

    Returns
    -------
    Tensor
        (N, C, *size), in channels_last if `input` is.

    Raises
    ------
    ValueError, TypeError
        If options exclude each other or have the wrong length.
    NotImplementedError
        If `mode` does not take inputs of that many dimensions or that dtype.
    RuntimeError
        If a size is not positive.
    """
    if mode in _WITHOUT_CORNERS:
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the "
                "interpolating modes: linear | bilinear | bicubic | trilinear"
            )
    sizes, factors = _sizes_and_factors(input, size, scale_factor)
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if factors is not None and (recompute_scale_factor or mode == "area"):
        pairs = zip(input.shape[2:], factors, strict=True)
        sizes, factors = tuple(int(have * factor) for have, factor in pairs), None
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and input.dim() == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires "
            "a 4-D tensor as input"
        )
    _check_mode(input.dim(), mode, align_corners, antialias)
    if mode == "area":
        return _POOLS[input.dim()](input, sizes)
    return _resample.upsample(input, sizes, factors, mode, bool(align_corners), antialias)


def _sizes_and_factors(input, size, scale_factor):
    """Return (sizes, None) or (None, factors), one entry for each axis of the image."""
    have = input.shape[2:]
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if not isinstance(size, (list, tuple)):
            size = (size,) * len(have)
        elif len(size) != len(have):
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input "
                f"with spatial dimensions of {list(have)} and output size of {size}. Please "
                "provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, "
                "o2, ...,oK) format."
            )
        if not all(hasattr(number, "__index__") for number in size):
            raise TypeError(
                "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, "
                f"int, int], but got size with types {[type(number) for number in size]}"
            )
        return tuple(int(number) for number in size), None
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if not isinstance(scale_factor, (list, tuple)):
        scale_factor = (scale_factor,) * len(have)
    elif len(scale_factor) != len(have):
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got "
            f"input with spatial dimensions of {list(have)} and scale_factor of shape "
            f"{scale_factor}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and "
            "scale_factor in (s1, s2, ...,sK) format."
        )
    return None, tuple(float(factor) for factor in scale_factor)


def _check_mode(dimensions, mode, align_corners, antialias):
    wanted = _DIMENSIONS.get(mode, ())
    if dimensions in wanted:
        if mode == "lanczos" and align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if mode == "lanczos" and not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
        return
    if dimensions in (3, 4, 5) and mode.endswith("linear"):
        raise NotImplementedError(
            f"Got {dimensions}D input, but {mode} mode needs {wanted[0]}D input"
        )
    raise NotImplementedError(
        "Input Error: Only 3D, 4D and 5D input Tensors supported "
        f"(got {dimensions}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | "
        f"lanczos | area | nearest-exact (got {mode})"
    )


# ---- older names ---------------------------------------------------------------------------------


def _warn(name):
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=3,
    )


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """The older name of :func:`interpolate`; warns."""
    _warn("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None):
    """:func:`interpolate` with mode "nearest"; warns."""
    _warn("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input, size=None, scale_factor=None):
    """:func:`interpolate` with mode "bilinear" and aligned corners; warns."""
    _warn("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
