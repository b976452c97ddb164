"""SGD: the update rule against numbers worked out by hand, and against its formula in numpy."""

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn, optim


def run(grads, **options):
    """Return the values of one parameter that starts at 1, after each step."""
    param = nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimizer = optim.SGD([param], **options)
    values = []
    for grad in grads:
        param.grad = torch.tensor([grad], dtype=torch.float64)
        optimizer.step()
        values.append(param.item())
    return values


# From p = 1 with gradients 1, 2, 3 and lr = 0.1.
SEQUENCES = {
    "plain": (dict(), [0.9, 0.7, 0.4]),
    "momentum": (dict(momentum=0.9), [0.9, 0.61, 0.049]),
    "dampening": (dict(momentum=0.9, dampening=0.5), [0.9, 0.71, 0.389]),
    "nesterov": (dict(momentum=0.9, nesterov=True), [0.81, 0.349, -0.4559]),
    "weight_decay": (dict(momentum=0.9, weight_decay=0.1), [0.89, 0.5821, -0.000831]),
    "maximize": (dict(maximize=True), [1.1, 1.3, 1.6]),
}


@pytest.mark.parametrize("options, expected", SEQUENCES.values(), ids=SEQUENCES)
@pytest.mark.parametrize("differentiable", [False, True], ids=["fused", "recorded"])
def test_known_sequences(options, expected, differentiable):
    if differentiable:
        param = torch.ones(1, dtype=torch.float64, requires_grad=True)
        leaf = param.clone()
        leaf.retain_grad()
        optimizer = optim.SGD([leaf], lr=0.1, differentiable=True, **options)
        values = []
        for grad in (1.0, 2.0, 3.0):
            leaf.grad = torch.tensor([grad], dtype=torch.float64)
            optimizer.step()
            values.append(leaf.item())
    else:
        values = run((1.0, 2.0, 3.0), lr=0.1, **options)
    assert values == pytest.approx(expected, abs=1e-12)


def reference_step(p, g, b, lr, momentum, dampening, weight_decay, nesterov, maximize):
    g = -g if maximize else g
    g = g + weight_decay * p
    if momentum:
        b = g.copy() if b is None else momentum * b + (1 - dampening) * g
        g = g + momentum * b if nesterov else b
    return p - lr * g, b


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        dict(momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False),
        dict(momentum=0.0, dampening=0.0, weight_decay=0.1, nesterov=False, maximize=True),
        dict(momentum=0.8, dampening=0.3, weight_decay=0.01, nesterov=False, maximize=True),
        dict(momentum=0.8, dampening=0.0, weight_decay=0.01, nesterov=True, maximize=False),
    ],
    ids=["plain", "decay_maximize", "all_but_nesterov", "nesterov"],
)
def test_several_tensors_follow_the_formula(options, dtype):
    rng = np.random.default_rng(0)
    shapes = [(3, 4), (257,), (), (2, 3, 2, 2), (0,)]
    values = [rng.standard_normal(shape) for shape in shapes]
    dtype = getattr(torch, dtype)
    params = [nn.Parameter(torch.tensor(v.tolist(), dtype=dtype).reshape(v.shape)) for v in values]
    optimizer = optim.SGD(params, lr=0.05, **options)
    buffers = [None] * len(values)
    for _ in range(4):
        grads = [rng.standard_normal(shape) for shape in shapes]
        for param, grad in zip(params, grads, strict=True):
            param.grad = torch.tensor(grad.tolist(), dtype=dtype).reshape(grad.shape)
        optimizer.step()
        for i, grad in enumerate(grads):
            values[i], buffers[i] = reference_step(values[i], grad, buffers[i], 0.05, **options)
    tolerance = 1e-12 if dtype == torch.float64 else 2e-6
    for param, value in zip(params, values, strict=True):
        np.testing.assert_allclose(param.detach().numpy(), value, rtol=tolerance, atol=tolerance)


def test_memory_layouts_of_parameter_and_gradient_may_differ():
    rng = np.random.default_rng(1)
    value, grads = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((2, 2, 3, 4, 5))
    weight = torch.tensor(value.tolist()).contiguous(memory_format=torch.channels_last)
    param = nn.Parameter(weight)
    optimizer = optim.SGD([param], lr=0.1, momentum=0.9)
    for grad in grads:
        param.grad = torch.tensor(grad.tolist())
        optimizer.step()
    expected = value - 0.1 * grads[0] - 0.1 * (0.9 * grads[0] + grads[1])
    np.testing.assert_allclose(param.detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert param.is_contiguous(memory_format=torch.channels_last)


def test_parameters_without_gradient_are_skipped():
    frozen = nn.Parameter(torch.ones(2), requires_grad=False)
    trained, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = optim.SGD([frozen, trained, unused], lr=0.1, momentum=0.9, weight_decay=0.1)
    (trained.sum() * 2).backward()
    optimizer.step()
    assert frozen.tolist() == unused.tolist() == [1.0, 1.0]
    assert trained.tolist() != [1.0, 1.0]
    assert list(optimizer.state_dict()["state"]) == [1]
    assert set(optimizer.state[trained]) == {"momentum_buffer"}


def test_first_buffer_is_a_copy_of_the_gradient():
    param = nn.Parameter(torch.zeros(2))
    optimizer = optim.SGD([param], lr=0.1, momentum=0.9)
    param.grad = torch.ones(2)
    optimizer.step()
    param.grad.fill_(7.0)
    assert optimizer.state[param]["momentum_buffer"].tolist() == [1.0, 1.0]


def test_no_momentum_keeps_no_state():
    param = nn.Parameter(torch.zeros(2))
    optimizer = optim.SGD([param], lr=0.1)
    param.grad = torch.ones(2)
    optimizer.step()
    assert not optimizer.state_dict()["state"]


def test_step_is_unrecorded_and_bumps_the_version():
    param = nn.Parameter(torch.zeros(2))
    version = param._version
    param.grad = torch.ones(2)
    optim.SGD([param], lr=0.1).step()
    assert param.is_leaf and param.grad_fn is None and param._version > version
    assert torch.is_grad_enabled()


def test_step_after_forward_is_noticed_by_backward():
    param = nn.Parameter(torch.ones(2))
    loss = (param * param).sum()
    param.grad = torch.ones(2)
    optim.SGD([param], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_closure_runs_with_gradients_on_and_is_returned():
    param = nn.Parameter(torch.tensor([2.0]))
    optimizer = optim.SGD([param], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (param**2).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert param.item() == 1.0


def test_lr_tensor_and_changed_group_lr():
    param = nn.Parameter(torch.tensor([1.0]))
    optimizer = optim.SGD([param], lr=torch.tensor(0.5))
    param.grad = torch.tensor([1.0])
    optimizer.step()
    assert param.item() == 0.5
    optimizer.param_groups[0]["lr"] = 0.25
    optimizer.step()
    assert param.item() == 0.25


def test_differentiable_step_gives_the_gradient_of_the_start():
    start = torch.tensor([3.0], dtype=torch.float64, requires_grad=True)
    param = start.clone()
    param.retain_grad()
    optimizer = optim.SGD([param], lr=0.1, weight_decay=0.5, differentiable=True)
    param.grad = torch.tensor([1.0], dtype=torch.float64)
    optimizer.step()
    (slope,) = torch.autograd.grad((param * param).sum(), start)
    assert slope.item() == pytest.approx(2 * (3 - 0.1 * (1 + 1.5)) * 0.95)


@pytest.mark.parametrize("option", [dict(foreach=True), dict(foreach=False), dict(fused=True)])
def test_choices_of_implementation_give_the_same(option):
    assert run((1.0, 2.0), lr=0.1, momentum=0.9, **option) == run((1.0, 2.0), lr=0.1, momentum=0.9)


@pytest.mark.parametrize(
    "options, error, text",
    [
        (dict(lr=-1), ValueError, "Invalid learning rate: -1"),
        (dict(momentum=-1), ValueError, "Invalid momentum value: -1"),
        (dict(weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
        (dict(nesterov=True), ValueError, "Nesterov momentum requires a momentum and zero damp"),
        (dict(nesterov=True, momentum=0.9, dampening=0.1), ValueError, "Nesterov momentum"),
        (dict(fused=True, differentiable=True), RuntimeError, "does not support `differentiable`"),
        (dict(fused=True, foreach=True), RuntimeError, "cannot be `True` together"),
        (dict(lr="fast"), TypeError, "not supported between"),
        (dict(speed=1), TypeError, "unexpected keyword argument 'speed'"),
    ],
)
def test_sgd_refuses(options, error, text):
    with pytest.raises(error, match=text):
        optim.SGD([nn.Parameter(torch.ones(1))], **options)


def test_sgd_refuses_a_long_lr_tensor():
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        optim.SGD([nn.Parameter(torch.ones(1))], lr=torch.ones(2))


def test_repr_sorts_the_options():
    optimizer = optim.SGD([nn.Parameter(torch.ones(1))], lr=1e-2, momentum=0.9)
    assert repr(optimizer) == (
        "SGD (\n"
        "Parameter Group 0\n"
        "    dampening: 0\n"
        "    differentiable: False\n"
        "    foreach: None\n"
        "    fused: None\n"
        "    lr: 0.01\n"
        "    maximize: False\n"
        "    momentum: 0.9\n"
        "    nesterov: False\n"
        "    weight_decay: 0\n"
        ")"
    )
