"""Features kept on disk, so that a resumed or a later run need not compute them again.

A file holds the features of one data set under one trunk.  Its key names all that the bits of a
feature depend on besides the image: the trunk and its weights, the preprocessing, the program
and how it computes.  Each row is bound to its image by path, size and times of change.  Another
key is another file; another image is another row; a file that is damaged is computed anew.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path

import numpy as np

import minitorch

__all__ = ["FeatureCache", "feature_folder"]

LIMIT = 1 << 30     # bytes of all files together: half a million images under a ResNet-18
_DIGEST = 32


def feature_folder():
    """The folder in which features are kept."""
    from minitorch.training.weights import checkpoint_folder
    return checkpoint_folder().with_name("features")


class FeatureCache:
    """The file that holds the features of some images.

    Parameters
    ----------
    folder : str or os.PathLike
        See `feature_folder`.
    name : str
        Of the data set: its features replace what the file held before.
    sources : list of (path or PIL.Image.Image)
    trunk : minitorch.nn.Module
    preprocessing : dict
        All that decides how a source becomes the trunk's input.
    batch_size : int
        Of the trunk, see `minitorch.training.trunk_features`.

    Attributes
    ----------
    path : pathlib.Path
    note : str or None
        Why `load` could not use the file, for the user.
    """

    def __init__(self, folder, name, sources, trunk, preprocessing, batch_size):
        self.key = json.dumps({
            "data": name, "trunk": _trunk_digest(trunk), "preprocessing": preprocessing,
            "batch_size": batch_size, **_program()}, sort_keys=True)
        self.path = Path(folder) / f"{hashlib.sha256(self.key.encode()).hexdigest()}.safetensors"
        # Taken before the images are read: a file that changes later is then seen to differ.
        self._images = [_image_digest(source) for source in sources]
        self.note = None

    def load(self, table):
        """Put the rows that the file holds into `table`; never an error."""
        from minitorch.serialization import CheckpointError
        try:
            features, images = self._read(table.rows.shape[1])
        except FileNotFoundError:
            return
        except (OSError, ValueError, CheckpointError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            self.note = f"{self.path} cannot be used ({reason}): features are computed again"
            return
        with contextlib.suppress(OSError):
            os.utime(self.path)         # the oldest file makes room first
        places = {image.tobytes(): place for place, image in enumerate(images)}
        found = [(row, places[image]) for row, image in enumerate(self._images)
                 if image in places]
        if found:
            rows, kept = np.transpose(found)
            table.rows[minitorch.from_numpy(rows)] = features[minitorch.from_numpy(kept)]
            table.known[rows] = True

    def _read(self, width):
        from minitorch.serialization.safetensors import load_file, load_metadata
        metadata, tensors = load_metadata(self.path), load_file(self.path)
        if metadata.get("key") != self.key or set(tensors) != {"features", "images"}:
            raise ValueError("it holds something else")
        features, images = tensors["features"], tensors["images"]
        if (features.shape != (len(images), width) or features.dtype != minitorch.float32
                or images.shape[1:] != (_DIGEST,) or images.dtype != minitorch.uint8
                or metadata.get("sha256") != _content_digest(features, images)):
            raise ValueError("it is damaged")
        return features, images.numpy()

    def save(self, table):
        """Write the known rows of `table`, whole or not at all; a full disk is no error."""
        from minitorch.serialization.safetensors import save_file
        rows = np.array([row for row, image in enumerate(self._images)
                         if image is not None and table.known[row]], np.int64)
        features = table.rows[minitorch.from_numpy(rows)]
        if features.numel() * 4 > LIMIT:
            return
        images = np.frombuffer(b"".join(self._images[row] for row in rows), np.uint8)
        images = minitorch.tensor(images.reshape(-1, _DIGEST))
        metadata = {"key": self.key, "sha256": _content_digest(features, images)}
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            save_file({"features": features, "images": images}, self.path, metadata)
            make_room(self.path.parent, LIMIT)


def make_room(folder, limit):
    """Remove the files that were not used for longest, until the rest is within `limit` bytes."""
    # What a killed process was writing lies here too, under a name with a dot.
    found = sorted(((entry.stat(), entry.path) for entry in os.scandir(folder)),
                   key=lambda each: each[0].st_mtime_ns, reverse=True)
    total = 0
    for status, path in found:
        total += status.st_size
        if total > limit:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


# -- what a feature depends on ----------------------------------------------------------------
def _image_digest(source):
    """What tells an image from another without decoding it; None for a file that is not there."""
    if not isinstance(source, (str, Path)):
        return hashlib.sha256(f"{source.mode} {source.size} ".encode()
                              + source.tobytes()).digest()
    try:
        status = os.stat(source)
    except OSError:
        return None
    # The second time moves where a program sets the first one back, and with the permissions.
    text = (f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} "
            f"{os.path.abspath(source)}")
    return hashlib.sha256(os.fsencode(text)).digest()


def _trunk_digest(trunk):
    """Over the trunk's layers and weights, their layout in memory included."""
    digest = hashlib.sha256(repr(trunk).encode())
    for name, value in trunk.state_dict().items():
        digest.update(f"\n{name} {value.dtype} {value.shape} {value.stride()}\n".encode())
        digest.update(np.ascontiguousarray(value.numpy()))
    return digest.hexdigest()


def _content_digest(features, images):
    digest = hashlib.sha256(np.ascontiguousarray(features.numpy()))
    digest.update(np.ascontiguousarray(images.numpy()))
    return digest.hexdigest()


def _program():
    """How this process computes and decodes: the program, told by its files, and its modes."""
    import PIL
    package = Path(minitorch.__file__).parent
    files = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in (".so", ".pyd", ".py"):
            status = path.stat()
            files.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return {"minitorch": minitorch.__version__, "files": files.hexdigest(),
            "pillow": PIL.__version__, "isa": minitorch.backends.isa(),
            "winograd": minitorch.backends.conv.winograd,
            "threads": minitorch.get_num_threads()}
