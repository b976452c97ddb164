"""Transforms that change values: colours, blur, erased rectangles."""

import math
import numbers
from collections.abc import Sequence

import minitorch
from minitorch import nn
from minitorch.transforms import functional as F
from minitorch.transforms._geometry_transforms import Sometimes, check_ranges, integer, uniform
from minitorch.transforms._image import two_sizes

__all__ = [
    "ColorJitter",
    "GaussianBlur",
    "Grayscale",
    "RandomAdjustSharpness",
    "RandomAutocontrast",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomInvert",
    "RandomPosterize",
    "RandomSolarize",
]


class ColorJitter(nn.Module):
    """Change brightness, contrast, saturation and hue by random factors, in random order.

    Parameters
    ----------
    brightness, contrast, saturation : float or pair of float
        Range of the factor; x means from max(0, 1 - x) to 1 + x.
    hue : float or pair of float
        Range of the turn of the colour wheel; x means from -x to x, at most 0.5.

    Raises
    ------
    TypeError, ValueError
        Not one or two numbers, or numbers out of range.
    """

    def __init__(self, brightness=0, contrast=0, saturation=0, hue=0):
        super().__init__()
        self.brightness = _factors(brightness, "brightness")
        self.contrast = _factors(contrast, "contrast")
        self.saturation = _factors(saturation, "saturation")
        self.hue = _factors(hue, "hue", center=0, bound=(-0.5, 0.5))

    @staticmethod
    def get_params(brightness, contrast, saturation, hue):
        """The order, a permutation of range(4), and four factors (None: leave alone)."""
        order = minitorch.randperm(4)
        ranges = (brightness, contrast, saturation, hue)
        return order, *(None if one is None else uniform(*one) for one in ranges)

    def forward(self, img):
        order, *factors = self.get_params(
            self.brightness, self.contrast, self.saturation, self.hue
        )
        adjust = (
            F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue
        )
        for which in order.tolist():
            if factors[which] is not None:
                img = adjust[which](img, factors[which])
        return img

    def __repr__(self):
        return (f"{self.__class__.__name__}(brightness={self.brightness}, "
                f"contrast={self.contrast}, saturation={self.saturation}, hue={self.hue})")


def _factors(value, name, center=1, bound=(0, float("inf"))):
    """A range of factors around ``center``, or None if it holds nothing but that."""
    if isinstance(value, numbers.Number):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        value = [center - float(value), center + float(value)]
        if center == 1:
            value[0] = max(value[0], 0.0)
    elif isinstance(value, tuple | list) and len(value) == 2:
        value = [float(value[0]), float(value[1])]
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
    if not bound[0] <= value[0] <= value[1] <= bound[1]:
        raise ValueError(f"{name} values should be between {bound}, but got {value}.")
    return None if value[0] == value[1] == center else tuple(value)


class Grayscale(nn.Module):
    """:func:`functional.rgb_to_grayscale`.

    Parameters
    ----------
    num_output_channels : int
        1 or 3.
    """

    def __init__(self, num_output_channels=1):
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img):
        return F.rgb_to_grayscale(img, num_output_channels=self.num_output_channels)

    def __repr__(self):
        return f"{self.__class__.__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(Sometimes):
    """Gray, with as many channels as before, with probability ``p``.

    Parameters
    ----------
    p : float
    """

    def __init__(self, p=0.1):
        super().__init__(p)

    def _apply(self, img):
        return F.rgb_to_grayscale(img, num_output_channels=F.get_image_num_channels(img))


class RandomInvert(Sometimes):
    """:func:`functional.invert` with probability ``p``.

    Parameters
    ----------
    p : float
    """

    _apply = staticmethod(F.invert)


class RandomPosterize(Sometimes):
    """:func:`functional.posterize` with probability ``p``.

    Parameters
    ----------
    bits : int
    p : float
    """

    def __init__(self, bits, p=0.5):
        super().__init__(p)
        self.bits = bits

    def _apply(self, img):
        return F.posterize(img, self.bits)

    def __repr__(self):
        return f"{self.__class__.__name__}(bits={self.bits},p={self.p})"


class RandomSolarize(Sometimes):
    """:func:`functional.solarize` with probability ``p``.

    Parameters
    ----------
    threshold : float
    p : float
    """

    def __init__(self, threshold, p=0.5):
        super().__init__(p)
        self.threshold = threshold

    def _apply(self, img):
        return F.solarize(img, self.threshold)

    def __repr__(self):
        return f"{self.__class__.__name__}(threshold={self.threshold},p={self.p})"


class RandomAdjustSharpness(Sometimes):
    """:func:`functional.adjust_sharpness` with probability ``p``.

    Parameters
    ----------
    sharpness_factor : float
    p : float
    """

    def __init__(self, sharpness_factor, p=0.5):
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def _apply(self, img):
        return F.adjust_sharpness(img, self.sharpness_factor)

    def __repr__(self):
        return (f"{self.__class__.__name__}(sharpness_factor={self.sharpness_factor},"
                f"p={self.p})")


class RandomAutocontrast(Sometimes):
    """:func:`functional.autocontrast` with probability ``p``.

    Parameters
    ----------
    p : float
    """

    _apply = staticmethod(F.autocontrast)


class RandomEqualize(Sometimes):
    """:func:`functional.equalize` with probability ``p``.

    Parameters
    ----------
    p : float
    """

    _apply = staticmethod(F.equalize)


class GaussianBlur(nn.Module):
    """:func:`functional.gaussian_blur` with a random standard deviation.

    Parameters
    ----------
    kernel_size : int or sequence of 2 int
        Odd.
    sigma : float or pair of float
        Range of the standard deviation.
    """

    def __init__(self, kernel_size, sigma=(0.1, 2.0)):
        super().__init__()
        self.kernel_size = two_sizes(
            kernel_size, "Kernel size should be a tuple/list of two integers"
        )
        if any(side <= 0 or side % 2 == 0 for side in self.kernel_size):
            raise ValueError("Kernel size value should be an odd and positive number.")
        if isinstance(sigma, numbers.Number):
            if sigma <= 0:
                raise ValueError("If sigma is a single number, it must be positive.")
            sigma = (sigma, sigma)
        elif isinstance(sigma, Sequence) and len(sigma) == 2:
            if not 0.0 < sigma[0] <= sigma[1]:
                raise ValueError("sigma values should be positive and of the form (min, max).")
        else:
            raise ValueError("sigma should be a single number or a list/tuple with length 2.")
        self.sigma = sigma

    @staticmethod
    def get_params(sigma_min, sigma_max):
        """A random standard deviation."""
        return uniform(sigma_min, sigma_max)

    def forward(self, img):
        sigma = self.get_params(self.sigma[0], self.sigma[1])
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self):
        return f"{self.__class__.__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


class RandomErasing(nn.Module):
    """Fill a random rectangle of an image tensor (Zhong et al., arXiv:1708.04896).

    Parameters
    ----------
    p : float
    scale, ratio : pair of float
        Bounds of the area, as a part of the image's, and of height / width.
    value : number, sequence or "random"
        What to fill with: one value, one per channel, or normal noise.
    inplace : bool
    """

    def __init__(
        self, p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False
    ):
        super().__init__()
        if not isinstance(value, numbers.Number | str | tuple | list):
            raise TypeError("Argument value should be either a number or str or a sequence")
        if isinstance(value, str) and value != "random":
            raise ValueError("If value is str, it should be 'random'")
        check_ranges(scale, ratio)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if p < 0 or p > 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(img, scale, ratio, value=None):
        """(row, column, height, width, values); the image itself after 10 failures."""
        channels, height, width = img.shape[-3], img.shape[-2], img.shape[-1]
        log_ratio = minitorch.log(minitorch.tensor(ratio)).tolist()
        for _ in range(10):
            area = height * width * uniform(scale[0], scale[1])
            aspect = minitorch.exp(minitorch.empty(1).uniform_(*log_ratio)).item()
            h = int(round(math.sqrt(area * aspect)))
            w = int(round(math.sqrt(area / aspect)))
            if h >= height or w >= width:
                continue
            if value is None:
                filling = minitorch.empty([channels, h, w], dtype=minitorch.float32).normal_()
            else:
                filling = minitorch.tensor(value)[:, None, None]
            top = integer(height - h + 1)
            return top, integer(width - w + 1), h, w, filling
        return 0, 0, height, width, img

    def forward(self, img):
        if minitorch.rand(1) >= self.p:
            return img
        value = self.value
        if isinstance(value, str):
            value = None
        else:
            value = [float(v) for v in ([value] if isinstance(value, numbers.Number) else value)]
            if len(value) not in (1, img.shape[-3]):
                raise ValueError("If value is a sequence, it should have either a single value "
                                 f"or {img.shape[-3]} (number of input channels)")
        place = self.get_params(img, scale=self.scale, ratio=self.ratio, value=value)
        return F.erase(img, *place, self.inplace)

    def __repr__(self):
        return (f"{self.__class__.__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
                f"value={self.value}, inplace={self.inplace})")
