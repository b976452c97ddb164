"""Small files of a run, written whole or not at all."""

from pathlib import Path

__all__ = ["leftovers", "write_bytes", "write_json"]


def write_bytes(path, data):
    """Write `data` to `path`; an interruption leaves the old file or the new one."""
    from minitorch.serialization.atomic import atomic_write
    with atomic_write(path) as file:
        file.write(data)


def write_json(path, value):
    """Write `value` as indented JSON."""
    import json
    write_bytes(path, (json.dumps(value, indent=2) + "\n").encode())


def leftovers(folder, names):
    """Paths of what a killed process left of its writing of `names`: hidden, and of no use."""
    import glob
    return [path for name in names for path in Path(folder).glob(f".{glob.escape(name)}.*.part")]
