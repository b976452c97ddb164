"""Independent: axes of a batch taken as one event."""

from minitorch._core.shape import Size
from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution

__all__ = ["Independent", "sum_rightmost"]


def sum_rightmost(value, axes):
    """The sum over the last `axes` axes."""
    return value if axes == 0 else value.flatten(value.dim() - axes).sum(-1)


class Independent(Distribution):
    """A distribution whose last batch axes are part of its events, which vary independently.

    Parameters
    ----------
    base_distribution : Distribution
    reinterpreted_batch_ndims : int
        How many axes.
    validate_args : bool, optional

    Raises
    ------
    ValueError
        If the batch has fewer axes.
    """

    def __init__(self, base_distribution, reinterpreted_batch_ndims, validate_args=None):
        base, axes = base_distribution, reinterpreted_batch_ndims
        if axes > len(base.batch_shape):
            raise ValueError("Expected reinterpreted_batch_ndims <= len(base_distribution."
                             f"batch_shape), actual {axes} vs {len(base.batch_shape)}")
        self.base_dist, self.reinterpreted_batch_ndims = base, axes
        shape = base.batch_shape + base.event_shape
        cut = len(base.batch_shape) - axes
        super().__init__(shape[:cut], shape[cut:], validate_args)

    has_rsample = property(lambda self: self.base_dist.has_rsample)
    mean = property(lambda self: self.base_dist.mean)
    mode = property(lambda self: self.base_dist.mode)
    variance = property(lambda self: self.base_dist.variance)

    @property
    def support(self):
        """That of the base, for all elements of an event."""
        return (constraints.independent(self.base_dist.support, self.reinterpreted_batch_ndims)
                if self.reinterpreted_batch_ndims else self.base_dist.support)

    def expand(self, batch_shape):
        """The same distributions, their parameters broadcast to a larger batch."""
        own = self._event_shape[:self.reinterpreted_batch_ndims]
        return type(self)(self.base_dist.expand(Size(batch_shape) + own),
                          self.reinterpreted_batch_ndims, validate_args=False)

    def sample(self, sample_shape=()):
        """Draw samples that carry no gradient."""
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape=()):
        """Draw samples that are differentiable in the parameters."""
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value):
        """The logarithm of the density of whole events."""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self):
        """The entropy of whole events, in nats."""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self):
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"
