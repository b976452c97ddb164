"""What a checkpoint holds, before there is a tensor: bytes, and views of them.

All format code speaks in these records, so it knows nothing of the tensor library, and a dtype
that minitorch cannot compute with can still be inspected and converted.
"""

from minitorch.serialization._errors import CheckpointError, quote

MAX_SIZE = 2**63 - 1
MAX_DIMS = 32


class DType:
    """One element type.

    Attributes
    ----------
    name : str
        PyTorch's name, e.g. ``"float32"``.
    itemsize : int
        Bytes an element.
    numpy : str
        Numpy's type string for the value, or for the bits where numpy has no such type.
    exact : bool
        True if ``numpy`` is the value's own type, not only its bits.
    safetensors : str or None
        Name in a safetensors header.
    storage : str or None
        Name of PyTorch's typed storage class, the dtype's name in a ``.pth`` file.
    """

    __slots__ = ("name", "itemsize", "numpy", "exact", "safetensors", "storage")

    def __init__(self, name, numpy, safetensors, storage, exact=True):
        self.name = name
        self.numpy = numpy
        self.itemsize = int(numpy[2:])
        self.exact = exact
        self.safetensors = safetensors
        self.storage = storage

    def __repr__(self):
        return f"DType({self.name})"

    @property
    def is_floating(self):
        return "float" in self.name


_TABLE = (
    DType("float64", "<f8", "F64", "DoubleStorage"),
    DType("float32", "<f4", "F32", "FloatStorage"),
    DType("float16", "<f2", "F16", "HalfStorage"),
    DType("bfloat16", "<u2", "BF16", "BFloat16Storage", exact=False),
    DType("int64", "<i8", "I64", "LongStorage"),
    DType("int32", "<i4", "I32", "IntStorage"),
    DType("int16", "<i2", "I16", "ShortStorage"),
    DType("int8", "|i1", "I8", "CharStorage"),
    DType("uint8", "|u1", "U8", "ByteStorage"),
    DType("bool", "|b1", "BOOL", "BoolStorage"),
    DType("uint64", "<u8", "U64", None),
    DType("uint32", "<u4", "U32", None),
    DType("uint16", "<u2", "U16", None),
    DType("complex64", "<c8", "C64", "ComplexFloatStorage"),
    DType("complex128", "<c16", None, "ComplexDoubleStorage"),
    DType("float8_e4m3fn", "|u1", "F8_E4M3", None, exact=False),
    DType("float8_e5m2", "|u1", "F8_E5M2", None, exact=False),
)
DTYPES = {d.name: d for d in _TABLE}
BY_STORAGE = {d.storage: d for d in _TABLE if d.storage}
BY_SAFETENSORS = {d.safetensors: d for d in _TABLE if d.safetensors}
BY_NUMPY = {d.numpy: d for d in _TABLE if d.exact}
# PyTorch's other spellings of a dtype, as they may stand in a pickle.
DTYPE_ALIASES = {"double": "float64", "float": "float32", "half": "float16", "long": "int64",
                 "int": "int32", "short": "int16", "cfloat": "complex64",
                 "cdouble": "complex128"}  # fmt: skip


class StorageRecord:
    """A block of bytes that one or more tensors look at.

    Parameters
    ----------
    key : str
        Name inside the file, for messages.
    data : memoryview
        The bytes, little-endian.
    location : str
        The device that the file says it was saved from.
    check : callable, optional
        Raises CheckpointError if the bytes are not those that were written.
    """

    __slots__ = ("key", "data", "location", "check", "converted")

    def __init__(self, key, data, location="cpu", check=None):
        self.check = check
        self.key = key
        self.data = data
        self.location = location
        self.converted = None  # what the tensor side made of these bytes, made once

    @property
    def nbytes(self):
        return len(self.data)


class TensorRecord:
    """A strided view of a storage.  Offset, size and stride count elements.

    Raises
    ------
    CheckpointError
        If the view does not lie inside its storage, or its size does not fit in 63 bits.
    """

    __slots__ = ("dtype", "storage", "offset", "size", "stride", "requires_grad",
                 "is_parameter")  # fmt: skip

    def __init__(self, dtype, storage, offset, size, stride, requires_grad=False,
                 is_parameter=False):  # fmt: skip
        self.dtype = dtype
        self.storage = storage
        self.offset = offset
        self.size = size
        self.stride = stride
        self.requires_grad = requires_grad
        self.is_parameter = is_parameter
        check_view(dtype, storage.nbytes, offset, size, stride)

    @classmethod
    def whole(cls, dtype, data, size, key=""):
        """Make the contiguous tensor that fills ``data``."""
        return cls(dtype, StorageRecord(key, data), 0, tuple(size), contiguous_stride(size))

    @property
    def numel(self):
        return product(self.size)

    @property
    def nbytes(self):
        return self.numel * self.dtype.itemsize

    @property
    def is_expanded(self):
        """True if the view is larger than the bytes behind it (a stride of 0)."""
        return self.nbytes > self.storage.nbytes

    @property
    def is_contiguous(self):
        expected = contiguous_stride(self.size)
        return self.numel < 2 or all(
            n == 1 or s == e for n, s, e in zip(self.size, self.stride, expected, strict=False)
        )

    def numpy(self):
        """Return a read-only array of the view, zero-copy (bits where numpy lacks the dtype)."""
        import numpy as np

        flat = np.frombuffer(self.storage.data, dtype=np.uint8)
        if self.numel == 0:
            return np.zeros(self.size, dtype=self.dtype.numpy)
        start = self.offset * self.dtype.itemsize
        usable = (self.storage.nbytes - start) // self.dtype.itemsize * self.dtype.itemsize
        typed = flat[start : start + usable].view(self.dtype.numpy)
        strides = tuple(s * self.dtype.itemsize for s in self.stride)
        return np.lib.stride_tricks.as_strided(typed, self.size, strides, writeable=False)

    def values(self):
        """Return the numbers as a numpy array; bfloat16 is widened to float32.

        Raises
        ------
        CheckpointError
            For a dtype that numpy cannot hold (float8).
        """
        array = self.numpy()
        if self.dtype.name == "bfloat16":
            return (array.astype("<u4") << 16).view("<f4")
        if not self.dtype.exact:
            raise CheckpointError(f"dtype {self.dtype.name} has no numbers in numpy")
        return array


def product(size):
    total = 1
    for n in size:
        total *= n
    return total


def contiguous_stride(size):
    stride = [1] * len(size)
    for i in range(len(size) - 2, -1, -1):
        stride[i] = stride[i + 1] * max(size[i + 1], 1)
    return tuple(stride)


def check_view(dtype, nbytes, offset, size, stride):
    """Raise CheckpointError unless the strided view lies inside ``nbytes`` bytes."""
    if len(size) != len(stride):
        raise CheckpointError(f"a tensor with {len(size)} sizes and {len(stride)} strides")
    if len(size) > MAX_DIMS:
        raise CheckpointError(f"a tensor of {len(size)} dimensions; the limit is {MAX_DIMS}")
    for name, numbers in (("offset", (offset,)), ("size", size), ("stride", stride)):
        for n in numbers:
            if type(n) is not int:
                raise CheckpointError(f"tensor {name} is not an integer ({type(n).__name__})")
            if not 0 <= n * dtype.itemsize <= MAX_SIZE:
                raise CheckpointError(f"tensor {name} {quote(n)} is negative or over 63 bits")
    nonzero = product(n for n in size if n)
    if nonzero * dtype.itemsize > MAX_SIZE:
        raise CheckpointError(f"a tensor of size {list(size)} does not fit in 63 bits")
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=False))
    end = offset if 0 in size else last + 1
    if end * dtype.itemsize > nbytes:
        raise CheckpointError(
            f"a tensor of size {list(size)}, stride {list(stride)}, offset {offset} and dtype "
            f"{dtype.name} does not lie inside its storage of {nbytes} bytes"
        )
