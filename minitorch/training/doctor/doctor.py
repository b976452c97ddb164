"""The data doctor: looks at every image of a folder before a network does."""

import os
from collections import Counter
from dataclasses import dataclass, field

from minitorch.training.doctor.findings import LEVELS, PROBLEM, WARNING, all_findings
from minitorch.training.doctor.manifest import Manifest, examine_images
from minitorch.training.doctor.survey import TRAIN, VAL, survey_folder

__all__ = ["Checkup", "ClassCount", "check_folder"]


@dataclass
class ClassCount:
    """The images of one class.

    Attributes
    ----------
    name : str
    train, val, unreadable : int
        Images on either side, unreadable ones included; and how many of both those are.
    weight : float
        What ``finetune --class-weights balanced`` gives it.
    """

    name: str
    train: int
    val: int
    unreadable: int
    weight: float


@dataclass
class Checkup:
    """What `check_folder` found.

    Attributes
    ----------
    root, val_root : str or None
        The folders of classes; `val_root` is None where the split was drawn.
    classes : list of ClassCount
    readable : int
        How many images can be used.
    known : int
        How many of the images had been examined before.
    majority : (str, float) or None
        The largest class of training, and its share of the validation images: what a network
        that always says its name would score.
    findings : list of Finding
        The worst first.
    """

    root: str
    val_root: str | None
    classes: list
    readable: int
    known: int
    majority: tuple | None
    findings: list = field(default_factory=list)

    @property
    def images(self):
        return sum(each.train + each.val for each in self.classes)

    def count(self, level):
        """The number of findings of a level."""
        return sum(finding.level == level for finding in self.findings)

    @property
    def verdict(self):
        """``"problem"``, ``"warning"`` or ``"clean"``."""
        return next((level for level in (PROBLEM, WARNING) if self.count(level)), "clean")

    def to_dict(self):
        """What JSON can hold; the keys are documented in ``minitorch check --help``."""
        from dataclasses import asdict
        majority = None if self.majority is None else dict(
            zip(("class", "accuracy"), self.majority, strict=True))
        return {"folder": self.root, "val_folder": self.val_root, "images": self.images,
                "readable": self.readable, "train": sum(each.train for each in self.classes),
                "val": sum(each.val for each in self.classes),
                "classes": [asdict(each) for each in self.classes], "majority": majority,
                "verdict": self.verdict,
                "counts": {level: self.count(level) for level in LEVELS},
                "findings": [asdict(each) for each in self.findings]}


def check_folder(root, *, val=None, val_fraction=0.2, seed=0, image_size=224, workers=2,
                 fresh=False, on_image=None):
    """Decode every image of a folder and tell what would break or spoil a training run.

    Parameters
    ----------
    root : str or os.PathLike
        Holds a folder of images for each class, or ``train`` and ``val`` of such folders.
    val : str or os.PathLike, optional
        A second folder of class folders, to validate with.
    val_fraction, seed
        Of the split, where it is drawn: as for the run.
    image_size : int
        Pixels along the side of what the network sees.
    workers : int
        Threads that decode.
    fresh : bool
        Decode all images, those too that have not changed since they were examined last.
    on_image : callable, optional
        ``on_image(done, total, facts)`` after each image.

    Returns
    -------
    Checkup

    Raises
    ------
    DataError
        No such folder, or one that may not be read.
    """
    survey = survey_folder(root, val, val_fraction, seed)
    known = _examine(survey, root, val, workers, fresh, on_image)
    return Checkup(survey.root, survey.val_root, _count(survey),
                   sum(facts.reason is None for facts in survey.facts.values()), known,
                   _majority(survey), all_findings(survey, image_size))


def _examine(survey, root, val, workers, fresh, on_image):
    """Fill ``survey.facts``; return how many were known."""
    total, known = len(survey.images()), 0
    for folder in (root, val):
        splits = (TRAIN,) if val is not None and folder is root else (TRAIN, VAL)
        if folder is None:
            continue
        paths = [path for path, split, _ in survey.images()
                 if split in splits and path not in survey.facts]
        manifest = Manifest(os.path.expanduser(folder))
        known += 0 if fresh else sum(manifest.get(path) is not None for path in paths)
        before = len(survey.facts)

        def progress(done, facts, before=before):
            if on_image is not None:
                on_image(before + done, total, facts)

        try:
            survey.facts |= examine_images(paths, manifest, workers, progress, fresh)
        except BaseException:
            manifest.save()     # what was decoded before Ctrl-C need not be decoded again
            raise
        manifest.save(keep=paths)
    return known


def _count(survey):
    from minitorch.training.losses import balanced_weights
    names = sorted({name for _, name in survey.paths})
    targets = [names.index(name) for name in survey.classes for _ in survey.of(TRAIN, name)]
    weights = balanced_weights(targets, len(names))
    return [ClassCount(name, len(survey.of(TRAIN, name)), len(survey.of(VAL, name)),
                       sum(survey.facts[path].reason is not None
                           for split in (TRAIN, VAL) for path in survey.of(split, name)), weight)
            for name, weight in zip(names, weights, strict=True)]


def _majority(survey):
    trained = Counter({name: len(survey.readable(TRAIN, name)) for name in survey.classes})
    judged = Counter({name: len(survey.readable(VAL, name)) for name in survey.classes})
    if not judged.total() or not trained.total():
        return None
    name = trained.most_common(1)[0][0]
    return name, judged[name] / judged.total()
