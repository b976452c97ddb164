"""The op table against PyTorch: values, dtypes, strides, names of graph nodes, errors."""

import numpy as np
import pytest
from op_build import as_tuple, build_sample, constant_arguments, samples_of, to_numpy
from op_record import RTOL
from op_table import OPS
from op_table_pointwise import BINARY, UNARY

import minitorch as mt

torch = pytest.importorskip("torch")


# Layouts whose result PyTorch documents; see also keeps_layout.
FIXED = ("contiguous", "channels_last")


def run_both(op, sample, dtype, layout):
    results = []
    for ns in (mt, torch):
        args, kwargs = build_sample(sample, dtype, layout, op, ns)
        results.append(as_tuple(op.call(ns, *args, **kwargs)))
    return results


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
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
    "addcmul", "addcdiv", "lerp", "setitem_ints_after_slice",
    "grid_sample_bilinear", "grid_sample_nearest", "grid_sample_bicubic", "affine_grid",
}


def is_composed(op, sample):
    """Also products other than of two matrices, pools without a batch axis, soft targets."""
    first = sample.args[0]
    unbatched = "pool2d" in op.name and first.ndim == 3
    folded = op.name == "matmul" and any(value.ndim != 2 for value in sample.args)
    soft = op.name == "cross_entropy" and sample.args[1].dtype.kind == "f"
    return op.name in COMPOSED or unbatched or folded or soft


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


ERRORS = [(op, error) for op in OPS for error in op.errors]


@pytest.mark.parametrize(
    ("op", "error"), ERRORS, ids=[f"{op.name}-{op.errors.index(e)}" for op, e in ERRORS]
)
def test_torch_refuses_the_same(op, error):
    with pytest.raises(error.kind, match=error.pattern):
        error.call(torch)
