"""``torchvision.utils``: grids of images, and the hook that model files call."""

import math

import minitorch

__all__ = ["make_grid", "save_image"]


def _log_api_usage_once(obj):
    """Nothing: no use is counted."""


def make_grid(tensor, nrow=8, padding=2, normalize=False, value_range=None, scale_each=False,
              pad_value=0.0):
    """Lay images out in rows of `nrow`.

    Parameters
    ----------
    tensor : Tensor or list of Tensor
        (N, C, H, W), (C, H, W) or (H, W); one channel is repeated to three.
    nrow, padding : int
        Images in a row; pixels between them.
    normalize : bool
        Shift and scale to [0, 1], from `value_range` or the least and largest value, of each
        image alone if `scale_each`.
    pad_value : float
        Of the pixels between the images.

    Returns
    -------
    Tensor
        (3, H', W'); the image alone if there is one.
    """
    if isinstance(tensor, list | tuple):
        tensor = minitorch.stack(list(tensor), 0)
    if not isinstance(tensor, minitorch.Tensor):
        raise TypeError(f"tensor or list of tensors expected, got a {type(tensor)}")
    if value_range is not None and not isinstance(value_range, tuple):
        raise TypeError("value_range has to be a tuple (min, max) if specified. min and max are "
                        "numbers")
    images = tensor.reshape((1,) * (3 - tensor.dim()) + tuple(tensor.shape)) \
        if tensor.dim() < 3 else tensor
    images = images if images.dim() == 4 else images.unsqueeze(0)
    if images.size(1) == 1:
        images = images.expand(-1, 3, -1, -1)
    if normalize:
        images = minitorch.cat([_scaled(part, value_range) for part in images.split(1)]) \
            if scale_each else _scaled(images, value_range)
    if images.size(0) == 1:
        return images.squeeze(0)
    count, channels = images.shape[:2]
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    height, width = images.size(2) + padding, images.size(3) + padding
    grid = images.new_full((channels, height * rows + padding, width * columns + padding),
                           pad_value)
    for k in range(count):
        y, x = k // columns * height + padding, k % columns * width + padding
        grid[:, y:y + height - padding, x:x + width - padding] = images[k]
    return grid


def _scaled(images, value_range):
    low, high = value_range or (images.min().item(), images.max().item())
    return (images.clamp(low, high) - low) / max(high - low, 1e-5)


def save_image(tensor, fp, format=None, **kwargs):
    """Save images with values in [0, 1] as one picture; `kwargs` go to `make_grid`."""
    from PIL import Image
    grid = make_grid(tensor, **kwargs).detach()
    pixels = (grid * 255 + 0.5).clamp(0, 255).permute(1, 2, 0).to(minitorch.uint8)
    Image.fromarray(pixels.contiguous().numpy()).save(fp, format=format)
