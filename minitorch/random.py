"""Random numbers: generators and seeds, under PyTorch's names.

The stream is PyTorch's: the same seed gives the same bits as PyTorch on the CPU (the code that
it runs on processors with AVX2 or later), for every size, dtype and memory layout of `rand`,
`randn`, `randint`, `randperm`, `normal`, `bernoulli`, `poisson`, their in-place and ``*_like``
forms, `exponential_`, `cauchy_`, `log_normal_`, `geometric_`, and `multinomial` of float32 and
float64. The states of generators are interchangeable with PyTorch's.

What differs:

- `multinomial` without replacement of float16 and bfloat16 weights, where equal numbers are
  common: PyTorch's choice among equals is not defined.
- PyTorch's numbers on processors without AVX2 differ in the last bits of `randn` and its kin;
  those here are the same everywhere.
- `binomial` is missing.

A thread may have a default generator of its own (`drawing_from`), as each of PyTorch's worker
processes has.
"""

from minitorch._ops.random import (
    Generator,
    default_generator,
    drawing_from,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

__all__ = [
    "Generator",
    "default_generator",
    "drawing_from",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]
