"""What a report tells about a run or an evaluation, gathered; `report_html` makes a page of it.

    report = run_report(run)                    # after FinetuneRun.train
    write_bytes(run.path("report.html"), render(report))

A report costs one pass over the validation images with the best model, if `examine_best` gave
one; all else is known already.
"""

import os
import platform
import shlex
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import minitorch
from minitorch.training.report.pictures import thumbnail
from minitorch.utils.digest import sha256_of

__all__ = ["Mistake", "Report", "environment", "evaluation_report", "examination_loader",
           "examine_best", "list_mistakes", "run_report", "write_run_report"]

MISTAKES = 24


@dataclass
class Mistake:
    """A wrong guess.

    Attributes
    ----------
    name : str
        Of the image: its path below the data's folder, or its number.
    truth, guess : str
    probability, truth_probability : float
        What the model gave to the two.
    thumbnail : PIL.Image.Image or None
        None if the image cannot be read any more.
    """

    name: str
    truth: str
    guess: str
    probability: float
    truth_probability: float
    thumbnail: object


@dataclass
class Report:
    """The parts of a report; what is empty or None is left out of the page.

    Attributes
    ----------
    title, status : str
        What it is about, and how it ended.
    figures : list of (str, str)
        The few numbers that matter, with their names.
    facts : list of (str, str)
    commands : list of (str, str)
        What one may do next, and the command line that does it.
    history : list of dict
        As `minitorch.training.history_row` makes them.
    notes : list of str
        Remarks and warnings that were given.
    unreadable : dict of str to str
        Files that could not be read, and why.
    counts : dict of str to sequence of int
        Images of each class, by split.
    examination : Examination or None
    mistakes : list of Mistake
    settings : dict
    environment : list of (str, str)
    files : list of (str, int, str)
        Name, bytes, SHA-256.
    """

    title: str
    status: str
    classes: list
    figures: list = field(default_factory=list)
    facts: list = field(default_factory=list)
    commands: list = field(default_factory=list)
    history: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    unreadable: dict = field(default_factory=dict)
    counts: dict = field(default_factory=dict)
    examination: object = None
    mistakes: list = field(default_factory=list)
    settings: dict = field(default_factory=dict)
    environment: list = field(default_factory=list)
    files: list = field(default_factory=list)


# -- a run --------------------------------------------------------------------------------------
def examine_best(run, on_step=None, stop=None):
    """Let the best model of a `FinetuneRun` guess the validation images.

    Parameters
    ----------
    run : FinetuneRun
        Its ``best.safetensors`` is read.
    on_step, stop : callable, optional
        As in `minitorch.training.report.examination.examine`.

    Returns
    -------
    Examination
    """
    from minitorch.training import model_io
    from minitorch.training.report import examination
    from minitorch.training.run.folder import BEST
    from minitorch.training.weights import HEAD
    model, info = model_io.load_model(run.path(BEST))
    truth = [target for _, target in run.data.val]
    if run.features is not None:
        # The trunk is the one that made the features; the head alone differs.
        loader = run.features.validation_batches(run.val_loader.batch_sampler,
                                                 range(len(truth)))
        model = model.get_submodule(HEAD)
    else:
        loader = examination_loader([source for source, _ in run.data.val], info,
                                    run.val_loader.batch_sampler, run.settings.workers,
                                    run.problems)
    return examination.examine(model, loader, info.classes, truth, on_step=on_step, stop=stop)


def examination_loader(sources, info, batches, workers, problems):
    """A loader of (inputs, places) of images, as `examine` reads them."""
    from minitorch.training.data import ImageList, make_loader
    # The place in the list stands where the class would.
    images = ImageList([(source, place) for place, source in enumerate(sources)],
                       info.preprocessing.transform(), info.preprocessing.exif, problems)
    return make_loader(images, batches, workers)


def write_run_report(run, finished=True, on_step=None, stop=None):
    """Write ``report.html`` into the folder of a `FinetuneRun`.

    Parameters
    ----------
    run : FinetuneRun
    finished : bool
        If not, the best model is not asked again, and the report holds what is known.
    on_step, stop : callable, optional
        Of the pass over the validation images.
    """
    from minitorch.training.files import write_bytes
    from minitorch.training.report.page import render
    from minitorch.training.run.folder import BEST, REPORT
    found = None
    if finished and run.path(BEST).is_file():
        found = examine_best(run, on_step, stop)
        found = found if found.finished else None
    write_bytes(run.path(REPORT), render(run_report(run, found, finished=finished)))


def run_report(run, found=None, *, finished=True, mistakes=MISTAKES):
    """The `Report` of a finetuning run.

    Parameters
    ----------
    run : FinetuneRun
    found : Examination, optional
        From `examine_best`; without it there are no confusion matrix, classes and mistakes.
    finished : bool
        Whether all epochs are done.
    mistakes : int
        How many are shown.
    """
    from minitorch.training.run.folder import BEST, CHECKPOINT, CONFIG, CURVES, METRICS
    settings, data, state = run.settings, run.data, run.state
    status = (f"complete, {state.epoch} of {settings.epochs} epochs" if finished else
              f"stopped in epoch {state.epoch + 1} of {settings.epochs}")
    root = None if settings.data == "digits" else settings.data
    report = Report(f"{settings.arch} on {_base_name(data.name)}", status, list(data.classes),
                    history=list(state.history),
                    notes=[*run.folder.notes, *run.notes, *run.warnings],
                    unreadable=dict(run.problems.reasons), environment=environment(),
                    settings=settings.to_dict(),
                    counts={"training": _per_class(data.train, data.classes),
                            "validation": _per_class(data.val, data.classes)})
    report.figures = _best_figures(state.best) + _figures(found)
    report.facts = _run_facts(run)
    best = run.path(BEST)
    if best.is_file():
        report.commands = _commands(best)
    if not finished:
        report.commands.append(("go on with this run", _line(
            "minitorch finetune --output", run.output, "--resume")))
    if found is not None:
        report.examination = found
        report.mistakes = list_mistakes(found, [source for source, _ in data.val], mistakes,
                                        root, settings.exif)
    report.files = _files(run.output, (BEST, CHECKPOINT, CONFIG, METRICS, CURVES))
    return report


def _best_figures(best):
    if best is None:
        return []
    return [("best epoch", str(best["epoch"])),
            ("validation accuracy", percent(best["accuracy"])),
            ("validation loss", f"{best['loss']:.4f}")]


def _figures(found):
    """What an examination adds to accuracy and loss."""
    if found is None or not found.images:
        return []
    scores = found.scores
    figures = [("macro F1", percent(scores.average("macro")["f1"])),
               ("balanced accuracy", percent(scores.balanced_accuracy))]
    top = found.guesses.shape[1]
    if 1 < top < len(found.classes):
        figures.append((f"top-{top} accuracy", percent(found.top_accuracy(top))))
    return figures


def _run_facts(run):
    settings, data = run.settings, run.data
    total = sum(p.numel() for p in run.model.parameters())
    trained = sum(p.numel() for p in run.model.parameters() if p.requires_grad)
    weights = run.info.provenance.get("weights", {})
    seconds = sum(row["seconds"] for row in run.state.history)
    return [("model", f"{settings.arch}, {total:,} parameters, {trained:,} of them trained "
                      f"({settings.train})"),
            ("started from", str(weights.get("source") or weights.get("name") or "random numbers")),
            ("data", data.name),
            ("classes", str(len(data.classes))),
            ("images", f"{len(data.train):,} to train on, {len(data.val):,} to validate"),
            ("input", f"{settings.image_size} × {settings.image_size} pixels, batches of "
                      f"{settings.batch_size}"),
            ("time of the epochs", duration(seconds)),
            ("written", time.strftime("%Y-%m-%d %H:%M:%S %z"))]


# -- an evaluation ------------------------------------------------------------------------------
def evaluation_report(model_path, info, folder, found, mistakes, *, problems=None, files=()):
    """The `Report` of an evaluation of a model file.

    Parameters
    ----------
    model_path : str or os.PathLike
    info : ModelInfo
    folder : str or os.PathLike
        Whose images were examined.
    found : Examination
    mistakes : list of Mistake
    problems : ReadProblems, optional
    files : iterable of str or os.PathLike
        Written beside the report.
    """
    counts = np.bincount(found.truth[found.seen], minlength=len(info.classes))
    report = Report(f"{info.arch} on {_base_name(folder)}",
                    "evaluation" if found.finished else "evaluation, stopped before its end",
                    list(info.classes), examination=found, mistakes=list(mistakes),
                    counts={"images": counts}, environment=environment(),
                    unreadable=dict(problems.reasons) if problems is not None else {})
    report.figures = [("accuracy", percent(found.accuracy)), ("loss", f"{found.loss:.4f}"),
                      *_figures(found)]
    trained = info.provenance.get("data", {})
    report.facts = [("model", f"{info.arch}, {os.fspath(model_path)}"), ("data", str(folder)),
                    ("images", f"{found.images:,}"), ("classes", str(len(info.classes))),
                    ("trained on", str(trained.get("name", "unknown"))),
                    ("written", time.strftime("%Y-%m-%d %H:%M:%S %z"))]
    report.settings = {"preprocessing": info.preprocessing.to_dict(),
                       **info.provenance.get("settings", {})}
    report.commands = _commands(model_path)[:1]
    report.files = [entry for path in [model_path, *files]
                    for entry in _files(Path(path).parent, [Path(path).name])]
    return report


def list_mistakes(found, sources, limit=MISTAKES, root=None, exif=True):
    """The worst mistakes, those first to which the model gave the truth the least probability.

    Parameters
    ----------
    found : Examination
    sources : list of str, os.PathLike or PIL.Image.Image
        The images, in the examination's order.
    limit : int
    root : str or os.PathLike, optional
        Names are given below this folder.
    exif : bool
        Turn thumbnails upright.

    Returns
    -------
    list of Mistake
    """
    listed = []
    for place in found.mistakes(limit):
        source = sources[place]
        named = isinstance(source, (str, os.PathLike))
        name = _below(source, root) if named else f"image {place + 1}"
        listed.append(Mistake(name, found.classes[found.truth[place]],
                              found.classes[found.guesses[place, 0]],
                              float(found.probabilities[place, 0]),
                              float(found.truth_probabilities[place]),
                              thumbnail(source, exif)))
    return listed


def _below(path, root):
    if root is None:
        return os.fspath(path)
    prefix = os.path.join(os.fspath(root), "")
    return os.fspath(path).removeprefix(prefix)


# -- pieces -------------------------------------------------------------------------------------
def environment():
    """What computed: ``(name, value)`` pairs of versions and machine, without its name."""
    import PIL

    from minitorch import backends
    return [("minitorch", minitorch.__version__),
            ("Python", platform.python_version()),
            ("NumPy", np.__version__),
            ("Pillow", PIL.__version__),
            ("system", platform.platform()),
            ("processor", _processor()),
            ("threads that compute", str(minitorch.get_num_threads())),
            ("instruction set", backends.isa())]


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.lower().startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _files(folder, names):
    entries = []
    for name in names:
        path = Path(folder) / name
        if path.is_file():
            entries.append((name, path.stat().st_size, sha256_of(path)))
    return entries


def _commands(model_path):
    return [("classify images", _line("minitorch predict", model_path, "IMAGES...")),
            ("measure on other images", _line("minitorch evaluate", model_path, "DIR"))]


def _line(program, path, rest):
    return f"{program} {shlex.quote(os.fspath(path))} {rest}"


def _per_class(samples, classes):
    return np.bincount([target for _, target in samples], minlength=len(classes))


def _base_name(path):
    return os.path.basename(os.path.normpath(os.fspath(path))) or os.fspath(path)


def percent(share):
    """``"98.33 %"``; a dash for NaN."""
    return "–" if share != share else f"{100 * share:.2f} %"


def duration(seconds):
    """``"4.2 s"``, ``"3 min 20 s"``, ``"2 h 5 min"``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
