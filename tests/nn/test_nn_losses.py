"""Losses: deprecated arguments, warnings, edges; dropouts and tables as modules."""

import math

import pytest

import minitorch
from minitorch import nn
from minitorch.nn import functional as F


@pytest.mark.parametrize(
    "size_average, reduce, reduction",
    [(False, None, "sum"), (None, False, "none"), (True, True, "mean"), (False, False, "none")],
)
def test_deprecated_arguments(size_average, reduce, reduction):
    x, y = minitorch.rand(3, 2), minitorch.rand(3, 2)
    for name in ("smooth_l1_loss", "binary_cross_entropy", "soft_margin_loss", "kl_div"):
        function = getattr(F, name)
        with pytest.warns(UserWarning, match=f"please use reduction='{reduction}' instead."):
            got = function(x, y, size_average=size_average, reduce=reduce)
        if name != "kl_div":
            assert minitorch.equal(got, function(x, y, reduction=reduction))
    with pytest.warns(UserWarning, match=f"please use reduction='{reduction}' instead."):
        assert nn.BCELoss(size_average=size_average, reduce=reduce).reduction == reduction


def test_other_sizes_warn():
    for function in (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss):
        with pytest.warns(UserWarning, match="Using a target size .* is different to the input"):
            assert function(minitorch.ones(3, 2), minitorch.zeros(2)) > 0


def test_mean_of_kl_div_warns():
    with pytest.warns(UserWarning, match="'batchmean' divides only by the batch size"):
        F.kl_div(minitorch.zeros(2, 2), minitorch.ones(2, 2))


def test_kl_div_of_zero_probability():
    target = minitorch.tensor([0.0, 1.0], requires_grad=True)
    losses = F.kl_div(minitorch.zeros(2), target, reduction="none")
    assert losses.tolist() == [0.0, 0.0]
    losses.sum().backward()
    assert target.grad[1] == 1 and not target.grad.isnan().any()


def test_binary_cross_entropy_at_the_ends():
    x = minitorch.tensor([0.0, 1.0], requires_grad=True)
    losses = F.binary_cross_entropy(x, minitorch.tensor([1.0, 0.0]), reduction="none")
    assert losses.tolist() == [100.0, 100.0]
    losses.sum().backward()
    assert x.grad.isfinite().all()
    logits = minitorch.tensor([1000.0, -1000.0])
    losses = F.binary_cross_entropy_with_logits(
        logits, minitorch.tensor([1.0, 0.0]), reduction="none"
    )
    assert losses.tolist() == [0.0, 0.0]


def test_arguments_without_a_derivative():
    x, y = minitorch.rand(2), minitorch.rand(2)
    weight = minitorch.ones(2, requires_grad=True)
    for call in (
        lambda: F.binary_cross_entropy(x, y, weight),
        lambda: F.binary_cross_entropy_with_logits(x, y, pos_weight=weight),
        lambda: F.soft_margin_loss(x, weight),
    ):
        with pytest.raises(RuntimeError, match="is not differentiable with respect to argument"):
            call()


def test_gaussian_nll_takes_a_number_and_limits_the_variance():
    x, y = minitorch.tensor([1.0, 2.0]), minitorch.tensor([1.0, 3.0])
    assert math.isclose(F.gaussian_nll_loss(x, y, 1.0), 0.25)
    limited = F.gaussian_nll_loss(x, x, minitorch.zeros(2), eps=0.5)
    assert math.isclose(limited, 0.5 * math.log(0.5), rel_tol=1e-6)
    with pytest.raises(ValueError, match="var is of incorrect size"):
        F.gaussian_nll_loss(x, y, minitorch.ones(3))


def test_huber_delta_is_a_number():
    with pytest.raises(TypeError, match="delta must be a float or int"):
        nn.HuberLoss(delta="1")


def test_nll_loss_2d_warns():
    with pytest.warns(FutureWarning, match="`NLLLoss2d` has been deprecated"):
        module = nn.NLLLoss2d()
    assert module(minitorch.zeros(1, 2, 2, 2), minitorch.zeros(1, 2, 2).long()) == 0


def test_triplet_with_a_distance_of_ones_own():
    rows = [minitorch.randn(4, 3) for _ in range(3)]
    module = nn.TripletMarginWithDistanceLoss(
        distance_function=lambda a, b: 1 - F.cosine_similarity(a, b), margin=0.5, swap=True
    )
    assert module(*rows).shape == ()
    plain = nn.TripletMarginWithDistanceLoss()
    assert repr(plain) == (
        "TripletMarginWithDistanceLoss(\n  (distance_function): PairwiseDistance()\n)"
    )
    assert minitorch.allclose(plain(*rows), nn.TripletMarginLoss()(*rows))
    with pytest.raises(ValueError, match="TripletMarginLoss: expected margin to be greater than 0"):
        nn.TripletMarginLoss(margin=0)


def test_ctc_loss_of_one_alignment_and_of_three():
    logs = minitorch.tensor([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]).log()
    one = F.ctc_loss(logs, minitorch.tensor([1, 2]), 2, 2, reduction="sum")
    assert math.isclose(one, -math.log(0.25 * 0.25), rel_tol=1e-6)
    # "1" in two steps: 1 1, blank 1, 1 blank
    three = F.ctc_loss(logs, minitorch.tensor([1]), 2, 1, reduction="sum")
    assert math.isclose(three, -math.log(0.125 + 0.25 + 0.0625), rel_tol=1e-6)
    assert F.ctc_loss(logs, minitorch.tensor([1, 1]), 2, 2) == math.inf
    assert F.ctc_loss(logs, minitorch.tensor([1, 1]), 2, 2, zero_infinity=True) == 0
    with pytest.raises(RuntimeError, match="blank must be in label range"):
        F.ctc_loss(logs, minitorch.tensor([1]), 2, 1, blank=3)
    with pytest.raises(RuntimeError, match="Expected input_lengths to have value at most 2"):
        F.ctc_loss(logs, minitorch.tensor([1]), 3, 1)


# ---- dropouts ------------------------------------------------------------------------------------


def test_channel_dropouts_drop_channels():
    minitorch.manual_seed(0)
    for module, shape in (
        (nn.Dropout1d(0.5), (20, 10, 3)),
        (nn.Dropout2d(0.5), (20, 10, 2, 3)),
        (nn.Dropout3d(0.5), (20, 10, 2, 2, 3)),
    ):
        flat = module(minitorch.ones(*shape)).flatten(2)
        assert minitorch.equal(flat.amin(-1), flat.amax(-1))
        assert set(flat.flatten().tolist()) == {0.0, 2.0}
        assert minitorch.equal(module.eval()(minitorch.ones(*shape)), minitorch.ones(*shape))


def test_alpha_dropout_keeps_mean_and_variance():
    minitorch.manual_seed(0)
    x = minitorch.randn(200, 100)
    y = F.alpha_dropout(x, 0.3, training=True)
    assert abs(y.mean()) < 0.02 and abs(y.std() - 1) < 0.02
    z = F.feature_alpha_dropout(x.reshape(200, 100, 1).expand(200, 100, 2), 0.3, training=True)
    assert abs(z.mean()) < 0.02


def test_numbers_of_dimensions_of_channel_dropouts():
    with pytest.raises(RuntimeError, match="dropout1d: Expected 2D or 3D input"):
        F.dropout1d(minitorch.ones(3))
    with pytest.warns(UserWarning, match="Received a 3D input to dropout2d"):
        F.dropout2d(minitorch.ones(1, 2, 3))
    with pytest.warns(UserWarning, match="Received a 2-D input to dropout3d"):
        F.dropout3d(minitorch.ones(2, 3))


# ---- tables --------------------------------------------------------------------------------------


def test_embedding_padding():
    module = nn.Embedding(4, 3, padding_idx=-1)
    assert repr(module) == "Embedding(4, 3, padding_idx=3)"
    assert not module.weight[3].any()
    module(minitorch.tensor([[0, 3], [3, 0]])).sum().backward()
    assert module.weight.grad.tolist() == [[2.0] * 3, [0.0] * 3, [0.0] * 3, [0.0] * 3]
    with pytest.raises(AssertionError, match="Padding_idx must be within num_embeddings"):
        nn.Embedding(4, 3, padding_idx=4)


def test_embedding_scales_gradients_by_frequency():
    module = nn.Embedding(3, 2, scale_grad_by_freq=True)
    module(minitorch.tensor([0, 0, 0, 1])).sum().backward()
    wanted = minitorch.tensor([[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    assert minitorch.allclose(module.weight.grad, wanted)


def test_embedding_limits_the_norm_in_place():
    table = minitorch.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]])
    module = nn.Embedding.from_pretrained(table, max_norm=1.0)
    out = module(minitorch.tensor([0, 1]))
    assert minitorch.allclose(out.norm(dim=1), minitorch.tensor([1.0, 0.5]))
    assert module.weight[2].tolist() == [6.0, 8.0]


def test_embedding_from_pretrained():
    table = minitorch.randn(3, 2)
    frozen = nn.Embedding.from_pretrained(table)
    assert not frozen.weight.requires_grad and frozen.weight.data_ptr() == table.data_ptr()
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    with pytest.raises(AssertionError, match="expected to be 2-dimensional"):
        nn.Embedding.from_pretrained(table[0])


def test_sparse_gradients_are_refused_by_name():
    for call in (
        lambda: nn.Embedding(2, 2, sparse=True),
        lambda: nn.EmbeddingBag(2, 2, sparse=True),
        lambda: F.embedding(minitorch.tensor([0]), minitorch.ones(1, 1), sparse=True),
    ):
        with pytest.raises(NotImplementedError, match="argument 'sparse' is not supported"):
            call()


def test_embedding_bag():
    module = nn.EmbeddingBag(5, 2, mode="sum", padding_idx=0)
    assert repr(module) == "EmbeddingBag(5, 2, mode='sum', padding_idx=0)"
    rows = minitorch.tensor([1, 0, 2, 2])
    out = module(rows, minitorch.tensor([0, 2]), minitorch.tensor([1.0, 1.0, 2.0, 0.5]))
    assert minitorch.allclose(out[0], module.weight[1])
    assert minitorch.allclose(out[1], module.weight[2] * 2.5)
    with pytest.raises(NotImplementedError, match="per_sample_weights is only supported for"):
        F.embedding_bag(rows[None], module.weight, per_sample_weights=minitorch.ones(1, 4))
