"""Writing weights in any format, read back and proven before the file gets its name."""

import hashlib
import math
import os
from collections import OrderedDict

from minitorch.cli._common import message
from minitorch.serialization import npz, onnx_writer, pth_writer, safetensors
from minitorch.serialization._errors import quote
from minitorch.serialization._open import open_checkpoint
from minitorch.serialization._records import DTYPES, StorageRecord, TensorRecord
from minitorch.serialization.atomic import atomic_write
from minitorch.training.errors import WeightsError

SUFFIXES = {".safetensors": "safetensors", ".onnx": "onnx", ".pth": "pth", ".pt": "pth",
            ".npz": "npz"}  # fmt: skip
_TEXT = ("classes", "preprocessing")
_NO_BFLOAT16 = ("npz",)


class ConvertError(WeightsError):
    """The conversion cannot be done as asked."""


def kind_of(path):
    """The format that a path's suffix asks for, or None."""
    return SUFFIXES.get(os.path.splitext(path)[1].lower())


def write(path, tensors, metadata, say, network=None, image_size=None):
    """Write tensors in the format of the path's suffix, prove the file, then keep it.

    Parameters
    ----------
    path : str
    tensors : dict of str to TensorRecord
    metadata : dict of str to str
        Kept by safetensors and ONNX; the other formats hold tensors only.
    say : callable
        ``say(what, text)`` reports.
    network : Network, optional
        What the tensors belong to; without it only values are compared.
    image_size : int, optional
        Height and width of an ONNX graph's input; default any.

    Raises
    ------
    ConvertError
        The format cannot hold a dtype, or what is read back differs in a value or in the logits.
        Nothing is left at ``path`` then that was not there before.
    """
    kind = kind_of(path)
    plain = {name: _compact(name, record) for name, record in tensors.items()}
    model = None
    if kind in _NO_BFLOAT16:
        plain = {name: _widened(name, record) for name, record in plain.items()}
    elif kind == "onnx":
        from minitorch.models._onnx_export import resnet_graph

        model = resnet_graph(network.arch, plain, metadata, image_size)
        plain = {name: _compact(name, item) for name, item in model.initializers.items()}
    with atomic_write(path) as file:
        try:
            _write(file, kind, path, plain, metadata, model)
        except ValueError as error:
            raise ConvertError(str(error)) from None
        file.flush()
        size, digest, proof = _read_back(file.name, plain, network)
    say("wrote", f"{path}: {size:,} bytes, read back and compared")
    if proof:
        say("proved", proof)
    say("sha256", digest)
    lost = [key for key in _TEXT if key in metadata]
    if lost and kind in ("pth", "npz"):
        say("left", f"{' and '.join(lost)}: {os.path.splitext(path)[1]} holds tensors only; "
            ".safetensors and .onnx keep them")  # fmt: skip


def _write(file, kind, path, tensors, metadata, model):
    if kind == "safetensors":
        safetensors.write_records(file, tensors, metadata)
    elif kind == "npz":
        npz.write_records(file, tensors)
    elif kind == "onnx":
        onnx_writer.write_model(file, model)
    else:
        root = os.path.splitext(os.path.basename(path))[0]
        pth_writer.write_zip(file, OrderedDict(tensors), root)


def _compact(name, record):
    """Return a contiguous record on a storage of its own, in the logical order."""
    data = safetensors.contiguous_bytes(record)
    plain = TensorRecord.whole(record.dtype, data, record.size, name)
    plain.storage = StorageRecord(name, data)
    return plain


def _widened(name, record):
    return cast(name, record, "float32") if record.dtype.name == "bfloat16" else record


def cast(name, record, dtype):
    """Return the record in another floating type; other types stay as they are."""
    import numpy as np

    wanted = DTYPES[dtype]
    if not record.dtype.is_floating or record.dtype is wanted:
        return record
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(record.values().astype(wanted.numpy))
    if not np.isfinite(array).all():
        raise ConvertError(f"{quote(name)} holds values too large for {dtype}")
    data = memoryview(array.reshape(-1).view(np.uint8))
    return TensorRecord.whole(wanted, data, record.size, name)


# -- proof ---------------------------------------------------------------------------------
class Network:
    """What the tensors are the weights of, and what it computes with them at the source.

    Parameters
    ----------
    mapped : minitorch.models._layouts.Mapped
    """

    def __init__(self, mapped):
        from minitorch.cli._probe import Probe

        self.arch = mapped.arch
        self.probe = Probe(mapped.arch, mapped.num_classes)
        self.expected = self.probe.logits(mapped.tensors)

    def prove(self, checkpoint, tensors):
        """Compare the logits of a file that was written with the source's; say how it went."""
        from minitorch.cli._probe import DEFAULT_TOLERANCE, TOLERANCE, difference, graph_logits

        if checkpoint.format == "onnx":
            found = graph_logits(checkpoint.details["model"])
        else:
            found = self.probe.logits(tensors)
        narrowest = tensors["conv1.weight"].dtype.name
        allowed = TOLERANCE.get(narrowest, DEFAULT_TOLERANCE)
        apart = difference(self.expected, found)
        if math.isnan(apart):
            message("minitorch convert: warning: the network's logits on the probe are not "
                    "finite, so only values were compared")  # fmt: skip
            return None
        if apart > allowed:
            raise ConvertError(f"the written file computes other logits than the source: "
                               f"{apart:.1g} of the largest apart; it was removed")  # fmt: skip
        equal = "are the source's, bit for bit" if apart == 0 else (
            f"differ from the source's by {apart:.1e} of the largest (allowed: {allowed:.0e})")
        return f"its logits on a probe of {len(found)} images {equal}"


def _read_back(path, tensors, network):
    """Compare the written file with what was meant; return its size, sha256 and a remark."""
    checkpoint, source = open_checkpoint(path)
    found, _ = checkpoint.value()
    if set(found) != set(tensors):
        raise ConvertError("the written file holds other names")
    for name, record in tensors.items():
        other = found[name]
        if other.dtype is not record.dtype or other.size != record.size:
            raise ConvertError(f"{quote(name)} was written with another dtype or shape")
        if safetensors.contiguous_bytes(other) != record.storage.data:
            raise ConvertError(f"{quote(name)} was written with other values")
    proof = network.prove(checkpoint, found) if network is not None else None
    return len(source.view), hashlib.sha256(source.view).hexdigest(), proof
