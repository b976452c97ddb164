"""Averaged models, their functions, update_bn, and the schedule that goes with them."""

import copy

import pytest

import minitorch as torch
from minitorch import nn, optim
from minitorch.optim import swa_utils


def net():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2).double())


def moved(model, seed):
    generator = torch.Generator()
    generator.manual_seed(seed)
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator))
            else:
                tensor.fill_(seed)
    return model


FUNCTIONS = {
    "mean": (dict(), lambda n: 1 / n),
    "mean, one by one": (dict(avg_fn=swa_utils.get_swa_avg_fn()), lambda n: 1 / n),
    "mean, all at once": (dict(multi_avg_fn=swa_utils.get_swa_multi_avg_fn()), lambda n: 1 / n),
    "ema": (dict(avg_fn=swa_utils.get_ema_avg_fn(0.7)), lambda n: 0.3),
    "ema, all at once": (dict(multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.7)), lambda n: 0.3),
}


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("options, share", FUNCTIONS.values(), ids=FUNCTIONS)
def test_averages(options, share, use_buffers):
    model = net()
    averaged = swa_utils.AveragedModel(model, use_buffers=use_buffers, **options)
    expected = None
    for n in range(1, 6):
        moved(model, n)
        averaged.update_parameters(model)
        values = [p.detach().clone() for p in model.parameters()]
        old = values if expected is None else expected
        expected = [a + share(n) * (b - a) for a, b in zip(old, values, strict=True)]
    assert averaged.n_averaged.item() == 5
    for got, wanted in zip(averaged.parameters(), expected, strict=True):
        assert got.dtype == wanted.dtype and torch.allclose(got, wanted, atol=1e-6)
    mean = averaged.module[1].running_mean
    assert torch.equal(mean, model[1].running_mean) is not use_buffers
    assert list(averaged.state_dict())[0] == "n_averaged"
    assert "module.0.weight" in averaged.state_dict()


def test_averages_leave_the_graph_alone():
    model = net()
    averaged = swa_utils.AveragedModel(model)
    for seed in (1, 2):
        averaged.update_parameters(moved(model, seed))
    assert all(p.is_leaf and p.requires_grad for p in averaged.parameters())
    assert torch.equal(averaged.module[:2](torch.ones(2, 3)), averaged.module[:2](torch.ones(2, 3)))
    twin = copy.deepcopy(averaged)
    twin.load_state_dict(averaged.state_dict())
    assert twin.n_averaged.item() == 2


def test_update_bn_takes_the_mean_over_the_batches():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=0.3)).eval()
    batches = [torch.rand(6, 3) for _ in range(4)]
    swa_utils.update_bn([(batch, "target") for batch in batches], model, device="cpu")
    with torch.no_grad():
        hidden = torch.stack([model[0](batch) for batch in batches])
    assert torch.allclose(model[1].running_mean, hidden.mean((0, 1)), atol=1e-6)
    assert torch.allclose(model[1].running_var, hidden.var(1).mean(0), atol=1e-6)
    assert model[1].momentum == 0.3 and not model.training
    assert model[1].num_batches_tracked.item() == 4
    plain = nn.Linear(2, 2)
    swa_utils.update_bn(None, plain)  # nothing to do


def test_swalr():
    optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = swa_utils.SWALR(optimizer, 0.2, anneal_epochs=4, anneal_strategy="linear")
    rates = []
    for _ in range(6):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2, 0.2])
    assert scheduler.state_dict()["anneal_epochs"] == 4


@pytest.mark.parametrize("call, error, text", [
    (lambda o: swa_utils.get_ema_avg_fn(1.5), ValueError, "Invalid decay value 1.5 provided"),
    (lambda o: swa_utils.get_ema_multi_avg_fn(-0.5), ValueError, "Invalid decay value -0.5"),
    (lambda o: swa_utils.AveragedModel(net(), avg_fn=max, multi_avg_fn=max), AssertionError,
     "Only one of avg_fn and multi_avg_fn"),
    (lambda o: swa_utils.SWALR(o, [1, 2]), ValueError, "swa_lr must have the same length"),
    (lambda o: swa_utils.SWALR(o, 1, anneal_strategy="x"), ValueError, "instead got x"),
    (lambda o: swa_utils.SWALR(o, 1, anneal_epochs=-1), ValueError, "greater than 0, got -1"),
])
def test_refusals(call, error, text):
    with pytest.raises(error, match=text):
        call(optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0))
