"""The preprocessing that pretrained weights were evaluated with."""

from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.transforms import functional as F
from minitorch.transforms.functional import InterpolationMode

__all__ = ["ImageClassification"]


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
        if not isinstance(img, Tensor):
            img = F.pil_to_tensor(img)
        return F.normalize(F.convert_image_dtype(img), mean=self.mean, std=self.std)

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
