"""Matrix products and what is made of them, with their derivatives."""

from minitorch._core.dtype cimport FLOATING, of_code, cxx_name, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    connect2, connect3, records2, records3, save, set_function, unpack)
from minitorch._core.shape cimport Dims, broadcast, product
from minitorch._core.tensor cimport TensorBase, new_tensor, shape_of
from minitorch._kernels.gemm cimport gemm
from minitorch._kernels.types cimport F32, F64
from minitorch._ops._base cimport cast_raw, check_tensor, copy_raw, expand_raw
from minitorch._ops.array cimport from_array, numbers_of
from minitorch._ops.binary cimport add_op, mul_number, mul_op
from minitorch._ops.expand cimport expand_to
from minitorch._ops.out cimport deliver_same, deliver_typed
from minitorch._ops.reduce cimport sum_to_op
from minitorch._ops.scalars cimport is_number
from minitorch._ops.view cimport (
    dropped_axis_op, reshape_to, t_op, transpose_op, unsafe_view_op, unsqueeze_op)


# ---------------------------------------------------------------- raw products

cdef int product_into(TensorBase out, Py_ssize_t out_at, TensorBase a, Py_ssize_t a_at,
                      TensorBase b, Py_ssize_t b_at, int last, double alpha,
                      double beta) except -1:
    """out = alpha a.b + beta out for one matrix; the matrix axes are the last two."""
    cdef Py_ssize_t m = a.shape_[last - 1], k = a.shape_[last], n = b.shape_[last]
    cdef Py_ssize_t c_row = out.strides_[last - 1]
    cdef Py_ssize_t a_row = a.strides_[last - 1], a_col = a.strides_[last]
    cdef Py_ssize_t b_row = b.strides_[last - 1], b_col = b.strides_[last]
    cdef float* cf = <float*> out.data() + out_at
    cdef const float* af = <const float*> a.data() + a_at
    cdef const float* bf = <const float*> b.data() + b_at
    cdef double* cd = <double*> out.data() + out_at
    cdef const double* ad = <const double*> a.data() + a_at
    cdef const double* bd = <const double*> b.data() + b_at
    cdef bint single = out.code() == F32
    if m * n * k < 4096:
        if single:
            gemm(cf, c_row, af, a_row, a_col, bf, b_row, b_col, m, n, k, <float> alpha,
                 <float> beta)
        else:
            gemm(cd, c_row, ad, a_row, a_col, bd, b_row, b_col, m, n, k, alpha, beta)
        return 0
    with nogil:
        if single:
            gemm(cf, c_row, af, a_row, a_col, bf, b_row, b_col, m, n, k, <float> alpha,
                 <float> beta)
        else:
            gemm(cd, c_row, ad, a_row, a_col, bd, b_row, b_col, m, n, k, alpha, beta)
    return 0


cdef TensorBase mm_raw(TensorBase a, TensorBase b):
    """The product of two matrices of one dtype."""
    cdef Py_ssize_t sizes[2]
    cdef TensorBase out
    if a.code() != F32 and a.code() != F64:
        return rare_product(a, b)
    sizes[0], sizes[1] = a.shape_[0], b.shape_[1]
    out = new_tensor(a.dtype_, 2, sizes)
    product_into(out, 0, a, 0, b, 0, 1, 1.0, 0.0)
    return out


cdef TensorBase bmm_raw(TensorBase a, TensorBase b):
    """The products of two batches of matrices of one dtype."""
    cdef Py_ssize_t sizes[3]
    cdef Py_ssize_t i
    cdef TensorBase out
    if a.code() != F32 and a.code() != F64:
        return rare_product(a, b)
    sizes[0], sizes[1], sizes[2] = a.shape_[0], a.shape_[1], b.shape_[2]
    out = new_tensor(a.dtype_, 3, sizes)
    for i in range(sizes[0]):
        product_into(out, i * out.strides_[0], a, i * a.strides_[0], b, i * b.strides_[0], 2,
                     1.0, 0.0)
    return out


cdef TensorBase rare_product(TensorBase a, TensorBase b):
    """Integers by numpy, half precision by way of float32."""
    if a.dtype_.category == FLOATING:
        single = of_code(F32)
        product_ = mm_raw if a.ndim_ == 2 else bmm_raw
        return cast_raw(product_(cast_raw(a, single), cast_raw(b, single)), a.dtype_)
    if a.dtype_.name == "bool":
        raise NotImplementedError("\"addmm_impl_cpu_\" not implemented for 'Bool'")
    return from_array(numbers_of(a) @ numbers_of(b), a.dtype_)


# ---------------------------------------------------------------- checks

cdef int check_dtypes(TensorBase a, TensorBase b, str where) except -1:
    if a.dtype_ is not b.dtype_:
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: "
                           f"{cxx_name(a.dtype_)} != {cxx_name(b.dtype_)} ({where})")
    return 0


cdef int check_mm(TensorBase a, TensorBase b, str where) except -1:
    for t, name in ((a, "self" if where == "mm" else "mat1"), (b, "mat2")):
        if (<TensorBase> t).ndim_ != 2:
            got = "" if where == "mm" else f", got {(<TensorBase> t).ndim_}-D tensor"
            raise RuntimeError(f"{name} must be a matrix{got}")
    if a.shape_[1] != b.shape_[0]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({a.shape_[0]}x"
                           f"{a.shape_[1]} and {b.shape_[0]}x{b.shape_[1]})")
    return check_dtypes(a, b, where)


cdef int check_bmm(TensorBase a, TensorBase b, str where) except -1:
    if a.ndim_ != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if b.ndim_ != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if a.shape_[0] != b.shape_[0] or a.shape_[2] != b.shape_[1]:
        raise RuntimeError(f"Expected size for first two dimensions of batch2 tensor to be: "
                           f"[{a.shape_[0]}, {a.shape_[2]}] but got: [{b.shape_[0]}, "
                           f"{b.shape_[1]}].")
    return check_dtypes(a, b, where)


# ---------------------------------------------------------------- products

cdef class MmBackward0(Node):
    """d(A B) = dA B + A dB."""

    saved_names = ("self", "mat2")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (mm_op(g, t_op(unpack(self.s1, self))) if self.needs(0) else None,
                mm_op(t_op(unpack(self.s0, self)), g) if self.needs(1) else None)


cdef class BmmBackward0(Node):
    """d(A B) = dA B + A dB, for each matrix of a batch."""

    saved_names = ("self", "mat2")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (bmm_op(g, transpose_op(unpack(self.s1, self), 1, 2)) if self.needs(0) else None,
                bmm_op(transpose_op(unpack(self.s0, self), 1, 2), g) if self.needs(1) else None)


cdef class MvBackward0(Node):
    """d(A v) = dA v + A dv."""

    saved_names = ("self", "vec")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        da = dv = None
        if self.needs(0):
            da = mul_op(unsqueeze_op(g, 1), unsqueeze_op(unpack(self.s1, self), 0))
        if self.needs(1):
            dv = mv_op(t_op(unpack(self.s0, self)), g)
        return (da, dv)


cdef class DotBackward0(Node):
    """d(u . v) = v du + u dv."""

    saved_names = ("self", "tensor")

    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], unpack(self.s1, self)) if self.needs(0) else None,
                mul_op(grads[0], unpack(self.s0, self)) if self.needs(1) else None)


cdef int link_product(Node node, TensorBase a, TensorBase b, TensorBase out) except -1:
    """Connect a product; each factor is kept only for the gradient of the other."""
    connect2(node, a, b)
    if b.requires():
        node.s0 = save(a)
    if a.requires():
        node.s1 = save(b)
    set_function(out, node, 0)
    return 0


cdef TensorBase mm_op(TensorBase a, TensorBase b):
    cdef TensorBase out = mm_raw(a, b)
    if records2(a, b):
        link_product(MmBackward0.__new__(MmBackward0), a, b, out)
    return out


cdef TensorBase bmm_op(TensorBase a, TensorBase b):
    cdef TensorBase out = bmm_raw(a, b)
    if records2(a, b):
        link_product(BmmBackward0.__new__(BmmBackward0), a, b, out)
    return out


cdef TensorBase as_matrix(TensorBase v, bint column):
    """An unrecorded view of a vector as a matrix of one row or column."""
    cdef TensorBase plain = v.detach()
    return plain.unsqueeze(1 if column else 0)


cdef TensorBase mv_op(TensorBase a, TensorBase v):
    cdef TensorBase out = mm_raw(a, as_matrix(v, True))
    cdef Py_ssize_t rows = a.shape_[0], step = 1
    out.set_geometry(1, &rows, &step)
    if records2(a, v):
        link_product(MvBackward0.__new__(MvBackward0), a, v, out)
    return out


cdef TensorBase dot_op(TensorBase u, TensorBase v):
    cdef TensorBase out = mm_raw(as_matrix(u, False), as_matrix(v, True))
    out.set_geometry(0, NULL, NULL)
    if records2(u, v):
        link_product(DotBackward0.__new__(DotBackward0), u, v, out)
    return out


cdef class AddmmBackward0(Node):
    """d(beta C + alpha A B) = beta dC + alpha (dA B + A dB)."""

    cdef object beta, alpha, shape

    saved_names = ("mat1", "mat2")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase scaled = g if self.alpha == 1 else mul_number(g, self.alpha)
        dc = da = db = None
        if self.needs(0):
            dc = sum_to_op(g if self.beta == 1 else mul_number(g, self.beta), self.shape)
        if self.needs(1):
            da = mm_op(scaled, t_op(unpack(self.s1, self)))
        if self.needs(2):
            db = mm_op(t_op(unpack(self.s0, self)), scaled)
        return (dc, da, db)


cdef TensorBase addmm_op(TensorBase c, TensorBase a, TensorBase b, object beta, object alpha):
    """beta C + alpha A B, C broadcast."""
    cdef Py_ssize_t sizes[2]
    cdef TensorBase out, spread
    cdef AddmmBackward0 node
    sizes[0], sizes[1] = a.shape_[0], b.shape_[1]
    spread = expand_raw(c, 2, sizes)
    if a.code() == F32 or a.code() == F64:
        out = new_tensor(a.dtype_, 2, sizes)
        if beta == 0:
            product_into(out, 0, a, 0, b, 0, 1, alpha, 0.0)
        else:
            copy_raw(out, spread)
            product_into(out, 0, a, 0, b, 0, 1, alpha, beta)
    else:
        out = scaled_sum(spread, rare_product(a, b), beta, alpha)
    if records3(c, a, b):
        node = AddmmBackward0.__new__(AddmmBackward0)
        connect3(node, c, a, b)
        node.beta, node.alpha, node.shape = beta, alpha, shape_of(c)
        if b.requires():
            node.s0 = save(a)
        if a.requires():
            node.s1 = save(b)
        set_function(out, node, 0)
    return out


cdef TensorBase scaled_sum(TensorBase c, TensorBase p, object beta, object alpha):
    """beta c + alpha p; c is not read when beta is 0."""
    if alpha != 1:
        p = mul_number(p, alpha)
    if beta == 0:
        return p
    return add_op(c if beta == 1 else mul_number(c, beta), p)


# ---------------------------------------------------------------- matmul

cdef tuple leading(TensorBase t, int n):
    return tuple([t.shape_[i] for i in range(n)])


cdef TensorBase fresh(TensorBase t):
    """A reshaped product is no view to the outside: nobody else sees what it shows."""
    t.base = None
    return t


cdef TensorBase matmul_op(TensorBase a, TensorBase b):
    """The product over the last axis of `a` and the one before the last of `b`."""
    cdef Dims batch
    cdef int i
    if a.ndim_ == 0 or b.ndim_ == 0:
        raise RuntimeError("both arguments to matmul need to be at least 1D, but they are "
                           f"{a.ndim_}D and {b.ndim_}D")
    check_dtypes(a, b, "matmul")
    if a.ndim_ == 1 and b.ndim_ == 1:
        return checked_dot(a, b)
    if a.ndim_ == 2 and b.ndim_ == 2:
        check_mm(a, b, "matmul")
        return mm_op(a, b)
    if a.ndim_ == 2 and b.ndim_ == 1:
        return checked_mv(a, b)
    if a.ndim_ == 1 and b.ndim_ == 2:
        a = unsqueeze_op(a, 0)
        check_mm(a, b, "matmul")
        return dropped_axis_op(mm_op(a, b), 0)
    if a.ndim_ >= 3 and b.ndim_ <= 2:
        return folded(a, b)
    if a.ndim_ == 1:
        return dropped_axis_op(matmul_op(unsqueeze_op(a, 0), b), b.ndim_ - 2)
    if b.ndim_ == 1:
        return dropped_axis_op(matmul_op(a, unsqueeze_op(b, 1)), a.ndim_ - 1)
    if a.shape_[a.ndim_ - 1] != b.shape_[b.ndim_ - 2]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: "
            f"[{product(b.ndim_ - 2, b.shape_)}, {a.shape_[a.ndim_ - 1]}] but got: "
            f"[{product(b.ndim_ - 2, b.shape_)}, {b.shape_[b.ndim_ - 2]}].")
    broadcast(a.ndim_ - 2, a.shape_, b.ndim_ - 2, b.shape_, &batch)
    outer = tuple([batch.at[i] for i in range(batch.n)])
    left = (a.shape_[a.ndim_ - 2], a.shape_[a.ndim_ - 1])
    right = (b.shape_[b.ndim_ - 2], b.shape_[b.ndim_ - 1])
    count = product(batch.n, batch.at)
    out = bmm_op(reshape_to(expand_to(a, outer + left), (count,) + left),
                 reshape_to(expand_to(b, outer + right), (count,) + right))
    return unsafe_view_op(out, outer + (left[0], right[1]))


cdef TensorBase folded(TensorBase a, TensorBase b):
    """A stack of matrices times one matrix or vector: one product of all rows."""
    cdef tuple outer = leading(a, a.ndim_ - 1)
    cdef Py_ssize_t rows = product(a.ndim_ - 1, a.shape_)
    flat = reshape_to(a, (rows, a.shape_[a.ndim_ - 1]))
    if b.ndim_ == 1:
        return unsafe_view_op(checked_mv(flat, b), outer)
    check_mm(flat, b, "matmul")
    return unsafe_view_op(mm_op(flat, b), outer + (b.shape_[1],))


cdef TensorBase checked_mv(TensorBase a, TensorBase v):
    if a.ndim_ != 2 or v.ndim_ != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {a.ndim_}, {v.ndim_}")
    if a.shape_[1] != v.shape_[0]:
        raise RuntimeError(f"size mismatch, got input ({a.shape_[0]}), mat "
                           f"({a.shape_[0]}x{a.shape_[1]}), vec ({v.shape_[0]})")
    check_dtypes(a, v, "mv")
    return mv_op(a, v)


cdef TensorBase checked_dot(TensorBase u, TensorBase v):
    if u.ndim_ != 1 or v.ndim_ != 1:
        raise RuntimeError(f"1D tensors expected, but got {u.ndim_}D and {v.ndim_}D tensors")
    if u.dtype_ is not v.dtype_:
        raise RuntimeError("dot : expected both vectors to have same dtype, but found "
                           f"{type_name(u.dtype_)} and {type_name(v.dtype_)}")
    if u.shape_[0] != v.shape_[0]:
        raise RuntimeError("inconsistent tensor size, expected tensor "
                           f"[{u.shape_[0]}] and src [{v.shape_[0]}] to have the same number of "
                           f"elements, but got {u.shape_[0]} and {v.shape_[0]} elements "
                           "respectively")
    return dot_op(u, v)


def matmul(input, other, *, out=None):
    """The matrix product; vectors and batches as in numpy.

    Shape
    -----
    (n) . (n) -> (); (m, k) . (k, n) -> (m, n); leading axes are broadcast.
    """
    return deliver_same(matmul_op(check_tensor(input, "matmul", "input"),
                                  check_tensor(other, "matmul", "other")), out, None)


def op_matmul(self, other):
    return matmul(self, other) if isinstance(other, TensorBase) else NotImplemented


def mm(input, mat2, *, out=None):
    """The product of two matrices: (m, k) . (k, n) -> (m, n)."""
    cdef TensorBase a = check_tensor(input, "mm", "input")
    cdef TensorBase b = check_tensor(mat2, "mm", "mat2")
    check_mm(a, b, "mm")
    return deliver_same(mm_op(a, b), out, None)


def bmm(input, mat2, *, out=None):
    """The products of two batches of matrices: (b, m, k) . (b, k, n) -> (b, m, n)."""
    cdef TensorBase a = check_tensor(input, "bmm", "input")
    cdef TensorBase b = check_tensor(mat2, "bmm", "mat2")
    check_bmm(a, b, "bmm")
    return deliver_same(bmm_op(a, b), out, None)


def mv(input, vec, *, out=None):
    """The product of a matrix and a vector: (m, k) . (k) -> (m)."""
    return deliver_typed(checked_mv(check_tensor(input, "mv", "input"),
                                    check_tensor(vec, "mv", "vec")), out,
                         "addmv input tensors must have the same dtype, but got {got}, {wanted}, "
                         "and {wanted}")


def dot(input, tensor, *, out=None):
    """The inner product of two vectors."""
    return deliver_typed(checked_dot(check_tensor(input, "dot", "input"),
                                     check_tensor(tensor, "dot", "tensor")), out,
                         "result dtype {got} does not match input dtype {wanted}")


cdef int check_factors(object beta, object alpha, str where) except -1:
    for value, name in ((beta, "beta"), (alpha, "alpha")):
        if not is_number(value):
            raise TypeError(f"{where}(): argument '{name}' must be Number, not "
                            f"{type(value).__name__}")
    return 0


def addmm(input, mat1, mat2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * mat1 @ mat2``, `input` broadcast."""
    cdef TensorBase c = check_tensor(input, "addmm", "input")
    cdef TensorBase a = check_tensor(mat1, "addmm", "mat1")
    cdef TensorBase b = check_tensor(mat2, "addmm", "mat2")
    check_factors(beta, alpha, "addmm")
    check_mm(a, b, "addmm")
    check_bias(c, a)
    return deliver_same(addmm_op(c, a, b, beta, alpha), out, None)


cdef int check_bias(TensorBase c, TensorBase a) except -1:
    if c.dtype_ is not a.dtype_:
        raise RuntimeError(f"self and mat2 must have the same dtype, but got {c.dtype_!r} and "
                           f"{a.dtype_!r}")
    return 0


def linear(input, weight, bias=None):
    """``input @ weight.T + bias``.

    Shape
    -----
    input (*, in_features), weight (out_features, in_features) or (in_features), bias
    (out_features) or (); result (*, out_features) or (*).

    Raises
    ------
    RuntimeError
        If the sizes or dtypes do not fit.
    """
    cdef TensorBase x = check_tensor(input, "linear", "input")
    cdef TensorBase w = check_tensor(weight, "linear", "weight")
    cdef TensorBase b = None if bias is None else check_tensor(bias, "linear", "bias")
    cdef TensorBase flat
    if w.ndim_ > 2 or w.ndim_ == 0:
        raise RuntimeError(f"linear(): weight must be 1-D or 2-D, got {w.ndim_}-D")
    if b is None or w.ndim_ == 1:
        out = matmul_op(x, t_op(w))
        return out if b is None else add_op(out, b)
    if x.ndim_ == 1:
        flat = unsqueeze_op(x, 0)
    elif x.ndim_ == 2:
        flat = x
    else:
        flat = reshape_to(x, (product(x.ndim_ - 1, x.shape_), x.shape_[x.ndim_ - 1])) \
            if x.ndim_ else x
    transposed = t_op(w)
    if flat.ndim_ == 0:
        raise RuntimeError("both arguments to linear need to be at least 1D, but they are 0D and "
                           "2D")
    if flat.shape_[1] != w.shape_[1]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({flat.shape_[0]}x"
                           f"{flat.shape_[1]} and {w.shape_[1]}x{w.shape_[0]})")
    if x.dtype_ is not w.dtype_:
        raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got "
                           f"{type_name(x.dtype_)} and {type_name(w.dtype_)}")
    check_bias(b, x)
    out = addmm_op(b, flat, transposed, 1, 1)
    if x.ndim_ == 2:
        return out
    return fresh(reshape_to(out, leading(x, x.ndim_ - 1) + (w.shape_[0],)))
