"""``torch.accelerator`` on a machine that has none."""

__all__ = ["current_accelerator", "current_device_idx", "current_device_index", "current_stream",
           "device_count", "empty_cache", "get_memory_info", "is_available",
           "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved",
           "reset_peak_memory_stats", "set_device_idx", "set_device_index", "synchronize"]


def is_available():
    """False."""
    return False


def current_accelerator(check_available=False):
    """None."""
    return None


def device_count():
    """0."""
    return 0


def _refuse(*args, **kwargs):
    raise RuntimeError("Cannot access accelerator device when none is available.")


current_device_idx = current_device_index = current_stream = empty_cache = _refuse
get_memory_info = max_memory_allocated = max_memory_reserved = memory_allocated = _refuse
memory_reserved = reset_peak_memory_stats = set_device_idx = set_device_index = _refuse
synchronize = _refuse
