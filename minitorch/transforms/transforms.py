"""Image operations as objects to compose.

Random transforms draw as torchvision's do, so that the same `minitorch.manual_seed` gives the same
picture. In a worker of a DataLoader they draw from the worker's own generator.
"""

import random
from collections.abc import Sequence

import minitorch
from minitorch import nn
from minitorch.transforms import functional as F
from minitorch.transforms._color_transforms import (
    ColorJitter,
    GaussianBlur,
    Grayscale,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomEqualize,
    RandomErasing,
    RandomGrayscale,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
)
from minitorch.transforms._geometry_transforms import (
    CenterCrop,
    FiveCrop,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
    TenCrop,
)
from minitorch.transforms._image import InterpolationMode
from minitorch.transforms._warp_transforms import (
    ElasticTransform,
    RandomAffine,
    RandomPerspective,
    RandomRotation,
)
from minitorch.utils.data import get_worker_info

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "ElasticTransform",
    "FiveCrop",
    "GaussianBlur",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomAdjustSharpness",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomPerspective",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSolarize",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
    "ToPILImage",
    "ToTensor",
]


def _lines(transforms):
    return "".join(f"\n    {transform}" for transform in transforms)


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
        return f"{self.__class__.__name__}({_lines(self.transforms)}\n)"


class RandomApply(nn.Module):
    """Apply all of some transforms, or none, with probability ``p``.

    Parameters
    ----------
    transforms : sequence of callable
    p : float
    """

    def __init__(self, transforms, p=0.5):
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img):
        if self.p < minitorch.rand(1):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self):
        return f"{self.__class__.__name__}(\n    p={self.p}{_lines(self.transforms)}\n)"


class RandomTransforms:
    """Base of transforms that choose among others.

    Parameters
    ----------
    transforms : sequence of callable
    """

    def __init__(self, transforms):
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence")
        self.transforms = transforms

    def __call__(self, *args, **kwargs):
        raise NotImplementedError

    @staticmethod
    def _random():
        """Python's generator, or the worker's own, as a worker process would have it."""
        info = get_worker_info()
        return random if info is None else info.rng.random_generator

    def __repr__(self):
        return f"{self.__class__.__name__}({_lines(self.transforms)}\n)"


class RandomOrder(RandomTransforms):
    """Apply all transforms, in an order that Python's :mod:`random` decides.

    Parameters
    ----------
    transforms : sequence of callable
    """

    def __call__(self, img):
        order = list(range(len(self.transforms)))
        self._random().shuffle(order)
        for place in order:
            img = self.transforms[place](img)
        return img


class RandomChoice(RandomTransforms):
    """Apply one transform, which Python's :mod:`random` chooses.

    Parameters
    ----------
    transforms : sequence of callable
    p : sequence of float, optional
        Weights of the transforms.
    """

    def __init__(self, transforms, p=None):
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError("Argument p should be a sequence")
        self.p = p

    def __call__(self, *args):
        return self._random().choices(self.transforms, weights=self.p)[0](*args)

    def __repr__(self):
        return f"{super().__repr__()}(p={self.p})"


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


class LinearTransformation(nn.Module):
    """``(flattened image - mean_vector) @ transformation_matrix``: whitening, for example.

    Parameters
    ----------
    transformation_matrix : Tensor
        (D, D), where D is C x H x W.
    mean_vector : Tensor
        (D,).
    """

    def __init__(self, transformation_matrix, mean_vector):
        super().__init__()
        size = tuple(transformation_matrix.size())
        if size[0] != size[1]:
            raise ValueError("transformation_matrix should be square. Got "
                             f"{size} rectangular matrix.")
        if mean_vector.size(0) != size[0]:
            raise ValueError(f"mean_vector should have the same length {mean_vector.size(0)} as "
                             f"any one of the dimensions of the transformation_matrix [{size}]")
        if transformation_matrix.dtype != mean_vector.dtype:
            raise ValueError("Input tensors should have the same dtype. Got "
                             f"{transformation_matrix.dtype} and {mean_vector.dtype}")
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, tensor):
        shape = tensor.shape
        length = shape[-3] * shape[-2] * shape[-1]
        if length != self.transformation_matrix.shape[0]:
            raise ValueError("Input tensor and transformation matrix have incompatible shape."
                             f"[{shape[-3]} x {shape[-2]} x {shape[-1]}] != "
                             f"{self.transformation_matrix.shape[0]}")
        flat = tensor.view(-1, length) - self.mean_vector
        return minitorch.mm(flat, self.transformation_matrix.to(flat.dtype)).view(shape)

    def __repr__(self):
        return (f"{self.__class__.__name__}(transformation_matrix="
                f"{self.transformation_matrix.tolist()}, mean_vector={self.mean_vector.tolist()})")
