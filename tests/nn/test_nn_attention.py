"""scaled_dot_product_attention, multi_head_attention_forward and MultiheadAttention."""

import numpy as np
import pytest

import minitorch as torch
import minitorch.nn.functional as F
from minitorch import nn
from minitorch.autograd import gradcheck, gradgradcheck


def tensors(*shapes, requires_grad=False):
    torch.manual_seed(0)
    return [torch.randn(s, dtype=torch.float64, requires_grad=requires_grad) for s in shapes]


def reference(q, k, v, allowed=None, bias=0.0, scale=None):
    scores = q @ k.swapaxes(-2, -1) * (scale or q.shape[-1] ** -0.5) + bias
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    top = scores.max(-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ v


ALLOWED = np.array([[1, 0, 1, 1, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=bool)
CAUSAL = np.tril(np.ones((3, 5), dtype=bool))


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, {}),
        ({"scale": 0.3}, {"scale": 0.3}),
        ({"is_causal": True}, {"allowed": CAUSAL}),
        ({"attn_mask": torch.from_numpy(ALLOWED)}, {"allowed": ALLOWED}),
        (
            {"attn_mask": torch.from_numpy(ALLOWED), "is_causal": True},
            {"allowed": ALLOWED & CAUSAL},
        ),
        ({"attn_mask": torch.arange(5.0).double()}, {"bias": np.arange(5.0)}),
    ],
)
def test_scaled_dot_product_attention(options, expected):
    q, k, v = tensors((2, 4, 3, 6), (2, 4, 5, 6), (2, 4, 5, 7))
    found = F.scaled_dot_product_attention(q, k, v, **options)
    wanted = reference(*(t.numpy() for t in (q, k, v)), **expected)
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-12)


def test_fewer_key_heads_serve_several_query_heads():
    q, k, v = tensors((2, 4, 3, 6), (2, 2, 5, 6), (2, 1, 5, 6))
    found = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    k, v = k.repeat_interleave(2, 1), v.repeat_interleave(4, 1)
    assert torch.equal(found, F.scaled_dot_product_attention(q, k, v))
    with pytest.raises(RuntimeError, match="Number of heads in key and value must divide"):
        F.scaled_dot_product_attention(q, k[:, :3], v, enable_gqa=True)


def test_gradients_with_a_row_that_sees_nothing():
    q, k, v = tensors((3, 4), (5, 4), (5, 2), requires_grad=True)
    for mask in (torch.from_numpy(ALLOWED), torch.from_numpy(np.where(ALLOWED, 0.0, -np.inf))):

        def run(q, k, v, mask=mask):
            return F.scaled_dot_product_attention(q, k, v, mask)

        assert run(q, k, v)[2].tolist() == [0.0, 0.0]
        assert gradcheck(run, (q, k, v)) and gradgradcheck(run, (q, k, v))


def test_attention_dropout():
    q, k, v = tensors((3, 4), (5, 4), (5, 2))
    assert F.scaled_dot_product_attention(q, k, v, dropout_p=1.0).tolist() == [[0.0, 0.0]] * 3
    torch.manual_seed(1)
    first = F.scaled_dot_product_attention(q, k, v, dropout_p=0.5)
    torch.manual_seed(1)
    assert torch.equal(first, F.scaled_dot_product_attention(q, k, v, dropout_p=0.5))


@pytest.mark.parametrize(
    "change, error, text",
    [
        ({"key": torch.zeros(5, 4)}, RuntimeError, "to have the same dtype, but got query.dtype"),
        ({"value": torch.zeros(2).double()}, RuntimeError, "all be  at least 2 dimensional"),
        ({"attn_mask": torch.zeros(3, 5).long()}, RuntimeError, "attn_mask.dtype: long int and"),
        ({"dropout_p": 2.0}, RuntimeError, "dropout probability has to be between 0 and 1"),
        (
            {"attn_mask": torch.zeros(3, 5).double(), "is_causal": True},
            RuntimeError,
            "Explicit attn_mask should not be set when is_causal=True",
        ),
        ({"query": None}, TypeError, r"argument 'query' \(position 1\) must be Tensor"),
    ],
)
def test_wrong_attention(change, error, text):
    q, k, v = tensors((3, 4), (5, 4), (5, 2))
    arguments = {"query": q, "key": k, "value": v, **change}
    with pytest.raises(error, match=text):
        F.scaled_dot_product_attention(**arguments)


# ---- several heads -------------------------------------------------------------------------------


def by_hand(module, query, key, value):
    """Multi-head attention, head by head, for inputs (length, features) in numpy."""
    e, heads = module.embed_dim, module.num_heads
    if module.in_proj_weight is None:
        weights = [getattr(module, f"{n}_proj_weight").detach().numpy() for n in "qkv"]
    else:
        weights = np.split(module.in_proj_weight.detach().numpy(), 3)
    biases = np.split(module.in_proj_bias.detach().numpy(), 3)
    inputs = (query, key, value)
    q, k, v = (x @ w.T + b for x, w, b in zip(inputs, weights, biases, strict=True))
    if module.bias_k is not None:
        k = np.concatenate([k, module.bias_k.detach().numpy()[0]])
        v = np.concatenate([v, module.bias_v.detach().numpy()[0]])
    if module.add_zero_attn:
        k, v = (np.concatenate([x, np.zeros((1, e))]) for x in (k, v))
    parts = [np.split(x, heads, axis=1) for x in (q, k, v)]
    joined = np.concatenate([reference(*head) for head in zip(*parts, strict=True)], axis=1)
    weight, bias = (p.detach().numpy() for p in module.out_proj.parameters())
    return joined @ weight.T + bias


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"kdim": 3, "vdim": 5}, {"add_bias_kv": True, "add_zero_attn": True}]
)
def test_multihead_attention(options, need_weights):
    torch.manual_seed(0)
    module = nn.MultiheadAttention(6, 2, dtype=torch.float64, **options)
    q, k, v = tensors((3, 6), (4, options.get("kdim", 6)), (4, options.get("vdim", 6)))
    output, weights = module(q, k, v, need_weights=need_weights)
    wanted = by_hand(module, *(t.numpy() for t in (q, k, v)))
    np.testing.assert_allclose(output.detach().numpy(), wanted, atol=1e-12)
    if need_weights:
        assert weights.shape == (3, 4 + 2 * (len(options) == 2 and "kdim" not in options))
        np.testing.assert_allclose(weights.sum(-1).detach().numpy(), 1.0)
    else:
        assert weights is None


def test_state_dict_and_repr():
    module = nn.MultiheadAttention(4, 2)
    assert list(module.state_dict()) == [
        "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias",
    ]
    assert list(nn.MultiheadAttention(4, 2, kdim=3, bias=False).state_dict()) == [
        "q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight",
    ]
    line = "NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)"
    assert repr(module) == f"MultiheadAttention(\n  (out_proj): {line}\n)"
    assert not module.in_proj_bias.any() and not module.out_proj.bias.any()


def test_batches_and_masks():
    torch.manual_seed(0)
    module = nn.MultiheadAttention(4, 2, batch_first=True, dtype=torch.float64)
    (x,) = tensors((2, 3, 4))
    padding = torch.tensor([[False, False, True], [False, True, True]])
    causal = torch.ones(3, 3, dtype=torch.bool).triu(1)
    output, weights = module(x, x, x, key_padding_mask=padding, attn_mask=causal)
    assert weights.shape == (2, 3, 3)
    assert not weights[0, :, 2].any() and not weights[:, 0, 1:].any()
    alone, _ = module(x[1, :1], x[1, :1], x[1, :1])
    np.testing.assert_allclose(output[1, 0].detach().numpy(), alone[0].detach().numpy())
    fast, nothing = module(x, x, x, padding, False, causal)
    np.testing.assert_allclose(fast.detach().numpy(), output.detach().numpy(), atol=1e-12)
    assert nothing is None
    _, each = module(x, x, x, average_attn_weights=False)
    assert each.shape == (2, 2, 3, 3)
    hinted, _ = module(x, x, x, attn_mask=causal, is_causal=True, need_weights=False)
    said, _ = module(x, x, x, attn_mask=causal, need_weights=False)
    np.testing.assert_allclose(hinted.detach().numpy(), said.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda x, m: m(x, x[0], x), AssertionError, r"For batched \(3-D\) `query`, expected"),
        (lambda x, m: m(x[0, 0], x, x), AssertionError, "received 1-D query tensor"),
        (lambda x, m: m(x, x, x, is_causal=True), RuntimeError, "Need attn_mask if specifying"),
        (
            lambda x, m: m(x, x, x, attn_mask=torch.zeros(2, 2)),
            RuntimeError,
            "The shape of the 2D attn_mask",
        ),
        (
            lambda x, m: m(x, x, x, key_padding_mask=torch.zeros(2, 2)),
            AssertionError,
            r"Expected key_padded_mask.shape\[1\] to be 3, but got 2",
        ),
        (
            lambda x, m: m(x, x, x, attn_mask=torch.zeros(3, 3).long()),
            AssertionError,
            "only bool and floating types of attn_mask are supported",
        ),
    ],
)
def test_wrong_multihead_inputs(call, error, text):
    module = nn.MultiheadAttention(4, 2, batch_first=True)
    with pytest.raises(error, match=text):
        call(torch.zeros(2, 3, 4), module)


def test_masks_of_two_types_warn():
    module = nn.MultiheadAttention(4, 2)
    x = torch.zeros(3, 4)
    with pytest.warns(UserWarning, match="mismatched key_padding_mask and attn_mask is deprecated"):
        module(x, x, x, torch.zeros(3, dtype=torch.bool), attn_mask=torch.zeros(3, 3))


def test_wrong_constructor_arguments():
    with pytest.raises(ValueError, match="embed_dim and num_heads must be greater than 0"):
        nn.MultiheadAttention(0, 2)
    with pytest.raises(AssertionError, match="embed_dim must be divisible by num_heads"):
        nn.MultiheadAttention(4, 3)


def test_merged_masks():
    module = nn.MultiheadAttention(4, 2)
    x, padding = torch.zeros(2, 3, 4), torch.zeros(2, 3)
    assert module.merge_masks(None, None, x) == (None, None)
    assert module.merge_masks(None, padding, x) == (padding, 1)
    merged, kind = module.merge_masks(torch.zeros(3, 3), padding, x)
    assert merged.shape == (2, 2, 3, 3) and kind == 2
