"""Epoch after epoch, with a state that can be saved between any two steps."""

import math
from dataclasses import dataclass, field

from minitorch.training.errors import DataError
from minitorch.training.history import history_row, with_times, without_times
from minitorch.training.loop import evaluate, train_one_epoch
from minitorch.training.metrics import RunningMetrics
from minitorch.training.schedule import rates

__all__ = ["TrainingState", "fit", "is_better", "score"]


def score(metric, result):
    """The number that `metric` ("acc1", "f1" or "loss") means in a result or a row of history."""
    name = "accuracy" if metric == "acc1" else metric
    return result[name] if isinstance(result, dict) else getattr(result, name)


def is_better(metric, result, best):
    """Whether `result` beats `best` in `metric`; of equals the one with the lower loss does."""
    ours, theirs = score(metric, result), score(metric, best)
    if metric == "loss" or ours == theirs:
        return score("loss", result) < score("loss", best)
    return ours > theirs


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
    rates : dict of str to float
        The learning rates of the last update, by group.
    best : dict or None
        ``epoch`` (from 1), ``accuracy``, ``loss`` and, if known, ``f1`` of the best validation
        so far.
    history : list of dict
        Rows for ``metrics.csv``; an epoch that was not validated has a row of training alone.
    """

    epoch: int = 0
    step: int = 0
    metrics: RunningMetrics = field(default_factory=RunningMetrics)
    rates: dict = field(default_factory=dict)
    best: dict | None = None
    history: list = field(default_factory=list)

    def advance(self, trained, validated, metric="acc1"):
        """Close an epoch; return whether its validation (None: there was none) is the best."""
        self.epoch += 1
        self.metrics = RunningMetrics()
        for split, result in (("train", trained), ("val", validated)):
            if result is not None:
                lr = next(iter(self.rates.values()), 0.0)
                more = self.rates if len(self.rates) > 1 else None
                self.history.append(history_row(self.epoch, split, result, lr, more))
        if validated is None or not (self.best is None
                                     or is_better(metric, validated, self.best)):
            return False
        self.best = {"epoch": self.epoch, "accuracy": validated.accuracy, "loss": validated.loss}
        if validated.f1 is not None:
            self.best["f1"] = validated.f1
        return True

    def has_stalled(self, patience, since=0):
        """Whether the last validation came `patience` or more epochs after the best one.

        Parameters
        ----------
        patience : int or None
            None: never.
        since : int
            Epochs up to this one are not counted.
        """
        if patience is None or self.best is None:
            return False
        validated = next(row["epoch"] for row in reversed(self.history) if row["split"] == "val")
        return validated - max(self.best["epoch"], since) >= patience

    def state_dict(self):
        """All of it, but for what a clock said: equal runs have equal states."""
        return {"epoch": self.epoch, "step": self.step, "metrics": self.metrics.state_dict(),
                "rates": self.rates, "best": self.best, "history": without_times(self.history)}

    def load_state_dict(self, values):
        self.epoch, self.step = values["epoch"], values["step"]
        self.metrics.load_state_dict(values["metrics"])
        self.rates = dict(values.get("rates", {}))      # older runs did not keep them
        self.best, self.history = values["best"], with_times(values["history"])


def fit(model, optimizer, loss_fn, train_loader, val_loader, *, epochs, state=None,
        schedule=None, after_update=None, judged=None, val_loss_fn=None, classes=None,
        metric="acc1", eval_every=1, patience=None, patience_since=0, accumulate=1,
        clip_grad=None, on_step=None, on_epoch=None, stop=None, nurse=None):
    """Train until `epochs` epochs are complete, validating after each.

    Parameters
    ----------
    model, optimizer, loss_fn, accumulate, clip_grad, nurse
        As in `minitorch.training.train_one_epoch`.
    train_loader : DataLoader
        Its ``batch_sampler`` is an `EpochBatches`, which this function positions.
    val_loader : iterable
    epochs : int
        In total, those that `state` has behind it included.
    state : TrainingState, optional
        Continued and changed.
    schedule : Schedule, optional
        Told of each update and each validation.
    after_update : callable, optional
        Called without arguments after each step of the optimizer, for instance to average the
        weights.
    judged : minitorch.nn.Module, optional
        What is validated, for instance the average; default `model`.
    val_loss_fn : callable, optional
        The loss in validation; default `loss_fn`.
    classes : int, optional
        With it validation knows the macro F1 too.
    metric : {"acc1", "f1", "loss"}
        Decides which epoch is the best, and what the schedule is told.
    eval_every : int
        Validate after every so many epochs, and after the last.
    patience : int, optional
        End when a validation comes so many epochs after the best one.
    patience_since : int
        Epochs up to this one do not count for `patience`.
    on_step : callable, optional
        ``on_step(split, metrics)`` after each batch; `split` is "train" or "val".
    on_epoch : callable, optional
        ``on_epoch(state, improved)`` after each epoch: the place to save.
    stop : callable, optional
        Asked between steps; if true, the function returns with `state` at that step.

    Returns
    -------
    bool
        Whether all epochs are complete, or `patience` came to its end.
    """
    state = state or TrainingState()
    stop = stop or _never
    judged = model if judged is None else judged

    def updated():
        state.rates = rates(optimizer)
        if schedule is not None:
            schedule.after_update()
        if after_update is not None:
            after_update()

    def trained_step(metrics):
        state.step += 1
        if on_step is not None:
            on_step("train", metrics)

    def validated_step(metrics):
        if on_step is not None:
            on_step("val", metrics)

    while state.epoch < epochs and not state.has_stalled(patience, patience_since):
        if stop():
            return False
        train_loader.batch_sampler.set_position(state.epoch, state.metrics.batches)
        trained = train_one_epoch(model, train_loader, loss_fn, optimizer, accumulate=accumulate,
                                  clip_grad=clip_grad, after_update=updated,
                                  metrics=state.metrics, on_step=trained_step, stop=stop,
                                  nurse=nurse)
        if not trained.finished:
            return False
        _check_seen(trained, "training")
        validated = None
        if (state.epoch + 1) % eval_every == 0 or state.epoch + 1 == epochs:
            validated = evaluate(judged, val_loader, val_loss_fn or loss_fn, classes=classes,
                                 on_step=validated_step, stop=stop)
            if not validated.finished:
                return False
            if nurse is not None and validated.images:
                nurse.check_validation(validated.loss)
            _check_seen(validated, "validation")
            if schedule is not None:
                schedule.after_validation(score(metric, validated))
        improved = state.advance(trained, validated, metric)
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
