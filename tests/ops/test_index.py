"""Brackets, and reading and writing at index tensors."""

import numpy as np
import pytest

import minitorch as mt


def numbers(*shape):
    """0, 1, 2, ... in a shape."""
    return mt.arange(float(np.prod(shape))).reshape(shape).clone()


MASK = np.array([[True, False, True], [False, True, True]])


@pytest.mark.parametrize("index", [
    1, -1, (0, 2), (..., 1), (0, ..., 1), slice(1, 9), (slice(None), slice(None, None, 2)),
    None, (None, 0, None), (slice(None), None, 1), [0, 1, 1], ([1, 0], [2, 1]),
    (slice(None), [0, 2]), (slice(None), [[0, 1], [2, 0]], slice(1, 3)),
    ([0, 1], slice(None), [1, 2]), np.array([-1, 0]), MASK, (MASK, 1), (MASK, [0, 1, 2, 3]),
    np.array([True, False]), (slice(None), np.array([False, True, True])), [], True, False,
    (None, True), (..., None, [0, 3]), slice(5, 1), (slice(-2, None), slice(-1, None, 3)),
], ids=str)
def test_getitem_is_numpys(index):
    x = numbers(2, 3, 4)
    key = tuple(mt.from_numpy(i) if isinstance(i, np.ndarray) else i for i in index) \
        if isinstance(index, tuple) else index
    np.testing.assert_array_equal(x[key].numpy(), x.numpy()[index])


def test_an_integer_beside_index_tensors_is_applied_first():
    """Unlike numpy, where 0 would count as one more index array and move the axis."""
    x = numbers(2, 3, 4)
    assert x[0, :, [1]].shape == (3, 1)
    assert x[:, 0, [1]].shape == (2, 1)


def test_index_tensors_of_zero_dimensions():
    x = numbers(3, 2)
    assert x[mt.tensor(1)].tolist() == [2, 3]
    assert x[mt.tensor(1)]._base is x
    assert x[mt.tensor(True)].shape == (1, 3, 2)
    assert x[mt.tensor(1):mt.tensor(2)].tolist() == [[2, 3]]


def test_a_list_of_lists_is_read_as_a_tuple_with_a_warning():
    with pytest.warns(UserWarning, match="Using a non-tuple sequence"):
        assert numbers(2, 3)[[[0, 1], [2, 0]]].tolist() == [2, 3]


def test_byte_masks_warn():
    with pytest.warns(UserWarning, match="indexing with dtype torch.uint8 is now deprecated"):
        assert numbers(3)[mt.tensor([1, 0, 1], dtype=mt.uint8)].tolist() == [0, 2]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "bool", "int8", "float64"])
def test_every_dtype_moves(dtype):
    x = mt.tensor([[0, 1], [1, 0]]).to(getattr(mt, dtype))
    y = x[[1, 1], [0, 1]]
    assert y.dtype is x.dtype
    assert y.tolist() == [1, 0]
    x[[0, 1], [0, 1]] = 1
    assert x.tolist() == [[1, 1], [1, 1]]
    x[x == 1] = 0
    assert not x.any()


@pytest.mark.parametrize(("index", "error", "text"), [
    (2, IndexError, "index 2 is out of bounds for dimension 0 with size 2"),
    ((0, -4), IndexError, "index -4 is out of bounds for dimension 0 with size 3"),
    ((0, 0, 0, 0), IndexError, "too many indices for tensor of dimension 3"),
    (slice(None, None, -1), ValueError, "step must be greater than zero"),
    (slice(None, None, 0), ValueError, "slice step cannot be zero"),
    (slice(0.5, 1), TypeError, "slice indices must be integers or None"),
    (1.5, IndexError, r"only integers, slices .* are valid indices \(got float\)"),
    ({}, IndexError, r"valid indices \(got dict\)"),
    ("a", TypeError, "invalid data type 'str'"),
    ([5], IndexError, "index 5 is out of bounds for dimension 0 with size 2"),
    (([0, 1], [0, 1, 2]), IndexError, r"could not be broadcast together with shapes \[2\], \[3\]"),
    ([0.5], IndexError, "must be long, int, byte or bool tensors"),
    (np.zeros(3, bool), IndexError,
     r"shape of the mask \[3\] at index 0 does not match the shape of the indexed tensor "
     r"\[2, 3, 4\] at index 0"),
    ((slice(None), np.zeros((2, 3), bool)), IndexError, r"\[2, 3, 4\] at index 1"),
], ids=str)
def test_wrong_indices(index, error, text):
    x = numbers(2, 3, 4)
    with pytest.raises(error, match=text):
        x[index]
    with pytest.raises(error, match=text):
        x[index] = 1.0
    assert x.tolist() == numbers(2, 3, 4).tolist()


def test_scalars_have_no_places():
    with pytest.raises(IndexError, match="invalid index of a 0-dim tensor"):
        mt.tensor(3.0)[0]
    with pytest.raises(IndexError, match="index is out of bounds for dimension with size 0"):
        mt.zeros(0, 3)[[0]]
    assert mt.tensor(3.0)[...].item() == 3
    assert mt.tensor(3.0)[None].shape == (1,)


@pytest.mark.parametrize("index", [
    0, (1, 2), (slice(None), 1), (..., 0), [1, 0], (slice(None), [2, 0]), MASK,
    ([0, 1], slice(None), [1, 2]), (0, MASK[0]), (None, 1), True,
], ids=str)
def test_setitem_is_numpys(index):
    x, wanted = numbers(2, 3, 4), numbers(2, 3, 4).numpy().copy()
    x[index] = -1
    wanted[index] = -1
    np.testing.assert_array_equal(x.numpy(), wanted)
    value = np.arange(wanted[index].size, dtype=np.float32).reshape(wanted[index].shape) * 10
    wanted[index] = value
    x[index] = mt.from_numpy(value)
    np.testing.assert_array_equal(x.numpy(), wanted)


def test_assigned_values_are_cast_and_broadcast():
    x = mt.zeros(2, 3, dtype=mt.int64)
    x[0] = 2.7
    x[1] = mt.tensor([[1.5, 2.5, -1.5]])
    assert x.tolist() == [[2, 2, 2], [1, 2, -1]]
    x[:, [0]] = mt.tensor([[[7]]])
    assert x[:, 0].tolist() == [7, 7]


@pytest.mark.parametrize(("index", "value", "error", "text"), [
    (0, np.ones(3), TypeError, "can't assign a ndarray to a torch.FloatTensor"),
    (0, [1, 2], TypeError, "can't assign a list to a torch.FloatTensor"),
    (0, None, TypeError, "can't assign a NoneType to a torch.FloatTensor"),
    (0, 1j, RuntimeError, "value cannot be converted to type float without overflow"),
    (0, mt.ones(5), RuntimeError, r"The expanded size of the tensor \(3\) must match"),
    (0, mt.ones(2, 3), RuntimeError, r"must be greater or equal to the number of dimensions"),
    ([0, 1], mt.ones(5), RuntimeError,
     r"shape mismatch: value tensor of shape \[5\] cannot be broadcast to indexing result of "
     r"shape \[2, 3\]"),
    ([0], mt.ones(3, dtype=mt.float64), RuntimeError,
     "got Float for the destination and Double for the source"),
], ids=str)
def test_wrong_values(index, value, error, text):
    x = numbers(2, 3)
    with pytest.raises(error, match=text):
        x[index] = value
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_repeated_places_add_their_gradients():
    x = mt.zeros(3, requires_grad=True)
    (x[[0, 2, 0]] * mt.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [101, 0, 10]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int64"])
def test_index_put_accumulates(dtype):
    x = mt.ones(3, dtype=getattr(mt, dtype))
    x.index_put_((mt.tensor([0, 0, 2]),), mt.tensor([1, 2, 4]).to(x.dtype), accumulate=True)
    assert x.tolist() == [4, 1, 5]


def test_an_index_may_change_after_the_forward():
    x = mt.zeros(3, requires_grad=True)
    index = mt.tensor([0, 1])
    y = x[index].sum()
    index[0] = 2
    y.backward()
    assert x.grad.tolist() == [1, 1, 0]


# ---------------------------------------------------------------- along one axis

def test_gather_and_scatter():
    x, index = numbers(2, 3), mt.tensor([[0, 2], [1, 1]])
    assert x.gather(1, index).tolist() == [[0, 2], [4, 4]]
    assert x.scatter(1, index, -1.0).tolist() == [[-1, 1, -1], [3, -1, 5]]
    assert x.scatter(1, index[:1], numbers(2, 3) + 50).tolist() == [[50, 1, 51], [3, 4, 5]]
    assert x.scatter_add(1, index, mt.ones(2, 2)).tolist() == [[1, 1, 3], [3, 6, 5]]
    assert x.scatter(1, index, 2.0, reduce="multiply").tolist() == [[0, 1, 4], [3, 16, 5]]


def test_index_functions():
    x, index = numbers(2, 3), mt.tensor([2, 0])
    assert x.index_select(1, index).tolist() == [[2, 0], [5, 3]]
    assert x.index_add(1, index, mt.ones(2, 2), alpha=10).tolist() == [[10, 1, 12], [13, 4, 15]]
    assert x.index_copy(1, index, mt.ones(2, 2)).tolist() == [[1, 1, 1], [1, 4, 1]]
    assert x.index_fill(0, mt.tensor([1]), 9).tolist() == [[0, 1, 2], [9, 9, 9]]
    assert x.take(mt.tensor([[5, -1], [0, 3]])).tolist() == [[5, 5], [0, 3]]
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_masks():
    x = numbers(2, 3)
    mask = mt.tensor([True, False, True])
    assert x.masked_fill(mask, -1).tolist() == [[-1, 1, -1], [-1, 4, -1]]
    assert x.masked_select(mask).tolist() == [0, 2, 3, 5]
    assert x.masked_scatter(mask, mt.arange(10.0, 16.0)).tolist() == [[10, 1, 11], [12, 4, 13]]
    assert mt.ones(3).masked_fill(x > 2, 0).tolist() == [[1, 1, 1], [0, 0, 0]]
    assert x.nonzero().tolist() == [[0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert mt.where(x > 3)[1].tolist() == [1, 2]


def test_in_place_forms_return_the_tensor_itself():
    x = numbers(2, 3)
    index = mt.tensor([[0, 0, 0]])
    for done in (x.scatter_(0, index, 1.0), x.scatter_add_(0, index, mt.ones(1, 3)),
                 x.index_fill_(1, mt.tensor([0]), 3), x.index_add_(0, index[0, :1], mt.ones(1, 3)),
                 x.index_copy_(0, index[0, :1], mt.ones(1, 3)), x.masked_fill_(x > 4, 0),
                 x.masked_scatter_(x > 4, x), x.tril_(), x.triu_()):
        assert done is x
    assert x._version == 9


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda x: x.gather(0, mt.tensor([0])), RuntimeError, "same number of dimensions as input"),
    (lambda x: x.gather(0, mt.tensor([[2]])), RuntimeError,
     "index 2 is out of bounds for dimension 0 with size 2"),
    (lambda x: x.gather(0, mt.tensor([[-1]])), RuntimeError, "index -1 is out of bounds"),
    (lambda x: x.gather(0, mt.tensor([[0.0]])), RuntimeError, "Expected dtype int32/int64"),
    (lambda x: x.scatter(0, mt.tensor([[0]]), x.double()), RuntimeError,
     "Expected self.dtype to be equal to src.dtype"),
    (lambda x: x.index_select(0, mt.tensor([2])), IndexError, "index out of range in self"),
    (lambda x: x.index_select(0, mt.tensor([[0]])), IndexError, "supposed to be a vector"),
    (lambda x: x.index_add(0, mt.tensor([0]), x), RuntimeError, r"Number of indices \(1\)"),
    (lambda x: x.masked_fill(x, 1), RuntimeError, "only supports boolean masks"),
    (lambda x: x.masked_fill_(mt.ones(4, 2, 3) > 0, 1), RuntimeError, "doesn't match the broadc"),
    (lambda x: x.masked_scatter(x > 0, mt.ones(2)), RuntimeError, "number of ones in mask"),
    (lambda x: x.take(mt.tensor([6])), IndexError, "tried to access index 6 on a tensor of 6"),
    (lambda x: x.topk(4), RuntimeError, "selected index k out of range"),
], ids=range(13))
def test_refusals(call, error, text):
    with pytest.raises(error, match=text):
        call(numbers(2, 3))


# ---------------------------------------------------------------- order

def test_sort_is_stable_and_puts_nan_last():
    x = mt.tensor([2.0, 1.0, float("nan"), 2.0, 0.0])
    values, indices = x.sort()
    assert indices.tolist() == [4, 1, 0, 3, 2]
    assert np.isnan(values[-1].item())
    assert x.sort(descending=True).indices.tolist() == [2, 0, 3, 1, 4]
    assert x.argsort().tolist() == [4, 1, 0, 3, 2]


def test_sorted_values_send_their_gradient_home():
    x = mt.tensor([[3.0, 1.0, 2.0]], requires_grad=True)
    (x.sort()[0] * mt.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [[100, 1, 10]]
    x.grad = None
    x.topk(2).values.sum().backward()
    assert x.grad.tolist() == [[1, 0, 1]]


def test_topk_and_kthvalue():
    x = mt.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    assert x.topk(2).indices.tolist() == [[0, 2], [1, 2]]
    assert x.topk(1, largest=False).values.tolist() == [[1], [0]]
    assert x.kthvalue(2).values.tolist() == [2, 4]
    assert repr(mt.tensor([1.0]).topk(1)) == (
        "torch.return_types.topk(\nvalues=tensor([1.]),\nindices=tensor([0]))")


def test_unique():
    x = mt.tensor([3, 1, 3, 2])
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    assert values.tolist() == [1, 2, 3]
    assert inverse.tolist() == [2, 0, 2, 1]
    assert counts.tolist() == [1, 1, 2]
    assert mt.tensor([1, 1, 2, 1]).unique_consecutive().tolist() == [1, 2, 1]


def test_topk_of_a_long_axis_is_in_order():
    x = mt.tensor([float(i % 7) for i in range(100)])
    x[3], x[50], x[51] = float("nan"), float("inf"), -float("inf")
    values, places = x.topk(20)
    assert values[0].isnan() and places[:2].tolist() == [3, 50]
    assert (x[places][1:] == values[1:]).all() and len(set(places.tolist())) == 20
    assert values[2:].tolist() == sorted(values[2:].tolist(), reverse=True)
    # equal elements by their places
    assert places[2:16].tolist() == sorted(places[2:16].tolist())
    low, where = x.topk(4, largest=False)
    assert low.tolist() == [-float("inf"), 0.0, 0.0, 0.0] and where[0] == 51
    assert mt.ones(100).topk(0).values.shape == (0,)
