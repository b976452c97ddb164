"""Forward, pre-forward and full backward hooks of modules."""

import copy

import pytest

import minitorch as torch
from minitorch import nn
from minitorch.nn.modules import module as module_file


class Double(nn.Module):
    def forward(self, x, shift=0.0):
        return x * 2 + shift


def ones(*shape):
    return torch.ones(*shape, requires_grad=True)


def test_pre_hook_changes_arguments():
    module = Double()
    handle = module.register_forward_pre_hook(lambda m, args: args[0] + 1)
    assert module(torch.zeros(1)).item() == 2.0
    handle.remove()
    handle.remove()
    assert module(torch.zeros(1)).item() == 0.0


def test_pre_hook_with_kwargs():
    module = Double()
    module.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {"shift": kwargs["shift"] + 1.0}), with_kwargs=True
    )
    assert module(torch.zeros(1), shift=3.0).item() == 4.0


def test_pre_hook_with_kwargs_must_return_a_pair():
    module = Double()
    module.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple"):
        module(torch.zeros(1))


def test_forward_hook_sees_and_replaces_the_output():
    module = Double()
    seen = []
    module.register_forward_hook(lambda m, args, out: seen.append((args[0].item(), out.item())))
    module.register_forward_hook(lambda m, args, out: out + 1)
    module.register_forward_hook(
        lambda m, args, kwargs, out: out + kwargs["shift"], with_kwargs=True
    )
    assert module(torch.ones(1), shift=0.5).item() == 4.0
    assert seen == [(1.0, 2.5)]


def test_prepend_orders_the_hooks():
    order = []
    module = Double()
    for register in (module.register_forward_hook, module.register_forward_pre_hook):
        order.clear()
        register(lambda *args: order.append("first"))
        register(lambda *args: order.append("second"), prepend=True)
        module(torch.ones(1))
        assert order[:2] == ["second", "first"]


def test_handle_is_a_context_manager():
    module, seen = Double(), []
    with module.register_forward_hook(lambda *args: seen.append(1)):
        module(torch.ones(1))
    module(torch.ones(1))
    assert seen == [1]


def test_always_call_runs_after_an_error():
    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    module, seen = Broken(), []
    module.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    module.register_forward_hook(lambda m, args, out: seen.append("never"))
    with pytest.raises(ValueError, match="broken"):
        module(1)
    assert seen == [None]


def test_always_call_hook_that_fails_warns_and_keeps_the_first_error():
    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    def fail(*args):
        raise RuntimeError("hook failed")

    module = Broken()
    module.register_forward_hook(fail, always_call=True)
    with pytest.warns(UserWarning, match="hook failed"), pytest.raises(ValueError):
        module(1)


def test_full_backward_hook_gets_both_gradients():
    module, seen = Double(), []
    module.register_full_backward_hook(
        lambda m, grad_in, grad_out: seen.append((grad_in[0].tolist(), grad_out[0].tolist()))
    )
    x = ones(2)
    (module(x) * 3).sum().backward()
    assert seen == [([6.0, 6.0], [3.0, 3.0])]
    assert x.grad.tolist() == [6.0, 6.0]


def test_full_backward_hook_replaces_grad_input():
    module = nn.Linear(2, 1, bias=False)
    module.register_full_backward_hook(lambda m, grad_in, grad_out: (grad_in[0] * 10,))
    x = ones(1, 2)
    module(x).sum().backward()
    assert torch.allclose(x.grad, module.weight * 10)
    assert module.weight.grad.tolist() == [[1.0, 1.0]]


def test_full_backward_pre_hook_replaces_grad_output():
    module = Double()
    seen = []
    module.register_full_backward_pre_hook(lambda m, grad_out: (grad_out[0] * 5,))
    module.register_full_backward_hook(lambda m, gi, go: seen.append(go[0].item()))
    x = ones(1)
    module(x).backward()
    assert x.grad.item() == 10.0 and seen == [5.0]


def test_full_backward_hook_without_input_gradient_warns():
    module = nn.Linear(2, 1)
    seen = []
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go[0].shape)))
    out = module(torch.ones(3, 2)).sum()
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        out.backward()
    assert seen == [((None,), (3, 1))]


def test_full_backward_hook_puts_none_for_other_arguments():
    class Pick(nn.Module):
        def forward(self, table, key):
            return table * 1, key

    module, seen = Pick(), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi[1], go[1])))
    out, key = module(ones(1), "k")
    out.backward()
    assert key == "k" and seen == [(None, None)]


@pytest.mark.parametrize(
    "register, answer, text",
    [
        ("register_full_backward_hook", (1, 2), "invalid number of grad_input, got 2"),
        ("register_full_backward_pre_hook", (1, 2), "invalid number of grad_output, got 2"),
    ],
)
def test_backward_hook_with_wrong_count_is_refused(register, answer, text):
    module = Double()
    getattr(module, register)(lambda *args: answer)
    out = module(ones(1))
    with pytest.raises(RuntimeError, match=text):
        out.backward()


def test_backward_hooks_sleep_in_no_grad():
    module = Double()
    module.register_full_backward_hook(lambda *args: pytest.fail("called"))
    with torch.no_grad():
        assert not module(torch.ones(1)).requires_grad


def test_old_backward_hook_sits_on_the_last_node():
    module = nn.ReLU()
    seen = []
    module.register_backward_hook(lambda m, gi, go: seen.append((m, gi, go)))
    (module(ones(1) * 3) * 2).backward()
    ((owner, (grad_input,), (grad_output,)),) = seen
    assert owner is module and grad_input.tolist() == grad_output.tolist() == [2.0]


def test_old_backward_hook_says_what_it_does_not_see():
    net = nn.Sequential(Double(), Double())
    net.register_backward_hook(lambda *args: None)
    with pytest.warns(FutureWarning, match="multiple autograd Nodes"):
        net(ones(1))


def test_the_two_kinds_of_backward_hooks_do_not_mix():
    module = Double()
    module.register_full_backward_hook(lambda *args: None)
    with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks and full"):
        module.register_backward_hook(lambda *args: None)
    with module_file.register_module_backward_hook(lambda *args: None):
        with pytest.raises(RuntimeError, match="as a global Module hook"):
            module_file.register_module_full_backward_hook(lambda *args: None)
    with module_file.register_module_full_backward_hook(lambda *args: None):
        pass


def test_global_hooks_reach_every_module_and_come_off():
    seen = []
    handles = [
        module_file.register_module_forward_pre_hook(lambda m, args: seen.append("pre")),
        module_file.register_module_forward_hook(lambda m, args, out: seen.append("post")),
        module_file.register_module_full_backward_pre_hook(lambda m, go: seen.append("back pre")),
        module_file.register_module_full_backward_hook(lambda m, gi, go: seen.append("back")),
    ]
    Double()(ones(1)).backward()
    assert seen == ["pre", "post", "back pre", "back"]
    for handle in handles:
        handle.remove()
    Double()(ones(1)).backward()
    assert len(seen) == 4


def test_registration_hooks_see_the_names():
    names = []

    def note(module, name, value):
        names.append(name)

    handles = [
        module_file.register_module_parameter_registration_hook(note),
        module_file.register_module_buffer_registration_hook(note),
        module_file.register_module_module_registration_hook(note),
    ]
    module = nn.BatchNorm1d(2)
    nn.Sequential(module)
    for handle in handles:
        handle.remove()
    nn.BatchNorm1d(2)
    assert names == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked", "0"]


def test_a_copied_handle_belongs_to_the_copied_module():
    module = Double()
    module.handle = module.register_forward_hook(lambda m, args, out: out + 1, always_call=True)
    other = copy.deepcopy(module)
    other.handle.remove()
    assert other(torch.ones(1)).item() == 2.0
    assert module(torch.ones(1)).item() == 3.0
    module.handle.remove()
    assert not module._forward_hooks and not module._forward_hooks_always_called


def test_no_gradient_flows_through_an_output_that_has_none():
    class Pair(nn.Module):
        def forward(self, x, y):
            return x * 2, y * 3

    module, seen = Pair(), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append(go))
    first, second = module(ones(1), torch.ones(1))
    assert first.requires_grad and not second.requires_grad
    (first + second).backward()
    assert seen[0][0].tolist() == [1.0] and seen[0][1] is None
