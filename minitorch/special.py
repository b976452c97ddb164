"""Special functions under PyTorch's names, as `torch.special` has them.

The Bessel functions of other orders, the zeta function, the incomplete gamma functions and the
orthogonal polynomials are not here.
"""

import math as _math

from minitorch._core.tensor import TensorBase as _TensorBase
from minitorch._ops.choice import where as _where
from minitorch._ops.creation import as_tensor as _as_tensor
from minitorch._ops.loss import log_softmax, softmax
from minitorch._ops.pairs import xlogy
from minitorch._ops.parts import round
from minitorch._ops.rule import RuleNode as _RuleNode
from minitorch._ops.rule import given_cast as _given
from minitorch._ops.rule import tensor_arg as _tensor_arg
from minitorch._ops.special import digamma, erfinv, i0, i1, logit, polygamma, sinc
from minitorch._ops.special import lgamma as gammaln
from minitorch._ops.special import mvlgamma as multigammaln
from minitorch._ops.statistics import logsumexp
from minitorch._ops.unary import erf, erfc, exp2, expm1, log1p
from minitorch._ops.unary import sigmoid as expit

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "i0", "i1",
    "log1p", "log_softmax", "logit", "logsumexp", "multigammaln", "ndtr", "polygamma", "psi",
    "round", "sinc", "softmax", "xlog1py", "xlogy",
]

psi = digamma


class SpecialEntrBackward0(_RuleNode):
    """d entr(x) = -(1 + log x) dx."""

    def slopes(self, grad, x):
        """Infinite at 0, and NaN below."""
        return (grad * (-x.log() - 1),)


def entr(input, *, out=None):
    """``-x log(x)``: 0 at 0, minus infinity below."""
    x = _tensor_arg(input, "special_entr", "input")
    plain = x.detach()
    value = _where(plain < 0, -_math.inf, -xlogy(plain, plain))
    return _given(SpecialEntrBackward0.record(value, (x,), (x,)), out)


def ndtr(input, *, out=None):
    """The area under the standard normal density up to `input`."""
    x = _tensor_arg(input, "special_ndtr", "input")
    return _given(erfc(x * -_math.sqrt(0.5)) * 0.5, out)


class SpecialXlog1PyBackward0(_RuleNode):
    """d (x log(1 + y)) = log(1 + y) dx + x / (1 + y) dy."""

    def slopes(self, grad, x, y):
        """Each summed over the axes along which it was broadcast."""
        mine = other = None
        if self.asked(0):
            flat = (x == 0) & (y <= -1)
            mine = (grad * _where(flat, 0.0, _where(flat, 0.0, y).log1p())).sum_to_size(x.shape)
        if self.asked(1):
            other = (grad * (x / (y + 1))).sum_to_size(y.shape)
        return mine, other


def xlog1py(input, other, *, out=None):
    """``x log(1 + y)``, 0 where x is 0 and y is not NaN; one of the two may be a number."""
    tensors = [value for value in (input, other) if isinstance(value, _TensorBase)]
    if not tensors:
        kinds = f"{type(input).__name__}, {type(other).__name__}"
        raise TypeError(f"special_xlog1py() received an invalid combination of arguments - got "
                        f"({kinds}), but expected one of:\n * (Tensor input, Tensor other, *, "
                        "Tensor out = None)\n * (Number self, Tensor other, *, Tensor out = None)"
                        "\n * (Tensor input, Number other, *, Tensor out = None)\n")
    x, y = ((value if isinstance(value, _TensorBase) else _like(value, tensors[0])).detach()
            for value in (input, other))
    skipped = (y == y) & (x == 0)
    value = _where(skipped, 0.0, x * _where(skipped, 0.0, y).log1p())
    sources = tuple(source if isinstance(source, _TensorBase) else None
                    for source in (input, other))
    return _given(SpecialXlog1PyBackward0.record(value, sources, (
        input if sources[0] is input else x, other if sources[1] is other else y)), out)


def _like(number, tensor):
    """A number beside a tensor, in a dtype that does not widen the result."""
    return _as_tensor(number, dtype=tensor.dtype if tensor.is_floating_point() else None)
