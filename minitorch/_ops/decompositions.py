"""Inverses, determinants and decompositions of matrices, through numpy's LAPACK.

The derivatives are those of M. Giles, "An extended collection of matrix derivative results for
forward and reverse mode algorithmic differentiation" (2008), made of differentiable operations.
"""

import numpy

from minitorch._core.dtype import float32, float64, int64
from minitorch._ops.arithmetic import maximum
from minitorch._ops.creation import eye, zeros_like
from minitorch._ops.expand import broadcast_to
from minitorch._ops.linear import matmul
from minitorch._ops.rearrange import diag_embed, tril
from minitorch._ops.rule import RuleNode, given, numbers, scalar_type, tensor_arg, tensor_of
from minitorch._ops.sorting import named_outputs
from minitorch._ops.strided import diagonal

__all__ = ["LinAlgError", "cholesky", "det", "eigh", "eigvalsh", "inv", "matrix_power", "pinv",
           "matrix_rank", "qr", "slogdet", "solve", "svd", "svdvals"]

SLOGDET = named_outputs("linalg_slogdet", "sign", "logabsdet")
SVD = named_outputs("linalg_svd", "U", "S", "Vh")
EIGH = named_outputs("linalg_eigh", "eigenvalues", "eigenvectors")
QR = named_outputs("linalg_qr", "Q", "R")


class _LinAlgError(RuntimeError):
    """A matrix that an algorithm cannot take, such as a singular one."""


LinAlgError = _LinAlgError  # PyTorch's own shows the underscore


def matrices(value, name, square=True):
    """`value`, if it is a batch of floating (square) matrices."""
    x = tensor_arg(value, name, "A")
    if x.dim() < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if square and x.shape[-1] != x.shape[-2]:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are "
                           f"{x.shape[-2]} by {x.shape[-1]} matrices")
    if not x.is_floating_point():
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got "
                           f"{scalar_type(x.dtype)}")
    if x.dtype not in (float32, float64):
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got "
                           f"{scalar_type(x.dtype)}")
    return x


def back(array, like, columns=True):
    """A numpy result as a tensor of the dtype of `like`; matrices column by column, as LAPACK."""
    array = numpy.asarray(array, numbers(like.detach()).dtype)
    if columns and array.ndim > 1:
        array = numpy.array(array.swapaxes(-1, -2), order="C").swapaxes(-1, -2)
    return tensor_of(array, like.dtype)


def zero_pivot(array):
    """The number, from 1, of the first diagonal element of LU that is 0, over a batch."""
    for matrix in array.reshape(-1, *array.shape[-2:]):
        work = matrix.astype(numpy.float64)
        for k in range(len(work)):
            pivot = k + numpy.abs(work[k:, k]).argmax()
            if work[pivot, k] == 0:
                return k + 1
            work[[k, pivot]] = work[[pivot, k]]
            work[k + 1:] -= numpy.outer(work[k + 1:, k] / work[k, k], work[k])
    return len(matrix)


# ---------------------------------------------------------------- inverse and solution

class LinalgInvExBackward0(RuleNode):
    """d(A^-1) = -A^-1 dA A^-1."""

    def slopes(self, grad, inverse):
        return (-(inverse.mT @ grad @ inverse.mT),)


def inv(A, *, out=None):
    """The inverse of each matrix of a batch.

    Raises
    ------
    LinAlgError
        For a singular matrix.
    """
    x = matrices(A, "linalg.inv")
    try:
        value = back(numpy.linalg.inv(numbers(x.detach())), x)
    except numpy.linalg.LinAlgError:
        raise LinAlgError(
            f"linalg.inv: The diagonal element {zero_pivot(numbers(x.detach()))} is zero, the "
            "inversion could not be completed because the input matrix is singular.") from None
    return given(LinalgInvExBackward0.record(value, (x,), (value,)), out)


class LinalgSolveExBackward0(RuleNode):
    """A X = B: dX = A^-1 (dB - dA X)."""

    def slopes(self, grad, a, x):
        grad_b = solve(a.mT, grad)
        if self.vector:
            grad_a = -(grad_b.unsqueeze(-1) * x.unsqueeze(-2))
        else:
            grad_a = -(grad_b @ x.mT)
        return grad_a.sum_to_size(a.shape), grad_b.sum_to_size(self.sizes)


def solve(A, B, *, left=True, out=None):
    """X with ``A X = B`` (``X A = B`` if not `left`), for each matrix of a batch.

    `B` may be a vector, or a batch of vectors if it has the sizes of `A` but the last.
    """
    a, b = matrices(A, "linalg.solve"), tensor_arg(B, "linalg.solve", "B")
    if b.dtype is not a.dtype:
        raise RuntimeError(f"linalg.solve: Expected A and B to have the same dtype, but found A of "
                           f"type {scalar_type(a.dtype)} and B of type {scalar_type(b.dtype)} "
                           "instead")
    vector = b.dim() == 1 or b.dim() == a.dim() - 1 and b.shape == a.shape[:-1]
    if not left:
        if vector:
            raise ValueError("linalg.solve: Vector broadcasting of the left hand side is not "
                             "supported for left=False. In this case linalg.solve is equivalent to "
                             "B / A.squeeze(-1)")
        return given(solve(a.mT, b.mT).mT, out)
    if b.shape[-1 if vector else -2] != a.shape[-1]:
        raise RuntimeError(f"linalg.solve: Incompatible shapes of A and B for the equation AX = B "
                           f"({a.shape[-2]}x{a.shape[-1]} and "
                           f"{b.shape[-1 if vector else -2]}x{1 if vector else b.shape[-1]})")
    right = numbers(b.detach())
    try:
        found = numpy.linalg.solve(numbers(a.detach()), right[..., None] if vector else right)
    except numpy.linalg.LinAlgError:
        raise LinAlgError("torch.linalg.solve: The solver failed because the input matrix is "
                          "singular.") from None
    value = back(found[..., 0] if vector else found, a, not vector)
    return given(LinalgSolveExBackward0.record(value, (a, b), (a, value), vector=vector,
                                               sizes=b.shape), out)


def matrix_power(A, n, *, out=None):
    """Each matrix of a batch multiplied `n` times by itself; its inverse for negative `n`."""
    x = tensor_arg(A, "linalg.matrix_power", "A")
    if x.dim() < 2 or x.shape[-1] != x.shape[-2]:
        raise RuntimeError("linalg.matrix_power: A must be batches of square matrices, but they "
                           f"are {x.shape[-2] if x.dim() > 1 else 1} by {x.shape[-1]} matrices")
    if n == 0:
        return given(broadcast_to(eye(x.shape[-1], dtype=x.dtype), x.shape).clone(), out)
    if n < 0:
        x, n = inv(x), -n
    result = None
    while True:
        if n & 1:
            result = x if result is None else matmul(result, x)
        n >>= 1
        if not n:
            return given(result.clone() if result is A else result, out)
        x = matmul(x, x)


# ---------------------------------------------------------------- determinants

class LinalgDetBackward0(RuleNode):
    """d det(A) = det(A) tr(A^-1 dA)."""

    def slopes(self, grad, x, value):
        return ((grad * value).unsqueeze(-1).unsqueeze(-1) * inv(x).mT,)


def det(A, *, out=None):
    """The determinant of each matrix of a batch; differentiable where that is not 0."""
    x = matrices(A, "linalg.det")
    value = back(numpy.linalg.det(numbers(x.detach())), x, False)
    return given(LinalgDetBackward0.record(value, (x,), (x, value)), out)


class LinalgSlogdetBackward0(RuleNode):
    """d log |det(A)| = tr(A^-1 dA)."""

    def slopes(self, _, grad, x):
        return (None if grad is None else grad.unsqueeze(-1).unsqueeze(-1) * inv(x).mT,)


def slogdet(A, *, out=None):
    """Sign, and logarithm of the absolute value, of the determinant of each matrix."""
    x = matrices(A, "linalg.slogdet")
    made = tuple(back(part, x, False) for part in numpy.linalg.slogdet(numbers(x.detach())))
    LinalgSlogdetBackward0.record(made, (x,), (x,))
    made = SLOGDET(made)
    return made if out is None else SLOGDET(map(given, made, out))


# ---------------------------------------------------------------- decompositions

class LinalgCholeskyExBackward0(RuleNode):
    """A = L L^T: S = L^-T P(L^T dL) L^-1 with P the lower half, made symmetric."""

    def slopes(self, grad, factor):
        if self.upper:
            grad, factor = grad.mT, factor.mT
        half = tril(factor.mT @ grad)
        half = half - diag_embed(diagonal(half, 0, -2, -1)) / 2
        inverse = inv(factor)
        slope = inverse.mT @ half @ inverse
        return ((slope + slope.mT) / 2,)


def cholesky(A, *, upper=False, out=None):
    """The lower (or upper) triangular root of each symmetric positive-definite matrix."""
    x = matrices(A, "linalg.cholesky")
    array = numbers(x.detach())
    try:
        factor = numpy.linalg.cholesky(array.swapaxes(-1, -2) if upper else array)
    except numpy.linalg.LinAlgError:
        raise LinAlgError(
            f"linalg.cholesky: The factorization could not be completed because the input is not "
            f"positive-definite (the leading minor of order {bad_minor(array)} is not "
            "positive-definite).") from None
    value = back(factor.swapaxes(-1, -2) if upper else factor, x)
    return given(LinalgCholeskyExBackward0.record(value, (x,), (value,), upper=upper), out)


def bad_minor(array):
    """The order of the first leading minor that is not positive."""
    for matrix in array.reshape(-1, *array.shape[-2:]):
        for order in range(1, len(matrix) + 1):
            if not numpy.linalg.det(matrix[:order, :order]) > 0:
                return order
    return array.shape[-1]


class LinalgEighBackward0(RuleNode):
    """A = V L V^T: V (dL + (V^T dV) / (l_j - l_i)) V^T."""

    def slopes(self, grad_values, grad_vectors, values, vectors):
        inner = 0
        if grad_vectors is not None:
            gaps = values.unsqueeze(-2) - values.unsqueeze(-1)
            mask = eye(values.shape[-1], dtype=values.dtype)
            turned = vectors.mT @ grad_vectors
            inner = (turned - turned.mT) / 2 * (1 - mask) / (gaps + mask)
        if grad_values is not None:
            inner = inner + diag_embed(grad_values)
        return (vectors @ inner @ vectors.mT,)


def eigh(A, UPLO="L", *, out=None):
    """Eigenvalues, rising, and eigenvectors of symmetric matrices; reads one triangle."""
    x = matrices(A, "linalg.eigh")
    values, vectors = numpy.linalg.eigh(numbers(x.detach()), UPLO.upper())
    made = back(values, x, False), back(vectors, x)
    LinalgEighBackward0.record(made, (x,), made)
    made = EIGH(made)
    return made if out is None else EIGH(map(given, made, out))


def eigvalsh(A, UPLO="L", *, out=None):
    """The eigenvalues of symmetric matrices, rising."""
    return given(eigh(A, UPLO)[0], out)


class LinalgSvdBackward0(RuleNode):
    """A = U S V^T; the parts of dU and dV inside and outside the spaces that U and V span."""

    def slopes(self, grad_u, grad_s, grad_vh, u, s, vh):
        inner = diag_embed(grad_s) if grad_s is not None else 0
        outside = 0
        if grad_u is not None or grad_vh is not None:
            mask = eye(s.shape[-1], dtype=s.dtype)
            square = s * s
            gaps = square.unsqueeze(-2) - square.unsqueeze(-1) + mask

            def turned(product):
                return (product - product.mT) / gaps

            if grad_u is not None:
                inner = inner + turned(u.mT @ grad_u) * s.unsqueeze(-2)
                rest = (grad_u - u @ (u.mT @ grad_u)) / s.unsqueeze(-2)
                outside = outside + rest @ vh
            if grad_vh is not None:
                inner = inner + s.unsqueeze(-1) * turned(vh @ grad_vh.mT)
                rest = (grad_vh - (grad_vh @ vh.mT) @ vh) / s.unsqueeze(-1)
                outside = outside + u @ rest
        return (u @ inner @ vh + outside,)


def svd(A, full_matrices=True, *, driver=None, out=None):
    """Singular values, falling, and vectors: ``A = U diag(S) Vh``.

    The signs of the vectors are not determined; differentiable with `full_matrices` False, or
    if the matrix is square.
    """
    if driver is not None:
        raise RuntimeError("torch.linalg.svd: keyword argument `driver=` is only supported on CUDA "
                           "inputs with cuSOLVER backend.")
    x = matrices(A, "linalg.svd", square=False)
    if full_matrices and x.shape[-1] != x.shape[-2] and x.requires_grad:
        raise NotImplementedError("linalg.svd(): the derivative needs full_matrices=False for "
                                  "matrices that are not square")
    u, s, vh = numpy.linalg.svd(numbers(x.detach()), full_matrices)
    made = back(u, x), back(s, x, False), back(vh, x)
    LinalgSvdBackward0.record(made, (x,), made)
    made = SVD(made)
    return made if out is None else SVD(map(given, made, out))


def svdvals(A, *, driver=None, out=None):
    """The singular values, falling."""
    return given(svd(A, False, driver=driver)[1], out)


class LinalgQrBackward0(RuleNode):
    """A = Q R of full rank with no more columns than rows (Walter and Lehmann, 2010)."""

    def slopes(self, grad_q, grad_r, q, r):
        inner = 0
        if grad_r is not None:
            inner = r @ grad_r.mT
        if grad_q is not None:
            inner = inner - grad_q.mT @ q
        lower = tril(inner)
        whole = lower + lower.mT - diag_embed(diagonal(lower, 0, -2, -1))
        slope = q @ whole if grad_q is None else grad_q + q @ whole
        return (solve(r, slope.mT).mT,)


def qr(A, mode="reduced", *, out=None):
    """An orthogonal and an upper triangular factor.

    Parameters
    ----------
    A : Tensor
    mode : {"reduced", "complete", "r"}
        With "r", Q is empty. Only "reduced" of matrices with at least as many rows as columns
        is differentiable.
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' "
                           "(default), 'r', or 'complete'")
    x = matrices(A, "linalg.qr", square=False)
    found = numpy.linalg.qr(numbers(x.detach()), mode)
    if mode == "r":
        made = x.new_empty(0), back(found, x)
    else:
        made = tuple(back(part, x) for part in found)
    if x.requires_grad and (mode != "reduced" or x.shape[-1] > x.shape[-2]):
        raise NotImplementedError("linalg.qr(): the derivative needs mode='reduced' and no more "
                                  "columns than rows")
    LinalgQrBackward0.record(made, (x,), made)
    made = QR(made)
    return made if out is None else QR(map(given, made, out))


class LinalgPinvBackward0(RuleNode):
    """The derivative of a pseudo-inverse of constant rank (Golub and Pereyra, 1973)."""

    def slopes(self, grad, a, p):
        g = grad.mT
        if a.shape[-2] <= a.shape[-1]:
            k = g @ p
            tail = k @ p.mT
            return (-(p @ k).mT + tail - (a @ p) @ tail + (p.mT @ p) @ (g - k @ a),)
        k = p @ g
        tail = p.mT @ k
        return (-(k @ p).mT + (g - a @ k) @ p @ p.mT + tail - (tail @ p) @ a,)


def pinv(A, *, atol=None, rtol=None, hermitian=False, out=None):
    """The pseudo-inverse of each matrix; singular values below the tolerance count as 0.

    Parameters
    ----------
    A : Tensor
    atol, rtol : number or Tensor, optional
        The tolerance, absolute and as a part of the largest singular value.
    hermitian : bool
        Whether the matrices are symmetric; then the lower triangle is read.
    """
    x = matrices(A, "linalg.pinv", square=hermitian)
    value = pseudo_inverse(x.detach(), atol, rtol, hermitian)
    return given(LinalgPinvBackward0.record(value, (x,), (x, value)), out)


def pseudo_inverse(x, atol, rtol, hermitian):
    """By the singular values, or the eigenvalues of a symmetric matrix."""
    if 0 in x.shape:
        return x.new_zeros(x.mT.shape)
    if hermitian:
        values, u = eigh(x)
        s, vh = values.abs(), (u * values.sign().unsqueeze(-2)).mT
    else:
        u, s, vh = svd(x, False)
    large = s > tolerance(s, x, atol, rtol)
    inverse = (1 / s.masked_fill(large.logical_not(), 1)) * large
    return (vh.mT * inverse.unsqueeze(-2)) @ u.mT


def tolerance(s, x, atol, rtol):
    """The size below which a singular value counts as 0."""
    if rtol is None:
        rtol = 0.0 if atol is not None else max(x.shape[-2:]) * numpy.finfo(
            numbers(s).dtype).eps
    largest = s.amax(-1, keepdim=True) * of_each(rtol)
    return largest if atol is None else maximum(largest, of_each(atol) + zeros_like(largest))


def of_each(bound):
    """A tolerance, or a tensor of one for each matrix of a batch."""
    return bound.unsqueeze(-1) if hasattr(bound, "unsqueeze") and bound.dim() else bound


def matrix_rank(A, *, atol=None, rtol=None, hermitian=False, out=None):
    """How many singular values of each matrix lie above the tolerance."""
    x = matrices(A, "linalg.matrix_rank", square=hermitian).detach()
    if 0 in x.shape:
        return given(x.new_zeros(x.shape[:-2], dtype=int64), out)
    s = eigvalsh(x).abs() if hermitian else svdvals(x)
    return given((s > tolerance(s, x, atol, rtol)).sum(-1), out)
