"""Transforms that move pixels: sizes, borders, crops, mirrors and warps."""

import numbers
import warnings
from collections.abc import Sequence

import minitorch
from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.transforms import functional as F
from minitorch.transforms._geometry import random_crop_box
from minitorch.transforms._image import InterpolationMode, interpolation_mode, two_sizes

__all__ = [
    "CenterCrop",
    "ElasticTransform",
    "FiveCrop",
    "Pad",
    "RandomAffine",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomPerspective",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
]


def uniform(low, high):
    """A float from [low, high), drawn as torchvision draws it."""
    return minitorch.empty(1).uniform_(low, high).item()


def integer(low, high=None):
    """An int from [low, high), or from [0, low)."""
    bounds = (0, low) if high is None else (low, high)
    return minitorch.randint(*bounds, size=(1,)).item()


def _check_sequence(value, name, lengths):
    wanted = " or ".join(str(length) for length in lengths)
    message = f"{name} should be a sequence of length {wanted}."
    if not isinstance(value, Sequence):
        raise TypeError(message)
    if len(value) not in lengths:
        raise ValueError(message)


def _angles(value, name, lengths=(2,)):
    """A range of degrees; one number is the range around 0."""
    if isinstance(value, numbers.Number):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be positive.")
        value = [-value, value]
    else:
        _check_sequence(value, name, lengths)
    return [float(degrees) for degrees in value]


def _checked_fill(fill):
    if fill is None:
        return 0
    if not isinstance(fill, Sequence | numbers.Number):
        raise TypeError("Fill should be either a sequence or a number.")
    return fill


def _fill_for(img, fill):
    """``fill`` as floats, one per channel, where the image is a tensor."""
    if not isinstance(img, Tensor):
        return fill
    if isinstance(fill, int | float):
        return [float(fill)] * F.get_dimensions(img)[0]
    return [float(value) for value in fill]


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
        self.interpolation = interpolation_mode(interpolation)
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
        self.size = two_sizes(size)

    def forward(self, img):
        return F.center_crop(img, self.size)

    def __repr__(self):
        return f"{self.__class__.__name__}(size={self.size})"


class Pad(nn.Module):
    """:func:`functional.pad`: add a border.

    Parameters
    ----------
    padding : int or sequence of 1, 2 or 4 int
        All sides; left/right and top/bottom; or left, top, right, bottom.
    fill : number or tuple
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
    """

    def __init__(self, padding, fill=0, padding_mode="constant"):
        super().__init__()
        if not isinstance(padding, numbers.Number | tuple | list):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, numbers.Number | tuple | list):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        if isinstance(padding, Sequence) and len(padding) not in (1, 2, 4):
            raise ValueError("Padding must be an int or a 1, 2, or 4 element tuple, not a "
                             f"{len(padding)} element tuple")
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img):
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self):
        return (f"{self.__class__.__name__}(padding={self.padding}, fill={self.fill}, "
                f"padding_mode={self.padding_mode})")


class RandomCrop(nn.Module):
    """Cut out a rectangle of a given size at a random place.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    padding : int or sequence of 1, 2 or 4 int, optional
        A border to add first.
    pad_if_needed : bool
        Widen an image that is smaller than ``size``.
    fill : number or tuple
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
    """

    def __init__(
        self, size, padding=None, pad_if_needed=False, fill=0, padding_mode="constant"
    ):
        super().__init__()
        self.size = tuple(two_sizes(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img, output_size):
        """(top, left, height, width) of a random rectangle; ValueError if the image is smaller."""
        _, height, width = F.get_dimensions(img)
        crop_height, crop_width = output_size
        if height < crop_height or width < crop_width:
            raise ValueError(f"Required crop size {(crop_height, crop_width)} is larger than "
                             f"input image size {(height, width)}")
        if (height, width) == (crop_height, crop_width):
            return 0, 0, height, width
        top = integer(height - crop_height + 1)
        return top, integer(width - crop_width + 1), crop_height, crop_width

    def forward(self, img):
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, height, width = F.get_dimensions(img)
            if width < self.size[1]:
                img = F.pad(img, [self.size[1] - width, 0], self.fill, self.padding_mode)
            if height < self.size[0]:
                img = F.pad(img, [0, self.size[0] - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self):
        return f"{self.__class__.__name__}(size={self.size}, padding={self.padding})"


class _RandomFlip(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, img):
        if minitorch.rand(1) < self.p:
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
        self.size = two_sizes(size)
        if not isinstance(scale, Sequence):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, Sequence):
            raise TypeError("Ratio should be a sequence")
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=2)
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img, scale, ratio):
        """(top, left, height, width) of a random rectangle."""
        return random_crop_box(img, scale, ratio, uniform, integer)

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


class FiveCrop(nn.Module):
    """:func:`functional.five_crop`: a tuple of the four corners and the centre.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    """

    def __init__(self, size):
        super().__init__()
        self.size = two_sizes(size)

    def forward(self, img):
        return F.five_crop(img, self.size)

    def __repr__(self):
        return f"{self.__class__.__name__}(size={self.size})"


class TenCrop(nn.Module):
    """:func:`functional.ten_crop`: five crops of the image and of its mirror image.

    Parameters
    ----------
    size : int or sequence of 1 or 2 int
    vertical_flip : bool
    """

    def __init__(self, size, vertical_flip=False):
        super().__init__()
        self.size = two_sizes(size)
        self.vertical_flip = vertical_flip

    def forward(self, img):
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self):
        return (f"{self.__class__.__name__}(size={self.size}, "
                f"vertical_flip={self.vertical_flip})")


class RandomRotation(nn.Module):
    """Turn by a random angle.

    Parameters
    ----------
    degrees : number or pair of number
        Range of the angle; one number: from its negative on.
    interpolation : InterpolationMode or int
    expand : bool
    center : sequence of 2 number, optional
    fill : number or sequence
    """

    def __init__(
        self, degrees, interpolation=InterpolationMode.NEAREST, expand=False, center=None, fill=0
    ):
        super().__init__()
        self.interpolation = interpolation_mode(interpolation)
        self.degrees = _angles(degrees, "degrees")
        if center is not None:
            _check_sequence(center, "center", (2,))
        self.center = center
        self.expand = expand
        self.fill = _checked_fill(fill)

    @staticmethod
    def get_params(degrees):
        """A random angle."""
        return uniform(float(degrees[0]), float(degrees[1]))

    def forward(self, img):
        fill = _fill_for(img, self.fill)
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, fill)

    def __repr__(self):
        center = "" if self.center is None else f", center={self.center}"
        return (f"{self.__class__.__name__}(degrees={self.degrees}, "
                f"interpolation={self.interpolation.value}, expand={self.expand}{center}, "
                f"fill={self.fill})")


class RandomAffine(nn.Module):
    """Turn, move, scale and shear by random amounts.

    Parameters
    ----------
    degrees : number or pair of number
        Range of the angle; one number: from its negative on.
    translate : pair of float, optional
        Largest moves, as parts of the width and the height.
    scale : pair of float, optional
    shear : number or sequence of 2 or 4 number, optional
        Range of degrees along x, and along y.
    interpolation : InterpolationMode or int
    fill : number or sequence
    center : sequence of 2 number, optional
    """

    def __init__(
        self,
        degrees,
        translate=None,
        scale=None,
        shear=None,
        interpolation=InterpolationMode.NEAREST,
        fill=0,
        center=None,
    ):
        super().__init__()
        self.interpolation = interpolation_mode(interpolation)
        self.degrees = _angles(degrees, "degrees")
        if translate is not None:
            _check_sequence(translate, "translate", (2,))
            if not all(0.0 <= part <= 1.0 for part in translate):
                raise ValueError("translation values should be between 0 and 1")
        self.translate = translate
        if scale is not None:
            _check_sequence(scale, "scale", (2,))
            if any(factor <= 0 for factor in scale):
                raise ValueError("scale values should be positive")
        self.scale = scale
        self.shear = None if shear is None else _angles(shear, "shear", (2, 4))
        self.fill = _checked_fill(fill)
        if center is not None:
            _check_sequence(center, "center", (2,))
        self.center = center

    @staticmethod
    def get_params(degrees, translate, scale_ranges, shears, img_size):
        """(angle, (x, y), scale, (shear x, shear y)) for an image of (width, height)."""
        angle = uniform(float(degrees[0]), float(degrees[1]))
        moves = (0, 0)
        if translate is not None:
            most = [float(part * size) for part, size in zip(translate, img_size, strict=True)]
            moves = tuple(int(round(uniform(-far, far))) for far in most)
        scale = 1.0 if scale_ranges is None else uniform(*scale_ranges)
        shear_x = shear_y = 0.0
        if shears is not None:
            shear_x = uniform(shears[0], shears[1])
            if len(shears) == 4:
                shear_y = uniform(shears[2], shears[3])
        return angle, moves, scale, (shear_x, shear_y)

    def forward(self, img):
        fill = _fill_for(img, self.fill)
        _, height, width = F.get_dimensions(img)
        chosen = self.get_params(
            self.degrees, self.translate, self.scale, self.shear, [width, height]
        )
        return F.affine(
            img, *chosen, interpolation=self.interpolation, fill=fill, center=self.center
        )

    def __repr__(self):
        optional = [
            (name, getattr(self, name)) for name in ("translate", "scale", "shear")
            if getattr(self, name) is not None
        ]
        if self.interpolation != InterpolationMode.NEAREST:
            optional.append(("interpolation", self.interpolation.value))
        if self.fill != 0:
            optional.append(("fill", self.fill))
        if self.center is not None:
            optional.append(("center", self.center))
        rest = "".join(f", {name}={value}" for name, value in optional)
        return f"{self.__class__.__name__}(degrees={self.degrees}{rest})"


class RandomPerspective(nn.Module):
    """See the image from a random side, with probability ``p``.

    Parameters
    ----------
    distortion_scale : float
        How far the corners may move: from 0 to 1.
    p : float
    interpolation : InterpolationMode or int
    fill : number or sequence
    """

    def __init__(
        self, distortion_scale=0.5, p=0.5, interpolation=InterpolationMode.BILINEAR, fill=0
    ):
        super().__init__()
        self.p = p
        self.interpolation = interpolation_mode(interpolation)
        self.distortion_scale = distortion_scale
        self.fill = _checked_fill(fill)

    @staticmethod
    def get_params(width, height, distortion_scale):
        """The corners before and after; each list is clockwise from the top left."""
        far_x = int(distortion_scale * (width // 2))
        far_y = int(distortion_scale * (height // 2))
        left, right = (0, far_x + 1), (width - far_x - 1, width)
        top, bottom = (0, far_y + 1), (height - far_y - 1, height)
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        endpoints = [[integer(*x), integer(*y)] for x, y in corners]
        startpoints = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        return startpoints, endpoints

    def forward(self, img):
        fill = _fill_for(img, self.fill)
        _, height, width = F.get_dimensions(img)
        if minitorch.rand(1) < self.p:
            corners = self.get_params(width, height, self.distortion_scale)
            return F.perspective(img, *corners, self.interpolation, fill)
        return img

    def __repr__(self):
        return f"{self.__class__.__name__}(p={self.p})"


class ElasticTransform(nn.Module):
    """Move the pixels as if the image were seen through water (Simard et al. 2003).

    Parameters
    ----------
    alpha : float or pair of float
        Strength along x and y.
    sigma : float or pair of float
        Smoothness along x and y.
    interpolation : InterpolationMode or int
    fill : number or sequence
    """

    def __init__(
        self, alpha=50.0, sigma=5.0, interpolation=InterpolationMode.BILINEAR, fill=0
    ):
        super().__init__()
        self.alpha = _two_floats(alpha, "alpha")
        self.sigma = _two_floats(sigma, "sigma")
        self.interpolation = interpolation_mode(interpolation)
        if not isinstance(fill, int | float | list | tuple):
            raise TypeError(f"fill should be int or float or a list or tuple of them. Got "
                            f"{type(fill)}")
        values = [fill] if isinstance(fill, int | float) else fill
        self.fill = [float(value) for value in values]

    @staticmethod
    def get_params(alpha, sigma, size):
        """A random smooth field of displacements (1, H, W, 2)."""
        fields = []
        for strength, smoothness, side in zip(alpha, sigma, (size[1], size[0]), strict=True):
            field = minitorch.rand([1, 1, *size]) * 2 - 1
            if smoothness > 0.0:
                kernel = int(8 * smoothness + 1)
                kernel += 1 - kernel % 2
                field = F.gaussian_blur(field, [kernel, kernel], list(sigma))
            fields.append(field * strength / side)
        return minitorch.cat(fields, 1).permute(0, 2, 3, 1)

    def forward(self, tensor):
        _, height, width = F.get_dimensions(tensor)
        displacement = self.get_params(self.alpha, self.sigma, [height, width])
        return F.elastic_transform(tensor, displacement, self.interpolation, self.fill)

    def __repr__(self):
        return (f"{self.__class__.__name__}(alpha={self.alpha}, sigma={self.sigma}, "
                f"interpolation={self.interpolation}, fill={self.fill})")


def _two_floats(value, name):
    if not isinstance(value, float | Sequence):
        raise TypeError(f"{name} should be float or a sequence of floats. Got {type(value)}")
    if isinstance(value, float):
        return [value, value]
    if len(value) != 2:
        raise ValueError(f"If {name} is a sequence its length should be 2. Got {len(value)}")
    for element in value:
        if not isinstance(element, float):
            raise TypeError(f"{name} should be a sequence of floats. Got {type(element)}")
    return value
