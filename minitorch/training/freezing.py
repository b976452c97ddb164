"""Freezing parts of a network, so that frozen means frozen.

In PyTorch, ``p.requires_grad = False`` stops the weights, but a BatchNorm layer in training
mode keeps moving its running statistics: the "frozen" trunk drifts, and calling ``eval()`` on
it is undone by the next ``model.train()``.  `freeze` stops both; setting ``requires_grad`` by
hand still behaves exactly as in PyTorch.
"""

import functools

__all__ = ["freeze", "freeze_norm", "unfreeze", "train_only"]


def freeze(module, bn=True):
    """Stop every parameter of `module` from training, and pin its BatchNorm statistics.

    Parameters
    ----------
    module : minitorch.nn.Module
        The part to freeze; a whole network or one layer.
    bn : bool
        Put the layers that keep running statistics (BatchNorm) in evaluation mode and hold
        them there: a later ``module.train()`` or ``parent.train()`` does not move them.
        False is PyTorch's plain behaviour: weights stop, statistics keep moving.

    Returns
    -------
    minitorch.nn.Module
        `module` itself.

    Examples
    --------
    >>> model = resnet18(num_classes=3)
    >>> freeze(model)
    >>> unfreeze(model.fc)
    """
    for parameter in module.parameters():
        parameter.requires_grad = False
    if bn:
        for layer in _layers_with_statistics(module):
            _pin(layer)
    return module


def unfreeze(module):
    """Let every parameter of `module` train again, and release pinned BatchNorm layers.

    A released layer is in training mode; the next ``train()`` or ``eval()`` of a parent
    decides as usual.  Returns `module`.
    """
    for parameter in module.parameters():
        parameter.requires_grad = True
    for layer in _layers_with_statistics(module):
        if layer.__dict__.pop("train", None) is not None:
            layer.train()
    return module


def train_only(model, names, bn=True):
    """Freeze `model` except its submodules called `names`.

    Parameters
    ----------
    model : minitorch.nn.Module
    names : iterable of str
        Names as in ``model.named_modules()``: ``"fc"``, ``"layer4"``, ``"layer4.1.conv2"``.
    bn : bool
        As in `freeze`.

    Raises
    ------
    KeyError
        A name is not a submodule; nothing has been changed.
    """
    modules = dict(model.named_modules())
    chosen = [modules[name] for name in names]
    freeze(model, bn=bn)
    for module in chosen:
        unfreeze(module)
    return model


def freeze_norm(model):
    """`freeze` the BatchNorm layers of `model`, weights and statistics, and nothing else.

    Returns `model`.
    """
    for layer in _layers_with_statistics(model):
        freeze(layer)
    return model


def _layers_with_statistics(module):
    return [layer for layer in module.modules()
            if "running_mean" in getattr(layer, "_buffers", ())]


def _pin(layer):
    # Module.train() calls child.train(): an attribute of the instance takes its place.  A
    # partial of a module-level function survives deepcopy and pickling, a closure would not.
    layer.eval()
    layer.__dict__["train"] = functools.partial(_stay_in_eval, layer)


def _stay_in_eval(layer, mode=True):
    for each in layer.modules():
        each.training = False
    return layer
