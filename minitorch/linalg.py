"""Linear algebra under PyTorch's names, as `torch.linalg` has it.

Products and norms are minitorch's own; decompositions run through numpy's LAPACK and are
differentiable.
"""

from minitorch._ops.decompositions import (
    LinAlgError,
    cholesky,
    det,
    eigh,
    eigvalsh,
    inv,
    matrix_power,
    matrix_rank,
    pinv,
    qr,
    slogdet,
    solve,
    svd,
    svdvals,
)
from minitorch._ops.grids import vander as _vander
from minitorch._ops.linear import matmul
from minitorch._ops.norms import linalg_norm as norm
from minitorch._ops.norms import matrix_norm
from minitorch._ops.products import linalg_cross as _cross
from minitorch._ops.products import multi_dot
from minitorch._ops.rule import given as _given
from minitorch._ops.rule import scalar_type as _scalar_type
from minitorch._ops.rule import tensor_arg as _tensor_arg
from minitorch._ops.statistics import vector_norm
from minitorch._ops.strided import diagonal as _diagonal

__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv",
    "matmul", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr",
    "slogdet", "solve", "svd", "svdvals", "vander", "vecdot", "vector_norm",
]


def cross(input, other, *, dim=-1, out=None):
    """The vector product along an axis of size 3; the other axes are broadcast."""
    return _given(_cross(input, other, dim), out)


def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """A view of the diagonal of each matrix."""
    return _diagonal(A, offset, dim1, dim2)


def vecdot(x, y, *, dim=-1, out=None):
    """Sums of products along an axis."""
    a, b = _tensor_arg(x, "linalg.vecdot", "x"), _tensor_arg(y, "linalg.vecdot", "y")
    if not a.is_floating_point() or not b.is_floating_point():
        raise RuntimeError("linalg.vecdot: Expected a floating point or complex tensor as input. "
                           f"Got {_scalar_type((b if a.is_floating_point() else a).dtype)}")
    return _given((a * b).sum(dim), out)


def vander(x, N=None):
    """Powers of the elements of the last axis as a new last axis, rising from 0."""
    t = _tensor_arg(x, "linalg.vander", "x")
    t = t.unsqueeze(0) if t.dim() == 0 else t
    if t.dim() == 1:
        return _vander(t, N, increasing=True)
    count = t.shape[-1] if N is None else N
    if N is not None and N <= 1:
        raise RuntimeError(f"N must be greater than 1, but got {N}")
    flat = _vander(t.reshape(-1), count, increasing=True)
    return flat.reshape(*t.shape, count)


def cond(A, p=None, *, out=None):
    """How much a matrix stretches errors: the norm `p` of it times that of its inverse.

    For None, 2 and -2 the ratio of the largest and smallest singular value (-2: the inverse).
    """
    if p in (None, 2, -2):
        values = svdvals(A)
        largest, smallest = values[..., 0], values[..., -1]
        return _given(smallest / largest if p == -2 else largest / smallest, out)
    return _given(matrix_norm(A, p) * matrix_norm(inv(A), p), out)
