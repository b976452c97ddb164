"""autograd.functional: Jacobians, Hessians and their products."""

import pytest

import minitorch as mt
from minitorch.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp
from minitorch.testing import assert_close


def point(*values):
    return mt.tensor(values, dtype=mt.float64)


def cubic(x, y):
    return (x**3 * y).sum()


X, Y = point(1.0, -2.0), point(0.5, 3.0)


def test_jacobian_of_one_input_is_a_tensor():
    found = jacobian(lambda x: x**2 + x.sum(), X)
    assert_close(found, mt.diag(2 * X) + mt.ones(2, 2, dtype=mt.float64))
    assert not found.requires_grad


def test_jacobian_of_several_inputs_and_outputs_is_nested():
    found = jacobian(lambda x, y: (x * y, x.sum()), (X, Y))
    assert_close(found[0][0], mt.diag(Y))
    assert_close(found[0][1], mt.diag(X))
    assert_close(found[1][0], mt.ones(2, dtype=mt.float64))
    assert_close(found[1][1], mt.zeros(2, dtype=mt.float64))
    assert found[0][0].shape == (2, 2) and found[1][0].shape == (2,)


def test_hessian_is_the_matrix_of_second_derivatives():
    found = hessian(cubic, (X, Y))
    assert_close(found[0][0], mt.diag(6 * X * Y))
    assert_close(found[0][1], mt.diag(3 * X**2))
    assert_close(found[1][1], mt.zeros(2, 2, dtype=mt.float64))
    assert_close(hessian(lambda x: (x**3).sum(), X), mt.diag(6 * X))


def test_products_equal_products_with_the_matrices():
    def f(x):
        return mt.stack([x[0] * x[1], x[0] ** 2, x.sum()])

    matrix = jacobian(f, X)
    v, w = point(1.0, -1.0, 2.0), point(0.5, 2.0)
    value, product = vjp(f, X, v)
    assert_close(value, f(X))
    assert_close(product, v @ matrix)
    value, product = jvp(f, X, w)
    assert_close(value, f(X))
    assert_close(product, matrix @ w)


@pytest.mark.parametrize("product", [vhp, hvp])
def test_hessian_products_equal_the_hessian(product):
    def f(x):
        return (x**3).sum() + x[0] * x[1] ** 2

    w = point(0.5, 2.0)
    value, found = product(f, X, w)
    assert_close(value, f(X))
    assert_close(found, hessian(f, X) @ w)


def test_results_can_be_differentiated_when_asked():
    x = point(1.0, 2.0).requires_grad_()
    _, product = vjp(lambda x: (x**3).sum(), x, create_graph=True)
    (again,) = mt.autograd.grad(product.sum(), x)
    assert_close(again, 6 * x.detach())
    assert jacobian(lambda x: x**2, x, create_graph=True).requires_grad
    assert x.grad is None


def test_independent_inputs_give_zeros_or_an_error_in_strict_mode():
    found = jacobian(lambda x, y: x * 2, (X, Y))
    assert_close(found[1], mt.zeros(2, 2, dtype=mt.float64))
    with pytest.raises(RuntimeError, match="is independent of input 1. This is not allowed in st"):
        jacobian(lambda x, y: x * 2, (X, Y), strict=True)
    with pytest.raises(RuntimeError, match="Output 0 of the user-provided function does not req"):
        vjp(lambda x: mt.ones(1), X, strict=True)


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="inputs given to jacobian must be either a Tensor or a"):
        jacobian(lambda x: x, 3.0)
    with pytest.raises(TypeError, match="the value at index 1 has type"):
        vjp(lambda x, y: x, (X, 3.0))
    with pytest.raises(RuntimeError, match="v can only be None if the user-provided function ret"):
        vjp(lambda x: x, X)
    with pytest.raises(RuntimeError, match="v can only be None if the input to the user-provided"):
        jvp(lambda x: x, X)
    with pytest.raises(RuntimeError, match=r"v has invalid size: should be torch.Size\(\[2\]\)"):
        vjp(lambda x: x, X, mt.ones(3, dtype=mt.float64))
    with pytest.raises(RuntimeError, match="hessian should return a single Tensor"):
        hessian(lambda x: (x, x), X)
    with pytest.raises(RuntimeError, match="given to vhp should contain a single element"):
        vhp(lambda x: x, X, X)
    with pytest.raises(AssertionError, match="Expected strategy to be either"):
        jacobian(lambda x: x, X, strategy="sideways")


def test_vectorize_and_forward_mode_give_the_same():
    def both(x, y):
        return x**2 * y.sum(), (x.sum() * y).exp()

    rows = jacobian(both, (X, Y))
    for options in ({"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}):
        for row, expected in zip(jacobian(both, (X, Y), **options), rows, strict=True):
            for block, other in zip(row, expected, strict=True):
                assert mt.allclose(block, other)
    options = {"vectorize": True, "outer_jacobian_strategy": "forward-mode"}
    cube = hessian(lambda x: (x**3).sum(), X)
    assert mt.equal(hessian(lambda x: (x**3).sum(), X, **options), cube)


def test_what_does_not_go_together_is_refused():
    with pytest.raises(RuntimeError, match="`strict=True` and `vectorized=True`"):
        jacobian(lambda x: x, X, strict=True, vectorize=True)
    with pytest.raises(NotImplementedError, match="only implemented for `vectorize=True`"):
        jacobian(lambda x: x, X, strategy="forward-mode")
    with pytest.raises(NotImplementedError, match="`create_graph=True` and `strategy="):
        jacobian(lambda x: x, X, create_graph=True, strategy="forward-mode", vectorize=True)
    with pytest.raises(AssertionError, match="Expected strategy to be either"):
        hessian(lambda x: x.sum(), X, outer_jacobian_strategy="sideways")


def test_strict_second_derivatives_need_a_dependence():
    for function in (vhp, hvp):
        with pytest.raises(RuntimeError, match="While computing the hessian, found that the jac"):
            function(lambda x: x.sum(), X, mt.ones_like(X), strict=True)
    with pytest.raises(RuntimeError, match="v is a tuple of invalid length"):
        jvp(lambda x, y: x, (X, Y), (X,))
