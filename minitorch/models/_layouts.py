"""Other projects' names for the weights of a ResNet, brought to torchvision's.

Works on anything that has ``size`` and ``dtype`` (the records of ``minitorch.serialization``), so
a file can be checked before a single tensor exists.
"""

import difflib
import re
from typing import NamedTuple

from minitorch.serialization._errors import quote


class Architecture(NamedTuple):
    """What tells one ResNet of torchvision from another."""

    kind: str  # of its blocks: "basic" or "bottleneck"
    blocks: tuple  # in each of the four stages
    groups: int = 1  # of a bottleneck's 3x3 convolution
    base_width: int = 64  # that convolution's channels in the first stage, in each group

    @property
    def expansion(self):
        return 1 if self.kind == "basic" else 4

    def inner(self, stage):
        """Channels of the 3x3 convolutions of a stage, counted from 0."""
        return (64 << stage) * self.base_width // 64 * self.groups


ARCHITECTURES = {
    "resnet18": Architecture("basic", (2, 2, 2, 2)),
    "resnet34": Architecture("basic", (3, 4, 6, 3)),
    "resnet50": Architecture("bottleneck", (3, 4, 6, 3)),
    "resnet101": Architecture("bottleneck", (3, 4, 23, 3)),
    "resnet152": Architecture("bottleneck", (3, 8, 36, 3)),
    "resnext50_32x4d": Architecture("bottleneck", (3, 4, 6, 3), 32, 4),
    "resnext101_32x8d": Architecture("bottleneck", (3, 4, 23, 3), 32, 8),
    "resnext101_64x4d": Architecture("bottleneck", (3, 4, 23, 3), 64, 4),
    "wide_resnet50_2": Architecture("bottleneck", (3, 4, 6, 3), 1, 128),
    "wide_resnet101_2": Architecture("bottleneck", (3, 4, 23, 3), 1, 128),
}
WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model", "model_state_dict", "net", "ema")
PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "backbone.", "encoder.", "student.",
            "teacher.")  # fmt: skip
_FLOATS = ("float64", "float32", "float16", "bfloat16")
_COUNT = "num_batches_tracked"
_SHOWN = 8
_MAX_PREFIXES = 8


class LayoutError(ValueError):
    """The names or shapes are not those of the network asked for."""


class Mapped:
    """Weights under torchvision's names.

    Attributes
    ----------
    arch : str
        Name of the network.
    layout : str
        Whose names the file used: ``"torchvision"`` (also timm's) or ``"Hugging Face"``.
    tensors : dict
        From torchvision's name to the record, in torchvision's order.
    prefix : str
        What was cut off in front of every name.
    num_classes : int or None
        Rows of ``fc.weight``; None for a backbone without a head.
    """

    def __init__(self, arch, layout, tensors, prefix, num_classes):
        self.arch = arch
        self.layout = layout
        self.tensors = tensors
        self.prefix = prefix
        self.num_classes = num_classes


# -- torchvision's names -------------------------------------------------------------------
def expected_shapes(arch, num_classes=None):
    """Return {name: shape} of a torchvision ResNet, in its order.

    Parameters
    ----------
    arch : str
        A key of ``ARCHITECTURES``.
    num_classes : int, optional
        Rows of the head; without it the head is left out.
    """
    net = ARCHITECTURES[arch]
    shapes = {"conv1.weight": (64, 3, 7, 7), **_norm("bn1", 64)}
    channels = 64
    for stage, count in enumerate(net.blocks):
        for block in range(count):
            name = f"layer{stage + 1}.{block}"
            out = (64 << stage) * net.expansion
            shapes.update(_block(name, net, stage, channels, out))
            if block == 0 and channels != out:
                shapes[f"{name}.downsample.0.weight"] = (out, channels, 1, 1)
                shapes.update(_norm(f"{name}.downsample.1", out))
            channels = out
    if num_classes is not None:
        shapes["fc.weight"] = (num_classes, channels)
        shapes["fc.bias"] = (num_classes,)
    return shapes


def _norm(name, channels):
    vectors = ("weight", "bias", "running_mean", "running_var")
    return {**{f"{name}.{v}": (channels,) for v in vectors}, f"{name}.num_batches_tracked": ()}


def _block(name, net, stage, channels, out):
    inner = net.inner(stage)
    if net.kind == "basic":
        kernels = ((inner, channels, 3), (out, inner, 3))
    else:
        kernels = ((inner, channels, 1), (inner, inner // net.groups, 3), (out, inner, 1))
    shapes = {}
    for i, (out, into, k) in enumerate(kernels, 1):
        shapes[f"{name}.conv{i}.weight"] = (out, into, k, k)
        shapes.update(_norm(f"{name}.bn{i}", out))
    return shapes


# -- wrappers ------------------------------------------------------------------------------
def unwrap(value, is_tensor, key=None):
    """Find the map of names to tensors inside a checkpoint's object.

    Parameters
    ----------
    value : object
        What the file holds.
    is_tensor : callable
        Tells whether an object is a tensor.
    key : str, optional
        Take this entry of the outermost dict, whatever the usual names are.

    Returns
    -------
    tensors : dict
        From name to tensor.
    peeled : list of str
        Keys that were stepped into.
    left : dict
        What was left out, from its path to the object.

    Raises
    ------
    LayoutError
        If there is no such map.
    """
    peeled, left = [], {}
    while True:
        modules = _module_tensors(value, is_tensor)
        if modules:
            return modules, [*peeled, "(a pickled module)"], left
        if not isinstance(value, dict):
            raise LayoutError(f"no map of names to tensors in the file, but a {kind_of(value)}")
        chosen = key if key is not None else _wrapper(value, is_tensor)
        if chosen is None:
            break
        if chosen not in value:
            raise LayoutError(f"the file has no entry {chosen!r}; it has {_list(value)}")
        left.update({_path(peeled, k): v for k, v in value.items() if k != chosen})
        peeled.append(chosen)
        value, key = value[chosen], None
    tensors = {k: v for k, v in value.items() if isinstance(k, str) and is_tensor(v)}
    left.update({_path(peeled, k): v for k, v in value.items() if k not in tensors})
    if not tensors:
        raise LayoutError(f"no tensors in the file; its entries are {_list(value)}"
                          f"{_key_hint(value, is_tensor)}")
    return tensors, peeled, left


def _key_hint(value, is_tensor):
    """Names an entry that holds weights under a name nobody expects."""
    for name, inner in value.items():
        if isinstance(inner, dict) and any(is_tensor(item) for item in inner.values()):
            return f"; `minitorch convert --key {quote(name, 60)}` takes the tensors in that one"
    return ""


def _wrapper(value, is_tensor):
    for name in WRAPPERS:
        inner = value.get(name)
        if isinstance(inner, dict) and inner or _module_tensors(inner, is_tensor):
            return name
    return None


def _module_tensors(value, is_tensor):
    """Collect the tensors of a whole pickled module, which is an unknown object here."""
    tensors, pending = {}, [("", value)]
    while pending:
        prefix, module = pending.pop()
        for state in reversed(getattr(module, "state", ())):
            if not isinstance(state, dict):
                continue
            for group in ("_parameters", "_buffers"):
                for name, tensor in _entries(state, group):
                    if is_tensor(tensor):
                        tensors[f"{prefix}{name}"] = tensor
            for name, child in reversed(_entries(state, "_modules")):
                pending.append((f"{prefix}{name}.", child))
    return tensors


def _entries(state, group):
    found = state.get(group)
    return list(found.items()) if isinstance(found, dict) else []


def _path(peeled, key):
    return ".".join([*peeled, str(key)])


def kind_of(value):
    """What to call an object found in a file."""
    if type(value).__name__ == "TensorRecord":
        return "tensor"
    name = getattr(value, "name", None)
    return quote(name) if isinstance(name, str) else type(value).__name__


def _list(names):
    names = [quote(name, 60) for name in names]
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "none") + rest


# -- names ---------------------------------------------------------------------------------
_HUGGING_FACE = (
    (r"embedder\.embedder\.convolution\.(.+)", r"conv1.\1"),
    (r"embedder\.embedder\.normalization\.(.+)", r"bn1.\1"),
    (r"classifier\.1\.(.+)", r"fc.\1"),
)
_HUGGING_FACE_BLOCK = re.compile(
    r"encoder\.stages\.(\d)\.layers\.(\d{1,3})\."
    r"(?:layer\.(\d)|shortcut)\.(convolution|normalization)\.(\w+)"
)


def _from_hugging_face(name):
    """Return torchvision's name for one of Hugging Face's ``ResNetForImageClassification``."""
    name = name.removeprefix("resnet.")
    for pattern, replacement in _HUGGING_FACE:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, replacement, name)
    found = _HUGGING_FACE_BLOCK.fullmatch(name)
    if not found:
        return None
    stage, block, inner, kind, leaf = found.groups()
    start = f"layer{int(stage) + 1}.{block}"
    if inner is None:
        return f"{start}.downsample.{0 if kind == 'convolution' else 1}.{leaf}"
    return f"{start}.{'conv' if kind == 'convolution' else 'bn'}{int(inner) + 1}.{leaf}"


def _without_prefix(names):
    """Cut off the wrappers' prefixes that every name carries; return (prefix, names)."""
    prefix = ""
    for _ in range(_MAX_PREFIXES):
        found = next((p for p in PREFIXES if all(n.startswith(p) for n in names)), None)
        if found is None:
            break
        prefix += found
        names = [name[len(found) :] for name in names]
    return prefix, names


def _rename(names):
    """Return (layout, [torchvision's name or None])."""
    if any(re.match(r"(resnet\.)?embedder\.", name) for name in names):
        return "Hugging Face", [_from_hugging_face(name) for name in names]
    if "conv1.0.weight" in names:
        raise LayoutError("a ResNet with a deep stem (timm's resnet18d and the like): another "
                          "network than torchvision's resnet18")  # fmt: skip
    return "torchvision", list(names)


def detect_architecture(found):
    """Return the network whose blocks these torchvision names and shapes describe, or None."""
    counts = [0, 0, 0, 0]
    for name in found:
        block = re.match(r"layer([1-4])\.(\d{1,3})\.", name)
        if block:
            stage = int(block[1]) - 1
            counts[stage] = max(counts[stage], int(block[2]) + 1)
    kind = "bottleneck" if "layer1.0.conv3.weight" in found else "basic"
    alike = [arch for arch, net in ARCHITECTURES.items()
             if (net.kind, net.blocks) == (kind, tuple(counts))]  # fmt: skip
    widths = {arch: expected_shapes(arch)["layer1.0.conv2.weight"] for arch in alike}
    conv = found.get("layer1.0.conv2.weight")
    of_this_width = [arch for arch in alike if conv and widths[arch] == tuple(conv.size)]
    # With another width the plain one is named, and its shapes say what is wrong.
    return next(iter(of_this_width + alike), None)


def map_names(tensors, arch="auto"):
    """Bring a map of tensors to torchvision's names.

    Parameters
    ----------
    tensors : dict
        From the file's name to a record with ``size`` and ``dtype``.
    arch : str
        A key of ``ARCHITECTURES``, or ``"auto"`` to go by the names.

    Returns
    -------
    Mapped

    Raises
    ------
    LayoutError
        If names are missing, unknown or twice there, or a shape or dtype is wrong; the message
        lists them.
    """
    prefix, names = _without_prefix(list(tensors))
    layout, renamed = _rename(names)
    unmapped = [old for old, new in zip(names, renamed, strict=True) if new is None]
    if unmapped:
        raise LayoutError(f"{layout} names that no ResNet of torchvision has: {_list(unmapped)}")
    if len(set(renamed)) != len(renamed):
        raise LayoutError(f"two {layout} names for one weight")
    found = dict(zip(renamed, tensors.values(), strict=True))
    if arch == "auto":
        arch = detect_architecture(found)
        if arch is None:
            raise LayoutError(f"these are not the names of a ResNet: {_list(found)}")
    num_classes = _head(found)
    expected = expected_shapes(arch, num_classes)
    _check_names(found, expected, arch)
    _check_shapes(found, expected, arch)
    ordered = {name: found[name] for name in expected if name in found}
    return Mapped(arch, layout, ordered, prefix, num_classes)


def _head(found):
    """Return the number of classes, or None if there is no head at all."""
    weight = found.get("fc.weight")
    if weight is not None and len(weight.size) == 2:
        return weight.size[0]
    # A head of another form: any number will do to say which names are missing.
    return 1000 if any(name.startswith("fc.") for name in found) else None


def _check_names(found, expected, arch):
    unknown = [name for name in found if name not in expected]
    # Files from before PyTorch 0.4.1 do not count batches, and nothing needs the count.
    missing = [n for n in expected if n not in found and not n.endswith(_COUNT)]
    if not unknown and not missing:
        return
    lines = [f"not the names of a {arch};"]
    if missing:
        lines.append(f"  missing: {_list(missing)}")
    if unknown:
        lines.append(f"  unknown: {_list(unknown)}")
    for name in unknown[:_SHOWN]:
        near = difflib.get_close_matches(name[:200], missing[:2000] or list(expected), n=1)
        if near:
            lines.append(f"  {quote(name)} looks like {near[0]}")
    raise LayoutError("\n".join(lines))


def _check_shapes(found, expected, arch):
    wrong = []
    for name, record in found.items():
        if tuple(record.size) != expected[name]:
            wrong.append(f"  {name} is {list(record.size)}, not {list(expected[name])}")
        elif not name.endswith(_COUNT) and record.dtype.name not in _FLOATS:
            wrong.append(f"  {name} has dtype {record.dtype.name}, not a floating one")
    if wrong:
        more = [f"  and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise LayoutError("\n".join([f"not the shapes of a {arch}", *wrong[:_SHOWN], *more]))


# -- numbers -------------------------------------------------------------------------------
def check_values(tensors):
    """Raise LayoutError unless all numbers are finite and all variances are not negative.

    Parameters
    ----------
    tensors : dict
        From name to a record with ``values()``.
    """
    import numpy as np

    for name, record in tensors.items():
        if not record.dtype.is_floating:
            continue
        values = record.values()
        if not np.isfinite(values).all():
            raise LayoutError(f"{quote(name)} holds values that are not finite")
        if name.endswith("running_var") and values.size and values.min() < 0:
            raise LayoutError(f"{quote(name)} holds negative variances")
