"""The bytes of a checkpoint, wherever they come from, as one memoryview."""

import mmap
import os

from minitorch.serialization._errors import CheckpointError, quote

_LEGACY_MAGIC = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")


class Source:
    """A file, or a file object's rest, as bytes.

    Parameters
    ----------
    f : str, os.PathLike or binary file object
        What to read.  A file object is read from its position to its end.
    writable : bool
        Map a path copy-on-write, so that memory over it may be changed without changing the
        file.

    Attributes
    ----------
    name : str
        For messages.
    folder : str or None
        Where the file lies; None for a file object.
    view : memoryview
        All bytes.  For a path it is a mapping: it stays valid as long as something holds it.
    """

    def __init__(self, f, writable=False):
        if isinstance(f, (str, os.PathLike)):
            self.name = os.fspath(f)
            self.folder = os.path.dirname(self.name)
            self.view = _map(f, writable)
        elif callable(getattr(f, "read", None)):
            self.name = quote(getattr(f, "name", None) or type(f).__name__)
            data = f.read()
            if not isinstance(data, (bytes, bytearray)):
                raise TypeError(f"expected a file opened in binary mode, got {type(f).__name__} "
                                "that reads text")  # fmt: skip
            self.view = memoryview(data)
            self.folder = None
        else:
            raise AttributeError(
                f"expected a path or a file object with read(), got {type(f).__name__}"
            )

    def format(self):
        """Name the format by the first bytes; the file's name is never asked.

        Returns
        -------
        str
            ``"zip"``, ``"legacy"``, ``"tar"``, ``"safetensors"`` or ``"onnx"``.

        Raises
        ------
        CheckpointError
            If the bytes are none of these, with what they are where that can be told.
        """
        head = bytes(self.view[:512])
        if head.startswith(b"PK\x03\x04"):
            return "zip"
        if head.startswith(_LEGACY_MAGIC):
            return "legacy"
        if head[257:262] == b"ustar":
            return "tar"
        if _looks_like_safetensors(head, len(self.view)):
            return "safetensors"
        if _looks_like_onnx(head):
            return "onnx"
        raise CheckpointError(_what_it_is(head, len(self.view)))


def _map(path, writable):
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        access = mmap.ACCESS_COPY if writable else mmap.ACCESS_READ
        return memoryview(mmap.mmap(file.fileno(), 0, access=access))


def _looks_like_safetensors(head, size):
    if len(head) < 9:
        return False
    length = int.from_bytes(head[:8], "little")
    start = head[8:].lstrip(b" \t\r\n")
    return start.startswith(b"{") or (not start and 0 < length <= size)


def _looks_like_onnx(head):
    """Whether a model begins here: its IR version, then a field that may follow."""
    return (len(head) > 2 and head[0] == 0x08 and 0 < head[1] < 0x80
            and head[2] in b"\x12\x1a\x22\x28\x32\x3a\x42\x72")  # fmt: skip


def _what_it_is(head, size):
    """Say why these first bytes are no checkpoint."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        return "the file is empty"
    if text.startswith(b"<"):
        return "this is an HTML or XML page, not weights; the download went wrong"
    if text.startswith(b"version https://git-lfs"):
        return "this is a Git LFS pointer, not weights; fetch the real file with `git lfs pull`"
    if head.startswith(b"\x1f\x8b"):
        return "this is a gzip file; unpack it first"
    if head.startswith(b"\x89HDF"):
        return "HDF5 files are not supported"
    if head.startswith(b"\x93NUMPY"):
        return "a single .npy array has no names; put it in an .npz"
    if head.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        return "a plain pickle, not a file written by torch.save; it is not read"
    if size < 16:
        return f"the file is truncated or not a checkpoint ({size} bytes)"
    return "not a known checkpoint format (PyTorch .pth, safetensors, npz or ONNX)"
