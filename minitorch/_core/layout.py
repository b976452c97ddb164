"""Memory formats and the one layout, under PyTorch's names."""


class memory_format:
    """The order of a tensor's elements in memory."""

    __slots__ = ("name",)

    def __init__(self, name):
        object.__setattr__(self, "name", name)

    def __setattr__(self, name, value):
        raise AttributeError("memory formats are constants")

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return self.name

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


class layout(memory_format):
    """How elements are kept: `strided` only."""

    __slots__ = ()


contiguous_format = memory_format("contiguous_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
preserve_format = memory_format("preserve_format")
strided = layout("strided")


def check_memory_format(value, where):
    """TypeError unless `value` is a memory format."""
    if not isinstance(value, memory_format) or isinstance(value, layout):
        raise TypeError(f"{where}(): argument 'memory_format' must be torch.memory_format, "
                        f"not {type(value).__name__}")


def check_layout(value, where):
    """TypeError or RuntimeError unless `value` is None or `strided`."""
    if value is None or value is strided:
        return
    if not isinstance(value, layout):
        raise TypeError(f"{where}(): argument 'layout' must be torch.layout, "
                        f"not {type(value).__name__}")
