"""Which values parameters and samples may have."""

from minitorch.linalg import LinAlgError, cholesky

__all__ = ["Constraint", "boolean", "greater_than", "greater_than_eq", "independent",
           "integer_interval", "interval", "less_than", "lower_cholesky", "nonnegative", "one_hot",
           "positive", "positive_definite", "real", "real_vector", "simplex", "unit_interval"]


class Constraint:
    """A region of values.

    Parameters
    ----------
    text : str
        How it is shown in errors.
    check : callable
        ``check(value)`` gives a bool tensor that says where `value` lies in the region.
    """

    def __init__(self, text, check):
        self.text = text
        self.check = check

    def __repr__(self):
        return self.text


def greater_than(lower_bound):
    """Numbers above a bound."""
    return Constraint(f"GreaterThan(lower_bound={_number(lower_bound)})",
                      lambda value: value > lower_bound)


def greater_than_eq(lower_bound):
    """Numbers from a bound on."""
    return Constraint(f"GreaterThanEq(lower_bound={_number(lower_bound)})",
                      lambda value: value >= lower_bound)


def less_than(upper_bound):
    """Numbers below a bound."""
    return Constraint(f"LessThan(upper_bound={_number(upper_bound)})",
                      lambda value: value < upper_bound)


def interval(lower_bound, upper_bound):
    """Numbers between two bounds, with them."""
    return Constraint(
        f"Interval(lower_bound={_number(lower_bound)}, upper_bound={_number(upper_bound)})",
        lambda value: (value >= lower_bound) & (value <= upper_bound))


def integer_interval(lower_bound, upper_bound):
    """Whole numbers between two bounds, with them."""
    return Constraint(
        f"IntegerInterval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda value: (value % 1 == 0) & (value >= lower_bound) & (value <= upper_bound))


def independent(base, axes):
    """`base` for all of the last `axes` axes together."""
    def check(value):
        inside = base.check(value)
        return inside.flatten(inside.dim() - axes).all(-1)

    return Constraint(f"IndependentConstraint({base!r}, {axes})", check)


def _number(bound):
    return bound.item() if hasattr(bound, "item") and bound.numel() == 1 else bound


def _simplex(value):
    return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


def _one_hot(value):
    return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


def _lower_cholesky(value):
    return (value.tril() == value).all(-1).all(-1) & (value.diagonal(0, -2, -1) > 0).all(-1)


def _positive_definite(value):
    try:
        cholesky(value.detach())
    except LinAlgError:
        return value.new_zeros(()) > 0
    return ((value - value.mT).abs() < 1e-6).all()


real = Constraint("Real()", lambda value: value == value)
real_vector = independent(real, 1)
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
unit_interval = interval(0.0, 1.0)
boolean = Constraint("Boolean()", lambda value: (value == 0) | (value == 1))
simplex = Constraint("Simplex()", _simplex)
one_hot = Constraint("OneHot()", _one_hot)
lower_cholesky = Constraint("LowerCholesky()", _lower_cholesky)
positive_definite = Constraint("PositiveDefinite()", _positive_definite)
