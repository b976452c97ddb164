"""`einsum`: sums of products in Einstein's notation.

The operands are contracted from left to right, each pair by one batched matrix product.
"""

from string import ascii_letters

from minitorch._ops.linear import bmm, dot
from minitorch._ops.strided import diagonal

__all__ = ["einsum"]

ELLIPSIS = "..."


def einsum(*args):
    """Sums of products along labelled axes.

    ``einsum("ij,jk->ik", a, b)`` or, with numbers as labels, ``einsum(a, [0, 1], b, [1, 2],
    [0, 2])``. A label that occurs twice in one operand takes the diagonal; labels that are not
    in the output are summed; ``...`` stands for further axes, which are broadcast. Without
    ``->`` the output has the labels that occur once, in order of the alphabet.

    Raises
    ------
    ValueError
        Without operands.
    RuntimeError
        For an equation that does not fit its operands.
    """
    if len(args) < 2:
        raise ValueError("einsum(): must specify the equation string and at least one operand, "
                         "or at least one operand and its subscripts list")
    equation, operands = (args[0], args[1:]) if isinstance(args[0], str) else from_lists(args)
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = operands[0]
    inputs, output = parsed(equation, len(operands))
    return contracted(list(operands), inputs, output)


# ---------------------------------------------------------------- the equation

def from_lists(args):
    """The equation and operands of the form with lists of numbers."""
    operands = args[:len(args) // 2 * 2:2]
    lists = args[1::2]
    texts = [",".join(map(list_text, lists[:len(operands)]))]
    if len(args) % 2:
        texts.append(list_text(args[-1]))
    return "->".join(texts), operands


def list_text(labels):
    """One list of numbers and ellipses as letters."""
    parts = []
    for label in labels:
        if label is Ellipsis:
            parts.append(ELLIPSIS)
        elif 0 <= label < 52:
            parts.append((ascii_letters[26:] + ascii_letters[:26])[label])
        else:
            raise ValueError("einsum(): subscript in subscript list is not within the valid range "
                             "[0, 52)")
    return "".join(parts)


def parsed(equation, count):
    """Labels of each operand, and of the output or None; an ellipsis is one label."""
    left, arrow, right = equation.partition("->")
    inputs = [labels_of(text, f"operand {i}") for i, text in enumerate(left.split(","))]
    if len(inputs) < count:
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    if len(inputs) > count:
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    return inputs, labels_of(right, "output") if arrow else None


def labels_of(text, where):
    """The labels in one part of the equation."""
    labels, i = [], 0
    while i < len(text):
        letter = text[i]
        if letter == ".":
            if ELLIPSIS in labels:
                raise RuntimeError(f"einsum(): found '.' for {where} for which an ellipsis was "
                                   "already found" if where != "output" else
                                   "einsum(): found '.' for output but an ellipsis (...) was "
                                   "already found")
            if text[i:i + 3] != ELLIPSIS:
                raise RuntimeError(f"einsum(): found '.' for {where} that is not part of any "
                                   "ellipsis" + (" (...)" if where == "output" else ""))
            labels.append(ELLIPSIS)
            i += 3
            continue
        if letter != " ":
            if letter not in ascii_letters:
                raise RuntimeError(f"einsum(): invalid subscript given at index {i} in the "
                                   "equation string, subscripts must be in [a-zA-Z]")
            labels.append(letter)
        i += 1
    return labels


def ellipsis_sizes(operands, inputs):
    """For each operand the number of axes its ellipsis covers; checks the labels' number."""
    covered = []
    for i, (operand, labels) in enumerate(zip(operands, inputs, strict=True)):
        named = len(labels) - (ELLIPSIS in labels)
        more = operand.dim() - named
        if more < 0 or more and ELLIPSIS not in labels:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) "
                + ("is more than the number of dimensions" if ELLIPSIS in labels
                   else "does not match the number of dimensions")
                + f" ({operand.dim()}) for operand {i}"
                + ("" if ELLIPSIS in labels else " and no ellipsis was given"))
        covered.append(more)
    return covered


def spelled(labels, covered, width):
    """Labels with the ellipsis written out: numbers from the right end of all it covers."""
    if ELLIPSIS not in labels:
        return list(labels)
    at = labels.index(ELLIPSIS)
    return labels[:at] + list(range(width - covered, width)) + labels[at + 1:]


# ---------------------------------------------------------------- the contraction

def contracted(operands, inputs, output):
    """Axes in one common order (output first, then summed), then one pair after the other."""
    covered = ellipsis_sizes(operands, inputs)
    width = max(covered, default=0)
    inputs = [spelled(labels, more, width) for labels, more in zip(inputs, covered, strict=True)]
    used = [label for labels in inputs for label in labels]
    dots = list(range(width))
    letters = sorted({label for label in used if isinstance(label, str)})
    if output is None:
        wanted = dots + [label for label in letters if used.count(label) == 1]
    else:
        wanted = spelled(output, width, width)
        check_output(wanted, used)
    summed = [label for label in letters + dots if label not in wanted]
    order = wanted + summed
    placed = [arranged(operand, labels, order, i)
              for i, (operand, labels) in enumerate(zip(operands, inputs, strict=True))]
    check_sizes(order, placed)
    last_use = [max((i for i, labels in enumerate(inputs) if label in labels), default=0)
                for label in order]
    to_sum = range(len(wanted), len(order))
    result = placed[0]
    first = [axis for axis in to_sum if last_use[axis] == 0]
    if len(placed) == 1:
        return result.sum(first) if first else result
    if first:
        result = result.sum(first, keepdim=True, dtype=result.dtype)
    for i, other in enumerate(placed[1:], 1):
        dims = [axis for axis in to_sum if last_use[axis] == i]
        result = pair(result, other, dims)
    return result.view(result.shape[:len(wanted)]) if to_sum else result


def check_output(wanted, used):
    for label in wanted:
        if wanted.count(label) > 1:
            raise RuntimeError(f"einsum(): output subscript {label} appears more than once in "
                               "the output")
        if isinstance(label, str) and label not in used:
            raise RuntimeError(f"einsum(): output subscript {label} does not appear in the "
                               "equation for any input operand")


def arranged(operand, labels, order, number):
    """An operand with its axes in the common order, size 1 where it has none."""
    seen = []
    for label in labels:
        if label not in seen:
            seen.append(label)
            continue
        first, second = seen.index(label), len(seen)
        if operand.shape[first] != operand.shape[second]:
            raise RuntimeError(
                f"einsum(): subscript {label} is repeated for operand {number} but the sizes "
                f"don't match, {operand.shape[second]} != {operand.shape[first]}")
        operand = diagonal(operand, 0, first, second).movedim(-1, first)
    operand = operand.permute([seen.index(label) for label in order if label in seen])
    for axis, label in enumerate(order):
        if label not in seen:
            operand = operand.unsqueeze(axis)
    return operand


def check_sizes(order, placed):
    for axis, label in enumerate(order):
        seen = 1
        for number, one in enumerate(placed):
            size = one.shape[axis]
            if size != 1 and seen not in (1, size):
                what = f"subscript {label}" if isinstance(label, str) else f"dimension {label}"
                raise RuntimeError(f"einsum(): {what} has size {size} for operand {number} which "
                                   f"does not broadcast with previously seen size {seen}")
            seen = max(seen, size) if size else size


def pair(a, b, dims):
    """The product of two operands, summed over `dims`, which are kept with size 1."""
    if not dims:
        return a * b
    batch, left, right, inner = [], [], [], []
    for axis in range(a.dim()):
        in_a, in_b = a.shape[axis] != 1, b.shape[axis] != 1
        if axis in dims:
            if in_a and in_b:
                inner.append(axis)
            elif in_a:
                a = a.sum(axis, keepdim=True, dtype=a.dtype)
                right.append(axis)
            else:
                b = b.sum(axis, keepdim=True, dtype=b.dtype) if in_b else b
                right.append(axis)
        elif in_a and in_b:
            batch.append(axis)
        elif in_a:
            left.append(axis)
        else:
            right.append(axis)
    if len(inner) == a.dim():
        return dot(a.flatten(), b.flatten()).reshape([1] * a.dim())

    def count(tensor, axes):
        number = 1
        for axis in axes:
            number *= tensor.shape[axis]
        return number

    sizes = ([a.shape[axis] for axis in batch + left] + [1] * len(inner)
             + [b.shape[axis] for axis in right])
    order = batch + left + inner + right
    product = bmm(
        a.permute(order).reshape(count(a, batch), count(a, left), count(a, inner)),
        b.permute(batch + inner + right + left).reshape(count(b, batch), count(a, inner),
                                                        count(b, right)))
    return product.view(sizes).permute([order.index(axis) for axis in range(len(order))])
