"""The base class of schedules, and how a value gets into the groups of an optimizer."""

import warnings

from minitorch.optim.optimizer import Optimizer
from minitorch.tensor import Tensor

__all__ = [
    "LRScheduler",
    "check_optimizer",
    "copied",
    "each_group",
    "set_in_group",
    "warn_of_epoch",
]


def check_optimizer(optimizer):
    """Refuse what is no optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def copied(value):
    """A rate that goes on as it is when the group's own tensor is changed in place."""
    return value.clone() if isinstance(value, Tensor) else value


def set_in_group(group, key, value):
    """Set an option; a tensor is changed in place, so that whoever holds it sees the change."""
    if isinstance(group[key], Tensor):
        group[key].fill_(value.item() if isinstance(value, Tensor) else value)
    else:
        group[key] = value


def each_group(name, optimizer, value):
    """Turn one value for all groups, or a list of one for each, into a list."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * groups
    elif len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. "
            f"{name} has {len(value)} values, param_groups has {groups}."
        )
    return [copied(one) for one in value]


def warn_of_epoch():
    """Say that ``step(epoch)`` is out of date, at the line that calls ``step``."""
    warnings.warn(
        "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated "
        "where possible. Please use `scheduler.step()` to step the scheduler. During the "
        "deprecation, if epoch is different from None, the closed form is used instead of the "
        "new chainable form, where available.",
        stacklevel=3,
    )


class LRScheduler:
    """Base class of schedules; a subclass defines ``get_lr``.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set. The rates it starts with are kept as ``"initial_lr"`` in its groups.
    last_epoch : int
        Number of the last epoch that is done; -1 (default) starts anew.

    Attributes
    ----------
    base_lrs : list
        The initial rates, one a group.
    last_epoch : int
        The epoch whose rates are set.

    Raises
    ------
    TypeError
        If `optimizer` is none.
    KeyError
        If `last_epoch` is given and a group has no ``"initial_lr"``.
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming "
                    "scheduler with last_epoch >= 0.\nLoad the optimizer's state first, or leave "
                    "last_epoch at -1 for a new training."
                )
        self.base_lrs = [copied(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._watch_optimizer()
        self._initial_step()

    def _watch_optimizer(self):
        """Remember the optimizer's ``step``, to notice a first scheduler step that is too early."""
        if not hasattr(self.optimizer, "_scheduled_step"):
            self.optimizer._opt_called = False
        self.optimizer._scheduled_step = _function(self.optimizer.step)

    def _initial_step(self):
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self):
        """Return all attributes but the optimizer, as a dict."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict):
        """Take over what :meth:`state_dict` gave; load the optimizer's own state as well."""
        self.__dict__.update(state_dict)

    def get_last_lr(self):
        """Return the rates set last, one a group."""
        return self._last_lr

    def get_lr(self):
        """Return the next rates, one a group; for :meth:`step`, elsewhere it warns."""
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, "
                "please use `get_last_lr()`.",
                stacklevel=2,
            )
        return self._next_lr()

    def _next_lr(self):
        raise NotImplementedError

    def _current(self):
        return [copied(group["lr"]) for group in self.optimizer.param_groups]

    def _scaled(self, factor):
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def step(self, epoch=None):
        """Go on to the next epoch and set its rates.

        Parameters
        ----------
        epoch : int, optional
            Jump to this epoch instead; deprecated, it warns.
        """
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warn_of_epoch()
        self._update_lr(epoch)

    def _check_order(self):
        optimizer = self.optimizer
        if _function(optimizer.step) is not getattr(optimizer, "_scheduled_step", None):
            warnings.warn(
                "Seems like `optimizer.step()` has been overridden after learning rate scheduler "
                "initialization. Please, make sure to call `optimizer.step()` before "
                "`lr_scheduler.step()`. See more details at "
                "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
                stacklevel=3,
            )
        elif not getattr(optimizer, "_opt_called", False):
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch "
                "1.1.0 and later, you should call them in the opposite order: `optimizer.step()` "
                "before `lr_scheduler.step()`.  Failure to do this will result in PyTorch "
                "skipping the first value of the learning rate schedule. See more details at "
                "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
                stacklevel=3,
            )

    def _update_lr(self, epoch=None):
        if epoch is None:
            self.last_epoch += 1
            self._apply(self.get_lr)
        else:
            self.last_epoch = epoch
            self._apply(getattr(self, "_get_closed_form_lr", self.get_lr))

    def _apply(self, get_rates):
        """Set the rates that a method of this schedule returns."""
        self._get_lr_called_within_step = True
        try:
            rates = get_rates()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_in_group(group, "lr", rate)
        self._last_lr = self._current()


class _LRScheduler(LRScheduler):
    """The name of the base class in older programs."""


def _function(step):
    return getattr(step, "__func__", step)
