"""When and what a run writes while it trains: best model, metrics, curves, checkpoint."""

import contextlib
import math
import time

from minitorch.training.checkpoint import save_checkpoint
from minitorch.training.files import write_bytes
from minitorch.training.history import history_csv
from minitorch.training.model_io import save_model
from minitorch.training.nurse import require_finite
from minitorch.training.report.curves import draw_curves
from minitorch.training.run.folder import BEST, CHECKPOINT, CURVES, METRICS, PREVIOUS
from minitorch.training.run.progress import described_best
from minitorch.training.weights import HEAD
from minitorch.utils.digest import sha256_of

__all__ = ["RunSaver"]

# On known features an epoch takes milliseconds, its files a tenth of a second: they wait for this
# many seconds, and for this many times the seconds that writing them took.
_SAVE_INTERVAL, _SAVE_SHARE = 2.0, 20


class RunSaver:
    """Writes the files of a run, in the order that `minitorch.training.run.folder` explains.

    Parameters
    ----------
    folder : RunFolder
    settings : FinetuneSettings
    title : str
        Of the curves.
    judged : minitorch.nn.Module
        What validates, and is saved as the best model.
    best_sha256 : str
        Digest of the best model that is in the folder; empty without one.
    **parts
        What `minitorch.training.checkpoint.checkpoint_of` takes, all but the digest.
    """

    def __init__(self, folder, settings, title, judged, best_sha256="", **parts):
        self._folder, self._settings, self._title = folder, settings, title
        self._judged, self._parts = judged, parts
        self._state, self._info = parts["state"], parts["info"]
        self._best_sha256 = best_sha256
        self._unsaved, self._best = False, None
        self.start_clock()

    def start_clock(self):
        """From now on the time to the next save counts."""
        self._saved_at, self._saving_took = time.monotonic(), 0.0

    def forget_best(self):
        """The best model so far is lost: the next validation is the best."""
        self._state.best, self._best_sha256 = None, ""

    # -- after an epoch ----------------------------------------------------------------------
    def remember_epoch(self, improved, only_head=False):
        """Keep what `save` needs of an epoch that is over, as training goes on changing it.

        Parameters
        ----------
        improved : bool
            Whether its validation was the best so far.
        only_head : bool
            Whether all but the head stays as it is until `save` or `complete_best`.
        """
        self._unsaved = True
        if improved:
            self._info.metrics = {"val_" + name: value for name, value in self._state.best.items()}
            self._best = self._weights(lambda name: not only_head or name.startswith(HEAD + "."))

    def complete_best(self):
        """Before the rest of the network trains too: keep it as it was beside the best head."""
        if self._best is not None:
            self._best = self._weights(lambda name: name not in self._best) | self._best

    def _weights(self, wanted):
        """Copies of those weights of the model that is judged whose name is `wanted`."""
        return {name: value.clone() for name, value in self._judged.state_dict().items()
                if wanted(name)}

    # -- when --------------------------------------------------------------------------------
    def save_after_epoch(self):
        """Save unless that was done a moment ago."""
        self._save_if_due(max(_SAVE_INTERVAL, _SAVE_SHARE * self._saving_took))

    def save_between_steps(self):
        """Save if the last time is ``--checkpoint-every`` minutes ago."""
        self._save_if_due(math.inf)

    def _save_if_due(self, wait):
        wait = min(wait, 60 * self._settings.checkpoint_every)
        if time.monotonic() - self._saved_at >= wait:
            self.save()

    # -- what --------------------------------------------------------------------------------
    def save(self):
        """Write the files of the run; the checkpoint last, as it vouches for the others."""
        began = time.monotonic()
        self._save_results()
        self.save_checkpoint()
        self._saved_at = time.monotonic()
        self._saving_took = self._saved_at - began

    def save_after_error(self):
        """Keep the completed epochs; what the error left of the one in progress is worth less."""
        if self._unsaved:
            self._save_results()
            if self._state.metrics.batches == 0:
                with contextlib.suppress(FloatingPointError):
                    self.save_checkpoint()

    def _save_results(self):
        if not self._unsaved:
            return
        self._unsaved = False
        folder, best, history = self._folder, self._state.best, self._state.history
        if self._best is not None:
            folder.keep_vouched()
            weights = self._parts["model"].state_dict() | self._best
            save_model(folder / BEST, weights, self._info)
            self._best, self._best_sha256 = None, sha256_of(folder / BEST)
        write_bytes(folder / METRICS, history_csv(history).encode())
        title = self._title
        if best is not None:
            title += (f": best validation {described_best(self._settings.metric, best, 1)} "
                      f"(epoch {best['epoch']})")
        draw_curves(history, title, folder / CURVES)

    def checkpoint_parts(self):
        """What `minitorch.training.checkpoint.checkpoint_of` takes of this run, by keyword."""
        return self._parts | {"best_sha256": self._best_sha256}

    def save_checkpoint(self):
        """Write ``last.ckpt``; FloatingPointError if the weights are worth nothing any more."""
        require_finite(self._parts["model"])
        save_checkpoint(self._folder / CHECKPOINT, **self.checkpoint_parts(),
                        keep=self._folder / PREVIOUS)
        self._folder.vouched()
