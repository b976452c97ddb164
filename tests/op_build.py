"""From the samples of a record to the arguments of a call, and back to numpy."""

import numpy as np
from op_record import INTS

import minitorch as mt


def samples_of(op, dtype="float64"):
    """The record's samples, always from the same random numbers."""
    found = op.samples(np.random.default_rng(20240607))
    if dtype == "uint8":
        # A negative number beside an unsigned tensor is a question of its own.
        found = [s for s in found if not any(is_number(a) and a < 0 for a in s.args)]
    return found


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def cast(values, dtype, op):
    """A floating sample in the dtype under test; bfloat16 stays float32 until it is a tensor."""
    if dtype == "bool":
        return values > 0
    if dtype in INTS:
        whole = np.rint(values * 3)
        whole = np.abs(whole) if dtype == "uint8" else whole
        if op.positive_ints:
            whole = np.where(whole == 0, 3, whole)
        return whole.astype(dtype)
    return values.astype("float32" if dtype == "bfloat16" else dtype)


def lay_out(array, layout):
    """The same values in other strides.

    Every second element of a larger array, Fortran's order, or channels last (for four axes).
    """
    if layout == "contiguous" or array.ndim == 0:
        return np.array(array, order="C")
    if layout == "channels_last":
        if array.ndim != 4:
            return np.array(array, order="C")
        return np.array(array.transpose(0, 2, 3, 1), order="C").transpose(0, 3, 1, 2)
    if layout == "fortran":
        return np.array(array, order="F")
    large = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
    large[..., ::2] = array
    return large[..., ::2]


def build(value, dtype, layout, op, ns=mt):
    """A sample's argument as the operation wants it: arrays to tensors, lists searched."""
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        return [build(item, dtype, layout, op, ns) for item in value]
    if not isinstance(value, np.ndarray):
        return value
    floating = value.dtype.kind == "f"
    array = lay_out(cast(value, dtype, op) if floating else value, layout)
    tensor = ns.from_numpy(array)
    return tensor.to(ns.bfloat16) if floating and dtype == "bfloat16" else tensor


def build_sample(sample, dtype, layout, op, ns=mt):
    """(args, kwargs) of one call."""
    args = [build(value, dtype, layout, op, ns) for value in sample.args]
    kwargs = {name: build(value, dtype, layout, op, ns) for name, value in sample.kwargs.items()}
    return args, kwargs


def to_numpy(tensor):
    """Values of a tensor; bfloat16 through float32."""
    tensor = tensor.detach()
    return (tensor.float() if str(tensor.dtype).endswith("bfloat16") else tensor).numpy()


def as_tuple(value):
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def flat(values):
    for value in values:
        if isinstance(value, list):
            yield from flat(value)
        else:
            yield value


def constant_arguments(op):
    """Positions of floating arguments that have no gradient: running statistics."""
    return {"batch_norm": (1, 2)}.get(op.name, ())
