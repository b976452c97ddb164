"""Small files of a run, written whole or not at all."""

import hashlib
from pathlib import Path

__all__ = ["file_digest", "leftovers", "write_bytes", "write_json"]


def write_bytes(path, data):
    """Write `data` to `path`; an interruption leaves the old file or the new one."""
    from minitorch.serialization.atomic import atomic_write
    with atomic_write(path) as file:
        file.write(data)


def write_json(path, value):
    """Write `value` as indented JSON."""
    import json
    write_bytes(path, (json.dumps(value, indent=2) + "\n").encode())


def file_digest(path):
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def leftovers(folder, names):
    """Paths of what a killed process left of its writing of `names`: hidden, and of no use."""
    import glob
    return [path for name in names for path in Path(folder).glob(f".{glob.escape(name)}.*.part")]
