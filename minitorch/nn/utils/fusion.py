"""BatchNorm folded into the convolution or linear layer before it, for evaluation."""

import copy
from collections import Counter

from minitorch._ops.creation import ones_like, zeros_like
from minitorch.autograd.grad_mode import no_grad
from minitorch.nn._fused import is_plain
from minitorch.nn.modules.batchnorm import BatchNorm2d
from minitorch.nn.modules.container import Sequential
from minitorch.nn.modules.conv import Conv2d
from minitorch.nn.modules.linear import Identity
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter

__all__ = [
    "fuse_conv_bn",
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose=False):
    """Weight and bias of the convolution that does the work of a normalisation as well.

    Parameters
    ----------
    conv_w : Tensor
        (out_channels, ...); with `transpose` (in_channels, out_channels, ...).
    conv_b : Tensor or None
    bn_rm, bn_rv : Tensor
        Running mean and variance, (out_channels).
    bn_eps : float
    bn_w, bn_b : Tensor or None
        Weight and bias of the normalisation; None is 1 and 0.
    transpose : bool
        Whether the weight is a transposed convolution's.

    Returns
    -------
    (Parameter, Parameter)
        ``conv_w * s`` and ``(conv_b - bn_rm) * s + bn_b`` with ``s = bn_w / sqrt(bn_rv + bn_eps)``,
        computed in float64 and rounded once, in the dtype and memory format of `conv_w`.
    """
    with no_grad():
        mean, var = bn_rm.double(), bn_rv.double()
        weight = ones_like(mean) if bn_w is None else bn_w.double()
        shift = zeros_like(mean) if bn_b is None else bn_b.double()
        bias = zeros_like(mean) if conv_b is None else conv_b.double()
        scale = weight / (var + bn_eps).sqrt()
        column = [1] * conv_w.dim()
        column[1 if transpose else 0] = -1
        fused_w = (conv_w.double() * scale.reshape(column)).to(conv_w.dtype)
        fused_b = ((bias - mean) * scale + shift).to((conv_w if conv_b is None else conv_b).dtype)
    return (
        Parameter(fused_w, conv_w.requires_grad),
        Parameter(fused_b, conv_b is not None and conv_b.requires_grad),
    )


def fuse_conv_bn_eval(conv, bn, transpose=False):
    """A new convolution that computes ``bn(conv(x))``.

    Parameters
    ----------
    conv : Conv2d
    bn : BatchNorm2d
        Both in evaluation mode; neither is changed.
    transpose : bool
        See :func:`fuse_conv_bn_weights`.

    Raises
    ------
    AssertionError
        If one of them is in training mode, or the normalisation has no running statistics.
    """
    if conv.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias,
        transpose,
    )
    return fused


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """Weight and bias of the linear layer that does the work of a normalisation as well.

    Parameters
    ----------
    linear_w : Tensor
        (out_features, in_features).
    linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b
        See :func:`fuse_conv_bn_weights`; statistics of one feature serve all.

    Returns
    -------
    (Parameter, Parameter)
        As of :func:`fuse_conv_bn_weights`.
    """
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def fuse_linear_bn_eval(linear, bn):
    """A new linear layer that computes ``bn(linear(x))``.

    Parameters
    ----------
    linear : Linear
    bn : BatchNorm1d
        Both in evaluation mode; neither is changed. It has as many features, or one for all.

    Raises
    ------
    AssertionError
        If one of them is in training mode, the features differ, or the normalisation has no
        running statistics.
    """
    if linear.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.num_features not in (linear.out_features, 1):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_conv_bn(model):
    """A copy of a model whose convolutions do the work of the BatchNorms behind them.

    A ``BatchNorm2d`` becomes an ``Identity`` and its convolution gets other weights and a bias.
    That happens where it is known that the outcome of the convolution goes to the normalisation
    and nowhere else:

    * neighbours in a :class:`Sequential`, which is taken to be called as a whole;
    * the blocks and the stem of ``minitorch.models.ResNet``. A class of your own can say the same
      of itself: ``_conv_norm_pairs = (("conv1", "bn1"), ...)`` in its body, names of attributes.
      It holds for that class and not for its subclasses, whose forward may be another.

    All else stays as it is: subclasses of the two layers, layers with hooks, replaced methods,
    layers that stand in several places, normalisations without running statistics.

    Parameters
    ----------
    model : Module
        In evaluation mode; it is not changed.

    Returns
    -------
    Module
        In evaluation mode. Its outcomes differ from the model's by rounding, its state_dict is
        another one.

    Raises
    ------
    TypeError
        If `model` is no Module.
    AssertionError
        If a module is in training mode.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU())
    >>> nn.utils.fuse_conv_bn(net.eval())
    Sequential(
      (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
      (1): Identity()
      (2): ReLU()
    )
    """
    if not isinstance(model, Module):
        raise TypeError(f"fuse_conv_bn: model must be a Module, got {type(model).__name__}")
    for name, module in model.named_modules():
        if module.training:
            raise AssertionError(
                f"Fusion only for eval! {name or 'The model'} is in training mode; call eval()"
            )
    fused = copy.deepcopy(model)
    places = Counter(
        id(child) for module in fused.modules() for child in module._modules.values()
    )
    for module in list(fused.modules()):
        for conv_name, norm_name in _pairs_of(module):
            conv, norm = module._modules.get(conv_name), module._modules.get(norm_name)
            if _can_fold(conv, norm) and places[id(conv)] == places[id(norm)] == 1:
                module._modules[conv_name] = fuse_conv_bn_eval(conv, norm)
                module._modules[norm_name] = Identity().eval()
    return fused


def _pairs_of(module):
    """Names of children of which the second is called on the outcome of the first, and only so."""
    kind = type(module)
    if any(name in kind.__dict__ for name in vars(module)):
        return ()  # a method, perhaps forward, was replaced on the instance
    if "_conv_norm_pairs" in kind.__dict__:
        return kind._conv_norm_pairs
    if isinstance(module, Sequential) and kind.forward is Sequential.forward:
        names = list(module._modules)
        return zip(names, names[1:], strict=False)
    return ()


def _can_fold(conv, norm):
    return (
        is_plain(conv, Conv2d)
        and is_plain(norm, BatchNorm2d)
        and norm.running_mean is not None
        and norm.running_var is not None
        and conv.out_channels == norm.num_features
    )
