"""How far a run has come: its best validation in words, and whether it is over."""

from minitorch.training.fit import score

__all__ = ["described_best", "frozen_epochs", "is_complete", "patience_since"]


def described_best(metric, best, digits):
    """The best validation in words: ``"accuracy 99.7 %"``, ``"F1 99.7 %"``, ``"loss 0.0123"``."""
    if metric == "loss":
        return f"loss {best['loss']:.4f}"
    name = "F1" if metric == "f1" else "accuracy"
    return f"{name} {100 * score(metric, best):.{digits}f} %"


def is_complete(settings, state):
    """Whether nothing is left to train: the epochs are over, or ``--early-stop`` ended the run."""
    since = patience_since(settings)
    return state.epoch >= settings.epochs or (
        state.epoch >= since and state.has_stalled(settings.early_stop, since))


def patience_since(settings):
    """The epochs up to which ``--early-stop`` does not count."""
    # What the head alone could not do is no reason to stop before the rest may try.
    return 0 if settings.unfreeze_at is None else frozen_epochs(settings)


def frozen_epochs(settings):
    """After how many epochs ``--unfreeze-at`` lets everything train."""
    return settings.epochs if settings.unfreeze_at is None else settings.unfreeze_at - 1
