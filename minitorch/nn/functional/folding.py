"""unfold and fold: sliding blocks."""

from minitorch._ops import fold as _fold

__all__ = ["fold", "unfold"]


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Lay the blocks that a kernel would see side by side as columns.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (C, H, W), floating or bool.
    kernel_size, dilation, padding, stride : int or (int, int)
        As for :func:`conv2d`; padded with zeros.

    Returns
    -------
    Tensor
        (N, C kH kW, L), L the number of blocks: a convolution is the product with the weight as a
        matrix (C_out, C kH kW).

    Raises
    ------
    RuntimeError
        If the options do not fit the image.
    """
    return _fold.unfold(input, kernel_size, dilation, padding, stride)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add blocks up to images, where they overlap as well: the transpose of :func:`unfold`.

    Parameters
    ----------
    input : Tensor
        (N, C kH kW, L) or (C kH kW, L), floating or bool.
    output_size : int or (int, int)
        Rows and columns of the images.
    kernel_size, dilation, padding, stride : int or (int, int)
        As for :func:`unfold`.

    Returns
    -------
    Tensor
        (N, C, *output_size).

    Raises
    ------
    RuntimeError
        If the number of columns is not that of the blocks of such images.
    """
    return _fold.fold(input, output_size, kernel_size, dilation, padding, stride)
