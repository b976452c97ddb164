"""state_dict and load_state_dict: keys, metadata, strictness, hooks, texts."""

import copy
from collections import OrderedDict

import pytest

import minitorch as torch
from minitorch import nn


def make_net():
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 2, 3), bn=nn.BatchNorm2d(2)))


def test_keys_and_metadata():
    state = make_net().state_dict()
    assert list(state) == [
        "conv.weight",
        "conv.bias",
        "bn.weight",
        "bn.bias",
        "bn.running_mean",
        "bn.running_var",
        "bn.num_batches_tracked",
    ]
    assert state._metadata == {"": {"version": 1}, "conv": {"version": 1}, "bn": {"version": 2}}


def test_values_alias_the_parameters_and_are_detached():
    layer = nn.Linear(2, 2)
    state = layer.state_dict()
    assert not state["weight"].requires_grad and type(state["weight"]) is torch.Tensor
    state["weight"].zero_()
    assert not layer.weight.any()
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight


def test_prefix_and_destination():
    destination = {}
    layer = nn.Linear(1, 1)
    assert layer.state_dict(destination=destination, prefix="a.") is destination
    assert list(destination) == ["a.weight", "a.bias"]
    with pytest.warns(FutureWarning, match="Positional args are being deprecated"):
        layer.state_dict({}, "b.")


def test_round_trip_copies_values():
    source, target = make_net(), make_net()
    source.bn.running_mean.fill_(3.0)
    source.bn.num_batches_tracked.fill_(7)
    result = target.load_state_dict(source.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    for key, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[key], value), key
    with torch.no_grad():
        source.conv.weight.zero_()
    assert bool(target.conv.weight.any())


def test_load_converts_dtype_and_keeps_requires_grad():
    layer = nn.Linear(2, 2)
    layer.weight.requires_grad_(False)
    layer.load_state_dict(nn.Linear(2, 2).double().state_dict())
    assert layer.weight.dtype == torch.float32
    assert not layer.weight.requires_grad and layer.bias.requires_grad


def test_missing_key_text():
    state = {"weight": torch.zeros(2, 3)}
    with pytest.raises(RuntimeError) as error:
        nn.Linear(3, 2).load_state_dict(state)
    assert str(error.value) == (
        "Error(s) in loading state_dict for Linear:\n\t"
        'Missing key(s) in state_dict: "bias". '
    )


def test_all_problems_come_in_one_error():
    state = {"weight": torch.zeros(2, 4), "gain": torch.zeros(1), "bias": 3}
    with pytest.raises(RuntimeError) as error:
        nn.Linear(3, 2).load_state_dict(state)
    lines = str(error.value).split("\n\t")
    assert lines[1] == 'Unexpected key(s) in state_dict: "gain". '
    assert lines[2] == (
        "size mismatch for weight: copying a param with shape torch.Size([2, 4]) from checkpoint, "
        "the shape in current model is torch.Size([2, 3])."
    )
    assert 'the parameter named "bias", expected torch.Tensor' in lines[3]


def test_not_strict_reports_instead():
    result = make_net().load_state_dict({"conv.bias": torch.ones(2), "x.y": 1}, strict=False)
    assert result.missing_keys[0] == "conv.weight" and len(result.missing_keys) == 5
    assert result.unexpected_keys == ["x.y"]
    assert repr(result).startswith("_IncompatibleKeys(missing_keys=['conv.weight'")


def test_not_strict_still_refuses_shapes():
    with pytest.raises(RuntimeError, match="size mismatch for bias"):
        nn.Linear(3, 2).load_state_dict({"bias": torch.ones(3)}, strict=False)


def test_load_wants_a_mapping():
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got"):
        nn.Linear(1, 1).load_state_dict([("weight", 1)])


def test_load_does_not_change_the_given_dict():
    state = {k: v for k, v in make_net().state_dict().items() if "tracked" not in k}
    keys = list(state)
    make_net().load_state_dict(state)
    assert list(state) == keys


def test_assign_puts_the_tensors_themselves():
    layer = nn.Linear(2, 2)
    layer.weight.requires_grad_(False)
    state = {"weight": torch.ones(2, 2), "bias": torch.ones(2, dtype=torch.float64)}
    layer.load_state_dict(state, assign=True)
    assert type(layer.weight) is nn.Parameter and not layer.weight.requires_grad
    assert layer.bias.dtype == torch.float64 and layer.bias.requires_grad
    state["weight"][0, 0] = 4.0
    assert layer.weight[0, 0].item() == 4.0


def test_one_element_vector_loads_into_a_scalar():
    module = nn.Module()
    module.register_buffer("count", torch.tensor(0.0))
    module.load_state_dict({"count": torch.tensor([5.0])})
    assert module.count.item() == 5.0


def test_batchnorm_of_version_one_has_no_count():
    layer = nn.BatchNorm2d(2)
    layer.num_batches_tracked.fill_(3)
    state = layer.state_dict()
    del state["num_batches_tracked"]
    with pytest.raises(RuntimeError, match="num_batches_tracked"):
        layer.load_state_dict(state)
    state._metadata[""]["version"] = 1
    layer.load_state_dict(state)
    plain = {key: value for key, value in state.items()}
    layer.load_state_dict(plain)
    assert layer.num_batches_tracked.item() == 3


def test_none_members_are_left_out():
    layer = nn.Linear(2, 2, bias=False)
    assert list(layer.state_dict()) == ["weight"]
    assert list(nn.BatchNorm2d(2, affine=False, track_running_stats=False).state_dict()) == []


def test_extra_state_travels():
    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.count = 0

        def get_extra_state(self):
            return self.count

        def set_extra_state(self, state):
            self.count = state

    source, target = nn.Sequential(Counter()), nn.Sequential(Counter())
    source[0].count = 5
    assert dict(source.state_dict()) == {"0._extra_state": 5}
    target.load_state_dict(source.state_dict())
    assert target[0].count == 5
    with pytest.raises(RuntimeError, match='Missing key.*"0._extra_state"'):
        target.load_state_dict({})
    with pytest.raises(RuntimeError, match='Unexpected key.*"0._extra_state"'):
        nn.Sequential(nn.Identity()).load_state_dict(source.state_dict())


def test_state_dict_hooks():
    layer = nn.Linear(1, 1)
    calls = []
    layer.register_state_dict_pre_hook(lambda m, prefix, keep: calls.append((prefix, keep)))
    post = layer.register_state_dict_post_hook(
        lambda m, state, prefix, meta: state.__setitem__(prefix + "extra", 1)
    )
    state = nn.Sequential(layer).state_dict()
    assert calls == [("0.", False)] and state["0.extra"] == 1
    post.remove()
    assert "extra" not in layer.state_dict()
    layer.register_state_dict_post_hook(lambda *args: {})
    with pytest.raises(RuntimeError, match="state_dict post-hook must return None"):
        layer.state_dict()


def test_private_state_dict_hook_replaces_at_the_root():
    layer = nn.Linear(1, 1)
    layer._register_state_dict_hook(lambda m, state, prefix, meta: {"only": 1})
    assert layer.state_dict() == {"only": 1}


def test_load_pre_hook_renames_and_follows_a_deepcopy():
    layer = nn.Linear(1, 1)

    def rename(module, state, prefix, *rest):
        assert isinstance(module, nn.Linear)
        state[prefix + "weight"] = state.pop(prefix + "w")
        seen.append(module)

    seen = []
    layer.register_load_state_dict_pre_hook(rename)
    state = {"0.w": torch.full((1, 1), 3.0), "0.bias": torch.zeros(1)}
    nn.Sequential(layer).load_state_dict(state)
    assert layer.weight.item() == 3.0
    twin = copy.deepcopy(layer)
    twin.load_state_dict({"w": torch.zeros(1, 1), "bias": torch.zeros(1)})
    assert seen == [layer, twin] and layer.weight.item() == 3.0


def test_load_post_hook_may_forgive():
    layer = nn.Linear(1, 1)
    layer.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    layer.load_state_dict({})
    layer.register_load_state_dict_post_hook(lambda m, keys: keys)
    with pytest.raises(AssertionError, match="not expected to return new values"):
        layer.load_state_dict({})




def test_a_prefix_is_taken_off():
    state = nn.Sequential(nn.Linear(2, 2)).state_dict(prefix="module.")
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    assert list(state) == ["0.weight", "0.bias"] and list(state._metadata) == ["", "0"]
    nn.Sequential(nn.Linear(2, 2)).load_state_dict(state)
