"""Optimizer: groups, names, state, hooks."""

import copy

import pytest

import minitorch as torch
from minitorch import nn, optim
from minitorch.optim import optimizer as optimizer_module


def param(value=1.0, size=2):
    result = nn.Parameter(torch.full((size,), value))
    result.grad = torch.ones(size)
    return result


def test_generator_becomes_one_group():
    net = nn.Linear(2, 2)
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    (group,) = optimizer.param_groups
    assert all(a is b for a, b in zip(group["params"], net.parameters(), strict=True))
    assert group["lr"] == 0.1 and group["momentum"] == 0


def test_groups_override_defaults():
    a, b, c = param(), param(), param()
    optimizer = optim.SGD([{"params": a, "lr": 1.0}, {"params": (p for p in [b])}], lr=0.5)
    optimizer.add_param_group({"params": [c], "lr": 0.25})
    optimizer.step()
    assert [p[0].item() for p in (a, b, c)] == [0.0, 0.5, 0.75]


def test_named_parameters_are_kept():
    net = nn.Linear(1, 1)
    optimizer = optim.SGD(net.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]


@pytest.mark.parametrize(
    "params, error, text",
    [
        (lambda: torch.ones(1), TypeError, "an iterable of Tensors or dicts, but got torch.Float"),
        (lambda: [], ValueError, "optimizer got an empty parameter list"),
        (lambda: [3], TypeError, "can only optimize Tensors, but one of the params is int"),
        (lambda: [param() * 2], ValueError, "can't optimize a non-leaf Tensor"),
        (lambda: [("a", param()), param()], ValueError, "Some param names are missing"),
        (lambda: [{"params": {param()}}], TypeError, "ordered collections"),
        (lambda: 2 * [{"params": [SHARED]}], ValueError, "appear in more than one parameter group"),
        (
            lambda: [{"params": [("a", param())]}, {"params": [param()]}],
            ValueError,
            "cannot add param group without names",
        ),
    ],
)
def test_parameters_are_checked(params, error, text):
    with pytest.raises(error, match=text):
        optim.SGD(params(), lr=0.1)


SHARED = param()


def test_duplicates_in_a_group_warn():
    p = param()
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optim.SGD([p, p], lr=0.1)


def test_add_param_group_wants_a_dict():
    with pytest.raises(TypeError, match="param_group must be a dict, but got <class 'int'>"):
        optim.SGD([param()]).add_param_group(3)


def test_required_option_must_be_given():
    class Fixed(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"rate": optimizer_module.required})

    with pytest.raises(ValueError, match="required optimization parameter rate"):
        Fixed([param()])
    assert Fixed([{"params": [param()], "rate": 1}]).param_groups[0]["rate"] == 1
    with pytest.raises(NotImplementedError):
        Fixed([{"params": [param()], "rate": 1}]).step()


def test_zero_grad_drops_or_fills():
    p = param()
    optimizer = optim.SGD([p])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None
    optimizer.zero_grad()


# ---- state ---------------------------------------------------------------------------------------


def make(n=3, **options):
    params = [param(float(i), i + 1) for i in range(n)]
    optimizer = optim.SGD(
        [{"params": params[:1]}, {"params": params[1:], "lr": 0.5}], lr=0.1, momentum=0.9, **options
    )
    return params, optimizer


def test_state_dict_numbers_the_parameters():
    _, optimizer = make()
    optimizer.step()
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0], [1, 2]]
    assert sorted(state["state"]) == [0, 1, 2]
    assert state["state"][2]["momentum_buffer"].tolist() == [1.0, 1.0, 1.0]
    assert set(state["param_groups"][0]) == {
        "lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize", "foreach",
        "differentiable", "fused", "params",
    }  # fmt: skip


def test_loaded_optimizer_continues_alike():
    params, optimizer = make()
    optimizer.step()
    twins, other = make()
    with torch.no_grad():
        for p, q in zip(params, twins, strict=True):
            q.copy_(p)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert other.param_groups[1]["lr"] == 0.5 and other.param_groups[1]["params"][0] is twins[1]
    for opt in (optimizer, other):
        opt.step()
        opt.step()
    for p, q in zip(params, twins, strict=True):
        assert p.tolist() == q.tolist()


def test_loaded_state_is_a_copy_in_the_parameters_dtype():
    _, optimizer = make()
    optimizer.step()
    state = optimizer.state_dict()
    params, other = make()
    for p in params:
        p.data = p.data.double()
        p.grad = p.grad.double()
    other.load_state_dict(state)
    assert other.state[params[0]]["momentum_buffer"].dtype == torch.float64
    other.step()
    assert state["state"][0]["momentum_buffer"].tolist() == [1.0]


def test_loading_other_groups_is_refused():
    _, optimizer = make()
    state = optimizer.state_dict()
    with pytest.raises(ValueError, match="different number of parameter groups"):
        optim.SGD([param()]).load_state_dict(state)
    _, other = make(4)
    with pytest.raises(ValueError) as error:
        other.load_state_dict(state)
    assert str(error.value) == (
        "loaded state dict contains a parameter group that doesn't match the size of "
        "optimizer's group"
    )


def test_options_missing_in_old_checkpoints_get_defaults():
    _, optimizer = make()
    state = optimizer.state_dict()
    for group in state["param_groups"]:
        for name in ("maximize", "foreach", "differentiable", "fused"):
            del group[name]
    optimizer.load_state_dict(state)
    optimizer.step()
    assert optimizer.param_groups[0]["maximize"] is False


def test_deepcopy_of_model_and_optimizer_together():
    net = nn.Linear(2, 1)
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    twin, other = copy.deepcopy([net, optimizer])
    assert other.param_groups[0]["params"][0] is twin.weight
    assert other.state[twin.weight]["momentum_buffer"].tolist() == [[1.0, 1.0]]


# ---- hooks ---------------------------------------------------------------------------------------


def test_step_hooks_run_in_order_and_come_off():
    optimizer = optim.SGD([param()], lr=0.1)
    order = []
    handles = [
        optimizer_module.register_optimizer_step_pre_hook(lambda *a: order.append("global pre")),
        optimizer.register_step_pre_hook(lambda *a: order.append("pre")),
        optimizer.register_step_post_hook(lambda *a: order.append("post")),
        optimizer_module.register_optimizer_step_post_hook(lambda *a: order.append("global post")),
    ]
    optimizer.step()
    assert order == ["global pre", "pre", "post", "global post"]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(order) == 4


def test_step_pre_hook_may_replace_the_arguments():
    optimizer = optim.SGD([param()], lr=0.1)
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: ((opt, lambda: 42), {}))
    assert optimizer.step() == 42
    optimizer.register_step_pre_hook(lambda *args: 3)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        optimizer.step()


def test_state_dict_hooks():
    optimizer = optim.SGD([param()], lr=0.1)
    calls = []
    optimizer.register_state_dict_pre_hook(lambda opt: calls.append("save"))
    optimizer.register_state_dict_post_hook(lambda opt, state: {**state, "mark": 1})
    optimizer.register_load_state_dict_pre_hook(
        lambda opt, state: calls.append(state.pop("mark")) or state
    )
    optimizer.register_load_state_dict_post_hook(lambda opt: calls.append("loaded"))
    optimizer.register_load_state_dict_post_hook(lambda opt: calls.append("first"), prepend=True)
    state = optimizer.state_dict()
    optimizer.load_state_dict(state)
    assert calls == ["save", 1, "first", "loaded"] and state["mark"] == 1
