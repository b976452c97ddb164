"""Reductions and scans beyond the op table: forms of a call, ties, zeros, NaN, empty, errors."""

import numpy as np
import pytest

import minitorch as mt
from minitorch._ops.statistics import vector_norm

INF, NAN = float("inf"), float("nan")


def array(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def leaf(values):
    return mt.tensor(values, dtype=mt.float64, requires_grad=True)


def gradient(function, values):
    """The gradient of the sum of all floating outputs."""
    x = leaf(values)
    out = function(x)
    outputs = out if isinstance(out, tuple) else (out,)
    sum(o.sum() for o in outputs if o.dtype.is_floating_point).backward()
    return x.grad.numpy()


def close(got, expected, rtol=1e-12):
    np.testing.assert_allclose(got.detach().numpy(), expected, rtol=rtol, atol=1e-14)
    assert tuple(got.shape) == np.shape(expected)


# ---------------------------------------------------------------- against numpy


@pytest.mark.parametrize("dim", [None, 0, -1, (0, 2), (2, 1, 0)])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("sum", np.sum),
        ("mean", np.mean),
        ("amax", np.max),
        ("amin", np.min),
        ("nansum", np.nansum),
        ("nanmean", np.nanmean),
        ("all", np.all),
        ("any", np.any),
    ],
)
def test_reductions_over_any_axes(name, reference, dim, keepdim):
    x = array(3, 4, 5)
    x[0, 1, 2] = 0.0
    for laid_out in (x, np.asfortranarray(x), x[:, ::2], x.transpose(2, 0, 1)):
        got = getattr(mt, name)(mt.from_numpy(laid_out), dim, keepdim)
        close(got, reference(laid_out, axis=dim, keepdims=keepdim))
        assert got.is_contiguous()


def test_results_are_row_major_whatever_the_input():
    x = mt.tensor(array(2, 3, 4, 5)).contiguous(memory_format=mt.channels_last)
    assert x.mean((2, 3), True).stride() == (3, 1, 1, 1)
    assert x.sum(2).stride() == (15, 5, 1)
    assert x.max(2).indices.stride() == (15, 5, 1)
    assert x.median(1).values.stride() == (20, 5, 1)
    assert x.cumsum(1).stride() == (60, 20, 5, 1)


@pytest.mark.parametrize("correction", [0, 1, 2, 0.5])
@pytest.mark.parametrize("dim", [None, 1, (0, 2)])
def test_variances(correction, dim):
    x = array(3, 4, 5)
    tensor = mt.tensor(x)
    count = x.size if dim is None else np.prod([x.shape[d] for d in np.atleast_1d(dim)])
    squares = ((x - x.mean(axis=dim, keepdims=True)) ** 2).sum(axis=dim)
    variance = squares / (count - correction)
    close(tensor.var(dim, correction=correction), variance)
    close(tensor.std(dim, correction=correction), np.sqrt(variance))
    for function, expected in ((mt.var_mean, variance), (mt.std_mean, np.sqrt(variance))):
        first, mean = function(tensor, dim, correction=correction)
        close(first, expected)
        close(mean, x.mean(axis=dim))


def test_variance_forms():
    x = array(3, 4)
    t = mt.tensor(x)
    close(t.var(False), x.var())
    close(t.var(0, False), x.var(axis=0))
    close(t.var(0, True, True), x.var(axis=0, ddof=1, keepdims=True))
    close(mt.std(t, unbiased=False), x.std())
    assert mt.isnan(mt.tensor(2.0).var())
    assert mt.tensor([1.0, 3.0]).var(correction=5) == INF


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, -1, INF, -INF])
@pytest.mark.parametrize("dim", [None, 1, (0, 2)])
def test_norms(p, dim):
    x = array(3, 4, 5)
    size = np.abs(x)
    if p == 0:
        expected = (x != 0).sum(axis=dim).astype(float)
    elif abs(p) == INF:
        expected = (size.max if p > 0 else size.min)(axis=dim)
    else:
        expected = (size**p).sum(axis=dim) ** (1 / p)
    close(mt.tensor(x).norm(p, dim), expected)
    close(vector_norm(mt.tensor(x), p, dim), expected)
    assert mt.norm(mt.tensor(x), p, dim, keepdim=True).dim() == 3


def test_norm_in_another_dtype():
    x = mt.tensor([3.0, 4.0], requires_grad=True)
    out = x.norm(2, 0, False, mt.float64)
    assert out.dtype is mt.float64 and out == 5
    out.backward()
    assert x.grad.dtype is mt.float32
    np.testing.assert_allclose(x.grad.numpy(), [0.6, 0.8], rtol=1e-7)
    assert x.norm("fro") == x.norm(None) == 5


def test_logsumexp_of_extreme_values():
    assert mt.tensor([1000.0, 1000.0]).logsumexp(0) == 1000 + np.float32(np.log(2))
    assert mt.tensor([-INF, -INF]).logsumexp(0) == -INF
    assert mt.tensor([INF, 1.0]).logsumexp(0) == INF
    assert mt.empty(0, 2).logsumexp(0).tolist() == [-INF, -INF]
    x = array(3, 4)
    close(mt.tensor(x).logsumexp((0, 1), True), np.log(np.exp(x).sum(keepdims=True)))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_scans(dim):
    x = array(3, 4, 5)
    close(mt.tensor(x).cumsum(dim), np.cumsum(x, dim))
    close(mt.tensor(x).cumprod(dim), np.cumprod(x, dim))
    close(mt.from_numpy(np.asfortranarray(x)).cumsum(dim), np.cumsum(x, dim))


def test_medians():
    x = array(5, 4)
    t = mt.tensor(x)
    close(t.median(), np.sort(x, None)[9])
    values, indices = t.median(0)
    close(values, np.median(x, 0))
    close(indices, x.argsort(0)[2])
    assert t.median(1, True).values.shape == (5, 1)
    withheld = mt.tensor([[1.0, NAN, 3.0, 2.0], [NAN, NAN, NAN, NAN]])
    assert withheld.median(1).indices.tolist() == [1, 0]
    assert withheld.median(1).values.isnan().all()
    assert withheld.nanmedian(1).values[0] == 2
    assert withheld.nanmedian() == 2


# ---------------------------------------------------------------- forms and dtypes


def test_three_forms_of_max():
    x = mt.tensor([[1.0, 5.0, 5.0], [7.0, 2.0, 7.0]])
    assert x.max() == 7
    values, indices = x.max(1)
    assert values.tolist() == [5, 7] and indices.tolist() == [1, 0]
    assert x.max(dim=1, keepdim=True).indices.shape == (2, 1)
    assert mt.max(x, axis=0, keepdims=True).values.tolist() == [[7, 5, 7]]
    assert mt.max(x, mt.tensor(4.0)).tolist() == [[4, 5, 5], [7, 4, 7]]
    assert mt.min(x, other=mt.tensor(4.0)).tolist() == [[1, 4, 4], [4, 2, 4]]
    out = mt.empty(0), mt.empty(0, dtype=mt.int64)
    mt.min(x, 0, out=out)
    assert out[0].tolist() == [1, 2, 5] and out[1].tolist() == [0, 1, 0]


def test_pairs_print_as_in_torch():
    x = mt.tensor([[1.0, 5.0], [7.0, 2.0]])
    assert repr(x.max(0)) == (
        "torch.return_types.max(\nvalues=tensor([7., 5.]),\nindices=tensor([1, 0]))"
    )
    assert repr(mt.aminmax(x)) == "torch.return_types.aminmax(\nmin=tensor(1.),\nmax=tensor(7.))"
    assert x.aminmax().max == 7 and x.median(0).values.tolist() == [1, 2]


def test_nan_wins_and_the_first_index_counts():
    x = mt.tensor([1.0, NAN, 9.0, NAN])
    assert x.argmax() == 1 and x.argmin() == 1
    assert mt.isnan(x.max()) and x.min(0).indices == 1 and mt.isnan(x.amax())
    assert mt.tensor([2, 9, 9]).argmax() == 1
    # counted in rows, whatever the order in memory
    assert mt.tensor([[0.0, 3.0], [5.0, 1.0]]).T.argmax() == 1
    assert mt.zeros(2, 3).argmax(keepdim=True).shape == (1, 1)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int32", "int64"])
def test_whole_numbers(dtype):
    x = mt.tensor([[1, 0], [1, 1]], dtype=getattr(mt, dtype))
    for name in ("sum", "prod", "nansum"):
        assert getattr(x, name)().dtype is mt.int64
    assert x.cumsum(0).dtype is mt.int64 and x.cumsum(0).tolist() == [[1, 0], [2, 1]]
    assert x.amax(0).dtype is x.dtype and x.min(1).values.tolist() == [0, 1]
    assert x.count_nonzero(0).tolist() == [2, 1]
    assert x.all().dtype is (mt.uint8 if dtype == "uint8" else mt.bool)
    assert x.sum(dtype=mt.float32).dtype is mt.float32
    if dtype != "bool":
        assert x.median().dtype is x.dtype
        changed = x.clone().cumsum_(1)
        assert changed.dtype is x.dtype and changed.tolist() == [[1, 1], [1, 2]]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_accumulates_in_float32(dtype):
    # 4096 ones are beyond what either dtype can count to in steps of 1
    x = mt.ones(4096, dtype=getattr(mt, dtype))
    assert x.sum() == 4096 and x.mean() == 1 and x.nansum() == 4096
    assert x.norm() == 64 and x.norm(1) == 4096 and x.norm(3) == 16
    assert x.var() == 0 and x.cumsum(0)[-1] == 4096
    assert x.sum().dtype is x.dtype


def test_true_for_no_axis_at_all():
    # the one reduction for which PyTorch's () stands for no axis
    assert mt.tensor([[1.0, 0.0]]).all(dim=()).tolist() == [[True, False]]
    assert mt.tensor([[1.0, 2.0]]).sum(dim=()) == 3
    assert mt.tensor([[1.0, 2.0]]).amax(dim=()) == 2


def test_sum_to_size():
    x = leaf(array(2, 3, 4))
    assert x.sum_to_size(2, 1, 4).shape == (2, 1, 4)
    close(x.sum_to_size((3, 1)), x.detach().numpy().sum((0, 2)).reshape(3, 1))
    assert x.sum_to_size(2, 3, 4) is x
    with pytest.raises(RuntimeError, match=r"size \{\[5\]\} is not expandable to size \{\[2, 3, 4"):
        x.sum_to_size(5)


# ---------------------------------------------------------------- empty tensors


def test_empty_tensors_with_an_identity():
    empty, rows = mt.empty(0), mt.empty(0, 3)
    assert empty.sum() == 0 and empty.prod() == 1 and empty.all() and not empty.any()
    assert rows.prod(0).tolist() == [1, 1, 1] and rows.norm(2, 0).tolist() == [0, 0, 0]
    assert mt.isnan(empty.mean()) and mt.isnan(empty.var()) and mt.isnan(empty.median())
    assert rows.cumsum(0).shape == (0, 3) and rows.count_nonzero(0).tolist() == [0, 0, 0]
    assert rows.amax(1).shape == rows.max(1).values.shape == rows.argmin(1).shape == (0,)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda e: e.max(), RuntimeError, "max(): Expected reduction dim to be specified for"),
        (lambda e: e.amin(), RuntimeError, "amin(): Expected reduction dim to be specified for"),
        (lambda e: e.max(0), IndexError, "max(): Expected reduction dim 0 to have non-zero size."),
        (lambda e: e.amax(0), IndexError, "amax(): Expected reduction dim 0 to have non-zero"),
        (lambda e: e.median(0), IndexError, "median(): Expected reduction dim 0 to have non-zero"),
        (lambda e: e.argmax(), IndexError, "argmax(): Expected reduction dim to be specified"),
        (lambda e: e.argmin(0), IndexError, "argmin(): Expected reduction dim 0 to have non-zero"),
        (lambda e: e.aminmax(), RuntimeError, "aminmax(): cannot compute aminmax over an empty"),
        (lambda e: e.aminmax(dim=0), IndexError, "aminmax: Expected reduction dim 0 to have"),
        (lambda e: e.norm(INF), RuntimeError, "linalg.vector_norm cannot compute the inf norm on"),
        (lambda e: e.norm(-1, 0), RuntimeError, "cannot compute the -1 norm on the dimension 0"),
    ],
)
def test_empty_tensors_without_an_identity(call, kind, text):
    with pytest.raises(kind) as caught:
        call(mt.empty(0, 3))
    assert text in str(caught.value)


# ---------------------------------------------------------------- gradients


def test_ties_share_the_gradient_or_the_first_takes_it():
    ties = [1.0, 2.0, 2.0]
    for name in ("amax", "max"):
        np.testing.assert_array_equal(gradient(getattr(mt, name), ties), [0, 0.5, 0.5])
    np.testing.assert_array_equal(gradient(lambda x: x.max(0), ties), [0, 1, 0])
    np.testing.assert_array_equal(gradient(lambda x: x.aminmax(), ties), [1, 0.5, 0.5])
    np.testing.assert_array_equal(gradient(lambda x: x.median(), ties), [0, 0.5, 0.5])
    np.testing.assert_array_equal(gradient(lambda x: x.max(), [1.0, NAN, 2.0]), [0, 1, 0])


def test_gradients_where_a_norm_or_deviation_is_zero():
    for p in (1, 2, 3, 1.5, INF):
        np.testing.assert_array_equal(gradient(lambda x, p=p: x.norm(p), [0.0, 0.0]), [0, 0])
    np.testing.assert_array_equal(gradient(lambda x: x.std(), [2.0, 2.0]), [0, 0])
    assert np.isnan(gradient(lambda x: x.var(), [2.0])).all()
    assert np.isposinf(gradient(lambda x: x.var(correction=2), [1.0, 2.0])).all()


def products_without(x, scan):
    """Derivatives of the sum of all (running) products, from their definition."""
    n = len(x)
    out = np.zeros(n)
    for end in range(1 if scan else n, n + 1):
        for k in range(end):
            out[k] += np.prod(np.delete(x[:end], k))
    return out


@pytest.mark.parametrize(
    "x", [[2.0, 3.0, 5.0], [2.0, 0.0, 5.0, 7.0], [0.0, 3.0, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0]]
)
def test_gradients_of_products_with_zeros(x):
    np.testing.assert_allclose(gradient(lambda t: t.prod(), x), products_without(x, False))
    np.testing.assert_allclose(gradient(lambda t: t.prod(0), x), products_without(x, False))
    np.testing.assert_allclose(gradient(lambda t: t.cumprod(0), x), products_without(x, True))
    t = leaf(x)
    recorded = mt.autograd.grad(t.cumprod(0).sum(), t, create_graph=True)[0]
    np.testing.assert_allclose(recorded.detach().numpy(), products_without(x, True))


SMOOTH = {
    "aminmax": lambda x: tuple(mt.aminmax(x, dim=1)),
    "amax": lambda x: mt.amax(x, (0, 2)),
    "median": lambda x: x.median(2).values,
    "nanmedian": lambda x: x.nanmedian(0, keepdim=True).values,
    "median of all": lambda x: x.median(),
    "min": lambda x: x.min(1, True).values,
    "var_mean": lambda x: mt.var_mean(x, (0, 2), correction=0),
    "std_mean": lambda x: mt.std_mean(x, 1, keepdim=True),
    "var": lambda x: x.var(),
    "std": lambda x: x.std((0, 1), correction=0.5),
    "nanmean": lambda x: x.nanmean(1),
    "nansum": lambda x: x.nansum((0, 2), True),
    "norm 0.5": lambda x: x.norm(0.5, 1),
    "norm 1.5": lambda x: x.norm(1.5),
    "norm 2": lambda x: x.norm(2, (0, 1)),
    "norm 3": lambda x: x.norm(3, 0, True),
    "norm inf": lambda x: x.norm(INF, 2),
    "logsumexp": lambda x: x.logsumexp((0, 2), True),
    "prod": lambda x: x.prod(1),
    "prod of all": lambda x: x.prod(),
    "cumsum": lambda x: x.cumsum(1),
    "cumprod": lambda x: x.cumprod(2),
    "sum_to_size": lambda x: x.sum_to_size(3, 1),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_equal_finite_differences(name):
    x = leaf(array(2, 3, 2) + 0.1)
    assert mt.autograd.gradcheck(SMOOTH[name], (x,))
    assert mt.autograd.gradgradcheck(SMOOTH[name], (x,))


@pytest.mark.parametrize("name", ["prod", "prod of all", "cumprod"])
def test_gradients_of_products_equal_finite_differences_at_zeros(name):
    values = array(2, 3, 2)
    values[0, 1, 1] = values[1, 0, 0] = 0.0
    x = leaf(values)
    assert mt.autograd.gradcheck(SMOOTH[name], (x,))
    assert mt.autograd.gradgradcheck(SMOOTH[name], (x,))


def test_one_output_of_a_pair_may_have_no_gradient():
    x = leaf(array(4))
    for function in (mt.var_mean, mt.std_mean, mt.aminmax):
        for k in (0, 1):
            (g,) = mt.autograd.grad(function(x)[k], x)
            (both,) = mt.autograd.grad([function(x)[k] + 0 * function(x)[1 - k]], x)
            np.testing.assert_allclose(g.numpy(), both.numpy(), atol=1e-15)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_scans_in_place_keep_the_history_also_of_views(name):
    x = leaf(array(3, 4))
    plain = (x * 2).clone()
    expected = mt.stack([getattr(plain[0], name)(0), plain[1], plain[2]])
    (wanted,) = mt.autograd.grad((expected**2).sum(), x)
    changed = x * 2
    version = changed._version
    row = changed[0]
    assert getattr(row, name + "_")(0) is row
    assert changed._version == version + 1
    close(changed, expected.detach().numpy())
    (got,) = mt.autograd.grad((changed**2).sum(), x)
    np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-12)


def test_a_sum_in_another_dtype_runs_backward_twice():
    x = mt.ones(3, requires_grad=True)
    out = x.sum(dtype=mt.float64)
    out.backward()
    out.backward()  # a sum keeps no tensor, so its graph is never freed
    assert x.grad.tolist() == [2, 2, 2] and x.grad.dtype is mt.float32


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda x: x.sum((0, 0)), RuntimeError, "dim 0 appears multiple times in the list of dims"),
        (lambda x: x.max((0, 1)), TypeError, "max() received an invalid combination of arguments"),
        (lambda x: x.max(keepdim=True), TypeError, "received an invalid combination of arguments"),
        (lambda x: x.max(0, 1), TypeError, "max(): argument 'keepdim' must be bool, not int"),
        (lambda x: x.sum(1, axis=1), TypeError, "sum() got an unexpected keyword argument 'axis'"),
        (lambda x: x.argmax((0, 1)), TypeError, "must be int, not tuple"),
        (lambda x: x.bool().argmax(), RuntimeError, "argmax(): does not support bool input"),
        (lambda x: x.bool().median(), NotImplementedError, '"median_cpu" not implemented for'),
        (lambda x: x.long().var(), RuntimeError, "std and var only support floating point and"),
        (lambda x: mt.std_mean(x.long()), RuntimeError, "std_mean only support floating point"),
        (lambda x: x.var(0, unbiased=True, correction=1), TypeError, "invalid combination"),
        (lambda x: x.long().mean(), RuntimeError, "mean(): could not infer output dtype. Input"),
        (lambda x: x.mean(dtype=mt.int64), RuntimeError, "Optional dtype must be either a"),
        (lambda x: x.bool().mean(), RuntimeError, "floating point or complex dtype. Got: Bool"),
        (lambda x: x.long().nanmean(), RuntimeError, "nanmean(): expected input to have floating"),
        (lambda x: x.long().norm(), RuntimeError, "linalg.vector_norm: Expected a floating point"),
        (lambda x: x.norm("abc"), RuntimeError, "linalg.matrix_norm: Order abc not supported."),
        (lambda x: x.norm("abc"), RuntimeError, "Order abc not supported"),
        (lambda x: vector_norm(x, "fro"), TypeError, "argument 'ord' (position 2) must be Number"),
        (lambda x: vector_norm(x.double(), dtype=mt.float32), RuntimeError, "without narrowing"),
        (lambda x: x.logsumexp(None), TypeError, "must be tuple of ints, not NoneType"),
        (lambda x: x.cumsum(), TypeError, 'missing 1 required positional arguments: "dim"'),
        (lambda x: x.long().cumsum_(0, dtype=mt.int32), RuntimeError, "Bad in-place call: input"),
        (lambda x: x.requires_grad_().sum(dtype=mt.int64), RuntimeError, "Autograd not support"),
        (lambda x: x.requires_grad_().cumsum_(0), RuntimeError, "a leaf Variable that requires"),
        (lambda x: mt.amax(x, 0, out=mt.empty(0, dtype=mt.float64)), RuntimeError, "to match"),
        (lambda x: mt.argmax(x, 0, out=mt.empty(0)), RuntimeError, "long int, but got float"),
        (lambda x: mt.all(x, out=mt.empty(0)), RuntimeError, "all only supports bool tensor for"),
        (lambda x: mt.max([1.0]), TypeError, "must be Tensor, not list"),
    ],
)
def test_wrong_arguments(call, kind, text):
    with pytest.raises(kind) as caught:
        call(mt.ones(2, 3))
    assert text in str(caught.value)


@pytest.mark.parametrize("name", ["sum", "amax", "max", "argmin", "prod", "std", "median", "cumsum",
                                  "logsumexp", "all", "count_nonzero", "norm"])  # fmt: skip
def test_axes_out_of_range(name):
    arguments = (2, 3) if name == "norm" else (3,)
    with pytest.raises(IndexError, match=r"expected to be in range of \[-2, 1\], but got 3"):
        getattr(mt.ones(2, 3), name)(*arguments)
