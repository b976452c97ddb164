"""Numpy's ``.npz``: a zip of ``.npy`` members.  Objects (pickles) are never read.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import io
import zipfile
import zlib

from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._records import (
    BY_NUMPY,
    StorageRecord,
    TensorRecord,
    contiguous_stride,
    product,
)

MAX_MEMBERS = 100_000
# Deflate packs zeros a thousandfold; weights hardly at all.
MAX_RATIO = 200
_SMALL = 64 << 20


def read_records(view):
    """Read all arrays of an npz file.

    Parameters
    ----------
    view : memoryview
        All bytes of the file.

    Returns
    -------
    dict of str to TensorRecord

    Raises
    ------
    CheckpointError
        If the file is damaged, holds something else than arrays of numbers, or unpacks to far
        more than its own size.
    """
    try:
        with zipfile.ZipFile(_Reader(view)) as archive:
            members = archive.infolist()
            _check_members(members, len(view))
            return {m.filename.removesuffix(".npy"): _read_array(archive, m) for m in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            ValueError, OSError) as error:  # fmt: skip
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"the npz file is damaged: {quote(error)}") from None


def _check_members(members, size):
    if len(members) > MAX_MEMBERS:
        raise CheckpointError(f"the npz file has {len(members)} members")
    names = {m.filename for m in members}
    if len(names) != len(members):
        raise CheckpointError("the npz file has two members of one name")
    for member in members:
        if not member.filename.endswith(".npy"):
            raise CheckpointError(f"{quote(member.filename)} in the npz file is not an array")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise CheckpointError(f"{quote(member.filename)} is compressed in an unknown way")
    total = sum(m.file_size for m in members)
    if total > max(_SMALL, MAX_RATIO * size):
        raise CheckpointError(f"the npz file of {size} bytes would unpack to {total} bytes")


def _read_array(archive, member):
    import numpy as np

    name = member.filename
    raw = archive.read(member)
    stream = io.BytesIO(raw)
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise CheckpointError(f"{quote(name)} has an unsupported version of the .npy format")
    found = BY_NUMPY.get(dtype.newbyteorder("<").str)
    if found is None or dtype.hasobject:
        raise CheckpointError(f"{quote(name)} has dtype {quote(dtype)}, which holds no numbers")
    start = stream.tell()
    if len(raw) - start != product(shape) * dtype.itemsize:
        raise CheckpointError(f"{quote(name)} of shape {shape} does not fit its bytes")
    data = memoryview(raw)[start:]
    if dtype.str[0] == ">":
        data = memoryview(np.frombuffer(data, dtype).byteswap().tobytes())
    stride = contiguous_stride(shape)
    if fortran:
        stride = tuple(reversed(contiguous_stride(tuple(reversed(shape)))))
    return TensorRecord(found, StorageRecord(name, data), 0, tuple(shape), stride)


class _Reader(io.RawIOBase):
    """A seekable file over a memoryview, without copying it."""

    def __init__(self, view):
        self._view = view
        self._at = 0

    def seekable(self):
        return True

    def readable(self):
        return True

    def tell(self):
        return self._at

    def seek(self, offset, whence=0):
        base = (0, self._at, len(self._view))[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer):
        count = max(0, min(len(buffer), len(self._view) - self._at))
        buffer[:count] = self._view[self._at : self._at + count]
        self._at += count
        return count


def write_records(file, records):
    """Write records as an uncompressed npz, with fixed dates, so equal tensors give equal files.

    Raises
    ------
    ValueError
        For a dtype that numpy does not have.
    """
    import numpy as np

    for name, record in records.items():
        if not record.dtype.exact:
            raise ValueError(f"npz has no dtype {record.dtype.name} (tensor {name!r})")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, record in records.items():
            info = zipfile.ZipInfo(name + ".npy")
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(record.numpy()).reshape(
                    record.size), allow_pickle=False)  # fmt: skip
