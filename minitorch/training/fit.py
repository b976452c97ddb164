"""Epoch after epoch, with a state that can be saved between any two steps."""

import math
from dataclasses import dataclass, field

from minitorch.training.errors import DataError
from minitorch.training.history import history_row, with_times, without_times
from minitorch.training.loop import evaluate, train_one_epoch
from minitorch.training.metrics import RunningMetrics

__all__ = ["TrainingState", "fit"]


@dataclass
class TrainingState:
    """How far a run has come.

    Attributes
    ----------
    epoch : int
        Epochs completed.
    step : int
        Batches trained on, over all epochs.
    metrics : RunningMetrics
        Sums of the epoch in progress; its ``batches`` is the cursor into the epoch's order.
    best : dict or None
        ``epoch`` (from 1), ``accuracy`` and ``loss`` of the best validation so far.
    history : list of dict
        Rows for ``metrics.csv``.
    """

    epoch: int = 0
    step: int = 0
    metrics: RunningMetrics = field(default_factory=RunningMetrics)
    best: dict | None = None
    history: list = field(default_factory=list)

    def advance(self, trained, validated, lr):
        """Close an epoch; return whether its validation is the best so far."""
        self.epoch += 1
        self.metrics = RunningMetrics()
        self.history += [history_row(self.epoch, "train", trained, lr),
                         history_row(self.epoch, "val", validated, lr)]
        improved = self.best is None or _better(validated, self.best)
        if improved:
            self.best = {"epoch": self.epoch, "accuracy": validated.accuracy,
                         "loss": validated.loss}
        return improved

    def state_dict(self):
        """All of it, but for what a clock said: equal runs have equal states."""
        return {"epoch": self.epoch, "step": self.step, "metrics": self.metrics.state_dict(),
                "best": self.best, "history": without_times(self.history)}

    def load_state_dict(self, values):
        self.epoch, self.step = values["epoch"], values["step"]
        self.metrics.load_state_dict(values["metrics"])
        self.best, self.history = values["best"], with_times(values["history"])


def _better(result, best):
    """Higher accuracy, or the same with a lower loss."""
    if result.accuracy != best["accuracy"]:
        return result.accuracy > best["accuracy"]
    return result.loss < best["loss"]


def fit(model, optimizer, loss_fn, train_loader, val_loader, *, epochs, state=None, on_step=None,
        on_epoch=None, stop=None):
    """Train until `epochs` epochs are complete, validating after each.

    Parameters
    ----------
    model, optimizer, loss_fn
        As in `minitorch.training.train_one_epoch`.
    train_loader : DataLoader
        Its ``batch_sampler`` is an `EpochBatches`, which this function positions.
    val_loader : iterable
    epochs : int
        In total, those that `state` has behind it included.
    state : TrainingState, optional
        Continued and changed.
    on_step : callable, optional
        ``on_step(split, metrics)`` after each batch; `split` is "train" or "val".
    on_epoch : callable, optional
        ``on_epoch(state, improved)`` after each epoch: the place to save.
    stop : callable, optional
        Asked between steps; if true, the function returns with `state` at that step.

    Returns
    -------
    bool
        Whether all epochs are complete.
    """
    state = state or TrainingState()
    stop = stop or _never

    def trained_step(metrics):
        state.step += 1
        if on_step is not None:
            on_step("train", metrics)

    def validated_step(metrics):
        if on_step is not None:
            on_step("val", metrics)

    while state.epoch < epochs:
        if stop():
            return False
        train_loader.batch_sampler.set_position(state.epoch, state.metrics.batches)
        trained = train_one_epoch(model, train_loader, loss_fn, optimizer, metrics=state.metrics,
                                  on_step=trained_step, stop=stop)
        if not trained.finished:
            return False
        validated = evaluate(model, val_loader, loss_fn, on_step=validated_step, stop=stop)
        if not validated.finished:
            return False
        _check_seen(trained, "training")
        _check_seen(validated, "validation")
        improved = state.advance(trained, validated, optimizer.param_groups[0]["lr"])
        if on_epoch is not None:
            on_epoch(state, improved)
    return True


def _never():
    return False


def _check_seen(result, split):
    if result.images == 0:
        raise DataError(f"none of the {split} images could be read")
    if not math.isfinite(result.loss):
        raise FloatingPointError(f"the {split} loss became {result.loss}; a smaller learning "
                                 "rate usually helps")
