"""The backward engine.

Counts how many gradients each node awaits, then runs the nodes in the reverse order of
their creation as they become ready.  Nothing recurses, whatever the depth of the graph.
A node's saved tensors are dropped as soon as it has run, unless the graph is retained.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject

from minitorch._core.grad_mode cimport (
    anomaly_check_nan, anomaly_enabled, grad_mode, set_grad_enabled)
from minitorch._core.dtype cimport dtype
from minitorch._core.hooks cimport run_post_hooks, run_pre_hooks, run_tensor_hooks
from minitorch._core.leaves cimport accumulate
from minitorch._core.node cimport Node, set_evaluated
from minitorch._core.ready_queue cimport ReadyQueue
from minitorch._core.record cimport AccumulateGrad, PythonNode, edge_of
from minitorch._core.tensor cimport TensorBase

cdef add_gradients add_ = NULL
cdef find_nan has_nan_ = NULL
cdef cast_gradient cast_ = NULL


cdef void set_gradient_ops(add_gradients add, find_nan has_nan, cast_gradient cast) noexcept:
    global add_, has_nan_, cast_
    add_, has_nan_, cast_ = add, has_nan, cast


# ---------------------------------------------------------------- the profiler's view

cdef object observer_ = None


def set_observer(observer):
    """Let the profiler see each node that runs, in all threads; None ends it.

    Parameters
    ----------
    observer : object or None
        ``observer.evaluating(node)`` gives the context in which a node is taken from the queue,
        run and its results are sent on, hooks included; ``observer.applying(node)`` the one,
        within it, of its own computation (and of hooks on its results).
    """
    global observer_
    observer_ = observer


# ---------------------------------------------------------------- one run

@cython.freelist(8)
cdef class Run:
    """The state of one call of `backward` or `grad`."""

    cdef dict awaited        # Node -> how many gradients are still to come
    cdef dict arrived        # Node -> its gradient, or a list of them for several outputs
    cdef set wanted          # with `inputs`: the nodes on a path to them; else None
    cdef dict captures       # with `inputs`: Node -> list of (output number, place in results)
    cdef dict left           # Node -> the work that the node before has left to it
    cdef list results
    cdef ReadyQueue ready
    cdef bint keep_graph, create_graph, accumulate
    cdef Py_ssize_t task_id

    cdef int count(self, list roots) except -1:
        """Fill `awaited` for all nodes that can be reached."""
        cdef list pending = []
        cdef Node node, after
        for node in roots:
            if node not in self.awaited:
                self.awaited[node] = 0
                pending.append(node)
        while pending:
            node = <Node> pending.pop()
            for after_ in node.next_:
                if after_ is None:
                    continue
                after = <Node> after_
                seen = self.awaited.get(after)
                if seen is None:
                    self.awaited[after] = 1
                    pending.append(after)
                else:
                    self.awaited[after] = seen + 1
        return 0

    cdef int mark_wanted(self, list roots) except -1:
        """Find the nodes from which a captured node can be reached."""
        cdef list path = []          # (node, place of the next edge to follow)
        cdef set visited = set()
        cdef Node node
        cdef Py_ssize_t place
        self.wanted = set(self.captures)
        for root in roots:
            if root in visited:
                continue
            visited.add(root)
            path.append((root, 0))
            while path:
                node, place = path.pop()
                if place < len(node.next_):
                    path.append((node, place + 1))
                    after_ = node.next_[place]
                    if after_ is not None and after_ not in visited:
                        visited.add(after_)
                        path.append((after_, 0))
                    continue
                for after_ in node.next_:
                    if after_ is not None and after_ in self.wanted:
                        self.wanted.add(node)
                        break
        return 0

    cdef int deliver(self, Node node, int nr, TensorBase g) except -1:
        """Add a gradient of output `nr` of `node` to what has arrived there."""
        cdef list slots
        if node.n_outputs > 1:
            slots = <list> self.arrived.get(node)
            if slots is None:
                slots = [None] * node.n_outputs
                self.arrived[node] = slots
            if g is not None:
                slots[nr] = g if slots[nr] is None else add_(slots[nr], g)
        elif g is not None:
            before = self.arrived.get(node)
            self.arrived[node] = g if before is None else add_(<TensorBase> before, g)
        return 0

    cdef tuple collect(self, Node node):
        """Take the gradients that have arrived at `node`."""
        found = self.arrived.pop(node, None)
        if node.n_outputs > 1:
            return (None,) * node.n_outputs if found is None else tuple(<list> found)
        if (found is not None and node.out_dtype is not None
                and (<TensorBase> found).dtype_ is not node.out_dtype):
            found = cast_(<TensorBase> found, <dtype> node.out_dtype)
        return (found,)

    cdef int run(self) except -1:
        cdef Node node
        while self.ready.n:
            PyErr_CheckSignals()
            node = self.ready.pop()
            if observer_ is None:
                self.process(node)
            else:
                with observer_.evaluating(node):
                    self.process(node)
        return 0

    cdef int process(self, Node node) except -1:
        """Run one node, with its hooks, and send on what comes out."""
        cdef tuple grads = self.collect(node)
        cdef tuple outs
        if node.tensor_hooks is not None or isinstance(node, AccumulateGrad):
            grads = run_tensor_hooks(node, grads)
        if node.retained is not None:
            for nr, hook in node.retained.items():
                if grads[nr] is not None:
                    hook(grads[nr])
        if self.captures is not None and node in self.captures:
            for nr, place in self.captures[node]:
                self.results[place] = grads[nr]
        if self.wanted is not None and not self.leads_on(node):
            return 0
        if node.pre_hooks is not None:
            grads = run_pre_hooks(node, grads)
        if isinstance(node, AccumulateGrad):
            if self.accumulate:
                if observer_ is None:
                    accumulate(<AccumulateGrad> node, grads, self.create_graph)
                else:
                    with observer_.applying(node):
                        accumulate(<AccumulateGrad> node, grads, self.create_graph)
            return 0
        if observer_ is None:
            outs = self.evaluate(node, grads)
        else:
            with observer_.applying(node):
                outs = self.evaluate(node, grads)
        if not self.keep_graph:
            node.release()
        grads = None
        return self.send(node, outs)

    cdef bint leads_on(self, Node node) except -1:
        """Whether a node is to run when only the gradients of `inputs` are asked for."""
        if isinstance(node, AccumulateGrad):
            return self.accumulate and node in self.captures
        for after in node.next_:
            if after is not None and after in self.wanted:
                return True
        return False

    cdef tuple evaluate(self, Node node, tuple grads):
        cdef tuple outs
        if not isinstance(node, PythonNode) and all_none(grads):
            outs = (None,) * len(node.next_)
        elif self.left and node in self.left:
            outs = node.apply_after(grads, self.left.pop(node))
        elif node.absorber is not None and self.goes_unseen(node, node.absorber):
            self.left[node.absorber] = node.leave()
            outs = grads
        elif anomaly_enabled():
            outs = evaluate_watched(node, grads)
        else:
            outs = node.apply(grads)
        if len(outs) != len(node.next_):
            raise RuntimeError(f"Function {node.name()} returned an incorrect number of gradients "
                               f"(expected {len(node.next_)}, got {len(outs)})")
        if node.post_hooks is not None:
            outs = run_post_hooks(node, outs, grads)
        return outs

    cdef bint goes_unseen(self, Node node, Node after) except -1:
        """Whether nothing can see the gradient on its way from `node` to `after`."""
        return not (self.create_graph or anomaly_enabled() or node.post_hooks
                    or after.tensor_hooks or after.retained or after.pre_hooks
                    or after.post_hooks or after in self.arrived or self.awaited[after] != 1
                    or (self.captures is not None and after in self.captures)
                    or (self.wanted is not None and not self.leads_on(after)))

    cdef int send(self, Node node, tuple outs) except -1:
        """Hand gradients on; nodes that await no more become ready."""
        cdef Py_ssize_t i, left
        cdef Node after
        cdef int nr
        for i in range(len(node.next_)):
            if node.next_[i] is None:
                continue
            after = <Node> node.next_[i]
            if self.wanted is None or after in self.wanted:
                nr = 0 if node.next_nr is None else node.next_nr[i]
                self.deliver(after, nr, <TensorBase> outs[i])
            left = <Py_ssize_t> self.awaited[after] - 1
            if left == 0:
                self.ready.push(after)
            else:
                self.awaited[after] = left
        return 0


cdef bint all_none(tuple grads) noexcept:
    for g in grads:
        if g is not None:
            return False
    return True


# ---------------------------------------------------------------- anomaly mode

cdef tuple evaluate_watched(Node node, tuple grads):
    """Run a node; on failure or NaN tell where its forward was called."""
    cdef tuple outs
    cdef PyObject* outer = set_evaluated(<PyObject*> node)
    try:
        outs = node.apply(grads)
        if anomaly_check_nan():
            for i, g in enumerate(outs):
                if g is not None and has_nan_(<TensorBase> g):
                    raise RuntimeError(f"Function '{node.name()}' returned nan values in its "
                                       f"{i}th output.")
    except Exception:
        warn_of_forward(node)
        raise
    finally:
        set_evaluated(outer)
    return outs


cdef int warn_of_forward(Node node) except -1:
    import warnings
    cdef Node parent = node
    stack = (node.metadata_ or {}).get("traceback_")
    if stack is None:
        warnings.warn(f"Error detected in {node.name()}. No forward pass information available. "
                      "Enable detect anomaly during forward pass for more information.",
                      stacklevel=2)
    else:
        warnings.warn(f"Error detected in {node.name()}. Traceback of forward call that caused "
                      f"the error:\n{''.join(stack)}", stacklevel=2)
    while (parent.metadata_ or {}).get("parent_") is not None:
        parent = parent.metadata_["parent_"]
        stack = (parent.metadata_ or {}).get("traceback_")
        if stack is not None:
            warnings.warn(f"Previous calculation was induced by {parent.name()}. Traceback of "
                          f"forward call that induced the previous calculation:\n"
                          f"{''.join(stack)}", stacklevel=2)
    return 0


# ---------------------------------------------------------------- entry

cdef extern from *:
    """
    static __thread PyObject *mt_current_run = NULL;
    """
    PyObject* mt_current_run    # the Run of this thread's innermost backward, borrowed

cdef Py_ssize_t next_task_id = 0


def current_graph_task_id():
    """Number of the backward that runs in this thread, or -1."""
    return -1 if mt_current_run == NULL else (<Run> <object> mt_current_run).task_id


def is_checkpoint_valid():
    """Whether the backward that runs in this thread is for all leaves, not for some inputs.

    Only then may a node of it run a backward of its own that adds into the leaves.
    """
    return mt_current_run == NULL or (<Run> <object> mt_current_run).captures is None


def will_execute_node(Node node):
    """Whether the backward that runs in this thread is going to run `node`."""
    cdef Run run
    if mt_current_run == NULL:
        raise RuntimeError("will_execute_node must be called during a backward pass")
    run = <Run> <object> mt_current_run
    if run.wanted is None:
        return node in run.awaited
    return node in run.wanted and (node in run.captures or run.leads_on(node))


cdef list root_nodes(tuple roots):
    cdef list nodes = []
    cdef Node node
    for i, root in enumerate(roots):
        node = edge_of(<TensorBase> root) if isinstance(root, TensorBase) else root.node
        if node is None:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have "
                               "a grad_fn")
        nodes.append(node)
    return nodes


cdef int root_number(object root) except -1:
    return (<TensorBase> root).output_nr if isinstance(root, TensorBase) else root.output_nr


def run_backward(tuple roots, tuple grads, bint retain_graph, bint create_graph, inputs=None,
                 bint allow_unreachable=True, bint accumulate_grad=True):
    """Run the graph below `roots` backwards.

    Parameters
    ----------
    roots : tuple of Tensor or GradientEdge
    grads : tuple of Tensor or None
        The gradients with respect to the roots, already checked.
    retain_graph, create_graph : bool
        Keep the saved tensors; record the backward itself.
    inputs : tuple of Tensor or GradientEdge, optional
        Only gradients with respect to these are computed.
    allow_unreachable : bool
        Whether an input may be out of reach; else RuntimeError.
    accumulate_grad : bool
        Add into `.grad` of the leaves (`backward`), or return the gradients of `inputs`
        (`grad`).

    Returns
    -------
    tuple or None
        The gradients of `inputs` when `accumulate_grad` is False.
    """
    cdef Run run = Run.__new__(Run)
    cdef list nodes = root_nodes(roots)
    cdef bint outer_mode = grad_mode()
    cdef PyObject* outer_run = mt_current_run
    cdef Py_ssize_t i
    global next_task_id, mt_current_run
    run.awaited, run.arrived, run.left = {}, {}, {}
    run.ready = ReadyQueue.__new__(ReadyQueue)
    run.keep_graph, run.create_graph, run.accumulate = retain_graph, create_graph, accumulate_grad
    run.count(nodes)
    if inputs is not None:
        set_captures(run, inputs, allow_unreachable or accumulate_grad)
        run.mark_wanted(nodes)
    run.task_id = next_task_id
    next_task_id += 1
    mt_current_run = <PyObject*> run
    set_grad_enabled(create_graph)
    try:
        for i in range(len(nodes)):
            run.deliver(<Node> nodes[i], root_number(roots[i]), <TensorBase> grads[i])
        for node in nodes:
            if run.awaited[node] == 0:
                run.awaited[node] = -1      # the next root may be the same
                run.ready.push(<Node> node)
        del grads
        run.run()
    finally:
        set_grad_enabled(outer_mode)
        mt_current_run = outer_run
    if accumulate_grad:
        return None
    if not allow_unreachable:
        for i in range(len(inputs)):
            if run.results[i] is None:
                raise RuntimeError(unused_text(i))
    return tuple(run.results)


cdef int set_captures(Run run, tuple inputs, bint allow_unreachable) except -1:
    cdef Node node
    run.captures = {}
    run.results = [None] * len(inputs)
    for i, wanted in enumerate(inputs):
        if isinstance(wanted, TensorBase):
            if not (<TensorBase> wanted).requires():
                raise RuntimeError("One of the differentiated Tensors does not require grad")
            node = edge_of(<TensorBase> wanted)
        else:
            node = wanted.node
        if node is None or node not in run.awaited:
            if not allow_unreachable:
                raise RuntimeError(unused_text(i))
            if node is None:
                continue
        run.captures.setdefault(node, []).append((root_number(wanted), i))
    return 0


cdef str unused_text(Py_ssize_t i):
    return (f"The differentiated Tensor at index {i} appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior.")
