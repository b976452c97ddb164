"""Write a file whole or not at all."""

import contextlib
import os

_FLAGS = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def atomic_write(path, keep=None):
    """Open a temporary file beside ``path`` that replaces it when the block ends well.

    Parameters
    ----------
    path : str or os.PathLike
        Where the file shall be.  A symbolic link is followed.
    keep : str or os.PathLike, optional
        In the same folder: what `path` held until now stays under this name.

    Yields
    ------
    binary file object
        To write to; ``name`` is its temporary path, so it can be read back before it counts.

    Raises
    ------
    OSError
        If the folder cannot be written to, or ``path`` is a folder or device.

    Notes
    -----
    The bytes are flushed to the disk before the rename, so that after a power cut the path holds
    the old file or the new one.  On any exception the temporary file is removed.
    """
    path = os.path.realpath(os.fspath(path))
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a folder")
    if os.path.exists(path) and not os.path.isfile(path):
        raise OSError(f"{path} is not a regular file")
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"the folder {folder} does not exist")
    temporary = os.path.join(folder, f".{name[:100]}.{os.urandom(6).hex()}.part")
    # Not mkstemp: the finished file shall have the permissions of any other new file.
    try:
        file = os.fdopen(os.open(temporary, _FLAGS, 0o666), "w+b")
    except OSError as error:
        error.filename = path       # nobody asked for the temporary name
        raise
    named = _Named(file, temporary)
    try:
        with file:
            yield named
            file.flush()
            os.fsync(file.fileno())
        if keep is not None and os.path.exists(path):
            keep_aside(path, keep)
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError) and error.filename in (None, temporary):
            error.filename = path       # a full disk does not say what was being written
        raise
    _sync_folder(folder)


def keep_aside(path, keep):
    """Let the file at `path` be found under `keep` too, whatever becomes of `path`.

    Where the file system has no links it is renamed, and `path` is gone until it is written.
    """
    keep = os.fspath(keep)
    folder, name = os.path.split(keep)
    link = os.path.join(folder, f".{name[:100]}.{os.urandom(6).hex()}.part")
    try:
        os.link(path, link)
    except OSError:
        os.replace(path, keep)
        return
    try:
        # A rename onto another link of the same file does nothing and leaves both.
        os.replace(link, keep)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(link)


class _Named:
    """A file object that knows its path (``os.fdopen`` only knows a number)."""

    def __init__(self, file, name):
        self._file = file
        self.name = name

    def __getattr__(self, attribute):
        return getattr(self._file, attribute)


def _sync_folder(folder):
    """Make the rename itself durable, where the system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
