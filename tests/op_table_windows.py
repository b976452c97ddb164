"""Records of convolutions and pools in one to three dimensions, of unpooling, unfold and fold."""

import numpy as np
import reference_windows as ref
from op_record import Error, Op, Sample, distinct, functional, uniform

IMAGE_LAYOUTS = ("contiguous", "channels_last", "strided", "fortran")


def _op(name, reference, samples, **options):
    if "2d" in name:
        options["layouts"] = IMAGE_LAYOUTS
    return Op(name, reference, samples, call=options.pop("call", functional(name)), **options)


def _case(rng, x, w, bias=None, **kwargs):
    offset = None if bias is None else uniform(rng, bias)
    return Sample(uniform(rng, *x), uniform(rng, *w, low=-1, high=1), offset, **kwargs)


def _conv1d_samples(rng):
    return [
        _case(rng, (2, 3, 7), (4, 3, 3), 4),
        _case(rng, (3, 7), (2, 3, 2), padding=1),
        _case(rng, (1, 2, 9), (3, 2, 3), 3, stride=2, padding=2, dilation=2),
        _case(rng, (2, 4, 6), (6, 2, 3), groups=2),
        _case(rng, (1, 4, 6), (4, 1, 3), 4, groups=4, padding=(1,)),
        _case(rng, (1, 2, 6), (2, 2, 4), padding="same"),
        _case(rng, (0, 2, 6), (3, 2, 3), 3),
    ]


def _conv3d_samples(rng):
    return [
        _case(rng, (1, 2, 3, 4, 3), (2, 2, 2, 2, 2), 2),
        _case(rng, (2, 3, 3, 3), (2, 2, 1, 3, 2), padding=1),
        _case(rng, (1, 1, 5, 4, 4), (2, 1, 2, 3, 2), 2, stride=(2, 1, 2), dilation=(2, 1, 1)),
        _case(rng, (1, 4, 3, 3, 2), (4, 2, 3, 2, 2), groups=2, padding=(1, 0, 1)),
        _case(rng, (1, 1, 3, 3, 3), (1, 1, 2, 3, 2), padding="same"),
    ]


def _transposed_samples(n):
    space = (4, 3, 2)[-n:] if n < 3 else (2, 3, 2)
    kernel = (2, 3, 2)[:n]

    def samples(rng):
        return [
            _case(rng, (2, 2, *space), (2, 3, *kernel), 3),
            _case(rng, (2, *space), (2, 1, *kernel), padding=1, stride=2),
            _case(rng, (1, 2, *space), (2, 2, *kernel), 2, stride=2, padding=1, output_padding=1),
            _case(rng, (1, 4, *space), (4, 1, *kernel), 2, groups=2, stride=(2,) * n),
            # output padding that reaches the stride
            _case(rng, (1, 1, *space), (1, 2, *kernel), 2, dilation=2, output_padding=1),
        ]

    return samples


def _transposed_errors(name, n):
    def call(**kwargs):
        return lambda mt: getattr(mt.nn.functional, name)(
            mt.ones(1, 2, *[3] * n), mt.ones(2, 2, *[3] * n), **kwargs
        )

    return (
        Error(call(output_padding=1), RuntimeError, "output padding must be smaller than either"),
        Error(call(output_padding=-1), RuntimeError, "negative output_padding is not supported"),
        Error(call(padding=3), RuntimeError, "Output size is too small"),
        Error(call(groups=3), RuntimeError, "Given groups=3, expected weight to be at least 3"),
    )


def _conv_errors(name, n):
    def call(shape=None, **kwargs):
        shape = (1, 2, *[3] * n) if shape is None else shape
        return lambda mt: getattr(mt.nn.functional, name)(
            mt.ones(shape), mt.ones(2, 2, *[3] * n), **kwargs
        )

    return (
        Error(call((1, 3, *[3] * n)), RuntimeError, "channels, but got 3 channels instead"),
        Error(call((3,)), RuntimeError, rf"\(batched\) input to {name}, but got input of size"),
        Error(call(dilation=2), RuntimeError, "Kernel size can't be greater than actual"),
        Error(call(stride=0), RuntimeError, "non-positive stride is not supported"),
        Error(call(padding="same", stride=2), RuntimeError, "not supported for strided"),
        Error(call(padding=(1,) * 4), RuntimeError, rf"expected padding to be .* of {n} values"),
    )


# Small spaces, so that second derivatives by finite differences stay affordable.
SPACES = {1: (7,), 2: (5, 4), 3: (4, 3, 4)}


def _max_samples(n):
    space = SPACES[n]

    def samples(rng):
        return [
            Sample(distinct(rng, 2, 2, *space), 2),
            Sample(distinct(rng, 2, *space), 3, stride=2, padding=1),
            Sample(distinct(rng, 1, 1, *space), 2, 1, 0, 2),
            Sample(distinct(rng, 1, 1, *space), 2, ceil_mode=True),
            Sample(distinct(rng, 1, 2, *space), (2, 3, 1)[:n], (1, 2, 1)[:n], (1, 0, 0)[:n]),
        ]

    return samples


def _avg_samples(n):
    space = SPACES[n]

    def samples(rng):
        found = [
            Sample(uniform(rng, 2, 2, *space), 2),
            Sample(uniform(rng, 2, *space), 3, stride=2, padding=1),
            Sample(uniform(rng, 1, 1, *space), 3, 2, 1, count_include_pad=False),
            Sample(uniform(rng, 1, 1, *space), 2, ceil_mode=True),
            Sample(uniform(rng, 1, 1, *space), 3, 2, 1, True),
        ]
        if n > 1:
            found.append(Sample(uniform(rng, 1, 1, *space), 2, divisor_override=3))
        return found

    return samples


def _adaptive_samples(n, maker):
    space = SPACES[n]

    def samples(rng):
        wanted = [1, 3, (2, 3, 4)[:n]] + ([(None, *[2] * (n - 1))] if n > 1 else [])
        return [Sample(maker(rng, 1, 2, *space), size) for size in wanted] + [
            Sample(maker(rng, 2, *space), 2)
        ]

    return samples


def _lp_samples(n):
    space = SPACES[n]

    def samples(rng):
        return [
            Sample(uniform(rng, 1, 2, *space, low=0.5), 2.0, 2),
            Sample(uniform(rng, 2, *space, low=0.5), 3.0, 2, 1),
            Sample(uniform(rng, 1, 1, *space, low=0.5), 1.0, 3, 2, ceil_mode=True),
        ]

    return samples


def _unpool_samples(n):
    space = SPACES[n]

    def samples(rng):
        found = []
        for lead in ((1, 2), (2,)):
            x = distinct(rng, *lead, *[2 * (size // 2) for size in space])
            found.append(Sample(*ref.max_pool(n)(x, 2), 2))
        return found

    return samples


def _unpool_errors(name, n):
    def call(index, **kwargs):
        return lambda mt: getattr(mt.nn.functional, name)(
            mt.ones(1, 1, *[2] * n), mt.full((1, 1, *[2] * n), index), 2, **kwargs
        )

    return (
        Error(call(99), RuntimeError, "Found an invalid max index: 99"),
        Error(call(0, output_size=[9] * n), ValueError, "invalid output_size"),
        Error(call(0.0), RuntimeError, "elements in indices should be type int64"),
    )


def _pool_errors(name, n):
    def call(*args, **kwargs):
        return lambda mt: getattr(mt.nn.functional, name)(mt.ones(1, 1, *[4] * n), *args, **kwargs)

    return (
        Error(call(2, padding=2), RuntimeError, "at most half of (effective )?kernel size"),
        Error(call(2, 0), RuntimeError, "stride (should not be zero|must be greater than zero)"),
        Error(call(9), RuntimeError, "too small|output size: 0|smaller than kernel size"),
        Error(call(2.5), TypeError, "argument 'kernel_size'"),
    )


def _unfold_samples(rng):
    return [
        Sample(uniform(rng, 1, 2, 4, 5), 2),
        Sample(uniform(rng, 2, 4, 3), (2, 3), padding=(1, 0)),
        Sample(uniform(rng, 2, 1, 5, 5), 2, dilation=2, stride=2, padding=1),
    ]


def _fold_samples(rng):
    return [
        Sample(uniform(rng, 1, 8, 12), (4, 5), 2),
        Sample(uniform(rng, 6, 4), 4, (2, 3), stride=2, padding=(0, 1)),
        Sample(uniform(rng, 2, 4, 9), 5, 2, dilation=2, stride=2, padding=1),
    ]


UNFOLD_ERRORS = (
    Error(
        lambda mt: mt.nn.functional.unfold(mt.ones(1, 1, 3, 3), 4),
        RuntimeError,
        r"calculated shape of the array of sliding blocks as \(0, 0\)",
    ),
    Error(
        lambda mt: mt.nn.functional.unfold(mt.ones(1, 1, 3, 3), 2, stride=0),
        RuntimeError,
        "stride should be greater than zero",
    ),
)
FOLD_ERRORS = (
    Error(
        lambda mt: mt.nn.functional.fold(mt.ones(1, 8, 11), (4, 5), 2),
        RuntimeError,
        r"to match the calculated number of sliding blocks 3 \* 4 = 12",
    ),
    Error(
        lambda mt: mt.nn.functional.fold(mt.ones(1, 7, 12), (4, 5), 2),
        RuntimeError,
        "to be divisible by the product of kernel_size",
    ),
)


def _values(reference):
    """The reference of the form that returns no indices."""
    return lambda *args, **kwargs: reference(*args, **kwargs)[0]


def _of_dimensions(n):
    """All records of one number of dimensions; those of two that need no more are elsewhere."""
    maximum, adaptive = f"max_pool{n}d", f"adaptive_max_pool{n}d"
    found = [
        _op(
            f"conv_transpose{n}d",
            ref.conv_transpose,
            _transposed_samples(n),
            errors=_transposed_errors(f"conv_transpose{n}d", n),
            slack=10,
        ),
        _op(
            f"{maximum}_with_indices",
            ref.max_pool(n),
            _max_samples(n),
            errors=_pool_errors(f"{maximum}_with_indices", n),
        ),
        _op(adaptive, _values(ref.adaptive_max_pool(n)), _adaptive_samples(n, distinct)),
        _op(
            f"{adaptive}_with_indices", ref.adaptive_max_pool(n), _adaptive_samples(n, distinct)
        ),
        _op(f"lp_pool{n}d", ref.lp_pool(n), _lp_samples(n), slack=20),
        _op(
            f"max_unpool{n}d",
            ref.max_unpool(n),
            _unpool_samples(n),
            errors=_unpool_errors(f"max_unpool{n}d", n),
        ),
    ]
    if n != 2:
        average = f"avg_pool{n}d"
        found += [
            _op(
                f"conv{n}d",
                ref.conv,
                _conv1d_samples if n == 1 else _conv3d_samples,
                errors=_conv_errors(f"conv{n}d", n),
                slack=10,
            ),
            _op(maximum, _values(ref.max_pool(n)), _max_samples(n)),
            _op(
                average,
                ref.avg_pool(n),
                _avg_samples(n),
                slack=4,
                errors=_pool_errors(average, n),
            ),
            _op(
                f"adaptive_avg_pool{n}d",
                ref.adaptive_avg_pool(n),
                _adaptive_samples(n, uniform),
                slack=4,
            ),
        ]
    return found


def _general_samples(rng):
    x, w, b = uniform(rng, 1, 2, 5, 4), uniform(rng, 3, 2, 2, 3), uniform(rng, 3)
    return [
        Sample(x, w, b, [1, 2], [1, 0], [2, 1], False, [0, 0], 1),
        Sample(x, w[:2, :, :, :2], b[:2], [2, 2], [1, 0], [1, 1], True, [1, 1], 1),
    ]


def _general(x, w, b, stride, padding, dilation, transposed, output_padding, groups):
    if transposed:
        return ref.conv_transpose(
            x, w, b, tuple(stride), tuple(padding), tuple(output_padding), groups, tuple(dilation)
        )
    return ref.conv(x, w, b, tuple(stride), tuple(padding), tuple(dilation), groups)


def _integer_samples(rng):
    return [
        Sample(rng.integers(-9, 9, (2, 4, 7)), rng.integers(-9, 9, (4, 2, 3)), groups=2),
        Sample(rng.integers(-9, 9, (2, 7)), rng.integers(-9, 9, (3, 2, 2)), stride=2, padding=1),
    ]


def _integer_transposed_samples(rng):
    return [
        Sample(rng.integers(-9, 9, (2, 4, 3)), rng.integers(-9, 9, (4, 2, 3)), groups=2),
        Sample(rng.integers(-9, 9, (2, 4)), rng.integers(-9, 9, (2, 3, 2)), stride=2, padding=1),
    ]


WINDOWS = [
    *[op for n in (1, 2, 3) for op in _of_dimensions(n)],
    Op("convolution", _general, _general_samples, slack=10),
    _op("unfold", ref.unfold, _unfold_samples, errors=UNFOLD_ERRORS),
    _op("fold", ref.fold, _fold_samples, errors=FOLD_ERRORS, slack=4),
    _op(
        "conv1d_integers",
        lambda *args, **kwargs: np.rint(ref.conv(*args, **kwargs)).astype("int64"),
        _integer_samples,
        call=functional("conv1d"),
        grad=False,
        result="int64",
    ),
    _op(
        "conv_transpose1d_integers",
        lambda *args, **kwargs: np.rint(ref.conv_transpose(*args, **kwargs)).astype("int64"),
        _integer_transposed_samples,
        call=functional("conv_transpose1d"),
        grad=False,
        result="int64",
    ),
]
