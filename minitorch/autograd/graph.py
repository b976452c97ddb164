"""The recorded graph, for looking at it and for hooking into it.

PyTorch's names of ``torch.autograd.graph``, and two of our own: :func:`to_dot` and
:func:`to_svg` draw the graph.
"""

from collections import namedtuple
from weakref import WeakSet

from minitorch._core import engine, record
from minitorch._core.node import Node
from minitorch._core.tensor import TensorBase
from minitorch.autograd.grad_mode import no_grad

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
    "to_dot",
    "to_svg",
]


def to_dot(*roots, params=None):
    """Write the graph of one or more tensors in the DOT language.

    Parameters
    ----------
    *roots : Tensor
        The results to draw; each must require grad.
    params : dict of str to Tensor, optional
        Names to put on leaves (and roots), such as ``dict(model.named_parameters())``.

    Returns
    -------
    str
        A ``digraph``: arrows in the direction of the forward pass, leaves in blue with name and
        shape, function nodes under their names. Graphviz draws it; :func:`to_svg` needs none.

    Raises
    ------
    RuntimeError
        If a root does not require grad.
    """
    from minitorch.autograd import _picture

    return _picture.to_dot(*_picture.walk(_checked_roots(roots, "to_dot"), params))


def to_svg(*roots, params=None):
    """Draw the graph of one or more tensors as an SVG document.

    Parameters
    ----------
    *roots : Tensor
        The results to draw; each must require grad.
    params : dict of str to Tensor, optional
        Names to put on leaves (and roots), such as ``dict(model.named_parameters())``.

    Returns
    -------
    str
        The picture; write it to a file and open it in a browser.

    Raises
    ------
    RuntimeError
        If a root does not require grad.

    Examples
    --------
    >>> a = minitorch.tensor([2., 3.], requires_grad=True)
    >>> b = minitorch.tensor([6., 4.], requires_grad=True)
    >>> Q = 3*a**3 - b**2
    >>> with open("Q.svg", "w") as file:
    ...     _ = file.write(to_svg(Q, params={"a": a, "b": b, "Q": Q}))
    """
    from minitorch.autograd import _picture

    return _picture.draw(*_picture.walk(_checked_roots(roots, "to_svg"), params))


def _checked_roots(roots, caller):
    if not roots:
        raise TypeError(f"{caller}() needs at least one tensor to draw")
    return roots


class GradientEdge(namedtuple("GradientEdge", ["node", "output_nr"])):
    """The place in the graph where the gradient of a tensor is computed.

    Attributes
    ----------
    node : Node
        The node that receives the gradient.
    output_nr : int
        Which output of the node's forward function the tensor is.
    """

    __slots__ = ()


def get_gradient_edge(tensor):
    """Return where in the graph the gradient of `tensor` is computed.

    ``autograd.grad(loss, get_gradient_edge(x))`` equals ``autograd.grad(loss, x)``, and does not
    keep the values of ``x`` alive.

    Parameters
    ----------
    tensor : Tensor

    Returns
    -------
    GradientEdge

    Raises
    ------
    RuntimeError
        If the tensor does not require grad.
    """
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor "
            "that does not require gradients"
        )
    return GradientEdge(_gradient_node(tensor), tensor.output_nr)


def _gradient_node(tensor):
    """The node of a result, or the AccumulateGrad node of a leaf."""
    if isinstance(tensor, GradientEdge):
        return tensor.node
    return record.gradient_edge(tensor)


def increment_version(tensor):
    """Tell the version counter that the values of `tensor` were changed behind its back.

    Parameters
    ----------
    tensor : Tensor or iterable of Tensor
        What was written to, for example through its numpy array.
    """
    items = (tensor,) if isinstance(tensor, TensorBase) else tensor
    if not hasattr(items, "__iter__"):
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input")
    for item in items:
        item._bump_version()


class saved_tensors_hooks:
    """Context manager: transform each tensor that is saved for backward, and back.

    Parameters
    ----------
    pack_hook : callable
        ``pack_hook(tensor) -> object``: called once when a tensor is saved; its result is kept in
        the graph instead.
    unpack_hook : callable
        ``unpack_hook(object) -> Tensor``: called each time the backward pass needs the tensor;
        must give a tensor of the same values, shape and dtype.

    Notes
    -----
    Thread-local. When nested, the innermost pair alone applies. The result of `pack_hook` must
    not hold the tensor itself, or the graph keeps itself alive; use ``tensor.detach()``.
    """

    def __init__(self, pack_hook, unpack_hook):
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self):
        record.push_saved_tensors_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc_info):
        record.pop_saved_tensors_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Keep saved tensors in main memory, where minitorch has them anyway.

    Parameters
    ----------
    pin_memory : bool, default False
        Not supported: page-locked memory serves copies to a GPU.
    device_type : str, default "cuda"
        The device that PyTorch would pin for; only used by `pin_memory` there.
    """

    def __init__(self, pin_memory=False, device_type="cuda"):
        if pin_memory:
            raise NotImplementedError("save_on_cpu: pin_memory=True needs a GPU, which is missing")
        if device_type not in ("cuda", "cpu"):
            raise RuntimeError(f"save_on_cpu: device_type {device_type!r} is not available")
        super().__init__(lambda tensor: tensor.detach(), lambda packed: packed)


class disable_saved_tensors_hooks:
    """Context manager: entering :class:`saved_tensors_hooks` raises RuntimeError inside.

    Parameters
    ----------
    error_message : str
        The text of that error.
    """

    def __init__(self, error_message):
        self.error_message = error_message
        self._previous = None

    def __enter__(self):
        self._previous = record.disable_saved_tensors_hooks(self.error_message)

    def __exit__(self, *exc_info):
        record.disable_saved_tensors_hooks(self._previous)


class allow_mutation_on_saved_tensors:
    """Context manager: a saved tensor that is changed in place is copied before, not an error.

    The copy is made at the first in-place change inside the context of any tensor that shares
    the memory, and the backward, which must run inside the context too, uses it.

    Examples
    --------
    >>> with allow_mutation_on_saved_tensors():
    ...     b = a.sin()
    ...     _ = a.mul_(5)
    ...     b.sum().backward()
    """

    _active = False

    def __enter__(self):
        if allow_mutation_on_saved_tensors._active:
            raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
        self._kept = _CopiedWhenChanged()
        self._hooks = saved_tensors_hooks(self._kept.pack, self._kept.unpack)
        self._hooks.__enter__()
        allow_mutation_on_saved_tensors._active = True
        record.set_before_change(self._kept.before_change)
        return self._kept

    def __exit__(self, *exc_info):
        record.set_before_change(None)
        allow_mutation_on_saved_tensors._active = False
        self._kept.clear()
        self._hooks.__exit__(*exc_info)


class _CopiedWhenChanged:
    """The saved tensors of one context, by the address of their memory."""

    def __init__(self):
        self._by_memory = {}
        self._open = True

    def pack(self, tensor):
        kept = _Kept(tensor.detach())
        self._by_memory.setdefault(hash(tensor.untyped_storage()), WeakSet()).add(kept)
        return kept

    def unpack(self, kept):
        if not self._open:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context"
                "in which the graph was originally recorded."
            )
        return kept.tensor

    def before_change(self, tensor):
        for kept in self._by_memory.pop(hash(tensor.untyped_storage()), ()):
            with no_grad():
                kept.tensor = kept.tensor.clone()

    def clear(self):
        self._by_memory.clear()
        self._open = False


class _Kept:
    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor):
        self.tensor = tensor


class _MultiHandle:
    """Removes several hooks as one."""

    def __init__(self, handles):
        self.handles = tuple(handles)

    def remove(self):
        for handle in self.handles:
            handle.remove()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.remove()


def register_multi_grad_hook(tensors, fn, *, mode="all"):
    """Call `fn` when the gradients of several tensors have been computed.

    Parameters
    ----------
    tensors : sequence of Tensor
        Each must require grad.
    fn : callable
        ``fn(grads)`` with a list of gradients (None where a tensor takes no part) in mode
        ``"all"``; ``fn(grad)`` with the first one in mode ``"any"``. Its result is ignored.
    mode : {"all", "any"}, default "all"
        Wait for all gradients of this backward pass, or for the first.

    Returns
    -------
    handle
        ``handle.remove()`` takes the hook away.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if mode == "any":
        return _MultiHandle(_hook_first(tensors, fn))
    return _MultiHandle(_hook_all(tensors, fn))


def _hook_first(tensors, fn):
    import threading
    lock, done = threading.Lock(), set()

    def hook(grad):
        task = engine.current_graph_task_id()
        with lock:
            if task in done:
                return
            done.add(task)
        fn(grad)

    return [tensor.register_hook(hook) for tensor in tensors if tensor.requires_grad]


def _hook_all(tensors, fn):
    import threading
    lock, pending = threading.Lock(), {}
    nodes = [_gradient_node(tensor) for tensor in tensors]

    def make_hook(index):
        def hook(grad):
            task = engine.current_graph_task_id()
            with lock:
                if task not in pending:
                    expected = sum(map(engine.will_execute_node, nodes))
                    pending[task] = [expected, [None] * len(nodes)]
                state = pending[task]
                state[0] -= 1
                state[1][index] = grad
                complete = state[0] == 0
                if complete:
                    del pending[task]
            if complete:
                fn(state[1])

        return hook

    return [tensor.register_hook(make_hook(i)) for i, tensor in enumerate(tensors)]
