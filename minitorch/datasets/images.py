"""Image files as they are found in the wild, for the commands.

:func:`load_image` turns any readable file into an upright RGB image or says why not;
:func:`scan_folder` turns a folder into classes and a training and a validation list.
"""

import contextlib
import os
import random
import stat
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from minitorch.datasets.listing import EXTENSIONS, list_images, list_top

__all__ = ["FolderScan", "ImageError", "check_sides", "load_image", "open_file", "scan_folder",
           "to_rgb"]

_MAX_ASPECT = 1000
_WHITE = (255, 255, 255, 255)
_SIXTEEN_BITS = 65535
_SPLITS = {"train", "val", "valid", "validation", "test"}


class ImageError(Exception):
    """An image file that cannot be used.

    Attributes
    ----------
    path : str
    reason : str
    """

    def __init__(self, path, reason):
        super().__init__(path, reason)
        self.path = os.fspath(path)
        self.reason = reason

    def __str__(self):
        return f"{self.path}: {self.reason}"


def load_image(path, exif=True):
    """Decode a file fully into an RGB image.

    Transparent pixels are laid on white: where alpha is 0 the stored colour is arbitrary, and
    pictures cut out of their background are usually seen on white paper. Palette images become
    their colours, CMYK is converted, 16-bit grey is scaled from 0 ... 65535 to 0 ... 255, 32-bit
    and float grey from the image's own range. Of an animation the first frame counts.

    Parameters
    ----------
    path : str, path or seekable binary file
        A file object has no name: it is ``-`` in errors.
    exif : bool
        Apply the EXIF orientation, so that the image stands as its photographer held it.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.

    Raises
    ------
    ImageError
        The file cannot be read, is empty, no image, truncated, or too large to be meant.
    """
    with open_file(path) as file:
        image = Image.open(file)
        image.load()  # decodes all of it: a truncated file is found here, not by open()
        if exif:
            ImageOps.exif_transpose(image, in_place=True)
        return to_rgb(image)


@contextlib.contextmanager
def open_file(path):
    """Open an image file within a block in which whatever goes wrong becomes an `ImageError`.

    A binary file object is taken as it is.
    """
    source = path
    if hasattr(source, "read"):
        path = "-"
    try:
        if source is not path:
            yield source
            return
        # Opening a named pipe would wait for somebody to write into it.
        mode = os.stat(path).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise ImageError(path, "not a regular file")
        with open(path, "rb") as file:
            yield file
    except ImageError:
        raise
    except UnidentifiedImageError:
        size = os.path.getsize(path) if source is path else source.seek(0, os.SEEK_END)
        reason = "not an image that pillow can read" if size else "the file is empty"
        raise ImageError(path, reason) from None
    except OSError as error:
        raise ImageError(path, _plain(error)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(path, str(error)) from error
    except Exception as error:
        # Pillow's plugins raise ValueError, SyntaxError, struct.error, EOFError, KeyError, ...
        # on damaged files.
        detail = str(error) or type(error).__name__
        raise ImageError(path, f"cannot be decoded: {detail}") from error


def _plain(error):
    """An OSError's message without number and path, which stands before it anyway."""
    return error.strerror or str(error)


def check_sides(path, image):
    """Raise ImageError for an image that, with its short side scaled up, would fill the memory."""
    if max(image.size) > _MAX_ASPECT * min(image.size):
        raise ImageError(path, f"too thin to be used: {image.width} by {image.height} pixels")


def to_rgb(image):
    """A decoded image of any mode as RGB; see `load_image`."""
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(image).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(image):
    """Grey of more than 8 bits as mode L; ``convert`` would clip it at 255."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = values.min(), values.max()
    if image.mode.startswith("I") and low >= 0 and high <= _SIXTEEN_BITS:
        is_sixteen = image.mode.startswith("I;16") or high > 255
        grey = values * (255 / _SIXTEEN_BITS) if is_sixteen else values
    else:
        grey = (values - low) * (255.0 / (high - low) if high > low else 0.0)
    return Image.fromarray(np.rint(grey).astype(np.uint8))


@dataclass
class FolderScan:
    """What :func:`scan_folder` found.

    Attributes
    ----------
    classes : list of str
        Sorted names; the index is the label.
    train, val : list of (str, int)
        Paths with labels.
    ignored : int
        How many visible files were left out because their extension is not an image's.
    """

    classes: list
    train: list = field(default_factory=list)
    val: list = field(default_factory=list)
    ignored: int = 0


def scan_folder(root, val_fraction=0.2, seed=0):
    """Find classes, training and validation images in a folder.

    Two layouts: ``root/train/CLASS/*`` with ``root/val/CLASS/*`` (a ``root/test`` is left alone),
    or ``root/CLASS/*``, of which a part of each class is set aside for validation. Images may lie
    deeper inside a class. Entries whose name begins with a dot are ignored, files without an image
    extension too, and counted.

    Parameters
    ----------
    root : str or path
    val_fraction : float
        Of each class, between 0 and 1, at least one image on either side; only for the second
        layout.
    seed : int
        Of the draw; the same files and seed give the same split.

    Returns
    -------
    FolderScan

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        No such folder, no class in it, or a visible class folder without an image.
    PermissionError
        A folder that may not be read.
    ValueError
        Only one class, a class of one image that would have to be split, a class in ``val`` that
        ``train`` does not have, folders beside ``train`` and ``val``, or ``val_fraction`` outside
        (0, 1).
    """
    root = os.path.expanduser(os.fspath(root))
    if not 0 < val_fraction < 1:
        raise ValueError(f"val_fraction must lie between 0 and 1, got {val_fraction}")
    if not os.path.isdir(root):
        kind = NotADirectoryError if os.path.exists(root) else FileNotFoundError
        raise kind(f"{root}: no such folder")
    if _is_split(root, list_top(root)[0]):
        return _scan_train_val(root)
    images, ignored = _scan_classes(root)
    scan = FolderScan(sorted(images), ignored=ignored)
    for label, name in enumerate(scan.classes):
        if len(images[name]) < 2:
            raise ValueError(
                f"{os.path.join(root, name)}: the class has a single image; a training and a "
                "validation image are needed"
            )
        train, val = split_class(images[name], val_fraction, f"{seed}/{name}")
        scan.train += [(path, label) for path in train]
        scan.val += [(path, label) for path in val]
    return scan


def _is_split(root, folders):
    """Whether the folders are train and val; ValueError if they only look like that."""
    lower, found = {name.lower() for name in folders}, ", ".join(folders)
    if {"train", "val"} <= set(folders):
        beside = ", ".join(name for name in folders if name not in _SPLITS)
        if beside:
            raise ValueError(
                f"{root}: found train and val, and beside them {beside}, which would be left out; "
                "move it elsewhere"
            )
        return True
    if "train" in lower and lower <= _SPLITS:
        raise ValueError(
            f"{root}: found {found}, which look like splits, but not both train and val; name "
            "them so, or give the folder of classes itself and the other one with --val"
        )
    return False


def _scan_train_val(root):
    train_root, val_root = os.path.join(root, "train"), os.path.join(root, "val")
    train, ignored = _scan_classes(train_root)
    val, ignored_too = _scan_classes(val_root, several=False)
    unknown = sorted(set(val) - set(train))
    if unknown:
        raise ValueError(f"{val_root}: classes that {train_root} lacks: {', '.join(unknown)}")
    scan = FolderScan(sorted(train), ignored=ignored + ignored_too)
    for label, name in enumerate(scan.classes):
        scan.train += [(path, label) for path in train[name]]
        # By name, never by position: a class missing in val must not shift the others.
        scan.val += [(path, label) for path in val.get(name, ())]
    return scan


def _scan_classes(root, several=True):
    """Dict from class to its image paths, and the number of files passed over."""
    names, beside = list_top(root)
    if not names:
        raise FileNotFoundError(
            f"{root}: no class folder in it; images are expected as {root}/CLASS/IMAGE"
        )
    if several and len(names) < 2:
        raise ValueError(f"{root}: only one class ({names[0]}); at least two are needed")
    images, ignored = {}, len(beside.images) + len(beside.others)
    for name in names:
        found = list_images(os.path.join(root, name))
        images[name] = found.images
        ignored += len(found.others)
        if not images[name]:
            raise FileNotFoundError(
                f"{os.path.join(root, name)}: no image in this class folder "
                f"(extensions: {', '.join(EXTENSIONS)})"
            )
    return images, ignored


def split_class(paths, fraction, key):
    """Draw ``fraction`` of the paths; both parts keep the order and at least one element."""
    count = min(max(round(len(paths) * fraction), 1), len(paths) - 1)
    # Bytes are hashed with sha512: the same on every machine and Python version.  File names
    # need not be text.
    draw = random.Random(key.encode("utf-8", "surrogateescape"))
    chosen = set(draw.sample(range(len(paths)), count))
    train = [path for i, path in enumerate(paths) if i not in chosen]
    return train, [path for i, path in enumerate(paths) if i in chosen]
