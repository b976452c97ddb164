"""Groups of convolution, normalisation and ReLU: computed as one, and called one by one."""

import copy

import numpy as np

import minitorch as torch
from minitorch import nn
from minitorch.nn._fused import conv_norm_act

LAST = torch.channels_last


def separate(x, conv, norm, act=None, residual=None, through=None):
    out = norm(conv(x))
    if residual is not None:
        out += residual if through is None else through(residual)
    return out if act is None else act(out)


def randomize(module):
    """Give the normalisations values that matter."""
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            with torch.no_grad():
                for tensor in (norm.running_mean, norm.weight, norm.bias):
                    if tensor is not None:
                        tensor.normal_()
                if norm.running_var is not None:
                    norm.running_var.uniform_(0.5, 2)
    return module


class Group(nn.Module):
    """One group of modules, computed as one or one by one."""

    def __init__(self, inplace=True, through=False, dtype=torch.float64, **options):
        super().__init__()
        self.conv = nn.Conv2d(6, 6, 3, padding=1, bias=options.pop("conv_bias", False))
        self.norm = nn.BatchNorm2d(6, **options)
        self.act = nn.ReLU(inplace)
        self.through = nn.Sequential(nn.Conv2d(6, 6, 1), nn.BatchNorm2d(6)) if through else None
        randomize(self).to(dtype)
        self.call = conv_norm_act

    def forward(self, x, residual=None):
        return self.call(x, self.conv, self.norm, self.act, residual, self.through)


def pair(**options):
    """The same group twice, fused and separate."""
    torch.manual_seed(3)
    fused = Group(**options)
    plain = copy.deepcopy(fused)
    plain.call = separate
    return fused, plain


def image(seed, memory_format=LAST, dtype=torch.float64, size=(3, 6, 5, 4)):
    values = np.random.default_rng(seed).standard_normal(size)
    return torch.tensor(values, dtype=dtype).contiguous(memory_format=memory_format)


def same(a, b):
    np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    assert a.stride() == b.stride() and a.dtype == b.dtype
    assert a.requires_grad == b.requires_grad and a.is_leaf == b.is_leaf


def same_state(fused, plain):
    for name, value in fused.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), plain.state_dict()[name].numpy())


RESIDUALS = {
    "none": None,
    "same layout": lambda dtype: image(1, LAST, dtype),
    "other layout": lambda dtype: image(1, torch.contiguous_format, dtype),
    "broadcast": lambda dtype: image(1, torch.contiguous_format, dtype)[:1, :, :1],
}
