"""``torch.backends.cuda``: not built."""

__all__ = ["is_built"]


def is_built():
    """False."""
    return False
