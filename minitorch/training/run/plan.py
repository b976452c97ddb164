"""What a run would do, take and leave behind: measured on a few real steps, nothing written.

How the numbers come about:

- A batch is read and decoded in this thread, then the network takes a step on it once to warm up
  and a few times measured; the same for a batch of validation. Both are timed by the clock and by
  the processor time that they use.
- In a run, worker threads read ahead while the network computes. A step then takes as long as the
  slowest of: the computation alone, the reading spread over the workers, and the processor time
  of both spread over the processors. Without workers both follow each other.
- Memory is the highest that the system has seen of this process, after real steps with the real
  loader and its workers, with the copy of the best weights that a run keeps, and after writing
  the files into nothing. What a longer run adds, a frozen trunk's table of features, is added.
- Files: the bytes of the checkpoint, of the model and of a picture of curves are counted as they
  are written into nothing.

What is not in them: a disk that is slower than the decoding when images are read for the first
time, other programs on the machine, and images larger than those measured.
"""

import io
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import minitorch
from minitorch.training.checkpoint import checkpoint_of
from minitorch.training.errors import DataError
from minitorch.training.features import trunk_features, without_head
from minitorch.training.loop import evaluate, train_one_epoch
from minitorch.training.report.curves import draw_curves
from minitorch.training.run.folder import BEST, CHECKPOINT, CURVES, PREVIOUS, RUN_FILES
from minitorch.training.run.progress import frozen_epochs
from minitorch.training.weights import HEAD

__all__ = ["measured_plan", "missing_download"]

# Measured steps: two, and more of quick ones until a second is over.
_STEPS, _MOST_STEPS, _ENOUGH = 2, 30, 1.0


class _Counter:
    """A file that keeps the number of bytes only."""

    def __init__(self):
        self.position = self.size = 0

    def write(self, data):
        count = memoryview(data).nbytes
        self.position += count
        self.size = max(self.size, self.position)
        return count

    def tell(self):
        return self.position

    def seek(self, place, whence=os.SEEK_SET):
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: self.size}[whence]
        self.position = start + place
        return self.position

    def flush(self):
        pass


class _Cost:
    """Seconds by the clock and of the processors, from the median of measurements."""

    def __init__(self, wall, cpu):
        self.wall, self.cpu = wall, cpu

    @classmethod
    def of(cls, times):
        return cls(statistics.median(wall for wall, _ in times),
                   statistics.median(cpu for _, cpu in times))


def _now():
    return time.perf_counter(), time.process_time()


def _since(start):
    return tuple(now - then for now, then in zip(_now(), start, strict=True))


class _Laps:
    """What `train_one_epoch` and `evaluate` call after each batch; it says when it is enough."""

    def __init__(self):
        self.times, self.start = [], _now()

    def lap(self, _metrics):
        self.times.append(_since(self.start))
        self.start = _now()

    def enough(self):
        measured = self.times[1:]
        return len(measured) >= _STEPS and sum(wall for wall, _ in measured) > _ENOUGH

    def cost(self):
        """Of one batch; the first one only warmed up."""
        return _Cost.of(self.times[1:])


def _read(loader):
    """The first batch that can be read, and what it costs to read one."""
    loader = getattr(loader, "loader", loader)
    for keys in loader.batch_sampler:
        start = _now()
        batch = loader.collate_fn([loader.dataset[key] for key in keys])
        cost = _Cost(*_since(start))
        if batch is not None:
            return batch, cost
    raise DataError("none of the images could be read")


def _together(compute, read, workers):
    """Seconds of a step in which `workers` threads read while the network computes."""
    if workers == 0:
        return compute.wall + read.wall
    from minitorch._kernels.parallel import _default_num_threads
    processors = _default_num_threads()
    return max(compute.wall, read.wall / min(workers, processors),
               (compute.cpu + read.cpu) / processors)


def _training_cost(run, network, loader, batch):
    mix = getattr(loader, "mixed", None)    # done by the thread that computes
    batches = (batch if mix is None else mix(*batch, 0, number) for number in range(_MOST_STEPS))
    laps = _Laps()
    train_one_epoch(network, batches, run.loss_fn, run.optimizer,
                    accumulate=run.settings.accum, clip_grad=run.settings.clip_grad,
                    after_update=run.average_updater(), on_step=laps.lap, stop=laps.enough)
    return laps.cost()


def _validation_cost(judged, batch):
    laps = _Laps()
    evaluate(judged, [batch] * _MOST_STEPS, on_step=laps.lap, stop=laps.enough)
    return laps.cost()


def _epoch(run):
    """Seconds of a step, of a batch of validation, of both in an epoch, as things stand."""
    settings = run.settings
    network, judged, train_loader, val_loader = run.networks_and_loaders()
    free = _Cost(0.0, 0.0)
    if run.features is not None:
        _know_a_batch(run, train_loader)
        _know_a_batch(run, val_loader)
        train_loader.batch_sampler.set_position(0)
        train_batch = next(batch for batch in train_loader if batch is not None)
        val_batch = next(batch for batch in val_loader if batch is not None)
        train_read = val_read = free
    else:
        train_loader.batch_sampler.set_position(0)
        train_batch, train_read = _read(train_loader)
        val_batch, val_read = _read(val_loader)
    step = _together(_training_cost(run, network, train_loader, train_batch), train_read,
                     settings.workers)
    val = _together(_validation_cost(judged, val_batch), val_read, settings.workers)
    if run.features is None:
        _read_ahead(train_loader)
    return {"step": step, "validation_batch": val, "read_batch": train_read.wall,
            "steps": run.batches.batches, "validation_batches": len(val_loader.batch_sampler),
            "training": step * run.batches.batches,
            "validation": val * len(val_loader.batch_sampler)}


def _know_a_batch(run, loader):
    """Pretend that the first batch's features are known: an epoch on features reads no image."""
    keys = next(iter(loader.batch_sampler))
    loader.table.known[keys] = True


def _read_ahead(loader):
    """Let the workers fill their queue once, as they do beside each step."""
    loader.batch_sampler.set_position(0)
    batches, seconds = iter(loader), _now()
    next(batches, None)
    # They have begun with all that fits, when the first is done.
    time.sleep(_since(seconds)[0])


def _features(run):
    """Seconds to compute the features that are not known yet."""
    missing, size = run.features.missing, run.features.batch_size
    if missing == 0:
        return 0.0, 0
    loader = run.features.missing_images()
    batch, read = _read(loader)
    trunk, times = without_head(run.model, HEAD), []
    for _ in range(1 + _STEPS):
        start = _now()
        trunk_features(trunk, batch[0], size)
        times.append(_since(start))
    _read_ahead(loader)
    batches = -(-missing // size)
    return batches * _together(_Cost.of(times[1:]), read, run.settings.workers), missing


def peak_memory():
    """The most memory that this process has had, in bytes; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _files(run):
    """Bytes of the files that a run writes, by name; and of what exists while one is replaced."""
    from minitorch.serialization._bridge import Recorder
    from minitorch.serialization.safetensors import write_records
    counter = _Counter()
    minitorch.save(checkpoint_of(**run.saver.checkpoint_parts()), counter)
    files = {CHECKPOINT: counter.size, PREVIOUS: counter.size}
    counter, recorder = _Counter(), Recorder()
    records = {name: recorder.tensor(each) for name, each in run.judged.state_dict().items()}
    write_records(counter, records, run.info.to_metadata())
    files[BEST] = counter.size
    rows = [{"epoch": 1, "split": split, "loss": 1.0, "accuracy": 1.0, "lr": 0.1}
            for split in ("train", "val")]
    buffer = io.BytesIO()
    draw_curves(rows).save(buffer, format="PNG", optimize=True)
    files[CURVES] = len(buffer.getvalue())
    return {name: files.get(name) for name in RUN_FILES}


def _existing(folder):
    folder = Path(folder).absolute()
    while not folder.exists():
        folder = folder.parent
    return folder


def missing_download(settings):
    """The file of ImageNet weights that a run would download first, or None."""
    if settings.weights != "imagenet":
        return None
    from minitorch import models
    from minitorch.models._download import file_name_of, search_folders
    name = file_name_of(models.get_model_weights(settings.arch).DEFAULT.url)
    found = any((Path(folder) / name).is_file() for folder in search_folders())
    return None if found else name


def measured_plan(run):
    """What `run` would do and take, measured; it must not be trained afterwards.

    Parameters
    ----------
    run : FinetuneRun
        Newly made. Nothing is written; its weights have taken some steps afterwards.

    Returns
    -------
    dict
        As JSON can hold it; times in seconds, sizes in bytes. ``epochs`` has one entry for each
        part of the run: what ``--unfreeze-at`` divides.
    """
    settings, data = run.settings, run.data
    parameters = list(run.model.parameters())
    started = time.perf_counter()
    # A run holds the best weights beside those that train.
    best = {name: value.clone() for name, value in run.model.state_dict().items()}
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    features, missing, extra = 0.0, 0, 0
    if run.features is not None:
        features, missing = _features(run)
        extra = run.features.rows.numel() * 4
    frozen = min(frozen_epochs(settings), settings.epochs)
    phases = [{"epochs": frozen, "trained": trained} | _epoch(run)]
    if frozen < settings.epochs:
        run.unfreeze()
        trained = sum(p.numel() for p in parameters if p.requires_grad)
        phases.append({"epochs": settings.epochs - frozen, "trained": trained} | _epoch(run))
    files = _files(run)
    peak = peak_memory()
    total, done = features, 0
    for phase in phases:
        validated = sum(epoch % settings.eval_every == 0 or epoch == settings.epochs
                        for epoch in range(done + 1, done + phase["epochs"] + 1))
        total += phase["epochs"] * phase["training"] + validated * phase["validation"]
        done += phase["epochs"]
    del best
    return {
        "data": {"name": data.name, "classes": data.classes, "train_images": len(data.train),
                 "val_images": len(data.val), "ignored_files": data.ignored},
        "model": {"arch": settings.arch, "train": settings.train,
                  "parameters": sum(p.numel() for p in parameters),
                  "image_size": settings.image_size, "batch_size": settings.batch_size,
                  "updates_per_epoch": -(-run.batches.batches // settings.accum)},
        "schedule": {name: getattr(settings, name)
                     for name in ("sched", "lr", "warmup", "epochs", "momentum", "weight_decay")},
        "augmentation": run.augmentation.to_dict(),
        "features": {"images": missing, "seconds": features},
        "phases": phases,
        "seconds": total,
        "memory": {"peak": None if peak is None else peak + extra},
        "files": files,
        "disk": {"needed": disk_needed(files), "free":
                 shutil.disk_usage(_existing(run.output)).free},
        "output": str(run.output),
        "notes": run.notes,
        "measured_in": time.perf_counter() - started,
    }


def disk_needed(files):
    """Bytes for the files, and for the old one beside the new one of the largest."""
    known = [size for size in files.values() if size]
    return sum(known) + max(known)
