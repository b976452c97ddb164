"""``torch.mps`` and ``torch.xpu``: accelerators that are not used."""

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed"]


def is_available():
    """False."""
    return False


def device_count():
    """0."""
    return 0


def manual_seed(seed):
    """Nothing."""


def empty_cache():
    """Nothing."""
