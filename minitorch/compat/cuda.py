"""``torch.cuda`` on a machine without a GPU."""

from minitorch.compat import cuda_amp as amp

__all__ = ["amp", "current_device", "device_count", "empty_cache", "get_device_name",
           "init", "is_available", "is_bf16_supported", "is_initialized", "manual_seed",
           "manual_seed_all", "max_memory_allocated", "memory_allocated", "memory_reserved",
           "set_device", "synchronize"]


def _refuse(*args, **kwargs):
    raise AssertionError("Torch not compiled with CUDA enabled")


init = current_device = set_device = synchronize = get_device_name = _refuse


def is_available():
    """False."""
    return False


def is_bf16_supported(including_emulation=True):
    """False."""
    return False


def is_initialized():
    """False."""
    return False


def device_count():
    """0."""
    return 0


def manual_seed(seed):
    """Nothing, as in PyTorch: the seed waits for a GPU that does not come."""


manual_seed_all = manual_seed


def empty_cache():
    """Nothing: there is no cache."""


def memory_allocated(device=None):
    """0 bytes."""
    return 0


max_memory_allocated = memory_reserved = memory_allocated
