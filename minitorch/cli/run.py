"""``minitorch run``: a script written for PyTorch, run on minitorch."""

import errno
import os
import runpy
import sys
import traceback

from minitorch.cli._common import DONE, FAILED, UsageError, describe

SUMMARY = "run a script that imports torch, on minitorch"
DESCRIPTION = """
Run SCRIPT as Python would, with 'import torch' and 'import torchvision' meaning minitorch.
What minitorch has not fails where the script uses it, with its full name.

examples:
  minitorch run train.py --epochs 3
  minitorch run -m package.train --epochs 3
"""
EPILOG = """
All words after SCRIPT are the script's. 'minitorch lint SCRIPT' tells beforehand which names of
PyTorch would be missing.

exit codes: those of the script; 1 if it raises, 2 wrong usage.
"""


def add_parser(subparsers):
    """Add ``run`` to the parser of the commands."""
    parser = subparsers.add_parser("run", help=SUMMARY, description=DESCRIPTION, epilog=EPILOG,
                                   usage="minitorch run [-h] [-m] SCRIPT [ARGUMENT ...]")
    parser.add_argument("-m", action="store_true", dest="module",
                        help="SCRIPT is the name of a module, found as by 'python -m'")
    parser.add_argument("script", metavar="SCRIPT", help="the script")
    words = parser.add_argument("arguments", metavar="ARGUMENT", nargs="...",
                                help="what the script finds in sys.argv")
    words.required = False      # or argparse would name it as missing beside SCRIPT


def run(args):
    """Run the script; return the exit code."""
    from minitorch import compat
    if not args.module and not os.path.isfile(args.script):
        number = errno.EISDIR if os.path.isdir(args.script) else errno.ENOENT
        raise UsageError(describe(OSError(number, os.strerror(number), args.script)))
    compat.install()
    sys.argv = [args.script, *args.arguments]
    try:
        if args.module:
            sys.path.insert(0, os.getcwd())
            runpy.run_module(args.script, run_name="__main__", alter_sys=True)
        else:
            sys.path.insert(0, os.path.dirname(os.path.abspath(args.script)))
            runpy.run_path(args.script, run_name="__main__")
    except BrokenPipeError:
        raise
    except Exception as error:
        _print_traceback(error)
        return FAILED
    return DONE


def _print_traceback(error):
    """The traceback as Python would show it: without the frames that lead to the script."""
    frame = error.__traceback__
    own = (__file__, runpy.__file__, "<frozen runpy>")
    while frame is not None and frame.tb_frame.f_code.co_filename in own:
        frame = frame.tb_next
    traceback.print_exception(type(error), error, frame)
