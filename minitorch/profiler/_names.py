"""What an operation is called in a profile: PyTorch's ``aten::`` name.

Operations that PyTorch does not have, such as fused ones, are called ``minitorch::``.
"""

from minitorch._core.record import AccumulateGrad

__all__ = ["node_name", "operation_name"]

# Functions of minitorch._ops that are no operations.
_HELPERS = set("""
    can_cast result_type parse_to make_caster named_outputs as_strided_backward
    copy_slices_backward manual_seed seed initial_seed get_rng_state set_rng_state""".split())

# PyTorch's name, where it is not the function's own.
_RENAMED = {
    "cross_entropy": "cross_entropy_loss",
    "nll_loss": "nll_loss_nd",
    "logsigmoid": "log_sigmoid",
    "getitem": "__getitem__",
    "setitem": "__setitem__",
    "type_": "to",
    "new_tensor_": "new_tensor",
    "sgd_step_": "_fused_sgd_",
    "tensor_norm": "norm",
    "vector_norm": "linalg_vector_norm",
    "get_T": "numpy_T",
    "get_mT": "mT",
    "get_H": "matrix_H",
    "adaptive_avg_pool": "adaptive_avg_pool2d",
}

# Operations of nn.functional: those of the tensor and of the package are in the tables.
_OF_LAYERS = set("""
    conv2d linear batch_norm max_pool2d avg_pool2d adaptive_avg_pool2d silu gelu mse_loss
    row_stack elu mish glu softplus hardswish hardsigmoid hardtanh hardtanh_ relu6 relu6_
    leaky_relu leaky_relu_ softshrink smooth_l1_loss huber_loss soft_margin_loss
    binary_cross_entropy binary_cross_entropy_with_logits multi_margin_loss
    multilabel_margin_loss""".split())

# Operators: `op_iadd` is `add_`, and so on.
_REFLECTED = set("radd rmul rtruediv rfloordiv rmod rpow".split())
_OPERATORS = {"truediv": "div", "floordiv": "floor_divide", "mod": "remainder"}


def _operator_name(name):
    """``add_`` for ``iadd``, ``add`` for ``add`` and ``radd``, ``rsub`` for ``rsub``."""
    if name in _REFLECTED:
        return _operator_name(name[1:])
    if name.startswith("i"):
        return _operator_name(name[1:]) + "_"
    return _OPERATORS.get(name, name)


def operation_name(name, function, public):
    """The name of a function of ``minitorch._ops`` in a profile; None if it is no operation.

    `public` tells that it is a function of the package or a method of Tensor.
    """
    if (name.startswith("_") or name in _HELPERS or isinstance(function, type)
            or not callable(function)):
        return None
    if name.startswith("op_"):
        return f"aten::{_operator_name(name[3:])}"
    known = public or name in _RENAMED or name in _OF_LAYERS
    return f"{'aten' if known else 'minitorch'}::{_RENAMED.get(name, name)}"


def node_name(node):
    """The name of a node of the backward."""
    if isinstance(node, AccumulateGrad):
        return "torch::autograd::AccumulateGrad"
    return node.name()
