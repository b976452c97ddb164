"""nn and optim against PyTorch: same start, same numbers; same texts."""

import warnings

import numpy as np
import pytest
from torch_pair import RNG_SEED, assert_near, both, make_both, random

import minitorch
import minitorch.nn as nn

torch = pytest.importorskip("torch")


def numbered(rows):
    return [f"{row[0]}-{i}" for i, row in enumerate(rows)]


LAYERS = [
    ("Linear", (6, 3), {}, (2, 5, 6)),
    ("Linear", (6, 3), {"bias": False}, (6,)),
    ("Identity", (), {}, (2, 3)),
    ("Flatten", (0, 1), {}, (2, 3, 4)),
    ("Unflatten", (1, (2, -1)), {}, (2, 6)),
    ("Conv2d", (4, 6, 3), {}, (2, 4, 7, 8)),
    ("Conv2d", (4, 6, (3, 2)), {"stride": (2, 1), "padding": (1, 0)}, (2, 4, 7, 8)),
    ("Conv2d", (4, 8, 3), {"groups": 4, "dilation": 2, "bias": False}, (2, 4, 7, 8)),
    ("Conv2d", (4, 2, 2), {"padding": "same", "dilation": 3}, (2, 4, 7, 8)),
    ("Conv2d", (4, 2, 3), {"padding": "same", "padding_mode": "reflect"}, (4, 7, 8)),
    ("Conv2d", (4, 2, 3), {"padding": (2, 1), "padding_mode": "circular"}, (2, 4, 7, 8)),
    ("Conv2d", (4, 2, 3), {"padding": (2, 1), "padding_mode": "replicate"}, (2, 4, 7, 8)),
    ("Conv1d", (4, 6, 3), {"stride": 2, "padding": 1}, (2, 4, 7)),
    ("Conv1d", (4, 6, 4), {"groups": 2, "bias": False, "padding": "same"}, (4, 7)),
    ("Conv1d", (4, 6, 3), {"padding": 2, "padding_mode": "circular"}, (2, 4, 7)),
    ("Conv3d", (2, 4, (2, 3, 1)), {"padding": (1, 0, 2), "dilation": (1, 2, 1)}, (2, 2, 4, 5, 3)),
    ("Conv3d", (2, 4, 3), {"groups": 2, "padding": 1, "padding_mode": "replicate"}, (2, 4, 5, 3)),
    ("Conv3d", (2, 1, 3), {"padding": 1, "padding_mode": "reflect"}, (1, 2, 3, 2, 3)),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "output_padding": 1}, (2, 4, 5)),
    ("ConvTranspose2d", (4, 6, (3, 2)), {"stride": (2, 1), "padding": (1, 0)}, (2, 4, 5, 4)),
    ("ConvTranspose2d", (4, 6, 2), {"groups": 2, "dilation": 2, "bias": False}, (4, 5, 4)),
    ("ConvTranspose3d", (2, 3, 2), {"stride": 2, "output_padding": (1, 0, 1)}, (1, 2, 3, 2, 2)),
    ("BatchNorm2d", (4,), {}, (3, 4, 5, 5)),
    ("BatchNorm2d", (4,), {"momentum": None, "bias": False}, (3, 4, 5, 5)),
    ("BatchNorm2d", (4,), {"affine": False, "track_running_stats": False}, (3, 4, 2, 2)),
    ("BatchNorm1d", (4,), {"eps": 0.1}, (6, 4)),
    ("BatchNorm1d", (4,), {}, (6, 4, 3)),
    ("GroupNorm", (2, 4), {}, (3, 4, 5, 5)),
    ("GroupNorm", (4, 4), {"bias": False, "eps": 0.1}, (3, 4, 6)),
    ("GroupNorm", (1, 4), {"affine": False}, (3, 4)),
    ("BatchNorm3d", (3,), {"bias": False}, (2, 3, 2, 3, 4)),
    ("InstanceNorm1d", (3,), {}, (2, 3, 5)),
    ("InstanceNorm1d", (3,), {"affine": True, "track_running_stats": True}, (2, 3, 5)),
    ("InstanceNorm2d", (3, 1e-3, 0.3, True), {"bias": False}, (3, 4, 5)),
    ("InstanceNorm2d", (3,), {"track_running_stats": True, "momentum": None}, (2, 3, 4, 5)),
    ("InstanceNorm3d", (2,), {"affine": True}, (2, 2, 3, 2, 2)),
    ("LayerNorm", (5,), {}, (3, 4, 5)),
    ("LayerNorm", ([4, 5], 0.1), {"bias": False}, (3, 4, 5)),
    ("LayerNorm", (5,), {"elementwise_affine": False}, (5,)),
    ("RMSNorm", (5,), {}, (3, 4, 5)),
    ("RMSNorm", ((4, 5), 0.1, False), {}, (3, 4, 5)),
    ("LocalResponseNorm", (2,), {"alpha": 0.5, "k": 2.0}, (3, 5, 4)),
    ("Upsample", (None, 2), {}, (2, 3, 4)),
    ("Upsample", ((5, 7),), {"mode": "bilinear"}, (2, 3, 4, 5)),
    ("Upsample", (None, (1.5, 2.3), "bicubic", True), {}, (2, 3, 4, 5)),
    (
        "Upsample",
        (None, 1.7),
        {"mode": "trilinear", "recompute_scale_factor": True},
        (1, 2, 2, 3, 4),
    ),
    ("UpsamplingNearest2d", (), {"scale_factor": 3}, (2, 3, 4, 5)),
    ("UpsamplingBilinear2d", (6,), {}, (2, 3, 4, 5)),
    ("PixelShuffle", (2,), {}, (2, 8, 3, 4)),
    ("PixelUnshuffle", (2,), {}, (2, 2, 4, 6)),
    ("ChannelShuffle", (3,), {}, (2, 6, 4)),
    ("ConstantPad1d", ((1, 2), 3.5), {}, (2, 3, 4)),
    ("ConstantPad3d", (1, -2), {}, (1, 2, 3, 2, 2)),
    ("ZeroPad2d", ((1, -1, 0, 2),), {}, (2, 3, 4, 5)),
    ("ReflectionPad1d", ((1, 2),), {}, (3, 4)),
    ("ReflectionPad2d", (1,), {}, (2, 3, 4, 5)),
    ("ReflectionPad3d", ((1, 0, 1, 2, 0, 1),), {}, (2, 3, 4, 2)),
    ("ReplicationPad1d", (3,), {}, (2, 3, 4)),
    ("ReplicationPad2d", ((1, 2, 3, -1),), {}, (2, 3, 4)),
    ("ReplicationPad3d", (2,), {}, (1, 2, 2, 3, 2)),
    ("CircularPad1d", ((3, -1),), {}, (2, 3, 4)),
    ("CircularPad2d", ((1, 2, 3, 0),), {}, (2, 3, 4)),
    ("CircularPad3d", (1,), {}, (1, 2, 2, 3, 2)),
    ("ReLU", (), {}, (3, 4)),
    ("SiLU", (), {}, (3, 4)),
    ("GELU", (), {}, (3, 4)),
    ("GELU", ("tanh",), {}, (3, 4)),
    ("Sigmoid", (), {}, (3, 4)),
    ("Tanh", (), {}, (3, 4)),
    ("Softmax", (1,), {}, (3, 4)),
    ("LogSoftmax", (-1,), {}, (3, 4)),
    ("Threshold", (0.2, -1.0), {}, (3, 4)),
    ("RReLU", (), {}, (3, 4)),
    ("Hardtanh", (-0.5, 1.0), {}, (3, 4)),
    ("ReLU6", (), {}, (3, 4)),
    ("LeakyReLU", (0.2,), {}, (3, 4)),
    ("PReLU", (4,), {"init": 0.1}, (3, 4, 2)),
    ("ELU", (0.5,), {}, (3, 4)),
    ("SELU", (), {}, (3, 4)),
    ("CELU", (0.5,), {}, (3, 4)),
    ("GLU", (1,), {}, (3, 4)),
    ("Mish", (), {}, (3, 4)),
    ("Hardswish", (), {}, (3, 4)),
    ("Hardshrink", (), {}, (3, 4)),
    ("Softshrink", (0.2,), {}, (3, 4)),
    ("Tanhshrink", (), {}, (3, 4)),
    ("Softsign", (), {}, (3, 4)),
    ("Softplus", (2, 1.5), {}, (3, 4)),
    ("LogSigmoid", (), {}, (3, 4)),
    ("Softmin", (1,), {}, (3, 4)),
    ("Softmax2d", (), {}, (2, 3, 4, 4)),
    ("Dropout", (0.3,), {}, (3, 4)),
    ("Dropout1d", (0.3,), {}, (3, 4, 5)),
    ("Dropout2d", (0.3,), {}, (3, 4, 5, 2)),
    ("Dropout3d", (0.3,), {}, (3, 4, 5, 2, 2)),
    ("AlphaDropout", (0.3,), {}, (3, 4)),
    ("FeatureAlphaDropout", (0.3,), {}, (3, 4, 5)),
    ("MaxPool2d", (3, 2, 1), {}, (2, 3, 7, 8)),
    ("MaxPool2d", ((2, 3),), {"ceil_mode": True, "dilation": (2, 1)}, (2, 3, 7, 8)),
    ("AvgPool2d", (3, 2, 1), {"ceil_mode": True, "count_include_pad": False}, (2, 3, 7, 8)),
    ("AvgPool2d", (2,), {"divisor_override": 3}, (3, 7, 8)),
    ("MaxPool1d", (3,), {"stride": 2, "padding": 1}, (2, 3, 8)),
    ("MaxPool3d", ((2, 3, 1),), {"ceil_mode": True}, (2, 3, 5, 4, 3)),
    ("AvgPool1d", (3,), {"padding": 1, "count_include_pad": False}, (3, 8)),
    ("AvgPool3d", (2,), {"stride": (1, 2, 2), "ceil_mode": True}, (1, 3, 5, 5, 4)),
    ("LPPool1d", (2, 3), {"stride": 2}, (2, 3, 8)),
    ("LPPool2d", (float("inf"), (2, 3)), {}, (2, 3, 6, 6)),
    ("LPPool3d", (2, 2), {"ceil_mode": True}, (2, 3, 5, 4, 3)),
    ("AdaptiveAvgPool1d", (3,), {}, (2, 3, 7)),
    ("AdaptiveAvgPool3d", ((None, 2, 3),), {}, (2, 3, 4, 5, 6)),
    ("AdaptiveMaxPool1d", (3,), {}, (3, 7)),
    ("AdaptiveMaxPool2d", ((2, None),), {}, (2, 3, 7, 8)),
    ("AdaptiveMaxPool3d", (2,), {}, (2, 3, 4, 5, 6)),
    ("Unfold", (2,), {"padding": 1, "stride": (1, 2)}, (2, 3, 4, 5)),
    ("Fold", ((4, 5), 2), {"dilation": 2}, (2, 12, 6)),
    ("AdaptiveAvgPool2d", ((None, 3),), {}, (2, 3, 7, 8)),
    ("AdaptiveAvgPool2d", (2,), {}, (2, 3, 7, 8)),
]


@pytest.mark.parametrize("name, args, kwargs, shape", LAYERS, ids=numbered(LAYERS))
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
def test_layer(name, args, kwargs, shape):
    ours, theirs = make_both(name, *args, **kwargs)
    x, y = both(random(*shape), requires_grad=True)
    for _ in range(2):
        minitorch.manual_seed(RNG_SEED)
        torch.manual_seed(RNG_SEED)
        a, b = ours(x), theirs(y)
        assert_near(a, b)
        upstream = random(*b.shape, seed=1)
        g, h = both(upstream)
        a.backward(g)
        b.backward(h)
    assert_near(x.grad, y.grad)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_near(p.grad, q.grad)
    for p, q in zip(ours.buffers(), theirs.buffers(), strict=True):
        assert_near(p, q)
    assert_near(ours.eval()(x), theirs.eval()(y))


def test_dropout_mask_is_the_same():
    ours, theirs = make_both("Dropout", 0.4)
    x, y = both(random(40, 5) + 10)
    minitorch.manual_seed(3)
    a = ours(x.float())
    torch.manual_seed(3)
    assert_near(a, theirs(y.float()), 1e-6)


def test_max_pool_indices():
    x, y = both(random(2, 3, 6, 7))
    for kwargs in ({"stride": 2}, {"padding": 1, "ceil_mode": True}, {"dilation": 2}):
        a = nn.functional.max_pool2d(x, 3, return_indices=True, **kwargs)
        b = torch.nn.functional.max_pool2d(y, 3, return_indices=True, **kwargs)
        assert a[1].tolist() == b[1].tolist()


LOSSES = [
    ("CrossEntropyLoss", {}),
    ("CrossEntropyLoss", {"label_smoothing": 0.2, "ignore_index": 1}),
    ("CrossEntropyLoss", {"reduction": "none", "label_smoothing": 0.2}),
    ("CrossEntropyLoss", {"reduction": "sum"}),
    ("NLLLoss", {}),
    ("NLLLoss", {"reduction": "none", "ignore_index": 1}),
]


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name, kwargs", LOSSES, ids=numbered(LOSSES))
def test_loss(name, kwargs, weighted):
    weights = both(np.abs(random(4)) + 0.1) if weighted else (None, None)
    ours = getattr(nn, name)(weight=weights[0], **kwargs)
    theirs = getattr(torch.nn, name)(weight=weights[1], **kwargs)
    for shape, target in (((5, 4), (5,)), ((2, 4, 3, 2), (2, 3, 2)), ((4,), ())):
        x, y = both(random(*shape), requires_grad=True)
        labels = np.random.default_rng(0).integers(0, 4, target)
        a = ours(x, minitorch.tensor(labels.tolist()))
        b = theirs(y, torch.tensor(labels.tolist()))
        assert_near(a, b)
        a.sum().backward()
        b.sum().backward()
        assert_near(x.grad, y.grad)


def test_cross_entropy_of_probabilities():
    x, y = both(random(5, 4), requires_grad=True)
    p, q = both(np.abs(random(5, 4, seed=2)))
    options = {"label_smoothing": 0.1}
    a = nn.functional.cross_entropy(x, p, **options)
    b = torch.nn.functional.cross_entropy(y, q, **options)
    assert_near(a, b)
    a.backward()
    b.backward()
    assert_near(x.grad, y.grad)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_elementwise_loss(name, reduction):
    x, y = both(random(3, 4), requires_grad=True)
    s, t = both(random(3, 4, seed=1))
    a = getattr(nn.functional, name)(x, s, reduction=reduction)
    b = getattr(torch.nn.functional, name)(y, t, reduction=reduction)
    assert_near(a, b)
    a.sum().backward()
    b.sum().backward()
    assert_near(x.grad, y.grad)


# Name, arguments, number of operands that are drawn, what the last operand is.
PAIR_LOSSES = [
    ("L1Loss", {}, 2, None),
    ("SmoothL1Loss", {"beta": 0.5}, 2, None),
    ("HuberLoss", {"delta": 0.5, "reduction": "sum"}, 2, None),
    ("KLDivLoss", {"reduction": "batchmean", "log_target": True}, 2, None),
    ("BCEWithLogitsLoss", {"reduction": "none"}, 1, "bits"),
    ("SoftMarginLoss", {}, 1, "signs"),
    ("HingeEmbeddingLoss", {"margin": 0.5}, 1, "signs"),
    ("PoissonNLLLoss", {"full": True}, 1, "bits"),
    ("MultiLabelSoftMarginLoss", {}, 1, "bits"),
    ("MultiMarginLoss", {"p": 2}, 1, "labels"),
    ("MultiLabelMarginLoss", {}, 1, "lists"),
    ("MarginRankingLoss", {"margin": 0.5}, 2, "signs"),
    ("CosineEmbeddingLoss", {"margin": 0.2}, 2, "row signs"),
    ("TripletMarginLoss", {"p": 3, "swap": True}, 3, None),
    ("TripletMarginWithDistanceLoss", {"margin": 0.5}, 3, None),
    ("CosineSimilarity", {}, 2, None),
    ("PairwiseDistance", {"p": 1, "keepdim": True}, 2, None),
]

TARGETS = {
    "bits": np.array([[0, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 0]], dtype=float),
    "signs": np.array([[1, -1, 1, 1], [-1, -1, 1, -1], [1, 1, -1, -1]], dtype=float),
    "row signs": np.array([1, -1, -1], dtype=float),
    "labels": np.array([2, 0, 3]),
    "lists": np.array([[2, 0, -1, 1], [3, -1, 0, 0], [0, 1, 2, 3]]),
}


@pytest.mark.parametrize(
    "name, kwargs, drawn, target", PAIR_LOSSES, ids=[row[0] for row in PAIR_LOSSES]
)
def test_loss_of_pairs(name, kwargs, drawn, target):
    ours, theirs = make_both(name, **kwargs)
    operands = [both(random(3, 4, seed=i), requires_grad=True) for i in range(drawn)]
    given = [] if target is None else [both(TARGETS[target])]
    a = ours(*(pair[0] for pair in operands + given))
    b = theirs(*(pair[1] for pair in operands + given))
    assert_near(a, b)
    a.sum().backward()
    b.sum().backward()
    for x, y in operands:
        assert_near(x.grad, y.grad)


TABLES = [
    ("Embedding", (6, 3), {}),
    ("Embedding", (6, 3), {"padding_idx": 2, "scale_grad_by_freq": True}),
    ("Embedding", (6, 3), {"max_norm": 1.0, "norm_type": 1.0}),
    ("EmbeddingBag", (6, 3), {}),
    ("EmbeddingBag", (6, 3), {"mode": "sum", "padding_idx": 2}),
    ("EmbeddingBag", (6, 3), {"mode": "max", "max_norm": 1.0}),
]


@pytest.mark.parametrize("name, args, kwargs", TABLES, ids=numbered(TABLES))
def test_table(name, args, kwargs):
    minitorch.manual_seed(RNG_SEED)
    ours = getattr(nn, name)(*args, **kwargs)
    torch.manual_seed(RNG_SEED)
    theirs = getattr(torch.nn, name)(*args, **kwargs)
    assert repr(ours) == repr(theirs)
    assert_near(ours.weight, theirs.weight, 1e-6)  # as in test_init_draws_the_same_numbers
    ours.load_state_dict({"weight": minitorch.from_numpy(theirs.weight.detach().numpy().copy())})
    ours, theirs = ours.double(), theirs.double()
    x, y = both(np.array([[0, 2, 2], [5, 1, 2]]))
    a, b = ours(x), theirs(y)
    assert_near(a, b)
    assert_near(ours.weight, theirs.weight)
    g, h = both(random(*b.shape))
    a.backward(g)
    b.backward(h)
    assert_near(ours.weight.grad, theirs.weight.grad)


CTC = [
    ("batched", (6, 3, 4), ([1, 2, 1], [2, 2, 0], [3, 0, 0]), (6, 5, 4), (3, 2, 1), {}),
    ("in_a_row", (6, 3, 4), [1, 2, 1, 2, 2, 3], (6, 5, 4), (3, 2, 1), {"reduction": "none"}),
    ("unbatched", (6, 4), [1, 1, 3], 6, 3, {"reduction": "sum"}),
    ("last_class_blank", (5, 2, 3), ([0, 1], [1, 1]), (5, 4), (2, 2), {"blank": 2}),
    ("too_short", (3, 2, 3), ([1, 1], [1, 2]), (2, 3), (2, 2), {"zero_infinity": True}),
    ("no_label", (3, 2, 3), ([1, 1], [1, 2]), (2, 0), (0, 0), {}),
]


@pytest.mark.parametrize(
    "shape, targets, steps, sizes, kwargs", [row[1:] for row in CTC], ids=[row[0] for row in CTC]
)
def test_ctc_loss(shape, targets, steps, sizes, kwargs):
    x, y = both(random(*shape), requires_grad=True)
    found = []
    for library, scores in ((minitorch, x), (torch, y)):
        lengths = [library.tensor(value) for value in (steps, sizes)]
        module = library.nn.CTCLoss(**kwargs)
        out = module(scores.log_softmax(-1), library.tensor(targets), *lengths)
        out.sum().backward()
        found.append(out)
    assert_near(*found)
    assert_near(x.grad, y.grad)


def test_bilinear():
    ours, theirs = make_both("Bilinear", 3, 4, 5)
    x, y = both(random(2, 3))
    s, t = both(random(2, 4))
    a, b = ours(x, s), theirs(y, t)
    assert_near(a, b)
    a.sum().backward()
    b.sum().backward()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_near(p.grad, q.grad)


INITS = [
    ("uniform_", {"a": -1.0, "b": 3.0}),
    ("normal_", {"mean": 1.0, "std": 0.5}),
    ("trunc_normal_", {}),
    ("trunc_normal_", {"a": 0.5, "b": 1.0}),
    ("eye_", {}),
    ("xavier_uniform_", {"gain": 2.0}),
    ("xavier_normal_", {}),
    ("kaiming_uniform_", {"a": 0.3, "mode": "fan_out"}),
    ("kaiming_normal_", {"nonlinearity": "relu"}),
    ("orthogonal_", {}),
    ("sparse_", {"sparsity": 0.3}),
]


@pytest.mark.parametrize("name, kwargs", INITS, ids=numbered(INITS))
def test_init_draws_the_same_numbers(name, kwargs):
    for shape in ((5, 8), (8, 5), (33, 40)):
        minitorch.manual_seed(RNG_SEED)
        a = getattr(nn.init, name)(minitorch.empty(*shape), **kwargs)
        torch.manual_seed(RNG_SEED)
        b = getattr(torch.nn.init, name)(torch.empty(*shape), **kwargs)
        assert_near(a, b, 1e-6)


PADS = [
    ((1, 2), "constant", 2.5),
    ((1, -2, -1, 3), "constant", None),
    ((1, 2, 2, 1), "reflect", None),
    ((-1, 2, 2, -1), "reflect", None),
    ((-1, 2, 2, -1), "replicate", None),
    ((-1, 2, 2, -1), "circular", None),
    ((0, 0, 0, 0), "circular", None),
]


@pytest.mark.parametrize("pad, mode, value", PADS)
def test_pad(pad, mode, value):
    x, y = both(random(2, 3, 4, 5), requires_grad=True)
    a = nn.functional.pad(x, pad, mode, value)
    b = torch.nn.functional.pad(y, pad, mode, value)
    assert_near(a, b)
    g, h = both(random(*b.shape, seed=1))
    a.backward(g)
    b.backward(h)
    assert_near(x.grad, y.grad)


# ---- a whole net and its training ----------------------------------------------------------------


def block_net(library):
    """Return a small residual net out of the layers of one library."""
    lib = library.nn

    class Block(lib.Module):
        def __init__(self, inplanes, planes, stride):
            super().__init__()
            self.conv1 = lib.Conv2d(inplanes, planes, 3, stride, 1, bias=False)
            self.bn1 = lib.BatchNorm2d(planes)
            self.relu = lib.ReLU(inplace=True)
            self.conv2 = lib.Conv2d(planes, planes, 3, 1, 1, bias=False)
            self.bn2 = lib.BatchNorm2d(planes)
            self.downsample = None
            if stride != 1:
                self.downsample = lib.Sequential(
                    lib.Conv2d(inplanes, planes, 1, stride, bias=False), lib.BatchNorm2d(planes)
                )

        def forward(self, x):
            identity = x if self.downsample is None else self.downsample(x)
            out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            out += identity
            return self.relu(out)

    return lib.Sequential(
        lib.Conv2d(3, 4, 7, 2, 3, bias=False),
        lib.BatchNorm2d(4),
        lib.ReLU(inplace=True),
        lib.MaxPool2d(3, 2, 1),
        Block(4, 4, 1),
        Block(4, 8, 2),
        lib.AdaptiveAvgPool2d(1),
        lib.Flatten(),
        lib.Linear(8, 5),
    ).double()


SGD_OPTIONS = [
    {"lr": 0.1},
    {"lr": 0.1, "momentum": 0.9},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01},
    {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True},
]


@pytest.mark.parametrize("options", SGD_OPTIONS, ids=["plain", "momentum", "damped", "nesterov"])
def test_residual_net_trains_alike(options):
    theirs = block_net(torch)
    ours = block_net(minitorch)
    assert repr(ours) == repr(theirs)
    state = {key: minitorch.from_numpy(v.numpy().copy()) for key, v in theirs.state_dict().items()}
    assert not ours.load_state_dict(state).missing_keys
    x, y = both(random(4, 3, 24, 24))
    labels = [0, 3, 1, 4]
    optimizers = [
        minitorch.optim.SGD(ours.parameters(), **options),
        torch.optim.SGD(theirs.parameters(), **options),
    ]
    assert repr(optimizers[0]) == repr(optimizers[1])
    for _ in range(3):
        for optimizer in optimizers:
            optimizer.zero_grad()
        nn.functional.cross_entropy(ours(x), minitorch.tensor(labels)).backward()
        torch.nn.functional.cross_entropy(theirs(y), torch.tensor(labels)).backward()
        for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            assert p.grad is not None, name
            assert_near(p.grad, q.grad)
        for optimizer in optimizers:
            optimizer.step()
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        assert_near(a, b)
    a, b = (optimizer.state_dict() for optimizer in optimizers)
    assert a["param_groups"] == b["param_groups"] and a["state"].keys() == b["state"].keys()
    for number, entry in b["state"].items():
        assert_near(a["state"][number]["momentum_buffer"], entry["momentum_buffer"])


# ---- texts ---------------------------------------------------------------------------------------


ERRORS = {
    "missing_key": lambda t: t.nn.Linear(3, 2).load_state_dict({"weight": t.zeros(2, 3)}),
    "wrong_shape": lambda t: t.nn.Linear(3, 2).load_state_dict({"weight": t.zeros(3, 3), "b": 1}),
    "not_a_mapping": lambda t: t.nn.Linear(3, 2).load_state_dict([1]),
    "wrong_parameter": lambda t: setattr(t.nn.Linear(2, 2), "weight", t.zeros(2, 2)),
    "wrong_child": lambda t: setattr(t.nn.Sequential(t.nn.ReLU()), "0", 3),
    "no_attribute": lambda t: t.nn.Linear(2, 2).foo,
    "train_mode": lambda t: t.nn.Linear(2, 2).train("yes"),
    "to_int": lambda t: t.nn.Linear(2, 2).to(t.int64),
    "buffer_name": lambda t: t.nn.Module().register_buffer("a.b", None),
    "buffer_value": lambda t: t.nn.Module().register_buffer("a", 3),
    "parameter_value": lambda t: t.nn.Module().register_parameter("a", t.zeros(1)),
    "module_value": lambda t: t.nn.Module().add_module("a", 3),
    "no_forward": lambda t: t.nn.Module()(1),
    "index": lambda t: t.nn.Sequential(t.nn.ReLU())[3],
    "submodule": lambda t: t.nn.Sequential(t.nn.ReLU()).get_submodule("7"),
    "groups": lambda t: t.nn.Conv2d(3, 4, 3, groups=2),
    "same_stride": lambda t: t.nn.Conv2d(3, 4, 3, 2, padding="same"),
    "dropout": lambda t: t.nn.Dropout(2.0),
    "batchnorm_dim": lambda t: t.nn.BatchNorm2d(3)(t.zeros(3, 3)),
    "groupnorm_groups": lambda t: t.nn.GroupNorm(3, 4),
    "groupnorm_input": lambda t: t.nn.functional.group_norm(t.zeros(2, 4), 3),
    "groupnorm_weight": lambda t: t.nn.GroupNorm(2, 4)(t.zeros(2, 6, 2)),
    "groupnorm_one": lambda t: t.nn.functional.group_norm(t.zeros(1, 2), 2),
    "batchnorm_dim3": lambda t: t.nn.BatchNorm3d(3)(t.zeros(2, 3, 4, 4)),
    "instancenorm_dim": lambda t: t.nn.InstanceNorm2d(3)(t.zeros(3, 3)),
    "instancenorm_channels": lambda t: t.nn.InstanceNorm1d(3, affine=True)(t.zeros(2, 4, 5)),
    "instancenorm_one": lambda t: t.nn.InstanceNorm1d(3)(t.zeros(2, 3, 1)),
    "layernorm_shape": lambda t: t.nn.LayerNorm(4)(t.zeros(2, 3)),
    "layernorm_weight": lambda t: t.nn.functional.layer_norm(t.zeros(2, 3), (3,), t.zeros(2)),
    "layernorm_int": lambda t: t.nn.functional.layer_norm(t.zeros(2, 3), 3),
    "rmsnorm_shape": lambda t: t.nn.RMSNorm(4)(t.zeros(2, 3)),
    "circular_dim": lambda t: t.nn.CircularPad2d(1)(t.zeros(2, 3)),
    "pad_dimensions": lambda t: t.nn.ReflectionPad1d(1)(t.zeros(2, 2, 3, 4)),
    "shuffle": lambda t: t.nn.PixelShuffle(2)(t.zeros(3, 4, 4)),
    "upsample_mode": lambda t: t.nn.Upsample(4, mode="linear")(t.zeros(1, 1, 2, 2)),
    "upsample_size": lambda t: t.nn.Upsample(0)(t.zeros(1, 1, 2)),
    "batchnorm_one": lambda t: t.nn.BatchNorm2d(3)(t.zeros(1, 3, 1, 1)),
    "linear_shape": lambda t: t.nn.Linear(512, 10)(t.zeros(2, 500)),
    "conv_channels": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(1, 1, 8, 8)),
    "conv_small": lambda t: t.nn.Conv2d(1, 4, 7)(t.zeros(1, 1, 4, 4)),
    "target_range": lambda t: t.nn.CrossEntropyLoss()(t.zeros(2, 3), t.tensor([0, 5])),
    "target_batch": lambda t: t.nn.CrossEntropyLoss()(t.zeros(2, 3), t.tensor([0, 1, 2])),
    "reduction": lambda t: t.nn.functional.mse_loss(t.zeros(1), t.zeros(1), reduction="all"),
    "pad_odd": lambda t: t.nn.functional.pad(t.zeros(2), (1,)),
    "pad_reflect": lambda t: t.nn.functional.pad(t.zeros(1, 4, 4), (5, 1), mode="reflect"),
    "fan": lambda t: t.nn.init.kaiming_uniform_(t.zeros(3)),
    "sgd_lr": lambda t: t.optim.SGD([t.zeros(1)], lr=-1),
    "sgd_empty": lambda t: t.optim.SGD([]),
    "sgd_nesterov": lambda t: t.optim.SGD([t.zeros(1)], nesterov=True),
    "sgd_tensor": lambda t: t.optim.SGD(t.zeros(1)),
    "sgd_other": lambda t: t.optim.SGD(["x"]),
    "sgd_non_leaf": lambda t: t.optim.SGD([t.zeros(1, requires_grad=True) * 2]),
}


@pytest.mark.parametrize("call", ERRORS.values(), ids=ERRORS)
def test_error_is_pytorchs(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as theirs:
            call(torch)
        with pytest.raises(type(theirs.value)) as ours:
            call(minitorch)
    assert str(ours.value).split("\n")[0] == str(theirs.value).split("\n")[0]


@pytest.mark.parametrize("dimensions", [2, 3])
def test_fractional_pooling_draws_the_same_windows(dimensions):
    options = {"output_ratio": 0.5, "return_indices": True}
    ours, theirs = make_both(f"FractionalMaxPool{dimensions}d", 2, **options)
    x, y = both(random(2, 3, *[7] * dimensions), requires_grad=True)
    minitorch.manual_seed(3)
    a = ours(x)
    torch.manual_seed(3)
    b = theirs(y)
    assert_near(a[0], b[0])
    assert a[1].tolist() == b[1].tolist()
    a[0].sum().backward()
    b[0].sum().backward()
    assert_near(x.grad, y.grad)
    with pytest.raises(RuntimeError, match="too large relative to input"):
        getattr(nn, f"FractionalMaxPool{dimensions}d")(2, 7)(x)
    with pytest.raises(ValueError, match="requires specifying either an output size"):
        getattr(nn, f"FractionalMaxPool{dimensions}d")(2)
