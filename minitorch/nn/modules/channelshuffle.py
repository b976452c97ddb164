"""PyTorch's place of ChannelShuffle, which stands with the upsampling layers."""

from minitorch.nn.modules.upsampling import ChannelShuffle

__all__ = ["ChannelShuffle"]
