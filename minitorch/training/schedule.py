"""The learning rate over a run: warm-up and schedule, as one object that is told of each step."""

import math

from minitorch.optim import lr_scheduler

__all__ = ["Schedule", "rates"]

_ONE_CYCLE_RISE = 0.3       # share of the run, where no --warmup says another
_ONE_CYCLE_START = 25       # the first rate is the highest over this


def rates(optimizer):
    """The present learning rates by group: ``{"lr": 0.01}``, or ``{"lr_fc": ..., ...}``.

    A group is named by its entry ``"name"`` (see `parameter_groups`) or its number; the single
    group of an optimizer needs no name.
    """
    groups = optimizer.param_groups
    if len(groups) == 1:
        return {"lr": groups[0]["lr"]}
    return {f"lr_{group.get('name', place)}": group["lr"] for place, group in enumerate(groups)}


class Schedule:
    """Sets the rates of an optimizer over a run that takes a known number of updates.

    Every rate of a group is its base rate, the one it has when the schedule is made, times a
    factor that all groups share; so discriminative rates keep their proportions.

    Parameters
    ----------
    optimizer : minitorch.optim.Optimizer
    kind : {"const", "step", "cosine", "onecycle", "plateau"}
        ``cosine`` falls along half a cosine to `min_lr`, update by update; ``onecycle`` rises to
        the base rate and falls to nearly nothing (arXiv:1708.07120), its momentum left as it is;
        ``step`` multiplies by `gamma` every `step_size` epochs; ``plateau`` multiplies by `gamma`
        after more than `patience` validations in a row without a better metric.
    epochs : int
        Of the whole run.
    updates : int
        Optimizer steps in an epoch.
    warmup : float
        Epochs in which the rate rises along a line to its full value, update by update; with
        ``onecycle`` the length of its own rise.
    min_lr : float
        What the first group's rate does not fall below.
    step_size : int, optional
        Default: a third of the epochs, rounded up.
    gamma : float
    patience : int
    better : {"max", "min"}
        Whether a greater metric is better, for ``plateau``.

    Examples
    --------
    >>> schedule = Schedule(optimizer, "cosine", epochs=3, updates=len(loader), warmup=0.5)
    >>> for inputs, targets in loader:
    ...     train_step(inputs, targets)
    ...     schedule.after_update()
    >>> schedule.after_validation(accuracy)
    """

    def __init__(self, optimizer, kind="const", *, epochs, updates, warmup=0.0, min_lr=0.0,
                 step_size=None, gamma=0.1, patience=2, better="max"):
        total = epochs * updates
        self._rise = min(round(warmup * updates), total - 1)
        self._done = 0
        base = optimizer.param_groups[0]["lr"]
        floor = min_lr / base if base else 0.0
        self._by_update = self._by_validation = None
        if kind == "plateau":
            self._by_validation = lr_scheduler.ReduceLROnPlateau(
                optimizer, better, gamma, patience,
                min_lr=[floor * group["lr"] for group in optimizer.param_groups])
        if kind == "onecycle":
            self._by_update = _one_cycle(optimizer, total, self._rise, floor)
            return
        after = {"const": _constant, "plateau": _constant,
                 "step": _steps((step_size or math.ceil(epochs / 3)) * updates, gamma, floor),
                 "cosine": _cosine(self._rise, total, floor)}
        if kind not in after:
            raise ValueError(f"kind must be one of {', '.join(after)} or onecycle, got {kind!r}")
        if self._rise or after[kind] is not _constant:
            # A function of the number of the update, and not the product of many factors, so
            # that the rate is exactly the base rate after the warm-up.
            self._by_update = lr_scheduler.LambdaLR(
                optimizer, _with_warmup(self._rise, after[kind]))

    def after_update(self):
        """Go on by one step of the optimizer."""
        self._done += 1
        # Once warm, the rates are ReduceLROnPlateau's alone.
        if self._by_update is not None and (self._by_validation is None
                                            or self._done <= self._rise):
            self._by_update.step()

    def after_validation(self, metric):
        """Take the metric of a validation; those during the warm-up do not count."""
        if self._by_validation is not None and self._done >= self._rise:
            self._by_validation.step(metric)

    def state_dict(self):
        """Numbers, strings, lists and dicts, to be saved with the optimizer's own state."""
        return {"done": self._done} | {
            name: each.state_dict() for name, each in self._parts().items()}

    def load_state_dict(self, state):
        """Go on where the schedule that gave `state` was, made with the same arguments."""
        self._done = state["done"]
        for name, each in self._parts().items():
            each.load_state_dict(state[name])

    def _parts(self):
        parts = {"by_update": self._by_update, "by_validation": self._by_validation}
        return {name: each for name, each in parts.items() if each is not None}


# -- factors of the base rate at an update, counted from 0 -------------------------------------
def _constant(update):
    return 1.0


def _steps(length, gamma, floor):
    return lambda update: max(gamma ** (update // length), floor)


def _cosine(first, last, floor):
    def factor(update):
        share = (update - first) / (last - first)
        return floor + (1 - floor) * (1 + math.cos(math.pi * share)) / 2
    return factor


def _with_warmup(rise, after):
    # The first update has a rate greater than zero, or it would be in vain.
    return lambda update: (update + 1) / (rise + 1) if update < rise else after(update)


def _one_cycle(optimizer, total, rise, floor):
    # Two updates are the shortest way from one rate to another.
    share = max(rise, min(2, total - 1)) / total if rise else _ONE_CYCLE_RISE
    highest = [group["lr"] for group in optimizer.param_groups]
    options = {"final_div_factor": 1 / (_ONE_CYCLE_START * floor)} if floor else {}
    return lr_scheduler.OneCycleLR(optimizer, highest, total_steps=total, pct_start=share,
                                   div_factor=_ONE_CYCLE_START, cycle_momentum=False, **options)
