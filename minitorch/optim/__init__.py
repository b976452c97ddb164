"""Optimizers, the base class for one's own, and learning-rate schedules."""

from importlib import import_module

from minitorch.optim.optimizer import Optimizer
from minitorch.optim.sgd import SGD

# At first use: each module costs import time, and a program has one optimizer or two.
_CLASSES = {
    "ASGD": "asgd",
    "Adadelta": "adadelta",
    "Adagrad": "adagrad",
    "Adam": "adam",
    "AdamW": "adam",
    "Adamax": "adamax",
    "LBFGS": "lbfgs",
    "NAdam": "nadam",
    "RAdam": "radam",
    "RMSprop": "rmsprop",
    "Rprop": "rprop",
}
# What PyTorch has besides, and what serves instead.
_ABSENT = {
    "Adafactor": "Adam and RMSprop are what comes nearest",
    "Muon": "SGD with nesterov=True is Muon without its orthogonal updates",
    "SparseAdam": "there are no sparse gradients here: use Adam",
}
_MODULES = ("lr_scheduler", "swa_utils", *sorted(set(_CLASSES.values())))

__all__ = ["SGD", "Optimizer", "lr_scheduler", "swa_utils", *_CLASSES]


def __getattr__(name):
    if name in _CLASSES:
        return getattr(import_module("minitorch.optim." + _CLASSES[name]), name)
    if name in _MODULES:
        return import_module("minitorch.optim." + name)
    advice = f"; {_ABSENT[name]}" if name in _ABSENT else ""
    raise AttributeError(f"module 'minitorch.optim' has no attribute {name!r}{advice}")


def __dir__():
    return sorted({*globals(), *__all__})
