"""Functions that are made of other operations, as PyTorch makes them."""

import math

from minitorch._core.dtype import TYPE_NAMES, float64, get_default_dtype
from minitorch._core.tensor import TensorBase
from minitorch._ops.arithmetic import add, mul
from minitorch._ops.power import pow, pow_
from minitorch._ops.special import lgamma


def ldexp(input, other, *, out=None):
    """``input * 2 ** other``."""
    _check_tensor(input, "ldexp", "input", 1)
    _check_tensor(other, "ldexp", "other", 2)
    return mul(input, pow(2.0, other), out=out)


def ldexp_(self, other):
    """`ldexp` in place."""
    _check_tensor(other, "ldexp_", "other", 1)
    return self.mul_(pow(2.0, other))


def float_power(input, exponent, *, out=None):
    """`pow` in float64, whatever the dtypes."""
    if not isinstance(input, TensorBase) and not isinstance(exponent, TensorBase):
        kinds = f"{type(input).__name__}, {type(exponent).__name__}"
        raise TypeError(f"float_power() received an invalid combination of arguments - got "
                        f"({kinds}), but expected one of:\n * (Tensor input, Tensor exponent)\n"
                        " * (Number self, Tensor exponent)\n * (Tensor input, Number exponent)\n")
    return pow(_double(input), _double(exponent), out=out)


def float_power_(self, exponent):
    """`float_power` in place, of a float64 tensor."""
    if self.dtype is not float64:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {TYPE_NAMES[str(self.dtype)[6:]]} but the "
            "operation's result requires dtype Double")
    return pow_(self, _double(exponent))


def mvlgamma(input, p, *, out=None):
    """The logarithm of the multivariate gamma function of dimension `p`."""
    _check_tensor(input, "mvlgamma", "input", 1)
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    x = input if input.is_floating_point() else input.to(get_default_dtype())
    total = None
    for j in range(p):
        part = lgamma(x - j / 2)
        total = part if total is None else total + part
    return add(total, p * (p - 1) / 4 * math.log(math.pi), out=out)


def mvlgamma_(self, p):
    """`mvlgamma` in place."""
    return self.copy_(mvlgamma(self, p))


def fill(input, value):
    """A copy of the shape of `input`, every element `value`."""
    return input.clone().fill_(value)


def _double(value):
    return value.to(float64) if isinstance(value, TensorBase) else value


def _check_tensor(value, where, argument, position):
    if not isinstance(value, TensorBase):
        raise TypeError(f"{where}(): argument '{argument}' (position {position}) must be Tensor, "
                        f"not {type(value).__name__}")
