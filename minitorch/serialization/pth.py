"""Files of ``torch.save``: the zip format (since 1.6) and the legacy stream before it.

The tar format of the first releases is in ``tar.py``.  Layouts: ``torch/serialization.py``.
"""

import sys

from minitorch.serialization import tar
from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._names import storage_dtype
from minitorch.serialization._records import StorageRecord
from minitorch.serialization._resolve import (
    RecordFactory,
    Resolver,
    refuse_foreign,
    refuse_unlisted,
)
from minitorch.serialization._zip import read_members
from minitorch.serialization.pickle_reader import DictNode, ListNode, read_pickle

_MAGIC = 0x1950A86A20F9469CFC6C
_MAX_STORAGES = 1_000_000
_SWAP_UNITS = {"complex64": 4, "complex128": 8}


class Checkpoint:
    """An opened file: its pickle as inert nodes, its storages as bytes.

    Attributes
    ----------
    format : str
        ``"zip"``, ``"legacy"`` or ``"tar"``.
    pickles : list of Pickle
        The stream of the object first.
    root : object
        The node of the object.
    details : dict
        Facts of the container, for ``--inspect``.
    metadata : dict of str to str
        Always empty: these formats have none beside the object.
    """

    def __init__(self, format_, pickles, root, persistent, details):
        self.format = format_
        self.metadata = {}
        self.pickles = pickles
        self.root = root
        self.details = details
        self._persistent = persistent

    def value(self, factory=RecordFactory, strict=True):
        """Resolve the object.

        Returns
        -------
        value : object
            The Python value.
        unknown : dict
            Names that were skipped, with counts; empty if ``strict``.
        """
        if strict:
            for pickle in self.pickles:
                refuse_unlisted(pickle)
                if self.format != "tar":  # which PyTorch's weights_only does not read at all
                    refuse_foreign(pickle)
        resolver = Resolver(self._persistent, factory, strict)
        try:
            value = resolver.value(self.root)
        except RecursionError:  # the caller was deep in the stack already
            raise CheckpointError("the pickle is nested too deeply to be read here") from None
        return value, resolver.unknown


def open_pth(source, format_):
    """Open a zip, legacy or tar file.

    Parameters
    ----------
    source : Source
        The bytes.
    format_ : str
        What ``source.format()`` said.

    Returns
    -------
    Checkpoint
    """
    if format_ == "zip":
        return _open_zip(source.view)
    if format_ == "legacy":
        return _open_legacy(source.view)
    root, pickles, persistent, details = tar.open_tar(source.view)
    return Checkpoint("tar", pickles, root, persistent, details)


def _pid_fields(pid, lengths):
    """Check a storage's persistent id; return (DType or None, key, location, numel)."""
    if not isinstance(pid, tuple) or len(pid) not in lengths or pid[0] != "storage":
        return None
    kind, key, location, numel = pid[1:5]
    if type(key) is int:
        key = str(key)
    if not isinstance(key, str) or not isinstance(location, str):
        raise CheckpointError("a storage whose key or location is not text")
    if type(numel) is not int or numel < 0:
        raise CheckpointError(f"storage {quote(key)} has no valid number of elements")
    return storage_dtype(kind), key, location, numel


def swap_bytes(data, dtype):
    """Return a copy of ``data`` in the other byte order."""
    import numpy as np

    unit = _SWAP_UNITS.get(dtype.name, dtype.itemsize) if dtype else 1
    if len(data) % unit:
        raise CheckpointError(f"{len(data)} bytes are no whole number of {dtype.name}")
    array = np.frombuffer(data, dtype=f"<u{unit}" if unit > 1 else "|u1")
    return memoryview(array.byteswap().tobytes())


# -- zip ----------------------------------------------------------------------------------
def _open_zip(view):
    members = read_members(view)
    root = _zip_root(members)
    order = _byte_order(members, root)
    member = members[root + "data.pkl"]
    member.check()
    pickle = read_pickle(view, member.start, member.start + member.size)
    storages = {}

    def persistent(pid):
        fields = _pid_fields(pid, (5,))
        if fields is None:
            return None
        dtype, key, location, numel = fields
        if key not in storages:
            member = members.get(f"{root}data/{key}")
            if member is None:
                raise CheckpointError(f"storage {quote(key)} is not in the file")
            data = member.data if order == sys.byteorder else swap_bytes(member.data, dtype)
            storages[key] = StorageRecord(key, data, location, member.check)
        _check_length(storages[key], dtype, numel)
        return dtype, storages[key], 0

    details = {"root": root, "members": members, "byteorder": order}
    return Checkpoint("zip", [pickle], pickle.root, persistent, details)


def _zip_root(members):
    """Return the folder, with its slash, that holds data.pkl."""
    roots = [name[: -len("data.pkl")] for name in members if name.endswith("/data.pkl")]
    if len(roots) != 1 or roots[0].count("/") != 1:
        raise CheckpointError("a zip file, but not one written by torch.save (no data.pkl)")
    root = roots[0]
    if root + "constants.pkl" in members:
        raise CheckpointError("a TorchScript program, not a file of weights; it is not read",
                              offset=members[root + "constants.pkl"].start)  # fmt: skip
    member = members.get(root + "version")
    version = "3" if member is None else bytes(member.data[:8]).decode("ascii", "replace")
    if not version.strip().isdigit() or not 1 <= int(version) <= 10:
        raise CheckpointError(f"unsupported version {quote(version)} of PyTorch's file format",
                              offset=member.start)  # fmt: skip
    return root


def _byte_order(members, root):
    member = members.get(root + "byteorder")
    if member is None:
        return "little"
    order = bytes(member.data[:16]).decode("ascii", "replace")
    if order not in ("little", "big"):
        raise CheckpointError(f"unknown byte order {quote(order)}", offset=member.start)
    return order


def _check_length(storage, dtype, numel):
    itemsize = dtype.itemsize if dtype else 1
    if storage.nbytes != numel * itemsize:
        raise CheckpointError(
            f"storage {quote(storage.key)} holds {storage.nbytes} bytes where "
            f"{numel} elements of {itemsize} bytes are announced"
        )


# -- legacy -------------------------------------------------------------------------------
def _open_legacy(view):
    pickles, position = [], 0
    for _ in range(5):
        pickles.append(read_pickle(view, position))
        position = pickles[-1].end
    magic, version, info, _, keys = (pickle.root for pickle in pickles)
    if magic != _MAGIC or version != 1001:
        raise CheckpointError("the head of this legacy PyTorch file is damaged", offset=0)
    try:
        order = _legacy_order(info)
    except CheckpointError as error:
        error.offset = pickles[1].end
        raise
    if not isinstance(keys, ListNode) or len(keys.items) > _MAX_STORAGES:
        raise CheckpointError("the list of storages is damaged", offset=pickles[4].end)
    dtypes = _announced_dtypes(pickles[3].persistent)
    storages = {}
    for key in keys.items:
        key = str(key) if type(key) in (int, str) else None
        if key not in dtypes or key in storages:
            raise CheckpointError("the list of storages does not fit the object", offset=position)
        dtype, numel, location = dtypes[key]
        data, position = _legacy_storage(view, position, dtype, numel, key)
        data = data if order == sys.byteorder else swap_bytes(data, dtype)
        storages[key] = StorageRecord(key, data, location)
    if position != len(view):
        raise CheckpointError(f"{len(view) - position} bytes too many at the end of the file",
                              offset=position)  # fmt: skip

    def persistent(pid):
        return _legacy_reference(pid, storages)

    details = {"byteorder": order, "storages": len(storages)}
    return Checkpoint("legacy", [pickles[3]], pickles[3].root, persistent, details)


def _legacy_order(info):
    pairs = dict(_plain_pairs(info))
    little = pairs.get("little_endian", True)
    if type(little) is not bool:
        raise CheckpointError("the head of this legacy PyTorch file is damaged")
    return "little" if little else "big"


def _plain_pairs(node):
    if not isinstance(node, DictNode):
        raise CheckpointError("the head of this legacy PyTorch file is damaged")
    return [(key, value) for key, value in node.pairs if isinstance(key, str)]


def _announced_dtypes(references):
    """Return {key: (DType or None, numel, location)} from every storage reference of the object."""
    found = {}
    for node in references:
        fields = _pid_fields(node.pid, (5, 6))
        if fields is None:
            continue
        dtype, key, location, numel = fields
        known, known_numel, _ = found.setdefault(key, (dtype, numel, location))
        size = numel * (dtype.itemsize if dtype else 1)
        if size != known_numel * (known.itemsize if known else 1):
            raise CheckpointError(f"storage {quote(key)} is announced with two sizes",
                                  offset=node.offset)  # fmt: skip
    return found


def _legacy_storage(view, position, dtype, numel, key):
    """Return the bytes of one storage and the place behind them."""
    if position + 8 > len(view):
        raise CheckpointError("the file is truncated", offset=position)
    count = int.from_bytes(view[position : position + 8], "little", signed=True)
    if count != numel:
        raise CheckpointError(
            f"storage {quote(key)} holds {count} elements where {numel} are announced",
            offset=position,
        )
    start = position + 8
    end = start + numel * (dtype.itemsize if dtype else 1)
    if end > len(view):
        raise CheckpointError("the file is truncated", offset=start)
    return view[start:end], end


def _legacy_reference(pid, storages):
    fields = _pid_fields(pid, (5, 6))
    if fields is None:
        return None
    dtype, key, _, numel = fields
    if key not in storages:
        raise CheckpointError(f"storage {quote(key)} is not in the file")
    _check_length(storages[key], dtype, numel)
    shift = 0
    part = pid[5] if len(pid) == 6 else None
    if part is not None:
        if not isinstance(part, tuple) or len(part) != 3:
            raise CheckpointError(f"a damaged view of storage {quote(key)}")
        _, shift, size = part
        if not (type(shift) is int and type(size) is int and shift >= 0 and size >= 0):
            raise CheckpointError(f"a damaged view of storage {quote(key)}")
        if shift + size > numel:
            raise CheckpointError(f"a view outside storage {quote(key)}")
    return dtype, storages[key], shift
