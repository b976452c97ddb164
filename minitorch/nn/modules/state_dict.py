"""A module's state as a flat dict of tensors: ``state_dict`` and ``load_state_dict``.

Keys are dotted paths (``layer1.0.conv1.weight``). The dict carries ``_metadata``: for each module
the version of its class, so that a class can read what an older version of it wrote (BatchNorm
does). A load collects every problem first and raises one error that lists them all.
"""

import warnings
import weakref
from collections import OrderedDict, namedtuple
from collections.abc import Mapping

from minitorch._hooks import RemovableHandle
from minitorch.autograd.grad_mode import no_grad
from minitorch.nn.parameter import Parameter, is_lazy
from minitorch.tensor import Tensor

__all__ = ["StateDict"]

EXTRA_STATE_SUFFIX = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What ``load_state_dict`` returns: the keys that the two sides do not share."""

    __slots__ = ()

    def __repr__(self):
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class _PreHook:
    """A load_state_dict pre-hook that may want its module, held weakly."""

    def __init__(self, hook, module=None):
        self.hook = hook
        self.module_ref = None if module is None else weakref.ref(module)

    def __call__(self, *args):
        if self.module_ref is None:
            return self.hook(*args)
        module = self.module_ref()
        if module is None:
            raise RuntimeError("You are trying to call the hook of a dead Module!")
        return self.hook(module, *args)

    def __getstate__(self):
        # A weak reference cannot be pickled; the module is part of the same pickle anyway.
        return self.hook, None if self.module_ref is None else self.module_ref()

    def __setstate__(self, state):
        self.__init__(*state)

    def __deepcopy__(self, memo):
        # A weak reference cannot be copied: the copy follows the module into the copied tree.
        copied = _PreHook(self.hook)
        if self.module_ref is not None:
            module = self.module_ref()
            copied.module_ref = weakref.ref(memo.get(id(module), module))
        return copied


class _Report:
    """What a load found, filled while it walks the tree."""

    def __init__(self):
        self.missing_keys = []
        self.unexpected_keys = []
        self.errors = []

    def messages(self, strict):
        """Return all error lines, the key lists first."""
        lines = []
        if strict and self.missing_keys:
            lines.append(f"Missing key(s) in state_dict: {_quoted(self.missing_keys)}. ")
        if strict and self.unexpected_keys:
            lines.append(f"Unexpected key(s) in state_dict: {_quoted(self.unexpected_keys)}. ")
        return lines + self.errors


def _quoted(keys):
    return ", ".join(f'"{key}"' for key in keys)


class StateDict:
    """The saving and loading methods of :class:`minitorch.nn.Module`."""

    _version = 1

    def get_extra_state(self):
        """Return what the module keeps besides tensors; override with :meth:`set_extra_state`.

        When overridden, the result is stored in the state_dict under ``_extra_state``.
        """
        raise RuntimeError("get_extra_state() was called on a module that does not define it")

    def set_extra_state(self, state):
        """Take back what :meth:`get_extra_state` returned; called by :meth:`load_state_dict`."""
        raise RuntimeError("set_extra_state() was called on a module that does not define it")

    def _overrides(self, name):
        return getattr(type(self), name) is not getattr(StateDict, name)

    # ---- saving ----------------------------------------------------------------------------------

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        """Write this module's own entries, without its children's. Subclasses may extend it."""
        for name, param in self._parameters.items():
            if param is not None:
                destination[prefix + name] = param if keep_vars else param.detach()
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = buffer if keep_vars else buffer.detach()
        if self._overrides("get_extra_state"):
            destination[prefix + EXTRA_STATE_SUFFIX] = self.get_extra_state()

    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        """Return the parameters and persistent buffers of the whole tree, by name.

        Parameters
        ----------
        *args
            `destination`, `prefix`, `keep_vars` by position: deprecated, with a FutureWarning.
        destination : dict, optional
            Written to and returned; an OrderedDict with a ``_metadata`` attribute if left out.
        prefix : str
            Put before every key.
        keep_vars : bool
            Give the very parameters instead of detached tensors that share their storage.

        Returns
        -------
        OrderedDict
            The tensors alias the module's: clone them to keep a snapshot.
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead: state_dict("
                "destination=, prefix=, keep_vars=)",
                FutureWarning,
                stacklevel=2,
            )
            if len(args) > 3:
                raise TypeError(
                    f"state_dict() takes at most 3 positional arguments but {len(args)} were given"
                )
            given = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
            destination = given["destination"] if destination is None else destination
            prefix = prefix or given.get("prefix", "")
            keep_vars = keep_vars or given.get("keep_vars", False)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        return self._write_state(destination, prefix, keep_vars)

    def _write_state(self, destination, prefix, keep_vars):
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            answer = hook(self, destination, prefix, local_metadata)
            if answer is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = answer
        return destination

    # ---- loading ---------------------------------------------------------------------------------

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        """Read this module's own entries; problems go into the three lists.

        Subclasses override it to accept what an older version wrote: ``local_metadata["version"]``
        tells. `state_dict` may be changed, it is a copy.
        """
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        assign = local_metadata.get("assign_to_params_buffers", False)
        local_state = self._local_state()
        for name, current in local_state.items():
            key = prefix + name
            if key in state_dict:
                self._load_entry(name, key, current, state_dict[key], assign, error_msgs)
            elif strict:
                missing_keys.append(key)
        self._load_extra_state(state_dict, prefix, strict, missing_keys, unexpected_keys)
        if strict:
            unexpected_keys.extend(self._unexpected(state_dict, prefix, local_state))

    def _local_state(self):
        state = {k: v for k, v in self._parameters.items() if v is not None}
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                state[name] = buffer
        return state

    def _load_entry(self, name, key, current, value, assign, error_msgs):
        if not isinstance(value, Tensor):
            error_msgs.append(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
                f"object from checkpoint but received {type(value)}"
            )
            return
        if is_lazy(current) and is_lazy(value):
            return  # neither has values yet
        if current.dim() == 0 and value.dim() == 1 and value.shape[0] == 1:
            value = value[0]  # PyTorch before 0.4 had no tensors without dimensions
        if value.shape != current.shape:
            error_msgs.append(
                f"size mismatch for {key}: copying a param with shape {value.shape} from "
                f"checkpoint, the shape in current model is {current.shape}."
            )
            return
        try:
            with no_grad():
                if assign:
                    setattr(self, name, _assignable(value, current))
                else:
                    current.copy_(value)
        except Exception as error:
            error_msgs.append(
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{current.size()} and whose dimensions in the checkpoint are {value.size()}, "
                f"an exception occurred : {error.args}."
            )

    def _load_extra_state(self, state_dict, prefix, strict, missing_keys, unexpected_keys):
        key = prefix + EXTRA_STATE_SUFFIX
        if self._overrides("set_extra_state"):
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            elif strict:
                missing_keys.append(key)
        elif strict and key in state_dict:
            unexpected_keys.append(key)

    def _unexpected(self, state_dict, prefix, local_state):
        """Yield the keys under `prefix` that belong to no entry and to no child."""
        for key in state_dict:
            if not key.startswith(prefix) or key == prefix + EXTRA_STATE_SUFFIX:
                continue
            name, dot, _ = key[len(prefix) :].partition(".")
            if name not in (self._modules if dot else local_state):
                yield key

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy the values of `state_dict` into the parameters and buffers of the whole tree.

        Parameters
        ----------
        state_dict : Mapping
            Tensors by name, as :meth:`state_dict` gives them.
        strict : bool
            Demand the same keys on both sides (default True). Shapes must agree in any case.
        assign : bool
            Put the tensors themselves in place of the module's, keeping ``requires_grad`` of the
            parameters, instead of copying (default False). Optimizers must be made afterwards.

        Returns
        -------
        _IncompatibleKeys
            ``missing_keys`` and ``unexpected_keys``, of which `strict` allows none.

        Raises
        ------
        TypeError
            If `state_dict` is not a mapping.
        RuntimeError
            Listing missing and unexpected keys (`strict`), wrong shapes and failed copies.
            Entries that fit have been copied by then, as in PyTorch.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None)
        state_dict = OrderedDict(state_dict)  # pre-hooks and old versions may change it
        if metadata is not None:
            state_dict._metadata = metadata
        report = _Report()
        self._load_tree(state_dict, "", metadata or {}, assign, report)
        messages = report.messages(strict)
        if messages:
            raise RuntimeError(
                "Error(s) in loading state_dict for {}:\n\t{}".format(
                    type(self).__name__, "\n\t".join(messages)
                )
            )
        return _IncompatibleKeys(report.missing_keys, report.unexpected_keys)

    def _load_tree(self, state_dict, prefix, metadata, assign, report):
        local_metadata = dict(metadata.get(prefix[:-1], {}))
        if assign:
            local_metadata["assign_to_params_buffers"] = assign
        self._load_from_state_dict(
            state_dict,
            prefix,
            local_metadata,
            True,
            report.missing_keys,
            report.unexpected_keys,
            report.errors,
        )
        for name, child in self._modules.items():
            if child is not None:
                child_prefix = prefix + name + "."
                child_dict = {k: v for k, v in state_dict.items() if k.startswith(child_prefix)}
                child._load_tree(child_dict, child_prefix, metadata, assign, report)
        keys = _IncompatibleKeys(report.missing_keys, report.unexpected_keys)
        for hook in self._load_state_dict_post_hooks.values():
            if hook(self, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                    "expected to return new values, if incompatible_keys need to be modified, "
                    "it should be done inplace."
                )

    # ---- hooks -----------------------------------------------------------------------------------

    def register_state_dict_pre_hook(self, hook):
        """Call ``hook(module, prefix, keep_vars)`` before :meth:`state_dict`. Returns a handle."""
        handle = RemovableHandle(self._state_dict_pre_hooks)
        self._state_dict_pre_hooks[handle.id] = hook
        return handle

    def register_state_dict_post_hook(self, hook):
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after :meth:`state_dict`.

        It may change the dict in place and must return None. Returns a handle.
        """
        hook._from_public_api = True
        handle = RemovableHandle(self._state_dict_hooks)
        self._state_dict_hooks[handle.id] = hook
        return handle

    def _register_state_dict_hook(self, hook):
        """As the public form, but what the hook returns replaces the dict at the root module."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was "
                "previously registered via register_state_dict_post_hook"
            )
        handle = RemovableHandle(self._state_dict_hooks)
        self._state_dict_hooks[handle.id] = hook
        return handle

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        handle = RemovableHandle(self._load_state_dict_pre_hooks)
        self._load_state_dict_pre_hooks[handle.id] = _PreHook(hook, self if with_module else None)
        return handle

    def register_load_state_dict_pre_hook(self, hook):
        """Call the hook before this module's entries are read. Returns a handle.

        Its arguments are ``(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)``; it may change the dict in place, to rename keys.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def register_load_state_dict_post_hook(self, hook):
        """Call ``hook(module, incompatible_keys)`` after the load. Returns a handle.

        It may change the two lists in place, before `strict` looks at them.
        """
        handle = RemovableHandle(self._load_state_dict_post_hooks)
        self._load_state_dict_post_hooks[handle.id] = hook
        return handle


def _assignable(value, current):
    """Return the tensor to put in place of `current`, with its role and requires_grad."""
    if not isinstance(current, Parameter):
        return value
    if not isinstance(value, Parameter):
        return Parameter(value, requires_grad=current.requires_grad)
    return value.requires_grad_(current.requires_grad)
