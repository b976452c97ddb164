"""dtype objects and PyTorch's type promotion.

Source of the promotion rules: the "Type promotion" section of PyTorch's
`torch.Tensor attributes` page.
"""

import sys

from minitorch._kernels.types cimport (
    BF16, BOOL, F16, F32, F64, I8, I16, I32, I64, N_CODES, U8, Code)


cdef class dtype:
    """The type of a tensor's elements, one object for each.

    Compared by identity; printed with PyTorch's names.
    """

    def __init__(self):
        raise TypeError("cannot create 'dtype' instances")

    def __repr__(self):
        return "torch." + self.name

    def __reduce__(self):
        return self.name  # pickled and copied as the module's global of that name

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    @property
    def is_complex(self):
        return False

    def to_real(self):
        return self


cdef list BY_CODE = [None] * N_CODES
cdef dict BY_NUMPY = {}


cdef dtype make(Code code, str name, Py_ssize_t itemsize, Category category, bint signed,
                str numpy_name, bytes format):
    import numpy
    cdef dtype made = dtype.__new__(dtype)
    made.code, made.name, made.itemsize, made.category = code, name, itemsize, category
    made.is_floating_point = category == Category.FLOATING
    made.is_signed = signed
    made.format = format
    made.numpy_dtype = None if numpy_name is None else numpy.dtype(numpy_name)
    BY_CODE[code] = made
    if numpy_name is not None:
        BY_NUMPY[made.numpy_dtype] = made
    return made


bool_ = make(BOOL, "bool", 1, BOOLEAN, False, "bool", b"?")
uint8 = make(U8, "uint8", 1, INTEGRAL, False, "uint8", b"B")
int8 = make(I8, "int8", 1, INTEGRAL, True, "int8", b"b")
int16 = make(I16, "int16", 2, INTEGRAL, True, "int16", b"h")
int32 = make(I32, "int32", 4, INTEGRAL, True, "int32", b"i")
int64 = make(I64, "int64", 8, INTEGRAL, True, "int64", b"q")
float16 = make(F16, "float16", 2, FLOATING, True, "float16", b"e")
bfloat16 = make(BF16, "bfloat16", 2, FLOATING, True, None, None)
float32 = make(F32, "float32", 4, FLOATING, True, "float32", b"f")
float64 = make(F64, "float64", 8, FLOATING, True, "float64", b"d")

setattr(sys.modules[__name__], "bool", bool_)  # so that pickled dtypes find it

cdef dtype default_float_ = float32


cdef dtype of_code(Code code):
    return <dtype> BY_CODE[code]


# What PyTorch's errors and its old tensor types (torch.FloatTensor) call the dtypes.
TYPE_NAMES = {
    "float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16",
    "int64": "Long", "int32": "Int", "int16": "Short", "int8": "Char", "uint8": "Byte",
    "bool": "Bool",
}

cdef dict CXX_NAMES = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short int",
    "int32": "int", "int64": "long int", "float16": "c10::Half", "bfloat16": "c10::BFloat16",
    "float32": "float", "float64": "double",
}


cdef str type_name(dtype d):
    return TYPE_NAMES[d.name]


cdef str cxx_name(dtype d):
    return CXX_NAMES[d.name]


cdef dtype default_float():
    return default_float_


cdef dtype promote(dtype a, dtype b):
    """The smallest dtype that holds both, by PyTorch's table."""
    if a is b:
        return a
    if a.category != b.category:
        return a if a.category > b.category else b
    if a.category == FLOATING:
        # float16 and bfloat16 hold none of each other
        if a.itemsize == 2 and b.itemsize == 2:
            return float32
        return a if a.itemsize > b.itemsize else b
    if a.code == U8 or b.code == U8:
        # an unsigned byte needs the next wider signed type
        other = b if a.code == U8 else a
        return int16 if other is int8 else other
    return a if a.itemsize > b.itemsize else b


def promote_types(type1, type2):
    """The dtype of an operation between tensors of `type1` and `type2`."""
    return promote(check_dtype(type1, "promote_types"), check_dtype(type2, "promote_types"))


def get_default_dtype():
    """The dtype that Python floats become (float32 unless changed)."""
    return default_float_


def set_default_dtype(d):
    """Set the dtype that Python floats become.

    Raises
    ------
    TypeError
        If `d` is not a floating-point dtype.
    """
    global default_float_
    cdef dtype wanted = check_dtype(d, "set_default_dtype")
    if wanted.category != FLOATING:
        raise TypeError("only floating-point types are supported as the default type")
    default_float_ = wanted


cdef dtype check_dtype(object value, str where):
    """`value` as a dtype; TypeError names the function `where` and what came."""
    if isinstance(value, dtype):
        return <dtype> value
    if value is float:
        return float64
    if value is int:
        return int64
    if value is bool:
        return bool_
    raise TypeError(f"{where}(): argument 'dtype' must be torch.dtype, "
                    f"not {type(value).__name__}")


def from_numpy_dtype(numpy_dtype):
    """The dtype of a numpy dtype.

    Raises
    ------
    TypeError
        If minitorch has no such dtype (complex, strings, objects, unsigned 16 to 64 bit).
    """
    found = BY_NUMPY.get(numpy_dtype.newbyteorder("=")) if numpy_dtype.isnative else None
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{numpy_dtype.name}. The only supported "
            "types are: float64, float32, float16, int64, int32, int16, int8, uint8, and bool.")
    return found


cdef dtype from_buffer_format(const char* format, Py_ssize_t itemsize):
    """The dtype of an item of the buffer protocol, or None."""
    cdef bytes code = b"B" if format == NULL else format
    if code[:1] in (b"@", b"="):
        code = code[1:]
    elif code[:1] == (b"<" if sys.byteorder == "little" else b">"):
        code = code[1:]
    if code == b"l" or code == b"n":
        code = b"q" if itemsize == 8 else b"i"
    for entry in BY_CODE:
        if (<dtype> entry).format == code and (<dtype> entry).itemsize == itemsize:
            return entry
    return None


cdef class finfo:
    """Machine limits of a floating dtype (bits, eps, max, min, tiny, resolution)."""

    cdef readonly int bits
    cdef readonly double eps, max, min, tiny, smallest_normal, resolution
    cdef readonly str dtype

    def __init__(self, type=None):
        cdef dtype d = default_float_ if type is None else check_dtype(type, "finfo")
        if d.category != FLOATING:
            raise TypeError(f"torch.finfo() requires a floating point input type. "
                            f"Use torch.iinfo to handle '{d!r}'")
        # mantissa bits and largest exponent of the format
        mantissa, exponent = {"float16": (10, 15), "bfloat16": (7, 127),
                              "float32": (23, 127), "float64": (52, 1023)}[d.name]
        self.dtype = d.name
        self.bits = <int> d.itemsize * 8
        self.eps = 2.0 ** -mantissa
        self.max = (2 - 2.0 ** -mantissa) * 2.0 ** exponent
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0 ** (1 - exponent)
        self.resolution = {"float16": 1e-3, "bfloat16": 1e-2,
                           "float32": 1e-6, "float64": 1e-15}[d.name]

    def __repr__(self):
        return (f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
                f"eps={self.eps:g}, smallest_normal={self.smallest_normal:g}, "
                f"tiny={self.tiny:g}, dtype={self.dtype})")


cdef class iinfo:
    """Machine limits of an integer dtype (bits, max, min)."""

    cdef readonly int bits
    cdef readonly object max, min
    cdef readonly str dtype

    def __init__(self, type):
        cdef dtype d = check_dtype(type, "iinfo")
        if d.category != INTEGRAL:
            raise TypeError(f"torch.iinfo() requires an integer input type. "
                            f"Use torch.finfo to handle '{d!r}'")
        self.dtype = d.name
        self.bits = <int> d.itemsize * 8
        # of Python's integers: C's would make a float of the power
        digits = int(self.bits) - (1 if d.is_signed else 0)
        self.max = (1 << digits) - 1
        self.min = -(1 << digits) if d.is_signed else 0

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
