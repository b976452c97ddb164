"""Optimizers: SGD, the base class for one's own, and learning-rate schedules."""

from minitorch.optim.optimizer import Optimizer
from minitorch.optim.sgd import SGD

__all__ = ["SGD", "Optimizer", "lr_scheduler"]


def __getattr__(name):
    # At first use: not every program has a schedule, and each module costs import time.
    if name == "lr_scheduler":
        from importlib import import_module

        return import_module("minitorch.optim.lr_scheduler")
    raise AttributeError(f"module 'minitorch.optim' has no attribute {name!r}")
