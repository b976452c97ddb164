"""Residual networks (He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385).

Module names, parameter names, their order and the initial values for a given seed are those of
torchvision, so its checkpoints load as they are.
"""

import minitorch
from minitorch import nn
from minitorch.models._registry import register
from minitorch.models._resnet_weights import (
    ResNet18_Weights,
    ResNet34_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNet152_Weights,
    ResNeXt50_32X4D_Weights,
    ResNeXt101_32X8D_Weights,
    ResNeXt101_64X4D_Weights,
    Wide_ResNet50_2_Weights,
    Wide_ResNet101_2_Weights,
)
from minitorch.nn._fused import conv_norm_act

__all__ = [
    "BasicBlock",
    "Bottleneck",
    "ResNet",
    "ResNet18_Weights",
    "ResNet34_Weights",
    "ResNet50_Weights",
    "ResNet101_Weights",
    "ResNet152_Weights",
    "ResNeXt50_32X4D_Weights",
    "ResNeXt101_32X8D_Weights",
    "ResNeXt101_64X4D_Weights",
    "Wide_ResNet50_2_Weights",
    "Wide_ResNet101_2_Weights",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
]


def conv3x3(in_planes, out_planes, stride=1, groups=1, dilation=1):
    """3x3 convolution whose padding keeps the size (at stride 1)."""
    return nn.Conv2d(
        in_planes,
        out_planes,
        kernel_size=3,
        stride=stride,
        padding=dilation,
        groups=groups,
        bias=False,
        dilation=dilation,
    )


def conv1x1(in_planes, out_planes, stride=1):
    """1x1 convolution."""
    return nn.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut: ``relu(bn(conv(relu(bn(conv(x))))) + shortcut(x))``.

    Parameters
    ----------
    inplanes, planes : int
        Channels in and out.
    stride : int
        Of the first convolution.
    downsample : nn.Module, optional
        What brings the shortcut to the output's shape.
    groups, base_width, dilation : int
        Only 1, 64 and 1: there for :class:`Bottleneck`'s sake.
    norm_layer : callable, optional
        ``norm_layer(channels)``; default :class:`nn.BatchNorm2d`.

    Shape
    -----
    (N, inplanes, H, W) -> (N, planes, ceil(H / stride), ceil(W / stride))
    """

    expansion = 1
    _conv_norm_pairs = (("conv1", "bn1"), ("conv2", "bn2"))  # for nn.utils.fuse_conv_bn

    def __init__(
        self,
        inplanes,
        planes,
        stride=1,
        downsample=None,
        groups=1,
        base_width=64,
        dilation=1,
        norm_layer=None,
    ):
        super().__init__()
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        norm = norm_layer or nn.BatchNorm2d
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x):
        """Apply the block to ``x`` of shape (N, inplanes, H, W)."""
        out = conv_norm_act(x, self.conv1, self.bn1, self.relu)
        return conv_norm_act(out, self.conv2, self.bn2, self.relu, x, self.downsample)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions and a shortcut.

    The stride sits on the 3x3 convolution, as in torchvision (ResNet v1.5), not on the first 1x1
    as in the paper: the 1x1 would throw three quarters of its input away.

    Parameters
    ----------
    inplanes : int
        Channels in.
    planes : int
        A quarter of the channels out.
    stride : int
    downsample : nn.Module, optional
    groups : int
        Of the 3x3 convolution (ResNeXt).
    base_width : int
        The 3x3 convolution has ``int(planes * base_width / 64) * groups`` channels.
    dilation : int
        Of the 3x3 convolution.
    norm_layer : callable, optional
    """

    expansion = 4
    _conv_norm_pairs = (("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3"))

    def __init__(
        self,
        inplanes,
        planes,
        stride=1,
        downsample=None,
        groups=1,
        base_width=64,
        dilation=1,
        norm_layer=None,
    ):
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x):
        """Apply the block to ``x`` of shape (N, inplanes, H, W)."""
        out = conv_norm_act(x, self.conv1, self.bn1, self.relu)
        out = conv_norm_act(out, self.conv2, self.bn2, self.relu)
        return conv_norm_act(out, self.conv3, self.bn3, self.relu, x, self.downsample)


class ResNet(nn.Module):
    """A residual network for classification.

    Parameters
    ----------
    block : type
        :class:`BasicBlock` or :class:`Bottleneck`.
    layers : sequence of 4 int
        Blocks in each stage.
    num_classes : int
    zero_init_residual : bool
        Start the last normalisation of each block at zero, so that a block begins as the
        identity (Goyal et al., arXiv:1706.02677).
    groups, width_per_group : int
        See :class:`Bottleneck`.
    replace_stride_with_dilation : sequence of 3 bool, optional
        For stages 2 to 4: dilate instead of striding.
    norm_layer : callable, optional
        ``norm_layer(channels)``; default :class:`nn.BatchNorm2d`.
    memory_format : minitorch.memory_format, optional
        Layout of the convolution weights: ``channels_last`` (the default) or
        ``contiguous_format``.

    Raises
    ------
    ValueError
        ``replace_stride_with_dilation`` has not 3 elements, or ``memory_format`` is another.

    Shape
    -----
    (N, 3, H, W) -> (N, num_classes), floating point. In training mode the last feature map must
    hold more than one value per channel: N > 1, or H or W above 32.

    Notes
    -----
    Convolution weights are stored channels_last, so that by PyTorch's own layout rule the whole
    network runs in the layout the kernels are fastest in. Shapes, values, ``state_dict`` and the
    results do not depend on it; only ``weight.stride()`` differs from PyTorch's, and
    ``memory_format=minitorch.contiguous_format`` gives that too.
    """

    _conv_norm_pairs = (("conv1", "bn1"),)

    def __init__(
        self,
        block,
        layers,
        num_classes=1000,
        zero_init_residual=False,
        groups=1,
        width_per_group=64,
        replace_stride_with_dilation=None,
        norm_layer=None,
        *,
        memory_format=None,
    ):
        super().__init__()
        dilate = replace_stride_with_dilation
        if dilate is None:
            dilate = [False, False, False]
        if len(dilate) != 3:
            raise ValueError(
                "replace_stride_with_dilation should be None "
                f"or a 3-element tuple, got {replace_stride_with_dilation}"
            )
        if memory_format is None:
            memory_format = minitorch.channels_last
        if memory_format not in (minitorch.channels_last, minitorch.contiguous_format):
            raise ValueError(
                "ResNet: memory_format should be channels_last or contiguous_format, "
                f"got {memory_format}"
            )
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm_layer(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], stride=2, dilate=dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], stride=2, dilate=dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], stride=2, dilate=dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)

        self._init_weights(zero_init_residual)
        self._convert_convolutions(memory_format)

    def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
        """One stage: ``blocks`` blocks, of which the first strides (or dilates the rest)."""
        norm_layer = self._norm_layer
        first_dilation = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = nn.Sequential(
                conv1x1(self.inplanes, planes * block.expansion, stride),
                norm_layer(planes * block.expansion),
            )
        stage = [
            block(
                self.inplanes,
                planes,
                stride,
                downsample,
                self.groups,
                self.base_width,
                first_dilation,
                norm_layer,
            )
        ]
        self.inplanes = planes * block.expansion
        for _ in range(1, blocks):
            stage.append(
                block(
                    self.inplanes,
                    planes,
                    groups=self.groups,
                    base_width=self.base_width,
                    dilation=self.dilation,
                    norm_layer=norm_layer,
                )
            )
        return nn.Sequential(*stage)

    def _init_weights(self, zero_init_residual):
        """Draw the initial values, in torchvision's order: the same seed gives the same net."""
        norms = tuple(getattr(nn, n) for n in ("BatchNorm2d", "GroupNorm") if hasattr(nn, n))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, norms) and module.weight is not None:
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
        if not zero_init_residual:
            return
        for module in self.modules():
            if isinstance(module, Bottleneck) and module.bn3.weight is not None:
                nn.init.constant_(module.bn3.weight, 0)
            elif isinstance(module, BasicBlock) and module.bn2.weight is not None:
                nn.init.constant_(module.bn2.weight, 0)

    def _convert_convolutions(self, memory_format):
        """Store the convolution weights in this layout. After the draw, which is in logical order.

        A fresh Parameter under the old name: nobody has seen the old one yet.
        """
        if memory_format == minitorch.contiguous_format:
            return
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                weight = module.weight.detach().contiguous(memory_format=memory_format)
                module.weight = nn.Parameter(weight)

    def _forward_impl(self, x):
        x = self.maxpool(conv_norm_act(x, self.conv1, self.bn1, self.relu))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(minitorch.flatten(self.avgpool(x), 1))

    def forward(self, x):
        """Scores (N, num_classes) of images (N, 3, H, W)."""
        return self._forward_impl(x)


def _set(kwargs, name, value):
    """Fix an argument; another value from the caller is an error."""
    if kwargs.setdefault(name, value) != value:
        raise ValueError(
            f"The parameter '{name}' expected value {value} but got {kwargs[name]} instead."
        )


def _resnet(block, layers, weights, progress, kwargs):
    if weights is not None:
        _set(kwargs, "num_classes", len(weights.meta["categories"]))
    model = ResNet(block, layers, **kwargs)
    if weights is not None:
        model.load_state_dict(weights.get_state_dict(progress=progress, check_hash=True))
    return model


@register(ResNet18_Weights, legacy=ResNet18_Weights.IMAGENET1K_V1)
def resnet18(*, weights=None, progress=True, **kwargs):
    """ResNet-18.

    Parameters
    ----------
    weights : ResNet18_Weights or str, optional
        Pretrained weights, a member or its name (``"DEFAULT"``, ``"IMAGENET1K_V1"``); default:
        random initial values.
    progress : bool
        Show a bar on stderr if the weights have to be downloaded.
    **kwargs
        For :class:`ResNet`: ``num_classes``, ``memory_format``, ... The convolution weights are
        stored channels_last; see there.

    Raises
    ------
    ValueError
        ``num_classes`` is given with weights and is not theirs (1000).
    KeyError, TypeError
        ``weights`` is no member's name, or of another type.
    DownloadError
        The weights are not cached and cannot be downloaded.
    """
    weights = ResNet18_Weights.verify(weights)
    return _resnet(BasicBlock, [2, 2, 2, 2], weights, progress, kwargs)


@register(ResNet34_Weights, legacy=ResNet34_Weights.IMAGENET1K_V1)
def resnet34(*, weights=None, progress=True, **kwargs):
    """ResNet-34; arguments as for :func:`resnet18`."""
    weights = ResNet34_Weights.verify(weights)
    return _resnet(BasicBlock, [3, 4, 6, 3], weights, progress, kwargs)


@register(ResNet50_Weights, legacy=ResNet50_Weights.IMAGENET1K_V1)
def resnet50(*, weights=None, progress=True, **kwargs):
    """ResNet-50 (v1.5); arguments as for :func:`resnet18`."""
    weights = ResNet50_Weights.verify(weights)
    return _resnet(Bottleneck, [3, 4, 6, 3], weights, progress, kwargs)


@register(ResNet101_Weights, legacy=ResNet101_Weights.IMAGENET1K_V1)
def resnet101(*, weights=None, progress=True, **kwargs):
    """ResNet-101 (v1.5); arguments as for :func:`resnet18`."""
    weights = ResNet101_Weights.verify(weights)
    return _resnet(Bottleneck, [3, 4, 23, 3], weights, progress, kwargs)


@register(ResNet152_Weights, legacy=ResNet152_Weights.IMAGENET1K_V1)
def resnet152(*, weights=None, progress=True, **kwargs):
    """ResNet-152 (v1.5); arguments as for :func:`resnet18`."""
    weights = ResNet152_Weights.verify(weights)
    return _resnet(Bottleneck, [3, 8, 36, 3], weights, progress, kwargs)


@register(ResNeXt50_32X4D_Weights, legacy=ResNeXt50_32X4D_Weights.IMAGENET1K_V1)
def resnext50_32x4d(*, weights=None, progress=True, **kwargs):
    """ResNeXt-50 32x4d (Xie et al., arXiv:1611.05431); arguments as for :func:`resnet18`."""
    weights = ResNeXt50_32X4D_Weights.verify(weights)
    _set(kwargs, "groups", 32)
    _set(kwargs, "width_per_group", 4)
    return _resnet(Bottleneck, [3, 4, 6, 3], weights, progress, kwargs)


@register(ResNeXt101_32X8D_Weights, legacy=ResNeXt101_32X8D_Weights.IMAGENET1K_V1)
def resnext101_32x8d(*, weights=None, progress=True, **kwargs):
    """ResNeXt-101 32x8d; arguments as for :func:`resnet18`."""
    weights = ResNeXt101_32X8D_Weights.verify(weights)
    _set(kwargs, "groups", 32)
    _set(kwargs, "width_per_group", 8)
    return _resnet(Bottleneck, [3, 4, 23, 3], weights, progress, kwargs)


@register(ResNeXt101_64X4D_Weights, legacy=ResNeXt101_64X4D_Weights.IMAGENET1K_V1)
def resnext101_64x4d(*, weights=None, progress=True, **kwargs):
    """ResNeXt-101 64x4d; arguments as for :func:`resnet18`."""
    weights = ResNeXt101_64X4D_Weights.verify(weights)
    _set(kwargs, "groups", 64)
    _set(kwargs, "width_per_group", 4)
    return _resnet(Bottleneck, [3, 4, 23, 3], weights, progress, kwargs)


@register(Wide_ResNet50_2_Weights, legacy=Wide_ResNet50_2_Weights.IMAGENET1K_V1)
def wide_resnet50_2(*, weights=None, progress=True, **kwargs):
    """Wide ResNet-50-2 (Zagoruyko, Komodakis, arXiv:1605.07146); as :func:`resnet18`."""
    weights = Wide_ResNet50_2_Weights.verify(weights)
    _set(kwargs, "width_per_group", 128)
    return _resnet(Bottleneck, [3, 4, 6, 3], weights, progress, kwargs)


@register(Wide_ResNet101_2_Weights, legacy=Wide_ResNet101_2_Weights.IMAGENET1K_V1)
def wide_resnet101_2(*, weights=None, progress=True, **kwargs):
    """Wide ResNet-101-2; arguments as for :func:`resnet18`."""
    weights = Wide_ResNet101_2_Weights.verify(weights)
    _set(kwargs, "width_per_group", 128)
    return _resnet(Bottleneck, [3, 4, 23, 3], weights, progress, kwargs)
