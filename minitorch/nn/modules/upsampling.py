"""Images in other sizes: Upsample, PixelShuffle, PixelUnshuffle, ChannelShuffle."""

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module

__all__ = [
    "ChannelShuffle",
    "PixelShuffle",
    "PixelUnshuffle",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]


class Upsample(Module):
    """Give images another size; :func:`minitorch.nn.functional.interpolate` has the words.

    Parameters
    ----------
    size : int or tuple of int, optional
        Of the result.
    scale_factor : float or tuple of float, optional
        In place of `size`: what the sizes are multiplied with.
    mode : {"nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"}
        How values between pixels are found.
    align_corners : bool, optional
        For the linear and cubic modes: the centres of the corner pixels coincide.
    recompute_scale_factor : bool, optional
        Compute with the ratio of the sizes, not with `scale_factor` itself.

    Notes
    -----
    Shape: input (N, C, W), (N, C, H, W) or (N, C, D, H, W), output with other sizes.

    Examples
    --------
    >>> nn.Upsample(scale_factor=2)(torch.tensor([[[1., 2.]]]))
    tensor([[[1., 1., 2., 2.]]])
    """

    __constants__ = [
        "size",
        "scale_factor",
        "mode",
        "align_corners",
        "name",
        "recompute_scale_factor",
    ]

    def __init__(
        self,
        size=None,
        scale_factor=None,
        mode="nearest",
        align_corners=None,
        recompute_scale_factor=None,
    ):
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input):
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def extra_repr(self):
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """:class:`Upsample` with mode "nearest"; an older name."""

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """:class:`Upsample` with mode "bilinear" and aligned corners; an older name."""

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Spread blocks of r^2 channels over blocks of r x r pixels; arXiv:1609.05158.

    Parameters
    ----------
    upscale_factor : int
        r.

    Notes
    -----
    Shape: input (*, C r^2, H, W), output (*, C, H r, W r).
    """

    __constants__ = ["upscale_factor"]

    def __init__(self, upscale_factor):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input):
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self):
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Gather blocks of r x r pixels into r^2 channels: the inverse of :class:`PixelShuffle`.

    Parameters
    ----------
    downscale_factor : int
        r.

    Notes
    -----
    Shape: input (*, C, H r, W r), output (*, C r^2, H, W).
    """

    __constants__ = ["downscale_factor"]

    def __init__(self, downscale_factor):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input):
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self):
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Deal the channels out, one of each group in turn; arXiv:1707.01083.

    Parameters
    ----------
    groups : int
        Divides the number of channels.

    Notes
    -----
    Shape: input and output (N, C, *).
    """

    __constants__ = ["groups"]

    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, input):
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self):
        return f"groups={self.groups}"
