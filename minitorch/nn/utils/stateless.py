"""Calling a module with other parameters and buffers than its own."""

import contextlib
import warnings

from minitorch.tensor import Tensor

__all__ = ["functional_call"]

_MISSING = object()


def functional_call(
    module, parameters_and_buffers, args=None, kwargs=None, *, tie_weights=True, strict=False
):
    """The old place of ``torch.func.functional_call``; warns."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be "
        "removed in a future version of PyTorch. Please use `torch.func.functional_call` instead "
        "which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return call_with(
        module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict
    )


def call_with(module, tensors, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """Call a module in which tensors stand for its own; see ``torch.func.functional_call``."""
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _exchanged(module, tensors, tie_weights, strict):
        return module(*args, **(kwargs or {}))


@contextlib.contextmanager
def _exchanged(module, tensors, tie_weights, strict):
    wanted = _with_tied_names(module, tensors) if tie_weights else tensors
    if strict:
        _check_names(module, wanted)
    before = {}
    try:
        for name, tensor in wanted.items():
            before[name] = _exchange(module, name, tensor)
        yield
    finally:
        after = {name: _exchange(module, name, tensor) for name, tensor in before.items()}
        # A forward may have set others, such as new running statistics.
        tensors.update((name, after[name]) for name in tensors if name in after)


def _named_tensors(module):
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def _with_tied_names(module, tensors):
    """`tensors` with an entry for each name of a tensor that has several in the module."""
    names_of = {}
    for name, tensor in _named_tensors(module).items():
        names_of.setdefault(id(tensor), set()).add(name)
    result = dict(tensors)
    for names in names_of.values():
        given = names & tensors.keys()
        if len(names) == 1 or not given:
            continue
        if len({id(tensors[name]) for name in given}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(names)}, "
                "which are tied. Consider using tie_weights=False"
            )
        result.update(dict.fromkeys(names, tensors[next(iter(given))]))
    return result


def _check_names(module, tensors):
    own = _named_tensors(module).keys()
    errors = []
    for text, names in (
        ("Unexpected", [name for name in tensors if name not in own]),
        ("Missing", [name for name in own if name not in tensors]),
    ):
        if names:
            errors.append(f"{text} key(s): {', '.join(map(repr, names))}.")
    if errors:
        raise RuntimeError(
            f"Error(s) in reparametrizing for {module._get_name()}:\n\t" + "\n\t".join(errors)
        )


def _exchange(module, name, tensor):
    """Set what the dotted `name` stands for, and return what it stood for before."""
    path, _, last = name.rpartition(".")
    for part in path.split(".") if path else ():
        if part not in module._modules:
            raise AttributeError(f"{module._get_name()} has no attribute `{part}`")
        module = module._modules[part]
    if tensor is _MISSING:
        before = getattr(module, last, _MISSING)
        if before is not _MISSING:
            delattr(module, last)
        return before
    if tensor is not None and not isinstance(tensor, Tensor):
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")
    for table in (module._parameters, module._buffers):
        if last in table:
            before, table[last] = table[last], tensor
            return before
    before = getattr(module, last, _MISSING)
    setattr(module, last, tensor)
    return before
