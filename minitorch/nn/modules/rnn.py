"""Recurrent layers: RNN, LSTM, GRU over sequences, and their cells for one step."""

import math
import numbers
import warnings

from minitorch._ops import recurrent
from minitorch._ops.creation import empty, zeros
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.nn.utils.rnn import PackedSequence

__all__ = [
    "GRU",
    "GRUCell",
    "LSTM",
    "LSTMCell",
    "RNN",
    "RNNBase",
    "RNNCell",
    "RNNCellBase",
]

_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "GRU": 3, "LSTM": 4}
_OPERATIONS = {
    "RNN_TANH": recurrent.rnn_tanh,
    "RNN_RELU": recurrent.rnn_relu,
    "GRU": recurrent.gru,
    "LSTM": recurrent.lstm,
}


def _permute(tensor, permutation):
    return tensor if permutation is None else tensor.index_select(1, permutation)


def _draw(module):
    """Fill all parameters from U(-k, k), k = 1 / sqrt(hidden_size)."""
    bound = 1.0 / math.sqrt(module.hidden_size) if module.hidden_size > 0 else 0
    for weight in module.parameters():
        init.uniform_(weight, -bound, bound)


class RNNBase(Module):
    """What RNN, LSTM and GRU share: arguments, parameters, checks and the call.

    The parameters are called ``weight_ih_l0``, ``weight_hh_l0``, ``bias_ih_l0``, ``bias_hh_l0``,
    ``weight_hr_l0`` (projections), with the number of the layer and ``_reverse`` for the second
    direction.
    """

    __constants__ = [
        "mode",
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    ]

    def __init__(
        self,
        mode,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_arguments(dropout)
        if mode not in _GATES:
            raise ValueError("Unrecognized RNN mode: " + mode)
        self._all_weights = []
        for layer in range(num_layers):
            for direction in range(2 if bidirectional else 1):
                shapes = self._shapes(layer, "_reverse" if direction else "")
                for name, shape in shapes.items():
                    setattr(self, name, Parameter(empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(list(shapes))
        self.reset_parameters()

    def _check_arguments(self, dropout):
        if (
            not isinstance(dropout, numbers.Number)
            or not 0 <= dropout <= 1
            or isinstance(dropout, bool)
        ):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                "element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                f"dropout expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={self.num_layers}",
                stacklevel=4,
            )
        for name, kind in (
            ("bias", bool), ("batch_first", bool), ("input_size", int), ("hidden_size", int),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(
                    f"{name} should be of type {kind.__name__}, got: {type(value).__name__}"
                )
            if kind is int and value <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    @property
    def _output_size(self):
        return self.proj_size if self.proj_size > 0 else self.hidden_size

    @property
    def _num_directions(self):
        return 2 if self.bidirectional else 1

    def _shapes(self, layer, suffix):
        """Return the shapes of one layer's parameters in one direction, by name, in order."""
        rows = _GATES[self.mode] * self.hidden_size
        columns = self.input_size if layer == 0 else self._output_size * self._num_directions
        shapes = {"weight_ih": (rows, columns), "weight_hh": (rows, self._output_size)}
        if self.bias:
            shapes["bias_ih"] = shapes["bias_hh"] = (rows,)
        if self.proj_size > 0:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        return {f"{name}_l{layer}{suffix}": shape for name, shape in shapes.items()}

    def reset_parameters(self):
        """Draw all parameters anew from U(-k, k), k = 1 / sqrt(hidden_size)."""
        _draw(self)

    def flatten_parameters(self):
        """Do nothing: PyTorch moves the weights into one block for cuDNN; the CPU needs none."""

    @property
    def _flat_weights_names(self):
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self):
        return [getattr(self, name, None) for name in self._flat_weights_names]

    @property
    def all_weights(self):
        """The parameters, a list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    # ---- checks ----------------------------------------------------------------------------------

    def check_input(self, input, batch_sizes):
        """Raise unless dtype and shape of the input are right; `batch_sizes` if it is packed."""
        dtype = self._flat_weights[0].dtype
        if input.dtype != dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). "
                f"Convert input: input.to({dtype}), or convert model: model.to({input.dtype})"
            )
        dimensions = 2 if batch_sizes is not None else 3
        if input.dim() != dimensions:
            raise RuntimeError(f"input must have {dimensions} dimensions, got {input.dim()}")
        if self.input_size != input.size(-1):
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. "
                f"Expected {self.input_size}, got {input.size(-1)}"
            )

    def _state_size(self, input, batch_sizes, features):
        if batch_sizes is not None:
            batch = int(batch_sizes[0])
        else:
            batch = input.size(0 if self.batch_first else 1)
        return self.num_layers * self._num_directions, batch, features

    def get_expected_hidden_size(self, input, batch_sizes):
        """Return the shape that the hidden state must have for this input."""
        return self._state_size(input, batch_sizes, self._output_size)

    def check_hidden_size(self, hx, expected_hidden_size, msg="Expected hidden size {}, got {}"):
        """Raise RuntimeError unless `hx` has the expected shape."""
        if hx.size() != expected_hidden_size:
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.size())))

    def check_forward_args(self, input, hidden, batch_sizes):
        """Check the input and the hidden state."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx, permutation):
        """Return the hidden state with its batch in another order."""
        return _permute(hx, permutation)

    # ---- the call --------------------------------------------------------------------------------

    def _zero_state(self, input, batch_sizes):
        shape = self.get_expected_hidden_size(input, batch_sizes)
        return zeros(shape, dtype=input.dtype)

    def _batched_state(self, hx, is_batched):
        if is_batched:
            if hx.dim() != 3:
                raise RuntimeError(
                    f"For batched 3-D input, hx should also be 3-D but got {hx.dim()}-D tensor"
                )
            return hx
        if hx.dim() != 2:
            raise RuntimeError(
                f"For unbatched 2-D input, hx should also be 2-D but got {hx.dim()}-D tensor"
            )
        return hx.unsqueeze(1)

    def _unbatched_state(self, hidden):
        return hidden.squeeze(1)

    def _operation(self, *args):
        return _OPERATIONS[self.mode](*args)

    def _options(self):
        return self.bias, self.num_layers, self.dropout, self.training, self.bidirectional

    def forward(self, input, hx=None):
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.dim() not in (2, 3):
            kind = self._get_kind()
            tail = " tensor instead" if kind == "RNN" else " instead"
            raise ValueError(
                f"{kind}: Expected input to be 2D or 3D, got {input.dim()}D{tail}"
            )
        is_batched = input.dim() == 3
        batch_dim = 0 if self.batch_first else 1
        if not is_batched:
            input = input.unsqueeze(batch_dim)
        if hx is None:
            hx = self._zero_state(input, None)
        else:
            hx = self._batched_state(hx, is_batched)
        self.check_forward_args(input, hx, None)
        output, hidden = self._operation(
            input, hx, self._flat_weights, *self._options(), self.batch_first
        )
        if not is_batched:
            return output.squeeze(batch_dim), self._unbatched_state(hidden)
        return output, hidden

    def _get_kind(self):
        return "RNN" if self.mode.startswith("RNN") else self.mode

    def _forward_packed(self, input, hx):
        data, batch_sizes, sorted_indices, unsorted_indices = input
        if hx is None:
            hx = self._zero_state(data, batch_sizes)
        else:
            hx = self.permute_hidden(hx, sorted_indices)
        self.check_forward_args(data, hx, batch_sizes)
        output, hidden = self._operation(
            data, batch_sizes, hx, self._flat_weights, *self._options()
        )
        packed = PackedSequence(output, batch_sizes, sorted_indices, unsorted_indices)
        return packed, self.permute_hidden(hidden, unsorted_indices)

    def extra_repr(self):
        text = f"{self.input_size}, {self.hidden_size}"
        for name, default in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        ):
            value = getattr(self, name)
            if value != default:
                text += f", {name}={value}"
        return text


class RNN(RNNBase):
    """Elman network: ``h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)``.

    Parameters
    ----------
    input_size, hidden_size : int
        Features of the input and of the hidden state.
    num_layers : int
        Layers one on top of the other (default 1).
    nonlinearity : {"tanh", "relu"}
        Default "tanh".
    bias : bool
        Learn the two biases (default True).
    batch_first : bool
        Input and output are (N, L, *) instead of (L, N, *); the hidden state stays as it is.
    dropout : float
        Between the layers, in training (default 0).
    bidirectional : bool
        Run in both directions; the outputs are concatenated (default False).
    device, dtype : optional
        Of the parameters.

    Notes
    -----
    ``forward(input, hx=None)`` returns ``(output, h_n)``. Shape: input (L, N, input_size),
    (L, input_size) or a PackedSequence; hx and h_n (layers * directions, N, hidden_size) or without
    N; output (L, N, directions * hidden_size). Without hx the start is zero.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, or of another type.
    """

    def __init__(self, *args, **kwargs):
        if "proj_size" in kwargs:
            raise ValueError(
                "proj_size argument is only supported for LSTM, not RNN or GRU"
            )
        if len(args) > 3:
            nonlinearity = args[3]
            args = args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__("RNN_" + nonlinearity.upper(), *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory: a cell state that gates write, keep and read.

    ``i, f, o = sigmoid(...)``, ``g = tanh(...)`` of ``W_i* x + b_i* + W_h* h + b_h*``;
    ``c = f * c + i * g``; ``h = o * tanh(c)``, times ``W_hr`` with projections (arXiv:1402.1128).

    Parameters
    ----------
    input_size, hidden_size : int
        Features of the input and of the cell state.
    num_layers, bias, batch_first, dropout, bidirectional : optional
        As for :class:`RNN`.
    proj_size : int
        Features of the projected hidden state, less than `hidden_size`; 0 for none.
    device, dtype : optional
        Of the parameters.

    Notes
    -----
    ``forward(input, (h_0, c_0)=None)`` returns ``(output, (h_n, c_n))``; shapes as for
    :class:`RNN`, with `proj_size` features in output and h.
    """

    def __init__(self, *args, **kwargs):
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input, batch_sizes):
        """Return the shape that the cell state must have for this input."""
        return self._state_size(input, batch_sizes, self.hidden_size)

    def check_forward_args(self, input, hidden, batch_sizes):
        """Check the input, the hidden state and the cell state."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(
            hidden[0],
            self.get_expected_hidden_size(input, batch_sizes),
            "Expected hidden[0] size {}, got {}",
        )
        self.check_hidden_size(
            hidden[1],
            self.get_expected_cell_size(input, batch_sizes),
            "Expected hidden[1] size {}, got {}",
        )

    def permute_hidden(self, hx, permutation):
        """Return both states with their batch in another order."""
        return hx if permutation is None else tuple(_permute(h, permutation) for h in hx)

    def _zero_state(self, input, batch_sizes):
        cells = zeros(self.get_expected_cell_size(input, batch_sizes), dtype=input.dtype)
        return super()._zero_state(input, batch_sizes), cells

    def _batched_state(self, hx, is_batched):
        dimensions = 3 if is_batched else 2
        if hx[0].dim() != dimensions or hx[1].dim() != dimensions:
            kind = "batched 3-D" if is_batched else "unbatched 2-D"
            raise RuntimeError(
                f"For {kind} input, hx and cx should also be {dimensions}-D but got "
                f"({hx[0].dim()}-D, {hx[1].dim()}-D) tensors"
            )
        return hx if is_batched else (hx[0].unsqueeze(1), hx[1].unsqueeze(1))

    def _unbatched_state(self, hidden):
        return hidden[0].squeeze(1), hidden[1].squeeze(1)

    def _operation(self, *args):
        output, *hidden = super()._operation(*args)
        return output, tuple(hidden)


class GRU(RNNBase):
    """Gated recurrent unit: ``h = (1 - z) * n + z * h``.

    ``r, z = sigmoid(W_i* x + b_i* + W_h* h + b_h*)``,
    ``n = tanh(W_in x + b_in + r * (W_hn h + b_hn))``.

    Parameters, shapes and errors are those of :class:`RNN`, without `nonlinearity`.
    """

    def __init__(self, *args, **kwargs):
        if "proj_size" in kwargs:
            raise ValueError(
                "proj_size argument is only supported for LSTM, not RNN or GRU"
            )
        super().__init__("GRU", *args, **kwargs)


# ---- cells ---------------------------------------------------------------------------------------


class RNNCellBase(Module):
    """What the cells share: sizes, parameters ``weight_ih``, ``weight_hh``, ``bias_*``, checks."""

    __constants__ = ["input_size", "hidden_size", "bias"]

    def __init__(self, input_size, hidden_size, bias, num_chunks, device=None, dtype=None):
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(empty((rows, hidden_size), device=device, dtype=dtype))
        if bias:
            self.bias_ih = Parameter(empty(rows, device=device, dtype=dtype))
            self.bias_hh = Parameter(empty(rows, device=device, dtype=dtype))
        else:
            self.register_parameter("bias_ih", None)
            self.register_parameter("bias_hh", None)
        self.reset_parameters()

    def extra_repr(self):
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"

    def reset_parameters(self):
        """Draw all parameters anew from U(-k, k), k = 1 / sqrt(hidden_size)."""
        _draw(self)

    def _check_dim(self, tensor, name):
        if tensor.dim() not in (1, 2):
            raise ValueError(
                f"{self._kind}: Expected {name} to be 1D or 2D, got {tensor.dim()}D instead"
            )

    def _step(self, operation, input, hx):
        """Run a cell with one hidden state on a batch or a single example."""
        self._check_dim(input, "input")
        if hx is not None:
            self._check_dim(hx, "hidden")
        is_batched = input.dim() == 2
        if not is_batched:
            input = input.unsqueeze(0)
        if hx is None:
            hx = zeros((input.size(0), self.hidden_size), dtype=input.dtype)
        elif not is_batched:
            hx = hx.unsqueeze(0)
        result = operation(
            input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
        return result if is_batched else result.squeeze(0)


class RNNCell(RNNCellBase):
    """One step of an Elman network: ``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)``.

    Parameters
    ----------
    input_size, hidden_size : int
        Features of the input and of the hidden state.
    bias : bool
        Learn the two biases (default True).
    nonlinearity : {"tanh", "relu"}
        Default "tanh".
    device, dtype : optional
        Of the parameters.

    Notes
    -----
    ``forward(input, hx=None)``: input (N, input_size) or (input_size), hx and the result
    (N, hidden_size) or (hidden_size). Without hx it is zero.
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]
    _kind = "RNNCell"

    def __init__(
        self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None
    ):
        super().__init__(input_size, hidden_size, bias, num_chunks=1, device=device, dtype=dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        if self.nonlinearity == "tanh":
            return self._step(recurrent.rnn_tanh_cell, input, hx)
        if self.nonlinearity == "relu":
            return self._step(recurrent.rnn_relu_cell, input, hx)
        raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")


class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit, see :class:`GRU`; arguments as :class:`RNNCell`'s."""

    _kind = "GRUCell"

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, num_chunks=3, device=device, dtype=dtype)

    def forward(self, input, hx=None):
        return self._step(recurrent.gru_cell, input, hx)


class LSTMCell(RNNCellBase):
    """One step of long short-term memory, see :class:`LSTM`: ``(h, c)`` from ``(h, c)``.

    The arguments are those of :class:`RNNCell`, without `nonlinearity`; ``hx`` is a pair.
    """

    _kind = "LSTMCell"

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, num_chunks=4, device=device, dtype=dtype)

    def forward(self, input, hx=None):
        self._check_dim(input, "input")
        if hx is not None:
            for index, value in enumerate(hx):
                self._check_dim(value, f"hx[{index}]")
        is_batched = input.dim() == 2
        if not is_batched:
            input = input.unsqueeze(0)
        if hx is None:
            start = zeros((input.size(0), self.hidden_size), dtype=input.dtype)
            hx = (start, start)
        elif not is_batched:
            hx = tuple(h.unsqueeze(0) for h in hx)
        hx = recurrent.lstm_cell(
            input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
        return hx if is_batched else tuple(h.squeeze(0) for h in hx)
