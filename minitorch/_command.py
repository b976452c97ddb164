"""Started as the ``minitorch`` command, the process ends in one line, from its first import on.

Imports take a tenth of a second, in which Ctrl-C, or a variable of the environment that the
kernels refuse, would end in a traceback.  A program that imports minitorch is left alone.
"""

import os
import sys

__all__ = ["guard"]


def _is_command():
    """Whether pip's script or ``python -m minitorch`` brought us here."""
    name = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    if name == "-m":        # what stands there until the package is imported
        words = sys.orig_argv
        return any(flag.startswith("-") and flag.endswith("m") and word == "minitorch"
                   for flag, word in zip(words, words[1:], strict=False))
    return name in ("minitorch", "minitorch.exe")


def guard():
    """If this process is the command: end it quietly until `minitorch.cli.main` takes over."""
    if not _is_command():
        return
    import signal
    import threading
    sys.excepthook = _in_one_line
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _quit)
        signal.signal(signal.SIGTERM, _quit)


def _quit(number, _frame):
    """Nothing has been begun, so nothing is to be tidied up."""
    text = b"interrupted\n" if number == 2 else b"SIGTERM: stopped\n"
    try:
        os.write(2, text)
    finally:
        os._exit(128 + number)


def _in_one_line(kind, error, trace):
    if os.environ.get("MINITORCH_DEBUG", "0") not in ("", "0") or sys.stderr is None:
        sys.__excepthook__(kind, error, trace)
        return
    print(f"minitorch: error: {' '.join(str(error).split()) or kind.__name__}", file=sys.stderr)
