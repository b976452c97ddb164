"""Open any checkpoint by its content, whatever its name."""

from minitorch.serialization import npz, onnx, safetensors
from minitorch.serialization._errors import CheckpointError
from minitorch.serialization._resolve import RecordFactory
from minitorch.serialization._source import Source
from minitorch.serialization.pth import open_pth


class FlatCheckpoint:
    """A file that is a flat map of names to tensors: safetensors, npz, or ONNX's initializers.

    Attributes
    ----------
    format : str
        ``"safetensors"``, ``"npz"`` or ``"onnx"``.
    metadata : dict of str to str
        Text stored beside the tensors.
    pickles : tuple
        Always empty: nothing in these formats is a pickle.
    details : dict
        ``"model"``: the whole :class:`~minitorch.serialization.onnx.OnnxModel` of an ONNX file.
    """

    pickles = ()

    def __init__(self, format_, records, metadata, details=None):
        self.format = format_
        self.records = records
        self.metadata = metadata
        self.details = details or {}

    def value(self, factory=RecordFactory, strict=True):
        """Return the map with the factory's tensors, and no unknown names."""
        return {name: factory.tensor(record) for name, record in self.records.items()}, {}


def open_checkpoint(f, mapped=False):
    """Open a ``.pth`` (zip, legacy, tar), safetensors, npz or ONNX file.

    Parameters
    ----------
    f : str, os.PathLike or binary file object
        The file.
    mapped : bool
        See ``Source``.

    Returns
    -------
    checkpoint : Checkpoint or FlatCheckpoint
    source : Source

    Raises
    ------
    CheckpointError
        If the content is none of these or damaged; names the file.
    """
    source = Source(f, mapped)
    try:
        return _open(source), source
    except CheckpointError as error:
        error.file = source.name
        raise


def check_members(checkpoint, source):
    """Compare each member of a zip file with its checksum, those that no tensor needs too.

    Raises
    ------
    CheckpointError
        One does not match; names the file.
    """
    try:
        for member in checkpoint.details.get("members", {}).values():
            member.check()
    except CheckpointError as error:
        error.file = source.name
        raise


def _open(source):
    format_ = source.format()
    if format_ == "safetensors":
        return FlatCheckpoint(format_, *safetensors.read_records(source.view))
    if format_ == "zip" and _is_npz(source.view):
        return FlatCheckpoint("npz", npz.read_records(source.view), {})
    if format_ == "onnx":
        model = onnx.read_model(source.view, source.folder)
        return FlatCheckpoint(format_, model.initializers, model.metadata, {"model": model})
    return open_pth(source, format_)


def _is_npz(view):
    """Tell by the first member's name, which for a file of torch.save is never an array."""
    length = int.from_bytes(view[26:28], "little")
    return bytes(view[30 : 30 + length]).endswith(b".npy")
