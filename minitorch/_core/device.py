"""The one device there is, under the name that PyTorch gives it."""

_OTHERS = frozenset(("cuda", "mps", "xpu", "meta", "hip", "xla", "vulkan", "mkldnn", "hpu"))


class device:
    """``device("cpu")``; any other device is refused.

    Raises
    ------
    RuntimeError
        For a device that minitorch does not have, or a string that is no device.
    """

    __slots__ = ("type", "index")

    def __init__(self, type, index=None):
        if isinstance(type, device):
            type, index = type.type, type.index if index is None else index
        if not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' must be str, not "
                            f"{type.__class__.__name__}")
        name, colon, number = type.partition(":")
        if colon:
            if index is not None:
                raise RuntimeError("type (string) must not include an index because index was "
                                   f"passed explicitly: {type}")
            if not number.isdigit():
                raise RuntimeError(f"Invalid device string: '{type}'")
            index = int(number)
        if name in _OTHERS:
            raise RuntimeError(f"minitorch computes on the CPU only: device '{type}' "
                               "is not available")
        if name != "cpu":
            raise RuntimeError("Expected one of cpu device type at start of device string: "
                               f"{name}")
        object.__setattr__(self, "type", "cpu")
        object.__setattr__(self, "index", index)

    def __setattr__(self, name, value):
        raise AttributeError(f"attribute '{name}' of 'torch.device' objects is not writable")

    def __eq__(self, other):
        return isinstance(other, device) and self.index == other.index

    def __hash__(self):
        return hash(("cpu", self.index))

    def __repr__(self):
        return "device(type='cpu')" if self.index is None else \
            f"device(type='cpu', index={self.index})"

    def __str__(self):
        return "cpu" if self.index is None else f"cpu:{self.index}"

    def __reduce__(self):
        return (device, (str(self),))

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        return None


CPU = device("cpu")


def check_device(value):
    """The device that an argument names; None is the CPU; others are refused."""
    if value is None or value is CPU:
        return CPU
    if isinstance(value, int) and not isinstance(value, bool):
        raise RuntimeError(f"minitorch computes on the CPU only: device 'cuda:{value}' "
                           "is not available")
    return device(value)
