"""What the operation families share: operands, promotion, raw elementwise runs, in-place history.

"Raw" functions compute values only; nothing is recorded.
"""

import warnings

from libc.string cimport memset

from minitorch._core.dtype cimport (
    FLOATING, default_float, dtype, of_code, promote, type_name)
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node, number as give_number
from minitorch._core.record cimport bump, check_writable, connect1, edge_of, set_function
from minitorch._core.record import refuse_rebase
from minitorch._core.shape cimport Dims, broadcast, is_dense, size_text
from minitorch._core.storage cimport same_memory
from minitorch._core.tensor cimport (
    TensorBase, bare, new_like, new_strided, new_tensor, same_geometry, same_shape,
    set_view_function_maker, write_item)
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


# ---------------------------------------------------------------- in-place history

cdef int refuse_overlap(TensorBase t, TensorBase other) except -1:
    """Raise if writing `t` changes elements of `other` that are still to be read."""
    cdef Py_ssize_t begin, end, other_begin, other_end
    if not same_memory(t.storage, other.storage) or t is other:
        return 0
    if t.offset == other.offset and same_geometry(t, other):
        return 0
    if not (is_dense(t.ndim_, t.shape_, t.strides_)
            and is_dense(other.ndim_, other.shape_, other.strides_)):
        return 0  # too hard to tell; PyTorch lets these pass as well
    begin, other_begin = t.offset * t.dtype_.itemsize, other.offset * other.dtype_.itemsize
    end = begin + t.numel_ * t.dtype_.itemsize
    other_end = other_begin + other.numel_ * other.dtype_.itemsize
    if begin < other_end and other_begin < end:
        raise RuntimeError("unsupported operation: some elements of the input tensor and the "
                           "written-to tensor refer to a single memory location. Please clone() "
                           "the tensor before performing the operation.")
    return 0


cdef int check_inplace_result(TensorBase t, TensorBase other, dtype result) except -1:
    """Check that the outcome of an operation with `other` fits into `t`."""
    cdef Dims common
    cdef int i
    refuse_overlap(t, other)
    if result.category > t.dtype_.category:
        raise RuntimeError(f"result type {type_name(result)} can't be cast to the desired output "
                           f"type {type_name(t.dtype_)}")
    if same_shape(t, other) or other.numel_ == 1 and other.ndim_ <= t.ndim_:
        return 0
    broadcast(t.ndim_, t.shape_, other.ndim_, other.shape_, &common)
    if common.n == t.ndim_:
        for i in range(common.n):
            if common.at[i] != t.shape_[i]:
                break
        else:
            return 0
    raise RuntimeError(f"output with shape {size_text(t.ndim_, t.shape_)} doesn't match the "
                       f"broadcast shape {size_text(common.n, common.at)}")


cdef class AsStridedView(Node):
    """Makes the gradient of a view into one of its base; regenerated after in-place changes."""

    # not in a slot: nothing saved, so the node may run again after its graph was freed
    cdef tuple places

    def name(self):
        return "AsStridedBackward0"

    cdef tuple apply(self, tuple grads):
        from minitorch._ops.strided import as_strided_backward
        return (as_strided_backward(grads[0], *self.places),)


cdef tuple geometry(TensorBase t):
    """(shape, strides, offset) as Python tuples."""
    return (tuple([t.shape_[i] for i in range(t.ndim_)]),
            tuple([t.strides_[i] for i in range(t.ndim_)]), t.offset)


cdef Node regenerate_view_function(TensorBase view):
    """A grad_fn that leads from a view to the changed base."""
    cdef AsStridedView node = AsStridedView.__new__(AsStridedView)
    connect1(node, view.base)
    node.places = geometry(view.base) + geometry(view)
    take_retained(view, node)
    set_function(view, node, 0)
    view.view_version = view.storage.version
    return node


cdef int take_retained(TensorBase t, Node node) except -1:
    """Let what fills `.grad` of `t` go with it to its new node."""
    cdef Node before = t.grad_fn_
    if before is not None and before.retained is not None and t.output_nr in before.retained:
        if node.retained is None:
            node.retained = {}
        node.retained[0] = before.retained.pop(t.output_nr)
    return 0


cdef Node checked_view_function(TensorBase view):
    """The same after a change that was not made through `view` itself."""
    if view.creation:
        refuse_rebase(view, True)
    return regenerate_view_function(view)


set_view_function_maker(checked_view_function)


cdef class CopySlices(Node):
    """The backward of an in-place change of a view, as a function of the whole base.

    The gradient of the base passes, except for the elements of the view, whose gradient
    goes through the backward of the operation.
    """

    cdef Node inner

    def name(self):
        return "torch::autograd::CopySlices"

    cdef tuple apply(self, tuple grads):
        from minitorch._ops.strided import copy_slices_backward
        cdef tuple inner_grads
        if grads[0] is None:
            return (None,) * len(self.next_)
        rest, part = copy_slices_backward(grads[0], *self.s3)
        inner_grads = self.inner.apply((part,))
        return (rest(inner_grads[0]),) + inner_grads[1:]

    cdef void release(self) noexcept:
        self.inner.release()


cdef int set_history(TensorBase t, Node node) except -1:
    """Make `node` the function of `t` after an in-place change, through views.

    To be called after the storage's version has been bumped.
    """
    cdef CopySlices whole
    cdef list edges
    cdef TensorBase base = t.base
    if base is None:
        take_retained(t, node)
        set_function(t, node, 0)
        t.leaf_requires_grad = False
        return 0
    whole = CopySlices.__new__(CopySlices)
    whole.inner = node
    whole.s3 = geometry(base) + geometry(t)
    take_retained(base, whole)
    edges = list(node.next_)
    edges[0] = edge_of(base)
    whole.next_ = tuple(edges)
    if node.next_nr is not None or base.output_nr:
        numbers_ = list(node.next_nr or (0,) * len(edges))
        numbers_[0] = base.output_nr
        whole.next_nr = tuple(numbers_)
    give_number(whole)
    set_function(base, whole, 0)
    regenerate_view_function(t)
    return 0


def rebase_history(TensorBase t, Node node):
    """Make `node` the function of `t`, which a user-defined function has changed in place.

    The storage's version has been bumped; `node` has one output.
    """
    check_writable(t, True)
    set_history(t, node)


# ---------------------------------------------------------------- out=

cdef object deliver(TensorBase result, object out, str where=None):
    """The result itself, or cast and copied into the tensor given as `out=`."""
    cdef TensorBase to
    if out is None:
        return result
    to = check_out(result, out, where)
    if result.dtype_.category > to.dtype_.category:
        raise RuntimeError(f"result type {type_name(result.dtype_)} can't be cast to the desired "
                           f"output type {type_name(to.dtype_)}")
    return write_out(result, to)


cdef TensorBase check_out(TensorBase result, object out, str where):
    cdef str prefix = "" if where is None else where + "(): "
    if not isinstance(out, TensorBase):
        raise TypeError(f"{prefix}argument 'out' must be Tensor, not {type(out).__name__}")
    if result.requires() or ((<TensorBase> out).requires() and grad_enabled()):
        raise RuntimeError(f"{prefix}functions with out=... arguments don't support automatic "
                           "differentiation, but one of the arguments requires grad.")
    return <TensorBase> out


cdef TensorBase write_out(TensorBase result, TensorBase to):
    if not same_shape(result, to):
        if to.numel_ != 0:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape "
                f"{size_text(to.ndim_, to.shape_)}, which does not match the required output "
                f"shape {size_text(result.ndim_, result.shape_)}. This behavior is deprecated, "
                "and in a future PyTorch release outputs will not be resized unless they have "
                "zero elements.", stacklevel=2)
        if to.base is not None and to.numel_:
            raise RuntimeError("argument 'out' is a view and has another shape than the result")
        to._set_data(new_like(result, to.dtype_))
    check_writable(to, False)
    copy_raw(to, result)
    bump(to)
    return to
