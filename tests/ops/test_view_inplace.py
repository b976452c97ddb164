"""Changes in place, seen through views: versions, histories and what autograd forbids."""

import pytest

import minitorch as mt


def doubled():
    """A leaf, and a tensor computed from it."""
    a = mt.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    return a, a * 2


def test_versions_are_shared_by_views_and_detached():
    a = mt.zeros(4)
    view, detached = a[1:], a.detach()
    view.add_(1)
    a[0] = 5
    detached.mul_(2)
    assert a._version == view._version == detached._version == 3
    assert a.tolist() == [10, 2, 2, 2]


def test_a_changed_view_rebases_the_history_of_its_base():
    a, b = doubled()
    view = b[1:3]
    view.mul_(10)
    assert b.grad_fn.name() == "torch::autograd::CopySlices"
    assert "grad_fn=<CopySlices>" in repr(b)
    assert view.grad_fn.name() == "AsStridedBackward0"
    b.sum().backward()
    assert a.grad.tolist() == [2, 20, 20, 2]


def test_other_views_follow():
    a, b = doubled()
    view, other = b[1:3], b[2:]
    view.mul_(10)
    assert other.tolist() == [60, 8]
    (other * other).sum().backward()
    assert a.grad.tolist() == [0, 0, 2 * 60 * 20, 2 * 8 * 2]


def test_a_changed_base_changes_the_history_of_its_views():
    a, b = doubled()
    view = b[1:3]
    b.mul_(3)
    view.sum().backward()
    assert a.grad.tolist() == [0, 6, 6, 0]


@pytest.mark.parametrize(("index", "grad"), [
    (0, [0, 2, 2, 2]),
    (slice(1, 3), [2, 0, 0, 2]),
    ([0, 2], [0, 2, 0, 2]),
    (..., [0, 0, 0, 0]),
])
def test_assigned_numbers_stop_the_gradient(index, grad):
    a, b = doubled()
    b[index] = 7.0
    b.sum().backward()
    assert a.grad.tolist() == grad


def test_assigned_tensors_get_their_gradient():
    a, b = doubled()
    b[0] = a[1] * 5
    b.sum().backward()
    assert a.grad.tolist() == [0, 7, 2, 2]


def test_assignment_makes_a_plain_tensor_part_of_the_graph():
    a, _ = doubled()
    c = mt.zeros(2, 3)
    c[:, 1] = a[:2]
    c[0] = c[0] * 2
    c.t()[2] = a[2]
    assert c.tolist() == [[0, 2, 3], [0, 2, 3]]
    assert not c.is_leaf
    (c * c).sum().backward()
    assert a.grad.tolist() == [8, 4, 12, 0]


def test_a_mask_and_a_view_of_a_view():
    a, b = doubled()
    b[b > 4] = a[0]
    assert b.tolist() == [2, 4, 1, 1]
    b.view(2, 2)[0].mul_(3)
    b.sum().backward()
    assert a.grad.tolist() == [6 + 2, 6, 0, 0]


def test_second_derivatives_through_a_changed_view():
    a, b = doubled()
    b[1] = a[0] * a[0]
    grad, = mt.autograd.grad((b * b * b).sum(), a, create_graph=True)
    # 8 a^3 + a0^6 + 8 a2^3 + 8 a3^3 with a = 1, 2, 3, 4
    assert grad.tolist() == [24 + 6, 0, 216, 384]
    second, = mt.autograd.grad(grad.sum(), a)
    assert second.tolist() == [48 + 30, 0, 144, 192]


LEAF = "a leaf Variable that requires grad is being used in an in-place operation."


@pytest.mark.parametrize(("change", "text"), [
    (lambda a, b: a.mul_(2), "^" + LEAF),
    (lambda a, b: a.__setitem__(0, 1.0), "^a view of " + LEAF),
    (lambda a, b: a[1:].mul_(2), "^a view of " + LEAF),
    (lambda a, b: a.copy_(b), "^" + LEAF),
    (lambda a, b: a.zero_(), "^" + LEAF),
    (lambda a, b: b.split(2)[0].mul_(2), "^Output 0 of Split is a view and is being modified"),
    (lambda a, b: b.unbind()[1].add_(2), "^Output 1 of Unbind is a view and is being modified"),
    (lambda a, b: b[:1].expand(3).mul_(2), "^unsupported operation: more than one element"),
    (lambda a, b: b[:1].expand(3).copy_(a[:3]), "^unsupported operation: more than one element"),
    (lambda a, b: b[1:].detach_(), "^Can't detach views in-place"),
], ids=range(10))
def test_what_autograd_forbids_changes_nothing(change, text):
    a, b = doubled()
    before = a.tolist(), b.tolist(), a._version, b._version
    with pytest.raises(RuntimeError, match=text):
        change(a, b)
    assert (a.tolist(), b.tolist(), a._version, b._version) == before


def test_views_made_in_no_grad():
    a, b = doubled()
    with mt.no_grad():
        view = b[1:]
        view.mul_(2)
    assert b.tolist() == [2, 8, 12, 16]
    with pytest.raises(RuntimeError, match="^A view was created in no_grad mode and is being"):
        view.mul_(2)


def test_leaves_may_change_in_no_grad():
    a, _ = doubled()
    with mt.no_grad():
        a[0] = 9
        a.add_(1)
    assert a.tolist() == [10, 3, 4, 5]
    assert a._version == 2
    assert a.is_leaf
    assert a.requires_grad


def test_saved_values_must_not_change():
    a, b = doubled()
    loss = (b * b).sum()
    b[0] = 1
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation: "
                                           r"\[torch.FloatTensor \[4\]\].*is at version 1; "
                                           "expected version 0 instead"):
        loss.backward()
    loss = (a.clone() * 3).sum()
    loss.backward()
    assert a.grad.tolist() == [3, 3, 3, 3]


def test_detach_in_place():
    _, b = doubled()
    assert b.detach_() is b
    assert b.is_leaf
    assert not b.requires_grad


def test_copy_from_overlapping_memory_is_refused():
    x = mt.arange(5.0)
    with pytest.raises(RuntimeError, match="some elements of the input tensor and the written-to"):
        x[1:] = x[:-1]
    x[1:] = x[:-1].clone()
    assert x.tolist() == [0, 0, 1, 2, 3]


def test_shape_changes_in_place():
    a = mt.ones(1, 3, requires_grad=True)
    b = a * 2
    row = b[0]
    assert b.squeeze_(0) is b
    assert b.shape == (3,)
    assert b._version == 1
    row.mul_(2)
    b.sum().backward()
    assert a.grad.tolist() == [[4, 4, 4]]
    x = mt.arange(6.0).reshape(2, 3).clone().t_().unsqueeze_(0)
    assert x.shape == (1, 3, 2)
    assert x.stride() == (3, 1, 3)
    assert x.transpose_(1, 2).tolist() == [[[0, 1, 2], [3, 4, 5]]]
    with pytest.raises(RuntimeError, match="^" + LEAF):
        a.squeeze_()
