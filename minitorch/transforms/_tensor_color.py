"""Colours and values of image tensors (..., C, H, W); PIL images and names are in ``_color``."""

import minitorch
from minitorch.nn.functional import conv2d
from minitorch.transforms._tensor import (
    cast_in,
    cast_out,
    check_channels,
    convert_image_dtype,
    max_value,
    working_type,
)

# Luma of red, green and blue (ITU-R BT.601), rounded as torchvision has them.
_LUMA = (0.2989, 0.587, 0.114)


def _check_three_dimensions(img):
    if img.ndim < 3:
        raise TypeError(
            f"Input image tensor should have at least 3 dimensions, but found {img.ndim}"
        )


def _check_factor(name, factor):
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def _check_bytes(img):
    if img.dtype != minitorch.uint8:
        raise TypeError(f"Only torch.uint8 image tensors are supported, but found {img.dtype}")


def blend(one, other, ratio):
    """``ratio * one + (1 - ratio) * other`` within the range of ``one``'s type."""
    ratio = float(ratio)
    mixed = ratio * one + (1.0 - ratio) * other
    return mixed.clamp(0, max_value(one.dtype)).to(one.dtype)


def grayscale(img, channels):
    """See :func:`functional.rgb_to_grayscale`."""
    _check_three_dimensions(img)
    check_channels(img, (1, 3))
    if channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if img.shape[-3] == 3:
        red, green, blue = img.unbind(-3)
        gray = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
        gray = gray.to(img.dtype).unsqueeze(-3)
    else:
        gray = img.clone()
    return gray.expand(img.shape) if channels == 3 else gray


def adjust_brightness(img, factor):
    """Blend with black."""
    _check_factor("brightness_factor", factor)
    check_channels(img, (1, 3))
    return blend(img, minitorch.zeros_like(img), factor)


def adjust_contrast(img, factor):
    """Blend with the mean of the gray image."""
    _check_factor("contrast_factor", factor)
    check_channels(img, (3, 1))
    gray = grayscale(img, 1) if img.ndim > 2 and img.shape[-3] == 3 else img
    mean = gray.to(working_type(img)).mean(dim=(-3, -2, -1), keepdim=True)
    return blend(img, mean, factor)


def adjust_saturation(img, factor):
    """Blend with the gray image."""
    _check_factor("saturation_factor", factor)
    if check_channels(img, (1, 3)) == 1:
        return img
    return blend(img, grayscale(img, 1), factor)


def adjust_hue(img, shift):
    """Turn the colour wheel by ``shift`` of a whole turn."""
    if check_channels(img, (1, 3)) == 1:
        return img
    hue, saturation, value = _hsv_of_rgb(convert_image_dtype(img, minitorch.float32))
    turned = _rgb_of_hsv((hue + shift) % 1.0, saturation, value)
    return convert_image_dtype(turned, img.dtype)


def _hsv_of_rgb(img):
    """Hue (in turns), saturation and value of an image in [0, 1]; each (..., H, W).

    Smith, "Color gamut transform pairs", doi:10.1145/965139.807361.
    """
    red, green, blue = img.unbind(-3)
    highest, lowest = img.amax(-3), img.amin(-3)
    gray = highest == lowest
    one = minitorch.ones_like(highest)
    chroma = highest - lowest
    saturation = chroma / minitorch.where(gray, one, highest)
    divisor = minitorch.where(gray, one, chroma)
    from_red, from_green, from_blue = ((highest - c) / divisor for c in (red, green, blue))
    red_leads, green_leads = highest == red, highest == green
    sector = (
        red_leads * (from_blue - from_green)
        + (green_leads & ~red_leads) * (2.0 + from_red - from_blue)
        + (~green_leads & ~red_leads) * (4.0 + from_green - from_red)
    )
    return minitorch.fmod(sector / 6.0 + 1.0, 1.0), saturation, highest


def _rgb_of_hsv(hue, saturation, value):
    """The inverse of :func:`_hsv_of_rgb`: (..., 3, H, W)."""
    sector = minitorch.floor(hue * 6.0)
    part = hue * 6.0 - sector
    sector = sector.to(minitorch.int32) % 6
    low = (value * (1.0 - saturation)).clamp(0.0, 1.0)
    falling = (value * (1.0 - saturation * part)).clamp(0.0, 1.0)
    rising = (value * (1.0 - saturation * (1.0 - part))).clamp(0.0, 1.0)
    # Of each sixth of the wheel: what red, green and blue are there.
    channels = (
        (value, falling, low, low, rising, value),
        (rising, value, value, falling, low, low),
        (low, low, rising, value, value, falling),
    )
    planes = []
    for choices in channels:
        plane = choices[0]
        for number, choice in enumerate(choices[1:], 1):
            plane = minitorch.where(sector == number, choice, plane)
        planes.append(plane)
    return minitorch.stack(planes, dim=-3)


def adjust_gamma(img, gamma, gain):
    """``gain * img ** gamma`` of values in [0, 1]."""
    check_channels(img, (1, 3))
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    values = img if img.is_floating_point() else convert_image_dtype(img, minitorch.float32)
    return convert_image_dtype((gain * values.pow(gamma)).clamp(0, 1), img.dtype)


def invert(img):
    """Highest value minus value."""
    _check_three_dimensions(img)
    check_channels(img, (1, 3))
    return max_value(img.dtype) - img


def posterize(img, bits):
    """Keep the ``bits`` upper bits of each byte."""
    _check_three_dimensions(img)
    _check_bytes(img)
    check_channels(img, (1, 3))
    return img & (256 - 2 ** (8 - bits))


def solarize(img, threshold):
    """Invert the values from ``threshold`` on."""
    _check_three_dimensions(img)
    check_channels(img, (1, 3))
    if threshold > max_value(img.dtype):
        raise TypeError("Threshold should be less than bound of img.")
    return minitorch.where(img >= threshold, invert(img), img)


def adjust_sharpness(img, factor):
    """Blend with a smoothed image, whose border is the image's own."""
    _check_factor("sharpness_factor", factor)
    check_channels(img, (1, 3))
    if img.shape[-1] <= 2 or img.shape[-2] <= 2:
        return img
    kernel = minitorch.ones(3, 3, dtype=working_type(img))
    kernel[1, 1] = 5.0
    kernel /= kernel.sum()
    batch, put_back = cast_in(img, (kernel.dtype,))
    smooth = conv2d(batch, kernel.expand(img.shape[-3], 1, 3, 3), groups=img.shape[-3])
    smoothed = img.clone()
    smoothed[..., 1:-1, 1:-1] = cast_out(smooth, put_back)
    return blend(img, smoothed, factor)


def autocontrast(img):
    """Stretch each channel's values over the whole range."""
    _check_three_dimensions(img)
    check_channels(img, (1, 3))
    bound, dtype = max_value(img.dtype), working_type(img)
    lowest = img.amin(dim=(-2, -1), keepdim=True).to(dtype)
    highest = img.amax(dim=(-2, -1), keepdim=True).to(dtype)
    scale = bound / (highest - lowest)
    flat = ~minitorch.isfinite(scale)
    lowest, scale = lowest.masked_fill(flat, 0), scale.masked_fill(flat, 1)
    return ((img - lowest) * scale).clamp(0, bound).to(img.dtype)


def equalize(img):
    """Make each channel's histogram flat, as pillow does it."""
    if not 3 <= img.ndim <= 4:
        raise TypeError(f"Input image tensor should have 3 or 4 dimensions, but found {img.ndim}")
    _check_bytes(img)
    check_channels(img, (1, 3))
    planes = img.reshape(-1, *img.shape[-2:])
    return minitorch.stack([_equalized(plane) for plane in planes]).view(img.shape)


def _equalized(plane):
    histogram = minitorch.bincount(plane.reshape(-1).to(minitorch.int64), minlength=256)
    used = histogram[histogram != 0]
    step = int(used[:-1].sum()) // 255
    if step == 0:
        return plane
    steps = (minitorch.cumsum(histogram, 0) + step // 2) // step
    table = minitorch.cat([minitorch.zeros(1, dtype=steps.dtype), steps[:-1]]).clamp(0, 255)
    return table[plane.to(minitorch.int64)].to(minitorch.uint8)
