"""What is known of each image of a folder, kept on disk between runs.

`minitorch check` decodes every image once and remembers what it found; a second check, and the
start of a training run, ask here.  An entry holds as long as the file's size and times of change
do.  The manifest of a folder lies in minitorch's own cache, never among the user's images, and is
only ever a help: one that is missing, damaged, of another version or on a read-only disk means
that files are examined again.
"""

import contextlib
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import minitorch

__all__ = ["Manifest", "examine_images", "manifest_folder"]

LIMIT = 256 << 20       # bytes of all manifests together; 20,000 images take about 20 MB
_FORMAT = 1


def manifest_folder():
    """The folder in which manifests are kept."""
    from minitorch.training.weights import checkpoint_folder
    return checkpoint_folder().with_name("manifests")


class Manifest:
    """The known facts about the images below a folder.

    Parameters
    ----------
    root : str or os.PathLike
    folder : str or os.PathLike, optional
        Where the file lies; default: `manifest_folder`.

    Attributes
    ----------
    path : pathlib.Path
        The manifest's file, which need not exist.
    """

    def __init__(self, root, folder=None):
        self.root = os.path.realpath(root)
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()
        self.path = Path(folder or manifest_folder()) / f"{name}.json"
        self._entries, self._changed = self._load(), False

    def __len__(self):
        return len(self._entries)

    def _load(self):
        """Entries by name: ``{"stamp": ..., "facts": ...}``; empty if the file is of no use."""
        try:
            head, _, body = self.path.read_bytes().partition(b"\n")
            if json.loads(head) != self._head(body):
                return {}
            entries = json.loads(body)
            with contextlib.suppress(OSError):
                os.utime(self.path)         # the oldest file makes room first
            return entries
        except (OSError, ValueError, RecursionError):
            return {}

    def _head(self, body):
        """Decides whether a file is used: what was true for another program may not be now."""
        import PIL
        return {"manifest": _FORMAT, "minitorch": minitorch.__version__,
                "pillow": PIL.__version__, "root": self.root,
                "sha256": hashlib.sha256(body).hexdigest()}

    def get(self, path):
        """The `ImageFacts` of a file that has not changed since it was examined, or None."""
        from minitorch.datasets.examine import ImageFacts
        entry = self._entries.get(self._name(path))
        if entry is None or entry["stamp"] != stamp(path):
            return None
        return ImageFacts(path=os.fspath(path), **entry["facts"])

    def put(self, facts, stamped):
        """Remember `facts` about a file that had the `stamp` before it was examined."""
        # A file that may not be read today may be tomorrow, without having changed.
        if stamped is not None and facts.kind != "no access":
            values = facts.to_dict()
            del values["path"]
            self._entries[self._name(facts.path)] = {"stamp": stamped, "facts": values}
            self._changed = True

    def save(self, keep=None):
        """Write the file, whole or not at all; a disk that does not take it is no error.

        Parameters
        ----------
        keep : iterable of str, optional
            The files that exist; what is known of others is forgotten.
        """
        from minitorch.training.feature_cache import make_room
        from minitorch.training.files import write_bytes
        if keep is not None:
            names = set(map(self._name, keep))
            kept = {name: entry for name, entry in self._entries.items() if name in names}
            self._changed |= len(kept) < len(self._entries)
            self._entries = kept
        if not self._changed:
            return
        body = json.dumps(self._entries, separators=(",", ":")).encode()
        head = json.dumps(self._head(body)).encode()
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self.path, head + b"\n" + body)
            self._changed = False
            make_room(self.path.parent, LIMIT)

    def _name(self, path):
        """The file's path within the folder; another link to the folder finds it too."""
        folder, name = os.path.split(os.path.abspath(path))
        return os.path.relpath(os.path.join(os.path.realpath(folder), name), self.root)


def stamp(path):
    """What changes with a file's content: size and times; None for a file that is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    # The second time moves where a program sets the first one back.
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def examine_images(paths, manifest, workers=2, on_image=None, fresh=False):
    """The facts about images, from the manifest where it knows them, else by decoding.

    Parameters
    ----------
    paths : list of str
    manifest : Manifest
        Takes up what is found; `Manifest.save` is left to the caller.
    workers : int
        Threads that decode; 0: none beside the caller's.
    on_image : callable, optional
        Called as ``on_image(done, facts)`` with the number of images done.
    fresh : bool
        Decode those too that the manifest knows.

    Returns
    -------
    dict of str to ImageFacts
        In the order of `paths`.
    """
    from minitorch.datasets.examine import examine

    def look(path):
        known = None if fresh else manifest.get(path)
        if known is not None:
            return known, None
        stamped = stamp(path)       # before it is read: a change meanwhile is then seen
        return examine(path), stamped

    found, pool = {}, None
    if workers > 0:
        pool = ThreadPoolExecutor(workers, thread_name_prefix="examine")
    try:
        for facts, stamped in (pool.map if pool else map)(look, paths):
            found[facts.path] = facts
            manifest.put(facts, stamped)
            if on_image is not None:
                on_image(len(found), facts)
    finally:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
    return found
