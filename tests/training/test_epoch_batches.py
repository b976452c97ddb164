"""The order of a run is a function of (seed, epoch), and can be entered anywhere."""

import pytest

from minitorch.training import EpochBatches, balanced_order


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


# -- balanced orders, whole batches, limits ------------------------------------------------------
TARGETS = [0] * 12 + [1] * 5 + [2] * 2 + [7]


def test_balanced_order_draws_all_classes_equally_often():
    order = balanced_order(TARGETS, seed=3)
    assert len(order) == len(TARGETS)
    counts = [[TARGETS[i] for i in order].count(target) for target in (0, 1, 2, 7)]
    assert counts == [5, 5, 5, 5]
    drawn = [order.count(index) for index in range(len(TARGETS))]
    assert set(drawn[:12]) == {0, 1}, "no image of a frequent class twice"
    assert set(drawn[12:17]) == {1} and sorted(drawn[17:19]) == [2, 3] and drawn[19] == 5


def test_balanced_order_where_classes_do_not_divide_the_samples():
    for seed in range(5):
        counts = [[TARGETS[:-1][i] for i in balanced_order(TARGETS[:-1], seed)].count(target)
                  for target in (0, 1, 2)]
        assert sum(counts) == 19 and set(counts) == {6, 7}


def test_balanced_order_is_a_function_of_seed_and_epoch():
    batches = EpochBatches(len(TARGETS), 4, seed=5, balance=TARGETS)
    again = EpochBatches(len(TARGETS), 4, seed=5, balance=TARGETS)
    first = list(batches)
    batches.set_position(1)
    assert list(batches) != first and list(again) == first
    again.set_position(1, 2)
    assert list(again) == list(batches)[2:]


def test_all_of_a_frequent_class_comes_in_the_course_of_epochs():
    seen = set()
    for epoch in range(12):
        seen.update(balanced_order(TARGETS, seed=epoch))
    assert seen == set(range(len(TARGETS)))


def test_whole_batches_only():
    assert [len(b) for b in EpochBatches(11, 4, drop_last=True)] == [4, 4]
    assert [len(b) for b in EpochBatches(9, 4, drop_last=True)] == [4, 4]
    assert [len(b) for b in EpochBatches(8, 4, drop_last=True)] == [4, 4]
    with pytest.raises(ValueError, match="3 samples do not fill a batch of 4"):
        EpochBatches(3, 4, drop_last=True)


def test_limited_number_of_batches():
    batches = EpochBatches(23, 4, seed=1, limit=2)
    assert list(batches) == list(EpochBatches(23, 4, seed=1))[:2]
    assert batches.batches == 2
    batches.set_position(0, 1)
    assert len(batches) == 1
    assert EpochBatches(5, 4, limit=9).batches == 1, "a lone sample is merged first"


def test_limited_batches_in_order_are_spread_over_the_dataset():
    batches = EpochBatches(20, 3, shuffle=False, lone="keep", limit=2)
    assert list(batches) == [[0, 3, 6], [10, 13, 16]]
    batches.set_position(0, 1)
    assert list(batches) == [[10, 13, 16]]
    whole = EpochBatches(20, 3, shuffle=False, lone="keep", limit=99)
    assert sum(whole, []) == list(range(20))
