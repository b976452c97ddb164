"""Distributions over cases: Bernoulli, Categorical, OneHotCategorical."""

import math

from minitorch._core.dtype import finfo
from minitorch._core.shape import Size
from minitorch._ops.creation import arange, eye, full
from minitorch._ops.expand import broadcast_tensors
from minitorch._ops.random import bernoulli
from minitorch._ops.sampling import multinomial
from minitorch.autograd.grad_mode import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution, broadcast
from minitorch.nn.functional import binary_cross_entropy_with_logits, one_hot, softmax

__all__ = ["Bernoulli", "Categorical", "OneHotCategorical"]


def logarithms(probs, binary=False):
    """Logits of probabilities, those of 0 and 1 moved to what the dtype tells from them."""
    eps = finfo(probs.dtype).eps
    safe = probs.clamp(min=eps, max=1 - eps)
    return safe.log() - (-safe).log1p() if binary else safe.log()


class Weighted(Distribution):
    """Base: given by probabilities or logits, of which the other is computed when asked for."""

    def _one_of(self, probs, logits):
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")

    def __getattr__(self, name):
        if name == "probs":
            made = self._probs_of(self.logits)
        elif name == "logits":
            made = self._logits_of(self.probs)
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        # beside the given one, which alone is in the printed form
        self._made = {**self.__dict__.get("_made", {}), name: made}
        return made

    @property
    def param_shape(self):
        """The shape of the probabilities."""
        return (self.__dict__["probs"] if "probs" in self.__dict__ else self.logits).shape


class Bernoulli(Weighted):
    """Yes or no, 1 or 0.

    Parameters
    ----------
    probs, logits : Tensor or float
        The probability of 1, or the logarithm of its odds: one of the two.
    validate_args : bool, optional
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        self._one_of(probs, logits)
        if probs is not None:
            (self.probs,) = broadcast(probs)
        else:
            (self.logits,) = broadcast(logits)
        super().__init__(self.param_shape, validate_args=validate_args)

    def _probs_of(self, logits):
        return logits.sigmoid()

    def _logits_of(self, probs):
        return logarithms(probs, binary=True)

    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))

    @property
    def mode(self):
        """The likelier case, NaN where both are as likely."""
        mode = (self.probs >= 0.5).to(self.probs)
        return mode.masked_fill(self.probs == 0.5, math.nan)

    def sample(self, sample_shape=()):
        """Draw samples, (sample_shape, batch_shape)."""
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        """The logarithm of the probability of `value`."""
        self._validate_sample(value)
        logits, value = broadcast_tensors(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self):
        """The entropy, in nats."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand=True):
        """Both cases along a new first axis, for every distribution of the batch."""
        cases = arange(2, dtype=self.probs.dtype).reshape(-1, *(1 for _ in self._batch_shape))
        return cases.expand(-1, *self._batch_shape) if expand else cases


class Categorical(Weighted):
    """One of n cases, numbered from 0.

    Parameters
    ----------
    probs, logits : Tensor
        (*, n): weights of the cases, which need not sum to 1, or their logarithms: one of the two.
    validate_args : bool, optional
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        self._one_of(probs, logits)
        for name, value in (("probs", probs), ("logits", logits)):
            if value is not None and value.dim() < 1:
                raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
        else:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
        self._num_events = self.param_shape[-1]
        super().__init__(self.param_shape[:-1], validate_args=validate_args)

    def _probs_of(self, logits):
        return softmax(logits, dim=-1)

    def _logits_of(self, probs):
        return logarithms(probs)

    @property
    def support(self):
        """The numbers of the cases."""
        return constraints.integer_interval(0, self._num_events - 1)

    mode = property(lambda self: self.probs.argmax(dim=-1))
    mean = variance = property(
        lambda self: full(self._extended_shape(), math.nan, dtype=self.probs.dtype))

    def sample(self, sample_shape=()):
        """Draw samples, (sample_shape, batch_shape), of int64."""
        rows = self.probs.detach().reshape(-1, self._num_events)
        drawn = multinomial(rows, Size(sample_shape).numel(), True).t()
        return drawn.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value):
        """The logarithm of the probability of `value`."""
        self._validate_sample(value)
        value, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self):
        """The entropy, in nats."""
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand=True):
        """All cases along a new first axis, for every distribution of the batch."""
        cases = arange(self._num_events).reshape(-1, *(1 for _ in self._batch_shape))
        return cases.expand(-1, *self._batch_shape) if expand else cases


class OneHotCategorical(Distribution):
    """`Categorical` with samples of zeros and one 1; parameters as there."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:],
                         validate_args)

    probs = mean = property(lambda self: self._categorical.probs)
    logits = property(lambda self: self._categorical.logits)
    param_shape = property(lambda self: self._categorical.param_shape)
    mode = property(lambda self: one_hot(self._categorical.mode, self._event_shape[0])
                    .to(self.probs))
    variance = property(lambda self: self.probs * (1 - self.probs))

    def _given(self):
        return self._categorical._given()

    def __repr__(self):
        # as PyTorch's, which shows no parameters here
        return f"{type(self).__name__}()"

    def sample(self, sample_shape=()):
        """Draw samples, (sample_shape, batch_shape, n), of the probabilities' dtype."""
        drawn = self._categorical.sample(sample_shape)
        return one_hot(drawn, self._event_shape[0]).to(self.probs.dtype)

    def log_prob(self, value):
        """The logarithm of the probability of `value`."""
        self._validate_sample(value)
        return self._categorical.log_prob(value.max(-1)[1])

    def entropy(self):
        """The entropy, in nats."""
        return self._categorical.entropy()

    def enumerate_support(self, expand=True):
        """All cases along a new first axis, for every distribution of the batch."""
        n = self._event_shape[0]
        cases = eye(n, dtype=self.probs.dtype).reshape(n, *(1 for _ in self._batch_shape), n)
        return cases.expand(n, *self._batch_shape, n) if expand else cases
