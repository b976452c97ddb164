"""Augmentation policies: chains of operations with random strengths.

AutoAugment (Cubuk et al., arXiv:1805.09501), RandAugment (arXiv:1909.13719), TrivialAugment
(Müller and Hutter, arXiv:2103.10158), AugMix (Hendrycks et al., arXiv:1912.02781).
"""

import math
from enum import Enum

import minitorch
from minitorch import nn
from minitorch.tensor import Tensor
from minitorch.transforms import functional as F
from minitorch.transforms._geometry_transforms import integer
from minitorch.transforms._image import InterpolationMode
from minitorch.transforms.mixing import dirichlet

__all__ = ["AugMix", "AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide"]


class AutoAugmentPolicy(Enum):
    """The data set on which a policy of AutoAugment was found."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


# Of each policy the pairs of operations, from the appendix of the paper. An operation is its
# name, its probability in tenths, and its strength: a place in the range of 10.
_POLICIES = {
    "imagenet": """
        Posterize 4 8 Rotate 6 9; Solarize 6 5 AutoContrast 6 -; Equalize 8 - Equalize 6 -;
        Posterize 6 7 Posterize 6 6; Equalize 4 - Solarize 2 4; Equalize 4 - Rotate 8 8;
        Solarize 6 3 Equalize 6 -; Posterize 8 5 Equalize 10 -; Rotate 2 3 Solarize 6 8;
        Equalize 6 - Posterize 4 6; Rotate 8 8 Color 4 0; Rotate 4 9 Equalize 6 -;
        Equalize 0 - Equalize 8 -; Invert 6 - Equalize 10 -; Color 6 4 Contrast 10 8;
        Rotate 8 8 Color 10 2; Color 8 8 Solarize 8 7; Sharpness 4 7 Invert 6 -;
        ShearX 6 5 Equalize 10 -; Color 4 0 Equalize 6 -; Equalize 4 - Solarize 2 4;
        Solarize 6 5 AutoContrast 6 -; Invert 6 - Equalize 10 -; Color 6 4 Contrast 10 8;
        Equalize 8 - Equalize 6 -""",
    "cifar10": """
        Invert 1 - Contrast 2 6; Rotate 7 2 TranslateX 3 9; Sharpness 8 1 Sharpness 9 3;
        ShearY 5 8 TranslateY 7 9; AutoContrast 5 - Equalize 9 -; ShearY 2 7 Posterize 3 7;
        Color 4 3 Brightness 6 7; Sharpness 3 9 Brightness 7 9; Equalize 6 - Equalize 5 -;
        Contrast 6 7 Sharpness 6 5; Color 7 7 TranslateX 5 8; Equalize 3 - AutoContrast 4 -;
        TranslateY 4 3 Sharpness 2 6; Brightness 9 6 Color 2 8; Solarize 5 2 Invert 0 -;
        Equalize 2 - AutoContrast 6 -; Equalize 2 - Equalize 6 -; Color 9 9 Equalize 6 -;
        AutoContrast 8 - Solarize 2 8; Brightness 1 3 Color 7 0; Solarize 4 5 AutoContrast 9 -;
        TranslateY 9 9 TranslateY 7 9; AutoContrast 9 - Solarize 8 3; Equalize 8 - Invert 1 -;
        TranslateY 7 9 AutoContrast 9 -""",
    "svhn": """
        ShearX 9 4 Invert 2 -; ShearY 9 8 Invert 7 -; Equalize 6 - Solarize 6 6;
        Invert 9 - Equalize 6 -; Equalize 6 - Rotate 9 3; ShearX 9 4 AutoContrast 8 -;
        ShearY 9 8 Invert 4 -; ShearY 9 5 Solarize 2 6; Invert 9 - AutoContrast 8 -;
        Equalize 6 - Rotate 9 3; ShearX 9 4 Solarize 3 3; ShearY 8 8 Invert 7 -;
        Equalize 9 - TranslateY 6 6; Invert 9 - Equalize 6 -; Contrast 3 3 Rotate 8 4;
        Invert 8 - TranslateY 0 2; ShearY 7 6 Solarize 4 8; Invert 6 - Rotate 8 4;
        ShearY 3 7 TranslateX 9 3; ShearX 1 6 Invert 6 -; Solarize 7 2 TranslateY 6 7;
        ShearY 8 4 Invert 8 -; ShearX 7 9 TranslateY 8 3; ShearY 8 5 AutoContrast 7 -;
        ShearX 7 2 Invert 1 -""",
}


def _policy(text):
    """Pairs of (name, probability, strength or None) of a policy's text."""
    pairs = []
    for pair in text.split(";"):
        words = pair.split()
        pairs.append(tuple(
            (name, int(tenths) / 10, None if place == "-" else int(place))
            for name, tenths, place in (words[:3], words[3:])))
    return pairs


_SIGNED = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color",
           "Contrast", "Sharpness")


def _ranges(names, bins, *, shear=0.3, move=(0.0, 0.0), turn=30.0, factor=0.9, bits=(8, 4)):
    """Of each operation the strengths to choose from (a tensor), or None if it has none.

    ``move`` is the largest translation along x and y, in pixels; ``bits`` are those of Posterize
    at the lowest strength, and how many fewer there are at the highest.
    """
    highest = {"ShearX": shear, "ShearY": shear, "TranslateX": move[0], "TranslateY": move[1],
               "Rotate": turn, "Brightness": factor, "Color": factor, "Contrast": factor,
               "Sharpness": factor}
    found = {}
    for name in names:
        if name in highest:
            found[name] = minitorch.linspace(0.0, highest[name], bins)
        elif name == "Posterize":
            lost = (minitorch.arange(bins) / ((bins - 1) / bits[1])).round().int()
            found[name] = bits[0] - lost
        elif name == "Solarize":
            found[name] = minitorch.linspace(255.0, 0.0, bins)
        else:
            found[name] = None
    return found


_WARPS = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
_FACTORS = ("Brightness", "Color", "Contrast", "Sharpness")
_VALUES = ("Posterize", "Solarize", "AutoContrast", "Equalize")


def _apply(img, name, strength, interpolation, fill):
    """One operation of a policy."""
    warp = {"interpolation": interpolation, "fill": fill}
    degrees = math.degrees(math.atan(strength)) if name.startswith("Shear") else 0.0
    operations = {
        "ShearX": lambda: F.affine(img, 0.0, [0, 0], 1.0, [degrees, 0.0], center=[0, 0], **warp),
        "ShearY": lambda: F.affine(img, 0.0, [0, 0], 1.0, [0.0, degrees], center=[0, 0], **warp),
        "TranslateX": lambda: F.affine(img, 0.0, [int(strength), 0], 1.0, [0.0, 0.0], **warp),
        "TranslateY": lambda: F.affine(img, 0.0, [0, int(strength)], 1.0, [0.0, 0.0], **warp),
        "Rotate": lambda: F.rotate(img, strength, **warp),
        "Brightness": lambda: F.adjust_brightness(img, 1.0 + strength),
        "Color": lambda: F.adjust_saturation(img, 1.0 + strength),
        "Contrast": lambda: F.adjust_contrast(img, 1.0 + strength),
        "Sharpness": lambda: F.adjust_sharpness(img, 1.0 + strength),
        "Posterize": lambda: F.posterize(img, int(strength)),
        "Solarize": lambda: F.solarize(img, strength),
        "AutoContrast": lambda: F.autocontrast(img),
        "Equalize": lambda: F.equalize(img),
        "Invert": lambda: F.invert(img),
        "Identity": lambda: img,
    }
    return operations[name]()


class _Policy(nn.Module):
    """What the policies share: interpolation and fill of the warps."""

    def __init__(self, interpolation, fill):
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill

    def _fill_for(self, img):
        if not isinstance(img, Tensor) or self.fill is None:
            return self.fill
        if isinstance(self.fill, int | float):
            return [float(self.fill)] * F.get_dimensions(img)[0]
        return [float(value) for value in self.fill]

    def _random_step(self, img, ranges, place, fill):
        """A random operation at the strength ``place(number of strengths)``."""
        name = list(ranges)[integer(len(ranges))]
        strengths = ranges[name]
        strength = 0.0 if strengths is None else float(strengths[place(len(strengths))])
        if name in _SIGNED and integer(2):
            strength *= -1.0
        return _apply(img, name, strength, self.interpolation, fill)


class AutoAugment(_Policy):
    """One of 25 pairs of operations, as found by search on a data set.

    Parameters
    ----------
    policy : AutoAugmentPolicy
    interpolation : InterpolationMode
    fill : number or sequence, optional
    """

    def __init__(
        self,
        policy=AutoAugmentPolicy.IMAGENET,
        interpolation=InterpolationMode.NEAREST,
        fill=None,
    ):
        super().__init__(interpolation, fill)
        if not isinstance(policy, AutoAugmentPolicy):
            raise ValueError(f"The provided policy {policy} is not recognized.")
        self.policy = policy
        self.policies = _policy(_POLICIES[policy.value])

    @staticmethod
    def get_params(transform_num):
        """The pair, and for both operations a probability and a sign."""
        policy = integer(transform_num)
        return policy, minitorch.rand((2,)), minitorch.randint(2, (2,))

    def forward(self, img):
        fill = self._fill_for(img)
        _, height, width = F.get_dimensions(img)
        which, chances, signs = self.get_params(len(self.policies))
        move = (150.0 / 331.0 * width, 150.0 / 331.0 * height)
        ranges = _ranges((*_WARPS, *_FACTORS, *_VALUES, "Invert"), 10, move=move)
        for number, (name, probability, place) in enumerate(self.policies[which]):
            if chances[number] <= probability:
                strength = 0.0 if place is None else float(ranges[name][place])
                if name in _SIGNED and signs[number] == 0:
                    strength *= -1.0
                img = _apply(img, name, strength, self.interpolation, fill)
        return img

    def __repr__(self):
        return f"{self.__class__.__name__}(policy={self.policy}, fill={self.fill})"


class RandAugment(_Policy):
    """``num_ops`` random operations, all of the same strength.

    Parameters
    ----------
    num_ops : int
    magnitude : int
        The strength: a place among ``num_magnitude_bins``.
    num_magnitude_bins : int
    interpolation : InterpolationMode
    fill : number or sequence, optional
    """

    def __init__(
        self,
        num_ops=2,
        magnitude=9,
        num_magnitude_bins=31,
        interpolation=InterpolationMode.NEAREST,
        fill=None,
    ):
        super().__init__(interpolation, fill)
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img):
        fill = self._fill_for(img)
        _, height, width = F.get_dimensions(img)
        move = (150.0 / 331.0 * width, 150.0 / 331.0 * height)
        names = ("Identity", *_WARPS, *_FACTORS, *_VALUES)
        ranges = _ranges(names, self.num_magnitude_bins, move=move)
        for _ in range(self.num_ops):
            img = self._random_step(img, ranges, lambda _: self.magnitude, fill)
        return img

    def __repr__(self):
        return (f"{self.__class__.__name__}(num_ops={self.num_ops}, magnitude={self.magnitude}, "
                f"num_magnitude_bins={self.num_magnitude_bins}, "
                f"interpolation={self.interpolation}, fill={self.fill})")


class TrivialAugmentWide(_Policy):
    """One random operation of random strength.

    Parameters
    ----------
    num_magnitude_bins : int
    interpolation : InterpolationMode
    fill : number or sequence, optional
    """

    def __init__(
        self, num_magnitude_bins=31, interpolation=InterpolationMode.NEAREST, fill=None
    ):
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img):
        ranges = _ranges(("Identity", *_WARPS, *_FACTORS, *_VALUES), self.num_magnitude_bins,
                         shear=0.99, move=(32.0, 32.0), turn=135.0, factor=0.99, bits=(8, 6))
        return self._random_step(img, ranges, integer, self._fill_for(img))

    def __repr__(self):
        return (f"{self.__class__.__name__}(num_magnitude_bins={self.num_magnitude_bins}, "
                f"interpolation={self.interpolation}, fill={self.fill})")


_MOST_SEVERE = 10


class AugMix(_Policy):
    """A random mixture of the image and of chains of random operations on it.

    Parameters
    ----------
    severity : int
        Highest strength, 1 ... 10.
    mixture_width : int
        Number of chains.
    chain_depth : int
        Operations in a chain; not positive: 1 to 3 at random.
    alpha : float
        Parameter of the Dirichlet and Beta distributions of the weights.
    all_ops : bool
        With brightness, colour, contrast and sharpness.
    interpolation : InterpolationMode
    fill : number or sequence, optional
    """

    def __init__(
        self,
        severity=3,
        mixture_width=3,
        chain_depth=-1,
        alpha=1.0,
        all_ops=True,
        interpolation=InterpolationMode.BILINEAR,
        fill=None,
    ):
        super().__init__(interpolation, fill)
        if not 1 <= severity <= _MOST_SEVERE:
            raise ValueError(f"The severity must be between [1, {_MOST_SEVERE}]. Got {severity} "
                             "instead.")
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def forward(self, orig_img):
        fill = self._fill_for(orig_img)
        _, height, width = F.get_dimensions(orig_img)
        img = orig_img if isinstance(orig_img, Tensor) else F.pil_to_tensor(orig_img)
        ranges = _ranges((*_WARPS, *_VALUES, *(_FACTORS if self.all_ops else ())), _MOST_SEVERE,
                         move=(width / 3.0, height / 3.0), bits=(4, 4))
        batch = img.reshape([1] * max(4 - img.ndim, 0) + list(img.shape))
        each = [batch.shape[0]] + [1] * (batch.ndim - 1)
        share = dirichlet([self.alpha] * 2, batch.shape[0])
        weights = dirichlet([self.alpha] * self.mixture_width, batch.shape[0]) * share[:, 1:]
        mix = share[:, 0].reshape(each) * batch
        for chain in range(self.mixture_width):
            changed = batch
            depth = self.chain_depth if self.chain_depth > 0 else integer(1, 4)
            for _ in range(depth):
                changed = self._random_step(
                    changed, ranges, lambda _: integer(self.severity), fill)
            mix.add_(weights[:, chain].reshape(each) * changed)
        mix = mix.reshape(img.shape).to(img.dtype)
        return mix if isinstance(orig_img, Tensor) else F.to_pil_image(mix)

    def __repr__(self):
        return (f"{self.__class__.__name__}(severity={self.severity}, "
                f"mixture_width={self.mixture_width}, chain_depth={self.chain_depth}, "
                f"alpha={self.alpha}, all_ops={self.all_ops}, "
                f"interpolation={self.interpolation}, fill={self.fill})")
