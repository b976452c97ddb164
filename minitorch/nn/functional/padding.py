"""pad: borders of a constant, of reflections, of the edge, or of the other side."""

from minitorch._ops.creation import tensor as make_tensor

__all__ = ["pad"]

_MODES = ("constant", "reflect", "replicate", "circular")


def pad(input, pad, mode="constant", value=None):
    """Put borders around the last dimensions.

    Parameters
    ----------
    input : Tensor
        Any shape; for the modes other than "constant" the padded dimensions come after one or
        two leading ones, at most three of them.
    pad : sequence of int
        (before, after) of the last dimension, then of the last but one, and so on. Negative
        numbers cut off.
    mode : {"constant", "reflect", "replicate", "circular"}
        Constant `value`; mirrored without the edge; the edge; the opposite side.
    value : float, optional
        For "constant" only; 0 if left out.

    Returns
    -------
    Tensor
        A new tensor, except for "constant" with no positive entry, which cuts a copy out.

    Raises
    ------
    RuntimeError
        If `pad` has an odd length or does not fit the input.
    NotImplementedError
        For an unknown mode, or a number of dimensions that the mode does not know.
    """
    _check_pad(input, pad)
    if mode == "constant":
        return _pad_constant(input, pad, 0 if value is None else value)
    if mode not in _MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    _check_dimensions(input, pad)
    bounds = [(-1 - i, pad[2 * i], pad[2 * i + 1]) for i in range(len(pad) // 2)]
    for dim, before, after in bounds:
        _check_bounds(input, dim, before, after, mode)
    result = input
    for dim, before, after in bounds:
        if before or after:
            sources = make_tensor(_SOURCES[mode](input.shape[dim], before, after))
            result = result[(..., sources) + (slice(None),) * (-1 - dim)]
    return result.clone() if result is input else result


def _check_pad(input, pad):
    for position, entry in enumerate(pad):
        if not isinstance(entry, int):
            raise TypeError(
                "pad(): argument 'pad' (position 2) must be tuple of ints, but found element of "
                f"type {type(entry).__name__} at pos {position}"
            )
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * input.dim():
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {input.dim()}"
        )


def _check_dimensions(input, pad):
    padded = len(pad) // 2
    if padded not in (1, 2, 3) or input.dim() not in (padded + 1, padded + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.dim()}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )


def _check_bounds(input, dim, before, after, mode):
    size = input.shape[dim]
    if mode == "reflect" and (before >= size or after >= size):
        raise RuntimeError(
            "Argument #4: Padding size should be less than the corresponding input dimension, but "
            f"got: padding ({before}, {after}) at dimension {input.dim() + dim} of input "
            f"{list(input.shape)}"
        )
    if mode == "circular" and (before > size or after > size):
        raise RuntimeError("Padding value causes wrapping around more than once.")
    kept = size + min(before, 0) + min(after, 0) if mode == "circular" else size + before + after
    if size == 0 or kept < 1:
        raise RuntimeError(
            f"input of size {list(input.shape)} is too small for padding ({before}, {after}) at "
            f"dimension {input.dim() + dim}"
        )


def _reflected(size, before, after):
    last = size - 1
    return [last - abs(last - abs(i)) for i in range(-before, size + after)]


def _replicated(size, before, after):
    return [min(max(i, 0), size - 1) for i in range(-before, size + after)]


def _wrapped(size, before, after):
    # A negative entry cuts first; what is left is what goes around.
    start, stop = max(-before, 0), size - max(-after, 0)
    period = stop - start
    return [start + i % period for i in range(-max(before, 0), period + max(after, 0))]


# For each mode: (size, before, after) -> which input position each output position shows.
_SOURCES = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}


def _pad_constant(input, pad, value):
    shape = list(input.shape)
    cut = [slice(None)] * input.dim()
    place = [slice(None)] * input.dim()
    for i in range(len(pad) // 2):
        dim = input.dim() - 1 - i
        before, after = pad[2 * i], pad[2 * i + 1]
        size = shape[dim]
        if size + before + after < 0:
            raise RuntimeError(
                f"The input size {size}, plus negative padding {before} and {after} resulted in a "
                "negative output size, which is invalid. Check dimension "
                f"{dim} of your input."
            )
        shape[dim] = size + before + after
        cut[dim] = slice(max(-before, 0), size - max(-after, 0))
        place[dim] = slice(max(before, 0), shape[dim] - max(after, 0))
    inner = input[tuple(cut)]
    if all(entry <= 0 for entry in pad):
        return inner.clone()
    result = input.new_full(shape, value)
    result[tuple(place)] = inner
    return result
