"""A network layer by layer: shapes, parameters, multiply-adds, memory."""

import math
from dataclasses import asdict, dataclass

import minitorch
from minitorch import nn
from minitorch.utils._modes import flags_of_evaluation

__all__ = ["ModelSummary", "Row", "peak_memory", "summary"]

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


@dataclass
class Row:
    """One module of a network.

    Attributes
    ----------
    name : str
        Its path, ``"layer1.0.conv1"``; empty for the whole.
    kind : str
        The name of its class.
    depth : int
        0 for the whole.
    output : list of int or None
        Shape of its output at its last call; None if it was not called.
    parameters, trainable : int
        Numbers of elements, those of its submodules included; `trainable` of them require grad.
    macs : int
        Multiply-adds of one forward pass.
    activations : int
        Bytes of the outputs made by it and its submodules.
    """

    name: str
    kind: str
    depth: int
    output: list | None
    parameters: int
    trainable: int
    macs: int
    activations: int


@dataclass
class ModelSummary:
    """What :func:`summary` found; ``str()`` of it is a table.

    Attributes
    ----------
    rows : list of Row
        In the order of ``model.named_modules()``; the first is the whole.
    input : list of list of int
        Shapes of the inputs.
    parameter_bytes, buffer_bytes : int
        Of all parameters, shared ones counted once; and of the buffers.
    gradient_bytes : int
        Of the gradients of those parameters that require one.
    """

    rows: list
    input: list
    parameter_bytes: int
    buffer_bytes: int
    gradient_bytes: int

    @property
    def total(self):
        return self.rows[0]

    @property
    def training_bytes(self):
        """Estimate of what a training step holds: weights, gradients, and all outputs.

        Without the optimizer's state; an upper bound where layers are fused, as the output of a
        fused layer is never stored.
        """
        return (self.parameter_bytes + self.buffer_bytes + self.gradient_bytes
                + self.total.activations)

    def to_dict(self):
        """What JSON can hold."""
        return {"input": self.input, "parameters": self.total.parameters,
                "trainable": self.total.trainable, "macs": self.total.macs,
                "parameter_bytes": self.parameter_bytes, "buffer_bytes": self.buffer_bytes,
                "activation_bytes": self.total.activations,
                "training_bytes": self.training_bytes,
                "layers": [asdict(row) for row in self.rows[1:]]}

    def table(self, depth=3):
        """The rows down to `depth` as lines of text, a head before them and the sum below."""
        shown = [row for row in self.rows[1:] if row.depth <= depth]
        cells = [("layer", "kind", "output", "parameters", "trained", "mult-adds", "output MB")]
        cells += [_cells(row, "  " * (row.depth - 1) + row.name.rpartition(".")[2])
                  for row in shown]
        cells.append(_cells(self.total, "total"))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(cell.ljust(width) if place < 3 else cell.rjust(width)
                           for place, (cell, width) in enumerate(zip(row, widths, strict=True)))
                 for row in cells]
        rule = "-" * max(map(len, lines))
        below = [rule, lines[-1]] if shown else [lines[-1]]
        return "\n".join(line.rstrip() for line in [lines[0], rule, *lines[1:-1], *below])

    def __str__(self):
        return self.table()


def _cells(row, name):
    trained = "-" if not row.parameters else (
        "yes" if row.trainable == row.parameters else "part" if row.trainable else "no")
    shape = "-" if row.output is None else " x ".join(map(str, row.output)) or "scalar"
    return (name, row.kind, shape, f"{row.parameters:,}" if row.parameters else "-", trained,
            f"{row.macs:,}" if row.macs else "-", f"{row.activations / 1e6:.2f}")


def summary(model, input_size=None, *, inputs=None):
    """Look at each module of a network while it computes one forward pass.

    Parameters
    ----------
    model : nn.Module
        Left as it was; the pass runs in evaluation mode, without a graph.
    input_size : sequence of int, optional
        Shape of the one float32 input, batch included; zeros are put in.
    inputs : tuple of Tensor, optional
        The inputs themselves, in place of `input_size`.

    Returns
    -------
    ModelSummary

    Raises
    ------
    TypeError
        Neither or both of `input_size` and `inputs` are given.

    Notes
    -----
    Multiply-adds are counted for convolutions (each element of the output takes
    ``in_channels / groups * kernel elements``; of a transposed one each element of the input
    takes ``out_channels / groups * kernel elements``) and for linear layers (``in_features`` for
    each element of the output), as torchvision counts them; normalisation, activation, pooling
    and biases are not.  An output that lies in the memory of the input, as that of an in-place
    ReLU, takes no bytes.

    Examples
    --------
    >>> print(summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (8, 4)))
    layer  kind        output  parameters  trained  mult-adds  output MB
    --------------------------------------------------------------------
    0      Linear      8 x 3           15      yes         96       0.00
    1      ReLU        8 x 3            -        -          -       0.00
    --------------------------------------------------------------------
    total  Sequential  8 x 3           15      yes         96       0.00
    """
    if (input_size is None) == (inputs is None):
        raise TypeError("summary() takes the shape of the input or the inputs: give one of both")
    if inputs is None:
        inputs = (minitorch.zeros(*input_size),)
    watch = _Watch()
    _run(model, inputs, watch)
    rows = [_row(name, module, watch) for name, module in model.named_modules()]
    parameters = list(model.parameters())
    return ModelSummary(
        rows, [list(each.shape) for each in inputs if isinstance(each, minitorch.Tensor)],
        _bytes(parameters), _bytes(model.buffers()),
        _bytes(each for each in parameters if each.requires_grad))


def _bytes(tensors):
    return sum(each.numel() * each.element_size() for each in tensors)


def _run(model, inputs, watch):
    """One forward pass with hooks on each module; they also keep layers from being fused."""
    handles = [module.register_forward_hook(watch) for module in model.modules()]
    try:
        with flags_of_evaluation(model), minitorch.no_grad():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()


class _Watch:
    """A forward hook that notes what each module made."""

    def __init__(self):
        self.shapes, self.macs, self.bytes = {}, {}, {}

    def __call__(self, module, args, output):
        tensors, given = list(_tensors(output)), list(_tensors(args))
        if tensors:
            self.shapes[module] = list(tensors[0].shape)
        if next(module.children(), None) is None:
            held = {hash(each.untyped_storage()) for each in given}
            made = sum(each.numel() * each.element_size() for each in tensors
                       if hash(each.untyped_storage()) not in held)
            self.bytes[module] = self.bytes.get(module, 0) + made
        if tensors and given:
            self.macs[module] = self.macs.get(module, 0) + _macs(module, given[0], tensors[0])


def _tensors(value):
    """The tensors in an output or in arguments, at any depth."""
    if isinstance(value, minitorch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _tensors(each)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _macs(module, given, output):
    """Multiply-adds of one call of a layer; 0 for a kind that is not counted."""
    if isinstance(module, _TRANSPOSED):
        return given.numel() * module.out_channels // module.groups * math.prod(module.kernel_size)
    if isinstance(module, _CONVOLUTIONS):
        return output.numel() * module.in_channels // module.groups * math.prod(module.kernel_size)
    if isinstance(module, nn.Linear):
        return output.numel() * module.in_features
    return 0


def _row(name, module, watch):
    parameters = list(module.parameters())
    below = list(module.modules())
    return Row(name, type(module).__name__, name.count(".") + 1 if name else 0,
               watch.shapes.get(module), sum(each.numel() for each in parameters),
               sum(each.numel() for each in parameters if each.requires_grad),
               sum(watch.macs.get(each, 0) for each in below),
               sum(watch.bytes.get(each, 0) for each in below))


def peak_memory(run):
    """Bytes that the process took at most, beyond what it had, while it ran `run()`.

    Memory that was freed before and is taken again is not seen.

    Parameters
    ----------
    run : callable

    Returns
    -------
    int or None
        None on systems that cannot tell (all but Linux).
    """
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")     # forget the peak so far
        before = _status("VmRSS")
    except (OSError, LookupError):
        run()
        return None
    run()
    return max(0, _status("VmHWM") - before)


def _status(name):
    """A size in bytes out of ``/proc/self/status``."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    raise LookupError(name)
