"""Worker threads of the DataLoader: what runs in a thread, and what a dataset can learn there.

Threads, not processes: pillow's decoders and the compiled kernels release the interpreter lock,
so threads load images in parallel without copying batches between processes, without pickling
the dataset and without the hangs that forked workers are known for.
"""

import random
import sys
import threading
from collections import namedtuple

import numpy as np

import minitorch
from minitorch.random import drawing_from

__all__ = ["IterableEnd", "Failure", "WorkerInfo", "fetcher_for", "get_worker_info", "run_worker"]

_local = threading.local()

WorkerRNG = namedtuple("WorkerRNG", "random_generator torch_generator numpy_generator")


class WorkerInfo:
    """What a worker thread knows about itself.

    Attributes
    ----------
    id : int
        0 ... num_workers - 1.
    num_workers : int
    seed : int
        ``base_seed + id``.
    dataset : Dataset
        The one dataset object, shared by all workers (PyTorch's worker processes have copies).
    rng : named tuple
        ``random_generator`` (:class:`random.Random`), ``torch_generator``
        (:class:`minitorch.Generator`) and ``numpy_generator``, all seeded with ``seed``. They are
        this worker's own, so what is drawn from them does not depend on thread timing;
        ``minitorch.rand`` and its kin draw from ``torch_generator`` inside a worker, and so do
        :mod:`minitorch.transforms`.
    worker_method : str
        ``"thread"``.
    """

    __slots__ = ("id", "num_workers", "seed", "dataset", "rng", "worker_method")

    def __init__(self, id, num_workers, seed, dataset):
        generator = minitorch.Generator()
        generator.manual_seed(seed)
        rng = WorkerRNG(random.Random(seed), generator, np.random.default_rng(seed))
        values = (id, num_workers, seed, dataset, rng, "thread")
        for name, value in zip(self.__slots__, values, strict=True):
            object.__setattr__(self, name, value)

    def __setattr__(self, name, value):
        raise AttributeError(f"WorkerInfo: cannot assign to field {name!r}")

    def __repr__(self):
        return f"WorkerInfo(id={self.id}, num_workers={self.num_workers}, seed={self.seed})"


def get_worker_info():
    """The current worker's :class:`WorkerInfo`, or None outside a DataLoader worker."""
    return getattr(_local, "info", None)


class IterableEnd:
    """Result of a worker whose part of the stream is used up."""


class Failure:
    """Result of a task that raised; holds the exception with its traceback."""

    def __init__(self, error, worker_id):
        self.error = error
        note = f"Raised in DataLoader worker thread {worker_id}."
        if sys.version_info >= (3, 11) and note not in getattr(error, "__notes__", ()):
            error.add_note(note)


class _MapFetcher:
    """Samples by index, joined."""

    def __init__(self, dataset, batched, collate_fn, drop_last, stopped):
        self.dataset = dataset
        self.batched = batched
        self.collate_fn = collate_fn
        self.stopped = stopped

    def fetch(self, index):
        if not self.batched:
            return self.collate_fn(self.dataset[index])
        if getattr(self.dataset, "__getitems__", None):
            return self.collate_fn(self.dataset.__getitems__(index))
        samples = []
        for one in index:
            if self.stopped():
                return None  # nobody waits for this batch any more
            samples.append(self.dataset[one])
        return self.collate_fn(samples)


class _IterableFetcher:
    """The next samples of a stream, joined; StopIteration at its end."""

    def __init__(self, dataset, batched, collate_fn, drop_last, stopped):
        self.stream = iter(dataset)
        self.batched = batched
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.ended = False

    def fetch(self, index):
        if self.ended:
            raise StopIteration
        if not self.batched:
            return self.collate_fn(next(self.stream))
        samples = []
        for _ in index:
            try:
                samples.append(next(self.stream))
            except StopIteration:
                self.ended = True
                break
        if not samples or (self.drop_last and len(samples) < len(index)):
            raise StopIteration
        return self.collate_fn(samples)


def _never():
    return False


def fetcher_for(loader, stopped=_never):
    """The object that turns an index (or a list of them) into what the loader yields."""
    kind = _IterableFetcher if loader._iterable else _MapFetcher
    batched = loader.batch_sampler is not None
    return kind(loader.dataset, batched, loader.collate_fn, loader.drop_last, stopped)


class Shared:
    """What the loader's iterator and its workers both see; holds no reference to the iterator.

    A worker thread that held the iterator would keep it alive after ``break``, and its finalizer
    would never stop the threads.
    """

    def __init__(self, loader, num_workers, base_seed):
        # A stand-in for the loader, so that threads do not keep it alive either.
        self._iterable = loader._iterable
        self.batch_sampler = loader.batch_sampler
        self.dataset = loader.dataset
        self.collate_fn = loader.collate_fn
        self.drop_last = loader.drop_last
        self.worker_init_fn = loader.worker_init_fn
        self.num_workers = num_workers
        self.base_seed = base_seed
        self.epoch = 0
        self.stop = False

    def is_current(self, epoch):
        """Whether somebody still waits for batches of this epoch."""
        return not self.stop and epoch == self.epoch


def _worker_did_not_start(worker_id):
    return RuntimeError(f"DataLoader worker thread {worker_id} could not start")


def run_worker(worker_id, shared, tasks, results):
    """A worker thread's life: take ``(epoch, number, index)``, put ``(epoch, number, id, data)``.

    ``None`` as a task ends it. Whatever a sample raises becomes a :class:`Failure`: a worker never
    dies silently, so the consumer never waits in vain.
    """
    seed = shared.base_seed + worker_id
    _local.info = WorkerInfo(worker_id, shared.num_workers, seed, shared.dataset)
    # What PyTorch's worker process has: a default generator that nobody else draws from.
    with drawing_from(_local.info.rng.torch_generator):
        _work(worker_id, shared, tasks, results)


def _work(worker_id, shared, tasks, results):
    init_error = None
    try:
        if shared.worker_init_fn is not None:
            shared.worker_init_fn(worker_id)
    except BaseException as error:
        init_error = error
    fetcher, fetcher_epoch, ended = None, None, False
    while (task := tasks.get()) is not None:
        epoch, number, index = task
        if not shared.is_current(epoch):
            continue
        if epoch != fetcher_epoch:
            fetcher, fetcher_epoch, ended = None, epoch, False
        if ended:
            continue
        try:
            if init_error is not None:
                # Handed over once and forgotten: kept here, its traceback would keep the
                # consumer's frames alive, and with them the iterator that ends this thread.
                error, init_error = init_error, _worker_did_not_start(worker_id)
                raise error
            if fetcher is None:
                fetcher = fetcher_for(shared, lambda epoch=epoch: not shared.is_current(epoch))
            data = fetcher.fetch(index)
        except BaseException as error:
            if isinstance(error, StopIteration) and shared._iterable:
                data, ended = IterableEnd(), True
            else:
                data = Failure(error, worker_id)
        results.put((epoch, number, worker_id, data))
        data = task = index = None
