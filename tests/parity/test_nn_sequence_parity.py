"""Recurrent and attention layers against PyTorch: same start, same numbers, same texts."""

import numpy as np
import pytest
from torch_pair import assert_near, both, make_both, random

import minitorch
import minitorch.nn as nn

torch = pytest.importorskip("torch")


def flat(values):
    """Yield the tensors of nested tuples, packed sequences among them, in order."""
    for value in values if isinstance(values, tuple) else (values,):
        if isinstance(value, tuple):
            yield from flat(value)
        elif value is not None:
            yield value


def compare(ours, theirs, inputs, **options):
    """Compare outputs and all gradients of two calls with the same arrays."""
    pairs = [both(array, requires_grad=True) for array in inputs]
    a = list(flat(ours(*(x for x, _ in pairs), **{k: v[0] for k, v in options.items()})))
    b = list(flat(theirs(*(y for _, y in pairs), **{k: v[1] for k, v in options.items()})))
    assert len(a) == len(b)
    for number, (found, wanted) in enumerate(zip(a, b, strict=True)):
        assert_near(found, wanted)
        if wanted.requires_grad:
            g, h = both(random(*wanted.shape, seed=number))
            found.backward(g, retain_graph=True)
            wanted.backward(h, retain_graph=True)
    for x, y in pairs:
        assert_near(x.grad, y.grad)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_near(p.grad, q.grad)


LAYERS = [
    ("RNN", {"nonlinearity": "relu"}),
    ("RNN", {"num_layers": 2, "bias": False}),
    ("GRU", {"num_layers": 2, "bidirectional": True}),
    ("LSTM", {"num_layers": 2, "bidirectional": True}),
    ("LSTM", {"num_layers": 2, "bidirectional": True, "proj_size": 3, "bias": False}),
]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name, options", LAYERS)
def test_recurrent_layer(name, options, batch_first):
    ours, theirs = make_both(name, 4, 5, batch_first=batch_first, **options)
    compare(ours, theirs, [random(2, 3, 4)])
    compare(ours, theirs, [random(6, 4)])


@pytest.mark.parametrize("name, options", LAYERS)
def test_recurrent_layer_on_packed_sequences(name, options):
    ours, theirs = make_both(name, 4, 5, **options)
    x, y = both(random(6, 3, 4), requires_grad=True)
    outputs = []
    for library, module, padded in ((minitorch, ours, x), (torch, theirs, y)):
        rnn = library.nn.utils.rnn
        packed = rnn.pack_padded_sequence(padded, [2, 6, 5], enforce_sorted=False)
        output, hidden = module(packed)
        outputs.append((*rnn.pad_packed_sequence(output, padding_value=0.5), hidden))
    for a, b in zip(flat(outputs[0]), flat(outputs[1]), strict=True):
        assert_near(a, b)
        if b.requires_grad:
            g, h = both(random(*b.shape))
            a.backward(g, retain_graph=True)
            b.backward(h, retain_graph=True)
    assert_near(x.grad, y.grad)


@pytest.mark.parametrize("name", ["RNNCell", "GRUCell", "LSTMCell"])
def test_recurrent_cell(name):
    ours, theirs = make_both(name, 4, 5)
    compare(ours, theirs, [random(3, 4)])
    compare(ours, theirs, [random(4)])


def test_dropout_between_layers_has_the_same_masks():
    ours, theirs = make_both("GRU", 4, 5, num_layers=3, dropout=0.4)
    x, y = both(random(6, 2, 4))
    minitorch.manual_seed(3)
    a, _ = ours(x)
    torch.manual_seed(3)
    assert_near(a, theirs(y)[0])


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize(
    "options",
    [{}, {"bias": False}, {"kdim": 3, "vdim": 5}, {"add_bias_kv": True, "add_zero_attn": True}],
)
def test_multihead_attention(options, need_weights, batch_first):
    ours, theirs = make_both("MultiheadAttention", 6, 2, batch_first=batch_first, **options)
    sizes = (6, options.get("kdim", 6), options.get("vdim", 6))
    padding = both(np.arange(4) > 2)
    mask = both(np.triu(np.ones((4, 4), dtype=bool), 1))
    shared = {"need_weights": (need_weights, need_weights)}
    inputs = [random(4, size, seed=i) for i, size in enumerate(sizes)]
    compare(ours, theirs, inputs, attn_mask=mask, key_padding_mask=padding, **shared)
    batched = [random(4, 4, size, seed=i) for i, size in enumerate(sizes)]
    padding = both(np.arange(4) >= np.array([[4], [3], [2], [3]]))
    compare(ours, theirs, batched, attn_mask=mask, key_padding_mask=padding, **shared)


def test_attention_dropout_has_the_same_masks():
    ours, theirs = make_both("MultiheadAttention", 6, 2, dropout=0.4)
    x, y = both(random(4, 3, 6))
    for need_weights in (False, True):
        minitorch.manual_seed(3)
        a, _ = ours(x, x, x, need_weights=need_weights)
        torch.manual_seed(3)
        assert_near(a, theirs(y, y, y, need_weights=need_weights)[0])


def test_lazy_linear_starts_the_same():
    minitorch.manual_seed(5)
    ours = nn.LazyLinear(3)
    ours(minitorch.ones(1, 4))
    torch.manual_seed(5)
    theirs = torch.nn.LazyLinear(3)
    theirs(torch.ones(1, 4))
    assert np.array_equal(ours.weight.detach().numpy(), theirs.weight.detach().numpy())
    assert np.array_equal(ours.bias.detach().numpy(), theirs.bias.detach().numpy())


TRANSFORMER = {"d_model": 4, "nhead": 2, "dim_feedforward": 6}


@pytest.mark.parametrize("name, inputs", [("EncoderLayer", 1), ("DecoderLayer", 2)])
@pytest.mark.parametrize(
    "options",
    [{}, {"norm_first": True, "activation": "gelu"}, {"bias": False, "batch_first": True}],
)
def test_transformer_layer(name, inputs, options):
    ours, theirs = make_both("Transformer" + name, **TRANSFORMER, dropout=0.0, **options)
    compare(ours, theirs, [random(3, 3, 4, seed=i) for i in range(inputs)])
    mask = both(np.triu(np.ones((3, 3), dtype=bool), 1))
    masks = {"src_mask" if inputs == 1 else "tgt_mask": mask}
    compare(ours, theirs, [random(3, 4, seed=i) for i in range(inputs)], **masks)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning")
@pytest.mark.parametrize("norm_first", [False, True])
def test_transformer(norm_first):
    layers = {"num_encoder_layers": 2, "num_decoder_layers": 1, "norm_first": norm_first}
    ours, theirs = make_both("Transformer", **TRANSFORMER, **layers, dropout=0.0)
    compare(ours, theirs, [random(5, 2, 4), random(3, 2, 4, seed=1)])


def test_transformer_dropout_has_the_same_masks():
    ours, theirs = make_both("TransformerEncoderLayer", **TRANSFORMER, dropout=0.4)
    x, y = both(random(5, 2, 4))
    minitorch.manual_seed(3)
    a = ours(x)
    torch.manual_seed(3)
    assert_near(a, theirs(y))


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
def test_encoder_leaves_padding_out_where_pytorch_does():
    ours, theirs = make_both("TransformerEncoderLayer", **TRANSFORMER, batch_first=True)
    padding = both(np.arange(4) >= np.array([[4], [2]]))
    x, y = both(random(2, 4, 4))
    for mode in (True, False):
        a = nn.TransformerEncoder(ours, 2).train(mode)
        b = torch.nn.TransformerEncoder(theirs, 2).train(mode)
        for module in (*a.modules(), *b.modules()):
            if type(module).__name__ == "Dropout":
                module.p = 0.0
            if type(module).__name__ == "MultiheadAttention":
                module.dropout = 0.0
        with minitorch.no_grad(), torch.no_grad():
            assert_near(
                a(x, src_key_padding_mask=padding[0]), b(y, src_key_padding_mask=padding[1])
            )
