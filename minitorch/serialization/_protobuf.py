"""The wire format of protocol buffers: just what an ONNX file needs, bounded everywhere.

A message is a row of fields, each a varint ``number << 3 | kind`` and a value.  Nothing here
recurses: who wants to look into a nested message walks its span in turn.
Format: https://protobuf.dev/programming-guides/encoding/
"""

import struct

from minitorch.serialization._errors import CheckpointError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# A ResNet's graph has some ten thousand fields; a file of tiny ones shall not keep us for long.
MAX_FIELDS = 2_000_000
_MAX_VARINT = 10
_WIDTHS = {FIXED64: 8, FIXED32: 4}
_KINDS = {VARINT: "a number", FIXED64: "8 bytes", BYTES: "a block of bytes", FIXED32: "4 bytes"}


class Field:
    """One field: its number, kind, place, and value (an int, or the span of its bytes)."""

    __slots__ = ("number", "kind", "value", "at")

    def __init__(self, number, kind, value, at):
        self.number = number
        self.kind = kind
        self.value = value
        self.at = at


class Wire:
    """Reads the messages of one file.

    Parameters
    ----------
    view : memoryview
        All bytes of the file.
    """

    def __init__(self, view):
        self.view = view
        self._left = MAX_FIELDS

    def fields(self, start, end):
        """Yield the fields of the message at ``view[start:end]``.

        Raises
        ------
        CheckpointError
            Something does not end within the message, or is of no known kind.
        """
        at = start
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise CheckpointError(f"more than {MAX_FIELDS:,} fields", offset=at)
            begin = at
            key, at = self._varint(at, end)
            number, kind = key >> 3, key & 7
            if not 0 < number < 1 << 29:
                raise CheckpointError(f"a field of the impossible number {number}", offset=begin)
            if kind == VARINT:
                value, at = self._varint(at, end)
            else:
                if kind == BYTES:
                    length, at = self._varint(at, end)
                elif kind in _WIDTHS:
                    length = _WIDTHS[kind]
                else:
                    raise CheckpointError(f"a field of the unknown kind {kind}", offset=begin)
                if length > end - at:
                    raise CheckpointError(f"a field of {length} bytes where {end - at} are left; "
                                          "is the file truncated?", offset=begin)  # fmt: skip
                value = (at, at + length)
                at += length
            yield Field(number, kind, value, begin)

    def _varint(self, at, end):
        """Return (an unsigned number of 64 bits, the place behind it)."""
        value, view = 0, self.view
        for i in range(_MAX_VARINT):
            if at + i >= end:
                raise CheckpointError("the file is truncated within a number", offset=at)
            byte = view[at + i]
            value |= (byte & 0x7F) << (7 * i)
            if byte < 0x80:
                if value >> 64:
                    break
                return value, at + i + 1
        raise CheckpointError("a number of more than 64 bits", offset=at)

    # -- what a field holds ---------------------------------------------------------------
    def span(self, field):
        """Return the (start, end) of a nested message or of bytes."""
        _expect(field, BYTES)
        return field.value

    def text(self, field):
        """Return UTF-8 text."""
        start, end = self.span(field)
        try:
            return bytes(self.view[start:end]).decode("utf-8")
        except UnicodeDecodeError:
            raise CheckpointError("a name that is not UTF-8", offset=field.at) from None

    def integer(self, field):
        """Return a signed number of 64 bits."""
        _expect(field, VARINT)
        return signed(field.value)

    def float(self, field):
        """Return a number of 32 bits."""
        _expect(field, FIXED32)
        return struct.unpack("<f", self.view[field.value[0] : field.value[1]])[0]

    def integers(self, field, limit=None):
        """Return the signed numbers of a repeated field, packed or not, as an int64 array."""
        import numpy as np

        if field.kind == VARINT:
            return np.array([signed(field.value)], np.int64)
        start, end = self.span(field)
        packed = np.frombuffer(self.view[start:end], np.uint8)
        lasts = np.flatnonzero(packed < 0x80)
        if limit is not None and lasts.size > limit:
            raise CheckpointError(f"a list of {lasts.size} numbers; the limit is {limit}",
                                  offset=field.at)  # fmt: skip
        if packed.size and (not lasts.size or lasts[-1] != packed.size - 1):
            raise CheckpointError("the list of numbers is truncated", offset=field.at)
        firsts = np.concatenate(([0], lasts[:-1] + 1)) if lasts.size else lasts
        lengths = lasts - firsts + 1
        values = np.zeros(lasts.size, np.uint64)
        longest = int(lengths.max()) if lengths.size else 0
        if longest > _MAX_VARINT or (packed[lasts[lengths == _MAX_VARINT]] > 1).any():
            raise CheckpointError("a number of more than 64 bits", offset=field.at)
        for i in range(longest):
            long = np.flatnonzero(lengths > i)
            part = (packed[firsts[long] + i] & 0x7F).astype(np.uint64)
            values[long] |= part << np.uint64(7 * i)
        return values.view(np.int64)

    def fixed(self, field, width):
        """Return the bytes of a repeated field of numbers of 4 or 8 bytes, packed or not."""
        if field.kind != BYTES:
            _expect(field, FIXED32 if width == 4 else FIXED64)
        start, end = field.value
        if (end - start) % width:
            raise CheckpointError("the list of numbers is truncated", offset=field.at)
        return self.view[start:end]


def _expect(field, kind):
    if field.kind != kind:
        raise CheckpointError(f"field {field.number} is {_KINDS[field.kind]} where "
                              f"{_KINDS[kind]} should be", offset=field.at)  # fmt: skip


def signed(value):
    """Read 64 bits as two's complement."""
    return value - (1 << 64) if value >> 63 else value


# -- writing ------------------------------------------------------------------------------
def varint(value):
    """Encode a number; a negative one as two's complement of 64 bits."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Message:
    """A message under construction: pieces of bytes, which are not copied.

    Attributes
    ----------
    pieces : list of bytes or memoryview
    size : int
        Bytes in all.
    """

    def __init__(self):
        self.pieces = []
        self.size = 0

    def _add(self, piece):
        self.pieces.append(piece)
        self.size += len(piece)

    def integer(self, number, value):
        """Add a number."""
        self._add(varint(number << 3 | VARINT) + varint(value))
        return self

    def float(self, number, value):
        """Add a number of 32 bits."""
        self._add(varint(number << 3 | FIXED32) + struct.pack("<f", value))
        return self

    def data(self, number, data):
        """Add bytes or text."""
        data = data.encode("utf-8") if isinstance(data, str) else data
        self._add(varint(number << 3 | BYTES) + varint(len(data)))
        self._add(data)
        return self

    def integers(self, number, values):
        """Add a packed list of numbers."""
        return self.data(number, b"".join(map(varint, values)))

    def message(self, number, inner):
        """Add a nested message."""
        self._add(varint(number << 3 | BYTES) + varint(inner.size))
        self.pieces += inner.pieces
        self.size += inner.size
        return self
