"""User-defined functions."""

import gc
import weakref

import pytest

import minitorch as mt
from minitorch.autograd import Function, gradcheck, gradgradcheck
from minitorch.autograd.function import once_differentiable


def leaf(*values):
    return mt.tensor(list(values), requires_grad=True)


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * 3 * x**2


class Scale(Function):
    @staticmethod
    def forward(x, factor=2.0):
        return x * factor

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.factor = inputs[1]

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.factor, None


def made(forward=None, backward=None):
    """A Function with the given methods."""
    methods = {"forward": forward or (lambda ctx, x, *rest: x * 2)}
    if backward:
        methods["backward"] = backward
    return type("Made", (Function,), {k: staticmethod(v) for k, v in methods.items()})


def test_forward_and_backward_are_called():
    x = leaf(1.0, 2.0)
    y = Cube.apply(x)
    assert y.grad_fn.name() == "CubeBackward"
    assert "grad_fn=<CubeBackward>" in repr(y)
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 12.0]


def test_function_passes_gradcheck_twice():
    x = mt.tensor([0.5, -1.5], dtype=mt.float64, requires_grad=True)
    assert gradcheck(Cube.apply, x)
    assert gradgradcheck(Cube.apply, x)


def test_setup_context_gets_inputs_with_defaults():
    x = leaf(1.0)
    assert Scale.apply(x).item() == 2.0
    y = Scale.apply(x, factor=5.0)
    y.backward()
    assert x.grad.item() == 5.0


def test_forward_is_not_recorded_and_ctx_knows_what_is_needed():
    seen = []

    def forward(ctx, x, y, number):
        seen.append((mt.is_grad_enabled(), ctx.needs_input_grad))
        return x + y

    made(forward).apply(leaf(1.0), mt.ones(1), 3)
    assert seen == [(False, (True, False, False))]


def test_result_is_not_recorded_without_need():
    assert not Cube.apply(mt.ones(1)).requires_grad
    with mt.no_grad():
        assert not Cube.apply(leaf(1.0)).requires_grad


def test_several_outputs_get_zeros_or_none_where_unused():
    def split(ctx, x):
        return x * 2, x * 3

    def both(ctx, first, second):
        return first * 2 + second * 3

    x = leaf(1.0)
    a, b = made(split, both).apply(x)
    b.backward()
    assert x.grad.item() == 3.0

    def lazily(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    def check(ctx, first, second):
        assert first is None
        return second * 3

    y = leaf(1.0)
    made(lazily, check).apply(y)[1].backward()
    assert y.grad.item() == 3.0


def test_non_tensor_and_integer_outputs_pass_through():
    def forward(ctx, x):
        return x * 2, 5, x > 0

    def backward(ctx, first, second, third):
        assert second is None
        return first * 2

    x = leaf(1.0)
    y, number, mask = made(forward, backward).apply(x)
    assert number == 5 and not mask.requires_grad
    y.backward()
    assert x.grad.item() == 2.0


def test_mark_non_differentiable_output_needs_no_gradient():
    def forward(ctx, x):
        out, extra = x * 2, x * 3
        ctx.mark_non_differentiable(extra)
        return out, extra

    y, extra = made(forward, lambda ctx, g, _: g * 2).apply(leaf(1.0))
    assert y.requires_grad and not extra.requires_grad


def test_mark_dirty_returns_the_same_tensor_with_new_history():
    def forward(ctx, x):
        x.add_(1)
        ctx.mark_dirty(x)
        return x

    double = made(forward, lambda ctx, g: g * 7)
    x = leaf(1.0)
    z = x * 1
    y = double.apply(z)
    assert y is z
    assert z.grad_fn.name() == "MadeBackward"
    z.sum().backward()
    assert x.grad.item() == 7.0
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad has been used"):
        double.apply(leaf(1.0))


def test_input_handed_through_is_a_tensor_of_its_own():
    x = leaf(1.0)
    y = made(lambda ctx, x: x, lambda ctx, g: g * 3).apply(x)
    assert y is not x and y.data_ptr() == x.data_ptr()
    y.backward()
    assert x.grad.item() == 3.0


def test_saved_output_makes_no_reference_cycle():
    def forward(ctx, x):
        out = x.exp()
        ctx.save_for_backward(out)
        return out

    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        return g * out

    gc.disable()
    try:
        x = leaf(0.0)
        y = made(forward, backward).apply(x)
        reference = weakref.ref(y)
        y.backward()
        assert x.grad.item() == 1.0
        del y
        assert reference() is None
    finally:
        gc.enable()


def test_saved_tensors_are_freed_and_checked():
    x = leaf(1.0)
    y = Cube.apply(x)
    y.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()
    z = x * 2
    w = Cube.apply(z)
    z.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        w.backward()


def test_save_for_backward_takes_none_and_refuses_numbers():
    def forward(ctx, x, number):
        ctx.save_for_backward(x, None)
        return x * 1

    def backward(ctx, g):
        assert ctx.saved_tensors[1] is None
        return g, None

    made(forward, backward).apply(leaf(1.0), 3).backward()

    def wrong(ctx, x):
        ctx.save_for_backward(x, 3)

    with pytest.raises(TypeError, match="can only save variables, but argument 1 is of type int"):
        made(wrong).apply(leaf(1.0))


@pytest.mark.parametrize(
    ("backward", "text"),
    [
        (lambda ctx, g: g, r"incorrect number of gradients \(expected 2, got 1\)"),
        (lambda ctx, g: (g, None, g), r"incorrect number of gradients \(expected 2, got 3\)"),
        (lambda ctx, g: (g, g), "a gradient different than None at position 2"),
        (lambda ctx, g: (3.0, None), r"expected Variable or None \(got float\)"),
        (lambda ctx, g: (mt.ones(3), None), r"an invalid gradient at index 0 - got \[3\] but"),
    ],
    ids=["few", "many", "for_number", "float", "shape"],
)
def test_wrong_gradients_are_refused(backward, text):
    y = made(backward=backward).apply(leaf(1.0, 2.0), 3)
    with pytest.raises(RuntimeError, match=text):
        y.sum().backward()


def test_gradient_of_a_larger_shape_is_summed_and_cast():
    def backward(ctx, g):
        return mt.ones(5, 2, dtype=mt.float64), None, None

    x = leaf(1.0, 2.0)
    made(backward=backward).apply(x, 3).sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]
    assert x.grad.dtype == mt.float32


def test_missing_methods_say_so():
    with pytest.raises(NotImplementedError, match="must implement the forward function"):
        type("Empty", (Function,), {}).apply(leaf(1.0))
    with pytest.raises(NotImplementedError, match="must implement either the backward or vjp"):
        made().apply(leaf(1.0)).backward()


def test_vjp_is_another_name_for_backward():
    forward = staticmethod(lambda ctx, x: x * 2)
    slope = staticmethod(lambda ctx, g: g * 2)
    only = type("Only", (Function,), {"forward": forward, "vjp": slope})
    x = leaf(1.0)
    only.apply(x).backward()
    assert x.grad.item() == 2.0
    two = type("Two", (Function,), {"forward": forward, "vjp": slope, "backward": slope})
    with pytest.raises(RuntimeError, match="both 'backward' and 'vjp'"):
        two.apply(x).backward()


def test_once_differentiable_refuses_the_second_derivative():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            assert not mt.is_grad_enabled()
            return 2 * ctx.saved_tensors[0] * g

    x = leaf(3.0)
    assert mt.autograd.grad(Square.apply(x), x)[0].item() == 6.0
    weight = leaf(1.0)
    (first,) = mt.autograd.grad(Square.apply(x) * weight, x, create_graph=True)
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        first.backward()


def test_instances_are_discouraged():
    with pytest.warns(DeprecationWarning, match="should not be instantiated"):
        instance = Cube()
    with pytest.raises(RuntimeError, match="Legacy autograd function"):
        instance(1)


def test_graph_is_freed_when_the_result_goes():
    gc.disable()
    try:
        x = leaf(1.0)
        y = Cube.apply(x * 2)
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_saved_tensors_hooks_see_what_is_saved():
    seen = []

    def pack(t):
        seen.append("pack")
        return t.tolist()

    def unpack(values):
        seen.append("unpack")
        return mt.tensor(values)

    x = leaf(2.0)
    with mt.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = Cube.apply(x)
    y.backward()
    assert seen == ["pack", "unpack"]
    assert x.grad.item() == 12.0
