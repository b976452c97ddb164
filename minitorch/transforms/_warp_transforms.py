"""Transforms that turn, shear and bend images."""

import numbers
from collections.abc import Sequence

import minitorch
from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.transforms import functional as F
from minitorch.transforms._geometry_transforms import integer, uniform
from minitorch.transforms._image import InterpolationMode, interpolation_mode

__all__ = ["ElasticTransform", "RandomAffine", "RandomPerspective", "RandomRotation"]


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
