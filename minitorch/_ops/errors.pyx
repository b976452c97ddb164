"""PyTorch's errors for arguments of the wrong kind, by the words that users search for."""

from minitorch._core.dtype cimport dtype, type_name
from minitorch._kernels.pointwise cimport (
    BINARY_BITWISE_AND, BINARY_BITWISE_OR, BINARY_BITWISE_XOR, BINARY_FLOOR_DIVIDE, BINARY_FMOD,
    BINARY_POW, BINARY_REMAINDER, BINARY_SHIFT_LEFT, BINARY_SHIFT_RIGHT, BINARY_TRUNC_DIVIDE)


# Where the operands usually stand in a call, for the errors.
cdef dict POSITIONS = {"input": 1, "other": 2, "tensor1": 2, "tensor2": 3, "end": 2, "values": 2}


cdef object not_tensor(object value, str where, str argument):
    """The error for an argument that is no tensor."""
    position = f" (position {POSITIONS[argument]})" if argument in POSITIONS else ""
    return TypeError(f"{where}(): argument '{argument}'{position} must be Tensor, not "
                     f"{type(value).__name__}")


cdef object no_overload(str where, tuple given, str expected):
    """The error for arguments of which no form of a function takes the kinds."""
    kinds = ", ".join([type(value).__name__ for value in given])
    forms = "".join([f" * ({form})\n" for form in expected.split("; ")])
    return TypeError(f"{where}() received an invalid combination of arguments - got ({kinds}), "
                     f"but expected one of:\n{forms}")


cdef object not_implemented(str kernel, dtype d):
    """PyTorch's error for a dtype that a kernel does not know."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{type_name(d)}'")


# PyTorch's kernels of what exists for some dtypes only, by the names its errors give them.
cdef dict KERNELS = {
    BINARY_FLOOR_DIVIDE: "div_floor_cpu", BINARY_TRUNC_DIVIDE: "div_trunc_cpu",
    BINARY_REMAINDER: "remainder_cpu", BINARY_FMOD: "fmod_cpu", BINARY_POW: "pow",
    BINARY_BITWISE_AND: "bitwise_and_cpu", BINARY_BITWISE_OR: "bitwise_or_cpu",
    BINARY_BITWISE_XOR: "bitwise_xor_cpu", BINARY_SHIFT_LEFT: "lshift_cpu",
    BINARY_SHIFT_RIGHT: "rshift_cpu",
}


cdef object no_kernel(int op, dtype d):
    """The same for an operation of two operands."""
    return not_implemented(KERNELS.get(op, "this operation"), d)
