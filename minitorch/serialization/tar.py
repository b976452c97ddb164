"""The tar format of PyTorch 0.1.1 to 0.1.9, as in ``resnet18-5c106cde.pth``.

A tar file with the members ``sys_info``, ``pickle``, ``tensors`` and ``storages``.  In
``pickle`` a tensor is a bare number; ``tensors`` says which storage it views, and how;
``storages`` holds the bytes.  Each of the two starts with a pickled count, and each entry with
a pickled tuple followed by raw numbers.
"""

import struct

from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._names import describe, storage_dtype
from minitorch.serialization._records import (
    BY_STORAGE,
    MAX_DIMS,
    StorageRecord,
    TensorRecord,
)
from minitorch.serialization.pickle_reader import Global, ListNode, read_pickle

_BLOCK = 512
_MEMBERS = ("sys_info", "pickle", "tensors", "storages")
_MAX_ENTRIES = 1_000_000
_PAX_REFUSED = (b"size", b"path", b"linkpath")


def open_tar(view):
    """Read a tar checkpoint.

    Returns
    -------
    root, pickles, persistent, details
        What ``Checkpoint`` is made of.
    """
    members = _read_members(view)
    missing = [name for name in ("pickle", "tensors", "storages") if name not in members]
    if missing:
        raise CheckpointError(f"a tar file, but not one written by PyTorch (no {missing[0]})")
    streams = []
    storages = _read_storages(_Reader(view, *members["storages"], streams))
    tensors = _read_tensors(_Reader(view, *members["tensors"], streams), storages)
    pickle = read_pickle(view, *members["pickle"])

    def persistent(pid):
        return _tensor(pid, tensors)

    details = {"storages": len(storages), "tensors": len(tensors)}
    return pickle.root, [pickle, *streams], persistent, details


def _tensor(pid, tensors):
    if isinstance(pid, tuple):
        return None  # ('module', ...) and the like
    try:
        key = int(pid) if isinstance(pid, (int, str)) and len(str(pid)) < 32 else None
    except ValueError:
        key = None
    if key not in tensors:
        raise CheckpointError(f"tensor {quote(pid)} is not in the file")
    return tensors[key]


# -- the tar container --------------------------------------------------------------------
def _read_members(view):
    """Return {name: (begin, end)} of the regular members; links and devices are refused."""
    members, position = {}, 0
    while position + _BLOCK <= len(view):
        header = bytes(view[position : position + _BLOCK])
        if not any(header):
            if bytes(view[position:]).strip(b"\0"):
                raise CheckpointError("bytes behind the end of the tar archive", offset=position)
            return members
        size = _octal(header[124:136], position)
        _check_sum(header, position)
        start = position + _BLOCK
        if start + size > len(view):
            raise CheckpointError("the tar file is truncated", offset=position)
        name = header[:100].split(b"\0")[0].decode("utf-8", "replace").removeprefix("./")
        kind = header[156:157]
        if kind in (b"0", b"\0") and not header[345:500].strip(b"\0"):
            if name not in _MEMBERS:
                raise CheckpointError(f"unexpected member {quote(name)} in the tar file",
                                      offset=position)  # fmt: skip
            if name in members:
                raise CheckpointError(f"two members named {name} in the tar file",
                                      offset=position)  # fmt: skip
            members[name] = (start, start + size)
        elif kind in (b"x", b"g"):
            _check_pax(bytes(view[start : start + size]), position)
        elif kind != b"5" or size:
            raise CheckpointError(f"member {quote(name)} of the tar file is not a regular file",
                                  offset=position)  # fmt: skip
        position = start + -(-size // _BLOCK) * _BLOCK
    raise CheckpointError("the tar file is truncated", offset=min(position, len(view)))


def _octal(field, position):
    digits = field.strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        raise CheckpointError("a damaged header in the tar file", offset=position)
    return int(digits, 8)


def _check_sum(header, position):
    expected = _octal(header[148:156], position)
    if sum(header) - sum(header[148:156]) + 8 * 0x20 != expected:
        raise CheckpointError("a damaged header in the tar file", offset=position)


def _check_pax(body, position):
    """Extended headers carry times in practice; one that moves or resizes a member is refused."""
    for record in body.split(b"\n"):
        name = record.partition(b"=")[0].partition(b" ")[2]
        if name in _PAX_REFUSED or name.startswith(b"GNU.sparse"):
            raise CheckpointError("an extended header in the tar file is not supported",
                                  offset=position)  # fmt: skip


# -- storages -----------------------------------------------------------------------------
class _Reader:
    """Walks one member: pickled tuples and raw numbers in turn."""

    def __init__(self, view, begin, end, streams):
        self.view = view
        self.position = begin
        self.end = end
        self.streams = streams

    def fail(self, reason):
        raise CheckpointError(reason, offset=self.position)

    def pickle(self):
        found = read_pickle(self.view, self.position, self.end)
        self.position = found.end
        if found.globals:
            self.streams.append(found)
        return found.root

    def take(self, count):
        start = self.position
        if count > self.end - start:
            self.fail("the tar file is truncated")
        self.position = start + count
        return self.view[start : start + count]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def count(self):
        n = self.pickle()
        if type(n) is not int or not 0 <= n <= _MAX_ENTRIES:
            self.fail("a damaged count in the tar file")
        return n


def _placed(read):
    """Make a function of a reader name the reader's place in errors that name none."""
    def run(reader, *rest):
        try:
            return read(reader, *rest)
        except CheckpointError as error:
            if error.offset is None:
                error.offset = reader.position
            raise

    return run


@_placed
def _read_storages(reader):
    """Return {key: (DType, StorageRecord, shift, numel)}, with the views of storages."""
    found = {}
    for _ in range(reader.count()):
        entry = reader.pickle()
        if not isinstance(entry, tuple) or len(entry) not in (2, 3):
            reader.fail("a damaged storage in the tar file")
        # The first writers gave (key, type), the later ones (key, location, type).
        key, dtype = _key(entry[0]), storage_dtype(entry[-1])
        location = entry[1] if len(entry) == 3 and isinstance(entry[1], str) else "cpu"
        numel = reader.number("<q")
        if numel < 0 or dtype is None:
            reader.fail("a damaged storage in the tar file")
        if key in found:
            reader.fail(f"two storages {key} in the tar file")
        data = reader.take(numel * dtype.itemsize)
        found[key] = (dtype, StorageRecord(str(key), data, location), 0, numel)
    views = reader.pickle()
    if not isinstance(views, ListNode) or len(views.items) > _MAX_ENTRIES:
        reader.fail("a damaged list of views in the tar file")
    for item in views.items:
        _add_view(found, item)
    return found


def _add_view(found, item):
    if not isinstance(item, tuple) or len(item) != 4:
        raise CheckpointError("a damaged view in the tar file")
    target, root, offset, size = (_key(part) for part in item)
    if root not in found:
        raise CheckpointError(f"storage {root} is not in the file")
    dtype, storage, shift, numel = found[root]
    if offset + size > numel:
        raise CheckpointError(f"a view outside storage {root}")
    if target in found:
        raise CheckpointError(f"two storages {target} in the tar file")
    found[target] = (dtype, storage, shift + offset, size)


def _key(value):
    if type(value) is not int or not 0 <= value < 2**64:
        raise CheckpointError("a damaged key in the tar file")
    return value


# -- tensors ------------------------------------------------------------------------------
@_placed
def _read_tensors(reader, storages):
    found = {}
    for _ in range(reader.count()):
        entry = reader.pickle()
        if not isinstance(entry, tuple) or len(entry) != 3:
            reader.fail("a damaged tensor in the tar file")
        key, storage_key, kind = entry
        if isinstance(storage_key, Global):  # the first writers swapped these two
            storage_key, kind = kind, storage_key
        ndim = reader.number("<i")
        reader.take(4)
        if not 0 <= ndim <= MAX_DIMS:
            reader.fail("a damaged tensor in the tar file")
        size = tuple(reader.number("<q") for _ in range(ndim))
        stride = tuple(reader.number("<q") for _ in range(ndim))
        offset = reader.number("<q")
        if _key(key) in found:
            reader.fail(f"two tensors {key} in the tar file")
        found[key] = _make_tensor(_key(storage_key), kind, storages, size, stride, offset)
    return found


def _make_tensor(storage_key, kind, storages, size, stride, offset):
    if storage_key not in storages:
        raise CheckpointError(f"storage {storage_key} is not in the file")
    dtype, storage, shift, _ = storages[storage_key]
    name = kind.name if isinstance(kind, Global) else ""
    wanted = BY_STORAGE.get(name.replace("Tensor", "Storage"))
    if wanted is not dtype:
        raise CheckpointError(f"a tensor of type {describe(kind)} on a {dtype.storage}")
    if not size and storage.nbytes == 0:
        size, stride = (0,), (1,)  # before there were 0-d tensors, no dimensions meant empty
    return TensorRecord(dtype, storage, shift + offset, size, stride)
