"""The size of the result of a transposed convolution, from tuples of numbers."""

__all__ = ["transposed_size"]


def _by_dimension(values):
    return " x ".join(map(str, values))


def transposed_size(size, kernel, stride, padding, dilation, output_padding):
    """Sizes in space: (n - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1.

    Raises
    ------
    RuntimeError
        If the output padding reaches both stride and dilation, or nothing is left.
    """
    options = list(zip(output_padding, stride, dilation, strict=True))
    if any(p >= s and p >= d for p, s, d in options):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            + _named_options(options)
        )
    found = [
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, k, s, p, d, e in zip(
            size, kernel, stride, padding, dilation, output_padding, strict=True
        )
    ]
    if min(found) < 1:
        # PyTorch's message speaks of an image of one row
        row = [1] if len(size) == 1 else []
        raise RuntimeError(
            f"Given input size per channel: ({_by_dimension([*row, *size])}). Calculated output "
            f"size per channel: ({_by_dimension([*row, *found])}). Output size is too small"
        )
    return tuple(found)


def _named_options(options):
    if len(options) == 1:
        options = [(0, 1, 1), *options]
    words = ("depth", "height", "width")[-len(options) :]
    return " ".join(
        f"{name}_{word}: {row[k]}"
        for k, name in enumerate(("output_padding", "stride", "dilation"))
        for word, row in zip(words, options, strict=True)
    )
