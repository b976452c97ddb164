"""Printing of tensors, character for character as PyTorch prints them.

The text is built from a numpy view of the values, never from tensor operations: printing must
not record, must not allocate tensors, and must work while the operators themselves are broken.

One :class:`_Formatter` looks at all values that will be shown and decides how every one of them
is written (as integers, with a fixed number of decimals, or in scientific notation) and how wide
a column is; the rest is nesting, line breaks and the suffixes after the brackets.
"""

import math

import numpy as np

__all__ = ["get_printoptions", "printoptions", "set_printoptions"]

_PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}

_options = {**_PROFILES["default"], "sci_mode": None}

# Values beyond these limits, or this far apart, are written in scientific notation.
_SCI_RATIO = 1000.0
_SCI_ABOVE = 1.0e8
_SCI_BELOW = 1.0e-4


def set_printoptions(
    precision=None,
    threshold=None,
    edgeitems=None,
    linewidth=None,
    profile=None,
    sci_mode=None,
):
    """Set how tensors are printed.

    Parameters
    ----------
    precision : int, optional
        Digits after the decimal point of floating values (4 at the start).
    threshold : int or float, optional
        Tensors with more elements than this are summarised (1000).
    edgeitems : int, optional
        Items shown at both ends of each summarised dimension (3).
    linewidth : int, optional
        Characters per line, for the line breaks (80).
    profile : {"default", "short", "full"}, optional
        A set of the four above; arguments given beside it win over it.
    sci_mode : bool, optional
        Force scientific notation on or off. ``None`` lets the values decide. As in PyTorch, each
        call sets it, so a call without it returns to ``None``.

    Raises
    ------
    ValueError
        If `profile` is not one of the three names.
    """
    if profile is not None:
        if profile not in _PROFILES:
            names = ", ".join(repr(name) for name in _PROFILES)
            raise ValueError(f"set_printoptions: profile must be one of {names}, got {profile!r}")
        _options.update(_PROFILES[profile])
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    _options.update((name, value) for name, value in given.items() if value is not None)
    _options["sci_mode"] = sci_mode


def get_printoptions():
    """Return the options in force, as a dict that ``set_printoptions(**d)`` accepts."""
    return dict(_options)


class printoptions:
    """Context manager: the options of :func:`set_printoptions`, for the body only."""

    def __init__(self, **kwargs):
        self._kwargs = kwargs
        self._saved = None

    def __enter__(self):
        self._saved = get_printoptions()
        set_printoptions(**self._kwargs)

    def __exit__(self, *exc_info):
        _options.update(self._saved)


class _Formatter:
    """How one number of this tensor is written, and in how many columns.

    Parameters
    ----------
    values : numpy.ndarray
        Every value that will be shown; float (16 to 64 bits), integer or bool.
    """

    def __init__(self, values):
        self.floating = values.dtype.kind == "f"
        self.int_mode = True
        self.sci_mode = False
        self.max_width = 1
        if self.floating:
            self._measure_floats(values)
        else:
            self._widen(str(value) for value in values.ravel().tolist())

    def _measure_floats(self, values):
        # Zeros, nan and inf do not count: they fit into whatever the others need.
        values = values.astype(np.float64).ravel()
        values = values[np.isfinite(values) & (values != 0)]
        if values.size == 0:
            return
        self.int_mode = bool(np.all(values == np.ceil(values)))
        self.sci_mode = _wants_scientific(values)
        numbers = values.tolist()
        if self.sci_mode:
            self._widen(f"{value:.{_options['precision']}e}" for value in numbers)
        elif self.int_mode:
            self._widen(f"{value:.0f}." for value in numbers)
        else:
            self._widen(f"{value:.{_options['precision']}f}" for value in numbers)

    def _widen(self, texts):
        self.max_width = max(self.max_width, max(map(len, texts), default=0))

    def format(self, value):
        """One Python number as text, right-aligned in the column."""
        if not self.floating:
            text = str(value)
        elif self.sci_mode:
            text = f"{value:.{_options['precision']}e}"
        elif self.int_mode:
            text = f"{value:.0f}" + ("." if math.isfinite(value) else "")
        else:
            text = f"{value:.{_options['precision']}f}"
        return text.rjust(self.max_width)


def _wants_scientific(values):
    """Whether these finite, non-zero float64 values are written with an exponent."""
    if _options["sci_mode"] is not None:
        return _options["sci_mode"]
    sizes = np.abs(values)
    smallest, largest = sizes.min(), sizes.max()
    with np.errstate(over="ignore"):
        ratio = largest / smallest
    return bool(ratio > _SCI_RATIO or largest > _SCI_ABOVE or smallest < _SCI_BELOW)


def _shown(values):
    """The corners of `values` that a summary shows, as a smaller array."""
    edge = _options["edgeitems"]
    for dim, size in enumerate(values.shape):
        if size <= 2 * edge:
            continue
        if edge == 0:
            # PyTorch measures a vector by all its values here, and an array by none.
            return values if values.ndim == 1 else values.reshape(-1)[:0]
        keep = np.r_[0:edge, size - edge : size]
        values = values.take(keep, axis=dim)
    return values


def _vector_text(values, indent, summarize, formatter):
    edge = _options["edgeitems"]
    per_line = max(1, math.floor((_options["linewidth"] - indent) / (formatter.max_width + 2)))
    if summarize and not edge:
        items = ["..."]
    elif summarize and len(values) > 2 * edge:
        head, tail = values[:edge].tolist(), values[-edge:].tolist()
        items = [*map(formatter.format, head), " ...", *map(formatter.format, tail)]
    else:
        items = [formatter.format(value) for value in values.tolist()]
    lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _nested_text(values, indent, summarize, formatter):
    if values.ndim == 0:
        return formatter.format(values.item())
    if values.ndim == 1:
        return _vector_text(values, indent, summarize, formatter)
    edge, size = _options["edgeitems"], len(values)

    def text(rows):
        return [_nested_text(values[i], indent + 1, summarize, formatter) for i in rows]

    if summarize and size > 2 * edge:
        parts = text(range(edge)) + ["..."] + text(range(size - edge, size))
    else:
        parts = text(range(size))
    gap = "," + "\n" * (values.ndim - 1) + " " * (indent + 1)
    return "[" + gap.join(parts) + "]"


def _values_text(values, indent):
    """The brackets and numbers of a non-empty array, first line already indented."""
    summarize = values.size > _options["threshold"]
    formatter = _Formatter(_shown(values) if summarize else values)
    return _nested_text(values, indent, summarize, formatter)


def _append_suffixes(text, suffixes, indent):
    """Join the suffixes to the last line, on a line of their own where the width runs out."""
    width = len(text) - text.rfind("\n") + 1
    pieces = [text]
    for suffix in suffixes:
        if width + len(suffix) + 2 > _options["linewidth"]:
            pieces.append(",\n" + " " * indent + suffix)
            width = indent + len(suffix)
        else:
            pieces.append(", " + suffix)
            width += len(suffix) + 2
    return "".join(pieces) + ")"


def _to_numpy(tensor):
    """The values as a numpy array; bfloat16, which numpy lacks, widened to float32."""
    plain = tensor.detach()
    if str(plain.dtype).endswith("bfloat16"):
        plain = plain.float()
    return plain.numpy()


def _default_dtype_name():
    from minitorch import get_default_dtype

    return str(get_default_dtype())


def _shape_and_dtype_suffixes(tensor):
    """``size=`` and ``dtype=``, where the brackets do not say it already."""
    suffixes = []
    name = str(tensor.dtype)
    implied = [_default_dtype_name()]
    if tensor.numel() == 0:
        if tensor.dim() != 1:
            suffixes.append(f"size={tuple(tensor.shape)}")
    else:
        # Without elements nothing shows that the dtype is an integer or bool.
        root = name.rpartition(".")[0]
        implied += [f"{root}.int64".lstrip("."), f"{root}.bool".lstrip(".")]
        if not _options["edgeitems"]:
            suffixes.append(f"size={tuple(tensor.shape)}")
    if name not in implied:
        suffixes.append(f"dtype={name}")
    return suffixes


def _graph_suffixes(tensor):
    """``grad_fn=<Name>`` of a result, ``requires_grad=True`` of a leaf, or nothing."""
    try:
        node = tensor.grad_fn
    except RuntimeError:
        # A view made under no_grad and then changed in place has no valid history.
        return ["grad_fn=<Invalid>"]
    if node is not None:
        return [f"grad_fn=<{node.name().rpartition('::')[2]}>"]
    return ["requires_grad=True"] if tensor.requires_grad else []


def _str(tensor):
    """The text of ``repr(tensor)``; :class:`Parameter` puts its own line in front.

    Parameters
    ----------
    tensor : Tensor
        Any shape and dtype.

    Returns
    -------
    str
        For example ``tensor([2., 3.], requires_grad=True)``. A subclass of Tensor is printed
        under its own name.
    """
    kind = type(tensor).__name__
    prefix = "tensor(" if kind in ("Tensor", "Parameter") else f"{kind}("
    indent = len(prefix)
    text = "[]" if tensor.numel() == 0 else _values_text(_to_numpy(tensor), indent)
    suffixes = _shape_and_dtype_suffixes(tensor) + _graph_suffixes(tensor)
    return _append_suffixes(prefix + text, suffixes, indent)
