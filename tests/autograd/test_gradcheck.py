"""gradcheck itself: it must pass what is right and fail what is wrong."""

import pytest

import minitorch as mt
from minitorch.autograd import Function, gradcheck, gradgradcheck
from minitorch.autograd.gradcheck import GradcheckError


def leaf(*shape):
    values = mt.arange(1, 1 + mt.zeros(*shape).numel(), dtype=mt.float64).reshape(*shape) / 4
    return values.requires_grad_()


def with_backward(backward, forward=lambda ctx, x: x * x.sum() if False else x * 2):
    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Custom", (Function,), methods).apply


def test_right_gradients_pass():
    assert gradcheck(lambda x, y: (x * y, x + y.sum()), (leaf(2, 3), leaf(3)))
    assert gradcheck(lambda x: x.sum(), leaf(2), fast_mode=True)
    assert gradgradcheck(lambda x, y: x * y, (leaf(2, 3), leaf(3)))


def test_broadcast_and_noncontiguous_inputs_pass():
    x = mt.arange(12, dtype=mt.float64).reshape(3, 4).t()[::2].detach().requires_grad_()
    assert not x.is_contiguous()
    assert gradcheck(lambda x, y: x * y, (x, leaf(2, 1)))
    assert gradgradcheck(lambda x, y: x * y, (x, leaf(2, 1)), gen_non_contig_grad_outputs=True)


def test_inputs_are_left_as_they_were():
    x = leaf(3)
    before, version = x.tolist(), x._version
    gradcheck(lambda x: x * x, x)
    assert x.tolist() == before
    assert x.grad is None
    assert x._version == version


@pytest.mark.parametrize("fast_mode", [False, True])
def test_wrong_gradient_fails_with_both_jacobians(fast_mode):
    wrong = with_backward(lambda ctx, g: g * 3)
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0 with respect to i"):
        gradcheck(wrong, leaf(2), fast_mode=fast_mode)
    assert gradcheck(wrong, leaf(2), raise_exception=False, fast_mode=fast_mode) is False


def test_slightly_wrong_gradient_passes_only_with_wide_tolerance():
    almost = with_backward(lambda ctx, g: g * 2.01)
    assert not gradcheck(almost, leaf(2), raise_exception=False)
    assert gradcheck(almost, leaf(2), atol=0.1)


def test_backward_that_ignores_its_gradient_fails():
    with pytest.raises(GradcheckError):
        gradcheck(with_backward(lambda ctx, g: mt.full_like(g, 2.0)), leaf(1))


def test_random_backward_is_not_reentrant():
    calls = []

    def backward(ctx, g):
        calls.append(1)
        return g * (2 + 1e-9 * len(calls))

    with pytest.raises(GradcheckError, match="Backward is not reentrant"):
        gradcheck(with_backward(backward), leaf(2))
    assert gradcheck(with_backward(backward), leaf(2), nondet_tol=1e-3)


def test_undefined_gradients_must_be_zeros():
    def lazily(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2

    def confused(ctx, g):
        return g * 2 if g is not None else mt.ones(2, dtype=mt.float64)

    function = with_backward(confused, lazily)
    with pytest.raises(GradcheckError, match="undefined or zero"):
        gradcheck(function, leaf(2))
    assert gradcheck(function, leaf(2), check_undefined_grad=False)


def test_gradient_dtype_is_checked_on_request():
    x = mt.tensor([1.0], requires_grad=True)
    with pytest.warns(UserWarning, match="is not a double precision floating point"):
        gradcheck(lambda x: x * 2, x, eps=1e-2, atol=1e-2, check_grad_dtypes=True)


def test_output_that_does_not_require_grad_must_be_constant():
    assert gradcheck(lambda x: mt.ones(2), leaf(2))
    with pytest.raises(GradcheckError, match="expected to be zero"):
        gradcheck(lambda x: x.detach() * 2, leaf(2))


def test_inputs_are_checked_first():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda x: x, mt.ones(2, dtype=mt.float64))
    with pytest.raises(RuntimeError, match="dimension with stride 0"):
        gradcheck(lambda x: x * 2, leaf(1).detach().expand(3).requires_grad_())


@pytest.mark.parametrize(
    ("check", "option"),
    [
        (gradcheck, {"check_forward_ad": True}),
        (gradcheck, {"check_batched_forward_grad": True, "check_forward_ad": False}),
        (gradgradcheck, {"check_fwd_over_rev": True}),
        (gradgradcheck, {"check_rev_over_rev": False}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.__name__,
)
def test_what_is_not_supported_is_refused_by_name(check, option):
    if "minitorch" not in mt.__name__:
        pytest.skip("torch supports them")
    with pytest.raises(NotImplementedError, match=next(iter(option))):
        check(lambda x: x * 2, leaf(1), **option)


def test_something_must_be_checked():
    with pytest.raises(AssertionError, match="Expected at least one of"):
        gradcheck(lambda x: x * 2, leaf(1), check_backward_ad=False)


def test_second_derivatives_are_checked():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * (x * x.detach())

    assert gradcheck(Wrong.apply, leaf(2))
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(Wrong.apply, leaf(2))


def test_gradients_handed_over_at_once():
    class OfTheFirstGradients(Function):
        calls = 0

        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            OfTheFirstGradients.calls += 1
            return grad * (2 if OfTheFirstGradients.calls <= right else 5)

    options = {"check_undefined_grad": False, "check_batched_grad": True}
    for check in (gradcheck, gradgradcheck):
        assert check(lambda x: x ** 3, leaf(2), check_batched_grad=True, masked=True)
    right = 5       # three of the other checks, two at once; those one by one are wrong
    with pytest.raises(GradcheckError, match="one by one"):
        gradcheck(OfTheFirstGradients.apply, leaf(1), nondet_tol=0.0, **options)
