"""Module: the base class of all layers and networks.

A module keeps its parameters, buffers and children in three dicts; assigning an attribute puts it
into the right one, reading one looks there. Walking the tree is in ``_traversal.py``, hooks and
the hooked call in ``_hooks.py``, saving and loading in ``state_dict.py``.
"""

from minitorch._core.device import device as device_type
from minitorch._ops.copy import parse_to
from minitorch._ops.creation import empty_like
from minitorch.autograd.grad_mode import no_grad
from minitorch.nn.modules import _hooks
from minitorch.nn.modules._hooks import (
    HookRegistry,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
    run_registration_hooks,
)
from minitorch.nn.modules._traversal import Traversal
from minitorch.nn.modules.state_dict import (
    StateDict,
    _IncompatibleKeys,  # noqa: F401  programs written for PyTorch take it from here
)
from minitorch.nn.parameter import Buffer, Parameter
from minitorch.tensor import Tensor

# PyTorch has the hooks on all modules here too.
__all__ = [
    "Module",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]


def typename(value):
    """Return a type's name for messages: ``torch.FloatTensor`` for a tensor, else the class."""
    if isinstance(value, Tensor):
        return value.type()
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or type(value).__name__
    return name if module in (None, "builtins") else f"{module}.{name}"


def _indent(text):
    """Indent every line but the first by two spaces; blank lines stay empty."""
    first, *rest = text.split("\n")
    return "\n".join([first, *("  " + line if line.strip() else "" for line in rest)])


class Module(HookRegistry, StateDict, Traversal):
    """Base class of all neural network modules.

    Subclass it, assign parameters and submodules in ``__init__`` after ``super().__init__()``, and
    write ``forward``. Calling the module calls ``forward`` and the hooks.

    Attributes
    ----------
    training : bool
        True in training mode (the default), False after :meth:`eval`.

    Examples
    --------
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(4, 2)
    ...
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> Net()
    Net(
      (fc): Linear(in_features=4, out_features=2, bias=True)
    )
    """

    # Set True in a class with several bases to have Module.__init__ call the next one in line.
    call_super_init = False
    dump_patches = False

    def __init__(self, *args, **kwargs):
        if not self.call_super_init and (args or kwargs):
            if kwargs:
                complaint = f"got an unexpected keyword argument '{next(iter(kwargs))}'"
            else:
                complaint = f"takes 1 positional argument but {len(args) + 1} were given"
            raise TypeError(f"{type(self).__name__}.__init__() {complaint}")
        # Past our own __setattr__, which needs these tables.
        set_attribute = object.__setattr__
        set_attribute(self, "training", True)
        set_attribute(self, "_parameters", {})
        set_attribute(self, "_buffers", {})
        set_attribute(self, "_non_persistent_buffers_set", set())
        set_attribute(self, "_modules", {})
        self._init_hook_tables()
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *args, **kwargs):
        """Compute the output; every subclass defines it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args, **kwargs):
        if not (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or _hooks.global_forward_hooks
            or _hooks.global_forward_pre_hooks
            or _hooks.global_backward_hooks
            or _hooks.global_backward_pre_hooks
            or _hooks.call_observer
        ):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    # ---- registration ----------------------------------------------------------------------------

    def _check_new_name(self, kind, name, table):
        """Raise unless `name` can be registered as a `kind` ("buffer", "parameter", "module")."""
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            suffix = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{suffix}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in table:
            raise KeyError(f"attribute '{name}' already exists")

    def register_buffer(self, name, tensor, persistent=True):
        """Add a tensor that is state but no parameter, such as a running mean.

        Parameters
        ----------
        name : str
            The attribute's name.
        tensor : Tensor or None
            None keeps the name and leaves it out of the state_dict.
        persistent : bool
            Keep it in the state_dict (default True).

        Raises
        ------
        AttributeError
            Before ``Module.__init__()``.
        KeyError
            If the name is empty, has a dot, or is an attribute already.
        TypeError
            If the name is no string or `tensor` no Tensor.
        """
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_new_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        if _hooks.buffer_registration_hooks:
            tensor = run_registration_hooks(_hooks.buffer_registration_hooks, self, name, tensor)
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_parameter(self, name, param):
        """Add a parameter; `param` None keeps the name without one (as ``bias=False`` does).

        Raises
        ------
        AttributeError
            Before ``Module.__init__()``.
        KeyError
            If the name is empty, has a dot, or is an attribute already.
        TypeError
            If the name is no string or `param` no Parameter.
        ValueError
            If `param` is not a leaf.
        """
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_new_name("parameter", name, self._parameters)
        if param is None:
            self._parameters[name] = None
            return
        if not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created explicitly. To express '{name}' as a function of another Tensor, "
                "compute the value in the forward() method."
            )
        if _hooks.parameter_registration_hooks:
            param = run_registration_hooks(_hooks.parameter_registration_hooks, self, name, param)
        self._parameters[name] = param

    def add_module(self, name, module):
        """Add a child module (or None) under `name`.

        Raises
        ------
        KeyError
            If the name is empty, has a dot, or is an attribute already.
        TypeError
            If the name is no string or `module` no Module.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_new_name("module", name, self._modules)
        self._set_child(name, module)

    def register_module(self, name, module):
        """Same as :meth:`add_module`."""
        self.add_module(name, module)

    def _set_child(self, name, module):
        if _hooks.module_registration_hooks:
            module = run_registration_hooks(_hooks.module_registration_hooks, self, name, module)
        self._modules[name] = module

    # ---- attributes ------------------------------------------------------------------------------

    def __setstate__(self, state):
        # Subclasses extend it to complete what an older version of theirs was pickled as.
        self.__dict__.update(state)

    def __getattr__(self, name):
        # Written out: each layer's call comes here for its parameters. None of the tables is there
        # before Module.__init__, and a name is in one of them only.
        tables = self.__dict__
        if "_modules" in tables:
            table = tables["_parameters"]
            if name in table:
                return table[name]
            table = tables["_modules"]
            if name in table:
                return table[name]
            table = tables["_buffers"]
            if name in table:
                return table[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def _forget(self, name, keep):
        """Remove `name` wherever it is, except from the table called `keep`."""
        tables = self.__dict__
        tables.pop(name, None)
        for table_name in ("_parameters", "_buffers", "_modules"):
            if table_name != keep:
                tables[table_name].pop(name, None)
        if keep != "_buffers":
            tables["_non_persistent_buffers_set"].discard(name)

    def __setattr__(self, name, value):
        tables = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in tables:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, keep="_parameters")
            self.register_parameter(name, value)
        elif name in tables.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{typename(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, None)
        elif isinstance(value, Module):
            if "_modules" not in tables:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, keep="_modules")
            self._set_child(name, value)
        elif name in tables.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{typename(value)}' as child module '{name}' "
                    "(torch.nn.Module or None expected)"
                )
            self._set_child(name, None)
        elif isinstance(value, Buffer) or name in tables.get("_buffers", ()):
            self._set_buffer(name, value)
        else:
            object.__setattr__(self, name, value)

    def _set_buffer(self, name, value):
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"cannot assign '{typename(value)}' as buffer '{name}' "
                "(torch.nn.Buffer, torch.Tensor or None expected)"
            )
        if isinstance(value, Buffer):
            persistent = value.persistent
        else:
            persistent = name not in self.__dict__.get("_non_persistent_buffers_set", ())
        # Keyword only when it says something: a subclass may override without the argument.
        if persistent:
            self.register_buffer(name, value)
        else:
            self.register_buffer(name, value, persistent=False)

    def __delattr__(self, name):
        if name in self._parameters:
            del self._parameters[name]
        elif name in self._buffers:
            del self._buffers[name]
            self._non_persistent_buffers_set.discard(name)
        elif name in self._modules:
            del self._modules[name]
        else:
            object.__delattr__(self, name)

    def __dir__(self):
        names = {*dir(type(self)), *self.__dict__}
        names.update(self._parameters, self._modules, self._buffers)
        return sorted(name for name in names if name and not name[0].isdigit())

    # ---- conversion ------------------------------------------------------------------------------

    def _apply(self, fn, recurse=True):
        """Replace every parameter, gradient and buffer by ``fn(tensor)``; return self.

        Parameters keep their identity (an optimizer goes on working): their data is exchanged.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for param in self._parameters.values():
                if param is None:
                    continue
                grad = param.grad
                param.data = fn(param)
                if grad is not None:
                    grad.data = fn(grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *args, **kwargs):
        """Convert the parameters and buffers, in place; return self.

        Called as ``Tensor.to``: ``to(device=None, dtype=None, non_blocking=False, copy=False)``,
        ``to(dtype)``, ``to(tensor)`` (its device and dtype), each also with ``memory_format=``.

        Parameters
        ----------
        device : device or str
            Only ``"cpu"`` exists.
        dtype : dtype
            A floating point dtype; integer buffers stay as they are.
        non_blocking : bool
            There is nothing to wait for on one device.
        copy : bool
            New storage even where nothing changes.
        memory_format : memory_format
            For parameters and buffers with four dimensions.

        Raises
        ------
        RuntimeError
            For another device than the CPU.
        TypeError
            For a dtype that is not floating point, and for unknown arguments.
        """
        device, dtype, non_blocking, copy, memory_format = parse_to(*args, **kwargs)
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, "
                f"but got desired dtype={dtype}"
            )

        def convert(tensor):
            new_dtype = dtype if tensor.is_floating_point() else None
            options = {}
            if memory_format is not None and tensor.dim() in (4, 5):
                options["memory_format"] = memory_format
            return tensor.to(
                device=device or tensor.device,
                dtype=new_dtype or tensor.dtype,
                non_blocking=non_blocking,
                copy=copy,
                **options,
            )

        return self._apply(convert)

    def to_empty(self, *, device, recurse=True):
        """Give parameters and buffers fresh, uninitialised storage on `device`; return self."""
        target = None if device is None else device_type(device)
        return self._apply(lambda t: empty_like(t, device=target or t.device), recurse=recurse)

    def type(self, dst_type):
        """Cast all parameters and buffers to `dst_type`, integer ones too; return self."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self):
        """Cast floating point parameters and buffers to float32; return self."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self):
        """Cast floating point parameters and buffers to float64; return self."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def half(self):
        """Cast floating point parameters and buffers to float16; return self."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def bfloat16(self):
        """Cast floating point parameters and buffers to bfloat16; return self."""
        return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)

    def cpu(self):
        """Do nothing and return self: everything lives on the CPU."""
        return self

    def cuda(self, device=None):
        """Refused: there is no device but the CPU."""
        raise RuntimeError("minitorch runs on the CPU only: Module.cuda() is not available")

    def share_memory(self):
        """Refused: tensors live in the memory of one process."""
        raise NotImplementedError(
            "Module.share_memory() is not available: minitorch trains in one process, with threads"
        )

    def compile(self, *args, **kwargs):
        """Refused: there is no graph compiler."""
        raise NotImplementedError("Module.compile() is not available: minitorch runs eagerly")

    # ---- modes -----------------------------------------------------------------------------------

    def train(self, mode=True):
        """Set training mode (or, with False, evaluation mode) on the whole tree; return self.

        Only some layers care: Dropout and BatchNorm among those of minitorch.

        Raises
        ------
        ValueError
            If `mode` is not a bool.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self):
        """Set evaluation mode on the whole tree; same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Set ``requires_grad`` of all parameters, to freeze or unfreeze them; return self.

        BatchNorm statistics are buffers: in training mode they go on moving all the same.
        """
        for param in self.parameters():
            param.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Drop the gradients of all parameters, or with ``set_to_none=False`` fill them with 0."""
        for param in self.parameters():
            clear_grad(param, set_to_none)

    # ---- printing --------------------------------------------------------------------------------

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self):
        """Return what stands between the brackets of the repr, one or several lines."""
        return ""

    def __repr__(self):
        extra = self.extra_repr()
        extra_lines = extra.split("\n") if extra else []
        child_lines = [
            f"({name}): {_indent(repr(module))}" for name, module in self._modules.items()
        ]
        if not child_lines and len(extra_lines) <= 1:
            return f"{self._get_name()}({extra})"
        body = "\n  ".join(extra_lines + child_lines)
        return f"{self._get_name()}(\n  {body}\n)"


def clear_grad(param, set_to_none):
    """Drop or zero the gradient of one parameter, cut off from any graph it belongs to."""
    grad = param.grad
    if grad is None:
        return
    if set_to_none:
        param.grad = None
        return
    if grad.grad_fn is not None:
        grad.detach_()
    else:
        grad.requires_grad_(False)
    grad.zero_()
