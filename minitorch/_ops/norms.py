"""Norms of matrices, and the norm of a difference."""

from minitorch._ops.decompositions import svdvals
from minitorch._ops.rule import given, is_scalar, scalar_type, tensor_arg, wrapped
from minitorch._ops.statistics import vector_norm

__all__ = ["dist", "frobenius_norm", "linalg_norm", "matrix_norm", "nuclear_norm"]


def dist(input, other, p=2):
    """The p-norm of the difference of two tensors, which are broadcast."""
    difference = tensor_arg(input, "dist", "input") - tensor_arg(other, "dist", "other")
    return vector_norm(difference, p)


def axes_of(x, dim):
    """The two axes of the matrices, counted from 0."""
    if x.dim() < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 "
                           "dimensions.")
    if isinstance(dim, int) or len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    rows, columns = (wrapped(axis, x.dim()) for axis in dim)
    if rows == columns:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    return rows, columns


def check_kind(x, dtype):
    if not x.is_floating_point():
        raise RuntimeError("linalg.matrix_norm: Expected a floating point or complex tensor as "
                           f"input. Got {scalar_type(x.dtype)}")
    return x if dtype is None else x.to(dtype)


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None, out=None):
    """The norm of each matrix of a batch.

    Parameters
    ----------
    A : Tensor
    ord : {"fro", "nuc", 1, -1, 2, -2, inf, -inf}
        Root of the sum of squares; sum of the singular values; largest or smallest sum of a
        column; largest or smallest singular value; largest or smallest sum of a row.
    dim : (int, int)
        The axes of the matrices.
    keepdim : bool
        Keep them with size 1.
    """
    x = check_kind(tensor_arg(A, "linalg.matrix_norm", "A"), dtype)
    rows, columns = axes_of(x, dim)
    if isinstance(ord, str):
        if ord not in ("fro", "nuc"):
            raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
        if ord == "fro":
            return vector_norm(x, 2, (rows, columns), keepdim, out=out)
        return given(with_axes(singular(x, rows, columns).sum(-1), rows, columns, keepdim), out)
    if not is_scalar(ord) or abs(ord) not in (1, 2, float("inf")):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    if abs(ord) == 2:
        values = singular(x, rows, columns)
        picked = values.amax(-1) if ord > 0 else values.amin(-1)
        return given(with_axes(picked, rows, columns, keepdim), out)
    if abs(ord) == float("inf"):
        rows, columns = columns, rows
    sums = vector_norm(x, 1, rows, keepdim)
    axis = columns - (columns > rows and not keepdim)
    return given(sums.amax(axis, keepdim) if ord > 0 else sums.amin(axis, keepdim), out)


def singular(x, rows, columns):
    """The singular values of the matrices in two axes."""
    return svdvals(x.movedim((rows, columns), (-2, -1)))


def with_axes(values, rows, columns, keepdim):
    """Size 1 put back at two axes."""
    if not keepdim:
        return values
    for axis in sorted((rows, columns)):
        values = values.unsqueeze(axis)
    return values


def linalg_norm(A, ord=None, dim=None, keepdim=False, *, out=None, dtype=None):
    """The norm of a vector or matrix: `vector_norm` for one axis, `matrix_norm` for two.

    Without `ord` and `dim` the 2-norm of all elements.
    """
    x = tensor_arg(A, "linalg.norm", "A")
    axes = None if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if ord is None:
        return vector_norm(x, 2, axes, keepdim, dtype=dtype, out=out)
    if axes is None:
        if x.dim() not in (1, 2) or isinstance(ord, str) and x.dim() != 2:
            raise RuntimeError("linalg.norm: If dim is not specified but ord is, the input must be "
                               f"1D or 2D. Got {x.dim()}D.")
        axes = tuple(range(x.dim()))
    if len(axes) not in (1, 2):
        raise RuntimeError("linalg.norm: If dim is specified, it must be of length 1 or 2. Got "
                           f"{list(axes)}")
    if len(axes) == 1 and not isinstance(ord, str):
        return vector_norm(x, ord, axes, keepdim, dtype=dtype, out=out)
    return matrix_norm(x, ord, axes, keepdim, dtype=dtype, out=out)


def frobenius_norm(input, dim=None, keepdim=False, *, out=None):
    """The root of the sum of squares."""
    return vector_norm(input, 2, dim, keepdim, out=out)


def nuclear_norm(input, dim=(-2, -1), keepdim=False, *, out=None):
    """The sum of the singular values."""
    return matrix_norm(input, "nuc", dim, keepdim, out=out)
