"""Shape arithmetic: sizes and strides, no tensor in sight.  Strides count elements."""

from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from cpython.ref cimport Py_INCREF
from minitorch._kernels.types cimport MAX_DIMS


class Size(tuple):
    """The shape of a tensor: a tuple of integers that prints as PyTorch's."""

    __slots__ = ()

    def __new__(cls, sizes=()):
        made = tuple.__new__(cls, sizes)
        for size in made:
            if not hasattr(size, "__index__"):
                raise TypeError("torch.Size() takes an iterable of 'int' (item 0 is "
                                f"'{type(size).__name__}')")
        return made

    def __repr__(self):
        return f"torch.Size([{', '.join(map(str, self))}])"

    def numel(self):
        """The number of elements of a tensor of this shape."""
        count = 1
        for size in self:
            count *= size
        return count

    def __getitem__(self, index):
        found = tuple.__getitem__(self, index)
        return tuple.__new__(Size, found) if isinstance(index, slice) else found

    def __add__(self, other):
        if not isinstance(other, tuple):
            return NotImplemented
        return tuple.__new__(Size, tuple.__add__(self, other))

    def __radd__(self, other):
        if not isinstance(other, tuple):
            return NotImplemented
        return tuple.__new__(Size, other + tuple(self))

    def __mul__(self, count):
        return tuple.__new__(Size, tuple.__mul__(self, count))

    __rmul__ = __mul__

    def __reduce__(self):
        return (Size, (tuple(self),))


cdef Py_ssize_t product(int n, const Py_ssize_t* sizes) noexcept nogil:
    cdef Py_ssize_t count = 1
    cdef int i
    for i in range(n):
        count *= sizes[i]
    return count


cdef Py_ssize_t checked_numel(int n, const Py_ssize_t* sizes) except -1:
    """The number of elements; RuntimeError for a negative size or one beyond 63 bits."""
    cdef Py_ssize_t count = 1
    cdef int i
    cdef bint empty = False
    for i in range(n):
        if sizes[i] < 0:
            raise RuntimeError("Trying to create tensor with negative dimension "
                               f"{sizes[i]}: {size_text(n, sizes)}")
        if sizes[i] == 0:
            empty = True
    if empty:
        return 0
    for i in range(n):
        if count > (<Py_ssize_t> 1 << 59) // sizes[i]:
            raise RuntimeError("Storage size calculation overflowed with sizes="
                               f"{size_text(n, sizes)}")
        count *= sizes[i]
    return count


cdef void contiguous_strides(int n, const Py_ssize_t* sizes, Py_ssize_t* strides) noexcept nogil:
    """Row-major strides; a size of 0 counts as 1, as in PyTorch."""
    cdef Py_ssize_t step = 1
    cdef int i
    for i in range(n - 1, -1, -1):
        strides[i] = step
        if sizes[i] > 1:
            step *= sizes[i]


cdef void channels_last_strides(int n, const Py_ssize_t* sizes, Py_ssize_t* strides) noexcept nogil:
    """Strides of (N, C, *spatial) kept in memory as (N, *spatial, C)."""
    cdef Py_ssize_t step = sizes[1] if sizes[1] > 1 else 1
    cdef int i
    strides[1] = 1
    for i in range(n - 1, 1, -1):
        strides[i] = step
        if sizes[i] > 1:
            step *= sizes[i]
    strides[0] = step


cdef bint is_contiguous(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides) noexcept nogil:
    cdef Py_ssize_t step = 1
    cdef int i
    for i in range(n):
        if sizes[i] == 0:
            return True
    for i in range(n - 1, -1, -1):
        if sizes[i] != 1:
            if strides[i] != step:
                return False
            step *= sizes[i]
    return True


cdef bint is_channels_last(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides) noexcept nogil:
    """(N, C, H, W) or (N, C, D, H, W) with the channels innermost."""
    cdef Py_ssize_t step = 1
    cdef int i, axis
    if n != 4 and n != 5:
        return False
    for i in range(n):
        if sizes[i] == 0:
            return False
    for i in range(n):
        axis = 1 if i == 0 else (n - i if i < n - 1 else 0)
        if sizes[axis] != 1:
            if strides[axis] != step:
                return False
            step *= sizes[axis]
    return True


cdef int order_by_stride(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides,
                         int* order) noexcept nogil:
    """Axes from the outermost in memory to the innermost; stable; returns n."""
    cdef int i, j, axis
    for i in range(n):
        axis = i
        j = i
        while j > 0 and (strides[order[j - 1]] < strides[axis]
                         or (strides[order[j - 1]] == strides[axis]
                             and sizes[order[j - 1]] < sizes[axis])):
            order[j] = order[j - 1]
            j -= 1
        order[j] = axis
    return n


cdef bint is_dense(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides) noexcept nogil:
    """True when the elements fill a block of memory without holes or overlaps."""
    cdef int order[MAX_DIMS]
    cdef Py_ssize_t step = 1
    cdef int i, axis
    for i in range(n):
        if sizes[i] == 0:
            return True
    order_by_stride(n, sizes, strides, order)
    for i in range(n - 1, -1, -1):
        axis = order[i]
        if sizes[axis] != 1:
            if strides[axis] != step:
                return False
            step *= sizes[axis]
    return True


cdef void dense_strides_like(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides,
                             Py_ssize_t* out) noexcept nogil:
    """Strides of a new dense block in the order of memory of an existing tensor.

    Equal to `strides` when they are dense; contiguous when the order is not told
    (expanded axes keep their place by rank).
    """
    cdef int order[MAX_DIMS]
    cdef Py_ssize_t step = 1
    cdef int i, axis
    if is_dense(n, sizes, strides):
        for i in range(n):
            out[i] = strides[i]
        return
    for i in range(n):
        if strides[i] == 0 and sizes[i] > 1:
            contiguous_strides(n, sizes, out)
            return
    order_by_stride(n, sizes, strides, order)
    for i in range(n - 1, -1, -1):
        axis = order[i]
        out[axis] = step
        if sizes[axis] > 1:
            step *= sizes[axis]


cdef int wrap_index_dim(Py_ssize_t dim, int ndim) except -1:
    """A dimension counted from 0; IndexError out of range.  A scalar counts as 1-D."""
    cdef Py_ssize_t bound = ndim if ndim > 0 else 1
    if dim < -bound or dim >= bound:
        raise IndexError(f"Dimension out of range (expected to be in range of "
                         f"[{-bound}, {bound - 1}], but got {dim})")
    return <int> (dim + bound if dim < 0 else dim)


cdef int wrap_dim(object dim, int ndim) except -1:
    if type(dim) is not int and (isinstance(dim, bool) or not hasattr(dim, "__index__")):
        raise TypeError(f"argument 'dim' must be int, not {type(dim).__name__}")
    return wrap_index_dim(dim, ndim)


cdef int dims_from(object sizes, Dims* out, str where, str argument="size") except -1:
    """Read a tuple or list of integers."""
    cdef int n = 0
    if hasattr(sizes, "__index__"):
        out.n = 1
        out.at[0] = sizes
        return 0
    if not isinstance(sizes, (tuple, list)):
        raise TypeError(f"{where}(): argument '{argument}' must be tuple of ints, not "
                        f"{type(sizes).__name__}")
    if len(sizes) > MAX_DIMS:
        raise RuntimeError(f"{where}(): at most {<int> MAX_DIMS} dimensions are supported, "
                           f"got {len(sizes)}")
    for size in sizes:
        if type(size) is not int and (isinstance(size, bool) or not hasattr(size, "__index__")):
            raise TypeError(f"{where}(): argument '{argument}' must be tuple of ints, but found "
                            f"element of type {type(size).__name__} at pos {n}")
        out.at[n] = size
        n += 1
    out.n = n
    return 0


cdef int dims_from_args(tuple args, Dims* out, str where, str argument="size") except -1:
    """Read sizes given as `f(2, 3)` or as `f((2, 3))`."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        return dims_from(args[0], out, where, argument)
    return dims_from(args, out, where, argument)


cdef int infer_size(Dims* wanted, Py_ssize_t numel) except -1:
    """Fill in the one -1 of a shape for `numel` elements."""
    cdef Py_ssize_t known = 1
    cdef int i, hole = -1
    for i in range(wanted.n):
        if wanted.at[i] == -1:
            if hole >= 0:
                raise RuntimeError("only one dimension can be inferred")
            hole = i
        elif wanted.at[i] < 0:
            raise RuntimeError(f"invalid shape dimension {wanted.at[i]} at index {i} of shape "
                               f"{size_text(wanted.n, wanted.at)}")
        else:
            known *= wanted.at[i]
    if hole >= 0 and known == 0:
        if numel == 0:
            raise RuntimeError(f"cannot reshape tensor of 0 elements into shape "
                               f"{size_text(wanted.n, wanted.at)} because the unspecified "
                               f"dimension size -1 can be any value and is ambiguous")
        raise RuntimeError(f"shape '{size_text(wanted.n, wanted.at)}' is invalid for input of "
                           f"size {numel}")
    if (hole < 0 and known != numel) or (hole >= 0 and numel % known != 0):
        raise RuntimeError(f"shape '{size_text(wanted.n, wanted.at)}' is invalid for input of "
                           f"size {numel}")
    if hole >= 0:
        wanted.at[hole] = numel // known
    return 0


cdef int broadcast(int na, const Py_ssize_t* a, int nb, const Py_ssize_t* b, Dims* out) except -1:
    """The common shape of two operands."""
    cdef int n = na if na > nb else nb
    cdef int i, ia, ib
    cdef Py_ssize_t sa, sb
    out.n = n
    for i in range(n - 1, -1, -1):
        ia, ib = i - (n - na), i - (n - nb)
        sa = a[ia] if ia >= 0 else 1
        sb = b[ib] if ib >= 0 else 1
        if sa != sb and sa != 1 and sb != 1:
            raise RuntimeError(f"The size of tensor a ({sa}) must match the size of tensor b "
                               f"({sb}) at non-singleton dimension {i}")
        out.at[i] = sb if sa == 1 else sa
    return 0


cdef int view_strides(int n, const Py_ssize_t* sizes, const Py_ssize_t* strides,
                      int m, const Py_ssize_t* new_sizes, Py_ssize_t* out) noexcept nogil:
    """Strides that show the same elements in another shape; -1 if a copy is needed.

    Walks both shapes from the innermost axis; a group of old axes that lie in one run of
    memory may be cut anew.
    """
    cdef Py_ssize_t base, run, left
    cdef int i, j = m - 1
    if product(n, sizes) == 0:
        if n == m:
            for i in range(n):
                if sizes[i] != new_sizes[i]:
                    break
            else:
                for i in range(n):
                    out[i] = strides[i]
                return 0
        contiguous_strides(m, new_sizes, out)
        return 0
    if n == 0:
        contiguous_strides(m, new_sizes, out)
        return 0
    base = strides[n - 1]
    run = 1    # elements of the current group of old axes
    left = 1   # elements of new axes laid into that group
    for i in range(n - 1, -1, -1):
        run *= sizes[i]
        # the group ends where the next axis outwards does not continue it
        if i == 0 or (sizes[i - 1] != 1 and strides[i - 1] != run * base):
            while j >= 0 and (left < run or new_sizes[j] == 1):
                out[j] = left * base
                left *= new_sizes[j]
                j -= 1
            if left != run:
                return -1
            if i > 0:
                base = strides[i - 1]
                run = 1
                left = 1
    return 0 if j == -1 else -1


cdef object size_tuple(int n, const Py_ssize_t* sizes):
    cdef tuple made = PyTuple_New(n)
    cdef int i
    cdef object item
    for i in range(n):
        item = sizes[i]
        Py_INCREF(item)
        PyTuple_SET_ITEM(made, i, item)
    return made


cdef str size_text(int n, const Py_ssize_t* sizes):
    return "[" + ", ".join([str(sizes[i]) for i in range(n)]) + "]"


def broadcast_shapes(*shapes):
    """The shape that the given shapes broadcast to.

    Raises
    ------
    RuntimeError
        If two sizes differ and neither is 1.
    """
    cdef Dims left, right, common
    left.n = 0
    for shape in shapes:
        dims_from(shape, &right, "broadcast_shapes", "shapes")
        broadcast(left.n, left.at, right.n, right.at, &common)
        left = common
    return Size(size_tuple(left.n, left.at))


cdef bint extent(int n, const Py_ssize_t* shape, const Py_ssize_t* strides,
                 Py_ssize_t* low, Py_ssize_t* high) noexcept:
    """Offsets of the lowest and highest element; False on overflow."""
    cdef int i
    cdef Py_ssize_t reach
    low[0] = high[0] = 0
    for i in range(n):
        if shape[i] <= 1:
            continue
        if strides[i] > (<Py_ssize_t> 1 << 60) // shape[i] \
                or strides[i] < -((<Py_ssize_t> 1 << 60) // shape[i]):
            return False
        reach = strides[i] * (shape[i] - 1)
        if reach > 0:
            high[0] += reach
        else:
            low[0] += reach
        if high[0] > <Py_ssize_t> 1 << 60 or low[0] < -(<Py_ssize_t> 1 << 60):
            return False
    return True
