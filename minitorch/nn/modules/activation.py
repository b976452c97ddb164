"""Nonlinearities and the softmax family as modules; ``nn.functional`` has the formulas."""

import warnings

from minitorch._ops.creation import empty
from minitorch.nn import functional as F
from minitorch.nn import init as _init
from minitorch.nn.modules.attention import MultiheadAttention  # noqa: F401  PyTorch's place
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class _Inplace(Module):
    """A nonlinearity whose only option is to overwrite its input."""

    __constants__ = ["inplace"]

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def extra_repr(self):
        return "inplace=True" if self.inplace else ""


class ReLU(_Inplace):
    """``max(x, 0)``, elementwise.

    Parameters
    ----------
    inplace : bool
        Overwrite the input (default False).
    """

    def forward(self, input):
        return F.relu(input, inplace=self.inplace)


class SiLU(_Inplace):
    """``x * sigmoid(x)``, elementwise; `inplace` as in :class:`ReLU`."""

    def forward(self, input):
        return F.silu(input, inplace=self.inplace)


class Mish(_Inplace):
    """``x * tanh(softplus(x))``, elementwise; `inplace` as in :class:`ReLU`."""

    def forward(self, input):
        return F.mish(input, inplace=self.inplace)


class SELU(_Inplace):
    """elu with the constants of self-normalising networks; `inplace` as in :class:`ReLU`."""

    def forward(self, input):
        return F.selu(input, self.inplace)


class Hardswish(_Inplace):
    """``x * relu6(x + 3) / 6``, elementwise; `inplace` as in :class:`ReLU`."""

    def forward(self, input):
        return F.hardswish(input, self.inplace)

    def extra_repr(self):
        return ""  # PyTorch does not show the option here


class Hardsigmoid(_Inplace):
    """``relu6(x + 3) / 6``, elementwise; `inplace` as in :class:`ReLU`."""

    def forward(self, input):
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self):
        return ""


class _Shaped(Module):
    """A nonlinearity with numbers for its shape, named in `shape_names`, and perhaps `inplace`."""

    shape_names = ()

    def extra_repr(self):
        words = [f"{name}={getattr(self, name)}" for name in self.shape_names]
        if getattr(self, "inplace", False):
            words.append("inplace=True")
        return ", ".join(words)


class Threshold(_Shaped):
    """``x`` where it is above a threshold, else a value.

    Parameters
    ----------
    threshold, value : float
        The bound, and what takes the place of entries that do not exceed it.
    inplace : bool
        Overwrite the input (default False).
    """

    __constants__ = ["threshold", "value", "inplace"]
    shape_names = ("threshold", "value")

    def __init__(self, threshold, value, inplace=False):
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input):
        return F.threshold(input, self.threshold, self.value, self.inplace)


class Hardtanh(_Shaped):
    """Each entry limited to [min_val, max_val].

    Parameters
    ----------
    min_val, max_val : float
        The bounds (default -1 and 1).
    inplace : bool
        Overwrite the input (default False).
    min_value, max_value : float, optional
        Deprecated names of the bounds; they warn.

    Raises
    ------
    AssertionError
        If the upper bound is not above the lower, as in PyTorch.
    """

    __constants__ = ["min_val", "max_val", "inplace"]
    shape_names = ("min_val", "max_val")

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None):
        super().__init__()
        for old, value in (("min", min_value), ("max", max_value)):
            if value is not None:
                warnings.warn(
                    f"keyword argument `{old}_value` is deprecated and renamed to `{old}_val`",
                    FutureWarning,
                    stacklevel=2,
                )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise AssertionError(
                f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})"
            )

    def forward(self, input):
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(Hardtanh):
    """``min(max(x, 0), 6)``, elementwise; `inplace` as in :class:`ReLU`."""

    shape_names = ()

    def __init__(self, inplace=False):
        super().__init__(0.0, 6.0, inplace)


class LeakyReLU(_Shaped):
    """``x`` where it is positive, else ``negative_slope * x``.

    Parameters
    ----------
    negative_slope : float
        The slope below 0 (default 0.01).
    inplace : bool
        Overwrite the input (default False).
    """

    __constants__ = ["inplace", "negative_slope"]
    shape_names = ("negative_slope",)

    def __init__(self, negative_slope=0.01, inplace=False):
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input):
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class RReLU(_Shaped):
    """:class:`LeakyReLU` with slopes drawn anew for each entry in training.

    Parameters
    ----------
    lower, upper : float
        Bounds of the uniform slopes (default 1/8 and 1/3); in evaluation their mean is taken.
    inplace : bool
        Overwrite the input (default False).
    """

    __constants__ = ["lower", "upper", "inplace"]
    shape_names = ("lower", "upper")

    def __init__(self, lower=1.0 / 8, upper=1.0 / 3, inplace=False):
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input):
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class PReLU(_Shaped):
    """:class:`LeakyReLU` with a learned slope, for all channels or for each.

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels, which are dimension 1 of the input.
    init : float
        What the slopes start from (default 0.25).
    device, dtype : optional
        Of the parameter.

    Notes
    -----
    Shape: input and output (N, C, *); weight (num_parameters).
    """

    __constants__ = ["num_parameters"]
    shape_names = ("num_parameters",)

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self):
        """Set the slopes to `init`."""
        _init.constant_(self.weight, self.init)

    def forward(self, input):
        return F.prelu(input, self.weight)


class ELU(_Shaped):
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)``.

    Parameters
    ----------
    alpha : float
        The negative of the lower limit (default 1).
    inplace : bool
        Overwrite the input (default False).
    """

    __constants__ = ["alpha", "inplace"]
    shape_names = ("alpha",)

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input):
        return F.elu(input, self.alpha, self.inplace)


class CELU(ELU):
    """``x`` where it is positive, else ``alpha * (exp(x / alpha) - 1)``; as :class:`ELU`."""

    def forward(self, input):
        return F.celu(input, self.alpha, self.inplace)


class Softplus(_Shaped):
    """``log(1 + exp(beta * x)) / beta``; ``x`` itself where ``beta * x`` exceeds `threshold`."""

    __constants__ = ["beta", "threshold"]
    shape_names = ("beta", "threshold")

    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input):
        return F.softplus(input, self.beta, self.threshold)


class Hardshrink(Module):
    """``x`` outside [-lambd, lambd], else 0."""

    __constants__ = ["lambd"]

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = lambd

    def forward(self, input):
        return F.hardshrink(input, self.lambd)

    def extra_repr(self):
        return str(self.lambd)


class Softshrink(Hardshrink):
    """``x`` moved towards 0 by `lambd`; 0 within [-lambd, lambd]."""

    def forward(self, input):
        return F.softshrink(input, self.lambd)


class GELU(Module):
    """``x * Phi(x)`` with the normal distribution function, elementwise.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        "tanh" takes the usual approximation.
    """

    __constants__ = ["approximate"]

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self):
        return f"approximate={self.approximate!r}"


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``, elementwise."""

    def forward(self, input):
        return F.sigmoid(input)


class Tanh(Module):
    """Hyperbolic tangent, elementwise."""

    def forward(self, input):
        return F.tanh(input)


class LogSigmoid(Module):
    """``log(sigmoid(x))``, elementwise."""

    def forward(self, input):
        return F.logsigmoid(input)


class Softsign(Module):
    """``x / (1 + |x|)``, elementwise."""

    def forward(self, input):
        return F.softsign(input)


class Tanhshrink(Module):
    """``x - tanh(x)``, elementwise."""

    def forward(self, input):
        return F.tanhshrink(input)


class GLU(_Shaped):
    """The first half along `dim` times the sigmoid of the second."""

    __constants__ = ["dim"]
    shape_names = ("dim",)

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        return F.glu(input, self.dim)


class Softmax(_Shaped):
    """``exp(x) / sum(exp(x))`` along `dim`; leaving `dim` out is deprecated and warns."""

    __constants__ = ["dim"]
    shape_names = ("dim",)

    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        return F.softmax(input, self.dim, _stacklevel=5)


class LogSoftmax(Softmax):
    """``log(softmax(x))`` along `dim`; leaving `dim` out is deprecated and warns."""

    def forward(self, input):
        return F.log_softmax(input, self.dim, _stacklevel=5)


class Softmin(Softmax):
    """``softmax(-x)`` along `dim`; leaving `dim` out is deprecated and warns."""

    def forward(self, input):
        return F.softmin(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """``softmax`` over the channels of an (N, C, H, W) or (C, H, W) input.

    Raises
    ------
    ValueError
        For another number of dimensions.
    """

    def forward(self, input):
        if input.dim() not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead"
            )
        return F.softmax(input, -3, _stacklevel=5)
