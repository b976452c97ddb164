"""A network looked at in evaluation mode, with no trace left."""

import contextlib

__all__ = ["flags_of_evaluation"]


@contextlib.contextmanager
def flags_of_evaluation(model):
    """Within, the modules of `model` are flagged as evaluating; afterwards each is as it was.

    No ``train()`` or ``eval()`` is called, as a network may do more in them.
    """
    training = {module: module.training for module in model.modules()}
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module, was_training in training.items():
            module.training = was_training
