"""One pass of training, one of evaluation: plain loops over the public API."""

import contextlib
import math

import minitorch
from minitorch.nn.utils import clip_grad_norm_
from minitorch.training.metrics import RunningMetrics

__all__ = ["train_one_epoch", "evaluate", "evaluating", "predict"]


def train_one_epoch(model, loader, loss_fn, optimizer, *, accumulate=1, clip_grad=None,
                    after_update=None, metrics=None, on_step=None, stop=None, nurse=None):
    """Train `model` on each batch of `loader` once.

    Parameters
    ----------
    model : minitorch.nn.Module
        Put in training mode; parts pinned by `minitorch.training.freeze` stay in eval mode.
    loader : iterable of (Tensor, Tensor) or None
        Inputs (N, ...) and targets (N,); None stands for a batch of which nothing was readable.
    loss_fn : callable
        ``loss_fn(outputs, targets)``, the mean loss over the batch.  For `accumulate`, its method
        ``share(targets)`` says what it divided by, if that is not the number of images.
    optimizer : minitorch.optim.Optimizer
    accumulate : int
        Batches whose gradients make one step, as if they were one batch (BatchNorm excepted,
        which sees them one by one); the last step of the epoch may have fewer.
    clip_grad : float, optional
        The greatest norm of a step's gradient, over all parameters; greater ones are scaled down.
    after_update : callable, optional
        Called without arguments after each step of the optimizer: the place for a schedule.
    metrics : RunningMetrics, optional
        Sums to go on with, when an interrupted epoch continues.
    on_step : callable, optional
        Called as ``on_step(metrics)`` after each batch.
    stop : callable, optional
        Asked after each batch that completed a step; if it returns true the pass ends there,
        between two steps.

    nurse : minitorch.training.nurse.Nurse, optional
        Is shown each loss, and says of one that is not finite where it came from.

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
    update = _Update(optimizer, accumulate, clip_grad, after_update, metrics)
    for batch in loader:
        if batch is not None:
            _backward(model, batch, loss_fn, update, metrics, nurse)
        update.next_batch()
        metrics.next_batch()
        if on_step is not None:
            on_step(metrics)
        if stop is not None and update.is_over and stop():
            return metrics.result(finished=False)
    update.finish()
    return metrics.result()


def _backward(model, batch, loss_fn, update, metrics, nurse):
    inputs, targets = batch
    update.begin()
    outputs = model(inputs)
    loss = loss_fn(outputs, targets)
    value = loss.item()
    if nurse is not None:
        nurse.check_loss(value, model, batch, loss_fn)
    if not math.isfinite(value):
        raise FloatingPointError(f"the loss became {value} at batch {metrics.batches + 1}; "
                                 "a smaller learning rate usually helps")
    if update.accumulate == 1:
        loss.backward()
    else:
        # How much this batch is of the step is not known before the step is complete.
        share = loss_fn.share(targets) if hasattr(loss_fn, "share") else len(targets)
        update.shares += share
        (loss * share).backward()
    metrics.update(value, outputs, targets)


class _Update:
    """One step of the optimizer, made of `accumulate` batches."""

    def __init__(self, optimizer, accumulate, clip_grad, after_update, metrics):
        self.optimizer, self.accumulate = optimizer, accumulate
        self.clip_grad, self.after_update, self.metrics = clip_grad, after_update, metrics
        self.batches, self.shares, self.has_gradient = 0, 0, False

    @property
    def is_over(self):
        return self.batches == 0

    def begin(self):
        """Before the first gradient of a step, forget those of the last one."""
        if not self.has_gradient:
            self.optimizer.zero_grad()
        self.has_gradient = True

    def next_batch(self):
        """Count a batch, readable or not; the last one of a step takes it."""
        self.batches += 1
        if self.batches == self.accumulate:
            self.finish()

    def finish(self):
        """Take the step with the batches so far, if there are any."""
        if self.batches == 0:
            return
        if not self.has_gradient:
            # Nothing was readable: a step that changes nothing, so that schedules keep time.
            self.optimizer.zero_grad()
        if self.accumulate > 1 and self.shares:
            for parameter in self._parameters():
                if parameter.grad is not None:
                    parameter.grad.div_(self.shares)
        if self.clip_grad is not None and self.has_gradient:
            norm = clip_grad_norm_(self._parameters(), self.clip_grad)
            self.metrics.update_norm(norm.item())
        self.optimizer.step()
        self.batches, self.shares, self.has_gradient = 0, 0, False
        if self.after_update is not None:
            self.after_update()

    def _parameters(self):
        return [p for group in self.optimizer.param_groups for p in group["params"]]


@contextlib.contextmanager
def evaluating(model):
    """Within, `model` is in evaluation mode and nothing is recorded; then it is in its mode again.
    """
    was_training = model.training
    model.eval()
    try:
        with minitorch.no_grad():
            yield
    finally:
        model.train(was_training)


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
    with evaluating(model):
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
    with evaluating(model):
        return softmax(model(inputs), dim=1)
