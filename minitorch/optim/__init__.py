"""Optimizers: SGD, the base class for one's own, and learning-rate schedules."""

from minitorch.optim import lr_scheduler
from minitorch.optim.optimizer import Optimizer
from minitorch.optim.sgd import SGD

__all__ = ["SGD", "Optimizer", "lr_scheduler"]
