"""What every operation needs to enter the backward graph.

Saving tensors with their version, the edge of a tensor, the connection of a Node to its
inputs, and the checks before an in-place change.
"""

# threading's own source of `local`; to import threading takes a millisecond longer
from _thread import _local as thread_local

cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM

from minitorch._core.dtype cimport type_name
from minitorch._core.grad_mode cimport (
    anomaly_enabled, grad_enabled, grad_mode, inference_mode, set_grad_enabled)
from minitorch._core.node cimport Node, number
from minitorch._core.node import FREED
from minitorch._core.shape cimport size_text
from minitorch._core.storage cimport (
    SUMMED_BYTES, Storage, changes, check_sum, count_change, source_of, unseen)
from minitorch._core.tensor cimport (
    VIEW_CUSTOM, VIEW_DEFAULT, VIEW_INFERENCE, VIEW_MULTI_OUTPUT, VIEW_NO_GRAD, TensorBase, alias,
    shape_of)


# ---------------------------------------------------------------- saved tensors

cdef object local = thread_local()
cdef Py_ssize_t users_of_hooks = 0   # how many contexts are open in all threads


def push_saved_tensors_hooks(pack, unpack):
    """Make `pack` and `unpack` the innermost pair of this thread."""
    global users_of_hooks
    disabled = getattr(local, "disabled", None)
    if disabled is not None:
        raise RuntimeError(disabled)
    if not (callable(pack) and callable(unpack)):
        raise TypeError("saved_tensors_hooks(): pack_hook and unpack_hook must be callable, got "
                        f"{type(pack).__name__} and {type(unpack).__name__}")
    if not hasattr(local, "stack"):
        local.stack = []
    local.stack.append((pack, unpack))
    users_of_hooks += 1


def pop_saved_tensors_hooks():
    """Take the innermost pair of this thread away."""
    global users_of_hooks
    local.stack.pop()
    users_of_hooks -= 1


def disable_saved_tensors_hooks(message):
    """Make `push_saved_tensors_hooks` raise `message` in this thread; None allows it again."""
    previous = getattr(local, "disabled", None)
    if message is not None and getattr(local, "stack", None):
        raise RuntimeError(message)
    local.disabled = message
    return previous


@cython.freelist(128)
cdef class SavedTensor:
    """A tensor kept for backward, with the version at which its values hold.

    Changes that the version does not count, made through `.data` or through memory that was
    lent (numpy, the buffer protocol), make the gradient silently that of other values in PyTorch.
    Here they are told: see `look_closer`.
    """

    def unpack_for(self, Node node):
        return unpack(self, node)

    @property
    def data(self):
        return self.tensor

    def register_hooks(self, pack, unpack_hook):
        """Keep ``pack(tensor)`` in place of the tensor; give back ``unpack_hook`` of it."""
        if self.unpack_hook is not None:
            raise RuntimeError("Calling register_hooks on a saved tensor whose hooks have already "
                               "been set. Hint: only one pair of hooks is allowed at a time.")
        pack_tensor(self, pack, unpack_hook)


cdef int pack_tensor(SavedTensor saved, object pack, object unpack_hook) except -1:
    cdef unsigned long before = saved.tensor.storage.version
    cdef object packed
    # Its place in the graph is kept beside it, for a backward that is recorded itself.
    cdef Node edge = None if saved.is_output else edge_of(saved.tensor)
    cdef bint with_grad = grad_mode()
    set_grad_enabled(False)
    try:
        packed = pack(alias(saved.tensor) if saved.is_output else saved.tensor)
    finally:
        set_grad_enabled(with_grad)
    if saved.tensor.storage.version != before:
        raise RuntimeError("A saved tensor pack hook is modifying its input in place. Tensors "
                           "provided as input to pack hook cannot be modified by in-place "
                           "operations as this can lead to unexpected side-effects. Please open "
                           "an issue if you need to perform in-place operations on the input to "
                           "a pack hook.")
    saved.packed = (packed, edge)
    if edge is not None:
        saved.output_nr = saved.tensor.output_nr
    saved.unpack_hook = unpack_hook
    saved.tensor = None
    return 0


cdef inline void note_state(SavedTensor saved, Storage s) noexcept:
    """Remember by what a later change of the bytes can be known."""
    saved.version, saved.unseen, saved.bytes_ = s.version, unseen(s), s.data
    s = source_of(s)
    s.kept = True
    if (s.lent and s.nbytes_ <= SUMMED_BYTES) or anomaly_enabled():
        saved.check_sum, saved.summed = check_sum(s), True


cdef SavedTensor save(TensorBase t):
    """Keep an input (None stays None)."""
    cdef SavedTensor saved
    if t is None:
        return None
    if t.inference and not inference_mode():
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
            "inference mode in computation tracked by autograd. To work around this, you can make "
            "a clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` "
            "instead of `torch.inference_mode()`.")
    saved = SavedTensor.__new__(SavedTensor)
    saved.tensor = t
    note_state(saved, t.storage)
    if users_of_hooks and not t.is_number:
        apply_default_hooks(saved)
    return saved


cdef SavedTensor save_output(TensorBase t):
    """Keep an output without a cycle: its own node holds only an alias of it."""
    cdef SavedTensor saved = SavedTensor.__new__(SavedTensor)
    saved.tensor = alias(t)
    note_state(saved, t.storage)
    saved.is_output = True
    saved.output_nr = t.output_nr
    if users_of_hooks:
        apply_default_hooks(saved)
    return saved


cdef int apply_default_hooks(SavedTensor saved) except -1:
    stack = getattr(local, "stack", None)
    if stack:
        pack, unpack_hook = stack[-1]
        pack_tensor(saved, pack, unpack_hook)
    return 0


cdef TensorBase unpack(object kept, Node node):
    """The tensor as it was saved, or the error that PyTorch raises."""
    cdef SavedTensor saved
    cdef TensorBase t
    cdef Node edge
    cdef Storage s
    if kept is None:
        if node.freed:
            raise RuntimeError(FREED)
        return None
    saved = <SavedTensor> kept
    if saved.unpack_hook is not None:
        packed, edge = saved.packed
        given = saved.unpack_hook(packed)
        if not isinstance(given, TensorBase):
            raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor but got "
                            f"result of type {type(given).__name__}")
        t = <TensorBase> given
        if edge is not None and edge_of(t) is not edge:
            t = alias(t)
            t.grad_fn_, t.output_nr = edge, saved.output_nr
    else:
        t = saved.tensor
        if t.base is not None:
            t.function()  # a view that lost its history says so first, as in PyTorch
        if t.storage.version != saved.version:
            raise_modified(saved, t, node)
        s = source_of(t.storage)
        if (saved.summed or s.lent or unseen(t.storage) != saved.unseen
                or s.data != saved.bytes_):
            look_closer(saved, t, node)
    if saved.is_output:
        t = alias(t)
        t.grad_fn_ = node
        t.output_nr = saved.output_nr
    return t


cdef object raise_modified(SavedTensor saved, TensorBase t, Node node):
    cdef Node maker = node if saved.is_output else t.function()
    text = ("one of the variables needed for gradient computation has been modified by an inplace "
            f"operation: [torch.{type_name(t.dtype_)}Tensor {size_text(t.ndim_, t.shape_)}]")
    if maker is not None:
        number_of_output = saved.output_nr if saved.is_output else t.output_nr
        text += f", which is output {number_of_output} of {short_name(maker)},"
    text += f" is at version {t.storage.version}; expected version {saved.version} instead."
    if anomaly_enabled():
        text += (" Hint: the backtrace further above shows the operation that failed to compute "
                 "its gradient. The variable in question was changed in there or anywhere later. "
                 "Good luck!")
    else:
        text += (" Hint: enable anomaly detection to find the operation that failed to compute "
                 "its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).")
    raise RuntimeError(text)


cdef int look_closer(SavedTensor saved, TensorBase t, Node node) except -1:
    """Warn, or raise in anomaly mode, if the bytes were changed where no counter sees it."""
    cdef Storage s = source_of(t.storage)
    if unseen(t.storage) != saved.unseen or s.data != saved.bytes_:
        way = "through .data"
    elif saved.summed:
        if check_sum(s) == saved.check_sum:
            return 0
        way = "through memory that it shares with numpy or another library"
    else:
        # lent after it was saved: the sum is from then
        if s.loan_changes != changes(s) + 1 or check_sum(s) == s.sum_at_loan:
            return 0
        way = "through memory that was lent to numpy or another library"
    text = (f"{node.name()}: a saved tensor [torch.{type_name(t.dtype_)}Tensor "
            f"{size_text(t.ndim_, t.shape_)}] was changed after the forward {way}, which autograd "
            "does not follow. The gradient is computed from the changed values, as PyTorch does "
            "without a word, and is wrong unless that is what you want.")
    if anomaly_enabled():
        raise RuntimeError(text)
    import warnings
    warnings.warn(text, UserWarning, stacklevel=2)
    return 0


# ---------------------------------------------------------------- edges

@cython.no_gc_clear
cdef class AccumulateGrad(Node):
    """Adds gradients into `.grad` of a leaf.

    The node holds the leaf; the leaf knows its node only as a borrowed pointer, which the
    node clears when it goes: so the two are no reference cycle.
    """

    @property
    def variable(self):
        return self.leaf

    def name(self):
        return "torch::autograd::AccumulateGrad"

    def __dealloc__(self):
        if self.leaf is not None and self.leaf.accumulator == <PyObject*> self:
            self.leaf.accumulator = NULL

    cdef void release(self) noexcept:
        pass


cdef Node accumulator_of(TensorBase leaf):
    cdef AccumulateGrad node
    if leaf.accumulator != NULL:
        return <Node> <object> leaf.accumulator
    node = AccumulateGrad.__new__(AccumulateGrad)
    node.leaf = leaf
    note_output(node, leaf, 0)
    if leaf.grad_dtype_ is not None:
        node.out_dtype = leaf.grad_dtype_ or None
    node.next_ = ()
    node.n_outputs = 1
    node.sequence_nr = <unsigned long long> -1
    leaf.accumulator = <PyObject*> node
    return node


cdef Node edge_of(TensorBase t):
    """Where the gradient of `t` goes, or None if it needs none."""
    cdef Node node
    if t is None:
        return None
    node = t.grad_fn_
    if t.base is not None:
        node = t.function()
    if node is not None:
        return node
    return accumulator_of(t) if t.leaf_requires_grad else None


def gradient_edge(TensorBase t):
    """The Node that receives the gradient of `t`, or None."""
    return edge_of(t)


cdef inline void put(tuple items, int i, object item):
    Py_INCREF(item)
    PyTuple_SET_ITEM(items, i, item)


cdef void connect1(Node node, TensorBase a):
    cdef tuple edges = PyTuple_New(1)
    put(edges, 0, edge_of(a))
    node.next_ = edges
    if a.output_nr:
        node.next_nr = (a.output_nr,)
    number(node)


cdef void connect2(Node node, TensorBase a, TensorBase b):
    cdef tuple edges = PyTuple_New(2)
    put(edges, 0, edge_of(a))
    put(edges, 1, edge_of(b))
    node.next_ = edges
    if (a is not None and a.output_nr) or (b is not None and b.output_nr):
        node.next_nr = (0 if a is None else a.output_nr, 0 if b is None else b.output_nr)
    number(node)


cdef void connect3(Node node, TensorBase a, TensorBase b, TensorBase c):
    connect_all(node, [a, b, c])


cdef void connect_all(Node node, list inputs):
    """Connect to any number of inputs, None among them."""
    cdef list edges = []
    cdef list numbers = []
    cdef TensorBase t
    for item in inputs:
        t = item
        edges.append(edge_of(t))
        numbers.append(0 if t is None else t.output_nr)
    node.next_ = tuple(edges)
    node.next_nr = tuple(numbers) if any(numbers) else None
    number(node)


cdef void set_function(TensorBase out, Node node, int nr) noexcept:
    """Make `out` the output number `nr` of `node`."""
    out.grad_fn_ = node
    out.output_nr = nr
    note_output(node, out, nr)
    if nr >= node.n_outputs:
        node.n_outputs = nr + 1


cdef void note_output(Node node, TensorBase out, int nr) noexcept:
    """Remember dtype and shape of output `nr`: what its gradient is to have."""
    cdef int i
    if nr == 0:
        node.out_dtype = out.dtype_
        node.out_ndim = out.ndim_ if out.ndim_ <= 4 else -1
        for i in range(node.out_ndim):
            node.out_shape[i] = out.shape_[i]
        if node.out_ndim >= 0:
            return
    if node.more_outputs is None:
        node.more_outputs = {}
    node.more_outputs[nr] = (shape_of(out), out.dtype_)


cdef class PythonNode(Node):
    """Base of the nodes of user-defined functions.

    A subclass overrides `_backward(grads)`, which gets one gradient or None for each output
    and returns one gradient or None for each input.
    """

    def _connect(self, list inputs):
        """Set the inputs: tensors, and None for arguments that are none."""
        connect_all(self, inputs)

    def _set_output(self, TensorBase out, int nr):
        """Make `out` the output number `nr` of this node."""
        set_function(out, self, nr)

    def _set_n_outputs(self, int n):
        self.n_outputs = n

    def _needs(self, int i):
        return self.needs(i)

    def _backward(self, tuple grads):
        raise NotImplementedError

    def _release(self):
        """Called when the engine is done with the node and the graph is not retained."""

    cdef tuple apply(self, tuple grads):
        return tuple(self._backward(grads))

    cdef void release(self) noexcept:
        self._release()


def mark_custom_view(TensorBase t, bint one_of_several):
    """Let autograd refuse to change `t`, a view that a user-defined function made, in place."""
    t.creation = VIEW_MULTI_OUTPUT if one_of_several else VIEW_CUSTOM


def save_tensor(TensorBase t, bint is_output=False):
    """Keep a tensor for a PythonNode; ``saved.unpack_for(node)`` gives it back."""
    return save_output(t) if is_output else save(t)


# ---------------------------------------------------------------- hooks on tensors

def register_tensor_hook(TensorBase t, hook):
    """Call ``hook(grad)`` with the gradient of `t`; a Tensor it returns takes its place.

    Raises
    ------
    RuntimeError
        If `t` does not require a gradient.
    """
    from minitorch._hooks import HookTable, RemovableHandle
    cdef Node node
    if not t.requires():
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    node = t.function()
    if node is None:
        if t.hooks is None:
            t.hooks = HookTable()
        hooks = t.hooks
    else:
        hooks = HookTable()
        if node.tensor_hooks is None:
            node.tensor_hooks = []
        node.tensor_hooks.append((t.output_nr, hooks))
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


class Retained:
    """Fills `.grad` of a non-leaf with the gradient that arrives at its node.

    Where an in-place change gives the tensor another node, this goes with it.
    """

    __slots__ = ("reference",)

    def __init__(self, t):
        import weakref
        self.reference = weakref.ref(t)

    def __call__(self, g):
        from minitorch._core.leaves import fill_grad
        tensor = self.reference()
        if tensor is not None:
            fill_grad(tensor, g)


def retain_grad(TensorBase t):
    """Fill `.grad` of a non-leaf during backward."""
    cdef Node node
    if not t.requires():
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    node = t.function()
    if node is None or retains_grad(t):
        return
    if node.retained is None:
        node.retained = {}
    node.retained[t.output_nr] = Retained(t)


def retains_grad(TensorBase t):
    """Whether `.grad` of the non-leaf `t` is filled during backward."""
    cdef Node node = t.function()
    return node is not None and node.retained is not None and t.output_nr in node.retained


# ---------------------------------------------------------------- in-place changes

cdef void bump(TensorBase t) noexcept:
    """Count a change of the values."""
    count_change(t.storage)


# For `allow_mutation_on_saved_tensors`: called with each tensor that is about to be changed.
cdef object before_change_ = None


def set_before_change(callback):
    """Let ``callback(tensor)`` see each tensor before it is changed in place; None ends it."""
    global before_change_
    before_change_ = callback


cdef int check_writable(TensorBase t, bint records) except -1:
    """Raise unless `t` may be changed in place; `records` is whether autograd follows."""
    cdef int i
    if before_change_ is not None:
        before_change_(t)
    if t.inference and not inference_mode():
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make "
            "a clone to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details.")
    if t.storage.readonly:
        raise RuntimeError("the memory of this tensor is read-only; clone() it before an in-place "
                           "operation")
    if grad_enabled() and (records or t.requires()):
        if t.base is not None:
            refuse_rebase(t, False)
            if ((t.base.leaf_requires_grad and t.base.grad_fn_ is None)
                    or (t.leaf_requires_grad and t.grad_fn_ is None)):
                raise RuntimeError("a view of a leaf Variable that requires grad is being used in "
                                   "an in-place operation.")
        elif t.leaf_requires_grad and t.grad_fn_ is None:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place "
                               "operation.")
    for i in range(t.ndim_):
        if t.strides_[i] == 0 and t.shape_[i] > 1:
            raise RuntimeError("unsupported operation: more than one element of the written-to "
                               "tensor refers to a single memory location. Please clone() the "
                               "tensor before performing the operation.")
    return 0


def refuse_rebase(TensorBase t, bint indirect):
    """Raise if autograd cannot follow a change of the view `t`.

    `indirect` is whether its base, or another view of it, was changed instead of `t` itself.
    """
    if t.creation == VIEW_DEFAULT:
        return
    changed = "its base or another view of its base has been" if indirect else "is being"
    maker = t.grad_fn_
    mode, block, end = "no_grad mode", "no_grad", " with grad mode enabled"
    if t.creation == VIEW_INFERENCE:
        mode, block, end = "inference mode", "inference_mode", " in normal mode"
    if maker is not None:
        start = f"Output {t.output_nr} of {short_name(maker)} is a view"
        if t.creation in (VIEW_NO_GRAD, VIEW_INFERENCE):
            start = (f"{start} of a view which was created in {mode} and {changed} modified "
                     f"inplace{end}")
        else:
            start = f"{start} and {changed} modified inplace"
    else:
        start = f"A view was created in {mode} and {changed} modified inplace{end}"
    if t.creation == VIEW_MULTI_OUTPUT:
        raise RuntimeError(
            f"{start}. This view is the output of a function that returns multiple views. Such "
            "functions do not allow the output views to be modified inplace. You should replace "
            "the inplace operation by an out-of-place one.")
    if t.creation == VIEW_CUSTOM:
        raise RuntimeError(
            f"{start}. This view was created inside a custom Function (or because an input was "
            "returned as-is) and the autograd logic to handle view+inplace would override the "
            "custom backward associated with the custom Function, leading to incorrect gradients. "
            "This behavior is forbidden. You can fix this by cloning the output of the custom "
            "Function.")
    raise RuntimeError(
        f"{start}. Given that this use case is ambiguous and error-prone, it is forbidden. You can "
        "clarify your code by moving both the view and the inplace either both inside the "
        f"{block} block (if you don't want the inplace to be tracked) or both outside (if you "
        "want the inplace to be tracked).")


cdef str short_name(Node node):
    """Its name without the ending, as PyTorch's errors have it."""
    return node.name().rstrip("0123456789").removesuffix("Backward")
