"""PyTorch's older names of what `linalg` has."""

from minitorch._ops import decompositions
from minitorch._ops.choice import where

__all__ = ["cholesky", "inverse", "logdet", "pinverse", "qr", "svd"]


def inverse(input, *, out=None):
    """The inverse of each matrix of a batch; see `linalg.inv`."""
    return decompositions.inv(input, out=out)


def pinverse(input, rcond=1e-15):
    """The pseudo-inverse of each matrix of a batch; see `linalg.pinv`."""
    return decompositions.pinv(input, rtol=rcond)


def logdet(input):
    """The logarithm of the determinant of each matrix; NaN where that is negative."""
    sign, size = decompositions.slogdet(input)
    return where(sign < 0, float("nan"), size)


def cholesky(input, upper=False, *, out=None):
    """The triangular root of each positive-definite matrix; see `linalg.cholesky`."""
    return decompositions.cholesky(input, upper=upper, out=out)


def qr(input, some=True, *, out=None):
    """An orthogonal and an upper triangular factor; see `linalg.qr`."""
    return decompositions.qr(input, "reduced" if some else "complete", out=out)


def svd(input, some=True, compute_uv=True, *, out=None):
    """Singular values and vectors: ``input = U diag(S) V.mT``; see `linalg.svd`.

    Without `compute_uv` the vectors are zeros.
    """
    if not compute_uv:
        s = decompositions.svdvals(input)
        rows, columns = input.shape[-2], input.shape[-1]
        return (input.new_zeros(*input.shape[:-2], rows, rows), s,
                input.new_zeros(*input.shape[:-2], columns, columns))
    u, s, vh = decompositions.svd(input, not some)
    return u, s, vh.mT
