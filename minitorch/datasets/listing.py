"""Which files of a folder are images, and what else lies there.

The one walk that training, evaluation and the data doctor share: what one of them sees, the
others see too.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from minitorch.datasets.folder import IMG_EXTENSIONS, has_file_allowed_extension

__all__ = ["EXTENSIONS", "Listing", "is_hidden", "list_images", "list_top"]

# torchvision's ImageFolder knows no .gif; load_image reads its first frame, so the commands do.
EXTENSIONS = (*IMG_EXTENSIONS, ".gif")

# What systems leave behind: the rests of macOS archives, thumbnails of network drives, bins.
_SYSTEM_FOLDERS = {"__macosx", "@eadir", "$recycle.bin", "system volume information",
                   "lost+found"}
_SYSTEM_FILES = {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"}


@dataclass
class Listing:
    """What lies in a folder.

    Attributes
    ----------
    images : list of str
        Visible files with an image's extension, in order.
    others : list of str
        Visible files without.
    hidden : list of str
        Files and folders whose name begins with a dot, and those that systems leave behind.
    loops : list of str
        Links to a folder above, or to one that was listed already; not followed.
    """

    images: list = field(default_factory=list)
    others: list = field(default_factory=list)
    hidden: list = field(default_factory=list)
    loops: list = field(default_factory=list)


def is_hidden(name, is_folder=False):
    """Whether a file or folder is none of the user's: ``.DS_Store``, ``Thumbs.db``, ..."""
    return (name.startswith(".")
            or name.lower() in (_SYSTEM_FOLDERS if is_folder else _SYSTEM_FILES))


def list_images(folder, onerror=None):
    """Walk a folder and everything below it.

    Parameters
    ----------
    folder : str
    onerror : callable, optional
        Called with the OSError of a folder that may not be read; default: it is raised.

    Returns
    -------
    Listing
    """
    found = Listing()
    # A link to a folder above this one would bring the other classes' images into this class.
    seen = {str(above) for above in Path(os.path.realpath(folder)).parents}
    for root, folders, files in os.walk(folder, onerror=onerror or raise_it, followlinks=True):
        real = os.path.realpath(root)
        if real in seen:
            found.loops.append(root)
            folders.clear()
            continue
        seen.add(real)
        found.hidden += [os.path.join(root, name) for name in sorted(folders)
                         if is_hidden(name, True)]
        folders[:] = sorted(name for name in folders if not is_hidden(name, True))
        for name in sorted(files):
            _place(found, root, name)
    return found


def _place(found, root, name):
    if is_hidden(name):
        kind = found.hidden
    elif has_file_allowed_extension(name, EXTENSIONS):
        kind = found.images
    else:
        kind = found.others
    kind.append(os.path.join(root, name))


def list_top(root):
    """The class folders of `root`, and the files that lie beside them.

    Returns
    -------
    folders : list of str
        Names of the visible folders, sorted.
    beside : Listing
        The files beside them, which belong to no class, and what is hidden.
    """
    folders, beside = [], Listing()
    with os.scandir(root) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if not entry.is_dir():
                _place(beside, root, entry.name)
            elif is_hidden(entry.name, True):
                beside.hidden.append(entry.path)
            else:
                folders.append(entry.name)
    return folders, beside


def raise_it(error):
    """For ``os.walk``, which passes over folders that it may not read."""
    raise error
