"""Convolution, normalisation, sum and ReLU as one call: nobody can tell, and who could is heeded.

The reference is everywhere the modules called one after the other.
"""

import copy

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.autograd import graph
from minitorch.models.resnet import BasicBlock, Bottleneck, resnet18
from minitorch.nn import functional as F
from minitorch.nn._fused import conv_norm_act, fusible
from minitorch.nn.modules import module as module_hooks

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


# ---- values ----


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


# ---- the graph ----


def nodes_below(root):
    """Nodes of the graph, in the order of their creation."""
    found, pending = set(), [root.grad_fn]
    while pending:
        node = pending.pop()
        if node is not None and node not in found:
            found.add(node)
            pending.extend(after for after, _ in node.next_functions)
    return sorted(found, key=lambda node: node._sequence_nr())


def run(group, x, *, residual=None, training=True):
    """The outcome and all gradients."""
    group.train(training)
    group.zero_grad()
    x = x.detach().clone().requires_grad_()
    tensors = [x]
    if residual is not None:
        residual = residual.detach().clone().requires_grad_()
        tensors.append(residual)
    y = group(x * 1, None if residual is None else residual * 1)
    (y * image(7, size=tuple(y.shape), dtype=y.dtype)).sum().backward()
    return y, [t.grad for t in tensors] + [p.grad for p in group.parameters()]


def same_gradients(ones, others):
    for one, other in zip(ones, others, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            same(one, other)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("residual", RESIDUALS.values(), ids=RESIDUALS)
@pytest.mark.parametrize("options", [
    {}, dict(inplace=False), dict(affine=False), dict(dtype=torch.float32), dict(through=True),
    dict(conv_bias=True)], ids=str)
def test_same_gradients_to_the_bit(options, residual, training):
    if options.get("through") and residual is RESIDUALS["broadcast"]:
        pytest.skip("the downsampled shortcut has one value a channel")
    fused, plain = pair(**options)
    dtype = options.get("dtype", torch.float64)
    shortcut = None if residual is None else residual(dtype)
    results = [run(g, image(0, LAST, dtype), residual=shortcut, training=training)
               for g in (fused, plain)]
    same(results[0][0], results[1][0])
    same_gradients(*(gradients for _, gradients in results))
    same_state(fused, plain)


@pytest.mark.parametrize("frozen", [("weight", "bias"), ("bias",), ("weight",)], ids=str)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("add", [True, False])
def test_same_gradients_with_frozen_parameters(frozen, training, add):
    fused, plain = pair()
    for group in (fused, plain):
        for name in frozen:
            getattr(group.norm, name).requires_grad = False
    shortcut = image(1) if add else None
    results = [run(g, image(0), residual=shortcut, training=training) for g in (fused, plain)]
    same_gradients(*(gradients for _, gradients in results))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{}, dict(inplace=False), dict(through=True)], ids=str)
@pytest.mark.parametrize("add", [True, False])
def test_same_graph(options, add, training):
    fused, plain = pair(**options)
    x = image(0).requires_grad_()
    graphs = []
    for group in (fused.train(training), plain.train(training)):
        graphs.append(group(x, x if add else None))
    assert graph.to_dot(graphs[0]) == graph.to_dot(graphs[1])
    assert graph.to_svg(graphs[0]) == graph.to_svg(graphs[1])
    assert graphs[0]._version == graphs[1]._version
    walks = [nodes_below(y) for y in graphs]
    for one, other in zip(*walks, strict=True):
        assert type(one) is type(other) and one.name() == other.name()
        saved = [n for n in dir(one) if n.startswith("_saved_")]
        assert saved == [n for n in dir(other) if n.startswith("_saved_")]
        for name in saved:
            values = getattr(one, name), getattr(other, name)
            if values[0] is None:
                assert values[1] is None
            else:
                same(*values)


def test_chain_is_that_of_pytorch():
    group = Group()
    x = image(0)
    node, names = group(x, x.clone()).grad_fn, []
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0]
    assert names == ["ReluBackward0", "AddBackward0", "NativeBatchNormBackward0",
                     "ConvolutionBackward0"]


def batch_norm_node(y):
    return next(n for n in nodes_below(y) if n.name() == "NativeBatchNormBackward0")


OBSERVERS = {
    "hook": lambda node, seen: node.register_hook(lambda ins, outs: seen.append(outs[0])),
    "prehook": lambda node, seen: node.register_prehook(lambda outs: seen.append(outs[0])),
    "relu hook": lambda node, seen: seen.relu.register_hook(
        lambda ins, outs: seen.extend([ins[0], outs[0]])),
    "relu prehook": lambda node, seen: seen.relu.register_prehook(
        lambda outs: seen.append(outs[0])),
    "changing prehook": lambda node, seen: node.register_prehook(lambda outs: (outs[0] * 2,)),
    "in-place prehook": lambda node, seen: node.register_prehook(
        lambda outs: (outs[0].mul_(2),)),
}


class Seen(list):
    relu = None


@pytest.mark.parametrize("add", [True, False])
@pytest.mark.parametrize("observe", OBSERVERS.values(), ids=OBSERVERS)
def test_hooks_on_nodes_see_the_same(observe, add):
    results = []
    for group in pair():
        seen = Seen()
        x = image(0).requires_grad_()
        y = group(x, image(1) if add else None)
        seen.relu = y.grad_fn
        observe(batch_norm_node(y), seen)
        (y * image(7)).sum().backward()
        results.append([*seen, x.grad, *(p.grad for p in group.parameters())])
    for one, other in zip(*results, strict=True):
        same(one, other)


@pytest.mark.parametrize("add", [True, False])
def test_gradient_at_an_inner_edge(add):
    """The gradient that arrives at the normalisation may be asked for, or be added to."""
    results = []
    for group in pair():
        x = image(0).requires_grad_()
        y = group(x, image(1) if add else None)
        edge = graph.GradientEdge(batch_norm_node(y), 0)
        loss = (y * image(7)).sum()
        results.append(list(torch.autograd.grad(loss, [edge, x], retain_graph=True)))
        results[-1] += torch.autograd.grad(loss, [edge], retain_graph=True)
        torch.autograd.backward([loss, edge], [None, image(5)])
        results[-1] += [x.grad, group.norm.weight.grad]
    for one, other in zip(*results, strict=True):
        same(one, other)


@pytest.mark.parametrize("add", [True, False])
def test_retained_graph_runs_again_and_a_freed_one_does_not(add):
    group = Group()
    x = image(0).requires_grad_()
    y = group(x, image(1) if add else None).sum()
    y.backward(retain_graph=True)
    once = x.grad.clone()
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * once.numpy(), rtol=1e-14)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


@pytest.mark.parametrize("add", [True, False])
def test_changed_outcome_is_noticed(add):
    for group in pair():
        y = group(image(0), image(1) if add else None)
        with torch.no_grad():
            y.mul_(2)
        with pytest.raises(RuntimeError, match="output 0 of Relu, is at version"):
            y.sum().backward()


def test_changed_weight_is_noticed():
    for group in pair():
        y = group(image(0).requires_grad_(), image(1))
        with torch.no_grad():
            group.norm.weight.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()


@pytest.mark.parametrize("add", [True, False])
def test_saved_tensor_hooks_pack_and_unpack_the_same(add):
    logs = []
    for group in pair():
        log = []

        def pack(t, log=log):
            log.append(("pack", tuple(t.shape), float(t.sum())))
            return t.detach().clone().contiguous()

        def unpack(t, log=log):
            log.append(("unpack", tuple(t.shape), float(t.sum())))
            return t

        x = image(0).requires_grad_()
        with graph.saved_tensors_hooks(pack, unpack):
            y = group(x, image(1) if add else None)
        (y * image(7)).sum().backward()
        logs.append([*log, x.grad.tolist()])
    assert logs[0] == logs[1]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("add", [True, False])
def test_derivatives_by_finite_differences(add, training):
    group = Group().train(training)
    x, residual = image(0, size=(2, 6, 3, 2)), image(1, size=(2, 6, 3, 2))
    inputs = [x.requires_grad_(), residual.requires_grad_(), group.norm.weight, group.norm.bias]

    def function(x, residual, weight, bias):
        return group(x, residual if add else None)

    group.norm.momentum = 0.0
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


def test_second_derivative_is_that_of_the_separate_calls():
    results = []
    for group in pair():
        x = image(0).requires_grad_()
        (g,) = torch.autograd.grad((group(x, image(1)) ** 2).sum(), [x], create_graph=True)
        results.append([g, *torch.autograd.grad((g ** 2).sum(), [x, group.conv.weight])])
    for one, other in zip(*results, strict=True):
        same(one, other)


def test_frozen_trunk_records_nothing():
    group = Group(through=True).eval().requires_grad_(False)
    y = group(image(0), image(1))
    assert y.grad_fn is None and not y.requires_grad


def test_backward_without_observers_keeps_no_gradient_between():
    """The saving itself: the masked gradient is never stored, in separate calls neither."""
    kept = []
    for group in (*pair(), pair()[1]):
        x = image(0, size=(4, 6, 40, 40)).requires_grad_()
        y = group(x)
        if len(kept) == 2:
            y.grad_fn.register_hook(lambda *_: None)
        torch.backends.empty_cache()
        y.backward(y.detach())
        kept.append(torch.backends.cached_nbytes())
    assert kept[0] == kept[1] <= kept[2] - 8 * x.numel()


def test_mask_follows_what_was_rectified():
    """The outcome of the normalisation may have been changed before it came to the ReLU."""
    results = []
    for watched in (False, True):
        torch.manual_seed(0)
        group = Group()
        x = image(0).requires_grad_()
        z = group.norm(x)
        with torch.no_grad():
            z += 1
        y = z.relu()
        if watched:
            y.grad_fn.register_hook(lambda *_: None)
        (y * image(7)).sum().backward()
        results.append([x.grad, group.norm.weight.grad])
    for one, other in zip(*results, strict=True):
        same(one, other)


@pytest.mark.parametrize("use", [lambda z: z.sum(), lambda z: (z.relu() * z).sum()])
def test_outcome_with_two_readers(use):
    """relu(z) + f(z): the ReLU must mask its own part of the gradient alone."""
    group = Group()
    x = image(0).requires_grad_()

    def function(x):
        z = group.norm(x)
        return (z.relu() * image(7)).sum() + use(z)

    assert torch.autograd.gradcheck(function, [x])


def test_gradient_for_the_shortcut_alone():
    results = []
    for group in pair(through=True):
        group.eval()
        for module in (group.conv, group.norm):
            module.requires_grad_(False)
        group(image(0), image(1)).sum().backward()
        results.append([p.grad for p in group.through.parameters()])
    for one, other in zip(*results, strict=True):
        same(one, other)
