"""Optimizers and schedules against PyTorch's: the same numbers, state and texts at every step."""

import copy

import numpy as np
import pytest

import minitorch as mt

torch = pytest.importorskip("torch")

COMMON = [dict(), dict(lr=0.05), dict(weight_decay=0.1), dict(weight_decay=0.1, maximize=True)]
OPTIMIZERS = {
    "SGD": [*COMMON, dict(momentum=0.9), dict(momentum=0.9, nesterov=True, weight_decay=0.1)],
    "Adam": [*COMMON, dict(amsgrad=True), dict(betas=(0.3, 0.7), eps=1e-3), dict(fused=True),
             dict(weight_decay=0.1, decoupled_weight_decay=True)],
    "AdamW": [*COMMON, dict(amsgrad=True, foreach=True), dict(fused=True)],
    "RMSprop": [*COMMON, dict(momentum=0.8), dict(centered=True, momentum=0.8, alpha=0.5)],
    "Adagrad": [*COMMON, dict(lr_decay=0.5, initial_accumulator_value=0.1), dict(fused=True)],
    "Adadelta": [*COMMON, dict(rho=0.5)],
    "Adamax": [*COMMON, dict(betas=(0.5, 0.8))],
    "NAdam": [*COMMON, dict(momentum_decay=0.1, weight_decay=0.1, decoupled_weight_decay=True)],
    "RAdam": [*COMMON, dict(weight_decay=0.1, decoupled_weight_decay=True)],
    "ASGD": [*COMMON, dict(t0=5, lambd=0.1)],
    "Rprop": [dict(), dict(lr=0.05), dict(maximize=True), dict(etas=(0.3, 1.4))],
}
RUNS = [(name, options) for name, all_options in OPTIMIZERS.items() for options in all_options]
SHAPES = [(3, 5), (1037,), (2, 3, 4, 4), (1, 1)]


def train(lib, name, options, dtype, steps, saved=None, start=None):
    """Take steps with drawn gradients; return the values and the optimizer."""
    rng = np.random.default_rng(3)
    start = start or [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    params = [lib.nn.Parameter(lib.from_numpy(value.copy())) for value in start]
    optimizer = getattr(lib.optim, name)(params, **options)
    if saved is not None:
        optimizer.load_state_dict(saved)
    draws = np.random.default_rng(4)
    for step in range(max(steps) + 1):
        for i, param in enumerate(params):
            grad = draws.standard_normal(param.shape) * 10 ** draws.uniform(-2, 1)
            param.grad = lib.from_numpy(grad.astype(dtype))
            if step % 5 == 3 and i == 0:
                param.grad = None
        if step in steps:
            optimizer.step()
    return [param.detach().numpy() for param in params], optimizer


def translated(state, lib):
    """A state_dict with the tensors of another library."""
    if hasattr(state, "detach"):
        return lib.from_numpy(state.detach().numpy().copy())
    if isinstance(state, dict):
        return {key: translated(value, lib) for key, value in state.items()}
    if isinstance(state, list):
        return [translated(value, lib) for value in state]
    return copy.copy(state)


@pytest.mark.parametrize("name, options", RUNS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fifty_steps(name, options, dtype):
    expected, theirs = train(torch, name, options, dtype, range(50))
    values, ours = train(mt, name, options, dtype, range(50))
    # Rounding alone: PyTorch's vector code multiplies and adds in one instruction.
    tolerance = dict(rtol=3e-5, atol=3e-6) if dtype == "float32" else dict(rtol=1e-11, atol=1e-12)
    for got, wanted in zip(values, expected, strict=True):
        np.testing.assert_allclose(got, wanted, **tolerance)
    assert repr(ours) == repr(theirs)
    state, wanted = ours.state_dict(), theirs.state_dict()
    assert state["param_groups"] == wanted["param_groups"]
    assert list(state["param_groups"][0]) == list(wanted["param_groups"][0])
    assert list(state["state"]) == list(wanted["state"])
    for number in wanted["state"]:
        kept, like = state["state"][number], wanted["state"][number]
        assert list(kept) == list(like)
        for key in like:
            assert str(kept[key].dtype).split(".")[1] == str(like[key].dtype).split(".")[1]
            np.testing.assert_allclose(kept[key].numpy(), like[key].numpy(), **tolerance)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("first, second", [(torch, mt), (mt, torch)], ids=["to us", "from us"])
def test_training_goes_on_in_the_other_library(name, first, second):
    options = OPTIMIZERS[name][-1]
    expected, _ = train(first, name, options, "float32", range(20))
    half, optimizer = train(first, name, options, "float32", range(10))
    saved = translated(optimizer.state_dict(), second)
    values, _ = train(second, name, options, "float32", range(10, 20), saved, half)
    for got, wanted in zip(values, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=3e-5, atol=3e-6)


# ---- schedules -----------------------------------------------------------------------------------


class _Halving:
    """A function of the epoch that is no plain function."""

    def __init__(self):
        self.base = 0.5

    def __call__(self, epoch):
        return self.base ** (epoch // 3)


SCHEDULES = {
    "StepLR": [dict(step_size=3), dict(step_size=2, gamma=0.5)],
    "MultiStepLR": [dict(milestones=[2, 5, 5, 9]), dict(milestones=[0, 3], gamma=0.7)],
    "ConstantLR": [dict(), dict(factor=0.25, total_iters=4)],
    "LinearLR": [dict(), dict(start_factor=0.1, end_factor=0.9, total_iters=7)],
    "ExponentialLR": [dict(gamma=0.9)],
    "PolynomialLR": [dict(), dict(total_iters=9, power=2.5)],
    "CosineAnnealingLR": [dict(T_max=4), dict(T_max=7, eta_min=0.01), dict(T_max=1)],
    "CosineAnnealingWarmRestarts": [dict(T_0=3), dict(T_0=2, T_mult=2, eta_min=0.01)],
    "LambdaLR": [dict(lr_lambda=lambda epoch: 0.9**epoch), dict(lr_lambda=_Halving())],
    "MultiplicativeLR": [dict(lr_lambda=lambda epoch: 0.9), dict(lr_lambda=_Halving())],
    "CyclicLR": [
        dict(base_lr=0.01, max_lr=0.5, step_size_up=4),
        dict(base_lr=0.01, max_lr=[0.5, 0.3], step_size_up=2, step_size_down=5,
             mode="triangular2", cycle_momentum=False),
        dict(base_lr=0.01, max_lr=0.5, step_size_up=3, mode="exp_range", gamma=0.9),
        dict(base_lr=0.1, max_lr=0.5, step_size_up=3, scale_fn=_Halving(), scale_mode="cycle"),
        dict(base_lr=0.1, max_lr=0.5, step_size_up=3, scale_fn=lambda x: 0.9**x,
             scale_mode="iterations"),
    ],
    "OneCycleLR": [
        dict(max_lr=0.5, total_steps=18),
        dict(max_lr=[0.5, 0.2], epochs=6, steps_per_epoch=3, three_phase=True),
        dict(max_lr=0.5, total_steps=18, anneal_strategy="linear", pct_start=0.5, div_factor=10.0,
             final_div_factor=50.0, cycle_momentum=False),
    ],
}
SCHEDULE_RUNS = [(name, options) for name, tried in SCHEDULES.items() for options in tried]


def schedule(lib, make, optimizer="SGD", lr=0.1, steps=17, **options):
    """Return for each epoch the rates and momenta of two groups; the scheduler; the optimizer."""
    params = [{"params": [lib.nn.Parameter(lib.zeros(1))], "lr": lr},
              {"params": [lib.nn.Parameter(lib.zeros(1))]}]
    optimizer = getattr(lib.optim, optimizer)(params, lr=0.3, **options)
    scheduler = make(lib.optim.lr_scheduler, optimizer)
    seen = []
    for _ in range(steps):
        seen.append([(float(g["lr"]), g.get("momentum"), g.get("betas"))
                     for g in optimizer.param_groups])
        seen.append([float(rate) for rate in scheduler.get_last_lr()])
        optimizer.step()
        scheduler.step()
    return seen, scheduler, optimizer


@pytest.mark.parametrize("name, options", SCHEDULE_RUNS)
@pytest.mark.parametrize("optimizer", ["SGD", "AdamW"])
def test_schedules(name, options, optimizer):
    def make(schedulers, optimizer):
        return getattr(schedulers, name)(optimizer, **copy.deepcopy(options))

    expected, theirs, _ = schedule(torch, make, optimizer)
    values, ours, optimizer = schedule(mt, make, optimizer)
    assert values == expected  # to the last bit
    assert ours.state_dict() == theirs.state_dict()
    groups = [{"params": [mt.zeros(1)]}, {"params": [mt.zeros(1)]}]
    resumed = make(mt.optim.lr_scheduler, mt.optim.SGD(groups, lr=0.3))
    resumed.load_state_dict(theirs.state_dict())
    assert resumed.get_last_lr() == ours.get_last_lr()


COMBINED = {
    "sequential": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9), s.StepLR(o, 2)], [4, 9]),
    "warm-up": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=4), s.CosineAnnealingLR(o, 9)], milestones=[4]),
    "restarts": lambda s, o: s.SequentialLR(
        o, [s.CosineAnnealingWarmRestarts(o, 3), s.CosineAnnealingWarmRestarts(o, 2, 2)], [5]),
    "cyclic": lambda s, o: s.SequentialLR(
        o, [s.CyclicLR(o, 0.01, 0.1, 3), s.PolynomialLR(o, 5)], [7]),
    "chained": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)], optimizer=o),
    "chain in a sequence": lambda s, o: s.SequentialLR(
        o, [s.ChainedScheduler([s.ConstantLR(o, 0.5, 3), s.StepLR(o, 2)]), s.ExponentialLR(o, 0.9)],
        milestones=[6]),
    "sequence in a sequence": lambda s, o: s.SequentialLR(
        o, [s.SequentialLR(o, [s.ConstantLR(o, 0.5, 3), s.StepLR(o, 2)], [3]),
            s.ExponentialLR(o, 0.9)], milestones=[8]),
    "two at once": lambda s, o: (s.StepLR(o, 3), s.ExponentialLR(o, 0.9))[1],
}


# Both libraries see an early step in what a sequence does to what it holds.
@pytest.mark.filterwarnings("ignore:Detected call of")
@pytest.mark.parametrize("make", COMBINED.values(), ids=COMBINED)
def test_combined_schedules(make):
    expected, theirs, _ = schedule(torch, make)
    values, ours, _ = schedule(mt, make)
    assert values == expected
    assert ours.state_dict() == theirs.state_dict()


@pytest.mark.parametrize("options", [
    dict(), dict(patience=2), dict(patience=1, mode="max", threshold=0.1),
    dict(patience=0, cooldown=3, factor=0.5, min_lr=[0.02, 0.001]),
    dict(patience=1, threshold_mode="abs", threshold=0.2, eps=0.01),
    dict(patience=1, threshold_mode="abs", mode="max"),
])
def test_plateau(options):
    metrics = [3, 2, 2, 2.5, 1, 1, 1, 1.05, float("nan"), 1, 0.99999, 2, 3, 4, 5, 6, 7, 7, 7]
    results = []
    for lib in (torch, mt):
        params = [{"params": [lib.zeros(1)], "lr": 0.1}, {"params": [lib.zeros(1)]}]
        optimizer = lib.optim.SGD(params, lr=0.3)
        scheduler = lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        rates = []
        for metric in metrics:
            scheduler.step(lib.tensor(float(metric)))
            rates.append(scheduler.get_last_lr())
        results.append((rates, scheduler.state_dict()))
    assert results[0] == results[1]


@pytest.mark.parametrize("name, options", SCHEDULE_RUNS)
def test_jumps_and_resumed_schedules(name, options):
    def rates(lib):
        def make(optimizer, last_epoch=-1):
            cls = getattr(lib.optim.lr_scheduler, name)
            return cls(optimizer, last_epoch=last_epoch, **copy.deepcopy(options))

        optimizer = lib.optim.SGD([{"params": [lib.zeros(1)]}, {"params": [lib.zeros(1)]}],
                                  lr=0.2, momentum=0.5)
        scheduler = make(optimizer)
        seen = []
        with pytest.warns(UserWarning):
            optimizer.step()
            scheduler.get_lr()
            for epoch in (1, 4, 2, 9):
                scheduler.step(epoch)
                seen.append(scheduler.get_last_lr())
        for epoch in (3, 8):
            scheduler = make(optimizer, last_epoch=epoch)
            seen.append(scheduler.get_last_lr())
            scheduler.step()
            seen.append(scheduler.get_last_lr())
        return seen

    assert rates(mt) == rates(torch)


@pytest.mark.parametrize("options", [
    dict(), dict(anneal_epochs=4), dict(anneal_epochs=4, anneal_strategy="linear"),
    dict(anneal_epochs=0), dict(anneal_epochs=1),
])
def test_swalr(options):
    def make(lib):
        return lambda _, optimizer: lib.optim.swa_utils.SWALR(optimizer, [0.05, 0.5], **options)

    expected, theirs, _ = schedule(torch, make(torch))
    values, ours, _ = schedule(mt, make(mt))
    assert values == expected
    assert ours.state_dict() == theirs.state_dict()


@pytest.mark.parametrize("name", ["get_swa_avg_fn", "get_ema_avg_fn", "get_swa_multi_avg_fn",
                                  "get_ema_multi_avg_fn"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_averaged_models(name, dtype):
    results = []
    for lib in (torch, mt):
        swa = lib.optim.swa_utils
        lib.manual_seed(0)
        model = lib.nn.Linear(3, 4).to(getattr(lib, dtype))
        kind = "multi_avg_fn" if "multi" in name else "avg_fn"
        averaged = swa.AveragedModel(model, **{kind: getattr(swa, name)()})
        for _ in range(7):
            with lib.no_grad():
                for param in model.parameters():
                    param.add_(lib.rand(param.shape, dtype=param.dtype))
            averaged.update_parameters(model)
        results.append(averaged.state_dict())
    theirs, ours = results
    assert list(ours) == list(theirs)
    for key in theirs:
        np.testing.assert_allclose(ours[key].numpy(), theirs[key].numpy(),
                                   rtol=1e-6 if dtype == "float32" else 1e-13)


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def wavy(x):
    return ((x * 3).sin() + x * x * 0.1).sum()


@pytest.mark.parametrize("function", [rosenbrock, wavy])
@pytest.mark.parametrize("options", [
    dict(lr=0.2), dict(lr=0.1, max_iter=7), dict(line_search_fn="strong_wolfe"),
    dict(line_search_fn="strong_wolfe", history_size=3, max_eval=9),
    dict(line_search_fn="strong_wolfe", lr=0.01, max_iter=4), dict(lr=0.02, history_size=2),
    dict(line_search_fn="strong_wolfe", lr=5.0, tolerance_change=1e-3),
])
def test_lbfgs(function, options):
    results = []
    for lib in (torch, mt):
        rng = np.random.default_rng(0)
        x, y = (lib.from_numpy(rng.standard_normal(n) * 0.7).requires_grad_() for n in (5, 3))
        optimizer = lib.optim.LBFGS([x, y], **options)

        def closure():
            optimizer.zero_grad()  # noqa: B023
            loss = function(x) + function(y) * 2  # noqa: B023
            loss.backward()
            return loss

        losses = [optimizer.step(closure).item() for _ in range(6)]
        results.append((losses, x.detach().numpy(), optimizer))
    theirs, ours = results
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5, atol=1e-8)
    assert repr(ours[2]) == repr(theirs[2])
    state, wanted = (optimizer.state_dict()["state"][0] for optimizer in (ours[2], theirs[2]))
    assert list(state) == list(wanted)
    assert state["func_evals"] == wanted["func_evals"] and state["n_iter"] == wanted["n_iter"]
    assert len(state["old_dirs"]) == len(wanted["old_dirs"])
