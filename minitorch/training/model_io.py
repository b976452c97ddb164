"""Model files that need nothing else: weights, classes, preprocessing, metrics, provenance.

A model file is a safetensors file whose tensors have torchvision's names, so other programs
read it too; what `predict` needs beside the tensors is text in its ``__metadata__``.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import minitorch
from minitorch.training.errors import WeightsError
from minitorch.training.preprocessing import Preprocessing
from minitorch.training.settings import ARCHITECTURES

__all__ = ["ModelInfo", "load_model", "save_model", "build_model", "ARCHITECTURES"]

_JSON_FIELDS = ("classes", "preprocessing", "metrics", "provenance")


@dataclass
class ModelInfo:
    """What a model file says about its model.

    Attributes
    ----------
    arch : str
        Name of the function in `minitorch.models`.
    classes : list of str
        The model's outputs, in order.
    preprocessing : Preprocessing
    metrics : dict
        How well it did when it was saved.
    provenance : dict
        What it was trained from, on, and how.
    """

    arch: str
    classes: list
    preprocessing: Preprocessing
    metrics: dict = field(default_factory=dict)
    provenance: dict = field(default_factory=dict)

    def to_metadata(self):
        """The entries of ``__metadata__``, strings all."""
        values = {"classes": self.classes, "preprocessing": self.preprocessing.to_dict(),
                  "metrics": self.metrics, "provenance": self.provenance}
        return {"format": "pt", "minitorch": "1", "arch": self.arch} | {
            name: json.dumps(value, sort_keys=True) for name, value in values.items()}

    @classmethod
    def from_metadata(cls, metadata):
        """Read what `to_metadata` wrote.

        Raises
        ------
        ValueError
            An entry is missing or not what it should be.
        """
        try:
            values = {name: json.loads(metadata[name]) for name in _JSON_FIELDS}
            classes = values["classes"]
            if not (isinstance(classes, list) and classes
                    and all(isinstance(name, str) for name in classes)):
                raise ValueError("'classes' is not a list of names")
            if len(set(classes)) != len(classes):
                raise ValueError("'classes' holds a name twice")
            if metadata["arch"] not in ARCHITECTURES:
                raise ValueError(f"'arch' is {metadata['arch']!r}, which is none of "
                                 f"{', '.join(ARCHITECTURES)}")
            return cls(metadata["arch"], classes,
                       Preprocessing.from_dict(values["preprocessing"]),
                       dict(values["metrics"]), dict(values["provenance"]))
        except KeyError as error:
            raise ValueError(f"the entry {error} is missing from its metadata") from error
        except (TypeError, RecursionError) as error:
            raise ValueError(f"its metadata cannot be used ({error})") from error


def build_model(arch, classes, weights=None):
    """A network of `minitorch.models` with `classes` outputs, random or with `weights`.

    Parameters
    ----------
    arch : str
        One of `ARCHITECTURES`.
    classes : int
    weights : dict of str to Tensor, optional
        A complete state dict.
    """
    from minitorch import models
    if arch not in ARCHITECTURES:
        raise ValueError(f"arch must be one of {', '.join(ARCHITECTURES)}, got {arch!r}")
    model = getattr(models, arch)(num_classes=classes)
    if weights is not None:
        model.load_state_dict(weights)
    return model


def save_model(path, model, info):
    """Write `model` and `info` as a model file, whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        Ends in ``.safetensors``.
    model : minitorch.nn.Module or dict of str to Tensor
        The network or its state dict.
    info : ModelInfo
    """
    from minitorch.serialization.safetensors import save_file
    state = model if isinstance(model, dict) else model.state_dict()
    save_file(state, path, metadata=info.to_metadata())


def load_model(path):
    """Open a model file for prediction.

    Parameters
    ----------
    path : str or os.PathLike
        What `save_model` wrote, or the ``last.ckpt`` of a run.

    Returns
    -------
    model : minitorch.nn.Module
        In evaluation mode.
    info : ModelInfo

    Raises
    ------
    FileNotFoundError, IsADirectoryError
    WeightsError
        The file has no classes and preprocessing, or its tensors are not of its architecture.
    minitorch.serialization.CheckpointError
        The file is damaged, or of another kind.
    """
    state, metadata = read_state(path)
    if "classes" not in metadata:
        raise WeightsError(f"{path} has no names of classes and no preprocessing; predictions "
                           "need a file that 'minitorch finetune' wrote (best.safetensors)")
    try:
        info = ModelInfo.from_metadata(metadata)
    except (ValueError, TypeError) as error:
        raise WeightsError(f"{path}: {error}") from error
    model = build_model(info.arch, len(info.classes))
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(f"{path} says it is a {info.arch} with {len(info.classes)} classes, "
                           f"but its tensors are not: {_second_line(error)}") from error
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not minitorch.isfinite(tensor).all():
            raise WeightsError(f"{path}: {name} holds values that are not finite")
    return model.eval(), info


def read_state(path):
    """The tensors of a file of any known format, and its text metadata.

    Returns
    -------
    state : object
        What `minitorch.load` gives: as a rule a dict of tensors, perhaps wrapped.
    metadata : dict of str to str
        Empty if the format has none.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(21, "Is a directory (a model file is expected)", str(path))
    loaded = minitorch.load(path, map_location="cpu", weights_only=True)
    if isinstance(loaded, dict) and loaded.get("format") == "minitorch.checkpoint":
        return loaded["model"], loaded["info"]
    return loaded, file_metadata(path)


def file_metadata(path):
    """The ``__metadata__`` of a safetensors file; an empty dict for any other file."""
    from minitorch.serialization._source import format_of
    from minitorch.serialization.safetensors import load_metadata
    return load_metadata(path) if format_of(path) == "safetensors" else {}


def _second_line(error):
    """The first cause that a load_state_dict error names."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[min(1, len(lines) - 1)][:200] if lines else type(error).__name__
