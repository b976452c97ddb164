"""The class `Tensor`: the compiled `TensorBase` with PyTorch's methods bound to it.

An operation is a function of `minitorch._ops`; the tables at the foot of this file make it a
method. To add a method, write the operation there and its name here.
"""

import warnings
from copy import deepcopy
from importlib import import_module

import numpy

from minitorch import _tensor_str, autograd
from minitorch._core import record
from minitorch._core.device import check_device
from minitorch._core.dtype import get_default_dtype
from minitorch._core.tensor import TensorBase, register_tensor_type
from minitorch._hooks import HookTable, RemovableHandle
from minitorch._ops import (
    activation,
    arithmetic,
    choice,
    compare,
    copy,
    creation,
    expand,
    extremes,
    facts,
    gather,
    gradients,  # noqa: F401  gives the engine its arithmetic
    index,
    join,
    linear,
    loss,
    masked,
    operators,
    parts,
    piecewise,
    power,
    random,
    rearrange,
    reduce,
    scan,
    sorting,
    statistics,
    strided,
    ternary,
    unary,
    view,
    view_inplace,
)

__all__ = ["Tensor", "from_dlpack"]

_NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
    "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you "
    "access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information."
)


class Tensor(TensorBase):
    """A multi-dimensional array of numbers of one dtype, which autograd can follow.

    ``Tensor(2, 3)`` is uninitialised and ``Tensor([1., 2.])`` holds the numbers, both in the
    default dtype; `minitorch.tensor` is the better way to make one.
    """

    def __new__(cls, *args, device=None):
        check_device(device)
        if len(args) != 1 or isinstance(args[0], int):
            made = creation.empty(*args) if args else creation.empty(0)
        elif isinstance(args[0], TensorBase):
            made = args[0].detach()
        else:
            made = creation.tensor(args[0], dtype=get_default_dtype())
        return made if cls is Tensor else made.as_subclass(cls)

    # ------------------------------------------------------------ subclasses

    def as_subclass(self, cls):
        """The same elements as an instance of a subclass of Tensor."""
        if not (isinstance(cls, type) and issubclass(cls, TensorBase)):
            raise TypeError("cls must be a type that inherits from Tensor")
        made = TensorBase.__new__(cls)
        made._set_data(self)
        return made

    _as_subclass = as_subclass

    @staticmethod
    def _make_subclass(cls, data, require_grad=False):
        made = data.detach().as_subclass(cls)
        made.requires_grad_(require_grad)
        return made

    # ------------------------------------------------------------ autograd

    @property
    def grad(self):
        """The accumulated gradient of a leaf, or None."""
        found = self._grad
        if found is None and not self.is_leaf and not record.retains_grad(self):
            warnings.warn(_NON_LEAF_GRAD, stacklevel=2)
        return found

    @grad.setter
    def grad(self, value):
        if value is not None:
            self._check_grad(value)
        self._grad = value

    @grad.deleter
    def grad(self):
        self._grad = None

    def _check_grad(self, value):
        if not isinstance(value, Tensor):
            raise TypeError("assigned grad expected to be a Tensor or None but got grad of type "
                            f"{type(value).__name__}")
        if value is self:
            raise RuntimeError("can't assign Variable as its own grad")
        wanted = self.grad_dtype if self.is_leaf else self.dtype
        if wanted is not None and value.dtype is not wanted:
            raise RuntimeError(
                "attempting to assign a gradient with dtype "
                f"'{_type_name(value.dtype).lower()}' to a tensor with grad_dtype "
                f"'{_type_name(wanted)}'. The gradient must match the "
                "tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's "
                "grad_dtype attribute with a specific dtype, or None to allow any dtype. Set "
                "grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may "
                "break downstream systems that assume they match.")
        if value.shape != self.shape:
            raise RuntimeError(
                f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of "
                f"size '{list(self.shape)}'. Please ensure that the gradient and the tensor are "
                "the same size")

    @property
    def data(self):
        """The same elements, unknown to autograd; unlike `detach` with a version of its own.

        What is written through it is no error in a later backward that saved the elements, as
        in PyTorch, but a UserWarning there (in anomaly mode an error).
        """
        return self._data()

    @data.setter
    def data(self, value):
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if self.requires_grad and not value.is_floating_point():
            raise RuntimeError("data set to a tensor that requires gradients must be floating "
                               "point or complex dtype")
        self._replace_data(value)

    @data.deleter
    def data(self):
        raise RuntimeError("Deleting tensor data is not allowed. Delete tensor instead!")

    @property
    def retains_grad(self):
        """True for a non-leaf whose `.grad` will be filled."""
        return not self.is_leaf and record.retains_grad(self)

    def requires_grad_(self, requires_grad=True):
        """Set `requires_grad` and return the tensor."""
        if not isinstance(requires_grad, bool):
            raise TypeError("requires_grad_(): argument 'requires_grad' (position 1) must be bool, "
                            f"not {type(requires_grad).__name__}")
        if requires_grad and not self.is_floating_point():
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if requires_grad is not True or self.is_leaf:
            self.requires_grad = requires_grad
        return self

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        """Compute the gradients of the leaves below this tensor.

        Parameters
        ----------
        gradient : Tensor, optional
            The gradient with respect to this tensor; 1 for a scalar.
        retain_graph : bool, optional
            Keep what the graph saved (default: the value of `create_graph`).
        create_graph : bool
            Record the backward, for higher derivatives.
        inputs : sequence of Tensor, optional
            Accumulate into these tensors only.
        """
        autograd.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def retain_grad(self):
        """Fill `.grad` of this non-leaf tensor during backward."""
        record.retain_grad(self)

    def register_hook(self, hook):
        """Call ``hook(grad)`` with this tensor's gradient; what it returns takes its place."""
        return record.register_tensor_hook(self, hook)

    def register_post_accumulate_grad_hook(self, hook):
        """Call ``hook(tensor)`` after a gradient was added into `.grad` of this leaf."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if not self.is_leaf:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors")
        if self._post_accumulate_hooks is None:
            self._post_accumulate_hooks = HookTable()
        handle = RemovableHandle(self._post_accumulate_hooks)
        self._post_accumulate_hooks[handle.id] = hook
        return handle

    # ------------------------------------------------------------ numpy and other libraries

    def numpy(self, *, force=False):
        """The elements as a numpy array over the same memory.

        Parameters
        ----------
        force : bool
            Take `detach()` first, if the tensor requires a gradient.

        Raises
        ------
        RuntimeError
            If the tensor requires a gradient.
        TypeError
            For bfloat16, which numpy lacks.

        Notes
        -----
        What is written into the array is not counted as a change. Where a graph has saved the
        elements, its backward compares them with what they were (up to 64 KB; in anomaly mode
        all) and warns of a difference.
        """
        if self.requires_grad:
            if not force:
                raise RuntimeError("Can't call numpy() on Tensor that requires grad. "
                                   "Use tensor.detach().numpy() instead.")
            return self.detach().numpy()
        if self.dtype.numpy_dtype is None:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return numpy.asarray(memoryview(self))

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"a copy is needed to convert {self.dtype} to {dtype}")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_wrap__(self, array, context=None, return_scalar=False):
        # numpy's functions of a tensor give a tensor; bool arrays as in PyTorch
        if array.dtype == bool:
            array = array.astype("uint8")
        return creation.from_numpy(numpy.asarray(array))

    __array_priority__ = 1000

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        """A DLPack capsule over the same memory."""
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        if stream is not None and stream != -1:
            raise BufferError("stream must be None: the tensor is on the CPU")
        return self.numpy().__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self):
        return (1, 0)  # kDLCPU

    # ------------------------------------------------------------ Python protocols

    def __repr__(self, *, tensor_contents=None):
        if tensor_contents is not None:
            raise NotImplementedError("repr(): argument 'tensor_contents' is not supported")
        return _tensor_str._str(self)

    def __format__(self, spec):
        if self.dim() == 0:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __bool__(self):
        if self.numel() != 1:
            if self.numel() == 0:
                raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        return bool(self.item())

    def __float__(self):
        return float(self._only_element())

    def __int__(self):
        return int(self._only_element())

    def _only_element(self):
        if self.numel() != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __index__(self):
        if self.is_floating_point() or self.numel() != 1:
            raise TypeError("only integer tensors of a single element can be converted to an "
                            "index")
        return int(self.item())

    def __complex__(self):
        return complex(self.item())

    def __iter__(self):
        if self.dim() == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __reversed__(self):
        return self.flip(0) if self.dim() else self

    def __delitem__(self, index):
        raise TypeError("Tensor does not support deleting items")

    def __contains__(self, element):
        if not isinstance(element, (Tensor, int, float, bool)):
            raise RuntimeError("Tensor.__contains__ only supports Tensor or scalar, but you passed "
                               f"in a {type(element)}.")
        return bool((element == self).any().item())

    def __deepcopy__(self, memo):
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment.  If you were attempting to deepcopy a module, this may "
                "be because of a torch.nn.utils.weight_norm usage, see "
                "https://github.com/pytorch/pytorch/pull/103001")
        if id(self) in memo:
            return memo[id(self)]
        made = self._copied_with_storage(memo)
        if type(self) is not Tensor:
            made = made.as_subclass(type(self))
        made.requires_grad_(self.requires_grad)
        memo[id(self)] = made
        if self._grad is not None:
            made._grad = deepcopy(self._grad, memo)
        made.__dict__.update(deepcopy(self.__dict__, memo))
        return made

    def _copied_with_storage(self, memo):
        """The same view of a copy of the whole storage, one copy for all tensors of it."""
        storage = self.untyped_storage()
        key = ("minitorch.storage", hash(storage), self.dtype)
        if key not in memo:
            count = storage.nbytes() // self.element_size()
            memo[key] = self.detach().as_strided((count,), (1,), 0).clone()
        return memo[key].as_strided(self.shape, self.stride(), self.storage_offset()).detach()

    def __reduce_ex__(self, protocol):
        for hook in (self._leaf_hooks or {}).values():
            if not hasattr(hook, "__torch_unserializable__"):
                warnings.warn(
                    f"backward hook {hook!r} on tensor will not be serialized.  If this is "
                    "expected, you can decorate the function with "
                    "@torch.utils.hooks.unserializable_hook to suppress this warning",
                    stacklevel=2)
        plain = self.detach().contiguous()
        raw = plain.view(creation_dtypes()[plain.element_size()]) if plain.dim() else plain
        bits = raw.numpy() if raw.dtype.numpy_dtype is not None else raw.float().numpy()
        strides = None if self.is_contiguous() else self.stride()
        return (_rebuild, (type(self), bits, self.dtype, self.requires_grad, self.__dict__,
                           strides))
        state = (type(self), bits, self.dtype, self.requires_grad, self.__dict__, strides)
        return (_rebuild, state)

    def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False, layout=None,
                   pin_memory=False):
        """A tensor of `data`, of this tensor's dtype unless `dtype` is given."""
        return creation.new_tensor_(self, data, dtype=dtype, device=device,
                                    requires_grad=requires_grad, layout=layout,
                                    pin_memory=pin_memory)

    def share_memory_(self):
        raise NotImplementedError("share_memory_(): minitorch has no processes to share with")

    def cuda(self, *args, **kwargs):
        raise RuntimeError("minitorch computes on the CPU only: there is no CUDA device")

    def is_distributed(self):
        """Always False: there is one process."""
        return False

    def to_dense(self, dtype=None, *, masked_grad=True):
        """The tensor itself, in another dtype if one is given: all tensors are dense."""
        return self if dtype is None else self.to(dtype)

    def is_same_size(self, other):
        """True if both tensors have the same shape."""
        return self.shape == other.shape


def _type_name(dtype):
    """A dtype as PyTorch's C++ names it, such as Double."""
    name = creation.empty(0, dtype=dtype).type()
    return name.removeprefix("torch.").removesuffix("Tensor")


def creation_dtypes():
    """Integer dtypes by their size, to carry any bits through numpy."""
    from minitorch._core import dtype

    return {1: dtype.uint8, 2: dtype.int16, 4: dtype.int32, 8: dtype.int64}


def _rebuild(cls, bits, dtype, requires_grad, attributes, strides=None):
    made = creation.tensor(bits)
    made = made.view(dtype) if made.dim() else made.to(dtype)
    if strides is not None and 0 not in strides:
        ordered = creation.empty_strided(made.shape, strides, dtype=dtype)
        made = ordered.copy_(made)
    if cls is not Tensor:
        made = made.as_subclass(cls)
    made.requires_grad_(requires_grad)
    made.__dict__.update(attributes)
    return made


def from_dlpack(ext_tensor, *, device=None, copy=None):
    """A tensor over the memory of an object with the DLPack protocol."""
    check_device(device)
    array = numpy.from_dlpack(ext_tensor)
    if copy:
        array = array.copy()
    return creation.from_numpy(array)


register_tensor_type(Tensor)
Tensor.__module__ = "minitorch"

# ---------------------------------------------------------------- methods

_METHODS = {
    arithmetic: """
        add add_ sub sub_ subtract subtract_ mul mul_ multiply multiply_ div div_ divide divide_
        true_divide true_divide_ floor_divide floor_divide_ remainder remainder_ fmod fmod_
        maximum minimum atan2 atan2_ arctan2 arctan2_""",
    ternary: """
        addcmul addcmul_ addcdiv addcdiv_ lerp lerp_""",
    power: """
        pow pow_""",
    unary: """
        neg neg_ negative negative_ abs abs_ absolute absolute_ sign sign_ square square_
        exp exp_ exp2 exp2_ expm1 expm1_ log log_ log2 log2_ log10 log10_ log1p log1p_ sqrt sqrt_
        rsqrt rsqrt_ reciprocal reciprocal_ sin sin_ cos cos_ tan tan_ asin asin_ acos acos_
        atan atan_ sinh sinh_ cosh cosh_ tanh tanh_ asinh asinh_ acosh acosh_ atanh atanh_
        arcsin arcsin_ arccos arccos_ arctan arctan_ arcsinh arcsinh_ arccosh arccosh_ arctanh
        arctanh_ sigmoid sigmoid_ erf erf_ erfc erfc_ floor floor_ ceil ceil_ trunc trunc_ fix
        fix_ positive isnan isinf isfinite logical_not logical_not_ bitwise_not bitwise_not_""",
    parts: """
        round round_ frac frac_ frexp deg2rad deg2rad_ rad2deg rad2deg_ sgn sgn_ signbit isposinf
        isneginf isreal nan_to_num nan_to_num_""",
    activation: """
        relu relu_""",
    piecewise: """
        prelu hardshrink""",
    choice: """
        clamp clamp_ clamp_min clamp_min_ clamp_max clamp_max_ clip clip_""",
    compare: """
        eq eq_ ne ne_ lt lt_ le le_ gt gt_ ge ge_ not_equal not_equal_ less less_ less_equal
        less_equal_ greater greater_ greater_equal greater_equal_ logical_and logical_and_
        logical_or logical_or_ logical_xor logical_xor_ bitwise_and bitwise_and_ bitwise_or
        bitwise_or_ bitwise_xor bitwise_xor_ bitwise_left_shift
        bitwise_left_shift_ bitwise_right_shift bitwise_right_shift_ equal isclose allclose""",
    linear: """
        matmul mm bmm mv dot addmm""",
    reduce: """
        sum mean nansum nanmean count_nonzero all any sum_to_size""",
    extremes: """
        amax amin aminmax max min argmax argmin median nanmedian""",
    statistics: """
        var std logsumexp""",
    scan: """
        prod cumsum cumsum_ cumprod cumprod_""",
    facts: """
        conj conj_physical dim_order get_device is_conj is_neg is_nonzero pin_memory resolve_conj
        resolve_neg""",
    creation: """
        new_empty new_zeros new_ones new_full""",
    random: """
        bernoulli bernoulli_ cauchy_ exponential_ geometric_ log_normal_ normal_ random_
        uniform_""",
    view: """
        view view_as reshape reshape_as flatten unflatten ravel permute transpose swapaxes
        swapdims t squeeze unsqueeze""",
    view_inplace: """
        as_strided_ squeeze_ unsqueeze_ t_ transpose_ swapaxes_ swapdims_""",
    expand: """
        expand expand_as broadcast_to""",
    strided: """
        select narrow diagonal unfold as_strided""",
    join: """
        split split_with_sizes chunk tensor_split unbind""",
    index: """
        index_put_ index_put nonzero argwhere""",
    gather: """
        gather take_along_dim scatter scatter_ scatter_add scatter_add_ index_select index_add
        index_add_ index_copy index_copy_ index_fill index_fill_ take""",
    masked: """
        masked_fill masked_fill_ masked_select masked_scatter masked_scatter_""",
    rearrange: """
        flip fliplr flipud roll rot90 tril tril_ triu triu_ diag_embed diag repeat tile
        repeat_interleave""",
    sorting: """
        sort argsort topk unique kthvalue msort unique_consecutive""",
    loss: """
        softmax log_softmax""",
    copy: """
        clone contiguous detach detach_ to cpu type_as copy_ fill_ zero_""",
}

for _module, _names in _METHODS.items():
    for _name in _names.split():
        setattr(Tensor, _name, getattr(_module, _name))

# Families that are imported at the first use of a method, to keep the import of all short.
_LAZY_METHODS = {
    "decompositions": """
        det matrix_power slogdet""",
    "products": """
        addbmm addbmm_ addmm_ addmv addmv_ addr addr_ baddbmm baddbmm_ cross ger inner kron
        outer trace vdot""",
    "norms": """
        dist""",
    "scans": """
        cummax cummin diff logcumsumexp""",
    "sampling": """
        multinomial""",
    "moments": """
        corrcoef cov renorm renorm_""",
    "order": """
        bincount histc histogram mode nanquantile quantile""",
    "reduce_at": """
        index_reduce index_reduce_ put put_ scatter_reduce scatter_reduce_""",
    "memory": """
        apply_ is_set_to map2_ map_ resize_ resize_as_ set_""",
    "special": """
        lgamma lgamma_ mvlgamma mvlgamma_ digamma digamma_ polygamma_ erfinv erfinv_ i0 i0_
        sinc sinc_ logit logit_""",
    "pairs": """
        copysign copysign_ hypot hypot_ nextafter nextafter_ heaviside heaviside_ fmin fmax
        ldexp ldexp_ logaddexp logaddexp2 xlogy xlogy_ gcd gcd_ lcm lcm_""",
    "composed": """
        float_power float_power_""",
    "old_linalg": """
        cholesky inverse logdet pinverse qr svd""",
    "pieces": """
        adjoint as_strided_scatter diagflat diagonal_scatter dsplit fill_diagonal_ hsplit
        moveaxis movedim narrow_copy select_scatter slice_scatter unsafe_chunk unsafe_split
        unsafe_split_with_sizes vsplit""",
    "grids": """
        nonzero_static""",
}


class _Later:
    """A method that takes its own place in the class when it is first looked up."""

    def __init__(self, family, name, method):
        self.family, self.name, self.method = family, name, method

    def __get__(self, instance, owner):
        function = getattr(import_module("minitorch._ops." + self.family), self.name)
        setattr(Tensor, self.method, function)
        return function if instance is None else function.__get__(instance, owner)


for _family, _names in _LAZY_METHODS.items():
    for _name in _names.split():
        setattr(Tensor, _name, _Later(_family, _name, _name))
Tensor.polygamma = _Later("special", "tensor_polygamma", "polygamma")

for _name in """
        add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow iadd isub
        imul itruediv ifloordiv imod ipow neg abs""".split():
    setattr(Tensor, f"__{_name}__", getattr(operators, f"op_{_name}"))
for _dunder, _name in (
    ("eq", "eq"), ("ne", "ne"), ("lt", "lt"), ("le", "le"), ("gt", "gt"), ("ge", "ge"),
    ("and", "bitwise_and"), ("or", "bitwise_or"), ("xor", "bitwise_xor"),
    ("lshift", "bitwise_left_shift"), ("rshift", "bitwise_right_shift"),
):
    setattr(Tensor, f"__{_dunder}__", getattr(compare, f"op_{_name}"))
    if _dunder in ("and", "or", "xor", "lshift", "rshift"):
        setattr(Tensor, f"__i{_dunder}__", getattr(compare, f"op_i{_name}"))
        setattr(Tensor, f"__r{_dunder}__", getattr(compare, f"op_r{_name}"))
Tensor.__hash__ = TensorBase.__hash__
Tensor.__pos__ = unary.positive
Tensor.__invert__ = operators.op_invert
Tensor.__rmatmul__ = lambda self, other: linear.op_matmul(other, self)
Tensor.__div__ = Tensor.__truediv__
Tensor.__rdiv__ = Tensor.__rtruediv__
Tensor.__idiv__ = Tensor.__itruediv__
Tensor.__long__, Tensor.__nonzero__ = Tensor.__int__, Tensor.__bool__
Tensor.__getitem__ = index.getitem
Tensor.__setitem__ = index.setitem
Tensor.__matmul__ = linear.op_matmul
Tensor.where = lambda self, condition, other: choice.where(condition, self, other)
Tensor.norm = statistics.tensor_norm
Tensor.type = copy.type_
for _name, _caster in copy.CASTERS.items():
    setattr(Tensor, _name, _caster)
Tensor.T = property(view.get_T)
Tensor.mT = property(view.get_mT)
Tensor.H = property(view.get_H)
Tensor.mH = property(view.get_mT)
Tensor.real = property(facts.real)
Tensor.imag = property(facts.imag)
Tensor.new_empty_strided = creation.new_empty_strided
