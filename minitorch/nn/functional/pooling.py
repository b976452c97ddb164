"""Pooling over windows in one to three dimensions, and what undoes it."""

from minitorch._ops import pool as _pool
from minitorch._ops import pool1d as _pool1d

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]

# ---------------------------------------------------------------- max


def max_pool1d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """Take the largest value of each window of a signal; :func:`max_pool2d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C, L) or (C, L), floating.
    kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As for :func:`max_pool2d`, one number each.
    """
    if return_indices:
        return _pool1d.max_pool1d_with_indices(
            input, kernel_size, stride, padding, dilation, ceil_mode
        )
    return _pool1d.max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """Take the largest value of each window.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (C, H, W).
    kernel_size : int or (int, int)
        Size of the window.
    stride : int or (int, int), optional
        Step of the window; `kernel_size` if left out.
    padding : int or (int, int)
        Border of minus infinity, at most half the kernel.
    dilation : int or (int, int)
        Step within the window.
    ceil_mode : bool
        Count a last window that sticks out, if it starts inside.
    return_indices : bool
        Also return the positions ``h * W + w`` of the values (int64).

    Returns
    -------
    Tensor or (Tensor, Tensor)
        (N, C, H_out, W_out). Of equal values the first in reading order counts.
    """
    return _pool.max_pool2d(
        input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """Take the largest value of each window of a volume; :func:`max_pool2d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C, D, H, W) or (C, D, H, W).
    kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As for :func:`max_pool2d`, one number or three; positions are ``(d * H + h) * W + w``.
    """
    return _pool.max_pool3d(
        input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """Take maxima over windows that divide a signal; see :func:`adaptive_max_pool2d`.

    Parameters
    ----------
    input : Tensor
        (N, C, L) or (C, L).
    output_size : int
    return_indices : bool
    """
    values, indices = _pool1d.adaptive_max_pool1d(input, output_size)
    return (values, indices) if return_indices else values


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """Take maxima over windows that divide the image into `output_size` parts.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (C, H, W).
    output_size : int or (int or None, int or None)
        As for :func:`adaptive_avg_pool2d`.
    return_indices : bool
        Also return the positions ``h * W + w`` of the values (int64).
    """
    return _pool.adaptive_max_pool(input, output_size, 2, return_indices)


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """Take maxima over windows that divide a volume; see :func:`adaptive_max_pool2d`.

    Parameters
    ----------
    input : Tensor
        (N, C, D, H, W) or (C, D, H, W).
    output_size : int or three of int or None
    return_indices : bool
    """
    return _pool.adaptive_max_pool(input, output_size, 3, return_indices)


def max_pool1d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Return (values, indices) of :func:`max_pool1d`, whatever `return_indices` says."""
    del return_indices  # PyTorch's signature has it, without effect
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Return (values, indices) of :func:`max_pool2d`, whatever `return_indices` says."""
    del return_indices  # PyTorch's signature has it, without effect
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Return (values, indices) of :func:`max_pool3d`, whatever `return_indices` says."""
    del return_indices  # PyTorch's signature has it, without effect
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def adaptive_max_pool1d_with_indices(input, output_size, return_indices=False):
    """Return (values, indices) of :func:`adaptive_max_pool1d`, whatever `return_indices` says."""
    del return_indices  # PyTorch's signature has it, without effect
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(input, output_size, return_indices=False):
    """Return (values, indices) of :func:`adaptive_max_pool2d`, whatever `return_indices` says."""
    del return_indices  # PyTorch's signature has it, without effect
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(input, output_size, return_indices=False):
    """Return (values, indices) of :func:`adaptive_max_pool3d`, whatever `return_indices` says."""
    del return_indices  # PyTorch's signature has it, without effect
    return adaptive_max_pool3d(input, output_size, True)


# ---------------------------------------------------------------- average


def avg_pool1d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """Take the mean of each window of a signal; :func:`avg_pool2d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C, L) or (C, L).
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As for :func:`avg_pool2d`, one number each.
    """
    return _pool1d.avg_pool1d(input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Take the mean of each window.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (C, H, W).
    kernel_size : int or (int, int)
        Size of the window.
    stride : int or (int, int), optional
        Step of the window; `kernel_size` if left out.
    padding : int or (int, int)
        Border of zeros, at most half the kernel.
    ceil_mode : bool
        Count a last window that sticks out, if it starts inside.
    count_include_pad : bool
        Count the border's zeros in the divisor (default True).
    divisor_override : int, optional
        Divide by this instead of the number of entries.

    Returns
    -------
    Tensor
        (N, C, H_out, W_out).
    """
    return _pool.avg_pool2d(
        input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Take the mean of each window of a volume; :func:`avg_pool2d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C, D, H, W) or (C, D, H, W).
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As for :func:`avg_pool2d`, sizes as one number or three.
    """
    return _pool.avg_pool3d(
        input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def adaptive_avg_pool1d(input, output_size):
    """Take means over windows that divide a signal into `output_size` parts.

    Parameters
    ----------
    input : Tensor
        (N, C, L) or (C, L).
    output_size : int
    """
    return _pool1d.adaptive_avg_pool1d(input, output_size)


def adaptive_avg_pool2d(input, output_size):
    """Take means over windows that divide the image into `output_size` parts.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (C, H, W).
    output_size : int or (int or None, int or None)
        Rows and columns of the result; None keeps the input's. Window i of m over n entries
        covers floor(i n / m) to ceil((i + 1) n / m).

    Raises
    ------
    RuntimeError
        If `output_size` is not one or two numbers.
    """
    return _pool.adaptive_avg_pool(input, output_size, 2)


def adaptive_avg_pool3d(input, output_size):
    """Take means over windows that divide a volume; see :func:`adaptive_avg_pool2d`.

    Parameters
    ----------
    input : Tensor
        (N, C, D, H, W) or (C, D, H, W).
    output_size : int or three of int or None
    """
    return _pool.adaptive_avg_pool(input, output_size, 3)


# ---------------------------------------------------------------- power averages


def _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, entries, maximum, average):
    if norm_type == float("inf"):
        return maximum(input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    if norm_type == -float("inf"):
        return -maximum(-input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    mean = average(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return (mean.sign() * mean.abs().relu()).mul(entries).pow(1.0 / norm_type)


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take ``(sum x ** norm_type) ** (1 / norm_type)`` of each window of a signal.

    Parameters
    ----------
    input : Tensor
        (N, C, L) or (C, L).
    norm_type : float
        1 is the sum; infinity the largest, minus infinity the smallest magnitude.
    kernel_size : int
        Size of the window.
    stride : int, optional
        Step of the window; `kernel_size` if left out.
    ceil_mode : bool
        Count a last window that sticks out, as if it held more of what it holds.
    """
    return _lp_pool(
        input, norm_type, kernel_size, stride, ceil_mode, kernel_size, max_pool1d, avg_pool1d
    )


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take power averages of the windows of images; :func:`lp_pool1d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (C, H, W).
    norm_type, kernel_size, stride, ceil_mode
        As for :func:`lp_pool1d`, sizes as one number or two.
    """
    rows, columns = _repeated(kernel_size, 2)
    return _lp_pool(
        input, norm_type, kernel_size, stride, ceil_mode, rows * columns, max_pool2d, avg_pool2d
    )


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take power averages of the windows of volumes; :func:`lp_pool1d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C, D, H, W) or (C, D, H, W).
    norm_type, kernel_size, stride, ceil_mode
        As for :func:`lp_pool1d`, sizes as one number or three.
    """
    depth, rows, columns = _repeated(kernel_size, 3)
    return _lp_pool(
        input,
        norm_type,
        kernel_size,
        stride,
        ceil_mode,
        depth * rows * columns,
        max_pool3d,
        avg_pool3d,
    )


# ---------------------------------------------------------------- unpooling


def _repeated(value, n):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


def _unpooled_size(input, kernel, stride, padding, output_size):
    """Return the sizes in space; a size asked for may differ by less than the stride."""
    n = len(kernel)
    have = [
        (input.shape[dim - n] - 1) * stride[dim] + kernel[dim] - 2 * padding[dim]
        for dim in range(n)
    ]
    if output_size is None:
        return have
    if len(output_size) == n + 2:
        output_size = output_size[2:]
    if len(output_size) != n:
        raise ValueError(
            f"output_size should be a sequence containing {n} or {n + 2} elements, but it has a "
            f"length of '{len(output_size)}'"
        )
    for dim, (size, wanted) in enumerate(zip(have, output_size, strict=True)):
        least, most = size - stride[dim], size + stride[dim]
        if not least < wanted < most:
            raise ValueError(
                f'invalid output_size "{output_size}" (dim {dim} must be between {least} and '
                f"{most})"
            )
    return list(output_size)


def _max_unpool(input, indices, kernel_size, stride, padding, output_size, n):
    kernel = _repeated(kernel_size, n)
    stride = kernel if stride is None else _repeated(stride, n)
    size = _unpooled_size(input, kernel, stride, _repeated(padding, n), output_size)
    if n > 1:
        return _pool.max_unpool(input, indices, size, stride)
    result = _pool.max_unpool(input.unsqueeze(-1), indices.unsqueeze(-1), [*size, 1], (1, 1))
    return result.squeeze(-1)


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put the maxima of a signal back where they stood; :func:`max_unpool2d` has the words.

    Parameters
    ----------
    input, indices : Tensor
        (N, C, L) or (C, L).
    kernel_size, stride, padding, output_size
        As for :func:`max_unpool2d`, one number each.
    """
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 1)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put maxima back where they stood, zeros elsewhere.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (C, H, W): the values of :func:`max_pool2d`.
    indices : Tensor
        Of the same shape: its indices. A place named twice holds the last value.
    kernel_size, stride, padding
        As they were in the pooling.
    output_size : sequence of int, optional
        The sizes that were pooled, with or without the leading two; by default the smallest
        ones, (H - 1) stride + kernel_size - 2 padding.

    Raises
    ------
    ValueError
        If `output_size` could not have been pooled.
    RuntimeError
        If shapes do not fit, or an index is out of range.
    """
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 2)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put the maxima of a volume back where they stood; :func:`max_unpool2d` has the words.

    Parameters
    ----------
    input, indices : Tensor
        (N, C, D, H, W) or (C, D, H, W).
    kernel_size, stride, padding, output_size
        As for :func:`max_unpool2d`, one number or three.
    """
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 3)
