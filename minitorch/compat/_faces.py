"""The modules that a program gets for ``import torch``, and the importer that makes them."""

import importlib.abc
import importlib.machinery
import sys
import types
import typing

from minitorch.compat import _guard, _names

# The release whose behaviour minitorch follows: programs compare it with what they need.
TORCH_VERSION = "2.13.0+minitorch"
VERSIONS = {"torch": TORCH_VERSION, "torchvision": "0.28.0+minitorch"}


class MissingNameError(AttributeError, NotImplementedError):
    """A program uses a name of PyTorch that minitorch has not."""


class Face(types.ModuleType):
    """One module of minitorch under its name in PyTorch.

    What a program sets here is set in minitorch's module, and what it reads is read there;
    functions and classes only once, since programs call them in their loops. A name that is
    missing raises with its full dotted name.
    """

    def __init__(self, name, source):
        super().__init__(name, source.__doc__)
        self.__dict__["_source"] = source
        if name in VERSIONS:
            self.__dict__["__version__"] = VERSIONS[name]

    def __getattr__(self, name):
        source = self._source
        if name.startswith("__"):
            return getattr(source, name)
        try:
            value = _names.lookup(self.__name__, source, name)
        except AttributeError:
            value = None
            if _names.source_of(f"{self.__name__}.{name}") is None:
                full = f"{self.__name__}.{name}"
                raise MissingNameError(_names.explain_missing(full), name=name, obj=self) from None
        if value is None or isinstance(value, types.ModuleType):
            return importlib.import_module(f"{self.__name__}.{name}")
        if callable(value):
            self.__dict__[name] = value
        return value

    def __setattr__(self, name, value):
        # the import system enters each module into the one above it
        if isinstance(value, Face | Missing) or name.startswith("__"):
            if not isinstance(value, Missing):
                self.__dict__[name] = value
            return
        self.__dict__.pop(name, None)
        setattr(self._source, name, value)

    def __dir__(self):
        return _names.public_names(self.__name__, self._source)


class Missing(types.ModuleType):
    """Stands for a name that was imported and is not there; any use of it raises.

    Many programs import more than they use, so the import alone is no error.
    """

    def _refuse(self, *args, **kwargs):
        raise MissingNameError(_names.explain_missing(self.__name__))

    __call__ = __mro_entries__ = __getitem__ = __iter__ = __len__ = _refuse

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingNameError(_names.explain_missing(f"{self.__name__}.{name}"))

    def __instancecheck__(self, value):
        return False

    def __subclasscheck__(self, cls):
        return False

    def __or__(self, other):
        return typing.Any

    __ror__ = __or__


class _Importer(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and makes the modules below torch and torchvision."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in _names.ROOTS:
            return None
        source = _names.source_of(name)
        if source is None and _guard.import_is_guarded():
            # the program says what to do without it, so it shall know
            raise ModuleNotFoundError(_names.explain_missing(name))
        # every module may have submodules: a program may import what we have as an attribute
        return importlib.machinery.ModuleSpec(name, self, loader_state=source, is_package=True)

    def create_module(self, spec):
        if spec.loader_state is None:
            return Missing(spec.name)
        return Face(spec.name, spec.loader_state)

    def exec_module(self, module):
        pass


_IMPORTER = _Importer()


def install():
    """Make ``import torch`` and ``import torchvision`` mean minitorch in this process.

    Raises
    ------
    RuntimeError
        If the real PyTorch has been imported already.
    """
    if _IMPORTER in sys.meta_path:
        return
    for root in _names.ROOTS:
        if root in sys.modules:
            raise RuntimeError(
                f"{root} is imported already; call minitorch.compat.install() before anything "
                "imports it")
    sys.meta_path.insert(0, _IMPORTER)


def uninstall():
    """Undo `install()`: later imports of torch find what is installed."""
    if _IMPORTER in sys.meta_path:
        sys.meta_path.remove(_IMPORTER)
        for name in [name for name in sys.modules if name.split(".")[0] in _names.ROOTS]:
            del sys.modules[name]
