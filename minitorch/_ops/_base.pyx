"""What the operation families share: operands, promotion, raw copies and elementwise runs.

"Raw" functions compute values only; nothing is recorded.
"""

from libc.string cimport memset

from minitorch._core.dtype cimport (
    FLOATING, default_float, dtype, of_code, promote, type_name)
from minitorch._core.elements cimport write_item
from minitorch._core.shape cimport Dims, broadcast, is_dense, size_text
from minitorch._core.storage cimport same_memory
from minitorch._core.tensor cimport (
    TensorBase, bare, new_like, new_strided, new_tensor, same_geometry, same_shape)
from minitorch._kernels.pointwise cimport (
    BINARY_DIV, BINARY_MUL, binary_gives_bool, binary_loop, mt_loop, unary_gives_bool, unary_loop)
from minitorch._kernels.strided cimport MAX_ARGS, apply_flat, apply_loop, fill, strided_copy
from minitorch._kernels.types cimport BOOL, F32, MAX_DIMS
from minitorch._ops.errors cimport no_kernel, not_tensor
from minitorch._ops.scalars cimport check_fits, is_number, number_tensor, write_number

# Below this many elements a kernel is shorter than giving up the GIL.
cdef enum:
    NOGIL_FROM = 8192


# ---------------------------------------------------------------- operands

cdef TensorBase check_tensor(object value, str where, str argument):
    if isinstance(value, TensorBase):
        return <TensorBase> value
    raise not_tensor(value, where, argument)


cdef TensorBase operand(object value, bint* number, str where, str argument):
    """A tensor, or a number as a 0-d tensor that does not take part in promotion."""
    if isinstance(value, TensorBase):
        number[0] = False
        return <TensorBase> value
    if is_number(value):
        number[0] = True
        return number_tensor(value)
    if isinstance(value, complex):
        raise TypeError(f"{where}(): argument '{argument}': complex numbers are not supported")
    raise not_tensor(value, where, argument)


cdef dtype common_dtype(TensorBase a, bint a_number, TensorBase b, bint b_number):
    """PyTorch's result_type: dimensioned tensors rule 0-d tensors, which rule numbers.

    A lower rank matters only where its category (bool, integer, float) is higher.
    """
    cdef int rank_a, rank_b
    cdef dtype low, high
    if a.dtype_ is b.dtype_:
        if a_number and b_number and a.dtype_.category == FLOATING:
            return default_float()
        return a.dtype_
    rank_a = 0 if a_number else (1 if a.ndim_ == 0 else 2)
    rank_b = 0 if b_number else (1 if b.ndim_ == 0 else 2)
    if rank_a == rank_b:
        return promote(a.dtype_, b.dtype_)
    high, low = (a.dtype_, b.dtype_) if rank_a > rank_b else (b.dtype_, a.dtype_)
    if low.category <= high.category:
        return high
    if low.category == FLOATING and (a_number if rank_a < rank_b else b_number):
        return default_float()
    return low


cdef object refuse(str where, str argument, object value):
    raise NotImplementedError(f"{where}(): argument '{argument}' is not supported, got {value!r}")


# ---------------------------------------------------------------- raw copies

cdef TensorBase cast_raw(TensorBase t, dtype d):
    """`t` in another dtype; `t` itself when it has it."""
    cdef TensorBase out
    if t.dtype_ is d:
        return t
    out = new_like(t, d)
    copy_raw(out, t)
    return out


cdef TensorBase contiguous_raw(TensorBase t):
    """`t` in row-major order; `t` itself when it is."""
    cdef TensorBase out
    if t.contiguous:
        return t
    out = new_tensor(t.dtype_, t.ndim_, t.shape_)
    copy_raw(out, t)
    return out


cdef TensorBase clone_raw(TensorBase t):
    """A copy in the same order of memory."""
    cdef TensorBase out = new_like(t, t.dtype_)
    copy_raw(out, t)
    return out


cdef void byte_strides(TensorBase t, int n, const Py_ssize_t* shape, Py_ssize_t* out) noexcept:
    """Strides in bytes along the axes of `shape`, to which `t` broadcasts."""
    cdef int i, j
    cdef Py_ssize_t item = t.dtype_.itemsize
    for i in range(n):
        j = i - (n - t.ndim_)
        out[i] = 0 if j < 0 or t.shape_[j] == 1 else t.strides_[j] * item


cdef int check_expands(TensorBase t, int n, const Py_ssize_t* shape) except -1:
    cdef int i, j
    for i in range(n - 1, -1, -1):
        j = i - (n - t.ndim_)
        if j >= 0 and t.shape_[j] != shape[i] and t.shape_[j] != 1:
            raise RuntimeError(f"The size of tensor a ({shape[i]}) must match the size of tensor "
                               f"b ({t.shape_[j]}) at non-singleton dimension {i}")
    if t.ndim_ > n:
        raise RuntimeError(f"The expanded size of the tensor ({n} dimensions) must be at least "
                           f"the number of dimensions of the source ({t.ndim_}): "
                           f"{size_text(n, shape)} from {size_text(t.ndim_, t.shape_)}")
    return 0


cdef int copy_raw(TensorBase out, TensorBase source) except -1:
    """out[...] = source, cast and broadcast."""
    cdef Py_ssize_t to[MAX_DIMS]
    cdef Py_ssize_t from_[MAX_DIMS]
    cdef char* p
    cdef char* q
    cdef int status, c_out = out.code(), c_in = source.code(), n = out.ndim_
    check_expands(source, n, out.shape_)
    if out.numel_ == 0:
        return 0
    byte_strides(out, n, out.shape_, to)
    byte_strides(source, n, out.shape_, from_)
    p, q = out.data(), source.data()
    if out.numel_ < NOGIL_FROM:
        status = strided_copy(p, c_out, to, q, c_in, from_, n, out.shape_)
    else:
        with nogil:
            status = strided_copy(p, c_out, to, q, c_in, from_, n, out.shape_)
    if status:
        raise RuntimeError("copy: too many dimensions")
    return 0


cdef int fill_raw(TensorBase out, object value) except -1:
    """out[...] = a Python number."""
    cdef char item[16]
    cdef Py_ssize_t to[MAX_DIMS]
    cdef char* p
    cdef int c = out.code(), n = out.ndim_
    check_fits(value, out.dtype_)
    write_item(out.code(), item, value)
    if out.numel_ == 0:
        return 0
    byte_strides(out, n, out.shape_, to)
    p = out.data()
    if out.numel_ < NOGIL_FROM:
        fill(p, item, c, n, out.shape_, to)
    else:
        with nogil:
            fill(p, item, c, n, out.shape_, to)
    return 0


cdef TensorBase full_raw(dtype d, TensorBase like, object value):
    """A tensor of the shape and order of `like`, filled."""
    cdef TensorBase out = new_like(like, d)
    fill_raw(out, value)
    return out


cdef TensorBase expand_raw(TensorBase t, int n, const Py_ssize_t* shape):
    """An unrecorded view of `t` broadcast to `shape`."""
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef TensorBase made
    cdef int i
    check_expands(t, n, shape)
    byte_strides(t, n, shape, strides)
    for i in range(n):
        strides[i] //= t.dtype_.itemsize
    made = bare()
    made.dtype_, made.storage, made.offset = t.dtype_, t.storage, t.offset
    made.set_geometry(n, shape, strides)
    return made


# ---------------------------------------------------------------- raw elementwise runs

cdef int run(mt_loop loop, int nargs, char** ptrs, Py_ssize_t* strides, TensorBase out) except -1:
    """Run over the shape of `out`; `strides` holds MAX_DIMS byte strides for each operand."""
    cdef const Py_ssize_t* rows[MAX_ARGS]
    cdef int k, status, n = out.ndim_
    cdef const Py_ssize_t* shape = out.shape_
    for k in range(nargs):
        rows[k] = strides + k * MAX_DIMS
    if out.numel_ < NOGIL_FROM:
        status = apply_loop(loop, nargs, ptrs, n, shape, rows)
    else:
        with nogil:
            status = apply_loop(loop, nargs, ptrs, n, shape, rows)
    if status:
        raise RuntimeError("elementwise run: too many dimensions")
    return 0


cdef int run2(mt_loop loop, TensorBase out, TensorBase a) except -1:
    """out = loop(a), a broadcast to the shape of out."""
    cdef char* ptrs[2]
    cdef Py_ssize_t steps[2]
    cdef Py_ssize_t strides[2 * MAX_DIMS]
    ptrs[0], ptrs[1] = out.data(), a.data()
    if out.numel_ < NOGIL_FROM and out.contiguous and a.contiguous and same_shape(out, a):
        steps[0], steps[1] = out.dtype_.itemsize, a.dtype_.itemsize
        apply_flat(loop, 2, ptrs, steps, out.numel_)
        return 0
    byte_strides(out, out.ndim_, out.shape_, strides)
    byte_strides(a, out.ndim_, out.shape_, strides + MAX_DIMS)
    return run(loop, 2, ptrs, strides, out)


cdef int run3(mt_loop loop, TensorBase out, TensorBase a, TensorBase b) except -1:
    """out = loop(a, b), both broadcast to the shape of out."""
    cdef char* ptrs[3]
    cdef Py_ssize_t steps[3]
    cdef Py_ssize_t strides[3 * MAX_DIMS]
    cdef bint flat_a, flat_b
    ptrs[0], ptrs[1], ptrs[2] = out.data(), a.data(), b.data()
    if out.numel_ < NOGIL_FROM and out.contiguous:
        flat_a = a.contiguous and same_shape(out, a)
        flat_b = b.contiguous and same_shape(out, b)
        if (flat_a or a.numel_ == 1) and (flat_b or b.numel_ == 1):
            steps[0] = out.dtype_.itemsize
            steps[1] = a.dtype_.itemsize if flat_a else 0
            steps[2] = b.dtype_.itemsize if flat_b else 0
            apply_flat(loop, 3, ptrs, steps, out.numel_)
            return 0
    byte_strides(out, out.ndim_, out.shape_, strides)
    byte_strides(a, out.ndim_, out.shape_, strides + MAX_DIMS)
    byte_strides(b, out.ndim_, out.shape_, strides + 2 * MAX_DIMS)
    return run(loop, 3, ptrs, strides, out)


cdef int run_item(mt_loop loop, TensorBase out, TensorBase a, const char* item) except -1:
    """out = loop(a, item): one element for all, which needs no tensor; a broadcast to out."""
    cdef char* ptrs[3]
    cdef Py_ssize_t steps[3]
    cdef Py_ssize_t strides[3 * MAX_DIMS]
    ptrs[0], ptrs[1], ptrs[2] = out.data(), a.data(), <char*> item
    if out.numel_ < NOGIL_FROM and out.contiguous and a.contiguous and same_shape(out, a):
        steps[0], steps[1], steps[2] = out.dtype_.itemsize, a.dtype_.itemsize, 0
        apply_flat(loop, 3, ptrs, steps, out.numel_)
        return 0
    byte_strides(out, out.ndim_, out.shape_, strides)
    byte_strides(a, out.ndim_, out.shape_, strides + MAX_DIMS)
    memset(strides + 2 * MAX_DIMS, 0, MAX_DIMS * sizeof(Py_ssize_t))
    return run(loop, 3, ptrs, strides, out)


cdef int run_cast(mt_loop loop, dtype compute, TensorBase out, TensorBase a,
                  TensorBase b) except -1:
    """`run3` with the operands cast to `compute`; a number is not worth a tensor for that."""
    cdef char item[16]
    if b.ndim_ == 0 and b.dtype_ is not compute:
        strided_copy(item, compute.code, NULL, b.data(), b.code(), NULL, 0, NULL)
        return run_item(loop, out, cast_raw(a, compute), item)
    return run3(loop, out, cast_raw(a, compute), cast_raw(b, compute))


cdef int run_list(mt_loop loop, TensorBase out, list operands) except -1:
    """out = loop(*operands), all broadcast to the shape of out."""
    cdef char* ptrs[MAX_ARGS]
    cdef Py_ssize_t strides[MAX_ARGS * MAX_DIMS]
    cdef TensorBase t
    cdef int k = 1
    ptrs[0] = out.data()
    byte_strides(out, out.ndim_, out.shape_, strides)
    for item in operands:
        t = <TensorBase> item
        ptrs[k] = t.data()
        byte_strides(t, out.ndim_, out.shape_, strides + k * MAX_DIMS)
        k += 1
    return run(loop, k, ptrs, strides, out)


cdef bint outer_than(list operands, int n, const Py_ssize_t* shape, int i, int j) noexcept:
    """Whether axis i lies further out in memory than axis j, by the first operand that tells."""
    cdef TensorBase t
    cdef int a, b
    cdef Py_ssize_t sa, sb
    for item in operands:
        t = <TensorBase> item
        a, b = i - (n - t.ndim_), j - (n - t.ndim_)
        sa = 0 if a < 0 or t.shape_[a] == 1 else t.strides_[a]
        sb = 0 if b < 0 or t.shape_[b] == 1 else t.strides_[b]
        if sa == 0 or sb == 0:
            continue
        if sa != sb:
            return sa > sb
        if shape[i] != shape[j]:
            return shape[i] > shape[j]
    return i < j


cdef TensorBase shaped_output(dtype d, int n, const Py_ssize_t* shape, list operands):
    """An output whose order in memory follows the operands (PyTorch's TensorIterator)."""
    cdef int order[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t step = 1
    cdef int i, j
    for i in range(n):
        j = i
        while j > 0 and outer_than(operands, n, shape, i, order[j - 1]):
            order[j] = order[j - 1]
            j -= 1
        order[j] = i
    for i in range(n - 1, -1, -1):
        strides[order[i]] = step
        if shape[order[i]] > 1:
            step *= shape[order[i]]
    return new_strided(d, n, shape, strides)


cdef TensorBase new_ordered(dtype d, TensorBase a):
    """An uninitialised result of an elementwise operation on `a` alone."""
    if is_dense(a.ndim_, a.shape_, a.strides_):
        return new_strided(d, a.ndim_, a.shape_, a.strides_)
    return shaped_output(d, a.ndim_, a.shape_, [a])


cdef TensorBase new_output(dtype d, TensorBase a, TensorBase b):
    """An uninitialised result of an elementwise operation on `a` and `b`."""
    cdef Dims common
    if a.contiguous and b.contiguous and same_shape(a, b):
        return new_tensor(d, a.ndim_, a.shape_)
    if b.ndim_ == 0:
        return new_ordered(d, a)
    broadcast(a.ndim_, a.shape_, b.ndim_, b.shape_, &common)
    return shaped_output(d, common.n, common.at, [a, b])


cdef TensorBase new_output3(dtype d, TensorBase a, TensorBase b, TensorBase c):
    """An uninitialised result of an elementwise operation on three operands."""
    cdef Dims two, three
    broadcast(a.ndim_, a.shape_, b.ndim_, b.shape_, &two)
    broadcast(two.n, two.at, c.ndim_, c.shape_, &three)
    return shaped_output(d, three.n, three.at, [a, b, c])


cdef TensorBase unary_raw(int op, TensorBase a):
    """An elementwise operation of one operand, in the operand's dtype."""
    cdef mt_loop loop = unary_loop(op, a.code())
    cdef TensorBase out
    if loop == NULL:
        raise NotImplementedError(f"this operation is not implemented for '{type_name(a.dtype_)}'")
    out = new_like(a, of_code(BOOL) if unary_gives_bool(op) else a.dtype_)
    run2(loop, out, a)
    return out


cdef mt_loop find_binary(int op, dtype compute) except NULL:
    cdef mt_loop loop = binary_loop(op, compute.code)
    if loop == NULL:
        raise no_kernel(op, compute)
    return loop


cdef TensorBase binary_raw(int op, TensorBase a, TensorBase b, dtype compute):
    """An elementwise operation of two operands, computed in `compute`."""
    cdef mt_loop loop
    cdef TensorBase out
    if b.ndim_ == 0 and b.dtype_ is not compute and keeps_number(op, compute):
        return cast_raw(binary_raw(op, a, b, of_code(F32)), compute)
    loop = find_binary(op, compute)
    out = new_output(of_code(BOOL) if binary_gives_bool(op) else compute, a, b)
    run_cast(loop, compute, out, a, b)
    return out


cdef bint keeps_number(int op, dtype compute) noexcept:
    """Whether a number is a factor as it is; in sums PyTorch rounds it to half precision first."""
    return ((op == BINARY_MUL or op == BINARY_DIV)
            and compute.itemsize == 2 and compute.category == FLOATING)


cdef TensorBase binary_number_raw(int op, TensorBase a, object number, dtype compute):
    """The same with a number."""
    cdef mt_loop loop
    cdef TensorBase out
    cdef char item[16]
    if keeps_number(op, compute):
        return cast_raw(binary_number_raw(op, a, number, of_code(F32)), compute)
    loop = find_binary(op, compute)
    out = new_ordered(of_code(BOOL) if binary_gives_bool(op) else compute, a)
    write_number(number, compute, item)
    run_item(loop, out, cast_raw(a, compute), item)
    return out


cdef int binary_into(int op, TensorBase out, TensorBase a, TensorBase b, dtype compute) except -1:
    """The same into existing memory, which may be that of `a` or `b`."""
    cdef mt_loop loop
    if (out.dtype_ is not compute or binary_gives_bool(op) or overlaps(out, a)
            or overlaps(out, b) or b.ndim_ == 0 and keeps_number(op, compute)):
        copy_raw(out, binary_raw(op, a, b, compute))
        return 0
    loop = find_binary(op, compute)
    return run_cast(loop, compute, out, a, b)


cdef bint overlaps(TensorBase out, TensorBase a) noexcept:
    """Whether writing `out` could change elements of `a` that are yet to be read."""
    return (same_memory(out.storage, a.storage)
            and not (out.offset == a.offset and same_geometry(out, a)))
