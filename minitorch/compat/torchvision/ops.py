"""``torchvision.ops``: the layers that its classification models are built of.

Operations on boxes and regions are not here.
"""

import minitorch
from minitorch import nn

__all__ = ["MLP", "Conv2dNormActivation", "Conv3dNormActivation", "ConvNormActivation",
           "FrozenBatchNorm2d", "Permute", "SqueezeExcitation", "StochasticDepth",
           "stochastic_depth"]


class ConvNormActivation(nn.Sequential):
    """Convolution, then the normalisation and the activation that are given.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, groups, dilation
        Of the convolution; `padding` None keeps the size for stride 1 and odd kernels.
    norm_layer, activation_layer : callable or None
        Made with the channels, and with `inplace`.
    inplace : bool or None
        None calls `activation_layer` without the argument.
    bias : bool, optional
        Default: only without normalisation.
    conv_layer : type
    """

    def __init__(self, in_channels, out_channels, kernel_size=3, stride=1, padding=None, groups=1,
                 norm_layer=nn.BatchNorm2d, activation_layer=nn.ReLU, dilation=1, inplace=True,
                 bias=None, conv_layer=nn.Conv2d):
        if padding is None:
            padding = _same_padding(kernel_size, dilation)
        bias = norm_layer is None if bias is None else bias
        layers = [conv_layer(in_channels, out_channels, kernel_size, stride, padding,
                             dilation=dilation, groups=groups, bias=bias)]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer(**_inplace(inplace)))
        super().__init__(*layers)
        self.out_channels = out_channels


def _same_padding(kernel_size, dilation):
    if isinstance(kernel_size, int) and isinstance(dilation, int):
        return (kernel_size - 1) // 2 * dilation
    count = len(kernel_size) if isinstance(kernel_size, tuple | list) else len(dilation)
    sizes = (kernel_size,) * count if isinstance(kernel_size, int) else kernel_size
    steps = (dilation,) * count if isinstance(dilation, int) else dilation
    return tuple((size - 1) // 2 * step for size, step in zip(sizes, steps, strict=True))


def _inplace(inplace):
    return {} if inplace is None else {"inplace": inplace}


class Conv2dNormActivation(ConvNormActivation):
    """`ConvNormActivation` of images."""


class Conv3dNormActivation(ConvNormActivation):
    """`ConvNormActivation` of volumes."""

    def __init__(self, in_channels, out_channels, kernel_size=3, stride=1, padding=None, groups=1,
                 norm_layer=None, activation_layer=nn.ReLU, dilation=1, inplace=True, bias=None):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, groups,
                         nn.BatchNorm3d if norm_layer is None else norm_layer, activation_layer,
                         dilation, inplace, bias, nn.Conv3d)


class SqueezeExcitation(nn.Module):
    """Scale channels by a gate that sees their means (Hu et al., arXiv:1709.01507).

    Parameters
    ----------
    input_channels, squeeze_channels : int
    activation, scale_activation : callable
        Make the activations behind the two 1x1 convolutions.
    """

    def __init__(self, input_channels, squeeze_channels, activation=nn.ReLU,
                 scale_activation=nn.Sigmoid):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def _scale(self, input):
        gate = self.activation(self.fc1(self.avgpool(input)))
        return self.scale_activation(self.fc2(gate))

    def forward(self, input):
        """(N, C, H, W) to the same."""
        return self._scale(input) * input


class MLP(nn.Sequential):
    """Linear layers with normalisation, activation and dropout between them.

    Parameters
    ----------
    in_channels : int
    hidden_channels : list of int
        The last is the output's.
    norm_layer, activation_layer : callable or None
    inplace : bool or None
    bias : bool
    dropout : float
    """

    def __init__(self, in_channels, hidden_channels, norm_layer=None, activation_layer=nn.ReLU,
                 inplace=None, bias=True, dropout=0.0):
        layers, width = [], in_channels
        for channels in hidden_channels[:-1]:
            layers.append(nn.Linear(width, channels, bias=bias))
            if norm_layer is not None:
                layers.append(norm_layer(channels))
            layers.append(activation_layer(**_inplace(inplace)))
            layers.append(nn.Dropout(dropout, **_inplace(inplace)))
            width = channels
        layers.append(nn.Linear(width, hidden_channels[-1], bias=bias))
        layers.append(nn.Dropout(dropout, **_inplace(inplace)))
        super().__init__(*layers)


class Permute(nn.Module):
    """``x.permute(dims)``."""

    def __init__(self, dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        """The view with its axes in the order `dims`."""
        return x.permute(*self.dims)


def stochastic_depth(input, p, mode, training=True):
    """Drop whole samples, or the whole batch (Huang et al., arXiv:1603.09382).

    Parameters
    ----------
    input : Tensor
        (N, ...).
    p : float
        Probability of zero; what is kept is divided by 1 - p.
    mode : {"row", "batch"}
    training : bool
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}")
    if mode not in ("batch", "row"):
        raise ValueError(f"mode has to be either 'batch' or 'row', but got {mode}")
    if not training or p == 0.0:
        return input
    kept = 1.0 - p
    rows = input.shape[0] if mode == "row" else 1
    noise = minitorch.empty([rows] + [1] * (input.ndim - 1), dtype=input.dtype).bernoulli_(kept)
    return input * (noise.div_(kept) if kept > 0.0 else noise)


class StochasticDepth(nn.Module):
    """`stochastic_depth` in training, the identity in evaluation."""

    def __init__(self, p, mode):
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input):
        """The input, or zeros in place of some of it."""
        return stochastic_depth(input, self.p, self.mode, self.training)

    def extra_repr(self):
        """Text within the parentheses of the repr."""
        return f"p={self.p}, mode={self.mode}"

    def __repr__(self):
        return f"{type(self).__name__}({self.extra_repr()})"


class FrozenBatchNorm2d(nn.Module):
    """Batch normalisation whose statistics and weights are buffers that never change.

    Parameters
    ----------
    num_features : int
    eps : float
    """

    def __init__(self, num_features, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", minitorch.ones(num_features))
        self.register_buffer("bias", minitorch.zeros(num_features))
        self.register_buffer("running_mean", minitorch.zeros(num_features))
        self.register_buffer("running_var", minitorch.ones(num_features))

    def _load_from_state_dict(self, state_dict, prefix, *args):
        state_dict.pop(prefix + "num_batches_tracked", None)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def forward(self, x):
        """(N, C, H, W) to the same."""
        def channels(values):
            return values.reshape(1, -1, 1, 1)

        scale = channels(self.weight) * (channels(self.running_var) + self.eps).rsqrt()
        return x * scale + (channels(self.bias) - channels(self.running_mean) * scale)

    def __repr__(self):
        return f"{type(self).__name__}({self.weight.shape[0]}, eps={self.eps})"
