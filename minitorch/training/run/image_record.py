"""Which files a run stands on: kept with it, so that a change is seen, named, and survived.

A file is told by its name below the data's folder, its class, its split and its size.  Times of
change are left out: copying a folder to another machine changes them and nothing else.
"""

import dataclasses
import hashlib
import json
import os
import zlib
from pathlib import Path

import numpy as np

import minitorch
from minitorch.training.errors import CheckpointMismatch, DataError
from minitorch.training.naming import listed

__all__ = ["manifest_text", "pack", "unpack", "split_as_recorded"]

_SHOWN = 3      # names in a message


def manifest_text(data, root=None):
    """The classes and files of a `DataSplit` as JSON, the same on every machine.

    Parameters
    ----------
    data : DataSplit
    root : str or os.PathLike, optional
        The folder that names are relative to.
    """
    return json.dumps({"classes": data.classes} | {
        split: [[_name(source, root), target, _size(source, data.sizes)]
                for source, target in getattr(data, split)]
        for split in ("train", "val")}, separators=(",", ":"))


def _name(source, root):
    if not isinstance(source, (str, Path)):
        return None
    name, prefix = str(source), "" if root is None else os.path.join(str(root), "")
    if prefix and not name.startswith(prefix):
        return os.path.relpath(name, root)
    return name[len(prefix):]


def _size(source, sizes):
    """Bytes of a file; of a picture in memory, a sum over its pixels; None if it is gone."""
    if not isinstance(source, (str, Path)):
        return zlib.crc32(source.tobytes())
    if sizes is not None:
        return sizes.get(str(source))
    try:
        return os.stat(source).st_size
    except OSError:
        return None


def digest(text):
    """A hash of `manifest_text`."""
    return hashlib.sha256(text.encode()).hexdigest()


def pack(text):
    """`manifest_text` as a tensor of bytes, for a checkpoint."""
    return minitorch.tensor(np.frombuffer(zlib.compress(text.encode()), np.uint8))


def unpack(packed):
    """The text that `pack` packed."""
    return zlib.decompress(bytes(packed.numpy())).decode()


def split_as_recorded(text, rescan, root, is_part=False):
    """The split that a run began with, if nothing but missing files has changed since.

    Parameters
    ----------
    text : str
        The run's `manifest_text`.
    rescan : callable
        ``rescan()`` gives the `DataSplit` of the folder as it is now; it may raise `DataError`.
    root : str or os.PathLike
        As in `manifest_text`.
    is_part : bool
        The split leaves out files of the folder, so that one more tells nothing.

    Returns
    -------
    DataSplit
        With the order, the classes and the sizes of the record.  A file that is gone is still in
        it: reading it fails, and it is left out and named like any unreadable one.

    Raises
    ------
    CheckpointMismatch
        Files were added, moved or rewritten, or none is left.
    """
    try:
        now = rescan()
        current = manifest_text(now, root)
    except DataError:       # a class whose last image is gone, say
        now, current = None, None
    if current == text:
        return now
    recorded = json.loads(text)
    then = _sizes_of(recorded)
    gone = [name for name in then if not os.path.exists(_place(root, name))]
    if len(gone) == len(then):
        raise CheckpointMismatch(f"{root}: none of the run's {len(then)} images is left")
    seen = None if current is None or (is_part and gone) else _sizes_of(json.loads(current))
    changes = _changes(then, seen, set(gone), root)
    if changes:
        raise CheckpointMismatch(f"{root}: the images have changed since the run was saved: "
                                 f"{'; '.join(changes)}; start a new run, or put them back")
    splits = {split: [(_place(root, name), target) for name, target, _ in recorded[split]]
              for split in ("train", "val")}
    notes = [f"{listed(gone, _SHOWN)} {'is' if len(gone) == 1 else 'are'} gone since the run was "
             "saved, and left out from here on"] if gone else []
    from minitorch.training.data import DataSplit
    empty = DataSplit(str(root), recorded["classes"], [], []) if now is None else now
    return dataclasses.replace(
        empty, classes=recorded["classes"], notes=empty.notes + notes, **splits,
        sizes={_place(root, name): size for name, size in then.items()})


def _place(root, name):
    return os.path.normpath(os.path.join(root, name))


def _sizes_of(record):
    return {name: size for split in ("train", "val") for name, _, size in record[split]}


def _changes(then, now, gone, root):
    """What happened besides files that went away, in words."""
    if now is None:
        now = {name: _size(_place(root, name), None) for name in then}
    added = sorted(set(now) - set(then))
    rewritten = [name for name, size in then.items()
                 if name not in gone and name in now and now[name] != size]
    unseen = [name for name in then if name not in gone and name not in now]
    parts = []
    if added:
        missing = f" ({listed(sorted(gone), _SHOWN)} missing)" if gone else ""
        parts.append(f"{listed(added, _SHOWN)} {_was(added)} added or renamed{missing}")
    if rewritten:
        parts.append(f"{listed(rewritten, _SHOWN)} {_was(rewritten)} rewritten with another size")
    if unseen:
        parts.append(f"{listed(unseen, _SHOWN)} {_was(unseen)} not found by the scan any more")
    return parts


def _was(names):
    return "was" if len(names) == 1 else "were"
