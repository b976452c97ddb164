"""LayerNorm, RMSNorm, GroupNorm, LocalResponseNorm."""

import numbers

from minitorch._ops.creation import empty
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


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


class _ElementwiseNorm(Module):
    """What layer and RMS norm share: the shape, and parameters of that shape.

    `learned` tells for each parameter's name whether it is one or None.
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]

    def __init__(self, normalized_shape, eps, elementwise_affine, learned, device, dtype):
        super().__init__()
        if isinstance(normalized_shape, numbers.Integral):
            normalized_shape = (normalized_shape,)
        self.normalized_shape = tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in learned.items():
            values = None
            if elementwise_affine and wanted:
                values = Parameter(empty(self.normalized_shape, device=device, dtype=dtype))
            self.register_parameter(name, values)
        self.reset_parameters()


class LayerNorm(_ElementwiseNorm):
    """Normalise over the last axes of each example by itself; arXiv:1607.06450.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The last axes of the input, which share a mean and a (biased) variance.
    eps : float
        Added to the variance (default 1e-5).
    elementwise_affine : bool
        Learn weight and bias, one for each element of an example (default True).
    bias : bool
        Learn the bias (default True).
    device, dtype : optional
        Of the parameters.

    Notes
    -----
    Shape: input and output (*, *normalized_shape). Training and evaluation do the same.

    Examples
    --------
    >>> nn.LayerNorm(2)(torch.tensor([[1., 3.]])).shape
    torch.Size([1, 2])
    """

    def __init__(
        self,
        normalized_shape,
        eps=1e-5,
        elementwise_affine=True,
        bias=True,
        device=None,
        dtype=None,
    ):
        learned = {"weight": True, "bias": bias}
        super().__init__(normalized_shape, eps, elementwise_affine, learned, device, dtype)

    def reset_parameters(self):
        """Set the weight to 1 and the bias to 0."""
        if self.elementwise_affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(_ElementwiseNorm):
    """Divide by the root of the mean square over the last axes; arXiv:1910.07467.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The last axes of the input, which share a mean.
    eps : float, optional
        Added to the mean square; the machine epsilon if left out.
    elementwise_affine : bool
        Learn a weight, one for each element of an example (default True).
    device, dtype : optional
        Of the weight.

    Notes
    -----
    Shape: input and output (*, *normalized_shape). Training and evaluation do the same.
    """

    def __init__(
        self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None
    ):
        learned = {"weight": True}
        super().__init__(normalized_shape, eps, elementwise_affine, learned, device, dtype)

    def reset_parameters(self):
        """Set the weight to 1."""
        if self.elementwise_affine:
            init.ones_(self.weight)

    def forward(self, x):
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}"
        )


class LocalResponseNorm(Module):
    """Divide by a power of the mean of squares over nearby channels.

    :func:`minitorch.nn.functional.local_response_norm` has the formula.

    Parameters
    ----------
    size : int
        Channels of the window around each.
    alpha, beta, k : float
        The constants of the formula (defaults 1e-4, 0.75, 1).

    Notes
    -----
    Shape: input and output (N, C, *) with at least three dimensions.
    """

    __constants__ = ["size", "alpha", "beta", "k"]

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input):
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self):
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
