"""The zip container of ``torch.save``: stored members at aligned places, nothing else.

The general ``zipfile`` module inflates without a limit, follows local headers and trusts more
than is wanted here.  Both directions are short because only one shape of zip is accepted and
written: one directory, at the very end, that agrees with the members' own headers.  ``npz.py``
reads its deflated members through this module too.
Layout: PKWARE's APPNOTE; the alignment field is PyTorch's.
"""

import struct
import zlib

from minitorch.serialization._errors import CheckpointError, quote

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_BIG = 0xFFFFFFFF
MAX_MEMBERS = 1_000_000


class Member:
    """One file in the archive.

    Attributes
    ----------
    name : str
        With its folders.
    data : memoryview
        The bytes in place: packed if the member is ``deflated``.
    start : int
        Where they begin in the file.
    size : int
        Bytes after unpacking, as announced.
    crc : int
        The checksum written for them.
    deflated : bool
    """

    __slots__ = ("name", "data", "start", "size", "crc", "deflated")

    def __init__(self, name, data, start, size, crc, deflated=False):
        self.name = name
        self.data = data
        self.start = start
        self.size = size
        self.crc = crc
        self.deflated = deflated

    def crc_matches(self):
        """Whether the bytes are those that were written; True where no checksum was.

        PyTorch writes 0 after ``torch.serialization.set_crc32_options(False)``.
        """
        return self.crc == 0 or zlib.crc32(self.data) == self.crc

    def check(self):
        """Raise CheckpointError if the checksum does not match."""
        if not self.crc_matches():
            raise CheckpointError(f"member {quote(self.name)} is damaged: its checksum does not "
                                  "match", offset=self.start)  # fmt: skip

    def unpacked(self):
        """Return the bytes; never more than announced.

        Raises
        ------
        CheckpointError
            If they are damaged.
        """
        data = self.data
        if self.deflated:
            inflater = zlib.decompressobj(-15)
            try:
                data = inflater.decompress(data, self.size + 1)
            except zlib.error as error:
                raise CheckpointError(f"member {quote(self.name)} is damaged ({error})",
                                      offset=self.start) from None  # fmt: skip
            if len(data) != self.size or not inflater.eof or inflater.unused_data:
                raise CheckpointError(f"member {quote(self.name)} does not unpack to its "
                                      f"{self.size} bytes", offset=self.start)  # fmt: skip
        if zlib.crc32(data) != self.crc:
            raise CheckpointError(f"the checksum of member {quote(self.name)} does not match",
                                  offset=self.start)  # fmt: skip
        return memoryview(data)


def read_members(view, deflate=False):
    """List the members of a zip file, in place.

    Parameters
    ----------
    view : memoryview
        The whole file.
    deflate : bool
        Accept compressed members.

    Returns
    -------
    dict
        From name to :class:`Member`, in the order of the central directory.

    Raises
    ------
    CheckpointError
        If the file is truncated, or a member is compressed, encrypted, named twice, lies outside
        the file or over another member, or the headers do not agree.
    """
    count, start, end = _find_directory(view)
    if count > MAX_MEMBERS:
        raise CheckpointError(f"the zip file has {count} members; the limit is {MAX_MEMBERS}")
    members = {}
    position = start
    for _ in range(count):
        at = position
        member, position = _read_entry(view, at, end, start, deflate)
        if member.name in members:
            raise CheckpointError(f"two members named {quote(member.name)}", offset=at)
        members[member.name] = member
    if position != end:
        raise CheckpointError("the zip file's directory has more entries than it says",
                              offset=position)  # fmt: skip
    _refuse_overlaps(members.values())
    return members


def _find_directory(view):
    """Return (members, first byte, end) of the central directory."""
    tail = bytes(view[-(_END.size + 0xFFFF) :])
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise CheckpointError("the zip file has no directory at its end; is it truncated?",
                              offset=len(view))  # fmt: skip
    _, disk, first, here, count, size, start, comment = _END.unpack_from(tail, at)
    end = last = len(view) - len(tail) + at
    if len(tail) - at != _END.size + comment:
        # A comment of another length may hide a second directory from some readers.
        raise CheckpointError("the zip file does not end where its directory says", offset=end)
    if disk or first or here != count:
        raise CheckpointError("a part of a zip file that was split", offset=end)
    locator = end - _LOCATOR.size
    if locator >= 0 and bytes(view[locator : locator + 4]) == b"PK\x06\x07":
        last = _LOCATOR.unpack_from(view, locator)[2]
        if last + _END64.size != locator or bytes(view[last : last + 4]) != b"PK\x06\x06":
            raise CheckpointError("the zip file's 64-bit directory is damaged", offset=locator)
        fields = _END64.unpack_from(view, last)
        for small, full, top in zip((count, size, start), fields[7:10], (0xFFFF, _BIG, _BIG),
                                    strict=True):  # fmt: skip
            if small not in (full, top):
                raise CheckpointError("the zip file has two directories that differ",
                                      offset=last)  # fmt: skip
        count, size, start = fields[7:10]
    if start + size != last:
        raise CheckpointError("the zip file's directory does not lie at its end; is it "
                              "truncated?", offset=end)  # fmt: skip
    return count, start, last


def _read_entry(view, at, end, payload_end, deflate):
    """Read one directory entry at ``at``; return its Member and the next entry's place."""
    if at + _CENTRAL.size > end or bytes(view[at : at + 4]) != b"PK\x01\x02":
        raise CheckpointError("the zip file's directory is damaged", offset=at)
    fields = _CENTRAL.unpack_from(view, at)
    flags, method = fields[3], fields[4]
    crc, packed, size, name_length, extra_length, comment_length = fields[7:13]
    header = fields[16]
    names = at + _CENTRAL.size
    following = names + name_length + extra_length + comment_length
    if following > end:
        raise CheckpointError("the zip file's directory is damaged", offset=at)
    name = bytes(view[names : names + name_length]).decode("utf-8", "replace")
    extra = bytes(view[names + name_length : names + name_length + extra_length])
    size, packed, header = _widen(extra, size, packed, header)
    if flags & 0x2041:
        raise CheckpointError(f"member {quote(name)} is encrypted", offset=at)
    if method != 0 and not (deflate and method == 8):
        raise CheckpointError(
            f"member {quote(name)} is compressed; PyTorch stores members as they are", offset=at
        )
    if method == 0 and packed != size:
        raise CheckpointError(f"stored member {quote(name)} has two sizes", offset=at)
    start = _payload_start(view, header, name, names, name_length, (method, crc, packed, size))
    if start + packed > payload_end:
        raise CheckpointError(f"member {quote(name)} lies outside the file", offset=at)
    data = view[start : start + packed]
    return Member(name, data, start, size, crc, method != 0), following


def _widen(extra, size, packed, header):
    """Replace the fields that say 'see the 64-bit extra field' by what stands there."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        body = extra[at + 4 : at + 4 + length]
        if kind == 1:
            numbers = [n for (n,) in struct.iter_unpack("<Q", body[: len(body) // 8 * 8])]
            values = []
            for value in (size, packed, header):
                values.append(numbers.pop(0) if value == _BIG and numbers else value)
            return tuple(values)
        at += 4 + length
    return size, packed, header


def _payload_start(view, header, name, names, name_length, expected):
    """Follow the local header, which must say the same as the directory."""
    if header + _LOCAL.size > len(view) or bytes(view[header : header + 4]) != b"PK\x03\x04":
        raise CheckpointError(f"member {quote(name)} has no header", offset=header)
    fields = _LOCAL.unpack_from(view, header)
    flags, method, local_name, local_extra = fields[2], fields[3], *fields[9:11]
    at = header + _LOCAL.size
    same = bytes(view[at : at + local_name]) == bytes(view[names : names + name_length])
    if not same:
        raise CheckpointError(f"member {quote(name)} has another name in its header",
                              offset=header)  # fmt: skip
    at += local_name
    crc, packed, size = fields[6:9]
    if _BIG in (packed, size):
        size, packed, _ = _widen(bytes(view[at : at + local_extra]), size, packed, 0)
    # With this flag they stand behind the payload, and here are zeros.
    given = not flags & 8
    if method != expected[0] or (given and (crc, packed, size) != expected[1:]):
        raise CheckpointError(f"member {quote(name)} has another size, checksum or method in its "
                              "header", offset=header)  # fmt: skip
    return at + local_extra


def _refuse_overlaps(members):
    end = 0
    for member in sorted(members, key=lambda m: (m.start, len(m.data))):
        if member.start < end:
            raise CheckpointError(f"member {quote(member.name)} overlaps another one",
                                  offset=member.start)  # fmt: skip
        end = member.start + len(member.data)


class ZipWriter:
    """Writes stored members as PyTorch's own writer lays them out.

    Parameters
    ----------
    file : binary file object
        Written to from its position, never sought.
    alignment : int
        Payloads start at multiples of this.
    """

    def __init__(self, file, alignment=64):
        self._file = file
        self._alignment = alignment
        self._position = 0
        self._entries = []

    def _write(self, data):
        self._file.write(data)
        self._position += len(data)

    def add(self, name, data):
        """Append one member from bytes or a flat memoryview of bytes."""
        encoded = name.encode()
        size, header = len(data), self._position
        crc = zlib.crc32(data)
        # The sizes stand in the descriptor behind the payload, as in PyTorch's files.
        flags = 0x0808 if size else 0x0800
        extra = self._padding(header + _LOCAL.size + len(encoded), size, header)
        self._write(_LOCAL.pack(b"PK\x03\x04", 0, flags, 0, 0, 0, 0, 0, 0,
                                len(encoded), len(extra)))  # fmt: skip
        self._write(encoded + extra)
        self._write(data)
        if size:
            form = "<4sI2Q" if size >= _BIG else "<4s3I"
            self._write(struct.pack(form, b"PK\x07\x08", crc, size, size))
        self._entries.append((encoded, flags, crc, size, header))

    def _padding(self, after_name, size, header):
        """Extra field 'FB' that moves the payload to an aligned place."""
        prefix = b""
        if size >= _BIG or header >= _BIG:
            numbers = ([size, size] if size >= _BIG else []) + [header]
            prefix = struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)
        start = after_name + len(prefix) + 4
        count = -start % self._alignment
        return prefix + struct.pack("<2sH", b"FB", count) + b"Z" * count

    def close(self):
        """Write the directory.  The file itself stays open."""
        start = self._position
        for encoded, flags, crc, size, header in self._entries:
            big_size, big_header = size >= _BIG, header >= _BIG
            numbers = ([size, size] if big_size else []) + ([header] if big_header else [])
            extra = b""
            if numbers:
                extra = struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)
            shown = _BIG if big_size else size
            self._write(_CENTRAL.pack(
                b"PK\x01\x02", 0, 0, flags, 0, 0, 0, crc, shown, shown, len(encoded), len(extra),
                0, 0, 0, 0, _BIG if big_header else header,
            ))  # fmt: skip
            self._write(encoded + extra)
        end, count = self._position, len(self._entries)
        size = end - start
        self._write(_END64.pack(b"PK\x06\x06", 44, 0x031E, 45, 0, 0, count, count, size, start))
        self._write(_LOCATOR.pack(b"PK\x06\x07", 0, end, 1))
        few = min(count, 0xFFFF)
        self._write(_END.pack(b"PK\x05\x06", 0, 0, few, few, min(size, _BIG), min(start, _BIG),
                              0))  # fmt: skip
