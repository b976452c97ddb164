"""Loss and accuracy over an epoch, summed exactly as they come."""

import time
from dataclasses import dataclass

import numpy as np

__all__ = ["EpochResult", "RunningMetrics", "accuracy", "macro_f1"]


def accuracy(outputs, targets):
    """Fraction of rows whose largest entry is at `targets`.

    Parameters
    ----------
    outputs : Tensor of shape (N, C)
        Scores or probabilities.
    targets : Tensor of shape (N,), integer

    Returns
    -------
    float
    """
    return float((_guesses(outputs) == _numpy(targets)).mean())


@dataclass
class EpochResult:
    """What one pass over a dataset gave.

    Attributes
    ----------
    loss : float
        Mean over the images (NaN if there was none).
    accuracy : float
        Fraction of images classified correctly.
    images : int
        Images that were seen; unreadable ones are not.
    seconds : float
    finished : bool
        False if the pass was stopped on request.
    confusion : numpy.ndarray of shape (C, C) or None
        ``confusion[truth, guess]`` counts images.
    grad_norm : float or None
        Mean over the steps, before clipping, where it was asked for.
    """

    loss: float
    accuracy: float
    images: int
    seconds: float
    finished: bool = True
    confusion: np.ndarray | None = None
    grad_norm: float | None = None

    @property
    def images_per_second(self):
        return self.images / self.seconds if self.seconds > 0 else 0.0

    @property
    def f1(self):
        """The F1 of each class, averaged over those that came or were guessed; see `macro_f1`."""
        return None if self.confusion is None else macro_f1(self.confusion)

    def per_class(self):
        """List of ``(accuracy, images)``, one per class; accuracy is None without images."""
        if self.confusion is None:
            raise ValueError("per-class results need evaluate(..., classes=number of classes)")
        totals, hits = self.confusion.sum(axis=1), self.confusion.diagonal()
        return [(int(hit) / int(total) if total else None, int(total))
                for hit, total in zip(hits, totals, strict=True)]


def macro_f1(confusion):
    """The mean over classes of ``2 * hits / (images + guesses)``, as scikit-learn's macro F1.

    Parameters
    ----------
    confusion : numpy.ndarray of shape (C, C)
        ``confusion[truth, guess]`` counts images.

    Returns
    -------
    float
        Classes that neither came nor were guessed do not count; NaN if there is none.
    """
    both = confusion.sum(axis=0) + confusion.sum(axis=1)
    seen = both > 0
    if not seen.any():
        return float("nan")
    return float((2 * confusion.diagonal()[seen] / both[seen]).mean())


class RunningMetrics:
    """Sums of a pass in progress; its `state_dict` lets the pass continue elsewhere.

    Parameters
    ----------
    classes : int, optional
        Number of classes, to count a confusion matrix too.
    """

    def __init__(self, classes=None):
        self.batches = self.images = self.correct = 0
        self.loss_sum = self.seconds = 0.0
        self.norms, self.norm_sum = 0, 0.0
        self.confusion = None if classes is None else np.zeros((classes, classes), np.int64)
        self._since = time.perf_counter()

    def update(self, loss, outputs, targets):
        """Count one batch: `loss` is its mean as a float, `outputs` (N, C), `targets` (N,).

        Targets may be probabilities (N, C) too: of a mixed image counts the class with the
        greatest share.
        """
        guesses, truth = _guesses(outputs), _numpy(targets)
        if truth.ndim == 2:
            truth = truth.argmax(axis=1)
        self.images += len(truth)
        self.correct += int((guesses == truth).sum())
        self.loss_sum += loss * len(truth)
        if self.confusion is not None:
            np.add.at(self.confusion, (truth, guesses), 1)

    def update_norm(self, norm):
        """Count the norm of a step's gradient."""
        self.norms += 1
        self.norm_sum += norm

    def next_batch(self):
        """Count a batch as passed, whether or not an image of it could be used."""
        self.batches += 1
        now = time.perf_counter()
        self.seconds += now - self._since
        self._since = now

    def start(self):
        """Start the clock (again)."""
        self._since = time.perf_counter()

    def result(self, finished=True):
        """The sums so far as an `EpochResult`."""
        loss = self.loss_sum / self.images if self.images else float("nan")
        hits = self.correct / self.images if self.images else float("nan")
        norm = self.norm_sum / self.norms if self.norms else None
        return EpochResult(loss, hits, self.images, self.seconds, finished, self.confusion, norm)

    def state_dict(self):
        return {name: getattr(self, name) for name in self._SAVED}

    def load_state_dict(self, state):
        for name in self._SAVED:
            setattr(self, name, state.get(name, 0))     # older runs counted no norms

    _SAVED = ("batches", "images", "correct", "loss_sum", "seconds", "norms", "norm_sum")


def _guesses(outputs):
    return _numpy(outputs).argmax(axis=1)


def _numpy(tensor):
    return tensor.detach().numpy()
