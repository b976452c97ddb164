"""What the commands share: the parser, messages, the progress bar, the reading of errors."""

import argparse
import contextlib
import os
import re
import sys

# Line breaks and what else commands a terminal; what of a file name is no text.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
DONE, FAILED, USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


class UsageError(Exception):
    """The command line asks for something that cannot be; the exit code is 2."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that takes no abbreviations and suggests the nearest name."""

    def __init__(self, **options):
        options.setdefault("formatter_class", Formatter)
        super().__init__(allow_abbrev=False, **options)

    def parse_args(self, args=None, namespace=None):
        args, extras = self.parse_known_args(args, namespace)
        if extras:
            self._command_parser(args).error_unknown(extras)
        return args

    def _command_parser(self, args):
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                return action.choices.get(getattr(args, "command", None), self)
        return self

    def error_unknown(self, extras):
        from minitorch.training.naming import did_you_mean
        flag = next((word for word in extras if word.startswith("-")), extras[0])
        flag = flag.split("=")[0]
        if not flag.startswith("-"):
            self.error(f"unexpected argument {flag!r}")
        self.error(f"there is no option {flag}{did_you_mean(flag, self._option_string_actions)}")

    def _check_value(self, action, value):
        if action.choices is None or value in action.choices:
            return
        from minitorch.training.naming import did_you_mean
        names = [str(choice) for choice in action.choices]
        what = "there is no command" if action.dest == "command" else "there is no"
        raise argparse.ArgumentError(
            None if action.dest == "command" else action,
            f"{what} {value!r}{did_you_mean(value, names)}; choose from {', '.join(names)}")

    def error(self, text):
        message(f"{self.prog}: error: {text}")
        what = "options" if " " in self.prog else "commands"
        message(f"{self.prog} --help lists all {what}.")
        raise SystemExit(USAGE)


class Formatter(argparse.HelpFormatter):
    """Keeps the line breaks of descriptions, which hold examples; wide enough for options."""

    def __init__(self, prog):
        super().__init__(prog, max_help_position=28, width=min(_columns(), 96))

    def _fill_text(self, text, width, indent):
        return "\n".join(indent + line for line in text.strip("\n").splitlines())


def _columns():
    import shutil
    return shutil.get_terminal_size().columns - 2


# -- argument types -------------------------------------------------------------------------
def number(kind, low=None, high=None, low_open=False, high_open=False):
    """A converter for argparse: an int or float within bounds."""
    def convert(text):
        try:
            value = kind(text)
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None
        below = low is not None and (value < low or (low_open and value == low))
        above = high is not None and (value > high or (high_open and value == high))
        if below or above or value != value:
            raise argparse.ArgumentTypeError(f"{text} is out of range ({_range()})")
        if value in (float("inf"), float("-inf")):
            raise argparse.ArgumentTypeError(f"{text} is not finite")
        return value

    def _range():
        parts = []
        if low is not None:
            parts.append(f"more than {low}" if low_open else f"at least {low}")
        if high is not None:
            parts.append(f"less than {high}" if high_open else f"at most {high}")
        return " and ".join(parts) or "finite"

    return convert


def add_machine_options(group):
    """``--threads`` and ``--workers``, which change the speed and not the result."""
    group.add_argument("--workers", type=number(int, 0, 64), metavar="N",
                       help="threads that read and decode images ahead; 0: none (default: 2)")
    group.add_argument("--threads", type=number(int, 1, 4096), metavar="N",
                       help="threads that compute, any to the same bits (default: one per core)")


def apply_threads(threads):
    """Set the number of computing threads, if one was given."""
    if threads is not None:
        import minitorch
        minitorch.set_num_threads(threads)


# -- messages ---------------------------------------------------------------------------------
def message(text=""):
    """A line for the person at the terminal: stderr.  If it cannot be written, the job goes on."""
    with contextlib.suppress(OSError):
        _above_bar(printable(text), sys.stderr)


def result(text=""):
    """A line that a program may read: stdout."""
    try:
        _above_bar(printable(text), sys.stdout)
    except OSError as error:
        error.filename = error.filename or "standard output"
        raise


def printable(text):
    """`text` as one line: a file name may hold line breaks and terminal commands."""
    return _CONTROL.sub(lambda found: repr(found.group())[1:-1], text)


def _above_bar(text, stream):
    if stream is None:      # closed before we started, as in `minitorch ... 2>&-`
        return
    if Progress.shown is not None:
        Progress.shown.clear()
    print(text, file=stream, flush=True)
    if Progress.shown is not None:
        Progress.shown.refresh()


def report_unreadable(problems):
    """A line on stderr for each file that could not be read since the last call."""
    for path, reason in problems.take():
        message(f"cannot read {path}: {reason}")


def is_terminal(stream):
    """Whether somebody looks at it."""
    return stream is not None and stream.isatty()


def counted(count, singular, plural=None):
    """``"1 image"``, ``"2 images"``."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"


def _bar_size():
    """tqdm's options for the terminal's width; some terminals report a size of zero."""
    try:
        columns, lines = os.get_terminal_size(sys.stderr.fileno())
    except (OSError, ValueError):
        columns = lines = 0
    return {"dynamic_ncols": True} if columns and lines else {"ncols": 90, "nrows": 24}


class Progress:
    """A progress bar on stderr, if that is a terminal; otherwise nothing.

    Parameters
    ----------
    title : str
    total : int
        Images in all.
    done : int
        How many of them are behind us; they do not count into the speed.
    """

    shown = None        # the bar on the screen, for messages to step aside

    def __init__(self, title, total, done=0):
        self.bar = None
        if is_terminal(sys.stderr):
            from tqdm import tqdm
            self.bar = tqdm(total=total, initial=done, desc=title, unit=" images",
                            file=sys.stderr, leave=False, mininterval=0.1, **_bar_size(),
                            bar_format="{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} "
                                       "{rate_noinv_fmt}, {remaining} left{postfix}")
            Progress.shown = self.bar

    def update(self, images, **numbers):
        """Set the number of images done so far, and the numbers beside the bar."""
        if self.bar is not None:
            self.bar.set_postfix(numbers, refresh=False)
            self.bar.update(images - self.bar.n)

    def close(self):
        if self.bar is not None:
            self.bar.close()
        Progress.shown = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# -- errors -----------------------------------------------------------------------------------
def explain(error, command):
    """Print one line for an exception of a command, and return the exit code.

    `command` is empty or starts with a blank.
    """
    if os.environ.get("MINITORCH_DEBUG", "0") not in ("", "0"):
        import traceback
        traceback.print_exc()
    message(f"minitorch{command}: error: {describe(error)}")
    return USAGE if isinstance(error, UsageError) else FAILED


def _file_meant(error):
    """A hint at the file beside a missing one, or at the model in a folder; perhaps empty."""
    from minitorch.training.naming import nearest
    if not isinstance(error.filename, str):
        return ""
    meant = None
    if isinstance(error, IsADirectoryError):
        model = os.path.join(error.filename, "best.safetensors")
        meant = model if os.path.isfile(model) else None
    elif isinstance(error, FileNotFoundError):
        folder, name = os.path.split(error.filename)
        with contextlib.suppress(OSError):
            found = nearest(name, os.listdir(folder or "."))
            meant = found and os.path.join(folder, found)
    return f" (did you mean {meant!r}?)" if meant else ""


def describe(error):
    """An exception as one line for a person."""
    from minitorch.serialization import CheckpointError
    from minitorch.training.errors import CheckpointMismatch, DataError, RunIsHeld, WeightsError
    if isinstance(error, OSError) and error.strerror:
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        return ": ".join([*names, error.strerror]) + _file_meant(error)
    text = " ".join(str(error).split())
    meant_for_people = (UsageError, CheckpointError, CheckpointMismatch, DataError, WeightsError,
                        RunIsHeld, FloatingPointError, OSError)
    if isinstance(error, meant_for_people) and text:
        return text
    if isinstance(error, MemoryError):
        return "out of memory; a smaller --batch-size or --image-size needs less"
    return (f"{type(error).__name__}: {text} "
            "(MINITORCH_DEBUG=1 in the environment shows where)").replace(":  (", " (")
