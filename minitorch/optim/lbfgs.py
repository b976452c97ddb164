"""L-BFGS: steps along a direction that the last changes of the gradient suggest."""

from minitorch._ops.creation import zeros_like
from minitorch._ops.join import cat
from minitorch.autograd.grad_mode import enable_grad, no_grad
from minitorch.optim._stateful import check_lr, scalar
from minitorch.optim.optimizer import Optimizer

__all__ = ["LBFGS"]

# The conditions of Wolfe: enough descent, and a slope that has become flat enough.
_DESCENT, _SLOPE = 1e-4, 0.9
# A pair of changes with a smaller product would spoil the estimated curvature.
_LEAST_CURVATURE = 1e-10


class LBFGS(Optimizer):
    """Limited-memory BFGS, Nocedal and Wright, "Numerical Optimization" (2006), section 7.2.

    One ``step(closure)`` takes up to `max_iter` inner steps and calls `closure` for each at least
    once, so it needs a loss without chance in it. There is one group of parameters, and memory
    for ``2 * history_size`` times their number.

    Parameters
    ----------
    params : iterable
        Tensors, or one dict with ``"params"``.
    lr : float or Tensor
        Length of an inner step, or where the line search begins (default 1).
    max_iter : int
        Inner steps in a step (default 20).
    max_eval : int, optional
        Calls of the closure in a step (default: 5/4 of `max_iter`).
    tolerance_grad : float
        Done when no element of the gradient is larger (default 1e-7).
    tolerance_change : float
        Done when neither parameters nor loss change by more (default 1e-9).
    history_size : int
        How many changes are remembered (default 100).
    line_search_fn : {None, "strong_wolfe"}
        None takes steps of length `lr`; else a search for a length that fulfils the strong
        conditions of Wolfe (section 3.5 there).

    Raises
    ------
    ValueError
        If `lr` is negative, or there are several groups.
    RuntimeError
        At the step, if `line_search_fn` is another.

    Notes
    -----
    All state is kept with the first parameter.
    """

    def __init__(
        self,
        params,
        lr=1,
        max_iter=20,
        max_eval=None,
        tolerance_grad=1e-7,
        tolerance_change=1e-9,
        history_size=100,
        line_search_fn=None,
    ):
        check_lr(lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self):
        return self.param_groups[0]["params"]

    def _flat_grad(self):
        return cat([
            (zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in self._params
        ])

    def _move(self, length, direction):
        start = 0
        for p in self._params:
            stop = start + p.numel()
            p.add_(direction[start:stop].view(p.shape), alpha=float(length))
            start = stop

    @no_grad()
    def step(self, closure):
        """Take up to `max_iter` inner steps.

        Parameters
        ----------
        closure : callable
            Clears the gradients, computes the loss and its gradients anew, returns the loss.

        Returns
        -------
        object
            What `closure` returned at the beginning.
        """
        closure = enable_grad()(closure)
        group = self.param_groups[0]
        lr, tolerance = scalar(group["lr"]), group["tolerance_change"]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = closure()
        loss, grad = float(first_loss), self._flat_grad()
        calls = 1
        state["func_evals"] += 1
        if grad.abs().max() <= group["tolerance_grad"]:
            return first_loss
        found = dict(state)  # kept when the step is through
        for i in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = _direction(found, state, grad, group["history_size"])
            found["prev_flat_grad"], found["prev_loss"] = grad.clone(), loss
            t = lr if state["n_iter"] > 1 else min(1.0, 1.0 / grad.abs().sum()) * lr
            found["d"], found["t"] = direction, t
            slope = grad.dot(direction)
            if slope > -tolerance:
                break
            new_calls = 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                search = _LineSearch(self._evaluator(closure, direction), loss, grad, slope)
                loss, grad, t = search.run(
                    t, direction.abs().max(), tolerance, group["max_eval"] - calls
                )
                found["t"], new_calls = t, search.calls
                self._move(t, direction)
            else:
                self._move(t, direction)
                if i != group["max_iter"]:  # the next step begins with a call anyway
                    loss, grad, new_calls = float(closure()), self._flat_grad(), 1
            calls += new_calls
            state["func_evals"] += new_calls
            if (
                calls >= group["max_eval"]
                or grad.abs().max() <= group["tolerance_grad"]
                or (direction * t).abs().max() <= tolerance
                or abs(loss - found["prev_loss"]) < tolerance
            ):
                break
        for key in ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad",
                    "prev_loss"):
            state[key] = found[key]
        return first_loss

    def _evaluator(self, closure, direction):
        """A function that gives loss and gradient some length along `direction`."""
        start = [p.clone() for p in self._params]

        def evaluate(length):
            self._move(length, direction)
            loss, grad = float(closure()), self._flat_grad()
            for p, before in zip(self._params, start, strict=True):
                p.copy_(before)
            return loss, grad, grad.dot(direction)

        return evaluate


def _direction(found, state, grad, history_size):
    """Remember the last change, and multiply -gradient by the estimated inverse Hessian."""
    if state["n_iter"] == 1:
        found.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
        return -grad
    changes, steps, ro = found["old_dirs"], found["old_stps"], found["ro"]
    change = grad - found["prev_flat_grad"]
    step = found["d"] * found["t"]
    curvature = change.dot(step)
    if curvature > _LEAST_CURVATURE:
        if len(changes) == history_size:
            for remembered in (changes, steps, ro):
                remembered.pop(0)
        changes.append(change)
        steps.append(step)
        ro.append(1.0 / curvature)
        found["H_diag"] = curvature / change.dot(change)
    # The two loops of algorithm 7.4.
    shares = state.setdefault("al", [None] * history_size)
    q = -grad
    for i in reversed(range(len(changes))):
        shares[i] = steps[i].dot(q) * ro[i]
        q.add_(changes[i], alpha=-float(shares[i]))
    r = q * found["H_diag"]
    for i in range(len(changes)):
        r.add_(steps[i], alpha=float(shares[i] - changes[i].dot(r) * ro[i]))
    return r


class _Point:
    """A length that was tried: loss, gradient, and slope along the direction."""

    def __init__(self, t, loss, grad, slope):
        self.t, self.loss, self.grad, self.slope = t, loss, grad, slope


class _LineSearch:
    """Search for a length with enough descent and a flat enough slope; algorithms 3.5 and 3.6."""

    def __init__(self, evaluate, loss, grad, slope):
        self.evaluate = evaluate
        self.start = _Point(0, loss, grad, slope)
        self.calls = 0

    def try_length(self, t):
        self.calls += 1
        return _Point(t, *self.evaluate(t))

    def too_high(self, point):
        start = self.start
        return point.loss > start.loss + _DESCENT * point.t * start.slope

    def flat_enough(self, point):
        return abs(point.slope) <= -_SLOPE * self.start.slope

    def run(self, t, longest, tolerance, rounds):
        """Return loss, gradient and length, after at most `rounds` and one calls."""
        bracket, done, used = self.bracket(t, rounds)
        if not done and used < rounds:
            best = self.zoom(bracket, longest, tolerance, rounds - used)
        else:
            best = min(bracket, key=lambda point: point.loss)
        return best.loss, best.grad, best.t

    def bracket(self, t, rounds):
        """Go on until a minimum lies behind; return its ends (or it), and the rounds used."""
        before, point = self.start, self.try_length(t)
        for used in range(rounds):
            if self.too_high(point) or (used > 1 and point.loss >= before.loss):
                return [before, point], False, used
            if self.flat_enough(point):
                return [point], True, used
            if point.slope >= 0:
                return [before, point], False, used
            bounds = point.t + 0.01 * (point.t - before.t), point.t * 10
            t = _cubic_minimum(before, point, bounds)
            before, point = point, self.try_length(t)
        return [self.start, point], False, rounds

    def zoom(self, bracket, longest, tolerance, rounds):
        """Narrow a bracket down; return its better end."""
        low, high = sorted(bracket, key=lambda point: point.loss)
        stalled = False
        for _ in range(rounds):
            if abs(high.t - low.t) * longest < tolerance:
                break
            left, right = min(low.t, high.t), max(low.t, high.t)
            t = _cubic_minimum(*bracket, (left, right))
            # Too near an end twice, or on it: a tenth of the way in instead.
            margin = 0.1 * (right - left)
            if min(right - t, t - left) < margin:
                if stalled or t >= right or t <= left:
                    t = right - margin if abs(t - right) < abs(t - left) else left + margin
                    stalled = False
                else:
                    stalled = True
            else:
                stalled = False
            point = self.try_length(t)
            place = bracket.index(high)
            if self.too_high(point) or point.loss >= low.loss:
                bracket[place] = point
                low, high = sorted(bracket, key=lambda end: end.loss)
                continue
            done = self.flat_enough(point)
            if not done and point.slope * (high.t - low.t) >= 0:
                bracket[place] = high = low
            bracket[1 - place] = low = point
            if done:
                break
        return low


def _cubic_minimum(a, b, bounds):
    """Where the cubic through two points with their slopes has its minimum, within bounds."""
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return (bounds[0] + bounds[1]) / 2.0
    d2 = square.sqrt()
    if a.t <= b.t:
        best = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    else:
        best = a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
    return min(max(best, bounds[0]), bounds[1])
