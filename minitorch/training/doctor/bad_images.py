"""What a run knows of its images before it reads them: files that are bad, copies that leak.

The image manifest remembers what `minitorch check`, or the start of an earlier run, found out.  A
file that is known to be bad is passed over as it would be when it failed to decode: the others
keep their places, so a run makes the same model whether it knew or not.
"""

from minitorch.training.data import counted_files
from minitorch.training.doctor.manifest import Manifest, examine_images
from minitorch.training.errors import DataError

__all__ = ["examine_first", "recall"]


def _with_manifests(data, settings):
    """Pairs of a folder's manifest and the samples that lie there."""
    if settings.data == "digits":
        return []
    if settings.val is None:
        return [(Manifest(settings.data), data.train + data.val)]
    return [(Manifest(settings.data), data.train), (Manifest(settings.val), data.val)]


def recall(data, settings, problems):
    """Tell `problems` which files are known to be bad, and look for known copies.

    Parameters
    ----------
    data : DataSplit
    settings : FinetuneSettings
    problems : ReadProblems

    Returns
    -------
    list of str
        Notes for the user.
    """
    notes, pixels = [], {}
    if settings.data == "digits":
        return notes
    for manifest, samples in _with_manifests(data, settings):
        for path, _ in samples if len(manifest) else ():
            facts = manifest.get(path)
            if facts is not None:
                pixels[path] = facts.pixels
                # Without the EXIF orientation a file is read in another way.
                if facts.reason is not None and settings.exif:
                    problems.add_known(path, facts.reason)
    if problems:
        notes.append(f"{counted_files(len(problems))} known to be unreadable, and left out")
    trained = {pixels[path] for path, _ in data.train if pixels.get(path)}
    copies = sum(pixels.get(path) in trained for path, _ in data.val)
    if copies:
        notes.append(f"{copies} of {len(data.val)} validation images "
                     f"{'has' if copies == 1 else 'have'} the pixels of one that is trained on, "
                     "so the accuracy will flatter; 'minitorch check' lists them")
    return notes


def examine_first(data, settings, on_image=None):
    """Decode every image that the manifest does not know, as ``--bad-images`` asks.

    Parameters
    ----------
    data, settings
        As for `recall`.
    on_image : callable, optional
        ``on_image(done, total)`` after each image.

    Returns
    -------
    dict of str to str
        Reasons by path of the files that cannot be used.

    Raises
    ------
    DataError
        There are some, and ``--bad-images fail`` was given.
    """
    reasons, before = {}, 0
    total = len(data.train) + len(data.val)
    for manifest, samples in _with_manifests(data, settings):
        paths = [path for path, _ in samples]

        def progress(done, _, before=before):
            if on_image is not None:
                on_image(before + done, total)

        try:
            found = examine_images(paths, manifest, settings.workers, progress)
        finally:
            manifest.save()
        reasons |= {path: facts.reason for path, facts in found.items() if facts.reason}
        before += len(paths)
    if reasons and settings.bad_images == "fail":
        path, reason = next(iter(reasons.items()))
        others = len(reasons) - 1
        more = f" and {others} more" if others else ""
        raise DataError(f"--bad-images fail: {path} ({reason}){more} cannot be used; "
                        "--bad-images list names all, --bad-images skip leaves them out")
    return reasons
