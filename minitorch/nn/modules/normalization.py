"""GroupNorm."""

from minitorch._ops.creation import empty
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter

__all__ = ["GroupNorm"]


class GroupNorm(Module):
    """Normalise each group of channels of each example by itself; arXiv:1803.08494.

    Parameters
    ----------
    num_groups : int
        Number of groups.
    num_channels : int
        Number of channels C, a multiple of `num_groups`.
    eps : float
        Added to the variance (default 1e-5).
    affine : bool
        Learn weight and bias (default True).
    device, dtype : optional
        Of the parameters.
    bias : bool
        Learn the bias (default True; keyword only).

    Raises
    ------
    ValueError
        If `num_groups` does not divide `num_channels`.

    Notes
    -----
    Shape: input and output (N, C, *). Training and evaluation do the same.
    """

    __constants__ = ["num_groups", "num_channels", "eps", "affine"]

    def __init__(
        self, num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None, *, bias=True
    ):
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        if affine:
            self.weight = Parameter(empty(num_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("weight", None)
        if affine and bias:
            self.bias = Parameter(empty(num_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        """Set the weight to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input):
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )
