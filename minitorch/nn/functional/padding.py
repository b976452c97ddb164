"""pad: borders of a constant, of reflections, of the edge, or of the other side."""

from minitorch._core.dtype import bool_
from minitorch._ops import borders as _borders
from minitorch._ops import resample as _resample

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
        A new tensor, in channels_last if `input` is ("circular": contiguous).

    Raises
    ------
    RuntimeError
        If `pad` has an odd length or does not fit the input.
    NotImplementedError
        For an unknown mode, or a number of dimensions or dtype that the mode does not know.
    """
    _check_pad(input, pad)
    if mode == "constant":
        return _borders.constant_pad_nd(input, pad, 0.0 if value is None else value)
    if mode not in _MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    _check_dimensions(input, pad)
    bounds = [(pad[2 * i], pad[2 * i + 1]) for i in range(len(pad) // 2)]
    if mode == "circular":
        return _pad_circular(input, bounds)
    return _pad_from_inside(input, bounds, mode)


def _check_pad(input, pad):
    if not isinstance(pad, (tuple, list)):
        raise TypeError(
            "pad(): argument 'pad' (position 2) must be tuple of ints, not " + type(pad).__name__
        )
    for position, entry in enumerate(pad):
        if not hasattr(entry, "__index__"):
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


# ---- reflect and replicate -----------------------------------------------------------------------


def _reflected(size, before, after):
    last = size - 1
    return [last - abs(last - abs(i)) for i in range(-before, size + after)]


def _replicated(size, before, after):
    return [min(max(i, 0), size - 1) for i in range(-before, size + after)]


# For each mode: PyTorch's word, and (size, before, after) -> the input's position that each
# position of the result shows.
_SOURCES = {"reflect": ("Reflection", _reflected), "replicate": ("Replication", _replicated)}


def _pad_from_inside(input, bounds, mode):
    word, positions = _SOURCES[mode]
    count = len(bounds)
    if input.dtype is bool_:
        name = f"{word.lower()}_pad{count}d"
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")
    if 0 in input.shape[-count - 1 :]:
        raise RuntimeError(
            f"Expected {count + 1}D or {count + 2}D (batch mode) tensor with possibly 0 batch size "
            f"and other non-zero dimensions for input, but got: {list(input.shape)}"
        )
    dims = [input.dim() - 1 - i for i in range(count)]
    for i, (dim, (before, after)) in enumerate(zip(dims, bounds, strict=True)):
        size = input.shape[dim]
        if mode == "reflect" and (before >= size or after >= size):
            raise RuntimeError(
                f"Argument #{4 + 2 * i}: Padding size should be less than the corresponding input "
                f"dimension, but got: padding ({before}, {after}) at dimension {dim} of input "
                f"{list(input.shape)}"
            )
    wanted = [input.shape[dim] + sum(pair) for dim, pair in zip(dims, bounds, strict=True)]
    _check_result(input, dims, wanted)
    sources = {
        dim: positions(input.shape[dim], *pair)
        for dim, pair in zip(dims, bounds, strict=True)
        if pair != (0, 0)
    }
    return _resample.read_axes(input, sources, f"{word}Pad{count}D")


def _check_result(input, dims, sizes):
    """Raise unless something is left, as PyTorch sees it: in one direction suffices."""
    if min(sizes) < 0:
        shape = list(input.shape)
        for dim, size in zip(dims, sizes, strict=True):
            shape[dim] = size
        if len(dims) > 1 and max(sizes) >= 1:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {min(sizes)}: {shape}"
            )
    if max(sizes) < 1:
        names = "WHD"[: len(dims)][::-1]
        have = " ".join(f"{n}: {input.shape[d]}" for n, d in zip(names, dims[::-1], strict=True))
        made = " ".join(f"{n}: {s}" for n, s in zip(names, sizes[::-1], strict=True))
        if len(dims) > 1:
            have, made = have.replace(" ", ", ").replace(":,", ":"), made
        raise RuntimeError(f"input ({have}) is too small. Calculated output {made}")


# ---- circular ------------------------------------------------------------------------------------


def _pad_circular(input, bounds):
    """Copies of the input beside each other, as PyTorch composes it."""
    shape, cut, place = list(input.shape), [], []
    for i, (before, after) in reversed(list(enumerate(bounds))):
        dim = input.dim() - 1 - i
        size = shape[dim]
        # a negative entry cuts first: what is left is what goes around
        kept = size + min(before, 0) + min(after, 0)
        if before > size or after > size:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        shape[dim] = size + before + after
        if shape[dim] < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
        if shape[dim] and max(before, after) > max(kept, 0):
            # PyTorch shows memory that nobody has written
            raise RuntimeError("Padding value causes wrapping around more than once.")
        cut.append((dim, max(-before, 0), size + min(after, 0)))
        place.append((dim, max(before, 0), shape[dim] - max(after, 0)))
    out = input.new_empty(shape)
    _part(out, place).copy_(_part(input, cut))
    for dim, start, stop in reversed(place):
        size = shape[dim]
        if start > 0:
            _part(out, [(dim, 0, start)]).copy_(_part(out, [(dim, stop - start, stop)]))
        if stop < size:
            length = size - stop
            _part(out, [(dim, stop, size)]).copy_(_part(out, [(dim, start, start + length)]))
    return out


def _part(tensor, ranges):
    """The view of some ranges, as much of them as there is."""
    for dim, start, stop in ranges:
        start, stop = (min(max(bound, 0), tensor.shape[dim]) for bound in (start, stop))
        tensor = tensor.narrow(dim, start, max(stop - start, 0))
    return tensor
