"""PyTorch's old names: typed constructors such as `FloatTensor`, typed storages, defaults.

New programs have `minitorch.tensor(data, dtype=...)` for the first.
"""

import warnings

from minitorch._core import dtype as dtypes
from minitorch._core.device import CPU, check_device
from minitorch._core.dtype import TYPE_NAMES, get_default_dtype, set_default_dtype
from minitorch._core.storage import Storage
from minitorch._ops.creation import empty, tensor
from minitorch.tensor import Tensor

__all__ = ["TypedStorage", "get_default_device", "set_default_device",
           "set_default_tensor_type", *(kind + "Tensor" for kind in TYPE_NAMES.values()),
           *(kind + "Storage" for kind in TYPE_NAMES.values())]


# ---------------------------------------------------------------- typed constructors

class _TensorType(type):
    """The type of ``FloatTensor`` and its kin: a call makes a Tensor of its dtype."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype

    def __call__(cls, *args, device=None):
        check_device(device)
        return legacy(cls.dtype, args)

    def __repr__(cls):
        return f"<class 'torch.{cls.__name__}'>"


def legacy(dtype, args):
    """What the old constructors take: sizes, a list of numbers, a tensor or a storage."""
    if not args:
        return empty(0, dtype=dtype)
    first = args[0]
    if len(args) > 1 or isinstance(first, int) or type(first).__name__ == "Size":
        return empty(*args, dtype=dtype)
    if isinstance(first, Tensor):
        if first.dtype is not dtype:
            raise TypeError(f"expected {dtype} (got {first.dtype})")
        return first.detach()
    if isinstance(first, (Storage, TypedStorage)):
        return empty(0, dtype=dtype).set_(first)
    return tensor(first, dtype=dtype)


# ---------------------------------------------------------------- typed storages

class TypedStorage:
    """The memory of a tensor as a row of numbers of one dtype; `untyped()` gives the bytes."""

    def __init__(self, size=0, *, dtype=None, wrap_storage=None, device=None):
        check_device(device)
        self.dtype = get_default_dtype() if dtype is None else dtype
        if wrap_storage is None:
            wrap_storage = tensor(size).tolist()
            values = (empty(wrap_storage, dtype=self.dtype) if isinstance(wrap_storage, int)
                      else tensor(wrap_storage, dtype=self.dtype))
            wrap_storage = values.untyped_storage()
        self._untyped_storage = wrap_storage

    def untyped(self):
        """The bytes."""
        return self._untyped_storage

    def _tensor(self):
        return empty(0, dtype=self.dtype).set_(self._untyped_storage)

    def __len__(self):
        return self._untyped_storage.nbytes() // self.element_size()

    size = __len__

    def nbytes(self):
        """Size in bytes."""
        return self._untyped_storage.nbytes()

    def element_size(self):
        """Bytes of one element."""
        return self.dtype.itemsize

    def data_ptr(self):
        """Address of the first byte."""
        return self._untyped_storage.data_ptr()

    @property
    def device(self):
        return CPU

    @property
    def is_cuda(self):
        return False

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._tensor()[index].storage()
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} out of range for storage of size {len(self)}")
        return self._tensor()[index].item()

    def __setitem__(self, index, value):
        self._tensor()[index] = value

    def __iter__(self):
        return iter(self.tolist())

    def tolist(self):
        """The elements as a list."""
        return self._tensor().tolist()

    def fill_(self, value):
        """Set all elements."""
        self._tensor().fill_(value)
        return self

    def copy_(self, source, non_blocking=None):
        """Take over the elements of another storage of the same length."""
        self._tensor().copy_(source._tensor())
        return self

    def clone(self):
        """A copy."""
        return type(self)(dtype=self.dtype, wrap_storage=self._untyped_storage.clone())

    def resize_(self, size):
        """Make it larger or smaller; elements that are new are undefined."""
        self._untyped_storage.resize_(size * self.element_size())
        return self

    def __eq__(self, other):
        return isinstance(other, TypedStorage) and self.data_ptr() == other.data_ptr()

    __hash__ = None

    def __repr__(self):
        lines = "".join(f" {value}\n" for value in self.tolist())
        return (f"{lines}[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size "
                f"{len(self)}]")


class _StorageType(type):
    """The type of ``FloatStorage`` and its kin: a call makes a TypedStorage of its dtype."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, TypedStorage) and instance.dtype is cls.dtype

    def __call__(cls, size=0):
        return TypedStorage(size, dtype=cls.dtype)


for _name, _kind in TYPE_NAMES.items():
    _members = {"dtype": getattr(dtypes, _name), "__module__": "torch"}
    globals()[_kind + "Tensor"] = _TensorType(_kind + "Tensor", (), dict(_members))
    globals()[_kind + "Storage"] = _StorageType(_kind + "Storage", (), dict(_members))


def storage(self):
    """The memory under the tensor as a `TypedStorage`."""
    warnings.warn("TypedStorage is deprecated. It will be removed in the future and "
                  "UntypedStorage will be the only storage class. This should only matter to you "
                  "if you are using storages directly.  To access UntypedStorage directly, use "
                  "tensor.untyped_storage() instead of tensor.storage()", stacklevel=2)
    return TypedStorage(dtype=self.dtype, wrap_storage=self.untyped_storage())


def typed_storage(self):
    """`storage` without a warning."""
    return TypedStorage(dtype=self.dtype, wrap_storage=self.untyped_storage())


def new(self, *args, device=None):
    """A tensor of this dtype: of the given sizes, or with the given numbers."""
    check_device(device)
    return legacy(self.dtype, args)


Tensor.storage = storage
Tensor._typed_storage = typed_storage
Tensor.new = new


# ---------------------------------------------------------------- defaults

def set_default_tensor_type(t):
    """Set the default dtype by a typed constructor, such as `DoubleTensor`, or its name."""
    if isinstance(t, str):
        t = globals().get(t.removeprefix("torch."), t)
    if not isinstance(t, _TensorType):
        raise TypeError(f"invalid type object: {t!r}")
    set_default_dtype(t.dtype)


def set_default_device(device):
    """Set the device that factory functions use; there is only the CPU."""
    check_device(device)


def get_default_device():
    """The device that factory functions use."""
    return CPU
