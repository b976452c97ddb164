"""Printing against PyTorch on random tensors, dtypes and options, character for character."""

import math
import random

import numpy as np
import pytest

import minitorch as mt

torch = pytest.importorskip("torch")

DTYPES = ("float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8",
          "bool")
OPTIONS = {
    "precision": (None, 0, 2, 4, 7),
    "threshold": (None, 0, 10, 1000),
    "edgeitems": (None, 0, 1, 3, 5),
    "linewidth": (None, 5, 20, 80, 120),
    "profile": ("default", "short"),
    "sci_mode": (None, None, True, False),
}


@pytest.fixture(autouse=True)
def default_options():
    yield
    for ns in (mt, torch):
        ns.set_printoptions(profile="default")


def random_values(rng, shape, dtype):
    """Values that reach every branch: whole, tiny, huge, far apart, zero, nan, inf, negative."""
    draw = np.random.default_rng(rng.randrange(2**32))
    if dtype == "bool":
        return draw.random(shape) < 0.5
    if not dtype.endswith(("16", "32", "64")) or "float" not in dtype:
        return draw.integers(0 if dtype == "uint8" else -120, 120, shape)
    x = draw.standard_normal(shape)
    kind = rng.randrange(7)
    if kind == 0:
        x = x * 10.0 ** rng.uniform(-9, 9)
    elif kind == 1:
        x = np.round(x)
    elif kind == 2:
        x = np.round(x * 10.0 ** rng.uniform(-3, 9))
    elif kind == 3:
        special = rng.choice([math.nan, math.inf, -math.inf, 0.0, -0.0])
        x = np.where(draw.random(shape) < 0.4, special, x)
    elif kind == 4:
        x = x * 0.0
    elif kind == 5:
        x = np.exp(x * rng.choice([1, 5, 10]))
    return x


def both(values, dtype, grad):
    with np.errstate(over="ignore"):
        narrow = values.astype({"bfloat16": "float32"}.get(dtype, dtype))
    made = []
    for ns in (mt, torch):
        x = ns.from_numpy(np.array(narrow))
        x = x.to(ns.bfloat16) if dtype == "bfloat16" else x
        if x.dim() > 1 and grad % 2:
            x = x.transpose(0, 1)
        if "float" in dtype and grad > 2:
            x = x.requires_grad_()
            x = x * 1 if grad == 4 else x
        made.append(x)
    return made


@pytest.mark.parametrize("seed", range(20))
def test_repr_equals_torch(seed):
    rng = random.Random(seed)
    for _ in range(40):
        shape = [rng.choice([0, 1, 2, 3, 5, 7, 12]) for _ in range(rng.randrange(4))]
        if rng.random() < 0.2:
            shape = [rng.choice([900, 1001, 1500])]
        dtype = rng.choice(DTYPES)
        ours, theirs = both(random_values(rng, tuple(shape), dtype), dtype, rng.randrange(5))
        options = {name: rng.choice(choices) for name, choices in OPTIONS.items()}
        if rng.random() < 0.5:
            options = {"profile": "default"}
        for ns in (mt, torch):
            ns.set_printoptions(**options)
        assert repr(ours) == repr(theirs), (options, shape, dtype)
