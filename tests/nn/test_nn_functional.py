"""nn.functional: losses against numpy, padding, refusals."""

import math

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F

LOGITS = np.array([[1.0, 2.0, 0.5], [0.1, -1.0, 3.0], [2.0, 2.0, 2.0], [0.0, 1.0, -1.0]])
WEIGHT = np.array([0.2, 1.0, 3.0])


def tensor(array):
    return torch.tensor(np.asarray(array).tolist(), dtype=torch.float64)


def log_softmax(x):
    return x - np.log(np.exp(x).sum(1, keepdims=True))


def reference_cross_entropy(x, target, weight, smoothing, ignore_index):
    """((1 - e) sum(w_t nll) + e / C sum_c(w_c (-logp_c))) / sum(w_t) over the rows that count."""
    logp = log_softmax(x)
    rows = [i for i, t in enumerate(target) if t != ignore_index]
    hard = sum(weight[target[i]] * -logp[i, target[i]] for i in rows)
    soft = sum((weight * -logp[i]).sum() for i in rows) / x.shape[1]
    total = sum(weight[target[i]] for i in rows)
    return ((1 - smoothing) * hard + smoothing * soft) / total


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_cross_entropy_of_class_numbers(smoothing, weighted):
    target = [2, 0, -100, 1]
    weight = WEIGHT if weighted else np.ones(3)
    loss = F.cross_entropy(
        tensor(LOGITS),
        torch.tensor(target),
        weight=tensor(WEIGHT) if weighted else None,
        label_smoothing=smoothing,
    )
    expected = reference_cross_entropy(LOGITS, target, weight, smoothing, -100)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_of_probabilities_divides_by_the_rows():
    target = np.array([[0.2, 0.3, 0.5], [1, 0, 0], [0, 0, 1], [0.5, 0.5, 0]])
    loss = F.cross_entropy(tensor(LOGITS), tensor(target), weight=tensor(WEIGHT))
    expected = -(target * WEIGHT * log_softmax(LOGITS)).sum() / 4
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_reductions_and_images():
    target = torch.tensor([2, 0, 1, 1])
    rows = F.cross_entropy(tensor(LOGITS), target, reduction="none")
    expected = -log_softmax(LOGITS)[np.arange(4), [2, 0, 1, 1]]
    np.testing.assert_allclose(rows.numpy(), expected, rtol=1e-12)
    assert F.cross_entropy(tensor(LOGITS), target, reduction="sum").item() == pytest.approx(
        expected.sum()
    )
    image = tensor(LOGITS.T.reshape(1, 3, 2, 2))
    loss = F.cross_entropy(image, target.reshape(1, 2, 2))
    assert loss.item() == pytest.approx(expected.mean())


def test_cross_entropy_of_ignored_rows_only_is_nan():
    loss = F.cross_entropy(tensor(LOGITS), torch.full((4,), 7), ignore_index=7)
    assert math.isnan(loss.item())


def test_cross_entropy_gradient_is_softmax_minus_one_hot():
    x = tensor(LOGITS).requires_grad_()
    F.cross_entropy(x, torch.tensor([2, 0, 1, 1])).backward()
    expected = np.exp(log_softmax(LOGITS))
    expected[np.arange(4), [2, 0, 1, 1]] -= 1
    np.testing.assert_allclose(x.grad.numpy(), expected / 4, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "target, error, text",
    [
        ([0, 5, 0, 0], IndexError, "Target 5 is out of bounds."),
        ([0, 1, 2], ValueError, r"Expected input batch_size \(4\) to match target batch_size"),
    ],
)
def test_cross_entropy_refuses_targets(target, error, text):
    with pytest.raises(error, match=text):
        F.cross_entropy(tensor(LOGITS), torch.tensor(target))


def test_nll_loss_picks_and_weights():
    logp = log_softmax(LOGITS)
    target = [2, 0, 1, 1]
    weights = WEIGHT[target]
    loss = nn.NLLLoss(weight=tensor(WEIGHT))(tensor(logp), torch.tensor(target))
    expected = -(logp[np.arange(4), target] * weights).sum() / weights.sum()
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name, power", [("mse_loss", 2), ("l1_loss", 1)])
def test_elementwise_losses(name, power):
    loss = getattr(F, name)
    a, b, w = LOGITS, LOGITS[::-1].copy(), np.abs(LOGITS) + 0.1
    expected = np.abs(a - b) ** power
    a, b = tensor(a), tensor(b)
    assert loss(a, b).item() == pytest.approx(expected.mean())
    assert loss(a, b, reduction="sum").item() == pytest.approx(expected.sum())
    np.testing.assert_allclose(loss(a, b, reduction="none").numpy(), expected, rtol=1e-12)
    weighted = loss(a, b, weight=tensor(w)).item()
    assert weighted == pytest.approx((expected * w).sum() / w.sum())
    with pytest.raises(ValueError, match="Weights and input must have the same size."):
        loss(a, b, weight=torch.ones(2))
    with pytest.warns(UserWarning, match="Using a target size"):
        loss(a, b[:1])


@pytest.mark.parametrize(
    "arguments, reduction",
    [
        (dict(size_average=False), "sum"),
        (dict(reduce=False), "none"),
        (dict(size_average=True), "mean"),
        (dict(size_average=False, reduce=False), "none"),
    ],
)
def test_legacy_reduction_arguments_warn(arguments, reduction):
    with pytest.warns(UserWarning, match=f"please use reduction='{reduction}' instead"):
        assert nn.MSELoss(**arguments).reduction == reduction
    a, b = torch.ones(3), torch.zeros(3)
    with pytest.warns(UserWarning, match="size_average and reduce args"):
        assert F.mse_loss(a, b, **arguments).shape == F.mse_loss(a, b, reduction=reduction).shape


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "cross_entropy", "nll_loss"])
def test_unknown_reduction_is_refused(name):
    with pytest.raises(ValueError, match="average is not a valid value for reduction"):
        getattr(F, name)(torch.ones(2, 2), torch.ones(2, 2), reduction="average")


# ---- padding -------------------------------------------------------------------------------------


NUMPY_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@pytest.mark.parametrize("mode", NUMPY_MODES)
def test_pad_modes_match_numpy(mode):
    x = np.arange(40.0).reshape(1, 2, 4, 5)
    out = F.pad(tensor(x), (1, 3, 2, 0), mode=mode)
    expected = np.pad(x, ((0, 0), (0, 0), (2, 0), (1, 3)), mode=NUMPY_MODES[mode])
    assert out.numpy().tolist() == expected.tolist()


def test_pad_constant_grows_and_cuts():
    x = torch.arange(6.0).reshape(2, 3)
    assert F.pad(x, (1, 0, 0, 1), value=9.0).tolist() == [
        [9.0, 0.0, 1.0, 2.0],
        [9.0, 3.0, 4.0, 5.0],
        [9.0, 9.0, 9.0, 9.0],
    ]
    assert F.pad(x, (-1, 1)).tolist() == [[1.0, 2.0, 0.0], [4.0, 5.0, 0.0]]
    cut = F.pad(x, (-1, -1))
    cut[0, 0] = 50.0
    assert cut.shape == (2, 1) and x[0, 1].item() == 1.0


@pytest.mark.parametrize("mode", ["constant", *NUMPY_MODES])
def test_pad_gradient_counts_the_copies(mode):
    x = torch.ones(1, 1, 3, dtype=torch.float64, requires_grad=True)
    F.pad(x, (2, 1), mode=mode).sum().backward()
    expected = {
        "constant": [1.0, 1.0, 1.0],
        "reflect": [1.0, 3.0, 2.0],
        "replicate": [3.0, 1.0, 2.0],
        "circular": [2.0, 2.0, 2.0],
    }
    assert x.grad.tolist() == [[expected[mode]]]


@pytest.mark.parametrize(
    "pad, mode, error, text",
    [
        ((1,), "constant", RuntimeError, "Padding length must be divisible by 2"),
        ((1,) * 10, "constant", RuntimeError, "less than or equal to two times the input"),
        ((-5, 0), "constant", RuntimeError, "length must be non-negative"),
        ((1, 1, 0, 0), "mirror", NotImplementedError, "Unrecognised padding mode mirror"),
        ((1, 1), "reflect", NotImplementedError, "Padding size 2 is not supported for 4D"),
        ((4, 0, 0, 0), "reflect", RuntimeError, "Padding size should be less than the corr"),
        ((5, 0, 0, 0), "circular", RuntimeError, "wrapping around more than once"),
        ((1.5, 0), "constant", TypeError, "found element of type float at pos 0"),
    ],
)
def test_pad_refuses(pad, mode, error, text):
    with pytest.raises(error, match=text):
        F.pad(torch.zeros(1, 1, 4, 4), pad, mode=mode)


def test_pad_value_is_for_constant_only():
    with pytest.raises(RuntimeError, match="doesn't take in value argument"):
        F.pad(torch.zeros(1, 1, 4), (1, 1), mode="reflect", value=1.0)


# ---- the rest ------------------------------------------------------------------------------------


def test_conv2d_padding_words():
    x, w = torch.rand(1, 1, 4, 4), torch.rand(1, 1, 3, 3)
    assert F.conv2d(x, w, padding="same").shape == (1, 1, 4, 4)
    assert F.conv2d(x, w, padding="valid").shape == (1, 1, 2, 2)
    with pytest.raises(RuntimeError, match="Invalid padding string: 'full'"):
        F.conv2d(x, w, padding="full")
    with pytest.raises(RuntimeError, match="not supported for strided convolutions"):
        F.conv2d(x, w, padding="same", stride=2)


def test_batch_norm_refuses_eps():
    x = torch.rand(4, 2)
    with pytest.raises(ValueError, match="eps must be positive during training"):
        F.batch_norm(x, None, None, training=True, eps=0.0)
    with pytest.raises(ValueError, match="eps must be non-negative"):
        F.batch_norm(x, torch.zeros(2), torch.ones(2), eps=-1.0)


def test_softmax_casts_first():
    assert F.softmax(torch.zeros(1, 2), 1, dtype=torch.float64).dtype == torch.float64
    with pytest.warns(UserWarning, match="Implicit dimension choice for log_softmax"):
        F.log_softmax(torch.zeros(2, 2))


def test_pool_with_indices_and_wrong_sizes():
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    values, where = F.max_pool2d_with_indices(x, 2)
    assert where.tolist() == [[[[5, 7], [13, 15]]]] and values[0, 0, 0, 0].item() == 5.0
    with pytest.raises(RuntimeError, match="output_size must be 2"):
        F.adaptive_avg_pool2d(x, (1, 2, 3))
    with pytest.raises(ValueError, match="dropout probability"):
        F.dropout(x, 2.0)
