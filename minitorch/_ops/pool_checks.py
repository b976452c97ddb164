"""Arguments of pooling: options as one number a dimension, sizes of the result, refusals.

The texts are PyTorch's, which differ between the functions.
"""

from functools import reduce
from operator import index

import numpy as np

__all__ = ["adaptive_sizes", "check_adaptive_input", "one", "window", "window_counts"]

_COUNTS = {2: "two", 3: "three"}
_POSITIONS = {"kernel_size": 2, "stride": 3, "padding": 4, "dilation": 5, "output_size": 2}


def _whole(value):
    if isinstance(value, bool):
        return False
    try:
        index(value)
    except TypeError:
        return False
    return True


def numbers_of(value, name, where):
    """One number or several as a tuple; TypeError for anything else."""
    place = f"{where}(): argument '{name}' (position {_POSITIONS[name]}) must be tuple of ints"
    if not isinstance(value, (tuple, list)):
        if not _whole(value):
            raise TypeError(f"{place}, not {type(value).__name__}")
        return (value,)
    for position, number in enumerate(value):
        if not _whole(number):
            raise TypeError(
                f"{place}, but found element of type {type(number).__name__} at pos {position}"
            )
    return tuple(value)


def one(value, name, where):
    """The option of a signal, given as a number or a sequence of one."""
    found = numbers_of(value, name, where)
    if len(found) != 1:
        raise RuntimeError(f"{where}() argument '{name}' should contain one int (got {len(found)})")
    return found[0]


def _option(value, name, n, where):
    found = numbers_of(value, name, where)
    if len(found) == 1:
        return found * n
    if len(found) != n:
        must = "must either be" if where != "avg_pool3d" else "must be"
        must = "must be either" if name == "dilation" else must
        omitted = "omitted, " if name == "stride" else ""
        raise RuntimeError(
            f"{where}: {name} {must} {omitted}a single int, or a tuple of {_COUNTS[n]} ints"
        )
    return found


def _out_size(size, kernel, stride, padding, dilation, ceil_mode):
    """Windows along an axis; in ceil mode the last one must start inside the left padding."""
    if stride == 0:
        raise RuntimeError("stride should not be zero")
    if padding < 0:
        raise RuntimeError(f"pad must be non-negative, but got pad: {padding}")
    # rounded towards zero, as C++ does: a kernel below one is refused by its own name
    if padding > int(((kernel - 1) * dilation + 1) / 2):
        raise RuntimeError(
            "pad should be at most half of effective kernel size, but got "
            f"pad={padding}, kernel_size={kernel} and dilation={dilation}"
        )
    free = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (free + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    return count


def _named(names, values):
    return " ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))


def _check_positive(kernel, stride, dilation):
    axes = "THW"[-len(kernel) :]
    for text, letter, values in (
        ("kernel size", "k", kernel),
        ("stride", "d", stride),
        ("dilation", "dilation", dilation),
    ):
        if min(values) <= 0:
            found = _named([letter + axis for axis in axes], values)
            raise RuntimeError(f"{text} should be greater than zero, but got {found}")


def _check_half(kernel, padding):
    if all(p <= k // 2 for k, p in zip(kernel, padding, strict=True)):
        return
    if len(kernel) == 2:
        found = f"padW = {padding[1]}, padH = {padding[0]}, kW = {kernel[1]}, kH = {kernel[0]}"
    else:
        found = _named(
            ("kT", "kW", "kH", "padT", "padW", "padH"),
            (kernel[0], kernel[2], kernel[1], padding[0], padding[2], padding[1]),
        )
    raise RuntimeError(
        f"pad should be smaller than or equal to half of kernel size, but got {found}"
    )


def _check_rank(shape, n, where):
    if len(shape) in (n + 1, n + 2):
        return
    if where == "avg_pool2d":
        if len(shape) < 3:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{len(shape)}, "
                f"{len(shape) - 1}], but got -3)"
            )
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{list(shape)}"
        )
    raise RuntimeError(f"non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input")


def _check_not_empty(shape, n, where):
    if all(shape[1 if len(shape) == n + 2 else 0 :]):
        return
    if n == 2:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{list(shape)}"
        )
    name = "max_pool3d_with_indices_out_cpu_template" if where == "max_pool3d" else where
    raise RuntimeError(
        f"{name}(): Expected input's non-batch dimensions to have positive length, but input has "
        f"a shape of {list(shape)} and non-batch dimension 0 has length zero!"
    )


def window(where, n, shape, kernel, stride, padding, dilation, ceil_mode):
    """(kernel, stride, padding, dilation, sizes of the result), `n` numbers each."""
    kernel = _option(kernel, "kernel_size", n, where)
    omitted = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    stride = kernel if omitted else _option(stride, "stride", n, where)
    padding = _option(padding, "padding", n, where)
    dilation = _option(dilation, "dilation", n, where)
    _check_rank(shape, n, where)
    space = shape[-n:]
    out = tuple(
        _out_size(*row, ceil_mode)
        for row in zip(space, kernel, stride, padding, dilation, strict=True)
    )
    _check_positive(kernel, stride, dilation)
    _check_not_empty(shape, n, where)
    if where == "avg_pool3d" and any(a < k for a, k in zip(space, kernel, strict=True)):
        raise RuntimeError(
            f"input image ({_named('THW', space)}) smaller than kernel size "
            f"({_named(('kT', 'kH', 'kW'), kernel)})"
        )
    _check_half(kernel, padding)
    if min(out) < 1:
        channels = shape[-n - 1]
        given, made = ("x".join(map(str, (channels, *sizes))) for sizes in (space, out))
        raise RuntimeError(
            f"Given input size: ({given}). Calculated output size: ({made}). Output size is too "
            "small"
        )
    return kernel, stride, padding, dilation, out


def window_counts(space, out, kernel, stride, padding, include_pad):
    """The number of entries of each window of an average, as an array of doubles."""
    axes = []
    for size, windows, k, s, p in zip(space, out, kernel, stride, padding, strict=True):
        first = np.arange(windows, dtype="float64") * s - p
        last = np.minimum(first + k, size + p)
        inside = np.minimum(last, size) - np.maximum(first, 0)
        axes.append(last - first if include_pad else inside)
    return reduce(np.multiply.outer, axes)


def check_adaptive_input(where, n, shape):
    """Check rank and sizes of the input of adaptive pooling over `n` dimensions."""
    average = where.startswith("adaptive_avg")
    if len(shape) not in (n + 1, n + 2):
        colon = "" if average else ":"
        raise RuntimeError(
            f"{where}(): Expected {n + 1}D or {n + 2}D tensor, but got{colon} {list(shape)}"
        )
    # the channels of images may be none for an average
    first = len(shape) - n if average and n == 2 else 1
    for dim in range(first, len(shape)):
        if shape[dim] == 0:
            raise RuntimeError(
                f"{where}(): Expected input to have non-zero size for non-batch dimensions, but "
                f"input has sizes {list(shape)} with dimension {dim} being empty"
            )


def adaptive_sizes(where, n, shape, output_size):
    """The sizes of the result of adaptive pooling; None keeps the input's."""
    average = where.startswith("adaptive_avg")
    if isinstance(output_size, (tuple, list)):
        if len(shape) <= len(output_size):
            raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
        have = shape[len(shape) - len(output_size) :]
        sizes = [h if want is None else want for h, want in zip(have, output_size, strict=True)]
        sizes = numbers_of(sizes, "output_size", where)
    elif _whole(output_size):
        sizes = (output_size,) * n
    else:
        raise TypeError(f"object of type '{type(output_size).__name__}' has no len()")
    if len(sizes) != n:
        raise RuntimeError(
            f"{where}: output_size must be {n}"
            if average
            else f"{where}(): internal error: output_size.size() must be {n}"
        )
    if min(sizes) < 0 and average:
        found = ", ".join(map(str, sizes[:2])) + "".join(f",{size}" for size in sizes[2:])
        raise RuntimeError(
            f"{where}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{found}}}"
        )
    check_adaptive_input(where, n, shape)
    if min(sizes) < 0:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(sizes)}: "
            f"{[*shape[: len(shape) - n], *sizes]}"
        )
    return sizes
