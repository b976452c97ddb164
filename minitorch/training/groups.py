"""Which layers learn how fast: the parameter groups of discriminative rates."""

__all__ = ["parameter_groups", "stages"]


def stages(model, head="fc"):
    """The children of `model` that have weights, from the head down to the input.

    Parameters
    ----------
    model : minitorch.nn.Module
    head : str
        The child that comes first in the result.

    Returns
    -------
    list of (str, list of str)
        The name of a stage and of its children.  What lies before the first child that is made
        of layers itself, as a ResNet's ``conv1`` and ``bn1``, is one stage, called ``"stem"``.
    """
    found, stem = [], []
    for name, child in model.named_children():
        if name == head or next(child.parameters(), None) is None:
            continue
        if not found and next(child.children(), None) is None:
            stem.append(name)
        else:
            found.append((name, [name]))
    below = [("stem", stem)] if stem else []
    return [(head, [head]), *reversed(found), *below]


def parameter_groups(model, parameters, lr, *, body_lr_mult=1.0, layer_decay=1.0, head="fc"):
    """Groups for an optimizer: the head learns at `lr`, what lies deeper more slowly.

    Parameters
    ----------
    model : minitorch.nn.Module
    parameters : iterable of Parameter
        Those of `model` that shall be in the groups.
    lr : float
    body_lr_mult : float
        Times `lr`: the rate of everything but the head.
    layer_decay : float
        Times that, once more for each stage down from the head (see `stages`).
    head : str

    Returns
    -------
    list of dict
        With ``"params"``, ``"lr"`` and ``"name"``; a single group if all rates are equal.
    """
    chosen = {id(parameter) for parameter in parameters}
    if body_lr_mult == 1 and layer_decay == 1:
        return [{"params": [p for p in model.parameters() if id(p) in chosen], "lr": lr}]
    groups = []
    for depth, (name, children) in enumerate(stages(model, head)):
        rate = lr * layer_decay ** depth * (body_lr_mult if depth else 1.0)
        members = [p for child in children for p in model.get_submodule(child).parameters()
                   if id(p) in chosen]
        if not members:
            continue
        if groups and name != head and groups[-1]["name"] != head and rate == groups[-1]["lr"]:
            groups[-1]["params"] += members
        else:
            groups.append({"params": members, "lr": rate,
                           "name": "body" if layer_decay == 1 and depth else name})
    return groups
