"""Numbers into vectors: one_hot, embedding, embedding_bag."""

import warnings

from minitorch._core.dtype import int64
from minitorch._ops import creation as _creation
from minitorch._ops import embedding as _embedding
from minitorch._ops.choice import where
from minitorch._ops.join import stack
from minitorch.autograd.grad_mode import no_grad

__all__ = ["embedding", "embedding_bag", "one_hot"]


def one_hot(tensor, num_classes=-1):
    """Vectors of zeros with a one at the place that `tensor` names.

    Parameters
    ----------
    tensor : Tensor
        int64 class numbers, any shape.
    num_classes : int
        Length of the vectors; -1 takes the largest number plus one.

    Returns
    -------
    Tensor
        int64, (*, num_classes).

    Raises
    ------
    RuntimeError
        For another dtype, or numbers out of range.
    """
    if tensor.dtype is not int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if tensor.numel() == 0:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return _creation.zeros(*tensor.shape, num_classes, dtype=int64)
    if tensor.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(tensor.max()) + 1
    elif tensor.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    vectors = _creation.zeros(*tensor.shape, num_classes, dtype=int64)
    return vectors.scatter_(-1, tensor.unsqueeze(-1), 1)


def wrap_padding(padding_idx, rows, name="Padding_idx"):
    """Return the number of the padding row, counted from the front; None stays None."""
    if padding_idx is None:
        return None
    # PyTorch raises AssertionError here
    if not -rows <= padding_idx < rows and padding_idx != 0:
        raise AssertionError(f"{name} must be within num_embeddings")
    return rows + padding_idx if padding_idx < 0 else padding_idx


def _renorm(weight, input, max_norm, norm_type):
    if max_norm is not None:
        with no_grad():
            _embedding.embedding_renorm_(weight, input, max_norm, norm_type)


def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """The rows of a table that `input` names.

    Parameters
    ----------
    input : Tensor
        int64 or int32 row numbers, any shape.
    weight : Tensor
        (V, D): the table.
    padding_idx : int, optional
        A row that gets no gradient; negative numbers count from the end.
    max_norm : float, optional
        Scale the named rows down to this length first, in place.
    norm_type : float
        The p of that length.
    scale_grad_by_freq : bool
        Divide the gradient of a row by how often it was named.
    sparse : bool
        Not supported: gradients are dense.

    Returns
    -------
    Tensor
        (*, D).

    Raises
    ------
    IndexError
        If a number is out of range.
    AssertionError
        If `padding_idx` is.
    NotImplementedError
        For `sparse`.
    """
    padding = wrap_padding(padding_idx, weight.shape[0])
    _renorm(weight, input, max_norm, norm_type)
    return _embedding.embedding(
        weight, input, -1 if padding is None else padding, scale_grad_by_freq, sparse
    )


def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """Sums, means or maxima of the rows that bags of numbers name.

    Parameters
    ----------
    input : Tensor
        (B, N): B bags of N row numbers; or (M): all bags, one after the other.
    weight : Tensor
        (V, D): the table.
    offsets : Tensor, optional
        (B): where each bag starts in an (M) `input`.
    max_norm, norm_type, scale_grad_by_freq, sparse
        As in :func:`embedding`.
    mode : {"mean", "sum", "max"}
        What is made of the rows of a bag; 0 for an empty bag.
    per_sample_weights : Tensor, optional
        Of the shape of `input`: a factor for each row ("sum" only).
    include_last_offset : bool
        `offsets` ends with the size of `input`, and so has B + 1 entries.
    padding_idx : int, optional
        A row that does not count.

    Returns
    -------
    Tensor
        (B, D).

    Raises
    ------
    ValueError, RuntimeError, NotImplementedError
        If shapes or options do not fit.
    """
    if weight.dtype is int64 and input.is_floating_point():
        warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. "
            "Usage `embedding_bag(weight, input, ...)` is deprecated, "
            "and should now be `embedding_bag(input, weight, ...)`.",
            stacklevel=2,
        )
        weight, input = input, weight
    _check_bag(input, weight, offsets, mode, scale_grad_by_freq, sparse, per_sample_weights)
    if input.dim() == 2:
        bags, size = input.shape
        starts = [size * i for i in range(bags)]
        input = input.reshape(-1)
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights.reshape(-1)
    else:
        starts = offsets.tolist()
        if include_last_offset:
            starts = starts[:-1]
    _check_starts(starts, input.numel())
    padding = wrap_padding(padding_idx, weight.shape[0], "padding_idx")
    _renorm(weight, input, max_norm, norm_type)
    rows = _embedding.embedding(
        weight, input, -1 if padding is None else padding, scale_grad_by_freq, sparse
    )
    counts = input == input if padding is None else input != padding
    ends = [*starts[1:], input.numel()]
    if mode == "max":
        return _largest_of_bags(rows, counts, starts, ends)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.unsqueeze(1)
    rows = where(counts.unsqueeze(1), rows, 0)
    sizes = _creation.tensor([end - start for start, end in zip(starts, ends, strict=True)])
    bag_of = _creation.arange(len(starts)).repeat_interleave(sizes)
    sums = rows.new_zeros(len(starts), weight.shape[1]).index_add(0, bag_of, rows)
    if mode == "sum":
        return sums
    divisor = rows.new_zeros(len(starts)).index_add_(0, bag_of, counts.to(rows.dtype))
    return sums / divisor.clamp_(min=1).unsqueeze(1)


def _check_bag(input, weight, offsets, mode, scale_grad_by_freq, sparse, per_sample_weights):
    if per_sample_weights is not None and input.shape != per_sample_weights.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, "
            f"then it must have the same shape as the input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(
            f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}"
        )
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                f"of fixed length sequences. However, found offsets of type {type(offsets)}"
            )
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
    else:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}"
        )
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max":
        if scale_grad_by_freq:
            raise ValueError("max mode does not support scaling the gradient by the frequency")
        if sparse:
            raise ValueError("max mode does not support sparse weights")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. "
            "per_sample_weights is only supported for mode='sum' "
            f"(got mode='{mode}'). Please open a feature request on GitHub."
        )


def _check_starts(starts, count):
    if starts and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {starts[0]}"
        )
    if starts and starts[-1] > count:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length({count}) but got offsets[-1] of "
            f"{starts[-1]}"
        )


def _largest_of_bags(rows, counts, starts, ends):
    bags = []
    for start, end in zip(starts, ends, strict=True):
        bag = rows[start:end][counts[start:end]]
        bags.append(bag.max(0)[0] if bag.shape[0] else rows.new_zeros(rows.shape[1]))
    return stack(bags) if bags else rows.new_zeros(0, rows.shape[1])
