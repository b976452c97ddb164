"""Hooks of tensors and nodes, called while the engine runs."""

from minitorch._core.dtype cimport type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport AccumulateGrad
from minitorch._core.tensor cimport TensorBase, same_shape


cdef tuple run_tensor_hooks(Node node, tuple grads):
    """Hooks of the tensors that `node` made (of the leaf, for AccumulateGrad)."""
    cdef list changed
    cdef TensorBase leaf
    if isinstance(node, AccumulateGrad):
        leaf = (<AccumulateGrad> node).leaf
        hooks = leaf.hooks
        if not hooks:
            return grads
        return (call_hooks(hooks, grads[0]),)
    changed = list(grads)
    for nr, hooks in node.tensor_hooks:
        changed[nr] = call_hooks(hooks, changed[nr])
    return tuple(changed)


cdef object call_hooks(object hooks, object g):
    for hook in list(hooks.values()):
        result = hook(g)
        if result is not None:
            check_hook_result(result, g, hook)
            g = result
    return g


cdef int check_hook_result(object result, object before, object hook) except -1:
    """A hook may put another tensor in the place of one, of the same shape and dtype."""
    cdef TensorBase g, r
    if not isinstance(result, TensorBase):
        raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'")
    if before is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    g, r = before, result
    if r.dtype_ is not g.dtype_:
        raise RuntimeError(f"hook '{name_of(hook)}' has changed the type of value (was "
                           f"torch.{type_name(g.dtype_)}Tensor got "
                           f"torch.{type_name(r.dtype_)}Tensor)")
    if not same_shape(r, g):
        raise RuntimeError(f"hook '{name_of(hook)}' has changed the size of value")
    return 0


cdef str name_of(object hook):
    return getattr(hook, "__name__", None) or repr(hook)


cdef tuple replaced(object result, tuple grads, object hook):
    """What a hook on a node gives in the place of `grads`."""
    cdef Py_ssize_t i
    if result is None:
        return grads
    if not isinstance(result, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(result).__name__}'")
    if len(<tuple> result) != len(grads):
        raise RuntimeError(f"hook '{name_of(hook)}' has returned an incorrect number of values "
                           f"(got {len(<tuple> result)}, but expected {len(grads)})")
    for i in range(len(grads)):
        if (<tuple> result)[i] is not None:
            check_hook_result((<tuple> result)[i], grads[i], hook)
    return result


cdef tuple run_pre_hooks(Node node, tuple grads):
    for hook in list(node.pre_hooks.values()):
        grads = replaced(hook(grads), grads, hook)
    return grads


cdef tuple run_post_hooks(Node node, tuple outs, tuple grads):
    for hook in list(node.post_hooks.values()):
        outs = replaced(hook(outs, grads), outs, hook)
    return outs
