"""Timing functions in the place of the operations, while a profiler runs.

An operation is a function of ``minitorch._ops``, and everything reaches it through a name: of a
module, or of the class Tensor. Those names are made to mean a timing function, and at the end the
operation again; so there is nothing to check in an operation when no profiler runs. Optimizers and
the data loader are timed by the same exchange. The nodes of the backward and the calls of modules
are shown by observers: the engine and Module look whether there is one.
"""

import functools
import importlib
import pkgutil
import sys

import minitorch
from minitorch import _ops
from minitorch._core.engine import set_observer
from minitorch._core.record import AccumulateGrad
from minitorch._core.tensor import TensorBase
from minitorch.nn import _fused
from minitorch.nn.modules._hooks import set_call_observer
from minitorch.optim.optimizer import Optimizer
from minitorch.profiler._names import node_name, operation_name
from minitorch.profiler._record import NODE, OPERATION
from minitorch.tensor import Tensor
from minitorch.utils.data import dataloader

__all__ = ["Instruments"]

# Methods of TensorBase that read elements.
_READING = ("item", "tolist")
# Tensor.float() and its like all convert.
_CASTS = ("bfloat16", "bool", "double", "float", "half", "int", "long", "short", "byte", "char")


def bind_all():
    """Bind what is bound at its first use, or that use would keep the timing function for good."""
    for name, module in minitorch._LAZY_NAMES.items():
        if module.startswith("_ops."):
            getattr(minitorch, name)
    for name in dir(Tensor):
        getattr(Tensor, name, None)


def operations():
    """All operations: function -> name in the profile."""
    bind_all()
    public = {id(value) for names in (vars(Tensor), vars(minitorch)) for value in names.values()}
    found = {}
    for entry in pkgutil.iter_modules(_ops.__path__):
        module = importlib.import_module(f"{_ops.__name__}.{entry.name}")
        for name, value in vars(module).items():
            if getattr(value, "__module__", None) == module.__name__:
                label = operation_name(name, value, id(value) in public)
                if label is not None:
                    found.setdefault(value, label)
    return found


def shapes_of(args, kwargs):
    """The shape of each argument that is a tensor, or a list of them; [] for the others."""
    return [_shape(value) for value in (*args, *kwargs.values())]


def _shape(value):
    if isinstance(value, TensorBase):
        return list(value.shape)
    if isinstance(value, (list, tuple)) and value and all(
            isinstance(item, TensorBase) for item in value):
        return [list(item.shape) for item in value]
    return []


class Instruments:
    """The exchange of names for one recorder: :meth:`install`, :meth:`remove`."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.undo = []  # (owner, name, what was there or _NOTHING)

    def install(self):
        """Time everything from now on, where the recorder sees it."""
        timed = {function: self.timed(function, name) for function, name in operations().items()}
        self.exchange_functions(timed)
        self.exchange_methods(timed)
        if self.recorder.with_modules:
            set_call_observer(functools.partial(ModuleCall, self.recorder))
        self.exchange_fused()
        self.exchange(dataloader._Iterator, "__next__", self.timed(
            dataloader._Iterator.__next__, "enumerate(DataLoader)#{}.__next__", by_type=True))
        for optimizer in (Optimizer, *_subclasses(Optimizer)):
            for name in ("step", "zero_grad"):
                if name in vars(optimizer):
                    self.exchange(optimizer, name, self.timed(
                        vars(optimizer)[name], f"Optimizer.{name}#{{}}.{name}", by_type=True))
        set_observer(Observer(self.recorder))

    def remove(self):
        """Put everything back."""
        set_observer(None)
        set_call_observer(None)
        while self.undo:
            owner, name, before = self.undo.pop()
            if before is _NOTHING:
                delattr(owner, name)
            elif isinstance(owner, dict):
                owner[name] = before
            else:
                setattr(owner, name, before)

    def exchange(self, owner, name, value):
        """Set an attribute of a class, or a key of a module's dict, and remember what it was."""
        names = owner if isinstance(owner, dict) else vars(owner)
        self.undo.append((owner, name, names.get(name, _NOTHING)))
        if isinstance(owner, dict):
            owner[name] = value
        else:
            setattr(owner, name, value)

    def exchange_functions(self, timed):
        """In the dicts of all modules, those of the program too (``from minitorch import cat``)."""
        by_id = {id(function): replacement for function, replacement in timed.items()}
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", None)
            if not isinstance(names, dict):
                continue
            for name, value in list(names.items()):
                if id(value) in by_id:
                    self.exchange(names, name, by_id[id(value)])

    def exchange_methods(self, timed):
        """In the class Tensor: methods, operators, properties."""
        for name, value in list(vars(Tensor).items()):
            if isinstance(value, property) and value.fget in timed:
                self.exchange(Tensor, name, property(timed[value.fget]))
            elif getattr(value, "__hash__", None) is not None and value in timed:
                self.exchange(Tensor, name, timed[value])
            elif name in _CASTS:
                self.exchange(Tensor, name, self.timed(value, "aten::to"))
        for name in _READING:
            self.exchange(Tensor, name, self.timed(getattr(TensorBase, name), f"aten::{name}"))

    def exchange_fused(self):
        """The fused call of a convolution and its followers.

        It counts as a call of the convolution's module, which is not called itself: else the time
        would be known of the block only.
        """
        function = _fused.conv_norm_act
        recorder, name = self.recorder, "minitorch::conv_norm_act"

        @functools.wraps(function)
        def call(x, conv, *args, **kwargs):
            with ModuleCall(recorder, conv, name):
                return function(x, conv, *args, **kwargs)

        self.exchange_functions(
            {function: call if recorder.with_modules else self.timed(function, name)})

    def timed(self, function, name, by_type=False):
        """A function that records itself and calls `function`.

        With `by_type` the name has a ``{}`` for the class of the first argument.
        """
        recorder = self.recorder

        @functools.wraps(function)
        def call(*args, **kwargs):
            if not recorder.sees():
                return function(*args, **kwargs)
            shapes = shapes_of(args, kwargs) if recorder.record_shapes else None
            event = recorder.enter(
                name.format(type(args[0]).__name__) if by_type else name, OPERATION, shapes)
            try:
                return function(*args, **kwargs)
            finally:
                recorder.leave(event)

        return call


_NOTHING = object()


def _subclasses(cls):
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


class Observer:
    """Shows the engine's nodes to the recorder."""

    def __init__(self, recorder):
        self.recorder = recorder

    def evaluating(self, node):
        """Around all that belongs to a node, hooks included."""
        return Stretch(self.recorder, node, "autograd::engine::evaluate_function: ")

    def applying(self, node):
        """Around the node's own computation."""
        return Stretch(self.recorder, node, "")


class ModuleCall:
    """The context of one call of a module."""

    __slots__ = ("event", "module", "name", "recorder")

    def __init__(self, recorder, module, name=None):
        self.recorder = recorder
        self.module = module
        self.name = name or f"nn.Module: {type(module).__name__}"
        self.event = None

    def __enter__(self):
        if self.recorder.sees():
            self.event = self.recorder.enter_module(self.module, self.name)

    def __exit__(self, exc_type, exc_value, traceback):
        if self.event is not None:
            self.recorder.leave(self.event)


class Stretch:
    """The context of one node."""

    __slots__ = ("event", "name", "recorder", "sequence_nr")

    def __init__(self, recorder, node, prefix):
        self.recorder = recorder
        self.name = prefix + node_name(node)
        # Leaves' accumulators belong to no module: their number is the largest there is.
        self.sequence_nr = -1 if isinstance(node, AccumulateGrad) else node.sequence_nr
        self.event = None

    def __enter__(self):
        if self.recorder.sees():
            self.event = self.recorder.enter(self.name, NODE, sequence_nr=self.sequence_nr)

    def __exit__(self, exc_type, exc_value, traceback):
        if self.event is not None:
            self.recorder.leave(self.event)
