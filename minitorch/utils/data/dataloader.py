"""The DataLoader: batches of a dataset, loaded ahead by threads."""

import itertools
import math
import queue
import threading
import time
import warnings
import weakref

from minitorch.utils.data._workers import (
    Failure,
    IterableEnd,
    Shared,
    WorkerInfo,
    fetcher_for,
    get_worker_info,
    run_worker,
)
from minitorch.utils.data.collate import default_collate, default_convert
from minitorch.utils.data.dataset import IterableDataset
from minitorch.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    draw_seed,
)

__all__ = ["DataLoader", "WorkerInfo", "get_worker_info"]

_DEFAULT_PREFETCH = 2
# How long the end of an iteration waits for workers that are in the middle of a sample.
_JOIN_SECONDS = 2.0

_FROZEN = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _InfiniteSampler(Sampler):
    """Sampler of a stream, where indices mean nothing."""

    def __iter__(self):
        return itertools.repeat(None)


class DataLoader:
    """Iterate over batches of a dataset.

    Parameters
    ----------
    dataset : Dataset or IterableDataset
        Anything with ``__getitem__`` (and ``__len__`` for the default samplers) will do.
    batch_size : int or None
        Samples per batch; None yields single samples, not collated.
    shuffle : bool, optional
        A new permutation for each pass, PyTorch's for the same seed.
    sampler : Sampler or iterable, optional
        The order of indices; excludes ``shuffle``.
    batch_sampler : Sampler or iterable, optional
        Yields lists of indices; excludes ``batch_size``, ``shuffle``, ``sampler``, ``drop_last``.
    num_workers : int
        Number of threads (not processes: they share the dataset object) that load ahead; 0 loads
        in the calling thread. Batch ``i`` is loaded by worker ``i % num_workers``.
    collate_fn : callable, optional
        Joins a list of samples; default :func:`default_collate`.
    pin_memory : bool
        There is no accelerator to pin for: True warns, as PyTorch does without one.
    drop_last : bool
        Leave out an incomplete last batch.
    timeout : float
        Seconds to wait for a batch from the workers; 0 waits for ever, and is all that iterating
        without workers takes.
    worker_init_fn : callable, optional
        Called in each worker thread with its id.
    multiprocessing_context : None
        Workers are threads; anything else is refused.
    generator : minitorch.Generator, optional
        Source of the shuffle and of the workers' base seed; default: the default generator.
    prefetch_factor : int, optional
        Batches loaded ahead per worker (2 when there are workers).
    persistent_workers : bool
        Keep the threads between passes.
    pin_memory_device : str
        Deprecated and without effect in PyTorch; with `pin_memory` a warning says so.
    in_order : bool
        False yields batches as they are ready.

    Raises
    ------
    ValueError
        An argument out of its range, or two that exclude each other.
    NotImplementedError
        ``multiprocessing_context`` with workers.
    AssertionError
        When it is iterated without workers, but with a `timeout`.

    Notes
    -----
    An exception in a worker reaches the caller as it is, with the worker's traceback; the next
    ``next()`` goes on with the following batch. Leaving the loop early, by ``break``, an error or
    Ctrl-C, stops the threads.
    """

    _initialized = False

    def __init__(
        self,
        dataset,
        batch_size=1,
        shuffle=None,
        sampler=None,
        batch_sampler=None,
        num_workers=0,
        collate_fn=None,
        pin_memory=False,
        drop_last=False,
        timeout=0,
        worker_init_fn=None,
        multiprocessing_context=None,
        generator=None,
        *,
        prefetch_factor=None,
        persistent_workers=False,
        pin_memory_device="",
        in_order=True,
    ):
        prefetch_factor = _check_workers(
            num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context
        )
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            _check_stream(shuffle, sampler, batch_sampler)
        _check_batching(batch_size, shuffle, sampler, batch_sampler, drop_last)

        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self.generator = generator
        self.persistent_workers = persistent_workers

        if sampler is None:
            sampler = self._default_sampler(bool(shuffle), generator)
        if batch_sampler is not None:
            batch_size = None
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate
        self.collate_fn = collate_fn
        self._iterator = None
        self._reported_length = None
        self._initialized = True

    def __class_getitem__(cls, item):
        return cls

    def __setattr__(self, name, value):
        if self._initialized and name in _FROZEN:
            raise ValueError(
                f"{name} attribute should not be set after "
                f"{self.__class__.__name__} is initialized"
            )
        super().__setattr__(name, value)

    def _default_sampler(self, shuffle, generator):
        if self._iterable:
            return _InfiniteSampler()
        if shuffle:
            return RandomSampler(self.dataset, generator=generator)
        return SequentialSampler(self.dataset)

    @property
    def _index_sampler(self):
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self):
        if self.pin_memory:
            if self.pin_memory_device:
                warnings.warn(
                    "pin_memory_device is deprecated, the current accelerator will be used as the "
                    f"device,ignore pin_memory_device='{self.pin_memory_device}'.",
                    stacklevel=2,
                )
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, "
                "then device pinned memory won't be used.",
                stacklevel=2,
            )
        if self.num_workers == 0:
            if self.timeout != 0:
                raise AssertionError(
                    "_SingleProcessDataLoaderIter requires timeout == 0: without workers nothing "
                    f"is waited for, but got timeout={self.timeout}"
                )
            return _SerialIterator(self)
        if not self.persistent_workers:
            return _ThreadedIterator(self)
        if self._iterator is None or self._iterator.closed:
            self._iterator = _ThreadedIterator(self)
        else:
            self._iterator.restart(self)
        return self._iterator

    def __len__(self):
        """Number of batches; for a stream with a length, an estimate from that length."""
        if not self._iterable:
            return len(self._index_sampler)
        length = self._reported_length = len(self.dataset)
        if self.batch_size is None:
            return length
        if self.drop_last:
            return length // self.batch_size
        return math.ceil(length / self.batch_size)


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, context):
    """Check the arguments about workers; return the prefetch factor to use."""
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; "
            "use num_workers=0 to disable multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 1:
        raise ValueError("prefetch_factor option should be non-negative and at least 1")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    if context is not None:
        if num_workers == 0:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading "
                f"(num_workers > 0), but got num_workers={num_workers}"
            )
        raise NotImplementedError(
            "DataLoader: multiprocessing_context is not supported, workers are threads; "
            f"got multiprocessing_context={context!r}"
        )
    if num_workers > 0 and prefetch_factor is None:
        return _DEFAULT_PREFETCH
    return prefetch_factor


def _check_stream(shuffle, sampler, batch_sampler):
    """A stream has its own order: no sampler may be given."""
    refused = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
    for name, value in refused.items():
        if value is not None:
            raise ValueError(
                "DataLoader with IterableDataset: expected unspecified "
                f"{name} option, but got {name}={value}"
            )


def _check_batching(batch_size, shuffle, sampler, batch_sampler, drop_last):
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError(
                "batch_sampler option is mutually exclusive "
                "with batch_size, shuffle, sampler, and drop_last"
            )
    elif batch_size is None and drop_last:
        raise ValueError(
            "batch_size=None option disables auto-batching "
            "and is mutually exclusive with drop_last"
        )


class _Iterator:
    """What both kinds of iterator share: the indices, the base seed, the count of batches."""

    def __init__(self, loader):
        self._index_sampler = loader._index_sampler
        self._dataset = loader.dataset
        self._reported_length = loader._reported_length
        self._yielded = 0
        self._indices = iter(self._index_sampler)
        # PyTorch draws this seed for every pass, workers or not, before the sampler's own draw;
        # without the draw here the shuffle would differ.
        self._base_seed = draw_seed(loader.generator)

    def __iter__(self):
        return self

    def __len__(self):
        return len(self._index_sampler)

    def __next__(self):
        data = self._next()
        self._yielded += 1
        if self._reported_length is not None and self._yielded > self._reported_length:
            warnings.warn(
                f"Length of IterableDataset {self._dataset} was reported to be "
                f"{self._reported_length} (when accessing len(dataloader)), but "
                f"{self._yielded} samples have been fetched.",
                stacklevel=2,
            )
        return data


class _SerialIterator(_Iterator):
    """Loads each batch when it is asked for."""

    def __init__(self, loader):
        super().__init__(loader)
        self._fetcher = fetcher_for(loader)

    def _next(self):
        return self._fetcher.fetch(next(self._indices))


class _ThreadedIterator(_Iterator):
    """Hands indices to worker threads in turn and yields their batches in order."""

    def __init__(self, loader):
        super().__init__(loader)
        self._timeout = loader.timeout or None
        self._in_order = loader.in_order
        self._prefetch = loader.prefetch_factor
        self._persistent = loader.persistent_workers
        self._shared = Shared(loader, loader.num_workers, self._base_seed)
        self._results = queue.SimpleQueue()
        self._tasks = [queue.SimpleQueue() for _ in range(loader.num_workers)]
        self._threads = [self._start_worker(i) for i in range(loader.num_workers)]
        self._finalizer = weakref.finalize(
            self, _stop_workers, self._shared, self._tasks, self._threads
        )
        self._begin()

    def _start_worker(self, worker_id):
        thread = threading.Thread(
            target=run_worker,
            args=(worker_id, self._shared, self._tasks[worker_id], self._results),
            name=f"minitorch-dataloader-{worker_id}",
            daemon=True,
        )
        thread.start()
        return thread

    @property
    def closed(self):
        """Whether the threads have been told to end."""
        return not self._finalizer.alive

    def restart(self, loader):
        """Begin another pass with the same threads; what is left of the last one is dropped."""
        self._reported_length = loader._reported_length
        self._yielded = 0
        self._indices = iter(self._index_sampler)
        self._shared.epoch += 1
        self._begin()

    def _begin(self):
        workers = len(self._threads)
        self._sent = 0  # number of the next task
        self._wanted = 0  # number of the next batch to yield
        self._waiting = {}  # task number -> worker, until its result is yielded
        self._ready = {}  # task number -> result that came early
        self._alive = [True] * workers
        self._load = [0] * workers
        self._turn = itertools.cycle(range(workers))
        for _ in range(self._prefetch * workers):
            self._send()

    def _send(self):
        """Give the next index to the next worker that takes one."""
        if len(self._waiting) >= self._prefetch * len(self._threads):
            return
        for _ in self._threads:
            worker = next(self._turn)
            free = self._in_order or self._load[worker] < self._prefetch
            if self._alive[worker] and free:
                break
        else:
            return
        try:
            index = next(self._indices)
        except StopIteration:
            return
        self._waiting[self._sent] = worker
        self._load[worker] += 1
        self._tasks[worker].put((self._shared.epoch, self._sent, index))
        self._sent += 1

    def _next(self):
        try:
            result = self._next_result()
        except BaseException:
            # The end, a time-out or Ctrl-C; an error inside a sample is raised below.
            if not self._persistent or self._wanted < self._sent:
                self.close()
            raise
        if isinstance(result, Failure):
            try:
                raise result.error
            finally:
                del result  # else the traceback would hold itself
        return result

    def _next_result(self):
        while True:
            self._skip_finished_workers()
            if self._wanted >= self._sent or self.closed:
                raise StopIteration
            if self._wanted in self._ready:
                return self._take(self._wanted, self._ready.pop(self._wanted))
            number, result = self._receive()
            if isinstance(result, IterableEnd):
                worker = self._waiting.pop(number)
                self._alive[worker] = False
                self._load[worker] -= 1
                self._send()
            elif number == self._wanted or not self._in_order:
                return self._take(number, result)
            else:
                self._ready[number] = result

    def _skip_finished_workers(self):
        """Pass over tasks already yielded out of order, or given to a worker that has ended."""
        while self._wanted < self._sent and self._wanted not in self._ready:
            worker = self._waiting.get(self._wanted)
            if worker is not None and self._alive[worker]:
                return
            self._waiting.pop(self._wanted, None)
            self._wanted += 1

    def _receive(self):
        while True:
            try:
                epoch, number, _, result = self._results.get(timeout=self._timeout)
            except queue.Empty:
                raise RuntimeError(
                    f"DataLoader timed out after {self._timeout} seconds"
                ) from None
            if epoch == self._shared.epoch:
                return number, result

    def _take(self, number, result):
        self._load[self._waiting.pop(number)] -= 1
        if number == self._wanted:
            self._wanted += 1
        self._send()
        return result

    def close(self):
        """Stop the threads; a worker in the middle of a sample finishes that one first."""
        self._finalizer()


def _stop_workers(shared, tasks, threads):
    shared.stop = True
    for queue_ in tasks:
        queue_.put(None)
    until = time.monotonic() + _JOIN_SECONDS
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(max(0.0, until - time.monotonic()))
