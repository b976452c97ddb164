"""Functions that are made of other operations, as PyTorch makes them."""

from minitorch._core.dtype import TYPE_NAMES, float64
from minitorch._core.tensor import TensorBase
from minitorch._ops.power import pow, pow_


def float_power(input, exponent, *, out=None):
    """`pow` in float64, whatever the dtypes."""
    if not isinstance(input, TensorBase) and not isinstance(exponent, TensorBase):
        kinds = f"{type(input).__name__}, {type(exponent).__name__}"
        raise TypeError(f"float_power() received an invalid combination of arguments - got "
                        f"({kinds}), but expected one of:\n * (Tensor input, Tensor exponent)\n"
                        " * (Number self, Tensor exponent)\n * (Tensor input, Number exponent)\n")
    if out is not None and out.dtype is not float64:
        raise RuntimeError(
            f"the output given to float_power has dtype {TYPE_NAMES[str(out.dtype)[6:]]} but the "
            "operation's result requires dtype Double")
    return pow(_double(input), _double(exponent), out=out)


def float_power_(self, exponent):
    """`float_power` in place, of a float64 tensor."""
    if self.dtype is not float64:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {TYPE_NAMES[str(self.dtype)[6:]]} but the "
            "operation's result requires dtype Double")
    return pow_(self, _double(exponent))


def _double(value):
    return value.to(float64) if isinstance(value, TensorBase) else value
