"""Sliding blocks of images: arguments, refusals, and the copying itself on arrays of numpy."""

from operator import index

import numpy as np

__all__ = ["add_blocks", "fold_options", "read_blocks", "unfold_options"]


def _pair(value, name):
    numbers = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    for number in numbers:
        try:
            index(number)
        except TypeError:
            raise TypeError(
                f"argument '{name}' must be tuple of ints, but found element of type "
                f"{type(number).__name__}"
            ) from None
    return numbers * 2 if len(numbers) == 1 else numbers


def _options(kernel, dilation, padding, stride, **more):
    """Return the options as pairs, checked."""
    given = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "stride": stride}
    pairs = {name: _pair(value, name) for name, value in (more | given).items()}
    for name, pair in pairs.items():
        if len(pair) != 2:
            raise RuntimeError(f"It is expected {name} equals to 2, but got size {len(pair)}")
    words = {"kernel_size": "kernel", "dilation": "dilation", "padding": "pad", "stride": "stride"}
    for name, least in (("kernel_size", 1), ("dilation", 1), ("padding", 0), ("stride", 1)):
        if min(pairs[name]) < least:
            must = "greater than zero" if least else "non-negative"
            rows, columns = pairs[name]
            raise RuntimeError(
                f"{name.replace('_', ' ')} should be {must}, but got {words[name]}_height: {rows} "
                f"{words[name]}_width: {columns}"
            )
    return pairs


def _blocks(size, kernel_size, dilation, padding, stride):
    """Return the numbers of blocks along both axes."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel_size, dilation, padding, stride, strict=True)
    )


def _text(pairs):
    return ", ".join(f"{name}={pair}" for name, pair in pairs.items())


def unfold_options(shape, kernel_size, dilation, padding, stride):
    """(kernel, dilation, padding, stride, numbers of blocks) for an input of `shape`."""
    pairs = _options(kernel_size, dilation, padding, stride)
    if len(shape) < 3:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [-{len(shape)}, "
            f"{len(shape) - 1}], but got {len(shape)})"
        )
    if len(shape) > 4 or not all(shape[len(shape) - 3 :]):
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(shape)}"
        )
    blocks = _blocks(shape[-2:], **pairs)
    if min(blocks) < 1:
        named = _text({name: pairs[name] for name in ("kernel_size", "dilation", "padding")})
        raise RuntimeError(
            f"Given input with spatial size {tuple(shape[-2:])}, {named}, calculated shape of the "
            f"array of sliding blocks as {blocks}, but its components must be at least one."
        )
    return (*pairs.values(), blocks)


def fold_options(shape, output_size, kernel_size, dilation, padding, stride):
    """(kernel, dilation, padding, stride, numbers of blocks, output size) for blocks of `shape`."""
    pairs = _options(kernel_size, dilation, padding, stride, output_size=output_size)
    if len(shape) not in (2, 3) or not all(shape[len(shape) - 2 :]):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {list(shape)}"
        )
    size = pairs.pop("output_size")
    columns, length = shape[-2:]
    if columns % (pairs["kernel_size"][0] * pairs["kernel_size"][1]):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={columns} and kernel_size={pairs['kernel_size']}."
        )
    blocks = _blocks(size, **pairs)
    named = f"Given output_size={size}, {_text(pairs)}, "
    if length != blocks[0] * blocks[1]:
        raise RuntimeError(
            f"{named}expected size of input's dimension 2 to match the calculated number of "
            f"sliding blocks {blocks[0]} * {blocks[1]} = {blocks[0] * blocks[1]}, but got "
            f"input.size(2)={length}."
        )
    if min(size) < 1:
        raise RuntimeError(
            f"Expected output spatial size to be positive, but got: output_size={size}."
        )
    return (*pairs.values(), blocks, size)


def _places(kernel, dilation, stride, blocks):
    """Yield each tap of the kernel with the pixels of the padded image that it is laid on."""
    for tap in np.ndindex(*kernel):
        yield tap, tuple(
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, s, n in zip(tap, dilation, stride, blocks, strict=True)
        )


def read_blocks(image, kernel, dilation, padding, stride, blocks):
    """(..., C, H, W) to (..., C kH kW, blocks)."""
    lead, channels = image.shape[:-3], image.shape[-3]
    rows, columns = padding
    border = [(0, 0)] * (image.ndim - 2)
    image = np.pad(image, [*border, (rows, rows), (columns, columns)])
    result = np.empty((*lead, channels, *kernel, *blocks), image.dtype)
    for (row, column), place in _places(kernel, dilation, stride, blocks):
        result[..., row, column, :, :] = image[(..., *place)]
    return result.reshape(*lead, channels * kernel[0] * kernel[1], blocks[0] * blocks[1])


def add_blocks(columns, kernel, dilation, padding, stride, blocks, size):
    """The transpose: (..., C kH kW, blocks) to (..., C, *size), overlapping blocks added."""
    lead = columns.shape[:-2]
    channels = columns.shape[-2] // (kernel[0] * kernel[1])
    columns = columns.reshape(*lead, channels, *kernel, *blocks)
    padded = [n + 2 * p for n, p in zip(size, padding, strict=True)]
    image = np.zeros((*lead, channels, *padded), columns.dtype)
    for (row, column), place in _places(kernel, dilation, stride, blocks):
        image[(..., *place)] += columns[..., row, column, :, :]
    kept = tuple(slice(p, p + n) for p, n in zip(padding, size, strict=True))
    return np.ascontiguousarray(image[(..., *kept)])
