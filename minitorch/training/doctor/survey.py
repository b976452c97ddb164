"""What lies in a folder of images, told without refusing anything.

`minitorch.datasets.scan_folder` takes a folder or raises; the data doctor wants to see all that is
wrong at once.  Both walk by `minitorch.datasets.listing` and draw by the same function, so the
split seen here is the one that a run with the same seed trains on.
"""

import os
from dataclasses import dataclass, field

from minitorch.datasets.images import split_class
from minitorch.datasets.listing import Listing, list_images, list_top
from minitorch.training.errors import DataError

__all__ = ["Survey", "survey_folder"]

TRAIN, VAL = "train", "val"
_SPLITS = {"train", "val", "valid", "validation", "test"}


@dataclass
class Survey:
    """The images of a folder by class and split, and what else lies there.

    Attributes
    ----------
    root, val_root : str or None
        The folders of class folders; `val_root` is None where the split is drawn.
    paths : dict of (str, str) to list of str
        The images by split (``"train"``, ``"val"``) and class; the list may be empty.
    found : Listing
        What lies within the class folders besides; its `images` stays empty.
    beside : list of str
        Files beside the class folders.
    refusals : list of (str, str)
        What a training run would refuse, and what to do about it.
    facts : dict of str to ImageFacts
        Filled by the doctor, for each image.
    """

    root: str
    val_root: str | None
    paths: dict = field(default_factory=dict)
    found: Listing = field(default_factory=Listing)
    beside: list = field(default_factory=list)
    refusals: list = field(default_factory=list)
    facts: dict = field(default_factory=dict)

    @property
    def classes(self):
        """Sorted names of the classes that train."""
        return sorted(name for split, name in self.paths if split == TRAIN)

    def of(self, split, name):
        """The paths of a class in a split."""
        return self.paths.get((split, name), [])

    def images(self):
        """Tuples (path, split, class) of all images."""
        return [(path, split, name) for (split, name), paths in self.paths.items()
                for path in paths]

    def readable(self, split, name):
        """The paths of a class in a split whose files can be used."""
        return [path for path in self.of(split, name) if self.facts[path].reason is None]


def survey_folder(root, val=None, val_fraction=0.2, seed=0):
    """Find the images of a folder, as `minitorch.training.folder_data` would split them.

    Parameters
    ----------
    root : str or os.PathLike
    val : str or os.PathLike, optional
        A folder of class folders that validates; all of `root`, or of ``root/train``, trains.
    val_fraction, seed
        See `minitorch.datasets.scan_folder`.

    Returns
    -------
    Survey

    Raises
    ------
    DataError
        No such folder, or one that may not be read.
    """
    root = _folder(root)
    val = None if val is None else _folder(val)
    try:
        folders, beside = list_top(root)
        is_split = {TRAIN, VAL} <= set(folders)
        survey = Survey(root, val)
        if is_split:
            survey.root = os.path.join(root, TRAIN)
            survey.val_root = val or os.path.join(root, VAL)
            survey.beside += beside.images + beside.others
            survey.found.hidden += beside.hidden
        _check_layout(survey, root, folders, is_split)
        _list_split(survey, TRAIN, survey.root)
        if survey.val_root is None:
            _draw(survey, val_fraction, seed)
        else:
            _list_split(survey, VAL, survey.val_root)
    except OSError as error:
        raise DataError(f"{error.filename}: {error.strerror}") from error
    _check_classes(survey)
    return survey


def _folder(path):
    path = os.path.expanduser(os.fspath(path))
    if not os.path.isdir(path):
        what = "is not a folder" if os.path.exists(path) else "does not exist"
        raise DataError(f"{path} {what}; expected a folder with one folder of images per class")
    return path


def _check_layout(survey, root, folders, is_split):
    lower, found = {name.lower() for name in folders}, ", ".join(folders)
    beside = [name for name in folders if name not in _SPLITS]
    if is_split and beside:
        survey.refusals.append((f"{root} holds train and val, and beside them {', '.join(beside)}",
                                "move what is beside them elsewhere"))
    elif not is_split and "train" in lower and lower <= _SPLITS:
        survey.refusals.append((f"{root} holds {found}, which look like splits, but not both "
                                "train and val", "name them train and val, or give the folder of "
                                "classes as DIR and the other one with --val"))
    if not is_split and survey.val_root is not None and _lies_in(survey.val_root, root):
        same = os.path.realpath(survey.val_root) == os.path.realpath(root)
        survey.refusals.append(
            (f"{survey.val_root} cannot validate what is trained on: it is the same folder",
             "leave --val out, and a share of each class validates") if same else
            (f"{survey.val_root} lies in {root}, where it would count as a class",
             "move it elsewhere"))


def _lies_in(folder, root):
    folder, root = os.path.realpath(folder), os.path.realpath(root)
    return os.path.commonpath([folder, root]) == root


def _list_split(survey, split, root):
    names, beside = list_top(root)
    survey.beside += beside.images + beside.others
    survey.found.hidden += beside.hidden
    if not names:
        survey.refusals.append((f"{root} has no class folder",
                                f"images are expected as {root}/CLASS/IMAGE"))

    def unreadable(error):
        survey.refusals.append((f"{error.filename}: {error.strerror}",
                                "give yourself the permission to read it"))

    for name in names:
        listed = list_images(os.path.join(root, name), unreadable)
        survey.paths[split, name] = listed.images
        survey.found.others += listed.others
        survey.found.hidden += listed.hidden
        survey.found.loops += listed.loops


def _draw(survey, val_fraction, seed):
    for name in survey.classes:
        paths = survey.of(TRAIN, name)
        if len(paths) > 1:
            train, val = split_class(paths, val_fraction, f"{seed}/{name}")
            survey.paths[TRAIN, name], survey.paths[VAL, name] = train, val
        elif paths:
            survey.refusals.append((f"the class {name!r} has a single image, and cannot be split",
                                    "add images to it, or take the class away"))


def _check_classes(survey):
    if len(survey.classes) == 1:
        survey.refusals.append((f"there is only one class, {survey.classes[0]!r}",
                                "at least two are needed"))
    for (split, name), paths in survey.paths.items():
        if not paths:
            folder = os.path.join(survey.root if split == TRAIN else survey.val_root, name)
            survey.refusals.append((f"the class folder {folder} has no image",
                                    "add images to it, or take it away"))
        if split == VAL and (TRAIN, name) not in survey.paths:
            from minitorch.training.naming import did_you_mean
            survey.refusals.append((f"the class {name!r} is in {survey.val_root} only"
                                    f"{did_you_mean(name, survey.classes)}",
                                    f"name it as in {survey.root}, or take it away"))
