"""Records of the operations of neural networks: linear, convolution, pooling, norm, losses."""

import numpy as np
import reference as ref
from op_record import Error, Op, Sample, distinct, functional, uniform

IMAGE_LAYOUTS = ("contiguous", "channels_last", "strided", "fortran")


def nn_op(name, reference, samples, **options):
    """Record of a function in ``nn.functional``; those of images are tried channels last too."""
    if "2d" in name or "norm" in name:
        options["layouts"] = IMAGE_LAYOUTS
    return Op(name, reference, samples, call=options.pop("call", functional(name)), **options)


def _linear_samples(rng):
    return [
        Sample(uniform(rng, 3, 4), uniform(rng, 5, 4), uniform(rng, 5)),
        Sample(uniform(rng, 3, 4), uniform(rng, 5, 4)),
        Sample(uniform(rng, 4), uniform(rng, 5, 4), uniform(rng, 5)),
        Sample(uniform(rng, 2, 3, 4), uniform(rng, 5, 4), uniform(rng, 5)),
        Sample(uniform(rng, 0, 4), uniform(rng, 5, 4), uniform(rng, 5)),
    ]


def _linear(x, weight, bias=None):
    return x @ weight.T + (0 if bias is None else bias)


def _conv_samples(rng):
    def case(x, w, bias=True, **kwargs):
        tensors = [uniform(rng, *x), uniform(rng, *w, low=-1, high=1)]
        return Sample(*tensors, uniform(rng, w[0]) if bias else None, **kwargs)

    return [
        case((2, 3, 5, 6), (4, 3, 3, 3)),
        case((2, 3, 5, 6), (4, 3, 3, 3), bias=False, padding=1),
        case((1, 2, 7, 7), (3, 2, 3, 3), stride=2, padding=1),
        case((1, 2, 7, 6), (3, 2, 3, 2), stride=(2, 1), padding=(0, 1), dilation=(1, 2)),
        case((2, 3, 4, 4), (5, 3, 1, 1), bias=False),
        case((2, 3, 5, 5), (5, 3, 1, 1), bias=False, stride=2),
        case((1, 4, 5, 5), (6, 2, 3, 3), groups=2, padding=1),
        case((2, 4, 5, 5), (4, 1, 3, 3), groups=4, padding=1),
        case((1, 3, 9, 9), (2, 3, 7, 7), stride=2, padding=3, bias=False),
        case((1, 2, 5, 5), (2, 2, 3, 3), padding="same"),
        case((1, 2, 5, 5), (2, 2, 2, 2), padding="valid"),
    ]


_CONV_ERRORS = (
    Error(
        lambda mt: mt.nn.functional.conv2d(mt.ones(1, 1, 8, 8), mt.ones(4, 3, 3, 3)),
        RuntimeError,
        r"Given groups=1, weight of size \[4, 3, 3, 3\], expected input\[1, 1, 8, 8\] to have 3 "
        r"channels, but got 1 channels instead",
    ),
    Error(
        lambda mt: mt.nn.functional.conv2d(mt.ones(1, 3, 4, 4), mt.ones(4, 3, 7, 7)),
        RuntimeError,
        r"Calculated padded input size per channel: \(4 x 4\). Kernel size: \(7 x 7\). Kernel "
        r"size can't be greater than actual input size",
    ),
    Error(
        lambda mt: mt.nn.functional.conv2d(
            mt.ones(1, 3, 4, 4, dtype=mt.float64), mt.ones(4, 3, 3, 3)
        ),
        RuntimeError,
        r"Input type \(.*[dD]ouble.*\) and (bias|weight) type \(.*[fF]loat.*\) should be the same|"
        r"expected scalar type Double but found Float",
    ),
)


def _max_pool_samples(rng):
    return [
        Sample(distinct(rng, 2, 3, 6, 6), 2),
        Sample(distinct(rng, 1, 2, 7, 7), 3, stride=2, padding=1),
        Sample(distinct(rng, 1, 2, 5, 6), (3, 2), (1, 2), (1, 0)),
        Sample(distinct(rng, 1, 1, 7, 7), 2, ceil_mode=True),
        Sample(distinct(rng, 1, 1, 7, 7), 3, stride=1, dilation=2),
        Sample(-1 - distinct(rng, 1, 2, 4, 4) ** 2, 3, stride=2, padding=1),
        Sample(distinct(rng, 2, 6, 6), 2),
    ]


def _avg_pool_samples(rng):
    return [
        Sample(uniform(rng, 2, 3, 6, 6), 2),
        Sample(uniform(rng, 1, 2, 7, 7), 3, stride=2, padding=1),
        Sample(uniform(rng, 1, 2, 7, 7), 3, stride=2, padding=1, count_include_pad=False),
        Sample(uniform(rng, 1, 1, 7, 7), 2, ceil_mode=True),
        Sample(uniform(rng, 1, 1, 5, 6), (3, 2), (1, 2), (1, 0), divisor_override=3),
        Sample(uniform(rng, 2, 6, 6), 2),
    ]


def _adaptive_samples(rng):
    return [
        Sample(uniform(rng, 2, 3, 4, 4), 1),
        Sample(uniform(rng, 2, 3, 7, 7), 3),
        Sample(uniform(rng, 1, 2, 5, 4), (3, 2)),
        Sample(uniform(rng, 1, 2, 5, 4), (None, 2)),
        Sample(uniform(rng, 2, 5, 4), (2, 3)),
    ]


def _batch_norm_samples(rng):
    def stats():
        return uniform(rng, 3), uniform(rng, 3, low=0.5, high=2.0)

    def affine():
        return uniform(rng, 3), uniform(rng, 3)

    return [
        Sample(uniform(rng, 2, 3, 4, 4), *stats(), *affine(), False),
        Sample(uniform(rng, 2, 3, 4, 4), *stats(), None, None, False, 0.1, 1e-3),
        Sample(uniform(rng, 5, 3), *stats(), *affine()),
    ]


def _batch_norm_training_samples(rng):
    return [
        Sample(uniform(rng, 2, 3, 4, 4), uniform(rng, 3), uniform(rng, 3)),
        Sample(uniform(rng, 4, 3, 2, 2), uniform(rng, 3), None),
        Sample(uniform(rng, 4, 3, 2, 2), None, None),
        Sample(uniform(rng, 6, 3), uniform(rng, 3), uniform(rng, 3), eps=1e-2),
    ]


def _batch_norm_training(mt, x, weight, bias, eps=1e-5):
    return mt.nn.functional.batch_norm(x, None, None, weight, bias, training=True, eps=eps)


def _dim_samples(rng):
    return [
        Sample(uniform(rng, 3, 4), 1),
        Sample(uniform(rng, 3, 4), 0),
        Sample(uniform(rng, 2, 3, 4), -1),
        Sample(uniform(rng, 2, 3, 4), 1),
        Sample(uniform(rng, 5), 0),
        Sample(uniform(rng, 3, 4) * 100, 1),
    ]


def _nll_samples(rng):
    logits = uniform(rng, 4, 5)
    target = np.array([0, 3, 1, 4])
    image = uniform(rng, 2, 3, 2, 2)
    pixels = rng.integers(0, 3, (2, 2, 2))
    found = [Sample(logits, target, reduction=r) for r in ("mean", "sum", "none")]
    return [
        *found,
        Sample(logits, target, weight=np.array([0.5, 1.0, 2.0, 1.5, 0.25])),
        Sample(logits, target, ignore_index=3),
        Sample(image, pixels),
        Sample(image, pixels, weight=np.array([0.5, 1.0, 2.0]), reduction="none"),
    ]


def _cross_entropy_samples(rng):
    logits = uniform(rng, 4, 5)
    target = np.array([0, 3, 1, 4])
    soft = ref.softmax(uniform(rng, 4, 5), 1)
    weight = np.array([0.5, 1.0, 2.0, 1.5, 0.25])
    return [
        *_nll_samples(rng),
        Sample(logits, target, label_smoothing=0.25),
        Sample(logits, target, label_smoothing=0.25, weight=weight, ignore_index=3),
        Sample(logits, target, label_smoothing=0.25, reduction="sum"),
        Sample(logits, soft),
        Sample(logits, soft, label_smoothing=0.25, reduction="none"),
        Sample(logits, soft, weight=weight),
        Sample(logits * 50, target),
    ]


def _cross_entropy(x, target, **kwargs):
    return ref.cross_entropy(x, target, **kwargs)


def _target_errors(name):
    return (
        Error(
            lambda mt: getattr(mt.nn.functional, name)(mt.zeros(2, 3), mt.tensor([0, 5])),
            IndexError,
            r"Target 5 is out of bounds.",
        ),
        Error(
            lambda mt: getattr(mt.nn.functional, name)(mt.zeros(3, 3), mt.tensor([0, 1])),
            ValueError,
            r"Expected input batch_size \(3\) to match target batch_size \(2\).",
        ),
        Error(
            lambda mt: getattr(mt.nn.functional, name)(
                mt.zeros(2, 3), mt.tensor([0, 1], dtype=mt.int32)
            ),
            RuntimeError,
            r"expected target dtype to be Long or Byte, but got Int|expected scalar type Long",
        ),
    )


def _pair_samples(rng):
    return [
        Sample(uniform(rng, 3, 4), uniform(rng, 3, 4), reduction=r) for r in ("mean", "sum", "none")
    ]


def _mse(x, y, reduction="mean"):
    return ref.reduce_loss((x - y) ** 2, reduction)


def _l1(x, y, reduction="mean"):
    return ref.reduce_loss(np.abs(x - y), reduction)


def _dropout_samples(rng):
    return [
        Sample(uniform(rng, 3, 4), 0.5, False),
        Sample(uniform(rng, 3, 4), 0.0, True),
        Sample(uniform(rng, 3, 4), 1.0, True),
    ]


def _dropout(x, p, training):
    return x * 0 if training and p == 1 else x


NN_OPS = [
    nn_op("linear", _linear, _linear_samples, slack=10),
    nn_op("conv2d", ref.conv2d, _conv_samples, errors=_CONV_ERRORS, slack=10),
    nn_op("max_pool2d", lambda *a, **k: ref.max_pool2d(*a, **k)[0], _max_pool_samples),
    nn_op(
        "max_pool2d_indices",
        ref.max_pool2d,
        _max_pool_samples,
        call=lambda mt, *a, **k: mt.nn.functional.max_pool2d(*a, **k, return_indices=True),
    ),
    nn_op("avg_pool2d", ref.avg_pool2d, _avg_pool_samples, slack=4),
    nn_op("adaptive_avg_pool2d", ref.adaptive_avg_pool2d, _adaptive_samples, slack=4),
    nn_op("batch_norm", ref.batch_norm, _batch_norm_samples, slack=10),
    nn_op(
        "batch_norm_training",
        lambda x, w, b, eps=1e-5: ref.batch_norm(x, None, None, w, b, training=True, eps=eps),
        _batch_norm_training_samples,
        call=_batch_norm_training,
        slack=20,
        errors=(
            Error(
                lambda mt: mt.nn.functional.batch_norm(
                    mt.ones(1, 512, 1, 1), None, None, training=True
                ),
                ValueError,
                r"Expected more than 1 value per channel when training, got input size "
                r"torch.Size\(\[1, 512, 1, 1\]\)",
            ),
        ),
    ),
    nn_op("softmax", ref.softmax, _dim_samples, slack=10),
    nn_op("log_softmax", ref.log_softmax, _dim_samples, slack=10),
    nn_op("nll_loss", ref.nll_loss, _nll_samples, errors=_target_errors("nll_loss")),
    nn_op(
        "cross_entropy",
        _cross_entropy,
        _cross_entropy_samples,
        errors=_target_errors("cross_entropy"),
        slack=10,
    ),
    nn_op("mse_loss", _mse, _pair_samples, slack=4),
    nn_op("l1_loss", _l1, _pair_samples, slack=4),
    nn_op(
        "dropout",
        _dropout,
        _dropout_samples,
        errors=(
            Error(
                lambda mt: mt.nn.functional.dropout(mt.ones(2), 1.5),
                ValueError,
                r"dropout probability has to be between 0 and 1, but got 1.5",
            ),
        ),
    ),
]
