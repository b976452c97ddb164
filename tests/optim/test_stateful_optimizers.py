"""Optimizers with running statistics, against their formulas in numpy; what all have in common."""

import copy
import pickle

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn, optim

# ---- the formulas ------------------------------------------------------------------------------
# Each takes parameter, gradient, state and step number, and returns the new parameter. `s` starts
# empty.


def adam(p, g, s, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False,
         decoupled_weight_decay=False):
    if decoupled_weight_decay:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    s["top"] = np.maximum(s.get("top", 0), s["v"]) if amsgrad else s["v"]
    root = np.sqrt(s["top"] / (1 - betas[1] ** t)) + eps
    return p - lr * s["m"] / (1 - betas[0] ** t) / root


def adamw(p, g, s, t, weight_decay=1e-2, **options):
    return adam(p, g, s, t, weight_decay=weight_decay, decoupled_weight_decay=True, **options)


def rmsprop(p, g, s, t, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False):
    g = g + weight_decay * p
    s["v"] = alpha * s.get("v", 0) + (1 - alpha) * g * g
    s["m"] = alpha * s.get("m", 0) + (1 - alpha) * g
    step = g / (np.sqrt(s["v"] - s["m"] ** 2 if centered else s["v"]) + eps)
    s["b"] = momentum * s.get("b", 0) + step
    return p - lr * s["b"]


def adagrad(p, g, s, t, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0,
            eps=1e-10):
    g = g + weight_decay * p
    s["sum"] = s.get("sum", initial_accumulator_value) + g * g
    return p - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(s["sum"]) + eps)


def adadelta(p, g, s, t, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0):
    g = g + weight_decay * p
    s["v"] = rho * s.get("v", 0) + (1 - rho) * g * g
    step = np.sqrt(s.get("u", 0) + eps) / np.sqrt(s["v"] + eps) * g
    s["u"] = rho * s.get("u", 0) + (1 - rho) * step * step
    return p - lr * step


def adamax(p, g, s, t, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
    g = g + weight_decay * p
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["u"] = np.maximum(betas[1] * s.get("u", 0), np.abs(g) + eps)
    return p - lr / (1 - betas[0] ** t) * s["m"] / s["u"]


def nadam(p, g, s, t, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
          decoupled_weight_decay=False):
    if decoupled_weight_decay:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    mu, after = (betas[0] * (1 - 0.5 * 0.96 ** (i * momentum_decay)) for i in (t, t + 1))
    product = s["product"] = s.get("product", 1) * mu
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    ahead = (1 - mu) / (1 - product) * g + after / (1 - product * after) * s["m"]
    return p - lr * ahead / (np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps)


def radam(p, g, s, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0,
          decoupled_weight_decay=False):
    if decoupled_weight_decay:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    mean = s["m"] / (1 - betas[0] ** t)
    left = 1 - betas[1] ** t
    most = 2 / (1 - betas[1]) - 1
    r = most - 2 * t * betas[1] ** t / left
    if r <= 5:
        return p - lr * mean
    rect = np.sqrt((r - 4) * (r - 2) * most / ((most - 4) * (most - 2) * r))
    return p - lr * mean * np.sqrt(left) / (np.sqrt(s["v"]) + eps) * rect


def asgd(p, g, s, t, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0):
    g = g + weight_decay * p
    eta, mu = s.get("eta", lr), s.get("mu", 1)
    p = p * (1 - lambd * eta) - eta * g
    s["ax"] = p if mu == 1 else s["ax"] + mu * (p - s["ax"])
    s["eta"], s["mu"] = lr / (1 + lambd * lr * t) ** alpha, 1 / max(1, t - t0)
    return p


def rprop(p, g, s, t, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
    agreement = g * s.get("prev", 0)
    factor = np.where(agreement > 0, etas[1], np.where(agreement < 0, etas[0], 1))
    s["size"] = np.clip(s.get("size", lr) * factor, *step_sizes)
    s["prev"] = np.where(agreement < 0, 0, g)
    return p - np.sign(s["prev"]) * s["size"]


# Class, formula, keys of the state, and options to try.
CASES = [
    (optim.Adam, adam, "step exp_avg exp_avg_sq", [
        {}, dict(lr=0.05, betas=(0.3, 0.9), eps=0.1, weight_decay=0.1)]),
    (optim.Adam, adam, "step exp_avg exp_avg_sq max_exp_avg_sq", [
        dict(amsgrad=True, betas=(0.9, 0.5), weight_decay=0.1, decoupled_weight_decay=True)]),
    (optim.AdamW, adamw, "step exp_avg exp_avg_sq", [{}, dict(lr=0.05, weight_decay=0.3)]),
    (optim.RMSprop, rmsprop, "step square_avg", [{}, dict(alpha=0.4, weight_decay=0.1)]),
    (optim.RMSprop, rmsprop, "step square_avg momentum_buffer grad_avg", [
        dict(momentum=0.8, centered=True, weight_decay=0.1, eps=0.01)]),
    (optim.Adagrad, adagrad, "step sum", [
        {}, dict(lr_decay=0.3, weight_decay=0.1, initial_accumulator_value=0.5, eps=0.1)]),
    (optim.Adadelta, adadelta, "step square_avg acc_delta", [
        {}, dict(lr=0.5, rho=0.6, weight_decay=0.1)]),
    (optim.Adamax, adamax, "step exp_avg exp_inf", [
        {}, dict(betas=(0.5, 0.6), eps=0.1, weight_decay=0.1)]),
    (optim.NAdam, nadam, "step mu_product exp_avg exp_avg_sq", [
        {}, dict(momentum_decay=0.2, weight_decay=0.1),
        dict(weight_decay=0.1, decoupled_weight_decay=True)]),
    (optim.RAdam, radam, "step exp_avg exp_avg_sq", [
        {}, dict(betas=(0.9, 0.7), weight_decay=0.1),
        dict(weight_decay=0.1, decoupled_weight_decay=True)]),
    (optim.ASGD, asgd, "step eta mu ax", [{}, dict(lambd=0.5, t0=2, weight_decay=0.1)]),
    (optim.Rprop, rprop, "step prev step_size", [
        {}, dict(etas=(0.4, 1.5), step_sizes=(0.008, 0.02))]),
]
RUNS = [(cls, formula, keys, options) for cls, formula, keys, all_options in CASES
        for options in all_options]
IDS = [f"{cls.__name__}-{','.join(options)}" for cls, _, _, options in RUNS]
CLASSES = sorted({cls for cls, *_ in CASES}, key=lambda cls: cls.__name__)
each_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def parameter(values, dtype=torch.float64):
    return nn.Parameter(torch.tensor(np.asarray(values).tolist(), dtype=dtype))


@pytest.mark.parametrize("cls, formula, keys, options", RUNS, ids=IDS)
@pytest.mark.parametrize("maximize", [False, True], ids=["", "maximize"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_follow_the_formula(cls, formula, keys, options, maximize, dtype):
    rng = np.random.default_rng(0)
    # One longer than the kernel's blocks, one without elements, one without dimensions.
    values = [rng.standard_normal(shape) for shape in [(3, 4), (1037,), (), (0,)]]
    dtype = getattr(torch, dtype)
    params = [parameter(value, dtype).reshape(value.shape).detach().requires_grad_()
              for value in values]
    optimizer = cls(params, maximize=maximize, **options)
    states = [{} for _ in values]
    for t in range(1, 8):
        grads = [rng.standard_normal(value.shape) for value in values]
        for param, grad in zip(params, grads, strict=True):
            param.grad = torch.tensor(grad.tolist(), dtype=dtype).reshape(grad.shape)
        optimizer.step()
        for i, grad in enumerate(grads):
            sign = -1 if maximize else 1
            values[i] = formula(values[i], sign * grad, states[i], t, **options)
    tolerance = 1e-11 if dtype == torch.float64 else 3e-5
    if cls is optim.ASGD:
        tolerance = max(tolerance, 1e-6)  # eta is kept in float32
    if cls is optim.NAdam:
        tolerance = max(tolerance, 1e-7)  # and so is the product
    for param, value in zip(params, values, strict=True):
        np.testing.assert_allclose(param.detach().numpy(), value, rtol=tolerance, atol=tolerance)
        state = optimizer.state[param]
        assert " ".join(state) == keys
        assert state["step"].item() == 7 and state["step"].dtype == torch.float32
        assert state["step"].shape == ()


@each_class
def test_memory_formats_and_half_precision(cls):
    rng = np.random.default_rng(1)
    value, *grads = rng.standard_normal((4, 2, 3, 4, 5))
    plain = parameter(value, torch.float32)
    last = nn.Parameter(plain.detach().clone().contiguous(memory_format=torch.channels_last))
    half = nn.Parameter(plain.detach().bfloat16())
    strided = torch.empty(5, 4, 3, 2).permute(3, 2, 1, 0).copy_(plain.detach()).requires_grad_()
    optimizer = cls([plain, last, half, strided])
    for grad in grads:
        for param in (plain, last, half, strided):
            param.grad = torch.tensor(grad.tolist(), dtype=param.dtype)
        optimizer.step()
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(last, plain, atol=1e-6) and torch.allclose(strided, plain, atol=1e-6)
    assert half.dtype == torch.bfloat16
    assert torch.allclose(half.float(), plain, atol=0.05)
    for param in (last, half):
        for key, kept in optimizer.state[param].items():
            if kept.dim():
                assert kept.dtype == param.dtype, key
                like = param.grad if key == "step_size" else param
                assert kept.stride() == like.stride(), key


@each_class
def test_parameters_without_gradient_are_skipped(cls):
    used, unused = parameter([1.0, 2.0]), parameter([3.0])
    used.grad = torch.ones(2, dtype=torch.float64)
    version = used._version
    optimizer = cls([used, unused])
    optimizer.step()
    assert unused.item() == 3.0 and used.tolist() != [1.0, 2.0]
    assert used._version > version and used.is_leaf
    kept = [0, 1] if cls is optim.Adagrad else [0]
    assert list(optimizer.state_dict()["state"]) == kept


@each_class
def test_closure_pickle_and_deepcopy(cls):
    param = parameter([1.0, -2.0])
    optimizer = cls([param])

    def closure():
        optimizer.zero_grad()
        loss = (param * param).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 5.0
    for copied in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        (twin,) = copied.param_groups[0]["params"]
        assert twin is not param and twin.tolist() == param.tolist()
        assert repr(copied) == repr(optimizer)
        twin.grad = param.grad.clone()
        copied.step()
        assert copied.state[twin]["step"].item() == 2


@each_class
def test_state_dict_goes_on_where_it_was(cls):
    rng = np.random.default_rng(2)
    start, grads = rng.standard_normal(5), rng.standard_normal((6, 5))

    def steps(optimizer, param, grads):
        for grad in grads:
            param.grad = torch.tensor(grad.tolist(), dtype=torch.float32)
            optimizer.step()

    whole, first = (parameter(start, torch.float32) for _ in range(2))
    steps(cls([whole]), whole, grads)
    before = cls([first])
    steps(before, first, grads[:3])
    second = parameter(first.tolist(), torch.float32)
    after = cls([second], lr=123.0)
    saved = copy.deepcopy(before.state_dict())
    saved["state"][0]["step"] = 3  # a number, as older versions saved it
    after.load_state_dict(saved)
    assert isinstance(after.state[second]["step"], torch.Tensor)
    steps(after, second, grads[3:])
    assert second.tolist() == whole.tolist()


@each_class
def test_groups_of_old_checkpoints_are_filled_up(cls):
    param = parameter([1.0])
    optimizer = cls([param])
    saved = copy.deepcopy(optimizer.state_dict())
    for name in ("foreach", "maximize", "differentiable"):
        del saved["param_groups"][0][name]
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["maximize"] is False
    param.grad = torch.ones(1, dtype=torch.float64)
    optimizer.step()


@each_class
def test_recorded_steps_are_differentiable(cls):
    start = torch.tensor([0.7, -1.3], dtype=torch.float64, requires_grad=True)
    grads = torch.tensor([[0.5, 2.0], [0.4, 1.5], [-0.3, 1.0]], dtype=torch.float64)

    def trained(start, grads):
        param = start.clone()
        param.retain_grad()
        optimizer = cls([param], differentiable=True)
        for grad in grads:
            param.grad = grad
            optimizer.step()
        return param

    values = trained(start, grads)
    assert values.grad_fn is not None
    plain = parameter(start.tolist())
    optimizer = cls([plain])
    for grad in grads:
        plain.grad = grad.clone()
        optimizer.step()
    assert torch.allclose(values, plain, rtol=1e-6)
    assert torch.autograd.gradcheck(trained, (start, grads.requires_grad_()))


HYPER = [
    (optim.SGD, "lr weight_decay"), (optim.Adam, "lr weight_decay betas"),
    (optim.AdamW, "lr weight_decay betas"), (optim.RMSprop, "lr"), (optim.Adagrad, "lr"),
    (optim.Adadelta, "lr"), (optim.Adamax, "lr"), (optim.NAdam, "lr"), (optim.RAdam, "lr"),
]


@pytest.mark.parametrize("cls, names", HYPER)
def test_recorded_steps_are_differentiable_in_the_options(cls, names):
    def trained(lr, weight_decay, beta1, beta2):
        options = dict(lr=lr, weight_decay=weight_decay, betas=(beta1, beta2))
        param = torch.tensor([0.7, -1.3], dtype=torch.float64, requires_grad=True).clone()
        param.retain_grad()
        optimizer = cls([param], differentiable=True, **{n: options[n] for n in names.split()})
        for grad in ([0.5, 2.0], [0.4, 1.5], [-0.3, 1.0]):
            param.grad = torch.tensor(grad, dtype=torch.float64)
            optimizer.step()
        return param

    given = [torch.tensor(value, dtype=torch.float64) for value in (0.1, 0.02, 0.8, 0.9)]
    for i, name in enumerate("lr weight_decay betas betas".split()):
        given[i].requires_grad_(name in names)
    # the corrections of the bias are computed in float32, as in PyTorch
    assert torch.autograd.gradcheck(trained, given, eps=1e-3, atol=1e-4)


@pytest.mark.parametrize("cls", [optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad])
def test_lr_tensors_and_schedules_of_it(cls):
    ours, other = parameter([1.0]), parameter([1.0])
    rate = torch.tensor([0.25])
    optimizers = cls([ours], lr=rate), cls([other], lr=0.25)
    for factor in (1.0, 0.5):
        rate.fill_(0.25 * factor)
        optimizers[1].param_groups[0]["lr"] = 0.25 * factor
        for param, optimizer in zip((ours, other), optimizers, strict=True):
            param.grad = torch.ones(1, dtype=torch.float64)
            optimizer.step()
    assert ours.item() == pytest.approx(other.item(), rel=1e-6)


def test_betas_may_be_tensors():
    ours, other = parameter([1.0]), parameter([1.0])
    betas = torch.tensor([[0.5]]), torch.tensor(0.75)
    optimizers = optim.Adam([ours], betas=betas), optim.Adam([other], betas=(0.5, 0.75))
    assert optimizers[0].defaults["betas"][0].shape == ()
    for _ in range(3):
        for param, optimizer in zip((ours, other), optimizers, strict=True):
            param.grad = torch.ones(1, dtype=torch.float64)
            optimizer.step()
    assert ours.item() == pytest.approx(other.item(), rel=1e-7)


def test_amsgrad_keeps_a_nan():
    param = parameter([1.0, 1.0])
    optimizer = optim.Adam([param], amsgrad=True)
    param.grad = torch.tensor([float("nan"), 1.0], dtype=torch.float64)
    optimizer.step()
    assert param.isnan().tolist() == [True, False]
    assert optimizer.state[param]["max_exp_avg_sq"].isnan().tolist() == [True, False]


def test_a_fused_counter_is_float32_under_float64_as_default():
    torch.set_default_dtype(torch.float64)
    try:
        for fused, dtype in ((None, torch.float64), (True, torch.float32)):
            param = parameter([1.0])
            param.grad = torch.ones(1)
            optimizer = optim.Adam([param], fused=fused)
            optimizer.step()
            assert optimizer.state[param]["step"].dtype == dtype
            assert optimizer.state[param]["step"].item() == 1
    finally:
        torch.set_default_dtype(torch.float32)


@each_class
def test_capturable_is_refused_at_the_step(cls):
    if cls is optim.Adagrad:
        pytest.skip("has no such option")
    param = parameter([1.0])
    param.grad = torch.ones(1, dtype=torch.float64)
    with pytest.raises(AssertionError, match="If capturable=True, params.* must be on supported"):
        cls([param], capturable=True).step()


REFUSED = [
    (optim.Adam, dict(lr=-1), ValueError, "Invalid learning rate: -1"),
    (optim.Adam, dict(lr=float("nan")), ValueError, "Invalid learning rate: nan"),
    (optim.Adam, dict(lr=torch.ones(2)), ValueError, "Tensor lr must be 1-element"),
    (optim.Adam, dict(eps=-1), ValueError, "Invalid epsilon value: -1"),
    (optim.Adam, dict(betas=(1.0, 0.5)), ValueError, "Invalid beta parameter at index 0: 1.0"),
    (optim.AdamW, dict(betas=(0.5, -0.1)), ValueError, "Invalid beta parameter at index 1: -0.1"),
    (optim.Adam, dict(betas=(torch.tensor(0.5), 0.5)), ValueError, "either both floats or both Te"),
    (optim.Adam, dict(betas=(torch.zeros(1), torch.zeros(1)), foreach=True), ValueError,
     r"betas\[0\] as a Tensor is not supported for capturable=False and foreach=True"),
    (optim.Adam, dict(lr=torch.tensor(0.1), foreach=True), ValueError, "lr as a Tensor is not sup"),
    (optim.Adam, dict(weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
    (optim.Adam, dict(fused=True, differentiable=True), RuntimeError, "not support `differentiabl"),
    (optim.AdamW, dict(fused=True, foreach=True), RuntimeError, "cannot be `True` together"),
    (optim.RMSprop, dict(alpha=-1), ValueError, "Invalid alpha value: -1"),
    (optim.RMSprop, dict(momentum=-1), ValueError, "Invalid momentum value: -1"),
    (optim.Adagrad, dict(lr_decay=-1), ValueError, "Invalid lr_decay value: -1"),
    (optim.Adagrad, dict(initial_accumulator_value=-1), ValueError,
     "Invalid initial_accumulator_value value: -1"),
    (optim.Adadelta, dict(rho=1.1), ValueError, "Invalid rho value: 1.1"),
    (optim.NAdam, dict(momentum_decay=-0.2), ValueError, "Invalid momentum_decay value: -0.2"),
    (optim.Rprop, dict(etas=(1.0, 0.5)), ValueError, "Invalid eta values: 1.0, 0.5"),
]


@pytest.mark.parametrize("cls, options, error, text", REFUSED)
def test_options_are_checked(cls, options, error, text):
    with pytest.raises(error, match=text):
        cls([parameter([1.0])], **options)


def test_kernel_checks_shapes_and_dtypes():
    from minitorch._ops.adaptive import adaptive_step_

    p, options = torch.ones(2), [(1.0, 0.0, 0.1, 0.9, 0.1, 1.0, 1e-8, -0.1, 0.0)]
    with pytest.raises(RuntimeError, match="gradient of shape"):
        adaptive_step_([p], [torch.ones(3)], [(None, torch.ones(2), None, None)], options)
    with pytest.raises(TypeError, match="must be floating"):
        adaptive_step_([p.long()], [p], [(None, p, None, None)], options)
