"""One suite over the op table: forward, layouts, gradients, in-place and method forms, errors.

Each test takes one record of :mod:`op_table`. What numpy computes in float64 is the truth; where
torch is installed, dtypes, strides, names of graph nodes and errors are compared with it too.
"""

import numpy as np
import pytest
from op_build import (
    as_tuple,
    build_sample,
    constant_arguments,
    flat,
    is_number,
    samples_of,
    to_numpy,
)
from op_record import HALVES, INTS, RTOL, Op
from op_table import OPS

import minitorch as mt

# Finite differences over more elements than this take too long; the small samples suffice.
GRADCHECK_LIMIT = 160


def records(condition=lambda op: True, per_dtype=False):
    """pytest parameters: one per record, or one per record and dtype, with readable ids."""
    chosen = [op for op in OPS if condition(op)]
    if not per_dtype:
        return pytest.mark.parametrize("op", chosen, ids=lambda op: op.name)
    pairs = [(op, dtype) for op in chosen for dtype in op.dtypes]
    ids = [f"{op.name}-{dtype}" for op, dtype in pairs]
    return pytest.mark.parametrize(("op", "dtype"), pairs, ids=ids)


def for_reference(value):
    """A tensor's values as the reference takes them: float64, int64 or bool."""
    if isinstance(value, list):
        return [for_reference(item) for item in value]
    if not hasattr(value, "detach"):
        return value
    array = to_numpy(value)
    wide = {"f": np.float64, "i": np.int64, "u": np.int64, "b": bool}
    return array.astype(wide[array.dtype.kind])


def expected_dtype(op, dtype, sample):
    """Name of the result's dtype by PyTorch's promotion rules."""
    if op.result in ("bool", "int64", "float64"):
        return op.result
    scalars = [a for a in sample.args if is_number(a)] if op.result != "sum" else []
    arrays = [a for a in flat(sample.args) if isinstance(a, np.ndarray)]
    if all(a.dtype.kind != "f" for a in arrays):
        dtype = str(arrays[0].dtype)
    if dtype in INTS or dtype == "bool":
        if op.result == "sum":
            return "int64"
        if op.result == "float" or any(isinstance(a, float) for a in scalars):
            return "float32"
    return dtype


def name_of(dtype):
    return str(dtype).rpartition(".")[2]


def check_values(got, expected, op, dtype):
    """Shapes, then values within the table's tolerance of the largest element."""
    assert tuple(got.shape) == expected.shape
    values = to_numpy(got)
    if values.dtype.kind != "f":
        np.testing.assert_array_equal(values, expected.astype(values.dtype))
        return
    # An operation on integers that gives floats computes in float32.
    tolerance = RTOL.get(dtype, RTOL["float32"]) * op.slack
    finite = expected[np.isfinite(expected)]
    largest = np.abs(finite).max() if finite.size else 0.0
    np.testing.assert_allclose(
        values.astype(np.float64), expected, rtol=tolerance, atol=tolerance * max(largest, 1e-3)
    )


@records(per_dtype=True)
def test_forward_equals_reference(op, dtype):
    for sample in samples_of(op, dtype):
        for layout in op.layouts:
            args, kwargs = build_sample(sample, dtype, layout, op)
            before = [to_numpy(a).copy() for a in flat(args) if isinstance(a, mt.Tensor)]
            outputs = as_tuple(op.call(mt, *args, **kwargs))
            references = as_tuple(
                op.reference(
                    *map(for_reference, args), **{k: for_reference(v) for k, v in kwargs.items()}
                )
            )
            assert len(outputs) == len(references), sample
            for got, expected in zip(outputs, references, strict=True):
                expected = np.asarray(expected)
                check_values(got, expected, op, dtype)
            first = name_of(outputs[0].dtype)
            assert first == expected_dtype(op, dtype, sample), (sample, layout)
            after = [to_numpy(a) for a in flat(args) if isinstance(a, mt.Tensor)]
            for was, now in zip(before, after, strict=True):
                np.testing.assert_array_equal(now, was, err_msg="an argument was changed")


def differentiable_call(op, sample, layout):
    """(function of the floating tensors, those tensors with requires_grad)."""
    args, kwargs = build_sample(sample, "float64", layout, op)
    leaves, places = [], []

    def mark(value):
        if isinstance(value, mt.Tensor) and value.dtype.is_floating_point:
            places.append(len(leaves))
            leaves.append(value.requires_grad_())
            return _Slot(len(leaves) - 1)
        return [mark(item) for item in value] if isinstance(value, list) else value

    args = [mark(value) for value in args]
    kwargs = {name: mark(value) if name in op_grad_kwargs(op) else value
              for name, value in kwargs.items()}

    def call(*tensors):
        def fill(value):
            if isinstance(value, _Slot):
                return tensors[value.index]
            return [fill(item) for item in value] if isinstance(value, list) else value

        outputs = op.call(mt, *map(fill, args), **{k: fill(v) for k, v in kwargs.items()})
        return tuple(out for out in as_tuple(outputs) if out.dtype.is_floating_point)

    return call, leaves


def op_grad_kwargs(op):
    """Keyword tensors are weights of losses, which PyTorch does not differentiate by."""
    return ()


class _Slot:
    """Stands for a tensor that the caller supplies."""

    def __init__(self, index):
        self.index = index


def gradient_cases(op):
    for number, sample in enumerate(samples_of(op)):
        layout = op.layouts[number % len(op.layouts)]
        call, leaves = differentiable_call(op, sample, layout)
        for position in constant_arguments(op):
            leaves[position].requires_grad_(False)
        size = sum(leaf.numel() for leaf in leaves)
        # A tensor without elements has nothing to perturb; see the test of empty gradients.
        if leaves and size <= GRADCHECK_LIMIT and all(leaf.numel() for leaf in leaves):
            yield sample, call, leaves


@records(lambda op: op.grad)
def test_gradient_equals_finite_differences(op):
    for sample, call, leaves in gradient_cases(op):
        try:
            assert mt.autograd.gradcheck(call, leaves)
        except RuntimeError as error:
            raise AssertionError(f"{op.name}{sample}: {error}") from error


@records(lambda op: op.gradgrad)
def test_second_gradient_equals_finite_differences(op):
    for number, (sample, call, leaves) in enumerate(gradient_cases(op)):
        if sum(leaf.numel() for leaf in leaves) > GRADCHECK_LIMIT // 3 and number:
            continue
        try:
            assert mt.autograd.gradgradcheck(
                call, leaves, gen_non_contig_grad_outputs=number % 2 == 0, fast_mode=number > 1
            )
        except RuntimeError as error:
            raise AssertionError(f"{op.name}{sample}: {error}") from error


@records(lambda op: op.grad)
def test_gradient_of_an_empty_tensor_is_empty(op):
    for sample in samples_of(op):
        call, leaves = differentiable_call(op, sample, "contiguous")
        if all(leaf.numel() for leaf in leaves):
            continue
        mt.autograd.backward([out.sum() for out in call(*leaves)])
        for leaf in leaves:
            assert leaf.grad is not None and leaf.grad.shape == leaf.shape
            assert not to_numpy(leaf.grad).any() or leaf.numel()


@records(lambda op: not op.grad and op.result == "bool")
def test_result_does_not_require_grad(op):
    for sample in samples_of(op):
        args, kwargs = build_sample(sample, "float64", "contiguous", op)
        for tensor in flat(args):
            if isinstance(tensor, mt.Tensor) and tensor.dtype.is_floating_point:
                tensor.requires_grad_()
        assert not op.call(mt, *args, **kwargs).requires_grad


@records(lambda op: op.method)
def test_method_equals_function(op):
    tried = 0
    for sample in samples_of(op):
        if not isinstance(sample.args[0], np.ndarray):
            continue
        args, kwargs = build_sample(sample, "float64", "contiguous", op)
        expected = as_tuple(op.call(mt, *args, **kwargs))
        outputs = as_tuple(getattr(args[0], op.method)(*args[1:], **kwargs))
        for got, wanted in zip(outputs, expected, strict=True):
            np.testing.assert_array_equal(to_numpy(got), to_numpy(wanted))
        tried += 1
    assert tried


def inplace_cases(op):
    """Samples whose result has the shape and dtype of the first argument."""
    dtype = "float64"
    for sample in samples_of(op):
        if not isinstance(sample.args[0], np.ndarray):
            continue
        args, kwargs = build_sample(sample, dtype, "contiguous", op)
        out = op.call(mt, *args, **kwargs)
        resizes = op.inplace in ("squeeze_", "unsqueeze_")
        if (out.shape == args[0].shape or resizes) and out.dtype == args[0].dtype:
            yield args, kwargs, out


@records(lambda op: op.inplace)
def test_inplace_form_writes_into_its_tensor(op):
    tried = 0
    for args, kwargs, expected in inplace_cases(op):
        target = args[0].clone()
        version, pointer = target._version, target.data_ptr()
        result = getattr(target, op.inplace)(*args[1:], **kwargs)
        assert result is target
        assert target.data_ptr() == pointer
        assert target._version == version + 1
        np.testing.assert_array_equal(to_numpy(target), to_numpy(expected))
        tried += 1
    assert tried


@records(lambda op: op.inplace and op.grad)
def test_inplace_form_has_the_same_gradient(op):
    for args, kwargs, _ in inplace_cases(op):
        leaf = args[0].detach().clone().requires_grad_()
        wanted = mt.autograd.grad(op.call(mt, leaf, *args[1:], **kwargs).sum(), leaf)[0]
        changed = getattr(leaf.clone(), op.inplace)(*args[1:], **kwargs)
        got = mt.autograd.grad(changed.sum(), leaf)[0]
        np.testing.assert_allclose(to_numpy(got), to_numpy(wanted), rtol=1e-13)


# ---------------------------------------------------------------- out=


def out_cases(op, dtype="float64"):
    """(sample, arguments, results) of every call that has an ``out=``."""
    for sample in samples_of(op, dtype):
        args, kwargs = build_sample(sample, dtype, "contiguous", op)
        yield sample, args, kwargs, as_tuple(op.call(mt, *args, **kwargs))


def call_into(op, targets, args, kwargs):
    """The call with `targets` as ``out=``, which must come back themselves."""
    out = tuple(targets) if len(targets) > 1 else targets[0]
    outputs = as_tuple(op.call(mt, *args, out=out, **kwargs))
    assert len(outputs) == len(targets)
    for got, target in zip(outputs, targets, strict=True):
        assert got is target


def every_second(like):
    """Room for a tensor in every second element along the last axis of a larger one."""
    if like.dim() == 0:
        return mt.ones(2, dtype=like.dtype)[1]
    return mt.ones(*like.shape[:-1], 2 * like.shape[-1], dtype=like.dtype)[..., ::2]


def no_element(like):
    return mt.empty(0, dtype=like.dtype)


@records(lambda op: op.out)
@pytest.mark.parametrize("room", [mt.ones_like, every_second, no_element])
def test_out_receives_the_result(op, room):
    for sample, args, kwargs, expected in out_cases(op):
        targets = [room(result) for result in expected]
        before = [(t.stride(), t.data_ptr(), t._version) for t in targets]
        call_into(op, targets, args, kwargs)
        for target, wanted, (stride, pointer, version) in zip(
            targets, expected, before, strict=True
        ):
            assert target.dtype is wanted.dtype, sample
            np.testing.assert_array_equal(to_numpy(target), to_numpy(wanted), err_msg=str(sample))
            if room is not no_element:
                assert (target.stride(), target.data_ptr()) == (stride, pointer), sample
                assert target._version > version, sample


@records(lambda op: op.out)
def test_out_of_another_shape_is_resized_with_a_warning(op):
    for sample, args, kwargs, expected in out_cases(op):
        targets = [mt.zeros(*wanted.shape, 2, 1, dtype=wanted.dtype) for wanted in expected]
        if not all(target.numel() for target in targets):
            continue
        with pytest.warns(UserWarning, match="An output with one or more elements was resized"):
            call_into(op, targets, args, kwargs)
        for target, wanted in zip(targets, expected, strict=True):
            assert target.shape == wanted.shape, sample
            np.testing.assert_array_equal(to_numpy(target), to_numpy(wanted), err_msg=str(sample))


@records(lambda op: op.out)
def test_out_of_another_dtype_is_written_or_refused(op):
    """Where it is refused, no element was written."""
    for sample, args, kwargs, expected in out_cases(op, "float32"):
        if not all(wanted.dtype.is_floating_point for wanted in expected):
            continue
        own = expected[0].dtype is mt.float64
        how = op.out(expected) if callable(op.out) else op.out
        for dtype, written in (mt.float64, how != "same" or own), (mt.int64, how == "any"):
            targets = [mt.zeros(wanted.shape, dtype=dtype) for wanted in expected]
            if written:
                call_into(op, targets, args, kwargs)
                if dtype is mt.float64 and how == "cast":
                    for target, wanted in zip(targets, expected, strict=True):
                        np.testing.assert_array_equal(to_numpy(target), to_numpy(wanted))
                continue
            with pytest.raises((RuntimeError, TypeError), match="type|dtype"):
                call_into(op, targets, args, kwargs)
            assert not any(to_numpy(target).any() for target in targets), sample


@records(lambda op: op.out and op.grad)
def test_out_is_refused_where_autograd_would_follow(op):
    text = r"functions with out=\.\.\. arguments don't support automatic differentiation"
    for _, args, kwargs, expected in out_cases(op):
        leaves = [a for a in flat(args) if isinstance(a, mt.Tensor) and a.dtype.is_floating_point]
        if not leaves or not expected[0].dtype.is_floating_point:
            continue
        targets = [mt.zeros_like(wanted) for wanted in expected]
        leaves[0].requires_grad_()
        with pytest.raises(RuntimeError, match=text):
            call_into(op, targets, args, kwargs)
        with mt.no_grad():
            call_into(op, targets, args, kwargs)
        leaves[0].requires_grad_(False)
        targets[0].requires_grad_()
        with pytest.raises(RuntimeError, match=text):
            call_into(op, targets, args, kwargs)


@records(lambda op: op.out)
def test_out_may_be_an_argument(op):
    for sample, args, kwargs, expected in out_cases(op):
        for place, value in enumerate(args):
            if len(expected) == 1 and isinstance(value, mt.Tensor) \
                    and value.shape == expected[0].shape and value.dtype is expected[0].dtype:
                target = value.clone()
                call_into(op, [target], [*args[:place], target, *args[place + 1:]], kwargs)
                np.testing.assert_array_equal(
                    to_numpy(target), to_numpy(expected[0]), err_msg=f"{sample} {place}")


# ---------------------------------------------------------------- errors

ERRORS = [(op, error) for op in OPS for error in op.errors]


@pytest.mark.parametrize(
    ("op", "error"),
    ERRORS,
    ids=[f"{op.name}-{op.errors.index(error)}" for op, error in ERRORS],
)
def test_wrong_input_raises(op, error):
    with pytest.raises(error.kind, match=error.pattern):
        error.call(mt)


def test_table_names_each_operation_once():
    names = [op.name for op in OPS]
    assert len(names) == len(set(names))
    assert all(isinstance(op, Op) for op in OPS)


@records(lambda op: not set(op.dtypes) & set(HALVES))
def test_records_without_halves_cover_both_floats(op):
    floats = {"float32", "float64"} & set(op.dtypes)
    assert floats, op.name
