"""The backward pass as a user sees it: leaves, accumulation, freeing, in-place rules, errors."""

import gc
import threading
import weakref

import pytest

import minitorch as mt
from minitorch.testing import assert_close


def leaf(*values):
    return mt.tensor(list(values), requires_grad=True)


def test_gradients_of_the_tutorial_are_exact():
    a, b = leaf(2.0, 3.0), leaf(6.0, 4.0)
    q = 3 * a**3 - b**2
    assert q.tolist() == [-12.0, 65.0]
    q.backward(gradient=mt.tensor([1.0, 1.0]))
    assert a.grad.tolist() == [36.0, 81.0]
    assert b.grad.tolist() == [-12.0, -8.0]
    (3 * a**3 - b**2).sum().backward()
    assert a.grad.tolist() == [72.0, 162.0]
    assert b.grad.tolist() == [-24.0, -16.0]


def test_backward_needs_a_gradient_for_a_vector():
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar"):
        (leaf(1.0, 2.0) * 2).backward()


def test_backward_refuses_a_gradient_of_another_shape():
    x = leaf(1.0, 2.0)
    with pytest.raises(
        RuntimeError,
        match=r"Mismatch in shape: grad_output\[0\] has a shape of torch.Size\(\[3\]\) and "
        r"output\[0\] has a shape of torch.Size\(\[2\]\).",
    ):
        (x * 2).backward(mt.ones(3))


def test_backward_refuses_a_root_without_graph():
    text = "element 0 of tensors does not require grad and does not have a grad_fn"
    with pytest.raises(RuntimeError, match=text):
        mt.ones(1).backward()
    with pytest.raises(RuntimeError, match="element 1 of tensors does not require grad"):
        mt.autograd.backward([leaf(1.0).sum(), mt.ones(1)])


def test_backward_refuses_what_is_no_gradient():
    x = leaf(1.0)
    with pytest.raises(TypeError, match="gradients can be either Tensors or None, but got int"):
        mt.autograd.backward([x * 2], [3])
    with pytest.raises(RuntimeError, match="got 2 tensors and 1 gradients"):
        mt.autograd.backward([x * 2, x * 3], [None])
    with pytest.raises(RuntimeError, match="argument to `backward\\(\\)` cannot be empty"):
        (x * 2).backward(inputs=[])


def test_second_backward_fails_only_where_something_was_saved():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()
    x.grad = None
    z = (x + 1).sum()
    z.backward()
    z.backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_retain_graph_allows_a_second_backward():
    x = leaf(3.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [12.0]


def test_second_backward_accumulates_into_the_same_tensor():
    x = leaf(1.0, 2.0)
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad is first
    assert first.tolist() == [5.0, 5.0]


def test_a_tensor_used_twice_sums_both_gradients():
    x = leaf(3.0)
    (x * x).backward()
    assert x.grad.tolist() == [6.0]


def test_grad_returns_without_touching_dot_grad():
    x = mt.tensor(3.0, requires_grad=True)
    (d1,) = mt.autograd.grad(x**3, x, create_graph=True)
    (d2,) = mt.autograd.grad(d1, x)
    assert (d1.item(), d2.item()) == (27.0, 18.0)
    assert x.grad is None


def test_grad_of_an_intermediate_result():
    x = leaf(2.0)
    y = x * x
    z = y * 3
    assert mt.autograd.grad(z, y, retain_graph=True)[0].tolist() == [3.0]
    assert [g.tolist() for g in mt.autograd.grad(z, (x, y))] == [[12.0], [3.0]]


def test_grad_of_an_unused_input_is_an_error_unless_allowed():
    x, unused = leaf(1.0), leaf(1.0)
    text = "The differentiated Tensor at index 1 appears to not have been used in the graph"
    with pytest.raises(RuntimeError, match=text):
        mt.autograd.grad(x * 2, (x, unused))
    got = mt.autograd.grad(x * 2, (x, unused), allow_unused=True)
    assert got[1] is None
    got = mt.autograd.grad(x * 2, (x, unused), materialize_grads=True)
    assert got[1].tolist() == [0.0]


def test_grad_refuses_wrong_arguments():
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="argument to `grad\\(\\)` cannot be empty"):
        mt.autograd.grad(x * 2, [])
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors does not require"):
        mt.autograd.grad(x * 2, mt.ones(1))
    with pytest.raises(RuntimeError, match="all inputs have to be Tensors or GradientEdges"):
        mt.autograd.grad(x * 2, [3])
    with pytest.raises(ValueError, match="Expected allow_unused to be True or not passed"):
        mt.autograd.grad(x * 2, x, allow_unused=False, materialize_grads=True)


def test_grad_takes_and_returns_a_dict():
    x, y = leaf(1.0), leaf(2.0)
    got = mt.autograd.grad(x * y, {"x": x, "y": y})
    assert {name: g.tolist() for name, g in got.items()} == {"x": [2.0], "y": [1.0]}


def test_inputs_limits_what_accumulates():
    x, y = leaf(1.0), leaf(2.0)
    (x * y).backward(inputs=[x])
    assert x.grad.tolist() == [2.0]
    assert y.grad is None


def test_inputs_may_be_results_whose_gradient_is_then_kept():
    x = leaf(1.0, 2.0)
    y = x * 3
    (y * y).sum().backward(inputs=[y])
    assert y.grad.tolist() == [6.0, 12.0]
    assert x.grad is None


def test_batched_grads_are_rows_of_the_jacobian():
    x = mt.tensor([2.0, 3.0], requires_grad=True)
    (jacobian,) = mt.autograd.grad(x**2, x, mt.eye(2), is_grads_batched=True)
    assert jacobian.tolist() == [[4, 0], [0, 6]]
    with pytest.raises(RuntimeError, match="first dimension of each grad_output as the batch"):
        mt.autograd.grad(x**2, x, mt.ones(2, 3), is_grads_batched=True)


def test_requires_grad_follows_the_inputs():
    x, y, z = mt.rand(5, 5), mt.rand(5, 5), mt.rand((5, 5), requires_grad=True)
    assert not (x + y).requires_grad
    assert (x + z).requires_grad
    assert not (x + z).is_leaf and z.is_leaf


def test_requires_grad_of_a_result_cannot_be_cleared():
    y = leaf(1.0) * 2
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf"):
        y.requires_grad = False


def test_only_floating_tensors_require_grad():
    with pytest.raises(RuntimeError, match="Only Tensors of floating point"):
        mt.tensor([1, 2], requires_grad=True)
    with pytest.raises(RuntimeError, match="only Tensors of floating point"):
        mt.tensor([1, 2]).requires_grad_()


def test_dtype_cast_of_a_leaf_is_no_leaf_and_casts_back():
    x = leaf(1.0, 2.0)
    y = x.double()
    assert not y.is_leaf
    y.sum().backward()
    assert x.grad.dtype == mt.float32


def test_grad_of_a_result_is_filled_only_when_retained():
    x = leaf(1.0)
    y = x * 2
    with pytest.warns(UserWarning, match="grad attribute of a Tensor that is not a leaf"):
        assert y.grad is None
    y = x * 2
    y.retain_grad()
    (y * 3).backward()
    assert y.grad.tolist() == [3.0]


def test_leaf_inplace_is_refused_except_under_no_grad():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
        x[0].add_(1)
    version = x._version
    with mt.no_grad():
        x.add_(1)
    assert x.tolist() == [2.0, 3.0]
    assert x._version == version + 1


def test_inplace_change_of_a_saved_tensor_is_noticed():
    x = leaf(1.0, 2.0)
    y = x * 2
    z = y * y
    y.add_(1)
    text = (
        "one of the variables needed for gradient computation has been modified by an inplace "
        "operation"
    )
    with pytest.raises(RuntimeError, match=text):
        z.sum().backward()


def test_inplace_change_through_detach_is_noticed():
    x = leaf(1.0, 2.0)
    y = x * 2
    z = y * y
    y.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_version_counts_changes_and_is_shared_with_views():
    x = mt.zeros(4)
    view, detached = x[1:3], x.detach()
    x.add_(1)
    view.mul_(2)
    assert x._version == view._version == detached._version == 2
    assert x.clone()._version == 0


def test_change_through_a_view_rewrites_history():
    a = leaf(1.0, 1.0, 1.0, 1.0)
    b = a * 2
    view = b[1:3]
    view.mul_(10)
    assert b.grad_fn.name().endswith("CopySlices")
    assert view.grad_fn.name() == "AsStridedBackward0"
    b.sum().backward()
    assert a.grad.tolist() == [2.0, 20.0, 20.0, 2.0]


def test_assignment_stops_the_gradient_of_what_it_replaces():
    a = leaf(1.0, 1.0, 1.0)
    b = a * 2
    b[0] = 7.0
    b.sum().backward()
    assert a.grad.tolist() == [0.0, 2.0, 2.0]


def test_inplace_on_one_of_several_views_is_refused():
    first, _ = (leaf(1.0, 2.0) * 1).split(1)
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        first.mul_(2)


def test_inplace_on_a_view_made_without_recording_is_refused():
    b = leaf(1.0, 2.0) * 2
    with mt.no_grad():
        view = b[0:1]
    with pytest.raises(RuntimeError, match="A view was created in no_grad mode and is being"):
        view.mul_(2)


def test_inplace_on_an_expanded_tensor_is_refused():
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        mt.ones(1).expand(3).add_(1)


def test_gradient_of_an_expanded_leaf_is_contiguous():
    x = mt.ones(1, 3).requires_grad_()
    x.expand(4, 3).sum().backward()
    assert x.grad.tolist() == [[4.0, 4.0, 4.0]]
    assert x.grad.is_contiguous()


def test_first_gradient_keeps_the_strides_of_its_leaf():
    x = mt.ones(2, 3).t().requires_grad_()
    (x * mt.ones(3, 2)).sum().backward()
    assert x.grad.stride() == (1, 3)


def test_create_graph_makes_a_new_gradient_tensor():
    x = mt.tensor(2.0, requires_grad=True)
    (x * x).backward()
    first = x.grad
    with pytest.warns(UserWarning, match="create_graph=True will create a reference cycle"):
        (x * x).backward(create_graph=True)
    assert x.grad is not first
    assert x.grad.requires_grad
    assert x.grad.item() == 8.0
    x.grad = None


def test_numpy_of_a_tensor_that_requires_grad_is_refused():
    with pytest.raises(RuntimeError, match=r"Can't call numpy\(\) on Tensor that requires grad"):
        leaf(1.0).numpy()


def test_backward_runs_in_several_threads_at_once():
    results = {}

    def work(number):
        x = leaf(float(number))
        for _ in range(50):
            x.grad = None
            (x * x * x).sum().backward()
        results[number] = x.grad.item()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {i: 3.0 * i * i for i in range(4)}


def test_a_chain_of_100000_nodes_runs_and_is_destroyed():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.sum().backward()
    assert x.grad.tolist() == [1.0]
    del y


def test_hooks_run_in_order_and_may_replace_the_gradient():
    x = leaf(1.0)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(("first", g.item())) or g * 10)
    y.register_hook(lambda g: seen.append(("second", g.item())))
    x.register_hook(lambda g: seen.append(("leaf", g.item())))
    handle = x.register_post_accumulate_grad_hook(lambda t: seen.append(("after", t.grad.item())))
    y.backward()
    assert seen == [("first", 1.0), ("second", 10.0), ("leaf", 20.0), ("after", 20.0)]
    handle.remove()
    (x * 1).backward()
    assert seen[-1] == ("leaf", 1.0)


def test_hook_needs_a_tensor_that_requires_grad():
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't"):
        mt.ones(1).register_hook(print)


def test_next_functions_lead_to_the_leaves():
    a, b = leaf(2.0, 3.0), leaf(6.0, 4.0)
    q = 3 * a**3 - b**2
    (left, _), (right, _) = q.grad_fn.next_functions
    assert (q.grad_fn.name(), left.name(), right.name()) == (
        "SubBackward0",
        "MulBackward0",
        "PowBackward0",
    )
    assert left.next_functions[1] == (None, 0)
    assert right.next_functions[0][0].name().endswith("AccumulateGrad")
    assert right.next_functions[0][0].variable is b


def test_anomaly_mode_names_the_function_that_made_nan():
    x = mt.tensor([-1.0], requires_grad=True)
    with pytest.warns(UserWarning) as caught, mt.autograd.detect_anomaly():
        y = x.sqrt()
        with pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values"):
            y.backward()
    texts = [str(w.message) for w in caught]
    assert any("Anomaly Detection has been enabled" in text for text in texts)
    assert any("x.sqrt()" in text for text in texts)
    assert not mt.is_anomaly_enabled()


@pytest.mark.parametrize(
    ("function", "at", "slope"),
    [
        (lambda x: x.relu(), 0.0, 0.0),
        (lambda x: x.abs(), 0.0, 0.0),
        (lambda x: x.sign(), 2.0, 0.0),
        (lambda x: x.floor(), 2.5, 0.0),
        (lambda x: x.sqrt(), 0.0, float("inf")),
        (lambda x: x.norm(), 0.0, 0.0),
        (lambda x: x.clamp(0, 1), 1.0, 1.0),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: x**0.5, 0.0, float("inf")),
    ],
    ids=["relu", "abs", "sign", "floor", "sqrt", "norm", "clamp", "pow0", "pow_half"],
)
def test_slope_at_a_kink_is_pytorchs(function, at, slope):
    x = leaf(at)
    function(x).sum().backward()
    assert x.grad.item() == slope


def test_ties_share_or_pick_as_in_pytorch():
    x = leaf(2.0, 2.0, 1.0)
    x.max().backward()
    assert x.grad.tolist() == [0.5, 0.5, 0.0]
    y = leaf(2.0, 2.0, 1.0)
    y.max(0).values.backward()
    assert y.grad.tolist() == [1.0, 0.0, 0.0]
    a, b = leaf(1.0), leaf(1.0)
    mt.maximum(a, b).backward()
    assert (a.grad.item(), b.grad.item()) == (0.5, 0.5)


def test_vector_jacobian_product_equals_the_dense_jacobian():
    x = leaf(0.5, -1.0, 2.0)

    def f(x):
        return mt.stack([x[0] * x[1], x[1] * x[2] ** 2, x.sum(), (x * x).sum()])

    rows = [mt.autograd.grad(f(x)[i], x)[0] for i in range(4)]
    v = mt.tensor([1.0, -2.0, 0.5, 3.0])
    (product,) = mt.autograd.grad(f(x), x, v)
    assert_close(product, v @ mt.stack(rows))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.exp(),
        lambda x: x.sigmoid() * x,
        lambda x: (x * 2).relu_(),
        lambda x: x.max(0).values + x[1:].sum(),
        lambda x: mt.nn.functional.softmax(x, 0),
    ],
    ids=["exp", "sigmoid", "relu_", "max", "softmax"],
)
def test_a_graph_is_no_reference_cycle(function):
    gc.collect()
    gc.disable()
    try:
        x = leaf(1.0, 2.0, 3.0)
        y = function(x)
        watched = [weakref.ref(y), weakref.ref(y.grad_fn)]
        y.sum().backward()
        z = function(x)
        watched += [weakref.ref(z), weakref.ref(z.grad_fn)]
        del y, z
        assert [reference() for reference in watched] == [None] * 4
        leaves = weakref.ref(x)
        del x
        assert leaves() is None
    finally:
        gc.enable()


def test_hooks_run_in_pytorchs_order():
    log = []
    x = leaf(1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: log.append(("tensor", g.tolist())) or g * 10)
    y.grad_fn.register_prehook(lambda gs: log.append(("pre", gs[0].tolist())) or (gs[0] * 3,))
    y.grad_fn.register_hook(lambda gi, go: log.append(("post", gi[0].tolist(), go[0].tolist())))
    x.register_hook(lambda g: log.append(("leaf", g.tolist())))
    x.register_post_accumulate_grad_hook(lambda t: log.append(("after", t.grad.tolist())))
    y.sum().backward()
    assert log == [
        ("tensor", [1.0, 1.0]),
        ("pre", [10.0, 10.0]),
        ("post", [60.0, 60.0], [30.0, 30.0]),
        ("leaf", [60.0, 60.0]),
        ("after", [60.0, 60.0]),
    ]
    assert y.grad.tolist() == [10.0, 10.0]


def test_hook_stays_with_the_function_it_was_set_on():
    seen = []
    x = leaf(1.0, 2.0)
    y = x * 1
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.mul_(5)
    y.sum().backward()
    assert seen == [[5.0, 5.0]]


def test_one_root_given_twice_counts_twice():
    x = leaf(1.0, 2.0)
    y = x * x
    mt.autograd.backward((y, y), (mt.ones(2), mt.ones(2)))
    assert x.grad.tolist() == [4.0, 8.0]


@pytest.mark.parametrize("count", [15, 16, 17, 40, 200])
def test_many_nodes_may_be_ready_at_once(count):
    leaves = [leaf(float(i)) for i in range(count)]
    mt.cat([x * x for x in leaves]).sum().backward()
    assert [x.grad.item() for x in leaves] == [2.0 * i for i in range(count)]


def test_a_root_must_be_a_tensor_or_an_edge():
    with pytest.raises(TypeError, match="element 0 of tensors must be a Tensor, but got int"):
        mt.autograd.backward([3])
    x = mt.ones(2, requires_grad=True)
    edge = mt.autograd.graph.get_gradient_edge(x * 2)
    with pytest.raises(RuntimeError, match="implicitly created only for scalar outputs"):
        mt.autograd.backward(edge)
    with pytest.raises(RuntimeError, match="Mismatch in shape: grad_output"):
        mt.autograd.backward(edge, mt.ones(3))
    mt.autograd.backward(mt.autograd.graph.get_gradient_edge((x * 2).sum()))
    assert x.grad.tolist() == [2, 2]
