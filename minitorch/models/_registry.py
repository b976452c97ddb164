"""Models by name, and the manners that torchvision's model functions have towards old callers."""

import fnmatch
import functools
import inspect
import warnings

from minitorch.models._weights import WeightsEnum

__all__ = ["get_model", "get_model_builder", "get_model_weights", "get_weight", "list_models"]

_BUILDERS = {}
_WEIGHTS = {}


def register(enum, legacy):
    """Decorate a model function: enter its name, and accept the arguments of old programs.

    Parameters
    ----------
    enum : type
        The function's weights enum.
    legacy : WeightsEnum
        What ``pretrained=True`` used to mean.
    """

    def decorate(build):
        names = [
            name
            for name, parameter in inspect.signature(build).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        ]

        @functools.wraps(build)
        def model(*args, **kwargs):
            if args:
                _accept_positional(build.__name__, names, args, kwargs)
            _accept_pretrained(legacy, kwargs)
            return build(**kwargs)

        _BUILDERS[build.__name__] = model
        _WEIGHTS[build.__name__] = enum
        return model

    return decorate


def _accept_positional(function, names, args, kwargs):
    """Move positional arguments to their keywords, with torchvision's warning."""
    if len(args) > len(names):
        raise TypeError(
            f"{function}() takes at most {len(names)} positional arguments "
            f"({', '.join(names)}) but {len(args)} were given"
        )
    given = names[: len(args)]
    for name in given:
        if name in kwargs:
            raise TypeError(f"{function}() got multiple values for argument {name!r}")
    quoted = " and ".join(repr(name) for name in given)
    warnings.warn(
        f"Using {quoted} as positional parameter(s) is deprecated since 0.13 and may be removed "
        "in the future. Please use keyword parameter(s) instead.",
        stacklevel=3,
    )
    kwargs.update(zip(given, args, strict=True))


def _accept_pretrained(legacy, kwargs):
    """Turn ``pretrained=`` (or a bool as ``weights``) into ``weights=``, with the warnings."""
    by_name = "pretrained" in kwargs
    if not by_name:
        if "weights" not in kwargs:
            return
        weights = kwargs["weights"]
        is_new_style = weights is None or isinstance(weights, WeightsEnum)
        if is_new_style or (isinstance(weights, str) and weights != "legacy"):
            return
    elif "weights" in kwargs:
        raise TypeError("'weights' and the deprecated 'pretrained' cannot both be given")
    pretrained = kwargs.pop("pretrained" if by_name else "weights")
    # ``weights=True`` is the old first positional argument, ``pretrained``; anything else there
    # is a mistake that ``verify`` names.
    if not by_name and not isinstance(pretrained, bool | int | str):
        kwargs["weights"] = pretrained
        return
    if by_name:
        warnings.warn(
            "The parameter 'pretrained' is deprecated since 0.13 and may be removed in the "
            "future, please use 'weights' instead.",
            stacklevel=3,
        )
    new = legacy if pretrained else None
    text = (
        "Arguments other than a weight enum or `None` for 'weights' are deprecated since 0.13 "
        f"and may be removed in the future. The current behavior is equivalent to passing "
        f"`weights={new}`."
    )
    if pretrained:
        text += (
            f" You can also use `weights={type(legacy).__name__}.DEFAULT` to get the most "
            "up-to-date weights."
        )
    warnings.warn(text, stacklevel=3)
    kwargs["weights"] = new


def list_models(module=None, include=None, exclude=None):
    """Names of the models, sorted.

    Parameters
    ----------
    module : module, optional
        Only models defined in this package.
    include, exclude : str or iterable of str, optional
        Shell-style patterns; ``include`` keeps what any of them matches, ``exclude`` drops it.
    """

    def matches(name, patterns):
        patterns = [patterns] if isinstance(patterns, str) else patterns
        return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)

    names = [
        name
        for name, build in _BUILDERS.items()
        if module is None or build.__module__.rsplit(".", 1)[0] == module.__name__
    ]
    if include:
        names = [name for name in names if matches(name, include)]
    if exclude:
        names = [name for name in names if not matches(name, exclude)]
    return sorted(names)


def get_model_builder(name):
    """The function that builds the model of this name (case does not matter).

    Raises
    ------
    ValueError
        No such model.
    """
    try:
        return _BUILDERS[name.lower()]
    except KeyError:
        raise ValueError(f"Unknown model {name.lower()}") from None


def get_model(name, **config):
    """Build the model ``name`` with these arguments."""
    return get_model_builder(name)(**config)


def get_model_weights(name):
    """The weights enum of a model, by its name or its function."""
    function = get_model_builder(name) if isinstance(name, str) else name
    enum = _WEIGHTS.get(getattr(function, "__name__", None))
    if enum is None:
        raise ValueError(f"no weights are registered for {name!r}")
    return enum


def get_weight(name):
    """The enum member with a full name such as ``"ResNet50_Weights.IMAGENET1K_V1"``.

    Raises
    ------
    ValueError
        Not of the form ``Enum.MEMBER``, or no such enum.
    KeyError
        The enum has no such member.
    """
    enum_name, dot, member = name.partition(".")
    if not dot or "." in member:
        raise ValueError(f"Invalid weight name provided: '{name}'.")
    for enum in _WEIGHTS.values():
        if enum.__name__ == enum_name:
            return enum[member]
    raise ValueError(
        f"The weight enum '{enum_name}' for the specific method couldn't be retrieved."
    )
