"""Hooks of a module call: registering them, and the call that runs them.

``Module.__call__`` goes straight to ``forward`` when there is no hook anywhere; everything here is
the other case. The order is PyTorch's: forward pre-hooks, forward, forward hooks, and within each
the global ones first. A full backward hook is two identity nodes, one around the inputs and one
around the outputs: the gradients that pass them are ``grad_input`` and ``grad_output``.
"""

import warnings
from collections import OrderedDict
from contextlib import nullcontext

from minitorch._hooks import RemovableHandle
from minitorch.autograd.grad_mode import is_grad_enabled
from minitorch.nn.modules._node_hooks import hook_last_node
from minitorch.tensor import Tensor

__all__ = [
    "HookRegistry",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

global_forward_pre_hooks = OrderedDict()
global_forward_hooks = OrderedDict()
global_forward_hooks_with_kwargs = OrderedDict()
global_forward_hooks_always_called = OrderedDict()
global_backward_pre_hooks = OrderedDict()
global_backward_hooks = OrderedDict()
# Whether those are full hooks; the two kinds do not mix.
global_backward_hooks_are_full = True
buffer_registration_hooks = OrderedDict()
module_registration_hooks = OrderedDict()
parameter_registration_hooks = OrderedDict()

# The profiler's: ``call_observer(module)`` gives the context of the module's call. Unlike a hook it
# sees no values, so that calls may be fused in its presence.
call_observer = None


def set_call_observer(observer):
    """Let the profiler see each module that is called, in all threads; None ends it."""
    global call_observer
    call_observer = observer


def _register(table, hook, prepend=False, flags=()):
    """Store the hook; `flags` are (table, wanted) pairs that share its id."""
    handle = RemovableHandle(table, extra_dict=[flag_table for flag_table, _ in flags])
    table[handle.id] = hook
    for flag_table, wanted in flags:
        if wanted:
            flag_table[handle.id] = True
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


# ---- hooks on all modules ------------------------------------------------------------------------


def register_module_forward_pre_hook(hook):
    """Call ``hook(module, args)`` before the forward of every module; see the Module method."""
    return _register(global_forward_pre_hooks, hook)


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False):
    """Call ``hook(module, args, output)`` after the forward of every module."""
    flags = [
        (global_forward_hooks_with_kwargs, with_kwargs),
        (global_forward_hooks_always_called, always_call),
    ]
    return _register(global_forward_hooks, hook, flags=flags)


def register_module_full_backward_pre_hook(hook):
    """Call ``hook(module, grad_output)`` before the backward of every module."""
    return _register(global_backward_pre_hooks, hook)


def register_module_full_backward_hook(hook):
    """Call ``hook(module, grad_input, grad_output)`` after the backward of every module."""
    _set_global_backward_kind(full=True)
    return _register(global_backward_hooks, hook)


def register_module_backward_hook(hook):
    """Call the hook at the last node of every module: deprecated, see the Module method."""
    _set_global_backward_kind(full=False)
    return _register(global_backward_hooks, hook)


def _set_global_backward_kind(full):
    global global_backward_hooks_are_full
    if global_backward_hooks and global_backward_hooks_are_full != full:
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module "
            "hook. Please use only one of them."
        )
    global_backward_hooks_are_full = full


def register_module_buffer_registration_hook(hook):
    """Call ``hook(module, name, buffer)`` at each ``register_buffer``; its result replaces it."""
    return _register(buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook):
    """Call ``hook(module, name, submodule)`` when a submodule is set; its result replaces it."""
    return _register(module_registration_hooks, hook)


def register_module_parameter_registration_hook(hook):
    """Call ``hook(module, name, param)`` when a parameter is set; its result replaces it."""
    return _register(parameter_registration_hooks, hook)


def run_registration_hooks(table, module, name, value):
    """Return `value`, or what the last hook that returned something put in its place."""
    for hook in table.values():
        replacement = hook(module, name, value)
        if replacement is not None:
            value = replacement
    return value


# ---- hooks on one module -------------------------------------------------------------------------


class HookRegistry:
    """The ``register_*_hook`` methods of :class:`minitorch.nn.Module` and the hooked call."""

    def _init_hook_tables(self):
        set_attribute = object.__setattr__
        set_attribute(self, "_is_full_backward_hook", None)
        for name in (
            "_backward_pre_hooks",
            "_backward_hooks",
            "_forward_hooks",
            "_forward_hooks_with_kwargs",
            "_forward_hooks_always_called",
            "_forward_pre_hooks",
            "_forward_pre_hooks_with_kwargs",
            "_state_dict_hooks",
            "_state_dict_pre_hooks",
            "_load_state_dict_pre_hooks",
            "_load_state_dict_post_hooks",
        ):
            set_attribute(self, name, OrderedDict())

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call ``hook(module, args)`` before each forward.

        Parameters
        ----------
        hook : callable
            Returns None, or the new positional arguments (a tuple, or one value). With
            `with_kwargs` it is called ``hook(module, args, kwargs)`` and returns None or
            ``(new_args, new_kwargs)``.
        prepend : bool
            Run before the hooks registered so far.
        with_kwargs : bool
            Hand the keyword arguments over too.

        Returns
        -------
        RemovableHandle
            ``handle.remove()`` takes the hook off again.
        """
        flags = [(self._forward_pre_hooks_with_kwargs, with_kwargs)]
        return _register(self._forward_pre_hooks, hook, prepend, flags)

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """Call ``hook(module, args, output)`` after each forward.

        Parameters
        ----------
        hook : callable
            Returns None, or what is to replace the output. With `with_kwargs` it is called
            ``hook(module, args, kwargs, output)``.
        prepend : bool
            Run before the hooks registered so far.
        with_kwargs : bool
            Hand the keyword arguments over too.
        always_call : bool
            Run the hook even when the forward raises.

        Returns
        -------
        RemovableHandle
            ``handle.remove()`` takes the hook off again.
        """
        flags = [
            (self._forward_hooks_with_kwargs, with_kwargs),
            (self._forward_hooks_always_called, always_call),
        ]
        return _register(self._forward_hooks, hook, prepend, flags)

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Call ``hook(module, grad_output)`` before the gradients enter the module.

        The hook returns None, or a tuple that replaces ``grad_output``. Returns a handle.
        """
        return _register(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """Call ``hook(module, grad_input, grad_output)`` when the input gradients are known.

        The hook returns None, or a tuple that replaces ``grad_input``. Entries for arguments that
        are not tensors are None. In-place changes to the module's inputs or outputs are errors.
        Returns a handle.
        """
        self._set_backward_kind(full=True)
        return _register(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook):
        """Call ``hook(module, grad_input, grad_output)`` at the last node of the module's graph.

        Deprecated in PyTorch: ``grad_input`` are the gradients of that node's inputs, whatever they
        are. Use :meth:`register_full_backward_hook`. Returns a handle.

        Raises
        ------
        RuntimeError
            If the module has full backward hooks.
        """
        self._set_backward_kind(full=False)
        return _register(self._backward_hooks, hook)

    def _set_backward_kind(self, full):
        if self._is_full_backward_hook is not None and self._is_full_backward_hook != full:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single "
                "Module. Please use only one of them."
            )
        self._is_full_backward_hook = full

    # ---- the call --------------------------------------------------------------------------------

    def _call_with_hooks(self, args, kwargs):
        with nullcontext() if call_observer is None else call_observer(self):
            call = _HookedCall(self, args, kwargs)
            try:
                return call.run()
            except Exception:
                call.run_always_called()
                raise


class _HookedCall:
    """One call of a module that has hooks (or runs while global ones or a profiler exist)."""

    def __init__(self, module, args, kwargs):
        self.module = module
        self.args = args
        self.kwargs = kwargs
        self.result = None
        self.done = set()

    def run(self):
        module = self.module
        # Collected first: hooks that are added during this call take part from the next one.
        backward_hooks, node_hooks = self._backward_hooks_by_kind()
        backward_pre_hooks = [
            *global_backward_pre_hooks.values(),
            *module._backward_pre_hooks.values(),
        ]
        self._run_forward_pre_hooks()
        gate = None
        if backward_hooks or backward_pre_hooks:
            gate = BackwardHook(module, backward_hooks, backward_pre_hooks)
            self.args = gate.setup_input_hook(self.args)
        self.result = module.forward(*self.args, **self.kwargs)
        self._run_forward_hooks()
        if gate is not None:
            if not isinstance(self.result, (Tensor, tuple)):
                warnings.warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple "
                    f"of Tensors but received {type(self.result)}",
                    stacklevel=5,
                )
            self.result = gate.setup_output_hook(self.result)
        if node_hooks:
            hook_last_node(module, node_hooks, self.args, self.result)
        return self.result

    def _backward_hooks_by_kind(self):
        """Return the full hooks and those of the last node, the global ones first in each."""
        full, of_node = [], []
        kind = full if global_backward_hooks_are_full else of_node
        kind.extend(global_backward_hooks.values())
        kind = of_node if self.module._is_full_backward_hook is False else full
        kind.extend(self.module._backward_hooks.values())
        return full, of_node

    def _run_forward_pre_hooks(self):
        module = self.module
        hooks = [*global_forward_pre_hooks.items(), *module._forward_pre_hooks.items()]
        for hook_id, hook in hooks:
            if hook_id in module._forward_pre_hooks_with_kwargs:
                answer = hook(module, self.args, self.kwargs)
                if answer is None:
                    continue
                if not (isinstance(answer, tuple) and len(answer) == 2):
                    raise RuntimeError(
                        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {answer}."
                    )
                self.args, self.kwargs = answer
            else:
                answer = hook(module, self.args)
                if answer is not None:
                    self.args = answer if isinstance(answer, tuple) else (answer,)

    def _forward_hook_items(self):
        """Yield (id, hook, with_kwargs, always_called), the global ones first."""
        for hook_id, hook in list(global_forward_hooks.items()):
            yield (
                hook_id,
                hook,
                hook_id in global_forward_hooks_with_kwargs,
                hook_id in global_forward_hooks_always_called,
            )
        module = self.module
        for hook_id, hook in list(module._forward_hooks.items()):
            yield (
                hook_id,
                hook,
                hook_id in module._forward_hooks_with_kwargs,
                hook_id in module._forward_hooks_always_called,
            )

    def _run_forward_hook(self, hook, with_kwargs):
        if with_kwargs:
            answer = hook(self.module, self.args, self.kwargs, self.result)
        else:
            answer = hook(self.module, self.args, self.result)
        if answer is not None:
            self.result = answer

    def _run_forward_hooks(self):
        for hook_id, hook, with_kwargs, always_called in self._forward_hook_items():
            if always_called:
                self.done.add(hook_id)
            self._run_forward_hook(hook, with_kwargs)

    def run_always_called(self):
        """After an error: run the ``always_call`` hooks that have not run; their errors warn."""
        for hook_id, hook, with_kwargs, always_called in self._forward_hook_items():
            if not always_called or hook_id in self.done:
                continue
            try:
                self._run_forward_hook(hook, with_kwargs)
            except Exception as error:
                scope = "global module" if hook_id in global_forward_hooks else "module"
                warnings.warn(
                    f"{scope} forward hook with ``always_call=True`` raised an exception "
                    f"that was silenced as another error was raised in forward: {error}",
                    stacklevel=4,
                )


# ---- full backward hooks -------------------------------------------------------------------------

_identity_function = None


def _get_identity_function():
    """Return the identity Function whose node the gradients pass; built at the first use."""
    global _identity_function
    if _identity_function is None:
        from minitorch.autograd.function import Function

        class BackwardHookFunction(Function):
            @staticmethod
            def forward(ctx, *args):
                ctx.mark_non_differentiable(*[arg for arg in args if not arg.requires_grad])
                return args

            @staticmethod
            def backward(ctx, *grads):
                return grads

        _identity_function = BackwardHookFunction
    return _identity_function


def _scatter(indices, values, size):
    """Return a tuple of `size` Nones with `values` at `indices`."""
    result = [None] * size
    for index, value in zip(indices, values, strict=True):
        result[index] = value
    return tuple(result)


class BackwardHook:
    """The two gates of one module call, and the user's hooks between them."""

    def __init__(self, module, user_hooks, user_pre_hooks):
        self.module = module
        self.user_hooks = user_hooks
        self.user_pre_hooks = user_pre_hooks
        self.grad_outputs = None
        self.input_indices = None
        self.output_indices = None
        self.n_inputs = -1
        self.n_outputs = -1

    def setup_input_hook(self, args):
        """Return `args` with the tensors led through the input gate."""
        self.n_inputs = len(args)
        args, self.input_indices = self._pass_gate(args, self._on_grad_input)
        return args

    def setup_output_hook(self, result):
        """Return `result` with its tensors led through the output gate."""
        outputs = result if isinstance(result, tuple) else (result,)
        self.n_outputs = len(outputs)
        outputs, self.output_indices = self._pass_gate(
            outputs, self._on_grad_output
        )
        return outputs if isinstance(result, tuple) else outputs[0]

    def _pass_gate(self, values, hook):
        indices = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
        tensors = [values[i] for i in indices]
        if not (is_grad_enabled() and any(t.requires_grad for t in tensors)):
            return values, None
        passed = _get_identity_function().apply(*tensors)
        if isinstance(passed, Tensor):
            passed = (passed,)
        node = next(t.grad_fn for t in passed if t.grad_fn is not None)
        node.register_hook(hook)
        result = list(values)
        for index, tensor in zip(indices, passed, strict=True):
            result[index] = tensor
        # A named tuple takes its fields one by one, a plain tuple takes them all at once.
        values = tuple(result) if type(values) is tuple else type(values)(*result)
        return values, indices

    def _on_grad_output(self, _, grad_output):
        self.grad_outputs = _scatter(self.output_indices, grad_output, self.n_outputs)
        for hook in self.user_pre_hooks:
            answer = hook(self.module, self.grad_outputs)
            if answer is None:
                continue
            if len(answer) != self.n_outputs:
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(answer)}, but expected {self.n_outputs}"
                )
            self.grad_outputs = answer
        grad_outputs = self.grad_outputs
        if self.input_indices is None:
            self._run_without_grad_input()
        return tuple(grad_outputs[i] for i in self.output_indices)

    def _run_without_grad_input(self):
        """No input requires a gradient: the user's hooks run here, with nothing but Nones."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients.",
            stacklevel=2,
        )
        nothing = (None,) * self.n_inputs
        for hook in self.user_hooks:
            answer = hook(self.module, nothing, self.grad_outputs)
            if answer is not None and not (
                isinstance(answer, tuple) and all(entry is None for entry in answer)
            ):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None

    def _on_grad_input(self, grad_input, _):
        if self.grad_outputs is None:
            # The gradient reached the inputs without passing the outputs (double backward).
            return None
        grads = _scatter(self.input_indices, grad_input, self.n_inputs)
        for hook in self.user_hooks:
            answer = hook(self.module, grads, self.grad_outputs)
            if answer is None:
                continue
            if len(answer) != len(grads):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(answer)}, but expected {len(grads)}"
                )
            grads = answer
        self.grad_outputs = None
        return tuple(grads[i] for i in self.input_indices)
