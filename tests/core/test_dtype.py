"""dtypes and type promotion."""

import copy
import pickle

import pytest

import minitorch as torch

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")


@pytest.mark.parametrize("name", (*FLOATS, *INTEGERS, "bool"))
def test_dtype_is_one_object_under_its_name(name):
    dtype = getattr(torch, name)
    assert repr(dtype) == f"torch.{name}"
    assert copy.deepcopy(dtype) is dtype
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert torch.zeros(2, dtype=dtype).dtype is dtype
    assert dtype.is_floating_point == (name in FLOATS)


@pytest.mark.parametrize(("a", "b", "result"), [
    ("float16", "bfloat16", "float32"), ("uint8", "int8", "int16"), ("uint8", "int32", "int32"),
    ("bool", "uint8", "uint8"), ("int64", "float16", "float16"), ("float32", "float64", "float64"),
    ("bool", "bool", "bool"), ("int16", "int8", "int16"),
])
def test_promotion_table(a, b, result):
    left, right = getattr(torch, a), getattr(torch, b)
    assert torch.promote_types(left, right) is getattr(torch, result)
    assert torch.promote_types(right, left) is getattr(torch, result)


def test_numbers_and_scalars_do_not_widen_tensors_of_their_category():
    whole, single = torch.ones(2, dtype=torch.int32), torch.ones(2)
    assert (whole + 1).dtype is torch.int32
    assert (whole + 1.0).dtype is torch.float32
    assert (single + torch.tensor(1.0, dtype=torch.float64)).dtype is torch.float32
    assert (whole + torch.tensor(1, dtype=torch.int64)).dtype is torch.int32
    assert (whole + torch.tensor(1.0, dtype=torch.float16)).dtype is torch.float16
    assert (torch.ones(2, dtype=torch.bool) + 1).dtype is torch.int64


def test_default_dtype_rules_python_floats():
    assert torch.get_default_dtype() is torch.float32
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.tensor(1.0).dtype is torch.float64
        assert torch.rand(1).dtype is torch.float64
        assert (torch.ones(2, dtype=torch.int64) / 2).dtype is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    with pytest.raises(TypeError, match="only floating-point types"):
        torch.set_default_dtype(torch.int32)


@pytest.mark.parametrize("name", FLOATS)
def test_finfo_holds_the_limits_of_the_format(name):
    info, dtype = torch.finfo(getattr(torch, name)), getattr(torch, name)
    one = torch.ones(1, dtype=dtype)
    assert (one + info.eps).item() > 1.0
    assert (one + info.eps / 4).item() == 1.0
    assert torch.tensor(info.max, dtype=dtype).item() == info.max
    assert info.bits == 8 * dtype.itemsize


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="complex"):
        torch.tensor([1j])
