"""FractionalMaxPool2d and FractionalMaxPool3d."""

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]


def _repeated(value, n):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


class _FractionalMaxPoolNd(Module):
    __constants__ = ["kernel_size", "return_indices", "output_size", "output_ratio"]

    def __init__(
        self,
        kernel_size,
        output_size=None,
        output_ratio=None,
        return_indices=False,
        _random_samples=None,
    ):
        super().__init__()
        n = self._dimensions
        self.kernel_size = _repeated(kernel_size, n)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else _repeated(output_size, n)
        self.output_ratio = None if output_ratio is None else _repeated(output_ratio, n)
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{type(self).__name__} requires specifying either an output size, or a pooling "
                "ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input):
        return getattr(F, f"fractional_max_pool{self._dimensions}d")(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """Maxima of windows at random places, drawn anew in each forward; arXiv:1412.6071.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Size of the windows.
    output_size : int or (int, int), optional
        Rows and columns of the result.
    output_ratio : float or (float, float), optional
        The same as a share of the input's; one of the two is needed.
    return_indices : bool
        Also return where the values stood.
    _random_samples : Tensor, optional
        (N, C, 2): places that stay the same.

    Raises
    ------
    ValueError
        If neither or both of size and ratio are given, or a ratio is not between 0 and 1.

    Notes
    -----
    Shape: input (N, C, H, W) or (C, H, W).
    """

    _dimensions = 2


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """Maxima of windows at random places; the arguments of :class:`FractionalMaxPool2d`.

    Notes
    -----
    Shape: input (N, C, D, H, W) or (C, D, H, W).
    """

    _dimensions = 3
