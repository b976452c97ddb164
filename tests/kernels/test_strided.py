"""The n-d driver: any shape, any strides, any dtype, against numpy's own views."""

import itertools

import numpy as np
import pytest
from kernels.elementwise_reference import DTYPES, NUMPY

from minitorch._kernels import _testing_elementwise as twin
from minitorch._kernels import dispatch

SHAPES = [(), (1,), (5,), (0,), (3, 0, 2), (1, 1), (2, 3), (4, 1, 5), (2, 3, 4, 5), (1, 7, 1, 3),
          (2, 1, 2, 1, 2), (3, 70, 40), (300, 257)]


@pytest.fixture(params=dispatch.available_isas(), autouse=True)
def isa(request):
    before = dispatch.isa()
    dispatch._select(request.param)
    yield request.param
    dispatch._select(before)


def orders(ndim):
    """Some orders of the axes in memory: row-major, column-major, channels-last, mixed."""
    every = list(itertools.permutations(range(ndim)))
    return every if len(every) <= 6 else [every[0], every[-1], every[7], every[13], every[18]]


def in_memory_order(x, order):
    """The numbers of x in an array whose axes lie in memory in `order`."""
    return np.array(x.transpose(order), order="C").transpose(np.argsort(order))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_add_over_operands_of_different_memory_orders(shape):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, *shape)).astype(np.float32)
    for order in orders(len(shape)):
        for other in orders(len(shape)):
            out = in_memory_order(np.zeros(shape, np.float32), order)
            twin.run("add", "float32", out, in_memory_order(a, other), in_memory_order(b, order))
            np.testing.assert_array_equal(out, a + b)


@pytest.mark.parametrize("shapes", [
    ((3, 4), (4,)), ((3, 1), (1, 4)), ((2, 3, 4), ()), ((5, 1, 6), (4, 1)),
    ((2, 8, 5, 5), (8, 1, 1)), ((1,), (0,)), ((600, 200), (200,)), ((600, 200), (600, 1))], ids=str)
def test_broadcast_operands_have_stride_zero(shapes):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 100, shape) for shape in shapes)
    left, right = np.broadcast_arrays(a, b)
    out = np.empty(left.shape, np.int64)
    twin.run("sub", "int64", out, left, right)
    np.testing.assert_array_equal(out, a - b)


@pytest.mark.parametrize("view", [
    np.s_[::-1], np.s_[::2], np.s_[:, ::-1], np.s_[::-1, ::-1], np.s_[::-2, ::3], np.s_[1:7, 2:3],
    np.s_[4:4]], ids=str)
def test_slices_and_negative_strides(view):
    x = np.arange(200.0).reshape(10, 20)
    for source, target in ((x[view], np.empty_like(x[view])),
                           (np.ascontiguousarray(x[view]), np.zeros((10, 20))[view])):
        twin.run("neg", "float64", target, source)
        np.testing.assert_array_equal(target, -x[view])


def test_writing_a_slice_leaves_its_surroundings_alone():
    base = np.full((9, 11), 7.0)
    inside = base[2:8:2, 1:10:3]
    twin.run("neg", "float64", inside, inside)
    assert (base == -7).sum() == inside.size
    assert (base == 7).sum() == base.size - inside.size


def test_forty_dimensions():
    x = np.arange(2.0**6).reshape((2,) * 6 + (1,) * 34)[:, ::-1]
    out = np.empty_like(x)
    twin.run("neg", "float64", out, x)
    np.testing.assert_array_equal(out, -x)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtypes", [("float32", "float32"), ("float32", "uint8"),
                                    ("float64", "float16"), ("int64", "float32"),
                                    ("bool", "bool")], ids=str)
def test_copy_between_memory_orders_with_and_without_cast(shape, dtypes):
    target, source = dtypes
    x = np.random.default_rng(0).integers(0, 120, shape).astype(NUMPY[source])
    for order in orders(len(shape)):
        for other in orders(len(shape)):
            out = in_memory_order(np.zeros(shape, NUMPY[target]), order)
            assert twin.copy(out, target, in_memory_order(x, other), source) == 0
            np.testing.assert_array_equal(out, x.astype(NUMPY[target]))


@pytest.mark.parametrize("shape", [(2, 64, 56, 56), (1, 3, 224, 224), (4, 17, 9, 33)], ids=str)
def test_copy_channels_last_and_back(shape):
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    last = in_memory_order(np.empty_like(x), (0, 2, 3, 1))
    twin.copy(last, "float32", x, "float32")
    np.testing.assert_array_equal(last, x)
    back = np.empty_like(x)
    twin.copy(back, "float32", last, "float32")
    np.testing.assert_array_equal(back, x)


def test_copy_transposed_slices():
    x = np.arange(300.0 * 200).reshape(300, 200)
    out = np.zeros((400, 300))
    twin.copy(out[100:170, 3:298], "float64", x.T[10:80, 5:], "float64")
    want = np.zeros((400, 300))
    want[100:170, 3:298] = x.T[10:80, 5:]
    np.testing.assert_array_equal(out, want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_fill_writes_every_element_and_nothing_else(dtype):
    base = np.zeros((6, 8), NUMPY[dtype])
    twin.fill_with(base[1:5, ::2], dtype, 1.0)
    one = 0x3F80 if dtype == "bfloat16" else 1
    assert (base == one).sum() == 16
    assert (base[1:5, ::2] == one).all()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"])
def test_has_zero_looks_at_the_view_only(dtype):
    x = np.ones((5, 6, 2), NUMPY[dtype])
    x[3, 4, 1] = 0
    assert twin.has_zero(x, dtype)
    assert twin.has_zero(x[::-1, ::2], dtype)
    assert not twin.has_zero(x[:, ::3], dtype)
    assert not twin.has_zero(x[:0], dtype)
    assert not twin.has_zero(np.broadcast_to(x[0, 0], (4, 2)), dtype)


def test_large_job_is_the_same_for_one_and_two_threads():
    parallel = pytest.importorskip("minitorch._kernels.parallel")
    x = np.random.default_rng(0).standard_normal(1_000_003).astype(np.float32)
    before, results = parallel.get_num_threads(), []
    for threads in (1, 2):
        parallel.set_num_threads(threads)
        out = np.empty_like(x)
        twin.run("tanh", "float32", out, x)
        results.append(out)
    parallel.set_num_threads(before)
    np.testing.assert_array_equal(results[0], results[1])
