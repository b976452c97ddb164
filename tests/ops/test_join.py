"""Joining and cutting tensors."""

import numpy as np
import pytest

import minitorch as mt


def numbers(*shape):
    """0, 1, 2, ... in a shape."""
    return mt.arange(float(np.prod(shape))).reshape(shape).clone()


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_cat_and_stack_are_numpys(dim):
    x, y = numbers(2, 3), numbers(2, 3) * 10
    np.testing.assert_array_equal(mt.cat([x, y], dim).numpy(),
                                  np.concatenate([x.numpy(), y.numpy()], dim))
    np.testing.assert_array_equal(mt.stack([x, y], dim).numpy(),
                                  np.stack([x.numpy(), y.numpy()], dim))


def test_cat_promotes_and_skips_empty_vectors():
    x = mt.cat([mt.tensor([1, 2]), mt.tensor([0.5]), mt.zeros(0)])
    assert x.dtype is mt.float32
    assert x.tolist() == [1.0, 2.0, 0.5]
    assert mt.cat([numbers(2, 3), mt.zeros(0)]).shape == (2, 3)


def test_cat_keeps_channels_last_only_if_all_are():
    plain = numbers(1, 2, 3, 4)
    last = plain.contiguous(memory_format=mt.channels_last)
    both = mt.cat([last, last], 1)
    assert both.is_contiguous(memory_format=mt.channels_last)
    np.testing.assert_array_equal(both.numpy(), mt.cat([plain, plain], 1).numpy())
    assert mt.cat([last, plain], 1).is_contiguous()


def test_gradients_go_to_each_part_in_its_dtype():
    a = mt.ones(2, 1, requires_grad=True)
    b = mt.ones(2, 2, dtype=mt.float64, requires_grad=True)
    (mt.cat([a, b], 1) * numbers(2, 3)).sum().backward()
    assert a.grad.tolist() == [[0], [3]]
    assert b.grad.tolist() == [[1, 2], [4, 5]]
    assert a.grad.dtype is mt.float32
    assert b.grad.dtype is mt.float64


def test_one_tensor_twice_gets_both_gradients():
    a = mt.ones(2, requires_grad=True)
    (mt.stack([a, a]) * numbers(2, 2)).sum().backward()
    assert a.grad.tolist() == [2, 4]


def test_parts_without_gradient_count_as_zeros():
    x = mt.ones(4, requires_grad=True)
    x.split([1, 2, 1])[1].sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 0]
    y = mt.ones(2, 3, requires_grad=True)
    (y.unbind(1)[2] * mt.tensor([5.0, 6.0])).sum().backward()
    assert y.grad.tolist() == [[0, 0, 5], [0, 0, 6]]


@pytest.mark.parametrize(("cut", "sizes"), [
    (lambda x: x.split(2), [2, 2, 1]),
    (lambda x: x.split([1, 0, 4]), [1, 0, 4]),
    (lambda x: x.chunk(2), [3, 2]),
    (lambda x: x.chunk(4), [2, 2, 1]),
    (lambda x: x.tensor_split(3), [2, 2, 1]),
    (lambda x: x.tensor_split([1, 9, -1]), [1, 4, 0, 1]),
    (lambda x: x[:0].chunk(3), [0, 0, 0]),
], ids=str)
def test_cuts(cut, sizes):
    x = numbers(5)
    parts = cut(x)
    assert [len(part) for part in parts] == sizes
    assert all(part._base is x for part in parts if sum(sizes))


def test_iteration_unbinds():
    assert [row.tolist() for row in numbers(2, 2)] == [[0, 1], [2, 3]]
    a, b = numbers(2, 2)
    assert b.tolist() == [2, 3]


def test_stacks_of_lower_rank():
    x = numbers(3)
    assert mt.hstack([x, x]).shape == (6,)
    assert mt.vstack([x, x]).tolist() == [[0, 1, 2], [0, 1, 2]]
    assert mt.dstack([x, x]).shape == (1, 3, 2)
    assert mt.column_stack([x, x]).tolist() == [[0, 0], [1, 1], [2, 2]]


def test_meshgrid():
    x, y = numbers(2), numbers(3)
    rows, columns = mt.meshgrid(x, y, indexing="ij")
    assert rows.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert columns.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert mt.meshgrid(x, y, indexing="xy")[0].tolist() == [[0, 1], [0, 1], [0, 1]]
    with pytest.warns(UserWarning, match="required to pass the indexing argument"):
        mt.meshgrid(x, y)
    with pytest.raises(RuntimeError, match='must be one of "xy" or "ij"'):
        mt.meshgrid(x, y, indexing="yx")


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda x: mt.cat([]), ValueError, "expected a non-empty list of Tensors"),
    (lambda x: mt.cat([x, x[0]]), RuntimeError, "same number of dimensions: got 2 and 1"),
    (lambda x: mt.cat([x, x[:, :2]]), RuntimeError,
     r"except in dimension 0. Expected size 3 but got size 2 for tensor number 1 in the list"),
    (lambda x: mt.cat([x, x], 2), IndexError, "but got 2"),
    (lambda x: mt.cat(x), TypeError, "must be tuple of Tensors, not Tensor"),
    (lambda x: mt.cat([x, 1]), TypeError, "expected Tensor as element 1 in arg"),
    (lambda x: mt.cat([mt.tensor(1.0)]), RuntimeError, r"zero-dimensional tensor .at pos"),
    (lambda x: mt.stack([]), RuntimeError, "non-empty TensorList"),
    (lambda x: mt.stack([x, x[0]]), RuntimeError, "equal size, but got .2, 3. at entry 0"),
    (lambda x: x.split(0), RuntimeError, "split_size can only be 0 if dimension size is 0"),
    (lambda x: x.split([1, 2]), RuntimeError, "to sum exactly to 2"),
    (lambda x: x.split([3, -1]), RuntimeError, "only non-negative entries"),
    (lambda x: x.chunk(0), RuntimeError, "greater than 0, got: 0"),
    (lambda x: x.tensor_split(0), RuntimeError, "must be larger than 0, got 0"),
    (lambda x: mt.tensor(1.0).unbind(), IndexError, "tensor has no dimensions"),
], ids=lambda value: None)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text):
        call(numbers(2, 3))
