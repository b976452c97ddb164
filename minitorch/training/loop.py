"""One pass of training, one of evaluation: plain loops over the public API."""

import math

import minitorch
from minitorch.training.metrics import RunningMetrics

__all__ = ["train_one_epoch", "evaluate", "predict"]


def train_one_epoch(model, loader, loss_fn, optimizer, *, metrics=None, on_step=None, stop=None):
    """Train `model` on each batch of `loader` once.

    Parameters
    ----------
    model : minitorch.nn.Module
        Put in training mode; parts pinned by `minitorch.training.freeze` stay in eval mode.
    loader : iterable of (Tensor, Tensor) or None
        Inputs (N, ...) and targets (N,); None stands for a batch of which nothing was readable.
    loss_fn : callable
        ``loss_fn(outputs, targets)``, the mean loss over the batch.
    optimizer : minitorch.optim.Optimizer
    metrics : RunningMetrics, optional
        Sums to go on with, when an interrupted epoch continues.
    on_step : callable, optional
        Called as ``on_step(metrics)`` after each batch.
    stop : callable, optional
        Asked after each batch; if it returns true the pass ends there, between two steps.

    Returns
    -------
    EpochResult

    Raises
    ------
    FloatingPointError
        The loss became NaN or infinite; the step was not taken.
    """
    model.train()
    metrics = metrics or RunningMetrics()
    metrics.start()
    for batch in loader:
        if batch is not None:
            _train_step(model, batch, loss_fn, optimizer, metrics)
        metrics.next_batch()
        if on_step is not None:
            on_step(metrics)
        if stop is not None and stop():
            return metrics.result(finished=False)
    return metrics.result()


def _train_step(model, batch, loss_fn, optimizer, metrics):
    inputs, targets = batch
    optimizer.zero_grad()
    outputs = model(inputs)
    loss = loss_fn(outputs, targets)
    value = loss.item()
    if not math.isfinite(value):
        raise FloatingPointError(f"the loss became {value} at batch {metrics.batches + 1}; "
                                 "a smaller learning rate usually helps")
    loss.backward()
    optimizer.step()
    metrics.update(value, outputs, targets)


def evaluate(model, loader, loss_fn=None, *, classes=None, on_step=None, stop=None):
    """Loss and accuracy of `model` over `loader`, in evaluation mode and without gradients.

    Parameters
    ----------
    model, loader, on_step, stop
        As in `train_one_epoch`.  The model is left in the mode in which it came.
    loss_fn : callable, optional
        Mean loss over a batch; default `minitorch.nn.functional.cross_entropy`.
    classes : int, optional
        Number of classes, to count the confusion matrix too.

    Returns
    -------
    EpochResult
    """
    if loss_fn is None:
        from minitorch.nn.functional import cross_entropy as loss_fn
    metrics = RunningMetrics(classes)
    was_training = model.training
    model.eval()
    try:
        with minitorch.no_grad():
            for batch in loader:
                if batch is not None:
                    inputs, targets = batch
                    outputs = model(inputs)
                    metrics.update(loss_fn(outputs, targets).item(), outputs, targets)
                metrics.next_batch()
                if on_step is not None:
                    on_step(metrics)
                if stop is not None and stop():
                    return metrics.result(finished=False)
    finally:
        model.train(was_training)
    return metrics.result()


def predict(model, inputs):
    """Class probabilities of a batch, in evaluation mode and without gradients.

    Parameters
    ----------
    model : minitorch.nn.Module
        Left in the mode in which it came.
    inputs : Tensor of shape (N, ...)

    Returns
    -------
    Tensor of shape (N, C)
        Each row sums to one.
    """
    from minitorch.nn.functional import softmax
    was_training = model.training
    model.eval()
    try:
        with minitorch.no_grad():
            return softmax(model(inputs), dim=1)
    finally:
        model.train(was_training)
