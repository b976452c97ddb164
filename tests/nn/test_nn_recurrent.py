"""RNN, LSTM, GRU, their cells, and packed sequences."""

import copy
import pickle

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.autograd import gradcheck, gradgradcheck
from minitorch.nn.utils.rnn import (
    PackedSequence,
    invert_permutation,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpack_sequence,
    unpad_sequence,
)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def array(tensor):
    return tensor.detach().numpy()


def reference(module, x, suffix="_l0"):
    """Run one layer in one direction by the formulas of the docstrings; return all outputs."""
    w_ih, w_hh, b_ih, b_hh = (
        array(getattr(module, name + suffix))
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    w_hr = array(getattr(module, "weight_hr" + suffix)) if module.proj_size else None
    h = np.zeros((x.shape[1], w_hh.shape[1]))
    c = np.zeros((x.shape[1], module.hidden_size))
    outputs = []
    for step in x:
        gates_x, gates_h = step @ w_ih.T + b_ih, h @ w_hh.T + b_hh
        if module.mode == "LSTM":
            i, f, g, o = np.split(gates_x + gates_h, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            h = h if w_hr is None else h @ w_hr.T
        elif module.mode == "GRU":
            (rx, zx, nx), (rh, zh, nh) = np.split(gates_x, 3, 1), np.split(gates_h, 3, 1)
            r, z = sigmoid(rx + rh), sigmoid(zx + zh)
            h = (1 - z) * np.tanh(nx + r * nh) + z * h
        else:
            h = gates_x + gates_h
            h = np.tanh(h) if module.mode == "RNN_TANH" else np.maximum(h, 0)
        outputs.append(h)
    return np.stack(outputs)


KINDS = [
    (nn.RNN, {}),
    (nn.RNN, {"nonlinearity": "relu"}),
    (nn.GRU, {}),
    (nn.LSTM, {}),
    (nn.LSTM, {"proj_size": 2}),
]


def make(cls, *args, **kwargs):
    torch.manual_seed(0)
    return cls(*args, **kwargs, dtype=torch.float64)


@pytest.mark.parametrize("cls, options", KINDS)
def test_one_layer_follows_the_formulas(cls, options):
    module = make(cls, 3, 4, **options)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    output, hidden = module(x)
    expected = reference(module, array(x))
    np.testing.assert_allclose(array(output), expected, atol=1e-12)
    h_n = hidden[0] if cls is nn.LSTM else hidden
    np.testing.assert_allclose(array(h_n[0]), expected[-1], atol=1e-12)


@pytest.mark.parametrize("cls, options", KINDS)
def test_two_directions_and_layers(cls, options):
    module = make(cls, 3, 4, num_layers=2, bidirectional=True, batch_first=True, **options)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    below = array(x).swapaxes(0, 1)
    for layer in range(2):
        forward = reference(module, below, f"_l{layer}")
        backward = reference(module, below[::-1], f"_l{layer}_reverse")[::-1]
        below = np.concatenate([forward, backward], -1)
    output, hidden = module(x)
    np.testing.assert_allclose(array(output), below.swapaxes(0, 1), atol=1e-12)
    h_n = hidden[0] if cls is nn.LSTM else hidden
    assert h_n.shape == (4, 2, options.get("proj_size", 4))
    np.testing.assert_allclose(array(h_n[2]), forward[-1], atol=1e-12)
    np.testing.assert_allclose(array(h_n[3]), backward[0], atol=1e-12)


def test_names_of_the_parameters():
    module = nn.LSTM(3, 4, num_layers=2, bidirectional=True, proj_size=2)
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
    expected = [f"{n}_l{i}{s}" for i in (0, 1) for s in ("", "_reverse") for n in names]
    assert list(module.state_dict()) == expected
    assert module.weight_ih_l1.shape == (16, 4) and module.weight_hh_l1.shape == (16, 2)
    assert [len(part) for part in module.all_weights] == [5] * 4
    assert module._flat_weights[0] is module.weight_ih_l0
    assert module.flatten_parameters() is None


def test_repr():
    assert repr(nn.GRU(3, 4)) == "GRU(3, 4)"
    text = "LSTM(3, 4, proj_size=2, num_layers=2, bias=False, dropout=0.5, bidirectional=True)"
    module = nn.LSTM(3, 4, 2, bias=False, dropout=0.5, bidirectional=True, proj_size=2)
    assert repr(module) == text
    assert repr(nn.RNNCell(3, 4, bias=False, nonlinearity="relu")) == (
        "RNNCell(3, 4, bias=False, nonlinearity=relu)"
    )


@pytest.mark.parametrize("cls, options", KINDS)
def test_unbatched_is_a_batch_of_one(cls, options):
    module = make(cls, 3, 4, **options)
    x = torch.randn(5, 3, dtype=torch.float64)
    output, hidden = module(x)
    batched, hidden_batched = module(x.unsqueeze(1))
    assert torch.equal(output, batched.squeeze(1))
    pairs = (hidden, hidden_batched) if cls is nn.LSTM else ((hidden,), (hidden_batched,))
    for a, b in zip(*pairs, strict=True):
        assert torch.equal(a, b.squeeze(1))
    again, _ = module(x, hidden)  # a state without batch goes with such an input
    assert again.shape == output.shape


@pytest.mark.parametrize("cls, options", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_packed_sequences_are_run_each_by_itself(cls, options, bidirectional):
    module = make(cls, 3, 4, num_layers=2, bidirectional=bidirectional, **options)
    sequences = [torch.randn(n, 3, dtype=torch.float64) for n in (2, 5, 3, 5)]
    output, hidden = module(pack_sequence(sequences, enforce_sorted=False))
    assert isinstance(output, PackedSequence)
    states = hidden if cls is nn.LSTM else (hidden,)
    for i, (sequence, found) in enumerate(zip(sequences, unpack_sequence(output), strict=True)):
        expected, alone = module(sequence)
        np.testing.assert_allclose(array(found), array(expected), atol=1e-12)
        for state, wanted in zip(states, alone if cls is nn.LSTM else (alone,), strict=True):
            np.testing.assert_allclose(array(state[:, i]), array(wanted), atol=1e-12)


@pytest.mark.parametrize("cls, options", KINDS)
def test_gradients(cls, options):
    module = make(cls, 2, 3, bidirectional=True, **options)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    weights = tuple(module.parameters())

    def run(x, *weights):
        output, hidden = module(x)
        return output, *(hidden if cls is nn.LSTM else (hidden,))

    assert gradcheck(run, (x, *weights))
    if options.get("nonlinearity") != "relu":
        assert gradgradcheck(lambda x: run(x)[0], (x,))


def test_gradients_of_packed_sequences():
    module = make(nn.LSTM, 2, 3, bidirectional=True)
    x = torch.randn(4, 3, 2, dtype=torch.float64, requires_grad=True)

    def run(x):
        packed = pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False)
        output, (h, c) = module(packed)
        return pad_packed_sequence(output)[0], h, c

    assert gradcheck(run, (x,))


def test_dropout_lies_between_the_layers():
    module = nn.LSTM(3, 4, num_layers=2, dropout=1.0)
    x = torch.randn(5, 2, 3)
    output, _ = module(x)
    assert torch.equal(output, module(torch.zeros(5, 2, 3))[0])  # the second layer saw zeros
    assert not torch.equal(module.eval()(x)[0], output)
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        nn.GRU(3, 4, dropout=0.5)


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda: nn.RNN(3, 4, nonlinearity="sin"), ValueError, "Unknown nonlinearity 'sin'"),
        (lambda: nn.GRU(3, 4, proj_size=2), ValueError, "only supported for LSTM"),
        (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "has to be smaller than hidden_size"),
        (lambda: nn.LSTM(3, 4, proj_size=-1), ValueError, "positive integer or zero"),
        (lambda: nn.LSTM(0, 4), ValueError, "input_size must be greater than zero"),
        (lambda: nn.LSTM(3, 4.0), TypeError, "hidden_size should be of type int, got: float"),
        (lambda: nn.LSTM(3, 4, 0), ValueError, "num_layers must be greater than zero"),
        (lambda: nn.LSTM(3, 4, bias=1), TypeError, "bias should be of type bool, got: int"),
        (lambda: nn.LSTM(3, 4, dropout=2), ValueError, "dropout should be a number in range"),
    ],
)
def test_wrong_arguments(make, error, text):
    with pytest.raises(error, match=text):
        make()


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda m: m(torch.zeros(2)), ValueError, "LSTM: Expected input to be 2D or 3D, got 1D"),
        (lambda m: m(torch.zeros(2, 1, 4)), RuntimeError, "Expected 3, got 4"),
        (lambda m: m(torch.zeros(0, 1, 3)), RuntimeError, "sequence length to be larger than 0"),
        (lambda m: m(torch.zeros(2, 1, 3).double()), ValueError, "does not match weight dtype"),
        (
            lambda m: m(torch.zeros(2, 1, 3), (torch.zeros(1, 4), torch.zeros(1, 4))),
            RuntimeError,
            r"hx and cx should also be 3-D but got \(2-D, 2-D\) tensors",
        ),
        (
            lambda m: m(torch.zeros(2, 1, 3), (torch.zeros(1, 1, 5), torch.zeros(1, 1, 4))),
            RuntimeError,
            r"Expected hidden\[0\] size \(1, 1, 4\), got \[1, 1, 5\]",
        ),
    ],
)
def test_wrong_inputs(call, error, text):
    with pytest.raises(error, match=text):
        call(nn.LSTM(3, 4))


@pytest.mark.parametrize("cls, options", KINDS)
def test_a_cell_is_one_step(cls, options):
    if "proj_size" in options:
        return  # there is no cell with projections
    layer = make(cls, 3, 4, **options)
    cell = getattr(nn, cls.__name__ + "Cell")(3, 4, dtype=torch.float64, **options)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x = torch.randn(2, 3, dtype=torch.float64)
    state = None
    for _ in range(3):
        state = cell(x, state)
    h = state[0] if cls is nn.LSTM else state
    output, _ = layer(x.expand(3, 2, 3))
    np.testing.assert_allclose(array(h), array(output[-1]), atol=1e-12)
    single = cell(x[0])
    single = single[0] if cls is nn.LSTM else single
    np.testing.assert_allclose(array(single), array(output[0][0]), atol=1e-12)


def test_cell_errors():
    cell = nn.GRUCell(3, 4)
    with pytest.raises(ValueError, match="GRUCell: Expected input to be 1D or 2D, got 3D"):
        cell(torch.zeros(1, 1, 3))
    with pytest.raises(RuntimeError, match="inconsistent input_size: got 2 expected 3"):
        cell(torch.zeros(1, 2))
    with pytest.raises(RuntimeError, match="Input batch size 1 doesn't match hidden0 batch size 2"):
        cell(torch.zeros(1, 3), torch.zeros(2, 4))
    with pytest.raises(RuntimeError, match="hidden1 has inconsistent hidden_size: got 5"):
        nn.LSTMCell(3, 4)(torch.zeros(1, 3), (torch.zeros(1, 4), torch.zeros(1, 5)))


def test_copies_have_weights_of_their_own():
    module = nn.GRU(3, 4)
    x = torch.randn(2, 1, 3)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(x)[0], module(x)[0])
        with torch.no_grad():
            other.weight_ih_l0.zero_()
        assert not torch.equal(other(x)[0], module(x)[0])


# ---- functions -----------------------------------------------------------------------------------


def test_the_functions_take_padded_and_packed_data():
    module = nn.RNN(3, 4)
    x, h = torch.randn(5, 2, 3), torch.zeros(1, 2, 4)
    options = (True, 1, 0.0, False, False)
    padded = torch.rnn_tanh(x, h, module._flat_weights, *options, False)
    packed = pack_padded_sequence(x, [5, 5])
    output, _ = torch.rnn_tanh(packed.data, packed.batch_sizes, h, module._flat_weights, *options)
    assert torch.equal(padded[0], module(x)[0])
    assert torch.equal(output.view(5, 2, 4), padded[0])
    with pytest.raises(TypeError, match="missing arguments: num_layers"):
        torch.rnn_tanh(x, h, module._flat_weights, True)
    with pytest.raises(RuntimeError, match="lstm expects two hidden states"):
        torch.lstm(x, [h], module._flat_weights, *options, False)
    with pytest.raises(RuntimeError, match="incorrect number of RNN parameters"):
        torch.rnn_relu(x, h, [], *options, False)


# ---- packing -------------------------------------------------------------------------------------


def test_pack_and_pad():
    padded = torch.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
    packed = pack_padded_sequence(padded, [2, 1, 3], batch_first=True, enforce_sorted=False)
    assert packed.data.tolist() == [4, 1, 3, 5, 2, 6]
    assert packed.batch_sizes.tolist() == [3, 2, 1]
    assert packed.sorted_indices.tolist() == [2, 0, 1]
    assert packed.unsorted_indices.tolist() == [1, 2, 0]
    back, lengths = pad_packed_sequence(packed, batch_first=True)
    assert torch.equal(back, padded) and lengths.tolist() == [2, 1, 3]
    wide, _ = pad_packed_sequence(packed, padding_value=-1, total_length=4)
    assert wide.t().tolist() == [[1, 2, -1, -1], [3, -1, -1, -1], [4, 5, 6, -1]]
    with pytest.raises(ValueError, match="Expected total_length to be at least the length"):
        pad_packed_sequence(packed, total_length=2)


def test_pad_sequence():
    parts = [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0])]
    assert pad_sequence(parts).tolist() == [[1, 4], [2, 0], [3, 0]]
    left = pad_sequence(parts, batch_first=True, padding_value=9, padding_side="left")
    assert left.tolist() == [[1, 2, 3], [9, 9, 4]]
    for side in (False, True):
        back = unpad_sequence(pad_sequence(parts, side), torch.tensor([3, 1]), side)
        assert [part.tolist() for part in back] == [[1, 2, 3], [4]]
    assert invert_permutation(None) is None
    assert invert_permutation(torch.tensor([2, 0, 1])).tolist() == [1, 2, 0]


def test_packed_sequence_converts():
    packed = pack_sequence([torch.ones(2), torch.ones(1)])
    assert packed.to(torch.float32) is packed and packed.cpu() is packed
    assert packed.double().data.dtype == torch.float64 and packed.long().data.dtype == torch.int64
    assert packed.double().batch_sizes is packed.batch_sizes
    assert not packed.is_cuda and not packed.is_pinned()
    assert PackedSequence((packed.data, packed.batch_sizes)).data is packed.data


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: pack_padded_sequence(torch.zeros(3, 2), [1, 2]), "sorted in decreasing order"),
        (lambda: pack_padded_sequence(torch.zeros(3, 2), [2, 0]), "has to be greater than 0"),
        (lambda: pack_padded_sequence(torch.zeros(3, 2), [2]), r"got 1 \(batch_size=2\)"),
        (lambda: pack_padded_sequence(torch.zeros(3, 2), [4, 1]), "at most the 3 steps"),
        (lambda: pack_padded_sequence(torch.zeros(0, 2), [1, 1]), "Cannot pack empty tensors"),
        (lambda: pack_padded_sequence(torch.zeros(3, 1), torch.ones(1, 1)), "should be a 1D"),
        (lambda: pad_sequence([]), "received an empty list of sequences"),
        (lambda: pad_sequence(3), "Expected iterable for input sequences"),
        (lambda: pad_sequence([torch.ones(1)], padding_side="up"), "left or right, but got up."),
    ],
)
def test_wrong_sequences(call, text):
    with pytest.raises(RuntimeError, match=text):
        call()
