"""``torch.backends.cudnn``: switches that programs set, of a library that is not here."""

__all__ = ["allow_tf32", "benchmark", "deterministic", "enabled", "is_available", "version"]

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True


def is_available():
    """False."""
    return False


def version():
    """None."""
    return None
