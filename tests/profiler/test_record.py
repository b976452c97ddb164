"""What is recorded, under which name, within what."""

import subprocess
import sys
import threading

import pytest

import minitorch
from minitorch import nn
from minitorch.profiler import profile, record_function
from minitorch.tensor import Tensor

ADD = "autograd::engine::evaluate_function: AddBackward0"


def names(prof):
    return [event.name for event in prof.events()]


def within(prof, name):
    """Names of what the only event called `name` holds directly."""
    (event,) = [event for event in prof.events() if event.name == name]
    return [child.name for child in event.cpu_children]


@pytest.mark.parametrize("compute, name", [
    (lambda a: a + 1, "aten::add"),
    (lambda a: 1 + a, "aten::add"),
    (lambda a: 1 - a, "aten::rsub"),
    (lambda a: 1 / a, "aten::div"),
    (lambda a: a // 2, "aten::floor_divide"),
    (lambda a: a.__iadd__(1), "aten::add_"),
    (lambda a: a ** 2, "aten::pow"),
    (lambda a: -a, "aten::neg"),
    (lambda a: a == 1, "aten::eq"),
    (lambda a: a @ a, "aten::matmul"),
    (lambda a: a.exp(), "aten::exp"),
    (lambda a: minitorch.exp(a), "aten::exp"),
    (lambda a: a.T, "aten::numpy_T"),
    (lambda a: a.double(), "aten::to"),
    (lambda a: a[0, 0].item(), "aten::item"),
    (lambda a: minitorch.cat([a, a]), "aten::cat"),
    (lambda a: nn.functional.relu(a), "aten::relu"),
    (lambda a: nn.functional.cross_entropy(a, minitorch.tensor([0, 1])),
     "aten::cross_entropy_loss"),
])
def test_operation_has_pytorchs_name(compute, name):
    a = minitorch.rand(2, 2)
    with profile() as prof:
        compute(a)
    assert name in names(prof)


def test_function_imported_by_name():
    module = type(sys)("program")
    exec("from minitorch import cat", vars(module))
    sys.modules["program"] = module
    try:
        with profile() as prof:
            module.cat([minitorch.ones(1)] * 2)
        assert names(prof) == ["aten::ones", "aten::cat"]
        assert module.cat is minitorch.cat
    finally:
        del sys.modules["program"]


def test_backward_nodes():
    a = minitorch.ones(2, requires_grad=True)
    loss = (a + 1).sum()
    with profile() as prof:
        loss.backward()
    assert within(prof, ADD) == ["AddBackward0"]
    accumulate = "torch::autograd::AccumulateGrad"
    assert within(prof, f"autograd::engine::evaluate_function: {accumulate}") == [accumulate]


def test_hooks_count_for_their_node_but_not_for_its_computation():
    a = minitorch.ones(2, requires_grad=True)
    b = a + 1
    b.register_hook(lambda grad: grad.exp())
    loss = b.sum()
    with profile() as prof:
        loss.backward()
    assert within(prof, ADD) == ["aten::exp", "AddBackward0"]


def test_own_function_is_a_node():
    class Double(minitorch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    out = Double.apply(minitorch.ones(1, requires_grad=True))
    with profile() as prof:
        out.backward()
    assert within(prof, "DoubleBackward") == ["aten::mul"]


def test_optimizer_and_loader():
    a = minitorch.nn.Parameter(minitorch.ones(2))
    optimizer = minitorch.optim.SGD([a], lr=0.1)
    loader = minitorch.utils.data.DataLoader(minitorch.ones(2, 3), batch_size=2)
    with profile() as prof:
        for batch in loader:
            (batch.sum() * a).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
    found = names(prof)
    assert "Optimizer.step#SGD.step" in found
    assert "Optimizer.zero_grad#SGD.zero_grad" in found
    assert found.count("enumerate(DataLoader)#_SerialIterator.__next__") == 2  # and the end
    assert within(prof, "Optimizer.step#SGD.step") == ["aten::_fused_sgd_"]


def test_other_threads_are_not_seen():
    thread = threading.Thread(target=lambda: minitorch.ones(1).exp())
    with profile() as prof:
        thread.start()
        thread.join()
        minitorch.zeros(1)
    assert names(prof) == ["aten::zeros"]


# ---- self and total time ---------------------------------------------------------------------


def test_children_lie_within_their_parents(net, images):
    with profile(with_modules=True) as prof:
        net(images).sum().backward()
    for event in prof.events():
        for child in event.cpu_children:
            assert child.cpu_parent is event
            assert event.time_range.start <= child.time_range.start
            assert child.time_range.end <= event.time_range.end
        assert event.self_cpu_time_total >= 0


def test_own_times_add_up_to_the_outermost(net, images):
    with profile(with_modules=True) as prof, record_function("all"):
        net(images).sum().backward()
    outermost = prof.events()[0]
    assert outermost.name == "all" and outermost.cpu_parent is None
    assert prof.events().self_cpu_time_total == pytest.approx(outermost.cpu_time_total)
    assert prof.key_averages().self_cpu_time_total == pytest.approx(outermost.cpu_time_total)


def test_averages_count_calls():
    a = minitorch.ones(2)
    with profile() as prof:
        for _ in range(3):
            a = a + a
    (average,) = prof.key_averages()
    events = prof.events()
    assert (average.key, average.count) == ("aten::add", 3)
    assert average.cpu_time_total == pytest.approx(sum(e.cpu_time_total for e in events))
    assert average.cpu_time == pytest.approx(average.cpu_time_total / 3)
    assert prof.events().total_average().count == 3


# ---- record_function -------------------------------------------------------------------------


def test_record_function_as_context_and_decorator():
    @record_function("named")
    def compute(x):
        """Add one."""
        return x + 1

    assert compute.__doc__ == "Add one."
    with profile() as prof:
        with record_function("outer", "of two"):
            compute(minitorch.ones(1))
    assert within(prof, "outer, of two") == ["aten::ones", "named"]
    assert within(prof, "named") == ["aten::add"]
    assert prof.events()[0].is_user_annotation


def test_record_function_may_reenter_itself():
    region = record_function("again")
    with profile() as prof:
        with region, region:
            pass
    assert names(prof) == ["again", "again"]
    assert prof.events()[1].cpu_parent is prof.events()[0]


def test_record_function_without_profiler_records_nothing():
    with record_function("before"):
        with profile() as prof:
            minitorch.ones(1)
    assert names(prof) == ["aten::ones"]


def test_record_function_that_outlives_the_profiler():
    region = record_function("long")
    with profile() as prof:
        region.__enter__()
    region.__exit__(None, None, None)
    assert names(prof) == ["long"]


@pytest.mark.parametrize("arguments", [(3,), ("a", 3)])
def test_record_function_wants_words(arguments):
    with pytest.raises(TypeError, match=r"record_function\(\): argument '(name|args)' must be str"):
        record_function(*arguments)


# ---- exceptions ------------------------------------------------------------------------------


def test_exception_within_ends_what_was_open():
    a = minitorch.ones(2)
    with profile() as prof:
        with pytest.raises(RuntimeError, match="size of tensor"):
            with record_function("outer"):
                a + minitorch.ones(3)
        minitorch.zeros(1)
    assert within(prof, "outer") == ["aten::ones", "aten::add"]
    assert prof.events()[-1].name == "aten::zeros"
    assert prof.events()[-1].cpu_parent is None


def test_exception_in_backward_ends_the_node():
    def fail(grad):
        raise KeyError("hook")

    b = minitorch.ones(2, requires_grad=True) + 1
    b.register_hook(fail)
    with profile() as prof:
        with pytest.raises(KeyError):
            b.sum().backward()
        minitorch.zeros(1)
    assert ADD in names(prof)
    assert prof.events()[-1].cpu_parent is None


def test_exception_through_the_profiler_leaves_nothing_behind():
    before = dict(vars(Tensor))
    with pytest.raises(ZeroDivisionError):
        with profile() as prof:
            minitorch.ones(1)
            raise ZeroDivisionError
    assert dict(vars(Tensor)) == before
    assert names(prof) == ["aten::ones"]


# ---- nothing is left, and nothing is seen when off ---------------------------------------------


def test_everything_is_put_back(net):
    def places():
        modules = [m for name, m in sorted(sys.modules.items()) if name.startswith("minitorch")
                   and not name.startswith("minitorch.profiler")]
        owners = [Tensor, nn.Module, nn.Sequential, minitorch.optim.Optimizer, minitorch.optim.SGD,
                  minitorch.utils.data.dataloader._Iterator, *modules]
        return [(owner, name, value) for owner in owners
                for name, value in list(vars(owner).items()) if callable(value)]

    before = places()
    with profile(with_modules=True):
        during = places()
        net(minitorch.rand(2, 3, 8, 8)).sum().backward()
    after = places()
    assert any(a[2] is not b[2] for a, b in zip(before, during, strict=False))
    assert len(before) == len(after)
    assert all(a[1] == b[1] and a[2] is b[2] for a, b in zip(before, after, strict=True))


def test_off_means_off():
    with profile() as prof:
        minitorch.ones(1)
    b = minitorch.ones(2, requires_grad=True) + 1
    b.sum().backward()
    assert names(prof) == ["aten::ones"]


def test_results_are_the_same(net, images):
    target = minitorch.tensor([0, 1])
    plain = net(images)
    nn.functional.cross_entropy(plain, target).backward()
    grads = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    with profile(with_modules=True, record_shapes=True):
        seen = net(images)
        nn.functional.cross_entropy(seen, target).backward()
    assert (seen == plain).all()
    assert all((p.grad == g).all() for p, g in zip(net.parameters(), grads, strict=True))


def test_first_uses_within_a_profile_bind_the_operations_themselves():
    # in a process of its own: here others may have been first
    program = """
import minitorch as mt
from minitorch.profiler import profile
with profile() as prof:
    mt.eye(2).det()
    mt.kron(mt.ones(1), mt.ones(1))
names = {event.key for event in prof.key_averages()}
assert {"aten::det", "aten::kron"} <= names, names
from minitorch._ops import decompositions, products
assert mt.Tensor.det is decompositions.det and mt.kron is products.kron
assert "kron" in vars(mt) and not hasattr(mt.kron, "__wrapped__")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
