# cython: auto_pickle=False
"""Copies: clone, memory order, dtype, and writing into a tensor."""

from minitorch._core.device import check_device, device as device_type
from minitorch._core.dtype cimport FLOATING, check_dtype, dtype, type_name
from minitorch._core.layout import (
    channels_last, check_memory_format, contiguous_format, preserve_format)
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, connect2, records1, records2, set_function)
from minitorch._core.shape cimport (
    channels_last_strides, is_channels_last, size_text)
from minitorch._core.tensor cimport (
    TensorBase, alias, new_like, new_strided, new_tensor, same_shape)
from minitorch._kernels.types cimport MAX_DIMS
from minitorch._core.storage cimport same_memory
from minitorch._ops._base cimport check_tensor, copy_raw, fill_raw, full_raw
from minitorch._ops.errors cimport no_overload
from minitorch._ops.reduce cimport sum_to_op
from minitorch._ops.scalars cimport is_number
from minitorch._ops.strided cimport shape_tuple
from minitorch._core import dtype as dtypes
from minitorch._ops.history cimport set_history
from minitorch._ops.writing cimport refuse_overlap


# ---------------------------------------------------------------- memory order

cdef Order order_of(object memory_format, str where) except *:
    """The order that a memory format names."""
    if memory_format is None or memory_format is preserve_format:
        return ORDER_PRESERVE
    if memory_format is contiguous_format:
        return ORDER_CONTIGUOUS
    check_memory_format(memory_format, where)
    return ORDER_CHANNELS_LAST if memory_format is channels_last else ORDER_CHANNELS_LAST_3D


cdef int check_rank(TensorBase t, Order order) except -1:
    if order == ORDER_CHANNELS_LAST and t.ndim_ != 4:
        raise RuntimeError("required rank 4 tensor to use channels_last format")
    if order == ORDER_CHANNELS_LAST_3D and t.ndim_ != 5:
        raise RuntimeError("required rank 5 tensor to use channels_last_3d format")
    return 0


cdef bint in_order(TensorBase t, Order order) noexcept:
    """Whether the elements lie in memory in that order already."""
    if order == ORDER_PRESERVE:
        return True
    if order == ORDER_CONTIGUOUS:
        return t.contiguous
    return (t.ndim_ == (4 if order == ORDER_CHANNELS_LAST else 5)
            and is_channels_last(t.ndim_, t.shape_, t.strides_))


cdef bint strides_say_last(TensorBase t) noexcept:
    """PyTorch's guess whether a tensor is meant to be channels_last, also where sizes are 1."""
    cdef Py_ssize_t least = 0
    cdef int k, axis
    if t.ndim_ not in (4, 5) or t.strides_[1] == 0:
        return False
    for k in range(t.ndim_):
        axis = 1 if k == 0 else (t.ndim_ - k if k < t.ndim_ - 1 else 0)
        if t.shape_[axis] == 0 or t.strides_[axis] < least:
            return False
        # equal strides of the first two axes mean the plain order
        if axis == 0 and least == t.strides_[1]:
            return False
        least = t.strides_[axis]
        if t.shape_[axis] > 1:
            least *= t.shape_[axis]
    return True


cdef bint meant_in_order(TensorBase t, Order order) noexcept:
    """Whether `Tensor.to` leaves the order of memory as it is."""
    if order == ORDER_PRESERVE:
        return True
    if order == ORDER_CONTIGUOUS:
        return not strides_say_last(t)
    return t.ndim_ == (4 if order == ORDER_CHANNELS_LAST else 5) and strides_say_last(t)


cdef TensorBase copied_raw(TensorBase t, dtype d, Order order):
    """A copy in another dtype and order."""
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef TensorBase out
    check_rank(t, order)
    if order == ORDER_PRESERVE:
        out = new_like(t, d)
    elif order == ORDER_CONTIGUOUS:
        out = new_tensor(d, t.ndim_, t.shape_)
    else:
        channels_last_strides(t.ndim_, t.shape_, strides)
        out = new_strided(d, t.ndim_, t.shape_, strides)
    copy_raw(out, t)
    return out


cdef class CloneBackward0(Node):
    """The same gradient."""

    cdef tuple apply(self, tuple grads):
        return grads


cdef TensorBase clone_op(TensorBase t, Order order):
    """A copy; ORDER_PRESERVE keeps the strides of a dense tensor."""
    cdef TensorBase out = copied_raw(t, t.dtype_, order)
    cdef CloneBackward0 node
    if records1(t):
        node = CloneBackward0.__new__(CloneBackward0)
        connect1(node, t)
        set_function(out, node, 0)
    return out


cdef TensorBase contiguous_op(TensorBase t):
    """`t` itself when it is in row-major order, else a copy that is."""
    return t if t.contiguous else clone_op(t, ORDER_CONTIGUOUS)


def clone(input, *, memory_format=preserve_format):
    """A copy; gradients pass through it.

    Parameters
    ----------
    input : Tensor
    memory_format : memory_format
        `preserve_format` keeps the strides of a dense tensor.
    """
    cdef TensorBase t = check_tensor(input, "clone", "input")
    return clone_op(t, order_of(memory_format, "clone"))


def contiguous(input, memory_format=contiguous_format):
    """The tensor itself if its elements lie in memory in that order, else a copy.

    Raises
    ------
    RuntimeError
        For `channels_last` unless the tensor has 4 dimensions, and for `preserve_format`.
    """
    cdef TensorBase t = check_tensor(input, "contiguous", "input")
    cdef Order order = order_of(memory_format, "contiguous")
    if order == ORDER_PRESERVE:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    check_rank(t, order)
    return t if in_order(t, order) else clone_op(t, order)


# ---------------------------------------------------------------- detach

def detach(input):
    """The same elements, which gradients do not pass; changes in place are seen by both."""
    return alias(check_tensor(input, "detach", "input"))


def detach_(input):
    """Cut the tensor itself off the graph that made it.

    Raises
    ------
    RuntimeError
        For a view.
    """
    cdef TensorBase t = check_tensor(input, "detach_", "input")
    if t.base is not None:
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using "
            "DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as "
            "True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
            "these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
            "function in torch/optim/optimizer.py as the solution.")
    t.grad_fn_ = None
    t.output_nr = 0
    t.leaf_requires_grad = False
    return t


# ---------------------------------------------------------------- dtype

cdef class ToCopyBackward0(Node):
    """The gradient in the dtype of the input."""

    cdef dtype source

    cdef tuple apply(self, tuple grads):
        return (to_copy_op(grads[0], self.source, ORDER_PRESERVE, False),)


cdef TensorBase to_copy_op(TensorBase t, dtype d, Order order, bint copy):
    """`t` in dtype `d` and the given order; `t` itself when nothing changes and not `copy`."""
    cdef TensorBase out
    cdef ToCopyBackward0 node
    if t.dtype_ is d and not copy and meant_in_order(t, order):
        return t
    out = copied_raw(t, d, order)
    if d.category == FLOATING and records1(t):
        node = ToCopyBackward0.__new__(ToCopyBackward0)
        node.source = t.dtype_
        connect1(node, t)
        set_function(out, node, 0)
    return out


cdef TensorBase to_dtype(TensorBase t, dtype d):
    """`t` in dtype `d`; `t` itself when it has that dtype."""
    return to_copy_op(t, d, ORDER_PRESERVE, False)


TO_USAGE = """to() received an invalid combination of arguments - got ({given}), but expected one of:
 * (torch.dtype dtype, bool non_blocking = False, bool copy = False, *, \
torch.memory_format memory_format = None)
 * (torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, \
bool copy = False, *, torch.memory_format memory_format = None)
 * (Tensor tensor, bool non_blocking = False, bool copy = False, *, \
torch.memory_format memory_format = None)"""


def parse_to(*args, **kwargs):
    """Read the arguments of `Tensor.to`: (device, dtype, non_blocking, copy, memory_format).

    Device and dtype are None where the call names none.

    Raises
    ------
    TypeError
        For arguments that fit none of the three forms of the call.
    RuntimeError
        For a device other than the CPU.
    """
    given = ", ".join([type(a).__name__ for a in args]
                      + [f"{k}={type(v).__name__}" for k, v in kwargs.items()])
    rest = list(args)
    device = wanted = None
    form = ["device", "dtype", "non_blocking", "copy"]
    first = rest[0] if rest else kwargs.get("tensor", kwargs.get("other"))
    if isinstance(first, TensorBase):
        form = ["tensor", "non_blocking", "copy"]
    elif isinstance(first, dtype) or first in (float, int, bool):
        form = ["dtype", "non_blocking", "copy"]
    elif rest and not (first is None or isinstance(first, (str, int, device_type))):
        raise TypeError(TO_USAGE.format(given=given))
    if len(rest) > len(form):
        raise TypeError(TO_USAGE.format(given=given))
    values = dict(zip(form, rest))
    for key, value in kwargs.items():
        if key in values or key not in (*form, "memory_format"):
            raise TypeError(TO_USAGE.format(given=given))
        values[key] = value
    for key in ("non_blocking", "copy"):
        if not isinstance(values.get(key, False), bool):
            raise TypeError(TO_USAGE.format(given=given))
    if "tensor" in values:
        wanted = (<TensorBase?> values["tensor"]).dtype_
    elif values.get("dtype") is not None:
        wanted = check_dtype(values["dtype"], "to")
    if values.get("device") is not None:
        device = check_device(values["device"])
    memory_format = values.get("memory_format")
    if memory_format is not None:
        check_memory_format(memory_format, "to")
    return (device, wanted, values.get("non_blocking", False), values.get("copy", False),
            memory_format)


def to(input, *args, **kwargs):
    """The tensor in another dtype or memory format, or on a device (there is only the CPU).

    ``to(dtype, non_blocking=False, copy=False, *, memory_format=None)``,
    ``to(device=None, dtype=None, ...)`` or ``to(tensor, ...)``.  The tensor itself when nothing
    changes and `copy` is False.  `non_blocking` changes nothing on a CPU, as in PyTorch.
    """
    cdef TensorBase t = check_tensor(input, "to", "input")
    _, wanted, _, copy, memory_format = parse_to(*args, **kwargs)
    return to_copy_op(t, t.dtype_ if wanted is None else <dtype> wanted,
                      order_of(memory_format, "to"), copy)


def cpu(input, memory_format=preserve_format):
    """The tensor itself: it is on the CPU."""
    cdef TensorBase t = check_tensor(input, "cpu", "input")
    return to_copy_op(t, t.dtype_, order_of(memory_format, "cpu"), False)


def type_as(input, other):
    """The tensor in the dtype of `other`."""
    cdef TensorBase t = check_tensor(input, "type_as", "input")
    cdef TensorBase like = check_tensor(other, "type_as", "other")
    return to_copy_op(t, like.dtype_, ORDER_PRESERVE, False)


def type_(input, dtype=None, non_blocking=False, **kwargs):  # no-cython-lint
    """The name of the tensor's type (``'torch.FloatTensor'``), or the tensor in another dtype.

    `dtype` may be a dtype or such a name.
    """
    cdef TensorBase t = check_tensor(input, "type", "input")
    for key in kwargs:
        raise TypeError(f"type() got an unexpected keyword argument '{key}'")
    if dtype is None:
        return f"torch.{type_name(t.dtype_)}Tensor"
    if isinstance(dtype, type) and hasattr(dtype, "dtype"):
        return type_(input, getattr(dtype, "dtype"))  # of FloatTensor and its like
    if isinstance(dtype, str):
        for name, kind in dtypes.TYPE_NAMES.items():
            if dtype == f"torch.{kind}Tensor":
                dtype = getattr(dtypes, name)  # no-cython-lint
                break
        else:
            raise ValueError(f"invalid type: '{dtype}'")
    return to_copy_op(t, check_dtype(dtype, "type"), ORDER_PRESERVE, False)


def make_caster(str name, dtype d):
    """`Tensor.float()` and its like."""
    def cast(input, memory_format=preserve_format):
        return to_copy_op(check_tensor(input, name, "input"), d, order_of(memory_format, name),
                          False)
    cast.__name__ = cast.__qualname__ = name
    cast.__doc__ = f"The tensor in dtype {d.name}; itself when it has it."
    return cast


# Methods of Tensor by name; as module functions they would hide Python's own `float`, ...
CASTERS = {name: make_caster(name, getattr(dtypes, kind)) for name, kind in {
    "float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16",
    "long": "int64", "int": "int32", "short": "int16", "char": "int8", "byte": "uint8",
    "bool": "bool"}.items()}


# ---------------------------------------------------------------- writing

cdef class CopyBackwards(Node):
    """Nothing for what was overwritten, all for the source."""

    cdef dtype source
    cdef tuple sizes

    def name(self):
        return "torch::autograd::CopyBackwards"

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (full_raw(g.dtype_, g, 0) if self.needs(0) else None,
                to_copy_op(sum_to_op(g, self.sizes), self.source, ORDER_PRESERVE, False)
                if self.needs(1) else None)


cdef int check_expandable(TensorBase source, TensorBase t) except -1:
    cdef int i, j, lead = t.ndim_ - source.ndim_
    if same_shape(source, t):
        return 0
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.{type_name(source.dtype_)}Tensor"
            f"{{{size_text(source.ndim_, source.shape_)}}}, size={size_text(t.ndim_, t.shape_)}): "
            f"the number of sizes provided ({t.ndim_}) must be greater or equal to the number of "
            f"dimensions in the tensor ({source.ndim_})")
    for i in range(t.ndim_ - 1, lead - 1, -1):
        j = i - lead
        if source.shape_[j] != t.shape_[i] and source.shape_[j] != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({t.shape_[i]}) must match the existing size "
                f"({source.shape_[j]}) at non-singleton dimension {i}.  Target sizes: "
                f"{size_text(t.ndim_, t.shape_)}.  Tensor sizes: "
                f"{size_text(source.ndim_, source.shape_)}")
    return 0


cdef TensorBase copy_op(TensorBase t, TensorBase source):
    """t[...] = source in place, with its history; returns `t`."""
    cdef bint records = records2(t, source) and t.dtype_.category == FLOATING
    cdef CopyBackwards node
    check_expandable(source, t)
    check_writable(t, records)
    if source is t:
        return t
    refuse_overlap(t, source)
    if same_memory(source.storage, t.storage):
        # elements must be read before they are overwritten
        copy_raw(t, copied_raw(source, source.dtype_, ORDER_PRESERVE))
    else:
        copy_raw(t, source)
    if records:
        node = CopyBackwards.__new__(CopyBackwards)
        node.source, node.sizes = source.dtype_, shape_tuple(source)
        if source.dtype_.category == FLOATING:
            connect2(node, t, source)
        else:
            connect2(node, t, None)
    bump(t)
    if records:
        set_history(t, node)
    return t


def copy_(input, src, non_blocking=False):
    """Copy the elements of `src` into this tensor, cast and broadcast; returns the tensor.

    `non_blocking` changes nothing on a CPU, as in PyTorch.

    Raises
    ------
    RuntimeError
        If `src` does not broadcast to the shape of this tensor, or autograd forbids the change.
    """
    cdef TensorBase t = check_tensor(input, "copy_", "input")
    return copy_op(t, check_tensor(src, "copy_", "src"))


cdef class FillBackward2(Node):
    """Nothing for what was overwritten."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (full_raw(g.dtype_, g, 0),)


cdef class ZeroBackward0(FillBackward2):
    """Nothing for what was overwritten."""


cdef class FillBackward3(Node):
    """Filled with a 0-d tensor, whose gradient is the sum."""

    cdef dtype source

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (full_raw(g.dtype_, g, 0) if self.needs(0) else None,
                to_copy_op(sum_to_op(g, ()), self.source, ORDER_PRESERVE, False)
                if self.needs(1) else None)


cdef TensorBase fill_with(TensorBase t, object value, FillBackward2 node):
    cdef bint records = records1(t)
    check_writable(t, records)
    if records:
        connect1(node, t)
    fill_raw(t, value)
    bump(t)
    if records:
        set_history(t, node)
    return t


cdef TensorBase fill_op(TensorBase t, object value):
    """t[...] = a number or 0-d tensor, in place, with its history; returns `t`."""
    cdef TensorBase source
    cdef FillBackward3 node
    cdef bint records
    if not isinstance(value, TensorBase):
        return fill_with(t, value, FillBackward2.__new__(FillBackward2))
    source = <TensorBase> value
    if source.ndim_:
        raise RuntimeError("fill_ only supports 0-dimension value tensor but got tensor with "
                           f"{source.ndim_} dimensions.")
    if not source.requires():
        return fill_with(t, source.item(), FillBackward2.__new__(FillBackward2))
    records = records2(t, source) and t.dtype_.category == FLOATING
    check_writable(t, records)
    if records:
        node = FillBackward3.__new__(FillBackward3)
        node.source = source.dtype_
        connect2(node, t, source)
    copy_raw(t, source)
    bump(t)
    if records:
        set_history(t, node)
    return t


def fill_(input, value):
    """Set every element to a number or the element of a 0-d tensor; returns the tensor."""
    cdef TensorBase t = check_tensor(input, "fill_", "input")
    if not isinstance(value, TensorBase) and not is_number(value):
        raise TypeError(f"fill_(): argument 'value' must be Number or Tensor, not "
                        f"{type(value).__name__}")
    return fill_op(t, value)


cdef class FillBackward0(FillBackward2):
    """`fill` with a number."""


cdef class FillBackward1(FillBackward3):
    """`fill` with a 0-d tensor."""


def fill(input, value):
    """A tensor like `input` with every element a number or the element of a 0-d tensor."""
    cdef TensorBase t, made, source
    cdef FillBackward1 node
    cdef Node short
    cdef bint of_tensor = isinstance(value, TensorBase)
    if not isinstance(input, TensorBase) or not (of_tensor or is_number(value)):
        raise no_overload("fill", (input, value), "Tensor input, Tensor value; "
                          "Tensor input, Number value")
    t = <TensorBase> input
    made = new_like(t, t.dtype_)
    fill_op(made, (<TensorBase> value).detach() if of_tensor else value)
    if of_tensor:
        source = <TensorBase> value
        if records2(t, source):
            node = FillBackward1.__new__(FillBackward1)
            node.source = source.dtype_
            connect2(node, t, source)
            set_function(made, node, 0)
    elif records1(t):
        short = FillBackward0.__new__(FillBackward0)
        connect1(short, t)
        set_function(made, short, 0)
    return made


def zero_(input):
    """Set every element to 0; returns the tensor."""
    cdef TensorBase t = check_tensor(input, "zero_", "input")
    return fill_with(t, 0, ZeroBackward0.__new__(ZeroBackward0))
