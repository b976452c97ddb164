"""Layers against values worked out with numpy, their reprs, and their refusals."""

import math

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn


def tensor(array):
    return torch.tensor(np.asarray(array).tolist(), dtype=torch.float64)


def assert_near(result, expected, tolerance=1e-12):
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=tolerance, atol=tolerance)


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def naive_conv2d(x, w, b, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):
    """Cross-correlation by its definition, one output entry at a time."""
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    n, _, height, width = x.shape
    c_out, c_in, kh, kw = w.shape
    rows = (height - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    columns = (width - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    out = np.zeros((n, c_out, rows, columns))
    for o in range(c_out):
        first = o // (c_out // groups) * c_in
        for i in range(rows):
            for j in range(columns):
                top, left = i * stride[0], j * stride[1]
                patch = x[
                    :,
                    first : first + c_in,
                    top : top + dilation[0] * (kh - 1) + 1 : dilation[0],
                    left : left + dilation[1] * (kw - 1) + 1 : dilation[1],
                ]
                out[:, o, i, j] = (patch * w[o]).sum((1, 2, 3)) + (0 if b is None else b[o])
    return out


CONVOLUTIONS = {
    "plain": dict(kernel_size=3),
    "stride_padding": dict(kernel_size=3, stride=2, padding=1),
    "oblong": dict(kernel_size=(3, 2), stride=(1, 2), padding=(2, 0)),
    "dilated": dict(kernel_size=2, dilation=(2, 3), bias=False),
    "groups": dict(kernel_size=3, groups=2),
    "depthwise": dict(kernel_size=3, groups=4, padding=1),
}


@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_conv2d_matches_its_definition(options):
    layer = nn.Conv2d(4, 8, dtype=torch.float64, **options)
    x = random(2, 4, 7, 8)
    bias = None if layer.bias is None else layer.bias.detach().numpy()
    expected = naive_conv2d(
        x,
        layer.weight.detach().numpy(),
        bias,
        layer.stride,
        layer.padding,
        layer.dilation,
        layer.groups,
    )
    assert_near(layer(tensor(x)), expected)


NUMPY_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@pytest.mark.parametrize("mode", NUMPY_MODES)
def test_conv2d_padding_modes(mode):
    layer = nn.Conv2d(2, 3, 3, padding=(2, 1), padding_mode=mode, dtype=torch.float64)
    x = random(1, 2, 5, 6)
    padded = np.pad(x, ((0, 0), (0, 0), (2, 2), (1, 1)), mode=NUMPY_MODES[mode])
    expected = naive_conv2d(padded, layer.weight.detach().numpy(), layer.bias.detach().numpy())
    assert_near(layer(tensor(x)), expected)


@pytest.mark.parametrize("mode", ["zeros", "circular"])
def test_conv2d_same_puts_the_odd_zero_behind(mode):
    layer = nn.Conv2d(1, 1, (2, 4), padding="same", padding_mode=mode, dtype=torch.float64)
    x = random(1, 1, 5, 6)
    padded = np.pad(x, ((0, 0), (0, 0), (0, 1), (1, 2)), mode=NUMPY_MODES[mode])
    expected = naive_conv2d(padded, layer.weight.detach().numpy(), layer.bias.detach().numpy())
    out = layer(tensor(x))
    assert out.shape == x.shape
    assert_near(out, expected)


def test_conv2d_valid_is_no_padding():
    assert nn.Conv2d(1, 1, 3, padding="valid")(torch.zeros(1, 1, 5, 5)).shape == (1, 1, 3, 3)


def test_conv2d_takes_an_image_without_batch():
    layer = nn.Conv2d(2, 3, 3)
    x = torch.rand(2, 5, 5)
    assert layer(x).shape == (3, 3, 3)


@pytest.mark.parametrize(
    "arguments, text",
    [
        (dict(groups=0), "groups must be a positive integer"),
        (dict(groups=3), "in_channels must be divisible by groups"),
        (dict(padding="full"), "Invalid padding string 'full', should be one of"),
        (dict(padding="same", stride=2), "padding='same' is not supported for strided"),
        (dict(padding_mode="mirror"), "padding_mode must be one of"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_conv2d_refuses(arguments, text):
    with pytest.raises(ValueError, match=text):
        nn.Conv2d(4, 6, 3, **arguments)


def test_conv2d_out_channels_must_fit_groups():
    with pytest.raises(ValueError, match="out_channels must be divisible by groups"):
        nn.Conv2d(4, 5, 3, groups=2)


def test_conv2d_init_is_drawn_in_logical_order():
    layer = nn.Conv2d(3, 4, 3)
    torch.manual_seed(3)
    layer.reset_parameters()
    plain = layer.weight.detach().clone()
    layer.to(memory_format=torch.channels_last)
    torch.manual_seed(3)
    layer.reset_parameters()
    assert torch.equal(layer.weight, plain)
    assert layer.weight.is_contiguous(memory_format=torch.channels_last)


# ---- linear and shapes ---------------------------------------------------------------------------


def test_linear_matches_numpy_and_its_init_bounds():
    layer = nn.Linear(5, 3, dtype=torch.float64)
    x = random(2, 4, 5)
    expected = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    assert_near(layer(tensor(x)), expected)
    bound = 1 / math.sqrt(5)
    for param in layer.parameters():
        assert float(param.detach().abs().max()) <= bound
    assert float(nn.Linear(4, 500).weight.detach().abs().max()) > 0.49


def test_linear_names_the_shapes_that_do_not_fit():
    with pytest.raises(RuntimeError, match=r"cannot be multiplied \(2x500 and 512x10\)"):
        nn.Linear(512, 10)(torch.zeros(2, 500))


def test_flatten_and_unflatten():
    x = torch.arange(24).reshape(2, 3, 4)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Flatten(0, 1)(x).shape == (6, 4)
    assert nn.Unflatten(1, (3, -1))(nn.Flatten()(x)).tolist() == x.tolist()
    assert nn.Unflatten(-1, [2, 2])(x).shape == (2, 3, 2, 2)
    with pytest.raises(RuntimeError, match="unflatten: Provided sizes"):
        nn.Unflatten(1, (5, -1))(x)
    with pytest.raises(IndexError, match="Dimension out of range"):
        nn.Unflatten(3, (1, 1))(x)
    with pytest.raises(TypeError, match="must be tuple of ints"):
        nn.Unflatten(1, (2, "a"))
    with pytest.raises(TypeError, match="must be a tuple of ints, but found type int"):
        nn.Unflatten(1, 3)


def test_identity_takes_anything():
    x = torch.ones(2)
    assert nn.Identity(54, unused=1)(x) is x


# ---- batch norm ----------------------------------------------------------------------------------


def test_batchnorm_training_uses_biased_and_keeps_unbiased_variance():
    layer = nn.BatchNorm2d(3, dtype=torch.float64)
    x = random(4, 3, 2, 5) * 3 + 1
    out = layer(tensor(x))
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    expected = (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + 1e-5)
    assert_near(out, expected)
    assert_near(layer.running_mean, 0.1 * mean)
    assert_near(layer.running_var, 0.9 + 0.1 * x.var((0, 2, 3), ddof=1))
    assert layer.num_batches_tracked.item() == 1


def test_batchnorm_evaluation_uses_the_running_values():
    layer = nn.BatchNorm2d(2, dtype=torch.float64).eval()
    layer.running_mean.fill_(2.0)
    layer.running_var.fill_(4.0)
    with torch.no_grad():
        layer.weight.fill_(3.0)
        layer.bias.fill_(1.0)
    x = random(2, 2, 3, 3)
    assert_near(layer(tensor(x)), (x - 2) / math.sqrt(4 + 1e-5) * 3 + 1)
    assert layer.num_batches_tracked.item() == 0


def test_batchnorm_without_momentum_averages_all_batches():
    layer = nn.BatchNorm1d(2, momentum=None, dtype=torch.float64)
    batches = [random(5, 2, seed=i) for i in range(3)]
    for batch in batches:
        layer(tensor(batch))
    assert_near(layer.running_mean, np.mean([b.mean(0) for b in batches], 0))
    assert_near(layer.running_var, np.mean([b.var(0, ddof=1) for b in batches], 0))


def test_batchnorm_without_statistics_normalises_in_evaluation_too():
    layer = nn.BatchNorm1d(2, track_running_stats=False, affine=False, dtype=torch.float64).eval()
    x = random(6, 2)
    assert_near(layer(tensor(x)), (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5))


def test_batchnorm_statistics_move_though_parameters_are_frozen():
    layer = nn.BatchNorm2d(2)
    layer.requires_grad_(False)
    layer(torch.rand(2, 2, 3, 3))
    assert bool(layer.running_mean.any())


def test_batchnorm_switched_off_tracking_leaves_the_statistics():
    layer = nn.BatchNorm1d(2)
    layer.track_running_stats = False
    layer(torch.rand(4, 2))
    assert layer.running_mean.tolist() == [0.0, 0.0] and layer.num_batches_tracked.item() == 0


def test_batchnorm_members():
    assert nn.BatchNorm2d(3, bias=False).bias is None
    bare = nn.BatchNorm2d(3, affine=False, track_running_stats=False)
    assert bare.weight is None and bare.running_var is None and bare.num_batches_tracked is None
    bare.reset_parameters()
    layer = nn.BatchNorm2d(3)
    layer(torch.rand(2, 3, 4, 4))
    layer.reset_running_stats()
    assert layer.running_var.tolist() == [1.0] * 3 and layer.num_batches_tracked.item() == 0


@pytest.mark.parametrize(
    "layer, shape, text",
    [
        ("BatchNorm2d", (2, 3, 4), "expected 4D input (got 3D input)"),
        ("BatchNorm1d", (2, 3, 4, 4), "expected 2D or 3D input (got 4D input)"),
        (
            "BatchNorm2d",
            (1, 3, 1, 1),
            "Expected more than 1 value per channel when training, "
            "got input size torch.Size([1, 3, 1, 1])",
        ),
    ],
)
def test_batchnorm_refuses(layer, shape, text):
    with pytest.raises(ValueError) as error:
        getattr(nn, layer)(3)(torch.rand(*shape))
    assert str(error.value) == text


def test_groupnorm_normalises_each_group_of_each_example():
    layer = nn.GroupNorm(2, 4, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(tensor([1.0, 2.0, 3.0, 4.0]))
        layer.bias.fill_(0.5)
    x = random(3, 4, 2, 5)
    groups = x.reshape(3, 2, -1)
    normal = (groups - groups.mean(-1, keepdims=True)) / np.sqrt(
        groups.var(-1, keepdims=True) + 1e-5
    )
    expected = normal.reshape(x.shape) * np.arange(1.0, 5.0)[:, None, None] + 0.5
    assert_near(layer(tensor(x)), expected)
    assert nn.GroupNorm(2, 4, bias=False).bias is None
    assert nn.GroupNorm(2, 4, affine=False).weight is None


# ---- activations ---------------------------------------------------------------------------------


ACTIVATIONS = {
    "ReLU": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Tanh": np.tanh,
    "SiLU": lambda x: x / (1 + np.exp(-x)),
    "GELU": lambda x: x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_matches_numpy(name):
    x = random(3, 5)
    assert_near(getattr(nn, name)()(tensor(x)), ACTIVATIONS[name](x))


def test_gelu_approximation_and_refusal():
    x = random(7)
    expected = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    assert_near(nn.GELU("tanh")(tensor(x)), expected)
    with pytest.raises(RuntimeError, match="approximate argument must be either none or tanh"):
        nn.GELU("fast")(tensor(x))


@pytest.mark.parametrize("name", ["ReLU", "SiLU"])
def test_inplace_activation_overwrites(name):
    x = tensor([-1.0, 2.0])
    out = getattr(nn, name)(inplace=True)(x)
    assert out is x and x[1].item() > 1.5 and x[0].item() > -0.5


def test_softmax_and_log_softmax():
    x = random(2, 4)
    expected = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    assert_near(nn.Softmax(1)(tensor(x)), expected)
    assert_near(nn.LogSoftmax(dim=-1)(tensor(x)), np.log(expected))
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        nn.Softmax()(tensor(x))


# ---- dropout -------------------------------------------------------------------------------------


def test_dropout_scales_what_stays():
    torch.manual_seed(0)
    out = nn.Dropout(0.25)(torch.ones(4000))
    values = sorted(set(out.tolist()))
    assert values[0] == 0.0 and values[1] == pytest.approx(4 / 3) and len(values) == 2
    assert 0.2 < float((out == 0).float().mean()) < 0.3


def test_dropout_does_nothing_in_evaluation():
    x = torch.rand(5)
    assert torch.equal(nn.Dropout(0.9).eval()(x), x)


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_dropout_refuses(p):
    with pytest.raises(ValueError, match=f"between 0 and 1, but got {p}"):
        nn.Dropout(p)


# ---- pooling -------------------------------------------------------------------------------------


def test_max_pool_pads_with_minus_infinity_and_finds_positions():
    values, where = nn.MaxPool2d(3, 2, 1, return_indices=True)(-torch.ones(1, 1, 4, 4))
    assert values.tolist() == [[[[-1.0, -1.0], [-1.0, -1.0]]]]
    assert where.tolist() == [[[[0, 1], [4, 5]]]]


def test_max_pool_ceil_mode_counts_the_last_window():
    x = torch.arange(25.0).reshape(1, 1, 5, 5)
    assert nn.MaxPool2d(2)(x).shape == (1, 1, 2, 2)
    assert nn.MaxPool2d(2, ceil_mode=True)(x)[0, 0].tolist() == [
        [6.0, 8.0, 9.0],
        [16.0, 18.0, 19.0],
        [21.0, 23.0, 24.0],
    ]
    assert nn.MaxPool2d(2, stride=1, dilation=3)(x)[0, 0].tolist() == [[18.0, 19.0], [23.0, 24.0]]


def test_avg_pool_divisors():
    x = torch.ones(1, 1, 4, 4)
    assert nn.AvgPool2d(2, padding=1)(x)[0, 0, 0].tolist() == [0.25, 0.5, 0.25]
    assert nn.AvgPool2d(2, padding=1, count_include_pad=False)(x)[0, 0, 0].tolist() == [1.0] * 3
    assert nn.AvgPool2d(2, divisor_override=8)(x)[0, 0, 0].tolist() == [0.5, 0.5]


def test_adaptive_avg_pool_windows():
    x = torch.arange(7.0).reshape(1, 1, 1, 7)
    assert nn.AdaptiveAvgPool2d((None, 3))(x)[0, 0].tolist() == [[1.0, 3.0, 5.0]]
    assert nn.AdaptiveAvgPool2d(1)(torch.ones(2, 3, 5, 4)).shape == (2, 3, 1, 1)


# ---- printing ------------------------------------------------------------------------------------


REPRS = [
    (lambda: nn.Linear(2, 3, bias=False), "Linear(in_features=2, out_features=3, bias=False)"),
    (lambda: nn.Identity(), "Identity()"),
    (lambda: nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
    (lambda: nn.Unflatten(1, (2, 3)), "Unflatten(dim=1, unflattened_size=(2, 3))"),
    (
        lambda: nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        "Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False)",
    ),
    (
        lambda: nn.Conv2d(4, 4, 3, padding="same", dilation=2, groups=2, padding_mode="reflect"),
        "Conv2d(4, 4, kernel_size=(3, 3), stride=(1, 1), padding=same, dilation=(2, 2), groups=2, "
        "padding_mode=reflect)",
    ),
    (
        lambda: nn.BatchNorm2d(64),
        "BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True, bias=True, "
        "track_running_stats=True)",
    ),
    (lambda: nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)"),
    (lambda: nn.ReLU(), "ReLU()"),
    (lambda: nn.ReLU(inplace=True), "ReLU(inplace=True)"),
    (lambda: nn.SiLU(inplace=True), "SiLU(inplace=True)"),
    (lambda: nn.GELU(), "GELU(approximate='none')"),
    (lambda: nn.Softmax(dim=1), "Softmax(dim=1)"),
    (lambda: nn.LogSoftmax(), "LogSoftmax(dim=None)"),
    (
        lambda: nn.MaxPool2d(3, 2, 1),
        "MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=False)",
    ),
    (lambda: nn.AvgPool2d((2, 3)), "AvgPool2d(kernel_size=(2, 3), stride=(2, 3), padding=0)"),
    (lambda: nn.AdaptiveAvgPool2d((1, None)), "AdaptiveAvgPool2d(output_size=(1, None))"),
    (lambda: nn.Dropout(), "Dropout(p=0.5, inplace=False)"),
    (lambda: nn.CrossEntropyLoss(), "CrossEntropyLoss()"),
]


@pytest.mark.parametrize("make, text", REPRS, ids=[text.split("(")[0] for _, text in REPRS])
def test_repr(make, text):
    assert repr(make()) == text


def test_max_pool2d_without_graph_keeps_no_indices():
    """They would be twice the size of a float32 outcome."""
    x = torch.rand(2, 4, 32, 32)
    for frozen in (True, False):
        torch.backends.empty_cache()
        with torch.set_grad_enabled(not frozen):
            y = nn.functional.max_pool2d(x, 2)
        assert torch.backends.cached_nbytes() == 0
        del y
    x.requires_grad_()
    y = nn.functional.max_pool2d(x, 2)
    assert y.grad_fn._saved_result1.shape == y.shape
    with torch.no_grad():
        y, places = nn.functional.max_pool2d(x, 2, return_indices=True)
    assert places.dtype == torch.int64 and places.shape == y.shape
