"""Small questions about tensors, and names that a library without complex numbers keeps."""

from minitorch._ops.rule import tensor_arg

__all__ = ["conj", "conj_physical", "dim_order", "get_device", "is_conj", "is_inference",
           "is_neg", "is_nonzero", "is_same_size", "is_signed", "pin_memory", "real",
           "resolve_conj", "resolve_neg"]


def is_nonzero(input):
    """Whether the one element is not 0.

    Raises
    ------
    RuntimeError
        For any other number of elements.
    """
    if input.numel() == 0:
        raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
    if input.numel() > 1:
        raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
    return bool(input.item())


def is_signed(input):
    """True for dtypes with negative values."""
    return tensor_arg(input, "is_signed", "input").is_signed()


def is_same_size(input, other):
    """True if both tensors have the same shape."""
    return input.shape == other.shape


def is_inference(input):
    """True for a tensor made in inference mode."""
    return tensor_arg(input, "is_inference", "input").is_inference()


def get_device(input):
    """The number of the tensor's device: -1, the CPU."""
    tensor_arg(input, "get_device", "input")
    return -1


def is_conj(input):
    """Always False: there are no complex numbers."""
    return False


def is_neg(input):
    """Always False: no view is negated lazily."""
    return False


def conj(input):
    """The tensor itself: its numbers are real."""
    return input


def conj_physical(input, *, out=None):
    """The numbers themselves, or a copy in `out`: they are real."""
    return input if out is None else out.copy_(input)


def resolve_conj(input):
    """The tensor itself: its numbers are real."""
    return input


def resolve_neg(input):
    """The tensor itself: no view is negated lazily."""
    return input


def real(input):
    """The tensor itself: its numbers are real."""
    return input


def imag(input):
    """Refused: the numbers are real."""
    raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")


def pin_memory(input, device=None):
    """Refused: there is no device to pin memory for."""
    raise RuntimeError("pin_memory(): minitorch computes on the CPU only: there is no device to "
                       "pin memory for")


def dim_order(input, *, ambiguity_check=False):
    """The axes from the outermost in memory to the innermost.

    Parameters
    ----------
    ambiguity_check : bool or list of memory_format
        Raise if the strides fit more than one order (of the given memory formats).
    """
    if ambiguity_check is not False:
        raise NotImplementedError("dim_order(): argument 'ambiguity_check' is not supported")
    strides = input.stride()
    return tuple(sorted(range(input.dim()), key=lambda axis: -strides[axis]))
