"""max_pool2d, avg_pool2d and adaptive_avg_pool2d."""

from minitorch._ops import pool as _pool

__all__ = ["adaptive_avg_pool2d", "avg_pool2d", "max_pool2d", "max_pool2d_with_indices"]


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


def max_pool2d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=True
):
    """Return (values, indices) of :func:`max_pool2d`, whatever `return_indices` says."""
    del return_indices  # PyTorch's signature has it, without effect
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


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
    if isinstance(output_size, (tuple, list)):
        if len(output_size) != 2:
            raise RuntimeError("adaptive_avg_pool2d: output_size must be 2")
        pairs = zip(output_size, input.shape[-2:], strict=False)
        output_size = tuple(have if want is None else want for want, have in pairs)
    elif output_size is None:
        output_size = tuple(input.shape[-2:])
    else:
        output_size = (output_size, output_size)
    return _pool.adaptive_avg_pool2d(input, output_size)
