"""Compare the gradients that backward computes with central finite differences.

For an output f and an input x the numerical Jacobian is

    J[i, j] = (f_j(x + eps e_i) - f_j(x - eps e_i)) / (2 eps)

and the analytical one has the gradient of f_j as its column j. Values are perturbed through
numpy views of the inputs, so that no operator and no version counter takes part.
"""

import warnings

import numpy as np

from minitorch._core.tensor import TensorBase
from minitorch.autograd.function import Function

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """The error of :func:`gradcheck` and :func:`gradgradcheck`."""


def gradcheck(
    func,
    inputs,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_batched_forward_grad=False,
    check_forward_ad=False,
    check_backward_ad=True,
    fast_mode=False,
    masked=None,
):
    """Check the gradients of `func` at `inputs` against finite differences.

    Parameters
    ----------
    func : callable
        Takes the inputs, returns a tensor or a tuple of tensors.
    inputs : Tensor or tuple
        Those tensors that require grad are checked; they should be float64, may be
        non-contiguous, and must not overlap themselves (no expanded tensors).
    eps : float
        Step of the finite differences.
    atol, rtol : float
        The Jacobians agree where ``|a - n| <= atol + rtol * |n|``.
    raise_exception : bool
        If False, a failure returns False instead of raising.
    nondet_tol : float
        How far two backward passes with the same gradient may differ.
    check_undefined_grad : bool
        Also check that an undefined gradient of an output counts as zero.
    check_grad_dtypes : bool
        Also check that each gradient has the dtype of its input.
    check_batched_grad : bool
        Also check that several gradients handed over at once (``is_grads_batched`` of
        :func:`grad`) give what they give one by one.
    check_batched_forward_grad, check_forward_ad : bool
        Need forward mode, which minitorch does not have; True is refused.
    check_backward_ad : bool
        Backward mode is the only mode here; False is refused.
    fast_mode : bool
        Compare one random projection ``u.J.v`` instead of the whole Jacobian.
    masked : bool, optional
        How sparse tensors are perturbed; for the dense ones here both values are the same.

    Returns
    -------
    bool
        True, or False where the check failed and `raise_exception` is False.

    Raises
    ------
    GradcheckError
        What disagrees, with both Jacobians.
    ValueError
        If no input requires grad.
    """
    _refuse(
        "gradcheck",
        check_batched_forward_grad=check_batched_forward_grad,
        check_forward_ad=check_forward_ad,
    )
    if not check_backward_ad:
        raise AssertionError(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    try:
        check = _Check(func, _as_tuple(inputs), eps, atol, rtol, nondet_tol, check_grad_dtypes)
        check.run(fast_mode)
        if check_batched_grad:
            check.check_batched()
        if check_undefined_grad:
            _check_undefined(func, check.inputs)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func,
    inputs,
    grad_outputs=None,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    gen_non_contig_grad_outputs=False,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_fwd_over_rev=False,
    check_rev_over_rev=True,
    fast_mode=False,
    masked=False,
):
    """Check the gradients of the gradients of `func`, as :func:`gradcheck` checks the first.

    Parameters
    ----------
    func, inputs, eps, atol, rtol, raise_exception, nondet_tol, check_undefined_grad, \
check_grad_dtypes, check_batched_grad, fast_mode, masked
        As in :func:`gradcheck`.
    grad_outputs : Tensor or tuple of Tensor, optional
        The vector of the vector-Jacobian product; random, of the shapes of the outputs, where it
        is not given. Those that require grad are differentiated by as well.
    gen_non_contig_grad_outputs : bool
        Make the random ones non-contiguous.
    check_fwd_over_rev : bool
        Needs forward mode; True is refused.
    check_rev_over_rev : bool
        Backward over backward is the only combination here; False is refused.

    Returns
    -------
    bool
        As :func:`gradcheck`.
    """
    _refuse("gradgradcheck", check_fwd_over_rev=check_fwd_over_rev)
    if not check_rev_over_rev:
        raise NotImplementedError(
            "gradgradcheck: check_rev_over_rev=False leaves nothing to check; "
            "backward mode is the only one minitorch has"
        )
    inputs = _as_tuple(inputs)
    if grad_outputs is None:
        grads = _random_grads(_differentiable(func(*inputs)), gen_non_contig_grad_outputs)
    else:
        grads = _as_tuple(grad_outputs)
    return gradcheck(
        _first_gradients(func, len(grads)),
        inputs + grads,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
        masked=masked,
    )


def _refuse(caller, **arguments):
    needs = {
        "check_batched_forward_grad": "forward mode and vmap",
        "check_forward_ad": "forward mode",
        "check_fwd_over_rev": "forward mode",
    }
    for name, value in arguments.items():
        if value:
            raise NotImplementedError(
                f"{caller}: {name}=True needs {needs[name]}, which minitorch does not have"
            )


def _as_tuple(value):
    return (value,) if isinstance(value, TensorBase) else tuple(value)


def _is_float_tensor(value):
    return isinstance(value, TensorBase) and value.dtype.is_floating_point


def _differentiable(outputs):
    return tuple(out for out in _as_tuple(outputs) if out.requires_grad)


def _random_grads(outputs, noncontiguous):
    from minitorch.testing import make_tensor

    return tuple(
        make_tensor(
            out.shape,
            dtype=out.dtype,
            low=-1,
            high=1,
            requires_grad=True,
            noncontiguous=noncontiguous,
        )
        for out in outputs
    )


def _first_gradients(func, count):
    """A function of inputs and grad outputs that returns the first gradients, recorded."""
    from minitorch.autograd import grad

    def gradients(*arguments):
        inputs, vectors = arguments[:-count], arguments[-count:]
        wanted = [x for x in inputs if isinstance(x, TensorBase) and x.requires_grad]
        outputs = _differentiable(func(*inputs))
        found = grad(outputs, wanted, vectors, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradients


class _Check:
    """One run of gradcheck: the function, its inputs, and the tolerances."""

    def __init__(self, func, inputs, eps, atol, rtol, nondet_tol, check_grad_dtypes):
        self.func = func
        self.inputs = inputs
        self.eps = eps
        self.atol = atol
        self.rtol = rtol
        self.nondet_tol = nondet_tol
        self.check_grad_dtypes = check_grad_dtypes
        self.wanted = _checked_inputs(inputs)

    def run(self, fast_mode):
        outputs = _as_tuple(self.func(*self.inputs))
        positions = [j for j, out in enumerate(outputs) if out.requires_grad]
        if not positions:
            self._check_constant()
            return
        for j in positions:
            if fast_mode:
                self._check_projection(outputs[j], j)
            else:
                self._check_jacobian(outputs[j], j)
            self._check_zero_gradient(outputs[j])

    def check_batched(self):
        """Two gradients at once give each input what they give it one by one."""
        from minitorch import stack
        from minitorch.autograd import grad

        wanted = [self.inputs[i] for i in self.wanted]
        random = np.random.RandomState(0)
        for output in _differentiable(self.func(*self.inputs)):
            vectors = [_unit_vector(random, output.numel()) for _ in range(2)]
            together = grad(output, wanted, stack([_tensor_like(output, v) for v in vectors]),
                            retain_graph=True, allow_unused=True, is_grads_batched=True)
            for row, vector in enumerate(vectors):
                for batch, alone in zip(together, self._gradients(output, vector), strict=True):
                    found = 0.0 if batch is None else _values(batch)[row].astype(np.float64)
                    if not self._close(found, alone, self.atol):
                        raise GradcheckError(
                            "For gradients of several rows at once and one by one, the results "
                            "differ."
                        )

    def _check_constant(self):
        """Outputs that need no gradient must not change with the inputs."""
        for i in self.wanted:
            for columns in self._numerical(i):
                if np.any(columns != 0):
                    raise GradcheckError("Numerical gradient for function expected to be zero")

    def _check_jacobian(self, output, j):
        analytical = self._analytical(output)
        for place, i in enumerate(self.wanted):
            numerical = self._numerical(i)[j]
            if not self._close(analytical[place], numerical, self.atol):
                raise GradcheckError(_mismatch_text(analytical[place], numerical, j, i))

    def _check_projection(self, output, j):
        """``u.J.v`` for fixed random non-negative unit vectors, instead of J."""
        random = np.random.RandomState(0)
        v = _unit_vector(random, output.numel())
        found = self._vector_product(output, v)
        for place, i in enumerate(self.wanted):
            u = _unit_vector(random, self.inputs[i].numel())
            analytical = np.array(found[place].ravel() @ u)
            numerical = np.array(self._directional(i, u)[j].ravel() @ v)
            if not self._close(analytical, numerical, self.atol * u.sum() * v.sum()):
                self._check_jacobian(output, j)
                raise GradcheckError(_mismatch_text(analytical, numerical, j, i))

    def _close(self, analytical, numerical, atol):
        return bool(np.all(np.abs(analytical - numerical) <= atol + self.rtol * np.abs(numerical)))

    def _evaluate(self):
        """All outputs as float64 copies; those that are not floating as empty arrays."""
        outputs = _as_tuple(self.func(*self.inputs))
        return [
            _values(out).astype(np.float64) if _is_float_tensor(out) else np.empty(0)
            for out in outputs
        ]

    def _numerical(self, i):
        """For each output the Jacobian (elements of input i, elements of the output)."""
        values = _values(self.inputs[i])
        rows = []
        for index in np.ndindex(values.shape):
            former = values[index]
            values[index] = former + self.eps
            above = self._evaluate()
            values[index] = former - self.eps
            below = self._evaluate()
            values[index] = former
            rows.append(self._slopes(above, below))
        if not rows:
            return [np.zeros((0, out.size)) for out in self._evaluate()]
        return [np.stack(columns) for columns in zip(*rows, strict=True)]

    def _directional(self, i, u):
        """For each output its change along the direction u of input i."""
        values = _values(self.inputs[i])
        former, step = values.copy(), (self.eps * u).reshape(values.shape)
        values[...] = former + step
        above = self._evaluate()
        values[...] = former - step
        below = self._evaluate()
        values[...] = former
        return self._slopes(above, below)

    def _slopes(self, above, below):
        for high, low in zip(above, below, strict=True):
            if high.shape != low.shape:
                raise AssertionError(
                    "Expected `func` to return outputs with the same shape when inputs are "
                    f"perturbed by {self.eps}, but got: shapes {high.shape} and {low.shape}."
                )
        pairs = zip(above, below, strict=True)
        return [((high - low) / (2 * self.eps)).ravel() for high, low in pairs]

    def _analytical(self, output):
        """For each wanted input the Jacobian, column by column, each twice to see it repeat."""
        jacobians = [np.zeros((self.inputs[i].numel(), output.numel())) for i in self.wanted]
        one_hot = np.zeros(output.numel())
        for column in range(output.numel()):
            one_hot[column] = 1.0
            found = self._vector_product(output, one_hot)
            for jacobian, gradient in zip(jacobians, found, strict=True):
                jacobian[:, column] = gradient.ravel()
            one_hot[column] = 0.0
        return jacobians

    def _vector_product(self, output, v):
        first, second = self._gradients(output, v), self._gradients(output, v)
        for one, other in zip(first, second, strict=True):
            if not np.all(np.abs(one - other) <= self.nondet_tol):
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives different values, although analytical "
                    "gradient matches numerical gradient. The tolerance for nondeterminism was "
                    f"{self.nondet_tol}."
                )
        return first

    def _gradients(self, output, v):
        from minitorch.autograd import grad

        wanted = [self.inputs[i] for i in self.wanted]
        vector = _tensor_like(output, v)
        found = grad(output, wanted, vector, retain_graph=True, allow_unused=True)
        for gradient, of in zip(found, wanted, strict=True):
            if gradient is None:
                continue
            if gradient.shape != of.shape:
                raise GradcheckError("Analytical gradient has incorrect size")
            if self.check_grad_dtypes and gradient.dtype != of.dtype:
                raise GradcheckError("Gradient has dtype mismatch")
        return [
            np.zeros(tuple(of.shape)) if gradient is None else _values(gradient).astype(np.float64)
            for gradient, of in zip(found, wanted, strict=True)
        ]

    def _check_zero_gradient(self, output):
        """A gradient of zeros must give zeros: catches a backward that ignores its input."""
        for gradient in self._gradients(output, np.zeros(output.numel())):
            if np.any(gradient != 0):
                raise GradcheckError("backward not multiplied by grad_output")


def _checked_inputs(inputs):
    """Positions of the inputs to differentiate by."""
    wanted = [i for i, x in enumerate(inputs) if _is_float_tensor(x) and x.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, "
            "but none of them have requires_grad=True."
        )
    for i in wanted:
        x = inputs[i]
        name = str(x.dtype).rpartition(".")[2]
        if name == "bfloat16":
            raise ValueError(f"gradcheck: input {i} is bfloat16, too coarse for finite differences")
        if name != "float64":
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                stacklevel=5,
            )
        if any(step == 0 and size > 1 for step, size in zip(x.stride(), x.shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs "
                "that are non-overlapping to be able to compute the numerical gradients "
                "correctly. You should call .contiguous on the input before passing it to "
                "gradcheck."
            )
    return wanted


def _values(tensor):
    """The numbers of a tensor as a numpy array that shares its memory, strides and all."""
    return tensor.detach().numpy()


def _tensor_like(output, vector):
    from minitorch import from_numpy

    return from_numpy(np.array(vector)).reshape(output.shape).to(output.dtype)


def _unit_vector(random, size):
    vector = random.rand(size)
    return vector / max(float(np.linalg.norm(vector)), 1e-30)


def _mismatch_text(analytical, numerical, j, i):
    from minitorch import from_numpy

    return (
        f"Jacobian mismatch for output {j} with respect to input {i},\n"
        f"numerical:{from_numpy(np.array(numerical))}\n"
        f"analytical:{from_numpy(np.array(analytical))}\n"
    )


class _UndefinedGrad(Function):
    """The identity, whose backward passes no gradient on."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return None


def _check_undefined(func, inputs):
    """With undefined gradients for some outputs and zeros for the others, inputs get zeros."""
    outputs = _differentiable(func(*inputs))
    if not outputs:
        return
    _expect_zeros(outputs, inputs, set(range(len(outputs))))
    for j in range(len(outputs) if len(outputs) > 1 else 0):
        _expect_zeros(_differentiable(func(*inputs)), inputs, {j})


def _expect_zeros(outputs, inputs, undefined):
    from minitorch import zeros_like
    from minitorch.autograd import grad

    wanted = [x for x in inputs if isinstance(x, TensorBase) and x.requires_grad]
    passed = [
        _UndefinedGrad.apply(out) if j in undefined else out for j, out in enumerate(outputs)
    ]
    try:
        found = grad(passed, wanted, [zeros_like(out) for out in passed], allow_unused=True)
    except RuntimeError as error:
        raise GradcheckError(
            "Expected backward function to handle undefined output grads."
        ) from error
    if any(g is not None and np.any(_values(g) != 0) for g in found):
        raise GradcheckError(
            "Expected all input grads to be undefined or zero when all output grads are undefined "
            "or zero."
        )
