"""The public names of `minitorch`, gathered from the floors.

What stands above the Tensor (nn, optim, serialization, models, ...) is imported at its first
use, so that `import minitorch` stays short.
"""

# The imports are the point of this file: none of them is unused.
# ruff: noqa: F401

from importlib import import_module as _import_module

from minitorch import autograd, backends, random
from minitorch import tensor as _tensor
from minitorch._core import dtype as _dtypes
from minitorch._core.device import device
from minitorch._core.dtype import (
    dtype,
    finfo,
    get_default_dtype,
    iinfo,
    promote_types,
    set_default_dtype,
)
from minitorch._core.engine import current_graph_task_id as _current_graph_task_id
from minitorch._core.grad_mode import (
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    is_grad_enabled,
    set_anomaly_enabled,
)
from minitorch._core.grad_mode import is_inference_mode as is_inference_mode_enabled
from minitorch._core.layout import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from minitorch._core.shape import Size, broadcast_shapes
from minitorch._core.storage import Storage as UntypedStorage
from minitorch._kernels.parallel import get_num_threads, set_num_threads
from minitorch._ops import (
    _base,
    activation,
    arithmetic,
    choice,
    compare,
    copy,
    creation,
    dropout,
    expand,
    extremes,
    gather,
    index,
    join,
    linear,
    loss,
    masked,
    power,
    rearrange,
    reduce,
    scan,
    sorting,
    statistics,
    unary,
    view,
)
from minitorch._ops import random as _random
from minitorch._ops import strided as _strided
from minitorch._tensor_str import get_printoptions, set_printoptions
from minitorch.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
)
from minitorch.random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from minitorch.tensor import Tensor, from_dlpack

__version__ = "0.1.0"

# Operations that are functions of the package, by the module that defines them.
_FUNCTIONS = {
    creation: """
        tensor as_tensor asarray from_numpy frombuffer scalar_tensor empty empty_like
        empty_strided zeros zeros_like ones ones_like full full_like eye arange linspace
        logspace""",
    _random: """
        rand randn rand_like randn_like randint randint_like randperm bernoulli normal""",
    _base: """
        result_type""",
    arithmetic: """
        add sub subtract rsub mul multiply div divide true_divide floor_divide remainder fmod
        maximum minimum atan2 arctan2 addcmul addcdiv lerp""",
    power: """
        pow""",
    unary: """
        neg negative abs absolute sign square exp exp2 expm1 log log2 log10 log1p sqrt rsqrt
        reciprocal sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh arcsin arccos
        arctan arcsinh arccosh arctanh sigmoid erf erfc floor ceil trunc fix round positive isnan
        isinf isfinite logical_not bitwise_not""",
    activation: """
        relu relu_""",
    choice: """
        where clamp clamp_min clamp_max clip""",
    compare: """
        eq ne lt le gt ge not_equal less less_equal greater greater_equal logical_and logical_or
        logical_xor bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift
        equal isclose allclose""",
    linear: """
        matmul mm bmm mv dot outer addmm addmv baddbmm""",
    reduce: """
        sum mean nansum nanmean count_nonzero all any""",
    extremes: """
        amax amin aminmax max min argmax argmin median nanmedian""",
    statistics: """
        var std var_mean std_mean norm logsumexp""",
    scan: """
        prod cumsum cumprod""",
    view: """
        reshape flatten unflatten ravel permute transpose swapaxes swapdims t movedim moveaxis
        squeeze unsqueeze""",
    expand: """
        broadcast_to broadcast_tensors atleast_1d atleast_2d atleast_3d""",
    _strided: """
        select narrow diagonal as_strided""",
    join: """
        cat concat concatenate stack hstack vstack dstack column_stack split split_with_sizes
        chunk tensor_split unbind meshgrid""",
    index: """
        index_put index_put_ nonzero argwhere""",
    gather: """
        gather take_along_dim scatter scatter_add index_select index_add index_copy index_fill
        take""",
    masked: """
        masked_fill masked_select masked_scatter""",
    rearrange: """
        flip fliplr flipud roll rot90 tril triu diag_embed diag tile repeat_interleave""",
    sorting: """
        sort argsort topk unique kthvalue msort unique_consecutive""",
    loss: """
        softmax log_softmax""",
    dropout: """
        dropout""",
    copy: """
        clone detach detach_""",
}

for _module, _names in _FUNCTIONS.items():
    for _name in _names.split():
        globals()[_name] = getattr(_module, _name)

# Constants and dtypes; `bool` hides Python's own here, so it comes last.
inf = float("inf")
nan = float("nan")
pi = 3.141592653589793
e = 2.718281828459045
for _name in "uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64".split():
    globals()[_name] = getattr(_dtypes, _name)
float = float32 = _dtypes.float32
double, half = _dtypes.float64, _dtypes.float16
long, int, short = _dtypes.int64, _dtypes.int32, _dtypes.int16
bool = _dtypes.bool_

_LAZY_MODULES = ("nn", "optim", "serialization", "testing", "utils", "models", "transforms",
                 "datasets", "profiler", "training", "cli")
_LAZY_FUNCTIONS = {"load": "serialization", "save": "serialization"}


def __getattr__(name):
    if name in _LAZY_MODULES:
        return _import_module("minitorch." + name)
    if name in _LAZY_FUNCTIONS:
        return getattr(_import_module("minitorch." + _LAZY_FUNCTIONS[name]), name)
    raise AttributeError(f"module 'minitorch' has no attribute {name!r}")


def is_tensor(obj):
    """True for a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input):
    """True for a tensor of a floating dtype."""
    return input.is_floating_point()


def is_inference(input):
    """True for a tensor made in inference mode."""
    return input.is_inference()


def is_complex(input):
    """Always False: minitorch has no complex dtypes."""
    return input.is_complex()


def numel(input):
    """The number of elements of a tensor."""
    return input.numel()


def can_cast(from_, to):
    """Whether an operation may write a result of dtype `from_` into a tensor of dtype `to`."""
    return _base.can_cast(from_, to)


def is_storage(obj):
    """True for the storage of a tensor."""
    return isinstance(obj, UntypedStorage)


_MODULES = {_module.__name__.rpartition(".")[2] for _module in _FUNCTIONS}
__all__ = [_name for _name in dir() if not _name.startswith("_") and (
    _name not in _MODULES or callable(globals()[_name]))]
