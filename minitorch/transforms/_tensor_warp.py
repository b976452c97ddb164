"""Warps and blurs of image tensors (..., C, H, W); PIL images and names are in ``_warp``."""

import minitorch
from minitorch.nn.functional import conv2d, grid_sample
from minitorch.nn.functional import pad as pad_border
from minitorch.transforms._image import get_dimensions
from minitorch.transforms._tensor import cast_in, cast_out, working_type


def check_warp(img, mode, fill):
    """Raise for a mode that tensors do not have, or a fill that does not fit the channels."""
    channels = get_dimensions(img)[0]
    if isinstance(fill, tuple | list) and len(fill) not in (1, channels):
        raise ValueError(
            "The number of elements in 'fill' cannot broadcast to match the number of channels "
            f"of the image ({len(fill)} != {channels})"
        )
    if mode not in ("nearest", "bilinear"):
        raise ValueError(f"Interpolation mode '{mode}' is unsupported with Tensor input")


def _sampled(img, grid, mode, fill):
    """The image at the places of ``grid`` (1, H, W, 2); ``fill`` outside the image."""
    batch, put_back = cast_in(img, (grid.dtype,))
    count, channels = batch.shape[0], batch.shape[1]
    if count > 1:
        grid = grid.expand(count, *grid.shape[1:])
    if fill is not None:
        # A channel of ones becomes the share of the image in each new pixel.
        inside = minitorch.ones(count, 1, *batch.shape[-2:], dtype=batch.dtype)
        batch = minitorch.cat([batch, inside], dim=1)
    out = grid_sample(batch, grid, mode=mode, padding_mode="zeros", align_corners=False)
    if fill is not None:
        out, share = out[:, :channels], out[:, channels:]
        values = [float(v) for v in fill] if isinstance(fill, tuple | list) else [float(fill)]
        background = minitorch.tensor(values, dtype=out.dtype).view(1, -1, 1, 1)
        if mode == "nearest":
            out = minitorch.where(share < 0.5, background, out)
        else:
            out = out * share + (1.0 - share) * background
    return cast_out(out, put_back)


def _centres(width, height, left, top, dtype):
    """(1, height * width, 3): x, y and 1 of each pixel's centre, the first at (left, top)."""
    base = minitorch.ones(1, height, width, 3, dtype=dtype)
    base[..., 0] = minitorch.linspace(left, left + width - 1, steps=width)
    base[..., 1] = minitorch.linspace(top, top + height - 1, steps=height).unsqueeze(-1)
    return base.view(1, height * width, 3)


def _half_sizes(width, height, dtype):
    return minitorch.tensor([0.5 * width, 0.5 * height], dtype=dtype)


def affine(img, matrix, mode, fill, expand=False):
    """Each new pixel (x, y) is the image at ``matrix @ (x, y, 1)``, seen from the middle.

    ``matrix`` is six numbers, row by row.  With ``expand`` the result is as large as the whole
    warped image needs.
    """
    check_warp(img, mode, fill)
    width, height = img.shape[-1], img.shape[-2]
    new_width, new_height = _bounds(matrix, width, height) if expand else (width, height)
    dtype = working_type(img)
    theta = minitorch.tensor(matrix, dtype=dtype).reshape(1, 2, 3)
    base = _centres(new_width, new_height, 0.5 - new_width * 0.5, 0.5 - new_height * 0.5, dtype)
    grid = base.bmm(theta.transpose(1, 2) / _half_sizes(width, height, dtype))
    return _sampled(img, grid.view(1, new_height, new_width, 2), mode, fill)


def _bounds(matrix, width, height):
    """(width, height) of the smallest upright rectangle around the warped image."""
    corners = minitorch.tensor([[x * width, y * height, 1.0] for x, y in
                                ((-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5))])
    theta = minitorch.tensor(matrix, dtype=minitorch.float32).view(2, 3)
    places = corners @ theta.T
    middle = minitorch.tensor([width * 0.5, height * 0.5])
    lowest, highest = places.amin(0) + middle, places.amax(0) + middle
    # Rounded to 1e-4 first, so that 30.000001 does not become 31.
    tolerance = 1e-4
    end = minitorch.ceil(minitorch.trunc(highest / tolerance) * tolerance)
    start = minitorch.floor(minitorch.trunc(lowest / tolerance) * tolerance)
    return tuple(int(side) for side in (end - start).tolist())


def perspective(img, coefficients, mode, fill):
    """Each new pixel is the image at ((ax + by + c) / (gx + hy + 1), (dx + ey + f) / (...))."""
    check_warp(img, mode, fill)
    width, height = img.shape[-1], img.shape[-2]
    dtype = working_type(img)
    a, b, c, d, e, f, g, h = coefficients
    above = minitorch.tensor([[[a, b, c], [d, e, f]]], dtype=dtype)
    below = minitorch.tensor([[[g, h, 1.0], [g, h, 1.0]]], dtype=dtype)
    base = _centres(width, height, 0.5, 0.5, dtype)
    above = base.bmm(above.transpose(1, 2) / _half_sizes(width, height, dtype))
    grid = above / base.bmm(below.transpose(1, 2)) - 1.0
    return _sampled(img, grid.view(1, height, width, 2), mode, fill)


def elastic(img, displacement, mode, fill):
    """Each new pixel is the image at its own place plus ``displacement`` (1, H, W, 2)."""
    lines = [minitorch.linspace((1 - size) / size, (size - 1) / size, size)
             for size in img.shape[-2:]]
    y, x = minitorch.meshgrid(*lines, indexing="ij")
    own = minitorch.stack([x, y], -1).unsqueeze(0)
    return _sampled(img, own + displacement, mode, fill)


def _bell(size, sigma, dtype):
    half = (size - 1) * 0.5
    x = minitorch.linspace(-half, half, steps=size, dtype=dtype)
    values = minitorch.exp(-0.5 * (x / sigma).pow(2))
    return values / values.sum()


def gaussian_blur(img, kernel_size, sigma):
    """Convolve with a bell of (width, height) ``kernel_size``; the border is mirrored."""
    dtype = working_type(img)
    columns, rows = (_bell(size, s, dtype) for size, s in zip(kernel_size, sigma, strict=True))
    kernel = minitorch.mm(rows[:, None], columns[None, :])
    batch, put_back = cast_in(img, (dtype,))
    x, y = kernel_size[0] // 2, kernel_size[1] // 2
    batch = pad_border(batch, [x, x, y, y], mode="reflect")
    channels = batch.shape[-3]
    out = conv2d(batch, kernel.expand(channels, 1, *kernel.shape), groups=channels)
    return cast_out(out, put_back)
