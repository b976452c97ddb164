"""Activation checkpointing: compute a part of a network again in backward, and save memory.

Without re-entry, which is recommended, hooks on saved tensors put a :class:`_Holder` in the place
of each tensor that the part saves. The first holder that backward opens runs the part once more,
and the tensors saved this time, in the same order, fill the holders. With re-entry the part is one
node of the graph, whose backward runs the part again with a graph, and that graph backward.
"""

import contextlib
import threading
import traceback
import warnings
import weakref

from minitorch._core import engine, record
from minitorch.autograd import backward
from minitorch.autograd.function import Function
from minitorch.autograd.grad_mode import enable_grad, is_grad_enabled, no_grad
from minitorch.autograd.graph import saved_tensors_hooks
from minitorch.nn.modules.container import Sequential
from minitorch.random import fork_rng, get_rng_state, set_rng_state
from minitorch.tensor import Tensor

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "GraphExecGroup",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "detach_variable",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
]

_SAY_WHICH = (
    "torch.utils.checkpoint{}: the use_reentrant parameter should be passed explicitly. "
    "use_reentrant=False is recommended; without it use_reentrant=True is taken, as PyTorch does."
)
_TIP = (
    "Tip: To see a more detailed error message, either pass `debug=True` to "
    "`torch.utils.checkpoint.checkpoint(...)` or wrap the code block with `with "
    "torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to enable it for all."
)
_SUPPRESSED = (
    "torch.utils.checkpoint: the forward context provided by context_fn suppressed an exception "
    "raised during the checkpointed forward. This is not supported because checkpoint cannot "
    "return a value for a failed forward."
)


class CheckpointError(RuntimeError):
    """The part did something else when it was computed again."""


class _Overrides:
    """What the two context managers below set for all calls inside; None sets nothing."""

    debug = None
    early_stop = None


@contextlib.contextmanager
def _override(name, value):
    before = getattr(_Overrides, name)
    setattr(_Overrides, name, value)
    try:
        yield
    finally:
        setattr(_Overrides, name, before)


def set_checkpoint_debug_enabled(enabled):
    """Context manager: whether :func:`checkpoint` keeps traces, whatever its `debug` says."""
    return _override("debug", enabled)


def set_checkpoint_early_stop(enable):
    """Context manager: whether recomputation stops early, whatever `early_stop` says."""
    return _override("early_stop", enable)


def noop_context_fn():
    """Return two contexts that do nothing: the default `context_fn`."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def detach_variable(inputs):
    """Return a tuple with its tensors detached; what requires grad still does.

    Raises
    ------
    RuntimeError
        If `inputs` is no tuple.
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: "
            f"{type(inputs).__name__}"
        )
    return tuple(
        one.detach().requires_grad_(one.requires_grad) if isinstance(one, Tensor) else one
        for one in inputs
    )


def check_backward_validity(inputs):
    """Warn if no tensor among `inputs` requires grad."""
    if not any(one.requires_grad for one in inputs if isinstance(one, Tensor)):
        warnings.warn(
            "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2
        )


# ---- with re-entry -------------------------------------------------------------------------------


class CheckpointFunction(Function):
    """A part of a network as one node: ``apply(run_function, preserve_rng_state, *args)``."""

    @staticmethod
    def forward(ctx, run_function, preserve_rng_state, *args):
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.rng_state = get_rng_state() if preserve_rng_state else None
        # Tensors are saved as such, so that a change in place is noticed.
        ctx.inputs = [None if isinstance(arg, Tensor) else arg for arg in args]
        ctx.places = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx, *grads):
        if not engine.is_checkpoint_valid():
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or "
                "passing an `inputs` parameter to .backward(). To resolve this error, you can "
                "either set use_reentrant=False, or call .backward() without passing the "
                "`inputs` argument."
            )
        inputs = list(ctx.inputs)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[i] = tensor
        inputs = detach_variable(tuple(inputs))
        with _state_of_forward(ctx.rng_state), enable_grad():
            outputs = ctx.run_function(*inputs)
        if isinstance(outputs, Tensor):
            outputs = (outputs,)
        pairs = [
            (output, grad)
            for output, grad in zip(outputs, grads, strict=True)
            if isinstance(output, Tensor) and output.requires_grad
        ]
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        backward(*map(list, zip(*pairs, strict=True)))
        return (None, None, *(one.grad if isinstance(one, Tensor) else None for one in inputs))


@contextlib.contextmanager
def _state_of_forward(rng_state):
    """Draw the random numbers of the forward again, and leave the generator as it was."""
    if rng_state is None:
        yield
        return
    with fork_rng():
        set_rng_state(rng_state)
        yield


# ---- without re-entry ----------------------------------------------------------------------------


class _StopRecomputation(Exception):
    """All tensors are there: the rest of the part need not run."""


class GraphExecGroup:
    """Context manager: backward passes inside share what one of them has computed again."""

    _local = threading.local()

    def __enter__(self):
        if self._get_current_group() is not None:
            raise RuntimeError(
                "GraphExecGroup contexts cannot be nested. "
                f"Already inside group {self._get_current_group()}"
            )
        self._local.group = self
        return self

    def __exit__(self, *exc_info):
        self._local.group = None

    @classmethod
    def _get_current_group(cls):
        return getattr(cls._local, "group", None)


def _current_pass():
    """What tells one backward pass from another."""
    group = GraphExecGroup._get_current_group()
    if group is not None:
        return group
    task = engine.current_graph_task_id()
    return object() if task == -1 else task  # outside a backward each look is its own


_TAKEN = object()


class _Holder:
    """Stands in the graph for a saved tensor; ``found`` has it by backward pass."""

    __slots__ = ("__weakref__", "found")

    def __init__(self):
        self.found = {}


class _Frame:
    """One call of :func:`checkpoint`: how to compute it again, and the holders it has filled."""

    def __init__(self, recompute, early_stop, describe, debug):
        self.recompute = recompute
        self.early_stop = early_stop
        self.describe = describe
        # Traces of saving, in forward and in recomputation.
        self.traces = ([], []) if debug else None
        self.inputs = ()
        self.holders = []        # weak: a graph that is dropped takes its tensors along
        self.descriptions = []
        self.counts = {}         # tensors saved in recomputation, by backward pass
        self.recomputed = set()
        self.forward_completed = False
        self.fewer_expected = False

    def save_inputs(self, args):
        # As saved tensors: inside another checkpoint these are the other one's to recompute.
        self.inputs = [
            record.save_tensor(arg) if isinstance(arg, Tensor) else arg for arg in args
        ]

    def get_inputs(self):
        return [
            arg.unpack_for(None) if isinstance(arg, record.SavedTensor) else arg
            for arg in self.inputs
        ]

    def pack(self, tensor):
        holder = _Holder()
        self.holders.append(weakref.ref(holder))
        with no_grad():
            self.descriptions.append(self.describe(tensor))
        self.trace(0, tensor)
        return holder

    def unpack(self, holder):
        try:
            return self.find(holder)
        except CheckpointError as error:
            if self.traces is None:
                raise
            raise CheckpointError(_debug_text(self.traces)) from error

    def find(self, holder):
        current = _current_pass()
        if current not in self.recomputed:
            self.counts[current] = 0
            inputs = self.get_inputs()  # out of reach of the hooks below: another may recompute
            try:
                with _recomputing(self, current), enable_grad():
                    self.recompute(*inputs)
            except _StopRecomputation:
                pass
            self.recomputed.add(current)
            self.check_against_forward(current)
        tensor = holder.found[current]
        if tensor is _TAKEN:
            overlap = ""
            if isinstance(current, GraphExecGroup):
                overlap = (
                    "Performing two backward calls that overlap (i.e. require the same saved "
                    "activation in order to compute gradients) is not allowed while under the "
                    "torch.utils.checkpoint.GraphExecGroup context. "
                )
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already "
                f"unpacked once. {overlap}If you are calling ctx.saved_tensors in backward, make "
                "sure to do so only once."
            )
        holder.found[current] = _TAKEN
        return tensor

    def pack_again(self, current, tensor):
        """Put a tensor of the recomputation into the holder of its turn."""
        tensor = tensor.detach()
        self.trace(1, tensor)
        turn = self.counts[current]
        self.counts[current] += 1
        if turn >= len(self.holders):
            if not self.forward_completed:
                # Backward runs inside the part: what comes after it is not saved yet.
                self.fewer_expected = True
                return tensor
            raise CheckpointError(
                "torch.utils.checkpoint: trying to save more tensors during recomputation than "
                f"during the original forward pass.\n{_TIP}"
            )
        holder = self.holders[turn]()
        if holder is not None:
            holder.found[current] = tensor
        if self.early_stop and turn + 1 == len(self.holders):
            raise _StopRecomputation
        return tensor

    def check_against_forward(self, current):
        if self.fewer_expected:
            return
        if len(self.holders) != self.counts[current]:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self.holders)}\n"
                f"Number of tensors saved during recomputation: {self.counts[current]}.\n{_TIP}"
            )
        different = ""
        for i, (holder, before) in enumerate(zip(self.holders, self.descriptions, strict=True)):
            holder = holder()
            if holder is None:
                continue
            now = self.describe(holder.found[current])
            if now != before:
                different += (
                    f"tensor at position {i}:\nsaved metadata: {before}\n"
                    f"recomputed metadata: {now}\n"
                )
        if different:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                f"different metadata than during the forward pass.\n{different}.\n{_TIP}"
            )

    def trace(self, which, tensor):
        if self.traces is not None:
            # Less the three frames of this module.
            stack = traceback.format_stack()[:-3]
            about = f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"
            self.traces[which].append((about, stack))


def _recomputing(frame, current):
    # Weak: the hooks end up in the graph of the recomputation, which the frame outlives.
    reference = weakref.ref(frame)
    return saved_tensors_hooks(
        lambda tensor: reference().pack_again(current, tensor), lambda tensor: tensor
    )


def _debug_text(traces):
    forward, again = traces
    parts = [
        "An error happened while unpacking tensors; dumping logs of latest computation\n"
        "because you passed `debug=True` to `torch.utils.checkpoint.checkpoint()`."
    ]
    for title, saved in (("original forward", forward), ("recomputation", again)):
        parts.append(f"Where tensors were saved in the {title}:")
        for i, (about, stack) in enumerate(saved, 1):
            parts.append(f"{about}   ({i} of {len(saved)} in {title})\n{''.join(stack[-4:])}")
    for title, saved in (("original forward", forward), ("recomputation", again)):
        parts.append(f"Tensors saved during the {title}: {', '.join(a for a, _ in saved)}")
    return "\n\n".join(parts)


def _shape_and_dtype(tensor):
    return {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device}


_DETERMINISM_CHECKS = {"default": _shape_and_dtype, "none": lambda tensor: None}


def checkpoint(
    function,
    *args,
    use_reentrant=None,
    context_fn=noop_context_fn,
    determinism_check="default",
    debug=False,
    early_stop=True,
    **kwargs,
):
    """Call ``function(*args)`` without keeping what its backward needs; that is computed again.

    Parameters
    ----------
    function : callable
        The part of the network. It must do the same when it is called again in backward.
    *args
        Its arguments.
    use_reentrant : bool
        How; see the head of this module. False is recommended: it takes `**kwargs`, gradients
        with respect to some inputs, nested tensors in arguments and parts without gradients.
        Without a choice True is taken, with a warning.
    preserve_rng_state : bool
        Draw the same random numbers when the part is computed again (default True).
    context_fn : callable, optional
        Gives two context managers, for the forward and for the recomputation.
    determinism_check : {"default", "none"}
        Compare shape, dtype and device of recomputed tensors with the first ones, or nothing.
    debug : bool
        Keep traces, which an error of the comparison then shows (default False).
    early_stop : bool
        Stop computing again once all tensors are there (default True).
    **kwargs
        Further arguments of `function`; with ``use_reentrant=False`` only.

    Returns
    -------
    object
        What `function` returns.

    Raises
    ------
    ValueError
        If an option does not go with the way chosen, or `determinism_check` is another.
    CheckpointError
        In backward, if the part saves other tensors than the first time.
    """
    if use_reentrant is None:
        warnings.warn(_SAY_WHICH.format(""), stacklevel=2)
        use_reentrant = True
    preserve_rng_state = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError(
                "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
            )
        return CheckpointFunction.apply(function, preserve_rng_state, *args)
    if _Overrides.debug is not None:
        debug = _Overrides.debug
    if debug and context_fn is not noop_context_fn:
        raise ValueError("debug=True is incompatible with non-default context_fn")
    if determinism_check not in _DETERMINISM_CHECKS:
        raise ValueError(
            f"determinism_check should be one of {list(_DETERMINISM_CHECKS)}, "
            f"but got {determinism_check}"
        )
    forward_context, recompute_context = context_fn()
    if not is_grad_enabled():
        return function(*args, **kwargs)
    rng_state = get_rng_state() if preserve_rng_state else None

    def recompute(*inputs):
        with _state_of_forward(rng_state), recompute_context:
            function(*inputs, **kwargs)

    if _Overrides.early_stop is not None:
        early_stop = _Overrides.early_stop
    frame = _Frame(recompute, early_stop, _DETERMINISM_CHECKS[determinism_check], debug)
    frame.save_inputs(args)
    with saved_tensors_hooks(frame.pack, frame.unpack), forward_context:
        result = function(*args, **kwargs)
        frame.forward_completed = True
    if not frame.forward_completed:
        raise RuntimeError(_SUPPRESSED)
    return result


def checkpoint_sequential(functions, segments, input, use_reentrant=None, **kwargs):
    """Run functions one after the other, all segments but the last under :func:`checkpoint`.

    Parameters
    ----------
    functions : Sequential or list of callable
    segments : int
        Into how many pieces to cut it.
    input : Tensor
        Of the first function.
    use_reentrant, preserve_rng_state
        See :func:`checkpoint`.

    Returns
    -------
    object
        What the last function returns.

    Raises
    ------
    ValueError
        If there are other keyword arguments.
    """
    if use_reentrant is None:
        warnings.warn(_SAY_WHICH.format(".checkpoint_sequential"), stacklevel=2)
        use_reentrant = True
    preserve_rng_state = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    functions = list(functions.children() if isinstance(functions, Sequential) else functions)
    size = len(functions) // segments
    last = size * (segments - 1)
    for start in range(0, last, size):
        input = checkpoint(
            _in_turn(functions[start : start + size]),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve_rng_state,
        )
    return _in_turn(functions[last:])(input)


def _in_turn(functions):
    def run(input):
        for function in functions:
            input = function(input)
        return input

    return run
