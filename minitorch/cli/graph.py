"""``minitorch graph``: a picture of a network, as SVG or for graphviz."""

from pathlib import Path

from minitorch.cli._common import DONE, UsageError, counted, message, number, result
from minitorch.cli._network import add_network_options, open_network

SUMMARY = "draw a network as an SVG picture"
DESCRIPTION = """
Draw the modules of a network and what flows between them, shortcuts included, as an SVG picture
that any browser shows.

examples:
  minitorch graph resnet18
      writes resnet18.svg
  minitorch graph runs/cats/best.safetensors --depth 2 --output cats.svg
  minitorch graph resnet50 --autograd --output resnet50.dot
      the nodes of the backward pass and the parameters, for graphviz
"""
EPILOG = """
The name of the file goes to stdout.

exit codes: 0 done, 1 the job failed, 2 wrong usage, 130 interrupted by Ctrl-C, 143 by SIGTERM.
"""


def add_parser(subparsers):
    """Add ``graph`` to the parser of the commands."""
    parser = subparsers.add_parser("graph", help=SUMMARY, description=DESCRIPTION,
                                   epilog=EPILOG)
    add_network_options(parser)
    parser.add_argument("--output", metavar="FILE",
                        help="an .svg or .dot file (default: MODEL.svg in this folder); one that "
                             "is there is replaced")
    parser.add_argument("--depth", type=number(int, 1, 100), metavar="N",
                        help="how deep modules are opened: 1 stages, 2 blocks, 3 and more layers "
                             "(default: layers, or blocks where there are more than about 100)")
    parser.add_argument("--autograd", action="store_true",
                        help="the nodes of the backward pass and the parameters they lead to, "
                             "in place of modules")


def run(args):
    """Draw; return the exit code."""
    output = _output(args)
    if args.autograd and args.depth is not None:
        raise UsageError("--depth is about modules, and --autograd shows none: choose one")
    network = open_network(args.model, args.image_size)
    boxes, edges = _walk(network, args)
    text = _text(output.suffix.lower(), boxes, edges, network)
    from minitorch.training.files import write_bytes
    write_bytes(output, text.encode())
    for note in network.notes:
        message(f"note      {note}")
    message(f"{counted(len(boxes), 'box', 'boxes')}, {counted(len(edges), 'arrow')}")
    result(str(output))
    return DONE


def _output(args):
    if args.output == "":
        raise UsageError("--output is empty")
    output = Path(args.output or Path(args.model).with_suffix(".svg").name)
    if output.suffix.lower() not in (".svg", ".dot"):
        raise UsageError(f"--output {output} ends in {output.suffix or 'no suffix'!r}; .svg and "
                         ".dot are known")
    return output


def _walk(network, args):
    import minitorch
    inputs = minitorch.zeros(args.batch_size, 3, network.image_size, network.image_size)
    if not args.autograd:
        from minitorch.utils.module_graph import walk
        return walk(network.model, (inputs,), args.depth)
    from minitorch.autograd import _picture
    model = network.model.eval()
    params = dict(model.named_parameters())
    return _picture.walk([model(inputs)], params)


def _text(suffix, boxes, edges, network):
    from minitorch.autograd import _picture
    if suffix == ".dot":
        return _picture.to_dot(boxes, edges)
    return _picture.draw(boxes, edges, f"{network.name}, {network.image_size} pixels")
