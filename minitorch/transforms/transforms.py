"""Image operations as objects to compose."""

import numbers
import warnings
from collections.abc import Sequence

import minitorch
from minitorch import nn
from minitorch.transforms import functional as F
from minitorch.transforms.functional import InterpolationMode
from minitorch.utils.data import get_worker_info

__all__ = [
    "CenterCrop",
    "Compose",
    "ConvertImageDtype",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomVerticalFlip",
    "Resize",
    "ToPILImage",
    "ToTensor",
]


def _generator():
    """Where random transforms draw: the worker's own generator, or the default one.

    A DataLoader worker's generator is seeded as PyTorch seeds a worker process, so the numbers
    depend neither on thread timing nor on what the main thread draws meanwhile.
    """
    info = get_worker_info()
    return None if info is None else info.rng.torch_generator


def _two_sizes(size):
    """``size`` as (height, width)."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)
    if len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    return size


class Compose:
    """Apply transforms one after the other.

    Parameters
    ----------
    transforms : list of callable
    """

    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, img):
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self):
        lines = "".join(f"\n    {transform}" for transform in self.transforms)
        return f"{self.__class__.__name__}({lines}\n)"


class ToTensor:
    """:func:`functional.to_tensor`: image to a (C, H, W) tensor, bytes to floats in [0, 1]."""

    def __call__(self, pic):
        return F.to_tensor(pic)

    def __repr__(self):
        return f"{self.__class__.__name__}()"


class PILToTensor:
    """:func:`functional.pil_to_tensor`: image to a (C, H, W) tensor with the same values."""

    def __call__(self, pic):
        return F.pil_to_tensor(pic)

    def __repr__(self):
        return f"{self.__class__.__name__}()"


class ToPILImage:
    """:func:`functional.to_pil_image`: tensor or array to a PIL image.

    Parameters
    ----------
    mode : str, optional
        PIL mode.
    """

    def __init__(self, mode=None):
        self.mode = mode

    def __call__(self, pic):
        return F.to_pil_image(pic, self.mode)

    def __repr__(self):
        mode = "" if self.mode is None else f"mode={self.mode}"
        return f"{self.__class__.__name__}({mode})"


class ConvertImageDtype(nn.Module):
    """:func:`functional.convert_image_dtype`: change type and range of an image tensor.

    Parameters
    ----------
    dtype : minitorch.dtype
    """

    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype

    def forward(self, image):
        return F.convert_image_dtype(image, self.dtype)


class Normalize(nn.Module):
    """:func:`functional.normalize`: ``(tensor - mean) / std`` per channel.

    Parameters
    ----------
    mean, std : sequence of float
    inplace : bool
    """

    def __init__(self, mean, std, inplace=False):
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor):
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self):
        return f"{self.__class__.__name__}(mean={self.mean}, std={self.std})"


class Resize(nn.Module):
    """:func:`functional.resize`.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    interpolation : InterpolationMode or int
    max_size : int, optional
    antialias : bool, optional
    """

    def __init__(
        self, size, interpolation=InterpolationMode.BILINEAR, max_size=None, antialias=True
    ):
        super().__init__()
        if not isinstance(size, int | Sequence) or isinstance(size, str):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size = size
        self.max_size = max_size
        self.interpolation = F.interpolation_mode(interpolation)
        self.antialias = antialias

    def forward(self, img):
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self):
        return (
            f"{self.__class__.__name__}(size={self.size}, "
            f"interpolation={self.interpolation.value}, max_size={self.max_size}, "
            f"antialias={self.antialias})"
        )


class CenterCrop(nn.Module):
    """:func:`functional.center_crop`.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    """

    def __init__(self, size):
        super().__init__()
        self.size = _two_sizes(size)

    def forward(self, img):
        return F.center_crop(img, self.size)

    def __repr__(self):
        return f"{self.__class__.__name__}(size={self.size})"


class Lambda:
    """Any function as a transform.

    Parameters
    ----------
    lambd : callable
    """

    def __init__(self, lambd):
        if not callable(lambd):
            raise TypeError(
                f"Argument lambd should be callable, got {repr(type(lambd).__name__)}"
            )
        self.lambd = lambd

    def __call__(self, img):
        return self.lambd(img)

    def __repr__(self):
        return f"{self.__class__.__name__}()"


class _RandomFlip(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, img):
        if minitorch.rand(1, generator=_generator()).item() < self.p:
            return self._flip(img)
        return img

    def __repr__(self):
        return f"{self.__class__.__name__}(p={self.p})"


class RandomHorizontalFlip(_RandomFlip):
    """Mirror left to right with probability ``p``.

    Parameters
    ----------
    p : float
    """

    _flip = staticmethod(F.hflip)


class RandomVerticalFlip(_RandomFlip):
    """Turn upside down with probability ``p``.

    Parameters
    ----------
    p : float
    """

    _flip = staticmethod(F.vflip)


class RandomResizedCrop(nn.Module):
    """Cut out a rectangle of random area and aspect ratio and resize it.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    scale, ratio : pair of float
        Bounds of the area, as a part of the image's, and of width / height.
    interpolation : InterpolationMode or int
    antialias : bool, optional
    """

    def __init__(
        self,
        size,
        scale=(0.08, 1.0),
        ratio=(3.0 / 4.0, 4.0 / 3.0),
        interpolation=InterpolationMode.BILINEAR,
        antialias=True,
    ):
        super().__init__()
        self.size = _two_sizes(size)
        if not isinstance(scale, Sequence):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, Sequence):
            raise TypeError("Ratio should be a sequence")
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=2)
        self.interpolation = F.interpolation_mode(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img, scale, ratio):
        """(top, left, height, width) of a random rectangle."""
        generator = _generator()

        def uniform(low, high):
            return minitorch.empty(1).uniform_(low, high, generator=generator).item()

        def integer(below):
            return minitorch.randint(0, below, size=(1,), generator=generator).item()

        return F.random_crop_box(img, scale, ratio, uniform, integer)

    def forward(self, img):
        top, left, height, width = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(
            img, top, left, height, width, self.size, self.interpolation, self.antialias
        )

    def __repr__(self):
        return (
            f"{self.__class__.__name__}(size={self.size}, "
            f"scale={tuple(round(s, 4) for s in self.scale)}, "
            f"ratio={tuple(round(r, 4) for r in self.ratio)}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )
