"""Compute the inside of a function again in the backward pass, instead of keeping it.

:func:`checkpoint` keeps the inputs of a part of the model only, so memory is saved for time.
Two ways to do it, as in PyTorch: ``use_reentrant=False`` replaces each saved tensor by a place
holder, and the first one that the backward asks for runs the function again to fill them all;
``use_reentrant=True`` is a :class:`~minitorch.autograd.Function` whose backward runs the function
and a backward of its own.
"""

import warnings
import weakref
from contextlib import contextmanager, nullcontext

from minitorch._core.engine import current_backward_has_inputs, current_graph_task_id
from minitorch._core.tensor import TensorBase
from minitorch.autograd import Function, backward, enable_grad
from minitorch.autograd.graph import saved_tensors_hooks
from minitorch.random import get_rng_state, set_rng_state

__all__ = [
    "CheckpointError",
    "checkpoint",
    "checkpoint_sequential",
    "noop_context_fn",
    "set_checkpoint_early_stop",
]

_early_stop = True


class CheckpointError(RuntimeError):
    """The function did not do the same when it ran again."""


def noop_context_fn():
    """Two contexts that do nothing: for the forward and for the recomputation."""
    return nullcontext(), nullcontext()


@contextmanager
def set_checkpoint_early_stop(enable):
    """Whether a recomputation inside may stop once all saved tensors are there again.

    Parameters
    ----------
    enable : bool
    """
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


def checkpoint(
    function,
    *args,
    use_reentrant=None,
    context_fn=noop_context_fn,
    determinism_check="default",
    debug=False,
    early_stop=True,
    preserve_rng_state=True,
    **kwargs,
):
    """Call ``function(*args, **kwargs)`` without keeping what its backward needs.

    Parameters
    ----------
    function : callable
        Has to do the same when it is called again in the backward.
    *args, **kwargs
        Its arguments; keyword arguments only with ``use_reentrant=False``.
    use_reentrant : bool
        The way (see the module); False is the better one. Left out, it warns and is True.
    context_fn : callable
        Gives two context managers, for the forward and the recomputation; only with
        ``use_reentrant=False``.
    determinism_check : {"default", "none"}
        Whether shapes and dtypes of the recomputed tensors are compared with the first ones.
    debug : bool
        Not supported; True is refused.
    early_stop : bool
        Stop the recomputation once all is there.
    preserve_rng_state : bool
        Give the recomputation the same random numbers.

    Returns
    -------
    What `function` returned.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. "
            "Starting in PyTorch 2.9, calling checkpoint without use_reentrant will raise an "
            "exception. use_reentrant=False is recommended, but if you need to preserve the "
            "current default behavior, you can pass use_reentrant=True. Refer to docs for more "
            "details on the differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    if debug:
        raise NotImplementedError("checkpoint: debug=True is not supported by minitorch")
    if not use_reentrant:
        if determinism_check not in ("default", "none"):
            raise ValueError(
                "determinism_check should be one of ('default', 'none'), "
                f"got {determinism_check}"
            )
        frame = _Frame(
            function, args, kwargs, context_fn, preserve_rng_state, early_stop and _early_stop,
            determinism_check == "default",
        )
        return frame.forward()
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn:
        raise ValueError(
            "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
        )
    return _Reentrant.apply(function, preserve_rng_state, *args)


def checkpoint_sequential(functions, segments, input, use_reentrant=None, **kwargs):
    """Checkpoint a chain of modules in pieces; the last piece is computed as usual.

    Parameters
    ----------
    functions : Sequential or sequence of callable
    segments : int
        How many pieces.
    input : Tensor
    use_reentrant : bool
        As in :func:`checkpoint`.
    preserve_rng_state : bool, default True
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be "
            "passed explicitly. In version 2.9 we will raise an exception if use_reentrant is not "
            "passed. use_reentrant=False is recommended, but if you need to preserve the current "
            "default behavior, you can pass use_reentrant=True. Refer to docs for more details on "
            "the differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    functions = list(functions.children() if hasattr(functions, "children") else functions)
    size = len(functions) // segments
    start = 0
    while start < size * (segments - 1):
        piece = _chain(functions[start : start + size])
        input = checkpoint(
            piece, input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )
        start += size
    return _chain(functions[start:])(input)


def _chain(functions):
    def run(value):
        for function in functions:
            value = function(value)
        return value

    return run


@contextmanager
def _random_state(state):
    """The given state of the generator inside, the present one afterwards; None: no matter."""
    if state is None:
        yield
        return
    present = get_rng_state()
    set_rng_state(state)
    try:
        yield
    finally:
        set_rng_state(present)


# ---------------------------------------------------------------- use_reentrant=False

class _Place:
    """What the graph keeps in place of a saved tensor."""

    __slots__ = ("__weakref__", "frame", "index")

    def __init__(self, frame, index):
        self.frame, self.index = frame, index


class _Complete(Exception):
    """Raised inside the recomputation when all that was saved is there."""


class _Frame:
    """One checkpointed call."""

    def __init__(self, function, args, kwargs, context_fn, preserve, early_stop, compare):
        self.function, self.args, self.kwargs = function, args, kwargs
        self.contexts = context_fn()
        self.early_stop, self.compare = early_stop, compare
        self.random_state = get_rng_state() if preserve else None
        self.places = []        # weak: those whose node is gone need not be filled
        self.about = []         # shape and dtype
        self.found = {}         # number of the backward -> tensors by their place

    def forward(self):
        with self.contexts[0], saved_tensors_hooks(self._pack, self._unpack):
            return self.function(*self.args, **self.kwargs)

    def _pack(self, tensor):
        place = _Place(self, len(self.places))
        self.places.append(weakref.ref(place))
        self.about.append((tuple(tensor.shape), tensor.dtype))
        return place

    def _unpack(self, place):
        task = current_graph_task_id()
        if task not in self.found:
            self.found = {task: self._recomputed()}
        if place.index not in self.found[task]:
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was either "
                "never recomputed, or already unpacked once. If you are calling ctx.saved_tensors "
                "in backward, make sure to do so only once. Otherwise please open an issue with "
                "details on your use case."
            )
        tensors = self.found[task]
        return tensors[place.index] if task < 0 else tensors.pop(place.index)

    def _recomputed(self):
        tensors, about = {}, []

        def pack(tensor):
            index = len(about)
            about.append((tuple(tensor.shape), tensor.dtype))
            if index < len(self.places) and self.places[index]() is not None:
                tensors[index] = tensor.detach()
            if self.early_stop and len(about) == len(self.places):
                raise _Complete
            return tensor

        try:
            with _random_state(self.random_state), enable_grad(), self.contexts[1]:
                with saved_tensors_hooks(pack, lambda tensor: tensor):
                    self.function(*self.args, **self.kwargs)
        except _Complete:
            pass
        self._check(about)
        return tensors

    def _check(self, about):
        if len(about) != len(self.about):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self.about)}\n"
                f"Number of tensors saved during recomputation: {len(about)}."
            )
        if self.compare and about != self.about:
            lines = [
                f"tensor at position {i}:\nsaved metadata: {first}\nrecomputed metadata: {again}"
                for i, (first, again) in enumerate(zip(self.about, about, strict=True))
                if first != again
            ]
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                "different metadata than during the forward pass.\n" + "\n".join(lines)
            )


# ---------------------------------------------------------------- use_reentrant=True

class _Reentrant(Function):
    @staticmethod
    def forward(ctx, function, preserve, *args):
        if not any(isinstance(x, TensorBase) and x.requires_grad for x in args):
            warnings.warn(
                "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=4
            )
        ctx.function = function
        ctx.random_state = get_rng_state() if preserve else None
        ctx.arguments = [None if isinstance(x, TensorBase) else x for x in args]
        ctx.places = [i for i, x in enumerate(args) if isinstance(x, TensorBase)]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        return function(*args)

    @staticmethod
    def backward(ctx, *grads):
        if current_backward_has_inputs():
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or "
                "passing an `inputs` parameter to .backward(). To resolve this error, you can "
                "either set use_reentrant=False, or call .backward() without passing the `inputs` "
                "argument."
            )
        arguments = list(ctx.arguments)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            arguments[i] = tensor.detach().requires_grad_(tensor.requires_grad)
        with _random_state(ctx.random_state), enable_grad():
            outputs = ctx.function(*arguments)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        pairs = [
            (out, grad)
            for out, grad in zip(outputs, grads, strict=True)
            if isinstance(out, TensorBase) and out.requires_grad
        ]
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        backward([out for out, _ in pairs], [grad for _, grad in pairs])
        return (
            None,
            None,
            *(x._grad if isinstance(x, TensorBase) else None for x in arguments),
        )
