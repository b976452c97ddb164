"""From a list of samples to a batch."""

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

import numpy as np

import minitorch
from minitorch.tensor import Tensor

__all__ = ["collate", "default_collate", "default_collate_fn_map", "default_convert"]

_CANNOT = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)
# numpy kinds without numbers: bytes, str, object
_NOT_NUMERIC = "SaUO"


def _is_namedtuple(value):
    return isinstance(value, tuple) and hasattr(value, "_fields")


def _rebuild_mapping(original, values):
    """A mapping like ``original`` that holds ``values``; its other attributes are kept."""
    try:
        if isinstance(original, MutableMapping):
            clone = copy.copy(original)
            clone.update(values)
            return clone
        return type(original)(values)
    except TypeError:
        return values


def _rebuild_sequence(original, values):
    """A sequence like ``original`` that holds ``values``, or a list where that is impossible."""
    try:
        if isinstance(original, MutableSequence):
            clone = copy.copy(original)
            for i, value in enumerate(values):
                clone[i] = value
            return clone
        return type(original)(values)
    except TypeError:
        return values


def default_convert(data):
    """Turn numpy arrays and scalars inside ``data`` into tensors; leave the rest as it is.

    The DataLoader uses it when it does not batch (``batch_size=None``).
    """
    if isinstance(data, np.ndarray | np.generic):
        return data if data.dtype.kind in _NOT_NUMERIC else minitorch.as_tensor(data)
    if isinstance(data, Mapping):
        return _rebuild_mapping(data, {key: default_convert(data[key]) for key in data})
    if _is_namedtuple(data):
        return type(data)(*(default_convert(value) for value in data))
    if isinstance(data, tuple):
        return [default_convert(value) for value in data]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _rebuild_sequence(data, [default_convert(value) for value in data])
    return data


def collate(batch, *, collate_fn_map=None):
    """Join samples of like structure, by a table of functions per element type.

    Parameters
    ----------
    batch : sequence
        At least one sample; all of the same structure.
    collate_fn_map : dict, optional
        From a type (or tuple of types) to ``fn(batch, *, collate_fn_map)``. An exact type match
        comes first, then ``isinstance`` in the dict's order, then mappings, named tuples and
        sequences, which are joined element by element.

    Raises
    ------
    TypeError
        An element type that nothing above knows.
    RuntimeError
        Sequences of different lengths.
    """
    elem = batch[0]
    for wanted, function in _candidates(type(elem), collate_fn_map or {}):
        if isinstance(elem, wanted):
            return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(elem, Mapping):
        joined = {
            key: collate([sample[key] for sample in batch], collate_fn_map=collate_fn_map)
            for key in elem
        }
        return _rebuild_mapping(elem, joined)
    if _is_namedtuple(elem):
        return type(elem)(*_collate_columns(batch, collate_fn_map))
    if isinstance(elem, Sequence):
        columns = _collate_columns(batch, collate_fn_map)
        # A tuple sample gives a list: PyTorch keeps that for old programs.
        return columns if isinstance(elem, tuple) else _rebuild_sequence(elem, columns)
    raise TypeError(_CANNOT.format(type(elem)))


def _candidates(elem_type, table):
    if elem_type in table:
        yield elem_type, table[elem_type]
    yield from table.items()


def _collate_columns(batch, collate_fn_map):
    size = len(batch[0])
    if not all(len(sample) == size for sample in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    return [
        collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch, strict=True)
    ]


def _collate_tensors(batch, *, collate_fn_map=None):
    return minitorch.stack(list(batch), 0)


def _collate_arrays(batch, *, collate_fn_map=None):
    if batch[0].dtype.kind in _NOT_NUMERIC:
        raise TypeError(_CANNOT.format(batch[0].dtype))
    return collate([minitorch.as_tensor(b) for b in batch], collate_fn_map=collate_fn_map)


def _collate_numpy_scalars(batch, *, collate_fn_map=None):
    return minitorch.as_tensor(np.asarray(batch))


def _collate_floats(batch, *, collate_fn_map=None):
    return minitorch.tensor(list(batch), dtype=minitorch.float64)


def _collate_ints(batch, *, collate_fn_map=None):
    return minitorch.tensor(list(batch))


def _collate_text(batch, *, collate_fn_map=None):
    return batch


default_collate_fn_map = {
    Tensor: _collate_tensors,
    np.ndarray: _collate_arrays,
    (np.bool_, np.number, np.object_): _collate_numpy_scalars,
    float: _collate_floats,
    int: _collate_ints,
    str: _collate_text,
    bytes: _collate_text,
}


def default_collate(batch):
    """Join a list of samples into a batch with a new first dimension.

    Tensors and numpy arrays are stacked; floats become a float64 tensor, ints an int64 and bools
    a bool one; str and bytes stay a list; mappings, named tuples and sequences are joined element
    by element.

    Parameters
    ----------
    batch : list
        Samples of like structure.

    Raises
    ------
    TypeError
        A sample (or a part of one) is of a type that cannot be joined, a PIL image for instance.
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)
