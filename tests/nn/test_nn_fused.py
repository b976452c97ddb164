"""Convolution, normalisation, sum and ReLU as one call: its values, and who could see it.

The reference is everywhere the modules called one after the other.
"""

import copy

import numpy as np
import pytest
from fused_groups import LAST, RESIDUALS, Group, image, pair, randomize, same, same_state, separate

import minitorch as torch
from minitorch import nn
from minitorch.models.resnet import BasicBlock, Bottleneck, resnet18
from minitorch.nn import functional as F
from minitorch.nn._fused import conv_norm_act, fusible
from minitorch.nn.modules import module as module_hooks


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("residual", RESIDUALS.values(), ids=RESIDUALS)
@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("memory_format", [LAST, torch.contiguous_format])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_same_bits_without_graph(dtype, memory_format, inplace, residual, training):
    fused, plain = pair(inplace=inplace, dtype=dtype)
    x = image(0, memory_format, dtype)
    shortcut = None if residual is None else residual(dtype)
    kept = x.clone(), None if shortcut is None else shortcut.clone()
    outs = []
    for group in (fused, plain):
        group.train(training)
        with torch.no_grad():
            assert fusible(x, group.conv, group.norm, group.act)
            outs.append(group(x, shortcut))
    same(*outs)
    assert outs[0]._version == outs[1]._version
    same_state(fused, plain)
    for value, before in zip((x, shortcut), kept, strict=True):
        assert value is None or torch.equal(value, before)


@pytest.mark.parametrize("options", [
    dict(conv_bias=True), dict(affine=False), dict(momentum=None), dict(bias=False),
    dict(track_running_stats=False), dict(through=True)], ids=str)
@pytest.mark.parametrize("training", [False, True])
def test_same_bits_of_other_groups(options, training):
    fused, plain = pair(**options)
    x = image(0)
    for group in (fused, plain):
        group.train(training)
    with torch.no_grad():
        for _ in range(2):
            same(fused(x, x), plain(x, x))
    same_state(fused, plain)


def test_without_activation_and_with_identity():
    torch.manual_seed(0)
    conv, norm = nn.Conv2d(6, 6, 3, padding=1).double().eval(), nn.Identity().eval()
    x = image(0)
    with torch.no_grad():
        for act in (None, nn.ReLU(), nn.ReLU(inplace=True)):
            for residual in (None, x):
                outs = [call(x, conv, norm, act, residual) for call in (conv_norm_act, separate)]
                np.testing.assert_allclose(*(out.numpy() for out in outs), rtol=1e-12, atol=1e-14)
                assert outs[0]._version == outs[1]._version


def test_inference_mode_marks_the_outcome():
    fused, _ = pair()
    with torch.inference_mode():
        assert fused.eval()(image(0)).is_inference()


@pytest.mark.parametrize("make", [
    lambda: resnet18(num_classes=5), lambda: resnet18(num_classes=5, memory_format=
                                                      torch.contiguous_format)])
def test_resnet_gives_the_bits_of_its_separate_modules(make):
    torch.manual_seed(0)
    model = randomize(make()).eval()
    images = torch.rand(2, 3, 40, 40)
    with torch.no_grad():
        fused = model(images)
        handle = module_hooks.register_module_forward_hook(lambda *_: None)
        try:
            plain = model(images)
        finally:
            handle.remove()
    same(fused, plain)


@pytest.mark.parametrize("kind", [BasicBlock, Bottleneck])
def test_blocks_with_and_without_downsample(kind):
    torch.manual_seed(0)
    wide = 8 * kind.expansion
    down = nn.Sequential(nn.Conv2d(8, wide, 1, stride=2), nn.BatchNorm2d(wide))
    for block, channels in ((kind(8, 8, 2, down), 8), (kind(wide, 8), wide)):
        x = torch.rand(2, channels, 6, 6)
        other = copy.deepcopy(block)
        other.register_forward_hook(lambda *_: None)
        for child in other.modules():
            child.register_forward_hook(lambda *_: None)
        same(block(x), other(x))
        same_state(block, other)


def test_sequential_fuses_runs_and_calls_the_rest():
    torch.manual_seed(0)
    line = [nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 6, 1),
            nn.BatchNorm2d(6), nn.Conv2d(6, 4, 1), nn.ReLU(inplace=True)]
    net = randomize(nn.Sequential(*line)).eval()
    x = torch.rand(2, 3, 9, 9)
    out = x
    with torch.no_grad():
        for module in line:
            out = module(out)
        same(net(x), out)


# ---- what could see the difference ----


class MyConv(nn.Conv2d):
    pass


class MyNorm(nn.BatchNorm2d):
    pass


class MyReLU(nn.ReLU):
    pass


def hook(*_):
    return None


def shadowed(x):
    return x


WATCHERS = {
    "conv hook": lambda g: g.conv.register_forward_hook(hook),
    "conv pre-hook": lambda g: g.conv.register_forward_pre_hook(hook),
    "norm hook": lambda g: g.norm.register_forward_hook(hook),
    "norm backward hook": lambda g: g.norm.register_full_backward_hook(hook),
    "norm backward pre-hook": lambda g: g.norm.register_full_backward_pre_hook(hook),
    "relu hook": lambda g: g.act.register_forward_hook(hook),
    "conv subclass": lambda g: setattr(g, "conv", MyConv(6, 6, 3, padding=1)),
    "norm subclass": lambda g: setattr(g, "norm", MyNorm(6)),
    "relu subclass": lambda g: setattr(g, "act", MyReLU()),
    "other norm": lambda g: setattr(g, "norm", nn.GroupNorm(2, 6)),
    "other activation": lambda g: setattr(g, "act", nn.SiLU()),
    "conv forward": lambda g: setattr(g.conv, "forward", shadowed),
    "conv _conv_forward": lambda g: setattr(g.conv, "_conv_forward", shadowed),
    "norm forward": lambda g: setattr(g.norm, "forward", shadowed),
    "norm _count_batch": lambda g: setattr(g.norm, "_count_batch", lambda: 0.5),
    "relu forward": lambda g: setattr(g.act, "forward", shadowed),
    "padding mode": lambda g: setattr(g.conv, "padding_mode", "reflect"),
    "padding same": lambda g: setattr(g.conv, "padding", "same"),
    "half precision": lambda g: g.to(torch.bfloat16),
    "mixed dtypes": lambda g: g.norm.float(),
    "computed weight": lambda g: (delattr(g.conv, "weight"),
                                  setattr(g.conv, "weight", torch.zeros(6, 6, 3, 3))),
    "shadowed weight": lambda g: g.conv.__dict__.update(weight=g.conv.weight.detach()),
    "shadowed statistic": lambda g: g.norm.__dict__.update(running_mean=torch.zeros(6)),
    "no running mean": lambda g: setattr(g.norm, "running_mean", None),
    "negative eps": lambda g: setattr(g.norm, "eps", -1.0),
    "other channels": lambda g: setattr(g, "norm", nn.BatchNorm2d(5).double()),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("watch", WATCHERS.values(), ids=WATCHERS)
def test_modules_are_called_when_something_could_see_it(watch, training):
    group = Group().train(training)
    assert fusible(image(0), group.conv, group.norm, group.act)
    watch(group)
    assert not fusible(image(0), group.conv, group.norm, group.act)


def test_weight_decided_by_an_attribute_is_the_one_used():
    fused, plain = pair()
    for group in (fused.eval(), plain.eval()):
        group.conv.__dict__["weight"] = group.conv.weight.detach() * 2
    same(fused(image(0)), plain(image(0)))


@pytest.mark.parametrize("register", [
    module_hooks.register_module_forward_hook, module_hooks.register_module_forward_pre_hook,
    module_hooks.register_module_full_backward_hook,
    module_hooks.register_module_full_backward_pre_hook])
def test_modules_are_called_for_global_hooks(register):
    group, seen = Group(), []
    if "full_backward" in register.__name__:
        group.act.inplace = False   # autograd refuses a change of what such a hook looks at
    handle = register(lambda module, *_: seen.append(module))
    try:
        assert not fusible(image(0), group.conv, group.norm, group.act)
        group(image(0).requires_grad_()).sum().backward()
    finally:
        handle.remove()
    assert {group.conv, group.norm, group.act} <= set(seen)
    assert fusible(image(0), group.conv, group.norm, group.act)


@pytest.mark.parametrize("owner, name", [
    (nn.Conv2d, "forward"), (nn.Module, "__call__"), (nn.BatchNorm2d, "forward"),
    (nn.ReLU, "forward"), (F, "batch_norm"), (F, "conv2d"), (F, "relu")])
def test_modules_are_called_when_a_function_is_replaced(monkeypatch, owner, name):
    group = Group()
    original = getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *args, **kwargs: original(*args, **kwargs))
    assert not fusible(image(0), group.conv, group.norm, group.act)


def test_modules_are_called_in_anomaly_mode_whose_traces_name_them():
    group = Group()
    with pytest.warns(UserWarning), torch.autograd.detect_anomaly(check_nan=False):
        assert not fusible(image(0), group.conv, group.norm, group.act)
        trace = group(image(0)).grad_fn.metadata["traceback_"]
    assert "return F.relu(input, inplace=self.inplace)" in "".join(trace)


@pytest.mark.parametrize("x", [
    image(0, size=(6, 5, 4), memory_format=torch.contiguous_format), image(0, size=(3, 5, 5, 4)),
    image(0).long(), image(0).to(torch.float16), image(0, size=(0, 6, 5, 4)), None],
    ids=["unbatched", "channels", "integers", "half", "empty", "none"])
def test_inputs_that_the_modules_have_to_judge(x):
    group = Group()
    group.conv.padding = (0, 0)
    if x is not None and x.dim() == 4 and x.shape[1] == 5:
        with pytest.raises(RuntimeError, match="to have 6 channels, but got 5 channels"):
            group(x)
    else:
        assert not fusible(x, group.conv, group.norm, group.act)


def test_errors_are_those_of_the_modules():
    fused, plain = pair()
    small = image(0, size=(1, 6, 1, 1))
    for call in (fused, plain):
        with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
            call(small)
    for call in (fused, plain):
        with pytest.raises(RuntimeError, match="doesn't match|must match"), torch.no_grad():
            call.eval()(image(0), image(1, size=(3, 6, 5, 3)))


@pytest.mark.parametrize("channels, size", [(1, 5), (6, 1), (6, 5)])
def test_strides_where_both_layouts_are_the_same_memory(channels, size):
    conv = torch.nn.Conv2d(6, channels, 3, padding=1, bias=False)
    norm = torch.nn.BatchNorm2d(channels).eval()
    x = torch.randn(2, 6, size, size).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        for last in (norm, torch.nn.Identity()):
            for act in (torch.nn.ReLU(), torch.nn.ReLU(inplace=True)):
                found = torch.nn.Sequential(conv, last, act)(x)
                assert found.stride() == act(last(conv(x))).stride()
