"""The preprocessing that pretrained weights were evaluated with."""

import functools

import numpy as np
from PIL import Image

import minitorch
from minitorch import nn
from minitorch.transforms import functional as F
from minitorch.transforms._image import InterpolationMode

__all__ = ["ImageClassification", "Normalized"]


_BYTE_MODES = ("L", "LA", "RGB", "RGBA", "CMYK")


@functools.lru_cache(maxsize=8)
def _tables(mean, std):
    """What each of the 256 byte values becomes, per channel: float32 (C, 256).

    Through the very functions that would do it for each pixel, so the values are the same.
    """
    values = minitorch.arange(256, dtype=minitorch.uint8).reshape(1, 1, 256)
    scaled = F.convert_image_dtype(values)
    columns = [F.normalize(scaled, [m], [s]) for m, s in zip(mean, std, strict=True)]
    return np.stack([column.numpy().reshape(256) for column in columns])


def _looked_up(img, mean, std):
    """Scale and normalize an image of bytes by table: one pass instead of four."""
    pixels = np.asarray(img).reshape(img.height, img.width, len(mean))
    # A tensor's memory is recycled; numpy's would be fresh pages for each image.
    out = minitorch.empty(len(mean), img.height, img.width, dtype=minitorch.float32)
    planes = out.numpy()
    for channel, table in enumerate(_tables(mean, std)):
        np.take(table, pixels[:, :, channel], out=planes[channel], mode="clip")
    return out


def _normalized(img, mean, std):
    """Scale to [0, 1] and normalize a PIL image or image tensors."""
    if isinstance(img, Image.Image):
        if img.mode in _BYTE_MODES and len(img.getbands()) == len(mean):
            return _looked_up(img, tuple(mean), tuple(std))
        img = F.pil_to_tensor(img)
    return F.normalize(F.convert_image_dtype(img), mean=mean, std=std)


class Normalized(nn.Module):
    """Scale an image to [0, 1] and normalize it.

    The same values as PILToTensor, ConvertImageDtype and Normalize one after the other; images of
    bytes in one pass.

    Parameters
    ----------
    mean, std : sequence of float
        Per channel.

    Shape
    -----
    PIL image, or tensor (..., C, H, W) -> float32 tensor (..., C, H, W)
    """

    def __init__(self, mean, std):
        super().__init__()
        self.mean = list(mean)
        self.std = list(std)

    def forward(self, img):
        return _normalized(img, self.mean, self.std)

    def __repr__(self):
        return f"{self.__class__.__name__}(mean={self.mean}, std={self.std})"


class ImageClassification(nn.Module):
    """Resize, cut out the centre, scale to [0, 1], normalize.

    Parameters
    ----------
    crop_size : int
        Height and width of the result.
    resize_size : int
        Length of the shorter edge before the crop.
    mean, std : sequence of float
        Per channel; default: ImageNet's.
    interpolation : InterpolationMode
    antialias : bool, optional

    Shape
    -----
    PIL image, or tensor (..., C, H, W) -> float32 tensor (..., C, crop_size, crop_size)
    """

    def __init__(
        self,
        *,
        crop_size,
        resize_size=256,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        interpolation=InterpolationMode.BILINEAR,
        antialias=True,
    ):
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img):
        """The network's input for one image (or a batch of image tensors)."""
        img = F.resize(
            img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias
        )
        img = F.center_crop(img, self.crop_size)
        return _normalized(img, self.mean, self.std)

    def __repr__(self):
        names = ("crop_size", "resize_size", "mean", "std", "interpolation")
        lines = "".join(f"\n    {name}={getattr(self, name)}" for name in names)
        return f"{self.__class__.__name__}({lines}\n)"

    def describe(self):
        """What the preset does, in a sentence or two."""
        return (
            "Takes a PIL image, or image tensors ``(C, H, W)`` or ``(B, C, H, W)``. Resizes to "
            f"``resize_size={self.resize_size}`` with ``interpolation={self.interpolation}``, "
            f"crops the centre to ``crop_size={self.crop_size}``, rescales the values to "
            f"``[0.0, 1.0]`` and normalizes them with ``mean={self.mean}`` and "
            f"``std={self.std}``."
        )
