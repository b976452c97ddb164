"""Recurrent networks: one step (the cells) and whole sequences (rnn, lstm, gru).

As in PyTorch they are made of other operations, so that gradients of any order follow. The
products with the input are taken for all steps at once; what is left per step is one product with
the hidden state and the nonlinearities.

Sources: Elman 1990 (rnn), Hochreiter and Schmidhuber 1997 (lstm), arXiv:1402.1128 (projections),
arXiv:1406.1078 (gru; with the reset gate after the product, as in cuDNN).
"""

from minitorch._ops.dropout import dropout as _dropout
from minitorch._ops.join import cat, stack
from minitorch._ops.linear import linear
from minitorch._ops.lstm import fits, lstm_layer

__all__ = [
    "gru",
    "gru_cell",
    "lstm",
    "lstm_cell",
    "rnn_relu",
    "rnn_relu_cell",
    "rnn_tanh",
    "rnn_tanh_cell",
]


# ---- one step: (products with the input, hidden state, weights) to the next hidden state ---------
#
# A hidden state is a tuple of tensors (batch, hidden_size): (h,) or, for lstm, (h, c).


class _Weights:
    """The parameters of one layer in one direction, in the order of PyTorch's flat list."""

    def __init__(self, params, has_biases):
        params = list(params)
        self.ih, self.hh = params[:2]
        self.bias_ih, self.bias_hh = params[2:4] if has_biases else (None, None)
        rest = params[4 if has_biases else 2 :]
        self.hr = rest[0] if rest else None


def _tanh_step(gates, hidden, weights):
    return ((gates + linear(hidden[0], weights.hh, weights.bias_hh)).tanh(),)


def _relu_step(gates, hidden, weights):
    return ((gates + linear(hidden[0], weights.hh, weights.bias_hh)).relu(),)


def _lstm_step(gates, hidden, weights):
    h, c = hidden
    gates = gates + linear(h, weights.hh, weights.bias_hh)
    in_gate, forget_gate, cell_gate, out_gate = gates.chunk(4, 1)
    c = forget_gate.sigmoid() * c + in_gate.sigmoid() * cell_gate.tanh()
    h = out_gate.sigmoid() * c.tanh()
    return (h if weights.hr is None else linear(h, weights.hr)), c


def _gru_step(gates, hidden, weights):
    (h,) = hidden
    reset_x, update_x, new_x = gates.chunk(3, 1)
    reset_h, update_h, new_h = linear(h, weights.hh, weights.bias_hh).chunk(3, 1)
    reset = (reset_x + reset_h).sigmoid()
    update = (update_x + update_h).sigmoid()
    new = (new_x + reset * new_h).tanh()
    return ((h - new) * update + new,)


# ---- one layer in one direction ------------------------------------------------------------------


def _run_padded(step, input, hidden, weights, reverse):
    """Run over an input (steps, batch, features); return outputs alike and the last state."""
    if step is _lstm_step and weights.hr is None and fits(input, *hidden, weights.ih, weights.hh):
        return _run_lstm(input, hidden, weights, reverse)
    return _run_steps(step, linear(input, weights.ih, weights.bias_ih), hidden, weights, reverse)


def _run_lstm(input, hidden, weights, reverse):
    """The same for the commonest network, all steps as one operation."""
    def composed(gates, h, c, weight):
        outputs, last = _run_steps(_lstm_step, gates, (h, c), _Weights([None, weight], False),
                                   reverse)
        return outputs, *last

    bias = None if weights.bias_ih is None else weights.bias_ih + weights.bias_hh
    outputs, *last = lstm_layer(linear(input, weights.ih, bias), *hidden, weights.hh, reverse,
                                composed)
    return outputs, tuple(last)


def _run_steps(step, gates, hidden, weights, reverse):
    """Run over the products with the input, one step after the other."""
    gates = gates.unbind(0)
    outputs = []
    for gate in reversed(gates) if reverse else gates:
        hidden = step(gate, hidden, weights)
        outputs.append(hidden[0])
    if reverse:
        outputs.reverse()
    return stack(outputs, 0), hidden


def _run_packed(step, data, batch_sizes, hidden, weights, reverse):
    """Run over packed steps: sequences end (or, in reverse, begin) as the batch size changes."""
    gates = linear(data, weights.ih, weights.bias_ih).split(batch_sizes)
    if reverse:
        return _run_packed_reverse(step, gates, batch_sizes, hidden, weights)
    outputs, finished = [], []
    size = batch_sizes[0]
    for gate, next_size in zip(gates, batch_sizes, strict=True):
        if next_size < size:
            finished.append([h.narrow(0, next_size, size - next_size) for h in hidden])
            hidden = [h.narrow(0, 0, next_size) for h in hidden]
            size = next_size
        hidden = step(gate, hidden, weights)
        outputs.append(hidden[0])
    # The longest sequences come first and end last.
    finished.append(hidden)
    finished.reverse()
    return cat(outputs, 0), tuple(cat(parts, 0) for parts in zip(*finished, strict=True))


def _run_packed_reverse(step, gates, batch_sizes, start, weights):
    outputs = []
    size = batch_sizes[-1]
    hidden = [h.narrow(0, 0, size) for h in start]
    for gate, next_size in zip(reversed(gates), reversed(batch_sizes), strict=True):
        if next_size > size:
            begun = [h.narrow(0, size, next_size - size) for h in start]
            hidden = [cat(pair, 0) for pair in zip(hidden, begun, strict=True)]
            size = next_size
        hidden = step(gate, hidden, weights)
        outputs.append(hidden[0])
    outputs.reverse()
    return cat(outputs, 0), hidden


# ---- layers on layers ----------------------------------------------------------------------------

_PADDED = "input hx params has_biases num_layers dropout train bidirectional batch_first".split()
_PACKED = "data batch_sizes hx params has_biases num_layers dropout train bidirectional".split()


def _bind(name, args, kwargs):
    """Return the arguments by name; the two overloads differ in where the bool `has_biases` is."""
    packed = "batch_sizes" in kwargs or (len(args) > 3 and not isinstance(args[3], bool))
    names = _PACKED if packed else _PADDED
    if len(args) > len(names):
        raise TypeError(f"{name}() takes {len(names)} positional arguments, {len(args)} were given")
    given = dict(zip(names, args, strict=False))
    for key, value in kwargs.items():
        if key not in names or key in given:
            raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
        given[key] = value
    missing = [key for key in names if key not in given]
    if missing:
        raise TypeError(f"{name}() missing arguments: {', '.join(missing)}")
    return given


def _run(step, given, states):
    """Run all layers; return (output, h_n) or, with two hidden states, (output, h_n, c_n)."""
    packed = "batch_sizes" in given
    input = given["data"] if packed else given["input"]
    batch_first = not packed and given["batch_first"]
    if batch_first:
        input = input.transpose(0, 1)
    if packed:
        batch_sizes = given["batch_sizes"].tolist()
    elif input.shape[0] == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    directions = 2 if given["bidirectional"] else 1
    runs = given["num_layers"] * directions
    params = given["params"]
    if not params or len(params) % runs:
        raise RuntimeError("got an incorrect number of RNN parameters")
    per_run = len(params) // runs
    starts = list(zip(*(state.unbind(0) for state in states), strict=True))
    ends = []
    for layer in range(given["num_layers"]):
        outputs = []
        for direction in range(directions):
            run = len(ends)
            weights = _Weights(params[run * per_run : (run + 1) * per_run], given["has_biases"])
            if packed:
                output, end = _run_packed(
                    step, input, batch_sizes, starts[run], weights, direction == 1
                )
            else:
                output, end = _run_padded(step, input, starts[run], weights, direction == 1)
            outputs.append(output)
            ends.append(end)
        input = outputs[0] if directions == 1 else cat(outputs, -1)
        if given["dropout"] != 0 and given["train"] and layer < given["num_layers"] - 1:
            input = _dropout(input, given["dropout"], True)
    if batch_first:
        input = input.transpose(0, 1)
    return (input, *(stack(parts, 0) for parts in zip(*ends, strict=True)))


def _one_state(name, step, args, kwargs):
    given = _bind(name, args, kwargs)
    return _run(step, given, (given["hx"],))


def rnn_tanh(*args, **kwargs):
    """Run an Elman network with tanh over sequences; what ``nn.RNN`` calls.

    Called ``(input, hx, params, has_biases, num_layers, dropout, train, bidirectional,
    batch_first)`` for padded and ``(data, batch_sizes, hx, params, has_biases, num_layers, dropout,
    train, bidirectional)`` for packed sequences; `params` is the flat list of ``nn.RNN``.

    Returns
    -------
    (Tensor, Tensor)
        The output of the last layer, and the last hidden state of each layer and direction.
    """
    return _one_state("rnn_tanh", _tanh_step, args, kwargs)


def rnn_relu(*args, **kwargs):
    """Run an Elman network with relu over sequences; the arguments are :func:`rnn_tanh`'s."""
    return _one_state("rnn_relu", _relu_step, args, kwargs)


def gru(*args, **kwargs):
    """Run gated recurrent units over sequences; the arguments are :func:`rnn_tanh`'s."""
    return _one_state("gru", _gru_step, args, kwargs)


def lstm(*args, **kwargs):
    """Run long short-term memory over sequences.

    The arguments are those of :func:`rnn_tanh`, with `hx` the two tensors (h_0, c_0).

    Returns
    -------
    (Tensor, Tensor, Tensor)
        The output of the last layer, h_n and c_n.
    """
    given = _bind("lstm", args, kwargs)
    if len(given["hx"]) != 2:
        raise RuntimeError("lstm expects two hidden states")
    return _run(_lstm_step, given, given["hx"])


# ---- cells ---------------------------------------------------------------------------------------


def _run_cell(step, input, hidden, w_ih, w_hh, b_ih, b_hh):
    if input.shape[1] != w_ih.shape[1]:
        raise RuntimeError(
            f"input has inconsistent input_size: got {input.shape[1]} expected {w_ih.shape[1]}"
        )
    for label, h in enumerate(hidden):
        if input.shape[0] != h.shape[0]:
            raise RuntimeError(
                f"Input batch size {input.shape[0]} doesn't match hidden{label} batch size "
                f"{h.shape[0]}"
            )
        if h.shape[1] != w_hh.shape[1]:
            raise RuntimeError(
                f"hidden{label} has inconsistent hidden_size: got {h.shape[1]}, "
                f"expected {w_hh.shape[1]}"
            )
    has_biases = b_ih is not None
    weights = _Weights([w_ih, w_hh, b_ih, b_hh] if has_biases else [w_ih, w_hh], has_biases)
    return step(linear(input, weights.ih, weights.bias_ih), hidden, weights)


def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """Return ``tanh(w_ih @ x + b_ih + w_hh @ h + b_hh)`` for each row of the batch.

    Parameters
    ----------
    input : Tensor
        (batch, input_size).
    hx : Tensor
        (batch, hidden_size).
    w_ih, w_hh : Tensor
        (hidden_size, input_size) and (hidden_size, hidden_size).
    b_ih, b_hh : Tensor, optional
        (hidden_size).

    Raises
    ------
    RuntimeError
        If the sizes do not fit.
    """
    return _run_cell(_tanh_step, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """As :func:`rnn_tanh_cell`, with relu."""
    return _run_cell(_relu_step, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a gated recurrent unit; weights (3 hidden_size, *): reset, update, new."""
    return _run_cell(_gru_step, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of long short-term memory: ``(h, c)`` from ``hx = (h, c)``.

    The weights (4 hidden_size, *) are those of the input, forget, cell and output gates.
    """
    if len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    return tuple(_run_cell(_lstm_step, input, tuple(hx), w_ih, w_hh, b_ih, b_hh))
