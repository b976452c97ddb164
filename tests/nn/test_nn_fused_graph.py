"""The graph of a fused group of modules is that of the separate calls, and runs as theirs does."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fused_groups import LAST, RESIDUALS, Group, image, pair, same, same_state

import minitorch as torch
from minitorch.autograd import graph


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


def test_several_threads_run_one_graph():
    """What the ReLU computes ahead for the normalisation is not taken for another thread's."""
    x, shortcut = (image(seed, size=(8, 6, 32, 32)).requires_grad_() for seed in (0, 1))
    y = pair()[0](x * 1, shortcut)
    gradients = [image(seed, size=(8, 6, 32, 32)) for seed in range(2, 6)]

    def run_graph(g):
        return [torch.autograd.grad(y, [x, shortcut], g, retain_graph=True) for _ in range(20)]

    wanted = [torch.autograd.grad(y, [x, shortcut], g, retain_graph=True) for g in gradients]
    with ThreadPoolExecutor(len(gradients)) as pool:
        for found, expected in zip(pool.map(run_graph, gradients), wanted, strict=True):
            for one in found:
                same_gradients(one, expected)
