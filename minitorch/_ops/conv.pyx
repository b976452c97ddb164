"""Convolution and transposed convolution in one to three dimensions, with their derivatives.

Three linear maps make a closed family: the convolution itself, its gradient with respect to
the input and the one with respect to the weight.  Each is the derivative of the others, so
convolution can be differentiated any number of times.  A transposed convolution is the input
gradient by another name.

The result is channels_last if the input or the weight is, as in PyTorch.
"""

from cpython.number cimport PyIndex_Check

from minitorch._core.dtype cimport FLOATING, dtype, of_code, type_name
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    connect1, connect2, connect3, records2, records3, save, set_function, unpack)
from minitorch._core.shape cimport size_text
from minitorch._core.tensor cimport TensorBase, channels_last, new_tensor
from minitorch._kernels.pointwise cimport BINARY_ADD, UNARY_RELU, unary_loop
from minitorch._kernels.types cimport BOOL, F32, I64, MAX_DIMS
from minitorch._ops._base cimport binary_into, check_tensor, fill_raw, run2
from minitorch._ops.array cimport array_of, from_array
from minitorch._ops.binary cimport mul_op
from minitorch._ops.conv_maps cimport (
    bias_grad_raw, check_residual, forward_raw, input_grad_raw, prefers_channels_last,
    run_forward, sizes_of, weight_grad_raw)
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.join cimport cat_op
from minitorch._ops.reduce cimport sum_op
from minitorch._ops.strided cimport slice_op
from minitorch._ops.view cimport reshape_to, squeeze_op, unsqueeze_op

from minitorch._ops.conv_integers import convolve, convolve_transposed
from minitorch._ops.conv_transposed_size import transposed_size


# ---------------------------------------------------------------- arguments

cdef tuple numbers(object value, str name, int n, int dims, str where):
    """An option given as one number or `n`, for a weight of `dims` dimensions of space."""
    cdef tuple given
    if isinstance(value, (tuple, list)):
        given = tuple(value)
    else:
        given = (value,) * n
    if len(given) == 1:
        given = given * dims
    for number in given:
        if isinstance(number, bool) or not PyIndex_Check(number):
            raise TypeError(f"{where}(): argument '{name}' must be tuple of ints, but found "
                            f"element of type {type(number).__name__}")
    if len(given) != dims:
        raise RuntimeError(f"expected {name} to be a single integer value or a list of {dims} "
                           "values to match the convolution dimensions, but got "
                           f"{name}={list(given)}")
    return given


cdef list as_images(tuple option):
    """An option as PyTorch's messages show it, where signals are images of one row."""
    return [1, *option] if len(option) == 1 else list(option)


cdef tuple check_options(object stride, object padding, object dilation, object groups, int n,
                         TensorBase w, str where):
    """The options of a convolution, a number a dimension."""
    cdef tuple strides, paddings, dilations
    if w.ndim_ < 3:
        raise RuntimeError("weight should have at least three dimensions")
    strides = numbers(stride, "stride", n, w.ndim_ - 2, where)
    paddings = numbers(padding, "padding", n, w.ndim_ - 2, where)
    dilations = numbers(dilation, "dilation", n, w.ndim_ - 2, where)
    if isinstance(groups, bool) or not PyIndex_Check(groups):
        raise TypeError(f"{where}(): argument 'groups' must be int, not {type(groups).__name__}")
    for number in paddings:
        if number < 0:
            raise RuntimeError("negative padding is not supported")
    for number in strides:
        if number <= 0:
            raise RuntimeError("non-positive stride is not supported")
    for number in dilations:
        if number <= 0:
            raise RuntimeError("dilation should be greater than zero"
                               + (f", but got {as_images(dilations)}" if number == 0 else ""))
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    return strides, paddings, dilations, int(groups)


cdef TensorBase batched(TensorBase x, int n, str where):
    """The input with its batch dimension; checks its rank."""
    if x.ndim_ == n + 1:
        return unsqueeze_op(x, 0)
    if x.ndim_ != n + 2:
        raise RuntimeError(f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {where}, "
                           f"but got input of size: {size_text(x.ndim_, x.shape_)}")
    return x


cdef int check_operands(TensorBase x, TensorBase w, TensorBase b, tuple options) except -1:
    """Whether input, weight and bias fit together."""
    cdef int groups = options[3]
    check_weight(x, w, groups)
    if x.shape_[1] != w.shape_[1] * groups:
        raise RuntimeError(f"Given groups={groups}, weight of size {size_text(w.ndim_, w.shape_)}, "
                           f"expected input{size_text(x.ndim_, x.shape_)} to have "
                           f"{w.shape_[1] * groups} channels, but got {x.shape_[1]} channels "
                           "instead")
    if b is not None and (b.ndim_ != 1 or b.shape_[0] != w.shape_[0]):
        raise RuntimeError(f"Given weight of size {size_text(w.ndim_, w.shape_)}, expected bias to "
                           f"be 1-dimensional with {w.shape_[0]} elements, but got bias of size "
                           f"{size_text(b.ndim_, b.shape_)} instead")
    check_reach(x, w, options)
    check_kernel(x, w)
    return 0


cdef int check_weight(TensorBase x, TensorBase w, int groups) except -1:
    """Whether the weight has the rank of the input and can be divided into groups."""
    if w.ndim_ != x.ndim_:
        raise RuntimeError(
            f"Expected {w.ndim_}-dimensional input for {w.ndim_}-dimensional weight "
            f"{size_text(w.ndim_, w.shape_)}, but got {x.ndim_}-dimensional input of size "
            f"{size_text(x.ndim_, x.shape_)} instead")
    if w.shape_[0] < groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be at least {groups} at "
                           f"dimension 0, but got weight of size "
                           f"{size_text(w.ndim_, w.shape_)} instead")
    if w.shape_[0] % groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be divisible by {groups} "
                           f"at dimension 0, but got weight of size "
                           f"[{size_text(w.ndim_, w.shape_)}] instead")
    return 0


cdef str by_dimension(list values):
    return " x ".join([str(value) for value in values])


cdef int check_reach(TensorBase x, TensorBase w, tuple options) except -1:
    """Whether the kernel fits into the padded input."""
    cdef Py_ssize_t padded, span
    cdef bint fits = True
    cdef int i
    _stride, padding, dilation, _groups = options
    for i in range(2, x.ndim_):
        padded = x.shape_[i] + 2 * <Py_ssize_t> padding[i - 2]
        span = <Py_ssize_t> dilation[i - 2] * (w.shape_[i] - 1) + 1
        fits = fits and padded >= span
    if fits:
        return 0
    sizes = [x.shape_[i] + 2 * padding[i - 2] for i in range(2, x.ndim_)]
    spans = [dilation[i - 2] * (w.shape_[i] - 1) + 1 for i in range(2, x.ndim_)]
    raise RuntimeError(
        f"Calculated padded input size per channel: ({by_dimension(sizes)}). Kernel size: "
        f"({by_dimension(spans)}). Kernel size can't be greater than actual input size")


cdef int check_kernel(TensorBase x, TensorBase w) except -1:
    """Whether neither the kernel nor the input is empty in a dimension of space."""
    cdef int i
    for i in range(2, w.ndim_):
        if w.shape_[i] == 0:
            if w.ndim_ == 5:
                found = f": {by_dimension([w.shape_[2], w.shape_[3], w.shape_[4]])} (TxHxW)"
            else:
                rows = 1 if w.ndim_ == 3 else w.shape_[2]
                found = f" kernel_height: {rows} kernel_width: {w.shape_[w.ndim_ - 1]}"
            raise RuntimeError(f"kernel size should be greater than zero, but got{found}")
        if x.shape_[i] == 0:
            raise RuntimeError("Only zero batch or zero channel inputs are supported, but got "
                               f"input shape: {size_text(x.ndim_, x.shape_)}")
    return 0


# Names of the numbers in C++, which PyTorch's message has.
cdef dict C_NAMES = {"float32": "float", "float64": "double", "float16": "c10::Half",
                     "bfloat16": "c10::BFloat16", "int64": "long int", "int32": "int",
                     "int16": "short int", "int8": "signed char", "uint8": "unsigned char",
                     "bool": "bool"}


cdef int check_same_dtype(TensorBase x, TensorBase w, TensorBase b) except -1:
    if x.dtype_ is not w.dtype_:
        raise RuntimeError(f"expected scalar type {type_name(x.dtype_)} but found "
                           f"{type_name(w.dtype_)}")
    if b is not None and x.dtype_ is not b.dtype_:
        raise RuntimeError(f"Input type ({C_NAMES[x.dtype_.name]}) and bias type "
                           f"({C_NAMES[b.dtype_.name]}) should be the same")
    return 0


# ---------------------------------------------------------------- the three maps, recorded

cdef class ConvolutionBackward0(Node):
    """y = x * w + b: linear in x, in w and in b; `transposed`, y is what dx was."""

    cdef tuple options, x_sizes, w_sizes
    cdef bint w_last, transposed

    saved_names = ("input", "weight")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        dx = dw = db = None
        if self.needs(0):
            w = unpack(self.s1, self)
            dx = cut_to(convolution_op(g, w, None, self.options), self.x_sizes) \
                if self.transposed else input_grad_op(g, w, self.x_sizes, self.options)
        if self.needs(1):
            x = unpack(self.s0, self)
            dw = weight_grad_op(x if self.transposed else g, g if self.transposed else x,
                                self.w_sizes, self.w_last, self.options)
        if self.needs(2):
            db = sum_op(g, (0, *range(2, g.ndim_)), False) if g.requires() else bias_grad_raw(g)
            if not g.requires() and grad_enabled():
                require_like((<TensorBase> db), dx, dw)
        return (dx, dw, db)


cdef class ConvolutionBiasGrad(Node):
    """db, which does not depend on x and w; PyTorch's requires grad with dx and dw."""

    def name(self):
        return "ConvolutionBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        return (None,)


cdef int require_like(TensorBase db, TensorBase dx, TensorBase dw) except -1:
    cdef TensorBase t = dx if dx is not None and dx.requires() else dw
    cdef Node node
    if t is not None and t.requires():
        node = ConvolutionBiasGrad.__new__(ConvolutionBiasGrad)
        connect1(node, t)
        set_function(db, node, 0)
    return 0


cdef class ConvolutionInputGrad(Node):
    """dx as a function of (dy, w)."""

    cdef tuple options, g_sizes, w_sizes
    cdef bint w_last

    def name(self):
        return "ConvolutionBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (cut_to(convolution_op(g, unpack(self.s1, self), None, self.options),
                       self.g_sizes) if self.needs(0) else None,
                weight_grad_op(unpack(self.s0, self), g, self.w_sizes, self.w_last, self.options)
                if self.needs(1) else None)


cdef class ConvolutionWeightGrad(Node):
    """dw as a function of (dy, x)."""

    cdef tuple options, g_sizes, x_sizes

    def name(self):
        return "ConvolutionBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (cut_to(convolution_op(unpack(self.s1, self), g, None, self.options),
                       self.g_sizes) if self.needs(0) else None,
                input_grad_op(unpack(self.s0, self), g, self.x_sizes, self.options)
                if self.needs(1) else None)


cdef TensorBase cut_to(TensorBase t, tuple sizes):
    """`t` without the places beyond `sizes`.

    Where the output padding of a transposed convolution reaches the stride, a convolution of
    its result has windows that the forward never wrote.
    """
    cdef int i
    for i in range(2, t.ndim_):
        if t.shape_[i] > <Py_ssize_t> sizes[i]:
            t = slice_op(t, i, 0, sizes[i], 1)
    return t


cdef TensorBase convolution_op(TensorBase x, TensorBase w, TensorBase b, tuple options):
    return recorded(forward_raw(x, w, b, options), x, w, b, options, False)


cdef TensorBase transposed_op(TensorBase x, TensorBase w, TensorBase b, tuple sizes,
                              tuple options):
    """The transposed convolution with a result of `sizes`."""
    cdef TensorBase y = input_grad_raw(x, w, sizes, options)
    cdef TensorBase column
    if b is not None:
        column = reshape_to(b.detach(), (sizes[1],) + (1,) * (y.ndim_ - 2))
        binary_into(BINARY_ADD, y, y, column, y.dtype_)
    return recorded(y, x, w, b, options, True)


cdef TensorBase recorded(TensorBase y, TensorBase x, TensorBase w, TensorBase b, tuple options,
                         bint transposed):
    cdef ConvolutionBackward0 node
    if records3(x, w, b):
        node = ConvolutionBackward0.__new__(ConvolutionBackward0)
        connect3(node, x, w, b)
        node.options, node.x_sizes, node.w_sizes = options, sizes_of(x), sizes_of(w)
        node.w_last, node.transposed = channels_last(w), transposed
        if w.requires():
            node.s0 = save(x)
        if x.requires():
            node.s1 = save(w)
        set_function(y, node, 0)
    return y


cdef TensorBase input_grad_op(TensorBase g, TensorBase w, tuple sizes, tuple options):
    cdef TensorBase dx = input_grad_raw(g, w, sizes, options)
    cdef ConvolutionInputGrad node
    if records2(g, w):
        node = ConvolutionInputGrad.__new__(ConvolutionInputGrad)
        connect2(node, g, w)
        node.options, node.w_sizes, node.w_last = options, sizes_of(w), channels_last(w)
        node.g_sizes = sizes_of(g)
        node.s0, node.s1 = save(g), save(w)
        set_function(dx, node, 0)
    return dx


cdef TensorBase weight_grad_op(TensorBase g, TensorBase x, tuple sizes, bint last, tuple options):
    cdef TensorBase dw = weight_grad_raw(g, x, sizes, last, options)
    cdef ConvolutionWeightGrad node
    if records2(g, x):
        node = ConvolutionWeightGrad.__new__(ConvolutionWeightGrad)
        connect2(node, g, x)
        node.options, node.g_sizes, node.x_sizes = options, sizes_of(g), sizes_of(x)
        node.s0, node.s1 = save(g), save(x)
        set_function(dw, node, 0)
    return dw


# ---------------------------------------------------------------- convolution

cdef TensorBase in_float(TensorBase x, TensorBase w, TensorBase b, tuple options):
    """Half precision is computed in float32, integers by numpy."""
    cdef dtype d = x.dtype_
    if d.category == FLOATING and d.itemsize >= 4:
        return convolution_op(x, w, b, options)
    if d.category == FLOATING:
        single = of_code(F32)
        return to_dtype(convolution_op(to_dtype(x, single), to_dtype(w, single),
                                       None if b is None else to_dtype(b, single), options), d)
    if d.code == BOOL:
        kernel = "compute_columns3d" if x.ndim_ == 5 else "slow_conv2d_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{type_name(d)}'")
    return from_array(convolve(array_of(x), array_of(w), None if b is None else array_of(b),
                               *options), d)


cdef TensorBase of_no_channels(TensorBase x, TensorBase w, tuple options):
    """PyTorch's result for an input without channels has none either."""
    stride, padding, dilation, _groups = options
    rest = [(x.shape_[i + 2] + 2 * padding[i] - dilation[i] * (w.shape_[i + 2] - 1) - 1)
            // stride[i] + 1 for i in range(x.ndim_ - 2)]
    return reshape_to(mul_op(reshape_to(x, (-1,)), reshape_to(w, (-1,))),
                      (x.shape_[0], 0, *rest))


cdef tuple same_padding(TensorBase x, TensorBase w, object stride, object dilation, str where):
    """The input and the symmetric padding that give an output of the input's size.

    The total is dilation * (kernel - 1) a dimension. An odd total needs one more zero behind
    than in front: that one is put in here, as PyTorch does.
    """
    cdef int n = w.ndim_ - 2, i
    cdef Py_ssize_t sizes[MAX_DIMS]
    cdef TensorBase border
    if n < 1:
        raise RuntimeError("weight should have at least three dimensions")
    if x.ndim_ != w.ndim_:
        raise RuntimeError(
            f"Expected {w.ndim_}-dimensional input for {w.ndim_}-dimensional weight"
            f"{size_text(w.ndim_, w.shape_)}, but got {x.ndim_}-dimensional input of size "
            f"{size_text(x.ndim_, x.shape_)} instead")
    for name, option in (("stride", stride), ("dilation", dilation)):
        if isinstance(option, (tuple, list)) and len(option) not in (1, n):
            raise RuntimeError(f"{name} cannot broadcast to {n} dimensions")
    if any([s != 1 for s in numbers(stride, "stride", n, n, where)]):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [d * (w.shape_[i + 2] - 1)
              for i, d in enumerate(numbers(dilation, "dilation", n, n, where))]
    for i in range(n):
        if totals[i] % 2:
            for k in range(x.ndim_):
                sizes[k] = x.shape_[k]
            sizes[i + 2] = 1
            border = new_tensor(x.dtype_, x.ndim_, sizes)
            fill_raw(border, 0)
            x = cat_op([x, border], i + 2)
    return x, tuple([total // 2 for total in totals])


cdef object convolution_of(object input, object weight, object bias, object stride,
                           object padding, object dilation, object groups, int n, str where):
    """conv1d, conv2d or conv3d of Python values."""
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef TensorBase w = check_tensor(weight, where, "weight")
    cdef TensorBase b = None if bias is None else check_tensor(bias, where, "bias")
    cdef TensorBase y
    cdef bint single = x.ndim_ == n + 1
    cdef tuple options
    if x.ndim_ != n + 2:
        x = batched(x, n, where)
    if isinstance(padding, str):
        if padding == "same":
            x, padding = same_padding(x, w, stride, dilation, where)
        elif padding == "valid":
            padding = 0
        else:
            raise RuntimeError(f"Invalid padding string: '{padding}'")
    options = check_options(stride, padding, dilation, groups, n, w, where)
    check_operands(x, w, b, options)
    if x.shape_[1] == 0:
        y = of_no_channels(x, w, options)
    else:
        check_same_dtype(x, w, b)
        y = in_float(x, w, b, options)
    return squeeze_op(y, 0) if single else y


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of signals with kernels; see `minitorch.nn.functional.conv1d`."""
    return convolution_of(input, weight, bias, stride, padding, dilation, groups, 1, "conv1d")


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of images with kernels; see `minitorch.nn.functional.conv2d`."""
    return convolution_of(input, weight, bias, stride, padding, dilation, groups, 2, "conv2d")


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of volumes with kernels; see `minitorch.nn.functional.conv3d`."""
    return convolution_of(input, weight, bias, stride, padding, dilation, groups, 3, "conv3d")


# ---------------------------------------------------------------- transposed convolution

cdef int check_transposed(TensorBase x, TensorBase w, TensorBase b, int groups) except -1:
    """Whether input, weight and bias fit together."""
    check_weight(x, w, groups)
    text = f"Given transposed=1, weight of size {size_text(w.ndim_, w.shape_)}, expected "
    if x.shape_[1] != w.shape_[0]:
        raise RuntimeError(f"{text}input{size_text(x.ndim_, x.shape_)} to have {w.shape_[0]} "
                           f"channels, but got {x.shape_[1]} channels instead")
    if b is not None and (b.ndim_ != 1 or b.shape_[0] != w.shape_[1] * groups):
        raise RuntimeError(f"{text}bias to be 1-dimensional with {w.shape_[1] * groups} elements, "
                           f"but got bias of size {size_text(b.ndim_, b.shape_)} instead")
    return 0


cdef object transposed_of(object input, object weight, object bias, object stride,
                          object padding, object output_padding, object groups, object dilation,
                          int n, str where):
    """conv_transpose1d, conv_transpose2d or conv_transpose3d of Python values."""
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef TensorBase w = check_tensor(weight, where, "weight")
    cdef TensorBase b = None if bias is None else check_tensor(bias, where, "bias")
    cdef TensorBase y
    cdef bint single = x.ndim_ == n + 1
    cdef dtype d = x.dtype_, compute
    x = batched(x, n, where)
    if isinstance(padding, str):
        raise TypeError(f"{where}(): argument 'padding' must be tuple of ints, not str")
    options = check_options(stride, padding, dilation, groups, n, w, where)
    extra = numbers(output_padding, "output_padding", n, w.ndim_ - 2, where)
    if min(extra) < 0:
        raise RuntimeError("negative output_padding is not supported")
    check_transposed(x, w, b, options[3])
    check_same_dtype(x, w, None)
    check_kernel(x, w)
    x_sizes, w_sizes = sizes_of(x), sizes_of(w)
    sizes = (x_sizes[0], w_sizes[1] * options[3],
             *transposed_size(x_sizes[2:], w_sizes[2:], *options[:3], extra))
    if d.category != FLOATING:
        if d.code != I64:
            raise NotImplementedError(f"\"slow_conv_transpose{max(n, 2)}d_out_cpu\" not "
                                      f"implemented for '{type_name(d)}'")
        y = from_array(convolve_transposed(
            array_of(x), array_of(w), None if b is None else array_of(b), sizes, *options), d)
    else:
        compute = d if d.itemsize >= 4 else of_code(F32)
        y = to_dtype(transposed_op(to_dtype(x, compute), to_dtype(w, compute),
                                   None if b is None else to_dtype(b, compute), sizes,
                                   options), d)
    return squeeze_op(y, 0) if single else y


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1,
                     dilation=1):
    """The transpose of `conv1d`; see `minitorch.nn.functional.conv_transpose1d`."""
    return transposed_of(input, weight, bias, stride, padding, output_padding, groups, dilation,
                         1, "conv_transpose1d")


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1,
                     dilation=1):
    """The transpose of `conv2d`; see `minitorch.nn.functional.conv_transpose2d`."""
    return transposed_of(input, weight, bias, stride, padding, output_padding, groups, dilation,
                         2, "conv_transpose2d")


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1,
                     dilation=1):
    """The transpose of `conv3d`; see `minitorch.nn.functional.conv_transpose3d`."""
    return transposed_of(input, weight, bias, stride, padding, output_padding, groups, dilation,
                         3, "conv_transpose3d")


# ---------------------------------------------------------------- with an epilogue

def conv2d_epilogue(input, weight, stride, padding, dilation, groups, scale, offset, residual,
                    relu):
    """relu(fma(conv2d(input, weight), scale, offset) + residual), unrecorded, in one pass.

    The values are those of `conv2d`, batch normalisation with known statistics, addition and
    relu, one after the other, to the bit.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W), float32 or float64.
    weight : Tensor
        (out_channels, C // groups, kH, kW).
    stride, padding, dilation, groups
        As for `conv2d`.
    scale, offset : Tensor or None
        (out_channels,): the affine map of each channel.
    residual : Tensor or None
        Of the output's shape and dtype; not changed.
    relu : bool
    """
    cdef TensorBase x = check_tensor(input, "conv2d_epilogue", "input")
    cdef TensorBase w = check_tensor(weight, "conv2d_epilogue", "weight")
    cdef TensorBase a = None if scale is None else check_tensor(scale, "conv2d_epilogue", "scale")
    cdef TensorBase b = None if offset is None else check_tensor(offset, "conv2d_epilogue",
                                                                 "offset")
    cdef TensorBase r = None if residual is None else check_tensor(residual, "conv2d_epilogue",
                                                                   "residual")
    cdef TensorBase y
    cdef tuple options = check_options(stride, padding, dilation, groups, 2, w, "conv2d")
    check_operands(x, w, b, options)
    check_same_dtype(x, w, b)
    if x.dtype_.category != FLOATING or x.dtype_.itemsize < 4:
        raise TypeError(f"conv2d_epilogue(): input must be float32 or float64, got {x.dtype_!r}")
    if a is not None and (a.ndim_ != 1 or a.shape_[0] != w.shape_[0]):
        raise RuntimeError(f"conv2d_epilogue(): scale must have {w.shape_[0]} elements, but has "
                           f"size {size_text(a.ndim_, a.shape_)}")
    for t in (a, r):
        if t is not None:
            check_same_dtype(x, t, None)
    if prefers_channels_last(x, w):
        return run_forward(x, w, options, a, b, r, relu)
    # the image is turned on the way out, where a residual could not follow
    y = run_forward(x, w, options, a, b, None, relu and r is None)
    if r is not None:
        check_residual(r, y)
        binary_into(BINARY_ADD, y, y, r, y.dtype_)
        if relu:
            run2(unary_loop(UNARY_RELU, y.code()), y, y)
    return y
