"""Convolution, normalisation, residual sum and ReLU as one call, where nobody can tell.

The modules are called one after the other, unless all that could see the difference is absent:
hooks, subclasses, replaced methods, tensors of other kinds, anomaly mode.  Then

* in evaluation without a recorded graph all of it is the epilogue of the convolution;
* otherwise normalisation, sum and ReLU are one pass, and so is their backward, with the graph of
  the separate calls (`PendingNorm` in `_ops/norm.pyx`).

The values are the same to the bit either way.
"""

from minitorch._core.grad_mode cimport anomaly_enabled, grad_enabled
from minitorch._core.shape cimport contiguous_strides
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.types cimport F32, F64

from minitorch._ops.conv import conv2d, conv2d_epilogue
from minitorch._ops.norm import norm_coefficients, pending_batch_norm
from minitorch.nn import functional as F
from minitorch.nn.modules import _hooks
from minitorch.nn.modules.activation import ReLU
from minitorch.nn.modules.batchnorm import BatchNorm2d
from minitorch.nn.modules.conv import Conv2d
from minitorch.nn.modules.linear import Identity

# What the separate calls would run, by class or module: replaced by anybody, it has to be run.
cdef list WATCHED = [
    (owner, name, getattr(owner, name))
    for owner, names in (
        (Conv2d, ("__call__", "forward", "_conv_forward")),
        (BatchNorm2d, ("__call__", "forward", "_check_input_dim", "_count_batch")),
        (Identity, ("__call__", "forward")),
        (ReLU, ("__call__", "forward")),
        (F, ("conv2d", "batch_norm", "relu")),
    )
    for name in names
]
cdef tuple GLOBAL_HOOKS = (
    _hooks.global_forward_pre_hooks, _hooks.global_forward_hooks,
    _hooks.global_backward_pre_hooks, _hooks.global_backward_hooks)
cdef tuple HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks",
                    "_backward_hooks")
# Names that hide a method or a tensor of these modules when they are set on one of them.
cdef tuple HIDING = ("forward",)
cdef tuple HIDING_IN_CONV = ("forward", "_conv_forward", "weight", "bias")
cdef tuple HIDING_IN_NORM = ("forward", "_check_input_dim", "_count_batch", "weight", "bias",
                             "running_mean", "running_var", "num_batches_tracked")
cdef tuple HIDING_ANYWHERE = HIDING_IN_CONV + HIDING_IN_NORM


# ---- what could see the difference ----

cdef bint anything_watched() except -1:
    """Whether all modules are hooked or one of the functions was replaced."""
    cdef tuple watched
    for table in GLOBAL_HOOKS:
        if table:
            return True
    for watched in WATCHED:
        if getattr(watched[0], watched[1]) is not watched[2]:
            return True
    return anomaly_enabled()


cdef dict plain(object module, object cls, tuple hiding):
    """The attributes of a module that is just one of `cls`, or None."""
    cdef dict attributes
    if type(module) is not cls:
        return None
    attributes = module.__dict__
    for name in HOOKS:
        if attributes[name]:
            return None
    for name in hiding:
        if name in attributes:
            return None
    return attributes


cdef bint fits(object value, TensorBase x, Py_ssize_t channels) except -1:
    """Whether a parameter or statistic is None or a tensor of x's dtype for each channel."""
    cdef TensorBase t
    if value is None:
        return True
    if not isinstance(value, TensorBase):
        return False
    t = <TensorBase> value
    return t.dtype_ is x.dtype_ and t.ndim_ == 1 and t.numel_ == channels


cdef bint is_pair(object value):
    return (type(value) is tuple and len(<tuple> value) == 2
            and type((<tuple> value)[0]) is int and type((<tuple> value)[1]) is int)


cdef class Group:
    """A convolution with its followers, read out of their modules."""

    cdef TensorBase x, weight, bias
    cdef object stride, padding, dilation, groups
    cdef Py_ssize_t sizes[4]                # of the outcome
    cdef object norm                        # None for Identity
    cdef TensorBase scale, offset, mean, var
    cdef object eps
    cdef bint training, by_batch, rectify, inplace

    cdef bint read(self, object x, object conv, object norm, object act) except -1:
        """Fill in; False where the modules have to be called."""
        if not isinstance(x, TensorBase) or anything_watched():
            return False
        self.x = <TensorBase> x
        if self.x.ndim_ != 4 or not (self.x.code() == F32 or self.x.code() == F64):
            return False
        return self.read_conv(conv) and self.read_norm(norm) and self.read_act(act)

    cdef bint read_conv(self, object conv) except -1:
        cdef dict of = plain(conv, Conv2d, HIDING_IN_CONV)
        cdef dict parameters
        if of is None or of["padding_mode"] != "zeros" or type(of["padding"]) is not tuple:
            return False
        parameters = of["_parameters"]
        weight, bias = parameters.get("weight"), parameters.get("bias")
        self.stride, self.padding = of["stride"], of["padding"]
        self.dilation, self.groups = of["dilation"], of["groups"]
        if not isinstance(weight, TensorBase):
            return False
        self.weight = <TensorBase> weight
        if (self.weight.ndim_ != 4 or self.weight.dtype_ is not self.x.dtype_
                or not fits(bias, self.x, self.weight.shape_[0])):
            return False
        self.bias = bias
        return self.measure()

    cdef bint measure(self) except -1:
        """The sizes of the outcome; False where the convolution has to say what is wrong."""
        cdef Py_ssize_t i, room, step
        if not (is_pair(self.stride) and is_pair(self.padding) and is_pair(self.dilation)):
            return False
        self.sizes[0], self.sizes[1] = self.x.shape_[0], self.weight.shape_[0]
        for i in range(2):
            step = (<tuple> self.stride)[i]
            room = (self.x.shape_[2 + i] + 2 * <Py_ssize_t> (<tuple> self.padding)[i]
                    - <Py_ssize_t> (<tuple> self.dilation)[i] * (self.weight.shape_[2 + i] - 1))
            if step <= 0 or room <= 0:
                return False
            self.sizes[2 + i] = (room - 1) // step + 1
        return self.sizes[0] > 0

    cdef bint read_norm(self, object norm) except -1:
        cdef dict of
        cdef dict parameters, buffers
        cdef Py_ssize_t channels = self.weight.shape_[0]
        if type(norm) is Identity:
            return plain(norm, Identity, HIDING) is not None
        of = plain(norm, BatchNorm2d, HIDING_IN_NORM)
        if of is None:
            return False
        parameters, buffers = of["_parameters"], of["_buffers"]
        weight, bias = parameters.get("weight"), parameters.get("bias")
        mean, var = buffers.get("running_mean"), buffers.get("running_var")
        if not (fits(weight, self.x, channels) and fits(bias, self.x, channels)
                and fits(mean, self.x, channels) and fits(var, self.x, channels)):
            return False
        self.norm = norm
        self.scale, self.offset, self.mean, self.var = weight, bias, mean, var
        self.eps, self.training = of["eps"], of["training"]
        self.by_batch = self.training or (self.mean is None and self.var is None)
        if self.by_batch:
            # one value a channel, or a division by zero, is for the module to refuse
            return (self.sizes[0] * self.sizes[2] * self.sizes[3] > 1 and self.eps > 0
                    and (self.mean is None) == (self.var is None))
        return self.mean is not None and self.var is not None and self.eps >= 0

    cdef bint read_act(self, object act) except -1:
        cdef dict of
        if act is None:
            return True
        of = plain(act, ReLU, HIDING)
        if of is None:
            return False
        self.rectify, self.inplace = True, of["inplace"]
        return True

    cdef bint records(self) noexcept:
        return grad_enabled() and (
            self.x.requires() or self.weight.requires()
            or (self.bias is not None and self.bias.requires())
            or (self.scale is not None and self.scale.requires())
            or (self.offset is not None and self.offset.requires()))

    # ---- the two ways to compute it ----

    cdef bint has_epilogue(self) noexcept:
        """Whether all that follows may be the epilogue of the convolution."""
        return (not self.by_batch and (self.bias is None or self.norm is None)
                and not self.records())

    cdef bint takes(self, object shortcut) except -1:
        """Whether the epilogue may add this tensor."""
        cdef TensorBase t
        if shortcut is None:
            return True
        if not isinstance(shortcut, TensorBase):
            return False
        t = <TensorBase> shortcut
        return (t.dtype_ is self.x.dtype_ and t.ndim_ == 4
                and t.shape_[0] == self.sizes[0] and t.shape_[1] == self.sizes[1]
                and t.shape_[2] == self.sizes[2] and t.shape_[3] == self.sizes[3]
                and not (t.requires() and grad_enabled()))

    cdef TensorBase with_epilogue(self, object shortcut):
        cdef TensorBase y
        scale, offset = None, self.bias
        if self.norm is not None:
            scale, offset = norm_coefficients(self.mean, self.var, self.scale, self.offset,
                                              self.eps)
        y = conv2d_epilogue(self.x, self.weight, self.stride, self.padding, self.dilation,
                            self.groups, scale, offset, shortcut, self.rectify)
        if y.contiguous and (self.norm is not None or self.rectify and not self.inplace):
            # one channel or one pixel: a new outcome has the other strides of the two
            contiguous_strides(4, y.shape_, y.strides_)
        if self.inplace or not self.rectify:    # as often as the outcome would have been changed
            y.storage.version = (shortcut is not None) + self.rectify
        return y

    cdef object pending(self):
        """The convolution, and the normalisation up to its last pass."""
        out = conv2d(self.x, self.weight, self.bias, self.stride, self.padding, self.dilation,
                     self.groups)
        share = self.norm._count_batch()
        mean, var = self.mean, self.var
        if self.training and not self.norm.track_running_stats:
            mean = var = None                   # they must not move
        return pending_batch_norm(out, mean, var, self.scale, self.offset, self.by_batch, share,
                                  self.eps)


# ---- entry ----

cdef object led(object residual, object through):
    return residual if through is None or residual is None else through(residual)


def is_plain(module, cls):
    """Whether a module is just one of `cls`: no subclass, no hooks, no replaced attributes."""
    return plain(module, cls, HIDING_ANYWHERE) is not None


def fusible(x, conv, norm, act=None):
    """Whether nothing could see these modules being computed as one."""
    cdef Group group = Group.__new__(Group)
    return group.read(x, conv, norm, act)


def conv_norm_act(x, conv, norm, act=None, residual=None, through=None):
    """``act(norm(conv(x)) + through(residual))``, as the separate calls of these modules give it.

    Parameters
    ----------
    x : Tensor
    conv : Module
        A Conv2d, to be fused.
    norm : Module
        A BatchNorm2d or Identity, to be fused.
    act : Module, optional
        A ReLU, to be fused.
    residual : Tensor, optional
        Added in place to the outcome of `norm`.
    through : Module, optional
        Called with `residual` first, after `norm`.
    """
    cdef Group group = Group.__new__(Group)
    if group.read(x, conv, norm, act):
        if group.has_epilogue():
            shortcut = led(residual, through)
            if group.takes(shortcut):
                return group.with_epilogue(shortcut)
            return one_by_one(x, conv, norm, act, shortcut, None)
        if group.rectify and group.norm is not None:
            pending = group.pending()
            shortcut = led(residual, through)
            if shortcut is None or isinstance(shortcut, TensorBase):
                return pending.relu(shortcut, group.inplace)
            out = pending.outcome()
            out += shortcut
            return act(out)
    return one_by_one(x, conv, norm, act, residual, through)


cdef object one_by_one(object x, object conv, object norm, object act, object residual,
                       object through):
    out = norm(conv(x))
    if residual is not None:
        out += led(residual, through)
    return out if act is None else act(out)


def run_in_turn(dict modules, input):
    """Call the modules one after the other, runs of Conv2d, BatchNorm2d and ReLU as one."""
    cdef list line = list(modules.values())
    cdef Py_ssize_t i = 0, n = len(line)
    while i < n:
        module = line[i]
        i += 1
        if type(module) is not Conv2d or i == n or type(line[i]) not in (BatchNorm2d, Identity):
            input = module(input)
            continue
        norm, act = line[i], None
        i += 1
        if i < n and type(line[i]) is ReLU:
            act = line[i]
            i += 1
        input = conv_norm_act(input, module, norm, act)
    return input
