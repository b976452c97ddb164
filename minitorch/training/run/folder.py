"""The folder of a run, and what in it vouches for what.

A run may be killed between any two instructions.  Each file is written whole or not at all; this
is the order in which they are written, and why a killed run, resumed, ends with the same bytes:

1. ``best.safetensors``, if the epoch was the best so far.  The one that the checkpoint vouches
   for stays beside it, hidden, until step 3.
2. ``metrics.csv`` and ``curves.png``.
3. ``last.ckpt``, with the digest of ``best.safetensors``.  The one before it becomes
   ``previous.ckpt``, to fall back on if the disk damages the new one.

What is newer than the checkpoint is done again after a resume, in the same way; so a best model
that it does not vouch for gives way to the hidden one.
"""

import contextlib
import os
import weakref
from pathlib import Path

from minitorch.serialization import CheckpointError
from minitorch.training.checkpoint import load_checkpoint
from minitorch.training.errors import CheckpointMismatch, RunIsHeld
from minitorch.training.files import leftovers
from minitorch.utils.digest import sha256_of

__all__ = ["RunFolder", "RUN_FILES"]

CONFIG, CHECKPOINT, BEST = "config.json", "last.ckpt", "best.safetensors"
METRICS, CURVES, REPORT, PREVIOUS = "metrics.csv", "curves.png", "report.html", "previous.ckpt"
RUN_FILES = (CONFIG, CHECKPOINT, BEST, METRICS, CURVES, REPORT, PREVIOUS)
_VOUCHED = f".{BEST}.vouched"


class RunFolder:
    """The files of one run.

    Parameters
    ----------
    path : str or os.PathLike
        Need not exist.

    Attributes
    ----------
    notes : list of str
        What was found damaged, and what became of it.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.notes = []
        self._promote = False
        self._release = None

    def __truediv__(self, name):
        return self.path / name

    def hold(self):
        """Keep other processes from writing here, until `release` or the end of this one.

        Raises
        ------
        RunIsHeld
            Another process is at work in this folder.
        """
        if self._release is not None or not self.path.is_dir():
            return
        try:
            import fcntl
        except ImportError:         # no such locks on this system
            return
        handle = os.open(self.path, os.O_RDONLY)
        self._release = weakref.finalize(self, os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise RunIsHeld(f"another process is training in {self.path}; wait for it, or stop "
                            "it (it saves when it is sent SIGTERM)") from None
        except OSError:
            pass        # a file system without locks

    def release(self):
        """Let others write here."""
        if self._release is not None:
            self._release()
            self._release = None

    # -- what is there ---------------------------------------------------------------------
    def holds_only_leftovers(self):
        """Whether nothing but what a killed run was writing is in the folder."""
        return not self.path.exists() or set(self.path.iterdir()) <= set(self._leftovers())

    def _leftovers(self):
        return [*leftovers(self.path, (*RUN_FILES, _VOUCHED)), self / _VOUCHED]

    def load(self):
        """The last good checkpoint, or None before the first.

        Raises
        ------
        CheckpointMismatch
            The file is no checkpoint of a run, or all that there was is damaged.
        OSError
            It may not be read.
        """
        try:
            return load_checkpoint(self / CHECKPOINT)
        except FileNotFoundError:
            damage = None
        except CheckpointError as error:
            damage = error.reason
        try:
            values = load_checkpoint(self / PREVIOUS)
        except (FileNotFoundError, CheckpointError):
            if damage is None:
                return None
            if self._is_complete():
                raise CheckpointMismatch(
                    f"{self / CHECKPOINT} is damaged ({damage}) and there is no earlier one; the "
                    f"run was complete: its model is {self / BEST}") from None
            self.notes.append(f"{CHECKPOINT} is damaged ({damage}), and it was the first of this "
                              "run: the run starts over")
            return None
        if damage is not None:
            self.notes.append(f"{CHECKPOINT} is damaged ({damage}): going on from {PREVIOUS}, "
                              "the one before it")
        self._promote = True
        return values

    def _is_complete(self):
        """Whether metrics.csv holds all epochs, as it does once `finish` was near."""
        import json
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            epochs = json.loads((self / CONFIG).read_text())["epochs"]
            return f"\n{epochs},val," in (self / METRICS).read_text()
        return False

    # -- going on --------------------------------------------------------------------------
    def settle(self, checkpoint):
        """Make the folder agree with the checkpoint that the run goes on from.

        Parameters
        ----------
        checkpoint : dict or None
            From `load`.

        Returns
        -------
        bool
            False if the best model so far is lost.
        """
        if self._promote:
            os.replace(self / PREVIOUS, self / CHECKPOINT)
            self._promote = False
        kept = True
        if checkpoint is not None:
            kept = self._settle_best(checkpoint["best_sha256"], checkpoint["training"]["epoch"])
        self.clean()
        return kept

    def _settle_best(self, wanted, epoch):
        if not wanted:
            return True
        for name in (BEST, _VOUCHED):
            with contextlib.suppress(OSError):
                if sha256_of(self / name) == wanted:
                    if name != BEST:
                        os.replace(self / name, self / BEST)
                    return True
        if self._epoch_of_best() > epoch:
            return True         # newer than an earlier checkpoint: its epoch comes again
        self.notes.append(f"{BEST} is missing or not the one that the checkpoint vouches for: the "
                          "best model is chosen among the epochs to come")
        return False

    def _epoch_of_best(self):
        import json

        from minitorch.serialization.safetensors import load_metadata
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, CheckpointError):
            return int(json.loads(load_metadata(self / BEST)["metrics"])["val_epoch"])
        return 0

    def clean(self):
        """Remove what a killed run was writing."""
        for path in self._leftovers():
            path.unlink(missing_ok=True)

    def clear(self):
        """Remove the files of the run that was here."""
        self.clean()
        for name in RUN_FILES:
            (self / name).unlink(missing_ok=True)

    # -- writing ---------------------------------------------------------------------------
    def keep_vouched(self):
        """Before ``best.safetensors`` is replaced: the checkpoint still vouches for this one."""
        from minitorch.serialization.atomic import keep_aside
        if (self / BEST).exists() and (self / CHECKPOINT).exists() \
                and not (self / _VOUCHED).exists():
            keep_aside(self / BEST, self / _VOUCHED)

    def vouched(self):
        """After the checkpoint: it vouches for the new one now."""
        (self / _VOUCHED).unlink(missing_ok=True)

    def finish(self):
        """The run is complete: no later write can damage ``last.ckpt``."""
        (self / PREVIOUS).unlink(missing_ok=True)
