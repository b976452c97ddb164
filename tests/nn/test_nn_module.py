"""Module: registration, attributes, traversal, conversion, modes, printing."""

import copy

import pytest

import minitorch as torch
from minitorch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2))
        self.register_buffer("offset", torch.zeros(2))
        self.register_buffer("scratch", torch.zeros(1), persistent=False)
        self.body = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        self.head = nn.Linear(3, 1, bias=False)

    def forward(self, x):
        return self.head(self.body(x * self.scale + self.offset))


# ---- Parameter and Buffer ------------------------------------------------------------------------


def test_parameter_requires_grad_and_shares_storage():
    data = torch.ones(2)
    with torch.no_grad():
        param = nn.Parameter(data)
    assert param.requires_grad and param.is_leaf
    assert isinstance(param, nn.Parameter) and isinstance(param, torch.Tensor)
    assert not isinstance(data, nn.Parameter)
    data[0] = 5.0
    assert param[0].item() == 5.0
    assert nn.Parameter(data, requires_grad=False).requires_grad is False


def test_parameter_of_an_integer_tensor_is_refused():
    with pytest.raises(RuntimeError, match="Only Tensors of floating point"):
        nn.Parameter(torch.zeros(2, dtype=torch.int64))


def test_parameter_of_a_subclass_keeps_the_subclass():
    class Marked(torch.Tensor):
        pass

    param = nn.Parameter(torch.ones(2).as_subclass(Marked))
    assert type(param) is Marked and isinstance(param, nn.Parameter) and param.requires_grad
    module = nn.Module()
    module.p = param
    assert list(module._parameters) == ["p"]
    with pytest.raises(TypeError, match="must be a Tensor, not list"):
        nn.Parameter([1.0])


def test_parameter_without_data_is_empty():
    assert nn.Parameter().shape == (0,)


def test_parameter_repr():
    param = nn.Parameter(torch.tensor([1.0, 2.5]))
    assert repr(param).split("\n")[0] == "Parameter containing:"
    assert "[1.0000, 2.5000], requires_grad=True)" in repr(param)


def test_operations_on_a_parameter_give_plain_tensors():
    param = nn.Parameter(torch.ones(2))
    assert type(param * 2) is torch.Tensor
    assert type(param.detach()) is torch.Tensor


def test_parameter_deepcopy_keeps_role_and_separates_storage():
    param = nn.Parameter(torch.ones(2), requires_grad=False)
    twice = copy.deepcopy([param, param])
    assert twice[0] is twice[1]
    assert type(twice[0]) is nn.Parameter and twice[0].requires_grad is False
    param[0] = 9.0
    assert twice[0].tolist() == [1.0, 1.0]


def test_buffer_registers_on_assignment():
    module = nn.Module()
    module.mean = nn.Buffer(torch.zeros(3))
    module.cache = nn.Buffer(torch.zeros(1), persistent=False)
    assert [name for name, _ in module.named_buffers()] == ["mean", "cache"]
    assert list(module.state_dict()) == ["mean"]
    assert not list(module.parameters())


# ---- registration --------------------------------------------------------------------------------


def test_assignment_moves_a_name_between_the_tables():
    module = nn.Module()
    module.x = 3
    module.x = nn.Parameter(torch.ones(1))
    assert "x" not in module.__dict__ and "x" in module._parameters
    module.x = None
    assert module.x is None and "x" in module._parameters
    del module.x
    module.x = nn.Linear(1, 1)
    assert list(module._modules) == ["x"]
    module.x = nn.Parameter(torch.ones(1))
    assert not module._modules and list(module._parameters) == ["x"]


def test_replacing_a_child_keeps_its_place():
    net = Net()
    net.body = nn.Identity()
    assert [name for name, _ in net.named_children()] == ["body", "head"]


@pytest.mark.parametrize(
    "name, value, text",
    [
        ("scale", "tensor", "as parameter 'scale' (torch.nn.Parameter or None expected)"),
        ("body", "tensor", "as child module 'body' (torch.nn.Module or None expected)"),
        ("offset", 3, "as buffer 'offset' (torch.nn.Buffer, torch.Tensor or None expected)"),
    ],
)
def test_assigning_the_wrong_kind_is_refused(name, value, text):
    value = torch.ones(2) if value == "tensor" else value
    with pytest.raises(TypeError) as error:
        setattr(Net(), name, value)
    assert text in str(error.value)


def test_wrong_parameter_text_names_the_tensor_type():
    with pytest.raises(TypeError) as error:
        nn.Linear(2, 2).weight = torch.ones(2, 2)
    assert str(error.value) == (
        "cannot assign 'torch.FloatTensor' as parameter 'weight' "
        "(torch.nn.Parameter or None expected)"
    )


@pytest.mark.parametrize(
    "value, text",
    [
        (lambda: nn.Parameter(torch.ones(1)), "cannot assign parameters before"),
        (lambda: nn.Linear(1, 1), "cannot assign module before"),
    ],
    ids=["parameter", "module"],
)
def test_assignment_before_init_is_refused(value, text):
    class Late(nn.Module):
        def __init__(self):
            self.x = value()

    with pytest.raises(AttributeError, match=text):
        Late()


def test_register_calls_before_init_are_refused():
    class Late(nn.Module):
        def __init__(self):
            self.register_buffer("b", torch.ones(1))

    with pytest.raises(AttributeError, match="cannot assign buffer before Module.__init__"):
        Late()


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda m: m.register_buffer("a.b", None), KeyError, "buffer name can"),
        (lambda m: m.register_buffer("", None), KeyError, "empty string"),
        (lambda m: m.register_buffer(3, None), TypeError, "buffer name should be a string. Got"),
        (lambda m: m.register_buffer("forward", None), KeyError, "'forward' already exists"),
        (lambda m: m.register_buffer("b", 3), TypeError, "object to buffer 'b'"),
        (lambda m: m.register_parameter("a.b", None), KeyError, "parameter name can"),
        (lambda m: m.register_parameter("body", None), KeyError, "'body' already exists"),
        (
            lambda m: m.register_parameter("p", torch.ones(1)),
            TypeError,
            "'torch.FloatTensor' object to parameter 'p'",
        ),
        (lambda m: m.add_module("a.b", nn.Identity()), KeyError, "got: a.b"),
        (lambda m: m.add_module("a", 3), TypeError, "int is not a Module subclass"),
        (lambda m: m.foo, AttributeError, "'Net' object has no attribute 'foo'"),
        (lambda m: delattr(m, "foo"), AttributeError, "foo"),
    ],
)
def test_bad_registration_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(Net())


def test_constructor_arguments_are_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        nn.Module(size=3)
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        nn.Tanh(1)


def test_call_super_init_reaches_the_next_base():
    class Mixin:
        def __init__(self, mark):
            self.mark = mark

    class Both(nn.Module, Mixin):
        call_super_init = True

    assert Both(7).mark == 7


def test_forward_is_required():
    with pytest.raises(NotImplementedError, match='missing the required "forward" function'):
        nn.Module()(1)


# ---- traversal -----------------------------------------------------------------------------------


def test_named_parameters_order_prefix_and_recursion():
    net = Net()
    names = [name for name, _ in net.named_parameters(prefix="net")]
    assert names == ["net.scale", "net.body.0.weight", "net.body.0.bias", "net.head.weight"]
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert [name for name, _ in net.named_buffers()] == ["offset", "scratch"]
    assert len(list(net.buffers())) == 2


def test_shared_modules_and_parameters_come_once_or_not():
    layer = nn.Linear(2, 2)
    net = nn.Sequential(layer, layer)
    assert len(list(net.parameters())) == 2
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    assert len(list(net.children())) == 1
    assert [name for name, _ in net.named_modules()] == ["", "0"]
    assert [name for name, _ in net.named_modules(remove_duplicate=False)] == ["", "0", "1"]
    assert len(list(net.modules())) == 2


def test_get_by_path():
    net = Net()
    assert net.get_submodule("") is net
    assert net.get_submodule("body.0") is net.body[0]
    assert net.get_parameter("body.0.bias") is net.body[0].bias
    assert net.get_buffer("offset") is net.offset


@pytest.mark.parametrize(
    "method, path, text",
    [
        ("get_submodule", "body.7", "Sequential has no attribute `7`"),
        ("get_submodule", "scale", "`scale` is not an nn.Module"),
        ("get_parameter", "body.0.gain", "Linear has no attribute `gain`"),
        ("get_parameter", "offset", "`offset` is not an nn.Parameter"),
        ("get_buffer", "scale", "`scale` is not a buffer"),
    ],
)
def test_get_by_wrong_path(method, path, text):
    with pytest.raises(AttributeError, match=text):
        getattr(Net(), method)(path)


def test_set_submodule():
    net = Net()
    new = nn.Linear(2, 3)
    net.set_submodule("body.0", new)
    assert net.body[0] is new
    net.set_submodule("body.extra", nn.ReLU())
    assert len(net.body) == 3
    with pytest.raises(AttributeError, match="has no attribute `none`"):
        net.set_submodule("body.none", nn.ReLU(), strict=True)
    with pytest.raises(ValueError, match="without a target name"):
        net.set_submodule("", nn.ReLU())
    with pytest.raises(ValueError, match="is not an nn.Module"):
        net.set_submodule("body.0", 3)


def test_apply_visits_children_first():
    seen = []
    net = Net()
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "Sequential", "Linear", "Net"]


def test_dir_lists_members_but_no_numbers():
    names = dir(Net())
    assert {"scale", "offset", "body", "forward"} <= set(names)
    assert "0" not in dir(Net().body)


# ---- conversion ----------------------------------------------------------------------------------


def test_conversion_keeps_identity_and_converts_gradients():
    net = Net()
    before = list(net.parameters())
    net(torch.ones(4, 2)).sum().backward()
    assert net.double() is net
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True))
    assert net.scale.dtype == torch.float64 and net.scale.grad.dtype == torch.float64
    assert net.offset.dtype == torch.float64
    assert net.scale.requires_grad and net.scale.is_leaf
    net(torch.ones(4, 2, dtype=torch.float64)).sum().backward()


@pytest.mark.parametrize(
    "convert, dtype",
    [
        (lambda m: m.to(torch.float64), "float64"),
        (lambda m: m.to("cpu", torch.float64), "float64"),
        (lambda m: m.to(dtype=torch.float64, device="cpu", non_blocking=True), "float64"),
        (lambda m: m.to(torch.zeros(1, dtype=torch.float64)), "float64"),
        (lambda m: m.to(torch.device("cpu")), "float32"),
        (lambda m: m.cpu(), "float32"),
        (lambda m: m.half(), "float16"),
        (lambda m: m.bfloat16(), "bfloat16"),
        (lambda m: m.double().float(), "float32"),
        (lambda m: m.type(torch.float64), "float64"),
    ],
)
def test_conversion_forms(convert, dtype):
    layer = convert(nn.BatchNorm2d(3))
    assert layer.weight.dtype == getattr(torch, dtype)
    assert layer.running_mean.dtype == getattr(torch, dtype)


def test_conversion_leaves_integer_buffers():
    assert nn.BatchNorm2d(3).double().num_batches_tracked.dtype == torch.int64


def test_conversion_to_channels_last_touches_four_dimensions_only():
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))
    values = net[0].weight.detach().clone()
    net.to(memory_format=torch.channels_last)
    assert net[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert not net[0].weight.is_contiguous()
    assert bool((net[0].weight == values).all())


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda m: m.to("cuda"), RuntimeError),
        (lambda m: m.cuda(), RuntimeError),
        (lambda m: m.to(torch.int64), TypeError),
        (lambda m: m.to(speed=3), TypeError),
        (lambda m: m.to("cpu", torch.float32, False, 1), TypeError),
        (lambda m: m.share_memory(), NotImplementedError),
        (lambda m: m.compile(), NotImplementedError),
    ],
)
def test_impossible_conversions_are_refused(call, error):
    layer = nn.Linear(2, 2)
    with pytest.raises(error):
        call(layer)
    assert layer.weight.dtype == torch.float32


def test_to_empty_keeps_shapes():
    layer = nn.Linear(2, 3)
    weight = layer.weight
    assert layer.to_empty(device="cpu") is layer
    assert layer.weight is weight and layer.weight.shape == (3, 2)


# ---- modes ---------------------------------------------------------------------------------------


def test_train_and_eval_reach_all():
    net = Net()
    assert net.training and net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        net.train(1)


def test_requires_grad_walks_the_parameters():
    net = Net()
    assert net.requires_grad_(False) is net
    assert not any(p.requires_grad for p in net.parameters())


def test_zero_grad_drops_or_fills():
    net = Net()
    net(torch.ones(4, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(p.grad is not None and not p.grad.any() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_deepcopy_is_independent():
    net = Net()
    twin = copy.deepcopy(net)
    with torch.no_grad():
        net.scale.fill_(5.0)
    assert twin.scale.tolist() == [1.0, 1.0]
    assert [n for n, _ in twin.named_parameters()] == [n for n, _ in net.named_parameters()]
    assert all(a is not b for a, b in zip(twin.parameters(), net.parameters(), strict=True))


# ---- printing ------------------------------------------------------------------------------------


def test_repr_nests():
    assert repr(Net()) == (
        "Net(\n"
        "  (body): Sequential(\n"
        "    (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "    (1): ReLU()\n"
        "  )\n"
        "  (head): Linear(in_features=3, out_features=1, bias=False)\n"
        ")"
    )


def test_repr_with_extra_lines_and_children():
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Identity()

        def extra_repr(self):
            return "a=1\nb=2"

    assert repr(Wrapped()) == "Wrapped(\n  a=1\n  b=2\n  (inner): Identity()\n)"
