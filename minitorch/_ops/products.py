"""Products of vectors, matrices and batches that are made of the compiled ones."""

import warnings

from minitorch._ops.arithmetic import mul
from minitorch._ops.creation import eye, zeros
from minitorch._ops.expand import atleast_2d, broadcast_tensors
from minitorch._ops.forms import inplace_form
from minitorch._ops.linear import addmm, bmm, dot, matmul, mm, mv
from minitorch._ops.rearrange import roll
from minitorch._ops.rule import (
    RuleNode,
    cxx_type,
    given,
    given_cast,
    is_scalar,
    scalar_type,
    tensor_arg,
    unsafe_view,
    wrapped,
)
from minitorch._ops.strided import diagonal

__all__ = [
    "addbmm", "addbmm_", "addmm_", "addmv", "addmv_", "addr", "addr_", "baddbmm", "baddbmm_",
    "block_diag", "chain_matmul", "cross", "ger", "inner", "kron", "multi_dot", "outer",
    "tensordot", "trace", "vdot",
]


# ---------------------------------------------------------------- vectors

class VdotBackward0(RuleNode):
    """d(u . v) = v du + u dv."""

    def slopes(self, grad, u, v):
        return grad * v, grad * u


def vdot(input, other, *, out=None):
    """The inner product of two vectors; without complex numbers the same as `dot`."""
    u, v = tensor_arg(input, "vdot", "input"), tensor_arg(other, "vdot", "other")
    return given(VdotBackward0.record(dot(u.detach(), v.detach()), (u, v), (u, v)), out)


def outer(input, vec2, *, out=None):
    """The outer product of two vectors: (m), (n) -> (m, n)."""
    for value, name in ((input, "input"), (vec2, "vec2")):
        if tensor_arg(value, "outer", name).dim() != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {'self' if value is input else name}"
                               f", but got {value.dim()}-D")
    return given_cast(input.unsqueeze(1) * vec2, out)


def ger(input, vec2, *, out=None):
    """Another name of `outer`."""
    return outer(input, vec2, out=out)


def inner(input, other, *, out=None):
    """Sums of products along the last axis: (*, k), (*', k) -> (*, *').

    Raises
    ------
    RuntimeError
        If the last axes differ in size.
    """
    a, b = tensor_arg(input, "inner", "input"), tensor_arg(other, "inner", "other")
    if a.dim() == 0 or b.dim() == 0:
        return given(a * b, out)
    if a.shape[-1] != b.shape[-1]:
        raise RuntimeError("inner() the last dimension must match on both input tensors but got "
                           f"shapes {list(a.shape)} and {list(b.shape)}")
    return tensordot(a, b, ([-1], [-1]), out=out)


def cross(input, other, dim=None, *, out=None):
    """The vector product along an axis of size 3; without `dim`, the first one of that size."""
    a, b = tensor_arg(input, "cross", "input"), tensor_arg(other, "cross", "other")
    if dim is None:
        warnings.warn(
            "Using torch.cross without specifying the dim arg is deprecated.\n"
            "Please either pass the dim explicitly or simply use torch.linalg.cross.\n"
            "The default value of dim will change to agree with that of linalg.cross in a future "
            "release.", stacklevel=2)
        if 3 not in a.shape:
            raise RuntimeError("no dimension of size 3 in input")
        dim = list(a.shape).index(3)
    return given(linalg_cross(a, b, dim), out)


class LinalgCrossBackward0(RuleNode):
    """d(a x b) = da x b + a x db."""

    def slopes(self, grad, a, b):
        return (linalg_cross(b, grad, self.dim).sum_to_size(self.sizes[0])
                if self.asked(0) else None,
                linalg_cross(grad, a, self.dim).sum_to_size(self.sizes[1])
                if self.asked(1) else None)


def linalg_cross(a, b, dim=-1):
    """The vector product along an axis of size 3; the other axes are broadcast."""
    if a.dim() != b.dim():
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = wrapped(dim, a.dim())
    if a.dim() == 0 or a.shape[axis] != 3 or b.shape[axis] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got "
            f"{a.shape[axis] if a.dim() else 1} and {b.shape[axis] if b.dim() else 1}")
    x, y = broadcast_tensors(a.detach(), b.detach())
    value = (roll(x, -1, axis) * roll(y, 1, axis) - roll(x, 1, axis) * roll(y, -1, axis))
    return LinalgCrossBackward0.record(value, (a, b), (a, b), dim=axis, sizes=(a.shape, b.shape))


# ---------------------------------------------------------------- a sum and a product

def check_factors(where, self, beta, alpha):
    """Check the two factors, and cut them to whole numbers for whole numbers."""
    for value, name in ((beta, "beta"), (alpha, "alpha")):
        if not is_scalar(value):
            raise TypeError(f"{where}(): argument '{name}' must be Number, not "
                            f"{type(value).__name__}")
    if self.dtype.is_floating_point:
        return beta, alpha
    return int(beta), int(alpha)


def added(self, product, beta, alpha):
    """beta self + alpha product; `self` is not read when beta is 0."""
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return product
    return (self if beta == 1 else self * beta) + product


def checked_shape(where, self, sizes, dtype):
    """Raise unless `self` may be added to a product of a shape and dtype."""
    lead = len(sizes) - self.dim()
    if lead < 0:
        raise RuntimeError(
            f"expand({type_text(self)}{{{list(self.shape)}}}, size={list(sizes)}): the number of "
            f"sizes provided ({len(sizes)}) must be greater or equal to the number of dimensions "
            f"in the tensor ({self.dim()})")
    for axis, (mine, wanted) in enumerate(zip(self.shape, sizes[lead:], strict=True)):
        if mine not in (1, wanted):
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted}) must match the existing size "
                f"({mine}) at non-singleton dimension {lead + axis}.  Target sizes: "
                f"{list(sizes)}.  Tensor sizes: {list(self.shape)}")
    if self.dtype is not dtype:
        raise RuntimeError(f"{where}: self and the factors must have the same dtype, but got "
                           f"{self.dtype} and {dtype}")


def type_text(tensor):
    """A tensor's type in PyTorch's errors."""
    return "torch." + scalar_type(tensor.dtype) + "Tensor"


class AddedProduct(RuleNode):
    """Base: d(beta C + alpha A B) = beta dC + alpha (dA B + A dB)."""

    def slopes(self, grad, a, b):
        scaled = grad if self.alpha == 1 else grad * self.alpha
        first = None
        if self.asked(0):
            first = (grad if self.beta == 1 else grad * self.beta).sum_to_size(self.sizes)
        return (first, self.slope_a(scaled, b) if self.asked(1) else None,
                self.slope_b(scaled, a) if self.asked(2) else None)

    @classmethod
    def of(cls, self, a, b, product, beta, alpha):
        """The sum, recorded; `product` is not."""
        value = added(self.detach(), product, beta, alpha)
        if value.dtype is not self.dtype:
            value = value.to(self.dtype)
        return cls.record(value, (self, a, b), (a, b), beta=beta, alpha=alpha, sizes=self.shape)


class AddmvBackward0(AddedProduct):
    """The slopes of a matrix times a vector."""

    def slope_a(self, grad, vec):
        return grad.unsqueeze(1) * vec

    def slope_b(self, grad, mat):
        return mv(mat.t(), grad)


class BaddbmmBackward0(AddedProduct):
    """The slopes of batches of products."""

    def slope_a(self, grad, b):
        return bmm(grad, b.transpose(1, 2))

    def slope_b(self, grad, a):
        return bmm(a.transpose(1, 2), grad)


class AddbmmBackward0(AddedProduct):
    """The same where the batch is summed."""

    def slope_a(self, grad, b):
        return bmm(grad.expand(b.shape[0], *grad.shape), b.transpose(1, 2))

    def slope_b(self, grad, a):
        return bmm(a.transpose(1, 2), grad.expand(a.shape[0], *grad.shape))


class AddrBackward0(AddedProduct):
    """The slopes of an outer product."""

    def slope_a(self, grad, vec2):
        return mv(grad, vec2)

    def slope_b(self, grad, vec1):
        return mv(grad.t(), vec1)


def addmv(input, mat, vec, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * mat @ vec``."""
    beta, alpha = check_factors("addmv", tensor_arg(input, "addmv", "input"), beta, alpha)
    product = mv(tensor_arg(mat, "addmv", "mat").detach(),
                 tensor_arg(vec, "addmv", "vec").detach())
    if input.dim() > 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {input.dim()}, {mat.dim()}, "
                           f"{vec.dim()}")
    if input.numel() not in (1, mat.shape[0]):
        raise RuntimeError(f"size mismatch, got input ({input.shape[0]}), mat "
                           f"({mat.shape[0]}x{mat.shape[1]}), vec ({vec.shape[0]})")
    checked_shape("addmv", input, product.shape, product.dtype)
    return given(AddmvBackward0.of(input, mat, vec, product, beta, alpha), out)


def baddbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None, out_dtype=None):
    """``beta * input + alpha * batch1 @ batch2``, `input` broadcast."""
    if out_dtype is not None:
        raise NotImplementedError("baddbmm(): argument 'out_dtype' is only supported for CUDA")
    beta, alpha = check_factors("baddbmm", tensor_arg(input, "baddbmm", "input"), beta, alpha)
    first, second = tensor_arg(batch1, "baddbmm", "batch1"), tensor_arg(batch2, "baddbmm", "batch2")
    if not input.dtype is first.dtype is second.dtype:
        names = [cxx_type(tensor.dtype) for tensor in (input, first, second)]
        raise RuntimeError(f"Input dtypes must be the same, got: input {names[0]}, batch1: "
                           f"{names[1]}, batch2: {names[2]}")
    product = bmm(tensor_arg(batch1, "baddbmm", "batch1").detach(),
                  tensor_arg(batch2, "baddbmm", "batch2").detach())
    checked_shape("baddbmm", input, product.shape, product.dtype)
    return given(BaddbmmBackward0.of(input, batch1, batch2, product, beta, alpha), out)


def addbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * (batch1 @ batch2).sum(0)``, `input` broadcast."""
    beta, alpha = check_factors("addbmm", tensor_arg(input, "addbmm", "input"), beta, alpha)
    a, b = tensor_arg(batch1, "addbmm", "batch1"), tensor_arg(batch2, "addbmm", "batch2")
    if a.dim() != 3 or b.dim() != 3:
        raise RuntimeError(f"batch{1 if a.dim() != 3 else 2} must be a 3D tensor")
    if a.shape[0] != b.shape[0]:
        raise RuntimeError("batch1 and batch2 must have same number of batches, got "
                           f"{a.shape[0]} and {b.shape[0]}")
    if a.shape[2] != b.shape[1]:
        raise RuntimeError(f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and "
                           f"{b.shape[1]}x{b.shape[2]})")
    product = bmm(a.detach(), b.detach()).sum(0, dtype=a.dtype)
    checked_shape("addbmm", input, product.shape, product.dtype)
    return given(AddbmmBackward0.of(input, a, b, product, beta, alpha), out)


def addr(input, vec1, vec2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * outer(vec1, vec2)``, `input` broadcast.

    The dtypes are promoted; bool is computed with `or` and `and`.
    """
    u, v = tensor_arg(vec1, "addr", "vec1"), tensor_arg(vec2, "addr", "vec2")
    check_factors("addr", tensor_arg(input, "addr", "input"), beta, alpha)
    if u.dim() != 1 or v.dim() != 1:
        raise RuntimeError(f"addr: Expected 1-D argument vec{1 if u.dim() != 1 else 2}, but got "
                           f"{(u if u.dim() != 1 else v).dim()}-D")
    product = u.detach().unsqueeze(1) * v.detach()
    for value, name in ((beta, "beta"), (alpha, "alpha")):
        if isinstance(value, float) and not (product.dtype.is_floating_point
                                             or input.dtype.is_floating_point):
            raise RuntimeError(f"For integral input tensors, argument {name} must not be a "
                               "floating point number.")
        if isinstance(value, bool) and "bool" not in repr(product.dtype):
            raise RuntimeError(f"Boolean {name} only supported for Boolean results.")
    sizes = product.shape
    lead = 2 - input.dim()
    if lead < 0 or any(mine not in (1, wanted) for mine, wanted in
                       zip(input.shape, sizes[max(lead, 0):], strict=False)):
        checked_shape("addr", input, sizes, input.dtype)
    value = added(input.detach(), product, beta, alpha)
    if value.dtype is not product.dtype and not product.dtype.is_floating_point \
            and not input.dtype.is_floating_point:
        value = value.to((input.detach() + product).dtype)
    value = value.expand(sizes) if value.shape != sizes else value
    return given_cast(AddrBackward0.record(value, (input, u, v), (u, v), beta=beta, alpha=alpha,
                                      sizes=input.shape), out)


def same_size(self, result):
    """PyTorch's own text where a result does not fit in place."""
    if self.shape != result.shape:
        raise RuntimeError(f"Bad in-place call: input tensor size {list(self.shape)} and output "
                           f"tensor size {list(result.shape)} should match")


addmm_, addmv_, baddbmm_, addbmm_ = (
    inplace_form(function, same_size) for function in (addmm, addmv, baddbmm, addbmm))
addr_ = inplace_form(addr)


# ---------------------------------------------------------------- more axes

def tensordot(a, b, dims=2, out=None):
    """Sums of products over pairs of axes.

    Parameters
    ----------
    a, b : Tensor
    dims : int or (list of int, list of int) or Tensor
        How many of the last axes of `a` and the first of `b`, or the axes of each.

    Returns
    -------
    Tensor
        The axes left of `a`, then those of `b`.
    """
    axes_a, axes_b = contracted(a, dims)
    axes_a = [wrapped(axis, a.dim()) for axis in axes_a]
    axes_b = [wrapped(axis, b.dim()) for axis in axes_b]
    if len(axes_a) != len(axes_b):
        raise RuntimeError("both dimension lists should have same length")
    if a.dtype is not b.dtype:
        raise RuntimeError("both inputs should have same dtype")
    for axis_a, axis_b in zip(axes_a, axes_b, strict=True):
        if a.shape[axis_a] != b.shape[axis_b]:
            if b.shape[axis_b] == 1:
                a = a.sum(axis_a, keepdim=True, dtype=a.dtype)
            elif a.shape[axis_a] == 1:
                b = b.sum(axis_b, keepdim=True, dtype=b.dtype)
            else:
                raise RuntimeError(
                    f"contracted dimensions need to match, but first has size "
                    f"{a.shape[axis_a]} in dim {axis_a} and second has size {b.shape[axis_b]} in "
                    f"dim {axis_b}")
    left = [axis for axis in range(a.dim()) if axis not in axes_a]
    right = [axis for axis in range(b.dim()) if axis not in axes_b]
    sizes = [a.shape[axis] for axis in left] + [b.shape[axis] for axis in right]
    inner_ = 1
    for axis in axes_a:
        inner_ *= a.shape[axis]
    rows, columns = 1, 1
    for axis in left:
        rows *= a.shape[axis]
    for axis in right:
        columns *= b.shape[axis]
    product = mm(a.permute(*left, *axes_a).reshape(rows, inner_) if a.dim() else a.reshape(1, 1),
                 b.permute(*axes_b, *right).reshape(inner_, columns) if b.dim()
                 else b.reshape(1, 1))
    return given(product.reshape(sizes), out)


def contracted(a, dims):
    """The axes of both factors that `dims` of `tensordot` names."""
    if not isinstance(dims, (int, tuple, list)) and not hasattr(dims, "numel"):
        raise RuntimeError("tensordot expects dims to be int or "
                           "tuple[list[int], list[int]] or "
                           f"list[list[int]] containing two lists, but got dims={dims}")
    if hasattr(dims, "numel"):
        dims = dims.tolist() if dims.numel() > 1 else int(dims)
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > a.dim():
            raise RuntimeError("tensordot expects dims < ndim_a or ndim_b, but got "
                               f"dims={dims} and ndim_a={a.dim()}")
        return list(range(a.dim() - dims, a.dim())), list(range(dims))
    first, second = dims
    return (list(first) if isinstance(first, (tuple, list)) else [first],
            list(second) if isinstance(second, (tuple, list)) else [second])


class TraceBackward0(RuleNode):
    """The gradient on the diagonal, zeros elsewhere."""

    def slopes(self, grad):
        return (grad * eye(*self.sizes, dtype=grad.dtype),)


def trace(input):
    """The sum of the diagonal of a matrix; integers are summed as int64."""
    x = tensor_arg(input, "trace", "input")
    if x.dim() != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {x.dim()}")
    if scalar_type(x.dtype) == "Bool":
        raise NotImplementedError("\"trace\" not implemented for 'Bool'")
    return TraceBackward0.record(diagonal(x.detach()).sum(), (x,), sizes=x.shape)


def kron(input, other, *, out=None):
    """Kronecker's product: each element of `input` times the whole of `other`.

    Returns
    -------
    Tensor
        Each axis as large as those of the two together; axes are added in front as needed.
    """
    a, b = tensor_arg(input, "kron", "input"), tensor_arg(other, "kron", "other")
    n = max(a.dim(), b.dim())
    sizes_a = (1,) * (n - a.dim()) + tuple(a.shape)
    sizes_b = (1,) * (n - b.dim()) + tuple(b.shape)
    spread_a = [size for one in sizes_a for size in (one, 1)]
    spread_b = [size for one in sizes_b for size in (1, one)]
    result = mul(a.reshape(spread_a), b.reshape(spread_b))
    sizes = tuple(x * y for x, y in zip(sizes_a, sizes_b, strict=True))
    result = unsafe_view(result, sizes) if result.is_contiguous() else result.reshape(sizes)
    return given_cast(result, out)


def block_diag(*tensors):
    """Matrices (vectors count as rows, numbers as 1 x 1) along the diagonal of a larger one."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    if not tensors:
        return zeros(1, 0)
    blocks = []
    for i, tensor in enumerate(tensors):
        if tensor_arg(tensor, "block_diag", "tensors").dim() > 2:
            raise RuntimeError("torch.block_diag: Input tensors must have 2 or fewer dimensions. "
                               f"Input {i} has {tensor.dim()} dimensions")
        blocks.append(atleast_2d(tensor))
    made = zeros(sum(block.shape[0] for block in blocks), sum(block.shape[1] for block in blocks),
                 dtype=common_dtype(blocks))
    corners, row, column = [], 0, 0
    for block in blocks:
        corners.append((slice(row, row + block.shape[0]), slice(column, column + block.shape[1])))
        made[corners[-1]] = block.detach()
        row, column = row + block.shape[0], column + block.shape[1]
    return BlockDiagBackward0.record(made, tensors, corners=corners,
                                     like=[(t.shape, t.dtype) for t in tensors])


class BlockDiagBackward0(RuleNode):
    """The blocks of the gradient."""

    def slopes(self, grad):
        return tuple(grad[corner].reshape(shape).to(dtype)
                     for corner, (shape, dtype) in zip(self.corners, self.like, strict=True))


def common_dtype(tensors):
    """The dtype that all of them are promoted to."""
    from minitorch._core.dtype import promote_types

    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        dtype = promote_types(dtype, tensor.dtype)
    return dtype


# ---------------------------------------------------------------- chains

def chain_matmul(*matrices, out=None):
    """The product of a chain of matrices, in the cheapest order."""
    warnings.warn(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use "
        "torch.linalg.multi_dot instead, which accepts a list of two or more tensors rather than "
        "multiple parameters.", stacklevel=2)
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for matrix in matrices:
        if matrix.dim() != 2:
            raise RuntimeError(f"Tensor dimension is {matrix.dim()}, expected 2 instead.")
    if len(matrices) == 1:
        return given(matrices[0].clone(), out)
    return multi_dot(matrices, out=out)


def multi_dot(tensors, *, out=None):
    """The product of two or more matrices in the cheapest order; the ends may be vectors.

    The order is that of the classical dynamic program (Cormen et al., chapter 14.2).
    """
    chain = list(tensors)
    if len(chain) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got "
                           f"{len(chain)}")
    first, last = chain[0], chain[-1]
    if first.dim() not in (1, 2):
        raise RuntimeError(f"multi_dot(): the first tensor must be 1D or 2D but got "
                           f"{first.dim()}D")
    if last.dim() not in (1, 2):
        raise RuntimeError(f"multi_dot(): the last tensor must be 1D or 2D but got {last.dim()}D")
    for i, tensor in enumerate(chain[1:-1], 1):
        if tensor.dim() != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {tensor.dim()}D")
    for i, tensor in enumerate(chain):
        if tensor.dtype is not first.dtype:
            raise RuntimeError(f"multi_dot(): all tensors must have be the same dtype but tensor "
                               f"0 is {scalar_type(first.dtype)} and tensor {i} "
                               f"{scalar_type(tensor.dtype)}")
    chain[0] = first.unsqueeze(0) if first.dim() == 1 else first
    chain[-1] = last.unsqueeze(1) if last.dim() == 1 else last
    for i, (left, right) in enumerate(zip(chain, chain[1:], strict=False)):
        if left.shape[1] != right.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(tensors[i].shape)} and "
                f"{list(tensors[i + 1].shape)} cannot be multiplied")
    sizes = [tensor.shape[0] for tensor in chain] + [chain[-1].shape[1]]
    result = multiplied(chain, best_splits(sizes), 0, len(chain) - 1)
    return given(result.view(first.shape[:-1] + last.shape[1:]), out)


def best_splits(sizes):
    """splits[i, j]: after which factor the product of factors i..j is best cut in two."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    splits = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], splits[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j))
    return splits


def multiplied(chain, splits, i, j):
    """The product of factors i..j."""
    if i == j:
        return chain[i]
    k = splits[i, j]
    return matmul(multiplied(chain, splits, i, k), multiplied(chain, splits, k + 1, j))
