"""Upsampling, borders, shuffles, normalisation of examples: what modules and ops promise."""

import math

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F


def tensor(array, **options):
    return torch.from_numpy(np.ascontiguousarray(array)).requires_grad_(**options)


# ---- resampling ----------------------------------------------------------------------------------


def test_bilinear_places_pixels_by_their_centres():
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert F.interpolate(x, scale_factor=2, mode="bilinear")[0, 0].tolist() == [
        [1.0, 1.25, 1.75, 2.0],
        [1.5, 1.75, 2.25, 2.5],
        [2.5, 2.75, 3.25, 3.5],
        [3.0, 3.25, 3.75, 4.0],
    ]


def test_scale_factor_and_its_recomputation_place_pixels_differently():
    x = torch.arange(5.0).reshape(1, 1, 5)
    given = F.interpolate(x, scale_factor=1.3, mode="linear")
    ratio = F.interpolate(x, scale_factor=1.3, mode="linear", recompute_scale_factor=True)
    assert given.shape == ratio.shape == (1, 1, 6)
    assert float(given[0, 0, 5]) == pytest.approx(5.5 / 1.3 - 0.5)
    assert float(ratio[0, 0, 5]) == 4.0


def test_bytes_are_rounded_and_bounded():
    x = torch.tensor([[[[0, 255, 0, 255]]]], dtype=torch.uint8)
    for mode in ("bilinear", "bicubic"):
        for antialias in (False, True):
            out = F.interpolate(x, size=(1, 9), mode=mode, antialias=antialias)
            exact = F.interpolate(x.float(), size=(1, 9), mode=mode, antialias=antialias)
            assert out.dtype == torch.uint8
            assert float((out.float() - exact.clamp(0, 255)).abs().max()) <= 1.0


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_interpolation_keeps_channels_last(mode):
    x = torch.rand(2, 3, 4, 5)
    last = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    out = F.interpolate(last, size=(6, 7), mode=mode)
    assert out.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(
        out.detach().numpy(), F.interpolate(x, size=(6, 7), mode=mode).numpy(), rtol=1e-6
    )
    out.sum().backward()
    assert last.grad.is_contiguous(memory_format=torch.channels_last)


def test_each_pixel_of_a_constant_image_stays():
    x = torch.full((1, 1, 5, 7), 3.0)
    for mode in ("bilinear", "bicubic", "lanczos"):
        out = F.interpolate(x, size=(3, 11), mode=mode, antialias=True)
        np.testing.assert_allclose(out.numpy(), 3.0, rtol=1e-6)


def test_resampling_derivative_is_the_transpose_at_any_order():
    x = tensor(np.random.default_rng(0).standard_normal((1, 1, 3, 4)))
    y = F.interpolate(x, size=(5, 2), mode="bicubic")
    assert y.grad_fn.name() == "UpsampleBicubic2DBackward0"
    g = tensor(np.random.default_rng(1).standard_normal(tuple(y.shape)))
    (dx,) = torch.autograd.grad(y, x, g, create_graph=True)
    assert dx.grad_fn.name() == "UpsampleBicubic2DBackwardBackward0"
    v = torch.from_numpy(np.random.default_rng(2).standard_normal(tuple(x.shape)))
    (again,) = torch.autograd.grad(dx, g, v)
    np.testing.assert_allclose(
        again.numpy(), F.interpolate(v, size=(5, 2), mode="bicubic").numpy(), rtol=1e-12
    )


@pytest.mark.parametrize(
    "name, options",
    [("upsample", {}), ("upsample_nearest", {}), ("upsample_bilinear", {})],
)
def test_older_names_warn(name, options):
    with pytest.warns(UserWarning, match=f"`nn.functional.{name}` is deprecated"):
        assert getattr(F, name)(torch.ones(1, 1, 2, 2), size=3, **options).shape == (1, 1, 3, 3)


# ---- borders and shuffles ------------------------------------------------------------------------


def test_padding_takes_integers():
    x = torch.arange(4).reshape(1, 4)
    assert F.pad(x, (1, 1), value=7).tolist() == [[7, 0, 1, 2, 3, 7]]
    assert F.pad(x, (2, 0), mode="reflect").tolist() == [[2, 1, 0, 1, 2, 3]]
    assert F.pad(x, (0, 2), mode="replicate").tolist() == [[0, 1, 2, 3, 3, 3]]
    assert F.pad(x, (1, 0), mode="circular").tolist() == [[3, 0, 1, 2, 3]]
    large = torch.tensor([[2**62 + 1, 5]])
    assert F.pad(large, (1, 0), mode="replicate").tolist() == [[2**62 + 1, 2**62 + 1, 5]]


def test_circular_padding_never_shows_unwritten_memory():
    with pytest.raises(RuntimeError, match="wrapping around more than once"):
        F.pad(torch.ones(1, 4), (-3, 2), mode="circular")


def test_circular_padding_of_nothing_is_recorded():
    for shape, pad in (((0, 3, 3), (1, 2)), ((2, 2), (1, -3))):
        x = torch.ones(*shape, requires_grad=True)
        F.pad(x, pad, mode="circular").sum().backward()
        assert x.grad.shape == shape


@pytest.mark.parametrize(
    "mode, name",
    [
        ("constant", "ConstantPadNdBackward0"),
        ("reflect", "ReflectionPad2DBackward0"),
        ("replicate", "ReplicationPad2DBackward0"),
        ("circular", "CopySlices"),
    ],
)
def test_padding_nodes_have_pytorchs_names(mode, name):
    x = torch.ones(1, 2, 3, 4, requires_grad=True)
    assert F.pad(x, (1, 1, 1, 1), mode=mode).grad_fn.name().rpartition("::")[2] == name


def test_shuffles_undo_each_other():
    x = torch.rand(2, 8, 3, 5)
    assert torch.equal(nn.PixelUnshuffle(2)(nn.PixelShuffle(2)(x)), x)
    assert torch.equal(nn.ChannelShuffle(4)(nn.ChannelShuffle(2)(x)), x)
    last = x.contiguous(memory_format=torch.channels_last)
    for layer in (nn.PixelShuffle(2), nn.ChannelShuffle(2)):
        assert torch.equal(layer(last), layer(x))
        assert layer(last).is_contiguous(memory_format=torch.channels_last)


# ---- normalisation -------------------------------------------------------------------------------


def test_layer_norm_of_a_constant_row_is_its_bias():
    x = torch.full((2, 5), 1e4)
    assert torch.equal(F.layer_norm(x, (5,), None, torch.arange(5.0))[0], torch.arange(5.0))


def test_layer_norm_far_from_zero_keeps_its_digits():
    x = np.random.default_rng(0).standard_normal((4, 64)) + 1e6
    wanted = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(F.layer_norm(tensor(x), (64,)).detach().numpy(), wanted, rtol=1e-7)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_row_norms_give_the_same_bits_on_any_number_of_threads(threads):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 96)).astype("float32")
    weight = rng.standard_normal(96).astype("float32")

    def run():
        leaves = [tensor(a.copy()) for a in (x, weight)]
        F.layer_norm(leaves[0], (96,), leaves[1]).pow(3).sum().backward()
        return [leaf.grad for leaf in leaves]

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        wanted = run()
        torch.set_num_threads(threads)
        for got, expected in zip(run(), wanted, strict=True):
            assert torch.equal(got, expected)
    finally:
        torch.set_num_threads(before)


def test_half_precision_takes_parameters_of_either_dtype():
    x = torch.rand(3, 4).half()
    for dtype in (torch.float16, torch.float32):
        weight = torch.ones(4, dtype=dtype, requires_grad=True)
        out = F.layer_norm(x, (4,), weight)
        out.sum().backward()
        assert out.dtype == torch.float16 and weight.grad.dtype == dtype
    with pytest.raises(RuntimeError, match="mixed dtype"):
        F.layer_norm(x, (4,), torch.ones(4, dtype=torch.float64))


def test_native_norms_return_their_statistics():
    x = torch.rand(2, 4, 3)
    out, mean, invstd = torch.native_layer_norm(x, (3,), None, None, 1e-5)
    assert out.shape == x.shape and mean.shape == invstd.shape == (2, 4, 1)
    np.testing.assert_allclose(mean.numpy(), x.mean(-1, keepdim=True).numpy(), rtol=1e-6)
    x = x.double().requires_grad_()

    def statistics(t):
        return torch.native_group_norm(t, None, None, 2, 4, 3, 2, 1e-3)

    assert torch.autograd.gradcheck(statistics, [x])
    assert torch.autograd.gradgradcheck(statistics, [x])


def test_group_norm_refuses():
    with pytest.raises(RuntimeError, match="Expected num groups to be greater than 0, got 0"):
        torch.group_norm(torch.ones(2, 4), 0)
    with pytest.raises(NotImplementedError, match="not implemented for 'Long'"):
        torch.group_norm(torch.ones(2, 4, dtype=torch.int64), 2)


def test_batch_norm_of_nothing_leaves_the_statistics():
    layer = nn.BatchNorm2d(3)
    assert layer(torch.ones(0, 3, 4, 4)).shape == (0, 3, 4, 4)
    assert layer.running_mean.tolist() == [0.0] * 3


def test_instance_norm_tracks_averages_over_the_batch():
    layer = nn.InstanceNorm1d(2, track_running_stats=True, momentum=1.0)
    x = torch.rand(3, 2, 8)
    layer(x)
    np.testing.assert_allclose(layer.running_mean.numpy(), x.mean((0, 2)).numpy(), rtol=1e-5)
    np.testing.assert_allclose(layer.running_var.numpy(), x.var(2).mean(0).numpy(), rtol=1e-5)
    assert not torch.equal(layer.eval()(x), layer.train()(x))


def test_instance_norm_warns_of_a_number_of_features_that_does_not_matter():
    with pytest.warns(UserWarning, match="does not match num_features"):
        nn.InstanceNorm1d(3)(torch.rand(2, 4, 5))


def test_instance_norm_refuses_old_statistics():
    state = {"running_mean": torch.zeros(3), "running_var": torch.ones(3)}
    with pytest.raises(RuntimeError, match="Unexpected running stats buffer"):
        nn.InstanceNorm1d(3).load_state_dict(state)


def test_sync_batch_norm_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="SyncBatchNorm shares statistics between"):
        nn.SyncBatchNorm(3)
    with pytest.raises(NotImplementedError, match="SyncBatchNorm"):
        nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm2d(3))


def test_rms_norm_default_epsilon_is_the_machines():
    x = torch.full((1, 4), 1e-9, dtype=torch.float64)
    expected = 1e-9 / math.sqrt(1e-18 + 2.0**-52)
    assert float(F.rms_norm(x, (4,))[0, 0]) == pytest.approx(expected)
    tiny = torch.full((1, 4), 1e-5)
    expected = 1e-5 / math.sqrt(1e-10 + 2.0**-23)
    assert float(F.rms_norm(tiny, (4,))[0, 0]) == pytest.approx(expected)


# ---- printing ------------------------------------------------------------------------------------


REPRS = [
    (lambda: nn.Upsample(scale_factor=2), "Upsample(scale_factor=2.0, mode='nearest')"),
    (
        lambda: nn.UpsamplingBilinear2d((3, 4)),
        "UpsamplingBilinear2d(size=(3, 4), mode='bilinear')",
    ),
    (lambda: nn.PixelShuffle(2), "PixelShuffle(upscale_factor=2)"),
    (lambda: nn.ChannelShuffle(2), "ChannelShuffle(groups=2)"),
    (lambda: nn.ConstantPad1d(2, 0.5), "ConstantPad1d(padding=(2, 2), value=0.5)"),
    (lambda: nn.ZeroPad2d(1), "ZeroPad2d((1, 1, 1, 1))"),
    (lambda: nn.CircularPad1d((1, 2)), "CircularPad1d((1, 2))"),
    (lambda: nn.LayerNorm(4), "LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)"),
    (lambda: nn.RMSNorm([2, 3]), "RMSNorm((2, 3), eps=None, elementwise_affine=True)"),
    (
        lambda: nn.InstanceNorm2d(3),
        "InstanceNorm2d(3, eps=1e-05, momentum=0.1, affine=False, bias=False, "
        "track_running_stats=False)",
    ),
    (lambda: nn.LocalResponseNorm(5), "LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)"),
]


@pytest.mark.parametrize("make, text", REPRS, ids=[text.split("(")[0] for _, text in REPRS])
def test_repr(make, text):
    assert repr(make()) == text
