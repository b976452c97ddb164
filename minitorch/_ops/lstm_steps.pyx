# cython: auto_pickle=False
"""The steps of one LSTM layer, forwards and backwards, without history.

All tensors are contiguous and of one dtype, float32 or float64. They are `turned` if a step's batch
is the last axis: the weights are then the left factor of every product, which is read where it
lies, and what is packed for it is only the small hidden state. For few rows that is the slower way,
since a tile of the product has room for more columns than there are. The four gates follow each
other as input, forget, cell, output.
"""

from minitorch._core.tensor cimport TensorBase, new_like
from minitorch._kernels.gemm cimport gemm
from minitorch._kernels.parallel cimport parallel_for, task_fn
from minitorch._kernels.pointwise cimport UNARY_SIGMOID, UNARY_TANH, mt_loop, unary_loop
from minitorch._kernels.types cimport F32, floating

cdef enum:
    GRAIN = 2048        # elements of a cell below which a second thread does not pay


cdef struct Step:
    mt_loop sigmoid
    mt_loop tanh
    Py_ssize_t rows         # of the batch; 1 if turned
    Py_ssize_t n            # elements of one gate in a row
    bint wide               # double instead of float
    # of each row
    char* gates             # 4 n: activations; products before
    char* before            # n: the cell before the step
    char* cell              # n: the cell after it
    char* hidden            # n: the hidden state after it; going back, its gradient
    char* slope             # n: going back, the gradient of the cell
    char* slopes            # 4 n: going back, the gradients of the products


cdef inline void mapped(mt_loop loop, char* out, char* x, Py_ssize_t itemsize,
                        Py_ssize_t n) noexcept nogil:
    cdef char* ptrs[2]
    cdef Py_ssize_t steps[2]
    ptrs[0], ptrs[1] = out, x
    steps[0] = steps[1] = itemsize
    loop(ptrs, steps, n)


# ---------------------------------------------------------------- forwards

cdef void forward_cells(Step* s, floating* gates, Py_ssize_t row, Py_ssize_t begin,
                        Py_ssize_t end) noexcept nogil:
    """c := f c + i g;  h := o tanh(c)"""
    cdef Py_ssize_t n = s.n, j, size = end - begin
    cdef floating* i = gates + 4 * row * n
    cdef floating* f = i + n
    cdef floating* g = i + 2 * n
    cdef floating* o = i + 3 * n
    cdef floating* before = (<floating*> s.before) + row * n
    cdef floating* cell = (<floating*> s.cell) + row * n
    cdef floating* hidden = (<floating*> s.hidden) + row * n
    mapped(s.sigmoid, <char*> (i + begin), <char*> (i + begin), sizeof(floating), size)
    mapped(s.sigmoid, <char*> (f + begin), <char*> (f + begin), sizeof(floating), size)
    mapped(s.tanh, <char*> (g + begin), <char*> (g + begin), sizeof(floating), size)
    mapped(s.sigmoid, <char*> (o + begin), <char*> (o + begin), sizeof(floating), size)
    for j in range(begin, end):
        cell[j] = f[j] * before[j] + i[j] * g[j]
    mapped(s.tanh, <char*> (hidden + begin), <char*> (cell + begin), sizeof(floating), size)
    for j in range(begin, end):
        hidden[j] *= o[j]


cdef void forward_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """A part of the one row, or some of the rows"""
    cdef Step* s = <Step*> ctx
    cdef Py_ssize_t row, last = 1 if s.rows == 1 else end
    for row in range(0 if s.rows == 1 else begin, last):
        if s.wide:
            forward_cells(s, <double*> s.gates, row, begin if s.rows == 1 else 0,
                          end if s.rows == 1 else s.n)
        else:
            forward_cells(s, <float*> s.gates, row, begin if s.rows == 1 else 0,
                          end if s.rows == 1 else s.n)


cdef inline void for_all(task_fn task, Step* s) noexcept nogil:
    if s.rows == 1:
        parallel_for(task, s, s.n, GRAIN)
    else:
        parallel_for(task, s, s.rows, max(1, GRAIN // s.n))


cdef int add_product(bint wide, char* c, char* a, char* b, bint b_turned, Py_ssize_t m,
                     Py_ssize_t n, Py_ssize_t k) except -1 nogil:
    """C += A.B, all contiguous; B as it is, or its transpose"""
    cdef Py_ssize_t row = 1 if b_turned else n, col = k if b_turned else 1
    if wide:
        gemm(<double*> c, n, <double*> a, k, 1, <double*> b, row, col, m, n, k, <double> 1,
             <double> 1)
    else:
        gemm(<float*> c, n, <float*> a, k, 1, <float*> b, row, col, m, n, k, <float> 1, <float> 1)
    return 0


cdef Step start(TensorBase gates, TensorBase hidden, bint turned):
    cdef Step s
    cdef Py_ssize_t n = hidden.numel_
    s.rows = 1 if turned else hidden.shape_[0]
    s.sigmoid = unary_loop(UNARY_SIGMOID, gates.code())
    s.tanh = unary_loop(UNARY_TANH, gates.code())
    s.n, s.wide = n // s.rows, gates.code() != F32
    s.gates = s.before = s.cell = s.hidden = s.slope = s.slopes = NULL
    return s


def forward(TensorBase gates, TensorBase weight, TensorBase hidden, TensorBase cell, bint reverse,
            bint turned):
    """Run over the steps.

    Parameters
    ----------
    gates : Tensor
        (steps, batch, 4 H), or turned, the products with the input; become the activations.
    weight : Tensor
        (4 H, H), of the hidden state.
    hidden, cell : Tensor
        (batch, H), or turned, before the first step.
    reverse : bool
        Begin at the end.
    turned : bool
        Whether the batch is the last axis.

    Returns
    -------
    (Tensor, Tensor)
        The hidden states and the cells after each step, laid out as the gates.
    """
    cdef Py_ssize_t steps = gates.shape_[0], size = weight.shape_[1]
    cdef Py_ssize_t k, t, n = hidden.numel_, batch = n // size, nbytes = n * gates.dtype_.itemsize
    cdef Step s = start(gates, hidden, turned)
    hiddens = hidden.new_empty((steps, hidden.shape_[0], hidden.shape_[1]))
    cells = hidden.new_empty((steps, hidden.shape_[0], hidden.shape_[1]))
    cdef char* all_gates = gates.data()
    cdef char* all_hidden = (<TensorBase> hiddens).data()
    cdef char* all_cells = (<TensorBase> cells).data()
    cdef char* h = hidden.data()
    cdef char* w = weight.data()
    s.before = cell.data()
    with nogil:
        for k in range(steps):
            t = steps - 1 - k if reverse else k
            s.gates, s.cell, s.hidden = (all_gates + 4 * t * nbytes, all_cells + t * nbytes,
                                         all_hidden + t * nbytes)
            if turned:
                add_product(s.wide, s.gates, w, h, False, 4 * size, batch, size)
            else:
                add_product(s.wide, s.gates, h, w, True, batch, 4 * size, size)
            for_all(forward_task, &s)
            h, s.before = s.hidden, s.cell
    return hiddens, cells


# ---------------------------------------------------------------- backwards

cdef void backward_cells(Step* s, floating* gates, Py_ssize_t row, Py_ssize_t begin,
                         Py_ssize_t end) noexcept nogil:
    """From the gradients of h and c to those of the products and of the cell before"""
    cdef Py_ssize_t n = s.n, j
    cdef floating* before = (<floating*> s.before) + row * n
    cdef floating* grad = (<floating*> s.hidden) + row * n
    cdef floating* slope = (<floating*> s.slope) + row * n
    cdef floating* di = (<floating*> s.slopes) + 4 * row * n
    cdef floating* df = di + n
    cdef floating* dg = di + 2 * n
    cdef floating* do_ = di + 3 * n
    cdef floating i, f, g, o, bent, along
    # the tanh of the cell stands where the output gate's gradient will
    mapped(s.tanh, <char*> (do_ + begin), <char*> ((<floating*> s.cell) + row * n + begin),
           sizeof(floating), end - begin)
    gates += 4 * row * n
    for j in range(begin, end):
        i, f, g, o, bent = gates[j], gates[n + j], gates[2 * n + j], gates[3 * n + j], do_[j]
        along = slope[j] + grad[j] * o * (1 - bent * bent)
        do_[j] = grad[j] * bent * o * (1 - o)
        di[j] = along * g * i * (1 - i)
        df[j] = along * before[j] * f * (1 - f)
        dg[j] = along * i * (1 - g * g)
        slope[j] = along * f


cdef void backward_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Step* s = <Step*> ctx
    cdef Py_ssize_t row, last = 1 if s.rows == 1 else end
    for row in range(0 if s.rows == 1 else begin, last):
        if s.wide:
            backward_cells(s, <double*> s.gates, row, begin if s.rows == 1 else 0,
                           end if s.rows == 1 else s.n)
        else:
            backward_cells(s, <float*> s.gates, row, begin if s.rows == 1 else 0,
                           end if s.rows == 1 else s.n)


def backward(TensorBase grads, TensorBase slope, TensorBase gates, TensorBase cells,
             TensorBase cell, TensorBase weight, bint reverse, bint turned):
    """Run over the steps backwards.

    Parameters
    ----------
    grads : Tensor
        (steps, batch, H), or turned, the gradients of the hidden states; overwritten.
    slope : Tensor
        (batch, H), or turned, the gradient of the last cell; becomes that of the first.
    gates, cells : Tensor
        The activations and the cells, as `forward` left them.
    cell : Tensor
        (batch, H), or turned, the cell before the first step.
    weight : Tensor
        (4 H, H); transposed if the rest is turned.
    reverse, turned : bool
        As in `forward`.

    Returns
    -------
    (Tensor, Tensor)
        The gradients of the products, laid out as the gates, and of the first hidden state.
    """
    cdef Py_ssize_t steps = gates.shape_[0], size = weight.shape_[0 if turned else 1]
    cdef Py_ssize_t k, t, n = slope.numel_, batch = n // size, nbytes = n * gates.dtype_.itemsize
    cdef Step s = start(gates, slope, turned)
    cdef TensorBase slopes = new_like(gates, gates.dtype_)
    cdef TensorBase first = slope.new_zeros((slope.shape_[0], slope.shape_[1]))
    cdef char* all_gates = gates.data()
    cdef char* all_grads = grads.data()
    cdef char* all_cells = cells.data()
    cdef char* all_slopes = slopes.data()
    cdef char* w = weight.data()
    cdef char* to
    cdef char* before_all = cell.data()
    cdef char* to_first = first.data()
    cdef Py_ssize_t back = 1 if reverse else -1
    s.slope = slope.data()
    with nogil:
        for k in range(steps):
            t = k if reverse else steps - 1 - k
            s.gates, s.cell = all_gates + 4 * t * nbytes, all_cells + t * nbytes
            s.hidden, s.slopes = all_grads + t * nbytes, all_slopes + 4 * t * nbytes
            s.before = before_all if k == steps - 1 else all_cells + (t + back) * nbytes
            for_all(backward_task, &s)
            to = to_first if k == steps - 1 else all_grads + (t + back) * nbytes
            if turned:
                add_product(s.wide, to, w, s.slopes, False, size, batch, 4 * size)
            else:
                add_product(s.wide, to, s.slopes, w, False, batch, size, 4 * size)
    return slopes, first
