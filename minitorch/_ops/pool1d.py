"""Pooling of signals: that of images of one row, as in PyTorch."""

from minitorch._ops import pool
from minitorch._ops.pool_checks import check_adaptive_input, numbers_of, one

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_max_pool1d",
    "avg_pool1d",
    "max_pool1d",
    "max_pool1d_with_indices",
]

_OF_SIZE = {
    "kernel_size": "an int, list of ints or tuple of ints",
    "stride": "None, an int, list of ints, or tuple of ints",
    "padding": "an int, list of ints, or tuple of ints",
    "dilation": "an int, list of ints or tuple of ints",
}


def _check_rank(input, where):
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.dim()}-dimensional tensor for argument "
            f"#1 'self' (while checking arguments for {where})"
        )


def _one_of_max(value, name):
    found = numbers_of(value, name, "max_pool1d")
    if len(found) != 1:
        raise RuntimeError(
            f"max_pool1d() {name} must be {_OF_SIZE[name]} of size 1 but got size {len(found)}"
        )
    return found[0]


def _omitted(stride):
    return stride is None or (isinstance(stride, (tuple, list)) and not stride)


def _check_max_input(input):
    shape = list(input.shape)
    if len(shape) not in (2, 3) or not all(shape[len(shape) - 2 :]):
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got:{shape}"
        )


def _max_options(input, kernel_size, stride, padding, dilation, ceil_mode):
    _check_max_input(input)
    kernel = _one_of_max(kernel_size, "kernel_size")
    stride = kernel if _omitted(stride) else _one_of_max(stride, "stride")
    padding = _one_of_max(padding, "padding")
    dilation = _one_of_max(dilation, "dilation")
    for name, value in (("kernel_size", kernel), ("stride", stride)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {name} must be greater than zero, but got {value}")
    if padding < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {padding}")
    if padding > kernel // 2:
        raise RuntimeError(
            "max_pool1d() padding should be at most half of kernel size, but got "
            f"padding={padding} and kernel_size={kernel}"
        )
    if dilation <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {dilation}")
    free = input.shape[-1] + 2 * padding - dilation * (kernel - 1) - 1
    out = (free + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (out - 1) * stride >= input.shape[-1] + padding:
        out -= 1
    if out <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {out}")
    return (1, kernel), (1, stride), (0, padding), (1, dilation)


def max_pool1d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False
):
    """The maxima of `max_pool1d` and their places."""
    where = "max_pool1d"
    _check_rank(input, where)
    kernel = one(kernel_size, "kernel_size", where)
    stride = kernel if _omitted(stride) else one(stride, "stride", where)
    padding, dilation = one(padding, "padding", where), one(dilation, "dilation", where)
    values, indices = pool.max_pool2d(
        input.unsqueeze(-2), (1, kernel), (1, stride), (0, padding), (1, dilation), ceil_mode, True
    )
    return values.squeeze(-2), indices.squeeze(-2)


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The maximum of each window; see `minitorch.nn.functional.max_pool1d`."""
    options = _max_options(input, kernel_size, stride, padding, dilation, ceil_mode)
    if not input.is_floating_point():
        kind = input.type().rpartition(".")[2].removesuffix("Tensor")
        raise NotImplementedError(f"\"max_pool1d_impl\" not implemented for '{kind}'")
    return pool.max_pool2d(input.unsqueeze(-2), *options, ceil_mode).squeeze(-2)


def avg_pool1d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """The mean of each window; see `minitorch.nn.functional.avg_pool1d`."""
    _check_rank(input, "avg_pool1d")
    kernel = one(kernel_size, "kernel_size", "avg_pool1d")
    stride = kernel if _omitted(stride) else one(stride, "stride", "avg_pool1d")
    padding = one(padding, "padding", "avg_pool1d")
    result = pool.avg_pool2d(
        input.unsqueeze(-2), (1, kernel), (1, stride), (0, padding), ceil_mode, count_include_pad
    )
    return result.squeeze(-2)


def adaptive_avg_pool1d(input, output_size):
    """Means over a grid of windows; see `minitorch.nn.functional.adaptive_avg_pool1d`."""
    _check_rank(input, "adaptive_avg_pool1d")
    size = one(output_size, "output_size", "adaptive_avg_pool1d")
    return pool.adaptive_avg_pool(input.unsqueeze(-2), (1, size), 2).squeeze(-2)


def adaptive_max_pool1d(input, output_size):
    """(values, indices) over a grid of windows; see the function of ``nn.functional``."""
    _check_rank(input, "adaptive_max_pool1d")
    size = one(output_size, "output_size", "adaptive_max_pool1d")
    check_adaptive_input("adaptive_max_pool1d", 1, tuple(input.shape))
    values, indices = pool.adaptive_max_pool(input.unsqueeze(-2), (1, size), 2, True)
    return values.squeeze(-2), indices.squeeze(-2)
