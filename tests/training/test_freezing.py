"""freeze means frozen: weights and BatchNorm statistics, whatever train() is called later."""

import copy

import pytest

import minitorch as torch
from minitorch import nn
from minitorch.training import freeze, train_only, unfreeze


def small_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
                         nn.Linear(4 * 36, 2))


def statistics(net):
    return net[1].running_mean.clone(), int(net[1].num_batches_tracked)


def test_freeze_pins_statistics_across_train():
    net = small_net()
    freeze(net)
    before = statistics(net)
    net.train()
    net(torch.randn(4, 3, 8, 8))
    after = statistics(net)
    assert torch.equal(before[0], after[0]) and after[1] == 0
    assert not net[1].training and net.training
    assert not any(p.requires_grad for p in net.parameters())


def test_freeze_without_bn_behaves_as_pytorch():
    net = freeze(small_net(), bn=False)
    before = statistics(net)
    net.train()
    net(torch.randn(4, 3, 8, 8))
    assert not torch.equal(before[0], statistics(net)[0])
    assert not any(p.requires_grad for p in net.parameters())


def test_requires_grad_by_hand_still_moves_statistics():
    net = small_net()
    for parameter in net.parameters():
        parameter.requires_grad = False
    net.train()
    net(torch.randn(4, 3, 8, 8))
    assert statistics(net)[1] == 1


def test_unfreeze_releases_statistics():
    net = unfreeze(freeze(small_net()))
    net.train()
    assert net[1].training
    net(torch.randn(4, 3, 8, 8))
    assert statistics(net)[1] == 1
    assert all(p.requires_grad for p in net.parameters())
    net.eval()
    assert not net[1].training


def test_freeze_survives_deepcopy_and_leaves_the_original_alone():
    net = freeze(small_net())
    twin = copy.deepcopy(net)
    unfreeze(net)
    twin.train()
    net.train()
    assert not twin[1].training and net[1].training
    twin(torch.randn(4, 3, 8, 8))
    assert statistics(twin)[1] == 0


def test_freeze_keeps_the_state_dict_keys():
    assert list(freeze(small_net()).state_dict()) == list(small_net().state_dict())


def test_train_only_trains_the_named_part():
    net = train_only(small_net(), ["4"])
    assert [name for name, p in net.named_parameters() if p.requires_grad] == ["4.weight",
                                                                              "4.bias"]


def test_train_only_unknown_name_changes_nothing():
    net = small_net()
    with pytest.raises(KeyError):
        train_only(net, ["4", "9"])
    assert all(p.requires_grad for p in net.parameters())
