"""The command: arguments in, tables out."""

import argparse
import contextlib
import pathlib
import subprocess
import sys
import tempfile

from bench import facts, report
from bench.contestants import available
from bench.plan import Plan
from bench.tables import TABLES
from bench.targets import RESNET, SIZES
from bench.team import environment

RIVALS = ("torch", "onnxruntime", "openvino")
QUICK_TABLES = ("resnet18", "small", "import")


def parse(arguments=None):
    """The command line as a namespace."""
    parser = argparse.ArgumentParser(
        prog="python tools/bench",
        description="Time minitorch against the libraries that are installed, in turn, each in a "
                    "process of its own, and print the tables as Markdown. All tables take about "
                    "twenty minutes. The status is 1 if a limit is not met.")
    parser.add_argument("--threads", type=int, default=2, help="threads of each (default 2)")
    parser.add_argument("--quick", action="store_true",
                        help=f"few rounds, and only the tables {', '.join(QUICK_TABLES)} unless "
                             "--tables says otherwise: a minute or two")
    parser.add_argument("--tables", nargs="+", choices=TABLES, metavar="TABLE",
                        help=f"which tables (default all): {', '.join(TABLES)}")
    parser.add_argument("--rows", nargs="+", choices=RESNET, metavar="ROW", default=list(RESNET),
                        help=f"which work on ResNet-18 (default all): {', '.join(RESNET)}")
    parser.add_argument("--sizes", nargs="+", type=size, metavar="NxPIXELS", default=list(SIZES),
                        help="which sizes of it (default all): "
                             + ", ".join(f"{n}x{pixels}" for n, pixels in SIZES))
    parser.add_argument("--against", nargs="*", choices=RIVALS, default=list(RIVALS),
                        metavar="LIBRARY", help=f"which others (default all): {', '.join(RIVALS)}")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="keep everything that was measured")
    options = parser.parse_args(arguments)
    if options.threads < 1:
        parser.error(f"--threads must be at least 1, got {options.threads}")
    options.tables = options.tables or (QUICK_TABLES if options.quick else tuple(TABLES))
    return options


def size(text):
    """``16x224`` as (16, 224)."""
    found = {f"{images}x{pixels}": (images, pixels) for images, pixels in SIZES}
    if text not in found:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(found)}")
    return found[text]


def write_weights(path):
    """Make the weights that all contestants load."""
    code = f"from bench.contestants.ours import make_weights; make_weights({str(path)!r})"
    subprocess.run([sys.executable, "-c", code], env=environment(1), check=True)


def main(arguments=None):
    """Run the tables; the status is 1 if a limit is not met."""
    options = parse(arguments)
    names = ["minitorch", *(name for name in options.against if available(name))]
    found = facts.gather(names, options.threads)
    tables = []
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        weights = pathlib.Path(folder) / "resnet18.npz"
        write_weights(weights)
        plan = Plan(names, str(weights), options.threads, options.quick, tuple(options.rows),
                    tuple(options.sizes), stack)
        print(report.heading(found), flush=True)
        for name in options.tables:
            tables.append(TABLES[name](plan))
            print(report.markdown(tables[-1]), flush=True)
    print(report.summary(tables))
    if options.json:
        options.json.write_text(report.as_json(found, tables), encoding="utf-8")
    return any(row.verdict == "NOT met" or row.problem for table in tables for row in table.rows)
