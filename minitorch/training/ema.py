"""An exponential average of a model's weights over training, which validates instead of them."""

import copy

from minitorch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

__all__ = ["average_of_part", "exponential_average"]


def exponential_average(model, decay):
    """An `AveragedModel` of `model` whose buffers, BatchNorm's statistics, are averaged too.

    Parameters
    ----------
    model : minitorch.nn.Module
    decay : float
        Share of the old average at each update: it remembers about ``1 / (1 - decay)`` updates.

    Examples
    --------
    >>> average = exponential_average(model, 0.99)
    >>> train_one_epoch(model, loader, loss_fn, optimizer,
    ...                 after_update=lambda: average.update_parameters(model))
    >>> evaluate(average.module, val_loader)
    """
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def average_of_part(average, name):
    """`average` as the average of the submodule `name` alone.

    Where only that part trains, its updates are all there is to do.  The result shares memory and
    count with `average`; its ``update_parameters`` takes the submodule of the model.
    """
    part = copy.copy(average)
    part.__dict__["_modules"] = {"module": average.module.get_submodule(name)}
    return part
