"""The ``minitorch`` command.

Each subcommand is a module with ``add_parser(subparsers)`` and ``run(args) -> int``.  Only the
one that is asked for is imported, so ``--help`` is quick.  Exit codes: 0 done, 1 the job failed,
2 wrong usage, 130 interrupted by Ctrl-C, 143 by SIGTERM.
"""

import argparse
import importlib
import signal
import sys
import threading
import warnings

from minitorch.cli._common import (
    FAILED,
    INTERRUPTED,
    TERMINATED,
    Parser,
    explain,
    message,
)

__all__ = ["main"]

COMMANDS = {
    "finetune": "train a pretrained ResNet on a folder of images",
    "predict": "classify images with a finetuned model",
    "evaluate": "measure a finetuned model on a folder of labelled images",
    "check": "look through a folder of images for what would spoil the training",
    "convert": "convert a file of weights, or show what is in it",
    "summary": "list the layers of a network, with shapes, parameters and memory",
    "graph": "draw a network as an SVG picture",
    "run": "run a script that imports torch, on minitorch",
    "lint": "list what a script for PyTorch uses that minitorch lacks",
    "selftest-resume": "kill a small run again and again, and compare with one left alone",
}


def main(argv=None):
    """Run a command; return its exit code.

    Parameters
    ----------
    argv : list of str, optional
        Arguments without the program's name; default ``sys.argv[1:]``.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        # A file name need not be text; it is shown escaped then, instead of ending the run.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    return _run(argv)


def _parse(argv):
    """The module of the command in `argv`, and its arguments."""
    if argv[:1] == ["help"]:
        argv = [*argv[1:2], "--help"]
    parser = Parser(prog="minitorch", description="A small deep-learning framework for CPUs: "
                    "finetune a ResNet, and use it.",
                    epilog="'minitorch COMMAND --help' tells all about a command;\n"
                           "'minitorch finetune' alone trains on the bundled digits, offline.")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    module = _add_commands(parser, argv)
    args = parser.parse_args(argv)
    if module is None:
        parser.error(f"a command is missing; choose from {', '.join(COMMANDS)}")
    return module, args


class _Version(argparse.Action):
    def __call__(self, parser, *_):
        import minitorch
        print(f"minitorch {minitorch.__version__}")
        parser.exit(0)


def _add_commands(parser, argv):
    """Add the subparsers; import and return the module of the command in `argv`, if any."""
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    wanted = next((word for word in argv if not word.startswith("-")), None)
    module = None
    for name, summary in COMMANDS.items():
        if name == wanted:
            module = importlib.import_module(f"minitorch.cli.{name.replace('-', '_')}")
            module.add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=summary, add_help=False)
    return module


class _Terminated(BaseException):
    """SIGTERM came where nobody handles it; on its way out half-written files are removed."""


def _run(argv):
    command, stop = "", _StopRaises()
    try:
        with stop, warnings.catch_warnings():
            # Pillow's remarks on readable files (odd EXIF tags, many pixels) name its own source.
            warnings.filterwarnings("ignore", module=r"PIL\.")
            module, args = _parse(argv)
            command = f" {args.command}"
            code = module.run(args)
            if sys.stdout is not None:
                sys.stdout.flush()
        return code
    except (KeyboardInterrupt, _Terminated) as signalled:
        return _stopped(signalled)
    except BrokenPipeError:
        # The reader of our output has gone (as in `| head`): nothing is wrong with the job.
        sys.stdout = None
        return FAILED
    except Exception as error:
        if stop.raised is not None:
            # An import or a callback made an error of its own of our exception.
            return _stopped(stop.raised)
        return explain(error, command)


def _stopped(signalled):
    """Say which signal ended the command; return the exit code."""
    # A second SIGTERM comes out of the training loop as a KeyboardInterrupt with its number.
    if isinstance(signalled, _Terminated) or signal.SIGTERM in signalled.args:
        message("SIGTERM: stopped")
        return TERMINATED
    message("interrupted")
    return INTERRUPTED


class _StopRaises:
    """Within, SIGTERM unwinds the stack as Ctrl-C does, instead of ending the process at once.

    Attributes
    ----------
    raised : BaseException or None
        What the last signal raised.
    """

    def __init__(self):
        self.raised = None
        self._before = {}

    def __enter__(self):
        # Python lets no other thread set handlers.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._raise)
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _raise(self, number, _frame):
        self.raised = KeyboardInterrupt() if number == signal.SIGINT else _Terminated()
        raise self.raised
