# cython: auto_pickle=False
"""Operations of three tensors in one pass: a sum with a product or a quotient, lerp."""

from minitorch._core.dtype cimport BOOLEAN, FLOATING, cxx_name, dtype, promote
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect3, records3, save, set_function, unpack)
from minitorch._core.tensor cimport TensorBase, same_shape, scalar_of, shape_of
from minitorch._kernels.pointwise cimport (
    MULTI_ADDCDIV, MULTI_ADDCMUL, MULTI_LERP, mt_loop, multi_loop)
from minitorch._ops._base cimport cast_raw, check_tensor, copy_raw, new_output3, run_list
from minitorch._ops.binary cimport (
    add_number, before_change, div_op, mul_number, mul_op, neg_op, plain_number, reduced,
    scalar_dtype, sub_op)
from minitorch._ops.errors cimport no_overload, not_implemented
from minitorch._ops.history cimport set_history
from minitorch._ops.out cimport deliver_pointwise
from minitorch._ops.scalars cimport is_number, number_tensor
from minitorch._ops.writing cimport check_inplace_result


# ---------------------------------------------------------------- promotion, broadcasting, once

cdef dtype common_dtype3(TensorBase a, TensorBase b, TensorBase c):
    """PyTorch's result_type of three tensors."""
    cdef dtype wide = None, scalar = None
    cdef TensorBase t
    for t in (a, b, c):
        if t.ndim_:
            wide = t.dtype_ if wide is None else promote(wide, t.dtype_)
        else:
            scalar = t.dtype_ if scalar is None else promote(scalar, t.dtype_)
    if wide is None or scalar is None:
        return scalar if wide is None else wide
    return scalar if scalar.category > wide.category else wide


cdef class TernaryNode(Node):
    """A node of three operands; remembers shapes and dtypes that differ from the output's."""

    cdef TensorBase back(self, int i, TensorBase g):
        return reduced(g, self.shapes[i], self.dtypes[i])


cdef int link3(TernaryNode node, TensorBase a, TensorBase b, TensorBase c,
               TensorBase out) except -1:
    """Connect a node to its operands and its output."""
    cdef TensorBase t
    connect3(node, a, b, c)
    node.shapes = tuple([None if same_shape(t, out) else shape_of(t) for t in (a, b, c)])
    node.dtypes = tuple([None if t.dtype_ is out.dtype_ else t.dtype_ for t in (a, b, c)])
    node.n_outputs = 1
    return 0


cdef TensorBase target3(TensorBase a, TensorBase b, TensorBase c, dtype compute, bint inplace):
    """Where the outcome goes: a new tensor, or `a` itself, checked."""
    if not inplace:
        return new_output3(compute, a, b, c)
    check_writable(a, records3(a, b, c))
    check_inplace_result(a, b, compute)
    check_inplace_result(a, c, compute)
    return a


cdef int compute3(mt_loop loop, TensorBase out, list operands, dtype compute) except -1:
    """out = loop(*operands), which are in dtype `compute`; `out` may be one of them."""
    cdef TensorBase made = out
    if out.dtype_ is not compute:       # in place, in a narrower dtype
        made = new_output3(compute, out, out, out)
    run_list(loop, made, operands)
    if made is not out:
        copy_raw(out, made)
    return 0


cdef TensorBase finish3(TensorBase out, Node node, bint inplace):
    """Set the history of the outcome."""
    if inplace:
        bump(out)
        if node is not None:
            set_history(out, node)
    elif node is not None:
        set_function(out, node, 0)
    return out


# ---------------------------------------------------------------- sums of products

cdef class AddcmulBackward0(TernaryNode):
    """d(a + v b c) = da + v c db + v b dc."""

    saved_names = ("tensor1", "tensor2", "value")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        da = db = dc = None
        if self.needs(0):
            da = self.back(0, g)
        if self.needs(1):
            db = self.back(1, mul_op(g, mul_number(unpack(self.s1, self), self.s2)))
        if self.needs(2):
            dc = self.back(2, mul_op(g, mul_number(unpack(self.s0, self), self.s2)))
        return (da, db, dc)


cdef class AddcdivBackward0(TernaryNode):
    """d(a + v b / c) = da + v / c db - v b / c^2 dc."""

    saved_names = ("tensor1", "tensor2", "value")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase c = unpack(self.s1, self)
        da = db = dc = None
        if self.needs(0):
            da = self.back(0, g)
        if self.needs(1):
            db = self.back(1, mul_op(g, div_op(number_tensor(self.s2), c)))
        if self.needs(2):
            scaled = mul_number(unpack(self.s0, self), self.s2)
            dc = self.back(2, mul_op(neg_op(g), div_op(scaled, mul_op(c, c))))
        return (da, db, dc)


cdef TensorBase sum_with(int op, object input, object tensor1, object tensor2, object value,
                         bint inplace, str where):
    """input + value tensor1 tensor2, or with a quotient instead of the product."""
    cdef TensorBase a = check_tensor(input, where, "input")
    cdef TensorBase b = check_tensor(tensor1, where, "tensor1")
    cdef TensorBase c = check_tensor(tensor2, where, "tensor2")
    cdef dtype compute = common_dtype3(a, b, c)
    cdef TensorBase out, kept_b = b, kept_c = c
    cdef TernaryNode node = None
    cdef bint records = records3(a, b, c)
    value = plain_number(value)
    if not is_number(value):
        raise TypeError(f"{where}(): argument 'value' must be Number, not {type(value).__name__}")
    if op == MULTI_ADDCDIV and b.dtype_.category != FLOATING and c.dtype_.category != FLOATING:
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release "
            "addcdiv will perform a true division of tensor1 and tensor2. Divide them yourself: "
            "(input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype), or "
            "input + value * tensor1 / tensor2 for floating inputs.")
    if compute.category == BOOLEAN:
        raise not_implemented("addcmul_cpu_out", compute)
    out = target3(a, b, c, compute, inplace)
    if records:
        node = (AddcmulBackward0.__new__(AddcmulBackward0) if op == MULTI_ADDCMUL
                else AddcdivBackward0.__new__(AddcdivBackward0))
        if inplace:
            kept_b, kept_c = unchanged(b, a), unchanged(c, a)
        link3(node, a, b, c, out)
        node.s0, node.s1, node.s2 = save(kept_b), save(kept_c), value
    if compute.category != FLOATING:
        value = int(value)
    compute3(multi_loop(op, compute.code), out,
             [cast_raw(a, compute), cast_raw(b, compute), cast_raw(c, compute),
              scalar_of(scalar_dtype(compute), value)], compute)
    return finish3(out, node, inplace)


cdef TensorBase unchanged(TensorBase t, TensorBase changed):
    """`t` for a node to keep, copied if it is the tensor that changes."""
    return before_change(t) if t is changed else t


def addcmul(input, tensor1, tensor2, *, value=1, out=None):
    """``input + value * tensor1 * tensor2``."""
    return deliver_pointwise(
        sum_with(MULTI_ADDCMUL, input, tensor1, tensor2, value, False, "addcmul"), out, "addcmul",
        (input, tensor1, tensor2))


def addcmul_(self, tensor1, tensor2, *, value=1):
    """`addcmul` in place."""
    return sum_with(MULTI_ADDCMUL, self, tensor1, tensor2, value, True, "addcmul_")


def addcdiv(input, tensor1, tensor2, *, value=1, out=None):
    """``input + value * tensor1 / tensor2``."""
    return deliver_pointwise(
        sum_with(MULTI_ADDCDIV, input, tensor1, tensor2, value, False, "addcdiv"), out, "addcdiv",
        (input, tensor1, tensor2))


def addcdiv_(self, tensor1, tensor2, *, value=1):
    """`addcdiv` in place."""
    return sum_with(MULTI_ADDCDIV, self, tensor1, tensor2, value, True, "addcdiv_")


# ---------------------------------------------------------------- lerp

cdef class LerpBackward0(TernaryNode):
    """d(a + w (b - a)) = (1 - w) da + w db for a number w."""

    saved_names = ("weight",)

    cdef tuple apply(self, tuple grads):
        return (self.back(0, mul_number(grads[0], 1 - self.s0)) if self.needs(0) else None,
                self.back(1, mul_number(grads[0], self.s0)) if self.needs(1) else None)


cdef class LerpBackward1(TernaryNode):
    """d(a + w (b - a)) = (1 - w) da + w db + (b - a) dw."""

    saved_names = ("end", "self", "weight")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase weight = unpack(self.s2, self)
        da = db = dw = None
        if self.needs(0):
            da = self.back(0, mul_op(g, add_number(neg_op(weight), 1)))
        if self.needs(1):
            db = self.back(1, mul_op(g, weight))
        if self.needs(2):
            dw = self.back(2, mul_op(g, sub_op(unpack(self.s0, self), unpack(self.s1, self))))
        return (da, db, dw)


cdef TensorBase lerp_op(object input, object end, object weight, bint inplace, str where):
    """a + w (b - a)."""
    cdef TensorBase a, b, c, out
    cdef TernaryNode node = None
    cdef dtype compute
    cdef bint of_number = is_number(weight), records
    if not (isinstance(input, TensorBase) and isinstance(end, TensorBase)
            and (of_number or isinstance(weight, TensorBase))):
        raise no_overload(where, (input, end, weight), "Tensor input, Tensor end, Tensor weight; "
                          "Tensor input, Tensor end, Number weight")
    a, b = <TensorBase> input, <TensorBase> end
    compute = a.dtype_
    if b.dtype_ is not compute:
        raise RuntimeError(f"expected dtype {cxx_name(compute)} for `end` but got dtype "
                           f"{cxx_name(b.dtype_)}")
    if of_number:
        c = number_tensor(weight)
    else:
        c = <TensorBase> weight
        if c.dtype_ is not compute and c.ndim_:
            raise RuntimeError(f"expected dtype {cxx_name(compute)} for `weight` but got dtype "
                               f"{cxx_name(c.dtype_)}")
    if compute.category != FLOATING:
        raise not_implemented("lerp_kernel_" + ("scalar" if of_number else "tensor"), compute)
    records = records3(a, b, c)
    out = target3(a, b, c, compute, inplace)
    if records:
        if of_number:
            node = LerpBackward0.__new__(LerpBackward0)
            link3(node, a, b, c, out)
            node.next_ = node.next_[:2]
            node.next_nr = None if node.next_nr is None else node.next_nr[:2]
            node.s0 = weight
        else:
            node = LerpBackward1.__new__(LerpBackward1)
            link3(node, a, b, c, out)
            if c.requires():
                node.s0 = save(unchanged(b, a) if inplace else b)
                node.s1 = save(before_change(a) if inplace else a)
            node.s2 = save(unchanged(c, a) if inplace else c)
    compute3(multi_loop(MULTI_LERP, compute.code), out,
             [a, b, cast_raw(c, scalar_dtype(compute))], compute)
    return finish3(out, node, inplace)


def lerp(input, end, weight, *, out=None):
    """``input + weight * (end - input)``; `weight` is a number or a tensor."""
    return deliver_pointwise(lerp_op(input, end, weight, False, "lerp"), out, "lerp",
                             (input, end, weight))


def lerp_(self, end, weight):
    """`lerp` in place."""
    return lerp_op(self, end, weight, True, "lerp_")
