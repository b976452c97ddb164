"""User-defined functions: :class:`Function` with its own ``forward`` and ``backward``.

The context that the two static methods share is the graph node itself, a Python subclass of the
compiled ``PythonNode``. :meth:`Function.apply` runs the forward unrecorded, connects the node to
the inputs, and marks the outputs as its results; the engine later calls ``_backward``.
"""

import functools
import warnings

from minitorch._core.grad_mode import is_grad_enabled
from minitorch._core.node import FREED
from minitorch._core.record import PythonNode, mark_custom_view, save_tensor
from minitorch._core.tensor import TensorBase
from minitorch._ops.history import rebase_history
from minitorch.autograd.grad_mode import no_grad

__all__ = [
    "BackwardCFunction",
    "Function",
    "FunctionCtx",
    "FunctionMeta",
    "InplaceFunction",
    "once_differentiable",
]


class FunctionCtx:
    """What ``forward`` and ``backward`` find under the name ``ctx``.

    Any attribute may be set on it. Tensors are best kept with :meth:`save_for_backward`, which
    notices later in-place changes and lets the graph be freed.

    Attributes
    ----------
    needs_input_grad : tuple of bool
        For each argument of ``apply``, whether its gradient is asked for.
    saved_tensors : tuple of (Tensor or None)
        What was saved; only in the backward.
    """

    def save_for_backward(self, *tensors):
        """Keep tensors (or None) for the backward. The last call counts."""
        self.to_save = tensors

    def save_for_forward(self, *tensors):
        """Keep tensors for ``jvp``, which only forward mode would call; minitorch has none."""
        self.saved_for_forward = tensors

    def mark_dirty(self, *tensors):
        """Name the arguments that ``forward`` changes in place; each must be returned too."""
        for i, tensor in enumerate(tensors):
            if not isinstance(tensor, TensorBase):
                raise RuntimeError(
                    "mark_dirty can only accept variables, "
                    f"but argument {i} is of type {type(tensor).__name__}"
                )
            tensor._bump_version()
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors):
        """Name the outputs that have no gradient, such as indices."""
        for i, tensor in enumerate(tensors):
            if not isinstance(tensor, TensorBase):
                raise RuntimeError(
                    "mark_non_differentiable only accepts variable arguments, "
                    f"but got {type(tensor).__name__} as argument {i}"
                )
        self.non_differentiable = tensors

    def set_materialize_grads(self, value):
        """Whether ``backward`` gets zeros (True, as at the start) or None for unused outputs."""
        if not isinstance(value, bool):
            raise TypeError(
                f"set_materialize_grads(): argument must be bool, not {type(value).__name__}"
            )
        self.materialize_grads = value


class BackwardCFunction(PythonNode, FunctionCtx):
    """The node of one call of a :class:`Function`; also the ``ctx`` of that call."""

    def __repr__(self):
        return f"<{type(self).__module__}.{type(self).__name__} object at {id(self):#x}>"

    _forward_cls = None
    to_save = ()
    dirty_tensors = ()
    non_differentiable = ()
    materialize_grads = True
    needs_input_grad = ()
    _saved = ()
    _inputs = ()
    _outputs = ()
    _was_freed = _was_accessed = False

    @property
    def saved_tensors(self):
        """The saved tensors, each checked for in-place changes since."""
        if self._was_accessed:
            raise RuntimeError(
                "saved_tensors can only be accessed once when clear_saved_tensors_on_access=True "
                "is set on the autograd.Function. Either access saved_tensors only once, or set "
                "clear_saved_tensors_on_access=False."
            )
        if self._was_freed:
            raise RuntimeError(FREED)
        found = tuple(None if kept is None else kept.unpack_for(self) for kept in self._saved)
        if found and self._forward_cls.clear_saved_tensors_on_access:
            self._release()
            self._was_accessed = True
        return found

    def _release(self):
        self._was_freed = self._was_freed or bool(self._saved)
        self._saved = ()

    def _backward(self, grads):
        if self.materialize_grads:
            pairs = zip(grads, self._outputs, strict=True)
            grads = tuple(_zeros(about) if g is None and about else g for g, about in pairs)
        function = _user_backward(self._forward_cls)
        arguments = (list(grads),) if self._forward_cls.boxed_grads_call else grads
        return self._checked(function(self, *arguments))

    def _checked(self, found):
        """The user's gradients: one per input, tensors or None, of the inputs' shapes."""
        found = found if isinstance(found, tuple) else (found,)
        expected = len(self._inputs)
        if len(found) > expected and all(g is None for g in found[expected:]):
            found = found[:expected]
        if len(found) != expected:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients "
                f"(expected {expected}, got {len(found)})"
            )
        checked = map(self._checked_gradient, range(expected), found)
        pairs = zip(checked, self._inputs, strict=True)
        return tuple(gradient for gradient, about in pairs if about is not None)

    def _checked_gradient(self, i, gradient):
        if gradient is None:
            return None
        if not isinstance(gradient, TensorBase):
            raise RuntimeError(f"expected Variable or None (got {type(gradient).__name__})")
        if self._inputs[i] is None:
            raise RuntimeError(
                f"function {self.name()} returned a gradient different than None at position "
                f"{i + 1}, but the corresponding forward input was not a Variable"
            )
        shape, dtype = self._inputs[i]
        if gradient.shape != shape:
            gradient = self._summed(i, gradient, shape)
        return gradient if gradient.dtype == dtype else gradient.to(dtype)

    def _summed(self, i, gradient, shape):
        """Undo a broadcast of the input, as PyTorch does for a gradient of the larger shape."""
        lead = gradient.dim() - len(shape)
        pairs = list(zip(gradient.shape[max(lead, 0) :], shape, strict=False))
        if lead < 0 or any(size != wanted and wanted != 1 for size, wanted in pairs):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {i} - got "
                f"{list(gradient.shape)} but expected shape compatible with {list(shape)}"
            )
        dims = [*range(lead), *(lead + d for d, (size, want) in enumerate(pairs) if size != want)]
        return gradient.sum(dims, keepdim=True).reshape(shape)


def _zeros(about):
    from minitorch import zeros

    shape, dtype = about
    return zeros(shape, dtype=dtype)


def _user_backward(cls):
    own_backward = cls.backward is not Function.backward
    own_vjp = cls.vjp is not Function.vjp
    if own_backward and own_vjp:
        raise RuntimeError(
            "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. "
            "You should only implement one of them."
        )
    return cls.vjp if own_vjp else cls.backward


class FunctionMeta(type):
    """Gives each Function the class of its nodes, named as PyTorch names it."""

    def __init__(cls, name, bases, attributes):
        super().__init__(name, bases, attributes)
        cls._backward_cls = type(name + "Backward", (BackwardCFunction,), {"_forward_cls": cls})


class Function(metaclass=FunctionMeta):
    """Base class for functions that bring their own derivative.

    Subclass it, write the static methods ``forward(ctx, *args)`` and
    ``backward(ctx, *grad_outputs)``, and call ``apply``. Alternatively write
    ``forward(*args)`` without `ctx`, and ``setup_context(ctx, inputs, output)``.

    ``backward`` gets one gradient for each output and returns one for each argument of ``apply``
    (None for those that are no tensors or need none). Check it with
    :func:`minitorch.autograd.gradcheck`.

    Examples
    --------
    >>> class Exp(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         result = x.exp()
    ...         ctx.save_for_backward(result)
    ...         return result
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         result, = ctx.saved_tensors
    ...         return grad_output * result
    >>> y = Exp.apply(x)
    """

    # Drop the saved tensors at the first look at ctx.saved_tensors.
    clear_saved_tensors_on_access = False
    # backward(ctx, grads) with one list, from which it may delete as it goes.
    boxed_grads_call = False
    generate_vmap_rule = False

    def __init__(self, *args, **kwargs):
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args, **kwargs):
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. "
            "(Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args, **kwargs):
        """Compute the outputs; to be overridden."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Save what the backward needs, where ``forward`` takes no `ctx`."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """Turn gradients of the outputs into gradients of the inputs; to be overridden."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    # Another name for backward; only one of the two may be overridden.
    vjp = backward

    @staticmethod
    def jvp(ctx, *grad_inputs):
        """Forward mode, which minitorch does not have."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )

    @staticmethod
    def vmap(info, in_dims, *args):
        """The rule for ``vmap``, which minitorch does not have."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod "
            "or set generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args, **kwargs):
        """Call the function and record it.

        Parameters
        ----------
        *args, **kwargs
            Handed to ``forward``; tensors among them that require grad are differentiated by.

        Returns
        -------
        Tensor or tuple
            What ``forward`` returned.
        """
        separate = cls.setup_context is not Function.setup_context
        if separate:
            args, kwargs = _bound(cls.forward, args, kwargs), {}
        ctx = cls._backward_cls()
        inputs = (*args, *kwargs.values())
        ctx.needs_input_grad = tuple(isinstance(x, TensorBase) and x.requires_grad for x in inputs)
        records = is_grad_enabled() and any(ctx.needs_input_grad)
        with no_grad():
            if separate:
                output = cls.forward(*args)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args, **kwargs)
        return _recorded(ctx, inputs, output) if records else output


def _bound(function, args, kwargs):
    """All arguments by position, defaults filled in: what ``setup_context`` gets as inputs."""
    import inspect

    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return (*bound.args, *bound.kwargs.values())


def _recorded(ctx, inputs, output):
    """Connect the node: edges to the inputs, outputs marked as its results, tensors saved."""
    single = not isinstance(output, tuple)
    outputs = (output,) if single else output
    _check_saved(ctx.to_save)
    _check_dirty(ctx, inputs, outputs)
    ctx._inputs = tuple(_about(x) for x in inputs)
    ctx._outputs = tuple(_about(out) for out in outputs)
    pairs = zip(inputs, ctx.needs_input_grad, strict=True)
    ctx._connect([x if need else None for x, need in pairs if isinstance(x, TensorBase)])
    ctx._set_n_outputs(len(outputs))
    wrapped = tuple(_wrapped(ctx, inputs, out, nr) for nr, out in enumerate(outputs))
    _guard_views(ctx, inputs, wrapped)
    ctx._saved = tuple(_kept(tensor, outputs, wrapped) for tensor in ctx.to_save)
    # The graph must not hold tensors other than the saved ones.
    for name in ("to_save", "dirty_tensors", "non_differentiable"):
        ctx.__dict__.pop(name, None)
    return wrapped[0] if single else wrapped


def _about(value):
    return (value.shape, value.dtype) if isinstance(value, TensorBase) else None


def _among(tensor, tensors):
    return any(tensor is other for other in tensors)


def _check_saved(tensors):
    for i, tensor in enumerate(tensors):
        if tensor is not None and not isinstance(tensor, TensorBase):
            raise TypeError(
                "save_for_backward can only save variables, "
                f"but argument {i} is of type {type(tensor).__name__}"
            )


def _check_dirty(ctx, inputs, outputs):
    for tensor in ctx.dirty_tensors:
        if not _among(tensor, inputs):
            warnings.warn(
                "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors "
                "that have been mutated should be passed to ctx.mark_dirty().",
                stacklevel=4,
            )
        if not _among(tensor, outputs):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as "
                "output. The inputs that are modified inplace must all be outputs of the Function."
            )


def _wrapped(ctx, inputs, out, nr):
    """One output as the caller gets it."""
    if not isinstance(out, TensorBase):
        return out
    handed_through = _among(out, inputs)
    if handed_through and _among(out, ctx.dirty_tensors):
        return _changed_in_place(ctx, out, nr)
    differentiable = out.dtype.is_floating_point and not _among(out, ctx.non_differentiable)
    if handed_through:
        with no_grad():
            out = out.view_as(out)
    if differentiable:
        ctx._set_output(out, nr)
        return out
    return out.detach() if out.requires_grad else out


def _changed_in_place(ctx, out, nr):
    if out.requires_grad and out.is_leaf:
        raise RuntimeError(
            "a leaf Variable that requires grad has been used in an in-place operation."
        )
    if len(ctx._outputs) == 1:
        rebase_history(out, ctx)
    elif out._is_view():
        raise RuntimeError(
            "If your Function modifies inplace an input that is a view of another Tensor, your "
            "Function cannot return more than one Tensor. Clone the input of "
            f"{ctx.name()}, or make the inplace change a Function of its own."
        )
    else:
        ctx._set_output(out, nr)
    return out


def _guard_views(ctx, inputs, wrapped):
    """Forbid in-place changes of outputs that are views: they would bypass the backward."""
    several = sum(isinstance(out, TensorBase) and out.requires_grad for out in wrapped) > 1
    for out in wrapped:
        if isinstance(out, TensorBase) and out._is_view() and not _among(out, inputs):
            mark_custom_view(out, several)


def _kept(tensor, outputs, wrapped):
    """A saved tensor; an output is kept without the cycle through its own node."""
    if tensor is None:
        return None
    for out, result in zip(outputs, wrapped, strict=True):
        if tensor is out and result.requires_grad:
            return save_tensor(result, True)
    return save_tensor(tensor)


class InplaceFunction(Function):
    """A Function that is told at construction whether it works in place; kept for old code."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace


class _DifferentiatedTwice(PythonNode):
    """Stands behind gradients that were computed without being recorded."""

    def name(self):
        return "torch::autograd::Error"

    def _backward(self, grads):
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


def once_differentiable(backward):
    """Decorator for a ``backward`` that is not itself differentiable.

    It runs unrecorded, and a second derivative through it raises RuntimeError instead of being
    silently wrong.
    """

    @functools.wraps(backward)
    def wrapper(ctx, *grads):
        with no_grad():
            found = backward(ctx, *grads)
        tracked = [g for g in grads if isinstance(g, TensorBase) and g.requires_grad]
        if not is_grad_enabled() or not tracked:
            return found
        single = not isinstance(found, tuple)
        marked = _undifferentiable((found,) if single else found, tracked)
        return marked[0] if single else marked

    return wrapper


def _undifferentiable(gradients, tracked):
    node = _DifferentiatedTwice()
    node._connect(tracked)
    node._set_n_outputs(len(gradients))
    marked = []
    for nr, gradient in enumerate(gradients):
        if gradient is not None:
            gradient = gradient.detach()
            node._set_output(gradient, nr)
        marked.append(gradient)
    return tuple(marked)
