"""The loss of a run, and the weights that rare classes get in it."""

import json
import math

import minitorch
from minitorch import nn
from minitorch.training.errors import DataError
from minitorch.training.naming import did_you_mean

__all__ = ["TrainingLoss", "balanced_weights", "class_weights", "read_class_weights"]


class TrainingLoss(nn.CrossEntropyLoss):
    """Cross entropy that says how much a batch counts beside others.

    Parameters
    ----------
    class_weights : list of float, optional
    smoothing : float
        Share of each target that is spread over all classes, as in PyTorch's `label_smoothing`.

    Shape
    -----
    (N, C), (N,) or (N, C) -> ()
    """

    def __init__(self, class_weights=None, smoothing=0.0):
        weight = None if class_weights is None else minitorch.tensor(
            class_weights, dtype=minitorch.float32)
        super().__init__(weight=weight, label_smoothing=smoothing)

    def share(self, targets):
        """What the mean over this batch was divided by: images, or the sum of their weights."""
        # PyTorch divides by the weights only where targets are numbers of classes.
        if self.weight is None or targets.ndim > 1:
            return len(targets)
        return float(self.weight[targets].sum().item())


def class_weights(option, targets, classes):
    """The weights of the classes that ``--class-weights`` asks for.

    Parameters
    ----------
    option : str
        "none", "balanced" or a file, see `read_class_weights`.
    targets : sequence of int
        Class of each training image.
    classes : list of str

    Returns
    -------
    weights : list of float or None
    notes : list of str
        What the user should know of them.
    """
    if option == "none":
        return None, []
    notes = []
    if option == "balanced":
        weights = balanced_weights(targets, len(classes))
    else:
        weights, unnamed = read_class_weights(option, classes)
        if unnamed:
            notes.append(f"{option} names no weight for {', '.join(map(repr, unnamed))}: "
                         "1 is taken")
    least, most = min(weights), max(weights)
    if least == most:
        return weights, [*notes, f"all classes weigh the same in the loss: {least:.3g}"]
    notes.append(f"the classes weigh from {least:.3g} ({classes[weights.index(least)]}) "
                 f"to {most:.3g} ({classes[weights.index(most)]}) in the loss")
    return weights, notes


def balanced_weights(targets, classes):
    """A weight for each class with which all classes count the same.

    Parameters
    ----------
    targets : sequence of int
        Class of each training image.
    classes : int

    Returns
    -------
    list of float
        ``len(targets) / (classes present * images of the class)``, of mean 1 over the images;
        1 for a class without images.
    """
    counts = [0] * classes
    for target in targets:
        counts[target] += 1
    present = sum(count > 0 for count in counts)
    return [len(targets) / (present * count) if count else 1.0 for count in counts]


def read_class_weights(path, classes):
    """Weights of classes by name, from a file.

    Parameters
    ----------
    path : str or os.PathLike
        A JSON object ``{"class": weight}``, or lines ``class weight`` (empty ones and those that
        begin with ``#`` are passed over).
    classes : list of str

    Returns
    -------
    weights : list of float
        In the order of `classes`; 1 for those that the file does not name.
    unnamed : list of str

    Raises
    ------
    DataError
        The file cannot be read or understood, names a class that is not there or one twice, or
        gives a weight that is not a number greater than 0: a batch of weightless images would
        have no mean.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise DataError(f"the class weights {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"the class weights {path} are not text") from error
    pairs = _json_pairs(text, path) if text.lstrip().startswith("{") else _line_pairs(text, path)
    found = {}
    for name, value in pairs:
        if name not in classes:
            raise DataError(f"{path}: no class is called {name!r}{did_you_mean(name, classes)}")
        if name in found:
            raise DataError(f"{path}: the class {name!r} comes twice")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not (
                0 < value < math.inf):
            raise DataError(f"{path}: the weight of {name!r} is {value!r}, not a number greater "
                            "than 0")
        found[name] = float(value)
    return ([found.get(name, 1.0) for name in classes],
            [name for name in classes if name not in found])


def _json_pairs(text, path):
    try:
        return json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}") from error


def _line_pairs(text, path):
    pairs = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        # From the right: the name of a class may hold blanks.
        try:
            name, value = line.rsplit(maxsplit=1)
            pairs.append((name, float(value)))
        except ValueError:
            raise DataError(f"{path}, line {number}: expected 'class weight', got "
                            f"{line!r}") from None
    return pairs
