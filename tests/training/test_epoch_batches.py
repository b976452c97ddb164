"""The order of a run is a function of (seed, epoch), and can be entered anywhere."""

import pytest

from minitorch.training import EpochBatches


@pytest.mark.parametrize("length,size", [(1, 1), (2, 4), (7, 3), (8, 4), (33, 32), (10, 1)])
@pytest.mark.parametrize("lone", ["merge", "drop", "keep"])
def test_every_sample_once_per_epoch(length, size, lone):
    batches = EpochBatches(length, size, seed=3, lone=lone)
    drawn = list(batches)
    assert len(drawn) == len(batches) == batches.batches
    seen = sorted(index for batch in drawn for index in batch)
    dropped = 1 if lone == "drop" and batches.has_lone else 0
    assert len(seen) == length - dropped and len(set(seen)) == len(seen)


def test_lone_last_sample_is_merged_dropped_or_kept():
    sizes = {lone: [len(b) for b in EpochBatches(9, 4, lone=lone)]
             for lone in ("merge", "drop", "keep")}
    assert sizes == {"merge": [4, 5], "drop": [4, 4], "keep": [4, 4, 1]}


def test_cursor_continues_the_same_order():
    whole = EpochBatches(23, 4, seed=1)
    whole.set_position(2)
    expected = list(whole)
    for cursor in range(whole.batches + 1):
        rest = EpochBatches(23, 4, seed=1)
        rest.set_position(2, cursor)
        assert list(rest) == expected[cursor:] and len(rest) == len(expected) - cursor


def test_order_depends_on_seed_and_epoch_only():
    def order(seed, epoch):
        batches = EpochBatches(50, 8, seed=seed)
        batches.set_position(epoch)
        return list(batches)

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


def test_without_shuffle_the_order_is_the_datasets():
    assert list(EpochBatches(5, 2, shuffle=False, lone="keep")) == [[0, 1], [2, 3], [4]]


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="positive"):
        EpochBatches(0, 4)
    with pytest.raises(ValueError, match="'merge', 'drop' or 'keep'"):
        EpochBatches(4, 2, lone="skip")
