"""The bytes of a checkpoint, wherever they come from, as one memoryview."""

import contextlib
import mmap
import os
import stat

from minitorch.serialization._errors import CheckpointError, quote

_LEGACY_MAGIC = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")


class Source:
    """A file, or a file object's rest, as bytes.

    Parameters
    ----------
    f : str, os.PathLike or binary file object
        What to read.  A file object is read from its position to its end.
    mapped : bool
        Map a path copy-on-write, so that memory over it may be changed without changing the
        file.  Only for who asks for it: the kernel kills a process that touches a mapped page
        behind the end of a file that was cut in the meantime.

    Raises
    ------
    CheckpointError
        If the path is a pipe or a device, or the file does not fit in memory.
    OSError
        If it cannot be read.

    Attributes
    ----------
    name : str
        For messages.
    folder : str or None
        Where the file lies; None for a file object.
    view : memoryview
        All bytes, as they were when the file was read: whoever changes or cuts it afterwards
        changes nothing here, unless it is mapped.
    """

    def __init__(self, f, mapped=False):
        if isinstance(f, (str, bytes, os.PathLike)):
            self.name = quote(os.fsdecode(f), 1000)
            self.folder = os.path.dirname(os.fsdecode(f))
            self.view = _read(f, mapped, self.name)
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
        return name_format(bytes(self.view[:512]), len(self.view))


def name_format(head, size):
    """Name the format of a file of ``size`` bytes that begins with ``head``."""
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(_LEGACY_MAGIC):
        return "legacy"
    if head[257:262] == b"ustar":
        return "tar"
    if _looks_like_safetensors(head, size):
        return "safetensors"
    if _looks_like_onnx(head):
        return "onnx"
    raise CheckpointError(_what_it_is(head, size))


class _Pages(mmap.mmap):
    """Anonymous memory that holds a file, page by page given back once it has been used."""

    def forget(self, start, stop):
        """Give back the whole pages in a range; they must not be read again."""
        start = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
        length = stop // mmap.PAGESIZE * mmap.PAGESIZE - start
        if length > 0 and hasattr(mmap, "MADV_DONTNEED"):
            self.madvise(mmap.MADV_DONTNEED, start, length)


def open_regular(path):
    """Open a file of bytes for reading; a pipe or a device is refused without being waited for.

    Raises
    ------
    CheckpointError
        If it is a pipe, a socket or a device.
    OSError
        If it cannot be opened; a folder is an IsADirectoryError.
    """
    def opener(name, flags):
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

    file = open(path, "rb", buffering=0, opener=opener)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise CheckpointError("this is a pipe or a device, not a file",
                              file=quote(os.fsdecode(path), 1000))  # fmt: skip
    return file


def _anonymous(size):
    # Private: pages of shared memory would not be given back.
    private = getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_ANONYMOUS", 0)
    pages = _Pages(-1, size, flags=private) if private else _Pages(-1, size)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without them
            pages.madvise(mmap.MADV_HUGEPAGE)  # to fill them takes a third of the time
    return pages


def _read(path, mapped, name):
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            return memoryview(b"")
        try:
            if mapped:
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
            pages = _anonymous(size)
        except (OSError, OverflowError, MemoryError) as error:
            raise CheckpointError(f"its {size} bytes do not fit in memory ({error})",
                                  file=name) from None  # fmt: skip
        view, got = memoryview(pages), 0
        while got < size:
            count = file.readinto(view[got : got + (1 << 30)])
            if not count:
                break  # cut while it was read; what there is will be found too short
            got += count
        return view[:got]


def forget(data):
    """Say that bytes of a :class:`Source` have been copied and will not be read again."""
    import numpy as np

    pages = data.obj
    if isinstance(pages, _Pages) and len(data):
        base = np.frombuffer(pages, np.uint8).ctypes.data
        start = np.frombuffer(data, np.uint8).ctypes.data - base
        pages.forget(start, start + len(data))


def format_of(path):
    """Name the format of a file by its first bytes, as :meth:`Source.format` does."""
    with open_regular(path) as file:
        return name_format(file.read(512), os.fstat(file.fileno()).st_size)


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
