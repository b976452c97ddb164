"""Batches of sequences of different lengths: padded to one length, or packed without padding.

Packed data holds the first step of all sequences, then the second of those that have one, and so
on: the sequences are sorted by length, so that each step is a prefix of the one before.
"""

from collections import namedtuple
from collections.abc import Iterable

from minitorch._core import dtype as _dtypes
from minitorch._ops.creation import arange, as_tensor, tensor
from minitorch._ops.join import cat
from minitorch._ops.sorting import sort
from minitorch.tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]

PackedSequence_ = namedtuple(
    "PackedSequence_", ["data", "batch_sizes", "sorted_indices", "unsorted_indices"]
)


class PackedSequence(PackedSequence_):
    """A packed batch of sequences, as :func:`pack_sequence` makes it and the RNN modules take it.

    Attributes
    ----------
    data : Tensor
        (sum of the lengths, *): the steps one after the other.
    batch_sizes : Tensor
        int64: how many sequences have a first, second, ... step.
    sorted_indices, unsorted_indices : Tensor or None
        The order by length, and the way back; None if the sequences came sorted.
    """

    __slots__ = ()

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """Convert `data` as ``Tensor.to`` does; self if nothing changes."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, *self[1:])

    def cpu(self, *args, **kwargs):
        """Return self: everything lives on the CPU. Arguments are those of :meth:`to`."""
        return self.to(*args, **kwargs)

    def cuda(self, *args, **kwargs):
        """Refused: there is no device but the CPU."""
        return type(self)(self.data.cuda(*args, **kwargs), *self[1:])

    def double(self):
        """Convert `data` to float64."""
        return self.to(dtype=_dtypes.float64)

    def float(self):
        """Convert `data` to float32."""
        return self.to(dtype=_dtypes.float32)

    def half(self):
        """Convert `data` to float16."""
        return self.to(dtype=_dtypes.float16)

    def long(self):
        """Convert `data` to int64."""
        return self.to(dtype=_dtypes.int64)

    def int(self):
        """Convert `data` to int32."""
        return self.to(dtype=_dtypes.int32)

    def short(self):
        """Convert `data` to int16."""
        return self.to(dtype=_dtypes.int16)

    def char(self):
        """Convert `data` to int8."""
        return self.to(dtype=_dtypes.int8)

    def byte(self):
        """Convert `data` to uint8."""
        return self.to(dtype=_dtypes.uint8)

    @property
    def is_cuda(self):
        """False: everything lives on the CPU."""
        return self.data.is_cuda

    def is_pinned(self):
        """Whether the memory of `data` is pinned."""
        return self.data.is_pinned()


def invert_permutation(permutation):
    """Return the inverse of a permutation (a 1-D index tensor); None for None."""
    if permutation is None:
        return None
    places = arange(permutation.numel(), dtype=permutation.dtype)
    return places.scatter(0, permutation, places)


def _checked_lengths(input, lengths, batch_first):
    """Return the lengths as a list, and how many steps and sequences the input has."""
    if lengths.dim() != 1:
        raise RuntimeError(
            "'lengths' argument should be a 1D CPU int64 tensor, but got "
            f"{lengths.dim()}D cpu Long tensor"
        )
    if input.numel() == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    steps, sequences = (input.size(1), input.size(0)) if batch_first else (
        input.size(0), input.size(1))
    lengths = lengths.tolist()
    if len(lengths) != sequences:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} "
            f"(batch_size={sequences})"
        )
    if lengths[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    if any(before < after for before, after in zip(lengths, lengths[1:], strict=False)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
            "You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability."
        )
    if lengths[0] > steps:
        raise RuntimeError(
            f"Expected every length to be at most the {steps} steps of the input, "
            f"but got {lengths[0]}"
        )
    return lengths


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Pack a padded batch of sequences.

    Parameters
    ----------
    input : Tensor
        (steps, batch, *), or (batch, steps, *) with `batch_first`.
    lengths : Tensor or list of int
        (batch): the length of each sequence. Steps beyond are left out.
    batch_first : bool
        Which dimension of `input` comes first.
    enforce_sorted : bool
        Demand sequences in decreasing order of length; False sorts them.

    Returns
    -------
    PackedSequence

    Raises
    ------
    RuntimeError
        For lengths that are not positive, not sorted, too many or too long, or an empty input.
    """
    if isinstance(lengths, Tensor):
        lengths = lengths.to(dtype=_dtypes.int64)
    else:
        lengths = as_tensor(lengths, dtype=_dtypes.int64)
    sorted_indices = None
    if not enforce_sorted:
        lengths, sorted_indices = sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, sorted_indices)
    lengths = _checked_lengths(input, lengths, batch_first)
    if batch_first:
        input = input.transpose(0, 1)
    # Equal batch sizes follow each other: one slice for each run of them.
    parts, batch_sizes = [], []
    done = 0
    for count in range(len(lengths), 0, -1):
        length = lengths[count - 1]
        if length > done:
            block = input.narrow(0, done, length - done).narrow(1, 0, count)
            parts.append(block.reshape((length - done) * count, *input.shape[2:]))
            batch_sizes += [count] * (length - done)
            done = length
    return PackedSequence(cat(parts, 0), tensor(batch_sizes), sorted_indices, None)


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """Undo :func:`pack_padded_sequence`.

    Parameters
    ----------
    sequence : PackedSequence
        The batch, as the RNN modules return it too.
    batch_first : bool
        Return (batch, steps, *) instead of (steps, batch, *).
    padding_value : float
        For the steps behind the end of a sequence.
    total_length : int, optional
        Pad to this many steps, at least the longest length.

    Returns
    -------
    (Tensor, Tensor)
        The padded batch in its first order, and the lengths (int64).

    Raises
    ------
    ValueError
        If `total_length` is less than the longest length.
    """
    steps = sequence.batch_sizes.size(0)
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in "
                f"input, but got total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    batch_sizes = sequence.batch_sizes.tolist()
    data = sequence.data
    batch = batch_sizes[0]
    padded = data.new_full((steps, batch, *data.shape[1:]), padding_value)
    row = step = 0
    while step < len(batch_sizes):
        size = batch_sizes[step]
        run = batch_sizes.count(size)
        block = data.narrow(0, row, run * size)
        padded[step : step + run, :size] = block.reshape(run, size, *data.shape[1:])
        row += run * size
        step += run
    lengths = tensor([sum(size > i for size in batch_sizes) for i in range(batch)])
    if batch_first:
        padded = padded.transpose(0, 1)
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(0 if batch_first else 1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices]
    return padded, lengths


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Stack sequences of different lengths, padded to the longest.

    Parameters
    ----------
    sequences : iterable of Tensor
        Each (length, *), with the same trailing dimensions.
    batch_first : bool
        Return (batch, steps, *) instead of (steps, batch, *).
    padding_value : float
        What to pad with.
    padding_side : {"right", "left"}
        Pad behind or before each sequence.

    Raises
    ------
    RuntimeError
        For no sequences, other arguments than these, or trailing dimensions that differ.
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    sequences = tuple(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got "
                           f"{padding_side}.")
    steps = max(sequence.size(0) for sequence in sequences)
    first = sequences[0]
    padded = first.new_full((len(sequences), steps, *first.shape[1:]), padding_value)
    for i, sequence in enumerate(sequences):
        start = steps - sequence.size(0) if padding_side == "left" else 0
        padded[i].narrow(0, start, sequence.size(0)).copy_(sequence)
    return padded if batch_first else padded.transpose(0, 1).contiguous()


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """Return the list of sequences of a padded batch; `lengths` is a tensor (batch)."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    lengths = lengths.tolist()
    return [
        sequence[:length].clone()
        for sequence, length in zip(padded_sequences.unbind(0), lengths, strict=True)
    ]


def pack_sequence(sequences, enforce_sorted=True):
    """Pack a list of sequences, each (length, *).

    Parameters
    ----------
    sequences : list of Tensor
        In decreasing order of length unless `enforce_sorted` is False.
    enforce_sorted : bool
        Demand that order; False sorts them.

    Returns
    -------
    PackedSequence
    """
    lengths = as_tensor([sequence.size(0) for sequence in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences):
    """Return the list of sequences of a PackedSequence, in their first order."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
