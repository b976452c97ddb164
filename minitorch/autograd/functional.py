"""Jacobians, Hessians and their products with vectors, for functions of tensors.

Each function takes a callable and its inputs (a tensor or a tuple of tensors) and differentiates
at that point; ``.grad`` is never touched. Products with a Jacobian from the right need forward
mode in principle; here they are computed by differentiating twice: J^T v is linear in v, and
the derivative of u -> J^T u in the direction v is J v.
"""

from minitorch._core.tensor import TensorBase
from minitorch.autograd.grad_mode import enable_grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """Value of `func`, and the vector-Jacobian product v^T J.

    Parameters
    ----------
    func : callable
        Takes the inputs, returns a tensor or a tuple of tensors.
    inputs : Tensor or tuple of Tensor
        The point.
    v : Tensor or tuple of Tensor, optional
        Of the shapes of the outputs; may be left out for one output of one element.
    create_graph : bool, default False
        Record, so that the results can be differentiated.
    strict : bool, default False
        Raise RuntimeError where the outputs do not depend on an input, instead of giving zeros.

    Returns
    -------
    outputs, product : tuple
        What `func` returned, and tensors of the shapes of the inputs.
    """
    with enable_grad():
        call = _Call(func, inputs, "vjp", create_graph, strict)
        v = _vector(v, call.outputs, call.many_outputs, "vjp", "output", create_graph)
        found = _gradients(call.outputs, call.inputs, v, create_graph)
        product = call.filled(found, call.inputs, "output", "input")
    return call.results(product, call.many_inputs)


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """Value of `func`, and the Jacobian-vector product J v.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As in :func:`vjp`.
    v : Tensor or tuple of Tensor, optional
        Of the shapes of the inputs; may be left out for one input of one element.

    Returns
    -------
    outputs, product : tuple
        What `func` returned, and tensors of the shapes of the outputs.
    """
    from minitorch import zeros_like

    with enable_grad():
        call = _Call(func, inputs, "jvp", create_graph, strict, (v,))
        seeds = tuple(zeros_like(out).requires_grad_() for out in call.outputs)
        transposed = _gradients(call.outputs, call.inputs, seeds, True)
        call.check_dependence(transposed, _INDEPENDENT_GRADIENT)
        found = _gradients(transposed, seeds, call.v, create_graph)
        product = call.filled(found, call.outputs, "jacobian", "input", _BACK_TRICK)
    return call.results(product, call.many_outputs)


def jacobian(
    func, inputs, create_graph=False, strict=False, vectorize=False, strategy="reverse-mode"
):
    """The Jacobian of `func`.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As in :func:`vjp`.
    vectorize : bool, default False
        In PyTorch all rows at once, by vmap; here they are computed one after the other either
        way.  As there, not together with `strict`.
    strategy : {"reverse-mode", "forward-mode"}
        A backward for each element of the outputs, or one (through a recorded backward) for each
        element of the inputs. The latter needs `vectorize`, and excludes `create_graph`.

    Returns
    -------
    Tensor or nested tuple
        ``result[i][j]`` has the shape of output i followed by the shape of input j; the levels
        for a single output or a single input are left out.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        _check_forward_mode(create_graph, strict, vectorize)
    elif strict and vectorize:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not "
            "supported together. Please either set `strict=False` or `vectorize=False`."
        )
    with enable_grad():
        call = _Call(func, inputs, "jacobian", create_graph, strict)
        if strategy == "forward-mode":
            rows = _jacobian_by_columns(call)
        else:
            rows = tuple(_jacobian_of(call, i, out) for i, out in enumerate(call.outputs))
    if not call.many_inputs:
        rows = tuple(row[0] for row in rows)
    return rows if call.many_outputs else rows[0]


def hessian(
    func,
    inputs,
    create_graph=False,
    strict=False,
    vectorize=False,
    outer_jacobian_strategy="reverse-mode",
):
    """The matrix of second derivatives of a function with one value.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As in :func:`vjp`; `func` must return one tensor of one element.
    vectorize, outer_jacobian_strategy
        As `vectorize` and `strategy` of :func:`jacobian`, which differentiates the gradients.

    Returns
    -------
    Tensor or nested tuple
        ``result[i][j]`` has the shape of input i followed by the shape of input j; for a single
        input a tensor.
    """
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode".'
        )
    from minitorch import zeros_like

    many, _ = _as_tuple(inputs, "inputs", "hessian")

    def gradient(*point):
        call = _Call(func, point, "hessian", True, strict)
        _only_scalar(call, "hessian")
        found = _gradients(call.outputs, call.inputs, None, True)
        found = tuple(
            zeros_like(x) if slope is None else slope
            for slope, x in zip(found, call.inputs, strict=True)
        )
        call.check_jacobian(found)
        return found

    found = jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if many else found[0]


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """Value of a function with one value, and the vector-Hessian product v^T H.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As in :func:`hessian`.
    v : Tensor or tuple of Tensor, optional
        Of the shapes of the inputs; may be left out for one input of one element.

    Returns
    -------
    output, product : tuple
        What `func` returned, and tensors of the shapes of the inputs.
    """
    with enable_grad():
        call = _Call(func, inputs, "vhp", create_graph, strict, (v,))
        _only_scalar(call, "vhp")
        slopes = _gradients(call.outputs, call.inputs, None, True)
        call.check_jacobian(slopes)
        found = _gradients(slopes, call.inputs, call.v, create_graph)
        product = call.filled(found, call.inputs, "jacobian", "input")
    return call.results(product, call.many_inputs)


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """Value of a function with one value, and the Hessian-vector product H v.

    The Hessian of a twice continuously differentiable function is symmetric, so this equals
    :func:`vhp`, whose arguments and results it shares; it is computed without using that.
    """
    from minitorch import zeros_like

    with enable_grad():
        call = _Call(func, inputs, "hvp", create_graph, strict, (v,))
        _only_scalar(call, "hvp")
        slopes = _gradients(call.outputs, call.inputs, None, True)
        call.check_jacobian(slopes)
        seeds = tuple(zeros_like(x).requires_grad_() for x in call.inputs)
        transposed = _gradients(slopes, call.inputs, seeds, True)
        found = _gradients(transposed, seeds, call.v, create_graph)
        product = call.filled(found, call.inputs, "hessian", "entry", _DOUBLE_BACK_TRICK)
    return call.results(product, call.many_inputs)


_INDEPENDENT_OUTPUT = (
    "The {} of the user-provided function is independent of {} {}. "
    "This is not allowed in strict mode."
)
_INDEPENDENT_GRADIENT = (
    "The gradient with respect to input {} is independent of the inputs of the user-provided "
    "function. This is not allowed in strict mode."
)
_INDEPENDENT_JACOBIAN = (
    "While computing the hessian, found that the jacobian of the user-provided function with "
    "respect to input {} is independent of the input. This is not allowed in strict mode. You "
    "should ensure that your function is twice differentiable and that the jacobian depends on "
    "the inputs (this would be violated by a linear function for example)."
)
_BACK_TRICK = (
    "The gradient with respect to the input is independent of entry {2} in the grad_outputs when "
    "using the double backward trick to compute forward mode gradients. This is not allowed in "
    "strict mode."
)
_DOUBLE_BACK_TRICK = (
    "The hessian of the user-provided function is independent of entry {2} in the grad_jacobian. "
    "This is not allowed in strict mode as it prevents from using the double backward trick to "
    "replace forward mode AD."
)


class _Call:
    """One evaluation of the user's function at copies of the inputs.

    `vector` is None or ``(v,)``, to be checked against the inputs before the function is called.
    """

    def __init__(self, func, inputs, name, create_graph, strict, vector=None):
        self.name, self.create_graph, self.strict = name, create_graph, strict
        self.many_inputs, inputs = _as_tuple(inputs, "inputs", name)
        # New tensors, so that the function's own use of the same objects is not differentiated.
        self.inputs = tuple(
            x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_()
            for x in inputs
        )
        if vector is not None:
            self.v = _vector(
                vector[0], self.inputs, self.many_inputs, name, "input", create_graph
            )
        outputs = func(*self.inputs)
        self.many_outputs, self.outputs = _as_tuple(
            outputs, "outputs of the user-provided function", name
        )
        for i, out in enumerate(self.outputs):
            if strict and not out.requires_grad:
                raise RuntimeError(
                    f"Output {i} of the user-provided function does not require gradients. The "
                    "outputs must be computed in a differentiable manner from the input when "
                    "running in strict mode."
                )

    def check_jacobian(self, gradients):
        """What a function that is to be differentiated twice has to show in strict mode."""
        self.check_dependence(gradients, _INDEPENDENT_JACOBIAN)

    def check_dependence(self, gradients, text):
        """In strict mode every gradient must exist and depend on the inputs."""
        for i, gradient in enumerate(gradients if self.strict else ()):
            if gradient is None:
                raise RuntimeError(
                    f"The output of the user-provided function is independent of input {i}. This "
                    "is not allowed in strict mode."
                )
            if not gradient.requires_grad:
                raise RuntimeError(text.format(i))

    def filled(self, gradients, like, what, place, missing=None):
        """Zeros for missing gradients; in strict mode an error that names them."""
        from minitorch import zeros_like

        missing = missing or _INDEPENDENT_OUTPUT
        filled = []
        for i, (gradient, of) in enumerate(zip(gradients, like, strict=True)):
            if gradient is None and self.strict:
                raise RuntimeError(missing.format(what, place, i))
            if gradient is not None and self.strict and self.create_graph:
                if not gradient.requires_grad:
                    whose = "hessian" if what == "hessian" else "jacobian"
                    raise RuntimeError(
                        f"The {whose} of the user-provided function is independent of input {i}. "
                        "This is not allowed in strict mode when create_graph=True."
                    )
            filled.append(zeros_like(of) if gradient is None else gradient)
        return tuple(filled)

    def results(self, product, many):
        """(outputs, product), unwrapped where the caller gave or returned single tensors."""
        outputs = self.outputs
        if not self.create_graph:
            outputs = tuple(out.detach() for out in outputs)
            product = tuple(item.detach() for item in product)
        return (outputs if self.many_outputs else outputs[0]), (product if many else product[0])


def _as_tuple(value, what, name):
    """(whether it was a tuple, the tuple); everything in it must be a tensor."""
    many = isinstance(value, tuple)
    for i, item in enumerate(value if many else (value,)):
        if not isinstance(item, TensorBase):
            where = f"value at index {i}" if many else f"given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but "
                f"the {where} has type {type(item)}."
            )
    return many, value if many else (value,)


def _vector(v, like, many, name, side, create_graph):
    """The checked vector of a product; ones where it may be left out."""
    from minitorch import ones_like

    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            which = {"output": "user-provided function returns",
                     "input": "input to the user-provided function is"}[side]
            raise RuntimeError(
                f"The vector v can only be None if the {which} a single Tensor with a single "
                "element."
            )
        return (ones_like(like[0]),)
    _, v = _as_tuple(v, "v", name)
    v = tuple(x.view_as(x) if create_graph and x.requires_grad else x.detach() for x in v)
    if len(v) != len(like):
        if many:
            raise RuntimeError(
                f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}."
            )
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (x, of) in enumerate(zip(v, like, strict=True)):
        if x.shape != of.shape:
            where = f"Entry {i} in " if many else ""
            raise RuntimeError(
                f"{where}v has invalid size: should be {of.shape} but got {x.shape}."
            )
    return v


def _gradients(outputs, inputs, vectors, create_graph):
    """``autograd.grad`` that passes over outputs without a graph; None where nothing is found."""
    from minitorch.autograd import grad

    vectors = (None,) * len(outputs) if vectors is None else vectors
    pairs = [
        (out, vector)
        for out, vector in zip(outputs, vectors, strict=True)
        if out is not None and out.requires_grad
    ]
    if not pairs:
        return (None,) * len(inputs)
    outs, vectors = zip(*pairs, strict=True)
    return grad(outs, inputs, vectors, create_graph=create_graph, allow_unused=True)


def _jacobian_of(call, place, output):
    """For each input the derivative of every element of one output."""
    from minitorch import stack, zeros

    rows = [[] for _ in call.inputs]
    flat = output.reshape(-1)
    for j in range(flat.numel()):
        found = (None,) * len(call.inputs)
        if output.requires_grad:
            from minitorch.autograd import grad

            found = grad(
                flat[j],
                call.inputs,
                retain_graph=True,
                create_graph=call.create_graph,
                allow_unused=True,
            )
        values = call.filled(found, call.inputs, f"Output {place}", "input", _UNUSED_INPUT)
        for row, value in zip(rows, values, strict=True):
            row.append(value)
    blocks = []
    for row, of in zip(rows, call.inputs, strict=True):
        shape = tuple(output.shape) + tuple(of.shape)
        block = stack(row).reshape(shape) if row else zeros(shape, dtype=of.dtype)
        blocks.append(block if call.create_graph else block.detach())
    return tuple(blocks)


_UNUSED_INPUT = (
    "{} of the user-provided function is independent of {} {}. This is not allowed in strict mode."
)


def _jacobian_by_columns(call):
    """The same for all outputs, a column for each element of the inputs: see :func:`jvp`."""
    from minitorch import stack, zeros, zeros_like

    seeds = tuple(zeros_like(out).requires_grad_() for out in call.outputs)
    transposed = _gradients(call.outputs, call.inputs, seeds, True)
    blocks = [[] for _ in call.outputs]
    for of, slope in zip(call.inputs, transposed, strict=True):
        columns = [[] for _ in call.outputs]
        for k in range(of.numel()):
            basis = zeros(of.numel(), dtype=of.dtype)
            basis[k] = 1
            found = _gradients((slope,), seeds, (basis.reshape(of.shape),), True)
            for column, value, out in zip(columns, found, call.outputs, strict=True):
                column.append((zeros_like(out) if value is None else value).detach())
        for block, column, out in zip(blocks, columns, call.outputs, strict=True):
            shape = tuple(out.shape) + tuple(of.shape)
            block.append(stack(column, -1).reshape(shape) if column
                         else zeros(shape, dtype=out.dtype))
    return tuple(map(tuple, blocks))


def _check_forward_mode(create_graph, strict, vectorize):
    for name, given in (("create_graph", create_graph), ("strict", strict)):
        if given:
            error = NotImplementedError if name == "create_graph" else RuntimeError
            raise error(
                f"torch.autograd.functional.jacobian: `{name}=True` and "
                "`strategy=\"forward-mode\"` are not supported together (yet). "
                f"Please either set `{name}=False` or "
                "`strategy=\"reverse-mode\"`."
            )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is"
            "only implemented for `vectorize=True`."
        )


def _only_scalar(call, name):
    if call.many_outputs:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if call.outputs[0].numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )
