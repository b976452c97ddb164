"""The data doctor's rules: what is wrong with a folder of images, how bad it is, what helps."""

import unicodedata
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from minitorch.training.doctor.survey import TRAIN, VAL

__all__ = ["Finding", "LEVELS", "all_findings"]

PROBLEM, WARNING, REMARK = LEVELS = ("problem", "warning", "remark")

_FEW = 10               # images; fewer of a class teach little
_IMBALANCE = 10         # times as many images of one class as of another
_LARGE_GAP = 3
# A property that tells this share of what guessing the largest class leaves open is a cue; a value
# of it that fewer images have tells nothing.
_CUE, _CUE_IMAGES = 0.7, 5
_GREY = 3               # grey levels by which the channels of a grey photograph may differ

# Oddities of readable images: kind, level, what they are, what the tool does with them.
_ODDITIES = (
    ("one colour", WARNING, "of one colour only", "they teach nothing; are they meant?"),
    ("very large", REMARK, "of more than 50 million pixels",
     "decoding them takes seconds in every epoch; smaller copies train as well"),
    ("extension", REMARK, "of another format than the name says",
     "the content counts, so they are read all the same"),
    ("animated", REMARK, "of several frames", "the first frame is used"),
    ("CMYK", REMARK, "in CMYK", "converted to RGB; print colours look a little different"),
    ("16-bit", REMARK, "of 16 or more bits", "scaled to 8 bits"),
    ("float", REMARK, "of floating point numbers",
     "each is scaled from its own range to 8 bits, so brightness cannot be compared"),
    ("transparent", REMARK, "with transparent pixels", "laid on white"),
    ("palette", REMARK, "with a palette", "turned into their colours"),
    ("rotated", REMARK, "with an EXIF orientation other than upright",
     "turned upright, unless finetune is given --no-exif"),
)


@dataclass
class Finding:
    """One thing that the doctor found.

    Attributes
    ----------
    kind : str
        One word or two, for programs: ``"unreadable"``, ``"leak"``, ...
    level : {"problem", "warning", "remark"}
    text : str
        What was found.
    advice : str
        What helps, or what the tool does with it.
    items : list of dict
        The files or classes concerned; what JSON can hold.
    """

    kind: str
    level: str
    text: str
    advice: str = ""
    items: list = field(default_factory=list)


def all_findings(survey, image_size):
    """All findings about an examined `Survey`, the worst first."""
    found = [*_refusals(survey), *_unreadable(survey), *_copies(survey), *_look_alikes(survey),
             *_classes(survey), *_cues(survey), *_oddities(survey), *_small(survey, image_size),
             *_litter(survey)]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def _plural(count, word, plural=None):
    return f"{count} {word if count == 1 else plural or word + 's'}"


# -- files --------------------------------------------------------------------------------------
def _refusals(survey):
    for text, advice in survey.refusals:
        yield Finding("refused", PROBLEM, f"finetune would refuse: {text}", advice)


def _unreadable(survey):
    items = [{"path": path, "class": name, "split": split, "reason": survey.facts[path].reason,
              "kind": survey.facts[path].kind}
             for path, split, name in survey.images() if survey.facts[path].reason is not None]
    if items:
        kinds = Counter(item["kind"] for item in items)
        listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        yield Finding("unreadable", PROBLEM,
                      f"{_plural(len(items), 'file')} cannot be used ({listed})",
                      "replace or remove them; finetune leaves them out and says so "
                      "(--bad-images skip), or stops (--bad-images fail)", items)


def _oddities(survey):
    found = {}
    for path, split, name in survey.images():
        for kind in survey.facts[path].oddities:
            found.setdefault(kind, []).append(
                {"path": path, "class": name, "split": split,
                 "mode": survey.facts[path].mode, "format": survey.facts[path].format})
    for kind, level, what, advice in _ODDITIES:
        if kind in found:
            yield Finding(kind, level, f"{_plural(len(found[kind]), 'image')} {what}", advice,
                          found[kind])


def _small(survey, image_size):
    items = [{"path": path, "class": name, "split": split, "width": facts.width,
              "height": facts.height}
             for path, split, name in survey.images()
             if (facts := survey.facts[path]).reason is None
             and min(facts.width, facts.height) < image_size]
    if items:
        yield Finding("small", REMARK, f"{_plural(len(items), 'image')} with a side of fewer than "
                      f"{image_size} pixels", "enlarged; a smaller --image-size trains faster",
                      items)


def _litter(survey):
    for kind, paths, what, advice in (
            ("beside", survey.beside, "beside the class folders",
             "they belong to no class and are left out; move them into one"),
            ("other files", survey.found.others, "without an image's extension",
             "left out; rename them if they are images"),
            ("hidden", survey.found.hidden, "hidden, or left behind by a system", "left out")):
        if paths:
            yield Finding(kind, WARNING if kind == "beside" else REMARK,
                          f"{_plural(len(paths), 'file or folder', 'files or folders')} {what}",
                          advice, [{"path": path} for path in paths])
    if survey.found.loops:
        yield Finding("loops", WARNING,
                      f"{_plural(len(survey.found.loops), 'link')} back into the tree",
                      "not followed, as they would bring images in twice",
                      [{"path": path} for path in survey.found.loops])


# -- copies ---------------------------------------------------------------------------------------
def _copies(survey):
    """Images with equal pixels, whatever their files are like."""
    from minitorch.datasets.duplicates import equal_groups
    images = [each for each in survey.images() if survey.facts[each[0]].pixels]
    groups = [[images[index] for index in group]
              for group in equal_groups([survey.facts[path].pixels for path, *_ in images])]
    yield from _sorted_out(survey, groups, near=False)


def _look_alikes(survey):
    """Images that differ in pixels and look the same."""
    from minitorch.datasets.duplicates import Groups, near_pairs
    by_pixels = {}
    for each in survey.images():
        if survey.facts[each[0]].pixels:
            by_pixels.setdefault(survey.facts[each[0]].pixels, []).append(each)
    copies = list(by_pixels.values())
    facts = [survey.facts[group[0][0]] for group in copies]
    if len(facts) < 2:
        return
    pairs = near_pairs(np.array([int(each.hash, 16) for each in facts], np.uint64),
                       np.stack([each.thumbnail() for each in facts]),
                       np.array([each.width / each.height for each in facts]))
    alike = Groups(len(facts))
    for first, second in pairs.tolist():
        alike.join(first, second)
    groups = [[each for index in group for each in copies[index]] for group in alike.sets()]
    yield from _sorted_out(survey, groups, near=True)


def _sorted_out(survey, groups, near):
    """Findings about groups of equal or similar images: which labels and splits they cross."""
    conflicts, leaks, plain = [], [], []
    for group in groups:
        is_conflict = len({name for _, _, name in group}) > 1
        is_leak = len({split for _, split, _ in group}) > 1
        if is_conflict:
            conflicts.append(group)
        if is_leak:
            leaks.append(group)
        if not (is_conflict or is_leak):
            plain.append(group)
    prefix = "near-" if near else ""
    one, many = ("looks", "look the same") if near else ("has", "have the same pixels")
    one += many.removeprefix("look").removeprefix("have")
    drawn = survey.val_root is None
    if conflicts:
        count = sum(map(len, conflicts))
        yield _about(survey, f"{prefix}conflict", WARNING if near else PROBLEM, conflicts,
                     f"{count} images {many} as one in another class",
                     "look at them: one of the two labels may be wrong" if near else
                     "decide for one class and remove the others: an image cannot be both")
    if leaks:
        count = sum(split == VAL for group in leaks for _, split, _ in group)
        total = sum(len(paths) for (split, _), paths in survey.paths.items() if split == VAL)
        yield _about(survey, f"{prefix}leak", WARNING if near else PROBLEM, leaks,
                     f"{count} of {total} validation images {one if count == 1 else many} as one "
                     "that is trained on",
                     "the validation accuracy flatters; remove the copies"
                     + ("" if drawn else " from one side"))
    if plain:
        count = sum(len(group) - 1 for group in plain)
        yield _about(survey, f"{prefix}copies", REMARK if near else WARNING, plain,
                     f"{_plural(count, 'image')} {one if count == 1 else many} as another of the "
                     "same class and split",
                     "they count twice in training; remove what is not meant")


def _about(survey, kind, level, groups, text, advice):
    items = []
    for group in groups:
        contents = {survey.facts[path].content for path, *_ in group}
        pixels = {survey.facts[path].pixels for path, *_ in group}
        same = "bytes" if len(contents) == 1 else "pixels" if len(pixels) == 1 else "look"
        items.append({"same": same, "files": [
            {"path": path, "class": name, "split": split} for path, split, name in group]})
    return Finding(kind, level, text, advice, items)


# -- classes --------------------------------------------------------------------------------------
def _classes(survey):
    trained = {name: len(survey.readable(TRAIN, name)) for name in survey.classes}
    yield from _names(survey)
    yield from _without_images(survey, trained)
    few = {name: count for name, count in trained.items() if 0 < count < _FEW}
    if few:
        yield Finding("few", WARNING,
                      f"{_plural(len(few), 'class', 'classes')} with fewer than {_FEW} images to "
                      "train on", "more images help more than any setting",
                      [{"class": name, "images": count} for name, count in few.items()])
    counts = [count for count in trained.values() if count]
    if counts and max(counts) >= _LARGE_GAP * min(counts):
        ratio = max(counts) / min(counts)
        yield Finding("imbalance", WARNING if ratio >= _IMBALANCE else REMARK,
                      f"the largest class has {ratio:.1f} times as many images as the smallest",
                      "--class-weights balanced or --sampler balanced makes up for it; judge by "
                      "--metric f1",
                      [{"class": name, "images": count} for name, count in trained.items()])


def _without_images(survey, trained):
    unusable = [name for name, count in trained.items() if not count and survey.of(TRAIN, name)]
    if unusable:
        yield Finding("unusable class", PROBLEM,
                      f"{_plural(len(unusable), 'class', 'classes')} without a readable image to "
                      "train on", "replace the images", [{"class": name} for name in unusable])
    missing = [name for name in survey.classes
               if survey.of(TRAIN, name) and not survey.readable(VAL, name)]
    if missing and len(survey.classes) > 1:
        yield Finding("not validated", WARNING,
                      f"{_plural(len(missing), 'class', 'classes')} without an image to validate "
                      "with", "the accuracy will say nothing about them",
                      [{"class": name} for name in missing])


def _cues(survey):
    """What tells the classes apart without looking at what the images show.

    A network learns the easiest thing that works: if all cats are PNG files of one size, it may
    know a cat by the rounding of its pixels.
    """
    images = [(survey.facts[path], name) for name in survey.classes
              for path in survey.readable(TRAIN, name)]
    for what, value in (("file format", lambda facts: facts.format),
                        ("size in pixels", lambda facts: (facts.width, facts.height)),
                        ("choice between grey and colour", _is_grey)):
        told = Counter((value(facts), name) for facts, name in images)
        right = 0
        for one in {value for value, _ in told}:
            counts = [count for (other, _), count in told.items() if other == one]
            right += max(counts) if sum(counts) >= _CUE_IMAGES else 0
        largest = max(Counter(name for _, name in images).values(), default=0)
        if images and right - largest >= _CUE * (len(images) - largest) > 0:
            yield Finding("cue", WARNING, f"the {what} alone tells the class of "
                          f"{100 * right / len(images):.0f} % of the training images",
                          "a network may learn that and not what the images show; bring all "
                          "classes to the same", [{"class": name} for name in survey.classes])


def _is_grey(facts):
    low, high = (part(facts.thumbnail(), axis=2).astype(int) for part in (np.min, np.max))
    return bool((high - low).max() <= _GREY)


def _names(survey):
    """Names that a person would take for one."""
    alike = {}
    for name in survey.classes:
        plain = unicodedata.normalize("NFKC", name).casefold()
        alike.setdefault("".join(char for char in plain if char.isalnum()), []).append(name)
    for key, names in alike.items():
        if key and len(names) > 1:
            yield Finding("names", WARNING,
                          "class names that differ only in case, spaces or signs: "
                          + ", ".join(map(repr, names)), "if they mean one class, move the images "
                          "into one folder", [{"class": name} for name in names])
