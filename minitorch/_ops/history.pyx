"""The backward graph after a change in place: views, and the nodes that lead through them."""

from minitorch._core.node cimport Node, number as give_number
from minitorch._core.record cimport check_writable, connect1, edge_of, set_function
from minitorch._core.record import refuse_rebase
from minitorch._core.tensor cimport TensorBase, set_view_function_maker


cdef class AsStridedView(Node):
    """Makes the gradient of a view into one of its base; regenerated after in-place changes."""

    # not in a slot: nothing saved, so the node may run again after its graph was freed
    cdef tuple places

    def name(self):
        return "AsStridedBackward0"

    cdef tuple apply(self, tuple grads):
        from minitorch._ops.strided import as_strided_backward
        return (as_strided_backward(grads[0], *self.places),)


cdef tuple geometry(TensorBase t):
    """(shape, strides, offset) as Python tuples."""
    return (tuple([t.shape_[i] for i in range(t.ndim_)]),
            tuple([t.strides_[i] for i in range(t.ndim_)]), t.offset)


cdef Node regenerate_view_function(TensorBase view):
    """A grad_fn that leads from a view to the changed base."""
    cdef AsStridedView node = AsStridedView.__new__(AsStridedView)
    connect1(node, view.base)
    node.places = geometry(view.base) + geometry(view)
    take_retained(view, node)
    set_function(view, node, 0)
    view.view_version = view.storage.version
    return node


cdef int take_retained(TensorBase t, Node node) except -1:
    """Let what fills `.grad` of `t` go with it to its new node."""
    cdef Node before = t.grad_fn_
    if before is not None and before.retained is not None and t.output_nr in before.retained:
        if node.retained is None:
            node.retained = {}
        node.retained[0] = before.retained.pop(t.output_nr)
    return 0


cdef Node checked_view_function(TensorBase view):
    """The same after a change that was not made through `view` itself."""
    if view.creation:
        refuse_rebase(view, True)
    return regenerate_view_function(view)


set_view_function_maker(checked_view_function)


cdef class CopySlices(Node):
    """The backward of an in-place change of a view, as a function of the whole base.

    The gradient of the base passes, except for the elements of the view, whose gradient
    goes through the backward of the operation.
    """

    cdef Node inner

    def name(self):
        return "torch::autograd::CopySlices"

    cdef tuple apply(self, tuple grads):
        from minitorch._ops.strided import copy_slices_backward
        cdef tuple inner_grads
        if grads[0] is None:
            return (None,) * len(self.next_)
        rest, part = copy_slices_backward(grads[0], *self.s3)
        inner_grads = self.inner.apply((part,))
        return (rest(inner_grads[0]),) + inner_grads[1:]

    cdef void release(self) noexcept:
        self.inner.release()


cdef int set_history(TensorBase t, Node node) except -1:
    """Make `node` the function of `t` after an in-place change, through views.

    To be called after the storage's version has been bumped.
    """
    cdef CopySlices whole
    cdef list edges
    cdef TensorBase base = t.base
    if base is None:
        take_retained(t, node)
        set_function(t, node, 0)
        t.leaf_requires_grad = False
        return 0
    whole = CopySlices.__new__(CopySlices)
    whole.inner = node
    whole.s3 = geometry(base) + geometry(t)
    take_retained(base, whole)
    edges = list(node.next_)
    edges[0] = edge_of(base)
    whole.next_ = tuple(edges)
    if node.next_nr is not None or base.output_nr:
        numbers_ = list(node.next_nr or (0,) * len(edges))
        numbers_[0] = base.output_nr
        whole.next_nr = tuple(numbers_)
    give_number(whole)
    set_function(base, whole, 0)
    regenerate_view_function(t)
    return 0


def rebase_history(TensorBase t, Node node):
    """Make `node` the function of `t`, which a user-defined function has changed in place.

    The storage's version has been bumped; `node` has one output.
    """
    check_writable(t, True)
    set_history(t, node)
