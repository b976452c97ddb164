"""Automatic differentiation: :func:`backward`, :func:`grad`, and what stands around them.

This file is the doorkeeper of the compiled engine (``minitorch._core.engine``): it brings the
arguments into one form and refuses what PyTorch refuses with PyTorch's words.
The walk through the graph is the engine's.
"""

import warnings

from minitorch._core.engine import run_backward
from minitorch._core.record import retain_grad
from minitorch._core.tensor import TensorBase
from minitorch._ops.gradients import root_gradients
from minitorch.autograd import grad_mode, graph
from minitorch.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from minitorch.autograd.function import Function
from minitorch.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from minitorch.autograd.gradcheck import gradcheck, gradgradcheck
from minitorch.autograd.graph import GradientEdge

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "grad_mode",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
]


_ROOT_TYPES = (TensorBase, GradientEdge)

_CYCLE_WARNING = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak."
)


def __getattr__(name):
    if name == "functional":
        from importlib import import_module

        return import_module("minitorch.autograd.functional")
    if name == "Variable":
        from minitorch.autograd.variable import Variable

        return Variable
    if name == "forward_ad":
        raise AttributeError(
            "module 'minitorch.autograd' has no attribute 'forward_ad': minitorch has no forward "
            "mode; minitorch.autograd.functional.jvp computes the same product"
        )
    raise AttributeError(f"module 'minitorch.autograd' has no attribute {name!r}")


def backward(
    tensors,
    grad_tensors=None,
    retain_graph=None,
    create_graph=False,
    grad_variables=None,
    inputs=None,
):
    """Add the gradients of `tensors` to the ``.grad`` of the leaves they were computed from.

    Parameters
    ----------
    tensors : Tensor, GradientEdge or sequence of them
        The roots to differentiate.
    grad_tensors : Tensor or sequence of (Tensor or None), optional
        The vector v of the vector-Jacobian product, one per root, of the root's shape. May be
        None where the root has one element.
    retain_graph : bool, optional
        Keep what the graph saved, so that it can be walked again. Default: `create_graph`.
    create_graph : bool, default False
        Record the backward pass itself, for derivatives of higher order.
    grad_variables : optional
        Deprecated name of `grad_tensors`.
    inputs : Tensor, GradientEdge, sequence or dict of them, optional
        Accumulate into these only; all other tensors are left alone.

    Raises
    ------
    RuntimeError
        If a root needs no gradient, a gradient is missing or of another shape, `inputs` is empty,
        the graph has been freed, or a saved tensor was changed in place.
    """
    if grad_variables is not None:
        warnings.warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.",
            FutureWarning,
            stacklevel=2,
        )
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                "`backward()`. Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    if create_graph:
        # 3: the usual caller is Tensor.backward, one frame further up
        warnings.warn(_CYCLE_WARNING, UserWarning, stacklevel=3)
    chosen = None
    if inputs is not None:
        chosen = _as_inputs(inputs, "backward")
        for item in chosen:
            if isinstance(item, TensorBase) and not item.is_leaf:
                retain_grad(item)
    roots = _as_tuple(tensors)
    run_backward(
        roots,
        root_gradients(roots, grad_tensors),
        create_graph if retain_graph is None else retain_graph,
        create_graph,
        chosen,
        True,
        True,
    )


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    only_inputs=True,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
):
    """Return the gradients of `outputs` with respect to `inputs`; no ``.grad`` is touched.

    Parameters
    ----------
    outputs : Tensor, GradientEdge or sequence of them
        The roots to differentiate.
    inputs : Tensor, GradientEdge, sequence or dict of them
        What to differentiate by; leaves or intermediate results.
    grad_outputs : Tensor or sequence of (Tensor or None), optional
        The vector of the vector-Jacobian product, one per output.
    retain_graph : bool, optional
        Keep the graph for another walk. Default: `create_graph`.
    create_graph : bool, default False
        Record the backward pass, so that the results can be differentiated again.
    only_inputs : bool, default True
        Deprecated; anything else warns and changes nothing, as in PyTorch.
    allow_unused : bool, optional
        Give None for an input that the outputs do not depend on, instead of an error.
        Default: `materialize_grads`.
    is_grads_batched : bool, default False
        Whether each of `grad_outputs` has a first axis more, along which the vectors of several
        products lie; so have the results. They are computed one after the other.
    materialize_grads : bool, default False
        Give zeros instead of None for unused inputs.

    Returns
    -------
    tuple of (Tensor or None), or dict
        One gradient per input, of its shape; a dict with the same keys where `inputs` is a dict.

    Raises
    ------
    RuntimeError
        As :func:`backward`, and if an input was not used and `allow_unused` is False.
    ValueError
        If `materialize_grads` is True and `allow_unused` is False.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, "
            "but got: allow_unused=False."
        )
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To "
            "accumulate gradient for other parts of the graph, please use "
            "minitorch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    chosen = _as_inputs(inputs, "grad")
    roots = _as_tuple(outputs)
    keep = create_graph if retain_graph is None else retain_graph
    unused = materialize_grads if allow_unused is None else allow_unused

    def product(vectors, keep):
        vectors = root_gradients(roots, vectors)
        return run_backward(roots, vectors, keep, create_graph, chosen, unused, False)

    if is_grads_batched:
        result = _batched(product, roots, grad_outputs, keep)
    else:
        result = product(grad_outputs, keep)
    if materialize_grads:
        result = _zeros_for_unused(result, chosen)
    return dict(zip(inputs, result, strict=True)) if type(inputs) is dict else result


def _as_tuple(value):
    return (value,) if isinstance(value, _ROOT_TYPES) else tuple(value)


def _as_inputs(inputs, caller):
    """The `inputs` argument as a non-empty tuple."""
    if type(inputs) is dict:
        inputs = inputs.values()
    elif hasattr(inputs, "items") and not isinstance(inputs, TensorBase):
        raise TypeError(
            f"`inputs` argument to `{caller}()` must be a dict, not {type(inputs).__name__}. "
            "Other Mapping types are not supported."
        )
    chosen = _as_tuple(inputs)
    if not chosen:
        raise RuntimeError(f"`inputs` argument to `{caller}()` cannot be empty.")
    for item in chosen:
        if not isinstance(item, _ROOT_TYPES):
            raise RuntimeError(
                f"all inputs have to be Tensors or GradientEdges, but got {type(item).__name__}"
            )
        if isinstance(item, TensorBase) and not item.requires_grad:
            if caller == "backward":
                raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    return chosen


def _batched(product, roots, grad_outputs, keep):
    """``product`` for each row of the gradients, the results stacked."""
    from minitorch import stack

    vectors = (None,) * len(roots) if grad_outputs is None else _as_tuple(grad_outputs)
    for i, (root, vector) in enumerate(zip(roots, vectors, strict=True)):
        if vector is not None and (vector.dim() == 0 or vector.shape[1:] != root.shape):
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output "
                "as the batch dimension. The sizes of the remaining dimensions are expected to "
                "match the shape of corresponding output, but a mismatch was detected: "
                f"grad_output[{i}] has a shape of {vector.shape[1:]} and output[{i}] has a shape "
                f"of {root.shape}."
            )
    sizes = {vector.shape[0] for vector in vectors if vector is not None}
    if len(sizes) != 1:
        raise ValueError(
            "grad(): is_grads_batched=True needs grad_outputs of one batch size, "
            f"got {sorted(sizes)}"
        )
    (count,) = sizes
    if count == 0:
        raise ValueError("grad(): is_grads_batched=True needs at least one row of grad_outputs")
    rows = []
    for row in range(count):
        chosen = tuple(None if vector is None else vector[row] for vector in vectors)
        rows.append(product(chosen, keep or row < count - 1))
    return tuple(None if column[0] is None else stack(column) for column in zip(*rows, strict=True))


def _zeros_for_unused(grads, inputs):
    from minitorch import zeros_like

    pairs = zip(grads, inputs, strict=True)
    if any(grad is None and isinstance(of, GradientEdge) for grad, of in pairs):
        raise RuntimeError(
            "materialize_grads cannot be used when the given input is a GradientEdge"
        )
    return tuple(
        zeros_like(of) if grad is None else grad for grad, of in zip(grads, inputs, strict=True)
    )
