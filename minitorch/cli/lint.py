"""``minitorch lint``: which names of PyTorch a script uses that minitorch has not."""

import json
import tokenize

from minitorch.cli._common import DONE, FAILED, UsageError, counted, message, result

SUMMARY = "list what a script for PyTorch uses that minitorch lacks"
DESCRIPTION = """
Read each SCRIPT, without running it, and list by line the names of torch and torchvision that
minitorch has not, each with the nearest name it has.

examples:
  minitorch lint train.py
  minitorch lint models/*.py --json
"""
EPILOG = """
Names are followed through imports and attributes, not through variables. Imports within
'try: ... except ImportError' are the script's own affair and not listed.

exit codes: 0 nothing is missing, 1 something is or a file cannot be read, 2 wrong usage.
"""


def add_parser(subparsers):
    """Add ``lint`` to the parser of the commands."""
    parser = subparsers.add_parser("lint", help=SUMMARY, description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("scripts", metavar="SCRIPT", nargs="+", help="a Python file")
    parser.add_argument("--json", action="store_true", help="one JSON list instead of lines")


def run(args):
    """List the missing names; return the exit code."""
    from minitorch import compat
    found = []
    for path in args.scripts:
        with tokenize.open(path) as file:
            text = file.read()
        try:
            findings = compat.lint(text, path)
        except SyntaxError as error:
            raise UsageError(f"{path}:{error.lineno}: {error.msg}") from None
        found += [(path, finding) for finding in findings]
    if args.json:
        result(json.dumps([{"file": path, "line": finding.line, "name": finding.name,
                            "text": finding.text} for path, finding in found]))
    else:
        for path, finding in found:
            result(f"{path}:{finding.line}: {finding.text}")
        message(f"{counted(len(found), 'missing name')} in {counted(len(args.scripts), 'file')}")
    return FAILED if found else DONE
