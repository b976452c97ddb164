"""Averages of weights over training: plain ones (SWA) and exponential ones (EMA)."""

import math
from copy import deepcopy
from itertools import chain

from minitorch._core.dtype import int64
from minitorch._ops.creation import zeros
from minitorch.autograd.grad_mode import no_grad
from minitorch.nn.modules.batchnorm import _BatchNorm
from minitorch.nn.modules.module import Module
from minitorch.optim.lr_scheduler.scheduler import LRScheduler, each_group

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _check_decay(decay):
    if decay < 0.0 or decay > 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


def get_ema_multi_avg_fn(decay=0.999):
    """Return a function ``(averages, values, n)`` that moves `averages` by ``1 - decay`` in place.

    Parameters
    ----------
    decay : float
        Share of the old average, in [0, 1].

    Raises
    ------
    ValueError
        If `decay` is outside.
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param_list, current_param_list, _):
        for average, value in zip(ema_param_list, current_param_list, strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(average * decay + value * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn():
    """Return a function ``(averages, values, n)`` that makes means of n into means of n + 1."""

    @no_grad()
    def swa_update(averaged_param_list, current_param_list, num_averaged):
        share = 1 / (num_averaged + 1)
        for average, value in zip(averaged_param_list, current_param_list, strict=True):
            if average.is_floating_point():
                average.lerp_(value, float(share))
            else:
                average.copy_(average + (value - average) * share)

    return swa_update


def get_ema_avg_fn(decay=0.999):
    """Return a function ``(average, value, n)`` that gives the new exponential average.

    Parameters
    ----------
    decay : float
        Share of the old average, in [0, 1].

    Raises
    ------
    ValueError
        If `decay` is outside.
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param, current_param, num_averaged):
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn():
    """Return a function ``(average, value, n)`` that gives the mean of n + 1 values."""

    @no_grad()
    def swa_update(averaged_param, current_param, num_averaged):
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages over training; arXiv:1803.05407.

    Parameters
    ----------
    model : Module
        It is copied; the first :meth:`update_parameters` copies its values again.
    device : device, optional
        Where the copy lives.
    avg_fn : callable, optional
        ``avg_fn(average, value, n)`` gives the new average of one parameter after `n` values.
    multi_avg_fn : callable, optional
        ``multi_avg_fn(averages, values, n)`` changes lists of parameters in place; those of one
        dtype come together. Without either function the mean is taken.
    use_buffers : bool
        Average buffers as well; False (default) copies them.

    Attributes
    ----------
    module : Module
        The averaged copy.
    n_averaged : Tensor
        How many values the average is of.

    Raises
    ------
    AssertionError
        If both functions are given.

    Examples
    --------
    >>> ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.999))
    >>> for input, target in loader:
    ...     train_step(model, input, target)
    ...     ema.update_parameters(model)
    >>> update_bn(loader, ema)
    """

    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", zeros((), dtype=int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args, **kwargs):
        return self.module(*args, **kwargs)

    def update_parameters(self, model):
        """Take the present values of `model` into the average."""
        averages, values = (
            [tensor.detach() for tensor in self._averaged_of(module)]
            for module in (self.module, model)
        )
        if self.n_averaged == 0:
            for average, value in zip(averages, values, strict=True):
                average.copy_(value)
        elif self.avg_fn is not None:
            for average, value in zip(averages, values, strict=True):
                average.copy_(self.avg_fn(average, value, self.n_averaged.clone()))
        else:
            average_all = self.multi_avg_fn or get_swa_multi_avg_fn()
            for ours, theirs in _by_dtype(averages, values):
                average_all(ours, theirs, self.n_averaged.clone())
        if not self.use_buffers:
            for ours, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                ours.detach().copy_(theirs.detach())
        self.n_averaged += 1

    def _averaged_of(self, module):
        return chain(module.parameters(), module.buffers() if self.use_buffers else ())


def _by_dtype(averages, values):
    groups = {}
    for average, value in zip(averages, values, strict=True):
        ours, theirs = groups.setdefault(average.dtype, ([], []))
        ours.append(average)
        theirs.append(value)
    return groups.values()


@no_grad()
def update_bn(loader, model, device=None):
    """Compute the running statistics of all BatchNorms anew, as means over a pass of the data.

    Parameters
    ----------
    loader : iterable
        Batches for `model`; of a list or tuple the first element.
    model : Module
        Its statistics are reset and set; whether it trains is afterwards as it was.
    device : device, optional
        Where the batches are moved.
    """
    momenta = {}
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.momentum = None  # all batches weigh the same
    for batch in loader:
        if isinstance(batch, (list, tuple)):
            batch = batch[0]
        if device is not None:
            batch = batch.to(device)
        model(batch)
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


def _line(t):
    return t


def _cosine(t):
    return (1 - math.cos(math.pi * t)) / 2


class SWALR(LRScheduler):
    """Go to a constant rate in a number of epochs, and stay there.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set.
    swa_lr : float or list of float
        The constant rate, for all groups or one for each.
    anneal_epochs : int
        How many epochs the way takes (default 10).
    anneal_strategy : {"cos", "linear"}
        Shape of the way.
    last_epoch : int
        See :class:`~minitorch.optim.lr_scheduler.LRScheduler`.

    Raises
    ------
    ValueError
        If an option is outside its range, or a list does not fit the groups.
    """

    def __init__(
        self, optimizer, swa_lr, anneal_epochs=10, anneal_strategy="cos", last_epoch=-1
    ):
        rates = each_group("swa_lr", optimizer, swa_lr)
        for rate, group in zip(rates, optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                "anneal_strategy must be one of 'cos' or 'linear', "
                f"instead got {anneal_strategy}"
            )
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(
                f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}"
            )
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t):
        """Return the share of the way that is done at time `t` in [0, 1]."""
        return _cosine(t) if self._anneal_strategy == "cos" else _line(t)

    def _next_lr(self):
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        length = max(1, self.anneal_epochs)
        before = self.anneal_func(max(0, min(1, (step - 1) / length)))
        now = self.anneal_func(max(0, min(1, step / length)))
        rates = []
        for group in self.optimizer.param_groups:
            rate, target = group["lr"], group["swa_lr"]
            # Where the way began, told from where it is.
            start = target if before == 1 else (rate - before * target) / (1 - before)
            rates.append(target * now + start * (1 - now))
        return rates
