"""For tests: :func:`assert_close` compares, :func:`make_tensor` makes samples.

Tolerances, rules and texts are those of ``torch.testing``. The comparison itself runs in numpy,
so that it does not rest on the operators it is used to test.
"""

import math

import numpy as np

from minitorch._core.tensor import TensorBase

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

# dtype name -> (rtol, atol); integers and bool are compared for equality.
_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}


def assert_close(
    actual,
    expected,
    *,
    allow_subclasses=True,
    rtol=None,
    atol=None,
    equal_nan=False,
    check_device=True,
    check_dtype=True,
    check_layout=True,
    check_stride=False,
    msg=None,
):
    """Raise AssertionError unless ``|actual - expected| <= atol + rtol * |expected|``.

    Parameters
    ----------
    actual, expected : Tensor, numpy array, number, bool, None, sequence or mapping of them
        What to compare; sequences and mappings item by item.
    allow_subclasses : bool, default True
        If False, inputs of two different classes are refused.
    rtol, atol : float, optional
        Give both or none. Without them: float64 1e-7 and 1e-7, float32 1.3e-6 and 1e-5, float16
        1e-3 and 1e-5, bfloat16 1.6e-2 and 1e-5, everything else 0; of two dtypes the looser.
    equal_nan : bool, default False
        Count two nan as equal.
    check_device, check_dtype, check_layout, check_stride : bool
        Which attributes must agree too. (There is one device and one layout here.)
    msg : str or callable, optional
        Text of the error where values or attributes differ; a callable gets the generated text
        and returns another.

    Raises
    ------
    AssertionError
        If the values, shapes, lengths, keys or checked attributes differ.
    TypeError
        If two inputs cannot be compared.
    ValueError
        If only one of `rtol` and `atol` is given.
    """
    options = {
        "allow_subclasses": allow_subclasses,
        "rtol": rtol,
        "atol": atol,
        "equal_nan": equal_nan,
        "check_device": check_device,
        "check_dtype": check_dtype,
        "check_layout": check_layout,
        "check_stride": check_stride,
    }
    failure = _first_failure(actual, expected, (), options)
    if failure is None:
        return
    kind, text, place, structural = failure
    if place:
        text += "\n\nThe failure occurred for item " + "".join(f"[{item!r}]" for item in place)
    if msg is not None and not structural:
        text = msg(text) if callable(msg) else msg
    raise kind(text)


def assert_allclose(actual, expected, rtol=None, atol=None, equal_nan=True, msg=""):
    """PyTorch's older name; :func:`assert_close` without the dtype and device checks."""
    assert_close(
        actual,
        expected,
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_device=False,
        check_dtype=False,
        check_stride=False,
        msg=msg or None,
    )


def _first_failure(actual, expected, place, options):
    """(exception type, text, place, structural) of the first difference, or None.

    Structural are differences that leave nothing to compare: lengths, keys, kinds of objects.
    """
    if _is_sequence(actual) and _is_sequence(expected):
        return _compare_sequences(actual, expected, place, options)
    if hasattr(actual, "keys") and hasattr(expected, "keys"):
        return _compare_mappings(actual, expected, place, options)
    result = _compare_items(actual, expected, options)
    return None if result is None else (*result, place, result[0] is not AssertionError)


def _is_sequence(value):
    return hasattr(value, "__getitem__") and not isinstance(
        value, str | bytes | np.ndarray | np.generic | TensorBase
    ) and not hasattr(value, "keys")


def _compare_sequences(actual, expected, place, options):
    if len(actual) != len(expected):
        text = f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
        return AssertionError, text, place, True
    for i in range(len(actual)):
        failure = _first_failure(actual[i], expected[i], (*place, i), options)
        if failure:
            return failure
    return None


def _compare_mappings(actual, expected, place, options):
    missing = [key for key in expected if key not in actual]
    additional = [key for key in actual if key not in expected]
    if missing or additional:
        text = (
            "The keys of the mappings do not match:\n"
            f"Missing keys in the actual mapping: {sorted(missing)}\n"
            f"Additional keys in the actual mapping: {sorted(additional)}"
        )
        return AssertionError, text, place, True
    for key in actual:
        failure = _first_failure(actual[key], expected[key], (*place, key), options)
        if failure:
            return failure
    return None


def _compare_items(actual, expected, options):
    if actual is None or expected is None:
        if actual is expected:
            return None
        return AssertionError, f"None mismatch: {actual} is not {expected}"
    if isinstance(actual, bool | np.bool_) and isinstance(expected, bool | np.bool_):
        if bool(actual) == bool(expected):
            return None
        return AssertionError, f"Booleans mismatch: {bool(actual)} is not {bool(expected)}"
    numbers = (int, float, np.number)
    if isinstance(actual, numbers) and isinstance(expected, numbers):
        return _compare_numbers(_plain(actual), _plain(expected), options)
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    same = options["allow_subclasses"] or type(actual) is type(expected)
    arrays = (TensorBase, np.ndarray)
    if related and same and isinstance(actual, arrays) and isinstance(expected, arrays):
        return _compare_tensors(_as_tensor(actual), _as_tensor(expected), options)
    return TypeError, (
        "No comparison pair was able to handle inputs of type "
        f"{type(actual)} and {type(expected)}."
    )


def _plain(number):
    return number.item() if isinstance(number, np.number) else number


def _as_tensor(value):
    if isinstance(value, TensorBase):
        return value
    from minitorch import as_tensor

    return as_tensor(value)


def _compare_numbers(actual, expected, options):
    kinds = ["float64" if isinstance(value, float) else "int64" for value in (actual, expected)]
    tolerances = _tolerances(kinds, options)
    if isinstance(tolerances, str):
        return ValueError, tolerances
    rtol, atol = tolerances
    if options["check_dtype"] and type(actual) is not type(expected):
        return AssertionError, f"The (d)types do not match: {type(actual)} != {type(expected)}."
    both_nan = actual != actual and expected != expected
    if actual == expected or (both_nan and options["equal_nan"]):
        return None
    difference = abs(actual - expected)
    if math.isfinite(difference) and difference <= atol + rtol * abs(expected):
        return None
    return AssertionError, _scalar_text("Scalars", actual, expected, rtol, atol)


def _tolerances(names, options):
    """(rtol, atol), or the text of the error when only one is given."""
    rtol, atol = options["rtol"], options["atol"]
    if (rtol is None) != (atol is None):
        return (
            "Both 'rtol' and 'atol' must be either specified or omitted, "
            f"but got no {'rtol' if rtol is None else 'atol'}."
        )
    if rtol is not None:
        return rtol, atol
    pairs = [_TOLERANCES.get(name, (0.0, 0.0)) for name in names]
    return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


def _dtype_name(tensor):
    return str(tensor.dtype).rpartition(".")[2]


def _compare_tensors(actual, expected, options):
    tolerances = _tolerances([_dtype_name(actual), _dtype_name(expected)], options)
    if isinstance(tolerances, str):
        return ValueError, tolerances
    checks = [("shape", True, actual.shape, expected.shape)]
    if options["check_stride"]:
        checks.append(("stride()", True, actual.stride(), expected.stride()))
    checks.append(("device", options["check_device"], actual.device, expected.device))
    checks.append(("dtype", options["check_dtype"], actual.dtype, expected.dtype))
    for name, wanted, ours, theirs in checks:
        if wanted and ours != theirs:
            return AssertionError, (
                f"The values for attribute '{name}' do not match: {ours} != {theirs}."
            )
    return _compare_values(_to_numpy(actual), _to_numpy(expected), *tolerances, options)


def _to_numpy(tensor):
    plain = tensor.detach()
    return (plain.float() if _dtype_name(tensor) == "bfloat16" else plain).numpy()


def _compare_values(actual, expected, rtol, atol, options):
    wide = np.float64 if "f" in (actual.dtype.kind + expected.dtype.kind) else np.int64
    a, e = actual.astype(wide), expected.astype(wide)
    with np.errstate(all="ignore"):
        # The differences that are reported keep the dtype of the inputs, as PyTorch's do.
        narrow = _promoted(actual.dtype, expected.dtype)
        reported = np.abs(actual.astype(narrow) - expected.astype(narrow))
        difference = np.abs(a - e)
        matches = (a == e) | (np.isfinite(difference) & (difference <= atol + rtol * np.abs(e)))
    if options["equal_nan"]:
        matches |= (a != a) & (e != e)
    if matches.all():
        return None
    if actual.ndim == 0:
        return AssertionError, _scalar_text("Scalars", a.item(), e.item(), rtol, atol)
    return AssertionError, _tensor_text(matches, reported, expected.astype(narrow), rtol, atol)


def _promoted(first, second):
    """PyTorch's promotion for differences: an integer gives way to any float; integers widen."""
    kinds = (first.kind == "f", second.kind == "f")
    if all(kinds):
        return np.promote_types(first, second)
    return first if kinds[0] else second if kinds[1] else np.dtype(np.int64)


def _scalar_text(who, actual, expected, rtol, atol):
    absolute = abs(actual - expected)
    relative = math.inf if expected == 0 else absolute / abs(expected)
    lines = [
        f"Expected {expected} but got {actual}.",
        f"Absolute difference: {absolute}" + _allowed(atol, rtol, atol),
        f"Relative difference: {relative}" + _allowed(rtol, rtol, atol),
    ]
    return _headline(who, rtol, atol) + "\n".join(lines)


def _tensor_text(matches, difference, expected, rtol, atol):
    bad = int(matches.size - matches.sum())
    with np.errstate(all="ignore"):
        if difference.dtype.kind == "f":
            relative = difference / np.abs(expected)
        else:
            # PyTorch divides integers into its default dtype.
            relative = (difference / np.abs(expected)).astype(np.float32)
    lines = [f"Mismatched elements: {bad} / {matches.size} ({bad / matches.size:.1%})"]
    for name, values, tolerance in (("absolute", difference, atol), ("relative", relative, rtol)):
        values = np.where(matches, 0, values)
        # argmax of a nan is the nan itself, as in PyTorch's max.
        index = tuple(int(i) for i in np.unravel_index(np.argmax(values), values.shape))
        lines.append(
            f"Greatest {name} difference: {values[index].item()} at index {index}"
            + _allowed(tolerance, rtol, atol)
        )
    return _headline("Tensor-likes", rtol, atol) + "\n".join(lines)


def _headline(who, rtol, atol):
    return f"{who} are not {'equal' if rtol == 0 and atol == 0 else 'close'}!\n\n"


def _allowed(tolerance, rtol, atol):
    return "" if rtol == 0 and atol == 0 else f" (up to {tolerance} allowed)"


def make_tensor(
    *shape,
    dtype,
    device="cpu",
    low=None,
    high=None,
    requires_grad=False,
    noncontiguous=False,
    exclude_zero=False,
    memory_format=None,
):
    """Make a tensor of values drawn uniformly from ``[low, high)``.

    Parameters
    ----------
    *shape : int, or one sequence of int
    dtype : dtype
    device : str or device, default "cpu"
    low, high : number, optional
        Default: -9 and 9 for floating dtypes, -9 and 10 for signed integers, 0 and 10 for uint8,
        0 and 2 for bool. Clamped to what the dtype can hold.
    requires_grad : bool, default False
        Floating dtypes only.
    noncontiguous : bool, default False
        Give every second element of a larger tensor, where there are two elements at least.
    exclude_zero : bool, default False
        Replace zeros by one, or by the smallest normal number of a floating dtype.
    memory_format : memory_format, optional
        Excludes `noncontiguous`.

    Returns
    -------
    Tensor
        Of the given shape and dtype.

    Raises
    ------
    ValueError
        If ``low >= high`` or one is nan, or the options exclude each other.
    """
    import minitorch

    if len(shape) == 1 and not isinstance(shape[0], int):
        shape = tuple(shape[0])
    floating = dtype.is_floating_point
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, "
            f"but got noncontiguous={noncontiguous} and memory_format={memory_format}"
        )
    if requires_grad and not floating:
        raise ValueError(
            "`requires_grad=True` is not supported for boolean and integral dtypes, "
            f"but got dtype={dtype}"
        )
    low, high = _bounds(dtype, low, high)
    spread = noncontiguous and math.prod(shape) > 1
    if spread:
        shape = (*shape[:-1], 2 * shape[-1])
    if floating:
        result = minitorch.empty(shape, dtype=dtype, device=device).uniform_(low, high)
    else:
        result = minitorch.randint(low, high, shape, dtype=dtype, device=device)
    if spread:
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        result[result == 0] = minitorch.finfo(dtype).tiny if floating else 1
    return result.requires_grad_() if requires_grad else result


def _bounds(dtype, low, high):
    import minitorch

    if dtype.is_floating_point:
        info = minitorch.finfo(dtype)
        least, most, default_low, default_high = info.min, info.max, -9, 9
    elif dtype == minitorch.bool:
        least, most, default_low, default_high = 0, 2, 0, 2
    else:
        info = minitorch.iinfo(dtype)
        least, default_low, default_high = info.min, max(info.min, -9), 10
        most = info.max + (dtype != minitorch.int64)
    low = default_low if low is None else low
    high = default_high if high is None else high
    if low != low or high != high:
        raise ValueError(f"`low` and `high` cannot be NaN, but got low={low} and high={high}")
    if low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    if high < least or low >= most:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), "
            f"but {dtype} only supports [{least}, {most})"
        )
    low, high = min(max(low, least), most), min(max(high, least), most)
    return (low, high) if dtype.is_floating_point else (math.ceil(low), math.ceil(high))
