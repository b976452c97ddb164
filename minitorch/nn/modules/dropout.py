"""Dropout."""

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, zero each entry with probability `p` and scale the rest by ``1 / (1 - p)``.

    Parameters
    ----------
    p : float
        Probability of a zero (default 0.5).
    inplace : bool
        Overwrite the input (default False).

    Raises
    ------
    ValueError
        If `p` is outside [0, 1].
    """

    __constants__ = ["p", "inplace"]

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input):
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"
