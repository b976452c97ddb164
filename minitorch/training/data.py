"""Images for a run: which, of which class, for training or validation, and how they are read.

`folder_data` and `digits_data` decide who is in which split from names and the seed alone;
`make_loader` reads them in worker threads and leaves unreadable files out of their batch.
"""

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

import minitorch
from minitorch.training.errors import DataError
from minitorch.training.naming import did_you_mean, listed
from minitorch.training.sampling import derived_seed, shuffled
from minitorch.utils.data import DataLoader, Dataset

__all__ = ["DataSplit", "ImageList", "ReadProblems", "folder_data", "digits_data",
           "labelled_images", "make_loader", "part_of", "stratified_split"]


class ReadProblems:
    """The files that could not be read, each once; worker threads add, the main thread takes.

    Parameters
    ----------
    fatal : bool
        Such a file ends the run: `add` raises `DataError`.

    Attributes
    ----------
    reasons : dict of str to str
        By path.
    known : set of str
        Files that need not be tried.
    """

    def __init__(self, fatal=False):
        self.fatal, self.reasons, self.known = fatal, {}, set()
        self._fresh = []
        self._lock = threading.Lock()

    def __len__(self):
        return len(self.reasons)

    def add_known(self, path, reason):
        """Note a file that was found to be bad before."""
        self.known.add(path)
        self.add(path, reason)

    def add(self, path, reason):
        """Note a file that could not be read."""
        if self.fatal:
            raise DataError(f"--bad-images fail: {path}: {reason}")
        with self._lock:
            if path not in self.reasons:
                self.reasons[path] = reason
                self._fresh.append((path, reason))

    def take(self):
        """The ``(path, reason)`` pairs that came since the last call."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        return fresh


class ImageList(Dataset):
    """Images with their class, read when asked for.

    Parameters
    ----------
    samples : list of (source, int)
        A path, or a PIL image, with the index of its class.
    transform : callable, optional
        From PIL image to tensor.
    exif : bool
        Turn the image upright as its EXIF orientation says.
    problems : ReadProblems, optional
        With it an unreadable file is noted and its sample is None; without it `ImageError` is
        raised.
    """

    def __init__(self, samples, transform=None, exif=True, problems=None):
        self.samples, self.transform = samples, transform
        self.exif, self.problems = exif, problems

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        from minitorch.datasets.images import ImageError, check_sides, load_image
        source, target = self.samples[index]
        if not isinstance(source, (str, Path)):
            image = source
        elif self.problems is not None and str(source) in self.problems.known:
            return None
        else:
            try:
                image = load_image(source, exif=self.exif)
                check_sides(source, image)
            except (ImageError, OSError) as error:
                if self.problems is None:
                    raise
                self.problems.add(str(source), reason_of(error, source))
                return None
        return (image if self.transform is None else self.transform(image)), target


def counted_files(count):
    """``"1 file is"``, ``"2 files are"``."""
    return "1 file is" if count == 1 else f"{count} files are"


def reason_of(error, path):
    """Why `path` could not be read, without the path itself."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    reason = getattr(error, "reason", None) or str(error)
    return reason.removeprefix(f"{path}: ")


@dataclass
class DataSplit:
    """What a run trains on and is judged by.

    Attributes
    ----------
    name : str
    classes : list of str
        A sample's class is an index into it.
    train, val : list of (source, int)
    ignored : int
        Files without an image extension.
    notes : list of str
        What the user should know.
    sizes : dict of str to int, optional
        Bytes of each file, if they were recorded earlier.
    """

    name: str
    classes: list
    train: list
    val: list
    ignored: int = 0
    notes: list = field(default_factory=list)
    sizes: dict | None = None

    def manifest(self, root=None):
        """The classes and files in their order, as text; see `training.run.image_record`."""
        from minitorch.training.run.image_record import manifest_text
        return manifest_text(self, root)

    def digest(self, root=None):
        """A hash over the classes and files in their order.

        Equal digests mean: the same images in the same places, as far as names and sizes tell.
        """
        from minitorch.training.run.image_record import digest
        return digest(self.manifest(root))


def stratified_split(targets, fraction, seed=0):
    """Split indices so that each class keeps its share in both parts.

    Parameters
    ----------
    targets : sequence of int
        Class of each sample.
    fraction : float
        Share of the second part, between 0 and 1.  Of each class at least one sample goes to
        either part.
    seed : int

    Returns
    -------
    (list of int, list of int)
        Ascending.

    Raises
    ------
    ValueError
        A class has fewer than two samples, or `fraction` is not between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must lie between 0 and 1, got {fraction}")
    members = {}
    for index, target in enumerate(targets):
        members.setdefault(target, []).append(index)
    first, second = [], []
    for target, indices in members.items():
        if len(indices) < 2:
            raise ValueError(f"class {target} has one sample, and cannot be split in two")
        share = min(max(round(len(indices) * fraction), 1), len(indices) - 1)
        order = shuffled(len(indices), derived_seed(seed, "split", target))
        chosen = set(order[:share])
        for position, index in enumerate(indices):
            (second if position in chosen else first).append(index)
    return sorted(first), sorted(second)


def digits_data(val_fraction=0.2, seed=0):
    """The bundled handwritten digits as a `DataSplit`, stratified."""
    from minitorch.datasets.digits import Digits
    digits = Digits()
    samples = [(image.convert("RGB"), target) for image, target in map(digits.__getitem__,
                                                                       range(len(digits)))]
    train, val = stratified_split([target for _, target in samples], val_fraction, seed)
    return DataSplit("digits", list(digits.classes), [samples[i] for i in train],
                     [samples[i] for i in val])


def folder_data(root, val_fraction=0.2, seed=0, val=None):
    """Images in ``root/class/*`` (split here), or ``root/train`` and ``root/val``.

    Parameters
    ----------
    root : str or os.PathLike
    val_fraction : float
        Share of each class that validates, where there is no ``val`` folder.
    seed : int
        Decides which.
    val : str or os.PathLike, optional
        Folder with a folder of images for each class, matched by name: it validates, and all of
        `root` (or of ``root/train``) trains.

    Returns
    -------
    DataSplit

    Raises
    ------
    DataError
        No such folder, no or one class, a class without images or with one image, a class in
        ``val`` that is not in ``train``.
    """
    from minitorch.datasets.images import scan_folder
    root = Path(root)
    _check_folder(root)
    if val is not None:
        split = _with_own_val(root, Path(val))
    else:
        try:
            scan = scan_folder(root, val_fraction, seed)
        except (OSError, ValueError) as error:
            raise DataError(_in_words(error)) from error
        split = DataSplit(str(root), list(scan.classes), list(scan.train), list(scan.val),
                          scan.ignored)
    present = {target for _, target in split.val}
    missing = [name for index, name in enumerate(split.classes) if index not in present]
    if missing:
        split.notes.append(f"no image of {_listed(missing)} to validate with")
    return split


def _with_own_val(root, val):
    from minitorch.datasets.images import _is_split, _scan_classes
    from minitorch.datasets.listing import list_top
    try:
        if _is_split(str(root), list_top(root)[0]):
            top = root / "train"
        elif root.resolve() == val.resolve():
            raise DataError(f"{val} cannot validate what is trained on: it is the same folder")
        elif root.resolve() in val.resolve().parents:
            raise DataError(f"{val} lies in {root}, where it would count as a class")
        else:
            top = root
        images, ignored = _scan_classes(os.fspath(top))
    except (OSError, ValueError) as error:
        raise DataError(_in_words(error)) from error
    classes = sorted(images)
    train = [(path, label) for label, name in enumerate(classes) for path in images[name]]
    samples, more = labelled_images(val, classes)
    return DataSplit(str(root), classes, train, samples, ignored + more)


def part_of(samples, count, seed=0):
    """At most `count` of `samples`, in their order, each class keeping its share.

    Parameters
    ----------
    samples : list of (source, int)
    count : int
    seed : int
        Decides which.

    Raises
    ------
    DataError
        There are more classes than `count`; each keeps one sample at least.
    """
    members = {}
    for index, (_, target) in enumerate(samples):
        members.setdefault(target, []).append(index)
    if count < len(members):
        raise DataError(f"{count} training images do not give one to each of {len(members)} "
                        "classes")
    # Where a sample stands in its class's draw, from 0 to 1: the lowest of all classes are
    # taken, and so the same share of each.
    ranks = []
    for target, indices in members.items():
        order = shuffled(len(indices), derived_seed(seed, "part", target))
        ranks += [(place / len(indices), target, indices[index])
                  for place, index in enumerate(order)]
    return [samples[index] for index in sorted(index for *_, index in sorted(ranks)[:count])]


def _in_words(error):
    """An error without its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _check_folder(root):
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise DataError(f"{root} {what}; expected a folder with one folder of images per class")


def labelled_images(root, classes):
    """The images under ``root/class/``, matched to known classes by name.

    Parameters
    ----------
    root : str or os.PathLike
    classes : list of str

    Returns
    -------
    samples : list of (str, int)
        The int is an index into `classes`.
    ignored : int
        Files without an image extension.

    Raises
    ------
    DataError
        No such folder, no folder in it, a folder of another name or without images.
    """
    from minitorch.datasets.images import _scan_classes
    root = Path(root)
    _check_folder(root)
    try:
        images, ignored = _scan_classes(os.fspath(root), several=False)
    except (OSError, ValueError) as error:
        raise DataError(_in_words(error)) from error
    _check_known(root, sorted(images), classes)
    place = {name: index for index, name in enumerate(classes)}
    return [(path, place[name]) for name in sorted(images) for path in images[name]], ignored


def images_below(root):
    """Paths of all images under a folder, at any depth, sorted; hidden ones are left out.

    Raises OSError for a folder that may not be read.
    """
    from minitorch.datasets.listing import EXTENSIONS, is_hidden, raise_it
    found = []
    for folder, folders, names in os.walk(root, onerror=raise_it):
        folders[:] = sorted(name for name in folders if not is_hidden(name, True))
        found += [os.path.join(folder, name) for name in sorted(names)
                  if not is_hidden(name) and name.lower().endswith(EXTENSIONS)]
    return found


def _check_known(root, found, classes):
    unknown = [name for name in found if name not in classes]
    if unknown:
        raise DataError(f"{root}: no class is called {_listed(unknown)}"
                        f"{did_you_mean(unknown[0], classes)}; the classes are {_listed(classes)}")


def _listed(names):
    return listed([repr(str(name)) for name in names])


def collate_readable(samples, minimum=1):
    """Stack the samples that are not None; None if fewer than `minimum` are left."""
    samples = [sample for sample in samples if sample is not None]
    if len(samples) < minimum:
        return None
    images = minitorch.stack([image for image, _ in samples])
    return images, minitorch.tensor([target for _, target in samples], dtype=minitorch.int64)


def make_loader(dataset, batches, workers=0, minimum=1):
    """A DataLoader over an `ImageList` that leaves out what cannot be read.

    Parameters
    ----------
    dataset : ImageList
    batches : batch sampler
        For example `minitorch.training.EpochBatches`.
    workers : int
        Threads that read ahead; the batches are the same for any number.
    minimum : int
        A batch with fewer readable images is passed over (it comes as None): BatchNorm cannot
        train on one.
    """
    import functools
    # Its own generator: the loader draws a number from it at each pass, and the run's stream
    # of random numbers must not depend on how many passes were cut short.
    return DataLoader(dataset, batch_sampler=batches, num_workers=workers,
                      collate_fn=functools.partial(collate_readable, minimum=minimum),
                      generator=minitorch.Generator())
