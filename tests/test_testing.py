"""minitorch.testing: what assert_close passes, what it refuses, and in which words."""

import math

import numpy as np
import pytest

import minitorch as mt
from minitorch.testing import assert_close, make_tensor


@pytest.mark.parametrize(
    ("dtype", "close", "far"),
    [
        ("float32", 1e-6, 1e-3),
        ("float64", 1e-8, 1e-5),
        ("float16", 5e-4, 1e-2),
        ("bfloat16", 8e-3, 5e-2),
    ],
)
def test_tolerance_depends_on_the_dtype(dtype, close, far):
    one = mt.ones(3, dtype=getattr(mt, dtype))
    assert_close(one * (1 + close), one)
    with pytest.raises(AssertionError, match="Tensor-likes are not close!"):
        assert_close(one * (1 + far), one)


def test_integers_are_compared_for_equality():
    assert_close(mt.tensor([1, 2]), mt.tensor([1, 2]))
    with pytest.raises(AssertionError, match="Tensor-likes are not equal!"):
        assert_close(mt.tensor([1, 2]), mt.tensor([1, 3]))


def test_text_tells_how_many_and_where():
    with pytest.raises(AssertionError) as caught:
        assert_close(mt.tensor([1.0, 2.5, 3.0]), mt.tensor([1.0, 2.0, 3.0]))
    assert str(caught.value) == (
        "Tensor-likes are not close!\n\n"
        "Mismatched elements: 1 / 3 (33.3%)\n"
        "Greatest absolute difference: 0.5 at index (1,) (up to 1e-05 allowed)\n"
        "Greatest relative difference: 0.25 at index (1,) (up to 1.3e-06 allowed)"
    )


def test_text_of_scalars():
    with pytest.raises(AssertionError) as caught:
        assert_close(1.5, 1.0)
    assert str(caught.value) == (
        "Scalars are not close!\n\n"
        "Expected 1.0 but got 1.5.\n"
        "Absolute difference: 0.5 (up to 1e-07 allowed)\n"
        "Relative difference: 0.5 (up to 1e-07 allowed)"
    )


def test_nan_is_equal_only_on_request():
    x = mt.tensor([math.nan, 1.0])
    with pytest.raises(AssertionError):
        assert_close(x, x)
    assert_close(x, x, equal_nan=True)


def test_infinities_must_agree():
    x = mt.tensor([math.inf, -math.inf])
    assert_close(x, x)
    with pytest.raises(AssertionError):
        assert_close(x, -x)


@pytest.mark.parametrize(
    ("actual", "expected", "options", "text"),
    [
        ((2,), (3,), {}, "The values for attribute 'shape' do not match"),
        ((2, 1), (2,), {}, "The values for attribute 'shape' do not match"),
    ],
)
def test_shapes_must_agree(actual, expected, options, text):
    with pytest.raises(AssertionError, match=text):
        assert_close(mt.ones(*actual), mt.ones(*expected), **options)


def test_dtype_and_stride_checks_can_be_chosen():
    x = mt.ones(2, 3)
    with pytest.raises(AssertionError, match="'dtype' do not match: torch.float32 != torch.float6"):
        assert_close(x, x.double())
    assert_close(x, x.double(), check_dtype=False)
    assert_close(x.t(), mt.ones(3, 2))
    with pytest.raises(AssertionError, match=r"'stride\(\)' do not match"):
        assert_close(x.t(), mt.ones(3, 2), check_stride=True)


def test_containers_are_compared_item_by_item():
    one, two = mt.tensor(1.0), mt.tensor(2.0)
    assert_close({"a": [one, (two,)]}, {"a": [one, (two,)]})
    with pytest.raises(AssertionError, match=r"The failure occurred for item \['a'\]\[1\]\[0\]"):
        assert_close({"a": [one, (two,)]}, {"a": [one, (one,)]})
    with pytest.raises(AssertionError, match="length of the sequences mismatch: 1 != 2"):
        assert_close([one], [one, one])
    with pytest.raises(AssertionError, match="Missing keys in the actual mapping: \\['b'\\]"):
        assert_close({"a": one}, {"b": one})


def test_numpy_arrays_numbers_none_and_bool():
    assert_close(np.ones(3), np.ones(3))
    assert_close(None, None)
    assert_close(True, True)
    with pytest.raises(AssertionError, match="Booleans mismatch: True is not False"):
        assert_close(True, False)
    with pytest.raises(AssertionError, match="None mismatch"):
        assert_close(None, 1.0)
    with pytest.raises(AssertionError, match=r"The \(d\)types do not match"):
        assert_close(1, 1.0)
    with pytest.raises(TypeError, match="No comparison pair was able to handle inputs of type"):
        assert_close(mt.ones(1), np.ones(1))


def test_both_tolerances_or_none():
    with pytest.raises(ValueError, match="Both 'rtol' and 'atol' must be either specified or om"):
        assert_close(mt.ones(1), mt.ones(1), rtol=1e-3)
    assert_close(mt.tensor(1.05), mt.tensor(1.0), rtol=0.1, atol=0.0)


def test_msg_replaces_or_wraps_the_text():
    with pytest.raises(AssertionError, match="^mine$"):
        assert_close(1.0, 2.0, msg="mine")
    with pytest.raises(AssertionError, match="^mine: Scalars are not close"):
        assert_close(1.0, 2.0, msg=lambda text: "mine: " + text)


def test_tensors_that_require_grad_are_compared_by_value():
    assert_close(mt.ones(2, requires_grad=True), mt.ones(2))


def test_make_tensor_keeps_bounds_dtype_and_layout():
    x = make_tensor(40, 5, dtype=mt.float32, device="cpu", low=-1, high=2, requires_grad=True)
    assert x.shape == (40, 5) and x.requires_grad and x.is_leaf
    assert -1 <= x.min().item() and x.max().item() < 2
    y = make_tensor((3, 4), dtype=mt.float64, device="cpu", noncontiguous=True)
    assert y.shape == (3, 4) and not y.is_contiguous()
    z = make_tensor(200, dtype=mt.int64, device="cpu", exclude_zero=True)
    assert z.dtype == mt.int64 and not (z == 0).any()
    assert z.min().item() >= -9 and z.max().item() < 10
    assert make_tensor(3, dtype=mt.bool, device="cpu").dtype == mt.bool


def test_make_tensor_refuses_contradictions():
    with pytest.raises(ValueError, match="`low` must be less than `high`"):
        make_tensor(2, dtype=mt.float32, device="cpu", low=2, high=1)
    with pytest.raises(ValueError, match="not supported for boolean and integral dtypes"):
        make_tensor(2, dtype=mt.int64, device="cpu", requires_grad=True)
    with pytest.raises(ValueError, match="mutually exclusive"):
        make_tensor(
            2, dtype=mt.float32, device="cpu", noncontiguous=True,
            memory_format=mt.contiguous_format,
        )
