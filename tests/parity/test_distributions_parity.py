"""torch.distributions: samples, densities, entropies, divergences and errors equal PyTorch's."""

import numpy as np
import pytest

import minitorch as mt
from minitorch import distributions as ours

torch = pytest.importorskip("torch")

# By name: the constructor's arguments, from either package, and values to measure.
CASES = {
    "Normal": (lambda ns: {"loc": ns.tensor([0.5, -1.0]), "scale": ns.tensor([1.0, 2.5])},
               [[0.2, -3.0], [1.0, 2.0]]),
    "LogNormal": (lambda ns: {"loc": ns.tensor([0.5, -1.0]), "scale": ns.tensor([0.4, 0.7])},
                  [[0.2, 3.0], [1.0, 2.0]]),
    "Uniform": (lambda ns: {"low": ns.tensor([0.0, -1.0]), "high": 2.0}, [[0.2, 1.9]]),
    "Exponential": (lambda ns: {"rate": ns.tensor([0.5, 3.0])}, [[0.2, 3.0]]),
    "Laplace": (lambda ns: {"loc": ns.tensor([0.5, -1.0]), "scale": 1.5}, [[0.2, -3.0]]),
    "Bernoulli": (lambda ns: {"probs": ns.tensor([0.25, 0.5, 1.0])}, [[1.0, 0.0, 1.0]]),
    "Bernoulli.logits": (lambda ns: {"logits": ns.tensor([0.25, -2.0])}, [[1.0, 0.0]]),
    "Categorical": (lambda ns: {"probs": ns.tensor([[0.2, 0.8, 1.0], [1.0, 0.0, 3.0]])}, [0, 2]),
    "Categorical.logits": (lambda ns: {"logits": ns.tensor([0.25, -2.0, 0.5])}, [0, 2, 1]),
    "OneHotCategorical": (lambda ns: {"logits": ns.tensor([0.25, -2.0])}, [[1.0, 0.0]]),
    "MultivariateNormal": (
        lambda ns: {"loc": ns.tensor([1.0, 2.0]),
                    "covariance_matrix": ns.tensor([[2.0, 0.5], [0.5, 1.0]])},
        [[0.2, -3.0], [1.0, 2.0]]),
    "MultivariateNormal.scale_tril": (
        lambda ns: {"loc": ns.tensor([[1.0, 2.0], [0.0, 0.0]]),
                    "scale_tril": ns.tensor([[2.0, 0.0], [0.5, 1.0]])},
        [[0.2, -3.0], [1.0, 2.0]]),
    "MultivariateNormal.precision": (
        lambda ns: {"loc": ns.tensor([1.0, 2.0]),
                    "precision_matrix": ns.tensor([[2.0, 0.5], [0.5, 1.0]])},
        [[0.2, -3.0]]),
}


def both(name):
    kind, (arguments, values) = name.partition(".")[0], CASES[name]
    return [(ns, getattr(ns.distributions, kind)(**arguments(ns)), ns.tensor(values))
            for ns in (mt, torch)]


def close(got, wanted, where=""):
    assert tuple(got.shape) == tuple(wanted.shape), where
    assert str(got.dtype) == str(wanted.dtype), where
    np.testing.assert_allclose(got.detach().numpy(), wanted.detach().numpy(), rtol=2e-5, atol=2e-6,
                               err_msg=where)


@pytest.mark.parametrize("name", CASES)
def test_facts_and_densities(name):
    (_, mine, value), (_, theirs, same) = both(name)
    assert repr(mine) == repr(theirs)
    assert repr(mine.support) == repr(theirs.support)
    for fact in ("batch_shape", "event_shape"):
        assert tuple(getattr(mine, fact)) == tuple(getattr(theirs, fact))
    assert mine.has_rsample == theirs.has_rsample
    assert mine.has_enumerate_support == theirs.has_enumerate_support
    for fact in ("mean", "mode", "variance", "stddev"):
        close(getattr(mine, fact), getattr(theirs, fact), fact)
    close(mine.log_prob(value), theirs.log_prob(same))
    close(mine.entropy(), theirs.entropy())
    close(mine.perplexity(), theirs.perplexity())
    wide, wide_too = (one.expand((4, *one.batch_shape)) for one in (mine, theirs))
    assert wide.batch_shape == tuple(wide_too.batch_shape)
    close(wide.log_prob(value[-1:]), wide_too.log_prob(same[-1:]))
    if mine.has_enumerate_support:
        for expand in (True, False):
            close(mine.enumerate_support(expand), theirs.enumerate_support(expand))


@pytest.mark.parametrize("name", ["Normal", "LogNormal", "Uniform", "Exponential", "Laplace"])
def test_quantiles(name):
    (_, mine, value), (_, theirs, same) = both(name)
    close(mine.cdf(value), theirs.cdf(same))
    close(mine.icdf(value * 0 + 0.3), theirs.icdf(same * 0 + 0.3))


@pytest.mark.parametrize("name", CASES)
def test_the_same_seed_draws_the_same_samples(name):
    for shape in ((), (3,), (2, 5)):
        drawn = []
        for ns, one, _ in both(name):
            ns.manual_seed(3)
            drawn.append((one.sample(shape), one.sample(shape)))
        for got, wanted in zip(*drawn, strict=True):
            close(got, wanted)


@pytest.mark.parametrize(
    "name", [n for n in CASES if getattr(ours, n.partition(".")[0]).has_rsample])
def test_gradients_flow_through_samples_and_densities(name):
    found = []
    for ns in (mt, torch):
        arguments = {key: value.requires_grad_() for key, value in CASES[name][0](ns).items()
                     if hasattr(value, "requires_grad_")}
        one = getattr(ns.distributions, name.partition(".")[0])(
            **{**CASES[name][0](ns), **arguments})
        ns.manual_seed(1)
        drawn = one.rsample((3,))
        density = one.log_prob(ns.tensor(CASES[name][1]))
        (drawn.sum() + density.sum() + one.entropy().sum()).backward()
        found.append([value.grad for value in arguments.values()])
    for got, wanted in zip(*found, strict=True):
        close(got, wanted)


def test_a_policy_gradient_is_pytorchs():
    grads = []
    for ns in (mt, torch):
        logits = ns.tensor([[0.1, 0.5, -1.0], [2.0, 0.0, 0.0]], requires_grad=True)
        policy = ns.distributions.Categorical(logits=logits)
        ns.manual_seed(0)
        (policy.log_prob(policy.sample((4,))).sum() + policy.entropy().sum()).backward()
        grads.append(logits.grad)
    close(*grads)


def test_divergences():
    for name in CASES:
        kind = name.partition(".")[0]
        for ns, store in ((mt, mine := []), (torch, theirs := [])):
            p = getattr(ns.distributions, kind)(**CASES[name][0](ns))
            q = getattr(ns.distributions, kind)(
                **{key: value * 1.25 if key in ("scale", "covariance_matrix", "high") else value
                   for key, value in CASES[name][0](ns).items()})
            store += [ns.distributions.kl_divergence(p, q), ns.distributions.kl_divergence(q, p)]
            if len(p.batch_shape):
                store.append(ns.distributions.kl_divergence(
                    *(ns.distributions.Independent(one, 1) for one in (p, q))))
        for got, wanted in zip(mine, theirs, strict=True):
            close(got, wanted, name)


def test_a_batch_as_one_event():
    made = []
    for ns in (mt, torch):
        d = ns.distributions
        one = d.Independent(d.Normal(ns.zeros(2, 3), ns.ones(2, 3) * 2), 1)
        ns.manual_seed(0)
        made.append((one, one.rsample((5,)), one.log_prob(ns.ones(2, 3)), one.entropy(),
                     one.expand((4, 2)).log_prob(ns.ones(3)), one.mean, one.variance))
    assert repr(made[0][0]) == repr(made[1][0])
    assert repr(made[0][0].support) == repr(made[1][0].support)
    for got, wanted in zip(made[0][1:], made[1][1:], strict=True):
        close(got, wanted)


@pytest.mark.parametrize("call", [
    lambda ns, d: d.Normal(0.0, -1.0),
    lambda ns, d: d.Normal(ns.zeros(2), ns.tensor([1.0, -1.0])),
    lambda ns, d: d.Normal(0.0, 1.0).log_prob(ns.tensor(float("nan"))),
    lambda ns, d: d.Normal(0.0, 1.0).log_prob(1.0),
    lambda ns, d: d.Normal(ns.zeros(2), 1.0).log_prob(ns.zeros(3)),
    lambda ns, d: d.Uniform(1.0, 0.0),
    lambda ns, d: d.Uniform(0.0, 1.0).log_prob(ns.tensor(3.0)),
    lambda ns, d: d.Exponential(0.0),
    lambda ns, d: d.Bernoulli(0.5).log_prob(ns.tensor(0.5)),
    lambda ns, d: d.Bernoulli(),
    lambda ns, d: d.Bernoulli(1.5),
    lambda ns, d: d.Categorical(),
    lambda ns, d: d.Categorical(ns.tensor(0.5)),
    lambda ns, d: d.Categorical(ns.tensor([-0.5, 1.5])),
    lambda ns, d: d.Categorical(ns.ones(2)).log_prob(ns.tensor(2)),
    lambda ns, d: d.OneHotCategorical(ns.ones(2)).log_prob(ns.ones(2)),
    lambda ns, d: d.OneHotCategorical(ns.ones(2)).log_prob(ns.ones(3)),
    lambda ns, d: d.MultivariateNormal(ns.zeros(2), ns.zeros(2, 2)),
    lambda ns, d: d.MultivariateNormal(ns.zeros(2)),
    lambda ns, d: d.MultivariateNormal(ns.zeros(2), scale_tril=ns.ones(2, 2)),
    lambda ns, d: d.Independent(d.Normal(0.0, 1.0), 1),
    lambda ns, d: d.kl_divergence(d.Normal(0.0, 1.0), d.Categorical(ns.ones(2))),
    lambda ns, d: d.Categorical(ns.ones(2)).cdf(ns.tensor(1)),
])
def test_errors(call):
    texts = []
    for ns in (mt, torch):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the kinds are compared
            call(ns, ns.distributions)
        texts.append(f"{caught.type.__name__}: {caught.value}".partition("\n")[0])
    assert texts[0] == texts[1]


def test_checks_can_be_switched_off():
    assert ours.Normal(0.0, 1.0, validate_args=False).log_prob(mt.tensor(float("nan"))).isnan()
    ours.Distribution.set_default_validate_args(False)
    try:
        ours.Normal(0.0, -1.0)
    finally:
        ours.Distribution.set_default_validate_args(True)


def test_a_rule_for_a_new_pair():
    class Shifted(ours.Normal):
        pass

    @ours.register_kl(Shifted, ours.Uniform)
    def rule(p, q):
        return p.loc - q.low

    assert ours.kl_divergence(Shifted(3.0, 1.0), ours.Uniform(1.0, 2.0)).item() == 2
    assert ours.kl_divergence(Shifted(3.0, 1.0), ours.Normal(3.0, 1.0)).item() == 0
