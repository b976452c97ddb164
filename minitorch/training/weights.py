"""Where a run's first weights come from: a file, the embedded default, ImageNet, or chance."""

from dataclasses import dataclass, field
from pathlib import Path

import minitorch
from minitorch.training.errors import WeightsError
from minitorch.training.model_io import read_state
from minitorch.training.naming import did_you_mean
from minitorch.training.preprocessing import Preprocessing
from minitorch.utils.digest import sha256_of

__all__ = ["Pretrained", "find_weights", "load_weights", "adopt_weights", "DIGITS_FILE"]

DIGITS_FILE = "resnet18-digits.safetensors"
HEAD = "fc"


@dataclass
class Pretrained:
    """Weights from outside, under torchvision's names.

    Attributes
    ----------
    state : dict of str to Tensor
    source : str
        Path of the file.
    sha256 : str
    classes : list of str or None
        What its outputs stand for, where the file says so.
    preprocessing : Preprocessing or None
    notes : list of str
        What was found in the file and changed.
    """

    state: dict
    source: str
    sha256: str
    classes: list | None = None
    preprocessing: Preprocessing | None = None
    notes: list = field(default_factory=list)


def find_weights(name, arch, progress=True):
    """Resolve what a user calls weights.

    Parameters
    ----------
    name : str
        ``"imagenet"``, ``"digits"``, ``"none"`` or the path of a file.
    arch : str
    progress : bool
        Show a bar while downloading.

    Returns
    -------
    Pretrained or None
        None for ``"none"``.

    Raises
    ------
    WeightsError
        Nothing there, or of another network; the message says what to do instead.
    """
    if name == "none":
        return None
    if name == "imagenet":
        return _imagenet(arch, progress)
    return load_weights(_digits_path(arch) if name == "digits" else name, arch)


def _digits_path(arch):
    if arch != "resnet18":
        raise WeightsError(f"the digits weights are a resnet18, not a {arch}; "
                           "choose --arch resnet18, or --weights imagenet, FILE or none")
    folders = [Path("weights"), Path(minitorch.__file__).resolve().parents[1] / "weights",
               checkpoint_folder()]
    for folder in folders:
        if (folder / DIGITS_FILE).is_file():
            return folder / DIGITS_FILE
    looked = ", ".join(dict.fromkeys(str(folder.absolute()) for folder in folders))
    raise WeightsError(
        f"{DIGITS_FILE} was not found in {looked}. It lies in the folder 'weights' of "
        "minitorch's repository: run from there, or give its path with --weights FILE, "
        "or start from random weights with --weights none")


def checkpoint_folder():
    """The folder in which minitorch keeps downloaded weights."""
    from minitorch.models._download import search_folders
    return Path(search_folders()[0])


def _imagenet(arch, progress):
    from minitorch import models
    weights = models.get_model_weights(arch).DEFAULT
    try:
        state = weights.get_state_dict(progress=progress, check_hash=True)
    except (OSError, RuntimeError) as error:
        file = weights.url.rsplit("/", 1)[-1]
        raise WeightsError(
            f"the ImageNet weights of {arch} could not be had: {str(error).splitlines()[0]}. "
            f"Without network, put {file} into {checkpoint_folder()}, or give a file of weights "
            "with --weights FILE, or start from the embedded --weights digits, or from random "
            "--weights none"
        ) from error
    preset = weights.transforms()
    like = Preprocessing(preset.crop_size[0], preset.resize_size[0], tuple(preset.mean),
                         tuple(preset.std), str(preset.interpolation.value))
    expected = weights.url.rsplit("-", 1)[-1].split(".")[0]
    return Pretrained(dict(state), weights.url, expected, list(weights.meta["categories"]), like)


def load_weights(path, arch):
    """Read weights of `arch` from a file of any format that `minitorch.load` knows.

    Names are mapped from the layouts of timm and Hugging Face to torchvision's, wrappers such
    as ``state_dict`` and ``module.`` are peeled.

    Raises
    ------
    WeightsError
        No such file, or the tensors are not those of `arch`.
    minitorch.serialization.CheckpointError
        The file is damaged or not a checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not a regular file"
        if not path.exists():
            what = f"does not exist{did_you_mean(path.name, ('imagenet', 'digits', 'none'))}"
        raise WeightsError(f"the file of weights {path} {what}")
    loaded, metadata = read_state(path)
    state, notes = _torchvision_names(loaded, arch, path)
    found = Pretrained(state, str(path), sha256_of(path), notes=notes)
    _describe(found, metadata)
    return found


def _describe(found, metadata):
    """Take classes and preprocessing from metadata, as far as they are there and sound."""
    import json
    try:
        classes = json.loads(metadata.get("classes", "null"))
        if isinstance(classes, list) and all(isinstance(name, str) for name in classes):
            found.classes = classes
        if "preprocessing" in metadata:
            found.preprocessing = Preprocessing.from_dict(json.loads(metadata["preprocessing"]))
    except (ValueError, TypeError, RecursionError) as error:
        found.notes.append(f"its metadata cannot be used ({_one_line(error)})")


def _torchvision_names(loaded, arch, path):
    """The tensors of a loaded file under torchvision's names, and what was done to get there."""
    from minitorch.models import _layouts
    try:
        tensors, peeled, _ = _layouts.unwrap(loaded, minitorch.is_tensor)
        mapped = _layouts.map_names({name: _Described(t) for name, t in tensors.items()})
        if mapped.arch != arch:
            raise WeightsError(f"{path} holds a {mapped.arch}, not a {arch}; --arch "
                               f"{mapped.arch} takes it")
        _layouts.check_values(mapped.tensors)
    except _layouts.LayoutError as error:
        raise WeightsError(f"{path} does not hold the weights of a {arch}: "
                           f"{_one_line(error)}") from error
    notes = [f"found the weights under {part!r}" for part in peeled]
    if mapped.prefix:
        notes.append(f"cut {mapped.prefix!r} off the names of the weights")
    if mapped.layout != "torchvision":
        notes.append(f"the names of the weights are {mapped.layout}'s")
    return {name: each.tensor for name, each in mapped.tensors.items()}, notes


class _Described:
    """A tensor as `minitorch.models._layouts` looks at tensors: size, dtype, values."""

    def __init__(self, tensor):
        self.tensor, self.size = tensor, tuple(tensor.shape)
        self.dtype = _Kind(str(tensor.dtype).rpartition(".")[2], tensor.dtype.is_floating_point)

    def values(self):
        return self.tensor.detach().float().numpy()


class _Kind:
    def __init__(self, name, is_floating):
        self.name, self.is_floating = name, is_floating


def adopt_weights(model, pretrained, classes):
    """Load pretrained weights into `model`, except a head for other classes.

    Parameters
    ----------
    model : minitorch.nn.Module
        A ResNet whose head ``fc`` has ``len(classes)`` outputs.
    pretrained : Pretrained
    classes : list of str
        What the model's outputs shall stand for.

    Returns
    -------
    list of str
        Remarks: whether the head was kept, and why not.
    """
    state = dict(pretrained.state)
    outputs = state[f"{HEAD}.weight"].shape[0] if f"{HEAD}.weight" in state else None
    same = outputs == len(classes) and pretrained.classes in (None, list(classes))
    notes = [_head_note(outputs, classes, pretrained.classes)]
    own = model.state_dict()
    if not same:
        state = {name: value for name, value in state.items()
                 if not name.startswith(f"{HEAD}.")}
        state |= {name: own[name] for name in own if name.startswith(f"{HEAD}.")}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        from minitorch.training.model_io import _second_line
        raise WeightsError(f"{pretrained.source} does not fit the network: "
                           f"{_second_line(error)}") from error
    return notes


def _head_note(outputs, classes, named):
    if outputs is None:
        return f"no head in the file; a new one for {len(classes)} classes starts at random"
    if outputs != len(classes):
        return (f"the head for {outputs} classes was replaced by a new one for {len(classes)}, "
                "which starts at random")
    if named is None:
        return f"the head for {outputs} classes was kept (the file does not name its classes)"
    if named != list(classes):
        return "the head was replaced by a new one: its classes have other names or another order"
    return f"the head for {outputs} classes was kept: the names are the same"


def _one_line(error):
    return " ".join(str(error).split()) or type(error).__name__
