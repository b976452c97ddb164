"""The one exception of this package."""

import pickle


class CheckpointError(pickle.UnpicklingError, RuntimeError):
    """A file that is not a checkpoint, is damaged, or asks for more than data.

    PyTorch raises ``pickle.UnpicklingError`` for what ``weights_only=True`` refuses and
    ``RuntimeError`` for a damaged archive; this class is both.

    Parameters
    ----------
    reason : str
        What is wrong.
    file : str, optional
        Name of the file; filled in by whoever opened it.
    offset : int, optional
        Byte in the file (or in the pickle stream) where the trouble was found.
    """

    def __init__(self, reason, file=None, offset=None):
        super().__init__(reason, file, offset)
        self.reason = reason
        self.file = file
        self.offset = offset

    def __str__(self):
        head = "" if self.file is None else f"{self.file}: "
        tail = "" if self.offset is None else f" (at byte {self.offset})"
        return f"{head}{self.reason}{tail}"


def quote(text, limit=120):
    """Return text from a file as one printable, bounded line for a message."""
    shown = str(text)[: limit + 1]
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in shown)
    return shown if len(shown) <= limit else shown[:limit] + "..."
