"""Node: a step of the backward graph.  It knows no tensor.

A subclass for each operation keeps what its backward needs in the slots `s0` to `s4` and
overrides `apply`: gradients of the outputs in (None where there is none), gradients of the
inputs out, in the order of the operation's arguments.
"""

cimport cython
from cpython.object cimport PyObject

from minitorch._core.grad_mode cimport anomaly_enabled
from minitorch._hooks import HookTable, RemovableHandle

cdef unsigned long long next_sequence_nr = 0


cdef void number(Node node) noexcept:
    """Give a new node its place in the order of creation."""
    global next_sequence_nr
    node.sequence_nr = next_sequence_nr
    next_sequence_nr += 1
    if anomaly_enabled():
        keep_traceback(node)


def upcoming_sequence_nr():
    """The number that the next node will get."""
    return next_sequence_nr


cdef extern from *:
    """
    static __thread PyObject *mt_evaluated = NULL;
    """
    PyObject* mt_evaluated      # in anomaly mode: the node whose backward runs, borrowed


cdef PyObject* set_evaluated(PyObject* node) noexcept:
    """Name the node whose backward makes new nodes in this thread; returns the one before."""
    global mt_evaluated
    cdef PyObject* before = mt_evaluated
    mt_evaluated = node
    return before


cdef void keep_traceback(Node node) noexcept:
    import traceback
    node.metadata_ = {"traceback_": traceback.format_stack()}
    if mt_evaluated != NULL:
        node.metadata_["parent_"] = <object> mt_evaluated


class InputMetadata:
    """What the gradient of one output of a Node is to be."""

    __slots__ = ("dtype", "shape")
    is_nested_tensor = False
    is_cpp_nested_tensor = False

    def __init__(self, shape, dtype):
        self.shape, self.dtype = list(shape), dtype

    @property
    def device(self):
        from minitorch._core.device import CPU
        return CPU


# A long chain of nodes must not recurse when it is destroyed: the trashcan unrolls it.
@cython.trashcan(True)
cdef class Node:
    """One function of the backward graph (`tensor.grad_fn`)."""

    # Names of the slots s0, s1, ...: `saved_names = ("self",)` makes `_saved_self`.
    saved_names = ()

    cdef tuple apply(self, tuple grads):
        raise NotImplementedError(f"the derivative for '{self.name()}' is not implemented")

    # Where nothing looks at the gradient between a node and its `absorber`, the engine hands it
    # on as it came and the absorber does the work of both in its own passes over memory.

    cdef object leave(self):
        """What `absorber` has to know to do the work of this node; raises as `apply` would."""
        raise NotImplementedError

    cdef tuple apply_after(self, tuple grads, object left):
        """`apply`, on gradients that still await the work which the node before has left."""
        raise NotImplementedError

    cdef void release(self) noexcept:
        """Drop what the forward kept."""
        if self.s0 is not None or self.s1 is not None or self.s2 is not None:
            self.freed = True
        self.s0 = self.s1 = self.s2 = self.s3 = self.s4 = None

    cdef bint needs(self, int i) noexcept:
        """True when the gradient of input `i` is asked for."""
        return self.next_[i] is not None

    def name(self):
        """PyTorch's name of the function, such as ``MulBackward0``."""
        return type(self).__name__

    @property
    def next_functions(self):
        """For each input a pair (Node or None, number of that Node's output)."""
        if self.next_ is None:
            return ()
        numbers = self.next_nr or (0,) * len(self.next_)
        return tuple(zip(self.next_, numbers))

    @property
    def metadata(self):
        """A dictionary for the user's own notes on this node."""
        if self.metadata_ is None:
            self.metadata_ = {}
        return self.metadata_

    def _sequence_nr(self):
        return self.sequence_nr

    @property
    def _input_metadata(self):
        """Dtype and shape of the gradients that arrive here, one for each output."""
        cdef list found = []
        for nr in range(self.n_outputs):
            if nr == 0 and self.out_ndim >= 0:
                shape = tuple([self.out_shape[i] for i in range(self.out_ndim)])
                found.append(InputMetadata(shape, self.out_dtype))
            else:
                found.append(InputMetadata(*(self.more_outputs or {}).get(nr, ((), None))))
        return found

    def register_hook(self, fn):
        """Call ``fn(grad_inputs, grad_outputs)`` after this node has run."""
        if self.post_hooks is None:
            self.post_hooks = HookTable()
        handle = RemovableHandle(self.post_hooks)
        self.post_hooks[handle.id] = fn
        return handle

    def register_prehook(self, fn):
        """Call ``fn(grad_outputs)`` before this node runs."""
        if self.pre_hooks is None:
            self.pre_hooks = HookTable()
        handle = RemovableHandle(self.pre_hooks)
        self.pre_hooks[handle.id] = fn
        return handle

    def __getattr__(self, name):
        if name.startswith("_saved_") and name[7:] in self.saved_names:
            return self._saved(self.saved_names.index(name[7:]))
        if name.startswith("_raw_saved_") and name[11:] in self.saved_names:
            value = self._kept(self.saved_names.index(name[11:]))
            if hasattr(value, "register_hooks"):
                return value
        raise AttributeError(f"'{self.name()}' object has no attribute '{name}'")

    def __dir__(self):
        return object.__dir__(self) + ["_saved_" + name for name in self.saved_names]

    def _kept(self, int slot):
        value = (self.s0, self.s1, self.s2, self.s3, self.s4)[slot]
        if value is None and self.freed:
            raise RuntimeError(FREED)
        return value

    def _saved(self, int slot):
        value = self._kept(slot)
        return value.unpack_for(self) if hasattr(value, "unpack_for") else value

    def __repr__(self):
        shown = self.name().rpartition("::")[2]
        return f"<{shown} object at {<size_t> <void*> self:#x}>"

    # a node called as a function runs its backward once (used by PyTorch's own tests)
    def __call__(self, *grads):
        cdef tuple out = self.apply(grads)
        return out[0] if len(out) == 1 else out


FREED = ("Trying to backward through the graph a second time (or directly access saved tensors "
         "after they have already been freed). Saved intermediate values of the graph are freed "
         "when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to "
         "backward through the graph a second time or if you need to access saved tensors after "
         "calling backward.")
