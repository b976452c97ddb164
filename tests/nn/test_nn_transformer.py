"""Transformer encoder and decoder layers, their stacks, and both together."""

import copy
import warnings

import numpy as np
import pytest

import minitorch as torch
import minitorch.nn.functional as F
from minitorch import nn

SIZES = {"d_model": 4, "nhead": 2, "dim_feedforward": 6, "dropout": 0.0, "dtype": torch.float64}


def make(cls, **options):
    torch.manual_seed(0)
    return cls(**{**SIZES, **options})


def sequence(*shape):
    torch.manual_seed(1)
    return torch.randn(*shape, dtype=torch.float64)


def assert_near(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "gelu", F.silu, nn.GELU()])
@pytest.mark.parametrize("norm_first", [False, True])
def test_encoder_layer_is_made_of_its_parts(norm_first, activation):
    layer = make(nn.TransformerEncoderLayer, norm_first=norm_first, activation=activation)
    act = {"relu": F.relu, "gelu": F.gelu}.get(activation, activation)
    x = sequence(3, 2, 4)

    def attend(x):
        return layer.self_attn(x, x, x)[0]

    def feed(x):
        return layer.linear2(act(layer.linear1(x)))

    if norm_first:
        expected = x + attend(layer.norm1(x))
        expected = expected + feed(layer.norm2(expected))
    else:
        expected = layer.norm1(x + attend(x))
        expected = layer.norm2(expected + feed(expected))
    assert_near(layer(x), expected)


@pytest.mark.parametrize("norm_first", [False, True])
def test_decoder_layer_is_made_of_its_parts(norm_first):
    layer = make(nn.TransformerDecoderLayer, norm_first=norm_first)
    x, memory = sequence(3, 2, 4), sequence(5, 2, 4) * 2

    def attend(x):
        return layer.self_attn(x, x, x)[0]

    def look(x):
        return layer.multihead_attn(x, memory, memory)[0]

    def feed(x):
        return layer.linear2(layer.linear1(x).relu())

    expected = x
    for part, norm in ((attend, layer.norm1), (look, layer.norm2), (feed, layer.norm3)):
        if norm_first:
            expected = expected + part(norm(expected))
        else:
            expected = norm(expected + part(expected))
    assert_near(layer(x, memory), expected)


def test_state_dict():
    layer = make(nn.TransformerEncoderLayer)
    assert list(layer.state_dict()) == [
        "self_attn.in_proj_weight",
        "self_attn.in_proj_bias",
        "self_attn.out_proj.weight",
        "self_attn.out_proj.bias",
        "linear1.weight",
        "linear1.bias",
        "linear2.weight",
        "linear2.bias",
        "norm1.weight",
        "norm1.bias",
        "norm2.weight",
        "norm2.bias",
    ]
    names = list(make(nn.TransformerDecoderLayer, bias=False).state_dict())
    assert "multihead_attn.in_proj_weight" in names and not any("bias" in name for name in names)


def test_batch_first_and_without_a_batch():
    first = make(nn.TransformerEncoderLayer, batch_first=True)
    second = make(nn.TransformerEncoderLayer)
    x = sequence(2, 3, 4)
    assert_near(first(x).transpose(0, 1), second(x.transpose(0, 1)))
    assert_near(first(x[0]), first(x)[0])


def test_a_causal_mask_hides_the_future():
    encoder = nn.TransformerEncoder(make(nn.TransformerEncoderLayer, batch_first=True), 2)
    x = sequence(2, 5, 4)
    mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64)
    expected = encoder(x, mask)
    changed = x.clone()
    changed[:, 3:] = 7.0
    assert_near(encoder(changed, mask)[:, :3], expected[:, :3])
    assert_near(encoder(x, mask, is_causal=True), expected)
    assert_near(encoder(x, mask == float("-inf")), expected)


def test_padding_is_not_looked_at():
    encoder = nn.TransformerEncoder(make(nn.TransformerEncoderLayer, batch_first=True), 2)
    x = sequence(2, 5, 4)
    padding = torch.arange(5) >= torch.tensor([[5], [3]])
    found = encoder(x, src_key_padding_mask=padding)
    assert_near(found[1, :3], encoder(x[1:, :3])[0])
    assert found[1, 3:].any()


@pytest.mark.parametrize("norm", [False, True])
def test_padding_comes_out_as_zero_in_evaluation(norm):
    layer = make(nn.TransformerEncoderLayer, batch_first=True)
    last = nn.LayerNorm(4, bias=True, dtype=torch.float64) if norm else None
    encoder = nn.TransformerEncoder(layer, 2, last)
    x = sequence(2, 5, 4)
    padding = torch.arange(5) >= torch.tensor([[5], [3]])
    expected = encoder(x, src_key_padding_mask=padding)
    encoder.eval()
    assert_near(encoder(x, src_key_padding_mask=padding), expected)  # gradients are recorded
    with torch.no_grad():
        found = encoder(x, src_key_padding_mask=padding)
        assert_near(found[~padding], expected[~padding])
        assert not found[padding].any()
        left = padding.flip(1)  # padding before the end: the fast path of PyTorch is not for it
        assert encoder(x, src_key_padding_mask=left)[left].any()
        plain = nn.TransformerEncoder(layer, 2, last, enable_nested_tensor=False).eval()
        assert_near(plain(x, src_key_padding_mask=padding), expected)


@pytest.mark.parametrize(
    "options, reason",
    [
        ({}, r"encoder_layer.self_attn.batch_first was not True\(use batch_first"),
        ({"batch_first": True, "norm_first": True}, "encoder_layer.norm_first was True"),
        ({"batch_first": True, "bias": False}, "self_attn was passed bias=False"),
        ({"batch_first": True, "activation": F.silu}, "activation_relu_or_gelu was not True"),
        ({"batch_first": True, "nhead": 1}, "encoder_layer.self_attn.num_heads is odd"),
    ],
)
def test_why_padding_stays(options, reason):
    layer = make(nn.TransformerEncoderLayer, **options)
    with pytest.warns(UserWarning, match="self.use_nested_tensor is False because .*" + reason):
        encoder = nn.TransformerEncoder(layer, 1)
    assert encoder.enable_nested_tensor and not encoder.use_nested_tensor


def test_stacks_copy_their_layer():
    layer = make(nn.TransformerDecoderLayer)
    decoder = nn.TransformerDecoder(layer, 2, nn.LayerNorm(4, dtype=torch.float64))
    assert decoder.layers[0].linear1.weight is not layer.linear1.weight
    x, memory = sequence(3, 2, 4), sequence(5, 2, 4)
    expected = decoder.norm(layer(layer(x, memory), memory))
    assert_near(decoder(x, memory), expected)
    assert_near(copy.deepcopy(decoder)(x, memory), expected)


@pytest.fixture
def transformer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(nn.Transformer, num_encoder_layers=1, num_decoder_layers=2)


def test_transformer(transformer):
    src, tgt = sequence(5, 2, 4), sequence(3, 2, 4)
    mask = transformer.generate_square_subsequent_mask(3)
    assert mask.tolist()[1] == [0.0, 0.0, float("-inf")] and mask.dtype == torch.float32
    mask = mask.double()
    expected = transformer.decoder(tgt, transformer.encoder(src), mask)
    assert_near(transformer(src, tgt, tgt_mask=mask), expected)
    transformer(src, tgt).sum().backward()
    assert all(p.grad is not None for p in transformer.parameters())


def test_transformer_with_parts_of_ones_own(transformer):
    encoder, decoder = transformer.encoder, transformer.decoder
    other = nn.Transformer(4, 2, custom_encoder=encoder, custom_decoder=decoder)
    assert other.encoder is encoder and other.decoder is decoder


def test_transformer_errors(transformer):
    with pytest.raises(RuntimeError, match="the batch number of src and tgt must be equal"):
        transformer(sequence(5, 2, 4), sequence(3, 1, 4))
    with pytest.raises(RuntimeError, match="must be equal to d_model"):
        transformer(sequence(5, 2, 3), sequence(3, 2, 3))
    with pytest.raises(RuntimeError, match="activation should be relu/gelu, not tanh"):
        make(nn.TransformerEncoderLayer, activation="tanh")
