"""What a model makes of each labelled image: guesses, probabilities, losses.

`examine` keeps of every image its `TOP` likeliest classes and what the model gave to the true
one, which is all that tables, pictures and lists of mistakes need; with a million images that
is some 60 MB.
"""

import csv
import io
from dataclasses import dataclass

import numpy as np

from minitorch.training.loop import evaluating
from minitorch.training.metrics import class_scores

__all__ = ["Examination", "examine"]


@dataclass
class Examination:
    """One row for each of N images, in the order in which they were listed.

    Attributes
    ----------
    classes : list of str
    truth : numpy.ndarray of shape (N,), int64
    guesses : numpy.ndarray of shape (N, K), int32
        The likeliest classes, likeliest first; of equals the first.
    probabilities : numpy.ndarray of shape (N, K), float32
        Of the guesses.
    truth_probabilities : numpy.ndarray of shape (N,), float32
    ranks : numpy.ndarray of shape (N,), int32
        How many classes came before the true one: 0 is a right guess.
    losses : numpy.ndarray of shape (N,), float64
        Cross entropy, in nats.
    seen : numpy.ndarray of shape (N,), bool
        False for an image that could not be read, whose row means nothing.
    finished : bool
        False if the pass was stopped on request.
    """

    classes: list
    truth: np.ndarray
    guesses: np.ndarray
    probabilities: np.ndarray
    truth_probabilities: np.ndarray
    ranks: np.ndarray
    losses: np.ndarray
    seen: np.ndarray
    finished: bool = True

    @classmethod
    def empty(cls, classes, truth, top):
        """Nothing seen yet; `top` guesses are kept of each image."""
        truth = np.asarray(truth, np.int64)
        count, top = len(truth), min(top, len(classes))
        return cls(list(classes), truth, np.zeros((count, top), np.int32),
                   np.zeros((count, top), np.float32), np.zeros(count, np.float32),
                   np.zeros(count, np.int32), np.zeros(count), np.zeros(count, bool))

    def add(self, places, outputs):
        """Fill in rows.

        Parameters
        ----------
        places : numpy.ndarray of shape (B,), integer
        outputs : numpy.ndarray of shape (B, C)
            Scores, as the network gives them.
        """
        rows, truth = np.arange(len(places)), self.truth[places]
        scores = outputs.astype(np.float64)
        scores -= scores.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(scores).sum(axis=1))
        order = np.argsort(-scores, axis=1, kind="stable")
        best = order[:, :self.guesses.shape[1]]
        of_truth = scores[rows, truth]
        self.guesses[places] = best
        self.probabilities[places] = np.exp(np.take_along_axis(scores, best, 1)
                                            - log_sums[:, None])
        self.truth_probabilities[places] = np.exp(of_truth - log_sums)
        self.ranks[places] = (order == truth[:, None]).argmax(axis=1)
        self.losses[places] = log_sums - of_truth
        self.seen[places] = True

    @property
    def images(self):
        """How many images were seen."""
        return int(self.seen.sum())

    @property
    def loss(self):
        """The mean cross entropy (NaN without images)."""
        return float(self.losses[self.seen].mean()) if self.images else float("nan")

    @property
    def accuracy(self):
        """The share of right guesses (NaN without images)."""
        return self.top_accuracy(1)

    def top_accuracy(self, k):
        """The share of images whose class is among the `k` likeliest; 1 if there are no more."""
        return float((self.ranks[self.seen] < k).mean()) if self.images else float("nan")

    @property
    def confusion(self):
        """Counts of images, shape (C, C): ``confusion[truth, guess]``."""
        counts = np.zeros((len(self.classes), len(self.classes)), np.int64)
        np.add.at(counts, (self.truth[self.seen], self.guesses[self.seen, 0]), 1)
        return counts

    @property
    def scores(self):
        """The `minitorch.training.ClassScores`."""
        return class_scores(self.confusion)

    def mistakes(self, limit):
        """Places of at most `limit` wrong guesses, those with the highest loss first."""
        wrong = np.flatnonzero(self.seen & (self.ranks > 0))
        return wrong[np.argsort(-self.losses[wrong], kind="stable")][:limit].tolist()

    def confused(self, limit):
        """The commonest mistakes as ``(truth, guess, images)``, most images first."""
        counts = self.confusion
        np.fill_diagonal(counts, 0)
        order = np.argsort(-counts, axis=None, kind="stable")[:limit]
        pairs = zip(*np.unravel_index(order, counts.shape), strict=True)
        return [(int(truth), int(guess), int(counts[truth, guess]))
                for truth, guess in pairs if counts[truth, guess]]


def examine(model, loader, classes, truth, *, top=5, on_step=None, stop=None):
    """Let `model` guess each image, in evaluation mode and without gradients.

    Parameters
    ----------
    model : minitorch.nn.Module
        Left in the mode in which it came.
    loader : iterable of (Tensor, Tensor) or None
        Inputs (B, ...) and the places (B,) of the images in `truth`; None is passed over.
    classes : list of str
    truth : sequence of int
        The class of each image.
    top : int
        How many guesses are kept of each image, if there are as many classes.
    on_step : callable, optional
        ``on_step(examination)`` after each batch.
    stop : callable, optional
        Asked after each batch; if true the pass ends there.

    Returns
    -------
    Examination
    """
    found = Examination.empty(classes, truth, top)
    with evaluating(model):
        for batch in loader:
            if batch is not None:
                inputs, places = batch
                found.add(places.numpy(), model(inputs).numpy())
            if on_step is not None:
                on_step(found)
            if stop is not None and stop():
                found.finished = False
                break
    return found


def predictions_csv(found, names, reasons):
    """A line for each image, as text.

    Parameters
    ----------
    found : Examination
    names : list of str
        The images' paths.
    reasons : dict of str to str
        Why an image could not be read, by its path.
    """
    kept = found.guesses.shape[1]
    header = ["path", "truth", "guess", "probability", "correct", "truth_probability", "loss"]
    for place in range(2, kept + 1):
        header += [f"guess_{place}", f"probability_{place}"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, "error"])
    for row, name in enumerate(names):
        truth = found.classes[found.truth[row]]
        if not found.seen[row]:
            why = reasons.get(name, "" if found.finished else "not reached")
            writer.writerow([name, truth] + [""] * (len(header) - 2) + [why])
            continue
        guessed = [(found.classes[index], f"{value:.6f}") for index, value in
                   zip(found.guesses[row], found.probabilities[row], strict=True)]
        writer.writerow([name, truth, *guessed[0], "yes" if found.ranks[row] == 0 else "no",
                         f"{found.truth_probabilities[row]:.6f}", f"{found.losses[row]:.6g}",
                         *(field for pair in guessed[1:] for field in pair), ""])
    return text.getvalue()


def confusion_csv(confusion, classes):
    """A confusion matrix as text: a line per true class, a column per guess."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["truth \\ guess", *classes])
    writer.writerows([name, *row] for name, row in zip(classes, confusion.tolist(), strict=True))
    return text.getvalue()
