"""Loss and accuracy over an epoch, summed exactly as they come; scores of a confusion matrix."""

import time
from dataclasses import dataclass

import numpy as np

__all__ = ["ClassScores", "EpochResult", "RunningMetrics", "accuracy", "class_scores", "macro_f1"]


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


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of each class, and their averages, as scikit-learn defines them.

    Attributes
    ----------
    precision, recall, f1 : numpy.ndarray of shape (C,), float64
        NaN where the quotient is 0 / 0: the precision of a class that was never guessed, the
        recall of one without images, the F1 of one with neither.
    support, predicted : numpy.ndarray of shape (C,), int64
        Images of the class, and images taken for it.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    predicted: np.ndarray

    def average(self, kind):
        """Averages over the classes that occur, as images or as guesses; 0 / 0 counts as 0.

        Parameters
        ----------
        kind : str
            ``"macro"``: every class alike; ``"weighted"``: by its number of images.

        Returns
        -------
        dict of str to float
            ``precision``, ``recall`` and ``f1``; NaN if no image was seen.

        Notes
        -----
        Those of ``sklearn.metrics.precision_recall_fscore_support(truth, guesses,
        average=kind, zero_division=0)``.
        """
        if kind not in ("macro", "weighted"):
            raise ValueError(f"kind must be 'macro' or 'weighted', got {kind!r}")
        weights = self.support if kind == "weighted" else self.support + self.predicted > 0
        if not weights.sum():
            return dict.fromkeys(("precision", "recall", "f1"), float("nan"))
        return {name: float(np.average(np.nan_to_num(getattr(self, name)), weights=weights))
                for name in ("precision", "recall", "f1")}

    @property
    def balanced_accuracy(self):
        """The mean recall of the classes that have images (NaN if none has): what
        ``sklearn.metrics.balanced_accuracy_score`` gives."""
        known = self.recall[self.support > 0]
        return float(known.mean()) if len(known) else float("nan")


def class_scores(confusion):
    """The `ClassScores` of a confusion matrix.

    Parameters
    ----------
    confusion : numpy.ndarray of shape (C, C), integer
        ``confusion[truth, guess]`` counts images, as in `EpochResult`.
    """
    hits = confusion.diagonal().astype(np.float64)
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    return ClassScores(_quotient(hits, predicted), _quotient(hits, support),
                       _quotient(2 * hits, support + predicted), support, predicted)


def macro_f1(confusion):
    """The F1 of a confusion matrix, averaged over the classes that occur, every class alike.

    Parameters
    ----------
    confusion : numpy.ndarray of shape (C, C), integer
        ``confusion[truth, guess]`` counts images.

    Returns
    -------
    float
        Between 0 and 1; NaN if no image was counted.
    """
    return class_scores(confusion).average("macro")["f1"]


def _quotient(numerator, denominator):
    """The quotient, NaN where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.full(len(numerator), np.nan),
                     where=denominator > 0)


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
        Of a pass that was continued: since then.
    finished : bool
        False if the pass was stopped on request.
    confusion : numpy.ndarray of shape (C, C) or None
        ``confusion[truth, guess]`` counts images.
    grad_norm : float or None
        Mean over the steps, before clipping, where it was asked for.
    timed : int, optional
        Images seen in those seconds; default: all.
    """

    loss: float
    accuracy: float
    images: int
    seconds: float
    finished: bool = True
    confusion: np.ndarray | None = None
    grad_norm: float | None = None
    timed: int | None = None

    @property
    def images_per_second(self):
        """The speed; NaN if all images were seen before the pass was continued."""
        timed = self.images if self.timed is None else self.timed
        if self.images and not timed:
            return float("nan")
        return timed / self.seconds if self.seconds > 0 else 0.0

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


class RunningMetrics:
    """Sums of a pass in progress; its `state_dict` lets the pass continue elsewhere.

    Parameters
    ----------
    classes : int, optional
        Number of classes, to count a confusion matrix too.
    """

    def __init__(self, classes=None):
        self.batches = self.images = self.correct = self._untimed = 0
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
        return EpochResult(loss, hits, self.images, self.seconds, finished, self.confusion, norm,
                           self.images - self._untimed)

    def state_dict(self):
        return {name: getattr(self, name) for name in self._SAVED}

    def load_state_dict(self, state):
        for name in self._SAVED:
            setattr(self, name, state.get(name, 0))     # older runs counted no norms
        self._untimed, self.seconds = self.images, 0.0

    _SAVED = ("batches", "images", "correct", "loss_sum", "norms", "norm_sum")


def _guesses(outputs):
    return _numpy(outputs).argmax(axis=1)


def _numpy(tensor):
    return tensor.detach().numpy()
