"""Mixing the images of a batch: MixUp, CutMix, and the random shares they draw."""

import math

import minitorch

__all__ = ["beta", "cut_box", "cutmix", "dirichlet", "mixed_labels", "mixup"]

_LEAST = 2.0 ** -1022
_LEAST_SINGLE = 2.0 ** -126
_BELOW_ONE = 1.0 - 2.0 ** -24


def _gamma(alpha, generator):
    """A number of the gamma distribution with shape ``alpha``, drawn as PyTorch draws it.

    Marsaglia and Tsang, doi:10.1145/358407.358414.
    """
    def uniform():
        return 1 - minitorch.rand((), dtype=minitorch.float64, generator=generator).item()

    scale = 1.0
    if alpha < 1.0:  # more are accepted above 1
        if alpha == 0.0:
            return 0.0
        scale = uniform() ** (1.0 / alpha)
        alpha += 1.0
    d = alpha - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    one = minitorch.empty(1, dtype=minitorch.float64)
    while True:
        y = 0.0
        while y <= 0.0:
            x = one.normal_(generator=generator).item()
            y = 1.0 + c * x
        v = y * y * y
        u, xx = uniform(), x * x
        if u < 1.0 - 0.0331 * xx * xx or math.log(u) < 0.5 * xx + d * (1.0 - v + math.log(v)):
            return scale * d * v


def dirichlet(alphas, rows=1, generator=None):
    """Rows of shares that sum to 1: a tensor (rows, len(alphas)).

    Drawn as PyTorch draws it, and equal but for a float's last bit in some cases.
    """
    drawn, singles = [], minitorch.tensor(alphas, dtype=minitorch.float32).tolist()
    for _ in range(rows):
        parts = [max(_gamma(alpha, generator), _LEAST) for alpha in singles]
        whole = math.fsum(parts)
        drawn.append([min(max(part / whole, _LEAST_SINGLE), _BELOW_ONE) for part in parts])
    return minitorch.tensor(drawn, dtype=minitorch.float32)


def beta(alpha, generator=None):
    """A number of the distribution Beta(alpha, alpha)."""
    return dirichlet([alpha, alpha], 1, generator)[0, 0].item()


def cut_box(share, height, width, generator=None):
    """A rectangle of about ``1 - share`` of an image at a random place.

    Returns
    -------
    box : tuple
        (left, top, right, bottom), cut off at the image's edges.
    share : float
        What is left outside of it.
    """
    x, y = (minitorch.randint(size, size=(1,), generator=generator).item()
            for size in (width, height))
    half = 0.5 * math.sqrt(1.0 - share)
    half_width, half_height = int(half * width), int(half * height)
    left, right = max(x - half_width, 0), min(x + half_width, width)
    top, bottom = max(y - half_height, 0), min(y + half_height, height)
    outside = 1.0 - (right - left) * (bottom - top) / (width * height)
    return (left, top, right, bottom), outside


def mixup(images, share):
    """``share`` of each image and the rest of the one before it, in a batch (N, ...)."""
    return images.roll(1, 0).mul_(1.0 - share).add_(images.mul(share))


def cutmix(images, box):
    """Each image of a batch (N, C, H, W) with a rectangle of the one before it."""
    left, top, right, bottom = box
    out = images.clone()
    out[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
    return out


def mixed_labels(labels, share, classes=None):
    """Class probabilities (N, C) for images of which ``share`` is their own.

    ``labels`` are class numbers (N,), or probabilities (N, C).
    """
    if labels.ndim == 1:
        labels = minitorch.nn.functional.one_hot(labels, classes)
    if not labels.is_floating_point():
        labels = labels.to(minitorch.float32)
    return labels.roll(1, 0).mul_(1.0 - share).add_(labels.mul(share))
