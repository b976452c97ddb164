"""The public names of `minitorch`, gathered from the floors.

What stands above the Tensor (nn, optim, serialization, models, ...) is imported at its first
use, so that `import minitorch` stays short.
"""

# The imports are the point of this file: none of them is unused.
# ruff: noqa: F401

from importlib import import_module as _import_module
from types import SimpleNamespace as _SimpleNamespace

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
    index,
    join,
    linear,
    loss,
    masked,
    out,
    parts,
    piecewise,
    power,
    rearrange,
    reduce,
    scan,
    sorting,
    statistics,
    ternary,
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
        rand randn rand_like randn_like randint randint_like randperm bernoulli normal poisson""",
    out: """
        result_type""",
    arithmetic: """
        add sub subtract rsub mul multiply div divide true_divide floor_divide remainder fmod
        maximum minimum atan2 arctan2""",
    ternary: """
        addcmul addcdiv lerp""",
    power: """
        pow""",
    unary: """
        neg neg_ negative negative_ abs abs_ absolute sign square square_ exp exp_ exp2 exp2_ expm1
        expm1_ log log_ log2 log2_ log10 log10_ log1p log1p_ sqrt sqrt_ rsqrt rsqrt_ reciprocal
        reciprocal_ sin sin_ cos cos_ tan tan_ asin asin_ acos acos_ atan atan_ sinh sinh_ cosh
        cosh_ tanh tanh_ asinh asinh_ acosh acosh_ atanh atanh_ arcsin arcsin_ arccos arccos_
        arctan arctan_ arcsinh arcsinh_ arccosh arccosh_ arctanh arctanh_ sigmoid sigmoid_ erf
        erf_ erfc erfc_ floor floor_ ceil ceil_ trunc trunc_ fix fix_ positive isnan isinf
        isfinite logical_not bitwise_not""",
    parts: """
        round round_ frac frac_ frexp deg2rad deg2rad_ rad2deg rad2deg_ sgn signbit isposinf
        isneginf isreal nan_to_num nan_to_num_""",
    activation: """
        relu relu_""",
    piecewise: """
        threshold threshold_ rrelu rrelu_ prelu hardshrink""",
    choice: """
        where clamp clamp_ clamp_min clamp_min_ clamp_max clamp_max_ clip clip_""",
    compare: """
        eq ne lt le gt ge not_equal less less_equal greater greater_equal logical_and logical_or
        logical_xor bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift
        equal isclose allclose""",
    linear: """
        matmul mm bmm mv dot addmm""",
    reduce: """
        sum mean nansum nanmean count_nonzero all any""",
    extremes: """
        amax amin aminmax max min argmax argmin median nanmedian""",
    statistics: """
        var std var_mean std_mean norm logsumexp""",
    scan: """
        prod cumsum cumprod""",
    facts: """
        conj conj_physical get_device imag is_conj is_inference is_neg is_nonzero is_same_size
        is_signed real resolve_conj resolve_neg""",
    view: """
        reshape flatten unflatten ravel permute transpose swapaxes swapdims t squeeze
        unsqueeze""",
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
    copy: """
        clone detach detach_ fill fill_ zero_""",
}

# Families that are imported at the first use of a name, to keep the import of all short.
_LAZY_FAMILIES = {
    "decompositions": """
        det matrix_power slogdet""",
    "products": """
        addbmm addmv addmv_ addr baddbmm block_diag chain_matmul cross ger inner kron outer
        tensordot trace vdot""",
    "norms": """
        dist frobenius_norm nuclear_norm""",
    "scans": """
        cummax cummin cumulative_trapezoid diff logcumsumexp trapezoid trapz""",
    "sampling": """
        multinomial""",
    "moments": """
        corrcoef cov renorm""",
    "tapers": """
        bartlett_window blackman_window hamming_window hann_window kaiser_window""",
    "order": """
        bincount bucketize histc histogram isin mode nanquantile quantile searchsorted""",
    "reduce_at": """
        index_reduce put scatter_reduce""",
    "special": """
        lgamma mvlgamma digamma polygamma erfinv i0 i0_ sinc sinc_ logit logit_""",
    "pairs": """
        copysign hypot nextafter heaviside fmin fmax ldexp ldexp_ logaddexp logaddexp2 xlogy
        xlogy_ gcd gcd_ lcm lcm_""",
    "composed": """
        float_power""",
    "old_linalg": """
        cholesky inverse logdet pinverse qr svd""",
    "pieces": """
        adjoint as_strided_scatter diagflat diagonal_scatter dsplit hsplit moveaxis movedim
        narrow_copy row_stack select_scatter slice_scatter unsafe_chunk unsafe_split
        unsafe_split_with_sizes vsplit alias_copy as_strided_copy detach_copy diagonal_copy
        expand_copy permute_copy select_copy slice_copy split_copy split_with_sizes_copy
        squeeze_copy t_copy transpose_copy unbind_copy unfold_copy unsqueeze_copy view_copy""",
    "grids": """
        cartesian_prod combinations empty_permuted nonzero_static range tril_indices
        triu_indices unravel_index vander""",
    "smooth": """
        selu selu_ celu celu_""",
    "einsum": """
        einsum""",
    "conv": """
        conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d""",
    "conv_forms": """
        convolution conv_tbc""",
    "pool": """
        max_pool2d max_pool3d""",
    "pool1d": """
        max_pool1d max_pool1d_with_indices avg_pool1d adaptive_avg_pool1d adaptive_max_pool1d""",
    "distance": """
        cosine_similarity pairwise_distance cdist pdist bilinear""",
    "embedding": """
        embedding embedding_renorm_""",
    "recurrent": """
        rnn_tanh rnn_relu lstm gru rnn_tanh_cell rnn_relu_cell lstm_cell gru_cell""",
    "borders": """
        constant_pad_nd pixel_shuffle pixel_unshuffle channel_shuffle""",
    "row_norm": """
        layer_norm group_norm native_layer_norm native_group_norm""",
    "normalization": """
        batch_norm instance_norm rms_norm""",
    "spatial": """
        grid_sampler grid_sampler_2d grid_sampler_3d affine_grid_generator""",
    "dropout": """
        dropout dropout_ alpha_dropout alpha_dropout_ feature_dropout feature_dropout_
        feature_alpha_dropout feature_alpha_dropout_""",
}
_LAZY_NAMES = {_name: f"_ops.{_family}" for _family, _names in _LAZY_FAMILIES.items()
               for _name in _names.split()}

for _module, _names in _FUNCTIONS.items():
    for _name in _names.split():
        globals()[_name] = getattr(_module, _name)

# In-place forms that PyTorch also has as functions.
for _name in "as_strided_ detach_ fill_ resize_as_ zero_".split():
    globals()[_name] = getattr(Tensor, _name)


# Constants and dtypes; `bool` hides Python's own here, so it comes last.
inf = float("inf")
nan = float("nan")
pi = 3.141592653589793
e = 2.718281828459045
newaxis = None
for _name in "uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64".split():
    globals()[_name] = getattr(_dtypes, _name)
float = float32 = _dtypes.float32
double, half = _dtypes.float64, _dtypes.float16
long, int, short = _dtypes.int64, _dtypes.int32, _dtypes.int16
bool = _dtypes.bool_

_LAZY_MODULES = ("nn", "func", "linalg", "optim", "serialization", "special", "testing", "utils",
                 "distributions", "models", "transforms", "datasets", "profiler", "training",
                 "compat", "cli")
# What a PyTorch without a GPU says of devices and compilers, for programs that ask.
_STAND_INS = ("accelerator", "amp", "compiler", "cuda", "distributed", "fx", "hub", "jit", "mps",
              "version")
_LAZY_NAMES |= {_name: "_legacy" for _name in (
    "TypedStorage", "get_default_device", "set_default_device", "set_default_tensor_type",
    *(_kind + _what for _kind in _dtypes.TYPE_NAMES.values() for _what in ("Tensor", "Storage")))}
_LAZY_NAMES |= {"load": "serialization", "save": "serialization", "compile": "compat._extras",
                "autocast": "compat._extras"}
_LAZY_NAMES |= {_name: "compat._extras" for _name in """
    get_deterministic_debug_mode get_float32_matmul_precision get_num_interop_threads
    set_deterministic_debug_mode set_float32_matmul_precision set_flush_denormal
    set_num_interop_threads""".split()}


def __getattr__(name):
    if name in _LAZY_MODULES:
        return _import_module("minitorch." + name)
    if name in _STAND_INS:
        return _import_module("minitorch.compat." + name)
    if name == "return_types":
        return _return_types()
    if name in _LAZY_NAMES:
        value = getattr(_import_module("minitorch." + _LAZY_NAMES[name]), name)
        # into the package, so that this is not asked again
        setattr(_import_module("minitorch"), name, value)
        return value
    raise AttributeError(f"module 'minitorch' has no attribute {name!r}")


def _return_types():
    """The types of results with names, such as ``torch.return_types.max``."""
    for family in _LAZY_FAMILIES:
        _import_module("minitorch._ops." + family)
    return _SimpleNamespace(**{kind.kind: kind for kind in sorting.NamedOutputs.__subclasses__()})


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


def fill(input, value):
    """A tensor of the same size, filled with a number or the element of a 0-d tensor."""
    return input.clone().fill_(value)


def typename(obj):
    """The name of a tensor's type (``torch.FloatTensor``), or the dotted name of any other."""
    if isinstance(obj, Tensor):
        return obj.type()
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    where = getattr(kind, "__module__", "")
    return f"{where}.{kind.__qualname__}" if where and where != "builtins" else kind.__qualname__


def can_cast(from_, to):
    """Whether an operation may write a result of dtype `from_` into a tensor of dtype `to`."""
    return out.can_cast(from_, to)


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Nothing to choose: the same inputs give the same bits in any mode."""


def are_deterministic_algorithms_enabled():
    """Always True: the same inputs give the same bits."""
    return True


def is_storage(obj):
    """True for the storage of a tensor."""
    return isinstance(obj, (UntypedStorage, __getattr__("TypedStorage")))


_MODULES = {_module.__name__.rpartition(".")[2] for _module in _FUNCTIONS}
__all__ = [_name for _name in dir() if not _name.startswith("_") and (
    _name not in _MODULES or callable(globals()[_name]) or globals()[_name] is strided)]
