"""``torch.backends.mkldnn``: not used."""

__all__ = ["is_available"]


def is_available():
    """False."""
    return False
