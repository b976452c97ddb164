"""Index grids, combinations, powers and other tensors made by rule."""

from itertools import combinations as _combinations
from itertools import combinations_with_replacement

import numpy

from minitorch._core.dtype import get_default_dtype, int32, int64
from minitorch._ops.creation import arange, as_tensor, empty_strided, full, ones
from minitorch._ops.index import nonzero
from minitorch._ops.join import meshgrid, stack
from minitorch._ops.rule import given, tensor_arg, tensor_of
from minitorch._ops.scan import cumprod

__all__ = ["cartesian_prod", "combinations", "empty_permuted", "nonzero_static", "range",
           "tril_indices", "triu_indices", "unravel_index", "vander"]


def triangle(name, numpy_name, row, col, offset, dtype, device, layout):
    """Row and column numbers of a triangle of a matrix, as the two rows of a tensor."""
    from minitorch._core.device import check_device
    from minitorch._core.layout import check_layout

    check_device(device)
    check_layout(layout, name)
    if row < 0 or col < 0:
        which = "row" if row < 0 else "col"
        raise RuntimeError(f"{which} must be non-negative, got{min(row, col)}")
    if dtype not in (int32, int64):
        raise RuntimeError(f"\"{name}\" not implemented for '{dtype!r}'")
    rows, columns = getattr(numpy, numpy_name)(row, offset, col)
    return tensor_of(numpy.array([rows, columns], numpy.int64).reshape(2, -1), int64).to(dtype)


def tril_indices(row, col, offset=0, *, dtype=int64, device="cpu", layout=None,
                 pin_memory=False):
    """The places of the lower triangle of a (row, col) matrix: (2, n), row by row."""
    return triangle("tril_indices", "tril_indices", row, col, offset, dtype, device, layout)


def triu_indices(row, col, offset=0, *, dtype=int64, device="cpu", layout=None,
                 pin_memory=False):
    """The places of the upper triangle of a (row, col) matrix: (2, n), row by row."""
    return triangle("triu_indices", "triu_indices", row, col, offset, dtype, device, layout)


def cartesian_prod(*tensors):
    """All ways to take one element of each vector, as rows; of one vector itself."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    for tensor in tensors:
        if tensor_arg(tensor, "cartesian_prod", "tensors").dim() != 1:
            raise RuntimeError("Expect a 1D vector, but got shape " + str(list(tensor.shape)))
    if len(tensors) == 1:
        return tensors[0]
    return stack([grid.flatten() for grid in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input, r=2, with_replacement=False):
    """All ways to take `r` elements of a vector, in order, as rows.

    Parameters
    ----------
    input : Tensor
    r : int
    with_replacement : bool
        Whether an element may be taken twice.
    """
    x = tensor_arg(input, "combinations", "input")
    if x.dim() != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(x.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return x.new_empty(0)
    choose = combinations_with_replacement if with_replacement else _combinations
    rows = numpy.array(list(choose(numpy.arange(x.shape[0]), r)), numpy.int64).reshape(-1, r)
    index = tensor_of(rows, int64)
    return stack([x.index_select(0, index[:, i]) for i in numpy.arange(r)], 1)


def vander(x, N=None, increasing=False):
    """Powers of a vector's elements as columns, the highest first unless `increasing`.

    Parameters
    ----------
    x : Tensor
    N : int, optional
        The number of columns; default that of rows.
    increasing : bool
    """
    x = tensor_arg(x, "vander", "x")
    if x.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x.shape[0] if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    if "bool" in repr(x.dtype) or not x.is_floating_point():
        x = x.to(int64)
    table = ones(x.shape[0], n, dtype=x.dtype)
    if n > 1:
        table[:, 1:] = cumprod(x.unsqueeze(1).expand(-1, n - 1), 1)
    return table if increasing else table.flip(1)


def range(start=0, end=None, step=1, *, out=None, dtype=None, layout=None, device=None,
          requires_grad=False):
    """Numbers from `start` to `end`, both included; deprecated for `arange`."""
    import warnings

    warnings.warn("torch.range is deprecated and will be removed in a future release because its "
                  "behavior is inconsistent with Python's range builtin. Instead, use "
                  "torch.arange, which produces values in [start, end).", stacklevel=2)
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    dtype = dtype or (get_default_dtype() if out is None else out.dtype)
    count = int((end - start) / step + 1)
    made = arange(count, dtype=dtype if dtype.is_floating_point else int64,
                  layout=layout, device=device) * step + start
    return given(made.to(dtype).requires_grad_(requires_grad), out)


def empty_permuted(size, physical_layout, *, dtype=None, layout=None, device=None,
                   requires_grad=False, pin_memory=False):
    """An uninitialised tensor whose axes lie in memory in the order of `physical_layout`."""
    size, order = list(size), list(physical_layout)
    if len(size) != len(order):
        raise RuntimeError("Number of dimensions in size does not match the length of the "
                           f"physical_layout; i.e. len(size) = {len(size)} is not equal to "
                           f"len(physical_layout) = {len(order)}")
    if sorted(order) != list(numpy.arange(len(size))):
        raise RuntimeError("Dimensions in physical_layout are out of range or duplicate")
    strides, step = [0] * len(size), 1
    for axis in reversed(order):
        strides[axis] = step
        step *= max(size[axis], 1)
    return empty_strided(size, strides, dtype=dtype, layout=layout, device=device,
                         requires_grad=requires_grad, pin_memory=pin_memory)


def nonzero_static(input, *, size, fill_value=-1, out=None):
    """The places of the first `size` elements that are not 0, as rows; `fill_value` for missing.

    Parameters
    ----------
    input : Tensor
    size : int
        The number of rows of the result.
    fill_value : int
    """
    found = nonzero(tensor_arg(input, "nonzero_static", "input"))[:size]
    made = full((size, input.dim()), fill_value, dtype=int64)
    made[:found.shape[0]] = found
    return given(made, out)


def unravel_index(indices, shape):
    """Places in a flat tensor as one index for each axis of `shape`."""
    if "int" not in repr(tensor_arg(indices, "unravel_index", "indices").dtype):
        raise ValueError("expected 'indices' to be integer dtype, but got " + str(indices.dtype))
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(size < 0 for size in shape):
        raise ValueError("'shape' cannot have negative values, but got " + str(shape))
    steps = [1]
    for size in shape[:0:-1]:
        steps.insert(0, steps[0] * size)
    if not shape:
        return ()
    table = indices.unsqueeze(-1).div(as_tensor(steps), rounding_mode="floor")
    return (table % as_tensor(list(shape))).unbind(-1)
