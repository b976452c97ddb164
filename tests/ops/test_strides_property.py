"""Random shapes, strides and indices against numpy, whose views follow the same rules."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch as mt

settings.register_profile("ops", max_examples=120, derandomize=True, deadline=None)
settings.load_profile("ops")


@st.composite
def shapes(draw, most=4):
    return tuple(draw(st.lists(st.integers(0, 4), max_size=most)))


@st.composite
def views(draw, shape=None):
    """(numpy array, tensor over its memory): permuted, stepped, offset, broadcast alike."""
    shape = draw(shapes()) if shape is None else shape
    steps = [draw(st.integers(1, 2)) for _ in shape]
    offsets = [draw(st.integers(0, 1)) for _ in shape]
    order = draw(st.permutations(range(len(shape))))
    large = [0] * len(shape)
    for place, axis in enumerate(order):
        large[place] = shape[axis] * steps[axis] + offsets[axis]
    values = np.arange(1, 1 + int(np.prod(large)), dtype=np.float64).reshape(large)
    back = np.argsort(order)
    key = tuple(
        slice(offset, offset + size * step, step)
        for offset, size, step in zip(offsets, shape, steps, strict=True)
    )
    array = values.transpose(back)[key]
    tensor = mt.from_numpy(values).permute(*back.tolist())[key] if shape else mt.tensor(
        float(values), dtype=mt.float64
    )
    return array, tensor


@st.composite
def broadcast_pairs(draw):
    """Two views whose shapes broadcast."""
    full = draw(shapes())
    sides = []
    for _ in range(2):
        shape = tuple(1 if draw(st.booleans()) else size for size in full)
        cut = draw(st.integers(0, len(shape)))
        sides.append(draw(views(shape=shape[cut:])))
    return sides


def same(tensor, array):
    assert tuple(tensor.shape) == array.shape
    np.testing.assert_array_equal(tensor.numpy(), array)


@given(views())
def test_view_shows_the_same_elements(pair):
    array, tensor = pair
    same(tensor, array)
    same(tensor.contiguous(), array)
    same(tensor.clone(), array)
    assert tensor.tolist() == array.tolist()
    assert tensor.is_contiguous() == bool(array.flags.c_contiguous) or array.size < 2


@given(broadcast_pairs())
def test_arithmetic_broadcasts_as_numpy(sides):
    (a, x), (b, y) = sides
    same(x + y, a + b)
    same(x * y, a * b)
    same(x - y, a - b)
    same(x / y, a / b)
    same(x < y, a < b)
    same(mt.maximum(x, y), np.maximum(a, b))


@given(broadcast_pairs())
def test_gradient_of_a_broadcast_has_the_shape_of_its_input(sides):
    (a, x), (b, y) = sides
    x, y = x.detach().requires_grad_(), y.detach().requires_grad_()
    (x * y).sum().backward()
    for leaf, other, own in ((x, b, a), (y, a, b)):
        wanted = np.broadcast_to(other, np.broadcast_shapes(a.shape, b.shape))
        lead = tuple(range(wanted.ndim - own.ndim))
        wanted = wanted.sum(axis=lead)
        kept = tuple(i for i, n in enumerate(own.shape) if n == 1 and wanted.shape[i] != 1)
        same(leaf.grad, wanted.sum(axis=kept, keepdims=True) if kept else wanted)


@given(views(), st.data())
def test_reductions_of_any_strides(pair, data):
    array, tensor = pair
    axes = data.draw(st.sets(st.integers(0, max(array.ndim - 1, 0)), max_size=array.ndim))
    axes = tuple(sorted(axes)) if array.ndim else ()
    keep = data.draw(st.booleans())
    if axes:
        same(tensor.sum(axes, keepdim=keep), array.sum(axis=axes, keepdims=keep))
        if array.size:
            same(tensor.amax(axes, keepdim=keep), array.max(axis=axes, keepdims=keep))
    same(tensor.sum(), np.asarray(array.sum()))


@given(views(), st.data())
def test_inplace_writes_through_a_view_only_where_it_looks(pair, data):
    array, tensor = pair
    array += 1
    # both lie over the same memory, except for the 0-d case
    if tensor.dim():
        same(tensor, array)
    tensor.mul_(2)
    if tensor.dim():
        same(tensor, array)


@given(views(), st.data())
def test_basic_indexing_as_numpy(pair, data):
    array, tensor = pair
    key = []
    for size in array.shape[: data.draw(st.integers(0, array.ndim))]:
        kind = data.draw(st.sampled_from(["slice", "int", "step"]))
        if kind == "int" and size:
            key.append(data.draw(st.integers(-size, size - 1)))
        else:
            start = data.draw(st.integers(-size - 1, size + 1))
            stop = data.draw(st.integers(-size - 1, size + 1))
            key.append(slice(start, stop, 2 if kind == "step" else None))
    if data.draw(st.booleans()):
        key.insert(data.draw(st.integers(0, len(key))), None)
    key = tuple(key)
    same(tensor[key], np.asarray(array[key]))


@given(views(), st.data())
def test_reshape_as_numpy(pair, data):
    array, tensor = pair
    pieces = []
    rest = array.size
    while rest > 1 and len(pieces) < 4:
        divisors = [d for d in range(1, rest + 1) if rest % d == 0]
        pieces.append(data.draw(st.sampled_from(divisors)))
        rest //= pieces[-1]
    shape = (*pieces, rest)
    same(tensor.reshape(shape), array.reshape(shape))
    if len(array.shape) > 1:
        same(tensor.flatten(), array.reshape(-1))
