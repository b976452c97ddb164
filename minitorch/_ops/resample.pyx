# cython: auto_pickle=False
"""Interpolation of images, and padding that repeats elements: linear maps along single axes.

Every such operation is a tuple of :class:`Axis`, one sparse matrix for each axis that changes;
the backward applies their transposes, and its backward the matrices again.
"""

import numpy

from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc

from minitorch._core.dtype cimport FLOATING, dtype, of_code, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, set_function
from minitorch._core.shape cimport (
    channels_last_strides, contiguous_strides, is_channels_last, product, size_text)
from minitorch._core.tensor cimport TensorBase, new_strided
from minitorch._kernels.resample cimport (
    FILTER_CUBIC, FILTER_CUBIC_ANTIALIAS, FILTER_LANCZOS_ANTIALIAS, FILTER_LINEAR,
    FILTER_LINEAR_ANTIALIAS, FILTER_NEAREST, FILTER_NEAREST_EXACT, Filter, Taps, apply_taps,
    fill_taps, merge_taps, round_taps, taps_room, transpose_taps)
from minitorch._kernels.types cimport F32, F64, I64, MAX_DIMS, U8
from minitorch._ops._base cimport cast_raw, check_tensor, contiguous_raw
from minitorch._ops.array cimport from_array
from minitorch._ops.gather cimport index_select_op


# ---------------------------------------------------------------- the map along one axis

cdef class Axis:
    """A sparse matrix along an axis of a tensor, and its transpose once that is asked for."""

    cdef Taps taps, transposed
    cdef int dim

    def __cinit__(self, int dim, Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t room):
        self.dim = dim
        self.taps.rows, self.taps.columns = rows, columns
        allocate(&self.taps, rows, room)

    def __dealloc__(self):
        release(&self.taps)
        release(&self.transposed)

    cdef const Taps* matrix(self, bint forward) except NULL:
        if forward:
            return &self.taps
        if self.transposed.start == NULL:
            allocate(&self.transposed, self.taps.columns, self.taps.start[self.taps.rows])
            transpose_taps(&self.transposed, &self.taps)
        return &self.transposed

    cdef double growth(self, bint forward) noexcept:
        cdef double ratio = <double> self.taps.rows / max(self.taps.columns, 1)
        return ratio if forward else 1 / max(ratio, 1e-9)


cdef int allocate(Taps* a, Py_ssize_t rows, Py_ssize_t room) except -1:
    a.start = <Py_ssize_t*> malloc((rows + 1) * sizeof(Py_ssize_t))
    a.column = <Py_ssize_t*> malloc(max(room, 1) * sizeof(Py_ssize_t))
    a.weight = <double*> malloc(max(room, 1) * sizeof(double))
    if a.start == NULL or a.column == NULL or a.weight == NULL:
        raise MemoryError("resampling weights")
    a.start[0] = 0
    return 0


cdef void release(Taps* a) noexcept:
    free(a.start)
    free(a.column)
    free(a.weight)


cdef Axis filtered_axis(int dim, Py_ssize_t size, Py_ssize_t rows, Filter filter, object factor,
                        bint align_corners, dtype d):
    """The weights of a filter from `size` to `rows` pixels; `factor` is None or rows / size."""
    cdef double scale
    cdef Axis made
    cdef bint smooth = filter >= FILTER_LINEAR
    if rows == size and filter >= FILTER_LINEAR_ANTIALIAS:
        return reading_axis(dim, size, range(rows))
    if align_corners and smooth:
        scale = <double> (size - 1) / (rows - 1) if rows > 1 else 0
    elif factor is not None and factor > 0:
        scale = 1 / <double> factor
    else:
        scale = <double> size / rows
    made = Axis(dim, rows, size, taps_room(filter, rows, scale))
    # as PyTorch: float32 and the halves in float32; the weights of bytes are rounded from double
    if d.code == F64 or (d.code == U8 and smooth):
        fill_taps(&made.taps, filter, scale, align_corners)
    else:
        fill_taps(&made.taps, filter, <float> scale, align_corners)
    if d.code == U8 and smooth:
        merge_taps(&made.taps)
        round_taps(&made.taps)
    return made


cdef Axis reading_axis(int dim, Py_ssize_t size, object sources):
    """Row j reads element sources[j] as it is."""
    cdef Axis made = Axis(dim, len(sources), size, len(sources))
    cdef Py_ssize_t j
    for j in range(made.taps.rows):
        made.taps.start[j + 1] = j + 1
        made.taps.column[j], made.taps.weight[j] = sources[j], 1
    return made


# ---------------------------------------------------------------- the operation

cdef class ResampleNode(Node):
    """The transposed maps; `stem` is PyTorch's name without "Backward0"."""

    cdef tuple axes
    cdef str stem
    cdef bint forward

    def name(self):
        return self.stem + ("Backward0" if self.forward else "BackwardBackward0")

    cdef tuple apply(self, tuple grads):
        return (resample_op(grads[0], self.axes, self.stem, not self.forward),)


cdef TensorBase along_axis(TensorBase x, Axis axis, bint forward, bint last):
    """One map, on a tensor that is dense in the order that `last` (channels last) tells."""
    cdef const Taps* a = axis.matrix(forward)
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef Py_ssize_t outer, inner
    cdef int i, dim = axis.dim
    cdef TensorBase y
    for i in range(x.ndim_):
        shape[i] = x.shape_[i]
    shape[dim] = a.rows
    outer, inner = product(dim, shape), product(x.ndim_ - dim - 1, shape + dim + 1)
    if last:
        channels_last_strides(x.ndim_, shape, strides)
        outer, inner = outer // shape[1], inner * shape[1]
    else:
        contiguous_strides(x.ndim_, shape, strides)
    y = new_strided(x.dtype_, x.ndim_, shape, strides)
    if y.numel_ == 0:
        return y
    with nogil:
        if x.dtype_.code == F32:
            apply_taps(<float*> y.data(), <const float*> x.data(), a, outer, inner)
        elif x.dtype_.code == F64:
            apply_taps(<double*> y.data(), <const double*> x.data(), a, outer, inner)
        else:
            apply_taps(<uint8_t*> y.data(), <const uint8_t*> x.data(), a, outer, inner)
    return y


cdef TensorBase resample_raw(TensorBase x, tuple axes, bint forward):
    """All maps one after the other; channels_last gives channels_last."""
    cdef dtype d = x.dtype_
    cdef bint last = (not x.contiguous
                      and is_channels_last(x.ndim_, x.shape_, x.strides_))
    cdef TensorBase y = x if last else contiguous_raw(x)
    cdef list order = list(axes)
    if d.itemsize == 2:
        y = cast_raw(y, of_code(F32))
    if d.code != U8:
        # what shrinks goes first, so that the others have less to do
        order.sort(key=lambda axis: (<Axis> axis).growth(forward))
    for axis in order:
        y = along_axis(y, <Axis> axis, forward, last)
    return cast_raw(y, d)


cdef TensorBase resample_op(TensorBase x, tuple axes, str stem, bint forward):
    cdef TensorBase y = resample_raw(x, axes, forward)
    cdef ResampleNode node
    if records1(x):
        node = ResampleNode.__new__(ResampleNode)
        connect1(node, x)
        node.axes, node.stem, node.forward = axes, stem, forward
        set_function(y, node, 0)
    return y


# ---------------------------------------------------------------- interpolation

# mode, antialias: (filter, word of the Node's name)
cdef dict FILTERS = {
    ("nearest", False): (FILTER_NEAREST, "Nearest"),
    ("nearest-exact", False): (FILTER_NEAREST_EXACT, "NearestExact"),
    ("linear", False): (FILTER_LINEAR, "Linear"),
    ("bilinear", False): (FILTER_LINEAR, "Bilinear"),
    ("trilinear", False): (FILTER_LINEAR, "Trilinear"),
    ("bicubic", False): (FILTER_CUBIC, "Bicubic"),
    ("bilinear", True): (FILTER_LINEAR_ANTIALIAS, "Bilinear"),
    ("bicubic", True): (FILTER_CUBIC_ANTIALIAS, "Bicubic"),
    ("lanczos", True): (FILTER_LANCZOS_ANTIALIAS, "Lanczos"),
}


cdef str sizes_text(tuple sizes):
    """"(H: 4, W: 5)", as PyTorch's errors name the axes of an image."""
    if len(sizes) == 1:
        return f"(W: {sizes[0]})"
    letters = "HW" if len(sizes) == 2 else "DHW"
    return "(" + ", ".join([f"{name}: {size}" for name, size in zip(letters, sizes)]) + ")"


cdef int check_image(TensorBase x, tuple sizes) except -1:
    cdef int n = x.ndim_ - 2
    cdef tuple have = tuple([x.shape_[2 + i] for i in range(n)])
    joint = " and " if n == 1 else " "
    if min(have) <= 0 or min(sizes) <= 0:
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got input "
                           f"{sizes_text(have)}{joint}output {sizes_text(sizes)}")
    if x.shape_[1] == 0:
        raise RuntimeError(f"Non-empty {n + 2}D data tensor expected but got a tensor with sizes "
                           f"{size_text(x.ndim_, x.shape_)}")
    return 0


def upsample(input, sizes, factors, mode, align_corners, antialias):
    """Images of other sizes; see `minitorch.nn.functional.interpolate`.

    Parameters
    ----------
    input : Tensor
        (N, C, *) with one to three axes behind.
    sizes : tuple of int or None
        Of the result; None is input's times `factors`, rounded down.
    factors : tuple of float, optional
        What the steps between pixels are made of, where given.
    mode : str
        A key of the table above.
    align_corners, antialias : bool
        See there.
    """
    cdef TensorBase x = check_tensor(input, "interpolate", "input")
    cdef int i, n = x.ndim_ - 2
    cdef list axes = []
    cdef object factor
    filter, word = FILTERS[mode, antialias]
    if sizes is None:
        sizes = tuple([int(x.shape_[2 + i] * factors[i]) for i in range(n)])
    check_image(x, sizes)
    stem = f"Upsample{word}{n}D" + ("Aa" if antialias else "")
    if x.dtype_.category != FLOATING and x.dtype_.code != U8:
        kernel = stem[8:].lower()
        raise NotImplementedError(f"\"upsample_{kernel}\" not implemented for "
                                  f"'{type_name(x.dtype_)}'")
    for i in range(n):
        factor = None if factors is None else factors[i]
        # PyTorch counts steps of 1 and 1/2 between the nearest pixels of an image exactly
        if filter == FILTER_NEAREST and n == 2 and sizes[i] in (x.shape_[2 + i],
                                                                2 * x.shape_[2 + i]):
            factor = None
        axes.append(filtered_axis(2 + i, x.shape_[2 + i], sizes[i], filter, factor, align_corners,
                                  x.dtype_))
    return resample_op(x, tuple(reversed(axes)), stem, True)


# ---------------------------------------------------------------- padding by reading elsewhere

def read_axes(input, sources, stem):
    """Each axis of `sources` (a dict) shows the elements that its list of positions names.

    `stem` begins the name of the Node: "ReflectionPad2D".
    """
    cdef TensorBase x = check_tensor(input, "pad", "input")
    if x.dtype_.category == FLOATING:
        return resample_op(x, tuple([reading_axis(dim, x.shape_[dim], places)
                                     for dim, places in sources.items()]), stem, True)
    for dim, places in sources.items():
        array = numpy.array(places, numpy.int64)
        x = index_select_op(x, dim, from_array(array, of_code(I64)))
    return x
