# cython: auto_pickle=False
"""Rows of a table by their numbers, with gradients that are added up into the table."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from minitorch._core.dtype cimport of_code, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    check_writable, connect1, records1, set_function)
from minitorch._core.tensor cimport TensorBase, alias, new_tensor, shape_of
from minitorch._kernels.types cimport F32, I32, I64
from minitorch._ops._base cimport cast_raw, check_tensor, contiguous_raw, refuse
from minitorch._ops.choice import where
from minitorch._ops.gather cimport index_select_op


ctypedef fused real:
    float
    double


cdef class EmbeddingBackward0(Node):
    """Each gradient is added to the row that was taken; that of the padding goes nowhere."""

    cdef object places, rows       # a vector of row numbers; how many rows there are
    cdef int64_t padding           # row without a gradient; -1 for none
    cdef object share              # 1 / how often each number occurs, or None

    cdef tuple apply(self, tuple grads):
        return (embedding_slope(grads[0], self),)


cdef class EmbeddingBackwardBackward(Node):
    """The gradient's own derivative: the rows again, where they count."""

    cdef EmbeddingBackward0 of
    cdef object sizes

    def name(self):
        return "EmbeddingDenseBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        taken = index_select_op(grads[0], 0, self.of.places)
        return (weighted(taken, self.of).reshape(self.sizes),)


cdef object weighted(object rows, EmbeddingBackward0 of):
    """Rows times how much each counts."""
    if of.share is not None:
        rows = rows * of.share.to(rows.dtype).unsqueeze(1)
    if of.padding >= 0:
        rows = where((of.places == of.padding).unsqueeze(1), 0, rows)
    return rows


cdef void take_rows(char* out, const char* table, const int64_t* at, Py_ssize_t n,
                    Py_ssize_t row) noexcept nogil:
    """out[i] = table[at[i]], rows of so many bytes."""
    cdef Py_ssize_t i
    for i in range(n):
        memcpy(out + i * row, table + at[i] * row, row)


cdef void add_rows(real* table, const real* rows, const int64_t* at, Py_ssize_t n, Py_ssize_t width,
                   int64_t padding) noexcept nogil:
    """table[at[i]] += rows[i], in order, but for the padding."""
    cdef Py_ssize_t i, j
    cdef real* to
    cdef const real* from_
    for i in range(n):
        if at[i] == padding:
            continue
        to, from_ = table + at[i] * width, rows + i * width
        for j in range(width):
            to[j] += from_[j]


cdef TensorBase embedding_slope(TensorBase g, EmbeddingBackward0 of):
    cdef TensorBase table, rows = alias(g)
    cdef TensorBase at = of.places
    cdef EmbeddingBackwardBackward node
    cdef Py_ssize_t shape[2]
    shape[0], shape[1] = of.rows, g.shape_[g.ndim_ - 1]
    if of.share is not None:
        rows = rows.reshape(-1, shape[1]) * of.share.to(g.dtype_).unsqueeze(1)
    if g.dtype_.itemsize < 4:
        rows = cast_raw(rows, of_code(F32))
    rows = contiguous_raw(rows)
    table = new_tensor(rows.dtype_, 2, shape)
    table.zero_()
    if rows.code() == F32:
        with nogil:
            add_rows[float](<float*> table.data(), <const float*> rows.data(),
                            <const int64_t*> at.data(), at.numel_, shape[1], of.padding)
    else:
        with nogil:
            add_rows[double](<double*> table.data(), <const double*> rows.data(),
                             <const int64_t*> at.data(), at.numel_, shape[1], of.padding)
    table = cast_raw(table, g.dtype_)
    if records1(g):
        node = EmbeddingBackwardBackward.__new__(EmbeddingBackwardBackward)
        connect1(node, g)
        node.of, node.sizes, node.n_outputs = of, shape_of(g), 1
        set_function(table, node, 0)
    return table


cdef TensorBase row_numbers(TensorBase weight, object indices, str caller):
    """The row numbers as an int64 vector, all within the table."""
    cdef TensorBase at = check_tensor(indices, caller, "indices")
    if weight.ndim_ != 2:
        raise RuntimeError("'weight' must be 2-D")
    if at.dtype_.code != I64 and at.dtype_.code != I32:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{type_name(at.dtype_)}Tensor instead (while checking "
            f"arguments for {caller})")
    at = contiguous_raw(cast_raw(alias(at), of_code(I64))).reshape(-1)
    if at.numel_ and (int(at.min()) < 0 or int(at.max()) >= weight.shape_[0]):
        raise IndexError("index out of range in self")
    return at


def embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    """The rows of `weight` with the numbers `indices`.

    Parameters
    ----------
    weight : Tensor
        (V, D).
    indices : Tensor
        int64 or int32 row numbers, of any shape.
    padding_idx : int
        A row that gets no gradient; -1 for none.
    scale_grad_by_freq : bool
        Divide the gradient of a row by how often it was taken.
    sparse : bool
        Not supported: gradients are dense.

    Returns
    -------
    Tensor
        (*, D).

    Raises
    ------
    IndexError
        If a number is out of range.
    """
    cdef TensorBase table = check_tensor(weight, "embedding", "weight")
    cdef TensorBase at, out, dense
    cdef Py_ssize_t row
    cdef EmbeddingBackward0 node
    if sparse:
        refuse("embedding", "sparse", sparse)
    at = row_numbers(table, indices, "embedding")
    dense = contiguous_raw(table)
    out = dense.new_empty((*shape_of(indices), table.shape_[1]))
    row = table.shape_[1] * table.dtype_.itemsize
    with nogil:
        take_rows(out.data(), dense.data(), <const int64_t*> at.data(), at.numel_, row)
    if records1(table):
        node = EmbeddingBackward0.__new__(EmbeddingBackward0)
        connect1(node, table)
        # a copy, for the numbers may be overwritten before the backward
        node.places, node.rows, node.padding = at.clone(), table.shape_[0], padding_idx
        if scale_grad_by_freq:
            counts = at.new_zeros(table.shape_[0]).index_add_(0, at, at.new_ones(at.numel_))
            node.share = 1.0 / counts[at]
        node.n_outputs = 1
        set_function(out, node, 0)
    return out


def embedding_renorm_(self, indices, max_norm, norm_type):
    """Scale the rows that `indices` name, where longer, to the length `max_norm`, in place."""
    cdef TensorBase table = check_tensor(self, "embedding_renorm_", "self")
    at = row_numbers(table, indices, "embedding_renorm_").unique()
    check_writable(table, records1(table))
    plain = alias(table)
    rows = plain[at]
    length = rows.norm(norm_type, 1, True)
    # PyTorch's 1e-7, against a division by zero
    plain[at] = where(length > max_norm, rows * (max_norm / (length + 1e-7)), rows)
    return self
