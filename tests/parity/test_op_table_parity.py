"""The op table against PyTorch: values, dtypes, strides, names of graph nodes, errors."""

import numpy as np
import pytest
from op_build import as_tuple, build_sample, constant_arguments, samples_of, to_numpy
from op_record import RTOL
from op_table import OPS
from op_table_pointwise import BINARY, TERNARY, UNARY
from op_table_special import PAIRS, PARTS, SPECIAL

import minitorch as mt

torch = pytest.importorskip("torch")

# PyTorch warns that the operation is in beta.
pytestmark = pytest.mark.filterwarnings("ignore:index_reduce")


# Layouts whose result PyTorch documents; see also keeps_layout.
FIXED = ("contiguous", "channels_last")


def run_both(op, sample, dtype, layout):
    results = []
    for ns in (mt, torch):
        args, kwargs = build_sample(sample, dtype, layout, op, ns)
        results.append(as_tuple(op.call(ns, *args, **kwargs)))
    return results


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
def test_values_dtypes_and_strides_equal_torch(op):
    for dtype in op.dtypes:
        for sample in samples_of(op, dtype):
            for layout in op.layouts:
                ours, theirs = run_both(op, sample, dtype, layout)
                for got, wanted in zip(ours, theirs, strict=True):
                    where = f"{op.name}{sample} {dtype} {layout}"
                    assert str(got.dtype).split(".")[-1] == str(wanted.dtype).split(".")[-1], where
                    assert tuple(got.shape) == tuple(wanted.shape), where
                    if layout in FIXED or keeps_layout(op, sample, got):
                        assert steps(got) == steps(wanted), where
                    check_close(got, wanted, dtype, op, where)


def keeps_layout(op, sample, result):
    """Whether the layout of permuted inputs is the result's too.

    So for pointwise operations on tensors of one shape; in all other cases minitorch gives
    contiguous results where PyTorch keeps some of the inputs' order.
    """
    shapes = {value.shape for value in sample.args if isinstance(value, np.ndarray)}
    return op in (*UNARY, *BINARY) and shapes == {tuple(result.shape)}


def steps(tensor):
    """Strides along which there is anywhere to step."""
    if tensor.numel() == 0:
        return ()
    pairs = zip(tensor.stride(), tensor.shape, strict=True)
    return tuple(step for step, size in pairs if size > 1)


def check_close(got, wanted, dtype, op, where):
    a, b = to_numpy(got), to_numpy(wanted)
    if a.dtype.kind != "f":
        np.testing.assert_array_equal(a, b, err_msg=where)
        return
    tolerance = 2 * RTOL.get(dtype, RTOL["float32"]) * op.slack
    finite = np.abs(b[np.isfinite(b)])
    largest = float(finite.max()) if finite.size else 0.0
    np.testing.assert_allclose(
        a, b, rtol=tolerance, atol=tolerance * max(largest, 1e-3), err_msg=where
    )


# Composed of other operations here, so that their graph ends in another node than PyTorch's.
COMPOSED = {
    "setitem_ints_after_slice", "trapezoid", "margin_ranking_loss", "triplet_margin_loss",
    "pairwise_distance", "embedding_bag", "grid_sample_bilinear", "grid_sample_nearest",
    "grid_sample_bicubic", "affine_grid",
}


def is_composed(op, sample):
    """Also products other than of two matrices, pools without a batch axis, soft targets."""
    first = sample.args[0]
    unbatched = "pool2d" in op.name and first.ndim == 3
    folded = op.name == "matmul" and any(value.ndim != 2 for value in sample.args)
    soft = op.name == "cross_entropy" and sample.args[1].dtype.kind == "f"
    by_product = op.name == "cdist" and len(sample.args) > 3
    return op.name in COMPOSED or unbatched or folded or soft or by_product


@pytest.mark.parametrize(
    "op", [op for op in OPS if op.grad and op.name not in COMPOSED], ids=lambda op: op.name
)
def test_graph_nodes_have_torch_names(op):
    for sample in samples_of(op):
        if is_composed(op, sample):
            continue
        names = []
        for ns in (mt, torch):
            args, kwargs = build_sample(sample, "float64", "contiguous", op, ns)
            args = [
                value if i in constant_arguments(op) else require_grad(value)
                for i, value in enumerate(args)
            ]
            out = as_tuple(op.call(ns, *args, **kwargs))[0]
            names.append("" if out.grad_fn is None else out.grad_fn.name().rpartition("::")[2])
        assert names[0] == names[1], f"{op.name}{sample}"


def require_grad(value):
    if isinstance(value, list):
        return [require_grad(item) for item in value]
    floating = hasattr(value, "requires_grad_") and value.dtype.is_floating_point
    return value.requires_grad_() if floating else value


def writes_out(ns, op, sample, dtype=None):
    """Whether the call takes ``out=``, of a dtype or of the result's own."""
    args, kwargs = build_sample(sample, "float32", "contiguous", op, ns)
    expected = as_tuple(op.call(ns, *args, **kwargs))
    wanted = [t.dtype if dtype is None else getattr(ns, dtype) for t in expected]
    targets = tuple(ns.empty(t.shape, dtype=d) for t, d in zip(expected, wanted, strict=True))
    try:
        op.call(ns, *args, out=targets if len(targets) > 1 else targets[0], **kwargs)
    except (RuntimeError, TypeError):
        return False
    return True


@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@pytest.mark.parametrize(
    "op", [op for op in OPS if hasattr(torch, op.name)], ids=lambda op: op.name
)
def test_torch_takes_out_for_the_same(op):
    """The same functions have it, and write the same dtypes."""
    samples = [s for s in samples_of(op, "float32") if writes_out(torch, op, s)][:2]
    assert bool(samples) == bool(op.out)
    for sample in samples:
        for dtype in ("float32", "float64", "float16", "int64", "bool"):
            where = f"{sample} {dtype}"
            assert writes_out(mt, op, sample, dtype) == writes_out(torch, op, sample, dtype), where


POINTWISE = (*UNARY, *BINARY, *TERNARY, *PARTS, *SPECIAL, *PAIRS)


@pytest.mark.parametrize("op", [op for op in POINTWISE if op.out], ids=lambda op: op.name)
def test_out_that_overlaps_an_argument_is_refused(op):
    """A write must not change elements that are still to be read."""
    for sample in samples_of(op):
        for place, value in enumerate(sample.args):
            if isinstance(value, np.ndarray) and value.size > 1:
                refused = [refuses_overlap(ns, op, sample, place) for ns in (mt, torch)]
                assert refused[0] >= refused[1], f"{sample} {place}"


def refuses_overlap(ns, op, sample, place):
    """Whether an error says that ``out=`` is a part of the argument at `place`."""
    args, kwargs = build_sample(sample, "float64", "contiguous", op, ns)
    outputs = as_tuple(op.call(ns, *args, **kwargs))
    value = args[place]
    if len(outputs) > 1 or value.shape != outputs[0].shape or value.dtype != outputs[0].dtype:
        return False
    room = ns.zeros(value.numel() + 1, dtype=value.dtype)
    room[:-1] = value.reshape(-1)
    args[place] = room[:-1].reshape(value.shape)
    try:
        op.call(ns, *args, out=room[1:].reshape(value.shape), **kwargs)
    except RuntimeError as error:
        return "refer to a single memory location" in str(error)
    return False


ERRORS = [(op, error) for op in OPS for error in op.errors]


@pytest.mark.parametrize(
    ("op", "error"), ERRORS, ids=[f"{op.name}-{op.errors.index(e)}" for op, e in ERRORS]
)
def test_torch_refuses_the_same(op, error):
    with pytest.raises(error.kind, match=error.pattern):
        error.call(torch)
