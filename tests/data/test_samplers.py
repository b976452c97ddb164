"""Samplers and splits; the expected numbers were drawn by PyTorch 2.13 with the same seeds."""

import pytest

import minitorch
from minitorch.utils.data import (
    BatchSampler,
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    random_split,
)

TEN = range(10)


def test_sequential_counts_up():
    assert list(SequentialSampler(TEN)) == list(TEN)


def test_random_draws_pytorchs_permutation():
    minitorch.manual_seed(1)
    assert list(RandomSampler(TEN, num_samples=13)) == [6, 7, 4, 1, 3, 9, 0, 2, 8, 5, 1, 8, 9]


def test_random_with_replacement_draws_pytorchs_numbers():
    minitorch.manual_seed(1)
    drawn = list(RandomSampler(TEN, replacement=True, num_samples=40))
    assert drawn == [
        6, 2, 0, 4, 1, 4, 0, 5, 4, 1, 2, 1, 4, 3, 5, 2, 4, 2, 1, 9,
        2, 3, 3, 0, 8, 1, 6, 8, 2, 1, 1, 4, 5, 8, 6, 3, 2, 9, 8, 0,
    ]  # fmt: skip


def test_subset_is_permuted():
    minitorch.manual_seed(2)
    assert list(SubsetRandomSampler([5, 7, 9, 11])) == [5, 7, 11, 9]


@pytest.mark.parametrize(
    ("count", "replacement", "expected"),
    [(8, True, [5, 1, 4, 4, 5, 4, 1, 3]), (4, False, [1, 4, 3, 5]), (1, True, [1])],
)
def test_weighted_draws_pytorchs_numbers(count, replacement, expected):
    minitorch.manual_seed(2)
    weights = [0.1, 0.9, 0.4, 0.7, 3.0, 0.6]
    assert list(WeightedRandomSampler(weights, count, replacement)) == expected


@pytest.mark.parametrize(
    ("weights", "count", "replacement", "text"),
    [
        ([1.0, -1.0], 1, True, "element < 0"),
        ([1.0, float("nan")], 1, True, "element < 0"),
        ([0.0, 0.0], 2, True, "sum of probabilities <= 0"),
        ([1.0, 1.0], 3, False, "without replacement"),
    ],
)
def test_weights_that_cannot_be_drawn_from(weights, count, replacement, text):
    with pytest.raises(RuntimeError, match=text):
        list(WeightedRandomSampler(weights, count, replacement))


@pytest.mark.parametrize(
    ("drop_last", "expected"),
    [(False, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]), (True, [[0, 1, 2, 3], [4, 5, 6, 7]])],
)
def test_batches_group_indices(drop_last, expected):
    sampler = BatchSampler(SequentialSampler(TEN), 4, drop_last)
    assert list(sampler) == expected
    assert len(sampler) == len(expected)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: RandomSampler(TEN, replacement=1), TypeError, "replacement should be a boolean"),
        (lambda: RandomSampler([]), ValueError, "num_samples should be a positive integer"),
        (lambda: RandomSampler(TEN, num_samples=-1), ValueError, "num_samples=-1"),
        (lambda: BatchSampler(TEN, 0, False), ValueError, "batch_size should be a positive"),
        (lambda: BatchSampler(TEN, True, False), ValueError, "batch_size=True"),
        (lambda: BatchSampler(TEN, 2, 1), ValueError, "drop_last should be a boolean"),
        (lambda: WeightedRandomSampler([1.0], 0), ValueError, "num_samples should be a positive"),
        (lambda: WeightedRandomSampler([[1.0]], 1), ValueError, "weights should be a 1d sequence"),
    ],
)
def test_wrong_arguments_are_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()


@pytest.mark.parametrize(
    ("size", "lengths", "expected"),
    [
        (10, [3, 7], [[2, 6, 1], [8, 4, 5, 0, 9, 3, 7]]),
        (11, [0.3, 0.3, 0.4], [[6, 8, 9, 2], [1, 10, 0], [7, 3, 5, 4]]),
    ],
    ids=["lengths", "fractions"],
)
def test_random_split_is_pytorchs(size, lengths, expected):
    generator = minitorch.Generator()
    generator.manual_seed(42)
    parts = random_split(range(size), lengths, generator=generator)
    assert [part.indices for part in parts] == expected
    assert [list(part) for part in parts] == expected


def test_random_split_refuses_wrong_sums():
    with pytest.raises(ValueError, match="Sum of input lengths does not equal"):
        random_split(TEN, [3, 3])
    with pytest.raises(ValueError, match="Fraction at index 0 is not between 0 and 1"):
        random_split(TEN, [1.5, -0.5])


def test_random_split_warns_of_an_empty_part():
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(range(2), [0.9, 0.1])


def test_ranks_share_a_permutation_of_the_epoch():
    samplers = [DistributedSampler(TEN, 3, rank, seed=4) for rank in range(3)]
    epochs = []
    for epoch in (0, 1):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        parts = [list(sampler) for sampler in samplers]
        assert [len(part) for part in parts] == [len(sampler) for sampler in samplers] == [4] * 3
        whole = [index for turn in zip(*parts, strict=True) for index in turn]
        assert sorted(whole[:10]) == list(TEN) and whole[10:] == whole[:2]
        epochs.append(whole)
    assert epochs[0] != epochs[1]
    short = [DistributedSampler(TEN, 3, rank, shuffle=False, drop_last=True) for rank in range(3)]
    assert [list(sampler) for sampler in short] == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


def test_distributed_needs_number_and_rank():
    with pytest.raises(RuntimeError, match="Requires distributed package to be available"):
        DistributedSampler(TEN, 3)
    with pytest.raises(ValueError, match=r"Invalid rank 3, rank should be in .* \[0, 2\]"):
        DistributedSampler(TEN, 3, 3)
