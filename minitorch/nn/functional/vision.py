"""grid_sample and affine_grid."""

import warnings

from minitorch._ops import spatial as _spatial

__all__ = ["affine_grid", "grid_sample"]

_CORNERS = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. "
    "Please specify align_corners=True if the old behavior is desired. See the documentation of "
    "grid_sample for details."
)


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """Take the values of images at places that a grid names; arXiv:1506.02025.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (N, C, D, H, W).
    grid : Tensor
        (N, H_out, W_out, 2) or (N, D_out, H_out, W_out, 3), of the dtype of `input`: (x, y) or
        (x, y, z), from -1 (left, top, front) to 1.
    mode : {"bilinear", "nearest", "bicubic"}
        How values between pixels are found ("bicubic": 4-D inputs only).
    padding_mode : {"zeros", "border", "reflection"}
        What lies outside.
    align_corners : bool, optional
        -1 and 1 are the centres of the outermost pixels, not their outer edges. Left out it is
        False, with a warning.

    Returns
    -------
    Tensor
        (N, C, H_out, W_out) or (N, C, D_out, H_out, W_out).

    Raises
    ------
    ValueError
        For an unknown mode.
    RuntimeError
        If the shapes or dtypes do not fit.
    """
    if mode not in _spatial.MODES:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in _spatial.PADDING_MODES:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(_CORNERS, stacklevel=2)
    return _spatial.grid_sampler(
        input,
        grid,
        _spatial.MODES.index(mode),
        _spatial.PADDING_MODES.index(padding_mode),
        bool(align_corners),
    )


def affine_grid(theta, size, align_corners=None):
    """Make the grid for :func:`grid_sample` that shows an image through an affine map.

    Parameters
    ----------
    theta : Tensor
        (N, 2, 3) or (N, 3, 4): from places of the result to places of the input.
    size : tuple of int
        (N, C, H, W) or (N, C, D, H, W) of the result.
    align_corners : bool, optional
        As in :func:`grid_sample`.

    Returns
    -------
    Tensor
        (N, H, W, 2) or (N, D, H, W, 3).

    Raises
    ------
    ValueError, NotImplementedError
        If `theta` or `size` has another shape.
    """
    if align_corners is None:
        warnings.warn(_CORNERS, stacklevel=2)
        align_corners = False
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {size}."
        )
    n = len(size) - 2
    if theta.dim() != 3 or tuple(theta.shape[-2:]) != (n, n + 1):
        raise ValueError(
            f"Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {size}. "
            f"Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when "
            "align_corners=True. This is not an intended use case of affine_grid. See the "
            "documentation of affine_grid for details.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return _spatial.affine_grid_generator(theta, size, align_corners)
