"""Max unpooling: its refusals, and the writing itself on arrays of numpy."""

import numpy as np

__all__ = ["check_unpool", "place_values"]


def check_unpool(input, indices, output_size, stride):
    """Raise if input and indices do not fit each other, in PyTorch's words."""
    n = len(output_size)
    shape = list(input.shape)
    name = str(indices.dtype).rpartition(".")[2]
    if name != "int64":
        found = f" but got: {indices.type().rpartition('.')[2].removesuffix('Tensor')}"
        raise RuntimeError(
            "elements in indices should be type int64" + (found if n == 2 else "")
        )
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(
            f"Input to max_unpooling{n}d should be a {n + 1}d or {n + 2}d Tensor, but got a tensor "
            f"with {len(shape)} dimensions."
        )
    if list(indices.shape) != shape:
        raise RuntimeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({shape}) but got indices tensor with shape: {list(indices.shape)}"
        )
    if n == 3 and min(stride) <= 0:
        raise RuntimeError(f"strides should be greater than zero, but got stride: {list(stride)}")


def place_values(values, indices, output_size):
    """An array of zeros (..., *output_size) with the values written at their places."""
    lead = values.shape[: values.ndim - len(output_size)]
    places = int(np.prod(output_size))
    wrong = indices[(indices < 0) | (indices >= places)]
    if wrong.size:
        raise RuntimeError(
            f"Found an invalid max index: {wrong[0]} (output volumes are of size "
            f"{'x'.join(map(str, output_size))})"
        )
    rows = int(np.prod(lead))
    result = np.zeros((rows, places), values.dtype)
    if values.size:
        np.put_along_axis(result, indices.reshape(rows, -1), values.reshape(rows, -1), 1)
    return result.reshape(*lead, *output_size)
