"""Hooks of tensors and nodes, called while the engine runs."""

from minitorch._core.node cimport Node

cdef tuple run_tensor_hooks(Node node, tuple grads)
cdef tuple run_pre_hooks(Node node, tuple grads)
cdef tuple run_post_hooks(Node node, tuple outs, tuple grads)
