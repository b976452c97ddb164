"""Distributions over numbers: Normal, LogNormal, Uniform, Exponential, Laplace, and of vectors."""

import math

from minitorch._core.dtype import finfo
from minitorch._core.shape import broadcast_shapes
from minitorch._ops.creation import zeros
from minitorch._ops.random import normal, rand
from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution, broadcast
from minitorch.linalg import cholesky, inv, solve

__all__ = ["Exponential", "Laplace", "LogNormal", "MultivariateNormal", "Normal", "Uniform"]


def standard_normal(shape, like):
    """Standard normal numbers of a tensor's dtype, drawn as PyTorch draws them."""
    return normal(zeros(shape, dtype=like.dtype), 1.0)


class Normal(Distribution):
    """Normal distributions.

    Parameters
    ----------
    loc : Tensor or float
        The mean.
    scale : Tensor or float
        The standard deviation, above 0.
    validate_args : bool, optional
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    mean = mode = property(lambda self: self.loc)
    stddev = property(lambda self: self.scale)
    variance = property(lambda self: self.scale.pow(2))

    def sample(self, sample_shape=()):
        """Draw samples, (sample_shape, batch_shape), that carry no gradient."""
        shape = self._extended_shape(sample_shape)
        return normal(self.loc.detach().expand(shape), self.scale.detach().expand(shape))

    def rsample(self, sample_shape=()):
        """Draw samples that are differentiable in the parameters."""
        shape = self._extended_shape(sample_shape)
        return self.loc + standard_normal(shape, self.loc) * self.scale

    def log_prob(self, value):
        """The logarithm of the density at `value`."""
        self._validate_sample(value)
        return (-((value - self.loc) ** 2) / (2 * self.variance) - self.scale.log()
                - math.log(math.sqrt(2 * math.pi)))

    def cdf(self, value):
        """The probability of at most `value`."""
        self._validate_sample(value)
        return 0.5 * (1 + ((value - self.loc) * self.scale.reciprocal() / math.sqrt(2)).erf())

    def icdf(self, value):
        """The number that is not exceeded with probability `value`."""
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self):
        """The differential entropy, in nats."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()


class LogNormal(Distribution):
    """The exponential of a normally distributed number; parameters as of `Normal`."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.base_dist = Normal(loc, scale, validate_args)
        super().__init__(self.base_dist.batch_shape, validate_args=validate_args)

    loc = property(lambda self: self.base_dist.loc)
    scale = property(lambda self: self.base_dist.scale)
    mean = property(lambda self: (self.loc + self.scale.pow(2) / 2).exp())
    mode = property(lambda self: (self.loc - self.scale.square()).exp())
    variance = property(lambda self: self.scale.pow(2).expm1()
                        * (2 * self.loc + self.scale.pow(2)).exp())

    def expand(self, batch_shape):
        """The same distributions, their parameters broadcast to a larger batch."""
        base = self.base_dist.expand(batch_shape)
        return type(self)(base.loc, base.scale, validate_args=False)

    def sample(self, sample_shape=()):
        """Draw samples that carry no gradient."""
        return self.base_dist.sample(sample_shape).exp()

    def rsample(self, sample_shape=()):
        """Draw samples that are differentiable in the parameters."""
        return self.base_dist.rsample(sample_shape).exp()

    def log_prob(self, value):
        """The logarithm of the density at `value`."""
        self._validate_sample(value)
        logarithm = value.log()
        return self.base_dist.log_prob(logarithm) - logarithm

    def cdf(self, value):
        """The probability of at most `value`."""
        self._validate_sample(value)
        return self.base_dist.cdf(value.log())

    def icdf(self, value):
        """The number that is not exceeded with probability `value`."""
        return self.base_dist.icdf(value).exp()

    def entropy(self):
        """The differential entropy, in nats."""
        return self.base_dist.entropy() + self.loc


class Uniform(Distribution):
    """Uniform distributions from `low` to `high`, which lies above."""

    has_rsample = True

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = broadcast(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)

    @property
    def arg_constraints(self):
        """Each bound is limited by the other."""
        return {"low": constraints.less_than(self.high),
                "high": constraints.greater_than(self.low)}

    @property
    def support(self):
        """From `low` to `high`."""
        return constraints.interval(self.low, self.high)

    mean = property(lambda self: (self.high + self.low) / 2)
    mode = property(lambda self: math.nan * self.high)
    stddev = property(lambda self: (self.high - self.low) / 12**0.5)
    variance = property(lambda self: (self.high - self.low).pow(2) / 12)

    def rsample(self, sample_shape=()):
        """Draw samples that are differentiable in the bounds."""
        drawn = rand(self._extended_shape(sample_shape), dtype=self.low.dtype)
        return self.low + drawn * (self.high - self.low)

    def log_prob(self, value):
        """The logarithm of the density at `value`; without checks minus infinity outside."""
        self._validate_sample(value)
        inside = self.low.le(value).type_as(self.low) * self.high.gt(value).type_as(self.low)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value):
        """The probability of at most `value`."""
        self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value):
        """The number that is not exceeded with probability `value`."""
        return value * (self.high - self.low) + self.low

    def entropy(self):
        """The differential entropy, in nats."""
        return (self.high - self.low).log()


class Exponential(Distribution):
    """Times between events that come at a constant `rate`, above 0."""

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate, validate_args=None):
        (self.rate,) = broadcast(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    mean = stddev = property(lambda self: self.rate.reciprocal())
    mode = property(lambda self: self.rate.detach() * 0)
    variance = property(lambda self: self.rate.pow(-2))

    def rsample(self, sample_shape=()):
        """Draw samples that are differentiable in the rate."""
        drawn = self.rate.new_empty(self._extended_shape(sample_shape)).exponential_()
        return drawn / self.rate

    def log_prob(self, value):
        """The logarithm of the density at `value`."""
        self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value):
        """The probability of at most `value`."""
        self._validate_sample(value)
        return 1 - (-self.rate * value).exp()

    def icdf(self, value):
        """The number that is not exceeded with probability `value`."""
        return -(-value).log1p() / self.rate

    def entropy(self):
        """The differential entropy, in nats."""
        return 1.0 - self.rate.log()


class Laplace(Distribution):
    """Differences of two exponential numbers, around `loc`; `scale` above 0."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    mean = mode = property(lambda self: self.loc)
    stddev = property(lambda self: 2**0.5 * self.scale)
    variance = property(lambda self: 2 * self.scale.pow(2))

    def rsample(self, sample_shape=()):
        """Draw samples that are differentiable in the parameters."""
        drawn = self.loc.new_empty(self._extended_shape(sample_shape))
        drawn = drawn.uniform_(finfo(self.loc.dtype).eps - 1, 1)
        return self.loc - self.scale * drawn.sign() * (-drawn.abs()).log1p()

    def log_prob(self, value):
        """The logarithm of the density at `value`."""
        self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value):
        """The probability of at most `value`."""
        self._validate_sample(value)
        away = value - self.loc
        return 0.5 - 0.5 * away.sign() * (-away.abs() / self.scale).expm1()

    def icdf(self, value):
        """The number that is not exceeded with probability `value`."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * (-2 * term.abs()).log1p()

    def entropy(self):
        """The differential entropy, in nats."""
        return 1 + (2 * self.scale).log()


class MultivariateNormal(Distribution):
    """Normal distributions of vectors; one of the three matrices says how the elements vary.

    Parameters
    ----------
    loc : Tensor
        (*, n), the mean.
    covariance_matrix, precision_matrix, scale_tril : Tensor, optional
        (*, n, n): the covariances, their inverse, or a lower triangular factor ``L`` of ``L Lᵀ``.
    validate_args : bool, optional

    Raises
    ------
    ValueError
        If not exactly one matrix is given, or a parameter has too few dimensions.
    """

    arg_constraints = {"loc": constraints.real_vector,
                       "covariance_matrix": constraints.positive_definite,
                       "precision_matrix": constraints.positive_definite,
                       "scale_tril": constraints.lower_cholesky}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc, covariance_matrix=None, precision_matrix=None, scale_tril=None,
                 validate_args=None):
        matrices = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix,
                    "scale_tril": scale_tril}
        given = {name: matrix for name, matrix in matrices.items() if matrix is not None}
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril "
                             "may be specified.")
        ((name, matrix),) = given.items()
        if matrix.dim() < 2:
            raise ValueError(f"{name} must be at least two-dimensional, with optional leading "
                             "batch dimensions")
        batch = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self._matrix_name = name
        self.loc = loc.expand((*batch, loc.shape[-1]))
        setattr(self, name, matrix.expand((*batch, *matrix.shape[-2:])))
        super().__init__(batch, self.loc.shape[-1:], validate_args)
        if name == "scale_tril":
            self._factor = matrix
        elif name == "covariance_matrix":
            self._factor = cholesky(matrix)
        else:
            self._factor = cholesky(inv(matrix))

    def __getattr__(self, name):
        """The two matrices that were not given, computed when they are asked for."""
        if name == "scale_tril":
            made = self._factor
        elif name == "covariance_matrix":
            made = self._factor @ self._factor.mT
        elif name == "precision_matrix":
            made = inv(self._factor @ self._factor.mT)
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return made.expand(self._batch_shape + self._event_shape + self._event_shape)

    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: self._factor.pow(2).sum(-1).expand(self._extended_shape()))

    def rsample(self, sample_shape=()):
        """Draw samples that are differentiable in the parameters."""
        drawn = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + (self._factor @ drawn.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value):
        """The logarithm of the density at `value`."""
        self._validate_sample(value)
        size = self._event_shape[0]
        away = (value - self.loc).unsqueeze(-1)
        factor = self._factor.tril().expand((*away.shape[:-2], size, size))
        distance = solve(factor, away).squeeze(-1).pow(2).sum(-1)
        return -0.5 * (size * math.log(2 * math.pi) + distance) - self._half_log_det()

    def _half_log_det(self):
        return self._factor.diagonal(0, -2, -1).log().sum(-1)

    def entropy(self):
        """The differential entropy, in nats."""
        entropy = 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._half_log_det()
        return entropy.expand(self._batch_shape)
