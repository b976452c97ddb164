"""Modules that hold modules or parameters: Sequential, ModuleList, ModuleDict, Parameter*."""

import operator
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from itertools import chain, islice

from minitorch.nn._fused import run_in_turn
from minitorch.nn.modules.module import Module, _indent, typename
from minitorch.nn.parameter import Parameter
from minitorch.tensor import Tensor

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


def _absolute_index(index, size):
    """Return `index` counted from the start; IndexError outside ``[-size, size)``."""
    index = operator.index(index)
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of range")
    return index % size


def _check_iterable(values, where):
    if not isinstance(values, Iterable):
        raise TypeError(
            f"{where} should be called with an iterable, but got {type(values).__name__}"
        )


def _checked_pairs(pairs, where):
    """Yield the (key, value) pairs of a sequence, with PyTorch's complaints about the others."""
    for number, pair in enumerate(pairs):
        start = f"{where} update sequence element #{number} "
        if not isinstance(pair, Iterable):
            raise TypeError(f"{start}should be Iterable; is{type(pair).__name__}")
        if len(pair) != 2:
            raise ValueError(f"{start}has length {len(pair)}; 2 is required")
        yield pair[0], pair[1]


class _NumberedModules(Module):
    """What Sequential and ModuleList share: children called "0", "1", ..., without gaps."""

    def _renumber(self):
        values = list(self._modules.values())
        self._modules.clear()
        self._modules.update((str(i), module) for i, module in enumerate(values))

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def append(self, module):
        """Add `module` at the end; return self."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Add all of `modules` at the end; return self."""
        _check_iterable(modules, f"{type(self).__name__}.extend")
        for module in list(modules):
            self.append(module)
        return self

    def pop(self, key):
        """Remove the module at an index and return it."""
        module = self[key]
        del self[key]
        return module

    def _insert(self, index, module):
        for i in range(len(self), index, -1):
            self._modules[str(i)] = self._modules[str(i - 1)]
        self._modules[str(index)] = module


class Sequential(_NumberedModules):
    """Call modules one after the other, each on the output of the one before.

    Parameters
    ----------
    *args : Module
        The modules, named "0", "1", ...; or one OrderedDict of named modules.

    Examples
    --------
    >>> nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *args):
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            named = args[0].items()
        else:
            named = ((str(i), module) for i, module in enumerate(args))
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input):
        return run_in_turn(self._modules, input)

    def _key(self, index):
        return next(islice(self._modules, _absolute_index(index, len(self)), None))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._key(index)]

    def __setitem__(self, index, module):
        setattr(self, self._key(index), module)

    def __delitem__(self, index):
        if isinstance(index, slice):
            keys = list(self._modules)[index]
        else:
            keys = [self._key(index)]
        for key in keys:
            delattr(self, key)
        # As in PyTorch the rest is numbered anew, also when it had names.
        self._renumber()

    def insert(self, index, module):
        """Put `module` before `index`; return self."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        size = len(self)
        if not -size <= index <= size:
            raise IndexError(f"Index out of range: {index}")
        self._insert(index + size if index < 0 else index, module)
        return self

    def _check_sequential(self, other):
        if not isinstance(other, Sequential):
            raise ValueError(
                "add operator supports only objects of Sequential class, "
                f"but {type(other)} is given."
            )

    def __add__(self, other):
        self._check_sequential(other)
        return Sequential().extend(self).extend(other)

    def __iadd__(self, other):
        self._check_sequential(other)
        return self.extend(other)

    def _check_factor(self, factor):
        if not isinstance(factor, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(factor)}")
        if factor <= 0:
            raise ValueError(f"Non-positive multiplication factor {factor} for {type(self)}")

    def __mul__(self, other):
        self._check_factor(other)
        return Sequential().extend(list(self) * other)

    def __rmul__(self, other):
        return self * other

    def __imul__(self, other):
        self._check_factor(other)
        return self.extend(list(self) * (other - 1))


class ModuleList(_NumberedModules):
    """A list of modules whose parameters are found; it has no forward.

    Parameters
    ----------
    modules : iterable of Module, optional
        Its first members.
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return self._modules[str(_absolute_index(index, len(self)))]

    def __setitem__(self, index, module):
        setattr(self, str(_absolute_index(index, len(self))), module)

    def __delitem__(self, index):
        if isinstance(index, slice):
            for i in range(len(self))[index]:
                delattr(self, str(i))
        else:
            delattr(self, str(_absolute_index(index, len(self))))
        self._renumber()

    def __iadd__(self, modules):
        return self.extend(modules)

    def __add__(self, other):
        return ModuleList(chain(self, other))

    def insert(self, index, module):
        """Put `module` before `index`."""
        self._insert(index, module)

    def __repr__(self):
        """Print runs of members with equal reprs as one entry."""
        if len(self) == 0:
            return self._get_name() + "()"
        runs = []  # [first index, last index, repr]
        for i, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        lines = []
        for first, last, text in runs:
            if first == last:
                entry = f"({first}): {text}"
            else:
                entry = f"({first}-{last}): {last - first + 1} x {text}"
            lines.append(_indent(entry))
        return self._get_name() + "(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """A dict of modules whose parameters are found, in the order of insertion; no forward.

    Parameters
    ----------
    modules : mapping or iterable of (str, Module), optional
        Its first members.
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module):
        self.add_module(key, module)

    def __delitem__(self, key):
        del self._modules[key]

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key):
        return key in self._modules

    def clear(self):
        """Remove all members."""
        self._modules.clear()

    def pop(self, key):
        """Remove a member and return it."""
        return self._modules.pop(key)

    def keys(self):
        """Return the names."""
        return self._modules.keys()

    def items(self):
        """Return the (name, module) pairs."""
        return self._modules.items()

    def values(self):
        """Return the modules."""
        return self._modules.values()

    def update(self, modules):
        """Add or replace members from a mapping or an iterable of pairs."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, "
                f"but got {type(modules).__name__}"
            )
        if isinstance(modules, (ModuleDict, Mapping)):
            pairs = list(modules.items())
        else:
            pairs = _checked_pairs(modules, "ModuleDict")
        for key, module in pairs:
            self[key] = module


def _describe_member(value, kind):
    """Return one line about a member of a ParameterList or ParameterDict; `kind` prints it."""
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    role = "Parameter" if isinstance(value, Parameter) else "Tensor"
    size = "x".join(str(n) for n in value.shape)
    return f"{role} containing: [{kind(value)} of size {size}]"


def _as_member(value):
    if isinstance(value, Tensor) and not isinstance(value, Parameter):
        return Parameter(value)
    return value


class ParameterList(Module):
    """A list of parameters; plain tensors become parameters, other objects are kept as they are.

    Parameters
    ----------
    values : iterable, optional
        Its first members.
    """

    def __init__(self, values=None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __len__(self):
        return self._size

    def __iter__(self):
        return iter(self[i] for i in range(len(self)))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(self[i] for i in range(len(self))[index])
        return getattr(self, str(_absolute_index(index, len(self))))

    def __setitem__(self, index, value):
        setattr(self, str(_absolute_index(index, len(self))), _as_member(value))

    def __iadd__(self, values):
        return self.extend(values)

    def append(self, value):
        """Add `value` at the end; return self."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values):
        """Add all of `values` at the end; return self."""
        if isinstance(values, Tensor):
            raise TypeError(
                "ParameterList.extend should be called with an iterable, "
                f"but got {type(values).__name__}"
            )
        _check_iterable(values, "ParameterList.extend")
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self):
        return "\n".join(
            f"  ({i}): {_describe_member(value, lambda t: t.dtype)}" for i, value in enumerate(self)
        )

    def __call__(self, *args, **kwargs):
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """A dict of parameters; plain tensors become parameters, other objects are kept as they are.

    Parameters
    ----------
    parameters : mapping or iterable of (str, value), optional
        Its first members. A plain mapping is taken in sorted order, as in PyTorch.
    """

    def __init__(self, parameters=None):
        super().__init__()
        self._keys = {}
        if parameters is not None:
            self.update(parameters)

    def _check_key(self, key):
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string "
                f"(type is '{type(key).__name__}')."
            )

    def __getitem__(self, key):
        self._check_key(key)
        return getattr(self, key)

    def __setitem__(self, key, value):
        self._check_key(key)
        setattr(self, key, _as_member(value))
        self._keys[key] = None

    def __delitem__(self, key):
        del self._keys[key]
        delattr(self, key)

    def __len__(self):
        return len(self._keys)

    def __iter__(self):
        return iter(self._keys)

    def __reversed__(self):
        return reversed(self._keys)

    def __contains__(self, key):
        return key in self._keys

    def copy(self):
        """Return a ParameterDict with the same members."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key, default=None):
        """Return the member `key`, after setting it to `default` if it is missing."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self):
        """Remove all members."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key):
        """Remove a member and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self):
        """Remove the member that was added last and return (name, value)."""
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def get(self, key, default=None):
        """Return the member `key`, or `default`."""
        return self[key] if key in self else default

    def fromkeys(self, keys, default=None):
        """Return a ParameterDict with `default` under each of `keys`."""
        return ParameterDict((key, default) for key in keys)

    def keys(self):
        """Return the names."""
        return self._keys.keys()

    def items(self):
        """Return the (name, value) pairs."""
        return ((key, self[key]) for key in self._keys)

    def values(self):
        """Return the members."""
        return (self[key] for key in self._keys)

    def update(self, parameters):
        """Add or replace members from a mapping or an iterable of pairs."""
        if not isinstance(parameters, Iterable):
            raise TypeError(
                "ParametersDict.update should be called with an iterable of key/value pairs, "
                f"but got {type(parameters).__name__}"
            )
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            pairs = list(parameters.items())
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items())
        else:
            pairs = _checked_pairs(parameters, "ParameterDict")
        for key, value in pairs:
            self[key] = value

    def extra_repr(self):
        return "\n".join(
            f"  ({key}): {_describe_member(value, typename)}" for key, value in self.items()
        )

    def __call__(self, *args, **kwargs):
        raise RuntimeError("ParameterDict should not be called.")

    def __or__(self, other):
        result = self.copy()
        result.update(other)
        return result

    def __ror__(self, other):
        result = other.copy()
        result.update(self)
        return result

    def __ior__(self, other):
        self.update(other)
        return self
