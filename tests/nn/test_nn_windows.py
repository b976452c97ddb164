"""Convolution and pooling layers in one to three dimensions: what holds beyond their functions."""

import numpy as np
import pytest
import reference_windows as ref

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F

CONVOLUTIONS = [nn.Conv1d, nn.Conv2d, nn.Conv3d]
TRANSPOSED = [nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d]


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def near(result, expected):
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("layer", CONVOLUTIONS)
def test_weights_and_names(layer):
    n = CONVOLUTIONS.index(layer) + 1
    made = layer(4, 6, 3, groups=2)
    assert {name: tuple(p.shape) for name, p in made.state_dict().items()} == {
        "weight": (6, 2, *[3] * n),
        "bias": (6,),
    }
    bound = (2 * 3**n) ** -0.5
    assert made.weight.abs().max().item() <= bound
    assert made.bias.abs().max().item() <= bound
    assert list(layer(4, 6, 3, bias=False).state_dict()) == ["weight"]


@pytest.mark.parametrize("layer", TRANSPOSED)
def test_transposed_weights(layer):
    n = TRANSPOSED.index(layer) + 1
    made = layer(4, 6, 3, groups=2)
    assert tuple(made.weight.shape) == (4, 3, *[3] * n)
    assert made.weight.abs().max().item() <= (3 * 3**n) ** -0.5


def test_reprs():
    assert repr(nn.Conv1d(2, 3, 4)) == "Conv1d(2, 3, kernel_size=(4,), stride=(1,))"
    assert repr(nn.ConvTranspose2d(2, 4, 3, 2, 1, 1, 2, False, 2)) == (
        "ConvTranspose2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), "
        "dilation=(2, 2), output_padding=(1, 1), groups=2, bias=False)"
    )
    assert repr(nn.MaxUnpool3d(2)) == (
        "MaxUnpool3d(kernel_size=(2, 2, 2), stride=(2, 2, 2), padding=(0, 0, 0))"
    )
    assert repr(nn.LPPool1d(2, 3)) == (
        "LPPool1d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)"
    )
    assert repr(nn.Fold((4, 5), 2)) == (
        "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=1)"
    )


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("layer", CONVOLUTIONS)
def test_padding_modes(layer, mode):
    n = CONVOLUTIONS.index(layer) + 1
    made = layer(2, 3, 3, padding=1, padding_mode=mode, dtype=torch.float64)
    x = random(1, 2, *(4, 3, 5)[:n])
    numpy_mode = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    padded = np.pad(x, [(0, 0), (0, 0), *[(1, 1)] * n], mode=numpy_mode)
    weight, bias = (p.detach().numpy() for p in (made.weight, made.bias))
    near(made(torch.from_numpy(x)), ref.conv(padded, weight, bias))


@pytest.mark.parametrize("layer", TRANSPOSED)
def test_output_size_chooses_among_those_of_the_stride(layer):
    n = TRANSPOSED.index(layer) + 1
    made = layer(2, 3, 3, stride=2, padding=1, dtype=torch.float64)
    x = torch.from_numpy(random(1, 2, *[3] * n))
    assert tuple(made(x).shape) == (1, 3, *[5] * n)
    larger = made(x, output_size=[6] * n)
    assert tuple(larger.shape) == (1, 3, *[6] * n)
    assert tuple(made(x, output_size=(1, 3, *[6] * n)).shape) == (1, 3, *[6] * n)
    assert tuple(made(x[0], output_size=[5] * n).shape) == (3, *[5] * n)
    near(larger[(..., *[slice(5)] * n)], made(x).detach().numpy())
    with pytest.raises(ValueError, match="requested an output size of"):
        made(x, output_size=[7] * n)
    with pytest.raises(ValueError, match="output_size must have"):
        made(x, output_size=[6] * (n + 1))


def test_transposed_layers_pad_with_zeros_only():
    with pytest.raises(ValueError, match='Only "zeros" padding mode is supported for ConvTr'):
        nn.ConvTranspose1d(1, 1, 1, padding_mode="reflect")


def test_transposed_convolution_is_the_gradient_of_a_convolution():
    x = torch.rand(2, 3, 7, 6, dtype=torch.float64, requires_grad=True)
    w = torch.rand(4, 3, 3, 2, dtype=torch.float64)
    y = nn.functional.conv2d(x, w, stride=(2, 1), padding=1)
    upstream = torch.rand(*y.shape, dtype=torch.float64)
    (grad,) = torch.autograd.grad(y, x, upstream)
    again = nn.functional.conv_transpose2d(upstream, w, stride=(2, 1), padding=1)
    near(again, grad.numpy())


@pytest.mark.parametrize("n", [1, 2, 3])
def test_unpooling_undoes_pooling(n):
    pool = getattr(nn, f"MaxPool{n}d")(2, return_indices=True)
    unpool = getattr(nn, f"MaxUnpool{n}d")(2)
    x = torch.rand(2, 3, *[5] * n)
    values, indices = pool(x)
    back = unpool(values, indices, output_size=x.size())
    assert back.shape == x.shape
    assert torch.equal(pool(back)[0], values)
    assert torch.equal(back[back > 0], x[back > 0])


def test_pools_of_volumes_find_the_first_maximum_and_the_last_nan():
    x = torch.zeros(1, 1, 3, 3, 3)
    assert nn.MaxPool3d(3, return_indices=True)(x)[1].item() == 0
    x[0, 0, 1, 0, 2] = x[0, 0, 2, 2, 0] = 1
    assert nn.MaxPool3d(3, return_indices=True)(x)[1].item() == 11
    x[0, 0, 0, 1, 1] = x[0, 0, 1, 1, 1] = float("nan")
    values, indices = nn.AdaptiveMaxPool3d(1, return_indices=True)(x)
    assert values.isnan().item()
    assert indices.item() == 13


def test_average_of_whole_numbers_is_exact():
    x = torch.full((1, 1, 3, 3, 3), 7)
    assert nn.functional.avg_pool3d(x, 3).item() == 7
    border = nn.functional.avg_pool3d(x, 3, 1, 1, count_include_pad=False)
    assert border.unique().tolist() == [7]


def test_fold_of_unfold_counts_the_blocks_of_a_pixel():
    x = torch.ones(1, 1, 4, 4)
    again = nn.Fold(4, 2)(nn.Unfold(2)(x))
    assert again[0, 0].tolist() == [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]


def test_conv_tbc_takes_time_first():
    x, w, b = random(5, 2, 3), random(3, 3, 4, seed=1), random(4, seed=2)
    expected = ref.conv(x.transpose(1, 2, 0), w.transpose(2, 1, 0), b, padding=1)
    tensors = [torch.from_numpy(array) for array in (x, w, b)]
    result = torch.conv_tbc(*tensors, 1)
    near(result, expected.transpose(2, 0, 1))
    assert result.is_contiguous()
    with pytest.raises(RuntimeError, match="Input must have 3 dims: time, batch, in_channel"):
        torch.conv_tbc(torch.ones(5, 2), *tensors[1:])
    with pytest.raises(RuntimeError, match="Bias size must equal dim 2 in the weight tensor"):
        torch.conv_tbc(*tensors[:2], torch.ones(3, dtype=torch.float64))


def test_large_integers_are_pooled_exactly():
    large = torch.arange(16).reshape(1, 4, 4) + 2**60
    for sign in (1, -1):
        values, places = F.max_pool2d(large * sign, 2, return_indices=True)
        wanted = [5, 7, 13, 15] if sign == 1 else [0, 2, 8, 10]
        assert places.flatten().tolist() == wanted
        assert values.flatten().tolist() == [sign * (2**60 + k) for k in wanted]
    alone = F.max_pool2d(large[:, :2, :2], 2, 1, 1, 3)      # a window of padding alone
    assert alone.tolist() == [[[-(2**63)]]]


def test_windows_of_padding_alone_point_to_the_first_element():
    x = torch.ones(1, 4, 2, requires_grad=True)
    values, places = F.max_pool2d(x, 2, 1, 1, 3, return_indices=True)
    assert values.flatten().tolist() == [-float("inf")] * 3 and not places.any()
    values.sum().backward()
    assert x.grad.flatten().tolist() == [3, 0, 0, 0, 0, 0, 0, 0]
