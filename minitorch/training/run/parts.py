"""What trains: the words of ``--train`` and ``--freeze`` as names of submodules."""

from minitorch.training.model_io import build_model
from minitorch.training.naming import did_you_mean
from minitorch.training.weights import HEAD

__all__ = ["check_trained_parts", "trained_parts"]


def check_trained_parts(settings):
    """Raise ValueError if ``settings.train`` names parts that the network does not have."""
    if settings.train not in ("all", "head"):
        trained_parts(build_model(settings.arch, 2), settings.train)


def trained_parts(model, text):
    """The submodule names that ``--train`` means; the head always trains.

    Parameters
    ----------
    model : minitorch.nn.Module
    text : str
        "all", "head", names as ``"layer3,layer4"``, or ``"after:NAME"`` for all that comes after
        a part, which is what ``--freeze until:NAME`` leaves.

    Raises
    ------
    ValueError
        A name that the model does not have, or of a part without weights; no name.
    """
    if text == "all":
        return [""]
    if text == "head":
        return [HEAD]
    if text.startswith("after:"):
        return _parts_after(model, text.removeprefix("after:").strip())
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ValueError(f"{text!r} names no part; 'head' is the least")
    names = [HEAD if name == "head" else name for name in names]
    for name in names:
        _check_part(model, name)
    return list(dict.fromkeys([*names, HEAD]))


def _check_part(model, name):
    known = [name for name, _ in model.named_modules() if name]
    if name not in known:
        top = [name for name, _ in model.named_children()]
        raise ValueError(f"the model has no part called {name!r}{did_you_mean(name, known)}; "
                         f"its parts are {', '.join(top)}")
    if next(model.get_submodule(name).parameters(), None) is None:
        raise ValueError(f"{name!r} has no weights that could be trained")


def _parts_after(model, last):
    """The largest submodules with weights that come after `last` in the order of the network."""
    last = HEAD if last == "head" else last
    _check_part(model, last)
    if last == HEAD:
        raise ValueError(f"nothing comes after {last!r} that could be trained")
    parts, module, prefix = [], model, ""
    # From the top down to `last`: at each level, the siblings behind the one that leads to it.
    for name in last.split("."):
        siblings = [each for each, _ in module.named_children()]
        behind = siblings[siblings.index(name) + 1:]
        parts = [prefix + each for each in behind
                 if next(module.get_submodule(each).parameters(), None) is not None] + parts
        module, prefix = module.get_submodule(name), f"{prefix}{name}."
    return parts
