"""Schedules that raise the rate and lower it again, and move the momentum the other way."""

import math
from types import FunctionType

from minitorch.optim.lr_scheduler.scheduler import (
    LRScheduler,
    check_optimizer,
    each_group,
    set_in_group,
)

__all__ = ["CyclicLR", "OneCycleLR"]


class _MomentumLR(LRScheduler):
    """A schedule of the momentum too, or of the first of ``betas`` where a group has these."""

    def _begin_momentum(self, base_momentum, max_momentum, last_epoch):
        """Give each group its bounds, and its momentum the upper one; return both lists."""
        defaults = self.optimizer.defaults
        if "momentum" not in defaults and "betas" not in defaults:
            raise ValueError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
            )
        self.use_beta1 = "betas" in defaults
        low = each_group("base_momentum", self.optimizer, base_momentum)
        high = each_group("max_momentum", self.optimizer, max_momentum)
        if last_epoch == -1:
            for lower, upper, group in zip(low, high, self.optimizer.param_groups, strict=True):
                self._set_momentum(group, upper)
                group["max_momentum"] = upper
                group["base_momentum"] = lower
        return low, high

    def _set_momentum(self, group, momentum):
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_MomentumLR):
    """Go up and down between two rates, again and again; arXiv:1506.01186.

    Step it after each batch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set.
    base_lr, max_lr : float or list of float
        The lowest rate, which is the first, and the highest; for all groups, or one for each.
    step_size_up, step_size_down : int
        Steps of a way up (default 2000) and of a way down (default: as many).
    mode : {"triangular", "triangular2", "exp_range"}
        Whether the height stays, is halved each cycle, or multiplied by `gamma` each step.
    gamma : float
        See `mode` (default 1).
    scale_fn : callable, optional
        The factor of the height as a function of one number, in place of `mode`.
    scale_mode : {"cycle", "iterations"}
        Whether that number is the cycle's, from 1, or the step's.
    cycle_momentum : bool
        Move the momentum the other way between `base_momentum` and `max_momentum` (default True).
    base_momentum, max_momentum : float or list of float
        (default 0.8 and 0.9)
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    TypeError
        If `optimizer` is none.
    ValueError
        If `mode` is another, a list does not fit the groups, or `cycle_momentum` is wanted of an
        optimizer without momentum.
    """

    def __init__(
        self,
        optimizer,
        base_lr,
        max_lr,
        step_size_up=2000,
        step_size_down=None,
        mode="triangular",
        gamma=1.0,
        scale_fn=None,
        scale_mode="cycle",
        cycle_momentum=True,
        base_momentum=0.8,
        max_momentum=0.9,
        last_epoch=-1,
    ):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = each_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for rate, group in zip(base_lrs, optimizer.param_groups, strict=True):
                set_in_group(group, "lr", rate)
        self.max_lrs = each_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._begin_momentum(
                base_momentum, max_momentum, last_epoch
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x):
        """Return the factor of the height in cycle or step `x`."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        if self.mode == "triangular2":
            return 1 / 2.0 ** (x - 1)
        return self.gamma**x

    def _next_lr(self):
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        done = 1.0 + self.last_epoch / self.total_size - cycle
        if done <= self.step_ratio:
            height = done / self.step_ratio
        else:
            height = (done - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.base_momentums, self.max_momentums, strict=True)
            for group, (low, high) in zip(self.optimizer.param_groups, bounds, strict=True):
                self._set_momentum(group, high - (high - low) * height * scale)
        bounds = zip(self.base_lrs, self.max_lrs, strict=True)
        return [low + (high - low) * height * scale for low, high in bounds]

    def state_dict(self):
        """As the base class; a function is left out, a callable object gives its attributes."""
        state = super().state_dict()
        fn = state["_scale_fn_custom"]
        plain = fn is None or isinstance(fn, FunctionType)
        state["_scale_fn_custom"] = None if plain else dict(fn.__dict__)
        return state

    def load_state_dict(self, state_dict):
        """As the base class; `scale_fn` stays the one this scheduler was made with."""
        state = dict(state_dict)
        attributes = state.pop("_scale_fn_custom")
        super().load_state_dict(state)
        if attributes is not None:
            self._scale_fn_custom.__dict__.update(attributes)


def _cosine(start, end, share):
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _line(start, end, share):
    return (end - start) * share + start


def _phase(end_step, start, end, start_momentum, end_momentum):
    return {
        "end_step": end_step,
        "start_lr": start,
        "end_lr": end,
        "start_momentum": start_momentum,
        "end_momentum": end_momentum,
    }


class OneCycleLR(_MomentumLR):
    """Go up to `max_lr` and down to nearly nothing, once; arXiv:1708.07120.

    Step it after each batch. The number of steps is `total_steps`, or `epochs` times
    `steps_per_epoch`.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set.
    max_lr : float or list of float
        The highest rate; for all groups, or one for each.
    total_steps, epochs, steps_per_epoch : int, optional
        See above.
    pct_start : float
        Share of the steps that go up (default 0.3).
    anneal_strategy : {"cos", "linear"}
        Shape of the ways.
    cycle_momentum : bool
        Move the momentum the other way between `base_momentum` and `max_momentum` (default True).
    base_momentum, max_momentum : float or list of float
        (default 0.85 and 0.95)
    div_factor : float
        The first rate is `max_lr` over this (default 25).
    final_div_factor : float
        The last rate is the first over this (default 1e4).
    three_phase : bool
        Go down to the first rate in as many steps as up, and on from there (default False).
    last_epoch : int
        See :class:`LRScheduler`.

    Raises
    ------
    TypeError
        If `optimizer` is none.
    ValueError
        If an option is outside its range, or a step beyond the last one is asked for.
    """

    def __init__(
        self,
        optimizer,
        max_lr,
        total_steps=None,
        epochs=None,
        steps_per_epoch=None,
        pct_start=0.3,
        anneal_strategy="cos",
        cycle_momentum=True,
        base_momentum=0.85,
        max_momentum=0.95,
        div_factor=25.0,
        final_div_factor=1e4,
        three_phase=False,
        last_epoch=-1,
    ):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _count_steps(total_steps, epochs, steps_per_epoch)
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                "anneal_strategy must be one of 'cos' or 'linear', "
                f"instead got {anneal_strategy}"
            )
        self._anneal_func_type = anneal_strategy
        last = self.total_steps - 1
        peak = float(pct_start * self.total_steps) - 1
        up = _phase(peak, "initial_lr", "max_lr", "max_momentum", "base_momentum")
        if three_phase:
            # Twice the way up, less the step at the peak; PyTorch doubles the share first.
            foot = float(2 * pct_start * self.total_steps) - 2
            self._schedule_phases = [
                up,
                _phase(foot, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
                _phase(last, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
            ]
        else:
            down = _phase(last, "max_lr", "min_lr", "base_momentum", "max_momentum")
            self._schedule_phases = [up, down]
        rates = each_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["initial_lr"] = rate / div_factor
                group["max_lr"] = rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _next_lr(self):
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. The specified number of total steps is "
                f"{self.total_steps}"
            )
        start = 0.0
        for phase in self._schedule_phases:
            if step <= phase["end_step"]:
                break
            if phase is not self._schedule_phases[-1]:
                start = phase["end_step"]
        share = (step - start) / (phase["end_step"] - start)
        between = _cosine if self._anneal_func_type == "cos" else _line
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(between(group[phase["start_lr"]], group[phase["end_lr"]], share))
            if self.cycle_momentum:
                ends = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, between(*ends, share))
        return rates


def _count_steps(total_steps, epochs, steps_per_epoch):
    if total_steps is not None:
        wanted = {"total_steps": total_steps}
    elif epochs is not None and steps_per_epoch is not None:
        wanted = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    else:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    for name, value in wanted.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return math.prod(wanted.values())
