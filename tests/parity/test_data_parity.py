"""Samplers, splits and the DataLoader against PyTorch's: the same order for the same seed."""

import collections
import warnings

import numpy as np
import pytest

import minitorch as mt

torch = pytest.importorskip("torch")
libraries = pytest.mark.parametrize("lib", [torch, mt])


def plain(value):
    """Lists and numbers in place of tensors, with the dtype."""
    if hasattr(value, "detach"):
        return str(value.dtype).split(".")[1], value.tolist()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(one) for one in value]
    return value


def outcome(call, *args):
    """What a function of a library gives, or the type and text of its error."""
    try:
        return plain(call(*args))
    except Exception as error:
        return type(error).__name__, str(error).split("\n")[0]


def both(call):
    assert outcome(call, mt) == outcome(call, torch)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [1, 7, 40])
def test_samplers(seed, size):
    def drawn(lib):
        data = lib.utils.data
        lib.manual_seed(seed)
        generator = lib.Generator()
        generator.manual_seed(seed + 1)
        weights = np.random.default_rng(seed).random(size)
        weights[::3] *= 10
        if size > 2:
            weights[2] = 0
        samplers = [
            data.RandomSampler(range(size)),
            data.RandomSampler(range(size), generator=generator),
            data.RandomSampler(range(size), num_samples=3 * size + 2),
            data.RandomSampler(range(size), replacement=True, num_samples=77),
            data.SubsetRandomSampler(list("abcdefgh")),
            data.WeightedRandomSampler(weights.tolist(), 50),
            data.WeightedRandomSampler(weights.tolist(), max(1, size // 2), replacement=False),
            data.WeightedRandomSampler(weights.tolist(), 5, generator=generator),
            data.WeightedRandomSampler(weights.tolist(), 1, replacement=True),
        ]
        # each twice: the generator goes on
        orders = [list(sampler) for sampler in samplers for _ in range(2)]
        return [*orders, lib.rand(3)]

    both(drawn)


@pytest.mark.parametrize("lengths", [[3, 7], [0.3, 0.7], [0.5, 0.5], [1 / 3] * 3, [0.05, 0.95],
                                     [10], [1.0], [4, 4], [0.5, 1.5], [-0.5, 1.5], [0.1] * 10])
@pytest.mark.parametrize("size", [10, 11, 3])
def test_random_split(lengths, size):
    def split(lib):
        lib.manual_seed(5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = lib.utils.data.random_split(range(size), lengths)
        return [(list(part), list(part.indices)) for part in parts]

    both(split)


@pytest.mark.parametrize("size", [1, 5, 12])
@pytest.mark.parametrize("replicas", [1, 3, 4])
@pytest.mark.parametrize(
    "options", [dict(), dict(shuffle=False), dict(seed=7), dict(drop_last=True)]
)
def test_distributed_sampler(size, replicas, options):
    def parts(lib):
        found = []
        for rank in range(replicas):
            sampler = lib.utils.data.distributed.DistributedSampler(
                range(size), num_replicas=replicas, rank=rank, **options)
            for epoch in (0, 3):
                sampler.set_epoch(epoch)
                found.append((list(sampler), len(sampler)))
        return found

    both(parts)


def test_distributed_sampler_refuses():
    both(lambda lib: lib.utils.data.DistributedSampler(range(3), 2, 2))
    with pytest.raises(RuntimeError, match="Requires distributed package to be available"):
        mt.utils.data.DistributedSampler(range(3))


Point = collections.namedtuple("Point", "x y")
SAMPLES = {
    "numbers": lambda lib, i: i,
    "floats": lambda lib, i: i / 3,
    "bools": lambda lib, i: i % 2 == 0,
    "texts": lambda lib, i: (str(i), b"bytes"),
    "tensors": lambda lib, i: lib.full((2, 3), float(i)),
    "arrays": lambda lib, i: np.full((2,), i, dtype=np.int32),
    "numpy numbers": lambda lib, i: np.float32(i),
    "dicts": lambda lib, i: {"image": lib.ones(2) * i, "label": i, "path": str(i)},
    "named": lambda lib, i: Point(i, lib.tensor([i])),
    "nested": lambda lib, i: [(i, [i, {"a": i * 0.5}]), np.float64(i)],
}
LOADERS = [
    dict(), dict(batch_size=4), dict(batch_size=4, drop_last=True), dict(batch_size=None),
    dict(batch_size=3, shuffle=True), dict(batch_size=None, shuffle=True),
    dict(sampler=[3, 1, 1]), dict(batch_sampler=[[1, 2], [0]]),
    dict(batch_size=2, collate_fn=list),
]


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("options", LOADERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_loader(sample, options, workers):
    def batches(lib, workers):
        class Data(lib.utils.data.Dataset):
            def __len__(self):
                return 10

            def __getitem__(self, index):
                return sample(lib, index)

        lib.manual_seed(3)
        loader = lib.utils.data.DataLoader(Data(), num_workers=workers, **options)
        passes = [list(loader), list(loader)]
        return [len(loader), passes, lib.rand(2)]

    # PyTorch's workers are processes: their order is the one without them.
    assert outcome(batches, mt, workers) == outcome(batches, torch, 0)


def test_streams_and_joined_datasets():
    def found(lib):
        data = lib.utils.data

        class Stream(data.IterableDataset):
            def __iter__(self):
                return iter(range(7))

        rows = data.TensorDataset(lib.arange(6), lib.arange(12).reshape(6, 2))
        joined = data.ConcatDataset([rows, data.Subset(rows, [5, 0])]) + rows
        stacked = data.StackDataset(rows, rows)
        named = data.StackDataset(a=rows, b=rows)
        chain = Stream() + Stream()
        return [
            [list(data.DataLoader(one, batch_size=4)) for one in
             (Stream(), chain, rows, joined, stacked, named)],
            list(data.DataLoader(Stream(), batch_size=4, drop_last=True)),
            list(data.DataLoader(Stream(), batch_size=None)),
            [joined[-1], joined[7], len(joined), rows[2:4], stacked[1], named[1]],
            data.default_convert({"a": [np.ones(2), "x", np.int64(3)]}),
        ]

    both(found)


REFUSED = [
    lambda data, lib: data.DataLoader([1], num_workers=-1),
    lambda data, lib: data.DataLoader([1], timeout=-1),
    lambda data, lib: data.DataLoader([1], prefetch_factor=2),
    lambda data, lib: data.DataLoader([1], persistent_workers=True),
    lambda data, lib: data.DataLoader([1], multiprocessing_context="fork"),
    lambda data, lib: data.DataLoader([1], sampler=[0], shuffle=True),
    lambda data, lib: data.DataLoader([1], batch_sampler=[[0]], drop_last=True),
    lambda data, lib: data.DataLoader([1], batch_size=None, drop_last=True),
    lambda data, lib: data.DataLoader([1], batch_size=0),
    lambda data, lib: data.DataLoader([], shuffle=True),
    lambda data, lib: data.RandomSampler([1], replacement=1),
    lambda data, lib: data.RandomSampler([1], num_samples=0),
    lambda data, lib: data.WeightedRandomSampler([1.0], 0),
    lambda data, lib: data.WeightedRandomSampler([1.0], 1, replacement=1),
    lambda data, lib: data.WeightedRandomSampler([[1.0]], 1),
    lambda data, lib: data.BatchSampler([1], True, False),
    lambda data, lib: data.BatchSampler([1], 2, 1),
    lambda data, lib: data.ConcatDataset([]),
    lambda data, lib: data.ConcatDataset([data.ChainDataset([])]),
    lambda data, lib: data.ConcatDataset([[1]])[-2],
    lambda data, lib: data.StackDataset(),
    lambda data, lib: data.StackDataset([1], [1, 2]),
    lambda data, lib: data.StackDataset([1], a=[1]),
    lambda data, lib: data.TensorDataset(lib.ones(2), lib.ones(3)),
    lambda data, lib: len(data.ChainDataset([[1]])),
    lambda data, lib: data.default_collate([[1], [1, 2]]),
    lambda data, lib: data.default_collate([lib.ones(2), lib.ones(3)]),
    lambda data, lib: data.default_collate([object()]) and None,
    lambda data, lib: setattr(data.DataLoader([1]), "batch_size", 3),
    lambda data, lib: data.Dataset()[0],
    lambda data, lib: next(iter(data.Sampler())),
]


@pytest.mark.parametrize("call", REFUSED)
def test_refusals(call):
    both(lambda lib: call(lib.utils.data, lib))
