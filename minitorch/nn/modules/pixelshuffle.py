"""PyTorch's place of PixelShuffle and PixelUnshuffle, which stand with the upsampling layers."""

from minitorch.nn.modules.upsampling import PixelShuffle, PixelUnshuffle

__all__ = ["PixelShuffle", "PixelUnshuffle"]
