"""torch.special and the window functions equal PyTorch's."""

import numpy as np
import pytest

import minitorch as mt

torch = pytest.importorskip("torch")

VALUES = [-2.5, -1.0, -0.0, 0.0, 0.25, 0.5, 1.0, 3.0, float("nan"), float("inf")]
POSITIVE = [0.0, 0.25, 0.5, 0.75, 1.0]
EXTRA = {"round": {"decimals": 1}, "logit": {"eps": 0.1}}
# At poles, infinity and NaN PyTorch's numbers are rounding, and elsewhere of ten digits.
ROUGH = ("digamma", "psi", "gammaln", "polygamma", "i0", "i1")
LEADING = {"polygamma": (1,)}
TRAILING = {"softmax": (0,), "log_softmax": (0,), "logsumexp": (0,), "multigammaln": (2,)}


def call(ns, name):
    if name in ROUGH:
        return measured(ns, name, [0.25, 0.5, 1.0, 3.0, -0.5])
    values = [value + 2 for value in POSITIVE] if name == "multigammaln" else (
        POSITIVE if name in ("erfinv", "entr", "logit") else VALUES)
    return measured(ns, name, values)


def measured(ns, name, values):
    x = ns.tensor(values, dtype=ns.float64, requires_grad=True)
    made = getattr(ns.special, name)(*LEADING.get(name, ()), x, *TRAILING.get(name, ()),
                                     **EXTRA.get(name, {}))
    (grad,) = ns.autograd.grad(made.sum(), x)
    return made.detach(), grad


@pytest.mark.parametrize("name", sorted(set(mt.special.__all__) - {"xlogy", "xlog1py"}))
def test_values_and_gradients(name):
    with np.errstate(all="ignore"):
        for got, wanted in zip(call(mt, name), call(torch, name), strict=True):
            np.testing.assert_allclose(got.numpy(), wanted.numpy(), atol=1e-13,
                                       rtol=1e-9 if name in ROUGH else 1e-11)


@pytest.mark.parametrize("name", ["xlogy", "xlog1py"])
def test_pairs(name):
    for first, second in ((VALUES, POSITIVE * 2), (POSITIVE, 2.5), (3.0, POSITIVE)):
        made = []
        for ns in (mt, torch):
            pair = [ns.tensor(value, dtype=ns.float64, requires_grad=True)
                    if isinstance(value, list) else value for value in (first, second)]
            result = getattr(ns.special, name)(*pair)
            result.sum().backward()
            made.append([result.detach(), *(p.grad for p in pair if isinstance(p, ns.Tensor))])
        for got, wanted in zip(*made, strict=True):
            np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-12)


def test_two_numbers_are_refused():
    for ns in (mt, torch):
        with pytest.raises(TypeError, match="received an invalid combination of arguments"):
            ns.special.xlog1py(1, 2)


@pytest.mark.parametrize("name", ["bartlett", "blackman", "hamming", "hann", "kaiser"])
@pytest.mark.parametrize(("dtype", "digits"), [("float64", 1e-15), ("float32", 1e-6)])
def test_windows(name, dtype, digits):
    for length in (0, 1, 2, 5, 16, 33):
        for periodic in (True, False):
            got, wanted = (getattr(ns, name + "_window")(length, periodic, dtype=getattr(ns, dtype))
                           for ns in (mt, torch))
            assert got.shape == tuple(wanted.shape) and str(got.dtype) == str(wanted.dtype)
            np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=0, atol=digits)


def test_windows_with_numbers_of_their_own():
    for call_ in (lambda ns: ns.hamming_window(5, True, 0.5, 0.4),
                  lambda ns: ns.hamming_window(5, True, 0.5),
                  lambda ns: ns.kaiser_window(4, False, 3.0)):
        np.testing.assert_allclose(call_(mt).numpy(), call_(torch).numpy(), atol=1e-6)
    assert mt.hann_window(3, requires_grad=True).requires_grad
    for ns in (mt, torch):
        with pytest.raises(RuntimeError, match="hann_window requires non-negative window_length"):
            ns.hann_window(-1)
        with pytest.raises(RuntimeError, match="hann_window expects floating point dtypes"):
            ns.hann_window(3, dtype=ns.int64)


@pytest.mark.parametrize("options", [{}, {"density": True}, {"range": (0.0, 0.0)}])
def test_histogram_of_equal_elements_and_of_none(options):
    for values in ([], [1.0, 1.0]):
        if values and "density" in options:
            continue
        got, wanted = (ns.histogram(ns.tensor(values), 3, **options) for ns in (mt, torch))
        for mine, theirs in zip(got, wanted, strict=True):
            np.testing.assert_allclose(mine.numpy(), theirs.numpy())


def test_histogram_between_given_ends():
    for values in ([0.0, 1.0, 2.0, 2.5, -1.0, 3.0],):
        got, wanted = (ns.histogram(ns.tensor(values), ns.tensor([0.0, 0.5, 2.0, 2.5]))
                       for ns in (mt, torch))
        assert repr(got) == repr(wanted)
