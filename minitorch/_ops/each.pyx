"""Functions of C's double applied to each element, for operations too rare for kernels.

One loop calls the function for each element, whatever the dtype, and the result is rounded to it.
"""

from libc.stdint cimport int64_t

from minitorch._core.dtype cimport FLOATING, default_float, dtype, of_code, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, records1, save, save_output, set_function)
from minitorch._core.tensor cimport TensorBase, new_like, scalar_of
from minitorch._kernels.pointwise cimport mt_loop
from minitorch._kernels.types cimport F64, I64
from minitorch._ops._base cimport cast_raw, copy_raw, new_output, run_item, run_list
from minitorch._ops.binary cimport before_change
from minitorch._ops.history cimport set_history
from minitorch._ops.unary cimport ResultNode

ctypedef double (*map2)(double, double) noexcept nogil
ctypedef int64_t (*imap2)(int64_t, int64_t) noexcept nogil


# ---------------------------------------------------------------- loops

# Each takes the function as its last operand, with step 0.

cdef void loop1(char** p, const Py_ssize_t* s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef map1 f = (<map1*> p[2])[0]
    for i in range(n):
        (<double*> (p[0] + i * s[0]))[0] = f((<double*> (p[1] + i * s[1]))[0])


cdef void loop2(char** p, const Py_ssize_t* s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef map2 f = (<map2*> p[3])[0]
    for i in range(n):
        (<double*> (p[0] + i * s[0]))[0] = f((<double*> (p[1] + i * s[1]))[0],
                                             (<double*> (p[2] + i * s[2]))[0])


cdef void iloop2(char** p, const Py_ssize_t* s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef imap2 f = (<imap2*> p[3])[0]
    for i in range(n):
        (<int64_t*> (p[0] + i * s[0]))[0] = f((<int64_t*> (p[1] + i * s[1]))[0],
                                              (<int64_t*> (p[2] + i * s[2]))[0])


cdef TensorBase mapped1(map1 f, TensorBase a):
    """f of each element of a floating tensor."""
    cdef TensorBase wide = cast_raw(a, of_code(F64))
    cdef TensorBase out = new_like(wide, of_code(F64))
    run_item(<mt_loop> loop1, out, wide, <char*> &f)
    return cast_raw(out, a.dtype_)


cdef TensorBase mapped2(void* f, TensorBase a, TensorBase b, dtype compute, bint integral):
    """f of each pair of elements, in float64 or int64 and then rounded to `compute`."""
    cdef dtype wide = of_code(I64 if integral else F64)
    cdef TensorBase out
    a, b = cast_raw(a, wide), cast_raw(b, wide)
    out = new_output(wide, a, b)
    run_list(<mt_loop> iloop2 if integral else <mt_loop> loop2, out,
             [a, b, scalar_of(of_code(I64), <int64_t> <size_t> f)])
    return cast_raw(out, compute)


# ---------------------------------------------------------------- recorded

cdef TensorBase floating(TensorBase a):
    return a if a.dtype_.category == FLOATING else cast_raw(a, default_float())


cdef TensorBase map_op(map1 f, TensorBase a, type node_class):
    """f of each element, recorded."""
    cdef TensorBase out
    cdef Node node
    a = floating(a)
    out = mapped1(f, a)
    if records1(a):
        node = <Node> node_class.__new__(node_class)
        connect1(node, a)
        node.n_outputs = 1
        set_function(out, node, 0)
        node.s0 = save_output(out) if isinstance(node, ResultNode) else save(a)
    return out


# ---------------------------------------------------------------- in place

cdef TensorBase replace(TensorBase a, TensorBase result):
    """Make `a` hold the outcome of an operation on `a`; a node of `result` becomes its history.

    The operation was applied to `before_change(a)`, so that its node keeps the old values.
    """
    cdef Node node = result.grad_fn_
    check_writable(a, node is not None)
    if result.dtype_.category > a.dtype_.category:
        raise RuntimeError(f"result type {type_name(result.dtype_)} can't be cast to the desired "
                           f"output type {type_name(a.dtype_)}")
    copy_raw(a, result)
    bump(a)
    if node is not None:
        if isinstance(node, ResultNode):
            node.s0 = save_output(a)
        set_history(a, node)
    return a


cdef TensorBase first(TensorBase a):
    """The operand of an operation in place: a copy, if a node may keep it."""
    return before_change(a) if records1(a) else a
