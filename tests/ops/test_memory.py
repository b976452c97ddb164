"""Memory under a tensor, per-element Python functions, and PyTorch's old names."""

import pytest

import minitorch as mt


def test_resize_keeps_the_elements_in_order_of_memory():
    x = mt.arange(6.0)
    view = x[:2]
    assert x.resize_(2, 2) is x
    assert x.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    x.resize_(4, 3)
    assert x.shape == (4, 3) and x.flatten()[:6].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    view[0] = 9.0
    assert x[0, 0] == 9.0
    assert mt.ones(1).resize_as_(mt.ones(2, 3)).shape == (2, 3)
    with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
        mt.ones(2, requires_grad=True).resize_(3)


def test_resize_refuses_foreign_memory():
    numpy = pytest.importorskip("numpy")
    with pytest.raises(RuntimeError, match="Trying to resize storage that is not resizable"):
        mt.from_numpy(numpy.ones(2)).resize_(3)


def test_set_shares_memory():
    x = mt.arange(6.0)
    y = mt.empty(0).set_(x)
    assert y.is_set_to(x)
    y.set_(x.untyped_storage(), 1, (2, 2), (2, 1))
    assert y.tolist() == [[1.0, 2.0], [3.0, 4.0]] and not y.is_set_to(x)
    assert y.set_().numel() == 0
    with pytest.raises(RuntimeError, match="Could not set tensor of type"):
        mt.empty(0).set_(mt.arange(3))


def test_apply_and_map():
    assert mt.arange(3.0).apply_(lambda v: v + 1).tolist() == [1.0, 2.0, 3.0]
    assert mt.arange(3.0).map_(mt.ones(3), lambda a, b: a - b).tolist() == [-1.0, 0.0, 1.0]
    with pytest.raises(RuntimeError, match=r"Can't call apply_\(\) on Variable that requires grad"):
        mt.ones(2, requires_grad=True).apply_(abs)


def test_typed_constructors():
    assert mt.FloatTensor([1, 2]).dtype is mt.float32
    assert mt.LongTensor(2, 3).shape == (2, 3)
    assert mt.DoubleTensor().numel() == 0
    assert isinstance(mt.ones(1), mt.FloatTensor) and not isinstance(mt.ones(1), mt.LongTensor)
    assert mt.ones(1).type(mt.DoubleTensor).dtype is mt.float64
    assert mt.arange(2).new([3, 4]).dtype is mt.int64
    mt.set_default_tensor_type(mt.DoubleTensor)
    try:
        assert mt.ones(1).dtype is mt.float64
    finally:
        mt.set_default_tensor_type("torch.FloatTensor")


def test_storages():
    x = mt.arange(4.0)
    with pytest.warns(UserWarning, match="TypedStorage is deprecated"):
        storage = x[1:].storage()
    assert len(storage) == 4 and storage.tolist() == [0.0, 1.0, 2.0, 3.0]
    storage[0] = 7.0
    assert x[0] == 7.0 and storage[0] == 7.0
    assert isinstance(storage, mt.FloatStorage)
    assert storage.untyped().nbytes() == 16
    assert mt.tensor([258], dtype=mt.int16).untyped_storage()[:] == [2, 1]


def test_small_questions():
    assert mt.is_nonzero(mt.tensor(2.0)) and not mt.is_nonzero(mt.tensor([0]))
    assert mt.get_device(mt.ones(1)) == -1
    assert mt.typename(mt.ones(1)) == "torch.FloatTensor"
    assert mt.ones(2, 3).t().dim_order() == (1, 0)
    assert mt.iinfo(mt.int64).max == 2**63 - 1
    assert repr(mt.iinfo(mt.int8)) == "iinfo(min=-128, max=127, dtype=int8)"
    assert mt.ones(2)[mt.newaxis].shape == (1, 2)
    with pytest.raises(RuntimeError, match="no device to pin memory for"):
        mt.ones(1).pin_memory()


def test_named_results_print_as_in_torch():
    text = repr(mt.tensor([1.0, 3.0]).cummax(0))
    assert text == (
        "torch.return_types.cummax(\nvalues=tensor([1., 3.]),\nindices=tensor([0, 1]))"
    )


def test_fill_diagonal_wraps():
    x = mt.zeros(7, 3).fill_diagonal_(1, wrap=True)
    assert x.nonzero().tolist() == [[0, 0], [1, 1], [2, 2], [4, 0], [5, 1], [6, 2]]


def test_out_may_not_share_memory_with_an_input():
    x = mt.arange(4.0)
    with pytest.raises(RuntimeError, match="some elements of the input tensor and the written-to"):
        mt.cat([x[:2], x[2:]], out=x)
    with pytest.raises(RuntimeError, match="some elements of the input tensor and the written-to"):
        mt.gather(x, 0, mt.tensor([1, 0, 2, 3]), out=x)
