"""``minitorch selftest-resume``: shows that a killed run loses nothing."""

import contextlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from minitorch.cli._common import (
    DONE,
    FAILED,
    UsageError,
    add_machine_options,
    counted,
    message,
    number,
    result,
)

SUMMARY = "kill a small run again and again, and compare with one left alone"
DESCRIPTION = """
Train a small run from beginning to end, and the same run once more, killed (SIGKILL) at random
moments, half of them in the middle of writing a file, and resumed each time.  The weights, the
momentum, the history and all other bytes of best.safetensors and last.ckpt must be the same.

examples:
  minitorch selftest-resume
      the bundled digits, under a minute
  minitorch selftest-resume --data photos --train head --kills 20 --seed 7
  minitorch selftest-resume -- --aug standard --mixup 0.2 --ema 0.9 --sched cosine
      the same with these options of finetune
"""
EPILOG = """
exit codes: 0 the bytes are the same, 1 they differ, or a run failed, 2 wrong usage.
"""

_COMPARED = ("best.safetensors", "last.ckpt")


def add_parser(subparsers):
    """Add ``selftest-resume`` to the parser of the commands."""
    parser = subparsers.add_parser("selftest-resume", help=SUMMARY, description=DESCRIPTION,
                                   epilog=EPILOG)
    group = parser.add_argument_group("the run")
    group.add_argument("--data", metavar="DIR|digits", default="digits",
                       help="a folder as for finetune, trained from random weights; or some of "
                            "the bundled digits, in files (default: digits)")
    group.add_argument("--train", metavar="head|all|NAME,...", default="all",
                       help="as for finetune (default: all)")
    group.add_argument("--epochs", type=number(int, 1), metavar="N", default=3,
                       help="(default: 3)")
    group.add_argument("--image-size", type=number(int, 8, 4096), metavar="PIXELS", default=33,
                       help="(default: 33)")
    group.add_argument("options", nargs="*", metavar="-- OPTION", default=[],
                       help="whatever else finetune shall be given")
    group = parser.add_argument_group("the kills")
    group.add_argument("--kills", type=number(int, 1), metavar="N", default=8,
                       help="(default: 8)")
    group.add_argument("--seed", type=number(int, 0, 2 ** 63 - 1), metavar="N", default=0,
                       help="decides the run and the moments (default: 0)")
    group.add_argument("--keep", metavar="DIR",
                       help="leave both runs in this new folder (default: they are removed)")
    add_machine_options(parser.add_argument_group("machine"))


def run(args):
    """Run the test; return the exit code."""
    with contextlib.ExitStack() as stack:
        if args.keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="minitorch-")))
        else:
            folder = Path(args.keep)
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise UsageError(f"--keep {folder} exists already; a new folder is needed")
            folder.mkdir(parents=True, exist_ok=True)
        if args.data == "digits":
            args.data = str(folder / "digits")
            _write_digits(folder / "digits")
        return _compare(folder, args)


def _write_digits(folder, per_class=24):
    """The first digits of each class as files."""
    from minitorch.datasets import Digits
    counts = dict.fromkeys(range(10), 0)
    digits = Digits()
    for index in range(len(digits)):
        image, target = digits[index]
        if counts[target] < per_class:
            (folder / str(target)).mkdir(parents=True, exist_ok=True)
            image.save(folder / str(target) / f"{counts[target]:02}.png")
            counts[target] += 1


def _compare(folder, args):
    began = time.monotonic()
    whole, killed = folder / "untouched", folder / "killed"
    message("untouched run ...")
    child = _Child(whole, args)
    startup = child.wait_for(whole / "config.json")
    child.wait_to_end()
    training = time.monotonic() - child.began - startup
    message(f"untouched run: {training:.1f} s, after {startup:.1f} s to start")
    kills = _run_with_kills(killed, args, startup, training)
    same = True
    for name in _COMPARED:
        left, right = (whole / name).read_bytes(), (killed / name).read_bytes()
        same = same and left == right
        result(f"{name:17} {len(left):,} bytes: "
               f"{'the same' if left == right else 'DIFFERENT: ' + _difference(whole, killed)}")
    verdict = "ended as the untouched one, bit for bit" if same else "ended DIFFERENTLY"
    result(f"{'PASSED' if same else 'FAILED'}: the run that was killed {counted(kills, 'time')} "
           f"{verdict} ({time.monotonic() - began:.0f} s)")
    return DONE if same else FAILED


def _run_with_kills(output, args, startup, training):
    """Kill and resume until enough; return how often the run was killed."""
    chance = random.Random(f"{args.seed} moments")
    kills = 0
    while kills < args.kills:
        child = _Child(output, args)
        # Some come before the first file; the others are spread over the training that is left.
        moment = chance.random() * startup
        if kills % 4 != 0:
            moment = startup + chance.random() * 1.5 * training / args.kills
        writing = kills % 2 == 1
        died = child.kill_while_writing(moment, chance) if writing else child.kill_at(moment)
        if died is None:
            message("the run came to its end before the next kill")
            break
        kills += 1
        message(f"kill {kills}: {died}")
    _Child(output, args).wait_to_end()
    return kills


class _Child:
    """One process of the command ``finetune``; it goes on where the last one was killed."""

    def __init__(self, output, args):
        self.output, self.began = output, time.monotonic()
        command = [sys.executable, "-m", "minitorch", "finetune", "--output", str(output),
                   "--resume", "--data", args.data, "--train", args.train, "--epochs",
                   str(args.epochs), "--image-size", str(args.image_size), "--seed",
                   str(args.seed), "--weights", "none",
                   # Every second: more to be torn apart.
                   "--checkpoint-every", "0.015"]
        for name in ("workers", "threads"):
            if getattr(args, name) is not None:
                command += [f"--{name}", str(getattr(args, name))]
        command += args.options
        self.left = set(self._parts())      # by the one before
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log)

    def wait_for(self, path):
        """Wait until a file is there, or the process has ended; the seconds since its start."""
        try:
            while self.process.poll() is None and not path.exists():
                time.sleep(0.01)
        except BaseException:
            self._kill()
            raise
        return time.monotonic() - self.began

    def wait_to_end(self):
        """Let it finish; ValueError with its last words if it fails."""
        try:
            self.process.wait()
        except BaseException:
            self._kill()
            raise
        self._check()

    def kill_at(self, seconds):
        """Kill it after so many seconds; what it was doing, or None if it had finished."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self._kill()
        except BaseException:
            self._kill()
            raise
        return self._check()

    def kill_while_writing(self, seconds, chance):
        """The same, but wait on for the next file that it writes."""
        try:
            while self.process.poll() is None:
                late = time.monotonic() - self.began >= seconds
                if late and self._writing():
                    time.sleep(chance.random() * 0.05)
                    return self._kill()
                time.sleep(0.001)
        except BaseException:
            self._kill()
            raise
        return self._check()

    def _writing(self):
        """The name of the file that is half-written now, if any."""
        return next((name[1:].rsplit(".", 2)[0] for name in self._parts()
                     if name not in self.left), None)

    def _parts(self):
        with contextlib.suppress(OSError):
            return [path.name for path in self.output.iterdir() if path.name.endswith(".part")]
        return []

    def _kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
        with contextlib.suppress(OSError):
            names = sorted(path.name for path in self.output.iterdir()
                           if not path.name.startswith("."))
        half = self._writing()
        return (f"after {time.monotonic() - self.began:.2f} s, "
                + (f"in the middle of {half}; " if half else "")
                + f"left: {', '.join(names) if self.output.exists() and names else 'nothing'}")

    def _check(self):
        """None if it ended well."""
        self.log.seek(0)
        words = self.log.read().decode(errors="replace").strip()
        self.log.close()
        if self.process.returncode != 0:
            last = words.splitlines()[-1] if words else "no output"
            raise RuntimeError(f"the run ended with exit code {self.process.returncode}: {last}")
        return None


def _difference(whole, killed):
    """The first entry of the two checkpoints that is not the same."""
    import minitorch
    from minitorch.training import load_checkpoint
    left, right = load_checkpoint(whole / "last.ckpt"), load_checkpoint(killed / "last.ckpt")

    def walk(a, b, place):
        if isinstance(a, minitorch.Tensor):
            return None if minitorch.equal(a, b) else place
        if isinstance(a, dict) and isinstance(b, dict) and list(a) == list(b):
            return next(filter(None, (walk(a[key], b[key], f"{place}{key}/") for key in a)), None)
        return None if a == b else place

    place = walk(left, right, "")
    return f"first at {place[:-1]}" if place else "in the layout of the file only"
