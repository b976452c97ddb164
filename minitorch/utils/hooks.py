"""PyTorch's place for the handles of hooks."""

from minitorch._hooks import RemovableHandle

__all__ = ["RemovableHandle", "unserializable_hook"]


def unserializable_hook(f):
    """Mark a hook as one that is knowingly lost when its tensor is pickled: no warning then."""
    f.__torch_unserializable__ = True
    return f
