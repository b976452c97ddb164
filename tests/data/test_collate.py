from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from PIL import Image

import minitorch
from minitorch.utils.data import default_collate, default_convert

Point = namedtuple("Point", "x y")


def test_tensors_and_arrays_are_stacked():
    rows = [minitorch.tensor([1.0, 2.0]), minitorch.tensor([3.0, 4.0])]
    assert default_collate(rows).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    arrays = [np.array([1, 2], np.int32), np.array([3, 4], np.int32)]
    joined = default_collate(arrays)
    assert joined.tolist() == [[1, 2], [3, 4]]
    assert joined.dtype == minitorch.int32


@pytest.mark.parametrize(
    ("batch", "dtype"),
    [
        ([1, 2], "int64"),
        ([True, False], "bool"),
        ([0.5, 1.5], "float64"),
        ([np.float32(0.5), np.float32(1.5)], "float32"),
        ([np.int16(3), np.int16(4)], "int16"),
    ],
)
def test_numbers_become_a_tensor(batch, dtype):
    joined = default_collate(batch)
    assert joined.dtype == getattr(minitorch, dtype)
    assert joined.tolist() == batch


def test_structures_are_joined_by_element():
    joined = default_collate([(1, "a"), (2, "b")])
    assert isinstance(joined, list)
    assert joined[0].tolist() == [1, 2]
    assert joined[1] == ("a", "b")
    points = default_collate([Point(1, 2), Point(3, 4)])
    assert isinstance(points, Point)
    assert points.y.tolist() == [2, 4]
    mapping = default_collate([OrderedDict(k=1), OrderedDict(k=2)])
    assert isinstance(mapping, OrderedDict)
    assert mapping["k"].tolist() == [1, 2]


def test_unequal_sequences_are_refused():
    with pytest.raises(RuntimeError, match="each element in list of batch should be of equal size"):
        default_collate([[1, 2], [3]])


@pytest.mark.parametrize("sample", [Image.new("L", (2, 2)), np.array(["text"]), object()])
def test_what_cannot_be_joined_is_named(sample):
    with pytest.raises(TypeError, match="default_collate: batch must contain tensors"):
        default_collate([sample, sample])


def test_convert_leaves_structure_and_text():
    converted = default_convert({"a": np.arange(2), "b": ["text", 3]})
    assert isinstance(converted["a"], minitorch.Tensor)
    assert converted["b"] == ["text", 3]
