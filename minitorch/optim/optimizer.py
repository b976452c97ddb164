"""Optimizer: parameter groups, state, hooks, and what a checkpoint keeps of them."""

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from copy import deepcopy

from minitorch._hooks import RemovableHandle
from minitorch._ops.creation import empty_like
from minitorch.autograd.grad_mode import is_grad_enabled, no_grad, set_grad_enabled
from minitorch.tensor import Tensor

__all__ = [
    "Optimizer",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
]


class _Required:
    """Stands in `defaults` for an option that each group must give."""

    def __repr__(self):
        return "<required parameter>"


required = _Required()

_global_pre_hooks = OrderedDict()
_global_post_hooks = OrderedDict()


def _register(table, hook, prepend=False):
    handle = RemovableHandle(table)
    table[handle.id] = hook
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def register_optimizer_step_pre_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` before the step of every optimizer."""
    return _register(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` after the step of every optimizer."""
    return _register(_global_post_hooks, hook)


def use_grad_for_differentiable(step):
    """Run a ``step`` unrecorded, or recorded if the optimizer was made differentiable."""

    @functools.wraps(step)
    def wrapper(self, *args, **kwargs):
        before = is_grad_enabled()
        set_grad_enabled(self.defaults["differentiable"])
        try:
            return step(self, *args, **kwargs)
        finally:
            set_grad_enabled(before)

    return wrapper


def _with_hooks(step):
    """Return `step` with the pre- and post-hooks around it."""

    @functools.wraps(step)
    def wrapper(*args, **kwargs):
        optimizer = args[0]
        for hook in [*_global_pre_hooks.values(), *optimizer._optimizer_step_pre_hooks.values()]:
            answer = hook(optimizer, args, kwargs)
            if answer is None:
                continue
            if not (isinstance(answer, tuple) and len(answer) == 2):
                raise RuntimeError(
                    f"{step} must return None or a tuple of (new_args, new_kwargs), "
                    f"but got {answer}."
                )
            args, kwargs = answer
        result = step(*args, **kwargs)
        optimizer._opt_called = True  # schedulers warn when they are stepped first
        for hook in [*optimizer._optimizer_step_post_hooks.values(), *_global_post_hooks.values()]:
            hook(optimizer, args, kwargs)
        return result

    wrapper.hooked = True
    return wrapper


def _typename(value):
    return value.type() if isinstance(value, Tensor) else type(value).__name__


class Optimizer:
    """Base class of optimizers; a subclass defines ``step``.

    Parameters
    ----------
    params : iterable
        Tensors, ``(name, tensor)`` pairs as ``named_parameters()`` gives them, or dicts: one group
        each, with ``"params"`` and options that override the defaults.
    defaults : dict
        Options of groups that do not give their own.

    Attributes
    ----------
    param_groups : list of dict
        ``"params"`` and the options of each group; changing an option takes effect at once.
    state : dict
        What the optimizer remembers, by parameter.

    Raises
    ------
    TypeError
        If `params` is a tensor, or holds something that is none.
    ValueError
        If `params` is empty, or holds a non-leaf, a parameter of two groups, or pairs and plain
        tensors together.
    """

    def __init__(self, params, defaults):
        self.defaults = defaults
        self._init_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be "
                f"an iterable of Tensors or dicts, but got {_typename(params)}"
            )
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _init_hooks(self):
        for name in (
            "_optimizer_step_pre_hooks",
            "_optimizer_step_post_hooks",
            "_optimizer_state_dict_pre_hooks",
            "_optimizer_state_dict_post_hooks",
            "_optimizer_load_state_dict_pre_hooks",
            "_optimizer_load_state_dict_post_hooks",
        ):
            if name not in self.__dict__:
                setattr(self, name, OrderedDict())
        cls = type(self)
        if not getattr(cls.step, "hooked", False):
            cls.step = _with_hooks(cls.step)

    def __getstate__(self):
        # Copies start without hooks, as in PyTorch.
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._init_hooks()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self):
        text = type(self).__name__ + " ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            for key in sorted(group):
                if key != "params":
                    text += f"    {key}: {group[key]}\n"
        return text + ")"

    # ---- groups ----------------------------------------------------------------------------------

    def add_param_group(self, param_group):
        """Add a group of parameters, for instance layers that are unfrozen later.

        Parameters
        ----------
        param_group : dict
            ``"params"``: a tensor or an iterable, and any options. It is filled up in place.

        Raises
        ------
        TypeError, ValueError
            As for the constructor.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        _split_names(param_group)
        for param in param_group["params"]:
            self._check_param(param)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    "parameter group didn't specify a value of required optimization "
                    f"parameter {name}"
                )
            param_group.setdefault(name, default)
        self._check_overlap(param_group)
        self.param_groups.append(param_group)

    def _check_param(self, param):
        if not isinstance(param, Tensor):
            raise TypeError(
                "optimizer can only optimize Tensors, "
                f"but one of the params is {_typename(param)}"
            )
        if self.defaults.get("differentiable"):
            return
        if not (param.is_leaf or param.retains_grad):
            raise ValueError("can't optimize a non-leaf Tensor")

    def _check_overlap(self, param_group):
        params = set(param_group["params"])
        if len(params) != len(param_group["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
                stacklevel=5,
            )
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                which = "with names" if "param_names" in param_group else "without names"
                raise ValueError(
                    "all optimizer param groups should be with/without names. "
                    f"cannot add param group {which} to the optimizer"
                )
            if not params.isdisjoint(group["params"]):
                raise ValueError("some parameters appear in more than one parameter group")

    def zero_grad(self, set_to_none=True):
        """Drop the gradients of all parameters.

        Parameters
        ----------
        set_to_none : bool
            False fills them with zeros instead: a step then moves the parameters still, by
            momentum and weight decay, while one without gradient is skipped.
        """
        for group in self.param_groups:
            for param in group["params"]:
                grad = param.grad
                if grad is None:
                    continue
                if set_to_none:
                    param.grad = None
                    continue
                if grad.grad_fn is not None:
                    grad.detach_()
                else:
                    grad.requires_grad_(False)
                grad.zero_()

    def step(self, closure=None):
        """Update the parameters once; every subclass defines it."""
        raise NotImplementedError

    # ---- saving and loading ----------------------------------------------------------------------

    def state_dict(self):
        """Return state and groups with parameters replaced by their numbers.

        Returns
        -------
        dict
            ``{"state": {number: {...}}, "param_groups": [{..., "params": [numbers]}]}``. The
            tensors are the optimizer's own: copy them to keep a snapshot.
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers = {}
        groups = []
        start = 0  # a parameter's number is its place, counted over all groups
        for group in self.param_groups:
            for i, param in enumerate(group["params"], start):
                numbers.setdefault(id(param), i)
            start += len(group["params"])
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[id(param)] for param in group["params"]]
            groups.append(packed)
        state = {
            (numbers[id(key)] if isinstance(key, Tensor) else key): value
            for key, value in self.state.items()
        }
        result = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            answer = hook(self, result)
            if answer is not None:
                result = answer
        return result

    def load_state_dict(self, state_dict):
        """Take over state and options that :meth:`state_dict` gave.

        Parameters are matched by their numbers, so the groups must have the same sizes. Tensors of
        the state are copied, in dtype and memory layout of their parameter.

        Raises
        ------
        ValueError
            If the number of groups or the size of one differs.
        """
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            answer = hook(self, state_dict)
            if answer is not None:
                state_dict = answer
        groups = self.param_groups
        saved_groups = deepcopy(state_dict["param_groups"])
        _check_group_sizes(groups, saved_groups)
        params_by_number = {
            number: param
            for group, saved in zip(groups, saved_groups, strict=True)
            for number, param in zip(saved["params"], group["params"], strict=True)
        }
        state = defaultdict(dict)
        for key, value in state_dict["state"].items():
            param = params_by_number.get(key)
            if param is None:
                state[key] = value
            else:
                state[param] = _adopt(param, value)
        for group, saved in zip(groups, saved_groups, strict=True):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved_groups})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    # ---- hooks -----------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` before each step.

        It returns None or the new ``(args, kwargs)``. Returns a handle.
        """
        return _register(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` after each step. Returns a handle."""
        return _register(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` before :meth:`state_dict`. Returns a handle."""
        return _register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` after :meth:`state_dict`. Returns a handle.

        It may change the dict or return another.
        """
        return _register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` before :meth:`load_state_dict`. Returns a handle.

        It gets a shallow copy, and may change it or return another dict.
        """
        return _register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` after :meth:`load_state_dict`. Returns a handle."""
        return _register(self._optimizer_load_state_dict_post_hooks, hook, prepend)


def _split_names(param_group):
    """Turn ``"params"`` into a list of tensors, and the names of pairs into ``"param_names"``."""
    params = param_group["params"]
    if isinstance(params, Tensor):
        params = [params]
    elif isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering "
            "of tensors in sets will change between runs. Please use a list instead."
        )
    params = list(params)
    names = [param[0] for param in params if isinstance(param, tuple)]
    param_group["params"] = [param[1] if isinstance(param, tuple) else param for param in params]
    if not names:
        return
    if len(names) != len(params):
        raise ValueError(
            "all optimizer params should be with/without names. Some param names are missing"
        )
    param_group["param_names"] = names


def _check_group_sizes(groups, saved_groups):
    if len(groups) != len(saved_groups):
        raise ValueError("loaded state dict has a different number of parameter groups")
    for group, saved in zip(groups, saved_groups, strict=True):
        if len(group["params"]) != len(saved["params"]):
            raise ValueError(
                "loaded state dict contains a parameter group "
                "that doesn't match the size of optimizer's group"
            )


def _adopt(param, value, key=None):
    """Return a copy of a piece of saved state for `param`, tensors in its dtype and layout."""
    if isinstance(value, Tensor):
        with no_grad():
            if key == "step" or not param.is_floating_point():
                return value.clone()
            if value.shape == param.shape:
                return empty_like(param, requires_grad=False).copy_(value)
            return value.to(param.dtype).clone()
    if isinstance(value, dict):
        return {k: _adopt(param, v, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return type(value)(_adopt(param, v) for v in value)
    return value
