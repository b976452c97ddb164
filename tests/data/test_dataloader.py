import gc
import os
import signal
import threading
import time
import traceback

import pytest

import minitorch
from minitorch.utils.data import DataLoader, IterableDataset, RandomSampler, get_worker_info

TEN = range(10)


def loaded(loader):
    return [batch.tolist() for batch in loader]


def workers_alive():
    return [t for t in threading.enumerate() if t.name.startswith("minitorch-dataloader")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    gc.collect()
    assert not workers_alive()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_two_epochs_shuffle_as_pytorch(workers):
    # PyTorch 2.13: torch.manual_seed(3), two passes
    minitorch.manual_seed(3)
    loader = DataLoader(TEN, batch_size=4, shuffle=True, num_workers=workers)
    assert loaded(loader) == [[6, 2, 0, 1], [8, 3, 5, 4], [7, 9]]
    assert loaded(loader) == [[3, 4, 0, 9], [6, 7, 1, 2], [5, 8]]


@pytest.mark.parametrize("workers", [0, 2])
def test_own_generator_shuffles_as_pytorch(workers):
    generator = minitorch.Generator()
    generator.manual_seed(5)
    loader = DataLoader(TEN, 4, shuffle=True, generator=generator, num_workers=workers)
    assert loaded(loader) == [[7, 4, 8, 1], [2, 3, 6, 5], [9, 0]]
    assert loaded(loader) == [[2, 1, 6, 3], [5, 9, 4, 7], [8, 0]]


@pytest.mark.parametrize("workers", [0, 2])
def test_no_batching_yields_samples(workers):
    assert list(DataLoader(TEN, batch_size=None, num_workers=workers)) == list(TEN)


@pytest.mark.parametrize("workers", [0, 2])
def test_batch_sampler_decides(workers):
    loader = DataLoader(TEN, batch_sampler=[[1], [2, 3]], num_workers=workers)
    assert loaded(loader) == [[1], [2, 3]]
    assert len(loader) == 2


def test_length_follows_drop_last():
    assert len(DataLoader(TEN, 4)) == 3
    assert len(DataLoader(TEN, 4, drop_last=True)) == 2


class Slow:
    """Sample 0 takes longest, so that batches finish in another order than they are due."""

    def __len__(self):
        return 6

    def __getitem__(self, index):
        time.sleep(0.05 if index == 0 else 0.0)
        return index


def test_order_is_kept_when_a_later_batch_is_ready_first():
    assert loaded(DataLoader(Slow(), num_workers=3)) == [[i] for i in range(6)]


def test_out_of_order_yields_what_is_ready():
    got = loaded(DataLoader(Slow(), num_workers=3, in_order=False))
    assert got[0] != [0]
    assert sorted(got) == [[i] for i in range(6)]


class Counting:
    def __init__(self):
        self.asked = 0

    def __len__(self):
        return 100

    def __getitem__(self, index):
        self.asked += 1
        return index


def test_prefetch_is_bounded():
    dataset = Counting()
    iterator = iter(DataLoader(dataset, num_workers=2, prefetch_factor=3))
    next(iterator)
    deadline = time.monotonic() + 5
    while dataset.asked < 7 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert dataset.asked == 7  # six ahead and the one that was taken
    iterator.close()


class Failing:
    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index == 2:
            raise KeyError("sample two")
        return index


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_reaches_the_caller_and_the_rest_goes_on(workers):
    iterator = iter(DataLoader(Failing(), num_workers=workers))
    assert [next(iterator).item() for _ in range(2)] == [0, 1]
    with pytest.raises(KeyError, match="sample two") as info:
        next(iterator)
    assert any(f.name == "__getitem__" for f in traceback.extract_tb(info.value.__traceback__))
    assert [batch.item() for batch in iterator] == [3, 4, 5]


def test_a_failing_init_function_reaches_the_caller():
    def fail(worker_id):
        raise RuntimeError(f"no worker {worker_id}")

    with pytest.raises(RuntimeError, match="no worker 0"):
        loaded(DataLoader(TEN, num_workers=1, worker_init_fn=fail))


def test_leaving_early_stops_the_threads():
    for _ in DataLoader(Counting(), num_workers=2):
        break
    gc.collect()
    assert not workers_alive()


class Stuck(Counting):
    """Samples that do not come before ``release`` is set."""

    def __init__(self):
        super().__init__()
        self.release = threading.Event()

    def __getitem__(self, index):
        self.release.wait(10)
        return index


def test_ctrl_c_while_waiting_stops_the_threads():
    dataset = Stuck()
    iterator = iter(DataLoader(dataset, num_workers=2))
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    threading.Timer(0.4, dataset.release.set).start()
    with pytest.raises(KeyboardInterrupt):
        next(iterator)
    assert not workers_alive()
    with pytest.raises(StopIteration):
        next(iterator)


def test_timeout_without_workers_is_refused():
    with pytest.raises(AssertionError, match="requires timeout == 0"):
        iter(DataLoader(TEN, timeout=1))


def test_timeout_is_an_error():
    dataset = Stuck()
    iterator = iter(DataLoader(dataset, num_workers=1, timeout=0.05))
    threading.Timer(0.3, dataset.release.set).start()
    with pytest.raises(RuntimeError, match="DataLoader timed out after 0.05 seconds"):
        next(iterator)


def test_persistent_workers_keep_their_threads():
    loader = DataLoader(TEN, 4, num_workers=2, persistent_workers=True)
    first = loaded(loader)
    threads = set(workers_alive())
    assert len(threads) == 2
    for _ in loader:  # a pass left early must not leak into the next
        break
    assert loaded(loader) == first
    assert set(workers_alive()) == threads
    del loader


class Part(IterableDataset):
    """0 ... n-1, dealt out to the workers."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        info = get_worker_info()
        return iter(range(self.n) if info is None else range(info.id, self.n, info.num_workers))


@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        (0, [[0, 1], [2, 3], [4, 5], [6]]),
        (2, [[0, 2], [1, 3], [4, 6], [5]]),
        (5, [[0, 5], [1, 6], [2], [3], [4]]),
    ],
)
def test_streams_are_batched_per_worker(workers, expected):
    assert loaded(DataLoader(Part(7), 2, num_workers=workers)) == expected


@pytest.mark.parametrize("workers", [0, 2])
def test_stream_drops_incomplete_batches(workers):
    batches = loaded(DataLoader(Part(7), 2, num_workers=workers, drop_last=True))
    assert all(len(batch) == 2 for batch in batches)
    assert len(batches) == 3


def test_stream_longer_than_reported_warns():
    class Liar(Part):
        def __len__(self):
            return 2

    loader = DataLoader(Liar(3))
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="was reported to be 2"):
        assert len(list(loader)) == 3


def test_worker_info_and_init_function():
    seen = {}

    def start(worker_id):
        info = get_worker_info()
        seen[worker_id] = (info.id, info.num_workers, info.worker_method)

    loaded(DataLoader(TEN, num_workers=2, worker_init_fn=start))
    assert seen == {0: (0, 2, "thread"), 1: (1, 2, "thread")}
    assert get_worker_info() is None


def test_worker_random_numbers_do_not_depend_on_timing():
    class Drawing(Slow):
        def __getitem__(self, index):
            value = super().__getitem__(index)
            generator = get_worker_info().rng.torch_generator
            return minitorch.rand(1, generator=generator).item() + value

    def run():
        minitorch.manual_seed(0)
        return loaded(DataLoader(Drawing(), num_workers=3))

    first = run()
    assert len({row[0] % 1 for row in first}) == 6
    assert run() == first


@pytest.mark.parametrize(
    ("kwargs", "error", "text"),
    [
        ({"num_workers": -1}, ValueError, "num_workers option should be non-negative"),
        ({"timeout": -1}, ValueError, "timeout option should be non-negative"),
        ({"prefetch_factor": 2}, ValueError, "prefetch_factor option could only be specified"),
        ({"persistent_workers": True}, ValueError, "persistent_workers option needs num_workers"),
        ({"shuffle": True, "sampler": [1]}, ValueError, "mutually exclusive with shuffle"),
        ({"batch_sampler": [[1]], "batch_size": 2}, ValueError, "batch_sampler option is mutually"),
        ({"batch_size": None, "drop_last": True}, ValueError, "disables auto-batching"),
        ({"batch_size": 0}, ValueError, "batch_size should be a positive integer"),
        ({"multiprocessing_context": "fork"}, ValueError, "multiprocessing_context can only"),
        (
            {"multiprocessing_context": "fork", "num_workers": 1},
            NotImplementedError,
            "multiprocessing_context is not supported, workers are threads",
        ),
        ({"bath_size": 4}, TypeError, "bath_size"),
    ],
)
def test_wrong_arguments_are_refused(kwargs, error, text):
    with pytest.raises(error, match=text):
        DataLoader(TEN, **kwargs)


@pytest.mark.parametrize("name", ["shuffle", "sampler", "batch_sampler"])
def test_streams_refuse_samplers(name):
    value = True if name == "shuffle" else RandomSampler(TEN)
    with pytest.raises(ValueError, match=f"expected unspecified {name} option"):
        DataLoader(Part(3), **{name: value})


def test_settings_cannot_change_afterwards():
    loader = DataLoader(TEN)
    with pytest.raises(ValueError, match="batch_size attribute should not be set after"):
        loader.batch_size = 3


def test_pinning_warns_that_there_is_nothing_to_pin_for():
    with pytest.warns(UserWarning, match="no accelerator is found"):
        iter(DataLoader(TEN, pin_memory=True))
    with pytest.warns() as warned:
        iter(DataLoader(TEN, pin_memory=True, pin_memory_device="cuda"))
    assert "ignore pin_memory_device='cuda'" in str(warned[0].message) and len(warned) == 2
