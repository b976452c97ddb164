"""``minitorch summary``: the layers of a network, with shapes, parameters and memory."""

import json

from minitorch.cli._common import DONE, number, result
from minitorch.cli._network import add_network_options, open_network

SUMMARY = "list the layers of a network, with shapes, parameters and memory"
DESCRIPTION = """
List the layers of a network: shapes of the outputs, parameters, which of them a run trained,
multiply-adds, and the memory that the outputs take.

examples:
  minitorch summary resnet50
  minitorch summary runs/cats/best.safetensors --depth 1
  minitorch summary resnet18-f37072fd.pth --image-size 128 --batch-size 32 --measure
"""
EPILOG = """
Multiply-adds are those of convolutions and linear layers in one forward pass of the whole batch.
The memory of a training step is estimated as weights, gradients and the outputs of all layers;
where layers are fused some of these are never stored, so --measure finds less. MB are 1,000,000
bytes.

--json prints one object: model, input, parameters, trainable, macs, parameter_bytes,
buffer_bytes, activation_bytes, training_bytes, layers [{name, kind, depth, output, parameters,
trainable, macs, activations}], and with --measure measured {inference, training} in bytes.

exit codes: 0 done, 1 the job failed, 2 wrong usage, 130 interrupted by Ctrl-C, 143 by SIGTERM.
"""


def add_parser(subparsers):
    """Add ``summary`` to the parser of the commands."""
    parser = subparsers.add_parser("summary", help=SUMMARY, description=DESCRIPTION,
                                   epilog=EPILOG)
    add_network_options(parser)
    parser.add_argument("--depth", type=number(int, 0, 100), default=3, metavar="N",
                        help="how deep the list goes: 0 the sum alone, 1 stages, 2 blocks, "
                             "3 layers, 4 those of shortcuts (default: 3; --json lists all)")
    parser.add_argument("--measure", action="store_true",
                        help="run the network once, and one training step, and tell the memory "
                             "that they took at most (Linux)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def run(args):
    """Summarise; return the exit code."""
    from minitorch.utils.summary import summary
    network = open_network(args.model, args.image_size)
    size = (args.batch_size, 3, network.image_size, network.image_size)
    found = summary(network.model, size)
    measured = _measure(network.model, size) if args.measure else None
    if args.json:
        values = {"model": network.name} | found.to_dict()
        result(json.dumps(values | ({} if measured is None else {"measured": measured})))
        return DONE
    for line in found.table(args.depth).splitlines():
        result(line)
    result()
    _print_totals(network, found, measured)
    return DONE


def _print_totals(network, found, measured):
    total, shape = found.total, " x ".join(map(str, found.input[0]))
    result(f"model          {network.name}" + "".join(f"; {note}" for note in network.notes))
    result(f"input          {shape}")
    result(f"parameters     {total.parameters:,}, {total.trainable:,} of them trained")
    result(f"multiply-adds  {total.macs / 1e9:.3f} G")
    result(f"weights        {_mb(found.parameter_bytes + found.buffer_bytes)}")
    result(f"outputs        {_mb(total.activations)} of all layers together")
    result(f"training       about {_mb(found.training_bytes)} for weights, gradients and outputs, "
           "without the optimizer")
    for what, size in (measured or {}).items():
        text = "cannot be measured on this system" if size is None else f"{_mb(size)} at most"
        result(f"measured       {what}: {text}, beside the weights")


def _mb(size):
    return f"{size / 1e6:,.1f} MB"


def _measure(model, size):
    """Bytes that a forward pass, and a training step, took at most; None where unknown."""
    import minitorch
    from minitorch.utils.summary import peak_memory

    def infer():
        model.eval()
        with minitorch.no_grad():
            model(minitorch.zeros(*size))

    def step():
        model.train(size[0] > 1)      # BatchNorm cannot train on one image at small sizes
        model(minitorch.zeros(*size)).sum().backward()

    return {"inference": peak_memory(infer), "training": peak_memory(step)}
