"""The networks that ``summary`` and ``graph`` look at: by name, or out of a file."""

import os
from dataclasses import dataclass

from minitorch.cli._common import UsageError, number

__all__ = ["Network", "add_network_options", "open_network"]

_CLASSES, _SIZE = 1000, 224     # of ImageNet, for which the architectures were made


@dataclass
class Network:
    """A network and what its file says about it.

    Attributes
    ----------
    name : str
        Of the architecture.
    model : minitorch.nn.Module
        Its parameters require grad as they did when the file was written, if it says so.
    image_size : int
        Pixels along the side of its input.
    notes : list of str
    """

    name: str
    model: object
    image_size: int
    notes: list


def add_network_options(parser):
    """MODEL, ``--image-size`` and ``--batch-size``."""
    parser.add_argument("model", metavar="MODEL",
                        help="best.safetensors of a run, any file of a ResNet's weights, or the "
                             "name of an architecture, as resnet18")
    parser.add_argument("--image-size", type=number(int, 1, 4096), metavar="PIXELS",
                        help="side of the square input (default: what the file was trained with, "
                             f"or {_SIZE})")
    parser.add_argument("--batch-size", type=number(int, 1, 4096), default=1, metavar="N",
                        help="images in the input (default: 1)")


def open_network(text, image_size=None):
    """The network that MODEL means.

    Raises
    ------
    UsageError
        Neither a file nor an architecture.
    WeightsError, CheckpointError, OSError
        The file is of no use.
    """
    from minitorch import models
    names = [name for name in models.list_models() if "resnet" in name or "resnext" in name]
    if text in names and not os.path.isfile(text):
        return Network(text, models.get_model(text), image_size or _SIZE, [])
    if not os.path.exists(text):
        from minitorch.training.naming import did_you_mean
        raise UsageError(f"{text!r} is neither a file nor an architecture"
                         f"{did_you_mean(text, names)}; architectures: {', '.join(names)}")
    return _from_file(text, image_size)


def _from_file(path, image_size):
    from minitorch import models
    from minitorch.training.model_io import load_model, read_state
    loaded, metadata = read_state(path)
    if "classes" in metadata:
        model, info = load_model(path)
        notes = _mark_trained(model, info)
        return Network(info.arch, model, image_size or info.preprocessing.crop_size, notes)
    arch, classes, notes = _identify(path, loaded)
    model = models.get_model(arch, num_classes=classes or _CLASSES)
    if classes is None:
        notes.append(f"the file has no head; shown with one for {_CLASSES} classes")
    return Network(arch, model, image_size or _SIZE, notes)


def _identify(path, loaded):
    """The architecture and the number of classes of a file of weights."""
    import minitorch
    from minitorch.models import _layouts
    from minitorch.training.errors import WeightsError
    from minitorch.training.weights import _Described
    try:
        tensors, *_ = _layouts.unwrap(loaded, minitorch.is_tensor)
        mapped = _layouts.map_names({name: _Described(t) for name, t in tensors.items()})
    except _layouts.LayoutError as error:
        raise WeightsError(f"{path} does not hold the weights of a ResNet: {error}") from error
    return mapped.arch, mapped.num_classes, []


def _mark_trained(model, info):
    """Freeze what the run had frozen at its end."""
    from minitorch.training.freezing import train_only
    from minitorch.training.run.parts import trained_parts
    train = info.provenance.get("settings", {}).get("train")
    if not isinstance(train, str) or info.provenance["settings"].get("unfreeze_at") is not None:
        return []
    try:
        train_only(model, trained_parts(model, train))
    except ValueError:
        return [f"what the run trained cannot be told from {train!r}"]
    return [f"trained {train}"]
