"""The nurse: watches a training run for mistakes that otherwise show as a bad result, or as NaN.

    nurse = watch(model, optimizer)         # warns from now on, each thing once
    for inputs, targets in loader:
        ...                                 # the loop as it is

It says so, with the cause, when a step is taken twice with the same gradients, when ``zero_grad``
is missing, when a parameter never gets a gradient, when the steps change no weight, and when the
BatchNorm statistics of frozen layers drift.  `Nurse.check_loss` and the hook before each step
stop a run at the first value that is not finite, before it reaches the weights.  All of it costs
a few microseconds for each step.
"""

import math
import warnings

import minitorch
from minitorch.training.naming import listed
from minitorch.training.postmortem import (
    explain_gradient,
    explain_loss,
    explain_validation,
    first_not_finite,
)

__all__ = ["Nurse", "below_majority", "require_finite", "watch"]

# Steps until a parameter without a gradient, a weight that does not move, is no accident.
_PATIENCE = 10


def watch(model, optimizer, say=None):
    """Warn of mistakes while `optimizer` trains `model`.

    Parameters
    ----------
    model : minitorch.nn.Module
    optimizer : minitorch.optim.Optimizer
        Of any kind; the loop around it may be any too.
    say : callable, optional
        ``say(text)`` for each warning; default `warnings.warn`.

    Returns
    -------
    Nurse
        Call its ``leave()``, or use it in a ``with`` statement, to end the watch.
    """
    return Nurse(model, optimizer, say)


class Nurse:
    """See `watch`, which makes one.

    Parameters
    ----------
    model, optimizer, say
        As in `watch`.
    place : callable, optional
        ``place()`` says where the run is, for an error: ``"step 37"``.
    names : callable, optional
        ``names(count)`` gives the names of the `count` images in the batch, or None.

    Attributes
    ----------
    said : dict of str to str
        The warnings so far, by kind: ``"zero_grad"``, ``"step twice"``, ``"no gradient"``,
        ``"no effect"``, ``"drift"``, ``"first loss"``.
    """

    drift_advice = ("minitorch.training.freeze(module) stops both, eval() alone only until the "
                    "next train()")

    def __init__(self, model, optimizer, say=None, place=None, names=None):
        self.model, self.optimizer = model, optimizer
        self._place, self._names_of = place, names
        self._classes = None
        self.said = {}
        self._say = say or _warn
        self._steps = 0
        self._network = self._batch = self._loss_fn = None
        self._names = {id(p): name for name, p in model.named_parameters()}
        self._never = {id(p) for p in self._parameters() if p.requires_grad}
        self._sentry = self._sentry_hook = None
        self._seen = self._before = None
        self._fresh = True      # whether backward ran since the last step
        self._drifting = _frozen_statistics(model)
        self._hooks = [optimizer.register_step_pre_hook(self._before_step),
                       optimizer.register_step_post_hook(self._after_step)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()

    def leave(self):
        """End the watch."""
        for hook in [*self._hooks, *([self._sentry_hook] if self._sentry_hook else [])]:
            hook.remove()
        self._hooks, self._sentry_hook = [], None

    def _parameters(self):
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def _name(self, parameter):
        return self._names.get(id(parameter), f"a parameter of shape {tuple(parameter.shape)}")

    def warn(self, kind, text):
        """Say `text`, if nothing of this kind was said before."""
        if kind not in self.said:
            self.said[kind] = text
            self._say(text)

    # -- what a loop may tell it -----------------------------------------------------------
    def expect_guessing(self, classes):
        """The head is new, so the first loss should be that of guessing among `classes`."""
        self._classes = classes

    def check_loss(self, value, network, batch, loss_fn):
        """Look at the loss of a batch before its backward pass.

        Parameters
        ----------
        value : float
        network : minitorch.nn.Module
            What computed it: the model, or the part of it that the batch goes through.
        batch : (Tensor, Tensor)
            Inputs and targets, to run it again if need be.
        loss_fn : callable

        Raises
        ------
        FloatingPointError
            `value` is NaN or infinite; the message names the layer and the cause.
        """
        self._network, self._batch, self._loss_fn = network, batch, loss_fn
        if not math.isfinite(value):
            names = None if self._names_of is None else self._names_of(len(batch[0]))
            self._stop(explain_loss(network, batch, loss_fn, value, self._rate(), names))
        if self._classes is not None:
            self._check_first_loss(value, self._classes)
            self._classes = None

    def check_validation(self, value):
        """Raise FloatingPointError, with the cause, if the loss of a validation is not finite."""
        if not math.isfinite(value):
            self._stop(explain_validation(self.model, value, self._rate()))

    def _stop(self, text):
        raise FloatingPointError(f"{self._place()}: {text}" if self._place else text)

    def _check_first_loss(self, value, classes):
        guessing = math.log(classes)
        if not guessing / 2 <= value <= 2 * guessing + 1:
            cause = ("the inputs are not normalised as the weights expect, or the new head is "
                     "badly scaled" if value > guessing else
                     "the head knows the classes already, or the labels are all alike")
            self.warn("first loss", f"the first loss is {value:.3g}, where a new head that guesses "
                      f"among {classes} classes has {guessing:.3g}: perhaps {cause}")

    def _rate(self):
        return max(group["lr"] for group in self.optimizer.param_groups)

    # -- around each step ------------------------------------------------------------------
    def _before_step(self, *_):
        if self._sentry is None:
            self._post_sentry()
        sentry = self._sentry
        if sentry is not None and sentry.grad is not None:
            if not self._fresh and self._is_as_seen(sentry.grad):
                self.warn("step twice", "optimizer.step() was called twice with the same "
                          "gradients, without a backward() between them")
            # Through the layers towards the input, one NaN makes all gradients NaN.
            if not math.isfinite(sentry.grad.sum().item()):
                self._stop(explain_gradient(self._network or self.model, self._batch,
                                            self._loss_fn, self._name(sentry), self._rate()))
        if self._never and self._steps < _PATIENCE:
            self._never -= {id(p) for p in self._parameters() if p.grad is not None}
        if self._steps == _PATIENCE - 1:
            self._check_gradients()
            self._before = [(p, p.detach().clone()) for p in self._moving()]

    def _after_step(self, *_):
        self._steps += 1
        self._fresh = False
        if self._before is not None:
            self._check_effect()
            self._check_drift()
            self._before = None
        if self._sentry is not None and self._sentry.grad is not None:
            self._seen = self._sentry.grad.detach().clone()

    def _post_sentry(self):
        """Choose a small parameter near the input, whose gradient tells of all."""
        known = {id(p) for p in self._parameters()}
        with_gradient = [p for p in self.model.parameters()
                         if p.grad is not None and id(p) in known][:3]
        if with_gradient:
            self._sentry = min(with_gradient, key=lambda p: p.numel())
            if self._sentry.requires_grad:
                self._sentry_hook = self._sentry.register_hook(self._on_gradient)

    def _on_gradient(self, gradient):
        """The sentry's gradient arrives, and is about to be added to what is there."""
        if not self._fresh:
            self._fresh = True
            there = self._sentry.grad
            if there is not None and self._is_as_seen(there):
                self.warn("zero_grad", "the gradients of the last step were not cleared before "
                          "backward() added new ones: call optimizer.zero_grad() in each step, or "
                          "gradients pile up")

    def _is_as_seen(self, gradient):
        """Whether this is still the gradient of the last step, and says something."""
        seen = self._seen
        return (seen is not None and seen.shape == gradient.shape
                and minitorch.equal(seen, gradient.detach()) and bool((seen != 0).any()))

    # -- once, after some steps ------------------------------------------------------------
    def _moving(self):
        return [p for p in self._parameters() if p.requires_grad and p.grad is not None]

    def _check_gradients(self):
        idle = [p for p in self._parameters() if p.requires_grad and id(p) in self._never]
        if idle:
            self.warn("no gradient", f"{self._listed(idle)} got no gradient in {_PATIENCE} steps: "
                      "the loss does not depend on it (a layer that forward() does not use, or a "
                      "detach() on the way)")
        known = {id(p) for p in self._parameters()}
        left_out = [p for p in self.model.parameters() if p.requires_grad and id(p) not in known]
        if left_out and not idle:
            self.warn("no gradient", f"{self._listed(left_out)} should train (requires_grad is "
                      "True), but the optimizer was not given it")

    def _listed(self, parameters, limit=4):
        return listed([self._name(p) for p in parameters], limit)

    def _check_effect(self):
        # To a bias that is still zero any number is something.
        weights = [each for each in self._before if each[0].dim() > 1] or self._before
        moved = any(not minitorch.equal(old, p.detach()) for p, old in weights)
        pushed = any(bool((p.grad != 0).any()) for p, _ in self._before)
        rate = self._rate()
        # A schedule may pass through a rate of nearly nothing on purpose.
        lowered = any(group["lr"] < 0.1 * group.get("initial_lr", 0)
                      for group in self.optimizer.param_groups)
        if self._before and pushed and not moved and not lowered:
            self.warn("no effect", f"the step changed no weight by a single bit: the learning rate "
                      f"{rate:g} is too small for the gradients and the weights' precision")

    def _check_drift(self):
        drifting = [name for name, layer, count in self._drifting
                    if layer.training and _count(layer) != count and _is_frozen(layer)]
        if drifting:
            self.warn("drift", f"the weights of {listed(drifting, 3)} are frozen, but the running "
                      "statistics of this BatchNorm go on changing in training mode: the frozen "
                      "part drifts. "
                      + self.drift_advice)


def _warn(text):
    warnings.warn(text, UserWarning, stacklevel=4)


def _frozen_statistics(model):
    """``(name, layer, batches seen)`` of the layers with running statistics."""
    return [(name, layer, _count(layer)) for name, layer in model.named_modules()
            if getattr(layer, "num_batches_tracked", None) is not None]


def _count(layer):
    return int(layer.num_batches_tracked.item())


def _is_frozen(layer):
    parameters = list(layer.parameters())
    return bool(parameters) and not any(p.requires_grad for p in parameters)


def below_majority(accuracy, targets, classes):
    """A warning if always guessing the most frequent class would do better; else None.

    Parameters
    ----------
    accuracy : float
        Of the validation.
    targets : sequence of int
        The classes of the images that validated.
    classes : list of str
    """
    counts = [0] * len(classes)
    for target in targets:
        counts[target] += 1
    most = max(range(len(classes)), key=counts.__getitem__)
    share = counts[most] / max(1, sum(counts))
    if accuracy >= share:
        return None
    return (f"the best validation accuracy is {100 * accuracy:.1f} %, but always guessing "
            f"{classes[most]!r} would give {100 * share:.1f} %: the model has learnt nothing "
            "useful; more epochs, another learning rate or more images are needed")


def require_finite(model):
    """Raise FloatingPointError if a weight or a running statistic is NaN or infinite."""
    name = first_not_finite(model)
    if name is not None:
        raise FloatingPointError(f"{name} is not finite any more, and is not saved; a smaller "
                                 "learning rate usually helps")
