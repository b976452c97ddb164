"""The operations, one record each: pointwise, comparisons, reductions, shapes, indexing, matmul.

Those of neural networks stand in ``op_table_nn.py``; :data:`OPS` holds both.
"""

import numpy as np
import reference as ref
from op_record import (
    BOOL,
    FLOATS,
    HALVES,
    INTS,
    Error,
    Op,
    Sample,
    binary_samples,
    distinct,
    step_samples,
    unary_samples,
    uniform,
)
from op_table_nn import NN_OPS

ALL = FLOATS + HALVES + INTS
ALL_BOOL = ALL + BOOL
BROADCAST_TEXT = (
    r"The size of tensor a \(3\) must match the size of tensor b \(4\) "
    r"at non-singleton dimension 1"
)


def broadcast_error(name):
    """Two shapes that do not broadcast."""
    return Error(
        lambda mt: getattr(mt, name)(mt.ones(2, 3), mt.ones(2, 4)), RuntimeError, BROADCAST_TEXT
    )


def leaf_error(method, *args):
    """An in-place form on a leaf that requires grad."""
    return Error(
        lambda mt: getattr(mt.ones(3, requires_grad=True), method)(*args),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an in-place operation",
    )


def unary(name, reference, low=-2.0, high=2.0, dtypes=FLOATS + HALVES, result="float", **options):
    """Record of a function of one tensor, with a method and an in-place method of its name."""
    options.setdefault("method", name)
    options.setdefault("inplace", name + "_")
    samples = options.pop("samples", None) or unary_samples(low, high)
    return Op(name, reference, samples, dtypes=dtypes, result=result, **options)


UNARY = [
    unary("abs", np.abs, dtypes=ALL, result="same", errors=(leaf_error("abs_"),)),
    unary("neg", np.negative, dtypes=ALL, result="same"),
    unary("exp", np.exp, dtypes=ALL),
    unary("expm1", np.expm1),
    unary("log", np.log, 0.1, 3.0),
    unary("log1p", np.log1p, -0.9, 3.0),
    unary("log2", np.log2, 0.1, 3.0),
    unary("log10", np.log10, 0.1, 3.0),
    unary("sqrt", np.sqrt, 0.1, 3.0, dtypes=ALL),
    unary("rsqrt", lambda x: 1 / np.sqrt(x), 0.1, 3.0),
    unary("square", np.square, dtypes=ALL, result="same"),
    unary("reciprocal", lambda x: 1 / x, 0.2, 3.0),
    unary("sin", np.sin),
    unary("cos", np.cos),
    unary("tan", np.tan, -1.0, 1.0),
    unary("tanh", np.tanh, dtypes=ALL),
    unary("sigmoid", lambda x: 1 / (1 + np.exp(-x)), dtypes=ALL),
    unary("relu", lambda x: np.maximum(x, 0), dtypes=ALL, result="same"),
    unary("erf", ref.erf),
    unary("floor", np.floor, result="same", samples=step_samples),
    unary("ceil", np.ceil, result="same", samples=step_samples),
    unary("trunc", np.trunc, result="same", samples=step_samples),
    unary("round", np.round, result="same", samples=step_samples),
    unary("sign", np.sign, dtypes=ALL, result="same"),
    unary("isnan", np.isnan, result="bool", grad=False, inplace=None),
    unary("isinf", np.isinf, result="bool", grad=False, inplace=None),
    unary("isfinite", np.isfinite, result="bool", grad=False, inplace=None),
    unary("logical_not", np.logical_not, dtypes=ALL_BOOL, result="bool", grad=False, inplace=None),
]


def binary(name, reference, dtypes=ALL, samples=None, **options):
    """Record of a function of two tensors, with its method and in-place method."""
    options.setdefault("method", name)
    options.setdefault("inplace", name + "_")
    errors = (broadcast_error(name), *options.pop("errors", ()))
    samples = samples or binary_samples()
    return Op(name, reference, samples, dtypes=dtypes, errors=errors, **options)


def compare(name, reference):
    """Record of a comparison: any dtype in, bool out."""
    return binary(name, reference, dtypes=ALL, result="bool", grad=False, inplace=None)


def logical(name, reference):
    """Record of a logical operation of two tensors."""
    return binary(
        name,
        reference,
        samples=binary_samples(scalars=()),
        dtypes=ALL_BOOL,
        result="bool",
        grad=False,
        inplace=None,
    )


def _alpha_samples(rng):
    return [
        Sample(uniform(rng, 3, 4), uniform(rng, 4), alpha=2),
        Sample(uniform(rng, 3), 2, alpha=3),
        *binary_samples()(rng),
    ]


def _rounding_samples(rng):
    pairs = [(3, 4), (4,)], [(2, 3), ()]
    makers = [
        (uniform(rng, *a, low=-9, high=9), uniform(rng, *b, low=0.5, high=3)) for a, b in pairs
    ]
    return [Sample(*m, rounding_mode=mode) for m in makers for mode in ("floor", "trunc")]


def _divide(a, b, rounding_mode=None):
    quotient = np.true_divide(a, b)
    return {None: lambda x: x, "floor": np.floor, "trunc": np.trunc}[rounding_mode](quotient)


def _pow_samples(rng):
    base = uniform(rng, 3, 4, low=0.2, high=2.0)
    exponents = [2, 3, 0, 1, -1, 0.5, 2.5, -2]
    return [Sample(base, e) for e in exponents] + [
        Sample(base, uniform(rng, 4)),
        Sample(2.0, uniform(rng, 5)),
        Sample(uniform(rng, 2, 3), 2),
        Sample(uniform(rng, 2, 3), 3),
        Sample(uniform(rng, 0, 3, low=0.2), 2),
        Sample(uniform(rng, low=0.2), 3),
    ]


BINARY = [
    binary(
        "add",
        lambda a, b, alpha=1: a + alpha * b,
        samples=_alpha_samples,
        errors=(leaf_error("add_", 1.0),),
    ),
    binary("sub", lambda a, b, alpha=1: a - alpha * b, samples=_alpha_samples),
    binary("mul", np.multiply, errors=(leaf_error("mul_", 2.0),)),
    binary(
        "div",
        _divide,
        dtypes=FLOATS + HALVES + INTS,
        result="float",
        samples=binary_samples(low2=0.5, high2=2.5, scalars=(2.5, 4)),
        positive_ints=True,
    ),
    Op(
        "div_rounding",
        _divide,
        _rounding_samples,
        call=lambda mt, *args, **kwargs: mt.div(*args, **kwargs),
        grad=False,
        errors=(
            Error(
                lambda mt: mt.div(mt.ones(2), 2, rounding_mode="up"),
                RuntimeError,
                "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found 'up'",
            ),
        ),
    ),
    binary(
        "floor_divide",
        lambda a, b: np.floor(np.true_divide(a, b)),
        dtypes=FLOATS + INTS,
        samples=binary_samples(low=-9, high=9, low2=0.5, high2=2.5, scalars=(2,)),
        positive_ints=True,
        grad=False,
    ),
    binary(
        "remainder",
        np.mod,
        dtypes=FLOATS + INTS,
        samples=binary_samples(low=-9, high=9, low2=0.6, high2=2.5, scalars=(2,)),
        positive_ints=True,
        grad=False,
    ),
    binary(
        "fmod",
        np.fmod,
        dtypes=FLOATS + INTS,
        samples=binary_samples(low=-9, high=9, low2=0.6, high2=2.5, scalars=(2,)),
        positive_ints=True,
        grad=False,
    ),
    binary("pow", np.power, dtypes=FLOATS, samples=_pow_samples, inplace="pow_", slack=10),
    binary("maximum", np.maximum, samples=binary_samples(scalars=()), inplace=None),
    binary("minimum", np.minimum, samples=binary_samples(scalars=()), inplace=None),
    compare("eq", np.equal),
    compare("ne", np.not_equal),
    compare("lt", np.less),
    compare("le", np.less_equal),
    compare("gt", np.greater),
    compare("ge", np.greater_equal),
    logical("logical_and", np.logical_and),
    logical("logical_or", np.logical_or),
    logical("logical_xor", np.logical_xor),
]


def _bits(rng):
    def ints(*shape):
        return rng.integers(0, 100, size=shape)

    def bools(*shape):
        return rng.random(shape) < 0.5

    return [Sample(ints(3, 4), ints(4)), Sample(ints(2, 3), 5), Sample(bools(3, 1), bools(1, 4)),
            Sample(ints(0, 2), ints(2))]  # fmt: skip


def bitwise(name, reference):
    """Record of a bitwise operation on integers and bool."""
    return Op(
        name,
        reference,
        _bits,
        method=name,
        inplace=name + "_",
        grad=False,
        dtypes=("float32",),
        errors=(
            Error(lambda mt: getattr(mt, name)(mt.ones(2), mt.ones(2)), RuntimeError, "not impl"),
        ),
    )


def _clamp_samples(rng):
    x = distinct(rng, 3, 4)
    return [
        Sample(x, min=-0.3, max=0.4),
        Sample(x, min=0.1),
        Sample(x, max=0.1),
        Sample(x, -0.2, 0.2),
        Sample(x, 0.4, -0.4),
        Sample(distinct(rng, 0, 2), 0, 1),
        Sample(uniform(rng), -0.01, 0.01),
    ]


def _clamp(x, min=None, max=None):
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def _where_samples(rng):
    return [
        Sample(rng.random((3, 4)) < 0.5, uniform(rng, 3, 4), uniform(rng, 3, 4)),
        Sample(rng.random((3, 1)) < 0.5, uniform(rng, 4), uniform(rng, 1, 1)),
        Sample(rng.random((3, 4)) < 0.5, uniform(rng, 3, 4), uniform(rng)),
        Sample(rng.random((0, 4)) < 0.5, uniform(rng, 0, 4), uniform(rng, 4)),
    ]


def _three(rng):
    return [
        Sample(uniform(rng, 3, 4), uniform(rng, 3, 4), uniform(rng, 3, 4, low=0.5)),
        Sample(uniform(rng, 3, 4), uniform(rng, 4), uniform(rng, 3, 1, low=0.5), value=2.5),
    ]


TERNARY = [
    bitwise("bitwise_and", np.bitwise_and),
    bitwise("bitwise_or", np.bitwise_or),
    bitwise("bitwise_xor", np.bitwise_xor),
    Op(
        "clamp",
        _clamp,
        _clamp_samples,
        method="clamp",
        inplace="clamp_",
        dtypes=FLOATS + HALVES,
        errors=(
            Error(
                lambda mt: mt.clamp(mt.ones(2)),
                RuntimeError,
                "At least one of 'min' or 'max' must not be None",
            ),
        ),
    ),
    Op("where", np.where, _where_samples, dtypes=FLOATS + HALVES),
    Op(
        "addcmul",
        lambda x, a, b, value=1: x + value * a * b,
        _three,
        method="addcmul",
        inplace="addcmul_",
    ),
    Op(
        "addcdiv",
        lambda x, a, b, value=1: x + value * a / b,
        _three,
        method="addcdiv",
        inplace="addcdiv_",
    ),
    Op(
        "lerp",
        lambda a, b, weight: a + weight * (b - a),
        lambda rng: [
            Sample(uniform(rng, 3, 4), uniform(rng, 3, 4), 0.25),
            Sample(uniform(rng, 3, 4), uniform(rng, 4), 0.75),
        ],
        method="lerp",
        inplace="lerp_",
    ),
]


def _dim(x, dim, keepdim=False, **rest):
    axis = tuple(dim) if isinstance(dim, list | tuple) else dim
    return {"axis": axis or None if isinstance(axis, tuple) else axis, "keepdims": keepdim, **rest}


def reduce_samples(maker=uniform, multi=True, empty=True):
    """Whole tensor, one dimension, negative, kept, several, size one, no dimension, no element."""

    def samples(rng):
        x = maker(rng, 3, 4, 2)
        found = [
            Sample(x),
            Sample(x, 0),
            Sample(x, 1),
            Sample(x, -1),
            Sample(x, 1, keepdim=True),
            Sample(maker(rng, 5)),
            Sample(maker(rng)),
            Sample(maker(rng, 1, 3), 0),
            Sample(maker(rng, 17, 40), 1),
            Sample(maker(rng, 40, 17), 0),
        ]
        if multi:
            found += [Sample(x, (0, 2)), Sample(x, [0, 1, 2]), Sample(x, dim=(-1, 0), keepdim=True)]
        if empty:
            found += [Sample(maker(rng, 0, 3), 1), Sample(maker(rng, 2, 0), 1)]
        return found

    return samples


def _np_reduce(function):
    def reference(x, dim=None, keepdim=False):
        axis = tuple(dim) if isinstance(dim, list | tuple) else dim
        return function(x, axis=axis, keepdims=keepdim)

    return reference


def dim_error(name):
    """A dimension that the tensor does not have."""
    return Error(
        lambda mt: getattr(mt, name)(mt.ones(2, 3), 2),
        IndexError,
        r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)",
    )


def reduction(name, function, **options):
    """Record of a reduction over all, one, or several dimensions."""
    samples = options.pop("samples", None) or reduce_samples()
    return Op(
        name,
        options.pop("reference", None) or _np_reduce(function),
        samples,
        method=name,
        errors=(dim_error(name), *options.pop("errors", ())),
        slack=options.pop("slack", 4),
        **options,
    )


def _var_samples(rng):
    x = uniform(rng, 3, 4, 2)
    return [
        Sample(x),
        Sample(x, 1),
        Sample(x, dim=(0, 2), correction=0),
        Sample(x, dim=-1, keepdim=True),
        Sample(x, 0, unbiased=False),
        Sample(uniform(rng, 6), correction=2),
    ]


def _variance(x, dim=None, unbiased=True, correction=None, keepdim=False):
    ddof = correction if correction is not None else int(unbiased)
    axis = tuple(dim) if isinstance(dim, list | tuple) else dim
    return x.var(axis=axis, ddof=ddof, keepdims=keepdim)


def _pick(function, arg):
    """PyTorch's max and min: values alone, or (values, indices) along a dimension."""

    def reference(x, dim=None, keepdim=False):
        if dim is None:
            return function(x)
        index = np.expand_dims(arg(x, axis=dim), dim)
        values = np.take_along_axis(x, index, dim)
        return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim))

    return reference


def _arg(function):
    def reference(x, dim=None, keepdim=False):
        if dim is None:
            return np.asarray(function(x))
        index = function(x, axis=dim)
        return np.expand_dims(index, dim) if keepdim else np.asarray(index)

    return reference


def _scan_samples(rng):
    return [
        Sample(uniform(rng, 3, 4), 0),
        Sample(uniform(rng, 3, 4), -1),
        Sample(uniform(rng, 5), 0),
        Sample(uniform(rng, 2, 0), 1),
    ]


def _norm(x, p=2, dim=None, keepdim=False):
    axis = tuple(dim) if isinstance(dim, list | tuple) else dim
    size = np.abs(x)
    if p == "fro":
        p = 2
    if p == np.inf:
        return size.max(axis=axis, keepdims=keepdim)
    return (size**p).sum(axis=axis, keepdims=keepdim) ** (1 / p)


def _norm_samples(rng):
    x = uniform(rng, 3, 4)
    return [Sample(x), Sample(x, 2, 1), Sample(x, p=1), Sample(x, p=3.0, dim=0, keepdim=True),
            Sample(x, 2, dim=(0, 1)), Sample(distinct(rng, 3, 4), float("inf"))]  # fmt: skip


def _logsumexp(x, dim, keepdim=False):
    return np.log(np.exp(x).sum(axis=dim, keepdims=keepdim))


picking = reduce_samples(distinct, multi=False, empty=False)
empty_max_error = Error(
    lambda mt: mt.ones(0).max(), RuntimeError, r"Expected reduction dim to be specified"
)

REDUCTIONS = [
    reduction("sum", np.sum, dtypes=ALL, result="sum"),
    reduction("mean", np.mean, dtypes=FLOATS + HALVES, samples=reduce_samples(empty=False)),
    reduction(
        "prod",
        np.prod,
        samples=reduce_samples(multi=False),
        dtypes=FLOATS,
        slack=100,
    ),
    reduction("amax", np.max, samples=reduce_samples(distinct, empty=False)),
    reduction("amin", np.min, samples=reduce_samples(distinct, empty=False)),
    reduction("max", None, reference=_pick(np.max, np.argmax), samples=picking,
              errors=(empty_max_error,)),  # fmt: skip
    reduction("min", None, reference=_pick(np.min, np.argmin), samples=picking),
    reduction(
        "argmax", None, reference=_arg(np.argmax), samples=picking, result="int64", grad=False
    ),
    reduction(
        "argmin", None, reference=_arg(np.argmin), samples=picking, result="int64", grad=False
    ),
    reduction("all", np.all, dtypes=FLOATS + BOOL, result="bool", grad=False,
              samples=reduce_samples(multi=False)),  # fmt: skip
    reduction("any", np.any, dtypes=FLOATS + BOOL, result="bool", grad=False,
              samples=reduce_samples(multi=False)),  # fmt: skip
    Op("var", _variance, _var_samples, method="var", slack=10, errors=(dim_error("var"),)),
    Op(
        "std",
        lambda *args, **kwargs: np.sqrt(_variance(*args, **kwargs)),
        _var_samples,
        method="std",
        slack=10,
    ),
    Op("norm", _norm, _norm_samples, method="norm", slack=10),
    Op(
        "logsumexp",
        _logsumexp,
        lambda rng: [Sample(uniform(rng, 3, 4), 1), Sample(uniform(rng, 3, 4), 0, keepdim=True)],
        method="logsumexp",
        slack=4,
    ),
    Op("cumsum", lambda x, dim: np.cumsum(x, axis=dim), _scan_samples, method="cumsum", slack=4),
]


def shape_op(name, reference, *samples, call=None, method=True, inplace=None, errors=(), **options):
    """Record of an operation that moves values: each sample is a shape and further arguments."""

    def make(rng):
        return [Sample(uniform(rng, *shape), *args) for shape, *args in samples]

    return Op(
        name,
        reference,
        make,
        call=call or (lambda mt, x, *args: getattr(x, name)(*args)),
        method=name if method else None,
        inplace=inplace,
        dtypes=options.pop("dtypes", ("float32", "float64", "bfloat16", "int64", "bool")),
        errors=errors,
        **options,
    )


def _expand(x, *sizes):
    sizes = sizes[0] if isinstance(sizes[0], tuple) else sizes
    lead = len(sizes) - x.ndim
    full = [x.shape[i - lead] if size == -1 else size for i, size in enumerate(sizes)]
    return np.broadcast_to(x, full)


def _flatten(x, start=0, end=-1):
    if x.ndim == 0:
        return x.reshape(1)
    start, end = start % x.ndim, end % x.ndim
    return x.reshape(*x.shape[:start], int(np.prod(x.shape[start : end + 1])), *x.shape[end + 1 :])


def _squeeze(x, dim=None):
    if dim is None:
        return np.squeeze(x)
    dims = dim if isinstance(dim, tuple) else (dim,)
    return np.squeeze(x, tuple(d for d in dims if x.shape[d] == 1))


SHAPES = [
    shape_op(
        "view",
        lambda x, *s: x.reshape(s[0] if isinstance(s[0], tuple) else s),
        ((2, 6), 3, 4),
        ((2, 6), (4, -1)),
        ((2, 6), -1),
        ((), 1, 1),
        ((0, 3), 3, 0),
        layouts=("contiguous",),
        errors=(
            Error(
                lambda mt: mt.ones(6).view(5),
                RuntimeError,
                r"shape '\[5\]' is invalid for input of size 6",
            ),
            Error(
                lambda mt: mt.ones(6).view(-1, -1), RuntimeError, "only one dimension can be infer"
            ),
            Error(
                lambda mt: mt.ones(2, 3).t().view(6),
                RuntimeError,
                r"view size is not compatible with input tensor's size and stride \(at least one "
                r"dimension spans across two contiguous subspaces\). Use .reshape\(...\) instead.",
            ),
        ),
    ),
    shape_op(
        "reshape",
        lambda x, *s: x.reshape(s[0] if isinstance(s[0], tuple) else s),
        ((2, 6), 3, 4),
        ((2, 6), (4, -1)),
        ((2, 3, 2), 6, 2),
        ((), (1,)),
        ((0, 3), (0, 5)),
    ),
    shape_op("flatten", _flatten, ((2, 3, 4),), ((2, 3, 4), 1), ((2, 3, 4), 0, 1), ((),)),
    shape_op(
        "squeeze",
        _squeeze,
        ((1, 3, 1),),
        ((1, 3, 1), 0),
        ((1, 3, 1), 1),
        ((1, 3, 1), -1),
        ((1, 3, 1), (0, 2)),
        inplace="squeeze_",
    ),
    shape_op(
        "unsqueeze",
        lambda x, dim: np.expand_dims(x, dim),
        ((3, 4), 0),
        ((3, 4), 1),
        ((3, 4), -1),
        ((), 0),
        inplace="unsqueeze_",
        errors=(
            Error(
                lambda mt: mt.ones(2).unsqueeze(3),
                IndexError,
                r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 3\)",
            ),
        ),
    ),
    shape_op("transpose", np.swapaxes, ((2, 3, 4), 0, 1), ((2, 3, 4), -1, 0), ((2, 0), 0, 1)),
    shape_op(
        "t",
        np.transpose,
        ((3, 4),),
        ((3,),),
        ((),),
        errors=(
            Error(
                lambda mt: mt.ones(2, 2, 2).t(),
                RuntimeError,
                r"t\(\) expects a tensor with <= 2 dimensions, but self is 3D",
            ),
        ),
    ),
    shape_op(
        "permute",
        lambda x, *d: x.transpose(d[0] if isinstance(d[0], tuple) else d),
        ((2, 3, 4), 2, 0, 1),
        ((2, 3, 4), (0, -1, 1)),
        errors=(
            Error(
                lambda mt: mt.ones(2, 3).permute(0, 0),
                RuntimeError,
                "duplicate dims are not allowed",
            ),
        ),
    ),
    shape_op(
        "expand",
        _expand,
        ((3, 1), 3, 4),
        ((3, 1), 2, -1, 4),
        ((1,), (3, 1)),
        ((), 2, 2),
        errors=(
            Error(
                lambda mt: mt.ones(3).expand(4),
                RuntimeError,
                r"The expanded size of the tensor \(4\) must match the existing size \(3\) "
                r"at non-singleton dimension 0",
            ),
        ),
    ),
    shape_op(
        "repeat",
        lambda x, *n: np.tile(x, n[0] if isinstance(n[0], tuple) else n),
        ((2, 3), 2, 1),
        ((3,), 2, 2),
        ((2, 3), (1, 2)),
    ),
    shape_op("narrow", lambda x, d, s, n: x.take(range(s, s + n), axis=d),
             ((4, 5), 0, 1, 2), ((4, 5), 1, 3, 2), ((4, 5), -1, 0, 5)),  # fmt: skip
    shape_op("select", lambda x, d, i: x.take(i, axis=d),
             ((3, 4), 0, 1), ((3, 4), 1, -1)),  # fmt: skip
    shape_op("movedim", np.moveaxis, ((2, 3, 4), 0, 2), ((2, 3, 4), (0, 1), (1, 0))),
    shape_op("flip", lambda x, d: np.flip(x, d), ((3, 4), (0,)), ((3, 4), (0, 1)), ((3, 4), (-1,))),
    shape_op("roll", lambda x, s, d: np.roll(x, s, d), ((3, 4), 1, 0), ((3, 4), (1, -2), (0, 1))),
    shape_op("tril", lambda x, k=0: np.tril(x, k), ((3, 4),), ((4, 3), 1), ((2, 3, 3), -1),
             dtypes=FLOATS),  # fmt: skip
    shape_op("triu", lambda x, k=0: np.triu(x, k), ((3, 4),), ((4, 3), 1), ((2, 3, 3), -1),
             dtypes=FLOATS),  # fmt: skip
    shape_op("contiguous", lambda x: x, ((3, 4),), ((),), ((0, 2),)),
    shape_op("clone", lambda x: x, ((3, 4),), ((),), ((0, 2),)),
    shape_op("unbind", lambda x, d=0: tuple(np.moveaxis(x, d, 0)), ((3, 4),), ((3, 4), 1)),
    shape_op(
        "split",
        lambda x, n, d=0: tuple(np.split(x, _split_points(x.shape[d], n), d)),
        ((5, 3), 2),
        ((5, 3), [1, 4]),
        ((3, 4), 2, 1),
        errors=(
            Error(
                lambda mt: mt.ones(4).split([1, 2]),
                RuntimeError,
                r"split_with_sizes expects split_sizes to sum exactly to 4 "
                r"\(input tensor's size at dimension 0\), but got split_sizes=\[1, 2\]",
            ),
        ),
    ),
    shape_op(
        "chunk",
        lambda x, n, d=0: tuple(np.split(x, _split_points(x.shape[d], -(-x.shape[d] // n)), d)),
        ((5, 3), 2),
        ((6, 3), 3),
        ((3, 4), 2, 1),
    ),
]


def _split_points(size, parts):
    if isinstance(parts, int):
        return list(range(parts, size, parts))
    return list(np.cumsum(parts)[:-1])


def _join_samples(rng):
    return [
        Sample([uniform(rng, 2, 3), uniform(rng, 4, 3)], 0),
        Sample([uniform(rng, 2, 3), uniform(rng, 2, 1), uniform(rng, 2, 2)], 1),
        Sample([uniform(rng, 2, 3)], -1),
        Sample([uniform(rng, 0, 3), uniform(rng, 2, 3)], dim=0),
    ]


def _stack_samples(rng):
    def pair():
        return [uniform(rng, 2, 3), uniform(rng, 2, 3)]

    return [Sample(pair()), Sample(pair(), 1), Sample(pair(), -1), Sample([uniform(rng)] * 2)]


JOINS = [
    Op(
        "cat",
        lambda xs, dim=0: np.concatenate(xs, dim),
        _join_samples,
        dtypes=("float32", "float64", "bfloat16", "int64", "bool"),
        errors=(
            Error(
                lambda mt: mt.cat([mt.ones(2, 3), mt.ones(2, 4)]),
                RuntimeError,
                r"Sizes of tensors must match except in dimension 0. Expected (size )?3 but got "
                r"size 4 for tensor number 1 in the list.",
            ),
            Error(lambda mt: mt.cat([]), (RuntimeError, ValueError), "non-empty list of Tensors"),
        ),
    ),
    Op(
        "stack",
        lambda xs, dim=0: np.stack(xs, dim),
        _stack_samples,
        dtypes=("float32", "float64", "int64"),
        errors=(
            Error(
                lambda mt: mt.stack([mt.ones(2), mt.ones(3)]),
                RuntimeError,
                r"stack expects each tensor to be equal size, but got \[2\] at entry 0 and "
                r"\[3\] at entry 1",
            ),
        ),
    ),
]


def index_op(name, key, *shapes, torch_key=None):
    """Record of ``x[key]``; numpy indexes alike unless `torch_key` is given."""
    return Op(
        f"getitem_{name}",
        lambda x: x[key],
        lambda rng: [Sample(uniform(rng, *shape)) for shape in shapes or ((4, 5, 3),)],
        call=lambda mt, x: x[_tensor_key(mt, key)],
        dtypes=("float32", "float64", "bfloat16", "int64"),
    )


def _tensor_key(mt, key):
    if isinstance(key, tuple):
        return tuple(_tensor_key(mt, part) for part in key)
    return mt.from_numpy(key) if isinstance(key, np.ndarray) else key


_rows, _columns = np.array([2, 0, 2]), np.array([[1], [4]])
_mask = np.array([True, False, True, True])

INDEXING = [
    index_op("int", 1),
    index_op("negative", -1),
    index_op("slice", slice(1, 3)),
    index_op("step", (slice(None, None, 2), slice(1, None, 3))),
    index_op("ellipsis", (..., 0)),
    index_op("newaxis", (slice(None), None, 1)),
    index_op("mixed", (1, slice(1, 4), None, 2)),
    index_op("empty_slice", slice(3, 3)),
    index_op("ints", _rows),
    index_op("ints_matrix", np.array([[1, 3], [0, 0]])),
    index_op("ints_two", (_rows, np.array([0, 4, 1]))),
    index_op("ints_broadcast", (_rows, _columns)),
    index_op("ints_after_slice", (slice(None), _rows)),
    index_op("ints_apart", (_rows, slice(None), np.array([0, 1, 2]))),
    index_op("ints_and_slice", (slice(1, 3), _rows, 0)),
    index_op("mask", _mask),
    index_op("mask_full", np.arange(60).reshape(4, 5, 3) % 3 == 0),
    index_op("mask_none", np.zeros(4, dtype=bool)),
    Op(
        "getitem_errors",
        lambda x: x[0],
        lambda rng: [Sample(uniform(rng, 2))],
        call=lambda mt, x: x[0],
        errors=(
            Error(
                lambda mt: mt.ones(3)[3],
                IndexError,
                r"index 3 is out of bounds for dimension 0 with size 3",
            ),
            Error(
                lambda mt: mt.ones(3)[0, 0],
                IndexError,
                r"too many indices for tensor of dimension 1",
            ),
            Error(
                lambda mt: mt.ones(3)[mt.tensor([True, False])],
                IndexError,
                r"The shape of the mask \[2\] at index 0 does not match the shape of the indexed "
                r"tensor \[3\] at index 0",
            ),
            Error(
                lambda mt: mt.ones(3)[mt.tensor([0, 3])],
                IndexError,
                r"index 3 is out of bounds for dimension 0 with size 3",
            ),
            Error(lambda mt: mt.tensor(1.0)[0], IndexError, "invalid index of a 0-dim tensor"),
            Error(lambda mt: mt.ones(3)[::-1], ValueError, "step must be greater than zero"),
        ),
    ),
    Op(
        "index_select",
        lambda x, dim, index: x.take(index, axis=dim),
        lambda rng: [
            Sample(uniform(rng, 4, 3), 0, np.array([2, 0, 2])),
            Sample(uniform(rng, 4, 3), 1, np.array([1])),
            Sample(uniform(rng, 5), -1, np.array([4, 0])),
        ],
        method="index_select",
    ),
    Op(
        "gather",
        ref.gather,
        lambda rng: [
            Sample(uniform(rng, 4, 3), 0, rng.integers(0, 4, (2, 3))),
            Sample(uniform(rng, 4, 3), 1, rng.integers(0, 3, (4, 5))),
        ],
        method="gather",
    ),
    Op(
        "scatter",
        ref.scatter,
        lambda rng: [
            Sample(uniform(rng, 4, 3), 0, np.array([[0, 1, 2], [3, 0, 1]]), uniform(rng, 2, 3)),
            Sample(uniform(rng, 4, 3), 1, np.array([[0], [1], [2], [0]]), 1.5),
        ],
        method="scatter",
        inplace="scatter_",
    ),
    Op(
        "scatter_add",
        lambda *args: ref.scatter(*args, add=True),
        lambda rng: [
            Sample(uniform(rng, 4, 3), 0, rng.integers(0, 4, (2, 3)), uniform(rng, 2, 3)),
            Sample(uniform(rng, 4, 3), 1, rng.integers(0, 3, (4, 3)), uniform(rng, 4, 3)),
        ],
        method="scatter_add",
        inplace="scatter_add_",
    ),
    Op(
        "masked_fill",
        lambda x, mask, value: np.where(mask, value, x),
        lambda rng: [
            Sample(uniform(rng, 3, 4), rng.random((3, 4)) < 0.5, 2.5),
            Sample(uniform(rng, 3, 4), rng.random(4) < 0.5, 0),
        ],
        method="masked_fill",
        inplace="masked_fill_",
    ),
    Op(
        "masked_select",
        lambda x, mask: x[np.broadcast_to(mask, x.shape)],
        lambda rng: [Sample(uniform(rng, 3, 4), rng.random((3, 4)) < 0.5),
                     Sample(uniform(rng, 3, 4), rng.random(4) < 0.5)],  # fmt: skip
        method="masked_select",
    ),
    Op(
        "nonzero",
        lambda x: np.argwhere(x),
        lambda rng: [Sample(rng.random((3, 4)) < 0.5), Sample(uniform(rng, 5)),
                     Sample(np.zeros((2, 2)))],  # fmt: skip
        method="nonzero",
        result="int64",
        grad=False,
    ),
    Op(
        "topk",
        lambda x, k, dim=-1: _topk(x, k, dim),
        lambda rng: [Sample(distinct(rng, 3, 5), 2), Sample(distinct(rng, 4, 3), 3, dim=0)],
        method="topk",
    ),
    Op(
        "sort",
        lambda x, dim=-1, descending=False: _sort(x, dim, descending),
        lambda rng: [Sample(distinct(rng, 3, 5)), Sample(distinct(rng, 4, 3), 0),
                     Sample(distinct(rng, 6), dim=0, descending=True)],  # fmt: skip
        method="sort",
    ),
]


def _sort(x, dim, descending):
    order = np.argsort(-x if descending else x, axis=dim, kind="stable")
    return np.take_along_axis(x, order, dim), order


def _topk(x, k, dim):
    values, order = _sort(x, dim, True)
    return values.take(range(k), axis=dim), order.take(range(k), axis=dim)


def _matmul_samples(rng):
    shapes = [
        ((3, 4), (4, 2)),
        ((4,), (4,)),
        ((3, 4), (4,)),
        ((4,), (4, 2)),
        ((2, 3, 4), (4, 2)),
        ((2, 3, 4), (2, 4, 2)),
        ((5, 1, 3, 4), (2, 4, 2)),
        ((2, 3, 4), (4,)),
        ((0, 4), (4, 2)),
        ((3, 0), (0, 2)),
        ((1, 4), (4, 1)),
    ]
    return [Sample(uniform(rng, *a), uniform(rng, *b)) for a, b in shapes]


def _fixed(*shapes, **kwargs):
    return lambda rng: [Sample(*(uniform(rng, *shape) for shape in shapes), **kwargs)]


def product(name, samples, reference=np.matmul, errors=(), **options):
    """Record of a matrix product."""
    return Op(
        name, reference, samples, method=name, slack=10, errors=errors, gradgrad=True, **options
    )


MATMUL = [
    product(
        "matmul",
        _matmul_samples,
        dtypes=FLOATS + ("int64",),
        errors=(
            Error(
                lambda mt: mt.ones(2, 5) @ mt.ones(3, 2),
                RuntimeError,
                r"mat1 and mat2 shapes cannot be multiplied \(2x5 and 3x2\)",
            ),
            Error(
                lambda mt: mt.tensor(1.0) @ mt.ones(3),
                RuntimeError,
                "both arguments to matmul need to be at least 1D, but they are 0D and 1D",
            ),
            Error(
                lambda mt: mt.ones(2, 2) @ mt.ones(2, 2, dtype=mt.float64),
                RuntimeError,
                "expected m1 and m2 to have the same dtype",
            ),
        ),
    ),
    product(
        "mm",
        lambda rng: _fixed((3, 4), (4, 5))(rng) + _fixed((17, 33), (33, 9))(rng),
        errors=(
            Error(
                lambda mt: mt.mm(mt.ones(2, 500), mt.ones(512, 10)),
                RuntimeError,
                r"mat1 and mat2 shapes cannot be multiplied \(2x500 and 512x10\)",
            ),
        ),
    ),
    product("bmm", _fixed((2, 3, 4), (2, 4, 5))),
    product("mv", _fixed((3, 4), (4,))),
    product("dot", _fixed((4,), (4,))),
    product("outer", _fixed((3,), (4,)), reference=np.outer),
    Op(
        "addmm",
        lambda c, a, b, beta=1, alpha=1: beta * c + alpha * (a @ b),
        lambda rng: _fixed((3, 5), (3, 4), (4, 5))(rng)
        + _fixed((5,), (3, 4), (4, 5), beta=0.5, alpha=2.0)(rng),
        method="addmm",
        slack=10,
    ),
]

OPS = [
    *UNARY,
    *BINARY,
    *TERNARY,
    *REDUCTIONS,
    *SHAPES,
    *JOINS,
    *INDEXING,
    *MATMUL,
    *NN_OPS,
]
