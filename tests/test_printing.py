"""Printing, against the strings that PyTorch 2.13 prints for the same tensors."""

import math

import pytest

import minitorch as mt

INF, NAN = math.inf, math.nan


@pytest.fixture(autouse=True)
def default_options():
    mt.set_printoptions(profile="default")
    yield
    mt.set_printoptions(profile="default")


def tensor(*args, dtype=None, **kwargs):
    return mt.tensor(*args, dtype=dtype and getattr(mt, dtype), **kwargs)


# (arguments of tensor(), what repr gives)
GOLDEN = [
    ([2.0, 3.0], {}, "tensor([2., 3.])"),
    (1.5, {}, "tensor(1.5000)"),
    (3, {}, "tensor(3)"),
    (True, {}, "tensor(True)"),
    (-0.0, {}, "tensor(-0.)"),
    ([1.0, NAN, INF], {}, "tensor([1., nan, inf])"),
    ([NAN, NAN], {}, "tensor([nan, nan])"),
    ([1.5, -INF], {}, "tensor([1.5000,   -inf])"),
    ([0.1, 1000.0, 123456.0], {}, "tensor([1.0000e-01, 1.0000e+03, 1.2346e+05])"),
    ([1e-5, 1.0], {}, "tensor([1.0000e-05, 1.0000e+00])"),
    ([1e10, 1.0], {}, "tensor([1.0000e+10, 1.0000e+00])"),
    ([1e8, 2e8], {}, "tensor([1.0000e+08, 2.0000e+08])"),
    ([100.5, 1.25], {}, "tensor([100.5000,   1.2500])"),
    ([True, False], {}, "tensor([ True, False])"),
    ([1, -20, 300], {}, "tensor([  1, -20, 300])"),
    ([[1, 2], [3, 4]], {}, "tensor([[1, 2],\n        [3, 4]])"),
    ([[[1.5]], [[2.0]]], {}, "tensor([[[1.5000]],\n\n        [[2.0000]]])"),
    ([], {}, "tensor([])"),
    ([[], []], {}, "tensor([], size=(2, 0))"),
    ([], {"dtype": "int64"}, "tensor([], dtype=torch.int64)"),
    ([1.0], {"dtype": "float64"}, "tensor([1.], dtype=torch.float64)"),
    ([1.0, 0.1], {"dtype": "float16"}, "tensor([1.0000, 0.1000], dtype=torch.float16)"),
    ([1.0, 0.1], {"dtype": "bfloat16"}, "tensor([1.0000, 0.1001], dtype=torch.bfloat16)"),
    ([1, 2], {"dtype": "int32"}, "tensor([1, 2], dtype=torch.int32)"),
    ([1, 2], {"dtype": "uint8"}, "tensor([1, 2], dtype=torch.uint8)"),
    ([2.0, 3.0], {"requires_grad": True}, "tensor([2., 3.], requires_grad=True)"),
    (
        [1.0],
        {"dtype": "float64", "requires_grad": True},
        "tensor([1.], dtype=torch.float64, requires_grad=True)",
    ),
]


@pytest.mark.parametrize(("values", "options", "text"), GOLDEN, ids=[g[2][:40] for g in GOLDEN])
def test_repr_equals_pytorch(values, options, text):
    assert repr(tensor(values, **options)) == text
    assert str(tensor(values, **options)) == text


def test_repr_names_the_function_of_a_result():
    a = tensor([2.0, 3.0], requires_grad=True)
    assert repr(a * 2) == "tensor([4., 6.], grad_fn=<MulBackward0>)"
    assert repr(a.sum()) == "tensor(5., grad_fn=<SumBackward0>)"


def test_repr_of_many_values_shows_the_corners():
    assert repr(mt.arange(2000)) == "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"
    rows = repr(mt.zeros(40, 40)).split("\n")
    assert rows[0] == "tensor([[0., 0., 0.,  ..., 0., 0., 0.],"
    assert rows[3] == "        ...,"
    assert len(rows) == 7


def test_repr_breaks_lines_at_the_width():
    text = repr(mt.arange(30))
    assert text.split("\n")[0] == (
        "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,"
    )


def test_suffix_moves_to_its_own_line_when_the_line_is_full():
    text = repr(tensor([1.25] * 7, requires_grad=True))
    assert text == (
        "tensor([1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500, 1.2500],\n"
        "       requires_grad=True)"
    )


def test_set_printoptions_changes_each_option():
    mt.set_printoptions(precision=2)
    assert repr(tensor([1.12345])) == "tensor([1.12])"
    mt.set_printoptions(threshold=5)
    assert repr(mt.arange(10)) == "tensor([0, 1, 2,  ..., 7, 8, 9])"
    mt.set_printoptions(edgeitems=1)
    assert repr(mt.arange(10)) == "tensor([0,  ..., 9])"
    mt.set_printoptions(profile="default", linewidth=20)
    assert repr(mt.arange(10)) == "tensor([0, 1, 2, 3,\n        4, 5, 6, 7,\n        8, 9])"
    mt.set_printoptions(profile="default", sci_mode=True)
    assert repr(tensor([1.5])) == "tensor([1.5000e+00])"
    mt.set_printoptions(sci_mode=False)
    assert repr(tensor([1e-7])) == "tensor([0.0000])"
    mt.set_printoptions()
    assert repr(tensor([1e-7])) == "tensor([1.0000e-07])"


def test_set_printoptions_refuses_an_unknown_profile():
    with pytest.raises(ValueError, match="profile must be one of"):
        mt.set_printoptions(profile="wide")


def test_printing_records_nothing_and_changes_nothing():
    a = tensor([1.0, 2.0], requires_grad=True)
    version = a._version
    with mt.no_grad():
        inside = repr(a)
    assert inside == repr(a)
    assert a._version == version
    assert a.grad is None


def test_printing_a_view_prints_the_view():
    x = mt.arange(12).reshape(3, 4)
    assert repr(x.t()[1]) == "tensor([1, 5, 9])"
    assert repr(x[:, ::2]) == "tensor([[ 0,  2],\n        [ 4,  6],\n        [ 8, 10]])"
