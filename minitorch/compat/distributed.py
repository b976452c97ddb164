"""``torch.distributed``: there is one process."""

__all__ = ["get_rank", "get_world_size", "init_process_group", "is_available", "is_initialized"]


def is_available():
    """False."""
    return False


def is_initialized():
    """False."""
    return False


def get_rank(group=None):
    """An error, as without an initialised process group."""
    raise ValueError("Default process group has not been initialized, please make sure to call "
                     "init_process_group.")


get_world_size = get_rank


def init_process_group(*args, **kwargs):
    """An error: minitorch computes in one process."""
    raise NotImplementedError("init_process_group(): minitorch computes in one process")
