import pytest

import minitorch
from minitorch.utils.data import (
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
)


class Stream(IterableDataset):
    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return iter(self.values)

    def __len__(self):
        return len(self.values)


def test_tensor_dataset_gives_rows():
    dataset = TensorDataset(minitorch.arange(6).reshape(3, 2), minitorch.tensor([7, 8, 9]))
    row, label = dataset[1]
    assert (len(dataset), row.tolist(), label.item()) == (3, [2, 3], 8)


def test_tensor_dataset_refuses_unequal_sizes():
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        TensorDataset(minitorch.zeros(3), minitorch.zeros(4))
    with pytest.raises(ValueError, match="at least one tensor"):
        TensorDataset()


class Numbers(Dataset):
    def __init__(self, *values):
        self.values = values

    def __getitem__(self, index):
        return self.values[index]

    def __len__(self):
        return len(self.values)


def test_sum_concatenates():
    both = Numbers(1, 2) + Numbers(3)
    assert isinstance(both, ConcatDataset)
    assert [both[i] for i in range(3)] == [1, 2, 3]
    assert both[-1] == 3
    with pytest.raises(IndexError, match="index 3 is out of range"):
        both[3]
    with pytest.raises(ValueError, match="absolute value of index"):
        both[-4]


def test_concat_refuses_streams_and_nothing():
    with pytest.raises(AssertionError, match="should not be an empty iterable"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        ConcatDataset([Stream([1])])


def test_sum_of_streams_chains():
    chained = Stream([1, 2]) + Stream([3])
    assert isinstance(chained, ChainDataset)
    assert list(chained) == [1, 2, 3]
    assert len(chained) == 3


def test_stack_pairs_samples():
    assert StackDataset([1, 2], [3, 4])[1] == (2, 4)
    named = StackDataset(a=[1, 2], b=[3, 4])
    assert named.__getitems__([1, 0]) == [{"a": 2, "b": 4}, {"a": 1, "b": 3}]
    with pytest.raises(ValueError, match="Size mismatch between datasets"):
        StackDataset([1], [1, 2])


def test_subset_passes_whole_batches_on():
    calls = []

    class Batched(Numbers):
        def __getitems__(self, indices):
            calls.append(indices)
            return [self[i] for i in indices]

    subset = Subset(Batched(10, 11, 12, 13), [3, 1])
    assert [batch.tolist() for batch in DataLoader(subset, batch_size=2)] == [[13, 11]]
    assert calls == [[3, 1]]


def test_subset_refuses_a_half_override():
    class Half(Subset):
        def __getitem__(self, index):
            return 0

    with pytest.raises(NotImplementedError, match="Half overrides __getitem__"):
        Half([1], [0])


def test_abstract_dataset_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="Subclasses of Dataset should implement"):
        Dataset()[0]
