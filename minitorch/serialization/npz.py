"""Numpy's ``.npz``: a zip of ``.npy`` members.  Objects (pickles) are never read.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import re
import zipfile

from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._records import (
    BY_NUMPY,
    MAX_DIMS,
    MAX_SIZE,
    StorageRecord,
    TensorRecord,
    contiguous_stride,
    product,
)
from minitorch.serialization._zip import read_members

MAX_MEMBERS = 100_000
# Deflate packs zeros a thousandfold; weights hardly at all.
MAX_RATIO = 32
_SMALL = 64 << 20
# Numpy pads the header of an array to 64 bytes; only field names make it longer.
_MAX_HEADER = 4096
# Numpy has Python evaluate the header.  Here it is three fields, in any order, and no more.
_FIELD = re.compile(
    r"\s*'(descr|fortran_order|shape)'\s*:\s*"
    r"('[^'\\]{1,64}'|True|False|\([0-9L,\s]*\))\s*(?:,|(?=\}))"
)
_END = re.compile(r"\s*\}\s*")
_SIZES = re.compile(r"\(\s*(?:\d+L?\s*(?:,\s*\d+L?\s*)*,?)?\s*\)")


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
        If the file is damaged, holds something else than arrays of numbers, or unpacks to more
        than 64 MB and 32 times its own size.
    """
    members = read_members(view, deflate=True)
    if len(members) > MAX_MEMBERS:
        raise CheckpointError(f"the npz file has {len(members)} members")
    for name, member in members.items():
        if not name.endswith(".npy"):
            raise CheckpointError(f"{quote(name)} in the npz file is not an array",
                                  offset=member.start)  # fmt: skip
    total = sum(member.size for member in members.values())
    if total > max(_SMALL, MAX_RATIO * len(view)):
        raise CheckpointError(f"the npz file of {len(view)} bytes would unpack to {total} bytes")
    return {name.removesuffix(".npy"): _read_array(m) for name, m in members.items()}


def _read_array(member):
    import numpy as np

    raw = member.unpacked()
    try:
        found, swap, fortran, shape, start = _read_header(raw)
        itemsize = found.itemsize
        if product(n for n in shape if n) * itemsize > MAX_SIZE:
            raise CheckpointError(f"shape {list(shape)} does not fit in 63 bits")
        if len(raw) - start != product(shape) * itemsize:
            raise CheckpointError(f"shape {list(shape)} of {found.name} does not fit its "
                                  f"{len(raw) - start} bytes")  # fmt: skip
        data = raw[start:]
        if swap:
            # A complex number is two numbers.
            unit = itemsize // 2 if "complex" in found.name else itemsize
            swapped = np.frombuffer(data, f"<u{unit}").byteswap()
            data = memoryview(swapped.view(np.uint8))
        stride = contiguous_stride(shape)
        if fortran:
            stride = tuple(reversed(contiguous_stride(tuple(reversed(shape)))))
        return TensorRecord(found, StorageRecord(member.name, data), 0, shape, stride)
    except CheckpointError as error:
        raise CheckpointError(f"array {quote(member.name)}: {error.reason}",
                              offset=member.start) from None  # fmt: skip


def _read_header(raw):
    """Return (DType, other byte order, Fortran order, shape, where the numbers begin)."""
    version = bytes(raw[6:8])
    if bytes(raw[:6]) != b"\x93NUMPY" or version not in (b"\1\0", b"\2\0", b"\3\0"):
        raise CheckpointError("not an array in the .npy format, or an unsupported version of it")
    begin = 10 if version == b"\1\0" else 12
    length = int.from_bytes(raw[8:begin], "little")
    if length > _MAX_HEADER or begin + length > len(raw):
        raise CheckpointError(f"its header of {length} bytes is damaged, or holds no numbers")
    text = bytes(raw[begin : begin + length]).decode("latin-1")
    fields, at = {}, 1
    while text.startswith("{") and (match := _FIELD.match(text, at)):
        if match[1] in fields:
            break
        fields[match[1]], at = match[2], match.end()
    order, shape, descr = (fields.get(k, "") for k in ("fortran_order", "shape", "descr"))
    if re.match(r"\{'descr'\s*:\s*\[", text):
        raise CheckpointError("it has named fields, so it holds no numbers here")
    if (not _END.fullmatch(text, at) or order not in ("True", "False")
            or not descr.startswith("'") or not _SIZES.fullmatch(shape)):  # fmt: skip
        raise CheckpointError("its header is damaged")
    kind, sizes = descr[1:-1], tuple(map(int, re.findall(r"\d+", shape)))
    little = "<" + kind[1:] if kind[0] in "<>=" else kind
    found = BY_NUMPY.get(little)
    if found is None:
        raise CheckpointError(f"it has dtype {quote(kind)}, which holds no numbers here")
    if len(sizes) > MAX_DIMS or any(n > MAX_SIZE for n in sizes):
        raise CheckpointError("its shape is too large")
    return found, kind[0] == ">", order == "True", sizes, begin + length


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
