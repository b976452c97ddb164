"""Activation checkpointing: the gradients of the plain run, with less kept."""

import contextlib
import gc
import weakref

import pytest

import minitorch as torch
from minitorch import nn
from minitorch.utils import checkpoint as module
from minitorch.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

both = pytest.mark.parametrize("reentrant", [False, True], ids=["hooks", "reentrant"])


def net(dropout=0.0):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(3, 8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)
    )


def gradients(model, run):
    torch.manual_seed(1)
    x = torch.rand(5, 3, requires_grad=True)
    out = run(model, x)
    after = torch.rand(2)
    out.pow(2).sum().backward()
    grads = [x.grad, *(p.grad for p in model.parameters())]
    return out.detach(), grads, after, torch.rand(2)


def assert_same(got, wanted):
    for a, b in zip([got[0], *got[1], *got[2:]], [wanted[0], *wanted[1], *wanted[2:]], strict=True):
        assert torch.equal(a, b)


@both
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_gradients_and_random_numbers_are_those_of_the_plain_run(reentrant, dropout):
    plain = gradients(net(dropout), lambda model, x: model(x))
    assert_same(
        gradients(net(dropout), lambda model, x: checkpoint(model, x, use_reentrant=reentrant)),
        plain,
    )
    for segments in (1, 2, 3):
        assert_same(gradients(net(dropout), lambda model, x, n=segments: checkpoint_sequential(
            model, n, x, use_reentrant=reentrant)), plain)


@both
def test_a_part_runs_once_more_for_its_gradient(reentrant):
    runs = []

    def part(x):
        runs.append(1)
        # a tensor saved in each run, of the same kind: that it is another cannot be seen
        return x.exp() if len(runs) == 1 else x.relu() + 1

    x = torch.ones(2, requires_grad=True)
    out = checkpoint(part, x, use_reentrant=reentrant)
    assert len(runs) == 1
    out.sum().backward()
    assert len(runs) == 2


@both
def test_random_numbers_may_differ(reentrant):
    drawn = []

    def part(x):
        drawn.append(torch.rand(1).item())
        return x.sin() * 2

    for preserve in (True, False):
        drawn.clear()
        x = torch.ones(2, requires_grad=True)
        checkpoint(part, x, use_reentrant=reentrant, preserve_rng_state=preserve).sum().backward()
        assert (drawn[0] == drawn[1]) is preserve


@both
def test_other_arguments_and_several_outputs(reentrant):
    x, y = torch.ones(3, requires_grad=True), torch.full((3,), 2.0, requires_grad=True)

    def part(x, factor, y, nothing):
        assert nothing is None
        return x * y * factor, "text", x + y

    product, text, total = checkpoint(part, x, 3, y, None, use_reentrant=reentrant)
    assert text == "text"
    (product * total).sum().backward()
    assert x.grad.tolist() == [3 * 2 * (2 * 1 + 2)] * 3
    assert y.grad.tolist() == [3 * (1 + 2 * 2)] * 3


def test_keywords_nested_tensors_and_parts_without_gradient():
    weight = torch.ones(2, requires_grad=True)

    def part(batch, *, scale):
        return {"out": (batch["x"] * weight).exp() * scale}

    out = checkpoint(part, {"x": torch.ones(2)}, use_reentrant=False, scale=2.0)["out"]
    out.sum().backward()
    assert torch.allclose(weight.grad, 2 * torch.ones(2).exp())
    with torch.no_grad():
        assert not checkpoint(part, {"x": torch.ones(2)}, use_reentrant=False, scale=2)[
            "out"].requires_grad


def test_nothing_is_kept_and_what_is_computed_again_is_dropped():
    alive = []

    def part(x):
        middle = x.exp()
        alive.append(weakref.ref(middle))
        return middle * middle

    x = torch.ones(4, requires_grad=True)
    out = checkpoint(part, x, use_reentrant=False)
    assert alive[0]() is None
    out.sum().backward()
    gc.collect()
    assert len(alive) == 2 and alive[1]() is None


@pytest.mark.parametrize("early_stop", [True, False])
def test_early_stop(early_stop):
    ran = []

    def part(x):
        out = x.exp().sin()
        ran.append("saved")
        out = out + 1
        ran.append("rest")
        return out

    x = torch.ones(2, requires_grad=True)
    checkpoint(part, x, use_reentrant=False, early_stop=early_stop).sum().backward()
    assert len(ran) == (2 if early_stop else 4)
    ran.clear()
    with module.set_checkpoint_early_stop(not early_stop):
        out = checkpoint(part, x, use_reentrant=False, early_stop=early_stop)
    out.sum().backward()
    assert len(ran) == (4 if early_stop else 2)


@pytest.mark.parametrize("depth", [2, 3])
def test_checkpoints_inside_checkpoints(depth):
    def part(x, depth):
        x = x.exp().sin()
        if depth:
            x = checkpoint(part, x, depth - 1, use_reentrant=False)
        return (x * x).cos()

    x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    out = checkpoint(part, x, depth, use_reentrant=False)

    def plain(x, depth):
        x = x.exp().sin()
        return ((plain(x, depth - 1) if depth else x) ** 2).cos()

    (wanted,) = torch.autograd.grad(plain(x, depth).sum(), x)
    (got,) = torch.autograd.grad(out.sum(), x)
    assert torch.allclose(got, wanted, rtol=1e-12)


def test_second_derivatives_and_a_retained_graph():
    x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    out = checkpoint(lambda x: x.exp().sin(), x, use_reentrant=False).sum()
    (first,) = torch.autograd.grad(out, x, create_graph=True)
    (again,) = torch.autograd.grad(out, x, retain_graph=True)
    assert torch.equal(first, again)
    (second,) = torch.autograd.grad(first.sum(), x)
    e = x.detach().exp()
    assert torch.allclose(second, e * e.cos() - e * e * e.sin())


def test_a_module_can_be_a_part_of_training():
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    x, y = torch.rand(20, 3), torch.rand(20, 2)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(checkpoint_sequential(model, 3, x, use_reentrant=False), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_context_fn_is_entered_around_forward_and_recomputation():
    seen = []

    @contextlib.contextmanager
    def noted(name):
        seen.append(name)
        yield
        seen.append(f"end of {name}")

    x = torch.ones(2, requires_grad=True)
    out = checkpoint(torch.exp, x, use_reentrant=False,
                     context_fn=lambda: (noted("forward"), noted("recomputation")))
    assert seen == ["forward", "end of forward"]
    with contextlib.suppress(Exception):
        out.sum().backward()
    assert seen[2] == "recomputation"
    assert x.grad is not None


def different_each_time(*parts):
    parts = iter(parts)
    return lambda x: next(parts)(x)


DIFFERENT = {
    "more": (lambda x: x.exp(), lambda x: x.exp().sin().exp(), False,
             "trying to save more tensors during recomputation"),
    "fewer": (lambda x: x.exp().sin().exp(), lambda x: x.exp(), True,
              "A different number of tensors was saved during the original forward and recomp"),
    "shape": (lambda x: x.exp(), lambda x: x[:1].exp(), True,
              "Recomputed values for the following tensors have different metadata than"),
    "dtype": (lambda x: x.exp(), lambda x: x.double().exp(), True,
              "different metadata"),
}


@pytest.mark.parametrize("first, second, early_stop, text", DIFFERENT.values(), ids=DIFFERENT)
def test_another_part_the_second_time_is_noticed(first, second, early_stop, text):
    x = torch.ones(3, requires_grad=True)
    out = checkpoint(different_each_time(first, second), x, use_reentrant=False,
                     early_stop=early_stop)
    with pytest.raises(CheckpointError, match=text):
        out.sum().backward()


def test_the_comparison_can_be_left_out_and_explained():
    x = torch.ones(3, requires_grad=True)
    parts = (lambda x: x.exp(), lambda x: x.detach().double().requires_grad_().exp())
    out = checkpoint(different_each_time(*parts), x, use_reentrant=False,
                     determinism_check="none")
    out.sum().backward()
    assert x.grad is not None
    for debug, everywhere in ((True, None), (False, True)):
        with module.set_checkpoint_debug_enabled(everywhere):
            out = checkpoint(different_each_time(*parts), x, use_reentrant=False, debug=debug)
        with pytest.raises(CheckpointError, match="An error happened while unpacking") as caught:
            out.sum().backward()
        text = str(caught.value)
        assert "float32[3]   (1 of 1 in original forward)" in text and __file__ in text
        assert "Tensors saved during the recomputation: float64[3]" in text


@both
def test_inputs_changed_in_place_are_noticed(reentrant):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    out = checkpoint(torch.exp, y, use_reentrant=reentrant)
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_backward_for_some_inputs():
    x = torch.ones(3, requires_grad=True)
    out = checkpoint(torch.exp, x * 1, use_reentrant=False)
    assert torch.autograd.grad(out.sum(), x)[0].tolist() == pytest.approx(
        torch.ones(3).exp().tolist())
    out = checkpoint(torch.exp, x * 1, use_reentrant=True)
    with pytest.raises(RuntimeError, match="When use_reentrant=True, torch.utils.checkp"):
        torch.autograd.grad(out.sum(), x)


def test_a_group_of_passes_shares_the_recomputation():
    ran = []

    def part(x, y):
        ran.append(1)
        return x.exp(), y.sin()

    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    with module.GraphExecGroup():
        a, b = checkpoint(part, x, y, use_reentrant=False)
        a.sum().backward(retain_graph=True)
        b.sum().backward(retain_graph=True)
        assert len(ran) == 2
        with pytest.raises(CheckpointError, match="two backward calls that overlap"):
            a.sum().backward()
        with pytest.raises(RuntimeError, match="contexts cannot be nested"):
            module.GraphExecGroup().__enter__()


def test_warnings_and_refusals():
    x = torch.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(torch.exp, x).sum().backward()
    with pytest.warns(UserWarning, match="checkpoint_sequential: the use_reentrant"):
        checkpoint_sequential([torch.exp, torch.sin], 1, x)
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        checkpoint(torch.exp, torch.ones(2), use_reentrant=True)
    for call, error, text in [
        (lambda: checkpoint(torch.exp, x, use_reentrant=True, a=1), ValueError,
         "Unexpected keyword arguments: a"),
        (lambda: checkpoint_sequential([], 1, x, use_reentrant=False, a=1), ValueError,
         "Unexpected keyword arguments: a"),
        (lambda: checkpoint(torch.exp, x, use_reentrant=True, debug=True), ValueError,
         "Passing `context_fn` or `debug` is only supported when"),
        (lambda: checkpoint(torch.exp, x, use_reentrant=False, determinism_check="x"), ValueError,
         r"determinism_check should be one of \['default', 'none'\], but got x"),
        (lambda: checkpoint(torch.exp, x, use_reentrant=False, debug=True, context_fn=lambda: 0),
         ValueError, "debug=True is incompatible with non-default context_fn"),
        (lambda: module.detach_variable([x]), RuntimeError, "Only tuple of tensors is supported"),
        (lambda: checkpoint(lambda x: x.detach(), x, use_reentrant=True).sum().backward(),
         RuntimeError, "none of output has requires_grad=True"),
    ]:
        with pytest.raises(error, match=text):
            call()


def test_errors_of_the_part_come_through():
    x = torch.ones(2, requires_grad=True)

    def part(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        checkpoint(part, x, use_reentrant=False)
    with pytest.raises(RuntimeError, match="suppressed an exception raised during"):
        checkpoint(part, x, use_reentrant=False, context_fn=lambda: (
            contextlib.suppress(KeyError), contextlib.nullcontext()))
    assert torch.exp(x).grad_fn is not None  # the hooks are gone
