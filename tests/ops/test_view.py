"""Views and copies: what shares memory, in which order it lies, and what is refused."""

import numpy as np
import pytest

import minitorch as mt


def numbers(*shape):
    """0, 1, 2, ... in a shape."""
    return mt.arange(float(np.prod(shape))).reshape(shape).clone()


@pytest.mark.parametrize("make", [
    lambda x: x.view(6, 4),
    lambda x: x.view(-1, 2, 6),
    lambda x: x.reshape(24),
    lambda x: x.permute(2, 0, 1),
    lambda x: x.transpose(0, -1),
    lambda x: x.mT,
    lambda x: x.flatten(1),
    lambda x: x.unflatten(2, (2, -1)),
    lambda x: x.unsqueeze(1),
    lambda x: x[:1].squeeze(0),
    lambda x: x.expand(5, 2, 3, 4),
    lambda x: x.movedim((0, 1), (2, 0)),
    lambda x: x.narrow(2, 1, 2),
    lambda x: x.select(1, -1),
    lambda x: x.diagonal(1, 1, 2),
    lambda x: x.unfold(2, 3, 1),
    lambda x: x.as_strided((2, 2), (1, 3), 5),
    lambda x: x[None, ..., 1:3],
    lambda x: x[...],
], ids=lambda f: None)
def test_views_share_memory_and_know_their_base(make):
    x = numbers(2, 3, 4)
    view = make(x)
    assert view._base is x
    assert view._is_view()
    before = view.clone()
    with mt.no_grad():
        x += 100
    assert view._version == x._version
    np.testing.assert_array_equal(view.numpy(), before.numpy() + 100)


def test_reshape_copies_only_where_it_must():
    x = numbers(2, 3)
    assert x.reshape(3, 2)._base is x
    copied = x.t().reshape(6)
    assert copied._base is None
    assert copied.tolist() == [0, 3, 1, 4, 2, 5]
    assert x.flatten(1, 1) is x


def test_view_of_a_view_has_the_first_base():
    x = numbers(24)
    assert x[2:].view(11, 2)[1:]._base is x


@pytest.mark.parametrize(("shape", "strides"), [
    ((2, 3, 4, 5), (60, 1, 15, 3)),
    ((2, 1, 4, 5), (20, 1, 5, 1)),
    ((1, 3, 1, 1), (3, 1, 3, 3)),
])
def test_channels_last_strides(shape, strides):
    x = numbers(*shape).to(memory_format=mt.channels_last)
    assert x.stride() == strides
    assert x.to(memory_format=mt.channels_last) is x
    assert x.contiguous(memory_format=mt.channels_last) is x
    np.testing.assert_array_equal(x.numpy(), numbers(*shape).numpy())


def test_contiguous_leaves_what_is_in_both_orders():
    x = numbers(2, 3, 1, 1)
    assert x.contiguous(memory_format=mt.channels_last) is x
    assert x.to(memory_format=mt.channels_last).stride() == (3, 1, 3, 3)


def test_clone_and_casts_keep_the_order_of_memory():
    x = numbers(2, 3, 4, 5).contiguous(memory_format=mt.channels_last)
    assert x.clone().stride() == x.stride()
    assert x.double().stride() == x.stride()
    assert x.clone(memory_format=mt.contiguous_format).stride() == (60, 20, 5, 1)
    # with holes, or repeated: a dense copy
    assert numbers(4, 6)[:, ::2].clone().stride() == (3, 1)
    assert numbers(4, 1).expand(4, 3).clone().stride() == (3, 1)


def test_contiguous_and_to_return_the_tensor_itself_when_nothing_changes():
    x = numbers(2, 3)
    assert x.contiguous() is x
    assert x.to(mt.float32) is x
    assert x.to("cpu") is x
    assert x.float() is x
    assert x.to(mt.float32, copy=True) is not x
    assert x.t().contiguous() is not x


@pytest.mark.parametrize(("args", "kwargs", "dtype"), [
    ((mt.float64,), {}, "float64"),
    (("cpu", mt.int32), {}, "int32"),
    ((mt.device("cpu"), mt.float16, False, True), {}, "float16"),
    ((), {"dtype": mt.bool}, "bool"),
    ((), {"device": "cpu", "dtype": mt.uint8}, "uint8"),
    ((None, mt.int64), {}, "int64"),
    ((), {}, "float32"),
])
def test_to_reads_the_three_forms(args, kwargs, dtype):
    assert numbers(3).to(*args, **kwargs).dtype is getattr(mt, dtype)


def test_to_like_another_tensor():
    assert numbers(3).to(mt.zeros(1, dtype=mt.int16)).dtype is mt.int16


@pytest.mark.parametrize(("args", "kwargs", "error"), [
    (("cuda",), {}, RuntimeError),
    ((1.5,), {}, TypeError),
    ((mt.float32, "cpu"), {}, TypeError),
    ((), {"colour": 1}, TypeError),
    ((mt.float32,), {"copy": 1}, TypeError),
])
def test_to_refuses(args, kwargs, error):
    with pytest.raises(error):
        numbers(3).to(*args, **kwargs)


def test_type_names():
    assert numbers(1).type() == "torch.FloatTensor"
    assert numbers(1).type("torch.LongTensor").dtype is mt.int64
    with pytest.raises(ValueError, match="invalid type: 'torch.FooTensor'"):
        numbers(1).type("torch.FooTensor")


def test_view_as_another_dtype_reads_the_bytes():
    x = mt.tensor([1.0, -2.0])
    bits = x.view(mt.int32)
    assert bits.tolist() == [0x3F800000, 0xC0000000 - (1 << 32)]
    assert x.view(mt.uint8).shape == (8,)
    assert x.view(mt.float64).shape == (1,)
    with pytest.raises(RuntimeError, match=r"self.size\(-1\) must be divisible by 2"):
        numbers(3).view(mt.float64)


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda x: x.view(5), RuntimeError, r"shape '\[5\]' is invalid for input of size 24"),
    (lambda x: x.view(-1, -1), RuntimeError, "only one dimension can be inferred"),
    (lambda x: x.transpose(0, 1).view(-1), RuntimeError, "view size is not compatible"),
    (lambda x: x.permute(0, 1), RuntimeError, "does not match the length of the desired"),
    (lambda x: x.permute(0, 0, 1), RuntimeError, "duplicate dims are not allowed"),
    (lambda x: x.transpose(0, 3), IndexError, r"expected to be in range of \[-3, 2\], but got 3"),
    (lambda x: x.t(), RuntimeError, "expects a tensor with <= 2 dimensions, but self is 3D"),
    (lambda x: x.expand(3, 3, 4), RuntimeError, r"expanded size of the tensor \(3\) must match"),
    (lambda x: x.expand(3, 4), RuntimeError, "must be greater or equal to the number of dim"),
    (lambda x: x.expand(-1, 2, 3, 4), RuntimeError, "leading, non-existing dimension 0"),
    (lambda x: x.unsqueeze(5), IndexError, r"\[-4, 3\], but got 5"),
    (lambda x: x.flatten(2, 1), RuntimeError, "start_dim cannot come after end_dim"),
    (lambda x: x.unflatten(0, (3, 3)), RuntimeError, "don't multiply up to the size of dim 0"),
    (lambda x: x.narrow(0, 1, 2), RuntimeError, r"start \(1\) \+ length \(2\) exceeds"),
    (lambda x: x.select(0, 2), IndexError, "index 2 out of range for tensor of size"),
    (lambda x: x.as_strided((30,), (1,)), RuntimeError, "out of bounds for storage of size 96"),
    (lambda x: x.as_strided((2,), (1,), 23), RuntimeError, "out of bounds for storage"),
    (lambda x: x.as_strided((2,), (-1,)), RuntimeError, "Negative strides are not supported"),
    (lambda x: x.as_strided((2,), (1 << 61,)), RuntimeError, "overflow"),
    (lambda x: x.diagonal(0, 0, 0), RuntimeError, "dimensions cannot be identical 0, 0"),
    (lambda x: x.unfold(0, 3, 1), RuntimeError, "maximum size for tensor at dimension 0 is 2"),
    (lambda x: x.H, RuntimeError, "only supported on matrices"),
    (lambda x: x.movedim((0, 1), 0), RuntimeError, "should contain the same number of dims"),
    (lambda x: x.contiguous(memory_format=mt.channels_last), RuntimeError, "required rank 4"),
    (lambda x: x.copy_(mt.ones(3)), RuntimeError, r"must match the existing size \(3\)"),
    (lambda x: x.repeat(2), RuntimeError, "can not be smaller than number of dimensions"),
    (lambda x: x.flip(0, 0), RuntimeError, "dim 0 appears multiple times"),
    (lambda x: x.roll((1, 2), 0), RuntimeError, "shifts and dimensions must align"),
    (lambda x: x.diag(), RuntimeError, r"Supports 1D or 2D tensors. Got 3D"),
], ids=lambda value: None)
def test_refusals(call, error, text):
    with pytest.raises(error, match=text):
        call(numbers(2, 3, 4))


def test_T_of_other_than_matrices_warns():
    with pytest.warns(UserWarning, match="use of `x.T` on tensors of dimension other than 2"):
        assert numbers(2, 3, 4).T.shape == (4, 3, 2)
    assert numbers(2, 3).T.tolist() == [[0, 3], [1, 4], [2, 5]]


def test_overlapping_windows_add_their_gradients():
    x = mt.arange(5.0).requires_grad_()
    x.unfold(0, 3, 1).sum().backward()
    assert x.grad.tolist() == [1, 2, 3, 2, 1]
    x.grad = None
    x.as_strided((2, 3), (1, 1), 1).sum().backward()
    assert x.grad.tolist() == [0, 1, 2, 2, 1]


def test_expand_sums_its_gradient():
    x = mt.tensor([[1.0], [2.0]], requires_grad=True)
    (x.expand(3, 2, 4) * mt.arange(4.0)).sum().backward()
    assert x.grad.tolist() == [[18.0], [18.0]]


def test_casts_bring_the_gradient_back_in_the_dtype_of_the_leaf():
    x = mt.ones(2, requires_grad=True)
    x.double().mul(2).half().sum().backward()
    assert x.grad.dtype is mt.float32
    assert x.grad.tolist() == [2, 2]
    assert not x.long().requires_grad


def test_views_may_run_backward_twice():
    """A view saves no values, so its graph is not used up."""
    x = mt.ones(2, 3, requires_grad=True)
    y = x.t()[1:].reshape(4)
    y.sum().backward()
    y.sum().backward()
    assert x.grad.tolist() == [[0, 2, 2], [0, 2, 2]]


@pytest.mark.parametrize(("call", "name"), [
    (lambda x: x.view(6), "ViewBackward0"),
    (lambda x: x.t().reshape(6), "UnsafeViewBackward0"),
    (lambda x: x.permute(1, 0), "PermuteBackward0"),
    (lambda x: x.t(), "TBackward0"),
    (lambda x: x.expand(1, 2, 3), "ExpandBackward0"),
    (lambda x: x.squeeze(), "SqueezeBackward0"),
    (lambda x: x.squeeze(0), "SqueezeBackward1"),
    (lambda x: x.squeeze((0, 1)), "SqueezeBackward2"),
    (lambda x: x[0], "SelectBackward0"),
    (lambda x: x[:1], "SliceBackward0"),
    (lambda x: x[...], "AliasBackward0"),
    (lambda x: x.clone(), "CloneBackward0"),
    (lambda x: x.double(), "ToCopyBackward0"),
    (lambda x: x.as_strided((1,), (1,)), "AsStridedBackward0"),
    (lambda x: x.repeat(1, 2), "RepeatBackward0"),
    (lambda x: x.unbind()[0], "UnbindBackward0"),
    (lambda x: x.split(1)[1], "SplitBackward0"),
    (lambda x: mt.cat([x, x]), "CatBackward0"),
    (lambda x: x[[0]], "IndexBackward0"),
    (lambda x: x.gather(0, mt.tensor([[0]])), "GatherBackward0"),
    (lambda x: x.masked_fill(x > 0, 0), "MaskedFillBackward0"),
    (lambda x: x.sort()[0], "SortBackward0"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_names_of_functions_are_pytorchs(call, name):
    x = mt.ones(2, 3, requires_grad=True)
    assert call(x).grad_fn.name() == name
