"""Errors whose message is meant for the person who started the run."""

__all__ = ["DataError", "WeightsError", "CheckpointMismatch", "RunIsHeld"]


class DataError(ValueError):
    """The images cannot be trained on or evaluated: missing, too few, not matching."""


class WeightsError(ValueError):
    """The file of weights is missing, or is not of the network that was asked for."""


class CheckpointMismatch(ValueError):
    """A run cannot be continued, because what it stood on has changed."""


class RunIsHeld(RuntimeError):
    """Another process is writing into the folder of the run."""
