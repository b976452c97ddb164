"""Names in a checkpoint, and what they mean to PyTorch: text, never looked up."""

from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._nodes import Call, Global, Node, PersistentId
from minitorch.serialization._records import BY_STORAGE, DTYPE_ALIASES, DTYPES

_STORAGE_MODULES = ("torch", "torch.storage", "torch.cuda")
_PYTHON2 = {"__builtin__": "builtins", "copy_reg": "copyreg", "UserDict": "collections"}
# Known to PyTorch and harmless, but with nothing in minitorch to become.
UNSUPPORTED = {
    "torch._utils._rebuild_sparse_tensor": "sparse tensors",
    "torch._utils._rebuild_sparse_csr_tensor": "sparse tensors",
    "torch._utils._rebuild_qtensor": "quantized tensors",
    "torch._utils._rebuild_nested_tensor": "nested tensors",
    "torch._utils._rebuild_meta_tensor_no_storage": "meta tensors",
    "torch._utils._rebuild_wrapper_subclass": "tensor subclasses",
    "torch._utils._rebuild_device_tensor_from_numpy": "tensors of other devices",
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": "tensors of other devices",
    "torch.serialization._get_layout": "tensor layouts",
    **{f"torch.{name}": "quantized tensors" for name in (
        "per_tensor_affine", "per_tensor_symmetric", "per_channel_affine",
        "per_channel_symmetric", "per_channel_affine_float_qparams")},
    **{f"torch.{name}": f"tensors of dtype {name}" for name in (
        "chalf", "complex32", "quint8", "qint8", "qint32", "quint4x2", "quint2x4", "bits16",
        "bits1x8", "bits2x4", "bits4x2", "bits8", "float4_e2m1fn_x2", "float8_e4m3fnuz",
        "float8_e5m2fnuz", "float8_e8m0fnu", *(f"int{n}" for n in range(1, 8)),
        *(f"uint{n}" for n in range(1, 8)))},
    **{f"torch{place}sparse.{name}Tensor": "sparse tensors" for place in (".", ".cuda.")
       for name in ("Byte", "Char", "Short", "Int", "Long", "Half", "Float", "Double",
                    "BFloat16")},
}  # fmt: skip


def global_path(node):
    """Return the node's dotted name with Python 2's module names put right."""
    return f"{_PYTHON2.get(node.module, node.module)}.{node.name}"


def storage_dtype(node):
    """Return the DType of a storage class, or None for an untyped one.

    Raises
    ------
    CheckpointError
        If the node is not one of PyTorch's storage classes.
    """
    if isinstance(node, Global):
        module, name = node.module, node.name
        if module in _STORAGE_MODULES:
            if name in BY_STORAGE:
                return BY_STORAGE[name]
            if name == "UntypedStorage":
                return None
            if name.endswith("Storage") and name.isidentifier():
                raise CheckpointError(f"storage type {name} is not supported", offset=node.offset)
    raise CheckpointError(f"{describe(node)} is not a storage type")


def describe(node):
    """Return a short name of a node for messages."""
    if isinstance(node, Global):
        return quote(global_path(node))
    if isinstance(node, Call):
        named = isinstance(node.func, Global)
        return f"a call of {quote(global_path(node.func))}" if named else "a call"
    if isinstance(node, PersistentId):
        return "a reference to outside data"
    if isinstance(node, Node):
        return "a " + type(node).__name__.replace("Node", "").lower()
    return f"a {type(node).__name__}"


def is_dtype(node):
    """Whether a global is a dtype that files of weights have."""
    return node.module == "torch" and DTYPE_ALIASES.get(node.name, node.name) in DTYPES


def is_storage(node):
    """Whether a global is one of PyTorch's storage classes."""
    # Also the tensor classes of the first releases, "FloatTensor" beside "FloatStorage".
    name = node.name.removesuffix("Tensor") + "Storage" if node.name.endswith("Tensor") else ""
    return node.module in _STORAGE_MODULES and (
        node.name.endswith("Storage") or name in BY_STORAGE
    )
