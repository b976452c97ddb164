"""Attention: scaled_dot_product_attention, and the multi-head form with its projections.

Source: Vaswani et al. 2017, arXiv:1706.03762.
"""

import math
import warnings

from minitorch._core import dtype as _dtypes
from minitorch._ops.creation import ones, zeros, zeros_like
from minitorch._ops.dropout import dropout
from minitorch._ops.join import cat
from minitorch._ops.linear import bmm, linear
from minitorch._ops.loss import softmax
from minitorch._ops.products import baddbmm
from minitorch.nn.functional.padding import pad
from minitorch.tensor import Tensor

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]

_NEGATIVE_INFINITY = float("-inf")
# How PyTorch spells dtypes in these messages.
_C_NAMES = {
    _dtypes.float32: "float",
    _dtypes.float64: "double",
    _dtypes.float16: "c10::Half",
    _dtypes.bfloat16: "c10::BFloat16",
    _dtypes.int64: "long int",
    _dtypes.int32: "int",
    _dtypes.int16: "short int",
    _dtypes.int8: "signed char",
    _dtypes.uint8: "unsigned char",
    _dtypes.bool_: "bool",
}


# ---- one head ------------------------------------------------------------------------------------


def _check_attention(query, key, value, attn_mask):
    for position, (name, tensor) in enumerate(
        (("query", query), ("key", key), ("value", value)), start=1
    ):
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"scaled_dot_product_attention(): argument '{name}' (position {position}) must be "
                f"Tensor, not {type(tensor).__name__}"
            )
    q, k, v = (_C_NAMES[t.dtype] for t in (query, key, value))
    if not q == k == v:
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {q} "
            f"key.dtype: {k} and value.dtype: {v} instead."
        )
    if query.dim() < 2 or key.dim() < 2 or value.dim() < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got "
            f"query.dim: {query.dim()} key.dim: {key.dim()} and value.dim: {value.dim()} instead."
        )
    if not query.is_floating_point():
        raise RuntimeError(f"expected scalar type Float but found {_scalar_type(query)}")
    if attn_mask is not None and attn_mask.dtype not in (
        _dtypes.bool_, _dtypes.float32, query.dtype
    ):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
            f"attn_mask.dtype: {_C_NAMES[attn_mask.dtype]} and  query.dtype: {q} instead."
        )


def _scalar_type(tensor):
    return tensor.type().rpartition(".")[2].removesuffix("Tensor")


def _repeat_heads(query, key, value):
    """Let several query heads share a key and value head (arXiv:2305.13245)."""
    heads = query.size(-3)
    if any(heads % t.size(-3) for t in (key, value)):
        raise RuntimeError("Number of heads in key and value must divide the number of heads in ")
    return (
        t if t.size(-3) == heads else t.repeat_interleave(heads // t.size(-3), -3)
        for t in (key, value)
    )


def _masked_softmax(scores, hidden):
    """Softmax over the entries that are not `hidden`; a row with none of them gives zeros."""
    nothing_left = hidden.all(-1, keepdim=True)
    scores = scores.masked_fill(hidden, _NEGATIVE_INFINITY)
    if not nothing_left.any():
        return softmax(scores, -1)
    # Such a row is finite until the softmax is over, so that its gradient is zero too.
    return softmax(scores.masked_fill(nothing_left, 0.0), -1).masked_fill(nothing_left, 0.0)


def scaled_dot_product_attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    *,
    scale=None,
    enable_gqa=False,
):
    """``softmax(query @ key.T * scale + mask) @ value``; arXiv:1706.03762.

    Parameters
    ----------
    query : Tensor
        (..., H, L, E).
    key, value : Tensor
        (..., H, S, E) and (..., H, S, Ev).
    attn_mask : Tensor, optional
        Broadcasts to (..., H, L, S). Bool: True takes part. Floating point: is added.
    dropout_p : float
        Probability of zeroing an attention weight; it is applied whatever the mode of a module.
    is_causal : bool
        Position i sees keys 0 to i only; with four dimensions `attn_mask` may hold besides.
    scale : float, optional
        Default ``1 / sqrt(E)``.
    enable_gqa : bool
        Let `key` and `value` have fewer heads, a divisor of H; each serves several query heads.

    Returns
    -------
    Tensor
        (..., H, L, Ev). A position that may see no key at all gives zeros.

    Raises
    ------
    RuntimeError
        If dtypes or shapes do not fit.
    """
    _check_attention(query, key, value, attn_mask)
    if not 0.0 <= dropout_p <= 1.0:
        raise RuntimeError(
            f"dropout probability has to be between 0 and 1, but got {dropout_p:g}"
        )
    if is_causal and attn_mask is not None and query.dim() != 4:
        # PyTorch says so too, where it has no fused kernel; what that one does is below.
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
            "is_causal=True"
        )
    if enable_gqa:
        key, value = _repeat_heads(query, key, value)
    if scale is None:
        scale = 1.0 / math.sqrt(query.size(-1)) if query.size(-1) else 1.0
    scores = (query * scale) @ key.transpose(-2, -1)
    hidden = None
    if is_causal:
        hidden = ones((query.size(-2), key.size(-2)), dtype=_dtypes.bool_).triu(1)
    if attn_mask is not None:
        if attn_mask.dtype is _dtypes.bool_:
            masked = ~attn_mask
        else:
            scores = scores + attn_mask.to(scores.dtype)
            masked = attn_mask == _NEGATIVE_INFINITY
        hidden = masked if hidden is None else hidden | masked
    weights = softmax(scores, -1) if hidden is None else _masked_softmax(scores, hidden)
    if dropout_p > 0.0:
        weights = dropout(weights, dropout_p, True)
    return weights @ value


# ---- masks ---------------------------------------------------------------------------------------


def _none_or_dtype(input):
    if input is None:
        return None
    if isinstance(input, Tensor):
        return input.dtype
    raise RuntimeError("input to _none_or_dtype() must be None or torch.Tensor")


def _canonical_mask(mask, mask_name, other_type, other_name, target_type, check_other=True):
    """Return a mask as numbers to add: a bool one becomes -inf where it is True."""
    if mask is None:
        return None
    is_float = mask.is_floating_point()
    if mask.dtype is not _dtypes.bool_ and not is_float:
        raise AssertionError(f"only bool and floating types of {mask_name} are supported")
    if check_other and other_type is not None and mask.dtype != other_type:
        warnings.warn(
            f"Support for mismatched {mask_name} and {other_name} is deprecated. "
            "Use same type for both instead.",
            stacklevel=2,
        )
    if is_float:
        return mask
    return zeros_like(mask, dtype=target_type).masked_fill_(mask, _NEGATIVE_INFINITY)


def _mha_shape_check(query, key, value, key_padding_mask, attn_mask, num_heads):
    """Check the numbers of dimensions; return whether the input is batched."""
    if query.dim() not in (2, 3):
        raise AssertionError(
            "query should be unbatched 2D or batched 3D tensor but received "
            f"{query.dim()}-D query tensor"
        )
    is_batched = query.dim() == 3
    ndim = query.dim()
    start = f"For {'batched' if is_batched else 'unbatched'} ({ndim}-D) `query`, expected"
    if key.dim() != ndim or value.dim() != ndim:
        raise AssertionError(
            f"{start} `key` and `value` to be {ndim}-D but found {key.dim()}-D and "
            f"{value.dim()}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != ndim - 1:
        raise AssertionError(
            f"{start} `key_padding_mask` to be `None` or {ndim - 1}-D but found "
            f"{key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is None:
        return is_batched
    if attn_mask.dim() not in (2, 3):
        raise AssertionError(
            f"{start} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.dim()}-D tensor "
            "instead"
        )
    if not is_batched and attn_mask.dim() == 3:
        expected = (num_heads, query.shape[0], key.shape[0])
        if attn_mask.shape != expected:
            raise AssertionError(
                f"Expected `attn_mask` shape to be {expected} but got {attn_mask.shape}"
            )
    return is_batched


def _batched_attn_mask(attn_mask, tgt_len, src_len, rows):
    """Return the mask with three dimensions; `rows` is batch * heads."""
    expected = (tgt_len, src_len) if attn_mask.dim() == 2 else (rows, tgt_len, src_len)
    if attn_mask.dim() not in (2, 3):
        raise RuntimeError(f"attn_mask's dimension {attn_mask.dim()} is not supported")
    if attn_mask.shape != expected:
        raise RuntimeError(
            f"The shape of the {attn_mask.dim()}D attn_mask is {attn_mask.shape}, "
            f"but should be {expected}."
        )
    return attn_mask.unsqueeze(0) if attn_mask.dim() == 2 else attn_mask


def _merge_masks(attn_mask, key_padding_mask, bsz, num_heads, src_len):
    """Return one mask to add to the scores (batch * heads, L, S), or None."""
    if key_padding_mask is None:
        return attn_mask
    for dim, expected in enumerate((bsz, src_len)):
        if key_padding_mask.shape[dim] != expected:
            raise AssertionError(
                f"Expected key_padded_mask.shape[{dim}] to be {expected}, "
                f"but got {key_padding_mask.shape[dim]}"
            )
    key_padding_mask = (
        key_padding_mask.view(bsz, 1, 1, src_len)
        .expand(-1, num_heads, -1, -1)
        .reshape(bsz * num_heads, 1, src_len)
    )
    return key_padding_mask if attn_mask is None else attn_mask + key_padding_mask


# ---- projections ---------------------------------------------------------------------------------


def _in_projection_packed(q, k, v, w, b=None):
    """Project with one weight (3 E, E) and bias (3 E); equal inputs share a product."""
    size = q.size(-1)
    if k is not v:
        weights = w.chunk(3)
        biases = (None, None, None) if b is None else b.chunk(3)
        return tuple(map(linear, (q, k, v), weights, biases))
    if q is k:
        return _unpack(linear(q, w, b), 3)
    w_q, w_kv = w.split([size, 2 * size])
    b_q, b_kv = (None, None) if b is None else b.split([size, 2 * size])
    return (linear(q, w_q, b_q), *_unpack(linear(k, w_kv, b_kv), 2))


def _unpack(projected, count):
    """Split the last dimension into `count` tensors that are each contiguous."""
    projected = projected.unflatten(-1, (count, projected.size(-1) // count))
    return projected.movedim(-2, 0).contiguous().unbind(0)


def _in_projection(q, k, v, w_q, w_k, w_v, b_q=None, b_k=None, b_v=None):
    """Project with a weight for each of query, key and value, whose sizes may differ."""
    size = q.size(-1)
    for name, weight, columns in (
        ("query", w_q, size), ("key", w_k, k.size(-1)), ("value", w_v, v.size(-1))
    ):
        if weight.shape != (size, columns):
            raise AssertionError(
                f"expecting {name} weights shape of {(size, columns)}, but got {weight.shape}"
            )
    for name, bias in (("query", b_q), ("key", b_k), ("value", b_v)):
        if bias is not None and bias.shape != (size,):
            raise AssertionError(f"expecting {name} bias shape of {(size,)}, but got {bias.shape}")
    return linear(q, w_q, b_q), linear(k, w_k, b_k), linear(v, w_v, b_v)


def _heads_first(tensor, static, name, rows, head_dim):
    """Return (batch * heads, length, head_dim), unless a `static` one is given."""
    if static is None:
        return tensor.view(tensor.shape[0], rows, head_dim).transpose(0, 1)
    for dim, expected in ((0, rows), (2, head_dim)):
        if static.size(dim) != expected:
            raise AssertionError(
                f"expecting {name}.size({dim}) of {expected}, but got {static.size(dim)}"
            )
    return static


# ---- many heads ----------------------------------------------------------------------------------


def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
):
    """Project, attend with several heads, project back: what ``nn.MultiheadAttention`` calls.

    Parameters
    ----------
    query, key, value : Tensor
        (L, N, E), (S, N, Ek), (S, N, Ev), or without N.
    embed_dim_to_check : int
        E, as the module knows it.
    num_heads : int
        Divides E.
    in_proj_weight, in_proj_bias : Tensor or None
        (3 E, E) and (3 E): the projections of query, key and value in one.
    bias_k, bias_v : Tensor or None
        (1, 1, E): one more key and value, the same for all.
    add_zero_attn : bool
        One more key and value of zeros.
    dropout_p : float
        Of the attention weights, where `training`.
    out_proj_weight, out_proj_bias : Tensor
        (E, E) and (E).
    training : bool
        Apply dropout.
    key_padding_mask : Tensor, optional
        (N, S) or (S). Bool: True is ignored. Floating point: is added.
    need_weights : bool
        Return the attention weights too.
    attn_mask : Tensor, optional
        (L, S) or (N * num_heads, L, S). Bool: True is forbidden. Floating point: is added.
    use_separate_proj_weight : bool
        Take the next three instead of `in_proj_weight`.
    q_proj_weight, k_proj_weight, v_proj_weight : Tensor, optional
        (E, E), (E, Ek), (E, Ev).
    static_k, static_v : Tensor, optional
        (N * num_heads, S, E / num_heads): put in place of the projected key and value.
    average_attn_weights : bool
        Return the weights averaged over the heads.
    is_causal : bool
        Says that `attn_mask` is causal, so that it need not be read.

    Returns
    -------
    (Tensor, Tensor or None)
        The output (L, N, E) and the weights (N, L, S) or (N, num_heads, L, S).

    Raises
    ------
    AssertionError, RuntimeError
        If shapes or arguments do not fit.
    """
    is_batched = _mha_shape_check(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not is_batched:
        query, key, value = _unsqueeze_equal(query, key, value)
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    tgt_len, bsz, embed_dim = query.shape
    src_len = key.shape[0]
    key_padding_mask = _canonical_mask(
        key_padding_mask, "key_padding_mask", _none_or_dtype(attn_mask), "attn_mask", query.dtype
    )
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        attn_mask = _canonical_mask(attn_mask, "attn_mask", None, "", query.dtype, False)
        is_causal = False  # the mask says it
    head_dim = _check_sizes(
        embed_dim, embed_dim_to_check, num_heads, key, value, use_separate_proj_weight
    )

    if use_separate_proj_weight:
        for name, weight in zip("qkv", (q_proj_weight, k_proj_weight, v_proj_weight), strict=True):
            if weight is None:
                raise AssertionError(
                    f"use_separate_proj_weight is True but {name}_proj_weight is None"
                )
        biases = () if in_proj_bias is None else in_proj_bias.chunk(3)
        q, k, v = _in_projection(
            query, key, value, q_proj_weight, k_proj_weight, v_proj_weight, *biases
        )
    else:
        if in_proj_weight is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        q, k, v = _in_projection_packed(query, key, value, in_proj_weight, in_proj_bias)

    rows = bsz * num_heads
    if attn_mask is not None:
        attn_mask = _batched_attn_mask(attn_mask, tgt_len, src_len, rows)
    added = 0
    if bias_k is not None and bias_v is not None:
        if static_k is not None:
            raise AssertionError("bias cannot be added to static key.")
        if static_v is not None:
            raise AssertionError("bias cannot be added to static value.")
        k = cat([k, bias_k.repeat(1, bsz, 1)])
        v = cat([v, bias_v.repeat(1, bsz, 1)])
        added += 1
    elif bias_k is not None or bias_v is not None:
        given, missing = ("bias_k", "bias_v") if bias_v is None else ("bias_v", "bias_k")
        raise AssertionError(f"{given} is set but {missing} is None")
    q = q.view(tgt_len, rows, head_dim).transpose(0, 1)
    k = _heads_first(k, static_k, "static_k", rows, head_dim)
    v = _heads_first(v, static_v, "static_v", rows, head_dim)
    if add_zero_attn:
        nothing = zeros((rows, 1, head_dim), dtype=k.dtype)
        k, v = cat([k, nothing], 1), cat([v, nothing], 1)
        added += 1
    if added and attn_mask is not None:
        attn_mask = pad(attn_mask, (0, added))
    if added and key_padding_mask is not None:
        key_padding_mask = pad(key_padding_mask, (0, added))
    src_len = k.size(1)
    mask = _merge_masks(attn_mask, key_padding_mask, bsz, num_heads, src_len)
    attend = _attend_with_weights if need_weights else _attend
    output, weights = attend(
        q, k, v, mask, dropout_p if training else 0.0, is_causal, (bsz, num_heads)
    )
    output = linear(output.reshape(tgt_len * bsz, embed_dim), out_proj_weight, out_proj_bias)
    output = output.view(tgt_len, bsz, output.size(1))
    if weights is not None and average_attn_weights:
        weights = weights.mean(1)
    if not is_batched:
        return output.squeeze(1), None if weights is None else weights.squeeze(0)
    return output, weights


def _unsqueeze_equal(query, key, value):
    """Give each a batch dimension; what is the same tensor stays the same tensor."""
    batched = {id(t): t.unsqueeze(1) for t in (query, key, value)}
    return tuple(batched[id(t)] for t in (query, key, value))


def _check_sizes(embed_dim, expected, num_heads, key, value, use_separate_proj_weight):
    """Return the size of a head."""
    if embed_dim != expected:
        raise AssertionError(
            f"was expecting embedding dimension of {expected}, but got {embed_dim}"
        )
    head_dim = embed_dim // num_heads
    if head_dim * num_heads != embed_dim:
        raise AssertionError(f"embed_dim {embed_dim} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        if key.shape[:2] != value.shape[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {key.shape[:2]} do not match value's "
                f"{value.shape[:2]}"
            )
    elif key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    return head_dim


def _attend_with_weights(q, k, v, mask, dropout_p, is_causal, sizes):
    """Return the output (L, N * heads, head_dim) and the weights (N, heads, L, S)."""
    scaled = q * math.sqrt(1.0 / q.size(-1))
    k = k.transpose(-2, -1)
    weights = bmm(scaled, k) if mask is None else baddbmm(mask, scaled, k)
    weights = softmax(weights, -1)
    if dropout_p > 0.0:
        weights = dropout(weights, dropout_p, True)
    return bmm(weights, v).transpose(0, 1), weights.view(*sizes, *weights.shape[1:])


def _attend(q, k, v, mask, dropout_p, is_causal, sizes):
    """Return the output (L, N, heads, head_dim) and None."""
    if mask is not None:
        if mask.size(0) == 1:
            mask = mask.unsqueeze(0)
        else:
            mask = mask.view(*sizes, -1, mask.size(-1))
    q, k, v = (t.unflatten(0, sizes) for t in (q, k, v))
    output = scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal)
    return output.permute(2, 0, 1, 3), None
