"""Nodes of an ONNX graph whose result is known before there is an input.

Exporters leave such chains behind: a bias of zeros as ``Expand(0, Shape(weight))``, a shape as
``Concat`` of numbers, a transposed weight.
"""

from minitorch.serialization._records import BY_NUMPY, TensorRecord

# Numbers that a chain may make; a ResNet's longest vector has 2048.
_LARGEST = 1 << 20


def constant_value(node):
    """Return the numbers of a ``Constant`` node as a record, or None if they are of another kind.

    Parameters
    ----------
    node : Node
    """
    import numpy as np

    get = node.attributes.get
    if isinstance(get("value"), TensorRecord):
        return get("value")
    for name, dtype in (("value_int", np.int64), ("value_ints", np.int64),
                        ("value_float", np.float32), ("value_floats", np.float32)):  # fmt: skip
        given = get(name)
        numbers = given if isinstance(given, list) else [given]
        if given is not None and all(type(n) in (int, float) for n in numbers):
            if dtype is np.float32 or all(type(n) is int for n in numbers):
                return _record(np.array(given, dtype))
    return None


def folded_value(node, inputs):
    """Return the result of a node whose inputs are all known, as a record.

    Parameters
    ----------
    node : Node
    inputs : list of TensorRecord

    Returns
    -------
    TensorRecord or None
        None for an operation that is not computed here, or cannot be.
    """
    if node.op not in _FOLDED:
        return None
    if node.op == "Transpose":  # of weights: no copy
        return transposed(inputs[0]) if node.attributes.get("perm") in ([1, 0], None) else None
    if node.op != "Shape" and sum(item.numel for item in inputs) > _LARGEST:
        return None
    try:
        # Of Shape's input only the size counts; its numbers may be many.
        arrays = [item if node.op == "Shape" else item.values() for item in inputs]
        made = _FOLDED[node.op](node.attributes.get, *arrays)
    except (ValueError, TypeError, IndexError, MemoryError, OverflowError):
        return None  # whoever needs the value says that it is no constant
    return _record(made) if made.size <= _LARGEST and made.dtype.str in BY_NUMPY else None


def transposed(record):
    """Return a matrix with rows and columns exchanged, on the same memory; None for others."""
    if len(record.size) != 2:
        return None
    return TensorRecord(record.dtype, record.storage, record.offset, record.size[::-1],
                        record.stride[::-1])  # fmt: skip


def _record(array):
    import numpy as np

    array = np.ascontiguousarray(array).reshape(np.shape(array))
    data = memoryview(array.reshape(-1).view(np.uint8))
    return TensorRecord.whole(BY_NUMPY[array.dtype.str], data, array.shape)


def _shape(option, item):
    import numpy as np

    return np.array(item.size[option("start", 0) : option("end")], np.int64)


def _expand(option, array, shape):
    import numpy as np

    size = np.broadcast_shapes(array.shape, tuple(_few(shape)))
    if int(np.prod(size, dtype=object)) > _LARGEST:
        raise ValueError("too large")
    return np.broadcast_to(array, size)


def _reshape(option, array, shape):
    return array.reshape(_few(shape))


def _concat(option, *arrays):
    import numpy as np

    return np.concatenate(arrays, option("axis", 0))


def _squeeze(option, array, axes=None):
    axes = option("axes") if axes is None else _few(axes)
    return array.squeeze(None if axes is None else tuple(axes))


def _unsqueeze(option, array, axes=None):
    import numpy as np

    return np.expand_dims(array, tuple(option("axes") if axes is None else _few(axes)))


def _gather(option, array, index):
    import numpy as np

    axis = option("axis", 0)
    if index.size * (array.size // max(1, array.shape[axis])) > _LARGEST:
        raise ValueError("too large")
    return np.take(array, index, axis)


def _few(sizes):
    """Return a vector of sizes as a list, which a tensor has at most 32 of."""
    if sizes.size > 32:
        raise ValueError("too many dimensions")
    return sizes.tolist()


_FOLDED = {
    "Concat": _concat,
    "Expand": _expand,
    "Gather": _gather,
    "Reshape": _reshape,
    "Shape": _shape,
    "Squeeze": _squeeze,
    "Transpose": None,
    "Unsqueeze": _unsqueeze,
}
