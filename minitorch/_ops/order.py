"""What rests on order or counts: mode, quantiles, sorted search, membership, histograms."""

import numpy

from minitorch._core.dtype import bool_, float32, float64, int32, int64
from minitorch._ops.creation import as_tensor, full_like, linspace, scalar_tensor, zeros
from minitorch._ops.forms import pair_form
from minitorch._ops.rule import (
    RuleNode,
    elements,
    given,
    is_scalar,
    numbers,
    scalar_type,
    tensor_arg,
    tensor_of,
    without_axis,
    wrapped,
)
from minitorch._ops.sorting import named_outputs, sort
from minitorch._ops.ternary import lerp

__all__ = ["bincount", "bucketize", "histc", "histogram", "isin", "mode", "nanquantile", "quantile",
           "searchsorted"]

MODE = named_outputs("mode", "values", "indices")
HISTOGRAM = named_outputs("histogram", "hist", "bin_edges")


# ---------------------------------------------------------------- mode

class ModeBackward0(RuleNode):
    """The gradient at the places that the values came from."""

    def slopes(self, grad, _, index):
        """`_` is for the places, which have no gradient."""
        if grad is None:
            return (None,)
        if self.sizes and not self.keepdim:
            grad, index = grad.unsqueeze(self.dim), index.unsqueeze(self.dim)
        return (zeros(self.sizes, dtype=grad.dtype).scatter(self.dim, index, grad),)


def mode(input, dim=-1, keepdim=False, *, out=None):
    """The commonest element along an axis, the smallest of such, and the last place it has.

    Returns
    -------
    (values, indices)
        A named pair.
    """
    x = tensor_arg(input, "mode", "input")
    axis = wrapped(dim, x.dim())
    array = numbers(x.detach()).reshape(x.shape or (1,))
    if array.shape[axis] == 0:
        raise IndexError(f"mode(): Expected reduction dim {axis} to have non-zero size.")
    rows = numpy.moveaxis(array, axis, -1)
    order = numpy.argsort(rows, -1, kind="stable")
    places = numpy.empty(rows.shape[:-1], numpy.int64)
    for at in numpy.ndindex(places.shape):
        line = rows[at][order[at]]
        ends = numpy.append(numpy.nonzero(line[1:] != line[:-1])[0], len(line) - 1)
        places[at] = order[at][ends[numpy.diff(ends, prepend=-1).argmax()]]
    places = numpy.expand_dims(places, axis)
    values = numpy.take_along_axis(elements(x.detach()).reshape(array.shape), places, axis)
    if x.dim() == 0 or not keepdim:
        values, places = values.squeeze(axis), places.squeeze(axis)
    index = tensor_of(numpy.ascontiguousarray(places).reshape(places.shape), int64)
    made = tensor_of(numpy.ascontiguousarray(values).reshape(values.shape), x.dtype), index
    ModeBackward0.record(made, (x,), (index,), dim=axis, sizes=x.shape, keepdim=keepdim)
    return pair_form(MODE, made, out)


# ---------------------------------------------------------------- quantiles

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear", out=None):
    """The value below which the part `q` of the elements lies.

    Parameters
    ----------
    input : Tensor
        float32 or float64.
    q : float or Tensor
        One part or a vector of them, in [0, 1].
    dim : int, optional
        Default: of all elements.
    keepdim : bool
    interpolation : {"linear", "lower", "higher", "midpoint", "nearest"}
        How to choose between the two neighbours of a place.

    Returns
    -------
    Tensor
        With an axis for a vector `q` in front.
    """
    return quantiles(input, q, dim, keepdim, interpolation, False, out)


def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear", out=None):
    """`quantile` of the elements that are not NaN."""
    return quantiles(input, q, dim, keepdim, interpolation, True, out)


def checked_parts(x, q, interpolation, out):
    """`q` as a tensor; raises for what the quantiles do not take."""
    if x.numel() == 0:
        raise RuntimeError("quantile() input tensor must be non-empty")
    if not isinstance(q, type(x)) and is_scalar(q):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q}")
        q = scalar_tensor(float(q), dtype=x.dtype)
    if not isinstance(q, type(x)):
        raise TypeError("quantile() received an invalid combination of arguments: 'q' must be "
                        f"float or Tensor, not {type(q).__name__}")
    if q.dim() > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if x.dtype not in (float32, float64):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if q.dtype is not x.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError("quantile() interpolation must be one of linear, lower, higher, "
                           f"midpoint or nearest, but got {interpolation}")
    if out is not None and out.dtype is not x.dtype:
        raise RuntimeError("quantile() out tensor must be same dtype as the input tensor")
    if not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    return q


def quantiles(input, q, dim, keepdim, interpolation, ignore_nan, out):
    x = tensor_arg(input, "quantile", "input")
    q = checked_parts(x, q, interpolation, out)
    axis = 0 if dim is None else wrapped(dim, x.dim())
    lines = x.flatten() if dim is None else x.movedim(axis, -1) if x.dim() else x.unsqueeze(0)
    ordered = sort(lines)[0]
    missing = ordered.detach().isnan()
    if ignore_nan:
        last = (missing.logical_not().sum(-1, keepdim=True) - 1).clamp(min=0).to(x.dtype)
        rank = q * last
    else:
        last = float(ordered.shape[-1] - 1)
        rank = (q * last).expand(*ordered.shape[:-1], max(q.numel(), 1) if q.dim() else 1)
        rank = rank.masked_fill(missing.any(-1, keepdim=True), last)
    if interpolation in ("lower", "higher", "nearest"):
        rank = {"lower": rank.floor, "higher": rank.ceil, "nearest": rank.round}[interpolation]()
    below = rank.detach().to(int64)
    values = ordered.gather(-1, below)
    if interpolation in ("linear", "midpoint"):
        weight = full_like(rank, 0.5) if interpolation == "midpoint" else rank - below
        values = lerp(values, ordered.gather(-1, rank.detach().ceil().to(int64)), weight)
    if keepdim:
        values = values.reshape((1,) * x.dim() + (-1,)) if dim is None else \
            values.unsqueeze(axis) if x.dim() else values
    if q.dim():
        values = values.unsqueeze(0).transpose(0, -1)
    return given(without_axis(values, -1), out)


# ---------------------------------------------------------------- search in sorted values

def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None,
                 out=None):
    """Where values would have to be put into sorted ones so that these stay sorted.

    Parameters
    ----------
    sorted_sequence : Tensor
        A vector, or rows along the last axis.
    input : Tensor or number
        The values; for rows, of the same sizes but the last.
    out_int32 : bool
        Whether the result is int32 rather than int64.
    right, side : bool, {"left", "right"}
        Whether to go behind equal values.
    sorter : Tensor, optional
        int64 places that sort `sorted_sequence`.
    """
    bounds = tensor_arg(sorted_sequence, "searchsorted", "sorted_sequence")
    values = input
    if is_scalar(values):
        if bounds.dim() != 1:
            raise RuntimeError(
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor "
                f"dimension is 1, but we got boundaries tensor dim({bounds.dim()}) and input "
                "value's dim(0) numel(1)")
        values = scalar_tensor(values, dtype=bounds.dtype if not isinstance(values, float)
                               or bounds.is_floating_point() else float64)
    check_search(bounds, tensor_arg(values, "searchsorted", "input"), right, side, sorter)
    right = right or side == "right"
    table, wanted = numbers(bounds.detach()), numbers(values.detach())
    if sorter is not None:
        table = numpy.take_along_axis(table, numbers(sorter), -1)
    way = "right" if right else "left"
    if table.ndim == 1:
        found = numpy.searchsorted(table, wanted, way)
    else:
        found = numpy.empty(wanted.shape, numpy.int64)
        for at in numpy.ndindex(table.shape[:-1]):
            found[at] = numpy.searchsorted(table[at], wanted[at], way)
    dtype = int32 if out_int32 else int64
    if out is not None and out.dtype is not dtype:
        raise RuntimeError(
            "torch.searchsorted(): output tensor's dtype is wrong, it can only be Int(int32) or "
            "Long(int64) depending on whether out_int32 flag is True, but we got output tensor's "
            f"dtype {scalar_type(out.dtype)} and out_int32 flag is "
            f"{'True' if out_int32 else 'False'}")
    return given(tensor_of(numpy.array(found, numpy.int64), int64).to(dtype), out)


def check_search(bounds, values, right, side, sorter):
    if side is not None and side not in ("left", "right"):
        raise RuntimeError("torch.searchsorted(): side can only be 'left' or 'right' but got "
                           f"{side}")
    if right and side == "left":
        raise RuntimeError("torch.searchsorted(): side and right can't be set to opposites, got "
                           "side of left while right was True")
    if values.dim() == 0 and bounds.dim() != 1:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor "
            f"dimension is 1, but we got boundaries tensor dim({bounds.dim()}) and input value's "
            f"dim(0) numel({values.numel()})")
    if sorter is not None:
        if sorter.shape != bounds.shape:
            raise RuntimeError("torch.searchsorted(): boundary and sorter must have the same "
                               f"size, but got boundary tensor {list(bounds.shape)}and got sorter "
                               f"tensor {list(sorter.shape)}")
        if sorter.dtype is not int64:
            raise RuntimeError("torch.searchsorted(): sorter must be a tensor of long dtype but "
                               f"got dtype {scalar_type(sorter.dtype)}")
        if sorter.numel() and not bool(((sorter >= 0) & (sorter < bounds.shape[-1])).all()):
            raise RuntimeError("torch.searchsorted(): sorter index out of range")
    if bounds.dim() == 0:
        raise RuntimeError("torch.searchsorted(): boundaries tensor should have positive "
                           "dimension, but got 0 dimension")
    if bounds.dim() > 1 and bounds.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of boundaries tensor and input value tensor must match, but we got "
            f"boundaries tensor {list(bounds.shape)} and input value tensor "
            f"{list(values.shape)}")


def bucketize(input, boundaries, *, out_int32=False, right=False, out=None):
    """The number of the interval between sorted boundaries in which each value lies."""
    bounds = tensor_arg(boundaries, "bucketize", "boundaries")
    if bounds.dim() != 1:
        raise RuntimeError("boundaries tensor must be 1 dimension, but got "
                           f"dim({bounds.dim()})")
    return searchsorted(bounds, input, out_int32=out_int32, right=right, out=out)


# ---------------------------------------------------------------- membership and counts

def isin(elements=None, test_elements=None, *, element=None, test_element=None,
         assume_unique=False, invert=False, out=None):
    """For each element whether it is among the test elements (with `invert`: whether not).

    Parameters
    ----------
    elements, test_elements : Tensor or number
        One of them a tensor; the other may be called `element` or `test_element` then.
    assume_unique : bool
        Promise that neither has an element twice; changes nothing here.
    invert : bool
    """
    elements = element if elements is None else elements
    test_elements = test_element if test_elements is None else test_elements
    if elements is None or test_elements is None or is_scalar(elements) \
            and is_scalar(test_elements):
        raise TypeError("isin() received an invalid combination of arguments: one of elements and "
                        "test_elements must be a Tensor")
    first, second = as_tensor(elements), as_tensor(test_elements)
    found = numpy.isin(numbers(first.detach()), numbers(second.detach()),
                       assume_unique=assume_unique, invert=invert)
    return given(as_tensor(numpy.array(found)), out)


def bincount(input, weights=None, minlength=0):
    """How often each number from 0 occurs in a vector of integers.

    Parameters
    ----------
    input : Tensor
    weights : Tensor, optional
        What each occurrence counts; the result has float32 for float32 weights, else float64.
    minlength : int
        The least size of the result.
    """
    x = tensor_arg(input, "bincount", "input")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.dim() != 1 or x.is_floating_point() or x.numel() and int(x.min()) < 0:
        if x.is_floating_point():
            raise NotImplementedError("\"bincount_cpu\" not implemented for "
                                      f"'{scalar_type(x.dtype)}'")
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        counts = numpy.bincount(numbers(x), minlength=minlength)
        return tensor_of(numpy.array(counts, numpy.int64), int64)
    if weights.dim() != 1 or weights.shape[0] != x.shape[0]:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    dtype = float32 if weights.dtype is float32 else float64
    if x.numel() == 0:
        return zeros(minlength, dtype=dtype)
    sums = numpy.bincount(numbers(x), numbers(weights.detach()), minlength)
    return tensor_of(numpy.array(sums, numpy.float64), float64).to(dtype)


def histc(input, bins=100, min=0, max=0, *, out=None):
    """How many elements lie in each of `bins` equal intervals from `min` to `max`.

    The last interval has its upper end too; both ends 0 mean the least and largest element.
    Elements outside are not counted.

    Returns
    -------
    Tensor
        A vector of the input's dtype.
    """
    x = tensor_arg(input, "histc", "input")
    if not x.is_floating_point():
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{scalar_type(x.dtype)}'")
    if bins <= 0:
        raise RuntimeError(f"torch.histc(): bins must be > 0, but got {bins}")
    if max < min:
        raise RuntimeError("torch.histc: max must be larger than min")
    array = numbers(x.detach()).reshape(-1)
    low, high = float(min), float(max)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (numpy.isfinite(low) and numpy.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    flat = x.detach().reshape(-1)[tensor_of((array >= low) & (array <= high), bool_)]
    # in the input's own precision, to sort values near an edge as PyTorch does
    low, high = (scalar_tensor(end, dtype=x.dtype) for end in (low, high))
    places = numbers(((flat - low) / (high - low) * bins).to(int64))
    counts = numpy.bincount(numpy.minimum(places, bins - 1), minlength=bins)
    return given(tensor_of(counts.astype(numpy.int64), int64).to(x.dtype), out)


def histogram(input, bins, *, range=None, weight=None, density=False, out=None):
    """How many elements lie in each interval, of which the last has its upper end too.

    Parameters
    ----------
    input : Tensor
    bins : int or Tensor
        The number of equal intervals, or the ends of all in order.
    range : (float, float), optional
        What the equal intervals cover; default: from the least to the largest element.
    weight : Tensor, optional
        What each element counts, of the input's shape and dtype.
    density : bool
        Scale so that the integral over the intervals is 1.

    Returns
    -------
    (hist, bin_edges)
        A named pair, of the input's dtype.
    """
    x = tensor_arg(input, "histogram", "input").detach()
    if x.dtype not in (float32, float64):
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{scalar_type(x.dtype)}'")
    array = numbers(x).reshape(-1)
    if is_scalar(bins):
        edges = numbers(linspace(*outer_edges(array, bins, range), bins + 1, dtype=x.dtype))
    else:
        if range is not None:
            raise TypeError("histogram(): argument 'range' goes with a number of bins only")
        if tensor_arg(bins, "histogram", "bins").dtype is not x.dtype:
            raise RuntimeError("torch.histogramdd: input tensor and bins tensors should have the "
                               f"same dtype, but got input with dtype {scalar_type(x.dtype)} and "
                               f"bins for dimension 0 with dtype {scalar_type(bins.dtype)}")
        if bins.dim() != 1 or bins.numel() == 0:
            raise RuntimeError("torch.histogramdd: bins tensor should have one dimension and at "
                               f"least 1 element, but got {bins.dim()} dimensions and "
                               f"{bins.numel()} elements in the bins tensor for dimension 0")
        edges = numbers(bins.detach())
    inside = (array >= edges[0]) & (array <= edges[-1])
    places = numpy.minimum(numpy.searchsorted(edges, array[inside], "right") - 1, len(edges) - 2)
    counted = None
    if weight is not None:
        if weight.shape != x.shape or weight.dtype is not x.dtype:
            raise RuntimeError("torch.histogramdd: if weight tensor is provided it should have the "
                               "same shape and dtype as the input tensor")
        counted = numbers(weight.detach()).reshape(-1)[inside]
    hist = numpy.bincount(places, counted, len(edges) - 1).astype(array.dtype)
    if density:
        with numpy.errstate(invalid="ignore"):
            hist = hist / (hist.sum() * numpy.diff(edges))
    return pair_form(HISTOGRAM, (tensor_of(numpy.array(hist, array.dtype), x.dtype),
                                 tensor_of(numpy.array(edges), x.dtype)), out)


def outer_edges(array, bins, ends):
    """What the intervals of `histogram` cover."""
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if ends is not None:
        low, high = ends
    else:
        low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 1.0)
    if not (numpy.isfinite(low) and numpy.isfinite(high)):
        raise RuntimeError(f"torch.histogramdd: dimension 0's range [{low:g}, {high:g}] is not "
                           "finite")
    if low > high:
        raise RuntimeError(f"torch.histogramdd: min should not exceed max, but got min {low:g} max "
                           f"{high:g} for dimension 0")
    return (low, high) if low < high else (low - 0.5, high + 0.5)
