"""Python numbers as operands: their values, and what of them autograd remembers."""

import numpy as np
import pytest

import minitorch as torch

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "number", [3, -2.5, True, 0.1, np.float32(1.5), np.int64(4), np.bool_(True)])
def test_a_number_is_a_0d_tensor_of_it(dtype, number):
    """Whatever way it takes to the kernel: contiguous, strided, empty, 0-d."""
    whole = torch.arange(24.0).reshape(4, 6).sub(7).to(dtype)
    # half precision multiplies by the number itself, not by what it is rounded to
    half = dtype.itemsize == 2
    operand = torch.tensor(number, dtype=torch.float32 if half else dtype)
    for x in (whole, whole.t(), whole[::2, 1::2], whole[:, :1].expand(4, 3), whole[:0],
              whole[1, 1]):
        if half and x.dim() == 0:
            continue        # two 0-d tensors promote; see the next test
        for ours, wanted in ((x * number, x * operand), (x + number, x + operand),
                             (x / number, x / operand), (number * x, x * operand),
                             (x < number, x < operand)):
            assert ours.dtype is wanted.dtype
            assert ours.stride() == wanted.stride()
            assert torch.equal(ours, wanted)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_rounds_the_addend_but_not_the_factor(dtype):
    x = torch.arange(-7.0, 8.0).to(dtype)
    rounded = torch.tensor(0.1, dtype=dtype)
    assert torch.equal(x * 0.1, (x.float() * 0.1).to(dtype))
    assert torch.equal(x / 0.1, (x.float() / 0.1).to(dtype))
    assert torch.equal(x + 0.1, x + rounded)
    assert torch.equal(x.clone().mul_(0.1), x * 0.1)
    assert torch.equal(x[3] * 0.1, (x * 0.1)[3])


@pytest.mark.parametrize("function", [
    lambda x, n: x * n, lambda x, n: x ** n, lambda x, n: x.clamp(max=n), lambda x, n: x.pow_(n)])
def test_integers_beyond_64_bits_are_refused(function):
    with pytest.raises(OverflowError):
        function(torch.ones(2), 2 ** 70)


def test_the_number_of_a_recorded_product_keeps_its_dtype():
    a = torch.ones(2, requires_grad=True)
    assert (3 * a).grad_fn._saved_other.dtype is torch.int64
    assert (a * 2.5).grad_fn._saved_other.dtype is torch.float64


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("exponent", [1, 2, 3, 5, -1, -2, 2.5, 0.5, -0.5, True])
def test_the_slope_of_a_power_is_the_recorded_formula_to_the_bit(dtype, exponent):
    values = torch.randn(6, 4, dtype=torch.float64).abs().add(0.1).to(dtype)
    direction = torch.randn(6, 4, dtype=torch.float64).to(dtype)
    for x, g in ((values, direction), (values.t(), direction.t()),
                 (values, direction.t().contiguous().t()),
                 (values[::2, ::3], direction[::2, ::3])):
        x = x.detach().requires_grad_()
        plain, = torch.autograd.grad(x ** exponent, x, g)
        recorded, = torch.autograd.grad(x ** exponent, x, g, create_graph=True)
        formula = g * (exponent * x.detach() ** (exponent - 1))
        assert plain.stride() == recorded.stride()
        assert torch.equal(plain, recorded)
        assert torch.equal(plain, formula)


def test_the_slope_of_a_power_changes_no_operand():
    x = torch.tensor([2.0, -3.0], requires_grad=True)
    g = torch.tensor([5.0, 7.0])
    (x ** 3).backward(g)
    assert x.grad.tolist() == [60.0, 189.0]
    assert x.tolist() == [2.0, -3.0] and g.tolist() == [5.0, 7.0]


def test_powers_of_bools():
    flags = torch.tensor([True, False])
    assert torch.equal(flags ** 2, torch.tensor([1, 0]))
    with pytest.raises(RuntimeError, match="result type Long can't be cast to .* Bool"):
        flags.pow_(2)
    for exponent, wanted in ((True, [True, False]), (False, [True, True])):
        for found in (flags ** exponent, flags.clone().pow_(exponent)):
            assert found.dtype is torch.bool and found.tolist() == wanted
