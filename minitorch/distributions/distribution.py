"""Distribution: what all of them share."""

from minitorch._core.shape import Size
from minitorch._core.tensor import TensorBase
from minitorch._ops.creation import tensor
from minitorch._ops.expand import broadcast_tensors
from minitorch.autograd.grad_mode import no_grad

__all__ = ["Distribution"]


class Distribution:
    """Base of the distributions.

    Parameters
    ----------
    batch_shape : tuple of int
        Of the parameters: so many distributions are in one object.
    event_shape : tuple of int
        Of one sample of one distribution.
    validate_args : bool, optional
        Whether parameters and values are checked (default True).

    Raises
    ------
    ValueError
        If a parameter, or later a value, lies where it may not.

    Notes
    -----
    A subclass names its parameters in `arg_constraints`, in the order of its constructor, and
    keeps each as an attribute of its name.
    """

    arg_constraints = {}
    has_rsample = False
    has_enumerate_support = False
    _validate_args = True

    def __init__(self, batch_shape=(), event_shape=(), validate_args=None):
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, constraint in self.arg_constraints.items():
                if name in self.__dict__:
                    self._check_parameter(name, constraint)

    def _check_parameter(self, name, constraint):
        value = getattr(self, name)
        if not constraint.check(value).all():
            shown = value.item() if value.dim() == 0 else value
            raise ValueError(
                f"Expected parameter {name} ({type(value).__name__} of shape "
                f"{tuple(value.shape)}) of distribution {self!r} to satisfy the constraint "
                f"{constraint!r}, but found invalid values:\n{shown}")

    @staticmethod
    def set_default_validate_args(value):
        """Whether parameters and values are checked where nothing else is said."""
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    # ------------------------------------------------------------ facts

    @property
    def batch_shape(self):
        """The shape of the parameters."""
        return self._batch_shape

    @property
    def event_shape(self):
        """The shape of one sample of one distribution."""
        return self._event_shape

    @property
    def stddev(self):
        """The standard deviation."""
        return self.variance.sqrt()

    def perplexity(self):
        """The exponential of the entropy."""
        return self.entropy().exp()

    # ------------------------------------------------------------ what subclasses define

    def _missing(self, *args, **kwargs):
        raise NotImplementedError

    mean = property(_missing)
    mode = property(_missing)
    variance = property(_missing)
    support = property(_missing)
    rsample = log_prob = entropy = cdf = icdf = enumerate_support = _missing

    def sample(self, sample_shape=()):
        """Draw samples, (sample_shape, batch_shape, event_shape), that carry no gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def sample_n(self, n):
        """`n` samples; `sample` with a shape has taken its place."""
        return self.sample((n,))

    def expand(self, batch_shape):
        """The same distributions, their parameters broadcast to a larger batch."""
        shape = Size(batch_shape)
        given = {name: getattr(self, name) for name in self._given()}
        return type(self)(
            **{name: value.expand(shape + value.shape[self._own_axes(value):])
               for name, value in given.items()}, validate_args=False)

    def _own_axes(self, value):
        """How many of a parameter's first axes are the batch's."""
        return len(self._batch_shape)

    def _given(self):
        """The names of the parameters that the constructor was given."""
        return [name for name in self.arg_constraints if name in self.__dict__]

    # ------------------------------------------------------------ help for subclasses

    def _extended_shape(self, sample_shape=()):
        return Size(sample_shape) + self._batch_shape + self._event_shape

    def _validate_sample(self, value):
        """Refuse a value that is none of this distribution's, unless checks are off."""
        if not self._validate_args:
            return
        if not isinstance(value, TensorBase):
            raise ValueError("The value argument to log_prob must be a Tensor")
        wanted, axes = self._batch_shape + self._event_shape, len(self._event_shape)
        if value.shape[value.dim() - axes:] != self._event_shape:
            raise ValueError(
                "The right-most size of value must match event_shape: "
                f"{value.shape} vs {self._event_shape}.")
        for i, j in zip(reversed(value.shape), reversed(wanted), strict=False):
            if i not in (1, j) and j != 1:
                raise ValueError("Value is not broadcastable with batch_shape+event_shape: "
                                 f"{value.shape} vs {wanted}.")
        if not self.support.check(value).all():
            shown = value.item() if value.dim() == 0 else value
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) "
                f"to be within the support ({self.support!r}) of the distribution {self!r}, but "
                f"found invalid values:\n{shown}")

    def __repr__(self):
        facts = [(name, getattr(self, name)) for name in self._given()]
        inner = ", ".join(
            f"{name}: {value.item() if value.numel() == 1 else value.shape}"
            for name, value in facts)
        return f"{type(self).__name__}({inner})"


def broadcast(*values):
    """Parameters as tensors of one shape, numbers among them in the dtype of the tensors."""
    like = next((value for value in values if isinstance(value, TensorBase)), None)
    dtype = None if like is None else like.dtype
    made = [value if isinstance(value, TensorBase) else tensor(float(value), dtype=dtype)
            for value in values]
    return broadcast_tensors(*made)
