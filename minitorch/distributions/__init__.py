"""Probability distributions: sampling, densities, entropies and divergences.

Samples are PyTorch's for the same seed. Those of `rsample` are differentiable in the parameters.
"""

from minitorch.distributions import constraints, kl
from minitorch.distributions.continuous import (
    Exponential,
    Laplace,
    LogNormal,
    MultivariateNormal,
    Normal,
    Uniform,
)
from minitorch.distributions.discrete import Bernoulli, Categorical, OneHotCategorical
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.independent import Independent
from minitorch.distributions.kl import kl_divergence, register_kl

__all__ = ["Bernoulli", "Categorical", "Distribution", "Exponential", "Independent", "Laplace",
           "LogNormal", "MultivariateNormal", "Normal", "OneHotCategorical", "Uniform",
           "constraints", "kl", "kl_divergence", "register_kl"]
