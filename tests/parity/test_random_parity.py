"""Same seed, same bits as PyTorch on the CPU, over sizes, dtypes and memory layouts."""

import numpy as np
import pytest

import minitorch as mt

torch = pytest.importorskip("torch")

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTS = ("int64", "int32", "int16", "int8", "uint8")
SIZES = (0, 1, 5, 15, 16, 17, 31, 33, 100, 1000, 4099)

# name -> (dtypes, call(ns, size, dtype))
DRAWS = {
    "rand": (FLOATS, lambda ns, n, d: ns.rand(n, dtype=d)),
    "randn": (FLOATS, lambda ns, n, d: ns.randn(n, dtype=d)),
    "rand_like": (FLOATS, lambda ns, n, d: ns.rand_like(ns.zeros(n, 3, dtype=d).t())),
    "randn_like": (FLOATS, lambda ns, n, d: ns.randn_like(ns.zeros(n, 3, dtype=d).t())),
    "uniform_": (FLOATS, lambda ns, n, d: ns.empty(n, dtype=d).uniform_(-1.5, 2.5)),
    "uniform_strided": (FLOATS, lambda ns, n, d: ns.zeros(n, 2, dtype=d)[:, 0].uniform_(-1, 3)),
    "normal_": (FLOATS, lambda ns, n, d: ns.empty(n, dtype=d).normal_(1.5, 2.5)),
    "normal_strided": (FLOATS, lambda ns, n, d: ns.zeros(n, 2, dtype=d)[:, 0].normal_(1.5, 2.5)),
    "normal_of_tensors": (
        FLOATS,
        lambda ns, n, d: ns.normal(ns.arange(n).to(d), ns.arange(n).to(d)),
    ),
    "normal_size": (FLOATS, lambda ns, n, d: ns.normal(1.0, 2.0, (n,), dtype=d)),
    "exponential_": (FLOATS, lambda ns, n, d: ns.empty(n, dtype=d).exponential_(1.5)),
    "cauchy_": (FLOATS, lambda ns, n, d: ns.empty(n, dtype=d).cauchy_(1.5, 2.0)),
    "log_normal_": (FLOATS, lambda ns, n, d: ns.empty(n, dtype=d).log_normal_(0.5, 0.25)),
    "geometric_": (FLOATS + INTS, lambda ns, n, d: ns.empty(n, dtype=d).geometric_(0.3)),
    "poisson": (FLOATS, lambda ns, n, d: ns.poisson((ns.arange(n) % 30).to(d))),
    "bernoulli": (FLOATS, lambda ns, n, d: ns.bernoulli((ns.arange(n) / max(n, 1)).to(d))),
    "bernoulli_": (FLOATS + INTS, lambda ns, n, d: ns.empty(n, dtype=d).bernoulli_(0.3)),
    "random_": (FLOATS + INTS, lambda ns, n, d: ns.empty(n, dtype=d).random_()),
    "random_from": (FLOATS + INTS, lambda ns, n, d: ns.empty(n, dtype=d).random_(5, None)),
    "randint": (FLOATS + INTS, lambda ns, n, d: ns.randint(3, 100, (n,), dtype=d)),
    "randint_wide": (("int64",), lambda ns, n, d: ns.randint(-(2**40), 2**40, (n,), dtype=d)),
    "randint_float": (("float32", "float64"), lambda ns, n, d: ns.randint(2**31, (n,), dtype=d)),
    "randperm": (("int64", "int32", "float64"), lambda ns, n, d: ns.randperm(n, dtype=d)),
    "multinomial": (
        ("float32", "float64"),
        lambda ns, n, d: ns.multinomial((ns.arange(n + 2) + 1).to(d), n // 2 + 1),
    ),
    "multinomial_rows": (
        ("float32", "float64"),
        lambda ns, n, d: ns.multinomial((ns.arange(2 * n + 4) + 1).to(d).view(2, -1), 6, True),
    ),
}


def bits(tensor):
    return (tensor.float() if str(tensor.dtype).endswith("bfloat16") else tensor).numpy()


@pytest.mark.filterwarnings("ignore:.*precision limitations")
@pytest.mark.parametrize("name", DRAWS)
def test_same_seed_same_bits(name):
    dtypes, call = DRAWS[name]
    for dtype in dtypes:
        mt.manual_seed(7)
        torch.manual_seed(7)
        for size in SIZES:
            for _ in range(2):
                ours = bits(call(mt, size, getattr(mt, dtype)))
                theirs = bits(call(torch, size, getattr(torch, dtype)))
                np.testing.assert_array_equal(ours, theirs, err_msg=f"{dtype} {size}")


def test_state_is_interchangeable():
    torch.manual_seed(3)
    torch.randn(3)
    mt.set_rng_state(mt.from_numpy(torch.get_rng_state().numpy()))
    np.testing.assert_array_equal(mt.randn(40).numpy(), torch.randn(40).numpy())
    torch.set_rng_state(torch.from_numpy(mt.get_rng_state().numpy()))
    np.testing.assert_array_equal(mt.rand(5).numpy(), torch.rand(5).numpy())


@pytest.mark.parametrize(
    ("call", "pattern"),
    [
        (lambda ns: ns.randint(-5, 7, (2,), dtype=ns.uint8), "from is out of bounds"),
        (lambda ns: ns.randint(0, 300, (2,), dtype=ns.int8), "to - 1 is out of bounds"),
        (lambda ns: ns.randint(3, 3, (2,)), "random_ expects 'from' to be less than 'to'"),
        (lambda ns: ns.empty(2).geometric_(1.5), r"geometric_ expects p to be in \(0, 1\)"),
        (lambda ns: ns.empty(2).cauchy_(0, -1), "cauchy_ expects sigma > 0.0"),
        (lambda ns: ns.multinomial(ns.ones(3), 4), "cannot sample n_sample > prob_dist.size"),
        (lambda ns: ns.multinomial(ns.zeros(3), 1), "sum of probabilities <= 0"),
        (lambda ns: ns.normal(ns.zeros(2), ns.tensor([1.0, -1.0])), "all elements of std >= 0.0"),
        (lambda ns: ns.poisson(ns.tensor([-1.0])), "invalid Poisson rate"),
    ],
)
def test_same_errors(call, pattern):
    for ns in (mt, torch):
        with pytest.raises(RuntimeError, match=pattern):
            call(ns)
